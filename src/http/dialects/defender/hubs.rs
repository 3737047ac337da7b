//! What automations send to event hubs: each source that goes to one is an export of the engine, over the protocol of Kafka that event hubs speak.
//! Alerts go as they change, what belongs to the posture as snapshots of its table.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::Define;
use crate::http::dialects::{Call, Members};
use crate::model::{Fault, FaultClass, Object};
use crate::query::Context;
use crate::triage::definition::Definition;
use crate::triage::export::{Export, ExportFilter, Sasl, SaslMechanism, Schedule, Target};

/// Sources of the posture, each with the table that holds it.
const POSTURE: [(&str, &str); 5] = [
    ("Assessments", "SecurityRecommendation"),
    ("SubAssessments", "SecurityNestedRecommendation"),
    ("SecureScores", "SecureScores"),
    ("SecureScoreControls", "SecureScoreControls"),
    ("RegulatoryComplianceAssessment", "SecurityRegulatoryCompliance"),
];
/// Port of the protocol of Kafka at an event hub.
const PORT: u16 = 9_093;
/// Says of an export which automation it belongs to.
const OWNER: &str = "defender_automation";
const NAMESPACE: Uuid = Uuid::from_u128(0x51d2_8a0e_7c34_4b6f_9e1a_c7f0_36d4_2b95);

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, "automation_target", message)
}

