//! The queues: incidents, alerts and entities under filters, with counters that follow the filter.

mod groups;
mod page;
mod requests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use hashbrown::HashSet;

use crate::catalog::{attack, entities};
use crate::graph::{AlertRef, Direction, EdgeFilter, EntityRef, GraphSnapshot, IncidentRef, NodeId, NodeKind};
use crate::model::{AlertStatus, Fault, FaultClass, IncidentStatus, Kind, Relation, Seq, Severity, Time, Window};

use super::cursor::Seal;
use super::details::family;
use super::reference::{are_brief, entity, incident, limit, window, word};
use super::{Context, Question, render};
pub(super) use groups::{By, Grouped, gather, resource as alert_resource};
pub(super) use page::{Begin, Key, Top};

pub use requests::{
    AlertFilter, AlertGroup, AlertPage, AlertRow, Counters, EntityFilter, EntityPage, EntityRow, IncidentFilter, IncidentPage, IncidentRow,
    LIMIT_DEFAULT, LIMIT_MAX,
};

/// Which column a list is sorted by, and whether downward.
struct Order<C> {
    by: C,
    descending: bool,
}

impl<C> Order<C> {
    /// Reads `column` or `-column`; without `-` a column has its natural direction.
    fn read(text: Option<&str>, default: &str, columns: &[&str], read: impl Fn(&str) -> Option<(C, bool)>) -> Result<Self, Fault> {
        let text = text.unwrap_or(default);
        let (name, turned) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let (by, natural) = word("sort", name, read, columns)?;
        Ok(Self { by, descending: natural != turned })
    }
}

fn any(wanted: &[String], mut has: impl FnMut(&str) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(|text| has(text))
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

/// A product as a filter names it: by its name, or by a part of it where no product has the name.
struct Product {
    text: String,
    part: bool,
}

impl Product {
    fn read(graph: &GraphSnapshot, texts: &[String]) -> Vec<Self> {
        let known = |text: &str| {
            graph.all_alerts().any(|alert| same(alert.product(), text))
                || graph.all_incidents().any(|incident| incident.products().any(|product| same(product, text)))
        };
        texts.iter().map(|text| Self { part: !known(text), text: text.to_lowercase() }).collect()
    }

    fn names(&self, product: &str) -> bool {
        if self.part { product.to_lowercase().contains(&self.text) } else { same(product, &self.text) }
    }
}

/// A technique stands for its sub-techniques.
fn has_technique<'a>(mut techniques: impl Iterator<Item = &'a str>, wanted: &str) -> bool {
    techniques.any(|technique| {
        technique.get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted))
            && matches!(technique.as_bytes().get(wanted.len()), None | Some(b'.'))
    })
}

fn tactics_wanted(texts: &[String]) -> Result<Vec<String>, Fault> {
    let names: Vec<&str> = attack::tactics().iter().map(|tactic| tactic.name).collect();
    texts.iter().map(|text| word("tactic", text, |text| attack::tactic_name(text).map(str::to_owned), &names)).collect()
}

fn severities(texts: &[String]) -> Result<Vec<Severity>, Fault> {
    texts.iter().map(|text| word("severity", text, Severity::parse, &Severity::ALL.map(Severity::as_str))).collect()
}

/// Alerts that name any of the entities; none when no entity is asked for.
fn alerts_of(context: &Context, references: &[String]) -> Result<Option<HashSet<NodeId>>, Fault> {
    if references.is_empty() {
        return Ok(None);
    }
    let graph = &context.snapshot.graph;
    let mut found = HashSet::new();
    for text in references {
        found.extend(graph.naming(entity(graph, text)?, None));
    }
    Ok(Some(found))
}

/// Incidents that contain any of the alerts, and those among the nodes themselves.
fn incidents_of(graph: &GraphSnapshot, alerts: &HashSet<NodeId>) -> HashSet<NodeId> {
    let mut found: HashSet<NodeId> = alerts.iter().copied().filter(|node| node.kind() == NodeKind::Incident).collect();
    for alert in alerts.iter().filter(|node| node.kind() == NodeKind::Alert) {
        found.extend(graph.holders(*alert, None).filter(|node| node.kind() == NodeKind::Incident));
    }
    found
}

