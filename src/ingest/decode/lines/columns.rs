//! Logs whose header names their columns: Zeek's with tabs, W3C extended logs (IIS, the Windows firewall), flow logs of VPCs.

use std::sync::Arc;

use serde_json::Value;

use crate::model::{Object, Time};

use super::{Row, put};

/// Whether a line is the first of such a log.
pub(super) fn is_header(line: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 8] =
        [b"#separator ", b"#fields\t", b"#path\t", b"#Software:", b"#Version:", b"#Fields:", b"#Date:", b"version account-id "];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

/// What the header has said so far.
#[derive(Debug)]
pub(super) struct Columns {
    form: Form,
    names: Vec<String>,
    /// Zeek's types of the columns.
    types: Vec<String>,
    separator: String,
    set_separator: String,
    empty: String,
    unset: String,
    path: String,
    software: String,
    /// The day of a W3C log whose rows have a time only.
    date: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Zeek,
    W3c,
    Flow,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            form: Form::W3c,
            names: Vec::new(),
            types: Vec::new(),
            separator: "\t".to_owned(),
            set_separator: ",".to_owned(),
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            path: String::new(),
            software: String::new(),
            date: String::new(),
        }
    }
}

impl Columns {
    /// Reads a line: of the header, which gives none, or of a row.
    pub(super) fn line(&mut self, line: &str) -> Result<Option<Row>, String> {
        if let Some(rest) = line.strip_prefix('#') {
            self.header(rest);
            return Ok(None);
        }
        if let Some(names) = line.strip_prefix("version account-id ") {
            self.form = Form::Flow;
            self.names = ["version", "account-id"].into_iter().chain(names.split_whitespace()).map(str::to_owned).collect();
            return Ok(None);
        }
        if self.names.is_empty() {
            return Err("expected a line that names the columns (`#fields`, `#Fields:`) before the rows".to_owned());
        }
        let cells: Vec<&str> = match self.form {
            Form::Zeek => line.split(&self.separator).collect(),
            Form::W3c | Form::Flow => words(line),
        };
        if cells.len() != self.names.len() {
            return Err(format!("expected {} cells, found {}", self.names.len(), cells.len()));
        }
        Ok(Some(match self.form {
            Form::Zeek => self.zeek(&cells),
            Form::W3c => self.w3c(&cells),
            Form::Flow => flow_row(self.names.iter().map(String::as_str), &cells),
        }))
    }

    fn header(&mut self, rest: &str) {
        if let Some(separator) = rest.strip_prefix("separator ") {
            self.form = Form::Zeek;
            self.separator = unescaped(separator);
            return;
        }
        let (name, value) = match rest.split_once(':') {
            Some((name, value)) if !name.contains('\t') => (name, value.trim()),
            _ => rest.split_once(&self.separator).unwrap_or((rest, "")),
        };
        let list = |separator: &str| value.split(separator).map(str::to_owned).collect::<Vec<_>>();
        match name {
            "set_separator" => self.set_separator = unescaped(value),
            "empty_field" => self.empty = value.to_owned(),
            "unset_field" => self.unset = value.to_owned(),
            "path" => self.path = value.to_owned(),
            "fields" => (self.form, self.names) = (Form::Zeek, list(&self.separator)),
            "types" => self.types = list(&self.separator),
            "Software" => self.software = value.to_owned(),
            "Date" => self.date = value.split(' ').next().unwrap_or_default().to_owned(),
            "Fields" => (self.form, self.names) = (Form::W3c, value.split_whitespace().map(str::to_owned).collect()),
            _ => {}
        }
    }

    /// The row under the names that Zeek's JSON has, with the log in `_path`.
    fn zeek(&self, cells: &[&str]) -> Row {
        let mut row = Object::new();
        for (place, (name, cell)) in self.names.iter().zip(cells).enumerate() {
            if *cell == self.unset {
                continue;
            }
            let kind = self.types.get(place).map_or("string", String::as_str);
            let inner = kind.split_once('[').filter(|(outer, _)| matches!(*outer, "set" | "vector" | "table"));
            let value = match inner {
                Some(_) if *cell == self.empty => Value::Array(Vec::new()),
                Some((_, inner)) => {
                    let inner = inner.trim_end_matches(']');
                    cell.split(&self.set_separator).filter(|item| *item != self.unset).map(|item| scalar(item, inner)).collect()
                }
                None if *cell == self.empty => continue,
                None => scalar(cell, kind),
            };
            row.insert(name.clone(), value);
        }
        put(&mut row, "_path", self.path.as_str());
        (None, row)
    }

