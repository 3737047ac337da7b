//! The writer: takes batches of records into the tables.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::model::{Alert, Batch, Body, Entity, Event, Evidence, Incident, Link as ModelLink, RecentEntities, Record, Seq};

use super::decision::Decision;
use super::entities::Words;
use super::error::GraphError;
use super::ids::{By, INDEX_LIMIT, NONE, NodeId, NodeKind, hour, micros, sort_key};
use super::nodes::{AlertRow, DELETED, DocPlace, DocRow, EMPTY, IncidentRow, Intern, MentionTo, NESTED, NO_ROLE};
use super::resolve::Unsettled;
use super::runs::{Link, Member, Mention};
use super::store::{EventsRow, Mixed, Store, events_hash, member_row, order_of};

/// Edges of the batch that is being applied, and scratch space.
#[derive(Debug, Default)]
pub(super) struct Pending {
    mentioned: Vec<(u32, Mention)>,
    links_out: Vec<(u32, Link)>,
    links_in: Vec<(u32, Link)>,
    members: Vec<(u32, Member)>,
    containers: Vec<(u32, Member)>,
    order: Vec<(u32, Mention)>,
    unsettled: Unsettled,
    /// Atoms of the mentions met lately.
    met: RecentEntities<Met>,
    /// Atoms of the document at hand, in the order of its list.
    atoms: Vec<u32>,
}

/// A mention that was met.
#[derive(Clone, Copy, Debug)]
struct Met {
    atom: u32,
    /// Hash of the label by which it was called.
    label: u64,
    /// The document by which it was remembered.
    seq: u64,
}

/// One side of what a document says, for [`Store::add_doc`].
struct Said<'a> {
    node: NodeId,
    time: i64,
    modified: i64,
    standing: u32,
    piece: bool,
    entities: &'a [Evidence],
    links: &'a [ModelLink],
}

impl Store {
    /// Applies a batch; it fails only before anything has changed.
    pub(super) fn apply(&mut self, pending: &mut Pending, batch: &Batch) -> Result<(), GraphError> {
        self.check_room(batch)?;
        for record in &batch.records {
            match &record.body {
                Body::Alert(alert) => self.apply_alert(pending, record, alert),
                Body::Incident(incident) => self.apply_incident(pending, record, incident),
                Body::Event(event) => self.apply_event(pending, record.seq, event),
                Body::Resource(_) => {}
                Body::Decision(value) => {
                    if let Some(decision) = Decision::read(value) {
                        let words = Words { hasher: &self.hasher, texts: &mut self.texts, names: &mut self.names, rules: self.rules };
                        self.entities.decide(&words, record.seq.0, decision, &mut pending.unsettled);
                    }
                }
            }
        }
        self.entities.settle(&mut pending.unsettled);
        self.count_edges(pending);
        self.mentioned.add(&mut pending.mentioned);
        self.links_out.add(&mut pending.links_out);
        self.links_in.add(&mut pending.links_in);
        self.members.add(&mut pending.members);
        self.containers.add(&mut pending.containers);
        self.order.add(&mut pending.order);
        self.applied = self.applied.max(batch.last);
        Ok(())
    }

    /// Adds the edges of the batch to the degrees of their atoms.
    fn count_edges(&mut self, pending: &Pending) {
        while self.degrees.len() < self.entities.atoms.len() {
            self.degrees.push(0);
        }
        let links = pending.links_out.iter().chain(&pending.links_in).map(|(atom, _)| *atom);
        for atom in pending.mentioned.iter().map(|(atom, _)| *atom).chain(links) {
            *self.degrees.get_mut(atom) += 1;
        }
    }

