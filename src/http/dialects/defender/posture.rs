//! Assessments, findings, secure scores, compliance, connections, tasks and topologies, as the documents of their source or their rows say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::dialects::{Call, Reply, arm, read_token, write_token};
use crate::model::{Fault, FaultClass, Object, Seq};
use crate::query::Context;
use crate::query::details::document;
use crate::query::posture::{Statement, number_of, text_of};

/// Items of a page.
const PAGE: usize = 1_000;
const PROVIDER: &str = "/providers/Microsoft.Security";

/// A list, a page at a time; items are in a fixed order.
fn page(call: &Call, items: Vec<Value>) -> Result<Reply, Fault> {
    let from: usize = call.option("$skipToken").map(read_token).transpose()?.unwrap_or_default();
    let left = items.len().saturating_sub(from.saturating_add(PAGE));
    let value = items.into_iter().skip(from).take(PAGE).collect();
    let next = if left > 0 { Some(call.next_link(&write_token(&(from + PAGE))?)) } else { None };
    Ok(Reply::ok(arm::list(value, next)))
}

/// The item of a name, in any case.
fn one(items: Vec<Value>, name: &str) -> Result<Reply, Fault> {
    let found = items.into_iter().find(|item| item["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    found.map(Reply::ok).ok_or_else(|| {
        let name: String = name.chars().take(128).collect();
        Fault::new(FaultClass::NotFound, "resource_unknown", format!("nothing of the name `{name}` is known in this scope"))
    })
}

/// The rows of a scope; one that no row has stands for all, unless it is that of a single resource.
fn in_scope(rows: Vec<Object>, scope: &str, column: &str) -> Vec<Object> {
    let scope = format!("/{}", scope.trim_matches('/')).to_lowercase();
    let inside = |row: &Object| {
        let own = text_of(row, column).to_lowercase();
        own.strip_prefix(&scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let resource = scope.matches('/').count() > 4;
    if resource || rows.iter().any(inside) { rows.into_iter().filter(inside).collect() } else { rows }
}

/// The scope of a path below a subscription.
fn subscription(call: &Call) -> String {
    format!("subscriptions/{}", call.parameter("sub"))
}

/// The document that made a row, if it is one of the vendor's API.
fn source(context: &Context, row: &Object) -> Result<Option<Value>, Fault> {
    let Some(seq) = row.get("_Seq").and_then(Value::as_u64) else { return Ok(None) };
    let raw: Value = serde_json::from_slice(&document(context, Seq(seq))?.raw).unwrap_or_default();
    let own = raw.get("properties").is_some_and(Value::is_object) && raw.get("type").is_some();
    Ok(own.then(|| {
        let kept = ["id", "name", "type", "location", "kind", "tags", "etag", "properties"];
        Value::Object(kept.into_iter().filter_map(|name| Some((name.to_owned(), raw.get(name)?.clone()))).collect())
    }))
}

fn resource(id: String, kind: &str, properties: Value) -> Value {
    json!({"name": arm::name_of(&id), "id": id, "type": format!("Microsoft.Security/{kind}"), "properties": properties})
}

/// The properties that a row keeps, else those that its columns give.
fn properties(row: &Object, columns: impl FnOnce() -> Value) -> Value {
    row.get("Properties").filter(|value| value.is_object()).cloned().unwrap_or_else(columns)
}

fn cell(row: &Object, column: &str) -> Value {
    row.get(column).cloned().unwrap_or_default()
}

fn count(row: &Object, column: &str) -> Value {
    number_of(row, column).map_or(Value::Null, |number| Value::from(number.round() as i64))
}

// ---- Assessments ---------------------------------------------------------------------------------------------------------------

pub(in crate::http::dialects) fn assessment_json(row: &Object) -> Value {
    let id = text_of(row, "RecommendationId");
    let id = if id.contains("/assessments/") {
        id.to_owned()
    } else {
        let name = Some(text_of(row, "RecommendationName")).filter(|name| !name.is_empty()).unwrap_or(id);
        format!("{}{PROVIDER}/assessments/{}", text_of(row, "AssessedResourceId"), arm::name_of(name))
    };
    let columns = || {
        let source = if text_of(row, "Environment").is_empty() { "Azure" } else { text_of(row, "Environment") };
        json!({
            "displayName": cell(row, "RecommendationDisplayName"),
            "status": {"code": cell(row, "RecommendationState"), "statusChangeDate": cell(row, "StatusChangeDate"),
                       "firstEvaluationDate": cell(row, "FirstEvaluationDate")},
            "resourceDetails": {"source": source, "id": cell(row, "AssessedResourceId")},
            "additionalData": cell(row, "RecommendationAdditionalData"),
            "metadata": {"displayName": cell(row, "RecommendationDisplayName"), "severity": cell(row, "RecommendationSeverity"),
                         "description": cell(row, "Description"), "policyDefinitionId": cell(row, "PolicyDefinitionId")},
        })
    };
    resource(id, "assessments", properties(row, columns))
}

fn assessment_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    let rows = in_scope(Statement::ASSESSMENTS.latest(context)?, call.parameter("scope"), "AssessedResourceId");
    Ok(rows.iter().map(assessment_json).collect())
}

pub(super) fn assessments(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, assessment_items(call, context)?)
}

