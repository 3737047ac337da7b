//! What a scan passes over: which filters the index of entities answers, and the log of a query's scans for whoever explains it.
//!
//! Narrowing never decides what a filter keeps: rows that the index leaves are checked again above the scan.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::split_conjunction;

use super::types::ENTITIES;

/// The hashes of which every row that fulfils the filters names one; none if the filters ask no such thing.
pub(super) fn wanted(filters: &[Expr]) -> Option<Vec<i64>> {
    filters.iter().flat_map(split_conjunction).find_map(hashes)
}

fn hashes(filter: &Expr) -> Option<Vec<i64>> {
    let call = match filter {
        Expr::IsTrue(inner) => return hashes(inner),
        Expr::ScalarFunction(call) if call.func.name() == "array_has_any" => call,
        _ => return None,
    };
    match call.args.as_slice() {
        [Expr::Column(column), Expr::Literal(ScalarValue::List(list), _)] if column.name == ENTITIES && list.len() == 1 => {
            Some(list.value(0).as_primitive_opt::<Int64Type>()?.iter().flatten().collect())
        }
        _ => None,
    }
}

/// The scans of one query; put into its session as an extension by whoever explains it.
#[derive(Debug, Default)]
pub struct ScanLog(Mutex<Vec<Scan>>);

/// What a scan of a table reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The table.
    pub table: Arc<str>,
    /// Its files.
    pub files: usize,
    /// Files that the time or number of their rows rules out.
    pub by_bounds: usize,
    /// Further files without a row that names the wanted entity.
    pub by_entities: usize,
    /// Further files without a row that holds the wanted words.
    pub by_words: usize,
    /// Rows of the files that are read.
    pub rows: u64,
    /// Of these, the rows that indexes leave; none if no index was asked.
    pub left: Option<u64>,
    /// The indexes that were asked.
    pub asked: &'static str,
    /// Rows in memory, all of which are read.
    pub memory: u64,
    /// Columns that are read, and those that there are.
    pub columns: (usize, usize),
    /// Whether the log of the table tells all that is wanted, so that no file is read.
    pub counted: bool,
}

impl ScanLog {
    pub(super) fn add(&self, scan: Scan) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scan);
    }

    /// The scans in the order in which they were planned.
    pub fn scans(&self) -> Vec<Scan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Display for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.counted {
            return write!(f, "{}: no file read; the log of the table counts {} rows, {} in memory", self.table, self.rows, self.memory);
        }
        let read = self.files - self.by_bounds - self.by_entities - self.by_words;
        write!(f, "{}: {read} of {} files read", self.table, self.files)?;
        let pruned = self.by_bounds + self.by_entities + self.by_words;
        write!(f, ", {pruned} pruned")?;
        let reasons =
            [(self.by_bounds, "by time"), (self.by_entities, "by the index of entities"), (self.by_words, "by the index of words")];
        let reasons: Vec<String> = reasons.iter().filter(|(files, _)| *files > 0).map(|(files, why)| format!("{files} {why}")).collect();
        if !reasons.is_empty() {
            write!(f, " ({})", reasons.join(", "))?;
        }
        match self.left {
            Some(left) => write!(f, "; {left} of {} rows by {}", self.rows, self.asked)?,
            None => write!(f, "; {} rows", self.rows)?,
        }
        write!(f, ", {} rows in memory; {} of {} columns", self.memory, self.columns.0, self.columns.1)
    }
}
