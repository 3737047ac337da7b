//! `security/incidents`.

use serde_json::{Map, Value, json};

use super::list::{self, Items, Row};
use super::{alerts, words};
use crate::engine::Engine;
use crate::http::dialects::arm::{time, when};
use crate::http::dialects::{Call, Members, Reply, search};
use crate::http::seen::unmet;
use crate::model::{Fault, FaultClass, Incident, Owner};
use crate::query::details::{IncidentDetail, IncidentRequest, incident_of};
use crate::query::lists::{IncidentFilter, IncidentRow};
use crate::query::odata::Schema;
use crate::query::reference::{of_id, of_id_first};
use crate::query::{Context, Question};
use crate::triage::incident::{Actor, ChangeIncidents, CommentAdd, IncidentFields, IncidentUpdate, OwnerFields, Policy};

/// Rows of the queue that are read at a time.
const ROWS: u32 = 10_000;
/// What is said on closing by a client that says nothing.
const RESOLVED: &str = "Resolved through the security API of Microsoft Graph.";
/// Why an incident is opened again, as the activity log has it.
const REOPENED: &str = "Opened again through the security API of Microsoft Graph.";

/// Incidents as items of lists.
const ITEMS: Items = Items {
    schema: Schema {
        properties: &[
            "id",
            "tenantid",
            "displayname",
            "description",
            "summary",
            "severity",
            "status",
            "classification",
            "determination",
            "assignedto",
            "customtags",
            "systemtags",
            "comments",
            "createddatetime",
            "lastupdatedatetime",
            "lastmodifiedby",
            "resolvingcomment",
            "redirectincidentid",
            "incidentweburl",
        ],
        ranks: &[words::SEVERITIES],
        ..Schema::ANY
    },
    order: "createdDateTime desc",
    top: Some(list::TOP),
    found: search::incidents,
    whole,
    alerts: Some((alerts_of, &alerts::OF_INCIDENT)),
};

/// Every incident.
fn rows(context: &Context) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = IncidentFilter { limit: Some(ROWS), cursor, ..IncidentFilter::default() }.answer(context)?.page;
        rows.extend(page.value.into_iter().map(|row| (row.id.clone(), light(&row))));
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}

/// The known alerts of an incident.
fn alerts_of(context: &Context, id: &str) -> Result<Vec<Row>, Fault> {
    let incident = detail(context, id)?;
    Ok(incident.alerts_list.iter().map(|row| (row.id.clone(), alerts::light(context, row))).collect())
}

fn detail(context: &Context, id: &str) -> Result<IncidentDetail, Fault> {
    let id = of_id_first(&context.snapshot.graph, id).into_owned();
    IncidentRequest { id, ..IncidentRequest::default() }.answer(context)
}

/// Lists incidents, newest first unless the client orders them.
pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    list::answer(call, context, &ITEMS, rows(context)?)
}

/// How many incidents there are.
pub(super) fn count(call: &Call, context: &Context) -> Result<Reply, Fault> {
    list::count(call, context, &ITEMS, rows(context)?)
}

pub(super) fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(list::one(call, context, &ITEMS, call.parameter("incident"))?))
}

/// The alerts of one incident, all of them unless the client asks for a page.
pub(super) fn alerts(call: &Call, context: &Context) -> Result<Reply, Fault> {
    list::answer(call, context, &alerts::OF_INCIDENT, alerts_of(context, call.parameter("incident"))?)
}

/// How many alerts an incident has.
pub(super) fn alerts_count(call: &Call, context: &Context) -> Result<Reply, Fault> {
    list::count(call, context, &alerts::OF_INCIDENT, alerts_of(context, call.parameter("incident"))?)
}

/// The remarks on an incident.
pub(super) fn comments(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(remarks(&detail(context, call.parameter("incident"))?.comments)))
}

/// How many remarks there are on an incident.
pub(super) fn comments_count(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(list::number(detail(context, call.parameter("incident"))?.comments.len()))
}

/// What the queue knows of an incident.
fn light(row: &IncidentRow) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("id".to_owned(), row.id.as_str().into());
    members.insert("displayName".to_owned(), row.title.as_str().into());
    members.insert("severity".to_owned(), words::severity(&row.severity).into());
    members.insert("classification".to_owned(), words::classification(row.classification.as_deref()).into());
    // The queue knows how an owner is called, Graph wants the principal name.
    if row.owner.is_none() {
        members.insert("assignedTo".to_owned(), Value::Null);
    }
    members.insert("createdDateTime".to_owned(), when(row.created));
    members.insert("lastUpdateDateTime".to_owned(), when(row.modified.or(row.created)));
    members.insert("customTags".to_owned(), json!(row.tags));
    // Only the incident itself says whether it was merged into another one.
    if row.status != "Closed" {
        members.insert("status".to_owned(), words::incident_status(&row.status, false).into());
    }
    members
}

