//! Kinds of entities in the dialect, and how our properties are named there. Plain tables.

/// A kind of the dialect with its properties: ours, then theirs.
pub(super) struct RestKind {
    /// The kind, with exact capitals: clients drop the properties of any other.
    pub(super) kind: &'static str,
    /// Our name of a property and the dialect's.
    pub(super) properties: &'static [(&'static str, &'static str)],
    /// Property of ours that refers to another entity, the dialect's name for its id, and whether there may be several.
    pub(super) references: &'static [(&'static str, &'static str, bool)],
}

/// The kind of the dialect that stands for one of ours; kinds that it has no word for become the nearest one.
pub(super) fn rest_kind(kind: &str) -> &'static str {
    if let Some(rest) = crate::catalog::entities::kind(kind).and_then(|kind| kind.rest) {
        return rest;
    }
    match kind {
        "service-principal" | "github-user" | "ai-agent" => "Account",
        "oauth-application" => "CloudApplication",
        "active-directory-domain" => "SecurityGroup",
        "mailbox-configuration" => "Mailbox",
        "bookmark" => "Bookmark",
        _ => "AzureResource",
    }
}

/// Our kind of a kind of the dialect or of `EntityType`, which spells four of them in another way.
pub(super) fn own_kind(rest: &str) -> Option<&'static str> {
    let same = |known: &str| known.eq_ignore_ascii_case(rest);
    if same("DNS") || same("DnsResolution") {
        return Some("dns");
    }
    crate::catalog::entities::kinds().iter().find(|kind| kind.rest.is_some_and(same)).map(|kind| kind.name)
}

/// The word of `EntityType` for a kind of the dialect.
pub(super) fn entity_type(rest: &str) -> &str {
    match rest {
        "DnsResolution" => "DNS",
        "Ip" => "IP",
        "Url" => "URL",
        "Bookmark" => "HuntingBookmark",
        other => other,
    }
}

/// The properties of a kind of the dialect.
pub(super) fn table(rest: &str) -> &'static RestKind {
    KINDS.iter().find(|known| known.kind == rest).unwrap_or(&KINDS[0])
}

