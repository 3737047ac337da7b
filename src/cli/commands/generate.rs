//! `generate`: test data with a known truth.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::super::{Failure, Global};
use super::{View, print};
use crate::generate::{self, Outputs, Plan};
use crate::model::{Fault, FaultClass};

/// What to make.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew generate --incidents 1000 --seed 7 made && clew ingest made/*.jsonl")]
pub(crate) struct Generate {
    /// Incidents; 2.3 times as many alerts come with them
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    incidents: u64,
    /// Rows of raw events
    #[arg(long, default_value_t = 0, value_name = "N")]
    events: u64,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Folder for the files; `truth.json` says what they hold
    dir: PathBuf,
}

impl Generate {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            Fault::new(FaultClass::Unavailable, "generate_failed", format!("cannot write to `{}`: {error}", self.dir.display()))
        };
        let truth = self.write().map_err(failed)?;
        print(global, &truth, View::Generated)
    }

    fn write(&self) -> io::Result<generate::Truth> {
        std::fs::create_dir_all(&self.dir)?;
        let open = |name: &str| File::create(self.dir.join(name)).map(|file| BufWriter::with_capacity(1 << 20, file));
        let mut files = [
            open("SecurityAlert.jsonl")?,
            open("SecurityIncident.jsonl")?,
            open("SigninLogs.jsonl")?,
            open("SecurityEvent.jsonl")?,
            open("DeviceNetworkEvents.jsonl")?,
        ];
        let [alerts, incidents, signins, security_events, network] = &mut files;
        let plan = Plan { seed: self.seed, incidents: self.incidents, events: self.events };
        let truth = generate::write(&plan, &mut Outputs { alerts, incidents, signins, security_events, network })?;
        for file in &mut files {
            file.flush()?;
        }
        let mut text = serde_json::to_vec_pretty(&truth)?;
        text.push(b'\n');
        std::fs::write(self.dir.join("truth.json"), text)?;
        Ok(truth)
    }
}
