//! Benchmarks: clew beside what the machine allows, measured in the same run; only ratios are worth keeping.
//!
//! `cargo bench -- [--incidents N] [--events N] [--group NAME]... [--check]`. Without `--bench`, which cargo adds, it runs
//! every group once on little data, so that `cargo test` keeps it working. `--check` fails when something grew too much.

mod fixture;
mod growth;
mod ingest;
mod limits;
mod measure;
mod planning;
mod questions;

use std::process::ExitCode;

use fixture::Fixture;
use measure::Report;
use mimalloc::MiMalloc;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Incidents at which the peers were measured.
const PEERS_INCIDENTS: u64 = 20_000;

struct Arguments {
    incidents: u64,
    events: u64,
    groups: Vec<String>,
    check: bool,
    parameters: usize,
    requests: usize,
}

fn arguments() -> Result<Arguments, String> {
    let mut given = std::env::args().skip(1);
    let bench = std::env::args().any(|argument| argument == "--bench");
    let mut arguments = Arguments { incidents: 200, events: 2_000, groups: Vec::new(), check: false, parameters: 20, requests: 200 };
    if bench {
        arguments = Arguments { incidents: PEERS_INCIDENTS, events: 500_000, parameters: 400, requests: 20_000, ..arguments };
    }
    while let Some(argument) = given.next() {
        let mut number = || given.next().and_then(|text| text.parse().ok()).ok_or(format!("expected a number after `{argument}`"));
        match argument.as_str() {
            "--incidents" => arguments.incidents = number()?,
            "--events" => arguments.events = number()?,
            "--group" => arguments.groups.extend(given.next()),
            "--check" => arguments.check = true,
            // What cargo and test runners add.
            _ => {}
        }
    }
    Ok(arguments)
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let wanted = |name: &str| arguments.groups.is_empty() || arguments.groups.iter().any(|group| group == name);
    let mut report = Report::new(arguments.incidents == PEERS_INCIDENTS);
    if wanted("planning") {
        planning::run(arguments.parameters, &mut report);
    }
    if arguments.groups.iter().all(|group| group == "planning") && !arguments.groups.is_empty() {
        println!("{}", report.markdown());
        return ExitCode::SUCCESS;
    }
    let fixture = Fixture::new(arguments.incidents, arguments.events);
    if wanted("ingest") {
        ingest::run(&fixture, arguments.requests, &mut report);
    }
    let engine = fixture.full();
    questions::run(&engine, &wanted, arguments.parameters, &mut report);
    if wanted("growth") {
        let small = Fixture::new((arguments.incidents / 8).max(25), arguments.events / 8).full();
        growth::run(&small, &engine, &mut report);
    }
    println!("{}", report.markdown());
    let outgrown = report.outgrown();
    if arguments.check && !outgrown.is_empty() {
        eprintln!("error: more growth than allowed: {}", outgrown.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
