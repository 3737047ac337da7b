//! Entities as evidence of Graph: one object each, its type told by `@odata.type`.

use serde_json::{Map, Value, json};

use crate::http::dialects::defender::camel;
use crate::ingest::value::{self, text_of};
use crate::model::Object;
use crate::query::details::EvidenceRow;

/// Types of evidence by kind of entity; other kinds have none of their own.
const TYPES: [(&str, &str); 34] = [
    ("account", "user"),
    ("host", "device"),
    ("ip", "ip"),
    ("url", "url"),
    ("file", "file"),
    ("filehash", "fileHash"),
    ("process", "process"),
    ("dns", "dns"),
    ("registry-key", "registryKey"),
    ("registry-value", "registryValue"),
    ("azure-resource", "azureResource"),
    ("amazon-resource", "amazonResource"),
    ("gcp-resource", "googleCloudResource"),
    ("cloud-application", "cloudApplication"),
    ("oauth-application", "oauthApplication"),
    ("cloud-logon-session", "cloudLogonSession"),
    ("cloud-logon-request", "cloudLogonRequest"),
    ("host-logon-session", "hostLogonSession"),
    ("mailbox", "mailbox"),
    ("mail-message", "analyzedMessage"),
    ("mail-cluster", "mailCluster"),
    ("submissionmail", "submissionMail"),
    ("malware", "malware"),
    ("security-group", "securityGroup"),
    ("blob", "blob"),
    ("blob-container", "blobContainer"),
    ("container", "container"),
    ("container-image", "containerImage"),
    ("container-registry", "containerRegistry"),
    ("k8s-cluster", "kubernetesCluster"),
    ("k8s-pod", "kubernetesPod"),
    ("iotdevice", "ioTDevice"),
    ("nic", "nic"),
    ("service-principal", "servicePrincipal"),
];

/// The entities that an alert names itself.
pub(super) fn list(entities: &[EvidenceRow], created: &Value) -> Value {
    entities.iter().filter(|entity| !entity.nested).map(|entity| one(entity, created)).collect()
}

fn one(entity: &EvidenceRow, created: &Value) -> Value {
    let kind = TYPES.iter().find(|(kind, _)| *kind == entity.kind).map(|(_, name)| *name);
    let name = kind.map_or_else(|| "alert".to_owned(), str::to_owned);
    let mut members = specific(&entity.kind, &entity.properties);
    let own = |name: &str| value::first(&entity.properties, &[name]).cloned();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("@odata.type", format!("#microsoft.graph.security.{name}Evidence").into());
    put("createdDateTime", created.clone());
    put("verdict", own("Verdict").unwrap_or_else(|| "unknown".into()));
    put("remediationStatus", own("RemediationStatus").unwrap_or_else(|| "none".into()));
    put("remediationStatusDetails", Value::Null);
    put("roles", own("Roles").unwrap_or_else(|| entity.role.iter().cloned().collect()));
    put("detailedRoles", own("DetailedRoles").unwrap_or_else(|| json!([])));
    put("tags", own("Tags").unwrap_or_else(|| json!([])));
    Value::Object(members)
}

