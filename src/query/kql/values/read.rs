//! What a text is worth as a value of a type.

use super::super::lexer::TIMESPAN_UNITS;
use super::super::types::{DECIMAL_SCALE, TICKS_PER_DAY, TICKS_PER_SECOND};

pub use super::instants::{datetime, days};

/// A 64-bit integer, decimal or hexadecimal, without spaces around it.
pub fn long(text: &str) -> Option<i64> {
    let (digits, is_negative) = match text.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u64::from_str_radix(hex, 16).ok().filter(|_| is_hex)?;
        let value = bits.cast_signed();
        return Some(if is_negative { value.wrapping_neg() } else { value });
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A 64-bit float, without spaces around it.
pub fn real(text: &str) -> Option<f64> {
    // The longer words that Rust takes as well are no words here.
    let has_other_word = || text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'));
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        word if word.eq_ignore_ascii_case("nan") => Some(f64::NAN),
        word if word.eq_ignore_ascii_case("inf") => Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ if has_other_word() => None,
        _ => text.parse().ok(),
    }
}

/// A decimal, unscaled; digits behind the last that fits are rounded away.
pub fn decimal(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (digits, is_negative) = match mantissa.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (mantissa.strip_prefix('+').unwrap_or(mantissa), false),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The place of the last digit that is kept, counted from the first digit.
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(DECIMAL_SCALE);
    let mut value: i128 = 0;
    let mut written = whole.bytes().chain(fraction.bytes());
    for _ in 0..kept.clamp(0, 80) {
        let digit = i128::from(written.next().unwrap_or(b'0') - b'0');
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    if kept >= 0 && written.next().is_some_and(|digit| digit >= b'5') {
        value += 1;
    }
    Some(if is_negative { -value } else { value })
}

/// The bytes of a GUID, first byte highest; dashes and braces or not.
pub fn guid(text: &str) -> Option<u128> {
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    // Dashes may stand anywhere between the digits.
    let (mut value, mut digits): (u128, u32) = (0, 0);
    for letter in text.chars().filter(|letter| *letter != '-') {
        value = value << 4 | u128::from(letter.to_digit(16)?);
        digits += 1;
        if digits > 32 {
            return None;
        }
    }
    if digits != 32 || text.len() > 36 || text.starts_with('-') || text.ends_with('-') {
        return None;
    }
    Some(value)
}

/// A duration: `1.5h`, `15 seconds`, `1.02:03:04.5`, or a number of days.
pub fn timespan(text: &str) -> Option<i64> {
    let (text, is_negative) = match text.strip_prefix('-') {
        Some(rest) => (rest.trim_start(), true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let ticks = if text.contains(':') { clock(text)? } else { with_unit(text)? };
    i64::try_from(if is_negative { -ticks } else { ticks }).ok()
}

fn with_unit(text: &str) -> Option<i128> {
    let length = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let unit = text[length..].trim_start();
    let (number, ten) = scaled(&text[..length])?;
    let (per, parts) = match TIMESPAN_UNITS.iter().find(|(names, _)| names.contains(&unit)) {
        // A nanosecond is a hundredth of a tick.
        Some((_, 0)) => (1, 100),
        Some((_, ticks)) => (i128::from(*ticks), 1),
        None if unit.is_empty() => (i128::from(TICKS_PER_DAY), 1),
        None => return None,
    };
    Some(number.checked_mul(per)? / (ten * parts))
}

/// A decimal number as an integer and the power of ten to divide it by.
fn scaled(text: &str) -> Option<(i128, i128)> {
    const DIGITS_MAX: usize = 18;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.get(..fraction.len().min(DIGITS_MAX))?;
    if whole.is_empty() || whole.len() > DIGITS_MAX || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    let number = digits.fold(0, |number: i128, digit| number * 10 + i128::from(digit - b'0'));
    Some((number, 10_i128.pow(u32::try_from(fraction.len()).ok()?)))
}

/// `[d.]hh:mm[:ss[.fffffff]]`
pub(super) fn clock(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    let (days, hours) = match first.split_once('.') {
        Some((days, hours)) => (number(days)?, number(hours)?),
        None => (0, number(first)?),
    };
    let minutes = number(parts.next()?)?;
    let seconds = match parts.next() {
        Some(seconds) => {
            let (number, ten) = scaled(seconds)?;
            number.checked_mul(i128::from(TICKS_PER_SECOND))? / ten
        }
        None => 0,
    };
    let is_clock = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60 * i128::from(TICKS_PER_SECOND);
    let minutes = (i128::from(days) * 24 + i128::from(hours)) * 60 + i128::from(minutes);
    is_clock.then(|| minutes * 60 * i128::from(TICKS_PER_SECOND) + seconds)
}

/// A whole number of up to nine digits.
pub(super) fn number(text: &str) -> Option<i64> {
    const DIGITS_MAX: usize = 9;
    let is_number = !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}
