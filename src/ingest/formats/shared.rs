//! What several formats read in the same way: severities, tactics, steps, comments, products.

use std::borrow::Cow;

use serde_json::Value;

use crate::catalog::attack;
use crate::ingest::Reject;
use crate::ingest::identify::{EntityList, parts};
use crate::ingest::value::{self, Fields};
use crate::model::{Alert, AlertStatus, Classification, Comment, Incident, Kind, Object, Owner, Severity, Time};

/// An alert that nothing identifies cannot be updated, grouped or shown again.
pub(super) fn alert_without_id(names: &str) -> Reject {
    Reject { code: "alert_without_id", message: format!("expected an alert id in {names}, found none") }
}

/// An incident that nothing identifies.
pub(super) fn incident_without_id(names: &str) -> Reject {
    Reject { code: "incident_without_id", message: format!("expected an incident id in {names}, found none") }
}

/// The severity; an unknown word stays with the members that nobody took.
pub(super) fn severity(fields: &mut Fields<'_>, names: &[&str]) -> Severity {
    fields.read(names, |value| Severity::parse(&value::text(value)?).or_else(|| severity_number(value))).unwrap_or_default()
}

/// A severity as a number: 1 to 5 from informational on, as OCSF counts, or 32, 64, 128, 256 as the Defender portal does.
fn severity_number(value: &Value) -> Option<Severity> {
    Some(match value::integer(value)? {
        0 => Severity::Unknown,
        1 | 32 => Severity::Informational,
        2 | 64 => Severity::Low,
        3 | 128 => Severity::Medium,
        4 | 256 => Severity::High,
        5 | 6 => Severity::Critical,
        _ => return None,
    })
}

/// The status of an alert; `Unknown` where the source has a word that is not known, `New` where it has none.
pub(super) fn alert_status(fields: &mut Fields<'_>, names: &[&str]) -> AlertStatus {
    let status = fields.read(names, |value| AlertStatus::parse(&value::text(value)?));
    let written = || names.iter().any(|name| value::first(fields.object(), &[name]).is_some());
    status.unwrap_or_else(|| if written() { AlertStatus::Unknown } else { AlertStatus::New })
}

/// The classification; `unknown` and `not set` are none.
pub(super) fn classification(fields: &mut Fields<'_>, names: &[&str]) -> Option<Classification> {
    let found = fields.read(names, |value| Classification::parse(&value::text(value)?));
    if found.is_none() {
        fields.read(names, |value| value::text(value).filter(|text| is_unknown(text)));
    }
    found
}

/// Whether a word says that nothing is known.
pub(super) fn is_unknown(word: &str) -> bool {
    ["unknown", "notset", "not set", "notavailable", "unspecified"].iter().any(|none| word.eq_ignore_ascii_case(none))
}

/// Adds the tactics of words; those that name none go to `extended` under `name`.
pub(super) fn add_tactics(tactics: &mut Vec<Cow<'static, str>>, words: &[String], extended: &mut Object, name: &str) {
    keep(extended, name, attack::add_tactics(tactics, words.iter().map(String::as_str)));
}

/// Adds the techniques of words; those that hold none go to `extended` under `name`.
pub(super) fn add_techniques(techniques: &mut Vec<String>, words: &[String], extended: &mut Object, name: &str) {
    keep(extended, name, attack::add_techniques(techniques, words.iter().map(String::as_str)));
}

fn keep(extended: &mut Object, name: &str, words: Vec<&str>) {
    if !words.is_empty() {
        extended.insert(name.to_owned(), words.into());
    }
}

/// Sets the tactic or, where the word names none, the category.
pub(super) fn set_category(alert: &mut Alert, word: Option<String>) {
    let Some(word) = word.filter(|word| !is_unknown(word)) else { return };
    if attack::add_tactics(&mut alert.tactics, [word.as_str()]).is_empty() {
        return;
    }
    alert.category = Some(word);
}

