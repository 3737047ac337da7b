//! Watchlists and their items: the same lists that the native API knows.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::desk::{Scope, check_seen, missing, person};
use super::{list, stored};
use crate::engine::{Define, Engine};
use crate::http::dialects::arm::{put as member, time};
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, changes};
use crate::model::{Fault, FaultClass, Object, Stored};
use crate::query::Context;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/watchlists", "sentinel.watchlists.list", 2, list),
    answers("GET", "WS/watchlists/{id}", "sentinel.watchlists.get", 2, get),
    changes("PUT", "WS/watchlists/{id}", "sentinel.watchlists.put", 2, Right::Contribute, put),
    changes("DELETE", "WS/watchlists/{id}", "sentinel.watchlists.delete", 2, Right::Contribute, delete),
    answers("GET", "WS/watchlists/{id}/watchlistItems", "sentinel.watchlist_items.list", 2, items),
    answers("GET", "WS/watchlists/{id}/watchlistItems/{name}", "sentinel.watchlist_items.get", 2, item),
    changes("PUT", "WS/watchlists/{id}/watchlistItems/{name}", "sentinel.watchlist_items.put", 2, Right::Contribute, put_item),
    changes("DELETE", "WS/watchlists/{id}/watchlistItems/{name}", "sentinel.watchlist_items.delete", 2, Right::Contribute, delete_item),
];

const LIST: &str = "watchlist";
const ITEM: &str = "watchlist_item";
/// Items of one upload at the most.
const ITEMS_MAX: usize = 100_000;
const NAMESPACE: Uuid = Uuid::from_u128(0x6b0e_7f52_1d3c_4a0b_8f77_90b1_25ce_04d6);

/// The list of an alias, in any case.
fn find(context: &Context, alias: &str) -> Result<Option<Stored>, Fault> {
    if let Some(found) = context.snapshot.resource(LIST, alias)? {
        return Ok(Some(found));
    }
    Ok(context.snapshot.resources(LIST)?.into_iter().find(|stored| stored.resource.id.eq_ignore_ascii_case(alias)))
}

fn found(context: &Context, call: &Call) -> Result<Stored, Fault> {
    let alias = call.parameter("id");
    find(context, alias)?.ok_or_else(|| missing("watchlist", alias))
}

/// The items of a list, in the order of their ids.
fn items_of(context: &Context, alias: &str) -> Result<Vec<Stored>, Fault> {
    let prefix = format!("{alias}/");
    let mut all = context.snapshot.resources(ITEM)?;
    all.retain(|stored| stored.resource.id.starts_with(&prefix));
    Ok(all)
}

fn history(properties: &mut Map<String, Value>, stored: &Stored) {
    let of = &stored.resource;
    let user = |name: &str| {
        let person = person(name);
        json!({"name": person["name"], "email": person["email"], "objectId": null})
    };
    properties.insert("created".into(), time(of.created).into());
    properties.insert("updated".into(), time(of.modified).into());
    properties.insert("createdBy".into(), user(&of.created_by));
    properties.insert("updatedBy".into(), user(&of.modified_by));
    properties.insert("isDeleted".into(), false.into());
    properties.insert("tenantId".into(), Uuid::nil().to_string().into());
}

fn resource(scope: &Scope, stored: &Stored) -> Value {
    let alias = &stored.resource.id;
    let value = Members::of(&stored.resource.value);
    let mut properties = Map::new();
    properties.insert("watchlistId".into(), Uuid::new_v5(&NAMESPACE, alias.as_bytes()).to_string().into());
    properties.insert("watchlistAlias".into(), (**alias).into());
    properties.insert("displayName".into(), value.word("name").unwrap_or_else(|| alias.to_string()).into());
    properties.insert("provider".into(), value.text("provider").unwrap_or_default().into());
    properties.insert("source".into(), value.word("source").unwrap_or_else(|| "Local file".to_owned()).into());
    properties.insert("sourceType".into(), "Local file".into());
    member(&mut properties, "description", value.text("description"));
    properties.insert("itemsSearchKey".into(), value.text("key").unwrap_or_default().into());
    properties.insert("labels".into(), json!(value.texts("labels")));
    properties.insert("watchlistType".into(), "watchlist".into());
    properties.insert("numberOfLinesToSkip".into(), 0.into());
    properties.insert("uploadStatus".into(), "Complete".into());
    properties.insert("provisioningState".into(), "Succeeded".into());
    history(&mut properties, stored);
    scope.resource(&["Watchlists", alias], "Watchlists", Some(&stored.etag()), properties)
}

