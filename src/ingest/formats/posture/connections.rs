//! What resources may reach which, where they stand in the network, and what is left to do about them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Document, cell, whole};
use crate::ingest::value;
use crate::model::{Event, Object};

/// Ports of a connection, as the source writes them.
#[derive(Default)]
struct Ports {
    tcp: Vec<String>,
    udp: Vec<String>,
}

impl Ports {
    fn add(&mut self, connected: &Object) {
        for (name, list) in [("tcpPorts", &mut self.tcp), ("udpPorts", &mut self.udp)] {
            if let Some(text) = value::text_of(connected, &[name]) {
                let text = text.trim_matches(['[', ']']).trim().to_owned();
                if !text.is_empty() && !list.contains(&text) {
                    list.push(text);
                }
            }
        }
    }
}

/// One row for each ordered pair of resources, however often the document states the connection.
pub(super) fn allowed(document: &Document<'_>) -> Vec<Event> {
    let mut pairs: BTreeMap<(String, String), (String, String, Ports)> = BTreeMap::new();
    let mut connect = |from: &str, to: &str, connected: &Object| {
        let key = (from.to_lowercase(), to.to_lowercase());
        let entry = pairs.entry(key).or_insert_with(|| (from.to_owned(), to.to_owned(), Ports::default()));
        entry.2.add(connected);
    };
    for resource in objects(document.get(&["connectableResources"])) {
        let Some(id) = value::text_of(resource, &["id"]) else { continue };
        for (direction, inbound) in [("inboundConnectedResources", true), ("outboundConnectedResources", false)] {
            for connected in objects(value::get(resource, direction)) {
                let Some(other) = value::text_of(connected, &["connectedResourceId"]) else { continue };
                if inbound {
                    connect(&other, &id, connected);
                } else {
                    connect(&id, &other, connected);
                }
            }
        }
    }
    let time = document.time(&["calculatedDateTime"]);
    let row = |(from, to, ports): (String, String, Ports)| {
        let mut row = document.row("SecurityAllowedConnections", time);
        row.put("SourceResourceId", from);
        row.put("TargetResourceId", to);
        row.put("ConnectionType", document.name());
        row.put("TcpPorts", ports.tcp.join(", "));
        row.put("UdpPorts", ports.udp.join(", "));
        row.put("AllowedConnectionsId", document.id.as_ref());
        row.put("Location", value::text_of(document.object, &["location"]).map(std::borrow::Cow::into_owned));
        row.put("SubscriptionId", document.part("subscriptions"));
        row.finish()
    };
    pairs.into_values().map(row).collect()
}

fn objects(list: Option<&Value>) -> impl Iterator<Item = &Object> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

pub(super) fn task(document: &Document<'_>) -> Vec<Event> {
    let (created, changed) = (document.time(&["creationTimeUtc"]), document.time(&["lastStateChangeTimeUtc"]));
    let mut row = document.row("SecurityTasks", changed.or(created));
    row.put("TaskId", document.id.as_ref());
    row.put("TaskName", cell(document.text(&["securityTaskParameters", "name"])));
    row.put("State", cell(document.text(&["state"])));
    row.put("SubState", cell(document.text(&["subState"])));
    row.put("CreationTimeUtc", created.map(|time| time.to_string()));
    row.put("LastStateChangeTimeUtc", changed.map(|time| time.to_string()));
    let resource = ["resourceId", "vmId", "serverId"].iter().find_map(|name| document.text(&["securityTaskParameters", name]));
    row.put("AssessedResourceId", resource.map_or_else(|| document.resource().into(), |id| Value::from(id.into_owned())));
    row.put("Parameters", document.get(&["securityTaskParameters"]).cloned());
    row.put("Location", document.part("locations"));
    row.put("SubscriptionId", document.part("subscriptions"));
    row.put("Properties", document.properties());
    vec![row.finish()]
}

pub(super) fn topology(document: &Document<'_>) -> Vec<Event> {
    let time = document.time(&["calculatedDateTime"]);
    let row = |resource: &Object| {
        let text = |name: &str| cell(value::text_of(resource, &[name]));
        let mut row = document.row("SecurityTopologies", time);
        row.put("TopologyId", document.id.as_ref());
        row.put("ResourceId", text("resourceId"));
        row.put("Severity", text("severity"));
        row.put("RecommendationsExist", value::get(resource, "recommendationsExist").cloned());
        row.put("NetworkZones", text("networkZones"));
        row.put("TopologyScore", whole(value::get(resource, "topologyScore").and_then(value::number)));
        row.put("Location", text("location"));
        row.put("Parents", value::get(resource, "parents").cloned());
        row.put("Children", value::get(resource, "children").cloned());
        row.put("SubscriptionId", document.part("subscriptions"));
        row.finish()
    };
    objects(document.get(&["topologyResources"])).map(row).collect()
}
