//! The tree of a query. Names carry the place of their value once [`super::resolve`] has run.

use std::sync::Arc;

use crate::model::Span;
use crate::query::kql::graph::{Hops, Labels, Rule, Way};

use super::plan::{MatchPlan, SubPlan};
use super::value::Value;

/// A whole query: linear parts, each joined to those before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// The parts; [`Union`] of the first says nothing.
    pub(super) parts: Vec<(Union, Vec<Clause>)>,
}

/// How a part joins those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Union {
    /// All rows.
    All,
    /// Rows that differ.
    Distinct,
}

/// A clause.
#[derive(Clone, Debug)]
pub(super) enum Clause {
    /// `MATCH`
    Match(Match),
    /// `WITH`, `RETURN`, and `NEXT` behind a `RETURN`.
    Project(Projection),
    /// `UNWIND list AS name`, `FOR name IN list`
    Unwind(Unwind),
    /// `FILTER`, and `WHERE` where it follows no pattern.
    Filter(Expr),
    /// `LET`
    Let(Vec<(Name, Expr)>),
    /// `ORDER BY`, `SKIP`, `LIMIT` behind `MATCH`.
    Page(Page),
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Its letters.
    pub(super) text: String,
    /// Where it stands.
    pub(super) span: Span,
}

/// Patterns and what must hold.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// Whether rows without a match stay.
    pub(super) optional: bool,
    /// The paths.
    pub(super) paths: Vec<PathPattern>,
    /// What must hold.
    pub(super) condition: Option<Expr>,
    /// What may be visited twice.
    pub(super) rule: Rule,
}

/// Which of the matches of a path are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    /// All.
    Every,
    /// One of the shortest.
    AnyShortest,
    /// All of the shortest.
    AllShortest,
}

/// What a path may visit twice, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// `WALK`: everything.
    Walk,
    /// `TRAIL`: nodes, but no edge.
    Trail,
    /// `ACYCLIC`: nothing.
    Acyclic,
    /// `SIMPLE`: nothing, but it may end where it starts.
    Simple,
}

/// A chain of nodes and edges.
#[derive(Clone, Debug)]
pub(super) struct PathPattern {
    /// The name of the whole path.
    pub(super) name: Option<Name>,
    /// Which are wanted.
    pub(super) selector: Selector,
    /// What it may visit twice, if it says so itself.
    pub(super) mode: Option<Mode>,
    /// Nodes; one more than edges.
    pub(super) nodes: Vec<NodePattern>,
    /// Edges.
    pub(super) edges: Vec<EdgePattern>,
    /// Where it stands.
    pub(super) span: Span,
}

/// A node.
#[derive(Clone, Debug)]
pub(super) struct NodePattern {
    /// Its name.
    pub(super) name: Option<Name>,
    /// Its labels.
    pub(super) labels: Labels,
    /// What its properties are.
    pub(super) properties: Properties,
    /// What else must hold.
    pub(super) condition: Option<Expr>,
}

/// An edge.
#[derive(Clone, Debug)]
pub(super) struct EdgePattern {
    /// Its name.
    pub(super) name: Option<Name>,
    /// Its direction from left to right.
    pub(super) way: Way,
    /// Its labels.
    pub(super) labels: Labels,
    /// What its properties are.
    pub(super) properties: Properties,
    /// What else must hold of each edge.
    pub(super) condition: Option<Expr>,
    /// How many edges it stands for.
    pub(super) hops: Option<Hops>,
}

/// What the properties of an element must be.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    /// `{name: value}`
    pub(super) entries: Vec<(String, Expr)>,
    /// `$name`: a map whose entries are meant.
    pub(super) map: Option<Expr>,
}

/// Columns, and which rows in which order.
#[derive(Clone, Debug)]
pub(super) struct Projection {
    /// Whether equal rows are one.
    pub(super) distinct: bool,
    /// `*`: all that has a name.
    pub(super) all: bool,
    /// The columns.
    pub(super) items: Vec<Item>,
    /// Order, offset and limit.
    pub(super) page: Page,
    /// `WHERE` behind `WITH`.
    pub(super) condition: Option<Expr>,
    /// Where it stands.
    pub(super) span: Span,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its value.
    pub(super) value: Expr,
    /// Its name: the alias, else the text of the value.
    pub(super) name: String,
}

