//! `workspace`: parts of a data directory that see nothing of each other.

use serde_json::json;

use super::super::client::Client;
use super::super::{Failure, Global};
use super::{Request, View, print};

/// Workspaces.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: clew workspace create case-17
         clew ingest alerts.json --workspace case-17
         clew key create --role responder --scope case-17")]
pub(crate) struct WorkspaceCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make an empty workspace
    Create {
        /// Its name: letters, digits, `-` and `_`; capitals become small
        name: String,
    },
    /// List the workspaces
    List,
}

impl WorkspaceCommand {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let client = Client::writing(&global.root())?;
        match &self.what {
            What::Create { name } => {
                let request = Request::post("/v1/workspaces", json!({"name": name})).by(global.user());
                print(global, &client.ask(&request)?, View::Any)
            }
            What::List => print(global, &client.ask(&Request::get("/v1/workspaces"))?["value"], View::Any),
        }
    }
}
