//! Relations that rows of raw events assert, and the rules that find them, as `schema/relations.toml` declares them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Relation;

/// A relation that rules of events assert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRelation {
    /// Name as it is stored and shown.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What it says, in one sentence.
    pub description: &'static str,
}

/// A rule: which entities a row of certain tables names, and what links them.
#[derive(Debug)]
pub struct Rule {
    /// Stored with every edge that the rule asserts.
    pub id: &'static str,
    /// Tables whose rows it reads.
    pub tables: Vec<&'static str>,
    /// Conditions that must all hold.
    pub when: Vec<Condition>,
    /// The entities, by local names.
    pub entities: Vec<EntityRule>,
    /// The relations, by places in `entities`.
    pub links: Vec<LinkRule>,
}

/// Rows of other tables that the rules of a table read as well.
#[derive(Debug)]
pub struct Likeness {
    /// Tables whose rows may be such.
    pub tables: Vec<&'static str>,
    /// The table whose rules read them.
    pub like: &'static str,
    /// Conditions that must all hold.
    pub when: Vec<Condition>,
}

/// A test of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The cell.
    pub cell: Cell,
    /// What must hold.
    pub test: Test,
}

/// What must hold of a cell; texts are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It has a value.
    Present,
    /// It has none.
    Absent,
    /// It is one of these; an empty text stands for no value.
    OneOf(Vec<String>),
    /// It is none of these.
    NoneOf(Vec<String>),
    /// It begins so.
    Begins(String),
}

impl Test {
    /// Whether it holds of the text of a cell, which is `None` if the cell has no value.
    pub fn holds(&self, text: Option<&str>) -> bool {
        let is = |wanted: &String| text.map_or(wanted.is_empty(), |text| text.eq_ignore_ascii_case(wanted));
        match self {
            Self::Present => text.is_some(),
            Self::Absent => text.is_none(),
            Self::OneOf(wanted) => wanted.iter().any(is),
            Self::NoneOf(wanted) => !wanted.iter().any(is),
            Self::Begins(prefix) => text.and_then(|text| text.get(..prefix.len())).is_some_and(|head| head.eq_ignore_ascii_case(prefix)),
        }
    }
}

/// A place in a row: a column and a way into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Name of the column.
    pub column: &'static str,
    /// The way into a dynamic column.
    pub steps: Vec<Step>,
    /// What is done with the text.
    pub change: Option<Change>,
}

/// A step into a dynamic value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the member of this name.
    Member(String),
    /// To the element at this place.
    Index(usize),
    /// To each element, or each item of a list in text.
    Each,
}

/// What is done with a text before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// What stands behind the last backslash.
    Leaf,
    /// What stands before the last backslash.
    Stem,
    /// The instant inside a Sysmon GUID.
    GuidTime,
    /// Each digest of Sysmon's list.
    Hashes,
    /// A URL without its query.
    Bare,
}

/// Where properties come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The first of the cells that has a value.
    Cells(Vec<Cell>),
    /// Texts and columns in turn; nothing if a column has no value.
    Template(Vec<Piece>),
    /// Two columns that name a file together.
    Pair(&'static str, &'static str),
    /// The text itself.
    Constant(String),
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The text itself.
    Text(String),
    /// The text of a cell.
    Cell(Cell),
}

/// What a text of a row says of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// One property.
    Property(&'static str),
    /// All properties that a text of the field holds.
    Parts(Parts),
}

/// Texts of the field that hold several properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Parts {
    Account,
    Host,
    Ip,
    File,
    FileNamed,
    Hash,
    Url,
    RegistryKey,
    Image,
    AzureResource,
    Dns,
}

