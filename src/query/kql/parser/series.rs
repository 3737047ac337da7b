//! `make-series`, `mv-expand`, `mv-apply`, `scan`.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::tree::{
    Expand, ExpandKind, Expanded, MakeSeries, MvApply, MvExpand, Scan, ScanOutput, ScanStep, SeriesColumn, SeriesKind, SeriesRange, Steps,
};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

impl Parser<'_> {
    pub(super) fn make_series(&mut self) -> MakeSeries {
        let mut settings = self.settings(&[]);
        let kind = self.take_kind(&mut settings, "kind", SeriesKind::WORDS, SeriesKind::from_word);
        let columns = self.list(|parser| {
            let value = parser.named();
            let default = parser.eat_word("default").then(|| {
                parser.expect(TokenKind::Equal, "=");
                parser.unnamed()
            });
            SeriesColumn { value, default }
        });
        self.expect_word("on");
        let on = self.named();
        let range = self.series_range();
        let by = if self.eat_word("by") { self.list(Self::named) } else { Vec::new() };
        MakeSeries { kind, settings, columns, on, range, by }
    }

    fn series_range(&mut self) -> SeriesRange {
        if self.is("in") && self.word_at(1) == "range" {
            self.step();
            self.step();
            self.expect(TokenKind::OpenParen, "(");
            return SeriesRange::InRange(self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::named));
        }
        let from = self.eat_word("from").then(|| self.unnamed());
        let to = self.eat_word("to").then(|| self.unnamed());
        self.expect_word("step");
        SeriesRange::FromToStep(Box::new(Steps { from, to, step: self.unnamed() }))
    }

    pub(super) fn mv_expand(&mut self) -> MvExpand {
        let mut settings = self.settings(&[]);
        let kind = self
            .take_kind(&mut settings, "kind", ExpandKind::WORDS, ExpandKind::from_word)
            .or_else(|| self.take_kind(&mut settings, "bagexpansion", ExpandKind::WORDS, ExpandKind::from_word));
        let item_index = Self::take_name(&mut settings, &["with_itemindex"]);
        let columns = self.list(Self::expanded);
        let limit = self.eat_word("limit").then(|| self.unnamed());
        MvExpand { kind, expand: Expand { item_index, settings, columns, limit } }
    }

    pub(super) fn mv_apply(&mut self) -> MvApply {
        let mut settings = self.settings(&[]);
        let item_index = Self::take_name(&mut settings, &["with_itemindex"]);
        let is_unnamed = self.is("to") && self.word_at(1) == "typeof";
        let columns = match is_unnamed {
            true => vec![Expanded { value: None, kind: self.element_type() }],
            false => self.list(Self::expanded),
        };
        let limit = self.eat_word("limit").then(|| self.unnamed());
        self.expect_word("on");
        let operators = self.operators_in_group();
        MvApply { expand: Expand { item_index, settings, columns, limit }, operators }
    }

    fn expanded(&mut self) -> Expanded {
        let value = Some(self.named());
        Expanded { value, kind: self.element_type() }
    }

    pub(super) fn scan(&mut self) -> Scan {
        let settings = self.settings(&[]);
        let mut scan = Scan { settings, order: Vec::new(), partition: Vec::new(), declare: Vec::new(), steps: Vec::new() };
        if self.eat_word("order") {
            self.expect_word("by");
            scan.order = self.list(Self::ordered);
        }
        if self.eat_word("partition") {
            self.expect_word("by");
            scan.partition = self.list(Self::unnamed);
        }
        if self.eat_word("declare") {
            self.expect(TokenKind::OpenParen, "(");
            scan.declare = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::parameter);
        }
        self.expect_word("with");
        if self.expect(TokenKind::OpenParen, "(") {
            while self.is("step") {
                scan.steps.push(self.scan_step());
            }
            self.close(TokenKind::CloseParen, ")");
        }
        scan
    }

    fn scan_step(&mut self) -> ScanStep {
        let start = self.here();
        self.step();
        let name = self.name(Names::Declared);
        let optional = self.eat_word("optional");
        let output = if self.eat_word("output") { self.scan_output() } else { None };
        self.expect(TokenKind::Colon, ":");
        let condition = self.unnamed();
        let mut assignments = Vec::new();
        if self.eat(TokenKind::FatArrow) {
            assignments = self.list(|parser| {
                let name = parser.name(Names::Declared);
                parser.expect(TokenKind::Equal, "=");
                (name, parser.unnamed())
            });
        }
        self.expect(TokenKind::Semicolon, ";");
        ScanStep { name, optional, output, condition, assignments, place: self.since(start) }
    }

    fn scan_output(&mut self) -> Option<ScanOutput> {
        self.expect(TokenKind::Equal, "=");
        let (start, word) = (self.here(), self.word());
        let output = ScanOutput::from_word(word);
        if output.is_some() {
            self.step();
        } else if word.is_empty() {
            self.expect_word("all");
        } else {
            self.step();
            let place = self.since(start);
            self.report_unknown(Code::UnknownOption, "a known `output`", word, place, ScanOutput::WORDS);
        }
        output
    }
}
