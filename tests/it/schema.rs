//! Holds a body against its schema in the description of the API: every member is described, every required one is there.

use serde_json::Value;

/// What of `body` is not as `schema` says, each as a line of text.
pub(crate) fn mismatches(api: &Value, schema: &Value, body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    check(api, schema, body, "", &mut wrong);
    wrong
}

fn resolve<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => api.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("`{reference}` is described")),
        None => schema,
    }
}

/// The objects that a schema is made of: itself, or the parts of `allOf`.
fn parts<'a>(api: &'a Value, schema: &'a Value, into: &mut Vec<&'a Value>) {
    let schema = resolve(api, schema);
    match schema["allOf"].as_array() {
        Some(all) => all.iter().for_each(|part| parts(api, part, into)),
        None => into.push(schema),
    }
}

fn check(api: &Value, schema: &Value, body: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolve(api, schema);
    for several in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[several].as_array() {
            if !choices.iter().any(|choice| mismatches(api, choice, body).is_empty()) {
                wrong.push(format!("`{at}` is none of the described shapes: {body}"));
            }
            return;
        }
    }
    if schema["allOf"].is_array() || schema["properties"].is_object() {
        return check_object(api, schema, body, at, wrong);
    }
    if !is_of_type(&schema["type"], body) {
        wrong.push(format!("`{at}` is not of type {}: {body}", schema["type"]));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(body)
    {
        wrong.push(format!("`{at}` is none of {allowed:?}: {body}"));
    }
    if let (Value::Array(items), Some(item)) = (body, schema.get("items")) {
        items.iter().enumerate().for_each(|(place, body)| check(api, item, body, &format!("{at}/{place}"), wrong));
    }
    if let (Value::Object(members), Some(member)) = (body, schema.get("additionalProperties")) {
        members.iter().for_each(|(name, body)| check(api, member, body, &format!("{at}/{name}"), wrong));
    }
}

fn check_object(api: &Value, schema: &Value, body: &Value, at: &str, wrong: &mut Vec<String>) {
    let Some(members) = body.as_object() else {
        if !is_of_type(&schema["type"], body) {
            wrong.push(format!("`{at}` is no object: {body}"));
        }
        return;
    };
    let mut objects = Vec::new();
    parts(api, schema, &mut objects);
    let open = objects.iter().any(|object| object["additionalProperties"].is_object());
    for (name, body) in members {
        match objects.iter().find_map(|object| object["properties"].get(name)) {
            Some(property) => check(api, property, body, &format!("{at}/{name}"), wrong),
            None if open => {}
            None => wrong.push(format!("`{at}/{name}` is not described")),
        }
    }
    for required in objects.iter().filter_map(|object| object["required"].as_array()).flatten().filter_map(Value::as_str) {
        if !members.contains_key(required) {
            wrong.push(format!("`{at}/{required}` is required, but not there"));
        }
    }
}

fn is_of_type(types: &Value, body: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => body.is_null(),
        "boolean" => body.is_boolean(),
        "integer" => body.is_i64() || body.is_u64(),
        "number" => body.is_number(),
        "string" => body.is_string(),
        "array" => body.is_array(),
        "object" => body.is_object(),
        other => panic!("type `{other}` is known"),
    };
    match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        // No type: anything.
        _ => true,
    }
}
