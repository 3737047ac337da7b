//! `union`: columns by name, one for each type.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::bound::{Column, Expr, Relation, RelationKind, UnionInput};
use super::super::diagnostics::{Code, Severity};
use super::super::tree::{self, Place, ScalarType, UnionKind};
use super::binder::{Binder, Meaning, column};
use super::expressions::text;
use super::homes::is_missing;
use super::names::Unique;
use super::projecting::reference;

/// A table of a union with the name that `withsource` shows.
pub(super) struct Input {
    /// The name.
    pub name: String,
    /// The rows.
    pub relation: Arc<Relation>,
}

/// How tables are put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Uniting {
    /// The column with the name of the table.
    pub source: Option<String>,
    /// Only columns that all tables have.
    pub inner: bool,
}

impl<'t> Binder<'t> {
    /// `union`
    pub(super) fn union(&mut self, first: Option<&Arc<Relation>>, union: &'t tree::Union, place: Place) -> Arc<Relation> {
        let fuzzy = union.fuzzy.unwrap_or(false);
        let mut inputs = Vec::new();
        if let Some(relation) = first {
            inputs.push(Input { name: source_name(relation).unwrap_or_else(|| "union_arg0".to_owned()), relation: Arc::clone(relation) });
        }
        for table in &union.tables {
            if fuzzy {
                self.fuzzy_input(table, &mut inputs);
            } else {
                self.union_input(table, &mut inputs);
            }
        }
        if inputs.is_empty() {
            let message = "none of the tables is there";
            self.error(Code::UnknownTable, place, message);
            return self.failed(Vec::new(), place);
        }
        let uniting =
            Uniting { source: union.with_source.as_ref().map(|name| name.text.clone()), inner: union.kind == Some(UnionKind::Inner) };
        self.united(inputs, uniting, place)
    }

    fn union_input(&mut self, table: &'t tree::Expr, inputs: &mut Vec<Input>) {
        if let tree::ExprKind::Group(inner) = &table.kind {
            return self.union_input(inner, inputs);
        }
        if let Some(found) = self.tables_meant(table) {
            inputs.extend(found);
            return;
        }
        let relation = self.without_rows(|binder| binder.table(table));
        let number = inputs.len();
        let name = self.union_name(table).or_else(|| source_name(&relation)).unwrap_or_else(|| format!("union_arg{number}"));
        inputs.push(Input { name, relation });
    }

    /// The tables that a name with stars means; none for any other expression. That there is none of that name is reported.
    pub(super) fn tables_meant(&mut self, table: &'t tree::Expr) -> Option<Vec<Input>> {
        let (pattern, found) = match &table.kind {
            tree::ExprKind::Wildcard(wildcard) => (wildcard.pattern.as_str(), self.wildcard_inputs(&wildcard.pattern, table.place)),
            tree::ExprKind::FieldWildcard(base, wildcard) if self.is_home(base) => {
                (wildcard.pattern.as_str(), self.wildcard_at(base, &wildcard.pattern, table.place))
            }
            tree::ExprKind::Star => ("*", self.wildcard_inputs("*", table.place)),
            _ => return None,
        };
        if found.is_empty() {
            self.error(Code::UnknownTable, table.place, format!("no table is named like '{pattern}'"));
        }
        Some(found)
    }

