//! `automation` and `egress`: rules that act on what happens, and which hosts they may call.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::query::read;
use super::{PageArgs, Request, View};
use crate::model::{Fault, FaultClass};

/// Rules that act on what happens.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew automation set high-to-soar rule.json
  clew automation test rule.json incident:42          whether it would run, and what it would do
  clew automation run high-to-soar incident:42        by hand
  clew automation runs --state dead
  clew automation resend 51c50c3e-...

rule.json: {\"enabled\": true, \"trigger\": {\"on\": \"incident\", \"when\": \"created\"},
  \"conditions\": [{\"type\": \"property\", \"property\": \"severity\", \"values\": [\"High\"]}],
  \"actions\": [{\"type\": \"webhook\", \"url\": \"https://soar.example.com/hook\", \"secret\": \"...\"}]}")]
pub(crate) struct Automation {
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, clap::Subcommand)]
enum Work {
    /// List the rules
    List,
    /// Show one rule
    Show {
        /// Its id
        id: String,
    },
    /// Define a rule, in the place of one of the same id
    Set {
        /// Its id
        id: String,
        /// File with the rule, as JSON
        file: PathBuf,
    },
    /// Delete a rule
    Remove {
        /// Its id
        id: String,
    },
    /// Say whether a rule would run and what it would do, and do nothing
    Test {
        /// File with the rule, as JSON
        file: PathBuf,
        /// `alert:ID` or `incident:ID`
        target: String,
    },
    /// Run a rule now
    Run {
        /// Its id
        id: String,
        /// `alert:ID` or `incident:ID`
        target: String,
    },
    /// List the runs, the latest first
    Runs {
        /// Any with an action that is waiting, done, dead or dry_run
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Id of the rule
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// What it ran for
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Try what was given up of a run once more
    Resend {
        /// Id of the run
        id: String,
    },
    /// Run the rules on what came since the last pass, as a server does by itself
    Pass,
}

/// Which hosts webhooks and exports may call.
#[derive(Debug, clap::Args)]
pub(crate) struct Egress {
    #[command(subcommand)]
    work: EgressWork,
}

#[derive(Debug, clap::Subcommand)]
enum EgressWork {
    /// Show them
    Show,
    /// Name them, in the place of those that were named before
    Set {
        /// Names of hosts, `soar.example.com` or `*.example.com`
        hosts: Vec<String>,
        /// Let them have private and loopback addresses, and be called without TLS
        #[arg(long)]
        private: bool,
    },
}

/// The JSON of a file.
pub(super) fn document(file: &std::path::Path) -> Result<Value, Fault> {
    serde_json::from_str(&read(file)?)
        .map_err(|error| Fault::new(FaultClass::Invalid, "json_invalid", format!("expected JSON in `{}`: {error}", file.display())))
}

impl Automation {
    pub(crate) fn request(&self) -> Result<(Request, View), Fault> {
        let all = || Request::get("/v1/automation-rules");
        Ok(match &self.work {
            Work::List => (all(), View::Definitions),
            Work::Show { id } => (all().part(id), View::Any),
            Work::Set { id, file } => (all().part(id).putting(document(file)?), View::Any),
            Work::Remove { id } => (all().part(id).deleting(), View::Any),
            Work::Test { file, target } => (all().part("test").posting(json!({"rule": document(file)?, "target": target})), View::Any),
            Work::Run { id, target } => (all().part(id).part("run").posting(json!({"target": target})), View::Any),
            Work::Runs { state, rule, target, page } => {
                let request = Request::get("/v1/automation/runs").with("state", state.as_ref()).with("rule", rule.as_ref());
                (page.on(request.with("target", target.as_ref())), View::Runs)
            }
            Work::Resend { id } => (Request::get("/v1/automation/runs").part(id).part("resend").posting(json!({})), View::Any),
            Work::Pass => (Request::post("/v1/automation/pass", json!({})), View::Any),
        })
    }
}

impl Egress {
    pub(crate) fn request(&self) -> (Request, View) {
        let policy = Request::get("/v1/egress");
        match &self.work {
            EgressWork::Show => (policy, View::Any),
            EgressWork::Set { hosts, private } => (policy.putting(json!({"hosts": hosts, "private": private})), View::Any),
        }
    }
}
