//! Three-way merge of versions of an incident or alert: what two sides made of the same version, put together field by field.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::model::{Fault, FaultClass};

/// Members of a version that say how it came about; they are never merged.
const OF_THE_VERSION: [&str; 3] = ["modified", "modified_by", "change"];

/// What a merge gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<T> {
    /// The version with the changes of both sides.
    pub version: T,
    /// Fields that both sides changed to different values; `ours` stands.
    pub conflicts: Vec<String>,
}

/// Applies to `ours` what `theirs` changed of `base`.
///
/// Lists of words gain and lose what each side added and removed; lists of things with an `id` are merged thing by thing.
pub fn merge<T: Serialize + DeserializeOwned>(base: &T, ours: &T, theirs: &T) -> Result<Merged<T>, Fault> {
    let (base, mut merged, theirs) = (members(base)?, members(ours)?, members(theirs)?);
    let mut conflicts = Vec::new();
    let names: BTreeSet<String> = merged.keys().chain(theirs.keys()).cloned().collect();
    for name in names {
        if OF_THE_VERSION.contains(&name.as_str()) {
            continue;
        }
        let of = |side: &Map<String, Value>| side.get(&name).cloned().unwrap_or(Value::Null);
        match field(&of(&base), &of(&merged), &of(&theirs)) {
            Ok(Value::Null) => drop(merged.remove(&name)),
            Ok(value) => drop(merged.insert(name, value)),
            Err(Clash) => conflicts.push(name),
        }
    }
    let version = serde_json::from_value(Value::Object(merged)).map_err(|error| unreadable(&error))?;
    Ok(Merged { version, conflicts })
}

fn members(version: &impl Serialize) -> Result<Map<String, Value>, Fault> {
    match serde_json::to_value(version).map_err(|error| unreadable(&error))? {
        Value::Object(members) => Ok(members),
        other => Err(Fault::new(FaultClass::Internal, "version_unreadable", format!("expected an object, found `{other}`"))),
    }
}

fn unreadable(error: &serde_json::Error) -> Fault {
    Fault::new(FaultClass::Internal, "version_unreadable", format!("the versions cannot be merged: {error}"))
}

/// Both sides changed a value, and not to the same.
struct Clash;

fn field(base: &Value, ours: &Value, theirs: &Value) -> Result<Value, Clash> {
    if ours == theirs || theirs == base {
        return Ok(ours.clone());
    }
    if ours == base {
        return Ok(theirs.clone());
    }
    match (list(base), list(ours), list(theirs)) {
        (Some(base), Some(ours), Some(theirs)) => Ok(Value::Array(lists(base, ours, theirs))),
        _ => Err(Clash),
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        Value::Null => Some(&[]),
        _ => None,
    }
}

/// What tells an item from the others: its `id`, else the item itself.
fn identity(item: &Value) -> &Value {
    item.get("id").filter(|id| id.as_str().is_some_and(|id| !id.is_empty())).unwrap_or(item)
}

fn lists(base: &[Value], ours: &[Value], theirs: &[Value]) -> Vec<Value> {
    let find = |side: &[Value], item: &Value| side.iter().find(|other| identity(other) == identity(item)).cloned();
    let kept = ours.iter().filter_map(|our| match (find(base, our), find(theirs, our)) {
        // They removed it, and we did not touch it.
        (Some(base), None) if base == *our => None,
        // They changed it, and we did not.
        (Some(base), Some(their)) if base == *our => Some(their),
        _ => Some(our.clone()),
    });
    let added = theirs.iter().filter(|their| find(ours, their).is_none() && find(base, their).is_none());
    kept.chain(added.cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Comment, Incident, IncidentStatus, Severity};

    fn incident(title: &str, severity: Severity, status: IncidentStatus, tags: &[&str]) -> Incident {
        Incident {
            id: "i".into(),
            title: title.into(),
            severity,
            status,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Incident::default()
        }
    }

    #[test]
    fn each_side_keeps_what_it_changed() {
        let base = incident("t", Severity::Low, IncidentStatus::New, &["a", "b"]);
        let ours = incident("t", Severity::Low, IncidentStatus::Active, &["b", "ours"]);
        let theirs = incident("new title", Severity::High, IncidentStatus::New, &["a", "b", "theirs"]);
        let merged = merge(&base, &ours, &theirs).expect("merges");
        assert_eq!(merged.version, incident("new title", Severity::High, IncidentStatus::Active, &["b", "ours", "theirs"]));
        assert_eq!(merged.conflicts, Vec::<String>::new());
    }

    #[test]
    fn what_both_changed_stays_ours_and_is_named() {
        let base = incident("t", Severity::Low, IncidentStatus::New, &[]);
        let ours = incident("ours", Severity::Low, IncidentStatus::New, &[]);
        let theirs = incident("theirs", Severity::Low, IncidentStatus::New, &[]);
        let merged = merge(&base, &ours, &theirs).expect("merges");
        assert_eq!((merged.version.title.as_str(), merged.conflicts), ("ours", vec!["title".to_owned()]));
    }

    #[test]
    fn comments_are_merged_one_by_one() {
        let comment = |id: &str, message: &str| Comment { id: id.into(), message: message.into(), ..Comment::default() };
        let with = |comments: Vec<Comment>| Incident { id: "i".into(), comments, ..Incident::default() };
        let base = with(vec![comment("1", "one"), comment("2", "two")]);
        let ours = with(vec![comment("1", "one, rewritten"), comment("2", "two"), comment("3", "three")]);
        let theirs = with(vec![comment("1", "one"), comment("4", "four")]);
        let expected = with(vec![comment("1", "one, rewritten"), comment("3", "three"), comment("4", "four")]);
        assert_eq!(merge(&base, &ours, &theirs).expect("merges").version, expected);
    }
}
