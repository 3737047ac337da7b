//! Addresses of IPv4 and IPv6: compared, masked, looked up in networks, found in texts.

mod address;
mod places;
mod ranges;
mod search;

use std::borrow::Cow;

use arrow::array::ArrayRef;

use super::super::tree::ScalarType;
use super::super::values::write;
use super::{Arguments, Family, Function, Kernel, KernelError, Overload, Parameter, matching::listed, takes, takes_any};
use ScalarType::{Bool, Dynamic, Int, Long, String as Text};
use address::{V4, V6};
use ranges::Ranges;
use search::Sought;

pub use places::{Places, PlacesError};

type Result = std::result::Result<ArrayRef, KernelError>;

const IP: Parameter = takes("ip", Text);
const OTHER: Parameter = takes("other", Text);
const PREFIX: Parameter = takes("prefix", Long);
const RANGE: Parameter = takes("range", Text);
const SOURCE: Parameter = takes("source", Text);
const LISTED: Parameter = takes_any("listed");

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Network, summary, overloads)
}

const fn listing(parameters: &'static [Parameter], kernel: Kernel) -> Overload {
    Overload::new(parameters, Bool, kernel).repeating(1)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("parse_ipv4", "Gives an IPv4 address as a number, its prefix applied.", &[Overload::new(&[IP], Long, parse_v4)]),
    function("parse_ipv4_mask", "Gives the first bits of an IPv4 address as a number.", &[Overload::new(&[IP, PREFIX], Long, parse_v4)]),
    function("parse_ipv6", "Writes an address of IPv6 or IPv4 in the long form of IPv6.", &[Overload::new(&[IP], Text, parse_v6)]),
    function(
        "parse_ipv6_mask",
        "Writes the first bits of an address in the long form of IPv6.",
        &[Overload::new(&[IP, PREFIX], Text, parse_v6)],
    ),
    function(
        "format_ipv4",
        "Writes an IPv4 address, given as text or number, with only its first bits kept.",
        &[Overload::new(&[takes_any("ip"), PREFIX], Text, |call| format_v4(call, false)).optional(1)],
    ),
    function(
        "format_ipv4_mask",
        "Writes an IPv4 address, given as text or number, with the length of its prefix.",
        &[Overload::new(&[takes_any("ip"), PREFIX], Text, |call| format_v4(call, true)).optional(1)],
    ),
    function(
        "ipv4_netmask_suffix",
        "Gives the length of the prefix of an IPv4 address; 32 if none is written.",
        &[Overload::new(&[IP], Long, |call| Ok(call.longs(|row| V4::read(call.text(0, row)).map(|ip| i64::from(ip.prefix)))))],
    ),
    function(
        "ipv4_compare",
        "Compares two IPv4 addresses by the bits that count in both.",
        &[Overload::new(&[IP, OTHER, PREFIX], Long, compare_v4).optional(1)],
    ),
    function(
        "ipv6_compare",
        "Compares two addresses by the bits that count in both.",
        &[Overload::new(&[IP, OTHER, PREFIX], Long, compare_v6).optional(1)],
    ),
    function(
        "ipv4_is_match",
        "Whether two IPv4 addresses are the same in the bits that count.",
        &[Overload::new(&[IP, OTHER, PREFIX], Bool, match_v4).optional(1)],
    ),
    function(
        "ipv6_is_match",
        "Whether two addresses are the same in the bits that count.",
        &[Overload::new(&[IP, OTHER, PREFIX], Bool, match_v6).optional(1)],
    ),
    function("ipv4_is_private", "Whether an IPv4 address is of a private network.", &[Overload::new(&[IP], Bool, is_private)]),
    function(
        "ipv4_is_in_range",
        "Whether an IPv4 address is in a network.",
        &[Overload::new(&[IP, RANGE], Bool, |call| in_ranges_v4(call, true))],
    ),
    function(
        "ipv4_is_in_any_range",
        "Whether an IPv4 address is in any of the networks.",
        &[listing(&[IP, LISTED], |call| in_ranges_v4(call, false))],
    ),
    function(
        "ipv6_is_in_range",
        "Whether an address is in a network.",
        &[Overload::new(&[IP, RANGE], Bool, |call| in_ranges_v6(call, true))],
    ),
    function(
        "ipv6_is_in_any_range",
        "Whether an address is in any of the networks.",
        &[listing(&[IP, LISTED], |call| in_ranges_v6(call, false))],
    ),
    function(
        "ipv4_range_to_cidr_list",
        "Gives the networks that make up a range of IPv4 addresses.",
        &[Overload::new(&[IP, OTHER], Dynamic, cidr_list)],
    ),
    function(
        "has_ipv4",
        "Whether an IPv4 address stands in a text.",
        &[Overload::new(&[SOURCE, IP], Bool, |call| has(call, Sought::address))],
    ),
    function(
        "has_any_ipv4",
        "Whether any of the IPv4 addresses stands in a text.",
        &[listing(&[SOURCE, LISTED], |call| has(call, Sought::address))],
    ),
    function(
        "has_ipv4_prefix",
        "Whether an IPv4 address with the given beginning stands in a text.",
        &[Overload::new(&[SOURCE, IP], Bool, |call| has(call, Sought::prefix))],
    ),
    function(
        "has_any_ipv4_prefix",
        "Whether an IPv4 address with any of the given beginnings stands in a text.",
        &[listing(&[SOURCE, LISTED], |call| has(call, Sought::prefix))],
    ),
    function(
        "geo_info_from_ip_address",
        "Gives country, state, city and coordinates of an address as a bag.",
        &[Overload::new(&[IP], Dynamic, places::of_address)],
    )
    .differs("Places come from a table that the operator supplies; without one, the answer is null."),
];

