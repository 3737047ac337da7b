//! Windows events as XML: exports of the Event Viewer, `wevtutil`, dumps of `.evtx` files. Each event becomes one object.

use std::io;
use std::ops::ControlFlow::{self, Break, Continue};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Node};
use serde_json::Value;

use crate::model::Object;

use super::emit::{Emitter, Place};
use super::window::Window;

const BEGIN: &[u8] = b"<Event";
const END: &[u8] = b"</Event>";

/// Whether a source begins with XML in which an event begins.
pub(super) fn is_events(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        match between(rest) {
            Some(0) if begins(rest) => return true,
            Some(0) | None => return false,
            Some(skip) => rest = &rest[skip..],
        }
    }
}

/// Whether an event begins here: `<Event>` or `<Event xmlns=..>`, not `<Events>`.
fn begins(bytes: &[u8]) -> bool {
    bytes.strip_prefix(BEGIN).and_then(|rest| rest.first()).is_some_and(|byte| matches!(byte, b'>' | b' ' | b'\t' | b'\r' | b'\n'))
}

/// Bytes that may stand between events: blanks, declarations, comments, the list around them, the number that a dump
/// writes before each; 0 where none do, none if more bytes are needed to tell.
fn between(bytes: &[u8]) -> Option<usize> {
    let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if blank > 0 {
        return Some(blank);
    }
    if begins(bytes) {
        return Some(0);
    }
    if let Some(count) = super::record_line(bytes) {
        return Some(count);
    }
    let around = [&b"<?"[..], b"<!--", b"<Events", b"</Events"];
    if !around.iter().any(|start| bytes.starts_with(start)) {
        return if bytes.len() < 10 && !bytes.is_empty() { None } else { Some(0) };
    }
    let close: &[u8] = if bytes.starts_with(b"<!--") { b"-->" } else { b">" };
    bytes.windows(close.len()).position(|part| part == close).map(|place| place + close.len())
}

/// Reads a source of events.
pub(super) fn read(window: &mut Window<'_>, emitter: &mut Emitter<'_>) -> io::Result<ControlFlow<()>> {
    let limit = emitter.limits().document_bytes;
    while window.space()? {
        match between(window.bytes()) {
            None if window.bytes().len() <= limit && window.more()? => continue,
            Some(count) if count > 0 => {
                window.consume(count);
                continue;
            }
            _ => {}
        }
        let place = Place::of(window);
        let flow = if begins(window.bytes()) {
            match event_end(window, limit)? {
                Some(end) => {
                    let flow = match event(&window.bytes()[..end]) {
                        Ok(row) => emitter.row(None, &row, place),
                        Err(message) => emitter.reject("xml_invalid", message, place, &window.bytes()[..end]),
                    };
                    window.consume(end);
                    flow
                }
                None => {
                    let shown = window.bytes().len().min(256);
                    let message = format!("expected `</Event>` within {limit} bytes (document_bytes)");
                    let flow = emitter.reject("xml_truncated", message, place, &window.bytes()[..shown]);
                    window.consume(BEGIN.len());
                    skip(window)?;
                    flow
                }
            }
        } else {
            let shown = window.bytes().len().min(256);
            let flow = emitter.reject("xml_invalid", "expected `<Event>` of the Windows event log", place, &window.bytes()[..shown]);
            window.consume(1);
            skip(window)?;
            flow
        };
        if flow.is_break() {
            return Ok(Break(()));
        }
    }
    Ok(Continue(()))
}

/// Moves on to where an event begins.
fn skip(window: &mut Window<'_>) -> io::Result<()> {
    loop {
        let bytes = window.bytes();
        let start = (0..bytes.len()).find(|place| begins(&bytes[*place..]));
        if let Some(start) = start {
            window.consume(start);
            return Ok(());
        }
        // The end of the window may be the beginning of a mark.
        let gone = bytes.len().saturating_sub(BEGIN.len() + 1);
        window.consume(gone);
        if !window.more()? {
            window.consume(window.bytes().len());
            return Ok(());
        }
    }
}

/// Bytes of the event at the window's beginning.
fn event_end(window: &mut Window<'_>, limit: usize) -> io::Result<Option<usize>> {
    let mut seen = 0;
    loop {
        let bytes = window.bytes();
        if let Some(place) = bytes[seen..].windows(END.len()).position(|part| part == END) {
            return Ok(Some(seen + place + END.len()).filter(|end| *end <= limit));
        }
        seen = bytes.len().saturating_sub(END.len());
        if bytes.len() > limit || !window.more()? {
            return Ok(None);
        }
    }
}

/// One event as an object: the members of `System` at the top, those of `EventData` and `UserData` in objects of their own.
fn event(raw: &[u8]) -> Result<Object, String> {
    let text = std::str::from_utf8(raw).map_err(|error| format!("expected UTF-8, found another byte at {}", error.valid_up_to()))?;
    let mut reader = Reader::from_str(text);
    let mut walk = Walk::default();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Node::Start(element) => walk.start(&element, false)?,
            Node::Empty(element) => walk.start(&element, true)?,
            Node::Text(text) => walk.content.push_str(&text.decode().map_err(|error| error.to_string())?),
            Node::CData(text) => walk.content.push_str(&text.decode().map_err(|error| error.to_string())?),
            Node::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => walk.content.push(c),
                _ => {
                    let name = reference.decode().map_err(|error| error.to_string())?;
                    walk.content.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default());
                }
            },
            Node::End(_) => walk.end(),
            Node::Eof => return Ok(walk.finish()),
            Node::Decl(_) | Node::PI(_) | Node::Comment(_) | Node::DocType(_) => {}
        }
    }
}

