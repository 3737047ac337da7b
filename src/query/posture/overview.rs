//! The posture of the workspace: scores, controls, recommendations, compliance.

use std::collections::BTreeMap;

use super::requests::{ComplianceRow, ControlRow, PostureAnswer, PostureRequest, ScoreRow};
use super::{Statement, number_of, text_of};
use crate::model::{Fault, Object};
use crate::query::{Context, Question};

impl Question for PostureRequest {
    type Answer = PostureAnswer;
    const NAME: &'static str = "posture";

    fn answer(self, context: &Context) -> Result<PostureAnswer, Fault> {
        let latest = |statement: Statement, column: &str| -> Result<Vec<Object>, Fault> {
            let mut rows = statement.latest(context)?;
            rows.retain(|row| self.subscription.as_ref().is_none_or(|wanted| subscription(row, column).eq_ignore_ascii_case(wanted)));
            Ok(rows)
        };
        let scores = latest(Statement::SCORES, "SecureScoresSubscriptionId")?;
        let mut controls: Vec<ControlRow> = latest(Statement::CONTROLS, "SecureScoresSubscriptionId")?.iter().map(control).collect();
        controls.sort_by(|a, b| b.potential.total_cmp(&a.potential).then_with(|| a.name.cmp(&b.name)));
        let assessments = latest(Statement::ASSESSMENTS, "AssessedResourceId")?;
        let standards = latest(Statement::STANDARDS, "RegulatoryComplianceSubscriptionId")?;
        let mut answer = PostureAnswer {
            scores: scores.iter().map(score).collect(),
            controls,
            compliance: standards.iter().map(standard).collect(),
            complete: true,
            ..PostureAnswer::default()
        };
        let mut health: BTreeMap<String, &str> = BTreeMap::new();
        for row in &assessments {
            let state = text_of(row, "RecommendationState");
            *answer.states.entry(state.to_owned()).or_default() += 1;
            if state.eq_ignore_ascii_case("Unhealthy") {
                *answer.open.entry(text_of(row, "RecommendationSeverity").to_owned()).or_default() += 1;
            }
            let worst = health.entry(text_of(row, "AssessedResourceId").to_lowercase()).or_insert(state);
            *worst = worse(worst, state);
        }
        for state in health.into_values() {
            *answer.resources.entry(state.to_owned()).or_default() += 1;
        }
        Ok(answer)
    }
}

/// The worse of two states.
pub(super) fn worse<'a>(a: &'a str, b: &'a str) -> &'a str {
    let rank = |state: &str| match state.to_ascii_lowercase().as_str() {
        "unhealthy" => 2,
        "healthy" => 1,
        _ => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// The subscription of a row, from a column that holds it or an identifier of a resource.
fn subscription<'a>(row: &'a Object, column: &str) -> &'a str {
    let text = text_of(row, column);
    if !text.contains('/') {
        return text;
    }
    let mut segments = text.split('/').skip_while(|segment| !segment.eq_ignore_ascii_case("subscriptions"));
    segments.nth(1).unwrap_or_default()
}

fn score(row: &Object) -> ScoreRow {
    let (max, current) = (number_of(row, "MaxScore").unwrap_or_default(), number_of(row, "CurrentScore").unwrap_or_default());
    let percentage = number_of(row, "PercentageScore").unwrap_or(if max > 0.0 { current / max } else { 0.0 });
    ScoreRow {
        subscription: text_of(row, "SecureScoresSubscriptionId").to_owned(),
        name: text_of(row, "DisplayName").to_owned(),
        max,
        current,
        percentage,
        time: text_of(row, "TimeGenerated").to_owned(),
    }
}

fn count(row: &Object, column: &str) -> u64 {
    number_of(row, column).map_or(0, |number| number.max(0.0) as u64)
}

fn control(row: &Object) -> ControlRow {
    let (healthy, unhealthy) = (count(row, "HealthyResources"), count(row, "UnhealthyResources"));
    let max = number_of(row, "MaxScore").unwrap_or_default();
    let assessed = healthy + unhealthy;
    let computed = if assessed > 0 { max * healthy as f64 / assessed as f64 } else { 0.0 };
    let current = number_of(row, "CurrentScore").unwrap_or(computed);
    // Without an unhealthy resource nothing is left to gain, whatever is stated.
    let potential = if unhealthy > 0 { (max - current).max(0.0) } else { 0.0 };
    ControlRow {
        subscription: text_of(row, "SecureScoresSubscriptionId").to_owned(),
        id: text_of(row, "ControlId").to_owned(),
        name: text_of(row, "ControlName").to_owned(),
        max,
        current,
        potential,
        healthy,
        unhealthy,
        not_applicable: count(row, "NotApplicableResources"),
        time: text_of(row, "TimeGenerated").to_owned(),
    }
}

fn standard(row: &Object) -> ComplianceRow {
    ComplianceRow {
        subscription: text_of(row, "RegulatoryComplianceSubscriptionId").to_owned(),
        standard: text_of(row, "ComplianceStandard").to_owned(),
        state: text_of(row, "State").to_owned(),
        passed: count(row, "PassedControls"),
        failed: count(row, "FailedControls"),
        skipped: count(row, "SkippedControls"),
        unsupported: count(row, "UnsupportedControls"),
    }
}
