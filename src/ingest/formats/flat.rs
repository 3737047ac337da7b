//! Entities of Defender XDR that stand in one flat row: `/api/incidents` entities and rows of `AlertEvidence`.
//!
//! Both write the parts of several entities beside each other (a process, its file, its account, its device). Names are
//! matched in any case, so that one list serves both spellings.

use std::ops::{Deref, DerefMut};

use hashbrown::HashMap;
use serde_json::Value;

use crate::catalog::entities;
use crate::ingest::identify::{EntityList, Place, parts};
use crate::ingest::value;
use crate::model::{Object, Role};

/// Names of the catalog, each with the names by which a row may call it.
type Names = &'static [(&'static str, &'static [&'static str])];

/// Members under the catalog's names: pairs of a name and the names by which the row may call it.
fn select(row: &Object, names: Names) -> Object {
    let chosen = names.iter().filter_map(|(name, writings)| Some(((*name).to_owned(), value::first(row, writings)?.clone())));
    chosen.collect()
}

const ACCOUNT: Names = &[
    ("Name", &["accountName"]),
    ("NTDomain", &["domainName", "accountDomain"]),
    ("Sid", &["userSid", "accountSid"]),
    ("AadUserId", &["aadUserId", "accountObjectId", "azureAdUserId"]),
    ("UserPrincipalName", &["userPrincipalName", "accountUpn"]),
    ("DisplayName", &["displayName", "accountDisplayName"]),
];
const HOST: Names = &[
    ("Fqdn", &["deviceDnsName", "deviceName", "hostName"]),
    ("MdeDeviceId", &["mdatpDeviceId", "mdeDeviceId", "deviceId"]),
    ("AadDeviceId", &["aadDeviceId", "azureAdDeviceId"]),
    ("OSFamily", &["osPlatform"]),
    ("OSVersion", &["version"]),
    ("HealthStatus", &["healthStatus"]),
    ("RiskScore", &["riskScore"]),
    ("OnboardingStatus", &["onboardingStatus"]),
    ("RbacGroupName", &["rbacGroupName"]),
    ("VmMetadata", &["vmMetadata"]),
];
const OTHERS: &[(&str, Names)] = &[
    ("url", &[("Url", &["url", "remoteUrl"])]),
    ("registry-key", &[("Hive", &["registryHive"]), ("Key", &["registryKey"])]),
    (
        "registry-value",
        &[
            ("Hive", &["registryHive"]),
            ("RegistryKey", &["registryKey"]),
            ("Name", &["registryValueName"]),
            ("Value", &["registryValue", "registryValueData"]),
            ("ValueType", &["registryValueType"]),
        ],
    ),
    (
        "mail-message",
        &[
            ("NetworkMessageId", &["networkMessageId"]),
            ("InternetMessageId", &["internetMessageId"]),
            ("Recipient", &["recipient", "recipientEmailAddress", "accountUpn"]),
            ("Sender", &["sender", "senderFromAddress", "senderAddress"]),
            ("Subject", &["subject", "emailSubject"]),
            ("DeliveryAction", &["deliveryAction"]),
            ("DeliveryLocation", &["deliveryLocation"]),
        ],
    ),
    (
        "mailbox",
        &[
            ("MailboxPrimaryAddress", &["mailboxAddress", "accountUpn"]),
            ("DisplayName", &["mailboxDisplayName"]),
            ("AadId", &["aadUserId", "accountObjectId"]),
        ],
    ),
    (
        "mail-cluster",
        &[
            ("ClusterBy", &["clusterBy"]),
            ("ClusterByValue", &["clusterByValue"]),
            ("Query", &["query", "clusterByValue", "emailClusterId"]),
            ("MailCount", &["emailCount"]),
            ("Source", &["source"]),
        ],
    ),
    ("security-group", &[("ObjectGuid", &["securityGroupId", "accountObjectId"]), ("DisplayName", &["securityGroupName", "accountName"])]),
    ("cloud-application", &[("AppId", &["applicationId"]), ("Name", &["applicationName", "application"])]),
    ("oauth-application", &[("OAuthAppId", &["oAuthApplicationId", "applicationId"]), ("Name", &["applicationName", "application"])]),
    ("azure-resource", &[("ResourceId", &["resourceId", "cloudResource"])]),
    ("amazon-resource", &[("AmazonResourceId", &["cloudResource", "resourceId"])]),
    ("gcp-resource", &[("FullResourceName", &["cloudResource", "resourceId"])]),
    ("malware", &[("Name", &["threatFamily", "malwareName"])]),
];

