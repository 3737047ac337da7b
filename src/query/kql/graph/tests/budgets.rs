//! Searches end at their limits and say at which.

use std::ops::ControlFlow;
use std::time::Duration;

use super::super::{Budget, Cut, EdgePattern, Hops, Labels, Meter, NodePattern, PathOutput, Pattern, Rows, Rule, Way, find, shortest};
use super::graph;

/// Paths of any length through a graph in which every node leads to every other.
fn explosive() -> (super::TransientGraph, Pattern) {
    let edges: Vec<(u32, u32, u8)> = (0..12).flat_map(|a| (0..12).map(move |b| (a, b, 0))).collect();
    let edge = EdgePattern {
        from: 0,
        to: 1,
        way: Way::Out,
        hops: Some(Hops { min: 1, max: u32::MAX }),
        labels: Labels::Any,
        test: None,
        inner: None,
    };
    let pattern = Pattern { nodes: vec![NodePattern::default(); 2], edges: vec![edge], conditions: Vec::new(), rule: Rule::Trail };
    (graph(12, &edges, true), pattern)
}

fn cut(budget: Budget, is_shortest: bool) -> (Option<Cut>, bool) {
    let (graph, pattern) = explosive();
    let mut meter = Meter::new(budget);
    let mut sink = |_: Rows| Ok(ControlFlow::Continue(()));
    let start = Rows::start(2, 1);
    if is_shortest {
        shortest(&graph, &pattern, PathOutput::All, start, &mut meter, &mut sink).expect("tests do not fail");
    } else {
        find(&graph, &pattern, start, &mut meter, &mut sink).expect("tests do not fail");
    }
    (meter.cut(), meter.expansions() < 30_000)
}

#[test]
fn a_search_ends_at_its_expansions() {
    let budget = Budget { expansions_max: 20_000, time_max: None, ..Budget::default() };
    assert_eq!(cut(budget, false), (Some(Cut::Expansions(20_000)), true));
    assert_eq!(cut(Budget { expansions_max: 100, ..budget }, true), (Some(Cut::Expansions(100)), true));
    assert_eq!(cut(budget, true), (None, true));
}

#[test]
fn a_search_ends_when_its_time_is_over() {
    let budget = Budget { time_max: Some(Duration::ZERO), ..Budget::default() };
    assert_eq!(cut(budget, false), (Some(Cut::Time(Duration::ZERO)), true));
}

#[test]
fn rows_are_counted_and_the_rest_is_cut() {
    let mut meter = Meter::new(Budget { rows_max: 10, ..Budget::default() });
    assert_eq!((meter.take_rows(7), meter.cut()), (7, None));
    assert_eq!((meter.take_rows(3), meter.cut()), (3, None));
    assert_eq!((meter.take_rows(1), meter.cut()), (0, Some(Cut::Rows(10))));
    assert_eq!(Cut::Rows(10).name(), "graph_rows_max");
}

#[test]
fn a_search_stops_when_nobody_wants_more() {
    let (graph, pattern) = explosive();
    let mut meter = Meter::new(Budget { time_max: None, ..Budget::default() });
    let mut chunks = 0;
    let mut sink = |_: Rows| {
        chunks += 1;
        Ok(ControlFlow::Break(()))
    };
    find(&graph, &pattern, Rows::start(2, 1), &mut meter, &mut sink).expect("tests do not fail");
    assert_eq!((chunks, meter.cut()), (1, None));
}
