//! `/v1/search`: finding by words.

use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::routes::{About, Routes};
use crate::model::{Fault, FaultClass};
use crate::query::search::{SearchAnswer, SearchRequest};
use crate::query::{Context, Question};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<SearchParameters>(
        "/v1/search",
        About { id: "search", tag: "search", summary: "Finds incidents, alerts and entities by their words" },
    );
}

/// What to search for, under the short names of a query string.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchParameters {
    /// Search text: words, `"phrases"`, `begin*`, `slip~`, `field:value`, ranges, `AND`, `OR`, `NOT`, `-`, brackets.
    q: String,
    /// Any of `incident`, `alert`, `entity`; incidents if absent, all if the text has a `kind:` term.
    kind: Vec<String>,
    /// Fields of terms that name none: `id`, `title`, `tag`, `owner`, `product` if absent.
    field: Vec<String>,
    /// `relevance`, `created`, `modified`, `first`, `last` and others, newest or best first; `-` in front turns the order.
    sort: Option<String>,
    /// Most hits of the answer (default 20).
    limit: Option<u32>,
    /// Where the page begins: the `cursor` of the page before.
    cursor: Option<String>,
    /// Properties whose values are counted over all hits: `severity`, `status`, `kind`, `product` and others.
    facet: Vec<String>,
    /// Whether to show where the words stand (default true).
    highlight: Option<bool>,
}

impl SearchParameters {
    fn request(self) -> Result<SearchRequest, Fault> {
        let (sort, ascending) = match self.sort.as_deref() {
            Some(sort) => (Some(sort.trim_start_matches('-')), sort.starts_with('-')),
            None => (None, false),
        };
        let mut request = json!({
            "text": self.q, "kinds": self.kind, "fields": self.field, "sort": sort, "ascending": ascending,
            "cursor": self.cursor, "facets": self.facet,
        });
        if let Some(limit) = self.limit {
            request["limit"] = limit.into();
        }
        if let Some(highlight) = self.highlight {
            request["highlight"] = highlight.into();
        }
        serde_json::from_value(request).map_err(|error| {
            Fault::new(FaultClass::Invalid, "parameter_invalid", format!("a parameter of the search is not known: {error}"))
                .with_hint("`/docs` lists the kinds, orders and facets")
        })
    }
}

impl Question for SearchParameters {
    type Answer = SearchAnswer;
    const NAME: &'static str = "search";

    fn answer(self, context: &Context) -> Result<SearchAnswer, Fault> {
        self.request()?.answer(context)
    }
}
