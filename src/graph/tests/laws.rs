//! Laws: what is applied decides, not how; snapshots never change; a file gives back what was written.

use std::fmt::Write;

use proptest::prelude::*;

use crate::journal::View;
use crate::model::{Body, Record, Window};

use super::super::read::Snapshot;
use super::super::{Assertion, EdgeFilter, Graph, NodeKind, Rank, Scope};
use super::naive::{Naive, NaiveEdge, shown};
use super::{any_records, apply, at, built, every_node, name, rules};

/// Many answers of a snapshot, by name.
pub(super) fn answers(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    let mut say = |text: String| writeln!(out, "{text}").expect("a string takes everything");
    let mut nodes = every_node(snapshot);
    nodes.sort_by_cached_key(|node| name(snapshot, *node));
    let scope = Scope::default();
    let n = |node| name(snapshot, node);
    let edge = |e: &super::super::Edge| {
        format!("{} -{}/{}-> {} {:?} {:?} x{}", n(e.from), snapshot.relation(e), snapshot.rule(e), n(e.to), e.first, e.last, e.count)
    };
    for alert in snapshot.alerts_newest(Window::ALL, None) {
        say(format!(
            "alert {} {:?} {} {:?} {:?} {:?}",
            alert.id(),
            alert.time(),
            alert.title(),
            alert.status(),
            alert.severity(),
            alert.seq()
        ));
    }
    for incident in snapshot.incidents_newest(Window::ALL, None) {
        say(format!("incident {} {:?} {:?}", incident.id(), incident.time(), snapshot.inherited(incident.node())));
    }
    let place = |i: super::super::IncidentRef<'_>| (i.severity(), i.last_activity().or(i.time()), i.id().to_owned());
    let listed: Vec<_> = snapshot.incidents_by_severity(None).map(place).collect();
    let mut sorted: Vec<_> = snapshot.all_incidents().map(place).collect();
    sorted.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| a.2.cmp(&b.2)));
    assert_eq!(listed, sorted, "the order that the graph keeps is that of the incidents");
    for (n, (severity, activity, id)) in listed.iter().enumerate() {
        let activity = activity.map_or(i64::MIN, crate::model::Time::micros);
        let rest: Vec<_> = snapshot.incidents_by_severity(Some((*severity, activity, id))).map(place).collect();
        assert_eq!(rest, listed[n + 1..], "behind {id}");
    }
    let place = |i: super::super::IncidentRef<'_>| (i.last_activity().or(i.time()), i.id().to_owned());
    let listed: Vec<_> = snapshot.incidents_by_activity(crate::model::Severity::ALL, None).map(place).collect();
    let mut sorted: Vec<_> = snapshot.all_incidents().map(place).collect();
    sorted.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    assert_eq!(listed, sorted);
    for (n, (activity, id)) in listed.iter().enumerate() {
        let activity = activity.map_or(i64::MIN, crate::model::Time::micros);
        let rest: Vec<_> = snapshot.incidents_by_activity(crate::model::Severity::ALL, Some((activity, id))).map(place).collect();
        assert_eq!(rest, listed[n + 1..], "behind {id}");
    }
    say(format!("{:?} {:?}", snapshot.alert_counts(), snapshot.incident_counts()));
    for node in &nodes {
        say(format!("{} {} {}", n(*node), snapshot.label(*node), snapshot.degree(*node)));
        if let Some(entity) = snapshot.entity_node(*node) {
            let same: Vec<_> = entity.possibly_same(9).into_iter().map(|(other, key)| (n(other), key)).collect();
            say(format!("  {} {:?} {:?} {:?}", entity.key(), entity.first_seq(), entity.merges(), same));
        }
        say(format!("  versions {:?} {:?}", snapshot.versions(*node), snapshot.standings(*node)));
        for filter in [EdgeFilter::default(), EdgeFilter { superseded: true, ..EdgeFilter::default() }] {
            for e in snapshot.edges(*node, &filter) {
                say(format!("  {}", edge(&e)));
            }
        }
        for neighbor in snapshot.neighbors(*node, &EdgeFilter::default(), 3).neighbors {
            say(format!("  next {} {}", n(neighbor.node), edge(&neighbor.newest)));
        }
        let names = |list: Vec<super::NodeId>| list.into_iter().map(n).collect::<Vec<_>>();
        say(format!("  component {:?}", names(snapshot.component(*node, &scope).nodes)));
        say(format!("  entities {:?}", names(snapshot.entities_of(*node))));
        for arrival in snapshot.blast_radius(*node, &scope).arrivals {
            say(format!("  reach {} {:?} {} {:?}", n(arrival.node), arrival.at, arrival.hops, arrival.by.as_ref().map(edge)));
        }
        let hop = snapshot.hop(&[*node], &EdgeFilter::default(), 2, &Scope { hops_max: 2, ..Scope::default() });
        say(format!("  hop {:?}", hop.nodes.iter().map(|h| (n(h.node), h.hops)).collect::<Vec<_>>()));
        for related in [snapshot.related_alerts(*node, &scope, 5), snapshot.related_incidents(*node, &scope, 5)] {
            say(format!("  related {:?}", related.nodes.iter().map(|(a, b)| (n(*a), n(*b))).collect::<Vec<_>>()));
        }
        if node.kind() == NodeKind::Incident {
            for similar in snapshot.similar_incidents(*node, &scope, 5).incidents {
                say(format!("  similar {} {} {}", n(similar.node), similar.score, similar.terms.len()));
            }
        }
    }
    for by in [Rank::Alerts, Rank::PageRank] {
        let ranked = snapshot.rank(by, &[], Window::ALL, usize::MAX, 100).entities;
        say(format!("rank {:?}", ranked.iter().map(|r| (n(r.node), r.score, r.alerts)).collect::<Vec<_>>()));
    }
    if let [first, .., last] = nodes[..] {
        for paths in [snapshot.k_shortest_paths(first, last, &scope, 4), snapshot.all_shortest_paths(first, last, &scope, 4)] {
            for path in paths.paths {
                say(format!("path {:?} {:?}", names_of(snapshot, &path.nodes), path.edges.iter().map(edge).collect::<Vec<_>>()));
            }
        }
        let rare = snapshot.rarest_path(first, last, &scope);
        say(format!("rare {} {:?}", rare.cost, rare.path.map(|p| names_of(snapshot, &p.nodes))));
        let timed = snapshot.timed_path(first, last, &scope);
        say(format!("timed {:?}", timed.arrivals.iter().map(|a| (n(a.node), a.at)).collect::<Vec<_>>()));
        let common = snapshot.common_neighbors(first, last, &scope, 9);
        say(format!("common {:?}", common.nodes.iter().map(|s| (n(s.node), s.degree)).collect::<Vec<_>>()));
    }
    out
}

