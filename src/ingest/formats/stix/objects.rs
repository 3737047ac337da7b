//! STIX objects to entities: what each type of object is, and which of its references join two of them.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde_json::Value;

use super::super::shape::{Cast, copy, put};
use super::type_of;
use crate::ingest::identify::{Place, parts};
use crate::ingest::pattern;
use crate::ingest::value::{self, get, text_of};
use crate::model::Object;

/// References that the catalog knows, as (type, member, property).
const REFERENCES: [(&str, &str, &str); 15] = [
    ("process", "binary_ref", "ImageFile"),
    ("process", "image_ref", "ImageFile"),
    ("process", "creator_user_ref", "Account"),
    ("process", "parent_ref", "ParentProcess"),
    ("x-oca-asset", "ip_refs", "IpInterfaces"),
    ("network-traffic", "src_ref", "SourceAddress"),
    ("network-traffic", "dst_ref", "DestinationAddress"),
    ("domain-name", "resolves_to_refs", "IpAddress"),
    ("email-addr", "belongs_to_ref", "UserAccount"),
    ("x-oca-asset", "mac_refs", "NetworkInterfaces"),
    ("ipv4-addr", "belongs_to_refs", "BelongsTo"),
    ("ipv6-addr", "belongs_to_refs", "BelongsTo"),
    ("file", "contains_refs", "Contains"),
    ("process", "child_refs", "Children"),
    ("process", "opened_connection_refs", "Connections"),
];

/// The ids that an object refers to, but for who made or marked it.
pub(super) fn refs_of(object: &Object) -> impl Iterator<Item = &str> {
    let named = object.iter().filter(|(name, _)| name.ends_with("_ref") || name.ends_with("_refs"));
    let named = named.filter(|(name, _)| !matches!(name.as_str(), "created_by_ref" | "object_marking_refs" | "observed_data_refs"));
    named.flat_map(|(_, value)| ids(value))
}

fn ids(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value.as_str().into_iter().chain(many.iter().filter_map(Value::as_str))
}

/// The objects of one record, by id, in the order in which they were met.
#[derive(Default)]
pub(super) struct Scene<'a> {
    objects: Vec<(Option<&'a str>, &'a Object)>,
    by_id: HashMap<&'a str, &'a Object>,
    missing: Vec<&'a str>,
}

impl<'a> Scene<'a> {
    /// The objects inside an observation of STIX 2.0, which refer to each other by their names there.
    pub(super) fn inner(objects: &'a Object) -> Self {
        let mut scene = Self::default();
        for (name, object) in objects {
            if let Some(object) = object.as_object() {
                scene.add(name, object);
            }
        }
        scene
    }

    pub(super) fn add(&mut self, id: &'a str, object: &'a Object) {
        self.objects.push((Some(id), object));
        self.by_id.insert(id, object);
    }

    /// Adds objects that nothing can refer to.
    pub(super) fn add_unnamed(&mut self, objects: Vec<&'a Object>) {
        self.objects.extend(objects.into_iter().map(|object| (None, object)));
    }

    /// Notes an object that is in another bundle.
    pub(super) fn add_missing(&mut self, id: &'a str) {
        self.missing.push(id);
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().map(|(_, object)| *object)
    }

