//! Whether an address is in one of many networks, found by bisection.

use super::address::{V4, V6, mask, mask_128};

/// Networks as ranges that neither overlap nor touch, in order.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    ranges: Vec<(u128, u128)>,
}

impl Ranges {
    /// Of networks of IPv4; texts that are none are left out.
    pub(super) fn v4<T: AsRef<str>>(networks: &[T]) -> Self {
        let range = |network: V4| {
            let first = network.network(32);
            (u128::from(first), u128::from(first | !mask(network.prefix)))
        };
        Self::new(networks.iter().filter_map(|text| V4::read(text.as_ref())).map(range).collect())
    }

    /// Of networks of either kind; texts that are none are left out.
    pub(super) fn v6<T: AsRef<str>>(networks: &[T]) -> Self {
        let range = |network: V6| {
            let first = network.network(128);
            (first, first | !mask_128(network.prefix))
        };
        Self::new(networks.iter().filter_map(|text| V6::read(text.as_ref())).map(range).collect())
    }

    fn new(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(open) if first <= open.1.saturating_add(1) => open.1 = open.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self { ranges: merged }
    }

    /// Whether one of them holds the address.
    pub(super) fn hold(&self, address: u128) -> bool {
        let behind = self.ranges.partition_point(|(first, _)| *first <= address);
        behind > 0 && address <= self.ranges[behind - 1].1
    }
}

/// The fewest networks that are exactly the addresses from one to another.
pub(super) fn cidr_list(first: u32, last: u32) -> Vec<(u32, u32)> {
    let (mut from, end) = (u64::from(first), u64::from(last) + 1);
    let mut networks = Vec::new();
    while from < end {
        let aligned = if from == 0 { 32 } else { from.trailing_zeros().min(32) };
        let fitting = (end - from).ilog2();
        let bits = aligned.min(fitting);
        // `from` is below 2^32, as `end` is at most that.
        networks.push((from as u32, 32 - bits));
        from += 1 << bits;
    }
    networks
}
