//! `search`, `find`, and tests of all columns at once.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::bound::{Column, Constant, Expr, ExprKind, Relation, SearchMatch, TextMatch};
use super::super::diagnostics::Code;
use super::super::tree::{self, BinaryOperator, FindColumn, FindProject, MembershipOperator, Place, ScalarType, SearchKind};
use super::binder::{Binder, column, mistake, mistake_of};
use super::expressions::{null, text_operator};
use super::names::Unique;
use super::parsing::word;
use super::projecting::reference;
use super::typing::convert;
use super::uniting::{Input, Uniting, holders};
use ScalarType::{Bool, Dynamic, String as Text};

impl<'t> Binder<'t> {
    /// `search`
    pub(super) fn search(&mut self, input: Option<&Arc<Relation>>, search: &'t tree::Search, place: Place) -> Arc<Relation> {
        let inputs = self.searched(input, &search.tables, place);
        if inputs.is_empty() {
            return self.failed(Vec::new(), place);
        }
        let source = search.settings.iter().find(|setting| matches!(setting.name.as_str(), "withsource" | "with_source"));
        let source = source.and_then(|setting| setting.values.first()).map(word).unwrap_or_else(|| "$table".to_owned());
        // A search of what a search gave keeps its column with the table.
        let again = inputs.len() == 1 && inputs[0].relation.columns.first().is_some_and(|column| column.name == source);
        let relation = if again {
            Arc::clone(&inputs[0].relation)
        } else {
            self.united(inputs, Uniting { source: Some(source), inner: false }, place)
        };
        let case_sensitive = search.kind == Some(SearchKind::CaseSensitive);
        let rows = Arc::clone(&relation);
        let condition = self.over(&rows, |binder| {
            let value = binder.search_condition(&search.condition, case_sensitive, 1);
            binder.truth(value, "the condition of 'search'")
        });
        self.filtered(&relation, condition, place)
    }

    /// The tables that are looked through.
    fn searched(&mut self, input: Option<&Arc<Relation>>, tables: &'t [tree::Expr], place: Place) -> Vec<Input> {
        if let Some(relation) = input {
            return vec![Input { name: "search_arg0".to_owned(), relation: Arc::clone(relation) }];
        }
        let mut inputs = Vec::new();
        if tables.is_empty() {
            inputs = self.wildcard_inputs("*", place);
            if inputs.is_empty() {
                self.error(Code::UnknownTable, place, "there is no table to search");
            }
        }
        for table in tables {
            self.searched_table(table, &mut inputs);
        }
        inputs
    }

    fn searched_table(&mut self, table: &'t tree::Expr, inputs: &mut Vec<Input>) {
        if let Some(found) = self.tables_meant(table) {
            inputs.extend(found);
            return;
        }
        let relation = self.without_rows(|binder| binder.table(table));
        let name = match &table.kind {
            tree::ExprKind::Name(name) | tree::ExprKind::Field(_, name) => name.text.clone(),
            _ => format!("search_arg{}", inputs.len()),
        };
        inputs.push(Input { name, relation });
    }

    /// A condition in which texts are terms; columns before `from` are not looked at.
    fn search_condition(&mut self, expr: &'t tree::Expr, case_sensitive: bool, from: usize) -> Expr {
        let place = expr.place;
        match &expr.kind {
            tree::ExprKind::String(string) => self.term(&string.value, self.all_columns(from), case_sensitive, place),
            tree::ExprKind::Star => Expr { kind: ExprKind::Literal(Constant::Bool(true)), ty: Bool, place },
            tree::ExprKind::Group(inner) => self.search_condition(inner, case_sensitive, from),
            tree::ExprKind::And(parts) => self.search_parts(parts, ExprKind::And, case_sensitive, from, place),
            tree::ExprKind::Or(parts) => self.search_parts(parts, ExprKind::Or, case_sensitive, from, place),
            tree::ExprKind::Call(call) if call.name.text == "not" && call.arguments.len() == 1 => {
                let inner = self.search_condition(&call.arguments[0].value, case_sensitive, from);
                let inner = self.truth(inner, "the argument of 'not'");
                self.planned("not", vec![inner], Bool, place)
            }
            tree::ExprKind::Binary(binary) if binary.operator == BinaryOperator::Search => {
                let Some(term) = super::expressions::literal_text(&binary.right) else { return self.value(expr) };
                if matches!(binary.left.kind, tree::ExprKind::Star) {
                    return self.term(term, self.all_columns(from), case_sensitive, place);
                }
                let value = self.value(&binary.left);
                match value.kind {
                    ExprKind::Column(index) => self.term(term, vec![index], case_sensitive, place),
                    ExprKind::Error => mistake_of(Bool, place),
                    _ => {
                        self.error(Code::Misplaced, value.place, "expected a column in front of ':'");
                        mistake_of(Bool, place)
                    }
                }
            }
            _ => self.value(expr),
        }
    }

