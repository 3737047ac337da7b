//! Expressions, from literals to whole pipelines.

use super::{Column, Json, Literal, Name, Operator, Place, ScalarType, Setting, StringLiteral};

/// An expression; whether it is a value or a table is known only to who knows the names.
#[derive(Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub place: Place,
}

/// The kinds of expression.
#[derive(Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// A number, truth, time or GUID.
    Literal(Literal),
    /// A text.
    String(StringLiteral),
    /// `dynamic(...)`
    Dynamic(Json),
    /// `typeof(...)`
    TypeOf(TypeOf),
    /// A column, variable, table or function without arguments.
    Name(Name),
    /// Names with stars: `Device*`.
    Wildcard(Wildcard),
    /// `{name}`: a blank that a client fills.
    Placeholder(Name),
    /// `*`
    Star,
    /// `@`
    Row,
    /// `a.b`
    Field(Box<Expr>, Name),
    /// `database("x").T*`
    FieldWildcard(Box<Expr>, Wildcard),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a.f(...)`
    Method(Box<Expr>, Call),
    /// `f(...)`
    Call(Call),
    /// `-a`
    Negative(Box<Expr>),
    /// `+a`
    Positive(Box<Expr>),
    /// All of two or more hold.
    And(Vec<Expr>),
    /// Any of two or more holds.
    Or(Vec<Expr>),
    /// Two operands.
    Binary(Box<Binary>),
    /// `a in (...)` and its like.
    Membership(Box<Membership>),
    /// `a between (b .. c)`
    Between(Box<Between>),
    /// `(a)`
    Group(Box<Expr>),
    /// `toscalar(...)`
    ToScalar(Box<Subquery>),
    /// `totable(...)`
    ToTable(Box<Subquery>),
    /// `materialize(...)`
    Materialize(Box<Expr>),
    /// `datatable(...)[...]`
    DataTable(Box<DataTable>),
    /// `externaldata(...)[...]`
    ExternalData(Box<ExternalData>),
    /// `entity_group [...]`
    EntityGroup(Vec<Expr>),
    /// `T datascope=all`
    DataScope(Box<Expr>, Name),
    /// An operator that is the source of rows: `union`, `search`, `print`, ...
    Source(Box<Operator>),
    /// `a | b | ...`
    Pipe(Box<Pipe>),
    /// What could not be read.
    Error,
}

/// A source and the operators that its rows run through, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipe {
    /// Where the rows come from.
    pub source: Expr,
    /// What is done to them, in order.
    pub operators: Vec<Operator>,
}

/// A name with stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Wildcard {
    /// The name with its stars; each stands for any letters.
    pub pattern: String,
    /// Where it stands.
    pub place: Place,
}

/// A call by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The function.
    pub name: Name,
    /// The arguments; some may be named.
    pub arguments: Vec<Named>,
    /// Where it stands.
    pub place: Place,
}

/// An expression with or without a name for its result.
#[derive(Clone, PartialEq, Eq)]
pub struct Named {
    /// The name or names.
    pub target: Option<Target>,
    /// The expression.
    pub value: Expr,
}

/// What a result is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `a = ...`
    One(Name),
    /// `(a, b) = ...`
    Many(Vec<Name>),
}

impl Named {
    /// Where it stands, name included.
    pub fn place(&self) -> Place {
        match &self.target {
            Some(Target::One(name)) => name.place.to(self.value.place),
            Some(Target::Many(names)) => names.first().map_or(self.value.place, |name| name.place.to(self.value.place)),
            None => self.value.place,
        }
    }
}

/// An operator between two operands.
#[derive(Clone, PartialEq, Eq)]
pub struct Binary {
    /// The left operand.
    pub left: Expr,
    /// The operator.
    pub operator: BinaryOperator,
    /// The right operand.
    pub right: Expr,
}

macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal $(| $alias:literal)*,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $variant,)* }

        impl $name {
            /// The operator as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads an operator or one of its other spellings.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text $(| $alias)* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

operators! {
    /// Operators between two values.
    BinaryOperator {
        Equal = "==",
        NotEqual = "!=" | "<>",
        Less = "<",
        LessOrEqual = "<=",
        Greater = ">",
        GreaterOrEqual = ">=",
        Add = "+",
        Subtract = "-",
        Multiply = "*",
        Divide = "/",
        Modulo = "%",
        EqualFold = "=~",
        NotEqualFold = "!~",
        Has = "has",
        NotHas = "!has",
        HasCs = "has_cs",
        NotHasCs = "!has_cs",
        HasPrefix = "hasprefix",
        NotHasPrefix = "!hasprefix",
        HasPrefixCs = "hasprefix_cs",
        NotHasPrefixCs = "!hasprefix_cs",
        HasSuffix = "hassuffix",
        NotHasSuffix = "!hassuffix",
        HasSuffixCs = "hassuffix_cs",
        NotHasSuffixCs = "!hassuffix_cs",
        Contains = "contains",
        NotContains = "!contains" | "notcontains",
        ContainsCs = "contains_cs" | "containscs",
        NotContainsCs = "!contains_cs" | "notcontainscs",
        StartsWith = "startswith",
        NotStartsWith = "!startswith",
        StartsWithCs = "startswith_cs",
        NotStartsWithCs = "!startswith_cs",
        EndsWith = "endswith",
        NotEndsWith = "!endswith",
        EndsWithCs = "endswith_cs",
        NotEndsWithCs = "!endswith_cs",
        MatchesRegex = "matches regex",
        Like = "like",
        NotLike = "notlike",
        LikeCs = "likecs",
        NotLikeCs = "notlikecs",
        Search = ":",
    }
}

operators! {
    /// Operators between a value and a list.
    MembershipOperator {
        In = "in",
        NotIn = "!in",
        InFold = "in~",
        NotInFold = "!in~",
        HasAny = "has_any",
        HasAll = "has_all",
    }
}

/// A value and a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Membership {
    /// The value.
    pub left: Expr,
    /// The operator.
    pub operator: MembershipOperator,
    /// The list; a single one may be a pipeline or a table.
    pub list: Vec<Expr>,
}

/// A value and its bounds.
#[derive(Clone, PartialEq, Eq)]
pub struct Between {
    /// The value.
    pub value: Expr,
    /// Whether it must be outside.
    pub negated: bool,
    /// Lower bound, itself inside.
    pub from: Expr,
    /// Upper bound, itself inside.
    pub to: Expr,
}

/// `typeof(...)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeOf {
    /// Of a value.
    Scalar(ScalarType),
    /// Of a table; a star stands for the columns that are there anyway.
    Table {
        /// Whether there is a star.
        star: bool,
        /// The columns.
        columns: Vec<Column>,
    },
}

/// A pipeline whose result is used as one value or one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subquery {
    /// `kind=nooptimization`
    pub no_optimization: bool,
    /// The pipeline.
    pub body: Expr,
}

/// A table written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataTable {
    /// Options.
    pub settings: Vec<Setting>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The cells, row by row.
    pub values: Vec<Expr>,
}

/// A table that lies somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalData {
    /// Options.
    pub settings: Vec<Setting>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Where the data are.
    pub sources: Vec<Expr>,
    /// How to read them: `format`, `ignoreFirstRecord`, ...
    pub properties: Vec<Setting>,
}
