//! Options of operators: `kind=inner`, `hint.strategy=shuffle`, `with_source=Table`.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::similar::similar;
use super::super::tree::{Expr, ExprKind, Name, Setting};
use super::Parser;
use super::names::Names;

/// Names that are options wherever an operator takes options.
const KNOWN: &[&str] = &[
    "__crossCluster",
    "__crossDB",
    "__id",
    "__isFuzzy",
    "__noWithSource",
    "__packedColumn",
    "__sourceColumnIndex",
    "bagexpansion",
    "bin_legacy",
    "cycles",
    "decodeblocks",
    "expandoutput",
    "force_remote",
    "isfuzzy",
    "kind",
    "with_itemindex",
    "with_match_id",
    "with_source",
    "with_step_name",
    "withsource",
];

/// Names of hints.
const HINTS: &[&str] = &[
    "concurrency",
    "distribution",
    "materialized",
    "num_partitions",
    "pass_filters",
    "pass_filters_column",
    "progressive_top",
    "remote",
    "shufflekey",
    "spread",
    "strategy",
];

/// Values of options that are keywords besides.
const KEYWORDS: &[&str] = &["all", "hotcache", "nooptimization", "relaxed", "simple"];

/// Options that are lists of columns.
const LISTS: &[&str] = &["anomalycolumns", "series", "ycolumns"];

/// Options that are expressions.
const TEXTS: &[&str] = &["title", "xtitle", "ytitle"];

impl Parser<'_> {
    /// The options here; besides those of all operators, `own` ones.
    pub(super) fn settings(&mut self, own: &[&'static str]) -> Vec<Setting> {
        let mut settings = Vec::new();
        while self.setting_length(own) > 0 {
            settings.push(self.setting(own));
        }
        settings
    }

    /// How many tokens the name of the option here has; 0 if none stands here.
    fn setting_length(&self, own: &[&'static str]) -> usize {
        let word = self.word();
        let length = match word {
            "" => return 0,
            "hint" if self.peek(1).kind == TokenKind::Dot && !self.word_at(2).is_empty() => 3,
            _ if own.contains(&word) || KNOWN.contains(&word) => 1,
            _ => return 0,
        };
        if self.peek(length).kind == TokenKind::Equal { length } else { 0 }
    }

    /// One option `name=value`.
    pub(super) fn setting(&mut self, own: &[&'static str]) -> Setting {
        let start = self.here();
        let length = self.setting_length(own);
        if length == 0 {
            let message = format!("expected an option, found {}", self.found());
            let help = similar(self.word(), own.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            self.complain(Code::Expected, message, help);
            let name = self.word().to_owned();
            if !name.is_empty() && self.peek(1).kind == TokenKind::Equal {
                self.step();
                self.step();
                self.setting_value();
            }
            return Setting { name, values: Vec::new(), place: self.since(start) };
        }
        let mut name = String::new();
        for _ in 0..length {
            name.push_str(self.step().text(self.text));
        }
        if let Some(hint) = name.strip_prefix("hint.").filter(|hint| !HINTS.contains(hint)) {
            let place = self.since(start);
            self.report_unknown(Code::UnknownOption, "a known hint", hint, place, HINTS);
        }
        self.step();
        let values = match name.as_str() {
            name if LISTS.contains(&name) => self.setting_columns(own),
            name if TEXTS.contains(&name) => vec![self.path()],
            _ => vec![self.setting_value()],
        };
        Setting { name, values, place: self.since(start) }
    }

    /// Names with commas, up to a comma that another option stands behind.
    fn setting_columns(&mut self, own: &[&'static str]) -> Vec<Expr> {
        let mut columns = Vec::new();
        loop {
            let name = self.name(Names::Declared);
            columns.push(Expr { place: name.place, kind: ExprKind::Name(name) });
            if self.kind() != TokenKind::Comma {
                return columns;
            }
            let is_option = own.contains(&self.word_at(1)) && self.peek(2).kind == TokenKind::Equal;
            if is_option || self.peek(1).kind == TokenKind::CloseParen {
                return columns;
            }
            self.step();
        }
    }

    /// A literal, a word or a name.
    pub(super) fn setting_value(&mut self) -> Expr {
        if let Some(literal) = self.literal_expr_if() {
            return literal;
        }
        if self.has_name(Names::Plain) || KEYWORDS.contains(&self.word()) {
            let name = self.any_name();
            return Expr { place: name.place, kind: ExprKind::Name(name) };
        }
        self.missing()
    }

    /// Takes the option `name` out of `settings` and reads its word.
    pub(super) fn take_kind<T>(
        &mut self,
        settings: &mut Vec<Setting>,
        name: &str,
        words: &[&'static str],
        read: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let at = settings.iter().position(|setting| setting.name == name)?;
        let word = word_of(&settings[at])?;
        match read(&word.text) {
            Some(kind) => {
                settings.remove(at);
                Some(kind)
            }
            None => {
                let (text, place) = (word.text.clone(), word.place);
                self.report_unknown(Code::UnknownOption, &format!("a known `{name}`"), &text, place, words);
                None
            }
        }
    }

    /// Takes an option whose value is a name out of `settings`.
    pub(super) fn take_name(settings: &mut Vec<Setting>, names: &[&str]) -> Option<Name> {
        let at = settings.iter().position(|setting| names.contains(&setting.name.as_str()) && word_of(setting).is_some())?;
        word_of(&settings.remove(at)).cloned()
    }
}

fn word_of(setting: &Setting) -> Option<&Name> {
    match setting.values.as_slice() {
        [Expr { kind: ExprKind::Name(name), .. }] => Some(name),
        _ => None,
    }
}
