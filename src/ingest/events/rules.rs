//! Runs the declared rules of a table over its rows. The declarations are the catalog's; nothing of a source is known here.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use serde_json::Value;

use crate::catalog::relations::{self, Change, Condition, EntityRule, Gives, Parts, Piece, Rule, Source, Step, Test};
use crate::ingest::identify::{EntityList, Memory, Place, parts};
use crate::ingest::value::{is_absent, is_absent_text, text};
use crate::model::{ColumnName, Entity, Link, Object, Time};

use super::met::{Met, Thing, things, with_met};

/// The cells of a row.
pub(super) type Row<'a> = &'a [(ColumnName, Value)];

/// Entities that one declared entity may become (elements of a list).
const EACH_MAX: usize = 100;

/// The rules of one table.
pub(super) struct TableRules {
    table: &'static str,
    /// Rules for one event id each, which is how most rows are told apart.
    by_event: HashMap<i64, Vec<&'static Rule>>,
    others: Vec<&'static Rule>,
    /// Rules of other tables that read some of its rows, with what those rows have in common.
    like: Vec<(&'static [Condition], &'static str)>,
}

impl TableRules {
    fn new(table: &'static str) -> Self {
        Self { table, by_event: HashMap::new(), others: Vec::new(), like: Vec::new() }
    }

    /// The rules of a table, if it has any.
    pub(super) fn of(table: &str) -> Option<&'static Self> {
        static ALL: OnceLock<HashMap<&'static str, TableRules>> = OnceLock::new();
        ALL.get_or_init(|| {
            let mut all: HashMap<&'static str, TableRules> = HashMap::new();
            for rule in relations::rules() {
                for table in &rule.tables {
                    let rules = all.entry(table).or_insert_with(|| Self::new(table));
                    match event_ids(rule) {
                        Some(ids) => ids.into_iter().for_each(|id| rules.by_event.entry(id).or_default().push(rule)),
                        None => rules.others.push(rule),
                    }
                }
            }
            for likeness in relations::likenesses() {
                for table in &likeness.tables {
                    all.entry(table).or_insert_with(|| Self::new(table)).like.push((&likeness.when, likeness.like));
                }
            }
            all
        })
        .get(table)
    }

    /// The entities that a row names, and their relations.
    pub(super) fn find(&self, row: Row<'_>) -> (Vec<Arc<Entity>>, Vec<Link>) {
        with_met(|met| self.find_by(met, row))
    }

    fn find_by(&self, met: Option<&mut Met>, row: Row<'_>) -> (Vec<Arc<Entity>>, Vec<Link>) {
        let mut found = Found { list: EntityList::new(), seen: Vec::new(), met };
        self.run(row, &mut found, &|_| true);
        // Rows that are like those of several tables, or of one for several reasons, are read by its rules once.
        let like = self.like.iter().find(|(when, _)| when.iter().all(|condition| holds(condition, row)));
        if let Some(rules) = like.and_then(|(_, table)| Self::of(table)) {
            rules.run(row, &mut found, &|rule| !rule.tables.contains(&self.table));
        }
        if found.list.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let Found { list, seen, met } = found;
        // What nobody else holds becomes a part of its entity without a copy.
        drop(seen);
        let mut own = Memory::default();
        list.finish_by(met.map_or(&mut own, |met| &mut met.memory))
    }

    /// Runs those of the rules that are wanted and whose conditions hold.
    fn run(&self, row: Row<'_>, found: &mut Found<'_>, wanted: &dyn Fn(&'static Rule) -> bool) {
        let event = if self.by_event.is_empty() { None } else { column(row, "EventID").and_then(Value::as_i64) };
        let special = event.and_then(|id| self.by_event.get(&id)).into_iter().flatten();
        for rule in special.chain(&self.others) {
            if wanted(rule) && rule.when.iter().all(|condition| holds(condition, row)) {
                found.run(rule, row);
            }
        }
    }
}