/// The event hub that an action sends to; none if it sends elsewhere.
fn target(action: &Members) -> Result<Option<Target>, Fault> {
    if !action.word("actionType").is_some_and(|kind| kind.eq_ignore_ascii_case("EventHub")) {
        return Ok(None);
    }
    let string = action.word("connectionString").ok_or_else(|| invalid("expected the `connectionString` of the event hub, found none"))?;
    let part = |name: &str| {
        let parts = string.split(';').filter_map(|part| part.split_once('='));
        parts.map(|(known, value)| (known.trim(), value.trim())).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let host = part("Endpoint").and_then(|endpoint| url::Url::parse(endpoint).ok()).and_then(|url| url.host_str().map(str::to_owned));
    let host = host.ok_or_else(|| invalid("expected `Endpoint=sb://NAMESPACE/` in the `connectionString`, found none"))?;
    let resource = action.word("eventHubResourceId").unwrap_or_default();
    let named = resource.to_lowercase().contains("/eventhubs/").then(|| resource.rsplit('/').next().unwrap_or_default().to_owned());
    let topic = part("EntityPath").map(str::to_owned).or(named).filter(|topic| !topic.is_empty());
    let topic =
        topic.ok_or_else(|| invalid("expected the hub as `EntityPath` of the `connectionString` or end of `eventHubResourceId`"))?;
    let sasl = Sasl { mechanism: SaslMechanism::Plain, username: "$ConnectionString".to_owned(), password: string.clone() };
    Ok(Some(Target::Kafka { brokers: vec![format!("{host}:{PORT}")], topic, tls: true, sasl: Some(sasl) }))
}

/// Which alerts a source takes, of the rule sets that a filter can say: one property is any of some values.
fn filter(source: &Members) -> Result<ExportFilter, Fault> {
    let mut filter = ExportFilter::default();
    let mut property = None;
    for set in source.list("ruleSets") {
        let set = Members::of(set);
        let [rule] = set.list("rules") else {
            return Err(invalid("expected rule sets of one rule each for an event hub, as each is one more value that alerts may have"));
        };
        let rule = Members::of(rule);
        let path = rule.word("propertyJPath").unwrap_or_default();
        let name = path.rsplit('.').next().unwrap_or_default().to_lowercase();
        let equals = rule.word("operator").is_none_or(|operator| operator.eq_ignore_ascii_case("Equals"));
        if !equals || property.get_or_insert_with(|| name.clone()) != &name {
            return Err(invalid("expected rules for an event hub that hold one property against values with `Equals`"));
        }
        let value = rule.text("expectedValue").unwrap_or_default();
        match name.as_str() {
            "severity" => filter.severity.push(value),
            "status" => filter.status.push(value),
            "productname" => filter.product.push(value),
            _ => return Err(invalid(format!("expected `Severity`, `Status` or `ProductName` for an event hub, found `{path}`"))),
        }
    }
    Ok(filter)
}

/// The exports of an automation, in the order of its sources and actions.
fn exports(owner: &str, name: &str, automation: &Value) -> Result<Vec<Export>, Fault> {
    let properties = Members::of(automation).inner("properties");
    let mut exports = Vec::new();
    for action in properties.list("actions") {
        let Some(target) = target(&Members::of(action))? else { continue };
        for source in properties.list("sources") {
            let source = Members::of(source);
            let event = source.word("eventSource").unwrap_or_default();
            // What is called a snapshot is sent every week.
            let (event, every) = match event.to_lowercase().strip_suffix("snapshot") {
                Some(event) => (event.to_owned(), "7d"),
                None => (event.to_lowercase(), "1d"),
            };
            let posture = POSTURE.iter().find(|(known, _)| known.eq_ignore_ascii_case(&event));
            let schedule = posture.map(|(_, table)| Schedule { every: every.to_owned(), query: Some((*table).to_owned()) });
            if schedule.is_none() && event != "alerts" {
                return Err(invalid(format!(
                    "expected a source that is sent to event hubs (alerts, or one of the posture), found `{event}`"
                )));
            }
            let export = Export {
                name: Some(name.to_owned()),
                enabled: properties.flag("isEnabled").unwrap_or(true),
                kinds: vec!["alert".to_owned()],
                filter: if schedule.is_some() { ExportFilter::default() } else { filter(&source)? },
                schedule,
                from_beginning: false,
                target: target.clone(),
                extended: Object::from_iter([(OWNER.to_owned(), json!(owner))]),
            };
            export.check()?;
            exports.push(export);
        }
    }
    Ok(exports)
}

/// Says whether what an automation sends to event hubs can be sent.
pub(super) fn check(call: &Call, automation: &Value) -> Result<(), Fault> {
    exports("", call.parameter("name"), automation).map(|_| ())
}

/// What makes the exports of an automation those that it now stands for; of one that is gone, none.
pub(super) fn defines(call: &Call, context: &Context, owner: &str, automation: Option<&Value>) -> Result<Vec<Define>, Fault> {
    let wanted = automation.map_or(Ok(Vec::new()), |automation| exports(owner, call.parameter("name"), automation))?;
    let id = |place: usize| format!("defender-{}", Uuid::new_v5(&NAMESPACE, format!("{owner}/{place}").as_bytes()));
    let kept = context.snapshot.resources(Export::KIND)?;
    let own = kept.iter().filter(|stored| stored.resource.value["extended"][OWNER] == json!(owner));
    let gone = own.map(|stored| stored.resource.id.to_string()).filter(|known| !(0..wanted.len()).any(|place| id(place) == *known));
    let mut defines: Vec<Define> = gone.map(|id| Define::delete(Export::KIND, &id)).collect();
    if (!wanted.is_empty() || !defines.is_empty()) && !call.administers {
        let message = "expected the right `administer` for an automation that sends to an event hub: it is an export";
        return Err(Fault::new(FaultClass::Invalid, "right_missing", message).with_hint("an admin defines it, with a key of that role"));
    }
    defines.extend(wanted.iter().enumerate().map(|(place, export)| Define::put(Export::KIND, &id(place), json!(export))));
    Ok(defines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Send;SharedAccessKey=a=b";

    fn automation(source: Value, action: Value) -> Value {
        json!({"properties": {"isEnabled": true, "sources": [source], "actions": [action]}})
    }

    fn hub(string: &str, resource: &str) -> Value {
        json!({"actionType": "EventHub", "connectionString": string, "eventHubResourceId": resource})
    }

    #[test]
    fn a_hub_is_a_topic_of_its_namespace() {
        let rule = |value: &str| json!({"rules": [{"propertyJPath": "Severity", "operator": "Equals", "expectedValue": value}]});
        let source = json!({"eventSource": "Alerts", "ruleSets": [rule("High"), rule("Medium")]});
        let resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventHub/namespaces/ns/eventhubs/soc";
        let made = exports("o", "n", &automation(source, hub(HUB, resource))).expect("an export");
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].filter.severity, ["High", "Medium"]);
        let Target::Kafka { brokers, topic, tls: true, sasl: Some(sasl) } = &made[0].target else { panic!("{:?}", made[0].target) };
        assert_eq!((brokers.as_slice(), topic.as_str()), (&["ns.servicebus.windows.net:9093".to_owned()][..], "soc"));
        assert_eq!((sasl.username.as_str(), sasl.password.as_str()), ("$ConnectionString", HUB));

        let weekly = automation(json!({"eventSource": "SecureScoresSnapshot"}), hub(&format!("{HUB};EntityPath=x"), resource));
        let made = exports("o", "n", &weekly).expect("an export");
        let Target::Kafka { topic, .. } = &made[0].target else { panic!("{:?}", made[0].target) };
        assert_eq!((topic.as_str(), made[0].schedule.as_ref().map(|schedule| schedule.every.as_str())), ("x", Some("7d")));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let alerts = || json!({"eventSource": "Alerts"});
        let ruled = |path: &str, operator: &str| json!({"eventSource": "Alerts", "ruleSets": [{"rules": [{"propertyJPath": path, "operator": operator, "expectedValue": "x"}]}]});
        let resource = "/x/eventhubs/soc";
        let cases = [
            automation(alerts(), json!({"actionType": "EventHub"})),
            automation(alerts(), hub("SharedAccessKey=a", resource)),
            automation(alerts(), hub(HUB, "")),
            automation(json!({"eventSource": "AttackPaths"}), hub(HUB, resource)),
            automation(ruled("Severity", "Contains"), hub(HUB, resource)),
            automation(ruled("AlertType", "Equals"), hub(HUB, resource)),
        ];
        for case in cases {
            assert_eq!(exports("o", "n", &case).map_err(|fault| fault.code), Err("automation_target"), "{case}");
        }
        let elsewhere = automation(alerts(), json!({"actionType": "Workspace", "workspaceResourceId": "/x/workspaces/soc"}));
        assert_eq!(exports("o", "n", &elsewhere).map(|exports| exports.len()).map_err(|fault| fault.code), Ok(0));
    }
}
