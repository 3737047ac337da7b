//! What may be written at a place of a text: operators, tables, columns in scope, functions.
//!
//! The part of the text in front of the place is bound, up to the last whole operator; nothing else of the text matters.

use super::super::aggregates;
use super::super::functions;
use super::super::lexer::{TokenKind, lex};
use super::super::parse;
use super::super::parser::{CHARTS, OPERATORS};
use super::super::tree::{LetValue, StatementKind};
use super::plugins::plugin_names;
use super::{Given, Schemas, bind};
use crate::model::Span;
use serde::Serialize;

/// Words that begin a query without a table in front.
const SOURCES: &[&str] = &["datatable", "externaldata", "find", "let", "print", "range", "search", "set", "union"];
/// Kinds of `join`.
const JOINS: &[&str] = &["fullouter", "inner", "innerunique", "leftanti", "leftouter", "leftsemi", "rightanti", "rightouter", "rightsemi"];
/// What may follow a value.
const BETWEEN_VALUES: &[&str] = &[
    "!between",
    "!contains",
    "!endswith",
    "!has",
    "!in",
    "!startswith",
    "and",
    "between",
    "contains",
    "contains_cs",
    "endswith",
    "has",
    "has_all",
    "has_any",
    "has_cs",
    "hasprefix",
    "hassuffix",
    "in",
    "in~",
    "matches regex",
    "or",
    "startswith",
];

/// Most candidates of one answer.
const CANDIDATES_MAX: usize = 200;

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// The letters that a candidate replaces.
    pub span: Span,
    /// The candidates, best first.
    pub candidates: Vec<Candidate>,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its name.
    pub label: String,
    /// What it is.
    pub kind: CandidateKind,
    /// Its type, or what it does.
    pub detail: String,
    /// What to write in the place of the span.
    pub insert: String,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// A column of the rows here.
    Column,
    /// A name that the text declares.
    Name,
    /// A stored table.
    Table,
    /// A tabular operator.
    Operator,
    /// An aggregate.
    Aggregate,
    /// A function.
    Function,
    /// A plugin of `evaluate`.
    Plugin,
    /// An exploration query, inside the text that names it.
    Exploration,
    /// Another word of the language.
    Keyword,
}

/// What may be written at an offset in bytes; the letters in front of it that belong to a name narrow the answer.
pub fn complete(text: &str, offset: usize, schemas: &dyn Schemas) -> Completion {
    let offset = floor_char(text, offset);
    let before = &text[..offset];
    let started = before
        .rfind(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$')))
        .map_or(0, |place| place + before[place..].chars().next().map_or(1, char::len_utf8));
    // A minus belongs to the word only in operators such as `mv-expand`.
    let head = before[..started].trim_end();
    let started = if head.ends_with('|') { started } else { before[started..].rfind('-').map_or(started, |place| started + place + 1) };
    let mut candidates = Vec::new();
    let mut started = started;
    match place_of(&before[..started]) {
        Placed::Nowhere => {}
        Placed::Operator => candidates.extend(OPERATORS.iter().map(|name| candidate(name, CandidateKind::Operator, "operator"))),
        Placed::Word(words, detail) => candidates.extend(words.iter().map(|word| candidate(word, CandidateKind::Keyword, detail))),
        Placed::Plugin => {
            candidates.extend(plugin_names().map(|name| called(name, CandidateKind::Plugin, "plugin")));
            candidates.extend(schemas.table_functions().iter().map(|name| called(name, CandidateKind::Plugin, "table function")));
        }
        Placed::Exploration(begin) => {
            started = begin;
            candidates.extend(schemas.explorations().iter().map(|(name, title)| candidate(name, CandidateKind::Exploration, title)));
        }
        Placed::Source(lets) => {
            declared(lets, &mut candidates);
            candidates.extend(schemas.tables().iter().map(|name| written(name, CandidateKind::Table, "table")));
            candidates.extend(schemas.functions().iter().map(|name| called(name, CandidateKind::Function, "stored function")));
            candidates.extend(schemas.table_functions().iter().map(|name| called(name, CandidateKind::Function, "table function")));
            candidates.extend(SOURCES.iter().map(|name| candidate(name, CandidateKind::Keyword, "keyword")));
        }
        Placed::Value { lets, rows, aggregates, behind_value } => {
            if behind_value {
                candidates.extend(BETWEEN_VALUES.iter().map(|word| candidate(word, CandidateKind::Keyword, "keyword")));
                candidates.extend(words_behind(rows.1).iter().map(|word| candidate(word, CandidateKind::Keyword, "keyword")));
            } else {
                columns(lets, rows.0, schemas, &mut candidates);
                declared(lets, &mut candidates);
                if aggregates {
                    let all = aggregates::all().map(|aggregate| called(aggregate.name, CandidateKind::Aggregate, aggregate.summary));
                    candidates.extend(all);
                }
                candidates.extend(functions::all().map(|function| called(function.name, CandidateKind::Function, function.summary)));
                candidates.extend(schemas.functions().iter().map(|name| called(name, CandidateKind::Function, "stored function")));
            }
        }
    }
    let lower = before[started..].to_lowercase();
    candidates.retain(|candidate| candidate.label.to_lowercase().contains(&lower));
    candidates.sort_by_cached_key(|candidate| {
        let text = candidate.label.to_lowercase();
        // Of words that fit a place, the short ones are meant most.
        let length = if candidate.kind == CandidateKind::Keyword { text.len() } else { 0 };
        (!text.starts_with(&lower), candidate.kind, length, text)
    });
    candidates.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
    candidates.truncate(CANDIDATES_MAX);
    Completion { span: Span { start: started, end: offset }, candidates }
}

/// Words that an operator has between or behind its values.
fn words_behind(operator: &str) -> &'static [&'static str] {
    match operator {
        "sort" | "order" | "top" | "top-nested" => &["asc", "by", "desc", "nulls first", "nulls last", "of"],
        "summarize" | "make-series" | "distinct" | "sample-distinct" | "reduce" => &["by", "default", "from", "of", "on", "step", "to"],
        "join" | "lookup" => &["on"],
        "mv-expand" | "mv-apply" => &["limit", "on", "to typeof("],
        "parse" | "parse-where" | "parse-kv" => &["as", "with"],
        "evaluate" => &[],
        _ => &["to"],
    }
}