    fn w3c(&self, cells: &[&str]) -> Row {
        let firewall = self.names.iter().any(|name| name == "src-ip") && self.names.iter().any(|name| name == "action");
        let (table, names) = if firewall { ("WindowsFirewall", FIREWALL) } else { ("W3CIISLog", IIS) };
        let mut row = Object::new();
        let (mut date, mut clock) = (self.date.as_str(), "");
        for (name, cell) in self.names.iter().zip(cells) {
            match name.as_str() {
                _ if *cell == "-" => {}
                "date" => date = cell,
                "time" => clock = cell,
                other => {
                    let column = names.iter().find(|(known, _)| *known == other).map_or(other, |(_, column)| column);
                    // A browser's name is written with a plus for each blank.
                    let value = if other.contains('(') { cell.replace('+', " ") } else { (*cell).to_owned() };
                    put(&mut row, column, value);
                }
            }
        }
        if let Ok(time) = Time::parse(&format!("{date}T{clock}")) {
            put(&mut row, "TimeGenerated", time.to_string());
        }
        (Some(table.into()), row)
    }
}

/// Columns of IIS.
const IIS: &[(&str, &str)] = &[
    ("s-sitename", "sSiteName"),
    ("s-computername", "Computer"),
    ("s-ip", "sIP"),
    ("s-port", "sPort"),
    ("cs-method", "csMethod"),
    ("cs-uri-stem", "csUriStem"),
    ("cs-uri-query", "csUriQuery"),
    ("cs-username", "csUserName"),
    ("c-ip", "cIP"),
    ("cs-version", "csVersion"),
    ("cs(User-Agent)", "csUserAgent"),
    ("cs(Cookie)", "csCookie"),
    ("cs(Referer)", "csReferer"),
    ("cs-host", "csHost"),
    ("cs(Host)", "csHost"),
    ("sc-status", "scStatus"),
    ("sc-substatus", "scSubStatus"),
    ("sc-win32-status", "scWin32Status"),
    ("sc-bytes", "scBytes"),
    ("cs-bytes", "csBytes"),
    ("time-taken", "TimeTaken"),
];

/// Columns of the Windows firewall.
const FIREWALL: &[(&str, &str)] = &[
    ("action", "FirewallAction"),
    ("protocol", "Protocol"),
    ("src-ip", "SourceIP"),
    ("dst-ip", "DestinationIP"),
    ("src-port", "SourcePort"),
    ("dst-port", "DestinationPort"),
    ("size", "PacketSize"),
    ("path", "CommunicationDirection"),
];

/// Columns of flow logs; the others are the same words together.
const FLOW_V2: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// A row of a flow log in its default form.
pub(super) fn flow(line: &str) -> Option<Row> {
    let cells = words(line);
    let own = cells.len() == FLOW_V2.len()
        && cells[0] == "2"
        && cells[2].starts_with("eni-")
        && matches!(cells[13], "OK" | "NODATA" | "SKIPDATA");
    own.then(|| flow_row(FLOW_V2.into_iter(), &cells))
}

