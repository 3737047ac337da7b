//! Sample alerts: one story over the bundles of Defender for Cloud, told by alerts that share their entities and say that they are samples.

use serde_json::{Value, json};

use crate::model::Time;

/// The bundles, by the names that Defender for Cloud gives them.
pub const BUNDLES: [&str; 9] = [
    "VirtualMachines",
    "KeyVaults",
    "StorageAccounts",
    "SqlServers",
    "CosmosDbs",
    "AppServices",
    "KubernetesService",
    "ResourceManager",
    "DNS",
];

/// In front of each title.
pub const MARK: &str = "[SAMPLE ALERT]";

/// A kind of sample alert.
struct Sample {
    bundle: &'static str,
    /// Minutes after the begin of the story.
    minute: i64,
    alert_type: &'static str,
    title: &'static str,
    description: &'static str,
    severity: &'static str,
    intent: &'static str,
    /// Type and name of the resource.
    resource: (&'static str, &'static str),
    /// The entities besides the resource: any of `attacker`, `admin`, `host`, `process`, `file`, `domain`.
    entities: &'static [&'static str],
    remediation: &'static str,
}

const VM: (&str, &str) = ("Microsoft.Compute/virtualMachines", "Sample-VM");
const VAULT: (&str, &str) = ("Microsoft.KeyVault/vaults", "Sample-KV");
const STORAGE: (&str, &str) = ("Microsoft.Storage/storageAccounts", "samplestorage");
const SQL: (&str, &str) = ("Microsoft.Sql/servers", "sample-sql");
const COSMOS: (&str, &str) = ("Microsoft.DocumentDB/databaseAccounts", "sample-cosmos");
const WEB: (&str, &str) = ("Microsoft.Web/sites", "sample-app");
const CLUSTER: (&str, &str) = ("Microsoft.ContainerService/managedClusters", "sample-aks");
const GROUP: (&str, &str) = ("Microsoft.Resources/resourceGroups", "Sample-RG");

