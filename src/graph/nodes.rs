//! Rows of alerts, incidents and documents, and how what several documents say of one alert becomes one row.
//!
//! A *document* here is one version of an alert or incident, or one piece of an alert. The row of an alert or incident
//! shows its newest version, the one with the greatest (modified time, sequence number). Pieces of an alert are joined
//! by a rule that gives the same row in any order: earliest start and creation, latest end and modification, greatest
//! severity and status, the text that sorts first, the union of tactics and techniques. What the newest version leaves
//! absent is filled from its pieces.

use std::borrow::Cow;

use crate::model::{Alert, AlertStatus, Classification, Incident, IncidentStatus, Owner, Seq, Severity};

use super::column::{Column, TextRef, Texts};
use super::ids::{NO_TIME, NONE, micros};
use super::index::{Hasher, Index, Names};

/// One version or piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DocRow {
    /// Raw number of the node that it speaks of.
    pub(super) node: u32,
    /// The document of the same node that was applied before.
    pub(super) next: u32,
    /// Where its mentions begin; they end where those of the next document begin.
    pub(super) mentions: u32,
    /// How an incident stands in it, a list ([`Intern::standing`]); of alerts the empty one.
    pub(super) standing: u32,
    /// The instant by which its edges stand in order.
    pub(super) time: i64,
    pub(super) modified: i64,
    pub(super) place: DocPlace,
}

/// Number of a document in the journal, and what it is to its alert or incident.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DocPlace(pub(super) u64);

impl DocPlace {
    const PIECE: u64 = 1 << 63;
    const SUPERSEDED: u64 = 1 << 62;

    pub(super) fn new(seq: Seq, piece: bool, superseded: bool) -> Self {
        debug_assert!(seq.0 < Self::SUPERSEDED);
        Self(seq.0 | if piece { Self::PIECE } else { 0 } | if superseded { Self::SUPERSEDED } else { 0 })
    }
}

impl DocRow {
    pub(super) fn seq(&self) -> u64 {
        self.place.0 & !(DocPlace::PIECE | DocPlace::SUPERSEDED)
    }

    /// Whether it adds to the alert whatever its version.
    pub(super) fn piece(&self) -> bool {
        self.place.0 & DocPlace::PIECE != 0
    }

    /// Whether a newer version has taken its place.
    pub(super) fn superseded(&self) -> bool {
        self.place.0 & DocPlace::SUPERSEDED != 0
    }

    pub(super) fn supersede(&mut self) {
        self.place.0 |= DocPlace::SUPERSEDED;
    }
}

/// An entity in the list of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct MentionTo {
    pub(super) atom: u32,
    /// Name of the role or [`NO_ROLE`], and [`NESTED`].
    pub(super) role: u32,
}

pub(super) const NESTED: u32 = 1 << 31;
pub(super) const NO_ROLE: u32 = NESTED - 1;

/// What many alerts have in common, kept once for all of them; the defaults are *absent*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    pub(super) alert_type: u32,
    pub(super) product: u32,
    pub(super) provider: u32,
    /// Lists of names.
    pub(super) tactics: u32,
    pub(super) techniques: u32,
    pub(super) severity: Severity,
    pub(super) status: AlertStatus,
    pub(super) is_incident: bool,
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            alert_type: EMPTY,
            product: EMPTY,
            provider: EMPTY,
            tactics: EMPTY,
            techniques: EMPTY,
            severity: Severity::Unknown,
            status: AlertStatus::New,
            is_incident: false,
        }
    }
}

/// Traits stored once and numbered.
#[derive(Clone, Debug, Default)]
pub(super) struct TraitTable {
    pub(super) rows: Column<Traits>,
    pub(super) index: Index,
}

impl TraitTable {
    pub(super) fn intern(&mut self, hasher: &Hasher, traits: Traits) -> u32 {
        let Traits { alert_type, product, provider, tactics, techniques, severity, status, is_incident } = traits;
        let numbers = (severity as u8, status as u8, u8::from(is_incident));
        let hash = hasher.of((alert_type, product, provider, tactics, techniques, numbers));
        if let Some(id) = self.index.find(hash, |id| *self.rows.get(id) == traits) {
            return id;
        }
        let id = self.rows.push(traits);
        self.index.insert(hash, id);
        id
    }

    pub(super) fn get(&self, id: u32) -> &Traits {
        self.rows.get(id)
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.bytes() + self.index.bytes()
    }
}

/// The traits of an alert that no document speaks of: every store interns them first.
pub(super) const NO_TRAITS: u32 = 0;

/// What an alert's row shows; the defaults are *absent*.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlertRow {
    pub(super) id: TextRef,
    pub(super) title: u32,
    pub(super) traits: u32,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) created: i64,
    pub(super) modified: i64,
    /// The document applied last; the others follow by `next`.
    pub(super) docs: u32,
    /// The newest version; absent while only pieces are known.
    pub(super) current: u32,
}

