//! Events inside texts of other events: XML of Sysmon and of the Windows log, records of the Linux audit system, sudo.

use std::borrow::Cow;

use quick_xml::Reader as Xml;
use quick_xml::events::{BytesStart, Event as Node};

use super::row::Reader;

/// Bytes of a text that are looked into.
pub(super) const MESSAGE_MAX: usize = 1 << 20;

/// Adds the fields that stand inside a text of the row as cells of their own.
pub(super) fn spread(table: &str, row: &mut Reader<'_>) {
    match table {
        "Syslog" => {
            let Some(text) = row.text("SyslogMessage").filter(|text| text.len() <= MESSAGE_MAX) else { return };
            if text.starts_with("<Event") {
                xml(&text, row, false);
            } else if text.contains("audit(") && text.contains("type=") {
                audit(&text, row);
            } else if text.contains("COMMAND=") {
                sudo(&text, row);
            }
        }
        "Event" | "SecurityEvent" | "WindowsEvent" => {
            let data = row.text("EventData").filter(|text| text.len() <= MESSAGE_MAX && text.trim_start().starts_with('<'));
            if let Some(text) = data {
                xml(&text, row, false);
            }
            let whole = row.text("RawXml").filter(|text| text.len() <= MESSAGE_MAX && text.trim_start().starts_with("<Event"));
            if let Some(text) = whole {
                // Beside the whole event stands its text for people, which the data of an event may call so as well.
                row.rename("Description", "Message");
                xml(&text, row, true);
            }
        }
        _ => {}
    }
}

/// Elements of the head of an event that hold a text, and those that hold attributes, with the cells that these become.
const HEAD: [&str; 7] = ["Computer", "Channel", "EventRecordID", "Task", "Opcode", "Keywords", "Version"];
const HEAD_ATTRIBUTES: [(&str, &str, &str); 5] = [
    ("TimeCreated", "SystemTime", "TimeCreated"),
    ("Provider", "Name", "Provider"),
    ("Execution", "ProcessID", "ProcessID"),
    ("Execution", "ThreadID", "ThreadID"),
    ("Security", "UserID", "UserID"),
];

/// The cells that the attributes of an element of the head become.
fn head(element: &BytesStart<'_>, row: &mut Reader<'_>) {
    let name = element.local_name();
    for (_, attribute, column) in HEAD_ATTRIBUTES.iter().filter(|(known, ..)| known.as_bytes() == name.as_ref()) {
        let found = element.try_get_attribute(attribute).ok().flatten();
        if let Some(value) = found.and_then(|found| found.unescape_value().ok().map(Cow::into_owned)) {
            row.add(column, &value);
        }
    }
}

/// `<Data Name="Image">..</Data>` and the `EventID` of an event in XML; of a whole event its head as well.
fn xml(text: &str, row: &mut Reader<'_>, whole: bool) {
    let mut reader = Xml::from_str(text);
    let mut name: Option<String> = None;
    let mut content = String::new();
    loop {
        match reader.read_event() {
            Ok(Node::Start(element)) => {
                content.clear();
                if whole {
                    head(&element, row);
                }
                name = match element.local_name().as_ref() {
                    b"Data" => element
                        .try_get_attribute("Name")
                        .ok()
                        .flatten()
                        .and_then(|attribute| attribute.unescape_value().ok().map(|value| value.into_owned())),
                    b"EventID" => Some("EventID".to_owned()),
                    known if whole => HEAD.iter().find(|name| name.as_bytes() == known).map(|name| (*name).to_owned()),
                    _ => None,
                };
            }
            Ok(Node::Empty(element)) if whole => head(&element, row),
            Ok(Node::Text(text)) if name.is_some() => content.push_str(&text.decode().unwrap_or_default()),
            Ok(Node::CData(text)) if name.is_some() => content.push_str(&text.decode().unwrap_or_default()),
            Ok(Node::GeneralRef(reference)) if name.is_some() => {
                let entity = reference.decode().unwrap_or_default();
                match (reference.resolve_char_ref(), entity.as_ref()) {
                    (Ok(Some(c)), _) => content.push(c),
                    (_, "lt") => content.push('<'),
                    (_, "gt") => content.push('>'),
                    (_, "amp") => content.push('&'),
                    (_, "quot") => content.push('"'),
                    (_, "apos") => content.push('\''),
                    _ => {}
                }
            }
            Ok(Node::End(_)) => {
                if let Some(name) = name.take()
                    && !content.is_empty()
                    && content != "-"
                {
                    row.add(&name, &content);
                }
            }
            Ok(Node::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// `key=value` and `key="value"` of an audit record, those that say who ran what.
fn audit(text: &str, row: &mut Reader<'_>) {
    const FIELDS: [(&str, &str); 12] = [
        ("pid", "AuditPid"),
        ("ppid", "AuditPpid"),
        ("effective_user", "AuditUser"),
        ("user", "AuditUser"),
        ("exe", "AuditExe"),
        ("comm", "AuditCommand"),
        ("cmdline", "AuditCommandLine"),
        ("proctitle", "AuditCommandLine"),
        ("cwd", "AuditDirectory"),
        ("name", "AuditName"),
        ("syscall", "AuditSyscall"),
        ("success", "AuditSuccess"),
    ];
    for (key, column) in FIELDS {
        if let Some(value) = field(text, key) {
            row.add(column, value);
        }
    }
}

/// The value behind ` key=`: quoted, or up to the next ` key=`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let pattern = format!(" {key}=");
    let start = text.find(&pattern)? + pattern.len();
    let rest = &text[start..];
    if let Some(quoted) = rest.strip_prefix('"') {
        return quoted.split('"').next().filter(|value| !value.is_empty());
    }
    let long = matches!(key, "cmdline" | "proctitle");
    let end = if long { next_key(rest) } else { rest.find(' ') };
    let value = rest[..end.unwrap_or(rest.len())].trim();
    (!value.is_empty()).then_some(value)
}

/// Where the next ` key=` begins, the keys of a command line's own arguments (which begin with `-`) aside.
fn next_key(text: &str) -> Option<usize> {
    let spaces = text.match_indices(' ').map(|(place, _)| place);
    spaces.into_iter().find(|place| {
        let word = text[place + 1..].split(' ').next().unwrap_or_default();
        word.split_once('=').is_some_and(|(key, _)| !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    })
}

/// `omsagent : TTY=unknown PWD=/ USER=root COMMAND=/bin/bash`.
fn sudo(text: &str, row: &mut Reader<'_>) {
    let user = text.split(':').next().unwrap_or_default().trim();
    if !user.is_empty() && !user.contains([' ', '=', '(']) {
        row.add("SudoUser", user);
    }
    if let Some(target) = text.split("USER=").nth(1).and_then(|rest| rest.split([' ', ';']).next()) {
        row.add("SudoAs", target);
    }
    if let Some((_, command)) = text.split_once("COMMAND=") {
        row.add("SudoCommand", command.trim());
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_of_audit_records() {
        let text = r#"type=X audit(1:2): a=1 pid=17790 user=tomcat exe="/usr/bin/java" proctitle=/usr/bin/java -Da.b=c -x redactors= containerid="#;
        assert_eq!(field(text, "pid"), Some("17790"));
        assert_eq!(field(text, "exe"), Some("/usr/bin/java"));
        assert_eq!(field(text, "proctitle"), Some("/usr/bin/java -Da.b=c -x"));
        assert_eq!(field(text, "containerid"), None);
        assert_eq!(field(text, "cmdline"), None);
    }
}
