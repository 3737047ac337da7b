//! Keys of accounts: user principal names, security identifiers, and names qualified by a domain or a host.

use std::borrow::Cow;

use super::keys::Sink;
use super::list::Draft;
use super::normalise::{self, Sid, identifier, lower};
use crate::ingest::value;

/// Names that every host has: alone they identify nothing.
const GENERIC: [&str; 17] = [
    "admin",
    "administrator",
    "anonymous",
    "anonymous logon",
    "authenticated user",
    "authenticated users",
    "guest",
    "local service",
    "local system",
    "localsystem",
    "network",
    "network service",
    "null",
    "root",
    "system",
    "user",
    "everyone",
];

/// Domains that are not one: their accounts belong to the host.
const LOCAL_DOMAINS: [&str; 13] = [
    "workgroup",
    "builtin",
    "nt authority",
    "nt-autorität",
    "autorite nt",
    "nt service",
    "nt virtual machine",
    "window manager",
    "font driver host",
    "iis apppool",
    "localhost",
    "local",
    ".",
];

/// Labels of mail hosts, which name no domain.
const MAIL_LABELS: [&str; 5] = ["mail", "email", "smtp", "exchange", "www"];

/// Labels of providers of mail for everybody, each under many suffixes (`outlook.com`, `outlook.de`): their users are no domain's.
const PUBLIC_MAIL_LABELS: [&str; 36] = [
    "126",
    "163",
    "aol",
    "btinternet",
    "comcast",
    "fastmail",
    "free",
    "freenet",
    "gmail",
    "gmx",
    "googlemail",
    "hotmail",
    "icloud",
    "inbox",
    "laposte",
    "libero",
    "live",
    "mac",
    "me",
    "msn",
    "naver",
    "orange",
    "outlook",
    "pm",
    "proton",
    "protonmail",
    "qq",
    "rambler",
    "t-online",
    "tutanota",
    "wanadoo",
    "web",
    "yahoo",
    "yandex",
    "ymail",
    "zoho",
];

/// Whether a lower-case account name exists on every host.
pub(super) fn is_generic(name: &str) -> bool {
    GENERIC.contains(&name)
}

/// The parts of an account's names, in lower case.
#[derive(Default)]
pub(super) struct Names {
    pub(super) name: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) dns: Option<String>,
    pub(super) upn: Option<String>,
}

/// Reads the names of an account, wherever the source put their parts.
pub(super) fn names(draft: &Draft) -> Names {
    let written = draft.text("Name").unwrap_or(Cow::Borrowed(""));
    // Claims, `DOM\name` and `name@suffix` also stand in `Name`.
    let bare = written.rsplit_once('|').map_or(written.as_ref(), |(_, account)| account);
    let (before, rest) = bare.rsplit_once('\\').unwrap_or(("", bare));
    let (name, after) = rest.rsplit_once('@').unwrap_or((rest, ""));
    let part = |text: &str| (!value::is_absent_text(text)).then(|| lower(text));
    let property = |name: &str| draft.text(name).and_then(|text| part(&text));

    let mut names = Names { name: part(name), domain: property("NTDomain").or_else(|| part(before)), ..Names::default() };
    names.dns = property("DnsDomain");
    if let Some(domain) = names.domain.take_if(|domain| domain.len() > 1 && domain.contains('.')) {
        // A DNS name where the NetBIOS name is meant.
        names.domain = first_label(&domain).map(str::to_owned);
        names.dns.get_or_insert(domain);
    }
    let suffix = property("UPNSuffix").or_else(|| part(after));
    names.upn = match property("UserPrincipalName") {
        Some(upn) if upn.contains('@') => Some(upn),
        _ => names.name.as_ref().zip(suffix).map(|(name, suffix)| format!("{name}@{}", suffix.trim_start_matches('@'))),
    };
    if names.upn.is_none() && names.name.is_none() {
        names.upn = property("Email").filter(|mail| mail.contains('@'));
    }
    if names.name.is_none() {
        names.name = names.upn.as_ref().and_then(|upn| upn.split('@').next()).map(str::to_owned);
    }
    names
}

/// The first label of a DNS name that has more than one.
fn first_label(dns: &str) -> Option<&str> {
    let (first, rest) = dns.split_once('.')?;
    (!first.is_empty() && !rest.is_empty()).then_some(first)
}

