//! Where records came from, by their numbers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::{Fault, FaultClass, Seq};

use super::super::graph::RecordPlace;
use super::super::{Context, Question};

/// Numbers of one request at the most.
const RECORDS_MAX: usize = 1_000;

/// Which records.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordsRequest {
    /// Sequence numbers, as answers name them.
    pub seq: Vec<u64>,
}

/// Where records came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordPlaces {
    /// The records that there are, in the order that was asked for.
    pub value: Vec<RecordPlace>,
    /// Always true: more numbers than one answer holds are refused.
    pub complete: bool,
}

/// Where a record came from; none if no record has the number.
pub fn place(context: &Context, seq: Seq) -> Result<Option<RecordPlace>, Fault> {
    if seq > context.snapshot.seq {
        return Ok(None);
    }
    let document = context.journal.document(seq)?;
    Ok(document.map(|document| RecordPlace { seq: seq.0, source: document.origin.source.to_string(), line: document.origin.line }))
}

impl Question for RecordsRequest {
    type Answer = RecordPlaces;
    const NAME: &'static str = "records";

    fn answer(self, context: &Context) -> Result<RecordPlaces, Fault> {
        if self.seq.len() > RECORDS_MAX {
            let message = format!("expected at most {RECORDS_MAX} numbers (`records_max`), found {}", self.seq.len());
            return Err(Fault::new(FaultClass::Limit, "records_max", message).with_hint("ask for some of them at a time"));
        }
        let mut value = Vec::with_capacity(self.seq.len());
        for seq in self.seq {
            value.extend(place(context, Seq(seq))?);
        }
        Ok(RecordPlaces { value, complete: true })
    }
}
