//! Findings of Amazon GuardDuty: bare (API) or in an EventBridge envelope, with camelCase or PascalCase names.

mod sequence;
mod things;

use std::borrow::Cow;

use serde_json::Value;

use super::shape::{Cast, copy, objects, put, scalars};
use crate::catalog::attack;
use crate::ingest::identify::{Place, parts};
use crate::ingest::value::{self, Fields, at, get, object_at, text_at, text_of};
use crate::ingest::{Context, Format, Reject, events};
use crate::model::{Alert, AlertStatus, Body, Object, Severity};

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "guardduty", title: "Amazon GuardDuty finding", detect, read };

fn detect(object: &Object) -> u8 {
    if get(object, "source").and_then(Value::as_str) == Some("aws.guardduty") && get(object, "detail").is_some_and(Value::is_object) {
        return 100;
    }
    let has = |name: &str| get(object, name).is_some();
    if is_row(object) {
        return 100;
    }
    if !(has("SchemaVersion") && has("Service") && has("Severity") && has("AccountId") && has("Type")) {
        return 0;
    }
    let arn = || text_of(object, &["Arn"]).is_some_and(|arn| arn.contains(":guardduty:"));
    if has("Resource") || arn() { 95 } else { 0 }
}

/// Whether the object is a row of Sentinel's table of findings.
fn is_row(object: &Object) -> bool {
    let is = |name: &str| get(object, name).is_some();
    is("ActivityType") && (is("ResourceDetails") || is("ServiceDetails")) && is("Severity")
}

/// The finding that a row of Sentinel's table holds, under the names of the API.
fn of_row(row: &Object) -> Object {
    const NAMES: [(&str, &str); 6] = [
        ("ActivityType", "Type"),
        ("ResourceDetails", "Resource"),
        ("ServiceDetails", "Service"),
        ("TimeCreated", "CreatedAt"),
        ("TimeGenerated", "UpdatedAt"),
        ("Type", ""),
    ];
    let members = row.iter().filter_map(|(name, value)| {
        let bare = events::plain_name(name);
        let name = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(bare)).map_or(bare, |(_, name)| name);
        let kept = !name.is_empty() && name != "$table";
        kept.then(|| (name.to_owned(), value::parsed(value).into_owned()))
    });
    members.collect()
}

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    if !is_row(object) {
        let finding = get(object, "detail").and_then(Value::as_object).unwrap_or(object);
        return Ok(vec![Body::Alert(Box::new(alert(finding)?))]);
    }
    let alert = alert(&of_row(object))?;
    // The row stays a row as well: queries ask for the table by its name.
    let event = events::row("AWSGuardDuty", object)?;
    Ok(vec![Body::Alert(Box::new(alert)), Body::Event(Box::new(event))])
}