fn whole(context: &Context, id: &str) -> Result<Value, Fault> {
    let incident = detail(context, id)?;
    let mut members = light(&incident.row);
    let graph = &context.snapshot.graph;
    let stored = graph.incident(&incident.row.id).map(|node| incident_of(context, &incident.row.id, node)).transpose()?;
    let into = graph.incident(&incident.row.id).and_then(|node| graph.incident_node(node)).and_then(|known| known.redirect());
    let redirect = into.and_then(|node| graph.incident_node(node)).map(|into| into.id().to_owned());
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("tenantId", own(&incident, "tenantId").unwrap_or_default());
    put("status", words::incident_status(&incident.row.status, redirect.is_some()).into());
    put("incidentWebUrl", incident.url.clone().into());
    put("redirectIncidentId", redirect.into());
    let finer = incident.determination.as_deref();
    put("determination", finer.unwrap_or_else(|| words::determination(incident.classification_reason.as_deref())).into());
    put("assignedTo", stored.and_then(|stored| stored.owner).and_then(principal).into());
    put("systemTags", json!([]));
    put("description", incident.description.clone().into());
    put("summary", Value::Null);
    put("resolvingComment", incident.classification_comment.clone().into());
    put("lastModifiedBy", own(&incident, "lastModifiedBy").unwrap_or_default());
    put("comments", incident.comments.iter().map(comment_json).collect());
    Ok(Value::Object(members))
}

/// A list of remarks.
pub(super) fn remarks(comments: &[Value]) -> Value {
    json!({"value": comments.iter().map(comment_json).collect::<Vec<_>>()})
}

/// An owner as Graph names one: by principal name, else by mail address or name.
pub(super) fn principal(owner: Owner) -> Option<String> {
    [owner.upn, owner.email, owner.name, owner.object_id].into_iter().flatten().next()
}

fn own(incident: &IncidentDetail, name: &str) -> Option<Value> {
    crate::ingest::value::first(&incident.extended, &[name]).cloned()
}

/// A remark as Graph has it.
pub(super) fn comment_json(comment: &Value) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.alertComment",
        "comment": comment["message"],
        "createdByDisplayName": comment["author"],
        "createdDateTime": comment["created"],
    })
}

/// A change as Graph knows it: an open incident may say what it was, and a closed one is opened again without a reason. The activity log says where
/// that came from, and no comment is made up.
struct Patch {
    update: IncidentUpdate,
    reopens: bool,
}

impl ChangeIncidents for Patch {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let mut planned = self.update.plan(context, actor, Policy { silent: true, early: true, ..policy })?;
        for change in planned.iter_mut().filter(|_| self.reopens).filter_map(|incident| incident.change.as_mut()) {
            change.reason = Some(REOPENED.to_owned());
        }
        Ok(planned)
    }
}

/// Changes state, owner, classification, determination, tags.
pub(super) fn update(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Members::of(&call.json()?);
    let id = call.parameter("incident");
    let present = detail(&engine.context(), id)?;
    let status = body.word("status").map(|word| words::read_incident_status(&word)).transpose()?;
    let mut fields = IncidentFields {
        title: body.word("displayName"),
        description: body.text("description"),
        severity: body.word("severity"),
        status: status.map(str::to_owned),
        classification_comment: body.word("resolvingComment"),
        determination: body.word("determination").map(|word| words::read_determination(&word).map(str::to_owned)).transpose()?,
        etag: call.header(axum::http::header::IF_MATCH).map(str::to_owned),
        ..IncidentFields::default()
    };
    if body.has("assignedTo") {
        fields.owner = Some(body.word("assignedTo").map(owner));
    }
    if body.has("customTags") {
        fields.tags = Some(body.texts("customTags"));
    }
    let was_closed = present.row.status == "Closed";
    let closing = status == Some("Closed") && !was_closed;
    let reopens = was_closed && status.is_some_and(|status| status != "Closed");
    let classification = body.word("classification").map(|word| words::read_classification(&word)).transpose()?;
    // A client of Graph may resolve without saying what it was.
    let classification = classification.or_else(|| (closing && present.row.classification.is_none()).then_some("Undetermined"));
    // What is said again leaves the finer words as they are.
    let same =
        |classification: &str| present.row.classification.as_deref() == Some(classification) && present.classification_reason.is_some();
    if let Some(classification) = classification.filter(|found| reopens || fields.determination.is_some() || !same(found)) {
        fields.classification = Some(classification.to_owned());
        fields.classification_reason = words::reason(classification, fields.determination.as_deref()).map(str::to_owned);
    }
    if closing && fields.classification_comment.is_none() && present.classification_comment.is_none() {
        fields.classification_comment = Some(RESOLVED.to_owned());
    }
    let update = IncidentUpdate { incident: of_id(&present.row.id).into_owned(), fields };
    engine.change(&Patch { update, reopens }, call.actor()).map_err(unmet)?;
    Ok(Reply::ok(whole(&engine.context(), id)?))
}

/// Whoever a name, principal name or mail address stands for.
pub(super) fn owner(text: String) -> OwnerFields {
    if text.contains('@') {
        OwnerFields { upn: Some(text.clone()), email: Some(text), ..OwnerFields::default() }
    } else {
        OwnerFields { name: Some(text), ..OwnerFields::default() }
    }
}

/// The text of a remark to add.
pub(super) fn said(call: &Call) -> Result<String, Fault> {
    let body = Members::of(&call.json()?);
    let expected = || Fault::new(FaultClass::Invalid, "comment_invalid", "expected a member `comment` with text, found none");
    body.word("comment").ok_or_else(expected)
}

/// Adds a remark; answers all of them.
pub(super) fn comment(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let id = call.parameter("incident");
    let incident = of_id_first(&engine.context().snapshot.graph, id).into_owned();
    let add = CommentAdd { incident, message: said(call)?, ..CommentAdd::default() };
    engine.change(&add, call.actor())?;
    Ok(Reply::ok(remarks(&detail(&engine.context(), id)?.comments)))
}

/// An instant of a remark or item, for readers of the other modules.
pub(super) fn instant(at: Option<crate::model::Time>) -> Value {
    at.map_or(Value::Null, |at| time(at).into())
}
