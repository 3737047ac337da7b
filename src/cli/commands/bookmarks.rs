//! `bookmarks`, `bookmark` and `policy`.

use serde_json::{Map, Value, json};

use super::super::request::Request;
use super::{PageArgs, View};

/// Which bookmarks.
#[derive(Debug, clap::Args)]
pub(crate) struct Bookmarks {
    /// Words in name, notes, query or row
    text: Option<String>,
    /// Evidence of this incident, by id or number
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
    /// About this entity, as KIND:VALUE
    #[arg(long, value_name = "KIND:VALUE")]
    entity: Option<String>,
    /// With this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Bookmarks {
    pub(crate) fn request(&self) -> (Request, View) {
        let request = Request::get("/v1/bookmarks")
            .with("text", self.text.as_ref())
            .with("incident", self.incident.as_ref())
            .with("entity", self.entity.as_ref())
            .with("label", self.label.as_ref());
        (self.page.on(request), View::Any)
    }
}

/// Which bookmark, or what to do with one.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  clew bookmark add 'sign-in from Tor' --incident 42 --entity ip:175.45.176.99 --query \"SigninLogs | where IPAddress == '175.45.176.99'\"
  clew bookmark 6f2a...
  clew bookmark remove 6f2a...")]
pub(crate) struct Bookmark {
    /// Id
    #[arg(required = true)]
    id: Option<String>,
    #[command(subcommand)]
    work: Option<Work>,
}

#[derive(Debug, clap::Subcommand)]
enum Work {
    /// Keep a row of an answer as evidence
    Add {
        /// What it is called
        name: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Change fields; lists are replaced as wholes
    Update {
        /// Id
        id: String,
        /// What it is called
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        fields: Fields,
    },
    /// Remove it, also from its incidents; its earlier versions stay
    Remove {
        /// Id
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Fields {
    /// What it shows, Markdown
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// Text of the query that gave the row
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    /// The row, a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    row: Option<Value>,
    /// Id or number of an incident whose evidence it is
    #[arg(long = "incident", value_name = "INCIDENT")]
    incidents: Vec<String>,
    /// An entity that the row is about, as KIND:VALUE
    #[arg(long = "entity", value_name = "KIND:VALUE")]
    entities: Vec<String>,
    /// A label
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("expected a JSON object".to_owned()),
        Err(error) => Err(format!("expected a JSON object: {error}")),
    }
}

impl Fields {
    fn body(&self, name: Option<&str>) -> Value {
        let mut body = Map::new();
        for (member, text) in [("name", name), ("notes", self.notes.as_deref()), ("query", self.query.as_deref())] {
            body.extend(text.map(|text| (member.to_owned(), text.into())));
        }
        body.extend(self.row.clone().map(|row| ("row".to_owned(), row)));
        for (member, list) in [("incidents", &self.incidents), ("entities", &self.entities), ("labels", &self.labels)] {
            if !list.is_empty() {
                body.insert(member.to_owned(), json!(list));
            }
        }
        Value::Object(body)
    }
}

impl Bookmark {
    pub(crate) fn request(&self) -> (Request, View) {
        let one = |id: &str| Request::get("/v1/bookmarks").part(id);
        let request = match &self.work {
            None => one(self.id.as_deref().unwrap_or_default()),
            Some(Work::Add { name, fields }) => Request::post("/v1/bookmarks", fields.body(Some(name))),
            Some(Work::Update { id, name, fields }) => one(id).patching(fields.body(name.as_deref())),
            Some(Work::Remove { id }) => one(id).deleting(),
        };
        (request, View::Any)
    }
}

/// What changes of incidents must keep to.
#[derive(Debug, clap::Args)]
pub(crate) struct Policy {
    /// Whether closing needs a comment: true or false
    #[arg(long, value_name = "BOOL")]
    closing_comment: Option<bool>,
}

impl Policy {
    pub(crate) fn request(&self) -> (Request, View) {
        let request = match self.closing_comment {
            None => Request::get("/v1/policy"),
            Some(closing_comment) => Request::get("/v1/policy").putting(json!({ "closing_comment": closing_comment })),
        };
        (request, View::Any)
    }
}
