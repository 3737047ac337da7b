//! What conditions know of an alert, incident or assessment: its properties as texts, now and before.

use crate::model::{Alert, Entity, Event, Incident, Owner};
use crate::triage::suppression;

/// A version of what a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// An alert.
    Alert(&'a Alert),
    /// An incident.
    Incident(&'a Incident),
    /// A row of posture.
    Assessment(&'a Event),
}

/// What conditions are asked of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The version that started the rule.
    pub now: Subject<'a>,
    /// The version before it.
    pub before: Option<Subject<'a>>,
    /// Entities of the alerts of an incident.
    pub entities: &'a [Entity],
}

/// Names of properties, each with what Microsoft Sentinel calls it.
const PROPERTIES: [(&str, &[&str]); 16] = [
    ("title", &["incidenttitle", "alerttitle", "alertdisplayname"]),
    ("description", &["incidentdescription", "alertdescription"]),
    ("severity", &["incidentseverity", "alertseverity"]),
    ("status", &["incidentstatus", "alertstatus"]),
    ("owner", &["incidentowner", "owner"]),
    ("tags", &["incidentlabel", "labels", "label"]),
    ("tactics", &["incidenttactics", "intent"]),
    ("techniques", &["incidenttechniques"]),
    ("products", &["alertproductnames", "product", "productname"]),
    ("provider", &["incidentprovidername", "providername"]),
    ("alert_type", &["alerttype", "incidentrelatedanalyticruleids", "alertanalyticruleids"]),
    ("classification", &["incidentclassification"]),
    ("source", &["incidentupdatedbysource", "alertupdatedbysource"]),
    ("alerts", &["alertids"]),
    ("comments", &[]),
    ("tasks", &[]),
];

/// Properties of entities as Microsoft Sentinel calls them.
const OF_ENTITIES: [(&str, &str); 24] = [
    ("accountname", "entities.account.name"),
    ("accountupnsuffix", "entities.account.upnsuffix"),
    ("accountntdomain", "entities.account.ntdomain"),
    ("accountaadtenantid", "entities.account.aadtenantid"),
    ("accountaaduserid", "entities.account.aaduserid"),
    ("accountsid", "entities.account.sid"),
    ("accountobjectguid", "entities.account.objectguid"),
    ("accountpuid", "entities.account.puid"),
    ("azureresourceresourceid", "entities.azure-resource.resourceid"),
    ("azureresourcesubscriptionid", "entities.azure-resource.subscriptionid"),
    ("cloudapplicationappid", "entities.cloud-application.appid"),
    ("cloudapplicationappname", "entities.cloud-application.name"),
    ("dnsdomainname", "entities.dns.domainname"),
    ("filedirectory", "entities.file.directory"),
    ("filename", "entities.file.name"),
    ("filehashvalue", "entities.filehash.value"),
    ("hostazureid", "entities.host.azureid"),
    ("hostname", "entities.host.hostname"),
    ("hostnetbiosname", "entities.host.netbiosname"),
    ("ipaddress", "entities.ip.address"),
    ("malwarename", "entities.malware.name"),
    ("mailboxprimaryaddress", "entities.mailbox.mailboxprimaryaddress"),
    ("processcommandline", "entities.process.commandline"),
    ("url", "entities.url.url"),
];

/// A property under the name that is used here.
fn canonical(property: &str) -> Option<String> {
    let lower = property.trim().to_lowercase();
    if lower.starts_with("entities.") || lower.starts_with("columns.") {
        return lower.split('.').all(|part| !part.is_empty()).then_some(lower);
    }
    let plain = lower.replace(['_', ' '], "");
    if let Some((name, _)) = PROPERTIES.iter().find(|(name, others)| name.replace('_', "") == plain || others.contains(&plain.as_str())) {
        return Some((*name).to_owned());
    }
    OF_ENTITIES.iter().find(|(name, _)| *name == plain).map(|(_, place)| (*place).to_owned())
}

/// Whether a property is known.
pub(super) fn is_property(property: &str) -> bool {
    canonical(property).is_some()
}

impl Facts<'_> {
    /// The values of a property now.
    pub(super) fn now(&self, property: &str) -> Vec<String> {
        canonical(property).map(|property| values(self.now, &property, self.entities)).unwrap_or_default()
    }

    /// The values of a property in the version before; none if there is no such version.
    pub(super) fn before(&self, property: &str) -> Option<Vec<String>> {
        let before = self.before?;
        Some(canonical(property).map(|property| values(before, &property, self.entities)).unwrap_or_default())
    }
}

