//! Which table the rows of a source belong to, by their own names, by what only one source writes, by their columns.

use std::sync::Arc;

use crate::catalog::tables;
use crate::ingest::decode::Limits;
use crate::ingest::decode::scan::{Member, scan};

use super::layout::identifier;
use super::{cell, is_table_name, zeek};

/// How rows of one shape find their table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// All go to this one.
    Fixed(Arc<str>),
    /// Windows events: by their channel.
    Channel(Channels),
    /// Rows of several tables with the columns of all: by those that have a value.
    Values,
    /// Zeek: by the log that the member of this name holds.
    Stream(&'static str),
    /// To none that is known.
    Unknown,
}

/// The tables of Windows events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    security: Arc<str>,
    others: Arc<str>,
}

const CHANNEL_KEYS: [&[u8]; 4] = [b"Channel", b"channel", b"log_name", b"winlog.channel"];

impl Route {
    /// All rows go to one table.
    pub(crate) fn fixed(table: Arc<str>) -> Self {
        Self::Fixed(table)
    }

    /// Finds the way for rows like this one.
    ///
    /// `keys` are the columns of the source, `named` the table that the row names itself.
    pub(crate) fn find(raw: &[u8], members: &[Member], keys: &[&str], named: Option<Arc<str>>, source: &str) -> Self {
        let has = |name: &str| keys.contains(&name);
        if let Some(table) = named {
            return Self::Fixed(table);
        }
        if (has("@stream") || has("_path")) && has("ts") {
            return Self::Stream(if has("@stream") { "@stream" } else { "_path" });
        }
        if has("Date (UTC)") && has("Username") && has("Application") {
            let quiet = source.to_ascii_lowercase().replace(['-', '_', ' '], "").contains("noninteractive");
            return Self::Fixed(if quiet { "AADNonInteractiveUserSignInLogs" } else { "SigninLogs" }.into());
        }
        if has("Date (UTC)") && has("Activity") && has("ActorType") {
            return Self::Fixed("AuditLogs".into());
        }
        if has("MESSAGE") && (has("__REALTIME_TIMESTAMP") || has("_SOURCE_REALTIME_TIMESTAMP") || has("SYSLOG_IDENTIFIER")) {
            return Self::Fixed("Syslog".into());
        }
        let file = source.rsplit(['/', '\\']).next().unwrap_or_default();
        if zeek::is_zeek(has, file) {
            return Self::Fixed(format!("Zeek_{}", zeek::log(has, file).unwrap_or("other")).into());
        }
        if ["EventID", "event_id", "winlog", "Event", "System", "winlog.event_id"].into_iter().any(has) && channel(raw, members).is_some() {
            return Self::Channel(Channels { security: "SecurityEvent".into(), others: "WindowsEvent".into() });
        }
        if has("eventName") && has("eventSource") && (has("eventVersion") || has("awsRegion") || has("userIdentity")) {
            return Self::Fixed("AWSCloudTrail".into());
        }
        if has("insightDetails") && has("eventVersion") && has("awsRegion") {
            return Self::Fixed("AWSCloudTrail".into());
        }
        // Athena knows no case.
        if has("eventname") && has("eventsource") && has("useridentity") {
            return Self::Fixed("AWSCloudTrail".into());
        }
        if is_office(has) {
            return Self::Fixed("OfficeActivity".into());
        }
        if has("operationName") && (has("eventDataId") || (has("caller") && has("authorization")))
            || has("operation_name") && has("event_data_id")
        {
            return Self::Fixed("AzureActivity".into());
        }
        let plain: Vec<String> = keys.iter().map(|key| identifier(super::plain_name(key))).collect();
        let of_all = tables::table_by_columns(plain.iter().map(String::as_str), std::iter::empty());
        // Exports of several tables at once write every column into every row: there those with a value tell.
        if by_values(raw, members).is_some_and(|table| of_all.is_none_or(|all| all.name != table)) && keys.len() == members.len() {
            return Self::Values;
        }
        if let Some(table) = of_all {
            return Self::Fixed(table.name.clone());
        }
        // The name of a file says something only if the columns do not contradict it.
        match tables::table_prefix(file) {
            Some(table) if plain.iter().filter(|key| table.column(key).is_some()).count() >= 2 => Self::Fixed(table.name.clone()),
            _ => Self::Unknown,
        }
    }

