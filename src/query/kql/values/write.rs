//! Values as text, as `tostring` gives them.

use std::fmt::Write as _;

use super::super::types::{DECIMAL_SCALE, TICKS_PER_DAY, TICKS_PER_SECOND};

/// An instant: ISO 8601 with seven digits and `Z`.
pub fn datetime(ticks: i64) -> String {
    let mut text = String::with_capacity(28);
    push_datetime(&mut text, ticks);
    text
}

/// Appends an instant.
pub fn push_datetime(text: &mut String, ticks: i64) {
    let (year, month, day) = date(ticks.div_euclid(TICKS_PER_DAY));
    let of_day = ticks.rem_euclid(TICKS_PER_DAY);
    let (seconds, fraction) = (of_day / TICKS_PER_SECOND, of_day % TICKS_PER_SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    digits(text, year, 4);
    for (separator, number) in [('-', month), ('-', day), ('T', hour), (':', minute), (':', second)] {
        text.push(separator);
        digits(text, number, 2);
    }
    text.push('.');
    digits(text, fraction, 7);
    text.push('Z');
}

/// Year, month and day of a day counted from the first of the year 1.
pub fn date(days: i64) -> (i64, i64, i64) {
    // Years that start in March end with the day that not all of them have.
    let shifted = days + 306;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn digits(text: &mut String, number: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        text.push(char::from(b'0' + u8::try_from(digit).unwrap_or_default()));
    }
}

/// A duration: `[-][d.]hh:mm:ss[.fffffff]`.
pub fn timespan(ticks: i64) -> String {
    let mut text = String::with_capacity(26);
    push_timespan(&mut text, ticks);
    text
}

/// Appends a duration.
pub fn push_timespan(text: &mut String, ticks: i64) {
    if ticks < 0 {
        text.push('-');
    }
    let ticks = ticks.unsigned_abs();
    let (day, second) = (TICKS_PER_DAY.unsigned_abs(), TICKS_PER_SECOND.unsigned_abs());
    let (days, of_day) = (ticks / day, (ticks % day).cast_signed());
    if days > 0 {
        let _ = write!(text, "{days}.");
    }
    let (seconds, fraction) = (of_day / TICKS_PER_SECOND, ticks % second);
    digits(text, seconds / 3600, 2);
    text.push(':');
    digits(text, seconds / 60 % 60, 2);
    text.push(':');
    digits(text, seconds % 60, 2);
    if fraction > 0 {
        text.push('.');
        digits(text, fraction.cast_signed(), 7);
    }
}

/// A float: the fewest digits that read back as the same, always with a point or an exponent.
pub fn real(value: f64) -> String {
    let mut text = String::new();
    push_real(&mut text, value);
    text
}

/// Appends a float.
pub fn push_real(text: &mut String, value: f64) {
    if value.is_nan() {
        return text.push_str("NaN");
    }
    if value.is_infinite() {
        return text.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        let start = text.len();
        let _ = write!(text, "{value}");
        if !text[start..].contains('.') {
            text.push_str(".0");
        }
    } else {
        let _ = write!(text, "{value:e}");
    }
}

/// A decimal without zeros at its end.
pub fn decimal(unscaled: i128) -> String {
    let scale = 10_u128.pow(u32::from(DECIMAL_SCALE.unsigned_abs()));
    let (whole, fraction) = (unscaled.unsigned_abs() / scale, unscaled.unsigned_abs() % scale);
    let mut text = format!("{}{whole}", if unscaled < 0 { "-" } else { "" });
    if fraction > 0 {
        let width = usize::from(DECIMAL_SCALE.unsigned_abs());
        let _ = write!(text, ".{fraction:0width$}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// A GUID in small letters with dashes.
pub fn guid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Appends a text as a JSON string.
pub fn push_json_string(json: &mut String, text: &str) {
    json.push('"');
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        json.push_str(text);
    } else {
        for letter in text.chars() {
            match letter {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\n' => json.push_str("\\n"),
                '\r' => json.push_str("\\r"),
                '\t' => json.push_str("\\t"),
                '\u{0}'..'\u{20}' => drop(write!(json, "\\u{:04x}", u32::from(letter))),
                _ => json.push(letter),
            }
        }
    }
    json.push('"');
}

/// A text as a JSON string.
pub fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_json_string(&mut json, text);
    json
}

/// Texts as a JSON array.
pub fn json_strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut json = String::from("[");
    for (index, text) in texts.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_json_string(&mut json, text);
    }
    json.push(']');
    json
}
