//! Values: names, paths, operators.

use std::sync::Arc;

use super::super::bound::{Arithmetic, Comparison, Constant, Expr, ExprKind, Key, RelationKind, TextMatch, json_text};
use super::super::diagnostics::Code;
use super::super::tree::{self, BinaryOperator, Name, Place, ScalarType};
use super::binder::{Binder, Bound, RowsKind, column, mistake, mistake_of};
use super::typing::{convert, is_constant, reads_rows};
use ScalarType::{Bool, Dynamic, Int, Long, String as Text};

impl<'t> Binder<'t> {
    /// Binds a value.
    pub(super) fn value(&mut self, expr: &'t tree::Expr) -> Expr {
        if !self.works(expr.place) {
            return mistake(expr.place);
        }
        let place = expr.place;
        match &expr.kind {
            tree::ExprKind::Literal(literal) => match Constant::of_literal(literal) {
                Some((constant, ty)) => Expr { kind: ExprKind::Literal(constant), ty, place },
                None => {
                    self.error(Code::InvalidLiteral, place, format!("'{}' is no value of its type", literal.text));
                    mistake(place)
                }
            },
            tree::ExprKind::String(string) => text(&string.value, place),
            tree::ExprKind::Dynamic(json) => {
                let constant = json_text(json).map_or(Constant::Null, |text| Constant::Dynamic(text.into()));
                Expr { kind: ExprKind::Literal(constant), ty: Dynamic, place }
            }
            tree::ExprKind::Group(inner) => self.value(inner),
            tree::ExprKind::Name(name) => self.name(name, expr),
            tree::ExprKind::Field(base, name) => self.field(base, name, place),
            tree::ExprKind::Index(base, index) => self.index(base, index, place),
            tree::ExprKind::Call(call) => self.call(call, place),
            tree::ExprKind::Method(base, call) => self.method(base, call, place),
            tree::ExprKind::Negative(inner) => {
                let inner = self.value(inner);
                self.negated(inner, place)
            }
            tree::ExprKind::Positive(inner) => self.positive(inner, place),
            tree::ExprKind::And(parts) => self.all(parts, "an operand of 'and'", ExprKind::And, place),
            tree::ExprKind::Or(parts) => self.all(parts, "an operand of 'or'", ExprKind::Or, place),
            tree::ExprKind::Binary(binary) => self.binary(binary, place),
            tree::ExprKind::Membership(membership) => self.membership(membership, place),
            tree::ExprKind::Between(between) => self.between(between, place),
            tree::ExprKind::ToScalar(query) => self.scalar_of(&query.body, place),
            tree::ExprKind::TypeOf(_) => self.misplaced(place, "typeof(...)", "a value"),
            tree::ExprKind::Placeholder(name) => {
                let message = format!("the blank '{{{}}}' is not filled", name.text);
                self.error_with(Code::UnfilledBlank, place, message, "give its value, or write one in its place");
                mistake(place)
            }
            tree::ExprKind::Star => self.misplaced(place, "'*'", "a value"),
            tree::ExprKind::Wildcard(_) | tree::ExprKind::FieldWildcard(..) => self.misplaced(place, "a name with stars", "a value"),
            tree::ExprKind::Row => self.misplaced(place, "'@'", "a value"),
            tree::ExprKind::Error => mistake(place),
            tree::ExprKind::ToTable(_)
            | tree::ExprKind::Materialize(_)
            | tree::ExprKind::DataTable(_)
            | tree::ExprKind::ExternalData(_)
            | tree::ExprKind::EntityGroup(_)
            | tree::ExprKind::DataScope(..)
            | tree::ExprKind::Source(_)
            | tree::ExprKind::Pipe(_) => self.table_as_value(place),
        }
    }

    /// What is drawn by lot, drawn once for the whole query.
    fn drawn_once(&mut self, value: Expr) -> Expr {
        let (ty, place) = (value.ty, value.place);
        let row = self.relation(Vec::new(), RelationKind::OneRow, &[], place);
        let kind = RelationKind::Project { input: Arc::clone(&row), expressions: vec![value] };
        let relation = self.relation(vec![column("Column1", ty)], kind, &[&row], place);
        Expr { kind: ExprKind::Scalar(relation), ty, place }
    }

    /// `toscalar(...)`: the first cell of a table; a value stays what it is.
    fn scalar_of(&mut self, body: &'t tree::Expr, place: Place) -> Expr {
        if !self.is_table(body) {
            let value = Expr { place, ..self.value(body) };
            return if is_constant(&value) || reads_rows(&value) { value } else { self.drawn_once(value) };
        }
        let relation = self.embedded(body);
        match relation.columns.first() {
            Some(column) => {
                let ty = column.kind;
                let first = self.narrowed(&relation, &[0], place);
                Expr { kind: ExprKind::Scalar(first), ty, place }
            }
            None => {
                if !relation.open {
                    self.error(Code::NoColumns, place, "expected a table with at least one column");
                }
                mistake(place)
            }
        }
    }

