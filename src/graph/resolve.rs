//! Entity resolution: which atoms are one entity.
//!
//! The partition is a pure function of the atoms and decisions that are there, kept up incrementally:
//! 1. atoms that hold the same strong key are one, unless a decision cuts the key; decided merges are added;
//! 2. then an atom without strong keys, which no decision has placed, joins the group that holds one of its weak keys beside
//!    strong ones, if there is exactly one such group over all its weak keys that are uncut and of a set that joins.
//!
//! A key may name a domain by a short name only (`corp\\ana`, which the UPN `ana@corp.contoso.com` stands for as well). Where atoms that
//! hold it mean different DNS domains by it, the key is *torn*: it unites only atoms that mean the same one, or all mean none.
//!
//! The second step only attaches single atoms, so it never makes two strong entities one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::column::Texts;
use super::decision::{Decision, Decisions, KindKey};
use super::entities::{Entities, Ring, Words};
use super::ids::NONE;
use super::index::{Hasher, Names};
use super::keys::Way;
use super::named::Named;
use super::store::Rules;

/// What has to be looked at again before the batch ends.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    /// Weak keys whose set of groups may have changed.
    keys: Vec<u32>,
    /// Atoms without strong keys whose place may have changed.
    atoms: Vec<u32>,
}

impl Entities {
    /// Places a new atom.
    pub(super) fn place(&mut self, words: &Words, atom: u32, unsettled: &mut Unsettled) {
        let row = *self.atoms.get(atom);
        for n in 0..u32::from(row.strong) {
            let number = *self.held.get(row.held + n);
            let key = *self.keys.get(number);
            // All earlier holders are one already: the next in the list stands for them.
            let next = self.holders(number, Way::Strong).nth(1);
            let tears = self.tears(words, number, atom);
            if tears {
                self.keys.get_mut(number).torn = true;
            }
            if key.cut || next.is_none() {
                continue;
            }
            if tears {
                let holders: Vec<u32> = self.holders(number, Way::Strong).collect();
                self.regroup(words, &holders, unsettled);
                continue;
            }
            let other = if key.torn { self.fellow(words.rules, words.texts, number, atom) } else { next };
            if let Some(other) = other {
                self.unite(words.texts, atom, other, unsettled);
            }
        }
        self.unsettle(atom, unsettled);
        if !self.decisions.is_empty() {
            self.place_by_decision(words, atom, unsettled);
        }
    }

