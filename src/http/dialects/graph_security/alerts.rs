//! `security/alerts_v2`.

use serde_json::{Map, Value, json};

use super::list::{self, Items, Row};
use super::{evidence, incidents, words};
use crate::engine::Engine;
use crate::http::dialects::arm::when;
use crate::http::dialects::{Call, Members, Reply, search};
use crate::http::seen::unmet;
use crate::ingest::value;
use crate::model::Fault;
use crate::query::details::{AlertDetail, AlertRequest, alert_alone, document, earlier};
use crate::query::lists::{AlertFilter, AlertRow};
use crate::query::odata::Schema;
use crate::query::{Context, Question};
use crate::triage::alert::{AlertFields, AlertUpdate};

/// Rows of the list that are read at a time.
const ROWS: u32 = 10_000;

/// Alerts as items of lists.
const ITEMS: Items = Items {
    schema: Schema {
        properties: &[
            "id",
            "provideralertid",
            "incidentid",
            "tenantid",
            "title",
            "description",
            "recommendedactions",
            "severity",
            "status",
            "classification",
            "determination",
            "assignedto",
            "servicesource",
            "detectionsource",
            "detectorid",
            "productname",
            "category",
            "mitretechniques",
            "systemtags",
            "comments",
            "evidence",
            "actordisplayname",
            "threatdisplayname",
            "threatfamilyname",
            "createddatetime",
            "lastupdatedatetime",
            "firstactivitydatetime",
            "lastactivitydatetime",
            "resolveddatetime",
            "alertweburl",
            "incidentweburl",
            "additionaldata",
        ],
        ranks: &[words::SEVERITIES],
        ..Schema::ANY
    },
    order: "createdDateTime desc",
    top: Some(list::TOP),
    found: search::alerts,
    whole,
    alerts: None,
};
/// Alerts of one incident: all of them, in the order in which they happened.
pub(super) static OF_INCIDENT: Items = Items { order: "firstActivityDateTime asc", top: None, ..ITEMS };

/// Every alert.
fn rows(context: &Context) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = AlertFilter { limit: Some(ROWS), cursor, ..AlertFilter::default() }.answer(context)?.page;
        rows.extend(page.value.into_iter().map(|row| (row.id.clone(), light(context, &row))));
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}

/// Lists alerts, newest first unless the client orders them.
pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    list::answer(call, context, &ITEMS, rows(context)?)
}

/// How many alerts there are.
pub(super) fn count(call: &Call, context: &Context) -> Result<Reply, Fault> {
    list::count(call, context, &ITEMS, rows(context)?)
}

pub(super) fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(list::one(call, context, &ITEMS, call.parameter("alert"))?))
}

/// The remarks on an alert.
pub(super) fn comments(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(incidents::remarks(&alert_alone(context, call.parameter("alert"))?.comments)))
}

/// How many remarks there are on an alert.
pub(super) fn comments_count(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(list::number(alert_alone(context, call.parameter("alert"))?.comments.len()))
}

