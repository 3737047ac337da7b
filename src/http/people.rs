//! People who sign in with an identity provider: its keys and endpoints, kept and asked for again when they change, and the code that
//! becomes a token. Reads no token itself; who may come in is settled by `access`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::server;
use crate::access::{Claims, ClientAuth, Identity, OidcRefusal, Provider, Settings, provider_keys};
use crate::engine::Outside;
use crate::model::{Fault, FaultClass, Time};

/// Looks at the provider's keys that tokens with a strange key may bring about one after the other: a key that the provider begins to
/// sign with is known at once, and yet strange tokens cannot make this server ask and ask.
const LOOKS_MAX: u32 = 3;
/// Time in which one of these looks comes back.
const PAUSE: Duration = Duration::from_secs(60);
/// Shortest time between two looks.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// Time after which the keys are looked at again, so that those that the provider withdrew end.
const AGE_MAX: Duration = Duration::from_secs(3_600);
/// Time for which a provider that could not be asked is not asked again.
const FAILED: Duration = Duration::from_secs(5);
/// Calls of sign-ins to the provider at one time: whoever nobody knows must not hold every thread of the server.
const CALLS_MAX: usize = 8;

/// The provider and its keys.
#[derive(Debug)]
pub(crate) struct People {
    provider: ArcSwap<Provider>,
    dir: PathBuf,
    /// The settings as they were last read.
    read: Mutex<Mark>,
    keys: ArcSwap<JwkSet>,
    /// When the keys were last asked for.
    asked: Mutex<Option<Instant>>,
    /// Looks for strange keys that are left, and since when.
    looks: Mutex<(u32, Option<Instant>)>,
    /// Whether a token named a key that is not known.
    wanted: AtomicBool,
    /// What the issuer says of itself, or why it could not be asked, and since when.
    described: Mutex<Option<(Instant, Result<Arc<Description>, Fault>)>>,
    /// Places for calls of sign-ins.
    calls: Arc<Semaphore>,
}

/// By what a changed file of settings is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark(Option<(SystemTime, u64)>);

impl Mark {
    fn of(dir: &Path) -> Self {
        let said = std::fs::metadata(dir.join(server::SETTINGS)).ok();
        Self(said.and_then(|said| Some((said.modified().ok()?, said.len()))))
    }
}

/// What an issuer says of itself.
#[derive(Clone, Debug, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// What the endpoint answers that gives tokens.
#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
}

impl People {
    /// The people of a provider, whose files lie in `dir`; no key is known yet.
    pub(crate) fn new(provider: Provider, dir: &Path) -> Self {
        let keys = ArcSwap::from_pointee(JwkSet { keys: Vec::new() });
        let (asked, described, read) = (Mutex::new(None), Mutex::new(None), Mutex::default());
        let provider = ArcSwap::from_pointee(provider);
        let (wanted, calls) = (AtomicBool::new(false), Arc::new(Semaphore::new(CALLS_MAX)));
        let looks = Mutex::new((LOOKS_MAX, None));
        Self { provider, dir: dir.to_owned(), read, keys, asked, looks, wanted, described, calls }
    }

    /// The provider, as `access.toml` says now: whoever loses a role there loses it with the next request.
    pub(crate) fn provider(&self) -> Arc<Provider> {
        let mark = Mark::of(&self.dir);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *read != mark {
            *read = mark;
            self.take(server::settings(&self.dir));
        }
        self.provider.load_full()
    }

