//! `incident` with the work on it, and `audit`.

use serde_json::{Map, Value, json};

use super::super::client::Client;
use super::super::{Failure, Global};
use super::{PageArgs, Request, View, print};
use crate::model::{Fault, FaultClass};

/// Which incident, or what to do with one.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  clew incident 42
  clew incident update 42 --status active --owner ana@contoso.com --tag case-7
  clew incident close 42 --classification TruePositive --comment 'host isolated, password reset'
  clew incident comment 42 'looked at the parent process'
  clew incident merge 43 42
  clew incident activity 42
  clew incident undo 1204")]
pub(crate) struct Incident {
    /// Id or number
    #[arg(required = true)]
    id: Option<String>,
    /// Show it as it was known at this instant (2026-11-21T03:00Z, -7d)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
    #[command(subcommand)]
    work: Option<Work>,
}

/// What is done with incidents; each change can be undone.
#[derive(Debug, clap::Subcommand)]
enum Work {
    /// Change fields
    Update {
        /// Ids or numbers; several are one step
        #[arg(required = true, value_name = "INCIDENT")]
        ids: Vec<String>,
        #[command(flatten)]
        fields: Fields,
        /// Why a closed incident is opened again
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Close with a classification
    Close {
        /// Ids or numbers; several are one step
        #[arg(required = true, value_name = "INCIDENT")]
        ids: Vec<String>,
        /// TruePositive, BenignPositive, FalsePositive or Undetermined
        #[arg(long, value_name = "CLASSIFICATION")]
        classification: String,
        /// SuspiciousActivity, SuspiciousButExpected, IncorrectAlertLogic or InaccurateData
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
        /// What was found and done
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Open a new incident
    Create {
        /// Its title
        title: String,
        #[command(flatten)]
        fields: Fields,
        /// Ids of its alerts
        #[arg(long = "alert", value_name = "ALERT")]
        alerts: Vec<String>,
    },
    /// Write a comment
    Comment {
        /// Id or number
        id: String,
        /// The text, Markdown
        message: String,
    },
    /// Add a task
    Task {
        /// Id or number
        id: String,
        /// What is to be done
        title: String,
    },
    /// Add and remove alerts
    Alerts {
        /// Id or number
        id: String,
        /// Id of an alert that joins
        #[arg(long, value_name = "ALERT")]
        add: Vec<String>,
        /// Id of an alert that leaves
        #[arg(long, value_name = "ALERT")]
        remove: Vec<String>,
    },
    /// Merge an incident into another
    Merge {
        /// The incident that goes
        id: String,
        /// The incident that stays
        into: String,
    },
    /// Move alerts into a new incident
    Split {
        /// Id or number
        id: String,
        /// Ids of the alerts that go
        #[arg(required = true, value_name = "ALERT")]
        alerts: Vec<String>,
        /// Title of the new incident
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
    },
    /// List every change: who, when, before, after
    Activity {
        /// Id or number
        id: String,
    },
    /// Take a change back, with all that were one step with it
    Undo {
        /// The change's number
        change: String,
    },
}

#[derive(Debug, clap::Args)]
struct Fields {
    /// Title
    #[arg(long = "title", id = "new_title", value_name = "TEXT")]
    title: Option<String>,
    /// Description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// informational, low, medium or high
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<String>,
    /// new, active or closed
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Principal name, mail address or name of who works on it; `none` for nobody
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Tag to add
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Tag to remove
    #[arg(long = "untag", value_name = "TAG")]
    untags: Vec<String>,
}

impl Fields {
    fn body(&self) -> Map<String, Value> {
        let texts = [("title", &self.title), ("description", &self.description), ("severity", &self.severity), ("status", &self.status)];
        let mut body: Map<String, Value> =
            texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into()))).collect();
        if let Some(owner) = &self.owner {
            let owner = match owner.as_str() {
                "none" => Value::Null,
                upn if upn.contains('@') => json!({"upn": upn}),
                name => json!({"name": name}),
            };
            body.insert("owner".to_owned(), owner);
        }
        for (name, tags) in [("add_tags", &self.tags), ("remove_tags", &self.untags)] {
            if !tags.is_empty() {
                body.insert(name.to_owned(), json!(tags));
            }
        }
        body
    }
}

/// An id without the prefix of references.
fn plain(id: &str) -> &str {
    id.strip_prefix("incident:").unwrap_or(id)
}

fn of(id: &str, part: &str, body: Value) -> Request {
    Request::get("/v1/incidents").part(plain(id)).part(part).posting(body)
}

