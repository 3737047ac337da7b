//! Refuses what must not reach a handler: foreign hosts and origins (DNS rebinding, forged posts); ends what takes too long.

use std::any::Any;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::auth::Peer;
use super::error::ApiError;
use crate::model::{Fault, FaultClass};

/// Routes that take as long as their body does, or as the data are many.
const UNTIMED: [&str; 5] = ["/v1/ingest", "/v1/import", "/v1/verify", "/v1/rebuild", "/v1/audit/verify"];

/// The names under which people know a server.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    scheme: &'static str,
    /// Base addresses that were named: scheme and authority, without a slash at the end.
    public: Vec<String>,
    /// Hosts that the certificate names.
    hosts: Vec<String>,
    /// Whether the server is reached by an address that is no loopback one: then any address is a host, as a forged name is none.
    addresses: bool,
}

impl Names {
    /// A server that is reached by `scheme` on this machine only.
    pub(crate) fn local(scheme: &'static str) -> Self {
        Self { scheme, public: Vec::new(), hosts: Vec::new(), addresses: false }
    }

    /// The names of a server that is also known as `public` (addresses with `https://` or `http://`) and by `hosts`.
    pub(crate) fn new(scheme: &'static str, public: &[String], hosts: Vec<String>, addresses: bool) -> Result<Self, Fault> {
        let read = |text: &String| {
            let refuse =
                || Fault::new(FaultClass::Invalid, "public_url_invalid", format!("expected `https://HOST[:PORT]`, found `{text}`"));
            let url = url::Url::parse(text).map_err(|_| refuse())?;
            let plain = matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.path() == "/" && url.query().is_none();
            if plain && url.username().is_empty() { Ok(url.origin().ascii_serialization()) } else { Err(refuse()) }
        };
        Ok(Self { scheme, public: public.iter().map(read).collect::<Result<_, _>>()?, hosts, addresses })
    }

    /// The beginning of links for a client that wrote `host`, to a proxy that speaks TLS if `secure`.
    pub(crate) fn base(&self, host: &str, secure: bool) -> String {
        let named = self.public.iter().find(|base| authority(base).eq_ignore_ascii_case(host));
        named.cloned().unwrap_or_else(|| format!("{}://{host}", if secure { "https" } else { self.scheme }))
    }

    /// Whether a request may be addressed to `host`.
    fn know(&self, host: &str) -> bool {
        let Some(bare) = host_of(host) else { return false };
        let same = |base: &String| host_of(authority(base)).is_some_and(|known| known.eq_ignore_ascii_case(bare));
        is_loopback(host)
            || self.public.iter().any(same)
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(bare) || covers(known, bare))
            || (self.addresses && bare.parse::<IpAddr>().is_ok())
    }

    /// Refuses requests to foreign hosts (DNS rebinding) and from foreign pages (forged posts). A request without `Host`
    /// comes from no browser; the command line's own requests, which cross no socket, have none.
    fn check(&self, request: &Request) -> Result<(), Fault> {
        let headers = request.headers();
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let over_a_socket = request.extensions().get::<Peer>().is_some_and(|peer| peer.0.is_some());
        let one = match headers.get_all(header::HOST).iter().count() {
            0 => !over_a_socket || request.version() < Version::HTTP_11,
            1 => request
                .uri()
                .authority()
                .is_none_or(|named| text(header::HOST).is_some_and(|host| named.as_str().eq_ignore_ascii_case(host))),
            _ => false,
        };
        if !one {
            return Err(Fault::new(FaultClass::Invalid, "host_invalid", "expected one host, in the head `Host` (RFC 9112, 3.2)"));
        }
        let Some(host) = text(header::HOST) else { return Ok(()) };
        if !self.know(host) {
            let expected = if self.public.is_empty() && self.hosts.is_empty() { "a loopback host" } else { "a host of this server" };
            return Err(Fault::new(FaultClass::Invalid, "host_refused", format!("expected {expected}, found `{}`", shorten(host)))
                .with_hint("clew answers to `localhost`, `127.0.0.1`, `[::1]` and what `--public-url` and its certificate name"));
        }
        match text(header::ORIGIN) {
            Some(origin) if !self.own_page(origin, host) => Err(Fault::new(
                FaultClass::Invalid,
                "origin_refused",
                format!("expected a request of clew's own page, found origin `{}`", shorten(origin)),
            )),
            _ => Ok(()),
        }
    }

    fn own_page(&self, origin: &str, host: &str) -> bool {
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
            || self.public.iter().any(|base| base.eq_ignore_ascii_case(origin))
    }
}

