//! Counters of one server in the text format of Prometheus. Counts only; names no record, entity or person.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Counters of one server.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<Requests>,
    connections: AtomicU64,
    ingest_bytes: AtomicU64,
    ingest: Mutex<BTreeMap<&'static str, u64>>,
    compatibility_misses: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

#[derive(Debug, Default)]
struct Requests {
    by_status: BTreeMap<(String, String, u16), u64>,
    by_route: BTreeMap<String, Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    counts: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

/// A number that is read when the metrics are, with its labels.
pub(crate) struct Gauge<'a> {
    /// Name without prefix.
    pub(crate) name: &'a str,
    /// What it says.
    pub(crate) help: &'a str,
    /// The values, each under one label's value.
    pub(crate) values: Vec<(String, f64)>,
    /// The label.
    pub(crate) label: &'a str,
}

impl Metrics {
    /// Counts a request that was answered.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.by_status.entry((method.to_owned(), route.to_owned(), status)).or_default() += 1;
        let histogram = requests.by_route.entry(route.to_owned()).or_default();
        let seconds = took.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            histogram.counts[bucket] += 1;
        }
        histogram.count += 1;
        histogram.seconds += seconds;
    }

    /// Counts an open connection until the guard is dropped.
    pub(crate) fn connection(&self) -> impl Drop + '_ {
        struct Open<'a>(&'a AtomicU64);
        impl Drop for Open<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.connections.fetch_add(1, Ordering::Relaxed);
        Open(&self.connections)
    }

    /// Counts documents of an ingest request by what became of them.
    pub(crate) fn ingested(&self, bytes: u64, outcomes: impl IntoIterator<Item = (&'static str, u64)>) {
        self.ingest_bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut ingest = self.ingest.lock().unwrap_or_else(PoisonError::into_inner);
        for (outcome, count) in outcomes {
            *ingest.entry(outcome).or_default() += count;
        }
    }

    /// Counts a request of a dialect that has no operation, by a name of a closed set.
    pub(crate) fn compatibility_miss(&self, dialect: &'static str, resource: &'static str) {
        let mut misses = self.compatibility_misses.lock().unwrap_or_else(PoisonError::into_inner);
        *misses.entry((dialect, resource)).or_default() += 1;
    }

    /// Writes everything, with the gauges of the moment.
    pub(crate) fn write(&self, gauges: &[Gauge<'_>]) -> String {
        let mut out = String::new();
        self.write_requests(&mut out);
        head(&mut out, "connections", "gauge", "Open connections.");
        line(&mut out, "connections", &[], self.connections.load(Ordering::Relaxed));
        head(&mut out, "ingest_bytes_total", "counter", "Bytes of ingest requests as they came over the wire.");
        line(&mut out, "ingest_bytes_total", &[], self.ingest_bytes.load(Ordering::Relaxed));
        head(&mut out, "ingest_documents_total", "counter", "Documents of ingest requests by what became of them.");
        for (outcome, count) in self.ingest.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            line(&mut out, "ingest_documents_total", &[("outcome", outcome)], count);
        }
        let misses = self.compatibility_misses.lock().unwrap_or_else(PoisonError::into_inner);
        if !misses.is_empty() {
            head(&mut out, "compatibility_misses_total", "counter", "Requests of a dialect that has no such operation.");
        }
        for ((dialect, resource), count) in misses.iter() {
            line(&mut out, "compatibility_misses_total", &[("dialect", dialect), ("resource", resource)], count);
        }
        drop(misses);
        for gauge in gauges {
            head(&mut out, gauge.name, "gauge", gauge.help);
            for (label, value) in &gauge.values {
                let labels = [(gauge.label, label.as_str())];
                line(&mut out, gauge.name, if gauge.label.is_empty() { &[] } else { &labels }, value);
            }
        }
        if let Some(bytes) = resident_bytes() {
            out.push_str(
                "# HELP process_resident_memory_bytes Resident memory of the process.\n# TYPE process_resident_memory_bytes gauge\n",
            );
            let _ = writeln!(out, "process_resident_memory_bytes {bytes}");
        }
        out
    }

    fn write_requests(&self, out: &mut String) {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        head(out, "http_requests_total", "counter", "Requests answered.");
        for ((method, route, status), count) in &requests.by_status {
            line(out, "http_requests_total", &[("method", method), ("route", route), ("status", &status.to_string())], count);
        }
        head(out, "http_request_seconds", "histogram", "Time from the head of a request to the head of its answer.");
        for (route, histogram) in &requests.by_route {
            let mut below = 0;
            for (bound, count) in BUCKETS.iter().zip(histogram.counts) {
                below += count;
                line(out, "http_request_seconds_bucket", &[("route", route), ("le", &bound.to_string())], below);
            }
            line(out, "http_request_seconds_bucket", &[("route", route), ("le", "+Inf")], histogram.count);
            line(out, "http_request_seconds_sum", &[("route", route)], histogram.seconds);
            line(out, "http_request_seconds_count", &[("route", route)], histogram.count);
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP clew_{name} {help}\n# TYPE clew_{name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "clew_{name}{labels} {value}");
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Resident memory of this process, where the system tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_text_format() {
        let metrics = Metrics::default();
        metrics.request("GET", "/v1/search", 200, Duration::from_millis(2));
        metrics.request("GET", "/v1/search", 200, Duration::from_secs(60));
        metrics.ingested(10, [("new", 3), ("rejected", 1)]);
        metrics.ingested(5, [("new", 1)]);
        metrics.compatibility_miss("sentinel", "settings");
        let gauges = [Gauge { name: "view_seq", help: "Last document in view.", label: "view", values: vec![("a\"b".into(), 7.0)] }];
        let text = metrics.write(&gauges);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("process_") && !line.contains(" process_")).collect();
        let expected = r#"# HELP clew_http_requests_total Requests answered.
# TYPE clew_http_requests_total counter
clew_http_requests_total{method="GET",route="/v1/search",status="200"} 2
# HELP clew_http_request_seconds Time from the head of a request to the head of its answer.
# TYPE clew_http_request_seconds histogram
clew_http_request_seconds_bucket{route="/v1/search",le="0.0005"} 0
clew_http_request_seconds_bucket{route="/v1/search",le="0.001"} 0
clew_http_request_seconds_bucket{route="/v1/search",le="0.0025"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="0.005"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="0.01"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="0.025"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="0.05"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="0.1"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="0.25"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="1"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="5"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="30"} 1
clew_http_request_seconds_bucket{route="/v1/search",le="+Inf"} 2
clew_http_request_seconds_sum{route="/v1/search"} 60.002
clew_http_request_seconds_count{route="/v1/search"} 2
# HELP clew_connections Open connections.
# TYPE clew_connections gauge
clew_connections 0
# HELP clew_ingest_bytes_total Bytes of ingest requests as they came over the wire.
# TYPE clew_ingest_bytes_total counter
clew_ingest_bytes_total 15
# HELP clew_ingest_documents_total Documents of ingest requests by what became of them.
# TYPE clew_ingest_documents_total counter
clew_ingest_documents_total{outcome="new"} 4
clew_ingest_documents_total{outcome="rejected"} 1
# HELP clew_compatibility_misses_total Requests of a dialect that has no such operation.
# TYPE clew_compatibility_misses_total counter
clew_compatibility_misses_total{dialect="sentinel",resource="settings"} 1
# HELP clew_view_seq Last document in view.
# TYPE clew_view_seq gauge
clew_view_seq{view="a\"b"} 7"#;
        assert_eq!(lines.join("\n"), expected);
    }
}
