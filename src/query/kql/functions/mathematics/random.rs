//! Random numbers: each query has its own sequence, given by its seed.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::table::planned;
use super::super::{Family, Function, Returns, takes};
use crate::query::kql::tree::ScalarType::{Long, Real};

pub(super) static FUNCTIONS: &[Function] = &[Function::new(
    "rand",
    Family::Mathematics,
    "Gives a random number from 0 to 1, or a whole one below the given number.",
    &[planned(&[takes("below", Long)], 0, Returns::Always(Real))],
)
.differs("The sequence of a query follows from its seed; which row gets which number is left open.")];

/// The function behind `rand()`: numbers from 0 (included) to 1, another for each row. `rand(n)` is `floor(rand() * n)`.
pub fn random_udf(seed: u64) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(RandomUdf { seed, next: AtomicU64::new(0), signature: Signature::exact(vec![], Volatility::Volatile) }))
}

#[derive(Debug)]
struct RandomUdf {
    seed: u64,
    next: AtomicU64,
    signature: Signature,
}

impl PartialEq for RandomUdf {
    fn eq(&self, other: &Self) -> bool {
        self.seed == other.seed
    }
}

impl Eq for RandomUdf {}

impl Hash for RandomUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seed.hash(state);
    }
}

impl ScalarUDFImpl for RandomUdf {
    fn name(&self) -> &str {
        "rand"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let first = self.next.fetch_add(call.number_rows as u64, Ordering::Relaxed);
        let values = (0..call.number_rows as u64).map(|row| unit(mixed(self.seed, first.wrapping_add(row))));
        Ok(ColumnarValue::Array(Arc::new(values.collect::<Float64Array>())))
    }
}

/// The number at a place of the sequence of a seed (SplitMix64).
fn mixed(seed: u64, place: u64) -> u64 {
    let mut bits = seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// The upper 53 bits as a number from 0 to 1.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::{mixed, unit};

    #[test]
    fn the_sequence_of_a_seed() {
        // The first numbers of SplitMix64 for the seed 1234567, as published with the algorithm.
        let numbers: Vec<u64> = (0..3).map(|place| mixed(1_234_567, place)).collect();
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        assert_eq!([unit(0), unit(u64::MAX)], [0.0, 1.0 - f64::EPSILON / 2.0]);
    }
}
