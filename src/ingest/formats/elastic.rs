//! Detection alerts of Elastic Security: ECS fields, flat (`"host.name"`) or nested, bare or as a search hit (`_source`).

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::shape::{Cast, put};
use crate::catalog::attack;
use crate::ingest::identify::{Place, parts};
use crate::ingest::value;
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, AlertStatus, Body, Object, Severity, Time};

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "elastic-alert", title: "Elastic Security detection alert", detect, read };

fn detect(object: &Object) -> u8 {
    let source = Fields::of(object);
    if source.raw("kibana.alert.uuid").is_some() || source.raw("kibana.alert.rule.uuid").is_some() {
        return 100;
    }
    // The index of 7.x: `signal` instead of `kibana.alert`, known by the id of the hit.
    if source.raw("signal.rule.id").is_some() || source.raw("signal.rule.name").is_some() { 100 } else { 0 }
}

/// The fields of a document, wherever dots became objects.
#[derive(Clone, Copy)]
struct Fields<'a> {
    source: &'a Object,
}

impl<'a> Fields<'a> {
    fn of(object: &'a Object) -> Self {
        let source = object.get("_source").and_then(Value::as_object).or_else(|| object.get("fields").and_then(Value::as_object));
        Self { source: source.unwrap_or(object) }
    }

    fn raw(self, path: &str) -> Option<&'a Value> {
        lookup(self.source, path).filter(|value| !value::is_absent(value))
    }

    /// All values of a field; one that is no list counts as a list of one.
    fn values(self, path: &str) -> Vec<&'a Value> {
        match self.raw(path) {
            Some(Value::Array(items)) => items.iter().filter(|item| !value::is_absent(item)).collect(),
            Some(other) => vec![other],
            None => Vec::new(),
        }
    }

    fn first(self, path: &str) -> Option<&'a Value> {
        self.values(path).into_iter().next()
    }

    fn text(self, path: &str) -> Option<Cow<'a, str>> {
        value::text(self.first(path)?)
    }

    fn texts(self, path: &str) -> Vec<Cow<'a, str>> {
        self.values(path).into_iter().filter_map(value::text).collect()
    }

    fn either(self, paths: &[&str]) -> Option<Cow<'a, str>> {
        paths.iter().find_map(|path| self.text(path))
    }

    fn time(self, paths: &[&str]) -> Option<Time> {
        paths.iter().find_map(|path| value::time(self.first(path)?))
    }
}

/// Finds a dotted path whose dots may be levels, parts of names, or both.
fn lookup<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(at, _)| lookup(object.get(&path[..at])?.as_object()?, &path[at + 1..]))
}

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let fields = Fields::of(object);
    let id = fields.text("kibana.alert.uuid").or_else(|| value::text_of(object, &["_id"]));
    let id = id.or_else(|| signal_id(fields).map(Cow::Owned));
    let id = id.ok_or_else(|| Reject::new("elastic_without_id", "expected an alert with `kibana.alert.uuid` or `_id`, found neither"))?;
    let mut cast = Cast::new();
    let compromised = read_things(fields, &mut cast);
    let (entities, links) = cast.finish();
    let (tactics, techniques) = threats(fields);
    let rule = |name: &str| fields.either(&[&format!("kibana.alert.rule.{name}"), &format!("signal.rule.{name}")]);
    let severity = fields.either(&["kibana.alert.severity", "kibana.alert.rule.severity", "signal.rule.severity"]);
    let status = fields.either(&["kibana.alert.workflow_status", "signal.status"]);
    let risk = fields.first("kibana.alert.risk_score").or_else(|| fields.first("signal.rule.risk_score")).and_then(value::number);
    let original = fields.time(&["kibana.alert.original_time", "signal.original_time"]);
    let made = fields.time(&["@timestamp"]);
    let alert = Alert {
        id: id.into_owned(),
        vendor_original_id: fields.either(&["kibana.alert.original_event.id", "event.id"]).map(Cow::into_owned),
        title: rule("name").unwrap_or_default().into_owned(),
        description: fields.text("kibana.alert.reason").or_else(|| rule("description")).unwrap_or_default().into_owned(),
        severity: severity.and_then(|word| Severity::parse(&word)).unwrap_or_else(|| risk.map_or(Severity::Unknown, by_risk)),
        status: status.map_or(AlertStatus::New, |word| AlertStatus::parse(&word).unwrap_or(AlertStatus::Unknown)),
        alert_type: rule("rule_id").or_else(|| rule("uuid")).or_else(|| rule("id")).unwrap_or_default().into_owned(),
        product: "Elastic Security".to_owned(),
        product_component: fields.text("kibana.alert.rule.producer").map(Cow::into_owned),
        provider: fields
            .either(&["event.module", "kibana.alert.original_event.module"])
            .map_or_else(|| "Elastic".to_owned(), Cow::into_owned),
        vendor: "Elastic".to_owned(),
        tactics,
        techniques,
        start: fields.time(&["kibana.alert.start"]).filter(|start| original.is_none_or(|time| *start <= time)).or(original).or(made),
        end: fields.time(&["kibana.alert.end"]).or(original).or(made),
        created: made,
        modified: fields
            .time(&["kibana.alert.workflow_status_updated_at", "kibana.alert.updated_at", "kibana.alert.last_detected"])
            .max(made),
        compromised_entity: compromised,
        remediation: rule("note").map(Cow::into_owned).into_iter().collect(),
        url: fields.text("kibana.alert.url").map(Cow::into_owned),
        entities,
        links,
        members: members(fields),
        extended: extended(fields, risk),
        ..Alert::default()
    };
    Ok(vec![Body::Alert(Box::new(alert))])
}

