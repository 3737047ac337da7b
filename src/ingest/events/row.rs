//! One row: its members become typed cells of columns, it gets its time, and the rules of its table their say.

use std::cell::RefCell;
use std::sync::Arc;

use hashbrown::HashMap;
use serde_json::Value;

use crate::catalog::tables::{Column, ColumnType};
use crate::ingest::decode::scan::{Member, Stop, scan};
use crate::ingest::decode::{Limits, syslog_facility, syslog_severity};
use crate::ingest::{Reject, value};
use crate::model::{ColumnName, Event, Object, Time};

use super::cell::{self, Cell};
use super::layout::{ColumnNumber, Layout, Slot};
use super::message;
use super::reach;
use super::rules::TableRules;
use super::sources;

/// Column of the cells that are none of their column's type: an object of column and value.
pub const UNPARSED: &str = "_Unparsed";

/// Columns that members of one name fill: the name itself, and the name with a number.
const REPEATS_MAX: usize = 9;

/// Levels of nested members that become cells of their own.
const SPREAD_DEPTH: usize = 4;

/// Tables whose layout a thread remembers.
const LAYOUTS_MAX: usize = 512;

thread_local! {
    /// What was resolved before; the result of a read never depends on it.
    static LAYOUTS: RefCell<HashMap<Arc<str>, Layout>> = RefCell::new(HashMap::new());
}

/// Reads a row of a table.
pub(super) fn read(table: &Arc<str>, raw: &[u8]) -> Result<Event, Reject> {
    LAYOUTS.with_borrow_mut(|layouts| {
        if !layouts.contains_key(table) {
            if layouts.len() >= LAYOUTS_MAX {
                layouts.clear();
            }
            layouts.insert(table.clone(), Layout::new(table));
        }
        match layouts.get_mut(table) {
            Some(layout) => Reader::new(layout).read(raw),
            None => Err(Reject::new("table_unknown", format!("expected a table, found `{table}`"))),
        }
    })
}

/// Columns of `WindowsEvent` that the log itself fills, and what shippers add; the other cells are the event's own data.
const WINDOWS_SYSTEM: [&str; 49] = [
    "TimeGenerated",
    "AccountName",
    "AccountType",
    "ActivityID",
    "Channel",
    "Computer",
    "Correlation",
    "DeploymentId",
    "Domain",
    "EventID",
    "EventLevel",
    "EventLevelName",
    "EventOriginId",
    "EventReceivedTime",
    "EventRecordId",
    "EventTime",
    "EventType",
    "Hostname",
    "Keywords",
    "ManagementGroupName",
    "Message",
    "Opcode",
    "OpcodeValue",
    "Provider",
    "ProviderGuid",
    "RawEventData",
    "RawXml",
    "RelatedActivityID",
    "Role",
    "RoleInstance",
    "Severity",
    "SeverityValue",
    "SourceModuleName",
    "SourceModuleType",
    "SourceSystem",
    "SystemProcessId",
    "SystemThreadId",
    "SystemUserId",
    "Task",
    "TaskCategory",
    "TenantId",
    "TimeCreated",
    "TimeCreatedUtc",
    "Type",
    "Version",
    "host",
    "port",
    "tags",
    "type",
];

/// A row while it is read.
pub(super) struct Reader<'a> {
    layout: &'a mut Layout,
    pub(super) columns: Vec<(ColumnName, Value)>,
    unfit: Object,
    /// Whether a member counted more than what stands around it.
    flattened: bool,
}

impl<'a> Reader<'a> {
    fn new(layout: &'a mut Layout) -> Self {
        layout.begin();
        Self { layout, columns: Vec::new(), unfit: Object::new(), flattened: false }
    }