/// The incidents that belong under another.
fn children_of(context: &Context, parent: &str) -> Result<HashSet<NodeId>, Fault> {
    let graph = &context.snapshot.graph;
    let parent = graph.incident_node(incident(graph, parent)?).map(|incident| incident.id().to_owned()).unwrap_or_default();
    Ok(family::children(context, &parent)?.into_iter().collect())
}

/// Incidents that contain an alert, without repeats: the alert and the incident may both say it.
pub fn containers(graph: &GraphSnapshot, alert: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let filter = EdgeFilter { relations: vec![Relation::CONTAINS], direction: Direction::In, ..EdgeFilter::default() };
    let mut seen = HashSet::new();
    let there = |node: &NodeId| graph.incident_node(*node).is_some_and(|incident| !incident.deleted());
    graph.edges(alert, &filter).map(|edge| edge.from).filter(move |node| there(node) && seen.insert(*node))
}

/// Alerts that an incident contains, newest first, without repeats.
pub fn members(graph: &GraphSnapshot, incident: NodeId) -> Vec<NodeId> {
    let filter = EdgeFilter { relations: vec![Relation::CONTAINS], direction: Direction::Out, ..EdgeFilter::default() };
    let mut seen = HashSet::new();
    graph.edges(incident, &filter).map(|edge| edge.to).filter(|node| seen.insert(*node)).collect()
}

fn counters<const N: usize>(counts: [[u32; 6]; N], statuses: [&str; N]) -> Counters {
    let status = statuses.iter().zip(&counts).map(|(name, row)| ((*name).to_owned(), row.iter().map(|n| u64::from(*n)).sum())).collect();
    let severity =
        Severity::ALL.iter().map(|s| (s.as_str().to_owned(), counts.iter().map(|row| u64::from(row[*s as usize])).sum())).collect();
    Counters { status, severity }
}

/// The tactics of an incident and its alerts, each once, in the order of the kill chain.
pub(super) fn tactics<'a>(graph: &'a GraphSnapshot, incident: &IncidentRef<'a>) -> Vec<&'a str> {
    let alerts = graph.held(incident.node()).into_iter().filter_map(|node| graph.alert_node(node)).filter(AlertRef::known);
    in_order(incident.tactics().chain(alerts.flat_map(|alert| alert.tactics())).collect())
}

fn in_order(mut tactics: Vec<&str>) -> Vec<&str> {
    tactics.sort_unstable();
    tactics.dedup();
    tactics.sort_by_cached_key(|tactic| attack::tactic_order(tactic).unwrap_or(u8::MAX));
    tactics
}

/// The row of an incident; products and tactics of its alerts are its own.
pub fn incident_row(graph: &GraphSnapshot, incident: &IncidentRef<'_>) -> IncidentRow {
    let alerts = graph.held(incident.node());
    let mut products: BTreeSet<&str> = incident.products().collect();
    let mut tactics: Vec<&str> = incident.tactics().collect();
    let (mut first, mut last) = (incident.first_activity(), incident.last_activity());
    for alert in alerts.iter().filter_map(|node| graph.alert_node(*node)).filter(AlertRef::known) {
        products.extend(Some(alert.product()).filter(|product| !product.is_empty()));
        tactics.extend(alert.tactics());
        first = earliest(first, alert.time());
        last = last.max(alert.end()).max(alert.time());
    }
    IncidentRow {
        id: incident.id().to_owned(),
        number: incident.number(),
        title: incident.title().to_owned(),
        severity: incident.severity().as_str().to_owned(),
        status: incident.status().as_str().to_owned(),
        owner: Some(incident.owner().to_owned()).filter(|owner| !owner.is_empty()),
        classification: incident.classification().map(|classification| classification.as_str().to_owned()),
        products: products.into_iter().map(str::to_owned).collect(),
        tactics: in_order(tactics).into_iter().map(str::to_owned).collect(),
        tags: incident.tags().map(str::to_owned).collect(),
        alerts: alerts.len() as u64,
        first_activity: first,
        last_activity: last,
        created: incident.created(),
        modified: incident.modified(),
        closed: incident.closed(),
        seq: incident.seq().map_or(0, |seq| seq.0),
    }
}

