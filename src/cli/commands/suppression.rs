//! `suppression`: rules that dismiss alerts as they come.

use serde_json::{Map, Value, json};

use super::{Request, View};

/// Rules that dismiss alerts as they come.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew suppression test --type scan --equals entities.ip.address=10.0.0.8     what it would have dismissed
  clew suppression set scanner --type scan --equals entities.ip.address=10.0.0.8 --reason AuthorizedTest
  clew suppression list
  clew alerts --suppressed-by scanner")]
pub(crate) struct Suppression {
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, clap::Subcommand)]
enum Work {
    /// List the rules, each with the number of alerts that it dismissed
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
        #[command(flatten)]
        rule: Rule,
    },
    /// List what a rule would have dismissed, and define nothing
    Test {
        #[command(flatten)]
        rule: Rule,
        #[command(flatten)]
        window: super::WindowArgs,
        #[command(flatten)]
        page: super::PageArgs,
    },
    /// Delete a rule; what it dismissed stays dismissed
    Remove {
        /// Its id
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Rule {
    /// Type of the alerts; `*` for all
    #[arg(long = "type", value_name = "TYPE", default_value = "*")]
    alert_type: String,
    /// Why such alerts need nobody's attention
    #[arg(long, value_name = "TEXT", default_value = "Noise")]
    reason: String,
    /// More words
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// The field has this value
    #[arg(long, value_name = "FIELD=VALUE", value_parser = super::alert::field)]
    equals: Vec<(String, String)>,
    /// The field has one of these values
    #[arg(long = "in", value_name = "FIELD=VALUE,VALUE", value_parser = super::alert::field)]
    any_of: Vec<(String, String)>,
    /// The field contains this text
    #[arg(long, value_name = "FIELD=PART", value_parser = super::alert::field)]
    contains: Vec<(String, String)>,
    /// When it ceases to work
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Keep it, but let it do nothing
    #[arg(long)]
    disabled: bool,
}

impl Rule {
    fn body(&self) -> Value {
        let text = |operator: &'static str| move |(field, value): &(String, String)| json!({"field": field, operator: value});
        let list = |(field, values): &(String, String)| json!({"field": field, "in": values.split(',').map(str::trim).collect::<Vec<_>>()});
        let conditions = self.equals.iter().map(text("equals")).chain(self.any_of.iter().map(list));
        let conditions: Vec<Value> = conditions.chain(self.contains.iter().map(text("contains"))).collect();
        let mut body = Map::new();
        body.insert("alert_type".to_owned(), self.alert_type.clone().into());
        body.insert("reason".to_owned(), self.reason.clone().into());
        body.insert("state".to_owned(), if self.disabled { "Disabled" } else { "Enabled" }.into());
        body.insert("conditions".to_owned(), conditions.into());
        body.extend(self.comment.clone().map(|comment| ("comment".to_owned(), comment.into())));
        body.extend(self.expires.clone().map(|expires| ("expires".to_owned(), expires.into())));
        Value::Object(body)
    }
}

impl Suppression {
    pub(crate) fn request(&self) -> (Request, View) {
        let all = || Request::get("/v1/suppression-rules");
        match &self.work {
            Work::List => (all(), View::Definitions),
            Work::Show { id } => (all().part(id), View::Any),
            Work::Set { id, rule } => (all().part(id).putting(rule.body()), View::Any),
            Work::Test { rule, window, page } => {
                let mut body = json!({"rule": rule.body()});
                let parts = [("from", &window.from), ("to", &window.to), ("cursor", &page.cursor)];
                for (name, value) in parts {
                    if let Some(value) = value {
                        body[name] = value.as_str().into();
                    }
                }
                if let Some(limit) = page.limit {
                    body["limit"] = limit.into();
                }
                (Request::post("/v1/suppression-rules/backtest", body), View::Alerts)
            }
            Work::Remove { id } => (all().part(id).deleting(), View::Any),
        }
    }
}