    fn read(mut self, raw: &[u8]) -> Result<Event, Reject> {
        let mut members = Vec::new();
        // The limits were kept when the document was taken in; here only the form counts.
        let limits = Limits { document_bytes: usize::MAX, depth: usize::MAX, members: usize::MAX, values: usize::MAX, ..Limits::default() };
        if let Err(Stop::Flaw { message, .. }) = scan(raw, &limits, &mut members) {
            return Err(Reject::new("json_invalid", message));
        }
        self.columns.reserve(members.len() + 2);
        self.layout.downloaded = members.iter().any(|member| member.key(raw) == sources::DOWNLOAD_TIME.as_bytes());
        for place in 0..self.layout.flat.len() {
            let key = self.layout.flat[place].as_bytes();
            if let Some(member) = members.iter().find(|member| member.key(raw) == key) {
                self.flatten(member.value(raw), &limits);
            }
        }
        for member in &members {
            let Ok(key) = std::str::from_utf8(member.key(raw)) else { continue };
            self.member("", key, member.value(raw), 0, &limits);
        }
        let table = self.layout.table.clone();
        message::spread(&table, &mut self);
        self.complete(&table);
        let time = self.time();
        if !self.unfit.is_empty() {
            self.columns.push((UNPARSED.into(), Value::Object(std::mem::take(&mut self.unfit))));
        }
        let (entities, mut links) = TableRules::of(&table).map_or_else(Default::default, |rules| rules.find(&self.columns));
        reach::label(&self.columns, &mut links);
        Ok(Event { table, time, columns: self.columns, entities, links })
    }

    /// Reads one member; `owner` is the name of the member that it stands in.
    fn member(&mut self, owner: &str, key: &str, raw: &[u8], depth: usize, limits: &Limits) {
        let unescaped;
        let key = if key.contains('\\') {
            unescaped = serde_json::from_str::<String>(&format!("\"{key}\"")).unwrap_or_else(|_| key.to_owned());
            &unescaped
        } else {
            key
        };
        let joined;
        let full = if owner.is_empty() || self.layout.source.windows {
            key
        } else {
            joined = format!("{owner}.{key}");
            &joined
        };
        let nested = raw.first() == Some(&b'{');
        let slot = if nested { self.layout.object_slot(full) } else { self.layout.slot(full) };
        if nested && depth < SPREAD_DEPTH {
            if matches!(slot, Slot::Spread) {
                // The dynamic column itself stays, besides the cells that its members become.
                let keeps = |column: &Column| column.kind == ColumnType::Dynamic || self.layout.source.windows;
                if self.layout.known.and_then(|table| table.column(key)).is_some_and(keeps) {
                    let slot = self.layout.column(key);
                    self.put(slot, raw);
                }
                return self.inner(key, raw, depth, limits);
            }
            if self.layout.source.windows && self.xml_value(key, raw) {
                return;
            }
        }
        if self.layout.source.windows && key == "Data" && raw.first() == Some(&b'[') && self.xml_list(raw) {
            return;
        }
        match slot {
            Slot::Cell(slot) => self.put(slot, raw),
            Slot::Drop => {}
            // Its members were read before, if it has any.
            Slot::Flat if nested || self.flattened => {}
            Slot::Flat | Slot::Spread => {
                let column = self.layout.column(key);
                self.put(column, raw);
                if matches!(slot, Slot::Spread) && depth < SPREAD_DEPTH {
                    self.inner_text(key, raw, depth, limits);
                }
            }
        }
    }

    /// Reads the members of an object that stands in a text, as tables and their exports keep the data of an event.
    fn inner_text(&mut self, owner: &str, raw: &[u8], depth: usize, limits: &Limits) {
        if !self.layout.source.windows || raw.first() != Some(&b'"') || raw.len() > message::MESSAGE_MAX {
            return;
        }
        let text = serde_json::from_slice::<String>(raw).unwrap_or_default();
        let text = text.trim();
        if text.starts_with('{') {
            self.inner(owner, text.as_bytes(), depth, limits);
        }
    }

    /// Reads the members of an object, or of one inside a text, as members of the row.
    fn flatten(&mut self, raw: &[u8], limits: &Limits) {
        let inside;
        let raw = if raw.first() == Some(&b'{') {
            raw
        } else {
            inside = serde_json::from_slice::<String>(raw).unwrap_or_default();
            inside.trim().as_bytes()
        };
        let mut members: Vec<Member> = Vec::new();
        if raw.first() != Some(&b'{') || scan(raw, limits, &mut members).is_err() {
            return;
        }
        for member in &members {
            if let Ok(key) = std::str::from_utf8(member.key(raw)) {
                self.member("", key, member.value(raw), 1, limits);
            }
        }
        self.flattened = true;
    }

    fn inner(&mut self, owner: &str, raw: &[u8], depth: usize, limits: &Limits) {
        let mut members: Vec<Member> = Vec::new();
        if scan(raw, limits, &mut members).is_err() {
            return;
        }
        for member in &members {
            if let Ok(key) = std::str::from_utf8(member.key(raw)) {
                self.member(owner, key, member.value(raw), depth + 1, limits);
            }
        }
    }

