//! `explore`, `timeline` and `around`.

use super::{PageArgs, Request, View, WindowArgs};

/// Which query, about which entity.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew explore host:MSTICALERTSWIN1               the queries that fit a host
  clew explore host:MSTICALERTSWIN1 --all         the same with the number of results of each
  clew explore ip:175.45.176.99 ip/office-users --from 2021-04-28")]
pub(crate) struct Explore {
    /// The entity, as KIND:VALUE
    entity: String,
    /// Name or id of the query; without it, the queries that fit the entity are listed
    query: Option<String>,
    /// Run every query that fits and show how many results each has
    #[arg(long, conflicts_with = "query")]
    all: bool,
    #[command(flatten)]
    window: WindowArgs,
    /// The instant that the query looks around, where it has one
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "query")]
    at: Option<String>,
    /// Rows of the answer
    #[arg(long, value_name = "N", requires = "query")]
    limit: Option<u32>,
    /// By what was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl Explore {
    pub(crate) fn request(&self) -> (Request, View) {
        let (request, view) = match &self.query {
            Some(query) => {
                let request = Request::get("/v1/explore").with("entity", Some(&self.entity)).with("query", Some(query));
                (self.window.on(request).with("at", self.at.as_ref()).with("limit", self.limit), View::Explore)
            }
            None => {
                let request = Request::get("/v1/explorations").with("entity", Some(&self.entity)).flag("counts", self.all);
                (self.window.on(request), View::Explorations)
            }
        };
        (request.with("as_of", self.as_of.as_ref()), view)
    }
}

/// Whose timeline, and which part of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew timeline 42
  clew timeline incident:42 host:MSTICALERTSWIN1 --kind alert,status
  clew timeline ip:175.45.176.99 --format csv > timesketch.csv")]
pub(crate) struct Timeline {
    /// Incidents (id or number), alerts (alert:ID) and entities (KIND:VALUE)
    #[arg(required = true, value_name = "NODE")]
    of: Vec<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Any of alert, incident, event, status, automation
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kind: Vec<String>,
    /// Events of any of these tables
    #[arg(long, value_delimiter = ',', value_name = "TABLE")]
    table: Vec<String>,
    /// Alerts and incidents of any of these severities
    #[arg(long, value_delimiter = ',', value_name = "SEVERITY")]
    severity: Vec<String>,
    /// Alerts and incidents with any of these tactics
    #[arg(long, value_delimiter = ',', value_name = "TACTIC")]
    tactic: Vec<String>,
    /// oldest or newest first
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    /// Histogram buckets
    #[arg(long, value_name = "N")]
    buckets: Option<u32>,
    /// As it was known at this instant
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Timeline {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/timeline")
            .each("of", &self.of)
            .each("kind", &self.kind)
            .each("table", &self.table)
            .each("severity", &self.severity)
            .each("tactic", &self.tactic)
            .with("order", self.order.as_ref())
            .with("buckets", self.buckets)
            .with("as_of", self.as_of.as_ref());
        self.page.on(self.window.on(request))
    }
}

/// What to look around.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew around host:WS6 --at 2021-04-28T14:31:30Z --window 30m
  clew around alert:9e1f... --table SigninLogs")]
pub(crate) struct Around {
    /// An entity (KIND:VALUE), an alert (alert:ID) or an incident
    of: String,
    /// The instant; without it the begin of the alert or incident
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// How long before and behind it [default: 1h]
    #[arg(long, value_name = "SPAN")]
    window: Option<String>,
    /// Any of alert, incident, event, status, automation
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kind: Vec<String>,
    /// Events of any of these tables
    #[arg(long, value_delimiter = ',', value_name = "TABLE")]
    table: Vec<String>,
    /// oldest or newest first
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Around {
    pub(crate) fn request(&self) -> Request {
        let request =
            Request::get("/v1/around").with("of", Some(&self.of)).with("at", self.at.as_ref()).with("window", self.window.as_ref());
        self.page.on(request.each("kind", &self.kind).each("table", &self.table).with("order", self.order.as_ref()))
    }
}
