//! Comments and tasks of an incident.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::desk::{Desk, check_seen, missing, person};
use super::list;
use crate::engine::Engine;
use crate::http::dialects::arm::{put as member, when};
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, changes};
use crate::model::{Comment, Fault, FaultClass, Incident, Task};
use crate::query::reference::of_id;
use crate::query::{Context, details};
use crate::triage::incident::{CommentAdd, CommentEdit, CommentRemove, TaskAdd, TaskEdit, TaskRemove};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/incidents/{id}/comments", "sentinel.comments.list", 1, comments),
    answers("GET", "WS/incidents/{id}/comments/{name}", "sentinel.comments.get", 1, comment),
    changes("PUT", "WS/incidents/{id}/comments/{name}", "sentinel.comments.put", 1, Right::Respond, put_comment),
    changes("DELETE", "WS/incidents/{id}/comments/{name}", "sentinel.comments.delete", 1, Right::Respond, delete_comment),
    answers("GET", "WS/incidents/{id}/tasks", "sentinel.tasks.list", 2, tasks),
    answers("GET", "WS/incidents/{id}/tasks/{name}", "sentinel.tasks.get", 2, task),
    changes("PUT", "WS/incidents/{id}/tasks/{name}", "sentinel.tasks.put", 2, Right::Respond, put_task),
    changes("DELETE", "WS/incidents/{id}/tasks/{name}", "sentinel.tasks.delete", 2, Right::Respond, delete_task),
];

/// The incident of the path.
fn whole(desk: &Desk<'_>, id: &str) -> Result<Incident, Fault> {
    let node = desk.incident(id)?;
    let known = desk.graph().incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
    let mut whole = details::incident_of(desk.context, &known, node)?;
    whole.id = known;
    Ok(whole)
}

/// The name of a comment; those of sources that name none are named by their place.
fn name_of(comment: &Comment, place: usize) -> Cow<'_, str> {
    if comment.id.is_empty() { Cow::Owned(format!("comment-{}", place + 1)) } else { Cow::Borrowed(&comment.id) }
}

/// Names the state of something small: changes when it does.
fn etag(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex()[..24].to_owned()
}

fn comment_etag(comment: &Comment) -> String {
    etag(&[&comment.message, &comment.modified.map(|time| time.to_string()).unwrap_or_default()])
}

fn comment_resource(desk: &Desk<'_>, incident: &str, comment: &Comment, name: &str) -> Value {
    let mut properties = Map::new();
    properties.insert("message".into(), comment.message.clone().into());
    member(&mut properties, "createdTimeUtc", when(comment.created));
    member(&mut properties, "lastModifiedTimeUtc", when(comment.modified.or(comment.created)));
    properties.insert("author".into(), person(comment.author.as_deref().unwrap_or_default()));
    desk.scope.resource(&["Incidents", incident, "Comments", name], "Incidents/Comments", Some(&comment_etag(comment)), properties)
}

fn comments(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let incident = whole(&desk, call.parameter("id"))?;
    let write = |(place, comment): (usize, &Comment)| comment_resource(&desk, &incident.id, comment, &name_of(comment, place));
    let values: Vec<Value> = incident.comments.iter().enumerate().map(write).collect();
    Ok(Reply::ok(list::of_values(call, "properties/createdTimeUtc desc", values, context.now)?))
}

fn find_comment<'a>(incident: &'a Incident, name: &str) -> Option<&'a Comment> {
    incident
        .comments
        .iter()
        .enumerate()
        .find(|(place, comment)| name_of(comment, *place).eq_ignore_ascii_case(name))
        .map(|(_, comment)| comment)
}

fn comment(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let incident = whole(&desk, call.parameter("id"))?;
    let name = call.parameter("name");
    let found = find_comment(&incident, name).ok_or_else(|| missing("comment", name))?;
    Ok(Reply::ok(comment_resource(&desk, &incident.id, found, name)))
}

fn put_comment(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    let body = Value::Object(call.object()?);
    let given = Members::of(&body).inner("properties");
    if given.get("message").is_some_and(|message| !message.is_string()) {
        let fault = Fault::new(FaultClass::Invalid, "property_invalid", "Invalid value of property 'message': expected a text");
        return Err(fault);
    }
    let message = given.text("message").filter(|message| !message.trim().is_empty());
    let message = message.ok_or_else(|| Fault::new(FaultClass::Invalid, "property_missing", "Required property 'message' is missing"))?;
    let before = engine.context();
    let incident = whole(&Desk::new(call, &before), call.parameter("id"))?;
    let known = find_comment(&incident, name);
    check_seen(call, &body, name, known.map(comment_etag).as_deref())?;
    let new = known.is_none();
    if new {
        call.new_name()?;
    }
    match known {
        None => {
            let add = CommentAdd { incident: of_id(&incident.id).into_owned(), id: Some(name.to_owned()), message };
            engine.change(&add, call.actor())?;
        }
        Some(known) => {
            let edit = CommentEdit { incident: of_id(&incident.id).into_owned(), comment: known.id.clone(), message };
            engine.change(&edit, call.actor())?;
        }
    }
    let after = engine.context();
    let desk = Desk::new(call, &after);
    let incident = whole(&desk, &incident.id)?;
    let found = find_comment(&incident, name).ok_or_else(|| missing("comment", name))?;
    let value = comment_resource(&desk, &incident.id, found, name);
    Ok(if new { Reply::created(value) } else { Reply::ok(value) })
}

