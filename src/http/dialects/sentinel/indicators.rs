//! Threat indicators: the same ones that the native API knows, in the two forms in which clients ask for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::desk::{Scope, missing, person};
use super::list::Row;
use super::{list, stored};
use crate::engine::Engine;
use crate::http::dialects::arm::{put as member, time};
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, arm, changes, read_token, write_token};
use crate::ingest::pattern;
use crate::model::{Fault, FaultClass, Stored, Time};
use crate::query::Context;
use crate::query::odata::{self, Filter, Order, Place, Record, Schema};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/threatIntelligence/main/indicators", "sentinel.indicators.list", 2, list),
    answers("GET", "WS/threatIntelligence/main/indicators/{name}", "sentinel.indicators.get", 2, get),
    changes("PUT", "WS/threatIntelligence/main/indicators/{name}", "sentinel.indicators.put", 2, Right::Contribute, put),
    changes("DELETE", "WS/threatIntelligence/main/indicators/{name}", "sentinel.indicators.delete", 2, Right::Contribute, delete),
    changes(
        "POST",
        "WS/threatIntelligence/main/indicators/{name}/appendTags",
        "sentinel.indicators.append_tags",
        2,
        Right::Contribute,
        append_tags,
    ),
    changes(
        "POST",
        "WS/threatIntelligence/main/indicators/{name}/replaceTags",
        "sentinel.indicators.replace_tags",
        2,
        Right::Contribute,
        replace_tags,
    ),
    changes("POST", "WS/threatIntelligence/main/createIndicator", "sentinel.indicators.create", 2, Right::Contribute, create),
    answers("POST", "WS/threatIntelligence/main/queryIndicators", "sentinel.indicators.query", 2, query),
    // The next page of a query is asked for with GET.
    answers("GET", "WS/threatIntelligence/main/queryIndicators", "sentinel.indicators.query_next", 2, query),
    answers("GET", "WS/threatIntelligence/main/metrics", "sentinel.indicators.metrics", 2, metrics),
    answers("POST", "WS/threatIntelligence/{type}/count", "sentinel.indicators.count", 2, count),
    answers("POST", "WS/threatIntelligence/{type}/query", "sentinel.indicators.query_objects", 2, query_objects),
    answers("GET", "WS/threatIntelligence/{type}/query", "sentinel.indicators.query_objects_next", 2, query_objects),
];

const KIND: &str = "indicator";
/// Indicators of a page when the query names no number, and at the most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;
/// Properties of the dialect that have a place of their own in an indicator; all others are kept beside them.
const OWN: [&str; 16] = [
    "displayName",
    "description",
    "pattern",
    "threatTypes",
    "confidence",
    "validFrom",
    "validUntil",
    "revoked",
    "source",
    "externalId",
    "threatIntelligenceTags",
    "lastUpdatedTimeUtc",
    "created",
    "modified",
    "parsedPattern",
    "friendlyName",
];

/// The object type that a pattern is about (`ipv4-addr`).
fn object_type(pattern: &str) -> &str {
    pattern.trim_start_matches(['[', '(', ' ']).split(':').next().unwrap_or_default()
}

/// The values that a pattern compares, with the path of each.
fn parsed(pattern: &str) -> Value {
    let mut values = Vec::new();
    let mut rest = pattern;
    while let Some((path, behind)) = rest.split_once('=') {
        let path = path.rsplit(['[', '(', ' ']).find(|part| part.contains(':')).unwrap_or_default();
        let Some((_, behind)) = behind.split_once('\'') else { break };
        let Some((value, behind)) = behind.split_once('\'') else { break };
        let kind = path.split(':').next().unwrap_or_default();
        values.push(json!({"valueType": kind, "value": value}));
        rest = behind;
    }
    json!([{"patternTypeKey": object_type(pattern), "patternTypeValues": values}])
}

