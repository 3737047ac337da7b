//! Questions to the entity graph.

use super::{PageArgs, Request, WindowArgs};

/// Whose edges.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew neighbors host:MSTICALERTSWIN1 --relation involves --direction in --limit 20")]
pub(crate) struct Neighbors {
    /// alert:ID, incident:ID or KIND:VALUE
    node: String,
    /// Any of these relations
    #[arg(long, value_delimiter = ',', value_name = "RELATION")]
    relation: Vec<String>,
    /// Neighbours of any of these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kind: Vec<String>,
    /// in, out or both
    #[arg(long, value_name = "DIRECTION")]
    direction: Option<String>,
    /// How far to go
    #[arg(long, value_name = "N")]
    hops: Option<u32>,
    /// For several hops: edges that each node gives, newest first
    #[arg(long, value_name = "N")]
    per_node: Option<u32>,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl Neighbors {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/neighbors")
            .with("node", Some(&self.node))
            .each("relation", &self.relation)
            .each("kind", &self.kind)
            .with("direction", self.direction.as_ref())
            .with("hops", self.hops)
            .with("per_node", self.per_node)
            .with("as_of", self.as_of.as_ref());
        self.page.on(self.window.on(request))
    }
}

/// Between which nodes, and which paths.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew paths account:adelev@m365x816222.onmicrosoft.com ip:175.45.176.99 --mode time")]
pub(crate) struct Paths {
    /// From this node
    a: String,
    /// To this node
    b: String,
    /// shortest, all, k, rare (hubs cost more) or time (edges in the order of time)
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// How many paths
    #[arg(short, long, value_name = "N")]
    k: Option<u32>,
    /// Longest path
    #[arg(long, value_name = "N")]
    hops: Option<u32>,
    /// Nodes with more edges are not passed through; 0 passes through all
    #[arg(long, value_name = "N")]
    hub_degree: Option<u64>,
    #[command(flatten)]
    window: WindowArgs,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl Paths {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/paths")
            .with("a", Some(&self.a))
            .with("b", Some(&self.b))
            .with("mode", self.mode.as_ref())
            .with("k", self.k)
            .with("hops", self.hops)
            .with("hub_degree", self.hub_degree)
            .with("as_of", self.as_of.as_ref());
        self.window.on(request)
    }
}

/// Which two nodes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew common ip:175.45.176.99 account:adelev@m365x816222.onmicrosoft.com")]
pub(crate) struct Common {
    /// One node
    a: String,
    /// The other
    b: String,
    /// Edges of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl Common {
    pub(crate) fn request(&self) -> Request {
        Request::get("/v1/common")
            .with("a", Some(&self.a))
            .with("b", Some(&self.b))
            .with("limit", self.limit)
            .with("as_of", self.as_of.as_ref())
    }
}

/// What hangs together with which node.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew component ip:175.45.176.99 --from 2021-04-28 --to 2021-04-29")]
pub(crate) struct Component {
    /// alert:ID, incident:ID or KIND:VALUE
    node: String,
    #[command(flatten)]
    window: WindowArgs,
    /// Nodes of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Nodes with more edges are not passed through; 0 passes through all
    #[arg(long, value_name = "N")]
    hub_degree: Option<u64>,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl Component {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/component").with("node", Some(&self.node));
        self.window.on(request).with("limit", self.limit).with("hub_degree", self.hub_degree).with("as_of", self.as_of.as_ref())
    }
}

/// From which node and since when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew blast-radius account:adelev@m365x816222.onmicrosoft.com --from 2021-04-28T14:00:00Z --hops 3")]
pub(crate) struct BlastRadius {
    /// alert:ID, incident:ID or KIND:VALUE
    node: String,
    #[command(flatten)]
    window: WindowArgs,
    /// How far to go
    #[arg(long, value_name = "N")]
    hops: Option<u32>,
    /// Nodes of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Nodes with more edges are not passed through; 0 passes through all
    #[arg(long, value_name = "N")]
    hub_degree: Option<u64>,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl BlastRadius {
    pub(crate) fn request(&self) -> Request {
        let request = self.window.on(Request::get("/v1/blast-radius").with("node", Some(&self.node)));
        let request = request.with("hops", self.hops).with("limit", self.limit).with("hub_degree", self.hub_degree);
        request.with("as_of", self.as_of.as_ref())
    }
}

/// What to rank, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew rank --by alerts --kind host,account --limit 10")]
pub(crate) struct Rank {
    /// degree, alerts (how many name it) or pagerank
    #[arg(long, value_name = "MEASURE")]
    by: Option<String>,
    /// Nodes of any of these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kind: Vec<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Nodes of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl Rank {
    pub(crate) fn request(&self) -> Request {
        let request = Request::get("/v1/rank").with("by", self.by.as_ref()).each("kind", &self.kind);
        self.window.on(request).with("limit", self.limit).with("as_of", self.as_of.as_ref())
    }
}

/// Like which incident.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew similar 42")]
pub(crate) struct Similar {
    /// Id or number of the incident
    incident: String,
    /// Incidents of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// The graph as it was known at this instant
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl Similar {
    pub(crate) fn request(&self) -> Request {
        let id = self.incident.strip_prefix("incident:").unwrap_or(&self.incident);
        Request::get("/v1/incidents").part(id).part("similar").with("limit", self.limit).with("as_of", self.as_of.as_ref())
    }
}

/// Why which two nodes are linked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew why host:MSTICALERTSWIN1 'account:MSTICAlertsWin1\\MSTICAdmin'")]
pub(crate) struct Why {
    /// One node
    a: String,
    /// The other
    b: String,
    /// Records of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

impl Why {
    pub(crate) fn request(&self) -> Request {
        Request::get("/v1/why").with("a", Some(&self.a)).with("b", Some(&self.b)).with("limit", self.limit)
    }
}
