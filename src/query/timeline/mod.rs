//! Timelines: alerts, incident changes and raw events that touch some nodes, in time order.
//!
//! Items of the graph (few) and rows of the tables (many) are two sorted sources; a page merges them, so that only the rows
//! of the page are read whole.

mod around;
mod cursor;
mod past;
mod requests;
mod sentence;

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use crate::catalog::attack;
use crate::columns::{ALERTS, EVIDENCE, INCIDENTS, Order, TrailRequest, TrailRow};
use crate::graph::{Direction, EdgeFilter, GraphSnapshot, NodeId, NodeKind, NodeRef};
use crate::model::{Fault, Object, Relation, Seq, Severity, Time, Window};

use super::cursor::Seal;
use super::lists::{containers, members};
use super::reference::{self, limit, window, word};
use super::{Context, Question, graph as questions, render};
use cursor::{Place, Way};
use past::Past;

pub use around::{AroundAnswer, AroundRequest};
pub use requests::{Bucket, TimelineAnswer, TimelineItem, TimelineRequest};

/// Items of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Items of a page at the most.
const LIMIT_MAX: u32 = 10_000;
/// Buckets of a histogram at the most.
const BUCKETS_MAX: u32 = 1_000;
/// Kinds of entities that are found on every machine (the path of a shell, a digest of it): those of an incident bring no
/// events to its timeline, but asked for by name they do.
const COMMON_KINDS: [&str; 5] = ["file", "filehash", "registry-key", "registry-value", "malware"];
/// Undated rows that an answer lists, unless its limit is greater.
const UNDATED_MAX: usize = 1_000;

/// What is asked for, read and resolved.
struct Plan {
    /// The asked nodes with the references that the request gave them.
    nodes: Vec<(NodeId, String)>,
    /// Alerts and incidents that touch them, each with the asked nodes that it touches.
    records: HashMap<NodeId, Vec<usize>>,
    /// Hashes of the entities, each with the asked node that it stands for.
    hashes: HashMap<i64, usize>,
    window: Window,
    kinds: Vec<ItemKind>,
    tables: Vec<String>,
    severities: Vec<Severity>,
    tactics: Vec<String>,
    /// What was known, where that is asked for.
    past: Option<Past>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemKind {
    Alert,
    Incident,
    Event,
    Status,
}

impl ItemKind {
    const NAMES: [&'static str; 4] = ["alert", "incident", "event", "status"];

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "alert" => Self::Alert,
            "incident" => Self::Incident,
            "event" => Self::Event,
            "status" => Self::Status,
            _ => return None,
        })
    }
}

impl Question for TimelineRequest {
    type Answer = TimelineAnswer;
    const NAME: &'static str = "timeline";

    fn answer(self, context: &Context) -> Result<TimelineAnswer, Fault> {
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, buckets: None, ..self.clone() });
        self.sealed(context, seal)
    }
}

impl TimelineRequest {
    /// The answer, its cursors under the seal of the question that was asked.
    fn sealed(self, context: &Context, seal: Seal) -> Result<TimelineAnswer, Fault> {
        let plan = Plan::read(&self, context)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let buckets = match self.buckets {
            None | Some(0) => 0,
            asked => reference::limit(asked, 0, BUCKETS_MAX)? as u32,
        };
        let order = |text: &str| match text {
            "oldest" => Some(Order::OldestFirst),
            "newest" => Some(Order::NewestFirst),
            _ => None,
        };
        let order = word("order", self.order.as_deref().unwrap_or("oldest"), order, &["oldest", "newest"])?;
        let at = seal.place(self.cursor.as_deref(), Place::read)?;
        let (dated, mut undated) = plan.items(context)?;
        let page = plan.page(context, &dated, order, at.as_ref(), limit)?;
        let (counts, first, last, buckets) = plan.histogram(context, &dated, buckets)?;
        let mut undated_complete = true;
        if at.is_none() {
            let (rows, complete) = plan.undated_rows(context, UNDATED_MAX.max(limit))?;
            undated.extend(rows);
            undated_complete = complete;
        } else {
            undated.clear();
        }
        Ok(TimelineAnswer {
            value: page.items,
            undated,
            undated_complete,
            counts,
            first,
            last,
            buckets,
            complete: page.next.is_none(),
            cut: page.next.as_ref().map(|_| "limit".to_owned()),
            cursor: page.next.map(|place| seal.close(&place.write())),
            previous: page.previous.map(|place| seal.close(&place.write())),
        })
    }
}

