//! Questions to an engine that holds everything, each beside bare arrays that answer the same where there is such a program.

use std::cell::RefCell;

use clew::engine::Engine;
use clew::fulltext::Facet;
use clew::graph::{EdgeFilter, GraphSnapshot, NodeId, Scope};
use clew::model::{Time, Window};
use clew::query::ask::QueryRequest;
use clew::query::graph::{ComponentRequest, NeighborsRequest, PathsRequest, SimilarRequest};
use clew::query::lists::{AlertFilter, EntityFilter, IncidentFilter};
use clew::query::search::SearchRequest;
use clew::query::timeline::TimelineRequest;
use clew::query::{Context, Question};

use crate::fixture::{self, reference};
use crate::limits::Arrays;
use crate::measure::{Latency, Report, Times};

/// Rounds of each measurement; the best counts.
const ROUNDS: usize = 3;
const DAY: i64 = 86_400_000_000;

/// Measures the groups that are asked for.
pub(crate) fn run(engine: &Engine, groups: &dyn Fn(&str) -> bool, parameters: usize, report: &mut Report) {
    let context = engine.context();
    let graph = &context.snapshot.graph;
    let entities = fixture::entities(graph, parameters);
    let incidents = fixture::incidents(graph, parameters);
    let asked = Asked { context: &context, graph, entities: &entities, incidents: &incidents };
    if groups("graph") {
        asked.graph_library(report);
        asked.graph_questions(report);
    }
    if groups("timeline") {
        asked.timeline(report);
    }
    if groups("search") {
        asked.search(report);
    }
    if groups("lists") {
        asked.lists(report);
    }
    if groups("sql") {
        asked.sql(report);
    }
    if groups("kql") {
        asked.kql(report);
    }
}

struct Asked<'a> {
    context: &'a Context,
    graph: &'a GraphSnapshot,
    entities: &'a [NodeId],
    incidents: &'a [NodeId],
}

/// The day before a node was last seen.
fn last_day(graph: &GraphSnapshot, node: NodeId) -> Window {
    let to = graph.span(node).1;
    Window { from: to.map(|to| Time::from_micros(to.micros() - DAY)), to }
}

