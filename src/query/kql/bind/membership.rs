//! Lists, ranges and whole tables on the right of an operator.

use std::sync::Arc;

use super::super::bound::{Arithmetic, Expr, ExprKind, Relation};
use super::super::diagnostics::Code;
use super::super::tree::{self, MembershipOperator, Place, ScalarType};
use super::super::types::common_type;
use super::binder::{Binder, mistake_of};
use super::typing::{as_number, convert, is_number, is_read_from_text};
use ScalarType::{Bool, DateTime, Dynamic, Long, String as Text, Timespan};

impl<'t> Binder<'t> {
    /// `in`, `has_any` and their kin.
    pub(super) fn membership(&mut self, membership: &'t tree::Membership, place: Place) -> Expr {
        let value = match &membership.left.kind {
            tree::ExprKind::Star => return self.starred_membership(membership, place),
            _ => self.value(&membership.left),
        };
        let table = match membership.list.as_slice() {
            [single] if self.is_table(single) => Some(single),
            _ => None,
        };
        let terms = matches!(membership.operator, MembershipOperator::HasAny | MembershipOperator::HasAll);
        match (table, terms) {
            (Some(table), false) => self.in_table(value, membership.operator, table, place),
            (Some(table), true) => self.has_table(value, membership.operator, table, place),
            (None, false) => self.in_list(value, membership, place),
            (None, true) => self.has_list(value, membership, place),
        }
    }

    /// The first column of a table.
    fn first_column(&mut self, table: &'t tree::Expr, place: Place) -> Option<Arc<Relation>> {
        let relation = self.embedded(table);
        if relation.columns.is_empty() {
            if !relation.open {
                self.error(Code::NoColumns, place, "expected a table with at least one column");
            }
            return None;
        }
        Some(self.narrowed(&relation, &[0], place))
    }

    fn in_table(&mut self, value: Expr, operator: MembershipOperator, table: &'t tree::Expr, place: Place) -> Expr {
        let Some(mut relation) = self.first_column(table, place) else { return mistake_of(Bool, place) };
        if value.is_mistake() {
            return mistake_of(Bool, place);
        }
        let (negated, case_sensitive) = in_flags(operator);
        if !case_sensitive && !self.is_text(&value, operator) {
            return mistake_of(Bool, place);
        }
        let kind = relation.columns[0].kind;
        let wanted = match (value.ty, kind) {
            (a, b) if a == b => Some(a),
            (Dynamic, b) => Some(b),
            (a, Dynamic) => Some(a),
            (a, b) if is_number(a) && is_number(b) => common_type(a, b),
            (Text, other) | (other, Text) if is_read_from_text(other) => Some(other),
            _ => None,
        };
        let Some(wanted) = wanted else {
            let message = format!("cannot look for {} among values of type {}", value.ty.as_str(), kind.as_str());
            self.error_with(Code::TypeMismatch, place, message, "convert a side");
            return mistake_of(Bool, place);
        };
        if kind != wanted {
            relation = self.retyped(&relation, wanted, place);
        }
        let kind = ExprKind::InTable { value: Box::new(convert(value, wanted)), table: relation, negated, case_sensitive };
        Expr { kind, ty: Bool, place }
    }

    fn has_table(&mut self, text: Expr, operator: MembershipOperator, table: &'t tree::Expr, place: Place) -> Expr {
        let Some(mut relation) = self.first_column(table, place) else { return mistake_of(Bool, place) };
        if text.is_mistake() || !self.is_text(&text, operator) {
            return mistake_of(Bool, place);
        }
        if relation.columns[0].kind != Text {
            relation = self.retyped(&relation, Text, place);
        }
        let kind = ExprKind::HasTable { text: Box::new(convert(text, Text)), table: relation, all: operator == MembershipOperator::HasAll };
        Expr { kind, ty: Bool, place }
    }

