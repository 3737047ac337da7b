//! The entities of a finding: what is evidence, what is affected.

use serde_json::Value;

use super::real;
use crate::ingest::formats::asff;
use crate::ingest::formats::shape::{Cast, copy, objects, put, scalars};
use crate::ingest::identify::{Place, parts};
use crate::ingest::value::{self, get, object_at, text_at, text_of};
use crate::model::Object;

/// What stands before the id of an access key in the name of the resource that it is.
pub(super) const ACCESS_KEY: &str = "AWS::IAM::AccessKey:";

/// Deepest chain of parents of a process that is read.
const PARENTS_MAX: usize = 16;

/// The property of a device that holds its id in Defender.
const DEFENDER_ID: &str = "MdeDeviceId";

/// All entities of a finding: what is evidence, what is affected, what can be observed.
pub(super) fn read_things(object: &Object, cast: &mut Cast) {
    let ids = device_ids(object);
    let host = object_at(object, &["device"]).and_then(|device| read_endpoint(device, "impacted", ids, cast));
    read_evidence(object, host, ids, cast);
    for evidence in objects(get(object, "evidences")) {
        let host = object_at(evidence, &["device"]).and_then(|device| read_endpoint(device, "impacted", ids, cast)).or(host);
        read_evidence(evidence, host, ids, cast);
    }
    let provider = text_at(object, &["cloud", "provider"]).unwrap_or_default().to_ascii_lowercase();
    for resource in objects(get(object, "resources")).chain(objects(get(object, "resource"))) {
        read_resource(resource, &provider, text_at(object, &["cloud", "account", "uid"]).as_deref(), cast);
    }
    if let Some(account) = object_at(object, &["cloud", "account"]) {
        read_cloud_account(account, &provider, cast);
    }
    for malware in objects(get(object, "malware")) {
        let mut properties = copy(malware, &[("name", "Name"), ("provider", "Provider"), ("uid", "Uid")]);
        put(&mut properties, "Category", get(malware, "classifications").map(value::texts).and_then(|all| all.into_iter().next()));
        let place = cast.add("malware", properties, Some("related"));
        let file = text_of(malware, &["path"]).as_deref().and_then(parts::file).and_then(|file| cast.add("file", file, Some("related")));
        cast.refer(place, "Files", file);
        for file in objects(get(malware, "files")) {
            let file = read_file(file, false, cast);
            cast.refer(place, "Files", file);
        }
    }
    for weakness in objects(get(object, "vulnerabilities")) {
        let mut properties = copy(weakness, &[("title", "Name"), ("severity", "Severity")]);
        put(&mut properties, "CveId", real(text_at(weakness, &["cve", "uid"])));
        cast.add("vulnerability", properties, Some("related"));
    }
}

/// The property that the `uid` of a device is: each product counts its devices by itself, and only Defender's ids are known by a
/// key of their own.
fn device_ids(object: &Object) -> &'static str {
    const PATHS: [&[&str]; 4] = [
        &["metadata", "product", "name"],
        &["metadata", "product", "feature", "name"],
        &["metadata", "log_provider"],
        &["metadata", "log_name"],
    ];
    let says = |path: &[&str]| text_at(object, path).is_some_and(|text| text.to_ascii_lowercase().contains("defender"));
    if PATHS.iter().any(|path| says(path)) { DEFENDER_ID } else { "Uid" }
}

fn read_evidence(evidence: &Object, host: Option<Place>, ids: &'static str, cast: &mut Cast) {
    let user = object_at(evidence, &["actor", "user"]).or_else(|| object_at(evidence, &["user"])).and_then(|user| read_user(user, cast));
    let actor = object_at(evidence, &["actor", "process"]).and_then(|process| read_process(process, host, user, cast));
    if let Some(process) = object_at(evidence, &["process"]) {
        let child = read_process(process, host, user, cast);
        if object_at(process, &["parent_process"]).is_none() {
            cast.refer(child, "ParentProcess", actor);
        }
    }
    for (name, role) in [("src_endpoint", "source"), ("dst_endpoint", "destination")] {
        if let Some(endpoint) = object_at(evidence, &[name]) {
            read_endpoint(endpoint, role, ids, cast);
        }
    }
    if let Some(file) = object_at(evidence, &["file"]) {
        read_file(file, false, cast);
    }
    let query = text_at(evidence, &["query", "hostname"]).or_else(|| text_at(evidence, &["dns_query", "hostname"]));
    if let Some(domain) = query.as_deref().and_then(parts::dns) {
        cast.add("dns", domain, Some("related"));
    }
    let url = text_at(evidence, &["url", "url_string"]).or_else(|| text_at(evidence, &["http_request", "url", "url_string"]));
    if let Some(url) = url.as_deref().and_then(parts::url) {
        cast.add("url", url, Some("related"));
    }
    if let Some(key) = text_at(evidence, &["reg_key", "path"]).as_deref().and_then(parts::registry_key) {
        cast.add("registry-key", key, Some("related"));
    }
    if let Some(mail) = object_at(evidence, &["email"]) {
        let names = [("from", "Sender"), ("subject", "Subject"), ("message_uid", "InternetMessageId"), ("uid", "NetworkMessageId")];
        let mut properties = copy(mail, &names);
        put(&mut properties, "Recipient", get(mail, "to").map(value::texts).and_then(|to| to.into_iter().next()));
        cast.add("mail-message", properties, Some("related"));
    }
}

