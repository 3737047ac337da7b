//! The changes of alerts that can be asked for, and the versions that each of them plans.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Actor, ChangeAlerts, Present, as_step};
use crate::model::{Alert, AlertStatus, Classification, Fault, FaultClass, Seq, Time};
use crate::query::lists::AlertFilter;
use crate::query::{Context, Question, details};
use crate::triage::incident::OwnerFields;
use crate::triage::incident::update::{
    TAGS_MAX, TEXT_BYTES_MAX, WORD_BYTES_MAX, add_tags, comment, given, given_object, invalid, read_owner, text, words,
};
use crate::triage::merge;
use crate::triage::versioned::{step_of, version_in};

/// Alerts that one bulk change takes at the most.
const BULK_MAX: usize = 10_000;

/// Fields of an alert to change; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertFields {
    /// The version that the caller saw, of one alert; refused with `etag_stale` if it is not the present one.
    pub etag: Option<String>,
    /// New (or `active`), InProgress, Resolved or Dismissed.
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
    /// TruePositive, BenignPositive, FalsePositive or Undetermined; `null` for none.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub classification: Option<Option<String>>,
    /// What it was in the finer words of another product (`malware`), kept as they are until the classification changes.
    pub determination: Option<String>,
    /// A remark to add, Markdown: why it is dismissed, what was done.
    pub comment: Option<String>,
}

impl AlertFields {
    /// The fields of a change of the state alone.
    pub fn status(status: AlertStatus) -> Self {
        Self { status: Some(status.as_str().to_owned()), ..Self::default() }
    }

    fn apply(&self, alert: &mut Alert, actor: &Actor, now: Time) -> Result<(), Fault> {
        if let Some(status) = &self.status {
            let known = AlertStatus::parse(status).filter(|status| *status != AlertStatus::Unknown);
            let names: Vec<&str> = AlertStatus::ALL[..4].iter().map(|status| status.as_str()).collect();
            alert.status = known.ok_or_else(|| words("status", status, &names))?;
        }
        if let Some(owner) = &self.owner {
            alert.owner = owner.clone().map(read_owner).transpose()?;
        }
        if let Some(tags) = &self.tags {
            alert.tags.clear();
            add_tags(&mut alert.tags, tags)?;
        }
        add_tags(&mut alert.tags, &self.add_tags)?;
        alert.tags.retain(|tag| !self.remove_tags.iter().any(|gone| gone.trim().eq_ignore_ascii_case(tag)));
        if alert.tags.len() > TAGS_MAX {
            return Err(invalid("field_invalid", format!("expected at most {TAGS_MAX} tags, found {}", alert.tags.len())));
        }
        if let Some(classification) = &self.classification {
            let read = |text: &String| {
                let known = ["TruePositive", "BenignPositive", "FalsePositive", "Undetermined"];
                Classification::parse(text).ok_or_else(|| words("classification", text, &known))
            };
            let read = classification.as_ref().map(read).transpose()?;
            if alert.classification != read {
                (alert.classification, alert.determination) = (read, None);
            }
        }
        if let Some(determination) = &self.determination {
            alert.determination = Some(text("determination", determination, WORD_BYTES_MAX)?.to_owned());
        }
        if let Some(remark) = &self.comment {
            alert.comments.push(comment(actor, now, text("comment", remark, TEXT_BYTES_MAX)?.to_owned()));
        }
        Ok(())
    }
}

/// Changes fields of one alert.
#[derive(Clone, Debug, Default)]
pub struct AlertUpdate {
    /// Id of the alert.
    pub alert: String,
    /// The fields.
    pub fields: AlertFields,
}

impl ChangeAlerts for AlertUpdate {
    fn plan(&self, context: &Context, actor: &Actor) -> Result<Vec<Alert>, Fault> {
        let present = Present::seen(context, &self.alert, self.fields.etag.as_deref())?;
        let next = present.change(actor, "update", context.now, |alert| self.fields.apply(alert, actor, context.now))?;
        Ok(next.into_iter().collect())
    }
}

