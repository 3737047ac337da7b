//! Bundles of STIX 2.0 and 2.1.
//!
//! Observations and sightings become alerts, reports, groupings and incidents become incidents, whatever they refer to
//! becomes their entities. What nothing refers to stands in one alert of the bundle itself, so that every object of a
//! bundle is in some record: as a body, an entity, a relation, or a member of `extended`.

mod objects;

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};
use serde_json::Value;

use super::shape::{Cast, put};
use crate::catalog::attack;
use crate::ingest::value::{self, Fields, get, text_of};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, AlertStatus, Body, Incident, Object, Relation, Severity, Time};

use objects::{Scene, refs_of};

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "stix-bundle", title: "STIX 2.0 or 2.1 bundle", detect, read };

/// Most objects of one bundle.
const OBJECTS_MAX: usize = 500_000;

fn detect(object: &Object) -> u8 {
    if object.get("type").and_then(Value::as_str) == Some("bundle") {
        return if object.get("objects").is_some_and(Value::is_array) { 100 } else { 60 };
    }
    let first = object.get("objects").and_then(Value::as_array).and_then(|objects| objects.first()).and_then(Value::as_object);
    // What a TAXII server answers, and an object alone.
    if first.is_some_and(is_object) || (is_object(object) && (object.contains_key("spec_version") || object.contains_key("created"))) {
        90
    } else {
        0
    }
}

/// Whether an object has an id of STIX: its type, and a UUID behind two hyphens.
fn is_object(object: &Object) -> bool {
    let rest = id_of(object).and_then(|id| id.strip_prefix(type_of(object))?.strip_prefix("--"));
    rest.is_some_and(|uuid| uuid.len() == 36 && !type_of(object).is_empty())
}

/// The bundle while it is read.
struct Bundle<'a> {
    objects: Vec<&'a Object>,
    by_id: HashMap<&'a str, &'a Object>,
    relationships: Vec<&'a Object>,
    placed: HashSet<&'a str>,
}

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let alone;
    let list = match object.get("objects").and_then(Value::as_array) {
        Some(list) => list.as_slice(),
        None if is_object(object) && type_of(object) != "bundle" => {
            alone = [Value::Object(object.clone())];
            &alone[..]
        }
        None => &[],
    };
    if list.len() > OBJECTS_MAX {
        let found = list.len();
        return Err(Reject::new("stix_too_many_objects", format!("expected at most {OBJECTS_MAX} objects in a bundle, found {found}")));
    }
    let objects: Vec<&Object> = list.iter().filter_map(Value::as_object).collect();
    // The newest version of an object stands for it.
    let mut by_id: HashMap<&str, &Object> = HashMap::with_capacity(objects.len());
    for object in &objects {
        let Some(id) = id_of(object) else { continue };
        let newer = |old: &&Object| text_of(old, &["modified"]) <= text_of(object, &["modified"]);
        if by_id.get(id).is_none_or(newer) {
            by_id.insert(id, object);
        }
    }
    let relationships = objects.iter().copied().filter(|object| type_of(object) == "relationship").collect();
    let mut bundle = Bundle { objects, by_id, relationships, placed: HashSet::new() };
    let mut bodies = Vec::new();
    for object in bundle.objects.clone() {
        if id_of(object).is_some_and(|id| !std::ptr::eq(bundle.by_id[id], object)) {
            continue;
        }
        match type_of(object) {
            "observed-data" => bodies.push(Body::Alert(Box::new(bundle.observation(object)))),
            "sighting" => bodies.push(Body::Alert(Box::new(bundle.sighting(object)))),
            "report" | "grouping" | "incident" => bodies.push(Body::Incident(Box::new(bundle.report(object)))),
            _ => {}
        }
    }
    bodies.extend(bundle.rest(object).map(|alert| Body::Alert(Box::new(alert))));
    if bodies.is_empty() {
        return Err(Reject::new("stix_empty_bundle", "expected a bundle with objects, found none"));
    }
    Ok(bodies)
}

fn id_of(object: &Object) -> Option<&str> {
    object.get("id").and_then(Value::as_str)
}

