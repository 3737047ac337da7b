//! Attack sequences of GuardDuty: what several signals over days have in common.

use std::borrow::Cow;

use serde_json::Value;

use crate::ingest::formats::shape::{Cast, copy, objects, put};
use crate::ingest::identify::parts;
use crate::ingest::value::{self, get, object_at, text_at, text_of};
use crate::model::Object;

/// What an attack sequence says of itself and of its signals.
pub(super) fn indicators(sequence: &Object) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let signals = objects(get(sequence, "Signals")).flat_map(|signal| objects(get(signal, "SignalIndicators")));
    objects(get(sequence, "SequenceIndicators")).chain(signals).flat_map(|indicator| {
        let key = text_of(indicator, &["Key"]).unwrap_or_default();
        let values = get(indicator, "Values").and_then(Value::as_array).into_iter().flatten();
        values.filter_map(value::text).map(move |value| (key.clone(), value))
    })
}

/// The actors, addresses and resources of a sequence of signals.
pub(super) fn read_sequence(sequence: &Object, cast: &mut Cast) {
    for actor in objects(get(sequence, "Actors")) {
        if let Some(process) = object_at(actor, &["Process"]) {
            read_image(process, cast);
        }
        let Some(user) = object_at(actor, &["User"]) else { continue };
        let mut properties =
            copy(user, &[("Name", "Name"), ("CredentialUid", "AccessKeyId"), ("Uid", "PrincipalId"), ("Type", "UserType")]);
        put(&mut properties, "AmazonAccountId", text_at(user, &["Account", "Uid"]));
        cast.add("account", properties, Some("attacker"));
    }
    for endpoint in objects(get(sequence, "Endpoints")) {
        let mut properties = text_of(endpoint, &["Ip"]).as_deref().and_then(parts::ip).unwrap_or_default();
        let mut location = object_at(endpoint, &["Location"])
            .map(|place| copy(place, &[("City", "City"), ("Country", "CountryName"), ("Lat", "Latitude"), ("Lon", "Longitude")]))
            .unwrap_or_default();
        put(&mut location, "Asn", text_at(endpoint, &["AutonomousSystem", "Number"]));
        put(&mut location, "Organization", text_at(endpoint, &["AutonomousSystem", "Name"]));
        if !properties.is_empty() && !location.is_empty() {
            properties.insert("Location".to_owned(), Value::Object(location));
        }
        cast.add("ip", properties, Some("attacker"));
        if let Some(domain) = text_of(endpoint, &["Domain"]).as_deref().and_then(parts::dns) {
            cast.add("dns", domain, Some("related"));
        }
    }
    for resource in objects(get(sequence, "Resources")) {
        let (kind, uid) = (text_of(resource, &["ResourceType"]).unwrap_or_default(), text_of(resource, &["Uid"]));
        let mut properties = copy(resource, &[("Region", "Region"), ("AccountId", "AmazonAccountId")]);
        match kind.as_ref() {
            "ACCESS_KEY" => {
                let key = object_at(resource, &["Data", "AccessKey"]);
                put(&mut properties, "Name", key.and_then(|key| text_of(key, &["UserName"])));
                put(&mut properties, "PrincipalId", key.and_then(|key| text_of(key, &["PrincipalId"])));
                put(&mut properties, "AccessKeyId", uid.or_else(|| text_of(resource, &["Name"])));
                cast.add("account", properties, Some("impacted"));
            }
            "EC2_INSTANCE" => {
                let id = uid.as_deref().map(|uid| uid.rsplit('/').next().unwrap_or(uid).to_owned());
                put(&mut properties, "AmazonResourceId", uid.filter(|uid| uid.starts_with("arn:")));
                put(&mut properties, "FriendlyName", text_of(resource, &["Name"]).as_deref().or(id.as_deref()));
                put(&mut properties, "InstanceId", id);
                cast.add("host", properties, Some("impacted"));
            }
            _ => {
                put(&mut properties, "ResourceName", text_of(resource, &["Name"]).or_else(|| uid.clone()));
                put(&mut properties, "AmazonResourceId", uid);
                put(&mut properties, "ResourceType", Some(kind.as_ref()));
                cast.add("amazon-resource", properties, Some("impacted"));
            }
        }
    }
}

/// The program that an actor ran: a sequence tells its file, not its process.
fn read_image(process: &Object, cast: &mut Cast) {
    let file = text_of(process, &["Path", "Name"]).as_deref().and_then(parts::file).unwrap_or_default();
    let hash = text_of(process, &["Sha256"]).as_deref().and_then(parts::hash).and_then(|hash| cast.add_nested("filehash", hash));
    let file = cast.add("file", file, Some("attacker"));
    cast.refer(file, "FileHashes", hash);
}