/// An entity of a rule.
#[derive(Debug)]
pub struct EntityRule {
    /// Its kind, in any spelling that the catalog knows.
    pub kind: &'static str,
    /// Its properties; texts with several properties first, single properties fill what is absent.
    pub gives: Vec<(Gives, Source)>,
    /// Its references: property and place of the other entity.
    pub references: Vec<(&'static str, usize)>,
    /// It is there only if this holds.
    pub only: Option<Condition>,
}

/// A relation of a rule.
#[derive(Debug)]
pub struct LinkRule {
    /// Place of the source entity.
    pub from: usize,
    /// What the source does to the target.
    pub relation: Relation,
    /// Place of the target entity.
    pub to: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSource {
    relation: Vec<RelationSource>,
    likeness: Vec<LikenessSource>,
    rule: Vec<RuleSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LikenessSource {
    tables: Vec<String>,
    like: String,
    when: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationSource {
    name: String,
    title: String,
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSource {
    id: String,
    tables: Vec<String>,
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    links: Vec<String>,
    entities: BTreeMap<String, BTreeMap<String, String>>,
}

struct Declared {
    relations: Vec<EventRelation>,
    likenesses: Vec<Likeness>,
    rules: Vec<Rule>,
}

fn declared() -> &'static Declared {
    static DECLARED: OnceLock<Declared> = OnceLock::new();
    DECLARED.get_or_init(|| {
        let source: FileSource = toml::from_str(include_str!("../../schema/relations.toml")).expect("schema/relations.toml is valid");
        let relations: Vec<EventRelation> = source
            .relation
            .into_iter()
            .map(|r| EventRelation { name: keep(r.name), title: keep(r.title), description: keep(r.description) })
            .collect();
        let likenesses = source
            .likeness
            .into_iter()
            .map(|likeness| read_likeness(likeness).unwrap_or_else(|fault| panic!("schema/relations.toml: {fault}")))
            .collect();
        let rules =
            source.rule.into_iter().map(|rule| read_rule(rule).unwrap_or_else(|fault| panic!("schema/relations.toml: {fault}"))).collect();
        Declared { relations, likenesses, rules }
    })
}

/// All relations that rules assert.
pub fn relations() -> &'static [EventRelation] {
    &declared().relations
}

/// All likenesses, in the order of the file.
pub fn likenesses() -> &'static [Likeness] {
    &declared().likenesses
}

/// All rules, in the order of the file.
pub fn rules() -> &'static [Rule] {
    &declared().rules
}

/// The relation of this name, whether rules or references assert it.
pub fn relation(name: &str) -> Option<EventRelation> {
    let events = relations().iter().copied();
    let references = super::entities::relations().iter();
    events
        .chain(references.map(|r| EventRelation { name: r.name, title: r.title, description: r.description }))
        .find(|relation| relation.name == name)
}

/// Names live as long as the program: the catalog is parsed once.
pub(super) fn keep(text: impl Into<String>) -> &'static str {
    Box::leak(text.into().into_boxed_str())
}

fn read_likeness(source: LikenessSource) -> Result<Likeness, String> {
    let when = source.when.iter().map(|text| condition(text)).collect::<Result<_, _>>()?;
    Ok(Likeness { tables: source.tables.into_iter().map(keep).collect(), like: keep(source.like), when })
}

fn read_rule(source: RuleSource) -> Result<Rule, String> {
    let names: Vec<&String> = source.entities.keys().collect();
    let place = |name: &str| names.iter().position(|known| *known == name).ok_or_else(|| format!("{}: no entity `{name}`", source.id));
    let mut entities = Vec::new();
    for (local, properties) in &source.entities {
        let mut entity = EntityRule { kind: "", gives: Vec::new(), references: Vec::new(), only: None };
        for (property, from) in properties {
            match (property.as_str(), from.strip_prefix('@')) {
                ("kind", _) => entity.kind = keep(from),
                ("only", _) => entity.only = Some(condition(from)?),
                (_, Some(other)) => entity.references.push((keep(property), place(other)?)),
                (_, None) => entity.gives.push((gives(property)?, read_source(from)?)),
            }
        }
        // Parts give several properties at once; a single property only fills what they leave open.
        entity.gives.sort_by_key(|(gives, _)| matches!(gives, Gives::Property(_)));
        if entity.kind.is_empty() || entity.gives.is_empty() {
            return Err(format!("{}: entity `{local}` needs a kind and properties", source.id));
        }
        entities.push(entity);
    }
    let mut links = Vec::new();
    for link in &source.links {
        let words: Vec<&str> = link.split_whitespace().collect();
        let [from, relation, to] = words[..] else { return Err(format!("{}: no link: `{link}`", source.id)) };
        links.push(LinkRule { from: place(from)?, relation: Relation::known(keep(relation)), to: place(to)? });
    }
    let when = source.when.iter().map(|text| condition(text)).collect::<Result<_, _>>()?;
    Ok(Rule { id: keep(source.id.clone()), tables: source.tables.into_iter().map(keep).collect(), when, entities, links })
}

