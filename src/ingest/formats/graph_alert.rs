//! Alerts of Microsoft Graph, `security/alerts_v2`: evidence by `@odata.type`, with roles and verdicts.

use std::borrow::Cow;

use serde_json::Value;

use super::flat::{self, FlatList};
use super::{powershell, shared};
use crate::catalog::entities;
use crate::ingest::identify::{Place, parts};
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Object, Role};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "graph-alert", title: "Microsoft Graph alert (alerts_v2)", detect, read };

fn detect(object: &Object) -> u8 {
    if object.get("@odata.type").is_some_and(|name| name == "#microsoft.graph.security.alert") {
        return 100;
    }
    let has = |name: &str| object.contains_key(name);
    if has("Evidence") && has("ProviderAlertId") && has("Id") {
        return 95;
    }
    if has("evidence") && has("providerAlertId") {
        return 95;
    }
    let described = has("detectionSource") || (has("evidence") && has("createdDateTime"));
    if has("serviceSource") && described && has("id") && has("title") && !has("alertId") { 85 } else { 0 }
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let plain = powershell::graph(object);
    Ok(vec![Body::Alert(Box::new(alert(plain.as_ref().unwrap_or(object), None)?))])
}

/// Reads an alert that stands alone or in its incident.
pub(super) fn alert(object: &Object, incident: Option<&str>) -> Result<Alert, Reject> {
    let mut fields = Fields::new(object);
    let id = fields.text(&["id"]).ok_or_else(|| shared::alert_without_id("`id`"))?;
    let mut alert = Alert { id, vendor: "Microsoft".to_owned(), ..Alert::default() };
    alert.vendor_original_id = fields.text(&["providerAlertId"]).filter(|original| *original != alert.id);
    alert.title = fields.text(&["title"]).unwrap_or_default();
    alert.description = fields.text(&["description"]).unwrap_or_default();
    alert.severity = shared::severity(&mut fields, &["severity"]);
    alert.status = shared::alert_status(&mut fields, &["status"]);
    alert.provider = fields.text(&["serviceSource"]).unwrap_or_default();
    alert.product = fields.text(&["productName"]).unwrap_or_else(|| shared::product_title(&alert.provider));
    alert.product_component = fields.text(&["detectionSource"]);
    alert.alert_type = fields.text(&["alertPolicyId", "detectorId"]).unwrap_or_default();
    alert.remediation = shared::steps(&mut fields, &["recommendedActions"]);
    alert.url = fields.text(&["alertWebUrl"]);
    alert.incident = fields.text(&["incidentId"]).or_else(|| incident.map(str::to_owned));
    alert.start = fields.time(&["firstActivityDateTime"]);
    alert.end = fields.time(&["lastActivityDateTime"]);
    alert.created = fields.time(&["createdDateTime"]);
    alert.modified = fields.time(&["lastUpdateDateTime"]).or(alert.created);
    let techniques = fields.texts(&["mitreTechniques"]);
    let category = fields.text(&["category"]);
    let evidence = fields.items(&["evidence"]).unwrap_or_default();
    fields.skip(&["@odata.type"]);
    alert.extended = fields.rest();
    shared::add_techniques(&mut alert.techniques, &techniques, &mut alert.extended, "OtherTechniques");
    shared::set_category(&mut alert, category);

    let mut list = FlatList::default();
    add_evidence(&mut list, &evidence);
    shared::set_entities(&mut alert, list.into_list());
    Ok(alert)
}

fn add_evidence(list: &mut FlatList, evidence: &[Value]) {
    let objects = || evidence.iter().filter_map(Value::as_object);
    let is_device = |object: &&Object| kind_name(object) == "host";
    // Devices first: other evidence names them by their id.
    for device in objects().filter(is_device) {
        if let Some(place) = add_device(list, device) {
            finish(list, place, device);
        }
    }
    for object in objects().filter(|object| !is_device(object)) {
        // The name and id of a thing are not those of a computer.
        let host = if kind_name(object) == "iotdevice" { None } else { flat::device_of(list, object) };
        if let Some(place) = add_one(list, object, host) {
            flat::refer_host(list, place, host);
            finish(list, place, object);
        }
    }
}

