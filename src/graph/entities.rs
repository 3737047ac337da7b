//! Entity tables: atoms, groups.
//!
//! An *atom* is one distinct set of keys of one kind; every mention of an entity is a mention of exactly one atom. An
//! *entity* is a group of atoms. This file stores both and finds them; `keys` knows who holds a key, `resolve` decides which atoms
//! form a group.

use std::sync::Arc;

use crate::model::{Entity, Keys};

use super::column::{Column, TextRef, Texts};
use super::decision::Decisions;
use super::ids::{NONE, fingerprint};
use super::index::{Hasher, Index, Names};
use super::keys::{Holder, KeyRow, Lists, Way};
use super::named::Named;
use super::store::Rules;

/// One distinct set of keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtomRow {
    pub(super) kind: u32,
    /// Where the keys begin among all that are held.
    pub(super) held: u32,
    pub(super) strong: u16,
    pub(super) weak: u16,
    pub(super) label: TextRef,
    /// Its place among the rings; none as long as it was always alone.
    pub(super) ring: u32,
    /// Smallest sequence number that mentions the atom.
    pub(super) first: u64,
    /// Fingerprint of kind and keys.
    pub(super) print: u64,
}

/// An atom's place in its group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ring {
    /// The next atom of the group, in a circle.
    pub(super) next: u32,
    /// At the representative: the atom with the least fingerprint, weakly joined ones left aside.
    pub(super) lead: u32,
    /// At the representative: number of atoms.
    pub(super) size: u32,
    /// The weak key by which the atom joined the group, for atoms without strong keys.
    pub(super) joined: u32,
    /// Whether a decision put the atom where it is.
    pub(super) fixed: bool,
}

impl Ring {
    /// The place of an atom that is a group of its own.
    pub(super) fn alone(atom: u32) -> Self {
        Self { next: atom, lead: atom, size: 1, joined: NONE, fixed: false }
    }
}

/// The tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Entities {
    pub(super) keys: Column<KeyRow>,
    pub(super) key_index: Index,
    pub(super) atoms: Column<AtomRow>,
    pub(super) atom_index: Index,
    /// The keys of all atoms; those of one stand together, strong ones first.
    pub(super) held: Column<u32>,
    /// Holders of keys that several atoms hold in the same way.
    pub(super) holders: Column<Holder>,
    /// The lists of keys that are held in several ways.
    pub(super) lists: Column<Lists>,
    /// The representative of each atom's group.
    pub(super) rep: Column<u32>,
    /// Places of the atoms that ever were in a group with others: most never are.
    pub(super) rings: Column<Ring>,
    pub(super) decisions: Arc<Decisions>,
    /// What readers called the entities of this state.
    pub(super) named: Arc<Named>,
}

/// The tables that hold texts, borrowed together.
pub(super) struct Words<'a> {
    pub(super) hasher: &'a Hasher,
    pub(super) texts: &'a mut Texts,
    pub(super) names: &'a mut Names,
    pub(super) rules: Rules,
}

/// What makes a mention: kind, strong and weak keys.
struct Mentioned<'a> {
    kind: &'a str,
    strong: Vec<&'a str>,
    weak: Vec<&'a str>,
}

const KEYS_MAX: usize = u16::MAX as usize;

impl<'a> Mentioned<'a> {
    fn new(kind: &'a str, keys: &'a Keys) -> Self {
        let list = |keys: &'a [crate::model::Key]| {
            let mut list: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
            if !list.is_sorted_by(|a, b| a < b) {
                list.sort_unstable();
                list.dedup();
            }
            list.truncate(KEYS_MAX);
            list
        };
        Self { kind, strong: list(&keys.strong), weak: list(&keys.weak) }
    }

    fn all(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.strong.iter().chain(&self.weak).copied()
    }

    fn hash(&self, hasher: &Hasher, kind: u32) -> u64 {
        hasher.of(AtomHash { kind, strong: self.strong.len() as u16, keys: self.all() })
    }
}