    fn search_parts(
        &mut self,
        parts: &'t [tree::Expr],
        build: fn(Vec<Expr>) -> ExprKind,
        case_sensitive: bool,
        from: usize,
        place: Place,
    ) -> Expr {
        let parts = parts
            .iter()
            .map(|part| {
                let part = self.search_condition(part, case_sensitive, from);
                self.truth(part, "a part of the condition")
            })
            .collect();
        Expr { kind: build(parts), ty: Bool, place }
    }

    fn all_columns(&self, from: usize) -> Vec<usize> {
        self.tests(self.rows.columns.len());
        (from..self.rows.columns.len()).collect()
    }

    /// A term, with stars at its ends or inside.
    fn term(&mut self, term: &str, columns: Vec<usize>, case_sensitive: bool, place: Place) -> Expr {
        let starts = term.len() > 1 && term.starts_with('*');
        let ends = term.len() > 1 && term.ends_with('*');
        let inner = term.strip_prefix('*').filter(|_| starts).unwrap_or(term);
        let inner = inner.strip_suffix('*').filter(|_| ends).unwrap_or(inner);
        let (matching, needle) = match (starts, ends) {
            _ if term == "*" || inner.is_empty() && (starts || ends) => (SearchMatch::Any, String::new()),
            _ if inner.contains('*') => (SearchMatch::Regex, pattern_of(term)),
            (true, true) => (SearchMatch::Contains, inner.to_owned()),
            (false, true) => (SearchMatch::HasPrefix, inner.to_owned()),
            (true, false) => (SearchMatch::HasSuffix, inner.to_owned()),
            (false, false) => (SearchMatch::Has, inner.to_owned()),
        };
        let needle = Box::new(super::expressions::text(&needle, place));
        Expr { kind: ExprKind::Search { columns, matching, needle, case_sensitive }, ty: Bool, place }
    }

    /// `* has "x"` and its kin: a test of all columns.
    pub(super) fn starred(&mut self, binary: &'t tree::Binary, place: Place) -> Option<Expr> {
        if !matches!(binary.left.kind, tree::ExprKind::Star) {
            return None;
        }
        let needle = self.value(&binary.right);
        let needle = self.as_text(needle);
        let (matching, case_sensitive) = match (binary.operator, text_operator(binary.operator)) {
            (BinaryOperator::Equal, _) => (SearchMatch::Equals, true),
            (BinaryOperator::Search, _) => {
                let Some(Constant::String(term)) = super::expressions::constant_of(&needle).cloned() else {
                    return Some(self.constant(needle)).map(|_| mistake_of(Bool, place));
                };
                return Some(self.term(&term, self.all_columns(0), false, place));
            }
            (_, Some((operator, false, case_sensitive))) => {
                let matching = match operator {
                    TextMatch::Equals => SearchMatch::Equals,
                    TextMatch::Has => SearchMatch::Has,
                    TextMatch::HasPrefix => SearchMatch::HasPrefix,
                    TextMatch::HasSuffix => SearchMatch::HasSuffix,
                    TextMatch::Contains => SearchMatch::Contains,
                    TextMatch::StartsWith => SearchMatch::StartsWith,
                    TextMatch::EndsWith => SearchMatch::EndsWith,
                    TextMatch::Regex => SearchMatch::Regex,
                    TextMatch::Like => return Some(self.no_star(binary.operator.as_str(), place)),
                };
                (matching, case_sensitive)
            }
            _ => return Some(self.no_star(binary.operator.as_str(), place)),
        };
        if needle.is_mistake() {
            return Some(mistake_of(Bool, place));
        }
        let columns = self.all_columns(0);
        Some(Expr { kind: ExprKind::Search { columns, matching, needle: Box::new(needle), case_sensitive }, ty: Bool, place })
    }

