//! Mistakes and what is said of them.

use super::super::{Code, Severity, parse};
use super::diagnoses;

/// Texts, and all that is said of each: code, bytes, message, advice.
const CASES: &[(&str, &[&str])] = &[
    ("T | wehre a == 1", &["kql_operator_expected 4..9 expected an operator, found `wehre` (did you mean `where`?)"]),
    (
        "T | Where a | foo 1 | take",
        &[
            "kql_operator_expected 4..9 expected an operator, found `Where` (did you mean `where`?)",
            "kql_operator_expected 14..17 expected an operator, found `foo`",
            "kql_missing_expression 26..26 expected an expression, found the end of the text",
        ],
    ),
    ("T |", &["kql_operator_expected 3..3 expected an operator, found the end of the text"]),
    ("T || take 1", &["kql_operator_expected 3..4 expected an operator, found `|`"]),
    (
        "T | print 1",
        &["kql_operator_expected 4..9 expected an operator, found `print` (`print` begins a query; to add columns use `extend`)"],
    ),
    ("where a", &["kql_missing_input 0..5 expected a table in front of `where` (write `Table | where ...`)"]),
    (
        "T | where [a] == 1",
        &["kql_misplaced 10..11 expected a quoted name in brackets (write `['a']` if it is a name, `dynamic([...])` if it is an array)"],
    ),
    ("T datascope=cold", &["kql_expected 12..16 expected `all` or `hotcache`, found `cold`"]),
    ("T | where a ==", &["kql_missing_expression 14..14 expected an expression, found the end of the text"]),
    ("T | where (a", &["kql_expected 12..12 expected `)`, found the end of the text"]),
    ("T | where a)", &["kql_unexpected_fragment 11..12 unexpected `)`"]),
    ("T | where a == b == c", &["kql_unexpected_fragment 17..19 unexpected `==`"]),
    ("T | where a has \"x\" has \"y\"", &["kql_unexpected_fragment 20..23 unexpected `has`"]),
    (
        "T | where title == 1",
        &["kql_reserved_name 10..15 keyword `title` stands where a name is expected (write `['title']` if it is a name)"],
    ),
    (
        "T | summarize count(), by a",
        &["kql_missing_expression 23..25 expected an expression, found `by` (if `by` is a name, write `['by']`)"],
    ),
    ("let x = 1 T | take 1", &["kql_missing_semicolon 10..11 expected `;` in front of `T`"]),
    (";T", &["kql_missing_expression 0..1 expected an expression, found `;`"]),
    ("print \"abc", &["kql_unclosed_string 6..10 string without its closing quote (close it on the same line, or write it between ```)"]),
    (
        "print 'a\\qb'",
        &[
            "kql_bad_escape 8..9 backslash with no known escape behind it (write `\\\\`, or put `@` in front of the string to take it as it stands)",
        ],
    ),
    ("print datetime(2024-01-01\n", &["kql_unclosed_literal 6..15 expected `)` behind `datetime(` on the same line"]),
    ("print datetime(foo)", &["kql_invalid_literal 6..19 `datetime(foo)` is no value of type datetime"]),
    (
        "print 74be27de-1e4e-49d9-b579-fe0b331d3642",
        &[
            "kql_raw_guid 6..42 expected `guid(74be27de-1e4e-49d9-b579-fe0b331d3642)`, found the bare identifier (write `guid(74be27de-1e4e-49d9-b579-fe0b331d3642)` or a string)",
        ],
    ),
    ("T | where a ^ b", &["kql_unexpected_character 12..13 unexpected character `^`"]),
    ("datatable(a:strng)[]", &["kql_unknown_type 12..17 expected a type, found `strng` (did you mean `string`?)"]),
    ("T | join kind=iner U on a", &["kql_unknown_option 14..18 expected a known `kind`, found `iner` (did you mean `inner`?)"]),
    ("T | join U", &[]),
    ("T | lookup U", &["kql_expected 12..12 expected `on`, found the end of the text"]),
    ("# a\n // b\n #c\nT", &[]),
    ("T # | take 1", &["kql_unexpected_character 2..3 unexpected character `#`"]),
    ("T\n# a\n| take 1", &["kql_unexpected_character 2..3 unexpected character `#`"]),
    ("T | project-awaywithstr a", &["kql_operator_expected 4..23 expected an operator, found `project-awaywithstr`"]),
    ("T | render piechart by a, b with (title=\"x\")", &[]),
    ("T | sort a", &["kql_expected 9..10 expected `by`, found `a`"]),
    ("let = 1; T", &["kql_unexpected_fragment 4..5 unexpected `=`"]),
    ("T | as 5", &["kql_missing_name 7..8 expected a name, found `5`"]),
    ("print dynamic({a:1})", &["kql_expected 15..16 expected a string, found `a`"]),
    (
        "T | parse-kv a as (x:string) with (pair_delimeter=',')",
        &["kql_expected 35..49 expected an option, found `pair_delimeter` (did you mean `pair_delimiter`?)"],
    ),
    ("T | make-graph a -> b", &["kql_expected 17..18 expected `-->` or `--`, found `-`"]),
    (
        "T | as hint.materialised=true X",
        &["kql_unknown_option 7..24 expected a known hint, found `materialised` (did you mean `materialized`?)"],
    ),
    (
        "T | join (materialize(U | take 1)) on a",
        &["kql_missing_expression 10..21 expected `materialize` only behind `let name =` (name it first: `let Rows = materialize(...);`)"],
    ),
    (
        "let a = materialize(T) | take 1; a",
        &["kql_unexpected_fragment 23..24 unexpected `|` behind `materialize(...)` (write the operators inside, or behind the name)"],
    ),
    ("T | where a in (U | take 1, 2)", &["kql_unexpected_fragment 26..27 unexpected `,`"]),
];

#[test]
fn mistakes_are_told_all_at_once() {
    for (text, expected) in CASES {
        assert_eq!(diagnoses(text), *expected, "{text}");
    }
}

#[test]
fn every_code_has_a_case() {
    let of_the_syntax = Code::ALL.iter().skip_while(|code| **code != Code::TooLong).take_while(|code| **code != Code::UnknownTable);
    for code in of_the_syntax {
        let is_limit = matches!(code, Code::TooLong | Code::TooDeep);
        let has_case = CASES.iter().any(|(_, all)| all.iter().any(|one| one.starts_with(code.as_str())));
        assert!(is_limit || has_case, "{code}");
    }
}

#[test]
fn values_that_are_none_do_not_stop_a_query() {
    let parsed = parse("print int(abc)");
    assert_eq!(parsed.diagnostics[0].severity, Severity::Warning);
    assert!(parsed.is_valid());
}

#[test]
fn the_rest_is_read_behind_a_mistake() {
    let parsed = parse("T | foo bar (1, 2) | where a == 1; let x = ; U | take 1");
    assert_eq!(parsed.diagnostics.len(), 2);
    assert_eq!(parsed.query.statements.len(), 3);
}
