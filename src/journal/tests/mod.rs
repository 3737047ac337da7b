//! The journal held against what was put into it.

mod backup;
mod damage;
mod kill;
mod power;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::{Origin, Time};

/// A document that differs from every other in all members.
pub(super) fn document(number: u64) -> Document {
    let kind = number % 3;
    Document {
        format: ["sentinel-alert", "guardduty", "event"][kind as usize].into(),
        table: (kind == 2).then(|| format!("Table{}_CL", number % 7).into()),
        origin: Origin { source: format!("exports/day{}.json", number / 10).into(), line: number * 3 },
        received: Time::from_micros(1_619_620_290_000_000 - 977 * number as i64),
        hash: (u128::from(number) * 0x9e37_79b9_7f4a_7c15_f39c_0c5b).to_le_bytes(),
        raw: Bytes::from(format!(r#"{{"SystemAlertId":"{number:08}","AlertName":"{}"}}"#, "Ð".repeat(number as usize % 50))),
    }
}

pub(super) fn documents(numbers: impl IntoIterator<Item = u64>) -> Vec<Document> {
    numbers.into_iter().map(document).collect()
}

/// Small segments, so that few documents make several.
pub(super) fn small() -> Options {
    Options { segment_bytes: 400, ..Options::default() }
}

pub(super) fn all(journal: &Journal) -> Result<Vec<Document>, JournalError> {
    let mut documents = Vec::new();
    for entry in journal.read_from(Seq(0)) {
        let entry = entry?;
        assert_eq!(entry.first.0, documents.len() as u64 + 1, "entries follow one another");
        documents.extend(entry.documents);
    }
    Ok(documents)
}

/// The files of a folder with their bytes, without the lock.
pub(super) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (entry.file_name().into_string().expect("a plain name"), fs::read(entry.path()).expect("a file")))
        .filter(|(name, _)| name != "LOCK")
        .collect();
    files.sort();
    files
}

/// A journal of six batches over several segments, as a crash leaves it and as it is closed: its files, twice.
pub(super) fn sample() -> [Vec<(String, Vec<u8>)>; 2] {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    for batch in 0..SAMPLE_DOCUMENTS / 2 {
        let ticket = journal.append(documents(batch * 2 + 1..batch * 2 + 3)).expect("appends");
        ticket.wait().expect("durable");
    }
    let crashed = files(folder.path());
    journal.close().expect("closes");
    [crashed, files(folder.path())]
}

pub(super) const SAMPLE_DOCUMENTS: u64 = 12;

#[test]
fn numbers_documents_in_order_and_keeps_them() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    assert_eq!((journal.last(), journal.durable()), (Seq(0), Seq(0)));
    let tickets: Vec<Ticket> = [1..=1, 2..=9, 10..=12].map(|numbers| journal.append(documents(numbers)).expect("appends")).into();
    let ranges: Vec<_> = tickets.iter().map(|ticket| (ticket.first().0, ticket.last().0)).collect();
    assert_eq!(ranges, [(1, 1), (2, 9), (10, 12)]);
    assert_eq!(tickets[2].wait().expect("durable"), Seq(12));
    assert_eq!(tickets[0].wait().expect("durable"), Seq(1));
    assert_eq!((journal.last(), journal.durable()), (Seq(12), Seq(12)));
    assert_eq!(all(&journal).expect("reads"), documents(1..=12));
    journal.close().expect("closes");

    let journal = Journal::open(folder.path(), small()).expect("opens again");
    assert_eq!((journal.last(), journal.durable(), journal.cut()), (Seq(12), Seq(12), None));
    let ticket = journal.append(documents(13..=40)).expect("appends");
    assert_eq!((ticket.first(), ticket.wait().expect("durable")), (Seq(13), Seq(40)));
    assert_eq!(all(&journal).expect("reads"), documents(1..=40));
}

