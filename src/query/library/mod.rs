//! Saved queries and functions: those that come with clew, those in the folder `queries` of the data directory, and those that people put
//! through the API. A later one of these goes before an earlier one of the same name. Runs none of them.

mod activities;
mod file;
mod saved;

use std::path::Path;
use std::sync::LazyLock;

use super::Context;
use super::kql::bind::StoredFunction;
use super::reference::nearest;
use crate::model::{Fault, FaultClass};

pub use activities::{Activities, ActivitiesRequest, ActivityItem};
use file::parse_function;
pub use file::{Body, Exploration, GraphBody, LibraryError, Purpose, parse};
pub use saved::{
    FUNCTION, FunctionBody, FunctionRow, Functions, FunctionsRequest, QUERY, QueryBody, QueryDetail, QueryRow, SavedQueries,
    SavedQueriesRequest, SavedQueryRequest,
};

const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/queries.rs"));

/// Folder of the functions among the files.
const FUNCTIONS: &str = "functions/";

/// The queries that come with clew, by name.
static BUILT_IN: LazyLock<Vec<Exploration>> = LazyLock::new(|| {
    // Explorations go by the kind of entity and their name, the others by what they are for.
    let queries = FILES.iter().filter(|(name, _)| !name.starts_with(FUNCTIONS));
    let named = queries.map(|(name, text)| (name.strip_prefix("explore/").unwrap_or(name), text));
    named.map(|(name, text)| parse(name, text).unwrap_or_else(|error| panic!("{error}"))).collect()
});

/// Of these, those that lead from an entity to others.
static EXPLORATIONS: LazyLock<Vec<Exploration>> =
    LazyLock::new(|| BUILT_IN.iter().filter(|query| query.purpose == Purpose::Explore).cloned().collect());

/// The functions that come with clew, each with what it answers.
static BUILT_IN_FUNCTIONS: LazyLock<Vec<(StoredFunction, String)>> = LazyLock::new(|| {
    let functions = FILES.iter().filter(|(name, _)| name.starts_with(FUNCTIONS));
    functions.map(|(name, text)| parse_function(name, text).unwrap_or_else(|error| panic!("{error}"))).collect()
});

/// The explorations that come with clew, by name.
pub fn all() -> &'static [Exploration] {
    &EXPLORATIONS
}

/// Where a query comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// With clew.
    BuiltIn,
    /// A file of the data directory.
    File,
    /// The API.
    Api,
}

impl Origin {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::File => "file",
            Self::Api => "api",
        }
    }
}

/// The queries and functions that a question can name.
#[derive(Debug, Default)]
pub struct Library {
    own: Vec<(Origin, Exploration)>,
    functions: Vec<(StoredFunction, String)>,
    problems: Vec<(String, Fault)>,
}

impl Library {
    /// What can be named now: files are read again each time, so that a change of one counts at once.
    pub(super) fn of(context: &Context) -> Result<Self, Fault> {
        let mut library = Self::default();
        saved::stored(context, &mut library)?;
        let mut files = Vec::new();
        let folder = &context.queries;
        collect(folder, folder, &mut files);
        files.sort();
        for name in files {
            let path = folder.join(&name);
            let short = name.trim_end_matches(".kql").to_owned();
            match std::fs::read_to_string(&path) {
                Ok(text) if short.starts_with(FUNCTIONS) => match parse_function(&short, &text) {
                    Ok((function, question)) => library.add_function(function, question),
                    Err(error) => library.problems.push((short, error.into())),
                },
                Ok(text) => library.add(Origin::File, &short, &text),
                Err(error) => {
                    let message = format!("cannot read `{}`: {error}", path.display());
                    library.problems.push((short, Fault::new(FaultClass::Invalid, "query_unreadable", message)));
                }
            }
        }
        Ok(library)
    }

    /// What comes with clew, and nothing else.
    pub(super) fn built_in() -> Self {
        Self::default()
    }

    fn add(&mut self, origin: Origin, name: &str, text: &str) {
        match parse(name, text) {
            Ok(query) if !self.own.iter().any(|(_, known)| known.name == query.name) => self.own.push((origin, query)),
            Ok(_) => {}
            Err(error) => self.problems.push((name.to_owned(), error.into())),
        }
    }

