//! `ingests`: what became of earlier ingests.

use super::{PageArgs, Request, View};

/// Which reports.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew ingests                              the latest first
  clew ingests 01700000000000000            the whole report of one")]
pub(crate) struct Ingests {
    /// Id of a report
    #[arg(value_name = "ID", conflicts_with_all = ["limit", "cursor"])]
    id: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

impl Ingests {
    pub(crate) fn request(&self) -> (Request, View) {
        let all = Request::get("/v1/ingests");
        match &self.id {
            Some(id) => (all.part(id), View::IngestRecord),
            None => (self.page.on(all), View::Ingests),
        }
    }
}