/// A device or one side of a connection: the host where it is named, and its addresses.
fn read_endpoint(endpoint: &Object, role: &'static str, ids: &'static str, cast: &mut Cast) -> Option<Place> {
    let named = real(text_of(endpoint, &["hostname", "name"]));
    let mut properties = named.as_deref().and_then(parts::host).unwrap_or_default();
    let uid = real(text_of(endpoint, &["uid"]));
    if properties.is_empty() && ids != DEFENDER_ID {
        put(&mut properties, "FriendlyName", uid.as_deref());
    }
    put(&mut properties, ids, uid);
    put(&mut properties, "InstanceId", real(text_of(endpoint, &["instance_uid"])));
    if properties.contains_key("HostName") && !properties.contains_key("DnsDomain") {
        let domain = real(text_of(endpoint, &["domain"]));
        let name = if domain.as_ref().is_some_and(|domain| domain.contains('.')) { "DnsDomain" } else { "NTDomain" };
        put(&mut properties, name, domain);
    }
    let described = !properties.is_empty();
    put(&mut properties, "OSFamily", text_at(endpoint, &["os", "name"]).filter(|_| described));
    put(&mut properties, "OSVersion", text_at(endpoint, &["os", "version"]).filter(|_| described));
    let host = cast.add("host", properties, Some(role));
    let listed = objects(get(endpoint, "network_interfaces")).filter_map(|interface| text_of(interface, &["ip"]));
    for text in text_of(endpoint, &["ip"]).into_iter().chain(listed) {
        let mut address = parts::ip(&text).unwrap_or_default();
        if let Some(location) = object_at(endpoint, &["location"]).filter(|_| !address.is_empty()) {
            let names = [("country", "CountryCode"), ("region", "State"), ("city", "City")];
            put(
                &mut address,
                "Location",
                Some(Value::Object(copy(location, &names))).filter(|l| l.as_object().is_some_and(|l| !l.is_empty())),
            );
        }
        let address = cast.add("ip", address, Some(role));
        cast.refer(host, "IpInterfaces", address);
    }
    if let Some(domain) =
        text_of(endpoint, &["domain"]).filter(|domain| host.is_none() && domain.contains('.')).as_deref().and_then(parts::dns)
    {
        cast.add("dns", domain, Some(role));
    }
    host
}

fn read_user(user: &Object, cast: &mut Cast) -> Option<Place> {
    let named = real(text_of(user, &["name"])).or_else(|| real(text_of(user, &["email_addr"])));
    let mut properties = named.as_deref().and_then(parts::account).unwrap_or_default();
    if let Some(uid) = real(text_of(user, &["uid", "uid_alt"])) {
        let by_id = parts::account(&uid).unwrap_or_default();
        let id = ["Sid", "AadUserId", "AmazonResourceId"].iter().find_map(|name| Some((*name, by_id.get(*name)?.clone())));
        let (name, value) = id.unwrap_or(("Uid", Value::from(uid.as_ref())));
        properties.insert(name.to_owned(), value);
    }
    put(&mut properties, "NTDomain", text_of(user, &["domain"]).filter(|domain| !domain.contains('.')));
    put(&mut properties, "DisplayName", text_of(user, &["full_name"]));
    put(&mut properties, "AccessKeyId", text_of(user, &["credential_uid"]));
    cast.add("account", properties, Some("impacted"))
}

fn read_process(process: &Object, host: Option<Place>, user: Option<Place>, cast: &mut Cast) -> Option<Place> {
    let mut child: Option<Place> = None;
    let mut first = None;
    let mut next = Some(process);
    for depth in 0..PARENTS_MAX {
        let Some(process) = next else { break };
        let names = [
            ("pid", "ProcessId"),
            ("cmd_line", "CommandLine"),
            ("uid", "ProcessGuid"),
            ("name", "FriendlyName"),
            ("integrity", "Integrity"),
        ];
        let mut properties = copy(process, &names);
        let created = ["created_time_dt", "created_time"].iter().find_map(|name| get(process, name).and_then(value::time));
        put(&mut properties, "CreationTimeUtc", created.map(|time| time.to_string()));
        let place = cast.add_apart("process", properties, Some("related"), depth > 0);
        let image = object_at(process, &["file"]).and_then(|file| read_file(file, true, cast));
        let account = object_at(process, &["user"]).and_then(|user| read_user(user, cast)).or(user.filter(|_| depth == 0));
        cast.refer(place, "ImageFile", image);
        cast.refer(place, "Host", host);
        cast.refer(place, "Account", account);
        cast.refer(child, "ParentProcess", place);
        first = first.or(place);
        child = place;
        next = object_at(process, &["parent_process"]);
    }
    first
}

