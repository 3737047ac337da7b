//! Documents of the field and everything that comes of them: `tests/cases/formats/*.case`, whole answers, checked by hand.
//!
//! A case is `== what it shows`, then `-- source NAME [utf-16le] [format=F] [table=T]` with the bytes as text, then
//! `-- gives` with what they become. `CLEW_UPDATE=1` writes the answers that are found; they are to be read like code.

use std::fmt::Write;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;

use super::{Input, Item, Options, decode, read};
use crate::model::{Alert, Body, Entity, Event, Evidence, Incident, Key, Link, Time};

/// 2024-06-01T00:00:00Z, when every document of a case is taken in.
const NOW: Time = Time::from_micros(1_717_200_000_000_000);

struct Case {
    title: String,
    source: String,
    document: String,
    expected: String,
}

fn cases(text: &str) -> (String, Vec<Case>) {
    let mut parts = text.split("\n== ");
    let head = parts.next().unwrap_or_default().to_owned();
    let case = |part: &str| {
        let (title, rest) = part.split_once("\n-- source ").expect("`-- source NAME` behind the title");
        let (source, rest) = rest.split_once('\n').expect("the document behind the name of the source");
        let (document, expected) = rest.split_once("\n-- gives\n").expect("`-- gives` behind the document");
        Case { title: title.to_owned(), source: source.to_owned(), document: document.to_owned(), expected: expected.trim_end().to_owned() }
    };
    (head, parts.map(case).collect())
}

fn show(case: &Case) -> String {
    let mut words = case.source.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    let mut bytes = case.document.as_bytes().to_vec();
    let mut options = Options::default();
    for word in words {
        match word.split_once('=') {
            Some(("format", format)) => options.format = Some(format.to_owned()),
            Some(("table", table)) => options.table = Some(table.to_owned()),
            None if word == "utf-16le" => {
                bytes = [0xff, 0xfe].into_iter().chain(case.document.encode_utf16().flat_map(u16::to_le_bytes)).collect();
            }
            None if word == "crlf" => bytes = case.document.replace('\n', "\r\n").into_bytes(),
            None if word == "bom" => bytes = format!("\u{feff}{}", case.document).into_bytes(),
            _ => panic!("{}: expected `format=`, `table=`, `utf-16le`, `crlf` or `bom`, found `{word}`", case.title),
        }
    }
    let mut out = String::new();
    let mut sink = |item| {
        match item {
            Item::Reject(reject) => show_reject(reject.code, reject.line, &reject.message, &mut out),
            Item::Document(document) => match read(&document) {
                Ok(bodies) => bodies.iter().for_each(|body| show_body(&document.format, body, &mut out)),
                Err(reject) => show_reject(reject.code, document.origin.line, &reject.message, &mut out),
            },
        }
        ControlFlow::Continue(())
    };
    decode(Input::Reader { name, reader: Box::new(Cursor::new(bytes)) }, &options, NOW, &|_| (), &mut sink)
        .expect("the source can be read");
    out.trim_end().to_owned()
}

fn show_reject(code: &str, line: u64, message: &str, out: &mut String) {
    writeln!(out, "reject {code} line {line}: {message}").expect("writes to memory");
}

fn show_body(format: &str, body: &Body, out: &mut String) {
    let done = match body {
        Body::Alert(alert) => show_alert(format, alert, out),
        Body::Incident(incident) => show_incident(format, incident, out),
        Body::Event(event) => show_event(event, out),
        Body::Decision(_) | Body::Resource(_) => writeln!(out, "{format}"),
    };
    done.expect("writes to memory");
}