/// What is expected at a place.
enum Placed<'a> {
    /// Nothing that is known: inside a text or a comment, behind a dot.
    Nowhere,
    /// A tabular operator.
    Operator,
    /// A table or a statement; the statements in front.
    Source(&'a str),
    /// One of these words; what they are.
    Word(&'static [&'static str], &'static str),
    /// A plugin.
    Plugin,
    /// The name of an exploration query; where its letters begin.
    Exploration(usize),
    /// A value over the rows of a pipeline, or what follows a value; the rows and the operator.
    Value { lets: &'a str, rows: (&'a str, &'a str), aggregates: bool, behind_value: bool },
}

/// Looks at the tokens in front of a place.
fn place_of(before: &str) -> Placed<'_> {
    let (tokens, _) = lex(before);
    let open_text = tokens.iter().find(|token| {
        let at_end = token.end as usize == before.len() && token.start < token.end;
        let text = &before[token.start as usize..token.end as usize];
        at_end && (token.kind == TokenKind::Comment || token.kind == TokenKind::String && unclosed(text))
    });
    if let Some(token) = open_text {
        let (start, end) = (token.start as usize, token.end as usize);
        let call = before[..start].trim_end().strip_suffix('(').map(str::trim_end);
        let quote = before[start..end].find(['"', '\'']).map_or(end, |place| start + place + 1);
        return match call {
            Some(call) if token.kind == TokenKind::String && call.ends_with("explore") => Placed::Exploration(quote),
            _ => Placed::Nowhere,
        };
    }
    let meaning: Vec<_> =
        tokens.iter().filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment | TokenKind::End)).collect();
    // Pipelines around the place: where each begins, and where its last bar is.
    let mut open: Vec<(usize, Option<usize>)> = vec![(0, None)];
    let mut lets = 0;
    for token in &meaning {
        let (start, end) = (token.start as usize, token.end as usize);
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBrace | TokenKind::OpenBracket => open.push((end, None)),
            TokenKind::CloseParen | TokenKind::CloseBrace | TokenKind::CloseBracket if open.len() > 1 => {
                open.pop();
            }
            TokenKind::Semicolon => {
                if open.len() == 1 {
                    lets = end;
                }
                if let Some(innermost) = open.last_mut() {
                    *innermost = (end, None);
                }
            }
            TokenKind::Bar => {
                if let Some(innermost) = open.last_mut() {
                    innermost.1 = Some(start);
                }
            }
            _ => {}
        }
    }
    let last = meaning.last().map(|token| token.kind);
    if last == Some(TokenKind::Bar) {
        return Placed::Operator;
    }
    if last == Some(TokenKind::Dot) {
        return Placed::Nowhere;
    }
    let behind = |back: usize| {
        meaning.len().checked_sub(back).and_then(|place| meaning.get(place)).map(|token| &before[token.span().start..token.span().end])
    };
    match (behind(3), behind(2), behind(1)) {
        (_, Some("|"), Some("evaluate")) => return Placed::Plugin,
        (_, Some("|"), Some("render")) => return Placed::Word(CHARTS, "chart"),
        (Some("join"), Some("kind"), Some("=")) => return Placed::Word(JOINS, "kind of join"),
        (Some("lookup"), Some("kind"), Some("=")) => return Placed::Word(&["inner", "leftouter"], "kind of lookup"),
        _ => {}
    }
    let lets_text = &before[..lets];
    let rows = open.iter().rev().find_map(|(start, bar)| bar.map(|bar| (*start, bar)));
    let word = behind;
    let begins = match last {
        None | Some(TokenKind::Semicolon | TokenKind::OpenBrace) => true,
        Some(TokenKind::OpenParen) => {
            matches!(word(2), Some("join" | "lookup" | "union" | "in" | "toscalar" | "materialize" | "view") | None)
                || word(2).is_some_and(|word| {
                    word.starts_with("kind")
                        || word.ends_with("inner")
                        || word.ends_with("outer")
                        || word.ends_with("anti")
                        || word.ends_with("semi")
                })
        }
        Some(TokenKind::Equal) => rows.is_none() || rows.is_some_and(|(start, _)| start < lets),
        Some(TokenKind::Name) => matches!(
            word(1),
            Some(
                "join"
                    | "lookup"
                    | "union"
                    | "inner"
                    | "leftouter"
                    | "rightouter"
                    | "fullouter"
                    | "leftanti"
                    | "leftsemi"
                    | "rightanti"
                    | "rightsemi"
                    | "innerunique"
            )
        ),
        Some(TokenKind::Comma) => {
            let operator = rows.map_or(lets, |(_, bar)| bar + 1);
            before[operator.max(lets)..].trim_start().starts_with("union")
        }
        _ => false,
    };
    match rows {
        _ if begins => Placed::Source(lets_text),
        Some((start, bar)) => {
            let operator = before[bar + 1..].trim_start();
            let operator =
                &operator[..operator.find(|letter: char| !(letter.is_alphanumeric() || letter == '-')).unwrap_or(operator.len())];
            let aggregates = ["summarize", "make-series", "top-nested"].contains(&operator);
            let rows = (&before[pipeline_start(before, start)..bar], operator);
            Placed::Value { lets: lets_text, rows, aggregates, behind_value: ends_value(last, word(1), operator) }
        }
        None => Placed::Value { lets: lets_text, rows: ("", ""), aggregates: false, behind_value: false },
    }
}

