//! The secret of a server, and what is derived from it: the tokens that its endpoints issue. A token says for whom it was
//! issued and until when, and carries a mark that only the secret can make; what its holder may do is looked up at each use.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::{digest, hmac};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::model::Time;

/// How issued tokens begin.
const PREFIX: &str = "clewt_";

/// 256 random bits that a data directory keeps.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// For whom a token was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Anybody, while no sign-in is configured.
    Anybody,
    /// Who knows the server's own secret.
    Owner,
    /// The holder of a key.
    Key(Uuid),
}

impl Secret {
    /// The secret made of these random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads what `to_text` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64.decode(text.trim()).ok()?.try_into().ok().map(Self)
    }

    /// The secret as text, for its file.
    pub fn to_text(&self) -> String {
        BASE64.encode(self.0)
    }

    /// The value of `IDENTITY_HEADER` that stands for the owner of the data directory.
    pub fn identity_header(&self) -> String {
        BASE64.encode(self.mark("identity header", b""))
    }

    /// Whether `text` is the value of `identity_header`.
    pub fn is_identity_header(&self, text: &str) -> bool {
        self.identity_header().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// A token for `subject` that ends at `expires`.
    pub fn issue(&self, subject: Subject, expires: Time) -> String {
        let subject = match subject {
            Subject::Anybody => "a".to_owned(),
            Subject::Owner => "o".to_owned(),
            Subject::Key(id) => format!("k{}", id.simple()),
        };
        let claim = format!("{subject}.{}", expires.micros());
        let mark = BASE64.encode(self.mark("token", claim.as_bytes()));
        format!("{PREFIX}{}_{mark}", BASE64.encode(claim))
    }

    /// For whom and until when a token was issued; none if this secret did not issue it.
    pub fn read(&self, token: &str) -> Option<(Subject, Time)> {
        let rest = token.strip_prefix(PREFIX)?;
        // The mark has 43 characters, any of which may be `_`.
        let (claim, mark) = (rest.get(..rest.len().checked_sub(44)?)?, rest.get(rest.len() - 44..)?.strip_prefix('_')?);
        let (claim, mark) = (BASE64.decode(claim).ok()?, BASE64.decode(mark).ok()?);
        let same: bool = self.mark("token", &claim).ct_eq(&mark).into();
        if !same {
            return None;
        }
        let claim = String::from_utf8(claim).ok()?;
        let (subject, expires) = claim.split_once('.')?;
        let subject = match subject.split_at_checked(1)? {
            ("a", "") => Subject::Anybody,
            ("o", "") => Subject::Owner,
            ("k", id) => Subject::Key(id.parse().ok()?),
            _ => return None,
        };
        Some((subject, Time::from_micros(expires.parse().ok()?)))
    }

    /// Whether a text looks like an issued token.
    pub fn issues(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    pub(super) fn mark(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut context = hmac::Context::with_key(&key);
        context.update(purpose.as_bytes());
        // Ends the purpose, so that no purpose is the beginning of another.
        context.update(&[0]);
        context.update(bytes);
        let mut mark = [0; 32];
        mark.copy_from_slice(context.sign().as_ref());
        mark
    }
}

/// SHA-256 of `text`.
pub(super) fn fingerprint(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_the_secret_that_issued_it_only() {
        let (secret, other) = (Secret::new([7; 32]), Secret::new([8; 32]));
        let until = Time::from_micros(1_700_000_000_000_000);
        let id = Uuid::from_u128(0x1234);
        for subject in [Subject::Anybody, Subject::Owner, Subject::Key(id)] {
            let token = secret.issue(subject, until);
            assert_eq!(secret.read(&token), Some((subject, until)));
            assert_eq!(other.read(&token), None);
            for at in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).expect("ASCII");
                // The last character carries bits that the bytes do not have.
                assert!(
                    changed == token || secret.read(&changed).is_none_or(|read| at + 1 == token.len() && read == (subject, until)),
                    "{at}"
                );
            }
            assert_eq!(secret.read(&token[..token.len() - 1]), None);
        }
        for text in ["", "clewt_", "clewt_x", "clewt_é".repeat(30).as_str(), "x.y.z"] {
            assert_eq!(secret.read(text), None, "{text}");
        }
    }

    #[test]
    fn the_secret_survives_its_file_and_shows_itself_nowhere() {
        let secret = Secret::new([9; 32]);
        let again = Secret::parse(&format!("{}\n", secret.to_text())).expect("what was written can be read");
        assert!(again.is_identity_header(&secret.identity_header()));
        assert!(!again.is_identity_header("") && !again.is_identity_header(&secret.to_text()));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert!(Secret::parse("short").is_none());
    }
}
