//! `locations`: the regions that alerts come from.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::alert::{REGION, Whole};
use crate::http::dialects::{Call, Reply, arm};
use crate::model::Fault;
use crate::query::lists::AlertFilter;
use crate::query::{Context, Question};

/// Newest alerts whose regions are listed.
const ALERTS: u32 = 500;

fn location(call: &Call, region: &str) -> Value {
    let id = format!("/subscriptions/{}/providers/Microsoft.Security/locations/{region}", call.parameter("sub"));
    json!({"id": id, "name": region, "type": "Microsoft.Security/locations", "properties": {"homeRegionName": region}})
}

/// Lists the regions of the newest alerts; the one of alerts without a region if there is none.
pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let page = AlertFilter { limit: Some(ALERTS), ..AlertFilter::default() }.answer(context)?.page;
    let mut regions: BTreeSet<String> = BTreeSet::new();
    for row in page.value {
        regions.extend(Whole::read(context, &row.id)?.region().map(str::to_lowercase));
    }
    if regions.is_empty() {
        regions.insert(REGION.to_owned());
    }
    Ok(Reply::ok(arm::list(regions.iter().map(|region| location(call, region)).collect(), None)))
}

/// Any region: alerts answer in each.
pub(super) fn get(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(location(call, call.parameter("region"))))
}
