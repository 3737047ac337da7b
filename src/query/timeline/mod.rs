//! Timelines: alerts, incident changes and raw events that touch some nodes, in time order.
//!
//! Items of the graph (few) and rows of the tables (many) are two sorted sources; a page merges them, so that only the rows
//! of the page are read whole.

mod around;
mod cursor;
mod moment;
mod past;
mod requests;
mod runs;
mod sentence;
mod wording;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use crate::catalog::attack;
use crate::columns::{ALERTS, EVIDENCE, INCIDENTS, Order, Trail, TrailRequest, TrailRow};
use crate::graph::{GraphSnapshot, NodeId, NodeKind, NodeRef};
use crate::model::{Fault, Object, Seq, Severity, Time, Window};

use super::cursor::Seal;
use super::lists::members;
use super::reference::{self, BRIEF_ITEMS, are_brief, limit, window, word};
use super::{Context, Question, graph as questions, render};
use cursor::{Place, Way};
use moment::Moment;
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
    records: HashMap<NodeId, Touches>,
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

/// Asked nodes that a record touches; nearly always there is just one.
struct Touches {
    first: usize,
    more: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemKind {
    Alert,
    Incident,
    Event,
    Status,
    Automation,
}

impl ItemKind {
    const ALL: [Self; 5] = [Self::Alert, Self::Incident, Self::Event, Self::Status, Self::Automation];
    const NAMES: [&'static str; 5] = ["alert", "incident", "event", "status", "automation"];

    const fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "alert" => Self::Alert,
            "incident" => Self::Incident,
            "event" => Self::Event,
            "status" => Self::Status,
            "automation" => Self::Automation,
            _ => return None,
        })
    }
}

impl Question for TimelineRequest {
    type Answer = TimelineAnswer;
    const NAME: &'static str = "timeline";

