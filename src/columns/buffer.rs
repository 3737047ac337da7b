//! Rows in memory: typed builders, sealed into record batches when somebody reads or flushes them.
//!
//! A generation only ever grows. A reader remembers how many rows it had, and so sees the same rows for ever; the flush takes
//! a generation as a whole once no more rows go into it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch, RecordBatchOptions,
    StringViewBuilder, TimestampMicrosecondBuilder, new_null_array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Int64Type, Schema, SchemaRef};
use hashbrown::HashSet;

use super::cell::{Cell, Fit, fit, kind_of};
use super::convert::widen;
use super::error::ColumnsError;
use super::postings::Postings;
use super::types::{
    COLUMNS_MAX, Column, ColumnType, ENTITIES, EXTRA, LINE, SEQ, SOURCE, SYSTEM, TIME, TYPE, TableSchema, entity_item, field, is_storable,
    is_system, kind_of_field, system_field,
};

/// Sealed batches below this number of rows are joined with their neighbours of the same columns.
const SEALED_ROWS_MIN: usize = 1_024;

/// What every row has beside its cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowHead<'a> {
    pub(super) time: Option<i64>,
    pub(super) seq: i64,
    pub(super) source: &'a str,
    pub(super) line: i64,
    /// Hashes of the row's entities.
    pub(super) entities: &'a [i64],
}

/// Rows of one table between two flushes.
#[derive(Debug)]
pub(super) struct Generation {
    rows: Mutex<Rows>,
}

#[derive(Debug)]
struct Rows {
    sealed: Vec<Sealed>,
    sealed_rows: usize,
    open: Open,
}

impl Generation {
    /// A generation without rows.
    pub(super) fn new() -> Self {
        Self { rows: Mutex::new(Rows { sealed: Vec::new(), sealed_rows: 0, open: Open::default() }) }
    }

    /// Appends a row. Returns how many bytes it takes, about.
    pub(super) fn append(&self, layout: &mut Layout, head: RowHead<'_>, cells: &[(&str, Cell<'_>)], rows_in_table: u64) -> usize {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let placed = layout.place(cells, rows_in_table, || rows.seal());
        rows.open.append(&layout.schema, head, cells, placed)
    }

    /// The first `limit` rows under the columns of `wanted`, in the order of `wanted`.
    pub(super) fn batches(&self, schema: &TableSchema, wanted: &SchemaRef, limit: usize) -> Result<Vec<RecordBatch>, ColumnsError> {
        self.sealed(limit).iter().map(|sealed| adapt(&sealed.batch, schema, wanted)).collect()
    }

    /// The first `limit` rows as they were sealed.
    pub(super) fn sealed(&self, limit: usize) -> Vec<Sealed> {
        let sealed = {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            rows.seal();
            rows.sealed.clone()
        };
        let mut left = limit;
        let cut = |sealed: Sealed| {
            let sealed = sealed.first(left);
            left -= sealed.batch.num_rows();
            (sealed.batch.num_rows() > 0).then_some(sealed)
        };
        sealed.into_iter().map_while(cut).collect()
    }

    /// The columns that hold any value, in the order of the table, then the system columns.
    pub(super) fn filled(&self, schema: &TableSchema) -> SchemaRef {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.seal();
        let has = |name: &str| rows.sealed.iter().any(|sealed| sealed.batch.schema_ref().column_with_name(name).is_some());
        let mut fields: Vec<Field> = schema
            .columns
            .iter()
            .enumerate()
            .filter(|(place, c)| *place == 0 || has(&c.name))
            .map(|(_, c)| field(&c.name, c.kind))
            .collect();
        fields.extend(SYSTEM.map(system_field));
        Arc::new(Schema::new(fields))
    }
}

impl Rows {
    fn seal(&mut self) {
        let Some(mut batch) = self.open.seal() else { return };
        self.sealed_rows += batch.num_rows();
        // Small neighbours are joined like the runs of a merge sort, so that each row moves only a few times.
        while let Some(last) = self.sealed.last() {
            let last = &last.batch;
            let small = last.num_rows() < SEALED_ROWS_MIN || last.num_rows() < batch.num_rows();
            if !small || last.schema_ref() != batch.schema_ref() {
                break;
            }
            let Ok(joined) = concat_batches(batch.schema_ref(), [last, &batch]) else { break };
            batch = joined;
            self.sealed.pop();
        }
        self.sealed.push(Sealed { batch, index: Arc::default() });
    }
}

