//! Findings of AWS Security Hub in its finding format (ASFF): bare, or as a list in an EventBridge envelope.

use serde_json::Value;

use super::guardduty;
use super::shape::{Cast, copy, objects, put, scalars};
use crate::catalog::attack;
use crate::ingest::identify::{Place, parts};
use crate::ingest::value::{self, Fields, at, get, object_at, text_at, text_of};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, AlertStatus, Body, Object, Severity};

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "asff", title: "AWS Security Hub finding (ASFF)", detect, read };

fn detect(object: &Object) -> u8 {
    let has = |name: &str| object.contains_key(name);
    if has("ProductArn") && has("GeneratorId") && has("SchemaVersion") && (has("AwsAccountId") || has("Resources")) {
        return 100;
    }
    let hub = object.get("source").and_then(Value::as_str) == Some("aws.securityhub");
    if hub && findings(object).is_some() { 100 } else { 0 }
}

fn findings(object: &Object) -> Option<&Vec<Value>> {
    object.get("detail")?.get("findings")?.as_array()
}

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    match findings(object) {
        Some(list) => list.iter().filter_map(Value::as_object).map(read_one).collect(),
        None => Ok(vec![read_one(object)?]),
    }
}

fn read_one(finding: &Object) -> Result<Body, Reject> {
    let mut fields = Fields::new(finding);
    let id = fields.text(&["Id"]).ok_or_else(|| Reject::new("asff_without_id", "expected a finding with `Id`, found none"))?;
    let mut cast = Cast::new();
    let mut compromised = None;
    for resource in objects(get(finding, "Resources")) {
        compromised = compromised.or_else(|| text_of(resource, &["Id"]).map(|id| id.into_owned()));
        read_resource(resource, text_of(finding, &["AwsAccountId"]).as_deref(), &mut cast);
    }
    read_network(finding, &mut cast);
    read_process(finding, &mut cast);
    read_threats(finding, &mut cast);
    let (entities, links) = cast.finish();
    let mut types = fields.texts(&["Types"]);
    if types.is_empty() {
        types = at(finding, &["FindingProviderFields", "Types"]).map(value::texts).unwrap_or_default();
    }
    let parts_of = |part: usize| types.iter().filter_map(move |kind| kind.split('/').nth(part)).map(str::trim);
    let mut tactics = Vec::new();
    let mut techniques = Vec::new();
    attack::add_tactics(&mut tactics, parts_of(1));
    attack::add_techniques(&mut techniques, parts_of(2));
    let vendor = text_of(finding, &["CompanyName"]).or_else(|| text_at(finding, &["ProductFields", "aws/securityhub/CompanyName"]));
    let product = text_of(finding, &["ProductName"]).or_else(|| text_at(finding, &["ProductFields", "aws/securityhub/ProductName"]));
    let arn = text_of(finding, &["ProductArn"]).unwrap_or_default();
    let product = product.map_or_else(|| arn.rsplit('/').next().unwrap_or_default().to_owned(), |name| name.into_owned());
    let remediation = object_at(finding, &["Remediation", "Recommendation"]);
    fields.skip(&[
        "Resources",
        "Network",
        "Process",
        "Malware",
        "ThreatIntelIndicators",
        "Workflow",
        "WorkflowState",
        "RecordState",
        "Severity",
    ]);
    fields.skip(&["Action", "CompanyName", "ProductName", "SchemaVersion", "Remediation"]);
    let mut alert = Alert {
        id,
        title: fields.text(&["Title"]).unwrap_or_default(),
        description: fields.text(&["Description"]).unwrap_or_default(),
        severity: severity(finding),
        status: status(finding),
        alert_type: alert_type(fields.text(&["GeneratorId"]).unwrap_or_default(), &types),
        provider: "AWS Security Hub".to_owned(),
        vendor: vendor.map_or_else(|| "AWS".to_owned(), |name| name.into_owned()),
        product,
        tactics,
        techniques,
        category: types.first().cloned(),
        start: fields.time(&["FirstObservedAt"]),
        end: fields.time(&["LastObservedAt"]),
        created: fields.time(&["CreatedAt"]),
        modified: fields.time(&["UpdatedAt"]),
        compromised_entity: compromised.unwrap_or_default(),
        confidence_score: fields.number(&["Confidence"]).map(|n| (n / 100.0).clamp(0.0, 1.0)),
        remediation: remediation.and_then(|advice| text_of(advice, &["Text"])).map(|text| text.into_owned()).into_iter().collect(),
        url: fields.text(&["SourceUrl"]),
        entities,
        links,
        ..Alert::default()
    };
    if alert.url.is_none() {
        alert.url = remediation.and_then(|advice| text_of(advice, &["Url"])).map(|text| text.into_owned());
    }
    alert.extended = fields.rest();
    if types.len() > 1 {
        alert.extended.insert("Types".to_owned(), Value::from(types));
    }
    for name in ["Severity", "Workflow", "RecordState", "Action"] {
        put(&mut alert.extended, name, get(finding, name).cloned());
    }
    Ok(Body::Alert(Box::new(alert)))
}

