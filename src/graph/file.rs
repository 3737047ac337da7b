//! The graph's snapshot file: a fast start without the journal.
//!
//! Layout: magic, format, position in the journal, number of sections, checksum of that; then each section as length,
//! checksum (CRC-32C) and content, little-endian. A file is written beside the old ones, synced, renamed and the folder
//! synced; the two newest stay. Whatever cannot be read in full is as if it were not there: the journal has it all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{AlertStatus, Classification, IncidentStatus, Seq, Severity};

use super::column::{Column, TextRef, Texts};
use super::decision::{Decision, Decisions};
use super::entities::{AtomRow, Held, KeyRow, Ring};
use super::error::GraphError;
use super::index::Names;
use super::nodes::{AlertRow, DocRow, IncidentRow, MentionTo};
use super::runs::{Entry, Family, Link, Mention, Run};
use super::store::{EventsRow, Label, Mixed, Rules, Store};

const MAGIC: [u8; 8] = *b"clewgrph";
/// Raised whenever a row or a section changes; files of other formats are passed over.
const FORMAT: u32 = 4;
const KEPT: usize = 2;

/// A value with a fixed place in the file.
trait Plain: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(input: &mut &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Plain for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = input.split_first_chunk()?;
                *input = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, i64);

macro_rules! rows {
    ($($type:ident { $($field:ident),* })*) => {$(
        impl Plain for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Plain::take(input)?),* })
            }
        }
    )*};
}
rows! {
    TextRef { chunk, start, len }
    KeyRow { text, kind, strong, weak, only, cut, joins, torn }
    Held { key, atom, next }
    AtomRow { kind, held, strong, weak, label, first, print }
    Ring { next, lead, size, joined, fixed }
    DocRow { node, next, mentions, mention_count, seq, time, modified, hash, standing, piece, superseded }
    MentionTo { atom, role }
    AlertRow {
        id, title, alert_type, product, provider, tactics, techniques, start, end, created, modified, docs, current, severity, status,
        is_incident
    }
    IncidentRow {
        id, number, title, owner, provider, reason, tags, products, tactics, techniques, redirect, first, last, created, modified, closed,
        docs, current, severity, status, classification
    }
    Label { relation, rule, print }
    EventsRow { from, to, label, count, first, last, seq_min, seq_max }
    Mention { key, doc }
    Link { key, other, by, label }
    Mixed { version, pieces }
}

impl Plain for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(u8::take(input)? != 0)
    }
}

impl Plain for [u8; 16] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let (bytes, rest) = input.split_first_chunk()?;
        *input = rest;
        Some(*bytes)
    }
}

impl<T: Plain> Plain for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        if bool::take(input)? { Some(Some(T::take(input)?)) } else { Some(None) }
    }
}

const CLASSIFICATIONS: [Classification; 4] =
    [Classification::TruePositive, Classification::BenignPositive, Classification::FalsePositive, Classification::Undetermined];

macro_rules! choices {
    ($($type:ty = $all:expr;)*) => {$(
        impl Plain for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.push($all.iter().position(|one| one == self).expect("the list holds every variant") as u8);
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                $all.get(usize::from(u8::take(input)?)).copied()
            }
        }
    )*};
}
choices! {
    Severity = Severity::ALL;
    AlertStatus = AlertStatus::ALL;
    IncidentStatus = IncidentStatus::ALL;
    Classification = CLASSIFICATIONS;
}

impl Plain for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let len = usize::try_from(u64::take(input)?).ok()?;
        let (bytes, rest) = input.split_at_checked(len)?;
        *input = rest;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    (text.len() as u64).put(out);
    out.extend_from_slice(text.as_bytes());
}

impl Plain for Decision {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Split((kind, key)) => (0u8.put(out), kind.put(out), key.put(out)).0,
            Self::Merge(a, b) => {
                1u8.put(out);
                for text in [&a.0, &a.1, &b.0, &b.1] {
                    text.put(out);
                }
            }
            Self::Undo(seq) => (2u8.put(out), seq.put(out)).0,
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(match u8::take(input)? {
            0 => Self::Split((String::take(input)?, String::take(input)?)),
            1 => Self::Merge((String::take(input)?, String::take(input)?), (String::take(input)?, String::take(input)?)),
            2 => Self::Undo(u64::take(input)?),
            _ => return None,
        })
    }
}

fn put_column<T: Plain + Clone + Default>(column: &Column<T>, out: &mut Vec<u8>) {
    (column.len() as u64).put(out);
    for row in column.iter() {
        row.put(out);
    }
}

fn take_column<T: Plain + Clone + Default>(section: &mut Section<'_, impl Read>) -> Option<Column<T>> {
    let len: u64 = section.next()?;
    (0..len).map(|_| section.next()).collect()
}

