//! Names and types of a table's columns, and their forms in Arrow and Delta. Knows no rows.

use std::collections::HashMap as StdHashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use hashbrown::HashMap;
use serde_json::{Value, json};

pub use crate::catalog::tables::ColumnType;

/// Key of the field metadata that names the Kusto type of a column.
pub const TYPE_KEY: &str = "kusto.type";
/// The column that orders every table.
pub const TIME: &str = "TimeGenerated";
/// The column that names the table itself.
pub const TYPE: &str = "Type";
/// The column that holds the number of the document in the journal.
pub const SEQ: &str = "_Seq";
/// The column that holds the source of the document.
pub const SOURCE: &str = "_Source";
/// The column that holds the line of the source.
pub const LINE: &str = "_Line";
/// The column that holds the hashes of the row's entities (`entity_hash`).
pub const ENTITIES: &str = "_Entities";
/// The column that holds, as a JSON object, the cells that fit no column.
pub const EXTRA: &str = "_Extra";
/// Number of columns that data may add to a table; further ones go to `_Extra`.
pub const COLUMNS_MAX: usize = 1_000;

/// Names of the columns behind the data columns, in their order.
pub(super) const SYSTEM: [&str; 6] = [TYPE, SEQ, SOURCE, LINE, ENTITIES, EXTRA];

/// The Arrow type that holds values of a Kusto type: durations are ticks of 100 ns, JSON values their text.
pub fn arrow_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::String | ColumnType::Dynamic | ColumnType::Guid => DataType::Utf8View,
        ColumnType::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Int => DataType::Int32,
        ColumnType::Long | ColumnType::Timespan => DataType::Int64,
        ColumnType::Real => DataType::Float64,
        ColumnType::Bool => DataType::Boolean,
    }
}

fn delta_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String | ColumnType::Dynamic | ColumnType::Guid => "string",
        ColumnType::DateTime => "timestamp",
        ColumnType::Int => "integer",
        ColumnType::Long | ColumnType::Timespan => "long",
        ColumnType::Real => "double",
        ColumnType::Bool => "boolean",
    }
}

/// The Kusto type of an Arrow field, by its metadata, else by its Arrow type.
pub fn kind_of_field(field: &Field) -> ColumnType {
    if let Some(known) = field.metadata().get(TYPE_KEY).and_then(|name| ColumnType::parse(name)) {
        return known;
    }
    match field.data_type() {
        DataType::Boolean => ColumnType::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => ColumnType::Int,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => ColumnType::Long,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => ColumnType::Real,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => ColumnType::Real,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => ColumnType::DateTime,
        DataType::Duration(_) | DataType::Interval(_) | DataType::Time32(_) | DataType::Time64(_) => ColumnType::Timespan,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) | DataType::Struct(_) | DataType::Map(..) => {
            ColumnType::Dynamic
        }
        DataType::Dictionary(_, value) => kind_of_field(&Field::new("", value.as_ref().clone(), true)),
        _ => ColumnType::String,
    }
}

/// A data column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as first declared.
    pub name: Arc<str>,
    /// Its type.
    pub kind: ColumnType,
    /// Whether the catalog declares it: its type never changes.
    pub declared: bool,
    /// The name that data give it, where that differs from `name` only because another column has it in another case: the names
    /// of a table's columns must differ in more than case.
    pub spelling: Option<Arc<str>>,
}

impl Column {
    /// A column that data made.
    pub(super) fn met(name: &str, kind: ColumnType) -> Self {
        Self { name: name.into(), kind, declared: false, spelling: None }
    }

    /// A column that the catalog declares.
    pub(super) fn of_catalog(name: Arc<str>, kind: ColumnType) -> Self {
        Self { name, kind, declared: true, spelling: None }
    }
}

/// The columns of a table at one moment. Columns are only ever added, and types of undeclared ones widened.
#[derive(Clone, Debug)]
pub struct TableSchema {
    /// Name of the table, as first declared.
    pub name: Arc<str>,
    /// The data columns; `TimeGenerated` is the first.
    pub columns: Vec<Column>,
    index: HashMap<Box<str>, usize>,
    /// Columns with a spelling of their own, by it.
    spelled: HashMap<Box<str>, usize>,
}

impl TableSchema {
    /// A table with the given declared columns.
    pub fn new(name: impl Into<Arc<str>>, declared: impl IntoIterator<Item = (Arc<str>, ColumnType)>) -> Self {
        let mut schema = Self { name: name.into(), columns: Vec::new(), index: HashMap::new(), spelled: HashMap::new() };
        schema.push(Column::of_catalog(TIME.into(), ColumnType::DateTime));
        for (name, kind) in declared {
            if !is_system(&name) && schema.find(&name).is_none() {
                schema.push(Column::of_catalog(name, kind));
            }
        }
        schema
    }

