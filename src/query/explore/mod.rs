//! Exploration queries: typed questions about one entity, as text files with a header.
//!
//! An answer is rows and the nodes and edges that they add to the investigation.

mod requests;
mod results;
mod rows;

use serde_json::{Value, json};

use super::answer::{Column, Edge, Node, Properties, Subgraph, Table};
use super::lists::{alert_row, incident_row};
use super::reference::{entity, limit, time};
use super::session::Limits;
use super::{Context, Question, ask, graph as questions, render};
use crate::graph::{Direction, EdgeFilter, EntityRef, NodeId, NodeKind};
use crate::model::{Fault, FaultClass, Key, Keys, Object, Relation, Time, Window};

pub use super::library::{Body, Exploration, GraphBody, Library, LibraryError, Purpose, all, parse};
pub use requests::{ExplorationRow, Explorations, ExplorationsRequest, ExploreAnswer, ExploreRequest};
pub(super) use rows::{graph_columns, rows_of_graph};

/// Results of an exploration at the most.
const LIMIT_MAX: u32 = 10_000;

impl Exploration {
    fn row(&self) -> ExplorationRow {
        ExplorationRow {
            name: self.name.clone(),
            id: self.id.clone(),
            title: self.title.clone(),
            question: self.question.clone(),
            input: self.input.clone(),
            outputs: self.outputs.clone(),
            tables: self.tables.clone(),
            tactics: self.tactics.clone(),
            results: None,
            results_complete: None,
            problem: None,
        }
    }
}

impl Question for ExplorationsRequest {
    type Answer = Explorations;
    const NAME: &'static str = "explorations";

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<Explorations, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let library = Library::of(context)?;
        let Some(reference) = &self.entity else {
            return Ok(Explorations { value: library.explorations().map(Exploration::row).collect(), complete: true });
        };
        let graph = &context.snapshot.graph;
        let start = entity(graph, reference)?;
        let kind = graph.entity_node(start).map(|entity| entity.kind().to_owned()).unwrap_or_default();
        let mut value = Vec::new();
        for exploration in library.explorations().filter(|exploration| exploration.fits(&kind)) {
            let mut row = exploration.row();
            if self.counts {
                let window = Asked { from: self.from.as_deref(), to: self.to.as_deref(), at: None }.window(context, start, exploration)?;
                match run(context, start, exploration, &window, LIMIT_MAX as usize) {
                    Ok((table, _)) => (row.results, row.results_complete) = (Some(table.rows.len() as u64), Some(table.complete)),
                    Err(fault) => row.problem = Some(format!("{}: {}", fault.code, fault.message)),
                }
            }
            value.push(row);
        }
        if self.counts {
            value.sort_by_key(|row| std::cmp::Reverse(row.results.unwrap_or(0) > 0));
        }
        Ok(Explorations { value, complete: true })
    }
}

impl Question for ExploreRequest {
    type Answer = ExploreAnswer;
    const NAME: &'static str = "explore";

    fn is_query(&self) -> bool {
        true
    }

    fn answer(self, context: &Context) -> Result<ExploreAnswer, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let start = entity(graph, &self.entity)?;
        let kind = graph.entity_node(start).map(|entity| entity.kind().to_owned()).unwrap_or_default();
        let library = Library::of(context)?;
        let exploration = library.find(&self.query, Some(&kind))?;
        let window =
            Asked { from: self.from.as_deref(), to: self.to.as_deref(), at: self.at.as_deref() }.window(context, start, exploration)?;
        let limit = limit(self.limit, exploration.limit, LIMIT_MAX)?;
        let (table, graph) = run(context, start, exploration, &window, limit)?;
        let text = match &exploration.body {
            Body::Kql(text, _) => text.clone(),
            Body::Graph(question) => format!("{question:?}"),
        };
        let show = |time: Option<Time>| time.map(|time| time.to_string());
        Ok(ExploreAnswer { exploration: exploration.row(), from: show(window.from), to: show(window.to), text, table, graph })
    }
}