/// An indicator as its properties in the dialect.
fn properties(stored: &Stored) -> Map<String, Value> {
    let value = Members::of(&stored.resource.value);
    let mut properties = Map::new();
    if let Some(extended) = value.get("extended").and_then(Value::as_object) {
        properties.extend(extended.clone());
    }
    let pattern = value.text("pattern").unwrap_or_default();
    let when = |name: &str| value.word(name).and_then(|text| Time::parse(&text).ok()).map(time);
    member(&mut properties, "displayName", value.text("name"));
    member(&mut properties, "friendlyName", value.text("name"));
    member(&mut properties, "description", value.text("description"));
    properties.insert("threatTypes".into(), json!(value.texts("threat_types")));
    properties.insert("threatIntelligenceTags".into(), json!(value.texts("labels")));
    member(&mut properties, "confidence", value.number("confidence"));
    member(&mut properties, "validFrom", when("valid_from"));
    member(&mut properties, "validUntil", when("valid_until"));
    properties.insert("revoked".into(), value.flag("revoked").unwrap_or_default().into());
    properties.insert("source".into(), value.text("source").unwrap_or_default().into());
    member(&mut properties, "externalId", value.text("external_id"));
    if !properties.contains_key("patternType") {
        properties.insert("patternType".into(), object_type(&pattern).into());
    }
    if !properties.contains_key("killChainPhases") {
        let phases = value
            .texts("kill_chain_phases")
            .into_iter()
            .map(|phase| json!({"killChainName": "lockheed-martin-cyber-kill-chain", "phaseName": phase}));
        properties.insert("killChainPhases".into(), phases.collect());
    }
    properties.insert("parsedPattern".into(), parsed(&pattern));
    properties.insert("pattern".into(), pattern.into());
    properties.insert("created".into(), time(stored.resource.created).into());
    properties.insert("modified".into(), time(stored.resource.modified).into());
    properties.insert("lastUpdatedTimeUtc".into(), time(stored.resource.modified).into());
    properties
}

fn resource(scope: &Scope, stored: &Stored) -> Value {
    let path = ["threatIntelligence", "main", "indicators", &stored.resource.id];
    let mut resource = scope.resource(&path, "threatIntelligence", Some(&stored.etag()), properties(stored));
    resource["kind"] = "indicator".into();
    resource
}

fn find(context: &Context, name: &str) -> Result<Stored, Fault> {
    context.snapshot.resource(KIND, name)?.ok_or_else(|| missing("threat indicator", name))
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let scope = Scope::of(call);
    let values: Vec<Value> = context.snapshot.resources(KIND)?.iter().map(|stored| resource(&scope, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(resource(&Scope::of(call), &find(context, call.parameter("name"))?)))
}

fn invalid(name: &str, what: &str) -> Fault {
    Fault::new(FaultClass::Invalid, "property_invalid", format!("Invalid value of property '{name}': {what}"))
}

/// The indicator that a body describes.
fn value(body: &Value) -> Result<Value, Fault> {
    let given = stored::properties(body, &["pattern"])?;
    let members = Members::of(body).inner("properties");
    let text = members.word("pattern").unwrap_or_default();
    let when = |name: &str| -> Result<Option<Time>, Fault> {
        let text = members.word(name);
        text.map(|text| Time::parse(&text).map_err(|error| invalid(name, &error.to_string()))).transpose()
    };
    let confidence = match members.get("confidence") {
        None => None,
        Some(_) => match members.number("confidence") {
            Some(number @ 0..=100) => Some(number),
            _ => return Err(invalid("confidence", "expected a whole number from 0 to 100")),
        },
    };
    // A type of objects says that the pattern is one of STIX.
    let language =
        members.word("patternType").filter(|kind| !kind.eq_ignore_ascii_case("stix") && !kind.eq_ignore_ascii_case(object_type(&text)));
    let stix = language.as_deref().is_none_or(|_| text.starts_with('['));
    if let Err(flaw) = pattern::parse(&text)
        && stix
    {
        return Err(invalid("pattern", &format!("the pattern is none of STIX: {flaw}")));
    }
    let phases = members.list("killChainPhases").iter().filter_map(|phase| Members::of(phase).word("phaseName"));
    let extended: Map<String, Value> =
        given.into_iter().filter(|(name, value)| !value.is_null() && !OWN.iter().any(|own| own.eq_ignore_ascii_case(name))).collect();
    let mut value = json!({
        "name": members.text("displayName").unwrap_or_default(), "description": members.text("description").unwrap_or_default(),
        "pattern": text, "pattern_type": if stix { "stix".to_owned() } else { language.unwrap_or_default() },
        "threat_types": members.texts("threatTypes"), "revoked": members.flag("revoked").unwrap_or_default(),
        "source": members.text("source").unwrap_or_default(), "labels": members.texts("threatIntelligenceTags"),
        "kill_chain_phases": phases.collect::<Vec<_>>(),
    });
    let mut set = |name: &str, given: Value| {
        if !given.is_null() {
            value[name] = given;
        }
    };
    set("confidence", json!(confidence));
    set("valid_from", json!(when("validFrom")?));
    set("valid_until", json!(when("validUntil")?));
    set("external_id", json!(members.word("externalId")));
    if !extended.is_empty() {
        set("extended", Value::Object(extended));
    }
    Ok(value)
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    stored::put(call, engine, KIND, call.parameter("name"), &body, value(&body)?, resource)
}

fn create(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    stored::put(call, engine, KIND, &Uuid::new_v4().to_string(), &json!({}), value(&body)?, resource)
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    stored::delete(call, engine, KIND, call.parameter("name"))
}

/// Gives an indicator other tags.
fn tag(call: &Call, engine: &Engine, change: impl Fn(&mut Vec<String>)) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    let known = find(&engine.context(), name)?;
    let mut value = (*known.resource.value).clone();
    let mut tags = Members::of(&value).texts("labels");
    change(&mut tags);
    value["labels"] = json!(tags);
    let (stored, _) = stored::define(call, engine, KIND, name, name, &Value::Null, value)?;
    Ok(Reply::ok(resource(&Scope::of(call), &stored)))
}

