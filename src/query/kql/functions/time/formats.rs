//! Instants and durations in a format of letters.

use std::fmt::Write;

use arrow::array::ArrayRef;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes, takes_constant};
use super::calendar::Date;
use crate::query::kql::tree::ScalarType::{DateTime, String as Text, Timespan};
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND};

type Result<T> = std::result::Result<T, KernelError>;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "format_datetime",
        Family::Time,
        "Writes an instant in a format such as `yyyy-MM-dd HH:mm:ss.fff`.",
        &[form(&[takes("date", DateTime), takes_constant("format", Text)], 2, Returns::Always(Text), |call| {
            formatted(call, b"dfFhHmMsyt", of_instant)
        })],
    ),
    Function::new(
        "format_timespan",
        Family::Time,
        "Writes a duration in a format such as `d.hh:mm:ss.fff`.",
        &[form(&[takes("timespan", Timespan), takes_constant("format", Text)], 2, Returns::Always(Text), |call| {
            formatted(call, b"dfFhHms", of_duration)
        })],
    ),
];

/// A run of one letter, or a delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Letters(u8, usize),
    Delimiter(char),
}

/// Cuts a format into runs of letters and delimiters.
fn pieces(format: &str, letters: &[u8]) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for letter in format.chars() {
        match u8::try_from(letter) {
            Ok(letter) if letters.contains(&letter) => match pieces.last_mut() {
                Some(Piece::Letters(last, count)) if *last == letter => *count += 1,
                _ => pieces.push(Piece::Letters(letter, 1)),
            },
            Ok(b' ' | b'/' | b'-' | b':' | b',' | b'.' | b'_' | b'[' | b']') => pieces.push(Piece::Delimiter(letter)),
            _ => {
                return Err(KernelError::new(format!(
                    "expected letters of a format or one of ` /-:,._[]`, found `{letter}` in `{format}`"
                )));
            }
        }
    }
    let longest = |letter: u8| match letter {
        b'f' | b'F' => 7,
        b'd' if !letters.contains(&b'y') => 8,
        b'y' => 4,
        _ => 2,
    };
    for piece in &pieces {
        if let Piece::Letters(letter, count) = piece
            && (*count > longest(*letter) || (*letter == b'y' && *count == 3) || (*letter == b't' && *count == 1))
        {
            let run = char::from(*letter).to_string().repeat(*count);
            return Err(KernelError::new(format!("expected elements of a format, found `{run}` in `{format}`")));
        }
    }
    Ok(pieces)
}

fn formatted(call: &Arguments, letters: &[u8], write: fn(&mut String, i64, Piece)) -> Result<ArrayRef> {
    let fixed = call.constant_text(1).map(|format| pieces(format, letters)).transpose()?;
    let mut texts = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let own;
        let pieces = match &fixed {
            Some(pieces) => pieces,
            None => {
                own = pieces(call.text(1, row), letters)?;
                &own
            }
        };
        texts.push(call.datetime(0, row).map(|ticks| {
            let mut text = String::with_capacity(24);
            for piece in pieces {
                write(&mut text, ticks, *piece);
            }
            text
        }));
    }
    Ok(call.texts(|row| texts[row].as_deref()))
}

fn number(out: &mut String, value: impl std::fmt::Display, width: usize) {
    let _ = write!(out, "{value:0width$}");
}

/// The first digits of a second's part; without zeros at the end if so many are not wanted.
fn fraction(out: &mut String, ticks: u64, digits: usize, keeps_zeros: bool) {
    let all = format!("{:07}", ticks % TICKS_PER_SECOND.unsigned_abs());
    let cut = &all[..digits.min(all.len())];
    out.push_str(if keeps_zeros { cut } else { cut.trim_end_matches('0') });
}

fn of_instant(out: &mut String, ticks: i64, piece: Piece) {
    let (letter, count) = match piece {
        Piece::Letters(letter, count) => (letter, count),
        Piece::Delimiter(delimiter) => return out.push(delimiter),
    };
    let date = Date::of(ticks);
    let seconds = ticks.rem_euclid(TICKS_PER_DAY) / TICKS_PER_SECOND;
    let hour = seconds / 3600;
    match letter {
        b'd' => number(out, date.day, count),
        b'M' => number(out, date.month, count),
        b'y' if count == 4 => number(out, date.year, 4),
        b'y' => number(out, date.year % 100, count),
        b'h' => number(out, (hour + 11) % 12 + 1, count),
        b'H' => number(out, hour, count),
        b'm' => number(out, seconds / 60 % 60, count),
        b's' => number(out, seconds % 60, count),
        b't' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        _ => fraction(out, ticks.rem_euclid(TICKS_PER_SECOND).unsigned_abs(), count, letter == b'f'),
    }
}

fn of_duration(out: &mut String, ticks: i64, piece: Piece) {
    if ticks < 0 && out.is_empty() {
        out.push('-');
    }
    let (letter, count) = match piece {
        Piece::Letters(letter, count) => (letter, count),
        Piece::Delimiter(delimiter) => return out.push(delimiter),
    };
    let ticks = ticks.unsigned_abs();
    let seconds = ticks / TICKS_PER_SECOND.unsigned_abs();
    match letter {
        b'd' => number(out, seconds / 86_400, count),
        b'h' | b'H' => number(out, seconds / 3600 % 24, count),
        b'm' => number(out, seconds / 60 % 60, count),
        b's' => number(out, seconds % 60, count),
        _ => fraction(out, ticks, count, letter == b'f'),
    }
}
