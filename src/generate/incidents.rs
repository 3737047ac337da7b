//! Rows of `SecurityIncident`: a log with a row for every change, the newest of which counts.

use super::alerts::{Facts, Story, alert_ids};
use super::random::{Random, mix};
use super::tally::Truth;
use super::text::{Row, guid, push_list};
use super::words::{FIRST_NAMES, LAST_NAMES, REMARKS, TAGS};
use super::world::World;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const WORK: u64 = 5;
const INCIDENT_ID: u64 = 6;
const OWNERS: u64 = 40;

/// The id of the incident at a place.
pub(super) fn incident_id(world: &World, index: u64) -> String {
    guid(mix(world.seed ^ mix(index ^ (INCIDENT_ID << 60))), index)
}

/// How an incident is worked on.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// Number of versions.
    pub(super) versions: u64,
    /// When each version is made, and when its row arrives.
    pub(super) times: Vec<(i64, i64)>,
    /// Version whose row arrives a second time, and how much later.
    pub(super) again: Option<(u64, i64)>,
    owner: u64,
    tags: Vec<&'static str>,
    classification: (&'static str, &'static str),
    closes: bool,
}

const CLASSIFICATIONS: [(&str, &str); 4] = [
    ("TruePositive", "SuspiciousActivity"),
    ("BenignPositive", "SuspiciousButExpected"),
    ("FalsePositive", "IncorrectAlertLogic"),
    ("Undetermined", ""),
];

impl Work {
    pub(super) fn new(world: &World, story: &Story) -> Self {
        let mut random = Random::new(world.seed, WORK, story.index);
        let versions = 1 + random.weighted(&[35, 25, 25, 10, 5]) as u64;
        let first = Facts::new(world, story, 0).generated + MINUTE;
        let last = (0..story.size).map(|place| Facts::new(world, story, place).generated).max().unwrap_or(first) + MINUTE;
        let times = (0..versions).map(|version| {
            // Each version is later than the one before; the last is later than every alert.
            let modified = if version + 1 == versions {
                last + version as i64 * HOUR + if version == 0 { 0 } else { random.below(48 * HOUR as u64) as i64 }
            } else {
                first + (last - first) * version as i64 / versions as i64 + version as i64 * HOUR
            };
            let late = if random.chance(10) { random.below(72 * HOUR as u64) as i64 } else { 0 };
            (modified, modified + late)
        });
        let times = times.collect();
        let again = random.chance(20).then(|| (random.below(versions), HOUR + random.below(23 * HOUR as u64) as i64));
        let mut tags: Vec<&'static str> = (0..random.weighted(&[40, 30, 20, 10])).map(|_| *random.pick(&TAGS)).collect();
        tags.sort_unstable();
        tags.dedup();
        let classification = CLASSIFICATIONS[random.weighted(&[228, 449, 303, 20])];
        Self { versions, times, again, owner: random.below(OWNERS), tags, classification, closes: random.chance(800) }
    }

    fn status(&self, version: u64) -> &'static str {
        match version {
            0 => "New",
            1 => "Active",
            _ if version + 1 == self.versions && self.closes => "Closed",
            _ => "Active",
        }
    }
}

fn owner(place: u64) -> (String, String) {
    let (first, last) = (FIRST_NAMES[place as usize % 32], LAST_NAMES[place as usize * 7 % 32]);
    (format!("{}. {}", &first[..1].to_ascii_uppercase(), last), format!("{first}.{last}{place}@contoso.com"))
}

/// Writes rows of incidents; holds the buffer.
#[derive(Debug, Default)]
pub(super) struct IncidentWriter {
    row: Row,
}

impl IncidentWriter {
    /// The row of one version, ended by a line feed; the newest version is counted where a truth is given.
    pub(super) fn row(&mut self, world: &World, story: &Story, version: u64, truth: Option<&mut Truth>) -> &[u8] {
        let work = Work::new(world, story);
        let (modified, _) = work.times[version as usize];
        let alerts = alert_ids(world, story, modified);
        // The severities' names in the order of gravity.
        let order = ["Informational", "Low", "Medium", "High"];
        let gravity = alerts.iter().filter_map(|(facts, _)| order.iter().position(|name| *name == facts.detection.severity)).max();
        let severity = order[gravity.unwrap_or(0)];
        if let Some(truth) = truth.filter(|_| version + 1 == work.versions) {
            count(truth, &work, severity, alerts.len() as u64);
        }
        self.write(world, story, &work, version, severity, &alerts);
        self.row.close()
    }

