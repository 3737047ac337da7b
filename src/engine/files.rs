//! Small files of the services: read whole, written whole or not at all, durable when written.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{Fault, FaultClass};

/// Reads a file; none if it is not there.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Fault> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Fault::new(FaultClass::Internal, "state_unreadable", format!("`{}` cannot be read: {error}", path.display()))
            .with_hint("remove the file: what it held is found again in the journal, and some of it is done twice")
    })
}

/// Writes a file beside the present one, makes it durable and puts it in its place.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let bytes = serde_json::to_vec(value).map_err(|error| Fault::new(FaultClass::Internal, "state_unwritable", error.to_string()))?;
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(path);
        fs::create_dir_all(folder)?;
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "state_unusable", format!("`{}` cannot be used: {error}", path.display()))
}