fn read_file(file: &Object, nested: bool, cast: &mut Cast) -> Option<Place> {
    let path = text_of(file, &["path"]);
    let whole = path.as_deref().and_then(parts::file);
    let mut properties = match (whole, text_of(file, &["name"])) {
        (Some(whole), Some(name)) => parts::file_named(path.as_deref().unwrap_or_default(), &name).unwrap_or(whole),
        (Some(whole), None) => whole,
        (None, Some(name)) => parts::file_named(&text_of(file, &["parent_folder"]).unwrap_or_default(), &name).unwrap_or_default(),
        (None, None) => Object::new(),
    };
    put(&mut properties, "SizeInBytes", get(file, "size").cloned());
    let hashes = objects(get(file, "hashes")).chain(objects(get(file, "fingerprints")));
    let hashes: Vec<Place> = hashes.filter_map(|hash| cast.add_nested("filehash", parts::hash(&text_of(hash, &["value"])?)?)).collect();
    let place = if nested { cast.add_nested("file", properties) } else { cast.add("file", properties, Some("related")) };
    for hash in hashes {
        cast.refer(place, "FileHashes", Some(hash));
    }
    place
}

fn read_resource(resource: &Object, provider: &str, account: Option<&str>, cast: &mut Cast) {
    let uid = real(text_of(resource, &["uid"]));
    if let Some(key) = uid.as_deref().filter(|uid| uid.starts_with(ACCESS_KEY)) {
        asff::read_resource(&access_key(resource, key), account, cast);
        return;
    }
    let name = real(text_of(resource, &["name"]));
    let mut properties = scalars(resource, &["uid", "name", "type", "cloud_partition"]);
    properties.retain(|_, value| value.as_str().is_none_or(|text| !text.starts_with('<')));
    let partition = text_of(resource, &["cloud_partition"]).unwrap_or_default().to_ascii_lowercase();
    let text = uid.as_deref().unwrap_or_default();
    let kind = match () {
        () if text.starts_with("arn:") || partition.starts_with("aws") || provider == "aws" => "amazon-resource",
        () if parts::azure_resource(text).is_some() || partition.starts_with("azure") || provider == "azure" => "azure-resource",
        () if provider == "gcp" => "gcp-resource",
        () => "generic-entity",
    };
    match kind {
        "amazon-resource" => put(&mut properties, "AmazonResourceId", uid.clone()),
        "azure-resource" => match parts::azure_resource(text) {
            Some(parsed) => properties.extend(parsed),
            None => put(&mut properties, "Uid", uid.clone()),
        },
        "gcp-resource" => put(&mut properties, "FullResourceName", uid.clone().filter(|uid| uid.contains('/'))),
        _ => put(&mut properties, "GenericEntityId", uid.clone()),
    }
    let named = name.or(uid);
    if named.is_none() {
        return;
    }
    put(&mut properties, if kind == "generic-entity" { "Name" } else { "ResourceName" }, named);
    put(&mut properties, "ResourceType", text_of(resource, &["type"]));
    put(&mut properties, "Service", text_at(resource, &["group", "name"]));
    cast.add(kind, properties, Some("impacted"));
}

/// An access key as Security Hub writes it, who passes on what it knows of it as it is.
fn access_key(resource: &Object, key: &str) -> Object {
    let mut own = copy(resource, &[("region", "Region"), ("cloud_partition", "Partition")]);
    put(&mut own, "Type", Some("AwsIamAccessKey"));
    put(&mut own, "Id", Some(key));
    let details = match get(resource, "data") {
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        data => data.cloned(),
    };
    own.extend(details.map(|details| ("Details".to_owned(), details)));
    own
}

fn read_cloud_account(account: &Object, provider: &str, cast: &mut Cast) {
    let Some(uid) = real(text_of(account, &["uid"])) else { return };
    let mut properties = Object::new();
    put(&mut properties, "ResourceName", real(text_of(account, &["name"])).as_deref().or(Some(uid.as_ref())));
    let kind = match provider {
        "aws" => {
            put(&mut properties, "AmazonResourceId", Some(format!("arn:aws:iam::{uid}:root")));
            put(&mut properties, "AmazonAccountId", Some(uid.as_ref()));
            "amazon-resource"
        }
        "azure" => {
            put(&mut properties, "ResourceId", Some(format!("/subscriptions/{uid}")));
            "azure-resource"
        }
        "gcp" => {
            put(&mut properties, "ProjectId", Some(uid.as_ref()));
            "gcp-resource"
        }
        _ => return,
    };
    cast.add(kind, properties, Some("impacted"));
}
