//! Taking a change back, with all that were one step with it.
//!
//! What was changed since stays, by a three-way merge. That is not enough where incidents become two again: what came to one of them
//! meanwhile is shown by the other as well, and each must end with what its source and people gave it.

use std::collections::{BTreeSet, HashSet};

use super::super::merge::merge;
use super::joining::{held, ids};
use super::requests::{PROVIDER, add_alerts};
use super::{Actor, ChangeIncidents, Policy, Present, as_step, version};
use crate::graph::NodeId;
use crate::model::{Classification, Fault, FaultClass, Incident, IncidentStatus, Seq};
use crate::query::Context;
use crate::triage::bookmark;
use crate::triage::versioned::step_of;

/// Takes a change back, with all that were one step with it; what was changed since stays.
#[derive(Clone, Debug, Default)]
pub struct ChangeUndo {
    /// Number of the change.
    pub change: u64,
}

impl ChangeIncidents for ChangeUndo {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let changes = step_of::<Incident>(context, self.change)?;
        if changes.is_empty() {
            let message = format!("no change of an incident has the number {}", self.change);
            return Err(
                Fault::new(FaultClass::NotFound, "change_unknown", message).with_hint("the activity of an incident lists its changes")
            );
        }
        let mut undone = changes.into_iter().map(|(seq, after)| Undone::of(context, seq, after)).collect::<Result<Vec<_>, Fault>>()?;
        for place in 0..undone.len() {
            let (was, is) = (undone[place].after.redirect.clone(), undone[place].version.redirect.clone());
            match (was, is) {
                (Some(into), None) => {
                    let into = other(context, &mut undone, place, &into)?;
                    part(context, &mut undone, place, into)?;
                }
                (None, Some(into)) => {
                    let into = other(context, &mut undone, place, &into)?;
                    join(context, &mut undone, place, into)?;
                }
                _ => {}
            }
        }
        let next: Result<Vec<Option<Incident>>, Fault> = undone.into_iter().map(|one| one.write(context, actor)).collect();
        Ok(as_step(next?.into_iter().flatten().collect()))
    }
}

/// One incident of a step that is taken back.
struct Undone {
    /// The change.
    seq: Seq,
    /// The version that the change made.
    after: Incident,
    present: Present,
    /// The version from now on.
    version: Incident,
}

impl Undone {
    fn of(context: &Context, seq: Seq, after: Incident) -> Result<Self, Fault> {
        let present = Present::of(context, &after.id)?;
        let before = match after.change.as_ref().and_then(|change| change.of) {
            Some(of) => version(context, Seq(of), &after.id)?,
            // An incident is never forgotten: one that was made is closed.
            None => Incident {
                status: IncidentStatus::Closed,
                closed: Some(context.now),
                classification: Some(Classification::Undetermined),
                alert_ids: Vec::new(),
                ..after.clone()
            },
        };
        // What it held is in the other one too, which would keep it.
        if let Some(into) = present.incident.redirect.as_ref().filter(|_| present.incident.redirect != after.redirect)
            && before.alert_ids != after.alert_ids
        {
            return Err(merged_since(&after.id, into));
        }
        let mut merged = merge(&after, &present.incident, &before)?;
        if !merged.conflicts.is_empty() {
            let message = format!("incident `{}` was changed since in {}", after.id, merged.conflicts.join(", "));
            return Err(
                Fault::new(FaultClass::Conflict, "changed_since", message).with_hint("undo the later change first, or set the field")
            );
        }
        // A number that was given stays.
        merged.version.number = present.incident.number;
        Ok(Self { seq, after, present, version: merged.version })
    }

    fn node(&self, context: &Context) -> Option<NodeId> {
        self.present.node(context)
    }

    fn write(self, context: &Context, actor: &Actor) -> Result<Option<Incident>, Fault> {
        let Self { seq, present, version, .. } = self;
        let mut next = present.change(actor, "undo", context.now, |incident| {
            *incident = version;
            incident.change.clone_from(&present.incident.change);
            incident.modified = present.incident.modified;
            incident.modified_by.clone_from(&present.incident.modified_by);
            Ok(())
        })?;
        if let Some(change) = next.as_mut().and_then(|incident| incident.change.as_mut()) {
            change.undoes = Some(seq.0);
        }
        Ok(next)
    }
}

fn merged_since(id: &str, into: &str) -> Fault {
    Fault::new(FaultClass::Conflict, "merged_since", format!("incident `{id}` was merged into `{into}` since"))
        .with_hint("undo that merge first")
}

/// The place of the incident that another was, or is again, merged into; it may have been no part of the step.
fn other(context: &Context, undone: &mut Vec<Undone>, place: usize, id: &str) -> Result<usize, Fault> {
    if let Some(place) = undone.iter().position(|one| one.after.id == id) {
        return Ok(place);
    }
    let present = Present::of(context, id)?;
    if let Some(into) = &present.incident.redirect {
        return Err(merged_since(id, into));
    }
    let (after, version) = (present.incident.clone(), present.incident.clone());
    undone.push(Undone { seq: undone[place].seq, after, present, version });
    Ok(undone.len() - 1)
}

