//! Import of watchlists (CSV) and threat indicators (STIX bundles, CSV): what the resources are from then on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::definition::{Definition, check_id};
use crate::ingest::pattern;
use crate::model::{Fault, FaultClass, Indicator, Object, Stored, Time, Watchlist, WatchlistItem};
use crate::query::Context;
use crate::query::listed::is_matchable;

/// Items of one import at the most.
const ITEMS_MAX: usize = 100_000;
/// Columns of a list at the most.
const COLUMNS_MAX: usize = 200;
/// Namespace of the ids that items and indicators without one get.
const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x2c1f_6f0e_8a57_5d1b_9c36_55d2_70b1_44aa);

/// Something that an import defines or deletes.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Kind of the resource.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// What it is from then on; none deletes it.
    pub value: Option<Value>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Imported {
    /// Items that were read.
    pub read: u64,
    /// Items and lists that are new or changed.
    pub changed: u64,
    /// Items that were removed, because the list was replaced.
    pub removed: u64,
    /// Rows and objects that were left out, with the reason, a few.
    pub skipped: Vec<String>,
    /// How many were left out.
    pub skipped_total: u64,
    /// How many indicators were taken in whose patterns match nothing here, as their `matchable` says.
    #[serde(skip_serializing_if = "is_none")]
    pub unmatched: u64,
}

impl Imported {
    /// Reasons that the answer lists.
    const SKIPPED_MAX: usize = 20;

    fn skip(&mut self, reason: String) {
        self.skipped_total += 1;
        if self.skipped.len() < Self::SKIPPED_MAX {
            self.skipped.push(reason);
        }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

fn invalid(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, code, message)
}

/// Takes a CSV in as a watchlist, or into one.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchlistImport {
    /// The CSV, its first line the columns.
    pub csv: String,
    /// The column whose value names an item; the list's own, else the first column.
    pub key: Option<String>,
    /// Name for people.
    pub name: Option<String>,
    /// The long text.
    pub description: Option<String>,
    /// Who provides it.
    pub provider: Option<String>,
    /// Name of the file.
    pub source: Option<String>,
    /// Whether items that are not in the CSV are removed.
    pub replace: bool,
}

/// Plans the import of a watchlist: what is defined and deleted, and what the answer says so far.
pub fn import_watchlist(context: &Context, alias: &str, import: &WatchlistImport) -> Result<(Vec<Entry>, Imported), Fault> {
    check_alias(alias)?;
    let (columns, rows) = read_csv(&import.csv)?;
    let known = context.snapshot.resource(Watchlist::KIND, alias)?;
    let present: Option<Watchlist> = known.as_ref().and_then(|stored| serde_json::from_value((*stored.resource.value).clone()).ok());
    let key = import.key.clone().or_else(|| present.as_ref().map(|list| list.key.clone()).filter(|key| !key.is_empty()));
    let key = match key {
        None => 0,
        Some(key) => columns.iter().position(|column| column.eq_ignore_ascii_case(key.trim())).ok_or_else(|| {
            invalid("column_unknown", format!("expected a column `{key}` in the CSV, found {}", columns.join(", ")))
                .with_hint("`key` names the column whose value names an item")
        })?,
    };
    let mut done = Imported::default();
    let mut entries = Vec::with_capacity(rows.len() + 1);
    let mut ids = BTreeSet::new();
    for (line, row) in rows {
        let Some(name) = row.get(key).map(|cell| cell.trim()).filter(|cell| !cell.is_empty()) else {
            done.skip(format!("line {line}: the key column `{}` is empty", columns[key]));
            continue;
        };
        let fields: Object = columns.iter().cloned().zip(row.iter().map(|cell| Value::from(cell.as_str()))).collect();
        // A key may stand on several lines: each is an item of its own.
        let mut repeat = 0;
        let item = loop {
            let id = item_id(alias, name, repeat);
            if ids.insert(id.clone()) {
                break id;
            }
            repeat += 1;
        };
        done.read += 1;
        entries.push(item_entry(alias, &item, name, fields));
    }
    let mut all = present.clone().map(|list| list.columns).unwrap_or_default();
    all.extend(columns.iter().filter(|column| !present.as_ref().is_some_and(|list| list.columns.contains(column))).cloned());
    let list = Watchlist {
        name: import.name.clone().or_else(|| present.as_ref().and_then(|list| list.name.clone())),
        description: import
            .description
            .clone()
            .unwrap_or_else(|| present.as_ref().map(|list| list.description.clone()).unwrap_or_default()),
        provider: import.provider.clone().unwrap_or_else(|| present.as_ref().map(|list| list.provider.clone()).unwrap_or_default()),
        source: import.source.clone().unwrap_or_else(|| present.as_ref().map(|list| list.source.clone()).unwrap_or_default()),
        key: columns[key].clone(),
        columns: if import.replace { columns } else { all },
        labels: present.map(|list| list.labels).unwrap_or_default(),
    };
    if import.replace {
        for stored in items(context, alias)? {
            let (_, item) = stored.resource.id.split_once('/').unwrap_or_default();
            if !ids.contains(item) {
                done.removed += 1;
                entries.push(Entry { kind: WatchlistItem::KIND, id: stored.resource.id.to_string(), value: None });
            }
        }
    }
    entries.insert(0, Entry { kind: Watchlist::KIND, id: alias.to_owned(), value: Some(json!(list)) });
    Ok((entries, done))
}