fn item_name(stored: &Stored) -> &str {
    stored.resource.id.rsplit('/').next().unwrap_or_default()
}

fn item_resource(scope: &Scope, alias: &str, stored: &Stored) -> Value {
    let value = Members::of(&stored.resource.value);
    let mut properties = Map::new();
    properties.insert("watchlistItemType".into(), "watchlist-item".into());
    properties.insert("watchlistItemId".into(), item_name(stored).into());
    properties.insert("itemsKeyValue".into(), value.get("fields").cloned().unwrap_or_else(|| json!({})));
    properties.insert("entityMapping".into(), json!({}));
    history(&mut properties, stored);
    scope.resource(
        &["Watchlists", alias, "WatchlistItems", item_name(stored)],
        "Watchlists/WatchlistItems",
        Some(&stored.etag()),
        properties,
    )
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let scope = Scope::of(call);
    let values: Vec<Value> = context.snapshot.resources(LIST)?.iter().map(|stored| resource(&scope, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(resource(&Scope::of(call), &found(context, call)?)))
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let before = engine.context();
    let known = find(&before, call.parameter("id"))?;
    let alias = known.as_ref().map_or_else(|| call.parameter("id").to_owned(), |known| known.resource.id.to_string());
    if known.is_none() {
        stored::properties(&body, &["displayName", "provider", "itemsSearchKey"])?;
    }
    let etag = known.as_ref().map(Stored::etag);
    check_seen(call, &body, &alias, etag.as_deref())?;
    let members = Members::of(&body).inner("properties");
    let old = Members::of(known.as_ref().map_or(&Value::Null, |known| &known.resource.value));
    let of = |theirs: &str, ours: &str| members.word(theirs).or_else(|| old.word(ours)).unwrap_or_default();
    let key = of("itemsSearchKey", "key");
    let labels = if members.has("labels") { members.texts("labels") } else { old.texts("labels") };
    let uploaded = members.word("rawContent").map(|_| upload(&members, &alias, &key)).transpose()?;
    let mut columns = old.texts("columns");
    let mut defines = Vec::new();
    if let Some((names, rows)) = uploaded {
        columns = names;
        // What is uploaded is the list from now on.
        let gone = items_of(&before, &alias)?.into_iter().map(|stored| stored.resource.id.to_string());
        defines.extend(gone.filter(|id| !rows.iter().any(|(known, _)| known == id)).map(|id| Define::delete(ITEM, &id)));
        defines.extend(rows.into_iter().map(|(id, value)| Define::put(ITEM, &id, value)));
    }
    let value = json!({
        "name": of("displayName", "name"), "description": of("description", "description"), "provider": of("provider", "provider"),
        "source": of("source", "source"), "key": key, "columns": columns, "labels": labels,
    });
    defines.push(Define::put(LIST, &alias, value).seen(etag.filter(|_| Members::of(&body).has("etag"))));
    engine.define_all(defines, call.actor())?;
    let after = engine.context();
    let stored = find(&after, &alias)?.ok_or_else(|| missing("watchlist", &alias))?;
    let value = resource(&Scope::of(call), &stored);
    Ok(if known.is_none() { Reply::created(value) } else { Reply::ok(value) })
}

type Uploaded = (Vec<String>, Vec<(String, Value)>);

/// Columns and items of an upload.
fn upload(members: &Members, alias: &str, key: &str) -> Result<Uploaded, Fault> {
    let content = members.text("rawContent").unwrap_or_default();
    let skip = usize::try_from(members.number("numberOfLinesToSkip").unwrap_or_default()).unwrap_or_default();
    let content: String = content.split_inclusive('\n').skip(skip).collect();
    let tabs = members.word("contentType").is_some_and(|kind| kind.to_lowercase().contains("tsv") || kind.to_lowercase().contains("tab"));
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(if tabs { b'\t' } else { b',' }).from_reader(content.as_bytes());
    let broken = |error: csv::Error| Fault::new(FaultClass::Invalid, "csv_invalid", format!("expected CSV as rawContent: {error}"));
    let columns: Vec<String> =
        reader.headers().map_err(broken)?.iter().map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect();
    let place = columns.iter().position(|column| column.eq_ignore_ascii_case(key)).ok_or_else(|| {
        let message = format!("expected the column '{key}' of itemsSearchKey in rawContent, found {}", columns.join(", "));
        Fault::new(FaultClass::Invalid, "column_unknown", message)
    })?;
    let mut rows: Vec<(String, Value)> = Vec::new();
    let mut repeats: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let name = row.get(place).unwrap_or_default().trim().to_owned();
        if name.is_empty() {
            continue;
        }
        if rows.len() == ITEMS_MAX {
            let message = format!("expected at most {ITEMS_MAX} items in one upload");
            return Err(Fault::new(FaultClass::Limit, "items_max", message).with_hint("upload the list in parts"));
        }
        let fields: Object = columns.iter().cloned().zip((0..columns.len()).map(|n| Value::from(row.get(n).unwrap_or_default()))).collect();
        let repeat = repeats.entry(name.clone()).and_modify(|count| *count += 1).or_default();
        let item = Uuid::new_v5(&NAMESPACE, format!("{alias}\0{name}\0{repeat}").as_bytes());
        rows.push((format!("{alias}/{item}"), json!({"watchlist": alias, "item": item.to_string(), "key": name, "fields": fields})));
    }
    Ok((columns, rows))
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let before = engine.context();
    if let Some(known) = find(&before, call.parameter("id"))? {
        let alias = known.resource.id.to_string();
        check_seen(call, &Value::Null, &alias, Some(&known.etag()))?;
        let mut defines: Vec<Define> = items_of(&before, &alias)?.iter().map(|stored| Define::delete(ITEM, &stored.resource.id)).collect();
        defines.push(Define::delete(LIST, &alias));
        engine.define_all(defines, call.actor())?;
    }
    Ok(Reply::nothing())
}

