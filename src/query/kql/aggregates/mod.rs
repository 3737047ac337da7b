//! The aggregates of the language: one table, read by the binder, completion, the documentation and the plans.
//!
//! An aggregate is data (name, overloads, how its columns are called) and makes a DataFusion aggregate for arguments of given types.
//! Arguments reach it already converted to what its overload declares. Whether the answer depends on the order of rows is said in the
//! table; the order itself is an argument of its own, so that an answer is the same however the rows are split over partitions.

mod accumulate;
mod cells;
mod collect;
mod digest;
mod distinct;
mod fold;
mod hash;
mod moments;
mod naming;
mod quantiles;
mod schema;
mod sketch;
mod table;
mod udaf;
mod winners;

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, ColumnarValue};

use super::functions::{Parameter, Returns};
use super::tree::ScalarType;

pub(super) use cells::push_json;
pub use digest::{Digest, Measured};
pub use naming::{ArgumentName, Naming};
pub use sketch::Sketch;

/// An aggregate.
#[derive(Debug)]
pub struct Aggregate {
    /// Its name.
    pub name: &'static str,
    /// Older names that mean the same and name their columns alike.
    pub aliases: &'static [&'static str],
    /// What it gives, in one sentence.
    pub summary: &'static str,
    /// In what it differs from Kusto's; empty if in nothing known.
    pub differences: &'static str,
    /// Its forms; the first that fits the arguments is taken.
    pub overloads: &'static [Overload],
    /// How its columns are called where the query does not say.
    pub naming: Naming,
    /// Whether the answer depends on the order of rows: the plan should then pass [`Call::ordered`].
    pub order_matters: bool,
    body: &'static dyn udaf::Body,
}

/// One form of an aggregate.
#[derive(Debug)]
pub struct Overload {
    /// The parameters in order.
    pub parameters: &'static [Parameter],
    /// How many of them must be given.
    pub required: usize,
    /// How many of the last parameters may be given again and again.
    pub repeat: usize,
    /// Whether `*` may stand for the last parameter: all columns that are neither group nor given before.
    pub star: bool,
    /// What it gives.
    pub gives: Gives,
}

/// The columns that a form gives. All but [`Gives::Value`] come as one struct with a field for each column, named by [`field_name`].
#[derive(Clone, Copy, Debug)]
pub enum Gives {
    /// One column.
    Value(Returns),
    /// A column for each argument, of its type.
    Arguments,
    /// A column of this type for each argument from a place on.
    Each(usize, Returns),
}

/// What an aggregate is called with.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The types of the arguments as the overload declares them.
    pub arguments: &'a [ScalarType],
    /// Whether one more argument follows: the place of the row in its order, a `long` that no two rows share.
    pub ordered: bool,
}

impl Aggregate {
    /// The aggregate for arguments of the given types, as a plan calls it: constants are literal arguments at their places,
    /// and a call without any argument is given the literal `true`.
    pub fn make(&'static self, call: Call<'_>) -> Arc<AggregateUDF> {
        udaf::make(self.name, self.body, call)
    }

    /// The results of `total` groups at once, without a plan; rows come in their order. `values` are the arguments: columns, and constants as scalars.
    pub(super) fn compute(
        &'static self,
        arguments: &[ScalarType],
        values: &[ColumnarValue],
        groups: &[usize],
        total: usize,
    ) -> Result<ArrayRef> {
        udaf::compute(self.name, self.body, arguments, values, groups, total)
    }

    /// What the columns of a call are called, each none where only the place in the query can name it (`Column1`).
    pub fn column_names(&self, arguments: &[ArgumentName<'_>]) -> Vec<Option<String>> {
        self.naming.columns(arguments)
    }
}

impl Overload {
    /// The types of the columns that a call gives.
    pub fn columns(&self, arguments: &[ScalarType]) -> Vec<ScalarType> {
        match self.gives {
            Gives::Value(returns) => vec![resolve(returns, arguments)],
            Gives::Arguments => arguments.to_vec(),
            Gives::Each(from, returns) => vec![resolve(returns, arguments); arguments.len().saturating_sub(from)],
        }
    }

    /// Whether the columns come as one struct, even if there is only one.
    pub const fn gives_struct(&self) -> bool {
        !matches!(self.gives, Gives::Value(_))
    }
}

/// The name of a column in the struct of an aggregate with several columns.
pub fn field_name(column: usize) -> String {
    format!("c{column}")
}

fn resolve(returns: Returns, arguments: &[ScalarType]) -> ScalarType {
    match returns {
        Returns::Always(kind) | Returns::Named(kind) => kind,
        Returns::Argument(place) | Returns::Common(place) => arguments.get(place).copied().unwrap_or(ScalarType::Dynamic),
        Returns::By(rule) => rule(arguments),
        Returns::Several(_) => ScalarType::Dynamic,
    }
}

/// All aggregates.
pub fn all() -> impl Iterator<Item = &'static Aggregate> {
    table::ALL.iter().copied().flatten()
}

/// The aggregate with this name, in its exact case.
pub fn find(name: &str) -> Option<&'static Aggregate> {
    use std::collections::HashMap;
    use std::sync::LazyLock;
    static INDEX: LazyLock<HashMap<&'static str, &'static Aggregate>> = LazyLock::new(|| {
        all().flat_map(|aggregate| aggregate.aliases.iter().chain([&aggregate.name]).map(move |name| (*name, aggregate))).collect()
    });
    INDEX.get(name).copied()
}

#[cfg(test)]
pub(super) mod tests;
