//! What is wrong with a query text: stable codes, places, messages and advice.
//!
//! The one registry of codes of the syntax and the binder. Codes are never renamed or used again for something else.

use std::fmt;

use serde::Serialize;

use crate::model::{Fault, FaultClass, Span};

/// Most diagnostics of one text; what comes after is not reported.
pub const DIAGNOSTICS_MAX: usize = 100;

macro_rules! codes {
    ($(#[doc = $doc:literal] $variant:ident => $kind:ident, $text:literal,)*) => {
        /// The stable name of a mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// All codes in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as doors show it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether the text cannot be read, or can be and means nothing.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// What is wrong, in one sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii_start(),)* }
            }
        }
    };
}

codes! {
    /// A graph query is longer than the limit.
    CypherTooLong => Syntax, "cypher_text_too_long",
    /// A graph query nests deeper than the limit.
    CypherTooDeep => Syntax, "cypher_too_deep",
    /// A character of a graph query that no token starts with.
    CypherUnexpectedCharacter => Syntax, "cypher_unexpected_character",
    /// A text or name of a graph query without its closing quote.
    CypherUnclosedText => Syntax, "cypher_unclosed_text",
    /// A certain token or word of a graph query is missing.
    CypherExpected => Syntax, "cypher_expected",
    /// A clause of a graph query that writes.
    CypherWrite => Semantic, "cypher_write_refused",
    /// Part of the graph query language that is not there.
    CypherUnsupported => Semantic, "cypher_unsupported",
    /// Nothing in a graph query has this name.
    CypherUnknownVariable => Semantic, "cypher_unknown_variable",
    /// No function of graph queries has this name.
    CypherUnknownFunction => Semantic, "cypher_unknown_function",
    /// A parameter of a graph query without a value.
    CypherUnknownParameter => Semantic, "cypher_unknown_parameter",
    /// A value for a parameter that a graph query does not name.
    CypherUnusedParameter => Semantic, "cypher_unused_parameter",
    /// A call in a graph query with too many or too few arguments.
    CypherArguments => Semantic, "cypher_argument_count",
    /// A value of a graph query that is not of the type that is needed.
    CypherType => Semantic, "cypher_type_mismatch",
    /// Something in a graph query that makes no sense where it stands.
    CypherInvalid => Semantic, "cypher_invalid",
    /// The text is longer than the limit.
    TooLong => Syntax, "kql_text_too_long",
    /// Groups, calls or chains nest deeper than the limit.
    TooDeep => Syntax, "kql_too_deep",
    /// A character that no token starts with.
    UnexpectedCharacter => Syntax, "kql_unexpected_character",
    /// A string without its closing quote.
    UnclosedString => Syntax, "kql_unclosed_string",
    /// A backslash in a string with nothing meaningful behind it.
    BadEscape => Syntax, "kql_bad_escape",
    /// A literal such as `datetime(` without its closing parenthesis on the same line.
    UnclosedLiteral => Syntax, "kql_unclosed_literal",
    /// A typed literal whose content is no value of the type.
    InvalidLiteral => Semantic, "kql_invalid_literal",
    /// A GUID that is not wrapped in `guid()`.
    RawGuid => Syntax, "kql_raw_guid",
    /// A certain token or word is missing.
    Expected => Syntax, "kql_expected",
    /// An expression is missing.
    MissingExpression => Syntax, "kql_missing_expression",
    /// A name is missing.
    MissingName => Syntax, "kql_missing_name",
    /// A tabular operator is missing or not known.
    OperatorExpected => Syntax, "kql_operator_expected",
    /// The statement ends, but the text goes on without `;`.
    MissingSemicolon => Syntax, "kql_missing_semicolon",
    /// Something that continues nothing.
    UnexpectedFragment => Syntax, "kql_unexpected_fragment",
    /// A keyword where a name stands; it needs brackets.
    ReservedName => Syntax, "kql_reserved_name",
    /// No type has this name.
    UnknownType => Syntax, "kql_unknown_type",
    /// An option has a value that it does not know.
    UnknownOption => Semantic, "kql_unknown_option",
    /// No table has this name.
    UnknownTable => Semantic, "kql_unknown_table",
    /// No column, value or parameter has this name.
    UnknownColumn => Semantic, "kql_unknown_column",
    /// No function has this name.
    UnknownFunction => Semantic, "kql_unknown_function",
    /// No plugin has this name.
    UnknownPlugin => Semantic, "kql_unknown_plugin",
    /// No watchlist has this name.
    UnknownWatchlist => Semantic, "kql_unknown_watchlist",
    /// No workspace that may be read has this name.
    UnknownWorkspace => Semantic, "kql_unknown_workspace",
    /// No graph has this name.
    UnknownGraph => Semantic, "kql_unknown_graph",
    /// No exploration query has this name and fits the entity.
    UnknownExploration => Semantic, "kql_unknown_exploration",
    /// No entity is known by this reference, or several are.
    UnknownEntity => Semantic, "kql_unknown_entity",
    /// The function asks a service that is not there.
    Unavailable => Semantic, "kql_unavailable",
    /// Part of the language that is not there.
    Unsupported => Semantic, "kql_unsupported",
    /// Values of types that do not go together.
    TypeMismatch => Semantic, "kql_type_mismatch",
    /// A dynamic value as a group, key or sort key.
    DynamicKey => Semantic, "kql_dynamic_key",
    /// A path into a value that has no parts.
    NoParts => Semantic, "kql_no_parts",
    /// A call with too many or too few arguments.
    ArgumentCount => Semantic, "kql_argument_count",
    /// A value that differs by row where a constant is needed.
    NotConstant => Semantic, "kql_not_constant",
    /// A column outside of an aggregate.
    NotAggregated => Semantic, "kql_not_aggregated",
    /// An aggregate outside of an operator that groups rows.
    MisplacedAggregate => Semantic, "kql_misplaced_aggregate",
    /// A function that needs rows in an order.
    NotOrdered => Semantic, "kql_not_ordered",
    /// Two columns with one name.
    DuplicateColumn => Semantic, "kql_duplicate_column",
    /// Two declarations with one name.
    DuplicateName => Semantic, "kql_duplicate_name",
    /// A table without a column that a parameter needs.
    MissingColumn => Semantic, "kql_missing_column",
    /// A parameter of the query without a value.
    MissingParameter => Semantic, "kql_missing_parameter",
    /// A value for a parameter that is not of its type.
    BadParameter => Semantic, "kql_invalid_parameter",
    /// A value for a parameter that the query does not declare.
    UnknownParameter => Semantic, "kql_unknown_parameter",
    /// A join without a key.
    MissingJoinKey => Semantic, "kql_missing_join_key",
    /// A key of a join that is no column of both sides.
    BadJoinKey => Semantic, "kql_bad_join_key",
    /// A table where a value is needed.
    TableAsValue => Semantic, "kql_table_as_value",
    /// A value where a table is needed.
    ValueAsTable => Semantic, "kql_value_as_table",
    /// A graph where a table is needed.
    GraphAsTable => Semantic, "kql_graph_as_table",
    /// A table where a graph is needed.
    GraphExpected => Semantic, "kql_graph_expected",
    /// Patterns of a graph that share no node.
    PatternsApart => Semantic, "kql_patterns_apart",
    /// Bounds of hops that make no sense.
    BadHops => Semantic, "kql_bad_hops",
    /// A value that differs by row inside of a table of its own.
    RowValueInTable => Semantic, "kql_row_value_in_table",
    /// A function that calls itself.
    Recursion => Semantic, "kql_recursion",
    /// A function body without a result.
    NoResult => Semantic, "kql_no_result",
    /// A table without columns.
    NoColumns => Semantic, "kql_no_columns",
    /// Cells that do not fill the rows of a table.
    CellCount => Semantic, "kql_cell_count",
    /// Columns that differ from those asserted.
    SchemaDiffers => Semantic, "kql_schema_differs",
    /// A blank that a client should have filled.
    UnfilledBlank => Semantic, "kql_unfilled_blank",
    /// An operator with no rows in front of it.
    MissingInput => Semantic, "kql_missing_input",
    /// Something that stands where it cannot.
    Misplaced => Semantic, "kql_misplaced",
    /// A query that grows too large once its functions are put in.
    TooLarge => Semantic, "kql_too_large",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where a mistake lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// In the grammar: the text cannot be read.
    Syntax,
    /// In what the text names, asks or does: it can be read.
    Semantic,
}

