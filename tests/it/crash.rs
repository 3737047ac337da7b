//! `kill -9` at any moment of an ingest: nothing acknowledged is lost, no batch is half visible, a retry adds nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{Server, get};

const CYCLES: u64 = 200;
/// Cycles that share a folder: the next start replays what the killed one had taken in.
const CYCLES_PER_FOLDER: u64 = 20;
const BATCH: u64 = 5;
const CLIENTS: u64 = 3;

fn batch(client: u64, cycle: u64, number: u64) -> (Vec<String>, String) {
    let ids: Vec<String> = (0..BATCH).map(|item| format!("alert-{cycle}-{client}-{number}-{item}")).collect();
    let line = |id: &String| {
        json!({
            "SystemAlertId": id, "AlertName": "Suspicious logon", "AlertSeverity": "Low", "ProductName": "Azure Sentinel", "ProviderName": "test",
            "StartTime": "2024-01-01T00:00:00Z", "EndTime": "2024-01-01T00:00:00Z", "TimeGenerated": "2024-01-01T00:00:00Z",
            "Entities": json!([{ "$id": "1", "HostName": format!("host{client}"), "DnsDomain": "example.org", "Type": "host" }]).to_string(),
        })
        .to_string()
    };
    let body = ids.iter().map(line).collect::<Vec<_>>().join("\n");
    (ids, body)
}

/// What became of each batch that was sent: its ids, and whether it was acknowledged.
type Sent = Vec<(Vec<String>, bool)>;

fn send_until_dead(address: &str, client: u64, cycle: u64, dead: &AtomicBool, answered: &AtomicU64) -> Sent {
    let mut sent = Sent::new();
    for number in 0..1_000 {
        let (ids, body) = batch(client, cycle, number);
        let answer = ureq::post(format!("http://{address}/v1/ingest?format=sentinel-alert")).send(body);
        let acknowledged = answer.is_ok();
        sent.push((ids, acknowledged));
        answered.fetch_add(u64::from(acknowledged), Ordering::Relaxed);
        if !acknowledged || dead.load(Ordering::Relaxed) {
            break;
        }
    }
    sent
}

/// Sends again what was not answered, as a client would; afterwards all of it is there once.
fn retry_unanswered(server: &Server, sent: &Sent, known: &mut BTreeMap<String, bool>) {
    for (ids, _) in sent.iter().filter(|(_, acknowledged)| !acknowledged) {
        let mut place = ids[0].split('-').skip(1).map(|part| part.parse::<u64>().expect("a number"));
        let (cycle, client, number) = (place.next(), place.next(), place.next());
        let (_, body) = batch(client.expect("a client"), cycle.expect("a cycle"), number.expect("a number"));
        ureq::post(format!("http://{}/v1/ingest?format=sentinel-alert", server.address)).send(body).expect("the retry is taken");
        known.extend(ids.iter().map(|id| (id.clone(), true)));
    }
    let total = get(&server.address, "/v1/alerts?limit=1").expect("the list answers")["total"].as_u64();
    assert_eq!(total, Some(known.values().filter(|seen| **seen).count() as u64), "the retry adds only what was not there");
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let mut acknowledged_in_all = 0;
    for folder in 0..CYCLES / CYCLES_PER_FOLDER {
        let data = tempfile::tempdir().expect("a folder for the test");
        let mut known: BTreeMap<String, bool> = BTreeMap::new();
        for cycle in folder * CYCLES_PER_FOLDER..(folder + 1) * CYCLES_PER_FOLDER {
            let server = Server::start(data.path());
            let (dead, answered) = (AtomicBool::new(false), AtomicU64::new(0));
            let address = server.address.clone();
            let sent: Sent = thread::scope(|scope| {
                let (address, dead, answered) = (address.as_str(), &dead, &answered);
                let clients = (0..CLIENTS).map(|client| scope.spawn(move || send_until_dead(address, client, cycle, dead, answered)));
                let clients: Vec<_> = clients.collect();
                // The moment of death walks through start, journal writes, applies and answers: in one cycle from the first batch on, in
                // the next behind as many as there are clients, so that there is something to lose however slow the machine is.
                while cycle % 2 == 1 && answered.load(Ordering::Relaxed) < CLIENTS && !clients.iter().all(|client| client.is_finished()) {
                    thread::sleep(Duration::from_micros(200));
                }
                thread::sleep(Duration::from_micros(2_000 + (cycle * 7_919) % 60_000));
                server.kill();
                dead.store(true, Ordering::Relaxed);
                clients.into_iter().flat_map(|client| client.join().expect("the client ends")).collect()
            });
            acknowledged_in_all += sent.iter().filter(|(_, acknowledged)| *acknowledged).count();
            let server = Server::start(data.path());
            for (ids, acknowledged) in &sent {
                let seen: Vec<bool> = ids.iter().map(|id| get(&server.address, &format!("/v1/alerts/{id}")).is_some()).collect();
                assert!(seen.iter().all(|one| *one == seen[0]), "cycle {cycle}: half visible: {ids:?} {seen:?}");
                assert!(!acknowledged || seen[0], "cycle {cycle}: acknowledged and lost: {ids:?}");
                known.extend(ids.iter().cloned().zip(seen));
            }
            let total = get(&server.address, "/v1/alerts?limit=1").expect("the list answers")["total"].as_u64();
            assert_eq!(total, Some(known.values().filter(|seen| **seen).count() as u64), "cycle {cycle}: nothing twice");
            retry_unanswered(&server, &sent, &mut known);
            server.kill();
        }
    }
    assert!(acknowledged_in_all > CYCLES as usize, "the cycles did work: {acknowledged_in_all} batches");
}
