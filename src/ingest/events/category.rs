//! Which table a record of a stream or of an Azure diagnostic setting belongs to, by its category and its resource.

use std::sync::Arc;

use crate::catalog::tables;
use crate::ingest::decode::Limits;
use crate::ingest::decode::scan::scan;

use super::{cell, is_table_name, table_name};

/// How a record `{time, category, properties, ..}` is a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Its `properties` alone are the row: the rest only says how it was sent.
    Properties(Arc<str>),
    /// All of it is the row: address, result and caller stand beside the `properties`.
    Whole(Arc<str>),
}

/// Categories whose table has another name.
const NAMED: [(&str, &str); 16] = [
    ("NonInteractiveUserSignInLogs", "AADNonInteractiveUserSignInLogs"),
    ("ServicePrincipalSignInLogs", "AADServicePrincipalSignInLogs"),
    ("ManagedIdentitySignInLogs", "AADManagedIdentitySignInLogs"),
    ("ProvisioningLogs", "AADProvisioningLogs"),
    ("RiskyUsers", "AADRiskyUsers"),
    ("UserRiskEvents", "AADUserRiskEvents"),
    ("RiskyServicePrincipals", "AADRiskyServicePrincipals"),
    ("ServicePrincipalRiskEvents", "AADServicePrincipalRiskEvents"),
    ("NetworkAccessTrafficLogs", "NetworkAccessTraffic"),
    ("OperationalLogs", "IntuneOperationalLogs"),
    ("DeviceComplianceOrg", "IntuneDeviceComplianceOrg"),
    ("Devices", "IntuneDevices"),
    ("Administrative", "AzureActivity"),
    ("ServiceHealth", "AzureActivity"),
    ("ResourceHealth", "AzureActivity"),
    ("Autoscale", "AzureActivity"),
];

/// Categories that already are the name of a table which the catalog does not hold.
const TABLES: [&str; 6] = [
    "ADFSSignInLogs",
    "EnrichedOffice365AuditLogs",
    "GraphNotificationsActivityLogs",
    "MicrosoftServicePrincipalSignInLogs",
    "RemoteNetworkHealthLogs",
    "Windows365AuditLogs",
];

/// Categories of the activity log that other sources use as well: there the resource must be one of a subscription.
const ACTIVITY: [&str; 7] = ["Alert", "Security", "Recommendation", "Policy", "Write", "Delete", "Action"];

/// Finds the row in a record; `resource` is the id of the resource that wrote it, `properties` the text of that member.
pub(crate) fn record(category: &str, resource: Option<&str>, properties: Option<&[u8]>) -> Option<Record> {
    if let Some(table) = category.strip_prefix("AdvancedHunting-") {
        return is_table_name(table).then(|| Record::Properties(table_name(table)));
    }
    // Windows events that the diagnostics extension of a machine sends.
    if category.eq_ignore_ascii_case("WindowsEventLogsTable") {
        let security = properties.is_some_and(|text| channel(text).is_some_and(|name| name.eq_ignore_ascii_case("security")));
        return Some(Record::Properties(table_name(if security { "SecurityEvent" } else { "WindowsEvent" })));
    }
    let resource = resource.unwrap_or_default().to_ascii_lowercase();
    let named = |name: &str| Some(Record::Whole(table_name(name)));
    if category.eq_ignore_ascii_case("AuditLogs") {
        let intune = properties.is_some_and(|text| text.windows(14).any(|part| part == b"\"AuditEventId\""));
        return named(if intune { "IntuneAuditLogs" } else { "AuditLogs" });
    }
    if let Some((_, table)) = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(category)) {
        return named(table);
    }
    if let Some(table) = TABLES.iter().find(|name| name.eq_ignore_ascii_case(category)) {
        return named(table);
    }
    if ["StorageRead", "StorageWrite", "StorageDelete"].contains(&category) {
        let services =
            [("/fileservices", "StorageFileLogs"), ("/queueservices", "StorageQueueLogs"), ("/tableservices", "StorageTableLogs")];
        return named(services.iter().find(|(service, _)| resource.contains(service)).map_or("StorageBlobLogs", |(_, table)| table));
    }
    if ACTIVITY.contains(&category) && resource.starts_with("/subscriptions/") {
        return named("AzureActivity");
    }
    if let Some(table) = tables::table(category) {
        return Some(Record::Whole(table.name.clone()));
    }
    match () {
        () if resource.contains("/microsoft.aadiam") => named("AuditLogs"),
        () if properties.is_some() && (resource.contains("/providers/") || category == "AuditEvent") => named("AzureDiagnostics"),
        () => None,
    }
}

/// The channel of a Windows event that stands in the members of an object.
fn channel(properties: &[u8]) -> Option<&str> {
    let mut members = Vec::new();
    scan(properties, &Limits::default(), &mut members).ok()?;
    let member = members.iter().find(|member| member.key(properties) == b"Channel")?;
    cell::plain_text(member.value(properties))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_name_tables() {
        const VAULT: &str = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V";
        const FILES: &str = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/s/fileServices/default";
        let cases = [
            ("AdvancedHunting-DeviceEvents", None, "row DeviceEvents"),
            ("SignInLogs", None, "whole SigninLogs"),
            ("NonInteractiveUserSignInLogs", None, "whole AADNonInteractiveUserSignInLogs"),
            ("RiskyUsers", None, "whole AADRiskyUsers"),
            ("Administrative", None, "whole AzureActivity"),
            ("Policy", Some("/subscriptions/0/resourceGroups/g"), "whole AzureActivity"),
            ("Policy", None, "none"),
            ("AuditEvent", Some(VAULT), "whole AzureDiagnostics"),
            ("StorageDelete", Some(FILES), "whole StorageFileLogs"),
            ("StorageRead", None, "whole StorageBlobLogs"),
            ("UserManagement", None, "none"),
        ];
        for (category, resource, expected) in cases {
            let found = match record(category, resource, Some(b"{}")) {
                Some(Record::Properties(table)) => format!("row {table}"),
                Some(Record::Whole(table)) => format!("whole {table}"),
                None => "none".to_owned(),
            };
            assert_eq!(found, expected, "{category}");
        }
        assert_eq!(
            record("WindowsEventLogsTable", None, Some(br#"{"EventId": 1, "Channel": "Security"}"#)),
            Some(Record::Properties("SecurityEvent".into()))
        );
        assert_eq!(record("WindowsEventLogsTable", None, Some(b"{}")), Some(Record::Properties("WindowsEvent".into())));
        assert_eq!(record("AuditLogs", None, Some(br#"{"AuditEventId":"a"}"#)), Some(Record::Whole("IntuneAuditLogs".into())));
    }
}
