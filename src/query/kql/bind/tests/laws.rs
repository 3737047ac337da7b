//! What holds of any text: no panic, no endless work, one mistake for one typo.

use super::{bound, errors, shipped};
use crate::query::kql::diagnostics::DIAGNOSTICS_MAX;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

#[test]
fn mutated_texts_are_bound_without_a_panic() {
    let tables = shipped();
    let texts: Vec<&str> = include_str!("hunting.kql").split("\n---\n").collect();
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split_inclusive([' ', '(', ')', ',', '.', '|'])).collect();
    let mut numbers = Numbers(7);
    for text in &texts {
        for _ in 0..6 {
            let mut parts: Vec<&str> = text.split_inclusive([' ', '(', ')', ',', '.', '|']).collect();
            for _ in 0..=numbers.below(3) {
                let place = numbers.below(parts.len());
                match numbers.below(3) {
                    0 if parts.len() > 1 => {
                        parts.remove(place);
                    }
                    1 => parts.insert(place, words[numbers.below(words.len())]),
                    _ => parts[place] = words[numbers.below(words.len())],
                }
            }
            let text = parts.concat();
            let binding = bound(&text, &tables);
            assert!(binding.diagnostics.len() <= 2 * DIAGNOSTICS_MAX);
            for diagnostic in &binding.diagnostics {
                assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?} in {text}");
            }
        }
    }
}

#[test]
fn one_typo_is_one_mistake() {
    let tables = shipped();
    for (text, expected) in [
        ("SigninLog | where A == 1 | summarize count() by B | order by C", "kql_unknown_table `SigninLog`"),
        ("SigninLogs | extend x = UserIdd | where x == 1 and strlen(x) > 2 | summarize max(x) by y = x", "kql_unknown_column `UserIdd`"),
        ("SigninLogs | extend x = tolowr(UserId) | where x == 'a' | project x, z = x + 1", "kql_unknown_function `tolowr`"),
        ("let T = SigninLogs | where Nope == 1; T | union T | join T on UserId", "kql_unknown_column `Nope`"),
        ("let f = (x: long) { x + Nope }; print f(1), f(2), f(3)", "kql_unknown_column `Nope`"),
    ] {
        assert_eq!(errors(text, &bound(text, &tables)), [expected], "{text}");
    }
}

#[test]
fn what_grows_without_end_is_refused() {
    let tables = shipped();
    let doubling = |first: &str, next: &dyn Fn(usize) -> String, last: &str| {
        let lets: String = (1..200).map(next).collect();
        format!("let a0 = {first}; {lets} {last}")
    };
    let chain = |part: &str| format!("print x = 1 {}", part.repeat(3_000));
    for (text, code) in [
        (doubling("1", &|n| format!("let a{n} = a{0} + a{0}; ", n - 1), "print a199"), "kql_too_large"),
        (doubling("1", &|n| format!("let a{n} = a{} + 1; ", n - 1), "print a199 + a199"), ""),
        (doubling("print x = 1", &|n| format!("let a{n} = union a{0}, a{0}; ", n - 1), "a199"), "kql_too_large"),
        (chain("| extend x = x + 1 "), "kql_too_deep"),
        (format!("let f = (x: long) {{ x + x }}; print {}1{} // {:60}", "f(".repeat(40), ")".repeat(40), ""), "kql_too_large"),
        ("let f = (x: long) { g(x) }; let g = (x: long) { f(x) }; print g(1)".to_owned(), "kql_unknown_function"),
    ] {
        let errors = errors(&text, &bound(&text, &tables));
        let found = errors.first().map(|error| error.split(' ').next().unwrap_or_default().to_owned()).unwrap_or_default();
        assert_eq!(found, code, "{}", &text[..60]);
    }
}

