//! `mv-expand` and `mv-apply`: a row, or a pipeline, for each element of an array.

use std::sync::Arc;

use super::super::bound::{Column, ExpandColumn, Expansion, Expr, ExprKind, JoinColumn, MvApply, MvExpand, Relation, RelationKind, Side};
use super::super::diagnostics::Code;
use super::super::tree::{self, Expand, ExpandKind, Expanded, Place, ScalarType, Target};
use super::binder::{Binder, column};
use super::names::{Unique, implied};
use super::sources::Flow;

/// Arrays with the columns that their elements become.
struct Elements {
    items: Vec<(Expansion, String)>,
    index: Option<String>,
    limit: Option<Expr>,
}

impl<'t> Binder<'t> {
    fn elements(&mut self, input: &Arc<Relation>, expand: &'t Expand) -> Elements {
        let rows = Arc::clone(input);
        let mut unnamed = Unique::default();
        for column in &input.columns {
            unnamed.take(&column.name);
        }
        let items =
            self.over(&rows, |binder| expand.columns.iter().filter_map(|expanded| binder.expansion(expanded, &mut unnamed)).collect());
        let limit = expand.limit.as_ref().map(|limit| {
            let value = self.without_rows(|binder| binder.value(limit));
            let value = self.constant(value);
            self.wanted(value, ScalarType::Long, "limit")
        });
        Elements { items, index: expand.item_index.as_ref().map(|name| name.text.clone()), limit }
    }

    fn expansion(&mut self, expanded: &'t Expanded, unnamed: &mut Unique) -> Option<(Expansion, String)> {
        let named = expanded.value.as_ref()?;
        let value = self.value(&named.value);
        if value.ty != ScalarType::Dynamic {
            let message = format!("only dynamic values can be expanded, found {}", value.ty.as_str());
            let help = if value.ty == ScalarType::String { "read the text first: `parse_json(...)`" } else { "expand another column" };
            self.error_with(Code::TypeMismatch, value.place, message, help);
        }
        let name = match &named.target {
            Some(Target::One(name)) => name.text.clone(),
            Some(Target::Many(names)) => names.first().map(|name| name.text.clone()).unwrap_or_default(),
            None => implied(&named.value).unwrap_or_else(|| unnamed.unnamed()),
        };
        let kind = expanded.kind.unwrap_or(ScalarType::Dynamic);
        Some((Expansion { value, kind }, name))
    }

    /// `mv-expand`: the element takes the place of a column with its name.
    pub(super) fn mv_expand(&mut self, input: &Arc<Relation>, expand: &'t tree::MvExpand, place: Place) -> Arc<Relation> {
        let elements = self.elements(input, &expand.expand);
        let mut columns = input.columns.clone();
        let mut output: Vec<ExpandColumn> = (0..columns.len()).map(ExpandColumn::Input).collect();
        for (number, (item, name)) in elements.items.iter().enumerate() {
            let item_column = column(name.clone(), item.kind);
            match self.place_of(&columns, name) {
                Some(index) => (columns[index], output[index]) = (item_column, ExpandColumn::Item(number)),
                None => {
                    columns.push(item_column);
                    output.push(ExpandColumn::Item(number));
                }
            }
        }
        if let Some(name) = &elements.index {
            add_index(name, &mut columns, &mut output);
        }
        let bound = MvExpand {
            input: Arc::clone(input),
            items: elements.items.into_iter().map(|(item, _)| item).collect(),
            kind: expand.kind.unwrap_or(ExpandKind::Bag),
            limit: elements.limit,
            output,
        };
        self.relation(columns, RelationKind::MvExpand(Box::new(bound)), &[input], place)
    }

