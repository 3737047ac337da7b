//! In which order hits come: by what the index keeps in columns, or by what only the entity graph knows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fulltext::Sort;

/// Orders that the index has.
pub(super) const OF_INDEX: &str = "`relevance`, `time`, `created`, `first`, `last`, `severity` or `number`";
/// Orders of groups.
pub(super) const OF_GROUPS: &str = "`first`, `last`, `created`, `severity`, `title` or `count`";

/// Order of the hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// How well the words fit, best first.
    Relevance,
    /// When it was made.
    Created,
    /// When the newest version was made.
    #[serde(alias = "time")]
    Modified,
    /// First activity.
    First,
    /// Last activity.
    #[serde(alias = "activity")]
    Last,
    /// Severity.
    Severity,
    /// Number of the incident.
    Number,
    /// Title, or label of an entity, without regard to case.
    Title,
    /// How many alerts a group has.
    Count,
}

impl Order {
    /// Whether it begins with the least unless it is turned.
    pub const fn is_upward(self) -> bool {
        matches!(self, Self::Title)
    }

    /// The order of the index that it is, if it is one.
    pub(super) const fn of_index(self) -> Option<Sort> {
        Some(match self {
            Self::Relevance => Sort::Relevance,
            Self::Created => Sort::Created,
            Self::Modified => Sort::Modified,
            Self::First => Sort::First,
            Self::Last => Sort::Last,
            Self::Severity => Sort::Severity,
            Self::Number => Sort::Number,
            Self::Title | Self::Count => return None,
        })
    }

    /// The name that a request writes.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Created => "created",
            Self::Modified => "time",
            Self::First => "first",
            Self::Last => "last",
            Self::Severity => "severity",
            Self::Number => "number",
            Self::Title => "title",
            Self::Count => "count",
        }
    }
}
