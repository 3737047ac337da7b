//! The paths of JSONPath that point at one value: `$.a.b`, `$['a b'][0]`.

use super::super::json::Json;

/// Where a value lies in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(i64),
}

impl JsonPath {
    /// Reads a path; none if it is none, or points at more than one value.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        rest = rest.strip_prefix('$').unwrap_or(rest);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(inside) = rest.strip_prefix('[') { bracket(inside)? } else { dotted(rest, steps.is_empty())? };
            steps.push(step);
            rest = after;
        }
        Some(Self { steps })
    }

    /// The names of a path without places, for what looks into bags only.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        self.steps.iter().map(|step| if let Step::Name(name) = step { Some(name.as_str()) } else { None }).collect()
    }

    /// What it points at.
    pub(super) fn find<'a>(&self, value: Json<'a>) -> Option<Json<'a>> {
        self.steps.iter().try_fold(value, |value, step| match step {
            Step::Name(name) => value.property(name),
            Step::Place(place) => value.element(*place),
        })
    }
}

fn bracket(inside: &str) -> Option<(Step, &str)> {
    let inside = inside.trim_start();
    if let Some(quote) = inside.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let (name, after) = inside[1..].split_once(quote)?;
        return Some((Step::Name(name.to_owned()), after.trim_start().strip_prefix(']')?));
    }
    let (place, after) = inside.split_once(']')?;
    Some((Step::Place(place.trim().parse().ok()?), after))
}

fn dotted(rest: &str, first: bool) -> Option<(Step, &str)> {
    let name = match rest.strip_prefix('.') {
        Some(name) => name,
        None if first => rest,
        None => return None,
    };
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (name, after) = name.split_at(end);
    (!name.is_empty() && name != "*").then(|| (Step::Name(name.to_owned()), after))
}
