//! Who is let in: what a server knows of keys and secrets, and who a request comes from by what it presents. Decides nothing
//! about operations; `auth` does.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use subtle::ConstantTimeEq;

use super::app::Limits;
use super::people::People;
use super::sessions::Sessions;
use crate::access::{Bucket, Claims, Identity, Key, KeyKind, Keys, Kind, OidcRefusal, Presented, Provider, Rate, Refusal, Secret, Subject};
use crate::engine::Engine;
use crate::model::{Fault, FaultClass, Time};

/// Buckets that are remembered; those that are full go first.
const BUCKETS_MAX: usize = 16_384;

/// What a server tells those who want in.
#[derive(Debug)]
pub(crate) struct Gate {
    /// None where no socket is crossed: everything comes from the owner of the directory.
    served: Option<Served>,
    /// The keys, once the engine is open.
    keys: ArcSwapOption<Keys>,
    /// Held while keys are read anew, so that an older reading never comes after a newer one.
    reloading: Mutex<()>,
    /// Told whenever the keys were read anew.
    changed: tokio::sync::watch::Sender<()>,
    used: Mutex<HashMap<String, Time>>,
    sessions: Sessions,
    rates: Rates,
}

/// What a server that listens knows.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// The secret of this run, for commands of who owns the directory.
    pub(crate) run: String,
    /// The secret of the directory, from which tokens are issued.
    pub(crate) secret: Secret,
    /// People of an identity provider: where there is one, everybody has to sign in even though no key was made yet.
    pub(crate) people: Option<Arc<People>>,
}

impl Gate {
    /// Everything comes from the owner of the directory.
    pub(crate) fn open() -> Self {
        Self::with(None, &Limits::default())
    }

    /// A server that listens.
    pub(crate) fn serving(served: Served, limits: &Limits) -> Self {
        Self::with(Some(served), limits)
    }

    fn with(served: Option<Served>, limits: &Limits) -> Self {
        Self {
            served,
            keys: ArcSwapOption::empty(),
            reloading: Mutex::default(),
            changed: tokio::sync::watch::Sender::new(()),
            used: Mutex::default(),
            sessions: Sessions::default(),
            rates: Rates::new(limits),
        }
    }

    /// Takes in the keys that there now are.
    pub(crate) fn reload(&self, read: impl FnOnce() -> Result<Keys, Fault>) -> Result<(), Fault> {
        let _alone = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        self.keys.store(Some(read()?.into()));
        self.changed.send_replace(());
        Ok(())
    }

    /// Tells of each later change of the keys.
    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// When a key was last used since the server began.
    pub(crate) fn last_used(&self, key: &str) -> Option<Time> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    /// What is needed to issue tokens; none where no socket is crossed.
    pub(crate) fn served(&self) -> Option<&Served> {
        self.served.as_ref()
    }

    /// Whether everybody has to sign in. A directory that ever had a key stays closed, or revoking the last one would open it.
    pub(crate) fn is_closed(&self) -> Result<bool, Fault> {
        let Some(served) = &self.served else { return Ok(false) };
        Ok(served.people.is_some() || self.keys()?.as_ref().is_some_and(|keys| !keys.is_empty()))
    }

    fn keys(&self) -> Result<arc_swap::Guard<Option<Arc<Keys>>>, Fault> {
        let keys = self.keys.load();
        if keys.is_some() { Ok(keys) } else { Err(super::app::starting()) }
    }

    /// Who holds `token`, or nobody.
    pub(crate) fn recognise(&self, token: Option<&str>, now: Time) -> Result<Identity, Fault> {
        let Some(served) = &self.served else { return Ok(Identity::local()) };
        if self.is_owner(token) {
            return Ok(Identity::local());
        }
        if !self.is_closed()? {
            return Ok(Identity::local());
        }
        match token {
            None => Err(missing()),
            Some(token) => self.holder(served, token, now),
        }
    }

