//! `proposals` and `proposal`: changes that assistants and others asked for, and the decision on them.

use serde_json::json;

use super::{PageArgs, Request, View};

/// Which proposals.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew proposals                            open ones, the latest first
  clew proposals --state accepted --incident 42")]
pub(crate) struct Proposals {
    /// Any of open, accepted, rejected, all
    #[arg(long, value_name = "STATE", default_value = "open")]
    state: Vec<String>,
    /// Of this incident, by id or number
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Proposals {
    pub(crate) fn request(&self) -> (Request, View) {
        let states: Vec<String> = if self.state.iter().any(|state| state == "all") { Vec::new() } else { self.state.clone() };
        let request = Request::get("/v1/proposals").each("state", &states).with("incident", self.incident.as_ref());
        (self.page.on(request), View::Proposals)
    }
}

/// Which proposal, and what becomes of it.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  clew proposal 0f8c1c2e-...                what it would change, and why
  clew proposal accept 0f8c1c2e-...         make the change, in your name
  clew proposal reject 0f8c1c2e-... --comment 'the account is a scanner'")]
pub(crate) struct Proposal {
    /// Its id
    #[arg(required = true, value_name = "ID")]
    id: Option<String>,
    #[command(subcommand)]
    decision: Option<Decision>,
}

#[derive(Debug, clap::Subcommand)]
enum Decision {
    /// Make the change
    Accept {
        /// Its id
        id: String,
        /// Make it although the incident was changed since
        #[arg(long)]
        confirm: bool,
        /// A remark
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Turn it down
    Reject {
        /// Its id
        id: String,
        /// A remark
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
}

impl Proposal {
    pub(crate) fn request(&self) -> (Request, View) {
        let one = |id: &str| Request::get("/v1/proposals").part(id);
        match &self.decision {
            None => (one(self.id.as_deref().unwrap_or_default()), View::Any),
            Some(Decision::Accept { id, confirm, comment }) => {
                (one(id).part("accept").posting(json!({"confirm": confirm, "comment": comment})), View::Decided)
            }
            Some(Decision::Reject { id, comment }) => (one(id).part("reject").posting(json!({"comment": comment})), View::Decided),
        }
    }
}
