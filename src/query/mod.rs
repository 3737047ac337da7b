//! Questions and their two answer shapes, table and subgraph.
//!
//! A question reads one snapshot of the views and never writes.

pub mod activity;
pub mod answer;
pub mod ask;
pub mod bookmarks;
mod cells;
pub mod cursor;
pub mod cypher;
pub mod details;
mod earlier;
pub mod explore;
#[cfg(test)]
mod fuzz;
pub mod graph;
pub mod kql;
pub mod library;
pub mod listed;
pub mod lists;
pub mod live_graph;
pub mod names;
pub mod odata;
pub mod posture;
pub mod reference;
mod render;
pub mod search;
pub mod session;
pub mod sql;
mod stop;
pub mod timeline;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::columns::ColumnsSnapshot;
use crate::fulltext::Searcher;
use crate::graph::GraphSnapshot;
use crate::journal::Journal;
use crate::model::{Fault, Seq, Stored, Time};
use crate::records::Reader;

pub use earlier::Earlier;
pub use stop::{Stop, Waiting, given_up};

/// All views at one sequence number.
pub struct Snapshot {
    /// The last document that the snapshot holds.
    pub seq: Seq,
    /// The entity graph.
    pub graph: GraphSnapshot,
    /// The tables.
    pub columns: ColumnsSnapshot,
    /// The words.
    pub fulltext: Searcher,
    /// The versions and decisions.
    pub records: Reader,
}

impl Snapshot {
    /// The resources of a kind as this snapshot sees them, in the order of ids.
    pub fn resources(&self, kind: &str) -> Result<Vec<Stored>, Fault> {
        Ok(self.records.resources(kind, self.seq)?)
    }

    /// A resource as this snapshot sees it.
    pub fn resource(&self, kind: &str, id: &str) -> Result<Option<Stored>, Fault> {
        Ok(self.records.resource(kind, id, self.seq)?)
    }
}

/// What a question may use.
#[derive(Clone)]
pub struct Context {
    /// All views at one sequence number.
    pub snapshot: Arc<Snapshot>,
    /// The documents themselves.
    pub journal: Arc<Journal>,
    /// Makes the graph of earlier documents.
    pub earlier: Arc<dyn Earlier>,
    /// The last document whose rows count, where the context is an earlier one.
    pub until: Option<Seq>,
    /// The name of the workspace.
    pub workspace: Arc<str>,
    /// Runs table queries.
    pub runtime: tokio::runtime::Handle,
    /// Folder for what a query spills to disk.
    pub spill: PathBuf,
    /// Stands for the data directory in cursors.
    pub directory: u32,
    /// Finds entities by their names.
    pub names: Arc<names::EntityNames>,
    /// What watchlists and indicators say, kept from question to question.
    pub lists: Arc<listed::Cache>,
    /// Folder of the queries that the operators of this installation wrote; it need not be there.
    pub queries: PathBuf,
    /// Folder of the files that queries may read beside the tables; it need not be there.
    pub external: PathBuf,
    /// The present instant; one for the whole question.
    pub now: Time,
    /// Ends the question when nobody waits for its answer any longer.
    pub stop: Stop,
    /// Keeps the folders of the views in their place where the engine's own turns do not.
    pub stays: Option<Arc<dyn std::any::Any + Send + Sync>>,
}

/// Something that can be asked of a snapshot.
pub trait Question: Send + 'static {
    /// What it answers.
    type Answer: Serialize + Send + 'static;
    /// Name for logs and metrics.
    const NAME: &'static str;

    /// Whether the answer takes a millisecond or two at the most and reads neither tables nor disk: such a question may be answered on a
    /// thread that serves connections.
    fn is_brief(&self, _context: &Context) -> bool {
        false
    }

    /// Whether it may read everything, so that many at a time would leave no room for what is quickly answered.
    fn is_query(&self) -> bool {
        false
    }

    /// Answers from one fixed state of all views. Blocks; never writes.
    fn answer(self, context: &Context) -> Result<Self::Answer, Fault>;
}
