//! Data that lie outside of the tables, as `externaldata` reads them: bytes of files to rows under declared columns. Opens no file itself.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::bound::{Constant, ExternalFormat};
use super::functions::json;
use super::lower::{LowerError, column_of};
use super::tree::{Float, Place, ScalarType};
use super::types::arrow_type;
use super::values::{read, write};

/// Bytes of all files of one `externaldata`, unpacked.
pub const BYTES_MAX: u64 = 256 << 20;

/// A file: its name and what it holds.
pub struct File {
    /// The name, whose ending tells the format where the query does not.
    pub name: String,
    /// The bytes; packed if the name ends in `.gz`.
    pub bytes: Vec<u8>,
}

/// Rows that are read before their cells become values.
const SLICE_ROWS: usize = 8_192;

/// Rows of text cells in the order of the columns; a cell that is not there is none.
type Rows = Vec<Vec<Option<String>>>;

/// Rows that become values a slice at a time, so that texts of few of them are held.
struct Cells<'c> {
    columns: &'c [(String, ScalarType)],
    schema: SchemaRef,
    rows: Rows,
    slices: Vec<RecordBatch>,
}

impl<'c> Cells<'c> {
    fn under(columns: &'c [(String, ScalarType)]) -> Self {
        let fields: Vec<Field> = columns.iter().map(|(name, kind)| Field::new(name, arrow_type(*kind), true)).collect();
        Self { columns, schema: Arc::new(Schema::new(fields)), rows: Rows::new(), slices: Vec::new() }
    }

    fn push(&mut self, row: Vec<Option<String>>) -> Result<(), LowerError> {
        self.rows.push(row);
        if self.rows.len() < SLICE_ROWS { Ok(()) } else { self.cut() }
    }

    /// Adds lines, each cut into cells by `cells`.
    fn lines<'t>(&mut self, text: &'t str, skip: bool, cells: impl Fn(&'t str) -> Vec<Option<String>>) -> Result<(), LowerError> {
        text.lines().skip(usize::from(skip)).try_for_each(|line| self.push(cells(line)))
    }

    fn cut(&mut self) -> Result<(), LowerError> {
        let column = |(place, (_, kind)): (usize, &(String, ScalarType))| {
            let cell =
                |row: &Vec<Option<String>>| row.get(place).and_then(Option::as_deref).map_or(Constant::Null, |text| value(text, *kind));
            column_of(&self.rows.iter().map(cell).collect::<Vec<_>>(), *kind)
        };
        let arrays: Vec<ArrayRef> = self.columns.iter().enumerate().map(column).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        self.slices.push(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?);
        self.rows.clear();
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.slices.is_empty()
    }

    fn finish(mut self) -> Result<RecordBatch, LowerError> {
        self.cut()?;
        Ok(concat_batches(&self.schema, &self.slices)?)
    }
}