fn names_of(snapshot: &Snapshot, nodes: &[super::NodeId]) -> Vec<String> {
    nodes.iter().map(|node| name(snapshot, *node)).collect()
}

/// Every edge of the present state that the snapshot shows, from both ends.
fn shown_edges(snapshot: &Snapshot, window: Window) -> Vec<NaiveEdge> {
    let filter = EdgeFilter { window, ..EdgeFilter::default() };
    let mut all = Vec::new();
    for node in every_node(snapshot) {
        let mut before = None;
        let ends = || snapshot.edges(node, &EdgeFilter::default());
        assert_eq!(
            snapshot.span(node),
            (ends().filter_map(|edge| edge.first).min(), ends().filter_map(|edge| edge.last).max()),
            "{node:?}"
        );
        for edge in snapshot.edges(node, &filter) {
            assert!(edge.from == node || edge.to == node);
            assert!(before.is_none_or(|b| b >= edge.last), "newest first");
            before = Some(edge.last);
            let seqs = match snapshot.assertion(&edge) {
                Assertion::Document { seq, current, .. } => {
                    assert!(current);
                    (seq.0, seq.0)
                }
                Assertion::Events { first, last } => (first.0, last.0),
            };
            all.push(NaiveEdge {
                from: name(snapshot, edge.from),
                to: name(snapshot, edge.to),
                relation: snapshot.relation(&edge).to_owned(),
                first: edge.first,
                last: edge.last,
                count: edge.count,
                seqs,
                instants: snapshot.instants(&edge),
            });
        }
    }
    all.sort();
    all
}

