//! What holds for every text.

use proptest::prelude::*;

use super::super::diagnostics::DIAGNOSTICS_MAX;
use super::super::{Code, TEXT_BYTES_MAX, TOKENS_MAX, format, parse, print};

/// Queries with recorded answers, and whether the engine refused them.
fn recorded() -> Vec<(String, bool)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/kql-cases/recorded_dev.jsonl");
    let text = std::fs::read_to_string(path).expect("the recorded cases are there");
    text.lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).expect("cases are JSON");
            let query = case["query"].as_str().expect("cases have a query").to_owned();
            (query, case["expected_error"].as_bool().unwrap_or_default())
        })
        .collect()
}

/// Snippets that together use the whole grammar.
fn snippets() -> Vec<&'static str> {
    super::trees::CASES.iter().map(|(text, _)| *text).chain(super::formatting::CASES.iter().map(|(text, _)| *text)).collect()
}

fn holds_round_trip(text: &str) {
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    let printed = print(&parsed.query);
    let again = parse(&printed);
    assert_eq!(again.diagnostics, [], "{text}\n{printed}");
    assert_eq!(again.query, parsed.query, "{text}\n{printed}");
    assert_eq!(print(&again.query), printed, "{text}");
    let formatted = format(text).expect("it has no errors");
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}\n{formatted}");
    assert_eq!(parse(&formatted).query, parsed.query, "{text}\n{formatted}");
}

#[test]
fn recorded_queries_are_read_printed_and_read_again() {
    let queries = recorded();
    assert_eq!(queries.len(), 336);
    let mut refused = 0;
    for (text, is_refused) in queries {
        if is_refused && !parse(&text).is_valid() {
            refused += 1;
        } else {
            holds_round_trip(&text);
        }
    }
    // The others that the engine refuses have names or types that do not fit.
    assert_eq!(refused, 9);
}

#[test]
fn snippets_are_printed_and_read_again() {
    for text in snippets() {
        holds_round_trip(text);
    }
}

/// Different queries in the alerts of the sample.
const QUERIES: usize = 1;

/// Alerts of analytics rules carry a link to their query: `"q"`, in JSON as text in JSON as text.
fn collect_queries(value: &serde_json::Value, queries: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                match value.as_str() {
                    Some(query) if name == "q" => {
                        queries.insert(query.to_owned());
                    }
                    _ => collect_queries(value, queries),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_queries(value, queries)),
        serde_json::Value::String(text) if text.starts_with(['{', '[']) => {
            if let Ok(inner) = serde_json::from_str(text) {
                collect_queries(&inner, queries);
            }
        }
        _ => {}
    }
}

#[test]
fn queries_of_real_alerts_are_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/derived/securityalert_2019.jsonl");
    let text = std::fs::read_to_string(path).expect("the sample is there");
    let mut queries = std::collections::BTreeSet::new();
    for line in text.lines() {
        let alert: serde_json::Value = serde_json::from_str(line).expect("alerts are JSON");
        collect_queries(&alert, &mut queries);
    }
    for query in &queries {
        holds_round_trip(query);
    }
    assert_eq!(queries.len(), QUERIES);
}