    fn holder(&self, served: &Served, token: &str, now: Time) -> Result<Identity, Fault> {
        if Sessions::names(token) {
            // The session keeps what the provider said; what that opens is what the settings say now.
            let said = self.sessions.find(token, now);
            let person = said.zip(served.people.as_ref()).and_then(|(said, people)| people.provider().person_of(&said));
            return person
                .ok_or_else(|| Fault::new(FaultClass::Invalid, "token_expired", "the session is over").with_hint("sign in again"));
        }
        if Secret::issues(token) {
            let (subject, expires) = served.secret.read(token).ok_or_else(wrong)?;
            if expires <= now {
                return Err(expired());
            }
            return self.subject(subject, now);
        }
        if let Some(people) = served.people.as_ref().filter(|_| Provider::signs(token)) {
            return people.read(token, now).map_err(|refusal| match refusal {
                OidcRefusal::Expired => expired(),
                OidcRefusal::KeyUnknown | OidcRefusal::Wrong => wrong(),
            });
        }
        let presented = Presented::parse(token).ok_or_else(wrong)?;
        let keys = self.keys()?;
        let key = keys.as_deref().ok_or_else(wrong)?.find(presented, now).map_err(refused)?;
        match key.kind {
            KeyKind::Key => Ok(key.identity()),
            KeyKind::Principal => {
                Err(wrong().with_hint("this is the secret of a service principal: it buys a token at `/TENANT/oauth2/v2.0/token`"))
            }
        }
    }

    /// The people whose provider's keys it is time to look at again. Says so once.
    pub(crate) fn people_due(&self) -> Option<Arc<People>> {
        self.served.as_ref().and_then(|served| served.people.as_ref()).filter(|people| people.is_due()).cloned()
    }

    /// Looks at the keys of the identity provider again; gives whether it could.
    pub(crate) async fn renew(people: Arc<People>, engine: Option<Arc<Engine>>) -> bool {
        let refresh = move || {
            let outside = engine.map(|engine| engine.outside()).transpose()?;
            people.refresh(outside.as_ref())
        };
        match tokio::task::spawn_blocking(refresh).await {
            Ok(Ok(())) => true,
            Ok(Err(fault)) => {
                tracing::warn!(code = fault.code, detail = fault.message, "the keys of the identity provider stay as they were");
                false
            }
            Err(_) => false,
        }
    }

    /// Begins a session of `person`, who signed in; gives the text that opens it.
    pub(crate) fn begin_session(&self, person: &Identity, said: Claims, now: Time, expires: Time) -> Result<String, Fault> {
        self.sessions.begin(&person.id, said, now, expires)
    }

    /// Ends a session, and what is open in it.
    pub(crate) fn end_session(&self, text: &str) -> bool {
        let ended = self.sessions.end(text);
        if ended {
            self.changed.send_replace(());
        }
        ended
    }

    /// Whether a text is the secret of this run, which only who owns the directory reads.
    pub(crate) fn is_owner(&self, token: Option<&str>) -> bool {
        let run = self.served.as_ref().map(|served| served.run.as_bytes());
        token.zip(run).is_some_and(|(token, run)| token.as_bytes().ct_eq(run).into())
    }

    /// Who `subject` is by now.
    pub(crate) fn subject(&self, subject: Subject, now: Time) -> Result<Identity, Fault> {
        match subject {
            // Issued while the server was open to all; now it is not.
            Subject::Anybody if self.is_closed()? => Err(wrong()),
            Subject::Anybody | Subject::Owner => Ok(Identity::local()),
            Subject::Key(id) => {
                let keys = self.keys()?;
                let key = keys.as_deref().and_then(|keys| keys.get(id)).ok_or_else(wrong)?;
                key.valid(now).map(Key::identity).map_err(refused)
            }
        }
    }

    /// Whether somebody is a service principal: a program, never a person.
    pub(crate) fn is_principal(&self, identity: &Identity) -> bool {
        let keys = self.keys.load();
        let key = keys.as_deref().zip(identity.id.parse().ok()).and_then(|(keys, id)| keys.get(id));
        identity.kind == Kind::Key && key.is_some_and(|key| key.kind == KeyKind::Principal)
    }

