//! Lines of syslog, RFC 3164 (with or without priority) and RFC 5424, and the instants that they write.

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use crate::model::{Object, Time};

use super::{Row, put};

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// The name of a facility of syslog by its number.
pub(crate) fn facility(number: usize) -> Option<&'static str> {
    FACILITIES.get(number).copied()
}

/// The name of a severity of syslog by its number.
pub(crate) fn severity(number: usize) -> Option<&'static str> {
    SEVERITIES.get(number).copied()
}

/// A line, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Header<'a> {
    priority: Option<usize>,
    pub(super) time: Option<Time>,
    pub(super) host: &'a str,
    process: &'a str,
    pid: &'a str,
    message_id: &'a str,
    data: Option<Object>,
    /// What follows the host: with the tag in RFC 3164, without it in RFC 5424.
    pub(super) body: &'a str,
    /// The message alone.
    text: &'a str,
}

/// Reads a line; none if it is none of syslog's.
pub(super) fn read(line: &str, received: Time) -> Option<Header<'_>> {
    let (priority, rest) = match line.strip_prefix('<') {
        Some(rest) => {
            let (number, rest) = rest.split_once('>')?;
            let number: usize = (number.len() <= 3).then(|| number.parse().ok())??;
            (Some(number).filter(|number| *number < 192)?, rest)
        }
        None => return plain(line, received),
    };
    if let Some(rest) = rest.strip_prefix("1 ") {
        return structured(rest).map(|header| Header { priority: Some(priority), ..header });
    }
    // Devices leave out the time, and some the host as well.
    let header = plain(rest, received).or_else(|| {
        let (process, pid, text) = tag(rest).unwrap_or(("", "", rest));
        Some(Header { process, pid, text, body: rest, ..Header::default() })
    });
    header.map(|header| Header { priority: Some(priority), ..header })
}

/// Time, host, tag and message.
fn plain(line: &str, received: Time) -> Option<Header<'_>> {
    let (time, rest) = instant(line, received)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest).trim_start();
    let (host, body) = match rest.split_once(' ') {
        // `Oct 11 22:14:15 sshd[812]: text`: a line without a host.
        Some((first, _)) if first.ends_with(':') => ("", rest),
        Some((host, body)) => (host, body.trim_start()),
        None => return None,
    };
    let tagged = tag(body);
    // Without the tag, only the time tells that it is syslog: that of RFC 3164 does, that of any program does not.
    if tagged.is_none() && line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (process, pid, text) = tagged.unwrap_or(("", "", body));
    Some(Header { time: Some(time), host, process, pid, text, body, ..Header::default() })
}

/// `sshd[812]: text`, `kernel: text`, `%ASA-6-302013: text`.
fn tag(body: &str) -> Option<(&str, &str, &str)> {
    let (tag, text) = body.split_once(':')?;
    if tag.is_empty() || tag.len() > 64 || tag.contains([' ', '=', '|', '"', '{']) {
        return None;
    }
    let (process, pid) = match tag.strip_suffix(']').and_then(|tag| tag.split_once('[')) {
        Some((process, pid)) => (process, pid),
        None => (tag, ""),
    };
    Some((process, pid, text.trim_start()))
}

/// RFC 5424 behind its version.
fn structured(rest: &str) -> Option<Header<'_>> {
    let mut parts = rest.splitn(6, ' ');
    let mut next = || parts.next().map(|part| if part == "-" { "" } else { part });
    let (time, host, process, pid, message_id) = (next()?, next()?, next()?, next()?, next()?);
    let rest = parts.next()?;
    let (data, text) = elements(rest);
    let text = text.trim_start().trim_start_matches('\u{feff}');
    Some(Header { time: Time::parse(time).ok(), host, process, pid, message_id, data, body: text, text, priority: None })
}

/// Structured data `[id name="value" ..][..]`, and what follows it.
fn elements(text: &str) -> (Option<Object>, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        return (None, rest);
    }
    let mut data = Object::new();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let Some((element, after)) = element(inner) else { break };
        data.extend([element]);
        rest = after;
    }
    (Some(data).filter(|data| !data.is_empty()), rest)
}

fn element(text: &str) -> Option<((String, Value), &str)> {
    let end = text.find([' ', ']'])?;
    let (id, mut rest) = text.split_at(end);
    let mut values = Object::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(']') {
            return Some(((id.to_owned(), Value::Object(values)), after));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut escaped = false;
        let mut end = None;
        for (place, c) in quoted.char_indices() {
            match c {
                '"' | '\\' | ']' if escaped => value.push(c),
                '\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                '"' => {
                    end = Some(place + 1);
                    break;
                }
                c => {
                    if escaped {
                        value.push('\\');
                    }
                    value.push(c);
                }
            }
            escaped = false;
        }
        values.insert(name.to_owned(), value.into());
        rest = &quoted[end?..];
    }
}

impl Header<'_> {
    /// The row of the table `Syslog`.
    pub(super) fn row(&self) -> Row {
        let mut row = Object::new();
        if let Some(time) = self.time {
            put(&mut row, "TimeGenerated", time.to_string());
            put(&mut row, "EventTime", time.to_string());
        }
        put(&mut row, "Computer", self.host);
        put(&mut row, "HostName", self.host);
        if self.host.parse::<std::net::IpAddr>().is_ok() {
            put(&mut row, "HostIP", self.host);
        }
        if let Some(priority) = self.priority {
            put(&mut row, "Facility", facility(priority / 8).unwrap_or_default());
            put(&mut row, "SeverityLevel", SEVERITIES[priority % 8]);
        }
        put(&mut row, "ProcessName", self.process);
        put(&mut row, "ProcessID", self.pid);
        put(&mut row, "MessageID", self.message_id);
        if let Some(data) = &self.data {
            put(&mut row, "StructuredData", data.clone());
        }
        put(&mut row, "SyslogMessage", self.text);
        (Some("Syslog".into()), row)
    }
}

