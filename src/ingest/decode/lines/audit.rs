//! Records of the Linux audit system as `auditd` writes them: `type=SYSCALL msg=audit(1364481363.243:24287): key=value ..`.

use crate::model::{Object, Time};

use super::{Row, put};

/// Names whose values auditd writes in hexadecimal digits when they hold blanks or quotes.
const ENCODED: [&str; 12] = ["acct", "cmd", "comm", "cwd", "data", "dir", "exe", "file", "name", "path", "proctitle", "key"];

/// Reads a record; none if the line is none.
pub(super) fn read(line: &str) -> Option<Row> {
    let start = line.find("type=").filter(|place| *place == 0 || line.starts_with("node="))?;
    let (kind, rest) = line[start + 5..].split_once(' ')?;
    let (stamp, fields) = rest.trim_start().strip_prefix("msg=audit(")?.split_once("):")?;
    let (seconds, serial) = stamp.split_once(':')?;
    let mut row = Object::new();
    put(&mut row, "TimeGenerated", Time::parse(seconds).ok()?.to_string());
    put(&mut row, "RecordType", kind);
    put(&mut row, "SerialNumber", serial);
    put(&mut row, "AuditID", stamp);
    if let Some(node) = line[..start].trim_end().strip_prefix("node=") {
        put(&mut row, "Computer", node);
        put(&mut row, "node", node);
    }
    // Newer versions write the names behind numbers in capital letters, behind a separator.
    let (fields, enriched) = fields.split_once('\u{1d}').unwrap_or((fields, ""));
    add(fields, kind == "EXECVE", &mut row);
    for (name, value) in enriched.split_whitespace().filter_map(|field| field.split_once('=')) {
        resolve(name, value.trim_matches('"'), &mut row);
    }
    arguments(&mut row);
    put(&mut row, "RawRecord", line);
    Some((Some("LinuxAuditLog".into()), row))
}

/// Adds what auditd resolved itself: names of calls and users, beside the numbers of the record.
fn resolve(name: &str, value: &str, row: &mut Object) {
    const NAMES: [(&str, &str); 7] = [
        ("ARCH", "arch"),
        ("SYSCALL", "syscall"),
        ("AUID", "audit_user"),
        ("UID", "user"),
        ("EUID", "effective_user"),
        ("GID", "group"),
        ("EGID", "effective_group"),
    ];
    match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, column)) => put(row, column, value),
        None => put(row, &format!("{}_name", name.to_ascii_lowercase()), value),
    }
}

/// Adds the fields of a text; `arguments` says that `a0`, `a1` are words of a command line and no numbers.
fn add(mut text: &str, arguments: bool, row: &mut Object) {
    loop {
        text = text.trim_start();
        let Some((name, rest)) = text.split_once('=') else { return };
        let name = name.rsplit(' ').next().unwrap_or(name);
        let (value, after) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = &rest[1..];
                let end = inner.find(quote).unwrap_or(inner.len());
                (&inner[..end], inner.get(end + 1..).unwrap_or_default())
            }
            _ => rest.split_once(' ').unwrap_or((rest, "")),
        };
        let quoted = rest.starts_with(['"', '\'']);
        // The message of a user space program holds fields of its own.
        if name == "msg" && quoted && value.contains('=') {
            add(value, false, row);
        } else if !matches!(value, "" | "?" | "(null)" | "(none)") && !row.contains_key(name) {
            put(row, name, text_of(name, value, quoted, arguments));
        }
        text = after;
    }
}

/// The text of a value, without the hexadecimal form of those that hold blanks.
fn text_of(name: &str, value: &str, quoted: bool, arguments: bool) -> String {
    let argument = || name.strip_prefix('a').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let encoded = ENCODED.contains(&name) || (arguments && argument());
    if quoted || !encoded || value.len() < 2 || !value.len().is_multiple_of(2) || !value.is_ascii() {
        return value.to_owned();
    }
    let bytes: Option<Vec<u8>> = (0..value.len()).step_by(2).map(|place| u8::from_str_radix(&value[place..place + 2], 16).ok()).collect();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => text.trim_end_matches('\0').replace('\0', " "),
        None => value.to_owned(),
    }
}

/// The command line of a call: of its title, or of its arguments.
fn arguments(row: &mut Object) {
    let text = |name: &str| row.get(name).and_then(serde_json::Value::as_str);
    let line = match text("RecordType") {
        Some("EXECVE") => {
            let arguments: Vec<&str> = (0..).map_while(|number| text(&format!("a{number}"))).collect();
            arguments.join(" ")
        }
        _ => text("proctitle").unwrap_or_default().to_owned(),
    };
    put(row, "cmdline", line);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(line: &str) -> Value {
        let Some((_, mut row)) = read(line) else { return Value::Null };
        assert_eq!(row.remove("RawRecord"), Some(line.into()));
        Value::Object(row)
    }

    #[test]
    fn records_of_the_kernel_and_of_programs() {
        assert_eq!(
            row(
                r#"node=web1 type=SYSCALL msg=audit(1700000000.243:24287): arch=c000003e syscall=59 success=yes a0=7fff a1=0 ppid=2686 pid=3538 auid=1000 uid=0 tty=pts0 ses=1 comm="cat" exe="/bin/cat" key=(null)"#
            ),
            json!({"TimeGenerated": "2023-11-14T22:13:20.243Z", "RecordType": "SYSCALL", "SerialNumber": "24287", "AuditID": "1700000000.243:24287",
                "Computer": "web1", "node": "web1", "arch": "c000003e", "syscall": "59", "success": "yes", "a0": "7fff", "a1": "0", "ppid": "2686", "pid": "3538",
                "auid": "1000", "uid": "0", "tty": "pts0", "ses": "1", "comm": "cat", "exe": "/bin/cat"})
        );
        assert_eq!(
            row("type=PROCTITLE msg=audit(1700000000.243:24287): proctitle=636174002F6574632F736861646F77"),
            json!({"TimeGenerated": "2023-11-14T22:13:20.243Z", "RecordType": "PROCTITLE", "SerialNumber": "24287", "AuditID": "1700000000.243:24287",
                "proctitle": "cat /etc/shadow", "cmdline": "cat /etc/shadow"})
        );
        let execve =
            row(r#"type=EXECVE msg=audit(1700000000.243:24287): argc=3 a0="curl" a1="-s" a2=687474703A2F2F782E6578616D706C652F6120"#);
        assert_eq!(execve["cmdline"], "curl -s http://x.example/a ");
        assert_eq!(
            row(
                r#"type=USER_LOGIN msg=audit(1700000001.000:9): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct="root" exe="/usr/sbin/sshd" hostname=? addr=203.0.113.7 terminal=ssh res=failed'"#
            ),
            json!({"TimeGenerated": "2023-11-14T22:13:21Z", "RecordType": "USER_LOGIN", "SerialNumber": "9", "AuditID": "1700000001.000:9", "pid": "1",
                "uid": "0", "auid": "4294967295", "ses": "4294967295", "op": "login", "acct": "root", "exe": "/usr/sbin/sshd", "addr": "203.0.113.7",
                "terminal": "ssh", "res": "failed"})
        );
        for line in ["type=x", "type=SYSCALL msg=other", "kind=type=SYSCALL msg=audit(1:2): a=b"] {
            assert_eq!(row(line), Value::Null, "{line}");
        }
    }
}