#[derive(Default)]
struct Walk {
    row: Object,
    data: Object,
    user: Object,
    /// Data without names.
    unnamed: Vec<Value>,
    path: Vec<String>,
    /// `Name` of the open element of data.
    name: Option<String>,
    content: String,
}

impl Walk {
    fn start(&mut self, element: &BytesStart<'_>, empty: bool) -> Result<(), String> {
        let tag = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
        let mut attributes = Vec::new();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            let value = attribute.unescape_value().map_err(|error| error.to_string())?.into_owned();
            attributes.push((key, value));
        }
        self.content.clear();
        self.name = attributes.iter().find(|(key, _)| key == "Name").map(|(_, value)| value.clone());
        self.path.push(tag);
        if self.path.get(1).is_some_and(|section| section == "System") {
            for (key, value) in attributes {
                let column = match (self.path.get(2).map(String::as_str), key.as_str()) {
                    (Some("Provider"), "Name") => "Provider",
                    (Some("Provider"), "Guid") => "ProviderGuid",
                    (Some("TimeCreated"), "SystemTime") => "TimeCreated",
                    (Some("Correlation"), "ActivityID") => "ActivityID",
                    (Some("Correlation"), "RelatedActivityID") => "RelatedActivityID",
                    (Some("Execution"), "ProcessID") => "ProcessID",
                    (Some("Execution"), "ThreadID") => "ThreadID",
                    (Some("Security"), "UserID") => "UserID",
                    _ => continue,
                };
                set(&mut self.row, column, value);
            }
        }
        if empty {
            self.path.pop();
            self.name = None;
        }
        Ok(())
    }

    fn end(&mut self) {
        let content = std::mem::take(&mut self.content);
        let name = self.name.take();
        let tag = self.path.pop().unwrap_or_default();
        let section = self.path.get(1).map(String::as_str);
        match section {
            Some("System") => set(&mut self.row, &tag, content),
            Some("EventData") => match name {
                Some(name) => set(&mut self.data, &name, content),
                None if tag == "Data" => self.unnamed.push(content.into()),
                None => set(&mut self.data, &tag, content),
            },
            Some("UserData") if !content.trim().is_empty() => set(&mut self.user, &tag, content),
            Some("RenderingInfo") if tag == "Message" => set(&mut self.row, "Message", content),
            _ => {}
        }
    }

    fn finish(mut self) -> Object {
        if !self.unnamed.is_empty() {
            self.data.insert("Param".to_owned(), Value::Array(self.unnamed));
        }
        for (name, members) in [("EventData", self.data), ("UserData", self.user)] {
            if !members.is_empty() {
                self.row.insert(if name == "UserData" { "user_data".to_owned() } else { name.to_owned() }, Value::Object(members));
            }
        }
        self.row
    }
}

/// Adds a member; a second one of the same name makes a list.
fn set(to: &mut Object, name: &str, value: String) {
    if value.is_empty() {
        return;
    }
    match to.get_mut(name) {
        None => {
            to.insert(name.to_owned(), value.into());
        }
        Some(Value::Array(items)) => items.push(value.into()),
        Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_parts_of_an_event() {
        let xml = r#"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{5}'/>
            <EventID Qualifiers='0'>4625</EventID><Version>0</Version><Level>0</Level><Task>12544</Task><TimeCreated SystemTime='2024-02-03T04:05:06.7890000Z'/>
            <EventRecordID>99</EventRecordID><Correlation/><Execution ProcessID='600' ThreadID='704'/><Channel>Security</Channel><Computer>ws1.contoso.com</Computer><Security/></System>
            <EventData><Data Name='TargetUserName'>bob &amp; &#39;co&#39;</Data><Data Name="IpAddress">203.0.113.9</Data><Data Name='Empty'></Data><Data/></EventData>
            <RenderingInfo Culture='en-US'><Message>An account failed to log on.</Message></RenderingInfo></Event>"#;
        assert_eq!(
            event(xml.as_bytes()).map(Value::Object),
            Ok(
                json!({"Provider": "Microsoft-Windows-Security-Auditing", "ProviderGuid": "{5}", "EventID": "4625", "Version": "0", "Level": "0", "Task": "12544",
                "TimeCreated": "2024-02-03T04:05:06.7890000Z", "EventRecordID": "99", "ProcessID": "600", "ThreadID": "704", "Channel": "Security",
                "Computer": "ws1.contoso.com", "Message": "An account failed to log on.",
                "EventData": {"TargetUserName": "bob & 'co'", "IpAddress": "203.0.113.9"}})
            )
        );
        let xml = "<Event><System><EventID>1102</EventID></System><UserData><LogFileCleared xmlns='x'><SubjectUserName>bob</SubjectUserName></LogFileCleared></UserData></Event>";
        assert_eq!(event(xml.as_bytes()).map(Value::Object), Ok(json!({"EventID": "1102", "user_data": {"SubjectUserName": "bob"}})));
        let xml = "<Event><System/><EventData><Data>one</Data><Data>two</Data></EventData></Event>";
        assert_eq!(event(xml.as_bytes()).map(Value::Object), Ok(json!({"EventData": {"Param": ["one", "two"]}})));
        assert!(event(b"<Event><System></Event>").is_err());
    }

    #[test]
    fn what_may_stand_around_events() {
        for text in [
            "<Event>",
            "<?xml version='1.0'?>\r\n<Events><Event xmlns='x'>",
            "Record 1\n<?xml version=\"1.0\"?>\n<Event>",
            "<!-- <Event> --><Event>",
        ] {
            assert!(is_events(text.as_bytes()), "{text}");
        }
        for text in ["<html><Event>", "<Events>", "", "Record of things\n<Event>", "<EventLog>"] {
            assert!(!is_events(text.as_bytes()), "{text}");
        }
    }
}
