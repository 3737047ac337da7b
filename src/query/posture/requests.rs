//! What is asked of the posture, and the shapes of the answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Asks for the posture of the workspace.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PostureRequest {
    /// Only this subscription.
    pub subscription: Option<String>,
}

/// The secure score of a scope.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ScoreRow {
    /// The subscription.
    pub subscription: String,
    /// Name of the initiative.
    pub name: String,
    /// The most that can be reached.
    pub max: f64,
    /// What is reached.
    pub current: f64,
    /// Current by most, from 0 to 1.
    pub percentage: f64,
    /// When it was stated.
    pub time: String,
}

/// A control of a secure score.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ControlRow {
    /// The subscription.
    pub subscription: String,
    /// Id of the control.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The most that can be reached.
    pub max: f64,
    /// What is reached: as stated, else max * healthy / (healthy + unhealthy).
    pub current: f64,
    /// What healing every unhealthy resource would add.
    pub potential: f64,
    /// Healthy resources.
    pub healthy: u64,
    /// Unhealthy resources.
    pub unhealthy: u64,
    /// Resources that the control does not apply to.
    pub not_applicable: u64,
    /// When it was stated.
    pub time: String,
}

/// A standard of regulatory compliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComplianceRow {
    /// The subscription.
    pub subscription: String,
    /// Name of the standard.
    pub standard: String,
    /// Passed, Failed, Skipped or Unsupported.
    pub state: String,
    /// Controls that passed.
    pub passed: u64,
    /// Controls that failed.
    pub failed: u64,
    /// Controls that were skipped.
    pub skipped: u64,
    /// Controls that cannot be assessed.
    pub unsupported: u64,
}

/// The posture of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct PostureAnswer {
    /// Secure scores.
    pub scores: Vec<ScoreRow>,
    /// Controls of the scores, those with the greatest potential first.
    pub controls: Vec<ControlRow>,
    /// Open recommendations by severity.
    pub open: BTreeMap<String, u64>,
    /// Recommendations by state.
    pub states: BTreeMap<String, u64>,
    /// Resources by health: the worst state of their recommendations.
    pub resources: BTreeMap<String, u64>,
    /// Standards of regulatory compliance.
    pub compliance: Vec<ComplianceRow>,
    /// Always true: the answer is whole.
    pub complete: bool,
}

/// A recommendation for a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecommendationRow {
    /// Name of the assessment.
    pub id: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: String,
    /// Healthy, Unhealthy or NotApplicable.
    pub state: String,
    /// When it was stated.
    pub time: String,
}

/// A vulnerability of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingRow {
    /// Ids of the vulnerabilities (`CVE-2022-0778`); none if the finding names none.
    pub cves: Vec<String>,
    /// Title of the finding.
    pub title: String,
    /// Severity.
    pub severity: String,
    /// When it was stated.
    pub time: String,
}

/// What assessments say of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntityPosture {
    /// The worst state of its recommendations: Unhealthy, Healthy or NotApplicable.
    pub health: String,
    /// Open recommendations by severity.
    pub open: BTreeMap<String, u64>,
    /// Open recommendations, gravest first, up to 50.
    pub recommendations: Vec<RecommendationRow>,
    /// Vulnerabilities by severity.
    pub vulnerable: BTreeMap<String, u64>,
    /// Vulnerabilities, gravest first, up to 50.
    pub vulnerabilities: Vec<FindingRow>,
    /// Whether all that is stated of the resource was read and is listed.
    pub complete: bool,
}
