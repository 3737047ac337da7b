//! What a person types to name an entity: `host:WORKSTATION6.theshire.local`, `175.45.176.99`, `account:sid=S-1-5-21-..`.

use std::rc::Rc;

use super::keys;
use super::list::Draft;
use super::normalise;
use super::parts;
use crate::catalog::entities::{self, EntityKind};
use crate::ingest::value;
use crate::model::{Fault, FaultClass, Key, Keys, Kind, Object};

/// Why a text names no entity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing stands behind the kind.
    #[error("expected a value behind `{kind}:`, found nothing")]
    Empty {
        /// The kind as written.
        kind: String,
    },
    /// The text has no kind and no form that tells one.
    #[error("expected an entity such as `host:WS6`, found `{text}`")]
    NoKind {
        /// The text.
        text: String,
    },
    /// A word before a colon that is no kind.
    #[error("expected a kind of entity, found `{kind}`")]
    UnknownKind {
        /// The word.
        kind: String,
    },
    /// The value cannot identify an entity of the kind.
    #[error("expected a value of kind `{kind}`, found `{value}`")]
    Value {
        /// The kind.
        kind: String,
        /// The value as written.
        value: String,
    },
}

impl From<ReferenceError> for Fault {
    fn from(error: ReferenceError) -> Self {
        let (code, hint) = match &error {
            ReferenceError::Empty { .. } => ("entity_reference_empty", "write the name or id of the entity behind the colon".to_owned()),
            ReferenceError::NoKind { .. } => {
                ("entity_reference_no_kind", "put the kind and a colon in front, such as `account:` or `host:`".to_owned())
            }
            ReferenceError::UnknownKind { .. } => (
                "entity_reference_kind",
                "kinds are host, account, ip, file, process, url, dns, filehash, mailbox and others; `clew entities` counts them"
                    .to_owned(),
            ),
            ReferenceError::Value { kind, .. } => {
                let sets = entities::kind(kind).map(|kind| kind.strong.iter().map(|set| set.join("+")).collect::<Vec<_>>().join(", "));
                ("entity_reference_value", format!("`{kind}` is identified by {}", sets.unwrap_or_else(|| "its name".to_owned())))
            }
        };
        Self::new(FaultClass::Invalid, code, error.to_string()).with_hint(hint)
    }
}

/// Reads what a person types into a kind and the keys to look for.
///
/// `kind:value` with the kind in any spelling and the value as the kind's entities are usually written; `kind:set=value`
/// names one identifier set and takes the value as a key has it, after folding its case; a value without a kind tells its
/// kind by its form where it can (address, URL, digest, `DOM\name`, `name@suffix`, resource id, object id, registry path).
pub fn reference(text: &str) -> Result<(Kind, Keys), ReferenceError> {
    let text = text.trim();
    if let Some((word, value)) = text.split_once(':')
        && let Some(kind) = entities::kind(word)
        // A drive letter and the scheme of a URL are no kinds; neither is one in the catalog.
        && !value.starts_with("//")
    {
        return of_kind(kind, word, value.trim());
    }
    if let Some((word, value)) = text.split_once(':')
        && word.len() > 1
        && let Some(keys) = own_key(value.trim())
    {
        return Ok((entities::kind_named(word), keys));
    }
    let kind = kind_of(text).and_then(entities::kind).ok_or_else(|| match text.split_once(':') {
        Some((word, _))
            if word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ')) =>
        {
            ReferenceError::UnknownKind { kind: word.to_owned() }
        }
        _ => ReferenceError::NoKind { text: text.to_owned() },
    })?;
    of_kind(kind, kind.name, text)
}

fn of_kind(kind: &'static EntityKind, word: &str, value: &str) -> Result<(Kind, Keys), ReferenceError> {
    if value.is_empty() {
        return Err(ReferenceError::Empty { kind: word.to_owned() });
    }
    let keys = stated_key(value).unwrap_or_else(|| made_keys(kind, value));
    if keys.strong.is_empty() && keys.weak.iter().all(|key| key.set() == "content") {
        return Err(ReferenceError::Value { kind: kind.name.to_owned(), value: value.to_owned() });
    }
    Ok((kind.kind(), keys))
}

