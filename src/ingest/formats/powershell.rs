//! Objects as modules of PowerShell write them (`.. | ConvertTo-Json`): names in capitals, members that a module does not know
//! apart from the others, small objects spread over names of their own. Turns them back into what the API gave.

use serde_json::Value;

use super::shape::put;
use crate::ingest::value;
use crate::model::Object;

/// Where the modules of Graph put members of derived types.
const MORE: &str = "AdditionalProperties";

/// An object of Microsoft Graph in the writing of the API, if a module of PowerShell wrote it.
pub(super) fn graph(object: &Object) -> Option<Object> {
    (object.contains_key("Id") && !object.contains_key("id")).then(|| plain(object.clone()))
}

fn plain(object: Object) -> Object {
    let mut result = Object::with_capacity(object.len());
    let mut more = Object::new();
    for (name, value) in object {
        match value {
            Value::Object(members) if name == MORE => more = members,
            value => drop(result.insert(lower_first(&name), plain_value(value))),
        }
    }
    for (name, value) in more {
        result.entry(name).or_insert(value);
    }
    result
}

fn plain_value(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(plain(object)),
        Value::Array(items) => items.into_iter().map(plain_value).collect(),
        other => other,
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Whether `Get-AzSentinelIncident` wrote an object.
pub(super) fn is_sentinel_incident(object: &Object) -> bool {
    let kind = object.get("Type").and_then(Value::as_str).unwrap_or_default();
    kind.eq_ignore_ascii_case("Microsoft.SecurityInsights/Incidents") && object.contains_key("Number")
}

/// Such an incident under the names of the API.
pub(super) fn sentinel_incident(object: &Object) -> Object {
    const NAMES: [(&str, &str); 4] =
        [("Number", "incidentNumber"), ("Label", "labels"), ("Url", "incidentUrl"), ("RelatedAnalyticRuleId", "relatedAnalyticRuleIds")];
    const OWNER: [(&str, &str); 4] = [
        ("OwnerAssignedTo", "assignedTo"),
        ("OwnerEmail", "email"),
        ("OwnerObjectId", "objectId"),
        ("OwnerUserPrincipalName", "userPrincipalName"),
    ];
    const ADDITIONAL: [(&str, &str); 6] = [
        ("AdditionalDataAlertProductName", "alertProductNames"),
        ("AdditionalDataTactic", "tactics"),
        ("AdditionalDataTechnique", "techniques"),
        ("AdditionalDataAlertCount", "alertsCount"),
        ("AdditionalDataBookmarkCount", "bookmarksCount"),
        ("AdditionalDataCommentCount", "commentsCount"),
    ];
    let (mut owner, mut additional, mut result) = (Object::new(), Object::new(), Object::new());
    for (name, value) in object {
        let among = |names: &[(&'static str, &'static str)]| names.iter().find(|(from, _)| from == name).map(|(_, to)| *to);
        if let Some(name) = among(&OWNER) {
            put(&mut owner, name, Some(value.clone()));
        } else if let Some(name) = among(&ADDITIONAL) {
            put(&mut additional, name, Some(value.clone()));
        } else {
            result.insert(among(&NAMES).map_or_else(|| name.clone(), str::to_owned), value.clone());
        }
    }
    for (name, members) in [("owner", owner), ("additionalData", additional)] {
        if !members.is_empty() && value::first(&result, &[name]).is_none() {
            result.insert(name.to_owned(), Value::Object(members));
        }
    }
    result
}
