//! Operators over small tables. Answers are those of Microsoft's engine or its documentation where they are known.

mod patterns;
mod plugins;
mod sequences;
mod texts;
mod walks;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};
use datafusion::common::ScalarValue;
use serde_json::Value;

use super::super::aggregates::find;
use super::super::aggregates::tests::{column, shown};
use super::super::tree::ScalarType::{self, Bool, DateTime, Dynamic, Long, Real, String, Timespan};
use super::bags::{BagReader, BagSurvey, Narrow, Pivot, PivotSurvey};
use super::nested::{Computed, Input, Level, TopNested};
use super::series::{Axis, MakeSeries};
use super::{RowsOperator, Running};

/// A table out of rows in JSON.
fn table(kinds: &[ScalarType], rows: &str) -> RecordBatch {
    let rows: Vec<Vec<Value>> = serde_json::Deserializer::from_str(rows).into_iter().map(|row| row.expect("rows in JSON")).collect();
    let columns: Vec<ArrayRef> =
        kinds.iter().enumerate().map(|(place, kind)| column(*kind, &rows.iter().map(|row| row.get(place)).collect::<Vec<_>>())).collect();
    let fields: Vec<Field> =
        columns.iter().enumerate().map(|(place, column)| Field::new(format!("c{place}"), column.data_type().clone(), true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).expect("columns of one length")
}

/// The rows of a result in JSON.
fn rows(kinds: &[ScalarType], columns: &[ArrayRef]) -> Vec<std::string::String> {
    assert_eq!(kinds.len(), columns.len());
    let cells = |row| kinds.iter().zip(columns).map(|(kind, column)| shown(&[*kind], column, row)).collect::<Vec<_>>().join(",");
    (0..columns.first().map_or(0, |column| column.len())).map(|row| format!("[{}]", cells(row))).collect()
}

fn run(operator: &dyn RowsOperator, input: RecordBatch, kinds: &[ScalarType]) -> Vec<std::string::String> {
    rows(kinds, &operator.run(vec![input], &Running::unbounded()).expect("it runs"))
}

fn scalar(kind: ScalarType, value: Value) -> ScalarValue {
    ScalarValue::try_from_array(&column(kind, &[Some(&value)]), 0).expect("a value of its type")
}

fn computed(name: &str, arguments: &[(ScalarType, usize)]) -> Computed {
    Computed {
        aggregate: find(name).expect("an aggregate of the table"),
        kinds: arguments.iter().map(|(kind, _)| *kind).collect(),
        arguments: arguments.iter().map(|(_, column)| Input::Column(*column)).collect(),
    }
}

fn level(count: Option<i64>, (kind, value): (ScalarType, usize), aggregate: Computed) -> Level {
    Level { count, value, kind, others: None, aggregate, ascending: false }
}

#[test]
fn top_nested_takes_the_greatest_of_each_level() {
    let kinds = [String, String, Long];
    let sum = || computed("sum", &[(Long, 2)]);
    let input = || table(&kinds, r#"["a","x",10] ["a","x",20] ["a","y",5] ["b","x",30]"#);
    let levels = vec![level(Some(2), (String, 0), sum()), level(Some(2), (String, 1), sum()), level(Some(1), (Long, 2), sum())];
    assert_eq!(
        run(&TopNested { levels }, input(), &[String, Long, String, Long, Long, Long]),
        [r#"["a",35,"x",30,20,20]"#, r#"["a",35,"y",5,5,5]"#, r#"["b",30,"x",30,30,30]"#]
    );

    let input = table(&kinds, r#"["a","x",10] ["a","y",20] ["b","x",30] ["b","z",5] ["c","w",100]"#);
    let levels = vec![Level { ascending: true, ..level(Some(2), (String, 0), sum()) }, level(Some(1), (String, 1), sum())];
    assert_eq!(run(&TopNested { levels }, input, &[String, Long, String, Long]), [r#"["a",30,"y",20]"#, r#"["b",35,"x",30]"#]);

    let others = Some(scalar(String, "the rest".into()));
    let input = table(&kinds, r#"["a","x",10] ["b","x",30] ["c","w",100] ["c","v",1]"#);
    let levels = vec![
        Level { others: others.clone(), ..level(Some(1), (String, 0), sum()) },
        Level { others, ..level(Some(1), (String, 1), sum()) },
    ];
    assert_eq!(
        run(&TopNested { levels }, input, &[String, Long, String, Long]),
        [r#"["c",101,"w",100]"#, r#"["c",101,"the rest",1]"#, r#"["the rest",40,"",null]"#]
    );
    assert_eq!(run(&TopNested { levels: vec![level(None, (String, 0), sum())] }, table(&kinds, ""), &[String, Long]), [""; 0]);
}

#[test]
fn series_have_a_value_for_each_step() {
    let day = |text: &str| scalar(DateTime, text.into());
    let axis =
        Axis::new(DateTime, Some(&day("2021-01-01")), Some(&day("2021-01-08")), &scalar(Timespan, "2d".into()), false).expect("an axis");
    let times = table(&[DateTime], r#"["2021-01-01"] ["2021-01-02T23:00"] ["2021-01-07"] ["2021-01-08"] ["2020-12-31"] [null]"#);
    let slots = axis.slots(times.column(0)).expect("slots");
    assert_eq!(rows(&[Long], &[slots]), ["[0]", "[0]", "[3]", "[null]", "[null]", "[null]"]);

    let operator =
        |non_empty, axis: Axis| MakeSeries { groups: 1, series: vec![Long], defaults: vec![scalar(Long, 0.into())], axis, non_empty };
    assert_eq!(
        run(
            &operator(false, axis.clone()),
            table(&[String, Long, Long], r#"["a",0,10] ["b",1,20] ["a",3,30]"#),
            &[String, Dynamic, Dynamic]
        ),
        [
            r#"["a",[10,0,0,30],["2021-01-01T00:00:00.0000000Z","2021-01-03T00:00:00.0000000Z","2021-01-05T00:00:00.0000000Z","2021-01-07T00:00:00.0000000Z"]]"#,
            r#"["b",[0,20,0,0],["2021-01-01T00:00:00.0000000Z","2021-01-03T00:00:00.0000000Z","2021-01-05T00:00:00.0000000Z","2021-01-07T00:00:00.0000000Z"]]"#,
        ]
    );
    assert_eq!(run(&operator(false, axis), table(&[String, Long, Long], ""), &[String, Dynamic, Dynamic]), [""; 0]);

    let numbers =
        Axis::new(Long, Some(&scalar(Long, 1.into())), Some(&scalar(Long, 6.into())), &scalar(Long, 1.into()), false).expect("an axis");
    let lone = MakeSeries { groups: 0, series: vec![Real], defaults: vec![scalar(Real, Value::Null)], axis: numbers, non_empty: true };
    assert_eq!(run(&lone, table(&[Long, Real], "[4,0.5] [0,2.0]"), &[Dynamic, Dynamic]), ["[[2.0,null,null,null,0.5],[1,2,3,4,5]]"]);
    assert_eq!(run(&lone, table(&[Long, Real], ""), &[Dynamic, Dynamic]), ["[[null,null,null,null,null],[1,2,3,4,5]]"]);
}

#[test]
fn an_axis_without_bounds_has_those_of_its_series() {
    let axis = Axis::new(Long, None, None, &scalar(Long, 10.into()), false).expect("an axis");
    let slots = axis.slots(table(&[Long], "[25] [-1] [30]").column(0)).expect("slots");
    assert_eq!(rows(&[Long], &[slots]), ["[2]", "[-1]", "[3]"]);
    let series = MakeSeries { groups: 1, series: vec![Long], defaults: vec![scalar(Long, 0.into())], axis, non_empty: false };
    assert_eq!(
        run(&series, table(&[Bool, Long, Long], "[true,2,7] [null,-1,8] [true,4,9]"), &[Bool, Dynamic, Dynamic]),
        ["[true,[7,0,9],[20,30,40]]", "[null,[8],[-10]]"]
    );
    // `in range`: the end is inside, and values are multiples of the step.
    let axis = Axis::new(Real, Some(&scalar(Real, 0.5.into())), Some(&scalar(Real, 3.0.into())), &scalar(Real, 1.0.into()), true)
        .expect("an axis");
    let slots = axis.slots(table(&[Real], "[0.7] [1.2] [3.5] [4.0]").column(0)).expect("slots");
    assert_eq!(rows(&[Long], &[slots]), ["[null]", "[1]", "[3]", "[null]"]);
    assert!(Axis::new(String, None, None, &scalar(Long, 1.into()), false).is_err());
    assert!(Axis::new(Long, None, None, &scalar(Long, 0.into()), false).is_err());
    assert!(Axis::new(Long, Some(&scalar(Long, 0.into())), Some(&scalar(Long, 3_000_000.into())), &scalar(Long, 1.into()), false).is_err());
}

#[test]
fn properties_of_bags_become_columns() {
    let bags = table(&[Dynamic], r#"[{"b":"x","a":1,"c":[3]}] [{"a":2.5,"d":null}] [null] [[7]] [{"b":"y"}]"#);
    let mut survey = BagSurvey::default();
    survey.add(bags.column(0)).expect("few properties");
    let columns = survey.columns();
    let expected = [("a", Dynamic), ("b", String), ("c", Dynamic), ("d", Dynamic)];
    assert_eq!(columns, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let read = BagReader::new(columns).apply(bags.column(0));
    assert_eq!(
        rows(&[Dynamic, String, Dynamic, Dynamic], &read),
        [r#"[1,"x",[3],null]"#, r#"[2.5,"",null,null]"#, r#"[null,"",null,null]"#, r#"[null,"",null,null]"#, r#"[null,"y",null,null]"#]
    );
    let typed = BagReader::new(vec![("a".to_owned(), Long), ("b".to_owned(), Long), ("c".to_owned(), String)]).apply(bags.column(0));
    assert_eq!(rows(&[Long, Long, String], &typed)[..2], [r#"[1,null,"[3]"]"#, r#"[2,null,""]"#]);
}

#[test]
fn values_become_columns_and_back() {
    let input = || table(&[String, String, Long], r#"["High","AL",3] ["Low","AK",1] ["High","AK",2] ["High","AL",4]"#);
    let mut survey = PivotSurvey::default();
    survey.add(input().column(1)).expect("few values");
    assert_eq!(survey.columns(), ["AL", "AK"]);
    let pivot = |name, arguments: &[(ScalarType, usize)]| Pivot {
        groups: vec![0],
        column: 1,
        values: survey.columns(),
        aggregate: computed(name, arguments),
    };
    assert_eq!(run(&pivot("count", &[]), input(), &[String, Long, Long]), [r#"["High",2,1]"#, r#"["Low",0,1]"#]);
    assert_eq!(run(&pivot("max", &[(Long, 2)]), input(), &[String, Long, Long]), [r#"["High",4,2]"#, r#"["Low",null,1]"#]);

    let narrow = Narrow { columns: vec![("place".to_owned(), String), ("count".to_owned(), Long)] };
    assert_eq!(
        run(&narrow, table(&[String, Long], r#"["AL",3] ["AK",null]"#), &[Long, String, String]),
        [r#"[0,"place","AL"]"#, r#"[0,"count","3"]"#, r#"[1,"place","AK"]"#, r#"[1,"count",""]"#]
    );
}
