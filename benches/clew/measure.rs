//! Times, percentiles and the tables that are printed.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// Times of one operation over its parameters, sorted, in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    /// Measures `ask` on every parameter, `rounds` times; of each parameter the best time counts, because others use the machine too.
    pub(crate) fn of<P, A>(parameters: &[P], rounds: usize, mut ask: impl FnMut(&P) -> A) -> Self {
        let mut best = vec![u64::MAX; parameters.len()];
        for _ in 0..rounds {
            for (parameter, best) in parameters.iter().zip(&mut best) {
                let begun = Instant::now();
                black_box(ask(black_box(parameter)));
                *best = (*best).min(begun.elapsed().as_nanos() as u64);
            }
        }
        best.sort_unstable();
        Self(best)
    }

    /// The time in milliseconds that `percent` of the parameters do not exceed.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).clamp(1, self.0.len().max(1)) - 1;
        self.0.get(place).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6)
    }
}

/// Times of one operation beside those of its limit.
pub(crate) struct Latency {
    /// Which part of clew.
    pub(crate) group: &'static str,
    /// The operation.
    pub(crate) name: &'static str,
    /// Times of clew.
    pub(crate) ours: Times,
    /// Times of bare arrays that answer the same question, where there is such a program.
    pub(crate) limit: Option<Times>,
    /// The best peer, p50 and p95 in milliseconds, at 20,000 incidents on a machine of this kind.
    pub(crate) peer: Option<(&'static str, f64, f64)>,
}

/// Seconds of processor time that this process has taken so far, on all threads; nothing on systems without `/proc`.
pub(crate) fn processor() -> f64 {
    /// Ticks a second in which Linux counts, on every machine that it runs on today.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the process may hold spaces; the fields behind it do not.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS
}

/// An amount a second beside its limit.
pub(crate) struct Rate {
    /// What is done.
    pub(crate) name: String,
    /// How much of it a second.
    pub(crate) ours: f64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// How much of it a second of one processor gives; it changes less than `ours` while others use the machine.
    pub(crate) processor: Option<f64>,
    /// What the limit is, and how much it does a second.
    pub(crate) limit: Option<(&'static str, f64)>,
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report {
    /// Whether the data has the size at which the peers were measured.
    peers: bool,
    latencies: Vec<Latency>,
    rates: Vec<Rate>,
    growth: Vec<(&'static str, f64, f64, f64)>,
}

impl Report {
    /// An empty report; `peers` says whether the data has the size at which the peers were measured.
    pub(crate) fn new(peers: bool) -> Self {
        Self { peers, ..Self::default() }
    }

    /// Adds an operation and says so at once.
    pub(crate) fn latency(&mut self, mut latency: Latency) {
        latency.peer.take_if(|_| !self.peers);
        eprintln!("{:>9} {:32} p50 {} p95 {}", latency.group, latency.name, number(latency.ours.at(50)), number(latency.ours.at(95)));
        self.latencies.push(latency);
    }

    /// Adds a rate and says so at once.
    pub(crate) fn rate(&mut self, rate: Rate) {
        eprintln!("{:>9} {:32} {} {}", "ingest", rate.name, number(rate.ours), rate.unit);
        self.rates.push(rate);
    }

    /// Adds the work of an operation at N and 8 N, with the growth that is allowed.
    pub(crate) fn growth(&mut self, name: &'static str, small: f64, large: f64, allowed: f64) {
        eprintln!("{:>9} {name:32} {} to {}", "growth", number(small), number(large));
        self.growth.push((name, small, large, allowed));
    }

    /// Operations that grew more than allowed.
    pub(crate) fn outgrown(&self) -> Vec<&'static str> {
        self.growth.iter().filter(|(_, small, large, allowed)| large / small.max(1e-9) > *allowed).map(|(name, ..)| *name).collect()
    }

    /// The tables as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| writeln!(out, "{text}").expect("a string takes everything");
        if !self.rates.is_empty() {
            line(
                "| ingest | clew | a second of processor | limit in the same run | share of the limit |\n|---|---|---|---|---|".to_owned(),
            );
            for Rate { name, ours, unit, processor, limit } in &self.rates {
                let processor = processor.filter(|rate| rate.is_finite()).map_or_else(String::new, number);
                let (limit, share) = limit.map_or((String::new(), String::new()), |(what, rate)| {
                    (format!("{what}: {} {unit}", number(rate)), format!("{:.2}", ours / rate))
                });
                line(format!("| {name} | {} {unit} | {processor} | {limit} | {share} |", number(*ours)));
            }
            line(String::new());
        }
        if !self.latencies.is_empty() {
            line("| operation | p50 / p95 / p99 ms | limit p50 / p95 | times the limit | best peer p50 / p95 | peer's p50 / ours |\n|---|---|---|---|---|---|".to_owned());
            for row in &self.latencies {
                let ours = format!("{} / {} / {}", number(row.ours.at(50)), number(row.ours.at(95)), number(row.ours.at(99)));
                let (limit, times) = row.limit.as_ref().map_or((String::new(), String::new()), |limit| {
                    let (p50, p95) = (limit.at(50), limit.at(95));
                    (format!("{} / {}", number(p50), number(p95)), format!("{:.1} / {:.1}", row.ours.at(50) / p50, row.ours.at(95) / p95))
                });
                let (peer, ahead) = row.peer.map_or((String::new(), String::new()), |(name, p50, p95)| {
                    (format!("{name} {} / {}", number(p50), number(p95)), format!("{:.1}", p50 / row.ours.at(50)))
                });
                line(format!("| {}: {} | {ours} | {limit} | {times} | {peer} | {ahead} |", row.group, row.name));
            }
            line(String::new());
        }
        if !self.growth.is_empty() {
            line("| growth | work at N | at 8 N | factor | allowed |\n|---|---|---|---|---|".to_owned());
            for (name, small, large, allowed) in &self.growth {
                line(format!("| {name} | {} | {} | {:.1} | {allowed} |", number(*small), number(*large), large / small.max(1e-9)));
            }
        }
        out
    }
}

/// Three digits that count.
fn number(n: f64) -> String {
    match n {
        n if !n.is_finite() => "-".to_owned(),
        n if n >= 1_000.0 => {
            let digits = format!("{n:.0}");
            let first = (digits.len() - 1) % 3 + 1;
            let groups = digits.as_bytes()[first..].chunks(3).map(|three| String::from_utf8_lossy(three));
            std::iter::once(digits[..first].into()).chain(groups).collect::<Vec<_>>().join(",")
        }
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n if n >= 1.0 => format!("{n:.2}"),
        n if n >= 0.001 => format!("{n:.3}"),
        n => format!("{n:.5}"),
    }
}
