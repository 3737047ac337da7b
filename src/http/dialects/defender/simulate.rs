//! `alerts/default/simulate`: sample alerts, one for each bundle that is asked for, taken in like those of a source.

use std::io::Cursor;

use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::http::dialects::{Call, Members, Reply, arm};
use crate::ingest::{self, Input};
use crate::model::{Fault, FaultClass, Time};
use crate::query::Context;

/// What a sample alert says.
struct Sample {
    bundle: &'static str,
    alert_type: &'static str,
    title: &'static str,
    description: &'static str,
    severity: &'static str,
    intent: &'static str,
    technique: &'static str,
    /// Type and name of the resource that it is about.
    resource: (&'static str, &'static str),
}

const SAMPLES: [Sample; 9] = [
    Sample {
        bundle: "AppServices",
        alert_type: "SIMULATED_APPS_WebShell",
        title: "Web shell called on a web app",
        description: "Requests to the app look like commands that are given to a web shell.",
        severity: "High",
        intent: "Persistence",
        technique: "T1505",
        resource: ("Microsoft.Web/sites", "sample-app"),
    },
    Sample {
        bundle: "DNS",
        alert_type: "SIMULATED_AzureDNS_SinkholedDomain",
        title: "Communication with a sinkholed domain",
        description: "A machine asked for a domain that is known to have served an attack.",
        severity: "Medium",
        intent: "CommandAndControl",
        technique: "T1071",
        resource: ("Microsoft.Compute/virtualMachines", "sample-vm"),
    },
    Sample {
        bundle: "KeyVaults",
        alert_type: "SIMULATED_KV_OperationVolumeAnomaly",
        title: "Unusually many operations on a key vault",
        description: "One principal read far more secrets than the vault is used to.",
        severity: "Medium",
        intent: "CredentialAccess",
        technique: "T1555",
        resource: ("Microsoft.KeyVault/vaults", "sample-vault"),
    },
    Sample {
        bundle: "KubernetesService",
        alert_type: "SIMULATED_K8S_PrivilegedContainer",
        title: "Privileged container started",
        description: "A container with full access to its node was started in the cluster.",
        severity: "Low",
        intent: "PrivilegeEscalation",
        technique: "T1611",
        resource: ("Microsoft.ContainerService/managedClusters", "sample-cluster"),
    },
    Sample {
        bundle: "ResourceManager",
        alert_type: "SIMULATED_ARM_MicroBurst",
        title: "Tool for attacks on subscriptions used",
        description: "Management operations follow the order in which a known tool makes them.",
        severity: "High",
        intent: "Discovery",
        technique: "T1526",
        resource: ("Microsoft.Resources/deployments", "sample-deployment"),
    },
    Sample {
        bundle: "SqlServers",
        alert_type: "SIMULATED_SQL_BruteForce",
        title: "Successful brute force on a database",
        description: "After many failed logins with several names one from the same address succeeded.",
        severity: "High",
        intent: "InitialAccess",
        technique: "T1110",
        resource: ("Microsoft.Sql/servers", "sample-sql"),
    },
    Sample {
        bundle: "StorageAccounts",
        alert_type: "SIMULATED_Storage_DataExfiltration",
        title: "Unusual amount of data read from storage",
        description: "One address read far more data from the account than it ever did.",
        severity: "High",
        intent: "Exfiltration",
        technique: "T1537",
        resource: ("Microsoft.Storage/storageAccounts", "samplestorage"),
    },
    Sample {
        bundle: "VirtualMachines",
        alert_type: "SIMULATED_VM_CryptoMining",
        title: "Digital currency mining on a machine",
        description: "A process on the machine talks to a mining pool and uses all processors.",
        severity: "High",
        intent: "Execution",
        technique: "T1496",
        resource: ("Microsoft.Compute/virtualMachines", "sample-vm"),
    },
    Sample {
        bundle: "CosmosDbs",
        alert_type: "SIMULATED_CosmosDB_SQLInjection",
        title: "Injection into queries of a database account",
        description: "A query text holds parts that only an injection puts there.",
        severity: "Medium",
        intent: "InitialAccess",
        technique: "T1190",
        resource: ("Microsoft.DocumentDB/databaseAccounts", "sample-cosmos"),
    },
];