#[test]
fn bombs_are_refused() {
    let many = 10_000;
    for text in [
        format!("print {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("print {}", "(".repeat(many)),
        format!("print {}1{}", "f(".repeat(many), ")".repeat(many)),
        format!("print 1{}", " + 1".repeat(many)),
        format!("print a{}", ".b".repeat(many)),
        format!("print a{}", "[0]".repeat(many)),
        format!("print dynamic({}{})", "[".repeat(many), "]".repeat(many)),
        format!("print dynamic({}1{})", "{\"a\":".repeat(many), "}".repeat(many)),
        format!("{}T{}", "union (".repeat(many), ")".repeat(many)),
        format!("T | {}", "fork (mv-apply a on (".repeat(many)),
        format!("{}T", "let f = () { ".repeat(many)),
        format!("print {}", "toscalar(print ".repeat(many)),
        format!("print {}", "a[".repeat(many)),
        format!("macro-expand a as b ({}", "macro-expand a as b (".repeat(many)),
        format!("T | join ({}", "T | join (".repeat(many)),
        format!("print {}1", "a in (".repeat(many)),
    ] {
        let codes: Vec<Code> = parse(&text).diagnostics.iter().map(|it| it.code).collect();
        assert_eq!(codes, [Code::TooDeep], "{}", &text[..40]);
    }
    for long in [
        format!("T | where a in ({})", "1,".repeat(TEXT_BYTES_MAX / 2)),
        format!("print {}", "'abc', ".repeat(TEXT_BYTES_MAX / 7)),
        format!("T | where a in ({}1)", "1,".repeat(TOKENS_MAX / 2)),
        "|".repeat(TOKENS_MAX),
    ] {
        let codes: Vec<Code> = parse(&long).diagnostics.iter().map(|it| it.code).collect();
        assert_eq!(codes, [Code::TooLong], "{}", &long[..20]);
    }
}

#[test]
fn behind_a_hundred_mistakes_nothing_is_read() {
    let many = TOKENS_MAX / 4;
    for text in [
        "|".repeat(many),
        ";".repeat(many),
        "let ".repeat(many),
        format!("print {}", ",".repeat(many)),
        format!("T {}", "| x ".repeat(many)),
        "\"\n".repeat(many),
        "datetime(\n".repeat(many),
    ] {
        let parsed = parse(&text);
        assert_eq!(parsed.diagnostics.len(), DIAGNOSTICS_MAX, "{}", &text[..20]);
        let last = parsed.diagnostics.iter().map(|it| it.span.end).max().unwrap_or_default();
        assert!(last < text.len() / 10, "{} is read up to {last}", &text[..20]);
        assert!(parsed.query.statements.len() <= DIAGNOSTICS_MAX + 1);
    }
}

#[test]
fn warnings_hide_no_mistake() {
    let warned = format!("print {}1", "long(9223372036854775808), ".repeat(3 * DIAGNOSTICS_MAX));
    let parsed = parse(&warned);
    assert!(parsed.is_valid() && parsed.diagnostics.len() == DIAGNOSTICS_MAX, "{:?}", parsed.diagnostics.first());
    let parsed = parse(&format!("{warned} | where"));
    assert!(!parsed.is_valid() && parsed.diagnostics.len() == DIAGNOSTICS_MAX);
}

#[test]
fn what_is_long_but_flat_is_read() {
    let many = 20_000;
    for text in [
        format!("T | where {}a == 1", "a == 1 and ".repeat(many)),
        format!("T | where {}a == 1", "a == 1 or ".repeat(many)),
        format!("T | where a in ({}1)", "1, ".repeat(many)),
        format!("T {}", "| take 1 ".repeat(many)),
        format!("{}T", "let a = 1; ".repeat(many)),
        format!("print {}\"a\"", "\"a\" ".repeat(many)),
        format!("T | project a{}", ", a".repeat(many)),
    ] {
        let parsed = parse(&text);
        assert_eq!(parsed.diagnostics, [], "{}", &text[..40]);
        assert_eq!(parse(&print(&parsed.query)).query, parsed.query, "{}", &text[..40]);
    }
}

/// A text without mistakes, made of expressions and operators.
fn query() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "['b c']",
        "Count",
        "1",
        "-2.5",
        "1d",
        "time(00:10:00)",
        "datetime(2024-01-01)",
        "\"x\\n\"",
        "@'\\d'",
        "h\"s\"",
        "true",
        "dynamic([1, {\"a\": null}])",
        "a.b[\"c\"][0]",
        "a.['d e'].f(1)",
        "guid(null)",
        "{p}",
        "f()",
        "typeof(long)",
    ]);
    let expression = leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%"]), inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (
                inner.clone(),
                prop::sample::select(vec!["==", "<>", "<", ">=", "has", "!contains_cs", "=~", "matches regex", ":"]),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) and ({b}) or ({c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("iff(({a}), x = ({b}), *)")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) !between (({b}) .. ({c}))")),
            (inner.clone(), prop::collection::vec(inner.clone(), 1..3)).prop_map(|(a, list)| format!("({a}) in~ ({})", list.join(", "))),
            inner.clone().prop_map(|a| format!("toscalar(T | where ({a}) | summarize count() by b)")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    });
    let operator = (
        prop::sample::select(vec![
            "where ¤",
            "filter ¤",
            "extend x = ¤, (y, z) = ¤",
            "project a, b = ¤",
            "summarize count(), x = sum(¤) by bin(a, 1d), k = ¤",
            "order by ¤ asc nulls first, b",
            "top 5 by ¤",
            "take 3",
            "join kind=leftouter hint.strategy=shuffle (U | where ¤) on $left.a == $right.b, c",
            "mv-expand with_itemindex=i e = ¤ to typeof(long) limit 3",
            "mv-apply e = ¤ on (where ¤ | take 1)",
            "make-series n = count() default=0 on t from ¤ to ¤ step 1d by g",
            "parse kind=regex ¤ with * \"x\" b:long *",
            "scan declare (s: long = 0) with (step a output=last: ¤ => s = ¤; step b: true;)",
            "union withsource=S isfuzzy=true T*, (V | where ¤)",
            "as hint.materialized=true R",
            "partition by a (top 1 by ¤)",
            "fork n = (where ¤) (count)",
            "graph-match cycles=none (x)-[e*1..3]->(y)<--(z), (x)--(w) where ¤ project p = ¤",
            "make-graph a --> b with N on id, (M | where ¤) on ['i d']",
            "evaluate pivot(a, ¤): (*, b: string)",
            "render timechart with (title=\"t\", ycolumns=a, b, kind=stacked)",
            "search in (T*, U) * and ¤",
            "top-nested 2 of a with others=\"o\" by sum(¤), top-nested of b by max(c)",
            "distinct *",
            "reduce by ¤ with threshold=0.1",
            "invoke f(¤)",
            "serialize n = row_number(), ¤",
            "project-away a*, ['b c']",
            "sample-distinct 5 of a",
            "lookup U on a",
            "facet by a with (take 1)",
        ]),
        prop::collection::vec(expression, 6),
    )
        .prop_map(|(shape, values)| {
            let mut values = values.into_iter().cycle();
            let mut text = String::new();
            for (at, piece) in shape.split('¤').enumerate() {
                if at > 0 {
                    text.push_str(&format!("({})", values.next().unwrap_or_default()));
                }
                text.push_str(piece);
            }
            text
        });
    prop::collection::vec(operator, 0..4).prop_map(|operators| {
        let mut text = "// first\nlet A = T | where b; // named\n\nA".to_owned();
        for operator in operators {
            text.push_str(" // then\n| ");
            text.push_str(&operator);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn printing_and_reading_is_the_identity(text in query()) {
        holds_round_trip(&text);
        crate::query::fuzz::binds(&text);
        let formatted = format(&text).expect("it is valid");
        prop_assert_eq!(formatted.matches("//").count(), text.matches("//").count(), "{}", text);
    }
}
