//! Export to Kafka, against a broker of a few requests: what is produced is read off the wire as the protocol describes it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use clew::model::Time;
use serde_json::{Value, json};

use crate::support::Clew;

/// A record as it lies in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Produced {
    partition: i32,
    key: String,
    value: String,
    headers: Vec<(String, String)>,
}

/// Bytes of a message, read in the order of the protocol.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number<const N: usize>(&mut self) -> i64 {
        let bytes = self.take(N);
        let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
        bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
    }

    /// A string, none if its length is negative.
    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number::<2>()).ok()?;
        Some(String::from_utf8(self.take(length).to_vec()).expect("UTF-8"))
    }

    /// A zigzag number of variable length.
    fn varint(&mut self) -> i64 {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.take(1)[0];
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return (number >> 1) as i64 ^ -((number & 1) as i64);
            }
        }
    }

    fn bytes(&mut self) -> String {
        let length = usize::try_from(self.varint()).expect("a length");
        String::from_utf8(self.take(length).to_vec()).expect("UTF-8")
    }
}

/// The checksum of record batches: CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// The records of a batch of the second format.
fn records(partition: i32, batch: &[u8], out: &mut Vec<Produced>) {
    let mut wire = Wire(batch);
    assert_eq!(wire.number::<8>(), 0, "base offset");
    assert_eq!(wire.number::<4>() as usize, wire.0.len(), "length of the batch");
    wire.number::<4>();
    assert_eq!(wire.number::<1>(), 2, "magic");
    let crc = wire.number::<4>() as u32;
    assert_eq!(crc, crc32c(wire.0), "checksum");
    assert_eq!(wire.number::<2>(), 0, "neither compressed nor of a transaction");
    wire.take(4 + 8 + 8 + 8 + 2 + 4);
    for _ in 0..wire.number::<4>() {
        wire.varint();
        wire.take(1);
        wire.varint();
        wire.varint();
        let (key, value) = (wire.bytes(), wire.bytes());
        let headers = (0..wire.varint()).map(|_| (wire.bytes(), wire.bytes())).collect();
        out.push(Produced { partition, key, value, headers });
    }
    assert!(wire.0.is_empty(), "nothing stands behind the records");
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as i16).to_be_bytes());
    out.extend(text.as_bytes());
}

/// A broker with one topic, `soc`, of two partitions.
struct Broker {
    address: String,
    /// How it calls itself where it names the brokers of the cluster.
    host: Arc<Mutex<&'static str>>,
    produced: Arc<Mutex<Vec<Produced>>>,
}

impl Broker {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let produced: Arc<Mutex<Vec<Produced>>> = Arc::default();
        let kept = Arc::clone(&produced);
        let host = Arc::new(Mutex::new("127.0.0.1"));
        let named = Arc::clone(&host);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), kept, named) = (stream, Arc::clone(&kept), Arc::clone(&named)) else { return };
                std::thread::spawn(move || Self::serve(stream, port, &named, &kept));
            }
        });
        Self { address: format!("127.0.0.1:{port}"), host, produced }
    }

    fn serve(mut stream: TcpStream, port: u16, host: &Mutex<&str>, produced: &Mutex<Vec<Produced>>) {
        let mut length = [0; 4];
        while stream.read_exact(&mut length).is_ok() {
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut request).expect("the request is whole");
            let mut wire = Wire(&request);
            let (key, version, correlation) = (wire.number::<2>(), wire.number::<2>(), wire.number::<4>() as i32);
            assert_eq!(wire.text().as_deref(), Some("clew"), "the client says who it is");
            let mut answer = correlation.to_be_bytes().to_vec();
            match (key, version) {
                (18, 3) => Self::versions(&mut answer),
                (3, 4) => Self::metadata(&mut answer, *host.lock().expect("nobody panicked"), port),
                (0, 3) => Self::produce(&mut wire, &mut answer, produced),
                other => panic!("a request that was not offered: {other:?}"),
            }
            stream.write_all(&(answer.len() as u32).to_be_bytes()).expect("the client reads");
            stream.write_all(&answer).expect("the client reads");
        }
    }

    /// Produce 3, Metadata 4, ApiVersions 3, and nothing else.
    fn versions(out: &mut Vec<u8>) {
        out.extend(0_i16.to_be_bytes());
        let offered: [(i16, i16); 3] = [(0, 3), (3, 4), (18, 3)];
        out.push(offered.len() as u8 + 1);
        for (key, version) in offered {
            for number in [key, version, version] {
                out.extend(number.to_be_bytes());
            }
            out.push(0);
        }
        out.extend(0_i32.to_be_bytes());
        out.push(0);
    }

    fn metadata(out: &mut Vec<u8>, host: &str, port: u16) {
        let number = |out: &mut Vec<u8>, number: i32| out.extend(number.to_be_bytes());
        number(out, 0);
        number(out, 1);
        number(out, 7);
        text(out, host);
        number(out, i32::from(port));
        // No rack, no name of the cluster.
        out.extend((-1_i16).to_be_bytes());
        out.extend((-1_i16).to_be_bytes());
        number(out, 7);
        number(out, 1);
        out.extend(0_i16.to_be_bytes());
        text(out, "soc");
        out.push(0);
        number(out, 2);
        for partition in 0..2 {
            out.extend(0_i16.to_be_bytes());
            for field in [partition, 7, 1, 7, 1, 7] {
                number(out, field);
            }
        }
    }

    fn produce(wire: &mut Wire<'_>, out: &mut Vec<u8>, produced: &Mutex<Vec<Produced>>) {
        assert_eq!(wire.text(), None, "no transaction");
        assert_eq!(wire.number::<2>(), -1, "every replica acknowledges");
        wire.number::<4>();
        assert_eq!(wire.number::<4>(), 1, "one topic");
        assert_eq!(wire.text().as_deref(), Some("soc"));
        assert_eq!(wire.number::<4>(), 1, "one partition");
        let partition = wire.number::<4>() as i32;
        let length = usize::try_from(wire.number::<4>()).expect("a length");
        let mut produced = produced.lock().expect("nobody panicked");
        let offset = produced.iter().filter(|record| record.partition == partition).count() as i64;
        records(partition, wire.take(length), &mut produced);
        out.extend(1_i32.to_be_bytes());
        text(out, "soc");
        out.extend(1_i32.to_be_bytes());
        out.extend(partition.to_be_bytes());
        out.extend(0_i16.to_be_bytes());
        out.extend(offset.to_be_bytes());
        out.extend((-1_i64).to_be_bytes());
        out.extend(0_i32.to_be_bytes());
    }

    fn all(&self) -> Vec<Produced> {
        self.produced.lock().expect("nobody panicked").clone()
    }
}

