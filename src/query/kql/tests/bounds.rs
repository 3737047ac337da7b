//! Short queries that would make more bytes than a machine has, and long ones that stay within the bound.

use super::recorded::{Plain, answer};

/// Queries that one row alone takes over the bound.
const BEYOND: &[&str] = &[
    "print x = strrep('a', 1024) | extend x = strcat(x, x, x, x, x, x, x, x), y = 1 | extend x = strcat(x, x, x, x, x, x, x, x), y = 2 \
     | extend x = strcat(x, x, x, x, x, x, x, x), y = 3 | extend x = strcat(x, x, x, x, x, x, x, x), y = 4 \
     | extend x = strcat(x, x, x, x, x, x, x, x), y = 5 | extend x = strcat(x, x, x, x, x, x, x, x) | project strlen(x)",
    "print x = strrep('a', 1024) | extend y = replace_string(x, 'a', x) | extend z = replace_string(y, 'a', x) | project strlen(z)",
    "print x = strrep('a', 1024) | extend y = replace_regex(x, 'a', x) | extend z = replace_regex(y, 'a', x) | project strlen(z)",
    "print x = strrep('a', 1024) | extend y = replace_strings(x, dynamic(['a']), pack_array(x)) | extend z = replace_strings(y, dynamic(['a']), pack_array(x)) | project strlen(z)",
    "print x = strrep(strrep(strrep('a', 1024), 1024), 1024) | project strlen(x)",
    "print x = repeat(strrep('a', 1024), 1000000) | project array_length(x)",
    "print x = repeat(1, 1000000) | project strlen(strcat_array(x, strrep('-', 1000)))",
    "print x = repeat(1, 1000000) | project y = array_iff(x, strrep('a', 1000), 0) | project array_length(y)",
    "print x = repeat(1, 100000), s = strrep('a', 1000) | project y = array_shift_right(x, 90000, s) | project array_length(y)",
];

/// Queries whose rows are within the bound one by one, and their answers.
const WITHIN: &[(&str, &str)] = &[
    ("range x from 1 to 20 step 1 | extend b = range(1, 20000, 1) | mv-expand b | count", "400000"),
    ("print a = range(1, 300, 1) | mv-expand a | extend b = range(1, 3000, 1) | mv-expand b | summarize sum(tolong(b))", "1350450000"),
    (
        "print b = range(1, 1000000, 1) | mv-expand b to typeof(long) | summarize count(), sum(b) | project strcat(count_, ' ', sum_b)",
        "1000000 500000500000",
    ),
    (
        "print a = range(1, 20000, 1), b = range(1, 9000, 1) | mv-expand with_itemindex=i a, b | where isnull(b) | summarize strcat(count(), ' ', min(i), ' ', max(i))",
        "11000 9000 19999",
    ),
    ("range x from 1 to 1000 step 1 | extend s = strcat(x, strrep(strrep('a', 1000), 200)) | summarize sum(strlen(s))", "200002893"),
    ("range x from 1 to 500 step 1 | where strlen(strcat(x, strrep(strrep('a', 1000), 200))) == 200002 | count", "90"),
    (
        "range x from 1 to 2000 step 1 | extend s = iff(x % 2 == 0, strrep(strrep('a', 1000), 100), '') | summarize sum(strlen(s))",
        "100000000",
    ),
    ("range x from 1 to 3000 step 1 | extend a = repeat(x, 5000) | summarize sum(array_length(a))", "15000000"),
    ("print x = strrep(strrep('a', 1024), 1024) | project strlen(replace_string(x, 'a', 'bcd'))", "3145728"),
    // Groups leave in slices of one batch, which counts once.
    (
        "range x from 0 to 399999 step 1 | make-series n = count() on x from 0 to 400000 step 100000 by g = x % 100000 \
         | summarize strcat(count(), ' ', sum(array_length(n)))",
        "100000 400000",
    ),
    (
        "range x from 1 to 1000 step 1 | serialize \
         | scan declare (n: long) with (step s: true => n = strlen(strcat(x, strrep(strrep('a', 1000), 200)));) | summarize sum(n)",
        "200002893",
    ),
    // The walks over one to three edges between five nodes: 20, 80 and 300.
    (
        "let N = range i from 1 to 5 step 1 | extend k = 1; N | join kind=inner (N | project j = i, k) on k | where i != j \
         | project s = tostring(i), d = tostring(j), t = strrep(strrep('a', 100), 1000) | make-graph s --> d with_node_id=n \
         | graph-match (a)-[e*1..3]->(b) project x = strlen(strcat(tostring(map(e, t)), '-')) | summarize strcat(count(), ' ', sum(x))",
        "400 108004040",
    ),
    (
        "range x from 1 to 100 step 1 | extend s = strcat(strrep(strrep('a', 1000), 1000), x) | sort by x desc | project y = strlen(s) | summarize sum(y)",
        "100000192",
    ),
];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

#[test]
fn what_becomes_too_long_is_refused_by_the_name_of_the_bound() {
    let (runtime, engine) = (runtime(), Plain::new());
    let mut wrong = Vec::new();
    for query in BEYOND {
        let found = runtime.block_on(answer(&engine, query));
        let refused = found.as_ref().is_err_and(|fault| fault.code == "kql_limit" && fault.message.contains("expression_bytes_max"));
        if !refused {
            wrong.push(format!("{query}\n    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_scan_keeps_of_its_rows_counts_as_memory() {
    let (runtime, engine) = (runtime(), Plain::within(200 << 20));
    let query = "range x from 1 to 40 step 1 | serialize \
         | scan declare (s: string) with (step a: true => s = strcat(a.s, strrep(strrep('b', 1000), 1000));) | summarize sum(strlen(s))";
    let found = runtime.block_on(answer(&engine, query));
    let refused = found.as_ref().is_err_and(|fault| fault.code == "kql_limit" && fault.message.contains("memory_max"));
    assert!(refused, "{found:?}");
}

#[test]
fn what_is_long_only_as_a_whole_is_answered() {
    let (runtime, engine) = (runtime(), Plain::new());
    let mut wrong = Vec::new();
    for (query, expected) in WITHIN {
        let found = runtime.block_on(answer(&engine, query));
        let value = found.as_ref().ok().and_then(|(_, rows)| rows.first()?.first()).map(|value| value.to_string().replace('"', ""));
        if value.as_deref() != Some(expected) {
            wrong.push(format!("{query}\n    {found:?}\n    expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