fn twice(edges: impl Iterator<Item = NaiveEdge>) -> Vec<NaiveEdge> {
    let mut all: Vec<NaiveEdge> = edges.flat_map(|edge| [edge.clone(), edge]).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn order_and_batches_do_not_matter(
        (records, shuffled) in any_records(16).prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
    ) {
        let mut first = Graph::in_memory(rules());
        apply(&mut first, &records, &[]);
        let mut second = Graph::in_memory(rules());
        apply(&mut second, &shuffled, &cuts);
        prop_assert_eq!(answers(&first.snapshot()), answers(&second.snapshot()));
        prop_assert_eq!(first.digest(), second.digest());
    }

    #[test]
    fn edges_and_groups_are_those_of_the_naive_model(
        records in any_records(16),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        window in (0i64..180, 0i64..180).prop_map(|(a, b)| Window { from: Some(at(a.min(b))), to: Some(at(a.max(b))) }),
    ) {
        let mut graph = Graph::in_memory(rules());
        apply(&mut graph, &records, &cuts);
        let snapshot = graph.snapshot();
        let naive = Naive::of(&records);
        let mut nodes: Vec<String> = every_node(&snapshot).into_iter().map(|node| name(&snapshot, node)).collect();
        nodes.sort();
        prop_assert_eq!(nodes, naive.nodes.iter().cloned().collect::<Vec<_>>());
        prop_assert_eq!(shown_edges(&snapshot, Window::ALL), twice(naive.edges.iter().cloned()));
        prop_assert_eq!(shown_edges(&snapshot, window), twice(naive.edges.iter().filter_map(|edge| edge.inside(window))));
        for node in every_node(&snapshot) {
            prop_assert_eq!(snapshot.degree(node), naive.degrees.get(&name(&snapshot, node)).copied().unwrap_or(0));
            if node.kind() == NodeKind::Entity {
                let filter = EdgeFilter { window, superseded: true, ..EdgeFilter::default() };
                let loops = snapshot.degree(node) - snapshot.edges(node, &EdgeFilter { superseded: true, ..EdgeFilter::default() }).count();
                if loops == 0 {
                    prop_assert_eq!(snapshot.count_in(node, &window), snapshot.edges(node, &filter).count());
                }
            }
        }
        for alert in snapshot.all_alerts() {
            let expected = shown(&records, alert.id());
            let found = (alert.title(), alert.start(), alert.end(), alert.status(), alert.severity(), alert.tactics().collect::<Vec<_>>());
            let tactics: Vec<&str> = expected.tactics.iter().map(|t| &**t).collect();
            prop_assert_eq!(found, (expected.title.as_str(), expected.start, expected.end, expected.status, expected.severity, tactics));
        }
        prop_assert_eq!(snapshot.count_alerts(|_| true), snapshot.alert_counts());
        prop_assert_eq!(snapshot.count_incidents(|_| true), snapshot.incident_counts());
    }

    #[test]
    fn pages_join_to_the_whole(records in any_records(20), page in 1usize..4) {
        let snapshot = built(&records);
        for node in every_node(&snapshot) {
            let whole: Vec<_> = snapshot.edges(node, &EdgeFilter::default()).collect();
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let mut edges = snapshot.edges_after(node, &EdgeFilter::default(), after);
                let mut read = 0;
                while read < page && let Some((place, edge)) = edges.next_placed() {
                    paged.push(edge);
                    after = super::super::EdgePosition::from_text(&place.to_text());
                    prop_assert_eq!(after, Some(place));
                    read += 1;
                }
                if read < page {
                    break;
                }
            }
            prop_assert_eq!(paged, whole);
        }
        let whole: Vec<_> = snapshot.alerts_newest(Window::ALL, None).map(|a| a.id()).collect();
        let mut paged: Vec<&str> = Vec::new();
        while let Some(next) = {
            let after = paged.last().and_then(|id| snapshot.alert_node(snapshot.alert(id)?)).map(|a| (a.time(), a.id()));
            snapshot.alerts_newest(Window::ALL, after).map(|a| a.id()).next()
        } {
            paged.push(next);
        }
        prop_assert_eq!(&paged, &whole);
        prop_assert_eq!(whole.len(), snapshot.all_alerts().count());
    }

    #[test]
    fn names_that_are_kept_are_those_of_the_state(records in any_records(16)) {
        let mut graph = Graph::in_memory(rules());
        let mut before: Option<Snapshot> = None;
        for record in &records {
            apply(&mut graph, std::slice::from_ref(record), &[]);
            let snapshot = graph.snapshot();
            for snapshot in before.iter().chain([&snapshot, &snapshot]) {
                for node in snapshot.all_entities() {
                    let made = || format!("{} {} {}", name(snapshot, node), snapshot.label(node), snapshot.entity_ref(node));
                    prop_assert_eq!(snapshot.named(node, made), made());
                }
            }
            // Sometimes a reader stays on an earlier state.
            if record.seq.0 % 3 != 0 {
                before = Some(snapshot);
            }
        }
    }

    #[test]
    fn pages_of_links_join_to_all_links(records in any_records(24), page in 1usize..4, from in 0i64..200, alerts in any::<bool>()) {
        let snapshot = built(&records);
        let window = Window { from: Some(at(from)), to: None };
        let kinds = if alerts { vec![crate::model::Kind::met("alert")] } else { Vec::new() };
        for (filter, node) in [EdgeFilter::default(), EdgeFilter { window, ..EdgeFilter::default() }, EdgeFilter { kinds, ..EdgeFilter::default() }]
            .iter()
            .flat_map(|filter| every_node(&snapshot).into_iter().map(move |node| (filter, node)))
        {
            // By name of relation and ends, in the order of the newest edge.
            let mut whole: Vec<Vec<super::super::Edge>> = Vec::new();
            for edge in snapshot.edges(node, filter) {
                let same = |link: &&mut Vec<super::super::Edge>| {
                    (link[0].from, link[0].to, snapshot.relation(&link[0])) == (edge.from, edge.to, snapshot.relation(&edge))
                };
                match whole.iter_mut().find(same) {
                    Some(link) => link.push(edge),
                    None => whole.push(vec![edge]),
                }
            }
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let found = snapshot.linked(node, filter, after, page);
                prop_assert_eq!(found.total, Some(whole.len()));
                prop_assert_eq!(found.links.len(), page.min(whole.len() - paged.len()));
                paged.extend(found.links);
                prop_assert_eq!(found.more, paged.len() < whole.len());
                if !found.more {
                    break;
                }
                after = found.last;
            }
            prop_assert_eq!(&paged, &whole);
            let all: Vec<_> = snapshot.edges(node, filter).collect();
            prop_assert_eq!(snapshot.links(&all), whole);
        }
    }

    #[test]
    fn what_stood_then_is_what_the_documents_of_then_say(records in any_records(20), place in any::<usize>()) {
        let place = place % (records.len() + 1);
        let (then, now) = (built(&records[..place]), built(&records));
        let until = EdgeFilter { until: Some(crate::model::Seq(place as u64)), ..EdgeFilter::default() };
        // Edges of records by document; which names are one entity may have changed since.
        let said = |snapshot: &Snapshot, node: super::NodeId, filter: &EdgeFilter| {
            let mut edges: Vec<String> = snapshot
                .edges(node, filter)
                .map(|edge| {
                    let other = edge.other(node);
                    let other = if other.kind() == NodeKind::Entity { String::new() } else { snapshot.entity_ref(other) };
                    let Assertion::Document { seq, .. } = snapshot.assertion(&edge) else { unreachable!("records have documents") };
                    format!("{} {} {other} {seq}", snapshot.relation(&edge), edge.from == node)
                })
                .collect();
            edges.sort();
            edges
        };
        let records_of = |snapshot: &Snapshot| every_node(snapshot).into_iter().filter(|node| node.kind() != NodeKind::Entity).collect::<Vec<_>>();
        for node in records_of(&now) {
            let id = now.entity_ref(node);
            let before = records_of(&then).into_iter().find(|node| then.entity_ref(*node) == id);
            let expected = before.map(|node| said(&then, node, &EdgeFilter::default())).unwrap_or_default();
            prop_assert_eq!(said(&now, node, &until), expected, "{}", id);
        }
        // Entities: as many edges by documents of records, however the names stand together.
        let mentioned = |snapshot: &Snapshot, filter: &EdgeFilter| {
            let entities = every_node(snapshot).into_iter().filter(|node| node.kind() == NodeKind::Entity);
            entities.map(|node| snapshot.edges(node, filter).filter(|edge| snapshot.relation(edge) == "involves").count()).sum::<usize>()
        };
        prop_assert_eq!(mentioned(&now, &until), mentioned(&then, &EdgeFilter::default()));
    }

    #[test]
    fn a_snapshot_never_changes(records in any_records(16), place in any::<usize>()) {
        let place = place % records.len();
        let mut graph = Graph::in_memory(rules());
        apply(&mut graph, &records[..place], &[]);
        let snapshot = graph.snapshot();
        let before = answers(&snapshot);
        apply(&mut graph, &records[place..], &[3]);
        prop_assert_eq!(answers(&snapshot), before);
    }

    #[test]
    fn undoing_every_decision_gives_the_undecided_graph(records in any_records(16)) {
        let plain: Vec<Record> = records.iter().filter(|r| !matches!(r.body, Body::Decision(_))).cloned().collect();
        let mut undone = records.clone();
        for record in records.iter().filter(|r| matches!(r.body, Body::Decision(_))).rev() {
            // The newest decision is undone first, so that no earlier undo comes back.
            let value = serde_json::json!({"kind": "entity.undo", "decision": record.seq.0});
            undone.push(super::decision(100 + undone.len() as u64, value));
        }
        let groups = |records: &[Record]| {
            let snapshot = built(records);
            let mut names: Vec<String> = snapshot.all_entities().map(|node| name(&snapshot, node)).collect();
            names.sort();
            names
        };
        prop_assert_eq!(groups(&undone), groups(&plain));
    }

    #[test]
    fn a_file_gives_back_what_was_written(records in any_records(16), more in any_records(8)) {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut graph = Graph::open(folder.path(), rules()).expect("an empty folder opens");
        apply(&mut graph, &records, &[2, 5]);
        graph.persist().expect("the folder can be written");
        let mut again = Graph::open(folder.path(), rules()).expect("the folder opens");
        prop_assert_eq!(again.applied(), graph.applied());
        prop_assert_eq!(again.durable(), graph.applied());
        prop_assert_eq!(again.digest(), graph.digest());
        let more: Vec<Record> = more.into_iter().map(|mut r| { r.seq.0 += 50; r }).collect();
        apply(&mut graph, &more, &[1]);
        apply(&mut again, &more, &[3]);
        prop_assert_eq!(answers(&again.snapshot()), answers(&graph.snapshot()));
        prop_assert_eq!(again.digest(), graph.digest());
    }
}
