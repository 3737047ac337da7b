//! Alerts: what a detection says, with the entities that it names.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Change, Classification, Comment, Evidence, Link, Object, Owner, Time};

/// How grave an alert or incident is, in rising order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// The source says none, or one that is not known.
    #[default]
    Unknown,
    /// For information.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical; Microsoft's own products stop at high.
    Critical,
}

impl Severity {
    /// All, in rising order.
    pub const ALL: [Self; 6] = [Self::Unknown, Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }

    /// Reads any vendor's word, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "informational" | "information" | "info" | "verylow" | "very low" => Self::Informational,
            "low" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" => Self::High,
            "critical" | "fatal" => Self::Critical,
            "unknown" | "" => Self::Unknown,
            _ => return None,
        })
    }
}

/// Where the work on an alert stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AlertStatus {
    /// Not looked at; `active` and `open` of other products.
    #[default]
    New,
    /// Being worked on.
    InProgress,
    /// Done.
    Resolved,
    /// Put aside.
    Dismissed,
    /// The source says none that is known.
    Unknown,
}

impl AlertStatus {
    /// All, in the order of work.
    pub const ALL: [Self; 5] = [Self::New, Self::InProgress, Self::Resolved, Self::Dismissed, Self::Unknown];

    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::InProgress => "InProgress",
            Self::Resolved => "Resolved",
            Self::Dismissed => "Dismissed",
            Self::Unknown => "Unknown",
        }
    }

    /// Reads any vendor's word, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().replace([' ', '_', '-'], "").as_str() {
            "new" | "active" | "open" | "notified" => Self::New,
            "inprogress" | "acknowledged" => Self::InProgress,
            "resolved" | "closed" => Self::Resolved,
            "dismissed" | "suppressed" | "archived" => Self::Dismissed,
            "unknown" | "" => Self::Unknown,
            _ => return None,
        })
    }
}

/// One version of an alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alert {
    /// Identifies the alert in its workspace (`SystemAlertId` and its peers).
    pub id: String,
    /// The detecting product's own id, where it differs.
    pub vendor_original_id: Option<String>,
    /// What an analyst reads first.
    pub title: String,
    /// The long text.
    pub description: String,
    /// How grave it is.
    pub severity: Severity,
    /// Where the work on it stands.
    pub status: AlertStatus,
    /// The detector's type or rule name.
    pub alert_type: String,
    /// The product that an analyst knows (`Azure Security Center`, `Amazon GuardDuty`).
    pub product: String,
    /// A part of the product.
    pub product_component: Option<String>,
    /// `ProviderName` of the field.
    pub provider: String,
    /// Maker of the product.
    pub vendor: String,
    /// ATT&CK tactics under the catalog's names (`InitialAccess`), in the source's order, without repeats.
    pub tactics: Vec<Cow<'static, str>>,
    /// ATT&CK techniques and sub-techniques (`T1078`, `T1078.004`), without repeats.
    pub techniques: Vec<String>,
    /// Category of the product where it is no tactic (`Malware`, `SuspiciousActivity`).
    pub category: Option<String>,
    /// When the activity began.
    pub start: Option<Time>,
    /// When the activity ended.
    pub end: Option<Time>,
    /// When the alert was made (`TimeGenerated`).
    pub created: Option<Time>,
    /// When this version was made; orders the versions of an alert.
    pub modified: Option<Time>,
    /// The resource or name that the source puts first.
    pub compromised_entity: String,
    /// How sure the source is.
    pub confidence_level: Option<String>,
    /// How sure, from 0 to 1.
    pub confidence_score: Option<f64>,
    /// What to do about it.
    pub remediation: Vec<String>,
    /// Place of the alert in the product's own portal.
    pub url: Option<String>,
    /// The entities that the alert names, nested ones behind their owners.
    pub entities: Vec<Evidence>,
    /// References among `entities`.
    pub links: Vec<Link>,
    /// Ids of member alerts, where this alert stands for a kill chain.
    pub members: Vec<String>,
    /// Whether the source calls the alert an incident of its own.
    pub is_incident: bool,
    /// Id of the incident that the source puts the alert in.
    pub incident: Option<String>,
    /// Everything else that the source says of the alert (`ExtendedProperties` and unmapped members).
    pub extended: Object,
    /// Whether the document is a row of the table `SecurityAlert`, whose columns are then its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub row: bool,
    /// The list of entities in the very words of a row of `SecurityAlert`: that table shows it, references included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entities_text: Option<String>,
    /// Whether this is one piece of an alert that comes in several documents (a row of `AlertEvidence` or GUIDE).
    ///
    /// Pieces add their entities to the alert with the same id; fields that they carry fill only what is absent.
    pub partial: bool,
    /// Who works on it, where people of clew say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Free labels that people of clew give.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Remarks of people of clew, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// What it turned out to be, where people of clew say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// What it was in the finer words of another product (`malware`), where its client says so beside the classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determination: Option<String>,
    /// How this version came about, if clew wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

impl Alert {
    /// The instant by which the alert stands on a timeline: its start, else its end, else when it was made.
    pub fn time(&self) -> Option<Time> {
        self.start.or(self.end).or(self.created)
    }
}
