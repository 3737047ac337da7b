//! Watchlists and threat indicators: what a workspace knows of some values beside its alerts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Object, Time};

/// A list of things to watch, or to trust.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Watchlist {
    /// Name for people; the alias if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The long text.
    pub description: String,
    /// Who provides it.
    pub provider: String,
    /// Where it came from: a file's name.
    pub source: String,
    /// The column whose value names an item (`SearchKey`).
    pub key: String,
    /// The columns of its items, in order.
    pub columns: Vec<String>,
    /// Free labels.
    pub labels: Vec<String>,
}

impl Watchlist {
    /// The kind of the resources; their id is the alias.
    pub const KIND: &'static str = "watchlist";
}

/// A row of a watchlist.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchlistItem {
    /// Alias of its list; the path gives it.
    pub watchlist: String,
    /// Its id within the list; the path gives it.
    pub item: String,
    /// The value of the list's key column.
    pub key: String,
    /// Its cells by column.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub fields: Object,
}

impl WatchlistItem {
    /// The kind of the resources; their id is [`WatchlistItem::resource_id`].
    pub const KIND: &'static str = "watchlist_item";

    /// The id of the resource of an item: the alias of its list, `/`, its own id.
    pub fn resource_id(watchlist: &str, item: &str) -> String {
        format!("{watchlist}/{item}")
    }
}

/// A sign of a threat: a pattern that tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Indicator {
    /// Name for people.
    pub name: String,
    /// The long text.
    pub description: String,
    /// The pattern (`[ipv4-addr:value = '198.51.100.7']`).
    pub pattern: String,
    /// The language of the pattern; `stix` is understood.
    pub pattern_type: String,
    /// What it is a sign of (`malicious-activity`, `phishing`).
    pub threat_types: Vec<String>,
    /// How sure its source is, from 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// From when on it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Time>,
    /// Until when it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Time>,
    /// Whether its source took it back: it matches nothing.
    pub revoked: bool,
    /// Whether an entity alone can match the pattern, as answers say; what only several observations tell (`FOLLOWEDBY`, `REPEATS`,
    /// `AND` between observations), or values that entities are not known by, match nothing. Changes ignore it.
    #[serde(deserialize_with = "ignored", skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub matchable: Option<bool>,
    /// Who says so.
    pub source: String,
    /// Its id at its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Free labels.
    pub labels: Vec<String>,
    /// Steps of the kill chain (`command-and-control`).
    pub kill_chain_phases: Vec<String>,
    /// Everything else that its source says.
    #[serde(skip_serializing_if = "Object::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub extended: Object,
}

/// Takes no notice of what a client sends back of an answer.
fn ignored<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| None)
}

impl Indicator {
    /// The kind of the resources.
    pub const KIND: &'static str = "indicator";

    /// Whether it holds at an instant.
    pub fn is_active(&self, now: Time) -> bool {
        !self.revoked && self.valid_from.is_none_or(|from| from <= now) && self.valid_until.is_none_or(|until| now < until)
    }
}
