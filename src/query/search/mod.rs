//! Search: incidents, alerts and entities by words, filters and facets.
//!
//! `parse` reads the search text, `bind` types it, the full-text view answers. What the view cannot know, which incidents
//! contain the alerts that name an entity, comes from the caller through `Membership`; `among` and `arranged` ask the entity graph
//! for what only it knows of alerts and incidents that fit.

mod among;
mod arranged;
mod bind;
mod error;
mod fields;
mod order;
mod parse;
mod question;
mod tree;
mod values;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fulltext::{DocKind, Facet, FacetCount, Field, Found, Highlighter, Place, Query, Search, Searcher, Sort, status_name};
use crate::model::{Classification, Fault, FaultClass, Keys, Kind, Severity, Time};

pub use error::SearchError;
pub use fields::{Name, help};
pub use order::Order;
pub use parse::{DEPTH_MAX, TERMS_MAX, TEXT_BYTES_MAX, parse};
pub use tree::{Comparison, Expr, Term, Test};

use super::cursor::Seal;
use super::lists::AlertGroup;
use bind::{ALL_KINDS, Binder, names_kind};

/// Most hits of one page.
pub const LIMIT_MAX: usize = 1000;

/// Most alerts that an `entity:` term of an incident search looks through; more make the answer incomplete.
pub const ENTITY_ALERTS_MAX: usize = 20_000;

/// Fields of terms that name none, unless the request says others: those of Sentinel's search box.
pub const DEFAULT_FIELDS: [Field; 6] = [Field::Id, Field::Number, Field::Title, Field::Tag, Field::Owner, Field::Product];

/// Fields with words that a search box leaves out; a search that finds nothing says whether they would help.
const WIDER_FIELDS: [Field; 4] = [Field::Description, Field::Entity, Field::Comment, Field::Type];

/// Knows which incidents contain an alert, and what these have of it.
pub trait Membership {
    /// Returns the ids of all incidents that contain any of the alerts.
    fn incidents_of(&self, alerts: &[String]) -> Vec<String>;

    /// Returns the tactics that an incident has of its alerts alone, each once.
    fn tactics_inherited(&self, incident: &str) -> Vec<String>;
}

/// No incident contains any alert.
impl Membership for () {
    fn incidents_of(&self, _: &[String]) -> Vec<String> {
        Vec::new()
    }

    fn tactics_inherited(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// What to search for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SearchRequest {
    /// Search text: words, `"phrases"`, `begin*`, `slip~`, `field:value`, ranges, `AND`, `OR`, `NOT`, `-`, brackets.
    pub text: String,
    /// Kinds of documents; incidents if absent, all if the text has a `kind:` term.
    pub kinds: Vec<DocKind>,
    /// Fields of terms that name none: `id`, `title`, `tag`, `owner`, `product` if absent.
    pub fields: Vec<String>,
    /// Order; if absent by relevance for words, else by time of change, newest first; of groups by first activity.
    pub sort: Option<Order>,
    /// Least first; relevance knows only best first.
    pub ascending: bool,
    /// Id or number of the incident that contains the alerts; `none` for alerts outside any.
    pub incident: Option<String>,
    /// Shows repeats of an alert as one hit, the newest of them: by `title` (title and resource), `entity` or `rule` (product and type).
    pub group: Option<String>,
    /// Only the alerts of this group, one by one; with `group`.
    pub group_key: Option<String>,
    /// Most hits of the answer.
    pub limit: usize,
    /// Where the page begins: the `cursor` of the page before.
    pub cursor: Option<String>,
    /// Hit of the whole answer that the page begins with, from 0; not together with `cursor`.
    pub offset: Option<u32>,
    /// Properties whose values are counted over all hits.
    pub facets: Vec<Facet>,
    /// Whether to show where the words stand.
    pub highlight: bool,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            text: String::new(),
            kinds: Vec::new(),
            fields: Vec::new(),
            sort: None,
            ascending: false,
            incident: None,
            group: None,
            group_key: None,
            limit: 20,
            cursor: None,
            offset: None,
            facets: Vec::new(),
            highlight: true,
        }
    }
}

