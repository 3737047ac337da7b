//! The rows of the tables of Resource Graph; only those that a query names are made.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::http::dialects::arm;
use crate::http::dialects::defender::{Whole, posture};
use crate::ingest::identify::parts;
use crate::model::{Fault, Kind, Object};
use crate::query::Context;
use crate::query::ask::GivenTable;
use crate::query::posture::{Statement, text_of};

const COLUMNS: [(&str, &str); 16] = [
    ("id", "string"),
    ("name", "string"),
    ("type", "string"),
    ("tenantId", "string"),
    ("kind", "string"),
    ("location", "string"),
    ("resourceGroup", "string"),
    ("subscriptionId", "string"),
    ("managedBy", "string"),
    ("sku", "dynamic"),
    ("plan", "dynamic"),
    ("properties", "dynamic"),
    ("tags", "dynamic"),
    ("identity", "dynamic"),
    ("zones", "dynamic"),
    ("extendedLocation", "dynamic"),
];

/// The tables that a query names, each under every spelling that the query uses.
pub(super) fn tables(context: &Context, query: &str, subscriptions: &[String]) -> Result<Vec<GivenTable>, Fault> {
    let words: BTreeSet<&str> = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let spellings = |name: &str| words.iter().filter(|word| word.eq_ignore_ascii_case(name)).copied().collect::<Vec<_>>();
    let mut tables = Vec::new();
    for (name, rows) in [("securityresources", security as fn(&Context) -> Result<Vec<Value>, Fault>), ("resources", resources)] {
        let spellings = spellings(name);
        if spellings.is_empty() {
            continue;
        }
        let rows: Vec<Vec<Value>> = of_subscriptions(rows(context)?, subscriptions).iter().map(row).collect();
        let columns: Vec<(String, String)> = COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect();
        tables.extend(spellings.into_iter().map(|name| GivenTable { name: name.to_owned(), columns: columns.clone(), rows: rows.clone() }));
    }
    Ok(tables)
}

/// The resources of some subscriptions; where none of them is known, of all, so that scripts with any subscription work.
fn of_subscriptions(items: Vec<Value>, wanted: &[String]) -> Vec<Value> {
    let own = |item: &Value| {
        let id = item["id"].as_str().unwrap_or_default();
        wanted.iter().any(|wanted| part(id, "subscriptions").eq_ignore_ascii_case(wanted))
    };
    if wanted.is_empty() || !items.iter().any(own) { items } else { items.into_iter().filter(own).collect() }
}

/// The segment behind a word of an identifier.
fn part<'a>(id: &'a str, word: &str) -> &'a str {
    let mut segments = id.split('/').skip_while(|segment| !segment.eq_ignore_ascii_case(word));
    segments.nth(1).unwrap_or_default()
}

fn row(item: &Value) -> Vec<Value> {
    let id = item["id"].as_str().unwrap_or_default();
    let cell = |name: &str| match name {
        "type" => item["type"].as_str().unwrap_or_default().to_ascii_lowercase().into(),
        "resourceGroup" => part(id, "resourceGroups").to_lowercase().into(),
        "subscriptionId" => part(id, "subscriptions").into(),
        _ => match item.get(name) {
            Some(value) => value.clone(),
            None if ["tenantId", "kind", "location", "managedBy"].contains(&name) => "".into(),
            None => Value::Null,
        },
    };
    COLUMNS.iter().map(|(name, _)| cell(name)).collect()
}

/// Alerts and posture.
fn security(context: &Context) -> Result<Vec<Value>, Fault> {
    let graph = &context.snapshot.graph;
    let mut items = Vec::new();
    for alert in graph.all_alerts().filter(|alert| alert.known()) {
        let mut item = Whole::read(context, alert.id())?.whole();
        if let Some(Value::Object(properties)) = item.get_mut("properties") {
            both_cases(properties);
        }
        items.push(item);
    }
    let mut add = |statement: Statement, json: fn(&Object) -> Value| -> Result<(), Fault> {
        items.extend(statement.latest(context)?.iter().map(json));
        Ok(())
    };
    add(Statement::ASSESSMENTS, posture::assessment_json)?;
    add(Statement::FINDINGS, posture::finding_json)?;
    add(Statement::SCORES, posture::score_json)?;
    add(Statement::CONTROLS, posture::control_json)?;
    add(Statement::COMPLIANCE, |row| {
        let subscription = text_of(row, "RegulatoryComplianceSubscriptionId");
        let (standard, control) = (text_of(row, "ComplianceStandard"), text_of(row, "ComplianceControl"));
        let name = arm::name_of(text_of(row, "RecommendationId"));
        let kind = "regulatoryComplianceStandards/regulatoryComplianceControls/regulatoryComplianceAssessments";
        json!({
            "id": format!("/subscriptions/{subscription}/providers/Microsoft.Security/regulatoryComplianceStandards/{standard}/regulatoryComplianceControls/{control}/regulatoryComplianceAssessments/{name}"),
            "name": name, "type": format!("Microsoft.Security/{kind}"), "properties": row.get("Properties").cloned().unwrap_or_default(),
        })
    })?;
    Ok(items)
}

/// Queries of the field name members of alerts in both cases (`properties.severity`, `properties.Severity`): the service has known both.
fn both_cases(properties: &mut Map<String, Value>) {
    let capital = |name: &str| {
        let mut letters = name.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    let copies: Vec<(String, Value)> = properties.iter().map(|(name, value)| (capital(name), value.clone())).collect();
    properties.extend(copies);
}

/// The resources of Azure that the graph knows.
fn resources(context: &Context) -> Result<Vec<Value>, Fault> {
    let graph = &context.snapshot.graph;
    let mut items = Vec::new();
    for node in graph.all_entities() {
        let Some(entity) = graph.entity_node(node).filter(|entity| entity.kind() == Kind::AZURE_RESOURCE.as_str()) else { continue };
        let keys = entity.keys();
        let id = keys.iter().filter(|(_, strong)| *strong).find_map(|(key, _)| key.split_once('=').map(|(_, id)| id));
        let Some((id, properties)) = id.and_then(|id| Some((id, parts::azure_resource(id)?))) else { continue };
        let text = |name: &str| text_of(&properties, name).to_owned();
        items.push(json!({
            "id": id, "name": entity.label(), "type": text("ResourceType"),
            "properties": {"edges": graph.degree(node)},
        }));
    }
    Ok(items)
}