fn time(time: Option<Time>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

fn show_alert(format: &str, alert: &Alert, out: &mut String) -> std::fmt::Result {
    let piece = if alert.partial { " (piece)" } else { "" };
    writeln!(out, "{format}{piece} {} | {} | {:?} {:?}", alert.id, alert.title, alert.severity, alert.status)?;
    writeln!(out, "  type {} | product {} | provider {} | vendor {}", alert.alert_type, alert.product, alert.provider, alert.vendor)?;
    writeln!(out, "  times {} .. {} made {} changed {}", time(alert.start), time(alert.end), time(alert.created), time(alert.modified))?;
    let category = alert.category.as_deref().unwrap_or("-");
    writeln!(out, "  tactics {} | techniques {} | category {category}", alert.tactics.join(" "), alert.techniques.join(" "))?;
    let members = if alert.members.is_empty() { String::new() } else { format!(" members {}", alert.members.join(" ")) };
    let incident = alert.incident.as_deref().map(|id| format!(" in incident {id}")).unwrap_or_default();
    if !members.is_empty() || !incident.is_empty() || alert.is_incident {
        writeln!(out, " {members}{incident}{}", if alert.is_incident { " is an incident" } else { "" })?;
    }
    show_evidence(&alert.entities, &alert.links, out)?;
    let others: Vec<&str> = alert.extended.keys().map(String::as_str).collect();
    if !others.is_empty() {
        writeln!(out, "  besides {}", others.join(" "))?;
    }
    Ok(())
}

fn show_incident(format: &str, incident: &Incident, out: &mut String) -> std::fmt::Result {
    let number = incident.number.map(|number| format!(" #{number}")).unwrap_or_default();
    writeln!(out, "{format} {}{number} | {} | {:?} {:?}", incident.id, incident.title, incident.severity, incident.status)?;
    if let Some(classification) = incident.classification {
        writeln!(out, "  classification {classification:?} {}", incident.classification_reason.as_deref().unwrap_or_default())?;
    }
    if let Some(owner) = &incident.owner {
        writeln!(out, "  owner {}", serde_json::to_string(owner).unwrap_or_default())?;
    }
    let times = [incident.first_activity, incident.last_activity, incident.created, incident.modified].map(time);
    writeln!(out, "  times {} .. {} made {} changed {}", times[0], times[1], times[2], times[3])?;
    writeln!(out, "  tactics {} | techniques {}", incident.tactics.join(" "), incident.techniques.join(" "))?;
    writeln!(
        out,
        "  products {} | tags {} | alerts {}",
        incident.products.join(", "),
        incident.tags.join(", "),
        incident.alert_ids.join(" ")
    )?;
    show_evidence(&incident.entities, &incident.links, out)
}

fn show_event(event: &Event, out: &mut String) -> std::fmt::Result {
    writeln!(out, "row {} {}", event.table, time(event.time))?;
    let mut columns: Vec<String> = event.columns.iter().map(|(name, value)| format!("{name}={value}")).collect();
    columns.sort();
    writeln!(out, "  {}", columns.join(" "))?;
    for entity in &event.entities {
        show_entity("", entity, "", out)?;
    }
    let label = |place: u32| event.entities[place as usize].label.as_str();
    show_links(&event.links, &label, out)
}

fn show_evidence(entities: &[Evidence], links: &[Link], out: &mut String) -> std::fmt::Result {
    for evidence in entities {
        let role = evidence.role.as_deref().map(|role| format!(" [{role}]")).unwrap_or_default();
        show_entity(if evidence.nested { "~" } else { "" }, &evidence.entity, &role, out)?;
    }
    let label = |place: u32| entities[place as usize].entity.label.as_str();
    show_links(links, &label, out)
}

fn show_entity(mark: &str, entity: &Entity, role: &str, out: &mut String) -> std::fmt::Result {
    let keys = |keys: &[Key]| keys.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>().join(" ; ");
    let (strong, weak) = (keys(&entity.keys.strong), keys(&entity.keys.weak));
    let weak = if weak.is_empty() { String::new() } else { format!(" ({weak})") };
    writeln!(out, "  {mark}{} {}{role}: {strong}{weak}", entity.kind, entity.label)
}

fn show_links<'a>(links: &[Link], label: &dyn Fn(u32) -> &'a str, out: &mut String) -> std::fmt::Result {
    for link in links {
        writeln!(out, "  > {} {} {}", label(link.from), link.relation, label(link.to))?;
    }
    Ok(())
}

#[test]
fn documents_of_the_field() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/formats");
    let update = std::env::var_os("CLEW_UPDATE").is_some();
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the cases are found");
    let mut wrong = Vec::new();
    for file in files {
        let (head, cases) = cases(&std::fs::read_to_string(&file).expect("the case can be read"));
        let mut text = head;
        for case in &cases {
            let found = show(case);
            if found != case.expected {
                wrong.push(format!("{}: {}\n--- expected\n{}\n--- found\n{found}", file.display(), case.title, case.expected));
            }
            write!(text, "\n== {}\n-- source {}\n{}\n-- gives\n{found}\n", case.title, case.source, case.document)
                .expect("writes to memory");
        }
        if update {
            std::fs::write(&file, text).expect("the case can be written");
        }
    }
    assert!(update || wrong.is_empty(), "{}", wrong.join("\n\n"));
}
