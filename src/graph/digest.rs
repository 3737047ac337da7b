//! A fingerprint of what the graph says, whatever the batches and internal numbers.
//!
//! Each statement is hashed with names in place of numbers, and the hashes are added up, so that no order matters. Both
//! directions of adjacency and both sides of containment count, so that an index that disagrees is noticed.

use std::fmt::Write;

use super::ids::{By, NodeId, NodeKind, Source, hour};
use super::nodes::{AlertRow, IncidentRow};
use super::runs::Link;
use super::store::{Store, member_node};

struct Sum {
    lanes: [u64; 4],
    count: u64,
    text: String,
}

impl Sum {
    /// Adds one statement.
    fn add(&mut self, write: impl FnOnce(&mut String)) {
        self.text.clear();
        write(&mut self.text);
        let hash = blake3::hash(self.text.as_bytes());
        for (lane, bytes) in self.lanes.iter_mut().zip(hash.as_bytes().as_chunks::<8>().0) {
            *lane = lane.wrapping_add(u64::from_le_bytes(*bytes));
        }
        self.count += 1;
    }
}

/// Writes statements; writing to a string never fails.
macro_rules! say {
    ($out:expr, $($arg:tt)*) => { let _ = write!($out, $($arg)*); };
}

impl Store {
    pub(super) fn digest(&self) -> String {
        let mut sum = Sum { lanes: [0; 4], count: 0, text: String::new() };
        self.digest_entities(&mut sum);
        self.digest_records(&mut sum);
        self.digest_edges(&mut sum);
        for (seq, decision) in self.entities.decisions.all() {
            sum.add(|out| {
                say!(out, "decision {seq} {decision:?}");
            });
        }
        let mut hasher = blake3::Hasher::new();
        for lane in sum.lanes {
            hasher.update(&lane.to_le_bytes());
        }
        hasher.update(&sum.count.to_le_bytes());
        hasher.finalize().to_hex().to_string()
    }

    fn say_atom(&self, out: &mut String, atom: u32) {
        say!(out, " {:?}", self.name(self.entities.atoms.get(atom).kind));
        for (key, strong) in self.entities.atom_keys(atom) {
            say!(out, "{}{:?}", if strong { '!' } else { '?' }, self.entities.key_text(&self.texts, key));
        }
    }

    fn say_node(&self, out: &mut String, node: NodeId) {
        let n = node.index() as u32;
        match node.kind() {
            NodeKind::Entity => self.say_atom(out, n),
            NodeKind::Alert => {
                say!(out, " alert {:?}", self.texts.get(self.alerts.get(n).id));
            }
            NodeKind::Incident => {
                say!(out, " incident {:?}", self.texts.get(self.incidents.get(n).id));
            }
        }
    }

    fn say_list(&self, out: &mut String, list: u32) {
        say!(out, " {:?}", self.name(list));
    }

    fn digest_entities(&self, sum: &mut Sum) {
        let entities = &self.entities;
        for atom in 0..entities.atoms.len() as u32 {
            let row = entities.atoms.get(atom);
            sum.add(|out| {
                say!(out, "atom {} {:?}", row.first, self.texts.get(row.label));
                self.say_atom(out, atom);
                say!(out, " of");
                let rep = *entities.rep.get(atom);
                self.say_atom(out, entities.ring(rep).lead);
                say!(out, " among {}", entities.ring(rep).size);
                debug_assert_eq!(entities.group(rep).count(), entities.ring(rep).size as usize);
                let ring = entities.ring(atom);
                if ring.joined != super::ids::NONE {
                    say!(out, " by {:?}", entities.key_text(&self.texts, ring.joined));
                }
            });
        }
    }

    fn digest_records(&self, sum: &mut Sum) {
        for (n, row) in self.alerts.iter().enumerate() {
            sum.add(|out| self.say_alert(out, n as u32, row));
        }
        for (n, row) in self.incidents.iter().enumerate() {
            sum.add(|out| self.say_incident(out, n as u32, row));
        }
        for (n, doc) in self.docs.iter().enumerate() {
            sum.add(|out| {
                say!(out, "doc {} {} {} {} {}", doc.seq(), doc.time, doc.modified, doc.piece(), doc.superseded());
                self.say_node(out, NodeId::from_raw(doc.node));
                self.say_list(out, doc.standing);
                for mention in self.mentions_of(n as u32) {
                    self.say_atom(out, mention.atom);
                    say!(out, " {:?} {}", self.role_text(mention.role), mention.role & super::nodes::NESTED != 0);
                }
            });
        }
    }

    fn say_alert(&self, out: &mut String, n: u32, row: &AlertRow) {
        say!(out, "row");
        self.say_node(out, NodeId::alert(n));
        let traits = self.traits.get(row.traits);
        for name in [row.title, traits.alert_type, traits.product, traits.provider, traits.tactics, traits.techniques] {
            self.say_list(out, name);
        }
        say!(out, " {} {} {} {}", row.start, row.end, row.created, row.modified);
        say!(out, " {:?} {:?} {} {}", traits.severity, traits.status, traits.is_incident, row.known());
    }

    fn say_incident(&self, out: &mut String, n: u32, row: &IncidentRow) {
        say!(out, "row");
        self.say_node(out, NodeId::incident(n));
        for name in [row.title, row.owner, row.provider, row.reason, row.tags, row.products, row.tactics, row.techniques] {
            self.say_list(out, name);
        }
        say!(out, " {:?} {} {} {} {} {}", row.number, row.first, row.last, row.created, row.modified, row.closed);
        say!(out, " {:?} {:?} {:?} {}", row.severity, row.status, row.classification, row.known());
        if row.redirect < super::nodes::DELETED {
            self.say_node(out, NodeId::incident(row.redirect));
        }
    }

    fn say_source(&self, out: &mut String, link: &Link) {
        let label = self.labels.get(link.label);
        say!(out, " {:?} {:?}", self.name(label.relation), self.name(label.rule));
        match By(link.by).source() {
            Source::Doc(doc) => {
                let row = self.docs.get(doc);
                say!(out, " doc {}", row.seq());
                self.say_node(out, NodeId::from_raw(row.node));
            }
            Source::Events(events) => {
                let row = self.events.get(events);
                say!(out, " events {} {:?} {} {} {}", hour(row.first), self.instants_of(row), row.count, row.seq_min, row.seq_max);
            }
        }
    }

    fn digest_edges(&self, sum: &mut Sum) {
        for (atom, mention) in self.mentioned.iter() {
            sum.add(|out| {
                say!(out, "mentioned {} {}", mention.key, self.docs.get(mention.doc).seq());
                self.say_node(out, NodeId::from_raw(self.docs.get(mention.doc).node));
                self.say_atom(out, atom);
            });
        }
        for (name, family) in [("out", &self.links_out), ("in", &self.links_in)] {
            for (atom, link) in family.iter() {
                sum.add(|out| {
                    say!(out, "link {name} {}", link.key);
                    self.say_atom(out, atom);
                    self.say_atom(out, link.other);
                    self.say_source(out, link);
                });
            }
        }
        for (name, down, family) in [("members", true, &self.members), ("containers", false, &self.containers)] {
            for (row, member) in family.iter() {
                let node = member_node(row);
                sum.add(|out| {
                    say!(out, "{name}");
                    self.say_node(out, node);
                    self.say_node(out, NodeId::from_raw(member.other));
                    self.say_source(out, &self.member_link(node, down, *member));
                });
            }
        }
    }
}
