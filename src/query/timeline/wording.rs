//! What a row of raw events says, in one line for people: a sentence of the catalog, else the cells that say most.

use std::borrow::Cow;

use serde_json::Value;

use crate::catalog::relations::{self, Cell, Condition, Step};
use crate::catalog::sentences::{self, Part, Place, Sentences, Shown};
use crate::ingest::value::{get, is_absent_text, parsed, text};
use crate::model::Object;

/// Characters of a message at the most.
const MESSAGE_CHARS_MAX: usize = 400;
/// Cells that a message names where no sentence fits.
const CELLS_MAX: usize = 6;
/// Columns that say most about a row, in the order in which a message names them.
const TELLING: [&str; 28] = [
    "Activity",
    "OperationName",
    "OperationNameValue",
    "Operation",
    "EventName",
    "ActionType",
    "ResultType",
    "Account",
    "UserPrincipalName",
    "UserId",
    "Caller",
    "TargetAccount",
    "User",
    "IPAddress",
    "IpAddress",
    "ClientIP",
    "CallerIpAddress",
    "SourceIP",
    "SourceIp",
    "DestinationIP",
    "DestinationIp",
    "RemoteIP",
    "NewProcessName",
    "Image",
    "CommandLine",
    "ProcessCommandLine",
    "TargetFilename",
    "SyslogMessage",
];

/// What a row of a table says.
pub(super) fn message(table: &str, row: &Object) -> String {
    let said = sentence(table, row).unwrap_or_else(|| telling(row));
    // Scripts and messages of logs have several lines.
    let line = said.split_whitespace().flat_map(|word| [" ", word]).skip(1).flat_map(str::chars);
    line.take(MESSAGE_CHARS_MAX).collect()
}

/// The sentence for a row: of the table whose rows it is like, else of its own.
fn sentence(table: &str, row: &Object) -> Option<String> {
    let like = relations::likenesses().iter().filter(|like| like.tables.contains(&table));
    let like = like.filter(|like| like.when.iter().all(|condition| holds(condition, row))).map(|like| like.like);
    like.chain([table]).flat_map(sentences::of_table).find_map(|sentences| of_row(sentences, row))
}

fn of_row(sentences: &Sentences, row: &Object) -> Option<String> {
    if !sentences.when.iter().all(|condition| holds(condition, row)) {
        return None;
    }
    let value = sentences.by().and_then(|column| text(row.get(column)?));
    let mut said = String::new();
    say(sentences.of(value.as_deref())?, row, &mut said).then_some(said)
}

fn holds(condition: &Condition, row: &Object) -> bool {
    condition.test.holds(value(&condition.cell, row).as_deref())
}

/// Says the parts, and whether each place outside of brackets had a value; else nothing is said.
fn say(parts: &[Part], row: &Object, said: &mut String) -> bool {
    let before = said.len();
    for part in parts {
        let has_value = match part {
            Part::Text(text) => {
                said.push_str(text);
                true
            }
            Part::Place(place) => shown(place, row).map(|text| said.push_str(&text)).is_some(),
            Part::Optional(parts) => {
                say(parts, row, said);
                true
            }
        };
        if !has_value {
            said.truncate(before);
            return false;
        }
    }
    true
}

fn shown<'a>(place: &Place, row: &'a Object) -> Option<Cow<'a, str>> {
    let whole = |cells: &[Cell]| match cells {
        [cell] => value(cell, row),
        cells => Some(cells.iter().map(|cell| value(cell, row)).collect::<Option<Vec<_>>>()?.join("\\").into()),
    };
    place.choices.iter().filter_map(|cells| whole(cells)).find_map(|value| show(&place.shown, value))
}

fn show<'a>(shown: &Shown, value: Cow<'a, str>) -> Option<Cow<'a, str>> {
    match shown {
        Shown::Plain => Some(value),
        Shown::Leaf => value.rsplit(['\\', '/']).next().filter(|leaf| !leaf.is_empty()).map(|leaf| leaf.to_owned().into()),
        Shown::Meaning(codes) => match codes.get(&value.to_lowercase()) {
            Some(meaning) => (!meaning.is_empty()).then(|| meaning.as_str().into()),
            None => Some(value),
        },
    }
}

/// The text of a cell; lists and objects as JSON.
fn value<'a>(cell: &Cell, row: &'a Object) -> Option<Cow<'a, str>> {
    let found = row.get(cell.column)?;
    if cell.steps.is_empty() {
        return plain(found);
    }
    // Exports write the same column as JSON or as JSON in text.
    let mut inner = parsed(found);
    for step in &cell.steps {
        inner = match inner {
            Cow::Borrowed(outer) => Cow::Borrowed(member(outer, step)?),
            Cow::Owned(outer) => Cow::Owned(member(&outer, step)?.clone()),
        };
    }
    match inner {
        Cow::Borrowed(inner) => plain(inner),
        Cow::Owned(inner) => plain(&inner).map(|text| text.into_owned().into()),
    }
}

fn member<'a>(outer: &'a Value, step: &Step) -> Option<&'a Value> {
    match (step, outer) {
        (Step::Member(name), Value::Object(object)) => get(object, name),
        (Step::Index(place), Value::Array(list)) => list.get(*place),
        (Step::Each, Value::Array(list)) => list.first(),
        _ => None,
    }
}

fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        // Logs join a domain and a name that they do not know.
        Value::String(text) if is_absent_text(text) || text.trim() == "-\\-" => None,
        Value::Array(list) if list.is_empty() => None,
        Value::Object(object) if object.is_empty() => None,
        Value::Array(_) | Value::Object(_) => Some(value.to_string().into()),
        value => text(value),
    }
}

/// The cells that say most about a row.
fn telling(row: &Object) -> String {
    let cell = |name: &str| row.get(name).and_then(plain);
    let mut parts: Vec<String> = Vec::new();
    if cell("Activity").is_none() {
        parts.extend(cell("EventID").map(|id| format!("EventID {id}")));
    }
    for name in TELLING {
        if let Some(value) = cell(name)
            && !parts.iter().any(|part| part.ends_with(&*value))
        {
            parts.push(if parts.is_empty() { value.into_owned() } else { format!("{name}={value}") });
        }
        if parts.len() >= CELLS_MAX {
            break;
        }
    }
    if parts.is_empty() {
        let all = row.iter().filter(|(name, _)| *name != "TimeGenerated");
        parts = all.filter_map(|(name, value)| Some(format!("{name}={}", plain(value)?))).take(CELLS_MAX).collect();
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::message;
    use crate::model::Object;

    /// `tests/cases/sentences.txt`: a line of table and row, a line of what it says.
    #[test]
    fn rows_say_what_the_case_file_says() {
        let mut lines =
            include_str!("../../../tests/cases/sentences.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut cases = 0;
        while let (Some(given), Some(said)) = (lines.next(), lines.next()) {
            let (table, row) = given.split_once(' ').expect("a table and a row");
            let row: Object = serde_json::from_str(row).unwrap_or_else(|fault| panic!("{given}: {fault}"));
            assert_eq!(message(table, &row), said, "{given}");
            cases += 1;
        }
        assert!(cases > 30, "{cases} cases");
    }
}
