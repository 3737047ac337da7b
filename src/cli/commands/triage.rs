//! `entity` with its decisions, and `correlate`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::query::read;
use super::{Request, View};
use crate::model::Fault;

/// Which entity, or which decision on entities.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  clew entity host:WORKSTATION6
  clew entity merge host:ws6 host:WORKSTATION6.theshire.local --comment 'renamed in May'
  clew entity undo 1204")]
pub(crate) struct Entity {
    /// The entity, as KIND:VALUE
    #[arg(required = true, value_name = "KIND:VALUE")]
    reference: Option<String>,
    #[command(subcommand)]
    decision: Option<Decision>,
}

/// A decision on entities; each can be undone.
#[derive(Debug, clap::Subcommand)]
enum Decision {
    /// Decide that two entities are one
    Merge {
        /// One entity, as KIND:VALUE
        a: String,
        /// The other
        b: String,
        /// Why
        #[arg(long)]
        comment: Option<String>,
    },
    /// Decide that a key does not belong to an entity
    Split {
        /// The entity, as KIND:VALUE
        entity: String,
        /// The key, as `clew entity` shows it
        key: String,
        /// Why
        #[arg(long)]
        comment: Option<String>,
    },
    /// Take a decision back
    Undo {
        /// The decision's number
        id: String,
    },
}

impl Entity {
    pub(crate) fn request(&self) -> (Request, View) {
        let commented = |mut body: Value, comment: &Option<String>| {
            if let Some(comment) = comment {
                body["comment"] = comment.as_str().into();
            }
            body
        };
        match &self.decision {
            None => (Request::get("/v1/entities").part(self.reference.as_deref().unwrap_or_default()), View::Entity),
            Some(Decision::Merge { a, b, comment }) => {
                (Request::post("/v1/entities/merge", commented(json!({"a": a, "b": b}), comment)), View::Decision)
            }
            Some(Decision::Split { entity, key, comment }) => {
                (Request::post("/v1/entities/split", commented(json!({"entity": entity, "key": key}), comment)), View::Decision)
            }
            Some(Decision::Undo { id }) => {
                let path = format!("/v1/decisions/{}/undo", crate::http::params::encode(id));
                (Request::post(&path, json!({})), View::Decision)
            }
        }
    }
}

/// How to correlate.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew correlate --dry-run                  what would be done, with the reasons
  clew correlate --rules rules.toml         rules.toml: window_hours = 12")]
pub(crate) struct Correlate {
    /// File with the rules, as TOML: window_hours, kinds, hub_alerts, alerts_min
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Show what would be done and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Correlate {
    pub(crate) fn request(&self) -> Result<Request, Fault> {
        let mut body = json!({"dry_run": self.dry_run});
        if let Some(file) = &self.rules {
            body["rules"] = read(file)?.into();
        }
        Ok(Request::post("/v1/correlate", body))
    }
}
