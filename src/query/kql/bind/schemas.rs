//! What the binder asks about the world outside of a text: tables, stored functions, watchlists, graphs.

use std::collections::BTreeMap;

use super::super::bound::{Constant, Field};
use super::super::diagnostics::Code;
use super::super::tree::{Body, Function, LetValue, Parameter, Query, ScalarType, StatementKind};

/// Tables and functions that a text may name. Names are compared in their exact case.
pub trait Schemas {
    /// The columns of a table in order.
    fn table(&self, name: &str) -> Option<Vec<Field>>;

    /// Whether there is a table.
    fn has_table(&self, name: &str) -> bool {
        self.table(name).is_some()
    }

    /// The stored column that a column of a table is another name of.
    fn stored_column(&self, table: &str, column: &str) -> Option<&'static str> {
        let _ = (table, column);
        None
    }

    /// The names of all tables, for wildcards, `search *` and proposals.
    fn tables(&self) -> Vec<String>;

    /// What the names of the tables of a workspace begin with, nothing for the one that is asked; none if there is no such workspace. Where a
    /// text is only checked against schemas, these are those of any workspace.
    fn workspace(&self, name: &str) -> Option<String> {
        let _ = name;
        Some(String::new())
    }

    /// A function that is kept for all queries.
    fn function(&self, name: &str) -> Option<&StoredFunction> {
        let _ = name;
        None
    }

    /// The names of all functions that are kept.
    fn functions(&self) -> Vec<String> {
        Vec::new()
    }

    /// A function of the engine that gives rows.
    fn table_function(&self, name: &str) -> Option<TableFunction> {
        let _ = name;
        None
    }

    /// The names of all functions of the engine that give rows.
    fn table_functions(&self) -> Vec<String> {
        Vec::new()
    }

    /// An exploration query by its name, about an entity unless it needs none.
    ///
    /// # Errors
    ///
    /// Says which of the two is not known, and what to try.
    fn exploration(&self, name: &str, entity: Option<&str>) -> Result<Explored<'_>, Refusal> {
        let _ = entity;
        Err(Refusal { code: Code::UnknownExploration, message: format!("no exploration query is named '{name}'"), help: None })
    }

    /// Names and titles of the exploration queries, for proposals.
    fn explorations(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The columns of a watchlist.
    fn watchlist(&self, name: &str) -> Option<Vec<Field>> {
        let _ = name;
        None
    }

    /// The properties of the nodes and of the edges of a stored graph.
    fn graph(&self, name: &str) -> Option<(Vec<Field>, Vec<Field>)> {
        let _ = name;
        None
    }
}

/// A function of the engine that gives rows: a search of texts, an expansion of entities, an exploration query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFunction {
    /// Whether it works on rows (`T | invoke f()`).
    pub takes_rows: bool,
    /// Its parameters: name, type, and whether it must be given.
    pub parameters: Vec<(String, ScalarType, bool)>,
    /// Its columns; those of the rows that it works on come first if `keeps_rows`.
    pub columns: Vec<Field>,
    /// Whether the columns of the rows that it works on stay.
    pub keeps_rows: bool,
}

/// What an exploration query is to a query that names it.
#[derive(Clone, Debug)]
pub enum Explored<'a> {
    /// A query with its parameters, and the values that the entity gives to some of them.
    Query(&'a StoredFunction, Vec<(&'static str, Constant, ScalarType)>),
    /// Rows of the engine under these columns: `explore` asked as a function that gives rows.
    Rows(Vec<Field>),
}

/// Why an exploration query cannot be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub code: Code,
    /// What was expected and found.
    pub message: String,
    /// What to try.
    pub help: Option<String>,
}

/// A function that is kept for all queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFunction {
    /// Its name.
    pub name: String,
    /// Its parameters and body.
    pub function: Function,
}

impl StoredFunction {
    /// Reads a function from its parameters, as `(a: string, b: long = 1)`, and its body without braces.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the text, which reads `let name = (parameters) { body }`.
    pub fn parse(name: &str, parameters: &str, body: &str) -> Result<Self, Vec<super::super::Diagnostic>> {
        let text = format!("let ['{}'] = {parameters} {{ {body}\n}}", name.replace('\'', ""));
        let parsed = super::super::parse(&text);
        if !parsed.diagnostics.is_empty() {
            return Err(parsed.diagnostics);
        }
        Self::of(name, parsed.query).ok_or_else(Vec::new)
    }

    /// Reads a whole query as a function: its `declare query_parameters` are the parameters, its last expression the result.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the text.
    pub fn of_query(name: &str, text: &str) -> Result<Self, Vec<super::super::Diagnostic>> {
        let parsed = super::super::parse(text);
        if parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity == super::super::Severity::Error) {
            return Err(parsed.diagnostics);
        }
        let place = parsed.query.place;
        let mut function = Function { view: false, parameters: Vec::new(), body: Body { statements: Vec::new(), result: None, place } };
        for statement in parsed.query.statements {
            match statement.kind {
                StatementKind::Parameters(parameters) => function.parameters.extend(parameters),
                StatementKind::Expression(result) => function.body.result = Some(result),
                StatementKind::Set(_) => {}
                _ => function.body.statements.push(statement),
            }
        }
        if function.body.result.is_none() {
            return Err(vec![super::super::Diagnostic::error(Code::NoResult, place.span(), "the query gives nothing")]);
        }
        Ok(Self { name: name.to_owned(), function })
    }

    fn of(name: &str, query: Query) -> Option<Self> {
        query.statements.into_iter().find_map(|statement| match statement.kind {
            StatementKind::Let(declared) => match declared.value {
                LetValue::Function(function) => Some(Self { name: name.to_owned(), function }),
                LetValue::Expr(_) => None,
            },
            _ => None,
        })
    }

    /// Its parameters.
    pub fn parameters(&self) -> &[Parameter] {
        &self.function.parameters
    }
}

/// Tables by name, held in memory.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: BTreeMap<String, Vec<Field>>,
    watchlists: BTreeMap<String, Vec<Field>>,
    functions: BTreeMap<String, StoredFunction>,
}

impl Tables {
    /// Adds a table, or replaces the one with this name.
    pub fn insert(&mut self, name: impl Into<String>, columns: Vec<Field>) {
        self.tables.insert(name.into(), columns);
    }

    /// Adds a watchlist, or replaces the one with this name.
    pub fn insert_watchlist(&mut self, name: impl Into<String>, columns: Vec<Field>) {
        self.watchlists.insert(name.into(), columns);
    }

    /// Adds a function, or replaces the one with this name.
    pub fn insert_function(&mut self, function: StoredFunction) {
        self.functions.insert(function.name.clone(), function);
    }
}

impl Schemas for Tables {
    fn table(&self, name: &str) -> Option<Vec<Field>> {
        self.tables.get(name).cloned()
    }

    fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    fn tables(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    fn function(&self, name: &str) -> Option<&StoredFunction> {
        self.functions.get(name)
    }

    fn functions(&self) -> Vec<String> {
        self.functions.keys().cloned().collect()
    }

    fn watchlist(&self, name: &str) -> Option<Vec<Field>> {
        self.watchlists.get(name).cloned()
    }
}