    /// Takes settings that changed; what cannot be read changes nothing.
    fn take(&self, settings: Result<Settings, Fault>) {
        let before = self.provider.load_full();
        let after = match settings {
            // The settings may have lost their provider; those who came in by it have nothing here any more.
            Ok(settings) => settings.oidc.unwrap_or_else(|| before.without_roles()),
            Err(fault) => {
                tracing::error!(code = fault.code, detail = fault.message, "roles stay as they were until the settings can be read");
                return;
            }
        };
        if after.keys_differ(&before) {
            self.keys.store(JwkSet { keys: Vec::new() }.into());
            *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = None;
            *self.described.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.provider.store(after.into());
    }

    /// A place for one call of a sign-in; `provider_unusable` if none gets free for a while.
    pub(crate) async fn call(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let place = tokio::time::timeout(FAILED, Arc::clone(&self.calls).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or_else(|| unusable("too many sign-ins wait for it"))
    }

    /// Who a token stands for.
    pub(crate) fn read(&self, token: &str, now: Time) -> Result<Identity, OidcRefusal> {
        let read = self.provider().read(&self.keys.load(), token, now);
        if read == Err(OidcRefusal::KeyUnknown) {
            self.wanted.store(true, Ordering::Relaxed);
        }
        read
    }

    /// Whether it is time to look at the keys again: they are old, or a token named another and few looks came of that lately.
    /// Says so once.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&self, now: Instant) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let age = asked.map_or(Duration::MAX, |asked| now.saturating_duration_since(asked));
        let strange = || age >= PAUSE_MIN && self.wanted.load(Ordering::Relaxed) && self.takes_look(now);
        let due = age >= AGE_MAX || strange();
        if due {
            *asked = Some(now);
            self.wanted.store(false, Ordering::Relaxed);
        }
        due
    }

    /// Whether a look is left that strange tokens may bring about; one comes back in each pause.
    fn takes_look(&self, now: Instant) -> bool {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = *looks;
        let since = since.unwrap_or(now);
        let back = u32::try_from(now.saturating_duration_since(since).as_secs() / PAUSE.as_secs()).unwrap_or(u32::MAX);
        let left = left.saturating_add(back).min(LOOKS_MAX);
        let since = if left == LOOKS_MAX { now } else { since + PAUSE * back };
        *looks = (left.saturating_sub(1), Some(since));
        left > 0
    }

    /// Asks for the keys and takes them; those before stay if that fails. Where only the issuer's description says where they
    /// are, nothing happens until something `outside` may be asked. Blocks.
    pub(crate) fn refresh(&self, outside: Option<&Outside>) -> Result<(), Fault> {
        let mark = || *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let provider = self.provider();
        let (bytes, place) = match (&provider.keys_file, &provider.keys_url, outside) {
            (Some(file), ..) => {
                mark();
                (std::fs::read(self.dir.join(file)).map_err(|error| unreadable(file, &error))?, file.clone())
            }
            (None, Some(url), _) => {
                mark();
                // Whoever writes the settings names the host in them; all else is as for any call outside.
                let fetch = || self.trusting(&Outside::named(url)?)?.get(url);
                (fetch().map_err(|fault| unreadable(url, &fault.message))?, url.clone())
            }
            (None, None, Some(outside)) => {
                mark();
                let outside = self.trusting(outside)?;
                let url = self.description(&outside)?.jwks_uri.clone();
                (outside.get(&url)?, url)
            }
            (None, None, None) => return Ok(()),
        };
        let keys = provider_keys(&bytes).map_err(|error| unreadable(&place, &error))?;
        tracing::info!(keys = keys.keys.len(), %place, "keys of the identity provider");
        self.keys.store(keys.into());
        Ok(())
    }

    /// Where people sign in. Blocks.
    pub(crate) fn authorization_url(&self, outside: &Outside) -> Result<url::Url, Fault> {
        let place = match &self.provider().authorization_url {
            Some(url) => url.clone(),
            None => self.description(&self.trusting(outside)?)?.authorization_endpoint.clone(),
        };
        url::Url::parse(&place).map_err(|error| unusable(&format!("its `authorization_endpoint` is no address: {error}")))
    }

    /// Who signed in and what the provider says of them, by the code that it sent back with the browser. Blocks.
    ///
    /// Errors: of the egress policy; `provider_unusable`, `outside_unreachable`; `sign_in_refused`, if the provider gives no token
    /// for the code or one that is not for this sign-in.
    pub(crate) fn sign_in(&self, outside: &Outside, code: &Code<'_>, now: Time) -> Result<(Identity, Claims), Fault> {
        let outside = self.trusting(outside)?;
        let token = self.exchange(&outside, code)?;
        let provider = self.provider();
        let read = || {
            let said = provider.signed_in(&self.keys.load(), &token, code.nonce, now)?;
            provider.person_of(&said).map(|person| (person, said)).ok_or(OidcRefusal::Wrong)
        };
        let signed_in = match read() {
            // Nobody but the provider can make this server look again here.
            Err(OidcRefusal::KeyUnknown) => {
                self.refresh(Some(&outside))?;
                read()
            }
            other => other,
        };
        signed_in.map_err(|refusal| {
            let why = match refusal {
                OidcRefusal::KeyUnknown => "its key is not among those of the provider",
                OidcRefusal::Expired => "its time is over",
                OidcRefusal::Wrong => "issuer, audience, nonce or signature are not as they must be",
            };
            denied(&format!("the provider's token is not taken: {why}"))
        })
    }

    fn exchange(&self, outside: &Outside, code: &Code<'_>) -> Result<String, Fault> {
        let provider = self.provider();
        let client = provider.client_id.as_deref().unwrap_or_default();
        let (place, auth) = match &provider.token_url {
            Some(url) => (url.clone(), ClientAuth::Basic),
            None => {
                let said = self.description(outside)?;
                let takes = |method: &str| said.token_endpoint_auth_methods_supported.iter().any(|taken| taken == method);
                let post = takes("client_secret_post") && !takes("client_secret_basic");
                (said.token_endpoint.clone(), if post { ClientAuth::Post } else { ClientAuth::Basic })
            }
        };
        let secret = match &provider.client_secret_file {
            Some(file) => Some(std::fs::read_to_string(self.dir.join(file)).map_err(|error| unusable(&format!("`{file}`: {error}")))?),
            None => None,
        };
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.code),
            ("redirect_uri", code.redirect),
            ("code_verifier", code.verifier),
            ("client_id", client),
        ];
        let mut header = None;
        match (secret.as_deref().map(str::trim), provider.client_auth.unwrap_or(auth)) {
            (Some(secret), ClientAuth::Basic) => {
                let coded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                header = Some(format!("Basic {}", BASE64.encode(format!("{}:{}", coded(client), coded(secret)))));
            }
            (Some(secret), ClientAuth::Post) => form.push(("client_secret", secret)),
            (None, _) => {}
        }
        let (status, body) = outside.post_form(&place, &form, header.as_deref())?;
        let given: Given = serde_json::from_slice(&body)
            .map_err(|error| unusable(&format!("the answer to the code, of status {status}, cannot be read: {error}")))?;
        match given {
            Given { error: Some(error), error_description, .. } => {
                Err(denied(&format!("the provider answered {status} to the code: {error} {}", error_description.unwrap_or_default())))
            }
            Given { id_token: Some(token), .. } if status == 200 => Ok(token),
            _ => Err(unusable(&format!("the answer to the code, of status {status}, holds no `id_token`"))),
        }
    }

    /// What the issuer says of itself, asked for again after a while. It has to be what the settings call it.
    fn description(&self, outside: &Outside) -> Result<Arc<Description>, Fault> {
        // Before the lock: settings that changed forget the description.
        let issuer = self.provider().issuer.clone();
        self.described_by(|| {
            let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            let said: Description = serde_json::from_slice(&outside.get(&place)?)
                .map_err(|error| unusable(&format!("its description at `{place}` cannot be read: {error}")))?;
            if said.issuer != issuer {
                return Err(unusable(&format!("expected the issuer `{issuer}`, found `{}`", said.issuer)));
            }
            Ok(said)
        })
    }

    /// The description that is known, or that `ask` brings; one that failed for want of an answer stands for a moment.
    fn described_by(&self, ask: impl FnOnce() -> Result<Description, Fault>) -> Result<Arc<Description>, Fault> {
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, known)) = described.as_ref() {
            let holds = if known.is_ok() { AGE_MAX } else { FAILED };
            if since.elapsed() < holds {
                return known.clone();
            }
        }
        let said = ask().map(Arc::new);
        if !said.as_ref().is_err_and(|fault| fault.class != FaultClass::Unavailable) {
            *described = Some((Instant::now(), said.clone()));
        }
        said
    }

    /// `outside`, where the authorities of the settings vouch for the provider.
    fn trusting(&self, outside: &Outside) -> Result<Outside, Fault> {
        match &self.provider().ca_file {
            Some(file) => outside.clone().trusting(&std::fs::read(self.dir.join(file)).map_err(|error| unreadable(file, &error))?),
            None => Ok(outside.clone()),
        }
    }
}

