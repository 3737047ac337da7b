//! Texts with a structure: records of CSV, paths, command lines; and sizes written as texts.

use arrow::array::ArrayRef;

use super::super::super::values::write;
use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn csv(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let values = record(texts.value(row));
        Some(write::json_strings(values.iter().map(String::as_str)))
    }))
}

/// The values up to the end of the first line that is not inside quotes.
fn record(text: &str) -> Vec<String> {
    let (mut values, mut value, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => value.extend(letters.next()),
            '"' if quoted => quoted = false,
            '"' if value.is_empty() => quoted = true,
            ',' if !quoted => values.push(std::mem::take(&mut value)),
            '\r' | '\n' if !quoted => break,
            _ => value.push(letter),
        }
    }
    values.push(value);
    values
}

pub(super) fn path(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| Some(parts(texts.value(row)))))
}

/// The parts of a path as JSON.
fn parts(path: &str) -> String {
    let is_separator = |letter: char| matches!(letter, '/' | '\\');
    let (scheme, path) = path.split_once("://").unwrap_or(("", path));
    let has_drive = path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.as_bytes().get(1) == Some(&b':');
    let root = if has_drive { &path[..2] } else { "" };
    let (directory, file) = match path.rfind(is_separator) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("", path.strip_prefix(root).unwrap_or(path)),
    };
    let (file, stream) = file.split_once(':').unwrap_or((file, ""));
    let parent = directory.rsplit(is_separator).next().unwrap_or_default();
    let parent = if parent == root { "" } else { parent };
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let fields = [
        ("Scheme", scheme),
        ("RootPath", root),
        ("DirectoryPath", directory),
        ("DirectoryName", parent),
        ("Filename", file),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ];
    let mut json = String::from("{");
    for (index, (name, value)) in fields.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write::push_json_string(&mut json, name);
        json.push(':');
        write::push_json_string(&mut json, value);
    }
    json.push('}');
    json
}

pub(super) fn command_line(call: &Arguments) -> Result {
    if call.text(1, 0) != "windows" {
        return Err(KernelError::new(format!("expected `windows` as parser of parse_command_line(), found `{}`", call.text(1, 0))));
    }
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let arguments = arguments(texts.value(row));
        (!arguments.is_empty()).then(|| write::json_strings(arguments.iter().map(String::as_str)))
    }))
}

/// Arguments as Windows cuts them: backslashes are plain unless a quote follows, two quotes inside quotes are one.
fn arguments(line: &str) -> Vec<String> {
    let is_space = |letter: &char| matches!(letter, ' ' | '\t');
    let mut letters = line.chars().peekable();
    let mut arguments = Vec::new();
    loop {
        while letters.next_if(is_space).is_some() {}
        if letters.peek().is_none() {
            return arguments;
        }
        let (mut argument, mut quoted) = (String::new(), false);
        while letters.peek().is_some_and(|letter| quoted || !is_space(letter)) {
            let mut backslashes = 0;
            while letters.next_if_eq(&'\\').is_some() {
                backslashes += 1;
            }
            let before_quote = letters.peek() == Some(&'"');
            argument.extend(std::iter::repeat_n('\\', if before_quote { backslashes / 2 } else { backslashes }));
            if !before_quote {
                if backslashes == 0 {
                    argument.extend(letters.next());
                }
                continue;
            }
            letters.next();
            if backslashes % 2 == 1 || (quoted && letters.next_if_eq(&'"').is_some()) {
                argument.push('"');
            } else {
                quoted = !quoted;
            }
        }
        arguments.push(argument);
    }
}

const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];

pub(super) fn format_bytes(call: &Arguments) -> Result {
    let text = |row: usize| {
        let Some(size) = call.real(0, row).filter(|size| size.is_finite()) else { return Ok(None) };
        let precision = if call.len() > 1 { call.long(1, row).unwrap_or_default() } else { 0 };
        let unit = if call.len() > 2 { call.text(2, row) } else { "" };
        let power = match unit {
            "" => (1..UNITS.len()).rev().find(|power| size.abs() >= 1024_f64.powi(*power as i32)).unwrap_or(0),
            _ => match UNITS.iter().position(|known| known.eq_ignore_ascii_case(unit)) {
                Some(power) => power,
                None => return Err(KernelError::new(format!("expected one of {} in format_bytes(), found `{unit}`", UNITS.join(", ")))),
            },
        };
        let ten = 10_f64.powi(precision.clamp(0, 15) as i32);
        let rounded = (size / 1024_f64.powi(power as i32) * ten).round() / ten;
        Ok(Some(format!("{rounded} {}", UNITS[power])))
    };
    let texts = (0..call.rows).map(text).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(call.texts(|row| texts[row].as_deref()))
}