/// Rows that no longer change, and which of them name an entity, known once somebody has asked.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) batch: RecordBatch,
    index: Arc<OnceLock<Postings>>,
}

impl Sealed {
    /// The first rows. Those that not all rows are seen of must not make the index that others share.
    fn first(self, rows: usize) -> Self {
        if self.batch.num_rows() <= rows {
            return self;
        }
        let index = if self.index.get().is_some() { self.index } else { Arc::default() };
        Self { batch: self.batch.slice(0, rows), index }
    }

    /// The rows that name any of the hashes, ascending.
    pub(super) fn rows(&self, hashes: &[i64]) -> Vec<u32> {
        if self.batch.num_rows() < SEALED_ROWS_MIN {
            // Soon joined with others: an index of it would not be worth its making.
            return rows_naming(&self.batch, hashes);
        }
        let mut rows = self.index.get_or_init(|| Postings::of(&self.batch)).rows(hashes);
        // The index may have been made of rows that the reader does not see yet.
        rows.truncate(rows.partition_point(|row| (*row as usize) < self.batch.num_rows()));
        rows
    }
}

fn rows_naming(batch: &RecordBatch, hashes: &[i64]) -> Vec<u32> {
    let Some(lists) = batch.column_by_name(ENTITIES).map(|c| c.as_list::<i32>()) else { return Vec::new() };
    let values = lists.values().as_primitive::<Int64Type>().values();
    let wanted: HashSet<i64> = hashes.iter().copied().collect();
    let names = |row: &u32| {
        let (from, to) = (lists.value_offsets()[*row as usize] as usize, lists.value_offsets()[*row as usize + 1] as usize);
        values[from..to].iter().any(|hash| wanted.contains(hash))
    };
    (0..lists.len() as u32).filter(names).collect()
}

/// Gives a batch the columns of `wanted`: absent ones are null, narrower ones are widened, others are left out.
pub(super) fn adapt(batch: &RecordBatch, schema: &TableSchema, wanted: &SchemaRef) -> Result<RecordBatch, ColumnsError> {
    let columns = wanted
        .fields()
        .iter()
        .map(|field| match batch.schema_ref().column_with_name(field.name()) {
            None => new_null_array(field.data_type(), batch.num_rows()),
            Some((place, found)) => match schema.find(field.name()) {
                Some(column) => widen(batch.column(place), kind_of_field(found), schema.columns[column].kind),
                None => Arc::clone(batch.column(place)),
            },
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(wanted), columns, &options)?)
}

/// Gives a batch the present types of its table's columns, and no other columns.
pub(super) fn widened(batch: &RecordBatch, schema: &TableSchema) -> Result<RecordBatch, ColumnsError> {
    let present = |found: &Arc<Field>| match schema.find(found.name()) {
        Some(at) => field(&schema.columns[at].name, schema.columns[at].kind),
        None => found.as_ref().clone(),
    };
    let fields: Vec<Field> = batch.schema_ref().fields().iter().map(present).collect();
    adapt(batch, schema, &Arc::new(Schema::new(fields)))
}

/// Where the cells of a row go; grows the table's schema. Owned by the writer.
#[derive(Debug)]
pub(super) struct Layout {
    /// The table's columns now.
    pub(super) schema: Arc<TableSchema>,
    /// Places of the cells of the last row by their order: rows of one source mostly agree.
    hints: Vec<(Box<str>, Place)>,
    /// Number of the present row, and of the last row that named each column.
    row: u64,
    last_row: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Column(usize),
    /// A column that data named, under its name in another case.
    Variant(usize),
    /// Goes to `_Extra`.
    Extra,
    /// Stands in the head of the row; what does not goes to `_Extra`.
    Time,
    /// Is the name of the table; another name goes to `_Extra`.
    Type,
    Nowhere,
}

impl Layout {
    pub(super) fn new(schema: Arc<TableSchema>) -> Self {
        Self { schema, hints: Vec::new(), row: 0, last_row: Vec::new() }
    }

