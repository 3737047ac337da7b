//! `tests/cases/kql/*.slt`: queries with their answers on the sample data. A statement begins with its language; one in SQL is the twin of the
//! KQL in front of it and must give the same rows. `CLEW_UPDATE=1` writes the answers that are found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clew::datasets;
use clew::engine::Engine;
use clew::model::Time;
use clew::query::ask::QueryRequest;
use serde_json::Value;
use sqllogictest::{DB, DBOutput, DefaultColumnType, Runner, default_column_validator, default_normalizer, default_validator};

use crate::support::Clew;

/// The languages of one engine, and the rows of the last KQL.
struct Languages {
    engine: Arc<Engine>,
    last: Vec<Vec<String>>,
}

/// Why a statement has no rows.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl DB for Languages {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, statement: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        let (language, text) =
            statement.split_once('>').ok_or_else(|| Refused("expected `kql>`, `sql>` or `cypher>` in front".to_owned()))?;
        let request = QueryRequest { lang: Some(language.trim().to_owned()), text: text.trim().to_owned(), ..QueryRequest::default() };
        let table = self.engine.answer(request).map_err(|fault| Refused(format!("{}: {}", fault.code, fault.message)))?;
        let kinds: Vec<&str> = table.columns.iter().map(|column| column.type_name.as_str()).collect();
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().zip(&kinds).map(|(cell, kind)| shown(cell, kind)).collect()).collect();
        match language.trim() {
            "sql" if rows != self.last => {
                return Err(Refused(format!("the twin differs: {rows:?}, the KQL in front of it {:?}", self.last)));
            }
            "kql" => self.last.clone_from(&rows),
            _ => {}
        }
        let kind = |kind: &&str| match *kind {
            "int" | "long" => DefaultColumnType::Integer,
            "real" | "decimal" => DefaultColumnType::FloatingPoint,
            _ => DefaultColumnType::Text,
        };
        Ok(DBOutput::Rows { types: kinds.iter().map(kind).collect(), rows })
    }

    fn engine_name(&self) -> &str {
        "clew"
    }
}

/// A cell in one form for all languages: instants to the microsecond, nothing as `-`.
fn shown(cell: &Value, kind: &str) -> String {
    match (cell, kind) {
        (Value::Null, _) => "-".to_owned(),
        (Value::String(text), _) if text.is_empty() => "-".to_owned(),
        (Value::String(text), "datetime") => Time::parse(text).map_or_else(|_| text.clone(), |time| time.to_string()),
        (Value::String(text), _) => text.replace(char::is_whitespace, "_"),
        (Value::Number(number), _) => {
            number.as_f64().filter(|_| number.is_f64()).map_or_else(|| number.to_string(), |real| format!("{real:.6}"))
        }
        (other, _) => other.to_string().replace(char::is_whitespace, "_"),
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/kql");
    let entries = std::fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "slt")).collect();
    files.sort();
    files
}

#[test]
fn recorded_answers_hold_in_every_language() {
    let clew = Clew::new();
    // The answers count rows and entities: the large story is too slow for every run, the one of shared incidents holds alerts alone.
    for dataset in datasets::ALL.iter().filter(|dataset| !["lsass-campaign", "msticpy-linux"].contains(&dataset.name)) {
        for (name, bytes) in dataset.files {
            clew.ingest_bytes(name, *bytes);
        }
    }
    // Half of the questions meet files, as most do in life.
    clew.engine.persist().expect("the rows go to files");
    let files = files();
    assert!(!files.is_empty());
    let update = std::env::var_os("CLEW_UPDATE").is_some();
    let mut wrong = Vec::new();
    for file in files {
        let engine = Arc::clone(&clew.engine);
        let mut runner = Runner::new(move || {
            let engine = Arc::clone(&engine);
            async move { Ok(Languages { engine, last: Vec::new() }) }
        });
        if update {
            let updated = runner.update_test_file(&file, " ", default_validator, default_normalizer, default_column_validator);
            futures::executor::block_on(updated).expect("the file can be written");
        }
        // Writing answers down must not make a mistake the rule.
        let text = std::fs::read_to_string(&file).expect("the file");
        wrong.extend(text.lines().filter(|line| line.starts_with("query error") && !line.contains("kql_unknown")).map(str::to_owned));
        if let Err(error) = runner.run_file(&file) {
            wrong.push(error.display(false).to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
