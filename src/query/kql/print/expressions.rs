//! Expressions as text.

use super::super::tree::{BinaryOperator, Call, Column, Expr, ExprKind, Json, Named, Pipe, Setting, TypeOf};
use super::doc::Doc;
use super::{Printer, names};

/// An item of a list with the break in front of it.
pub(super) type Item = (Doc, Doc);

impl Printer {
    pub(super) fn expr(&mut self, expr: &Expr) -> Doc {
        let end = expr.place.end;
        match &expr.kind {
            ExprKind::Literal(literal) => Doc::text(&*literal.text),
            ExprKind::String(string) => Doc::text(&*string.text),
            ExprKind::Dynamic(json) => {
                let inner = self.json(json);
                Doc::all(vec![Doc::text("dynamic("), inner, Doc::text(")")])
            }
            ExprKind::TypeOf(kind) => Doc::text(type_of(kind)),
            ExprKind::Name(name) => Doc::text(names::name(name)),
            ExprKind::Wildcard(wildcard) => Doc::text(&*wildcard.pattern),
            ExprKind::Placeholder(name) => Doc::text(format!("{{{}}}", name.text)),
            ExprKind::Star => Doc::text("*"),
            ExprKind::Row => Doc::text("@"),
            ExprKind::Field(of, name) => self.behind(of, format!("{}{}", dot(of), names::name(name))),
            ExprKind::FieldWildcard(of, wildcard) => self.behind(of, format!("{}{}", dot(of), wildcard.pattern)),
            ExprKind::Index(of, at) => {
                let docs = vec![self.expr(of), Doc::text("["), self.expr(at), Doc::text("]")];
                Doc::all(docs)
            }
            ExprKind::Method(of, call) => {
                let docs = vec![self.expr(of), Doc::text(dot(of)), self.call(call)];
                Doc::all(docs)
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Negative(of) => Doc::all(vec![Doc::text("-"), self.expr(of)]),
            ExprKind::Positive(of) => Doc::all(vec![Doc::text("+"), self.expr(of)]),
            ExprKind::And(all) => self.chain(all, "and "),
            ExprKind::Or(all) => self.chain(all, "or "),
            ExprKind::Binary(_) => self.binary(expr),
            ExprKind::Membership(it) => {
                let left = self.expr(&it.left);
                let list = self.exprs(&it.list);
                let list = self.enclosed(&format!(" {} (", it.operator.as_str()), list, ")", end);
                Doc::all(vec![left, list])
            }
            ExprKind::Between(it) => {
                let word = if it.negated { " !between (" } else { " between (" };
                let docs =
                    vec![self.expr(&it.value), Doc::text(word), self.expr(&it.from), Doc::text(" .. "), self.expr(&it.to), Doc::text(")")];
                Doc::all(docs)
            }
            ExprKind::Group(inner) => self.wrapped("(", inner, end),
            ExprKind::ToScalar(inner) | ExprKind::ToTable(inner) => {
                let word = if matches!(expr.kind, ExprKind::ToScalar(_)) { "toscalar" } else { "totable" };
                let kind = if inner.no_optimization { " kind=nooptimization " } else { "" };
                self.wrapped(&format!("{word}{kind}("), &inner.body, end)
            }
            ExprKind::Materialize(inner) => self.wrapped("materialize(", inner, end),
            ExprKind::DataTable(table) => {
                let head = format!("datatable{}(", self.spaced(&table.settings));
                let columns = self.columns(&head, &table.columns, ")");
                let values = self.cells(&table.values, table.columns.len());
                Doc::all(vec![columns, self.enclosed("[", values, "]", end)])
            }
            ExprKind::ExternalData(data) => {
                let head = format!("externaldata{}(", self.spaced(&data.settings));
                let columns = self.columns(&head, &data.columns, ")");
                let sources = self.exprs(&data.sources);
                let with = self.with_settings(&data.properties);
                Doc::all(vec![columns, self.enclosed("[", sources, "]", end), Doc::text(with)])
            }
            ExprKind::EntityGroup(members) => {
                let members = self.exprs(members);
                self.enclosed("entity_group [", members, "]", end)
            }
            ExprKind::DataScope(of, scope) => self.behind(of, format!(" datascope={}", scope.text)),
            ExprKind::Source(operator) => self.operator(operator),
            ExprKind::Pipe(pipe) => self.pipe(pipe, Doc::line).group(),
            ExprKind::Error => Doc::nothing(),
        }
    }

    fn behind(&mut self, of: &Expr, text: String) -> Doc {
        Doc::all(vec![self.expr(of), Doc::text(text)])
    }

    /// A pipeline; `line` stands in front of each `|`.
    pub(super) fn pipe(&mut self, pipe: &Pipe, line: fn() -> Doc) -> Doc {
        let mut docs = vec![self.expr(&pipe.source)];
        docs.extend(self.stages(&pipe.operators, line));
        Doc::all(docs)
    }

    /// Brackets around something that may be a pipeline.
    pub(super) fn wrapped(&mut self, open: &str, inner: &Expr, end: u32) -> Doc {
        let line = self.comments.break_before(inner.place.start, Doc::soft());
        let inner = match &inner.kind {
            ExprKind::Pipe(pipe) => self.pipe(pipe, Doc::line),
            _ => self.expr(inner),
        };
        let close = self.comments.break_before(end, Doc::soft());
        Doc::all(vec![Doc::text(open), Doc::all(vec![line, inner]).nest(), close, Doc::text(")")]).group()
    }

    /// Operands with one word between.
    fn chain(&mut self, all: &[Expr], word: &str) -> Doc {
        let mut docs = Vec::with_capacity(all.len() * 3);
        for (at, expr) in all.iter().enumerate() {
            if at > 0 {
                docs.push(self.comments.break_before(expr.place.start, Doc::line()));
                docs.push(Doc::text(word));
            }
            docs.push(self.expr(expr));
        }
        Doc::all(docs).group()
    }

    /// Operators between two operands; those that lean left are one list.
    fn binary(&mut self, expr: &Expr) -> Doc {
        let mut first = expr;
        let mut rest = Vec::new();
        while let ExprKind::Binary(binary) = &first.kind {
            rest.push((binary.operator, &binary.right));
            first = &binary.left;
        }
        let mut docs = vec![self.expr(first)];
        for (operator, right) in rest.into_iter().rev() {
            docs.push(match operator {
                BinaryOperator::Search => Doc::text(": "),
                _ => {
                    let line = self.comments.break_before(right.place.start, Doc::line());
                    Doc::all(vec![line, Doc::text(format!("{} ", operator.as_str()))])
                }
            });
            docs.push(self.expr(right));
        }
        Doc::all(docs).nest().group()
    }

    pub(super) fn call(&mut self, call: &Call) -> Doc {
        let arguments = self.named_all(&call.arguments);
        self.enclosed(&format!("{}(", names::name(&call.name)), arguments, ")", call.place.end)
    }

    pub(super) fn named(&mut self, named: &Named) -> Doc {
        let head = named.target.as_ref().map(names::target).unwrap_or_default();
        Doc::all(vec![Doc::text(head), self.expr(&named.value)])
    }

    pub(super) fn named_all(&mut self, all: &[Named]) -> Vec<Item> {
        all.iter().map(|named| (self.comments.break_before(named.place().start, Doc::line()), self.named(named))).collect()
    }

    pub(super) fn exprs(&mut self, all: &[Expr]) -> Vec<Item> {
        all.iter().map(|expr| (self.comments.break_before(expr.place.start, Doc::line()), self.expr(expr))).collect()
    }

    /// Cells of a table, a row on a line.
    fn cells(&mut self, values: &[Expr], columns: usize) -> Vec<Item> {
        if columns < 2 {
            return self.exprs(values);
        }
        let mut rows = Vec::new();
        for row in values.chunks(columns) {
            let mut docs = Vec::new();
            let line = self.comments.break_before(row[0].place.start, Doc::line());
            for (at, value) in row.iter().enumerate() {
                if at > 0 {
                    docs.push(Doc::text(","));
                    docs.push(self.comments.break_before(value.place.start, Doc::text(" ")));
                }
                docs.push(self.expr(value));
            }
            rows.push((line, Doc::all(docs)));
        }
        rows
    }

    /// Declared columns between brackets.
    pub(super) fn columns(&mut self, open: &str, columns: &[Column], close: &str) -> Doc {
        let items = columns
            .iter()
            .map(|column| {
                let line = self.comments.break_before(column.place.start, Doc::line());
                (line, Doc::text(names::columns(std::slice::from_ref(column))))
            })
            .collect();
        // What stands behind the last one may as well stand behind the bracket.
        self.enclosed(open, items, close, 0)
    }

    /// Items between brackets: on one line, or each on its own.
    pub(super) fn enclosed(&mut self, open: &str, items: Vec<Item>, close: &str, end: u32) -> Doc {
        let end = self.comments.break_before(end, Doc::soft());
        let items = separated(items, Doc::soft);
        Doc::all(vec![Doc::text(open), items.nest(), end, Doc::text(close)]).group()
    }

    fn json(&mut self, json: &Json) -> Doc {
        match json {
            Json::Null(_) => Doc::text("null"),
            Json::Literal(literal) => Doc::text(&*literal.text),
            Json::String(string) => Doc::text(&*string.text),
            Json::Array(values, place) => {
                let values =
                    values.iter().map(|value| (self.comments.break_before(value.place().start, Doc::line()), self.json(value))).collect();
                self.enclosed("[", values, "]", place.end)
            }
            Json::Object(pairs, place) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| {
                        let line = self.comments.break_before(key.place.start, Doc::line());
                        (line, Doc::all(vec![Doc::text(format!("{}: ", key.text)), self.json(value)]))
                    })
                    .collect();
                self.enclosed("{", pairs, "}", place.end)
            }
            Json::Nested(inner, _) => Doc::all(vec![Doc::text("dynamic("), self.json(inner), Doc::text(")")]),
            Json::Error(_) => Doc::nothing(),
        }
    }

    /// Options with a space in front of each.
    pub(super) fn spaced(&mut self, settings: &[Setting]) -> String {
        settings.iter().map(|setting| format!(" {}", self.setting(setting))).collect()
    }

    /// ` with (...)`, or nothing.
    pub(super) fn with_settings(&mut self, settings: &[Setting]) -> String {
        if settings.is_empty() {
            return String::new();
        }
        let settings: Vec<String> = settings.iter().map(|setting| self.setting(setting)).collect();
        format!(" with ({})", settings.join(", "))
    }

    pub(super) fn setting(&mut self, setting: &Setting) -> String {
        let values: Vec<String> = setting.values.iter().map(setting_value).collect();
        format!("{}={}", setting.name, values.join(", "))
    }
}