/// Whether the token in front of a place ends a value, so that another one cannot follow.
fn ends_value(last: Option<TokenKind>, word: Option<&str>, operator: &str) -> bool {
    let word = word.unwrap_or_default();
    match last {
        Some(TokenKind::Name | TokenKind::Word) => {
            let joins =
                BETWEEN_VALUES.contains(&word) || words_behind(operator).contains(&word) || matches!(word, "regex" | "where" | "not");
            !joins && word != operator && !operator.ends_with(&format!("-{word}"))
        }
        Some(
            TokenKind::String
            | TokenKind::CloseParen
            | TokenKind::CloseBracket
            | TokenKind::Bool
            | TokenKind::Long
            | TokenKind::Real
            | TokenKind::Timespan
            | TokenKind::Typed(_)
            | TokenKind::RawGuid,
        ) => true,
        _ => false,
    }
}

/// Where the table of a pipeline begins: behind `let name =`.
fn pipeline_start(before: &str, start: usize) -> usize {
    let text = &before[start..];
    let trimmed = text.trim_start();
    match trimmed.strip_prefix("let ").and_then(|rest| rest.find('=').map(|place| rest.len() - place - 1)) {
        Some(left) => before.len() - left,
        None => start,
    }
}

/// Whether a string at the end of a text lacks its closing quote.
fn unclosed(text: &str) -> bool {
    let quoted = text.trim_start_matches(['h', 'H', '@']);
    let Some(quote) = quoted.chars().next() else { return true };
    quoted.len() < 2 || !quoted.ends_with(quote)
}

/// The columns of the rows that a pipeline gives.
fn columns(lets: &str, rows: &str, schemas: &dyn Schemas, candidates: &mut Vec<Candidate>) {
    if rows.trim().is_empty() {
        return;
    }
    let text = format!("{lets}\n{rows}");
    let parsed = parse(&text);
    let given = Given::default();
    let binding = bind(&parsed.query, schemas, &given);
    let Some(result) = binding.query.results.last() else { return };
    candidates.extend(result.relation.columns.iter().map(|column| written(&column.name, CandidateKind::Column, column.kind.as_str())));
}