impl SearchRequest {
    /// A search by text, in documents of one kind (`incident`, `alert`, `entity`) if one is named.
    pub fn of(text: &str, kind: Option<&str>, limit: u32) -> Result<Self, Fault> {
        let unknown = |kind: &str| SearchError::BadKind(kind.to_owned());
        let kinds = kind.map(|kind| values::kind(kind).ok_or_else(|| unknown(kind))).transpose()?;
        Ok(Self { text: text.to_owned(), kinds: Vec::from_iter(kinds), limit: limit as usize, ..Self::default() })
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// The hits in order.
    pub hits: Vec<Hit>,
    /// How many documents fit in all, or how many groups they make.
    pub total: u64,
    /// Counts of values over all documents that fit.
    pub facets: Vec<FacetAnswer>,
    /// Whether nothing is left behind this page and no limit cut the search.
    pub complete: bool,
    /// Name of the limit that cut the answer (`limit`, `entity_alerts_max`, `entity_titles_max`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<&'static str>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The last document of the journal whose words were searched.
    pub position: u64,
    /// The search as it was understood.
    pub understood: String,
    /// Fields in which words without a field were looked for.
    pub fields: Vec<&'static str>,
    /// Where the same search finds something, if it found nothing where it looked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
}

/// A place where a search that found nothing would have found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Elsewhere {
    /// The kind of documents to ask for.
    pub kind: DocKind,
    /// The fields to ask for; empty where the fields of this search do.
    pub fields: Vec<&'static str>,
    /// How many documents fit there.
    pub total: u64,
}

/// Counts of the values of one property.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FacetAnswer {
    /// The property.
    pub facet: Facet,
    /// Values by falling count.
    pub values: Vec<FacetCount>,
    /// Whether these are all values.
    pub complete: bool,
}

/// A document that fits.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: DocKind,
    /// Id of the incident or alert; of an entity its reference, `KIND:VALUE`.
    pub id: String,
    /// Number of the incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Title; label of an entity.
    pub title: String,
    /// Severity of an incident or alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub severity: Option<Severity>,
    /// Status of an incident or alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// Why the incident was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub classification: Option<Classification>,
    /// Name of the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// Tactics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tactics: Vec<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub created: Option<Time>,
    /// When the newest version was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub modified: Option<Time>,
    /// First activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub first_activity: Option<Time>,
    /// Last activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub last_activity: Option<Time>,
    /// How many alerts the incident contains, those counted that are referenced but not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<u64>,
    /// Incidents that contain the alert.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<String>,
    /// How many entities the alert names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entities: Option<u64>,
    /// The group that the hit stands for, if repeats are one hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<AlertGroup>,
    /// Kind of an entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub entity_kind: Option<Kind>,
    /// Identifiers of an entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub keys: Option<Keys>,
    /// How well the words fit; 0 unless sorted by relevance.
    pub score: f32,
    /// Where the words stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<Highlight>,
    /// Number of the document in the journal that says so.
    pub seq: u64,
}

/// Text of a hit with the words that were looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// Name of the field.
    pub field: &'static str,
    /// The text, or a part of a long one.
    pub snippet: String,
    /// Begin and end of each place in `snippet`, counted in Unicode characters.
    pub ranges: Vec<[usize; 2]>,
}

/// Answers a search from one fixed set of documents; `now` is the instant of `7d` and `today`, `directory` stands for where the documents are.
///
/// What only the entity graph knows (titles in order, the alerts of an incident, groups) is asked of the [`Question`](super::Question).
pub fn search(
    request: &SearchRequest,
    searcher: &Searcher,
    membership: &dyn Membership,
    now: Time,
    directory: u32,
) -> Result<SearchAnswer, Fault> {
    Asked::read(request, now, directory)?.of_index(searcher, membership, None)
}

/// A request that was read, and its text bound.
struct Asked<'a> {
    request: &'a SearchRequest,
    now: Time,
    expr: Expr,
    defaults: Vec<Field>,
    /// The question without the incidents that it finds by their alerts.
    query: Query,
    kinds: Vec<DocKind>,
    order: Order,
    seal: Seal,
}

/// A question as the index is asked it.
struct Expanded {
    query: Query,
    /// Whether no limit cut what was put into it.
    complete: bool,
}