    /// Finds a place for each cell. `before_widening` closes the rows so far, before a column's type changes.
    fn place<'c>(&mut self, cells: &'c [(&str, Cell<'c>)], rows_in_table: u64, mut before_widening: impl FnMut()) -> Vec<(Place, Fit<'c>)> {
        self.row += 1;
        let mut placed = Vec::with_capacity(cells.len());
        for (order, (name, cell)) in cells.iter().enumerate() {
            let place = match self.hints.get(order) {
                Some((known, place)) if **known == **name => *place,
                _ => self.look_up(order, name, cell),
            };
            let place = match place {
                Place::Variant(at) => self.variant(at, cells, order),
                other => other,
            };
            placed.push(match place {
                Place::Column(at) if self.taken(at) => (Place::Extra, Fit::Extra),
                Place::Column(at) => match fit(&self.schema.columns[at], cell) {
                    Fit::Extra => (Place::Extra, Fit::Extra),
                    Fit::Widen(kind) => self.widen(at, kind, cell, rows_in_table, &mut before_widening),
                    value => (place, value),
                },
                other => (other, Fit::Null),
            });
        }
        placed
    }

    /// Whether an earlier cell of the row went to the same column (two spellings of one name); from now on one did.
    fn taken(&mut self, at: usize) -> bool {
        if self.last_row.len() <= at {
            self.last_row.resize(at + 1, 0);
        }
        std::mem::replace(&mut self.last_row[at], self.row) == self.row
    }

    /// The column of a cell whose name another column has in another case: that one, unless the row has a cell for it as well. Then both
    /// are kept, and from now on this spelling has a column of its own.
    fn variant(&mut self, at: usize, cells: &[(&str, Cell<'_>)], order: usize) -> Place {
        let (name, cell) = &cells[order];
        if let Some(own) = self.schema.spelled(name) {
            return Place::Column(own);
        }
        let other = &self.schema.columns[at].name;
        let rival = |(found, cell): &(&str, Cell<'_>)| *found != *name && found.eq_ignore_ascii_case(other) && kind_of(cell).is_some();
        if !cells.iter().any(rival) {
            return Place::Column(at);
        }
        let Some(kind) = kind_of(cell) else { return Place::Nowhere };
        if self.schema.columns.len() >= COLUMNS_MAX {
            return Place::Extra;
        }
        let mut schema = TableSchema::clone(&self.schema);
        let own = Place::Column(schema.push_spelled(name, kind));
        self.schema = Arc::new(schema);
        if let Some(hint) = self.hints.get_mut(order) {
            hint.1 = own;
        }
        own
    }

    fn look_up(&mut self, order: usize, name: &str, cell: &Cell<'_>) -> Place {
        let place = if name.eq_ignore_ascii_case(TYPE) {
            Place::Type
        } else if is_system(name) || !is_storable(name) {
            Place::Extra
        } else if let Some(at) = self.schema.spelled(name) {
            Place::Column(at)
        } else if let Some(at) = self.schema.find(name) {
            match &self.schema.columns[at] {
                _ if at == 0 => Place::Time,
                column if column.declared || *column.name == *name => Place::Column(at),
                _ => Place::Variant(at),
            }
        } else {
            // A column is made by its first value, not by its name: until then there is nothing to remember.
            let Some(kind) = kind_of(cell) else { return Place::Nowhere };
            if self.schema.columns.len() >= COLUMNS_MAX {
                return Place::Extra;
            }
            let mut schema = TableSchema::clone(&self.schema);
            let at = schema.push(Column::met(name, kind));
            self.schema = Arc::new(schema);
            Place::Column(at)
        };
        let hint = (name.into(), place);
        let known = self.hints.len();
        match self.hints.get_mut(order) {
            Some(old) => *old = hint,
            None if order == known => self.hints.push(hint),
            None => {}
        }
        place
    }

    fn widen<'c>(
        &mut self,
        at: usize,
        kind: ColumnType,
        cell: &'c Cell<'c>,
        rows_in_table: u64,
        before: &mut impl FnMut(),
    ) -> (Place, Fit<'c>) {
        if rows_in_table > WIDEN_ROWS_MAX {
            return (Place::Extra, Fit::Extra);
        }
        before();
        let mut schema = TableSchema::clone(&self.schema);
        schema.columns[at].kind = kind;
        self.schema = Arc::new(schema);
        (Place::Column(at), fit(&self.schema.columns[at], cell))
    }
}

/// Tables beyond this number of rows keep their types; cells that do not fit go to `_Extra`.
pub(super) const WIDEN_ROWS_MAX: u64 = 4_000_000;

#[derive(Debug, Default)]
struct Open {
    rows: usize,
    columns: Vec<Option<Builder>>,
    schema: Option<Arc<TableSchema>>,
    time: TimestampMicrosecondBuilder,
    system: System,
}

#[derive(Debug)]
struct System {
    table: StringViewBuilder,
    seq: Int64Builder,
    source: StringViewBuilder,
    line: Int64Builder,
    entities: ListBuilder<Int64Builder>,
    extra: StringViewBuilder,
}

impl Default for System {
    fn default() -> Self {
        Self {
            // Sources and table names repeat: their text is kept once.
            table: StringViewBuilder::new().with_deduplicate_strings(),
            seq: Int64Builder::new(),
            source: StringViewBuilder::new().with_deduplicate_strings(),
            line: Int64Builder::new(),
            entities: ListBuilder::new(Int64Builder::new()).with_field(entity_item()),
            extra: StringViewBuilder::new(),
        }
    }
}

#[derive(Debug)]
enum Builder {
    Text(StringViewBuilder),
    Time(TimestampMicrosecondBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    Bool(BooleanBuilder),
}

macro_rules! each {
    ($self:expr, $builder:ident => $body:expr) => {
        match $self {
            Builder::Text($builder) => $body,
            Builder::Time($builder) => $body,
            Builder::Int($builder) => $body,
            Builder::Long($builder) => $body,
            Builder::Real($builder) => $body,
            Builder::Bool($builder) => $body,
        }
    };
}

impl Builder {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::String | ColumnType::Dynamic | ColumnType::Guid => Self::Text(StringViewBuilder::new()),
            ColumnType::DateTime => Self::Time(TimestampMicrosecondBuilder::new()),
            ColumnType::Int => Self::Int(Int32Builder::new()),
            ColumnType::Long | ColumnType::Timespan => Self::Long(Int64Builder::new()),
            ColumnType::Real => Self::Real(Float64Builder::new()),
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
        }
    }

    fn len(&self) -> usize {
        use arrow::array::ArrayBuilder;
        each!(self, builder => builder.len())
    }

    /// Fills up with nulls: columns that a row does not name cost nothing until one does.
    fn pad(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.len());
        match self {
            Self::Text(builder) => (0..missing).for_each(|_| builder.append_null()),
            Self::Time(builder) => builder.append_nulls(missing),
            Self::Int(builder) => builder.append_nulls(missing),
            Self::Long(builder) => builder.append_nulls(missing),
            Self::Real(builder) => builder.append_nulls(missing),
            Self::Bool(builder) => builder.append_nulls(missing),
        }
    }

    /// Appends a fitted value; returns its bytes.
    fn append(&mut self, value: Fit<'_>) -> usize {
        match (self, value) {
            (Self::Text(builder), Fit::Text(text)) => {
                builder.append_value(&text);
                return 16 + if text.len() > 12 { text.len() } else { 0 };
            }
            (Self::Time(builder), Fit::Long(n)) => builder.append_value(n),
            (Self::Int(builder), Fit::Long(n)) => builder.append_option(i32::try_from(n).ok()),
            (Self::Long(builder), Fit::Long(n)) => builder.append_value(n),
            (Self::Real(builder), Fit::Real(n)) => builder.append_value(n),
            (Self::Bool(builder), Fit::Bool(b)) => builder.append_value(b),
            (builder, _) => each!(builder, b => b.append_null()),
        }
        8
    }

    fn finish(&mut self, kind: ColumnType) -> ArrayRef {
        match self {
            Self::Time(builder) => Arc::new(builder.finish().with_timezone("UTC")),
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Long(builder) => Arc::new(builder.finish()),
            Self::Real(builder) => Arc::new(builder.finish()),
            Self::Bool(builder) => {
                debug_assert!(kind == ColumnType::Bool);
                Arc::new(builder.finish())
            }
        }
    }
}

impl Open {
    fn append(&mut self, schema: &Arc<TableSchema>, head: RowHead<'_>, cells: &[(&str, Cell<'_>)], placed: Vec<(Place, Fit<'_>)>) -> usize {
        if self.schema.as_ref().is_none_or(|known| !Arc::ptr_eq(known, schema)) {
            self.schema = Some(Arc::clone(schema));
            self.columns.resize_with(schema.columns.len(), || None);
        }
        let mut bytes = 64 + head.entities.len() * 8;
        let mut extra: Option<crate::model::Object> = None;
        for ((name, cell), (place, value)) in cells.iter().zip(placed) {
            match place {
                // A variant was given its column when the row was placed.
                Place::Nowhere | Place::Variant(_) => {}
                Place::Time if head.time.is_some() && **name == *TIME => {}
                Place::Type if matches!(cell, Cell::Text(text) if **text == *schema.name) => {}
                Place::Extra | Place::Time | Place::Type => {
                    if kind_of(cell).is_some() {
                        extra.get_or_insert_default().insert((*name).to_owned(), cell.to_json());
                    }
                }
                Place::Column(at) => {
                    if value != Fit::Null {
                        let builder = self.columns[at].get_or_insert_with(|| Builder::new(schema.columns[at].kind));
                        builder.pad(self.rows);
                        bytes += builder.append(value);
                    }
                }
            }
        }
        self.time.append_option(head.time);
        self.append_system(schema, head, extra);
        self.rows += 1;
        bytes
    }

