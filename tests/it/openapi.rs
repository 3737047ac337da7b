//! The committed description of the API is the one that the server gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Two types of one name would be one in the description, and the other's members lost.
#[test]
fn each_type_of_the_description_has_a_name_of_its_own() {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&path).expect("a source can be read");
        let (mut described, mut other) = (false, None);
        for line in text.lines().map(str::trim) {
            described |= line.starts_with("#[derive(") && line.contains("ToSchema");
            other = line.strip_prefix("#[schema(as = ").map(|name| name.trim_end_matches(")]").to_owned()).or(other);
            let declared = line.split_once("struct ").or_else(|| line.split_once("enum ")).filter(|(before, _)| before.starts_with("pub"));
            if let Some((_, name)) = declared.filter(|_| described) {
                let own = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
                named.entry(other.take().unwrap_or(own)).or_default().push(path.display().to_string());
                described = false;
            }
        }
    }
    assert!(named.len() > 100, "{} types", named.len());
    named.retain(|_, places| places.len() > 1);
    assert_eq!(named, BTreeMap::new());
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn the_committed_description_is_the_present_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/openapi.json");
    let present: serde_json::Value = serde_json::from_str(&clew::http::openapi()).expect("the description is JSON");
    let present = serde_json::to_string_pretty(&present).expect("JSON can be written") + "\n";
    if std::env::var_os("CLEW_UPDATE").is_some() {
        fs::write(&path, &present).expect("the description can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == present,
        "`schema/openapi.json` differs from the API: run `CLEW_UPDATE=1 cargo test openapi` and look at the change"
    );
}
