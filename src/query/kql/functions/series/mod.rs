//! Arrays of numbers, mostly of equal steps in time: elementwise arithmetic, statistics, filters, fits, periods, anomalies.

mod anomalies;
mod decomposition;
mod elementwise;
mod fill;
mod filters;
mod fourier;
mod lines;
mod numbers;
mod periods;
mod polynomials;
mod summaries;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 9] {
    [
        elementwise::FUNCTIONS,
        summaries::FUNCTIONS,
        fill::FUNCTIONS,
        filters::FUNCTIONS,
        lines::FUNCTIONS,
        polynomials::FUNCTIONS,
        periods::FUNCTIONS,
        anomalies::FUNCTIONS,
        fourier::FUNCTIONS,
    ]
}