    /// Refuses a batch for which numbers might run out.
    fn check_room(&self, batch: &Batch) -> Result<(), GraphError> {
        let (mut nodes, mut entities, mut links) = (batch.records.len(), 0, 0);
        for record in &batch.records {
            let (n, e, l) = match &record.body {
                Body::Alert(alert) => (alert.members.len() + 1, alert.entities.len(), alert.links.len()),
                Body::Incident(incident) => (incident.alert_ids.len() + 1, incident.entities.len(), incident.links.len()),
                Body::Event(event) => (0, event.entities.len(), event.links.len()),
                Body::Decision(_) | Body::Resource(_) => (0, 0, 0),
            };
            (nodes, entities, links) = (nodes + n, entities + e, links + l);
        }
        let fits = self.alerts.len().max(self.incidents.len()).max(self.docs.len()) + nodes < INDEX_LIMIT
            && self.entities.atoms.len() + entities < INDEX_LIMIT
            && self.mentions.len() + entities < u32::MAX as usize
            && self.events.len() + links < INDEX_LIMIT
            && self.instants.len() + links < u32::MAX as usize
            && self.links_out.len() + links < u32::MAX as usize;
        if fits { Ok(()) } else { Err(GraphError::Full { limit: INDEX_LIMIT }) }
    }

    fn ensure_alert(&mut self, id: &str) -> u32 {
        self.alert_by_id(id).unwrap_or_else(|| {
            let hash = self.hasher.of(id);
            let id = self.texts.push(id);
            let n = self.alerts.push(AlertRow { id, ..AlertRow::default() });
            self.alert_index.insert(hash, n);
            n
        })
    }

    fn ensure_incident(&mut self, id: &str) -> u32 {
        self.incident_by_id(id).unwrap_or_else(|| {
            let hash = self.hasher.of(id);
            let id = self.texts.push(id);
            let n = self.incidents.push(IncidentRow { id, ..IncidentRow::default() });
            self.incident_index.insert(hash, n);
            n
        })
    }

    fn apply_alert(&mut self, pending: &mut Pending, record: &Record, alert: &Alert) {
        let n = self.ensure_alert(&alert.id);
        let said = Said {
            node: NodeId::alert(n),
            time: micros(alert.time()),
            modified: micros(alert.modified),
            standing: EMPTY,
            piece: alert.partial,
            entities: &alert.entities,
            links: &alert.links,
        };
        let old = *self.alerts.get(n);
        let doc = self.add_doc(pending, record, &said, old.docs, old.current);
        let newest = !alert.partial && !self.docs.get(doc).superseded();
        let says = self.intern_rows().alert(alert);
        let mut row = self.show_alert(n, &old, &says, alert.partial, newest);
        (row.id, row.docs, row.current) = (old.id, doc, if newest { doc } else { old.current });
        *self.alerts.get_mut(n) = row;
        if old.known() {
            *self.alert_count(&old) -= 1;
        }
        *self.alert_count(&row) += 1;
        note_order(pending, 0, n, old.known().then(|| old.time()), row.time());

        let mut members: Vec<u32> = alert.members.iter().map(|id| self.ensure_alert(id)).filter(|m| *m != n).collect();
        members.sort_unstable();
        members.dedup();
        for member in members {
            add_member(pending, NodeId::alert(n), NodeId::alert(member), doc);
        }
        if let Some(incident) = &alert.incident {
            let incident = self.ensure_incident(incident);
            add_member(pending, NodeId::incident(incident), NodeId::alert(n), doc);
        }
    }

    /// Returns the row that shows the alert after a document; id and documents are set by the caller.
    fn show_alert(&mut self, n: u32, old: &AlertRow, says: &AlertRow, piece: bool, newest: bool) -> AlertRow {
        let mixed = self.mixed.get(&n).copied();
        let pieces = match mixed {
            Some(mixed) => Some(mixed.pieces),
            None if old.known() && old.current == NONE => Some(*old),
            None => None,
        };
        let version = match mixed {
            _ if newest => Some(*says),
            Some(mixed) => Some(mixed.version),
            None if old.current != NONE => Some(*old),
            None => None,
        };
        let pieces = if piece {
            let base = pieces.unwrap_or_default();
            Some(self.intern_rows().join_piece(&base, says))
        } else {
            pieces
        };
        match (version, pieces) {
            (Some(version), Some(pieces)) => {
                Arc::make_mut(&mut self.mixed).insert(n, Mixed { version, pieces });
                self.intern_rows().fill(&version, &pieces)
            }
            (Some(row), None) | (None, Some(row)) => row,
            (None, None) => *old,
        }
    }

