//! Rows walked through steps.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::logical_expr::Operator::{And, Eq, Gt, LtEq, Minus, NotEq, Plus};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, lit};

use super::super::super::tree::ScalarType::{Long, String};
use super::super::super::tree::ScanOutput;
use super::super::scan::{Scan, Step};
use super::{run, scalar, table};

type Value = Arc<dyn PhysicalExpr>;

fn column(place: usize) -> Value {
    Arc::new(Column::new(&format!("c{place}"), place))
}

fn binary(left: Value, operator: Operator, right: Value) -> Value {
    Arc::new(BinaryExpr::new(left, operator, right))
}

fn text(text: &str) -> Value {
    lit(ScalarValue::Utf8View(Some(text.to_owned())))
}

fn step(output: ScanOutput, condition: Value, assignments: Vec<(usize, Value)>) -> Step {
    Step { output, condition, assignments }
}

#[test]
fn a_step_remembers_what_it_was_given() {
    // cumulative = x + s1.cumulative
    let sum = binary(column(0), Plus, column(1));
    let scan = Scan {
        columns: 1,
        declared: vec![scalar(Long, 0.into())],
        partition: Vec::new(),
        steps: vec![step(ScanOutput::All, lit(true), vec![(0, sum)])],
        match_id: false,
    };
    assert_eq!(run(&scan, table(&[Long], "[1] [2] [3] [4]"), &[Long, Long]), ["[1,1]", "[2,3]", "[3,6]", "[4,10]"]);
}

/// Events between a start and a stop at most 5 apart: the walk that the documentation follows record by record.
fn between(output: ScanOutput) -> Scan {
    // Columns: 0 time, 1 event; 2, 3 what the step knows of s1; then s2, s3.
    let near = || binary(binary(column(0), Minus, column(2)), LtEq, lit(5_i64));
    let is = |operator, name| binary(column(1), operator, text(name));
    let inside = binary(binary(is(NotEq, "Start"), And, is(NotEq, "Stop")), And, near());
    Scan {
        columns: 2,
        declared: Vec::new(),
        partition: Vec::new(),
        steps: vec![
            step(ScanOutput::All, is(Eq, "Start"), Vec::new()),
            step(output, inside, Vec::new()),
            step(ScanOutput::All, binary(is(Eq, "Stop"), And, near()), Vec::new()),
        ],
        match_id: true,
    }
}

const EVENTS: &str = r#"[0,"A"] [1,"Start"] [2,"B"] [3,"D"] [4,"Stop"] [6,"C"] [8,"Start"] [11,"E"] [12,"Stop"]"#;

#[test]
fn steps_follow_each_other() {
    let walked = |output| run(&between(output), table(&[Long, String], EVENTS), &[Long, String, Long]);
    let all =
        [r#"[1,"Start",0]"#, r#"[2,"B",0]"#, r#"[3,"D",0]"#, r#"[4,"Stop",0]"#, r#"[8,"Start",1]"#, r#"[11,"E",1]"#, r#"[12,"Stop",1]"#];
    assert_eq!(walked(ScanOutput::All), all);
    let none: Vec<&str> = all.into_iter().filter(|row| row.contains("St")).collect();
    assert_eq!(walked(ScanOutput::None), none);
}

#[test]
fn sessions_start_anew_once_the_last_step_is_reached() {
    // 0 time; declared 1; s1: time 2, declared 3; s2: time 4, declared 5. start = iff(isnull(s1.start), time, s1.start)
    let started = datafusion::physical_expr::expressions::is_null(column(1)).expect("an expression");
    let start = datafusion::physical_expr::expressions::case(None, vec![(started, column(0))], Some(column(1))).expect("an expression");
    let scan = |partition: Vec<usize>, columns: usize, start: Value, ended: Value| Scan {
        columns,
        declared: vec![ScalarValue::Int64(None)],
        partition,
        steps: vec![step(ScanOutput::All, lit(true), vec![(0, start)]), step(ScanOutput::None, ended, Vec::new())],
        match_id: true,
    };
    let ended = binary(binary(column(0), Minus, column(3)), Gt, lit(30_i64));
    assert_eq!(
        run(&scan(Vec::new(), 1, Arc::clone(&start), Arc::clone(&ended)), table(&[Long], "[0] [1] [32] [36] [75]"), &[Long, Long, Long]),
        ["[0,0,0]", "[1,0,0]", "[32,32,1]", "[36,32,1]", "[75,75,2]"]
    );
    // Parts are walked alone; the column that parts them is handed on without being read.
    assert_eq!(
        run(&scan(vec![1], 1, start, ended), table(&[Long, String], r#"[0,"a"] [1,"b"] [20,"a"] [40,"b"]"#), &[Long, String, Long, Long]),
        [r#"[0,"a",0,0]"#, r#"[20,"a",0,0]"#, r#"[1,"b",1,1]"#, r#"[40,"b",40,2]"#]
    );
}

#[test]
fn only_the_last_of_repeated_matches_is_given() {
    // 0 time, 1 event; s1: 2, 3; s2: 4, 5
    let is = |name| binary(column(1), Eq, text(name));
    let scan = Scan {
        columns: 2,
        declared: Vec::new(),
        partition: Vec::new(),
        steps: vec![step(ScanOutput::Last, is("a"), Vec::new()), step(ScanOutput::All, is("b"), Vec::new())],
        match_id: false,
    };
    let events = r#"[1,"a"] [2,"a"] [3,"b"] [4,"b"] [5,"a"]"#;
    assert_eq!(run(&scan, table(&[Long, String], events), &[Long, String]), [r#"[2,"a"]"#, r#"[3,"b"]"#, r#"[4,"b"]"#, r#"[5,"a"]"#]);
}