/// What came back from the provider, and what proves that it was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Code<'a> {
    /// The code.
    pub(crate) code: &'a str,
    /// Where the provider sent the browser.
    pub(crate) redirect: &'a str,
    /// What the provider learned the hash of.
    pub(crate) verifier: &'a str,
    /// What the token has to repeat.
    pub(crate) nonce: &'a str,
}

fn denied(message: &str) -> Fault {
    Fault::new(FaultClass::Invalid, "sign_in_refused", message)
}

fn unusable(why: &str) -> Fault {
    Fault::new(FaultClass::Unavailable, "provider_unusable", format!("the identity provider cannot be used: {why}"))
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
        people.refresh(None).expect("a set of keys");
        assert!(!people.is_due());
        let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ";
        assert_eq!(people.read(&format!("{header}.e30.AA"), Time::now()), Err(OidcRefusal::KeyUnknown));
        assert!(!people.is_due(), "the last look was a moment ago");
        // Strange tokens without end, one a second: a key that is really new is known soon, and the provider is left alone.
        let begin = Instant::now();
        let looks: Vec<u64> = (0..600)
            .filter(|second| {
                people.wanted.store(true, Ordering::Relaxed);
                people.is_due_at(begin + Duration::from_secs(*second))
            })
            .collect();
        assert_eq!(looks, [2, 4, 6, 62, 122, 182, 242, 302, 362, 422, 482, 542]);
        // After a quiet time the next one is looked for at once.
        people.wanted.store(true, Ordering::Relaxed);
        assert!(people.is_due_at(begin + Duration::from_secs(1_000)));
        people.wanted.store(true, Ordering::Relaxed);
        assert!(people.is_due_at(begin + Duration::from_secs(1_003)));
        assert!(!people.is_due_at(begin + Duration::from_secs(1_100)), "nobody named a strange key");
    }

    #[test]
    fn a_provider_that_does_not_answer_is_not_asked_again_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let people = people(dir.path(), "keys.json");
        let asked = std::cell::Cell::new(0);
        let ask = |fault: Fault| {
            let ask = || {
                asked.set(asked.get() + 1);
                Err(fault)
            };
            people.described_by(ask).expect_err("nothing is said").code
        };
        let denied = || Fault::new(FaultClass::Invalid, "host_not_allowed", "no");
        assert_eq!((ask(denied()), ask(denied()), asked.get()), ("host_not_allowed", "host_not_allowed", 2), "a policy may change");
        let codes = (ask(unusable("silent")), ask(unusable("silent")));
        assert_eq!((codes, asked.get()), (("provider_unusable", "provider_unusable"), 3));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(people(dir.path(), "none.json").refresh(None).map_err(|fault| fault.code), Err("provider_keys_unreadable"));
    }
}