    /// An XML element that was turned into an object: `{"#text": 4624}`, `{"#attributes": {"SystemTime": ".."}}`.
    fn xml_value(&mut self, key: &str, raw: &[u8]) -> bool {
        // Some dumps write the attributes of an element beside it.
        let (key, apart) = key.strip_suffix("_attributes").map_or((key, false), |element| (element, true));
        let marked = apart || raw.windows(2).take(64).any(|pair| matches!(pair, b"\"#" | b"\"@"));
        if !marked && !["EventID", "TimeCreated", "Provider"].contains(&key) {
            return false;
        }
        let Ok(object) = serde_json::from_slice::<Object>(raw) else { return false };
        let attributes = object.get("#attributes").and_then(Value::as_object).unwrap_or(&object);
        let attribute = |name: &str| value::get(attributes, name).or_else(|| value::get(attributes, &format!("@{name}")));
        if ["Execution", "Security", "Correlation"].contains(&key) {
            let texts = ["ProcessID", "ThreadID", "UserID", "ActivityID", "RelatedActivityID"]
                .map(|name| (name, attribute(name).and_then(value::text)));
            for (name, text) in texts {
                if let Some(text) = text {
                    self.add(name, &text);
                }
            }
            return true;
        }
        let found = object.get("#text").or_else(|| ["SystemTime", "Name", "Value"].iter().find_map(|name| attribute(name)));
        let Some(found) = found else { return false };
        let slot = match self.layout.slot(key) {
            Slot::Cell(slot) => slot,
            _ => self.layout.column(key),
        };
        self.place(slot, cell::convert(found, self.layout.get(slot).kind));
        true
    }

    /// The data of an event as a list of named texts: `[{"@Name": "LogonType", "#text": "3"}]`.
    fn xml_list(&mut self, raw: &[u8]) -> bool {
        let Ok(items) = serde_json::from_slice::<Vec<Object>>(raw) else { return false };
        for item in &items {
            let (name, text) = (value::text_of(item, &["@Name", "Name"]), value::first(item, &["#text", "Value", "text", "_"]));
            let (Some(name), Some(text)) = (name, text) else { continue };
            if let Slot::Cell(slot) = self.layout.slot(&name) {
                self.place(slot, cell::convert(text, self.layout.get(slot).kind));
            }
        }
        !items.is_empty()
    }

    /// Puts the JSON text of a cell into its column.
    fn put(&mut self, slot: ColumnNumber, raw: &[u8]) {
        let cell = cell::read(raw, self.layout.get(slot).kind);
        self.place(slot, cell);
    }

