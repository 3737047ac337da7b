//! The language: trees of texts, errors, and the laws of parser and printer.

use proptest::prelude::*;

use crate::model::Fault;

use super::*;

/// Texts and the canonical text of their trees.
const TREES: [(&str, &str); 40] = [
    ("", "*"),
    ("  * ", "*"),
    ("mimikatz", "mimikatz"),
    ("mimikatz lsass", "mimikatz lsass"),
    ("mimikatz AND lsass", "mimikatz lsass"),
    ("a b OR c d", "a b OR c d"),
    ("a (b OR c) d", "a (b OR c) d"),
    ("(a b) c", "a b c"),
    ("NOT a", "-a"),
    ("a -b !c NOT d", "a -b -c -d"),
    ("-(a b)", "-(a b)"),
    ("--a", "-(-a)"),
    ("+a -+b", "a -b"),
    ("title:foo", "title:foo"),
    ("Tags:\"needs review\"", "tag:\"needs review\""),
    ("title:(a OR \"b c\") x", "(title:a OR title:\"b c\") x"),
    ("title:(a tag:b c)", "title:a tag:b title:c"),
    ("title: foo", "title:foo"),
    ("owner=ana", "owner:ana"),
    ("created>2021-04-01", "created>2021-04-01"),
    ("created >= x", "created>=x"),
    ("created:>=2021-04-01T10:00:00Z", "created>=2021-04-01T10:00:00Z"),
    ("created>\"2021-04-01 10:00\"", "created>\"2021-04-01 10:00\""),
    ("created:[2021 TO *}", "created:[2021 TO *}"),
    ("severity>=Medium", "severity>=Medium"),
    ("comment:*", "comment:*"),
    ("mimi*", "mimi*"),
    ("175.45.*", "175.45.*"),
    ("mimkatz~", "mimkatz~1"),
    ("mimkatz~2", "mimkatz~2"),
    (r"C:\Windows\PROGRA~1", r"C:\Windows\PROGRA~1"),
    (r"CONTOSO\ana", r"CONTOSO\ana"),
    ("https://evil.com/a?b=c", "https://evil.com/a?b=c"),
    ("fe80::1 00:11:22:33:44:55", "fe80::1 00:11:22:33:44:55"),
    ("\"say \"\"hi\"\" \\\"", "\"say \"\"hi\"\" \\\""),
    ("foo - bar", "foo - bar"),
    ("and or not AND ORDER", "and or not ORDER"),
    ("a&&b || c", "a&&b OR c"),
    ("kind:alert title:x", "kind:alert title:x"),
    ("number:116294 #5", "number:116294 #5"),
];

#[test]
fn texts_have_the_expected_trees() {
    for (text, expected) in TREES {
        assert_eq!(parse(text).map(|expr| expr.to_string()), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn errors_say_where_and_what_to_try() {
    let deep = "(".repeat(40);
    let long = "x".repeat(1025);
    let many = "a ".repeat(200);
    let cases: [(&str, &str, Option<(usize, usize)>); 19] = [
        ("a severty:High", "search_unknown_field", Some((2, 9))),
        ("severty>=High", "search_unknown_field", Some((0, 7))),
        ("foo:bar", "search_unknown_field", Some((0, 3))),
        ("a AND", "search_missing_term", Some((2, 5))),
        ("OR a", "search_missing_term", Some((0, 2))),
        ("a (OR b)", "search_missing_term", Some((3, 5))),
        ("NOT", "search_missing_term", Some((0, 3))),
        ("()", "search_missing_term", Some((0, 1))),
        ("title:", "search_missing_term", Some((0, 6))),
        ("severity>=", "search_missing_term", Some((0, 10))),
        ("(a", "search_unclosed", Some((0, 1))),
        ("a \"b", "search_unclosed", Some((2, 3))),
        ("a)", "search_unopened", Some((1, 2))),
        ("*foo", "search_star", Some((0, 4))),
        ("foo~3", "search_distance", Some((0, 5))),
        ("created:[a b]", "search_bad_range", Some((8, 11))),
        (&deep, "search_too_deep", None),
        (&long, "search_too_long", None),
        (&many, "search_too_many_terms", None),
    ];
    for (text, code, span) in cases {
        let fault = Fault::from(parse(text).expect_err(text));
        assert_eq!(fault.code, code, "{text}");
        assert!(fault.hint.is_some(), "{text}");
        if let Some(span) = span {
            assert_eq!(fault.span.map(|span| (span.start, span.end)), Some(span), "{text}");
        }
    }
    assert_eq!(
        Fault::from(parse("severty:High").expect_err("no field")).hint.as_deref(),
        Some("did you mean `severity`? quote the text to search for a colon")
    );
}

/// Texts made of the marks of the language.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b.c",
        "title:",
        "tag:",
        "created",
        "severity",
        ">",
        ">=",
        "<",
        ":",
        "[",
        "]",
        "{",
        "}",
        " TO ",
        "*",
        "~",
        "~2",
        "\"",
        "\"\"",
        "(",
        ")",
        "-",
        "!",
        "+",
        " ",
        " ",
        " AND ",
        " OR ",
        " NOT ",
        "AND",
        "&&",
        "||",
        "\\",
        "/",
        "é",
        "2021-04-01",
        "=",
        "x:",
        "::1",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

#[test]
fn a_sign_behind_a_field_name_stays_a_word() {
    for text in ["a created(>)", "created (>=x)", "title(=)"] {
        let expr = parse(text).expect("a search text");
        assert_eq!(parse(&expr.to_string()), Ok(expr), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,120}") {
        let _ = parse(&text);
    }

    #[test]
    fn what_is_printed_parses_to_the_same(text in prop_oneof![texts(), "\\PC{0,60}"]) {
        if let Ok(expr) = parse(&text) {
            let printed = expr.to_string();
            if printed.len() <= TEXT_BYTES_MAX {
                prop_assert_eq!(parse(&printed), Ok(expr), "{} printed as {}", text, printed);
            }
        }
    }
}
