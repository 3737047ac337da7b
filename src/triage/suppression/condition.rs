//! Conditions on the fields of an alert and of the entities that it names: exactly, one of a list, a part.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::{Alert, Entity, Fault, FaultClass};

/// Values of a list at the most.
const VALUES_MAX: usize = 10_000;
/// Fields of the alert itself.
const FIELDS: [&str; 8] = ["title", "severity", "product", "provider", "vendor", "compromised_entity", "description", "category"];

/// A condition on a field; exactly one of `equals`, `in` and `contains` is given. Case does not count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SuppressionCondition)]
pub struct Condition {
    /// `entities.KIND.PROPERTY` (`entities.ip.address`, `entities.host.hostname`), `entities.KIND` for any identifier of such an
    /// entity, or a field of the alert: `title`, `severity`, `product`, `provider`, `vendor`, `compromised_entity`, `description`, `category`.
    pub field: String,
    /// The whole value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// One of these whole values.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub any_of: Option<Vec<String>>,
    /// A part of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

impl Condition {
    /// Refuses a condition that could never hold or always would.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let invalid = |message: String| Fault::new(FaultClass::Invalid, "condition_invalid", message);
        let given = [self.equals.is_some(), self.any_of.is_some(), self.contains.is_some()].into_iter().filter(|given| *given).count();
        if given != 1 {
            return Err(invalid(format!("expected exactly one of `equals`, `in` and `contains` for `{}`, found {given}", self.field)));
        }
        let blank = |text: &String| text.trim().is_empty();
        let empty = self.equals.as_ref().is_some_and(blank)
            || self.contains.as_ref().is_some_and(blank)
            || self.any_of.as_ref().is_some_and(|values| values.is_empty() || values.iter().any(blank));
        if empty {
            return Err(invalid(format!("expected a value that is not empty for `{}`", self.field)));
        }
        if self.any_of.as_ref().is_some_and(|values| values.len() > VALUES_MAX) {
            return Err(invalid(format!("expected at most {VALUES_MAX} values (`values_max`) for `{}`", self.field)));
        }
        match Place::of(&self.field) {
            Some(_) => Ok(()),
            None => Err(invalid(format!("expected a field of an alert or of its entities, found `{}`", self.field))
                .with_hint(format!("write `entities.ip.address`, `entities.host`, or one of {}", FIELDS.join(", ")))),
        }
    }

    /// Whether the condition holds for an alert.
    pub(super) fn holds(&self, alert: &Alert) -> bool {
        match Place::of(&self.field) {
            Some(Place::Alert(name)) => self.fits(&field(alert, &name)),
            Some(Place::Entity { kind, property }) => {
                let mut named = alert.entities.iter().map(|evidence| &evidence.entity).filter(|entity| is_kind(entity, &kind));
                named.any(|entity| match &property {
                    Some(property) => values(entity, property).iter().any(|value| self.fits(value)),
                    None => identifiers(entity).any(|value| self.fits(value)),
                })
            }
            None => false,
        }
    }

    fn fits(&self, value: &str) -> bool {
        let value = value.trim();
        let same = |wanted: &String| value.eq_ignore_ascii_case(wanted.trim()) || value.to_lowercase() == wanted.trim().to_lowercase();
        self.equals.as_ref().is_some_and(same)
            || self.any_of.as_ref().is_some_and(|wanted| wanted.iter().any(same))
            || self.contains.as_ref().is_some_and(|part| value.to_lowercase().contains(&part.trim().to_lowercase()))
    }
}

/// Where a field stands.
enum Place {
    Alert(String),
    Entity { kind: String, property: Option<String> },
}

impl Place {
    fn of(field: &str) -> Option<Self> {
        let field = field.trim().to_lowercase();
        if let Some(rest) = field.strip_prefix("entities.") {
            let (kind, property) = rest.split_once('.').map_or((rest, None), |(kind, property)| (kind, Some(property.to_owned())));
            let whole = !kind.is_empty() && property.as_ref().is_none_or(|property| !property.is_empty());
            return whole.then(|| Self::Entity { kind: kind.to_owned(), property });
        }
        let name = field.replace('_', "");
        FIELDS.iter().find(|known| known.replace('_', "") == name).map(|known| Self::Alert((*known).to_owned()))
    }
}