/// The length of the prefix that an argument gives; none if it is out of range.
fn prefix(call: &Arguments, argument: usize, row: usize, longest: u32) -> Option<u32> {
    if call.len() <= argument {
        return Some(longest);
    }
    u32::try_from(call.long(argument, row)?).ok().filter(|prefix| *prefix <= longest)
}

fn parse_v4(call: &Arguments) -> Result {
    let ips = call.text_column(0);
    Ok(call.longs(|row| Some(i64::from(V4::read(ips.value(row))?.network(prefix(call, 1, row, 32)?)))))
}

fn parse_v6(call: &Arguments) -> Result {
    let ips = call.text_column(0);
    Ok(call.texts(|row| Some(address::written_long(V6::read(ips.value(row))?.network(prefix(call, 1, row, 128)?)))))
}

fn format_v4(call: &Arguments, with_prefix: bool) -> Result {
    let ip = |row: usize| match call.kind(0) {
        Int => Some(V4 { bits: call.int(0, row)?.cast_unsigned(), prefix: 32 }),
        Long => Some(V4 { bits: u32::try_from(call.long(0, row)?).ok()?, prefix: 32 }),
        Text | Dynamic => {
            let text = call.text(0, row).trim_matches('"');
            V4::read(text).or_else(|| Some(V4 { bits: text.parse().ok()?, prefix: 32 }))
        }
        _ => None,
    };
    Ok(call.texts(|row| {
        let (ip, prefix) = (ip(row)?, prefix(call, 1, row, 32)?);
        let text = address::written(ip.network(prefix));
        Some(if with_prefix { format!("{text}/{}", prefix.min(ip.prefix)) } else { text })
    }))
}

fn v4_networks(call: &Arguments, row: usize) -> Option<(u32, u32)> {
    let (a, b) = (V4::read(call.text(0, row))?, V4::read(call.text(1, row))?);
    let prefix = prefix(call, 2, row, 32)?.min(a.prefix).min(b.prefix);
    Some((a.network(prefix), b.network(prefix)))
}

fn v6_networks(call: &Arguments, row: usize) -> Option<(u128, u128)> {
    let (a, b) = (V6::read(call.text(0, row))?, V6::read(call.text(1, row))?);
    let prefix = prefix(call, 2, row, 128)?.min(a.prefix).min(b.prefix);
    Some((a.network(prefix), b.network(prefix)))
}

fn compare_v4(call: &Arguments) -> Result {
    Ok(call.longs(|row| v4_networks(call, row).map(|(a, b)| a.cmp(&b) as i64)))
}

fn compare_v6(call: &Arguments) -> Result {
    Ok(call.longs(|row| v6_networks(call, row).map(|(a, b)| a.cmp(&b) as i64)))
}

fn match_v4(call: &Arguments) -> Result {
    Ok(call.bools(|row| v4_networks(call, row).map(|(a, b)| a == b)))
}

fn match_v6(call: &Arguments) -> Result {
    Ok(call.bools(|row| v6_networks(call, row).map(|(a, b)| a == b)))
}

fn is_private(call: &Arguments) -> Result {
    let ips = call.text_column(0);
    Ok(call.bools(|row| V4::read(ips.value(row)).map(|ip| std::net::Ipv4Addr::from_bits(ip.network(32)).is_private())))
}

/// Ranges for all rows, or those of each row.
fn in_ranges(call: &Arguments, read: impl Fn(&[Cow<'_, str>]) -> Option<Ranges>, address: impl Fn(&str) -> Option<u128>) -> Result {
    let ips = call.text_column(0);
    if call.constant_from(1) {
        let Some(ranges) = read(&listed(call, 1, 0)) else { return Ok(call.bools(|_| None)) };
        return Ok(call.bools(|row| address(ips.value(row)).map(|address| ranges.hold(address))));
    }
    Ok(call.bools(|row| {
        let address = address(ips.value(row))?;
        Some(read(&listed(call, 1, row))?.hold(address))
    }))
}

/// Where one range is asked for, null if it is none.
fn in_ranges_v4(call: &Arguments, is_one: bool) -> Result {
    let read = |networks: &[Cow<'_, str>]| {
        let is_network = networks.iter().all(|text| V4::read(text).is_some());
        (is_network || !is_one).then(|| Ranges::v4(networks))
    };
    in_ranges(call, read, |ip| V4::read(ip).map(|ip| u128::from(ip.network(32))))
}

fn in_ranges_v6(call: &Arguments, is_one: bool) -> Result {
    let read = |networks: &[Cow<'_, str>]| {
        let is_network = networks.iter().all(|text| V6::read(text).is_some());
        (is_network || !is_one).then(|| Ranges::v6(networks))
    };
    in_ranges(call, read, |ip| V6::read(ip).map(|ip| ip.network(128)))
}

fn cidr_list(call: &Arguments) -> Result {
    Ok(call.jsons(|row| {
        let (first, last) = (V4::read(call.text(0, row))?, V4::read(call.text(1, row))?);
        let networks: Vec<String> = ranges::cidr_list(first.bits, last.bits)
            .into_iter()
            .map(|(bits, prefix)| format!("{}/{prefix}", address::written(bits)))
            .collect();
        Some(write::json_strings(networks.iter().map(String::as_str)))
    }))
}

fn has(call: &Arguments, read: fn(&str) -> Option<Sought>) -> Result {
    let sources = call.text_column(0);
    let sought = |row: usize| listed(call, 1, row).iter().filter_map(|text| read(text)).collect::<Vec<_>>();
    if call.constant_from(1) {
        let sought = sought(0);
        return Ok(call.truths(|row| search::has_any(sources.value(row), &sought)));
    }
    Ok(call.truths(|row| search::has_any(sources.value(row), &sought(row))))
}
