//! Snippets and their trees.

use super::tree;

/// Texts and their trees; together they use the whole grammar.
pub(super) const CASES: &[(&str, &str)] = &[
    ("print 1 + 2 * 3 - 4", "Expression(Print([(- (+ 1 (* 2 3)) 4)]))"),
    ("print a == 1 and b != 2 or not(c) and d <> 3", "Expression(Print([(or (and (== a 1) (!= b 2)) (and (not c) (!= d 3)))]))"),
    (r##"print a has "x" == true, -a.b * +c % 2"##, r##"Expression(Print([(== (has a "x") true), (% (* (- (. a b)) (+ c)) 2)]))"##),
    (
        r##"print a.b["c"][0].['d e'].["f"].g(1), f(*, x = 1, y)[-1]"##,
        r##"Expression(Print([(. (. (. ([] ([] (. a b) "c") 0) d e) f) (g 1)), ([] (f * (= x 1) y) (- 1))]))"##,
    ),
    (
        r##"T | where a in~ ("x", 'y') and b !in (U | project c) and d has_any (dynamic(["z"])) and e has_all ((list))"##,
        r##"Expression((| T Where(Where { condition: (and (in~ a ["x", "y"]) (!in b [(| U Project([c]))]) (has_any d [(dynamic ["z"])]) (has_all e [(group list)])) })))"##,
    ),
    (
        r##"T | where a between (1 .. 2) and b !between (ago(1d)..now()) and c matches regex @"\d" and * has "x" or * == 1"##,
        r##"Expression((| T Where(Where { condition: (or (and (between a 1 2) (!between b (ago 1d) (now)) (matches regex c "\\d") (has * "x")) (== * 1)) })))"##,
    ),
    (
        "print 0x1F, 1e3, 1.5, 1d, 2.5hours, true, long(5), int(null), real(nan), decimal(1.5), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), datetime(2024-01-01 10:00), time(00:10:00)",
        "Expression(Print([0x1F, 1e3, 1.5, 1d, 2.5hours, true, long(5), int(null), real(nan), decimal(1.5), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), datetime(2024-01-01 10:00), time(00:10:00)]))",
    ),
    (r##"print "a" 'b' @"c""d" h"secret" ```multi```"##, r##"Expression(Print([h"abc\"dsecretmulti"]))"##),
    (
        r##"print dynamic({"a": [1, -2.5, true, null, datetime(2024-01-01)], 'b': dynamic("x")}), typeof(string), typeof(*, a: long)"##,
        r##"Expression(Print([(dynamic {"a": [1, -2.5, true, null, datetime(2024-01-01)], "b": (dynamic "x")}), (typeof Scalar(String)), (typeof Table { star: true, columns: [Column { name: a, kind: Long }] })]))"##,
    ),
    (
        "T datascope=all | join (U datascope = hotcache) on a",
        "Expression((| (datascope T all) Join(Join { right: (group (datascope U hotcache)), on: (Keys([a])) })))",
    ),
    ("T | project kind, withsource, count, ['by'], {param}, @", "Expression((| T Project([kind, withsource, count, by, {param}, @])))"),
    (
        r##"let x = 5; let T = view () { U }; let f = (s: string = "x", n: long, t: (*), u: (a: string, b: long)) { let y = 1; t | take n }; let g = materialize(T | take 1); let h = toscalar(T | count); f"##,
        r##"Let(Let { name: x, value: Expr(5) }); Let(Let { name: T, value: Function(Function { view: true, body: Body { result: (U) } }) }); Let(Let { name: f, value: Function(Function { view: false, parameters: [Parameter { name: s, kind: Scalar(String), default: ("x") }, Parameter { name: n, kind: Scalar(Long) }, Parameter { name: t, kind: AnyTable }, Parameter { name: u, kind: Table([Column { name: a, kind: String }, Column { name: b, kind: Long }]) }], body: Body { statements: [Statement { kind: Let(Let { name: y, value: Expr(1) }) }], result: ((| t Take(Take { count: n }))) } }) }); Let(Let { name: g, value: Expr((materialize (| T Take(Take { count: 1 })))) }); Let(Let { name: h, value: Expr((toscalar (| T Count(None)))) }); Expression(f)"##,
    ),
    (
        r##"set notruncation; set a = 5; alias database D = cluster("c").database("d"); restrict access to (T, U*); declare query_parameters(a: string = "x", b: long); T"##,
        r##"Set(SetOption { name: notruncation }); Set(SetOption { name: a, value: (5) }); Alias(Alias { name: D, database: (. (cluster "c") (database "d")) }); Restrict([T, U*]); Parameters([Parameter { name: a, kind: Scalar(String), default: ("x") }, Parameter { name: b, kind: Scalar(Long) }]); Expression(T)"##,
    ),
    (
        r##"declare pattern P = (a: string)[b: string] { ("x").["y"] = { T }; }; declare pattern Q; P("x").y"##,
        r##"Pattern(PatternDeclaration { name: P, parameters: [Column { name: a, kind: String }], path: (Column { name: b, kind: String }), rules: [PatternRule { arguments: ["x"], path: ("y"), body: Body { result: (T) } }] }); Pattern(PatternDeclaration { name: Q }); Expression((. (P "x") y))"##,
    ),
    (
        "T | as hint.materialized=true X | consume decodeblocks=true | count as n | count | getschema kind=csl | assert-schema (a: string)",
        r##"Expression((| T As(As { settings: [Setting { name: "hint.materialized", values: [true] }], name: X }) Consume([Setting { name: "decodeblocks", values: [true] }]) Count((n)) Count(None) GetSchema((csl)) AssertSchema([Column { name: a, kind: String }])))"##,
    ),
    (
        "T | distinct hint.strategy=shuffle a, b | distinct * | extend x = 1, (y, z) = f(a) | evaluate hint.distribution=single bag_unpack(d) : (*, a: string) | evaluate f()",
        r##"Expression((| T Distinct(Distinct { settings: [Setting { name: "hint.strategy", values: [shuffle] }], columns: [a, b] }) Distinct(Distinct { columns: [*] }) Extend([(= x 1), (= [y, z] (f a))]) Evaluate(Evaluate { settings: [Setting { name: "hint.distribution", values: [single] }], call: (bag_unpack d), schema: (EvaluateSchema { star: true, columns: [Column { name: a, kind: String }] }) }) Evaluate(Evaluate { call: (f) })))"##,
    ),
    (
        "T | facet by a, b.c with (where d | take 1) | facet by a with count | fork x = (where a | take 1) (count)",
        "Expression((| T Facet(Facet { columns: [a, (. b c)], with: (FacetWith { grouped: true, operators: [Where(Where { condition: d }), Take(Take { count: 1 })] }) }) Facet(Facet { columns: [a], with: (FacetWith { grouped: false, operators: [Count(None)] }) }) Fork([ForkBranch { name: (x), operators: [Where(Where { condition: a }), Take(Take { count: 1 })] }, ForkBranch { operators: [Count(None)] }])))",
    ),
    (
        r##"find in (T, U*, database("d").V) where a has "x" project a, b: string, pack(*)"##,
        r##"Expression(Find(Find { tables: [T, U*, (. (database "d") V)], condition: (has a "x"), project: (Columns([Column(a, None), Column(b, (String)), Pack])) }))"##,
    ),
    (
        "find withsource=S in (T | as X) where a == 1 project-smart",
        r##"Expression(Find(Find { settings: [Setting { name: "withsource", values: [S] }], tables: [(| T As(As { name: X }))], condition: (== a 1), project: (Smart) }))"##,
    ),
    (
        "T | invoke f(1).g() | join kind=leftanti hint.remote=left (U | where a) on b, $left.c == $right.d | join U on e | join kind=inner U where a == b | lookup kind=inner V on e",
        r##"Expression((| T Invoke((. (f 1) (g))) Join(Join { kind: (LeftAnti), settings: [Setting { name: "hint.remote", values: [left] }], right: (group (| U Where(Where { condition: a }))), on: (Keys([b, (== (. $left c) (. $right d))])) }) Join(Join { right: U, on: (Keys([e])) }) Join(Join { kind: (Inner), right: U, on: (Condition((== a b))) }) Lookup(Join { kind: (Inner), right: V, on: (Keys([e])) })))"##,
    ),
    (
        "T | make-series kind=nonempty n = count() default=0, m = avg(x) on t from ago(1d) to now() step 1h by g, bin(h, 1) | make-series count() on t in range(1, 2, 3) | make-series count() on t step 1d",
        "Expression((| T MakeSeries(MakeSeries { kind: (NonEmpty), columns: [SeriesColumn { value: (= n (count)), default: (0) }, SeriesColumn { value: (= m (avg x)) }], on: t, range: FromToStep(Steps { from: ((ago 1d)), to: ((now)), step: 1h }), by: [g, (bin h 1)] }) MakeSeries(MakeSeries { columns: [SeriesColumn { value: (count) }], on: t, range: InRange([1, 2, 3]) }) MakeSeries(MakeSeries { columns: [SeriesColumn { value: (count) }], on: t, range: FromToStep(Steps { step: 1d }) })))",
    ),
    (
        "T | mv-expand kind=array with_itemindex=i a, b = c to typeof(string) limit 5 | mvexpand bagexpansion=bag a | mv-apply with_itemindex=i e = a to typeof(long), f limit 3 on (where e | summarize count())",
        "Expression((| T MvExpand(MvExpand { kind: (Array), expand: Expand { item_index: (i), columns: [Expanded { value: (a) }, Expanded { value: ((= b c)), kind: (String) }], limit: (5) } }) MvExpand(MvExpand { kind: (Bag), expand: Expand { columns: [Expanded { value: (a) }] } }) MvApply(MvApply { expand: Expand { item_index: (i), columns: [Expanded { value: ((= e a)), kind: (Long) }, Expanded { value: (f) }], limit: (3) }, operators: [Where(Where { condition: e }), Summarize(Summarize { aggregates: [(count)] })] })))",
    ),
    (
        r##"T | parse kind=regex flags=Ui a with * "x" b: long * "y" c | parse-where a with "x" b | parse-kv a as (k: string, l: long) with (pair_delimiter=",", kv_delimiter=":", greedy=true)"##,
        r##"Expression((| T Parse(Parse { kind: (Regex), settings: [Setting { name: "flags", values: [Ui] }], value: a, pattern: [Star, Text("x"), Column(b, (Long)), Star, Text("y"), Column(c, None)] }) ParseWhere(Parse { value: a, pattern: [Text("x"), Column(b, None)] }) ParseKv(ParseKv { value: a, columns: [Column { name: k, kind: String }, Column { name: l, kind: Long }], settings: [Setting { name: "pair_delimiter", values: [","] }, Setting { name: "kv_delimiter", values: [":"] }, Setting { name: "greedy", values: [true] }] })))"##,
    ),
    (
        "T | partition hint.strategy=native by a (top 1 by b | take 1) | partition by a.b in f(c) { U | where x } | partition by a in dynamic([1]) (count)",
        r##"Expression((| T Partition(Partition { settings: [Setting { name: "hint.strategy", values: [native] }], column: a, body: Operators([Top(Top { count: 1, by: Ordered { value: b } }), Take(Take { count: 1 })]) }) Partition(Partition { column: (. a b), scope: ((f c)), body: Query((| U Where(Where { condition: x }))) }) Partition(Partition { column: a, scope: ((dynamic [1])), body: Operators([Count(None)]) })))"##,
    ),
    (
        r##"T | project | project a, b = c, ['d e'] = 1 | project-away a*, b, *c*d | project-keep a | project-rename a = b | project-reorder a* asc, b granny-desc, c | project-by-names a, "b""##,
        r##"Expression((| T Project([]) Project([a, (= b c), (= d e 1)]) ProjectAway([Wildcard(a*), Name(b), Wildcard(*c*d)]) ProjectKeep([Name(a)]) ProjectRename([(= a b)]) ProjectReorder([Reordered { column: Wildcard(a*), direction: (Ascending) }, Reordered { column: Name(b), direction: (NaturalDescending) }, Reordered { column: Name(c) }]) ProjectByNames([a, "b"])))"##,
    ),
    (
        r##"range x from 1 to 10 step 2 | reduce kind=source by x with threshold=0.1, characters="-" | render timechart with (title="T", ycolumns=a, b, kind=stacked, ymin=0) | render piechart title="x""##,
        r##"Expression((| Range(Range { column: x, from: 1, to: 10, step: 2 }) Reduce(Reduce { settings: [Setting { name: "kind", values: [source] }], by: x, with: [Setting { name: "threshold", values: [0.1] }, Setting { name: "characters", values: ["-"] }] }) Render(Render { chart: timechart, settings: [Setting { name: "title", values: ["T"] }, Setting { name: "ycolumns", values: [a, b] }, Setting { name: "kind", values: [stacked] }, Setting { name: "ymin", values: [0] }] }) Render(Render { chart: piechart, settings: [Setting { name: "title", values: ["x"] }] })))"##,
    ),
    (
        "T | sample 5 | sample-distinct 5 of a | serialize | serialize n = row_number() | sort by a asc nulls last, b, c desc | order by d nulls first",
        "Expression((| T Sample(Sample { count: 5 }) SampleDistinct(SampleDistinct { count: 5, of: a }) Serialize(Serialize) Serialize(Serialize { columns: [(= n (row_number))] }) Sort(Sort { by: [Ordered { value: a, direction: (Ascending), nulls: (Last) }, Ordered { value: b }, Ordered { value: c, direction: (Descending) }] }) Sort(Sort { by: [Ordered { value: d, nulls: (First) }] })))",
    ),
    (
        r##"T | scan with_match_id=m order by t asc partition by u declare (s: long = 0, r: string) with (step a output=none: x == 1; step b optional: y => s = a.s + 1, r = "z";)"##,
        r##"Expression((| T Scan(Scan { settings: [Setting { name: "with_match_id", values: [m] }], order: [Ordered { value: t, direction: (Ascending) }], partition: [u], declare: [Parameter { name: s, kind: Scalar(Long), default: (0) }, Parameter { name: r, kind: Scalar(String) }], steps: [ScanStep { name: a, optional: false, output: (None), condition: (== x 1) }, ScanStep { name: b, optional: true, condition: y, assignments: [(s, (+ (. a s) 1)), (r, "z")] }] })))"##,
    ),
    (
        r##"search kind=case_sensitive in (T*, U) "x" and y: "z" or * : "w""##,
        r##"Expression(Search(Search { kind: (CaseSensitive), tables: [T*, U], condition: (or (and "x" (: y "z")) (: * "w")) }))"##,
    ),
    (
        r##"search * | search * and "a" | search "b""##,
        r##"Expression((| Search(Search { condition: * }) Search(Search { condition: (and * "a") }) Search(Search { condition: "b" })))"##,
    ),
    (
        "T | summarize | summarize count() | summarize by a | summarize hint.shufflekey=k x = sum(b), arg_max(t, *) by bin(t, 1h), c = d | summarize count() by t bin=1h",
        r##"Expression((| T Summarize(Summarize) Summarize(Summarize { aggregates: [(count)] }) Summarize(Summarize { by: [a] }) Summarize(Summarize { settings: [Setting { name: "hint.shufflekey", values: [k] }], aggregates: [(= x (sum b)), (arg_max t *)], by: [(bin t 1h), (= c d)] }) Summarize(Summarize { aggregates: [(count)], by: [t], bin: (1h) })))"##,
    ),
    (
        r##"T | take 5 | limit 5 | top 5 by a desc nulls last | top-hitters 5 of a by b | top-nested 3 of a with others="x" by sum(b) desc, top-nested of c by count() | where a | filter b"##,
        r##"Expression((| T Take(Take { count: 5 }) Take(Take { count: 5 }) Top(Top { count: 5, by: Ordered { value: a, direction: (Descending), nulls: (Last) } }) TopHitters(TopHitters { count: 5, of: a, by: (b) }) TopNested([TopNested { count: (3), of: a, others: ("x"), by: Ordered { value: (sum b), direction: (Descending) } }, TopNested { of: c, by: Ordered { value: (count) } }]) Where(Where { condition: a }) Where(Where { condition: b })))"##,
    ),
    (
        r##"union kind=outer withsource=S isfuzzy=true T, U*, (V | take 1), database("d").W*, *"##,
        r##"Expression(Union(Union { kind: (Outer), with_source: (S), fuzzy: (true), tables: [T, U*, (group (| V Take(Take { count: 1 }))), (. (database "d") W*), *] }))"##,
    ),
    (
        "T | union (U), V | union with_source=S W",
        "Expression((| T Union(Union { tables: [(group U), V] }) Union(Union { with_source: (S), tables: [W] })))",
    ),
    (
        r##"datatable(a: string, b: dynamic)["x", dynamic(null), "y", dynamic([1])]"##,
        r##"Expression(DataTable { columns: [Column { name: a, kind: String }, Column { name: b, kind: Dynamic }], values: ["x", (dynamic null), "y", (dynamic [1])] })"##,
    ),
    (
        r##"externaldata(a: string, b: int)[@"https://x", "y"] with (format="csv", ignoreFirstRecord=true)"##,
        r##"Expression(ExternalData { columns: [Column { name: a, kind: String }, Column { name: b, kind: Int }], sources: ["https://x", "y"], properties: [Setting { name: "format", values: ["csv"] }, Setting { name: "ignoreFirstRecord", values: [true] }] })"##,
    ),
    (
        "T | make-graph a --> b with N on id, (M | where x) on ['i d'] | graph-match cycles=all (x)-[e]->(y)<-[f*1..3]-(), (x)--(z)-[]-(w) where all(f, g > 1) project x.a, p = map(f, g)",
        "Expression((| T MakeGraph(MakeGraph { source: a, directed: true, target: b, nodes: (Tables([NodeTable { table: N, id: id }, NodeTable { table: (group (| M Where(Where { condition: x }))), id: i d }])) }) GraphMatch(GraphMatch { rule: (All), patterns: [Pattern { steps: [Node((x), _), Edge(Edge { direction: Right, name: (e) }), Node((y), _), Edge(Edge { direction: Left, name: (f), hops: (Hops { from: 1, to: 3 }) }), Node(None, _)] }, Pattern { steps: [Node((x), _), Edge(Edge { direction: Any }), Node((z), _), Edge(Edge { direction: Any }), Node((w), _)] }], condition: ((all f (> g 1))), project: [(. x a), (= p (map f g))] })))",
    ),
    (
        "T | make-graph a -- b with_node_id=n partitioned-by t (graph-to-table nodes as N with_node_id=i, edges as E with_source_id=s with_target_id=t)",
        r##"Expression((| T MakeGraph(MakeGraph { source: a, directed: false, target: b, nodes: (Implicit(n)), partitioned: (Partitioned { column: t, operators: [GraphToTable([GraphOutput { kind: Nodes, name: (N), settings: [Setting { name: "with_node_id", values: [i] }] }, GraphOutput { kind: Edges, name: (E), settings: [Setting { name: "with_source_id", values: [s] }, Setting { name: "with_target_id", values: [t] }] }])] }) })))"##,
    ),
    (
        r##"graph("entities") | graph-shortest-paths output=all (a)-[e*1..5]->(b) where a.x == 1 project e | graph-mark-components kind=strong with_component_id=c | graph-where-nodes a | graph-where-edges b"##,
        r##"Expression((| (graph "entities") GraphShortestPaths(GraphMatch { rule: (All), patterns: [Pattern { steps: [Node((a), _), Edge(Edge { direction: Right, name: (e), hops: (Hops { from: 1, to: 5 }) }), Node((b), _)] }], condition: ((== (. a x) 1)), project: [e] }) GraphMarkComponents(MarkComponents { kind: (Strong), settings: [Setting { name: "with_component_id", values: [c] }] }) GraphWhereNodes(a) GraphWhereEdges(b)))"##,
    ),
    (
        r##"macro-expand isfuzzy=true entity_group [database("a"), database("b")] as X (let y = 1; X.T | take y)"##,
        r##"Expression(MacroExpand(MacroExpand { settings: [Setting { name: "isfuzzy", values: [true] }], group: (entity_group (database "a") (database "b")), scope: (X), statements: [Statement { kind: Let(Let { name: y, value: Expr(1) }) }, Statement { kind: Expression((| (. X T) Take(Take { count: y }))) }] }))"##,
    ),
    (
        "print toscalar(T | count), totable(T), toscalar kind=nooptimization (U)",
        "Expression(Print([(toscalar (| T Count(None))), (totable T), (toscalar U)]))",
    ),
];

#[test]
fn snippets_have_their_trees() {
    let wrong: Vec<String> = CASES
        .iter()
        .map(|(text, expected)| (text, *expected, tree(text)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(text, _, found)| format!("{text}\n{found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
