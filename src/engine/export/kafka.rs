//! Kafka as a target. A cluster says itself where its brokers are: each of them has to be one that may be called, too.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::client::{ClientBuilder, Credentials, SaslConfig};
use rskafka::record::Record;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, DigitallySignedStruct, SignatureScheme};

use super::super::egress;
use super::Item;
use super::sinks::{provider, refused, roots};
use crate::model::Fault;
use crate::triage::egress::EgressPolicy;
use crate::triage::export::{Sasl, SaslMechanism, broker_address};

/// Longest time that Kafka may take for a batch.
pub(super) const TIME_MAX: Duration = Duration::from_secs(30);
/// Longest time that a broker may take to say which brokers there are.
const NAMES_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of such an answer at the most.
const NAMES_BYTES_MAX: u32 = 16 << 20;
/// Bytes of records that are sent at once, which is what brokers take with their usual settings (Kafka `message.max.bytes`, Event Hubs 1 MB)
/// less what frames them; an item that is longer goes without its content, and says so.
const RECORDS_BYTES_MAX: usize = 900_000;
/// How the server calls itself.
const CLIENT: &str = "clew";

/// A topic of a cluster.
pub(super) struct Topic<'a> {
    pub(super) brokers: &'a [String],
    pub(super) name: &'a str,
    pub(super) tls: bool,
    pub(super) sasl: Option<&'a Sasl>,
}

impl Topic<'_> {
    /// Refuses brokers that must not be called: those of the settings, and those that the cluster names. Blocks.
    ///
    /// Under TLS `Vetted` looks at each of the latter when it is called; a cluster without TLS that asks for a password tells its
    /// brokers to nobody before, so that those are up to who lets it be called.
    pub(super) fn check(&self, policy: &EgressPolicy) -> Result<(), Fault> {
        let scheme = if self.tls { "tls" } else { "kafka" };
        let mut addresses = Vec::new();
        for broker in self.brokers {
            let (host, port) = broker_address(broker)?;
            addresses.extend(egress::resolve(policy, scheme, &host, port)?);
        }
        if self.tls || self.sasl.is_some() {
            return Ok(());
        }
        let mut named = Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
        for address in &addresses {
            named = named_brokers(address, self.name);
            if named.is_ok() {
                break;
            }
        }
        for (host, port) in named.map_err(|error| failed(&error))? {
            egress::resolve(policy, scheme, &host, port)?;
        }
        Ok(())
    }

    /// Produces the items to the partitions; the items of one alert or incident go to one partition, in order.
    pub(super) async fn produce(&self, policy: &EgressPolicy, items: &[Item]) -> Result<(), Fault> {
        let backoff = rskafka::BackoffConfig { deadline: Some(TIME_MAX / 2), ..rskafka::BackoffConfig::default() };
        let mut builder = ClientBuilder::new(self.brokers.to_vec()).client_id(CLIENT).backoff_config(backoff);
        if self.tls {
            builder = builder.tls_config(vetted(policy)?);
        }
        if let Some(sasl) = self.sasl {
            let credentials = Credentials::new(sasl.username.clone(), sasl.password.clone());
            builder = builder.sasl_config(match sasl.mechanism {
                SaslMechanism::Plain => SaslConfig::Plain(credentials),
                SaslMechanism::ScramSha256 => SaslConfig::ScramSha256(credentials),
                SaslMechanism::ScramSha512 => SaslConfig::ScramSha512(credentials),
            });
        }
        let client = builder.build().await.map_err(|error| failed(&error))?;
        let topics = client.list_topics().await.map_err(|error| failed(&error))?;
        let known = topics.into_iter().find(|known| known.name == self.name);
        let partitions: Vec<i32> = known.map(|known| known.partitions.into_iter().collect()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(failed(&format!("no topic is named `{}`", self.name)));
        }
        let mut parts: BTreeMap<i32, Vec<Record>> = BTreeMap::new();
        for item in items {
            // Its seq is left out of the key: every version of one thing has the same.
            let key = item.id.split_once(':').map_or(item.id.as_str(), |(_, key)| key);
            let hash = blake3::hash(key.as_bytes());
            let partition = partitions[usize::from(hash.as_bytes()[0]) % partitions.len()];
            parts.entry(partition).or_default().push(Record {
                key: Some(key.as_bytes().to_vec()),
                value: Some(item.text_within("records_bytes_max", RECORDS_BYTES_MAX).into_bytes()),
                headers: BTreeMap::from([("id".to_owned(), item.id.clone().into_bytes())]),
                timestamp: chrono::DateTime::from_timestamp_micros(item.time.micros()).unwrap_or_default(),
            });
        }
        for (partition, records) in parts {
            let client =
                client.partition_client(self.name, partition, UnknownTopicHandling::Error).await.map_err(|error| failed(&error))?;
            for records in batches(records) {
                client.produce(records, Compression::NoCompression).await.map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }
}

/// Parts records, in their order, into as many batches as brokers ask for.
fn batches(records: Vec<Record>) -> Vec<Vec<Record>> {
    let (mut batches, mut bytes) = (Vec::<Vec<Record>>::new(), usize::MAX);
    for record in records {
        let size = record.approximate_size();
        match batches.last_mut().filter(|_| bytes.saturating_add(size) <= RECORDS_BYTES_MAX) {
            Some(batch) => {
                batch.push(record);
                bytes += size;
            }
            None => {
                batches.push(vec![record]);
                bytes = size;
            }
        }
    }
    batches
}

fn failed(error: &dyn std::fmt::Display) -> Fault {
    refused(&format!("Kafka: {error}"))
}

/// TLS that speaks to brokers only that may be called: before anything else is said, the name of a broker is looked at.
fn vetted(policy: &EgressPolicy) -> Result<Arc<rustls::ClientConfig>, Fault> {
    let unusable = |error: &dyn std::fmt::Display| refused(&format!("TLS cannot be set up: {error}"));
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots()?), provider()).build().map_err(|error| unusable(&error))?;
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Vetted { inner, policy: policy.clone() }));
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Verifies certificates as usual, of servers that may be called.
#[derive(Debug)]
struct Vetted {
    inner: Arc<WebPkiServerVerifier>,
    policy: EgressPolicy,
}

