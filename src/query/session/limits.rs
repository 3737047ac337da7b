//! What a query may use.

use std::time::Duration;

/// Bounds of one query; an answer that one of the first two cuts says so, the others end the query with an error.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rows of the answer.
    pub rows_max: usize,
    /// Bytes of the answer's cells.
    pub bytes_max: usize,
    /// Time from planning to the last row.
    pub time_max: Duration,
    /// Bytes that sorts, joins and groupings may hold in memory.
    pub memory_max: usize,
    /// Bytes that they may spill to disk.
    pub spill_max: u64,
    /// Bytes of the text.
    pub text_max: usize,
    /// Words and signs of the text.
    pub tokens_max: usize,
    /// Expressions in the text.
    pub nodes_max: usize,
    /// `AND` and `OR` in the text.
    pub connectives_max: usize,
    /// Tables named in `FROM` and `JOIN`.
    pub relations_max: usize,
    /// `SELECT`s, with those of unions, subqueries and `WITH`.
    pub selects_max: usize,
    /// Columns that one `SELECT` lists.
    pub columns_max: usize,
    /// Depth of parentheses, functions and subqueries.
    pub depth_max: usize,
    /// Constant argument of functions that multiply their input (`repeat`, `lpad`, `range`).
    pub repeat_max: u64,
    /// Partitions that work at the same time.
    pub partitions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows_max: 10_000,
            bytes_max: 16 << 20,
            time_max: Duration::from_secs(30),
            memory_max: 256 << 20,
            spill_max: 2 << 30,
            text_max: 64 << 10,
            tokens_max: 16_384,
            nodes_max: 2_000,
            connectives_max: 500,
            relations_max: 17,
            selects_max: 64,
            columns_max: 512,
            depth_max: 50,
            repeat_max: 10_000,
            partitions: 2,
        }
    }
}
