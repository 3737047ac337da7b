//! Bookmarks: which there are, of which incident, about what.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::answer::Page;
use super::cursor::{Newest, Seal};
use super::{Context, Question, reference};
use crate::model::{Bookmark, Fault, FaultClass, Object, Seq, Stored, Time};

/// Bookmarks of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Bookmarks of a page at the most.
const LIMIT_MAX: u32 = 1_000;

/// Which bookmarks; the latest first.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookmarkFilter {
    /// Evidence of this incident, by number or id, and of those that were merged into it.
    pub incident: Option<String>,
    /// About this entity, `KIND:VALUE`.
    pub entity: Option<String>,
    /// With this label.
    pub label: Option<String>,
    /// With these words in name, notes, query or row.
    pub text: Option<String>,
    /// Bookmarks of the page.
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// Which bookmark.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct BookmarkRequest {
    /// Id.
    pub id: String,
}

/// A row that was kept as evidence, with the question that found it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BookmarkDetail {
    /// Identifies it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it shows, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Free labels.
    pub labels: Vec<String>,
    /// Text of the query that gave the row.
    pub query: String,
    /// The row, its cells by column.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub row: Object,
    /// Fingerprint of the row's content: BLAKE3, first 16 bytes, of its JSON text.
    pub hash: String,
    /// The document that the row was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When what the row tells happened.
    #[schema(value_type = Option<String>)]
    pub event_time: Option<Time>,
    /// Begin of the time that the query looked at.
    #[schema(value_type = Option<String>)]
    pub query_start: Option<Time>,
    /// End of the time that the query looked at.
    #[schema(value_type = Option<String>)]
    pub query_end: Option<Time>,
    /// ATT&CK tactics.
    pub tactics: Vec<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Ids of the incidents whose evidence it is.
    pub incidents: Vec<String>,
    /// The entities that the row is about, `KIND:VALUE`.
    pub entities: Vec<String>,
    /// When it was kept.
    #[schema(value_type = String)]
    pub created: Time,
    /// Who kept it.
    pub created_by: String,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub modified: Time,
    /// Who changed it last.
    pub modified_by: String,
    /// Name of the present version, for changes that must not overwrite a newer one.
    pub etag: String,
}

/// A page of bookmarks.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BookmarkPage {
    /// The page.
    #[serde(flatten)]
    pub page: Page<BookmarkDetail>,
}

/// A bookmark as an answer shows it.
pub fn detail(stored: &Stored) -> Option<BookmarkDetail> {
    let resource = &stored.resource;
    let bookmark: Bookmark = serde_json::from_value((*resource.value).clone()).ok()?;
    Some(BookmarkDetail {
        id: resource.id.to_string(),
        name: bookmark.name,
        notes: bookmark.notes,
        labels: bookmark.labels,
        query: bookmark.query,
        row: bookmark.row,
        hash: bookmark.hash,
        seq: bookmark.seq,
        event_time: bookmark.event_time,
        query_start: bookmark.query_start,
        query_end: bookmark.query_end,
        tactics: bookmark.tactics,
        techniques: bookmark.techniques,
        incidents: bookmark.incidents,
        entities: bookmark.entities.iter().map(|entity| format!("{}:{}", entity.kind, entity.label)).collect(),
        created: resource.created,
        created_by: resource.created_by.to_string(),
        modified: resource.modified,
        modified_by: resource.modified_by.to_string(),
        etag: stored.etag(),
    })
}

/// Bookmarks as answers show them, the latest first.
fn latest_first(stored: &[Stored]) -> Vec<BookmarkDetail> {
    let mut found: Vec<BookmarkDetail> = stored.iter().filter_map(detail).collect();
    found.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    found
}

/// The bookmarks of an incident as they stood at a document, the latest first.
pub(super) fn of_incident(context: &Context, until: Seq, id: &str) -> Result<Vec<BookmarkDetail>, Fault> {
    Ok(latest_first(&evidence(context, until, id)?))
}

/// The bookmarks that are evidence of an incident, or of one that was merged into it, as they stood at a document, in the order of their ids.
pub fn evidence(context: &Context, until: Seq, id: &str) -> Result<Vec<Stored>, Fault> {
    let (graph, records) = (&context.snapshot.graph, &context.snapshot.records);
    let mut found = records.evidence(id, until)?;
    let then = Some(until).filter(|until| *until < context.snapshot.seq);
    let merged = graph.incident(id).map(|node| graph.merged_into(node, then)).unwrap_or_default();
    for incident in merged.into_iter().filter_map(|node| graph.incident_node(node)) {
        found.extend(records.evidence(incident.id(), until)?);
    }
    found.sort_by(|a, b| a.resource.id.cmp(&b.resource.id));
    found.dedup_by(|a, b| a.resource.id == b.resource.id);
    Ok(found)
}

impl Question for BookmarkFilter {
    type Answer = BookmarkPage;
    const NAME: &'static str = "bookmarks";

    fn answer(self, context: &Context) -> Result<BookmarkPage, Fault> {
        let graph = &context.snapshot.graph;
        let limit = reference::limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let incident = match &self.incident {
            Some(text) => graph.incident_node(reference::incident(graph, text)?).map(|incident| incident.id().to_owned()),
            None => None,
        };
        let entity = self.entity.as_deref().map(|text| reference::entity(graph, text)).transpose()?;
        let text = self.text.as_deref().map(str::to_lowercase);
        let passes = |bookmark: &BookmarkDetail| {
            entity.is_none_or(|node| bookmark.entities.iter().any(|text| reference::entity(graph, text).is_ok_and(|found| found == node)))
                && self.label.as_ref().is_none_or(|label| bookmark.labels.iter().any(|known| known.eq_ignore_ascii_case(label)))
                && text.as_ref().is_none_or(|text| {
                    let texts = [&bookmark.name, bookmark.notes.as_ref().unwrap_or(&bookmark.query), &bookmark.query];
                    texts.iter().any(|mine| mine.to_lowercase().contains(text))
                        || json!(bookmark.row).to_string().to_lowercase().contains(text)
                })
        };
        let stored = match &incident {
            Some(id) => evidence(context, context.snapshot.seq, id)?,
            None => context.snapshot.resources(Bookmark::KIND)?,
        };
        let mut found = latest_first(&stored);
        found.retain(passes);
        let total = found.len() as u64;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = seal.place(self.cursor.as_deref(), Newest::read)?;
        let begin = after.map_or(0, |after| found.partition_point(|bookmark| Newest::of(Some(bookmark.created), &bookmark.id) <= after));
        let complete = found.len() - begin <= limit;
        let value: Vec<BookmarkDetail> = found.into_iter().skip(begin).take(limit).collect();
        let cursor =
            value.last().filter(|_| !complete).map(|bookmark| seal.close(&Newest::of(Some(bookmark.created), &bookmark.id).write()));
        Ok(BookmarkPage { page: Page { value, total, complete, cursor } })
    }
}

impl Question for BookmarkRequest {
    type Answer = BookmarkDetail;
    const NAME: &'static str = "bookmark";

    fn answer(self, context: &Context) -> Result<BookmarkDetail, Fault> {
        let stored = context.snapshot.resource(Bookmark::KIND, &self.id)?;
        stored.as_ref().and_then(detail).ok_or_else(|| {
            Fault::new(FaultClass::NotFound, "bookmark_unknown", format!("there is no bookmark `{}`", self.id))
                .with_hint("`clew bookmarks` lists them")
        })
    }
}