#[test]
fn the_checksum_is_the_one_of_the_standard() {
    // The check value of CRC-32C.
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_produced_once_with_its_name_and_its_place() {
    let clew = Clew::new();
    let broker = Broker::start();
    let send = async |method: &str, path: &str, body: Value| {
        let (status, answer) = clew.by("ana", method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
        answer
    };
    let export = |now: Time| tokio::task::block_in_place(|| clew.engine.run_exports(now)).expect("a pass");
    send("PUT", "/v1/egress", json!({"hosts": ["127.0.0.1"], "private": true})).await;
    let target = |topic: &str| json!({"type": "kafka", "brokers": [broker.address], "topic": topic, "tls": false});
    send("PUT", "/v1/exports/bus", json!({"target": target("soc")})).await;
    for id in ["i1", "i2", "i3"] {
        send("POST", "/v1/incidents", json!({"id": id, "title": id, "severity": "High"})).await;
    }
    send("PATCH", "/v1/incidents/i1", json!({"severity": "Low"})).await;
    assert_eq!(export(Time::now()).sent, 4);
    let produced = broker.all();
    assert_eq!(produced.len(), 4, "{produced:?}");
    for record in &produced {
        let value: Value = serde_json::from_str(&record.value).expect("JSON");
        assert_eq!(record.headers, [("id".to_owned(), value["event_id"].as_str().expect("a name").to_owned())]);
        assert_eq!(record.key, format!("incident:{}", value["id"].as_str().expect("an id")));
    }
    // All versions of one thing lie in one partition, in their order.
    let first: Vec<(i32, Value)> = produced
        .iter()
        .filter(|record| record.key == "incident:i1")
        .map(|record| (record.partition, serde_json::from_str::<Value>(&record.value).expect("JSON")["severity"].clone()))
        .collect();
    assert_eq!(first, [(first[0].0, json!("High")), (first[0].0, json!("Low"))]);
    assert_eq!((export(Time::now()).sent, broker.all().len()), (0, 4), "what was acknowledged is not sent again");

    // A topic that is not there is an error that names it, and nothing is lost.
    send("PUT", "/v1/exports/lost", json!({"target": target("elsewhere"), "from_beginning": true})).await;
    assert_eq!(export(Time::now()).failed, 1);
    let status = clew.get("/v1/exports/lost/status").await;
    assert!(status["error"].as_str().is_some_and(|error| error.ends_with("no topic is named `elsewhere`")), "{status}");

    // A cluster that names a broker elsewhere leads nobody there.
    *broker.host.lock().expect("nobody panicked") = "localhost";
    send("POST", "/v1/incidents", json!({"id": "i4", "title": "i4", "severity": "High"})).await;
    assert!(export(Time::now()).failed >= 1, "the other export may be due again on a slow machine");
    let status = clew.get("/v1/exports/bus/status").await;
    let expected = "expected a host of the egress policy, found `localhost`";
    assert_eq!((&status["error"], broker.all().len()), (&json!(expected), 4), "{status}");
}
