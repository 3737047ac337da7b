//! Entities: list, get, expand, timeline and insights.

use serde_json::{Value, json};

use super::desk::Desk;
use super::entity::{self, Subject};
use super::kinds::{entity_type, rest_kind};
use super::{alert, bookmarks, expand, list, timeline};
use crate::graph::{EntityRef, NodeId};
use crate::http::dialects::{Call, Members, Reply, Route, answers, arm};
use crate::model::{Fault, Time};
use crate::query::explore::{self, Body, ExploreRequest, GraphBody};
use crate::query::names::entity_name;
use crate::query::odata::{Cell, Record, Schema};
use crate::query::{Context, Question};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/entities", "sentinel.entities.list", 2, list),
    answers("GET", "WS/entities/{id}", "sentinel.entities.get", 1, get),
    answers("POST", "WS/entities/{id}/expand", "sentinel.entities.expand", 1, expand_one),
    answers("POST", "WS/entities/{id}/getTimeline", "sentinel.entities.timeline", 1, timeline_of),
    answers("POST", "WS/entities/{id}/getInsights", "sentinel.entities.insights", 2, insights),
];

/// What filters and orders of the list of entities may name.
const SCHEMA: Schema =
    Schema { properties: &["name", "kind", "properties/friendlyname"], prefix: "properties", ranks: &[], costly: &["name"] };

struct Row<'a> {
    entity: EntityRef<'a>,
    name: String,
}

impl Record for Row<'_> {
    fn get(&self, path: &str) -> Cell<'_> {
        match path {
            "kind" => Cell::text(rest_kind(self.entity.kind())),
            "name" => Cell::text(&self.name),
            _ => Cell::text(self.entity.label()),
        }
    }

    fn tie(&self) -> (i64, &str) {
        (0, &self.name)
    }
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let graph = desk.graph();
    let rows = graph.all_entities().filter_map(|node| graph.entity_node(node)).map(|entity| Row { name: entity_name(&entity), entity });
    let (rows, next) = list::Asked::read(call)?.page(call, &SCHEMA, "name", rows, context.now)?;
    let mut value = Vec::new();
    for row in &rows {
        let node = row.entity.node();
        value.extend(match entity::marked(&desk, node)? {
            Some(stored) => Some(bookmarks::as_entity(&desk, &stored)),
            None => entity::brief(&desk, node),
        });
    }
    Ok(Reply::ok(arm::list(value, next)))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    Ok(Reply::ok(match entity::find(&desk, call.parameter("id"))? {
        Subject::Entity(node) => entity::resource(&desk, node)?,
        Subject::Alert(node) => alert::resource(&desk, node)?,
        Subject::Bookmark(stored) => bookmarks::as_entity(&desk, &stored),
    }))
}

fn expand_one(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let subject = entity::find(&desk, call.parameter("id"))?;
    expand::expand(&desk, &subject, &call.json()?)
}

fn timeline_of(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let subject = entity::find(&desk, call.parameter("id"))?;
    timeline::answer(&desk, &subject, &call.json()?)
}

/// Results of the exploration queries that fit an entity, each as a table of texts.
fn insights(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let members = Members::of(&call.json()?);
    let window = expand::window(&members)?;
    let wanted = members.texts("insightQueryIds");
    let Subject::Entity(node) = entity::find(&desk, call.parameter("id"))? else {
        return Ok(Reply::ok(json!({"metaData": {"totalCount": 0, "errors": []}, "value": []})));
    };
    let kind = desk.graph().entity_node(node).map_or("", |entity| entity.kind());
    let (mut value, mut errors) = (Vec::new(), Vec::new());
    for exploration in explore::all().iter().filter(|exploration| exploration.input == "any" || exploration.input == kind) {
        let id = super::queries::id_of(exploration);
        let asked = if wanted.is_empty() {
            exploration.body != Body::Graph(GraphBody::Relations)
        } else {
            wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&id))
        };
        if !asked {
            continue;
        }
        match insight(&desk, node, exploration, &window) {
            Ok(answer) => value.push(answer),
            Err(fault) => errors.push(json!({"kind": "Insight", "queryId": id, "errorMessage": fault.message})),
        }
    }
    Ok(Reply::ok(json!({"metaData": {"totalCount": value.len(), "errors": errors}, "value": value})))
}

fn insight(desk: &Desk<'_>, node: NodeId, exploration: &explore::Exploration, window: &crate::model::Window) -> Result<Value, Fault> {
    let show = |time: Option<Time>| time.map(|time| time.to_string());
    let request = ExploreRequest {
        entity: expand::reference_of(desk, node),
        query: exploration.name.clone(),
        from: show(window.from),
        to: show(window.to),
        ..ExploreRequest::default()
    };
    let answer = request.answer(desk.context)?;
    let columns: Vec<Value> = answer.table.columns.iter().map(|column| json!({"name": column.name, "type": column.type_name})).collect();
    let text = |cell: &Value| match cell {
        Value::Null => Value::from(""),
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    };
    let rows: Vec<Value> = answer.table.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let interval = json!({"startTime": answer.from, "endTime": answer.to});
    Ok(json!({
        "queryId": super::queries::id_of(exploration), "queryTimeInterval": interval,
        "tableQueryResults": {"columns": columns, "rows": rows}, "chartQueryResults": [],
        "inputEntityType": entity_type(rest_kind(desk.graph().entity_node(node).map_or("", |entity| entity.kind()))),
    }))
}
