//! The function library: one table of every scalar function, read by the binder, completion, the documentation and the plans.
//!
//! A function is data (name, overloads, summary) and, for each overload, a kernel over Arrow columns. Arguments reach a kernel
//! already converted to the types that the overload declares.

mod arguments;
pub mod budget;
mod condition;
mod context;
mod conversion;
mod documents;
pub mod dynamic;
mod encoding;
mod geography;
mod graph;
pub mod json;
mod matching;
mod mathematics;
mod network;
mod official;
mod overloads;
mod regexes;
mod series;
mod sketches;
mod table;
mod text;
mod time;
mod udf;
mod window;

#[cfg(test)]
mod tests;

pub use arguments::{Arguments, Column, KernelError, TextsBuilder};
pub use conversion::conversion_to;
pub use encoding::hashes;
pub use geography::Outline;
pub use matching::membership;
pub use mathematics::{negation, random_udf};
pub use network::{Places, PlacesError};
pub use official::{is_refused, refused};
pub use overloads::{Chosen, Fit};
pub use udf::{makes_texts, scalar_udf};

use super::tree::{BinaryOperator, ScalarType};

/// A scalar function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// Where the reference lists it.
    pub family: Family,
    /// What it gives, in one sentence.
    pub summary: &'static str,
    /// In what it differs from Kusto's; empty if in nothing known.
    pub differences: &'static str,
    /// Its forms; which one a call takes says [`Function::choose`].
    pub overloads: &'static [Overload],
}

/// One form of a function.
#[derive(Debug)]
pub struct Overload {
    /// The parameters in order.
    pub parameters: &'static [Parameter],
    /// How many of them must be given.
    pub required: usize,
    /// How many of the last parameters may be given again and again (2 for pairs).
    pub repeat: usize,
    /// What it gives.
    pub returns: Returns,
    /// How.
    pub body: Body,
}

/// A parameter of a form.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it must be the same for all rows.
    pub constant: bool,
}

/// What a parameter takes. A `dynamic` argument is read as text where one is wanted; `int` widens to `long`, these and `decimal` to `real`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// One type.
    Only(ScalarType),
    /// Any type, as it is.
    Any,
    /// A number of any type, as it is.
    Number,
    /// A number, instant or duration, as it is.
    Quantity,
    /// Any type, converted to text as `tostring` does.
    AsText,
    /// Any type but `dynamic` and `guid`, as it is: what has an order.
    Ordered,
    /// Any type but `dynamic`, as it is.
    Plain,
    /// `typeof(...)`; it reaches the kernel as [`Arguments::returns`] and not as a column.
    TypeName,
}

/// What a form gives.
#[derive(Clone, Copy, Debug)]
pub enum Returns {
    /// One type.
    Always(ScalarType),
    /// The type of the argument at this place.
    Argument(usize),
    /// The common type of the arguments from this place on, to which they are converted.
    Common(usize),
    /// The type that a [`Takes::TypeName`] argument names, else the given one.
    Named(ScalarType),
    /// What the function says of the types.
    By(fn(&[ScalarType]) -> ScalarType),
    /// Several columns for arguments of these types: the kernel gives one array for each row, whose elements are their values.
    Several(fn(&[ScalarType]) -> Vec<Part>),
}

/// One of the columns that a form with several gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What its name ends with where no name is given.
    pub name: &'static str,
    /// Its type.
    pub kind: ScalarType,
}

/// How a form is computed.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// By a kernel, row by row without a look at other rows.
    Kernel(Kernel),
    /// By expressions of the plan: the lowering knows the function by its name.
    Plan,
}

/// Computes a column from columns.
pub type Kernel = fn(&Arguments) -> Result<arrow::array::ArrayRef, KernelError>;

/// Families of functions, as the reference lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Conditions and nulls.
    Condition,
    /// Conversions between types.
    Conversion,
    /// Texts.
    Text,
    /// Numbers.
    Mathematics,
    /// Instants and durations.
    Time,
    /// JSON values: arrays and property bags.
    Dynamic,
    /// Arrays of numbers.
    Series,
    /// Addresses and networks.
    Network,
    /// Encodings and hashes.
    Encoding,
    /// Places on the globe.
    Geography,
    /// Neighbouring rows.
    Window,
    /// Nodes and edges.
    Graph,
    /// The query and its environment.
    Context,
    /// Operators between texts, called by their sign and not by a name.
    Operator,
}

