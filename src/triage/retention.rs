//! How long the rows of a table are kept. Deletes nothing: the engine does, when it is told to or by itself while it serves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::{Definition, check_id};
use crate::columns::can_be_cut;
use crate::model::{Fault, FaultClass};

/// Who cuts tables without being told to.
pub const ACTOR: &str = "clew:retention";
/// Longest time that can be said, in days: about a hundred years.
const DAYS_MAX: u32 = 36_525;

/// Tables whose latest rows say how things stand now, however old they are: posture, lists, indicators and bookmarks.
const PRESENT: [&str; 15] = [
    "SecurityRecommendation",
    "SecurityNestedRecommendation",
    "SecurityAssessmentMetadata",
    "SecureScores",
    "SecureScoreControls",
    "SecurityRegulatoryComplianceStandards",
    "SecurityRegulatoryComplianceControls",
    "SecurityRegulatoryCompliance",
    "SecurityAllowedConnections",
    "SecurityTasks",
    "SecurityTopologies",
    "Watchlist",
    "ThreatIntelligenceIndicator",
    "ThreatIntelIndicators",
    "HuntingBookmark",
];

/// How long the rows of a table are kept; rows of tables without a setting are kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days: rows whose `TimeGenerated` is of an earlier day (UTC) leave the table. Rows without a time stay.
    #[schema(minimum = 1, maximum = 36525)]
    pub days: u32,
}

impl Definition for Retention {
    const KIND: &'static str = "retention";
    const NAME: &'static str = "retention setting";

    fn check(&self) -> Result<(), Fault> {
        if (1..=DAYS_MAX).contains(&self.days) {
            return Ok(());
        }
        Err(Fault::new(FaultClass::Invalid, "retention_invalid", format!("expected 1 to {DAYS_MAX} days, found {}", self.days)))
    }

    fn check_name(table: &str) -> Result<(), Fault> {
        check_id(table)?;
        if can_be_cut(table) && !PRESENT.iter().any(|kept| kept.eq_ignore_ascii_case(table)) {
            return Ok(());
        }
        let message = format!("expected a table of raw events, found `{table}`: alerts, incidents and what shows a present state are kept");
        Err(Fault::new(FaultClass::Invalid, "retention_refused", message)
            .with_hint("name a table such as SecurityEvent; `clew tables` lists them"))
    }
}
