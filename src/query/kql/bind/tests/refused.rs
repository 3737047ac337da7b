//! Texts that the engine refuses, with the place and code that we give. That they are refused was read off its answers or its analyzer.

use super::{Given, Severity, bound, errors, shipped};
use crate::query::kql::diagnostics::Code;

const REFUSED: &[(&str, &str)] = &[
    ("print x = 1 | where x", "kql_type_mismatch `x`"),
    ("print s = 'a' | project tostring(s), s", "kql_duplicate_column `s`"),
    ("print s = 'a' | extend tostring(s), tostring(s)", "kql_duplicate_column `s`"),
    ("print s = 'a' | summarize by s, tostring(s)", "kql_duplicate_column `s`"),
    ("print x = 1 | where x = 1", "kql_type_mismatch `1`"),
    ("print 'a' + 'b'", "kql_type_mismatch `'a' + 'b'`"),
    ("print now() + 1", "kql_type_mismatch `now() + 1`"),
    ("print -'a'", "kql_type_mismatch `-'a'`"),
    ("print datetime(2020) > '2020'", "kql_type_mismatch `datetime(2020) > '2020'`"),
    ("print 1 has 'a'", "kql_type_mismatch `1 has 'a'`"),
    ("print 1 in~ (1)", "kql_type_mismatch `1 in~ (1)`"),
    ("print 'a' between ('a' .. 'b')", "kql_type_mismatch `'a' between ('a' .. 'b')`"),
    ("print iff(1, 2, 3)", "kql_type_mismatch `1`"),
    ("print 'a' < 'b'", "kql_type_mismatch `'a' < 'b'`"),
    ("print guid(null) >= guid(null)", "kql_type_mismatch `guid(null) >= guid(null)`"),
    ("print x = dynamic({}) | where x.t > datetime(2020)", "kql_type_mismatch `x.t > datetime(2020)`"),
    ("print x = dynamic({}) | where x.a < '5'", "kql_type_mismatch `x.a < '5'`"),
    ("print x = dynamic(1) | where true < x", "kql_type_mismatch `true < x`"),
    ("print 1d > 1", "kql_type_mismatch `1d > 1`"),
    ("print 1 == now()", "kql_type_mismatch `1 == now()`"),
    ("let T = print k = 1; T | join T", "kql_missing_join_key `join T`"),
    ("print coalesce(toint(1), 2.0)", "kql_type_mismatch `coalesce(toint(1), 2.0)`"),
    ("print x = dynamic({}) | project startofday(x.t)", "kql_type_mismatch `startofday(x.t)`"),
    ("print x = dynamic({}) | project round(x.r)", "kql_type_mismatch `round(x.r)`"),
    ("print x = dynamic({}) | project substring('a', x.n)", "kql_type_mismatch `substring('a', x.n)`"),
    ("print x = dynamic({}) | project iff(x.b, 1, 2)", "kql_type_mismatch `x.b`"),
    ("print x = dynamic({}) | where not(x.b)", "kql_type_mismatch `not(x.b)`"),
    ("print x = dynamic({}) | where x.t between (datetime(2020) .. 1d)", "kql_type_mismatch `x.t between (datetime(2020) .. 1d)`"),
    ("print x = dynamic({}) | project coalesce(x.a, 'b')", "kql_type_mismatch `coalesce(x.a, 'b')`"),
    ("print x = dynamic({}) | summarize countif(x.b)", "kql_type_mismatch `countif(x.b)`"),
    ("print x = dynamic({}) | summarize count_distinct(x.b)", "kql_type_mismatch `count_distinct(x.b)`"),
    ("print x = dynamic({}) | project hash(x)", "kql_type_mismatch `hash(x)`"),
    ("print x = guid(null) | summarize max(x)", "kql_type_mismatch `max(x)`"),
    ("print case(true, 1, false, 2)", "kql_argument_count `case(true, 1, false, 2)`"),
    ("print max_of(1)", "kql_argument_count `max_of(1)`"),
    ("print x = dynamic([]) | project set_union(x)", "kql_argument_count `set_union(x)`"),
    ("range x from 1 to 2 step 0", "kql_unknown_option `0`"),
    ("print x = 1 | where x in~ (print y = 1)", "kql_type_mismatch `x`"),
    ("print x = dynamic({}) | sort by x", "kql_dynamic_key `x`"),
    ("print x = dynamic({}) | summarize count() by x.a", "kql_dynamic_key `x.a`"),
    ("print x = dynamic({}) | distinct x", "kql_dynamic_key `x`"),
    ("print x = 1 | where count() > 1", "kql_misplaced_aggregate `count()`"),
    ("print x = 1 | summarize x", "kql_not_aggregated `x`"),
    ("print x = 1, y = 2 | summarize sum(x) + y by y", "kql_not_aggregated `y`"),
    ("print x = 1 | summarize sum(max(x))", "kql_misplaced_aggregate `max(x)`"),
    ("print x = 'a' | summarize sum(x)", "kql_type_mismatch `sum(x)`"),
    ("print x = 1 | extend y = x, z = y", "kql_unknown_column `y`"),
    ("print x = 1 | project X", "kql_unknown_column `X`"),
    ("print k = 1, v = 2 | summarize countif(v > 1) by k | where countif_v > 0", "kql_unknown_column `countif_v`"),
    ("print s = 'a' | summarize count() by tolower(s) | order by tolower_s", "kql_unknown_column `tolower_s`"),
    ("print t = now() | summarize count() by bin(t, 1h) | order by bin_t", "kql_unknown_column `bin_t`"),
    ("let A = print x = 1; let B = print x = 1.5; A | union B | order by x asc", "kql_unknown_column `x`"),
    ("let T = print k = 1; T | join (T | extend k = 'a') on k", "kql_type_mismatch `k`"),
    ("let T = print k = 1; T | join (T | extend k = dynamic(1)) on k", "kql_dynamic_key `k`"),
    ("let T = print k = 1; T | join T on tostring(k)", "kql_bad_join_key `tostring(k)`"),
    ("let T = print k = 1; T | join T on $left.k + 1 == $right.k", "kql_bad_join_key `$left.k + 1 == $right.k`"),
    ("let T = print k = 1; T | join T on $left.k == $right.nope", "kql_unknown_column `nope`"),
    ("print k = 1 | project k, k", "kql_duplicate_column `k`"),
    ("print k = 1 | extend a = 1, a = 2", "kql_duplicate_column `a`"),
    ("print k = 1, v = 2 | project-rename v = k", "kql_duplicate_column `project-rename v = k`"),
    ("print k = 1 | project-away nope", "kql_unknown_column `nope`"),
    ("print k = 1 | mv-expand k", "kql_type_mismatch `k`"),
    ("datatable(a: long, b: string) [1, 'x', 2]", "kql_cell_count `datatable(a: long, b: string) [1, 'x', 2]`"),
    ("datatable(v: real) [0.0 / 0.0]", "kql_expected `/`"),
    ("print x = 1 | take 'a'", "kql_type_mismatch `'a'`"),
    ("print t = 1 | sort by t | extend g = t - prev(t, 1, t)", "kql_not_constant `t`"),
    ("let T = datatable(t: long) [1]; T | extend n = row_number()", "kql_not_ordered `row_number()`"),
    ("print s = 'a' | sort by s | scan declare (g: long = 0) with (step s1: s != prev(s) => g = s1.g + 1;)", "kql_misplaced `prev(s)`"),
    ("let f = (x: long) { x }; print f('a')", "kql_type_mismatch `'a'`"),
    ("let f = (x: long) { x }; print f()", "kql_argument_count `f()`"),
    ("let f = (T: (a: long)) { T }; f(datatable(b: long) [])", "kql_missing_column `datatable(b: long) []`"),
    ("let f = (x: long) { toscalar(print b = 1 | where b == x) }; print a = 1 | extend y = f(a)", "kql_row_value_in_table `x`"),
    ("let x = 1; let x = 2; print x", "kql_duplicate_name `x`"),
    ("print tostring()", "kql_argument_count `tostring()`"),
    ("print s = 'a' | extend p = s.a", "kql_no_parts `s.a`"),
    ("SigninLogs | invoke FileProfile()", "kql_unavailable `FileProfile`"),
    ("macro-expand G as X (X.SigninLogs)", "kql_unknown_table `G`"),
    ("let G = entity_group [SigninLogs]; G | count", "kql_misplaced `G`"),
    ("let D = database('d'); print D", "kql_misplaced `D`"),
    (
        "macro-expand entity_group [SigninLogs] as X (let y = 1;)",
        "kql_no_result `macro-expand entity_group [SigninLogs] as X (let y = 1;)`",
    ),
    ("print hll_isvalid(dynamic({}))", "kql_unsupported `hll_isvalid`"),
    ("_GetWatchlist('nope') | take 1", "kql_unknown_watchlist `_GetWatchlist('nope')`"),
    ("Nowhere | make-series n = count() on T from datetime(2024-01-01) to datetime(2024-01-02) step 1h", "kql_unknown_table `Nowhere`"),
    ("let f = (T: (k: string)) { T | summarize by k | join (T) on k }; Nowhere | invoke f()", "kql_unknown_table `Nowhere`"),
    ("print x = 1 | evaluate preview(1) | count", "kql_misplaced `count`"),
    ("SigninLogs | evaluate nope()", "kql_unknown_plugin `nope`"),
    ("SigninLogs | graph-match (a)-->(b) project a", "kql_graph_expected `graph-match (a)-->(b) project a`"),
    ("SigninLogs | make-graph UserId --> AppId", "kql_graph_as_table `SigninLogs | make-graph UserId --> AppId`"),
    ("SigninLogs | make-graph UserId --> AppId | graph-match (a)-->(b), (c)-->(d) project 1", "kql_patterns_apart `(a)-->(b), (c)-->(d)`"),
];

