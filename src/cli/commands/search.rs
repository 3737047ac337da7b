//! `search`.

use super::{PageArgs, Request};

/// What to find.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew search password spray
  clew search 'title:\"Suspicious logon\" AND severity:high' --kind incident
  clew search 'mimi* OR mimkatz~' --facet severity,status
  clew search 175.45.176.99 --kind alert,entity --field title,entity
  clew search powershell --incident 42 --group title --sort count
  clew search 'entity:msticadmin created>2019-01-14 -status:closed'")]
pub(crate) struct Search {
    /// Words, phrases, field:value, AND, OR, NOT, prefix*, fuzzy~1
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Any of incident, alert, entity [default: incident]
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kind: Vec<String>,
    /// Fields to look in for bare words [default: id, title, tag, owner, product]
    #[arg(long, value_delimiter = ',', value_name = "FIELD")]
    field: Vec<String>,
    /// relevance, time (of the last change), created, first, last, severity, number or title; groups by count too; `-` in front turns it
    #[arg(long, value_name = "ORDER", allow_hyphen_values = true)]
    sort: Option<String>,
    /// Only alerts of this incident, by id or number; `none` for those outside any
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
    /// Show repeats of an alert as one: by title, entity or rule
    #[arg(long, value_name = "BY")]
    group: Option<String>,
    /// Only the alerts of this group
    #[arg(long, value_name = "KEY", requires = "group")]
    group_key: Option<String>,
    /// Count hits by any of severity, status, classification, kind, product, tactic, owner, tag
    #[arg(long, value_delimiter = ',', value_name = "FIELD")]
    facet: Vec<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Search {
    pub(crate) fn request(&self) -> Request {
        let text = self.text.join(" ");
        let request = Request::get("/v1/search")
            .with("q", Some(&text))
            .each("kind", &self.kind)
            .each("field", &self.field)
            .with("sort", self.sort.as_ref())
            .with("incident", self.incident.as_ref())
            .with("group", self.group.as_ref())
            .with("group_key", self.group_key.as_ref())
            .each("facet", &self.facet)
            .about(&text);
        self.page.on(request)
    }
}