    /// The table of a row.
    pub(crate) fn table(&self, raw: &[u8], members: &[Member]) -> Option<Arc<str>> {
        match self {
            Self::Fixed(table) => Some(table.clone()),
            Self::Channel(channels) => {
                let channel = channel(raw, members)?;
                Some(if channel.eq_ignore_ascii_case("security") { channels.security.clone() } else { channels.others.clone() })
            }
            Self::Values => by_values(raw, members),
            Self::Stream(key) => {
                let member = members.iter().find(|member| member.key(raw) == key.as_bytes())?;
                let name = format!("Zeek_{}", cell::plain_text(member.value(raw))?.to_ascii_lowercase());
                is_table_name(&name).then(|| name.into())
            }
            Self::Unknown => None,
        }
    }
}

/// Whether records with these columns are of the audit log of Microsoft 365: from its API, from a search in the portal or
/// in PowerShell, or from Graph.
fn is_office(has: impl Fn(&str) -> bool) -> bool {
    let api = has("Workload") && has("Operation") && (has("RecordType") || has("CreationTime"));
    let search = has("AuditData") && (has("Operation") || has("Operations")) && (has("CreationDate") || has("RecordType"));
    api || search || (has("auditData") && has("auditLogRecordType"))
}

/// The table by the columns of a row that have a value; of two that fit equally the one that knows more of the others.
fn by_values(raw: &[u8], members: &[Member]) -> Option<Arc<str>> {
    let name = |member: &Member| identifier(super::plain_name(&String::from_utf8_lossy(member.key(raw))));
    let filled = |member: &&Member| !matches!(member.value(raw), b"null" | b"\"\"");
    let with: Vec<String> = members.iter().filter(filled).map(name).collect();
    let without: Vec<String> = members.iter().filter(|member| !filled(member)).map(name).collect();
    let table = tables::table_by_columns(with.iter().map(String::as_str), without.iter().map(String::as_str))?;
    // The tables of logons have the columns of other actions; the action itself tells.
    let action = members.iter().find(|member| member.key(raw) == b"ActionType").and_then(|member| cell::plain_text(member.value(raw)));
    match (&*table.name, action) {
        ("IdentityLogonEvents", Some(action)) if !action.starts_with("Logon") => Some(super::table_name("IdentityDirectoryEvents")),
        _ => Some(table.name.clone()),
    }
}

/// The channel of a Windows event: at the top, in `winlog`, in `System` or `Event.System`.
fn channel(raw: &[u8], members: &[Member]) -> Option<String> {
    let text = |raw: &[u8], members: &[Member]| {
        let member = members.iter().find(|member| CHANNEL_KEYS.contains(&member.key(raw)))?;
        cell::plain_text(member.value(raw)).map(str::to_owned)
    };
    text(raw, members).or_else(|| {
        let inside = |raw: &[u8], members: &[Member], key: &[u8]| {
            let value = members.iter().find(|member| member.key(raw) == key).map(|member| member.value(raw).to_vec())?;
            let mut inner = Vec::new();
            scan(&value, &Limits::default(), &mut inner).ok()?;
            Some((value, inner))
        };
        if let Some((winlog, inner)) = inside(raw, members, b"winlog") {
            return text(&winlog, &inner);
        }
        if let Some((system, inner)) = inside(raw, members, b"System") {
            return text(&system, &inner);
        }
        let (event, inner) = inside(raw, members, b"Event")?;
        let (system, inner) = inside(&event, &inner, b"System")?;
        text(&system, &inner)
    })
}
