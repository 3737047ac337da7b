//! A context as it was at an earlier instant: by the documents that clew had taken in until then.

use std::borrow::Cow;
use std::sync::Arc;

use super::details::as_of;
use super::{Context, Snapshot, Stop, reference};
use crate::graph::GraphSnapshot;
use crate::model::{Fault, Seq};

/// Knows the entity graph of earlier documents.
pub trait Earlier: Send + Sync {
    /// The graph as the documents up to `until` make it, and no later one.
    fn graph(&self, until: Seq, stop: &Stop) -> Result<GraphSnapshot, Fault>;
}

impl Context {
    /// The context as it was known at an instant, absolute or relative to now; the present one if none is named.
    ///
    /// Its graph is that of the documents of then: names, degrees and versions are those of then too. Rows of later documents do not count;
    /// rows that left their table since are gone. The words of the full-text index and the lists of versions are the present ones.
    pub fn as_of(&self, instant: Option<&str>) -> Result<Cow<'_, Self>, Fault> {
        let Some(text) = instant else { return Ok(Cow::Borrowed(self)) };
        let until = as_of::cut(self, reference::time(text, self.now)?)?;
        if until == self.snapshot.seq {
            return Ok(Cow::Borrowed(self));
        }
        let snapshot = Snapshot {
            seq: until,
            graph: self.earlier.graph(until, &self.stop)?,
            columns: self.snapshot.columns.clone(),
            fulltext: self.snapshot.fulltext.clone(),
            records: self.snapshot.records.clone(),
        };
        Ok(Cow::Owned(Self { snapshot: Arc::new(snapshot), until: Some(until), ..self.clone() }))
    }
}
