//! Reads the journal ahead of those who apply it, on every core.

use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use crate::ingest;
use crate::journal::{Entry, JournalError};
use crate::model::{Batch, Body, Document, Fault, Record, Seq};

use super::commit::{Newest, Standing};

/// What the documents of one journal record say.
pub(super) struct ReadEntry {
    last: Seq,
    documents: Vec<(Seq, Document, Vec<Body>)>,
}

impl ReadEntry {
    /// A journaled document could be read when it was taken in; one that no longer can be is logged and left out.
    fn of(entry: Entry) -> Self {
        let last = entry.last();
        let numbered = (entry.first.0..).map(Seq).zip(entry.documents);
        let read = |(seq, document): (Seq, Document)| match ingest::read(&document) {
            Ok(bodies) => Some((seq, document, bodies)),
            Err(reject) => {
                tracing::error!(source = %document.origin.source, line = document.origin.line, code = reject.code, "a journaled document cannot be read");
                None
            }
        };
        Self { last, documents: numbered.filter_map(read).collect() }
    }

    /// The batch of the record; `before` knows the versions of earlier ones.
    pub(super) fn batch(self, before: &impl Newest) -> Batch {
        let mut standing = Standing::default();
        let mut records = Vec::with_capacity(self.documents.len());
        for (seq, document, bodies) in self.documents {
            records.extend(standing.records(&document, seq, bodies, before).0);
        }
        super::numbers::settle(&mut records);
        Batch { last: self.last, records }
    }
}

/// Reads entries and hands them to `apply` in their order, which gives the records back when it is done with them.
///
/// Each core reads every so manyth entry, and is one ahead at the most, since records take much more room than documents. They go back
/// to the thread that made them, where letting them go costs least.
pub(super) fn read_ahead(
    entries: impl Iterator<Item = Result<Entry, JournalError>> + Send,
    mut apply: impl FnMut(ReadEntry) -> Result<Vec<Record>, Fault>,
) -> Result<(), Fault> {
    let readers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let (mut inputs, mut outputs) = (Vec::with_capacity(readers), Vec::with_capacity(readers));
        for _ in 0..readers {
            let (input, given) = sync_channel::<Result<Entry, JournalError>>(1);
            let (done, output) = sync_channel(0);
            let (back, applied) = channel::<Vec<Record>>();
            scope.spawn(move || {
                ingest::remembering(|| {
                    for entry in given {
                        applied.try_iter().for_each(drop);
                        let read = entry.map(ReadEntry::of);
                        applied.try_iter().for_each(drop);
                        if done.send(read).is_err() {
                            return;
                        }
                    }
                });
            });
            inputs.push(input);
            outputs.push((output, back));
        }
        scope.spawn(move || {
            for (entry, input) in entries.zip(inputs.iter().cycle()) {
                if input.send(entry).is_err() {
                    return;
                }
            }
        });
        for (output, back) in outputs.iter().cycle() {
            // The first reader that has no more is followed by none that has.
            let Ok(read) = output.recv() else { return Ok(()) };
            // A reader that has ended lets go here what it made.
            let _ = back.send(apply(read?)?);
        }
        Ok(())
    })
}
