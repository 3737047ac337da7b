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

#[test]
fn mistakes_in_what_nobody_uses_are_warnings() {
    let text = "let T = NoSuchTable; let f = 1 + 'a'; print 1";
    let binding = bound(text, &shipped());
    assert!(binding.runs(), "{:?}", binding.diagnostics);
    assert_eq!(binding.diagnostics.len(), 2);
}
