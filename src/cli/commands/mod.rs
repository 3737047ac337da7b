//! The commands, one file for each group: their arguments, the request that each one sends, and how its answer is shown.

mod alert;
mod automation;
mod bookmarks;
mod changes;
mod demo;
mod explore;
mod exports;
mod generate;
mod graph;
mod ingest;
mod ingests;
mod key;
mod kql;
mod listed;
mod lists;
mod maintain;
mod mcp;
mod notifications;
mod proposals;
mod query;
mod retention;
mod search;
mod serve;
mod shell;
mod suppression;
mod tls;
mod triage;
mod workspace;

use super::client::{Client, PAGE_ITEMS};
use super::output::{self, Format};
use super::render::View;
use super::request::Request;
use super::{Failure, Global};

/// What clew can be asked to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Take in alerts, incidents and events from files, folders, archives or standard input
    Ingest(ingest::Ingest),
    /// Find incidents, alerts and entities by their words
    Search(search::Search),
    /// List incidents
    Incidents(lists::Incidents),
    /// Show one incident with its alerts and entities, or change, comment, merge, split, close it
    Incident(changes::Incident),
    /// List rows that were kept as evidence
    Bookmarks(bookmarks::Bookmarks),
    /// Show a bookmark, or keep, change and remove one
    Bookmark(bookmarks::Bookmark),
    /// List changes that assistants and others propose
    Proposals(proposals::Proposals),
    /// Show a proposed change, accept or reject it
    Proposal(proposals::Proposal),
    /// Show what happened that concerns you, mark it as read, choose what you are told
    Notifications(notifications::Notifications),
    /// Show or set what changes of incidents must keep to
    Policy(bookmarks::Policy),
    /// Take in sample alerts, linked with each other and marked as samples
    Simulate {
        /// Any of VirtualMachines, KeyVaults, StorageAccounts, SqlServers, CosmosDbs, AppServices, KubernetesService, ResourceManager, DNS; all if none is named
        #[arg(value_name = "BUNDLE")]
        bundles: Vec<String>,
    },
    /// List alerts
    Alerts(lists::Alerts),
    /// Show one alert with its entities, versions and document, or change it
    Alert(alert::Alert),
    /// List entities
    Entities(lists::Entities),
    /// Show one entity, or decide that entities are one or not
    Entity(triage::Entity),
    /// Ask an exploration query about an entity, or see which ones fit it
    Explore(explore::Explore),
    /// Put what happened to incidents, alerts or entities in the order of time
    Timeline(explore::Timeline),
    /// Show what touches an entity around an instant, over all tables
    Around(explore::Around),
    /// Show the edges of a node, newest first
    Neighbors(graph::Neighbors),
    /// Find paths between two nodes
    Paths(graph::Paths),
    /// Show what two nodes have in common
    Common(graph::Common),
    /// Show everything that hangs together with a node
    Component(graph::Component),
    /// Show what can be reached from a node forward in time
    BlastRadius(graph::BlastRadius),
    /// Rank nodes by degree or PageRank
    Rank(graph::Rank),
    /// Find incidents like one
    Similar(graph::Similar),
    /// List every assertion behind the edges between two nodes
    Why(graph::Why),
    /// Run a query on the tables
    Query(query::Query),
    /// Ask queries one after another, with history and completion
    Shell(shell::Shell),
    /// Say what is wrong with queries, without running them
    Check(kql::Check),
    /// Format queries
    Fmt(kql::Fmt),
    /// List the tables, or the columns of one
    Tables(query::Tables),
    /// Put alerts that came without an incident into incidents
    Correlate(triage::Correlate),
    /// Dismiss alerts as they come, by rules
    Suppression(suppression::Suppression),
    /// Lists of things to watch, or to trust
    Watchlist(listed::Watchlist),
    /// Signs of threats
    Indicator(listed::Indicator),
    /// Act on what happens, by rules
    Automation(automation::Automation),
    /// Send what happens elsewhere, continuously
    Exports(exports::Exports),
    /// Say which hosts webhooks and exports may call
    Egress(automation::Egress),
    /// List what became of earlier ingests, or show the whole report of one
    Ingests(ingests::Ingests),
    /// Say how long the rows of tables are kept, and let go of older ones
    Retention(retention::Retention),
    /// Check that no change was altered, dropped or slipped in
    Audit(changes::Audit),
    /// Count what there is
    Stats,
    /// Offer the questions as tools to assistants, by the Model Context Protocol on standard input and output
    Mcp(mcp::Mcp),
    /// Serve the HTTP API
    Serve(serve::Serve),
    /// Make, list and revoke keys and service principals
    Key(key::KeyCommand),
    /// Make and list workspaces
    Workspace(workspace::WorkspaceCommand),
    /// Make certificates for `clew serve --tls`
    Tls(tls::Tls),
    /// Take in the sample data, serve it and name a first incident to look at
    Demo(demo::Demo),
    /// Make test data with a known truth
    Generate(generate::Generate),
    /// Make every view anew from the journal
    Rebuild,
    /// Check the journal, and that every view equals its rebuild
    Verify,
    /// Write all documents as JSON lines
    Export(maintain::Export),
    /// Take in an export
    Import(maintain::Import),
    /// Cut a damaged journal at its first damage and keep what was cut off
    Repair,
}

impl Command {
    /// Whether the command runs until it is stopped.
    pub(crate) fn serves(&self) -> bool {
        match self {
            Self::Serve(_) => true,
            Self::Demo(demo) => demo.serves(),
            _ => false,
        }
    }

