//! The plugins that turn values into columns: `bag_unpack`, `pivot`, and `narrow`, which turns columns into values.
//!
//! The columns of the first two are in the rows: a first pass looks for them ([`BagSurvey`], [`PivotSurvey`]), the second reads them.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, StringViewBuilder, StructArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use hashbrown::HashMap;

use super::super::aggregates::{field_name, push_json};
use super::super::functions::KernelError;
use super::super::functions::json::{Json, Kind};
use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::keys::group_numbers;
use super::nested::Computed;
use super::typed::TypedBuilder;
use super::{RowsOperator, Running};

/// Most columns that a plugin makes of rows.
pub const COLUMNS_MAX: usize = 10_000;

/// The properties of bags and the types of their values.
#[derive(Clone, Debug, Default)]
pub struct BagSurvey {
    slots: BTreeMap<String, Option<ScalarType>>,
}

impl BagSurvey {
    /// Looks at the bags of a `dynamic` column.
    ///
    /// # Errors
    /// More than [`COLUMNS_MAX`] properties.
    pub fn add(&mut self, bags: &ArrayRef) -> Result<(), KernelError> {
        for bag in bags.as_string_view().iter().flatten() {
            for (key, value) in Json::new(bag).entries() {
                let kind = kind_of(value);
                let is_full = self.slots.len() == COLUMNS_MAX;
                match self.slots.get_mut(key.name().as_ref()) {
                    Some(known) => {
                        *known = match (*known, kind) {
                            (Some(known), Some(kind)) if known != kind => Some(ScalarType::Dynamic),
                            (known, kind) => known.or(kind),
                        };
                    }
                    None if is_full => {
                        return Err(KernelError::new(format!("bags may have {COLUMNS_MAX} different properties, these have more")));
                    }
                    None => {
                        self.slots.insert(key.name().into_owned(), kind);
                    }
                }
            }
        }
        Ok(())
    }

    /// The properties by name. The type is that of all their values, `dynamic` if these have several or none.
    pub fn columns(&self) -> Vec<(String, ScalarType)> {
        self.slots.iter().map(|(name, kind)| (name.clone(), kind.unwrap_or(ScalarType::Dynamic))).collect()
    }
}

fn kind_of(value: Json<'_>) -> Option<ScalarType> {
    match value.kind() {
        Kind::Null => None,
        Kind::Bool => Some(ScalarType::Bool),
        Kind::Long => Some(ScalarType::Long),
        Kind::Real => Some(ScalarType::Real),
        Kind::Text => Some(ScalarType::String),
        Kind::Array | Kind::Bag => Some(ScalarType::Dynamic),
    }
}

/// Reads properties of bags.
#[derive(Clone, Debug)]
pub struct BagReader {
    slots: Vec<(String, ScalarType)>,
}

impl BagReader {
    /// A reader of these properties as values of these types.
    pub fn new(slots: Vec<(String, ScalarType)>) -> Self {
        Self { slots }
    }

    /// A column for each property; null where it is not there or its value is none of the type.
    pub fn apply(&self, bags: &ArrayRef) -> Vec<ArrayRef> {
        let bags = bags.as_string_view();
        let mut columns: Vec<TypedBuilder> = self.slots.iter().map(|(_, kind)| TypedBuilder::new(*kind)).collect();
        let places: HashMap<&str, usize> = self.slots.iter().enumerate().map(|(place, (name, _))| (name.as_str(), place)).collect();
        let mut found: Vec<Option<Json<'_>>> = Vec::new();
        for row in 0..bags.len() {
            found.clear();
            found.resize(columns.len(), None);
            if bags.is_valid(row) {
                for (key, value) in Json::new(bags.value(row)).entries() {
                    if let Some(place) = places.get(key.name().as_ref()) {
                        found[*place] = Some(value);
                    }
                }
            }
            for (column, value) in columns.iter_mut().zip(&found) {
                if !value.filter(|value| !value.is_null()).is_some_and(|value| column.append_json(value)) {
                    column.append_null();
                }
            }
        }
        columns.into_iter().map(TypedBuilder::finish).collect()
    }

    /// The reader as a function of a bag in a plan: it gives a struct of the properties, named by [`field_name`].
    pub fn udf(self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(BagUdf { reader: self, signature: Signature::any(1, Volatility::Immutable) }))
    }
}

#[derive(Debug)]
struct BagUdf {
    reader: BagReader,
    signature: Signature,
}

impl PartialEq for BagUdf {
    fn eq(&self, other: &Self) -> bool {
        self.reader.slots == other.reader.slots
    }
}

impl Eq for BagUdf {}

impl Hash for BagUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reader.slots.hash(state);
    }
}

impl BagUdf {
    fn fields(&self) -> Fields {
        self.reader.slots.iter().enumerate().map(|(place, (_, kind))| Field::new(field_name(place), arrow_type(*kind), true)).collect()
    }
}

