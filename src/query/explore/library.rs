//! The exploration queries of `queries/explore/`: text files with a header, read once.

use std::sync::OnceLock;

use crate::catalog;
use crate::model::{Fault, FaultClass};

/// What runs when an exploration is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A query on the tables.
    Sql(String),
    /// A question to the entity graph.
    Graph(GraphBody),
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

/// An exploration query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// Name: kind and file name (`account/failed-logons`).
    pub name: String,
    /// Public id, or the name where none is public.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// Kind of the entity that it takes; `any` takes all.
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
    #[error("query `{name}`: expected a header line `-- {member}: ...`, found none")]
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
}

impl From<LibraryError> for Fault {
    fn from(error: LibraryError) -> Self {
        Self::new(FaultClass::Invalid, "exploration_invalid", error.to_string())
            .with_hint("compare the header with the files in `queries/explore/`")
    }
}

const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/queries.rs"));

/// The queries that come with clew, by name.
pub fn all() -> &'static [Exploration] {
    static LIBRARY: OnceLock<Vec<Exploration>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let explorations = FILES.iter().filter_map(|(name, text)| Some((name.strip_prefix("explore/")?, text)));
        explorations.map(|(name, text)| parse(name, text).unwrap_or_else(|error| panic!("{error}"))).collect()
    })
}

/// Reads a query file.
pub fn parse(name: &str, text: &str) -> Result<Exploration, LibraryError> {
    let header = Header::read(name, text)?;
    let window = header.one("window")?;
    let (before, after) =
        window.1.split_once('/').and_then(|(before, after)| Some((span(before)?, span(after)?))).ok_or_else(|| LibraryError::Value {
            name: name.to_owned(),
            line: window.0,
            expected: "a window such as `12h/1d`, before and after the anchor",
            found: window.1.to_owned(),
        })?;
    let input = header.one("input")?;
    if input.1 != "any" && catalog::entities::kind(input.1).is_none() {
        return Err(LibraryError::Value {
            name: name.to_owned(),
            line: input.0,
            expected: "a kind of entity or `any`",
            found: input.1.to_owned(),
        });
    }
    Ok(Exploration {
        name: name.to_owned(),
        id: header.find("id").map_or(name, |(_, id)| id).to_owned(),
        title: header.one("title")?.1.to_owned(),
        question: header.one("question")?.1.to_owned(),
        input: input.1.to_owned(),
        identifiers: header.list("identifiers", '|'),
        outputs: header.list("output", ','),
        before,
        after,
        tables: header.list("tables", ','),
        tactics: header.list("tactics", ','),
        limit: header.find("limit").and_then(|(_, limit)| limit.parse().ok()).unwrap_or(10),
        body: body(name, &header, text)?,
    })
}

fn body(name: &str, header: &Header<'_>, text: &str) -> Result<Body, LibraryError> {
    let Some((line, question)) = header.find("graph") else {
        let sql: Vec<&str> = text.lines().skip(header.lines).collect();
        return Ok(Body::Sql(sql.join("\n").trim().to_owned()));
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

/// The `-- member: value` lines at the top of a file.
struct Header<'a> {
    name: &'a str,
    lines: usize,
    members: Vec<(usize, &'a str, &'a str)>,
}

impl<'a> Header<'a> {
    fn read(name: &'a str, text: &'a str) -> Result<Self, LibraryError> {
        let mut members = Vec::new();
        let mut lines = 0;
        for (at, line) in text.lines().enumerate() {
            let Some(line) = line.strip_prefix("--") else { break };
            let (member, value) = line.split_once(':').ok_or_else(|| LibraryError::Value {
                name: name.to_owned(),
                line: at + 1,
                expected: "a header line `-- member: value`",
                found: line.to_owned(),
            })?;
            members.push((at + 1, member.trim(), value.trim()));
            lines = at + 1;
        }
        Ok(Self { name, lines, members })
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
