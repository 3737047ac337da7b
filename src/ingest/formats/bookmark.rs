//! A bookmark's row of the table `HuntingBookmark`, and the edges to what it marks.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::ingest::identify::EntityList;
use crate::model::{Bookmark, Entity, Event, Link, Object, Relation, Resource};

/// A bookmark as a node of the graph.
pub fn bookmark_entity(id: &str, bookmark: &Bookmark) -> Option<Entity> {
    let mut list = EntityList::new();
    let properties = [("BookmarkId", id), ("Name", &bookmark.name)].map(|(name, text)| (name.to_owned(), Value::from(text)));
    list.add(Bookmark::KIND, Object::from_iter(properties));
    list.finish().0.into_iter().next().map(|evidence| evidence.entity)
}

/// One version of a bookmark as an event; none if the resource is no bookmark.
pub(super) fn event(resource: &Resource) -> Option<Event> {
    if &*resource.kind != Bookmark::KIND {
        return None;
    }
    let bookmark: Bookmark = if resource.deleted { Bookmark::default() } else { serde_json::from_value((*resource.value).clone()).ok()? };
    let entities = json!(bookmark.entities.iter().map(|entity| format!("{}:{}", entity.kind, entity.label)).collect::<Vec<_>>());
    let row = Value::Object(bookmark.row.clone());
    let texts = [
        ("BookmarkId", Value::from(&*resource.id)),
        ("BookmarkName", bookmark.name.clone().into()),
        ("BookmarkType", "User".into()),
        ("CreatedBy", Value::from(&*resource.created_by)),
        ("CreatedTime", json!(resource.created)),
        ("UpdatedBy", Value::from(&*resource.modified_by)),
        ("LastUpdatedTime", json!(resource.modified)),
        ("TimeGenerated", json!(resource.modified)),
        ("EventTime", json!(bookmark.event_time)),
        ("QueryStartTime", json!(bookmark.query_start)),
        ("QueryEndTime", json!(bookmark.query_end)),
        ("Notes", json!(bookmark.notes)),
        ("Tags", json!(bookmark.labels).to_string().into()),
        ("Entities", entities.to_string().into()),
        ("QueryText", bookmark.query.clone().into()),
        ("QueryResultRow", row.to_string().into()),
        ("SoftDeleted", resource.deleted.into()),
    ];
    let columns = texts.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.into(), value)).collect();
    let (mut nodes, mut links) = (Vec::new(), Vec::new());
    if !resource.deleted {
        nodes.push(Arc::new(bookmark_entity(&resource.id, &bookmark)?));
        nodes.extend(bookmark.entities.into_iter().map(Arc::new));
        links.extend((1..nodes.len() as u32).map(|to| Link { from: 0, relation: Relation::known("marks"), to, rule: "bookmark".into() }));
    }
    Some(Event { table: "HuntingBookmark".into(), time: bookmark.event_time.or(Some(resource.modified)), columns, entities: nodes, links })
}
