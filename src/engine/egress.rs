//! Calls outside: resolved first, to checked addresses only, without redirects, signed, bounded in time and size.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::Engine;
use crate::model::{Fault, FaultClass, Time};
use crate::triage::egress::EgressPolicy;

/// Longest time of one call, from the look-up of the name to the end of the reply.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Bundles of certificates of the usual systems.
const BUNDLES: [&str; 4] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"];
/// Bytes of a reply that are read.
const REPLY_BYTES_MAX: u64 = 64 << 10;
/// Bytes of an answer that the server asked for itself.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// Code of a fault: the name of a host cannot be looked up.
const HOST_UNKNOWN: &str = "host_unknown";
/// Characters of a reply that a result keeps.
const EXCERPT_CHARS: usize = 200;

/// A call that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    /// The address.
    pub(super) url: &'a str,
    /// Names the delivery: the same at each attempt.
    pub(super) id: &'a str,
    /// The secret of the signature; none if it is empty.
    pub(super) secret: &'a str,
    /// Further headers.
    pub(super) headers: Vec<(&'a str, &'a str)>,
    /// Type of the body.
    pub(super) content_type: &'a str,
    /// The body.
    pub(super) body: &'a [u8],
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// What happened.
    pub(super) message: String,
    /// Whether it may help to try again.
    pub(super) again: bool,
    /// Whether the host said nothing, so that it would say nothing to the next call either.
    pub(super) silent: bool,
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self { again: fault.class == FaultClass::Unavailable, message: fault.message, silent: false }
    }
}