/// A list whose devices are found again by their ids and names, however many it has.
#[derive(Default)]
pub(super) struct FlatList {
    list: EntityList,
    devices: HashMap<String, Place>,
}

impl FlatList {
    /// The list itself.
    pub(super) fn into_list(self) -> EntityList {
        self.list
    }
}

impl Deref for FlatList {
    type Target = EntityList;

    fn deref(&self) -> &EntityList {
        &self.list
    }
}

impl DerefMut for FlatList {
    fn deref_mut(&mut self) -> &mut EntityList {
        &mut self.list
    }
}

/// Adds the device that a row names; the same device of one list is one place.
pub(super) fn add_device(list: &mut FlatList, row: &Object, nested: bool) -> Option<Place> {
    let properties = select(row, HOST);
    // The id decides; a name does where the row has no id.
    let name = ["MdeDeviceId", "Fqdn"].iter().find_map(|property| value::text(properties.get(*property)?).map(|text| text.to_lowercase()));
    if let Some(place) = name.as_ref().and_then(|name| list.devices.get(name)).copied() {
        list.fill(place, properties);
        return Some(place);
    }
    let place = list.add_evidence("host", properties, None, nested)?;
    if let Some(name) = name {
        list.devices.insert(name, place);
    }
    Some(place)
}

/// Adds the entity of a row, with the ones that describe it, and returns its place.
pub(super) fn add(list: &mut FlatList, kind: &str, row: &Object, role: Option<Role>) -> Option<Place> {
    let kind = entities::kind_named(cloud_kind(kind, row).unwrap_or(kind));
    let host = if kind.as_str() == "host" { None } else { device_of(list, row) };
    let place = match kind.as_str() {
        "host" => {
            let place = add_device(list, row, false)?;
            role.into_iter().for_each(|role| list.set_role(place, role));
            return Some(place);
        }
        "account" => list.add_evidence("account", select(row, ACCOUNT), role, false),
        "ip" => add_address(list, row, role),
        "file" => add_file(list, row, host, role, false),
        "process" => add_process(list, row, host, role),
        name => match OTHERS.iter().find(|(known, _)| *known == name) {
            Some((_, names)) => list.add_evidence(name, select(row, names), role, false),
            None => list.add_evidence(name, without_bookkeeping(row), role, false),
        },
    }?;
    refer_host(list, place, host);
    for (property, writings) in
        [("Verdict", &["verdict"][..]), ("RemediationStatus", &["remediationStatus"]), ("DetectionStatus", &["detectionStatus"])]
    {
        if let Some(value) = value::first(row, writings) {
            list.fill(place, Object::from_iter([(property.to_owned(), value.clone())]));
        }
    }
    Some(place)
}

/// The kind of what a row calls a resource of some cloud.
fn cloud_kind(kind: &str, row: &Object) -> Option<&'static str> {
    if !kind.eq_ignore_ascii_case("CloudResource") {
        return None;
    }
    let id = value::text_of(row, &["cloudResource", "resourceId"])?;
    Some(match id.as_ref() {
        arn if arn.starts_with("arn:") => "amazon-resource",
        path if path.get(..15).is_some_and(|head| head.eq_ignore_ascii_case("/subscriptions/")) => "azure-resource",
        name if name.starts_with("//") || name.starts_with("projects/") => "gcp-resource",
        _ => return None,
    })
}

/// The device of a row whose entity is something else.
pub(super) fn device_of(list: &mut FlatList, row: &Object) -> Option<Place> {
    value::first(row, &["deviceId", "mdatpDeviceId", "mdeDeviceId", "deviceName", "deviceDnsName"])?;
    add_device(list, row, true)
}

/// Ties what lives on a host to the host: files, processes and registry always, accounts where only the host tells them apart.
pub(super) fn refer_host(list: &mut FlatList, place: Place, host: Option<Place>) {
    let Some(host) = host else { return };
    let on_host = matches!(list.kind(place).as_str(), "file" | "process" | "registry-value" | "account");
    if on_host && !list.refers(place, "Host") {
        list.refer(place, "Host", host);
    }
}

fn add_address(list: &mut FlatList, row: &Object, role: Option<Role>) -> Option<Place> {
    let text = value::text_of(row, &["ipAddress", "remoteIP", "localIP"])?;
    let properties = parts::ip(&text).unwrap_or_else(|| Object::from_iter([("Address".to_owned(), text.into())]));
    list.add_evidence("ip", properties, role, false)
}