/// Address that sample alerts name; it is reserved for documentation.
const ATTACKER: &str = "203.0.113.66";

/// Takes in sample alerts.
pub(super) fn simulate(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let properties = Members::of(&call.json()?).inner("properties");
    let invalid = |message: String| Fault::new(FaultClass::Invalid, "simulation_invalid", message);
    let kind = properties.word("kind").unwrap_or_default();
    if !kind.eq_ignore_ascii_case("Bundles") {
        return Err(invalid(format!("expected `Bundles` for `properties.kind`, found `{kind}`")));
    }
    let bundles = properties.texts("bundles");
    let known: Vec<&str> = SAMPLES.iter().map(|sample| sample.bundle).collect();
    let mut documents = Vec::new();
    for bundle in &bundles {
        let sample = SAMPLES.iter().find(|sample| sample.bundle.eq_ignore_ascii_case(bundle));
        let sample = sample.ok_or_else(|| invalid(format!("expected bundles of {}, found `{bundle}`", known.join(", "))))?;
        documents.push(document(call, sample, Time::now()));
    }
    if documents.is_empty() {
        return Err(invalid("expected at least one of `properties.bundles`, found none".to_owned()));
    }
    let id = uuid::Uuid::new_v4().to_string();
    let reader = Box::new(Cursor::new(json!({"value": documents}).to_string().into_bytes()));
    engine.ingest(Input::Reader { name: format!("simulate-{id}.json"), reader }, &ingest::Options::default(), &())?;
    let region = call.parameter("region");
    let path = format!("/subscriptions/{}/providers/Microsoft.Security/locations/{region}/operationStatuses/{id}", call.parameter("sub"));
    let version = call.option("api-version").unwrap_or("2022-01-01");
    let version: String = url::form_urlencoded::byte_serialize(version.as_bytes()).collect();
    let location = format!("{}{path}?api-version={version}", call.base());
    // The alerts are there already: the first look finds the operation ended.
    Ok(Reply::nothing().status(StatusCode::ACCEPTED).header(LOCATION, location).header(RETRY_AFTER, "0"))
}

/// A sample alert of one resource, as the vendor's API writes alerts.
fn document(call: &Call, sample: &Sample, now: Time) -> Value {
    let (subscription, region) = (call.parameter("sub"), call.parameter("region"));
    let name = format!("{}_{}", i64::MAX - now.micros(), uuid::Uuid::new_v4());
    let (kind, resource) = sample.resource;
    let group = format!("/subscriptions/{subscription}/resourceGroups/Sample-RG");
    let resource_id = format!("{group}/providers/{kind}/{resource}");
    json!({
        "id": format!("{group}/providers/Microsoft.Security/locations/{region}/alerts/{name}"),
        "name": name,
        "type": "Microsoft.Security/Locations/alerts",
        "properties": {
            "version": "2022-01-01", "alertType": sample.alert_type, "systemAlertId": name, "status": "Active", "severity": sample.severity,
            "alertDisplayName": format!("[SAMPLE ALERT] {}", sample.title),
            "description": format!("THIS IS A SAMPLE ALERT: {}", sample.description),
            "intent": sample.intent, "techniques": [sample.technique], "isIncident": false,
            "vendorName": "Microsoft", "productName": "Microsoft Defender for Cloud", "compromisedEntity": resource,
            "startTimeUtc": arm::time(now.plus(-300_000_000)), "endTimeUtc": arm::time(now), "timeGeneratedUtc": arm::time(now),
            "processingEndTimeUtc": arm::time(now),
            "resourceIdentifiers": [{"type": "AzureResource", "azureResourceId": resource_id}],
            "entities": [{"type": "azure-resource", "resourceId": resource_id}, {"type": "ip", "address": ATTACKER}],
            "remediationSteps": ["This is a sample alert: there is nothing to do."],
            "extendedProperties": {"resourceType": kind, "sample": "true"},
        },
    })
}

/// An operation that ended: sample alerts are there before its address is known.
pub(super) fn ended(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let id = call.parameter("operation");
    Ok(Reply::ok(json!({"id": call.parameter("operation"), "name": id, "status": "Succeeded"})))
}
