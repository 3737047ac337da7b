//! Keys: what is kept of them, the text that is shown once, and finding the key that somebody presents.
//!
//! A key is its id and 256 random bits, of which only a hash is kept: so many bits need no slow hash.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

use super::token::fingerprint;
use super::{Identity, Kind, Role, Scope};
use crate::model::{Fault, FaultClass, Time};

/// How keys begin.
const PREFIX: &str = "clew_";
/// Longest name of a key, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// How a key is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Stands in the `Authorization` header itself.
    #[default]
    Key,
    /// A service principal: its id and secret buy tokens of an hour at the OAuth endpoint, and open nothing themselves.
    Principal,
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Id; also the client id of a service principal.
    pub id: String,
    /// Name, also of its changes in the activity log.
    pub name: String,
    /// How it is used.
    #[serde(default)]
    pub kind: KeyKind,
    /// What its holder may do.
    pub role: Role,
    /// Workspaces that it opens; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<String>,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Time>,
    /// SHA-256 of the secret, in base64.
    pub hash: String,
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Name.
    pub name: String,
    /// How it is used.
    pub kind: KeyKind,
    /// What its holder may do.
    pub role: Role,
    /// Workspaces that it opens.
    pub scope: Scope,
    /// When it ends.
    pub expires: Option<Time>,
}

impl NewKey {
    /// Makes the key at `now` from random bytes; gives what is kept, and the text that is shown once.
    pub fn make(self, by: &str, now: Time, id: [u8; 16], secret: [u8; 32]) -> Result<(Key, String), Fault> {
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            let message = format!("expected a name of 1 to {NAME_BYTES_MAX} bytes without control characters");
            return Err(Fault::new(FaultClass::Invalid, "key_name_invalid", message));
        }
        if let Some(expires) = self.expires.filter(|expires| *expires <= now) {
            return Err(Fault::new(
                FaultClass::Invalid,
                "key_expired",
                format!("expected a time to come as end of the key, found `{expires}`"),
            ));
        }
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        let secret = BASE64.encode(secret);
        let key = Key {
            id: id.to_string(),
            name,
            kind: self.kind,
            role: self.role,
            workspaces: self.scope.names(),
            created: now,
            created_by: by.to_owned(),
            expires: self.expires,
            revoked: None,
            hash: BASE64.encode(fingerprint(&secret)),
        };
        Ok((key, format!("{PREFIX}{}_{secret}", id.simple())))
    }
}

impl Key {
    /// Whoever holds it.
    pub fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            id: self.id.clone(),
            kind: Kind::Key,
            roles: vec![self.role],
            scope: Scope::of(self.workspaces.iter().cloned()),
            groups: Vec::new(),
        }
    }

    /// Refuses a key that has ended.
    pub fn valid(&self, now: Time) -> Result<&Self, Refusal> {
        match (self.revoked, self.expires) {
            (Some(_), _) => Err(Refusal::Wrong),
            (None, Some(expires)) if expires <= now => Err(Refusal::Expired),
            _ => Ok(self),
        }
    }
}

/// A key as somebody presents it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Presented<'a> {
    id: Uuid,
    secret: &'a str,
}

impl<'a> Presented<'a> {
    /// Reads the text of a key; none if it is no key.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Some(Self { id: id.parse().ok()?, secret })
    }

    /// The key of a client id and its secret, which is the key's text or only what follows its id.
    pub fn principal(id: &str, secret: &'a str) -> Option<Self> {
        let id = id.trim().parse().ok()?;
        match Self::parse(secret) {
            Some(whole) => (whole.id == id).then_some(whole),
            None => Some(Self { id, secret }),
        }
    }
}

/// Why what was presented opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody gave it out, or it was revoked.
    Wrong,
    /// Its time is over.
    Expired,
}

/// All keys, by id.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<String, Key>);

impl Keys {
    /// Whether there never was one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key with an id.
    pub fn get(&self, id: Uuid) -> Option<&Key> {
        self.0.get(&id.to_string())
    }

