//! The graph's snapshot file: a fast start without the journal.
//!
//! Layout: magic, format, position in the journal, number of sections, place, length and checksum (CRC-32C) of each, checksum of
//! all that; then the sections, little-endian. They are what memory holds, the indexes too, and are read side by side.
//! A file is written beside the old ones, synced, renamed and the folder synced; the two newest stay. Whatever cannot be read in
//! full is as if it were not there: the journal has it all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::model::Seq;

use super::column::{Column, Texts};
use super::decision::Decisions;
use super::error::GraphError;
use super::index::{Hasher, Index};
use super::plain::Plain;
use super::runs::{Entry, Family, Rows, Run};
use super::section::{Extent, Section, Sink};
use super::store::{Mixed, Rules, Store};

const MAGIC: [u8; 8] = *b"clewgrph";
/// Raised whenever a row or a section changes; files of other formats are passed over.
const FORMAT: u32 = 7;
const KEPT: usize = 2;

fn put_all<T: Plain>(values: &[T], out: &mut Sink) -> io::Result<()> {
    out.put(&(values.len() as u64))?;
    values.iter().try_for_each(|value| out.put(value))
}

fn take_all<T: Plain>(section: &mut Section) -> Option<Vec<T>> {
    let len: u64 = section.next()?;
    let mut all = Vec::with_capacity(section.room(len));
    for _ in 0..len {
        all.push(section.next()?);
    }
    Some(all)
}

fn put_column<T: Plain + Clone + Default>(column: &Column<T>, out: &mut Sink) -> io::Result<()> {
    out.put(&(column.len() as u64))?;
    column.iter().try_for_each(|row| out.put(row))
}

fn take_column<T: Plain + Clone + Default>(section: &mut Section) -> Option<Column<T>> {
    let len: u64 = section.next()?;
    (0..len).map(|_| section.next()).collect()
}

fn put_family<E: Entry + Plain>(family: &Family<E>, out: &mut Sink) -> io::Result<()> {
    let runs = family.each_run();
    out.put(&(runs.len() as u64))?;
    for run in runs {
        match &run.rows {
            Rows::Dense { first } => out.put(&0_u8).and_then(|()| out.put(first))?,
            Rows::Sparse { rows } => out.put(&1_u8).and_then(|()| put_all(rows, out))?,
        }
        put_all(&run.starts, out)?;
        put_all(&run.entries, out)?;
    }
    Ok(())
}

fn take_family<E: Entry + Plain>(section: &mut Section) -> Option<Family<E>> {
    let runs: u64 = section.next()?;
    let mut family = Vec::new();
    for _ in 0..runs {
        let rows = match section.next::<u8>()? {
            0 => Rows::Dense { first: section.next()? },
            _ => Rows::Sparse { rows: take_all(section)? },
        };
        family.push(Run::checked(rows, take_all(section)?, take_all(section)?)?);
    }
    Some(Family::from_runs(family))
}

fn put_index(index: &Index, out: &mut Sink) -> io::Result<()> {
    let shards = index.shards();
    out.put(&(shards.len() as u64))?;
    for slots in shards {
        put_all(slots, out)?;
    }
    Ok(())
}

fn take_index(section: &mut Section) -> Option<Index> {
    let shards: u64 = section.next()?;
    Index::from_shards((0..shards).map(|_| take_all(section)).collect::<Option<_>>()?)
}

fn put_hasher(hasher: &Hasher, out: &mut Sink) -> io::Result<()> {
    out.put(&hasher.seed).and_then(|()| out.put(&hasher.proof()))
}

fn take_hasher(section: &mut Section) -> Option<Hasher> {
    let hasher = Hasher { seed: section.next()? };
    (section.next::<u64>()? == hasher.proof()).then_some(hasher)
}

fn put_texts(texts: &Texts, out: &mut Sink) -> io::Result<()> {
    out.put(&(texts.tail() as u64))?;
    out.put(&(texts.chunks().len() as u64))?;
    texts.chunks().try_for_each(|chunk| out.put_text(chunk))
}

fn take_texts(section: &mut Section) -> Option<Texts> {
    let tail = usize::try_from(section.next::<u64>()?).ok()?;
    let len: u64 = section.next()?;
    let chunks = (0..len).map(|_| section.next_text().map(Arc::new)).collect::<Option<_>>()?;
    Texts::from_chunks(chunks, tail)
}

fn put_decisions(decisions: &Decisions, out: &mut Sink) -> io::Result<()> {
    out.put(&(decisions.all().len() as u64))?;
    for (seq, decision) in decisions.all() {
        out.put(seq)?;
        out.put(decision)?;
    }
    Ok(())
}

fn take_decisions(section: &mut Section) -> Option<Arc<Decisions>> {
    // Their texts may have any length, and they are few.
    section.fill(usize::MAX)?;
    let mut decisions = Decisions::default();
    for _ in 0..section.next::<u64>()? {
        decisions.add(section.next()?, section.next()?);
    }
    Some(Arc::new(decisions))
}

fn put_mixed(mixed: &BTreeMap<u32, Mixed>, out: &mut Sink) -> io::Result<()> {
    out.put(&(mixed.len() as u64))?;
    for (n, mixed) in mixed {
        out.put(n)?;
        out.put(mixed)?;
    }
    Ok(())
}