pub(super) fn assessment(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(assessment_items(call, context)?, call.parameter("assessment"))
}

pub(in crate::http::dialects) fn finding_json(row: &Object) -> Value {
    let id = text_of(row, "Id");
    let id = if id.contains("/subAssessments/") || id.contains("/subassessments/") {
        id.to_owned()
    } else {
        let (parent, name) = (text_of(row, "ParentRecommendationId"), text_of(row, "NestedRecommendationId"));
        let parent = arm::name_of(parent);
        format!("{}{PROVIDER}/assessments/{parent}/subAssessments/{}", text_of(row, "AssessedResourceId"), arm::name_of(name))
    };
    let properties = json!({
        "id": cell(row, "VulnerabilityId"),
        "displayName": cell(row, "RecommendationName"),
        "status": {"code": cell(row, "RecommendationState"), "severity": cell(row, "RecommendationSeverity"), "cause": cell(row, "Cause")},
        "remediation": row.get("RemediationDescription").or_else(|| row.get("RemidiationDescription")),
        "impact": cell(row, "Impact"),
        "category": cell(row, "Category"),
        "description": cell(row, "Description"),
        "timeGenerated": cell(row, "TimeGenerated"),
        "resourceDetails": row.get("ResourceDetails").cloned().unwrap_or_else(|| json!({"source": "Azure", "id": cell(row, "AssessedResourceId")})),
        "additionalData": cell(row, "AdditionalData"),
    });
    resource(id, "assessments/subAssessments", properties)
}

fn finding_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    let rows = in_scope(Statement::FINDINGS.latest(context)?, call.parameter("scope"), "AssessedResourceId");
    let parent = call.parameter("assessment");
    let of = |row: &&Object| parent.is_empty() || arm::name_of(text_of(row, "ParentRecommendationId")).eq_ignore_ascii_case(parent);
    Ok(rows.iter().filter(of).map(finding_json).collect())
}

pub(super) fn findings(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, finding_items(call, context)?)
}

pub(super) fn finding(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(finding_items(call, context)?, call.parameter("finding"))
}

/// What assessments mean: as stated, else as assessments say in passing.
fn metadata_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    let scope = if call.parameter("sub").is_empty() { String::new() } else { format!("/{}", subscription(call)) };
    let id = |name: &str| format!("{scope}{PROVIDER}/assessmentMetadata/{name}");
    let mut items: BTreeMap<String, Value> = BTreeMap::new();
    for row in Statement::ASSESSMENTS.latest(context)? {
        let item = assessment_json(&row);
        let (name, said) = (item["name"].as_str().unwrap_or_default(), item["properties"]["metadata"].clone());
        let mut said = if said.is_object() { said } else { json!({}) };
        if said["displayName"].is_null() {
            said["displayName"] = item["properties"]["displayName"].clone();
        }
        if said["assessmentType"].is_null() {
            said["assessmentType"] = "BuiltIn".into();
        }
        items.insert(name.to_lowercase(), resource(id(name), "assessmentMetadata", said));
    }
    for row in Statement::METADATA.latest(context)? {
        let name = text_of(&row, "MetadataName");
        items.insert(name.to_lowercase(), resource(id(name), "assessmentMetadata", cell(&row, "Properties")));
    }
    Ok(items.into_values().collect())
}

pub(super) fn metadata(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, metadata_items(call, context)?)
}

pub(super) fn metadata_of(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(metadata_items(call, context)?, call.parameter("name"))
}

// ---- Scores --------------------------------------------------------------------------------------------------------------------

