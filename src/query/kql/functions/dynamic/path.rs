//! Reading a part of a `dynamic` value: `a.b`, `a["b"]`, `a[-1]`, and several such steps in one walk over the text.

use arrow::array::{Array, AsArray};

use super::super::json::{Json, Kind};
use super::super::table::repeating;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, Takes, takes};
use super::parts::Parts;
use crate::query::kql::tree::ScalarType;

/// The function behind `a.b` and `a[b]`: a value and one or more steps, each the name of a property or the place of an element.
/// The lowering writes a chain of steps as one call.
pub fn path() -> &'static Function {
    static PATH: Function = Function::new(
        "dynamic_path",
        Family::Dynamic,
        "Gives a part of a dynamic value: what lies behind names of properties and places in arrays.",
        &[repeating(
            &[takes("value", ScalarType::Dynamic), Parameter { name: "step", takes: Takes::Any, constant: false }],
            2,
            1,
            Returns::Always(ScalarType::Dynamic),
            kernel,
        )],
    );
    &PATH
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(i64),
    Nowhere,
}

impl Step {
    fn of(arguments: &Arguments, argument: usize, row: usize) -> Self {
        match arguments.kind(argument) {
            ScalarType::Int => arguments.int(argument, row).map_or(Self::Nowhere, |place| Self::Place(place.into())),
            ScalarType::Long => arguments.long(argument, row).map_or(Self::Nowhere, Self::Place),
            ScalarType::String | ScalarType::Guid => Self::Name(arguments.text(argument, row).to_owned()),
            ScalarType::Dynamic => {
                let step = Json::new(arguments.text(argument, row));
                step.string().map(|name| Self::Name(name.into_owned())).or(step.long().map(Self::Place)).unwrap_or(Self::Nowhere)
            }
            _ => Self::Nowhere,
        }
    }

    fn from<'a>(&self, value: Json<'a>) -> Option<Json<'a>> {
        match self {
            Self::Name(name) => value.property(name),
            Self::Place(place) => value.element(*place),
            Self::Nowhere => None,
        }
    }
}

fn steps(arguments: &Arguments, row: usize) -> Vec<Step> {
    (1..arguments.len()).map(|argument| Step::of(arguments, argument, row)).collect()
}

fn kernel(arguments: &Arguments) -> Result<arrow::array::ArrayRef, KernelError> {
    let column = &arguments.columns[0];
    let values = column.values.as_string_view();
    let fixed = arguments.columns[1..].iter().all(|column| column.constant).then(|| steps(arguments, 0));
    let mut parts = Parts::new(values, arguments.rows);
    for row in 0..arguments.rows {
        let place = if column.constant { 0 } else { row };
        if values.is_null(place) {
            parts.push(place, None);
            continue;
        }
        let walk = |steps: &[Step]| steps.iter().try_fold(Json::new(values.value(place)), |value, step| step.from(value));
        let found = fixed.as_ref().map_or_else(|| walk(&steps(arguments, row)), |steps| walk(steps));
        parts.push(place, found.filter(|value| value.kind() != Kind::Null).map(Json::text));
    }
    Ok(parts.finish())
}
