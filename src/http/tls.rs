//! Certificates: an own authority and a server certificate for who has none, or the ones that are given; and the TLS half of
//! the server. Private keys are written for their owner alone and never shown.
//!
//! A server with a certificate of its own keeps a local one beside it, which it shows to who asks for `localhost`: so the
//! commands on this machine need no certificate but the one in the data directory.

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::{default_provider, sign::any_supported_type};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use webpki::EndEntityCert;

use crate::model::{Fault, FaultClass};

/// Months that the authority's certificate holds.
const AUTHORITY_MONTHS: u32 = 120;
/// Days that a server's certificate holds: the most that all clients accept.
const SERVER_DAYS: u64 = 820;
/// Days before its end that it is made anew.
const RENEWAL_DAYS: i64 = 60;
/// Names that every server has.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificates of a data directory.
#[derive(Clone, Debug)]
pub struct Certificates {
    folder: PathBuf,
}

/// Where a server's certificate comes from.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Made here, with the directory's own authority.
    Generated,
    /// Given: the chain and its key, both in PEM files.
    Given {
        /// The certificate, then those that sign it.
        chain: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

impl Certificates {
    /// The certificates of the data directory `dir`.
    pub fn of(dir: &Path) -> Self {
        Self { folder: dir.join("tls") }
    }

    /// The authority's certificate, which clients have to trust.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The server's certificate.
    pub fn server(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    fn authority_key(&self) -> PathBuf {
        self.folder.join("ca.key")
    }

    fn server_key(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    /// The day of the server's certificate, then its further names, each on a line.
    fn made(&self) -> PathBuf {
        self.folder.join("made")
    }

    /// Further names of the server's certificate.
    pub fn names(&self) -> Vec<String> {
        let made = std::fs::read_to_string(self.made()).unwrap_or_default();
        made.lines().skip(1).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// Whether there is an authority and a server certificate.
    pub fn are_there(&self) -> bool {
        [self.authority(), self.authority_key(), self.server(), self.server_key()].iter().all(|file| file.is_file())
    }

    /// Makes what is missing, and makes a server certificate anew whose end is near.
    pub fn keep(&self, today: NaiveDate) -> Result<(), Fault> {
        let made = std::fs::read_to_string(self.made()).unwrap_or_default();
        let fresh = NaiveDate::parse_from_str(made.lines().next().unwrap_or_default(), "%Y-%m-%d")
            .is_ok_and(|made| (today - made).num_days() < SERVER_DAYS as i64 - RENEWAL_DAYS);
        if fresh && self.are_there() { Ok(()) } else { self.make(&[], today) }
    }

    /// Makes what is missing, and a new server certificate for this machine, the further `names` and those of the one before.
    /// An authority that is there stays, so that clients keep their trust.
    pub fn make(&self, names: &[String], today: NaiveDate) -> Result<(), Fault> {
        let mut all = self.names();
        for name in names {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        let folder = |error: io::Error| unwritable(&self.folder, &error);
        std::fs::create_dir_all(&self.folder).map_err(folder)?;
        let authority = match std::fs::read_to_string(self.authority_key()) {
            Ok(pem) if self.authority().is_file() => KeyPair::from_pem(&pem).map_err(|error| unusable(&self.authority_key(), &error))?,
            _ => {
                let key = KeyPair::generate().map_err(failed)?;
                let certificate = authority_params(today)?.self_signed(&key).map_err(failed)?;
                write(&self.authority_key(), &key.serialize_pem(), true)?;
                write(&self.authority(), &certificate.pem(), false)?;
                key
            }
        };
        let issuer = Issuer::new(authority_params(today)?, authority);
        let (certificate, key) = server(&issuer, &all, today)?;
        write(&self.server_key(), &key.serialize_pem(), true)?;
        write(&self.server(), &certificate.pem(), false)?;
        write(&self.made(), &format!("{today}\n{}\n", all.join("\n")), false)
    }

    /// What a server needs to speak TLS.
    pub fn config(&self, identity: &Identity) -> Result<Arc<ServerConfig>, Fault> {
        let local = certified(&self.server(), &self.server_key())?;
        let shown = match identity {
            Identity::Generated => Arc::clone(&local),
            Identity::Given { chain, key } => certified(chain, key)?,
        };
        let versions = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
        let mut config = versions.map_err(failed)?.with_no_client_auth().with_cert_resolver(Arc::new(Resolver { local, shown }));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Shows the local certificate to who asks for `localhost`, the other one to everybody else.
#[derive(Debug)]
struct Resolver {
    local: Arc<CertifiedKey>,
    shown: Arc<CertifiedKey>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let local = hello.server_name().is_some_and(|name| name.eq_ignore_ascii_case("localhost"));
        Some(Arc::clone(if local { &self.local } else { &self.shown }))
    }
}

/// The names of hosts that the first certificate of a chain is for (`subjectAltName`).
pub(super) fn names_of(chain: &Path) -> Result<Vec<String>, Fault> {
    let first = CertificateDer::pem_file_iter(chain).and_then(|mut found| found.next().transpose());
    let Some(first) = first.map_err(|error| unusable(chain, &error))? else { return Err(unusable(chain, &"it holds no certificate")) };
    let certificate = EndEntityCert::try_from(&first).map_err(|error| unusable(chain, &error))?;
    Ok(certificate.valid_dns_names().map(str::to_owned).collect())
}

/// Reads a chain and its key.
fn certified(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Fault> {
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(chain).and_then(Iterator::collect).map_err(|error| unusable(chain, &error))?;
    if certificates.is_empty() {
        return Err(unusable(chain, &"it holds no certificate"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let signer = any_supported_type(&private)
        .map_err(|error| unusable(key, &format!("expected a key of RSA (2,048 bits or more), P-256, P-384 or Ed25519: {error}")))?;
    let certified = CertifiedKey::new(certificates, signer);
    certified.keys_match().map_err(|_| unusable(key, &format!("it is not the key of the certificate in `{}`", chain.display())))?;
    Ok(Arc::new(certified))
}

fn authority_params(today: NaiveDate) -> Result<CertificateParams, Fault> {
    let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "clew local authority");
    params.distinguished_name.push(DnType::OrganizationName, "clew");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let last = today.checked_add_months(chrono::Months::new(AUTHORITY_MONTHS)).unwrap_or(today);
    // A clock that goes behind this one must not find the certificate too young.
    hold(&mut params, today.pred_opt().unwrap_or(today), last);
    Ok(params)
}

/// A certificate for this machine and `names`.
fn server(issuer: &Issuer<'_, KeyPair>, names: &[String], today: NaiveDate) -> Result<(Certificate, KeyPair), Fault> {
    let mut all: Vec<String> = LOCAL_NAMES.map(str::to_owned).to_vec();
    for name in names {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            all.push(check_name(name)?);
        }
    }
    let mut params = CertificateParams::new(all)
        .map_err(|error| Fault::new(FaultClass::Invalid, "name_invalid", format!("expected names and addresses of the server: {error}")))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "clew server");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let last = today.checked_add_days(chrono::Days::new(SERVER_DAYS)).unwrap_or(today);
    hold(&mut params, today.pred_opt().unwrap_or(today), last);
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, issuer).map_err(failed)?;
    Ok((certificate, key))
}

/// Refuses what is neither an address nor the name of a host.
fn check_name(name: &str) -> Result<String, Fault> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = name.strip_prefix("*.").unwrap_or(name);
    if name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && labels.split('.').all(label)) {
        return Ok(name.to_owned());
    }
    Err(Fault::new(FaultClass::Invalid, "name_invalid", format!("expected the name or address of a host, found `{name}`")))
}

/// Sets the days between which a certificate holds.
fn hold(params: &mut CertificateParams, first: NaiveDate, last: NaiveDate) {
    // Months and days of a date are small numbers.
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    params.not_before = date_time_ymd(first.year(), part(first.month()), part(first.day()));
    params.not_after = date_time_ymd(last.year(), part(last.month()), part(last.day()));
}

/// Writes a file as a whole or not at all; a secret one for its owner only.
pub(crate) fn write(path: &Path, text: &str, secret: bool) -> Result<(), Fault> {
    let failed = |error: io::Error| unwritable(path, &error);
    let mut beside = path.to_owned().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What a crash left there may have other permissions.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file = options.open(&beside).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultClass::Internal, "certificate_failed", format!("the certificate cannot be made: {error}"))
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Fault {
    Fault::new(FaultClass::Invalid, "certificate_unusable", format!("cannot use `{}`: {error}", path.display()))
        .with_hint("expected PEM files; `clew tls init` makes a certificate for this machine")
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "data_unwritable", format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day")
    }

    #[test]
    fn an_authority_stays_when_a_server_certificate_is_made_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        let certificates = Certificates::of(dir.path());
        assert!(!certificates.are_there());
        certificates.make(&[], today()).expect("certificates");
        assert!(certificates.are_there());
        let read = |path: PathBuf| std::fs::read_to_string(path).expect("the file is there");
        let (authority, server) = (read(certificates.authority()), read(certificates.server()));
        certificates.make(&["soc.example".into(), "10.1.2.3".into()], today()).expect("certificates");
        assert_eq!(read(certificates.authority()), authority);
        assert_ne!(read(certificates.server()), server);
        assert_eq!(certificates.names(), ["soc.example", "10.1.2.3"]);
        certificates.config(&Identity::Generated).expect("a server can use it");
        let server = read(certificates.server());
        certificates.keep(today() + chrono::Days::new(700)).expect("certificates");
        assert_eq!(read(certificates.server()), server, "it holds long enough");
        certificates.keep(today() + chrono::Days::new(800)).expect("certificates");
        assert_ne!(read(certificates.server()), server, "its end was near");
        assert_eq!(certificates.names(), ["soc.example", "10.1.2.3"]);
        assert!(!authority.contains("PRIVATE"), "{authority}");
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let certificates = Certificates::of(dir.path());
        certificates.make(&[], today()).expect("certificates");
        for (path, mode) in [
            (certificates.authority_key(), 0o600),
            (certificates.server_key(), 0o600),
            (certificates.authority(), 0o644),
            (certificates.server(), 0o644),
        ] {
            let found = std::fs::metadata(&path).expect("the file is there").permissions().mode() & 0o777;
            assert_eq!(found & !mode, 0, "{}: {found:o}", path.display());
        }
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (one, two) = (Certificates::of(one.path()), Certificates::of(two.path()));
        one.make(&[], today()).expect("certificates");
        two.make(&[], today()).expect("certificates");
        let given = |chain, key| one.config(&Identity::Given { chain, key }).map(|_| ()).map_err(|fault| fault.code);
        assert_eq!(given(two.server(), two.server_key()), Ok(()));
        assert_eq!(given(one.server(), two.server_key()), Err("certificate_unusable"));
        assert_eq!(given(one.server_key(), one.server_key()), Err("certificate_unusable"));
        assert_eq!(given(one.server(), "none".into()), Err("certificate_unusable"));
    }

    #[test]
    fn a_given_certificate_tells_its_names() {
        let dir = tempfile::tempdir().expect("a folder");
        let certificates = Certificates::of(dir.path());
        certificates.make(&["soc.example".into(), "*.lan.example".into(), "10.1.2.3".into()], today()).expect("certificates");
        assert_eq!(names_of(&certificates.server()), Ok(["localhost", "soc.example", "*.lan.example"].map(str::to_owned).to_vec()));
        assert_eq!(names_of(&certificates.server_key()).map_err(|fault| fault.code), Err("certificate_unusable"));
    }

    #[test]
    fn names_are_hosts_or_addresses() {
        let cases = [
            ("soc.example", true),
            ("*.soc.example", true),
            ("10.0.0.1", true),
            ("fe80::1", true),
            ("", false),
            ("a b", false),
            ("https://x", false),
            ("-a.b", false),
            ("a..b", false),
        ];
        for (name, good) in cases {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }
}
