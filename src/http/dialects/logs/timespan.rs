//! Spans of time as clients of queries write them: durations and intervals of ISO 8601.

use crate::model::{Fault, FaultClass, Time, Window};

const SECOND: f64 = 1e6;
const DAY: f64 = 86_400.0 * SECOND;

/// Reads `P7D`, `PT864000.0S`, `<start>/<end>`, `<start>/<duration>` and `<duration>/<end>`; a duration alone ends now.
pub(in crate::http::dialects) fn read(text: &str, now: Time) -> Result<Window, Fault> {
    let text = text.trim();
    let window = match text.split_once('/') {
        None if text.is_empty() => Some(Window::ALL),
        None => duration(text).map(|span| Window { from: Some(now.plus(-span)), to: Some(now) }),
        Some((start, end)) => interval(start.trim(), end.trim()),
    };
    window.ok_or_else(|| {
        Fault::new(FaultClass::Invalid, "timespan_invalid", format!("expected a time span of ISO 8601, found `{}`", shorten(text)))
            .with_hint("write `P7D`, `PT1H`, `2024-01-01T00:00:00Z/2024-01-02T00:00:00Z` or `2024-01-01T00:00:00Z/PT1H`")
    })
}

fn interval(start: &str, end: &str) -> Option<Window> {
    let (from, to) = match (instant(start), instant(end)) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, from.plus(duration(end)?)),
        (None, Some(to)) => (to.plus(-duration(start)?), to),
        (None, None) => return None,
    };
    Some(Window { from: Some(from), to: Some(to) })
}

fn instant(text: &str) -> Option<Time> {
    if text.starts_with(['P', 'p', '-']) { None } else { Time::parse(text).ok() }
}

/// Microseconds of a duration; a month has 30 days, a year 365.
fn duration(text: &str) -> Option<i64> {
    let text = text.to_ascii_uppercase();
    let rest = text.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').unwrap_or((rest, ""));
    let (of_days, of_times) = (parts(days, &[('Y', 365.0 * DAY), ('M', 30.0 * DAY), ('W', 7.0 * DAY), ('D', DAY)])?, parts(times, TIMES)?);
    let empty = days.is_empty() && times.is_empty();
    let micros = of_days + of_times;
    (!empty && micros.is_finite() && micros < 1e18).then_some(micros.round() as i64)
}

const TIMES: &[(char, f64)] = &[('H', 3_600.0 * SECOND), ('M', 60.0 * SECOND), ('S', SECOND)];

/// The sum of numbers in front of units, each unit at most once and in this order.
fn parts(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut sum = 0.0;
    let mut left = units.iter();
    while !text.is_empty() {
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != ',')?;
        let number: f64 = text[..end].replace(',', ".").parse().ok()?;
        let unit = text[end..].chars().next()?;
        sum += number * left.find(|(known, _)| *known == unit)?.1;
        text = &text[end + unit.len_utf8()..];
    }
    Some(sum)
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Option<(String, String)> {
        let now = Time::parse("2024-03-10T00:00:00Z").expect("a time");
        let window = read(text, now).ok()?;
        let text = |time: Option<Time>| time.map(|time| time.to_string()).unwrap_or_default();
        Some((text(window.from), text(window.to)))
    }

    #[test]
    fn every_form_of_the_clients_is_a_window() {
        let cases = [
            ("P7D", "2024-03-03T00:00:00Z", "2024-03-10T00:00:00Z"),
            ("PT864000.0S", "2024-02-29T00:00:00Z", "2024-03-10T00:00:00Z"),
            ("pt1h30m", "2024-03-09T22:30:00Z", "2024-03-10T00:00:00Z"),
            ("P1DT12H", "2024-03-08T12:00:00Z", "2024-03-10T00:00:00Z"),
            ("P2W", "2024-02-25T00:00:00Z", "2024-03-10T00:00:00Z"),
            ("PT0.5S", "2024-03-09T23:59:59.500Z", "2024-03-10T00:00:00Z"),
            ("2024-01-01/2024-01-02T03:04:05.5Z", "2024-01-01T00:00:00Z", "2024-01-02T03:04:05.500Z"),
            ("2024-01-01T00:00:00.000000Z/PT3600.0S", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"),
            ("P1D/2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"),
            ("", "", ""),
        ];
        for (text, from, to) in cases {
            assert_eq!(window(text), Some((from.to_owned(), to.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in
            ["7d", "P", "PT", "P7", "PD", "P1D1D", "P1H", "PT1D", "1/2/3", "yesterday", "P7D/PT1H", "PT1..S", "2024-01-01T00:00:00Z/"]
        {
            assert_eq!(window(text), None, "{text}");
        }
    }
}