impl Family {
    /// What its functions are about.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Condition => "Conditions and nulls",
            Self::Conversion => "Conversions between types",
            Self::Text => "Texts",
            Self::Mathematics => "Numbers",
            Self::Time => "Instants and durations",
            Self::Dynamic => "JSON values: arrays and property bags",
            Self::Series => "Arrays of numbers",
            Self::Network => "Addresses and networks",
            Self::Encoding => "Encodings and hashes",
            Self::Geography => "Places on the globe",
            Self::Window => "Neighbouring rows",
            Self::Graph => "Nodes and edges",
            Self::Context => "The query and its environment",
            Self::Operator => "Operators between texts, called by their sign and not by a name",
        }
    }
}

/// The functions of every family.
fn families() -> Vec<&'static [Function]> {
    let mut families =
        vec![conversion::FUNCTIONS, documents::FUNCTIONS, encoding::FUNCTIONS, network::FUNCTIONS, regexes::FUNCTIONS, text::FUNCTIONS];
    families.extend([condition::FUNCTIONS, context::FUNCTIONS, graph::FUNCTIONS, window::FUNCTIONS]);
    families.extend(dynamic::families());
    families.extend(geography::families());
    families.extend(mathematics::families());
    families.extend(series::families());
    families.push(sketches::FUNCTIONS);
    families.extend(time::families());
    families
}

impl Function {
    /// A function without other names and known differences.
    pub const fn new(name: &'static str, family: Family, summary: &'static str, overloads: &'static [Overload]) -> Self {
        Self { name, aliases: &[], family, summary, differences: "", overloads }
    }

    /// With older names that mean the same.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// With what differs from Kusto's.
    pub const fn differs(mut self, differences: &'static str) -> Self {
        self.differences = differences;
        self
    }
}

impl Overload {
    /// A form whose parameters must all be given, computed by a kernel.
    pub const fn new(parameters: &'static [Parameter], returns: ScalarType, kernel: Kernel) -> Self {
        Self { parameters, required: parameters.len(), repeat: 0, returns: Returns::Always(returns), body: Body::Kernel(kernel) }
    }

    /// With so many of the last parameters that may be left out.
    pub const fn optional(mut self, parameters: usize) -> Self {
        self.required = self.parameters.len() - parameters;
        self
    }

    /// With so many of the last parameters that may be given again and again.
    pub const fn repeating(mut self, parameters: usize) -> Self {
        self.repeat = parameters;
        self
    }

    /// With another rule for the type of the result.
    pub const fn returning(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }
}

/// All functions.
pub fn all() -> impl Iterator<Item = &'static Function> {
    families().into_iter().flatten()
}

/// The function behind an operator between two values; none for comparisons, which are part of a plan.
pub fn operator(operator: BinaryOperator) -> Option<&'static Function> {
    matching::operator(operator).or_else(|| mathematics::operator(operator))
}

/// The operators between texts, and those of a value and a list.
pub fn operators() -> impl Iterator<Item = &'static Function> {
    matching::OPERATORS.iter()
}

/// The function with this name, in its exact case.
pub fn find(name: &str) -> Option<&'static Function> {
    use std::collections::HashMap;
    use std::sync::LazyLock;
    static INDEX: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
        all().flat_map(|function| function.aliases.iter().chain([&function.name]).map(move |name| (*name, function))).collect()
    });
    INDEX.get(name).copied()
}

/// A parameter that takes one type.
pub const fn takes(name: &'static str, kind: ScalarType) -> Parameter {
    Parameter { name, takes: Takes::Only(kind), constant: false }
}

/// A parameter that takes one type, the same for all rows.
pub const fn takes_constant(name: &'static str, kind: ScalarType) -> Parameter {
    Parameter { name, takes: Takes::Only(kind), constant: true }
}

/// A parameter that takes any type.
pub const fn takes_any(name: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Any, constant: false }
}

/// A parameter that takes a number of any type.
pub const fn takes_number(name: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Number, constant: false }
}

/// A parameter that takes any type and is converted to text.
pub const fn takes_as_text(name: &'static str) -> Parameter {
    Parameter { name, takes: Takes::AsText, constant: false }
}
