//! Regulatory compliance: standards, their controls, and the assessments of these.

use super::{Document, Row, cell, whole};
use crate::model::Event;

fn put(document: &Document<'_>, row: &mut Row, counts: &[(&'static str, &str)]) {
    row.put("RegulatoryComplianceSubscriptionId", document.part("subscriptions"));
    row.put("ComplianceStandard", document.part("regulatoryComplianceStandards"));
    row.put("State", cell(document.text(&["state"])));
    for &(column, name) in counts {
        row.put(column, whole(document.number(&[name])));
    }
    row.put("Properties", document.properties());
}

pub(super) fn standard(document: &Document<'_>) -> Vec<Event> {
    let mut row = document.row("SecurityRegulatoryComplianceStandards", None);
    let counts = [
        ("PassedControls", "passedControls"),
        ("FailedControls", "failedControls"),
        ("SkippedControls", "skippedControls"),
        ("UnsupportedControls", "unsupportedControls"),
    ];
    put(document, &mut row, &counts);
    vec![row.finish()]
}

pub(super) fn control(document: &Document<'_>) -> Vec<Event> {
    let mut row = document.row("SecurityRegulatoryComplianceControls", None);
    row.put("ComplianceControl", document.part("regulatoryComplianceControls"));
    row.put("Description", cell(document.text(&["description"])));
    let counts = [
        ("PassedAssessments", "passedAssessments"),
        ("FailedAssessments", "failedAssessments"),
        ("SkippedAssessments", "skippedAssessments"),
    ];
    put(document, &mut row, &counts);
    vec![row.finish()]
}

pub(super) fn assessment(document: &Document<'_>) -> Vec<Event> {
    let mut row = document.row("SecurityRegulatoryCompliance", None);
    row.put("AssessedResourceId", format!("/subscriptions/{}", document.part("subscriptions").unwrap_or_default()));
    row.put("ComplianceControl", document.part("regulatoryComplianceControls"));
    row.put("RecommendationId", document.name());
    row.put("RecommendationName", cell(document.text(&["description"])));
    row.put("RecommendationLink", cell(document.text(&["assessmentDetailsLink"])));
    let counts = [("PassedResources", "passedResources"), ("FailedResources", "failedResources"), ("SkippedResources", "skippedResources")];
    put(document, &mut row, &counts);
    vec![row.finish()]
}