    /// The name of a table that stands as it is in a union: one that is stored, a view, or one that `as` names. Other names that the query
    /// declares do not show.
    fn union_name(&self, table: &tree::Expr) -> Option<String> {
        let declared = |name: &str| match self.lookup(name) {
            Some(id) => {
                let view = matches!(self.names[id].meaning, Meaning::Function(function) if function.view);
                view.then(|| name.to_owned())
            }
            None => Some(name.to_owned()),
        };
        match &table.kind {
            tree::ExprKind::Name(name) => declared(&name.text),
            tree::ExprKind::Call(call) if call.name.text != "table" => declared(&call.name.text),
            tree::ExprKind::Field(_, name) => Some(name.text.clone()),
            tree::ExprKind::Group(inner) => self.union_name(inner),
            tree::ExprKind::Pipe(pipe) => match pipe.operators.last().map(|operator| &operator.kind) {
                Some(tree::OperatorKind::As(named)) => Some(named.name.text.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// A table of a fuzzy union: what does not bind is left out, with a warning.
    fn fuzzy_input(&mut self, table: &'t tree::Expr, inputs: &mut Vec<Input>) {
        let mut found = Vec::new();
        let ((), mut reported) = self.apart(|binder| binder.union_input(table, &mut found));
        if is_missing(&reported) {
            found.clear();
            reported.iter_mut().for_each(|diagnostic| diagnostic.severity = Severity::Warning);
        }
        self.adopt(reported);
        let start = inputs.len();
        for (index, mut input) in found.into_iter().enumerate() {
            if input.name.starts_with("union_arg") {
                input.name = format!("union_arg{}", start + index);
            }
            inputs.push(input);
        }
    }

    /// All tables whose names fit a pattern.
    pub(super) fn wildcard_inputs(&mut self, pattern: &str, place: Place) -> Vec<Input> {
        if !self.works(place) {
            return Vec::new();
        }
        let names = self.tables_like(pattern);
        names.into_iter().filter_map(|name| Some(Input { relation: self.table_of_name(&name, place)?, name })).collect()
    }

    /// Puts tables together: columns of one name and type are one, of one name and several types are split.
    pub(super) fn united(&mut self, inputs: Vec<Input>, uniting: Uniting, place: Place) -> Arc<Relation> {
        self.carries(inputs.iter().map(|input| input.relation.columns.len() + 1).sum());
        if !self.works(place) {
            return self.failed(Vec::new(), place);
        }
        let fields = united_fields(&inputs, uniting.inner);
        let mut unique = Unique::default();
        let mut columns = Vec::new();
        if let Some(source) = &uniting.source {
            columns.push(column(unique.make(source), ScalarType::String));
        }
        let mut names = HashSet::new();
        let split: HashSet<&str> = fields.iter().filter(|(name, _)| !names.insert(name.as_str())).map(|(name, _)| name.as_str()).collect();
        let named: Vec<String> = fields
            .iter()
            .map(|(name, kind)| {
                unique.make(&if split.contains(name.as_str()) { format!("{name}_{}", kind.as_str()) } else { name.clone() })
            })
            .collect();
        for (name, (original, kind)) in named.into_iter().zip(&fields) {
            // A column of several tables is no column of one.
            let lineage = match inputs.as_slice() {
                [only] => only.relation.columns.iter().find(|column| column.name == *original && column.kind == *kind),
                _ => None,
            };
            columns.push(Column { name, kind: *kind, lineage: lineage.and_then(|column| column.lineage.clone()) });
        }
        let first = usize::from(uniting.source.is_some());
        let places: HashMap<(&str, ScalarType), usize> =
            fields.iter().enumerate().map(|(place, (name, kind))| ((name.as_str(), *kind), first + place)).collect();
        let bound: Vec<UnionInput> = inputs
            .into_iter()
            .map(|input| {
                let named = uniting.source.is_some().then(|| (0, text(&input.name, place)));
                let found = input.relation.columns.iter().enumerate().filter_map(|(index, column)| {
                    let column = places.get(&(column.name.as_str(), column.kind))?;
                    Some((*column, reference(&input.relation, index, place)))
                });
                let mut expressions: Vec<(usize, Expr)> = named.into_iter().chain(found).collect();
                expressions.sort_by_key(|(column, _)| *column);
                UnionInput { relation: input.relation, expressions }
            })
            .collect();
        let relations: Vec<Arc<Relation>> = bound.iter().map(|input| Arc::clone(&input.relation)).collect();
        let references: Vec<&Relation> = relations.iter().map(AsRef::as_ref).collect();
        self.relation(columns, RelationKind::Union { inputs: bound }, &references, place)
    }
}

/// Names and types of the columns of all tables, types of one name side by side.
fn united_fields(inputs: &[Input], inner: bool) -> Vec<(String, ScalarType)> {
    // A table that is not known to the last column may have any.
    let open = inputs.iter().filter(|input| input.relation.open).count();
    let holders = if inner { holders(inputs.iter().filter(|input| !input.relation.open)) } else { HashMap::new() };
    let mut order: Vec<String> = Vec::new();
    let mut kinds: HashMap<&str, Vec<ScalarType>> = HashMap::new();
    for column in inputs.iter().flat_map(|input| &input.relation.columns) {
        let known = kinds.entry(column.name.as_str()).or_default();
        if known.is_empty() {
            order.push(column.name.clone());
        }
        if !known.contains(&column.kind) {
            known.push(column.kind);
        }
    }
    order
        .iter()
        .flat_map(|name| kinds.get(name.as_str()).into_iter().flatten().map(|kind| (name.clone(), *kind)).collect::<Vec<_>>())
        .filter(|(name, kind)| !inner || holders.get(&(name.as_str(), *kind)).copied().unwrap_or_default() + open == inputs.len())
        .collect()
}

/// How many of some tables have each column, which no table has twice.
pub(super) fn holders<'i>(inputs: impl IntoIterator<Item = &'i Input>) -> HashMap<(&'i str, ScalarType), usize> {
    let mut holders = HashMap::new();
    for column in inputs.into_iter().flat_map(|input| &input.relation.columns) {
        *holders.entry((column.name.as_str(), column.kind)).or_default() += 1;
    }
    holders
}

/// The stored table whose rows these are.
fn source_name(relation: &Relation) -> Option<String> {
    match &relation.kind {
        super::super::bound::RelationKind::Table { table } => Some(table.to_string()),
        _ => None,
    }
}
