//! What is asked of one incident, alert or entity, and the shapes of the answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::model::{Object, Time};

use super::super::answer::Page;
use super::super::bookmarks::BookmarkDetail;
use super::super::listed::Match;
use super::super::lists::{AlertRow, EntityRow, IncidentRow};
use super::super::posture::EntityPosture;

/// Which incident.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IncidentRequest {
    /// Id or number.
    pub id: String,
    /// Shows it as it was known at this instant; absolute or relative to now (`-7d`).
    pub as_of: Option<String>,
}

/// Which alert.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct AlertRequest {
    /// Id.
    pub id: String,
}

/// Which versions of which alert.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertVersionsRequest {
    /// Id.
    pub id: String,
    /// Versions of the page (default 1000).
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// Which entity.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct EntityRequest {
    /// Reference, `KIND:VALUE`.
    pub entity: String,
}

/// One version of an alert or incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionRow {
    /// Sequence number of its document.
    pub seq: u64,
    /// When the source made it.
    #[schema(value_type = Option<String>)]
    pub modified: Option<Time>,
    /// When clew took it in.
    #[schema(value_type = String)]
    pub received: Time,
    /// File, archive member or name that it came from.
    pub source: String,
    /// Line of the source.
    pub line: u64,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether it is one piece of an alert that comes in several documents.
    pub partial: bool,
}

/// An entity that an alert or incident names.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvidenceRow {
    /// Reference, `KIND:VALUE`.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Short text for people.
    pub label: String,
    /// Its part, where the source says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether it stands only inside another entity.
    pub nested: bool,
    /// Its properties as the source gives them.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub properties: Object,
}

/// An incident with its alerts and entities.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncidentDetail {
    /// The row of the queue.
    #[serde(flatten)]
    pub row: IncidentRow,
    /// The long text.
    pub description: String,
    /// Reason within the classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification_reason: Option<String>,
    /// What was said on closing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification_comment: Option<String>,
    /// What it was in the finer words of another product, where its client said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determination: Option<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Remarks, oldest first.
    #[schema(value_type = Vec<Value>)]
    pub comments: Vec<Value>,
    /// What is to be done, oldest first.
    #[schema(value_type = Vec<Value>)]
    pub tasks: Vec<Value>,
    /// Rows that were kept as its evidence, the latest first.
    pub bookmarks: Vec<BookmarkDetail>,
    /// The incident that this one belongs under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The incidents that belong under this one, oldest first, up to 100; the list of incidents by `parent` has all.
    pub children: Vec<IncidentRow>,
    /// How many they are.
    pub children_total: u64,
    /// Name of the present version, for changes that must not overwrite a newer one.
    pub etag: String,
    /// Place in the product's own portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The incident that this one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// Its alerts, oldest first.
    pub alerts_list: Vec<AlertRow>,
    /// Ids of alerts that it lists but that were never seen.
    pub alerts_missing: Vec<String>,
    /// Entities of the incident and its alerts, those named most first.
    pub entities: Vec<EntityRow>,
    /// Everything else that the source says.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub extended: Object,
    /// Its newest versions, oldest first, up to 100; its activity has all.
    pub versions: Vec<VersionRow>,
    /// How many versions there are.
    pub versions_total: u64,
}

/// A page of the versions of an alert, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertVersions {
    /// The page.
    #[serde(flatten)]
    pub page: Page<VersionRow>,
}

/// An alert with its entities and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The row of the list.
    #[serde(flatten)]
    pub row: AlertRow,
    /// The long text.
    pub description: String,
    /// The detector's type.
    pub alert_type: String,
    /// `ProviderName` of the field.
    pub provider: String,
    /// Maker of the product.
    pub vendor: String,
    /// A part of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_component: Option<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// The resource or name that the source puts first.
    pub compromised_entity: String,
    /// What to do about it.
    pub remediation: Vec<String>,
    /// Place in the product's own portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When the alert was made.
    #[schema(value_type = Option<String>)]
    pub created: Option<Time>,
    /// When this version was made.
    #[schema(value_type = Option<String>)]
    pub modified: Option<Time>,
    /// Member alerts, where the alert stands for a kill chain.
    pub members: Vec<String>,
    /// The entities that it names.
    pub entities_list: Vec<EvidenceRow>,
    /// Everything else that the source says.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub extended: Object,
    /// Who works on it, where people of clew say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub owner: Option<Value>,
    /// Labels that people of clew gave.
    pub tags: Vec<String>,
    /// Remarks of people of clew, oldest first.
    #[schema(value_type = Vec<Value>)]
    pub comments: Vec<Value>,
    /// What people of clew say it turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// What it was in the finer words of another product, where its client said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determination: Option<String>,
    /// Other alerts on the same resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_resource: Option<SameResource>,
    /// Id of the suppression rule that dismissed it, as long as nobody changed it since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<String>,
    /// Name of the present version, for changes that must not overwrite a newer one.
    pub etag: String,
    /// Its newest versions, oldest first, up to 100; `/v1/alerts/{id}/versions` has all.
    pub versions: Vec<VersionRow>,
    /// How many versions there are, pieces among them.
    pub versions_total: u64,
    /// The document, as it was given.
    #[schema(value_type = Value)]
    pub raw: Value,
}

/// Other alerts on the resource of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SameResource {
    /// The entity that stands for the resource, `KIND:VALUE`; `entity=` of the list of alerts shows all.
    pub resource: String,
    /// How many others there are.
    pub total: u64,
    /// The newest of them, up to five.
    pub newest: Vec<AlertRow>,
}

/// An entity with its keys, what it is linked to and why its mentions are one.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EntityDetail {
    /// The row of the list.
    #[serde(flatten)]
    pub row: EntityRow,
    /// Identifiers that identify it alone.
    pub keys: Vec<String>,
    /// Identifiers that do not.
    pub weak_keys: Vec<String>,
    /// Properties from the newest 25 alerts that name it.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub properties: Object,
    /// Edges by relation.
    pub relations: std::collections::BTreeMap<String, u64>,
    /// Decisions that made several mentions one entity: the key and the document that brought it.
    pub merges: Vec<MergeRow>,
    /// Watchlists that it stands on and threat indicators that it matches.
    pub listed: Vec<ListedRow>,
    /// Other entities that may be the same, up to 50.
    pub possibly_same: Vec<String>,
    /// Whether these are all.
    pub possibly_same_complete: bool,
    /// How many alerts name it.
    pub alerts: u64,
    /// Incidents that contain such an alert, newest first, up to 50; the list of incidents by entity has all.
    pub incidents: Vec<String>,
    /// How many they are.
    pub incidents_total: u64,
    /// What assessments say of it, if any ever said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posture: Option<EntityPosture>,
}

/// A watchlist or threat indicator that an entity is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListedRow {
    /// `on_list` or `matches_indicator`.
    pub relation: String,
    /// Alias of the watchlist, id of the indicator.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether the indicator holds now; lists always do.
    pub active: bool,
    /// The document that says so.
    pub seq: u64,
}

impl ListedRow {
    /// The row of a match.
    pub(super) fn of(found: Match) -> Self {
        let Match { relation, id, label, seq, active } = found;
        Self { relation: relation.to_owned(), id, label, active, seq: seq.0 }
    }
}

/// One step of entity resolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MergeRow {
    /// Key that two mentions share.
    pub key: String,
    /// Sequence number of the document that brought them together.
    pub seq: u64,
}