impl Asked<'_> {
    fn pairs(&self) -> Vec<(NodeId, NodeId)> {
        self.entities.iter().zip(self.entities.iter().skip(1)).map(|(a, b)| (*a, *b)).collect()
    }

    fn answer<Q: Question>(&self, question: Q) -> Q::Answer {
        question.answer(self.context).expect("the question is good")
    }

    /// The algorithms themselves, without names and answers.
    fn graph_library(&self, report: &mut Report) {
        let graph = self.graph;
        let arrays = RefCell::new(Arrays::new(graph));
        let place = |node: &NodeId| arrays.borrow().place(*node);
        let filter = EdgeFilter::default();
        let mut add =
            |name, peer, ours, limit| report.latency(Latency { group: "graph", name, ours, limit: Some(limit), peer: Some(peer) });
        add(
            "g_neigh, 100 newest",
            ("igraph", 0.011, 0.53),
            Times::of(self.entities, ROUNDS, |node| graph.neighbors(*node, &filter, 100)),
            Times::of(self.entities, ROUNDS, |node| {
                let at = place(node);
                arrays.borrow_mut().newest(at, 100)
            }),
        );
        for (name, hops, newest, peer) in
            [("g_hop2, 50 newest", 2, 50, ("SQLite", 3.2, 9.8)), ("g_hop3, 10 newest", 3, 10, ("SQLite", 5.8, 10.0))]
        {
            let scope = Scope { hops_max: hops, ..Scope::default() };
            add(
                name,
                peer,
                Times::of(self.entities, ROUNDS, |node| graph.hop(&[*node], &filter, newest, &scope)),
                Times::of(self.entities, ROUNDS, |node| {
                    let at = place(node);
                    arrays.borrow_mut().hop(at, hops, newest, scope.nodes_max, scope.hub_degree)
                }),
            );
        }
        let scope = Scope::default();
        let mut scores = Vec::new();
        add(
            "g_similar, 20",
            ("SQLite", 0.59, 7.8),
            Times::of(self.incidents, ROUNDS, |node| graph.similar_incidents(*node, &scope, 20)),
            Times::of(self.incidents, ROUNDS, |node| arrays.borrow().similar(place(node), &mut scores, 20, scope.hub_degree)),
        );
        add(
            "g_path, 6 hops",
            ("igraph", 0.43, 2.5),
            Times::of(&self.pairs(), ROUNDS, |(a, b)| graph.shortest_path(*a, *b, &scope)),
            Times::of(&self.pairs(), ROUNDS, |(a, b)| {
                let (a, b) = (place(a), place(b));
                arrays.borrow_mut().path(a, b, scope.hops_max, scope.hub_degree)
            }),
        );
        let days: Vec<(NodeId, Window)> = self.entities.iter().map(|node| (*node, last_day(graph, *node))).collect();
        add(
            "g_comp, 24 h",
            ("igraph", 4.5, 6.7),
            Times::of(&days, ROUNDS, |(node, window)| {
                graph.component(*node, &Scope { window: *window, hops_max: u32::MAX, ..Scope::default() })
            }),
            Times::of(&days, ROUNDS, |(node, window)| {
                let micros = |time: Option<Time>, other| time.map_or(other, Time::micros);
                let at = place(node);
                arrays.borrow_mut().component(
                    at,
                    micros(window.from, i64::MIN),
                    micros(window.to, i64::MAX),
                    scope.nodes_max,
                    scope.hub_degree,
                )
            }),
        );
        report.latency(Latency {
            group: "graph",
            name: "g_related, 20 incidents",
            ours: Times::of(self.entities, ROUNDS, |node| graph.related_incidents(*node, &scope, 20)),
            limit: None,
            peer: Some(("SQLite", 0.010, 0.028)),
        });
    }

    /// The questions as a person asks them: names in, whole answer out.
    fn graph_questions(&self, report: &mut Report) {
        let graph = self.graph;
        let mut add = |name, ours, peer| report.latency(Latency { group: "ask", name, ours, limit: None, peer });
        let named: Vec<String> = self.entities.iter().map(|node| reference(graph, *node)).collect();
        let neighbors = |hops| move |node: &String| NeighborsRequest { node: node.clone(), hops, ..NeighborsRequest::default() };
        add("neighbors", Times::of(&named, ROUNDS, |n| self.answer(neighbors(None)(n))), Some(("PostgreSQL", 0.25, 2.9)));
        add("neighbors --hops 2", Times::of(&named, ROUNDS, |n| self.answer(neighbors(Some(2))(n))), Some(("PostgreSQL", 4.8, 14.0)));
        let pairs: Vec<(String, String)> = self.pairs().iter().map(|(a, b)| (reference(graph, *a), reference(graph, *b))).collect();
        let path =
            |(a, b): &(String, String)| self.answer(PathsRequest { a: a.clone(), b: b.clone(), hops: Some(6), ..PathsRequest::default() });
        add("paths", Times::of(&pairs, ROUNDS, path), Some(("PostgreSQL", 5.7, 24.0)));
        let days: Vec<ComponentRequest> = self
            .entities
            .iter()
            .map(|node| {
                let Window { from, to } = last_day(graph, *node);
                ComponentRequest {
                    node: reference(graph, *node),
                    from: from.map(|t| t.to_string()),
                    to: to.map(|t| t.to_string()),
                    ..ComponentRequest::default()
                }
            })
            .collect();
        add("component", Times::of(&days, ROUNDS, |request| self.answer(request.clone())), Some(("PostgreSQL", 16.0, 31.0)));
        let incidents: Vec<String> = self.incidents.iter().map(|node| reference(graph, *node)).collect();
        let similar = |id: &String| {
            self.answer(SimilarRequest {
                incident: id.trim_start_matches("incident:").to_owned(),
                limit: Some(20),
                ..SimilarRequest::default()
            })
        };
        add("similar", Times::of(&incidents, ROUNDS, similar), Some(("PostgreSQL", 0.60, 6.8)));
    }

    fn timeline(&self, report: &mut Report) {
        let of = |nodes: &[NodeId]| -> Vec<TimelineRequest> {
            nodes
                .iter()
                .map(|node| TimelineRequest { of: vec![reference(self.graph, *node)], limit: Some(100), ..TimelineRequest::default() })
                .collect()
        };
        let mut add = |name, requests: &[TimelineRequest]| {
            let ours = Times::of(requests, ROUNDS, |request| self.answer(request.clone()));
            report.latency(Latency { group: "timeline", name, ours, limit: None, peer: Some(("SQLite", 0.081, 0.82)) });
        };
        add("page of 100, entity", &of(self.entities));
        add("page of 100, incident", &of(self.incidents));
    }

    fn search(&self, report: &mut Report) {
        let mut titles: Vec<&str> = self.graph.all_incidents().map(|incident| incident.title()).collect();
        titles.sort_unstable();
        titles.dedup();
        let words: Vec<String> = titles
            .iter()
            .filter_map(|title| {
                let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3).collect();
                Some(format!("{} {}", words.first()?, words.last()?))
            })
            .take(120)
            .collect();
        let typos: Vec<String> = words
            .iter()
            .filter_map(|words| words.split(' ').next())
            .filter(|word| word.len() > 5)
            .map(|word| format!("{}x{}~", &word[..3], &word[4..]))
            .collect();
        let facets = vec![Facet::Severity, Facet::Status, Facet::Product];
        let plain = |text: String| SearchRequest { text, ..SearchRequest::default() };
        let faceted = |text: String| SearchRequest { facets: facets.clone(), ..plain(text) };
        let mut add = |name, peer, requests: Vec<SearchRequest>| {
            let ours = Times::of(&requests, ROUNDS, |request| self.answer(request.clone()));
            report.latency(Latency { group: "search", name, ours, limit: None, peer: Some(peer) });
        };
        let prefixes = words
            .iter()
            .filter(|word| word.len() > 4)
            .map(|word| plain(format!("{}*", word.chars().take(4).collect::<String>())))
            .collect();
        add("s_prefix", ("tantivy-py", 0.24, 0.41), prefixes);
        add("s_words + 3 facets", ("tantivy-py", 0.35, 0.59), words.iter().cloned().map(faceted).collect());
        add("s_typo + 3 facets", ("tantivy-py", 0.14, 0.46), typos.into_iter().map(faceted).collect());
        let filters = ["severity:high", "status:new severity:medium", "status:closed", "tactic:execution status:active", "-status:closed"];
        add("s_filter + 3 facets", ("tantivy-py", 0.12, 0.94), filters.iter().map(|text| faceted((*text).to_owned())).collect());
        add("home page (no words) + 3 facets", ("tantivy-py", 0.12, 0.94), vec![faceted(String::new())]);
    }

    fn lists(&self, report: &mut Report) {
        let mut add = |name, ours, limit| report.latency(Latency { group: "lists", name, ours, limit, peer: None });
        // Bare columns: filter, count by status and severity, choose the 50 first.
        let rows: Vec<(u8, u8, i64)> = self
            .graph
            .all_incidents()
            .map(|i| (i.status() as u8, i.severity() as u8, i.last_activity().map_or(i64::MIN, Time::micros)))
            .collect();
        let scan = |_: &()| {
            let mut counts = [[0u32; 6]; 3];
            let mut order: Vec<(u8, i64)> = Vec::with_capacity(rows.len());
            for (status, severity, time) in &rows {
                counts[*status as usize][*severity as usize] += 1;
                order.push((*severity, *time));
            }
            if order.len() > 50 {
                order.select_nth_unstable_by(50, |a, b| b.cmp(a));
                order.truncate(50);
            }
            order.sort_unstable();
            (counts, order)
        };
        let filter = |status: &str| IncidentFilter { status: vec![status.to_owned()], ..IncidentFilter::default() };
        add(
            "incidents, counters",
            Times::of(&[(); 5], ROUNDS, |()| self.answer(IncidentFilter::default())),
            Some(Times::of(&[(); 5], ROUNDS, scan)),
        );
        add("incidents, status=new", Times::of(&[(); 5], ROUNDS, |()| self.answer(filter("new"))), None);
        let product = IncidentFilter { product: vec!["Microsoft Defender for Endpoint".to_owned()], ..IncidentFilter::default() };
        add("incidents by product of alerts", Times::of(&[(); 5], ROUNDS, |()| self.answer(product.clone())), None);
        add("alerts, counters", Times::of(&[(); 5], ROUNDS, |()| self.answer(AlertFilter::default())), None);
        add("entities by degree", Times::of(&[(); 5], ROUNDS, |()| self.answer(EntityFilter::default())), None);
    }

    /// KQL beside the same question in SQL, which stands as the limit: what the language costs is their ratio.
    fn kql(&self, report: &mut Report) {
        let pairs = [
            ("count", "SecurityEvent | count", "SELECT count(*) FROM SecurityEvent"),
            (
                "count of a day",
                "SecurityAlert | summarize count() by bin(TimeGenerated, 1d)",
                "SELECT date_trunc('day', TimeGenerated), count(*) FROM SecurityAlert GROUP BY 1",
            ),
            (
                "equal text",
                "SecurityEvent | where Computer == 'HOST-1' | count",
                "SELECT count(*) FROM SecurityEvent WHERE Computer = 'HOST-1'",
            ),
            (
                "part of a text",
                "SecurityEvent | where CommandLine contains 'powershell' | count",
                "SELECT count(*) FROM SecurityEvent WHERE strpos(lower(CommandLine), 'powershell') > 0",
            ),
            (
                "groups",
                "SecurityEvent | summarize n = count(), newest = max(TimeGenerated) by Computer, EventID | top 20 by n desc",
                "SELECT Computer, EventID, count(*) AS n, max(TimeGenerated) FROM SecurityEvent GROUP BY 1, 2 ORDER BY n DESC LIMIT 20",
            ),
            (
                "newest rows",
                "SecurityAlert | top 100 by TimeGenerated desc | project TimeGenerated, AlertName, AlertSeverity",
                "SELECT TimeGenerated, AlertName, AlertSeverity FROM SecurityAlert ORDER BY TimeGenerated DESC LIMIT 100",
            ),
        ];
        for (name, kql, sql) in pairs {
            let request =
                |lang: &str, text: &str| QueryRequest { lang: Some(lang.to_owned()), text: text.to_owned(), ..QueryRequest::default() };
            let ours = Times::of(&[(); 5], ROUNDS, |()| self.answer(request("kql", kql)));
            let twin = Times::of(&[(); 5], ROUNDS, |()| self.answer(request("sql", sql)));
            report.latency(Latency { group: "kql", name, ours, limit: Some(twin), peer: None });
        }
    }

    fn sql(&self, report: &mut Report) {
        let texts = [
            ("a_status", "SELECT \"Status\", \"Severity\", count(*) FROM \"SecurityIncident\" GROUP BY 1, 2", ("SQLite", 0.95, 1.1)),
            ("a_daily", "SELECT date_trunc('day', \"TimeGenerated\"), count(*) FROM \"SecurityAlert\" GROUP BY 1", ("DuckDB", 2.2, 3.2)),
            ("a_tactic", "SELECT \"Tactics\", count(*) FROM \"SecurityAlert\" GROUP BY 1 ORDER BY 2 DESC LIMIT 20", ("DuckDB", 1.8, 2.5)),
            ("e_scan", "SELECT count(*) FROM \"SecurityEvent\" WHERE \"CommandLine\" LIKE '%powershell%'", ("DuckDB", 11.0, 36.0)),
        ];
        for (name, text, peer) in texts {
            let request = QueryRequest { lang: Some("sql".to_owned()), text: text.to_owned(), ..QueryRequest::default() };
            let ours = Times::of(&[(); 5], ROUNDS, |()| self.answer(request.clone()));
            report.latency(Latency { group: "sql", name, ours, limit: None, peer: Some(peer) });
        }
    }
}