fn items(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let alias = found(context, call)?.resource.id.to_string();
    let scope = Scope::of(call);
    let values: Vec<Value> = items_of(context, &alias)?.iter().map(|stored| item_resource(&scope, &alias, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn item(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let (alias, name) = (found(context, call)?.resource.id.to_string(), call.parameter("name"));
    let found = context.snapshot.resource(ITEM, &format!("{alias}/{name}"))?.ok_or_else(|| missing("watchlist item", name))?;
    Ok(Reply::ok(item_resource(&Scope::of(call), &alias, &found)))
}

fn put_item(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let before = engine.context();
    let list = found(&before, call)?;
    let (alias, name) = (list.resource.id.to_string(), call.parameter("name"));
    let body = Value::Object(call.object()?);
    let members = Members::of(&body).inner("properties");
    let fields = members.get("itemsKeyValue").and_then(Value::as_object).cloned();
    let fields =
        fields.ok_or_else(|| Fault::new(FaultClass::Invalid, "property_missing", "Required property 'itemsKeyValue' is missing"))?;
    let of = Members::of(&list.resource.value);
    let column = of.text("key").unwrap_or_default();
    let key = Members::of(&Value::Object(fields.clone())).word(&column);
    let key = key.ok_or_else(|| {
        Fault::new(
            FaultClass::Invalid,
            "property_missing",
            format!("expected a value of the column '{column}' in 'itemsKeyValue', found none"),
        )
    })?;
    let mut columns = of.texts("columns");
    let new: Vec<String> = fields.keys().filter(|name| !columns.contains(name)).cloned().collect();
    if !new.is_empty() {
        columns.extend(new);
        let mut value = (*list.resource.value).clone();
        value["columns"] = json!(columns);
        engine.define(Define::put(LIST, &alias, value), call.actor())?;
    }
    let value = json!({"watchlist": alias, "item": name, "key": key, "fields": fields});
    let (stored, new) = stored::define(call, engine, ITEM, &format!("{alias}/{name}"), name, &body, value)?;
    let value = item_resource(&Scope::of(call), &alias, &stored);
    Ok(if new { Reply::created(value) } else { Reply::ok(value) })
}

fn delete_item(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    match find(&engine.context(), call.parameter("id"))? {
        Some(list) => stored::delete(call, engine, ITEM, &format!("{}/{}", list.resource.id, call.parameter("name"))),
        None => Ok(Reply::nothing()),
    }
}