/// The event ids that a rule is for, if it is for certain ones.
fn event_ids(rule: &Rule) -> Option<Vec<i64>> {
    rule.when.iter().find_map(|condition| match &condition.test {
        Test::OneOf(values) if condition.cell.column == "EventID" => values.iter().map(|value| value.parse().ok()).collect(),
        _ => None,
    })
}

struct Found<'a> {
    list: EntityList,
    /// What was added: rules of one table name the same host and account.
    seen: Vec<(Rc<Thing>, Place)>,
    met: Option<&'a mut Met>,
}

impl Found<'_> {
    fn run(&mut self, rule: &'static Rule, row: Row<'_>) {
        let mut places: Vec<Vec<Place>> = Vec::with_capacity(rule.entities.len());
        for entity in &rule.entities {
            let wanted = entity.only.as_ref().is_none_or(|condition| holds(condition, row));
            let things = if wanted { things(self.met.as_deref_mut(), entity, row) } else { Rc::default() };
            places.push(things.iter().map(|thing| self.add(thing)).collect());
        }
        for (entity, own) in rule.entities.iter().zip(&places) {
            for (property, other) in &entity.references {
                for (from, to) in pairs(own, &places[*other]) {
                    if self.refers(entity.kind, property, from, to) {
                        self.list.refer(from, property, to);
                    }
                }
            }
        }
        for link in &rule.links {
            for (from, to) in pairs(&places[link.from], &places[link.to]) {
                self.list.relate(from, link.relation.clone(), to, rule.id);
            }
        }
    }

    fn add(&mut self, thing: &Rc<Thing>) -> Place {
        if let Some((_, place)) = self.seen.iter().find(|(seen, _)| seen.content == thing.content) {
            return *place;
        }
        let place = self.list.add_described(&thing.description);
        self.seen.push((Rc::clone(thing), place));
        place
    }

    /// An account refers to the host only if it is an account of the host: a domain account is at home elsewhere.
    fn refers(&self, kind: &str, property: &str, from: Place, to: Place) -> bool {
        if kind != "account" || property != "Host" {
            return true;
        }
        let seen = |place: Place| self.seen.iter().find(|(_, at)| *at == place).map(|(thing, _)| thing);
        match (seen(from), seen(to)) {
            (Some(account), Some(host)) if host.kind == "host" => is_local(account, host),
            _ => true,
        }
    }
}

fn is_local(account: &Thing, host: &Thing) -> bool {
    const LOCAL: [&str; 9] = [
        "workgroup",
        "builtin",
        "nt authority",
        "nt service",
        "nt virtual machine",
        "window manager",
        "font driver host",
        "iis apppool",
        ".",
    ];
    match &account.home {
        _ if account.global => false,
        None => true,
        Some(domain) => LOCAL.contains(&domain.as_str()) || host.home.as_ref() == Some(domain),
    }
}

/// Every pair of two lists, within a limit.
fn pairs<'a>(from: &'a [Place], to: &'a [Place]) -> impl Iterator<Item = (Place, Place)> + 'a {
    from.iter().flat_map(move |from| to.iter().map(move |to| (*from, *to))).take(EACH_MAX)
}

pub(super) fn column<'a>(row: Row<'a>, name: &str) -> Option<&'a Value> {
    row.iter().find(|(column, _)| **column == *name).map(|(_, value)| value)
}

fn holds(condition: &Condition, row: Row<'_>) -> bool {
    if condition.cell.steps.is_empty() {
        return test(&condition.test, column(row, condition.cell.column));
    }
    let mut values = Vec::new();
    cell_values(&condition.cell, row, &mut values);
    test(&condition.test, values.first().map(|value| &**value))
}

fn test(test: &Test, value: Option<&Value>) -> bool {
    test.holds(value.and_then(text).as_deref())
}

/// The values at a cell: one, or one for each element.
fn cell_values<'a>(cell: &relations::Cell, row: Row<'a>, out: &mut Vec<Cow<'a, Value>>) {
    let Some(value) = column(row, cell.column) else { return };
    follow(Cow::Borrowed(value), &cell.steps, out);
}