/// The rows of all files, one after the other, under the declared columns.
///
/// # Errors
///
/// Says which file cannot be read and why. A cell that does not fit its column is null, as the language has it.
pub fn rows(
    files: Vec<File>,
    format: ExternalFormat,
    properties: &[(String, Constant)],
    columns: &[(String, ScalarType)],
) -> Result<RecordBatch, LowerError> {
    let is_true = |value: &Constant| match value {
        Constant::Bool(value) => *value,
        Constant::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    let skip = properties.iter().any(|(name, value)| name.eq_ignore_ascii_case("ignoreFirstRecord") && is_true(value));
    let mut cells = Cells::under(columns);
    let mut left = BYTES_MAX;
    let mut typed = Vec::new();
    for file in files {
        let (name, bytes) = unpacked(file, &mut left)?;
        let format = if format == ExternalFormat::Automatic { by_name(&name) } else { format };
        if format == ExternalFormat::Parquet {
            typed.push(parquet(&name, bytes)?);
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match format {
            ExternalFormat::Json | ExternalFormat::MultiJson => objects(&name, text, &mut cells)?,
            ExternalFormat::Txt => cells.lines(text, skip, |line| vec![Some(line.to_owned())])?,
            ExternalFormat::Raw => cells.push(vec![Some(text.to_owned())])?,
            ExternalFormat::Tsv => cells.lines(text, skip, |line| line.split('\t').map(|cell| Some(cell.to_owned())).collect())?,
            ExternalFormat::Psv => separated(&name, text, b'|', skip, &mut cells)?,
            ExternalFormat::Scsv => separated(&name, text, b';', skip, &mut cells)?,
            ExternalFormat::Sohsv => separated(&name, text, 1, skip, &mut cells)?,
            ExternalFormat::Csv | ExternalFormat::Automatic | ExternalFormat::Parquet => separated(&name, text, b',', skip, &mut cells)?,
        }
    }
    if let Some(first) = typed.first() {
        if !cells.is_empty() {
            return Err(failed("expected files of one kind, found Parquet among texts"));
        }
        return Ok(concat_batches(&first.schema(), &typed)?);
    }
    cells.finish()
}

fn failed(message: impl Into<String>) -> LowerError {
    LowerError::value(message, Place::default())
}

fn unpacked(file: File, left: &mut u64) -> Result<(String, Vec<u8>), LowerError> {
    let File { name, bytes } = file;
    let (name, bytes) = match name.strip_suffix(".gz") {
        Some(inner) => {
            let mut whole = Vec::new();
            let unpacking = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(*left + 1).read_to_end(&mut whole);
            unpacking.map_err(|error| failed(format!("expected gzip in `{name}`: {error}")))?;
            (inner.to_owned(), whole)
        }
        None => (name, bytes),
    };
    match left.checked_sub(bytes.len() as u64) {
        Some(rest) => *left = rest,
        None => return Err(LowerError::Limit { name: "external_bytes_max", limit: BYTES_MAX, place: None }),
    }
    Ok((name, bytes))
}

/// The format that a name tells; values with commas if it tells none.
fn by_name(name: &str) -> ExternalFormat {
    match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("tsv" | "tsve") => ExternalFormat::Tsv,
        Some("psv") => ExternalFormat::Psv,
        Some("scsv") => ExternalFormat::Scsv,
        Some("sohsv") => ExternalFormat::Sohsv,
        Some("json" | "jsonl" | "ndjson" | "multijson") => ExternalFormat::MultiJson,
        Some("txt") => ExternalFormat::Txt,
        Some("raw") => ExternalFormat::Raw,
        Some("parquet") => ExternalFormat::Parquet,
        _ => ExternalFormat::Csv,
    }
}

fn separated(name: &str, text: &str, delimiter: u8, skip: bool, cells: &mut Cells<'_>) -> Result<(), LowerError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(skip).flexible(true).from_reader(text.as_bytes());
    for record in reader.records() {
        let record = record.map_err(|error| failed(format!("`{name}` cannot be read: {error}")))?;
        cells.push(record.iter().map(|cell| Some(cell.to_owned())).collect())?;
    }
    Ok(())
}

/// JSON objects, one behind the other or in arrays.
fn objects(name: &str, text: &str, cells: &mut Cells<'_>) -> Result<(), LowerError> {
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| failed(format!("expected JSON in `{name}`: {error}")))?;
        let rows = match value {
            Value::Array(rows) => rows,
            row => vec![row],
        };
        for row in rows {
            let Value::Object(object) = row else {
                return Err(failed(format!("expected JSON objects in `{name}`, found another value")));
            };
            cells.push(cells.columns.iter().map(|(column, kind)| object.get(column).and_then(|value| cell(value, *kind))).collect())?;
        }
    }
    Ok(())
}

fn cell(value: &Value, kind: ScalarType) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if kind != ScalarType::Dynamic => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn parquet(name: &str, bytes: Vec<u8>) -> Result<RecordBatch, LowerError> {
    let unreadable = |error: &dyn std::fmt::Display| failed(format!("expected Parquet in `{name}`: {error}"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).map_err(|error| unreadable(&error))?;
    let schema = Arc::clone(reader.schema());
    let batches = reader.build().map_err(|error| unreadable(&error))?.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&error))?;
    Ok(concat_batches(&schema, &batches)?)
}

