//! The route table: templates of paths as data, matched without regard to case. Holds no handler's logic.

use std::borrow::Cow;

use super::{Call, Dialect, Reply};
use crate::access::Right;
use crate::engine::Engine;
use crate::model::Fault;
use crate::query::Context;

/// What an operation does; both run off the threads that serve connections.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Asks one snapshot, under the engine's deadline and bound of questions.
    Answers(fn(&Call, &Context) -> Result<Reply, Fault>),
    /// Changes something.
    Changes(fn(&Call, &Engine) -> Result<Reply, Fault>),
}

/// An operation of a dialect.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Method of the request (`GET`).
    pub(crate) method: &'static str,
    /// Template of the path: `{name}` is one segment, `{*name}` one or more.
    pub(crate) path: &'static str,
    /// Name for metrics and logs (`sentinel.incidents.list`).
    pub(crate) operation: &'static str,
    /// 1: an analyst's day needs it; 2: completes the dialect.
    pub(crate) tier: u8,
    /// What the caller must be allowed to do.
    pub(crate) right: Right,
    /// What it does.
    pub(crate) handler: Handler,
}

/// An operation that asks.
pub(crate) const fn answers(
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    tier: u8,
    handler: fn(&Call, &Context) -> Result<Reply, Fault>,
) -> Route {
    Route { method, path, operation, tier, right: Right::Read, handler: Handler::Answers(handler) }
}

/// An operation that changes something.
pub(crate) const fn changes(
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    tier: u8,
    right: Right,
    handler: fn(&Call, &Engine) -> Result<Reply, Fault>,
) -> Route {
    Route { method, path, operation, tier, right, handler: Handler::Changes(handler) }
}

/// A segment of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    Literal(&'static str),
    One(&'static str),
    Many(&'static str),
}

/// A template of paths, read.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Segment>);

impl Template {
    /// Reads a template that may begin with an alias.
    pub(super) fn read(text: &'static str, aliases: &[(&str, &'static str)]) -> Self {
        let (head, rest) = text.split_once('/').unwrap_or((text, ""));
        let whole = aliases.iter().find(|(name, _)| *name == head).map_or(["", text], |(_, prefix)| [*prefix, rest]);
        let segments = whole.into_iter().flat_map(|part| part.split('/')).filter(|segment| !segment.is_empty());
        Self(segments.map(Segment::read).collect())
    }

    /// The parameters of a path that fits; none if it does not.
    pub(super) fn matches(&self, path: &[Cow<'_, str>]) -> Option<Vec<(&'static str, String)>> {
        let mut found = Vec::new();
        let Some(many) = self.0.iter().position(|segment| matches!(segment, Segment::Many(_))) else {
            return (fits(&self.0, path, &mut found)).then_some(found);
        };
        let (head, tail) = (&self.0[..many], &self.0[many + 1..]);
        let middle = path.len().checked_sub(head.len() + tail.len()).filter(|count| *count > 0)?;
        let (begin, rest) = path.split_at(head.len());
        let (inner, end) = rest.split_at(middle);
        let whole = fits(head, begin, &mut found) && fits(tail, end, &mut found);
        if let Segment::Many(name) = self.0[many] {
            found.push((name, inner.join("/")));
        }
        whole.then_some(found)
    }

    /// Templates that say more come first: without a stretch of any length, then with more literals.
    fn order(&self) -> (bool, usize) {
        let literals = self.0.iter().filter(|segment| matches!(segment, Segment::Literal(_))).count();
        (self.0.iter().any(|segment| matches!(segment, Segment::Many(_))), usize::MAX - literals)
    }
}

impl Segment {
    fn read(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
            Some(name) => name.strip_prefix('*').map_or(Self::One(name), Self::Many),
            None => Self::Literal(text),
        }
    }
}

fn fits(template: &[Segment], path: &[Cow<'_, str>], found: &mut Vec<(&'static str, String)>) -> bool {
    template.len() == path.len()
        && template.iter().zip(path).all(|(segment, text)| match segment {
            Segment::Literal(literal) => literal.eq_ignore_ascii_case(text),
            Segment::One(name) | Segment::Many(name) => {
                found.push((name, text.clone().into_owned()));
                true
            }
        })
}