fn follow<'a>(value: Cow<'a, Value>, steps: &[Step], out: &mut Vec<Cow<'a, Value>>) {
    if out.len() >= EACH_MAX {
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        if !is_absent(&value) {
            out.push(value);
        }
        return;
    };
    // Exports write the same column as JSON or as JSON in text.
    let value = match value {
        Cow::Borrowed(value) => crate::ingest::value::parsed(value),
        owned => owned,
    };
    match step {
        Step::Member(name) => {
            let member = |object: &Object| crate::ingest::value::get(object, name).cloned();
            match value {
                Cow::Borrowed(Value::Object(object)) => {
                    if let Some(inner) = crate::ingest::value::get(object, name) {
                        follow(Cow::Borrowed(inner), rest, out);
                    }
                }
                Cow::Owned(Value::Object(object)) => {
                    if let Some(inner) = member(&object) {
                        follow(Cow::Owned(inner), rest, out);
                    }
                }
                _ => {}
            }
        }
        Step::Index(place) => match value {
            Cow::Borrowed(Value::Array(list)) => {
                if let Some(inner) = list.get(*place) {
                    follow(Cow::Borrowed(inner), rest, out);
                }
            }
            Cow::Owned(Value::Array(list)) => {
                if let Some(inner) = list.into_iter().nth(*place) {
                    follow(Cow::Owned(inner), rest, out);
                }
            }
            _ => {}
        },
        Step::Each => match value {
            Cow::Borrowed(Value::Array(list)) => list.iter().for_each(|inner| follow(Cow::Borrowed(inner), rest, out)),
            Cow::Owned(Value::Array(list)) => list.into_iter().for_each(|inner| follow(Cow::Owned(inner), rest, out)),
            other => {
                if let Value::String(list) = &*other {
                    let items = list.split([',', ';', ' ', '[', ']', '\'', '"']).filter(|item| !is_absent_text(item));
                    items.for_each(|item| follow(Cow::Owned(Value::from(item)), rest, out));
                }
            }
        },
    }
}

/// The properties of an entity of a rule: one object, or one for each element.
pub(super) fn properties(entity: &EntityRule, row: Row<'_>) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    for (gives, source) in &entity.gives {
        if let Some((name, value)) = plain(*gives, source, row) {
            if objects.is_empty() {
                objects.push(Object::new());
            }
            for object in objects.iter_mut().filter(|object| !object.contains_key(name)) {
                object.insert(name.to_owned(), value.clone());
            }
            continue;
        }
        let given = given(*gives, source, row);
        if given.is_empty() {
            continue;
        }
        if objects.is_empty() {
            objects = given;
        } else if given.len() == 1 {
            objects.iter_mut().for_each(|object| fill(object, &given[0]));
        } else if objects.len() == 1 {
            let first = objects.remove(0);
            objects = given;
            objects.iter_mut().for_each(|object| fill(object, &first));
        } else {
            objects.iter_mut().zip(&given).for_each(|(object, given)| fill(object, given));
        }
    }
    objects
}

/// The property that a source gives where it is one plain cell, as nearly all are.
fn plain<'a>(gives: Gives, source: &Source, row: Row<'a>) -> Option<(&'static str, &'a Value)> {
    let (Gives::Property(name), Source::Cells(cells)) = (gives, source) else { return None };
    for cell in cells {
        if !cell.steps.is_empty() || cell.change.is_some() {
            return None;
        }
        if let Some(value) = column(row, cell.column).filter(|value| !is_absent(value) && !value.is_array() && !value.is_object()) {
            return Some((name, value));
        }
    }
    None
}

