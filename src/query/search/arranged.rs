//! Hits in an order that only the entity graph knows: by title, or as groups of repeats.
//!
//! The index says what fits, the graph puts it in order, and the index is asked again for what the page shows.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

use super::super::lists::{AlertGroup, Begin, By, Grouped, Key, Top, gather};
use super::super::{Context, render};
use super::{Asked, Expanded, Hit, Order, SearchAnswer, SearchError, SearchRequest, among, counted, counting, hit, names, order};
use crate::fulltext::{DocKind, Query, Search, Searcher, Sort};
use crate::graph::{AlertRef, GraphSnapshot};
use crate::model::Fault;

/// Entities that are put in the order of their labels at the most; more make the answer incomplete.
const ENTITY_TITLES_MAX: usize = 10_000;

/// Whether repeats are one hit.
pub(super) fn groups(request: &SearchRequest) -> bool {
    request.group.is_some() && request.group_key.is_none()
}

/// A hit of the page, before its document is read.
enum Row {
    Document(DocKind, String, Option<AlertGroup>),
    Entity(Box<Hit>),
}

/// The page of rows, with how many there are in all.
struct Rows {
    rows: Vec<Row>,
    total: u64,
    cursor: Option<String>,
    complete: bool,
    cut: Option<&'static str>,
}

