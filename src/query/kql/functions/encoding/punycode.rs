//! Punycode (RFC 3492): letters of all scripts in those of ASCII.

use arrow::array::ArrayRef;

use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const BIAS: u32 = 72;
const FIRST: u32 = 0x80;
/// What a label of a domain name starts with if it is encoded.
const MARK: &str = "xn--";

pub(super) fn encode(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| encoded(texts.value(row))))
}

pub(super) fn decode(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| decoded(texts.value(row))))
}

pub(super) fn encode_domain(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    // The full stops of East Asian scripts part labels too.
    let labels = |text: &str| {
        let labels = text.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
        let labels = labels.map(|label| if label.is_ascii() { Some(label.to_owned()) } else { Some(format!("{MARK}{}", encoded(label)?)) });
        Some(labels.collect::<Option<Vec<_>>>()?.join("."))
    };
    Ok(call.texts(|row| labels(texts.value(row))))
}

pub(super) fn decode_domain(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    let labels = |text: &str| {
        let labels = text.split('.').map(|label| match label.strip_prefix(MARK) {
            Some(code) => decoded(code),
            None => Some(label.to_owned()),
        });
        Some(labels.collect::<Option<Vec<_>>>()?.join("."))
    };
    Ok(call.texts(|row| labels(texts.value(row))))
}

fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn encoded(text: &str) -> Option<String> {
    let letters: Vec<u32> = text.chars().map(u32::from).collect();
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut next, mut delta, mut bias, mut handled) = (FIRST, 0_u32, BIAS, basic);
    while usize::try_from(handled).ok()? < letters.len() {
        let smallest = letters.iter().copied().filter(|letter| *letter >= next).min()?;
        delta = delta.checked_add((smallest - next).checked_mul(handled + 1)?)?;
        next = smallest;
        for letter in &letters {
            if *letter < next {
                delta = delta.checked_add(1)?;
            }
            if *letter == next {
                push_number(&mut out, delta, bias)?;
                bias = adapted(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        next += 1;
    }
    Some(out)
}

fn push_number(out: &mut String, number: u32, bias: u32) -> Option<()> {
    let (mut rest, mut k) = (number, BASE);
    loop {
        let threshold = threshold(k, bias);
        if rest < threshold {
            out.push(char::from_digit(rest, BASE).map(digit_letter)?);
            return Some(());
        }
        let digit = threshold + (rest - threshold) % (BASE - threshold);
        out.push(char::from_digit(digit, BASE).map(digit_letter)?);
        rest = (rest - threshold) / (BASE - threshold);
        k += BASE;
    }
}

/// Punycode counts letters before digits: `0` to `9a` to `z` become `a` to `z0` to `9`.
fn digit_letter(digit: char) -> char {
    let value = digit.to_digit(BASE).unwrap_or_default() as u8;
    char::from(if value < 26 { b'a' + value } else { b'0' + value - 26 })
}

fn digit_value(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'a'..=b'z' => letter - b'a',
        b'A'..=b'Z' => letter - b'A',
        b'0'..=b'9' => letter - b'0' + 26,
        _ => return None,
    }))
}

fn decoded(text: &str) -> Option<String> {
    let (basic, code) = text.rsplit_once('-').unwrap_or(("", text));
    let mut letters: Vec<char> = basic.chars().collect();
    if !text.is_ascii() {
        return None;
    }
    let (mut next, mut place, mut bias) = (FIRST, 0_u32, BIAS);
    let mut digits = code.bytes();
    while digits.len() > 0 {
        let (before, mut weight, mut k) = (place, 1_u32, BASE);
        loop {
            let digit = digit_value(digits.next()?)?;
            place = place.checked_add(digit.checked_mul(weight)?)?;
            let threshold = threshold(k, bias);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let count = u32::try_from(letters.len()).ok()? + 1;
        bias = adapted(place - before, count, before == 0);
        next = next.checked_add(place / count)?;
        place %= count;
        letters.insert(usize::try_from(place).ok()?, char::from_u32(next)?);
        place += 1;
    }
    Some(letters.into_iter().collect())
}
