//! A sign-in that a browser began: all that has to come back with it is derived from one random seed, which only that browser
//! keeps, in a cookie that carries the server's mark. So nothing is stored for those who begin and never come back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::digest;
use subtle::ConstantTimeEq;

use super::Secret;
use crate::model::Time;

/// A sign-in under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    seed: [u8; 32],
    expires: Time,
    /// Where the person goes on afterwards: a path of this server.
    pub back: String,
}

impl SignIn {
    /// A sign-in with this randomness, which has to come back before `expires`.
    pub fn new(seed: [u8; 32], expires: Time, back: String) -> Self {
        Self { seed, expires, back }
    }

    /// What the browser keeps.
    pub fn to_cookie(&self, secret: &Secret) -> String {
        let claim = format!("{}.{}.{}", BASE64.encode(self.seed), self.expires.micros(), BASE64.encode(&self.back));
        format!("{claim}.{}", BASE64.encode(secret.mark("sign-in", claim.as_bytes())))
    }

    /// Reads what the browser kept; none if this server did not write it or its time is over.
    pub fn of_cookie(secret: &Secret, text: &str, now: Time) -> Option<Self> {
        let (claim, mark) = text.rsplit_once('.')?;
        let same: bool = secret.mark("sign-in", claim.as_bytes()).ct_eq(&BASE64.decode(mark).ok()?).into();
        let mut parts = claim.splitn(3, '.').filter(|_| same);
        let seed = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        let expires = Time::from_micros(parts.next()?.parse().ok()?);
        let back = String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?;
        (expires > now).then_some(Self { seed, expires, back })
    }

    /// What the provider gives back with its code.
    pub fn state(&self, secret: &Secret) -> String {
        self.derived(secret, "sign-in state")
    }

    /// Whether `text` is the state of this sign-in.
    pub fn is_state(&self, secret: &Secret, text: &str) -> bool {
        self.state(secret).as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// What the provider writes into the token.
    pub fn nonce(&self, secret: &Secret) -> String {
        self.derived(secret, "sign-in nonce")
    }

    /// Proves to the provider that the one who brings the code is the one who began (PKCE).
    pub fn verifier(&self, secret: &Secret) -> String {
        self.derived(secret, "sign-in verifier")
    }

    /// What the provider learns of the verifier beforehand.
    pub fn challenge(&self, secret: &Secret) -> String {
        BASE64.encode(digest::digest(&digest::SHA256, self.verifier(secret).as_bytes()))
    }

    fn derived(&self, secret: &Secret, purpose: &str) -> String {
        BASE64.encode(secret.mark(purpose, &self.seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_kept_is_read_unchanged_in_time_and_by_the_same_server_only() {
        let (secret, other) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let sign_in = SignIn::new([3; 32], Time::from_micros(100), "/incidents/7?x=a.b".into());
        let cookie = sign_in.to_cookie(&secret);
        let read = |secret: &Secret, text: &str, now| SignIn::of_cookie(secret, text, Time::from_micros(now));
        assert_eq!(read(&secret, &cookie, 99), Some(sign_in.clone()));
        assert_eq!(read(&secret, &cookie, 100), None, "its time is over");
        assert_eq!(read(&other, &cookie, 99), None);
        let later = cookie.replace(".100.", ".999.");
        assert_ne!(later, cookie);
        for changed in [later.as_str(), &cookie[1..], &cookie[..cookie.len() - 1], "", "a.b.c.d", "...."] {
            assert_eq!(read(&secret, changed, 99), None, "{changed}");
        }
        let all = [sign_in.state(&secret), sign_in.nonce(&secret), sign_in.verifier(&secret), sign_in.challenge(&secret)];
        assert!(all.iter().enumerate().all(|(place, text)| text.len() == 43 && !all[place + 1..].contains(text)), "{all:?}");
        assert!(sign_in.is_state(&secret, &all[0]) && !sign_in.is_state(&secret, &all[1]) && !sign_in.is_state(&secret, ""));
    }
}
