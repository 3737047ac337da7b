//! Puts into the binary what is no Rust: the files of `queries/`, so that adding a query needs no Rust, and the web page.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("queries.rs"), queries(&root.join("queries"))?)?;
    fs::write(out.join("page.rs"), page(&root.join("web"), &out.join("page")))
}

/// The list of queries: name and text.
fn queries(root: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed=queries");
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(root).expect("the file lies below").with_extension("");
        writeln!(list, "    ({:?}, include_str!({:?})),", name.to_string_lossy().replace('\\', "/"), file).expect("a string takes all");
    }
    list.push(']');
    Ok(list)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "kql") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}

/// The list of the page's files: name, content type, hash, gzipped bytes. Without npm the list is empty and the server says so at `/`.
fn page(web: &Path, out: &Path) -> String {
    for part in ["web/src", "web/scripts", "web/package-lock.json", "schema/openapi.json"] {
        println!("cargo::rerun-if-changed={part}");
    }
    println!("cargo::rerun-if-env-changed=CLEW_PAGE");
    let built = if env::var_os("CLEW_PAGE").is_some_and(|value| value == "none") { Ok(None) } else { build_page(web, out) };
    match built {
        Ok(Some(list)) => list,
        Ok(None) => "&[]".to_owned(),
        Err(reason) => {
            println!("cargo::warning=the web page is left out: {reason}");
            "&[]".to_owned()
        }
    }
}

/// Builds the page with npm; none where npm is not installed.
fn build_page(web: &Path, out: &Path) -> Result<Option<String>, String> {
    if Command::new(NPM).arg("--version").output().is_err() {
        return Ok(None);
    }
    if !installed(web) {
        npm(web, out, &["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    }
    npm(web, out, &["run", "--silent", "build"])?;
    let packed = out.join("packed");
    let files = fs::read_to_string(packed.join("files.tsv")).map_err(|error| format!("its build made no list of files: {error}"))?;
    let mut list = String::from("&[\n");
    for line in files.lines() {
        let [name, content_type, hash] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("its build made a list with the line `{line}`"));
        };
        let bytes = packed.join(format!("{name}.gz"));
        writeln!(
            list,
            "    File {{ name: {name:?}, content_type: {content_type:?}, hash: {hash:?}, gzipped: include_bytes!({bytes:?}) }},"
        )
        .expect("a string takes all");
    }
    list.push(']');
    Ok(Some(list))
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Whether the packages of the lock file are installed: npm keeps its own copy of what it installed, and when.
fn installed(web: &Path) -> bool {
    let changed = |path: PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    match (changed(web.join("package-lock.json")), changed(web.join("node_modules/.package-lock.json"))) {
        (Some(wanted), Some(have)) => have >= wanted,
        _ => false,
    }
}

fn npm(web: &Path, out: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(NPM).args(arguments).current_dir(web).env("CLEW_WEB_OUT", out).output();
    let output = output.map_err(|error| format!("npm does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let reasons: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("npm warn")).take(4).collect();
    Err(format!("`npm {}` failed: {}", arguments.join(" "), reasons.join(" | ")))
}