    /// The id of the key that a client presents with its secret.
    pub(crate) fn principal(&self, presented: Presented<'_>, now: Time) -> Result<(Subject, Option<Time>), Fault> {
        let keys = self.keys()?;
        let key = keys.as_deref().ok_or_else(wrong)?.find(presented, now).map_err(refused)?;
        let id = key.id.parse().map_err(|_| wrong())?;
        Ok((Subject::Key(id), key.expires))
    }

    /// Counts a request of somebody who was recognised; the seconds to wait if there were too many.
    pub(crate) fn count(&self, identity: &Identity) -> Result<(), Fault> {
        match identity.kind {
            Kind::Local => return Ok(()),
            // As many as there are keys.
            Kind::Key => drop(self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(identity.id.clone(), Time::now())),
            Kind::Person => {}
        }
        self.rates.take(Who::Known(identity.id.clone()), self.rates.known).map_err(|seconds| {
            let rate = self.rates.known;
            limited(
                seconds,
                format!(
                    "expected at most {} requests a second, {} at once, of one key (`requests_per_second_max`)",
                    rate.per_second, rate.burst
                ),
            )
        })
    }

    /// Counts a request that was refused for what it presented; an error if its address had too many of them.
    pub(crate) fn count_refused(&self, address: Option<IpAddr>) -> Result<(), Fault> {
        let Some(address) = address else { return Ok(()) };
        self.rates.take(Who::Unknown(address), self.rates.unknown).map_err(|seconds| {
            limited(
                seconds,
                format!(
                    "expected at most {} refused requests a second of one address (`refusals_per_second_max`)",
                    self.rates.unknown.per_second
                ),
            )
        })
    }
}

fn limited(seconds: f64, message: String) -> Fault {
    let seconds = seconds.ceil().max(1.0) as u32;
    Fault::new(FaultClass::Limit, "rate_limited", message).with_hint(format!("ask again in {seconds} s")).retry_after(seconds)
}

/// Nothing was presented where something is needed.
pub(crate) fn missing() -> Fault {
    Fault::new(FaultClass::Invalid, "token_missing", "expected the header `Authorization: Bearer TOKEN`, found none")
        .with_hint("`clew key create --role ROLE` gives a token")
}

fn wrong() -> Fault {
    Fault::new(FaultClass::Invalid, "token_invalid", "the token opens nothing here")
        .with_hint("it may be revoked or of another server: `clew key list` shows what there is")
}

fn expired() -> Fault {
    Fault::new(FaultClass::Invalid, "token_expired", "the time of the token is over").with_hint("get a new one")
}

fn refused(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::Wrong => wrong(),
        Refusal::Expired => expired(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Known(String),
    Unknown(IpAddr),
}

#[derive(Debug)]
struct Rates {
    known: Rate,
    unknown: Rate,
    began: Instant,
    buckets: Mutex<HashMap<Who, Bucket>>,
}

impl Rates {
    fn new(limits: &Limits) -> Self {
        Self {
            known: Rate { per_second: limits.requests_per_second_max, burst: limits.requests_burst_max },
            unknown: Rate { per_second: limits.refusals_per_second_max, burst: limits.refusals_burst_max },
            began: Instant::now(),
            buckets: Mutex::default(),
        }
    }

    fn take(&self, who: Who, rate: Rate) -> Result<(), f64> {
        let now = self.began.elapsed().as_secs_f64();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&who) {
            buckets.retain(|who, bucket| !bucket.is_full(if matches!(who, Who::Known(_)) { self.known } else { self.unknown }, now));
            // An attacker with many addresses must not make the table grow: then nobody's debts are remembered.
            if buckets.len() >= BUCKETS_MAX {
                buckets.retain(|who, _| matches!(who, Who::Known(_)));
            }
        }
        buckets.entry(who).or_insert_with(|| Bucket::full(rate, now)).take(rate, now)
    }
}
