//! Incidents: the case that groups alerts, and the work on it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Evidence, Link, Object, Severity, Time};

/// Where the work on an incident stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IncidentStatus {
    /// Not looked at.
    #[default]
    New,
    /// Being worked on.
    Active,
    /// Done, with a classification.
    Closed,
}

impl IncidentStatus {
    /// All, in the order of work.
    pub const ALL: [Self; 3] = [Self::New, Self::Active, Self::Closed];

    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Active => "Active",
            Self::Closed => "Closed",
        }
    }

    /// Reads any vendor's word, in any case; a redirected incident is closed.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().replace([' ', '_', '-'], "").as_str() {
            "new" | "open" => Self::New,
            "active" | "inprogress" | "acknowledged" | "awaitingaction" => Self::Active,
            "closed" | "resolved" | "redirected" => Self::Closed,
            _ => return None,
        })
    }
}

/// What an incident or alert turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Classification {
    /// An attack.
    TruePositive,
    /// Real activity that was expected.
    BenignPositive,
    /// The rule or its data were wrong.
    FalsePositive,
    /// Not decided.
    Undetermined,
}

impl Classification {
    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TruePositive => "TruePositive",
            Self::BenignPositive => "BenignPositive",
            Self::FalsePositive => "FalsePositive",
            Self::Undetermined => "Undetermined",
        }
    }

    /// Reads any vendor's word, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().replace([' ', '_', '-'], "").as_str() {
            "truepositive" => Self::TruePositive,
            "benignpositive" | "informationalexpectedactivity" => Self::BenignPositive,
            "falsepositive" => Self::FalsePositive,
            "undetermined" => Self::Undetermined,
            _ => return None,
        })
    }
}

/// Who works on an incident; any part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Display name (`assignedTo`).
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// User principal name.
    pub upn: Option<String>,
    /// Directory id.
    pub object_id: Option<String>,
    /// Whether it is a group and not a person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub group: bool,
}

/// The reasons that may stand behind each classification, as Microsoft Sentinel knows them.
pub const CLASSIFICATION_REASONS: [(Classification, &str); 4] = [
    (Classification::TruePositive, "SuspiciousActivity"),
    (Classification::BenignPositive, "SuspiciousButExpected"),
    (Classification::FalsePositive, "IncorrectAlertLogic"),
    (Classification::FalsePositive, "InaccurateData"),
];

/// A remark on an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// Identifies it within the incident; empty for one of a source that gives none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// When.
    pub created: Option<Time>,
    /// When it was last rewritten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Time>,
    /// The text, Markdown.
    pub message: String,
}

/// Something to be done on an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// Identifies it within the incident.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// The long text, Markdown.
    pub description: String,
    /// Whether it is done.
    pub completed: bool,
    /// Who made it.
    pub author: Option<String>,
    /// When.
    pub created: Option<Time>,
    /// When it was last changed.
    pub modified: Option<Time>,
}

/// How a version came about that clew itself wrote: who did what to which version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// Who.
    pub actor: String,
    /// What: `update`, `create`, `merge`, `split`, `undo`, `source`, `correlate` ...
    pub action: String,
    /// The version that was changed; none of an incident that was made.
    pub of: Option<u64>,
    /// The newest version of a source that is worked in.
    pub source: Option<u64>,
    /// Name of the step of several changes that are undone together.
    pub step: Option<String>,
    /// The change that this one takes back.
    pub undoes: Option<u64>,
    /// Id of the rule that made it, if a rule did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why, where it is not said in a comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Id of the proposal that was accepted with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// Who proposed it, if somebody else did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<String>,
    /// Fingerprint of the change before, of any incident: the chain that `clew audit verify` follows.
    pub previous: Option<String>,
}

/// One version of an incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incident {
    /// Identifies the incident in its workspace (`IncidentName` and its peers).
    pub id: String,
    /// The number that people say.
    pub number: Option<i64>,
    /// The providing product's own id (`ProviderIncidentId`).
    pub provider_incident_id: Option<String>,
    /// What an analyst reads first.
    pub title: String,
    /// The long text.
    pub description: String,
    /// How grave it is.
    pub severity: Severity,
    /// Where the work on it stands.
    pub status: IncidentStatus,
    /// What it was, which an incident that is open may say too; closing needs it.
    pub classification: Option<Classification>,
    /// The reason within the classification (`SuspiciousActivity`, `InaccurateData` ...).
    pub classification_reason: Option<String>,
    /// What was said on closing.
    pub classification_comment: Option<String>,
    /// What it was in the finer words of another product (`multiStagedAttack`), where its client says so beside the classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determination: Option<String>,
    /// Who works on it.
    pub owner: Option<Owner>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Ids of the alerts that it contains, as far as the source lists them.
    pub alert_ids: Vec<String>,
    /// Entities that the source lists for the incident itself.
    pub entities: Vec<Evidence>,
    /// References among `entities`.
    pub links: Vec<Link>,
    /// Products of its alerts.
    pub products: Vec<String>,
    /// ATT&CK tactics under the catalog's names.
    pub tactics: Vec<Cow<'static, str>>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// First activity of its alerts.
    pub first_activity: Option<Time>,
    /// Last activity of its alerts.
    pub last_activity: Option<Time>,
    /// When it was opened.
    pub created: Option<Time>,
    /// When this version was made; orders the versions of an incident.
    pub modified: Option<Time>,
    /// When it was closed.
    pub closed: Option<Time>,
    /// Who made this version.
    pub modified_by: Option<String>,
    /// The product that opened it.
    pub provider: String,
    /// Place of the incident in the product's own portal.
    pub url: Option<String>,
    /// Remarks, oldest first.
    pub comments: Vec<Comment>,
    /// What is to be done, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// Id of the incident that this one belongs under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Id of the incident that this one was merged into.
    pub redirect: Option<String>,
    /// Whether this version deletes the incident: lists leave it out, its versions stay.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// How this version came about, if clew wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Everything else that the source says of the incident.
    pub extended: Object,
}

impl Incident {
    /// The instant by which the incident stands on a timeline: its first activity, else when it was opened.
    pub fn time(&self) -> Option<Time> {
        self.first_activity.or(self.created)
    }
}
