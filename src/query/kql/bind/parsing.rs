//! `parse`, `parse-where` and `parse-kv`: columns out of texts.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::bound::{Column, Expr, KvOptions, Parse, ParseColumn, ParsePart, Relation, RelationKind};
use super::super::diagnostics::Code;
use super::super::tree::{self, Name, ParseKind, Place, ScalarType};
use super::binder::{Binder, column};
use super::expressions::literal_text;
use super::typing::convert;

impl<'t> Binder<'t> {
    fn parsed_text(&mut self, input: &Arc<Relation>, value: &'t tree::Expr, operator: &str) -> Expr {
        let rows = Arc::clone(input);
        let value = self.over(&rows, |binder| binder.value(value));
        if !matches!(value.ty, ScalarType::String | ScalarType::Dynamic) {
            let message = format!("'{operator}' reads texts, found {}", value.ty.as_str());
            self.error_with(Code::TypeMismatch, value.place, message, "convert it with `tostring(...)`");
        }
        convert(value, ScalarType::String)
    }

    /// `parse` and `parse-where`
    pub(super) fn parse(&mut self, input: &Arc<Relation>, parse: &'t tree::Parse, filters: bool, place: Place) -> Arc<Relation> {
        let value = self.parsed_text(input, &parse.value, if filters { "parse-where" } else { "parse" });
        let mut flags = String::new();
        for setting in &parse.settings {
            if setting.name == "flags" {
                flags = setting.values.first().map(word).unwrap_or_default();
                if let Some(flag) = flags.chars().find(|flag| !"imsU".contains(*flag)) {
                    self.error_with(Code::UnknownOption, setting.place, format!("no flag is named '{flag}'"), "use letters of imsU");
                }
            }
        }
        let mut columns = input.columns.clone();
        let mut output: Vec<ParseColumn> = (0..columns.len()).map(ParseColumn::Input).collect();
        let mut captured: HashSet<&str> = HashSet::new();
        let mut captures = 0;
        let mut pattern = Vec::with_capacity(parse.pattern.len());
        for part in &parse.pattern {
            pattern.push(match part {
                tree::ParsePart::Star => ParsePart::Star,
                tree::ParsePart::Text(text) => ParsePart::Text(text.value.clone()),
                tree::ParsePart::Column(name, kind) => {
                    let kind = kind.unwrap_or(ScalarType::String);
                    let number = captures;
                    captures += 1;
                    if !captured.insert(&name.text) {
                        self.error_with(
                            Code::DuplicateColumn,
                            name.place,
                            format!("the column '{}' is given twice", name.text),
                            "use another name, or `*`",
                        );
                    }
                    self.capture(&mut columns, &mut output, name, kind, number);
                    ParsePart::Capture(kind)
                }
            });
        }
        let kind = parse.kind.unwrap_or(ParseKind::Simple);
        let bound = Parse { input: Arc::clone(input), value, kind, flags, filters, pattern, output };
        self.relation(columns, RelationKind::Parse(Box::new(bound)), &[input], place)
    }

    /// `parse-kv`
    pub(super) fn parse_kv(&mut self, input: &Arc<Relation>, parse: &'t tree::ParseKv, place: Place) -> Arc<Relation> {
        let value = self.parsed_text(input, &parse.value, "parse-kv");
        let mut columns = input.columns.clone();
        let mut output: Vec<ParseColumn> = (0..columns.len()).map(ParseColumn::Input).collect();
        let keys = self.declared_columns(&parse.columns);
        for (number, declared) in parse.columns.iter().enumerate() {
            self.capture(&mut columns, &mut output, &declared.name, declared.kind, number);
        }
        let keys = keys.into_iter().map(|key| (key.name, key.kind)).collect();
        let options = self.kv_options(&parse.settings);
        let kind = RelationKind::ParseKv { input: Arc::clone(input), value, keys, options, output };
        self.relation(columns, kind, &[input], place)
    }

    fn kv_options(&mut self, settings: &'t [tree::Setting]) -> KvOptions {
        let mut options = KvOptions::default();
        for setting in settings {
            let Some(value) = setting.values.first() else { continue };
            let found = match setting.name.as_str() {
                "pair_delimiter" => &mut options.pair_delimiter,
                "kv_delimiter" => &mut options.kv_delimiter,
                "escape" => &mut options.escape,
                "regex" => &mut options.regex,
                "greedy" => {
                    options.greedy = word(value) == "true";
                    continue;
                }
                "quote" => {
                    options.quotes = setting.values.iter().filter_map(|value| self.quote(value)).flatten().collect();
                    continue;
                }
                other => {
                    self.error(Code::UnknownOption, setting.place, format!("'parse-kv' has no option '{other}'"));
                    continue;
                }
            };
            *found = literal_text(value).map(str::to_owned);
            if found.is_none() {
                let value = self.without_rows(|binder| binder.value(value));
                match super::expressions::constant_of(&value) {
                    Some(super::super::bound::Constant::String(text)) => {
                        let text = Some(text.to_string());
                        match setting.name.as_str() {
                            "pair_delimiter" => options.pair_delimiter = text,
                            "kv_delimiter" => options.kv_delimiter = text,
                            "escape" => options.escape = text,
                            _ => options.regex = text,
                        }
                    }
                    _ => self.error(Code::NotConstant, setting.place, "expected a constant text"),
                }
            }
        }
        options
    }

    /// A captured value takes the place of a column with its name.
    fn capture(&self, columns: &mut Vec<Column>, output: &mut Vec<ParseColumn>, name: &Name, kind: ScalarType, number: usize) {
        let captured = column(name.text.clone(), kind);
        match self.place_of(columns, &name.text) {
            Some(index) => (columns[index], output[index]) = (captured, ParseColumn::Captured(number)),
            None => {
                columns.push(captured);
                output.push(ParseColumn::Captured(number));
            }
        }
    }

    /// One quote, or an opening and a closing one.
    fn quote(&mut self, value: &'t tree::Expr) -> Option<Vec<String>> {
        match literal_text(value) {
            Some(text) => Some(vec![text.to_owned()]),
            None => {
                self.error(Code::NotConstant, value.place, "expected a constant text");
                None
            }
        }
    }
}

/// The word or text that an option has.
pub(super) fn word(value: &tree::Expr) -> String {
    match &value.kind {
        tree::ExprKind::Name(name) => name.text.clone(),
        tree::ExprKind::String(string) => string.value.clone(),
        tree::ExprKind::Literal(literal) => literal.text.clone(),
        _ => String::new(),
    }
}
