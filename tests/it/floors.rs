//! A module imports only from floors below it, and views never import each other: read off every `crate::` path.
//! Two floors have an order of their own: the catalog is written in terms of the model, triage asks questions.

use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: [(&str, u8); 18] = [
    ("model", 0),
    ("catalog", 0),
    ("access", 1),
    ("ingest", 1),
    ("journal", 1),
    ("generate", 1),
    ("datasets", 1),
    ("columns", 2),
    ("fulltext", 2),
    ("graph", 2),
    ("records", 2),
    ("query", 3),
    ("triage", 3),
    ("engine", 4),
    ("http", 5),
    ("cli", 6),
    ("lib", 7),
    ("main", 7),
];

/// Imports within a floor that are meant: who, from whom.
const WITHIN: [(&str, &str); 2] = [("catalog", "model"), ("triage", "query")];

fn floor(module: &str) -> u8 {
    FLOORS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("module `{module}` has no floor: add it to the table")).1
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Modules that follow `crate::` in code, each with its line; comments do not count.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names = match rest.strip_prefix('{') {
                Some(group) => group.split(',').map(str::trim).map(str::to_owned).collect(),
                None => vec![rest.to_owned()],
            };
            for name in names {
                let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    found.push((number + 1, name));
                }
            }
        }
    }
    found
}

#[test]
fn modules_import_only_from_floors_below() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources were found");
    let mut wrong = Vec::new();
    for path in files {
        let inner = path.strip_prefix(&root).expect("the file lies below src");
        let own =
            inner.iter().next().and_then(|first| Path::new(first).file_stem()).and_then(|stem| stem.to_str()).expect("a module's name");
        for (line, other) in imports(&fs::read_to_string(&path).expect("the file can be read")) {
            if other != own && floor(&other) >= floor(own) && !WITHIN.contains(&(own, other.as_str())) {
                wrong.push(format!("{}:{line}: `{own}` imports `{other}`", inner.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_of_tests_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let listed = fs::read_to_string(folder.join("main.rs")).expect("the list of tests");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let stem = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let forgotten: Vec<String> =
        files.iter().map(stem).filter(|name| name != "main" && !listed.contains(&format!("mod {name};"))).collect();
    assert!(forgotten.is_empty(), "not listed in tests/it/main.rs: {forgotten:?}");
}
