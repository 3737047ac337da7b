//! Names of workspaces, and which of them somebody may use.

use std::collections::BTreeSet;
use std::path::Path;

use uuid::Uuid;

use crate::model::{Fault, FaultClass};

/// The workspace that is the data directory itself.
pub const DEFAULT_WORKSPACE: &str = "default";
/// The folder of the others in the data directory.
pub const WORKSPACES_FOLDER: &str = "workspaces";

/// Workspaces that somebody may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All there are and all to come.
    All,
    /// These; at least one.
    These(BTreeSet<String>),
}

impl Scope {
    /// All if `names` is empty, else these.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.into_iter().collect();
        if names.is_empty() { Self::All } else { Self::These(names) }
    }

    /// Whether it holds the workspace.
    pub fn holds(&self, workspace: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(workspace),
        }
    }

    /// Whether everything in `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::These(_), Self::All) => false,
            (Self::These(own), Self::These(other)) => other.is_subset(own),
        }
    }

    /// The workspace that is meant when none is named: the default one, or the only one. None if there are several.
    pub fn home(&self) -> Option<&str> {
        match self {
            Self::All => Some(DEFAULT_WORKSPACE),
            Self::These(names) if names.contains(DEFAULT_WORKSPACE) => Some(DEFAULT_WORKSPACE),
            Self::These(names) if names.len() == 1 => names.first().map(String::as_str),
            Self::These(_) => None,
        }
    }

    /// Its names; none if it is all.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::All => Vec::new(),
            Self::These(names) => names.iter().cloned().collect(),
        }
    }
}

/// Reads the name of a workspace: 1 to 64 letters, digits, `-` and `_` after a letter or digit; capitals become small, as a name is a folder.
pub fn workspace_name(text: &str) -> Result<String, Fault> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let good = (1..=64).contains(&text.len()) && text.chars().all(plain) && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good {
        return Ok(text.to_ascii_lowercase());
    }
    let shown: String = text.chars().take(80).collect();
    Err(Fault::new(
        FaultClass::Invalid,
        "workspace_name_invalid",
        format!("expected 1 to 64 letters, digits, `-` and `_`, the first a letter or digit, found `{shown}`"),
    ))
}

/// The data directory and the name of the workspace whose folder `dir` would be; none for one that is no workspace's.
pub fn workspace_of(dir: &Path) -> Option<(&Path, &str)> {
    let (above, name) = (dir.parent()?, dir.file_name()?.to_str()?);
    (above.file_name()? == WORKSPACES_FOLDER).then_some((above.parent()?, name))
}

/// The id by which Log Analytics clients name a workspace: always the same for a name.
pub fn workspace_id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:clew:workspace:{name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn these(names: &[&str]) -> Scope {
        Scope::of(names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn names_are_folders_and_nothing_else() {
        let cases = [
            ("default", Some("default")),
            ("Case-2021_04", Some("case-2021_04")),
            ("0", Some("0")),
            ("", None),
            (".", None),
            ("..", None),
            ("a/b", None),
            ("a\\b", None),
            ("-a", None),
            ("a b", None),
            ("é", None),
        ];
        for (text, expected) in cases {
            assert_eq!(workspace_name(text).ok().as_deref(), expected, "{text}");
        }
        assert!(workspace_name(&"a".repeat(64)).is_ok() && workspace_name(&"a".repeat(65)).is_err());
    }

    #[test]
    fn scopes_hold_cover_and_have_a_home() {
        let cases = [
            (these(&[]), Some("default")),
            (these(&["a"]), Some("a")),
            (these(&["a", "default"]), Some("default")),
            (these(&["a", "b"]), None),
        ];
        for (scope, home) in cases {
            assert_eq!(scope.home(), home, "{scope:?}");
        }
        assert!(these(&[]).holds("x") && these(&["a"]).holds("a") && !these(&["a"]).holds("default"));
        assert!(these(&[]).covers(&these(&["a"])) && these(&["a", "b"]).covers(&these(&["b"])));
        assert!(!these(&["a"]).covers(&these(&[])) && !these(&["a"]).covers(&these(&["a", "b"])));
    }
}