/// The id of a signal of 7.x without its hit: the same rule on the same events gives the same.
fn signal_id(fields: Fields<'_>) -> Option<String> {
    let rule = fields.either(&["signal.rule.id", "signal.rule.name"])?;
    let events = ["signal.ancestors", "signal.parents", "signal.parent", "signal.original_event.id"];
    let events: Vec<String> = events.iter().filter_map(|path| fields.raw(path)).map(Value::to_string).collect();
    let time = fields.either(&["signal.original_time", "@timestamp"])?;
    Some(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{rule}\0{time}\0{}", events.join("\0")).as_bytes()).to_string())
}

/// The product's own steps: low to 21, medium to 47, high to 73.
fn by_risk(risk: f64) -> Severity {
    match risk {
        n if n > 73.0 => Severity::Critical,
        n if n > 47.0 => Severity::High,
        n if n > 21.0 => Severity::Medium,
        _ => Severity::Low,
    }
}

/// Alerts that this one was built from; events among the ancestors are none.
fn members(fields: Fields<'_>) -> Vec<String> {
    let ancestors = fields.values("kibana.alert.ancestors").into_iter().chain(fields.values("signal.ancestors"));
    let alerts = ancestors.filter_map(Value::as_object).filter(|a| a.get("type").and_then(Value::as_str) == Some("signal"));
    alerts.filter_map(|a| Some(value::text(a.get("id")?)?.into_owned())).collect()
}

/// What the document says besides: everything of it, but for the rule's own long parameters and what entities hold.
fn extended(fields: Fields<'_>, risk: Option<f64>) -> Object {
    const READ: [&str; 14] = [
        "host",
        "user",
        "source",
        "destination",
        "process",
        "file",
        "url",
        "registry",
        "dns",
        "email",
        "cloud",
        "threat",
        "@timestamp",
        "signal",
    ];
    let mut rest = Object::new();
    for (name, value) in fields.source {
        let top = name.split('.').next().unwrap_or_default();
        let read = READ.contains(&top) || name.starts_with("kibana.alert.rule.parameters");
        if !read && top != "kibana" && !value::is_absent(value) {
            rest.insert(name.clone(), value.clone());
        }
    }
    for path in [
        "kibana.alert.group.id",
        "kibana.alert.rule.category",
        "kibana.alert.rule.tags",
        "kibana.alert.depth",
        "kibana.alert.building_block_type",
    ] {
        put(&mut rest, path, fields.raw(path).cloned());
    }
    for path in [
        "kibana.alert.workflow_tags",
        "kibana.alert.workflow_assignee_ids",
        "kibana.alert.threshold_result",
        "kibana.alert.case_ids",
        "kibana.space_ids",
    ] {
        put(&mut rest, path, fields.raw(path).cloned());
    }
    put(&mut rest, "kibana.alert.risk_score", risk);
    rest
}

/// Tactics and techniques of the rule and of the event, as lists of objects or as parallel lists of texts.
fn threats(fields: Fields<'_>) -> (Vec<Cow<'static, str>>, Vec<String>) {
    let (mut tactics, mut techniques) = (Vec::new(), Vec::new());
    let roots = ["kibana.alert.rule.threat", "kibana.alert.rule.parameters.threat", "signal.rule.threat", "threat"];
    for threat in roots.iter().flat_map(|root| fields.values(root)).filter_map(Value::as_object) {
        let threat = Fields { source: threat };
        for name in threat.texts("tactic.id").iter().chain(&threat.texts("tactic.name")) {
            attack::add_tactics(&mut tactics, [name.as_ref()]);
        }
        let listed = threat.values("technique").into_iter().filter_map(Value::as_object).map(|source| Fields { source });
        for technique in listed {
            attack::add_techniques(&mut techniques, technique.texts("id").iter().map(AsRef::as_ref));
            let subs = technique.values("subtechnique").into_iter().filter_map(Value::as_object).map(|source| Fields { source });
            for sub in subs {
                attack::add_techniques(&mut techniques, sub.texts("id").iter().map(AsRef::as_ref));
            }
        }
    }
    for root in roots {
        for path in [format!("{root}.tactic.id"), format!("{root}.tactic.name")] {
            attack::add_tactics(&mut tactics, fields.texts(&path).iter().map(AsRef::as_ref));
        }
        for path in [format!("{root}.technique.id"), format!("{root}.technique.subtechnique.id")] {
            attack::add_techniques(&mut techniques, fields.texts(&path).iter().map(AsRef::as_ref));
        }
    }
    (tactics, techniques)
}

/// Reads all entities; answers with the name of the host or user that the alert is about.
fn read_things(fields: Fields<'_>, cast: &mut Cast) -> String {
    let host = read_host(fields, cast);
    let user = read_user(fields, "user", host, cast);
    for root in ["user.target", "user.effective", "user.changes"] {
        read_user(fields, root, host, cast);
    }
    let process = read_process(fields, "process", host, user, cast);
    let parent = read_process(fields, "process.parent", host, None, cast);
    cast.refer(process, "ParentProcess", parent);
    for (root, role) in [("source", "source"), ("destination", "destination"), ("client", "source"), ("server", "destination")] {
        read_address(fields, root, role, cast);
    }
    read_file(fields, "file", false, cast);
    read_file(fields, "dll", false, cast);
    for path in ["url.full", "url.original"] {
        for url in fields.texts(path) {
            cast.add("url", parts::url(&url).unwrap_or_default(), Some("related"));
        }
    }
    let names = ["dns.question.name", "destination.domain", "url.domain", "source.domain"];
    for domain in names.iter().flat_map(|path| fields.texts(path)) {
        cast.add("dns", parts::dns(&domain).unwrap_or_default(), Some("related"));
    }
    read_registry(fields, host, cast);
    read_mail(fields, cast);
    read_cloud(fields, cast);
    let name = fields.either(&["host.name", "host.hostname", "user.name"]);
    name.unwrap_or_default().into_owned()
}

/// The mail of an event, a copy for each recipient, and who sent it.
fn read_mail(fields: Fields<'_>, cast: &mut Cast) {
    let senders = ["email.from.address", "email.sender.address"].map(|path| fields.texts(path));
    let sender = senders.iter().flatten().next();
    if let Some(account) = sender.and_then(|sender| parts::account(sender)) {
        cast.add("account", account, Some("source"));
    }
    let mut properties = Object::new();
    put(&mut properties, "InternetMessageId", fields.text("email.message_id"));
    put(&mut properties, "NetworkMessageId", fields.text("email.local_id"));
    put(&mut properties, "Subject", fields.text("email.subject"));
    if !properties.is_empty() {
        put(&mut properties, "Sender", sender.map(ToString::to_string));
    }
    let recipients = fields.texts("email.to.address");
    for recipient in &recipients {
        let mailbox = Object::from_iter([("MailboxPrimaryAddress".to_owned(), Value::from(recipient.to_string()))]);
        cast.add("mailbox", mailbox, Some("destination"));
        let mut copy = properties.clone();
        if !copy.is_empty() {
            put(&mut copy, "Recipient", Some(recipient.to_string()));
        }
        cast.add("mail-message", copy, Some("related"));
    }
    if recipients.is_empty() {
        cast.add("mail-message", properties, Some("related"));
    }
}

fn read_host(fields: Fields<'_>, cast: &mut Cast) -> Option<Place> {
    let named = fields.either(&["host.name", "host.hostname"]);
    let mut properties = named.as_deref().and_then(parts::host).unwrap_or_default();
    let domain = fields.text("host.domain");
    if !properties.contains_key("DnsDomain") && !properties.is_empty() {
        let dns = domain.as_deref().filter(|domain| domain.contains('.'));
        put(&mut properties, if dns.is_some() { "DnsDomain" } else { "NTDomain" }, domain.as_deref());
    }
    put(&mut properties, "ElasticHostId", fields.text("host.id"));
    put(&mut properties, "ElasticAgentId", fields.text("agent.id"));
    put(&mut properties, "OSFamily", fields.either(&["host.os.family", "host.os.platform", "host.os.type"]));
    put(&mut properties, "OSVersion", fields.text("host.os.version"));
    let host = cast.add("host", properties, Some("impacted"));
    for text in fields.texts("host.ip") {
        let address = cast.add("ip", parts::ip(&text).unwrap_or_default(), None);
        cast.refer(host, "IpInterfaces", address);
    }
    host
}

fn read_user(fields: Fields<'_>, root: &str, host: Option<Place>, cast: &mut Cast) -> Option<Place> {
    let at = |name: &str| fields.text(&format!("{root}.{name}"));
    let named = at("name").or_else(|| at("email"));
    let mut properties = named.as_deref().and_then(parts::account).unwrap_or_default();
    let id = at("id");
    let by_id = id.as_deref().and_then(parts::account).unwrap_or_default();
    match ["Sid", "AadUserId", "AmazonResourceId"].iter().find(|name| by_id.contains_key(**name)) {
        Some(name) => put(&mut properties, name, id),
        None => put(&mut properties, "UserId", id),
    }
    if !properties.contains_key("NTDomain") {
        put(&mut properties, "NTDomain", at("domain"));
    }
    put(&mut properties, "DisplayName", at("full_name"));
    put(&mut properties, "Email", at("email"));
    let place = cast.add("account", properties, Some("impacted"));
    cast.refer(place, "Host", host);
    place
}

fn read_process(fields: Fields<'_>, root: &str, host: Option<Place>, user: Option<Place>, cast: &mut Cast) -> Option<Place> {
    let at = |name: &str| fields.first(&format!("{root}.{name}"));
    let mut properties = Object::new();
    let names = [("pid", "ProcessId"), ("entity_id", "ProcessGuid"), ("command_line", "CommandLine"), ("start", "CreationTimeUtc")];
    for (name, property) in names {
        put(&mut properties, property, at(name).cloned());
    }
    let arguments = fields.texts(&format!("{root}.args"));
    if !properties.contains_key("CommandLine") && !arguments.is_empty() {
        put(&mut properties, "CommandLine", Some(arguments.join(" ")));
    }
    let image = read_file(fields, root, true, cast);
    if properties.is_empty() && image.is_none() {
        return None;
    }
    put(&mut properties, "FriendlyName", at("name").cloned());
    let place = cast.add_apart("process", properties, Some("related"), root != "process");
    cast.refer(place, "ImageFile", image);
    cast.refer(place, "Host", host);
    cast.refer(place, "Account", user);
    place
}

/// A file (`file.*`, `dll.*`) or the image of a process, with its digests.
fn read_file(fields: Fields<'_>, root: &str, image: bool, cast: &mut Cast) -> Option<Place> {
    let at = |name: &str| fields.text(&format!("{root}.{name}"));
    let path = if image { at("executable").or_else(|| at("name")) } else { at("path").or_else(|| at("name")) };
    let mut properties = path.as_deref().and_then(parts::file).unwrap_or_default();
    if !image {
        if !properties.contains_key("Directory") {
            put(&mut properties, "Directory", at("directory"));
        }
        put(&mut properties, "SizeInBytes", fields.first(&format!("{root}.size")).cloned());
    }
    let digests = ["md5", "sha1", "sha256"].iter().filter_map(|name| at(&format!("hash.{name}")));
    let digests: Vec<Place> = digests.filter_map(|digest| cast.add_nested("filehash", parts::hash(&digest)?)).collect();
    let place = if image { cast.add_nested("file", properties) } else { cast.add("file", properties, Some("related")) };
    for digest in digests {
        cast.refer(place, "FileHashes", Some(digest));
    }
    place
}

fn read_address(fields: Fields<'_>, root: &str, role: &'static str, cast: &mut Cast) {
    let mut location = Object::new();
    for (name, property) in [
        ("geo.country_iso_code", "CountryCode"),
        ("geo.country_name", "CountryName"),
        ("geo.region_name", "State"),
        ("geo.city_name", "City"),
        ("as.number", "Asn"),
    ] {
        put(&mut location, property, fields.first(&format!("{root}.{name}")).cloned());
    }
    for text in fields.texts(&format!("{root}.ip")) {
        let mut address = parts::ip(&text).unwrap_or_default();
        if !location.is_empty() && !address.is_empty() {
            address.insert("Location".to_owned(), Value::Object(location.clone()));
        }
        cast.add("ip", address, Some(role));
    }
}

fn read_registry(fields: Fields<'_>, host: Option<Place>, cast: &mut Cast) {
    let Some(path) = fields.either(&["registry.path", "registry.key"]) else { return };
    let name = fields.text("registry.value");
    // `registry.path` ends with the name of the value where the event has one.
    let key = match (&name, path.rsplit_once('\\')) {
        (Some(name), Some((key, last))) if last.eq_ignore_ascii_case(name) => key,
        _ => path.as_ref(),
    };
    let key = cast.add("registry-key", parts::registry_key(key).unwrap_or_default(), Some("related"));
    let mut properties = Object::new();
    put(&mut properties, "Name", name);
    put(&mut properties, "Value", fields.text("registry.data.strings"));
    put(&mut properties, "ValueType", fields.text("registry.data.type"));
    let place = cast.add("registry-value", properties, Some("related"));
    cast.refer(place, "Key", key);
    cast.refer(place, "Host", host);
}

fn read_cloud(fields: Fields<'_>, cast: &mut Cast) {
    let provider = fields.text("cloud.provider").unwrap_or_default().to_ascii_lowercase();
    let (account, instance) = (fields.text("cloud.account.id"), fields.text("cloud.instance.id"));
    let mut properties = Object::new();
    let kind = match provider.as_str() {
        "aws" => {
            let arn = match (&account, &instance, fields.text("cloud.region")) {
                (Some(account), Some(instance), Some(region)) => Some(format!("arn:aws:ec2:{region}:{account}:instance/{instance}")),
                (Some(account), None, _) => Some(format!("arn:aws:iam::{account}:root")),
                _ => None,
            };
            put(&mut properties, "AmazonResourceId", arn);
            put(&mut properties, "AmazonAccountId", account);
            "amazon-resource"
        }
        "gcp" => {
            put(&mut properties, "ProjectId", fields.text("cloud.project.id").or(account));
            "gcp-resource"
        }
        "azure" => {
            put(&mut properties, "SubscriptionId", account);
            "azure-resource"
        }
        _ => return,
    };
    put(&mut properties, "ResourceName", fields.text("cloud.instance.name").or(instance));
    put(&mut properties, "Region", fields.text("cloud.region"));
    cast.add(kind, properties, Some("impacted"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shape::tests::{alerts, context, entities};
    use super::*;

    fn nested() -> Value {
        json!({"_id": "hit", "_index": ".alerts", "_source": {
            "@timestamp": "2024-03-01T10:00:05Z",
            "kibana": {"alert": {"uuid": "a1", "severity": "high", "risk_score": 73, "workflow_status": "acknowledged", "original_time": "2024-03-01T10:00:00Z",
                "reason": "process event", "ancestors": [{"id": "e1", "type": "event"}, {"id": "s1", "type": "signal"}], "rule": {"name": "LSASS dump", "rule_id": "r1",
                "threat": [{"framework": "MITRE ATT&CK", "tactic": {"id": "TA0006", "name": "Credential Access"},
                    "technique": [{"id": "T1003", "subtechnique": [{"id": "T1003.001"}]}]}]}}},
            "host": {"name": "ws6.contoso.com", "ip": ["10.0.0.5", "fe80::1"], "os": {"family": "windows"}},
            "user": {"name": "bob", "domain": "CONTOSO", "id": "S-1-5-21-1-2-3-500"},
            "process": {"pid": 7, "entity_id": "p7", "executable": "C:\\t\\dump.exe", "command_line": "dump.exe -a",
                "hash": {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                "parent": {"pid": 3, "entity_id": "p3", "executable": "C:\\Windows\\explorer.exe"}},
            "source": {"ip": "10.0.0.5"}, "destination": {"ip": "203.0.113.9", "geo": {"country_iso_code": "NL"}},
            "registry": {"path": "HKLM\\Software\\Run\\Start", "value": "Start"}, "dns": {"question": {"name": "x.example"}},
            "event": {"module": "endpoint"}
        }})
    }

    /// The same document with dots in the names, as the alerts index and its exports write it.
    fn flat() -> Value {
        fn walk(prefix: &str, value: &Value, out: &mut Object) {
            match value {
                Value::Object(members) => members.iter().for_each(|(name, value)| {
                    walk(&if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") }, value, out);
                }),
                other => drop(out.insert(prefix.to_owned(), other.clone())),
            }
        }
        let mut out = Object::new();
        walk("", &nested()["_source"], &mut out);
        Value::Object(out)
    }

    #[test]
    fn flat_and_nested_say_the_same() {
        let (nested, flat) = (nested(), flat());
        let (nested, flat) = (nested.as_object().expect("an object"), flat.as_object().expect("an object"));
        assert_eq!((detect(nested), detect(flat)), (100, 100));
        let (one, mut two) = (alerts(FORMAT.read, nested).remove(0), alerts(FORMAT.read, flat).remove(0));
        two.extended = one.extended.clone();
        assert_eq!(one, two);
        assert_eq!((one.id.as_str(), one.severity, one.status), ("a1", Severity::High, AlertStatus::InProgress));
        assert_eq!((one.title.as_str(), one.techniques.len(), one.members.as_slice()), ("LSASS dump", 2, &["s1".to_owned()][..]));
        assert_eq!(one.tactics, ["CredentialAccess"]);
        let mut kinds = entities(&one);
        kinds.dedup();
        assert_eq!(kinds, ["account", "dns", "file", "filehash", "host", "ip", "process", "registry-key", "registry-value"]);
        let relations: Vec<&str> = one.links.iter().map(|link| link.relation.as_str()).collect();
        for relation in ["started", "ran", "ran_on", "runs_image", "has_hash", "has_address", "under_key"] {
            assert!(relations.contains(&relation), "{relation}");
        }
    }

    #[test]
    fn documents_without_id_are_refused() {
        let document = json!({"kibana.alert.rule.uuid": "r"});
        let object = document.as_object().expect("an object");
        assert_eq!(detect(object), 100);
        assert_eq!((FORMAT.read)(object, &context()).expect_err("no id").code, "elastic_without_id");
        assert_eq!(detect(json!({"kibana": {"version": "8"}}).as_object().expect("an object")), 0);
    }
}