fn earliest(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    a.into_iter().chain(b).min()
}

/// The row of an alert, for other floors.
pub fn row_of_alert(graph: &GraphSnapshot, alert: &AlertRef<'_>) -> AlertRow {
    alert_row(graph, alert)
}

/// The row of an alert.
pub(super) fn alert_row(graph: &GraphSnapshot, alert: &AlertRef<'_>) -> AlertRow {
    let filter = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::Out, ..EdgeFilter::default() };
    AlertRow {
        id: alert.id().to_owned(),
        title: alert.title().to_owned(),
        severity: alert.severity().as_str().to_owned(),
        status: alert.status().as_str().to_owned(),
        product: alert.product().to_owned(),
        tactics: alert.tactics().map(str::to_owned).collect(),
        incidents: containers(graph, alert.node()).filter_map(|node| Some(graph.incident_node(node)?.id().to_owned())).collect(),
        entities: graph.edges(alert.node(), &filter).count() as u64,
        group: None,
        start: alert.start(),
        end: alert.end(),
        seq: alert.seq().map_or(0, |seq| seq.0),
    }
}

/// The row of an entity.
pub(super) fn entity_row(graph: &GraphSnapshot, entity: &EntityRef<'_>) -> EntityRow {
    let (first, last) = graph.span(entity.node());
    EntityRow {
        id: render::entity_reference(graph, entity),
        kind: entity.kind().to_owned(),
        label: entity.label().to_owned(),
        degree: graph.degree(entity.node()) as u64,
        first,
        last,
    }
}

#[derive(Clone, Copy)]
enum IncidentOrder {
    Severity,
    Created,
    Modified,
    Activity,
    Number,
    Title,
}

impl Question for IncidentFilter {
    type Answer = IncidentPage;
    const NAME: &'static str = "incidents";

    fn is_brief(&self, context: &Context) -> bool {
        let few = self.limit.is_none_or(|limit| limit <= LIMIT_DEFAULT) && self.product.is_empty();
        few && !self.entity.is_empty() && are_brief(&context.snapshot.graph, &self.entity)
    }