/// Options are words, names and literals, seldom a call; all on one line.
fn setting_value(value: &Expr) -> String {
    match &value.kind {
        // A word of an option is itself, even if it is a keyword.
        ExprKind::Name(name) if matches!(&*name.text, "nooptimization" | "relaxed" | "simple") => name.text.clone(),
        _ => {
            let mut printer = Printer { comments: super::Comments::none() };
            printer.expr(value).layout().trim_end().to_owned()
        }
    }
}

/// Items with commas between; `first` is the break in front of them all.
pub(super) fn separated(items: Vec<Item>, first: fn() -> Doc) -> Doc {
    let mut docs = Vec::with_capacity(items.len() * 3);
    for (at, (line, item)) in items.into_iter().enumerate() {
        if at > 0 {
            docs.push(Doc::text(","));
        }
        docs.push(if at == 0 && line.is_plain_line() { first() } else { line });
        docs.push(item);
    }
    Doc::all(docs)
}

pub(super) fn type_of(kind: &TypeOf) -> String {
    match kind {
        TypeOf::Scalar(kind) => format!("typeof({})", kind.as_str()),
        TypeOf::Table { star, columns } => {
            let star = match (star, columns.is_empty()) {
                (true, true) => "*",
                (true, false) => "*, ",
                (false, _) => "",
            };
            format!("typeof({star}{})", names::columns(columns))
        }
    }
}

/// The dot behind a value: right behind digits it would belong to the number.
fn dot(of: &Expr) -> &'static str {
    match &of.kind {
        ExprKind::Literal(literal) if literal.text.bytes().all(|byte| byte.is_ascii_digit()) => " .",
        _ => ".",
    }
}
