//! Alerts of Microsoft Sentinel: rows of `SecurityAlert` in both generations of columns, and the REST alert entity.

use std::borrow::Cow;

use serde_json::Value;

use super::shared;
use crate::ingest::identify::EntityList;
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Object};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "sentinel-alert", title: "Microsoft Sentinel alert (SecurityAlert)", detect, read };

/// Columns whose words the model does not keep.
const OWN_WORDS: [&str; 2] = ["AlertName", "ProcessingEndTime"];

fn detect(object: &Object) -> u8 {
    if object.get("Type").is_some_and(|name| name == "SecurityAlert") || object.get("$table").is_some_and(|name| name == "SecurityAlert") {
        return 100;
    }
    if rest_properties(object).is_some() {
        return 95;
    }
    let has = |names: &[&str]| {
        object.keys().any(|key| names.iter().any(|name| key.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))))
    };
    if !has(&["SystemAlertId"]) || object.contains_key("properties") {
        return 0;
    }
    let row = has(&["ProviderName", "VendorOriginalId", "ProviderAlertId", "AlertSeverity", "ExtendedProperties"])
        && has(&["TimeGenerated", "StartTime"]);
    if row && has(&["AlertName", "DisplayName", "AlertDisplayName"]) { 90 } else { 60 }
}

/// The properties of an alert entity of the REST API.
fn rest_properties(object: &Object) -> Option<&Object> {
    let kind = object.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("SecurityAlert"));
    let sentinel = || {
        let name = object.get("type").and_then(Value::as_str).unwrap_or_default();
        name.get(..26).is_some_and(|head| head.eq_ignore_ascii_case("Microsoft.SecurityInsights"))
    };
    let properties = object.get("properties")?.as_object()?;
    (kind || (sentinel() && value::get(properties, "systemAlertId").is_some())).then_some(properties)
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let alert = match rest_properties(object) {
        Some(properties) => alert(properties, value::text_of(object, &["name"]).as_deref())?,
        None => alert(object, None)?,
    };
    Ok(vec![Body::Alert(Box::new(alert))])
}

/// Reads the members of an alert; `fallback` identifies it where they do not.
pub(super) fn alert(object: &Object, fallback: Option<&str>) -> Result<Alert, Reject> {
    let mut fields = Fields::new(object);
    let mut alert =
        Alert { id: fields.text(&["SystemAlertId"]).or_else(|| fallback.map(str::to_owned)).unwrap_or_default(), ..Alert::default() };
    let original = fields.text(&["VendorOriginalId", "ProviderAlertId"]);
    if alert.id.is_empty() {
        alert.id = original.clone().ok_or_else(|| shared::alert_without_id("`SystemAlertId`, `VendorOriginalId` or `ProviderAlertId`"))?;
    }
    alert.vendor_original_id = original.filter(|original| *original != alert.id);
    describe(&mut alert, &mut fields);
    times(&mut alert, &mut fields);

    alert.row = true;
    alert.entities_text = value::first(object, &["Entities"]).and_then(entities_text);
    let mut list = EntityList::new();
    match fields.items(&["Entities"]) {
        Some(Cow::Owned(items)) => list.add_owned_list(items),
        Some(Cow::Borrowed(items)) => list.add_list(items),
        None => {}
    }
    if let Some(id) = value::text_of(object, &["ResourceId"]) {
        shared::add_resource(&mut list, &id);
    }
    let properties = fields.nested(&["ExtendedProperties", "AdditionalData"]);
    let tactics = [fields.texts(&["Tactics"]), fields.texts(&["Intent"])];
    let techniques = [fields.texts(&["Techniques"]), fields.texts(&["SubTechniques"])];
    fields.skip(&["Type", "$table"]);
    alert.extended = fields.rest();
    // Both are read into other members of the model; the table shows the row's own words.
    for name in OWN_WORDS {
        let own = value::first(object, &[name, &format!("{name}Utc")]);
        if let Some(value) = own.filter(|value| value.as_str() != Some(&alert.title) && !value::is_no_time(value)) {
            alert.extended.insert(name.to_owned(), value.clone());
        }
    }
    for words in &tactics {
        shared::add_tactics(&mut alert.tactics, words, &mut alert.extended, "OtherTactics");
    }
    for words in &techniques {
        shared::add_techniques(&mut alert.techniques, words, &mut alert.extended, "OtherTechniques");
    }
    if let Some(properties) = properties {
        extend(&mut alert, properties);
    }
    shared::set_entities(&mut alert, list);
    Ok(alert)
}

