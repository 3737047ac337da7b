//! The rows of the tables of Resource Graph; only those that a query names are made, and of alerts only those are read that its filters leave.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use crate::graph::{AlertRef, Direction, EdgeFilter, GraphSnapshot, NodeId};
use crate::http::dialects::defender::{ALERT_TYPE, KNOWN_MEMBERS, Whole, known_member, only_sampled, posture};
use crate::http::dialects::resources::workspaces_in;
use crate::http::dialects::{Call, arm};
use crate::ingest::identify::parts;
use crate::model::{Fault, Kind, Object, Relation};
use crate::query::Context;
use crate::query::ask::{GivenRows, GivenTable, Sketch, Sketched};
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

/// Sketches that are made together.
const SKETCHES: usize = 1_024;

/// The tables that a query names, each under every spelling that the query uses.
pub(super) fn tables(call: &Call, context: &Context, query: &str, subscriptions: &[String]) -> Result<Vec<GivenTable>, Fault> {
    let words: BTreeSet<&str> = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let mut tables = Vec::new();
    for name in ["securityresources", "resources"] {
        let spellings: Vec<&str> = words.iter().filter(|word| word.eq_ignore_ascii_case(name)).copied().collect();
        if spellings.is_empty() {
            continue;
        }
        let rows: Arc<dyn GivenRows> = match name {
            "resources" => {
                let mut items = of_subscriptions(resources(context), subscriptions);
                items.extend(workspaces_in(call, subscriptions));
                Arc::new(Resources(items.iter().map(row).collect()))
            }
            _ => Arc::new(Security::of(context, subscriptions)?),
        };
        tables.extend(spellings.into_iter().map(|name| GivenTable { name: name.to_owned(), rows: Arc::clone(&rows) }));
    }
    Ok(tables)
}

/// Resources, at hand.
struct Resources(Vec<Vec<Value>>);

/// Some of the rows that are at hand, from a place on.
fn at_hand(rows: &[Vec<Value>], place: usize) -> Vec<Sketch> {
    rows.iter().skip(place).take(SKETCHES).map(|row| Sketch { cells: row.clone(), sure: true }).collect()
}

impl GivenRows for Resources {
    fn columns(&self) -> &[(&'static str, &'static str)] {
        &COLUMNS
    }

    fn sketched(&self) -> Sketched {
        Sketched::default()
    }

    fn sketches(&self, place: usize, _: &BTreeSet<String>) -> Result<Vec<Sketch>, Fault> {
        Ok(at_hand(&self.0, place))
    }

    fn row(&self, place: usize) -> Result<Option<Vec<Value>>, Fault> {
        Ok(self.0.get(place).cloned())
    }
}

/// Alerts, which are read when a query needs more of them than the graph knows, then posture.
struct Security {
    context: Context,
    /// The alerts; of those that are not sure only their identifier says whether they belong to the subscriptions.
    alerts: Vec<(NodeId, bool)>,
    /// Subscriptions that rows must have; none if all rows count.
    wanted: Option<Vec<String>>,
    posture: OnceLock<Result<Vec<Vec<Value>>, Fault>>,
}

impl Security {
    /// The rows of some subscriptions; where none of them is known, all rows, so that scripts with any subscription work. Resources that only
    /// sample alerts name make no subscription known.
    fn of(context: &Context, subscriptions: &[String]) -> Result<Self, Fault> {
        let graph = &context.snapshot.graph;
        let known = || graph.all_alerts().filter(AlertRef::known);
        let all = Self {
            context: context.clone(),
            alerts: known().map(|alert| (alert.node(), true)).collect(),
            wanted: None,
            posture: OnceLock::new(),
        };
        if subscriptions.is_empty() {
            return Ok(all);
        }
        let own = |id: &str| subscriptions.iter().any(|wanted| part(id, "subscriptions").eq_ignore_ascii_case(wanted));
        let resources: HashMap<NodeId, bool> =
            graph.all_entities().filter_map(|node| Some((node, own(&resource_id(graph, node)?)))).collect();
        let posture_own = |rows: &[Vec<Value>]| rows.iter().any(|row| row[0].as_str().is_some_and(own));
        let is_known = resources.iter().any(|(node, own)| *own && !only_sampled(graph, *node));
        if !is_known && !posture_own(all.posture()?) {
            return Ok(all);
        }
        let involved = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::Out, ..EdgeFilter::default() };
        let place = |alert: AlertRef<'_>| {
            let mut named = graph.edges(alert.node(), &involved).filter_map(|edge| resources.get(&edge.to)).peekable();
            if named.peek().is_none() {
                return Some((alert.node(), false));
            }
            named.any(|own| *own).then(|| (alert.node(), true))
        };
        let alerts = known().filter_map(place).collect();
        Ok(Self { alerts, wanted: Some(subscriptions.to_vec()), posture: OnceLock::new(), ..all })
    }

    fn is_wanted(&self, row: &[Value]) -> bool {
        let subscription = part(row[0].as_str().unwrap_or_default(), "subscriptions");
        self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(subscription)))
    }

    fn posture(&self) -> Result<&[Vec<Value>], Fault> {
        let read = || {
            let rows = posture_items(&self.context)?.iter().map(row).filter(|row| self.is_wanted(row)).collect();
            Ok(rows)
        };
        self.posture.get_or_init(read).as_deref().map_err(Clone::clone)
    }
}

