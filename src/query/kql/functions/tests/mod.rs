//! Functions over literals: each line of a case file is an expression and what it gives.
//!
//! ```text
//! # a comment
//! strcat("a", 1) => "a1"
//! extract("(", 1, "x") => error: the message
//! ```
//! Both sides are KQL. Each call runs twice, over one constant row and over a batch of rows, and must give the same.

mod evaluate;
mod laws;
mod values;

use evaluate::evaluate;
use values::Value;

/// Runs all lines of a case file and tells of all that differ.
fn check(file: &str, text: &str) {
    let mut failures = Vec::new();
    let mut cases = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        cases += 1;
        if let Err(failure) = check_line(line) {
            failures.push(format!("{file}:{}: {line}\n    {failure}", index + 1));
        }
    }
    assert!(cases > 0, "{file} holds no case");
    assert!(failures.is_empty(), "{} of {cases} cases differ\n{}", failures.len(), failures.join("\n"));
}

fn check_line(line: &str) -> Result<(), String> {
    let (call, expected) = line.rsplit_once(" => ").ok_or("expected `call => value`")?;
    let found = evaluate(call.trim());
    if let Some(message) = expected.trim().strip_prefix("error: ") {
        return match found {
            Err(error) if error == message => Ok(()),
            Err(error) => Err(format!("found the error: {error}")),
            Ok(value) => Err(format!("found {value}")),
        };
    }
    let (expected, found): (Value, Value) = (evaluate(expected.trim())?, found?);
    if expected.equals(&found) { Ok(()) } else { Err(format!("found {found}")) }
}

macro_rules! case_files {
    ($($name:ident = $file:literal;)*) => {
        $(#[test]
        fn $name() {
            check($file, include_str!(concat!("cases/", $file)));
        })*
    };
}

case_files! {
    conversions = "conversion.txt";
    arithmetic = "arithmetic.txt";
    documents = "documents.txt";
    dynamic_values = "dynamic.txt";
    encodings = "encoding.txt";
    sketches = "sketches.txt";
    geography = "geography.txt";
    mathematics = "mathematics.txt";
    operators = "matching.txt";
    networks = "network.txt";
    regular_expressions = "regexes.txt";
    series = "series.txt";
    texts = "text.txt";
    times = "time.txt";
}

#[test]
fn the_table_is_sound() {
    let mut names = std::collections::HashSet::new();
    for function in super::all() {
        for name in function.aliases.iter().chain([&function.name]) {
            assert!(names.insert(*name), "`{name}` is there twice");
        }
        assert!(function.summary.ends_with('.'), "the summary of `{}` is a sentence", function.name);
        assert!(
            function.differences.is_empty() || function.differences.ends_with('.'),
            "the differences of `{}` are sentences",
            function.name
        );
        for overload in function.overloads {
            assert!(overload.required <= overload.parameters.len(), "required parameters of `{}`", function.name);
            assert!(overload.repeat <= overload.parameters.len(), "repeated parameters of `{}`", function.name);
        }
    }
}
