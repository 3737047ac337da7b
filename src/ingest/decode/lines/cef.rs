//! The Common Event Format: a header between bars, and an extension of keys and values, as columns of `CommonSecurityLog`.

use serde_json::Value;

use crate::model::{Object, Time};

use super::syslog::{self, Header};
use super::{Row, put};

/// Keys of the extension and their columns; further keys go to `AdditionalExtensions`.
const NAMES: &[(&str, &str)] = &[
    ("act", "DeviceAction"),
    ("app", "ApplicationProtocol"),
    ("cat", "DeviceEventCategory"),
    ("cnt", "EventCount"),
    ("destinationDnsDomain", "DestinationDnsDomain"),
    ("destinationServiceName", "DestinationServiceName"),
    ("destinationTranslatedAddress", "DestinationTranslatedAddress"),
    ("destinationTranslatedPort", "DestinationTranslatedPort"),
    ("deviceDirection", "CommunicationDirection"),
    ("deviceDnsDomain", "DeviceDnsDomain"),
    ("deviceExternalId", "DeviceExternalID"),
    ("deviceFacility", "DeviceFacility"),
    ("deviceInboundInterface", "DeviceInboundInterface"),
    ("deviceMacAddress", "DeviceMacAddress"),
    ("deviceNtDomain", "DeviceNtDomain"),
    ("deviceOutboundInterface", "DeviceOutboundInterface"),
    ("devicePayloadId", "DevicePayloadId"),
    ("deviceProcessName", "ProcessName"),
    ("deviceProcessId", "ProcessID"),
    ("deviceTranslatedAddress", "DeviceTranslatedAddress"),
    ("deviceTimeZone", "DeviceTimeZone"),
    ("dhost", "DestinationHostName"),
    ("dmac", "DestinationMACAddress"),
    ("dntdom", "DestinationNTDomain"),
    ("dpid", "DestinationProcessId"),
    ("dpriv", "DestinationUserPrivileges"),
    ("dproc", "DestinationProcessName"),
    ("dpt", "DestinationPort"),
    ("dst", "DestinationIP"),
    ("dtz", "DeviceTimeZone"),
    ("duid", "DestinationUserID"),
    ("duser", "DestinationUserName"),
    ("dvc", "DeviceAddress"),
    ("dvchost", "DeviceName"),
    ("dvcmac", "DeviceMacAddress"),
    ("dvcpid", "ProcessID"),
    ("end", "EndTime"),
    ("externalId", "ExtID"),
    ("fileCreateTime", "FileCreateTime"),
    ("fileHash", "FileHash"),
    ("fileId", "FileID"),
    ("fileModificationTime", "FileModificationTime"),
    ("filePath", "FilePath"),
    ("filePermission", "FilePermission"),
    ("fileType", "FileType"),
    ("fname", "FileName"),
    ("fsize", "FileSize"),
    ("in", "ReceivedBytes"),
    ("msg", "Message"),
    ("oldFileCreateTime", "OldFileCreateTime"),
    ("oldFileHash", "OldFileHash"),
    ("oldFileId", "OldFileID"),
    ("oldFileModificationTime", "OldFileModificationTime"),
    ("oldFileName", "OldFileName"),
    ("oldFilePath", "OldFilePath"),
    ("oldFilePermission", "OldFilePermission"),
    ("oldFileSize", "OldFileSize"),
    ("oldFileType", "OldFileType"),
    ("out", "SentBytes"),
    ("outcome", "EventOutcome"),
    ("proto", "Protocol"),
    ("reason", "Reason"),
    ("request", "RequestURL"),
    ("requestClientApplication", "RequestClientApplication"),
    ("requestContext", "RequestContext"),
    ("requestCookies", "RequestCookies"),
    ("requestMethod", "RequestMethod"),
    ("rt", "ReceiptTime"),
    ("shost", "SourceHostName"),
    ("smac", "SourceMACAddress"),
    ("sntdom", "SourceNTDomain"),
    ("sourceDnsDomain", "SourceDnsDomain"),
    ("sourceServiceName", "SourceServiceName"),
    ("sourceTranslatedAddress", "SourceTranslatedAddress"),
    ("sourceTranslatedPort", "SourceTranslatedPort"),
    ("spid", "SourceProcessId"),
    ("spriv", "SourceUserPrivileges"),
    ("sproc", "SourceProcessName"),
    ("spt", "SourcePort"),
    ("src", "SourceIP"),
    ("start", "StartTime"),
    ("suid", "SourceUserID"),
    ("suser", "SourceUserName"),
    ("type", "EventType"),
];

/// Families of numbered keys: `cs1`, `cs1Label`.
const NUMBERED: [(&str, &str); 8] = [
    ("c6a", "DeviceCustomIPv6Address"),
    ("cfp", "DeviceCustomFloatingPoint"),
    ("cn", "DeviceCustomNumber"),
    ("cs", "DeviceCustomString"),
    ("deviceCustomDate", "DeviceCustomDate"),
    ("flexDate", "FlexDate"),
    ("flexNumber", "FlexNumber"),
    ("flexString", "FlexString"),
];

