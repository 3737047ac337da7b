//! `parse_version`.

use arrow::array::ArrayRef;

use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

/// Numbers of a version.
const PARTS: usize = 4;
/// What each number counts more than the one behind it: eight digits.
const STEP: i128 = 100_000_000;

pub(super) fn parse(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.decimals(|row| packed(texts.value(row).trim())))
}

/// The numbers one behind the other, as unscaled decimal.
fn packed(version: &str) -> Option<i128> {
    let mut numbers = [0_i128; PARTS];
    for (index, part) in version.split('.').enumerate() {
        let is_number = !part.is_empty() && part.len() <= 8 && part.bytes().all(|byte| byte.is_ascii_digit());
        *numbers.get_mut(index)? = part.parse().ok().filter(|_| is_number)?;
    }
    Some(numbers.iter().fold(0, |packed, number| packed * STEP + number))
}
