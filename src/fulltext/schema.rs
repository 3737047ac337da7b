//! The fields of the index and the numbers that stand for fixed vocabularies.

use serde::{Deserialize, Serialize};
use tantivy::schema::{BytesOptions, Field as IndexField, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use utoipa::ToSchema;

use crate::model::{AlertStatus, Classification, IncidentStatus, Severity};

use super::tokens::TOKENIZER;

/// Layout of the index; another number in a stored index means that it is built anew.
pub(crate) const FORMAT: u32 = 5;

/// What a document of the index stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocKind {
    /// The newest version of an incident.
    Incident,
    /// The newest version of an alert, with the entities of its pieces.
    Alert,
    /// An identity under which an entity was met.
    Entity,
}

impl DocKind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Incident, Self::Alert, Self::Entity];

    /// The name as it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Alert => "alert",
            Self::Entity => "entity",
        }
    }

    /// The number in the index.
    pub(crate) const fn code(self) -> u64 {
        self as u64
    }

    /// The kind behind a number of the index.
    pub(crate) fn of_code(code: u64) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// A property of documents that a question can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Id, and the id that the product gave.
    Id,
    /// Number of an incident.
    Number,
    /// Title of an incident or alert, label of an entity.
    Title,
    /// Long text.
    Description,
    /// Labels of an incident.
    Tag,
    /// Name, mail address and principal name of the owner.
    Owner,
    /// Products of an incident or alert.
    Product,
    /// Provider and vendor.
    Provider,
    /// Severity.
    Severity,
    /// Status.
    Status,
    /// Why an incident was closed.
    Classification,
    /// ATT&CK tactics.
    Tactic,
    /// ATT&CK techniques.
    Technique,
    /// Labels and key values of entities.
    Entity,
    /// Kind of an entity document.
    EntityKind,
    /// Remarks on an incident, including that on closing.
    Comment,
    /// The detector's type or rule name.
    Type,
    /// When it was made.
    Created,
    /// When the newest version was made.
    Modified,
    /// First activity.
    First,
    /// Last activity.
    Last,
}

impl Field {
    /// Number of the field among those of a document that have no column.
    pub(crate) const fn code(self) -> u64 {
        self as u64
    }

    /// The column that has a value exactly where the document has the field.
    pub(crate) const fn column(self) -> Option<&'static str> {
        Some(match self {
            Self::Number => "number",
            Self::Tag => "tag",
            Self::Product => "product",
            Self::Severity => "severity",
            Self::Status => "status",
            Self::Classification => "classification",
            Self::Tactic => "tactic_shown",
            Self::Created => "created",
            Self::Modified => "modified",
            Self::First => "first",
            Self::Last => "last",
            _ => return None,
        })
    }
}

/// The fields as tantivy numbers them.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    /// Hash of kind and id: names one document. A number, because a dictionary of as many texts as there are documents would cost
    /// more than all their words.
    pub(crate) hash: IndexField,
    /// The same of incidents and alerts, to be looked up: a newer version replaces what has it. Entities have no versions.
    pub(crate) key: IndexField,
    /// Hash of everything that was indexed.
    pub(crate) content: IndexField,
    pub(crate) kind: IndexField,
    pub(crate) seq: IndexField,
    /// Codes of the fields that are not empty and have no column.
    pub(crate) has: IndexField,
    /// Whether the alert has pieces.
    pub(crate) pieced: IndexField,
    pub(crate) id: IndexField,
    /// The upper and the lower half of an id that is a GUID, so that lists of ids need no stored document.
    pub(crate) guid: [IndexField; 2],
    pub(crate) number: IndexField,
    pub(crate) title: IndexField,
    pub(crate) description: IndexField,
    pub(crate) tag: IndexField,
    pub(crate) owner: IndexField,
    /// The owner's name as it is counted in facets.
    pub(crate) owner_shown: IndexField,
    pub(crate) product: IndexField,
    pub(crate) provider: IndexField,
    pub(crate) severity: IndexField,
    pub(crate) status: IndexField,
    pub(crate) classification: IndexField,
    pub(crate) tactic: IndexField,
    /// Tactics as they are counted in facets.
    pub(crate) tactic_shown: IndexField,
    pub(crate) technique: IndexField,
    /// Values of the keys of an entity.
    pub(crate) entity: IndexField,
    /// What else is said of an entity: by its document, and by each incident or alert that names it.
    pub(crate) own: IndexField,
    /// Hashes of the entities that an incident or alert names: their documents have the words.
    pub(crate) names: IndexField,
    pub(crate) entity_kind: IndexField,
    pub(crate) comment: IndexField,
    pub(crate) alert_type: IndexField,
    pub(crate) created: IndexField,
    pub(crate) modified: IndexField,
    pub(crate) first: IndexField,
    pub(crate) last: IndexField,
    /// The entry as JSON, for display and for joining pieces.
    pub(crate) source: IndexField,
    /// The parts that the entry was joined from, as JSON.
    pub(crate) parts: IndexField,
}

