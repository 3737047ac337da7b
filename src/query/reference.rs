//! Readers of what people type: references to nodes, times, limits and words of a closed set.

use std::borrow::Cow;

use crate::graph::{GraphSnapshot, IncidentRef, NodeId};
use crate::ingest::identify;
use crate::model::{Fault, FaultClass, Time, Window};

/// Finds the node that `alert:ID`, `incident:NUMBER`, `incident:ID`, `incident:id:ID` or `KIND:VALUE` names.
pub fn node(graph: &GraphSnapshot, text: &str) -> Result<NodeId, Fault> {
    let text = text.trim();
    if let Some(id) = text.strip_prefix("alert:") {
        return alert(graph, id);
    }
    if let Some(id) = text.strip_prefix("incident:") {
        return incident(graph, id);
    }
    if text.starts_with(BY_ID) {
        return incident(graph, text);
    }
    entity(graph, text)
}

/// Edges up to which the nodes of a question are read in a millisecond.
pub(super) const BRIEF_EDGES: usize = 4_000;
/// Items of an answer that are written in a millisecond.
pub(super) const BRIEF_ITEMS: u32 = 500;

/// Whether these names are those of nodes with few edges.
pub(super) fn are_brief<'a>(graph: &GraphSnapshot, names: impl IntoIterator<Item = &'a String>) -> bool {
    let edges: Option<usize> = names.into_iter().map(|name| Some(graph.degree(node(graph, name).ok()?))).sum();
    edges.is_some_and(|edges| edges <= BRIEF_EDGES)
}

/// Finds an alert by its id.
pub fn alert(graph: &GraphSnapshot, id: &str) -> Result<NodeId, Fault> {
    graph.alert(id.trim()).ok_or_else(|| {
        Fault::new(FaultClass::NotFound, "alert_unknown", format!("no alert has the id `{id}`"))
            .with_hint("`clew search --kind alert WORDS` finds alerts by their words")
    })
}

/// Stands before an id that is an id whatever it looks like: `id:3`.
const BY_ID: &str = "id:";

/// Finds an incident by its number or id.
///
/// A bare number (`3`, `#3`) is the number first, so that nothing that comes in with the id `3` takes the place of incident 3; after
/// `id:` stands an id only.
pub fn incident(graph: &GraphSnapshot, text: &str) -> Result<NodeId, Fault> {
    let text = text.trim();
    let by_id = || text.strip_prefix(BY_ID).and_then(|id| graph.incident(id)).or_else(|| graph.incident(text));
    let by_number = || graph.incident_by_number(text.trim_start_matches('#').parse().ok()?);
    let found = if number(text).is_some() { by_number().or_else(by_id) } else { by_id().or_else(by_number) };
    found.ok_or_else(|| {
        Fault::new(FaultClass::NotFound, "incident_unknown", format!("no incident has the id or number `{text}`"))
            .with_hint("`clew incidents` lists them, `clew search WORDS` finds them by their words")
    })
}

/// The number that a text is, written as numbers are.
fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    digits.parse().ok().filter(|number: &i64| number.to_string() == digits)
}

/// The text by which [`incident`] finds an incident of an id, whatever the id looks like.
pub fn of_id(id: &str) -> Cow<'_, str> {
    if number(id).is_some() || id.starts_with(BY_ID) { format!("{BY_ID}{id}").into() } else { id.into() }
}

/// The text by which [`incident`] finds what clients mean whose names are ids: the incident of the id, and only without one that of the number.
pub fn of_id_first<'a>(graph: &GraphSnapshot, text: &'a str) -> Cow<'a, str> {
    if graph.incident(text).is_some() { of_id(text) } else { text.into() }
}

/// The text by which [`incident`] finds an incident: its id, behind `id:` where another incident is found by the id alone.
pub fn name_of<'a>(incident: &IncidentRef<'a>) -> Cow<'a, str> {
    let id = incident.id();
    match number(id) {
        Some(number) if incident.number().is_none_or(|own| own == number) && !incident.is_beside(number) => id.into(),
        _ => of_id(id),
    }
}

/// Finds the one entity that `KIND:VALUE` names.
pub fn entity(graph: &GraphSnapshot, text: &str) -> Result<NodeId, Fault> {
    let (kind, keys) = identify::reference(text)?;
    let found = graph.entities(&kind, &keys);
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Fault::new(FaultClass::NotFound, "entity_unknown", format!("no {kind} is known by `{text}`"))
            .with_hint(format!("`clew entities --kind {kind} --text TEXT` lists those whose name contains a text"))),
        several => {
            // A key in full names the entity that goes by it, even if others have it beside a stronger one of their own.
            let key = text.split_once(':').map(|(_, key)| key.trim());
            let goes_by = |node: &&NodeId| graph.entity_node(**node).is_some_and(|entity| Some(entity.key()) == key);
            if let Some(node) = several.iter().find(goes_by) {
                return Ok(*node);
            }
            let names: Vec<_> = several.iter().take(5).map(|node| super::render::reference(graph, *node)).collect();
            let message = format!("`{text}` names {} entities: {}", several.len(), names.join(", "));
            Err(Fault::new(FaultClass::Conflict, "entity_ambiguous", message).with_hint("name one of them in full"))
        }
    }
}

