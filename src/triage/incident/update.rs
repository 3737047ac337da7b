//! Changes of the fields of one incident, and the rules that they keep: closing needs a classification, reopening a reason.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Actor;
use crate::model::{
    CLASSIFICATION_REASONS, Classification, Comment, Fault, FaultClass, Incident, IncidentStatus, Object, Owner, Severity, Time,
};
use crate::query::Snapshot;

/// Bytes of a title at the most.
const TITLE_BYTES_MAX: usize = 1_000;
/// Bytes of a determination at the most.
pub(in crate::triage) const WORD_BYTES_MAX: usize = 256;
/// Bytes of a description or comment at the most.
pub(in crate::triage) const TEXT_BYTES_MAX: usize = 256 << 10;
/// Tags of an incident at the most.
pub(in crate::triage) const TAGS_MAX: usize = 100;

/// What changing incidents must keep to in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Whether closing needs a comment.
    pub closing_comment: bool,
    /// Whether a closed incident may be opened again without a reason: no setting, but what clients of other products do.
    #[serde(skip)]
    #[schema(ignore)]
    pub silent: bool,
    /// Whether an incident that is open may say what it was: no setting, but what clients of other products do.
    #[serde(skip)]
    #[schema(ignore)]
    pub early: bool,
}

impl Policy {
    /// Kind and id of the resource that holds the policy of a workspace.
    pub const RESOURCE: (&'static str, &'static str) = ("setting", "policy");

    /// The policy that a workspace was given, else `default`.
    pub fn of(snapshot: &Snapshot, default: Self) -> Result<Self, Fault> {
        let (kind, id) = Self::RESOURCE;
        let given = snapshot.resource(kind, id)?;
        Ok(given.and_then(|stored| serde_json::from_value((*stored.resource.value).clone()).ok()).unwrap_or(default))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { closing_comment: true, silent: false, early: false }
    }
}

/// Fields of an incident to change; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentFields {
    /// The version that the caller saw, of one incident; refused with `etag_stale` if it is not the present one.
    pub etag: Option<String>,
    /// What an analyst reads first.
    pub title: Option<String>,
    /// The long text.
    pub description: Option<String>,
    /// Informational, Low, Medium or High.
    pub severity: Option<String>,
    /// New, Active or Closed; closing needs `classification`, unless the incident says it already, and by default `classification_comment`, reopening needs `reason`.
    pub status: Option<String>,
    /// Who works on it; `null` for nobody.
    #[serde(deserialize_with = "given_object", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OwnerFields>)]
    pub owner: Option<Option<OwnerFields>>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// Tags to add.
    pub add_tags: Vec<String>,
    /// Tags to remove.
    pub remove_tags: Vec<String>,
    /// TruePositive, BenignPositive, FalsePositive or Undetermined.
    pub classification: Option<String>,
    /// SuspiciousActivity (TruePositive), SuspiciousButExpected (BenignPositive), IncorrectAlertLogic or InaccurateData (FalsePositive).
    pub classification_reason: Option<String>,
    /// What is said on closing.
    pub classification_comment: Option<String>,
    /// What it was in the finer words of another product (`multiStagedAttack`), kept as they are until the classification changes.
    pub determination: Option<String>,
    /// Why a closed incident is opened again; becomes a comment.
    pub reason: Option<String>,
    /// Id or number of the incident that this one belongs under; `null` for none.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub parent: Option<Option<String>>,
}

/// Who works on an incident: by any of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OwnerFields {
    /// Display name.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// User principal name.
    pub upn: Option<String>,
    /// Directory id.
    pub object_id: Option<String>,
    /// Whether it is a group and not a person.
    pub group: bool,
}

/// Tells a member that is `null` from one that is left out.
pub(in crate::triage) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads a member that is an object; a list of its members in order, from which a struct can be read too, is none.
pub(in crate::triage) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(serde_json::Value::Object(Object::deserialize(deserializer)?)).map_err(D::Error::custom)
}

/// Both: an object, `null` or left out.
pub(in crate::triage) fn given_object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    let given: Option<Object> = Option::deserialize(deserializer)?;
    given.map(|given| T::deserialize(serde_json::Value::Object(given)).map_err(D::Error::custom)).transpose().map(Some)
}