fn type_of(object: &Object) -> &str {
    object.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn is_record(object: &Object) -> bool {
    matches!(type_of(object), "observed-data" | "sighting" | "report" | "grouping" | "incident" | "relationship")
}

impl<'a> Bundle<'a> {
    /// An observation: its cyber objects, inside it (2.0) or by reference (2.1).
    fn observation(&mut self, object: &'a Object) -> Alert {
        let scene = match object.get("objects").and_then(Value::as_object) {
            Some(inner) => Scene::inner(inner),
            None => self.closure(strings(object, "object_refs")),
        };
        let mut alert = self.alert(object, &["objects", "object_refs", "first_observed", "last_observed"]);
        alert.start = object.get("first_observed").and_then(value::time);
        alert.end = object.get("last_observed").and_then(value::time);
        alert.category = Some("Observation".to_owned());
        let others = scene.others();
        if let Some(event) = others.iter().find(|other| type_of(other) == "x-oca-event") {
            alert.title = text_of(event, &["action"]).unwrap_or_default().into_owned();
            alert.description = text_of(event, &["outcome", "description"]).unwrap_or_default().into_owned();
            alert.severity = get(event, "severity").and_then(value::number).map_or(Severity::Unknown, severity);
            put(&mut alert.extended, "provider", text_of(event, &["provider"]));
            if let Some(provider) = text_of(event, &["provider"]) {
                alert.product = provider.into_owned();
            }
        }
        for other in &others {
            let words = ["tactic", "tactic_id"].into_iter().filter_map(|name| text_of(other, &[name])).collect::<Vec<_>>();
            attack::add_tactics(&mut alert.tactics, words.iter().map(AsRef::as_ref));
            attack::add_techniques(&mut alert.techniques, text_of(other, &["technique_id"]).as_deref());
            keep(&mut alert.extended, other);
        }
        if alert.title.is_empty() {
            alert.title = format!("Observed data: {}", scene.summary());
        }
        alert.compromised_entity = scene.host_name().unwrap_or_default();
        let mut cast = Cast::new();
        let places = scene.write(&mut cast);
        self.relate(&places, &mut cast);
        (alert.entities, alert.links) = cast.finish();
        alert
    }

    /// A sighting of something, with what was observed and who saw it.
    fn sighting(&mut self, object: &'a Object) -> Alert {
        let subject = object.get("sighting_of_ref").and_then(Value::as_str);
        let observed: Vec<&str> = strings(object, "observed_data_refs");
        let seen = observed.iter().filter_map(|id| self.by_id.get(id)).flat_map(|data| strings(data, "object_refs")).collect::<Vec<_>>();
        let by = strings(object, "where_sighted_refs");
        let scene = self.closure(subject.into_iter().chain(by).chain(seen).collect());
        let mut alert = self.alert(object, &["first_seen", "last_seen", "observed_data_refs"]);
        let name = subject.and_then(|id| self.by_id.get(id)).and_then(|subject| text_of(subject, &["name"]));
        alert.title = format!("Sighting of {}", name.as_deref().or(subject).unwrap_or("an unnamed object"));
        alert.category = Some("Sighting".to_owned());
        alert.start = object.get("first_seen").and_then(value::time);
        alert.end = object.get("last_seen").and_then(value::time);
        alert.members = observed.into_iter().map(str::to_owned).collect();
        let mut cast = Cast::new();
        let places = scene.write(&mut cast);
        self.relate(&places, &mut cast);
        (alert.entities, alert.links) = cast.finish();
        alert
    }

    /// A report or grouping: alerts among its members are its alerts, the others its entities.
    fn report(&mut self, object: &'a Object) -> Incident {
        let refs = strings(object, "object_refs");
        let is_alert = |id: &&str| id.starts_with("observed-data--") || id.starts_with("sighting--");
        let (alerts, others): (Vec<&str>, Vec<&str>) = refs.into_iter().partition(is_alert);
        let scene = self.closure(others);
        let mut fields = Fields::new(object);
        fields.skip(&["type", "object_refs", "spec_version", "created_by_ref"]);
        let time = |name: &str| object.get(name).and_then(value::time);
        let published: Option<Time> = time("published").or_else(|| time("created"));
        let (mut tactics, mut techniques) = (Vec::new(), Vec::new());
        for member in scene.members() {
            phases(member, &mut tactics);
            external_techniques(member, &mut techniques);
        }
        let mut cast = Cast::new();
        let places = scene.write(&mut cast);
        self.relate(&places, &mut cast);
        let (entities, links) = cast.finish();
        let creator = self.creator(object);
        Incident {
            id: fields.text(&["id"]).unwrap_or_default(),
            title: fields.text(&["name"]).unwrap_or_else(|| format!("STIX {}", type_of(object))),
            description: fields.text(&["description"]).unwrap_or_default(),
            tags: fields.texts(&["labels"]),
            alert_ids: alerts.into_iter().map(str::to_owned).collect(),
            entities,
            links,
            products: vec!["STIX".to_owned()],
            tactics,
            techniques,
            first_activity: published,
            created: fields.time(&["created"]),
            modified: fields.time(&["modified"]),
            provider: creator.unwrap_or_else(|| "STIX".to_owned()),
            extended: fields.rest(),
            ..Incident::default()
        }
    }

    /// What no record refers to, in one alert of the bundle.
    fn rest(&mut self, bundle: &'a Object) -> Option<Alert> {
        let left: Vec<&'a Object> = self.objects.iter().copied().filter(|object| self.is_left(object)).collect();
        let loose: Vec<&'a Object> =
            self.relationships.iter().copied().filter(|r| id_of(r).is_none_or(|id| !self.placed.contains(id))).collect();
        if left.is_empty() && loose.is_empty() {
            return None;
        }
        let unnamed = left.iter().copied().filter(|object| id_of(object).is_none()).collect::<Vec<_>>();
        let named = left.iter().filter_map(|object| id_of(object));
        let ends = loose.iter().flat_map(|r| [r.get("source_ref"), r.get("target_ref")]).flatten().filter_map(Value::as_str);
        let mut scene = self.closure(named.chain(ends).collect());
        scene.add_unnamed(unnamed);
        let mut alert = self.alert(bundle, &["objects", "more", "next"]);
        if alert.id.is_empty() {
            // A bundle without an id is known by its objects.
            let ids = left.iter().chain(&loose).filter_map(|object| id_of(object)).collect::<Vec<_>>().join(",");
            alert.id = format!("bundle--{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, ids.as_bytes()));
        }
        if type_of(bundle).is_empty() {
            "stix:bundle".clone_into(&mut alert.alert_type);
        }
        alert.title = format!("Threat intelligence: {}", scene.summary());
        alert.severity = Severity::Informational;
        alert.category = Some("ThreatIntelligence".to_owned());
        let times = |name: &str| left.iter().filter_map(|object| object.get(name).and_then(value::time)).collect::<Vec<_>>();
        alert.created = alert.created.or_else(|| times("created").into_iter().min());
        alert.modified = alert.modified.or_else(|| times("modified").into_iter().max());
        for object in &left {
            phases(object, &mut alert.tactics);
            external_techniques(object, &mut alert.techniques);
        }
        for other in scene.others() {
            keep(&mut alert.extended, other);
        }
        let mut cast = Cast::new();
        let places = scene.write(&mut cast);
        self.relate(&places, &mut cast);
        for relationship in loose {
            if id_of(relationship).is_none_or(|id| !self.placed.contains(id)) {
                keep(&mut alert.extended, relationship);
            }
        }
        (alert.entities, alert.links) = cast.finish();
        Some(alert)
    }

    fn is_left(&self, object: &'a Object) -> bool {
        !is_record(object) && id_of(object).is_none_or(|id| !self.placed.contains(id))
    }

    /// Fields that all alerts of a bundle share.
    fn alert(&mut self, object: &'a Object, read: &[&str]) -> Alert {
        let mut fields = Fields::new(object);
        fields.skip(read);
        fields.skip(&["type", "created_by_ref", "spec_version"]);
        let creator = self.creator(object);
        let mut alert = Alert {
            id: fields.text(&["id"]).unwrap_or_default(),
            alert_type: format!("stix:{}", type_of(object)),
            description: fields.text(&["description"]).unwrap_or_default(),
            status: AlertStatus::New,
            product: creator.clone().unwrap_or_else(|| "STIX".to_owned()),
            provider: "STIX".to_owned(),
            vendor: creator.unwrap_or_default(),
            created: fields.time(&["created"]),
            modified: fields.time(&["modified"]),
            confidence_score: fields.number(&["confidence"]).map(|n| (n / 100.0).clamp(0.0, 1.0)),
            ..Alert::default()
        };
        alert.extended = fields.rest();
        if let Some(identity) = object.get("created_by_ref").and_then(Value::as_str).and_then(|id| self.by_id.get(id)) {
            alert.extended.insert("created_by".to_owned(), Value::Object((*identity).clone()));
        }
        alert
    }

    /// The name of who made an object; the identity then counts as placed.
    fn creator(&mut self, object: &'a Object) -> Option<String> {
        let id = object.get("created_by_ref").and_then(Value::as_str)?;
        let identity = self.by_id.get(id)?;
        self.placed.insert(id);
        text_of(identity, &["name"]).map(Cow::into_owned)
    }

    /// The objects with these ids and all that they need; relationships bring nothing along.
    fn closure(&mut self, ids: Vec<&'a str>) -> Scene<'a> {
        let mut scene = Scene::default();
        let mut open = ids;
        open.reverse();
        let mut seen: HashSet<&str> = HashSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            self.placed.insert(id);
            match self.by_id.get(id) {
                Some(object) if !is_record(object) => {
                    open.extend(refs_of(object));
                    scene.add(id, object);
                }
                Some(_) => {}
                None => scene.add_missing(id),
            }
        }
        scene
    }

    /// Writes the relationships whose two ends are in the list.
    fn relate(&mut self, places: &HashMap<&'a str, crate::ingest::identify::Place>, cast: &mut Cast) {
        for relationship in &self.relationships {
            let end = |name: &str| relationship.get(name).and_then(Value::as_str).and_then(|id| places.get(id)).copied();
            let (Some(source), Some(target)) = (end("source_ref"), end("target_ref")) else { continue };
            let name = text_of(relationship, &["relationship_type"]).unwrap_or(Cow::Borrowed("related-to"));
            let id = id_of(relationship).unwrap_or_default();
            cast.relate(Some(source), Relation::met(name.replace('-', "_")), Some(target), format!("stix.{id}"));
            self.placed.insert(id);
        }
    }
}

fn strings<'a>(object: &'a Object, name: &str) -> Vec<&'a str> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Keeps an object that is no entity, in a list under its type.
fn keep(extended: &mut Object, object: &Object) {
    let list = extended.entry(type_of(object).to_owned()).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        list.push(Value::Object(object.clone()));
    }
}

/// Steps of the standard's table for `severity` of 0 to 100.
fn severity(number: f64) -> Severity {
    match number {
        n if n >= 90.0 => Severity::Critical,
        n if n >= 70.0 => Severity::High,
        n if n >= 40.0 => Severity::Medium,
        n if n >= 10.0 => Severity::Low,
        _ => Severity::Informational,
    }
}

fn phases(object: &Object, tactics: &mut Vec<Cow<'static, str>>) {
    for phase in object.get("kill_chain_phases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        if text_of(phase, &["kill_chain_name"]).is_some_and(|name| name.starts_with("mitre")) {
            attack::add_tactics(tactics, text_of(phase, &["phase_name"]).as_deref());
        }
    }
}

fn external_techniques(object: &Object, techniques: &mut Vec<String>) {
    for reference in object.get("external_references").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        if text_of(reference, &["source_name"]).is_some_and(|name| name.starts_with("mitre")) {
            attack::add_techniques(techniques, text_of(reference, &["external_id"]).as_deref());
        }
    }
}

#[cfg(test)]
mod tests;
