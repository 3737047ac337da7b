//! Values of fields: instants as people write them, and closed lists.

use crate::fulltext::DocKind;
use crate::model::{AlertStatus, Classification, IncidentStatus, Severity, Time};

/// First and last instant that a written time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// Reads `2021`, `2021-04`, `2021-04-28`, `2021-04-28T14`, `2021-04-28T14:31`, a full time, `7d` (ago), `now`, `today`, `yesterday`.
///
/// A time with a missing part stands for the whole period: `created>2021-04-28` means behind the end of that day.
pub(crate) fn period(text: &str, now: Time) -> Option<Period> {
    const DAY: i64 = 86_400_000_000;
    let text = text.trim();
    let day = |back: i64| {
        let first = Time::from_micros(now.micros().div_euclid(DAY) * DAY).plus(-back * DAY);
        Period { first, last: first.plus(DAY - 1) }
    };
    match text {
        "now" => return Some(Period { first: now, last: now }),
        "today" => return Some(day(0)),
        "yesterday" => return Some(day(1)),
        _ => {}
    }
    if let Some(back) = ago(text) {
        let at = now.plus(-back);
        return Some(Period { first: at, last: at });
    }
    calendar(text).or_else(|| {
        let first = Time::parse(text).ok()?;
        let has_fraction = text.contains('.') || first.micros() % 1_000_000 != 0;
        Some(Period { first, last: if has_fraction { first } else { first.plus(999_999) } })
    })
}

/// `15m`, `24h`, `7d`, `2w` in microseconds.
fn ago(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let unit = digits.chars().last()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let count = &digits[..digits.len() - 1];
    let is_number = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return None;
    }
    count.parse::<i64>().ok()?.checked_mul(seconds * 1_000_000)
}

/// Dates whose later parts are left out.
fn calendar(text: &str) -> Option<Period> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    let (first, next) = match shape.as_str() {
        "dddd" => (format!("{text}-01-01"), format!("{:04}-01-01", text.parse::<u32>().ok()? + 1)),
        "dddd-dd" => {
            let (year, month) = (text[..4].parse::<u32>().ok()?, text[5..].parse::<u32>().ok()?);
            let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            (format!("{text}-01"), format!("{:04}-{:02}-01", next.0, next.1))
        }
        "dddd-dd-dd" => return whole(text, 86_400),
        "dddd-dd-ddTdd" => return whole(&format!("{text}:00"), 3_600),
        "dddd-dd-ddTdd:dd" | "dddd-dd-dd dd:dd" => return whole(text, 60),
        _ => return None,
    };
    let first = Time::parse(&first).ok()?;
    let last = Time::parse(&next).map_or(Time::MAX, |next| next.plus(-1));
    Some(Period { first, last })
}

fn whole(text: &str, seconds: i64) -> Option<Period> {
    let first = Time::parse(text).ok()?;
    Some(Period { first, last: first.plus(seconds * 1_000_000 - 1) })
}

/// Names of severities.
pub(crate) const SEVERITIES: [&str; 6] = ["Unknown", "Informational", "Low", "Medium", "High", "Critical"];
/// Names of statuses.
pub(crate) const STATUSES: [&str; 8] = ["New", "Active", "Closed", "InProgress", "Resolved", "Dismissed", "Unknown", "Open"];
/// Names of classifications.
pub(crate) const CLASSIFICATIONS: [&str; 4] = ["TruePositive", "BenignPositive", "FalsePositive", "Undetermined"];

/// Reads a severity by its name; an empty text is none.
pub(crate) fn severity(text: &str) -> Option<Severity> {
    Severity::parse(text).filter(|_| !text.trim().is_empty())
}

/// Statuses that a word stands for, of incidents and of alerts: `open` is whatever is not done.
pub(crate) fn statuses(text: &str) -> Option<(Vec<IncidentStatus>, Vec<AlertStatus>)> {
    if text.trim().is_empty() {
        return None;
    }
    if text.eq_ignore_ascii_case("open") {
        return Some((vec![IncidentStatus::New, IncidentStatus::Active], vec![AlertStatus::New, AlertStatus::InProgress]));
    }
    if text.eq_ignore_ascii_case("active") {
        return Some((vec![IncidentStatus::Active], vec![AlertStatus::InProgress]));
    }
    let (incidents, alerts) = (IncidentStatus::parse(text), AlertStatus::parse(text));
    (incidents.is_some() || alerts.is_some()).then(|| (Vec::from_iter(incidents), Vec::from_iter(alerts)))
}

/// Reads a classification by its name.
pub(crate) fn classification(text: &str) -> Option<Classification> {
    Classification::parse(text)
}

/// Reads a kind of documents, in singular or plural.
pub(crate) fn kind(text: &str) -> Option<DocKind> {
    match text.to_lowercase().as_str() {
        "incident" | "incidents" => Some(DocKind::Incident),
        "alert" | "alerts" => Some(DocKind::Alert),
        "entity" | "entities" => Some(DocKind::Entity),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_missing_parts_is_a_period() {
        let now = Time::parse("2021-05-03T10:00:00Z").expect("a time");
        let cases = [
            ("2021", "2021-01-01T00:00:00Z", "2021-12-31T23:59:59.999999Z"),
            ("2021-12", "2021-12-01T00:00:00Z", "2021-12-31T23:59:59.999999Z"),
            ("2021-04-28", "2021-04-28T00:00:00Z", "2021-04-28T23:59:59.999999Z"),
            ("2021-04-28T14", "2021-04-28T14:00:00Z", "2021-04-28T14:59:59.999999Z"),
            ("2021-04-28 14:31", "2021-04-28T14:31:00Z", "2021-04-28T14:31:59.999999Z"),
            ("2021-04-28T14:31:30Z", "2021-04-28T14:31:30Z", "2021-04-28T14:31:30.999999Z"),
            ("2021-04-28T14:31:30.021Z", "2021-04-28T14:31:30.021Z", "2021-04-28T14:31:30.021Z"),
            ("yesterday", "2021-05-02T00:00:00Z", "2021-05-02T23:59:59.999999Z"),
            ("7d", "2021-04-26T10:00:00Z", "2021-04-26T10:00:00Z"),
            ("9999", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ];
        for (text, first, last) in cases {
            let found = period(text, now).map(|period| (period.first.to_string(), period.last.to_string()));
            assert_eq!(found, Some((first.to_owned(), last.to_owned())), "{text}");
        }
        for text in ["", "2021-13", "soon", "d", "2021-02-30", "99999999999999d"] {
            assert_eq!(period(text, now), None, "{text}");
        }
    }
}