/// The window as it was asked for.
struct Asked<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    at: Option<&'a str>,
}

impl Asked<'_> {
    /// The asked window; an end that is not asked for lies as far from the anchor as the query declares.
    ///
    /// The anchor is the entity's last activity unless the request says another instant. The declared window is
    /// stretched to the entity's first activity, so that no event of an investigation falls outside unasked.
    fn window(&self, context: &Context, start: NodeId, exploration: &Exploration) -> Result<Window, Fault> {
        let (first, last) = context.snapshot.graph.span(start);
        let anchor = self.at.map(|text| time(text, context.now)).transpose()?;
        let earliest = anchor.or(first).map(|at| at.plus(-exploration.before));
        let latest = anchor.or(last).map(|at| at.plus(exploration.after));
        let from = self.from.map(|text| time(text, context.now)).transpose()?.or(earliest);
        let to = self.to.map(|text| time(text, context.now)).transpose()?.or(latest);
        Ok(Window { from, to })
    }
}

fn run(context: &Context, start: NodeId, exploration: &Exploration, window: &Window, limit: usize) -> Result<(Table, Subgraph), Fault> {
    match &exploration.body {
        Body::Kql(text, _) => on_tables(context, start, exploration, text, window, limit),
        Body::Graph(question) => on_graph(context, start, *question, window, limit),
    }
}

/// Runs the text with the entity bound to its parameters; what the rows name joins the graph.
fn on_tables(
    context: &Context,
    start: NodeId,
    exploration: &Exploration,
    text: &str,
    window: &Window,
    limit: usize,
) -> Result<(Table, Subgraph), Fault> {
    let graph = &context.snapshot.graph;
    // One row more than asked for tells whether that is all.
    let limits = Limits { rows_max: limit + 1, ..Limits::default() };
    let mut table = ask::kql_on_snapshot(context, text, &parameters(context, start, window)?, &limits)?;
    if table.rows.len() > limit {
        table.rows.truncate(limit);
        (table.complete, table.cut) = (false, Some("limit".to_owned()));
    }
    let mut added = Added::new(context, start, &exploration.name);
    for named in results::named(&table) {
        if let Some(alert) = named.alert.and_then(|id| graph.alert(&id)) {
            added.node(render::node(graph, alert));
        }
        for entity in named.entities {
            let found = graph.mentioned(&entity.kind, &entity.keys);
            added.node(match found {
                Some(node) => render::node(graph, node),
                None => unknown(&entity.kind.to_string(), &entity.keys, entity.label),
            });
        }
    }
    let subgraph = added.finish(&table);
    Ok((table, subgraph))
}

/// What an entity and a window give to the parameters of a query.
pub(super) fn parameters(context: &Context, start: NodeId, window: &Window) -> Result<Object, Fault> {
    let subject = context
        .snapshot
        .graph
        .entity_node(start)
        .ok_or_else(|| Fault::new(FaultClass::Internal, "exploration_subject", "the subject is no entity"))?;
    Ok(Object::from_iter([
        ("entity".to_owned(), questions::hashes(context, start).into_iter().collect()),
        ("begin".to_owned(), window.from.map_or_else(|| json!("0001-01-01T00:00:00Z"), |time| json!(time))),
        ("end".to_owned(), window.to.map_or_else(|| json!("9999-12-31T23:59:59Z"), |time| json!(time))),
        ("value".to_owned(), value(&subject).into()),
        ("image".to_owned(), image(&subject).into()),
        ("reference".to_owned(), render::reference(&context.snapshot.graph, start).into()),
    ]))
}