/// The members of a type; kinds without a shape of their own keep their properties in camel case.
fn specific(kind: &str, properties: &Object) -> Map<String, Value> {
    let text = |names: &[&str]| text_of(properties, names).map_or(Value::Null, |text| text.into_owned().into());
    let made = |value: Value| if let Value::Object(members) = value { members } else { Map::new() };
    match kind {
        "account" => made(json!({"userAccount": account(properties)})),
        "host" => made(json!({
            "deviceDnsName": dns_name(properties),
            "hostName": text(&["HostName"]),
            "ntDomain": text(&["NTDomain"]),
            "mdeDeviceId": text(&["MdeDeviceId", "DeviceId"]),
            "azureAdDeviceId": text(&["AadDeviceId"]),
            "osPlatform": text(&["OSFamily", "OsPlatform"]),
            "version": text(&["OSVersion"]),
            "vmMetadata": {"resourceId": text(&["AzureID"]), "vmId": text(&["VmId"])},
            "ipInterfaces": [],
            "loggedOnUsers": [],
        })),
        "ip" => made(json!({"ipAddress": text(&["Address"]), "countryLetterCode": country(properties)})),
        "url" => made(json!({"url": text(&["Url"])})),
        "dns" => made(json!({"domainName": text(&["DomainName"])})),
        "file" => made(json!({"fileDetails": file(properties), "detectionStatus": null, "mdeDeviceId": null})),
        "filehash" => made(json!({"algorithm": text(&["Algorithm"]), "value": text(&["Value"])})),
        "process" => made(json!({
            "processId": value::first(properties, &["ProcessId"]).and_then(value::integer),
            "processCommandLine": text(&["CommandLine"]),
            "processCreationDateTime": text(&["CreationTimeUtc"]),
            "imageFile": file(properties),
            "userAccount": null,
            "mdeDeviceId": null,
        })),
        "registry-key" => made(json!({"registryHive": text(&["Hive"]), "registryKey": text(&["Key"])})),
        "registry-value" => made(json!({
            "registryHive": text(&["Hive"]), "registryKey": text(&["Key"]), "registryValue": text(&["Value"]),
            "registryValueName": text(&["Name"]), "registryValueType": text(&["ValueType"]),
        })),
        "azure-resource" => made(json!({
            "resourceId": text(&["ResourceId"]), "resourceName": text(&["ResourceName"]), "resourceType": text(&["ResourceType"]),
        })),
        "amazon-resource" => made(json!({
            "amazonResourceId": text(&["AmazonResourceId"]), "amazonAccountId": text(&["AmazonAccountId"]),
            "resourceName": text(&["ResourceName"]), "resourceType": text(&["ResourceType"]),
        })),
        "cloud-application" => made(json!({
            "appId": value::first(properties, &["AppId"]).and_then(value::integer), "displayName": text(&["AppName", "Name"]),
            "instanceId": value::first(properties, &["InstanceId"]).and_then(value::integer), "instanceName": text(&["InstanceName"]),
        })),
        "mailbox" => made(json!({
            "primaryAddress": text(&["MailboxPrimaryAddress", "PrimaryAddress"]), "displayName": text(&["DisplayName"]),
            "upn": text(&["Upn"]), "userAccount": account(properties),
        })),
        "mail-message" => made(json!({
            "networkMessageId": text(&["NetworkMessageId"]), "internetMessageId": text(&["InternetMessageId"]),
            "subject": text(&["Subject"]), "recipientEmailAddress": text(&["Recipient"]), "senderIp": text(&["SenderIP"]),
            "p1Sender": {"emailAddress": text(&["P1Sender"])}, "p2Sender": {"emailAddress": text(&["P2Sender", "Sender"])},
            "deliveryAction": text(&["DeliveryAction"]), "deliveryLocation": text(&["DeliveryLocation"]),
        })),
        "security-group" => made(json!({"displayName": text(&["DistinguishedName"]), "securityGroupId": text(&["ObjectGuid", "SID"])})),
        _ => properties.iter().map(|(name, value)| (camel(name), value.clone())).collect(),
    }
}

fn account(properties: &Object) -> Value {
    let text = |names: &[&str]| text_of(properties, names).map(std::borrow::Cow::into_owned);
    let principal = text(&["UserPrincipalName"]).or_else(|| Some(format!("{}@{}", text(&["Name"])?, text(&["UPNSuffix"])?)));
    json!({
        "accountName": text(&["Name"]), "domainName": text(&["NTDomain", "DnsDomain"]), "userSid": text(&["Sid"]),
        "azureAdUserId": text(&["AadUserId"]), "userPrincipalName": principal, "displayName": text(&["DisplayName"]),
    })
}

fn dns_name(properties: &Object) -> Option<String> {
    let text = |name: &str| text_of(properties, &[name]).map(std::borrow::Cow::into_owned);
    let host = text("HostName").or_else(|| text("NetBiosName"))?;
    Some(match text("DnsDomain") {
        Some(domain) => format!("{host}.{domain}"),
        None => host,
    })
}

fn country(properties: &Object) -> Value {
    let location = value::first(properties, &["Location"]).map(value::parsed);
    let code = location.as_deref().and_then(Value::as_object).and_then(|location| text_of(location, &["CountryCode"]));
    code.map_or(Value::Null, |code| code.into_owned().into())
}

fn file(properties: &Object) -> Value {
    let text = |names: &[&str]| text_of(properties, names).map(std::borrow::Cow::into_owned);
    json!({
        "fileName": text(&["Name"]), "filePath": text(&["Directory"]), "sha1": text(&["Sha1"]), "sha256": text(&["Sha256"]),
        "md5": text(&["Md5"]), "fileSize": value::first(properties, &["SizeInBytes"]).and_then(value::integer),
        "filePublisher": text(&["Publisher"]), "issuer": text(&["Issuer"]), "signer": text(&["Signer"]),
    })
}