impl GivenRows for Security {
    fn columns(&self) -> &[(&'static str, &'static str)] {
        &COLUMNS
    }

    fn sketched(&self) -> Sketched {
        Sketched {
            columns: &[
                "name",
                "type",
                "tenantId",
                "kind",
                "location",
                "managedBy",
                "sku",
                "plan",
                "tags",
                "identity",
                "zones",
                "extendedLocation",
            ],
            members: &[("properties", &KNOWN_MEMBERS)],
        }
    }

    fn sketches(&self, place: usize, wanted: &BTreeSet<String>) -> Result<Vec<Sketch>, Fault> {
        let Some(alerts) = self.alerts.get(place..).filter(|alerts| !alerts.is_empty()) else {
            return Ok(at_hand(self.posture()?, place - self.alerts.len()));
        };
        let graph = &self.context.snapshot.graph;
        let sketch = |(node, sure): &(NodeId, bool)| {
            let alert = graph.alert_node(*node);
            let member = |name: &String| Some((name.clone(), known_member(alert.as_ref()?, name)?));
            let properties: Map<String, Value> = wanted.iter().filter_map(member).collect();
            let name = alert.as_ref().map(AlertRef::id);
            Sketch { cells: row(&json!({"name": name, "type": ALERT_TYPE, "properties": properties})), sure: *sure }
        };
        Ok(alerts.iter().take(SKETCHES).map(sketch).collect())
    }

    fn row(&self, place: usize) -> Result<Option<Vec<Value>>, Fault> {
        let Some((node, sure)) = self.alerts.get(place) else {
            return Ok(self.posture()?.get(place - self.alerts.len()).cloned());
        };
        let Some(alert) = self.context.snapshot.graph.alert_node(*node) else { return Ok(None) };
        let mut item = Whole::read(&self.context, alert.id())?.whole();
        if let Some(Value::Object(properties)) = item.get_mut("properties") {
            both_cases(properties);
        }
        let row = row(&item);
        Ok((*sure || self.is_wanted(&row)).then_some(row))
    }
}

/// The identifier of a resource of Azure.
fn resource_id(graph: &GraphSnapshot, node: NodeId) -> Option<String> {
    let entity = graph.entity_node(node).filter(|entity| entity.kind() == Kind::AZURE_RESOURCE.as_str())?;
    entity.keys().into_iter().filter(|(_, strong)| *strong).find_map(|(key, _)| Some(key.split_once('=')?.1.to_owned()))
}

/// The resources of some subscriptions; where none of them is known, of all, so that scripts with any subscription work. What only sample
/// alerts name makes no subscription known.
fn of_subscriptions(items: Vec<(bool, Value)>, wanted: &[String]) -> Vec<Value> {
    let own = |item: &Value| {
        let id = item["id"].as_str().unwrap_or_default();
        wanted.iter().any(|wanted| part(id, "subscriptions").eq_ignore_ascii_case(wanted))
    };
    let known = items.iter().any(|(sampled, item)| !sampled && own(item));
    items.into_iter().map(|(_, item)| item).filter(|item| !known || own(item)).collect()
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

/// Posture.
fn posture_items(context: &Context) -> Result<Vec<Value>, Fault> {
    let mut items = Vec::new();
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
fn resources(context: &Context) -> Vec<(bool, Value)> {
    let graph = &context.snapshot.graph;
    let mut items = Vec::new();
    for node in graph.all_entities() {
        let Some(entity) = graph.entity_node(node) else { continue };
        let Some(id) = resource_id(graph, node) else { continue };
        let Some(properties) = parts::azure_resource(&id) else { continue };
        let text = |name: &str| text_of(&properties, name).to_owned();
        let item = json!({
            "id": id, "name": entity.label(), "type": text("ResourceType"),
            "properties": {"edges": graph.degree(node)},
        });
        items.push((only_sampled(graph, node), item));
    }
    items
}