impl Asked<'_> {
    /// Whether the index alone cannot put the hits in order.
    pub(super) fn needs_graph(&self) -> bool {
        groups(self.request) || self.order.of_index().is_none()
    }

    /// The answer in an order that the graph knows.
    pub(super) fn of_graph(&self, context: &Context, among: Option<&Query>) -> Result<SearchAnswer, Fault> {
        let (graph, searcher) = (&context.snapshot.graph, &context.snapshot.fulltext);
        let asked = self.expand(searcher, graph, among)?;
        let begin = Begin::read(self.seal, self.request.cursor.as_deref(), self.request.offset)?;
        let page = match among::grouping(self.request)?.filter(|_| groups(self.request)) {
            Some(by) => self.grouped(graph, searcher, &asked.query, by, begin)?,
            None => self.by_title(graph, searcher, &asked.query, begin)?,
        };
        let counts = match self.request.facets.as_slice() {
            [] => Vec::new(),
            facets => {
                let counts = searcher.search(&counting(&asked.query, &self.kinds, facets))?.facets;
                counted(self.inherited(counts, searcher, graph, &asked.query)?)
            }
        };
        let elsewhere =
            if page.total == 0 && self.request.cursor.is_none() { super::elsewhere(self, searcher, graph, among)? } else { Vec::new() };
        let cut = if !asked.complete { Some("entity_alerts_max") } else { page.cut.or((!page.complete).then_some("limit")) };
        Ok(SearchAnswer {
            hits: self.read_rows(searcher, &asked, page.rows)?,
            total: page.total,
            facets: counts,
            complete: cut.is_none(),
            cut,
            cursor: page.cursor,
            position: searcher.position().0,
            understood: self.expr.to_string(),
            fields: names(&self.defaults),
            elsewhere,
        })
    }

    fn by_title(&self, graph: &GraphSnapshot, searcher: &Searcher, query: &Query, begin: Begin) -> Result<Rows, Fault> {
        if self.order != Order::Title {
            return Err(SearchError::WrongOrder { order: self.order, expected: order::OF_INDEX }.into());
        }
        let mut top = Top::new(self.seal, begin, self.request.limit, !self.request.ascending);
        let mut cut = None;
        for kind in &self.kinds {
            if *kind == DocKind::Entity {
                let (entities, complete) = self.entities(graph, searcher, query)?;
                cut = (!complete).then_some("entity_titles_max");
                for entity in entities {
                    let (key, id) = (Key::text(&entity.title), entity.id.clone());
                    top.offer(key, || Cow::Owned(id), Row::Entity(Box::new(entity)));
                }
                continue;
            }
            for id in searcher.ids(query, *kind, usize::MAX)?.ids {
                let title = match kind {
                    DocKind::Incident => graph
                        .incident(&id)
                        .and_then(|node| graph.incident_node(node))
                        .filter(|found| !found.deleted())
                        .map(|found| found.title()),
                    _ => graph.alert(&id).and_then(|node| graph.alert_node(node)).map(|found| found.title()),
                };
                if let Some(title) = title {
                    let key = Key::text(title);
                    // An incident and an alert may have one title and one id.
                    top.offer(key, || Cow::Owned(format!("{}/{id}", kind.as_str())), Row::Document(*kind, id.clone(), None));
                }
            }
        }
        let page = top.page(|row| row);
        Ok(Rows { rows: page.value, total: page.total, cursor: page.cursor, complete: page.complete, cut })
    }

    /// The entities that fit, each once, with the reference that names it; and whether these are all.
    fn entities(&self, graph: &GraphSnapshot, searcher: &Searcher, query: &Query) -> Result<(Vec<Hit>, bool), Fault> {
        let kinds = [DocKind::Entity];
        let all = Search { limit: ENTITY_TITLES_MAX, ..counting(query, &kinds, &[]) };
        let results = searcher.search(&all)?;
        let mut highlighter = self.highlighter();
        let (mut seen, mut entities) = (HashSet::new(), Vec::new());
        for found in results.hits {
            let mut hit = hit(found, highlighter.as_mut());
            let node = match (&hit.entity_kind, &hit.keys) {
                (Some(kind), Some(keys)) => graph.mentioned(kind, keys),
                _ => None,
            };
            if let Some(node) = node {
                if !seen.insert(node) {
                    continue;
                }
                hit.id = render::reference(graph, node);
            }
            entities.push(hit);
        }
        Ok((entities, !results.more))
    }

    fn grouped(&self, graph: &GraphSnapshot, searcher: &Searcher, query: &Query, by: By, begin: Begin) -> Result<Rows, Fault> {
        let key: fn(&Grouped<'_>) -> Key = match self.order {
            Order::First => |group| Key::time(group.newest.time()),
            Order::Last => |group| Key::time(group.newest.end().max(group.newest.time())),
            Order::Created => |group| Key::time(group.newest.created()),
            Order::Severity => |group| Key::ranked(group.newest.severity() as u8, group.newest.time()),
            Order::Title => |group| Key::text(group.newest.title()),
            Order::Count => |group| Key::number(i64::try_from(group.count).ok()),
            order => return Err(SearchError::WrongOrder { order, expected: order::OF_GROUPS }.into()),
        };
        let ids = searcher.ids(query, DocKind::Alert, usize::MAX)?.ids;
        let alerts = ids.iter().filter_map(|id| graph.alert_node(graph.alert(id)?)).filter(AlertRef::known);
        let groups = gather(graph, alerts, by);
        let mut top = Top::new(self.seal, begin, self.request.limit, !self.request.ascending);
        for (name, group) in &groups {
            top.offer(key(group), || Cow::Borrowed(name), (name, group));
        }
        let page = top.page(|(name, group)| Row::Document(DocKind::Alert, group.newest.id().to_owned(), Some(group.describe(name))));
        Ok(Rows { rows: page.value, total: page.total, cursor: page.cursor, complete: page.complete, cut: None })
    }

    /// The hits of rows, read from the index in one question for each kind.
    fn read_rows(&self, searcher: &Searcher, asked: &Expanded, rows: Vec<Row>) -> Result<Vec<Hit>, Fault> {
        let mut hits: HashMap<(DocKind, String), Hit> = HashMap::new();
        let mut highlighter = self.highlighter();
        for kind in [DocKind::Incident, DocKind::Alert] {
            let of_kind = |row: &Row| match row {
                Row::Document(found, id, _) if *found == kind => Some(id.clone()),
                _ => None,
            };
            let mut ids: Vec<String> = rows.iter().filter_map(of_kind).collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() {
                continue;
            }
            let limit = ids.len();
            let query = Query::And(vec![asked.query.clone(), Query::Ids(kind, ids)]);
            let page =
                Search { query: &query, kinds: &[kind], sort: Sort::Modified, ascending: false, skip: 0, limit, after: None, facets: &[] };
            for found in searcher.search(&page)?.hits {
                let hit = hit(found, highlighter.as_mut());
                hits.insert((kind, hit.id.clone()), hit);
            }
        }
        let read = |row| match row {
            Row::Entity(hit) => Some(*hit),
            Row::Document(kind, id, group) => hits.get(&(kind, id)).map(|hit| Hit { group, ..hit.clone() }),
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}