fn append_tags(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let more = Members::of(&Value::Object(call.object()?)).texts("threatIntelligenceTags");
    tag(call, engine, |tags| {
        for tag in &more {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
    })
}

fn replace_tags(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Members::of(&Value::Object(call.object()?));
    let tags = if body.has("threatIntelligenceTags") {
        body.texts("threatIntelligenceTags")
    } else {
        body.inner("properties").texts("threatIntelligenceTags")
    };
    tag(call, engine, |known| known.clone_from(&tags))
}

/// A query and where its last page ended; the token of the next page holds both.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Asked {
    body: Value,
    after: Option<Place>,
}

impl Asked {
    fn read(call: &Call) -> Result<Self, Fault> {
        if let Some(token) = call.option("$skiptoken") {
            return read_token(token);
        }
        let body = Value::Object(call.object()?);
        match Members::of(&body).word("skipToken") {
            Some(token) => read_token(&token),
            None => Ok(Self { body, after: None }),
        }
    }

    /// The page of rows that pass, and the link to the next one.
    fn page<R: Record>(
        mut self,
        call: &Call,
        rows: impl Iterator<Item = R>,
        order: &str,
        size: usize,
    ) -> Result<(Vec<R>, Option<String>), Fault> {
        let (rows, next) = odata::page(rows, &Order::read(order, &Schema::ANY)?, self.after.as_ref(), size);
        let Some(place) = next else { return Ok((rows, None)) };
        self.after = Some(place);
        Ok((rows, Some(call.next_link(&write_token(&self)?))))
    }
}

fn size(members: &Members, name: &str) -> usize {
    members.number(name).and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0).unwrap_or(PAGE).min(PAGE_MAX)
}