impl<'a> Asked<'a> {
    fn read(request: &'a SearchRequest, now: Time, directory: u32) -> Result<Self, Fault> {
        if request.limit > LIMIT_MAX {
            return Err(SearchError::BadLimit { max: LIMIT_MAX, found: request.limit }.into());
        }
        let expr = parse(&request.text)?;
        let defaults = default_fields(&request.fields)?;
        let query = Binder { defaults: &defaults, now }.bind(&expr)?;
        let kinds: Vec<DocKind> = match request.kinds.as_slice() {
            [] if among::asks_alerts(request) => vec![DocKind::Alert],
            [] if names_kind(&expr) => ALL_KINDS.to_vec(),
            [] => vec![DocKind::Incident],
            kinds => kinds.to_vec(),
        };
        let order = request.sort.unwrap_or(match () {
            () if arranged::groups(request) => Order::First,
            () if query.has_scores() => Order::Relevance,
            () => Order::Modified,
        });
        let within = (&request.incident, &request.group, &request.group_key);
        let seal = Seal::new(directory, "search", &(&request.text, &request.kinds, &request.fields, order, request.ascending, within));
        Ok(Self { request, now, expr, defaults, query, kinds, order, seal })
    }

    /// The question with the incidents that it finds by their alerts, kept to `among`.
    fn expand(&self, searcher: &Searcher, membership: &dyn Membership, among: Option<&Query>) -> Result<Expanded, Fault> {
        let mut entities = OfAlerts { searcher, membership, complete: true };
        let query = if self.kinds.contains(&DocKind::Incident) { entities.expand(&self.query)? } else { self.query.clone() };
        Ok(Expanded { query: kept(query, among), complete: entities.complete })
    }

    /// The answer in an order that the index has.
    fn of_index(&self, searcher: &Searcher, membership: &dyn Membership, among: Option<&Query>) -> Result<SearchAnswer, Fault> {
        let request = self.request;
        let sort = self.order.of_index().ok_or(SearchError::WrongOrder { order: self.order, expected: order::OF_INDEX })?;
        let after = self.seal.place(request.cursor.as_deref(), place)?;
        let skip = match (&request.cursor, request.offset) {
            (Some(_), Some(_)) => return Err(both_places()),
            (_, offset) => offset.unwrap_or(0) as usize,
        };
        let asked = self.expand(searcher, membership, among)?;
        let wanted = Search {
            query: &asked.query,
            kinds: &self.kinds,
            sort,
            ascending: request.ascending,
            skip,
            limit: request.limit,
            after,
            facets: &request.facets,
        };
        let results = searcher.search(&wanted)?;
        let elsewhere =
            if results.total == 0 && request.cursor.is_none() { elsewhere(self, searcher, membership, among)? } else { Vec::new() };
        let cursor = results.hits.last().filter(|_| results.more).map(|hit| self.seal.close(&written(hit.place)));
        let cut = if !asked.complete { Some("entity_alerts_max") } else { results.more.then_some("limit") };
        let facets = self.inherited(results.facets, searcher, membership, &asked.query)?;
        let mut highlighter = self.highlighter();
        Ok(SearchAnswer {
            hits: results.hits.into_iter().map(|found| hit(found, highlighter.as_mut())).collect(),
            total: results.total,
            facets: counted(facets),
            complete: cut.is_none(),
            cut,
            cursor,
            position: searcher.position().0,
            understood: self.expr.to_string(),
            fields: names(&self.defaults),
            elsewhere,
        })
    }

    /// Counts of the index, with the tactics that incidents have of their alerts.
    fn inherited(
        &self,
        mut facets: Vec<(Facet, Vec<FacetCount>)>,
        searcher: &Searcher,
        membership: &dyn Membership,
        query: &Query,
    ) -> Result<Vec<(Facet, Vec<FacetCount>)>, Fault> {
        let counts = facets.iter_mut().find(|(facet, _)| *facet == Facet::Tactic).map(|(_, counts)| counts);
        let Some(counts) = counts.filter(|_| self.kinds.contains(&DocKind::Incident)) else { return Ok(facets) };
        for incident in searcher.ids(query, DocKind::Incident, usize::MAX)?.ids {
            for tactic in membership.tactics_inherited(&incident) {
                match counts.iter_mut().find(|known| known.value == tactic) {
                    Some(known) => known.count += 1,
                    None => counts.push(FacetCount { value: tactic, count: 1 }),
                }
            }
        }
        counts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        Ok(facets)
    }