/// `set=value`, as a key is shown. Whether the set identifies alone is for the one who looks: it stands on both sides.
fn stated_key(value: &str) -> Option<Keys> {
    let (set, _) = value.split_once('=')?;
    let named = set.len() >= 2 && set.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+');
    let known = |word: &str| KEY_WORDS.contains(&word) || entities::kinds().iter().any(|kind| kind.property(word).is_some());
    if !named || !set.split('+').all(|word| known(&word.to_ascii_lowercase())) {
        return None;
    }
    let exact = Key::from_text(value);
    let folded = Key::from_text(normalise::lower(value));
    let mut keys = vec![exact, folded];
    keys.sort_unstable();
    keys.dedup();
    Some(Keys { strong: keys.clone(), weak: keys })
}

/// `set=value` as things of unknown kinds have it.
fn own_key(value: &str) -> Option<Keys> {
    let (set, _) = value.split_once('=')?;
    UNKNOWN_SETS.contains(&set.to_ascii_lowercase().as_str()).then(|| stated_key(value)).flatten()
}

/// Identifier sets of things whose kind the catalog does not know.
const UNKNOWN_SETS: [&str; 5] = ["content", "displayname", "id", "mention", "name"];

/// Words of identifier sets that are no properties.
const KEY_WORDS: [&str; 4] = ["content", "filehashes", "id", "mention"];

fn made_keys(kind: &'static EntityKind, value: &str) -> Keys {
    let properties = match kind.name {
        "process" => process(value),
        "file" => parts::file(value),
        "registry-value" => registry_value(value),
        name => parts::of(name, value),
    };
    let mut keys = properties.map(|properties| keys_of(kind, properties)).unwrap_or_default();
    if keys.strong.is_empty() && keys.weak.is_empty() {
        // A value alone can be any of the sets of one property.
        for set in kind.strong.iter().chain(&kind.weak) {
            if let [property] = set.as_slice() {
                let made = keys_of(kind, Object::from_iter([((*property).to_owned(), value.into())]));
                keys.strong.extend(made.strong);
                keys.weak.extend(made.weak.into_iter().filter(|key| key.set() != "content"));
            }
        }
    }
    for list in [&mut keys.strong, &mut keys.weak] {
        list.sort_unstable();
        list.dedup();
    }
    keys
}

fn keys_of(kind: &'static EntityKind, properties: Object) -> Keys {
    let properties = Rc::new(properties);
    let draft = Draft { kind: kind.kind(), known: Some(kind), properties, role: None, nested: false, references: Vec::new(), number: None };
    keys::of(&kind.kind(), draft)
}

/// A process by its id in a global store, or by its command line.
fn process(value: &str) -> Option<Object> {
    let name = if normalise::is_guid(value) { "ProcessGuid" } else { "CommandLine" };
    Some(Object::from_iter([(name.to_owned(), value.into())]))
}

fn registry_value(value: &str) -> Option<Object> {
    let (key, name) = value.rsplit_once('\\')?;
    let mut parts = Object::from_iter([("RegistryKey".to_owned(), key.into())]);
    parts.insert("Name".to_owned(), name.into());
    Some(parts)
}

