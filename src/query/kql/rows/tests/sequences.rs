//! Sequences, funnels and windows against plain enumerations, and merged schemas.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::tree::ScalarType::{Bool, Long, Real, String, Timespan};
use super::super::activity::{ActivityEngagement, Timeline, Windows};
use super::super::schemas::SchemaMerge;
use super::super::sequences::{FunnelCompletion, SequenceDetect};
use super::super::{RowsOperator, Running};
use super::{run, table};

fn joined(rows: impl IntoIterator<Item = Value>) -> std::string::String {
    rows.into_iter().map(|row| row.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_step_may_lead_to_several() {
    let input = r#"[0,true,false,"x"] [5,false,true,"x"] [6,false,true,"y"] [8,true,true,"x"] [9,false,true,"x"] [30,false,true,"x"] [40,true,false,"y"]"#;
    let operator = SequenceDetect { time: 0, steps: vec![1, 2], dimensions: vec![3], step_max: 9, span_max: 9 };
    assert_eq!(
        run(&operator, table(&[Long, Bool, Bool, String], input), &[String, Long, Long, Long]),
        [r#"["x",0,5,5]"#, r#"["x",0,8,8]"#, r#"["x",0,9,9]"#, r#"["x",8,9,1]"#]
    );
}

#[test]
fn what_leads_nowhere_ends_with_the_query() {
    let rows = joined((0..40).map(|time| json!([time, true, true, true, false])));
    let operator = SequenceDetect { time: 0, steps: vec![1, 2, 3, 4], dimensions: Vec::new(), step_max: 100, span_max: 100 };
    let running = Running::unbounded();
    running.stop();
    let ended = operator.run(vec![table(&[Long, Bool, Bool, Bool, Bool], &rows)], &running);
    assert_eq!(ended.map(|_| ()).map_err(|error| error.message), Err("the query was ended".to_owned()));
}

#[test]
fn schemas_become_one_by_the_places_of_their_columns() {
    let merged = |preserve_order, rows: &str| {
        let kinds = [String, Long, String, String];
        let found = SchemaMerge { preserve_order }.run(vec![table(&kinds, rows)], &Running::unbounded());
        found.map(|columns| super::rows(&[String, super::ScalarType::Int, String, String], &columns)).map_err(|error| error.message)
    };
    let same = r#"["User",0,"System.String","string"] ["Code",1,"System.Int32","int"] ["User",0,"System.String","string"] ["Code",1,"System.Int32","int"] ["Place",2,"System.String","string"]"#;
    let expected =
        [r#"["User",0,"System.String","string"]"#, r#"["Code",1,"System.Int32","int"]"#, r#"["Place",2,"System.String","string"]"#];
    assert_eq!(merged(true, same), Ok(expected.map(str::to_owned).to_vec()));
    let moved = r#"["User",0,"System.String","string"] ["Code",1,"System.Int32","int"] ["User",0,"System.String","string"] ["Place",1,"System.String","string"] ["Code",2,"System.Int32","int"]"#;
    assert_eq!(
        merged(true, moved).expect("columns")[2],
        r#"["Code",-1,"ERROR(unknown CSL type:ERROR(columns are out of order))","ERROR(columns are out of order)"]"#
    );
    assert_eq!(merged(false, moved).expect("columns")[2], r#"["Code",2,"System.Int32","int"]"#);
    let typed = r#"["User",0,"System.String","string"] ["User",0,"System.Int32","int"]"#;
    assert_eq!(merged(false, typed), Err("expected one type for the column `User`, found `string` and `int`".to_owned()));
}

fn timeline(start: i64, end: i64, width: i64) -> Timeline {
    Timeline { id: 0, time: 1, start, end, windows: Windows::Fixed(width), dimensions: Vec::new() }
}

/// Rows in the order of their times, those of one time as they come.
fn in_order<T>(rows: &[T], time: impl Fn(&T) -> i64) -> Vec<&T> {
    let mut ordered: Vec<&T> = rows.iter().collect();
    ordered.sort_by_key(|row| time(row));
    ordered
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn sequences_are_all_combinations_of_times(
        drawn in proptest::collection::vec((0_i64..12, proptest::bool::ANY, proptest::bool::ANY, proptest::bool::ANY), 0..9),
        step_max in 0_i64..8,
        span_max in 0_i64..12,
    ) {
        let input = joined(drawn.iter().map(|row| json!([row.0, row.1, row.2, row.3])));
        let operator = SequenceDetect { time: 0, steps: vec![1, 2, 3], dimensions: Vec::new(), step_max, span_max };
        let found = run(&operator, table(&[Long, Bool, Bool, Bool], &input), &[Long, Long, Long, Long]);
        let ordered = in_order(&drawn, |row| row.0);
        let mut expected = BTreeSet::new();
        for (first, a) in ordered.iter().enumerate().filter(|(_, row)| row.1) {
            for (second, b) in ordered.iter().enumerate().skip(first + 1).filter(|(_, row)| row.2) {
                for (_, c) in ordered.iter().enumerate().skip(second + 1).filter(|(_, row)| row.3) {
                    if b.0 - a.0 <= step_max && c.0 - b.0 <= step_max && c.0 - a.0 <= span_max {
                        expected.insert((a.0, b.0, c.0));
                    }
                }
            }
        }
        let expected: Vec<_> = expected.into_iter().map(|(a, b, c)| format!("[{a},{b},{c},{}]", c - a)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn funnels_count_who_can_get_through(
        drawn in proptest::collection::vec((0_i64..3, 0_i64..20, 0_usize..3), 0..14),
        period in 0_i64..12,
    ) {
        const STATES: [&str; 3] = ["a", "b", "c"];
        let input = joined(drawn.iter().map(|row| json!([row.0, row.1, STATES[row.2]])));
        let sequence: Vec<std::string::String> = ["a", "b", "a"].map(str::to_owned).to_vec();
        let operator = FunnelCompletion { timeline: timeline(0, 20, 10), state: 2, sequence, periods: vec![period] };
        let found = run(&operator, table(&[Long, Long, String], &input), &[Long, String, Long, Long]);
        let ordered = in_order(&drawn, |row| row.1);
        let mut expected = Vec::new();
        let windows: BTreeSet<i64> = drawn.iter().map(|row| row.1 / 10 * 10).collect();
        for window in windows {
            let of = |id: i64| ordered.iter().filter(move |row| row.0 == id && row.1 / 10 * 10 == window).copied().collect::<Vec<_>>();
            let gets_to = |id: i64, step: usize| {
                let rows = of(id);
                let is = |place: usize, state: usize| rows[place].2 == state;
                let within = |from: usize, to: usize| rows[to].1 - rows[from].1 <= period;
                let places = || 0..rows.len();
                places().any(|first| is(first, 0) && (step == 0 || (first + 1..rows.len()).any(|second| {
                    is(second, 1) && within(first, second)
                        && (step == 1 || (second + 1..rows.len()).any(|third| is(third, 0) && within(first, third)))
                })))
            };
            for (step, state) in ["a", "b", "a"].into_iter().enumerate() {
                let count = (0..3).filter(|id| gets_to(*id, step)).count();
                expected.push(json!([window, state, period, count]).to_string());
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn engagement_is_the_share_of_the_longer_window(
        drawn in proptest::collection::vec((0_i64..5, 0_i64..30), 0..20),
        inner in 1_i64..5,
        times in 1_i64..4,
    ) {
        let input = joined(drawn.iter().map(|row| json!([row.0, row.1])));
        let operator = ActivityEngagement { timeline: timeline(0, 29, inner), outer: inner * times };
        let found = run(&operator, table(&[Long, Long], &input), &[Long, Long, Long, Real]);
        let mut expected = Vec::new();
        for window in (0..30).step_by(inner as usize) {
            let between = |from: i64| drawn.iter().filter(|row| (from..window + inner).contains(&row.1)).map(|row| row.0).collect::<BTreeSet<_>>().len();
            let (here, reached) = (between(window), between(window + inner - inner * times));
            if reached > 0 {
                expected.push((window, here, reached));
            }
        }
        let shown: Vec<Vec<f64>> = found.iter().map(|row| serde_json::from_str(row).expect("a row of numbers")).collect();
        let expected: Vec<Vec<f64>> = expected
            .into_iter()
            .map(|(window, here, reached)| vec![window as f64, here as f64, reached as f64, here as f64 / reached as f64])
            .collect();
        prop_assert_eq!(shown, expected);
    }
}

#[test]
fn durations_are_those_of_the_type() {
    let operator = SequenceDetect { time: 0, steps: vec![1], dimensions: Vec::new(), step_max: 0, span_max: 0 };
    let found = run(&operator, table(&[super::DateTime, Bool], r#"["2024-05-01",true]"#), &[super::DateTime, Timespan]);
    assert_eq!(found, [r#"["2024-05-01T00:00:00.0000000Z","00:00:00"]"#]);
}
