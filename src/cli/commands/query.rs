//! `query` and `tables`.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::kql::run_batch;
use super::{Failure, Global, Request, View};
use crate::cli::client::{Client, runtime};
use crate::cli::output::{self, Format};
use crate::model::{Fault, FaultClass};
use crate::query::ask::{self, Encoding, ExportRequest, QueryRequest};

/// Which query.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew query 'SecurityAlert | summarize count() by AlertSeverity'
  clew query -f hunt.kql --param user=adelev --format csv
  clew query --lang sql 'SELECT * FROM SigninLogs WHERE IPAddress = $ip' --param ip=175.45.176.99
  clew query 'print ago(7d)'                without a data directory too
  clew query 'SigninLogs' --format parquet --out signins.parquet
  clew query --batch in.jsonl --out out.jsonl")]
pub(crate) struct Query {
    /// The query; without it and without --file it is read from standard input
    #[arg(conflicts_with_all = ["file", "batch"])]
    text: Option<String>,
    /// Read the query from a file; `-` is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "batch")]
    file: Option<PathBuf>,
    /// Language of the query: kql, sql or cypher
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// Value of a parameter that the query names: $NAME in SQL and openCypher, `declare query_parameters` in KQL; a number stays a number, "7" in quotes is text
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter, conflicts_with = "batch")]
    param: Vec<(String, Value)>,
    /// Rows of the answer
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Show the plan instead of the answer
    #[arg(long)]
    explain: bool,
    /// Ask the queries of this file: a line `{id, query}` for each
    #[arg(long, value_name = "FILE", requires = "out")]
    batch: Option<PathBuf>,
    /// Write the answer to this file; of --batch a line `{id, columns, types, rows}` or `{id, error}` for each
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("expected NAME=VALUE, found `{text}`"))?;
    let value = match serde_json::from_str::<Value>(value) {
        Ok(scalar) if !scalar.is_object() && !scalar.is_array() => scalar,
        _ => Value::from(value),
    };
    Ok((name.trim_start_matches('$').to_owned(), value))
}

impl Query {
    /// Asks one query or many; a query that brings its own rows needs no data directory.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        if let (Some(batch), Some(out)) = (&self.batch, &self.out) {
            return run_batch(global, self.lang.as_deref(), batch, out);
        }
        let format = global.format();
        let request = self.request(format)?.by(global.user());
        let bytes =
            if global.dir().join("journal").is_dir() { global.client(Client::reading)?.send(&request)? } else { alone(&request, format)? };
        match &self.out {
            Some(file) if format.is_binary() || format == Format::Json => Ok(std::fs::write(file, bytes)?),
            Some(_) => {
                let message = "expected --format json, arrow or parquet with --out";
                Err(Fault::new(FaultClass::Invalid, "format_invalid", message).with_hint("other formats go to the standard output").into())
            }
            None if format.is_binary() => {
                if std::io::stdout().is_terminal() {
                    let fault = Fault::new(FaultClass::Invalid, "format_invalid", "arrow and parquet are nothing to read at a terminal");
                    return Err(fault.with_hint("name a file with --out, or send the output to one").into());
                }
                Ok(output::write(&bytes)?)
            }
            None => {
                let unreadable = |error| Fault::new(FaultClass::Internal, "answer_unreadable", format!("expected JSON: {error}"));
                Ok(output::print(View::Table, &serde_json::from_slice(&bytes).map_err(unreadable)?, format)?)
            }
        }
    }

    pub(crate) fn request(&self, format: Format) -> Result<Request, Fault> {
        let text = match (&self.text, &self.file) {
            (Some(text), _) => text.clone(),
            (None, Some(file)) => read(file)?,
            (None, None) => read(Path::new("-"))?,
        };
        let parameters: Map<String, Value> = self.param.iter().cloned().collect();
        let mut body = json!({"text": text});
        if let Some(lang) = &self.lang {
            body["lang"] = lang.as_str().into();
        }
        if !parameters.is_empty() {
            body["parameters"] = parameters.into();
        }
        if let Some(limit) = self.limit {
            body["limit"] = limit.into();
        }
        if self.explain {
            body["explain"] = true.into();
        }
        match format {
            Format::Arrow => body["format"] = "arrow".into(),
            Format::Parquet => body["format"] = "parquet".into(),
            _ => {}
        }
        Ok(Request::post("/v1/query", body).about(&text))
    }
}

/// The answer of a query where there is no data directory, as the API would give it.
fn alone(request: &Request, format: Format) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: serde_json::Error| Fault::new(FaultClass::Internal, "answer_unreadable", error.to_string());
    let text = request.text.clone();
    let body = request.body.clone().unwrap_or_default();
    let query: QueryRequest = serde_json::from_value(body).map_err(unreadable)?;
    let own = runtime()?;
    let spill = std::env::temp_dir().join(format!("clew-query-{}", std::process::id()));
    let encoding = match format {
        Format::Arrow => Encoding::Arrow,
        Format::Parquet => Encoding::Parquet,
        _ => Encoding::Json,
    };
    let done = if encoding == Encoding::Json {
        ask::without_data(query, own.handle(), spill.clone()).and_then(|table| serde_json::to_vec(&table).map_err(unreadable))
    } else {
        ask::export_without_data(&ExportRequest { query, encoding }, own.handle(), spill.clone()).map(|exported| exported.bytes)
    };
    // What the query spilled is of no use any more.
    let _ = std::fs::remove_dir_all(&spill);
    done.map_err(|fault| Failure::Fault(fault, text))
}

/// Reads a text file or standard input.
pub(crate) fn read(file: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    let read =
        if file.as_os_str() == "-" { std::io::stdin().read_to_string(&mut text).map(|_| text) } else { std::fs::read_to_string(file) };
    read.map_err(|error| Fault::new(FaultClass::NotFound, "file_unreadable", format!("cannot read `{}`: {error}", file.display())))
}

/// Which table.
#[derive(Debug, clap::Args)]
pub(crate) struct Tables {
    /// Name of a table: shows its columns
    name: Option<String>,
    /// List tables without rows too
    #[arg(long, conflicts_with = "name")]
    empty: bool,
}

impl Tables {
    pub(crate) fn request(&self) -> (Request, View) {
        let request = Request::get("/v1/tables");
        (
            match &self.name {
                Some(name) => request.part(name),
                None => request.flag("empty", self.empty),
            },
            View::Any,
        )
    }
}