    fn answer(self, context: &Context) -> Result<IncidentPage, Fault> {
        let graph = &context.snapshot.graph;
        let window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, offset: None, ..self.clone() });
        let severity = severities(&self.severity)?;
        let mut status = Vec::new();
        for text in &self.status {
            match text.as_str() {
                "open" => status.extend([IncidentStatus::New, IncidentStatus::Active]),
                text => status.push(word("status", text, IncidentStatus::parse, &IncidentStatus::ALL.map(IncidentStatus::as_str))?),
            }
        }
        let tactics = tactics_wanted(&self.tactic)?;
        let of_entities = alerts_of(context, &self.entity)?.map(|alerts| incidents_of(graph, &alerts));
        let of_parent = self.parent.as_deref().map(|parent| children_of(context, parent)).transpose()?;
        let among = match (of_entities, of_parent) {
            (Some(named), Some(below)) => Some(named.intersection(&below).copied().collect()),
            (named, below) => named.or(below),
        };
        let order =
            Order::read(self.sort.as_deref(), "severity", &["severity", "created", "modified", "activity", "number", "title"], |name| {
                Some(match name {
                    "severity" => (IncidentOrder::Severity, true),
                    "created" => (IncidentOrder::Created, true),
                    "modified" => (IncidentOrder::Modified, true),
                    "activity" => (IncidentOrder::Activity, true),
                    "number" => (IncidentOrder::Number, true),
                    "title" => (IncidentOrder::Title, false),
                    _ => return None,
                })
            })?;
        let owner = |incident: &IncidentRef<'_>| {
            any(&self.owner, |text| if text == "unassigned" { incident.owner().is_empty() } else { same(incident.owner(), text) })
        };
        let products = Product::read(graph, &self.product);
        let inherits = !self.product.is_empty() || !tactics.is_empty() || !self.technique.is_empty();
        let passes = |incident: &IncidentRef<'_>| {
            (severity.is_empty() || severity.contains(&incident.severity()))
                && (status.is_empty() || status.contains(&incident.status()))
                && owner(incident)
                && any(&self.tag, |text| incident.tags().any(|tag| same(tag, text)))
                && (window == Window::ALL || active(graph, incident, &window))
                && (!inherits || self.inherited(graph, incident, &products, &tactics))
        };
        let key = |incident: &IncidentRef<'_>| match order.by {
            IncidentOrder::Severity => Key::ranked(incident.severity() as u8, incident.last_activity().or(incident.time())),
            IncidentOrder::Created => Key::time(incident.created()),
            IncidentOrder::Modified => Key::time(incident.modified()),
            IncidentOrder::Activity => Key::time(incident.last_activity().or(incident.time())),
            IncidentOrder::Number => Key::number(incident.number()),
            IncidentOrder::Title => Key::text(incident.title()),
        };
        let begin = Begin::read(seal, self.cursor.as_deref(), self.offset)?;
        let kept = match order {
            Order { by: IncidentOrder::Severity, descending: true } => begin.is_ranked(Severity::ALL.len()),
            Order { by: IncidentOrder::Activity, descending: true } => begin.is_ranked(1),
            _ => false,
        };
        if kept && self.is_plain(&window) {
            let by_severity = matches!(order.by, IncidentOrder::Severity);
            return Ok(in_kept_order(graph, seal, &begin, limit, &status, &severity, by_severity));
        }
        let mut counts = [[0; 6]; 3];
        let mut top = Top::new(seal, begin, limit, order.descending);
        // Incidents of entities or of a parent are found from these, not among all.
        let all: Box<dyn Iterator<Item = IncidentRef<'_>>> = match &among {
            Some(found) => Box::new(found.iter().filter_map(|node| graph.incident_node(*node)).filter(IncidentRef::known)),
            None => Box::new(graph.all_incidents()),
        };
        for incident in all.filter(passes) {
            counts[incident.status() as usize][incident.severity() as usize] += 1;
            top.offer(key(&incident), || Cow::Borrowed(incident.id()), incident);
        }
        let page = top.page(|incident| incident_row(graph, &incident));
        Ok(IncidentPage { page, counters: counters(counts, IncidentStatus::ALL.map(IncidentStatus::as_str)) })
    }
}

/// Of counts by status and severity those that a filter asks for; no name stands for all.
fn asked<const N: usize>(mut counts: [[u32; 6]; N], wanted: impl Fn(usize, Severity) -> bool) -> ([[u32; 6]; N], u64) {
    let mut total = 0;
    for (status, row) in counts.iter_mut().enumerate() {
        for severity in Severity::ALL {
            let count = &mut row[severity as usize];
            *count = if wanted(status, severity) { *count } else { 0 };
            total += u64::from(*count);
        }
    }
    (counts, total)
}

/// The list by severity or by activity under no filter but status and severity: counters and orders that the graph keeps, rows as far as
/// the page goes.
fn in_kept_order(
    graph: &GraphSnapshot,
    seal: Seal,
    begin: &Begin,
    limit: usize,
    status: &[IncidentStatus],
    severity: &[Severity],
    by_severity: bool,
) -> IncidentPage {
    let of_severity = |v: Severity| severity.is_empty() || severity.contains(&v);
    let wanted = |s: IncidentStatus, v: Severity| (status.is_empty() || status.contains(&s)) && of_severity(v);
    let (counts, total) = asked(graph.incident_counts(), |at, severity| wanted(IncidentStatus::ALL[at], severity));
    let after = begin.ranked();
    let rows: Box<dyn Iterator<Item = IncidentRef<'_>>> = if by_severity {
        let after = after.and_then(|(rank, activity, id)| Some((*Severity::ALL.get(usize::try_from(rank).ok()?)?, activity, id)));
        Box::new(graph.incidents_by_severity(after))
    } else {
        let after = after.map(|(_, activity, id)| (activity, id));
        Box::new(graph.incidents_by_activity(Severity::ALL.into_iter().filter(|severity| of_severity(*severity)), after))
    };
    let rows = rows.filter(|incident| wanted(incident.status(), incident.severity()));
    let place = |incident: &IncidentRef<'_>| {
        let rank = if by_severity { incident.severity() as u8 } else { 0 };
        (Key::ranked(rank, incident.last_activity().or(incident.time())), incident.id().to_owned())
    };
    let page = begin.in_order(seal, limit, total, rows, place, |incident| incident_row(graph, &incident));
    IncidentPage { page, counters: counters(counts, IncidentStatus::ALL.map(IncidentStatus::as_str)) }
}

