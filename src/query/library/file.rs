//! Query files: a header of `// member: value` lines, an empty line, and KQL; files of functions have the same form. Never runs one.

use super::super::kql::Diagnostic;
use super::super::kql::bind::StoredFunction;
use crate::catalog;
use crate::model::{Fault, FaultClass};

/// What runs when a query is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A query on the tables: its text, and the same as a function of its parameters.
    Kql(String, Box<StoredFunction>),
    /// A question to the entity graph.
    Graph(GraphBody),
}

/// What a query is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Leads from an entity to others.
    Explore,
    /// Tells what an entity did, in buckets of time; the title of an item, with `{{Column}}`.
    Activity(String),
    /// Looks for something in all data.
    Hunt,
}

impl Purpose {
    /// Its name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Activity(_) => "activity",
            Self::Hunt => "hunt",
        }
    }
}

/// Explorations that the entity graph answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphBody {
    /// Alerts that name the entity.
    RelatedAlerts,
    /// Incidents that contain such an alert.
    RelatedIncidents,
    /// Entities that the alerts which name the entity name too.
    Companions,
    /// Entities that the entity has a direct relation with.
    Relations,
}

/// A saved query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// Name: kind and file name (`account/failed-logons`).
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The whole text of the file.
    pub text: String,
    /// Public id, or the name where none is public.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// Kind of the entity that it takes; `any` takes all, empty is none.
    pub input: String,
    /// Identifier sets of which the entity needs one, as the public contract names them.
    pub identifiers: Vec<String>,
    /// Kinds of the entities that it finds.
    pub outputs: Vec<String>,
    /// Microseconds of the window before the anchor.
    pub before: i64,
    /// Microseconds of the window behind the anchor.
    pub after: i64,
    /// Tables that it reads.
    pub tables: Vec<String>,
    /// ATT&CK tactics that it looks for.
    pub tactics: Vec<String>,
    /// Results when the request names no limit.
    pub limit: u32,
    /// What runs.
    pub body: Body,
}

/// A query file that does not follow the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// A member of the header is missing.
    #[error("query `{name}`: expected a header line `// {member}: ...`, found none")]
    Missing {
        /// Name of the query.
        name: String,
        /// Member of the header.
        member: &'static str,
    },
    /// A member of the header has a value that does not fit.
    #[error("query `{name}`, line {line}: expected {expected}, found `{found}`")]
    Value {
        /// Name of the query.
        name: String,
        /// Line of the file, from 1.
        line: usize,
        /// What stands there in a good file.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The query is no KQL.
    #[error("query `{name}`: {}", found.message)]
    Text {
        /// Name of the query.
        name: String,
        /// The first mistake.
        found: Diagnostic,
    },
}

impl From<LibraryError> for Fault {
    fn from(error: LibraryError) -> Self {
        let fault = Self::new(FaultClass::Invalid, "exploration_invalid", error.to_string());
        match error {
            LibraryError::Text { found, .. } => fault.at(found.span.start, found.span.end),
            _ => fault.with_hint("compare the header with those of `clew query list`"),
        }
    }
}