/// Refuses an alias that could not stand in `_GetWatchlist('alias')` and in a path.
fn check_alias(alias: &str) -> Result<(), Fault> {
    check_id(alias)?;
    if alias.contains(['/', '\'', '"']) {
        return Err(invalid("id_invalid", format!("expected an alias without quotes and slashes, found `{alias}`")));
    }
    Ok(())
}

/// The id of an item: the same for the same key of the same list, so that an import again changes what is there.
fn item_id(alias: &str, key: &str, repeat: u32) -> String {
    uuid::Uuid::new_v5(&NAMESPACE, format!("{alias}\n{key}\n{repeat}").as_bytes()).to_string()
}

/// The entry of an item.
pub fn item_entry(alias: &str, item: &str, key: &str, fields: Object) -> Entry {
    let id = WatchlistItem::resource_id(alias, item);
    let value = WatchlistItem { watchlist: alias.to_owned(), item: item.to_owned(), key: key.to_owned(), fields };
    Entry { kind: WatchlistItem::KIND, id, value: Some(json!(value)) }
}

/// One item of a list from its cells.
pub fn one_item(context: &Context, alias: &str, item: &str, fields: Object) -> Result<Entry, Fault> {
    let stored = context.snapshot.resource(Watchlist::KIND, alias)?.ok_or_else(|| super::definition::unknown::<Watchlist>(alias))?;
    let list: Watchlist = super::definition::read(&stored)?;
    let cell = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&list.key)).map(|(_, cell)| cell);
    let key = cell.map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)).unwrap_or_default();
    if key.trim().is_empty() {
        let message = format!("expected a value for the key column `{}`, found none", list.key);
        return Err(invalid("item_invalid", message));
    }
    Ok(item_entry(alias, item, &key, fields))
}

/// The items of a list, in the order of their ids.
pub fn items(context: &Context, alias: &str) -> Result<Vec<Stored>, Fault> {
    Ok(context.snapshot.records.resources_under(WatchlistItem::KIND, &format!("{alias}/"), context.snapshot.seq)?)
}

type Rows = Vec<(u64, Vec<String>)>;

/// The columns and the rows of a CSV, each row with its line.
fn read_csv(text: &str) -> Result<(Vec<String>, Rows), Fault> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: &csv::Error| invalid("csv_invalid", format!("expected a CSV, found: {error}"));
    let columns: Vec<String> = reader.headers().map_err(|error| unreadable(&error))?.iter().map(|name| name.trim().to_owned()).collect();
    let distinct: BTreeSet<&String> = columns.iter().collect();
    if columns.iter().all(String::is_empty) || columns.iter().any(String::is_empty) || distinct.len() != columns.len() {
        return Err(
            invalid("csv_invalid", "expected a first line with the names of the columns, each once").with_hint("`Name,Address,Role`")
        );
    }
    if columns.len() > COLUMNS_MAX {
        let message = format!("expected at most {COLUMNS_MAX} columns (`columns_max`), found {}", columns.len());
        return Err(Fault::new(FaultClass::Limit, "columns_max", message));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        if rows.len() == ITEMS_MAX {
            let message = format!("expected at most {ITEMS_MAX} items in one import (`items_max`)");
            return Err(Fault::new(FaultClass::Limit, "items_max", message).with_hint("split the file; imports add to each other"));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let mut row: Vec<String> = record.iter().take(columns.len()).map(str::to_owned).collect();
        row.resize(columns.len(), String::new());
        rows.push((line, row));
    }
    Ok((columns, rows))
}

