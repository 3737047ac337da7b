//! `/v1/suppression-rules`: rules that dismiss alerts as they come, and what one would have dismissed.

use super::definitions::{self, Operations};
use super::routes::{About, Routes};
use crate::triage::suppression::{Backtest, SuppressionRule};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask_by_body::<Backtest>(
        "/v1/suppression-rules/backtest",
        About {
            id: "backtest_suppression_rule",
            tag: "triage",
            summary: "Lists the alerts that a suppression rule would have dismissed, before it is saved",
        },
    );
    definitions::add::<SuppressionRule>(
        routes,
        &Operations {
            tag: "triage",
            path: "/v1/suppression-rules",
            item: "/v1/suppression-rules/{id}",
            ids: ["suppression_rules", "suppression_rule", "put_suppression_rule", "delete_suppression_rule"],
            summaries: [
                "Lists the suppression rules, each with the number of alerts that it dismissed",
                "Shows one suppression rule",
                "Defines a suppression rule: it dismisses new alerts that it means",
                "Deletes a suppression rule; what it dismissed stays dismissed",
            ],
        },
    );
}