/// What a table says to a request.
pub(super) enum Matched {
    /// The operation, with the parameters of the path.
    Route(&'static Route, Vec<(&'static str, String)>),
    /// The path is known, but not with this method.
    OtherMethod,
    /// The path is not known.
    Nothing,
}

/// The routes of a dialect, read once, in the order in which they are tried.
pub(super) struct Table {
    routes: Vec<(Template, &'static Route)>,
    owns: Vec<Template>,
}

impl Table {
    /// Reads the routes of a dialect.
    pub(super) fn of(dialect: &Dialect) -> Self {
        let all = dialect.routes.iter().flat_map(|routes| routes.iter());
        let mut routes: Vec<(Template, &'static Route)> = all.map(|route| (Template::read(route.path, dialect.aliases), route)).collect();
        routes.sort_by_key(|(template, _)| template.order());
        Self { routes, owns: dialect.owns.iter().map(|path| Template::read(path, dialect.aliases)).collect() }
    }

    /// Whether a path belongs to the dialect.
    pub(super) fn owns(&self, path: &[Cow<'_, str>]) -> bool {
        self.owns.iter().chain(self.routes.iter().map(|(template, _)| template)).any(|template| template.matches(path).is_some())
    }

    /// Finds the operation of a request; what can be asked with `GET` can with `HEAD`.
    pub(super) fn find(&self, method: &str, path: &[Cow<'_, str>]) -> Matched {
        let mut known = false;
        let mut asked = None;
        for (template, route) in &self.routes {
            if let Some(parameters) = template.matches(path) {
                if route.method == method {
                    return Matched::Route(route, parameters);
                }
                if method == "HEAD" && route.method == "GET" {
                    asked = asked.or(Some((*route, parameters)));
                }
                known = true;
            }
        }
        match asked {
            Some((route, parameters)) => Matched::Route(route, parameters),
            None if known => Matched::OtherMethod,
            None => Matched::Nothing,
        }
    }
}

/// The segments of a path, percent-decoded; empty ones fall away.
pub(crate) fn segments(path: &str) -> Vec<Cow<'_, str>> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
}

/// Undoes percent-encoding; bytes that are no text become the replacement character.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(hex.unwrap_or(*first));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIASES: &[(&str, &str)] = &[("WS", "/subscriptions/{sub}/workspaces/{ws}")];

    fn found(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
        Template::read(template, ALIASES).matches(&segments(path))
    }

    #[test]
    fn paths_match_without_regard_to_case_and_keep_their_parameters() {
        let owned = |list: &[(&'static str, &str)]| Some(list.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>());
        assert_eq!(
            found("WS/incidents/{id}", "/SUBSCRIPTIONS/Abc//workspaces/ws/Incidents/X%20y"),
            owned(&[("sub", "Abc"), ("ws", "ws"), ("id", "X y")])
        );
        assert_eq!(found("WS/incidents", "/subscriptions/a/workspaces/b/incidents/c"), None);
        assert_eq!(found("/{*scope}/query", "/subscriptions/a/query"), owned(&[("scope", "subscriptions/a")]));
        assert_eq!(found("/{*scope}/query/{id}", "/a/b/Query/c"), owned(&[("id", "c"), ("scope", "a/b")]));
        assert_eq!(found("/{*scope}/query", "/query"), None);
        assert_eq!(found("/a", "/a/"), Some(vec![]));
        assert_eq!(found("/a%", "/a%"), Some(vec![]));
    }

    #[test]
    fn percent_signs_that_encode_nothing_stand_for_themselves() {
        let cases = [("a%2Fb", "a/b"), ("100%", "100%"), ("%zz", "%zz"), ("%C3%A9", "é"), ("%é", "%é"), ("%FF", "\u{fffd}")];
        for (text, expected) in cases {
            assert_eq!(decode(text), expected);
        }
    }
}
