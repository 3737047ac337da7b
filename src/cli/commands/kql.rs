//! Many queries at once, and query texts without data: `query --batch`, `check`, `fmt`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::query::read;
use super::{Failure, Global, Request};
use crate::cli::client::{Client, runtime};
use crate::cli::fault;
use crate::model::{Fault, FaultClass};
use crate::query::ask::{self, CheckRequest, QueryRequest};

/// Seconds that one query of a batch may take.
const BATCH_SECONDS: u32 = 30;
/// Rows that the answer to a query of a batch may have.
const BATCH_ROWS: u32 = 1_000_000;

/// A line of a batch.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    query: String,
    #[serde(default)]
    lang: Option<String>,
}

/// A line as it was read; one that is none gives its identifier, if it has one, and what is wrong.
fn line_of(bytes: &[u8]) -> Result<Line, (Value, String)> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| (Value::Null, error.to_string()))?;
    if !value.is_object() {
        return Err((Value::Null, "found another value".to_owned()));
    }
    let id = value["id"].clone();
    serde_json::from_value(value).map_err(|error| (id, error.to_string()))
}

/// Reads lines from one file and writes one for each to another; `refused` makes that of what is no line of a batch.
fn lines(
    input: &Path,
    output: &Path,
    mut answer: impl FnMut(Line) -> Value,
    refused: impl Fn(Value, Value) -> Value,
) -> Result<(), Failure> {
    let unreadable =
        |error: std::io::Error| Fault::new(FaultClass::NotFound, "file_unreadable", format!("cannot read `{}`: {error}", input.display()));
    let reader = BufReader::new(std::fs::File::open(input).map_err(unreadable)?);
    let mut writer = BufWriter::new(std::fs::File::create(output)?);
    for line in reader.split(b'\n') {
        let line = line.map_err(unreadable)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let written = match line_of(&line) {
            Ok(line) => answer(line),
            Err((id, error)) => {
                let message = format!("expected `{{id, query}}`: {error}");
                refused(id, json!({"code": "batch_line", "severity": "error", "message": message}))
            }
        };
        writeln!(writer, "{written}")?;
        // Whoever waits for the answers sees each as soon as it is there.
        writer.flush()?;
    }
    Ok(())
}

/// Asks the queries of one file and writes their answers to another; what is wrong with one is its answer.
pub(super) fn run_batch(global: &Global, language: Option<&str>, input: &Path, output: &Path) -> Result<(), Failure> {
    let client = if global.dir().join("journal").is_dir() { Some(Client::reading(&global.dir())?) } else { None };
    let own = runtime()?;
    let spill = std::env::temp_dir().join(format!("clew-batch-{}", std::process::id()));
    let answer = |line: Line| {
        let lang = line.lang.as_deref().or(language);
        let answer = match &client {
            Some(client) => {
                let body = json!({"lang": lang, "text": line.query, "limit": BATCH_ROWS, "timeout_seconds": BATCH_SECONDS});
                client.ask(&Request::post("/v1/query", body)).map_err(|failure| shown(&failure))
            }
            None => {
                let request = QueryRequest {
                    lang: lang.map(str::to_owned),
                    text: line.query.clone(),
                    limit: Some(BATCH_ROWS),
                    timeout_seconds: Some(BATCH_SECONDS),
                    ..QueryRequest::default()
                };
                let answer = ask::without_data(request, own.handle(), spill.clone());
                answer
                    .map_err(|fault| shown(&fault.into()))
                    .and_then(|table| serde_json::to_value(table).map_err(|error| error.to_string().into()))
            }
        };
        match answer {
            Ok(table) => {
                let part = |name: &str| -> Value {
                    table["columns"].as_array().into_iter().flatten().map(|column| column[name].clone()).collect()
                };
                let mut answer = json!({"id": line.id, "columns": part("name"), "types": part("type"), "rows": table["rows"]});
                // What a limit cut is not the answer, even if it is one number.
                if let Some(limit) = table["cut"].as_str() {
                    answer["cut"] = limit.into();
                }
                answer
            }
            Err(error) => json!({"id": line.id, "error": error}),
        }
    };
    let done = lines(input, output, answer, |id, error| json!({"id": id, "error": error}));
    // What queries spilled is of no use any more.
    let _ = std::fs::remove_dir_all(&spill);
    done
}

/// An error as a line of a batch shows it.
fn shown(failure: &Failure) -> Value {
    match fault::shown(failure) {
        Some(shown) => {
            let mut error = Map::new();
            error.insert("code".to_owned(), shown.code.into());
            error.insert("message".to_owned(), shown.message.into());
            if let Some(span) = shown.span {
                error.insert("span".to_owned(), json!({"start": span.start, "end": span.end}));
            }
            error.into()
        }
        None => json!({"code": "output_failed", "message": "the answer cannot be written"}),
    }
}