    fn no_star(&mut self, operator: &str, place: Place) -> Expr {
        self.error_with(Code::Unsupported, place, format!("'*' cannot stand in front of '{operator}'"), "name the columns");
        mistake_of(Bool, place)
    }

    /// `* has_any ("x", "y")`, `* in ("x")`: any of the terms in any of the columns.
    pub(super) fn starred_membership(&mut self, membership: &'t tree::Membership, place: Place) -> Expr {
        let (matching, all, case_sensitive) = match membership.operator {
            MembershipOperator::HasAny => (SearchMatch::Has, false, false),
            MembershipOperator::HasAll => (SearchMatch::Has, true, false),
            MembershipOperator::In => (SearchMatch::Equals, false, true),
            MembershipOperator::InFold => (SearchMatch::Equals, false, false),
            other => return self.no_star(other.as_str(), place),
        };
        let mut terms = Vec::new();
        for term in &membership.list {
            let value = self.value(term);
            match (&value.kind, value.ty) {
                (ExprKind::Literal(Constant::Dynamic(json)), _) => {
                    let texts: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
                    terms.extend(texts.iter().filter_map(|text| text.as_str()).map(|text| super::expressions::text(text, term.place)));
                }
                (_, Dynamic) if !value.is_mistake() => return self.no_star(membership.operator.as_str(), place),
                _ => {
                    let value = self.as_text(value);
                    terms.push(value);
                }
            }
        }
        let columns = self.all_columns(0);
        // Each term is looked for in each column.
        self.tests(columns.len().saturating_mul(terms.len()));
        if !self.works(place) {
            return mistake_of(Bool, place);
        }
        let parts: Vec<Expr> = terms
            .into_iter()
            .map(|needle| Expr {
                kind: ExprKind::Search { columns: columns.clone(), matching, needle: Box::new(needle), case_sensitive },
                ty: Bool,
                place,
            })
            .collect();
        Expr { kind: if all { ExprKind::And(parts) } else { ExprKind::Or(parts) }, ty: Bool, place }
    }

    /// `find`
    pub(super) fn find(&mut self, input: Option<&Arc<Relation>>, find: &'t tree::Find, place: Place) -> Arc<Relation> {
        let inputs = self.searched(input, &find.tables, place);
        if inputs.is_empty() {
            return self.failed(Vec::new(), place);
        }
        let source = find.settings.iter().find(|setting| matches!(setting.name.as_str(), "withsource" | "with_source"));
        let source = source.and_then(|setting| setting.values.first()).map(word).unwrap_or_else(|| "source_".to_owned());
        let common: HashSet<String> =
            holders(&inputs).into_iter().filter(|(_, count)| *count == inputs.len()).map(|((name, _), _)| name.to_owned()).collect();
        let united = self.united(inputs, Uniting { source: Some(source), inner: false }, place);
        let rows = Arc::clone(&united);
        let condition = self.over(&rows, |binder| {
            let value = binder.search_condition(&find.condition, false, 1);
            binder.truth(value, "the condition of 'find'")
        });
        let mut used = vec![false; united.columns.len()];
        mark_columns(&condition, &mut used);
        let filtered = self.filtered(&united, condition, place);
        let wanted: Vec<FindColumn> = match &find.project {
            Some(FindProject::Columns(columns)) => columns.clone(),
            _ => {
                let kept = |index: &usize| used[*index] || common.contains(&united.columns[*index].name);
                let mut columns: Vec<FindColumn> = (1..united.columns.len())
                    .filter(kept)
                    .map(|index| {
                        let name = tree::Name { text: united.columns[index].name.clone(), place };
                        FindColumn::Column(name, None)
                    })
                    .collect();
                if (1..united.columns.len()).any(|index| !kept(&index)) {
                    columns.push(FindColumn::Pack);
                }
                columns
            }
        };
        self.found_columns(&filtered, &wanted, &find.project_away, place)
    }

