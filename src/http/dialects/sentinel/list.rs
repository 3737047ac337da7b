//! Lists of resources: filter, order, page size, and the token that carries them from page to page.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::dialects::{Call, arm, read_token, write_token};
use crate::model::{Fault, FaultClass, Time};
use crate::query::odata::{self, Cell, Filter, Order, Place, Record, Schema, json_cell};

/// Rows of a page when the request names no number.
const TOP_DEFAULT: usize = 50;
/// Rows of a page at the most.
const TOP_MAX: usize = 1_000;

/// What a page of a list is asked for; a token of an earlier page says it all again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub(super) search: Option<String>,
    #[serde(rename = "t")]
    top: usize,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    after: Option<Place>,
}

impl Asked {
    /// Reads the options of a list; the token wins over what stands beside it.
    pub(super) fn read(call: &Call) -> Result<Self, Fault> {
        if let Some(token) = call.option("$skiptoken").or_else(|| call.option("skiptoken")) {
            return read_token(token);
        }
        let option = |name: &str| call.option(name).map(str::to_owned);
        Ok(Self {
            filter: option("$filter"),
            order: option("$orderby"),
            search: option("$search"),
            top: top(call.option("$top"))?,
            after: None,
        })
    }

    /// The page of some records, and the link to the next one.
    pub(super) fn page<R: Record>(
        mut self,
        call: &Call,
        schema: &Schema,
        order: &str,
        records: impl Iterator<Item = R>,
        now: Time,
    ) -> Result<(Vec<R>, Option<String>), Fault> {
        let filter = self.filter.as_deref().map(|text| Filter::read(text, schema)).transpose()?;
        let order = Order::read(self.order.as_deref().unwrap_or(order), schema)?;
        let passing = records.filter(|record| filter.as_ref().is_none_or(|filter| filter.holds(record, now)));
        let (rows, next) = odata::page(passing, &order, self.after.as_ref(), self.top);
        let link = match next {
            Some(place) => {
                self.after = Some(place);
                Some(call.next_link(&write_token(&self)?))
            }
            None => None,
        };
        Ok((rows, link))
    }
}

fn top(text: Option<&str>) -> Result<usize, Fault> {
    let Some(text) = text else { return Ok(TOP_DEFAULT) };
    let read = text.trim().parse::<i64>().ok().filter(|top| *top >= 0);
    let top =
        read.ok_or_else(|| Fault::new(FaultClass::Invalid, "top_invalid", format!("expected a number from 0 for $top, found `{text}`")))?;
    Ok(usize::try_from(top).unwrap_or(TOP_MAX).min(TOP_MAX))
}

/// A resource as a row of its list.
pub(super) struct Row(pub(super) Value);

impl Record for Row {
    fn get(&self, path: &str) -> Cell<'_> {
        match json_cell(&self.0, path) {
            // Properties may be named without the member that holds them.
            Cell::Null => json_cell(&self.0["properties"], path),
            found => found,
        }
    }

    fn tie(&self) -> (i64, &str) {
        (0, self.0["name"].as_str().unwrap_or_default())
    }
}

/// The page of a list of resources that are at hand.
pub(super) fn of_values(call: &Call, order: &str, values: impl IntoIterator<Item = Value>, now: Time) -> Result<Value, Fault> {
    let (rows, next) = Asked::read(call)?.page(call, &Schema::ANY, order, values.into_iter().map(Row), now)?;
    Ok(arm::list(rows.into_iter().map(|row| row.0).collect(), next))
}