impl ServerCertVerifier for Vetted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        egress::resolve(&self.policy, "tls", &server_name.to_str(), 0).map_err(|fault| rustls::Error::General(fault.message))?;
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Host and port of the brokers that a broker names: one request for metadata (version 4), which needs no other before it.
fn named_brokers(address: &SocketAddr, topic: &str) -> io::Result<Vec<(String, u16)>> {
    let mut stream = TcpStream::connect_timeout(address, NAMES_TIME_MAX)?;
    stream.set_read_timeout(Some(NAMES_TIME_MAX))?;
    stream.set_write_timeout(Some(NAMES_TIME_MAX))?;
    let text = |text: &str| [&(text.len() as i16).to_be_bytes(), text.as_bytes()].concat();
    // Key and version of the request, its number, the client; one topic, which is not to be made.
    let request = [&[0, 3, 0, 4, 0, 0, 0, 1], text(CLIENT).as_slice(), &1_i32.to_be_bytes(), text(topic).as_slice(), &[0]].concat();
    stream.write_all(&(request.len() as u32).to_be_bytes())?;
    stream.write_all(&request)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > NAMES_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("expected metadata of at most {NAMES_BYTES_MAX} bytes, found {length}"),
        ));
    }
    let mut answer = vec![0; length as usize];
    stream.read_exact(&mut answer)?;
    read_brokers(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its metadata cannot be read"))
}

/// The brokers of an answer of metadata, which stand at its beginning.
fn read_brokers(answer: &[u8]) -> Option<Vec<(String, u16)>> {
    // The number of the request, and how long to wait before the next.
    let mut rest = answer.get(8..)?;
    let mut take = |count: usize| {
        let (taken, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(taken)
    };
    let count = i32::from_be_bytes(take(4)?.try_into().ok()?);
    let mut brokers = Vec::new();
    for _ in 0..count {
        take(4)?;
        let length = i16::from_be_bytes(take(2)?.try_into().ok()?);
        let host = std::str::from_utf8(take(usize::try_from(length).ok()?)?).ok()?.to_owned();
        let port = u16::try_from(i32::from_be_bytes(take(4)?.try_into().ok()?)).ok()?;
        let rack = i16::from_be_bytes(take(2)?.try_into().ok()?);
        take(usize::try_from(rack).unwrap_or_default())?;
        brokers.push((host, port));
    }
    Some(brokers)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn brokers_stand_at_the_beginning_of_metadata() {
        let mut answer = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
        answer.extend([0, 0, 0, 7, 0, 1, b'a', 0, 0, 0x23, 0x84, 0xff, 0xff]);
        answer.extend([0, 0, 0, 8, 0, 2, b'b', b'c', 0, 0, 0, 1, 0, 1, b'r']);
        answer.extend([9; 40]);
        assert_eq!(read_brokers(&answer), Some(vec![("a".into(), 9_092), ("bc".into(), 1)]));
        for cut in 0..12 + 13 + 15 {
            assert_eq!(read_brokers(&answer[..cut]), None, "{cut} bytes");
        }
    }

    #[test]
    fn no_batch_is_larger_than_brokers_take() {
        let record =
            |bytes: usize| Record { key: None, value: Some(vec![0; bytes]), headers: BTreeMap::new(), timestamp: Default::default() };
        let sizes = |sizes: &[usize]| -> Vec<Vec<usize>> {
            let parted = batches(sizes.iter().map(|size| record(*size)).collect());
            parted.iter().map(|batch| batch.iter().map(Record::approximate_size).collect()).collect()
        };
        assert_eq!(sizes(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(&[500_000, 400_000, 1, 899_999, 900_000, 5]), [vec![500_000, 400_000], vec![1, 899_999], vec![900_000], vec![5]]);
    }

    #[test]
    fn a_certificate_is_looked_at_only_of_a_server_that_may_be_called() {
        let key = KeyPair::generate().expect("a key");
        let made = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        let certificate = made.self_signed(&key).expect("a certificate");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.der().clone()).expect("a certificate");
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().expect("a verifier");
        let verify = |name: &str, private: bool| {
            let vetted = Vetted { inner: Arc::clone(&inner), policy: EgressPolicy { hosts: vec!["localhost".into()], private } };
            let name = ServerName::try_from(name.to_owned()).expect("a name");
            vetted.verify_server_cert(certificate.der(), &[], &name, &[], UnixTime::now()).map(|_| ())
        };
        assert_eq!(verify("localhost", true), Ok(()));
        let said = |found: Result<(), rustls::Error>| found.expect_err("it must not be called").to_string();
        assert!(said(verify("localhost", false)).contains("expected a public address"));
        assert!(said(verify("127.0.0.1", true)).contains("expected a host of the egress policy"));
    }
}