impl Kind {
    /// The word as doors show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Semantic => "semantic",
        }
    }
}

/// Whether a text with this diagnostic can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can; the answer may surprise.
    Warning,
}

/// One remark about a query text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: Code,
    /// Whether the text cannot be read, or means nothing.
    pub kind: Kind,
    /// Whether the text can still be run.
    pub severity: Severity,
    /// The bytes in question; empty where something is missing.
    pub span: Span,
    /// What was expected and what was found; lower case, no full stop.
    pub message: String,
    /// One thing to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without advice.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, kind: code.kind(), severity: Severity::Error, span, message: message.into(), help: None }
    }

    /// A warning without advice.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Adds one thing to try.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<Diagnostic> for Fault {
    fn from(diagnostic: Diagnostic) -> Self {
        let class = match diagnostic.code {
            Code::TooLong | Code::TooDeep | Code::TooLarge | Code::CypherTooLong | Code::CypherTooDeep => FaultClass::Limit,
            _ => FaultClass::Invalid,
        };
        let fault = Self::new(class, diagnostic.code.as_str(), diagnostic.message);
        let fault = match diagnostic.code {
            // What the text does not name has no place in it.
            Code::UnknownParameter | Code::CypherUnusedParameter => fault,
            _ => fault.at(diagnostic.span.start, diagnostic.span.end),
        };
        match diagnostic.help {
            Some(help) => fault.with_hint(help),
            None => fault,
        }
    }
}
