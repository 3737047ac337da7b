//! What can be wrong with a query, and how DataFusion's errors read to a person.

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

use super::super::kql::functions::KernelError;
use super::super::kql::functions::budget::{EXPRESSION_BYTES_MAX, EXPRESSION_BYTES_NAME};
use super::super::kql::lower::Exhausted;
use super::super::session::Limits;
use super::text::Text;
use crate::model::{Fault, FaultClass, Span};

/// An error of a query.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The text is not SQL.
    #[error("expected SQL: {found}")]
    Syntax {
        /// What the parser says.
        found: String,
        /// Where.
        at: Option<Span>,
    },
    /// The text is no query.
    #[error("expected one query that only reads, found `{found}`")]
    NotReadOnly {
        /// What it is.
        found: String,
    },
    /// A bound on the text was passed.
    #[error("expected at most {limit} for `{name}`, found {found}")]
    TooComplex {
        /// Name of the limit.
        name: &'static str,
        /// The limit.
        limit: u64,
        /// What the text has.
        found: String,
        /// Where.
        at: Option<Span>,
    },
    /// No table of this name.
    #[error("table `{name}` not found")]
    UnknownTable {
        /// The name.
        name: String,
        /// A table with a similar name.
        similar: Option<String>,
        /// Where.
        at: Option<Span>,
    },
    /// No column of this name.
    #[error("column `{name}` not found")]
    UnknownColumn {
        /// The name.
        name: String,
        /// A column with a similar name.
        similar: Option<String>,
        /// Where.
        at: Option<Span>,
    },
    /// A parameter of the text was not given, or one that was given has an unfit value.
    #[error("{found}")]
    Parameter {
        /// What is wrong.
        found: String,
    },
    /// The query means nothing: unknown functions, types that do not fit.
    #[error("{found}")]
    Meaning {
        /// What the planner says.
        found: String,
    },
    /// The query failed on the data (a division by zero, a cast).
    #[error("{found}")]
    Failed {
        /// What the execution says.
        found: String,
    },
    /// Too slow.
    #[error("expected an answer within {seconds} s, found none")]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// Too much on disk.
    #[error("expected at most {limit_mb} MB on disk for sorts, joins and groups that do not fit into memory, found more")]
    Disk {
        /// The limit.
        limit_mb: u64,
    },
    /// Too much memory.
    #[error("expected at most {limit_mb} MB of memory for sorts, joins and groups: {found}")]
    Memory {
        /// The limit.
        limit_mb: usize,
        /// What asked for more.
        found: String,
    },
    /// clew itself failed.
    #[error("query failed: {found}")]
    Internal {
        /// How.
        found: String,
    },
}

impl From<SqlError> for Fault {
    fn from(error: SqlError) -> Self {
        let message = error.to_string();
        let located = |fault: Self, at: Option<Span>| match at {
            Some(span) => fault.at(span.start, span.end),
            None => fault,
        };
        let hinted = |fault: Self, similar: Option<String>, kind: &str, list: &str| match similar {
            Some(name) => fault.with_hint(format!("a similar {kind} is `{name}`")),
            None => fault.with_hint(list),
        };
        match error {
            SqlError::Syntax { at, .. } => located(Self::new(FaultClass::Invalid, "sql_syntax", message), at),
            SqlError::NotReadOnly { .. } => {
                Self::new(FaultClass::Invalid, "query_not_read_only", message).with_hint("write one `SELECT`, `WITH` or `EXPLAIN`")
            }
            SqlError::TooComplex { at, .. } => located(
                Self::new(FaultClass::Limit, "query_too_complex", message).with_hint("split the query, or put lists into a join"),
                at,
            ),
            SqlError::UnknownTable { similar, at, .. } => located(
                hinted(Self::new(FaultClass::Invalid, "sql_unknown_table", message), similar, "table", "`clew tables` lists the tables"),
                at,
            ),
            SqlError::UnknownColumn { similar, at, .. } => located(
                hinted(
                    Self::new(FaultClass::Invalid, "sql_unknown_column", message),
                    similar,
                    "column",
                    "`clew tables NAME` lists the columns of a table",
                ),
                at,
            ),
            SqlError::Parameter { .. } => Self::new(FaultClass::Invalid, "sql_parameter", message)
                .with_hint("give a value for each `$name` of the query, and for no other: `--param name=VALUE`, `parameters` in a request"),
            SqlError::Meaning { .. } => Self::new(FaultClass::Invalid, "sql_invalid", message),
            SqlError::Failed { .. } => Self::new(FaultClass::Invalid, "sql_failed", message),
            SqlError::Timeout { .. } => {
                Self::new(FaultClass::Limit, "query_timeout", message).with_hint("narrow the time window, or filter on an entity")
            }
            SqlError::Memory { .. } => {
                Self::new(FaultClass::Limit, "query_memory", message).with_hint("sort or group fewer rows or columns")
            }
            SqlError::Disk { .. } => Self::new(FaultClass::Limit, "query_disk", message).with_hint("sort or group fewer rows or columns"),
            SqlError::Internal { .. } => Self::new(FaultClass::Internal, "query_failed", message),
        }
    }
}