    fn is_brief(&self, context: &Context) -> bool {
        // Events stand in tables, and the past in the journal.
        let in_memory = self.as_of.is_none() && !self.kind.is_empty() && self.kind.iter().all(|kind| kind == ItemKind::Alert.as_str());
        in_memory && self.limit.is_none_or(|limit| limit <= BRIEF_ITEMS) && are_brief(&context.snapshot.graph, &self.of)
    }

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
        let found = plan.matches(context)?;
        let page = plan.page(&found, context, order, at.as_ref(), limit)?;
        let (counts, first, last, buckets) = found.histogram(buckets);
        let (mut undated, mut undated_complete) = (Vec::new(), true);
        if at.is_none() {
            undated.extend(found.undated.iter().map(|moment| plan.item(moment)));
            if let Some(trail) = &found.trail {
                let rows = context.runtime.block_on(trail.undated(UNDATED_MAX.max(limit)))?;
                undated.extend(rows.rows.iter().map(|row| plan.row(row)));
                undated_complete = rows.complete;
            }
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
                let until = self.past.as_ref().map(|past| past.until);
                let incidents = [ItemKind::Incident, ItemKind::Status, ItemKind::Automation].into_iter().any(|kind| self.wants(kind));
                for record in graph.naming(node, until) {
                    self.touch(record, asked);
                    if incidents {
                        let holders = graph.holders(record, until).filter(|holder| holder.kind() == NodeKind::Incident);
                        holders.for_each(|incident| self.touch(incident, asked));
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
        if !self.wants(ItemKind::Event) {
            return Ok(());
        }
        for entity in entities {
            for hash in questions::hashes(context, entity) {
                self.hashes.entry(hash).or_insert(asked);
            }
        }
        Ok(())
    }

    fn touch(&mut self, record: NodeId, asked: usize) {
        let touches = self.records.entry(record).or_insert_with(|| Touches { first: asked, more: Vec::new() });
        if touches.first != asked && !touches.more.contains(&asked) {
            touches.more.push(asked);
        }
    }

    fn wants(&self, kind: ItemKind) -> bool {
        let general = self.kinds.is_empty() || self.kinds.contains(&kind);
        let bare = [ItemKind::Event, ItemKind::Automation].contains(&kind);
        // A table names events, a severity or tactic names alerts and incidents.
        general && (kind == ItemKind::Event || self.tables.is_empty()) && (!bare || (self.severities.is_empty() && self.tactics.is_empty()))
    }

    /// What the graph holds that passes the filters: dated moments in order, then undated ones.
    fn moments<'a>(&self, context: &'a Context) -> Result<(Vec<Moment<'a>>, Vec<Moment<'a>>), Fault> {
        let graph = &context.snapshot.graph;
        let mut moments = Vec::with_capacity(self.records.len());
        for record in self.records.keys() {
            match graph.node(*record) {
                NodeRef::Alert(alert) if alert.known() && self.wants(ItemKind::Alert) => {
                    let moment = Moment::of_alert(graph, alert);
                    match &self.past {
                        Some(past) => moments.extend(past.alert(context, &alert)?.map(|item| moment.then(item))),
                        None => moments.push(moment),
                    }
                }
                // What was deleted since was there then.
                NodeRef::Incident(incident) if incident.known() || self.past.is_some() => {
                    let moment = Moment::of_incident(graph, incident);
                    let (moment, until) = match &self.past {
                        Some(past) => match past.incident(context, &incident)? {
                            Some(item) => (moment.then(item), Some(past.until)),
                            None => continue,
                        },
                        None => (moment, None),
                    };
                    if self.wants(ItemKind::Incident) {
                        moments.push(moment);
                    }
                    if self.wants(ItemKind::Status) {
                        Moment::of_changes(graph, incident, until, &mut moments);
                    }
                }
                NodeRef::Alert(_) | NodeRef::Incident(_) | NodeRef::Entity(_) => {}
            }
        }
        if self.wants(ItemKind::Automation) {
            let until = self.past.as_ref().map(|past| past.until);
            let runs = runs::of_records(context, self.records.keys().copied(), until)?;
            moments.extend(runs.into_iter().map(|(record, run)| Moment::of_run(record, run)));
        }
        moments.retain(|moment| {
            (self.severities.is_empty() || self.severities.contains(&moment.severity()))
                && (self.tactics.is_empty() || moment.tactics().iter().any(|tactic| self.tactics.iter().any(|wanted| wanted == tactic)))
        });
        let (mut dated, mut undated): (Vec<_>, Vec<_>) = moments.into_iter().partition(|moment| moment.time.is_some());
        dated.retain(|moment| moment.time.is_some_and(|time| self.window.overlaps(time, moment.end.unwrap_or(time).max(time))));
        dated.sort_unstable_by(Moment::compare);
        undated.sort_unstable_by(|a, b| a.seq.cmp(&b.seq).then_with(|| a.name().cmp(&b.name())));
        Ok((dated, undated))
    }

    /// The item that a moment is, with the asked nodes that it touches.
    fn item(&self, moment: &Moment<'_>) -> TimelineItem {
        let asked = self.records.get(&moment.node()).into_iter().flat_map(|touches| std::iter::once(&touches.first).chain(&touches.more));
        let touches = asked.map(|asked| self.nodes[*asked].1.clone()).collect();
        moment.item(touches)
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
        let mut touches: Vec<usize> = row.entities().iter().filter_map(|hash| self.hashes.get(hash)).copied().collect();
        touches.sort_unstable();
        touches.dedup();
        sentence::of_row(row, touches.into_iter().map(|asked| self.nodes[asked].1.clone()).collect())
    }

    /// One page in the asked order, forward from a place or backward to it.
    fn page(&self, found: &Matches<'_>, context: &Context, order: Order, at: Option<&Place>, limit: usize) -> Result<Page, Fault> {
        let backward = at.is_some_and(|place| place.way == Way::Back);
        let newest = (order == Order::NewestFirst) != backward;
        // Reading goes on from the place in one direction; a backward page is turned round at the end.
        let behind = |place: &Place| at.is_none_or(|at| if newest { place < at } else { place > at });
        let mut items: Vec<TimelineItem> = found.moments_behind(at, newest).take(limit + 1).map(|moment| self.item(moment)).collect();
        // Moments come in their order; only rows have to find their places among them.
        if let Some(trail) = &found.trail {
            let direction = if newest { Order::NewestFirst } else { Order::OldestFirst };
            let after =
                at.map(|place| (place.time, if newest { Seq(place.seq.saturating_add(1)) } else { Seq(place.seq.saturating_sub(1)) }));
            items.extend(self.rows_behind(context, trail, direction, after, behind, limit + 1)?);
            if newest {
                items.sort_by_cached_key(|item| Reverse(Place::of(item)));
            } else {
                items.sort_by_cached_key(Place::of);
            }
        }
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
        trail: &Trail<'_>,
        order: Order,
        after: Option<(Time, Seq)>,
        behind: impl Fn(&Place) -> bool,
        wanted: usize,
    ) -> Result<Vec<TimelineItem>, Fault> {
        let mut limit = wanted + usize::from(after.is_some());
        loop {
            let page = context.runtime.block_on(trail.page(order, after, limit))?;
            let items: Vec<TimelineItem> = page.rows.iter().map(|row| self.row(row)).filter(|item| behind(&Place::of(item))).collect();
            if items.len() >= wanted || page.complete {
                return Ok(items);
            }
            limit += wanted - items.len();
        }
    }

    /// Everything that matches, found but not read.
    fn matches<'a>(&self, context: &'a Context) -> Result<Matches<'a>, Fault> {
        let (dated, undated) = self.moments(context)?;
        let trail = match self.trail(context) {
            Some(request) => Some(context.runtime.block_on(context.snapshot.columns.trail(&request))?),
            None => None,
        };
        Ok(Matches { dated, undated, trail })
    }
}

