//! What can go wrong in the graph.

use std::io;
use std::path::PathBuf;

use crate::model::{Fault, FaultClass};

/// An error of the graph.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The numbers of nodes or edges run out.
    #[error("expected at most {limit} nodes of a kind, the batch would exceed them")]
    Full {
        /// Number of nodes that there is room for.
        limit: usize,
    },
    /// A file of the graph cannot be read or written.
    #[error("file `{}` of the graph cannot be {action}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried (`written`).
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The graph lives in memory only.
    #[error("expected a graph with a folder, found one that lives in memory only")]
    NoFolder,
}

impl From<GraphError> for Fault {
    fn from(error: GraphError) -> Self {
        let (class, code, hint) = match &error {
            GraphError::Full { .. } => (FaultClass::Limit, "graph_full", "split the data over several data directories"),
            GraphError::File { .. } => (FaultClass::Unavailable, "graph_file", "check free space and permissions of the data directory"),
            GraphError::NoFolder => (FaultClass::Internal, "graph_no_folder", "open the graph with a folder"),
        };
        Fault::new(class, code, error.to_string()).with_hint(hint)
    }
}