/// An incident and those that were merged into it.
fn family(context: &Context, incident: Option<NodeId>) -> Vec<NodeId> {
    let graph = &context.snapshot.graph;
    incident.into_iter().flat_map(|node| graph.merged_into(node, None).into_iter().chain([node])).collect()
}

/// Makes two incidents of one: each keeps what came to it since they were merged.
fn part(context: &Context, undone: &mut [Undone], from: usize, into: usize) -> Result<(), Fault> {
    let graph = &context.snapshot.graph;
    let (gone, stays) = (&undone[from], &undone[into]);
    let own = family(context, gone.node(context));
    let rest: Vec<NodeId> = family(context, stays.node(context)).into_iter().filter(|node| !own.contains(node)).collect();
    let of_own: HashSet<String> = held(context, own.iter().copied()).into_iter().collect();

    // Alerts that were split off belong to a third incident now.
    let third = |alert: &&String| {
        let holders = graph.alert(alert).into_iter().flat_map(|node| graph.holders(node, None));
        let mut others = holders.filter(|node| !own.contains(node) && !rest.contains(node)).filter_map(|node| graph.incident_node(node));
        others.any(|incident| incident.known() && incident.redirect().is_none() && incident.provider() == PROVIDER)
    };
    let shown = &stays.present.incident.alert_ids;
    if let Some(alert) = stays.after.alert_ids.iter().filter(|alert| of_own.contains(*alert) && !shown.contains(alert)).find(third) {
        let message = format!("the alert `{alert}` of incident `{}` was split off `{}` since", gone.after.id, stays.after.id);
        return Err(Fault::new(FaultClass::Conflict, "changed_since", message).with_hint("undo the split first"));
    }

    if let Some(further) = &stays.present.incident.redirect {
        return Err(merged_since(&stays.after.id, further));
    }
    // What came by the one that goes leaves with it, or is of neither if its source took it back since.
    let ever = ids(context, own.iter().flat_map(|node| graph.ever_held(*node)));
    let came: Vec<String> = joined(context, &stays.present)?.into_iter().filter(|alert| ever.binary_search(alert).is_ok()).collect();
    // What its source, or another that is still merged into it, has as well stays there.
    let others = rest.iter().copied().filter(|node| Some(*node) != stays.node(context));
    let mut kept: HashSet<String> = held(context, others).into_iter().collect();
    if let Some(source) = stays.present.source() {
        kept.extend(version(context, source, &stays.after.id)?.alert_ids);
    }
    let mut alerts: Vec<String> = stays.version.alert_ids.iter().filter(|alert| !came.contains(alert)).cloned().collect();
    alerts.extend(stays.version.alert_ids.iter().chain(shown).filter(|alert| kept.contains(*alert)).cloned());
    let (of_rest, of_gone) = (bookmark::entities_of(context, rest)?, bookmark::entities_of(context, own)?);

    let stays = &mut undone[into].version;
    stays.alert_ids.clear();
    add_alerts(stays, alerts);
    for entity in of_gone.iter().filter(|entity| !of_rest.iter().any(|other| other.keys == entity.keys)) {
        bookmark::let_go(stays, entity);
    }
    let gone = &mut undone[from].version;
    add_alerts(gone, came.into_iter().filter(|alert| of_own.contains(alert)));
    of_gone.iter().for_each(|entity| bookmark::hold(gone, entity));
    Ok(())
}

/// Makes one incident of two that were parted: what came to the one since is in the other, too.
fn join(context: &Context, undone: &mut [Undone], from: usize, into: usize) -> Result<(), Fault> {
    let gone = &undone[from];
    let node = gone.node(context);
    // Alerts that only name it are among them; what came by others that were merged into it is in it.
    let late = ids(context, node.into_iter().flat_map(|node| context.snapshot.graph.held_since(node, gone.seq)));
    let bookmarks = bookmark::entities_of(context, family(context, node))?;
    let stays = &mut undone[into].version;
    if let Some(further) = &stays.redirect {
        return Err(merged_since(&stays.id, further));
    }
    add_alerts(stays, late);
    bookmarks.iter().for_each(|entity| bookmark::hold(stays, entity));
    Ok(())
}

/// The alerts that ever came to an incident by merges, be it later, and that no person gave it.
fn joined(context: &Context, present: &Present) -> Result<Vec<String>, Fault> {
    let id = &present.incident.id;
    let versions = present.node(context).map(|node| context.snapshot.graph.versions(node)).unwrap_or_default();
    let (mut by_merge, mut by_person) = (BTreeSet::new(), HashSet::new());
    for seq in versions.into_iter().map(|version| version.seq) {
        let after = version(context, seq, id)?;
        let Some(change) = &after.change else { continue };
        let before = change.of.map(|of| version(context, Seq(of), id)).transpose()?.map(|before| before.alert_ids).unwrap_or_default();
        let new = after.alert_ids.iter().filter(|alert| !before.contains(alert)).cloned();
        match change.action.as_str() {
            // Undoing the undoing of a merge joins as well.
            "merge" | "undo" => by_merge.extend(new),
            "source" => {}
            _ => by_person.extend(new),
        }
    }
    Ok(by_merge.into_iter().filter(|alert| !by_person.contains(alert)).collect())
}
