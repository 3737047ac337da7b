//! Activities: notable events of an entity, counted by hour, under a title that people read. A table of data.

use serde_json::{Map, Value, json};

/// What one activity counts.
pub(super) struct Activity {
    /// Its id.
    pub(super) id: &'static str,
    /// Kind of the entity that it takes.
    pub(super) input: &'static str,
    /// Title; `{{Count}}` is the number of events.
    pub(super) title: &'static str,
    /// Table of the events.
    pub(super) table: &'static str,
    /// Column and values of events that count; none takes every event.
    pub(super) only: Option<(&'static str, &'static [&'static str])>,
}

const fn activity(
    id: &'static str,
    input: &'static str,
    title: &'static str,
    table: &'static str,
    only: Option<(&'static str, &'static [&'static str])>,
) -> Activity {
    Activity { id, input, title, table, only }
}

/// The activities, those that say most of an event first: an event counts in the first one that takes it.
pub(super) const ALL: &[Activity] = &[
    activity(
        "d6d08c94-455f-4ea5-8f76-fc6c0c442cfa",
        "Account",
        "The account failed to log on {{Count}} times",
        "SecurityEvent",
        Some(("EventID", &["4625"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30001",
        "Account",
        "The account logged on {{Count}} times",
        "SecurityEvent",
        Some(("EventID", &["4624", "4648"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30002",
        "Account",
        "Special privileges were given to a logon of the account {{Count}} times",
        "SecurityEvent",
        Some(("EventID", &["4672"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30003",
        "Account",
        "The account was created, changed or deleted ({{Count}} events)",
        "SecurityEvent",
        Some(("EventID", &["4720", "4722", "4723", "4724", "4725", "4726", "4738", "4740"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30004",
        "Account",
        "Membership of groups changed {{Count}} times",
        "SecurityEvent",
        Some(("EventID", &["4728", "4732", "4756"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30005",
        "Account",
        "The account signed in {{Count}} times",
        "SigninLogs",
        Some(("ResultType", &["0"])),
    ),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30006", "Account", "Sign-ins of the account failed {{Count}} times", "SigninLogs", None),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30007",
        "Account",
        "The account did {{Count}} operations on Azure resources",
        "AzureActivity",
        None,
    ),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30008", "Account", "The account did {{Count}} operations in Office", "OfficeActivity", None),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30009",
        "Account",
        "The directory recorded {{Count}} changes by or of the account",
        "AuditLogs",
        None,
    ),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a3000a", "Account", "The account called AWS {{Count}} times", "AWSCloudTrail", None),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30010",
        "Host",
        "A service was installed on the host ({{Count}} events)",
        "SecurityEvent",
        Some(("EventID", &["4697", "7045"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30011",
        "Host",
        "A scheduled task was made on the host ({{Count}} events)",
        "SecurityEvent",
        Some(("EventID", &["4698"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30012",
        "Host",
        "The log of the host was cleared {{Count}} times",
        "SecurityEvent",
        Some(("EventID", &["1102"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30013",
        "Host",
        "Accounts were created or deleted on the host ({{Count}} events)",
        "SecurityEvent",
        Some(("EventID", &["4720", "4726"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30014",
        "Host",
        "{{Count}} processes were started on the host",
        "SecurityEvent",
        Some(("EventID", &["4688"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30015",
        "Host",
        "Logons on the host failed {{Count}} times",
        "SecurityEvent",
        Some(("EventID", &["4625"])),
    ),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30016",
        "Host",
        "There were {{Count}} logons on the host",
        "SecurityEvent",
        Some(("EventID", &["4624", "4648"])),
    ),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30017", "Host", "{{Count}} processes were started on the host", "DeviceProcessEvents", None),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30018", "Host", "The host had {{Count}} network connections", "DeviceNetworkEvents", None),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30020",
        "Ip",
        "Accounts signed in from the address {{Count}} times",
        "SigninLogs",
        Some(("ResultType", &["0"])),
    ),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30021", "Ip", "Sign-ins from the address failed {{Count}} times", "SigninLogs", None),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30022", "Ip", "{{Count}} operations in Office came from the address", "OfficeActivity", None),
    activity(
        "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30023",
        "Ip",
        "{{Count}} operations on Azure resources came from the address",
        "AzureActivity",
        None,
    ),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30024", "Ip", "Firewalls reported the address {{Count}} times", "CommonSecurityLog", None),
    activity("7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30025", "Ip", "DNS answers named the address {{Count}} times", "DnsEvents", None),
];

/// Stands for events of a table that no other activity takes.
pub(super) const OTHER: &str = "7b61c5b0-6f2c-4d6b-9a7f-1c8de0a30fff";

/// The activity that an event of a table counts in, with its title for a number of events.
pub(super) fn of_event(input: &str, table: &str, cell: impl Fn(&str) -> Option<String>) -> Option<&'static Activity> {
    ALL.iter().find(|activity| {
        activity.input == input
            && activity.table == table
            && activity.only.is_none_or(|(column, values)| cell(column).is_some_and(|value| values.contains(&value.as_str())))
    })
}

impl Activity {
    /// The title for a number of events.
    pub(super) fn titled(&self, count: u64) -> String {
        self.title.replace("{{Count}}", &count.to_string())
    }

    /// The activity as a template that clients list.
    pub(super) fn template(&self) -> Map<String, Value> {
        let condition = self.only.map_or_else(String::new, |(column, values)| format!(" | where {column} in ({})", values.join(", ")));
        let name = self.title.replace("{{Count}} ", "").replace(" ({{Count}} events)", "");
        Map::from_iter([
            ("title".to_owned(), Value::from(name)),
            ("content".to_owned(), self.title.into()),
            ("description".to_owned(), format!("Events of the table {} by hour", self.table).into()),
            ("queryDefinitions".to_owned(), json!({"query": format!("{}{condition}", self.table)})),
            ("inputEntityType".to_owned(), super::kinds::entity_type(self.input).into()),
            ("dataTypes".to_owned(), json!([{"dataType": self.table}])),
            ("requiredInputFieldsSets".to_owned(), json!([])),
            ("entitiesFilter".to_owned(), json!({})),
        ])
    }
}
