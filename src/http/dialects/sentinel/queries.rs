//! Exploration queries as `entityQueries`: expansions, insights and activities, and the templates that clients list.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::desk::{Desk, Scope, missing};
use super::entity::{self, Subject};
use super::kinds::{entity_type, own_kind, rest_kind};
use super::stored;
use crate::engine::Engine;
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, changes};
use crate::model::{Fault, FaultClass};
use crate::query::Context;
use crate::query::explore::{self, Body, Exploration, GraphBody};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/entityQueries", "sentinel.entity_queries.list", 2, list),
    answers("GET", "WS/entityQueries/{id}", "sentinel.entity_queries.get", 2, get),
    changes("PUT", "WS/entityQueries/{id}", "sentinel.entity_queries.put", 2, Right::Contribute, put),
    changes("DELETE", "WS/entityQueries/{id}", "sentinel.entity_queries.delete", 2, Right::Contribute, delete),
    answers("GET", "WS/entityQueryTemplates", "sentinel.entity_query_templates.list", 2, templates),
    answers("GET", "WS/entityQueryTemplates/{id}", "sentinel.entity_query_templates.get", 2, template),
    answers("GET", "WS/entities/{id}/queries", "sentinel.entities.queries", 2, of_entity),
];

/// Kind of the resources that hold the queries of a site.
pub(super) const KIND: &str = "entity_query";
const NAMESPACE: Uuid = Uuid::from_u128(0x51a3_b9c0_77f2_4f0e_9a4d_30cc_5e6f_1b28);

/// The id of an exploration in the dialect: its public id, else a name made from its own.
pub(super) fn id_of(exploration: &Exploration) -> String {
    if Uuid::try_parse(&exploration.id).is_ok() {
        exploration.id.clone()
    } else {
        Uuid::new_v5(&NAMESPACE, exploration.name.as_bytes()).to_string()
    }
}

/// The tables that an exploration reads; those of the graph read alerts.
fn sources(exploration: &Exploration) -> Vec<&str> {
    if exploration.tables.is_empty() { vec!["SecurityAlert"] } else { exploration.tables.iter().map(String::as_str).collect() }
}

fn outputs(exploration: &Exploration) -> Vec<String> {
    let related = exploration.body == Body::Graph(GraphBody::RelatedAlerts);
    let mut types: Vec<String> = exploration
        .outputs
        .iter()
        .map(|kind| match kind.as_str() {
            "alert" => "SecurityAlert".to_owned(),
            kind => entity_type(rest_kind(kind)).to_owned(),
        })
        .collect();
    if types.is_empty() && related {
        types.push("SecurityAlert".to_owned());
    }
    types.dedup();
    types
}

/// The identifier sets as clients list them: names of fields of the input.
fn input_fields(exploration: &Exploration) -> Vec<String> {
    let mut fields: Vec<String> =
        exploration.identifiers.iter().flat_map(|set| set.split(['+', ','])).map(|name| name.trim().to_owned()).collect();
    fields.sort();
    fields.dedup();
    fields
}

fn text(exploration: &Exploration) -> String {
    match &exploration.body {
        Body::Graph(question) => format!("{question:?}"),
        Body::Kql(text, _) => text.clone(),
    }
}

fn expansion(scope: &Scope, exploration: &Exploration, input: &str) -> Value {
    let properties = Map::from_iter([
        ("displayName".to_owned(), Value::from(exploration.title.clone())),
        ("inputEntityType".to_owned(), entity_type(input).into()),
        ("inputFields".to_owned(), json!(input_fields(exploration))),
        ("outputEntityTypes".to_owned(), json!(outputs(exploration))),
        ("dataSources".to_owned(), json!(sources(exploration))),
        ("queryTemplate".to_owned(), text(exploration).into()),
    ]);
    let mut resource = scope.resource(&["entityQueries", &id_of(exploration)], "entityQueries", Some("1"), properties);
    resource["kind"] = "Expansion".into();
    resource
}

/// The two expansions that are no exploration of ours: what an alert or a bookmark names.
fn built_in(scope: &Scope) -> [Value; 2] {
    [(super::expand::OF_ALERT, "SecurityAlert", "SystemAlertId"), (super::expand::OF_BOOKMARK, "HuntingBookmark", "BookmarkId")].map(
        |(id, input, field)| {
            let outputs =
                ["Account", "Host", "IP", "URL", "File", "FileHash", "Process", "Malware", "AzureResource", "CloudApplication", "DNS"];
            let properties = Map::from_iter([
                ("displayName".to_owned(), Value::from("Related entities")),
                ("inputEntityType".to_owned(), input.into()),
                ("inputFields".to_owned(), json!([field])),
                ("outputEntityTypes".to_owned(), json!(outputs)),
                ("dataSources".to_owned(), json!(["SecurityAlert"])),
                ("queryTemplate".to_owned(), "The entities that it names".into()),
            ]);
            let mut resource = scope.resource(&["entityQueries", id], "entityQueries", Some("1"), properties);
            resource["kind"] = "Expansion".into();
            resource
        },
    )
}

/// Every expansion; one that takes any entity is listed for accounts, hosts and addresses, which clients offer it for.
fn expansions(scope: &Scope) -> Vec<Value> {
    let input = |exploration: &Exploration| if exploration.input == "any" { "Account" } else { rest_kind(&exploration.input) };
    let ours = explore::all().iter().map(|exploration| expansion(scope, exploration, input(exploration)));
    built_in(scope).into_iter().chain(ours).collect()
}

/// The queries that a site defined, as it wrote them.
fn defined(desk: &Desk<'_>) -> Result<Vec<Value>, Fault> {
    let write =
        |stored: &crate::model::Stored| stored::resource(&desk.scope, &["entityQueries", &stored.resource.id], "entityQueries", stored);
    Ok(desk.context.snapshot.resources(KIND)?.iter().map(write).collect())
}