    /// The objects that are no entities: events and what vendors say beside them.
    pub(super) fn others(&self) -> Vec<&'a Object> {
        self.members().filter(|object| !is_entity(type_of(object)) && type_of(object) != "directory").collect()
    }

    /// `2 process, 1 file`.
    pub(super) fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for object in self.members() {
            *counts.entry(type_of(object)).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        counts.iter().take(4).map(|(name, n)| format!("{n} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// Name of the host that the objects were seen on.
    pub(super) fn host_name(&self) -> Option<String> {
        let host = self.members().find(|object| type_of(object) == "x-oca-asset")?;
        text_of(host, &["hostname", "name"]).map(|name| name.into_owned())
    }

    /// Writes the entities and their references; answers with their places by id.
    pub(super) fn write(&self, cast: &mut Cast) -> HashMap<&'a str, Place> {
        let mut places = HashMap::with_capacity(self.objects.len());
        let mut written: Vec<(&'a Object, Place)> = Vec::with_capacity(self.objects.len());
        for (id, object) in &self.objects {
            let Some(place) = self.entity(object, cast) else { continue };
            written.push((object, place));
            if let Some(id) = id {
                places.insert(*id, place);
            }
        }
        for (object, place) in &written {
            for (_, member, property) in REFERENCES.iter().filter(|(kind, ..)| *kind == type_of(object)) {
                for id in object.get(*member).into_iter().flat_map(ids) {
                    cast.refer(Some(*place), property, places.get(id).copied());
                }
            }
        }
        self.qualify(&written, cast);
        for id in &self.missing {
            let kind = id.split("--").next().unwrap_or_default();
            let mut properties = Object::new();
            put(&mut properties, "Name", Some(*id));
            if let Some(place) = cast.add(if is_entity(kind) { kind_of(kind) } else { "stix-object" }, properties, None) {
                places.insert(id, place);
            }
        }
        places
    }

    /// Processes and accounts of an observation with one host were seen on it.
    fn qualify(&self, written: &[(&'a Object, Place)], cast: &mut Cast) {
        let mut hosts = written.iter().filter(|(object, _)| type_of(object) == "x-oca-asset");
        let (Some((_, host)), None) = (hosts.next(), hosts.next()) else { return };
        for (object, place) in written {
            if matches!(type_of(object), "process" | "user-account") {
                cast.refer(Some(*place), "Host", Some(*host));
            }
        }
    }

    fn entity(&self, object: &'a Object, cast: &mut Cast) -> Option<Place> {
        let kind = type_of(object);
        if kind == "directory" {
            // A directory of a file is part of the file; any other stands for itself.
            let held = self
                .members()
                .filter_map(|other| other.get("parent_directory_ref")?.as_str())
                .any(|id| self.by_id.get(id).is_some_and(|directory| std::ptr::eq(*directory, object)));
            return if held { None } else { cast.add("directory", copy(object, &[("path", "Name")]), None) };
        }
        if !is_entity(kind) {
            return None;
        }
        if let Some((kind, properties)) = by_path(object) {
            return cast.add(kind, properties, None);
        }
        match kind {
            "file" => return self.file(object, cast),
            "windows-registry-key" => return registry(object, cast),
            "process" | "network-traffic" => return cast.add_apart(kind_of(kind), self.properties(kind, object), None, false),
            _ => {}
        }
        let place = cast.add(kind_of(kind), self.properties(kind, object), None);
        if kind == "indicator"
            && let Some(indicator) = place
        {
            observables(indicator, object, cast);
        }
        place
    }

    /// What an object says; one in which nothing is known says everything under its own names.
    fn properties(&self, kind: &str, object: &Object) -> Object {
        let known = self.known(kind, object);
        if known.is_empty() { described(object) } else { known }
    }

    fn known(&self, kind: &str, object: &Object) -> Object {
        let value = text_of(object, &["value"]).unwrap_or_default();
        let named = |names: &[(&str, &str)]| copy(object, names);
        let text = |id: &str| Some(text_of(self.by_id.get(id)?, &["value"])?.into_owned());
        match kind {
            "ipv4-addr" | "ipv6-addr" => parts::ip(&value).unwrap_or_else(|| named(&[("value", "Range")])),
            "domain-name" => parts::dns(&value).unwrap_or_else(|| named(&[("value", "DomainName")])),
            "url" => parts::url(&value).unwrap_or_else(|| named(&[("value", "Url")])),
            "email-addr" => named(&[("value", "MailboxPrimaryAddress"), ("display_name", "DisplayName")]),
            "mac-addr" => named(&[("value", "MacAddress")]),
            "user-account" => account(object),
            "process" => {
                let names = [
                    ("pid", "ProcessId"),
                    ("command_line", "CommandLine"),
                    ("created_time", "CreationTimeUtc"),
                    ("created", "CreationTimeUtc"),
                ];
                let mut properties = named(&names);
                properties.extend(named(&[("name", "FriendlyName"), ("cwd", "WorkingDirectory"), ("x_unique_id", "ProcessGuid")]));
                properties
            }
            "network-traffic" => {
                let mut properties = named(&[("src_port", "SourcePort"), ("dst_port", "DestinationPort"), ("start", "StartTimeUtc")]);
                put(&mut properties, "Protocol", get(object, "protocols").map(value::texts).map(|list| list.join(",")));
                for (member, property) in [("src_ref", "Source"), ("dst_ref", "Destination")] {
                    put(&mut properties, property, object.get(member).and_then(Value::as_str).and_then(text));
                }
                properties
            }
            "email-message" => {
                let names = [("subject", "Subject"), ("message_id", "InternetMessageId"), ("date", "ReceivedDate"), ("body", "Body")];
                let mut properties = named(&names);
                put(&mut properties, "Sender", object.get("from_ref").and_then(Value::as_str).and_then(text));
                put(&mut properties, "Recipient", object.get("to_refs").into_iter().flat_map(ids).find_map(text));
                properties
            }
            "x-oca-asset" => {
                let mut properties = text_of(object, &["hostname", "name"]).as_deref().and_then(parts::host).unwrap_or_default();
                properties.extend(named(&[("os_platform", "OSFamily"), ("os_version", "OSVersion"), ("device_id", "DeviceUid")]));
                properties
            }
            "malware" => {
                let mut properties = described(object);
                put(
                    &mut properties,
                    "Category",
                    get(object, "malware_types").or_else(|| get(object, "labels")).map(value::texts).and_then(|t| t.into_iter().next()),
                );
                properties
            }
            "indicator" => {
                let mut properties = described(object);
                put(&mut properties, "ThreatName", text_of(object, &["name", "pattern"]));
                put(&mut properties, "ProviderName", Some("STIX"));
                put(
                    &mut properties,
                    "ThreatType",
                    get(object, "indicator_types").or_else(|| get(object, "labels")).map(value::texts).map(|t| t.join(",")),
                );
                properties.remove("Name");
                properties
            }
            _ => described(object),
        }
    }

    fn file(&self, object: &'a Object, cast: &mut Cast) -> Option<Place> {
        let directory = object.get("parent_directory_ref").and_then(Value::as_str).and_then(|id| self.by_id.get(id));
        let directory = directory.and_then(|directory| text_of(directory, &["path"])).unwrap_or_default();
        let name = text_of(object, &["name"]).unwrap_or_default();
        let mut properties = parts::file_named(&directory, &name).unwrap_or_default();
        properties.extend(copy(object, &[("size", "SizeInBytes"), ("mime_type", "MimeType")]));
        let digests = object.get("hashes").and_then(Value::as_object).into_iter().flatten();
        let digests: Vec<(Place, String)> = digests
            .filter_map(|(algorithm, digest)| {
                let digest = digest.as_str()?;
                let digest = parts::hash(&format!("{}={digest}", algorithm.replace('-', ""))).or_else(|| parts::hash(digest))?;
                let text = digest.get("Value")?.as_str()?.to_owned();
                Some((cast.add_nested("filehash", digest)?, text))
            })
            .collect();
        if properties.is_empty() {
            // A file that is known by its content only.
            put(&mut properties, "ContentHash", digests.iter().map(|(_, text)| text.clone()).max_by_key(String::len));
        }
        if properties.is_empty() {
            properties = described(object);
        }
        let place = cast.add_apart("file", properties, None, false);
        for (digest, _) in digests {
            cast.refer(place, "FileHashes", Some(digest));
        }
        place
    }
}

fn account(object: &Object) -> Object {
    let login = text_of(object, &["account_login", "user_id"]);
    let mut properties = login.as_deref().and_then(parts::account).unwrap_or_default();
    let id = text_of(object, &["user_id"]);
    let by_id = id.as_deref().and_then(parts::account).unwrap_or_default();
    match ["Sid", "AadUserId"].iter().find(|name| by_id.contains_key(**name)) {
        Some(name) => put(&mut properties, name, id),
        None => put(&mut properties, "UserId", id),
    }
    properties.extend(copy(object, &[("display_name", "DisplayName"), ("account_type", "AccountType")]));
    properties
}

fn registry(object: &Object, cast: &mut Cast) -> Option<Place> {
    let key = cast.add("registry-key", parts::registry_key(&text_of(object, &["key"])?)?, None);
    for held in object.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        let value = cast.add("registry-value", copy(held, &[("name", "Name"), ("data", "Value"), ("data_type", "ValueType")]), None);
        cast.refer(value, "Key", key);
    }
    key
}

/// Everything that an object of threat intelligence says, under its own names; its name is the entity's.
fn described(object: &Object) -> Object {
    let mut properties = copy(object, &[("name", "Name")]);
    put(&mut properties, "StixId", object.get("id").cloned());
    for (name, value) in object {
        if !matches!(name.as_str(), "type" | "id" | "name" | "spec_version") && !value::is_absent(value) {
            properties.insert(name.clone(), value.clone());
        }
    }
    if !properties.contains_key("Name") {
        put(&mut properties, "Name", text_of(object, &["value", "product", "abstract", "id"]));
    }
    properties
}

/// The things that a pattern names outright, alone or with others: `[ipv4-addr:value = '203.0.113.9']`.
fn observables(indicator: Place, object: &Object, cast: &mut Cast) {
    let Some(text) = text_of(object, &["pattern"]) else { return };
    for found in pattern::read(&text).values {
        let Some((kind, properties)) = named(&found.object, &found.property, &found.value) else { continue };
        let thing = cast.add_nested(kind, properties);
        cast.refer(Some(indicator), "Observables", thing);
    }
}

/// The thing that a property of an object names by its value.
fn named(object: &str, property: &str, value: &str) -> Option<(&'static str, Object)> {
    let simple = |property: &str| Some(Object::from_iter([(property.to_owned(), value.into())]));
    let (kind, properties) = match (object, property) {
        ("ipv4-addr" | "ipv6-addr", "value") | ("network-traffic", "src_ref.value" | "dst_ref.value") => ("ip", parts::ip(value)),
        ("domain-name", "value") => ("dns", parts::dns(value)),
        ("url", "value") => ("url", parts::url(value)),
        ("file", "name") => ("file", parts::file(value)),
        ("file", property) if property.starts_with("hashes") => ("filehash", parts::hash(value)),
        ("email-addr", "value") | ("email-message", "from_ref.value" | "sender_ref.value") => ("mailbox", simple("MailboxPrimaryAddress")),
        ("user-account", "user_id" | "account_login") => ("account", parts::account(value)),
        ("windows-registry-key", "key") => ("registry-key", parts::registry_key(value)),
        ("mac-addr", "value") => ("nic", simple("MacAddress")),
        _ => return None,
    };
    Some((kind, properties.unwrap_or_default()))
}

/// The thing that an object names whose type is a path of a pattern: `{"type": "file:hashes.'SHA-256'", "value": ".."}`.
fn by_path(object: &Object) -> Option<(&'static str, Object)> {
    let (of, property) = type_of(object).split_once(':')?;
    let value = text_of(object, &["value"])?;
    named(&of.to_ascii_lowercase(), &property.replace('\'', ""), &value).filter(|(_, properties)| !properties.is_empty())
}

/// Whether an object of this type is an entity; events and what vendors add to them are not.
fn is_entity(kind: &str) -> bool {
    kind == "x-oca-asset"
        || !(kind.starts_with("x-")
            || matches!(kind, "" | "directory" | "marking-definition" | "language-content" | "extension-definition" | "note" | "opinion"))
}

/// The kind of an entity: the catalog's where it has one, else the type of the object.
fn kind_of(kind: &str) -> &str {
    match kind {
        "ipv4-addr" | "ipv6-addr" => "ip",
        "domain-name" => "dns",
        "email-addr" => "mailbox",
        "email-message" => "mail-message",
        "mac-addr" => "nic",
        "user-account" => "account",
        "x-oca-asset" => "host",
        "network-traffic" => "network-connection",
        "windows-registry-key" => "registry-key",
        "indicator" => "threat-intelligence",
        // `identity` is another word for an account in the catalog; here it is an organisation or a sector.
        "identity" => "stix-identity",
        // A path of a pattern that names nothing known: the object that it begins with.
        path if path.contains(':') => kind_of(path.split(':').next().unwrap_or_default()),
        other => other,
    }
}
