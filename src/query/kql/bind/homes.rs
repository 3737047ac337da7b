//! What stands in front of the name of a table: `workspace("soc")`, `database("soc")`, `cluster("c").database("soc")`, names of these; and
//! `macro-expand`, which asks the same of each member of a group. A name that is no workspace's is refused, never read as the present one.

use std::sync::Arc;

use super::super::bound::{Expr, Relation};
use super::super::diagnostics::{Code, Diagnostic, Severity};
use super::super::tree::{self, Name, Place, StatementKind};
use super::binder::{Binder, Meaning, mistake};
use super::expressions::text;
use super::parsing::word;
use super::sources::Flow;
use super::uniting::{Input, Uniting};

/// What `current_cluster_endpoint()` names.
const SERVER: &str = "clew";

/// The workspace that an expression in front of a name means.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// What the names of its tables begin with; nothing for those of the query's own workspace.
    prefix: String,
    /// What the text calls it.
    pub(super) name: String,
}

/// The name or id of a workspace, of which a text may say more: `/subscriptions/../workspaces/soc`.
pub fn workspace_word(text: &str) -> &str {
    text.trim_end_matches('/').rsplit('/').next().unwrap_or(text).trim()
}

/// Whether what was reported says that something named is not there.
pub(super) fn is_missing(reported: &[Diagnostic]) -> bool {
    let missing = |code| {
        matches!(
            code,
            Code::UnknownTable
                | Code::UnknownFunction
                | Code::UnknownColumn
                | Code::UnknownWatchlist
                | Code::UnknownWorkspace
                | Code::Unavailable
        )
    };
    reported.iter().any(|diagnostic| diagnostic.severity == Severity::Error && missing(diagnostic.code))
}

impl<'t> Binder<'t> {
    /// Whether an expression names a workspace.
    pub(super) fn is_home(&self, expr: &tree::Expr) -> bool {
        match &expr.kind {
            tree::ExprKind::Call(call) => {
                matches!(call.name.text.as_str(), "workspace" | "database" | "cluster") && self.lookup(&call.name.text).is_none()
            }
            tree::ExprKind::Method(base, call) => call.name.text == "database" && self.is_home(base),
            tree::ExprKind::Group(inner) => self.is_home(inner),
            tree::ExprKind::Name(name) => {
                let named = self.lookup(&name.text).is_some_and(|id| matches!(self.names[id].meaning, Meaning::Home(_)));
                named && self.column_named(&name.text).is_none()
            }
            _ => false,
        }
    }