/// What the graph knows of an alert.
pub(super) fn light(context: &Context, row: &AlertRow) -> Map<String, Value> {
    let graph = &context.snapshot.graph;
    let node = graph.alert(&row.id).and_then(|node| graph.alert_node(node));
    let created = node.as_ref().and_then(|alert| alert.created()).or(row.start);
    let modified = node.as_ref().and_then(|alert| alert.modified()).or(created);
    let members = [
        ("id", Value::from(row.id.as_str())),
        ("title", row.title.as_str().into()),
        ("severity", words::severity(&row.severity).into()),
        ("status", words::alert_status(&row.status).into()),
        ("productName", row.product.as_str().into()),
        ("incidentId", row.incidents.first().cloned().into()),
        ("createdDateTime", when(created)),
        ("lastUpdateDateTime", when(modified)),
        ("firstActivityDateTime", when(row.start)),
        ("lastActivityDateTime", when(row.end.or(row.start))),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn whole(context: &Context, id: &str) -> Result<Value, Fault> {
    let alert = alert_alone(context, id)?;
    let source = source(context, &alert)?;
    let said = |name: &str| value::first(&alert.extended, &[name]).cloned().unwrap_or_default();
    let mut members = light(context, &alert.row);
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("@odata.type", "#microsoft.graph.security.alert".into());
    let original = source.as_ref().and_then(|source| source.get("providerAlertId")).cloned();
    put("providerAlertId", original.unwrap_or_else(|| alert.row.id.as_str().into()));
    put("tenantId", said("tenantId"));
    let (class, finer) = (said("classification"), said("determination"));
    put("classification", words::classification(alert.classification.as_deref().or(class.as_str())).into());
    put("determination", words::determination(alert.determination.as_deref().or(finer.as_str())).into());
    put("serviceSource", service(&alert).into());
    put("detectionSource", said_or(&alert.product_component.clone().into(), source.as_ref(), "detectionSource", "unknown"));
    put("detectorId", alert.alert_type.as_str().into());
    put("description", alert.description.as_str().into());
    put("recommendedActions", alert.remediation.join("\n").into());
    put("category", alert.row.tactics.first().cloned().unwrap_or_else(|| said("category").as_str().unwrap_or_default().to_owned()).into());
    put("assignedTo", owner(alert.owner.as_ref()));
    put("alertWebUrl", alert.url.clone().into());
    put("incidentWebUrl", said("incidentWebUrl"));
    for name in ["actorDisplayName", "threatDisplayName", "threatFamilyName", "resolvedDateTime", "additionalData"] {
        put(name, said(name));
    }
    put("mitreTechniques", json!(alert.techniques));
    put("comments", alert.comments.iter().map(incidents::comment_json).collect());
    put("systemTags", json!([]));
    let created = incidents::instant(alert.created.or(alert.row.start));
    let listed = source.and_then(|mut source| source.get_mut("evidence").map(Value::take)).filter(Value::is_array);
    put("evidence", listed.unwrap_or_else(|| evidence::list(&alert.entities_list, &created)));
    Ok(Value::Object(members))
}

fn said_or(own: &Value, source: Option<&Value>, name: &str, other: &str) -> Value {
    let stated = source.and_then(|source| source.get(name)).filter(|value| value.is_string());
    if own.is_string() { own.clone() } else { stated.cloned().unwrap_or_else(|| other.into()) }
}

/// The document of the alert's source, if it is one of Graph: its evidence says more than entities do.
fn source(context: &Context, alert: &AlertDetail) -> Result<Option<Value>, Fault> {
    let is_graph = |raw: &Value| raw.get("evidence").is_some_and(Value::is_array) && raw.get("id").is_some();
    if is_graph(&alert.raw) {
        return Ok(Some(alert.raw.clone()));
    }
    for seq in earlier(&context.snapshot.graph, &alert.row.id) {
        let raw: Value = serde_json::from_slice(&document(context, seq)?.raw).unwrap_or_default();
        if is_graph(&raw) {
            return Ok(Some(raw));
        }
    }
    Ok(None)
}

/// The service that found the alert, as Graph names it.
fn service(alert: &AlertDetail) -> String {
    const KNOWN: [(&str, &str); 9] = [
        ("defender for endpoint", "microsoftDefenderForEndpoint"),
        ("defender for identity", "microsoftDefenderForIdentity"),
        ("defender for cloud apps", "microsoftDefenderForCloudApps"),
        ("defender for office", "microsoftDefenderForOffice365"),
        ("365 defender", "microsoft365Defender"),
        ("identity protection", "azureAdIdentityProtection"),
        ("defender for cloud", "microsoftDefenderForCloud"),
        ("security center", "microsoftDefenderForCloud"),
        ("sentinel", "microsoftSentinel"),
    ];
    let provider = words::small(&alert.provider);
    if KNOWN.iter().any(|(_, word)| *word == provider) {
        return provider;
    }
    let product = alert.row.product.to_lowercase();
    KNOWN.iter().find(|(part, _)| product.contains(part)).map_or("unknown", |(_, word)| word).to_owned()
}

fn owner(owner: Option<&Value>) -> Value {
    let Some(owner) = owner else { return Value::Null };
    if owner.is_string() {
        return owner.clone();
    }
    ["upn", "email", "name", "object_id"]
        .iter()
        .find_map(|name| owner.get(*name).filter(|value| value.is_string()))
        .cloned()
        .unwrap_or_default()
}

/// Changes state, owner, classification, determination.
pub(super) fn update(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Members::of(&call.json()?);
    let id = call.parameter("alert");
    let mut fields = AlertFields {
        status: body.word("status").map(|word| words::read_alert_status(&word)).transpose()?.map(str::to_owned),
        etag: call.header(axum::http::header::IF_MATCH).map(str::to_owned),
        ..AlertFields::default()
    };
    if body.has("assignedTo") {
        fields.owner = Some(body.word("assignedTo").map(incidents::owner));
    }
    fields.determination = body.word("determination").map(|word| words::read_determination(&word).map(str::to_owned)).transpose()?;
    if let Some(word) = body.word("classification") {
        fields.classification = Some(Some(words::read_classification(&word)?.to_owned()));
    }
    let present = engine.answer(AlertRequest { id: id.to_owned() })?;
    engine.change_alerts(&AlertUpdate { alert: present.row.id, fields }, call.actor()).map_err(unmet)?;
    Ok(Reply::ok(whole(&engine.context(), id)?))
}

/// Adds a remark; answers all of them.
pub(super) fn comment(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let present = engine.answer(AlertRequest { id: call.parameter("alert").to_owned() })?;
    let fields = AlertFields { comment: Some(incidents::said(call)?), ..AlertFields::default() };
    engine.change_alerts(&AlertUpdate { alert: present.row.id.clone(), fields }, call.actor())?;
    let comments = engine.answer(AlertRequest { id: present.row.id })?.comments;
    Ok(Reply::ok(incidents::remarks(&comments)))
}
