//! Names and types of columns. What is expected was read off the official analyzer, for aggregates and duplicates also off recorded answers.

use super::{bound, errors, schema, shipped};

const COLUMNS: &[(&str, &str)] = &[
    ("print a = 1 | join kind=inner (print a = 1, a1 = 2) on a", "a: long, a2: long, a1: long"),
    ("print a = 1, a1 = 5 | join kind=inner (print a = 1, a1 = 2, a2 = 3) on a", "a: long, a1: long, a3: long, a11: long, a2: long"),
    ("print a = 1, a2 = 9 | join kind=inner (print a1 = 2, a = 1, a2 = 3) on a", "a: long, a2: long, a1: long, a3: long, a21: long"),
    ("print a = 1, b = 2 | lookup (print a = 1, b = 2, b1 = 2) on a", "a: long, b: long, b2: long, b1: long"),
    (
        "print iff(true, 1, 'a'), case(true, 1, false, 'a', 2.0), iff(true, now(), 1d)",
        "print_0: dynamic, print_1: dynamic, print_2: dynamic",
    ),
    (
        "print 1, a = 2, tostring('x'), now(), strcat('a', 'b')",
        "print_0: long, a: long, print_2: string, print_3: datetime, print_4: string",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize count(), sum(v), avg(v), min(v + 1), max(bin(v, 1)), countif(v > 1), sumif(v, v > 1), stdev(v), sum(tolong(s)), count() / 2, sum(v) + 1, arg_max(v, w), arg_min(v + 1, w) by k",
        "k: long, count_: long, sum_v: long, avg_v: real, min_: long, max_v: long, countif_: long, sumif_v: long, stdev_v: real, sum_s: long, Column1: long, Column2: long, v: long, w: long, min_1: long, w1: long",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize arg_max(v, *), arg_min(v, *) by k",
        "k: long, v: long, w: long, s: string, v1: long, w1: long, s1: string",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize m = arg_max(v, *) by k",
        "k: long, m: long, w: long, s: string",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize (a, b) = arg_max(v, *) by k",
        "k: long, a: long, b: long, s: string",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize arg_max(v, tostring(s)), arg_max(v, q = tostring(s)), take_any(s), take_any(*) by k",
        "k: long, v: long, s: string, v1: long, q: string, s1: string, v2: long, w: long, s2: string",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize by k, bin(v, 10), tostring(w), strlen(s), v + 1, k + 1",
        "k: long, v: long, w: string, strlen_s: long, Column1: long, Column2: long",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | summarize strlen(tostring(sum(v))), tostring(count()), round(avg(v), 2), toint(max(v)), iff(count() > 1, 'a', 'b') by w",
        "w: long, strlen_sum_v: long, count_: string, avg_v: real, max_v: int, Column1: string",
    ),
    ("let T = datatable(count_: long, v: long) []; T | summarize count() by count_", "count_: long, count_1: long"),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | project v + 1, v + 2, Column1 = 3",
        "Column1: long, Column2: long, Column11: long",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | extend v + 1, v + 2, strlen(s), k, v = s, tostring(w) | extend 1 + 1",
        "k: long, v: string, w: string, s: string, Column1: long, Column2: long, strlen_s: long, Column3: long",
    ),
    (
        "let T = datatable(s: string, d: dynamic, x: long) []; T | project (x), -x, parse_json(s).a, parse_json(s)[0].b, d[x], d[toint(s)], d.a.b[0][\"q\"], tostring(d[\"a b\"]), bin(x, 1) + 1, tostring(x + 1), round(x / 2.0), (d.a), tostring((d.a)), tolong(toint(x)), extract_all('(a)', s)[0]",
        "x: long, Column1: long, s_a: dynamic, s_0_b: dynamic, d_: dynamic, d_1: dynamic, d_a_b_0_q: dynamic, d_a b: string, Column2: long, Column3: string, Column4: real, d_a: dynamic, d_a1: string, x1: long, 0: dynamic",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | project-rename a = k, b = v | project-keep s, b",
        "b: long, s: string",
    ),
    ("let T = datatable(k: long, v: long, w: long, s: string) []; T | project-reorder w*, v | project-away s", "w: long, v: long, k: long"),
    ("let T = datatable(a10: long, a2: long, b: long) []; T | project-reorder * granny-desc", "b: long, a10: long, a2: long"),
    ("let T = datatable(k: long, v: long, w: long, s: string) []; T | distinct k, tostring(v), v + 1", "k: long, v: string, Column1: long"),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | top-nested 3 of k by sum(v), top-nested of tostring(w) by c = count(), top-nested 1 of z = s by max(v) asc",
        "k: long, aggregated_k: long, w: string, c: long, z: string, aggregated_z: long",
    ),
    ("let T = datatable(k: long, v: long, w: long, s: string) []; T | top-hitters 5 of v by w", "v: long, approximate_sum_w: long"),
    ("let T = datatable(k: long, v: long, w: long, s: string) []; T | reduce by s", "Pattern: string, Count: long, Representative: string"),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | getschema",
        "ColumnName: string, ColumnOrdinal: long, DataType: string, ColumnType: string",
    ),
    ("let T = datatable(k: long, v: long, w: long, s: string) []; T | count as n", "n: long"),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | lookup T on k",
        "k: long, v: long, w: long, s: string, v1: long, w1: long, s1: string",
    ),
    (
        "let T = datatable(k: long, v: long, w: long, s: string) []; T | join T on $left.k == $right.v, s",
        "k: long, v: long, w: long, s: string, k1: long, v1: long, w1: long, s1: string",
    ),
    ("let T = datatable(k: long, k1: long) []; T | join T on k", "k: long, k1: long, k2: long, k11: long"),
    ("let T = datatable(k: long, v: long) []; T | join kind=rightanti (T | project k, z = 1) on k", "k: long, z: long"),
    (
        "let T = datatable(k: long, v: long) []; let D = datatable(k: string, q: real) []; let E = datatable(k: string, k_string: int) []; union T, D, E",
        "k_long: long, k_string: string, v: long, q: real, k_string1: int",
    ),
    (
        "let T = datatable(k: long, v: long) []; let D = datatable(k: long, q: real) []; union withsource=S T, D",
        "S: string, k: long, v: long, q: real",
    ),
    (
        "let T = datatable(k: long, d: dynamic, e: dynamic) []; T | mv-expand with_itemindex=i d to typeof(long), x = e, d.a",
        "k: long, d: long, e: dynamic, x: dynamic, d_a: dynamic, i: long",
    ),
    ("let T = datatable(k: long, d: dynamic, e: dynamic) []; T | mv-apply d on (where d > 1)", "k: long, e: dynamic, d: dynamic"),
    (
        "let T = datatable(k: long, d: dynamic, e: dynamic) []; T | mv-apply with_itemindex=i x = d to typeof(long) on (top 1 by x | project x, i)",
        "k: long, d: dynamic, e: dynamic, x: long, i: long",
    ),
    (
        "let T = datatable(k: long, d: dynamic, e: dynamic) []; T | mv-apply x = d on (summarize count(), m = max(toint(x)))",
        "k: long, d: dynamic, e: dynamic, count_: long, m: int",
    ),
    (
        "let T = datatable(k: long, d: dynamic, e: dynamic) []; T | mv-apply x = d on (project k = tostring(x))",
        "k: string, d: dynamic, e: dynamic",
    ),
    ("let T = datatable(k: long, s: string) []; T | parse s with * 'a' x: long 'b' y", "k: long, s: string, x: long, y: string"),
    (
        "let T = datatable(k: long, s: string) []; T | parse-kv s as (q: string, z: long) with (pair_delimiter=',')",
        "k: long, s: string, q: string, z: long",
    ),
    (
        "let T = datatable(k: long, t: datetime, v: real) []; T | make-series sum(v), c = count() default=0 on t from datetime(2020) to now() step 1h by k",
        "k: long, sum_v: dynamic, c: dynamic, t: dynamic",
    ),
    (
        "let T = datatable(k: long, t: datetime, v: real) []; T | make-series avg(v) on x = t in range(datetime(2020), datetime(2021), 1d)",
        "avg_v: dynamic, x: dynamic",
    ),
    ("let T = datatable(k: long, t: datetime, v: real) []; T | partition by k (summarize count())", "count_: long"),
    ("let T = datatable(k: string, d: dynamic, v: real) []; T | evaluate bag_unpack(d) : (*, x: long)", "k: string, v: real, x: long"),
    (
        "let T = datatable(k: string, d: dynamic, t: datetime) []; T | evaluate activity_counts_metrics(k, t, datetime(2020), now(), 1d)",
        "t: datetime, count: long, dcount: long, new_dcount: long, aggregated_dcount: long",
    ),
    (
        "let N = datatable(network: string, info: string, k: long) []; let T = datatable(ip: string, k: long) []; T | evaluate ipv4_lookup(N, ip, network)",
        "ip: string, k: long, network: string, info: string, k1: long",
    ),
    ("let T = datatable(k: string, d: dynamic, t: datetime) []; T | search 'x'", "$table: string, k: string, d: dynamic, t: datetime"),
    (
        "let T = datatable(k: string, d: dynamic, t: datetime) []; find withsource=S in (T) where k == 'a' project k, pack(*)",
        "S: string, k: string, pack_: dynamic",
    ),
    (
        "let E = datatable(a: string, b: string, w: long) []; let N = datatable(id: string, n: string) []; E | make-graph a --> b with N on id | graph-match (x)-[e*1..3]->(y) where all(e, w > 1) project x.n, e.w, map(e, w), p = map(inner_nodes(e), n)",
        "x_n: string, e_w: dynamic, Column1: dynamic, p: dynamic",
    ),
    (
        "let E = datatable(a: string, b: string, w: long) []; let N = datatable(id: string, n: string) []; E | make-graph a --> b with N on id, E on a | graph-mark-components with_component_id=cc | graph-to-table nodes",
        "id: string, n: string, a: string, b: string, w: long, cc: long",
    ),
    (
        "let E = datatable(a: string, b: string, w: long) []; E | make-graph a --> b with_node_id=nid | graph-to-table edges with_source_id=s with_target_id=t",
        "s: long, t: long, a: string, b: string, w: long",
    ),
    (
        "print d = dynamic(1) | project iff(true, d, 'a'), iff(true, 'a', d), case(true, 1, false, d, 2), iff(true, int(1), 2), iff(true, 1, 2.0)",
        "Column1: string, Column2: string, Column3: long, Column4: long, Column5: real",
    ),
    (
        "print a = int(1) + int(1), b = 1 / 2.0, c = 1d / 1h, d = 1d * 2, e = now() - now(), f = now() - 1d, g = 1d % 1h, h = decimal(1) + 1, i = -int(1), j = dynamic(1) + 1",
        "a: long, b: real, c: real, d: timespan, e: timespan, f: datetime, g: timespan, h: decimal, i: int, j: long",
    ),
    ("range x from 1 to 10 step 1", "x: long"),
    ("range x from datetime(2020) to now() step 1d", "x: datetime"),
    ("range x from 1 to 10 step 0.5", "x: real"),
    (
        "let f = (x: long, y: string = 'a') { x + strlen(y) }; print f(1), f(1, 'b'), f(y = 'b', x = 2)",
        "print_0: long, print_1: long, print_2: long",
    ),
    (
        "let f = (T: (a: long)) { T | where a > 1 | extend z = a }; datatable(a: long, b: string) [] | invoke f()",
        "a: long, b: string, z: long",
    ),
    (
        "print x = 1 | extend column_ifexists('x', 0), column_ifexists('y', 'a'), z = column_ifexists('q', 0)",
        "x: long, Column1: string, z: long",
    ),
    ("print x = toscalar(print 1), y = toscalar(print a = 1.5, b = 'x')", "x: long, y: real"),
];

#[test]
fn columns_have_the_names_and_types_of_the_engine() {
    let tables = shipped();
    let differing: Vec<String> = COLUMNS
        .iter()
        .filter_map(|(text, expected)| {
            let binding = bound(text, &tables);
            let found = schema(&binding);
            let errors = errors(text, &binding);
            (found != *expected || !errors.is_empty())
                .then(|| format!("{text}\n    expected {expected}\n    found    {found}\n    {}", errors.join(" and ")))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