impl ScalarUDFImpl for BagUdf {
    fn name(&self) -> &str {
        "bag_unpack"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(self.fields()))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [bag] = call.args.as_slice() else {
            return Err(DataFusionError::Internal("a reader of bags is called with one bag".to_owned()));
        };
        let bags = bag.to_array(call.number_rows)?;
        let bags = if *bags.data_type() == DataType::Utf8View { bags } else { arrow::compute::cast(&bags, &DataType::Utf8View)? };
        // A struct of no fields still has rows.
        if self.reader.slots.is_empty() {
            return Ok(ColumnarValue::Array(Arc::new(StructArray::new_empty_fields(bags.len(), None))));
        }
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(self.fields(), self.reader.apply(&bags), None)?)))
    }
}

/// The values of a column that become columns, in the order in which they first come.
#[derive(Clone, Debug, Default)]
pub struct PivotSurvey {
    places: HashMap<String, usize>,
}

impl PivotSurvey {
    /// Looks at a `string` column.
    ///
    /// # Errors
    /// More than [`COLUMNS_MAX`] values.
    pub fn add(&mut self, values: &ArrayRef) -> Result<(), KernelError> {
        for value in values.as_string_view().iter().flatten() {
            if !self.places.contains_key(value) {
                let next = self.places.len();
                if next == COLUMNS_MAX {
                    return Err(KernelError::new(format!("a column to pivot may have {COLUMNS_MAX} values, this one has more")));
                }
                self.places.insert(value.to_owned(), next);
            }
        }
        Ok(())
    }

    /// The values.
    pub fn columns(&self) -> Vec<String> {
        let mut values: Vec<_> = self.places.iter().collect();
        values.sort_by_key(|(_, place)| **place);
        values.into_iter().map(|(value, _)| value.clone()).collect()
    }
}

/// `pivot`: its result has the columns of the groups, then for each value of the pivot column the aggregate of its rows.
#[derive(Debug)]
pub struct Pivot {
    /// The columns of the groups.
    pub groups: Vec<usize>,
    /// The `string` column whose values are columns.
    pub column: usize,
    /// These values; rows with others are left out.
    pub values: Vec<String>,
    /// The aggregate; it has one column.
    pub aggregate: Computed,
}

impl RowsOperator for Pivot {
    fn name(&self) -> &'static str {
        "pivot"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let failed = |error: arrow::error::ArrowError| KernelError::new(error.to_string());
        let input = inputs.first().ok_or_else(|| KernelError::new("`pivot` has no input"))?;
        let keys: Vec<ArrayRef> = self.groups.iter().map(|column| Arc::clone(input.column(*column))).collect();
        let (groups, count) = group_numbers(&keys, input.num_rows())?;
        running.reserve(input.num_rows() * 16 + count * self.values.len() * 16)?;
        let mut firsts: Vec<Option<u32>> = vec![None; count];
        let places: HashMap<&str, usize> = self.values.iter().enumerate().map(|(place, value)| (value.as_str(), place)).collect();
        let texts = input.column(self.column).as_string_view();
        let (mut rows, mut cells) = (Vec::new(), Vec::new());
        for (row, group) in groups.iter().enumerate() {
            let row_number = u32::try_from(row).map_err(|error| KernelError::new(error.to_string()))?;
            firsts[*group].get_or_insert(row_number);
            if let Some(place) = places.get(texts.value(row)) {
                rows.push(row_number);
                cells.push(place * count + group);
            }
        }
        let firsts = UInt32Array::from(firsts);
        let mut columns = keys.iter().map(|key| take(key, &firsts, None)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let results = self.aggregate.of(input, &UInt32Array::from(rows), &cells, count * self.values.len())?;
        columns.extend((0..self.values.len()).map(|place| results.slice(place * count, count)));
        Ok(columns)
    }
}

/// `narrow`: a row for each cell: the number of the row, the name of the column, the value as text.
#[derive(Debug)]
pub struct Narrow {
    /// The names and types of the columns of the input.
    pub columns: Vec<(String, ScalarType)>,
}

impl RowsOperator for Narrow {
    fn name(&self) -> &'static str {
        "narrow"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`narrow` has no input"))?;
        let cells = input.num_rows() * self.columns.len();
        running.reserve(cells * 48)?;
        let (mut names, mut values) = (StringViewBuilder::with_capacity(cells), StringViewBuilder::with_capacity(cells));
        let mut text = String::new();
        for row in 0..input.num_rows() {
            for (place, (name, kind)) in self.columns.iter().enumerate() {
                names.append_value(name);
                text.clear();
                push_json(&mut text, *kind, input.column(place), row);
                let plain = Json::new(&text).string();
                values.append_value(plain.as_deref().unwrap_or(&text));
            }
        }
        let rows: Int64Array = (0..input.num_rows() as i64).flat_map(|row| std::iter::repeat_n(Some(row), self.columns.len())).collect();
        let names: StringViewArray = names.finish();
        Ok(vec![Arc::new(rows), Arc::new(names), Arc::new(values.finish())])
    }
}
