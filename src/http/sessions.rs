//! Sessions of people who signed in from the page: a table in memory, bounded, by the hash of what the browser keeps. They end
//! with the server, and nobody is remembered longer than a session lasts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::access::{self, Claims};
use crate::model::{Fault, Time};

/// Sessions at a time; the one that ends first goes when there are more.
const SESSIONS_MAX: usize = 10_000;
/// Sessions of one person, so that nobody drives the others out.
const SESSIONS_PER_PERSON_MAX: usize = 32;
/// How the texts of sessions begin.
const PREFIX: &str = "clews_";

/// The sessions of a server.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<blake3::Hash, Session>>);

#[derive(Clone, Debug)]
struct Session {
    /// Id of the person.
    person: String,
    /// What the provider said; what it opens is settled at each use.
    said: Arc<Claims>,
    expires: Time,
}

impl Sessions {
    /// Whether a text looks like that of a session.
    pub(crate) fn names(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Begins a session of `person`; gives the text that opens it.
    pub(crate) fn begin(&self, person: &str, said: Claims, now: Time, expires: Time) -> Result<String, Fault> {
        let text = format!("{PREFIX}{}", BASE64.encode(access::random::<32>()?));
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |session: &Session| session.person == person;
        if sessions.values().filter(|session| own(session)).count() >= SESSIONS_PER_PERSON_MAX {
            end_first(&mut sessions, own);
        }
        if sessions.len() >= SESSIONS_MAX {
            sessions.retain(|_, session| session.expires > now);
            if sessions.len() >= SESSIONS_MAX {
                end_first(&mut sessions, |_| true);
            }
        }
        sessions.insert(blake3::hash(text.as_bytes()), Session { person: person.to_owned(), said: Arc::new(said), expires });
        Ok(text)
    }

    /// What the provider said of the person whose session a text opens; none if it is over.
    pub(crate) fn find(&self, text: &str, now: Time) -> Option<Arc<Claims>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = blake3::hash(text.as_bytes());
        if sessions.get(&key)?.expires <= now {
            sessions.remove(&key);
        }
        sessions.get(&key).map(|session| Arc::clone(&session.said))
    }

    /// Ends the session that a text opens; gives whether there was one.
    pub(crate) fn end(&self, text: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&blake3::hash(text.as_bytes())).is_some()
    }
}

fn end_first(sessions: &mut HashMap<blake3::Hash, Session>, among: impl Fn(&Session) -> bool) {
    let first = sessions.iter().filter(|(_, session)| among(session)).min_by_key(|(_, session)| session.expires);
    if let Some(first) = first.map(|(key, _)| *key) {
        sessions.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str) -> Claims {
        Claims::said(serde_json::json!({"sub": id}))
    }

    #[test]
    fn a_session_opens_until_it_ends() {
        let sessions = Sessions::default();
        let at = Time::from_micros;
        let begin = |id: &str, expires| sessions.begin(id, said(id), at(0), at(expires)).expect("random bytes");
        let (one, other) = (begin("a", 10), begin("b", 20));
        assert!(Sessions::names(&one) && one != other);
        assert_eq!(sessions.find(&one, at(9)), Some(Arc::new(said("a"))));
        assert_eq!(sessions.find(&one, at(10)), None, "its time is over");
        assert_eq!(sessions.find(&one, at(9)), None, "and it was forgotten");
        assert!(sessions.end(&other) && !sessions.end(&other));
        assert_eq!(sessions.find(&other, at(0)), None);
        assert_eq!(sessions.find("clews_", at(0)), None);
    }

    #[test]
    fn nobody_has_more_than_their_share() {
        let sessions = Sessions::default();
        let begin =
            |id: &str, expires| sessions.begin(id, said(id), Time::from_micros(0), Time::from_micros(expires)).expect("random bytes");
        let kept = begin("b", 5);
        let all: Vec<String> = (0..SESSIONS_PER_PERSON_MAX as i64 + 2).map(|number| begin("a", 100 + number)).collect();
        let open = |text: &String| sessions.find(text, Time::from_micros(0)).is_some();
        assert!(open(&kept) && !open(&all[0]) && !open(&all[1]) && all[2..].iter().all(open));
    }
}
