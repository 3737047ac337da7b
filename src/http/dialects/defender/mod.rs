//! Microsoft.Security: alerts, suppression rules and posture, as the clients of Defender for Cloud ask for them.

mod alert;
mod alerts;
mod automations;
mod hubs;
mod locations;
pub(super) mod posture;
mod scope;
mod simulate;
mod suppression;

use super::{Call, Dialect, Reply, Right, Route, answers, arm, changes};
use crate::model::Fault;
use crate::query::Context;

pub(super) use alert::{ALERT_TYPE, KNOWN_MEMBERS, Whole, camel, known_member};
pub(super) use scope::only_sampled;

/// The dialect.
pub(super) static DIALECT: Dialect = Dialect {
    name: "defender",
    aliases: &[
        ("SUB", "/subscriptions/{sub}/providers/Microsoft.Security"),
        ("RG", "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.Security"),
    ],
    owns: &["SUB", "SUB/{*rest}", "RG", "RG/{*rest}", "/providers/Microsoft.Security", "/providers/Microsoft.Security/{*rest}"],
    routes: &[ALERTS, RULES, AUTOMATIONS, POSTURE],
    known: KNOWN,
    fault: arm::fault,
};

/// The operations of the provider.
fn operations(_: &Call, _: &Context) -> Result<Reply, Fault> {
    let roots = ["SUB/", "RG/", "/{*scope}/providers/Microsoft.Security/", "/providers/Microsoft.Security/"];
    Ok(Reply::ok(arm::operations(&DIALECT, "Microsoft.Security", "Microsoft Defender for Cloud", &roots)))
}

const ALERTS: &[Route] = &[
    answers("GET", "SUB/alerts", "defender.alerts.list", 1, alerts::list),
    answers("GET", "RG/alerts", "defender.alerts.list", 1, alerts::list),
    answers("GET", "SUB/locations/{region}/alerts", "defender.alerts.list", 1, alerts::list),
    answers("GET", "RG/locations/{region}/alerts", "defender.alerts.list", 1, alerts::list),
    answers("GET", "SUB/alerts/{alert}", "defender.alerts.get", 1, alerts::get),
    answers("GET", "RG/alerts/{alert}", "defender.alerts.get", 1, alerts::get),
    answers("GET", "SUB/locations/{region}/alerts/{alert}", "defender.alerts.get", 1, alerts::get),
    answers("GET", "RG/locations/{region}/alerts/{alert}", "defender.alerts.get", 1, alerts::get),
    changes("POST", "SUB/locations/{region}/alerts/{alert}/dismiss", "defender.alerts.dismiss", 1, Right::Respond, alerts::dismiss),
    changes("POST", "RG/locations/{region}/alerts/{alert}/dismiss", "defender.alerts.dismiss", 1, Right::Respond, alerts::dismiss),
    changes("POST", "SUB/locations/{region}/alerts/{alert}/resolve", "defender.alerts.resolve", 1, Right::Respond, alerts::resolve),
    changes("POST", "RG/locations/{region}/alerts/{alert}/resolve", "defender.alerts.resolve", 1, Right::Respond, alerts::resolve),
    changes("POST", "SUB/locations/{region}/alerts/{alert}/activate", "defender.alerts.activate", 1, Right::Respond, alerts::activate),
    changes("POST", "RG/locations/{region}/alerts/{alert}/activate", "defender.alerts.activate", 1, Right::Respond, alerts::activate),
    changes(
        "POST",
        "SUB/locations/{region}/alerts/{alert}/inProgress",
        "defender.alerts.in_progress",
        1,
        Right::Respond,
        alerts::in_progress,
    ),
    changes(
        "POST",
        "RG/locations/{region}/alerts/{alert}/inProgress",
        "defender.alerts.in_progress",
        1,
        Right::Respond,
        alerts::in_progress,
    ),
    changes("POST", "SUB/locations/{region}/alerts/default/simulate", "defender.alerts.simulate", 2, Right::Contribute, simulate::simulate),
    answers("GET", "SUB/locations/{region}/operationStatuses/{operation}", "defender.operation_status", 2, simulate::ended),
];

const RULES: &[Route] = &[
    answers("GET", "SUB/alertsSuppressionRules", "defender.suppression_rules.list", 1, suppression::list),
    answers("GET", "SUB/alertsSuppressionRules/{name}", "defender.suppression_rules.get", 1, suppression::get),
    changes("PUT", "SUB/alertsSuppressionRules/{name}", "defender.suppression_rules.put", 1, Right::Contribute, suppression::put),
    changes("DELETE", "SUB/alertsSuppressionRules/{name}", "defender.suppression_rules.delete", 1, Right::Contribute, suppression::delete),
];

const AUTOMATIONS: &[Route] = &[
    answers("GET", "SUB/automations", "defender.automations.list", 2, automations::list),
    answers("GET", "RG/automations", "defender.automations.list", 2, automations::list),
    answers("GET", "RG/automations/{name}", "defender.automations.get", 2, automations::get),
    changes("PUT", "RG/automations/{name}", "defender.automations.put", 2, Right::Contribute, automations::put),
    changes("PATCH", "RG/automations/{name}", "defender.automations.update", 2, Right::Contribute, automations::patch),
    changes("DELETE", "RG/automations/{name}", "defender.automations.delete", 2, Right::Contribute, automations::delete),
    answers("POST", "RG/automations/{name}/validate", "defender.automations.validate", 2, automations::validate),
];

