//! What a format of alerts or incidents is. Never reads a document itself: each format does that in its own file.

use crate::model::{Body, Object, Time};

use super::Reject;

/// One shape in which alerts or incidents arrive.
pub struct Format {
    /// Name as it is stored in the journal (`sentinel-alert`); never renamed.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Says how surely an object is of this format: 0 no, 100 beyond doubt. Cheap: looks at keys only.
    pub detect: fn(&Object) -> u8,
    /// Reads one document. Pure: the same object and context always give the same bodies.
    pub read: fn(&Object, &Context<'_>) -> Result<Vec<Body>, Reject>,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a format may know of a document besides its content.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Table that the document names or the caller gave.
    pub table: Option<&'a str>,
    /// When clew took the document in.
    pub received: Time,
}