    /// The workspace that an expression names; none if there is no such workspace, which is reported.
    pub(super) fn home(&mut self, expr: &'t tree::Expr) -> Option<Home> {
        match &expr.kind {
            tree::ExprKind::Group(inner) => self.home(inner),
            tree::ExprKind::Call(call) => self.home_of_call(call),
            tree::ExprKind::Method(base, call) => {
                self.home(base)?;
                self.home_of_call(call)
            }
            tree::ExprKind::Name(name) => {
                let id = self.lookup(&name.text)?;
                self.names[id].used = true;
                match &self.names[id].meaning {
                    Meaning::Home(home) => Some(home.clone()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn home_of_call(&mut self, call: &'t tree::Call) -> Option<Home> {
        let kind = call.name.text.as_str();
        let name = self.constant_text(call.arguments.first(), call.name.place)?;
        if kind == "database"
            && let Some((_, home)) = self.aliases.iter().rev().find(|(alias, _)| **alias == name)
        {
            return home.clone();
        }
        let prefix = self.schemas.workspace(&workspace_word(&name).to_lowercase());
        if prefix.is_none() {
            let message = format!("no {kind} '{name}' is read here");
            self.error_with(Code::UnknownWorkspace, call.name.place, message, "name a workspace that the caller may read, or leave it out");
        }
        prefix.map(|prefix| Home { prefix, name })
    }

    /// What a text may ask of a workspace that it names: `X.$current_database`.
    pub(super) fn told_of_home(&mut self, base: &'t tree::Expr, name: &Name, place: Place) -> Expr {
        let Some(home) = self.home(base) else { return mistake(place) };
        match name.text.as_str() {
            "$current_database" => text(&home.name, place),
            "$current_cluster_endpoint" => text(SERVER, place),
            _ => {
                self.unknown_name(Code::UnknownColumn, name.place, "value", &name.text, |_| {
                    vec!["$current_database", "$current_cluster_endpoint"]
                });
                mistake(place)
            }
        }
    }

    /// `alias database D = ...`
    pub(super) fn declare_alias(&mut self, alias: &'t tree::Alias) {
        let home = self.home(&alias.database);
        self.aliases.push((&alias.name.text, home));
    }

    /// A table or function of a workspace by its name.
    pub(super) fn flow_at(&mut self, base: &'t tree::Expr, name: &'t Name, place: Place) -> Flow {
        let Some(home) = self.home(base) else { return Flow::Table(self.failed(Vec::new(), place)) };
        if let Some(relation) = self.stored_table(&format!("{}{}", home.prefix, name.text), place) {
            return Flow::Table(relation);
        }
        if home.prefix.is_empty() {
            return self.named_flow(name, place);
        }
        self.unknown_table(&name.text, name.place);
        Flow::Table(self.failed(Vec::new(), place))
    }

    /// A call of a function of a workspace; `rows` come from `invoke`.
    pub(super) fn called_at(&mut self, base: &'t tree::Expr, call: &'t tree::Call, rows: Option<Arc<Relation>>, place: Place) -> Flow {
        let Some(home) = self.home(base) else { return Flow::Table(self.failed(Vec::new(), place)) };
        if home.prefix.is_empty() {
            return self.called_flow(call, rows, place);
        }
        let plain = call.arguments.is_empty() && rows.is_none();
        let table = plain.then(|| self.stored_table(&format!("{}{}", home.prefix, call.name.text), place)).flatten();
        if table.is_none() {
            self.unsupported(call.name.place, "a function of another workspace");
        }
        Flow::Table(table.unwrap_or_else(|| self.failed(Vec::new(), place)))
    }

    /// The tables of a workspace whose names fit a pattern.
    pub(super) fn wildcard_at(&mut self, base: &'t tree::Expr, pattern: &str, place: Place) -> Vec<Input> {
        let Some(home) = self.home(base) else { return vec![self.nothing(place)] };
        if home.prefix.is_empty() {
            return self.wildcard_inputs(pattern, place);
        }
        self.unsupported(place, "a name with stars in another workspace");
        vec![self.nothing(place)]
    }

    /// A table that stands for a mistake.
    fn nothing(&mut self, place: Place) -> Input {
        Input { name: String::new(), relation: self.failed(Vec::new(), place) }
    }

    /// `macro-expand`: the rows of the statements for each member of the group.
    pub(super) fn macro_expand(&mut self, expand: &'t tree::MacroExpand, place: Place) -> Arc<Relation> {
        let Some(members) = self.members(&expand.group) else { return self.failed(Vec::new(), place) };
        let setting = |name: &str| expand.settings.iter().find(|setting| setting.name == name)?.values.first().map(word);
        let fuzzy = setting("isfuzzy").is_some_and(|value| value == "true");
        let inner = setting("kind").is_some_and(|value| value == "inner");
        let mut inputs = Vec::new();
        for member in members {
            let (relation, mut reported) = self.apart(|binder| binder.expanded(member, expand, place));
            if fuzzy && is_missing(&reported) {
                reported.iter_mut().for_each(|diagnostic| diagnostic.severity = Severity::Warning);
            } else {
                inputs.push(Input { name: format!("union_arg{}", inputs.len()), relation });
            }
            self.adopt(reported);
        }
        if inputs.is_empty() {
            self.error(Code::UnknownWorkspace, expand.group.place, "none of the group is there");
            return self.failed(Vec::new(), place);
        }
        self.united(inputs, Uniting { source: None, inner }, place)
    }

    /// The members of a group, written out or declared.
    fn members(&mut self, group: &'t tree::Expr) -> Option<&'t [tree::Expr]> {
        match &group.kind {
            tree::ExprKind::EntityGroup(members) => Some(members),
            tree::ExprKind::Group(inner) => self.members(inner),
            tree::ExprKind::Name(name) => {
                if let Some(id) = self.lookup(&name.text)
                    && let Meaning::Group(members) = self.names[id].meaning
                {
                    self.names[id].used = true;
                    return Some(members);
                }
                self.unknown_name(Code::UnknownTable, name.place, "entity group", &name.text, |binder| {
                    binder.visible().into_iter().map(str::to_owned).collect()
                });
                None
            }
            _ => {
                self.error_with(Code::Misplaced, group.place, "expected a group", "write `macro-expand entity_group [...] as X (...)`");
                None
            }
        }
    }

    /// The rows of the statements for one member.
    fn expanded(&mut self, member: &'t tree::Expr, expand: &'t tree::MacroExpand, place: Place) -> Arc<Relation> {
        let (scope, block) = (self.scope, self.block);
        self.block = scope;
        if let Some(name) = &expand.scope {
            let meaning = if self.is_home(member) {
                self.home(member).map_or(Meaning::Error, Meaning::Home)
            } else {
                Meaning::Table(self.without_rows(|binder| binder.table(member)))
            };
            let id = self.declare(&name.text, meaning);
            self.names[id].used = true;
        }
        let relation = self.in_call(place, |binder| {
            let mut result = None;
            for statement in &expand.statements {
                match &statement.kind {
                    StatementKind::Expression(expr) => result = Some(binder.without_rows(|binder| binder.table(expr))),
                    _ => binder.declaration(statement),
                }
            }
            if result.is_none() {
                binder.error(Code::NoResult, place, "the statements give no rows");
            }
            result
        });
        (self.scope, self.block) = (scope, block);
        relation.flatten().unwrap_or_else(|| self.failed(Vec::new(), place))
    }
}
