//! Findings of the Open Cybersecurity Schema Framework, 1.0 to 1.4: Security Finding (2001), Detection Finding (2004) and its
//! siblings become alerts, Incident Finding (2005) becomes an incident. `things` reads their entities, `observable` what they
//! say can be observed.

mod incident;
mod observable;
mod things;

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::shape::{Cast, objects, put};
use crate::catalog::attack;
use crate::ingest::value::{self, Fields, at, get, object_at, text_at, text_of};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, AlertStatus, Body, Object, Severity, Time};
use incident::read_incident;
use observable::read_observables;
use things::read_things;

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "ocsf", title: "OCSF finding", detect, read };

fn detect(object: &Object) -> u8 {
    let class = object.get("class_uid").and_then(value::integer);
    let marked = object.get("metadata").is_some_and(Value::is_object);
    match class {
        Some(2001 | 2004 | 2005) if marked => 100,
        Some(2002..=2099) if marked => 90,
        Some(2001 | 2004 | 2005) => 70,
        _ => 0,
    }
}

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let incident = get(object, "class_uid").and_then(value::integer) == Some(2005);
    Ok(vec![if incident { Body::Incident(Box::new(read_incident(object)?)) } else { Body::Alert(Box::new(read_alert(object)?)) }])
}

fn read_alert(object: &Object) -> Result<Alert, Reject> {
    let empty = Object::new();
    let info = object_at(object, &["finding_info"]).or_else(|| object_at(object, &["finding"])).unwrap_or(&empty);
    let mut cast = Cast::new();
    read_things(object, &mut cast);
    let unread = read_observables(object, &mut cast);
    let (entities, links) = cast.finish();
    let (tactics, techniques) = attacks(object, info);
    let product = object_at(object, &["metadata", "product"]).unwrap_or(&empty);
    let (time, own) = (|name: &str| moment(info, name), |name: &str| moment(object, name));
    let title = text_of(info, &["title"]).or_else(|| text_of(object, &["message"])).unwrap_or_default();
    let id = real(text_of(info, &["uid"])).map(Cow::into_owned).unwrap_or_else(|| content_id(object, &title));
    if title.is_empty() && entities.is_empty() {
        return Err(Reject::new("ocsf_empty_finding", "expected a finding with a title or entities, found none"));
    }
    let remediation = object_at(object, &["remediation"]);
    let advice = remediation.or_else(|| object_at(info, &["remediation"])).and_then(|advice| text_of(advice, &["desc"]));
    let first_resource = objects(get(object, "resources")).next();
    let mut fields = Fields::new(object);
    fields.skip(&[
        "class_uid",
        "type_uid",
        "category_uid",
        "category_name",
        "severity",
        "severity_id",
        "status",
        "status_id",
        "time",
        "time_dt",
    ]);
    fields.skip(&[
        "resources",
        "resource",
        "evidences",
        "observables",
        "device",
        "actor",
        "remediation",
        "start_time",
        "end_time",
        "finding",
    ]);
    let confidence = fields.number(&["confidence_score"]);
    Ok(Alert {
        vendor_original_id: real(text_at(object, &["metadata", "uid"])).map(Cow::into_owned).filter(|uid| *uid != id),
        id,
        description: text_of(info, &["desc"]).or_else(|| text_of(object, &["message"])).unwrap_or_default().into_owned(),
        title: title.into_owned(),
        severity: severity(object),
        status: status(object),
        alert_type: text_at(object, &["metadata", "event_code"]).or_else(|| type_of(info)).unwrap_or_default().into_owned(),
        product: text_of(product, &["name"]).unwrap_or_default().into_owned(),
        product_component: text_at(product, &["feature", "name"]).map(Cow::into_owned),
        provider: text_of(product, &["uid"])
            .filter(|uid| !uid.starts_with("arn:"))
            .or_else(|| text_of(product, &["name"]))
            .unwrap_or_default()
            .into_owned(),
        vendor: text_of(product, &["vendor_name"]).unwrap_or_default().into_owned(),
        tactics,
        techniques,
        category: type_of(info).map(Cow::into_owned),
        start: time("first_seen_time").or_else(|| own("start_time")).or_else(|| own("time")),
        end: time("last_seen_time").or_else(|| own("end_time")),
        created: time("created_time").or_else(|| own("time")),
        modified: time("modified_time").or_else(|| own("time")),
        compromised_entity: first_resource.and_then(|resource| real(text_of(resource, &["name", "uid"]))).unwrap_or_default().into_owned(),
        confidence_level: text_of(object, &["confidence"]).map(Cow::into_owned),
        confidence_score: confidence.map(|n| (n / 100.0).clamp(0.0, 1.0)),
        remediation: advice.map(Cow::into_owned).into_iter().collect(),
        url: text_of(info, &["src_url"]).map(Cow::into_owned),
        entities,
        links,
        extended: {
            let mut rest = fields.rest();
            put(&mut rest, "observables", Some(Value::Array(unread)).filter(|list| list.as_array().is_some_and(|list| !list.is_empty())));
            rest
        },
        ..Alert::default()
    })
}