    fn in_list(&mut self, value: Expr, membership: &'t tree::Membership, place: Place) -> Expr {
        let (negated, case_sensitive) = in_flags(membership.operator);
        let mut list: Vec<Expr> = membership.list.iter().map(|element| self.value(element)).collect();
        if value.is_mistake() || list.iter().any(Expr::is_mistake) {
            return mistake_of(Bool, place);
        }
        if !case_sensitive && !matches!(value.ty, Text | Dynamic) {
            let message = format!("'{}' is not defined for {}", membership.operator.as_str(), value.ty.as_str());
            self.error_with(Code::TypeMismatch, place, message, "use `in`, or convert with `tostring(...)`");
            return mistake_of(Bool, place);
        }
        let mut wanted = value.ty;
        for element in &list {
            let (ty, element) = (element.ty, element.clone());
            if ty == wanted || ty == Dynamic {
                continue;
            }
            if wanted == Dynamic {
                wanted = ty;
            } else if is_number(ty) && is_number(wanted) {
                wanted = common_type(ty, wanted).unwrap_or(wanted);
            } else if is_number(ty) && wanted == Bool {
                wanted = common_type(ty, Long).unwrap_or(Long);
            } else {
                let probe = self.compared(super::super::bound::Comparison::Equal, value.clone(), element, place);
                if probe.is_mistake() {
                    return probe;
                }
            }
        }
        // What a stored column is compared with may be text that reads as its type.
        list = list
            .into_iter()
            .map(|element| match element.ty {
                Dynamic => element,
                ty if ty == wanted => element,
                Bool if is_number(wanted) => as_number(element, wanted),
                Text if !matches!(wanted, Text | Dynamic) => {
                    let probe = self.compared(super::super::bound::Comparison::Equal, value.clone(), element, place);
                    match probe.kind {
                        ExprKind::Compare { right, .. } => convert(*right, wanted),
                        _ => mistake_of(wanted, place),
                    }
                }
                _ => convert(element, wanted),
            })
            .collect();
        let value = if value.ty == Bool && is_number(wanted) { as_number(value, wanted) } else { convert(value, wanted) };
        Expr { kind: ExprKind::InList { value: Box::new(value), list, negated, case_sensitive }, ty: Bool, place }
    }

    fn has_list(&mut self, text: Expr, membership: &'t tree::Membership, place: Place) -> Expr {
        let terms: Vec<Expr> = membership.list.iter().map(|term| self.value(term)).collect();
        if text.is_mistake() || !self.is_text(&text, membership.operator) {
            return mistake_of(Bool, place);
        }
        let terms = terms.into_iter().map(|term| if matches!(term.ty, Dynamic) { term } else { self.as_text(term) }).collect();
        let kind = ExprKind::HasList { text: Box::new(convert(text, Text)), terms, all: membership.operator == MembershipOperator::HasAll };
        Expr { kind, ty: Bool, place }
    }

    fn is_text(&mut self, text: &Expr, operator: MembershipOperator) -> bool {
        let fits = matches!(text.ty, Text | Dynamic);
        if !fits {
            let message = format!("'{}' is not defined for {}", operator.as_str(), text.ty.as_str());
            self.error_with(Code::TypeMismatch, text.place, message, "convert it with `tostring(...)`");
        }
        fits
    }

    /// `between` and `!between`.
    pub(super) fn between(&mut self, between: &'t tree::Between, place: Place) -> Expr {
        let (value, from, to) = (self.value(&between.value), self.value(&between.from), self.value(&between.to));
        if value.is_mistake() || from.is_mistake() || to.is_mistake() {
            return mistake_of(Bool, place);
        }
        // `t between (a .. 1d)` means until one day behind a.
        let to = match (value.ty, from.ty, to.ty) {
            (DateTime, DateTime, Timespan) => self.computed(Arithmetic::Add, from.clone(), to, place),
            _ => to,
        };
        let quantity = |ty| is_number(ty) || matches!(ty, DateTime | Timespan);
        let wanted = match (value.ty, from.ty, to.ty) {
            (a, b, c) if is_number(a) && is_number(b) && is_number(c) => common_type(a, b).and_then(|ty| common_type(ty, c)),
            (Dynamic, b, c) if is_number(b) && is_number(c) => common_type(b, c),
            (a, b, c) if quantity(a) && [b, c].into_iter().all(|bound| bound == a || bound == Dynamic && is_number(a)) => Some(a),
            _ => None,
        };
        let Some(wanted) = wanted else {
            let message = format!("'between' is not defined for {}, {} and {}", value.ty.as_str(), from.ty.as_str(), to.ty.as_str());
            self.error_with(Code::TypeMismatch, place, message, "use three numbers, instants or durations");
            return mistake_of(Bool, place);
        };
        let kind = ExprKind::Between {
            value: Box::new(convert(value, wanted)),
            negated: between.negated,
            from: Box::new(convert(from, wanted)),
            to: Box::new(convert(to, wanted)),
        };
        Expr { kind, ty: Bool, place }
    }
}

/// Whether the operator is negated, and whether case matters.
fn in_flags(operator: MembershipOperator) -> (bool, bool) {
    let negated = matches!(operator, MembershipOperator::NotIn | MembershipOperator::NotInFold);
    (negated, matches!(operator, MembershipOperator::In | MembershipOperator::NotIn))
}