    fn misplaced(&mut self, place: Place, found: &str, expected: &str) -> Expr {
        self.error(Code::Misplaced, place, format!("expected {expected}, found {found}"));
        mistake(place)
    }

    /// Reports a table where a value stands.
    pub(super) fn table_as_value(&mut self, place: Place) -> Expr {
        self.error_with(Code::TableAsValue, place, "expected a value, found a table", "take its first cell with `toscalar(...)`");
        mistake(place)
    }

    fn all(&mut self, parts: &'t [tree::Expr], what: &str, build: fn(Vec<Expr>) -> ExprKind, place: Place) -> Expr {
        let parts = parts
            .iter()
            .map(|part| {
                let part = self.value(part);
                self.truth(part, what)
            })
            .collect();
        Expr { kind: build(parts), ty: Bool, place }
    }

    fn positive(&mut self, inner: &'t tree::Expr, place: Place) -> Expr {
        let inner = self.value(inner);
        if !inner.is_mistake() && !super::typing::is_number(inner.ty) && inner.ty != ScalarType::Timespan {
            self.error(Code::TypeMismatch, place, format!("'+' is not defined for {}", inner.ty.as_str()));
            return mistake(place);
        }
        inner
    }

    /// The column of the rows in scope with this name.
    pub(super) fn column_named(&self, name: &str) -> Option<usize> {
        if self.rows.hidden {
            return None;
        }
        self.place_of(&self.rows.columns, name)
    }

    /// The column at a place of the rows in scope.
    pub(super) fn column_at(&self, index: usize, place: Place) -> Expr {
        let first = match &self.rows.kind {
            RowsKind::Scan(scan) => index.checked_sub(scan.base).and_then(|index| scan.declared.get(index)),
            _ => None,
        };
        let kind = first.map_or(ExprKind::Column(index), |first| ExprKind::Literal(first.clone()));
        Expr { kind, ty: self.rows.columns[index].kind, place }
    }

    fn name(&mut self, name: &'t Name, expr: &'t tree::Expr) -> Expr {
        let place = expr.place;
        if let Some(index) = self.column_named(&name.text) {
            if self.rows.columns[index].kind == Dynamic && self.mistaken.contains(&name.text) {
                return mistake(place);
            }
            if self.aggregates.is_some() {
                self.error_with(
                    Code::NotAggregated,
                    place,
                    format!("the column '{}' stands outside of an aggregate", name.text),
                    format!("group by it, or take one of its values: `take_any({})`", name.text),
                );
                return mistake(place);
            }
            return self.column_at(index, place);
        }
        if let Some(found) = self.pattern_variable(&name.text, place) {
            return found;
        }
        if let Some(id) = self.lookup(&name.text) {
            return match self.resolve(id, place) {
                Some(Bound::Value(value)) => value,
                Some(Bound::Table(_) | Bound::Graph(_)) => self.table_as_value(place),
                None => mistake(place),
            };
        }
        if self.rows.open && !self.rows.hidden {
            return mistake(place);
        }
        if matches!(name.text.as_str(), "true" | "false") {
            return Expr { kind: ExprKind::Literal(Constant::Bool(name.text == "true")), ty: Bool, place };
        }
        self.unknown_column(name);
        mistake(place)
    }

    /// Reports a name that is neither a column nor anything else.
    pub(super) fn unknown_column(&mut self, name: &Name) {
        let what = if matches!(self.rows.kind, RowsKind::None) { "value" } else { "column" };
        self.unknown_name(Code::UnknownColumn, name.place, what, &name.text, |binder| {
            let columns = binder.rows.columns.iter().map(|column| column.name.clone());
            columns.chain(binder.visible().into_iter().map(str::to_owned)).collect()
        });
    }

    /// Binds with a name declared before: a column of rows that the function was called with must not be used in a table.
    pub(super) fn parameter_value(&mut self, value: Expr, rows: Option<u32>, place: Place) -> Expr {
        match rows {
            Some(id) if id != self.rows.id && reads_rows(&value) => {
                self.error_with(
                    Code::RowValueInTable,
                    place,
                    "a value that differs by row is used in a table of its own",
                    "join the tables instead",
                );
                mistake(place)
            }
            _ => value,
        }
    }

    fn field(&mut self, base: &'t tree::Expr, name: &'t Name, place: Place) -> Expr {
        if let Some(found) = self.special_field(base, name, place) {
            return found;
        }
        if name.text.starts_with('$') && self.is_home(base) {
            return self.told_of_home(base, name, place);
        }
        let base_value = self.value(base);
        self.part(base_value, Key::Name(name.text.clone()), place)
    }