/// `count` items with their numbers, between commas.
fn listed(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

#[test]
fn many_names_many_times_are_refused() {
    let tables = shipped();
    let wide = format!("print {}", listed(2_000, |n| format!("c{n} = 1")));
    let calls = |count: usize| (1..count).map(|n| format!("let f{n} = (x: long) {{ f{0}(f{0}(x)) }}; ", n - 1)).collect::<String>();
    let edges = |count: usize| format!("print a = 1, b = 2 | make-graph a --> b | graph-match (n0){} project n0", "-->()".repeat(count));
    for (text, code) in [
        // Columns through operators, one after the other and side by side.
        (format!("{wide} {}", "| take 1 ".repeat(150)), ""),
        (format!("{wide} {}", "| take 1 ".repeat(350)), "kql_too_large"),
        (format!("{wide} {}", "| where c7 == 1 ".repeat(350)), "kql_too_large"),
        (format!("print x = 1 | extend {}", listed(9_000, |n| format!("c{n} = x"))), ""),
        (format!("print x = 1 | extend {}", listed(12_000, |n| format!("c{n} = x"))), "kql_too_large"),
        (format!("{wide} | project-away {}", listed(1_000, |n| format!("c{n}*"))), "kql_too_large"),
        (format!("{wide} | project-reorder {}", listed(1_000, |n| format!("*{n}"))), "kql_too_large"),
        // Tables, the same ones again and again.
        (format!("union {}", listed(3_000, |_| "SigninLogs".to_owned())), "kql_too_large"),
        (format!("union {}", listed(3_000, |_| "S*".to_owned())), "kql_too_large"),
        (format!("let A = SigninLogs; union {}", listed(7_000, |_| "A".to_owned())), "kql_too_large"),
        // Calls in each other, and terms in all columns.
        (format!("let f0 = (x: long) {{ x }}; {} print f10(1)", calls(11)), ""),
        (format!("let f0 = (x: long) {{ x }}; {} print f30(1)", calls(31)), "kql_too_large"),
        // What stands for all columns, and columns that are looked for one by one.
        (format!("{wide} | project {}", listed(500, |n| format!("x{n} = pack_all()"))), "kql_too_large"),
        (format!("{wide} | summarize {}", listed(500, |n| format!("arg_max(c{n}, *)"))), "kql_too_large"),
        (format!("datatable ({})[]", listed(9_000, |n| format!("c{n}: long"))), ""),
        (format!("print x = '' | parse x with {}", (0..9_000).map(|n| format!("'{n}' c{n} ")).collect::<String>()), "kql_too_large"),
        (format!("{wide} | where {}", listed(2_000, |n| format!("* has 'w{n}'")).replace(", ", " or ")), "kql_too_large"),
        // Patterns.
        (edges(120), ""),
        (edges(3_000), "kql_too_large"),
    ] {
        let errors = errors(&text, &bound(&text, &tables));
        let found: Vec<&str> = errors.iter().map(|error| error.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(found, if code.is_empty() { vec![] } else { vec![code] }, "{} ... {}", &text[..40], &text[text.len() - 40..]);
    }
}

#[test]
fn what_nobody_knows_is_reported_a_hundred_times() {
    let tables = shipped();
    for text in [
        format!("print {}", listed(20_000, |n| format!("c{n}"))),
        format!("print {}", listed(10_000, |n| format!("c{n}()"))),
        format!("union {}", listed(20_000, |n| format!("T{n}"))),
        format!("SigninLogs | project-away {}", listed(20_000, |n| format!("c{n}"))),
    ] {
        assert_eq!(errors(&text, &bound(&text, &tables)).len(), DIAGNOSTICS_MAX, "{}", &text[..30]);
    }
    // Warnings leave room for mistakes.
    let fuzzy = format!("union isfuzzy=true {}, SigninLogs | where Nope == 1", listed(300, |n| format!("T{n}")));
    assert_eq!(errors(&fuzzy, &bound(&fuzzy, &tables)), ["kql_unknown_column `Nope`"]);
}

#[test]
fn many_declarations_are_found_in_no_time() {
    // Each name is looked for among all others; nothing is refused, and the nearest one is meant.
    let tables = shipped();
    let lets: String = (1..10_000).map(|n| format!("let a{n} = a0 + 1; ")).collect();
    let text = format!("let a0 = 1; {lets} let f = () {{ a0 }}; print a9999, f(), f()");
    assert_eq!(errors(&text, &bound(&text, &tables)), [""; 0]);
    let text = "let a = 1; let f = (b: long) { let a = b; a + 1 }; let c = a; print f(c), a";
    assert_eq!(errors(text, &bound(text, &tables)), [""; 0]);
    assert_eq!(errors("let a = 1; let b = 2; let a = 3; print a", &bound("let a = 1; let b = 2; let a = 3; print a", &tables)).len(), 1);
}

#[test]
fn values_of_parameters_are_of_their_type_and_declared() {
    let text = "declare query_parameters(n: long, t: datetime = datetime(2024-01-01), s: string = 'x', g: guid = guid(null), d: dynamic = dynamic(null)); print n, t, s, g, d";
    let given = |given: &[(&str, Option<&str>)]| {
        let parameters = given.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
        let parsed = crate::query::kql::parse(text);
        let found = super::bind(&parsed.query, &shipped(), &super::Given { now: super::NOW, parameters, ..super::Given::default() });
        found
            .diagnostics
            .iter()
            .map(|it| format!("{} {} ({})", it.code, it.message, it.help.as_deref().unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    for values in [
        &[("n", Some("5"))][..],
        &[("n", Some(" 0x1F ")), ("t", Some("2024-05-06 07:08")), ("s", Some("null")), ("g", Some("74be27de1e4e49d9b579fe0b331d3642"))],
        &[("n", None), ("t", Some("null")), ("s", None), ("d", Some("[1]"))],
        &[("n", Some("-1")), ("d", Some("no json"))],
    ] {
        assert_eq!(given(values), [""; 0], "{values:?}");
    }
    for (name, value, expected) in [
        (
            "n",
            "abc",
            "kql_invalid_parameter expected a value of type long for the parameter 'n', found 'abc' (give one such as `n=42`, or `null`)",
        ),
        (
            "n",
            "",
            "kql_invalid_parameter expected a value of type long for the parameter 'n', found '' (give one such as `n=42`, or `null`)",
        ),
        (
            "n",
            "1.5",
            "kql_invalid_parameter expected a value of type long for the parameter 'n', found '1.5' (give one such as `n=42`, or `null`)",
        ),
        (
            "t",
            "yesterday",
            "kql_invalid_parameter expected a value of type datetime for the parameter 't', found 'yesterday' (give one such as `t=2024-01-31T12:00:00Z`, or `null`)",
        ),
    ] {
        let values = if name == "n" { vec![(name, Some(value))] } else { vec![("n", Some("1")), (name, Some(value))] };
        assert_eq!(given(&values), [expected], "{values:?}");
    }
    assert_eq!(
        given(&[("n", Some("1")), ("since", Some("1"))]),
        [
            "kql_unknown_parameter expected a value for a parameter that the query declares, found one for 'since' (it declares n, t, s, g, d)"
        ]
    );
}

#[test]
fn mistakes_in_what_nobody_uses_are_warnings() {
    let text = "let T = NoSuchTable; let f = 1 + 'a'; print 1";
    let binding = bound(text, &shipped());
    assert!(binding.runs(), "{:?}", binding.diagnostics);
    assert_eq!(binding.diagnostics.len(), 2);
}
