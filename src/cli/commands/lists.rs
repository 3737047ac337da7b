//! `incidents`, `alerts`, `entities`.

use super::{PageArgs, Request, WindowArgs};

/// Filters that incidents and alerts share.
#[derive(Clone, Debug, Default, clap::Args)]
struct Common {
    /// Any of these severities
    #[arg(long, value_delimiter = ',', value_name = "SEVERITY")]
    severity: Vec<String>,
    /// Any of these states; `open` stands for all that are not closed
    #[arg(long, value_delimiter = ',', value_name = "STATUS")]
    status: Vec<String>,
    /// Any of these products
    #[arg(long, value_name = "PRODUCT")]
    product: Vec<String>,
    /// Any of these ATT&CK tactics
    #[arg(long, value_delimiter = ',', value_name = "TACTIC")]
    tactic: Vec<String>,
    /// Any of these ATT&CK techniques
    #[arg(long, value_delimiter = ',', value_name = "TECHNIQUE")]
    technique: Vec<String>,
    /// An entity that it names, as KIND:VALUE
    #[arg(long, value_name = "KIND:VALUE")]
    entity: Vec<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Order; `-` in front turns it
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    sort: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Common {
    fn on(&self, request: Request) -> Request {
        let request = request
            .each("severity", &self.severity)
            .each("status", &self.status)
            .each("product", &self.product)
            .each("tactic", &self.tactic)
            .each("technique", &self.technique)
            .each("entity", &self.entity);
        self.page.on(self.window.on(request).with("sort", self.sort.as_ref()))
    }
}

/// Filters of the incident queue.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew incidents --severity high,critical --status open --from -7d")]
pub(crate) struct Incidents {
    #[command(flatten)]
    common: Common,
    /// Owner's name or address; `unassigned` for none
    #[arg(long, value_name = "OWNER")]
    owner: Vec<String>,
    /// Any of these tags
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
}

impl Incidents {
    pub(crate) fn request(&self) -> Request {
        self.common.on(Request::get("/v1/incidents").each("owner", &self.owner).each("tag", &self.tag))
    }
}

/// Filters of the alert list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew alerts --entity ip:175.45.176.99 --sort time")]
pub(crate) struct Alerts {
    #[command(flatten)]
    common: Common,
    /// Id or number of the incident that contains it; `none` for alerts outside any
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
    /// Words of the title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Id of the suppression rule that dismissed it
    #[arg(long, value_name = "RULE")]
    suppressed_by: Option<String>,
    /// Show repeats as one row: by title (and resource), entity or rule
    #[arg(long, value_name = "BY")]
    group: Option<String>,
    /// Only the alerts of this group
    #[arg(long, value_name = "KEY", requires = "group")]
    group_key: Option<String>,
}

impl Alerts {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/alerts").with("incident", self.incident.as_ref()).with("title", self.title.as_ref());
        let request = request.with("suppressed_by", self.suppressed_by.as_ref());
        self.common.on(request.with("group", self.group.as_ref()).with("group_key", self.group_key.as_ref()))
    }
}

/// Filters of the entity list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew entities --kind host,account --text contoso")]
pub(crate) struct Entities {
    /// Any of these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kind: Vec<String>,
    /// Text that its name or a key contains
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Order: degree, label, last, first; `-` in front turns it
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    sort: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Entities {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/entities").each("kind", &self.kind).with("text", self.text.as_ref());
        self.page.on(self.window.on(request).with("sort", self.sort.as_ref()))
    }
}
