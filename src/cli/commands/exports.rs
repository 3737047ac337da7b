//! `exports`: continuous exports.

use std::path::PathBuf;

use serde_json::json;

use super::automation::document;
use super::{Request, View};
use crate::model::Fault;

/// Continuous exports.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew exports set archive archive.json      {\"target\": {\"type\": \"file\", \"format\": \"parquet\"}, \"from_beginning\": true}
  clew exports set hub hub.json              {\"target\": {\"type\": \"kafka\", \"brokers\": [\"ns.servicebus.windows.net:9093\"], \"topic\": \"alerts\",
                                               \"sasl\": {\"username\": \"$ConnectionString\", \"password\": \"Endpoint=sb://...\"}}}
  clew exports status hub
  clew exports replay hub --cursor 0")]
pub(crate) struct Exports {
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, clap::Subcommand)]
enum Work {
    /// List the exports
    List,
    /// Show one export
    Show {
        /// Its id
        id: String,
    },
    /// Define an export, in the place of one of the same id
    Set {
        /// Its id
        id: String,
        /// File with the export, as JSON
        file: PathBuf,
    },
    /// Show where an export stands
    Status {
        /// Its id
        id: String,
    },
    /// Let an export begin anew
    Replay {
        /// Its id
        id: String,
        /// Number of the last document that is not sent again
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        cursor: u64,
    },
    /// Delete an export; files that it wrote stay
    Remove {
        /// Its id
        id: String,
    },
    /// Send what every export has to send, as a server does by itself
    Pass,
}

impl Exports {
    pub(crate) fn request(&self) -> Result<(Request, View), Fault> {
        let all = || Request::get("/v1/exports");
        Ok(match &self.work {
            Work::List => (all(), View::Definitions),
            Work::Show { id } => (all().part(id), View::Any),
            Work::Set { id, file } => (all().part(id).putting(document(file)?), View::Any),
            Work::Status { id } => (all().part(id).part("status"), View::Any),
            Work::Replay { id, cursor } => (all().part(id).part("replay").posting(json!({"cursor": cursor})), View::Any),
            Work::Remove { id } => (all().part(id).deleting(), View::Any),
            Work::Pass => (all().part("pass").posting(json!({})), View::Any),
        })
    }
}
