//! What sources of the field call columns of a table, and where their rows say when they happened.

/// How the rows of one table are read.
#[derive(Debug)]
pub(super) struct Source {
    tables: &'static [&'static str],
    /// Whether its rows are Windows events, in the writing of many collectors.
    pub(super) windows: bool,
    /// Key of the document and name of the column; `*` spreads the members under the key's name, `**` under their own, nothing
    /// drops it.
    names: &'static [(&'static str, &'static str)],
    /// The same for keys whose value is an object, where that is another column.
    objects: &'static [(&'static str, &'static str)],
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

    /// Keys whose members are cells under their own names.
    pub(super) fn flat(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().filter(|(_, to)| *to == "**").map(|(from, _)| *from)
    }

    /// The column that a key stands for if its value is an object, where that is another one.
    pub(super) fn renamed_object(&self, key: &str) -> Option<&'static str> {
        self.objects.iter().find(|(from, _)| *from == key).map(|(_, to)| *to)
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
    ("xmlns", ""),
    ("user_data", "*"),
    ("ExtraEventData", "*"),
    // The diagnostics extension of Azure.
    ("Pid", "SystemProcessId"),
    ("Tid", "SystemThreadId"),
];

/// The same, with the column of the provider that `SecurityEvent` has.
const SECURITY_NAMES: &[(&str, &str)] = &[
    ("SourceName", "EventSourceName"),
    ("provider_name", "EventSourceName"),
    ("Provider", "EventSourceName"),
    ("ProviderName", "EventSourceName"),
];

const PROVIDER_NAMES: &[(&str, &str)] =
    &[("SourceName", "Provider"), ("provider_name", "Provider"), ("Source", "Provider"), ("ProviderName", "Provider")];

