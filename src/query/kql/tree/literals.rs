//! Literals: what they say and how they were written.

use std::fmt;

use super::super::lexer::{Typed, encode};
use super::Place;

/// A literal that is neither string nor dynamic.
#[derive(Clone, PartialEq, Eq)]
pub struct Literal {
    /// What it says.
    pub value: Value,
    /// How it is written.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// The value of a literal; `None` is the null of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A truth.
    Bool(Option<bool>),
    /// Ticks of 100 ns since the year 1.
    DateTime(Option<i64>),
    /// Digits with sign, point and exponent.
    Decimal(Option<String>),
    /// The 16 bytes, first byte highest.
    Guid(Option<u128>),
    /// A 32-bit integer.
    Int(Option<i32>),
    /// A 64-bit integer.
    Long(Option<i64>),
    /// A 64-bit float.
    Real(Option<Float>),
    /// Ticks of 100 ns.
    Timespan(Option<i64>),
    /// Content that is no value of the type; a diagnostic says so.
    Invalid(Typed),
}

/// A float that equals itself, whatever it is.
#[derive(Clone, Copy, Debug)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float {}

/// A string: one literal or several side by side, which are one.
#[derive(Clone, PartialEq, Eq)]
pub struct StringLiteral {
    /// What it says.
    pub value: String,
    /// How it is written; several pieces with a space between.
    pub text: String,
    /// Whether it must not appear in logs (`h"..."`).
    pub hidden: bool,
    /// Where it stands.
    pub place: Place,
}

impl StringLiteral {
    /// A string that was not written by a person.
    pub fn new(value: impl Into<String>) -> Self {
        let value = value.into();
        Self { text: encode(&value), value, hidden: false, place: Place::default() }
    }
}

/// The content of `dynamic(...)`.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null(Place),
    /// A number with its sign, a truth, or a typed literal.
    Literal(Literal),
    /// A text.
    String(StringLiteral),
    /// `[...]`
    Array(Vec<Self>, Place),
    /// `{...}`
    Object(Vec<(StringLiteral, Self)>, Place),
    /// `dynamic(...)` inside.
    Nested(Box<Self>, Place),
    /// What could not be read.
    Error(Place),
}

impl Json {
    /// Where it stands.
    pub fn place(&self) -> Place {
        match self {
            Self::Literal(literal) => literal.place,
            Self::String(string) => string.place,
            Self::Null(place) | Self::Array(_, place) | Self::Object(_, place) | Self::Nested(_, place) | Self::Error(place) => *place,
        }
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StringLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", if self.hidden { "h" } else { "" }, self.value)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(_) => f.write_str("null"),
            Self::Literal(literal) => write!(f, "{literal:?}"),
            Self::String(string) => write!(f, "{string:?}"),
            Self::Array(values, _) => f.debug_list().entries(values).finish(),
            Self::Object(pairs, _) => f.debug_map().entries(pairs.iter().map(|(key, value)| (key, value))).finish(),
            Self::Nested(inner, _) => write!(f, "(dynamic {inner:?})"),
            Self::Error(_) => f.write_str("<error>"),
        }
    }
}