    fn highlighter(&self) -> Option<Highlighter> {
        self.request.highlight.then(|| Highlighter::new(&self.query))
    }
}

/// A question about some of the documents only.
fn kept(query: Query, among: Option<&Query>) -> Query {
    match among {
        Some(among) => Query::And(vec![query, among.clone()]),
        None => query,
    }
}

/// The error of a request that says twice where its page begins.
fn both_places() -> Fault {
    Fault::new(FaultClass::Invalid, "cursor_invalid", "expected `cursor` or `offset`, found both")
        .with_hint("`offset` jumps, `cursor` goes on")
}

/// Counts of values, each list as long as an answer shows it.
fn counted(facets: Vec<(Facet, Vec<FacetCount>)>) -> Vec<FacetAnswer> {
    let facets = facets.into_iter().map(|(facet, mut values)| {
        let complete = values.len() <= crate::fulltext::FACET_VALUES_MAX;
        values.truncate(crate::fulltext::FACET_VALUES_MAX);
        FacetAnswer { facet, values, complete }
    });
    facets.collect()
}

/// Names of fields as a search text writes them; a number is an id to whoever searches.
fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().filter(|field| **field != Field::Number).map(|field| Name::Field(*field).as_str()).collect()
}

/// Asks the same of the other kinds of documents, and of further fields unless the request names its own; kept to `among`, of alerts alone.
fn elsewhere(asked: &Asked<'_>, searcher: &Searcher, membership: &dyn Membership, among: Option<&Query>) -> Result<Vec<Elsewhere>, Fault> {
    let wide: Vec<Field> = asked.defaults.iter().chain(&WIDER_FIELDS).copied().collect();
    let mut of_alerts = OfAlerts { searcher, membership, complete: true };
    let mut found = Vec::new();
    for kind in ALL_KINDS.into_iter().filter(|kind| among.is_none() || *kind == DocKind::Alert) {
        let narrow = (!asked.kinds.contains(&kind)).then_some((asked.defaults.as_slice(), Vec::new()));
        let further = asked.request.fields.is_empty().then(|| (wide.as_slice(), names(&wide)));
        for (fields, named) in narrow.into_iter().chain(further) {
            let query = Binder { defaults: fields, now: asked.now }.bind(&asked.expr)?;
            let query = if kind == DocKind::Incident { of_alerts.expand(&query)? } else { query };
            let total = searcher.search(&counting(&kept(query, among), &[kind], &[]))?.total;
            if total > 0 {
                found.push(Elsewhere { kind, fields: named, total });
                break;
            }
        }
    }
    Ok(found)
}

/// Counts what fits, and shows nothing of it.
fn counting<'a>(query: &'a Query, kinds: &'a [DocKind], facets: &'a [Facet]) -> Search<'a> {
    Search { query, kinds, sort: Sort::Modified, ascending: false, skip: 0, limit: 0, after: None, facets }
}

/// Returns values of a field (`owner`, `tag`, `product`, `title`) with a word that begins with `prefix`, for typing ahead.
pub fn complete(prefix: &str, field: &str, searcher: &Searcher, limit: usize) -> Result<Vec<FacetCount>, Fault> {
    if limit > LIMIT_MAX {
        return Err(SearchError::BadLimit { max: LIMIT_MAX, found: limit }.into());
    }
    if prefix.len() > TEXT_BYTES_MAX {
        return Err(SearchError::TooLong(prefix.len()).into());
    }
    match Name::parse(field) {
        Some(Name::Field(field @ (Field::Owner | Field::Tag | Field::Product | Field::Title))) => {
            Ok(searcher.complete(prefix, field, &[DocKind::Incident, DocKind::Alert], limit)?)
        }
        _ => Err(SearchError::BadDefault(field.to_owned()).into()),
    }
}

/// Lets terms of what incidents inherit (`entity:`, `tactic:`, `technique:`) find those whose alerts have it.
struct OfAlerts<'a> {
    searcher: &'a Searcher,
    membership: &'a dyn Membership,
    complete: bool,
}

/// The fields of which incidents inherit their alerts' values, with the number of alerts that a term looks at at the most.
const INHERITED: [(Field, usize); 3] = [(Field::Entity, ENTITY_ALERTS_MAX), (Field::Tactic, usize::MAX), (Field::Technique, usize::MAX)];

