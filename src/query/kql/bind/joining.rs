//! `join` and `lookup`.

use std::sync::Arc;

use super::super::bound::{Column, Expr, ExprKind, Join, JoinColumn, Relation, RelationKind, Side};
use super::super::diagnostics::Code;
use super::super::tree::{self, BinaryOperator, JoinKind, JoinOn, Name, Place, ScalarType};
use super::super::types::common_type;
use super::binder::{Binder, RowsKind};
use super::names::Unique;
use super::projecting::reference;
use super::sources::all_of;
use super::typing::convert;

impl<'t> Binder<'t> {
    /// `join`, or `lookup`, which drops the keys of the right side.
    pub(super) fn join(&mut self, left: &Arc<Relation>, join: &'t tree::Join, lookup: bool, place: Place) -> Arc<Relation> {
        let right = self.embedded_table(&join.right);
        let kind = match (join.kind, lookup) {
            (None, false) => JoinKind::InnerUnique,
            (None, true) => JoinKind::LeftOuter,
            (Some(kind @ (JoinKind::LeftOuter | JoinKind::Inner)), true) => kind,
            (Some(other), true) => {
                self.error_with(
                    Code::Unsupported,
                    place,
                    format!("'lookup' knows no kind '{}'", other.as_str()),
                    "use leftouter or inner, or `join`",
                );
                JoinKind::LeftOuter
            }
            (Some(kind), false) => kind,
        };
        let mut keys = Vec::new();
        let mut dropped = Vec::new();
        let mut condition = None;
        match &join.on {
            Some(JoinOn::Keys(expressions)) => {
                for expr in expressions {
                    self.join_key(left, &right, expr, (&mut keys, &mut dropped));
                }
            }
            Some(JoinOn::Condition(expr)) => {
                let value = self.over_both(left, &right, |binder| binder.value(expr));
                condition = Some(self.condition(value));
            }
            None => {
                self.error_with(Code::MissingJoinKey, place, "the join has no key", "write `on column`");
            }
        }
        if keys.is_empty() && condition.is_none() && !left.open && !right.open && join.on.is_some() {
            return self.failed(self.joined_columns(left, &right, kind, &[]).0, place);
        }
        let (columns, output) = self.joined_columns(left, &right, kind, if lookup { &dropped } else { &[] });
        let bound = Join { kind, left: Arc::clone(left), right: Arc::clone(&right), keys, condition, output };
        self.relation(columns, RelationKind::Join(Box::new(bound)), &[left, &right], place)
    }

    /// A table on the right of an operator.
    pub(super) fn embedded_table(&mut self, expr: &'t tree::Expr) -> Arc<Relation> {
        self.without_rows(|binder| binder.table(expr))
    }

    fn over_both<R>(&mut self, left: &Relation, right: &Relation, bind: impl FnOnce(&mut Self) -> R) -> R {
        let columns: Vec<Column> = left.columns.iter().chain(&right.columns).cloned().collect();
        self.with_rows(columns, left.open || right.open, RowsKind::Join(left.columns.len()), bind)
    }

