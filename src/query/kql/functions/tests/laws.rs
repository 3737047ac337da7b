//! Laws of all functions: no arguments of the declared types make a kernel panic, and what it gives has as many rows as it should and the
//! type that its form declares, the same for a constant as for a column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray};
use proptest::prelude::*;

use super::super::dynamic::path;
use super::super::{Arguments, Body, Column, Function, Overload, Parameter, Takes, all, negation, operator};
use super::values::Value;
use crate::query::kql::tree::BinaryOperator::{Add, Divide, Modulo, Multiply, Subtract};
use crate::query::kql::tree::ScalarType::{self, Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String as Text, Timespan};
use crate::query::kql::types::{LAST_TICK, TICKS_PER_DAY, arrow_type};

const KINDS: [ScalarType; 10] = [Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, Text, Timespan];

/// Texts that some function takes for something.
const TEXTS: &[&str] = &[
    "",
    "a",
    " ",
    "é",
    "😀a\u{301}",
    "\\",
    "\"",
    "(",
    "(a)|(b)",
    "[a-z]+",
    "$.a",
    "$[0]",
    "yyyy-MM-dd HH:mm:ss.fffffff",
    "dd.hh:mm:ss",
    "year",
    "week",
    "nanosecond",
    "linefit",
    "tukey",
    "2024-02-29T12:00:00Z",
    "0001-01-01",
    "9999-12-31T23:59:59.9999999Z",
    "1.02:03:04.5",
    "-9223372036854775808",
    "1e400",
    "0x7fffffffffffffff",
    "{\"a\":{\"b\":[1,\"x\",null]}}",
    "[1,2",
    "<a b=\"c\"><d>e</d></a>",
    "a,b\n\"c,d\"\"\",",
    "10.0.0.1",
    "10.0.0.0/8",
    "fe80::1",
    "::ffff:1.2.3.4/200",
    "https://user:pw@example.com:99999/a/b?c=d&e#f",
    "C:\\dir\\file.txt",
    "aGVsbG8=",
    "%zz%41",
    "xn--bcher-kva.example",
    "1.2.3.4.5",
    "cmd.exe /c \"a b\" -x",
    "74be27de-1e4e-49d9-b579-fe0b331d3642",
    "ezs42",
    "UTC",
];

const DYNAMICS: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1.5",
    "1e400",
    "\"a\"",
    "\"NaN\"",
    "\"\\ud800\"",
    "\"a\\\"b\\\\\"",
    "[]",
    "[1]",
    "[1,2,3,4,5,6,7,8,9,10,11,12]",
    "[null,1.5,\"a\",true,[2],{\"b\":3}]",
    "[\"\",\"b\",\"a\"]",
    "[[1,2],[3]]",
    "[0,0,0,0]",
    "[9223372036854775807,-9223372036854775808]",
    "{}",
    "{\"a\":1,\"b\":{\"c\":[1,{\"d\":null}]}}",
    "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}",
    "{\"type\":\"LineString\",\"coordinates\":[[0,0],[300,1]]}",
    // What is no JSON must not be met, but if it is, nothing breaks.
    "{",
    "[1,",
    "[1 2]",
    "{\"a\"}",
    "{\"a\":",
    "\"open",
    "[}",
    "]",
    " [ 1 , 2 ] ",
    "nonsense",
];

/// Functions that make great values of small ones, whose limits their own cases test.
const GROWING: &[&str] = &["range", "repeat", "strrep"];