    /// Puts a text from inside a message into a column, if the row has none there.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let Slot::Cell(slot) = self.layout.slot(name) else { return };
        let column = self.layout.get(slot);
        if self.get(&column.name).is_none() {
            let cell = cell::convert(&Value::from(text), column.kind);
            self.place(slot, cell);
        }
    }

    /// Gives a cell to another column, if that has none.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let (old, new) = (self.layout.column(from), self.layout.column(to));
        let (old_name, new_name) = (self.layout.get(old).name.clone(), self.layout.get(new).name.clone());
        if self.get(&new_name).is_none()
            && let Some((name, _)) = self.columns.iter_mut().find(|(name, _)| *name == old_name)
        {
            *name = new_name;
            self.layout.unmark(old);
            self.layout.mark(new);
        }
    }

    fn place(&mut self, slot: ColumnNumber, cell: Cell) {
        match cell {
            Cell::Absent => {}
            // Shippers write the name of the task where the log has its number.
            Cell::Unfit(Value::String(name)) if self.layout.source.windows && &*self.layout.get(slot).name == "Task" => {
                let slot = self.layout.column("TaskCategory");
                self.place(slot, Cell::Value(Value::String(name)));
            }
            Cell::Unfit(value) => self.keep_unfit(slot, value),
            Cell::Value(value) => {
                if self.layout.mark(slot) {
                    self.columns.push((self.layout.get(slot).name.clone(), value));
                } else {
                    self.repeated(slot, value);
                }
            }
        }
    }

    /// Two members for one column: the first stands, another value is kept beside it.
    fn repeated(&mut self, slot: ColumnNumber, value: Value) {
        if self.flattened {
            return;
        }
        let name = self.layout.get(slot).name.clone();
        if self.get(&name) == Some(&value) {
            return;
        }
        for number in 2..=REPEATS_MAX {
            let further = self.layout.column(&format!("{name}_{number}"));
            if self.layout.mark(further) {
                self.columns.push((self.layout.get(further).name.clone(), value));
                return;
            }
        }
        self.keep_unfit(slot, value);
    }

    /// Keeps a value that its column cannot hold; several of one column as a list.
    fn keep_unfit(&mut self, slot: ColumnNumber, value: Value) {
        match self.unfit.entry(self.layout.get(slot).name.to_string()) {
            serde_json::map::Entry::Vacant(entry) => drop(entry.insert(value)),
            serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(values) => values.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }

    /// The cell of a column.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.columns.iter().find(|(column, _)| &**column == name).map(|(_, value)| value)
    }

    /// The text of a column.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Adds the columns that Sentinel makes of others.
    fn complete(&mut self, table: &str) {
        match table {
            "SecurityEvent" => self.complete_security(),
            "WindowsEvent" => self.complete_windows(),
            "SigninLogs" | "AADNonInteractiveUserSignInLogs" => self.complete_sign_in(),
            "AuditLogs" => {
                if let Some(activity) = self.text("ActivityDisplayName") {
                    self.add("OperationName", &activity);
                }
            }
            "AzureActivity" => self.complete_activity(),
            "Syslog" => self.complete_syslog(),
            "AWSCloudTrail" => self.complete_call(),
            _ => {}
        }
    }

    /// A sign-in from Graph tells its result in `status` and its country in `location` only, one from the portal its result as a word.
    fn complete_sign_in(&mut self) {
        self.add_member("LocationDetails", &["countryOrRegion"], "Location");
        if self.text("Status").is_some_and(|word| word.eq_ignore_ascii_case("success")) {
            match self.text("ResultType") {
                None => self.add("ResultType", "0"),
                Some(code) if value::is_absent_text(&code) => self.replace("ResultType", "0".to_owned()),
                Some(_) => {}
            }
        }
        let Some(Value::Object(status)) = self.get("Status") else { return };
        let texts = [("errorCode", "ResultType"), ("failureReason", "ResultDescription")]
            .map(|(name, column)| (column, value::text_of(status, &[name]).map(std::borrow::Cow::into_owned)));
        for (column, text) in texts {
            if let Some(text) = text {
                self.add(column, &text);
            }
        }
    }

    /// A record of the activity log may tell who called, and from where, in its request and claims only, and of its resource no more than the id.
    fn complete_activity(&mut self) {
        const CALLERS: [&str; 4] = [
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "http://schemas.microsoft.com/identity/claims/objectidentifier",
            "appid",
        ];
        self.add_member("Claims_d", &CALLERS, "Caller");
        self.add_member("HTTPRequest", &["clientIpAddress", "client_ip_address"], "CallerIpAddress");
        self.add_member("Claims_d", &["ipaddr"], "CallerIpAddress");
        let Some(id) = self.text("ResourceId").filter(|id| id.starts_with('/')) else { return };
        self.add("_ResourceId", &id.to_lowercase());
        let steps: Vec<&str> = id.split('/').collect();
        for (word, column) in
            [("subscriptions", "SubscriptionId"), ("resourceGroups", "ResourceGroup"), ("providers", "ResourceProviderValue")]
        {
            if let Some(pair) = steps.windows(2).find(|pair| pair[0].eq_ignore_ascii_case(word) && !pair[1].is_empty()) {
                self.add(column, pair[1]);
            }
        }
    }

    /// Gives a column the first of the members that an object in another column has.
    fn add_member(&mut self, from: &str, members: &[&str], to: &str) {
        let inner: Object;
        let object = match self.get(from) {
            Some(Value::Object(object)) => object,
            Some(Value::String(text)) if text.starts_with('{') => match serde_json::from_str(text) {
                Ok(read) => {
                    inner = read;
                    &inner
                }
                Err(_) => return,
            },
            _ => return,
        };
        if let Some(text) = value::text_of(object, members).map(std::borrow::Cow::into_owned) {
            self.add(to, &text);
        }
    }

    /// Athena writes who called as the text of a structure: `{type=IAMUser, arn=arn:aws:.., username=ana}`.
    fn complete_call(&mut self) {
        const FIELDS: [(&str, &str); 7] = [
            ("type", "UserIdentityType"),
            ("principalid", "UserIdentityPrincipalid"),
            ("arn", "UserIdentityArn"),
            ("accountid", "UserIdentityAccountId"),
            ("invokedby", "UserIdentityInvokedBy"),
            ("accesskeyid", "UserIdentityAccessKeyId"),
            ("username", "UserIdentityUserName"),
        ];
        let Some(text) = self.text("useridentity").filter(|text| text.starts_with('{') && text.contains('=')) else { return };
        // What stands in braces of its own is the session, whose issuer has the same names.
        let own = text[1..].split('{').next().unwrap_or_default();
        for part in own.split([',', '}']) {
            let Some((name, value)) = part.trim().split_once('=') else { continue };
            if let Some((_, column)) = FIELDS.iter().find(|(known, _)| *known == name).filter(|_| !value::is_absent_text(value)) {
                self.add(column, value);
            }
        }
    }

    /// The journal of systemd numbers facilities and severities, and writes messages that are no text as a list of bytes.
    fn complete_syslog(&mut self) {
        type Name = fn(usize) -> Option<&'static str>;
        let names: [(&str, Name); 2] = [("Facility", syslog_facility), ("SeverityLevel", syslog_severity)];
        for (column, name) in names {
            if let Some(word) = self.text(column).and_then(|number| name(number.parse().ok()?)) {
                self.replace(column, word.to_owned());
            }
        }
        if let Some(bytes) = self.text("SyslogMessage").and_then(|text| serde_json::from_str::<Vec<u8>>(&text).ok()) {
            self.replace("SyslogMessage", String::from_utf8_lossy(&bytes).into_owned());
        }
        if let Some(host) = self.text("Computer") {
            self.add("HostName", &host);
        }
    }

    /// Puts another text into a cell.
    fn replace(&mut self, name: &str, text: String) {
        if let Some((_, value)) = self.columns.iter_mut().find(|(column, _)| &**column == name) {
            *value = text.into();
        }
    }

    fn complete_security(&mut self) {
        for (domain, name, column) in
            [("SubjectDomainName", "SubjectUserName", "SubjectAccount"), ("TargetDomainName", "TargetUserName", "TargetAccount")]
        {
            if let (Some(domain), Some(name)) = (self.text(domain), self.text(name))
                && name != "-"
            {
                self.add(column, &if domain.is_empty() || domain == "-" { name } else { format!("{domain}\\{name}") });
            }
        }
        let target = matches!(self.get("EventID").and_then(Value::as_i64), Some(4624 | 4625 | 4634 | 4647 | 4648));
        let column = if target { "TargetAccount" } else { "SubjectAccount" };
        if let Some(account) = self.text(column) {
            self.add("Account", &account);
        }
    }

    /// Shippers write the data of an event beside its head; the agent keeps them together, and as texts.
    fn complete_windows(&mut self) {
        if self.get("EventData").is_some() {
            return;
        }
        let data = self.columns.iter().filter(|(name, _)| !name.starts_with(['_', '@']) && !WINDOWS_SYSTEM.contains(&&**name));
        let data: Object = data
            .map(|(name, value)| (name.to_string(), value::text(value).map_or_else(|| value.clone(), |text| Value::from(&*text))))
            .collect();
        let slot = self.layout.column("EventData");
        if !data.is_empty() && self.layout.mark(slot) {
            self.columns.push((self.layout.get(slot).name.clone(), Value::Object(data)));
        }
    }

    /// The instant of the row; `TimeGenerated` is filled with it where the source calls it otherwise.
    fn time(&mut self) -> Option<Time> {
        let in_any_case = || self.columns.iter().find(|(name, _)| name.eq_ignore_ascii_case("TimeGenerated")).map(|(_, value)| value);
        if let Some(time) = self.get("TimeGenerated").or_else(in_any_case).and_then(value::time) {
            return Some(time);
        }
        let times = self.layout.source.times;
        let time = times.iter().find_map(|name| self.get(name).and_then(value::time))?;
        let slot = self.layout.column("TimeGenerated");
        if self.layout.mark(slot) {
            self.columns.push((self.layout.get(slot).name.clone(), Value::from(time.to_string())));
        }
        Some(time)
    }
}