fn kind_name(evidence: &Object) -> &'static str {
    // Tools that know no `@` in a name write the type under another one.
    let respelt = || evidence.iter().find(|(name, _)| name.ends_with("odata_type") || name.ends_with("odata.type")).map(|(_, kind)| kind);
    let written = evidence.get("@odata.type").or_else(respelt).and_then(Value::as_str).unwrap_or_default();
    entities::kind(written).map_or("", |kind| kind.name)
}

fn add_one(list: &mut FlatList, evidence: &Object, host: Option<Place>) -> Option<Place> {
    match kind_name(evidence) {
        "file" => flat::add_file_object(list, value::object_at(evidence, &["fileDetails"])?, host, None, false),
        "process" | "registry-key" | "registry-value" => flat::add(list, kind_name(evidence), evidence, None),
        "account" => flat::add_account_object(list, value::object_at(evidence, &["userAccount"])?, None, false),
        "ip" => {
            let text = value::text_of(evidence, &["ipAddress"])?;
            let properties = parts::ip(&text).unwrap_or_else(|| Object::from_iter([("Address".to_owned(), text.as_ref().into())]));
            let place = list.add("ip", properties)?;
            if let Some(code) = value::first(evidence, &["countryLetterCode"]) {
                let location = Object::from_iter([("CountryCode".to_owned(), code.clone())]);
                list.fill(place, Object::from_iter([("Location".to_owned(), Value::Object(location))]));
            }
            Some(place)
        }
        "mail-message" => mail(list, evidence),
        "mailbox" => {
            let place = list.add_object(plain(evidence, &["userAccount"]))?;
            if let Some(account) =
                value::object_at(evidence, &["userAccount"]).and_then(|account| flat::add_account_object(list, account, None, true))
            {
                list.refer(place, "UserAccount", account);
            }
            Some(place)
        }
        "cloud-logon-session" | "cloud-logon-request" => {
            let place = list.add_object(plain(evidence, &["account"]))?;
            let account = value::object_at(evidence, &["account", "userAccount"]).or_else(|| value::object_at(evidence, &["account"]));
            if let Some(account) = account.and_then(|account| flat::add_account_object(list, account, None, true)) {
                list.refer(place, "Account", account);
            }
            Some(place)
        }
        // The rest nests evidence objects, each with its own `@odata.type`.
        _ => list.add_object(unwrapped(evidence)),
    }
}

/// Members of evidence that describe the case and not the entity.
const CASE: [&str; 9] = [
    "createdDateTime",
    "verdict",
    "remediationStatus",
    "remediationStatusDetails",
    "roles",
    "detailedRoles",
    "tags",
    "detectionStatus",
    "mdeDeviceId",
];

