//! Full-text view on tantivy: alerts, incidents and entities by their words.
//!
//! Documents are the newest versions of incidents and alerts, and one for each identity (kind and keys) under which an entity
//! was met. `Fulltext` takes batches and writes; `Searcher` reads a fixed set of documents: those of the last commit on disk
//! and, in small indexes in memory, those applied since. What crashes before a commit comes from the journal again.
//!
//! The view knows words, not the graph: which incidents contain an alert is the caller's knowledge.

mod collect;
mod disk;
mod entry;
mod error;
mod fresh;
mod highlight;
mod query;
mod schema;
mod searcher;
mod shared;
#[cfg(test)]
mod tests;
mod tokens;
mod view;

pub use collect::{Facet, Place, Sort};
pub use entry::TEXT_BYTES_MAX;
pub use error::FulltextError;
pub(crate) use highlight::edits;
pub use highlight::{Highlighter, Snippet};
pub use query::{Match, Query};
pub(crate) use schema::status_name;
pub use schema::{DocKind, Field};
pub use searcher::{FACET_VALUES_MAX, FacetCount, Found, Ids, Results, Search, Searcher};
pub use shared::FRESH_DOCUMENTS_MAX;
pub use view::Fulltext;

/// Whether the text holds any word that can be looked for.
pub fn has_words(text: &str) -> bool {
    !tokens::words(&mut tokens::analyzer(), text).is_empty()
}
