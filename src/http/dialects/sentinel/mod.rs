//! Microsoft.SecurityInsights: incidents, entities, bookmarks and what belongs to them, as Microsoft's own clients ask for them.

mod activities;
mod alert;
mod automation;
mod bookmarks;
mod comments;
mod desk;
mod entities;
mod entity;
mod expand;
mod hunts;
mod incident;
mod incidents;
mod indicators;
mod kinds;
mod list;
mod queries;
mod relations;
mod rules;
mod searches;
mod stored;
mod tables;
mod timeline;
mod watchlists;
mod workspace;

use super::{Dialect, arm};

/// The dialect.
pub(super) static DIALECT: Dialect = Dialect {
    name: "sentinel",
    aliases: &[
        (
            "WS",
            "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationalInsights/workspaces/{ws}/providers/Microsoft.SecurityInsights",
        ),
        ("LA", "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationalInsights/workspaces/{ws}"),
    ],
    owns: &[
        "WS",
        "WS/{*rest}",
        "LA/savedSearches",
        "LA/tables",
        "LA/tables/{*rest}",
        "/providers/Microsoft.SecurityInsights",
        "/providers/Microsoft.SecurityInsights/{*rest}",
    ],
    routes: &[
        incidents::ROUTES,
        comments::ROUTES,
        relations::ROUTES,
        bookmarks::ROUTES,
        entities::ROUTES,
        queries::ROUTES,
        rules::ROUTES,
        hunts::ROUTES,
        watchlists::ROUTES,
        indicators::ROUTES,
        automation::ROUTES,
        searches::ROUTES,
        tables::ROUTES,
        workspace::ROUTES,
    ],
    known: KNOWN,
    fault: arm::fault,
};

/// Resource types of the provider, as names of a metric.
const KNOWN: &[&str] = &[
    "alertRules",
    "alertRuleTemplates",
    "automationRules",
    "billingStatistics",
    "bookmarks",
    "contentPackages",
    "contentProductPackages",
    "contentProductTemplates",
    "contentTemplates",
    "dataConnectorDefinitions",
    "dataConnectors",
    "dynamicSummaries",
    "enrichment",
    "entities",
    "entityQueries",
    "entityQueryTemplates",
    "fileImports",
    "hunts",
    "incidents",
    "metadata",
    "officeConsents",
    "onboardingStates",
    "operations",
    "playbooks",
    "recommendations",
    "savedSearches",
    "securityMLAnalyticsSettings",
    "settings",
    "sourcecontrols",
    "tables",
    "threatIntelligence",
    "triggeredAnalyticsRuleRuns",
    "watchlists",
    "workspaceManagerAssignments",
    "workspaceManagerConfigurations",
    "workspaceManagerGroups",
    "workspaceManagerMembers",
];
