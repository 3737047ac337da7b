//! Incident Finding (2005): the incident itself, by the findings that it lists.

use std::borrow::Cow;

use super::observable::read_observables;
use super::things::read_things;
use super::{attacks, content_id, real, severity};
use crate::ingest::Reject;
use crate::ingest::formats::shape::{Cast, objects};
use crate::ingest::value::{self, Fields, get, object_at, text_at, text_of};
use crate::model::{Classification, Incident, IncidentStatus, Object, Owner, Time};

pub(super) fn read_incident(object: &Object) -> Result<Incident, Reject> {
    let id = real(text_at(object, &["metadata", "uid"])).or_else(|| real(text_at(object, &["finding_info", "uid"])));
    let id =
        id.or_else(|| real(text_of(object, &["uid", "incident_uid"]))).or_else(|| real(text_at(object, &["metadata", "correlation_uid"])));
    let title = text_of(object, &["message", "desc"]).or_else(|| text_at(object, &["finding_info", "title"])).unwrap_or_default();
    let id = id.map(Cow::into_owned).unwrap_or_else(|| content_id(object, &title));
    let members: Vec<&Object> = objects(get(object, "finding_info_list")).collect();
    if title.is_empty() && members.is_empty() {
        return Err(Reject::new("ocsf_empty_incident", "expected an incident with a text or findings, found none"));
    }
    let mut cast = Cast::new();
    read_things(object, &mut cast);
    read_observables(object, &mut cast);
    let (entities, links) = cast.finish();
    let (tactics, techniques) = attacks(object, &Object::new());
    let assignee = object_at(object, &["assignee"]);
    let status = match get(object, "status_id").and_then(value::integer) {
        Some(1) => Some(IncidentStatus::New),
        Some(2 | 3) => Some(IncidentStatus::Active),
        Some(4 | 5) => Some(IncidentStatus::Closed),
        _ => text_of(object, &["status"]).and_then(|word| IncidentStatus::parse(&word)),
    };
    let classification = match get(object, "verdict_id").and_then(value::integer) {
        Some(1) => Some(Classification::FalsePositive),
        Some(2) => Some(Classification::TruePositive),
        Some(5 | 6) => Some(Classification::BenignPositive),
        Some(7) => Some(Classification::Undetermined),
        _ => text_of(object, &["verdict"]).and_then(|word| Classification::parse(&word)),
    };
    let own = |names: &[&str]| -> Option<Time> { names.iter().find_map(|name| get(object, name).and_then(value::time)) };
    let mut fields = Fields::new(object);
    fields.skip(&[
        "class_uid",
        "severity",
        "severity_id",
        "status",
        "status_id",
        "verdict_id",
        "assignee",
        "attacks",
        "evidences",
        "observables",
        "device",
        "actor",
    ]);
    Ok(Incident {
        title: title.into_owned(),
        description: text_of(object, &["desc", "message"]).unwrap_or_default().into_owned(),
        severity: severity(object),
        status: status.unwrap_or_default(),
        classification,
        classification_comment: text_of(object, &["comment"]).map(Cow::into_owned),
        owner: assignee.map(|user| Owner {
            name: text_of(user, &["full_name", "name"]).map(Cow::into_owned),
            email: text_of(user, &["email_addr"]).map(Cow::into_owned),
            upn: None,
            object_id: text_of(user, &["uid"]).map(Cow::into_owned),
            group: false,
        }),
        alert_ids: members.iter().filter_map(|info| Some(text_of(info, &["uid"])?.into_owned())).collect(),
        products: text_at(object, &["metadata", "product", "name"]).map(Cow::into_owned).into_iter().collect(),
        tactics,
        techniques,
        first_activity: own(&["start_time", "start_time_dt", "time", "time_dt"]),
        last_activity: own(&["end_time", "end_time_dt"]),
        created: own(&["start_time", "start_time_dt", "time", "time_dt"]),
        modified: own(&["time", "time_dt"]),
        provider: text_at(object, &["metadata", "product", "name"]).unwrap_or_default().into_owned(),
        url: text_of(object, &["src_url"]).map(Cow::into_owned),
        entities,
        links,
        extended: fields.rest(),
        id,
        ..Incident::default()
    })
}
