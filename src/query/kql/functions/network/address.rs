//! Addresses with or without the length of a prefix.

use std::net::Ipv6Addr;

/// What an IPv4 address is behind among those of IPv6.
const MAPPED: u128 = 0xffff_0000_0000;

/// An IPv4 address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct V4 {
    /// All 32 bits, as they were written.
    pub(super) bits: u32,
    /// From 0 to 32.
    pub(super) prefix: u32,
}

/// An IPv6 address and how many of its first bits count; one of IPv4 is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct V6 {
    pub(super) bits: u128,
    /// From 0 to 128.
    pub(super) prefix: u32,
}

impl V4 {
    /// Reads `1.2.3.4` or `1.2.3.4/24`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, prefix) = cut(text.trim(), 32)?;
        Some(Self { bits: dotted(address)?, prefix })
    }

    /// The bits that count, at most so many.
    pub(super) fn network(self, prefix: u32) -> u32 {
        self.bits & mask(self.prefix.min(prefix))
    }
}

impl V6 {
    /// Reads an address of either kind.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(V4 { bits, prefix }) = V4::read(text) {
            return Some(Self { bits: MAPPED | u128::from(bits), prefix: prefix + 96 });
        }
        let has_dots = text.contains('.');
        let (address, prefix) = cut(text, if has_dots { 32 } else { 128 })?;
        let bits = address.parse::<Ipv6Addr>().ok()?.to_bits();
        if !has_dots {
            return Some(Self { bits, prefix });
        }
        // `::1.2.3.4` is the same as the mapped one.
        let bits = if bits >> 32 == 0 { MAPPED | bits } else { bits };
        Some(Self { bits, prefix: prefix + 96 })
    }

    /// The bits that count, at most so many.
    pub(super) fn network(self, prefix: u32) -> u128 {
        self.bits & mask_128(self.prefix.min(prefix))
    }
}

/// The address and the length of its prefix; the longest if none is written.
fn cut(text: &str, longest: u32) -> Option<(&str, u32)> {
    match text.split_once('/') {
        None => Some((text, longest)),
        Some((address, prefix)) => {
            let is_number = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|byte| byte.is_ascii_digit());
            let prefix = prefix.parse().ok().filter(|prefix| is_number && *prefix <= longest)?;
            Some((address.trim_end(), prefix))
        }
    }
}

/// Four numbers with dots between.
pub(super) fn dotted(text: &str) -> Option<u32> {
    let (mut bits, mut part, mut digits, mut dots) = (0_u32, 0_u32, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if digits < 3 => {
                part = part * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && dots < 3 && part < 256 => {
                (bits, part, digits, dots) = (bits << 8 | part, 0, 0, dots + 1);
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0 && part < 256).then_some(bits << 8 | part)
}

/// The first bits set.
pub(super) fn mask(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

pub(super) fn mask_128(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

/// `1.2.3.4`
pub(super) fn written(bits: u32) -> String {
    std::net::Ipv4Addr::from_bits(bits).to_string()
}

/// All eight groups with all their digits.
pub(super) fn written_long(bits: u128) -> String {
    let mut text = String::with_capacity(39);
    for group in (0..8).rev() {
        let digits = format!("{:04x}", bits >> (group * 16) & 0xffff);
        text.push_str(&digits);
        if group > 0 {
            text.push(':');
        }
    }
    text
}