fn gives(property: &str) -> Result<Gives, String> {
    Ok(Gives::Parts(match property {
        "account" => Parts::Account,
        "host" => Parts::Host,
        "ip" => Parts::Ip,
        "file" => Parts::File,
        "file_named" => Parts::FileNamed,
        "hash" => Parts::Hash,
        "url" => Parts::Url,
        "registry_key" => Parts::RegistryKey,
        "image" => Parts::Image,
        "azure_resource" => Parts::AzureResource,
        "dns" => Parts::Dns,
        name if name.starts_with(|c: char| c.is_ascii_uppercase()) => return Ok(Gives::Property(keep(name))),
        name => return Err(format!("no parts `{name}`")),
    }))
}

fn read_source(text: &str) -> Result<Source, String> {
    if let Some(constant) = text.strip_prefix('=') {
        return Ok(Source::Constant(constant.to_owned()));
    }
    if text.starts_with('\'') {
        let pieces = text.split('\'').enumerate().filter(|(_, piece)| !piece.is_empty());
        let piece =
            |(place, piece): (usize, &str)| if place % 2 == 1 { Ok(Piece::Text(piece.to_owned())) } else { cell(piece).map(Piece::Cell) };
        return Ok(Source::Template(pieces.map(piece).collect::<Result<_, _>>()?));
    }
    if let Some((first, second)) = text.split_once('+') {
        return Ok(Source::Pair(keep(first), keep(second)));
    }
    Ok(Source::Cells(text.split('|').map(cell).collect::<Result<_, _>>()?))
}

pub(super) fn cell(text: &str) -> Result<Cell, String> {
    let (path, change) = match text.split_once('>') {
        None => (text, None),
        Some((path, "leaf")) => (path, Some(Change::Leaf)),
        Some((path, "stem")) => (path, Some(Change::Stem)),
        Some((path, "guid_time")) => (path, Some(Change::GuidTime)),
        Some((path, "hashes")) => (path, Some(Change::Hashes)),
        Some((path, "bare")) => (path, Some(Change::Bare)),
        Some((_, change)) => return Err(format!("no change `{change}`")),
    };
    let mut steps = Vec::new();
    let mut words = path.trim().split('.');
    let first = words.next().unwrap_or_default();
    let column = first.trim_end_matches("[]");
    if first.ends_with("[]") {
        steps.push(Step::Each);
    }
    for word in words {
        let name = word.trim_end_matches("[]");
        steps.push(name.parse().map_or_else(|_| Step::Member(name.to_owned()), Step::Index));
        if word.ends_with("[]") {
            steps.push(Step::Each);
        }
    }
    if column.is_empty() {
        return Err(format!("no column in `{text}`"));
    }
    Ok(Cell { column: keep(column), steps, change })
}