    /// The key that is presented, if the secret is right and it has not ended. Compares in constant time, also for an id that there is not.
    pub fn find(&self, presented: Presented<'_>, now: Time) -> Result<&Key, Refusal> {
        let found = self.get(presented.id);
        let kept = found.map_or([0; 43], |key| {
            let mut kept = [0; 43];
            let bytes = key.hash.as_bytes();
            let length = bytes.len().min(43);
            kept[..length].copy_from_slice(&bytes[..length]);
            kept
        });
        let given = BASE64.encode(fingerprint(presented.secret));
        let same: bool = kept.ct_eq(given.as_bytes()).into();
        found.filter(|_| same).ok_or(Refusal::Wrong)?.valid(now)
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.id.clone(), key)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    fn make(expires: Option<Time>) -> (Key, String) {
        let new = NewKey { name: " soar ".into(), kind: KeyKind::Key, role: Role::Responder, scope: Scope::All, expires };
        new.make("anna", NOW, [3; 16], [200; 32]).expect("a good key")
    }

    #[test]
    fn a_key_is_found_by_its_text_only() {
        let (key, text) = make(None);
        let keys = Keys::from_iter([key.clone()]);
        let find = |text: &str| Presented::parse(text).map(|presented| keys.find(presented, NOW).cloned());
        assert_eq!(find(&text), Some(Ok(key.clone())));
        assert_eq!(find(&format!("{text}x")), Some(Err(Refusal::Wrong)));
        assert_eq!(find(&text[..text.len() - 1]), Some(Err(Refusal::Wrong)));
        assert_eq!(find(&format!("clew_{}_{}", Uuid::nil().simple(), "A".repeat(43))), Some(Err(Refusal::Wrong)));
        for text in ["", "clew_", "clew_x_y", "bearer", &key.hash] {
            assert_eq!(find(text), None, "{text}");
        }
        let stored = serde_json::to_string(&key).expect("a key has a JSON form");
        let secret = text.rsplit_once("_").map_or("", |(_, secret)| secret);
        assert!(secret.len() > 20 && !stored.contains(secret), "the secret is not kept");
        assert_eq!(serde_json::from_str::<Key>(&stored).ok(), Some(key));
    }

    #[test]
    fn a_key_ends() {
        let (key, text) = make(Some(NOW.plus(1)));
        let presented = Presented::parse(&text).expect("a key");
        let at = |key: &Key, now| Keys::from_iter([key.clone()]).find(presented, now).map(|key| key.id.clone());
        assert_eq!(at(&key, NOW), Ok(key.id.clone()));
        assert_eq!(at(&key, NOW.plus(1)), Err(Refusal::Expired));
        assert_eq!(at(&Key { revoked: Some(NOW), ..key }, NOW), Err(Refusal::Wrong));
    }

    #[test]
    fn a_principal_presents_id_and_secret() {
        let (key, text) = make(None);
        let keys = Keys::from_iter([key.clone()]);
        let secret = &text[PREFIX.len() + 33..];
        for (id, secret, found) in [
            (key.id.clone(), text.as_str(), true),
            (key.id.clone(), secret, true),
            (Uuid::nil().to_string(), text.as_str(), false),
            (Uuid::nil().to_string(), secret, false),
            ("x".to_owned(), secret, false),
        ] {
            let presented = Presented::principal(&id, secret);
            assert_eq!(presented.is_some_and(|presented| keys.find(presented, NOW).is_ok()), found, "{id}");
        }
    }

    #[test]
    fn what_makes_no_key_is_refused() {
        let new = |name: &str, expires| NewKey { name: name.into(), kind: KeyKind::Key, role: Role::Reader, scope: Scope::All, expires };
        let cases = [(new(" ", None), "key_name_invalid"), (new("a\nb", None), "key_name_invalid"), (new("a", Some(NOW)), "key_expired")];
        for (new, code) in cases {
            assert_eq!(new.make("x", NOW, [0; 16], [0; 32]).map_err(|fault| fault.code), Err(code));
        }
    }
}