/// The members of evidence that describe the entity and not the case.
fn plain(evidence: &Object, without: &[&str]) -> Object {
    let kept = |name: &str| !CASE.contains(&name) && !without.contains(&name);
    evidence.iter().filter(|(name, _)| kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Evidence with the evidence that is nested in it, each as its entity is written elsewhere: what stands in a member of its
/// own (`userAccount`, `fileDetails`) is part of the entity.
fn unwrapped(evidence: &Object) -> Object {
    let kind = kind_name(evidence);
    // Of a nested device the id is what it is known by.
    let kept = |name: &str| kind.is_empty() || !CASE.contains(&name) || (kind == "host" && name == "mdeDeviceId");
    let inner = |value: &Value| match value {
        Value::Object(object) => Value::Object(unwrapped(object)),
        other => other.clone(),
    };
    let mut entity = Object::new();
    for (name, value) in evidence.iter().filter(|(name, _)| kept(name)) {
        let value = match value {
            Value::Array(items) => items.iter().map(inner).collect(),
            other => inner(other),
        };
        entity.insert(name.clone(), value);
    }
    match kind {
        "account" => entity.shift_remove("userAccount").into_iter().for_each(|account| extend(&mut entity, account)),
        "file" => {
            if let Some(Value::Object(mut file)) = entity.shift_remove("fileDetails") {
                let digests = ["sha256", "sha1", "md5"].iter().filter_map(|name| parts::hash(&value::text(&file.shift_remove(*name)?)?));
                let digests: Vec<Value> = digests.map(Value::Object).collect();
                entity.insert("fileHashes".to_owned(), digests.into());
                entity.extend(file);
            }
        }
        // Which controller it is, not which kind of entity.
        "k8s-controller" => {
            if let Some(controller) = entity.shift_remove("type") {
                entity.insert("controllerType".to_owned(), controller);
            }
        }
        _ => {}
    }
    entity
}

fn extend(entity: &mut Object, members: Value) {
    if let Value::Object(members) = members {
        entity.extend(members);
    }
}

fn mail(list: &mut FlatList, evidence: &Object) -> Option<Place> {
    let mut members = plain(evidence, &["p1Sender", "p2Sender"]);
    for (name, property) in [("p1Sender", "P1Sender"), ("p2Sender", "Sender")] {
        if let Some(address) = value::text_at(evidence, &[name, "emailAddress"]) {
            members.insert(property.to_owned(), address.into_owned().into());
        }
    }
    list.add_object(members)
}

fn add_device(list: &mut FlatList, evidence: &Object) -> Option<Place> {
    let place = flat::add_device(list, evidence, false)?;
    let virtual_machine = [("VmId", &["vmMetadata", "vmId"]), ("AzureID", &["vmMetadata", "resourceId"])];
    for (property, path) in virtual_machine {
        if let Some(text) = value::text_at(evidence, path) {
            list.fill(place, Object::from_iter([(property.to_owned(), Value::from(text))]));
        }
    }
    list.fill(
        place,
        plain(evidence, &["loggedOnUsers", "ipInterfaces", "deviceDnsName", "@odata.type", "vmMetadata", "osPlatform", "version"]),
    );
    for address in value::first(evidence, &["ipInterfaces"]).map(value::texts).unwrap_or_default() {
        if let Some(ip) = parts::ip(&address).and_then(|parts| list.add_evidence("ip", parts, None, true)) {
            list.refer(place, "IpInterfaces", ip);
        }
    }
    let users = value::first(evidence, &["loggedOnUsers"]).and_then(Value::as_array);
    for user in users.into_iter().flatten().filter_map(Value::as_object) {
        if let Some(account) = flat::add_account_object(list, user, None, true) {
            list.refer(account, "Host", place);
        }
    }
    Some(place)
}

/// Keeps roles, verdict and what else the case says of the entity.
fn finish(list: &mut FlatList, place: Place, evidence: &Object) {
    let roles: Vec<String> = value::first(evidence, &["roles"]).map(value::texts).unwrap_or_default();
    if let Some(role) = roles.iter().find(|role| !shared::is_unknown(role)) {
        list.set_role(place, Role::from(Cow::<str>::Owned(role.to_lowercase())));
    }
    let mut case = Object::new();
    if roles.len() > 1 {
        case.insert("Roles".to_owned(), roles.into());
    }
    for (property, name) in [
        ("Verdict", "verdict"),
        ("RemediationStatus", "remediationStatus"),
        ("DetectionStatus", "detectionStatus"),
        ("DetailedRoles", "detailedRoles"),
        ("Tags", "tags"),
    ] {
        let worth = |value: &&Value| {
            !value.as_array().is_some_and(Vec::is_empty) && !value.as_str().is_some_and(|text| shared::is_unknown(text) || text == "none")
        };
        if let Some(value) = value::first(evidence, &[name]).filter(worth) {
            case.insert(property.to_owned(), value.clone());
        }
    }
    list.fill(place, case);
}
