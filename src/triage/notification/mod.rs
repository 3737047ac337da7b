//! Notifications: what a person is told without having asked, and what each chose to be told.
//!
//! Nothing is stored of them: [`News`] says what a document of the journal may tell somebody, and [`Recipient::told`] what it tells one
//! person. Nobody is told of what they did themselves.

mod news;
mod recipient;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{Fault, FaultClass, Severity, Stored};

pub use news::{Changed, Happened, News, Notice};
pub use recipient::{Recipient, Told};

/// The kind of the resources that hold what people chose.
pub const KIND: &str = "notification_settings";
/// The id of the one that holds what the workspace chose.
pub const WORKSPACE: &str = "*";
/// Further names of a person at the most.
const NAMES_MAX: usize = 50;
/// Letters of a name at the most.
const NAME_MAX: usize = 256;

/// Why somebody is told something. A change is told once, by the first that fits and is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationKind)]
pub enum Kind {
    /// A comment or task names them: `@name`.
    Mentioned,
    /// An incident or alert was given to them or to a group of theirs.
    Assigned,
    /// Somebody else changed an incident or alert of theirs.
    Changed,
    /// An incident is new, or was raised, at or above the severity that they chose.
    Incident,
    /// An alert is, likewise.
    Alert,
    /// An automation rule tells them something.
    Rule,
    /// An automation, an export or an ingest failed: for those who administer.
    Failed,
}

impl Kind {
    /// All, in the order in which they are looked at.
    pub const ALL: [Self; 7] = [Self::Mentioned, Self::Assigned, Self::Changed, Self::Incident, Self::Alert, Self::Rule, Self::Failed];

    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mentioned => "mentioned",
            Self::Assigned => "assigned",
            Self::Changed => "changed",
            Self::Incident => "incident",
            Self::Alert => "alert",
            Self::Rule => "rule",
            Self::Failed => "failed",
        }
    }
}

/// What everybody is told who chose nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationDefaults {
    /// What is told; everything if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// The lowest severity of new incidents and alerts that are told: Informational, Low, Medium, High or Critical; High if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
}

/// What a person chose to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// What is told; what the workspace chose if it is not given, nothing if it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// The lowest severity of new incidents and alerts that are told: Informational, Low, Medium, High or Critical; what the workspace chose
    /// if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Further names that mean the person: a mail address, a group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

fn invalid(message: String) -> Fault {
    Fault::new(FaultClass::Invalid, "settings_invalid", message)
}

fn severity_of(text: &str) -> Option<Severity> {
    Severity::parse(text).filter(|severity| *severity != Severity::Unknown)
}

fn check_severity(severity: Option<&String>) -> Result<(), Fault> {
    match severity.filter(|text| severity_of(text).is_none()) {
        None => Ok(()),
        Some(text) => Err(invalid(format!("expected `severity` to be Informational, Low, Medium, High or Critical, found `{text}`"))),
    }
}

impl NotificationDefaults {
    /// Refuses what could not work.
    pub fn check(&self) -> Result<(), Fault> {
        check_severity(self.severity.as_ref())
    }
}

impl NotificationSettings {
    /// Refuses what could not work.
    pub fn check(&self) -> Result<(), Fault> {
        check_severity(self.severity.as_ref())?;
        if self.names.len() > NAMES_MAX {
            return Err(invalid(format!("expected at most {NAMES_MAX} `names` (`names_max`), found {}", self.names.len())));
        }
        let sound = |name: &&String| !name.trim().is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
        match self.names.iter().find(|name| !sound(name)) {
            None => Ok(()),
            Some(name) => Err(invalid(format!("expected a name of 1 to {NAME_MAX} letters in `names`, found `{name}`"))),
        }
    }
}

/// What somebody is told: what they chose, else what the workspace chose, else everything from High on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The kinds, in their order.
    pub kinds: Vec<Kind>,
    /// The lowest severity.
    pub severity: Severity,
}

impl Wanted {
    /// What holds for who chose `own`.
    pub fn of(own: &NotificationSettings, workspace: &NotificationDefaults) -> Self {
        let mut kinds = own.kinds.clone().or_else(|| workspace.kinds.clone()).unwrap_or_else(|| Kind::ALL.to_vec());
        kinds.sort_unstable();
        kinds.dedup();
        let severity = own.severity.as_deref().or(workspace.severity.as_deref()).and_then(severity_of);
        Self { kinds, severity: severity.unwrap_or(Severity::High) }
    }
}

/// Reads a choice; what nobody made or what cannot be read is none.
pub fn chosen<T: Default + serde::de::DeserializeOwned>(stored: Option<&Stored>) -> T {
    stored.and_then(|stored| serde_json::from_value((*stored.resource.value).clone()).ok()).unwrap_or_default()
}
