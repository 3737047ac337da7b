//! What a threat indicator asks of the values that an entity is known by: alternatives, each of demands that must hold together.

use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

use super::index::{network, plain};
use crate::ingest::pattern::{self, Operator, Test, Tree};
use crate::model::Indicator;

/// Alternatives that a group joined by `AND` unfolds into at the most; what unfolds into more is not matched.
const ALTERNATIVES_MAX: usize = 256;
/// Bytes of a compiled regular expression at the most; a larger one is not matched.
pub(super) const EXPRESSION_BYTES_MAX: usize = 1 << 20;

/// A value of an entity, by kind, that a pattern asks for.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Kind of the value (`ip`, `domain`, `hash` ...).
    pub(super) kind: &'static str,
    /// The end of a connection that has the value: no entity is both.
    end: Option<End>,
    pub(super) wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Source,
    Target,
}

/// Which values hold.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// This one, in lower case.
    Value(String),
    /// The addresses of a network, by its first one and its mask.
    Network(u128, u128),
    /// Those that an expression fits.
    Fits(Regex),
}

/// Whether anything that the graph knows can match an indicator; what only several observations tell cannot.
pub fn is_matchable(indicator: &Indicator) -> bool {
    !alternatives(indicator).is_empty()
}

/// The alternatives of an indicator, any of which tells it of an entity; none if no entity alone can tell it.
pub(super) fn alternatives(indicator: &Indicator) -> Vec<Vec<Demand>> {
    match pattern::parse(&indicator.pattern) {
        Ok(tree) => unfold(&tree),
        // What earlier versions took in unchecked keeps matching what it did.
        Err(_) => {
            let alone = pattern::read(&indicator.pattern).values.into_iter().filter(|found| found.alone);
            let demand = |found: pattern::Compared| {
                let kind = kind_of(&found.object, &found.property)?;
                Some(vec![Demand { kind, end: end(&found.property), wanted: equal(kind, &found.value) }])
            };
            alone.filter_map(demand).collect()
        }
    }
}

fn unfold(tree: &Tree) -> Vec<Vec<Demand>> {
    match tree {
        Tree::Test(test) => demands(test).into_iter().map(|demand| vec![demand]).collect(),
        Tree::Any(parts) => parts.iter().flat_map(unfold).collect(),
        Tree::All(parts) => {
            let mut whole: Vec<Vec<Demand>> = vec![Vec::new()];
            for part in parts {
                let more = unfold(part);
                if whole.len() * more.len() > ALTERNATIVES_MAX {
                    return Vec::new();
                }
                let join = |one: &Vec<Demand>| more.iter().map(|other| [one.as_slice(), other].concat()).collect::<Vec<_>>();
                whole = whole.iter().flat_map(join).collect();
            }
            let at = |demands: &Vec<Demand>, end| demands.iter().any(|demand| demand.end == Some(end));
            whole.retain(|demands| !(at(demands, End::Source) && at(demands, End::Target)));
            whole
        }
        Tree::Beyond => Vec::new(),
    }
}

/// The values of one comparison, any of which holds.
fn demands(test: &Test) -> Vec<Demand> {
    let Some(kind) = kind_of(&test.object, &test.property).filter(|_| !test.negated) else { return Vec::new() };
    let wanted = test.values.iter().filter_map(|value| match test.operator {
        Operator::Equal => Some(equal(kind, value)),
        Operator::IsSubset => (kind == "ip").then(|| equal(kind, value)),
        Operator::Like if !value.contains(['%', '_']) => Some(equal(kind, value)),
        Operator::Like => fits(&like(value)),
        Operator::Matches => match pattern::literal(value) {
            Some(literal) => Some(equal(kind, &literal)),
            None => fits(value),
        },
        Operator::Other => None,
    });
    wanted.map(|wanted| Demand { kind, end: end(&test.property), wanted }).collect()
}

fn end(property: &str) -> Option<End> {
    match property.split_once('.')?.0 {
        "src_ref" => Some(End::Source),
        "dst_ref" => Some(End::Target),
        _ => None,
    }
}

/// The kind of value that a property of an object holds.
fn kind_of(object: &str, property: &str) -> Option<&'static str> {
    Some(match (object, property) {
        ("ipv4-addr" | "ipv6-addr", "value") | ("network-traffic", "src_ref.value" | "dst_ref.value") => "ip",
        ("domain-name", "value") => "domain",
        ("url", "value") => "url",
        ("email-addr", "value") | ("email-message", "from_ref.value" | "sender_ref.value") => "email",
        ("user-account", "user_id" | "account_login") => "account",
        ("file", "name") => "file",
        ("file", property) if property.starts_with("hashes.") => "hash",
        ("windows-registry-key", "key") => "registry",
        _ => return None,
    })
}

fn equal(kind: &str, value: &str) -> Wanted {
    let value = value.trim();
    match network(value).filter(|_| kind == "ip") {
        Some((address, mask)) => Wanted::Network(address, mask),
        None => {
            let value = value.parse::<IpAddr>().map_or_else(|_| value.to_lowercase(), |address| plain(address).to_string());
            Wanted::Value(if kind == "url" { value.trim_end_matches('/').to_owned() } else { value })
        }
    }
}

/// Values are known in lower case, so no expression looks at case. One that needs more than a regular language is not matched.
fn fits(expression: &str) -> Option<Wanted> {
    let built = RegexBuilder::new(expression).case_insensitive(true).size_limit(EXPRESSION_BYTES_MAX).build();
    Some(Wanted::Fits(built.ok()?))
}

/// The expression of `LIKE`: `%` stands for any characters, `_` for one.
fn like(text: &str) -> String {
    let mut expression = String::from("(?s)^");
    let mut buffer = [0; 4];
    for c in text.chars() {
        match c {
            '%' => expression.push_str(".*"),
            '_' => expression.push('.'),
            plain => expression.push_str(&regex::escape(plain.encode_utf8(&mut buffer))),
        }
    }
    expression.push('$');
    expression
}