/// What an incident's row shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct IncidentRow {
    pub(super) id: TextRef,
    pub(super) number: Option<i64>,
    pub(super) title: u32,
    /// A list: name, principal name, mail address, directory id, and [`GROUP`] of a group.
    pub(super) owner: u32,
    pub(super) provider: u32,
    pub(super) reason: u32,
    pub(super) tags: u32,
    pub(super) products: u32,
    pub(super) tactics: u32,
    pub(super) techniques: u32,
    pub(super) redirect: u32,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) closed: i64,
    pub(super) docs: u32,
    pub(super) current: u32,
    pub(super) severity: Severity,
    pub(super) status: IncidentStatus,
    pub(super) classification: Option<Classification>,
}

/// Behind the parts of an owner that is a group.
pub(super) const GROUP: &str = "group";

/// The name that stands for an absent text or empty list: every store interns it first.
pub(super) const EMPTY: u32 = 0;

impl Default for AlertRow {
    fn default() -> Self {
        Self {
            id: TextRef::default(),
            title: EMPTY,
            traits: NO_TRAITS,
            start: NO_TIME,
            end: NO_TIME,
            created: NO_TIME,
            modified: NO_TIME,
            docs: NONE,
            current: NONE,
        }
    }
}

impl Default for IncidentRow {
    fn default() -> Self {
        Self {
            id: TextRef::default(),
            number: None,
            title: EMPTY,
            owner: EMPTY,
            provider: EMPTY,
            reason: EMPTY,
            tags: EMPTY,
            products: EMPTY,
            tactics: EMPTY,
            techniques: EMPTY,
            redirect: NONE,
            first: NO_TIME,
            last: NO_TIME,
            created: NO_TIME,
            modified: NO_TIME,
            closed: NO_TIME,
            docs: NONE,
            current: NONE,
            severity: Severity::Unknown,
            status: IncidentStatus::New,
            classification: None,
        }
    }
}

/// The tables of names and traits, borrowed for writing.
pub(super) struct Intern<'a> {
    pub(super) hasher: &'a Hasher,
    pub(super) texts: &'a mut Texts,
    pub(super) names: &'a mut Names,
    pub(super) traits: &'a mut TraitTable,
}

