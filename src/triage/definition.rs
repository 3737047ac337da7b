//! What people define under a name: what rules, exports, watchlists and indicators have in common.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::model::{Fault, FaultClass, Stored, Time};
use crate::query::Context;

/// Bytes of an id at the most.
const ID_BYTES_MAX: usize = 256;

/// The value of a kind of resource.
pub trait Definition: Serialize + DeserializeOwned + ToSchema + Clone + Send + Sync + 'static {
    /// The kind of the resources.
    const KIND: &'static str;
    /// What people call one.
    const NAME: &'static str;

    /// Refuses a definition that could not work.
    fn check(&self) -> Result<(), Fault>;

    /// Refuses an id that could not be said, or that nothing of the kind may have.
    fn check_name(id: &str) -> Result<(), Fault> {
        check_id(id)
    }

    /// Takes over from the present version what answers do not show.
    fn keep(&mut self, _present: &Self) {}

    /// As answers show it: without secrets, in the state that it has now.
    fn shown(self, _now: Time) -> Self {
        self
    }

    /// Kinds and ids of what is deleted with one.
    fn goes_with(_context: &Context, _id: &str) -> Result<Vec<(&'static str, String)>, Fault> {
        Ok(Vec::new())
    }

    /// How many things hang on one: alerts that it dismissed, items that it holds.
    fn count(_context: &Context, _id: &str) -> Result<Option<u64>, Fault> {
        Ok(None)
    }
}

/// Reads the value of a stored resource.
pub fn read<T: Definition>(stored: &Stored) -> Result<T, Fault> {
    serde_json::from_value((*stored.resource.value).clone()).map_err(|error| {
        let message = format!("the {} `{}` cannot be read: {error}", T::NAME, stored.resource.id);
        Fault::new(FaultClass::Internal, "definition_unreadable", message)
    })
}

/// Refuses an id that could not be said.
pub fn check_id(id: &str) -> Result<(), Fault> {
    if id.trim() == id && !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control) {
        return Ok(());
    }
    let message = format!("expected an id of 1 to {ID_BYTES_MAX} bytes without control characters and spaces around it, found `{id}`");
    Err(Fault::new(FaultClass::Invalid, "id_invalid", message))
}

/// The fault of an id that names nothing.
pub fn unknown<T: Definition>(id: &str) -> Fault {
    Fault::new(FaultClass::NotFound, "definition_unknown", format!("no {} has the id `{id}`", T::NAME))
}