/// The steps of a remedy: a list, a list inside a text, or the lines of a text.
pub(super) fn steps(fields: &mut Fields<'_>, names: &[&str]) -> Vec<String> {
    fields.read(names, |value| Some(read_steps(value)).filter(|steps| !steps.is_empty())).unwrap_or_default()
}

/// The steps that a value holds.
pub(super) fn read_steps(value: &Value) -> Vec<String> {
    match value::parsed(value).as_ref() {
        Value::Array(items) => items.iter().filter_map(value::text).map(Cow::into_owned).collect(),
        Value::Object(object) => value::text_of(object, &["displayValue"]).map(Cow::into_owned).into_iter().collect(),
        Value::String(text) => text.lines().map(str::trim).filter(|line| !value::is_absent_text(line)).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The entities of an alert go into it; references to member alerts become its members.
pub(super) fn set_entities(alert: &mut Alert, mut list: EntityList) {
    let members = list.take_members();
    for member in &members {
        let ids = value::first(member, &["SystemAlertIds", "SystemAlertId", "AlertId"]).map(value::texts).unwrap_or_default();
        for id in ids {
            if !alert.members.contains(&id) {
                alert.members.push(id);
            }
        }
    }
    if !members.is_empty() {
        alert.extended.insert("MemberAlerts".to_owned(), members.into_iter().map(Value::Object).collect());
    }
    (alert.entities, alert.links) = list.finish();
}

/// Adds a resource of Azure that stands beside the list, unless the list has it.
pub(super) fn add_resource(list: &mut EntityList, id: &str) {
    let Some(parts) = parts::azure_resource(id) else { return };
    let id = id.trim().trim_end_matches('/');
    let known = list.find(|kind, properties| {
        *kind == Kind::AZURE_RESOURCE
            && properties.get("ResourceId").and_then(Value::as_str).is_some_and(|other| other.eq_ignore_ascii_case(id))
    });
    if known.is_none() {
        list.add_evidence("azure-resource", parts, None, true);
    }
}

/// The name of a product as people write it, from the field's `microsoftDefenderForEndpoint`.
pub(super) fn product_title(word: &str) -> String {
    if word.contains(' ') {
        return word.to_owned();
    }
    let mut title = String::with_capacity(word.len() + 8);
    let mut before = ' ';
    for letter in word.chars() {
        let breaks = (letter.is_uppercase() && !before.is_uppercase()) || (letter.is_ascii_digit() && !before.is_ascii_digit());
        if breaks && !title.is_empty() {
            title.push(' ');
        }
        if title.is_empty() {
            title.extend(letter.to_uppercase())
        } else {
            title.push(letter)
        }
        before = letter;
    }
    title.replace(" For ", " for ").replace(" Ad ", " AD ")
}

/// The owner of an incident: an object in any of the field's writings, or a name.
pub(super) fn owner(fields: &mut Fields<'_>, names: &[&str]) -> Option<Owner> {
    fields.read(names, |value| match value::parsed(value).as_ref() {
        Value::Object(object) => {
            let text = |names: &[&str]| value::text_of(object, names).map(Cow::into_owned);
            let owner = Owner {
                name: text(&["assignedTo", "displayName", "name"]),
                email: text(&["email", "mail"]),
                upn: text(&["userPrincipalName", "upn"]),
                object_id: text(&["objectId", "id"]),
                group: text(&["ownerType"]).is_some_and(|kind| kind.eq_ignore_ascii_case("group")),
            };
            (owner != Owner { group: owner.group, ..Owner::default() }).then_some(owner)
        }
        other => {
            let name = value::text(other)?.into_owned();
            let upn = name.contains('@').then(|| name.clone());
            Some(Owner { name: Some(name), upn, ..Owner::default() })
        }
    })
}

/// The remarks on an incident, oldest first.
pub(super) fn comments(fields: &mut Fields<'_>, names: &[&str]) -> Vec<Comment> {
    let items = fields.items(names).unwrap_or_default();
    let mut comments: Vec<Comment> = items.iter().filter_map(comment).collect();
    comments.sort_by_key(|comment| comment.created);
    comments
}

fn comment(value: &Value) -> Option<Comment> {
    let Some(object) = value.as_object() else {
        return Some(Comment { message: value::text(value)?.into_owned(), ..Comment::default() });
    };
    let object = value::object_at(object, &["properties"]).unwrap_or(object);
    let message = value::text_of(object, &["message", "comment", "Message"])?.into_owned();
    let author = match value::first(object, &["author", "createdByDisplayName", "createdBy", "modifiedBy"]) {
        Some(Value::Object(author)) => value::text_of(author, &["name", "userPrincipalName", "email", "objectId"]).map(Cow::into_owned),
        other => other.and_then(value::text).map(Cow::into_owned),
    };
    let created = value::first(object, &["createdTimeUtc", "createdDateTime", "createdTime", "timestamp"]).and_then(value::time);
    Some(Comment { author, created, message, ..Comment::default() })
}

/// Reads the alerts that stand in an incident; those without an id stay with the incident as they are written.
pub(super) fn contained_alerts(
    incident: &mut Incident,
    items: &[Value],
    read: impl Fn(&Object, &str) -> Result<Alert, Reject>,
) -> Vec<Alert> {
    let mut alerts = Vec::with_capacity(items.len());
    let mut others = Vec::new();
    for item in items {
        match item.as_object().map(|object| read(object, &incident.id)) {
            Some(Ok(alert)) => alerts.push(alert),
            _ => others.push(item.clone()),
        }
    }
    if !others.is_empty() {
        incident.extended.insert("OtherAlerts".to_owned(), others.into());
    }
    fill_from_alerts(incident, &alerts);
    alerts
}

/// Fills what an incident does not say itself from the alerts that stand in it.
fn fill_from_alerts(incident: &mut Incident, alerts: &[Alert]) {
    let earliest = |a: Option<Time>, b: Option<Time>| a.into_iter().chain(b).min();
    let (mut first, mut last) = (None, None);
    for alert in alerts {
        if !incident.alert_ids.contains(&alert.id) {
            incident.alert_ids.push(alert.id.clone());
        }
        first = earliest(first, alert.time());
        last = last.max(alert.end.or(alert.time()));
        for tactic in &alert.tactics {
            if !incident.tactics.contains(tactic) {
                incident.tactics.push(tactic.clone());
            }
        }
        for technique in &alert.techniques {
            if !incident.techniques.contains(technique) {
                incident.techniques.push(technique.clone());
            }
        }
        if !alert.product.is_empty() && !incident.products.contains(&alert.product) {
            incident.products.push(alert.product.clone());
        }
    }
    incident.first_activity = incident.first_activity.or(first);
    incident.last_activity = incident.last_activity.or(last);
}

/// The last segment of a resource id.
pub(super) fn last_segment(id: &str) -> Option<&str> {
    id.trim_end_matches('/').rsplit('/').next().filter(|segment| !segment.is_empty())
}

/// The texts of a list of labels: words, or objects with a name.
pub(super) fn labels(fields: &mut Fields<'_>, names: &[&str]) -> Vec<String> {
    let Some(items) = fields.items(names) else { return fields.texts(names) };
    let label = |item: &Value| match item {
        Value::Object(object) => value::text_of(object, &["labelName", "name", "tag"]).map(Cow::into_owned),
        other => value::text(other).map(Cow::into_owned),
    };
    let mut labels: Vec<String> = Vec::new();
    for label in items.iter().filter_map(label) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_as_people_write_them() {
        let cases = [
            ("microsoftDefenderForEndpoint", "Microsoft Defender for Endpoint"),
            ("MicrosoftDefenderForCloud", "Microsoft Defender for Cloud"),
            ("MicrosoftDefenderForOffice365", "Microsoft Defender for Office 365"),
            ("microsoft365Defender", "Microsoft 365 Defender"),
            ("azureAdIdentityProtection", "Azure AD Identity Protection"),
            ("MCAS", "MCAS"),
            ("Microsoft Defender for Identity", "Microsoft Defender for Identity"),
        ];
        for (word, expected) in cases {
            assert_eq!(product_title(word), expected, "{word}");
        }
    }
}
