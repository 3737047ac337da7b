//! Decisions on entities: two are one, or a key does not belong to one. Each can be undone.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Decide;
use crate::graph::NodeId;
use crate::model::{Fault, FaultClass};
use crate::query::{Context, reference};

/// Decides that two entities of a kind are one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityMerge {
    /// One entity, `KIND:VALUE`.
    pub a: String,
    /// The other.
    pub b: String,
    /// Why.
    pub comment: Option<String>,
}

/// Decides that a key does not identify an entity.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntitySplit {
    /// The entity, `KIND:VALUE`.
    pub entity: String,
    /// The key, `set=value`, as the entity's details show it.
    pub key: String,
    /// Why.
    pub comment: Option<String>,
}

/// Takes a decision on entities back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityUndo {
    /// Sequence number of the decision.
    pub decision: u64,
    /// Why.
    pub comment: Option<String>,
}

/// A decision that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decided {
    /// Its sequence number, by which it is undone.
    pub decision: u64,
}

fn key(context: &Context, text: &str) -> Result<(NodeId, Value), Fault> {
    let graph = &context.snapshot.graph;
    let node = reference::entity(graph, text)?;
    let entity = graph.entity_node(node).expect("the reference names an entity");
    Ok((node, json!({ "kind": entity.kind(), "key": entity.key() })))
}

impl Decide for EntityMerge {
    fn decision(self, context: &Context) -> Result<Value, Fault> {
        let ((a, left), (b, right)) = (key(context, &self.a)?, key(context, &self.b)?);
        if left["kind"] != right["kind"] {
            let message = format!("expected two entities of one kind, found {} and {}", left["kind"], right["kind"]);
            return Err(Fault::new(FaultClass::Invalid, "merge_kinds", message));
        }
        if a == b {
            return Err(Fault::new(FaultClass::Conflict, "merge_same", format!("`{}` and `{}` are one entity already", self.a, self.b)));
        }
        Ok(json!({ "kind": "entity.merge", "a": left, "b": right, "comment": self.comment }))
    }
}

impl Decide for EntitySplit {
    fn decision(self, context: &Context) -> Result<Value, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::entity(graph, &self.entity)?;
        let entity = graph.entity_node(node).expect("the reference names an entity");
        if !entity.keys().iter().any(|(key, _)| *key == self.key) {
            let keys: Vec<&str> = entity.keys().into_iter().map(|(key, _)| key).collect();
            let message = format!("expected a key of `{}`, found `{}`", self.entity, self.key);
            return Err(Fault::new(FaultClass::Invalid, "split_key", message).with_hint(format!("its keys are {}", keys.join(", "))));
        }
        Ok(json!({ "kind": "entity.split", "entity": entity.kind(), "key": self.key, "comment": self.comment }))
    }
}

impl Decide for EntityUndo {
    fn decision(self, context: &Context) -> Result<Value, Fault> {
        let of = |kind: &str| context.snapshot.records.decisions(kind);
        for kind in ["entity.merge", "entity.split", "entity.undo"] {
            if of(kind)?.iter().any(|known| known.seq.0 == self.decision) {
                return Ok(json!({ "kind": "entity.undo", "decision": self.decision, "comment": self.comment }));
            }
        }
        Err(Fault::new(FaultClass::NotFound, "decision_unknown", format!("no decision on entities has the number {}", self.decision)))
    }
}