fn alert(finding: &Object) -> Result<Alert, Reject> {
    let mut fields = Fields::new(finding);
    let id = fields.text(&["Id"]).ok_or_else(|| Reject::new("guardduty_without_id", "expected a finding with `Id`, found none"))?;
    let kind = fields.text(&["Type"]).unwrap_or_default();
    let purpose = kind.split(':').next().unwrap_or_default();
    let empty = Object::new();
    let service = object_at(finding, &["Service"]).unwrap_or(&empty);
    let resource = object_at(finding, &["Resource"]).unwrap_or(&empty);
    let mut cast = Cast::new();
    let account = Owner {
        account: text_of(finding, &["AccountId"]),
        region: text_of(finding, &["Region"]),
        partition: text_of(finding, &["Partition"]),
    };
    let compromised = read_resource(resource, &account, &mut cast);
    read_action(object_at(service, &["Action"]).unwrap_or(&empty), compromised.scope.as_deref(), &mut cast);
    things::read_runtime(service, compromised.host, &mut cast);
    things::read_scans(service, compromised.host, &mut cast);
    let (mut tactics, category) = tactic(purpose);
    let mut techniques = Vec::new();
    if let Some(sequence) = object_at(service, &["Detection", "Sequence"]) {
        sequence::read_sequence(sequence, &mut cast);
        for (key, value) in sequence::indicators(sequence) {
            match key.as_ref() {
                "ATTACK_TACTIC" => attack::add_tactics(&mut tactics, [value.as_ref()]),
                // `T1562.008 - Impair Defenses`
                "ATTACK_TECHNIQUE" => attack::add_techniques(&mut techniques, value.split_whitespace().next()),
                _ => continue,
            };
        }
    }
    let (entities, links) = cast.finish();
    let archived = get(service, "Archived").and_then(value::flag).unwrap_or(false);
    fields.skip(&["Resource", "Service", "SchemaVersion"]);
    let alert = Alert {
        vendor_original_id: fields.text(&["Arn"]).filter(|arn| *arn != id),
        title: fields.text(&["Title"]).unwrap_or_else(|| kind.clone()),
        description: fields.text(&["Description"]).unwrap_or_default(),
        severity: fields.number(&["Severity"]).map_or(Severity::Unknown, severity),
        status: if archived { AlertStatus::Dismissed } else { AlertStatus::New },
        product: "Amazon GuardDuty".to_owned(),
        provider: "GuardDuty".to_owned(),
        vendor: "AWS".to_owned(),
        tactics,
        techniques,
        category,
        start: get(service, "EventFirstSeen").and_then(value::time),
        end: get(service, "EventLastSeen").and_then(value::time),
        created: fields.time(&["CreatedAt"]),
        modified: fields.time(&["UpdatedAt"]),
        confidence_score: fields.number(&["Confidence"]).map(|n| (n / 100.0).clamp(0.0, 1.0)),
        compromised_entity: compromised.name.unwrap_or_default(),
        entities,
        links,
        extended: extended(fields.rest(), service, resource),
        alert_type: kind.clone(),
        id,
        ..Alert::default()
    };
    Ok(alert)
}

/// Low from 1, medium from 4, high from 7, critical from 9.
fn severity(number: f64) -> Severity {
    match number {
        n if n >= 9.0 => Severity::Critical,
        n if n >= 7.0 => Severity::High,
        n if n >= 4.0 => Severity::Medium,
        n if n >= 1.0 => Severity::Low,
        n if n >= 0.0 => Severity::Informational,
        _ => Severity::Unknown,
    }
}

/// The tactic of a threat purpose, or the purpose as a category where it is none of ATT&CK's.
fn tactic(purpose: &str) -> (Vec<Cow<'static, str>>, Option<String>) {
    let other = match purpose.to_ascii_lowercase().as_str() {
        "recon" => Some("Reconnaissance"),
        "stealth" => Some("DefenseEvasion"),
        "backdoor" => Some("CommandAndControl"),
        "cryptocurrency" => Some("Impact"),
        _ => None,
    };
    let named = attack::tactic_name(purpose);
    let category = (named.is_none() && !purpose.is_empty()).then(|| purpose.to_owned());
    (named.or(other).map(Cow::Borrowed).into_iter().collect(), category)
}

/// What the source says besides the fields of an alert and its entities.
fn extended(mut rest: Object, service: &Object, resource: &Object) -> Object {
    for (name, value) in service {
        let taken = ["EventFirstSeen", "EventLastSeen", "Archived"].iter().any(|taken| taken.eq_ignore_ascii_case(name));
        if !taken && !value::is_absent(value) {
            rest.insert(name.clone(), value.clone());
        }
    }
    put(&mut rest, "ResourceType", text_of(resource, &["ResourceType"]));
    rest
}

struct Owner<'a> {
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    /// The part of AWS: its own for China and for governments.
    partition: Option<Cow<'a, str>>,
}

impl Owner<'_> {
    fn arn(&self, service: &str, resource: &str) -> Option<String> {
        let (account, region) = (self.account.as_deref()?, self.region.as_deref()?);
        let partition = self.partition.as_deref().unwrap_or("aws");
        Some(format!("arn:{partition}:{service}:{}:{account}:{resource}", if service == "iam" { "" } else { region }))
    }
}

#[derive(Default)]
struct Compromised {
    name: Option<String>,
    /// Network in which private addresses mean something.
    scope: Option<String>,
    /// The machine.
    host: Option<Place>,
}

