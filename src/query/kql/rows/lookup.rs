//! `ipv4_lookup`, `ipv6_lookup`: rows beside those of a table whose networks hold their address.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::take;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashMap;
use std::sync::Arc;

use super::super::functions::KernelError;
use super::super::tree::ScalarType;
use super::{RowsOperator, Running};

/// The operator. Its first input are the rows, its second the table of networks. The result has the columns of the rows, then the chosen columns of
/// the table; a row is given once for each network that fits.
#[derive(Debug)]
pub struct Ipv4Lookup {
    /// The `string` column of the rows with the address, or with a network that must lie inside of one.
    pub address: usize,
    /// The `string` column of the table with the network: an address, or one with the length of its prefix.
    pub network: usize,
    /// Pairs of columns of rows and table that must be equal.
    pub keys: Vec<(usize, usize)>,
    /// The columns of the table that the result has, with their types.
    pub columns: Vec<(usize, ScalarType)>,
    /// Whether rows that no network fits are given too, with nulls.
    pub keep_unmatched: bool,
}

/// The same for addresses of both versions: those of version 4 are the last 32 bits behind `::ffff:`.
#[derive(Debug)]
pub struct Ipv6Lookup(pub Ipv4Lookup);

/// A network: an address and how many of its bits count.
type Network = (u128, u8);

/// A network of version 4.
fn ipv4(text: &str) -> Option<Network> {
    let (address, bits) = prefix(text, 32)?;
    let mut parts = address.split('.');
    let mut number = 0_u128;
    for _ in 0..4 {
        let part = parts.next().filter(|part| !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        number = number << 8 | u128::from(part.parse::<u8>().ok()?);
    }
    parts.next().is_none().then_some((number << 96, bits)).map(|(number, bits)| (masked(number, bits), bits))
}

/// A network of version 6, or one of version 4 inside of it.
fn ipv6(text: &str) -> Option<Network> {
    if !text.contains(':') {
        return ipv4(text).map(|(number, bits)| (0xFFFF << 32 | number >> 96, bits + 96));
    }
    let (address, bits) = prefix(text, 128)?;
    let number = u128::from(address.parse::<std::net::Ipv6Addr>().ok()?);
    Some((masked(number, bits), bits))
}

fn prefix(text: &str, bits_max: u8) -> Option<(&str, u8)> {
    match text.trim().split_once('/') {
        Some((address, bits)) => bits.parse().ok().filter(|bits| *bits <= bits_max).map(|bits| (address, bits)),
        None => Some((text.trim(), bits_max)),
    }
}

/// The first bits of an address, counted from the highest.
fn masked(address: u128, bits: u8) -> u128 {
    if bits == 0 { 0 } else { address & (u128::MAX << (128 - u32::from(bits))) }
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

/// Rows beside the chosen columns of the rows of a table that were found for them; where none was found, texts are empty and the rest is null.
pub(super) fn beside(
    rows: &RecordBatch,
    left: Vec<u32>,
    table: &RecordBatch,
    right: Vec<Option<u32>>,
    chosen: &[(usize, ScalarType)],
) -> Result<Vec<ArrayRef>, KernelError> {
    let (left, right) = (UInt32Array::from(left), UInt32Array::from(right));
    let mut columns = rows.columns().iter().map(|column| take(column, &left, None).map_err(failed)).collect::<Result<Vec<_>, _>>()?;
    for (column, kind) in chosen {
        let taken = take(table.column(*column), &right, None).map_err(failed)?;
        columns.push(match taken.as_string_view_opt() {
            Some(texts) if *kind == ScalarType::String => {
                Arc::new(texts.iter().map(|text| Some(text.unwrap_or_default())).collect::<StringViewArray>())
            }
            _ => taken,
        });
    }
    Ok(columns)
}

impl Ipv4Lookup {
    /// The values of the further keys as comparable bytes, for rows and table.
    fn further_keys(&self, rows: &RecordBatch, table: &RecordBatch) -> Result<[Vec<Box<[u8]>>; 2], KernelError> {
        if self.keys.is_empty() {
            return Ok([vec![Box::default(); rows.num_rows()], vec![Box::default(); table.num_rows()]]);
        }
        let fields = self.keys.iter().map(|(column, _)| SortField::new(rows.column(*column).data_type().clone())).collect();
        let converter = RowConverter::new(fields).map_err(failed)?;
        let bytes = |columns: Vec<ArrayRef>| -> Result<Vec<Box<[u8]>>, KernelError> {
            Ok(converter.convert_columns(&columns).map_err(failed)?.iter().map(|row| Box::from(row.data())).collect())
        };
        Ok([
            bytes(self.keys.iter().map(|(column, _)| Arc::clone(rows.column(*column))).collect())?,
            bytes(self.keys.iter().map(|(_, column)| Arc::clone(table.column(*column))).collect())?,
        ])
    }
}

impl RowsOperator for Ipv4Lookup {
    fn name(&self) -> &'static str {
        "ipv4_lookup"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        self.look_up(&inputs, ipv4, running)
    }
}

impl RowsOperator for Ipv6Lookup {
    fn name(&self) -> &'static str {
        "ipv6_lookup"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        self.0.look_up(&inputs, ipv6, running)
    }
}

impl Ipv4Lookup {
    fn look_up(
        &self,
        inputs: &[RecordBatch],
        network: fn(&str) -> Option<Network>,
        running: &Running,
    ) -> Result<Vec<ArrayRef>, KernelError> {
        let [rows, table] = inputs else { return Err(KernelError::new("a lookup of addresses has two inputs")) };
        let [row_keys, table_keys] = self.further_keys(rows, table)?;
        running.reserve(table.num_rows() * 48 + rows.num_rows() * 16)?;
        let mut networks: HashMap<(u8, u128, &[u8]), Vec<u32>> = HashMap::new();
        let mut lengths = [false; 129];
        let texts = table.column(self.network).as_string_view();
        for row in (0..table.num_rows()).filter(|row| texts.is_valid(*row)) {
            if let Some((address, bits)) = network(texts.value(row)) {
                lengths[usize::from(bits)] = true;
                networks.entry((bits, address, &table_keys[row])).or_default().push(u32::try_from(row).map_err(failed)?);
            }
        }
        let (mut left, mut right): (Vec<u32>, Vec<Option<u32>>) = (Vec::new(), Vec::new());
        let texts = rows.column(self.address).as_string_view();
        let mut fitting = Vec::new();
        for (row, key) in row_keys.iter().enumerate() {
            if row % 1024 == 0 {
                running.go_on()?;
            }
            fitting.clear();
            if let Some((address, bits)) = texts.is_valid(row).then(|| network(texts.value(row))).flatten() {
                for length in (0..=bits).rev().filter(|length| lengths[usize::from(*length)]) {
                    fitting.extend(networks.get(&(length, masked(address, length), &**key)).into_iter().flatten().copied());
                }
            }
            let number = u32::try_from(row).map_err(failed)?;
            if fitting.is_empty() && self.keep_unmatched {
                left.push(number);
                right.push(None);
            }
            left.extend(std::iter::repeat_n(number, fitting.len()));
            right.extend(fitting.iter().copied().map(Some));
        }
        beside(rows, left, table, right, &self.columns)
    }
}