    fn apply_incident(&mut self, pending: &mut Pending, record: &Record, incident: &Incident) {
        let n = self.ensure_incident(&incident.id);
        let standing = self.intern_rows().standing(incident);
        let said = Said {
            node: NodeId::incident(n),
            time: micros(incident.time()),
            modified: micros(incident.modified),
            standing,
            piece: false,
            entities: &incident.entities,
            links: &incident.links,
        };
        let old = *self.incidents.get(n);
        let doc = self.add_doc(pending, record, &said, old.docs, old.current);
        let redirect = incident.redirect.as_ref().map(|id| self.ensure_incident(id)).filter(|r| *r != n);
        if self.docs.get(doc).superseded() {
            self.incidents.get_mut(n).docs = doc;
        } else {
            let mut row = self.intern_rows().incident(incident);
            let redirect = if incident.deleted { DELETED } else { redirect.unwrap_or(NONE) };
            (row.id, row.docs, row.current, row.redirect) = (old.id, doc, doc, redirect);
            *self.incidents.get_mut(n) = row;
            if old.known() {
                self.incident_counts[old.status as usize][old.severity as usize] -= 1;
            }
            if row.known() {
                self.incident_counts[row.status as usize][row.severity as usize] += 1;
            }
            note_order(pending, 1, n, old.described().then(|| old.time()), row.time());
            let same = old.described() && old.severity == row.severity;
            note_order(pending, order_of(row.severity), n, same.then(|| old.activity()), row.activity());
            self.note_number(n, row.number);
        }
        let mut members: Vec<u32> = incident.alert_ids.iter().map(|id| self.ensure_alert(id)).collect();
        members.sort_unstable();
        members.dedup();
        for member in members {
            add_member(pending, NodeId::incident(n), NodeId::alert(member), doc);
        }
        if let Some(target) = redirect {
            add_member(pending, NodeId::incident(n), NodeId::incident(target), doc);
        }
    }

    fn note_number(&mut self, n: u32, number: Option<i64>) {
        if number.is_none() {
            return;
        }
        // The rows of one number may be several incidents, and an incident may have had another number before.
        let hash = self.hasher.of(number);
        if self.number_index.find(hash, |other| other == n).is_none() {
            self.number_index.insert(hash, n);
        }
    }