/// Takes threat indicators in.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IndicatorImport {
    /// A STIX bundle or object (JSON), or a CSV with a column `value` or `pattern` and any of `type`, `name`, `description`, `confidence`,
    /// `valid_from`, `valid_until`, `threat_type`, `labels`, `source`, `id`.
    pub content: String,
    /// Who says so, where the content does not.
    pub source: Option<String>,
}

/// Plans the import of threat indicators.
pub fn import_indicators(import: &IndicatorImport) -> Result<(Vec<Entry>, Imported), Fault> {
    let mut done = Imported::default();
    let text = import.content.trim_start_matches('\u{feff}').trim_start();
    let found = if text.starts_with(['{', '[']) { of_stix(text, &mut done)? } else { of_csv(text, &mut done)? };
    if found.len() > ITEMS_MAX {
        let message = format!("expected at most {ITEMS_MAX} indicators in one import (`items_max`), found {}", found.len());
        return Err(Fault::new(FaultClass::Limit, "items_max", message).with_hint("split the file"));
    }
    let mut entries = Vec::with_capacity(found.len());
    for (id, mut indicator) in found {
        if indicator.source.is_empty() {
            indicator.source = import.source.clone().unwrap_or_default();
        }
        done.read += 1;
        done.unmatched += u64::from(!is_matchable(&indicator));
        entries.push(Entry { kind: Indicator::KIND, id, value: Some(json!(indicator)) });
    }
    Ok((entries, done))
}

/// The indicators of a STIX bundle, list or object; of several versions the newest.
fn of_stix(text: &str, done: &mut Imported) -> Result<Vec<(String, Indicator)>, Fault> {
    let value: Value = serde_json::from_str(text).map_err(|error| invalid("json_invalid", format!("expected a STIX bundle: {error}")))?;
    let objects = match value {
        Value::Array(objects) => objects,
        Value::Object(mut bundle) => match bundle.remove("objects") {
            Some(Value::Array(objects)) => objects,
            _ => vec![Value::Object(bundle)],
        },
        _ => Vec::new(),
    };
    let mut newest: BTreeMap<String, (String, Indicator)> = BTreeMap::new();
    for object in objects {
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if kind != "indicator" {
            done.skip(format!("an object of type `{kind}` is no indicator"));
            continue;
        }
        let modified = object.get("modified").and_then(Value::as_str).unwrap_or_default().to_owned();
        match stix_indicator(object) {
            Ok((id, indicator)) => {
                if newest.get(&id).is_none_or(|(known, _)| *known <= modified) {
                    newest.insert(id, (modified, indicator));
                }
            }
            Err(reason) => done.skip(reason),
        }
    }
    Ok(newest.into_iter().map(|(id, (_, indicator))| (id, indicator)).collect())
}