/// The instant at the beginning of a line, and the rest of it.
fn instant(line: &str, received: Time) -> Option<(Time, &str)> {
    if line.starts_with(|c: char| c.is_ascii_digit()) {
        let (first, rest) = line.split_once(' ')?;
        if !first.contains('T') || first.len() < 19 {
            return None;
        }
        return Some((Time::parse(first).ok()?, rest));
    }
    // Some daemons and Cisco's devices put a mark before the month.
    let line = line.trim_start_matches(['*', '.']);
    let mut parts = Words(line);
    let month = month(parts.next()?)?;
    let day: u32 = parts.next()?.parse().ok()?;
    let third = parts.next()?;
    let (year, clock) = match third.parse::<i32>() {
        Ok(year) if (1970..=9999).contains(&year) => (Some(year), parts.next()?),
        Ok(_) => return None,
        Err(_) => (None, third),
    };
    let clock = clock.trim_end_matches(':');
    let at = |year: i32| {
        NaiveDate::from_ymd_opt(year, month, day)?;
        Time::parse(&format!("{year:04}-{month:02}-{day:02}T{clock}Z")).ok()
    };
    let time = match year {
        Some(year) => at(year)?,
        // No year is written: the last one in which the day is not in the future.
        None => {
            const DAY: i64 = 86_400_000_000;
            let now = chrono::DateTime::from_timestamp_micros(received.micros())?.year();
            (0..9).filter_map(|back| at(now - back)).find(|time| *time <= received.plus(DAY))?
        }
    };
    Some((time, parts.0))
}

/// An instant as CEF writes it: `Oct 11 2024 22:14:15.003 UTC`, or any form of the field.
pub(super) fn written(text: &str, received: Time) -> Option<Time> {
    Time::parse(text).ok().or_else(|| instant(text, received).map(|(time, _)| time))
}

fn month(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().position(|month| *month == name).map(|place| place as u32 + 1)
}

/// Words of a line, one after the other; what is left stays at hand.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start_matches(' ');
        let end = text.find(' ').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest.trim_start_matches(' ');
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2024-03-05.
    const NOW: Time = Time::from_micros(1_709_600_000_000_000);

    fn row(line: &str) -> Value {
        read(line, NOW).map_or(Value::Null, |header| Value::Object(header.row().1))
    }

    #[test]
    fn lines_of_both_forms() {
        assert_eq!(
            row("<34>Feb 29 22:14:15 web-1 su[230]: 'su root' failed for lonvick on /dev/pts/8"),
            json!({"TimeGenerated": "2024-02-29T22:14:15Z", "EventTime": "2024-02-29T22:14:15Z", "Computer": "web-1", "HostName": "web-1", "Facility": "auth",
                "SeverityLevel": "crit", "ProcessName": "su", "ProcessID": "230", "SyslogMessage": "'su root' failed for lonvick on /dev/pts/8"})
        );
        // The day has not come yet this year.
        assert_eq!(
            row("Dec  1 06:25:01 10.1.2.3 kernel: [ 12.5] eth0: up"),
            json!({"TimeGenerated": "2023-12-01T06:25:01Z", "EventTime": "2023-12-01T06:25:01Z", "Computer": "10.1.2.3", "HostName": "10.1.2.3",
                "HostIP": "10.1.2.3", "ProcessName": "kernel", "SyslogMessage": "[ 12.5] eth0: up"})
        );
        assert_eq!(
            row(r#"<165>1 2023-10-11T22:14:15.003Z mx.example.org evntslog 81 ID47 [a@32473 iut="3" t="x\"]y"][b x="1"] An event"#),
            json!({"TimeGenerated": "2023-10-11T22:14:15.003Z", "EventTime": "2023-10-11T22:14:15.003Z", "Computer": "mx.example.org",
                "HostName": "mx.example.org", "Facility": "local4", "SeverityLevel": "notice", "ProcessName": "evntslog", "ProcessID": "81", "MessageID": "ID47",
                "StructuredData": {"a@32473": {"iut": "3", "t": "x\"]y"}, "b": {"x": "1"}}, "SyslogMessage": "An event"})
        );
        assert_eq!(
            row("2024-01-12T06:25:01.5+01:00 host CRON[77]: (root) CMD (x)"),
            json!({"TimeGenerated": "2024-01-12T05:25:01.500Z", "EventTime": "2024-01-12T05:25:01.500Z", "Computer": "host", "HostName": "host",
                "ProcessName": "CRON", "ProcessID": "77", "SyslogMessage": "(root) CMD (x)"})
        );
        assert_eq!(
            row("<14>sshd: text"),
            json!({"Facility": "user", "SeverityLevel": "info", "ProcessName": "sshd", "SyslogMessage": "text"})
        );
        for line in ["Feb 30 22:14:15 web-1 su: x", "<999>Feb 3 22:14:15 web-1 su: x", "2024-01-12T06:25:01Z just some text", "words", ""] {
            assert_eq!(row(line), Value::Null, "{line}");
        }
    }
}