impl OfAlerts<'_> {
    fn expand(&mut self, query: &Query) -> Result<Query, Fault> {
        let inherited = |fields: &[Field]| INHERITED.into_iter().filter(|(field, _)| fields.contains(field)).collect::<Vec<_>>();
        Ok(match query {
            Query::Text { fields, text, how } => {
                let mut any = vec![query.clone()];
                for (field, most) in inherited(fields) {
                    let of_alert = Query::Text { fields: vec![field], text: text.clone(), how: *how };
                    any.extend(self.holders(&of_alert, most)?);
                }
                if any.len() > 1 { Query::Or(any) } else { query.clone() }
            }
            Query::Has(field @ (Field::Tactic | Field::Technique)) => {
                let holders = self.holders(&Query::Has(*field), usize::MAX)?;
                Query::Or(std::iter::once(query.clone()).chain(holders).collect())
            }
            Query::And(all) => Query::And(all.iter().map(|query| self.expand(query)).collect::<Result<_, _>>()?),
            Query::Or(all) => Query::Or(all.iter().map(|query| self.expand(query)).collect::<Result<_, _>>()?),
            Query::Not(inner) => Query::Not(Box::new(self.expand(inner)?)),
            other => other.clone(),
        })
    }

    /// The incidents that contain an alert which fits.
    fn holders(&mut self, of_alert: &Query, most: usize) -> Result<Option<Query>, Fault> {
        let alerts = self.searcher.ids(of_alert, DocKind::Alert, most)?;
        self.complete &= alerts.complete;
        let incidents = if alerts.ids.is_empty() { Vec::new() } else { self.membership.incidents_of(&alerts.ids) };
        Ok((!incidents.is_empty()).then_some(Query::Ids(DocKind::Incident, incidents)))
    }
}

fn default_fields(names: &[String]) -> Result<Vec<Field>, SearchError> {
    if names.is_empty() {
        return Ok(DEFAULT_FIELDS.to_vec());
    }
    let mut all = Vec::with_capacity(names.len() + 1);
    for name in names {
        match Name::parse(name) {
            Some(Name::Field(Field::Id | Field::Number)) => all.extend([Field::Id, Field::Number]),
            Some(name @ Name::Field(field)) if matches!(name.row().values, fields::Values::Text | fields::Values::Exact) => all.push(field),
            _ => return Err(SearchError::BadDefault(name.clone())),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn hit(found: Found, highlighter: Option<&mut Highlighter>) -> Hit {
    let entry = &found.entry;
    let snippets = highlighter.map(|highlighter| highlighter.snippets(entry)).unwrap_or_default();
    let highlights = snippets.into_iter().map(|snippet| Highlight {
        field: Name::Field(snippet.field).as_str(),
        snippet: snippet.text,
        ranges: snippet.ranges.into_iter().map(|(start, end)| [start, end]).collect(),
    });
    let highlights = highlights.collect();
    let is_entity = entry.kind == DocKind::Entity;
    let owner = entry.owner_shown().map(str::to_owned);
    let entry = found.entry;
    Hit {
        kind: entry.kind,
        id: entry.id,
        number: entry.number,
        title: entry.title,
        severity: entry.severity,
        status: entry.status.map(status_name),
        classification: entry.classification,
        owner,
        tags: entry.tags,
        products: entry.products,
        tactics: entry.tactics.into_iter().map(String::from).collect(),
        created: entry.created.map(|time| time.time()),
        modified: entry.modified.map(|time| time.time()),
        first_activity: entry.first.map(|time| time.time()),
        last_activity: entry.last.map(|time| time.time()),
        alerts: None,
        incidents: Vec::new(),
        entities: None,
        group: None,
        entity_kind: entry.entity_kind,
        keys: is_entity.then_some(entry.keys),
        score: found.score,
        highlights,
        seq: entry.seq,
    }
}

fn written(place: Place) -> String {
    format!("{:x}.{:x}.{:x}", place.rank, place.seq, place.key)
}

fn place(text: &str) -> Option<Place> {
    let mut numbers = text.split('.').map(|number| u64::from_str_radix(number, 16).ok());
    let place = Place { rank: numbers.next()??, seq: numbers.next()??, key: numbers.next()?? };
    numbers.next().is_none().then_some(place)
}

#[cfg(test)]
mod tests;
