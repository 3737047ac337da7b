//! What of the language is supported, as Markdown, written from the tables that the binder uses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::aggregates::{self, Aggregate, Gives};
use super::functions::{self, Family, Function, Parameter, Returns, Takes};

/// The reference of functions, operators between texts, and aggregates: what each gives and in what it differs from Kusto's.
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    let mut families: BTreeMap<Family, Vec<&Function>> = BTreeMap::new();
    for function in functions::all() {
        families.entry(function.family).or_default().push(function);
    }
    // Writing to a text cannot fail.
    let _ = writeln!(out, "\n## Scalar functions\n\n{} functions.", families.values().map(Vec::len).sum::<usize>());
    for (family, mut functions) in families {
        functions.sort_by_key(|function| function.name);
        let _ = writeln!(out, "\n### {}\n\n{COLUMNS}", family.title());
        functions.iter().for_each(|function| push_function(&mut out, function, function_forms(function)));
    }
    let _ = writeln!(out, "\n## Operators between texts\n\nA term is a longest run of letters and digits.\n\n{COLUMNS}");
    for operator in functions::operators() {
        let form = format!("`text {} …`", operator.name);
        push_function(&mut out, operator, form);
    }
    let mut aggregates: Vec<&Aggregate> = aggregates::all().collect();
    aggregates.sort_by_key(|aggregate| aggregate.name);
    let _ = writeln!(out, "\n## Aggregates\n\n{} aggregates.\n\n{COLUMNS}", aggregates.len());
    for aggregate in aggregates {
        push_row(&mut out, &aggregate_forms(aggregate), aggregate.aliases, aggregate.summary, aggregate.differences);
    }
    let refused: Vec<String> = functions::refused().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(out, "\n## Refused\n\nThese functions of the language are refused by name: {}.", refused.join(", "));
    out
}

const HEAD: &str = "# KQL: what is supported\n\n\
    Written by `clew` itself from the tables that its binder reads. What is not here is refused by name, never answered differently without\n\
    saying so.\n";

const COLUMNS: &str = "| form | gives | differences |\n| --- | --- | --- |";

fn push_function(out: &mut String, function: &Function, forms: String) {
    push_row(out, &forms, function.aliases, function.summary, function.differences);
}

fn push_row(out: &mut String, forms: &str, aliases: &[&str], summary: &str, differences: &str) {
    let also = if aliases.is_empty() { String::new() } else { format!(" Also `{}`.", aliases.join("`, `")) };
    let escaped = |text: &str| text.replace('|', r"\|");
    let _ = writeln!(out, "| {} | {}{also} | {} |", escaped(forms), escaped(summary), escaped(differences));
}

/// The forms of a function that differ in more than the types of their arguments.
fn function_forms(function: &Function) -> String {
    let forms = function.overloads.iter().map(|form| {
        let parameters = parameters(form.parameters, form.required, form.repeat);
        format!("`{}({parameters})` → {}", function.name, returned(form.returns))
    });
    unique(forms)
}

fn aggregate_forms(aggregate: &Aggregate) -> String {
    let forms = aggregate.overloads.iter().map(|form| {
        let mut parameters = parameters(form.parameters, form.required, form.repeat);
        if form.star {
            parameters.push_str(" or *");
        }
        let gives = match form.gives {
            Gives::Value(returns) => returned(returns),
            Gives::Arguments => "the arguments".to_owned(),
            Gives::Each(_, returns) => format!("{} for each", returned(returns)),
        };
        format!("`{}({parameters})` → {gives}", aggregate.name)
    });
    unique(forms)
}

fn unique(forms: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for form in forms {
        if !seen.contains(&form) {
            seen.push(form);
        }
    }
    seen.join("<br>")
}

fn parameters(parameters: &[Parameter], required: usize, repeat: usize) -> String {
    let mut out = String::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        let optional = if index >= required { "?" } else { "" };
        let _ = write!(out, "{separator}{}{optional}: {}", parameter.name, taken(parameter.takes));
    }
    if repeat > 0 {
        out.push_str(", …");
    }
    out
}

fn taken(takes: Takes) -> &'static str {
    match takes {
        Takes::Only(kind) => kind.as_str(),
        Takes::Any | Takes::AsText => "any",
        Takes::Number => "number",
        Takes::Quantity => "number or time",
        Takes::Ordered => "what has an order",
        Takes::TypeName => "type",
    }
}

fn returned(returns: Returns) -> String {
    match returns {
        Returns::Always(kind) => kind.as_str().to_owned(),
        Returns::Argument(_) => "as given".to_owned(),
        Returns::Common(_) => "the common type".to_owned(),
        Returns::Named(kind) => format!("{} or the type named", kind.as_str()),
        Returns::By(_) => "by the types given".to_owned(),
        Returns::Several(_) => "several columns".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_committed_reference_is_that_of_the_tables() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kql.md");
        let present = super::reference();
        if std::env::var_os("CLEW_UPDATE").is_some() {
            std::fs::write(&path, &present).expect("the work tree can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == present,
            "`docs/kql.md` differs from the tables: run `CLEW_UPDATE=1 cargo test committed_reference` and look at the change"
        );
    }
}
