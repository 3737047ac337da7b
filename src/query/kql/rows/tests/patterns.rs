//! What many rows have in common: examples with counts of a public data set, and random tables against every set of values.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::tree::ScalarType::{Long, Real, String};
use super::super::patterns::{Dimensions, Patterns, Wanted};
use super::super::{RowsOperator, Running};
use super::{rows, scalar, table};

/// Weather events with the counts that the reference of the language prints: a type, whether there was damage, damage to crops, how many. The
/// others are of many types, each rare.
fn weather() -> std::string::String {
    let mut rows = vec![
        json!(["Hail", "NO", 0, 2278]),
        json!(["Hail", "YES", 0, 93]),
        json!(["Hail", "YES", 5, 50]),
        json!(["Hail", "YES", 6, 47]),
        json!(["Wind", "NO", 0, 779]),
        json!(["Wind", "YES", 0, 500]),
        json!(["Wind", "YES", 7, 12]),
        json!(["Flood", "YES", 8, 50]),
        json!(["Rain", "YES", 9, 50]),
    ];
    rows.extend((0..11).map(|kind| json!([format!("kind {kind}"), "NO", 0, if kind == 0 { 137 } else { 138 }])));
    rows.extend((0..11).map(|kind| json!([format!("kind {kind}"), "YES", 0, if kind == 0 { 48 } else { 46 }])));
    rows.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
}

fn dimensions(apart: &[usize], weight: Option<usize>) -> Dimensions {
    let wildcards = vec![scalar(String, json!("")), scalar(String, json!("")), scalar(Long, Value::Null), scalar(Long, Value::Null)];
    Dimensions { wildcards, apart: apart.to_vec(), weight, values_max: 5 }
}

const KINDS: [super::ScalarType; 4] = [String, String, Long, Long];

#[test]
fn frequent_patterns_are_the_longest_of_their_rows() {
    let operator = Patterns { dimensions: dimensions(&[3], Some(3)), wanted: Wanted::Frequent(0.2) };
    let found = operator.run(vec![table(&KINDS, &weather())], &Running::unbounded()).expect("it runs");
    let counted: Vec<_> = [0, 1, 3, 4, 5].iter().map(|column| found[*column].clone()).collect();
    assert_eq!(
        rows(&[Long, Long, String, String, Long], &counted),
        [
            r#"[0,4574,"","NO",0]"#,
            r#"[1,2278,"Hail","NO",0]"#,
            r#"[2,5675,"","",0]"#,
            r#"[3,2371,"Hail","",0]"#,
            r#"[4,1279,"Wind","",0]"#,
            r#"[5,2468,"Hail","",null]"#,
            r#"[6,1310,"","YES",null]"#,
            r#"[7,1291,"Wind","",null]"#,
        ]
    );
    let percents: Vec<f64> =
        rows(&[Real], &found[2..3]).iter().map(|row| row.trim_matches(['[', ']']).parse().expect("a number")).collect();
    let rounded: Vec<f64> = percents.iter().map(|percent| (percent * 10.0).round() / 10.0).collect();
    assert_eq!(rounded, [77.7, 38.7, 96.4, 40.3, 21.7, 41.9, 22.3, 21.9]);
}

