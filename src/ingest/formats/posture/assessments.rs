//! Assessments, what was found under them, and what they mean.

use serde_json::Value;

use super::{Document, cell};
use crate::model::Event;

/// The resource that an assessment is about: that of its details, else that of its identifier.
fn assessed(document: &Document<'_>) -> String {
    for name in ["id", "resourceId", "azureResourceId", "nativeResourceId"] {
        if let Some(id) = document.text(&["resourceDetails", name]).filter(|id| id.contains('/') || id.contains(':')) {
            return id.into_owned();
        }
    }
    document.resource().to_owned()
}

/// The second segment of a provider, with it: `microsoft.compute/virtualmachines`.
fn provider_type(resource: &str) -> Value {
    let lower = resource.to_ascii_lowercase();
    let Some(start) = lower.rfind("/providers/") else { return Value::Null };
    let mut segments = lower[start + "/providers/".len()..].split('/');
    match (segments.next(), segments.next()) {
        (Some(provider), Some(kind)) => format!("{provider}/{kind}").into(),
        _ => Value::Null,
    }
}

pub(super) fn assessment(document: &Document<'_>) -> Vec<Event> {
    let changed = document.time(&["status", "statusChangeDate"]);
    let mut row = document.row("SecurityRecommendation", changed);
    row.put("AssessedResourceId", assessed(document));
    row.put("RecommendationId", document.id.as_ref());
    row.put("RecommendationName", document.name());
    row.put("RecommendationDisplayName", cell(document.text(&["displayName"]).or_else(|| document.text(&["metadata", "displayName"]))));
    row.put("Description", cell(document.text(&["metadata", "description"])));
    row.put("RecommendationSeverity", cell(document.text(&["metadata", "severity"])));
    row.put("RecommendationState", cell(document.text(&["status", "code"])));
    row.put("PolicyDefinitionId", cell(document.text(&["metadata", "policyDefinitionId"])));
    row.put("Environment", cell(document.text(&["resourceDetails", "source"])));
    row.put("RecommendationAdditionalData", document.get(&["additionalData"]).cloned());
    row.put("StatusChangeDate", changed.map(|time| time.to_string()));
    row.put("FirstEvaluationDate", document.time(&["status", "firstEvaluationDate"]).map(|time| time.to_string()));
    row.put("Properties", document.properties());
    vec![row.finish()]
}

pub(super) fn finding(document: &Document<'_>) -> Vec<Event> {
    let made = document.time(&["timeGenerated"]);
    let mut row = document.row("SecurityNestedRecommendation", made);
    let resource = assessed(document);
    row.put("ResourceProviderType", provider_type(&resource));
    row.put("ResourceGroup", document.part("resourceGroups"));
    row.put("RecommendationSubscriptionId", document.part("subscriptions"));
    row.put("AssessedResourceId", resource);
    row.put("Id", document.id.as_ref());
    row.put("NestedRecommendationId", document.name());
    row.put("ParentRecommendationId", document.part("assessments"));
    row.put("VulnerabilityId", cell(document.text(&["id"])));
    row.put("RecommendationName", cell(document.text(&["displayName"])));
    row.put("RecommendationSeverity", cell(document.text(&["status", "severity"])));
    row.put("RecommendationState", cell(document.text(&["status", "code"])));
    row.put("Cause", cell(document.text(&["status", "cause"])));
    row.put("Category", cell(document.text(&["category"])));
    row.put("Description", cell(document.text(&["description"])));
    row.put("Impact", cell(document.text(&["impact"])));
    row.put("RemediationDescription", cell(document.text(&["remediation"])));
    row.put("SubAssessmentTimeGeneration", made.map(|time| time.to_string()));
    row.put("AdditionalData", document.get(&["additionalData"]).cloned());
    row.put("ResourceDetails", document.get(&["resourceDetails"]).cloned());
    vec![row.finish()]
}

pub(super) fn metadata(document: &Document<'_>) -> Vec<Event> {
    let mut row = document.row("SecurityAssessmentMetadata", None);
    row.put("MetadataName", document.name());
    for (column, name) in [
        ("DisplayName", "displayName"),
        ("Description", "description"),
        ("RemediationDescription", "remediationDescription"),
        ("Severity", "severity"),
        ("AssessmentType", "assessmentType"),
        ("UserImpact", "userImpact"),
        ("ImplementationEffort", "implementationEffort"),
        ("PolicyDefinitionId", "policyDefinitionId"),
    ] {
        row.put(column, cell(document.text(&[name])));
    }
    for (column, name) in [("Categories", "categories"), ("Threats", "threats"), ("Tactics", "tactics"), ("Techniques", "techniques")] {
        row.put(column, document.get(&[name]).cloned());
    }
    row.put("Preview", document.get(&["preview"]).cloned());
    row.put("Properties", document.properties());
    vec![row.finish()]
}