impl Intern<'_> {
    pub(super) fn name(&mut self, text: &str) -> u32 {
        self.names.intern(self.hasher, self.texts, text)
    }

    pub(super) fn list<'a>(&mut self, list: impl IntoIterator<Item = &'a str>) -> u32 {
        self.names.intern_list(self.hasher, self.texts, list)
    }

    fn traits(&mut self, traits: Traits) -> u32 {
        self.traits.intern(self.hasher, traits)
    }

    /// Reads what a document says of its alert; id and documents are left to the caller.
    pub(super) fn alert(&mut self, alert: &Alert) -> AlertRow {
        let traits = Traits {
            alert_type: self.name(&alert.alert_type),
            product: self.name(&alert.product),
            provider: self.name(&alert.provider),
            tactics: self.list(alert.tactics.iter().map(|t| &**t)),
            techniques: self.list(alert.techniques.iter().map(String::as_str)),
            severity: alert.severity,
            status: alert.status,
            is_incident: alert.is_incident,
        };
        AlertRow {
            title: self.name(&alert.title),
            traits: self.traits(traits),
            start: micros(alert.start),
            end: micros(alert.end),
            created: micros(alert.created),
            modified: micros(alert.modified),
            ..AlertRow::default()
        }
    }

    /// Reads what a document says of its incident; id, redirect and documents are left to the caller.
    pub(super) fn incident(&mut self, incident: &Incident) -> IncidentRow {
        let owner = incident.owner.as_ref().map_or(EMPTY, |owner| self.owner(owner));
        IncidentRow {
            number: incident.number,
            title: self.name(&incident.title),
            owner,
            provider: self.name(&incident.provider),
            reason: self.name(incident.classification_reason.as_deref().unwrap_or_default()),
            tags: self.list(incident.tags.iter().map(String::as_str)),
            products: self.list(incident.products.iter().map(String::as_str)),
            tactics: self.list(incident.tactics.iter().map(|t| &**t)),
            techniques: self.list(incident.techniques.iter().map(String::as_str)),
            first: micros(incident.first_activity),
            last: micros(incident.last_activity),
            created: micros(incident.created),
            modified: micros(incident.modified),
            closed: micros(incident.closed),
            severity: incident.severity,
            status: incident.status,
            classification: incident.classification,
            ..IncidentRow::default()
        }
    }

    /// What a version of an incident says of how it stands: status, severity, classification, who made it, parts of the owner.
    pub(super) fn standing(&mut self, incident: &Incident) -> u32 {
        let owner = incident.owner.clone().unwrap_or_default();
        let parts =
            [incident.modified_by.as_ref(), owner.name.as_ref(), owner.upn.as_ref(), owner.email.as_ref(), owner.object_id.as_ref()];
        let parts = parts.map(|part| one_member(part.map_or("", String::as_str)));
        let known = [incident.status.as_str(), incident.severity.as_str(), incident.classification.map_or("", Classification::as_str)];
        self.list(known.into_iter().chain(parts.iter().map(|part| &**part)).chain(owner.group.then_some(GROUP)))
    }

    fn owner(&mut self, owner: &Owner) -> u32 {
        let parts = [&owner.name, &owner.upn, &owner.email, &owner.object_id].map(|part| part.as_deref().unwrap_or_default());
        if parts.iter().all(|part| part.is_empty()) && !owner.group {
            return EMPTY;
        }
        let parts = parts.map(one_member);
        self.list(parts.iter().map(|part| &**part).chain(owner.group.then_some(GROUP)))
    }

    fn least(&self, a: u32, b: u32) -> u32 {
        let (x, y) = (self.names.get(self.texts, a), self.names.get(self.texts, b));
        if x.is_empty() || (!y.is_empty() && y < x) { b } else { a }
    }

    fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b || b == EMPTY {
            return a;
        }
        let mut list: Vec<String> = [a, b].iter().flat_map(|list| self.names.list(self.texts, *list)).map(str::to_owned).collect();
        list.sort_unstable();
        list.dedup();
        self.list(list.iter().map(String::as_str))
    }

    /// Adds a piece to what earlier pieces say: commutative, associative and idempotent.
    pub(super) fn join_piece(&mut self, old: &AlertRow, piece: &AlertRow) -> AlertRow {
        let (a, b) = (*self.traits.get(old.traits), *self.traits.get(piece.traits));
        let traits = Traits {
            alert_type: self.least(a.alert_type, b.alert_type),
            product: self.least(a.product, b.product),
            provider: self.least(a.provider, b.provider),
            tactics: self.union(a.tactics, b.tactics),
            techniques: self.union(a.techniques, b.techniques),
            severity: a.severity.max(b.severity),
            status: a.status.max(b.status),
            is_incident: a.is_incident || b.is_incident,
        };
        AlertRow {
            title: self.least(old.title, piece.title),
            traits: self.traits(traits),
            start: earliest(old.start, piece.start),
            end: old.end.max(piece.end),
            created: earliest(old.created, piece.created),
            modified: old.modified.max(piece.modified),
            ..*old
        }
    }

    /// Fills what a version leaves absent from the pieces of its alert.
    pub(super) fn fill(&mut self, version: &AlertRow, pieces: &AlertRow) -> AlertRow {
        let name = |a, b| if a == EMPTY { b } else { a };
        let time = |a, b| if a == NO_TIME { b } else { a };
        let (a, b) = (*self.traits.get(version.traits), *self.traits.get(pieces.traits));
        let traits = Traits {
            alert_type: name(a.alert_type, b.alert_type),
            product: name(a.product, b.product),
            provider: name(a.provider, b.provider),
            tactics: name(a.tactics, b.tactics),
            techniques: name(a.techniques, b.techniques),
            severity: if a.severity == Severity::Unknown { b.severity } else { a.severity },
            status: a.status,
            is_incident: a.is_incident || b.is_incident,
        };
        AlertRow {
            title: name(version.title, pieces.title),
            traits: self.traits(traits),
            start: time(version.start, pieces.start),
            end: time(version.end, pieces.end),
            created: time(version.created, pieces.created),
            modified: time(version.modified, pieces.modified),
            ..*version
        }
    }
}

/// A text without the mark that stands between the members of a list.
fn one_member(text: &str) -> Cow<'_, str> {
    if text.contains('\u{1f}') { Cow::Owned(text.replace('\u{1f}', " ")) } else { Cow::Borrowed(text) }
}

fn earliest(a: i64, b: i64) -> i64 {
    match (a, b) {
        (NO_TIME, b) => b,
        (a, NO_TIME) => a,
        (a, b) => a.min(b),
    }
}

impl AlertRow {
    /// The instant by which the alert stands on a timeline, as `Alert::time`.
    pub(super) fn time(&self) -> i64 {
        [self.start, self.end, self.created].into_iter().find(|t| *t != NO_TIME).unwrap_or(NO_TIME)
    }

    /// Whether some document speaks of the alert; otherwise others only refer to it.
    pub(super) fn known(&self) -> bool {
        self.docs != NONE
    }
}

/// Stands for the target of the redirect of an incident that is deleted.
pub(super) const DELETED: u32 = NONE - 1;

impl IncidentRow {
    /// The instant by which the incident stands on a timeline, as `Incident::time`.
    pub(super) fn time(&self) -> i64 {
        if self.first == NO_TIME { self.created } else { self.first }
    }

    /// The instant by which it stands among those of its severity: its last activity, else as on a timeline.
    pub(super) fn activity(&self) -> i64 {
        if self.last == NO_TIME { self.time() } else { self.last }
    }

    /// Whether some document speaks of it, be it that it is deleted.
    pub(super) fn described(&self) -> bool {
        self.docs != NONE
    }

    /// Whether its newest version deletes it.
    pub(super) fn deleted(&self) -> bool {
        self.redirect == DELETED
    }

    /// Whether some document speaks of it and it is not deleted.
    pub(super) fn known(&self) -> bool {
        self.docs != NONE && self.redirect != DELETED
    }
}