/// The control or rule; of a detector that has many types of findings the type.
fn alert_type(generator: String, types: &[String]) -> String {
    let named = types.first().and_then(|kind| kind.rsplit('/').next()).filter(|_| generator.contains(":guardduty:"));
    named.map_or(generator, str::to_owned)
}

/// The label, else the number of 0 to 100.
fn severity(finding: &Object) -> Severity {
    let label = text_at(finding, &["Severity", "Label"]).or_else(|| text_at(finding, &["FindingProviderFields", "Severity", "Label"]));
    if let Some(named) = label.and_then(|label| Severity::parse(&label)) {
        return named;
    }
    match object_at(finding, &["Severity"]).and_then(|s| get(s, "Normalized")).and_then(value::number) {
        Some(n) if n >= 90.0 => Severity::Critical,
        Some(n) if n >= 70.0 => Severity::High,
        Some(n) if n >= 40.0 => Severity::Medium,
        Some(n) if n >= 1.0 => Severity::Low,
        Some(_) => Severity::Informational,
        None => Severity::Unknown,
    }
}

/// An archived finding is put aside, whatever its workflow says.
fn status(finding: &Object) -> AlertStatus {
    if text_of(finding, &["RecordState"]).is_some_and(|state| state.eq_ignore_ascii_case("ARCHIVED")) {
        return AlertStatus::Dismissed;
    }
    let workflow = text_at(finding, &["Workflow", "Status"]).or_else(|| text_of(finding, &["WorkflowState"]));
    workflow.and_then(|word| AlertStatus::parse(&word)).unwrap_or(AlertStatus::New)
}

/// Reads a resource of an AWS account.
pub(super) fn read_resource(resource: &Object, account: Option<&str>, cast: &mut Cast) -> Option<Place> {
    let (kind, id) = (text_of(resource, &["Type"]).unwrap_or_default(), text_of(resource, &["Id"])?);
    let details = object_at(resource, &["Details"]).and_then(|details| get(details, &kind)).and_then(Value::as_object);
    let arn = id.starts_with("arn:").then_some(id.as_ref());
    let last = id.rsplit(['/', ':']).next().unwrap_or_default();
    let mut properties = details.map(|details| scalars(details, &[])).unwrap_or_default();
    put(&mut properties, "Region", text_of(resource, &["Region"]));
    put(&mut properties, "Tags", get(resource, "Tags").cloned());
    put(&mut properties, "AmazonResourceId", arn);
    match kind.as_ref() {
        "AwsEc2Instance" => {
            put(&mut properties, "InstanceId", Some(last));
            put(&mut properties, "FriendlyName", text_at(resource, &["Tags", "Name"]).as_deref().or(Some(last)));
            let host = cast.add("host", properties, Some("impacted"));
            let scope = details.and_then(|details| text_of(details, &["VpcId"]));
            let listed = ["IpV4Addresses", "IpV6Addresses"].into_iter().filter_map(|name| get(details?, name)?.as_array());
            for address in listed.flatten().filter_map(value::text) {
                let mut address = parts::ip(&address).unwrap_or_default();
                let private = address.get("Address").and_then(Value::as_str).is_some_and(is_private);
                put(&mut address, "AddressScope", scope.clone().filter(|_| private));
                let address = cast.add("ip", address, None);
                cast.refer(host, "IpInterfaces", address);
            }
            host
        }
        "AwsIamAccessKey" | "AwsIamUser" => {
            let named = details.and_then(|details| text_of(details, &["PrincipalName", "UserName"]));
            put(&mut properties, "Name", named.as_deref().or(arn.is_some().then_some(last)));
            let key = details.and_then(|details| text_of(details, &["AccessKeyId"])).or_else(|| {
                let bare = kind == "AwsIamAccessKey" && (last.starts_with("AKIA") || last.starts_with("ASIA"));
                bare.then(|| last.to_owned().into())
            });
            put(&mut properties, "AccessKeyId", key);
            // Users stand for themselves, assumed roles for whoever takes them.
            let is_user =
                details.and_then(|details| text_of(details, &["PrincipalType"])).is_some_and(|kind| kind.eq_ignore_ascii_case("IAMUser"));
            if let (true, None, Some(name), Some(account)) = (is_user, arn, &named, account) {
                let partition = text_of(resource, &["Partition"]).unwrap_or("aws".into());
                put(&mut properties, "AmazonResourceId", Some(format!("arn:{partition}:iam::{account}:user/{name}")));
            }
            cast.add("account", properties, Some("impacted"))
        }
        "Container" => {
            let image = details.map(|details| copy(details, &[("ImageName", "ImageId")])).unwrap_or_default();
            let image = cast.add("container-image", image, None);
            put(&mut properties, "ContainerId", Some(last));
            let container = cast.add("container", properties, Some("impacted"));
            cast.refer(container, "Image", image);
            container
        }
        _ if arn.is_some() || kind.starts_with("Aws") => {
            put(&mut properties, "AmazonResourceId", Some(id.as_ref()));
            put(&mut properties, "ResourceName", Some(last));
            put(&mut properties, "ResourceType", Some(kind.as_ref()));
            cast.add("amazon-resource", properties, Some("impacted"))
        }
        _ => {
            put(&mut properties, "GenericEntityId", Some(id.as_ref()));
            put(&mut properties, "ResourceType", Some(kind.as_ref()));
            cast.add("generic-entity", properties, Some("impacted"))
        }
    }
}