const SAMPLES: [Sample; 20] = [
    Sample {
        bundle: "VirtualMachines",
        minute: 0,
        alert_type: "VM_LoginBruteForceSuccess",
        title: "Successful logon after many failed ones",
        description: "Many failed logons from one address were followed by a successful one on the virtual machine.",
        severity: "High",
        intent: "CredentialAccess",
        resource: VM,
        entities: &["host", "attacker", "admin"],
        remediation: "Reset the password of the account and allow remote access from known addresses only.",
    },
    Sample {
        bundle: "VirtualMachines",
        minute: 6,
        alert_type: "VM_SuspiciousPowerShell",
        title: "PowerShell with an encoded command",
        description: "A process ran PowerShell with a command that hides what it does.",
        severity: "Medium",
        intent: "Execution",
        resource: VM,
        entities: &["host", "admin", "process"],
        remediation: "Find out who started the process, and look at what it downloaded.",
    },
    Sample {
        bundle: "VirtualMachines",
        minute: 9,
        alert_type: "VM_CredentialDumpingTool",
        title: "A tool that reads credentials from memory was run",
        description: "A file that is known for reading credentials from the memory of the system was run on the virtual machine.",
        severity: "High",
        intent: "CredentialAccess",
        resource: VM,
        entities: &["host", "admin", "file"],
        remediation: "Isolate the machine and change every credential that was used on it.",
    },
    Sample {
        bundle: "VirtualMachines",
        minute: 14,
        alert_type: "VM_C2Communication",
        title: "Traffic to an address of a known attacker",
        description: "The virtual machine talked to an address that is known for the control of malware.",
        severity: "High",
        intent: "CommandAndControl",
        resource: VM,
        entities: &["host", "attacker", "domain"],
        remediation: "Block the address and isolate the machine.",
    },
    Sample {
        bundle: "KeyVaults",
        minute: 21,
        alert_type: "KV_SuspiciousIPAccess",
        title: "Access from a suspicious address to a key vault",
        description: "A key vault was read from an address that is known for attacks.",
        severity: "Medium",
        intent: "CredentialAccess",
        resource: VAULT,
        entities: &["attacker", "admin"],
        remediation: "Turn on the firewall of the vault and exchange the secrets that were read.",
    },
    Sample {
        bundle: "KeyVaults",
        minute: 23,
        alert_type: "KV_OperationVolumeAnomaly",
        title: "Unusually many operations in a key vault",
        description: "One account read far more secrets from the key vault than it ever did.",
        severity: "Medium",
        intent: "CredentialAccess",
        resource: VAULT,
        entities: &["admin"],
        remediation: "Ask the owner of the account, and exchange the secrets that were read.",
    },
    Sample {
        bundle: "StorageAccounts",
        minute: 31,
        alert_type: "Storage.Blob_DataExfiltration.AmountOfDataAnomaly",
        title: "Unusually much data was read from a storage account",
        description: "Far more data left the storage account than in the weeks before.",
        severity: "Medium",
        intent: "Exfiltration",
        resource: STORAGE,
        entities: &["attacker", "admin"],
        remediation: "Revoke shared access signatures and rotate the keys of the account.",
    },
    Sample {
        bundle: "StorageAccounts",
        minute: 33,
        alert_type: "Storage.Blob_MalwareUploaded",
        title: "Malware was put into a storage account",
        description: "A blob with the digest of known malware was uploaded.",
        severity: "High",
        intent: "LateralMovement",
        resource: STORAGE,
        entities: &["attacker", "file"],
        remediation: "Remove the blob, and find out who has downloaded it.",
    },
    Sample {
        bundle: "SqlServers",
        minute: 26,
        alert_type: "SQL.DB_VulnerabilityToSqlInjection",
        title: "An application is open to SQL injection",
        description: "The database met statements whose shape tells that input becomes part of them.",
        severity: "Medium",
        intent: "InitialAccess",
        resource: SQL,
        entities: &["attacker"],
        remediation: "Bind parameters in the application instead of joining texts.",
    },
    Sample {
        bundle: "SqlServers",
        minute: 28,
        alert_type: "SQL.DB_BruteForce",
        title: "Many failed logons to a database",
        description: "An address tried many passwords of one account of the database.",
        severity: "High",
        intent: "CredentialAccess",
        resource: SQL,
        entities: &["attacker", "admin"],
        remediation: "Allow the database to known addresses only.",
    },
    Sample {
        bundle: "AppServices",
        minute: 3,
        alert_type: "AppServices_WebShell",
        title: "A request to what looks like a web shell",
        description: "The application answered a request to a page that runs commands.",
        severity: "High",
        intent: "Persistence",
        resource: WEB,
        entities: &["attacker", "file"],
        remediation: "Remove the page and deploy the application anew.",
    },
    Sample {
        bundle: "AppServices",
        minute: 4,
        alert_type: "AppServices_VulnerabilityScanner",
        title: "A scanner for vulnerabilities looked at an application",
        description: "Requests of a known tool look for weak places of the application.",
        severity: "Low",
        intent: "PreAttack",
        resource: WEB,
        entities: &["attacker"],
        remediation: "Look at what the application answered.",
    },
    Sample {
        bundle: "KubernetesService",
        minute: 36,
        alert_type: "K8S_PrivilegedContainer",
        title: "A privileged container was started",
        description: "A container was started that can reach the node beneath it.",
        severity: "Low",
        intent: "PrivilegeEscalation",
        resource: CLUSTER,
        entities: &["admin"],
        remediation: "Remove the container if nobody needs it, and forbid such ones by policy.",
    },
    Sample {
        bundle: "KubernetesService",
        minute: 38,
        alert_type: "K8S_ExposedDashboard",
        title: "A dashboard of the cluster is open to the internet",
        description: "A service shows the dashboard of the cluster to every address.",
        severity: "High",
        intent: "InitialAccess",
        resource: CLUSTER,
        entities: &["attacker"],
        remediation: "Take the service from the internet.",
    },
    Sample {
        bundle: "ResourceManager",
        minute: 18,
        alert_type: "ARM_OperationFromSuspiciousIP",
        title: "Management from a suspicious address",
        description: "Resources were managed from an address that is known for attacks.",
        severity: "Medium",
        intent: "Execution",
        resource: GROUP,
        entities: &["attacker", "admin"],
        remediation: "Ask the owner of the account, and revoke its sessions.",
    },
    Sample {
        bundle: "ResourceManager",
        minute: 19,
        alert_type: "ARM_PrivilegedRoleAssigned",
        title: "A powerful role was given away",
        description: "An account gave itself a role over the whole subscription.",
        severity: "High",
        intent: "PrivilegeEscalation",
        resource: GROUP,
        entities: &["admin"],
        remediation: "Take the role away and look at what was done with it.",
    },
    Sample {
        bundle: "DNS",
        minute: 12,
        alert_type: "AzureDNS_DataExfiltration",
        title: "Data may leave by way of names",
        description: "A machine asks for names that carry data in them.",
        severity: "Low",
        intent: "Exfiltration",
        resource: VM,
        entities: &["host", "domain"],
        remediation: "Find the process that asks for the names.",
    },
    Sample {
        bundle: "DNS",
        minute: 13,
        alert_type: "AzureDNS_MaliciousDomain",
        title: "A machine asks for the name of a known attacker",
        description: "A machine asks for a name that is known for the control of malware.",
        severity: "Medium",
        intent: "CommandAndControl",
        resource: VM,
        entities: &["host", "domain"],
        remediation: "Isolate the machine.",
    },
    Sample {
        bundle: "CosmosDbs",
        minute: 29,
        alert_type: "CosmosDB_SqlInjection.FailedExfiltrationAttempt",
        title: "Injection into queries of a database account",
        description: "A query text holds parts that only an injection puts there.",
        severity: "Low",
        intent: "InitialAccess",
        resource: COSMOS,
        entities: &["attacker"],
        remediation: "Bind parameters in the application instead of joining texts.",
    },
    Sample {
        bundle: "CosmosDbs",
        minute: 30,
        alert_type: "CosmosDB_SuspiciousListKeys.KnownSuspiciousAddress",
        title: "Keys of a database account were listed from a suspicious address",
        description: "An address that is known for attacks asked for the keys of the database account.",
        severity: "High",
        intent: "CredentialAccess",
        resource: COSMOS,
        entities: &["attacker", "admin"],
        remediation: "Rotate the keys of the account.",
    },
];

