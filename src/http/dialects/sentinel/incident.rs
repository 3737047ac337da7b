//! An incident as a resource, and as a row that filters and orders look at.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use super::desk::Desk;
use crate::graph::{IncidentRef, NodeId};
use crate::http::dialects::arm::{put, when};
use crate::model::{Classification, Fault, Incident, Owner, Severity};
use crate::query::details;
use crate::query::lists::{IncidentRow, incident_row, members};
use crate::query::odata::{Cell, Record, Schema, json_cell};

/// What filters and orders may name.
pub(super) const SCHEMA: Schema = Schema {
    properties: &[
        "id",
        "name",
        "etag",
        "type",
        "properties/incidentnumber",
        "properties/title",
        "properties/description",
        "properties/severity",
        "properties/status",
        "properties/classification",
        "properties/classificationreason",
        "properties/classificationcomment",
        "properties/createdtimeutc",
        "properties/lastmodifiedtimeutc",
        "properties/firstactivitytimeutc",
        "properties/lastactivitytimeutc",
        "properties/owner",
        "properties/owner/assignedto",
        "properties/owner/objectid",
        "properties/owner/email",
        "properties/owner/userprincipalname",
        "properties/owner/ownertype",
        "properties/labels",
        "properties/relatedanalyticruleids",
        "properties/incidenturl",
        "properties/providername",
        "properties/providerincidentid",
        "properties/additionaldata/alertscount",
        "properties/additionaldata/bookmarkscount",
        "properties/additionaldata/commentscount",
        "properties/additionaldata/alertproductnames",
        "properties/additionaldata/tactics",
        "properties/additionaldata/techniques",
        "properties/additionaldata/providerincidenturl",
        "properties/additionaldata/mergedincidentnumber",
        "properties/additionaldata/mergedincidenturl",
    ],
    prefix: "properties",
    ranks: &[("properties/severity", &["Informational", "Low", "Medium", "High"]), ("properties/status", &["New", "Active", "Closed"])],
    costly: &[
        "id",
        "properties/description",
        "properties/classificationcomment",
        "properties/relatedanalyticruleids",
        "properties/incidenturl",
        "properties/providerincidentid",
        "properties/additionaldata/bookmarkscount",
        "properties/additionaldata/commentscount",
        "properties/additionaldata/techniques",
        "properties/additionaldata/providerincidenturl",
        "properties/additionaldata/mergedincidenturl",
        "properties/additionaldata/mergedincidentnumber",
        "properties/additionaldata/tactics",
        "properties/additionaldata/alertproductnames",
    ],
};

/// The four severities that the dialect has.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Informational | Severity::Unknown => "Informational",
    }
}