impl Entities {
    pub(super) fn atom_keys(&self, atom: u32) -> impl ExactSizeIterator<Item = (u32, bool)> + Clone + '_ {
        let row = *self.atoms.get(atom);
        let count = u32::from(row.strong) + u32::from(row.weak);
        (0..count).map(move |n| (*self.held.get(row.held + n), n < u32::from(row.strong)))
    }

    /// Returns the atom's place in its group.
    pub(super) fn ring(&self, atom: u32) -> Ring {
        match self.atoms.get(atom).ring {
            NONE => Ring::alone(atom),
            place => *self.rings.get(place),
        }
    }

    /// Returns the atom's place for writing.
    pub(super) fn ring_mut(&mut self, atom: u32) -> &mut Ring {
        let mut place = self.atoms.get(atom).ring;
        if place == NONE {
            place = self.rings.push(Ring::alone(atom));
            self.atoms.get_mut(atom).ring = place;
        }
        self.rings.get_mut(place)
    }

    pub(super) fn key_text<'a>(&self, texts: &'a Texts, key: u32) -> &'a str {
        texts.get(self.keys.get(key).text)
    }

    /// Returns the atoms of the group of `atom`, beginning with it.
    pub(super) fn group(&self, atom: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = Some(atom);
        std::iter::from_fn(move || {
            let this = at?;
            let next = self.ring(this).next;
            at = (next != atom).then_some(next);
            Some(this)
        })
    }

    pub(super) fn find_key(&self, hasher: &Hasher, texts: &Texts, kind: u32, text: &str) -> Option<u32> {
        self.key_index.find(key_hash(hasher, kind, text), |id| {
            let row = self.keys.get(id);
            row.kind == kind && texts.get(row.text) == text
        })
    }

    /// Returns the atom of a mention, if a record made this very one.
    pub(super) fn find(&self, hasher: &Hasher, texts: &Texts, names: &Names, kind: &str, keys: &Keys) -> Option<u32> {
        let mention = Mentioned::new(kind, keys);
        let kind = names.find(hasher, texts, mention.kind)?;
        self.find_atom(texts, &mention, kind, mention.hash(hasher, kind))
    }

    fn find_atom(&self, texts: &Texts, mention: &Mentioned, kind: u32, hash: u64) -> Option<u32> {
        self.atom_index.find(hash, |atom| {
            let row = self.atoms.get(atom);
            row.kind == kind
                && row.strong as usize == mention.strong.len()
                && row.weak as usize == mention.weak.len()
                && self.atom_keys(atom).zip(mention.all()).all(|((key, _), text)| self.key_text(texts, key) == text)
        })
    }

    /// Returns the atom of a mention, and whether it is new; new atoms form a group of their own.
    pub(super) fn upsert(&mut self, words: &mut Words, entity: &Entity, seq: u64) -> (u32, bool) {
        let mut mention = Mentioned::new(entity.kind.as_str(), &entity.keys);
        if mention.all().next().is_none() {
            // Ingest gives every entity a key; a nameless one must not become one with all others.
            mention.weak.push(&entity.label);
        }
        let kind = words.names.intern(words.hasher, words.texts, mention.kind);
        let hash = mention.hash(words.hasher, kind);
        let known = self.find_atom(words.texts, &mention, kind, hash);
        if let Some(atom) = known {
            self.meet(words, atom, &entity.label, seq);
            return (atom, false);
        }
        (self.create(words, &mention, kind, hash, &entity.label, seq), true)
    }

    /// Takes in what another mention says; both values settle at the same result in any order.
    fn meet(&mut self, words: &mut Words, atom: u32, label: &str, seq: u64) {
        let row = self.atoms.get(atom);
        let better = better_label(label, words.texts.get(row.label));
        if better || seq < row.first {
            if better {
                Named::reset(&mut self.named);
            }
            let label = if better { words.texts.push(label) } else { row.label };
            let row = self.atoms.get_mut(atom);
            row.label = label;
            row.first = row.first.min(seq);
        }
    }

    fn create(&mut self, words: &mut Words, mention: &Mentioned, kind: u32, hash: u64, label: &str, seq: u64) -> u32 {
        Named::reset(&mut self.named);
        let atom = self.atoms.len() as u32;
        let held = self.held.len() as u32;
        let mut label_ref = None;
        for (n, text) in mention.all().enumerate() {
            let key = self.intern_key(words, kind, text);
            self.held.push(key);
            let way = match (n < mention.strong.len(), mention.strong.is_empty()) {
                (true, _) => Way::Strong,
                (false, false) => Way::Weak,
                (false, true) => Way::Only,
            };
            self.hold(key, way, atom);
            let row = self.keys.get(key);
            // Most labels repeat the value of a key: they share its text.
            if label_ref.is_none() && text.len() > label.len() && text.ends_with(label) && row.text.len != u16::MAX && !label.is_empty() {
                let skip = (text.len() - label.len()) as u16;
                label_ref = Some(TextRef { start: row.text.start + skip, len: row.text.len - skip, ..row.text });
            }
        }
        let label = label_ref.unwrap_or_else(|| words.texts.push(label));
        let print = fingerprint(std::iter::once(mention.kind).chain(mention.all()));
        let (strong, weak) = (mention.strong.len() as u16, mention.weak.len() as u16);
        self.atoms.push(AtomRow { kind, held, strong, weak, label, ring: NONE, first: seq, print });
        self.rep.push(atom);
        self.atom_index.insert(hash, atom);
        atom
    }

    fn intern_key(&mut self, words: &mut Words, kind: u32, text: &str) -> u32 {
        if let Some(key) = self.find_key(words.hasher, words.texts, kind, text) {
            return key;
        }
        let kind_name = words.names.get(words.texts, kind);
        let cut = self.decisions.cuts(kind_name, text);
        let joins = (words.rules.joins)(kind_name, text.split_once('=').map_or("", |(set, _)| set));
        let key = self.keys.push(KeyRow { text: words.texts.push(text), kind, cut, joins, ..KeyRow::default() });
        self.key_index.insert(key_hash(words.hasher, kind, text), key);
        key
    }

    /// Whether atom `a` stands before `b` in the order that does not depend on arrival.
    pub(super) fn precedes(&self, texts: &Texts, a: u32, b: u32) -> bool {
        let (x, y) = (self.atoms.get(a), self.atoms.get(b));
        x.print.cmp(&y.print).then_with(|| self.compare_keys(texts, a, b)).is_lt()
    }

    pub(super) fn compare_keys(&self, texts: &Texts, a: u32, b: u32) -> std::cmp::Ordering {
        let list = |atom| self.atom_keys(atom).map(|(key, strong)| (!strong, self.key_text(texts, key)));
        list(a).cmp(list(b))
    }
}

/// Prefers the longer text, then the one that sorts first: the same choice in any order of arrival.
pub(super) fn better_label(new: &str, old: &str) -> bool {
    (std::cmp::Reverse(new.len()), new) < (std::cmp::Reverse(old.len()), old)
}

fn key_hash(hasher: &Hasher, kind: u32, text: &str) -> u64 {
    hasher.of((kind, text))
}

/// What is hashed of a mention.
struct AtomHash<I> {
    kind: u32,
    strong: u16,
    keys: I,
}

impl<'a, I: Iterator<Item = &'a str> + Clone> std::hash::Hash for AtomHash<I> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.strong.hash(state);
        for key in self.keys.clone() {
            key.hash(state);
        }
    }
}
