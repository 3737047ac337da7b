//! What is asked of watchlists and indicators, and the shapes of the answers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::cursor::Seal;
use super::super::lists::{EntityRow, entity_row};
use super::super::reference::limit;
use super::super::{Context, Question};
use super::{MATCHES_INDICATOR, ON_LIST, entities, value};
use crate::model::{Fault, FaultClass, Indicator, Object, Time, Watchlist, WatchlistItem};

/// Rows of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Rows of a page at the most.
const LIMIT_MAX: u32 = 10_000;

/// The items of a watchlist.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WatchlistItems {
    /// Alias of the list.
    pub id: String,
    /// Text that the key or a cell contains, in any case.
    pub text: Option<String>,
    /// Items of the page (default 100).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// An item of a watchlist.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WatchlistItemRow {
    /// Its id within the list.
    pub id: String,
    /// Name of the version.
    pub etag: String,
    /// The value of the list's key column.
    pub key: String,
    /// Its cells by column.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub fields: Object,
    /// When it was first defined.
    #[schema(value_type = String)]
    pub created: Time,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub modified: Time,
    /// Who changed it last.
    pub modified_by: String,
}

/// A page of items.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WatchlistItemsPage {
    /// The items, in the order of their ids.
    pub value: Vec<WatchlistItemRow>,
    /// How many there are.
    pub total: u64,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Question for WatchlistItems {
    type Answer = WatchlistItemsPage;
    const NAME: &'static str = "watchlist_items";

    fn answer(self, context: &Context) -> Result<WatchlistItemsPage, Fault> {
        known(context, Watchlist::KIND, &self.id)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let prefix = format!("{}/", self.id);
        let text = self.text.as_deref().map(str::to_lowercase);
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = seal.place(self.cursor.as_deref(), |place| Some(place.to_owned()))?;
        let mut page = WatchlistItemsPage { value: Vec::new(), total: 0, complete: true, cursor: None };
        for stored in context.snapshot.records.resources_under(WatchlistItem::KIND, &prefix, context.snapshot.seq)? {
            let item: WatchlistItem = value(&stored)?;
            let has = |text: &String| {
                let contains = |cell: &str| cell.to_lowercase().contains(text);
                contains(&item.key) || item.fields.values().any(|cell| cell.as_str().map_or_else(|| contains(&cell.to_string()), contains))
            };
            if text.as_ref().is_some_and(|text| !has(text)) {
                continue;
            }
            page.total += 1;
            let id = stored.resource.id.strip_prefix(&prefix).unwrap_or_default().to_owned();
            if after.as_ref().is_some_and(|after| id <= *after) {
                continue;
            }
            if page.value.len() == limit {
                page.complete = false;
                continue;
            }
            page.value.push(WatchlistItemRow {
                id,
                etag: stored.etag(),
                key: item.key,
                fields: item.fields,
                created: stored.resource.created,
                modified: stored.resource.modified,
                modified_by: stored.resource.modified_by.to_string(),
            });
        }
        page.cursor = page.value.last().filter(|_| !page.complete).map(|row| seal.close(&row.id));
        Ok(page)
    }
}

/// Refuses the id of a list or indicator that is not there.
fn known(context: &Context, kind: &str, id: &str) -> Result<(), Fault> {
    if context.snapshot.resource(kind, id)?.is_some() {
        return Ok(());
    }
    let name = if kind == Watchlist::KIND { "watchlist" } else { "threat indicator" };
    Err(Fault::new(FaultClass::NotFound, "definition_unknown", format!("no {name} has the id `{id}`")))
}

/// The entities that stand on a watchlist, over all history.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WatchlistMatches {
    /// Alias of the list.
    pub id: String,
    /// Entities of the answer (default 100).
    pub limit: Option<u32>,
}

/// The entities that match a threat indicator, over all history.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorMatches {
    /// Id of the indicator.
    pub id: String,
    /// Entities of the answer (default 100).
    pub limit: Option<u32>,
}

/// An entity with the list or indicator that it is in.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ListedEntity {
    /// The row of the list of entities.
    #[serde(flatten)]
    pub row: EntityRow,
    /// `on_list` or `matches_indicator`.
    pub relation: String,
    /// Whether the indicator holds now; lists always do.
    pub active: bool,
    /// The document that says so.
    pub seq: u64,
}

/// Entities that are in a list or indicator.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ListedPage {
    /// The entities, those with most edges first.
    pub value: Vec<ListedEntity>,
    /// How many there are.
    pub total: u64,
    /// Whether these are all.
    pub complete: bool,
    /// Name of the limit that cut the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}

