//! Reads instants: ISO 8601, month first with slashes, and the forms of mail and news (RFC 822, RFC 850).

use super::super::types::{LAST_TICK, TICKS_PER_DAY, TICKS_PER_SECOND};
use super::read::{clock, number};

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// An instant in ticks since the year 1; quotes and spaces around it do not matter.
pub fn datetime(text: &str) -> Option<i64> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if let Some(ticks) = iso(text.as_bytes()) {
        return Some(ticks);
    }
    let (date, time) = split(text)?;
    let (time, offset) = zone(time)?;
    let (time, half_day) = half_of_day(time);
    let ticks = day(date)?.checked_mul(TICKS_PER_DAY)?;
    let of_day = if time.is_empty() { 0 } else { i64::try_from(clock(time)?).ok()? };
    let of_day = match half_day {
        _ if of_day >= TICKS_PER_DAY => return None,
        None => of_day,
        Some(hours) => {
            let (hour, rest) = (of_day / (60 * TICKS_PER_MINUTE), of_day % (60 * TICKS_PER_MINUTE));
            if time.is_empty() || !(1..=12).contains(&hour) {
                return None;
            }
            (hour % 12 + hours) * 60 * TICKS_PER_MINUTE + rest
        }
    };
    ticks.checked_add(of_day)?.checked_sub(offset).filter(|ticks| (0..=LAST_TICK).contains(ticks))
}

/// The common form, without a look at any other: `yyyy-mm-ddThh:mm:ss[.f...][Z]`.
fn iso(text: &[u8]) -> Option<i64> {
    let text = text.strip_suffix(b"Z").unwrap_or(text);
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' || !matches!(text[10], b'T' | b' ') || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let digits = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let days = days(digits(0, 4)?, digits(5, 7)?, digits(8, 10)?)?;
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut fraction = 0;
    if text.len() > 19 {
        if text[19] != b'.' || text.len() == 20 || !text[20..].iter().all(u8::is_ascii_digit) {
            return None;
        }
        fraction = (20..27).fold(0, |sum, at| sum * 10 + text.get(at).map_or(0, |byte| i64::from(byte - b'0')));
    }
    Some(days * TICKS_PER_DAY + ((hour * 60 + minute) * 60 + second) * TICKS_PER_SECOND + fraction)
}

/// Date and time of day: the time starts at the word before the first colon.
fn split(text: &str) -> Option<(&str, &str)> {
    // A weekday in front says nothing new.
    let text = match text.split_once(',') {
        Some((weekday, rest)) if weekday.bytes().all(|byte| byte.is_ascii_alphabetic()) => rest.trim_start(),
        _ => text,
    };
    let Some(colon) = text.find(':') else {
        return Some((text.strip_suffix(['Z', 'z']).unwrap_or(text).trim_end(), ""));
    };
    let at = text[..colon].rfind(['T', 't', ' '])?;
    Some((text[..at].trim_end(), text[at + 1..].trim()))
}

/// The time of day without its zone, and the zone in ticks.
fn zone(time: &str) -> Option<(&str, i64)> {
    for name in ["GMT", "UTC", "Z", "z"] {
        if let Some(time) = time.strip_suffix(name) {
            return Some((time.trim_end(), 0));
        }
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let digits: String = time[at + 1..].split(':').collect();
    let hours_minutes = number(&digits)?;
    let minutes = match digits.len() {
        1 | 2 => hours_minutes * 60,
        4 => hours_minutes / 100 * 60 + hours_minutes % 100,
        _ => return None,
    };
    let ticks = minutes * TICKS_PER_MINUTE;
    Some((time[..at].trim_end(), if time[at..].starts_with('-') { -ticks } else { ticks }))
}

/// The time without `AM` or `PM`, and the hours that these add.
fn half_of_day(time: &str) -> (&str, Option<i64>) {
    let Some((at, suffix)) = time.len().checked_sub(2).and_then(|at| Some((at, time.get(at..)?))) else { return (time, None) };
    let hours = match suffix {
        _ if suffix.eq_ignore_ascii_case("am") => 0,
        _ if suffix.eq_ignore_ascii_case("pm") => 12,
        _ => return (time, None),
    };
    (time[..at].trim_end(), Some(hours))
}

/// Days of a date in any of the forms.
fn day(date: &str) -> Option<i64> {
    let parts: Vec<&str> = date.split(['-', '/', ' ', '.', ',']).filter(|part| !part.is_empty()).collect();
    match *parts.as_slice() {
        [compact] if compact.len() == 8 => days(number(compact.get(..4)?)?, number(compact.get(4..6)?)?, number(compact.get(6..)?)?),
        [year] if year.len() == 4 => days(number(year)?, 1, 1),
        [year, month] if year.len() == 4 => days(number(year)?, number(month)?, 1),
        [year, month, day] if year.len() == 4 => days(number(year)?, number(month)?, number(day)?),
        [day, month, year] if month.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            days(short_year(year)?, named_month(month)?, number(day)?)
        }
        [month, day, year] if month.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            days(short_year(year)?, named_month(month)?, number(day.trim_end_matches(','))?)
        }
        [month, day, year] if year.len() == 4 => days(number(year)?, number(month)?, number(day)?),
        _ => None,
    }
}

/// A year of two digits is of 1950 to 2049, as mail means it.
fn short_year(text: &str) -> Option<i64> {
    let year = number(text)?;
    match text.len() {
        2 if year < 50 => Some(2000 + year),
        2 => Some(1900 + year),
        4 => Some(year),
        _ => None,
    }
}

fn named_month(text: &str) -> Option<i64> {
    let start = text.get(..3)?;
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(start))?;
    i64::try_from(at + 1).ok()
}

/// Days from the first of the year 1; none if there is no such date in the years 1 to 9999.
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok()?;
    let length = *lengths.get(index)?;
    let is_day = (1..=9999).contains(&year) && (1..=length).contains(&day);
    let before = year - 1;
    let days = before * 365 + before / 4 - before / 100 + before / 400 + lengths[..index].iter().sum::<i64>() + day - 1;
    is_day.then_some(days)
}
