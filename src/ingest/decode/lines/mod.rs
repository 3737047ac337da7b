//! Logs that are lines of text: syslog in both of its forms, CEF, records of the Linux audit system, and logs whose header
//! names their columns (Zeek, W3C, flow logs). Each line becomes an object with the columns of its table.

mod audit;
mod cef;
mod columns;
mod syslog;

use std::io;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use crate::model::{Object, Time};

use super::emit::{Emitter, Place};
use super::window::Window;

pub(crate) use syslog::{facility as syslog_facility, severity as syslog_severity};

/// Lines at the beginning of a source among which one that is known tells what the source is.
const HEAD_LINES: usize = 5;

/// What the lines of a source are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Each line says itself what it is.
    Messages,
    /// Lines that begin with `#` name the columns of those behind them.
    Columns,
}

/// The row of a line: the table, if the line tells it, and its cells.
type Row = (Option<Arc<str>>, Object);

/// Finds the dialect of a source by its first lines.
pub(super) fn dialect(bytes: &[u8]) -> Option<Dialect> {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let first = lines.next()?;
    if columns::is_header(first) {
        return Some(Dialect::Columns);
    }
    let head = std::iter::once(first).chain(lines).take(HEAD_LINES);
    let known = head.filter_map(|line| std::str::from_utf8(line).ok()).any(|line| message(line, Time::from_micros(0)).is_some());
    known.then_some(Dialect::Messages)
}

/// Reads a source of lines.
pub(super) fn read(window: &mut Window<'_>, dialect: Dialect, received: Time, emitter: &mut Emitter<'_>) -> io::Result<ControlFlow<()>> {
    let limit = emitter.limits().document_bytes;
    let mut columns = columns::Columns::default();
    while window.more_if_empty()? {
        let place = Place::of(window);
        let Some(end) = line(window, limit)? else {
            let message = format!("expected a line of at most {limit} bytes (document_bytes)");
            let flow = emitter.reject("document_bytes_exceeded", message, place, &window.bytes()[..window.bytes().len().min(256)]);
            window.line_end()?;
            if flow.is_break() {
                return Ok(Break(()));
            }
            continue;
        };
        let raw = window.bytes()[..end].trim_ascii_end();
        let flow = match std::str::from_utf8(raw) {
            Err(error) => {
                let at = error.valid_up_to();
                emitter.reject("utf8_invalid", format!("expected UTF-8, found `0x{:02x}` at byte {at}", raw[at]), place, raw)
            }
            Ok("") => Continue(()),
            Ok(text) => match dialect {
                Dialect::Messages => match message(text, received) {
                    Some((table, row)) => emitter.row(table, &row, place),
                    None => emitter.reject("line_invalid", "expected a line of syslog, CEF or auditd, found other text", place, raw),
                },
                Dialect::Columns => match columns.line(text) {
                    Ok(Some((table, row))) => emitter.row(table, &row, place),
                    Ok(None) => Continue(()),
                    Err(message) => emitter.reject("line_invalid", message, place, raw),
                },
            },
        };
        window.consume(end);
        if flow.is_break() {
            return Ok(Break(()));
        }
    }
    Ok(Continue(()))
}

/// Bytes of the first line with its break; none if it is longer than the limit.
fn line(window: &mut Window<'_>, limit: usize) -> io::Result<Option<usize>> {
    let mut seen = 0;
    loop {
        if let Some(place) = window.bytes()[seen..].iter().position(|byte| *byte == b'\n') {
            return Ok((seen + place <= limit).then_some(seen + place + 1));
        }
        seen = window.bytes().len();
        if seen > limit {
            return Ok(None);
        }
        if !window.more()? {
            return Ok(Some(seen));
        }
    }
}

/// Reads a line that says itself what it is.
fn message(text: &str, received: Time) -> Option<Row> {
    if let Some(row) = audit::read(text) {
        return Some(row);
    }
    if let Some(cef) = text.strip_prefix("CEF:") {
        return cef::read(cef, None);
    }
    if let Some(flow) = columns::flow(text) {
        return Some(flow);
    }
    let header = syslog::read(text, received)?;
    match header.body.find("CEF:") {
        // What stands before it is the tag of a relay.
        Some(place) if place <= 64 => cef::read(&header.body[place + 4..], Some(&header)).or_else(|| Some(header.row())),
        _ => Some(header.row()),
    }
}

/// Adds a member that has a value.
fn put(row: &mut Object, name: &str, value: impl Into<serde_json::Value>) {
    let value = value.into();
    if value != "" {
        row.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_tell_the_dialect() {
        let cases = [
            ("CEF:0|V|P|1|7|Name|5|src=10.0.0.1", Some(Dialect::Messages)),
            ("<34>Oct 11 22:14:15 mymachine su: failed", Some(Dialect::Messages)),
            ("<165>1 2003-10-11T22:14:15.003Z host app - ID47 - text", Some(Dialect::Messages)),
            ("Oct  1 22:14:15 host sshd[812]: Accepted", Some(Dialect::Messages)),
            ("2024-05-12T06:25:01.123456+00:00 host CRON[77]: (root) CMD (x)", Some(Dialect::Messages)),
            ("type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e", Some(Dialect::Messages)),
            ("2 123456789010 eni-0a 10.0.0.1 10.0.0.2 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK", Some(Dialect::Messages)),
            ("version account-id interface-id srcaddr dstaddr\n", Some(Dialect::Columns)),
            ("#separator \\x09\n", Some(Dialect::Columns)),
            ("#Software: Microsoft Internet Information Services 10.0\n", Some(Dialect::Columns)),
            ("cut off\nOct  1 22:14:15 host sshd[812]: Accepted", Some(Dialect::Messages)),
            ("# A title, and more\n", None),
            ("#TYPE Selected.System\n\"a\",\"b\"\n", None),
            ("just words\n", None),
            ("a,b,c\n2024-05-12T06:25:01Z,1,x:", None),
            ("Time Generated Level: x y\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(dialect(text.as_bytes()), expected, "{text}");
        }
    }
}
