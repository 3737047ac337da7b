//! Answers as files that other programs read: Arrow streams and Parquet.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::ipc::writer::StreamWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::super::session::Source;
use super::super::sql::{self, Parameters};
use super::super::{Context, Question};
use super::world::World;
use super::{Language, QueryRequest, kusto};
use crate::model::{Fault, FaultClass};

/// Bytes of cells that an exported answer may have.
const BYTES_MAX: usize = 256 << 20;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// The body that the API describes.
    #[default]
    Json,
    /// The Arrow IPC streaming format.
    Arrow,
    /// Parquet, compressed with Zstandard.
    Parquet,
}

impl Encoding {
    /// The names of all.
    pub const NAMES: &'static [&'static str] = &["json", "arrow", "parquet"];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "arrow" => Some(Self::Arrow),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The encoding that a client which accepts these types wants.
    pub fn accepted(types: &str) -> Option<Self> {
        types.split(',').find_map(|accepted| match accepted.split(';').next().unwrap_or_default().trim() {
            "application/vnd.apache.arrow.stream" => Some(Self::Arrow),
            "application/vnd.apache.parquet" => Some(Self::Parquet),
            "application/json" => Some(Self::Json),
            _ => None,
        })
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Rows of an answer as they are written to files.
#[derive(Clone, Debug)]
pub(in super::super) struct Rows {
    /// The rows.
    pub(in super::super) batches: Vec<RecordBatch>,
    /// Their columns.
    pub(in super::super) schema: Arc<Schema>,
    /// Name of the limit that cut them.
    pub(in super::super) cut: Option<String>,
}

/// A query whose answer is a file.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The query; its limit counts, and without one a million rows.
    pub query: QueryRequest,
    /// How the file is written.
    pub encoding: Encoding,
}

/// A file with an answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Name of the limit that cut the answer.
    pub cut: Option<String>,
}

impl Question for ExportRequest {
    type Answer = Exported;
    const NAME: &'static str = "export";

    fn is_query(&self) -> bool {
        true
    }

    fn answer(self, context: &Context) -> Result<Exported, Fault> {
        let mut source = Source::of(context);
        source.peers = self.query.beside.iter().map(super::Beside::peer).collect();
        let rows = self.rows(&World::new(&source, Some(context)), &source, &context.runtime, context.now)?;
        write(rows, self.encoding)
    }
}

impl ExportRequest {
    fn rows(&self, world: &World<'_>, source: &Source, runtime: &tokio::runtime::Handle, now: crate::model::Time) -> Result<Rows, Fault> {
        let mut query = self.query.clone();
        query.limit = query.limit.or(Some(super::ROWS_MAX));
        let mut limits = query.limits()?;
        limits.bytes_max = BYTES_MAX;
        if query.explain {
            return Err(Fault::new(FaultClass::Invalid, "explain_text", "a plan is text").with_hint("leave the format out"));
        }
        match query.language()? {
            Language::Kql => kusto::rows(world, source, runtime, &query.text, kusto::given(now, &query.parameters), &limits),
            Language::Sql => {
                let parameters = if query.parameters.is_empty() { Parameters::None } else { Parameters::Named(query.parameters) };
                runtime.block_on(source.stop.during(sql::rows(source.clone(), &query.text, parameters, &limits)))
            }
            Language::Cypher => {
                let message = "the answer of a graph query holds nodes and paths, which have no column type";
                Err(Fault::new(FaultClass::Invalid, "cypher_unsupported", message).with_hint("ask for JSON, or use `graph-match` in KQL"))
            }
        }
    }
}

/// A file with the answer of a query that brings its own rows.
pub fn export_without_data(
    request: &ExportRequest,
    runtime: &tokio::runtime::Handle,
    spill: std::path::PathBuf,
) -> Result<Exported, Fault> {
    let source = Source::empty(spill);
    let rows = request.rows(&World::new(&source, None), &source, runtime, crate::model::Time::now())?;
    write(rows, request.encoding)
}

/// Writes rows; each batch is gone once it is written.
fn write(rows: Rows, encoding: Encoding) -> Result<Exported, Fault> {
    let failed = |error: &dyn std::fmt::Display| {
        Fault::new(FaultClass::Invalid, "export_failed", format!("the answer cannot be written: {error}"))
            .with_hint("convert the column that is named, or ask for JSON")
    };
    let mut bytes = Vec::new();
    match encoding {
        Encoding::Json => return Err(failed(&"JSON is no file format of rows")),
        Encoding::Arrow => {
            let mut writer = StreamWriter::try_new(&mut bytes, &rows.schema).map_err(|error| failed(&error))?;
            for batch in rows.batches {
                writer.write(&batch).map_err(|error| failed(&error))?;
            }
            writer.finish().map_err(|error| failed(&error))?;
        }
        Encoding::Parquet => {
            let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
            let mut writer =
                ArrowWriter::try_new(&mut bytes, Arc::clone(&rows.schema), Some(properties)).map_err(|error| failed(&error))?;
            for batch in rows.batches {
                writer.write(&batch).map_err(|error| failed(&error))?;
            }
            writer.close().map_err(|error| failed(&error))?;
        }
    }
    Ok(Exported { bytes, cut: rows.cut })
}
