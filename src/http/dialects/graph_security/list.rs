//! Lists: `$filter`, `$search`, `$orderby`, `$top`, `$skip`, `$count`, `$expand`, links to the next page, and how many there are.

use std::cell::OnceCell;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::dialects::{Call, Reply, read_token, write_token};
use crate::model::{Fault, FaultClass};
use crate::query::Context;
use crate::query::odata::{Cell, Filter, Order, Place, Record, Schema, json_cell, page};

/// Items of a page if the client asks for no number.
pub(super) const TOP: usize = 50;
/// Items of a page at the most.
const TOP_MAX: usize = 1_000;

/// A row of a list: its id, and what costs no more than a look.
pub(super) type Row = (String, Map<String, Value>);

/// What the items of a list are.
#[derive(Clone, Copy)]
pub(super) struct Items {
    /// What filters and orders may name.
    pub(super) schema: Schema,
    /// How they are ordered if the client says nothing.
    pub(super) order: &'static str,
    /// How many make a page if the client says nothing; none for all.
    pub(super) top: Option<usize>,
    /// The ids of those that a text is found in.
    pub(super) found: fn(&Context, &str) -> Result<HashSet<String>, Fault>,
    /// Says a whole item by its id.
    pub(super) whole: fn(&Context, &str) -> Result<Value, Fault>,
    /// The alerts of an item and what they are, if it has some.
    pub(super) alerts: Option<Alerts>,
}

/// The alerts of an item and what they are.
pub(super) type Alerts = (fn(&Context, &str) -> Result<Vec<Row>, Fault>, &'static Items);

/// What a page is asked by; a link to the next one carries all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    top: Option<usize>,
    #[serde(rename = "s", default)]
    skip: usize,
    /// What is asked of the alerts that come with each item.
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    expand: Option<Box<Asked>>,
    #[serde(rename = "c", default)]
    count: bool,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
}

fn invalid(code: &'static str, expected: &str, found: &str) -> Fault {
    let found: String = found.chars().take(40).collect();
    Fault::new(FaultClass::Invalid, code, format!("expected {expected}, found `{found}`"))
}

impl Asked {
    pub(super) fn read(call: &Call) -> Result<Self, Fault> {
        match call.option("$skiptoken") {
            Some(token) => read_token(token),
            None => Self::of(|name| call.option(name).map(str::to_owned)),
        }
    }

    /// Reads options by their names.
    fn of(option: impl Fn(&str) -> Option<String>) -> Result<Self, Fault> {
        let number = |name: &str| {
            let read = |text: String| {
                let number = text.trim().parse::<usize>();
                number.map_err(|_| invalid("limit_invalid", &format!("a number from 0 for `{name}`"), &text))
            };
            option(name).map(read).transpose()
        };
        Ok(Self {
            filter: option("$filter"),
            search: option("$search"),
            order: option("$orderby"),
            top: number("$top")?.map(|top| top.min(TOP_MAX)),
            skip: number("$skip")?.unwrap_or_default(),
            expand: option("$expand").map(|text| Self::expanded(&text)).transpose()?.map(Box::new),
            count: option("$count").is_some_and(|text| text.trim().eq_ignore_ascii_case("true")),
            place: None,
        })
    }