/// Host and port of a base address.
fn authority(base: &str) -> &str {
    base.split_once("://").map_or(base, |(_, authority)| authority)
}

/// Whether `pattern` (`*.soc.example`) covers `host`.
fn covers(pattern: &str, host: &str) -> bool {
    let parent = host.split_once('.').map(|(_, parent)| parent);
    pattern.strip_prefix("*.").is_some_and(|covered| parent.is_some_and(|parent| parent.eq_ignore_ascii_case(covered)))
}

/// Lets only requests through that mean this server and come from no other page.
pub(crate) async fn addressed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match app.names.check(&request) {
        Ok(()) => next.run(request).await,
        Err(fault) => ApiError(fault).into_response(),
    }
}

/// The host of host and port; none if that is not what it is (RFC 3986, 3.2: nothing but `host[:port]` may stand there).
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok())?,
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(end);
            let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte));
            if !named {
                return None;
            }
            (host, port)
        }
    };
    let numbered = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok()),
    };
    numbered.then_some(host)
}

/// Whether `authority` (host and port) names this machine.
fn is_loopback(authority: &str) -> bool {
    let local = |host: &str| host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    host_of(authority).is_some_and(local)
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Ends a request that takes longer than its limit.
pub(crate) async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.extensions().get::<MatchedPath>().is_some_and(|path| UNTIMED.contains(&path.as_str())) {
        return next.run(request).await;
    }
    let limit = app.limits.request_time_max;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError(
            Fault::new(
                FaultClass::Unavailable,
                "request_timeout",
                format!("the request took longer than {} s (`request_time_max`)", limit.as_secs()),
            )
            .with_hint("narrow the question by time or kind, or lower `limit`"),
        )
        .into_response(),
    }
}

/// The answer of a handler that panicked.
pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    let message = format!("a handler panicked: {}", text.unwrap_or("without words"));
    ApiError(Fault::new(FaultClass::Internal, "panic", message)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_loopback_names() {
        let cases = [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:80", true),
            ("127.8.8.8", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("example.com", false),
            ("localhost.example.com:8080", false),
            ("127.0.0.1.nip.io", false),
            ("10.0.0.1", false),
            ("[::2]", false),
            ("", false),
            ("localhost:", true),
            ("localhost:@evil.example", false),
            ("localhost:7700/evil?", false),
            ("localhost:99999", false),
            ("127.0.0.1:evil", false),
            ("[::1].evil.example", false),
            ("[::1]:80:80", false),
            ("user@localhost", false),
            (":80", false),
        ];
        for (host, expected) in cases {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
    #[test]
    fn knows_its_public_names() {
        let public = ["https://soc.example:8443".to_owned(), "https://Proxy.example/".to_owned()];
        let names = Names::new("http", &public, vec!["clew.lan".into(), "*.lan.example".into()], true).expect("good addresses");
        let cases = [
            ("soc.example:8443", true, "https://soc.example:8443"),
            ("soc.example", true, "http://soc.example"),
            ("proxy.example", true, "https://proxy.example"),
            ("clew.lan:1", true, "http://clew.lan:1"),
            ("a.lan.example", true, "http://a.lan.example"),
            ("a.b.lan.example", false, "http://a.b.lan.example"),
            ("10.0.0.1:80", true, "http://10.0.0.1:80"),
            ("localhost:80", true, "http://localhost:80"),
            ("evil.example", false, "http://evil.example"),
        ];
        for (host, known, base) in cases {
            assert_eq!((names.know(host), names.base(host, false).as_str()), (known, base), "{host}");
        }
        assert_eq!(names.base("clew.lan", true), "https://clew.lan");
        assert!(!Names::local("http").know("10.0.0.1"));
        assert!(names.own_page("https://soc.example:8443", "10.0.0.1:80") && !names.own_page("https://evil.example", "soc.example:8443"));
        for wrong in ["soc.example", "ftp://soc.example", "https://soc.example/x", "https://u@soc.example", "https://"] {
            let fault = Names::new("http", &[wrong.to_owned()], Vec::new(), false).expect_err(wrong);
            assert_eq!(fault.code, "public_url_invalid", "{wrong}");
        }
    }
}