    /// `mv-apply`: the columns of the row whose names the pipeline does not give, then those of the pipeline that the row has not.
    pub(super) fn mv_apply(&mut self, input: &Arc<Relation>, apply: &'t tree::MvApply, place: Place) -> Arc<Relation> {
        let elements = self.elements(input, &apply.expand);
        // The pipeline sees the row with its elements at the end.
        let expanded: Vec<&str> = elements.items.iter().map(|(_, name)| name.as_str()).collect();
        let kept: Vec<usize> = (0..input.columns.len()).filter(|index| !expanded.contains(&input.columns[*index].name.as_str())).collect();
        let mut columns: Vec<Column> = kept.iter().map(|index| input.columns[*index].clone()).collect();
        let mut rows: Vec<ExpandColumn> = kept.iter().map(|index| ExpandColumn::Input(*index)).collect();
        for (number, (item, name)) in elements.items.iter().enumerate() {
            columns.push(column(name.clone(), item.kind));
            rows.push(ExpandColumn::Item(number));
        }
        if let Some(name) = &elements.index {
            add_index(name, &mut columns, &mut rows);
        }
        let placeholder = self.placeholders;
        self.placeholders += 1;
        let seen = Relation {
            columns,
            kind: RelationKind::Placeholder(placeholder),
            ordered: true,
            open: input.open,
            depth: input.depth,
            weight: 1,
            place,
        };
        let flow = self.operators(Flow::Table(Arc::new(seen)), &apply.operators);
        let body = match flow {
            Flow::Table(relation) => relation,
            Flow::Graph(_) => self.graph_as_table(place),
        };
        let passed = |body: &Relation, column: usize| match passed_through(body, column).map(|column| rows.get(column)) {
            Some(Some(ExpandColumn::Input(index))) => Some(*index),
            _ => None,
        };
        let (columns, output) = applied_columns(input, &kept, &elements.items, &body, &passed);
        let bound = MvApply {
            input: Arc::clone(input),
            items: elements.items.into_iter().map(|(item, _)| item).collect(),
            limit: elements.limit,
            rows,
            placeholder,
            body: Arc::clone(&body),
            output,
        };
        self.relation(columns, RelationKind::MvApply(Box::new(bound)), &[input, &body], place)
    }
}

/// The columns of `mv-apply`: the row without what was expanded under its own name, and what the pipeline gives beside it. A column of the row
/// that the pipeline computes anew has the value of the pipeline.
fn applied_columns(
    input: &Relation,
    kept: &[usize],
    items: &[(Expansion, String)],
    body: &Relation,
    passed: &dyn Fn(&Relation, usize) -> Option<usize>,
) -> (Vec<Column>, Vec<JoinColumn>) {
    let mut columns = Vec::new();
    let mut output = Vec::new();
    let expanded = |name: &str| items.iter().any(|(_, item)| item == name);
    for index in 0..input.columns.len() {
        let column = &input.columns[index];
        if !kept.contains(&index) {
            continue;
        }
        match body.columns.iter().position(|other| other.name == column.name) {
            Some(place) if passed(body, place) != Some(index) => {
                columns.push(body.columns[place].clone());
                output.push(JoinColumn { side: Side::Right, column: place });
            }
            _ => {
                columns.push(column.clone());
                output.push(JoinColumn { side: Side::Left, column: index });
            }
        }
    }
    for (place, column) in body.columns.iter().enumerate() {
        let of_row = input.columns.iter().any(|other| other.name == column.name) && !expanded(&column.name);
        if !of_row {
            columns.push(column.clone());
            output.push(JoinColumn { side: Side::Right, column: place });
        }
    }
    (columns, output)
}

/// The column of the placeholder that a pipeline passes through unchanged.
fn passed_through(relation: &Relation, column: usize) -> Option<usize> {
    match &relation.kind {
        RelationKind::Placeholder(_) => Some(column),
        RelationKind::Filter { input, .. }
        | RelationKind::Sort { input, .. }
        | RelationKind::Take { input, .. }
        | RelationKind::Top { input, .. }
        | RelationKind::Serialize(input) => passed_through(input, column),
        RelationKind::Project { input, expressions } => match expressions.get(column)?.kind {
            ExprKind::Column(inner) => passed_through(input, inner),
            _ => None,
        },
        _ => None,
    }
}

fn add_index(name: &str, columns: &mut Vec<Column>, output: &mut Vec<ExpandColumn>) {
    let index = column(name.to_owned(), ScalarType::Long);
    match columns.iter().position(|column| column.name == name) {
        Some(place) => (columns[place], output[place]) = (index, ExpandColumn::Index),
        None => {
            columns.push(index);
            output.push(ExpandColumn::Index);
        }
    }
}
