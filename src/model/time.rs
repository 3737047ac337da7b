//! Instants and windows, in microseconds of UTC.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: microseconds since 1970-01-01T00:00:00Z, the resolution of the table format.
///
/// Digits below a microsecond stay in the raw document only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A text that is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text follows none of the accepted forms.
    #[error("expected a time such as `2021-04-28T14:31:30.021Z`, found `{0}`")]
    Form(String),
    /// The text is well formed but outside the years 1 to 9999.
    #[error("expected a year from 0001 to 9999, found `{0}`")]
    Range(String),
}

impl Time {
    /// The earliest instant that can be stored, 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The latest instant that can be stored, the last microsecond of 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The instant that lies `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant `micros` later, held inside the storable range.
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The present instant of the machine's clock.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// Reads the forms that exports of the field use.
    ///
    /// ISO 8601 with `T` or a space, 0 to 9 fraction digits, with `Z`, an offset or none (UTC); a date alone;
    /// portal exports (`4/28/2021, 2:31:30.021 PM`); epoch seconds, milliseconds, microseconds or nanoseconds by magnitude;
    /// .NET's `/Date(1619620290021)/`. The .NET minimum `0001-01-01T00:00:00` is an ordinary instant here:
    /// taking it as *absent* is the business of ingest.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Some(time) = parse_iso(text).or_else(|| parse_portal(text)).or_else(|| parse_epoch(text)) {
            return time;
        }
        if let Ok(time) = DateTime::parse_from_rfc2822(text) {
            return within(time.timestamp_micros(), text);
        }
        Err(TimeError::Form(shorten(text)))
    }

    /// Reads an epoch number, taken as seconds, milliseconds, microseconds or nanoseconds by its magnitude.
    pub fn from_epoch(number: f64) -> Result<Self, TimeError> {
        let scale = match number.abs() {
            n if !n.is_finite() => return Err(TimeError::Form(number.to_string())),
            n if n < 1e11 => 1e6,
            n if n < 1e14 => 1e3,
            n if n < 1e17 => 1.0,
            _ => 1e-3,
        };
        within((number * scale).round() as i64, &number.to_string())
    }

    fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

