//! Findings of the Open Cybersecurity Schema Framework, 1.0 to 1.4: Security Finding (2001), Detection Finding (2004) and its
//! siblings become alerts, Incident Finding (2005) becomes an incident.

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::shape::{Cast, copy, objects, put, scalars};
use crate::catalog::attack;
use crate::ingest::identify::{Place, parts};
use crate::ingest::value::{self, Fields, at, get, object_at, text_at, text_of};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, AlertStatus, Body, Classification, Incident, IncidentStatus, Object, Owner, Severity, Time};

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "ocsf", title: "OCSF finding", detect, read };

/// Deepest chain of parents of a process that is read.
const PARENTS_MAX: usize = 16;

fn detect(object: &Object) -> u8 {
    let class = object.get("class_uid").and_then(value::integer);
    let marked = object.get("metadata").is_some_and(Value::is_object);
    match class {
        Some(2001 | 2004 | 2005) if marked => 100,
        Some(2002..=2099) if marked => 90,
        Some(2001 | 2004 | 2005) => 70,
        _ => 0,
    }
}

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let incident = get(object, "class_uid").and_then(value::integer) == Some(2005);
    Ok(vec![if incident { Body::Incident(Box::new(read_incident(object)?)) } else { Body::Alert(Box::new(read_alert(object)?)) }])
}

fn read_alert(object: &Object) -> Result<Alert, Reject> {
    let empty = Object::new();
    let info = object_at(object, &["finding_info"]).or_else(|| object_at(object, &["finding"])).unwrap_or(&empty);
    let mut cast = Cast::new();
    read_things(object, &mut cast);
    let unread = read_observables(object, &mut cast);
    let (entities, links) = cast.finish();
    let (tactics, techniques) = attacks(object, info);
    let product = object_at(object, &["metadata", "product"]).unwrap_or(&empty);
    let (time, own) = (|name: &str| moment(info, name), |name: &str| moment(object, name));
    let title = text_of(info, &["title"]).or_else(|| text_of(object, &["message"])).unwrap_or_default();
    let id = real(text_of(info, &["uid"])).map(Cow::into_owned).unwrap_or_else(|| content_id(object, &title));
    if title.is_empty() && entities.is_empty() {
        return Err(Reject::new("ocsf_empty_finding", "expected a finding with a title or entities, found none"));
    }
    let remediation = object_at(object, &["remediation"]);
    let advice = remediation.or_else(|| object_at(info, &["remediation"])).and_then(|advice| text_of(advice, &["desc"]));
    let first_resource = objects(get(object, "resources")).next();
    let mut fields = Fields::new(object);
    fields.skip(&[
        "class_uid",
        "type_uid",
        "category_uid",
        "category_name",
        "severity",
        "severity_id",
        "status",
        "status_id",
        "time",
        "time_dt",
    ]);
    fields.skip(&[
        "resources",
        "resource",
        "evidences",
        "observables",
        "device",
        "actor",
        "remediation",
        "start_time",
        "end_time",
        "finding",
    ]);
    let confidence = fields.number(&["confidence_score"]);
    Ok(Alert {
        vendor_original_id: real(text_at(object, &["metadata", "uid"])).map(Cow::into_owned).filter(|uid| *uid != id),
        id,
        description: text_of(info, &["desc"]).or_else(|| text_of(object, &["message"])).unwrap_or_default().into_owned(),
        title: title.into_owned(),
        severity: severity(object),
        status: status(object),
        alert_type: text_at(object, &["metadata", "event_code"]).or_else(|| type_of(info)).unwrap_or_default().into_owned(),
        product: text_of(product, &["name"]).unwrap_or_default().into_owned(),
        product_component: text_at(product, &["feature", "name"]).map(Cow::into_owned),
        provider: text_of(product, &["uid"])
            .filter(|uid| !uid.starts_with("arn:"))
            .or_else(|| text_of(product, &["name"]))
            .unwrap_or_default()
            .into_owned(),
        vendor: text_of(product, &["vendor_name"]).unwrap_or_default().into_owned(),
        tactics,
        techniques,
        category: type_of(info).map(Cow::into_owned),
        start: time("first_seen_time").or_else(|| own("start_time")).or_else(|| own("time")),
        end: time("last_seen_time").or_else(|| own("end_time")),
        created: time("created_time").or_else(|| own("time")),
        modified: time("modified_time").or_else(|| own("time")),
        compromised_entity: first_resource.and_then(|resource| real(text_of(resource, &["name", "uid"]))).unwrap_or_default().into_owned(),
        confidence_level: text_of(object, &["confidence"]).map(Cow::into_owned),
        confidence_score: confidence.map(|n| (n / 100.0).clamp(0.0, 1.0)),
        remediation: advice.map(Cow::into_owned).into_iter().collect(),
        url: text_of(info, &["src_url"]).map(Cow::into_owned),
        entities,
        links,
        extended: {
            let mut rest = fields.rest();
            put(&mut rest, "observables", Some(Value::Array(unread)).filter(|list| list.as_array().is_some_and(|list| !list.is_empty())));
            rest
        },
        ..Alert::default()
    })
}