fn query(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    let criteria = Members::of(&asked.body);
    let wanted = Criteria::read(&criteria)?;
    let mut order: Vec<String> = Vec::new();
    for by in criteria.list("sortBy").iter().map(Members::of) {
        let key = by
            .word("itemKey")
            .and_then(|key| PROPERTIES.into_iter().find(|known| known.eq_ignore_ascii_case(&key)))
            .ok_or_else(|| invalid("sortBy", "expected the name of a property of indicators as itemKey"))?;
        let direction = match by.word("sortOrder").unwrap_or_default().to_lowercase().as_str() {
            "descending" => "desc",
            "unsorted" => continue,
            "" | "ascending" => "asc",
            found => return Err(invalid("sortBy", &format!("expected ascending, descending or unsorted as sortOrder, found '{found}'"))),
        };
        order.push(format!("properties/{key} {direction}"));
    }
    order.push("name asc".to_owned());
    let scope = Scope::of(call);
    let all = context.snapshot.resources(KIND)?;
    let rows = all.iter().map(|stored| resource(&scope, stored)).filter(|value| wanted.fit(value)).map(Row);
    let (rows, next) = asked.clone().page(call, rows, &order.join(", "), size(&criteria, "pageSize"))?;
    Ok(Reply::ok(arm::list(rows.into_iter().map(|row| row.0).collect(), next)))
}

/// The properties of an indicator, as the vendor's clients name them.
const PROPERTIES: [&str; 30] = [
    "additionalData",
    "confidence",
    "created",
    "createdByRef",
    "defanged",
    "description",
    "displayName",
    "extensions",
    "externalId",
    "externalLastUpdatedTimeUtc",
    "externalReferences",
    "friendlyName",
    "granularMarkings",
    "indicatorTypes",
    "killChainPhases",
    "labels",
    "language",
    "lastUpdatedTimeUtc",
    "modified",
    "objectMarkingRefs",
    "parsedPattern",
    "pattern",
    "patternType",
    "patternVersion",
    "revoked",
    "source",
    "threatIntelligenceTags",
    "threatTypes",
    "validFrom",
    "validUntil",
];

/// What a query of indicators wants.
struct Criteria {
    sources: Vec<String>,
    pattern_types: Vec<String>,
    threat_types: Vec<String>,
    ids: Vec<String>,
    keywords: Vec<String>,
    confidence: (i64, i64),
    valid_until: (Option<Time>, Option<Time>),
    disabled: bool,
}

impl Criteria {
    fn read(members: &Members) -> Result<Self, Fault> {
        let lower = |name: &str| members.texts(name).iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
        let when = |name: &str| -> Result<Option<Time>, Fault> {
            let text = members.word(name);
            text.map(|text| Time::parse(&text).map_err(|error| invalid(name, &error.to_string()))).transpose()
        };
        Ok(Self {
            sources: lower("sources"),
            pattern_types: lower("patternTypes"),
            threat_types: lower("threatTypes"),
            ids: lower("ids"),
            keywords: lower("keywords"),
            confidence: (members.number("minConfidence").unwrap_or(0), members.number("maxConfidence").unwrap_or(i64::MAX)),
            valid_until: (when("minValidUntil")?, when("maxValidUntil")?),
            disabled: members.flag("includeDisabled").unwrap_or_default(),
        })
    }

    fn fit(&self, value: &Value) -> bool {
        let properties = &value["properties"];
        let text = |name: &str| properties[name].as_str().unwrap_or_default().to_lowercase();
        let any = |wanted: &[String], found: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == found);
        let words = || {
            format!("{}\n{}\n{}\n{}", text("displayName"), text("description"), text("pattern"), properties["threatIntelligenceTags"])
                .to_lowercase()
        };
        let types = || properties["threatTypes"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase);
        let until = properties["validUntil"].as_str().and_then(|text| Time::parse(text).ok());
        let confidence = properties["confidence"].as_i64().unwrap_or_default();
        any(&self.sources, &text("source"))
            && any(&self.pattern_types, &text("patternType"))
            && (self.threat_types.is_empty() || types().any(|found| self.threat_types.contains(&found)))
            && any(&self.ids, &value["name"].as_str().unwrap_or_default().to_lowercase())
            && (self.keywords.is_empty() || self.keywords.iter().any(|word| words().contains(word.as_str())))
            && (self.confidence.0..=self.confidence.1).contains(&confidence)
            && self.valid_until.0.is_none_or(|least| until.is_some_and(|until| until >= least))
            && self.valid_until.1.is_none_or(|most| until.is_none_or(|until| until <= most))
            && (self.disabled || properties["revoked"] != true)
    }
}

