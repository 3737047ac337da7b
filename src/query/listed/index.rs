//! The values of all lists and indicators, to be looked up by what an entity is known by.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hashbrown::HashMap;

use super::{MATCHES_INDICATOR, Match, ON_LIST};
use crate::graph::{Direction, EdgeFilter, EntityRef, GraphSnapshot, NodeId};
use crate::ingest::pattern;
use crate::model::{Indicator, Seq, Time};

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A list, by its place.
    List(usize),
    /// An indicator, by its place.
    Indicator(usize),
}

/// A network of addresses.
#[derive(Clone, Copy, Debug)]
struct Network {
    address: u128,
    mask: u128,
    place: Place,
    seq: Seq,
}

/// Values of all lists and indicators.
#[derive(Debug, Default)]
pub struct Index {
    lists: Vec<String>,
    by_alias: HashMap<String, usize>,
    indicators: Vec<(String, Indicator)>,
    /// By type of value (`ip:`, `domain:`, `hash:` ...; a list's values have `text:`) and value.
    values: HashMap<String, Vec<(Place, Seq)>>,
    networks: Vec<Network>,
    /// Whether any value may be the digest of a file.
    digests: bool,
}

impl Index {
    /// Whether there is nothing to match.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.networks.is_empty()
    }

    /// Adds an item of a list under its key.
    pub fn add_item(&mut self, alias: &str, _item: &str, key: &str, seq: Seq) {
        let list = *self.by_alias.entry(alias.to_owned()).or_insert_with(|| {
            self.lists.push(alias.to_owned());
            self.lists.len() - 1
        });
        let key = key.trim();
        if let Some(network) = network(key) {
            self.networks.push(Network { address: network.0, mask: network.1, place: Place::List(list), seq });
            return;
        }
        let text = key.parse::<IpAddr>().map_or_else(|_| key.to_lowercase(), |address| plain(address).to_string());
        self.digests |= is_digest(&text);
        self.values.entry(format!("text:{text}")).or_default().push((Place::List(list), seq));
    }

    /// Adds an indicator, unless it was revoked or no single value tells it.
    pub fn add_indicator(&mut self, id: &str, indicator: Indicator, seq: Seq) {
        if indicator.revoked {
            return;
        }
        let alone: Vec<_> = pattern::read(&indicator.pattern).values.into_iter().filter(|found| found.alone).collect();
        if alone.is_empty() {
            return;
        }
        let place = Place::Indicator(self.indicators.len());
        for found in alone {
            let value = found.value.trim();
            let kind = match (found.object.as_str(), found.property.as_str()) {
                ("ipv4-addr" | "ipv6-addr", "value") | ("network-traffic", "src_ref.value" | "dst_ref.value") => "ip",
                ("domain-name", "value") => "domain",
                ("url", "value") => "url",
                ("email-addr", "value") | ("email-message", "from_ref.value" | "sender_ref.value") => "email",
                ("user-account", "user_id" | "account_login") => "account",
                ("file", "name") => "file",
                ("file", property) if property.starts_with("hashes.") => "hash",
                ("windows-registry-key", "key") => "registry",
                _ => continue,
            };
            if kind == "ip"
                && let Some(network) = network(value)
            {
                self.networks.push(Network { address: network.0, mask: network.1, place, seq });
                continue;
            }
            let value = value.parse::<IpAddr>().map_or_else(|_| value.to_lowercase(), |address| plain(address).to_string());
            let value = if kind == "url" { value.trim_end_matches('/').to_owned() } else { value };
            self.digests |= kind == "hash";
            self.values.entry(format!("{kind}:{value}")).or_default().push((place, seq));
        }
        self.indicators.push((id.to_owned(), indicator));
    }

    /// What the lists and indicators say of an entity: lists by alias, then indicators by id, each once.
    pub fn of(&self, graph: &GraphSnapshot, entity: &EntityRef<'_>, now: Time) -> Vec<Match> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(Place, Seq)> = Vec::new();
        let mut probes = probes(entity);
        if self.digests {
            probes.extend(digests(graph, entity));
        }
        for probe in &probes {
            found.extend(self.values.get(probe).into_iter().flatten());
            if let Some(value) = probe.split_once(':').filter(|(kind, _)| *kind != "text").map(|(_, value)| value)
                && let Some(more) = self.values.get(&format!("text:{value}"))
            {
                found.extend(more);
            }
        }
        let addresses = probes.iter().filter_map(|probe| probe.strip_prefix("ip:")?.parse::<IpAddr>().ok());
        for address in addresses.map(bits) {
            let inside = self.networks.iter().filter(|network| address & network.mask == network.address);
            found.extend(inside.map(|network| (network.place, network.seq)));
        }
        found.sort_unstable();
        found.dedup_by_key(|(place, _)| *place);
        let mut matches: Vec<Match> = found.into_iter().map(|(place, seq)| self.describe(place, seq, now)).collect();
        matches.sort_by(|a, b| (b.relation, &a.id).cmp(&(a.relation, &b.id)));
        matches
    }

    fn describe(&self, place: Place, seq: Seq, now: Time) -> Match {
        match place {
            Place::List(list) => {
                let id = self.lists[list].clone();
                Match { relation: ON_LIST, label: id.clone(), id, seq, active: true }
            }
            Place::Indicator(indicator) => {
                let (id, indicator) = &self.indicators[indicator];
                let label = if indicator.name.is_empty() { indicator.pattern.clone() } else { indicator.name.clone() };
                Match { relation: MATCHES_INDICATOR, id: id.clone(), label, seq, active: indicator.is_active(now) }
            }
        }
    }
}