#[test]
fn sets_differ_in_what_the_reference_says() {
    let wanted = Wanted::Different { column: 1, a: "NO".to_owned(), b: "YES".to_owned(), threshold: 0.05 };
    let operator = Patterns { dimensions: dimensions(&[1, 3], Some(3)), wanted };
    let found = operator.run(vec![table(&KINDS, &weather())], &Running::unbounded()).expect("it runs");
    assert_eq!(
        rows(&[Long, Long, Long, Real, Real, Real, String, String, Long, Long], &found),
        [r#"[0,2278,93,49.8,7.1,42.7,"Hail","",0,null]"#, r#"[1,779,512,17.03,39.08,22.05,"Wind","",null,null]"#]
    );
}

#[test]
fn few_patterns_tell_most_rows() {
    let mut wildcards = dimensions(&[3], Some(3));
    wildcards.wildcards[2] = scalar(Long, json!(-1));
    let operator = Patterns { dimensions: wildcards, wanted: Wanted::Telling(0.5) };
    let found = operator.run(vec![table(&KINDS, &weather())], &Running::unbounded()).expect("it runs");
    let counted: Vec<_> = [0, 1, 3, 4, 5].iter().map(|column| found[*column].clone()).collect();
    assert_eq!(rows(&[Long, Long, String, String, Long], &counted), [r#"[0,4574,"","NO",0]"#, r#"[1,1101,"","YES",0]"#]);
}

#[test]
fn weights_below_zero_and_sets_without_rows_are_mistakes() {
    let below = Patterns { dimensions: dimensions(&[3], Some(3)), wanted: Wanted::Frequent(0.2) };
    let input = table(&KINDS, r#"["a","b",1,-1]"#);
    assert_eq!(
        below.run(vec![input], &Running::unbounded()).map_err(|error| error.message),
        Err("expected a weight from 0 to 4294967295, found -1".to_owned())
    );
    let wanted = Wanted::Different { column: 1, a: "b".to_owned(), b: "c".to_owned(), threshold: 0.05 };
    let empty = Patterns { dimensions: dimensions(&[1], None), wanted };
    let input = table(&KINDS, r#"["a","b",1,1]"#);
    assert_eq!(
        empty.run(vec![input], &Running::unbounded()).map_err(|error| error.message),
        Err("expected rows of both sets, found none that is `c`".to_owned())
    );
}

type Pattern = BTreeMap<usize, i64>;

/// Every set of values of the rows with the numbers of its rows.
fn all_patterns(table: &[Vec<i64>], columns: usize) -> BTreeMap<Pattern, BTreeSet<usize>> {
    let mut patterns: BTreeMap<Pattern, BTreeSet<usize>> = BTreeMap::new();
    for mask in 1..1_usize << columns {
        for (row, values) in table.iter().enumerate() {
            let pattern = (0..columns).filter(|column| mask & (1 << column) != 0).map(|column| (column, values[column])).collect();
            patterns.entry(pattern).or_default().insert(row);
        }
    }
    patterns
}

/// Frequent patterns with their rows, of those with the same rows the longest, if so few values tell these rows.
fn longest(table: &[Vec<i64>], columns: usize, share: f64, values_max: usize) -> BTreeMap<Pattern, usize> {
    let all = all_patterns(table, columns);
    let mut by_rows: BTreeMap<&BTreeSet<usize>, Vec<&Pattern>> = BTreeMap::new();
    for (pattern, rows) in &all {
        by_rows.entry(rows).or_default().push(pattern);
    }
    let frequent = by_rows.into_iter().filter(|(rows, _)| rows.len() as f64 >= share * table.len() as f64);
    frequent
        .filter(|(_, patterns)| patterns.iter().any(|pattern| pattern.len() <= values_max))
        .filter_map(|(rows, patterns)| Some(((*patterns.into_iter().max_by_key(|pattern| pattern.len())?).clone(), rows.len())))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn frequent_patterns_are_those_of_every_set_of_values(
        drawn in proptest::collection::vec(proptest::collection::vec(0_i64..3, 4), 1..14),
        share in 0.02_f64..0.6,
        values_max in 1_usize..5,
    ) {
        let input = drawn.iter().map(|row| json!(row).to_string()).collect::<Vec<_>>().join(" ");
        let wildcards = vec![scalar(Long, Value::Null); 4];
        let dimensions = Dimensions { wildcards, apart: Vec::new(), weight: None, values_max };
        let operator = Patterns { dimensions, wanted: Wanted::Frequent(share) };
        let found = operator.run(vec![table(&[Long; 4], &input)], &Running::unbounded()).expect("it runs");
        let shown = rows(&[Long, Long, Real, Long, Long, Long, Long], &found);
        let mut patterns: BTreeMap<Pattern, usize> = BTreeMap::new();
        let mut products = Vec::new();
        for row in &shown {
            let cells: Vec<Value> = serde_json::from_str(row).expect("a row in JSON");
            let pattern: Pattern = (0..4).filter_map(|column| Some((column, cells[3 + column].as_i64()?))).collect();
            let count = cells[1].as_i64().expect("a count") as usize;
            products.push(count * pattern.len());
            prop_assert!(patterns.insert(pattern, count).is_none(), "a pattern twice");
        }
        prop_assert_eq!(patterns, longest(&drawn, 4, share, values_max));
        prop_assert!(products.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn differing_patterns_count_right_and_the_first_differs_most(
        drawn in proptest::collection::vec((0_i64..3, 0_i64..3, 0_i64..3, proptest::bool::ANY), 2..30),
        threshold in 0.05_f64..0.5,
    ) {
        let named = |in_a: bool| if in_a { "a" } else { "b" };
        let count = |is_a: bool| drawn.iter().filter(|row| row.3 == is_a).count() as f64;
        prop_assume!(count(true) > 0.0 && count(false) > 0.0);
        let input = drawn.iter().map(|row| json!([row.0, row.1, row.2, named(row.3)]).to_string()).collect::<Vec<_>>().join(" ");
        let wildcards = vec![scalar(Long, Value::Null), scalar(Long, Value::Null), scalar(Long, Value::Null), scalar(String, json!(""))];
        let dimensions = Dimensions { wildcards, apart: vec![3], weight: None, values_max: 3 };
        let wanted = Wanted::Different { column: 3, a: "a".to_owned(), b: "b".to_owned(), threshold };
        let operator = Patterns { dimensions, wanted };
        let found = operator.run(vec![table(&[Long, Long, Long, String], &input)], &Running::unbounded()).expect("it runs");
        let shown = rows(&[Long, Long, Long, Real, Real, Real, Long, Long, Long, String], &found);
        let table: Vec<Vec<i64>> = drawn.iter().map(|row| vec![row.0, row.1, row.2]).collect();
        let apart = |rows: &BTreeSet<usize>| {
            let of = |is_a: bool| rows.iter().filter(|row| drawn[**row].3 == is_a).count() as f64;
            (of(true), of(false), (of(true) / count(true) - of(false) / count(false)).abs())
        };
        let all = all_patterns(&table, 3);
        let most = all.values().map(|rows| apart(rows).2).fold(0.0, f64::max);
        prop_assert_eq!(shown.is_empty(), most < threshold);
        for (place, row) in shown.iter().enumerate() {
            let cells: Vec<Value> = serde_json::from_str(row).expect("a row in JSON");
            let pattern: Pattern = (0..3).filter_map(|column| Some((column, cells[6 + column].as_i64()?))).collect();
            let (of_a, of_b, difference) = apart(&all[&pattern]);
            prop_assert_eq!((cells[1].as_f64(), cells[2].as_f64()), (Some(of_a), Some(of_b)));
            prop_assert!(difference >= threshold);
            prop_assert!(place > 0 || difference == most);
        }
    }
}