/// The kind that the form of a text tells.
fn kind_of(text: &str) -> Option<&'static str> {
    if value::is_absent_text(text) {
        return None;
    }
    if normalise::ip(text).is_some() {
        return Some("ip");
    }
    if parts::azure_resource(text).is_some() {
        return Some("azure-resource");
    }
    if text.contains("://") {
        return Some("url");
    }
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) && normalise::algorithm_of_length(text.len()).is_some() {
        return Some("filehash");
    }
    if normalise::is_guid(text) || normalise::is_sid(text) {
        return Some("account");
    }
    if text.starts_with("arn:") {
        return Some("amazon-resource");
    }
    if normalise::registry_key(None, text).1 {
        return Some("registry-key");
    }
    let bytes = text.as_bytes();
    if text.starts_with('/') || text.starts_with(r"\??\") || (bytes.len() > 2 && bytes[1] == b':' && matches!(bytes[2], b'\\' | b'/')) {
        return Some("file");
    }
    let one_backslash = text.matches('\\').count() == 1 && !text.starts_with('\\');
    (one_backslash || (text.contains('@') && !text.contains(char::is_whitespace))).then_some("account")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> String {
        match reference(text) {
            Ok((kind, keys)) => {
                let join = |keys: &[Key]| keys.iter().map(Key::as_str).collect::<Vec<_>>().join(" ");
                format!("{kind} [{}] [{}]", join(&keys.strong), join(&keys.weak))
            }
            Err(error) => Fault::from(error).to_string(),
        }
    }

    #[test]
    fn what_people_type() {
        let cases = [
            ("host:WORKSTATION6", "host [] [hostname=workstation6]"),
            (
                "Machine:WORKSTATION6.theshire.local",
                r"host [hostname+dnsdomain=workstation6.theshire.local hostname+ntdomain=theshire\workstation6] [hostname=workstation6]",
            ),
            (r"account:MSTICAlertsWin1\MSTICAdmin", r"account [ntdomain+name=msticalertswin1\msticadmin] [name=msticadmin]"),
            (
                "AdeleV@M365x816222.OnMicrosoft.com",
                r"account [name+upnsuffix=adelev@m365x816222.onmicrosoft.com ntdomain+name=m365x816222\adelev] [name=adelev]",
            ),
            ("175.45.176.99", "ip [address=175.45.176.99] []"),
            ("ip:10.0.5.13:443", "ip [] [address=10.0.5.13]"),
            (r"file:C:\Windows\cmd.exe", r"file [directory+name=c:\windows\cmd.exe] [name=cmd.exe]"),
            (r"C:\Windows\cmd.exe", r"file [directory+name=c:\windows\cmd.exe] [name=cmd.exe]"),
            ("D41D8CD98F00B204E9800998ECF8427E", "filehash [algorithm+value=md5:d41d8cd98f00b204e9800998ecf8427e] []"),
            ("https://Evil.com/X", "url [url=https://evil.com/X] []"),
            (r"HKLM\Software\Run", r"registry-key [hive+key=hkey_local_machine\software\run] []"),
            ("mailbox:Bob@Contoso.com", "mailbox [mailboxprimaryaddress=bob@contoso.com] [upn=bob@contoso.com]"),
            (
                "account:sid=S-1-5-21-1-2-3-500",
                "account [sid=S-1-5-21-1-2-3-500 sid=s-1-5-21-1-2-3-500] [sid=S-1-5-21-1-2-3-500 sid=s-1-5-21-1-2-3-500]",
            ),
            ("process:net  user bob", "process [] [host+commandline=|net  user bob]"),
            // As clew itself names things of kinds that it does not know.
            ("quantum-widget:content=baea0f", "quantum-widget [content=baea0f] [content=baea0f]"),
            ("satellite:name=hubble", "satellite [name=hubble] [name=hubble]"),
            ("satellite:hubble", "entity_reference_kind: expected a kind of entity, found `satellite`"),
            ("satellite:hostname=hubble", "entity_reference_kind: expected a kind of entity, found `satellite`"),
            ("host:", "entity_reference_empty: expected a value behind `host:`, found nothing"),
            ("ip:LOCAL", "entity_reference_value: expected a value of kind `ip`, found `LOCAL`"),
            ("what is this", "entity_reference_no_kind: expected an entity such as `host:WS6`, found `what is this`"),
        ];
        for (text, expected) in cases {
            assert_eq!(keys(text), expected, "{text}");
        }
    }
}
