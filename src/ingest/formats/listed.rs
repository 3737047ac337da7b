//! Rows that watchlists and threat indicators give to their tables, one for each version: `Watchlist`, `ThreatIntelligenceIndicator`.

use serde_json::{Value, json};

use crate::ingest::pattern;
use crate::model::{Body, Event, Indicator, Resource, Time, Watchlist, WatchlistItem};

/// The row of a version of a resource, if its kind has a table.
pub(super) fn row(resource: &Resource) -> Option<Body> {
    let (table, mut cells) = match &*resource.kind {
        Watchlist::KIND => ("Watchlist", watchlist(resource)),
        WatchlistItem::KIND => ("Watchlist", item(resource)),
        Indicator::KIND => ("ThreatIntelligenceIndicator", indicator(resource)),
        _ => return None,
    };
    cells.push(("SourceSystem", "clew".into()));
    cells.push(("Type", table.into()));
    let columns = cells.into_iter().filter(|(_, value)| !value.is_null() && value != "").map(|(name, value)| (name.into(), value));
    let time = Some(resource.modified);
    Some(Body::Event(Box::new(Event { table: table.into(), time, columns: columns.collect(), entities: Vec::new(), links: Vec::new() })))
}

type Cells = Vec<(&'static str, Value)>;

fn text(time: Time) -> Value {
    time.to_string().into()
}

fn versions(resource: &Resource) -> Cells {
    let status = match (resource.deleted, resource.created == resource.modified) {
        (true, _) => "Delete",
        (false, true) => "Create",
        (false, false) => "Update",
    };
    vec![
        ("TimeGenerated", text(resource.modified)),
        ("_DTItemStatus", status.into()),
        ("_DTTimestamp", text(resource.modified)),
        ("CreatedTimeUTC", text(resource.created)),
        ("LastUpdatedTimeUTC", text(resource.modified)),
        ("CreatedBy", json!({"name": resource.created_by})),
        ("UpdatedBy", json!({"name": resource.modified_by})),
    ]
}

fn watchlist(resource: &Resource) -> Cells {
    let list: Watchlist = serde_json::from_value((*resource.value).clone()).unwrap_or_default();
    let mut cells = versions(resource);
    cells.extend([
        ("_DTItemType", "watchlist".into()),
        ("_DTItemId", resource.id.to_string().into()),
        ("WatchlistAlias", resource.id.to_string().into()),
        ("WatchlistId", resource.id.to_string().into()),
        ("WatchlistName", list.name.unwrap_or_else(|| resource.id.to_string()).into()),
        ("Notes", list.description.into()),
        ("Provider", list.provider.into()),
        ("Source", list.source.into()),
        ("SearchKey", list.key.into()),
        ("Tags", list.labels.join(", ").into()),
    ]);
    cells
}

fn item(resource: &Resource) -> Cells {
    let item: WatchlistItem = serde_json::from_value((*resource.value).clone()).unwrap_or_default();
    let (alias, id) = resource.id.split_once('/').unwrap_or((&resource.id, ""));
    let mut cells = versions(resource);
    cells.extend([
        ("_DTItemType", "watchlist-item".into()),
        ("_DTItemId", id.into()),
        ("WatchlistAlias", alias.into()),
        ("WatchlistId", alias.into()),
        ("WatchlistItemId", id.into()),
        ("SearchKey", item.key.into()),
        ("WatchlistItem", if item.fields.is_empty() { Value::Null } else { Value::Object(item.fields) }),
    ]);
    cells
}

fn indicator(resource: &Resource) -> Cells {
    let indicator: Indicator = serde_json::from_value((*resource.value).clone()).unwrap_or_default();
    let mut cells: Cells = vec![
        ("TimeGenerated", text(resource.modified)),
        ("IndicatorId", resource.id.to_string().into()),
        ("Active", (!resource.deleted && indicator.is_active(resource.modified)).into()),
        ("Action", if resource.deleted { "delete" } else { "alert" }.into()),
        ("Description", if indicator.description.is_empty() { indicator.name.into() } else { indicator.description.into() }),
        ("ThreatType", indicator.threat_types.join(", ").into()),
        ("ConfidenceScore", indicator.confidence.map_or(Value::Null, |confidence| f64::from(confidence).into())),
        ("ExpirationDateTime", indicator.valid_until.map_or(Value::Null, text)),
        ("ExternalIndicatorId", indicator.external_id.map_or(Value::Null, Value::from)),
        ("Tags", indicator.labels.join(", ").into()),
        ("KillChainC2", phase(&indicator.kill_chain_phases, "command-and-control")),
        ("KillChainDelivery", phase(&indicator.kill_chain_phases, "delivery")),
        ("KillChainExploitation", phase(&indicator.kill_chain_phases, "exploitation")),
        ("AdditionalInformation", indicator.pattern.clone().into()),
    ];
    let source = if indicator.source.is_empty() { Value::Null } else { indicator.source.into() };
    cells.push(("IndicatorProvider", source));
    for found in pattern::read(&indicator.pattern).values {
        cells.extend(observable(&found));
    }
    // Of several values of one kind the row tells the first; the pattern tells all.
    let mut seen = std::collections::BTreeSet::new();
    cells.retain(|(name, _)| seen.insert(*name));
    cells
}

fn phase(phases: &[String], name: &str) -> Value {
    if phases.iter().any(|phase| phase.eq_ignore_ascii_case(name)) { true.into() } else { Value::Null }
}

fn observable(found: &pattern::Compared) -> Cells {
    let value = || Value::from(found.value.clone());
    let hash = found.property.strip_prefix("hashes.");
    match (found.object.as_str(), found.property.as_str()) {
        ("ipv4-addr" | "ipv6-addr", "value") if found.value.contains('/') => vec![("NetworkCidrBlock", value())],
        ("ipv4-addr" | "ipv6-addr", "value") => vec![("NetworkIP", value())],
        ("network-traffic", "src_ref.value") => vec![("NetworkSourceIP", value())],
        ("network-traffic", "dst_ref.value") => vec![("NetworkDestinationIP", value())],
        ("domain-name", "value") => vec![("DomainName", value())],
        ("url", "value") => vec![("Url", value())],
        ("email-addr", "value") | ("email-message", "sender_ref.value" | "from_ref.value") => vec![("EmailSenderAddress", value())],
        ("email-message", "subject") => vec![("EmailSubject", value())],
        ("file", "name") => vec![("FileName", value())],
        ("file", _) if hash.is_some() => {
            vec![("FileHashType", hash.unwrap_or_default().replace('-', "").to_lowercase().into()), ("FileHashValue", value())]
        }
        ("mutex", "name") => vec![("FileMutexName", value())],
        _ => Vec::new(),
    }
}