fn scored(row: &Object) -> Value {
    json!({"max": count(row, "MaxScore"), "current": cell(row, "CurrentScore"), "percentage": cell(row, "PercentageScore")})
}

pub(in crate::http::dialects) fn score_json(row: &Object) -> Value {
    let own = text_of(row, "AssessedResourceId");
    let id = if own.contains("/secureScores/") {
        own.to_owned()
    } else {
        format!("/subscriptions/{}{PROVIDER}/secureScores/ascScore", text_of(row, "SecureScoresSubscriptionId"))
    };
    let properties = json!({"displayName": cell(row, "DisplayName"), "weight": count(row, "Weight"), "score": scored(row)});
    resource(id, "secureScores", properties)
}

fn score_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    let rows = in_scope(Statement::SCORES.latest(context)?, &subscription(call), "AssessedResourceId");
    Ok(rows.iter().map(score_json).collect())
}

pub(super) fn scores(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, score_items(call, context)?)
}

pub(super) fn score(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(score_items(call, context)?, call.parameter("score"))
}

pub(in crate::http::dialects) fn control_json(row: &Object) -> Value {
    let own = text_of(row, "AssessedResourceId");
    let id = if own.contains("/secureScoreControls/") {
        own.to_owned()
    } else {
        let subscription = text_of(row, "SecureScoresSubscriptionId");
        format!("/subscriptions/{subscription}{PROVIDER}/secureScores/ascScore/secureScoreControls/{}", text_of(row, "ControlId"))
    };
    let definition = row.get("Properties").and_then(|properties| properties.get("definition")).cloned().unwrap_or_default();
    let properties = json!({
        "displayName": cell(row, "ControlName"),
        "score": scored(row),
        "healthyResourceCount": count(row, "HealthyResources"),
        "unhealthyResourceCount": count(row, "UnhealthyResources"),
        "notApplicableResourceCount": count(row, "NotApplicableResources"),
        "weight": count(row, "Weight"),
        "definition": definition,
    });
    resource(id, "secureScores/secureScoreControls", properties)
}

pub(super) fn controls(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let rows = in_scope(Statement::CONTROLS.latest(context)?, &subscription(call), "AssessedResourceId");
    let score = call.parameter("score").to_lowercase();
    let of = |item: &Value| {
        let id = item["id"].as_str().unwrap_or_default().to_lowercase();
        score.is_empty() || id.contains(&format!("/securescores/{score}/"))
    };
    page(call, rows.iter().map(control_json).filter(of).collect())
}

/// What the controls are, whoever is scored by them.
pub(super) fn definitions(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let mut items: BTreeMap<String, Value> = BTreeMap::new();
    for row in Statement::CONTROLS.latest(context)? {
        let name = text_of(&row, "ControlId").to_owned();
        let id = format!("{PROVIDER}/secureScoreControlDefinitions/{name}");
        let stated = row.get("Properties").and_then(|properties| properties.get("definition")?.get("properties")).cloned();
        let said = stated.unwrap_or_else(|| {
            json!({"displayName": cell(&row, "ControlName"), "description": cell(&row, "Description"), "maxScore": count(&row, "MaxScore"),
                   "source": {"sourceType": "BuiltIn"}, "assessmentDefinitions": []})
        });
        items.insert(name.to_lowercase(), resource(id, "secureScoreControlDefinitions", said));
    }
    page(call, items.into_values().collect())
}

// ---- Compliance ----------------------------------------------------------------------------------------------------------------

const STANDARDS: &str = "regulatoryComplianceStandards";
const CONTROLS: &str = "regulatoryComplianceControls";
const ASSESSMENTS: &str = "regulatoryComplianceAssessments";

fn compliance(context: &Context, statement: Statement, call: &Call) -> Result<Vec<Object>, Fault> {
    let rows = statement.latest(context)?;
    let subscription = call.parameter("sub");
    let own = |row: &Object| text_of(row, "RegulatoryComplianceSubscriptionId").eq_ignore_ascii_case(subscription);
    let known = rows.iter().any(own);
    let fits = |row: &Object, column: &str, name: &str| name.is_empty() || text_of(row, column).eq_ignore_ascii_case(name);
    let wanted = |row: &Object| {
        (!known || own(row))
            && fits(row, "ComplianceStandard", call.parameter("standard"))
            && fits(row, "ComplianceControl", call.parameter("control"))
    };
    Ok(rows.into_iter().filter(wanted).collect())
}