    /// The DNS domain that an atom means by the short name in one of its keys.
    pub(super) fn domain<'a>(&self, rules: Rules, texts: &'a Texts, key: u32, atom: u32) -> Option<&'a str> {
        let text = self.key_text(texts, key);
        let strong = self.atom_keys(atom).take_while(|(_, strong)| *strong);
        strong.filter_map(|(other, _)| (rules.domain)(text, self.key_text(texts, other))).min()
    }

    /// Whether a new holder of a key means another DNS domain by it than the holders before.
    fn tears(&self, words: &Words, key: u32, atom: u32) -> bool {
        if self.keys.get(key).torn {
            return false;
        }
        let (rules, texts) = (words.rules, &*words.texts);
        let Some(own) = self.domain(rules, texts, key, atom) else { return false };
        // As long as the key is whole, any holder that means a domain stands for all that do.
        let others = self.holders(key, Way::Strong).filter(|other| *other != atom);
        others.filter_map(|other| self.domain(rules, texts, key, other)).next().is_some_and(|other| other != own)
    }

    /// Another holder of a torn key that means the same DNS domain by it, or none as well.
    fn fellow(&self, rules: Rules, texts: &Texts, key: u32, atom: u32) -> Option<u32> {
        let own = self.domain(rules, texts, key, atom);
        self.holders(key, Way::Strong).find(|other| *other != atom && self.domain(rules, texts, key, *other) == own)
    }

    /// Whether an atom is known by a key: one that is torn names only those that mean no DNS domain by it.
    pub(super) fn is_named_by(&self, rules: Rules, texts: &Texts, key: u32, atom: u32) -> bool {
        !self.keys.get(key).torn || self.domain(rules, texts, key, atom).is_none()
    }

    fn place_by_decision(&mut self, words: &Words, atom: u32, unsettled: &mut Unsettled) {
        let kind = words.names.get(words.texts, self.atoms.get(atom).kind);
        let merged = self.atom_keys(atom).any(|(key, _)| self.decisions.merges_by(kind, self.key_text(words.texts, key)));
        if merged {
            self.regroup(words, &[atom], unsettled);
        }
    }

    fn unsettle(&self, atom: u32, unsettled: &mut Unsettled) {
        let row = self.atoms.get(atom);
        if row.strong == 0 {
            unsettled.atoms.push(atom);
        } else {
            unsettled.keys.extend(self.atom_keys(atom).filter(|(_, strong)| !strong).map(|(key, _)| key));
        }
    }

    /// Makes two groups one.
    fn unite(&mut self, texts: &Texts, a: u32, b: u32, unsettled: &mut Unsettled) {
        let (mut into, mut from) = (*self.rep.get(a), *self.rep.get(b));
        if into == from {
            return;
        }
        if self.ring(into).size < self.ring(from).size {
            (into, from) = (from, into);
        }
        let members: Vec<u32> = self.group(from).collect();
        for atom in members {
            *self.rep.get_mut(atom) = into;
            // A weak key that two groups shared belongs to one now.
            self.unsettle(atom, unsettled);
        }
        let (x, y) = (self.ring(into), self.ring(from));
        let lead = if self.precedes(texts, x.lead, y.lead) { x.lead } else { y.lead };
        let ring = self.ring_mut(into);
        (ring.next, ring.lead, ring.size) = (y.next, lead, x.size + y.size);
        self.ring_mut(from).next = x.next;
    }

    /// Decides every weak join that the batch may have changed.
    pub(super) fn settle(&mut self, unsettled: &mut Unsettled) {
        let mut atoms = std::mem::take(&mut unsettled.atoms);
        let mut keys = std::mem::take(&mut unsettled.keys);
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            if self.keys.get(key).joins {
                atoms.extend(self.holders(key, Way::Only));
            }
        }
        atoms.sort_unstable();
        atoms.dedup();
        for atom in atoms {
            let row = self.atoms.get(atom);
            if row.strong == 0 && !self.ring(atom).fixed {
                let target = self.join_target(atom);
                self.join(atom, target);
            }
        }
    }

    /// Returns the only group that holds one of the atom's weak keys, with the first such key.
    fn join_target(&self, atom: u32) -> Option<(u32, u32)> {
        let mut target = None;
        for (key, _) in self.atom_keys(atom) {
            let row = self.keys.get(key);
            if row.cut || !row.joins {
                continue;
            }
            for holder in self.holders(key, Way::Weak) {
                let group = *self.rep.get(holder);
                match target {
                    None => target = Some((group, key)),
                    Some((known, _)) if known != group => return None,
                    Some(_) => {}
                }
            }
        }
        target
    }

    fn join(&mut self, atom: u32, target: Option<(u32, u32)>) {
        let (group, key) = target.unwrap_or((atom, NONE));
        if *self.rep.get(atom) != group {
            self.detach(atom);
            if group != atom {
                let next = std::mem::replace(&mut self.ring_mut(group).next, atom);
                self.ring_mut(group).size += 1;
                self.ring_mut(atom).next = next;
                *self.rep.get_mut(atom) = group;
            }
        }
        if self.ring(atom).joined != key {
            self.ring_mut(atom).joined = key;
        }
    }

    /// Takes a joined atom out of its group.
    fn detach(&mut self, atom: u32) {
        let rep = *self.rep.get(atom);
        if rep == atom {
            return;
        }
        let before = self.group(rep).find(|a| self.ring(*a).next == atom).expect("a ring is a circle");
        let next = self.ring(atom).next;
        self.ring_mut(before).next = next;
        self.ring_mut(rep).size -= 1;
        self.isolate(atom);
    }

    fn isolate(&mut self, atom: u32) {
        *self.rep.get_mut(atom) = atom;
        if self.atoms.get(atom).ring != NONE {
            *self.ring_mut(atom) = Ring::alone(atom);
        }
    }

    /// Takes in a decision.
    pub(super) fn decide(&mut self, words: &Words, seq: u64, decision: Decision, unsettled: &mut Unsettled) {
        Named::reset(&mut self.named);
        let changed: BTreeSet<KindKey> = Arc::make_mut(&mut self.decisions).add(seq, decision);
        let mut seeds = Vec::new();
        for (kind, text) in &changed {
            let Some(kind_id) = words.names.find(words.hasher, words.texts, kind) else { continue };
            let Some(key) = self.find_key(words.hasher, words.texts, kind_id, text) else { continue };
            let cut = self.decisions.cuts(kind, text);
            self.keys.get_mut(key).cut = cut;
            for way in Way::ALL {
                seeds.extend(self.holders(key, way));
            }
        }
        self.regroup(words, &seeds, unsettled);
    }

    /// Forgets the groups of the seeds, and of all that decided merges connect with them, and forms them anew.
    fn regroup(&mut self, words: &Words, seeds: &[u32], unsettled: &mut Unsettled) {
        let (hasher, texts, names, rules) = (words.hasher, &*words.texts, &*words.names, words.rules);
        let decisions: Arc<Decisions> = Arc::clone(&self.decisions);
        let merges: Vec<Vec<u32>> = decisions
            .merges()
            .map(|(a, b, _)| [a, b].iter().flat_map(|key| self.known_by(rules, hasher, texts, names, key)).collect())
            .collect();
        let mut members: BTreeSet<u32> = seeds.iter().flat_map(|seed| self.group(*seed)).collect();
        loop {
            let before = members.len();
            for merge in &merges {
                if merge.iter().any(|atom| members.contains(atom)) {
                    let groups: Vec<u32> = merge.iter().flat_map(|atom| self.group(*atom)).collect();
                    members.extend(groups);
                }
            }
            if members.len() == before {
                break;
            }
        }
        for atom in &members {
            self.isolate(*atom);
        }
        for atom in &members {
            self.unsettle(*atom, unsettled);
            let row = *self.atoms.get(*atom);
            for n in 0..u32::from(row.strong) {
                let number = *self.held.get(row.held + n);
                let key = *self.keys.get(number);
                let first = match key.torn {
                    _ if key.cut => None,
                    true => self.fellow(rules, texts, number, *atom),
                    false => self.holders(number, Way::Strong).next(),
                };
                if let Some(first) = first {
                    self.unite(texts, *atom, first, unsettled);
                }
            }
        }
        for merge in merges {
            let Some(first) = merge.first().copied().filter(|atom| members.contains(atom)) else { continue };
            for atom in merge {
                if self.atoms.get(atom).strong == 0 {
                    self.ring_mut(atom).fixed = true;
                }
                self.unite(texts, first, atom, unsettled);
            }
        }
    }

    /// Returns the atoms that hold a key as a strong one or are known by it alone.
    pub(super) fn known_by(&self, rules: Rules, hasher: &Hasher, texts: &Texts, names: &Names, key: &KindKey) -> Vec<u32> {
        let found = names.find(hasher, texts, &key.0).and_then(|kind| self.find_key(hasher, texts, kind, &key.1));
        found.map_or(Vec::new(), |key| {
            let strong = self.holders(key, Way::Strong).filter(|atom| self.is_named_by(rules, texts, key, *atom));
            strong.chain(self.holders(key, Way::Only)).collect()
        })
    }
}