fn delete_comment(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let before = engine.context();
    let desk = Desk::new(call, &before);
    // 204 also where there is nothing to delete.
    let Ok(incident) = whole(&desk, call.parameter("id")) else { return Ok(Reply::nothing()) };
    let name = call.parameter("name");
    if let Some(known) = find_comment(&incident, name) {
        check_seen(call, &Value::Null, name, Some(&comment_etag(known)))?;
        engine.change(&CommentRemove { incident: of_id(&incident.id).into_owned(), comment: known.id.clone() }, call.actor())?;
    }
    Ok(Reply::nothing())
}

fn task_etag(task: &Task) -> String {
    etag(&[
        &task.title,
        &task.description,
        if task.completed { "1" } else { "0" },
        &task.modified.map(|time| time.to_string()).unwrap_or_default(),
    ])
}

fn task_resource(desk: &Desk<'_>, incident: &str, task: &Task) -> Value {
    let mut properties = Map::new();
    properties.insert("title".into(), task.title.clone().into());
    member(&mut properties, "description", task.description.clone());
    properties.insert("status".into(), if task.completed { "Completed" } else { "New" }.into());
    member(&mut properties, "createdTimeUtc", when(task.created));
    member(&mut properties, "lastModifiedTimeUtc", when(task.modified.or(task.created)));
    let author = person(task.author.as_deref().unwrap_or_default());
    properties.insert("createdBy".into(), author.clone());
    properties.insert("lastModifiedBy".into(), author);
    desk.scope.resource(&["Incidents", incident, "tasks", &task.id], "Incidents/tasks", Some(&task_etag(task)), properties)
}

fn tasks(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let incident = whole(&desk, call.parameter("id"))?;
    let values: Vec<Value> = incident.tasks.iter().map(|task| task_resource(&desk, &incident.id, task)).collect();
    Ok(Reply::ok(list::of_values(call, "properties/createdTimeUtc", values, context.now)?))
}

fn find_task<'a>(incident: &'a Incident, name: &str) -> Option<&'a Task> {
    incident.tasks.iter().find(|task| task.id.eq_ignore_ascii_case(name))
}

fn task(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let incident = whole(&desk, call.parameter("id"))?;
    let name = call.parameter("name");
    let found = find_task(&incident, name).ok_or_else(|| missing("task", name))?;
    Ok(Reply::ok(task_resource(&desk, &incident.id, found)))
}

fn put_task(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    let body = Value::Object(call.object()?);
    let members = Members::of(&body).inner("properties");
    let title =
        members.word("title").ok_or_else(|| Fault::new(FaultClass::Invalid, "property_missing", "Required property 'title' is missing"))?;
    let completed = match members.word("status").as_deref().map(str::to_lowercase).as_deref() {
        None => None,
        Some("new") => Some(false),
        Some("completed") => Some(true),
        Some(found) => {
            let message = format!("Invalid value of property 'status': expected one of New, Completed, found '{found}'");
            return Err(Fault::new(FaultClass::Invalid, "property_invalid", message));
        }
    };
    let before = engine.context();
    let incident = whole(&Desk::new(call, &before), call.parameter("id"))?;
    let known = find_task(&incident, name);
    check_seen(call, &body, name, known.map(task_etag).as_deref())?;
    let new = known.is_none();
    if new {
        call.new_name()?;
    }
    let description = members.text("description");
    if new {
        let add = TaskAdd {
            incident: of_id(&incident.id).into_owned(),
            id: Some(name.to_owned()),
            title: title.clone(),
            description: description.clone().unwrap_or_default(),
        };
        engine.change(&add, call.actor())?;
    }
    if !new || completed == Some(true) {
        let task = known.map_or(name, |task| task.id.as_str()).to_owned();
        engine.change(
            &TaskEdit { incident: of_id(&incident.id).into_owned(), task, title: Some(title), description, completed },
            call.actor(),
        )?;
    }
    let after = engine.context();
    let desk = Desk::new(call, &after);
    let incident = whole(&desk, &incident.id)?;
    let value = task_resource(&desk, &incident.id, find_task(&incident, name).ok_or_else(|| missing("task", name))?);
    Ok(if new { Reply::created(value) } else { Reply::ok(value) })
}

fn delete_task(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let before = engine.context();
    let desk = Desk::new(call, &before);
    // 204 also where there is nothing to delete.
    let Ok(incident) = whole(&desk, call.parameter("id")) else { return Ok(Reply::nothing()) };
    let name = call.parameter("name");
    if let Some(known) = find_task(&incident, name) {
        check_seen(call, &Value::Null, name, Some(&task_etag(known)))?;
        engine.change(&TaskRemove { incident: of_id(&incident.id).into_owned(), task: known.id.clone() }, call.actor())?;
    }
    Ok(Reply::nothing())
}
