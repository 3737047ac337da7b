//! Resources: what people and programs define under a name is written here, as links of the chain of changes.

use std::sync::Arc;

use serde_json::Value;

use super::Engine;
use super::triage::Written;
use crate::model::{Fault, Resource, Stored};
use crate::query::Context;
use crate::triage::incident::Actor;
use crate::triage::versioned::check_seen;

/// One definition or deletion of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Define {
    /// Kind of the resource.
    pub kind: String,
    /// Its id within the kind.
    pub id: String,
    /// What it is from now on; none deletes it.
    pub value: Option<Value>,
    /// The etag that the caller saw; none changes whatever is there, `*` only what is there, and the empty text only what is not.
    pub seen: Option<String>,
}

impl Define {
    /// Defines a resource, whatever was there.
    pub fn put(kind: &str, id: &str, value: Value) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned(), value: Some(value), seen: None }
    }

    /// Deletes a resource if it is there.
    pub fn delete(kind: &str, id: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned(), value: None, seen: None }
    }

    /// Makes the change only if the version is the one that the caller saw.
    pub fn seen(mut self, etag: Option<String>) -> Self {
        self.seen = etag;
        self
    }

    /// The next version; none if nothing would change. Refuses a version that the caller did not see.
    pub(super) fn plan(self, context: &Context, actor: &Actor) -> Result<Option<Resource>, Fault> {
        let present = context.snapshot.resource(&self.kind, &self.id)?;
        self.check(present.as_ref())?;
        Ok(self.next(present.as_ref(), context, actor))
    }

    fn check(&self, present: Option<&Stored>) -> Result<(), Fault> {
        check_seen(&self.kind, &self.id, present.map(Stored::etag).as_deref(), self.seen.as_deref())
    }

    fn next(self, present: Option<&Stored>, context: &Context, actor: &Actor) -> Option<Resource> {
        match (present, &self.value) {
            (None, None) => return None,
            (Some(present), Some(value)) if *present.resource.value == *value => return None,
            _ => {}
        }
        let by: Arc<str> = actor.name.as_str().into();
        let (created, created_by) = match present {
            Some(present) => (present.resource.created, Arc::clone(&present.resource.created_by)),
            None => (context.now, Arc::clone(&by)),
        };
        Some(Resource {
            kind: self.kind.into(),
            id: self.id.into(),
            deleted: self.value.is_none(),
            value: Arc::new(self.value.unwrap_or(Value::Null)),
            created,
            created_by,
            modified: context.now,
            modified_by: by,
            previous: String::new(),
        })
    }
}

impl Engine {
    /// Defines or deletes one resource; returns when it is durable and visible. Gives its present version, none if there is none now.
    ///
    /// A definition equal to the present one changes nothing.
    pub fn define(&self, define: Define, actor: &Actor) -> Result<Option<Stored>, Fault> {
        let (kind, id) = (define.kind.clone(), define.id.clone());
        self.define_all(vec![define], actor)?;
        self.context().snapshot.resource(&kind, &id)
    }

    /// Defines and deletes several resources together, all or none; returns how many were changed.
    ///
    /// Each may be named once.
    pub fn define_all(&self, defines: Vec<Define>, actor: &Actor) -> Result<usize, Fault> {
        let seqs = self.write("resource", &mut |context| {
            let mut written = Vec::new();
            for define in &defines {
                written.extend(define.clone().plan(context, actor)?.map(|resource| Written::Resource(Box::new(resource))));
            }
            Ok(written)
        })?;
        Ok(seqs.len())
    }
}
