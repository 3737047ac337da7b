//! Entities, the keys that identify them, and the relations between them.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Object;

/// The kind of an entity: the lower-case `Type` of the field (`host`, `azure-resource`), known to the catalog or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kind(Cow<'static, str>);

/// The type of an edge: a verb in snake case (`signed_in_from`), read from source to target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Relation(Cow<'static, str>);

macro_rules! name {
    ($type:ident) => {
        impl $type {
            /// A name known when the program is built.
            pub const fn known(name: &'static str) -> Self {
                Self(Cow::Borrowed(name))
            }

            /// A name met in the data.
            pub fn met(name: impl Into<String>) -> Self {
                Self(Cow::Owned(name.into()))
            }

            /// The name as it is stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
name!(Kind);
name!(Relation);

impl Kind {
    /// User, service or machine account.
    pub const ACCOUNT: Self = Self::known("account");
    /// Computer.
    pub const HOST: Self = Self::known("host");
    /// Network address.
    pub const IP: Self = Self::known("ip");
    /// Absolute or relative address of a resource.
    pub const URL: Self = Self::known("url");
    /// File by place and name.
    pub const FILE: Self = Self::known("file");
    /// Digest of a file's content.
    pub const FILEHASH: Self = Self::known("filehash");
    /// One run of a program.
    pub const PROCESS: Self = Self::known("process");
    /// Domain name.
    pub const DNS: Self = Self::known("dns");
    /// Resource of Azure by its resource id.
    pub const AZURE_RESOURCE: Self = Self::known("azure-resource");
    /// Key of the Windows registry.
    pub const REGISTRY_KEY: Self = Self::known("registry-key");
    /// Value of the Windows registry.
    pub const REGISTRY_VALUE: Self = Self::known("registry-value");
    /// Logon session of a host.
    pub const HOST_LOGON_SESSION: Self = Self::known("host-logon-session");
    /// Malware family or detection name.
    pub const MALWARE: Self = Self::known("malware");
}

impl Relation {
    /// Incident to its alert; a kill-chain alert to its member alerts.
    pub const CONTAINS: Self = Self::known("contains");
    /// Alert (or incident) to an entity that it names.
    pub const INVOLVES: Self = Self::known("involves");
}

/// One canonical identifier of an entity: the identifier set's name, `=`, and the value.
///
/// `name+upnsuffix=adelev@m365x816222.onmicrosoft.com` or `address=175.45.176.99`. Made by `ingest::identify` only,
/// so that equal things have equal text. A key means something together with the kind of its entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(Box<str>);

impl Key {
    /// Joins the name of an identifier set and its canonical value.
    pub fn new(set: &str, value: &str) -> Self {
        Self(format!("{set}={value}").into())
    }

    /// Takes a key in its text form.
    pub fn from_text(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The whole text, `set=value`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier set, left of the first `=`.
    pub fn set(&self) -> &str {
        self.0.split_once('=').map_or("", |(set, _)| set)
    }

    /// The value, right of the first `=`.
    pub fn value(&self) -> &str {
        self.0.split_once('=').map_or(&self.0, |(_, value)| value)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identifiers of one mention of an entity.
///
/// Two mentions of a kind that share a strong key are the same entity. A weak key alone never merges two strong
/// entities; a mention that has weak keys only is the thing *known by that name*.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Keys {
    /// Each identifies alone; sorted, without repeats.
    pub strong: Vec<Key>,
    /// Identify only together with others; sorted, without repeats.
    pub weak: Vec<Key>,
}

impl Keys {
    /// Whether nothing names the entity: it can be no other mention's.
    pub fn is_empty(&self) -> bool {
        self.strong.is_empty() && self.weak.is_empty()
    }
}

/// One mention of an entity, as ingest read it from a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// What identifies it; with its kind, for good once [`identity`](Self::identity) was asked for.
    pub keys: Keys,
    /// Short text for people: `adelev@m365x816222.onmicrosoft.com`, `cmd.exe (7588)`.
    pub label: String,
    /// Every property of the document that is not a reference, under the catalog's names where it knows them.
    pub properties: Object,
    #[serde(skip)]
    identity: OnceLock<Identity>,
}

/// First 16 bytes of BLAKE3 over kind and keys of an entity, each behind its length: the same on every machine, and not to be made to collide.
pub type Identity = [u8; 16];

/// Kind and keys that are hashed as one text.
const SHORT_BYTES: usize = 1_024;

impl Entity {
    /// A mention of what these keys identify.
    pub fn new(kind: Kind, keys: Keys, label: String, properties: Object) -> Self {
        Self { kind, keys, label, properties, identity: OnceLock::new() }
    }

    /// Adds a key that identifies only together with others.
    pub fn add_weak(&mut self, key: Key) {
        self.keys.weak.push(key);
        self.identity = OnceLock::new();
    }

    /// What all mentions with the same kind and keys have in common. Made when it is first asked for.
    pub fn identity(&self) -> &Identity {
        self.identity.get_or_init(|| {
            let mut short = [0; SHORT_BYTES];
            let mut end = 0;
            // Lengths tell where a text ends, whatever stands in it.
            let length = |text: &str| (text.len() as u32).to_le_bytes();
            let mut fits = |text: &str| {
                let (head, place) = short.get_mut(end..end + 4 + text.len())?.split_at_mut(4);
                head.copy_from_slice(&length(text));
                place.copy_from_slice(text.as_bytes());
                end += 4 + text.len();
                Some(())
            };
            // Hot path: of one short text the hash is much cheaper than of parts.
            let hash = if self.identifiers().try_for_each(&mut fits).is_some() {
                blake3::hash(&short[..end])
            } else {
                let mut hasher = blake3::Hasher::new();
                for text in self.identifiers() {
                    hasher.update(&length(text)).update(text.as_bytes());
                }
                hasher.finalize()
            };
            hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes")
        })
    }

    /// Kind and keys as texts in an order that is theirs alone: strong keys, an empty text, weak keys.
    fn identifiers(&self) -> impl Iterator<Item = &str> {
        let (strong, weak) = (self.keys.strong.iter().map(Key::as_str), self.keys.weak.iter().map(Key::as_str));
        std::iter::once(self.kind.as_str()).chain(strong).chain(std::iter::once("")).chain(weak)
    }
}

impl PartialEq for Entity {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.keys, &self.label, &self.properties) == (&other.kind, &other.keys, &other.label, &other.properties)
    }
}

/// The part that an entity plays in an alert (`impacted`, `related`, `attacker`, `source` ...), lower case.
pub type Role = Cow<'static, str>;

/// An entity in the list of an alert or incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The entity.
    pub entity: Entity,
    /// Its part, where the source says one.
    pub role: Option<Role>,
    /// Whether the entity stands only inside another one (the image file of a process) and not in the list itself.
    pub nested: bool,
}

/// A directed relation between two entities of one record, by their places in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Place of the source entity.
    pub from: u32,
    /// What the source does to the target.
    pub relation: Relation,
    /// Place of the target entity.
    pub to: u32,
    /// Id of the declared rule or reference that asserts it (`SigninLogs.ip`, `process.ParentProcess`).
    pub rule: Cow<'static, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(kind: Kind, strong: &[&str], weak: &[&str]) -> Entity {
        let keys = |texts: &[&str]| texts.iter().map(|text| Key::from_text(*text)).collect();
        Entity::new(kind, Keys { strong: keys(strong), weak: keys(weak) }, String::new(), Object::new())
    }

    #[test]
    fn an_identity_is_the_first_half_of_blake3_over_kind_and_keys() {
        let long = "x".repeat(SHORT_BYTES);
        for (strong, length) in [("address=10.0.0.1", [16, 0, 0, 0]), (&long, [0, 4, 0, 0])] {
            let whole = [b"\x02\0\0\0ip", &length[..], strong.as_bytes(), &[0; 4]].concat();
            assert_eq!(entity(Kind::IP, &[strong], &[]).identity(), &blake3::hash(&whole).as_bytes()[..16]);
        }
    }

    #[test]
    fn identities_tell_kinds_and_the_sorts_of_keys_apart() {
        let all = [
            entity(Kind::IP, &["a", "b"], &[]),
            entity(Kind::IP, &["a"], &["b"]),
            entity(Kind::IP, &["ab"], &[]),
            entity(Kind::HOST, &["a", "b"], &[]),
            entity(Kind::IP, &[], &["a", "b"]),
        ];
        let identities: std::collections::HashSet<_> = all.iter().map(Entity::identity).collect();
        assert_eq!(identities.len(), all.len());
    }
}