    fn found_columns(&mut self, input: &Arc<Relation>, wanted: &[FindColumn], away: &[FindColumn], place: Place) -> Arc<Relation> {
        // A mistake that is reported has no columns.
        let Some(source) = input.columns.first() else { return Arc::clone(input) };
        let mut unique = Unique::default();
        let mut columns: Vec<Column> = vec![source.clone()];
        unique.take(&columns[0].name);
        let mut expressions = vec![reference(input, 0, place)];
        let (named, away) = (names_of(wanted), names_of(away));
        let is_away = |name: &str| away.contains(name);
        for wanted in wanted {
            if !matches!(wanted, FindColumn::Column(..)) {
                self.carries(input.columns.len());
            }
            if !self.works(place) {
                break;
            }
            match wanted {
                FindColumn::Column(name, kind) => {
                    if is_away(&name.text) {
                        continue;
                    }
                    let found = self.place_of(&input.columns, &name.text);
                    let value = match (found, kind) {
                        (Some(index), None) => reference(input, index, place),
                        (Some(index), Some(kind)) => {
                            let value = reference(input, index, place);
                            if *kind == Text { self.as_text(value) } else { convert(value, *kind) }
                        }
                        (None, Some(kind)) => null(*kind, place),
                        (None, None) => {
                            if !input.open {
                                self.unknown_column_of(&input.columns, name.place, "column", &name.text);
                            }
                            mistake(place)
                        }
                    };
                    columns.push(column(unique.make(&name.text), value.ty));
                    expressions.push(value);
                }
                FindColumn::Pack => {
                    let mut packed = vec![Expr { kind: ExprKind::Literal(Constant::Bool(true)), ty: Bool, place }];
                    for index in 1..input.columns.len() {
                        let name = &input.columns[index].name;
                        if !named.contains(name.as_str()) && !is_away(name) {
                            packed.push(super::expressions::text(name, place));
                            packed.push(reference(input, index, place));
                        }
                    }
                    let value = self.planned("pack_all", packed, Dynamic, place);
                    columns.push(column(unique.make("pack_"), Dynamic));
                    expressions.push(value);
                }
                FindColumn::Star => {
                    for index in 1..input.columns.len() {
                        let name = &input.columns[index].name;
                        if !named.contains(name.as_str()) && !is_away(name) {
                            columns.push(column(unique.make(name), input.columns[index].kind));
                            expressions.push(reference(input, index, place));
                        }
                    }
                }
            }
        }
        self.projected(input, columns, expressions, place)
    }
}

/// The columns that a list names itself.
fn names_of(columns: &[FindColumn]) -> HashSet<&str> {
    columns
        .iter()
        .filter_map(|column| match column {
            FindColumn::Column(name, _) => Some(name.text.as_str()),
            _ => None,
        })
        .collect()
}

/// The regular expression of a term with stars inside.
fn pattern_of(term: &str) -> String {
    let parts: Vec<String> = term.split('*').map(regex::escape).collect();
    format!("(?s)^{}$", parts.join(".*"))
}

/// Marks the columns that a condition names itself.
fn mark_columns(expr: &Expr, used: &mut [bool]) {
    match &expr.kind {
        ExprKind::Column(index) => {
            if let Some(mark) = used.get_mut(*index) {
                *mark = true;
            }
        }
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|part| mark_columns(part, used)),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|part| mark_columns(part, used)),
        ExprKind::Convert(inner) | ExprKind::Negate(inner) => mark_columns(inner, used),
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
            mark_columns(left, used);
            mark_columns(right, used);
        }
        ExprKind::Text { text, needle, .. } => {
            mark_columns(text, used);
            mark_columns(needle, used);
        }
        ExprKind::InList { value, .. } | ExprKind::InTable { value, .. } => mark_columns(value, used),
        ExprKind::HasList { text, .. } | ExprKind::HasTable { text, .. } => mark_columns(text, used),
        ExprKind::Between { value, .. } | ExprKind::Part { value, .. } => mark_columns(value, used),
        _ => {}
    }
}