    fn append_system(&mut self, schema: &TableSchema, head: RowHead<'_>, extra: Option<crate::model::Object>) {
        let system = &mut self.system;
        system.table.append_value(&schema.name);
        system.seq.append_value(head.seq);
        system.source.append_value(head.source);
        system.line.append_value(head.line);
        system.entities.values().append_slice(head.entities);
        system.entities.append(true);
        system.extra.append_option(extra.map(|extra| serde_json::Value::Object(extra).to_string()));
    }

    /// Takes the rows out as a batch of the columns that hold any value.
    fn seal(&mut self) -> Option<RecordBatch> {
        let schema = self.schema.as_ref().filter(|_| self.rows > 0)?;
        let rows = std::mem::take(&mut self.rows);
        let mut fields = vec![field(&schema.columns[0].name, ColumnType::DateTime)];
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(self.time.finish().with_timezone("UTC"))];
        for (column, builder) in schema.columns.iter().zip(&mut self.columns) {
            if let Some(mut builder) = builder.take() {
                builder.pad(rows);
                fields.push(field(&column.name, column.kind));
                arrays.push(builder.finish(column.kind));
            }
        }
        let mut system = std::mem::take(&mut self.system);
        for name in SYSTEM {
            fields.push(system_field(name));
            arrays.push(match name {
                TYPE => Arc::new(system.table.finish()),
                SEQ => Arc::new(system.seq.finish()),
                SOURCE => Arc::new(system.source.finish()),
                LINE => Arc::new(system.line.finish()),
                ENTITIES => Arc::new(system.entities.finish()),
                EXTRA => Arc::new(system.extra.finish()),
                _ => unreachable!("SYSTEM names six columns"),
            });
        }
        debug_assert!(arrays.iter().all(|array| array.len() == rows));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
        Some(batch.expect("every column was filled up to the number of rows under its own type"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_reader_hides_no_row_from_a_newer_one() {
        let mut lists = ListBuilder::new(Int64Builder::new()).with_field(entity_item());
        for row in 0..2 * SEALED_ROWS_MIN {
            lists.append_value([Some(if row % 2 == 0 { 7 } else { 8 })]);
        }
        let batch = RecordBatch::try_from_iter([(ENTITIES, Arc::new(lists.finish()) as ArrayRef)]).expect("one column");
        let whole = Sealed { batch, index: Arc::default() };
        let older = whole.clone().first(SEALED_ROWS_MIN);
        assert_eq!(older.rows(&[7]).len(), SEALED_ROWS_MIN / 2);
        assert_eq!(whole.rows(&[7]).len(), SEALED_ROWS_MIN);
        assert_eq!(whole.clone().first(SEALED_ROWS_MIN).rows(&[7]).len(), SEALED_ROWS_MIN / 2);
    }
}
