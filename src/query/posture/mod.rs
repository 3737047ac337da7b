//! Posture: what assessments say now of resources, controls and standards. Reads the rows that state it; the latest of each thing counts.

mod entity;
mod overview;
mod requests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::ask::ResultsRequest;
use super::session::Limits;
use super::{Context, Question};
use crate::model::{Fault, FaultClass, Object};

pub use entity::of_entity;
pub use requests::{ComplianceRow, ControlRow, EntityPosture, FindingRow, PostureAnswer, PostureRequest, RecommendationRow, ScoreRow};

/// Rows of one table that are read at the most.
const ROWS_MAX: usize = 2_000_000;
/// Bytes of them.
const BYTES_MAX: usize = 1 << 30;

/// A kind of statement: its table, and the columns that say what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// The table.
    pub table: &'static str,
    /// Rows that agree in these columns, in any case, are about the same thing; the latest of them counts.
    pub keys: &'static [&'static str],
}

/// What each statement is about.
impl Statement {
    /// Assessments of resources.
    pub const ASSESSMENTS: Self = Self { table: "SecurityRecommendation", keys: &["AssessedResourceId", "RecommendationName"] };
    /// Findings under an assessment.
    pub const FINDINGS: Self =
        Self { table: "SecurityNestedRecommendation", keys: &["AssessedResourceId", "ParentRecommendationId", "NestedRecommendationId"] };
    /// Descriptions of assessments.
    pub const METADATA: Self = Self { table: "SecurityAssessmentMetadata", keys: &["MetadataName"] };
    /// Secure scores.
    pub const SCORES: Self = Self { table: "SecureScores", keys: &["SecureScoresSubscriptionId", "DisplayName"] };
    /// Controls of secure scores.
    pub const CONTROLS: Self = Self { table: "SecureScoreControls", keys: &["SecureScoresSubscriptionId", "ControlId"] };
    /// Standards of regulatory compliance.
    pub const STANDARDS: Self =
        Self { table: "SecurityRegulatoryComplianceStandards", keys: &["RegulatoryComplianceSubscriptionId", "ComplianceStandard"] };
    /// Controls of standards.
    pub const STANDARD_CONTROLS: Self = Self {
        table: "SecurityRegulatoryComplianceControls",
        keys: &["RegulatoryComplianceSubscriptionId", "ComplianceStandard", "ComplianceControl"],
    };
    /// Assessments of controls of standards.
    pub const COMPLIANCE: Self = Self {
        table: "SecurityRegulatoryCompliance",
        keys: &["RegulatoryComplianceSubscriptionId", "ComplianceStandard", "ComplianceControl", "RecommendationId"],
    };
    /// Allowed connections.
    pub const CONNECTIONS: Self =
        Self { table: "SecurityAllowedConnections", keys: &["AllowedConnectionsId", "SourceResourceId", "TargetResourceId"] };
    /// Tasks.
    pub const TASKS: Self = Self { table: "SecurityTasks", keys: &["TaskId"] };
    /// Places of resources in the network.
    pub const TOPOLOGIES: Self = Self { table: "SecurityTopologies", keys: &["TopologyId", "ResourceId"] };

    /// The latest row of each thing, cells by column, in the order of the keys.
    pub fn latest(self, context: &Context) -> Result<Vec<Object>, Fault> {
        let limits = Limits { rows_max: ROWS_MAX, bytes_max: BYTES_MAX, ..Limits::default() };
        // The order of rows decides between statements of one instant.
        let text = format!("{} | order by TimeGenerated asc, _Seq asc", self.table);
        let results = ResultsRequest { text, limits, ..ResultsRequest::default() }.answer(context)?;
        let mut latest: BTreeMap<Vec<String>, Object> = BTreeMap::new();
        for result in results.tables {
            if let Some(cut) = result.table.cut {
                let message = format!("expected at most {ROWS_MAX} rows of `{}`, found more (`{cut}`)", self.table);
                return Err(Fault::new(FaultClass::Limit, "posture_rows_max", message).with_hint("ask the table with a query"));
            }
            let names: Vec<String> = result.table.columns.into_iter().map(|column| column.name).collect();
            for row in result.table.rows {
                let row: Object = names.iter().cloned().zip(row).filter(|(_, cell)| !cell.is_null() && cell != "").collect();
                latest.insert(self.keys.iter().map(|key| text_of(&row, key).to_lowercase()).collect(), row);
            }
        }
        Ok(latest.into_values().collect())
    }
}

/// The text of a cell; empty if there is none.
pub fn text_of<'a>(row: &'a Object, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

/// The number of a cell.
pub fn number_of(row: &Object, column: &str) -> Option<f64> {
    row.get(column).and_then(Value::as_f64)
}