/// Reads what follows `CEF:`; the header of syslog around it gives host and time where the extension does not.
pub(super) fn read(text: &str, around: Option<&Header<'_>>) -> Option<Row> {
    let (fields, extension) = header(text)?;
    let mut row = Object::new();
    for (name, value) in
        ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Activity", "LogSeverity"].into_iter().zip(&fields[1..])
    {
        put(&mut row, name, value.as_str());
    }
    let mut additional: Vec<String> = Vec::new();
    for (key, value) in pairs(extension) {
        match column(key) {
            Some(name) if !row.contains_key(&name) => put(&mut row, &name, value),
            _ => additional.push(format!("{key}={value}")),
        }
    }
    put(&mut row, "AdditionalExtensions", additional.join(";"));
    // Times without a year are those of a relay; the extension writes them in full.
    let past = Time::MAX;
    for name in ["ReceiptTime", "StartTime", "EndTime"] {
        if let Some(time) = row.get(name).and_then(Value::as_str).and_then(|text| syslog::written(text, past)) {
            row.insert(name.to_owned(), time.to_string().into());
        }
    }
    let stated = ["ReceiptTime", "EndTime", "StartTime"].iter().find_map(|name| Time::parse(row.get(*name)?.as_str()?).ok());
    if let Some(time) = stated.or(around.and_then(|header| header.time)) {
        put(&mut row, "TimeGenerated", time.to_string());
    }
    let host = around.map(|header| header.host).filter(|host| !host.is_empty());
    if let Some(host) = host.map(str::to_owned).or_else(|| Some(row.get("DeviceName")?.as_str()?.to_owned())) {
        put(&mut row, "Computer", host);
    }
    Some((Some("CommonSecurityLog".into()), row))
}

/// The seven fields of the header without their escapes, and the extension.
fn header(text: &str) -> Option<(Vec<String>, &str)> {
    let mut fields = vec![String::new()];
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        let last = fields.len() == 7;
        let field = fields.last_mut()?;
        match c {
            '|' | '\\' if escaped => field.push(c),
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '|' if last => {
                fields.iter_mut().for_each(|field| *field = field.trim().to_owned());
                return fields[0].starts_with(|c: char| c.is_ascii_digit()).then_some((fields, &text[place + 1..]));
            }
            '|' => fields.push(String::new()),
            c => {
                if escaped {
                    field.push('\\');
                }
                field.push(c);
            }
        }
        escaped = false;
    }
    // Without an extension the last bar may be missing.
    (fields.len() == 7 && fields[0].starts_with(|c: char| c.is_ascii_digit())).then_some((fields, ""))
}

/// The column of a key.
fn column(key: &str) -> Option<String> {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == key) {
        return Some((*name).to_owned());
    }
    NUMBERED.iter().find_map(|(prefix, name)| {
        let rest = key.strip_prefix(prefix)?;
        let (digit, label) = rest.split_at_checked(1)?;
        (digit.as_bytes()[0].is_ascii_digit() && matches!(label, "" | "Label")).then(|| format!("{name}{digit}{label}"))
    })
}

/// Keys and values of an extension: a value runs up to the blank before the next key.
fn pairs(text: &str) -> Vec<(&str, String)> {
    let mut begins: Vec<(usize, usize)> = Vec::new();
    let bytes = text.as_bytes();
    for place in (0..bytes.len()).filter(|place| bytes[*place] == b'=') {
        let escapes = bytes[..place].iter().rev().take_while(|byte| **byte == b'\\').count();
        let start = text[..place].rfind(' ').map_or(0, |blank| blank + 1);
        let key = &text[start..place];
        let named =
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']'));
        if escapes % 2 == 0 && named {
            begins.push((start, place));
        }
    }
    let ends = begins.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    begins.iter().zip(ends).map(|((start, equals), end)| (&text[*start..*equals], unescaped(text[equals + 1..end].trim_end()))).collect()
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(c @ ('=' | '\\' | '|')) => out.push(c),
                // A path that nobody escaped.
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::message;
    use super::*;

    fn row(line: &str) -> Value {
        let now = Time::parse("2024-03-05").expect("a time");
        message(line, now).map_or(Value::Null, |(_, row)| Value::Object(row))
    }

    #[test]
    fn header_and_extension() {
        assert_eq!(
            row(
                r"<134>Jan 18 11:07:53 fw-1 CEF:0|Acme\|Co|Fire\\Wall|2.1|100|worm = stopped|9|src=10.0.0.1 spt=1232 dst=2.1.2.2 act=blocked a \= dash msg=Line one\nline two request=http://x.example/?a=b&c=d cs1=Rule 7 cs1Label=Rule Name cn1=3000000000 foo.bar=x y filePath=C:\Temp\a b.exe"
            ),
            json!({"DeviceVendor": "Acme|Co", "DeviceProduct": r"Fire\Wall", "DeviceVersion": "2.1", "DeviceEventClassID": "100",
                "Activity": "worm = stopped", "LogSeverity": "9", "SourceIP": "10.0.0.1", "SourcePort": "1232", "DestinationIP": "2.1.2.2",
                "DeviceAction": "blocked a = dash", "Message": "Line one\nline two", "RequestURL": "http://x.example/?a=b&c=d", "DeviceCustomString1": "Rule 7",
                "DeviceCustomString1Label": "Rule Name", "DeviceCustomNumber1": "3000000000", "FilePath": r"C:\Temp\a b.exe",
                "AdditionalExtensions": "foo.bar=x y", "TimeGenerated": "2024-01-18T11:07:53Z", "Computer": "fw-1"})
        );
        assert_eq!(
            row("CEF:0|V|P|1|7|Name|High|rt=Feb 02 2023 10:11:12.345 UTC dvchost=sensor end=1675332672000"),
            json!({"DeviceVendor": "V", "DeviceProduct": "P", "DeviceVersion": "1", "DeviceEventClassID": "7", "Activity": "Name", "LogSeverity": "High",
                "ReceiptTime": "2023-02-02T10:11:12.345Z", "DeviceName": "sensor", "EndTime": "2023-02-02T10:11:12Z",
                "TimeGenerated": "2023-02-02T10:11:12.345Z", "Computer": "sensor"})
        );
        assert_eq!(row("CEF:0|V|P|1|7|Name|3")["LogSeverity"], "3");
        assert_eq!(row("CEF:0|V|P|too|short"), Value::Null);
    }
}