    /// A column of a side of a join, of a step of a scan, or of an element of a pattern.
    fn special_field(&mut self, base: &'t tree::Expr, name: &'t Name, place: Place) -> Option<Expr> {
        let tree::ExprKind::Name(base) = &base.kind else { return None };
        if self.rows.hidden {
            return None;
        }
        match self.rows.kind.clone() {
            RowsKind::Join(left) if base.text == "$left" || base.text == "$right" => {
                let is_left = base.text == "$left";
                let range = if is_left { 0..left } else { left..self.rows.columns.len() };
                let found = self.place_of(&self.rows.columns[range.clone()], &name.text).map(|place| range.start + place);
                Some(match found {
                    Some(index) => self.column_at(index, place),
                    None if self.rows.open => mistake(place),
                    None => {
                        let rows = std::rc::Rc::clone(&self.rows);
                        let what = if is_left { "column of the left side" } else { "column of the right side" };
                        self.unknown_column_of(&rows.columns[range], name.place, what, &name.text);
                        mistake(place)
                    }
                })
            }
            RowsKind::Scan(scan) => {
                let step = scan.steps.iter().position(|step| *step == base.text)?;
                // A column that steps assign is a state too, behind those of the rows.
                Some(match self.rows.columns.iter().rposition(|column| column.name == name.text) {
                    Some(column) => Expr { kind: ExprKind::StepColumn { step, column }, ty: self.rows.columns[column].kind, place },
                    None => {
                        self.unknown_column(name);
                        mistake(place)
                    }
                })
            }
            RowsKind::Pattern(_) => self.pattern_property(base, name, place),
            _ => None,
        }
    }

    fn index(&mut self, base: &'t tree::Expr, index: &'t tree::Expr, place: Place) -> Expr {
        let value = self.value(base);
        let key = self.value(index);
        if value.is_mistake() || key.is_mistake() {
            return mistake(place);
        }
        let key = match (&key.kind, key.ty) {
            (ExprKind::Literal(Constant::String(name)), _) => Key::Name(name.to_string()),
            (ExprKind::Literal(Constant::Long(index)), _) => Key::Index(*index),
            (ExprKind::Literal(Constant::Int(index)), _) => Key::Index(i64::from(*index)),
            (_, Text | Long | Dynamic) => Key::Value(Box::new(key)),
            (_, Int) => Key::Value(Box::new(convert(key, Long))),
            (_, other) => {
                let message = format!("expected a text or an integer in brackets, found {}", other.as_str());
                self.error(Code::TypeMismatch, key.place, message);
                return mistake(place);
            }
        };
        self.part(value, key, place)
    }

    /// A part of a dynamic value.
    fn part(&mut self, value: Expr, key: Key, place: Place) -> Expr {
        if value.is_mistake() {
            return mistake(place);
        }
        if value.ty != Dynamic {
            let message = format!("only a dynamic value has parts, found {}", value.ty.as_str());
            let help = if value.ty == Text { "read the text first: `parse_json(...)`" } else { "remove the path" };
            self.error_with(Code::NoParts, place, message, help);
            return mistake(place);
        }
        Expr { kind: ExprKind::Part { value: Box::new(value), key }, ty: Dynamic, place }
    }