const KINDS: &[RestKind] = &[
    RestKind { kind: "AzureResource", properties: &[("ResourceId", "resourceId"), ("SubscriptionId", "subscriptionId")], references: &[] },
    RestKind {
        kind: "Account",
        properties: &[
            ("Name", "accountName"),
            ("NTDomain", "ntDomain"),
            ("DnsDomain", "dnsDomain"),
            ("UPNSuffix", "upnSuffix"),
            ("Sid", "sid"),
            ("AadTenantId", "aadTenantId"),
            ("AadUserId", "aadUserId"),
            ("PUID", "puid"),
            ("IsDomainJoined", "isDomainJoined"),
            ("DisplayName", "displayName"),
            ("ObjectGuid", "objectGuid"),
        ],
        references: &[("Host", "hostEntityId", false)],
    },
    RestKind {
        kind: "Host",
        properties: &[
            ("DnsDomain", "dnsDomain"),
            ("NTDomain", "ntDomain"),
            ("HostName", "hostName"),
            ("NetBiosName", "netBiosName"),
            ("AzureID", "azureID"),
            ("OMSAgentID", "omsAgentID"),
            ("OSFamily", "osFamily"),
            ("OSVersion", "osVersion"),
            ("IsDomainJoined", "isDomainJoined"),
        ],
        references: &[],
    },
    RestKind {
        kind: "Ip",
        properties: &[("Address", "address"), ("Location", "location"), ("ThreatIntelligence", "threatIntelligence")],
        references: &[],
    },
    RestKind { kind: "Url", properties: &[("Url", "url")], references: &[] },
    RestKind {
        kind: "File",
        properties: &[("Directory", "directory"), ("Name", "fileName")],
        references: &[("Host", "hostEntityId", false), ("FileHashes", "fileHashEntityIds", true)],
    },
    RestKind { kind: "FileHash", properties: &[("Algorithm", "algorithm"), ("Value", "hashValue")], references: &[] },
    RestKind {
        kind: "Process",
        properties: &[
            ("ProcessId", "processId"),
            ("CommandLine", "commandLine"),
            ("ElevationToken", "elevationToken"),
            ("CreationTimeUtc", "creationTimeUtc"),
        ],
        references: &[
            ("ImageFile", "imageFileEntityId", false),
            ("Account", "accountEntityId", false),
            ("ParentProcess", "parentProcessEntityId", false),
            ("Host", "hostEntityId", false),
            ("LogonSession", "hostLogonSessionEntityId", false),
        ],
    },
    RestKind {
        kind: "CloudApplication",
        properties: &[("AppId", "appId"), ("Name", "appName"), ("InstanceName", "instanceName")],
        references: &[],
    },
    RestKind {
        kind: "DnsResolution",
        properties: &[("DomainName", "domainName")],
        references: &[
            ("IpAddress", "ipAddressEntityIds", true),
            ("DnsServerIp", "dnsServerIpEntityId", false),
            ("HostIpAddress", "hostIpAddressEntityId", false),
        ],
    },
    RestKind {
        kind: "Malware",
        properties: &[("Name", "malwareName"), ("Category", "category")],
        references: &[("Files", "fileEntityIds", true), ("Processes", "processEntityIds", true)],
    },
    RestKind { kind: "RegistryKey", properties: &[("Hive", "hive"), ("Key", "key")], references: &[] },
    RestKind {
        kind: "RegistryValue",
        properties: &[("Name", "valueName"), ("Value", "valueData"), ("ValueType", "valueType")],
        references: &[("Key", "keyEntityId", false)],
    },
    RestKind {
        kind: "SecurityGroup",
        properties: &[("DistinguishedName", "distinguishedName"), ("SID", "sid"), ("ObjectGuid", "objectGuid")],
        references: &[],
    },
    RestKind {
        kind: "IoTDevice",
        properties: &[
            ("DeviceId", "deviceId"),
            ("DeviceName", "deviceName"),
            ("Owners", "owners"),
            ("DeviceType", "deviceType"),
            ("DeviceSubType", "deviceSubType"),
            ("Source", "source"),
            ("Manufacturer", "vendor"),
            ("Model", "model"),
            ("OperatingSystem", "operatingSystem"),
            ("MacAddress", "macAddress"),
            ("Protocols", "protocols"),
            ("SerialNumber", "serialNumber"),
            ("Site", "site"),
            ("Zone", "zone"),
            ("Sensor", "sensor"),
            ("Importance", "importance"),
            ("PurdueLayer", "purdueLayer"),
            ("IsProgramming", "isProgramming"),
            ("IsAuthorized", "isAuthorized"),
            ("IsScanner", "isScanner"),
        ],
        references: &[("IoTHub", "iotHubEntityId", false), ("IpAddress", "ipAddressEntityId", false), ("Nics", "nicEntityIds", true)],
    },
    RestKind {
        kind: "Nic",
        properties: &[("MacAddress", "macAddress"), ("Vlans", "vlans")],
        references: &[("IpAddress", "ipAddressEntityId", false)],
    },
    RestKind {
        kind: "Mailbox",
        properties: &[
            ("MailboxPrimaryAddress", "mailboxPrimaryAddress"),
            ("DisplayName", "displayName"),
            ("Upn", "upn"),
            ("ExternalDirectoryObjectId", "externalDirectoryObjectId"),
        ],
        references: &[],
    },
    RestKind {
        kind: "MailCluster",
        properties: &[
            ("NetworkMessageIds", "networkMessageIds"),
            ("CountByDeliveryStatus", "countByDeliveryStatus"),
            ("CountByThreatType", "countByThreatType"),
            ("CountByProtectionStatus", "countByProtectionStatus"),
            ("Threats", "threats"),
            ("Query", "query"),
            ("QueryTime", "queryTime"),
            ("MailCount", "mailCount"),
            ("IsVolumeAnomaly", "isVolumeAnomaly"),
            ("Source", "source"),
        ],
        references: &[],
    },
    RestKind {
        kind: "MailMessage",
        properties: &[
            ("Recipient", "recipient"),
            ("Urls", "urls"),
            ("Threats", "threats"),
            ("Sender", "p1Sender"),
            ("P1Sender", "p1Sender"),
            ("P1SenderDisplayName", "p1SenderDisplayName"),
            ("P1SenderDomain", "p1SenderDomain"),
            ("P2Sender", "p2Sender"),
            ("P2SenderDisplayName", "p2SenderDisplayName"),
            ("P2SenderDomain", "p2SenderDomain"),
            ("SenderIP", "senderIP"),
            ("ReceivedDate", "receiveDate"),
            ("NetworkMessageId", "networkMessageId"),
            ("InternetMessageId", "internetMessageId"),
            ("Subject", "subject"),
            ("Language", "language"),
            ("ThreatDetectionMethods", "threatDetectionMethods"),
            ("AntispamDirection", "antispamDirection"),
            ("DeliveryAction", "deliveryAction"),
            ("DeliveryLocation", "deliveryLocation"),
        ],
        references: &[("Files", "fileEntityIds", true)],
    },
    RestKind {
        kind: "SubmissionMail",
        properties: &[
            ("SubmissionId", "submissionId"),
            ("SubmissionDate", "submissionDate"),
            ("Submitter", "submitter"),
            ("NetworkMessageId", "networkMessageId"),
            ("Timestamp", "timestamp"),
            ("Recipient", "recipient"),
            ("Sender", "sender"),
            ("SenderIp", "senderIp"),
            ("Subject", "subject"),
            ("ReportType", "reportType"),
        ],
        references: &[],
    },
];

/// What each kind of property must be for typed clients; a value that is not becomes additional data.
pub(super) enum Shape {
    Text,
    Flag,
    Number,
    Texts,
    Time,
    Any,
}

/// The shape of a property of the dialect.
pub(super) fn shape(property: &str) -> Shape {
    match property {
        "isDomainJoined" | "isVolumeAnomaly" | "isProgramming" | "isAuthorized" | "isScanner" => Shape::Flag,
        "appId" | "mailCount" => Shape::Number,
        "creationTimeUtc" | "queryTime" | "receiveDate" | "submissionDate" | "timestamp" => Shape::Time,
        "owners" | "protocols" | "networkMessageIds" | "threats" | "urls" | "threatDetectionMethods" | "vlans" => Shape::Texts,
        "location" | "threatIntelligence" | "countByDeliveryStatus" | "countByThreatType" | "countByProtectionStatus" => Shape::Any,
        _ => Shape::Text,
    }
}