impl IncidentFilter {
    /// Whether nothing but status and severity is asked for.
    fn is_plain(&self, window: &Window) -> bool {
        let lists = [&self.owner, &self.tag, &self.entity, &self.product, &self.tactic, &self.technique];
        *window == Window::ALL && self.parent.is_none() && lists.iter().all(|list| list.is_empty())
    }

    /// Whether the incident or one of its alerts has the product, tactic and technique.
    fn inherited(&self, graph: &GraphSnapshot, incident: &IncidentRef<'_>, products: &[Product], tactics: &[String]) -> bool {
        let alerts: Vec<AlertRef<'_>> = graph.held(incident.node()).into_iter().filter_map(|node| graph.alert_node(node)).collect();
        let product = |wanted: &Product| {
            incident.products().any(|product| wanted.names(product)) || alerts.iter().any(|alert| wanted.names(alert.product()))
        };
        let tactic = |text: &str| {
            incident.tactics().any(|tactic| tactic == text) || alerts.iter().any(|alert| alert.tactics().any(|tactic| tactic == text))
        };
        let technique =
            |text: &str| has_technique(incident.techniques(), text) || alerts.iter().any(|alert| has_technique(alert.techniques(), text));
        (products.is_empty() || products.iter().any(product)) && any(tactics, tactic) && any(&self.technique, technique)
    }
}

/// Whether the incident, or an alert of it, was active in the window.
fn active(graph: &GraphSnapshot, incident: &IncidentRef<'_>, window: &Window) -> bool {
    match (incident.first_activity().or(incident.created()), incident.last_activity().or(incident.first_activity()).or(incident.created()))
    {
        (Some(first), Some(last)) => window.overlaps(first, last),
        _ => members(graph, incident.node()).iter().filter_map(|node| graph.alert_node(*node)?.time()).any(|time| window.contains(time)),
    }
}

#[derive(Clone, Copy)]
enum AlertOrder {
    Time,
    Severity,
    Title,
    Count,
}

impl Question for AlertFilter {
    type Answer = AlertPage;
    const NAME: &'static str = "alerts";

    fn is_brief(&self, context: &Context) -> bool {
        let few = self.limit.is_none_or(|limit| limit <= LIMIT_DEFAULT) && self.product.is_empty() && self.suppressed_by.is_none();
        few && !self.entity.is_empty() && are_brief(&context.snapshot.graph, &self.entity)
    }