pub(in crate::triage) fn invalid(code: &'static str, message: String) -> Fault {
    Fault::new(FaultClass::Invalid, code, message)
}

pub(in crate::triage) fn words(field: &str, found: &str, known: &[&str]) -> Fault {
    invalid("field_invalid", format!("expected {} for `{field}`, found `{found}`", known.join(", ")))
}

/// Refuses a text that is empty or too long.
pub(in crate::triage) fn text<'a>(field: &str, text: &'a str, most: usize) -> Result<&'a str, Fault> {
    let text = text.trim();
    if text.is_empty() || text.len() > most {
        return Err(invalid("field_invalid", format!("expected 1 to {most} bytes of text for `{field}`, found {}", text.len())));
    }
    Ok(text)
}

impl IncidentFields {
    /// Changes an incident; `parent` is resolved by the caller.
    pub(super) fn apply(&self, incident: &mut Incident, actor: &Actor, now: Time, policy: Policy) -> Result<(), Fault> {
        if let Some(title) = &self.title {
            incident.title = text("title", title, TITLE_BYTES_MAX)?.to_owned();
        }
        if let Some(description) = &self.description {
            if description.len() > TEXT_BYTES_MAX {
                text("description", description, TEXT_BYTES_MAX)?;
            }
            incident.description.clone_from(description);
        }
        if let Some(severity) = &self.severity {
            let read = Severity::parse(severity).filter(|_| !severity.trim().is_empty());
            incident.severity = read.ok_or_else(|| words("severity", severity, &Severity::ALL.map(Severity::as_str)))?;
        }
        if let Some(owner) = &self.owner {
            incident.owner = owner.clone().map(read_owner).transpose()?;
        }
        self.tags(incident)?;
        self.status(incident, actor, now, policy)
    }

    fn tags(&self, incident: &mut Incident) -> Result<(), Fault> {
        if let Some(tags) = &self.tags {
            incident.tags.clear();
            add_tags(&mut incident.tags, tags)?;
        }
        add_tags(&mut incident.tags, &self.add_tags)?;
        incident.tags.retain(|tag| !self.remove_tags.iter().any(|gone| gone.trim().eq_ignore_ascii_case(tag)));
        if incident.tags.len() > TAGS_MAX {
            return Err(invalid("field_invalid", format!("expected at most {TAGS_MAX} tags, found {}", incident.tags.len())));
        }
        Ok(())
    }

    fn status(&self, incident: &mut Incident, actor: &Actor, now: Time, policy: Policy) -> Result<(), Fault> {
        let before = incident.status;
        if let Some(status) = &self.status {
            let known = IncidentStatus::ALL.map(IncidentStatus::as_str);
            incident.status = IncidentStatus::parse(status).ok_or_else(|| words("status", status, &known))?;
        }
        match (before, incident.status) {
            (IncidentStatus::Closed, IncidentStatus::Closed) => self.classify(incident),
            (_, IncidentStatus::Closed) => {
                incident.closed = Some(now);
                self.classify(incident)?;
                self.closable(incident, policy)
            }
            (IncidentStatus::Closed, _) => {
                if let Some(reason) = self.reopening(incident, policy)? {
                    incident.comments.push(comment(actor, now, reason.to_owned()));
                }
                incident.closed = None;
                incident.classification = None;
                incident.classification_reason = None;
                incident.classification_comment = None;
                incident.determination = None;
                if policy.early { self.classify(incident) } else { Ok(()) }
            }
            _ if policy.early => self.classify(incident),
            _ if self.classification.is_some() || self.classification_reason.is_some() || self.determination.is_some() => Err(invalid(
                "classification_of_open",
                format!("expected status Closed with a classification, found {}", incident.status.as_str()),
            )
            .with_hint("give `status: Closed` in the same change")),
            _ => Ok(()),
        }
    }

    /// Why a closed incident is opened again.
    fn reopening(&self, incident: &Incident, policy: Policy) -> Result<Option<&str>, Fault> {
        match &self.reason {
            Some(reason) => Ok(Some(text("reason", reason, TEXT_BYTES_MAX)?)),
            None if policy.silent => Ok(None),
            None => Err(invalid("reason_required", format!("expected `reason` to open incident `{}` again, found none", incident.id))
                .with_hint("say in `reason` why it is opened again; it becomes a comment")),
        }
    }

