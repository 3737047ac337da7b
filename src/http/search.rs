//! `/v1/search`: finding by words.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use utoipa::IntoParams;

use super::params::ParamError;
use super::routes::{About, Routes};
use crate::fulltext::{DocKind, Facet};
use crate::model::Fault;
use crate::query::search::{Order, SearchAnswer, SearchRequest};
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
    kind: Vec<DocKind>,
    /// Fields of terms that name none: `id`, `title`, `tag`, `owner`, `product` if absent.
    field: Vec<String>,
    /// `relevance`, `time` (of the last change), `created`, `first`, `last` (or `activity`), `severity` or `number`, newest or best first,
    /// or `title`, A to Z; groups by `first` (default), `last`, `created`, `severity`, `title` or `count`; `-` in front turns the order.
    sort: Option<String>,
    /// Id or number of the incident that contains the alerts; `none` for alerts outside any. Alerts only.
    incident: Option<String>,
    /// Shows repeats of an alert as one hit, the newest of them: by `title` (title and resource), `entity` or `rule` (product and type).
    group: Option<String>,
    /// Only the alerts of this group, one by one; with `group`.
    group_key: Option<String>,
    /// Most hits of the answer (default 20).
    #[param(maximum = 1000)]
    limit: Option<u32>,
    /// Where the page begins: the `cursor` of the page before.
    cursor: Option<String>,
    /// Hit of the whole answer that the page begins with, from 0; not together with `cursor`.
    offset: Option<u32>,
    /// Properties whose values are counted over all hits: `severity`, `status`, `kind`, `product` and others.
    facet: Vec<Facet>,
    /// Whether to show where the words stand (default true).
    highlight: Option<bool>,
}

impl SearchParameters {
    fn request(self) -> Result<SearchRequest, ParamError> {
        let asked = self.sort.as_deref();
        let read =
            |text: &str| Order::deserialize(text.trim_start_matches('-').into_deserializer()).map_err(|error: ParamError| error.of("sort"));
        let sort = asked.map(read).transpose()?;
        let is_turned = asked.is_some_and(|sort| sort.starts_with('-'));
        let default = SearchRequest::default();
        Ok(SearchRequest {
            text: self.q,
            kinds: self.kind,
            fields: self.field,
            sort,
            ascending: is_turned != sort.is_some_and(Order::is_upward),
            incident: self.incident,
            group: self.group,
            group_key: self.group_key,
            limit: self.limit.map_or(default.limit, |limit| limit as usize),
            cursor: self.cursor,
            offset: self.offset,
            facets: self.facet,
            highlight: self.highlight.unwrap_or(default.highlight),
        })
    }
}

impl Question for SearchParameters {
    type Answer = SearchAnswer;
    const NAME: &'static str = "search";

    fn answer(self, context: &Context) -> Result<SearchAnswer, Fault> {
        self.request().map_err(Fault::from)?.answer(context)
    }
}
