//! Rows with delimiters: CSV with cells over several lines, and its cousins with semicolons or tabs.
//!
//! Rows are found and split here and not by a library, because a stray quote must neither swallow the rest of a source
//! nor the machine's memory, and rejects need the place of their row.

use std::io;
use std::ops::ControlFlow::{self, Break, Continue};

use super::emit::{Emitter, Place};
use super::guide;
use super::scan::{Member, scan};
use super::window::Window;

/// The delimiter of a source whose first line reads like a header.
pub(super) fn delimiter(bytes: &[u8]) -> Option<u8> {
    let line = bytes.split(|b| *b == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut counts = [0usize; 3];
    let mut quoted = false;
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => counts[0] += 1,
            b';' if !quoted => counts[1] += 1,
            b'\t' if !quoted => counts[2] += 1,
            _ => {}
        }
    }
    let (best, count) = counts.iter().enumerate().max_by_key(|(place, count)| (**count, 2 - place))?;
    // A line of prose has commas as well, but no header has empty or very long names.
    let delimiter = [b',', b';', b'\t'][best];
    let plausible = line.split(|b| *b == delimiter).skip(1).all(|name| !name.trim_ascii().is_empty() && name.len() <= 256);
    (*count > 0 && plausible && !line.contains(&b'{')).then_some(delimiter)
}

/// A column that is kept: its place in the row and its name as a JSON key with the colon.
pub(super) struct Column {
    pub(super) place: usize,
    pub(super) key: Vec<u8>,
    /// Columns that carry the same name with lower rank (`Foo_string` beside `Foo_dynamic`).
    others: Vec<usize>,
}

/// Reads a source of rows behind a header.
pub(super) fn read(window: &mut Window<'_>, delimiter: u8, emitter: &mut Emitter<'_>) -> io::Result<ControlFlow<()>> {
    let limits = emitter.limits().clone();
    let Some(end) = row_end(window, delimiter, limits.document_bytes)? else {
        return Ok(emitter.reject("csv_invalid", "expected a header row", Place::of(window), &window.bytes()[..256]));
    };
    let head = &window.bytes()[..end];
    // Cells of such a source may still hold line feeds.
    if head.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n').count() > 1 {
        let message = "expected line feeds between rows, found carriage returns alone; save the source as CSV in UTF-8";
        let shown = head[..head.len().min(256)].to_vec();
        return Ok(emitter.reject("csv_invalid", message, Place::of(window), &shown));
    }
    let mut cells = Cells::default();
    cells.split(&window.bytes()[..end], delimiter);
    let width = cells.len();
    if width > limits.members {
        let message = format!("expected at most {} columns (members)", limits.members);
        return Ok(emitter.reject("members_exceeded", message, Place::of(window), b""));
    }
    let columns = match header(&cells) {
        Some(columns) => columns,
        None => return Ok(emitter.reject("utf8_invalid", "expected a header in UTF-8", Place::of(window), b"")),
    };
    emitter.columns(columns.iter().map(|column| &column.key[1..column.key.len() - 2]));
    window.consume(end);
    let absent = guide::absent(&columns, window, delimiter, limits.document_bytes);

    let mut object = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    loop {
        if !blank_lines(window)? {
            return Ok(Continue(()));
        }
        let place = Place::of(window);
        let Some(end) = row_end(window, delimiter, limits.document_bytes)? else {
            let message = format!("expected a row of at most {} bytes (document_bytes), or the end of its quotes", limits.document_bytes);
            let shown = window.bytes().len().min(256);
            if emitter.reject("csv_row_unended", message, place, &window.bytes()[..shown]).is_break() {
                return Ok(Break(()));
            }
            // A stray quote: only the line that has it is lost.
            window.line_end()?;
            continue;
        };
        cells.split(&window.bytes()[..end], delimiter);
        let flow = if cells.len() > width {
            let message = format!("expected at most {width} cells, found {}", cells.len());
            emitter.reject("csv_row_width", message, place, &window.bytes()[..end])
        } else {
            write_object(&columns, &cells, &absent, &mut object);
            if object.len() == 2 {
                Continue(())
            } else {
                match scan(&object, &limits, &mut members) {
                    Ok(done) => emitter.document(&object, &members, done.spaced, place),
                    Err(_) => emitter.reject("csv_invalid", "expected a row of cells", place, &window.bytes()[..end]),
                }
            }
        };
        window.consume(end);
        if flow.is_break() {
            return Ok(flow);
        }
    }
}

fn blank_lines(window: &mut Window<'_>) -> io::Result<bool> {
    loop {
        if !window.more_if_empty()? {
            return Ok(false);
        }
        match window.bytes()[0] {
            b'\r' | b'\n' => window.consume(1),
            _ => return Ok(true),
        }
    }
}

/// Bytes of the first row with its line break; none if it does not end within the limit, or its quotes never do.
fn row_end(window: &mut Window<'_>, delimiter: u8, limit: usize) -> io::Result<Option<usize>> {
    let mut at = 0;
    let mut quoted = false;
    let mut fresh = true;
    let mut closed = usize::MAX;
    loop {
        let bytes = window.bytes();
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' if quoted => {
                    quoted = false;
                    closed = at + 1;
                }
                // A quote opens at the beginning of a cell, or closes and opens again inside one (`""`).
                b'"' if fresh || closed == at => quoted = true,
                b'\n' if !quoted => return Ok((at < limit).then_some(at + 1)),
                _ => {}
            }
            fresh = !quoted && *byte == delimiter;
            at += 1;
        }
        if at > limit {
            return Ok(None);
        }
        if !window.more()? {
            return Ok((!quoted).then_some(at));
        }
    }
}