fn values(subject: Subject<'_>, property: &str, entities: &[Entity]) -> Vec<String> {
    if let Some(rest) = property.strip_prefix("entities.") {
        let of = |entity: &Entity| suppression::entity_values(entity, rest);
        return match subject {
            Subject::Alert(alert) => alert.entities.iter().flat_map(|evidence| of(&evidence.entity)).collect(),
            Subject::Incident(incident) => incident.entities.iter().map(|evidence| &evidence.entity).chain(entities).flat_map(of).collect(),
            Subject::Assessment(event) => event.entities.iter().flat_map(|entity| of(entity)).collect(),
        };
    }
    let mut found = match subject {
        Subject::Alert(alert) => of_alert(alert, property),
        Subject::Incident(incident) => of_incident(incident, property),
        Subject::Assessment(event) => of_event(event, property),
    };
    found.retain(|value| !value.is_empty());
    found
}

fn owner(owner: Option<&Owner>) -> Vec<String> {
    let parts = owner.map(|owner| [&owner.upn, &owner.email, &owner.name, &owner.object_id]);
    parts.into_iter().flatten().flatten().cloned().collect()
}

fn of_alert(alert: &Alert, property: &str) -> Vec<String> {
    match property {
        "title" => vec![alert.title.clone()],
        "description" => vec![alert.description.clone()],
        "severity" => vec![alert.severity.as_str().to_owned()],
        "status" => vec![alert.status.as_str().to_owned()],
        "owner" => owner(alert.owner.as_ref()),
        "tags" => alert.tags.clone(),
        "tactics" => alert.tactics.iter().map(|tactic| tactic.to_string()).collect(),
        "techniques" => alert.techniques.clone(),
        "products" => vec![alert.product.clone()],
        "provider" => vec![alert.provider.clone()],
        "alert_type" => vec![alert.alert_type.clone()],
        "classification" => alert.classification.map(|classification| classification.as_str().to_owned()).into_iter().collect(),
        "source" => vec![alert.change.as_ref().map_or_else(|| alert.provider.clone(), |change| change.actor.clone())],
        "comments" => alert.comments.iter().map(|comment| comment.message.clone()).collect(),
        _ => Vec::new(),
    }
}

fn of_incident(incident: &Incident, property: &str) -> Vec<String> {
    match property {
        "title" => vec![incident.title.clone()],
        "description" => vec![incident.description.clone()],
        "severity" => vec![incident.severity.as_str().to_owned()],
        "status" => vec![incident.status.as_str().to_owned()],
        "owner" => owner(incident.owner.as_ref()),
        "tags" => incident.tags.clone(),
        "tactics" => incident.tactics.iter().map(|tactic| tactic.to_string()).collect(),
        "techniques" => incident.techniques.clone(),
        "products" => incident.products.clone(),
        "provider" => vec![incident.provider.clone()],
        "classification" => incident.classification.map(|classification| classification.as_str().to_owned()).into_iter().collect(),
        "source" => vec![incident.change.as_ref().map_or_else(|| incident.provider.clone(), |change| change.actor.clone())],
        "alerts" => incident.alert_ids.clone(),
        "comments" => incident.comments.iter().map(|comment| format!("{}\n{}", comment.id, comment.message)).collect(),
        "tasks" => incident.tasks.iter().map(|task| format!("{}\n{}", task.id, task.title)).collect(),
        _ => Vec::new(),
    }
}

/// Columns of rows of posture that stand for a property.
const COLUMNS: [(&str, &[&str]); 4] = [
    ("title", &["RecommendationDisplayName", "RecommendationName", "ControlName"]),
    ("description", &["Description"]),
    ("severity", &["RecommendationSeverity", "Severity"]),
    ("status", &["RecommendationState", "State"]),
];

fn of_event(event: &Event, property: &str) -> Vec<String> {
    let cell = |name: &str| {
        let found = event.columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    if let Some(name) = property.strip_prefix("columns.") {
        return cell(name).into_iter().collect();
    }
    let names = COLUMNS.iter().find(|(name, _)| *name == property).map_or(&[][..], |(_, names)| *names);
    names.iter().find_map(|name| cell(name)).into_iter().collect()
}
