//! What clew may call outside: the hosts, and which addresses never. Calls nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::Definition;
use crate::model::{Fault, FaultClass};
use crate::query::Context;

/// Hosts of the list at the most.
const HOSTS_MAX: usize = 1_000;
/// The one id of the policy.
pub const ID: &str = "default";

/// Which hosts webhooks and exports may call; none unless they are named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EgressPolicy {
    /// Names of hosts (`soar.example.com`) or of all below one (`*.example.com`).
    pub hosts: Vec<String>,
    /// Whether hosts of the list may have private and loopback addresses, and be called without TLS.
    pub private: bool,
}

impl Definition for EgressPolicy {
    const KIND: &'static str = "egress_policy";
    const NAME: &'static str = "egress policy";

    fn check(&self) -> Result<(), Fault> {
        let invalid = |message: String| Fault::new(FaultClass::Invalid, "egress_invalid", message);
        if self.hosts.len() > HOSTS_MAX {
            return Err(invalid(format!("expected at most {HOSTS_MAX} hosts (`hosts_max`), found {}", self.hosts.len())));
        }
        for host in &self.hosts {
            let name = host.strip_prefix("*.").unwrap_or(host);
            let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
            if name.is_empty() || !(plain || literal) {
                return Err(invalid(format!("expected the name of a host, found `{host}`"))
                    .with_hint("write `soar.example.com` or `*.example.com`"));
            }
        }
        Ok(())
    }
}

impl EgressPolicy {
    /// The policy of a workspace.
    pub fn of(context: &Context) -> Result<Self, Fault> {
        let stored = context.snapshot.resource(Self::KIND, ID)?;
        stored.as_ref().map_or(Ok(Self::default()), super::definition::read)
    }

    /// Whether a host is on the list.
    pub fn names(&self, host: &str) -> bool {
        let plain = |host: &str| host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_lowercase();
        let host = plain(host);
        self.hosts.iter().any(|known| match known.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(&plain(domain)).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            None => host == plain(known),
        })
    }

    /// Refuses a scheme or host that must not be called.
    pub fn check_host(&self, scheme: &str, host: &str) -> Result<(), Fault> {
        if !self.names(host) {
            let message = format!("expected a host of the egress policy, found `{host}`");
            return Err(Fault::new(FaultClass::Invalid, "egress_host", message)
                .with_hint("an administrator names the hosts that may be called: `clew egress set HOST...`"));
        }
        if matches!(scheme, "http" | "tcp" | "udp" | "kafka") && !self.private {
            let message = format!("expected an address with TLS, found `{scheme}`");
            return Err(Fault::new(FaultClass::Invalid, "egress_scheme", message)
                .with_hint("only hosts that may be private are called without TLS: `clew egress set --private HOST...`"));
        }
        Ok(())
    }

    /// Refuses an address that must not be called, whatever name led to it.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Fault> {
        let refused = match kind(address) {
            Kind::Public => None,
            Kind::Private if self.private => None,
            Kind::Private => Some("a private or loopback address"),
            Kind::Never => Some("an address of no host"),
        };
        refused.map_or(Ok(()), |what| {
            let message = format!("expected a public address, found `{address}`, {what}");
            Err(Fault::new(FaultClass::Invalid, "egress_address", message))
        })
    }
}

/// What may be behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    /// Reachable from this machine or its network only.
    Private,
    /// Metadata services, multicast, no host at all.
    Never,
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        // This network, link-local with the metadata service of clouds, multicast, reserved.
        (0, ..) | (169, 254, _) | (224.., ..) => Kind::Never,
        (10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Kind::Private,
        // Special assignments, documentation, benchmarks.
        (192, 0, 0 | 2) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => Kind::Never,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    if let Some(inner) = address.to_ipv4_mapped() {
        return kind_v4(inner);
    }
    let parts = address.segments();
    let inner = |high: u16, low: u16| kind_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Private,
        [0, 0, 0, 0, 0, 0, ..] => Kind::Never,
        // Addresses that carry an IPv4 address lead to it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => inner(high, low),
        [0x64, 0xff9b, ..] | [0x2001, 0, ..] | [0x2001, 0xdb8, ..] | [0x100, ..] => Kind::Never,
        [first, ..] if first & 0xfe00 == 0xfc00 => Kind::Private,
        [first, ..] if first & 0xffc0 == 0xfe80 || first & 0xff00 == 0xff00 || first & 0xffc0 == 0xfec0 => Kind::Never,
        [first, ..] if first & 0xe000 == 0x2000 => Kind::Public,
        _ => Kind::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        let cases = [
            ("93.184.216.34", Kind::Public),
            ("2606:2800:220:1::1", Kind::Public),
            ("127.0.0.1", Kind::Private),
            ("127.8.8.8", Kind::Private),
            ("10.0.0.1", Kind::Private),
            ("172.16.0.1", Kind::Private),
            ("172.32.0.1", Kind::Public),
            ("192.168.1.1", Kind::Private),
            ("100.64.0.1", Kind::Private),
            ("100.128.0.1", Kind::Public),
            ("169.254.169.254", Kind::Never),
            ("0.0.0.0", Kind::Never),
            ("224.0.0.1", Kind::Never),
            ("255.255.255.255", Kind::Never),
            ("198.51.100.7", Kind::Never),
            ("::1", Kind::Private),
            ("::", Kind::Never),
            ("::ffff:127.0.0.1", Kind::Private),
            ("::ffff:169.254.169.254", Kind::Never),
            ("::127.0.0.1", Kind::Never),
            ("fd00::1", Kind::Private),
            ("fe80::1", Kind::Never),
            ("ff02::1", Kind::Never),
            ("64:ff9b::7f00:1", Kind::Private),
            ("64:ff9b::a9fe:a9fe", Kind::Never),
            ("2002:7f00:1::", Kind::Private),
            ("2001:db8::1", Kind::Never),
            ("2001:0:1::1", Kind::Never),
        ];
        for (text, expected) in cases {
            assert_eq!(kind(text.parse().expect("an address")), expected, "{text}");
        }
    }

    #[test]
    fn only_named_hosts_are_called() {
        let policy = EgressPolicy { hosts: vec!["soar.example.com".into(), "*.hooks.example".into(), "[::1]".into()], private: false };
        policy.check().expect("a sound policy");
        let cases = [
            ("https", "SOAR.example.com", Ok(())),
            ("https", "soar.example.com.", Ok(())),
            ("https", "a.hooks.example", Ok(())),
            ("https", "[::1]", Ok(())),
            ("https", "hooks.example", Err("egress_host")),
            ("https", "evilhooks.example", Err("egress_host")),
            ("https", "soar.example.com.evil.example", Err("egress_host")),
            ("http", "soar.example.com", Err("egress_scheme")),
        ];
        for (scheme, host, expected) in cases {
            assert_eq!(policy.check_host(scheme, host).map_err(|fault| fault.code), expected, "{scheme}://{host}");
        }
        assert_eq!(EgressPolicy::default().check_host("https", "example.com").map_err(|fault| fault.code), Err("egress_host"));
        for host in ["", "*.", "a b", "http://x"] {
            let policy = EgressPolicy { hosts: vec![host.into()], private: false };
            assert_eq!(policy.check().map_err(|fault| fault.code), Err("egress_invalid"), "{host}");
        }
    }
}