/// The column `Entities` as it stands, if it is a list.
fn entities_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.trim_start().starts_with('[').then(|| text.clone()),
        Value::Array(items) => (!items.is_empty()).then(|| value.to_string()),
        _ => None,
    }
}

fn describe(alert: &mut Alert, fields: &mut Fields<'_>) {
    alert.title = fields.text(&["AlertDisplayName", "DisplayName", "AlertName"]).unwrap_or_default();
    alert.description = fields.text(&["Description"]).unwrap_or_default();
    alert.severity = shared::severity(fields, &["AlertSeverity", "Severity"]);
    alert.status = shared::alert_status(fields, &["Status"]);
    alert.alert_type = fields.text(&["AlertType", "AlertName"]).unwrap_or_default();
    alert.provider = fields.text(&["ProviderName"]).unwrap_or_default();
    alert.vendor = fields.text(&["VendorName"]).unwrap_or_default();
    alert.product = fields.text(&["ProductName"]).unwrap_or_else(|| product(&alert.provider, &alert.vendor).to_owned());
    alert.product_component = fields.text(&["ProductComponentName"]);
    alert.compromised_entity = fields.text(&["CompromisedEntity"]).unwrap_or_default();
    alert.confidence_level = fields.text(&["ConfidenceLevel"]);
    alert.confidence_score = fields.number(&["ConfidenceScore"]);
    alert.remediation = shared::steps(fields, &["RemediationSteps"]);
    alert.url = fields.text(&["AlertLink", "AlertUri"]);
    alert.is_incident = fields.flag(&["IsIncident"]).unwrap_or(false);
    alert.incident = fields.text(&["SystemIncidentId"]);
}

fn times(alert: &mut Alert, fields: &mut Fields<'_>) {
    alert.start = fields.time(&["StartTime", "StartTimeUtc"]);
    alert.end = fields.time(&["EndTime", "EndTimeUtc"]);
    alert.created = fields.time(&["TimeGenerated", "TimeGeneratedUtc"]);
    // Every change of an alert is written as a row with a new `TimeGenerated`.
    let processed = fields.time(&["ProcessingEndTime", "ProcessingEndTimeUtc"]);
    alert.modified = alert.created.or(processed);
}

/// Takes what `ExtendedProperties` says of the alert itself, and keeps them all.
fn extend(alert: &mut Alert, properties: Object) {
    if let Some(flag) = value::first(&properties, &["isincident"]).and_then(value::flag) {
        alert.is_incident |= flag;
    }
    if let Some(intent) = value::first(&properties, &["killChainIntent", "Kill Chain Intent", "Intent"]) {
        shared::add_tactics(&mut alert.tactics, &value::texts(intent), &mut alert.extended, "OtherTactics");
    }
    alert.extended.insert("ExtendedProperties".to_owned(), Value::Object(properties));
}

/// The product that stands behind a provider's name, where the row does not name it.
fn product<'a>(provider: &'a str, vendor: &'a str) -> &'a str {
    let microsoft = vendor.is_empty() || vendor.eq_ignore_ascii_case("Microsoft");
    match provider {
        "Detection" | "InternalDemo" | "Azure Security Center" if microsoft => "Azure Security Center",
        "CustomAlertRule" | "ASI Scheduled Alerts" | "ASI NRT Alerts" => "Azure Sentinel",
        "MCAS" => "Microsoft Cloud App Security",
        "IPC" => "Azure Active Directory Identity Protection",
        "MDATP" => "Microsoft Defender Advanced Threat Protection",
        "OATP" => "Office 365 Advanced Threat Protection",
        "" => vendor,
        provider if microsoft || vendor.eq_ignore_ascii_case("Alert Rule") => provider,
        _ => vendor,
    }
}
