//! `in` and its kin: a value among constants, in a set that a table gave, or in a dynamic array.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, binary_expr, lit,
};

use super::super::bound::TextMatch;
use super::super::functions::json::{self, Json};
use super::super::functions::{Arguments, KernelError};
use super::super::tree::{Place, ScalarType};
use super::expressions::{in_list, kernel};
use super::{paths, texts};

/// Constants up to this many stay a list that files can be pruned by.
const LIST_MAX: usize = 64;

/// The distinct values of a column, nulls left out.
#[derive(Debug)]
pub struct ValueSet {
    scalars: Vec<ScalarValue>,
    members: Members,
}

#[derive(Debug)]
enum Members {
    Texts {
        exact: HashSet<Box<str>>,
        folded: HashSet<Box<str>>,
    },
    Longs(HashSet<i64>),
    /// Of other types, which are rare and few.
    Listed,
}

impl ValueSet {
    /// The set of the values of a column.
    pub fn new(column: &ArrayRef) -> Result<Self> {
        let members = match column.data_type() {
            DataType::Utf8View => {
                let texts = column.as_string_view();
                Members::Texts {
                    exact: texts.iter().flatten().map(Box::from).collect(),
                    folded: texts.iter().flatten().map(|text| texts::folded(text).into()).collect(),
                }
            }
            DataType::Int32 | DataType::Int64 => {
                Members::Longs(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().iter().flatten().collect())
            }
            _ => Members::Listed,
        };
        let mut seen = HashSet::new();
        let mut scalars = Vec::new();
        for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
            let value = ScalarValue::try_from_array(column, row)?;
            if seen.insert(value.clone()) {
                scalars.push(value);
            }
        }
        Ok(Self { scalars, members })
    }

    /// The values, each once, in the order of their first rows.
    pub fn scalars(&self) -> Vec<ScalarValue> {
        self.scalars.clone()
    }
}

/// Whether a value is in a set that a table gave.
pub(super) fn in_set(value: Expr, kind: ScalarType, set: &Arc<ValueSet>, case_sensitive: bool) -> Expr {
    let listed = matches!(set.members, Members::Listed) || (set.scalars.len() <= LIST_MAX && case_sensitive);
    if listed {
        let list = set.scalars.iter().map(|value| Expr::Literal(value.clone(), None)).collect();
        return in_values(value, kind, list, true);
    }
    let udf = InSet { set: Arc::clone(set), case_sensitive, signature: Signature::any(1, Volatility::Immutable) };
    ScalarUDF::from(udf).call(vec![value])
}

/// Whether a value is among others of its type; null is among none.
pub(super) fn in_values(value: Expr, kind: ScalarType, list: Vec<Expr>, case_sensitive: bool) -> Expr {
    if list.is_empty() {
        return lit(false);
    }
    if !case_sensitive && kind == ScalarType::String {
        // Many would be as many comparisons of each row.
        if list.len() > LIST_MAX
            && let Some(texts) = list.iter().map(text).collect::<Option<StringViewArray>>()
            && let Ok(set) = ValueSet::new(&(Arc::new(texts) as ArrayRef))
        {
            return in_set(value, kind, &Arc::new(set), case_sensitive);
        }
        let equals = |other: Expr| texts::matches(TextMatch::Equals, false, value.clone(), other, Place::default());
        let found = list.into_iter().filter_map(|other| equals(other).ok());
        return found.reduce(|a, b| binary_expr(a, Operator::Or, b)).unwrap_or_else(|| lit(false));
    }
    let found = in_list(value, list);
    if kind == ScalarType::String { found } else { found.is_true() }
}

/// The text that an expression is, whatever the rows.
fn text(expr: &Expr) -> Option<Option<&str>> {
    match expr {
        Expr::Literal(ScalarValue::Utf8View(text), _) => Some(text.as_deref()),
        _ => None,
    }
}

/// Whether a value is among the elements of a dynamic array.
pub(super) fn in_array(value: Expr, kind: ScalarType, array: Expr, case_sensitive: bool) -> Expr {
    let body = if case_sensitive { in_elements } else { in_elements_folded };
    let value = paths::as_dynamic(value, kind);
    kernel("in_array", body, vec![(value, ScalarType::Dynamic), (array, ScalarType::Dynamic)], ScalarType::Bool)
}

fn in_elements(call: &Arguments) -> std::result::Result<ArrayRef, KernelError> {
    Ok(call.bools(|row| {
        let (Some(value), Some(array)) = (call.json(0, row), call.json(1, row)) else { return Some(false) };
        Some(Json::new(array).elements().any(|element| json::equal(element, Json::new(value))))
    }))
}

fn in_elements_folded(call: &Arguments) -> std::result::Result<ArrayRef, KernelError> {
    Ok(call.bools(|row| {
        let (Some(value), Some(array)) = (call.json(0, row), call.json(1, row)) else { return Some(false) };
        let wanted = texts::folded(&Json::new(value).string().unwrap_or_default());
        Some(Json::new(array).elements().filter_map(Json::string).any(|element| texts::folded(&element) == wanted))
    }))
}

#[derive(Debug)]
struct InSet {
    set: Arc<ValueSet>,
    case_sensitive: bool,
    signature: Signature,
}

impl PartialEq for InSet {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.set, &other.set) && self.case_sensitive == other.case_sensitive
    }
}

impl Eq for InSet {}

impl Hash for InSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.set) as usize, self.case_sensitive).hash(state);
    }
}

impl ScalarUDFImpl for InSet {
    fn name(&self) -> &str {
        "in_set"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = call.number_rows;
        let Some(value) = call.args.into_iter().next() else { return exec_err!("a set is asked for one value") };
        let values = value.into_array(rows)?;
        let found: BooleanArray = match &self.set.members {
            Members::Texts { exact, folded } => {
                let has =
                    |text: &str| if self.case_sensitive { exact.contains(text) } else { folded.contains(texts::folded(text).as_str()) };
                values.as_string_view().iter().map(|text| Some(text.is_some_and(has))).collect()
            }
            Members::Longs(set) => {
                let longs = cast(&values, &DataType::Int64)?;
                longs.as_primitive::<Int64Type>().iter().map(|value| Some(value.is_some_and(|value| set.contains(&value)))).collect()
            }
            Members::Listed => return exec_err!("values of this type are listed"),
        };
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}
