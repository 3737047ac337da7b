//! People who sign in with an identity provider: its keys, kept and asked for again when they change. Reads no token itself.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jsonwebtoken::jwk::JwkSet;

use crate::access::{Identity, OidcRefusal, Provider, provider_keys};
use crate::model::{Fault, FaultClass, Time};

/// Shortest time between two looks at the provider's keys, so that strange tokens cannot make this server ask and ask.
const PAUSE: Duration = Duration::from_secs(60);
/// Time after which the keys are looked at again, so that those that the provider withdrew end.
const AGE_MAX: Duration = Duration::from_secs(3_600);
/// Largest set of keys, in bytes.
const KEYS_BYTES_MAX: u64 = 1 << 20;

/// The provider and its keys.
#[derive(Debug)]
pub(crate) struct People {
    provider: Provider,
    dir: PathBuf,
    keys: ArcSwap<JwkSet>,
    /// When the keys were last asked for.
    asked: Mutex<Option<Instant>>,
    /// Whether a token named a key that is not known.
    wanted: AtomicBool,
}

impl People {
    /// The people of a provider, whose key file lies in `dir`; no key is known yet.
    pub(crate) fn new(provider: Provider, dir: &Path) -> Self {
        let keys = ArcSwap::from_pointee(JwkSet { keys: Vec::new() });
        Self { provider, dir: dir.to_owned(), keys, asked: Mutex::new(None), wanted: AtomicBool::new(false) }
    }

    /// Who a token stands for.
    pub(crate) fn read(&self, token: &str, now: Time) -> Result<Identity, OidcRefusal> {
        let read = self.provider.read(&self.keys.load(), token, now);
        if read == Err(OidcRefusal::KeyUnknown) {
            self.wanted.store(true, Ordering::Relaxed);
        }
        read
    }

    /// Whether it is time to look at the keys again: they are old, or a token named another and the last look is a while ago.
    /// Says so once.
    pub(crate) fn is_due(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let age = asked.map_or(Duration::MAX, |asked| asked.elapsed());
        let due = age >= AGE_MAX || (age >= PAUSE && self.wanted.swap(false, Ordering::Relaxed));
        if due {
            *asked = Some(Instant::now());
        }
        due
    }

    /// Asks for the keys and takes them; those before stay if that fails. Blocks.
    pub(crate) fn refresh(&self) -> Result<(), Fault> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let (bytes, place) = match (&self.provider.keys_file, &self.provider.keys_url) {
            (Some(file), _) => (std::fs::read(self.dir.join(file)).map_err(|error| unreadable(file, &error))?, file),
            (None, Some(url)) => (fetch(url).map_err(|error| unreadable(url, &error))?, url),
            (None, None) => return Ok(()),
        };
        let keys = provider_keys(&bytes).map_err(|error| unreadable(place, &error))?;
        tracing::info!(keys = keys.keys.len(), %place, "keys of the identity provider");
        self.keys.store(keys.into());
        Ok(())
    }
}

fn fetch(url: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let config = ureq::Agent::config_builder().https_only(true).max_redirects(3).timeout_global(Some(Duration::from_secs(10)));
    let mut answer = config.build().new_agent().get(url).call()?;
    let mut bytes = Vec::new();
    answer.body_mut().as_reader().take(KEYS_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(place: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault::new(
        FaultClass::Unavailable,
        "provider_keys_unreadable",
        format!("the keys of the identity provider cannot be read from `{place}`: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(dir: &Path, file: &str) -> People {
        let text = format!(
            "[oidc]\nissuer = \"https://login.example\"\naudience = [\"clew\"]\nkeys_file = \"{file}\"\n[oidc.roles]\nsoc = \"reader\"\n"
        );
        let settings = crate::access::Settings::parse(&text).expect("good settings");
        People::new(settings.oidc.expect("a provider"), dir)
    }

    #[test]
    fn keys_are_looked_at_again_but_not_for_every_strange_token() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("keys.json"), r#"{"keys": []}"#).expect("the folder is writable");
        let people = people(dir.path(), "keys.json");
        assert!(people.is_due(), "they were never looked at");
        people.refresh().expect("a set of keys");
        assert!(!people.is_due());
        let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ";
        assert_eq!(people.read(&format!("{header}.e30.AA"), Time::now()), Err(OidcRefusal::KeyUnknown));
        assert!(!people.is_due(), "the last look was a moment ago");
        *people.asked.lock().expect("nobody holds it") = Instant::now().checked_sub(PAUSE);
        assert!(people.is_due() && !people.is_due());
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(people(dir.path(), "none.json").refresh().map_err(|fault| fault.code), Err("provider_keys_unreadable"));
    }
}
