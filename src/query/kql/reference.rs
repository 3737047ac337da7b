//! What of the language is supported, as Markdown, written from the tables that the binder uses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::aggregates::{self, Aggregate, Gives};
use super::bind::{refused_plugins, running_plugins};
use super::diagnostics::Code;
use super::functions::{self, Family, Function, Parameter, Returns, Takes};
use super::operators::{OPERATORS, SOURCES, TabularOperator};

/// The reference of functions, operators between texts, and aggregates: what each gives and in what it differs from Kusto's.
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    let mut families: BTreeMap<Family, Vec<&Function>> = BTreeMap::new();
    for function in functions::all() {
        families.entry(function.family).or_default().push(function);
    }
    // Writing to a text cannot fail.
    let _ = writeln!(out, "\n## Tabular operators\n\n{} operators, and what rows come from.\n\n{COLUMNS}", OPERATORS.len());
    SOURCES.iter().chain(OPERATORS).for_each(|operator| push_operator(&mut out, operator));
    let _ = writeln!(out, "\n## Plugins\n\n| plugin | gives |\n| --- | --- |");
    for (name, summary) in running_plugins() {
        let _ = writeln!(out, "| `{name}` | {summary} |");
    }
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
    let _ = writeln!(out, "{ENGINE_HEAD}");
    for function in ENGINE {
        let _ = writeln!(out, "| `{}` | {} | {} |", function.form, function.gives, function.columns);
    }
    let _ = writeln!(out, "{BOUNDS}{CODES_HEAD}");
    for code in Code::ALL.iter().filter(|code| code.as_str().starts_with("kql_")) {
        let _ = writeln!(out, "| `{code}` | {} | {} |", code.kind().as_str(), code.summary().trim_end_matches('.'));
    }
    let refused: Vec<String> = functions::refused().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(out, "\n## Refused\n\nThese functions of the language are refused by name: {}.", refused.join(", "));
    let plugins: Vec<String> = refused_plugins().iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(out, "\nThese plugins are refused by name: {}.", plugins.join(", "));
    out
}

const HEAD: &str = "# KQL: what is supported\n\n\
    Written by `clew` itself from the tables that its binder reads. What is not here is refused by name, never answered differently without\n\
    saying so.\n";

const BOUNDS: &str = "\n## How large a text may be\n\n\
    What is larger is refused at once, before anything runs (`kql_text_too_long`, `kql_too_deep`, `kql_too_large`). A text has at most 512 KiB and 131,072\n\
    words and signs, 128 levels of nesting and 400 operators one behind the other, functions and tables put in. A table has at most 10,000 columns, a\n\
    pattern in a graph 256 nodes and edges. All in all 100,000 expressions and operators are bound: what functions hold counts at each call, and every four\n\
    columns that an operator carries on count as one. Behind the hundredth mistake nothing is read. Making the plan counts as time of the query.\n";

const CODES_HEAD: &str = "\n## Codes of mistakes\n\n\
    What `clew check`, its lines for `--batch` and `POST /v1/query/check` list. A mistake of kind `syntax` lies in the grammar: the text cannot be read. One of kind\n\
    `semantic` lies in what the text names or asks. A query that is read, means something and still fails ends with `kql_invalid_value`, `kql_failed`,\n\
    `kql_limit` (it names the bound: `memory_max`, `spill_max`, ...) or `query_timeout`. Texts and dynamic values that the expressions of one operator\n\
    make of one row take 64 MiB at most (`expression_bytes_max`). A watchlist that is not there is a warning to who checks and a mistake to who runs.\n\n| code | kind | what is wrong |\n| --- | --- | --- |";

const ENGINE_HEAD: &str = "\n## Functions of the engine that give rows\n\n\
    They compose the entity graph, the full-text index and saved queries with tables. What stands behind `T |` works on the rows of `T`, which name\n\
    entities by `_Entities`, or by references (`host:WS6`, `alert:ID`) in the column that `column` names. A limit that cuts rows is named in the\n\
    answer (`complete`, `cut`).\n\n| form | gives | columns |\n| --- | --- | --- |";