fn is_private(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_private())
}

fn read_network(finding: &Object, cast: &mut Cast) {
    match object_at(finding, &["Action"]) {
        Some(action) => guardduty::read_action(action, None, cast),
        None => guardduty::read_action(&flattened_action(finding), None, cast),
    }
    let Some(network) = object_at(finding, &["Network"]) else { return };
    let mut side = |names: [&str; 2], role| {
        let places = names.map(|name| cast.add("ip", parts::ip(&text_of(network, &[name])?)?, Some(role)));
        places[0].or(places[1])
    };
    let source = side(["SourceIpV4", "SourceIpV6"], "source");
    let target = side(["DestinationIpV4", "DestinationIpV6"], "destination");
    for name in ["SourceDomain", "DestinationDomain"] {
        if let Some(domain) = text_of(network, &[name]).as_deref().and_then(parts::dns) {
            cast.add("dns", domain, Some("related"));
        }
    }
    if source.is_some() || target.is_some() {
        let names =
            [("SourcePort", "SourcePort"), ("DestinationPort", "DestinationPort"), ("Protocol", "Protocol"), ("Direction", "Direction")];
        let connection = cast.add_apart("network-connection", copy(network, &names), None, false);
        cast.refer(connection, "SourceAddress", source);
        cast.refer(connection, "DestinationAddress", target);
    }
}

/// The action as findings of GuardDuty carry it in product fields: `aws/guardduty/service/action/awsApiCallAction/api`.
fn flattened_action(finding: &Object) -> Object {
    const PREFIX: &str = "aws/guardduty/service/action/";
    let mut action = Object::new();
    for (name, value) in object_at(finding, &["ProductFields"]).into_iter().flatten() {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        // An element of a list is written `portProbeDetails.0_`; the first one stands for them all.
        let mut steps = path.split('/').map(|step| step.split_once('.').map_or(step, |(list, _)| list)).peekable();
        let mut owner = &mut action;
        while let Some(step) = steps.next() {
            if steps.peek().is_none() {
                owner.entry(step).or_insert_with(|| value.clone());
                break;
            }
            let Value::Object(inner) = owner.entry(step).or_insert_with(|| Value::Object(Object::new())) else { break };
            owner = inner;
        }
    }
    action
}

fn read_process(finding: &Object, cast: &mut Cast) {
    let Some(process) = object_at(finding, &["Process"]) else { return };
    let names = [("Pid", "ProcessId"), ("ParentPid", "ParentProcessId"), ("LaunchedAt", "CreationTimeUtc"), ("Name", "FriendlyName")];
    let mut properties = copy(process, &names);
    put(&mut properties, "TerminatedAt", text_of(process, &["TerminatedAt"]));
    let image = text_of(process, &["Path", "Name"]).as_deref().and_then(parts::file);
    let image = cast.add_nested("file", image.unwrap_or_default());
    let place = cast.add_apart("process", properties, Some("related"), false);
    cast.refer(place, "ImageFile", image);
}