/// The cells of one row, without their quotes.
#[derive(Default)]
pub(super) struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, place: usize) -> &[u8] {
        let Some(end) = self.ends.get(place) else { return b"" };
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..*end]
    }

    pub(super) fn split(&mut self, row: &[u8], delimiter: u8) {
        self.text.clear();
        self.ends.clear();
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let mut at = 0;
        loop {
            if row.get(at) == Some(&b'"') {
                at += 1;
                while let Some(byte) = row.get(at) {
                    if *byte == b'"' {
                        at += 1;
                        if row.get(at) != Some(&b'"') {
                            break;
                        }
                    }
                    self.text.push(*byte);
                    at += 1;
                }
            }
            let rest = &row[at.min(row.len())..];
            let plain = rest.iter().position(|b| *b == delimiter).unwrap_or(rest.len());
            self.text.extend_from_slice(&rest[..plain]);
            self.ends.push(self.text.len());
            at += plain + 1;
            if plain == rest.len() {
                return;
            }
        }
    }
}

/// The columns that are kept, `Foo_dynamic` and `Foo_string` as one, without ` [UTC]`; none if a name is not UTF-8.
fn header(cells: &Cells) -> Option<Vec<Column>> {
    let mut names: Vec<(String, Column)> = Vec::new();
    for place in 0..cells.len() {
        let name = std::str::from_utf8(cells.get(place)).ok()?.trim();
        let name = name.strip_suffix("[UTC]").map_or(name, str::trim_end);
        if name.is_empty() {
            // The first column of a data frame is its index, an unnamed one further right has no use either.
            continue;
        }
        let plain = crate::ingest::events::plain_name(name);
        match names.iter_mut().find(|(known, _)| known == plain) {
            Some((_, column)) if plain != name && name.ends_with("_dynamic") => {
                column.others.insert(0, column.place);
                column.place = place;
            }
            Some((_, column)) if plain != name || column.place != place => column.others.push(place),
            _ => {
                let key = serde_json::Value::from(plain).to_string() + ":";
                names.push((plain.to_owned(), Column { place, key: key.into_bytes(), others: Vec::new() }));
            }
        }
    }
    Some(names.into_iter().map(|(_, column)| column).collect())
}

/// Writes a row as an object of its non-empty cells; `absent` holds the codes of columns that stand for none.
fn write_object(columns: &[Column], cells: &Cells, absent: &[(usize, u64)], object: &mut Vec<u8>) {
    object.clear();
    object.push(b'{');
    for column in columns {
        let places = [column.place].into_iter().chain(column.others.iter().copied());
        let Some(cell) = places.map(|place| cells.get(place)).find(|cell| !cell.is_empty()) else { continue };
        if absent.iter().any(|(place, code)| *place == column.place && guide::code(cell) == Some(*code)) {
            continue;
        }
        if object.len() > 1 {
            object.push(b',');
        }
        object.extend_from_slice(&column.key);
        write_string(cell, object);
    }
    object.push(b'}');
}

fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut from = 0;
    for (at, byte) in text.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(&text[from..at]);
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        from = at + 1;
    }
    out.extend_from_slice(&text[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sniffs_the_delimiter() {
        for (text, expected) in [
            ("a,b,c\n1,2,3", Some(b',')),
            ("a;b\n", Some(b';')),
            ("a\tb\tc,d\n", Some(b'\t')),
            (",TenantId,x\n", Some(b',')),
            ("StartTime [UTC],\"a,b\"\n", Some(b',')),
            ("just words\n", None),
            ("{\"a\":1,\"b\":2}\n", None),
            ("a,,b\n", None),
        ] {
            assert_eq!(delimiter(text.as_bytes()), expected, "{text}");
        }
    }

    fn split(row: &str) -> Vec<String> {
        let mut cells = Cells::default();
        cells.split(row.as_bytes(), b',');
        (0..cells.len()).map(|place| String::from_utf8_lossy(cells.get(place)).into_owned()).collect()
    }

    #[test]
    fn splits_rows() {
        assert_eq!(split("a,\"b \"\"x\"\", c\",,\"d\n e\"\r\n"), ["a", "b \"x\", c", "", "d\n e"]);
        assert_eq!(split("5\" disk,x"), ["5\" disk", "x"]);
        assert_eq!(split(""), [""]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_csv_crate(rows in prop::collection::vec(prop::collection::vec("[a\", \n\r\\\\é;]{0,6}", 3), 1..6)) {
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("writes to memory");
            }
            let bytes = writer.into_inner().expect("flushes to memory");
            let mut window = Window::new(Box::new(&bytes[..]));
            let mut cells = Cells::default();
            let mut seen = Vec::new();
            while window.more_if_empty().expect("reads") {
                let end = row_end(&mut window, b',', 1 << 20).expect("reads").expect("ends");
                cells.split(&window.bytes()[..end], b',');
                seen.push((0..cells.len()).map(|p| String::from_utf8_lossy(cells.get(p)).into_owned()).collect::<Vec<_>>());
                window.consume(end);
            }
            prop_assert_eq!(seen, rows);
        }
    }
}