    /// One element of `on`: a column of both sides, an equation, or what must hold besides.
    fn join_key(
        &mut self,
        left: &Arc<Relation>,
        right: &Arc<Relation>,
        expr: &'t tree::Expr,
        (keys, dropped): (&mut Vec<(Expr, Expr)>, &mut Vec<usize>),
    ) {
        match &expr.kind {
            tree::ExprKind::Group(inner) => self.join_key(left, right, inner, (keys, dropped)),
            tree::ExprKind::And(parts) => {
                for part in parts {
                    self.join_key(left, right, part, (keys, dropped));
                }
            }
            tree::ExprKind::Name(name) => {
                let found = (self.side_column(left, name, "left"), self.side_column(right, name, "right"));
                if let (Some(a), Some(b)) = found {
                    let pair = (reference(left, a, expr.place), reference(right, b, expr.place));
                    if let Some(pair) = self.key_types(pair, expr.place) {
                        keys.push(pair);
                        dropped.push(b);
                    }
                }
            }
            tree::ExprKind::Binary(binary) if binary.operator == BinaryOperator::Equal => {
                let count = left.columns.len();
                let (a, b) = self.over_both(left, right, |binder| (binder.value(&binary.left), binder.value(&binary.right)));
                if a.is_mistake() || b.is_mistake() {
                    return;
                }
                let side = |value: &Expr| match value.kind {
                    ExprKind::Column(index) if index < count => Some(Side::Left),
                    ExprKind::Column(_) => Some(Side::Right),
                    _ => None,
                };
                let pair = match (side(&a), side(&b)) {
                    (Some(Side::Left), Some(Side::Right)) => (a, b),
                    (Some(Side::Right), Some(Side::Left)) => (b, a),
                    _ => {
                        self.error_with(
                            Code::BadJoinKey,
                            expr.place,
                            "expected a column of each side",
                            "write `$left.a == $right.b`; compute the columns with `extend` first",
                        );
                        return;
                    }
                };
                let ExprKind::Column(index) = pair.1.kind else { return };
                let right_place = index - count;
                let pair = (pair.0, reference(right, right_place, pair.1.place));
                if let Some(pair) = self.key_types(pair, expr.place) {
                    keys.push(pair);
                    dropped.push(right_place);
                }
            }
            tree::ExprKind::Error => {}
            _ => {
                self.error_with(
                    Code::BadJoinKey,
                    expr.place,
                    "expected a column of both sides, or `$left.a == $right.b`",
                    "compute the key with `extend` first",
                );
            }
        }
    }

    fn side_column(&mut self, side: &Relation, name: &Name, which: &str) -> Option<usize> {
        let found = self.place_of(&side.columns, &name.text);
        if found.is_none() && !side.open {
            self.unknown_column_of(&side.columns, name.place, &format!("column of the {which} side"), &name.text);
        }
        found
    }

    /// Both keys as one type.
    fn key_types(&mut self, (a, b): (Expr, Expr), place: Place) -> Option<(Expr, Expr)> {
        let integers = |ty| matches!(ty, ScalarType::Int | ScalarType::Long);
        match (a.ty, b.ty) {
            (ScalarType::Dynamic, _) | (_, ScalarType::Dynamic) => {
                self.error_with(
                    Code::DynamicKey,
                    place,
                    "a key of a join cannot be of type dynamic",
                    "convert it with `extend` first: `tostring(...)`",
                );
                None
            }
            (x, y) if x == y => Some((a, b)),
            (x, y) if integers(x) && integers(y) => {
                let ty = common_type(x, y)?;
                Some((convert(a, ty), convert(b, ty)))
            }
            (x, y) => {
                let message = format!("the keys of a join must have one type, found {} and {}", x.as_str(), y.as_str());
                self.error_with(Code::TypeMismatch, place, message, "convert one with `extend` first");
                None
            }
        }
    }

    /// The columns of a join: those of the right side get a number where the left side has their name, and no number that makes a name of either.
    fn joined_columns(&self, left: &Relation, right: &Relation, kind: JoinKind, dropped: &[usize]) -> (Vec<Column>, Vec<JoinColumn>) {
        match kind {
            JoinKind::LeftAnti | JoinKind::LeftSemi => return (left.columns.clone(), all_of(Side::Left, left.columns.len())),
            JoinKind::RightAnti | JoinKind::RightSemi => return (right.columns.clone(), all_of(Side::Right, right.columns.len())),
            _ => {}
        }
        let mut unique = Unique::default();
        let mut columns: Vec<Column> =
            left.columns.iter().map(|column| Column { name: unique.make(&column.name), ..column.clone() }).collect();
        let mut output = all_of(Side::Left, columns.len());
        let kept = right.columns.iter().enumerate().filter(|(index, _)| !dropped.contains(index));
        let kept: Vec<(usize, &Column, bool)> = kept.map(|(index, column)| (index, column, unique.take(&column.name))).collect();
        for (index, column, is_own) in kept {
            let name = if is_own { column.name.clone() } else { unique.numbered(&column.name) };
            columns.push(Column { name, ..column.clone() });
            output.push(JoinColumn { side: Side::Right, column: index });
        }
        (columns, output)
    }
}