    /// Reads `alerts`, or `alerts($top=1;$orderby=createdDateTime desc)`.
    fn expanded(text: &str) -> Result<Self, Fault> {
        let expected = || invalid("expand_invalid", "`alerts`, with options in brackets if any, for `$expand`", text);
        let text = text.trim();
        let (name, inner) = match text.split_once('(') {
            Some((name, inner)) => (name, inner.strip_suffix(')').ok_or_else(expected)?),
            None => (text, ""),
        };
        if !name.trim().eq_ignore_ascii_case("alerts") {
            return Err(expected());
        }
        let mut options: Vec<(String, String)> = Vec::new();
        for part in parts(inner) {
            let (name, value) = part.split_once('=').ok_or_else(expected)?;
            let name = name.trim().to_ascii_lowercase();
            if !["$filter", "$search", "$orderby", "$top", "$skip", "$count", "$select"].contains(&name.as_str()) {
                return Err(expected());
            }
            options.push((name, value.to_owned()));
        }
        Self::of(|name| options.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    /// Whether the alerts of each item are asked for.
    fn alerts<'a>(&'a self, items: &Items) -> Result<Option<(&'a Self, Alerts)>, Fault> {
        let Some(asked) = self.expand.as_deref() else { return Ok(None) };
        let none = || Fault::new(FaultClass::Invalid, "expand_invalid", "expected no `$expand`: these items have nothing to expand");
        Ok(Some((asked, items.alerts.ok_or_else(none)?)))
    }

    /// The items of a page, how many there are on all pages, and where the next one begins.
    fn select(&self, context: &Context, items: &Items, rows: Vec<Row>) -> Result<(Vec<Value>, usize, Option<Place>), Fault> {
        let filter = self.filter.as_deref().map(|text| Filter::read(text, &items.schema)).transpose()?;
        let order = Order::read(self.order.as_deref().unwrap_or(items.order), &items.schema)?;
        let alerts = self.alerts(items)?;
        let found = self.search.as_deref().map(|text| (items.found)(context, text)).transpose()?;
        let rows = rows.into_iter().filter(|(id, _)| found.as_ref().is_none_or(|found| found.contains(id)));
        let items_of = rows.map(|(id, light)| Item { id, light: Value::Object(light), full: OnceCell::new(), context, whole: items.whole });
        let passing: Vec<Item<'_>> = items_of.filter(|item| filter.as_ref().is_none_or(|filter| filter.holds(item, context.now))).collect();
        let total = passing.len();
        let top = self.top.or(items.top).unwrap_or(total);
        let (rows, next) = page(passing.into_iter(), &order, self.place.as_ref(), top.saturating_add(self.skip));
        let mut value = Vec::new();
        for row in rows.into_iter().skip(self.skip) {
            let mut item = (items.whole)(context, &row.id)?;
            if let Some((asked, (rows, of))) = alerts {
                asked.put(&mut item, context, rows(context, &row.id)?, of)?;
            }
            value.push(item);
        }
        // An empty page leads nowhere.
        Ok((value, total, next.filter(|_| top > 0)))
    }

    /// Puts the alerts that are asked for into an item.
    fn put(&self, item: &mut Value, context: &Context, rows: Vec<Row>, items: &Items) -> Result<(), Fault> {
        let (value, total, _) = self.select(context, items, rows)?;
        if self.count {
            item["alerts@odata.count"] = total.into();
        }
        item["alerts"] = value.into();
        Ok(())
    }
}

/// The parts of a text between semicolons that stand in no text of their own.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = text.split(move |letter: char| {
        quoted ^= letter == '\'';
        letter == ';' && !quoted
    });
    parts.filter(|part| !part.trim().is_empty())
}

/// A row of a list: what costs no more than a look, and the rest once somebody asks for it.
struct Item<'a> {
    id: String,
    light: Value,
    full: OnceCell<Value>,
    context: &'a Context,
    whole: fn(&Context, &str) -> Result<Value, Fault>,
}

impl Item<'_> {
    fn full(&self) -> &Value {
        // What cannot be read has no properties to be found by; reading it for the page says why.
        self.full.get_or_init(|| (self.whole)(self.context, &self.id).unwrap_or(Value::Null))
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

/// Answers a page of a list.
pub(super) fn answer(call: &Call, context: &Context, items: &Items, rows: Vec<Row>) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    let (value, total, next) = asked.select(context, items, rows)?;
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

/// Answers how many items of a list `$filter` and `$search` leave.
pub(super) fn count(call: &Call, context: &Context, items: &Items, rows: Vec<Row>) -> Result<Reply, Fault> {
    let asked = Asked { top: Some(0), skip: 0, place: None, ..Asked::read(call)? };
    let (_, total, _) = asked.select(context, items, rows)?;
    Ok(number(total))
}

/// A number as the body of an answer.
pub(super) fn number(number: usize) -> Reply {
    Reply::bytes("text/plain; charset=utf-8", number.to_string())
}

/// An item alone, with its alerts if they are asked for.
pub(super) fn one(call: &Call, context: &Context, items: &Items, id: &str) -> Result<Value, Fault> {
    let asked = Asked::read(call)?;
    let mut item = (items.whole)(context, id)?;
    if let Some((asked, (rows, of))) = asked.alerts(items)? {
        asked.put(&mut item, context, rows(context, id)?, of)?;
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansions_have_options_of_their_own() {
        let read = |text: &str| Asked::expanded(text).map_err(|fault| fault.code);
        assert_eq!(read("Alerts"), Ok(Asked::default()));
        let expected = Asked {
            filter: Some("title eq 'a;b'".into()),
            order: Some("severity desc".into()),
            top: Some(1),
            skip: 2,
            count: true,
            ..Asked::default()
        };
        assert_eq!(read("alerts($filter=title eq 'a;b';$orderby=severity desc;$top=1; $skip=2;$count=true;$select=id)"), Ok(expected));
        for wrong in ["alerts,comments", "comments", "alerts(", "alerts($top)", "alerts($levels=2)", "alerts($expand=alerts)"] {
            assert_eq!(read(wrong), Err("expand_invalid"), "{wrong}");
        }
        assert_eq!(read("alerts($top=x)"), Err("limit_invalid"));
    }
}
