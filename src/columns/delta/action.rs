//! The `add` action: one data file with its partition and statistics.

use serde_json::{Value, json};

use crate::columns::types::{DAY, SEQ, TIME};
use crate::model::Time;

/// What is known of a file's rows without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileStats {
    /// Number of rows.
    pub(crate) rows: u64,
    /// Smallest and largest `TimeGenerated` in microseconds; none if no row has one.
    pub(crate) time: Option<(i64, i64)>,
    /// Number of rows without a time.
    pub(crate) undated: u64,
    /// Smallest and largest `_Seq`.
    pub(crate) seq: (i64, i64),
}

/// A data file of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Add {
    /// Path below the table's folder, as the store takes it.
    pub(crate) path: String,
    /// Day of its rows; none for rows without a time.
    pub(crate) day: Option<String>,
    /// Bytes.
    pub(crate) size: u64,
    /// When it was written, in milliseconds.
    pub(crate) modified: i64,
    /// Its statistics.
    pub(crate) stats: FileStats,
}

impl Add {
    /// The action as the log writes it.
    pub(super) fn to_json(&self, data_change: bool) -> Value {
        let stats = &self.stats;
        let mut least = json!({ SEQ: stats.seq.0 });
        let mut most = json!({ SEQ: stats.seq.1 });
        if let Some((first, last)) = stats.time {
            // Delta's statistics hold milliseconds: the upper bound is rounded up, so that it stays a bound.
            least[TIME] = json!(millis(first.div_euclid(1_000)));
            most[TIME] = json!(millis(last.div_euclid(1_000) + i64::from(last.rem_euclid(1_000) > 0)));
        }
        let stats_text =
            json!({"numRecords": stats.rows, "minValues": least, "maxValues": most, "nullCount": {TIME: stats.undated, SEQ: 0}})
                .to_string();
        let mut tags = json!({});
        if let Some((first, last)) = stats.time {
            tags = json!({"clew.first": first.to_string(), "clew.last": last.to_string()});
        }
        json!({
            "path": encode_path(&self.path),
            "partitionValues": {DAY: self.day},
            "size": self.size,
            "modificationTime": self.modified,
            "dataChange": data_change,
            "stats": stats_text,
            "tags": tags,
        })
    }

    /// Reads an action of the log.
    pub(super) fn from_json(action: &Value) -> Option<Self> {
        let stats: Value = serde_json::from_str(action.get("stats")?.as_str()?).ok()?;
        let tag = |name: &str| action.pointer(&format!("/tags/{name}")).and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok());
        let seq = |side: &str| stats.get(side)?.get(SEQ)?.as_i64();
        Some(Self {
            path: decode_path(action.get("path")?.as_str()?),
            day: action.get("partitionValues")?.get(DAY).and_then(Value::as_str).map(str::to_owned),
            size: action.get("size")?.as_u64()?,
            modified: action.get("modificationTime")?.as_i64()?,
            stats: FileStats {
                rows: stats.get("numRecords")?.as_u64()?,
                time: tag("clew.first").zip(tag("clew.last")),
                undated: stats.get("nullCount")?.get(TIME)?.as_u64()?,
                seq: (seq("minValues")?, seq("maxValues")?),
            },
        })
    }
}

fn millis(n: i64) -> String {
    chrono::DateTime::from_timestamp_millis(n.clamp(Time::MIN.micros() / 1_000, Time::MAX.micros() / 1_000))
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Paths in the log are URIs: the few signs that a store path can hold and a URI cannot are escaped.
pub(super) fn encode_path(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '%' => text.push_str("%25"),
            ' ' => text.push_str("%20"),
            c => text.push(c),
        }
    }
    text
}

/// Undoes `encode_path`.
pub(super) fn decode_path(path: &str) -> String {
    path.replace("%20", " ").replace("%25", "%")
}