fn metrics(_: &Call, context: &Context) -> Result<Reply, Fault> {
    let mut counts: [BTreeMap<String, u64>; 3] = Default::default();
    let mut newest: Option<Time> = None;
    for stored in context.snapshot.resources(KIND)? {
        let properties = properties(&stored);
        newest = newest.max(Some(stored.resource.modified));
        let texts = |name: &str| match properties.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        };
        for (of, name) in counts.iter_mut().zip(["threatTypes", "patternType", "source"]) {
            texts(name).into_iter().for_each(|value| *of.entry(value).or_default() += 1);
        }
    }
    let [threats, patterns, sources] =
        counts.map(|of| of.into_iter().map(|(name, count)| json!({"metricName": name, "metricValue": count})).collect::<Vec<_>>());
    let updated = time(newest.unwrap_or(context.now));
    Ok(Reply::ok(json!({"value": [{"properties": {
        "lastUpdatedTimeUtc": updated, "threatTypeMetrics": threats, "patternTypeMetrics": patterns, "sourceMetrics": sources,
    }}]})))
}

/// An indicator as an object of STIX, for queries that ask for objects.
fn object(scope: &Scope, stored: &Stored) -> Value {
    let value = Members::of(&stored.resource.value);
    let of = &stored.resource;
    let data = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{}", of.id), "created": time(of.created), "modified": time(of.modified),
        "name": value.text("name"), "description": value.text("description"), "pattern": value.text("pattern"), "pattern_type": value.text("pattern_type"),
        "indicator_types": value.texts("threat_types"), "labels": value.texts("labels"), "confidence": value.number("confidence"),
        "valid_from": value.text("valid_from"), "valid_until": value.text("valid_until"), "revoked": value.flag("revoked").unwrap_or_default(),
    });
    json!({
        "id": scope.id(&["threatIntelligence", "main", "objects", &of.id]), "name": &*of.id, "type": "Microsoft.SecurityInsights/threatIntelligence", "kind": "Indicator",
        "properties": {
            "data": data, "source": value.text("source"), "createdBy": person(&of.created_by), "lastModifiedBy": person(&of.modified_by),
            "firstIngestedTimeUtc": time(of.created), "lastIngestedTimeUtc": time(of.modified), "lastUpdatedDateTimeUtc": time(of.modified), "lastUpdateMethod": "API",
        }
    })
}

