//! The nodes of a state: alerts, incidents and entities with their columns, read in place.

use crate::model::{AlertStatus, Classification, IncidentStatus, Owner, Seq, Severity, Time};

use super::entities::better_label;
use super::ids::{NONE, NodeId, time};
use super::keys::Way;
use super::nodes::{AlertRow, EMPTY, IncidentRow, Traits};
use super::store::Store;

/// Why two identities count as one entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    /// The document that decided it: the first one that names the later identity, or an analyst's decision.
    pub seq: Seq,
    /// The key that they share; for a decision, the key by which it names the later identity.
    pub key: String,
    /// Whether an analyst decided it.
    pub decided: bool,
    /// Whether the key is a weak one, which joined the only candidate.
    pub weak: bool,
}

/// A node with its columns.
#[derive(Clone, Copy, Debug)]
pub enum NodeRef<'a> {
    /// An entity.
    Entity(EntityRef<'a>),
    /// An alert.
    Alert(AlertRef<'a>),
    /// An incident.
    Incident(IncidentRef<'a>),
}
/// An alert of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct AlertRef<'a> {
    pub(super) store: &'a Store,
    pub(super) n: u32,
    pub(super) row: &'a AlertRow,
}

/// An incident of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct IncidentRef<'a> {
    pub(super) store: &'a Store,
    pub(super) n: u32,
    pub(super) row: &'a IncidentRow,
}