/// Reads a query file. Without `input` it is a hunt; without `window` an exploration looks a day before and behind.
pub fn parse(name: &str, text: &str) -> Result<Exploration, LibraryError> {
    let header = Header::read(name, text)?;
    let wrong = |line: usize, expected: &'static str, found: &str| LibraryError::Value {
        name: name.to_owned(),
        line,
        expected,
        found: found.to_owned(),
    };
    let window = header.find("window").unwrap_or((0, "1d/1d"));
    let (before, after) = window
        .1
        .split_once('/')
        .and_then(|(before, after)| Some((span(before)?, span(after)?)))
        .ok_or_else(|| wrong(window.0, "a window such as `12h/1d`, before and after the anchor", window.1))?;
    let input = header.find("input");
    if let Some((line, input)) = input
        && input != "any"
        && catalog::entities::kind(input).is_none()
    {
        return Err(wrong(line, "a kind of entity or `any`", input));
    }
    let purpose = match (header.find("activity"), input) {
        (Some((line, _)), None) => return Err(wrong(line, "a line `// input: KIND` beside it", "none")),
        (Some((_, title)), Some(_)) => Purpose::Activity(title.to_owned()),
        (None, Some(_)) => Purpose::Explore,
        (None, None) => Purpose::Hunt,
    };
    let limit = match header.find("limit") {
        Some((line, limit)) => limit.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| wrong(line, "a number of results", limit))?,
        None => 10,
    };
    Ok(Exploration {
        name: name.to_owned(),
        purpose,
        text: text.to_owned(),
        id: header.find("id").map_or(name, |(_, id)| id).to_owned(),
        title: header.one("title")?.1.to_owned(),
        question: header.find("question").map_or("", |(_, question)| question).to_owned(),
        input: input.map_or("", |(_, input)| input).to_owned(),
        identifiers: header.list("identifiers", '|'),
        outputs: header.list("output", ','),
        before,
        after,
        tables: header.list("tables", ','),
        tactics: header.list("tactics", ','),
        limit,
        body: body(name, &header, text)?,
    })
}

/// Reads the file of a function that queries call by the name in its header; with what it answers.
pub(super) fn parse_function(name: &str, text: &str) -> Result<(StoredFunction, String), LibraryError> {
    let header = Header::read(name, text)?;
    let (_, called) = header.one("function")?;
    Ok((function(name, called, text)?, header.one("question")?.1.to_owned()))
}

/// The text of the file `name` as a function.
fn function(name: &str, called: &str, text: &str) -> Result<StoredFunction, LibraryError> {
    // The header is a comment of the language: places of mistakes are those of the file.
    StoredFunction::of_query(called, text).map_err(|diagnostics| match diagnostics.into_iter().next() {
        Some(found) => LibraryError::Text { name: name.to_owned(), found },
        None => LibraryError::Missing { name: name.to_owned(), member: "title" },
    })
}

fn body(name: &str, header: &Header<'_>, text: &str) -> Result<Body, LibraryError> {
    let Some((line, question)) = header.find("graph") else {
        return Ok(Body::Kql(text.to_owned(), Box::new(function(name, name, text)?)));
    };
    let question = match question {
        "related alerts" => GraphBody::RelatedAlerts,
        "related incidents" => GraphBody::RelatedIncidents,
        "companions" => GraphBody::Companions,
        "relations" => GraphBody::Relations,
        found => {
            let expected = "`related alerts`, `related incidents`, `companions` or `relations`";
            return Err(LibraryError::Value { name: name.to_owned(), line, expected, found: found.to_owned() });
        }
    };
    Ok(Body::Graph(question))
}

/// The `// member: value` lines at the top of a file.
struct Header<'a> {
    name: &'a str,
    members: Vec<(usize, &'a str, &'a str)>,
}

impl<'a> Header<'a> {
    fn read(name: &'a str, text: &'a str) -> Result<Self, LibraryError> {
        let mut members = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let Some(line) = line.strip_prefix("//") else { break };
            let (member, value) = line.split_once(':').ok_or_else(|| LibraryError::Value {
                name: name.to_owned(),
                line: at + 1,
                expected: "a header line `// member: value`, or an empty line before other comments",
                found: line.to_owned(),
            })?;
            members.push((at + 1, member.trim(), value.trim()));
        }
        Ok(Self { name, members })
    }

    fn find(&self, member: &str) -> Option<(usize, &'a str)> {
        self.members.iter().find(|(_, name, _)| *name == member).map(|(line, _, value)| (*line, *value))
    }

    fn one(&self, member: &'static str) -> Result<(usize, &'a str), LibraryError> {
        self.find(member).ok_or_else(|| LibraryError::Missing { name: self.name.to_owned(), member })
    }

    fn list(&self, member: &str, separator: char) -> Vec<String> {
        let value = self.find(member).map_or("", |(_, value)| value);
        value.split(separator).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

/// Microseconds of `10m`, `12h`, `7d`, `0`.
fn span(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds * 1_000_000)
}