impl Fields {
    /// Builds the schema.
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let words = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(words);
        let exact = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false).set_index_option(IndexRecordOption::Basic);
        let exact = TextOptions::default().set_indexing_options(exact);
        let counted = TextOptions::default().set_fast("raw");
        let code = NumericOptions::default().set_indexed().set_fast();
        let fast = NumericOptions::default().set_fast();
        let stored = BytesOptions::default().set_stored();
        Self {
            hash: schema.add_u64_field("hash", fast.clone()),
            key: schema.add_u64_field("key", NumericOptions::default().set_indexed()),
            content: schema.add_u64_field("content", fast.clone()),
            kind: schema.add_u64_field("kind", code.clone()),
            seq: schema.add_u64_field("seq", fast.clone()),
            has: schema.add_u64_field("has", NumericOptions::default().set_indexed()),
            pieced: schema.add_u64_field("pieced", fast.clone()),
            id: schema.add_text_field("id", exact.clone()),
            guid: ["guid_upper", "guid_lower"].map(|name| schema.add_u64_field(name, fast.clone())),
            number: schema.add_i64_field("number", code.clone()),
            title: schema.add_text_field("title", words.clone()),
            description: schema.add_text_field("description", words.clone()),
            tag: schema.add_text_field("tag", words.clone().set_fast("raw")),
            owner: schema.add_text_field("owner", words.clone()),
            owner_shown: schema.add_text_field("owner_shown", counted.clone()),
            product: schema.add_text_field("product", words.clone().set_fast("raw")),
            provider: schema.add_text_field("provider", words.clone()),
            severity: schema.add_u64_field("severity", code.clone()),
            status: schema.add_u64_field("status", code.clone()),
            classification: schema.add_u64_field("classification", code),
            tactic: schema.add_text_field("tactic", exact.clone()),
            tactic_shown: schema.add_text_field("tactic_shown", counted),
            technique: schema.add_text_field("technique", words.clone()),
            entity: schema.add_text_field("entity", words.clone()),
            own: schema.add_text_field("own", words.clone()),
            names: schema.add_u64_field("names", NumericOptions::default().set_indexed()),
            entity_kind: schema.add_text_field("entity_kind", exact),
            comment: schema.add_text_field("comment", words.clone()),
            alert_type: schema.add_text_field("alert_type", words),
            created: schema.add_i64_field("created", fast.clone()),
            modified: schema.add_i64_field("modified", fast.clone()),
            first: schema.add_i64_field("first", fast.clone()),
            last: schema.add_i64_field("last", fast),
            source: schema.add_bytes_field("source", stored.clone()),
            parts: schema.add_bytes_field("parts", stored),
            schema: schema.build(),
        }
    }
}

/// Number of a severity in the index; rises with it.
pub(crate) const fn severity_code(severity: Severity) -> u64 {
    severity as u64
}

/// Number of an incident's status in the index.
pub(crate) const fn incident_status_code(status: IncidentStatus) -> u64 {
    status as u64
}

/// Number of an alert's status in the index, apart from those of incidents.
pub(crate) const fn alert_status_code(status: AlertStatus) -> u64 {
    8 + status as u64
}

/// Number of a classification in the index.
pub(crate) const fn classification_code(classification: Classification) -> u64 {
    classification as u64
}

/// The name behind the number of a severity.
pub(crate) fn severity_name(code: u64) -> &'static str {
    Severity::ALL.get(code as usize).map_or("Unknown", |severity| severity.as_str())
}

/// The name behind the number of a status.
pub(crate) fn status_name(code: u64) -> &'static str {
    if code < 8 {
        IncidentStatus::ALL.get(code as usize).map_or("Unknown", |status| status.as_str())
    } else {
        AlertStatus::ALL.get((code - 8) as usize).map_or("Unknown", |status| status.as_str())
    }
}

/// The name behind the number of a classification.
pub(crate) fn classification_name(code: u64) -> &'static str {
    const ALL: [Classification; 4] =
        [Classification::TruePositive, Classification::BenignPositive, Classification::FalsePositive, Classification::Undetermined];
    ALL.get(code as usize).map_or("Undetermined", |classification| classification.as_str())
}