    fn add_function(&mut self, function: StoredFunction, description: String) {
        self.functions.push((function, description));
    }

    fn add_problem(&mut self, name: &str, fault: Fault) {
        self.problems.push((name.to_owned(), fault));
    }

    /// Every query with its origin, own ones first.
    pub fn queries(&self) -> impl Iterator<Item = (Origin, &Exploration)> {
        let own = self.own.iter().map(|(origin, query)| (*origin, query));
        let hidden = |query: &Exploration| self.own.iter().any(|(_, own)| own.name == query.name);
        own.chain(BUILT_IN.iter().filter(move |query| !hidden(query)).map(|query| (Origin::BuiltIn, query)))
    }

    /// The queries that lead from an entity to others.
    pub fn explorations(&self) -> impl Iterator<Item = &Exploration> {
        self.queries().map(|(_, query)| query).filter(|query| query.purpose == Purpose::Explore)
    }

    /// A function by its name; one of the workspace goes before one that comes with clew.
    pub fn function(&self, name: &str) -> Option<&StoredFunction> {
        self.functions.iter().chain(BUILT_IN_FUNCTIONS.iter()).map(|(function, _)| function).find(|function| function.name == name)
    }

    /// The functions, each with what is said about it.
    pub fn functions(&self) -> impl Iterator<Item = (&StoredFunction, &str)> {
        let is_own = |name: &str| self.functions.iter().any(|(own, _)| own.name == name);
        let built_in = BUILT_IN_FUNCTIONS.iter().filter(move |(function, _)| !is_own(&function.name));
        self.functions.iter().chain(built_in).map(|(function, description)| (function, description.as_str()))
    }

    /// What cannot be read, by name.
    pub fn problems(&self) -> &[(String, Fault)] {
        &self.problems
    }

    /// The query of a name, a name without its kind, or an id, that takes an entity of the kind; none for a query without an entity.
    pub fn find(&self, query: &str, kind: Option<&str>) -> Result<&Exploration, Fault> {
        let named = |exploration: &&Exploration| {
            let short = exploration.name.split_once('/').map_or(exploration.name.as_str(), |(_, short)| short);
            exploration.name == query || short == query || exploration.id.eq_ignore_ascii_case(query)
        };
        let fits = |exploration: &&Exploration| match kind {
            Some(kind) => exploration.fits(kind),
            None => exploration.input.is_empty(),
        };
        if let Some(found) = self.queries().map(|(_, query)| query).filter(fits).find(named) {
            return Ok(found);
        }
        let (shown, list) = match kind {
            Some(kind) => (format!("of kind `{kind}`"), format!("`clew explore {kind}:VALUE` lists what fits")),
            None => ("none".to_owned(), "name the entity behind the query".to_owned()),
        };
        if let Some(other) = self.queries().map(|(_, query)| query).find(named) {
            let wanted = if other.input.is_empty() { "no entity".to_owned() } else { format!("an entity of kind `{}`", other.input) };
            let message = format!("the query `{query}` takes {wanted}, found {shown}");
            return Err(Fault::new(FaultClass::Invalid, "exploration_kind", message).with_hint(list));
        }
        if let Some((_, problem)) = self.problems.iter().find(|(name, _)| name == query) {
            return Err(problem.clone());
        }
        let names = self.queries().map(|(_, query)| query).filter(fits).map(|query| query.name.as_str());
        let fault = Fault::new(FaultClass::NotFound, "exploration_unknown", format!("no exploration query has the name or id `{query}`"));
        Err(match nearest(query, names) {
            Some(near) => fault.with_hint(format!("a similar name is `{near}`")),
            None => fault.with_hint(list),
        })
    }
}

impl Exploration {
    /// Whether it takes an entity of this kind.
    pub fn fits(&self, kind: &str) -> bool {
        !self.input.is_empty() && (self.input == "any" || self.input == kind)
    }
}

/// Names of the query files below a folder, as paths from `root`; a folder that is not there holds none.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "kql")
            && let Ok(name) = path.strip_prefix(root)
        {
            files.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
}