fn stix_indicator(object: Value) -> Result<(String, Indicator), String> {
    let Value::Object(mut members) = object else { return Err("an indicator that is no object".to_owned()) };
    let mut text = |name: &str| members.remove(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let id = text("id");
    if id.is_empty() {
        return Err("an indicator without `id`".to_owned());
    }
    let time = |text: String| Time::parse(&text).ok();
    let mut indicator = Indicator {
        name: text("name"),
        description: text("description"),
        pattern: text("pattern"),
        pattern_type: text("pattern_type"),
        valid_from: time(text("valid_from")),
        valid_until: time(text("valid_until")),
        source: text("created_by_ref"),
        ..Indicator::default()
    };
    if indicator.pattern_type.is_empty() {
        "stix".clone_into(&mut indicator.pattern_type);
    }
    let mut texts = |name: &str| -> Vec<String> {
        let values = members.remove(name).and_then(|value| value.as_array().cloned()).unwrap_or_default();
        values.iter().filter_map(|value| value.as_str().or_else(|| value.get("phase_name")?.as_str()).map(str::to_owned)).collect()
    };
    indicator.threat_types = texts("indicator_types");
    indicator.labels = texts("labels");
    indicator.kill_chain_phases = texts("kill_chain_phases");
    indicator.confidence = members.remove("confidence").and_then(|value| u8::try_from(value.as_u64()?.min(100)).ok());
    indicator.revoked = members.remove("revoked").and_then(|value| value.as_bool()).unwrap_or(false);
    for name in ["type", "spec_version"] {
        members.remove(name);
    }
    indicator.extended = members;
    indicator.check().map_err(|fault| format!("`{id}`: {}: {}", fault.code, fault.message))?;
    Ok((id, indicator))
}

fn of_csv(text: &str, done: &mut Imported) -> Result<Vec<(String, Indicator)>, Fault> {
    let (columns, rows) = read_csv(text)?;
    let place = |names: &[&str]| {
        let same = |column: &String| names.iter().any(|name| column.replace([' ', '_'], "").eq_ignore_ascii_case(&name.replace('_', "")));
        columns.iter().position(same)
    };
    let value = place(&["value", "indicator", "ioc", "observable"]);
    let written = place(&["pattern"]);
    if value.is_none() && written.is_none() {
        let message = format!("expected a column `value` or `pattern`, found {}", columns.join(", "));
        return Err(invalid("column_unknown", message)
            .with_hint("a CSV of indicators has a column `value`, and may have `type`, `description` ..."));
    }
    let places = [
        place(&["type", "kind", "indicator_type"]),
        place(&["name", "title"]),
        place(&["description"]),
        place(&["confidence"]),
        place(&["valid_from"]),
        place(&["valid_until", "expires", "expiration"]),
        place(&["threat_type", "threat_types"]),
        place(&["labels", "tags"]),
        place(&["source", "provider"]),
        place(&["id"]),
    ];
    let mut found = BTreeMap::new();
    for (line, row) in rows {
        let cell = |place: Option<usize>| place.and_then(|place| row.get(place)).map(|cell| cell.trim().to_owned()).unwrap_or_default();
        let [kind, name, description, confidence, from, until, threats, labels, source, id] = places.map(cell);
        let (value, written) = (cell(value), cell(written));
        let pattern = if written.is_empty() {
            let by_form = pattern::kind_of_value(&value).unwrap_or_default();
            let stated = stated_kind(&kind);
            pattern::of_value(stated.unwrap_or(by_form), &value)
        } else {
            Some(written)
        };
        let Some(pattern) = pattern.filter(|_| !value.is_empty() || written_is_given(&row)) else {
            done.skip(format!("line {line}: `{value}` is of no known type"));
            continue;
        };
        let list = |text: String| text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let id = if id.is_empty() { format!("indicator--{}", uuid::Uuid::new_v5(&NAMESPACE, pattern.as_bytes())) } else { id };
        let indicator = Indicator {
            name: if name.is_empty() { value } else { name },
            description,
            pattern,
            pattern_type: "stix".to_owned(),
            confidence: confidence.parse::<f64>().ok().map(|number| number.clamp(0.0, 100.0) as u8),
            valid_from: Time::parse(&from).ok(),
            valid_until: Time::parse(&until).ok(),
            threat_types: list(threats),
            labels: list(labels),
            source,
            ..Indicator::default()
        };
        match indicator.check() {
            Ok(()) => drop(found.insert(id, indicator)),
            Err(fault) => done.skip(format!("line {line}: {}: {}", fault.code, fault.message)),
        }
    }
    Ok(found.into_iter().collect())
}

fn written_is_given(row: &[String]) -> bool {
    row.iter().any(|cell| !cell.trim().is_empty())
}

/// The type of a value as feeds name it.
fn stated_kind(text: &str) -> Option<&'static str> {
    Some(match text.to_lowercase().replace(['-', '_', ' '], "").as_str() {
        "ip" | "ipv4" | "ipv6" | "ipaddr" | "ipv4addr" | "ipv6addr" | "ipaddress" | "ipdst" | "ipsrc" => "ip",
        "cidr" | "netblock" | "network" => "cidr",
        "domain" | "domainname" | "hostname" | "fqdn" => "domain",
        "url" | "uri" => "url",
        "email" | "emailaddr" | "emailaddress" | "emailsrc" => "email",
        "file" | "filename" => "file",
        "md5" => "md5",
        "sha1" => "sha1",
        "sha256" => "sha256",
        _ => return None,
    })
}

impl Definition for Indicator {
    const KIND: &'static str = Indicator::KIND;
    const NAME: &'static str = "threat indicator";