/// Results of one kind, counted.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    unsupported: u64,
}

impl Tally {
    fn add(&mut self, state: &str) {
        match state.to_ascii_lowercase().as_str() {
            "passed" => self.passed += 1,
            "failed" => self.failed += 1,
            "skipped" => self.skipped += 1,
            _ => self.unsupported += 1,
        }
    }

    fn state(&self) -> &'static str {
        match self {
            Self { failed: 1.., .. } => "Failed",
            Self { passed: 1.., .. } => "Passed",
            Self { skipped: 1.., .. } => "Skipped",
            _ => "Unsupported",
        }
    }
}

fn compliance_id(call: &Call, standard: &str) -> String {
    format!("/{}{PROVIDER}/{STANDARDS}/{standard}", subscription(call))
}

/// Controls of a standard: as stated, else counted from their assessments.
fn control_items(call: &Call, context: &Context) -> Result<BTreeMap<(String, String), Value>, Fault> {
    let key = |row: &Object| (text_of(row, "ComplianceStandard").to_owned(), text_of(row, "ComplianceControl").to_owned());
    let mut tallies: BTreeMap<(String, String), Tally> = BTreeMap::new();
    for row in compliance(context, Statement::COMPLIANCE, call)? {
        tallies.entry(key(&row)).or_default().add(text_of(&row, "State"));
    }
    let item = |(standard, control): &(String, String), properties: Value| {
        let id = format!("{}/{CONTROLS}/{control}", compliance_id(call, standard));
        resource(id, &format!("{STANDARDS}/{CONTROLS}"), properties)
    };
    let mut items: BTreeMap<(String, String), Value> = BTreeMap::new();
    for (key, tally) in tallies {
        let properties = json!({"state": tally.state(), "passedAssessments": tally.passed, "failedAssessments": tally.failed,
                                "skippedAssessments": tally.skipped});
        items.insert(key.clone(), item(&key, properties));
    }
    for row in compliance(context, Statement::STANDARD_CONTROLS, call)? {
        items.insert(key(&row), item(&key(&row), cell(&row, "Properties")));
    }
    Ok(items)
}

/// Standards: as stated, else counted from their controls.
fn standard_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for ((standard, _), control) in control_items(call, context)? {
        tallies.entry(standard).or_default().add(control["properties"]["state"].as_str().unwrap_or_default());
    }
    let mut items: BTreeMap<String, Value> = BTreeMap::new();
    for (standard, tally) in tallies {
        let properties = json!({"state": tally.state(), "passedControls": tally.passed, "failedControls": tally.failed,
                                "skippedControls": tally.skipped, "unsupportedControls": tally.unsupported});
        items.insert(standard.clone(), resource(compliance_id(call, &standard), STANDARDS, properties));
    }
    for row in compliance(context, Statement::STANDARDS, call)? {
        let standard = text_of(&row, "ComplianceStandard").to_owned();
        let item = resource(compliance_id(call, &standard), STANDARDS, cell(&row, "Properties"));
        items.insert(standard, item);
    }
    Ok(items.into_values().collect())
}

pub(super) fn standards(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, standard_items(call, context)?)
}

pub(super) fn standard(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(standard_items(call, context)?, call.parameter("standard"))
}

pub(super) fn standard_controls(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, control_items(call, context)?.into_values().collect())
}

pub(super) fn standard_control(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(control_items(call, context)?.into_values().collect(), call.parameter("control"))
}

fn compliance_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    let item = |row: Object| {
        let name = arm::name_of(text_of(&row, "RecommendationId"));
        let (standard, control) = (text_of(&row, "ComplianceStandard"), text_of(&row, "ComplianceControl"));
        let id = format!("{}/{CONTROLS}/{control}/{ASSESSMENTS}/{name}", compliance_id(call, standard));
        let columns = || {
            json!({
                "description": cell(&row, "RecommendationName"), "assessmentType": "Assessment",
                "assessmentDetailsLink": cell(&row, "RecommendationLink"), "state": cell(&row, "State"),
                "passedResources": count(&row, "PassedResources"), "failedResources": count(&row, "FailedResources"),
                "skippedResources": count(&row, "SkippedResources"),
            })
        };
        resource(id, &format!("{STANDARDS}/{CONTROLS}/{ASSESSMENTS}"), properties(&row, columns))
    };
    Ok(compliance(context, Statement::COMPLIANCE, call)?.into_iter().map(item).collect())
}