    fn write(&mut self, world: &World, story: &Story, work: &Work, version: u64, severity: &str, alerts: &[(Facts, String)]) {
        let (id, status) = (incident_id(world, story.index), work.status(version));
        let (modified, created) = (work.times[version as usize].0, work.times[0].0);
        let row = &mut self.row;
        row.open();
        row.plain("TenantId", "8ecf8077-cf51-4820-aadd-14040956f35d");
        row.time("TimeGenerated", modified);
        row.plain("IncidentName", &id);
        row.json("IncidentNumber", 1000 + story.index);
        row.plain("Title", &alerts.first().map(|(facts, _)| facts.title()).unwrap_or_default());
        row.form("Description", format_args!("{} alerts about the same account, host or address.", alerts.len()));
        row.plain("Severity", severity);
        row.plain("Status", status);
        let closed = status == "Closed";
        row.plain("Classification", if closed { work.classification.0 } else { "" });
        row.plain("ClassificationReason", if closed { work.classification.1 } else { "" });
        row.plain("ClassificationComment", "");
        write_owner(row, work, version);
        row.plain("ProviderName", "Azure Sentinel");
        row.form("ProviderIncidentId", format_args!("{}", 1000 + story.index));
        row.time("FirstActivityTime", alerts.iter().map(|(facts, _)| facts.start).min().unwrap_or(created));
        row.time("LastActivityTime", alerts.iter().map(|(facts, _)| facts.end).max().unwrap_or(created));
        row.time("FirstModifiedTime", created);
        row.time("LastModifiedTime", modified);
        row.time("CreatedTime", created);
        if closed {
            row.time("ClosedTime", modified);
        } else {
            row.json("ClosedTime", "null");
        }
        row.list("RelatedAnalyticRuleIds", []);
        row.list("AlertIds", alerts.iter().map(|(_, id)| id.as_str()));
        row.list("BookmarkIds", []);
        write_comments(row, work, version, created);
        row.list("Tasks", []);
        write_labels(row, work, version);
        row.form("IncidentUrl", format_args!("https://portal.example/incidents/{id}"));
        write_additional(row, alerts, version);
        row.plain("ModifiedBy", if version == 0 { "Incident created from alert" } else { "analyst" });
        row.plain("SourceSystem", "Azure");
        row.plain("Type", "SecurityIncident");
    }
}

fn write_owner(row: &mut Row, work: &Work, version: u64) {
    if version == 0 {
        row.json("Owner", r#"{"objectId":null,"email":null,"assignedTo":null,"userPrincipalName":null}"#);
        return;
    }
    let (name, mail) = owner(work.owner);
    let id = guid(mix(work.owner), work.owner);
    row.json("Owner", format_args!(r#"{{"objectId":"{id}","email":"{mail}","assignedTo":"{name}","userPrincipalName":"{mail}"}}"#));
}

fn write_labels(row: &mut Row, work: &Work, version: u64) {
    let out = row.name("Labels");
    out.push(b'[');
    for (place, tag) in work.tags.iter().filter(|_| version > 0).enumerate() {
        out.extend_from_slice(if place == 0 { b"{\"labelName\":\"" } else { b",{\"labelName\":\"" });
        out.extend_from_slice(tag.as_bytes());
        out.extend_from_slice(b"\",\"labelType\":\"User\"}");
    }
    out.push(b']');
}

fn write_comments(row: &mut Row, work: &Work, version: u64, created: i64) {
    let (name, _) = owner(work.owner);
    let mut text = String::from("[");
    for place in 1..version {
        let remark = REMARKS[(work.owner + place) as usize % REMARKS.len()];
        let mut time = Vec::new();
        super::text::push_time(&mut time, created + place as i64 * HOUR);
        let time = String::from_utf8_lossy(&time);
        let comma = if place == 1 { "" } else { "," };
        text += &format!(r#"{comma}{{"message":"{remark}","createdTimeUtc":"{time}","author":{{"name":"{name}"}}}}"#);
    }
    text.push(']');
    row.json("Comments", text);
}

fn write_additional(row: &mut Row, alerts: &[(Facts, String)], version: u64) {
    let mut products: Vec<&str> = Vec::new();
    let mut tactics: Vec<&str> = Vec::new();
    let mut techniques: Vec<&str> = Vec::new();
    for (facts, _) in alerts {
        let detection = facts.detection;
        add(&mut products, [detection.source.product]);
        add(&mut tactics, detection.tactics.split(','));
        add(&mut techniques, detection.techniques.split(',').filter(|technique| !technique.is_empty()));
    }
    let out = row.name("AdditionalData");
    let comments = version.saturating_sub(1);
    out.extend_from_slice(
        format!(r#"{{"alertsCount":{},"bookmarksCount":0,"commentsCount":{comments},"alertProductNames":"#, alerts.len()).as_bytes(),
    );
    push_list(out, products);
    out.extend_from_slice(b",\"tactics\":");
    push_list(out, tactics);
    out.extend_from_slice(b",\"techniques\":");
    push_list(out, techniques);
    out.push(b'}');
}

fn add<'a>(list: &mut Vec<&'a str>, values: impl IntoIterator<Item = &'a str>) {
    for value in values {
        if !list.contains(&value) {
            list.push(value);
        }
    }
}

fn count(truth: &mut Truth, work: &Work, severity: &str, alerts: u64) {
    let version = work.versions - 1;
    let status = work.status(version);
    truth.incidents += 1;
    truth.incident_alerts_max = truth.incident_alerts_max.max(alerts);
    *truth.incidents_by_severity.entry(severity.to_owned()).or_default() += 1;
    *truth.incidents_by_status.entry(status.to_owned()).or_default() += 1;
    if status == "Closed" {
        *truth.incidents_by_classification.entry(work.classification.0.to_owned()).or_default() += 1;
    }
    if version > 0 {
        *truth.incidents_by_owner.entry(owner(work.owner).1).or_default() += 1;
        for tag in &work.tags {
            *truth.incidents_by_tag.entry((*tag).to_owned()).or_default() += 1;
        }
    }
}