fn take_mixed(section: &mut Section) -> Option<Arc<BTreeMap<u32, Mixed>>> {
    let len: u64 = section.next()?;
    (0..len).map(|_| Some((section.next()?, section.next()?))).collect::<Option<BTreeMap<u32, Mixed>>>().map(Arc::new)
}

/// Reads a section into its place.
type Reading<'a> = Box<dyn FnOnce(&mut Section) -> Option<()> + Send + 'a>;

/// Lists the sections once, for writing and for reading.
macro_rules! sections {
    ($(($put:ident, $take:ident) $($path:ident).+;)*) => {
        const SECTIONS: usize = 0 $(+ { let _ = stringify!($($path).+); 1 })*;

        fn write_sections(store: &Store, out: &mut Sink) -> io::Result<[Extent; SECTIONS]> {
            Ok([$({
                $put(&store.$($path).+, out)?;
                out.end()?
            }),*])
        }

        /// Gives `run` what reads each section into its place.
        fn with_readings<R>(store: &mut Store, run: impl FnOnce([Reading<'_>; SECTIONS]) -> R) -> R {
            run([$(Box::new(|section: &mut Section| {
                store.$($path).+ = $take(section)?;
                Some(())
            })),*])
        }
    };
}
sections! {
    (put_hasher, take_hasher) hasher;
    (put_texts, take_texts) texts;
    (put_column, take_column) names.refs;
    (put_index, take_index) names.index;
    (put_column, take_column) entities.keys;
    (put_index, take_index) entities.key_index;
    (put_column, take_column) entities.atoms;
    (put_index, take_index) entities.atom_index;
    (put_column, take_column) entities.held;
    (put_column, take_column) entities.holders;
    (put_column, take_column) entities.lists;
    (put_column, take_column) entities.rep;
    (put_column, take_column) entities.rings;
    (put_decisions, take_decisions) entities.decisions;
    (put_column, take_column) traits.rows;
    (put_index, take_index) traits.index;
    (put_column, take_column) alerts;
    (put_index, take_index) alert_index;
    (put_mixed, take_mixed) mixed;
    (put_column, take_column) incidents;
    (put_index, take_index) incident_index;
    (put_index, take_index) number_index;
    (put_column, take_column) docs;
    (put_column, take_column) mentions;
    (put_column, take_column) labels;
    (put_index, take_index) label_index;
    (put_column, take_column) events;
    (put_column, take_column) instants;
    (put_index, take_index) events_index;
    (put_family, take_family) mentioned;
    (put_family, take_family) links_out;
    (put_family, take_family) links_in;
    (put_family, take_family) members;
    (put_family, take_family) containers;
    (put_family, take_family) order;
}

/// Reads every section on as many threads as there are cores, the largest first.
fn read_sections(readings: [Reading<'_>; SECTIONS], path: &Path, extents: &[Extent; SECTIONS]) -> Option<()> {
    let mut sections: Vec<(&Extent, Reading<'_>)> = extents.iter().zip(readings).collect();
    sections.sort_by_key(|(extent, _)| extent.len);
    let sections = Mutex::new(sections);
    let next = || sections.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let read = || {
        while let Some((extent, reading)) = next() {
            let mut section = Section::open(path, extent)?;
            reading(&mut section)?;
            section.close()?;
        }
        Some(())
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(read)).collect();
        let here = read();
        let there = others.into_iter().map(|other| other.join().ok().flatten());
        // All of them are waited for, whatever one of them found.
        there.fold(here, Option::and)
    })
}

fn header(applied: Seq, extents: &[Extent; SECTIONS]) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    FORMAT.put(&mut head);
    applied.0.put(&mut head);
    (SECTIONS as u32).put(&mut head);
    extents.iter().for_each(|extent| extent.put(&mut head));
    crc32c::crc32c(&head).put(&mut head);
    head
}

const HEADER: usize = 8 + 4 + 8 + 4 + SECTIONS * 20 + 4;

fn read(path: &Path, rules: Rules) -> Option<Store> {
    let mut head = [0; HEADER];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    let applied = Seq(u64::from_le_bytes(*head[12..].first_chunk()?));
    let mut extents = [Extent::default(); SECTIONS];
    let mut input = &head[24..];
    for extent in &mut extents {
        *extent = Extent::take(&mut input)?;
    }
    if head[..] != header(applied, &extents)[..] {
        return None;
    }
    let mut store = Store { rules, applied, ..Store::default() };
    with_readings(&mut store, |readings| read_sections(readings, path, &extents))?;
    store.recount();
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
        let mut file = File::create(&temporary)?;
        // Where the sections are is known behind them.
        file.write_all(&[0; HEADER])?;
        let mut sink = Sink::new(file, HEADER as u64);
        let extents = write_sections(store, &mut sink)?;
        let mut file = sink.into_file();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(store.applied, &extents))?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(failed(&path, "written"))?;
    for old in files(dir).map_err(failed(dir, "listed"))?.into_iter().skip(KEPT) {
        fs::remove_file(&old).map_err(failed(&old, "removed"))?;
    }
    Ok(())
}
