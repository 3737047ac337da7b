//! What holds for every text.

use proptest::prelude::*;

use super::super::{DEPTH_MAX, TEXT_BYTES_MAX, check, parse};

/// Pieces that together make most of the grammar.
const PIECES: &[&str] = &[
    "MATCH",
    "OPTIONAL MATCH",
    "WHERE",
    "RETURN",
    "WITH",
    "UNWIND",
    "AS",
    "ORDER BY",
    "LIMIT",
    "UNION",
    "NEXT",
    "FOR",
    "IN",
    "LET",
    "=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "-",
    "->",
    "<-",
    "-->",
    "*",
    "+",
    "1..3",
    "{1,3}",
    ":",
    "|",
    "&",
    "!",
    "a",
    "b",
    "p",
    "n.name",
    "'x'",
    "1",
    "2.5",
    "$p",
    "count(*)",
    "shortestPath",
    "any(x IN",
    "all",
    "exists",
    "EXISTS {",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "NOT",
    "IS NULL",
    "AND",
    "OR",
    "STARTS WITH",
    "=~",
    "..",
    ",",
    ";",
    "`q`",
    "/*",
    "//",
    "\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in any::<String>()) {
        let _ = check(&text);
    }

    #[test]
    fn any_pieces_are_read_to_their_end(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let text = pieces.join(" ");
        for diagnostic in check(&text) {
            prop_assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= text.len(), "{text}: {diagnostic:?}");
        }
    }
}

fn codes(text: &str) -> Vec<&'static str> {
    parse(text).diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    let nested = |open: &str, close: &str, count: usize| format!("RETURN {}1{}", open.repeat(count), close.repeat(count));
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{a:", "}"), ("-", ""), ("NOT ", ""), ("abs(", ")"), ("({a:", "})-[]-()"), ("[x IN ", "]")]
    {
        assert_eq!(codes(&nested(open, close, 10_000)).first(), Some(&"cypher_too_deep"), "{open}");
        assert!(nested(open, close, 3).len() < TEXT_BYTES_MAX);
    }
    assert_eq!(codes(&nested("(", ")", DEPTH_MAX - 2)), [""; 0]);
    assert_eq!(codes(&format!("RETURN 1{}", " + 1".repeat(10_000))), ["cypher_too_deep"]);
    assert_eq!(codes(&format!("RETURN [1{}]", ", 1".repeat(100_000))), [""; 0]);
    assert_eq!(codes(&format!("MATCH (n) RETURN n{}", " ".repeat(TEXT_BYTES_MAX))), ["cypher_text_too_long"]);
    assert_eq!(codes(&"MATCH (n) ".repeat(300)), ["cypher_text_too_long"]);
}

#[test]
fn patterns_have_a_bound() {
    let found = |edges: usize| check(&format!("MATCH (a){} RETURN a", "-->()".repeat(edges))).first().map(|it| it.code.as_str());
    assert_eq!((found(120), found(130)), (None, Some("cypher_text_too_long")));
}

#[test]
fn all_mistakes_of_a_text_are_told_with_their_places() {
    let text = "MATCH (n:) WHERE n.age > RETURN n LIMIT CREATE (m)";
    let found: Vec<_> =
        parse(text).diagnostics.into_iter().map(|it| (it.code.as_str(), &text[it.span.start..it.span.end], it.message)).collect();
    let expected = [
        ("cypher_expected", ")", "expected a name, found `)`"),
        ("cypher_expected", "RETURN", "expected an expression, found `RETURN`"),
        ("cypher_expected", "CREATE", "expected an expression, found `CREATE`"),
        ("cypher_write_refused", "CREATE", "expected a query that only reads, found `CREATE`"),
    ];
    let found: Vec<_> = found.iter().map(|(code, at, message)| (*code, *at, message.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn advice_names_what_was_probably_meant() {
    let help: Vec<_> = check("MATCH (n) RETURN sise(n)").into_iter().filter_map(|diagnostic| diagnostic.help).collect();
    assert_eq!(help, ["a function with a similar name is `size`"]);
}