    fn classify(&self, incident: &mut Incident) -> Result<(), Fault> {
        let before = (incident.classification, incident.classification_reason.clone());
        if let Some(classification) = &self.classification {
            let known = ["TruePositive", "BenignPositive", "FalsePositive", "Undetermined"];
            incident.classification =
                Some(Classification::parse(classification).ok_or_else(|| words("classification", classification, &known))?);
            incident.classification_reason = None;
        }
        if let Some(reason) = &self.classification_reason {
            let fits = CLASSIFICATION_REASONS
                .iter()
                .find(|(of, name)| Some(*of) == incident.classification && name.eq_ignore_ascii_case(reason.trim()));
            let (_, name) = fits.ok_or_else(|| reason_misfits(incident.classification, reason))?;
            incident.classification_reason = Some((*name).to_owned());
        } else if let (Some(_), Some(classification)) = (&self.classification, incident.classification) {
            // A classification with one reason only needs no second word.
            let mut reasons = CLASSIFICATION_REASONS.iter().filter(|(of, _)| *of == classification);
            if let (Some((_, only)), None) = (reasons.next(), reasons.next()) {
                incident.classification_reason = Some((*only).to_owned());
            }
        }
        if let Some(determination) = &self.determination {
            incident.determination = Some(text("determination", determination, WORD_BYTES_MAX)?.to_owned());
        } else if before != (incident.classification, incident.classification_reason.clone()) {
            incident.determination = None;
        }
        if let Some(comment) = &self.classification_comment {
            incident.classification_comment = Some(text("classification_comment", comment, TEXT_BYTES_MAX)?.to_owned());
        }
        Ok(())
    }

    /// Whether an incident says all that closing needs.
    fn closable(&self, incident: &Incident, policy: Policy) -> Result<(), Fault> {
        let hint = "close with one of TruePositive SuspiciousActivity, BenignPositive SuspiciousButExpected, FalsePositive IncorrectAlertLogic, \
                    FalsePositive InaccurateData, Undetermined";
        let Some(classification) = incident.classification else {
            return Err(
                invalid("classification_required", "expected `classification` to close an incident, found none".into()).with_hint(hint)
            );
        };
        if classification == Classification::FalsePositive && incident.classification_reason.is_none() {
            let message = "expected `classification_reason` with FalsePositive, found none".into();
            return Err(invalid("classification_reason_required", message).with_hint(hint));
        }
        if policy.closing_comment && incident.classification_comment.is_none() {
            let message = "expected `classification_comment` to close an incident, found none".into();
            return Err(invalid("closing_comment_required", message).with_hint("say what was found and done"));
        }
        Ok(())
    }
}

fn reason_misfits(classification: Option<Classification>, found: &str) -> Fault {
    let reasons: Vec<&str> = CLASSIFICATION_REASONS.iter().filter(|(of, _)| Some(*of) == classification).map(|(_, name)| *name).collect();
    let classification = classification.map_or("no classification", Classification::as_str);
    let expected = if reasons.is_empty() { "no reason".to_owned() } else { reasons.join(" or ") };
    invalid("field_invalid", format!("expected {expected} for `classification_reason` with {classification}, found `{found}`"))
}

pub(in crate::triage) fn add_tags(tags: &mut Vec<String>, more: &[String]) -> Result<(), Fault> {
    for tag in more {
        let tag = text("tags", tag, 256)?;
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
            tags.push(tag.to_owned());
        }
    }
    Ok(())
}

pub(in crate::triage) fn read_owner(fields: OwnerFields) -> Result<Owner, Fault> {
    let part = |part: Option<String>| part.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let owner = Owner {
        name: part(fields.name),
        email: part(fields.email),
        upn: part(fields.upn),
        object_id: part(fields.object_id),
        group: fields.group,
    };
    if owner == (Owner { group: fields.group, ..Owner::default() }) {
        let message = "expected `name`, `email`, `upn` or `object_id` of the owner, found none".into();
        return Err(invalid("field_invalid", message).with_hint("`owner: null` takes the owner away"));
    }
    Ok(owner)
}

/// A new comment.
pub(in crate::triage) fn comment(actor: &Actor, now: Time, message: String) -> Comment {
    Comment { id: super::new_id(), author: Some(actor.name.clone()), created: Some(now), modified: None, message }
}