    fn intern_rows(&mut self) -> Intern<'_> {
        Intern { hasher: &self.hasher, texts: &mut self.texts, names: &mut self.names, traits: &mut self.traits }
    }

    /// Adds a document with its entities and links, and decides which version of its node is the newest.
    fn add_doc(&mut self, pending: &mut Pending, record: &Record, said: &Said, next: u32, current: u32) -> u32 {
        let mut superseded = false;
        if !said.piece && current != NONE {
            let known = self.docs.get(current);
            superseded = (said.modified, record.seq.0) < (known.modified, known.seq());
            if !superseded {
                self.docs.get_mut(current).supersede();
            }
        }
        let doc = self.docs.len() as u32;
        let mentions = self.mentions.len() as u32;
        let key = sort_key(said.time);
        pending.atoms.clear();
        let mut seen = Repeats::default();
        for evidence in said.entities {
            let atom = self.upsert(pending, &evidence.entity, record.seq);
            pending.atoms.push(atom);
            let role = evidence.role.as_deref().filter(|role| !role.is_empty()).map_or(NO_ROLE, |role| self.intern(role));
            let mention = MentionTo { atom, role: role | if evidence.nested { NESTED } else { 0 } };
            if seen.is_new(mention) {
                self.mentions.push(mention);
            }
        }
        self.docs.push(DocRow {
            node: said.node.raw(),
            next,
            mentions,
            standing: said.standing,
            time: said.time,
            modified: said.modified,
            place: DocPlace::new(record.seq, said.piece, superseded),
        });
        self.add_links(pending, said.links, doc, key);
        pending.atoms.sort_unstable();
        pending.atoms.dedup();
        let Pending { atoms, mentioned, .. } = pending;
        mentioned.extend(atoms.iter().map(|atom| (*atom, Mention { key, doc })));
        doc
    }

    fn add_links(&mut self, pending: &mut Pending, links: &[ModelLink], doc: u32, key: u32) {
        let mut found = self.read_links(pending, links);
        found.sort_unstable();
        found.dedup();
        for (from, label, to) in found {
            let by = By::doc(doc).0;
            pending.links_out.push((from, Link { key, other: to, by, label }));
            pending.links_in.push((to, Link { key, other: from, by, label }));
        }
    }

    /// Turns places into atoms; links from an atom to itself say nothing and are left out.
    fn read_links(&mut self, pending: &Pending, links: &[ModelLink]) -> Vec<(u32, u32, u32)> {
        let atom = |place: u32| pending.atoms.get(place as usize).copied().filter(|atom| *atom != NONE);
        links
            .iter()
            .filter_map(|link| {
                let (from, to) = (atom(link.from)?, atom(link.to)?);
                (from != to).then(|| (from, self.intern_label(link.relation.as_str(), &link.rule), to))
            })
            .collect()
    }

    fn apply_event(&mut self, pending: &mut Pending, seq: Seq, event: &Event) {
        pending.atoms.clear();
        for entity in &event.entities {
            // What nothing names is nothing that another row could name.
            let atom = if entity.keys.is_empty() { NONE } else { self.upsert(pending, entity, seq) };
            pending.atoms.push(atom);
        }
        let time = micros(event.time);
        let key = sort_key(hour(time));
        for (from, label, to) in self.read_links(pending, &event.links) {
            let row = EventsRow { from, to, label, count: 1, first: time, last: time, seq_min: seq.0, seq_max: seq.0, between: NONE };
            let hash = events_hash(&self.hasher, &row);
            let known = self.events_index.find(hash, |n| {
                let old = self.events.get(n);
                (old.from, old.to, old.label, hour(old.first)) == (from, to, label, hour(time))
            });
            if let Some(n) = known {
                self.count_event(n, time, seq.0);
                continue;
            }
            let n = self.events.push(row);
            self.events_index.insert(hash, n);
            let by = By::events(n).0;
            pending.links_out.push((from, Link { key, other: to, by, label }));
            pending.links_in.push((to, Link { key, other: from, by, label }));
        }
    }

    fn upsert(&mut self, pending: &mut Pending, entity: &Entity, seq: Seq) -> u32 {
        // What the same mention said in an earlier document, label and all, is in the tables already.
        let label = self.hasher.of(entity.label.as_str());
        if let Some(met) = pending.met.find(entity.identity()).filter(|met| met.label == label && met.seq <= seq.0) {
            return met.atom;
        }
        let mut words = Words { hasher: &self.hasher, texts: &mut self.texts, names: &mut self.names, rules: self.rules };
        let (atom, new) = self.entities.upsert(&mut words, entity, seq.0);
        if new {
            self.entities.place(&words, atom, &mut pending.unsettled);
        }
        pending.met.note(entity.identity(), Met { atom, label, seq: seq.0 });
        atom
    }
}

/// Tells repeats in a list; short lists, which are nearly all, need no hashing.
#[derive(Default)]
struct Repeats {
    few: Vec<MentionTo>,
    many: HashSet<MentionTo>,
}

impl Repeats {
    fn is_new(&mut self, mention: MentionTo) -> bool {
        const FEW: usize = 16;
        if self.few.contains(&mention) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(mention);
            return true;
        }
        self.many.insert(mention)
    }
}

fn note_order(pending: &mut Pending, row: u32, n: u32, old: Option<i64>, new: i64) {
    let key = sort_key(new);
    if old.map(sort_key) != Some(key) {
        pending.order.push((row, Mention { key, doc: n }));
    }
}

fn add_member(pending: &mut Pending, container: NodeId, member: NodeId, doc: u32) {
    debug_assert_ne!(container.kind(), NodeKind::Entity);
    pending.members.push((member_row(container), Member { other: member.raw(), doc }));
    pending.containers.push((member_row(member), Member { other: container.raw(), doc }));
}
