//! Operators that choose, add and name columns.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::bound::{Column, Expr, ExprKind, Key, Relation, RelationKind};
use super::super::diagnostics::Code;
use super::super::functions::{self, Returns};
use super::super::tree::{self, ByName, Direction, Name, Named, Place, Reordered, ScalarType, Target};
use super::binder::{Binder, column, mistake};
use super::names::{Unique, fits, implied};
use super::summarizing::lineage_of;
use super::typing::convert;

/// Names that the query gives itself, each once.
#[derive(Debug, Default)]
pub(super) struct Columns {
    given: HashSet<String>,
}

impl Columns {
    /// The name for a column that the query names; none, and a report, if it gave that name before.
    pub(super) fn explicit(&mut self, binder: &mut Binder<'_>, unique: &mut Unique, name: &str, place: Place) -> Option<String> {
        if !self.given.insert(name.to_owned()) {
            binder.error_with(Code::DuplicateColumn, place, format!("the column '{name}' is given twice"), "use another name");
            return None;
        }
        Some(unique.make(name))
    }
}

/// One value of an operator with the name that it has or gets.
struct Item {
    name: Option<String>,
    given: Option<(String, Place)>,
    value: Expr,
    /// One of several columns that a function gives.
    part: bool,
}

/// Functions that leave a value of their type as it is.
const CONVERSIONS: &[&str] = &[
    "tobool",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "toint",
    "tolong",
    "toreal",
    "tostring",
    "totime",
    "totimespan",
];

impl<'t> Binder<'t> {
    /// A relation of expressions over another.
    pub(super) fn projected(&mut self, input: &Arc<Relation>, columns: Vec<Column>, expressions: Vec<Expr>, place: Place) -> Arc<Relation> {
        for (column, _) in columns.iter().zip(&expressions).filter(|(_, value)| value.is_mistake()) {
            self.mistaken.insert(column.name.clone());
        }
        let kind = RelationKind::Project { input: Arc::clone(input), expressions };
        self.relation(columns, kind, &[input], place)
    }

    /// Some columns of a relation, by place.
    pub(super) fn narrowed(&mut self, input: &Arc<Relation>, places: &[usize], place: Place) -> Arc<Relation> {
        if places.len() == input.columns.len() && places.iter().enumerate().all(|(index, place)| index == *place) {
            return Arc::clone(input);
        }
        let columns = places.iter().map(|index| input.columns[*index].clone()).collect();
        let expressions = places.iter().map(|index| reference(input, *index, place)).collect();
        self.projected(input, columns, expressions, place)
    }

    /// A relation of one column with its values as another type.
    pub(super) fn retyped(&mut self, input: &Arc<Relation>, ty: ScalarType, place: Place) -> Arc<Relation> {
        let value = reference(input, 0, place);
        let value = if ty == ScalarType::String { self.as_text(value) } else { convert(value, ty) };
        self.projected(input, vec![column(input.columns[0].name.clone(), ty)], vec![value], place)
    }

    /// The columns that an expression with its name gives; more than one only for functions that give several.
    fn items(&mut self, named: &'t Named) -> Vec<Item> {
        if let Some(items) = self.several(named) {
            return items;
        }
        let value = self.value(&named.value);
        let given = match &named.target {
            None => None,
            Some(Target::One(name)) => Some((name.text.clone(), name.place)),
            Some(Target::Many(names)) => {
                if names.len() > 1 && !value.is_mistake() {
                    self.error(Code::ArgumentCount, named.place(), format!("expected {} columns, the expression gives one", names.len()));
                }
                names.first().map(|name| (name.text.clone(), name.place))
            }
        };
        let given = given.or_else(|| self.column_meant(&named.value, &value).map(|name| (name.text.clone(), name.place)));
        let name = implied(&named.value).filter(|name| !is_missing_column(&named.value) || self.column_named(name).is_some());
        vec![Item { name, given, value, part: false }]
    }