/// An entity of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct EntityRef<'a> {
    pub(super) store: &'a Store,
    pub(super) rep: u32,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $type:ident = $field:ident;)*) => {
        $($(#[$doc])* pub fn $name(&self) -> columns!(@type $type) { columns!(@read $type, self, $field) })*
    };
    (@type text) => { &'a str };
    (@type list) => { impl Iterator<Item = &'a str> + use<'a> };
    (@type trait_text) => { &'a str };
    (@type trait_list) => { impl Iterator<Item = &'a str> + use<'a> };
    (@type time) => { Option<Time> };
    (@read text, $self:ident, $field:ident) => { $self.store.name($self.row.$field) };
    (@read list, $self:ident, $field:ident) => { $self.store.names.list(&$self.store.texts, $self.row.$field) };
    (@read trait_text, $self:ident, $field:ident) => { $self.store.name($self.traits().$field) };
    (@read trait_list, $self:ident, $field:ident) => { $self.store.names.list(&$self.store.texts, $self.traits().$field) };
    (@read time, $self:ident, $field:ident) => { time($self.row.$field) };
}

impl<'a> AlertRef<'a> {
    columns! {
        /// Returns the title.
        title: text = title;
        /// Returns the detector's type or rule name.
        alert_type: trait_text = alert_type;
        /// Returns the product.
        product: trait_text = product;
        /// Returns the provider.
        provider: trait_text = provider;
        /// Returns the tactics.
        tactics: trait_list = tactics;
        /// Returns the techniques.
        techniques: trait_list = techniques;
        /// Returns when the activity began.
        start: time = start;
        /// Returns when the activity ended.
        end: time = end;
        /// Returns when the alert was made.
        created: time = created;
        /// Returns when the version was made.
        modified: time = modified;
    }

    fn traits(&self) -> &'a Traits {
        self.store.traits.get(self.row.traits)
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        NodeId::alert(self.n)
    }

    /// Returns the id.
    pub fn id(&self) -> &'a str {
        self.store.texts.get(self.row.id)
    }

    /// Returns the severity.
    pub fn severity(&self) -> Severity {
        self.traits().severity
    }

    /// Returns the status.
    pub fn status(&self) -> AlertStatus {
        self.traits().status
    }

    /// Whether the source calls it an incident of its own.
    pub fn is_incident(&self) -> bool {
        self.traits().is_incident
    }

    /// Whether a document speaks of it; otherwise others only refer to it.
    pub fn known(&self) -> bool {
        self.row.known()
    }

    /// Returns the instant by which it stands on a timeline.
    pub fn time(&self) -> Option<Time> {
        time(self.row.time())
    }

    /// Returns the document of the newest version, else of the first piece.
    pub fn seq(&self) -> Option<Seq> {
        newest_seq(self.store, self.node(), self.row.current)
    }
}

impl<'a> IncidentRef<'a> {
    /// Returns the owner's name, else another part of the owner; empty if there is none.
    pub fn owner(&self) -> &'a str {
        self.store.names.list(&self.store.texts, self.row.owner).take(4).find(|part| !part.is_empty()).unwrap_or_default()
    }

    /// Returns the owner, if there is one.
    pub fn assignee(&self) -> Option<Owner> {
        if self.row.owner == EMPTY {
            return None;
        }
        let mut parts = self.store.names.list(&self.store.texts, self.row.owner);
        let mut part = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let (name, upn, email, object_id) = (part(), part(), part(), part());
        Some(Owner { name, upn, email, object_id, group: part().is_some() })
    }

    columns! {
        /// Returns the title.
        title: text = title;
        /// Returns the provider.
        provider: text = provider;
        /// Returns the reason within the classification.
        classification_reason: text = reason;
        /// Returns the tags.
        tags: list = tags;
        /// Returns the products that the source lists; `inherited` adds those of the alerts.
        products: list = products;
        /// Returns the tactics that the source lists; `inherited` adds those of the alerts.
        tactics: list = tactics;
        /// Returns the techniques that the source lists.
        techniques: list = techniques;
        /// Returns the first activity.
        first_activity: time = first;
        /// Returns the last activity.
        last_activity: time = last;
        /// Returns when it was opened.
        created: time = created;
        /// Returns when the version was made.
        modified: time = modified;
        /// Returns when it was closed.
        closed: time = closed;
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        NodeId::incident(self.n)
    }

    /// Returns the id.
    pub fn id(&self) -> &'a str {
        self.store.texts.get(self.row.id)
    }

    /// Returns the number that people say.
    pub fn number(&self) -> Option<i64> {
        self.row.number
    }

    /// Whether another incident is the one of a number.
    pub fn is_beside(&self, number: i64) -> bool {
        self.store.incident_by_number(number).is_some_and(|n| n != self.n)
    }

    /// Returns the severity.
    pub fn severity(&self) -> Severity {
        self.row.severity
    }

    /// Returns the status.
    pub fn status(&self) -> IncidentStatus {
        self.row.status
    }

    /// Returns why it was closed.
    pub fn classification(&self) -> Option<Classification> {
        self.row.classification
    }

    /// Returns the incident that this one was merged into.
    pub fn redirect(&self) -> Option<NodeId> {
        (self.row.redirect < super::nodes::DELETED).then(|| NodeId::incident(self.row.redirect))
    }

    /// Whether its newest version deletes it.
    pub fn deleted(&self) -> bool {
        self.row.deleted()
    }

    /// Whether a document speaks of it and it is not deleted; otherwise others only refer to it.
    pub fn known(&self) -> bool {
        self.row.known()
    }

    /// Returns the instant by which it stands on a timeline.
    pub fn time(&self) -> Option<Time> {
        time(self.row.time())
    }

    /// Returns the document of the newest version.
    pub fn seq(&self) -> Option<Seq> {
        newest_seq(self.store, self.node(), self.row.current)
    }
}

fn newest_seq(store: &Store, node: NodeId, current: u32) -> Option<Seq> {
    let doc = if current == NONE { store.docs_of(node).min_by_key(|doc| store.docs.get(*doc).seq())? } else { current };
    Some(Seq(store.docs.get(doc).seq()))
}

impl<'a> EntityRef<'a> {
    /// Returns the node.
    pub fn node(&self) -> NodeId {
        NodeId::entity(self.rep)
    }