/// An instant: with its zone where it is written so, else the number, which has none.
fn moment(object: &Object, name: &str) -> Option<Time> {
    let number = get(object, name).and_then(value::time);
    let written = get(object, &format!("{name}_dt"));
    let zoned = |text: &str| text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|tail| tail.contains(['+', '-']));
    let zoned = written.and_then(Value::as_str).is_some_and(zoned);
    match written.and_then(value::time) {
        Some(time) if zoned || number.is_none() => Some(time),
        _ => number,
    }
}

/// A value that is no placeholder of a published example (`<account_uid>`).
fn real(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !(text.starts_with('<') && text.ends_with('>')))
}

/// The id of a finding that carries none: the same finding gets the same.
fn content_id(object: &Object, title: &str) -> String {
    let code = text_at(object, &["metadata", "event_code"]).unwrap_or_default();
    let time = get(object, "time").map(Value::to_string).unwrap_or_default();
    let resources = get(object, "resources").map(Value::to_string).unwrap_or_default();
    let text = text_of(object, &["message", "status_detail"]).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{code}\0{title}\0{time}\0{resources}\0{text}").as_bytes()).to_string()
}

fn type_of(info: &Object) -> Option<Cow<'_, str>> {
    at(info, &["types"]).and_then(Value::as_array).and_then(|types| value::text(types.first()?))
}

fn severity(object: &Object) -> Severity {
    match get(object, "severity_id").and_then(value::integer) {
        Some(1) => Severity::Informational,
        Some(2) => Severity::Low,
        Some(3) => Severity::Medium,
        Some(4) => Severity::High,
        Some(5 | 6) => Severity::Critical,
        _ => text_of(object, &["severity"]).and_then(|word| Severity::parse(&word)).unwrap_or_default(),
    }
}

fn status(object: &Object) -> AlertStatus {
    // Of a Security Finding `state` is the state of the finding, and `status` whether what it saw had success.
    let state = get(object, "state_id").or_else(|| get(object, "status_id"));
    match state.and_then(value::integer) {
        Some(1) => AlertStatus::New,
        Some(2) => AlertStatus::InProgress,
        Some(3 | 5 | 6) => AlertStatus::Dismissed,
        Some(4) => AlertStatus::Resolved,
        Some(0) => AlertStatus::Unknown,
        _ => text_of(object, &["status"]).map_or(AlertStatus::New, |word| AlertStatus::parse(&word).unwrap_or(AlertStatus::Unknown)),
    }
}

fn attacks(object: &Object, info: &Object) -> (Vec<Cow<'static, str>>, Vec<String>) {
    let (mut tactics, mut techniques) = (Vec::new(), Vec::new());
    for attack in objects(get(info, "attacks")).chain(objects(get(object, "attacks"))) {
        for tactic in objects(get(attack, "tactic")).chain(objects(get(attack, "tactics"))) {
            let named = text_of(tactic, &["uid"]).filter(|id| attack::tactic_name(id).is_some()).or_else(|| text_of(tactic, &["name"]));
            attack::add_tactics(&mut tactics, named.as_deref());
        }
        for name in ["technique", "sub_technique"] {
            attack::add_techniques(&mut techniques, text_at(attack, &[name, "uid"]).as_deref());
        }
    }
    // Findings of Security Hub: `TTPs/Defense Evasion/Stealth:IAMUser-CloudTrailLoggingDisabled`.
    let types = get(info, "types").map(value::texts).unwrap_or_default();
    attack::add_tactics(&mut tactics, types.iter().filter_map(|kind| kind.strip_prefix("TTPs/")?.split('/').next()));
    (tactics, techniques)
}

#[cfg(test)]
mod tests;