/// Adds what is absent.
fn fill(object: &mut Object, from: &Object) {
    for (name, value) in from {
        if !object.contains_key(name) {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// What a source gives: objects of properties.
fn given(gives: Gives, source: &Source, row: Row<'_>) -> Vec<Object> {
    match source {
        Source::Constant(constant) => from_text(gives, constant).into_iter().collect(),
        Source::Template(pieces) => {
            let mut whole = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => whole.push_str(text),
                    Piece::Cell(cell) => {
                        let mut values = Vec::new();
                        cell_values(cell, row, &mut values);
                        match values.first().and_then(|value| text(value)) {
                            Some(text) => whole.push_str(&text),
                            None => return Vec::new(),
                        }
                    }
                }
            }
            from_text(gives, &whole).into_iter().collect()
        }
        Source::Pair(first, second) => {
            let cell = |name| column(row, name).and_then(text).unwrap_or_default();
            let (directory, name) = (cell(first), cell(second));
            if is_absent_text(&directory) && is_absent_text(&name) {
                return Vec::new();
            }
            parts::file_named(&directory, &name).into_iter().collect()
        }
        Source::Cells(cells) => {
            let mut values = Vec::new();
            for cell in cells {
                if cell.steps.is_empty() {
                    let value = column(row, cell.column).filter(|value| !is_absent(value));
                    let objects = value.map(|value| from_value(gives, value, cell.change)).unwrap_or_default();
                    if !objects.is_empty() {
                        return objects;
                    }
                    continue;
                }
                cell_values(cell, row, &mut values);
                if values.is_empty() {
                    continue;
                }
                let objects: Vec<Object> = values.iter().flat_map(|value| from_value(gives, value, cell.change)).collect();
                // A first choice that holds nothing useful (`-`, a name where an address is asked) leaves it to the next.
                if !objects.is_empty() {
                    return objects;
                }
                values.clear();
            }
            Vec::new()
        }
    }
}

fn from_value(gives: Gives, value: &Value, change: Option<Change>) -> Vec<Object> {
    if let (Gives::Property(name), None) = (gives, change) {
        // Numbers stay numbers; nested values say nothing as a property of an event's entity.
        if !value.is_array() && !value.is_object() {
            return vec![Object::from_iter([(name.to_owned(), value.clone())])];
        }
    }
    let Some(text) = text(value) else { return Vec::new() };
    match change {
        None => from_text(gives, &text).into_iter().collect(),
        Some(Change::Hashes) => parts::hashes(&text),
        Some(Change::Bare) => parts::bare_url(&text).and_then(|url| from_text(gives, &url)).into_iter().collect(),
        Some(Change::Leaf) => from_text(gives, text.rsplit('\\').next().unwrap_or_default()).into_iter().collect(),
        Some(Change::Stem) => from_text(gives, text.rsplit_once('\\').map_or("", |(stem, _)| stem)).into_iter().collect(),
        Some(Change::GuidTime) => guid_time(&text).and_then(|time| from_text(gives, &time.to_string())).into_iter().collect(),
    }
}

fn from_text(gives: Gives, text: &str) -> Option<Object> {
    match gives {
        Gives::Property(name) => (!is_absent_text(text)).then(|| Object::from_iter([(name.to_owned(), Value::from(text))])),
        Gives::Parts(Parts::Account) => parts::account(text),
        Gives::Parts(Parts::Host) => parts::host(text),
        Gives::Parts(Parts::Ip) => parts::ip(text),
        Gives::Parts(Parts::File) => parts::file(text),
        Gives::Parts(Parts::FileNamed) => parts::file_named("", text),
        Gives::Parts(Parts::Hash) => parts::hash(text),
        Gives::Parts(Parts::Url) => parts::url(text),
        Gives::Parts(Parts::RegistryKey) => parts::registry_key(text),
        Gives::Parts(Parts::Image) => parts::image(text),
        Gives::Parts(Parts::AzureResource) => parts::azure_resource(text),
        Gives::Parts(Parts::Dns) => parts::dns(text),
    }
}

/// The start of a process as Sysmon writes it into the second and third group of its GUID: seconds since 1970.
///
/// Every event of a process has it, its start stands only in the first one.
fn guid_time(guid: &str) -> Option<Time> {
    let mut groups = guid.trim().trim_start_matches('{').split('-');
    let (_, high, low) = (groups.next()?, groups.next()?, groups.next()?);
    if high.len() != 4 || low.len() != 4 {
        return None;
    }
    let seconds = i64::from_str_radix(&format!("{low}{high}"), 16).ok()?;
    // A machine's clock before 2000 or an id that is no Sysmon GUID.
    (seconds > 946_684_800).then(|| Time::from_micros(seconds * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sysmon_guids_hold_the_start_of_the_process() {
        assert_eq!(
            guid_time("{94325212-fc0d-627b-4874-61f901560000}").map(|time| time.to_string()),
            Some("2022-05-11T18:10:21Z".to_owned())
        );
        assert_eq!(guid_time("{00000000-0000-0000-0000-000000000000}"), None);
        assert_eq!(guid_time("p-dbad9964ac4910b7b1f8fa7e1c621fca9ed4ebcc"), None);
    }

    #[test]
    fn what_was_met_before_changes_no_entity() {
        type Choices = &'static [(&'static str, &'static [&'static str])];
        const LOGONS: Choices = &[
            ("Computer", &["WS1", "ws1.contoso.com", "WS2"]),
            ("TargetUserName", &["bob", "SYSTEM", "WS1$"]),
            ("TargetDomainName", &["", "CONTOSO", "NT AUTHORITY", "WS1"]),
            ("TargetUserSid", &["", "S-1-5-18", "S-1-5-21-1-2-3-500"]),
            ("IpAddress", &["-", "10.0.0.1"]),
            ("TargetLogonId", &["0x3e7"]),
            ("TimeGenerated", &["2021-04-28T14:31:30Z"]),
        ];
        // A bare name beside the one host of the row is known by that host.
        const SIGN_INS: Choices = &[
            ("ResultType", &["0", "50126"]),
            ("UserPrincipalName", &["bob", "ana@contoso.com", "root"]),
            ("DeviceDetail", &["", r#"{"displayName": "WS1"}"#, r#"{"displayName": "WS2"}"#]),
            ("IPAddress", &["", "175.45.176.99"]),
        ];
        let mut met = Met::default();
        for (table, event, choices) in [("SecurityEvent", 4624, LOGONS), ("SigninLogs", 0, SIGN_INS)] {
            let rules = TableRules::of(table).expect("rules");
            let all: usize = choices.iter().map(|(_, values)| values.len()).product();
            // Every row three times, each time in another order.
            for number in [1, 5, 7].into_iter().flat_map(|step| (0..all).map(move |place| place * step % all)) {
                let mut rest = number;
                let cells = choices.iter().map(|(name, values)| {
                    let value = values[rest % values.len()];
                    rest /= values.len();
                    (ColumnName::from(*name), value.into())
                });
                let row: Vec<(ColumnName, Value)> =
                    cells.chain([("EventID".into(), event.into()), ("LogonType".into(), 10.into())]).collect();
                assert_eq!(rules.find_by(Some(&mut met), &row), rules.find_by(None, &row), "{row:?}");
            }
        }
    }

    #[test]
    fn domain_accounts_are_at_home_elsewhere() {
        let object = |members: &[(&str, &str)]| Object::from_iter(members.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))));
        let mut found = Found { list: EntityList::new(), seen: Vec::new(), met: None };
        let thing = |kind, object| Rc::new(Thing::new(kind, object).expect("an entity"));
        let host = found.add(&thing("host", object(&[("HostName", "MSTICAlertsWin1")])));
        for (account, local) in [
            (object(&[("Name", "root")]), true),
            (object(&[("Name", "MSTICAdmin"), ("NTDomain", "MSTICALERTSWIN1")]), true),
            (object(&[("Name", "SYSTEM"), ("NTDomain", "NT AUTHORITY")]), true),
            (object(&[("Name", "bob"), ("NTDomain", "CONTOSO")]), false),
            (object(&[("Name", "bob"), ("UPNSuffix", "contoso.com")]), false),
        ] {
            let account = found.add(&thing("account", account));
            assert_eq!(found.refers("account", "Host", account, host), local);
        }
    }
}