    /// Whether the command makes the first data of a directory.
    fn begins(&self) -> bool {
        match self {
            Self::Simulate { .. } => true,
            Self::Incident(incident) => incident.begins(),
            _ => false,
        }
    }

    /// The request of a command that only asks, and how its answer is shown.
    pub(crate) fn question(&self) -> Result<Option<(Request, View)>, Failure> {
        Ok(Some(match self {
            Self::Search(search) => (search.request(), View::Search),
            Self::Incidents(incidents) => (incidents.request(), View::Incidents),
            Self::Incident(incident) => incident.request(),
            Self::Bookmarks(bookmarks) => bookmarks.request(),
            Self::Bookmark(bookmark) => bookmark.request(),
            Self::Proposals(proposals) => proposals.request(),
            Self::Proposal(proposal) => proposal.request(),
            Self::Notifications(notifications) => notifications.request(),
            Self::Policy(policy) => policy.request(),
            Self::Alerts(alerts) => (alerts.request(), View::Alerts),
            Self::Alert(alert) => alert.request(),
            Self::Entities(entities) => (entities.request(), View::Entities),
            Self::Entity(entity) => entity.request(),
            Self::Explore(explore) => explore.request(),
            Self::Timeline(timeline) => (timeline.request(), View::Timeline),
            Self::Around(around) => (around.request(), View::Timeline),
            Self::Neighbors(neighbors) => (neighbors.request(), View::Subgraph),
            Self::Paths(paths) => (paths.request(), View::Paths),
            Self::Common(common) => (common.request(), View::Common),
            Self::Component(component) => (component.request(), View::Subgraph),
            Self::BlastRadius(radius) => (radius.request(), View::BlastRadius),
            Self::Rank(rank) => (rank.request(), View::Rank),
            Self::Similar(similar) => (similar.request(), View::Similar),
            Self::Why(why) => (why.request(), View::Why),
            Self::Query(query) => (query.request(Format::Json)?, View::Table),
            Self::Tables(tables) => tables.request(),
            Self::Correlate(correlate) => (correlate.request()?, View::Correlation),
            Self::Watchlist(watchlist) => watchlist.request()?,
            Self::Indicator(indicator) => indicator.request()?,
            Self::Automation(automation) => automation.request()?,
            Self::Exports(exports) => exports.request()?,
            Self::Simulate { bundles } => (Request::post("/v1/simulate", serde_json::json!({"bundles": bundles})), View::Any),
            Self::Egress(egress) => egress.request(),
            Self::Suppression(suppression) => suppression.request(),
            Self::Ingests(ingests) => ingests.request(),
            Self::Retention(retention) => retention.request(),
            Self::Stats => (Request::get("/v1/stats"), View::Stats),
            _ => return Ok(None),
        }))
    }

    /// Does it.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        if let Self::Query(query) = self {
            return query.run(global);
        }
        if let Some((request, view)) = self.question()? {
            let request = request.by(global.user());
            let client = global.client(if self.begins() { Client::writing } else { Client::reading })?;
            if view == View::Bytes {
                return Ok(output::write(&client.send(&request)?)?);
            }
            let answer = match view.paged() {
                // A table in a file has no next page.
                Some(items) if !matches!(global.format(), Format::Table | Format::Json) && !request.pages() => {
                    client.ask_all(&request, items, PAGE_ITEMS)?
                }
                _ => client.ask(&request)?,
            };
            return Ok(output::print(view, &answer, global.format())?);
        }
        match self {
            Self::Shell(shell) => shell.run(global),
            Self::Mcp(mcp) => mcp.run(global),
            Self::Check(check) => check.run(global),
            Self::Fmt(fmt) => fmt.run(),
            Self::Ingest(ingest) => ingest.run(global),
            Self::Serve(serve) => serve.run(global),
            Self::Key(key) => key.run(global),
            Self::Workspace(workspace) => workspace.run(global),
            Self::Tls(tls) => tls.run(global),
            Self::Demo(demo) => demo.run(global),
            Self::Generate(generate) => generate.run(global),
            Self::Rebuild => maintain::rebuild(global),
            Self::Verify => maintain::verify(global),
            Self::Export(export) => export.run(global),
            Self::Import(import) => import.run(global),
            Self::Repair => maintain::repair(global),
            Self::Audit(audit) => audit.run(global),
            // Every other command is a question.
            _ => Ok(()),
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct PageArgs {
    /// Rows of the page
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where the last page ended
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    cursor: Option<String>,
}

impl PageArgs {
    fn on(&self, request: Request) -> Request {
        request.with("limit", self.limit).with("cursor", self.cursor.as_ref())
    }
}

/// A window of time.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct WindowArgs {
    /// Not before this time: 2021-04-28, 2021-04-28T14:31:30Z, -24h, -7d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,
}

impl WindowArgs {
    fn on(&self, request: Request) -> Request {
        request.with("from", self.from.as_ref()).with("to", self.to.as_ref())
    }
}

/// Prints what a command without a question did.
fn print(global: &Global, answer: &impl serde::Serialize, view: View) -> Result<(), Failure> {
    let answer = serde_json::to_value(answer).map_err(std::io::Error::from)?;
    Ok(output::print(view, &answer, global.format())?)
}

/// Whether the caller wants no words but the answer.
fn for_programs(global: &Global) -> bool {
    global.format() != Format::Table
}
