//! Generated data on disk, and an engine that holds it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clew::engine::{Engine, IngestReport, Options};
use clew::generate::{self, Outputs, Plan};
use clew::graph::{GraphSnapshot, NodeId};
use clew::ingest::Input;

/// Changes whenever the generator's output does.
const VERSION: u32 = 1;

/// Files of one plan, made once.
pub(crate) struct Fixture {
    /// Where they lie.
    pub(crate) dir: PathBuf,
}

impl Fixture {
    /// Makes the files unless they are there.
    pub(crate) fn new(incidents: u64, events: u64) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("clew-bench-1-{incidents}-{events}-v{VERSION}"));
        if !dir.join("done").exists() {
            std::fs::create_dir_all(&dir).expect("the target folder can be written");
            let open = |name: &str| BufWriter::with_capacity(1 << 20, File::create(dir.join(name)).expect("the folder was made above"));
            let mut files = ["SecurityAlert", "SecurityIncident", "SigninLogs", "SecurityEvent", "DeviceNetworkEvents"]
                .map(|name| open(&format!("{name}.jsonl")));
            let [alerts, incidents_file, signins, security_events, network] = &mut files;
            let plan = Plan { seed: 1, incidents, events };
            generate::write(&plan, &mut Outputs { alerts, incidents: incidents_file, signins, security_events, network })
                .expect("the disk has room");
            files.iter_mut().for_each(|file| file.flush().expect("the disk has room"));
            File::create(dir.join("done")).expect("the folder can be written");
        }
        Self { dir }
    }

    /// A file of the fixture.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// An engine on a fresh folder below the fixture's.
    pub(crate) fn empty(&self, name: &str) -> Arc<Engine> {
        let data = self.dir.join(name);
        let _ = std::fs::remove_dir_all(&data);
        Engine::open(&data, Options::default()).expect("a fresh folder opens")
    }

    /// An engine that holds everything of the fixture.
    pub(crate) fn full(&self) -> Arc<Engine> {
        let data = self.dir.join("data");
        let whole = self.dir.join("whole");
        if whole.exists() {
            return Engine::open(&data, Options::default()).expect("the engine closed in good order");
        }
        let engine = self.empty("data");
        for name in ["SecurityAlert", "SecurityIncident", "SigninLogs", "SecurityEvent", "DeviceNetworkEvents"] {
            take_in(&engine, &self.file(&format!("{name}.jsonl")));
        }
        engine.persist().expect("the disk has room");
        File::create(whole).expect("the folder can be written");
        engine
    }
}

/// Ingests a file.
pub(crate) fn take_in(engine: &Engine, path: &Path) -> IngestReport {
    engine.ingest(Input::Path(path.to_owned()), &clew::ingest::Options::default(), &()).expect("generated files can be read")
}

/// A small generator of numbers: the same ones in every run.
pub(crate) struct Draw(u64);

impl Draw {
    /// Numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Entities to ask about: 70 % drawn by degree, 20 % uniformly, 10 % hubs.
pub(crate) fn entities(graph: &GraphSnapshot, count: usize) -> Vec<NodeId> {
    let mut all: Vec<NodeId> = graph.all_entities().filter(|node| graph.degree(*node) > 0).collect();
    all.sort_by_cached_key(|node| graph.entity_ref(*node));
    let mut hubs = all.clone();
    hubs.sort_by_cached_key(|node| (std::cmp::Reverse(graph.degree(*node)), graph.entity_ref(*node)));
    hubs.truncate(20);
    let alerts: Vec<NodeId> = graph.all_alerts().map(|alert| alert.node()).collect();
    let mut draw = Draw::new(7);
    (0..count)
        .map(|n| match n % 10 {
            // An end of a random edge is an entity drawn by degree.
            0..7 => {
                let named = graph.entities_of(alerts[draw.below(alerts.len())]);
                named.get(draw.below(named.len())).copied().unwrap_or(all[0])
            }
            7 | 8 => all[draw.below(all.len())],
            _ => hubs[draw.below(hubs.len())],
        })
        .collect()
}

/// Incidents to ask about, drawn uniformly.
pub(crate) fn incidents(graph: &GraphSnapshot, count: usize) -> Vec<NodeId> {
    let mut all: Vec<NodeId> = graph.all_incidents().map(|incident| incident.node()).collect();
    all.sort_by_cached_key(|node| graph.entity_ref(*node));
    let mut draw = Draw::new(11);
    (0..count).map(|_| all[draw.below(all.len())]).collect()
}

/// The reference by which questions name a node.
pub(crate) fn reference(graph: &GraphSnapshot, node: NodeId) -> String {
    graph.entity_ref(node)
}
