//! The four views side by side: opened, applied, made durable and rebuilt together.

use std::path::Path;

use crate::columns::Columns;
use crate::fulltext::Fulltext;
use crate::graph::{Graph, Rules};
use crate::journal::View;
use crate::model::{Batch, Fault, FaultClass, Seq};
use crate::query::Snapshot;
use crate::records::{Records, SledOptions};

/// Records up to which a thread for half of the views would cost more than it brings.
const APART_FROM: usize = 64;

/// Every view of one journal.
pub(super) struct Views {
    pub(super) graph: Graph,
    pub(super) columns: Columns,
    pub(super) fulltext: Fulltext,
    pub(super) records: Records,
}

impl Views {
    /// Opens the views below `dir` side by side; one that cannot be read is set aside and starts empty, to be rebuilt.
    pub(super) fn open(dir: &Path) -> Result<Self, Fault> {
        std::thread::scope(|scope| {
            let graph = scope.spawn(|| Graph::open(&dir.join("graph"), Rules::default()));
            let records = scope.spawn(|| Records::open(&dir.join("records"), SledOptions::default()));
            let columns = Columns::open(&dir.join("columns"))?;
            let fulltext = Fulltext::open(&dir.join("fulltext"))?;
            let graph = graph.join().map_err(|_| panicked("was opened"))??;
            let records = records.join().map_err(|_| panicked("was opened"))??;
            Ok(Self { graph, columns, fulltext, records })
        })
    }

    /// The views one by one.
    pub(super) fn each(&mut self) -> [&mut dyn View; 4] {
        [&mut self.graph, &mut self.columns, &mut self.fulltext, &mut self.records]
    }

    /// The last document that every view has applied.
    pub(super) fn applied(&mut self) -> Seq {
        self.each().iter().map(|view| view.applied()).min().unwrap_or_default()
    }

    /// Applies a batch to every view; a large one on two threads: graph and records beside columns and full text.
    pub(super) fn apply(&mut self, batch: &Batch) -> Result<(), Fault> {
        if batch.records.len() <= APART_FROM {
            return self.each().into_iter().try_for_each(|view| view.apply(batch));
        }
        let (graph, records, columns, fulltext) = (&mut self.graph, &mut self.records, &mut self.columns, &mut self.fulltext);
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| {
                columns.apply(batch)?;
                fulltext.apply(batch)
            });
            let here = graph.apply(batch).and_then(|()| records.apply(batch));
            let beside = beside.join().unwrap_or_else(|_| Err(panicked("applied a batch")));
            here.and(beside)
        })
    }

    /// A fixed state of all views at one sequence number.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot, Fault> {
        Ok(Snapshot {
            seq: self.applied(),
            graph: self.graph.snapshot(),
            columns: self.columns.snapshot()?,
            fulltext: self.fulltext.snapshot()?,
            records: self.records.reader(),
        })
    }

    /// Makes every view durable.
    pub(super) fn persist(&mut self) -> Result<(), Fault> {
        for view in self.each() {
            view.persist()?;
        }
        Ok(())
    }
}

fn panicked(doing: &str) -> Fault {
    Fault::new(FaultClass::Internal, "view_panicked", format!("a view failed while it {doing}"))
}
