//! The committed description of the API is the one that the server gives.

use std::fs;
use std::path::Path;

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