fn read_incident(object: &Object) -> Result<Incident, Reject> {
    let id = real(text_at(object, &["metadata", "uid"])).or_else(|| real(text_at(object, &["finding_info", "uid"])));
    let id =
        id.or_else(|| real(text_of(object, &["uid", "incident_uid"]))).or_else(|| real(text_at(object, &["metadata", "correlation_uid"])));
    let title = text_of(object, &["message", "desc"]).or_else(|| text_at(object, &["finding_info", "title"])).unwrap_or_default();
    let id = id.map(Cow::into_owned).unwrap_or_else(|| content_id(object, &title));
    let members: Vec<&Object> = objects(get(object, "finding_info_list")).collect();
    if title.is_empty() && members.is_empty() {
        return Err(Reject::new("ocsf_empty_incident", "expected an incident with a text or findings, found none"));
    }
    let mut cast = Cast::new();
    read_things(object, &mut cast);
    read_observables(object, &mut cast);
    let (entities, links) = cast.finish();
    let (tactics, techniques) = attacks(object, &Object::new());
    let assignee = object_at(object, &["assignee"]);
    let status = match get(object, "status_id").and_then(value::integer) {
        Some(1) => Some(IncidentStatus::New),
        Some(2 | 3) => Some(IncidentStatus::Active),
        Some(4 | 5) => Some(IncidentStatus::Closed),
        _ => text_of(object, &["status"]).and_then(|word| IncidentStatus::parse(&word)),
    };
    let classification = match get(object, "verdict_id").and_then(value::integer) {
        Some(1) => Some(Classification::FalsePositive),
        Some(2) => Some(Classification::TruePositive),
        Some(5 | 6) => Some(Classification::BenignPositive),
        Some(7) => Some(Classification::Undetermined),
        _ => text_of(object, &["verdict"]).and_then(|word| Classification::parse(&word)),
    };
    let own = |names: &[&str]| -> Option<Time> { names.iter().find_map(|name| get(object, name).and_then(value::time)) };
    let mut fields = Fields::new(object);
    fields.skip(&[
        "class_uid",
        "severity",
        "severity_id",
        "status",
        "status_id",
        "verdict_id",
        "assignee",
        "attacks",
        "evidences",
        "observables",
        "device",
        "actor",
    ]);
    Ok(Incident {
        title: title.into_owned(),
        description: text_of(object, &["desc", "message"]).unwrap_or_default().into_owned(),
        severity: severity(object),
        status: status.unwrap_or_default(),
        classification,
        classification_comment: text_of(object, &["comment"]).map(Cow::into_owned),
        owner: assignee.map(|user| Owner {
            name: text_of(user, &["full_name", "name"]).map(Cow::into_owned),
            email: text_of(user, &["email_addr"]).map(Cow::into_owned),
            upn: None,
            object_id: text_of(user, &["uid"]).map(Cow::into_owned),
            group: false,
        }),
        alert_ids: members.iter().filter_map(|info| Some(text_of(info, &["uid"])?.into_owned())).collect(),
        products: text_at(object, &["metadata", "product", "name"]).map(Cow::into_owned).into_iter().collect(),
        tactics,
        techniques,
        first_activity: own(&["start_time", "start_time_dt", "time", "time_dt"]),
        last_activity: own(&["end_time", "end_time_dt"]),
        created: own(&["start_time", "start_time_dt", "time", "time_dt"]),
        modified: own(&["time", "time_dt"]),
        provider: text_at(object, &["metadata", "product", "name"]).unwrap_or_default().into_owned(),
        url: text_of(object, &["src_url"]).map(Cow::into_owned),
        entities,
        links,
        extended: fields.rest(),
        id,
        ..Incident::default()
    })
}