    fn binary(&mut self, binary: &'t tree::Binary, place: Place) -> Expr {
        use BinaryOperator as B;
        if let Some(found) = self.starred(binary, place) {
            return found;
        }
        let comparison = match binary.operator {
            B::Equal => Some(Comparison::Equal),
            B::NotEqual => Some(Comparison::NotEqual),
            B::Less => Some(Comparison::Less),
            B::LessOrEqual => Some(Comparison::LessOrEqual),
            B::Greater => Some(Comparison::Greater),
            B::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        let arithmetic = match binary.operator {
            B::Add => Some(Arithmetic::Add),
            B::Subtract => Some(Arithmetic::Subtract),
            B::Multiply => Some(Arithmetic::Multiply),
            B::Divide => Some(Arithmetic::Divide),
            B::Modulo => Some(Arithmetic::Modulo),
            _ => None,
        };
        let left = self.value(&binary.left);
        let right = self.value(&binary.right);
        if let Some(operator) = comparison {
            return self.compared(operator, left, right, place);
        }
        if let Some(operator) = arithmetic {
            return self.computed(operator, left, right, place);
        }
        let Some((operator, negated, case_sensitive)) = text_operator(binary.operator) else {
            // `a : "b"` outside of `search` asks for the term, too.
            return self.text_test(TextMatch::Has, false, false, (left, right), binary.operator.as_str(), place);
        };
        self.text_test(operator, negated, case_sensitive, (left, right), binary.operator.as_str(), place)
    }

    /// A test of a text; dynamic values are taken as texts, other types are refused.
    pub(super) fn text_test(
        &mut self,
        operator: TextMatch,
        negated: bool,
        case_sensitive: bool,
        (text, needle): (Expr, Expr),
        symbol: &str,
        place: Place,
    ) -> Expr {
        if text.is_mistake() || needle.is_mistake() {
            return mistake_of(Bool, place);
        }
        let fits = |ty| matches!(ty, Text | Dynamic) || (operator == TextMatch::Equals && ty == ScalarType::Guid);
        if !fits(text.ty) || !fits(needle.ty) {
            let message = format!("'{symbol}' is not defined for {} and {}", text.ty.as_str(), needle.ty.as_str());
            self.error_with(Code::TypeMismatch, place, message, "convert a side: `tostring(...)`");
            return mistake_of(Bool, place);
        }
        let (text, needle) = (Box::new(convert(text, Text)), Box::new(convert(needle, Text)));
        Expr { kind: ExprKind::Text { operator, negated, case_sensitive, text, needle }, ty: Bool, place }
    }
}

/// A text literal.
pub(super) fn text(value: &str, place: Place) -> Expr {
    Expr { kind: ExprKind::Literal(Constant::text(value)), ty: Text, place }
}

/// A whole number.
pub(super) fn long(value: i64, place: Place) -> Expr {
    Expr { kind: ExprKind::Literal(Constant::Long(value)), ty: Long, place }
}

/// The null of a type; of texts, the empty one.
pub(super) fn null(ty: ScalarType, place: Place) -> Expr {
    let constant = if ty == Text { Constant::text("") } else { Constant::Null };
    Expr { kind: ExprKind::Literal(constant), ty, place }
}

/// Which test an operator is, whether it is negated, whether case matters.
pub(super) fn text_operator(operator: BinaryOperator) -> Option<(TextMatch, bool, bool)> {
    use BinaryOperator as B;
    Some(match operator {
        B::EqualFold => (TextMatch::Equals, false, false),
        B::NotEqualFold => (TextMatch::Equals, true, false),
        B::Has => (TextMatch::Has, false, false),
        B::NotHas => (TextMatch::Has, true, false),
        B::HasCs => (TextMatch::Has, false, true),
        B::NotHasCs => (TextMatch::Has, true, true),
        B::HasPrefix => (TextMatch::HasPrefix, false, false),
        B::NotHasPrefix => (TextMatch::HasPrefix, true, false),
        B::HasPrefixCs => (TextMatch::HasPrefix, false, true),
        B::NotHasPrefixCs => (TextMatch::HasPrefix, true, true),
        B::HasSuffix => (TextMatch::HasSuffix, false, false),
        B::NotHasSuffix => (TextMatch::HasSuffix, true, false),
        B::HasSuffixCs => (TextMatch::HasSuffix, false, true),
        B::NotHasSuffixCs => (TextMatch::HasSuffix, true, true),
        B::Contains => (TextMatch::Contains, false, false),
        B::NotContains => (TextMatch::Contains, true, false),
        B::ContainsCs => (TextMatch::Contains, false, true),
        B::NotContainsCs => (TextMatch::Contains, true, true),
        B::StartsWith => (TextMatch::StartsWith, false, false),
        B::NotStartsWith => (TextMatch::StartsWith, true, false),
        B::StartsWithCs => (TextMatch::StartsWith, false, true),
        B::NotStartsWithCs => (TextMatch::StartsWith, true, true),
        B::EndsWith => (TextMatch::EndsWith, false, false),
        B::NotEndsWith => (TextMatch::EndsWith, true, false),
        B::EndsWithCs => (TextMatch::EndsWith, false, true),
        B::NotEndsWithCs => (TextMatch::EndsWith, true, true),
        B::MatchesRegex => (TextMatch::Regex, false, true),
        B::Like => (TextMatch::Like, false, false),
        B::NotLike => (TextMatch::Like, true, false),
        B::LikeCs => (TextMatch::Like, false, true),
        B::NotLikeCs => (TextMatch::Like, true, true),
        _ => return None,
    })
}

/// The constant that an expression is.
pub(super) fn constant_of(expr: &Expr) -> Option<&Constant> {
    match &expr.kind {
        ExprKind::Literal(constant) => Some(constant),
        _ => None,
    }
}

/// The literal text that an expression of the tree is.
pub(super) fn literal_text(expr: &tree::Expr) -> Option<&str> {
    match &expr.kind {
        tree::ExprKind::String(string) => Some(&string.value),
        tree::ExprKind::Group(inner) => literal_text(inner),
        _ => None,
    }
}
