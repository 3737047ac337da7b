//! Statements: what stands between semicolons.

use super::{Expr, Name, Place, ScalarType, StringLiteral};

/// All statements of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// The whole text.
    pub place: Place,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where it stands, without its semicolon.
    pub place: Place,
}

/// The kinds of statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `let a = ...`
    Let(Let),
    /// `set a = ...`
    Set(SetOption),
    /// `alias database a = ...`
    Alias(Alias),
    /// `restrict access to (...)`
    Restrict(Vec<Expr>),
    /// `declare query_parameters(...)`
    Parameters(Vec<Parameter>),
    /// `declare pattern a = ...`
    Pattern(PatternDeclaration),
    /// A query.
    Expression(Expr),
}

/// Gives something a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Let {
    /// The name.
    pub name: Name,
    /// What it names.
    pub value: LetValue,
}

/// What a `let` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetValue {
    /// A value or a table.
    Expr(Expr),
    /// A function.
    Function(Function),
}

/// A function of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Whether `union *` sees it as a table.
    pub view: bool,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Its body.
    pub body: Body,
}

/// A parameter of a function or a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub kind: ParameterKind,
    /// What it is if nothing is given.
    pub default: Option<Expr>,
    /// Where it stands.
    pub place: Place,
}

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A value.
    Scalar(ScalarType),
    /// Any table: `(*)`.
    AnyTable,
    /// A table with at least these columns.
    Table(Vec<Column>),
}

/// `{ let ...; ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What is named first.
    pub statements: Vec<Statement>,
    /// The result.
    pub result: Option<Expr>,
    /// Where it stands.
    pub place: Place,
}

/// A column with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: ScalarType,
    /// Where it stands.
    pub place: Place,
}

/// An option of the whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOption {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Option<Expr>,
}

/// Another name of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: Name,
    /// The database.
    pub database: Expr,
}

/// Rules that map texts to bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternDeclaration {
    /// Its name.
    pub name: Name,
    /// Parameters.
    pub parameters: Vec<Column>,
    /// Parameter in brackets.
    pub path: Option<Column>,
    /// The rules; none if the pattern is only announced.
    pub rules: Vec<PatternRule>,
}

/// `("a").["b"] = { ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternRule {
    /// The texts that it is for.
    pub arguments: Vec<Expr>,
    /// The text in brackets.
    pub path: Option<StringLiteral>,
    /// What it gives.
    pub body: Body,
}