/// The names that the statements in front declare.
fn declared(lets: &str, candidates: &mut Vec<Candidate>) {
    for statement in parse(lets).query.statements {
        match statement.kind {
            StatementKind::Let(declared) => {
                let detail = match declared.value {
                    LetValue::Function(_) => "function of the query",
                    LetValue::Expr(_) => "name of the query",
                };
                candidates.push(written(&declared.name.text, CandidateKind::Name, detail));
            }
            StatementKind::Parameters(parameters) => {
                candidates.extend(parameters.iter().map(|parameter| candidate(&parameter.name.text, CandidateKind::Name, "parameter")));
            }
            _ => {}
        }
    }
}

/// A name as it is written: in brackets if it has other marks than letters.
fn quoted(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")) }
}

fn candidate(text: &str, kind: CandidateKind, detail: &str) -> Candidate {
    Candidate { label: text.to_owned(), kind, detail: detail.to_owned(), insert: text.to_owned() }
}

/// A name that is written in brackets where it has other marks than letters.
fn written(name: &str, kind: CandidateKind, detail: &str) -> Candidate {
    Candidate { insert: quoted(name), ..candidate(name, kind, detail) }
}

/// A name that parentheses follow.
fn called(name: &str, kind: CandidateKind, detail: &str) -> Candidate {
    Candidate { insert: format!("{name}("), ..candidate(name, kind, detail) }
}

/// The nearest start of a character at or before an offset.
fn floor_char(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::super::Tables;
    use super::{Completion, complete};
    use crate::query::kql::tree::ScalarType;

    fn at(text: &str) -> Completion {
        let mut tables = Tables::default();
        tables.insert(
            "Logons",
            vec![("Account".into(), ScalarType::String), ("Time".into(), ScalarType::DateTime), ("odd name".into(), ScalarType::Long)],
        );
        tables.insert("Alerts", vec![("Title".into(), ScalarType::String)]);
        let offset = text.find('^').expect("a place");
        complete(&text.replace('^', ""), offset, &tables)
    }

    #[test]
    fn what_is_proposed_fits_the_place() {
        for (text, expected) in [
            ("^", "Alerts"),
            ("Log^", "Logons"),
            ("Logons | wh^", "where"),
            ("Logons | mv-e^", "mv-expand"),
            ("Logons | ^", "as"),
            ("Logons | where Acc^", "Account"),
            ("Logons | where Account == 'x' | extend n = strlen(Account) | project n^", "n"),
            ("let T = Logons | project A = Account; T | where ^", "A"),
            ("let T = Logons; ^", "T"),
            ("Logons | join kind=inner (Al^", "Alerts"),
            ("Logons | join kind=inner (Alerts | where Ti^", "Title"),
            ("Logons | summarize cou^", "count"),
            ("Logons | where tolo^", "tolong"),
            ("Logons | project odd^", "odd name"),
            ("Logons | where Account ha^", "has"),
            ("Logons | where Account == 'x' an^", "and"),
            ("Logons | where Account has 'x' and Ti^", "Time"),
            ("Logons | sort by Time de^", "desc"),
            ("Logons | summarize count() b^", "by"),
            ("Logons | evaluate bag^", "bag_unpack"),
            ("Logons | render timec^", "timechart"),
            ("Logons | join kind=left^", "leftanti"),
            ("union Al^", "Alerts"),
        ] {
            let found = at(text);
            assert_eq!(
                found.candidates.first().map(|candidate| candidate.label.as_str()),
                Some(expected),
                "{text}: {:?}",
                found.candidates.iter().take(4).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn what_is_written_is_legal_where_it_is_put() {
        for (text, expected) in [
            ("Logons | project odd^", "['odd name']"),
            ("Logons | where tolo^", "tolong("),
            ("Logons | summarize cou^", "count("),
            ("Logons | evaluate piv^", "pivot("),
            ("Log^", "Logons"),
        ] {
            assert_eq!(at(text).candidates.first().map(|candidate| candidate.insert.as_str()), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_is_proposed_in_texts_and_comments() {
        for text in ["Logons | where Account == 'Acc^", "// Log^", "Logons | extend d = x.^"] {
            assert!(at(text).candidates.is_empty(), "{text}");
        }
    }

    #[test]
    fn any_place_of_any_text_can_be_completed() {
        let text = "let é = Logons | where Account in~ ('ü', \"x\") // ö\n| summarize count() by ['odd name']; é | join (Alerts) on";
        for offset in 0..=text.len() + 1 {
            complete(text, offset, &Tables::default());
        }
    }
}