fn field(alert: &Alert, name: &str) -> String {
    match name {
        "title" => alert.title.clone(),
        "severity" => alert.severity.as_str().to_owned(),
        "product" => alert.product.clone(),
        "provider" => alert.provider.clone(),
        "vendor" => alert.vendor.clone(),
        "compromised_entity" => alert.compromised_entity.clone(),
        "description" => alert.description.clone(),
        "category" => alert.category.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// The texts of `KIND.PROPERTY` of an entity, or of `KIND` all that it is known by; none of an entity of another kind.
pub fn entity_values(entity: &Entity, place: &str) -> Vec<String> {
    let (kind, property) = place.split_once('.').map_or((place, None), |(kind, property)| (kind, Some(property)));
    if !is_kind(entity, kind) {
        return Vec::new();
    }
    match property {
        Some(property) => values(entity, property),
        None => identifiers(entity).map(str::to_owned).collect(),
    }
}

/// Whether an entity is of a kind, under the catalog's name or without its hyphens, as Microsoft's rules write it.
fn is_kind(entity: &Entity, kind: &str) -> bool {
    let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    plain(entity.kind.as_str()) == plain(kind)
}

/// The texts of a property, at any depth of a path (`imagefile.name`); `name` and `id` stand for what people know an entity by.
fn values(entity: &Entity, property: &str) -> Vec<String> {
    let mut found = Vec::new();
    let path: Vec<&str> = property.split('.').collect();
    for (name, value) in &entity.properties {
        reach(name, value, &path, &mut found);
    }
    if matches!(property, "name" | "id" | "label") {
        found.push(entity.label.clone());
    }
    let keys = entity.keys.strong.iter().chain(&entity.keys.weak);
    found.extend(keys.filter(|key| key.set() == property).map(|key| key.value().to_owned()));
    if entity.kind.as_str() == "host" && property == "name" {
        let keys = entity.keys.strong.iter().chain(&entity.keys.weak);
        found.extend(keys.filter(|key| key.set().starts_with("hostname")).map(|key| key.value().to_owned()));
    }
    found
}

fn reach(name: &str, value: &Value, path: &[&str], found: &mut Vec<String>) {
    let Some((first, rest)) = path.split_first() else { return };
    if !name.eq_ignore_ascii_case(first) {
        return;
    }
    match (value, rest) {
        (Value::String(text), []) => found.push(text.clone()),
        (Value::Number(_) | Value::Bool(_), []) => found.push(value.to_string()),
        (Value::Array(items), _) => items.iter().for_each(|item| match (item, rest) {
            (Value::Object(members), rest) => members.iter().for_each(|(name, value)| reach(name, value, rest, found)),
            (Value::String(text), []) => found.push(text.clone()),
            _ => {}
        }),
        (Value::Object(members), rest) => members.iter().for_each(|(name, value)| reach(name, value, rest, found)),
        _ => {}
    }
}

/// Every text by which an entity is known.
fn identifiers(entity: &Entity) -> impl Iterator<Item = &str> {
    let keys = entity.keys.strong.iter().chain(&entity.keys.weak);
    keys.flat_map(|key| [key.value(), key.as_str()]).chain([entity.label.as_str()])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Body, Document, Origin, Severity, Time};

    /// An alert with a host, an address and a process, as Sentinel's table has it.
    fn alert() -> Alert {
        let row = json!({"SystemAlertId": "a", "DisplayName": "Port scan", "AlertName": "Port scan", "AlertSeverity": "Low", "AlertType": "scan",
            "ProviderName": "Test", "ProductName": "Azure Sentinel", "TimeGenerated": "2026-01-01T00:00:00Z", "Type": "SecurityAlert",
            "Entities": json!([
                {"$id": "1", "Type": "host", "HostName": "WS1", "DnsDomain": "contoso.com"},
                {"$id": "2", "Type": "ip", "Address": "10.0.0.8"},
                {"$id": "3", "Type": "process", "ProcessId": "0x10", "CommandLine": "nmap -sS 10.0.0.0/8", "Host": {"$ref": "1"}},
            ]).to_string()});
        let raw = row.to_string();
        let origin = Origin { source: "test".into(), line: 1 };
        let document =
            Document { format: "sentinel-alert".into(), table: None, origin, received: Time::MIN, hash: [0; 16], raw: raw.into() };
        match crate::ingest::read(&document).expect("it can be read").remove(0) {
            Body::Alert(alert) => *alert,
            other => panic!("expected an alert, found {other:?}"),
        }
    }

    #[test]
    fn conditions_hold_for_what_they_name() {
        let alert = alert();
        assert_eq!(alert.severity, Severity::Low);
        let cases = [
            (json!({"field": "entities.ip.address", "equals": "10.0.0.8"}), true),
            (json!({"field": "entities.ip.address", "equals": "10.0.0.80"}), false),
            (json!({"field": "entities.ip.address", "contains": "10.0.0."}), true),
            (json!({"field": "entities.ip.address", "in": ["1.1.1.1", "10.0.0.8"]}), true),
            (json!({"field": "entities.host.name", "equals": "ws1"}), true),
            (json!({"field": "entities.host.hostname", "equals": "WS1"}), true),
            (json!({"field": "entities.host", "equals": "ws1.contoso.com"}), true),
            (json!({"field": "entities.Process.CommandLine", "contains": "NMAP"}), true),
            (json!({"field": "entities.account.name", "contains": "a"}), false),
            (json!({"field": "title", "contains": "scan"}), true),
            (json!({"field": "severity", "in": ["low", "informational"]}), true),
            (json!({"field": "compromisedEntity", "contains": "x"}), false),
        ];
        for (written, expected) in cases {
            let condition: Condition = serde_json::from_value(written.clone()).expect("a condition");
            condition.check().expect("a sound condition");
            assert_eq!(condition.holds(&alert), expected, "{written}");
        }
    }

    #[test]
    fn senseless_conditions_are_refused() {
        let cases = [
            json!({"field": "entities.ip.address"}),
            json!({"field": "entities.ip.address", "equals": "a", "contains": "a"}),
            json!({"field": "entities.ip.address", "contains": " "}),
            json!({"field": "entities.ip.address", "in": []}),
            json!({"field": "entities.", "equals": "a"}),
            json!({"field": "colour", "equals": "a"}),
        ];
        for written in cases {
            let condition: Condition = serde_json::from_value(written.clone()).expect("a condition");
            assert_eq!(condition.check().map_err(|fault| fault.code), Err("condition_invalid"), "{written}");
        }
    }
}