/// A function of the engine as the reference shows it.
pub struct EngineFunction {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// What it gives.
    pub gives: &'static str,
    /// Its columns, with commas between.
    pub columns: &'static str,
}

const fn engine(name: &'static str, form: &'static str, gives: &'static str, columns: &'static str) -> EngineFunction {
    EngineFunction { name, form, gives, columns }
}

/// The functions of the engine that give rows; who implements them checks that they are these.
pub const ENGINE: &[EngineFunction] = &[
    engine(
        "blast_radius",
        "blast_radius(node, hops?, begin?, end?)",
        "what can be reached from a node forward in time",
        "Node, Kind, Label, Hops, Arrival, Via",
    ),
    engine("common", "common(a, b)", "the nodes that both are linked with", "Node, Kind, Label"),
    engine(
        "component",
        "component(node, begin?, end?)",
        "the edges of everything that hangs together with a node",
        "Source, Relation, Target, Role, FirstTime, LastTime, Count",
    ),
    engine(
        "entities",
        "T \\| evaluate entities(column?)",
        "each row once for every entity that it names, with the entity beside it",
        "those of T, EntityId, EntityKind, EntityLabel",
    ),
    engine(
        "expand",
        "T \\| evaluate expand(hops=1, kinds?, relations?, begin?, end?, limit=10000, column?)",
        "what the rows name, and the nodes within some hops of it; kinds and relations are texts with commas between",
        "Node, Kind, Label, Hops, Via, Relation, FirstTime, LastTime",
    ),
    engine(
        "explore",
        "explore(query, entity, begin=?, end=?)",
        "an exploration query about an entity, by name or id; `explore(query)` a hunt; further parameters of the query by name",
        "those of the query",
    ),
    engine(
        "neighbors",
        "neighbors(node, relation?, relation2?, relation3?)",
        "the edges of a node, newest first",
        "Source, Relation, Target, Role, FirstTime, LastTime, Count",
    ),
    engine(
        "paths",
        "paths(a, b, mode?)",
        "the ways between two nodes, a row for each edge; modes are shortest, all, k, rare, time",
        "Path, Step, Source, Relation, Target, FirstTime, LastTime",
    ),
    engine("rank", "rank(by?, kind?, limit?)", "the most connected entities by degree or pagerank", "Node, Kind, Label, Score"),
    engine(
        "search",
        "evaluate search(text, kind?)",
        "incidents, alerts and entities by their words, best first",
        "Kind, Id, Title, Score, _Seq, Node",
    ),
    engine(
        "similar",
        "similar(incident, limit?)",
        "incidents like one, with the reasons",
        "IncidentId, Title, Severity, Status, Score, Reasons, Node",
    ),
    engine(
        "timeline_of",
        "timeline_of(node, begin?, end?)",
        "what happened to a node, in the order of time",
        "TimeGenerated, EndTime, Kind, Message, Source, Severity, Node, _Seq",
    ),
    engine(
        "why",
        "why(a, b)",
        "the records that assert the edges between two nodes",
        "Source, Relation, Target, Rule, AssertedBy, Table, _Seq, _Source, _Line",
    ),
];

const COLUMNS: &str = "| form | gives | differences |\n| --- | --- | --- |";

fn push_function(out: &mut String, function: &Function, forms: String) {
    push_row(out, &forms, function.aliases, function.summary, function.differences);
}

fn push_row(out: &mut String, forms: &str, aliases: &[&str], summary: &str, differences: &str) {
    let also = if aliases.is_empty() { String::new() } else { format!(" Also `{}`.", aliases.join("`, `")) };
    let escaped = |text: &str| text.replace('|', r"\|");
    let _ = writeln!(out, "| {} | {}{also} | {} |", escaped(forms), escaped(summary), escaped(differences));
}

fn push_operator(out: &mut String, operator: &TabularOperator) {
    let gives = if operator.gives.is_empty() { "nothing" } else { operator.gives };
    let _ = writeln!(out, "| `{}` | {gives} | {} |", operator.name, operator.differs);
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
        Takes::Plain => "any but dynamic",
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
