//! The values of all lists and indicators, to be looked up by what an entity is known by.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use hashbrown::HashMap;
use regex::{Regex, RegexSet, RegexSetBuilder};

use super::pattern::{self, Demand, EXPRESSION_BYTES_MAX, Wanted};
use super::{MATCHES_INDICATOR, Match, ON_LIST};
use crate::graph::{Direction, EdgeFilter, EntityRef, GraphSnapshot, NodeId};
use crate::model::{Indicator, Seq, Time};

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A list, by its place.
    List(usize),
    /// An indicator, by its place.
    Indicator(usize),
}

/// What a value says: where it stands, by which document, and what must hold beside it.
#[derive(Clone, Copy, Debug)]
struct Said {
    place: Place,
    seq: Seq,
    /// Place of the other demands of its alternative.
    beside: Option<usize>,
}

/// A network of addresses.
#[derive(Clone, Copy, Debug)]
struct Network {
    address: u128,
    mask: u128,
    said: Said,
}

/// Expressions that values of one kind may fit, some of them tried together.
#[derive(Debug)]
struct Expressions {
    kind: &'static str,
    set: RegexSet,
    said: Vec<Said>,
}

/// Expressions that are tried together.
const EXPRESSIONS_AT_ONCE: usize = 200;

/// Values of all lists and indicators.
#[derive(Debug, Default)]
pub struct Index {
    lists: Vec<String>,
    by_alias: HashMap<String, usize>,
    indicators: Vec<(String, Indicator)>,
    /// By type of value (`ip:`, `domain:`, `hash:` ...; a list's values have `text:`) and value.
    values: HashMap<String, Vec<Said>>,
    networks: Vec<Network>,
    /// Expressions by kind, as they come.
    written: Vec<(&'static str, Regex, Said)>,
    expressions: Vec<Expressions>,
    /// What must hold beside the value that was found.
    beside: Vec<Vec<Demand>>,
    /// Whether any value may be the digest of a file.
    digests: bool,
}

impl Index {
    /// Whether there is nothing to match.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.networks.is_empty() && self.expressions.is_empty()
    }

    /// Adds an item of a list under its key.
    pub fn add_item(&mut self, alias: &str, _item: &str, key: &str, seq: Seq) {
        let list = *self.by_alias.entry(alias.to_owned()).or_insert_with(|| {
            self.lists.push(alias.to_owned());
            self.lists.len() - 1
        });
        let key = key.trim();
        if let Some(network) = network(key) {
            let said = Said { place: Place::List(list), seq, beside: None };
            self.networks.push(Network { address: network.0, mask: network.1, said });
            return;
        }
        let text = key.parse::<IpAddr>().map_or_else(|_| key.to_lowercase(), |address| plain(address).to_string());
        self.digests |= is_digest(&text);
        self.values.entry(format!("text:{text}")).or_default().push(Said { place: Place::List(list), seq, beside: None });
    }

    /// Adds an indicator, unless it was revoked or no entity alone tells it.
    pub fn add_indicator(&mut self, id: &str, indicator: Indicator, seq: Seq) {
        if indicator.revoked {
            return;
        }
        let alternatives = pattern::alternatives(&indicator);
        if alternatives.is_empty() {
            return;
        }
        let place = Place::Indicator(self.indicators.len());
        for mut demands in alternatives {
            self.digests |= demands.iter().any(|demand| demand.kind == "hash");
            // The demand that the fewest entities meet leads to the others.
            demands.sort_by_key(|demand| match demand.wanted {
                Wanted::Value(_) => 0,
                Wanted::Network(..) => 1,
                Wanted::Fits(_) => 2,
            });
            let Demand { kind, wanted, .. } = demands.remove(0);
            let beside = (!demands.is_empty()).then(|| {
                self.beside.push(demands);
                self.beside.len() - 1
            });
            let said = Said { place, seq, beside };
            match wanted {
                Wanted::Value(value) => self.values.entry(format!("{kind}:{value}")).or_default().push(said),
                Wanted::Network(address, mask) => self.networks.push(Network { address, mask, said }),
                Wanted::Fits(expression) => self.written.push((kind, expression, said)),
            }
        }
        self.indicators.push((id.to_owned(), indicator));
    }

    /// Makes what was added ready to be asked.
    pub fn finish(&mut self) {
        let mut written = std::mem::take(&mut self.written);
        written.sort_by_key(|(kind, ..)| *kind);
        for of_kind in written.chunk_by(|a, b| a.0 == b.0).flat_map(|of_kind| of_kind.chunks(EXPRESSIONS_AT_ONCE)) {
            let texts = of_kind.iter().map(|(_, expression, _)| expression.as_str());
            let mut set = RegexSetBuilder::new(texts);
            // Each was built by itself within its bound.
            let set = set.case_insensitive(true).size_limit(2 * of_kind.len() * EXPRESSION_BYTES_MAX).build();
            if let Ok(set) = set {
                let said = of_kind.iter().map(|(.., said)| *said).collect();
                self.expressions.push(Expressions { kind: of_kind[0].0, set, said });
            }
        }
    }

    /// What the lists and indicators say of an entity: lists by alias, then indicators by id, each once.
    pub fn of(&self, graph: &GraphSnapshot, entity: &EntityRef<'_>, now: Time) -> Vec<Match> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<Said> = Vec::new();
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
            found.extend(inside.map(|network| network.said));
        }
        for Expressions { kind, set, said } in &self.expressions {
            for value in values_of(&probes, kind) {
                found.extend(set.matches(&value).into_iter().map(|at| said[at]));
            }
        }
        found.retain(|said| said.beside.is_none_or(|beside| self.beside[beside].iter().all(|demand| holds(demand, &probes))));
        found.sort_unstable_by_key(|said| (said.place, said.seq));
        found.dedup_by_key(|said| said.place);
        let mut matches: Vec<Match> = found.into_iter().map(|said| self.describe(said.place, said.seq, now)).collect();
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

/// The values of one kind among what an entity is looked up by; addresses of a whole site with and without the slash at the end.
fn values_of<'a>(probes: &'a BTreeSet<String>, kind: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    let values = probes.iter().filter_map(move |probe| probe.strip_prefix(kind)?.strip_prefix(':'));
    values.flat_map(move |value| {
        let bare = || value.split_once("://").is_none_or(|(_, rest)| !rest.contains('/'));
        let slashed = (kind == "url" && bare()).then(|| Cow::Owned(format!("{value}/")));
        slashed.into_iter().chain([Cow::Borrowed(value)])
    })
}

/// Whether an entity has a value that a pattern asks for.
fn holds(demand: &Demand, probes: &BTreeSet<String>) -> bool {
    match &demand.wanted {
        Wanted::Value(value) => probes.contains(&format!("{}:{value}", demand.kind)),
        Wanted::Network(address, mask) => {
            values_of(probes, demand.kind).any(|value| value.parse().is_ok_and(|ip| bits(ip) & mask == *address))
        }
        Wanted::Fits(expression) => values_of(probes, demand.kind).any(|value| expression.is_match(&value)),
    }
}

/// An address without the disguise of an IPv4 address as an IPv6 one.
pub(super) fn plain(address: IpAddr) -> IpAddr {
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
pub(super) fn network(text: &str) -> Option<(u128, u128)> {
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
                // As it is for expressions, and as equal ones are compared.
                add("url", &value);
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