/// The addresses of a host that a policy lets be called; an error if one of them must not be: a name is one place or none.
pub(super) fn resolve(policy: &EgressPolicy, scheme: &str, host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
    policy.check_host(scheme, host)?;
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let (found, answer) = mpsc::sync_channel(1);
    let looked_up = name.clone();
    std::thread::spawn(move || found.send((looked_up.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
    let unknown = |error: &dyn std::fmt::Display| {
        Fault::new(FaultClass::Unavailable, HOST_UNKNOWN, format!("the host `{name}` cannot be looked up: {error}"))
    };
    let addresses = answer.recv_timeout(TIME_MAX).map_err(|error| unknown(&error))?.map_err(|error| unknown(&error))?;
    if addresses.is_empty() {
        return Err(unknown(&"it has no address"));
    }
    for address in &addresses {
        policy.check_address(address.ip())?;
    }
    Ok(addresses)
}

/// Gives the addresses that were checked, whatever is asked for.
#[derive(Debug)]
struct Checked(Vec<SocketAddr>);

impl Resolver for Checked {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        self.0.iter().take(16).for_each(|address| found.push(*address));
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

/// The file of the authorities that the system trusts, or the one that `SSL_CERT_FILE` names.
pub(super) fn bundle() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.or_else(|| BUNDLES.iter().map(PathBuf::from).find(|path| path.exists()))
}

/// The authorities of that file, read once; the public ones that come with the program on a system without it.
fn trusted() -> RootCerts {
    static TRUSTED: OnceLock<RootCerts> = OnceLock::new();
    let read = || {
        let found = bundle().and_then(|bundle| std::fs::read(bundle).ok()).map(|pem| certificates(&pem)).filter(|found| !found.is_empty());
        found.map_or(RootCerts::WebPki, |found| RootCerts::Specific(Arc::new(found)))
    };
    TRUSTED.get_or_init(read).clone()
}

fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(pem).filter_map(certificate).collect()
}

/// A client that reaches the checked addresses of one url, and nothing else.
fn agent(policy: &EgressPolicy, url: &str, roots: Option<&RootCerts>) -> Result<(ureq::Agent, url::Url), Fault> {
    let invalid = |error| Fault::new(FaultClass::Invalid, "egress_url", format!("`{url}` is no address: {error}"));
    let url = url::Url::parse(url).map_err(invalid)?;
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses = resolve(policy, url.scheme(), url.host_str().unwrap_or_default(), port)?;
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(TIME_MAX))
        .user_agent(concat!("clew/", env!("CARGO_PKG_VERSION")));
    let roots = roots.cloned().unwrap_or_else(trusted);
    config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    Ok((ureq::Agent::with_parts(config.build(), DefaultConnector::default(), Checked(addresses)), url))
}

/// Calls that the server makes for itself, under the egress policy of a workspace.
#[derive(Clone, Debug)]
pub struct Outside {
    policy: EgressPolicy,
    roots: Option<RootCerts>,
}

impl Engine {
    /// What may be called outside, as the policy of this workspace says.
    pub fn outside(&self) -> Result<Outside, Fault> {
        Ok(Outside { policy: EgressPolicy::of(&self.context())?, roots: None })
    }
}

impl Outside {
    /// Calls to the host of an address that the operator's own settings name, wherever it lies, and to no other.
    pub fn named(url: &str) -> Result<Self, Fault> {
        let invalid = |why: &dyn std::fmt::Display| Fault::new(FaultClass::Invalid, "egress_url", format!("`{url}` is no address: {why}"));
        let parsed = url::Url::parse(url).map_err(|error| invalid(&error))?;
        let host = parsed.host_str().ok_or_else(|| invalid(&"it names no host"))?;
        Ok(Self { policy: EgressPolicy { hosts: vec![host.to_owned()], private: true }, roots: None })
    }

    /// The same, where the authorities of a PEM text vouch for others instead of the public ones.
    pub fn trusting(self, pem: &[u8]) -> Result<Self, Fault> {
        let invalid = || Fault::new(FaultClass::Invalid, "authority_unreadable", "expected certificates of authorities as PEM");
        let found = certificates(pem);
        if found.is_empty() { Err(invalid()) } else { Ok(Self { roots: Some(RootCerts::Specific(Arc::new(found))), ..self }) }
    }

    /// The body of a page that is there.
    pub fn get(&self, url: &str) -> Result<Vec<u8>, Fault> {
        let (agent, url) = agent(&self.policy, url, self.roots.as_ref())?;
        let answer = agent.get(url.as_str()).header("accept", "application/json").call();
        match read(&url, answer)? {
            (200, body) => Ok(body),
            (status, _) => Err(unreached(&url, &format!("it answered {status}"))),
        }
    }

    /// Status and body of the answer to a form.
    pub fn post_form(&self, url: &str, form: &[(&str, &str)], authorization: Option<&str>) -> Result<(u16, Vec<u8>), Fault> {
        let (agent, url) = agent(&self.policy, url, self.roots.as_ref())?;
        let mut request = agent.post(url.as_str()).header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        read(&url, request.send_form(form.iter().copied()))
    }
}

fn read(url: &url::Url, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Vec<u8>), Fault> {
    let mut answer = answer.map_err(|error| unreached(url, &error))?;
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(|error| unreached(url, &error))?;
    Ok((answer.status().as_u16(), body))
}

fn unreached(url: &url::Url, why: &dyn std::fmt::Display) -> Fault {
    let host = url.host_str().unwrap_or_default();
    Fault::new(FaultClass::Unavailable, "outside_unreachable", format!("`{host}` cannot be asked: {why}"))
}

/// Posts a body; gives the status of a success.
pub(super) fn post(policy: &EgressPolicy, call: &Call<'_>, now: Time) -> Result<u16, Failed> {
    let (agent, url) = agent(policy, call.url, None).map_err(|fault| Failed { silent: fault.code == HOST_UNKNOWN, ..fault.into() })?;
    let host = url.host_str().unwrap_or_default();
    let stamp = now.micros().div_euclid(1_000_000).to_string();
    let mut request =
        agent.post(url.as_str()).content_type(call.content_type).header("webhook-id", call.id).header("webhook-timestamp", &stamp);
    if !call.secret.is_empty() {
        request = request.header("webhook-signature", sign(call.secret, call.id, &stamp, call.body));
    }
    for (name, value) in &call.headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.send(call.body).map_err(|error| Failed { message: format!("{host}: {error}"), again: true, silent: true })?;
    let status = answer.status().as_u16();
    if (200..300).contains(&status) {
        return Ok(status);
    }
    let reply = answer.body_mut().with_config().limit(REPLY_BYTES_MAX).read_to_string().unwrap_or_default();
    let excerpt: String = reply.chars().filter(|char| !char.is_control()).take(EXCERPT_CHARS).collect();
    let message = if excerpt.is_empty() { format!("{host} answered {status}") } else { format!("{host} answered {status}: {excerpt}") };
    Err(Failed { message, again: matches!(status, 408 | 425 | 429 | 500..), silent: false })
}

/// The signature of a delivery, as the Standard Webhooks describe it: HMAC-SHA256 over id, time and body.
fn sign(secret: &str, id: &str, stamp: &str, body: &[u8]) -> String {
    let coded = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, coded.as_deref().unwrap_or(secret.as_bytes()));
    let mut context = hmac::Context::with_key(&key);
    for part in [id.as_bytes(), b".", stamp.as_bytes(), b".", body] {
        context.update(part);
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

/// How long to wait after the given number of attempts: longer each time, spread a little so that many do not come at once.
pub(super) fn pause(id: &str, attempts: u32) -> i64 {
    const SECONDS: [i64; 5] = [10, 60, 300, 1_800, 7_200];
    let base = SECONDS[(attempts.max(1) as usize - 1).min(SECONDS.len() - 1)] * 1_000_000;
    let hash = blake3::hash(format!("{id}/{attempts}").as_bytes());
    let spread = i64::from(hash.as_bytes()[0]) - 128;
    base + base / 5 * spread / 128
}

/// Attempts after which a delivery is given up.
pub(super) const ATTEMPTS_MAX: u32 = 6;

/// When a delivery that waits since `since` is tried next, if its attempts follow each other as [`pause`] says; none when the last of
/// them has passed.
pub(super) fn next_try(id: &str, since: Time, now: Time) -> Option<Time> {
    let mut slots = (1..ATTEMPTS_MAX).scan(since, |slot, attempts| {
        *slot = slot.plus(pause(id, attempts));
        Some(*slot)
    });
    slots.find(|slot| *slot > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // The example of the Standard Webhooks specification.
        let body = br#"{"test": 2432232314}"#;
        let signature = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn names_that_lead_inside_are_not_called() {
        let policy = |private| EgressPolicy { hosts: vec!["localhost".into(), "127.0.0.1".into(), "169.254.169.254".into()], private };
        let code = |private, host: &str| resolve(&policy(private), "https", host, 443).map(|_| ()).map_err(|fault| fault.code);
        assert_eq!(code(false, "localhost"), Err("egress_address"));
        assert_eq!(code(false, "127.0.0.1"), Err("egress_address"));
        assert_eq!(code(true, "127.0.0.1"), Ok(()));
        assert_eq!(code(true, "169.254.169.254"), Err("egress_address"));
        assert_eq!(code(true, "elsewhere.example"), Err("egress_host"));
    }

    #[test]
    fn what_settings_name_leads_to_its_host_alone() {
        let outside = Outside::named("https://127.0.0.1:1/keys").expect("an address");
        let code = |url: &str| outside.get(url).map(|_| ()).map_err(|fault| fault.code);
        assert_eq!(code("https://127.0.0.1:1/keys"), Err("outside_unreachable"), "it may be called, and nobody is there");
        assert_eq!(code("https://127.0.0.2:1/keys"), Err("egress_host"));
        assert_eq!(code("https://keys.example/keys"), Err("egress_host"));
        assert_eq!(Outside::named("keys").map(|_| ()).map_err(|fault| fault.code), Err("egress_url"));
    }

    #[test]
    fn pauses_grow_and_are_spread() {
        let seconds = |id, attempts| pause(id, attempts) / 1_000_000;
        for attempts in 1..8 {
            let base = [10, 60, 300, 1_800, 7_200][(attempts as usize - 1).min(4)];
            for id in ["a", "b", "c"] {
                assert!((base * 4 / 5..=base * 6 / 5).contains(&seconds(id, attempts)), "{id} {attempts}: {}", seconds(id, attempts));
            }
        }
        assert_ne!(pause("a", 3), pause("b", 3));
    }
}