/// Which rows in which order.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// Keys, and whether each runs downwards.
    pub(super) order: Vec<(Expr, bool)>,
    /// How many rows are skipped.
    pub(super) skip: Option<Expr>,
    /// How many rows are kept.
    pub(super) limit: Option<Expr>,
}

/// A row for each element of a list.
#[derive(Clone, Debug)]
pub(super) struct Unwind {
    /// The list.
    pub(super) list: Expr,
    /// The name of the element.
    pub(super) name: Name,
    /// The name of its place, and the number of the first.
    pub(super) place: Option<(Name, i64)>,
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    /// What it is.
    pub(super) kind: ExprKind,
    /// Where it stands.
    pub(super) span: Span,
    /// How many expressions lie in each other, this one counted.
    pub(super) depth: u32,
}

/// Where the value of a name lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Not known yet.
    Open,
    /// In the row.
    Row(usize),
    /// Among the names that surrounding lists bring in.
    Local(usize),
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub(super) enum ExprKind {
    /// A value.
    Literal(Value),
    /// A name.
    Variable(String, Slot),
    /// `$name`
    Parameter(String),
    /// An aggregate, by its place in the list of its projection.
    Aggregate(usize),
    /// `a.b`
    Property(Box<Expr>, String),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[b..c]`
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a: b}`
    Map(Vec<(Arc<str>, Expr)>),
    /// `NOT a`
    Not(Box<Expr>),
    /// `-a`
    Negate(Box<Expr>),
    /// `a AND b AND c`
    And(Vec<Expr>),
    /// `a OR b OR c`
    Or(Vec<Expr>),
    /// `a + b`
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a IS NULL`, or not.
    IsNull(Box<Expr>, bool),
    /// `a:Label`
    HasLabels(Box<Expr>, Labels),
    /// `f(a, b)`
    Call(Call),
    /// `CAST(a AS type)`
    Cast(Box<Expr>, CastType),
    /// `CASE`
    Case {
        /// What is compared.
        operand: Option<Box<Expr>>,
        /// Conditions and values.
        branches: Vec<(Expr, Expr)>,
        /// The value if none holds.
        otherwise: Option<Box<Expr>>,
    },
    /// `[x IN list WHERE condition | body]`
    Comprehension {
        /// The list with the name of its element.
        each: Each,
        /// Which elements.
        condition: Option<Box<Expr>>,
        /// What becomes of them.
        body: Option<Box<Expr>>,
    },
    /// `any(x IN list WHERE condition)`
    Quantified {
        /// How many must.
        quantifier: Quantifier,
        /// The list with the name of its element.
        each: Each,
        /// What must hold.
        condition: Box<Expr>,
    },
    /// `reduce(sum = 0, x IN list | sum + x)`
    Reduce {
        /// The name of the value so far.
        name: String,
        /// The value at first; it lies in front of the element.
        first: Box<Expr>,
        /// The list with the name of its element.
        each: Each,
        /// The next value.
        body: Box<Expr>,
    },
    /// A pattern that has a match: `(a)-->(b)`, `EXISTS { ... }`.
    Exists(Arc<Match>),
    /// The same, resolved.
    Found(Arc<MatchPlan>),
    /// A query of its own over the names around it.
    Subquery(Asked, Arc<Vec<Clause>>),
    /// The same, resolved.
    Answered(Asked, Arc<SubPlan>),
    /// Whether all properties that a map names have its values.
    HasProperties(Box<Expr>, Box<Expr>),
    /// Whether edges and lists of edges have no edge in common.
    Apart(Vec<Expr>),
    /// Whether a path meets itself nowhere but at its ends.
    IsSimple(Box<Expr>),
}

/// What is asked of a query inside an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `EXISTS { ... }`: whether it has a row.
    Exists,
    /// `COUNT { ... }`: how many.
    Count,
    /// `COLLECT { ... }`: the values of its one column.
    Collect,
}

/// A list and the name of its element.
#[derive(Clone, Debug)]
pub(super) struct Each {
    /// The name.
    pub(super) name: String,
    /// Where its values lie.
    pub(super) slot: usize,
    /// The list.
    pub(super) list: Box<Expr>,
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The name as written.
    pub(super) name: String,
    /// Whether equal arguments are one.
    pub(super) distinct: bool,
    /// `count(*)`
    pub(super) star: bool,
    /// The arguments.
    pub(super) arguments: Vec<Expr>,
}

/// How many elements must fulfil a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// Every one.
    All,
    /// At least one.
    Any,
    /// No one.
    None,
    /// Exactly one.
    Single,
}

/// Operators with two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
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
    /// `^`
    Power,
    /// `||`
    Join,
    /// `XOR`
    Xor,
    /// `IN`
    In,
    /// `STARTS WITH`
    StartsWith,
    /// `ENDS WITH`
    EndsWith,
    /// `CONTAINS`
    Contains,
    /// `=~`: the whole text must match.
    Matches,
}

/// Types that a value can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CastType {
    /// Text.
    Text,
    /// A truth.
    Bool,
    /// A whole number.
    Integer,
    /// A number with a point.
    Float,
    /// A list.
    List,
    /// A record.
    Record,
    /// An instant.
    Instant,
}

impl ExprKind {
    /// Calls `each` with the expressions directly inside.
    pub(super) fn each_child<'a>(&'a self, each: &mut dyn FnMut(&'a Expr)) {
        match self {
            Self::Literal(_) | Self::Variable(..) | Self::Parameter(_) | Self::Aggregate(_) | Self::Found(_) | Self::Answered(..) => {}
            Self::Property(inner, _)
            | Self::Not(inner)
            | Self::Negate(inner)
            | Self::IsNull(inner, _)
            | Self::HasLabels(inner, _)
            | Self::IsSimple(inner)
            | Self::Cast(inner, _) => {
                each(inner);
            }
            Self::Index(a, b) | Self::Binary(_, a, b) | Self::HasProperties(a, b) => [a, b].into_iter().for_each(|inner| each(inner)),
            Self::Slice(list, first, last) => {
                [Some(list), first.as_ref(), last.as_ref()].into_iter().flatten().for_each(|inner| each(inner))
            }
            Self::List(all) | Self::And(all) | Self::Or(all) | Self::Apart(all) => all.iter().for_each(each),
            Self::Map(entries) => entries.iter().for_each(|(_, inner)| each(inner)),
            Self::Call(call) => call.arguments.iter().for_each(each),
            Self::Case { operand, branches, otherwise } => {
                operand.iter().for_each(|inner| each(inner));
                branches.iter().for_each(|(condition, value)| [condition, value].into_iter().for_each(&mut *each));
                otherwise.iter().for_each(|inner| each(inner));
            }
            Self::Comprehension { each: element, condition, body } => {
                each(&element.list);
                [condition, body].into_iter().flatten().for_each(|inner| each(inner));
            }
            Self::Quantified { each: element, condition, .. } => [&element.list, condition].into_iter().for_each(|inner| each(inner)),
            Self::Reduce { first, each: element, body, .. } => [first, &element.list, body].into_iter().for_each(|inner| each(inner)),
            Self::Exists(matched) => matched.each_expression(each),
            Self::Subquery(_, clauses) => clauses.iter().for_each(|clause| clause.each_expression(each)),
        }
    }
}

impl Clause {
    /// Calls `each` with the expressions of a clause.
    pub(super) fn each_expression<'a>(&'a self, each: &mut dyn FnMut(&'a Expr)) {
        match self {
            Self::Match(matched) => matched.each_expression(each),
            Self::Project(projection) => {
                projection.items.iter().for_each(|item| each(&item.value));
                projection.page.each_expression(each);
                projection.condition.iter().for_each(each);
            }
            Self::Unwind(unwind) => each(&unwind.list),
            Self::Filter(condition) => each(condition),
            Self::Let(bindings) => bindings.iter().for_each(|(_, value)| each(value)),
            Self::Page(page) => page.each_expression(each),
        }
    }
}

impl Page {
    fn each_expression<'a>(&'a self, each: &mut dyn FnMut(&'a Expr)) {
        self.order.iter().for_each(|(key, _)| each(key));
        self.skip.iter().chain(&self.limit).for_each(each);
    }
}

impl Properties {
    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.map.is_none()
    }

    fn values(&self) -> impl Iterator<Item = &Expr> {
        self.entries.iter().map(|(_, value)| value).chain(&self.map)
    }
}

impl Match {
    /// Calls `each` with the conditions and properties of a pattern.
    pub(super) fn each_expression<'a>(&'a self, each: &mut dyn FnMut(&'a Expr)) {
        for path in &self.paths {
            for node in &path.nodes {
                node.properties.values().chain(&node.condition).for_each(&mut *each);
            }
            for edge in &path.edges {
                edge.properties.values().chain(&edge.condition).for_each(&mut *each);
            }
        }
        self.condition.iter().for_each(each);
    }
}