/// A sequence of choices that follows from a number.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn values<T: Copy>(&mut self, rows: usize, values: &[T]) -> Vec<Option<T>> {
        (0..rows).map(|_| if self.below(8) == 0 { None } else { Some(self.of(values)) }).collect()
    }

    fn column(&mut self, kind: ScalarType, rows: usize) -> ArrayRef {
        match kind {
            Bool => Arc::new(BooleanArray::from(self.values(rows, &[true, false]))),
            Int => Arc::new(Int32Array::from(self.values(rows, &[0, 1, -1, 2, 3, 7, 64, i32::MIN, i32::MAX]))),
            Long => Arc::new(Int64Array::from(self.values(rows, &[0, 1, -1, 2, 3, 7, 64, 1000, -1000, i64::MIN, 1 << 40]))),
            DateTime => Arc::new(Int64Array::from(self.values(rows, &[0, 1, TICKS_PER_DAY, 638_448_479_999_999_999, LAST_TICK]))),
            Timespan => Arc::new(Int64Array::from(self.values(rows, &[0, 1, -1, TICKS_PER_DAY, -TICKS_PER_DAY, i64::MIN, i64::MAX]))),
            Real => {
                let numbers = [0.0, -0.0, 1.5, -2.5, 0.3, 90.0, 1e300, -1e300, 1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
                Arc::new(Float64Array::from(self.values(rows, &numbers)))
            }
            Decimal => {
                let greatest = 10_i128.pow(38) - 1;
                let values = self.values(rows, &[0, 1, -1, 150_000_000_000_000, greatest, -greatest]);
                Arc::new(Decimal128Array::from(values).with_data_type(arrow_type(Decimal)))
            }
            Text => Arc::new(StringViewArray::from((0..rows).map(|_| Some(self.of(TEXTS))).collect::<Vec<_>>())),
            Guid => Arc::new(StringViewArray::from(self.values(rows, &["74be27de-1e4e-49d9-b579-fe0b331d3642"]))),
            Dynamic => Arc::new(StringViewArray::from(self.values(rows, DYNAMICS))),
        }
    }

    /// The type of an argument for a parameter.
    fn kind(&mut self, parameter: &Parameter) -> Option<ScalarType> {
        Some(match parameter.takes {
            Takes::Only(kind) => kind,
            Takes::Any => self.of(&KINDS),
            Takes::AsText => Text,
            Takes::Ordered => self.of(&[Bool, DateTime, Decimal, Int, Long, Real, Text, Timespan]),
            Takes::Plain => self.of(&[Bool, DateTime, Decimal, Guid, Int, Long, Real, Text, Timespan]),
            Takes::Number => self.of(&[Int, Long, Real, Decimal]),
            Takes::Quantity => self.of(&[Int, Long, Real, Decimal, DateTime, Timespan]),
            Takes::TypeName => return None,
        })
    }
}

/// The functions of the table and those behind operators.
fn functions() -> impl Iterator<Item = &'static Function> {
    let operators = [Add, Subtract, Multiply, Divide, Modulo].into_iter().filter_map(operator);
    all().chain(operators).chain([path(), negation()])
}

/// Calls a form of a function with chosen arguments.
fn check(function: &'static Function, overload: &'static Overload, choices: &mut Choices) {
    const ROWS: usize = 4;
    let Body::Kernel(kernel) = overload.body else { return };
    if GROWING.contains(&function.name) {
        return;
    }
    let count = if overload.repeat > 0 {
        overload.required.max(overload.parameters.len()) + overload.repeat * choices.below(3)
    } else {
        overload.required + choices.below(overload.parameters.len() - overload.required + 1)
    };
    let parameters: Vec<_> = (0..count).filter_map(|index| overload.parameter(index)).collect();
    let kinds: Vec<ScalarType> = parameters.iter().filter_map(|parameter| choices.kind(parameter)).collect();
    let named = overload.parameters.iter().any(|parameter| parameter.takes == Takes::TypeName).then(|| choices.of(&KINDS));
    let Some(chosen) = function.choose(&kinds, named) else { return };
    let Body::Kernel(_) = chosen.overload.body else { return };
    if !std::ptr::eq(chosen.overload, overload) || chosen.arguments != kinds {
        return;
    }
    let all_constant = choices.below(4) == 0;
    let columns: Vec<Column> = kinds
        .iter()
        .zip(&parameters)
        .map(|(kind, parameter)| {
            let constant = all_constant || parameter.constant || choices.below(3) == 0;
            Column { kind: *kind, values: choices.column(*kind, if constant { 1 } else { ROWS }), constant }
        })
        .collect();
    let rows = if all_constant { 1 } else { ROWS };
    let Ok(values) = kernel(&Arguments { rows, columns: &columns, returns: chosen.returns }) else { return };
    assert_eq!(values.len(), rows, "rows of `{}` for {columns:?}", function.name);
    assert_eq!(*values.data_type(), arrow_type(chosen.returns), "type of `{}` for {columns:?}", function.name);
    if chosen.returns == Text {
        assert_eq!(values.null_count(), 0, "a text of `{}` is null for {columns:?}", function.name);
    }
    if matches!(function.name, "new_guid") {
        return;
    }
    // Each row alone gives what it gives among others.
    for row in 0..rows {
        let alone: Vec<Column> = columns
            .iter()
            .map(|column| Column {
                kind: column.kind,
                values: column.values.slice(if column.constant { 0 } else { row }, 1),
                constant: true,
            })
            .collect();
        if let Ok(single) = kernel(&Arguments { rows: 1, columns: &alone, returns: chosen.returns }) {
            let (single, among) = (value(chosen.returns, &single, 0), value(chosen.returns, &values, row));
            assert!(single == among, "`{}` gives {single} alone, {among} among others, for {alone:?}", function.name);
        }
    }
}

fn value(kind: ScalarType, values: &ArrayRef, row: usize) -> String {
    Value { kind, values: values.slice(row, 1) }.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_arguments_break_a_function(seed in any::<u64>()) {
        let mut choices = Choices(seed);
        for function in functions() {
            for overload in function.overloads {
                check(function, overload, &mut choices);
            }
        }
    }
}