/// The window of a query as it was asked for, around the whole activity of an entity where it was not.
pub(super) fn asked_window(
    context: &Context,
    start: NodeId,
    exploration: &Exploration,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Window, Fault> {
    Asked { from, to, at: None }.window(context, start, exploration)
}

/// The window of a query around the whole activity of an entity.
pub(super) fn whole_window(context: &Context, start: NodeId, exploration: &Exploration) -> Result<Window, Fault> {
    Asked { from: None, to: None, at: None }.window(context, start, exploration)
}

/// An entity that rows name and the graph does not know.
fn unknown(kind: &str, keys: &Keys, label: String) -> Node {
    let key = keys.strong.first().or(keys.weak.first()).map_or(label.as_str(), Key::as_str);
    Node { id: format!("{kind}:{key}"), kind: kind.to_owned(), label, degree: 0, properties: Properties::None }
}

/// The value by which people know the entity: an address, a name.
fn value(entity: &EntityRef<'_>) -> String {
    let key = entity.key();
    key.split_once('=').map_or(key, |(_, value)| value).to_owned()
}

/// The lower-case file name of a process's image or of a file; empty for other kinds.
fn image(entity: &EntityRef<'_>) -> String {
    if !matches!(entity.kind(), "process" | "file") {
        return String::new();
    }
    let label = entity.label();
    let name = label.split(" (").next().unwrap_or(label);
    let name = name.rsplit(['\\', '/']).next().unwrap_or(name);
    name.to_lowercase()
}

/// Nodes that an exploration adds, each with an edge from its subject.
struct Added<'a> {
    subject: Node,
    relation: &'a str,
    nodes: Vec<Node>,
    seen: hashbrown::HashSet<String>,
}

impl<'a> Added<'a> {
    fn new(context: &Context, start: NodeId, relation: &'a str) -> Self {
        Self { subject: render::node(&context.snapshot.graph, start), relation, nodes: Vec::new(), seen: hashbrown::HashSet::new() }
    }

    fn node(&mut self, node: Node) {
        if node.id != self.subject.id && self.seen.insert(node.id.clone()) {
            self.nodes.push(node);
        }
    }

    fn finish(self, table: &Table) -> Subgraph {
        let edge = |node: &Node| Edge {
            source: self.subject.id.clone(),
            relation: self.relation.to_owned(),
            target: node.id.clone(),
            role: None,
            first: None,
            last: None,
            count: 1,
            evidence: Vec::new(),
        };
        let edges = self.nodes.iter().map(edge).collect();
        let nodes = std::iter::once(self.subject.clone()).chain(self.nodes).collect();
        Subgraph { edges, nodes, complete: table.complete, cut: table.cut.clone(), ..Subgraph::default() }
    }
}

fn on_graph(context: &Context, start: NodeId, question: GraphBody, window: &Window, limit: usize) -> Result<(Table, Subgraph), Fault> {
    let graph = &context.snapshot.graph;
    let involves = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::In, window: *window, ..EdgeFilter::default() };
    let mut edges = Vec::new();
    match question {
        GraphBody::RelatedAlerts => {
            edges.extend(graph.edges(start, &involves).filter(|edge| edge.from.kind() == NodeKind::Alert).take(limit + 1))
        }
        GraphBody::Relations => {
            let all = EdgeFilter { window: *window, ..EdgeFilter::default() };
            edges.extend(graph.edges(start, &all).filter(|edge| edge.other(start).kind() == NodeKind::Entity).take(limit + 1));
        }
        GraphBody::RelatedIncidents => {
            let contains = EdgeFilter { relations: vec![Relation::CONTAINS], direction: Direction::In, ..EdgeFilter::default() };
            let mut seen = hashbrown::HashSet::new();
            for alert in graph.edges(start, &involves).map(|edge| edge.from) {
                if alert.kind() == NodeKind::Incident && seen.insert(alert) {
                    edges.extend(graph.assertions(alert, start, &EdgeFilter::default()).next());
                }
                for edge in graph.edges(alert, &contains).filter(|edge| edge.from.kind() == NodeKind::Incident && seen.insert(edge.from)) {
                    edges.push(edge);
                }
                if seen.len() > limit {
                    break;
                }
            }
        }
        GraphBody::Companions => return companions(context, start, &involves, limit),
    }
    let complete = edges.len() <= limit;
    edges.truncate(limit);
    let mut subgraph = render::subgraph(graph, &[start], &edges);
    subgraph.complete = complete;
    subgraph.cut = (!complete).then(|| "limit".to_owned());
    let others: Vec<NodeId> =
        edges.iter().map(|edge| if edge.to == start || edge.from == start { edge.other(start) } else { edge.from }).collect();
    Ok((rows_of(context, &others, &edges, complete), subgraph))
}