fn read_threats(finding: &Object, cast: &mut Cast) {
    for malware in objects(get(finding, "Malware")) {
        let file = text_of(malware, &["Path"]).as_deref().and_then(parts::file).and_then(|file| cast.add("file", file, Some("related")));
        let place = cast.add("malware", copy(malware, &[("Name", "Name"), ("Type", "Category"), ("State", "State")]), Some("related"));
        cast.refer(place, "Files", file);
    }
    for indicator in objects(get(finding, "ThreatIntelIndicators")) {
        let Some(text) = text_of(indicator, &["Value"]) else { continue };
        let kind = text_of(indicator, &["Type"]).unwrap_or_default().to_ascii_uppercase();
        let (entity, properties) = match kind.as_str() {
            "IPV4_ADDRESS" | "IPV6_ADDRESS" => ("ip", parts::ip(&text)),
            "DOMAIN" => ("dns", parts::dns(&text)),
            "URL" => ("url", parts::url(&text)),
            "EMAIL_ADDRESS" => ("mailbox", Some(copy(indicator, &[("Value", "MailboxPrimaryAddress")]))),
            hash if hash.starts_with("HASH_") => ("filehash", parts::hash(&text)),
            _ => (
                "threat-intelligence",
                Some(copy(indicator, &[("Value", "ThreatName"), ("Source", "ProviderName"), ("Type", "ThreatType")])),
            ),
        };
        cast.add(entity, properties.unwrap_or_default(), Some("attacker"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shape::tests::{alerts, context, entities};
    use super::*;

    #[test]
    fn product_fields_hold_the_action_of_guardduty() {
        let document = json!({
            "SchemaVersion": "2018-10-08", "Id": "f", "AwsAccountId": "1", "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty",
            "GeneratorId": "arn:aws:guardduty:us-east-1:1:detector/d", "Title": "t",
            "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["TTPs/Discovery/Recon:EC2-PortProbe"]},
            "ProductFields": {
                "aws/guardduty/service/action/actionType": "PORT_PROBE",
                "aws/guardduty/service/action/portProbeAction/portProbeDetails.0_/remoteIpDetails/ipAddressV4": "203.0.113.9",
                "aws/guardduty/service/action/portProbeAction/portProbeDetails.0_/remoteIpDetails/country/countryName": "X"}
        });
        let alert = alerts(FORMAT.read, document.as_object().expect("an object")).remove(0);
        assert_eq!((alert.severity, alert.alert_type.as_str()), (Severity::High, "Recon:EC2-PortProbe"));
        assert_eq!(alert.tactics, ["Discovery"]);
        assert_eq!(entities(&alert), ["ip"]);
    }

    fn document() -> Value {
        json!({
            "SchemaVersion": "2018-10-08", "Id": "us-east-1/1/f1", "AwsAccountId": "111122223333", "GeneratorId": "gd/1",
            "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty",
            "Types": ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],
            "FirstObservedAt": "2020-10-22T04:17:19.000Z", "LastObservedAt": "2020-10-22T04:18:19.000Z",
            "CreatedAt": "2020-10-22T04:19:00.000Z", "UpdatedAt": "2020-10-22T05:00:00.000Z",
            "Severity": {"Normalized": 40}, "Title": "Brute force", "Description": "x", "Workflow": {"Status": "NOTIFIED"}, "RecordState": "ACTIVE",
            "Network": {"Direction": "IN", "Protocol": "TCP", "SourceIpV4": "1.2.3.42", "SourcePort": 42, "DestinationIpV4": "2.3.42.1", "DestinationPort": 22},
            "Process": {"Name": "syslogd", "Path": "/usr/sbin/syslogd", "Pid": 12345, "ParentPid": 56789, "LaunchedAt": "2018-09-27T22:37:31Z"},
            "Malware": [{"Name": "Stringler", "Type": "COIN_MINER", "Path": "/usr/sbin/stringler", "State": "OBSERVED"}],
            "ThreatIntelIndicators": [{"Type": "IPV4_ADDRESS", "Value": "8.8.8.8"}, {"Type": "HASH_MD5", "Value": "d41d8cd98f00b204e9800998ecf8427e"}],
            "Resources": [
                {"Type": "AwsEc2Instance", "Id": "arn:aws:ec2:us-east-1:111122223333:instance/i-cafebabe", "Region": "us-east-1",
                 "Details": {"AwsEc2Instance": {"IpV4Addresses": ["10.0.0.5", "54.1.2.3"], "VpcId": "vpc-1", "Type": "m3"}}},
                {"Type": "AwsIamAccessKey", "Id": "AWS::IAM::AccessKey:AKIAIOSFODNN7EXAMPLE",
                 "Details": {"AwsIamAccessKey": {"PrincipalName": "bert", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}}},
                {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::bucket"}],
            "Custom": "kept"
        })
    }

    #[test]
    fn a_finding_with_everything() {
        let document = document();
        let object = document.as_object().expect("an object");
        assert_eq!(detect(object), 100);
        let alert = alerts(FORMAT.read, object).remove(0);
        assert_eq!((alert.severity, alert.status, alert.product.as_str()), (Severity::Medium, AlertStatus::New, "guardduty"));
        assert_eq!(alert.tactics, ["InitialAccess"]);
        let expected = [
            "account",
            "amazon-resource",
            "file",
            "file",
            "filehash",
            "host",
            "ip",
            "ip",
            "ip",
            "ip",
            "ip",
            "malware",
            "network-connection",
            "process",
        ];
        assert_eq!(entities(&alert), expected);
        assert_eq!(alert.extended["Custom"], "kept");
        assert_eq!(alert.modified.map(|time| time.to_string()).as_deref(), Some("2020-10-22T05:00:00Z"));
    }

    /// The source of a connection is its source, whichever way it goes; the user of a key is the one that GuardDuty and CloudTrail name.
    #[test]
    fn sides_of_connections_and_users_of_keys() {
        let finding = json!({
            "SchemaVersion": "2018-10-08", "Id": "f1", "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
            "GeneratorId": "g", "AwsAccountId": "123456789012", "Types": ["TTPs/Command and Control/Backdoor"], "CreatedAt": "2024-03-05T00:11:00.000Z",
            "UpdatedAt": "2024-03-05T00:12:00.000Z", "Severity": {"Label": "HIGH"}, "Title": "C&C", "Description": "d",
            "Network": {"Direction": "OUT", "Protocol": "TCP", "SourceIpV4": "10.0.5.6", "SourcePort": 5555, "DestinationIpV4": "203.0.113.66"},
            "Resources": [{"Type": "AwsIamAccessKey", "Id": "AWS::IAM::AccessKey:AKIAX", "Partition": "aws", "Region": "eu-west-1",
                "Details": {"AwsIamAccessKey": {"UserName": "eve", "PrincipalType": "IAMUser", "PrincipalId": "AIDAEVE"}}}]
        });
        let alert = alerts(FORMAT.read, finding.as_object().expect("an object")).remove(0);
        let mut sides: Vec<_> = alert
            .entities
            .iter()
            .filter(|e| e.entity.kind.as_str() == "ip")
            .map(|e| (e.entity.label.as_str(), e.role.as_deref()))
            .collect();
        sides.sort_unstable();
        assert_eq!(sides, [("10.0.5.6", Some("source")), ("203.0.113.66", Some("destination"))]);
        let account = alert.entities.iter().find(|e| e.entity.kind.as_str() == "account").expect("who has the key");
        let keys: Vec<_> = account.entity.keys.strong.iter().map(|key| key.as_str()).collect();
        assert_eq!(keys, ["accesskeyid=akiax", "amazonresourceid=arn:aws:iam::123456789012:user/eve"]);
    }

    #[test]
    fn envelopes_hold_many_and_archived_is_dismissed() {
        let mut archived = document();
        archived["RecordState"] = json!("ARCHIVED");
        archived["Severity"] = json!({"Label": "CRITICAL", "Normalized": 10});
        let envelope = json!({"source": "aws.securityhub", "detail-type": "Security Hub Findings - Imported", "detail": {"findings": [document(), archived]}});
        let object = envelope.as_object().expect("an object");
        assert_eq!(detect(object), 100);
        let read = alerts(FORMAT.read, object);
        assert_eq!(read.len(), 2);
        assert_eq!((read[1].status, read[1].severity), (AlertStatus::Dismissed, Severity::Critical));
        assert!((FORMAT.read)(&Object::new(), &context()).is_err());
    }
}