/// The condition of a query of objects as a filter over them.
fn condition(members: &Members, now: Time) -> Result<Option<Filter>, Fault> {
    let condition = members.inner("condition");
    let mut parts = Vec::new();
    for clause in condition.list("clauses").iter().map(Members::of) {
        let field = clause.word("field").filter(|field| field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/.".contains(&byte)));
        let field = field.ok_or_else(|| invalid("clauses", "expected the name of a property as field"))?;
        let path = if ["source", "createdBy"].contains(&field.as_str()) {
            format!("properties/{field}")
        } else {
            format!("properties/data/{}", snake(&field))
        };
        let operator = clause.word("operator").unwrap_or_else(|| "Equals".to_owned());
        let mut tests = Vec::new();
        for value in clause.texts("values") {
            tests.push(test(&path, &operator, &value, now)?);
        }
        let connective =
            if clause.word("clauseConnective").is_some_and(|word| word.eq_ignore_ascii_case("and")) { " and " } else { " or " };
        if !tests.is_empty() {
            parts.push(format!("({})", tests.join(connective)));
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let connective =
        if condition.word("conditionConnective").is_some_and(|word| word.eq_ignore_ascii_case("or")) { " or " } else { " and " };
    Filter::read(&parts.join(connective), &Schema::ANY).map(Some)
}

fn test(path: &str, operator: &str, value: &str, now: Time) -> Result<String, Fault> {
    let quoted = format!("'{}'", value.replace('\'', "''"));
    let ago = || -> Result<String, Fault> {
        let micros = span(value).ok_or_else(|| invalid("values", "expected a span such as P7D or PT12H"))?;
        Ok(format!("'{}'", time(now.plus(-micros))))
    };
    Ok(match operator.to_lowercase().as_str() {
        "equals" => format!("{path} eq {quoted}"),
        "notequals" => format!("{path} ne {quoted}"),
        "lessthan" => format!("{path} lt {quoted}"),
        "lessthanequal" => format!("{path} le {quoted}"),
        "greaterthan" => format!("{path} gt {quoted}"),
        "greaterthanequal" => format!("{path} ge {quoted}"),
        "onorafterabsolute" => format!("{path} ge {quoted}"),
        "onorbeforeabsolute" => format!("{path} le {quoted}"),
        "onorafterrelative" => format!("{path} ge {}", ago()?),
        "onorbeforerelative" => format!("{path} le {}", ago()?),
        _ => return Err(invalid("operator", &format!("found '{operator}'"))),
    })
}

/// Microseconds of `P7D`, `PT12H`, `PT30M` or a number of days.
fn span(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches(['P', 'p']);
    let clock = text.starts_with(['T', 't']);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let seconds = match (clock, text.chars().last()?) {
        (false, 'D' | 'd' | '0'..='9') => 86_400,
        (false, 'W' | 'w') => 604_800,
        (true, 'H' | 'h') => 3_600,
        (true, 'M' | 'm') => 60,
        (true, 'S' | 's') => 1,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(seconds * 1_000_000)
}

/// `validFrom` as STIX writes it.
fn snake(name: &str) -> String {
    let mut written = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !written.is_empty() {
            written.push('_');
        }
        written.push(c.to_ascii_lowercase());
    }
    written
}

/// The objects that a condition finds; clew keeps indicators, and so no object of another type.
fn objects(call: &Call, context: &Context, condition_of: &Members) -> Result<Vec<Value>, Fault> {
    let wanted = condition_of.inner("condition").word("stixObjectType");
    if wanted.is_some_and(|kind| !kind.eq_ignore_ascii_case("indicator")) {
        return Ok(Vec::new());
    }
    let filter = condition(condition_of, context.now)?;
    let scope = Scope::of(call);
    let all = context.snapshot.resources(KIND)?;
    let rows = all.iter().map(|stored| Row(object(&scope, stored)));
    Ok(rows.filter(|row| filter.as_ref().is_none_or(|filter| filter.holds(row, context.now))).map(|row| row.0).collect())
}

fn count(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let members = Members::of(&body);
    let inner = if members.has("properties") { members.inner("properties") } else { members };
    Ok(Reply::ok(json!({"count": objects(call, context, &inner)?.len()})))
}

fn query_objects(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    let members = Members::of(&asked.body);
    let sort = members.inner("sortBy");
    let field = sort.word("field").filter(|field| field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    let direction = if sort.word("direction").is_some_and(|word| word.to_lowercase().starts_with("desc")) { "desc" } else { "asc" };
    let order = field.map_or_else(|| "name asc".to_owned(), |field| format!("properties/data/{} {direction}, name asc", snake(&field)));
    let values = objects(call, context, &members)?;
    let (rows, next) = asked.clone().page(call, values.into_iter().map(Row), &order, size(&members, "maxPageSize"))?;
    Ok(Reply::ok(arm::list(rows.into_iter().map(|row| row.0).collect(), next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_say_what_they_are_about() {
        assert_eq!(object_type("[ipv4-addr:value = '203.0.113.2']"), "ipv4-addr");
        let expected = json!([{"patternTypeKey": "domain-name", "patternTypeValues": [
            {"valueType": "domain-name", "value": "a.example"}, {"valueType": "file", "value": "aa"},
        ]}]);
        assert_eq!(parsed("[domain-name:value = 'a.example'] AND [file:hashes.'MD5' = 'aa']"), expected);
    }

    #[test]
    fn spans_count_days_hours_and_minutes() {
        let hour = 3_600_000_000;
        for (text, expected) in
            [("P7D", Some(168 * hour)), ("PT12H", Some(12 * hour)), ("3", Some(72 * hour)), ("P1W", Some(168 * hour)), ("PX", None)]
        {
            assert_eq!(span(text), expected, "{text}");
        }
    }
}