fn flow_row<'a>(names: impl Iterator<Item = &'a str>, cells: &[&str]) -> Row {
    let mut row = Object::new();
    for (name, cell) in names.zip(cells).filter(|(_, cell)| **cell != "-") {
        let column = match name {
            "srcaddr" => "SrcAddr".to_owned(),
            "dstaddr" => "DstAddr".to_owned(),
            "srcport" => "SrcPort".to_owned(),
            "dstport" => "DstPort".to_owned(),
            "pkt-srcaddr" => "PktSrcAddr".to_owned(),
            "pkt-dstaddr" => "PktDstAddr".to_owned(),
            other => other.split('-').map(capital).collect(),
        };
        put(&mut row, &column, *cell);
    }
    if let Some(start) = row.get("Start").cloned() {
        row.insert("TimeGenerated".to_owned(), start);
    }
    (Some(Arc::from("AWSVPCFlow")), row)
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// A value of Zeek's; what is none of its type stays a text.
fn scalar(cell: &str, kind: &str) -> Value {
    let number = || serde_json::from_str::<serde_json::Number>(cell).ok().map(Value::Number);
    match kind {
        "bool" => match cell {
            "T" => Value::Bool(true),
            "F" => Value::Bool(false),
            other => other.into(),
        },
        "time" | "interval" | "double" | "count" | "int" | "port" => number().unwrap_or_else(|| cell.into()),
        _ => unescaped(cell).into(),
    }
}

/// A text with its `\xHH`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("\\x") {
        let digits = rest.get(place + 2..place + 4).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend_from_slice(&rest.as_bytes()[..place]);
        match digits {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(b"\\x"),
        }
        rest = &rest[place + if digits.is_some() { 4 } else { 2 }..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Words between blanks; one in quotes may hold blanks.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('"').and_then(|inner| inner.find('"')) {
            Some(quote) => quote + 2,
            None => rest.find([' ', '\t']).unwrap_or(rest.len()),
        };
        words.push(rest[..end].trim_matches('"'));
        rest = rest[end..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(text: &str) -> Vec<(String, Value)> {
        let mut columns = Columns::default();
        let rows = text.lines().filter_map(|line| columns.line(line).expect("a line of the log"));
        rows.map(|(table, row)| (table.map_or_else(String::new, |table| table.to_string()), Value::Object(row))).collect()
    }

    #[test]
    fn zeek_with_tabs() {
        let log = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2024-01-01-00-00-00\n\
            #fields\tts\tuid\tid.orig_h\tid.orig_p\tquery\tanswers\tTTLs\tAA\trejected\tnote\n\
            #types\ttime\tstring\taddr\tport\tstring\tvector[string]\tvector[interval]\tbool\tbool\tset[string]\n\
            1700000000.500000\tC1\t10.0.0.1\t53211\ta\\x09b.example\t203.0.113.1,x.example\t60.0,5.5\tT\tF\t(empty)\n\
            1700000001.000000\tC2\t10.0.0.2\t53212\t-\t-\t-\tF\tF\t-\n#close\t2024-01-01-01-00-00\n";
        assert_eq!(
            rows(log),
            [
                (
                    String::new(),
                    json!({"ts": 1_700_000_000.5, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 53211, "query": "a\tb.example",
                        "answers": ["203.0.113.1", "x.example"], "TTLs": [60.0, 5.5], "AA": true, "rejected": false, "note": [], "_path": "dns"})
                ),
                (
                    String::new(),
                    json!({"ts": 1_700_000_001.0, "uid": "C2", "id.orig_h": "10.0.0.2", "id.orig_p": 53212, "AA": false, "rejected": false, "_path": "dns"})
                ),
            ]
        );
    }

    #[test]
    fn w3c_of_iis_and_of_the_firewall() {
        let log = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2024-02-03 04:05:06\n\
            #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status time-taken\n\
            2024-02-03 04:05:07 10.0.0.4 POST /owa/auth.aspx a=b 443 CONTOSO\\bob 203.0.113.9 Mozilla/5.0+(Windows) 200 31\n";
        assert_eq!(
            rows(log),
            [(
                "W3CIISLog".to_owned(),
                json!({"sIP": "10.0.0.4", "csMethod": "POST", "csUriStem": "/owa/auth.aspx", "csUriQuery": "a=b", "sPort": "443",
                    "csUserName": "CONTOSO\\bob", "cIP": "203.0.113.9", "csUserAgent": "Mozilla/5.0 (Windows)", "scStatus": "200", "TimeTaken": "31",
                    "TimeGenerated": "2024-02-03T04:05:07Z"})
            )]
        );
        let log = "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags path\n\n\
            2024-02-03 04:05:07 DROP TCP 203.0.113.9 10.0.0.4 50123 3389 52 S RECEIVE\n";
        let rows = rows(&log.replace("\n\n", "\n"));
        assert_eq!(
            rows,
            [(
                "WindowsFirewall".to_owned(),
                json!({"FirewallAction": "DROP", "Protocol": "TCP", "SourceIP": "203.0.113.9", "DestinationIP": "10.0.0.4", "SourcePort": "50123",
                    "DestinationPort": "3389", "PacketSize": "52", "tcpflags": "S", "CommunicationDirection": "RECEIVE", "TimeGenerated": "2024-02-03T04:05:07Z"})
            )]
        );
    }

    #[test]
    fn flows_with_and_without_a_header() {
        let line = "2 123456789010 eni-0a 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1700000000 1700000060 REJECT OK";
        let expected = json!({"Version": "2", "AccountId": "123456789010", "InterfaceId": "eni-0a", "SrcAddr": "172.31.16.139", "DstAddr": "172.31.16.21",
            "SrcPort": "20641", "DstPort": "22", "Protocol": "6", "Packets": "20", "Bytes": "4249", "Start": "1700000000", "End": "1700000060",
            "Action": "REJECT", "LogStatus": "OK", "TimeGenerated": "1700000000"});
        assert_eq!(flow(line).map(|(_, row)| Value::Object(row)), Some(expected.clone()));
        let header = FLOW_V2.join(" ");
        assert_eq!(rows(&format!("{header}\n{line}")), [("AWSVPCFlow".to_owned(), expected)]);
        assert!(flow("2 words that mean nothing at all").is_none());
    }

    #[test]
    fn rows_that_fit_no_header() {
        let mut columns = Columns::default();
        assert!(columns.line("a b").is_err());
        columns.line("#Fields: date time c-ip").expect("a header");
        assert_eq!(columns.line("2024-01-01 00:00:00").expect_err("too short"), "expected 3 cells, found 2");
    }
}