pub(super) fn condition(text: &str) -> Result<Condition, String> {
    let list = |values: &str| values.split('|').map(|value| value.trim().to_owned()).collect();
    let (path, test) = if let Some((path, values)) = text.split_once("!=") {
        (path, Test::NoneOf(list(values)))
    } else if let Some((path, prefix)) = text.split_once("^=") {
        (path, Test::Begins(prefix.trim().to_owned()))
    } else if let Some((path, values)) = text.split_once('=') {
        (path, Test::OneOf(list(values)))
    } else if let Some(path) = text.strip_prefix('!') {
        (path, Test::Absent)
    } else {
        (text, Test::Present)
    };
    Ok(Condition { cell: cell(path.trim())?, test })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::{entities, tables};

    #[test]
    fn declarations_are_closed() {
        let names: BTreeSet<&str> = relations().iter().map(|relation| relation.name).collect();
        assert_eq!(names.len(), relations().len(), "a relation is described once");
        // A bookmark is no row of a table: `ingest::formats` says what it marks.
        let mut used = BTreeSet::from(["marks"]);
        let mut ids = BTreeSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "{} is declared twice", rule.id);
            for link in &rule.links {
                assert!(relation(link.relation.as_str()).is_some(), "{}: {} is not described", rule.id, link.relation);
                used.insert(link.relation.as_str());
            }
            for entity in &rule.entities {
                let Some(kind) = entities::kind(entity.kind) else { continue };
                for (property, _) in &entity.references {
                    assert!(kind.reference(property).is_some(), "{}: {}.{property}", rule.id, entity.kind);
                }
            }
        }
        let unused: Vec<&&str> = names.iter().filter(|name| !used.contains(**name)).collect();
        assert_eq!(unused, Vec::<&&str>::new());
    }

    #[test]
    fn likenesses_name_tables_with_rules() {
        for likeness in likenesses() {
            assert!(rules().iter().any(|rule| rule.tables.contains(&likeness.like)), "{}", likeness.like);
            assert!(!likeness.tables.contains(&likeness.like) && !likeness.when.is_empty(), "{likeness:?}");
            for table in &likeness.tables {
                let table = tables::table(table).expect("a table of the catalog");
                for condition in &likeness.when {
                    assert!(table.column(condition.cell.column).is_some(), "{}: {}", table.name, condition.cell.column);
                }
            }
        }
    }

    #[test]
    fn columns_are_those_of_the_tables() {
        for rule in rules() {
            // A rule for several tables reads a column where it is there.
            let known: Vec<_> = rule.tables.iter().filter_map(|name| tables::table(name)).collect();
            assert!(!known.is_empty() || rule.tables.iter().all(|t| t.starts_with("Zeek_")), "{}: {:?}", rule.id, rule.tables);
            let cells = rule.entities.iter().flat_map(|entity| &entity.gives).filter_map(|(_, source)| match source {
                Source::Cells(cells) => Some(cells),
                _ => None,
            });
            for cell in cells.flatten().chain(rule.when.iter().map(|condition| &condition.cell)) {
                let found = known.iter().any(|table| table.column(cell.column).is_some_and(|column| &*column.name == cell.column));
                let own = ["disabledAccountSet", "successfulAccountSigninSet", "UserId", "AccountUpn", "ErrorCode"];
                // Columns that each kind of resource brings along.
                let claim = rule.id == "AzureDiagnostics" && cell.column.starts_with("identity");
                assert!(found || known.is_empty() || claim || own.contains(&cell.column), "{}: {}", rule.id, cell.column);
            }
        }
    }

    #[test]
    fn reads_cells_and_conditions() {
        let plain = |column| Cell { column, steps: Vec::new(), change: None };
        assert_eq!(
            cell("TargetResources[].user.0.name"),
            Ok(Cell {
                column: "TargetResources",
                steps: vec![Step::Each, Step::Member("user".into()), Step::Index(0), Step::Member("name".into())],
                change: None
            })
        );
        assert_eq!(cell("TargetObject>leaf"), Ok(Cell { change: Some(Change::Leaf), ..plain("TargetObject") }));
        assert_eq!(condition("EventID = 1 | 2"), Ok(Condition { cell: plain("EventID"), test: Test::OneOf(vec!["1".into(), "2".into()]) }));
        assert_eq!(condition("!ErrorCode"), Ok(Condition { cell: plain("ErrorCode"), test: Test::Absent }));
        assert_eq!(condition("Channel ^= Micro"), Ok(Condition { cell: plain("Channel"), test: Test::Begins("Micro".into()) }));
        assert_eq!(
            read_source("'http://'host''uri"),
            Ok(Source::Template(vec![Piece::Text("http://".into()), Piece::Cell(plain("host")), Piece::Cell(plain("uri"))]))
        );
    }
}