impl Plan {
    fn read(request: &TimelineRequest, context: &Context) -> Result<Self, Fault> {
        let graph = &context.snapshot.graph;
        let kinds = request.kind.iter().map(|text| word("kind", text, ItemKind::parse, &ItemKind::NAMES)).collect::<Result<_, Fault>>()?;
        let severities = request.severity.iter().map(|text| word("severity", text, Severity::parse, &Severity::ALL.map(Severity::as_str)));
        let names: Vec<&str> = attack::tactics().iter().map(|tactic| tactic.name).collect();
        let tactics = request.tactic.iter().map(|text| word("tactic", text, |text| attack::tactic_name(text).map(str::to_owned), &names));
        if request.of.is_empty() {
            let fault = Fault::new(
                crate::model::FaultClass::Invalid,
                "timeline_of_nothing",
                "expected at least one incident, alert or entity, found none",
            );
            return Err(fault.with_hint("name one with `of`, such as `of=incident:4711` or `of=host:WS6`"));
        }
        let mut plan = Self {
            nodes: Vec::new(),
            records: HashMap::new(),
            hashes: HashMap::new(),
            window: window(request.from.as_deref(), request.to.as_deref(), context.now)?,
            kinds,
            tables: request.table.clone(),
            severities: severities.collect::<Result<_, Fault>>()?,
            tactics: tactics.collect::<Result<_, Fault>>()?,
            past: request.as_of.as_deref().map(|text| Past::read(context, text)).transpose()?,
        };
        for text in &request.of {
            plan.add(context, graph, asked(graph, text)?)?;
        }
        Ok(plan)
    }