/// Which texts to check.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew check hunt.kql
  clew check --schema tables.json queries/*.kql
  clew check --batch in.jsonl --out out.jsonl")]
pub(crate) struct Check {
    /// Files to check; `-` is standard input
    #[arg(required_unless_present = "batch", conflicts_with = "batch", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check the queries of this file: a line `{id, query}` for each
    #[arg(long, value_name = "FILE", requires = "out")]
    batch: Option<PathBuf>,
    /// Write what is wrong with each to this file: a line `{id, errors}`
    #[arg(long, value_name = "FILE", requires = "batch")]
    out: Option<PathBuf>,
    /// Tables as `{table: {column: type}}`; without it those of the data, or those that clew knows
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

/// Tables with the types of their columns, by name.
type Declared = BTreeMap<String, Map<String, Value>>;

impl Check {
    /// Checks; mistakes make the command fail.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let schema: Option<Declared> = match &self.schema {
            Some(file) => Some(serde_json::from_str(&read(file)?).map_err(|error| {
                Fault::new(FaultClass::Invalid, "schema_invalid", format!("expected {{table: {{column: type}}}}: {error}"))
            })?),
            None => None,
        };
        let schema = schema.map(|tables| ask::declared(&tables)).transpose()?;
        let client = if schema.is_none() && global.dir().join("journal").is_dir() { Some(Client::reading(&global.dir())?) } else { None };
        let ask = |text: &str, lang: Option<&str>| -> Result<Value, Failure> {
            match &client {
                Some(client) => client.ask(&Request::post("/v1/query/check", json!({"text": text, "lang": lang}))),
                None => {
                    let request = CheckRequest { text: text.to_owned(), lang: lang.map(str::to_owned), ..CheckRequest::default() };
                    let found = ask::check_without_data(&request, schema.as_ref())?;
                    Ok(serde_json::to_value(found).map_err(std::io::Error::from)?)
                }
            }
        };
        if let (Some(input), Some(output)) = (&self.batch, &self.out) {
            let answer = |line: Line| match ask(&line.query, line.lang.as_deref()) {
                Ok(found) => json!({"id": line.id, "errors": found["errors"]}),
                Err(failure) => json!({"id": line.id, "errors": [shown(&failure)]}),
            };
            return lines(input, output, answer, |id, error| json!({"id": id, "errors": [error]}));
        }
        let mut wrong = 0;
        for file in &self.files {
            let text = read(file)?;
            let found = ask(&text, None)?;
            for error in found["errors"].as_array().into_iter().flatten() {
                wrong += usize::from(error["severity"] == "error");
                eprint!("{}", fault::remark(&file.display().to_string(), &text, error));
            }
        }
        match wrong {
            0 => Ok(()),
            n => Err(Fault::new(FaultClass::Invalid, "check_failed", format!("expected no mistakes, found {n}")).into()),
        }
    }
}

/// Which texts to format.
#[derive(Debug, clap::Args)]
pub(crate) struct Fmt {
    /// Files to format; `-` reads standard input and prints
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; fail if a file would change
    #[arg(long)]
    check: bool,
}

impl Fmt {
    /// Formats files in place; one with a mistake stays as it is and holds up no other.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let (mut differing, mut wrong) = (Vec::new(), Vec::new());
        for file in &self.files {
            let text = read(file)?;
            let formatted = match crate::query::kql::format(&text) {
                Ok(formatted) => formatted,
                Err(diagnostics) if self.files.len() > 1 => {
                    let name = file.display().to_string();
                    let remarks = serde_json::to_value(diagnostics).map_err(std::io::Error::from)?;
                    remarks.as_array().into_iter().flatten().for_each(|remark| eprint!("{}", fault::remark(&name, &text, remark)));
                    wrong.push(name);
                    continue;
                }
                Err(diagnostics) => {
                    let first = diagnostics.into_iter().next().map(Fault::from);
                    let fault = first.unwrap_or_else(|| Fault::new(FaultClass::Invalid, "kql_unreadable", "the text is no query"));
                    return Err(Failure::Fault(fault, Some(text)));
                }
            };
            let formatted = if formatted.ends_with('\n') { formatted } else { formatted + "\n" };
            if file.as_os_str() == "-" {
                crate::cli::output::write(formatted.as_bytes())?;
            } else if formatted != text {
                differing.push(file.display().to_string());
                if !self.check {
                    std::fs::write(file, formatted)?;
                }
            }
        }
        if !wrong.is_empty() {
            let message = format!("expected queries, found mistakes in {}", wrong.join(", "));
            return Err(Fault::new(FaultClass::Invalid, "check_failed", message).into());
        }
        if self.check && !differing.is_empty() {
            let message = format!("expected formatted files, found {}", differing.join(", "));
            return Err(Fault::new(FaultClass::Invalid, "not_formatted", message).with_hint("`clew fmt FILE...` formats them").into());
        }
        Ok(())
    }
}
