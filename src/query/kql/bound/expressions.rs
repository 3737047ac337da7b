//! Expressions with types.

use std::sync::Arc;

use super::super::functions::Function;
use super::super::tree::{Place, ScalarType};
use super::{Constant, Relation};

/// A value for each row of its input.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: ScalarType,
    /// Where it stands in the text.
    pub place: Place,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A constant; null has the type of the expression.
    Literal(Constant),
    /// A column of the input by its place. In `join` conditions the columns of the right side follow those of the left; in a step of `scan` the
    /// declared columns follow those of the input, and a declared one only stands there behind the name of a step.
    Column(usize),
    /// A call of a function of the library; the arguments have the types that the overload declares, arguments that only name a type are left out.
    Call {
        /// The function.
        function: &'static Function,
        /// Which of its overloads.
        overload: usize,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// The value of another type; what does not convert is null. Only ever an implicit widening or `dynamic` to what is wanted.
    Convert(Box<Expr>),
    /// All hold.
    And(Vec<Expr>),
    /// Any holds.
    Or(Vec<Expr>),
    /// A comparison; both sides have one type, except that one may be `dynamic` and the other a scalar in `Equal` and `NotEqual`.
    Compare {
        /// Which.
        operator: Comparison,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// Arithmetic. Numbers on both sides have the type of the result; with instants and durations the sides are as the operator takes them.
    Arithmetic {
        /// Which.
        operator: Arithmetic,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// The number or duration with its sign changed.
    Negate(Box<Expr>),
    /// A text test of two strings.
    Text {
        /// Which.
        operator: TextMatch,
        /// Whether it must not hold.
        negated: bool,
        /// Whether upper and lower case differ.
        case_sensitive: bool,
        /// The text.
        text: Box<Expr>,
        /// What is looked for.
        needle: Box<Expr>,
    },
    /// `in`, `!in`, `in~`, `!in~` with a list. An element of type `dynamic` beside a value of another type is an array whose elements count.
    InList {
        /// The value.
        value: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
        /// Whether it must not be there.
        negated: bool,
        /// Whether upper and lower case differ.
        case_sensitive: bool,
    },
    /// The same with the first column of a table.
    InTable {
        /// The value, of the type of the column.
        value: Box<Expr>,
        /// A table with one column.
        table: Arc<Relation>,
        /// Whether it must not be there.
        negated: bool,
        /// Whether upper and lower case differ.
        case_sensitive: bool,
    },
    /// `has_any`, `has_all` with a list; an element of type `dynamic` is an array whose elements count.
    HasList {
        /// The text.
        text: Box<Expr>,
        /// The terms.
        terms: Vec<Expr>,
        /// Whether all must be there.
        all: bool,
    },
    /// The same with the first column of a table.
    HasTable {
        /// The text.
        text: Box<Expr>,
        /// A table with one column of texts.
        table: Arc<Relation>,
        /// Whether all must be there.
        all: bool,
    },
    /// `between`, `!between`: bounds are inside. All three have one type.
    Between {
        /// The value.
        value: Box<Expr>,
        /// Whether it must be outside.
        negated: bool,
        /// Lower bound.
        from: Box<Expr>,
        /// Upper bound.
        to: Box<Expr>,
    },
    /// `a.b`, `a["b"]`, `a[0]`, `a[x]`: a part of a dynamic value, null if it is not there.
    Part {
        /// The dynamic value.
        value: Box<Expr>,
        /// Which part.
        key: Key,
    },
    /// The first cell of a table without rows of the outside; null if there is none.
    Scalar(Arc<Relation>),
    /// A term of `search`: any of the columns matches, each taken as text.
    Search {
        /// The columns, by place.
        columns: Vec<usize>,
        /// How.
        matching: SearchMatch,
        /// What is looked for.
        needle: Box<Expr>,
        /// Whether upper and lower case differ.
        case_sensitive: bool,
    },
    /// A column of the last row that a step of `scan` took; the declared columns follow those of the input.
    StepColumn {
        /// The step.
        step: usize,
        /// The column.
        column: usize,
    },
    /// A property of a node or edge of a pattern, by place among the columns of nodes or edges; an array if the variable stands for several.
    Property {
        /// The variable.
        variable: usize,
        /// The property.
        column: usize,
    },
    /// A node or edge of a pattern as a bag of its properties; an array of bags if the variable stands for several edges.
    Variable(usize),
    /// `all`, `any`, `map` over the parts of a path; inside, [`ExprKind::Column`] is a property of the part.
    Quantified {
        /// Which.
        quantifier: Quantifier,
        /// The edge with several hops.
        variable: usize,
        /// Its edges or the nodes between them.
        of: ElementOf,
        /// What is asked of each.
        body: Box<Expr>,
    },
    /// `node_id`, `node_degree_in`, `node_degree_out`, `labels` and `label`-like functions of a node or edge; the element itself if no variable is given.
    GraphCall {
        /// Which.
        function: GraphFunction,
        /// Of which variable.
        variable: Option<usize>,
    },
    /// A diagnostic says what is wrong; no query with one of these runs.
    Error,
}

/// Comparisons by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// Tests of one text for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextMatch {
    /// `==`-like: only used without case (`=~`).
    Equals,
    /// `has`
    Has,
    /// `hasprefix`
    HasPrefix,
    /// `hassuffix`
    HasSuffix,
    /// `contains`
    Contains,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
    /// `matches regex`
    Regex,
    /// `like`: `*` stands for any letters.
    Like,
}

/// How a term of `search` matches a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SearchMatch {
    /// `"term"`: as `has`.
    Has,
    /// `"term*"`: as `hasprefix`.
    HasPrefix,
    /// `"*term"`: as `hassuffix`.
    HasSuffix,
    /// `"*term*"`: as `contains`.
    Contains,
    /// `"a*b"`: the needle is a regular expression.
    Regex,
    /// `"*"`: any value that is not empty.
    Any,
    /// `== "term"` of all columns: the whole text is equal.
    Equals,
    /// As `startswith`, for `* startswith "x"`.
    StartsWith,
    /// As `endswith`, for `* endswith "x"`.
    EndsWith,
}

/// Which part of a dynamic value.
#[derive(Clone, Debug)]
pub enum Key {
    /// A property of a bag.
    Name(String),
    /// A place in an array; negative from the end.
    Index(i64),
    /// A name or place that the row gives (`string` or `long`, or `dynamic` that may be either).
    Value(Box<Expr>),
}

/// What is asked of the parts of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `all(...)`: true of none.
    All,
    /// `any(...)`
    Any,
    /// `map(...)`: an array of the values.
    Map,
}

/// The parts of a path that a quantifier asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementOf {
    /// Its edges.
    Edges,
    /// The nodes between its edges: `inner_nodes(e)`.
    InnerNodes,
}

/// Functions of a node or edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GraphFunction {
    /// `node_id`
    NodeId,
    /// `node_degree_in`
    DegreeIn,
    /// `node_degree_out`
    DegreeOut,
    /// `labels`
    Labels,
}

/// An aggregate of the rows of a group.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The aggregate by its own name, never an alias: `arg_max`.
    pub name: &'static str,
    /// Which of its overloads.
    pub overload: usize,
    /// The arguments, converted to what it takes. For `arg_max`, `arg_min` and `take_any` over several columns, all of them in order.
    pub arguments: Vec<Expr>,
    /// The types of its results; several for `arg_max(a, b, c)`, `percentiles(x, 5, 50)` and their like.
    pub outputs: Vec<ScalarType>,
    /// Where it stands.
    pub place: Place,
}
