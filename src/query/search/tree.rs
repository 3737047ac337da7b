//! The tree of a search text, and the text of a tree.

use std::fmt;

use crate::model::Span;

use super::fields::Name;

/// A search as it was written; field names are known, values are still text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// `*`, or no text at all.
    All,
    /// All of two or more hold.
    And(Vec<Expr>),
    /// Any of two or more holds.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// One test.
    Term(Term),
}

/// A test of a field, or of the default fields.
#[derive(Clone, Debug)]
pub struct Term {
    /// The field; the default fields if absent.
    pub field: Option<Name>,
    /// What must hold.
    pub test: Test,
    /// Where it stands in the text.
    pub span: Span,
}

/// Terms are equal when they say the same, wherever they stand.
impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.field == other.field && self.test == other.test
    }
}

impl Eq for Term {}

/// What must hold of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `word`
    Word(String),
    /// `"some words"`
    Phrase(String),
    /// `begin*`
    Prefix(String),
    /// `word~` or `word~2`
    Fuzzy(String, u8),
    /// `field:*`
    Exists,
    /// `field>=value`
    Compare(Comparison, String),
    /// `field:[from TO to]`; braces leave the bound itself out, `*` is no bound.
    Range {
        /// Lower bound.
        from: Option<String>,
        /// Whether the lower bound itself is inside.
        from_inside: bool,
        /// Upper bound.
        to: Option<String>,
        /// Whether the upper bound itself is inside.
        to_inside: bool,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// The sign as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Expr {
    /// Joins by and; a single one stands for itself, and and in and is one.
    pub(crate) fn and(all: Vec<Self>) -> Self {
        Self::join(all, Self::And, |expr| match expr {
            Self::And(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// Joins by or, likewise.
    pub(crate) fn or(all: Vec<Self>) -> Self {
        Self::join(all, Self::Or, |expr| match expr {
            Self::Or(inner) => Ok(inner),
            other => Err(other),
        })
    }

    fn join(all: Vec<Self>, make: fn(Vec<Self>) -> Self, open: impl Fn(Self) -> Result<Vec<Self>, Self>) -> Self {
        let mut flat = Vec::with_capacity(all.len());
        for expr in all {
            match open(expr) {
                Ok(inner) => flat.extend(inner),
                Err(other) => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { make(flat) }
    }
}

impl fmt::Display for Expr {
    /// Writes a text that parses to an equal tree.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, all: &[Self], between: &str| {
            for (at, expr) in all.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { between })?;
                match (self, expr) {
                    (Self::And(_), Self::Or(_)) => write!(f, "({expr})")?,
                    // Behind the name of a field it would read as a comparison.
                    (Self::And(_), Self::Term(term)) if at > 0 && term.is_sign() => write!(f, "({expr})")?,
                    _ => write!(f, "{expr}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::All => f.write_str("*"),
            Self::And(all) => list(f, all, " "),
            Self::Or(all) => list(f, all, " OR "),
            Self::Not(inner) if matches!(**inner, Self::Term(_) | Self::All) => write!(f, "-{inner}"),
            Self::Not(inner) => write!(f, "-({inner})"),
            Self::Term(term) => write!(f, "{term}"),
        }
    }
}

impl Term {
    /// Whether it is written with a sign of comparison in front.
    fn is_sign(&self) -> bool {
        match &self.test {
            Test::Word(text) | Test::Prefix(text) | Test::Fuzzy(text, _) => self.field.is_none() && text.starts_with(['<', '>', '=']),
            _ => false,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.map_or("", Name::as_str);
        let colon = if self.field.is_some() { ":" } else { "" };
        match &self.test {
            Test::Word(text) => write!(f, "{name}{colon}{text}"),
            Test::Phrase(text) => write!(f, "{name}{colon}\"{}\"", text.replace('"', "\"\"")),
            Test::Prefix(text) => write!(f, "{name}{colon}{text}*"),
            Test::Fuzzy(text, distance) => write!(f, "{name}{colon}{text}~{distance}"),
            Test::Exists => write!(f, "{name}{colon}*"),
            Test::Compare(comparison, value) => write!(f, "{name}{}{}", comparison.as_str(), Value(value)),
            Test::Range { from, from_inside, to, to_inside } => {
                let (open, close) = (if *from_inside { '[' } else { '{' }, if *to_inside { ']' } else { '}' });
                write!(f, "{name}{colon}{open}{} TO {}{close}", Bound(from.as_deref()), Bound(to.as_deref()))
            }
        }
    }
}

/// A value, quoted unless it is plain.
struct Value<'a>(&'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = !self.0.is_empty() && self.0.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_'));
        if is_plain { f.write_str(self.0) } else { write!(f, "\"{}\"", self.0.replace('"', "\"\"")) }
    }
}

struct Bound<'a>(Option<&'a str>);

impl fmt::Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "{}", Value(value)),
            None => f.write_str("*"),
        }
    }
}
