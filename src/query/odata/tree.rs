//! The tree of a filter, its properties resolved.

use crate::model::Time;

/// A filter, read and bound to the properties of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(pub(super) Expr);

/// What is true or not of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Comparison, Term, Term, Option<&'static [&'static str]>),
    In(Term, Vec<Term>),
    /// A value that is true or not by itself.
    Holds(Term),
    /// Whether some (or all) items of a list fit; without a test, whether there is one.
    Items {
        all: bool,
        list: Term,
        test: Option<Box<Expr>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn read(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Null,
    Bool(bool),
    Number(f64),
    Time(Time),
    Text(String),
    /// A property of the row.
    Property(String),
    /// The item of the list at that depth, or a property of it.
    Item(usize, String),
    Call(Function, Vec<Term>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Contains,
    StartsWith,
    EndsWith,
    ToLower,
    ToUpper,
    Trim,
    Length,
    IndexOf,
    Concat,
    Substring,
    Now,
    /// A part of an instant, in UTC.
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    /// The day of an instant, as an instant.
    Date,
    Floor,
    Ceiling,
    Round,
}

impl Function {
    /// The names that a filter may use.
    pub(super) const NAMES: &str = "contains, startswith, endswith, tolower, toupper, trim, length, indexof, substring, concat, now, \
                                    year, month, day, hour, minute, second, date, floor, ceiling, round";

    /// A function with the least and the greatest number of its arguments.
    pub(super) fn read(name: &str) -> Option<(Self, usize, usize)> {
        let (function, count) = match name.to_ascii_lowercase().as_str() {
            "contains" | "substringof" => (Self::Contains, 2),
            "startswith" => (Self::StartsWith, 2),
            "endswith" => (Self::EndsWith, 2),
            "tolower" => (Self::ToLower, 1),
            "toupper" => (Self::ToUpper, 1),
            "trim" => (Self::Trim, 1),
            "length" => (Self::Length, 1),
            "indexof" => (Self::IndexOf, 2),
            "concat" => (Self::Concat, 2),
            "substring" => return Some((Self::Substring, 2, 3)),
            "now" => (Self::Now, 0),
            "year" => (Self::Year, 1),
            "month" => (Self::Month, 1),
            "day" => (Self::Day, 1),
            "hour" => (Self::Hour, 1),
            "minute" => (Self::Minute, 1),
            "second" => (Self::Second, 1),
            "date" => (Self::Date, 1),
            "floor" => (Self::Floor, 1),
            "ceiling" => (Self::Ceiling, 1),
            "round" => (Self::Round, 1),
            _ => return None,
        };
        Some((function, count, count))
    }
}
