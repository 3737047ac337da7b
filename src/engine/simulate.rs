//! Sample alerts, taken in as real ones are.

use std::io::Cursor;

use serde::Serialize;
use utoipa::ToSchema;

use super::Engine;
use crate::generate::samples::{self, BUNDLES, Place};
use crate::ingest::{self, Input};
use crate::model::{Fault, Time};
use crate::query::reference::word;

/// The sample alerts that were taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Simulated {
    /// Ids of the alerts, in the order of the story.
    pub alerts: Vec<String>,
    /// The bundles that they belong to.
    pub bundles: Vec<String>,
}

impl Engine {
    /// Takes in sample alerts of some bundles, of all if none is named; returns when they are durable and visible.
    pub fn simulate(&self, bundles: &[String], place: &Place) -> Result<Simulated, Fault> {
        let mut wanted = bundles.iter().map(|name| word("bundles", name, samples::bundle, &BUNDLES)).collect::<Result<Vec<_>, _>>()?;
        if wanted.is_empty() {
            wanted = BUNDLES.to_vec();
        }
        let run = uuid::Uuid::new_v4().simple().to_string();
        let alerts = samples::alerts(&wanted, place, &run[..8], Time::now());
        let text: String = alerts.iter().map(|alert| alert.to_string() + "\n").collect();
        let input = Input::Reader { name: "simulate".to_owned(), reader: Box::new(Cursor::new(text.into_bytes())) };
        self.ingest(input, &ingest::Options::default(), &())?;
        let ids = alerts.iter().filter_map(|alert| alert["name"].as_str().map(str::to_owned)).collect();
        Ok(Simulated { alerts: ids, bundles: wanted.into_iter().map(str::to_owned).collect() })
    }
}
