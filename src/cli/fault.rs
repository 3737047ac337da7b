//! Errors as a person reads them: `error[code]: message`, the place in the text, one thing to try.

use std::fmt::Write;

use serde::Deserialize;

use super::Failure;

/// An error in the shape in which the API gives it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Shown {
    /// Stable name of the error.
    pub(crate) code: String,
    /// What was expected and found.
    pub(crate) message: String,
    /// One thing to try.
    #[serde(default)]
    pub(crate) hint: Option<String>,
    /// Where in the text of the request.
    #[serde(default)]
    pub(crate) span: Option<Range>,
    /// The text of the request.
    #[serde(skip)]
    pub(crate) text: Option<String>,
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Range {
    /// First byte.
    pub(crate) start: usize,
    /// Byte behind the last.
    pub(crate) end: usize,
}

impl Shown {
    /// Reads the body of an error answer.
    pub(crate) fn read(body: &[u8], status: u16, text: Option<String>) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Shown,
        }
        match serde_json::from_slice::<Body>(body) {
            Ok(body) => Self { text, ..body.error },
            Err(_) => Self {
                code: "answer_unreadable".into(),
                message: format!("expected an answer of clew, found status {status}"),
                hint: Some("another program may listen at the address in `server.json`".into()),
                span: None,
                text,
            },
        }
    }
}

/// A failure in the shape in which the API gives it; none if it is not one of the answer.
pub(crate) fn shown(failure: &Failure) -> Option<Shown> {
    match failure {
        Failure::Output(_) => None,
        Failure::Answer(shown) => Some(shown.clone()),
        Failure::Fault(fault, text) => Some(Shown {
            code: fault.code.to_owned(),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            span: fault.span.map(|span| Range { start: span.start, end: span.end }),
            text: text.clone(),
        }),
    }
}

/// A remark about a text: its severity and code, its place, one thing to try.
pub(crate) fn remark(file: &str, text: &str, remark: &serde_json::Value) -> String {
    let word = |name: &str| remark[name].as_str().unwrap_or_default();
    let mut out = format!("{file}: {}[{}]: {}\n", word("severity"), word("code"), plain(word("message")));
    if let Ok(span) = Range::deserialize(&remark["span"]) {
        out.push_str(&point(text, span));
    }
    if let Some(help) = remark["help"].as_str() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "hint: {}", plain(help));
    }
    out
}

/// What the standard error shows of a failure.
pub(crate) fn text(failure: &Failure) -> String {
    let shown = match (failure, shown(failure)) {
        (_, Some(shown)) => shown,
        (Failure::Output(error), None) => return format!("error[output_failed]: the answer cannot be printed: {error}\n"),
        (_, None) => return String::new(),
    };
    let mut out = format!("error[{}]: {}\n", shown.code, plain(&shown.message));
    if let (Some(span), Some(text)) = (shown.span, &shown.text) {
        out.push_str(&point(text, span));
    }
    if let Some(hint) = &shown.hint {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "hint: {}", plain(hint));
    }
    out
}

/// Characters of a line that are shown on either side of the place of an error.
const AROUND: usize = 80;

/// The line of `text` that holds the span, and carets under it.
fn point(text: &str, span: Range) -> String {
    let start = floor(text, span.start);
    let end = floor(text, span.end).max(start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let number = text[..start].matches('\n').count() + 1;
    let before = plain(&text[line_start..start]);
    let under = plain(&text[start..end.min(line_end)]);
    let behind = plain(&text[end.clamp(start, line_end)..line_end]);
    // A long line shows what stands around the place.
    let skipped = before.chars().count().saturating_sub(AROUND);
    let before: String = if skipped > 0 { "...".chars().chain(before.chars().skip(skipped)).collect() } else { before };
    let shorten =
        |text: String| if text.chars().count() > AROUND { text.chars().take(AROUND).chain("...".chars()).collect() } else { text };
    let (under, behind) = (shorten(under), shorten(behind));
    let margin = number.to_string();
    let (gap, carets) = (" ".repeat(before.chars().count()), "^".repeat(under.chars().count().max(1)));
    format!("{margin} | {before}{under}{behind}\n{} | {gap}{carets}\n", " ".repeat(margin.len()))
}

/// The end of the last whole character at or before byte `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Text that cannot steer a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// Whether a character moves the cursor, or turns the text behind it round (`exe.fdp` that reads as `pdf.exe`).
pub(crate) fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fault, FaultClass};

    #[test]
    fn shows_the_place_of_an_error() {
        let fault = Fault::new(FaultClass::Invalid, "sql_unknown_column", "column `Severty` not found")
            .with_hint("a similar column is `Severity`")
            .at(21, 28);
        let query = "select *\nfrom Alerts\nxwhere Severty = 'é'".replace('x', "");
        let failure = Failure::Fault(Fault { span: Some(crate::model::Span { start: 27, end: 34 }), ..fault }, Some(query));
        let expected = "\
error[sql_unknown_column]: column `Severty` not found
3 | where Severty = 'é'
  |       ^^^^^^^
hint: a similar column is `Severity`
";
        assert_eq!(text(&failure), expected);
    }

    #[test]
    fn a_span_outside_the_text_does_no_harm() {
        for (start, end) in [(0, 0), (5, 2), (99, 100), (1, 2)] {
            let shown = point("é", Range { start, end });
            assert!(shown.starts_with("1 | é\n"), "{shown}");
        }
        let long = format!("{}here{}", "x".repeat(500), "y".repeat(500));
        let shown = point(&long, Range { start: 500, end: 504 });
        assert_eq!(shown, format!("1 | ...{}here{}...\n  | {}^^^^\n", "x".repeat(80), "y".repeat(80), " ".repeat(83)));
        assert_eq!(plain("a\u{1b}[31mb\nc"), "a [31mb c");
        assert_eq!(plain("a\u{202e}fdp.exe"), "a fdp.exe");
    }

    #[test]
    fn reads_error_answers_and_foreign_ones() {
        let body = br#"{"error": {"code": "x", "message": "m", "request_id": "1"}}"#;
        let shown = Shown::read(body, 400, None);
        assert_eq!((shown.code.as_str(), shown.message.as_str(), shown.hint), ("x", "m", None));
        assert_eq!(Shown::read(b"<html>", 502, None).code, "answer_unreadable");
    }
}