    fn check(&self) -> Result<(), Fault> {
        if self.pattern.trim().is_empty() {
            return Err(invalid("indicator_invalid", "expected `pattern`, found none").with_hint("`[ipv4-addr:value = '198.51.100.7']`"));
        }
        if self.confidence.is_some_and(|confidence| confidence > 100) {
            return Err(invalid("indicator_invalid", "expected `confidence` from 0 to 100"));
        }
        let stix = self.pattern_type.is_empty() || self.pattern_type.eq_ignore_ascii_case("stix");
        match pattern::parse(&self.pattern) {
            Err(flaw) if stix => Err(invalid("indicator_pattern_invalid", format!("the pattern is none of STIX: {flaw}"))
                .with_hint("a pattern is such as `[ipv4-addr:value = '198.51.100.7']`")),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn shown(self, _now: Time) -> Self {
        Self { matchable: Some(is_matchable(&self)), ..self }
    }
}

impl Definition for Watchlist {
    const KIND: &'static str = Watchlist::KIND;
    const NAME: &'static str = "watchlist";

    fn check(&self) -> Result<(), Fault> {
        if self.key.trim().is_empty() {
            return Err(invalid("watchlist_invalid", "expected `key`, found none").with_hint("name the column whose value names an item"));
        }
        Ok(())
    }

    fn keep(&mut self, present: &Self) {
        if self.columns.is_empty() {
            self.columns.clone_from(&present.columns);
        }
    }

    fn count(context: &Context, id: &str) -> Result<Option<u64>, Fault> {
        Ok(Some(items(context, id)?.len() as u64))
    }

    fn goes_with(context: &Context, id: &str) -> Result<Vec<(&'static str, String)>, Fault> {
        Ok(items(context, id)?.into_iter().map(|stored| (WatchlistItem::KIND, stored.resource.id.to_string())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_are_read_from_stix_and_csv() {
        let bundle = json!({"type": "bundle", "id": "bundle--1", "objects": [
            {"type": "identity", "id": "identity--1", "name": "x"},
            {"type": "indicator", "id": "indicator--1", "name": "old", "pattern": "[ipv4-addr:value = '198.51.100.7']", "pattern_type": "stix",
                "modified": "2026-01-01T00:00:00Z"},
            {"type": "indicator", "id": "indicator--1", "name": "new", "pattern": "[ipv4-addr:value = '198.51.100.7']", "pattern_type": "stix",
                "modified": "2026-01-02T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z", "indicator_types": ["malicious-activity"],
                "kill_chain_phases": [{"kill_chain_name": "x", "phase_name": "command-and-control"}], "confidence": 80, "x_note": 1},
            {"type": "indicator", "id": "indicator--2", "name": "none"},
        ]});
        let import = IndicatorImport { content: bundle.to_string(), source: Some("feed".into()) };
        let (entries, done) = import_indicators(&import).expect("it can be read");
        assert_eq!((entries.len(), done.read, done.skipped_total), (1, 1, 2));
        let value = entries[0].value.as_ref().expect("a value");
        assert_eq!((&value["name"], &value["confidence"], &value["source"]), (&json!("new"), &json!(80), &json!("feed")));
        assert_eq!((&value["kill_chain_phases"], &value["extended"]["x_note"]), (&json!(["command-and-control"]), &json!(1)));

        let csv =
            "value,type,confidence,tags\n198.51.100.7,ip,90,a;b\nevil.example,,,\nnot known,,,\nd41d8cd98f00b204e9800998ecf8427e,md5,,\n";
        let (entries, done) = import_indicators(&IndicatorImport { content: csv.into(), source: None }).expect("it can be read");
        let mut patterns: Vec<&str> =
            entries.iter().filter_map(|entry| entry.value.as_ref().and_then(|value| value["pattern"].as_str())).collect();
        patterns.sort_unstable();
        let expected = [
            "[domain-name:value = 'evil.example']",
            "[file:hashes.'MD5' = 'd41d8cd98f00b204e9800998ecf8427e']",
            "[ipv4-addr:value = '198.51.100.7']",
        ];
        assert_eq!((patterns, done.skipped), (expected.to_vec(), vec!["line 4: `not known` is of no known type".to_owned()]));
    }

    #[test]
    fn csv_without_sense_is_refused() {
        let codes = ["", "a,a\n1,2\n", "colour\nred\n"]
            .map(|text| import_indicators(&IndicatorImport { content: text.into(), source: None }).map(|_| ()).map_err(|fault| fault.code));
        assert_eq!(codes, [Err("csv_invalid"), Err("csv_invalid"), Err("column_unknown")]);
    }
}