/// Entities that the alerts which name the subject name too, those named together most often first.
fn companions(context: &Context, start: NodeId, involves: &EdgeFilter, limit: usize) -> Result<(Table, Subgraph), Fault> {
    let graph = &context.snapshot.graph;
    let mut times: hashbrown::HashMap<NodeId, u64> = hashbrown::HashMap::new();
    for alert in graph.edges(start, involves).map(|edge| edge.from) {
        graph.entities_of(alert).into_iter().filter(|other| *other != start).for_each(|other| *times.entry(other).or_default() += 1);
    }
    let mut found: Vec<(u64, Node)> = times.into_iter().map(|(node, times)| (times, render::node(graph, node))).collect();
    found.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.id.cmp(&right.id)));
    let complete = found.len() <= limit;
    found.truncate(limit);
    let columns = ["Entity", "Entity_Aux_Kind", "Entity_Aux_Label", "Entity_Aux_Alerts"]
        .map(|name| column(name, if name.ends_with("Alerts") { "long" } else { "string" }));
    let rows = found.iter().map(|(times, node)| vec![json!(node.id), json!(node.kind), json!(node.label), json!(times)]).collect();
    let mut added = Added::new(context, start, "named_with");
    found.into_iter().for_each(|(_, node)| added.node(node));
    let table = Table { columns: columns.to_vec(), rows, complete, cut: (!complete).then(|| "limit".to_owned()), ..Table::default() };
    let subgraph = added.finish(&table);
    Ok((table, subgraph))
}

fn column(name: &str, type_name: &str) -> Column {
    Column { name: name.to_owned(), type_name: type_name.to_owned() }
}

/// One row for each node that a graph exploration found.
fn rows_of(context: &Context, nodes: &[NodeId], edges: &[crate::graph::Edge], complete: bool) -> Table {
    let graph = &context.snapshot.graph;
    let columns = [
        ("Id", "string"),
        ("Kind", "string"),
        ("Title", "string"),
        ("Severity", "string"),
        ("Status", "string"),
        ("Relation", "string"),
        ("Time", "datetime"),
    ];
    let row = |(node, edge): (&NodeId, &crate::graph::Edge)| -> Vec<Value> {
        let (severity, status, time) = match graph.node(*node) {
            crate::graph::NodeRef::Alert(alert) => {
                let row = alert_row(graph, &alert);
                (row.severity, row.status, row.start)
            }
            crate::graph::NodeRef::Incident(incident) => {
                let row = incident_row(graph, &incident);
                (row.severity, row.status, row.first_activity)
            }
            crate::graph::NodeRef::Entity(_) => (String::new(), String::new(), edge.last),
        };
        let shown = render::node(graph, *node);
        vec![
            json!(shown.id),
            json!(shown.kind),
            json!(shown.label),
            json!(severity),
            json!(status),
            json!(graph.relation(edge)),
            json!(time),
        ]
    };
    Table {
        columns: columns.map(|(name, type_name)| column(name, type_name)).to_vec(),
        rows: nodes.iter().zip(edges).map(row).collect(),
        complete,
        cut: (!complete).then(|| "limit".to_owned()),
        ..Table::default()
    }
}
