//! Taking in: bulk files, many clients with one alert a request, and starting again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use clew::engine::{Engine, IngestReport, Options};
use clew::http;

use crate::fixture::{Fixture, take_in};
use crate::limits;
use crate::measure::{Rate, Report, processor};

/// Lines of which the bare parser is measured.
const PARSED: usize = 20_000;

/// Measures everything that writes.
pub(crate) fn run(fixture: &Fixture, requests: usize, report: &mut Report) {
    bulk(fixture, report);
    events(fixture, report);
    clients(fixture, requests, report);
    starts(fixture, report);
}

fn rate(name: impl Into<String>, ours: f64, unit: &'static str, limit: Option<(&'static str, f64)>) -> Rate {
    Rate { name: name.into(), ours, unit, processor: None, limit }
}

/// Ingests a file and makes everything durable in all views; gives the report and the processor time of both.
fn timed(engine: &Engine, file: &Path) -> (IngestReport, f64) {
    let before = processor();
    let done = take_in(engine, file);
    engine.persist().expect("the disk has room");
    (done, processor() - before)
}

fn bulk(fixture: &Fixture, report: &mut Report) {
    let file = fixture.file("SecurityAlert.jsonl");
    let (lines, _) = limits::parse(&file, PARSED);
    let engine = fixture.empty("bulk");
    let (done, took) = timed(&engine, &file);
    let alerts = (done.new + done.updated + done.duplicate) as f64;
    report.rate(Rate {
        processor: Some(alerts / took),
        ..rate(
            "alerts from a file, durable, graph and search ready",
            alerts / done.seconds,
            "alerts/s",
            Some(("parsing alone, one core", lines)),
        )
    });
    let copied = limits::copy(&file, &fixture.file("copied"));
    report.rate(rate("the same in bytes", done.bytes as f64 / done.seconds / 1e6, "MB/s", Some(("copying and flushing the file", copied))));
    let again = take_in(&engine, &file);
    report.rate(rate("the same file again", again.documents as f64 / again.seconds, "alerts/s", Some(("parsing alone, one core", lines))));
    let done = take_in(&engine, &fixture.file("SecurityIncident.jsonl"));
    report.rate(rate("incidents from a file", done.documents as f64 / done.seconds, "incidents/s", None));
}

fn events(fixture: &Fixture, report: &mut Report) {
    for name in ["SigninLogs", "SecurityEvent", "DeviceNetworkEvents"] {
        let file = fixture.file(&format!("{name}.jsonl"));
        if std::fs::metadata(&file).map_or(0, |file| file.len()) == 0 {
            continue;
        }
        let (_, parsed) = limits::parse(&file, PARSED);
        let engine = fixture.empty("events");
        let (done, took) = timed(&engine, &file);
        let bytes = done.bytes as f64 / 1e6;
        report.rate(Rate {
            processor: Some(bytes / took),
            ..rate(format!("events of {name}, durable"), bytes / done.seconds, "MB/s", Some(("parsing alone, one core", parsed)))
        });
    }
}

/// One alert a request, from one client and from 64, each waiting for its answer.
fn clients(fixture: &Fixture, requests: usize, report: &mut Report) {
    let file = fixture.file("SecurityAlert.jsonl");
    let lines = BufReader::new(std::fs::File::open(file).expect("the fixture is there")).lines();
    let alerts: Vec<String> = lines.map(|line| line.expect("lines are UTF-8")).take(requests).collect();
    let engine = fixture.empty("clients");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    let (dir, opened) = (engine.dir().to_owned(), Arc::clone(&engine));
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
        let ready = move |address, _| tell.send(address).expect("the bench waits");
        let stop = async { drop(stopped.await) };
        let address = "127.0.0.1:0".parse().expect("an address");
        runtime
            .block_on(http::serve(http::Serving::new(dir, address), move || Ok(opened), ready, stop))
            .expect("the server ends in good order");
    });
    let address: SocketAddr = told.recv().expect("the server listens");
    let flushes = limits::flushes(&fixture.file("flushed"), 200);
    let (few, many) = alerts.split_at(alerts.len() / 10);
    for (count, alerts) in [(1, few), (64, many)] {
        let next = AtomicUsize::new(0);
        let (begun, before) = (Instant::now(), processor());
        std::thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| {
                    let mut client = Client::new(address);
                    while let Some(alert) = alerts.get(next.fetch_add(1, Ordering::Relaxed)) {
                        client.post(alert);
                    }
                });
            }
        });
        let rate_found = alerts.len() as f64 / begun.elapsed().as_secs_f64();
        report.rate(Rate {
            processor: Some(alerts.len() as f64 / (processor() - before)),
            ..rate(
                format!("{count} clients, one alert a request, durable"),
                rate_found,
                "requests/s",
                Some(("appends of 4 KiB with fdatasync", flushes)),
            )
        });
    }
    // A server that has stopped already shows in the join.
    let _ = stop.send(());
    server.join().expect("the server does not panic");
}

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a connected socket");
        Self { reader: BufReader::new(stream.try_clone().expect("a connected socket")), stream, address }
    }

    fn post(&mut self, body: &str) {
        let (host, length) = (self.address, body.len());
        let head = format!("POST /v1/ingest?format=sentinel-alert HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\r\n");
        self.stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).expect("the server reads");
        let (mut status, mut length) = (String::new(), 0);
        self.reader.read_line(&mut status).expect("the server answers");
        assert!(status.contains(" 200 "), "{status}");
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("the server answers");
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length is a number");
            }
        }
        let mut answer = vec![0; length];
        self.reader.read_exact(&mut answer).expect("the server answers whole");
    }
}

/// Start-up with all views on disk, and from the journal alone.
fn starts(fixture: &Fixture, report: &mut Report) {
    let dir = {
        let engine = fixture.full();
        engine.close().expect("the disk has room");
        engine.dir().to_owned()
    };
    let open = || {
        let begun = Instant::now();
        let engine = Engine::open(&dir, Options::default()).expect("the directory is good");
        (begun.elapsed().as_secs_f64(), engine.seq().0 as f64)
    };
    let (seconds, documents) = open();
    report.rate(rate("documents at a start with all views on disk", documents / seconds, "documents/s", None));
    for view in ["graph", "columns", "fulltext", "records"] {
        std::fs::remove_dir_all(dir.join(view)).expect("the views can be deleted");
    }
    let (seconds, documents) = open();
    report.rate(rate("documents at a start from the journal alone", documents / seconds, "documents/s", None));
}