fn within(micros: i64, text: &str) -> Result<Time, TimeError> {
    if (Time::MIN.0..=Time::MAX.0).contains(&micros) { Ok(Time(micros)) } else { Err(TimeError::Range(shorten(text))) }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Fixed-position reader of `YYYY-MM-DD[T ]HH:MM[:SS[.fraction]][Z|±HH[:]MM]`; the hot path of ingest.
fn parse_iso(text: &str) -> Option<Result<Time, TimeError>> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| -> Option<u32> {
        bytes.get(from..to)?.iter().try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
    };
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(digits(0, 4)? as i32, digits(5, 7)?, digits(8, 10)?)?;
    if date.year() == 0 {
        return Some(Err(TimeError::Range(shorten(text))));
    }
    if bytes.len() == 10 {
        return Some(within(date.and_time(NaiveTime::MIN).and_utc().timestamp_micros(), text));
    }
    if matches!(bytes[10], b'T' | b't' | b' ') && bytes.get(12) == Some(&b':') && bytes[11].is_ascii_digit() {
        // An hour without its leading zero.
        return parse_iso(&format!("{}0{}", &text[..11], &text[11..]));
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (digits(11, 13)?, digits(14, 16)?);
    let mut at = 16;
    let mut second = 0;
    let mut micros = 0;
    if bytes.get(at) == Some(&b':') {
        second = digits(17, 19)?;
        at = 19;
        if matches!(bytes.get(at), Some(b'.' | b',')) {
            at += 1;
            let mut weight = 100_000;
            while let Some(b) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
                micros += u32::from(b - b'0') * weight;
                weight /= 10;
                at += 1;
            }
        }
    }
    // A leap second is the last microsecond before midnight.
    if second == 60 {
        (second, micros) = (59, 999_999);
    }
    // `2024-01-15 10:30:45 +0000`
    if matches!(bytes.get(at..at + 2), Some([b' ', b'+' | b'-'])) {
        at += 1;
    }
    let offset_minutes = match bytes.get(at..)? {
        [] | [b'Z' | b'z'] => 0,
        [b' ', b'U', b'T', b'C'] => 0,
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let hours = digits(at + 1, at + 3)?;
            let minutes = match rest {
                [_, _] => 0,
                [_, _, b':', _, _] => digits(at + 4, at + 6)?,
                [_, _, _, _] => digits(at + 3, at + 5)?,
                _ => return None,
            };
            (hours * 60 + minutes) as i64 * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    Some(within(date.and_time(time).and_utc().timestamp_micros() - offset_minutes * 60_000_000, text))
}

/// `4/28/2021, 2:31:30.021 PM`, month first, as the portal writes it.
fn parse_portal(text: &str) -> Option<Result<Time, TimeError>> {
    if !text.contains('/') {
        return None;
    }
    // Browsers put a narrow space before AM and PM that does not break.
    let spaced;
    let text = if text.contains(['\u{202f}', '\u{a0}']) {
        spaced = text.replace(['\u{202f}', '\u{a0}'], " ");
        &spaced
    } else {
        text
    };
    let forms = [
        "%m/%d/%Y, %I:%M:%S%.f %p",
        "%m/%d/%Y %I:%M:%S%.f %p",
        "%m/%d/%Y, %I:%M %p",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%Y %H:%M:%S%.f",
        "%m/%d/%Y %H:%M",
    ];
    let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let time = time.or_else(|| Some(NaiveDate::parse_from_str(text, "%m/%d/%Y").ok()?.and_time(NaiveTime::MIN)));
    time.map(|time| within(time.and_utc().timestamp_micros(), text))
}

fn parse_epoch(text: &str) -> Option<Result<Time, TimeError>> {
    let number = text.strip_prefix("/Date(").and_then(|t| t.strip_suffix(")/")).unwrap_or(text);
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E')) {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    // Small numbers are counts or years, never instants of an export.
    (number.abs() >= 1e8).then(|| Time::from_epoch(number))
}

impl fmt::Display for Time {
    /// Writes RFC 3339 in UTC with as many fraction digits (0, 3 or 6) as the instant needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.rem_euclid(1_000_000);
        if !(Self::MIN..=Self::MAX).contains(self) {
            let form = match micros {
                0 => SecondsFormat::Secs,
                n if n % 1_000 == 0 => SecondsFormat::Millis,
                _ => SecondsFormat::Micros,
            };
            return f.write_str(&self.to_utc().to_rfc3339_opts(form, true));
        }
        // Answers hold many instants: each is written into one buffer.
        let (seconds, mut text) = (self.0.div_euclid(1_000_000), *b"0000-00-00T00:00:00.000000Z");
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let parts = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, of_day / 3_600),
            (14, 2, of_day / 60 % 60),
            (17, 2, of_day % 60),
            (20, 6, micros),
        ];
        for (at, digits, mut value) in parts {
            for place in text[at..at + digits].iter_mut().rev() {
                *place = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
        let end = match micros {
            0 => 19,
            n if n % 1_000 == 0 => 23,
            _ => 26,
        };
        text[end] = b'Z';
        f.write_str(std::str::from_utf8(&text[..=end]).map_err(|_| fmt::Error)?)
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil(day: i64) -> (i64, i64, i64) {
    // Years begin with March here, so that the leap day is the last one; an era is 400 years.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let of_years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_years + of_years / 4 - of_years / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (of_years + era * 400 + i64::from(month <= 2), month, of_year - (153 * from_march + 2) / 5 + 1)
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A closed interval of time; a missing end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First instant inside.
    pub from: Option<Time>,
    /// Last instant inside.
    pub to: Option<Time>,
}

impl Window {
    /// The window without bounds.
    pub const ALL: Self = Self { from: None, to: None };

    /// Whether `time` lies inside.
    pub fn contains(&self, time: Time) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time <= to)
    }

    /// Whether the interval from `first` to `last` touches the window.
    pub fn overlaps(&self, first: Time, last: Time) -> bool {
        self.from.is_none_or(|from| from <= last) && self.to.is_none_or(|to| first <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_the_field() {
        let cases = [
            ("2021-04-28T14:31:30.021Z", "2021-04-28T14:31:30.021Z"),
            ("2021-04-28 14:31:30", "2021-04-28T14:31:30Z"),
            ("2021-04-28T14:31:30.1234567Z", "2021-04-28T14:31:30.123456Z"),
            ("2021-04-28T16:31:30+02:00", "2021-04-28T14:31:30Z"),
            ("2021-04-28T16:31:30.5+0200", "2021-04-28T14:31:30.500Z"),
            ("2021-04-28", "2021-04-28T00:00:00Z"),
            ("4/28/2021, 2:31:30.021 PM", "2021-04-28T14:31:30.021Z"),
            ("12/1/2021, 12:05:00.000 AM", "2021-12-01T00:05:00Z"),
            ("4/28/2021, 2:31:30\u{202f}PM", "2021-04-28T14:31:30Z"),
            ("2021-04-28T4:31:30.5Z", "2021-04-28T04:31:30.500Z"),
            ("1619620290", "2021-04-28T14:31:30Z"),
            ("1619620290021", "2021-04-28T14:31:30.021Z"),
            ("/Date(1619620290021)/", "2021-04-28T14:31:30.021Z"),
            ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(Time::parse(text).map(|t| t.to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "-", "yesterday", "2021-13-01", "2021-04-28T25:00:00Z", "4625", "0000-01-01", "2021-04-28Tx", "٢٠٢١-04-28"] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_as_chrono_does() {
        let day = 86_400_000_000;
        let days = (Time::MIN.0 / day..=Time::MAX.0 / day).step_by(29);
        let odd =
            [Time::MIN.0, Time::MAX.0, -1, 0, 1, 951_782_400_000_000, 951_868_799_999_999, 4_107_542_400_000_000, 1_619_620_290_021_000];
        for micros in days.map(|n| n * day + n.rem_euclid(86_400) * 1_000_007).chain(odd) {
            let form = match micros.rem_euclid(1_000_000) {
                0 => SecondsFormat::Secs,
                n if n % 1_000 == 0 => SecondsFormat::Millis,
                _ => SecondsFormat::Micros,
            };
            let time = Time::from_micros(micros);
            assert_eq!(time.to_string(), time.to_utc().to_rfc3339_opts(form, true), "{micros}");
        }
    }
}