    /// Adds an asked node: an incident brings its alerts and their entities, an alert its entities.
    fn add(&mut self, context: &Context, graph: &GraphSnapshot, node: NodeId) -> Result<(), Fault> {
        let asked = self.nodes.len();
        self.nodes.push((node, render::reference(graph, node)));
        let mut entities = HashSet::new();
        match node.kind() {
            NodeKind::Entity => {
                let filter = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::In, ..EdgeFilter::default() };
                for edge in graph.edges(node, &filter) {
                    self.touch(edge.from, asked);
                    for incident in containers(graph, edge.from) {
                        self.touch(incident, asked);
                    }
                }
                entities.insert(node);
            }
            NodeKind::Alert | NodeKind::Incident => {
                self.touch(node, asked);
                let (alerts, named) = match &self.past {
                    Some(past) => past.around(context, node)?,
                    None => {
                        let alerts = members(graph, node);
                        let named = alerts.iter().chain([&node]).flat_map(|record| graph.entities_of(*record)).collect();
                        (alerts, named)
                    }
                };
                alerts.iter().for_each(|alert| self.touch(*alert, asked));
                let telling = |entity: &NodeId| graph.entity_node(*entity).is_some_and(|entity| !COMMON_KINDS.contains(&entity.kind()));
                entities.extend(named.into_iter().filter(telling));
            }
        }
        for entity in entities {
            for hash in questions::hashes(context, entity) {
                self.hashes.entry(hash).or_insert(asked);
            }
        }
        Ok(())
    }

    fn touch(&mut self, record: NodeId, asked: usize) {
        let touches = self.records.entry(record).or_default();
        if !touches.contains(&asked) {
            touches.push(asked);
        }
    }

    fn wants(&self, kind: ItemKind) -> bool {
        let general = self.kinds.is_empty() || self.kinds.contains(&kind);
        // A table names events, a severity or tactic names alerts and incidents.
        general
            && (kind == ItemKind::Event || self.tables.is_empty())
            && (kind != ItemKind::Event || (self.severities.is_empty() && self.tactics.is_empty()))
    }

    /// Items of the graph that pass the filters: dated ones in order, then undated ones.
    fn items(&self, context: &Context) -> Result<(Vec<TimelineItem>, Vec<TimelineItem>), Fault> {
        let graph = &context.snapshot.graph;
        let mut items = Vec::new();
        for (record, touches) in &self.records {
            let placed = items.len();
            let touches = || touches.iter().map(|asked| self.nodes[*asked].1.clone()).collect::<Vec<_>>();
            match graph.node(*record) {
                NodeRef::Alert(alert) if alert.known() && self.wants(ItemKind::Alert) => {
                    let now = sentence::of_alert(&alert, touches());
                    items.extend(match &self.past {
                        Some(past) => past.alert(context, &alert, now)?,
                        None => Some(now),
                    });
                }
                NodeRef::Incident(incident) if incident.known() => {
                    if self.wants(ItemKind::Incident) {
                        let now = sentence::of_incident(&incident, touches());
                        items.extend(match &self.past {
                            Some(past) => past.incident(context, &incident, now)?,
                            None => Some(now),
                        });
                    }
                    if self.wants(ItemKind::Status) {
                        let mut changes = sentence::changes(context, &incident, &touches())?;
                        changes.retain(|change| self.past.as_ref().is_none_or(|past| change.seq <= past.until.0));
                        items.extend(changes);
                    }
                }
                NodeRef::Alert(_) | NodeRef::Incident(_) | NodeRef::Entity(_) => {}
            }
            let first = graph.first_seq(*record).map_or(0, |seq| seq.0);
            items[placed..].iter_mut().filter(|item| item.kind != "status").for_each(|item| item.place = first);
        }
        let severity = |item: &TimelineItem| item.severity.as_deref().and_then(Severity::parse).unwrap_or_default();
        items.retain(|item| self.severities.is_empty() || self.severities.contains(&severity(item)));
        items.retain(|item| self.tactics.is_empty() || item.tactics.iter().any(|tactic| self.tactics.contains(tactic)));
        let (mut dated, mut undated): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.time.is_some());
        dated.retain(|item| item.time.is_some_and(|time| self.window.overlaps(time, item.end.unwrap_or(time).max(time))));
        dated.sort_by(|a, b| Place::of(a).cmp(&Place::of(b)));
        undated.sort_by(|a, b| (a.seq, &a.node).cmp(&(b.seq, &b.node)));
        Ok((dated, undated))
    }

    /// Which rows of the tables are wanted; none if no event is.
    fn trail(&self, context: &Context) -> Option<TrailRequest> {
        if self.hashes.is_empty() || !self.wants(ItemKind::Event) {
            return None;
        }
        let events = context.snapshot.columns.tables().into_iter().map(|table| table.name.to_string());
        let tables: Vec<String> = events.filter(|name| ![ALERTS, INCIDENTS, EVIDENCE].contains(&name.as_str())).collect();
        let asked = |name: &String| self.tables.is_empty() || self.tables.iter().any(|table| table.eq_ignore_ascii_case(name));
        Some(TrailRequest {
            hashes: self.hashes.keys().copied().collect(),
            tables: Some(tables.into_iter().filter(asked).collect()),
            window: self.window,
            order: Order::OldestFirst,
            after: None,
            until: self.past.as_ref().map(|past| past.until),
            limit: 0,
        })
    }

    fn row(&self, row: &TrailRow) -> TimelineItem {
        let mut touches: Vec<usize> = self.hashes.iter().filter(|(hash, _)| row.names(**hash)).map(|(_, asked)| *asked).collect();
        touches.sort_unstable();
        touches.dedup();
        sentence::of_row(row, touches.into_iter().map(|asked| self.nodes[asked].1.clone()).collect())
    }

    /// Rows without a time, and whether these are all.
    fn undated_rows(&self, context: &Context, limit: usize) -> Result<(Vec<TimelineItem>, bool), Fault> {
        let Some(request) = self.trail(context) else { return Ok((Vec::new(), true)) };
        let request = TrailRequest { limit, window: Window::ALL, ..request };
        let page = context.runtime.block_on(context.snapshot.columns.undated_rows_of_entities(&request))?;
        Ok((page.rows.iter().map(|row| self.row(row)).collect(), page.complete))
    }

    /// One page in the asked order, forward from a place or backward to it.
    fn page(&self, context: &Context, dated: &[TimelineItem], order: Order, at: Option<&Place>, limit: usize) -> Result<Page, Fault> {
        let backward = at.is_some_and(|place| place.way == Way::Back);
        let newest = (order == Order::NewestFirst) != backward;
        // Reading goes on from the place in one direction; a backward page is turned round at the end.
        let behind = |place: &Place| at.is_none_or(|at| if newest { place < at } else { place > at });
        let mut items: Vec<TimelineItem> = dated.iter().filter(|item| behind(&Place::of(item))).cloned().collect();
        if newest {
            items.reverse();
        }
        items.truncate(limit + 1);
        if let Some(request) = self.trail(context) {
            let direction = if newest { Order::NewestFirst } else { Order::OldestFirst };
            let after =
                at.map(|place| (place.time, if newest { Seq(place.seq.saturating_add(1)) } else { Seq(place.seq.saturating_sub(1)) }));
            items.extend(self.rows_behind(context, TrailRequest { order: direction, after, ..request }, behind, limit + 1)?);
        }
        items.sort_by(|a, b| if newest { Place::of(b).cmp(&Place::of(a)) } else { Place::of(a).cmp(&Place::of(b)) });
        // Items of one place stay together: a cursor leads behind all of them.
        let mut end = limit.min(items.len());
        while end < items.len() && Place::of(&items[end]) == Place::of(&items[end - 1]) {
            end += 1;
        }
        let more = end < items.len();
        items.truncate(end);
        if backward {
            items.reverse();
        }
        let place = |item: Option<&TimelineItem>, way: Way| item.map(|item| Place { way, ..Place::of(item) });
        let next = if backward || more { place(items.last(), Way::On) } else { None };
        let previous = if (backward && more) || (!backward && at.is_some()) { place(items.first(), Way::Back) } else { None };
        Ok(Page { items, next, previous })
    }

    /// The first rows behind a place, `wanted` of them if there are so many.
    ///
    /// The request reads the document at the place once more, for it can have items on both sides; how many rows fall away by
    /// that is known only afterwards.
    fn rows_behind(
        &self,
        context: &Context,
        request: TrailRequest,
        behind: impl Fn(&Place) -> bool,
        wanted: usize,
    ) -> Result<Vec<TimelineItem>, Fault> {
        let mut limit = wanted + usize::from(request.after.is_some());
        loop {
            let page = context.runtime.block_on(context.snapshot.columns.rows_of_entities(&TrailRequest { limit, ..request.clone() }))?;
            let items: Vec<TimelineItem> = page.rows.iter().map(|row| self.row(row)).filter(|item| behind(&Place::of(item))).collect();
            if items.len() >= wanted || page.complete {
                return Ok(items);
            }
            limit += wanted - items.len();
        }
    }

    /// Counts by kind, first and last time, and buckets over everything that matches.
    fn histogram(&self, context: &Context, dated: &[TimelineItem], buckets: u32) -> Result<Histogram, Fault> {
        const HOUR: i64 = 3_600_000_000;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        dated.iter().for_each(|item| *counts.entry(item.kind.clone()).or_default() += 1);
        let (mut first, mut last) = (dated.iter().filter_map(|item| item.time).min(), dated.iter().filter_map(|item| item.time).max());
        let Some(request) = self.trail(context) else { return Ok((counts, first, last, bucket(dated, &[], first, last, buckets, HOUR))) };
        let columns = &context.snapshot.columns;
        let span = context.runtime.block_on(columns.span_of_entities(&request))?;
        first = first.into_iter().chain(span.map(|(first, _)| first)).min();
        last = last.max(span.map(|(_, last)| last));
        let width = match (first, last) {
            (Some(first), Some(last)) if buckets > 0 => nice_width((last.micros() - first.micros()) / i64::from(buckets) + 1),
            _ => HOUR,
        };
        let rows = context.runtime.block_on(columns.count_by_table_and_bucket(&request, width))?;
        counts.extend(Some(("event".to_owned(), rows.iter().map(|row| row.count).sum())).filter(|(_, count)| *count > 0));
        Ok((counts, first, last, bucket(dated, &rows, first, last, buckets, width)))
    }
}