fn read_resource(resource: &Object, owner: &Owner<'_>, cast: &mut Cast) -> Compromised {
    let mut result = Compromised::default();
    let mut name = |text: Option<Cow<'_, str>>| {
        if result.name.is_none() {
            result.name = text.map(Cow::into_owned);
        }
    };
    let key_first = text_of(resource, &["ResourceType"]).is_some_and(|kind| kind.eq_ignore_ascii_case("AccessKey"));
    if let Some(key) = object_at(resource, &["AccessKeyDetails"]) {
        if key_first {
            name(text_of(key, &["UserName", "AccessKeyId"]));
        }
        cast.add("account", access_key(key, owner), Some("impacted"));
    }
    let (mut host, mut scope) = (None, None);
    if let Some(instance) = object_at(resource, &["InstanceDetails"]) {
        name(text_of(instance, &["InstanceId"]));
        (host, scope) = read_instance(instance, owner, cast);
    }
    for bucket in objects(get(resource, "S3BucketDetails")) {
        name(text_of(bucket, &["Name"]));
        let mut properties = resource_properties(bucket, "AWS::S3::Bucket");
        if !properties.contains_key("AmazonResourceId") {
            put(&mut properties, "AmazonResourceId", text_of(bucket, &["Name"]).map(|name| format!("arn:aws:s3:::{name}")));
        }
        cast.add("amazon-resource", properties, Some("impacted"));
        things::read_objects(bucket, cast);
    }
    if let Some(database) = object_at(resource, &["RdsDbInstanceDetails"]) {
        name(text_of(database, &["DbInstanceIdentifier"]));
        cast.add("amazon-resource", resource_properties(database, "AWS::RDS::DBInstance"), Some("impacted"));
    }
    if let Some(user) = object_at(resource, &["RdsDbUserDetails"]) {
        let mut properties = copy(user, &[("User", "Name")]);
        properties.extend(scalars(user, &["User"]));
        cast.add("account", properties, Some("impacted"));
    }
    let cluster = object_at(resource, &["EksClusterDetails"]).and_then(|cluster| {
        name(text_of(cluster, &["Name"]));
        let place = cast.add("amazon-resource", resource_properties(cluster, "AWS::EKS::Cluster"), Some("impacted"));
        let kubernetes = cast.add("K8s-cluster", copy(cluster, &[("Name", "Name")]), None);
        cast.refer(kubernetes, "CloudResource", place);
        kubernetes
    });
    if let Some(kubernetes) = object_at(resource, &["KubernetesDetails"]) {
        read_kubernetes(kubernetes, cluster, cast);
    }
    if let Some(cluster) = object_at(resource, &["EcsClusterDetails"]) {
        name(text_of(cluster, &["Name"]));
        read_tasks(cluster, cast);
    }
    for container in objects(get(resource, "ContainerDetails")) {
        name(text_of(container, &["Name", "Id"]));
        read_container(container, None, cast);
    }
    let other = read_others(resource, cast);
    name(other.map(Cow::Owned));
    (result.scope, result.host) = (scope, host);
    result
}

/// A cluster of ECS, its task and the containers of the task.
fn read_tasks(cluster: &Object, cast: &mut Cast) {
    cast.add("amazon-resource", resource_properties(cluster, "AWS::ECS::Cluster"), Some("impacted"));
    for task in objects(get(cluster, "TaskDetails")) {
        let mut properties = copy(task, &[("Arn", "AmazonResourceId"), ("DefinitionArn", "DefinitionArn"), ("StartedBy", "StartedBy")]);
        if !properties.is_empty() {
            put(&mut properties, "ResourceType", Some("AWS::ECS::Task"));
        }
        cast.add("amazon-resource", properties, Some("impacted"));
        for container in objects(get(task, "Containers")) {
            read_container(container, None, cast);
        }
    }
}

fn access_key(key: &Object, owner: &Owner<'_>) -> Object {
    let names = [("UserName", "Name"), ("AccessKeyId", "AccessKeyId"), ("PrincipalId", "PrincipalId"), ("UserType", "UserType")];
    let mut properties = copy(key, &names);
    if text_of(key, &["UserType"]).is_some_and(|kind| kind.eq_ignore_ascii_case("IAMUser")) {
        put(&mut properties, "AmazonResourceId", text_of(key, &["UserName"]).and_then(|name| owner.arn("iam", &format!("user/{name}"))));
    }
    put(&mut properties, "AmazonAccountId", owner.account.clone());
    properties
}