#[test]
fn an_empty_batch_is_durable_and_leaves_no_trace() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    journal.append(documents(1..=2)).expect("appends");
    let ticket = journal.append(Vec::new()).expect("appends");
    assert_eq!((ticket.first(), ticket.last(), ticket.wait().expect("durable")), (Seq(3), Seq(2), Seq(2)));
    assert_eq!(all(&journal).expect("reads"), documents(1..=2));
}

#[test]
fn a_closed_journal_stays_as_it_is_when_nothing_is_appended() {
    let [_, closed] = sample();
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), &closed);
    for _ in 0..3 {
        Journal::open(folder.path(), small()).expect("opens").close().expect("closes");
    }
    assert_eq!(files(folder.path()), closed);
}

pub(super) fn write(folder: &Path, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("writes");
    }
}

#[test]
fn reads_from_any_place() {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), &sample()[1]);
    let journal = Journal::open(folder.path(), small()).expect("opens");
    for after in 0..=SAMPLE_DOCUMENTS + 1 {
        let entries: Vec<Entry> = journal.read_from(Seq(after)).map(|entry| entry.expect("reads")).collect();
        assert_eq!(entries.first().map(|entry| entry.first.0), (after < SAMPLE_DOCUMENTS).then_some(after + 1));
        assert_eq!(entries.last().map(|entry| entry.last().0), (after < SAMPLE_DOCUMENTS).then_some(SAMPLE_DOCUMENTS));
        let found: Vec<Document> = entries.into_iter().flat_map(|entry| entry.documents).collect();
        assert_eq!(found, documents(after + 1..=SAMPLE_DOCUMENTS));
    }
    assert_eq!(journal.read_from(Seq(u64::MAX)).count(), 0);
}

#[test]
fn random_access_equals_reading_in_order() {
    let folder = TempDir::new().expect("a folder");
    let options = Options { segment_bytes: 40_000, cache_bytes: 200_000, ..Options::default() };
    let journal = Journal::open(folder.path(), options.clone()).expect("opens");
    // Batches of one block and of several, with a document larger than a block among them.
    let mut expected = documents(1..=3000);
    expected[1234].raw = Bytes::from("[".repeat(300_000));
    for batch in expected.chunks(700) {
        journal.append(batch.to_vec()).expect("appends").wait().expect("durable");
    }
    journal.close().expect("closes");
    let journal = Journal::open(folder.path(), options).expect("opens again");
    for round in [1, 7, 1013] {
        for place in (0..expected.len()).map(|place| place * round % expected.len()) {
            assert_eq!(journal.document(Seq(place as u64 + 1)).expect("reads").as_ref(), Some(&expected[place]));
        }
    }
    for seq in [0, 3001, u64::MAX] {
        assert_eq!(journal.document(Seq(seq)).expect("reads"), None);
    }
}

#[test]
fn many_threads_share_the_disk() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), Options::default()).expect("opens");
    thread::scope(|scope| {
        for client in 0..32 {
            let journal = &journal;
            scope.spawn(move || {
                for turn in 0..20 {
                    let number = client * 20 + turn + 1;
                    let ticket = journal.append(documents([number])).expect("appends");
                    let seq = ticket.wait().expect("durable");
                    assert!(journal.durable() >= seq);
                    assert_eq!(journal.document(seq).expect("reads"), Some(document(number)));
                }
            });
        }
    });
    let found: BTreeSet<_> = all(&journal).expect("reads").into_iter().map(|document| document.hash).collect();
    assert_eq!(found, documents(1..=640).into_iter().map(|document| document.hash).collect());
}

#[test]
fn tells_by_call_and_by_future() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), Options::default()).expect("opens");
    let (sender, receiver) = mpsc::channel();
    journal.append(documents([1])).expect("appends").on_durable(move |result| sender.send(result).expect("somebody listens"));
    assert_eq!(receiver.recv().expect("is told").expect("durable"), Seq(1));
    assert_eq!(futures::executor::block_on(journal.append(documents([2])).expect("appends").durable()).expect("durable"), Seq(2));
}

