//! `notifications`: what happened that concerns the caller.

use serde_json::{Map, Value, json};

use super::{PageArgs, Request, View};

/// Which notifications, or what to do with them.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  clew notifications --unread               what is new for you
  clew notifications read --all             nothing of it is new any more
  clew notifications settings --severity Medium --name 'SOC Tier 2'")]
pub(crate) struct Notifications {
    /// Only those that are not read
    #[arg(long)]
    unread: bool,
    /// Only mentioned, assigned, changed, incident, alert, rule or failed
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    #[command(flatten)]
    page: PageArgs,
    #[command(subcommand)]
    work: Option<Work>,
}

#[derive(Debug, clap::Subcommand)]
enum Work {
    /// Mark notifications as read
    Read {
        /// Ids
        #[arg(required_unless_present_any = ["through", "all"], conflicts_with = "all")]
        ids: Vec<String>,
        /// This one and all older ones
        #[arg(long, value_name = "ID", conflicts_with = "all")]
        through: Option<String>,
        /// All that there are
        #[arg(long)]
        all: bool,
    },
    /// Show or set what you are told
    Settings {
        /// Tell only this: mentioned, assigned, changed, incident, alert, rule, failed; `none` for nothing
        #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
        kinds: Vec<String>,
        /// The lowest severity of new incidents and alerts that are told
        #[arg(long, value_name = "SEVERITY")]
        severity: Option<String>,
        /// A further name that means you: a mail address, a group
        #[arg(long = "name", value_name = "NAME")]
        names: Vec<String>,
        /// Forget what was chosen: tell what the workspace tells everybody
        #[arg(long, conflicts_with_all = ["kinds", "severity", "names"])]
        reset: bool,
    },
}

impl Notifications {
    pub(crate) fn request(&self) -> (Request, View) {
        let all = Request::get("/v1/notifications");
        match &self.work {
            None => (self.page.on(all.flag("unread", self.unread).each("kind", &self.kinds)), View::Notifications),
            Some(Work::Read { ids, through, all: everything }) => {
                let body = if *everything { json!({"all": true}) } else { json!({"ids": ids, "through": through}) };
                (all.part("read").posting(body), View::Any)
            }
            Some(Work::Settings { kinds, severity, names, reset }) => {
                let settings = all.part("settings");
                let mut chosen = Map::new();
                if !kinds.is_empty() {
                    let kinds: Vec<&String> = kinds.iter().filter(|kind| *kind != "none").collect();
                    chosen.insert("kinds".to_owned(), json!(kinds));
                }
                chosen.extend(severity.clone().map(|severity| ("severity".to_owned(), severity.into())));
                if !names.is_empty() {
                    chosen.insert("names".to_owned(), json!(names));
                }
                let request = if chosen.is_empty() && !reset { settings } else { settings.putting(Value::Object(chosen)) };
                (request, View::Any)
            }
        }
    }
}