/// An EC2 instance is a host with the addresses of its interfaces; answers with its place and its network.
fn read_instance(instance: &Object, owner: &Owner<'_>, cast: &mut Cast) -> (Option<Place>, Option<String>) {
    let id = text_of(instance, &["InstanceId"]);
    let mut properties = scalars(instance, &["InstanceId", "Platform"]);
    put(&mut properties, "InstanceId", id.clone());
    put(&mut properties, "AmazonResourceId", id.as_deref().and_then(|id| owner.arn("ec2", &format!("instance/{id}"))));
    put(&mut properties, "OSFamily", text_of(instance, &["Platform"]));
    put(&mut properties, "AmazonAccountId", owner.account.clone());
    let tags = objects(get(instance, "Tags"));
    let tags: Object = tags.filter_map(|tag| Some((text_of(tag, &["Key"])?.into_owned(), get(tag, "Value")?.clone()))).collect();
    put(&mut properties, "FriendlyName", tags.get("Name").and_then(value::text).or(id));
    if !tags.is_empty() {
        properties.insert("Tags".to_owned(), Value::Object(tags));
    }
    put(&mut properties, "IamInstanceProfile", get(instance, "IamInstanceProfile").cloned());
    let host = cast.add("host", properties, Some("impacted"));
    let mut scope: Option<String> = None;
    for interface in objects(get(instance, "NetworkInterfaces")) {
        let network = text_of(interface, &["VpcId"]);
        scope = scope.or_else(|| network.as_deref().map(str::to_owned));
        let private = objects(get(interface, "PrivateIpAddresses")).filter_map(|address| get(address, "PrivateIpAddress"));
        let wide = get(interface, "Ipv6Addresses").and_then(Value::as_array).into_iter().flatten();
        let single = ["PrivateIpAddress", "PublicIp"].into_iter().filter_map(|name| get(interface, name));
        for address in single.chain(private).chain(wide).filter_map(value::text) {
            let address = cast.add("ip", ip(&address, network.as_deref(), None), None);
            cast.refer(host, "IpInterfaces", address);
        }
    }
    (host, scope)
}

/// Properties of an address; a private one is known by its network as well.
fn ip(text: &str, scope: Option<&str>, details: Option<&Object>) -> Object {
    let Some(mut properties) = parts::ip(text) else { return Object::new() };
    let address = text.trim().parse::<std::net::IpAddr>().ok();
    if address.is_some_and(|address| matches!(address, std::net::IpAddr::V4(v4) if v4.is_private())) {
        put(&mut properties, "AddressScope", scope);
    }
    let Some(details) = details else { return properties };
    let mut location = Object::new();
    put(&mut location, "CountryName", text_at(details, &["Country", "CountryName"]));
    put(&mut location, "CountryCode", text_at(details, &["Country", "CountryCode"]));
    put(&mut location, "City", text_at(details, &["City", "CityName"]));
    put(&mut location, "Latitude", at(details, &["GeoLocation", "Lat"]).cloned());
    put(&mut location, "Longitude", at(details, &["GeoLocation", "Lon"]).cloned());
    put(&mut location, "Asn", text_at(details, &["Organization", "Asn"]).filter(|asn| asn != "-1" && asn != "0"));
    put(&mut location, "Organization", text_at(details, &["Organization", "AsnOrg"]));
    if !location.is_empty() {
        properties.insert("Location".to_owned(), Value::Object(location));
    }
    properties
}

fn resource_properties(details: &Object, kind: &str) -> Object {
    let mut properties = scalars(details, &["Arn", "Name", "DbInstanceArn", "DbInstanceIdentifier"]);
    put(&mut properties, "AmazonResourceId", text_of(details, &["Arn", "DbInstanceArn"]));
    put(&mut properties, "ResourceName", text_of(details, &["Name", "DbInstanceIdentifier"]));
    put(&mut properties, "ResourceType", Some(kind));
    properties
}

