//! Bookmarks: what is kept of a row, about which entities, and in which incidents.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::incident::{Actor, Present, as_step, new_id};
use crate::graph::NodeId;
use crate::ingest::bookmark_entity;
use crate::model::{Bookmark, Entity, Evidence, Fault, FaultClass, Incident, Key, Keys, Kind, Object, Time};
use crate::query::{Context, reference};

/// Fields of a bookmark; what is left out of a change stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BookmarkFields {
    /// The version that the caller saw; refused with `etag_stale` if it is not the present one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// What it shows, Markdown.
    pub notes: Option<String>,
    /// Free labels.
    pub labels: Option<Vec<String>>,
    /// Text of the query that gave the row.
    pub query: Option<String>,
    /// The row, its cells by column.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    pub row: Option<Object>,
    /// Number of the document that the row was read from; `_Seq` of the row if it is left out.
    pub seq: Option<u64>,
    /// When what the row tells happened; its `TimeGenerated` if it is left out.
    #[schema(value_type = Option<String>)]
    pub event_time: Option<Time>,
    /// Begin of the time that the query looked at.
    #[schema(value_type = Option<String>)]
    pub query_start: Option<Time>,
    /// End of the time that the query looked at.
    #[schema(value_type = Option<String>)]
    pub query_end: Option<Time>,
    /// ATT&CK tactics.
    pub tactics: Option<Vec<String>>,
    /// ATT&CK techniques.
    pub techniques: Option<Vec<String>>,
    /// Ids or numbers of all incidents whose evidence it is.
    pub incidents: Option<Vec<String>>,
    /// All entities that the row is about, `KIND:VALUE`.
    pub entities: Option<Vec<String>>,
}

/// What is done with a bookmark.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BookmarkChange {
    /// Which one; a new one if none is named.
    pub id: Option<String>,
    /// The version that the caller saw; `*` for one that must be there, the empty text for one that must not.
    pub etag: Option<String>,
    /// Its fields from now on; none deletes it.
    pub fields: Option<BookmarkFields>,
    /// Whether what is left out is emptied instead of kept.
    pub replace: bool,
}

/// A planned change of a bookmark.
#[derive(Clone, Debug, PartialEq)]
pub struct BookmarkPlan {
    /// Its id.
    pub id: String,
    /// The bookmark from now on; none deletes it.
    pub value: Option<Value>,
    /// New versions of the incidents that hold it from now on or no longer.
    pub incidents: Vec<Incident>,
}

impl BookmarkChange {
    /// Plans the change from one fixed state of all views.
    pub fn plan(&self, context: &Context, actor: &Actor) -> Result<BookmarkPlan, Fault> {
        let id = self.id.clone().unwrap_or_else(new_id);
        let present = context.snapshot.resource(Bookmark::KIND, &id)?;
        let before: Option<Bookmark> = present.and_then(|stored| serde_json::from_value((*stored.resource.value).clone()).ok());
        let mut after = before.clone().filter(|_| !self.replace).unwrap_or_default();
        let held = before.map(|bookmark| bookmark.incidents).unwrap_or_default();
        if let Some(fields) = &self.fields {
            fields.apply(&mut after, context)?;
        } else {
            after.incidents.clear();
        }
        let entity = bookmark_entity(&id, &after);
        let mut incidents = Vec::new();
        let (held, holds) = (shown_by(context, &held), shown_by(context, &after.incidents));
        for gone in held.iter().filter(|incident| !holds.contains(incident)) {
            incidents.extend(self.hold(context, actor, gone, entity.as_ref(), false)?);
        }
        for new in holds.iter().filter(|incident| !held.contains(incident)) {
            incidents.extend(self.hold(context, actor, new, entity.as_ref(), true)?);
        }
        Ok(BookmarkPlan { id, value: self.fields.as_ref().map(|_| json!(after)), incidents: as_step(incidents) })
    }

    fn hold(&self, context: &Context, actor: &Actor, id: &str, entity: Option<&Entity>, held: bool) -> Result<Option<Incident>, Fault> {
        let Some(entity) = entity else { return Ok(None) };
        let present = match Present::of(context, id) {
            // An incident that is gone holds nothing.
            Err(_) if !held => return Ok(None),
            found => found?,
        };
        present.change(actor, "bookmark", context.now, |incident| {
            if held {
                hold(incident, entity)
            } else {
                let_go(incident, entity)
            }
            Ok(())
        })
    }
}

