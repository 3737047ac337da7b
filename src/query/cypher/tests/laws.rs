//! What holds for every text.

use super::super::{DEPTH_MAX, TEXT_BYTES_MAX, check, parse};

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