    fn answer(self, context: &Context) -> Result<AlertPage, Fault> {
        let graph = &context.snapshot.graph;
        let window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, offset: None, ..self.clone() });
        let severity = severities(&self.severity)?;
        let mut status = Vec::new();
        for text in &self.status {
            match text.as_str() {
                "open" => status.extend([AlertStatus::New, AlertStatus::InProgress]),
                text => status.push(word("status", text, AlertStatus::parse, &AlertStatus::ALL.map(AlertStatus::as_str))?),
            }
        }
        let tactics = tactics_wanted(&self.tactic)?;
        let of_entities = alerts_of(context, &self.entity)?;
        let products = Product::read(graph, &self.product);
        let title = self.title.as_deref().map(str::to_lowercase);
        let of_incident = match self.incident.as_deref() {
            None | Some("none") => None,
            Some(id) => Some(members(graph, incident(graph, id)?).into_iter().collect::<HashSet<_>>()),
        };
        let order = Order::read(self.sort.as_deref(), "time", &["time", "severity", "title", "count"], |name| {
            Some(match name {
                "time" => (AlertOrder::Time, true),
                "severity" => (AlertOrder::Severity, true),
                "title" => (AlertOrder::Title, false),
                "count" => (AlertOrder::Count, true),
                _ => return None,
            })
        })?;
        let suppressed: Option<HashSet<(String, Seq)>> =
            self.suppressed_by.as_ref().map(|rule| context.snapshot.records.suppressed(rule)).transpose()?.map(HashSet::from_iter);
        let by_rule = |alert: &AlertRef<'_>| {
            let dismissed = |rule: &HashSet<(String, Seq)>| alert.seq().is_some_and(|seq| rule.contains(&(alert.id().to_owned(), seq)));
            suppressed.as_ref().is_none_or(|rule| alert.status() == AlertStatus::Dismissed && dismissed(rule))
        };
        let by = self.group.as_deref().map(By::read).transpose()?;
        if by.is_none() && self.group_key.is_some() {
            let message = "expected `group` beside `group_key`, found none";
            return Err(Fault::new(FaultClass::Invalid, "parameter_invalid", message).with_hint("give the grouping that the key came from"));
        }
        let in_group = |alert: &AlertRef<'_>| match (by, &self.group_key) {
            (Some(by), Some(wanted)) => by.groups_of(graph, alert).iter().any(|(key, _)| key == wanted),
            _ => true,
        };
        let passes = |alert: &AlertRef<'_>| {
            (severity.is_empty() || severity.contains(&alert.severity()))
                && (status.is_empty() || status.contains(&alert.status()))
                && (products.is_empty() || products.iter().any(|product| product.names(alert.product())))
                && any(&tactics, |text| alert.tactics().any(|tactic| tactic == text))
                && any(&self.technique, |text| has_technique(alert.techniques(), text))
                && title.as_ref().is_none_or(|words| alert.title().to_lowercase().contains(words))
                && of_entities.as_ref().is_none_or(|found| found.contains(&alert.node()))
                && of_incident.as_ref().is_none_or(|found| found.contains(&alert.node()))
                && (self.incident.as_deref() != Some("none") || containers(graph, alert.node()).next().is_none())
                && by_rule(alert)
                && in_group(alert)
                && (window == Window::ALL || alert.time().is_some_and(|time| window.overlaps(time, alert.end().unwrap_or(time).max(time))))
        };
        let key = |alert: &AlertRef<'_>, count: u64| match order.by {
            AlertOrder::Time => Key::time(alert.time()),
            AlertOrder::Severity => Key::ranked(alert.severity() as u8, alert.time()),
            AlertOrder::Title => Key::text(alert.title()),
            AlertOrder::Count => Key::number(i64::try_from(count).ok()),
        };
        let begin = Begin::read(seal, self.cursor.as_deref(), self.offset)?;
        if matches!(order, Order { by: AlertOrder::Time, descending: true }) && self.is_plain(&window) && begin.is_ranked(1) {
            return Ok(by_time(graph, seal, &begin, limit, &status, &severity));
        }
        let mut counts = [[0; 6]; 5];
        // Alerts of entities or of an incident are found from these, not among all.
        let all: Box<dyn Iterator<Item = AlertRef<'_>>> = match of_entities.as_ref().or(of_incident.as_ref()) {
            Some(found) => Box::new(found.iter().filter_map(|node| graph.alert_node(*node)).filter(AlertRef::known)),
            None => Box::new(graph.all_alerts()),
        };
        let counted = all.filter(passes).inspect(|alert| counts[alert.status() as usize][alert.severity() as usize] += 1);
        let page = match by.filter(|_| self.group_key.is_none()) {
            None => {
                let mut top = Top::new(seal, begin, limit, order.descending);
                counted.for_each(|alert| top.offer(key(&alert, 1), || Cow::Borrowed(alert.id()), alert));
                top.page(|alert| alert_row(graph, &alert))
            }
            Some(by) => {
                let groups = gather(graph, counted, by);
                let mut top = Top::new(seal, begin, limit, order.descending);
                for (name, group) in &groups {
                    top.offer(key(&group.newest, group.count), || Cow::Borrowed(name), (name, group));
                }
                top.page(|(name, group)| AlertRow { group: Some(group.describe(name)), ..alert_row(graph, &group.newest) })
            }
        };
        Ok(AlertPage { page, counters: counters(counts, AlertStatus::ALL.map(AlertStatus::as_str)) })
    }
}