/// An address without the disguise of an IPv4 address as an IPv6 one.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The bits of an address; IPv4 addresses stand behind `::ffff:`.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// First address and mask of `10.0.0.0/8`.
fn network(text: &str) -> Option<(u128, u128)> {
    let (address, length) = text.split_once('/')?;
    let (address, length) = (address.trim().parse::<IpAddr>().ok()?, length.trim().parse::<u32>().ok()?);
    let length = match address {
        IpAddr::V4(_) if length <= 32 => length + 96,
        IpAddr::V6(_) if length <= 128 => length,
        _ => return None,
    };
    let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
    Some((bits(address) & mask, mask))
}

/// Adds the address or domain that a host is named by.
fn add_host(add: &mut impl FnMut(&str, &str), host: &str) {
    match host.parse::<IpAddr>() {
        Ok(address) => add("ip", &plain(address).to_string()),
        Err(_) => add("domain", host),
    }
}

/// What an entity is looked up by: `text:` and everything that it is called, and its values by type.
fn probes(entity: &EntityRef<'_>) -> BTreeSet<String> {
    let mut probes = BTreeSet::new();
    let mut add = |kind: &str, value: &str| {
        if !value.is_empty() {
            probes.insert(format!("{kind}:{value}"));
        }
    };
    add("text", &entity.label().to_lowercase());
    for (key, _) in entity.keys() {
        let (set, value) = key.split_once('=').unwrap_or(("", key));
        let value = value.to_lowercase();
        add("text", &value);
        match (entity.kind(), set) {
            ("ip", set) if set.starts_with("address") => {
                let address = value.split('|').next().unwrap_or_default();
                if let Ok(address) = address.parse::<IpAddr>() {
                    add("ip", &plain(address).to_string());
                }
            }
            ("dns", _) => add("domain", value.split('|').next().unwrap_or_default()),
            ("url", _) => {
                add("url", value.trim_end_matches('/'));
                if let Some(host) = url::Url::parse(&value).ok().and_then(|url| url.host_str().map(str::to_owned)) {
                    add_host(&mut add, host.trim_start_matches('[').trim_end_matches(']'));
                }
            }
            ("filehash", _) => add("hash", value.split_once(':').map_or(value.as_str(), |(_, digest)| digest)),
            ("file", set) => {
                if set == "name" {
                    add("file", &value);
                }
                if let Some(host) = share(&value) {
                    add_host(&mut add, host);
                }
            }
            ("host", "hostname+dnsdomain") => {
                let (name, domain) = value.split_once('.').unwrap_or((&value, ""));
                add("text", name);
                add("domain", &value);
                add("domain", domain);
            }
            ("host", "hostname+ntdomain") => add("text", value.rsplit('\\').next().unwrap_or_default()),
            ("account", _) => {
                add("account", &value);
                if value.contains('@') {
                    add("email", &value);
                }
            }
            ("mailbox", _) => add("email", &value),
            ("registry-key", _) => add("registry", &value),
            _ => {}
        }
    }
    probes
}

/// Whether a text has the form of an MD5, SHA-1 or SHA-256.
fn is_digest(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The digests of a file, and of the image that a process runs.
fn digests(graph: &GraphSnapshot, entity: &EntityRef<'_>) -> Vec<String> {
    let out = EdgeFilter { direction: Direction::Out, ..EdgeFilter::default() };
    let ends = |node: NodeId, relation: &'static str| {
        let edges = graph.edges(node, &out).filter(move |edge| graph.relation(edge) == relation);
        edges.map(|edge| edge.to).collect::<Vec<_>>()
    };
    let files = match entity.kind() {
        "file" => vec![entity.node()],
        "process" => ends(entity.node(), "runs_image"),
        _ => return Vec::new(),
    };
    let hashes = files.into_iter().flat_map(|file| ends(file, "has_hash")).filter_map(|hash| graph.entity_node(hash));
    hashes.flat_map(|hash| probes(&hash)).filter(|probe| probe.starts_with("hash:")).collect()
}

/// The host of a path of the network (`\\10.0.0.1\share\x.exe`).
fn share(path: &str) -> Option<&str> {
    let host = path.strip_prefix("\\\\")?.split('\\').next()?;
    let host = host.split('@').next()?;
    (!host.is_empty() && !matches!(host, "." | "?")).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_network_name_their_host() {
        let cases = [
            (r"\\10.0.0.1\c$\x.exe", Some("10.0.0.1")),
            (r"\\evil.example@ssl\dav\x", Some("evil.example")),
            (r"\\?\c:\x", None),
            (r"\\.\pipe\x", None),
            (r"c:\x", None),
            ("/srv/x", None),
        ];
        for (path, host) in cases {
            assert_eq!(share(path), host, "{path}");
        }
    }

    #[test]
    fn digests_are_told_by_their_form() {
        assert!(is_digest("d41d8cd98f00b204e9800998ecf8427e") && is_digest(&"a".repeat(40)) && is_digest(&"0".repeat(64)));
        assert!(!is_digest("d41d8cd98f00b204e9800998ecf8427") && !is_digest(&"g".repeat(64)) && !is_digest("contoso"));
    }

    #[test]
    fn networks_hold_their_addresses() {
        let inside = |net: &str, address: &str| {
            let (first, mask) = network(net).expect("a network");
            bits(address.parse().expect("an address")) & mask == first
        };
        assert!(inside("10.0.0.0/8", "10.255.0.1"));
        assert!(!inside("10.0.0.0/8", "11.0.0.1"));
        assert!(inside("0.0.0.0/0", "198.51.100.7"));
        assert!(inside("2001:db8::/32", "2001:db8:1::1"));
        assert!(!inside("2001:db8::/32", "10.0.0.1"));
        assert!(inside("198.51.100.7/32", "198.51.100.7"));
        for text in ["10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/x"] {
            assert!(network(text).is_none(), "{text}");
        }
    }
}
