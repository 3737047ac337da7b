//! Decisions of analysts about entities: which keys must not unite, which entities are one.
//!
//! Decisions are documents of the journal whose body is one of
//!
//! ```json
//! {"kind": "entity.split", "entity": "host:hostname+ntdomain=corp\\ws6", "key": "hostname+ntdomain=corp\\ws6"}
//! {"kind": "entity.merge", "a": {"kind": "host", "key": "hostname=ws6"}, "b": {"kind": "host", "key": "azureid=/subscriptions/..."}}
//! {"kind": "entity.undo", "decision": 4711}
//! ```
//!
//! * `entity.split`: the named key unites nothing any more, neither as a strong key nor as the weak key of a join. `entity`
//!   gives the kind; the text behind its colon is for people.
//! * `entity.merge`: everything that holds key `a` as a strong key, or is known by it alone, is one with everything that
//!   holds `b` so. Both have the same kind.
//! * `entity.undo`: the decision in the document of that number has no effect; undoing an undo restores it.
//!
//! What is in effect is a function of the *set* of decisions, so their order of arrival never matters. Other decisions
//! are none of the graph's business.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A key together with the kind of its entity.
pub(super) type KindKey = (String, String);

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    Split(KindKey),
    Merge(KindKey, KindKey),
    Undo(u64),
}

impl Decision {
    /// Reads a decision about entities; every other one, and what is not well formed, gives none.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
        let pair = |name: &str| {
            let value = value.get(name)?;
            Some((text(value, "kind")?, text(value, "key")?))
        };
        match value.get("kind")?.as_str()? {
            "entity.split" => {
                let entity = text(value, "entity")?;
                let kind = entity.split_once(':').map_or(entity.as_str(), |(kind, _)| kind);
                Some(Self::Split((kind.to_owned(), text(value, "key")?)))
            }
            "entity.merge" => {
                let (a, b) = (pair("a")?, pair("b")?);
                (a.0 == b.0 && a != b).then(|| Self::Merge(a.clone().min(b.clone()), a.max(b)))
            }
            "entity.undo" => Some(Self::Undo(value.get("decision")?.as_u64()?)),
            _ => None,
        }
    }
}

/// All decisions, and what they amount to.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    all: BTreeSet<(u64, Decision)>,
    cuts: BTreeSet<KindKey>,
    merges: BTreeMap<(KindKey, KindKey), u64>,
    merge_keys: BTreeSet<KindKey>,
}

impl Decisions {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn all(&self) -> &BTreeSet<(u64, Decision)> {
        &self.all
    }

    /// Whether a decision keeps the key from uniting.
    pub(super) fn cuts(&self, kind: &str, key: &str) -> bool {
        !self.cuts.is_empty() && self.cuts.contains(&(kind.to_owned(), key.to_owned()))
    }

    /// Whether a decision merges by the key.
    pub(super) fn merges_by(&self, kind: &str, key: &str) -> bool {
        !self.merge_keys.is_empty() && self.merge_keys.contains(&(kind.to_owned(), key.to_owned()))
    }

    /// Merges in effect, each with the first document that decides it.
    pub(super) fn merges(&self) -> impl Iterator<Item = (&KindKey, &KindKey, u64)> {
        self.merges.iter().map(|((a, b), seq)| (a, b, *seq))
    }

    /// Adds a decision and returns the keys whose effect has changed.
    pub(super) fn add(&mut self, seq: u64, decision: Decision) -> BTreeSet<KindKey> {
        if !self.all.insert((seq, decision)) {
            return BTreeSet::new();
        }
        let (mut cuts, mut merges) = (BTreeSet::new(), BTreeMap::new());
        let mut undone = BTreeSet::new();
        // An undo stands behind what it undoes; read backwards, each decision is settled before it takes effect.
        for (seq, decision) in self.all.iter().rev() {
            if undone.contains(seq) {
                continue;
            }
            match decision {
                Decision::Undo(target) if target < seq => {
                    undone.insert(*target);
                }
                Decision::Undo(_) => {}
                Decision::Split(key) => {
                    cuts.insert(key.clone());
                }
                Decision::Merge(a, b) => {
                    merges.insert((a.clone(), b.clone()), *seq);
                }
            }
        }
        let mut changed: BTreeSet<KindKey> = self.cuts.symmetric_difference(&cuts).cloned().collect();
        for (a, b) in self.merges.keys().filter(|m| !merges.contains_key(m)).chain(merges.keys().filter(|m| !self.merges.contains_key(m))) {
            changed.extend([a.clone(), b.clone()]);
        }
        self.merge_keys = merges.keys().flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
        (self.cuts, self.merges) = (cuts, merges);
        changed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_is_documented_and_nothing_else() {
        let key = |kind: &str, key: &str| (kind.to_owned(), key.to_owned());
        let cases = [
            (json!({"kind": "entity.split", "entity": "host:x=1", "key": "x=1"}), Some(Decision::Split(key("host", "x=1")))),
            (
                json!({"kind": "entity.merge", "a": {"kind": "host", "key": "y"}, "b": {"kind": "host", "key": "x"}}),
                Some(Decision::Merge(key("host", "x"), key("host", "y"))),
            ),
            (json!({"kind": "entity.merge", "a": {"kind": "host", "key": "y"}, "b": {"kind": "ip", "key": "x"}}), None),
            (json!({"kind": "entity.merge", "a": {"kind": "host", "key": "y"}, "b": {"kind": "host", "key": "y"}}), None),
            (json!({"kind": "entity.undo", "decision": 3}), Some(Decision::Undo(3))),
            (json!({"kind": "entity.undo", "decision": "3"}), None),
            (json!({"kind": "suppression.add"}), None),
            (json!([]), None),
        ];
        for (value, expected) in cases {
            assert_eq!(Decision::read(&value), expected, "{value}");
        }
    }

    #[test]
    fn effect_is_a_function_of_the_set() {
        let key = |key: &str| ("host".to_owned(), key.to_owned());
        let all = [
            (1, Decision::Split(key("a"))),
            (2, Decision::Merge(key("a"), key("b"))),
            (3, Decision::Undo(1)),
            (4, Decision::Undo(3)),
            (5, Decision::Undo(2)),
            (6, Decision::Undo(9)),
        ];
        for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 4, 0, 5, 1, 3]] {
            let mut decisions = Decisions::default();
            for n in order {
                decisions.add(all[n].0, all[n].1.clone());
            }
            assert!(decisions.cuts("host", "a"), "{order:?}");
            assert_eq!(decisions.merges().count(), 0, "{order:?}");
        }
    }
}
