//! What a finding says can be observed: values of a type, most of which stand elsewhere in the finding with more about them.

use serde_json::Value;

use super::real;
use super::things::ACCESS_KEY;
use crate::ingest::formats::shape::{Cast, copy};
use crate::ingest::identify::parts;
use crate::ingest::value;
use crate::ingest::value::{get, text_of};
use crate::model::Object;

/// Reads what can be observed; answers with what is no entity.
pub(super) fn read_observables(object: &Object, cast: &mut Cast) -> Vec<Value> {
    let all = get(object, "observables").and_then(Value::as_array).into_iter().flatten();
    all.filter(|one| one.as_object().is_some_and(|one| !read_observable(one, cast))).cloned().collect()
}

/// Reads one observable; false if it names no thing: a port, a country, a text of the source.
fn read_observable(observable: &Object, cast: &mut Cast) -> bool {
    let Some(text) = text_of(observable, &["value"]) else { return false };
    if real(Some(text.clone())).is_none() {
        return true;
    }
    let name = text_of(observable, &["name"]).unwrap_or_default();
    let (kind, properties) = match get(observable, "type_id").and_then(value::integer) {
        // Of no type: the last step of its path tells.
        None | Some(0 | 99) => match name.rsplit('.').next().unwrap_or_default() {
            "hostname" => ("host", parts::host(&text)),
            "ip" => ("ip", parts::ip(&text)),
            _ => return false,
        },
        Some(1 | 20) => ("host", parts::host(&text)),
        Some(2) => ("ip", parts::ip(&text)),
        Some(3) => ("nic", Some(copy(observable, &[("value", "MacAddress")]))),
        Some(4 | 21) => ("account", parts::account(&text)),
        Some(5 | 22) if text.contains('@') => ("mailbox", Some(copy(observable, &[("value", "MailboxPrimaryAddress")]))),
        Some(6 | 23) => ("url", parts::url(&text)),
        Some(7 | 9 | 24 | 25) => ("file", parts::file(&text)),
        Some(8 | 30) => ("filehash", parts::hash(&text)),
        Some(10)
            if ["AmazonResourceId", "ResourceId", "GenericEntityId", "ResourceName", "Name"].iter().any(|property| {
                ["amazon-resource", "azure-resource", "gcp-resource", "generic-entity"]
                    .iter()
                    .any(|kind| cast.has(kind, property, &Value::from(text.as_ref())))
            }) =>
        {
            return true;
        }
        Some(10) if text.starts_with(ACCESS_KEY) => {
            let key = Value::from(&text[ACCESS_KEY.len()..]);
            if cast.has("account", "AccessKeyId", &key) {
                return true;
            }
            ("account", Some(Object::from_iter([("AccessKeyId".to_owned(), key)])))
        }
        Some(10) => match parts::azure_resource(&text) {
            Some(resource) => ("azure-resource", Some(resource)),
            None if text.starts_with("arn:") => ("amazon-resource", Some(copy(observable, &[("value", "AmazonResourceId")]))),
            None => ("generic-entity", Some(copy(observable, &[("value", "GenericEntityId")]))),
        },
        Some(28) => ("registry-key", parts::registry_key(&text)),
        _ => return false,
    };
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else { return false };
    // What stands elsewhere with more of it is not said again.
    let known = match kind {
        "ip" => properties.get("Address").is_some_and(|address| cast.has(kind, "Address", address)),
        "host" if properties.len() == 1 => properties.get("HostName").is_some_and(|name| cast.has(kind, "HostName", name)),
        _ => false,
    };
    known || cast.add(kind, properties, Some("related")).is_some()
}