impl BookmarkFields {
    fn apply(&self, bookmark: &mut Bookmark, context: &Context) -> Result<(), Fault> {
        let set = |mine: &mut String, given: &Option<String>| {
            if let Some(given) = given {
                given.trim().clone_into(mine);
            }
        };
        set(&mut bookmark.name, &self.name);
        set(&mut bookmark.query, &self.query);
        if let Some(notes) = &self.notes {
            bookmark.notes = Some(notes.clone()).filter(|notes| !notes.trim().is_empty());
        }
        let lists =
            [(&mut bookmark.labels, &self.labels), (&mut bookmark.tactics, &self.tactics), (&mut bookmark.techniques, &self.techniques)];
        for (mine, given) in lists {
            if let Some(given) = given {
                mine.clone_from(given);
            }
        }
        if let Some(row) = &self.row {
            bookmark.row = row.clone();
            bookmark.seq = row.get("_Seq").and_then(Value::as_u64);
            bookmark.event_time =
                ["EventTime", "TimeGenerated", "Timestamp"].iter().find_map(|name| Time::parse(row.get(*name)?.as_str()?).ok());
        }
        bookmark.hash = fingerprint(&bookmark.row);
        let keep = |mine: &mut Option<Time>, given: Option<Time>| *mine = given.or(*mine);
        keep(&mut bookmark.event_time, self.event_time);
        keep(&mut bookmark.query_start, self.query_start);
        keep(&mut bookmark.query_end, self.query_end);
        bookmark.seq = self.seq.or(bookmark.seq);
        if let Some(incidents) = &self.incidents {
            let held = std::mem::take(&mut bookmark.incidents);
            for incident in incidents {
                // What the bookmark says itself are ids.
                let known = held.contains(incident).then(|| reference::of_id(incident));
                let id = Present::find(context, known.as_deref().unwrap_or(incident))?.incident.id;
                if !bookmark.incidents.contains(&id) {
                    bookmark.incidents.push(id);
                }
            }
        }
        if let Some(entities) = &self.entities {
            bookmark.entities = entities.iter().map(|text| marked(context, text)).collect::<Result<_, _>>()?;
        }
        if bookmark.name.is_empty() {
            return Err(Fault::new(FaultClass::Invalid, "field_invalid", "expected `name` of the bookmark, found none"));
        }
        Ok(())
    }
}

/// The incidents that show a bookmark: those whose evidence it is, and those that these were merged into, as far as they are there.
fn shown_by(context: &Context, incidents: &[String]) -> Vec<String> {
    let graph = &context.snapshot.graph;
    let mut found: Vec<String> = Vec::new();
    for id in incidents {
        let mut next = Some(id.clone());
        while let Some(id) = next.take().filter(|id| !found.contains(id)) {
            let node = graph.incident(&id).and_then(|node| graph.incident_node(node));
            let into = node.and_then(|incident| graph.incident_node(incident.redirect()?)).filter(|into| into.known() && !into.deleted());
            next = into.map(|into| into.id().to_owned());
            found.push(id);
        }
    }
    found
}

/// The bookmarks that are evidence of some incidents, as these name them among their entities.
pub(super) fn entities_of(context: &Context, incidents: impl IntoIterator<Item = NodeId>) -> Result<Vec<Entity>, Fault> {
    let snapshot = &context.snapshot;
    let mut found = Vec::new();
    for incident in incidents.into_iter().filter_map(|node| snapshot.graph.incident_node(node)) {
        for stored in snapshot.records.evidence(incident.id(), snapshot.seq)? {
            let bookmark: Option<Bookmark> = serde_json::from_value((*stored.resource.value).clone()).ok();
            found.extend(bookmark.and_then(|bookmark| bookmark_entity(&stored.resource.id, &bookmark)));
        }
    }
    Ok(found)
}

/// Whether an entity of an incident is a bookmark.
pub(super) fn is_bookmark(entity: &Entity) -> bool {
    entity.kind == Kind::met(Bookmark::KIND)
}

fn place(incident: &Incident, entity: &Entity) -> Option<usize> {
    incident.entities.iter().position(|known| known.entity.kind == entity.kind && known.entity.keys == entity.keys)
}

/// Puts an entity among those of an incident.
pub(super) fn hold(incident: &mut Incident, entity: &Entity) {
    if place(incident, entity).is_none() {
        incident.entities.push(Evidence { entity: entity.clone(), role: None, nested: false });
    }
}

/// Takes an entity, and what refers to it, from those of an incident.
pub(super) fn let_go(incident: &mut Incident, entity: &Entity) {
    let Some(place) = place(incident, entity) else { return };
    incident.entities.remove(place);
    let place = place as u32;
    incident.links.retain(|link| link.from != place && link.to != place);
    for link in &mut incident.links {
        link.from -= u32::from(link.from > place);
        link.to -= u32::from(link.to > place);
    }
}

/// An entity of the graph as a bookmark names it.
fn marked(context: &Context, text: &str) -> Result<Entity, Fault> {
    let graph = &context.snapshot.graph;
    let node: NodeId = reference::entity(graph, text)?;
    let entity = graph.entity_node(node).expect("the reference names an entity");
    // One key only: a bookmark must not hold keys together that a later decision parts.
    let key = vec![Key::from_text(entity.key())];
    let strong = entity.keys().into_iter().any(|(known, strong)| strong && known == entity.key());
    let keys = if strong { Keys { strong: key, weak: Vec::new() } } else { Keys { strong: Vec::new(), weak: key } };
    Ok(Entity::new(Kind::met(entity.kind()), keys, entity.label().to_owned(), Object::new()))
}

/// Fingerprint of a row.
fn fingerprint(row: &Object) -> String {
    let text = serde_json::to_string(row).expect("a row is JSON");
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}