/// Changes the same fields of several alerts, as one step that is undone as one.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertBulkUpdate {
    /// Ids of the alerts.
    pub alerts: Vec<String>,
    /// All alerts that a filter of the list finds, instead of ids; its page is not used.
    pub filter: Option<AlertFilter>,
    /// The fields.
    pub change: AlertFields,
}

impl ChangeAlerts for AlertBulkUpdate {
    fn plan(&self, context: &Context, actor: &Actor) -> Result<Vec<Alert>, Fault> {
        let selection = |found: &str| invalid("selection_invalid", format!("expected `alerts` or `filter`, found {found}"));
        let ids = match (&self.filter, self.alerts.is_empty()) {
            (Some(_), false) => return Err(selection("both")),
            (None, true) => return Err(selection("neither")),
            (None, false) => self.alerts.clone(),
            (Some(filter), true) => found_by(filter, context)?,
        };
        if ids.len() > BULK_MAX {
            return Err(too_many(ids.len() as u64));
        }
        let mut changed = Vec::new();
        let mut seen = BTreeSet::new();
        for id in &ids {
            let present = Present::find(context, id)?;
            if seen.insert(present.alert.id.clone()) {
                changed.extend(present.change(actor, "update", context.now, |alert| self.change.apply(alert, actor, context.now))?);
            }
        }
        Ok(as_step(changed))
    }
}

/// Ids of all alerts that a filter finds.
fn found_by(filter: &AlertFilter, context: &Context) -> Result<Vec<String>, Fault> {
    let page = AlertFilter { limit: Some(BULK_MAX as u32), cursor: None, group: None, ..filter.clone() }.answer(context)?.page;
    if page.total > BULK_MAX as u64 {
        return Err(too_many(page.total));
    }
    Ok(page.value.into_iter().map(|row| row.id).collect())
}

fn too_many(found: u64) -> Fault {
    let message = format!("expected at most {BULK_MAX} alerts in one change, found {found}");
    Fault::new(FaultClass::Limit, "bulk_max", message).with_hint("narrow the filter")
}

/// Takes a change of alerts back, with all that were one step with it; what was changed since stays.
#[derive(Clone, Debug, Default)]
pub struct AlertUndo {
    /// Number of the change.
    pub change: u64,
}

impl ChangeAlerts for AlertUndo {
    fn plan(&self, context: &Context, actor: &Actor) -> Result<Vec<Alert>, Fault> {
        let changes = step_of::<Alert>(context, self.change)?;
        if changes.is_empty() {
            let message = format!("no change of an alert has the number {}", self.change);
            return Err(Fault::new(FaultClass::NotFound, "change_unknown", message).with_hint("the activity of an alert lists its changes"));
        }
        let undone: Result<Vec<Option<Alert>>, Fault> = changes.into_iter().map(|(seq, after)| undo(context, actor, seq, &after)).collect();
        Ok(as_step(undone?.into_iter().flatten().collect()))
    }
}

fn undo(context: &Context, actor: &Actor, seq: Seq, after: &Alert) -> Result<Option<Alert>, Fault> {
    let present = Present::find(context, &after.id)?;
    let of = after.change.as_ref().and_then(|change| change.of);
    let before = match of {
        Some(of) => version_in::<Alert>(&details::document(context, Seq(of))?, &after.id)?,
        None => None,
    };
    // An alert that came in pieces only had nothing of what people change.
    let before = before.unwrap_or_else(|| crate::triage::versioned::Versioned::unworked(after));
    let merged = merge(after, &present.alert, &before)?;
    if !merged.conflicts.is_empty() {
        let message = format!("alert `{}` was changed since in {}", after.id, merged.conflicts.join(", "));
        return Err(Fault::new(FaultClass::Conflict, "changed_since", message).with_hint("undo the later change first, or set the field"));
    }
    let mut next = present.change(actor, "undo", context.now, |alert| {
        *alert = merged.version;
        alert.change.clone_from(&present.alert.change);
        alert.modified = present.alert.modified;
        Ok(())
    })?;
    if let Some(change) = next.as_mut().and_then(|alert| alert.change.as_mut()) {
        change.undoes = Some(seq.0);
    }
    Ok(next)
}