/// An instant: with its zone where it is written so, else the number, which has none.
fn moment(object: &Object, name: &str) -> Option<Time> {
    let number = get(object, name).and_then(value::time);
    let written = get(object, &format!("{name}_dt"));
    let zoned = |text: &str| text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|tail| tail.contains(['+', '-']));
    let zoned = written.and_then(Value::as_str).is_some_and(zoned);
    match written.and_then(value::time) {
        Some(time) if zoned || number.is_none() => Some(time),
        _ => number,
    }
}

/// A value that is no placeholder of a published example (`<account_uid>`).
fn real(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !(text.starts_with('<') && text.ends_with('>')))
}

/// The id of a finding that carries none: the same finding gets the same.
fn content_id(object: &Object, title: &str) -> String {
    let code = text_at(object, &["metadata", "event_code"]).unwrap_or_default();
    let time = get(object, "time").map(Value::to_string).unwrap_or_default();
    let resources = get(object, "resources").map(Value::to_string).unwrap_or_default();
    let text = text_of(object, &["message", "status_detail"]).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{code}\0{title}\0{time}\0{resources}\0{text}").as_bytes()).to_string()
}

fn type_of(info: &Object) -> Option<Cow<'_, str>> {
    at(info, &["types"]).and_then(Value::as_array).and_then(|types| value::text(types.first()?))
}

fn severity(object: &Object) -> Severity {
    match get(object, "severity_id").and_then(value::integer) {
        Some(1) => Severity::Informational,
        Some(2) => Severity::Low,
        Some(3) => Severity::Medium,
        Some(4) => Severity::High,
        Some(5 | 6) => Severity::Critical,
        _ => text_of(object, &["severity"]).and_then(|word| Severity::parse(&word)).unwrap_or_default(),
    }
}

fn status(object: &Object) -> AlertStatus {
    // Of a Security Finding `state` is the state of the finding, and `status` whether what it saw had success.
    let state = get(object, "state_id").or_else(|| get(object, "status_id"));
    match state.and_then(value::integer) {
        Some(1) => AlertStatus::New,
        Some(2) => AlertStatus::InProgress,
        Some(3 | 5 | 6) => AlertStatus::Dismissed,
        Some(4) => AlertStatus::Resolved,
        Some(0) => AlertStatus::Unknown,
        _ => text_of(object, &["status"]).map_or(AlertStatus::New, |word| AlertStatus::parse(&word).unwrap_or(AlertStatus::Unknown)),
    }
}

fn attacks(object: &Object, info: &Object) -> (Vec<Cow<'static, str>>, Vec<String>) {
    let (mut tactics, mut techniques) = (Vec::new(), Vec::new());
    for attack in objects(get(info, "attacks")).chain(objects(get(object, "attacks"))) {
        for tactic in objects(get(attack, "tactic")).chain(objects(get(attack, "tactics"))) {
            let named = text_of(tactic, &["uid"]).filter(|id| attack::tactic_name(id).is_some()).or_else(|| text_of(tactic, &["name"]));
            attack::add_tactics(&mut tactics, named.as_deref());
        }
        for name in ["technique", "sub_technique"] {
            attack::add_techniques(&mut techniques, text_at(attack, &[name, "uid"]).as_deref());
        }
    }
    // Findings of Security Hub: `TTPs/Defense Evasion/Stealth:IAMUser-CloudTrailLoggingDisabled`.
    let types = get(info, "types").map(value::texts).unwrap_or_default();
    attack::add_tactics(&mut tactics, types.iter().filter_map(|kind| kind.strip_prefix("TTPs/")?.split('/').next()));
    (tactics, techniques)
}