fn put_family<E: Entry + Plain>(family: &Family<E>, out: &mut Vec<u8>) {
    let lists = family.lists();
    (lists.len() as u64).put(out);
    for (len, list) in lists {
        (len as u64).put(out);
        for (row, entry) in list {
            row.put(out);
            entry.put(out);
        }
    }
}

fn take_family<E: Entry + Plain>(section: &mut Section<'_, impl Read>) -> Option<Family<E>> {
    let runs: u64 = section.next()?;
    let mut family = Vec::new();
    for _ in 0..runs {
        let len: u64 = section.next()?;
        family.push(Run::read(len, || Some((section.next()?, section.next()?)))?);
    }
    Some(Family::from_runs(family))
}

fn put_texts(texts: &Texts, out: &mut Vec<u8>) {
    (texts.tail() as u64).put(out);
    (texts.chunks().len() as u64).put(out);
    for chunk in texts.chunks() {
        put_text(chunk, out);
    }
}

fn take_texts(section: &mut Section<'_, impl Read>) -> Option<Texts> {
    let tail = usize::try_from(section.next::<u64>()?).ok()?;
    let len: u64 = section.next()?;
    let chunks = (0..len).map(|_| section.next_text().map(Arc::new)).collect::<Option<_>>()?;
    Texts::from_chunks(chunks, tail)
}

fn put_decisions(decisions: &Decisions, out: &mut Vec<u8>) {
    (decisions.all().len() as u64).put(out);
    for (seq, decision) in decisions.all() {
        seq.put(out);
        decision.put(out);
    }
}

fn take_decisions(section: &mut Section<'_, impl Read>) -> Option<Decisions> {
    // Their texts may have any length, and they are few.
    section.fill(usize::MAX)?;
    let mut decisions = Decisions::default();
    for _ in 0..section.next::<u64>()? {
        decisions.add(section.next()?, section.next()?);
    }
    Some(decisions)
}

fn put_mixed(mixed: &BTreeMap<u32, Mixed>, out: &mut Vec<u8>) {
    (mixed.len() as u64).put(out);
    for (n, mixed) in mixed {
        n.put(out);
        mixed.put(out);
    }
}

fn take_mixed(section: &mut Section<'_, impl Read>) -> Option<BTreeMap<u32, Mixed>> {
    let len: u64 = section.next()?;
    (0..len).map(|_| Some((section.next()?, section.next()?))).collect()
}

/// Lists the sections once, for writing and for reading.
macro_rules! sections {
    ($(($put:ident, $take:ident) $($path:ident).+;)*) => {
        const SECTIONS: u32 = 0 $(+ { let _ = stringify!($($path).+); 1 })*;

        fn write_sections(store: &Store, to: &mut impl Write) -> io::Result<()> {
            let mut buffer = Vec::new();
            $(
                buffer.clear();
                $put(&store.$($path).+, &mut buffer);
                write_section(&buffer, to)?;
            )*
            Ok(())
        }

        fn read_sections(store: &mut Store, from: &mut impl Read) -> Option<()> {
            $(
                let mut section = Section::open(from)?;
                store.$($path).+ = $take(&mut section)?.into();
                section.close()?;
            )*
            Some(())
        }
    };
}
sections! {
    (put_texts, take_texts) texts;
    (put_names, take_names) names;
    (put_column, take_column) entities.keys;
    (put_column, take_column) entities.atoms;
    (put_column, take_column) entities.held;
    (put_column, take_column) entities.rep;
    (put_column, take_column) entities.ring;
    (put_decisions, take_decisions) entities.decisions;
    (put_column, take_column) alerts;
    (put_mixed, take_mixed) mixed;
    (put_column, take_column) incidents;
    (put_column, take_column) docs;
    (put_column, take_column) mentions;
    (put_column, take_column) labels;
    (put_column, take_column) events;
    (put_family, take_family) mentioned;
    (put_family, take_family) links_out;
    (put_family, take_family) links_in;
    (put_family, take_family) members;
    (put_family, take_family) containers;
    (put_family, take_family) order;
}

fn put_names(names: &Names, out: &mut Vec<u8>) {
    put_column(names.refs(), out);
}

fn take_names(section: &mut Section<'_, impl Read>) -> Option<Names> {
    take_column(section).map(Names::from_refs)
}

fn write_section(content: &[u8], to: &mut impl Write) -> io::Result<()> {
    to.write_all(&(content.len() as u64).to_le_bytes())?;
    to.write_all(&crc32c::crc32c(content).to_le_bytes())?;
    to.write_all(content)
}