#[test]
fn what_the_engine_refuses_is_refused() {
    let tables = shipped();
    let differing: Vec<String> = REFUSED
        .iter()
        .filter_map(|(text, expected)| {
            let found = errors(text, &bound(text, &tables));
            (found != [*expected]).then(|| format!("{text}\n    expected {expected}\n    found    {}", found.join(" and ")))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn a_watchlist_that_is_not_there_is_a_warning_to_who_checks() {
    let text = "_GetWatchlist('nope') | where SearchKey == 'x' | project Name = SearchKey, Own";
    let found = crate::query::kql::run::check(text, &shipped(), &Given::default());
    let found: Vec<_> = found.iter().map(|diagnostic| (diagnostic.code, diagnostic.severity)).collect();
    assert_eq!(found, [(Code::UnknownWatchlist, Severity::Warning)]);
}

#[test]
fn near_names_are_proposed() {
    let tables = shipped();
    for (text, help) in [
        ("SigninLog | take 1", "did you mean 'SigninLogs'?"),
        ("SigninLogs | project UserPrincipalname", "did you mean 'UserPrincipalName'?"),
        ("SigninLogs | extend x = tostrng(UserId)", "did you mean 'tostring'?"),
    ] {
        let binding = bound(text, &tables);
        let found = binding.diagnostics.first().and_then(|diagnostic| diagnostic.help.clone());
        assert_eq!(found.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn tables_that_hold_each_other_twice_are_refused() {
    let tables = shipped();
    for operator in ["union", "join"] {
        let on = if operator == "join" { " on x" } else { "" };
        let first = "let t0 = range x from 1 to 2 step 1;".to_owned();
        let text = (1..60).fold(first, |text, n| format!("{text} let t{n} = t{0} | {operator} t{0}{on};", n - 1)) + " t59 | count";
        let found = errors(&text, &bound(&text, &tables));
        assert!(!found.is_empty() && found.iter().all(|error| error.starts_with("kql_too_large")), "{found:?}");
    }
    let first = "let t0 = range x from 1 to 2 step 1;".to_owned();
    let text = (1..60).fold(first, |text, n| format!("{text} let t{n} = materialize(t{0} | union t{0});", n - 1)) + " t59 | count";
    assert_eq!(errors(&text, &bound(&text, &tables)), Vec::<String>::new(), "what runs once is small");
}