/// The kind of queries that a word names.
fn kind_of(word: &str) -> Result<&'static str, Fault> {
    let known = ["Expansion", "Activity", "Insight"].into_iter().find(|known| known.eq_ignore_ascii_case(word));
    known.ok_or_else(|| {
        Fault::new(FaultClass::Invalid, "kind_invalid", format!("expected kind Activity, Expansion or Insight, found '{word}'"))
    })
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let mut values = expansions(&desk.scope);
    values.extend(activities(&desk.scope));
    values.extend(defined(&desk)?);
    if let Some(asked) = call.option("kind").filter(|kind| !kind.is_empty()) {
        let kind = kind_of(asked)?;
        values.retain(|value| value["kind"] == kind);
    }
    // Clients that read this list at once know no pages of it.
    Ok(Reply::ok(crate::http::dialects::arm::list(values, None)))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let id = call.parameter("id");
    let mut all = expansions(&desk.scope);
    all.extend(activities(&desk.scope));
    all.extend(defined(&desk)?);
    let found = all.into_iter().find(|value| value["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(id)));
    found.map(Reply::ok).ok_or_else(|| missing("entity query", id))
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    if explore::all().iter().any(|exploration| id_of(exploration).eq_ignore_ascii_case(id)) {
        return Err(Fault::new(FaultClass::Conflict, "query_built_in", format!("The query '{id}' comes with clew and cannot be changed")));
    }
    let body = Value::Object(call.object()?);
    let members = Members::of(&body);
    let kind = kind_of(members.word("kind").as_deref().unwrap_or("Activity"))?;
    let input = members.inner("properties").word("inputEntityType");
    if let Some(input) = input.filter(|input| own_kind(input).is_none() && !["SecurityAlert", "HuntingBookmark"].contains(&input.as_str()))
    {
        return Err(Fault::new(
            FaultClass::Invalid,
            "kind_invalid",
            format!("expected a type of entities for 'inputEntityType', found '{input}'"),
        ));
    }
    stored::put(
        call,
        engine,
        KIND,
        id,
        &body,
        json!({"kind": kind, "properties": body.get("properties").cloned().unwrap_or_else(|| json!({}))}),
        |scope, stored| stored::resource(scope, &["entityQueries", id], "entityQueries", stored),
    )
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    stored::delete(call, engine, KIND, call.parameter("id"))
}

/// The activities that are counted, as queries.
fn activities(scope: &Scope) -> Vec<Value> {
    let write = |activity: &super::activities::Activity| {
        let mut properties = activity.template();
        properties.insert("enabled".into(), true.into());
        properties.insert("templateName".into(), activity.id.into());
        properties.remove("dataTypes");
        let mut resource = scope.resource(&["entityQueries", activity.id], "entityQueries", Some("1"), properties);
        resource["kind"] = "Activity".into();
        resource
    };
    super::activities::ALL.iter().map(write).collect()
}

fn template_values(scope: &Scope) -> Vec<Value> {
    super::activities::ALL
        .iter()
        .map(|activity| {
            let mut resource = scope.resource(&["entityQueryTemplates", activity.id], "entityQueryTemplates", None, activity.template());
            resource["kind"] = "Activity".into();
            resource
        })
        .collect()
}

fn templates(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let mut values = template_values(&Scope::of(call));
    if let Some(kind) = call.option("kind") {
        values.retain(|value| value["kind"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(kind)));
    }
    Ok(Reply::ok(crate::http::dialects::arm::list(values, None)))
}

fn template(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    let found = template_values(&Scope::of(call))
        .into_iter()
        .find(|value| value["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(id)));
    found.map(Reply::ok).ok_or_else(|| missing("entity query template", id))
}

/// The queries that fit an entity, as the kind of the request calls them.
fn of_entity(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let subject = entity::find(&desk, call.parameter("id"))?;
    let wanted = call.option("kind").unwrap_or("Insight");
    let value: Vec<Value> = match subject {
        Subject::Entity(node) => {
            let kind = desk.graph().entity_node(node).map_or("", |entity| entity.kind());
            let fits = explore::all().iter().filter(|exploration| exploration.input == "any" || exploration.input == kind);
            if wanted.eq_ignore_ascii_case("Expansion") {
                fits.map(|exploration| expansion(&desk.scope, exploration, rest_kind(kind))).collect()
            } else {
                fits.map(|exploration| insight(exploration, rest_kind(kind))).collect()
            }
        }
        Subject::Alert(_) | Subject::Bookmark(_) => Vec::new(),
    };
    Ok(Reply::ok(json!({ "value": value })))
}

fn insight(exploration: &Exploration, input: &str) -> Value {
    json!({
        "id": id_of(exploration), "name": id_of(exploration), "type": "Microsoft.SecurityInsights/entities/queries", "kind": "Insight",
        "properties": {
            "displayName": exploration.title, "description": exploration.question, "dataTypes": sources(exploration).iter().map(|table| json!({"dataType": table})).collect::<Vec<_>>(),
            "inputEntityType": entity_type(input), "requiredInputFieldsSets": exploration.identifiers.iter().map(|set| set.split('+').map(str::trim).collect::<Vec<_>>()).collect::<Vec<_>>(),
            "entitiesFilter": {}, "baseQuery": text(exploration), "tableQuery": {"columnsDefinitions": [], "queriesDefinitions": []},
            "chartQuery": Value::Null, "additionalQuery": {"query": "", "text": ""}, "defaultTimeRange": {"beforeRange": "P1D", "afterRange": "P1D"}, "referenceTimeRange": Value::Null,
        }
    })
}