/// The present version of an incident as a resource.
pub(super) fn resource(desk: &Desk<'_>, node: NodeId) -> Result<Value, Fault> {
    let graph = desk.graph();
    let Some(incident) = graph.incident_node(node) else { return Ok(Value::Null) };
    let id = incident.id();
    let whole = details::incident_of(desk.context, id, node)?;
    let row = incident_row(graph, &incident);
    let mut properties = Map::new();
    put(&mut properties, "title", if whole.title.is_empty() { row.title } else { whole.title });
    put(&mut properties, "description", whole.description);
    properties.insert("severity".into(), severity(whole.severity).into());
    properties.insert("status".into(), whole.status.as_str().into());
    put(&mut properties, "classification", whole.classification.map(Classification::as_str));
    put(&mut properties, "classificationReason", whole.classification_reason);
    put(&mut properties, "classificationComment", whole.classification_comment);
    properties.insert("owner".into(), owner(whole.owner.as_ref()));
    properties.insert("labels".into(), whole.tags.iter().map(|tag| json!({"labelName": tag, "labelType": "User"})).collect());
    put(&mut properties, "firstActivityTimeUtc", when(whole.first_activity.or(row.first_activity)));
    put(&mut properties, "lastActivityTimeUtc", when(whole.last_activity.or(row.last_activity)));
    put(&mut properties, "lastModifiedTimeUtc", when(whole.modified.or(whole.created)));
    put(&mut properties, "createdTimeUtc", when(whole.created.or(row.first_activity).or(whole.modified)));
    put(&mut properties, "incidentNumber", whole.number);
    let mut additional = Map::from_iter([
        ("alertsCount".to_owned(), Value::from(row.alerts)),
        ("bookmarksCount".to_owned(), super::relations::bookmarks_of(desk, id)?.len().into()),
        ("commentsCount".to_owned(), whole.comments.len().into()),
        ("alertProductNames".to_owned(), json!(row.products)),
        ("tactics".to_owned(), json!(row.tactics)),
        ("techniques".to_owned(), json!(techniques(desk, node, &incident))),
    ]);
    put(&mut additional, "providerIncidentUrl", whole.url.clone());
    if let Some(into) = incident.redirect().and_then(|node| graph.incident_node(node)) {
        put(&mut additional, "mergedIncidentNumber", into.number().map(|number| number.to_string()));
        let url = details::incident_of(desk.context, into.id(), into.node())?.url;
        put(&mut additional, "mergedIncidentUrl", desk.address(into.id(), url));
    }
    properties.insert("additionalData".into(), Value::Object(additional));
    properties.insert("relatedAnalyticRuleIds".into(), super::rules::of_incident(desk, node).into());
    properties.insert("incidentUrl".into(), desk.address(id, whole.url).into());
    put(&mut properties, "providerName", provider(whole.provider));
    properties.insert(
        "providerIncidentId".into(),
        whole.provider_incident_id.or_else(|| whole.number.map(|number| number.to_string())).unwrap_or_else(|| id.to_owned()).into(),
    );
    let etag = incident.seq().map(|seq| seq.to_string()).unwrap_or_default();
    Ok(desk.scope.resource(&["Incidents", id], "Incidents", Some(&etag), properties))
}

fn provider(provider: String) -> String {
    if provider.is_empty() || provider == "clew" { "Azure Sentinel".to_owned() } else { provider }
}

fn owner(owner: Option<&Owner>) -> Value {
    match owner {
        None => json!({"objectId": null, "email": null, "assignedTo": null, "userPrincipalName": null}),
        Some(owner) => json!({
            "objectId": owner.object_id, "email": owner.email, "assignedTo": owner.name, "userPrincipalName": owner.upn,
            "ownerType": if owner.group { "Group" } else { "User" },
        }),
    }
}

