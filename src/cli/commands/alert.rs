//! `alert`, with the work on alerts.

use serde_json::{Map, Value, json};

use super::{PageArgs, Request, View};

/// Which alert and which part of it, or what to do with alerts.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  clew alert 9e1f...                                   one alert
  clew alert update 9e1f... --status inprogress --owner ana@contoso.com
  clew alert update --where title='Suspicious logon' --where severity=low --status dismissed --comment 'scanner'
  clew alert activity 9e1f...
  clew alert undo 1204")]
pub(crate) struct Alert {
    /// Id
    #[arg(required = true)]
    id: Option<String>,
    /// Print the document byte for byte as it was given
    #[arg(long, conflicts_with = "versions")]
    raw: bool,
    /// List the versions
    #[arg(long)]
    versions: bool,
    #[command(flatten)]
    page: PageArgs,
    #[command(subcommand)]
    work: Option<Work>,
}

/// What is done with alerts; each change can be undone.
#[derive(Debug, clap::Subcommand)]
enum Work {
    /// Change state, owner, tags; write a remark
    Update {
        /// Ids; several are one step
        #[arg(required_unless_present = "filter", value_name = "ALERT")]
        ids: Vec<String>,
        /// All alerts that a filter of the list finds, as FIELD=VALUE (severity, status, product, tactic, entity, incident, title, from, to)
        #[arg(long = "where", id = "filter", value_name = "FIELD=VALUE", value_parser = field, conflicts_with = "ids")]
        filter: Vec<(String, String)>,
        #[command(flatten)]
        fields: Fields,
    },
    /// List every version: who, when, before, after
    Activity {
        /// Id
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
    /// new, inprogress, resolved or dismissed
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
    /// TruePositive, BenignPositive, FalsePositive or Undetermined; `none` for none
    #[arg(long, value_name = "CLASSIFICATION")]
    classification: Option<String>,
    /// A remark, Markdown
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

/// Reads `FIELD=VALUE`.
pub(super) fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("expected FIELD=VALUE, found `{text}`"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Fields {
    fn body(&self) -> Value {
        let mut body = Map::new();
        body.extend(self.status.clone().map(|status| ("status".to_owned(), status.into())));
        let owner = self.owner.as_deref().map(|owner| match owner {
            "none" => Value::Null,
            upn if upn.contains('@') => json!({"upn": upn}),
            name => json!({"name": name}),
        });
        body.extend(owner.map(|owner| ("owner".to_owned(), owner)));
        for (name, tags) in [("add_tags", &self.tags), ("remove_tags", &self.untags)] {
            if !tags.is_empty() {
                body.insert(name.to_owned(), json!(tags));
            }
        }
        let classification = self.classification.as_deref().map(|word| if word == "none" { Value::Null } else { word.into() });
        body.extend(classification.map(|word| ("classification".to_owned(), word)));
        body.extend(self.comment.clone().map(|comment| ("comment".to_owned(), comment.into())));
        Value::Object(body)
    }
}

/// Fields of the list's filter that take several values.
const SEVERAL: [&str; 6] = ["severity", "status", "product", "tactic", "technique", "entity"];

/// The filter of the list that the fields make.
fn filter(fields: &[(String, String)]) -> Value {
    let mut filter = Map::new();
    for (name, value) in fields {
        if SEVERAL.contains(&name.as_str()) {
            if let Value::Array(values) = filter.entry(name.clone()).or_insert_with(|| json!([])) {
                values.push(value.clone().into());
            }
        } else {
            filter.insert(name.clone(), value.clone().into());
        }
    }
    Value::Object(filter)
}

/// An id without the prefix of references.
fn plain(id: &str) -> &str {
    id.strip_prefix("alert:").unwrap_or(id)
}

impl Alert {
    pub(crate) fn request(&self) -> (Request, View) {
        let of = |id: &str| Request::get("/v1/alerts").part(plain(id));
        match &self.work {
            None => {
                let request = of(self.id.as_deref().unwrap_or_default());
                match (self.raw, self.versions) {
                    (true, _) => (request.part("raw"), View::Bytes),
                    (_, true) => (self.page.on(request.part("versions")), View::Any),
                    _ => (request, View::Alert),
                }
            }
            Some(Work::Update { ids, filter: fields, fields: change }) => {
                let request = match ids.as_slice() {
                    [] => Request::post("/v1/alerts/bulk", json!({"filter": filter(fields), "change": change.body()})),
                    [id] => of(id).patching(change.body()),
                    several => {
                        let several: Vec<&str> = several.iter().map(|id| plain(id)).collect();
                        Request::post("/v1/alerts/bulk", json!({"alerts": several, "change": change.body()}))
                    }
                };
                (request, View::Changed)
            }
            Some(Work::Activity { id }) => (of(id).part("activity"), View::Activity),
            Some(Work::Undo { change }) => (Request::get("/v1/changes").part(change).part("undo").posting(json!({})), View::Changed),
        }
    }
}