    /// The name of the column that an expression is: the column itself, or its conversion to the type that it has.
    pub(super) fn column_meant(&self, expr: &'t tree::Expr, value: &Expr) -> Option<&'t Name> {
        match &expr.kind {
            tree::ExprKind::Name(name) => Some(name),
            tree::ExprKind::Call(call) if CONVERSIONS.contains(&call.name.text.as_str()) => match call.arguments.as_slice() {
                [Named { target: None, value: argument }] => match &argument.kind {
                    tree::ExprKind::Name(name) => {
                        let index = self.column_named(&name.text)?;
                        (self.rows.columns[index].kind == value.ty).then_some(name)
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The columns of a function that gives several.
    fn several(&mut self, named: &'t Named) -> Option<Vec<Item>> {
        let tree::ExprKind::Call(call) = &named.value.kind else { return None };
        let function = functions::find(&call.name.text).filter(|_| self.lookup(&call.name.text).is_none())?;
        if !function.overloads.iter().any(|overload| matches!(overload.returns, Returns::Several(_))) {
            return None;
        }
        let value = self.value(&named.value);
        let (parts, value) = self.parts(value)?;
        let given: Vec<&Name> = match &named.target {
            None => Vec::new(),
            Some(Target::One(name)) => vec![name],
            Some(Target::Many(names)) => names.iter().collect(),
        };
        if given.len() > parts.len() {
            let message = format!("'{}' gives {} columns, but {} names are given", call.name.text, parts.len(), given.len());
            self.error(Code::ArgumentCount, named.place(), message);
        }
        let name_of = |index: usize| call.arguments.get(index).and_then(|argument| implied(&argument.value));
        let items = parts.into_iter().enumerate().map(|(index, (name, kind))| Item {
            // Sorted arrays are called after what each was, everything else after the function.
            name: Some(match call.name.text.as_str() {
                "array_sort_asc" | "array_sort_desc" => format!("{}_{name}", name_of(index).unwrap_or_else(|| format!("array{index}"))),
                function => format!("{function}_{}_{name}", name_of(0).unwrap_or_default()),
            }),
            given: given.get(index).map(|name| (name.text.clone(), name.place)),
            value: part_of(&value, index, kind),
            part: true,
        });
        Some(items.collect())
    }

    /// Names and types of the parts of a value that is several, with the whole.
    fn parts(&mut self, value: Expr) -> Option<(Vec<(&'static str, ScalarType)>, Expr)> {
        let whole = match &value.kind {
            // In the place of a value, the first part stands for all.
            ExprKind::Convert(inner) => (**inner).clone(),
            _ => value,
        };
        let whole = match whole.kind {
            ExprKind::Part { value, .. } => *value,
            _ => whole,
        };
        let ExprKind::Call { function, overload, arguments } = &whole.kind else { return None };
        let Returns::Several(parts) = function.overloads[*overload].returns else { return None };
        let types: Vec<ScalarType> = arguments.iter().map(|argument| argument.ty).collect();
        Some((parts(&types).into_iter().map(|part| (part.name, part.kind)).collect(), whole))
    }

    /// `extend` and the columns of `serialize`.
    pub(super) fn extend(&mut self, input: &Arc<Relation>, items: &'t [Named], place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let items: Vec<Item> = self.over(&rows, |binder| items.iter().flat_map(|named| binder.items(named)).collect());
        let mut columns = input.columns.clone();
        let mut expressions: Vec<Expr> = (0..columns.len()).map(|index| reference(input, index, place)).collect();
        let mut unique = Unique::default();
        let mut places = HashMap::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            unique.take(&column.name);
            places.insert(column.name.clone(), index);
        }
        let mut given = HashSet::new();
        let mut added = HashSet::new();
        for Item { name, given: explicit, value, part } in items {
            let lineage = lineage_of(&value, &rows);
            let name = match (explicit, name) {
                (Some((name, at)), _) => {
                    if !given.insert(name.clone()) {
                        self.error_with(Code::DuplicateColumn, at, format!("the column '{name}' is given twice"), "use another name");
                        continue;
                    }
                    name
                }
                (None, Some(name)) if part && added.contains(&name) => unique.make(&name),
                // The last of several conversions of a column counts.
                (None, Some(name)) => name,
                (None, None) => unique.unnamed(),
            };
            added.insert(name.clone());
            match places.get(&name) {
                Some(index) => {
                    columns[*index] = Column { name, kind: value.ty, lineage };
                    expressions[*index] = value;
                }
                None => {
                    unique.take(&name);
                    places.insert(name.clone(), columns.len());
                    columns.push(Column { name, kind: value.ty, lineage });
                    expressions.push(value);
                }
            }
        }
        self.projected(input, columns, expressions, place)
    }

    /// `project`, and `print` with the prefix of its own names.
    pub(super) fn project(&mut self, input: &Arc<Relation>, items: &'t [Named], prefix: Option<&str>, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let items: Vec<Item> = self.over(&rows, |binder| {
            let columns = |binder: &mut Self, (index, named): (usize, &'t Named)| match (binder.items(named), prefix) {
                // What `print` shows has no column to be called after.
                (found, Some(prefix)) if found.len() == 1 && named.target.is_none() => {
                    found.into_iter().map(|item| Item { name: Some(format!("{prefix}{index}")), given: None, ..item }).collect()
                }
                (found, _) => found,
            };
            items.iter().enumerate().flat_map(|item| columns(binder, item)).collect()
        });
        let mut unique = Unique::default();
        let mut explicit = Columns::default();
        let mut columns = Vec::new();
        let mut expressions = Vec::new();
        for Item { name, given, value, .. } in items {
            let lineage = lineage_of(&value, &rows);
            let name = match (given, name) {
                (Some((name, at)), _) => explicit.explicit(self, &mut unique, &name, at),
                (None, Some(name)) => Some(unique.make(&name)),
                (None, None) => Some(unique.unnamed()),
            };
            let Some(name) = name else { continue };
            columns.push(Column { name, kind: value.ty, lineage });
            expressions.push(value);
        }
        self.projected(input, columns, expressions, place)
    }

    /// `distinct`
    pub(super) fn distinct(&mut self, input: &Arc<Relation>, distinct: &'t tree::Distinct, place: Place) -> Arc<Relation> {
        let all = matches!(distinct.columns.as_slice(), [Named { value, .. }] if matches!(value.kind, tree::ExprKind::Star));
        let narrowed = if all { Arc::clone(input) } else { self.project(input, &distinct.columns, None, place) };
        if let RelationKind::Project { expressions, .. } = &narrowed.kind
            && !all
        {
            for value in expressions.clone() {
                self.groupable(&value, "a value of 'distinct'");
            }
        }
        self.relation(narrowed.columns.clone(), RelationKind::Distinct(Arc::clone(&narrowed)), &[&narrowed], place)
    }

    /// The columns that names and patterns mean, in the order of the table for each; what does not exist is reported.
    fn matching(&mut self, input: &Relation, by: &ByName) -> Vec<usize> {
        match by {
            ByName::Name(name) => match self.place_of(&input.columns, &name.text) {
                Some(index) => vec![index],
                None => {
                    if !input.open {
                        self.unknown_column_of(&input.columns, name.place, "column", &name.text);
                    }
                    Vec::new()
                }
            },
            ByName::Wildcard(wildcard) => {
                self.carries(input.columns.len());
                if !self.works(wildcard.place) {
                    return Vec::new();
                }
                (0..input.columns.len()).filter(|index| fits(&wildcard.pattern, &input.columns[*index].name)).collect()
            }
        }
    }

    /// `project-away` and `project-keep`
    pub(super) fn keep(&mut self, input: &Arc<Relation>, names: &[ByName], away: bool, place: Place) -> Arc<Relation> {
        let named: HashSet<usize> = names.iter().flat_map(|by| self.matching(input, by)).collect();
        let places: Vec<usize> = (0..input.columns.len()).filter(|index| named.contains(index) != away).collect();
        self.narrowed(input, &places, place)
    }

    /// `project-rename`
    pub(super) fn rename(&mut self, input: &Arc<Relation>, items: &'t [Named], place: Place) -> Arc<Relation> {
        let mut columns = input.columns.clone();
        let mut renamed = HashSet::new();
        for named in items {
            let (Some(Target::One(new)), tree::ExprKind::Name(old)) = (&named.target, &named.value.kind) else {
                self.error_with(Code::Misplaced, named.place(), "expected a new name and a column", "write `new = old`");
                continue;
            };
            let Some(index) = self.place_of(&input.columns, &old.text) else {
                if input.open {
                    columns.push(column(new.text.clone(), ScalarType::Dynamic));
                } else {
                    self.unknown_column_of(&input.columns, old.place, "column", &old.text);
                }
                continue;
            };
            // Of several new names for one column, the first counts.
            if renamed.insert(index) {
                columns[index].name.clone_from(&new.text);
            }
        }
        let mut taken = HashSet::new();
        let double = columns.iter().find(|column| !taken.insert(column.name.clone())).map(|column| column.name.clone());
        if let Some(double) = double {
            self.error_with(Code::DuplicateColumn, place, format!("two columns would be named '{double}'"), "use another name");
            return self.failed(columns, place);
        }
        if columns.len() != input.columns.len() {
            return self.failed(columns, place);
        }
        let expressions = (0..columns.len()).map(|index| reference(input, index, place)).collect();
        self.projected(input, columns, expressions, place)
    }

    /// `project-reorder`
    pub(super) fn reorder(&mut self, input: &Arc<Relation>, by: &[Reordered], place: Place) -> Arc<Relation> {
        let (mut order, mut ordered) = (Vec::new(), HashSet::new());
        // A column that is named for itself is not taken by a pattern.
        let named: HashSet<usize> = by
            .iter()
            .filter_map(|reordered| match &reordered.column {
                ByName::Name(name) => self.place_of(&input.columns, &name.text),
                ByName::Wildcard(_) => None,
            })
            .collect();
        for reordered in by {
            let mut found = self.matching(input, &reordered.column);
            if let ByName::Wildcard(_) = reordered.column {
                found.retain(|index| !named.contains(index));
            }
            let name = |index: &usize| input.columns[*index].name.as_str();
            match reordered.direction {
                None => {}
                Some(Direction::Ascending) => found.sort_by(|a, b| name(a).cmp(name(b))),
                Some(Direction::Descending) => found.sort_by(|a, b| name(b).cmp(name(a))),
                Some(Direction::NaturalAscending) => found.sort_by(|a, b| natural(name(a), name(b))),
                Some(Direction::NaturalDescending) => found.sort_by(|a, b| natural(name(b), name(a))),
            }
            order.extend(found.into_iter().filter(|index| ordered.insert(*index)));
        }
        order.extend((0..input.columns.len()).filter(|index| !ordered.contains(index)));
        self.narrowed(input, &order, place)
    }

    /// `project-by-names`
    pub(super) fn by_names(&mut self, input: &Arc<Relation>, names: &'t [tree::Expr], place: Place) -> Arc<Relation> {
        use super::super::bound::Constant;
        let (mut order, mut ordered) = (Vec::new(), HashSet::new());
        for expr in names {
            let patterns: Vec<String> = match &expr.kind {
                tree::ExprKind::Name(name) if self.lookup(&name.text).is_none() => vec![name.text.clone()],
                tree::ExprKind::Wildcard(wildcard) => vec![wildcard.pattern.clone()],
                _ => {
                    let value = self.without_rows(|binder| binder.value(expr));
                    match value.kind {
                        ExprKind::Literal(Constant::String(name)) => vec![name.to_string()],
                        ExprKind::Literal(Constant::Dynamic(json)) => serde_json::from_str(&json).unwrap_or_default(),
                        ExprKind::Error => Vec::new(),
                        _ => {
                            self.error(Code::NotConstant, expr.place, "expected names of columns as constants");
                            Vec::new()
                        }
                    }
                }
            };
            for pattern in patterns {
                self.carries(input.columns.len());
                if !self.works(expr.place) {
                    break;
                }
                let fitting = (0..input.columns.len()).filter(|index| fits(&pattern, &input.columns[*index].name));
                order.extend(fitting.filter(|index| ordered.insert(*index)));
            }
        }
        self.narrowed(input, &order, place)
    }
}

/// A column of a relation.
pub(super) fn reference(input: &Relation, index: usize, place: Place) -> Expr {
    Expr { kind: ExprKind::Column(index), ty: input.columns[index].kind, place }
}

/// Whether an expression is a column only if the rows have it.
fn is_missing_column(value: &tree::Expr) -> bool {
    matches!(&value.kind, tree::ExprKind::Call(call) if matches!(call.name.text.as_str(), "column_ifexists" | "columnifexists"))
}

/// One of several values.
fn part_of(value: &Expr, index: usize, kind: ScalarType) -> Expr {
    let place = value.place;
    if value.is_mistake() {
        return mistake(place);
    }
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    convert(Expr { kind: ExprKind::Part { value: Box::new(value.clone()), key: Key::Index(index) }, ty: ScalarType::Dynamic, place }, kind)
}

/// The order of names with numbers in them: `a2` before `a10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match (digits(a), digits(b)) {
            (0, _) | (_, 0) => match (a.chars().next(), b.chars().next()) {
                (Some(x), Some(y)) if x == y => (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]),
                (x, y) => return x.cmp(&y),
            },
            (x, y) => {
                let (one, other) = (a[..x].trim_start_matches('0'), b[..y].trim_start_matches('0'));
                let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (&a[x..], &b[y..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["a10", "b", "a2", "a1", "a02b", "A1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["A1", "a1", "a2", "a02b", "a10", "b"]);
    }
}