const AWS_NAMES: &[(&str, &str)] = &[
    ("eventtime", "TimeGenerated"),
    ("eventid", "AwsEventId"),
    ("requestid", "AwsRequestId_"),
    ("eventtype", "EventTypeName"),
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

/// Records of diagnostic settings; what stands in `properties` counts more than what stands around it.
const AZURE_NAMES: &[(&str, &str)] = &[
    ("time", "TimeGenerated"),
    ("properties", "**"),
    ("tenantId", "AADTenantId"),
    // The download of the portal.
    ("Date (UTC)", "TimeGenerated"),
    ("Request ID", "Id"),
    ("Correlation ID", "CorrelationId"),
    ("User ID", "UserId"),
    ("User", "UserDisplayName"),
    ("Username", "UserPrincipalName"),
    ("User type", "UserType"),
    ("User agent", "UserAgent"),
    ("Application", "AppDisplayName"),
    ("Application ID", "AppId"),
    ("Resource", "ResourceDisplayName"),
    ("Resource ID", "ResourceIdentity"),
    ("IP address", "IPAddress"),
    ("Sign-in error code", "ResultType"),
    ("Failure reason", "ResultDescription"),
    ("Client app", "ClientAppUsed"),
    ("Conditional Access", "ConditionalAccessStatus"),
    ("Authentication requirement", "AuthenticationRequirement"),
    ("Multifactor authentication result", "MfaResult"),
    ("Service principal ID", "ServicePrincipalId"),
    ("Service principal name", "ServicePrincipalName"),
];

/// Column that every download of the portal has.
pub(super) const DOWNLOAD_TIME: &str = "Date (UTC)";

/// Words of the portal's downloads that name other columns where rows come from elsewhere.
pub(super) const DOWNLOAD_WORDS: [&str; 4] = ["Activity", "Application", "Resource", "User"];

/// Logs of resources, which a key vault or a gateway writes.
const DIAGNOSTIC_NAMES: &[(&str, &str)] =
    &[("time", "TimeGenerated"), ("properties", "**"), ("tenantId", "AADTenantId"), ("resourceId", "_ResourceId")];

const AUDIT_NAMES: &[(&str, &str)] = &[
    ("time", "TimeGenerated"),
    ("properties", "**"),
    ("tenantId", "AADTenantId"),
    ("operationType", "AADOperationType"),
    ("Date (UTC)", "TimeGenerated"),
    ("Activity", "OperationName"),
    ("Service", "LoggedByService"),
    ("ActorUserPrincipalName", "InitiatingUserOrApp"),
    ("IPAddress", "InitiatingIpAddress"),
];

/// A sign-in tells its result as a number beside the `status` that explains it, and so does its place.
const SIGN_IN_OBJECTS: &[(&str, &str)] = &[("location", "LocationDetails")];

const ACTIVITY_NAMES: &[(&str, &str)] = &[
    ("time", "TimeGenerated"),
    ("eventTimestamp", "TimeGenerated"),
    ("submissionTimestamp", "EventSubmissionTimestamp"),
    ("operationName", "OperationNameValue"),
    ("operationName.value", "OperationNameValue"),
    ("operationName.localizedValue", "OperationName"),
    ("category", "CategoryValue"),
    ("category.value", "CategoryValue"),
    ("category.localizedValue", "Category"),
    ("resultType", "ActivityStatusValue"),
    ("status", "ActivityStatusValue"),
    ("status.value", "ActivityStatusValue"),
    ("status.localizedValue", "ActivityStatus"),
    ("resultSignature", "ActivitySubstatusValue"),
    ("subStatus", "ActivitySubstatusValue"),
    ("subStatus.value", "ActivitySubstatusValue"),
    ("subStatus.localizedValue", "ActivitySubstatus"),
    ("resourceProviderName", "ResourceProviderValue"),
    ("resourceProviderName.value", "ResourceProviderValue"),
    ("resourceProviderName.localizedValue", "ResourceProvider"),
    ("resourceGroupName", "ResourceGroup"),
    ("identity.authorization", "Authorization_d"),
    ("identity.claims", "Claims_d"),
    // What the library for Python writes.
    ("event_timestamp", "TimeGenerated"),
    ("submission_timestamp", "EventSubmissionTimestamp"),
    ("event_data_id", "EventDataId"),
    ("operation_id", "OperationId"),
    ("correlation_id", "CorrelationId"),
    ("subscription_id", "SubscriptionId"),
    ("tenant_id", "TenantId"),
    ("resource_id", "ResourceId"),
    ("resource_group_name", "ResourceGroup"),
    ("http_request", "HTTPRequest"),
    ("operation_name", "OperationNameValue"),
    ("operation_name.value", "OperationNameValue"),
    ("operation_name.localized_value", "OperationName"),
    ("category.localized_value", "Category"),
    ("status.localized_value", "ActivityStatus"),
    ("sub_status", "ActivitySubstatusValue"),
    ("sub_status.value", "ActivitySubstatusValue"),
    ("sub_status.localized_value", "ActivitySubstatus"),
    ("resource_provider_name", "ResourceProviderValue"),
    ("resource_provider_name.value", "ResourceProviderValue"),
    ("resource_provider_name.localized_value", "ResourceProvider"),
];

const ACTIVITY_OBJECTS: &[(&str, &str)] = &[
    ("operation_name", "*"),
    ("sub_status", "*"),
    ("resource_provider_name", "*"),
    ("operationName", "*"),
    ("category", "*"),
    ("status", "*"),
    ("subStatus", "*"),
    ("resourceProviderName", "*"),
    ("identity", "*"),
    ("authorization", "Authorization_d"),
    ("claims", "Claims_d"),
    ("properties", "Properties_d"),
];

/// The audit log of Microsoft 365 as its API, PowerShell, the portal and Graph write it.
const OFFICE_NAMES: &[(&str, &str)] = &[
    ("CreationTime", "TimeGenerated"),
    ("CreationDate", "TimeGenerated"),
    ("createdDateTime", "TimeGenerated"),
    ("creationtime", "TimeGenerated"),
    ("Workload", "OfficeWorkload"),
    ("workload", "OfficeWorkload"),
    ("service", "OfficeWorkload"),
    ("Id", "OfficeId"),
    ("id", "OfficeId"),
    ("RecordId", "OfficeId"),
    ("ObjectId", "OfficeObjectId"),
    ("objectId", "OfficeObjectId"),
    ("ClientIPAddress", "Client_IPAddress"),
    ("UserIds", "UserId"),
    ("Operations", "Operation"),
    ("auditLogRecordType", "RecordType"),
    ("AuditData", "**"),
    ("auditData", "**"),
];

const STORAGE_NAMES: &[(&str, &str)] = &[
    ("time", "TimeGenerated"),
    ("properties", "**"),
    ("identity", "*"),
    ("identity.type", "AuthenticationType"),
    ("identity.tokenHash", "AuthenticationHash"),
    ("identity.requester", "*"),
    ("requester.appId", "RequesterAppId"),
    ("requester.objectId", "RequesterObjectId"),
    ("requester.tenantId", "RequesterTenantId"),
    ("requester.upn", "RequesterUpn"),
    ("resourceId", "_ResourceId"),
];

/// Lines of syslog as the journal of systemd writes them in JSON.
const SYSLOG_NAMES: &[(&str, &str)] = &[
    ("ProcessId", "SysmonProcessId"),
    ("__REALTIME_TIMESTAMP", "TimeGenerated"),
    ("_SOURCE_REALTIME_TIMESTAMP", "EventTime"),
    ("_HOSTNAME", "Computer"),
    ("MESSAGE", "SyslogMessage"),
    ("MESSAGE_ID", "JournalMessageId"),
    ("SYSLOG_IDENTIFIER", "ProcessName"),
    ("_PID", "ProcessID"),
    ("PRIORITY", "SeverityLevel"),
    ("SYSLOG_FACILITY", "Facility"),
];

/// Tables of diagnostic settings of Entra ID: sign-ins.
const SIGN_INS: &[&str] = &[
    "SigninLogs",
    "AADNonInteractiveUserSignInLogs",
    "AADServicePrincipalSignInLogs",
    "AADManagedIdentitySignInLogs",
    "ADFSSignInLogs",
    "MicrosoftServicePrincipalSignInLogs",
];

/// Tables of the other diagnostic settings.
const AZURE: &[&str] = &[
    "AADProvisioningLogs",
    "AADRiskyUsers",
    "AADUserRiskEvents",
    "AADRiskyServicePrincipals",
    "AADServicePrincipalRiskEvents",
    "EnrichedOffice365AuditLogs",
    "GraphNotificationsActivityLogs",
    "IntuneAuditLogs",
    "IntuneDeviceComplianceOrg",
    "IntuneDevices",
    "IntuneOperationalLogs",
    "MicrosoftGraphActivityLogs",
    "NetworkAccessTraffic",
    "RemoteNetworkHealthLogs",
    "Windows365AuditLogs",
];

/// Where rows of any source say when they happened.
const TIMES: &[&str] = &[
    "Timestamp",
    "TimeCreated",
    "_timestamp",
    "_time",
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

const PLAIN: Source = Source { tables: &[], windows: false, names: &[], objects: &[], times: TIMES };

/// Zeek's addresses and ports may stand in an object of their own.
const ZEEK: Source = Source { names: &[], objects: &[("id", "*")], ..PLAIN };

/// Sources with tables of their own.
const SOURCES: &[Source] = &[
    Source { tables: &["SecurityEvent"], windows: true, names: SECURITY_NAMES, ..PLAIN },
    Source { tables: &["WindowsEvent"], windows: true, names: PROVIDER_NAMES, ..PLAIN },
    Source { tables: &["Event"], windows: true, ..PLAIN },
    Source { tables: &["AWSCloudTrail"], names: AWS_NAMES, ..PLAIN },
    Source { tables: &["AWSVPCFlow"], times: &["Start", "End", "Timestamp"], ..PLAIN },
    // The id of the process that wrote the line is another thing than the process of an event inside it.
    Source { tables: &["Syslog"], names: SYSLOG_NAMES, ..PLAIN },
    Source { tables: SIGN_INS, names: AZURE_NAMES, objects: SIGN_IN_OBJECTS, ..PLAIN },
    Source { tables: &["AuditLogs"], names: AUDIT_NAMES, ..PLAIN },
    Source { tables: AZURE, names: AZURE_NAMES, ..PLAIN },
    Source { tables: &["AzureDiagnostics"], names: DIAGNOSTIC_NAMES, ..PLAIN },
    Source { tables: &["AzureActivity"], names: ACTIVITY_NAMES, objects: ACTIVITY_OBJECTS, ..PLAIN },
    Source { tables: &["OfficeActivity"], names: OFFICE_NAMES, ..PLAIN },
    Source { tables: &["StorageBlobLogs", "StorageFileLogs", "StorageQueueLogs", "StorageTableLogs"], names: STORAGE_NAMES, ..PLAIN },
];

/// How rows of a table are read.
pub(super) fn of(table: &str) -> &'static Source {
    let zeek = table.starts_with("Zeek_").then_some(&ZEEK);
    SOURCES.iter().find(|source| source.tables.contains(&table)).or(zeek).unwrap_or(&PLAIN)
}