/// Makes the keys of an account; `host` is the one that it refers to, `only_host` gives the one host of its list.
pub(super) fn keys<'h>(draft: &Draft, host: Option<&str>, only_host: impl FnOnce() -> Option<&'h str>, sink: &mut Sink) {
    let names = names(draft);
    let name = names.name.as_deref().filter(|name| !normalise::is_guid(name) && !normalise::is_sid(name));

    if let Some(upn) = &names.upn {
        sink.strong("name+upnsuffix", upn);
    }
    object_ids(draft, &names, sink);
    if let (Some(name), Some(dns)) = (name, &names.dns) {
        sink.strong("name+dnsdomain", &format!("{name}@{dns}"));
    }
    if let Some(name) = name {
        match qualifier(draft, &names, name, host) {
            Qualifier::Strong(owner) => {
                sink.strong("ntdomain+name", &format!("{owner}\\{name}"));
                if host == Some(&*owner) {
                    sink.weak("host+name", &format!("{owner}|{name}"));
                }
            }
            Qualifier::Unknown(domain) => {
                if let Some(domain) = domain {
                    sink.weak("ntdomain+name", &format!("{domain}\\{name}"));
                }
                // A bare name beside the only host of a list is probably one of that host, which its keys can tell.
                if sink.is_weak()
                    && let Some(host) = only_host()
                {
                    sink.weak("host+name", &format!("{host}|{name}"));
                }
            }
        }
    }
    security_id(draft, name, host, sink);
    match name {
        // Names that everything has would make everything a candidate for everything.
        Some(name) if sink.is_weak() || !(is_generic(name) || name.ends_with('$')) => sink.weak("name", name),
        Some(_) => {}
        None if sink.is_weak() => {
            if let Some(display) = draft.text("DisplayName").or_else(|| draft.text("FriendlyName")) {
                sink.weak("displayname", &lower(&display));
            }
        }
        None => {}
    }
    sink.keep_surest(&WEAK_SETS);
}

/// Sets that identify an account only together with others, the surest first: mentions that are known by the same one are known by the same
/// keys, whatever else each says. A qualified name has the bare one in it.
const WEAK_SETS: [(&str, Option<&str>); 5] =
    [("host+name", Some("name")), ("ntdomain+name", Some("name")), ("sid", None), ("name", None), ("displayname", None)];

/// What a name is unique in.
enum Qualifier<'a> {
    /// A domain or a host.
    Strong(Cow<'a, str>),
    /// Nothing that is known, with the domain that is none.
    Unknown(Option<&'a str>),
}

fn qualifier<'a>(draft: &Draft, names: &'a Names, name: &str, host: Option<&'a str>) -> Qualifier<'a> {
    let joined = draft.flag("IsDomainJoined");
    match names.domain.as_deref() {
        Some(domain) if LOCAL_DOMAINS.contains(&domain) => match host {
            Some(host) => Qualifier::Strong(Cow::Borrowed(host)),
            // The machine account of a host outside any domain names its host.
            None => match name.strip_suffix('$').filter(|_| domain == "workgroup") {
                Some(machine) => Qualifier::Strong(Cow::Owned(machine.to_owned())),
                None => Qualifier::Unknown(Some(domain)),
            },
        },
        Some(domain) => match host.filter(|_| joined == Some(false)) {
            Some(host) => Qualifier::Strong(Cow::Borrowed(host)),
            None => Qualifier::Strong(Cow::Borrowed(domain)),
        },
        None => {
            let suffix = names.upn.as_ref().and_then(|upn| upn.rsplit_once('@')).map(|(_, suffix)| suffix);
            let label = names.dns.as_deref().or(suffix).and_then(first_label);
            let label = label.filter(|label| !MAIL_LABELS.contains(label) && !PUBLIC_MAIL_LABELS.contains(label));
            match (label, host) {
                (Some(label), _) => Qualifier::Strong(Cow::Borrowed(label)),
                (None, Some(host)) if joined != Some(true) && names.upn.is_none() => Qualifier::Strong(Cow::Borrowed(host)),
                _ => Qualifier::Unknown(None),
            }
        }
    }
}

/// Ids of directories and clouds; one that the source calls invalid is none.
fn object_ids(draft: &Draft, names: &Names, sink: &mut Sink) {
    let valid = draft.flag("IsValid") != Some(false);
    let of_name = names.name.as_deref().filter(|name| normalise::is_guid(name));
    if let Some(id) = draft.text("AadUserId").as_deref().or(of_name).and_then(identifier).filter(|_| valid) {
        sink.strong("aaduserid", &id);
    }
    for (property, set) in [
        ("PUID", "puid"),
        ("ObjectGuid", "objectguid"),
        ("CloudAppAccountId", "cloudappaccountid"),
        ("AmazonResourceId", "amazonresourceid"),
        ("AccessKeyId", "accesskeyid"),
    ] {
        if let Some(id) = draft.text(property).as_deref().and_then(identifier) {
            sink.strong(set, &id);
        }
    }
}

fn security_id(draft: &Draft, name: Option<&str>, host: Option<&str>, sink: &mut Sink) {
    let written = draft.text("Sid").or_else(|| draft.text("Name"));
    match written.as_deref().and_then(normalise::sid) {
        Some(Sid::Global(sid)) => sink.strong("sid", &sid),
        // A host's own account acts under several service identifiers: there the name tells more.
        Some(Sid::PerHost(sid, service)) if !name.is_some_and(|name| name.ends_with('$')) => match (host, service) {
            (Some(host), Some(service)) => sink.strong("ntdomain+name", &format!("{host}\\{service}")),
            (Some(host), None) => sink.strong("sid+host", &format!("{sid}|{host}")),
            (None, _) => sink.weak("sid", &sid),
        },
        _ => {}
    }
}