/// All entities of a finding: what is evidence, what is affected, what can be observed.
fn read_things(object: &Object, cast: &mut Cast) {
    let host = object_at(object, &["device"]).and_then(|device| read_endpoint(device, "impacted", cast));
    read_evidence(object, host, cast);
    for evidence in objects(get(object, "evidences")) {
        let host = object_at(evidence, &["device"]).and_then(|device| read_endpoint(device, "impacted", cast)).or(host);
        read_evidence(evidence, host, cast);
    }
    let provider = text_at(object, &["cloud", "provider"]).unwrap_or_default().to_ascii_lowercase();
    for resource in objects(get(object, "resources")).chain(objects(get(object, "resource"))) {
        read_resource(resource, &provider, cast);
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
    }
}

/// Reads what can be observed; answers with what is no entity.
fn read_observables(object: &Object, cast: &mut Cast) -> Vec<Value> {
    let all = get(object, "observables").and_then(Value::as_array).into_iter().flatten();
    all.filter(|one| one.as_object().is_some_and(|one| !read_observable(one, cast))).cloned().collect()
}

fn read_evidence(evidence: &Object, host: Option<Place>, cast: &mut Cast) {
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
            read_endpoint(endpoint, role, cast);
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
fn read_endpoint(endpoint: &Object, role: &'static str, cast: &mut Cast) -> Option<Place> {
    let named = real(text_of(endpoint, &["hostname", "name"]));
    let mut properties = named.as_deref().and_then(parts::host).unwrap_or_default();
    put(&mut properties, "MdeDeviceId", real(text_of(endpoint, &["uid"])));
    put(&mut properties, "InstanceId", real(text_of(endpoint, &["instance_uid"])));
    put(&mut properties, "NTDomain", real(text_of(endpoint, &["domain"])).filter(|domain| !domain.contains('.')));
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

fn read_resource(resource: &Object, provider: &str, cast: &mut Cast) {
    let uid = real(text_of(resource, &["uid"]));
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
    let known = properties.get("Address").is_some_and(|address| kind == "ip" && cast.has(kind, "Address", address));
    known || cast.add(kind, properties, Some("related")).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::super::shape::tests::{alerts, context, entities, json as data};
    use super::*;

    #[test]
    fn posture_findings_of_prowler() {
        let count = |file: &str| {
            let findings = data(&format!("ocsf-prowler/{file}"));
            let read: Vec<Alert> = objects(Some(&findings))
                .flat_map(|finding| {
                    assert_eq!(detect(finding), 100);
                    alerts(FORMAT.read, finding)
                })
                .collect();
            let distinct: HashSet<String> = read.iter().map(|alert| alert.id.clone()).collect();
            assert!(read.iter().all(|alert| alert.start.is_some() && alert.product == "Prowler" && alert.status == AlertStatus::New));
            let of = |severity| read.iter().filter(|alert| alert.severity == severity).count();
            (distinct.len(), of(Severity::Low), of(Severity::Medium), of(Severity::High))
        };
        assert_eq!(count("example_output_aws.ocsf.json"), (5, 1, 4, 0));
        assert_eq!(count("example_output_azure.ocsf.json"), (5, 1, 3, 1));
    }

    #[test]
    fn a_detection_with_evidence() {
        let document = json!({
            "class_uid": 2004, "metadata": {"version": "1.1.0", "product": {"name": "EDR", "vendor_name": "V"}}, "severity_id": 6, "status_id": 2,
            "time": 1_700_000_000_000_i64,
            "finding_info": {"uid": "f1", "title": "Dump", "types": ["Credential"], "attacks": [{"tactic": {"uid": "TA0006", "name": "Credential Access"},
                "technique": {"uid": "T1003"}, "sub_technique": {"uid": "T1003.001"}}]},
            "device": {"hostname": "ws6.contoso.com", "ip": "10.0.0.5", "os": {"name": "Windows"}},
            "evidences": [{"actor": {"user": {"name": "bob", "domain": "CONTOSO"}},
                "process": {"pid": 7, "cmd_line": "dump.exe", "created_time": 1_700_000_000_000_i64, "file": {"path": "C:\\t\\dump.exe",
                    "hashes": [{"algorithm_id": 3, "value": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]},
                    "parent_process": {"pid": 3, "file": {"path": "C:\\Windows\\explorer.exe"}}},
                "dst_endpoint": {"ip": "203.0.113.9", "port": 443}}],
            "observables": [{"type_id": 2, "value": "203.0.113.9"}, {"type_id": 6, "value": "https://x.example/a"}]
        });
        let object = document.as_object().expect("an object");
        let alert = alerts(FORMAT.read, object).remove(0);
        assert_eq!((alert.severity, alert.status), (Severity::Critical, AlertStatus::InProgress));
        assert_eq!((alert.tactics.as_slice(), alert.techniques.len()), (&[Cow::Borrowed("CredentialAccess")][..], 2));
        assert_eq!(alert.start.map(|time| time.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
        let mut kinds = entities(&alert);
        kinds.dedup();
        assert_eq!(kinds, ["account", "file", "filehash", "host", "ip", "process", "url"]);
        assert_eq!(alert.entities.iter().filter(|e| e.entity.kind.as_str() == "process").count(), 2);
        assert!(alert.links.iter().any(|link| link.relation.as_str() == "started"));
    }

    #[test]
    fn a_security_finding_of_security_hub() {
        let document = json!({
            "class_uid": 2001, "metadata": {"version": "1.0.0", "product": {"name": "GuardDuty", "vendor_name": "AWS", "uid": "arn:aws:securityhub:x"}},
            "severity_id": 2, "status": "Success", "status_id": 1, "state_id": 4, "time": 1_700_000_000, "cloud": {"provider": "AWS"},
            "finding": {"uid": "f", "title": "t", "types": ["TTPs/Defense Evasion/Stealth:IAMUser-Disabled"], "created_time": 1_700_000_000,
                "created_time_dt": "2023-11-14T20:13:20.5", "remediation": {"desc": "look"}},
            "malware": [{"name": "m", "classifications": ["Adware"], "path": "/usr/sbin/m"}],
            "resources": [{"uid": "AWS::IAM::AccessKey:ASIA1", "type": "AwsIamAccessKey"}],
            "src_endpoint": {"ip": "203.0.113.9", "location": {"country": "X"}},
            "observables": [{"name": "resources[].uid", "type_id": 10, "value": "AWS::IAM::AccessKey:ASIA1"}, {"name": "src_endpoint.ip", "type_id": 2, "value": "203.0.113.9"},
                {"name": "device.hostname", "type_id": 99, "value": "h1"}, {"name": "port", "type_id": 11, "value": "443"}, {"name": "x", "type_id": 0}]
        });
        let alert = alerts(FORMAT.read, document.as_object().expect("an object")).remove(0);
        assert_eq!(alert.status, AlertStatus::Resolved, "the state is the finding's, the status its event's");
        assert_eq!((alert.tactics.as_slice(), alert.provider.as_str()), (&[Cow::Borrowed("DefenseEvasion")][..], "GuardDuty"));
        assert_eq!(
            alert.created.map(|time| time.to_string()).as_deref(),
            Some("2023-11-14T22:13:20Z"),
            "a time without a zone is none to rely on"
        );
        assert_eq!(alert.remediation, ["look"]);
        assert_eq!(entities(&alert), ["amazon-resource", "file", "host", "ip", "malware"], "observables say nothing again");
        let left = alert.extended.get("observables").and_then(Value::as_array).map(Vec::len);
        assert_eq!(left, Some(2), "what is no thing stays as it is");
    }

    #[test]
    fn an_incident_finding_is_an_incident() {
        let document = json!({"class_uid": 2005, "metadata": {"version": "1.2.0", "uid": "i1", "product": {"name": "SOC"}}, "severity_id": 4, "status_id": 5,
            "message": "Two findings", "verdict_id": 2, "time": 1_700_000_000, "finding_info_list": [{"uid": "f1"}, {"uid": "f2"}],
            "assignee": {"name": "eve", "email_addr": "eve@x.example"}});
        let bodies = (FORMAT.read)(document.as_object().expect("an object"), &context()).expect("readable");
        let [Body::Incident(incident)] = bodies.as_slice() else { panic!("{bodies:?}") };
        assert_eq!((incident.id.as_str(), incident.severity, incident.status), ("i1", Severity::High, IncidentStatus::Closed));
        assert_eq!(incident.alert_ids, ["f1", "f2"]);
        assert_eq!(incident.classification, Some(Classification::TruePositive));
        assert_eq!(incident.modified.map(|time| time.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
    }
}