pub(super) fn listed(context: &Context, relation: &str, kind: &str, id: &str, asked: Option<u32>) -> Result<ListedPage, Fault> {
    known(context, kind, id)?;
    let limit = limit(asked, LIMIT_DEFAULT, LIMIT_MAX)?;
    let graph = &context.snapshot.graph;
    let index = context.lists.index(&context.snapshot)?;
    let found = entities(graph, &index, context.now, |found| found.relation == relation && found.id == id);
    let mut value: Vec<ListedEntity> = found
        .iter()
        .flat_map(|(entity, matches)| matches.iter().map(move |found| (entity, found)))
        .map(|(entity, found)| ListedEntity {
            row: entity_row(graph, entity),
            relation: relation.to_owned(),
            active: found.active,
            seq: found.seq.0,
        })
        .collect();
    value.sort_by(|a, b| b.row.degree.cmp(&a.row.degree).then_with(|| a.row.id.cmp(&b.row.id)));
    let total = value.len() as u64;
    value.truncate(limit);
    let complete = value.len() as u64 == total;
    Ok(ListedPage { value, total, complete, cut: (!complete).then(|| "limit".to_owned()) })
}

impl Question for WatchlistMatches {
    type Answer = ListedPage;
    const NAME: &'static str = "watchlist_matches";

    fn answer(self, context: &Context) -> Result<ListedPage, Fault> {
        listed(context, ON_LIST, Watchlist::KIND, &self.id, self.limit)
    }
}

impl Question for IndicatorMatches {
    type Answer = ListedPage;
    const NAME: &'static str = "indicator_matches";

    fn answer(self, context: &Context) -> Result<ListedPage, Fault> {
        listed(context, MATCHES_INDICATOR, Indicator::KIND, &self.id, self.limit)
    }
}

/// Which threat indicators.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorFilter {
    /// Text that the name, the pattern, the description or a label contains, in any case.
    pub text: Option<String>,
    /// Any of these sources.
    pub source: Vec<String>,
    /// Any of these labels.
    pub label: Vec<String>,
    /// Only those that hold now, or only those that do not.
    pub active: Option<bool>,
    /// At least this sure, from 0 to 100.
    pub confidence: Option<u8>,
    /// Indicators of the page (default 100).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// A threat indicator in a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IndicatorRow {
    /// Its id.
    pub id: String,
    /// Name of the version.
    pub etag: String,
    /// Whether it holds now.
    pub active: bool,
    /// When it was first defined.
    #[schema(value_type = String)]
    pub created: Time,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub modified: Time,
    /// Who changed it last.
    pub modified_by: String,
    /// The indicator.
    #[serde(flatten)]
    pub indicator: Indicator,
}

/// A page of threat indicators.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IndicatorPage {
    /// The indicators, in the order of their ids.
    pub value: Vec<IndicatorRow>,
    /// How many match.
    pub total: u64,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl IndicatorFilter {
    fn passes(&self, indicator: &Indicator, now: Time) -> bool {
        let any = |wanted: &[String], has: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|text| has(text));
        let contains = |text: &String| {
            let text = text.to_lowercase();
            let fields = [&indicator.name, &indicator.pattern, &indicator.description, &indicator.source];
            fields.into_iter().chain(&indicator.labels).any(|field| field.to_lowercase().contains(&text))
        };
        self.text.as_ref().is_none_or(contains)
            && any(&self.source, &|text| indicator.source.eq_ignore_ascii_case(text))
            && any(&self.label, &|text| indicator.labels.iter().any(|label| label.eq_ignore_ascii_case(text)))
            && self.active.is_none_or(|active| active == indicator.is_active(now))
            && self.confidence.is_none_or(|least| indicator.confidence.is_some_and(|confidence| confidence >= least))
    }
}

impl Question for IndicatorFilter {
    type Answer = IndicatorPage;
    const NAME: &'static str = "indicators";

    fn answer(self, context: &Context) -> Result<IndicatorPage, Fault> {
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = seal.place(self.cursor.as_deref(), |place| Some(place.to_owned()))?;
        let mut page = IndicatorPage { value: Vec::new(), total: 0, complete: true, cursor: None };
        for stored in context.snapshot.resources(Indicator::KIND)? {
            let indicator: Indicator = value(&stored)?;
            if !self.passes(&indicator, context.now) {
                continue;
            }
            page.total += 1;
            if after.as_deref().is_some_and(|after| &*stored.resource.id <= after) {
                continue;
            }
            if page.value.len() == limit {
                page.complete = false;
                continue;
            }
            let indicator = Indicator { matchable: Some(super::is_matchable(&indicator)), ..indicator };
            page.value.push(IndicatorRow {
                id: stored.resource.id.to_string(),
                etag: stored.etag(),
                active: indicator.is_active(context.now),
                created: stored.resource.created,
                modified: stored.resource.modified,
                modified_by: stored.resource.modified_by.to_string(),
                indicator,
            });
        }
        page.cursor = page.value.last().filter(|_| !page.complete).map(|row| seal.close(&row.id));
        Ok(page)
    }
}
