//! The one form in which every module's errors reach a person.

use std::num::NonZeroU32;

use serde::Serialize;

/// Whose fault it is, and so what the caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// The request is wrong: mend it.
    Invalid,
    /// The thing that was asked for is not there.
    NotFound,
    /// The request does not fit the present state.
    Conflict,
    /// A named limit was reached: narrow the request or raise the limit.
    Limit,
    /// clew cannot answer now: try again later.
    Unavailable,
    /// clew is broken: the log says how.
    Internal,
}

/// A range of bytes in the text of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
}

/// An error as people and programs see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// Whose fault it is; doors turn it into a status or exit code.
    #[serde(skip)]
    pub class: FaultClass,
    /// Stable name of the error.
    pub code: &'static str,
    /// What was expected and what was found; lower case, no full stop.
    pub message: String,
    /// One thing to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in the text of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Seconds after which the same request may go well.
    #[serde(skip)]
    pub retry_seconds: Option<NonZeroU32>,
}

impl Fault {
    /// An error without hint and span.
    pub fn new(class: FaultClass, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into(), hint: None, span: None, retry_seconds: None }
    }

    /// Adds one thing to try.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the time after which the same request may go well.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_seconds = NonZeroU32::new(seconds);
        self
    }

    /// Adds the place in the text of the request.
    #[must_use]
    pub fn at(mut self, start: usize, end: usize) -> Self {
        self.span = Some(Span { start, end });
        self
    }
}