fn techniques(desk: &Desk<'_>, node: NodeId, incident: &IncidentRef<'_>) -> Vec<String> {
    let graph = desk.graph();
    let mut found: Vec<String> = incident.techniques().map(str::to_owned).collect();
    for alert in members(graph, node).into_iter().filter_map(|alert| graph.alert_node(alert)) {
        found.extend(alert.techniques().map(str::to_owned));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// An incident as a row: what the graph knows is at hand, the rest is read from its document when it is asked for.
pub(super) struct Row<'a> {
    desk: &'a Desk<'a>,
    incident: IncidentRef<'a>,
    said: OnceCell<Incident>,
    whole: OnceCell<Value>,
}

impl<'a> Row<'a> {
    pub(super) fn new(desk: &'a Desk<'a>, incident: IncidentRef<'a>) -> Self {
        Self { desk, incident, said: OnceCell::new(), whole: OnceCell::new() }
    }

    /// What its document says, read once: less than the whole resource.
    fn said(&self) -> &Incident {
        let read = || details::incident_of(self.desk.context, self.incident.id(), self.incident.node()).unwrap_or_default();
        self.said.get_or_init(read)
    }

    /// The resource, read once.
    fn whole(&self) -> &Value {
        // A document that cannot be read fits no filter; the same trouble shows when the incident itself is asked for.
        self.whole.get_or_init(|| resource(self.desk, self.incident.node()).unwrap_or(Value::Null))
    }

    /// The row of the queue: what the alerts add is in it.
    fn row(&self) -> IncidentRow {
        incident_row(self.desk.graph(), &self.incident)
    }

    /// The resource, if a filter needed it, else read now.
    pub(super) fn into_resource(self) -> Result<Value, Fault> {
        match self.whole.into_inner() {
            Some(value) if !value.is_null() => Ok(value),
            _ => resource(self.desk, self.incident.node()),
        }
    }
}

/// A part of an owner, as [`owner`] writes it.
fn owner_cell<'a>(owner: Owner, part: &str) -> Cell<'a> {
    let text = |text: Option<String>| text.map_or(Cell::Null, |text| Cell::Text(Cow::Owned(text)));
    let kind = || Cell::Text(Cow::Borrowed(if owner.group { "Group" } else { "User" }));
    match part {
        "/assignedto" => text(owner.name),
        "/objectid" => text(owner.object_id),
        "/email" => text(owner.email),
        "/userprincipalname" => text(owner.upn),
        "/ownertype" => kind(),
        "" => Cell::Members(vec![
            ("ownertype", kind()),
            ("assignedto", text(owner.name)),
            ("objectid", text(owner.object_id)),
            ("email", text(owner.email)),
            ("userprincipalname", text(owner.upn)),
        ]),
        _ => Cell::Null,
    }
}

fn texts<'a>(list: Vec<String>) -> Cell<'a> {
    Cell::List(list.into_iter().map(|text| Cell::Text(Cow::Owned(text))).collect())
}

impl Record for Row<'_> {
    fn get(&self, path: &str) -> Cell<'_> {
        let incident = &self.incident;
        let word = |text: &'static str| Cell::Text(Cow::Borrowed(text));
        match path {
            "name" => Cell::text(incident.id()),
            "properties/incidentnumber" => incident.number().map_or(Cell::Null, |number| Cell::Number(number as f64)),
            "properties/title" => Cell::text(incident.title()),
            "properties/severity" => word(severity(incident.severity())),
            "properties/status" => word(incident.status().as_str()),
            "properties/classification" => incident.classification().map_or(Cell::Null, |found| word(found.as_str())),
            "properties/classificationreason" => Cell::text(incident.classification_reason()),
            "properties/createdtimeutc" if incident.created().is_some() => Cell::time(incident.created()),
            "properties/lastmodifiedtimeutc" => Cell::time(incident.modified().or(incident.created())),
            "properties/labels" => {
                let label = |tag| Cell::Members(vec![("labelname", Cell::text(tag)), ("labeltype", word("User"))]);
                Cell::List(incident.tags().map(label).collect())
            }
            "properties/firstactivitytimeutc" => Cell::time(incident.first_activity().or_else(|| self.row().first_activity)),
            "properties/lastactivitytimeutc" => Cell::time(incident.last_activity().or_else(|| self.row().last_activity)),
            "properties/description" => Cell::text(&self.said().description),
            "properties/additionaldata/alertproductnames" => texts(self.row().products),
            "properties/additionaldata/tactics" => texts(self.row().tactics),
            "properties/additionaldata/alertscount" => Cell::Number(members(self.desk.graph(), incident.node()).len() as f64),
            part if part.starts_with("properties/owner") => match incident.assignee() {
                Some(assignee) => owner_cell(assignee, &part["properties/owner".len()..]),
                None => Cell::Null,
            },
            other => match json_cell(self.whole(), other) {
                Cell::Text(text) if other.ends_with("utc") => crate::model::Time::parse(&text).map_or(Cell::Null, Cell::Time),
                found => found,
            },
        }
    }

    fn tie(&self) -> (i64, &str) {
        (self.incident.number().unwrap_or_default(), self.incident.id())
    }
}
