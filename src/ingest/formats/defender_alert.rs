//! Alerts of Microsoft Defender for Cloud: the older REST shape, the one of 2022-01-01, and the flat export in Pascal case.

use std::borrow::Cow;

use serde_json::Value;

use super::shared;
use crate::ingest::identify::EntityList;
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Object};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "defender-alert", title: "Microsoft Defender for Cloud alert", detect, read };

fn detect(object: &Object) -> u8 {
    let resource = object.get("type").and_then(Value::as_str).unwrap_or_default();
    if resource.eq_ignore_ascii_case("Microsoft.Security/Locations/alerts") || resource.eq_ignore_ascii_case("Microsoft.Security/alerts") {
        return 100;
    }
    let is = |members: &Object, names: &[&str]| names.iter().all(|name| value::get(members, name).is_some());
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        let known = is(properties, &["alertDisplayName"])
            && (is(properties, &["reportedSeverity"]) || is(properties, &["alertType", "vendorName"]));
        return if known && !object.contains_key("kind") { 80 } else { 0 };
    }
    // The flat export shares its names with Sentinel's rows; these only it has.
    let flat =
        is(object, &["AlertDisplayName", "SystemAlertId"]) && (is(object, &["ResourceIdentifiers"]) || is(object, &["AzureResourceId"]));
    if flat && !is(object, &["TenantId", "TimeGenerated"]) { 95 } else { 0 }
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let properties = object.get("properties").and_then(Value::as_object);
    // The command line of Azure writes the properties beside the name of the resource.
    let flattened = || value::text_of(object, &["type"]).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("microsoft.security/"));
    let id = if properties.is_some() || flattened() { resource_id(object) } else { None };
    let mut fields = Fields::new(properties.unwrap_or(object));
    let system = fields.text(&["systemAlertId"]);
    let mut alert = Alert::default();
    // Examples of the vendor give two alerts one `systemAlertId`; the name of the resource is what the API asks for.
    alert.id = id
        .or_else(|| system.clone())
        .or_else(|| shared::last_segment(&fields.text(&["alertUri"])?).map(str::to_owned))
        .ok_or_else(|| shared::alert_without_id("`name`, `id` or `systemAlertId`"))?;
    alert.vendor_original_id = fields.text(&["providerAlertId", "vendorOriginalId"]).or(system).filter(|original| *original != alert.id);
    describe(&mut alert, &mut fields);
    times(&mut alert, &mut fields);

    let mut list = EntityList::new();
    match fields.items(&["entities"]) {
        Some(Cow::Owned(items)) => list.add_owned_list(items),
        Some(Cow::Borrowed(items)) => list.add_list(items),
        None => {}
    }
    add_resources(&mut list, properties.unwrap_or(object));
    let intents = fields.texts(&["intent", "tactics"]);
    let techniques = [fields.texts(&["techniques"]), fields.texts(&["subTechniques"])];
    let extended = fields.nested(&["extendedProperties"]);
    let processed = fields.value(&["processingEndTimeUtc", "processingEndTime"]);
    alert.extended = fields.rest();
    if let Some(processed) = processed.filter(|processed| !value::is_no_time(processed)) {
        alert.extended.insert("ProcessingEndTime".to_owned(), processed.clone());
    }
    shared::add_tactics(&mut alert.tactics, &intents, &mut alert.extended, "OtherTactics");
    for words in &techniques {
        shared::add_techniques(&mut alert.techniques, words, &mut alert.extended, "OtherTechniques");
    }
    if let Some(extended) = extended {
        extend(&mut alert, extended);
    }
    shared::set_entities(&mut alert, list);
    Ok(vec![Body::Alert(Box::new(alert))])
}

fn resource_id(object: &Object) -> Option<String> {
    let name = value::text_of(object, &["name"]);
    name.map(Cow::into_owned).or_else(|| shared::last_segment(&value::text_of(object, &["id"])?).map(str::to_owned))
}

fn describe(alert: &mut Alert, fields: &mut Fields<'_>) {
    alert.title = fields.text(&["alertDisplayName", "alertName"]).unwrap_or_default();
    alert.alert_type = fields.text(&["alertType", "alertName"]).unwrap_or_default();
    alert.description = fields.text(&["description"]).unwrap_or_default();
    alert.severity = shared::severity(fields, &["severity", "reportedSeverity"]);
    alert.status = shared::alert_status(fields, &["status", "state"]);
    alert.vendor = fields.text(&["vendorName"]).unwrap_or_else(|| "Microsoft".to_owned());
    alert.product = fields.text(&["productName"]).unwrap_or_else(|| "Microsoft Defender for Cloud".to_owned());
    alert.product_component = fields.text(&["productComponentName"]);
    alert.provider = fields.text(&["providerName"]).unwrap_or_default();
    alert.compromised_entity = fields.text(&["compromisedEntity"]).unwrap_or_default();
    alert.confidence_level = fields.text(&["confidenceLevel"]);
    alert.confidence_score = fields.number(&["confidenceScore"]);
    alert.remediation = shared::steps(fields, &["remediationSteps"]);
    alert.url = fields.text(&["alertUri"]);
    alert.is_incident = fields.flag(&["isIncident"]).unwrap_or(false);
}

fn times(alert: &mut Alert, fields: &mut Fields<'_>) {
    let detected = fields.time(&["detectedTimeUtc"]);
    alert.start = fields.time(&["startTimeUtc"]).or(detected);
    alert.end = fields.time(&["endTimeUtc"]).or(detected);
    alert.created = fields.time(&["timeGeneratedUtc", "timeGenerated", "reportedTimeUtc"]);
    alert.modified = fields.time(&["processingEndTimeUtc"]).max(alert.created);
}

fn extend(alert: &mut Alert, extended: Object) {
    if let Some(flag) = value::first(&extended, &["isincident"]).and_then(value::flag) {
        alert.is_incident |= flag;
    }
    if let Some(intent) = value::first(&extended, &["killChainIntent"]) {
        shared::add_tactics(&mut alert.tactics, &value::texts(intent), &mut alert.extended, "OtherTactics");
    }
    alert.extended.insert("ExtendedProperties".to_owned(), Value::Object(extended));
}

/// The resources that the alert names beside its list of entities.
fn add_resources(list: &mut EntityList, members: &Object) {
    let identifiers = value::first(members, &["resourceIdentifiers"]).map(value::parsed);
    for item in identifiers.as_deref().and_then(Value::as_array).into_iter().flatten() {
        if let Some(id) = item.as_object().and_then(|item| value::text_of(item, &["azureResourceId"])) {
            shared::add_resource(list, &id);
        }
    }
    for name in ["associatedResource", "azureResourceId"] {
        if let Some(id) = value::text_of(members, &[name]) {
            shared::add_resource(list, &id);
        }
    }
}