    /// Returns the kind's name.
    pub fn kind(&self) -> &'a str {
        self.store.name(self.store.entities.atoms.get(self.rep).kind)
    }

    /// Returns the number of distinct key sets by which records name it.
    pub fn atoms(&self) -> usize {
        self.store.entities.ring(self.rep).size as usize
    }

    /// The keys of an atom with whether each is strong; by one that is torn alone, an atom that means a DNS domain is not known.
    fn atom_keys(&self, atom: u32) -> impl Iterator<Item = (u32, bool)> + use<'a> {
        let store = self.store;
        let named = move |key| store.entities.is_named_by(store.rules, &store.texts, key, atom);
        store.entities.atom_keys(atom).map(move |(key, strong)| (key, strong && named(key)))
    }

    /// Returns its keys with whether each is strong, strong ones first, each sorted.
    pub fn keys(&self) -> Vec<(&'a str, bool)> {
        let entities = &self.store.entities;
        let mut keys: Vec<(bool, &str)> = entities
            .group(self.rep)
            .flat_map(|atom| self.atom_keys(atom))
            .map(|(key, strong)| (!strong, entities.key_text(&self.store.texts, key)))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().map(|(weak, key)| (key, !weak)).collect()
    }

    /// Returns the key that names it: the strong key of the best identifier set that sorts first, else a weak one.
    pub fn key(&self) -> &'a str {
        let (entities, texts) = (&self.store.entities, &self.store.texts);
        let mut only = entities.atom_keys(self.rep);
        if self.atoms() == 1 && only.len() == 1 {
            // Most entities have one key, which need not be ranked.
            return only.next().map_or("", |(key, _)| entities.key_text(texts, key));
        }
        match self.surest() {
            Some((key, true)) => entities.key_text(texts, key),
            Some((key, false)) => {
                let mut weak: Vec<u32> = entities.group(self.rep).flat_map(|atom| self.atom_keys(atom)).map(|(key, _)| key).collect();
                weak.sort_unstable_by_key(|key| self.rank(*key));
                let own = weak.into_iter().find(|key| !self.names_another(*key)).unwrap_or(key);
                entities.key_text(texts, own)
            }
            None => "",
        }
    }

    /// The key of the best identifier set that sorts first, and whether it is strong.
    fn surest(&self) -> Option<(u32, bool)> {
        let keys = self.store.entities.group(self.rep).flat_map(|atom| self.atom_keys(atom));
        keys.min_by_key(|(key, strong)| (!strong, self.rank(*key)))
    }

    /// How well a key names the entity; the least is best.
    fn rank(&self, key: u32) -> (u32, &'a str) {
        let text = self.store.entities.key_text(&self.store.texts, key);
        ((self.store.rules.rank)(self.kind(), text.split_once('=').map_or("", |(set, _)| set)), text)
    }

    /// Whether a weak key names another entity that has no strong ones: one that has only this key, or the one that stands before.
    fn names_another(&self, key: u32) -> bool {
        let (entities, texts) = (&self.store.entities, &self.store.texts);
        let own = entities.ring(self.rep).lead;
        entities.holders(key, Way::Only).any(|atom| {
            let rep = *entities.rep.get(atom);
            let other = EntityRef { store: self.store, rep };
            let before = || entities.atom_keys(rep).len() == 1 || entities.precedes(texts, entities.ring(rep).lead, own);
            rep != self.rep && before() && other.surest() == Some((key, false))
        })
    }

    /// Returns the text that people read: the longest label among the identities that hold the naming key.
    pub fn label(&self) -> &'a str {
        self.label_beside(self.key())
    }

    /// Returns [`Self::label`], given [`Self::key`].
    pub fn label_beside(&self, name: &str) -> &'a str {
        let (entities, texts) = (&self.store.entities, &self.store.texts);
        let one = self.atoms() == 1;
        let mut best = "";
        for atom in entities.group(self.rep) {
            let label = texts.get(entities.atoms.get(atom).label);
            if better_label(label, best) && (one || entities.atom_keys(atom).any(|(key, _)| entities.key_text(texts, key) == name)) {
                best = label;
            }
        }
        best
    }

    /// Returns the first document that names it.
    pub fn first_seq(&self) -> Seq {
        let entities = &self.store.entities;
        Seq(entities.group(self.rep).map(|atom| entities.atoms.get(atom).first).min().unwrap_or_default())
    }

    /// Returns why its identities count as one, in the order in which the documents decided it.
    pub fn merges(&self) -> Vec<Merge> {
        let (entities, texts) = (&self.store.entities, &self.store.texts);
        let atoms: Vec<u32> = entities.group(self.rep).collect();
        if atoms.len() == 1 {
            return Vec::new();
        }
        // (decided by, key, atom, atom, weak, decided) of everything that unites two of the atoms.
        let mut reasons: Vec<(u64, &str, u32, u32, bool, bool)> = Vec::new();
        let first = |atom: u32| (entities.atoms.get(atom).first, entities.atoms.get(atom).print);
        let mut by_key: Vec<(u32, (u64, u64), u32)> = atoms
            .iter()
            .flat_map(|atom| self.atom_keys(*atom).filter(|(_, strong)| *strong).map(move |(key, _)| (key, first(*atom), *atom)))
            .filter(|(key, ..)| !entities.keys.get(*key).cut)
            .collect();
        by_key.sort_unstable();
        for pair in by_key.chunk_by(|a, b| a.0 == b.0) {
            for later in &pair[1..] {
                reasons.push((later.1.0, entities.key_text(texts, later.0), pair[0].2, later.2, false, false));
            }
        }
        for atom in &atoms {
            let key = entities.ring(*atom).joined;
            if key != NONE {
                let holder = entities.holders(key, Way::Weak).next().unwrap_or(self.rep);
                reasons.push((entities.atoms.get(*atom).first, entities.key_text(texts, key), holder, *atom, true, false));
            }
        }
        for (a, b, seq) in entities.decisions.merges() {
            let known = |key| entities.known_by(self.store.rules, &self.store.hasher, texts, &self.store.names, key);
            let (left, right) = (known(a), known(b));
            if left.first().or(right.first()).is_some_and(|atom| *entities.rep.get(*atom) == self.rep) {
                let all: Vec<u32> = left.iter().chain(&right).copied().collect();
                reasons.extend(all[1..].iter().map(|atom| (seq, b.1.as_str(), all[0], *atom, false, true)));
            }
        }
        reasons.sort_by_key(|(seq, key, _, atom, weak, decided)| (*seq, *decided, *weak, *key, first(*atom)));
        let mut group: hashbrown::HashMap<u32, u32> = atoms.iter().map(|atom| (*atom, *atom)).collect();
        let mut merges = Vec::new();
        for (seq, key, a, b, weak, decided) in reasons {
            let (a, b) = (root(&group, a), root(&group, b));
            if a != b {
                group.insert(b, a);
                merges.push(Merge { seq: Seq(seq), key: key.to_owned(), decided, weak });
            }
        }
        merges
    }

    /// Returns other entities that share a weak key, with that key, in canonical order; at most `limit`.
    pub fn possibly_same(&self, limit: usize) -> Vec<(NodeId, &'a str)> {
        // A popular name has many holders: beyond this number per key the answer is a sample.
        const HOLDERS_MAX: usize = 1000;
        let (entities, texts) = (&self.store.entities, &self.store.texts);
        let mut found: Vec<(&str, u64, NodeId)> = Vec::new();
        for (key, _) in entities.group(self.rep).flat_map(|atom| entities.atom_keys(atom)).filter(|(_, strong)| !strong) {
            for holder in entities.holders(key, Way::Weak).chain(entities.holders(key, Way::Only)).take(HOLDERS_MAX) {
                let rep = *entities.rep.get(holder);
                if rep != self.rep {
                    let lead = entities.ring(rep).lead;
                    found.push((entities.key_text(texts, key), entities.atoms.get(lead).print, NodeId::entity(rep)));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().take(limit).map(|(key, _, node)| (node, key)).collect()
    }
}

fn root(group: &hashbrown::HashMap<u32, u32>, mut atom: u32) -> u32 {
    while let Some(up) = group.get(&atom).filter(|up| **up != atom) {
        atom = *up;
    }
    atom
}
