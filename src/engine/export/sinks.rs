//! Targets of exports: files, addresses of the web, syslog, Kafka. Each takes a batch whole or says why it did not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use tokio::runtime::Handle;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use super::super::egress::{self, Call};
use super::kafka::{self, Topic};
use super::{Batch, Item};
use crate::model::{Fault, FaultClass, Time};
use crate::triage::egress::EgressPolicy;
use crate::triage::export::{FileFormat, Target, syslog_address};

/// Longest time that a collector of syslog may take to answer.
const SYSLOG_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of a datagram at the most; an item that is longer goes without its content, and says so.
const DATAGRAM_BYTES_MAX: usize = 8_192;
/// Facility 13 (log audit); with severity 6 (informational) the priority of messages of no severity.
const FACILITY: u32 = 13;

/// Sends a batch to its target; returns when the target has it.
pub(super) fn send(
    target: &Target,
    policy: &EgressPolicy,
    folder: &Path,
    id: &str,
    batch: &Batch,
    now: Time,
    runtime: &Handle,
) -> Result<(), Fault> {
    match target {
        Target::File { format: FileFormat::Ndjson } => ndjson(folder, batch),
        Target::File { format: FileFormat::Parquet } => parquet(folder, batch),
        Target::Http { url, secret, headers } => {
            let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let delivery = format!("{id}/{}", batch.name);
            let body = lines(&batch.items);
            let call = Call { url, id: &delivery, secret, headers, content_type: "application/x-ndjson", body: &body };
            egress::post(policy, &call, now).map(|_| ()).map_err(|failed| refused(&failed.message))
        }
        Target::Syslog { address } => syslog(policy, address, &batch.items),
        Target::Kafka { brokers, topic, tls, sasl } => {
            let topic = Topic { brokers, name: topic, tls: *tls, sasl: sasl.as_ref() };
            topic.check(policy)?;
            let sent = topic.produce(policy, &batch.items);
            let sent = runtime.block_on(async { tokio::time::timeout(kafka::TIME_MAX, sent).await });
            sent.unwrap_or_else(|_| Err(refused(&format!("Kafka took longer than {} s", kafka::TIME_MAX.as_secs()))))
        }
    }
}

pub(super) fn refused(message: &str) -> Fault {
    Fault::new(FaultClass::Unavailable, "export_refused", message)
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Fault {
    Fault::new(FaultClass::Unavailable, "export_unwritable", format!("`{}` cannot be written: {error}", path.display()))
}

/// A JSON object on each line.
fn lines(items: &[Item]) -> Vec<u8> {
    items.iter().flat_map(|item| (item.value.to_string() + "\n").into_bytes()).collect()
}

/// A file for each batch, whole or not there: sent again it is written again under the same name.
fn whole_file(folder: &Path, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Fault> {
    let path = folder.join(name);
    let written = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let beside = folder.join(format!(".{name}.new"));
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&beside)?;
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|error| unwritable(&path, &error))
}

fn ndjson(folder: &Path, batch: &Batch) -> Result<(), Fault> {
    whole_file(folder, &format!("{}.ndjson", batch.name), |file| file.write_all(&lines(&batch.items)))
}

fn parquet(folder: &Path, batch: &Batch) -> Result<(), Fault> {
    let rows = rows(&batch.items).map_err(|error| unwritable(folder, &error))?;
    whole_file(folder, &format!("{}.parquet", batch.name), |file| {
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).map_err(io::Error::other)?;
        writer.write(&rows).map_err(io::Error::other)?;
        writer.close().map_err(io::Error::other)?;
        Ok(())
    })
}

fn rows(items: &[Item]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = |of: fn(&Item) -> String| Arc::new(items.iter().map(|item| Some(of(item))).collect::<StringArray>()) as ArrayRef;
    let times = items.iter().map(|item| Some(item.time.micros())).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("event_id", text(|item| item.id.clone())),
        ("kind", text(|item| item.kind.clone())),
        ("action", text(|item| item.action.clone())),
        ("time", Arc::new(times)),
        ("severity", text(|item| item.severity.clone())),
        ("status", text(|item| item.status.clone())),
        ("title", text(|item| item.title.clone())),
        ("item", text(|item| item.value.to_string())),
    ];
    let kind = |name: &str| if name == "time" { DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())) } else { DataType::Utf8 };
    let schema = Schema::new(columns.iter().map(|(name, _)| Field::new(*name, kind(name), true)).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect())
}

/// A message that fits into a datagram: of an item that is too long, what names it, and how long it is.
fn datagram(item: &Item) -> Vec<u8> {
    let head = message(item, "").len();
    message(item, &item.text_within("datagram_bytes_max", DATAGRAM_BYTES_MAX.saturating_sub(head)))
}

/// A message of RFC 5424: a text of its own, the names of its item as structured data.
fn message(item: &Item, text: &str) -> Vec<u8> {
    let severity = match item.severity.as_str() {
        "Critical" => 2,
        "High" => 3,
        "Medium" => 4,
        "Low" => 5,
        _ => 6,
    };
    // Values of structured data escape these three.
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
    let printable = |text: &str, most: usize| -> String {
        let kept: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
        if kept.is_empty() { "-".to_owned() } else { kept }
    };
    let head = format!(
        "<{}>1 {} {} clew {} {} [clew@32473 id=\"{}\" kind=\"{}\" action=\"{}\"] ",
        FACILITY * 8 + severity,
        item.time,
        printable(&host_name(), 255),
        std::process::id(),
        printable(&item.kind, 32),
        quoted(&item.id),
        quoted(&item.kind),
        quoted(&item.action),
    );
    // The mark says that the text behind it is UTF-8.
    [head.as_bytes(), b"\xef\xbb\xbf", text.as_bytes()].concat()
}

fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

fn syslog(policy: &EgressPolicy, address: &str, items: &[Item]) -> Result<(), Fault> {
    let (scheme, host, port) = syslog_address(address)?;
    let addresses = egress::resolve(policy, &scheme, &host, port)?;
    let lost = |error: io::Error| refused(&format!("{host}: {error}"));
    if scheme == "udp" {
        let local = if addresses[0].is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(local).map_err(lost)?;
        for item in items {
            socket.send_to(&datagram(item), addresses[0]).map_err(lost)?;
        }
        return Ok(());
    }
    let mut stream = None;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in &addresses {
        match TcpStream::connect_timeout(address, SYSLOG_TIME_MAX) {
            Ok(open) => {
                stream = Some(open);
                break;
            }
            Err(error) => last = error,
        }
    }
    let Some(stream) = stream else { return Err(lost(last)) };
    stream.set_write_timeout(Some(SYSLOG_TIME_MAX)).and_then(|()| stream.set_read_timeout(Some(SYSLOG_TIME_MAX))).map_err(lost)?;
    // Messages are counted in octets (RFC 6587, RFC 5425), so that none is parted by a line break of its own.
    let framed: Vec<u8> = items
        .iter()
        .flat_map(|item| {
            let message = message(item, &item.value.to_string());
            [format!("{} ", message.len()).as_bytes(), &message].concat()
        })
        .collect();
    if scheme == "tls" {
        let name = ServerName::try_from(host.clone()).map_err(|error| refused(&format!("`{host}` is no name of a server: {error}")))?;
        let client = rustls::ClientConnection::new(tls()?, name).map_err(|error| refused(&format!("{host}: {error}")))?;
        let mut secured = rustls::StreamOwned::new(client, stream);
        secured.write_all(&framed).and_then(|()| secured.flush()).map_err(lost)?;
        secured.conn.send_close_notify();
        return secured.flush().map_err(lost);
    }
    let mut stream = stream;
    stream.write_all(&framed).and_then(|()| stream.flush()).map_err(lost)?;
    // A peer that closed already has not read everything.
    stream.shutdown(std::net::Shutdown::Write).map_err(lost)
}

/// TLS with the certificates that the system trusts.
fn tls() -> Result<Arc<rustls::ClientConfig>, Fault> {
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&format!("TLS cannot be set up: {error}")))?;
    Ok(Arc::new(config.with_root_certificates(roots()?).with_no_client_auth()))
}

pub(super) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The authorities that the system trusts, or those of the file that `SSL_CERT_FILE` names.
pub(super) fn roots() -> Result<rustls::RootCertStore, Fault> {
    let missing = || {
        refused("no certificates of authorities are found on this system")
            .with_hint("name a file of them with the variable `SSL_CERT_FILE`")
    };
    let bundle = egress::bundle().ok_or_else(missing)?;
    let mut roots = rustls::RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(&bundle).map_err(|error| refused(&format!("`{}`: {error}", bundle.display())))?;
    roots.add_parsable_certificates(found.filter_map(Result::ok));
    if roots.is_empty() { Err(missing()) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn item() -> Item {
        Item {
            id: "7:alert:a\"]1".into(),
            kind: "alert".into(),
            action: "created".into(),
            time: Time::parse("2026-01-01T00:00:00Z").expect("a time"),
            severity: "High".into(),
            status: "New".into(),
            title: "Malware".into(),
            value: json!({"title": "Malware\nsecond line"}),
        }
    }

    #[test]
    fn messages_are_those_of_the_standard() {
        let text = String::from_utf8(message(&item(), &item().value.to_string())).expect("UTF-8");
        let (head, body) = text.split_once('\u{feff}').expect("a mark");
        let words: Vec<&str> = head.splitn(7, ' ').collect();
        assert_eq!((words[0], words[1], words[3], words[5]), ("<107>1", "2026-01-01T00:00:00Z", "clew", "alert"));
        assert_eq!(words[6], r#"[clew@32473 id="7:alert:a\"\]1" kind="alert" action="created"] "#);
        assert_eq!(body, r#"{"title":"Malware\nsecond line"}"#, "a line break of the text does not part the message");
    }

    #[test]
    fn what_no_datagram_holds_says_so() {
        let body = |item: &Item| {
            let text = String::from_utf8(datagram(item)).expect("whole characters");
            assert!(text.len() <= DATAGRAM_BYTES_MAX, "{}", text.len());
            serde_json::from_str::<Value>(text.split_once('\u{feff}').expect("a mark").1).expect("whole JSON")
        };
        assert_eq!(body(&item()), item().value);
        let long = "\u{e9}".repeat(DATAGRAM_BYTES_MAX);
        let content = Item { value: json!({"title": "Malware", "content": {"text": long}}), ..item() };
        let bytes = content.value.to_string().len();
        assert_eq!(body(&content), json!({"title": "Malware", "cut": {"limit": "datagram_bytes_max", "bytes": bytes}}));
        let title = Item { value: json!({"title": long}), ..item() };
        assert_eq!(body(&title)["event_id"], title.id);
    }

    #[test]
    fn files_are_whole_and_the_same_when_sent_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let batch = Batch { name: "1-2".into(), items: vec![item(), item()] };
        for _ in 0..2 {
            ndjson(folder.path(), &batch).expect("it is written");
            parquet(folder.path(), &batch).expect("it is written");
        }
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["1-2.ndjson", "1-2.parquet"]);
        let file = File::open(folder.path().join("1-2.parquet")).expect("a file");
        let reader =
            ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
        assert_eq!(reader.map(|batch| batch.expect("a batch").num_rows()).sum::<usize>(), 2);
    }
}
