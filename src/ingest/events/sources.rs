//! What sources of the field call columns of a table, and where their rows say when they happened.

/// How the rows of one table are read.
#[derive(Debug)]
pub(super) struct Source {
    tables: &'static [&'static str],
    /// Whether its rows are Windows events, in the writing of many collectors.
    pub(super) windows: bool,
    /// Key of the document and name of the column; `*` spreads the members, nothing drops it.
    names: &'static [(&'static str, &'static str)],
    /// Columns by which a row is dated if it has no `TimeGenerated`, best first.
    pub(super) times: &'static [&'static str],
}

impl Source {
    /// The column that a key stands for, where it differs.
    pub(super) fn renamed(&self, key: &str) -> Option<&'static str> {
        let windows = if self.windows { WINDOWS_NAMES } else { &[] };
        let mut names = self.names.iter().chain(windows).chain(&COMMON);
        names.find(|(from, _)| *from == key).map(|(_, to)| *to)
    }
}

const COMMON: [(&str, &str); 1] = [("$table", "")];

/// Windows events as collectors write them: NXLog, Winlogbeat, evtx dumps.
const WINDOWS_NAMES: &[(&str, &str)] = &[
    ("Hostname", "Computer"),
    ("host_name", "Computer"),
    ("computer_name", "Computer"),
    ("event_id", "EventID"),
    ("channel", "Channel"),
    ("log_name", "Channel"),
    ("RecordNumber", "EventRecordId"),
    ("EventRecordID", "EventRecordId"),
    ("record_id", "EventRecordId"),
    ("record_number", "EventRecordId"),
    ("ProcessID", "SystemProcessId"),
    ("ExecutionProcessID", "SystemProcessId"),
    ("ThreadID", "SystemThreadId"),
    ("UserID", "SystemUserId"),
    ("type", "_type"),
    ("message", "Message"),
    ("winlog", "*"),
    ("event_data", "*"),
    ("EventData", "*"),
    ("Event", "*"),
    ("System", "*"),
    ("#attributes", "*"),
    ("SystemTime", "TimeCreated"),
    ("user_data", "*"),
];

/// The same, with the column of the provider that `SecurityEvent` has.
const SECURITY_NAMES: &[(&str, &str)] = &[("SourceName", "EventSourceName"), ("provider_name", "EventSourceName")];

const PROVIDER_NAMES: &[(&str, &str)] = &[("SourceName", "Provider"), ("provider_name", "Provider"), ("Source", "Provider")];

const AWS_NAMES: &[(&str, &str)] = &[
    ("eventTime", "TimeGenerated"),
    ("eventID", "AwsEventId"),
    ("requestID", "AwsRequestId_"),
    ("eventType", "EventTypeName"),
    ("eventCategory", "Category"),
    ("sharedEventID", "SharedEventId"),
    ("userIdentity", "*"),
    ("userIdentity.type", "UserIdentityType"),
    ("userIdentity.principalId", "UserIdentityPrincipalid"),
    ("userIdentity.arn", "UserIdentityArn"),
    ("userIdentity.accountId", "UserIdentityAccountId"),
    ("userIdentity.accessKeyId", "UserIdentityAccessKeyId"),
    ("userIdentity.userName", "UserIdentityUserName"),
    ("userIdentity.invokedBy", "UserIdentityInvokedBy"),
    ("userIdentity.userId", "UserIdentityUserId"),
    ("userIdentity.identityStoreArn", "UserIdentityStoreArn"),
    ("userIdentity.sessionContext", "*"),
    ("sessionContext.sessionIssuer", "*"),
    ("sessionContext.attributes", "*"),
    ("sessionIssuer.type", "SessionIssuerType"),
    ("sessionIssuer.principalId", "SessionIssuerPrincipalId"),
    ("sessionIssuer.arn", "SessionIssuerArn"),
    ("sessionIssuer.accountId", "SessionIssuerAccountId"),
    ("sessionIssuer.userName", "SessionIssuerUserName"),
    ("attributes.creationDate", "SessionCreationDate"),
    ("attributes.mfaAuthenticated", "SessionMfaAuthenticated"),
    ("sessionContext.ec2RoleDelivery", "EC2RoleDelivery"),
    ("tlsDetails", "*"),
    ("tlsDetails.tlsVersion", "TlsVersion"),
    ("tlsDetails.cipherSuite", "CipherSuite"),
    ("tlsDetails.clientProvidedHostHeader", "ClientProvidedHostHeader"),
];

/// Where rows of any source say when they happened.
const TIMES: &[&str] = &[
    "Timestamp",
    "TimeCreated",
    "_timestamp",
    "ts",
    "EventTimeUtc",
    "eventTime",
    "event_time",
    "CreatedDateTime",
    "ActivityDateTime",
    "TimeCreatedUtc",
    "time",
    "Time",
    "datetime",
    "date",
    "StartTime",
    "StartTimeUtc",
    "FlowStartTime",
    "EventStartTime",
    "EventTime",
    "UtcTime",
    "ReceiptTime",
    "CreationTime",
    "created_at",
    "CreationDate",
];

/// Sources with tables of their own; the last one is for all other tables.
const SOURCES: &[Source] = &[
    Source { tables: &["SecurityEvent"], windows: true, names: SECURITY_NAMES, times: TIMES },
    Source { tables: &["WindowsEvent"], windows: true, names: PROVIDER_NAMES, times: TIMES },
    Source { tables: &["Event"], windows: true, names: &[], times: TIMES },
    Source { tables: &["AWSCloudTrail"], windows: false, names: AWS_NAMES, times: TIMES },
    // The id of the process that wrote the line is another thing than the process of an event inside it.
    Source { tables: &["Syslog"], windows: false, names: &[("ProcessId", "SysmonProcessId")], times: TIMES },
    Source { tables: &[], windows: false, names: &[], times: TIMES },
];

/// How rows of a table are read.
pub(super) fn of(table: &str) -> &'static Source {
    SOURCES.iter().find(|source| source.tables.contains(&table)).unwrap_or(&SOURCES[SOURCES.len() - 1])
}