pub(super) fn compliance_assessments(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, compliance_items(call, context)?)
}

pub(super) fn compliance_assessment(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(compliance_items(call, context)?, call.parameter("name"))
}

// ---- Network and tasks ---------------------------------------------------------------------------------------------------------

/// The latest documents of a kind, by their identifier; of rows that come from elsewhere what `rebuilt` makes of them.
fn documents(
    call: &Call,
    context: &Context,
    statement: Statement,
    id: &str,
    rebuilt: fn(&str, &[Object]) -> Value,
) -> Result<Vec<Value>, Fault> {
    let rows = in_scope(statement.latest(context)?, &subscription(call), id);
    let region = call.parameter("region");
    let mut groups: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for row in rows {
        let own = text_of(&row, "Location");
        if region.is_empty() || own.is_empty() || own.eq_ignore_ascii_case(region) {
            groups.entry(text_of(&row, id).to_owned()).or_default().push(row);
        }
    }
    let mut items = Vec::new();
    for (name, rows) in groups {
        let newest = rows.iter().max_by_key(|row| row.get("_Seq").and_then(Value::as_u64));
        let stated = newest.map(|row| source(context, row)).transpose()?.flatten();
        items.push(stated.unwrap_or_else(|| rebuilt(&name, &rows)));
    }
    Ok(items)
}

fn connection_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    documents(call, context, Statement::CONNECTIONS, "AllowedConnectionsId", |id, rows| {
        let mut resources: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for row in rows {
            let connected = json!({"connectedResourceId": cell(row, "SourceResourceId"), "tcpPorts": text_of(row, "TcpPorts"), "udpPorts": text_of(row, "UdpPorts")});
            resources.entry(text_of(row, "TargetResourceId").to_owned()).or_default().push(connected);
        }
        let resources: Vec<Value> = resources
            .into_iter()
            .map(|(id, inbound)| json!({"id": id, "inboundConnectedResources": inbound, "outboundConnectedResources": []}))
            .collect();
        let calculated = rows.first().map(|row| cell(row, "TimeGenerated"));
        let mut item = resource(
            id.to_owned(),
            "locations/allowedConnections",
            json!({"calculatedDateTime": calculated, "connectableResources": resources}),
        );
        item["location"] = rows.first().map(|row| cell(row, "Location")).unwrap_or_default();
        item
    })
}

pub(super) fn connections(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, connection_items(call, context)?)
}

pub(super) fn connection(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(connection_items(call, context)?, call.parameter("name"))
}

fn topology_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    documents(call, context, Statement::TOPOLOGIES, "TopologyId", |id, rows| {
        let one = |row: &Object| {
            let members = [
                ("resourceId", "ResourceId"),
                ("severity", "Severity"),
                ("recommendationsExist", "RecommendationsExist"),
                ("networkZones", "NetworkZones"),
                ("topologyScore", "TopologyScore"),
                ("location", "Location"),
                ("parents", "Parents"),
                ("children", "Children"),
            ];
            Value::Object(members.into_iter().map(|(name, column)| (name.to_owned(), cell(row, column))).collect::<Map<_, _>>())
        };
        let calculated = rows.first().map(|row| cell(row, "TimeGenerated"));
        let resources: Vec<Value> = rows.iter().map(one).collect();
        resource(id.to_owned(), "locations/topologies", json!({"calculatedDateTime": calculated, "topologyResources": resources}))
    })
}

pub(super) fn topologies(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, topology_items(call, context)?)
}

pub(super) fn topology(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(topology_items(call, context)?, call.parameter("name"))
}

fn task_items(call: &Call, context: &Context) -> Result<Vec<Value>, Fault> {
    documents(call, context, Statement::TASKS, "TaskId", |id, rows| {
        let said = rows.first().map(|row| {
            json!({"state": cell(row, "State"), "subState": cell(row, "SubState"), "creationTimeUtc": cell(row, "CreationTimeUtc"),
                   "lastStateChangeTimeUtc": cell(row, "LastStateChangeTimeUtc"), "securityTaskParameters": cell(row, "Parameters")})
        });
        resource(id.to_owned(), "tasks", said.unwrap_or_default())
    })
}

pub(super) fn tasks(call: &Call, context: &Context) -> Result<Reply, Fault> {
    page(call, task_items(call, context)?)
}

pub(super) fn task(call: &Call, context: &Context) -> Result<Reply, Fault> {
    one(task_items(call, context)?, call.parameter("name"))
}
