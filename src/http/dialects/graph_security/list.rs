//! Lists: `$filter`, `$orderby`, `$top`, `$skip`, `$count` and links to the next page.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::dialects::{Call, Reply, read_token, write_token};
use crate::model::{Fault, FaultClass, Time};
use crate::query::odata::{Cell, Filter, Order, Place, Record, Schema, json_cell, page};

/// Items of a page if the client asks for no number.
const TOP: usize = 50;
/// Items of a page at the most.
const TOP_MAX: usize = 1_000;

/// What a page is asked by; a link to the next one carries all of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Asked {
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(rename = "t")]
    top: usize,
    #[serde(rename = "s", default)]
    skip: usize,
    #[serde(rename = "e", default)]
    expand: bool,
    #[serde(rename = "c", default)]
    count: bool,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
}

impl Asked {
    fn read(call: &Call) -> Result<Self, Fault> {
        if let Some(token) = call.option("$skiptoken") {
            return read_token(token);
        }
        let number = |name: &str, least: usize| match call.option(name) {
            None => Ok(None),
            Some(text) => text.trim().parse::<usize>().ok().filter(|number| *number >= least).map(Some).ok_or_else(|| {
                let found: String = text.chars().take(40).collect();
                Fault::new(
                    FaultClass::Invalid,
                    "limit_invalid",
                    format!("expected a number of at least {least} for `{name}`, found `{found}`"),
                )
            }),
        };
        let expand = call.option("$expand").map(|text| text.trim().to_ascii_lowercase());
        if let Some(other) = expand.as_deref().filter(|text| *text != "alerts") {
            return Err(Fault::new(FaultClass::Invalid, "expand_invalid", format!("expected `alerts` for `$expand`, found `{other}`")));
        }
        Ok(Self {
            filter: call.option("$filter").map(str::to_owned),
            order: call.option("$orderby").map(str::to_owned),
            top: number("$top", 1)?.unwrap_or(TOP).min(TOP_MAX),
            skip: number("$skip", 0)?.unwrap_or_default(),
            expand: expand.is_some(),
            count: call.option("$count").is_some_and(|text| text.trim().eq_ignore_ascii_case("true")),
            place: None,
        })
    }
}

/// Says the whole item of a row.
type Whole<'a> = dyn Fn(&str) -> Result<Value, Fault> + 'a;

/// A row of a list: what the graph knows of it, and the rest once somebody asks for it.
struct Item<'a> {
    id: String,
    light: Value,
    full: OnceCell<Value>,
    whole: &'a Whole<'a>,
}

impl Item<'_> {
    fn full(&self) -> &Value {
        // What cannot be read has no properties to be found by; reading it for the page says why.
        self.full.get_or_init(|| (self.whole)(&self.id).unwrap_or(Value::Null))
    }
}

impl Record for Item<'_> {
    fn get(&self, path: &str) -> Cell<'_> {
        let head = path.split('/').next().unwrap_or(path);
        let known = self.light.as_object().is_some_and(|members| members.keys().any(|name| name.eq_ignore_ascii_case(head)));
        json_cell(if known { &self.light } else { self.full() }, path)
    }

    fn tie(&self) -> (i64, &str) {
        (0, &self.id)
    }
}

/// Answers a list: `light` has the id and the cheap properties of every row, `whole` says an item of the page.
pub(super) fn answer(
    call: &Call,
    light: Vec<(String, Map<String, Value>)>,
    now: Time,
    whole: &Whole<'_>,
    expanded: &dyn Fn(&str, Value) -> Result<Value, Fault>,
) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    let filter = asked.filter.as_deref().map(|text| Filter::read(text, &Schema::ANY)).transpose()?;
    let order = Order::read(asked.order.as_deref().unwrap_or("createdDateTime desc"), &Schema::ANY)?;
    let items = light.into_iter().map(|(id, light)| Item { id, light: Value::Object(light), full: OnceCell::new(), whole });
    let found: Vec<Item<'_>> = items.filter(|item| filter.as_ref().is_none_or(|filter| filter.holds(item, now))).collect();
    let total = found.len();
    let (rows, next) = page(found.into_iter(), &order, asked.place.as_ref(), asked.top.saturating_add(asked.skip));
    let mut value = Vec::new();
    for row in rows.into_iter().skip(asked.skip) {
        let item = whole(&row.id)?;
        value.push(if asked.expand { expanded(&row.id, item)? } else { item });
    }
    let mut body = json!({"@odata.context": format!("{}{}", call.base(), "/v1.0/$metadata#security")});
    if asked.count {
        body["@odata.count"] = total.into();
    }
    body["value"] = value.into();
    if let Some(place) = next {
        let token = write_token(&Asked { place: Some(place), skip: 0, ..asked })?;
        body["@odata.nextLink"] = call.next_link(&token).into();
    }
    Ok(Reply::ok(body))
}