    /// The place of a data column, whatever the case of the name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name.to_ascii_lowercase().as_str()).copied()
    }

    /// The place of the column that data call so, letter by letter, where another one has its name in another case.
    pub(super) fn spelled(&self, name: &str) -> Option<usize> {
        self.spelled.get(name).copied()
    }

    /// Adds a column for a name that another column has in another case, and returns its place.
    pub(super) fn push_spelled(&mut self, name: &str, kind: ColumnType) -> usize {
        let free = |n: &usize| self.find(&format!("{name}_{n}")).is_none();
        let number = (2..).find(free).expect("a table has few columns");
        self.push(Column { spelling: Some(name.into()), ..Column::met(&format!("{name}_{number}"), kind) })
    }

    /// Adds a data column and returns its place.
    pub(super) fn push(&mut self, column: Column) -> usize {
        let place = self.columns.len();
        if let Some(spelling) = &column.spelling {
            self.spelled.insert((**spelling).into(), place);
        }
        self.index.insert(column.name.to_ascii_lowercase().into(), place);
        self.columns.push(column);
        place
    }

    /// The Arrow schema: data columns, then the system columns.
    pub fn arrow(&self) -> SchemaRef {
        let mut fields: Vec<Field> = self.columns.iter().map(|c| field(&c.name, c.kind)).collect();
        fields.extend(SYSTEM.map(system_field));
        Arc::new(Schema::new(fields))
    }

    /// The schema as Delta's log writes it, with the partition column `day`.
    pub(super) fn delta(&self) -> Value {
        let mut fields = Vec::with_capacity(self.columns.len() + SYSTEM.len() + 1);
        for column in &self.columns {
            let mut metadata = json!({ TYPE_KEY: column.kind.as_str() });
            if column.declared {
                metadata["clew.declared"] = json!(true);
            }
            if let Some(spelling) = &column.spelling {
                metadata["clew.spelling"] = json!(spelling);
            }
            fields.push(json!({"name": *column.name, "type": delta_type(column.kind), "nullable": true, "metadata": metadata}));
        }
        for name in SYSTEM {
            let kind = match name {
                SEQ | LINE => json!("long"),
                ENTITIES => json!({"type": "array", "elementType": "long", "containsNull": false}),
                _ => json!("string"),
            };
            fields.push(json!({"name": name, "type": kind, "nullable": true, "metadata": {TYPE_KEY: system_type(name).as_str()}}));
        }
        fields.push(json!({"name": DAY, "type": "date", "nullable": true, "metadata": {}}));
        json!({"type": "struct", "fields": fields})
    }

    /// Reads a schema that `delta` wrote.
    pub(super) fn from_delta(name: Arc<str>, schema: &Value) -> Option<Self> {
        let mut table = Self { name, columns: Vec::new(), index: HashMap::new(), spelled: HashMap::new() };
        for field in schema.get("fields")?.as_array()? {
            let column = field.get("name")?.as_str()?;
            if is_system(column) {
                continue;
            }
            let metadata = field.get("metadata")?;
            let kind = ColumnType::parse(metadata.get(TYPE_KEY)?.as_str()?)?;
            let spelling = metadata.get("clew.spelling").and_then(Value::as_str).map(Into::into);
            table.push(Column { name: column.into(), kind, declared: metadata.get("clew.declared").is_some(), spelling });
        }
        (table.columns.first()?.name.as_ref() == TIME).then_some(table)
    }

    /// Whether both hold the same columns with the same types.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.columns == other.columns
    }

    /// Whether a column that both hold has another type in `other`.
    pub(super) fn differs_in_type(&self, other: &Self) -> bool {
        self.columns.iter().any(|c| other.find(&c.name).is_some_and(|place| other.columns[place].kind != c.kind))
    }
}

/// Name of the partition column of the files: the day of `TimeGenerated`.
pub(super) const DAY: &str = "_Day";

/// Whether a name belongs to the system columns or the partition column.
pub(super) fn is_system(name: &str) -> bool {
    SYSTEM.iter().chain([&DAY]).any(|s| s.eq_ignore_ascii_case(name))
}

/// Whether a name of the data can be that of a column: readers of the format know none that is blank, endless or unprintable.
pub(super) fn is_storable(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control)
}

/// Bytes of a column's name; cells under a longer one go to `_Extra`.
const NAME_BYTES_MAX: usize = 256;

fn system_type(name: &str) -> ColumnType {
    match name {
        SEQ | LINE => ColumnType::Long,
        ENTITIES | EXTRA => ColumnType::Dynamic,
        _ => ColumnType::String,
    }
}

/// The Arrow field of a data column.
pub(super) fn field(name: &str, kind: ColumnType) -> Field {
    Field::new(name, arrow_type(kind), true).with_metadata(StdHashMap::from([(TYPE_KEY.to_owned(), kind.as_str().to_owned())]))
}

/// The Arrow field of a system column.
pub(super) fn system_field(name: &str) -> Field {
    let kind = system_type(name);
    let data_type = if name == ENTITIES { DataType::List(entity_item()) } else { arrow_type(kind) };
    Field::new(name, data_type, true).with_metadata(StdHashMap::from([(TYPE_KEY.to_owned(), kind.as_str().to_owned())]))
}

/// The element of `_Entities`, named as Delta's readers expect it.
pub(super) fn entity_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Int64, false))
}
