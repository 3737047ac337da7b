//! What assessments say of one entity: health, open recommendations, vulnerabilities. Reads only the rows that name it.

use std::collections::BTreeMap;

use hashbrown::HashSet;
use serde_json::Value;

use super::overview::worse;
use super::requests::{EntityPosture, FindingRow, RecommendationRow};
use super::{Statement, text_of};
use crate::columns::{Order, TrailRequest, entity_hash};
use crate::graph::EntityRef;
use crate::model::{Fault, Kind, Object, Severity, Window};
use crate::query::Context;

/// Rows of an entity that are read, newest first.
const ROWS_MAX: usize = 20_000;
/// Recommendations and vulnerabilities that are listed.
const LISTED_MAX: usize = 50;
/// The table of vulnerabilities of devices.
const DEVICES: &str = "DeviceTvmSoftwareVulnerabilities";

/// The posture of an entity; none if nothing was ever assessed of it.
pub fn of_entity(context: &Context, entity: &EntityRef<'_>) -> Result<Option<EntityPosture>, Fault> {
    let tables = [Statement::ASSESSMENTS.table, Statement::FINDINGS.table, DEVICES];
    let held = context.snapshot.columns.row_counts();
    if !tables.iter().any(|table| held.get(*table).is_some_and(|rows| *rows > 0)) {
        return Ok(None);
    }
    let request = TrailRequest {
        hashes: hashes(entity),
        tables: Some(tables.map(str::to_owned).into()),
        window: Window::ALL,
        order: Order::NewestFirst,
        after: None,
        until: None,
        limit: ROWS_MAX,
    };
    let page = context.runtime.block_on(context.snapshot.columns.rows_of_entities(&request))?;
    let mut state = State { complete: page.complete, ..State::default() };
    for row in &page.rows {
        state.add(&row.table, &row.cells());
    }
    Ok(state.finish())
}

/// Hashes of the keys of an entity, and of the resource that a key names (a host has the identifier of its machine).
fn hashes(entity: &EntityRef<'_>) -> Vec<i64> {
    let kind = Kind::met(entity.kind());
    let mut hashes = Vec::new();
    for (key, _) in entity.keys() {
        hashes.push(entity_hash(&kind, key));
        if let Some((_, value)) = key.split_once('=')
            && value.starts_with("/subscriptions/")
        {
            hashes.push(entity_hash(&Kind::AZURE_RESOURCE, &format!("resourceid={value}")));
        }
    }
    hashes
}

/// What the rows say, newest first: of each thing only the first counts.
#[derive(Default)]
struct State {
    seen: HashSet<Vec<String>>,
    health: Option<String>,
    recommendations: Vec<RecommendationRow>,
    findings: Vec<FindingRow>,
    complete: bool,
}

impl State {
    fn add(&mut self, table: &str, row: &Object) {
        let keys: &[&str] = match table {
            DEVICES => &["DeviceId", "CveId", "SoftwareName", "SoftwareVersion"],
            _ if table == Statement::FINDINGS.table => Statement::FINDINGS.keys,
            _ => Statement::ASSESSMENTS.keys,
        };
        let key = [table].into_iter().chain(keys.iter().map(|key| text_of(row, key))).map(str::to_lowercase).collect();
        if !self.seen.insert(key) {
            return;
        }
        let text = |column: &str| text_of(row, column).to_owned();
        let state = text("RecommendationState");
        let open = state.eq_ignore_ascii_case("Unhealthy");
        if table == DEVICES {
            let (cves, severity) = (vec![text("CveId")], text("VulnerabilitySeverityLevel"));
            self.findings.push(FindingRow { cves, title: text("SoftwareName"), severity, time: text("TimeGenerated") });
        } else if table == Statement::FINDINGS.table {
            if open {
                let (cves, severity) = (cves(row.get("AdditionalData")), text("RecommendationSeverity"));
                self.findings.push(FindingRow { cves, title: text("RecommendationName"), severity, time: text("TimeGenerated") });
            }
        } else {
            let worst = self.health.as_deref().map_or(state.as_str(), |known| worse(known, &state)).to_owned();
            self.health = Some(worst);
            if open {
                self.recommendations.push(RecommendationRow {
                    id: text("RecommendationName"),
                    title: text("RecommendationDisplayName"),
                    severity: text("RecommendationSeverity"),
                    state,
                    time: text("TimeGenerated"),
                });
            }
        }
    }

    fn finish(mut self) -> Option<EntityPosture> {
        if self.seen.is_empty() {
            return None;
        }
        let grave = |severity: &str| std::cmp::Reverse(Severity::parse(severity));
        self.recommendations.sort_by(|a, b| (grave(&a.severity), &a.title).cmp(&(grave(&b.severity), &b.title)));
        self.findings.sort_by(|a, b| (grave(&a.severity), &a.cves, &a.title).cmp(&(grave(&b.severity), &b.cves, &b.title)));
        let open = counted(self.recommendations.iter().map(|row| &row.severity));
        let vulnerable = counted(self.findings.iter().map(|row| &row.severity));
        let whole = self.recommendations.len() <= LISTED_MAX && self.findings.len() <= LISTED_MAX;
        self.recommendations.truncate(LISTED_MAX);
        self.findings.truncate(LISTED_MAX);
        Some(EntityPosture {
            health: self.health.unwrap_or_default(),
            open,
            recommendations: self.recommendations,
            vulnerable,
            vulnerabilities: self.findings,
            complete: self.complete && whole,
        })
    }
}

fn counted<'a>(severities: impl Iterator<Item = &'a String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    severities.for_each(|severity| *counts.entry(severity.clone()).or_default() += 1);
    counts
}

/// Ids of the vulnerabilities that the additional data of a finding name.
fn cves(data: Option<&Value>) -> Vec<String> {
    let Some(data) = data else { return Vec::new() };
    let listed = data.get("cve").and_then(Value::as_array).into_iter().flatten();
    let of_list = listed.filter_map(|item| item.get("title").or_else(|| item.get("id")));
    let single = [data.get("cveId"), data.get("vulnerabilityDetails").and_then(|details| details.get("cveId"))];
    of_list.chain(single.into_iter().flatten()).filter_map(Value::as_str).map(str::to_owned).collect()
}