impl AlertFilter {
    /// Whether nothing but status and severity is asked for.
    fn is_plain(&self, window: &Window) -> bool {
        let lists = [&self.entity, &self.product, &self.tactic, &self.technique];
        let texts = [&self.title, &self.incident, &self.suppressed_by, &self.group, &self.group_key];
        *window == Window::ALL && lists.iter().all(|list| list.is_empty()) && texts.iter().all(|text| text.is_none())
    }
}

/// The list of alerts as [`in_kept_order`] of incidents: newest first.
fn by_time(graph: &GraphSnapshot, seal: Seal, begin: &Begin, limit: usize, status: &[AlertStatus], severity: &[Severity]) -> AlertPage {
    let wanted = |s: AlertStatus, v: Severity| (status.is_empty() || status.contains(&s)) && (severity.is_empty() || severity.contains(&v));
    let (counts, total) = asked(graph.alert_counts(), |at, severity| wanted(AlertStatus::ALL[at], severity));
    let after = begin.ranked().map(|(_, time, id)| ((time != i64::MIN).then(|| Time::from_micros(time)), id));
    let rows = graph.alerts_newest(Window::ALL, after).filter(|alert| wanted(alert.status(), alert.severity()));
    let place = |alert: &AlertRef<'_>| (Key::time(alert.time()), alert.id().to_owned());
    let page = begin.in_order(seal, limit, total, rows, place, |alert| alert_row(graph, &alert));
    AlertPage { page, counters: counters(counts, AlertStatus::ALL.map(AlertStatus::as_str)) }
}

#[derive(Clone, Copy)]
enum EntityOrder {
    Degree,
    Label,
    First,
    Last,
}

impl Question for EntityFilter {
    type Answer = EntityPage;
    const NAME: &'static str = "entities";

    fn answer(self, context: &Context) -> Result<EntityPage, Fault> {
        let graph = &context.snapshot.graph;
        let window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let kinds: Vec<Kind> = self.kind.iter().map(|text| entities::kind_named(text)).collect();
        let text = self.text.as_deref().map(str::to_lowercase);
        let order = Order::read(self.sort.as_deref(), "degree", &["degree", "label", "first", "last"], |name| {
            Some(match name {
                "degree" => (EntityOrder::Degree, true),
                "label" => (EntityOrder::Label, false),
                "first" => (EntityOrder::First, true),
                "last" => (EntityOrder::Last, true),
                _ => return None,
            })
        })?;
        let passes = |entity: &EntityRef<'_>| {
            let named = |words: &String| {
                entity.label().to_lowercase().contains(words) || entity.keys().iter().any(|(key, _)| key.to_lowercase().contains(words))
            };
            (kinds.is_empty() || kinds.iter().any(|kind| kind.as_str() == entity.kind()))
                && text.as_ref().is_none_or(named)
                && (window == Window::ALL || graph.count_in(entity.node(), &window) > 0)
        };
        let key = |entity: &EntityRef<'_>| match order.by {
            EntityOrder::Degree => Key::number(i64::try_from(graph.degree(entity.node())).ok()),
            EntityOrder::Label => Key::text(entity.label()),
            EntityOrder::First => Key::time(graph.span(entity.node()).0),
            EntityOrder::Last => Key::time(graph.span(entity.node()).1),
        };
        let mut by_kind: Vec<(&str, u64)> = Vec::new();
        let mut top = Top::new(seal, Begin::read(seal, self.cursor.as_deref(), None)?, limit, order.descending);
        for entity in graph.all_entities().filter_map(|node| graph.entity_node(node)).filter(passes) {
            // Kinds are few, and each is one text in memory: a look over them costs less than a map.
            let kind = entity.kind();
            match by_kind.iter_mut().find(|(known, _)| std::ptr::eq(*known, kind)) {
                Some((_, count)) => *count += 1,
                None => by_kind.push((kind, 1)),
            }
            top.offer(key(&entity), || Cow::Owned(render::entity_reference(graph, &entity)), entity);
        }
        let page = top.page(|entity| entity_row(graph, &entity));
        let by_kind = by_kind.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
        Ok(EntityPage { page, kinds: by_kind })
    }
}
