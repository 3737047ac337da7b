//! `demo`: the sample data in a folder of its own, served.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;

use super::super::client::Client;
use super::super::progress::Bar;
use super::super::{Failure, Global};
use super::Request;
use super::ingest::{report, summary};
use super::serve::{LISTEN_DEFAULT, until_stopped};
use crate::datasets;
use crate::engine::{IngestNote, IngestReport};
use crate::http::Serving;
use crate::ingest::{Input, Options};
use crate::model::{Fault, FaultClass, Time};
use crate::triage::CorrelationRequest;

/// Folder of the sample data.
const DEMO_DATA: &str = "clew-demo";

/// Where to listen.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Loopback address and port; port 0 takes a free one
    #[arg(long, default_value = LISTEN_DEFAULT, value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Take the data in and stop, without serving it
    #[arg(long)]
    no_serve: bool,
}

impl Demo {
    /// Whether a server is wanted.
    pub(crate) fn serves(&self) -> bool {
        !self.no_serve
    }

    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let dir = global.data.clone().unwrap_or_else(|| DEMO_DATA.into());
        let client = Client::writing(&dir)?;
        let Client::Here(here) = &client else {
            let message = format!("a server runs on `{}` already", dir.display());
            let hint = "look at the address in its `server.json`, or name another folder with --data";
            return Err(Fault::new(FaultClass::Conflict, "data_locked", message).with_hint(hint).into());
        };
        let engine = Arc::clone(&here.engine);
        let bytes = datasets::ALL.iter().flat_map(|set| set.files).map(|(_, bytes)| bytes.len() as u64).sum();
        let bar = Bar::new(Some(bytes));
        let begun = Time::now();
        let mut total = IngestReport::default();
        for set in datasets::ALL {
            for (file, bytes) in set.files {
                let name = format!("{}/{file}", set.name);
                bar.at(&name);
                let input = Input::Reader { name, reader: Box::new(Cursor::new(*bytes)) };
                total.add(engine.ingest(input, &Options::default(), &bar)?);
            }
        }
        bar.done();
        let note = IngestNote {
            by: global.user().unwrap_or_else(|| "local".to_owned()),
            via: "demo",
            sources: datasets::ALL.iter().map(|set| set.name.to_owned()).collect(),
            ..IngestNote::default()
        };
        engine.note_ingest(&note, begun, &total, None);
        // Most samples are alerts that no product put into an incident.
        engine.correlate(&CorrelationRequest::default())?;
        eprintln!("sample data in `{}`: {}", dir.display(), summary(&report(&total)?));
        let first = client.ask(&Request::get("/v1/incidents").with("limit", Some(1)))?;
        let first =
            first["value"][0]["number"].as_i64().map(|number| number.to_string()).or(first["value"][0]["id"].as_str().map(str::to_owned));
        // The router of this client would keep the engine open beside the server's.
        drop(client);
        let data = dir.display().to_string();
        let say = move |address: Option<SocketAddr>| {
            if let Some(address) = address {
                println!("clew listens at http://{address}, the API is described at http://{address}/docs");
            }
            if let Some(id) = &first {
                if let Some(address) = address {
                    println!("a first incident to look at: http://{address}/v1/incidents/{}", crate::http::params::encode(id));
                }
                println!("on the command line: clew incident {id} --data {data}");
                println!("                     clew timeline {id} --data {data}");
            }
        };
        if self.no_serve {
            say(None);
            return Ok(engine.close()?);
        }
        Ok(until_stopped(Serving::new(dir, self.listen), move || Ok(engine), move |address, _| say(Some(address)))?)
    }
}