/// Where the samples are said to be.
#[derive(Clone, Debug)]
pub struct Place {
    /// Subscription of the resources.
    pub subscription: String,
    /// Region of the alerts.
    pub region: String,
}

impl Default for Place {
    fn default() -> Self {
        Self { subscription: "00000000-0000-0000-0000-000000000001".to_owned(), region: "centralus".to_owned() }
    }
}

/// The bundle of a name, in any case.
pub fn bundle(name: &str) -> Option<&'static str> {
    BUNDLES.into_iter().find(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// The alerts of some bundles as Defender for Cloud gives them, the story ending at `now`; `run` tells one call from another.
pub fn alerts(bundles: &[&str], place: &Place, run: &str, now: Time) -> Vec<Value> {
    let begin = now.plus(-60 * 60_000_000);
    let wanted = SAMPLES.iter().enumerate().filter(|(_, sample)| bundles.contains(&sample.bundle));
    let mut alerts: Vec<(i64, Value)> =
        wanted.map(|(number, sample)| (sample.minute, alert(sample, number, place, run, begin.plus(sample.minute * 60_000_000)))).collect();
    alerts.sort_by_key(|(minute, _)| *minute);
    alerts.into_iter().map(|(_, alert)| alert).collect()
}

fn alert(sample: &Sample, number: usize, place: &Place, run: &str, start: Time) -> Value {
    let name = format!("sample-{run}-{number:02}");
    let root = format!("/subscriptions/{}/resourceGroups/Sample-RG", place.subscription);
    let (kind, resource) = sample.resource;
    let resource_id = if sample.resource == GROUP { root.clone() } else { format!("{root}/providers/{kind}/{resource}") };
    let end = start.plus(2 * 60_000_000);
    let mut entities = vec![json!({"$id": "1", "resourceId": resource_id, "type": "azure-resource"})];
    for what in sample.entities {
        let id = (entities.len() + 1).to_string();
        entities.push(entity(what, &id, &root));
    }
    json!({
        "id": format!("{root}/providers/Microsoft.Security/locations/{}/alerts/{name}", place.region),
        "name": name,
        "type": "Microsoft.Security/Locations/alerts",
        "properties": {
            "version": "2022-01-01.0",
            "alertType": sample.alert_type,
            "systemAlertId": name,
            "productComponentName": sample.bundle,
            "alertDisplayName": format!("{MARK} {}", sample.title),
            "description": format!("THIS IS A SAMPLE ALERT: {}", sample.description),
            "severity": sample.severity,
            "intent": sample.intent,
            "status": "Active",
            "startTimeUtc": start,
            "endTimeUtc": end,
            "timeGeneratedUtc": end,
            "processingEndTimeUtc": end,
            "vendorName": "Microsoft",
            "productName": "Microsoft Defender for Cloud",
            "isIncident": false,
            "compromisedEntity": resource,
            "resourceIdentifiers": [{"type": "AzureResource", "azureResourceId": resource_id}],
            "remediationSteps": [sample.remediation],
            "extendedProperties": {"isSampleAlert": "true", "sampleBundle": sample.bundle, "sampleRun": run},
            "entities": entities,
        },
    })
}

/// Who and what the story is about; addresses and names are those that are kept for examples.
fn entity(what: &str, id: &str, root: &str) -> Value {
    match what {
        "attacker" => json!({"$id": id, "address": "203.0.113.66", "type": "ip",
            "location": {"countryCode": "ZZ", "countryName": "Sample", "city": "Sample"}}),
        "admin" => json!({"$id": id, "name": "sample-admin", "upnSuffix": "contoso.example", "type": "account"}),
        "host" => json!({"$id": id, "hostName": "Sample-VM", "dnsDomain": "contoso.example",
            "azureID": format!("{root}/providers/Microsoft.Compute/virtualMachines/Sample-VM"), "osFamily": "Windows", "type": "host"}),
        "process" => json!({"$id": id, "processId": "0x1a2c", "commandLine": "powershell.exe -EncodedCommand UwBhAG0AcABsAGUA",
            "creationTimeUtc": "2026-01-01T00:00:00Z", "type": "process"}),
        "file" => json!({"$id": id, "name": "sample.exe", "directory": "C:\\Windows\\Temp", "type": "file", "fileHashes": [
            {"$id": format!("{id}h"), "algorithm": "SHA256", "type": "filehash",
                "value": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"}]}),
        _ => json!({"$id": id, "domainName": "c2.sample.example", "type": "dns"}),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_bundle_has_alerts_of_its_own() {
        let now = Time::parse("2026-01-01T12:00:00Z").expect("a time");
        let mut names = BTreeSet::new();
        for name in BUNDLES {
            let alerts = alerts(&[name], &Place::default(), "r", now);
            assert!(alerts.len() >= 2, "{name}");
            for alert in alerts {
                assert!(names.insert(alert["name"].to_string()), "{name}");
                assert!(alert["properties"]["alertDisplayName"].as_str().is_some_and(|title| title.starts_with(MARK)));
            }
        }
        assert_eq!((bundle("keyvaults"), bundle("none")), (Some("KeyVaults"), None));
    }
}