/// Reads a time, absolute or relative to `now` (`-24h`, `-7d`, `now`).
pub fn time(text: &str, now: Time) -> Result<Time, Fault> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Some(micros) = relative(text) {
        return Ok(now.plus(micros));
    }
    Time::parse(text).map_err(|error| {
        Fault::new(FaultClass::Invalid, "time_invalid", error.to_string())
            .with_hint("write `2021-04-28T14:31:30Z`, `2021-04-28`, or relative to now `-24h`, `-7d`")
    })
}

/// Microseconds of a length of time: `90s`, `15m`, `24h`, `7d`, `2w`.
pub fn span(text: &str) -> Result<i64, Fault> {
    let text = text.trim();
    let digits = text.starts_with(|first: char| first.is_ascii_digit());
    digits.then(|| relative(&format!("+{text}"))).flatten().ok_or_else(|| {
        Fault::new(FaultClass::Invalid, "span_invalid", format!("expected a length of time, found `{text}`"))
            .with_hint("write `90s`, `15m`, `24h`, `7d` or `2w`")
    })
}

/// Microseconds of `-90s`, `-15m`, `+24h`, `-7d`, `-2w`.
fn relative(text: &str) -> Option<i64> {
    if !text.is_ascii() {
        return None;
    }
    let sign = match text.as_bytes().first()? {
        b'-' => -1,
        b'+' => 1,
        _ => return None,
    };
    let (number, unit) = text[1..].split_at(text.len().checked_sub(2)?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(sign * seconds * 1_000_000)
}

/// Reads the two ends of a window.
pub fn window(from: Option<&str>, to: Option<&str>, now: Time) -> Result<Window, Fault> {
    let window = Window { from: from.map(|text| time(text, now)).transpose()?, to: to.map(|text| time(text, now)).transpose()? };
    if let (Some(from), Some(to)) = (window.from, window.to)
        && from > to
    {
        let message = format!("expected a window that begins before it ends, found {from} to {to}");
        return Err(Fault::new(FaultClass::Invalid, "window_invalid", message).with_hint("swap `from` and `to`"));
    }
    Ok(window)
}

/// Checks the number of items of an answer against its limit.
pub fn limit(asked: Option<u32>, default: u32, most: u32) -> Result<usize, Fault> {
    match asked {
        None => Ok(default as usize),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit as usize),
        Some(limit) => {
            let message = format!("expected a limit from 1 to {most}, found {limit}");
            Err(Fault::new(FaultClass::Invalid, "limit_invalid", message).with_hint("take the answer page by page with `cursor`"))
        }
    }
}

/// Reads a word of a closed set, in any case.
pub fn word<T>(parameter: &str, text: &str, read: impl Fn(&str) -> Option<T>, words: &[&str]) -> Result<T, Fault> {
    read(text).ok_or_else(|| {
        let message = format!("expected for `{parameter}` one of {}, found `{text}`", words.join(", "));
        let mut fault = Fault::new(FaultClass::Invalid, "parameter_invalid", message);
        if let Some(near) = nearest(text, words.iter().copied()) {
            fault = fault.with_hint(format!("a similar word is `{near}`"));
        }
        fault
    })
}

/// The word of `words` that is nearest to `text`, if one is near enough to be meant.
pub fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    words
        .map(|word| (distance(&text, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance * 3 <= word.len().max(3))
        .min()
        .map(|(_, word)| word)
}

/// Edit distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_relative_times() {
        let now = Time::parse("2021-04-28T12:00:00Z").expect("a time");
        let cases = [
            ("-24h", "2021-04-27T12:00:00Z"),
            ("-7d", "2021-04-21T12:00:00Z"),
            ("+90s", "2021-04-28T12:01:30Z"),
            ("now", "2021-04-28T12:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(time(text, now).map(|time| time.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in ["-", "-h", "-5y", "5d", "-99999999999999999999d", "-é"] {
            assert!(time(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn ids_that_look_like_numbers_are_named_as_ids() {
        for (id, expected) in [("3", "id:3"), ("-3", "id:-3"), ("#3", "id:#3"), ("id:3", "id:id:3"), ("03", "03"), ("3a", "3a"), ("", "")] {
            assert_eq!(of_id(id), expected);
        }
    }

    #[test]
    fn finds_the_word_that_was_meant() {
        let words = ["severity", "status", "owner"];
        assert_eq!(nearest("severty", words.into_iter()), Some("severity"));
        assert_eq!(nearest("Stats", words.into_iter()), Some("status"));
        assert_eq!(nearest("country", words.into_iter()), None);
    }
}