/// Reads an error of the planner or the execution.
pub(super) fn classify(error: &DataFusionError, text: &Text<'_>, limits: &Limits) -> SqlError {
    if Exhausted::of(error) == Some(Exhausted::Spill) {
        return SqlError::Disk { limit_mb: limits.spill_max >> 20 };
    }
    let root = error.find_root();
    let found = plain(root);
    match root {
        DataFusionError::SQL(error, _) => parse_error(error, text),
        DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let similar = super::text::similar(&field.name, valid_fields.iter().map(|column| column.name.as_str()));
                SqlError::UnknownColumn { name: field.flat_name(), similar, at: text.find(&field.name) }
            }
            _ => SqlError::Meaning { found },
        },
        DataFusionError::ResourcesExhausted(_) => SqlError::Memory { limit_mb: limits.memory_max >> 20, found },
        DataFusionError::Plan(message) if message.contains("laceholder") => SqlError::Parameter { found: parameter(found) },
        DataFusionError::Plan(_) | DataFusionError::NotImplemented(_) | DataFusionError::Configuration(_) => SqlError::Meaning { found },
        DataFusionError::Execution(message) if message.contains("laceholder") => SqlError::Parameter { found: parameter(found) },
        DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => SqlError::Failed { found },
        // DataFusion takes a pattern that does not compile for a fault of its own.
        DataFusionError::Internal(message) if message.contains("Regular expression did not compile") => {
            let reason = message.split("Regular expression ").nth(1).unwrap_or_default().lines().next().unwrap_or_default();
            SqlError::Failed { found: format!("regular expression {}", reason.trim_end_matches('.')) }
        }
        DataFusionError::External(inner) if inner.downcast_ref::<KernelError>().is_some_and(KernelError::is_limit) => {
            let limit = EXPRESSION_BYTES_MAX as u64;
            SqlError::TooComplex { name: EXPRESSION_BYTES_NAME, limit, found: "a row with more".to_owned(), at: None }
        }
        _ => SqlError::Internal { found },
    }
}

/// What is wrong with a parameter, in the words of who gives it.
fn parameter(found: String) -> String {
    let name = found.split('\'').nth(1).filter(|name| name.starts_with('$') && found.contains("not provided"));
    name.map_or_else(|| found.clone(), |name| format!("parameter `{name}` has no value"))
}

/// The message without the class in front, the backtrace behind, and a full stop.
fn plain(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let prefixes = [
        "Error during planning: ",
        "Execution error: ",
        "Arrow error: ",
        "This feature is not implemented: ",
        "Schema error: ",
        "Resources exhausted: ",
    ];
    let mut rest = text.as_str();
    while let Some(shorter) = prefixes.iter().find_map(|prefix| rest.strip_prefix(prefix)) {
        rest = shorter;
    }
    rest.trim_end_matches('.').chars().take(1_000).collect()
}

pub(super) fn parse_error(error: &ParserError, text: &Text<'_>) -> SqlError {
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            return SqlError::TooComplex { name: "depth_max", limit: text.depth_max as u64, found: "more".to_owned(), at: None };
        }
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let (found, place) = message.rsplit_once(" at Line: ").map_or((message.as_str(), None), |(found, place)| (found, Some(place)));
    let at = place.and_then(|place| {
        let (line, column) = place.split_once(", Column: ")?;
        text.span(line.trim().parse().ok()?, column.trim().parse().ok()?)
    });
    SqlError::Syntax { found: found.to_owned(), at }
}