type Histogram = (BTreeMap<String, u64>, Option<Time>, Option<Time>, Vec<Bucket>);

struct Page {
    items: Vec<TimelineItem>,
    next: Option<Place>,
    previous: Option<Place>,
}

/// A bare id or number is an incident.
fn asked(graph: &GraphSnapshot, text: &str) -> Result<NodeId, Fault> {
    if text.contains(':') {
        reference::node(graph, text)
    } else {
        reference::incident(graph, text).or_else(|fault| reference::node(graph, text).map_err(|_| fault))
    }
}

/// The least width of a human kind (1, 2, 5, 10 ... seconds, minutes, hours, days) that is not below `micros`.
fn nice_width(micros: i64) -> i64 {
    const SECOND: i64 = 1_000_000;
    const STEPS: [i64; 22] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
        31_536_000,
    ];
    STEPS.iter().map(|step| step * SECOND).find(|step| *step >= micros).unwrap_or_else(|| micros.max(1))
}

fn bucket(
    dated: &[TimelineItem],
    rows: &[crate::columns::Bucket],
    first: Option<Time>,
    last: Option<Time>,
    buckets: u32,
    width: i64,
) -> Vec<Bucket> {
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    if buckets == 0 {
        return Vec::new();
    }
    let width = if rows.is_empty() { nice_width((last.micros() - first.micros()) / i64::from(buckets) + 1) } else { width };
    let mut by_start: BTreeMap<i64, BTreeMap<String, u64>> = BTreeMap::new();
    for item in dated {
        let start = item.time.unwrap_or_default().micros().div_euclid(width) * width;
        *by_start.entry(start).or_default().entry(item.kind.clone()).or_default() += 1;
    }
    for row in rows {
        *by_start.entry(row.start.micros()).or_default().entry("event".to_owned()).or_default() += row.count;
    }
    by_start
        .into_iter()
        .map(|(start, counts)| Bucket { start: Time::from_micros(start), end: Time::from_micros(start + width), counts })
        .collect()
}

/// Cells of a row, for items that have none.
fn no_row() -> Object {
    Object::new()
}