/// Everything that matches: what the graph holds in order, and where the rows are.
struct Matches<'a> {
    dated: Vec<Moment<'a>>,
    undated: Vec<Moment<'a>>,
    trail: Option<Trail<'a>>,
}

impl<'a> Matches<'a> {
    /// The moments behind a place, in order.
    fn moments_behind(&self, at: Option<&Place>, newest: bool) -> Box<dyn Iterator<Item = &Moment<'a>> + '_> {
        let before = |moment: &Moment<'_>| at.is_some_and(|at| if newest { moment.place() < *at } else { moment.place() <= *at });
        let cut = self.dated.partition_point(before);
        match (newest, at) {
            (true, None) => Box::new(self.dated.iter().rev()),
            (true, Some(_)) => Box::new(self.dated[..cut].iter().rev()),
            (false, _) => Box::new(self.dated[cut..].iter()),
        }
    }

    /// Counts by kind, first and last time, and buckets over everything that matches.
    fn histogram(&self, buckets: u32) -> Histogram {
        const HOUR: i64 = 3_600_000_000;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for kind in ItemKind::ALL {
            let count = self.dated.iter().filter(|moment| moment.kind() == kind).count() as u64;
            counts.extend((count > 0).then(|| (kind.as_str().to_owned(), count)));
        }
        let span = self.trail.as_ref().and_then(Trail::span);
        let rows = self.trail.as_ref().map_or(0, Trail::count);
        counts.extend((rows > 0).then(|| (ItemKind::Event.as_str().to_owned(), rows)));
        // Moments stand in order of their times.
        let first = self.dated.first().and_then(|moment| moment.time).into_iter().chain(span.map(|(first, _)| first)).min();
        let last = self.dated.last().and_then(|moment| moment.time).max(span.map(|(_, last)| last));
        let width = match (first, last) {
            (Some(first), Some(last)) if buckets > 0 => nice_width((last.micros() - first.micros()) / i64::from(buckets) + 1),
            _ => HOUR,
        };
        let rows = if buckets > 0 { self.trail.as_ref().map(|trail| trail.buckets(width)).unwrap_or_default() } else { Vec::new() };
        (counts, first, last, bucket(&self.dated, &rows, first, last, buckets, width))
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
    dated: &[Moment<'_>],
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
        *by_start.entry(start).or_default().entry(item.kind().as_str().to_owned()).or_default() += 1;
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