/// A section as it is read: what stands in the window, and the checksum of all that came through it.
///
/// A graph of a million alerts has sections of hundreds of megabytes, which need not be in memory beside what is made of them.
struct Section<'a, R> {
    from: &'a mut R,
    window: Vec<u8>,
    at: usize,
    /// Bytes that have not come into the window.
    left: u64,
    expected: u32,
    sum: u32,
}

/// Bytes that are read at once.
const WINDOW: usize = 1 << 18;
/// No row takes more bytes.
const ROW_MAX: usize = 512;

impl<'a, R: Read> Section<'a, R> {
    fn open(from: &'a mut R) -> Option<Self> {
        let mut head = [0; 12];
        from.read_exact(&mut head).ok()?;
        let mut input = &head[..];
        let (left, expected) = (u64::take(&mut input)?, u32::take(&mut input)?);
        Some(Self { from, window: Vec::with_capacity(WINDOW + ROW_MAX), at: 0, left, expected, sum: 0 })
    }

    /// Reads on until so many bytes stand in the window, or all that are left.
    fn fill(&mut self, bytes: usize) -> Option<()> {
        if self.window.len() - self.at >= bytes || self.left == 0 {
            return Some(());
        }
        self.window.drain(..self.at);
        self.at = 0;
        let (old, wanted) = (self.window.len(), self.left.min(bytes.max(WINDOW) as u64));
        // A damaged length must not ask for memory that the file cannot fill.
        let read = self.from.by_ref().take(wanted).read_to_end(&mut self.window).ok()? as u64;
        self.sum = crc32c::crc32c_append(self.sum, &self.window[old..]);
        self.left -= read;
        (read == wanted).then_some(())
    }

    fn next<T: Plain>(&mut self) -> Option<T> {
        self.fill(ROW_MAX)?;
        let mut input = &self.window[self.at..];
        let value = T::take(&mut input)?;
        self.at = self.window.len() - input.len();
        Some(value)
    }

    fn next_text(&mut self) -> Option<String> {
        let len = usize::try_from(self.next::<u64>()?).ok()?;
        self.fill(len)?;
        let bytes = self.window.get(self.at..self.at.checked_add(len)?)?;
        let text = String::from_utf8(bytes.to_vec()).ok()?;
        self.at += len;
        Some(text)
    }

    /// Whether all of it was read, and is what was written.
    fn close(self) -> Option<()> {
        (self.left == 0 && self.at == self.window.len() && self.sum == self.expected).then_some(())
    }
}

fn header(applied: Seq) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    FORMAT.put(&mut head);
    applied.0.put(&mut head);
    SECTIONS.put(&mut head);
    crc32c::crc32c(&head).put(&mut head);
    head
}

const HEADER: usize = 8 + 4 + 8 + 4 + 4;

fn read(path: &Path, rules: Rules) -> Option<Store> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).ok()?);
    let mut head = [0; HEADER];
    file.read_exact(&mut head).ok()?;
    let applied = Seq(u64::from_le_bytes(*head[12..].first_chunk()?));
    if head[..] != header(applied)[..] {
        return None;
    }
    let mut store = Store { rules, applied, ..Store::default() };
    read_sections(&mut store, &mut file)?;
    store.reindex();
    Some(store)
}

/// Returns the snapshot files of a folder, newest first.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("graph-") && name.ends_with(".snap") {
            found.push(path);
        }
    }
    // The position stands in the name with a fixed number of digits.
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> GraphError {
    let path = path.to_owned();
    move |source| GraphError::File { path, action, source }
}

/// Returns the newest state of a folder that can be read in full; an empty one if there is none.
pub(super) fn load(dir: &Path, rules: Rules) -> Result<Store, GraphError> {
    fs::create_dir_all(dir).map_err(failed(dir, "created"))?;
    for path in files(dir).map_err(failed(dir, "listed"))? {
        if let Some(store) = read(&path, rules) {
            return Ok(store);
        }
        tracing::warn!(path = %path.display(), "graph snapshot cannot be read, the one before it or the journal takes its place");
    }
    Ok(Store::new(rules))
}

/// Writes a state into a folder; it is durable when this returns.
pub(super) fn save(dir: &Path, store: &Store) -> Result<(), GraphError> {
    let path = dir.join(format!("graph-{:020}.snap", store.applied.0));
    let temporary = path.with_extension("tmp");
    let write = || -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&temporary)?);
        file.write_all(&header(store.applied))?;
        write_sections(store, &mut file)?;
        file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(failed(&path, "written"))?;
    for old in files(dir).map_err(failed(dir, "listed"))?.into_iter().skip(KEPT) {
        fs::remove_file(&old).map_err(failed(&old, "removed"))?;
    }
    Ok(())
}