/// The same change of one incident or of several.
fn change(ids: &[String], fields: Map<String, Value>) -> Request {
    match ids {
        [id] => Request::get("/v1/incidents").part(plain(id)).patching(Value::Object(fields)),
        several => {
            let several: Vec<&str> = several.iter().map(|id| plain(id)).collect();
            Request::post("/v1/incidents/bulk", json!({"incidents": several, "change": fields}))
        }
    }
}

impl Incident {
    /// Whether the command makes an incident where nothing was before.
    pub(super) fn begins(&self) -> bool {
        matches!(self.work, Some(Work::Create { .. }))
    }

    pub(crate) fn request(&self) -> (Request, View) {
        let Some(work) = &self.work else {
            let one = Request::get("/v1/incidents").part(plain(self.id.as_deref().unwrap_or_default()));
            return (one.with("as_of", self.as_of.as_ref()), View::Incident);
        };
        let request = match work {
            Work::Update { ids, fields, reason } => {
                let mut body = fields.body();
                body.extend(reason.clone().map(|reason| ("reason".to_owned(), reason.into())));
                change(ids, body)
            }
            Work::Close { ids, classification, reason, comment } => {
                let mut body =
                    Map::from_iter([("status".to_owned(), "Closed".into()), ("classification".to_owned(), classification.clone().into())]);
                body.extend(reason.clone().map(|reason| ("classification_reason".to_owned(), reason.into())));
                body.extend(comment.clone().map(|comment| ("classification_comment".to_owned(), comment.into())));
                change(ids, body)
            }
            Work::Create { title, fields, alerts } => {
                let mut body = fields.body();
                body.insert("title".to_owned(), title.clone().into());
                body.insert("alerts".to_owned(), json!(alerts));
                if let Some(tags) = body.remove("add_tags") {
                    body.insert("tags".to_owned(), tags);
                }
                body.remove("remove_tags");
                Request::post("/v1/incidents", Value::Object(body))
            }
            Work::Comment { id, message } => of(id, "comments", json!({"message": message})),
            Work::Task { id, title } => of(id, "tasks", json!({"title": title})),
            Work::Alerts { id, add, remove } => of(id, "alerts", json!({"add": add, "remove": remove})),
            Work::Merge { id, into } => of(id, "merge", json!({"into": plain(into)})),
            Work::Split { id, alerts, title } => {
                let mut body = json!({"alerts": alerts});
                if let Some(title) = title {
                    body["title"] = title.clone().into();
                }
                of(id, "split", body)
            }
            Work::Activity { id } => return (Request::get("/v1/incidents").part(plain(id)).part("activity"), View::Activity),
            Work::Undo { change } => Request::get("/v1/changes").part(change).part("undo").posting(json!({})),
        };
        (request, View::Changed)
    }
}

/// The chain of changes.
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    work: AuditWork,
}

#[derive(Debug, clap::Subcommand)]
enum AuditWork {
    /// Follow the chain of changes through the whole journal
    Verify {
        /// The `last` of an earlier audit, or of the server's log, kept elsewhere: the chain has to lead through it
        #[arg(long, value_name = "FINGERPRINT")]
        anchor: Option<String>,
    },
    /// List who read raw documents, exports, logs of changes and keys from the server, the newest first
    Reads(PageArgs),
}

impl Audit {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let anchor = match &self.work {
            AuditWork::Reads(page) => {
                let reads = Client::reading(&global.root())?.ask(&page.on(Request::get("/v1/audit/reads")))?;
                return print(global, &reads, View::Any);
            }
            AuditWork::Verify { anchor } => anchor,
        };
        let request = Request::get("/v1/audit/verify").with("anchor", anchor.as_deref());
        let audit = Client::reading(&global.dir())?.ask(&request)?;
        print(global, &audit, View::Any)?;
        if audit["whole"] == json!(true) {
            return Ok(());
        }
        let Some(place) = audit["broken_at"].as_u64() else {
            let files: Vec<&str> = audit["cut"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if files.is_empty() {
                let message = "the chain of changes does not lead through the anchor";
                let hint = "changes behind it were dropped, or all were written anew: compare with a backup";
                return Err(Fault::new(FaultClass::Internal, "audit_broken", message).with_hint(hint).into());
            }
            let message = format!("bytes that were no record were cut from the end of the journal, and are kept in {}", files.join(", "));
            let hint = "an interrupted write leaves such bytes, and so does somebody who changes the last record: compare with a backup, then \
                        remove the file";
            return Err(Fault::new(FaultClass::Internal, "audit_cut", message).with_hint(hint).into());
        };
        let message = format!("the chain of changes is broken at change {place}");
        let hint = "somebody altered, dropped or slipped in a change: compare with a backup, `clew export` shows every document";
        Err(Fault::new(FaultClass::Internal, "audit_broken", message).with_hint(hint).into())
    }
}