#[test]
fn the_queue_holds_back_who_appends_too_fast() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), Options { queue_bytes_max: 1000, ..Options::default() }).expect("opens");
    let tickets: Vec<Ticket> = (0..50).map(|batch| journal.append(documents(batch * 20 + 1..batch * 20 + 21)).expect("appends")).collect();
    assert_eq!(tickets[49].wait().expect("durable"), Seq(1000));
    assert_eq!(all(&journal).expect("reads"), documents(1..=1000));
}

#[test]
fn a_second_opening_is_refused_until_the_first_is_closed() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    for refused in [Journal::open(folder.path(), small()).map(drop), verify(folder.path()).map(drop), repair(folder.path()).map(drop)] {
        match refused {
            Err(JournalError::Locked { holder, .. }) => assert_eq!(holder, std::process::id().to_string()),
            other => panic!("expected a lock, found {other:?}"),
        }
    }
    drop(journal);
    Journal::open(folder.path(), small()).expect("opens");
}

#[test]
fn an_unknown_format_is_refused() {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), &sample()[1]);
    for text in ["clew journal 2\n", "", "\u{fffd}"] {
        fs::write(folder.path().join("FORMAT"), text).expect("writes");
        assert!(matches!(Journal::open(folder.path(), small()), Err(JournalError::UnknownFormat { .. })), "{text}");
    }
    fs::write(folder.path().join("FORMAT"), "clew journal 2\n").expect("writes");
    assert!(matches!(repair(folder.path()), Err(JournalError::UnknownFormat { .. })));
    fs::remove_file(folder.path().join("FORMAT")).expect("removes");
    assert!(matches!(Journal::open(folder.path(), small()), Err(JournalError::UnknownFormat { .. })));
    assert_eq!(repair(folder.path()).expect("repairs").last, Seq(SAMPLE_DOCUMENTS));
    assert_eq!(all(&Journal::open(folder.path(), small()).expect("opens")).expect("reads"), documents(1..=SAMPLE_DOCUMENTS));
}

#[test]
fn a_batch_beyond_the_limit_is_refused_and_the_next_goes_in() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    let mut large = document(1);
    large.raw = Bytes::from(vec![b' '; BATCH_BYTES_MAX / 4]);
    let batch = vec![large; 4];
    assert!(matches!(journal.append(batch), Err(JournalError::TooLarge { .. })));
    assert_eq!(journal.append(documents([1])).expect("appends").wait().expect("durable"), Seq(1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is appended in whatever batches, closed or not in between, comes back in order and byte for byte.
    #[test]
    fn keeps_any_documents(
        batches in prop::collection::vec(prop::collection::vec((".{0,12}", prop::option::of("[A-Z]{1,9}"), any::<u64>(), any::<i64>(), any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 0..200)), 0..9), 0..12),
        reopen in any::<u16>(),
    ) {
        let folder = TempDir::new().expect("a folder");
        let mut journal = Journal::open(folder.path(), small()).expect("opens");
        let mut expected = Vec::new();
        for (place, batch) in batches.into_iter().enumerate() {
            let batch: Vec<Document> = batch.into_iter().map(|(text, table, line, received, hash, raw)| Document {
                format: text.as_str().into(),
                table: table.map(|table| table.as_str().into()),
                origin: Origin { source: text.repeat(3).into(), line },
                received: Time::from_micros(received),
                hash,
                raw: raw.into(),
            }).collect();
            expected.extend(batch.clone());
            journal.append(batch).expect("appends").wait().expect("durable");
            if reopen >> (place % 16) & 1 == 1 {
                journal.close().expect("closes");
                journal = Journal::open(folder.path(), small()).expect("opens");
            }
        }
        prop_assert_eq!(all(&journal).expect("reads"), expected.clone());
        for (seq, document) in (1..).zip(expected) {
            prop_assert_eq!(journal.document(Seq(seq)).expect("reads"), Some(document));
        }
    }
}
