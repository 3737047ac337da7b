//! Keys of hosts: names within a domain, and the ids of clouds and agents.

use std::borrow::Cow;

use super::keys::Sink;
use super::list::Draft;
use super::normalise::{self, identifier, lower};
use crate::ingest::value;

/// Domains that every host may claim.
const NO_DOMAINS: [&str; 6] = ["workgroup", "local", "localdomain", "lan", "home", "internal"];

/// First labels of public suffixes (`co.uk`), which name no domain.
const PUBLIC_LABELS: [&str; 8] = ["co", "com", "org", "net", "gov", "edu", "ac", "mil"];

/// The names of a host, in lower case.
#[derive(Default)]
pub(super) struct Names {
    /// First label.
    pub(super) short: Option<String>,
    /// The NetBIOS name, where it differs.
    pub(super) netbios: Option<String>,
    /// The rest of the FQDN.
    pub(super) dns: Option<String>,
    /// The NetBIOS name of the domain.
    pub(super) domain: Option<String>,
}

/// Reads the names of a host, wherever the source put their parts.
pub(super) fn names(draft: &Draft) -> Names {
    let property = |name: &str| draft.text(name).filter(|text| !text.eq_ignore_ascii_case("localhost"));
    let mut names = Names { dns: property("DnsDomain").map(|dns| lower(dns.trim_matches('.'))), ..Names::default() };
    let written = property("HostName").or_else(|| property("Fqdn")).or_else(|| property("NetBiosName")).unwrap_or(Cow::Borrowed(""));
    let (domain, name) = written.rsplit_once('\\').unwrap_or(("", &written));
    let name = name.trim_end_matches('.');
    if !name.is_empty() {
        // An address that stands for a name is one label.
        let (short, rest) = if normalise::ip(name).is_some() { (name, "") } else { name.split_once('.').unwrap_or((name, "")) };
        names.short = Some(lower(short));
        if names.dns.is_none() && !rest.is_empty() {
            names.dns = Some(lower(rest));
        }
    }
    if names.dns.is_none()
        && let Some(fqdn) = property("Fqdn")
        && let Some((_, rest)) = fqdn.split_once('.')
        && normalise::ip(&fqdn).is_none()
    {
        names.dns = Some(lower(rest));
    }
    names.netbios =
        property("NetBiosName").map(|name| lower(&name)).filter(|name| Some(name) != names.short.as_ref() && !name.contains('.'));
    names.domain = property("NTDomain").map(|domain| lower(&domain)).or_else(|| (!value::is_absent_text(domain)).then(|| lower(domain)));
    if let Some(domain) = names.domain.take_if(|domain| domain.contains('.')) {
        names.dns.get_or_insert(domain);
    }
    names.dns = names.dns.filter(|dns| !NO_DOMAINS.contains(&dns.as_str()));
    names.domain = names.domain.filter(|domain| !NO_DOMAINS.contains(&domain.as_str()) && Some(domain) != names.short.as_ref());
    names
}

/// The name by which things on a host are qualified: its short name, else its surest id.
pub(super) fn name_on(draft: &Draft) -> Option<String> {
    names(draft).short.or_else(|| ids(draft).next().map(|(_, id)| id))
}

/// Makes the keys of a host.
pub(super) fn keys(draft: &Draft, sink: &mut Sink) {
    let names = names(draft);
    // The first label of the DNS domain is the fallback for the domain's NetBIOS name; a public suffix has none.
    let label = names.dns.as_deref().and_then(|dns| dns.split_once('.')).map(|(label, _)| label);
    let label = label.filter(|label| !PUBLIC_LABELS.contains(label));
    let domain = names.domain.as_deref().or(label);
    for name in [&names.short, &names.netbios].into_iter().flatten() {
        if let Some(dns) = &names.dns {
            sink.strong("hostname+dnsdomain", &format!("{name}.{dns}"));
        }
        if let Some(domain) = domain {
            sink.strong("hostname+ntdomain", &format!("{domain}\\{name}"));
        }
        sink.weak("hostname", name);
    }
    for (set, id) in ids(draft) {
        sink.strong(set, &id);
    }
}

/// The ids of a host, surest first.
fn ids(draft: &Draft) -> impl Iterator<Item = (&'static str, String)> + '_ {
    let properties = [
        ("AzureID", "azureid"),
        ("AmazonResourceId", "amazonresourceid"),
        ("MdeDeviceId", "mdedeviceid"),
        ("AadDeviceId", "aaddeviceid"),
        ("OMSAgentID", "omsagentid"),
        ("InstanceId", "instanceid"),
        ("VmId", "vmid"),
    ];
    properties.into_iter().filter_map(|(property, set)| {
        let id = identifier(draft.text(property)?.trim_end_matches('/'))?;
        Some((set, id))
    })
}
