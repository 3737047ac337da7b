//! `query` and `tables`.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::kql::run_batch;
use super::{Failure, Global, Request, View};
use crate::model::{Fault, FaultClass};

/// Which query.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew query 'SecurityAlert | summarize count() by AlertSeverity'
  clew query -f hunt.kql --param user=adelev --format csv
  clew query --lang sql 'SELECT * FROM SigninLogs WHERE IPAddress = $ip' --param ip=175.45.176.99
  clew query --batch in.jsonl --out out.jsonl")]
pub(crate) struct Query {
    /// The query; without it and without --file it is read from standard input
    #[arg(conflicts_with_all = ["file", "batch"])]
    text: Option<String>,
    /// Read the query from a file; `-` is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "batch")]
    file: Option<PathBuf>,
    /// Language of the query: kql or sql
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// Value of a parameter: $NAME in SQL, `declare query_parameters` in KQL; a number stays a number, "7" in quotes is text
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
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
    /// Write the answers to this file: a line `{id, columns, types, rows}` or `{id, error}`
    #[arg(long, value_name = "FILE", requires = "batch")]
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
    /// Asks many queries, if that is wanted.
    pub(crate) fn batch(&self, global: &Global) -> Option<Result<(), Failure>> {
        Some(run_batch(global, self.lang.as_deref(), self.batch.as_ref()?, self.out.as_ref()?))
    }

    pub(crate) fn request(&self) -> Result<Request, Fault> {
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
        Ok(Request::post("/v1/query", body).about(&text))
    }
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
