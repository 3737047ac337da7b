//! `retention`: how long the rows of tables are kept, and letting go of what is older.

use serde_json::json;

use super::{Request, View};

/// How long rows are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew retention
  clew retention set SecurityEvent 90
  clew retention apply --trial")]
pub(crate) struct Retention {
    #[command(subcommand)]
    work: Option<Work>,
}

#[derive(Debug, clap::Subcommand)]
enum Work {
    /// Keep the rows of a table of raw events for some days
    Set {
        /// The table
        table: String,
        /// Days, counted back from today (UTC)
        days: u32,
    },
    /// Keep the rows of a table for ever
    Unset {
        /// The table
        table: String,
    },
    /// Let rows leave that are older than the settings say, and tell how many
    Apply {
        /// Only count them
        #[arg(long)]
        trial: bool,
    },
}

impl Retention {
    pub(crate) fn request(&self) -> (Request, View) {
        let all = Request::get("/v1/retention");
        let request = match &self.work {
            None => all,
            Some(Work::Set { table, days }) => all.part(table).putting(json!({"days": days})),
            Some(Work::Unset { table }) => all.part(table).deleting(),
            Some(Work::Apply { trial }) => all.part("apply").posting(json!(null)).with("trial", trial.then_some("true")),
        };
        (request, View::Any)
    }
}