fn read_kubernetes(kubernetes: &Object, cluster: Option<Place>, cast: &mut Cast) {
    if let Some(user) = object_at(kubernetes, &["KubernetesUserDetails"]) {
        cast.add("account", copy(user, &[("Username", "Name"), ("Uid", "KubernetesUid"), ("Groups", "Groups")]), Some("impacted"));
    }
    let Some(workload) = object_at(kubernetes, &["KubernetesWorkloadDetails"]) else { return };
    let namespace = cast.add("K8s-namespace", copy(workload, &[("Namespace", "Name")]), None);
    cast.refer(namespace, "Cluster", cluster);
    let pod = text_of(workload, &["Type"]).is_none_or(|kind| kind.to_ascii_lowercase().starts_with("pod"));
    let kind = if pod { "K8s-pod" } else { "K8s-controller" };
    let place = cast.add(kind, copy(workload, &[("Name", "Name"), ("Uid", "Uid"), ("Type", "Type")]), Some("impacted"));
    cast.refer(place, "Namespace", namespace);
    for container in objects(get(workload, "Containers")) {
        read_container(container, place.filter(|_| pod), cast);
    }
}

fn read_container(container: &Object, pod: Option<Place>, cast: &mut Cast) {
    let image = cast.add("container-image", copy(container, &[("Image", "ImageId")]), None);
    let names = [("Name", "Name"), ("Id", "ContainerId"), ("ContainerRuntime", "ContainerRuntime")];
    let place = cast.add("container", copy(container, &names), Some("impacted"));
    cast.refer(place, "Image", image);
    cast.refer(place, "Pod", pod);
}

/// Any other resource that is named by an ARN (Lambda functions, volumes, images), by itself or in a list.
///
/// Answers with the name of the first one.
fn read_others(resource: &Object, cast: &mut Cast) -> Option<String> {
    const READ: [&str; 9] = [
        "AccessKeyDetails",
        "InstanceDetails",
        "S3BucketDetails",
        "RdsDbInstanceDetails",
        "RdsDbUserDetails",
        "EksClusterDetails",
        "EcsClusterDetails",
        "KubernetesDetails",
        "ContainerDetails",
    ];
    let mut first = None;
    for (name, details) in resource.iter().filter(|(name, _)| !READ.iter().any(|read| read.eq_ignore_ascii_case(name))) {
        for details in objects(Some(details)) {
            let kind = name.trim_end_matches("Details");
            let own = read_other(kind, details, cast);
            if own.is_some() {
                first = first.or(own);
                continue;
            }
            for inner in details.values().flat_map(|list| objects(Some(list))) {
                read_other(kind, inner, cast);
            }
        }
    }
    first
}

fn read_other(kind: &str, details: &Object, cast: &mut Cast) -> Option<String> {
    // Of several ARNs the first names the thing; a key, a role or a snapshot is something that it uses.
    const NAMES: [&str; 6] = ["Arn", "FunctionArn", "VolumeArn", "DbClusterArn", "ImageArn", "SnapshotArn"];
    let is_arn = |text: &&str| text.starts_with("arn:");
    let named = NAMES.iter().find_map(|name| get(details, name)?.as_str().filter(is_arn));
    let arn = named.or_else(|| details.values().find_map(|value| value.as_str().filter(is_arn)))?;
    let mut properties = scalars(details, &[]);
    put(&mut properties, "ResourceName", text_of(details, &["FunctionName"]));
    properties.insert("AmazonResourceId".to_owned(), Value::from(arn));
    properties.insert("ResourceType".to_owned(), Value::from(kind));
    cast.add("amazon-resource", properties, Some("impacted"));
    arn.rsplit([':', '/']).next().map(str::to_owned)
}