const POSTURE: &[Route] = &[
    answers("GET", "/providers/Microsoft.Security/operations", "defender.operations", 2, operations),
    answers("GET", "/{*scope}/providers/Microsoft.Security/assessments", "defender.assessments.list", 2, posture::assessments),
    answers("GET", "/{*scope}/providers/Microsoft.Security/assessments/{assessment}", "defender.assessments.get", 2, posture::assessment),
    answers("GET", "/{*scope}/providers/Microsoft.Security/subAssessments", "defender.sub_assessments.list", 2, posture::findings),
    answers(
        "GET",
        "/{*scope}/providers/Microsoft.Security/assessments/{assessment}/subAssessments",
        "defender.sub_assessments.list",
        2,
        posture::findings,
    ),
    answers(
        "GET",
        "/{*scope}/providers/Microsoft.Security/assessments/{assessment}/subAssessments/{finding}",
        "defender.sub_assessments.get",
        2,
        posture::finding,
    ),
    answers("GET", "/providers/Microsoft.Security/assessmentMetadata", "defender.assessment_metadata.list", 2, posture::metadata),
    answers("GET", "/providers/Microsoft.Security/assessmentMetadata/{name}", "defender.assessment_metadata.get", 2, posture::metadata_of),
    answers(
        "GET",
        "/providers/Microsoft.Security/secureScoreControlDefinitions",
        "defender.secure_score_control_definitions.list",
        2,
        posture::definitions,
    ),
    answers("GET", "SUB/assessmentMetadata", "defender.assessment_metadata.list", 2, posture::metadata),
    answers("GET", "SUB/assessmentMetadata/{name}", "defender.assessment_metadata.get", 2, posture::metadata_of),
    answers("GET", "SUB/secureScoreControlDefinitions", "defender.secure_score_control_definitions.list", 2, posture::definitions),
    answers("GET", "SUB/secureScores", "defender.secure_scores.list", 2, posture::scores),
    answers("GET", "SUB/secureScores/{score}", "defender.secure_scores.get", 2, posture::score),
    answers("GET", "SUB/secureScores/{score}/secureScoreControls", "defender.secure_score_controls.list", 2, posture::controls),
    answers("GET", "SUB/secureScoreControls", "defender.secure_score_controls.list", 2, posture::controls),
    answers("GET", "SUB/regulatoryComplianceStandards", "defender.compliance.standards", 2, posture::standards),
    answers("GET", "SUB/regulatoryComplianceStandards/{standard}", "defender.compliance.standard", 2, posture::standard),
    answers(
        "GET",
        "SUB/regulatoryComplianceStandards/{standard}/regulatoryComplianceControls",
        "defender.compliance.controls",
        2,
        posture::standard_controls,
    ),
    answers(
        "GET",
        "SUB/regulatoryComplianceStandards/{standard}/regulatoryComplianceControls/{control}",
        "defender.compliance.control",
        2,
        posture::standard_control,
    ),
    answers(
        "GET",
        "SUB/regulatoryComplianceStandards/{standard}/regulatoryComplianceControls/{control}/regulatoryComplianceAssessments",
        "defender.compliance.assessments",
        2,
        posture::compliance_assessments,
    ),
    answers(
        "GET",
        "SUB/regulatoryComplianceStandards/{standard}/regulatoryComplianceControls/{control}/regulatoryComplianceAssessments/{name}",
        "defender.compliance.assessment",
        2,
        posture::compliance_assessment,
    ),
    answers("GET", "SUB/allowedConnections", "defender.allowed_connections.list", 2, posture::connections),
    answers("GET", "SUB/locations/{region}/allowedConnections", "defender.allowed_connections.list", 2, posture::connections),
    answers("GET", "RG/locations/{region}/allowedConnections/{name}", "defender.allowed_connections.get", 2, posture::connection),
    answers("GET", "SUB/topologies", "defender.topologies.list", 2, posture::topologies),
    answers("GET", "SUB/locations/{region}/topologies", "defender.topologies.list", 2, posture::topologies),
    answers("GET", "RG/locations/{region}/topologies/{name}", "defender.topologies.get", 2, posture::topology),
    answers("GET", "SUB/tasks", "defender.tasks.list", 2, posture::tasks),
    answers("GET", "SUB/locations/{region}/tasks", "defender.tasks.list", 2, posture::tasks),
    answers("GET", "SUB/locations/{region}/tasks/{name}", "defender.tasks.get", 2, posture::task),
    answers("GET", "RG/locations/{region}/tasks", "defender.tasks.list", 2, posture::tasks),
    answers("GET", "RG/locations/{region}/tasks/{name}", "defender.tasks.get", 2, posture::task),
    answers("GET", "SUB/locations", "defender.locations.list", 2, locations::list),
    answers("GET", "SUB/locations/{region}", "defender.locations.get", 2, locations::get),
];

/// Resource types of the provider, as names of a metric.
const KNOWN: &[&str] = &[
    "adaptiveNetworkHardenings",
    "advancedThreatProtectionSettings",
    "alerts",
    "alertsSuppressionRules",
    "allowedConnections",
    "applicationWhitelistings",
    "assessmentMetadata",
    "assessments",
    "automations",
    "autoProvisioningSettings",
    "connectors",
    "discoveredSecuritySolutions",
    "externalSecuritySolutions",
    "governanceRules",
    "informationProtectionPolicies",
    "iotSecuritySolutions",
    "jitNetworkAccessPolicies",
    "locations",
    "pricings",
    "regulatoryComplianceStandards",
    "secureScoreControlDefinitions",
    "secureScoreControls",
    "secureScores",
    "securityConnectors",
    "securityContacts",
    "securitySolutions",
    "settings",
    "softwareInventories",
    "subAssessments",
    "tasks",
    "topologies",
    "workspaceSettings",
];