/// A text as a value of a type; null if it is none.
fn value(text: &str, kind: ScalarType) -> Constant {
    let trimmed = text.trim();
    let found = match kind {
        ScalarType::String => Some(Constant::text(text)),
        ScalarType::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Constant::Bool(true)),
            "false" | "0" => Some(Constant::Bool(false)),
            _ => None,
        },
        ScalarType::Int => read::long(trimmed).and_then(|value| i32::try_from(value).ok()).map(Constant::Int),
        ScalarType::Long => read::long(trimmed).filter(|_| !trimmed.is_empty()).map(Constant::Long),
        ScalarType::Real => read::real(trimmed).map(|value| Constant::Real(Float(value))),
        ScalarType::Decimal => read::decimal(trimmed).map(Constant::Decimal),
        ScalarType::DateTime => read::datetime(trimmed).map(Constant::DateTime),
        ScalarType::Timespan => read::timespan(trimmed).map(Constant::Timespan),
        ScalarType::Guid => read::guid(trimmed).map(|bits| Constant::Guid(write::guid(bits).into())),
        ScalarType::Dynamic => match json::parse(text) {
            Some(parsed) => Some(Constant::Dynamic((*parsed).into())),
            None if text.is_empty() => None,
            None => Some(Constant::Dynamic(json::string_of(text).into())),
        },
    };
    found.unwrap_or(Constant::Null)
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Int64Type};

    use super::*;

    const COLUMNS: [(&str, ScalarType); 3] = [("name", ScalarType::String), ("count", ScalarType::Long), ("more", ScalarType::Dynamic)];

    fn asked(name: &str, bytes: &[u8], format: ExternalFormat, skip: bool) -> Result<Vec<String>, LowerError> {
        let columns: Vec<_> = COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let properties = [("ignoreFirstRecord".to_owned(), Constant::Bool(skip))];
        let batch = rows(vec![File { name: name.to_owned(), bytes: bytes.to_vec() }], format, &properties, &columns)?;
        let (names, counts, more) =
            (batch.column(0).as_string_view(), batch.column(1).as_primitive::<Int64Type>(), batch.column(2).as_string_view());
        let row = |row: usize| format!("{}/{:?}/{:?}", names.value(row), counts.iter().nth(row).flatten(), more.iter().nth(row).flatten());
        Ok((0..batch.num_rows()).map(row).collect())
    }

    #[test]
    fn texts_of_each_format() {
        let expected = vec!["a, b/Some(1)/Some(\"{\\\"x\\\":1}\")".to_owned(), "c/None/None".to_owned()];
        let csv = b"name,count,more\n\"a, b\",1,\"{\"\"x\"\":1}\"\nc,many,\n";
        assert_eq!(asked("a.csv", csv, ExternalFormat::Automatic, true).expect("reads"), expected);
        let lines = b"{\"name\":\"a, b\",\"count\":1,\"more\":{\"x\":1}}\n{\"name\":\"c\"}\n";
        assert_eq!(asked("a.json", lines, ExternalFormat::Automatic, false).expect("reads"), expected);
        let array = b"[{\"name\":\"a, b\",\"count\":1,\"more\":{\"x\":1}},\n {\"name\":\"c\"}]";
        assert_eq!(asked("a", array, ExternalFormat::MultiJson, false).expect("reads"), expected);
        let tabs = b"a, b\t1\t{\"x\":1}\nc\n";
        assert_eq!(asked("a.tsv", tabs, ExternalFormat::Automatic, false).expect("reads"), expected);
        assert_eq!(asked("a.txt", b"one\ntwo\n", ExternalFormat::Txt, false).expect("reads"), ["one/None/None", "two/None/None"]);
    }

    #[test]
    fn rows_of_several_slices_keep_their_order() {
        let count = 2 * SLICE_ROWS + 7;
        let text: String = (0..count).map(|n| format!("r{n},{n},\n")).collect();
        let read = asked("a.csv", text.as_bytes(), ExternalFormat::Automatic, false).expect("reads");
        assert_eq!(read, (0..count).map(|n| format!("r{n}/Some({n})/None")).collect::<Vec<_>>());
        assert_eq!(asked("a.csv", b"", ExternalFormat::Automatic, false).expect("reads"), Vec::<String>::new());
    }

    #[test]
    fn packed_files_and_broken_ones() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"a,1,2\n").expect("packs");
        let packed = packer.finish().expect("packs");
        assert_eq!(asked("a.csv.gz", &packed, ExternalFormat::Automatic, false).expect("reads"), ["a/Some(1)/Some(\"2\")"]);
        assert!(asked("a.csv.gz", b"no gzip", ExternalFormat::Automatic, false).is_err());
        assert!(asked("a.json", b"{\"name\":", ExternalFormat::Json, false).is_err());
        assert!(asked("a.json", b"1", ExternalFormat::Json, false).is_err());
        assert!(asked("a.parquet", b"PAR1", ExternalFormat::Automatic, false).is_err());
    }

    #[test]
    fn parquet_keeps_its_types() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(arrow::array::Int64Array::from(vec![1, 2]))]).expect("fits");
        let mut bytes = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, schema, None).expect("opens");
        writer.write(&batch).and_then(|()| writer.close()).expect("writes");
        let columns = [("n".to_owned(), ScalarType::Long)];
        let read = rows(vec![File { name: "a.parquet".to_owned(), bytes }], ExternalFormat::Automatic, &[], &columns).expect("reads");
        assert_eq!(read.columns(), batch.columns());
    }
}