/// Reads who did what over which address; Security Hub writes the same shape.
pub(super) fn read_action(action: &Object, scope: Option<&str>, cast: &mut Cast) {
    if let Some(connection) = object_at(action, &["NetworkConnectionAction"]) {
        read_connection(connection, scope, cast);
    }
    for probe in objects(object_at(action, &["PortProbeAction"]).and_then(|probe| get(probe, "PortProbeDetails"))) {
        remote(probe, "attacker", cast);
        local(probe, scope, cast);
    }
    for name in ["AwsApiCallAction", "KubernetesApiCallAction", "RdsLoginAttemptAction"] {
        let Some(call) = object_at(action, &[name]) else { continue };
        remote(call, "attacker", cast);
        if let Some(domain) = text_at(call, &["DomainDetails", "Domain"]).as_deref().and_then(parts::dns) {
            cast.add("dns", domain, Some("related"));
        }
        let sources = get(call, "SourceIPs").map(value::texts).unwrap_or_default();
        for address in sources.iter().filter_map(|text| parts::ip(text)) {
            if !get(&address, "Address").is_some_and(|address| cast.has("ip", "Address", address)) {
                cast.add("ip", address, Some("attacker"));
            }
        }
        read_affected(object_at(call, &["AffectedResources"]), cast);
    }
    if let Some(request) = object_at(action, &["DnsRequestAction"]) {
        let name = text_of(request, &["Domain", "DomainWithSuffix"]);
        if let Some(mut domain) = name.as_deref().and_then(parts::dns) {
            put(&mut domain, "DomainWithSuffix", text_of(request, &["DomainWithSuffix"]).filter(|suffix| Some(suffix) != name.as_ref()));
            cast.add("dns", domain, Some("related"));
        }
    }
}

/// What a call was about: type and name, or ARN, of each resource.
fn read_affected(affected: Option<&Object>, cast: &mut Cast) {
    for (kind, value) in affected.into_iter().flatten() {
        let Some(name) = value.as_str().filter(|name| !value::is_absent_text(name)) else { continue };
        let mut properties = Object::new();
        let bucket = (kind == "AWS::S3::Bucket").then(|| format!("arn:aws:s3:::{name}"));
        put(&mut properties, "AmazonResourceId", if name.starts_with("arn:") { Some(name.to_owned()) } else { bucket });
        put(&mut properties, "ResourceName", Some(name).filter(|name| !name.starts_with("arn:")));
        put(&mut properties, "ResourceType", Some(kind.as_str()));
        cast.add("amazon-resource", properties, Some("impacted"));
    }
}

fn read_connection(connection: &Object, scope: Option<&str>, cast: &mut Cast) {
    let inbound = text_of(connection, &["ConnectionDirection"]).is_some_and(|direction| direction.eq_ignore_ascii_case("INBOUND"));
    let remote = remote(connection, if inbound { "attacker" } else { "related" }, cast);
    let local = local(connection, scope, cast);
    let mut properties = copy(connection, &[("Protocol", "Protocol"), ("ConnectionDirection", "Direction"), ("Blocked", "Blocked")]);
    let port = |side: &str| at(connection, &[side, "Port"]).cloned();
    let (source, target) = if inbound { ("RemotePortDetails", "LocalPortDetails") } else { ("LocalPortDetails", "RemotePortDetails") };
    put(&mut properties, "SourcePort", port(source));
    put(&mut properties, "DestinationPort", port(target));
    let place = cast.add_apart("network-connection", properties, None, false);
    let (source, target) = if inbound { (remote, local) } else { (local, remote) };
    cast.refer(place, "SourceAddress", source);
    cast.refer(place, "DestinationAddress", target);
}

/// The remote address, in both families where both are given.
fn remote(action: &Object, role: &'static str, cast: &mut Cast) -> Option<Place> {
    let details = object_at(action, &["RemoteIpDetails"])?;
    let mut add = |name: &str| cast.add("ip", ip(&text_of(details, &[name])?, None, Some(details)), Some(role));
    let (narrow, wide) = (add("IpAddressV4"), add("IpAddressV6"));
    narrow.or(wide)
}

fn local(action: &Object, scope: Option<&str>, cast: &mut Cast) -> Option<Place> {
    let details = object_at(action, &["LocalIpDetails"])?;
    let mut add = |name: &str| cast.add("ip", ip(&text_of(details, &[name])?, scope, None), None);
    let (narrow, wide) = (add("IpAddressV4"), add("IpAddressV6"));
    narrow.or(wide)
}

#[cfg(test)]
mod tests;
