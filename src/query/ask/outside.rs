//! Files beside the tables that a query may read: those of one folder of the data directory, and nothing else.
//!
//! An address stands for the copy that operators keep of it: `https://host/path/list.csv` is the file `host/path/list.csv`. Nothing is fetched.

use std::path::{Path, PathBuf};

use super::super::kql::external::{BYTES_MAX, File};
use super::super::kql::lower::LowerError;
use super::super::kql::tree::Place;

/// The file that a source of `externaldata` stands for.
pub(super) fn file(folder: &Path, source: &str) -> Result<File, LowerError> {
    let refused = |why: &str| LowerError::value(format!("`externaldata` cannot read `{}`: {why}", shown(source)), Place::default());
    let within =
        place(source).ok_or_else(|| refused("expected an address or a path inside of the folder `external` of the data directory"))?;
    let missing = || {
        refused(&format!("clew fetches nothing, it reads copies; there is no file `external/{}` in the data directory", within.display()))
    };
    let folder = folder.canonicalize().map_err(|_| missing())?;
    let path = folder.join(&within).canonicalize().map_err(|_| missing())?;
    let found = std::fs::metadata(&path).ok().filter(|found| found.is_file() && path.starts_with(&folder)).ok_or_else(missing)?;
    if found.len() > BYTES_MAX {
        return Err(LowerError::Limit { name: "external_bytes_max", limit: BYTES_MAX, place: None });
    }
    let bytes = std::fs::read(&path).map_err(|error| refused(&error.to_string()))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(File { name, bytes })
}

/// A source without what may be a secret behind it.
fn shown(source: &str) -> &str {
    source.split([';', '?', '#']).next().unwrap_or_default()
}

/// The path inside of the folder; none if it would leave it.
fn place(source: &str) -> Option<PathBuf> {
    let source = shown(source);
    let path = match source.split_once("://") {
        Some(("http" | "https" | "abfss" | "adl", address)) => address,
        Some(_) => return None,
        None => source,
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let is_plain = |part: &&str| *part != ".." && !part.contains(['\\', ':', '\0']);
    (!path.starts_with('/') && !parts.is_empty() && parts.iter().all(is_plain)).then(|| parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_stay_inside_of_the_folder() {
        let path = |source| place(source).map(|path| path.display().to_string());
        assert_eq!(path("iocs.csv").as_deref(), Some("iocs.csv"));
        assert_eq!(path("feeds/./iocs.csv").as_deref(), Some("feeds/iocs.csv"));
        assert_eq!(path("https://example.org/feeds/iocs.csv?sig=secret").as_deref(), Some("example.org/feeds/iocs.csv"));
        assert_eq!(path("https://example.org/feeds/iocs.csv;key").as_deref(), Some("example.org/feeds/iocs.csv"));
        for outside in ["/etc/passwd", "../secrets", "a/../../b", "file:///etc/passwd", "c:\\windows", "https://", ""] {
            assert_eq!(path(outside), None, "{outside}");
        }
    }

    #[test]
    fn only_files_of_the_folder_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let external = folder.path().join("external");
        std::fs::create_dir(&external).expect("a folder");
        std::fs::write(external.join("a.csv"), "1").expect("written");
        std::fs::write(folder.path().join("secret"), "2").expect("written");
        assert_eq!(file(&external, "a.csv").expect("is there").bytes, b"1");
        assert!(file(&external, "b.csv").is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("secret"), external.join("link")).expect("linked");
            assert!(file(&external, "link").is_err(), "a link leads outside");
        }
    }
}