fn add_file(list: &mut FlatList, row: &Object, host: Option<Place>, role: Option<Role>, nested: bool) -> Option<Place> {
    let name = value::text_of(row, &["fileName"]).unwrap_or_default();
    let directory = value::text_of(row, &["filePath", "folderPath"]).unwrap_or_default();
    let mut properties = parts::file_named(&directory, &name).unwrap_or_default();
    properties.extend(select(row, &[("SizeInBytes", &["fileSize"]), ("FilePublisher", &["filePublisher"]), ("Signer", &["signer"])]));
    let digests = ["sha256", "sha1", "md5"].map(|name| value::text_of(row, &[name]).and_then(|text| parts::hash(&text)));
    if properties.is_empty() && digests.iter().all(Option::is_none) {
        return None;
    }
    if properties.is_empty() {
        // Only digests: they are all that is known of the file.
        let mut places = digests
            .into_iter()
            .flatten()
            .filter_map(|digest| list.add_evidence("filehash", digest, role.clone(), nested))
            .collect::<Vec<_>>();
        return (!places.is_empty()).then(|| places.swap_remove(0));
    }
    let place = list.add_evidence("file", properties, role, nested)?;
    for digest in digests.into_iter().flatten() {
        if let Some(hash) = list.add_evidence("filehash", digest, None, true) {
            list.refer(place, "FileHashes", hash);
        }
    }
    refer_host(list, place, host);
    Some(place)
}

/// Adds the file that an object of its own describes (`fileDetails`, `imageFile`).
pub(super) fn add_file_object(list: &mut FlatList, file: &Object, host: Option<Place>, role: Option<Role>, nested: bool) -> Option<Place> {
    add_file(list, file, host, role, nested)
}

/// Adds the account that an object of its own describes (`userAccount`).
pub(super) fn add_account_object(list: &mut FlatList, account: &Object, role: Option<Role>, nested: bool) -> Option<Place> {
    list.add_evidence("account", select(account, ACCOUNT), role, nested)
}

const PROCESS: Names = &[
    ("ProcessId", &["processId"]),
    ("CommandLine", &["processCommandLine"]),
    ("CreationTimeUtc", &["processCreationTime", "processCreationDateTime"]),
];
const PARENT: Names =
    &[("ProcessId", &["parentProcessId"]), ("CreationTimeUtc", &["parentProcessCreationTime", "parentProcessCreationDateTime"])];

fn add_process(list: &mut FlatList, row: &Object, host: Option<Place>, role: Option<Role>) -> Option<Place> {
    let place = list.add_evidence("process", select(row, PROCESS), role, false)?;
    refer_host(list, place, host);
    let image = match value::object_at(row, &["imageFile"]) {
        Some(image) => add_file(list, image, host, None, true),
        None => add_file(list, row, host, None, true),
    };
    if let Some(image) = image {
        list.refer(place, "ImageFile", image);
    }
    let account = value::object_at(row, &["userAccount"]).unwrap_or(row);
    if let Some(account) = list.add_evidence("account", select(account, ACCOUNT), None, true) {
        refer_host(list, account, host);
        list.refer(place, "Account", account);
    }
    if let Some(parent) = list.add_evidence("process", select(row, PARENT), None, true) {
        refer_host(list, parent, host);
        list.refer(place, "ParentProcess", parent);
        let image = match value::object_at(row, &["parentProcessImageFile"]) {
            Some(image) => add_file(list, image, host, None, true),
            None => {
                let name = value::text_of(row, &["parentProcessFileName"]).unwrap_or_default();
                let directory = value::text_of(row, &["parentProcessFilePath"]).unwrap_or_default();
                parts::file_named(&directory, &name).and_then(|file| list.add_evidence("file", file, None, true))
            }
        };
        if let Some(image) = image {
            list.refer(parent, "ImageFile", image);
        }
    }
    Some(place)
}

/// What a row says of an entity whose kind has no list of names here.
fn without_bookkeeping(row: &Object) -> Object {
    const NAMES: [&str; 12] = [
        "entityType",
        "evidenceCreationTime",
        "alertId",
        "timestamp",
        "timeGenerated",
        "tenantId",
        "type",
        "evidenceRole",
        "evidenceDirection",
        "@odata.type",
        "createdDateTime",
        "roles",
    ];
    let members =
        row.iter().filter(|(name, value)| !value::is_absent(value) && !NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)));
    members.map(|(name, value): (&String, &Value)| (name.clone(), value.clone())).collect()
}
