//! Tabular operators: which one stands here, and those that choose, order and cut columns and rows.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::similar::similar;
use super::super::tree::{
    As, Direction, Distinct, Evaluate, EvaluateSchema, Expr, ExprKind, Named, Nulls, Operator, OperatorKind, Ordered, Place, Range, Reduce,
    Render, Reordered, Sample, SampleDistinct, Serialize, Sort, Summarize, Take, Top, TopHitters, TopNested, Where,
};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

/// Keywords of operators, for advice and completion.
pub(in super::super) const OPERATORS: &[&str] = &[
    "as",
    "assert-schema",
    "consume",
    "count",
    "distinct",
    "evaluate",
    "extend",
    "facet",
    "filter",
    "find",
    "fork",
    "getschema",
    "graph-mark-components",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "invoke",
    "join",
    "limit",
    "lookup",
    "macro-expand",
    "make-graph",
    "make-series",
    "mv-apply",
    "mv-expand",
    "order",
    "parse",
    "parse-kv",
    "parse-where",
    "partition",
    "project",
    "project-away",
    "project-by-names",
    "project-keep",
    "project-rename",
    "project-reorder",
    "reduce",
    "render",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

/// Charts whose names are keywords.
pub(in super::super) const CHARTS: &[&str] = &[
    "anomalychart",
    "areachart",
    "barchart",
    "card",
    "columnchart",
    "ladderchart",
    "linechart",
    "piechart",
    "pivotchart",
    "scatterchart",
    "stackedareachart",
    "timechart",
    "timeline",
    "timepivot",
    "treemap",
];

/// Options of the properties of a chart.
const CHART: &[&str] = &[
    "accumulate",
    "anomalycolumns",
    "kind",
    "legend",
    "series",
    "title",
    "xaxis",
    "xcolumn",
    "xmax",
    "xmin",
    "xtitle",
    "yaxis",
    "ycolumns",
    "ymax",
    "ymin",
    "ysplit",
    "ytitle",
];

impl Parser<'_> {
    /// Whether an operator that makes rows stands here.
    pub(super) fn has_source_operator(&self) -> bool {
        match self.word() {
            "find" | "print" | "search" | "union" | "macro-expand" => self.peek(1).kind != TokenKind::Equal,
            "range" => self.name_length(1, Names::Plain) > 0 && self.word_at(1 + self.name_length(1, Names::Plain)) == "from",
            "evaluate" => {
                let length = self.plugin_length(1);
                length > 0 && self.peek(1 + length).kind == TokenKind::OpenParen
            }
            word => OPERATORS.contains(&word) && !self.has_name(Names::Plain),
        }
    }

    /// An operator in front of which there are no rows.
    pub(super) fn source_operator(&mut self) -> Operator {
        if !matches!(self.word(), "find" | "print" | "search" | "union" | "macro-expand" | "range" | "evaluate") {
            let message = format!("expected a table in front of {}", self.found());
            self.complain(Code::MissingInput, message, Some(format!("write `Table | {} ...`", self.word())));
        }
        self.nested_operator()
    }

    /// Operators with `|` between, at least one.
    pub(super) fn operators(&mut self) -> Vec<Operator> {
        let mut operators = Vec::new();
        loop {
            operators.push(self.nested_operator());
            if !self.is_boundary() {
                self.skip_fragment();
            }
            if !self.eat(TokenKind::Bar) {
                return operators;
            }
        }
    }

    /// `( operators )`
    pub(super) fn operators_in_group(&mut self) -> Vec<Operator> {
        if !self.expect(TokenKind::OpenParen, "(") {
            return Vec::new();
        }
        let operators = self.operators();
        self.close(TokenKind::CloseParen, ")");
        operators
    }

    pub(super) fn operator_error(&self) -> Operator {
        Operator { kind: OperatorKind::Error, place: self.error().place }
    }

    pub(super) fn operator(&mut self) -> Operator {
        let start = self.here();
        let word = self.word();
        let kind = match word {
            "count" if self.peek(1).kind == TokenKind::OpenParen => self.operator_expected(),
            "print" | "range" if self.at > 0 && self.tokens[self.at - 1].kind == TokenKind::Bar => self.operator_expected(),
            "mvapply" | "mvexpand" | "print" | "range" => self.operator_known(word),
            _ if OPERATORS.contains(&word) => self.operator_known(word),
            _ => self.operator_expected(),
        };
        Operator { kind, place: self.since(start) }
    }

    fn operator_expected(&mut self) -> OperatorKind {
        let word = self.word();
        let help = match word {
            "" => None,
            "print" => Some("`print` begins a query; to add columns use `extend`".to_owned()),
            "range" => Some("`range` begins a query".to_owned()),
            _ => similar(word, OPERATORS.iter().copied()).map(|operator| format!("did you mean `{operator}`?")),
        };
        let message = format!("expected an operator, found {}", self.found());
        self.complain(Code::OperatorExpected, message, help);
        if !self.is_boundary() {
            let complained = self.complained;
            self.skip_fragment();
            self.complained = complained.or(self.complained);
        }
        OperatorKind::Error
    }

    fn operator_known(&mut self, word: &str) -> OperatorKind {
        use OperatorKind as K;
        self.step();
        match word {
            "as" => K::As(As { settings: self.settings(&[]), name: self.name(Names::Plain) }),
            "assert-schema" => K::AssertSchema(self.columns()),
            "consume" => K::Consume(self.settings(&[])),
            "count" => K::Count(self.eat_word("as").then(|| self.name(Names::Plain))),
            "distinct" => K::Distinct(self.distinct()),
            "evaluate" => K::Evaluate(self.evaluate()),
            "extend" => K::Extend(self.list(Self::named)),
            "facet" => K::Facet(self.facet()),
            "find" => K::Find(self.find()),
            "fork" => K::Fork(self.fork()),
            "getschema" => {
                let mut settings = self.settings(&[]);
                K::GetSchema(Self::take_name(&mut settings, &["kind"]))
            }
            "graph-mark-components" => K::GraphMarkComponents(self.graph_mark_components()),
            "graph-match" => K::GraphMatch(self.graph_match()),
            "graph-shortest-paths" => K::GraphShortestPaths(self.graph_shortest_paths()),
            "graph-to-table" => K::GraphToTable(self.list(Self::graph_output)),
            "graph-where-edges" => K::GraphWhereEdges(self.unnamed()),
            "graph-where-nodes" => K::GraphWhereNodes(self.unnamed()),
            "invoke" => K::Invoke(self.invoke()),
            "join" => K::Join(self.join()),
            "lookup" => K::Lookup(self.lookup()),
            "macro-expand" => K::MacroExpand(self.macro_expand()),
            "make-graph" => K::MakeGraph(self.make_graph()),
            "make-series" => K::MakeSeries(self.make_series()),
            "mv-apply" | "mvapply" => K::MvApply(self.mv_apply()),
            "mv-expand" | "mvexpand" => K::MvExpand(self.mv_expand()),
            "parse" => K::Parse(self.parse_pattern()),
            "parse-kv" => K::ParseKv(self.parse_kv()),
            "parse-where" => K::ParseWhere(self.parse_pattern()),
            "partition" => K::Partition(self.partition()),
            "print" => K::Print(self.list(Self::named)),
            "project" => K::Project(self.columns_if(Self::named)),
            "project-away" => K::ProjectAway(self.columns_if(Self::by_name)),
            "project-by-names" => K::ProjectByNames(self.columns_if(Self::unnamed)),
            "project-keep" => K::ProjectKeep(self.columns_if(Self::by_name)),
            "project-rename" => K::ProjectRename(self.columns_if(Self::named)),
            "project-reorder" => K::ProjectReorder(self.columns_if(Self::reordered)),
            "range" => K::Range(self.range()),
            "reduce" => K::Reduce(self.reduce()),
            "render" => K::Render(self.render()),
            "sample" => K::Sample(Sample { settings: self.settings(&[]), count: self.named() }),
            "sample-distinct" => {
                let (settings, count) = (self.settings(&[]), self.named());
                self.expect_word("of");
                K::SampleDistinct(SampleDistinct { settings, count, of: self.named() })
            }
            "scan" => K::Scan(self.scan()),
            "search" => K::Search(self.search()),
            "serialize" => K::Serialize(Serialize { settings: self.settings(&[]), columns: self.columns_if(Self::named) }),
            "sort" | "order" => {
                let settings = self.settings(&[]);
                self.expect_word("by");
                K::Sort(Sort { settings, by: self.list(Self::ordered) })
            }
            "summarize" => K::Summarize(self.summarize()),
            "take" | "limit" => K::Take(Take { settings: self.settings(&[]), count: self.named() }),
            "top" => {
                let (settings, count) = (self.settings(&[]), self.named());
                self.expect_word("by");
                K::Top(Top { settings, count, by: self.ordered() })
            }
            "top-hitters" => {
                let count = self.named();
                self.expect_word("of");
                let of = self.named();
                K::TopHitters(TopHitters { count, of, by: self.eat_word("by").then(|| self.named()) })
            }
            "top-nested" => K::TopNested(self.top_nested()),
            "union" => K::Union(self.union()),
            "where" | "filter" => K::Where(Where { settings: self.settings(&[]), condition: self.named() }),
            _ => K::Error,
        }
    }

    /// Items with commas between, or none.
    fn columns_if<T>(&mut self, item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let is_none = self.is_boundary() && self.kind() != TokenKind::Comma;
        if is_none { Vec::new() } else { self.list(item) }
    }

    fn distinct(&mut self) -> Distinct {
        let settings = self.settings(&[]);
        let columns = self.list(|parser| {
            let place = Place { start: parser.here(), end: parser.peek(0).end };
            match parser.eat(TokenKind::Star) {
                true => Named { target: None, value: Expr { kind: ExprKind::Star, place } },
                false => parser.named(),
            }
        });
        Distinct { settings, columns }
    }

    fn evaluate(&mut self) -> Evaluate {
        let settings = self.settings(&[]);
        let call = self.expect_call();
        let schema = self.eat(TokenKind::Colon).then(|| {
            self.expect(TokenKind::OpenParen, "(");
            let star = self.eat(TokenKind::Star);
            if star {
                self.eat(TokenKind::Comma);
            }
            EvaluateSchema { star, columns: self.list_until(TokenKind::CloseParen, ")", Trailing::Around, Self::column) }
        });
        Evaluate { settings, call, schema }
    }

    fn reordered(&mut self) -> Reordered {
        Reordered { column: self.by_name(), direction: self.direction() }
    }

    fn direction(&mut self) -> Option<Direction> {
        let direction = Direction::from_word(self.word())?;
        self.step();
        Some(direction)
    }

    /// A sort key.
    pub(super) fn ordered(&mut self) -> Ordered {
        let value = self.named();
        let direction = self.direction();
        let nulls = match self.eat_word("nulls") {
            true => {
                let nulls = Nulls::from_word(self.word());
                if nulls.is_some() {
                    self.step();
                } else {
                    self.expect_word("first");
                }
                nulls
            }
            false => None,
        };
        Ordered { value, direction, nulls }
    }

    fn range(&mut self) -> Range {
        let column = self.name(Names::Plain);
        self.expect_word("from");
        let from = self.unnamed();
        self.expect_word("to");
        let to = self.unnamed();
        self.expect_word("step");
        Range { column, from, to, step: self.unnamed() }
    }

    fn reduce(&mut self) -> Reduce {
        const WITH: &[&str] = &["threshold", "characters"];
        let settings = self.settings(WITH);
        self.expect_word("by");
        let by = self.named();
        let with = if self.eat_word("with") { self.list(|parser| parser.setting(WITH)) } else { Vec::new() };
        Reduce { settings, by, with }
    }

    fn render(&mut self) -> Render {
        let chart = if CHARTS.contains(&self.word()) { self.any_name() } else { self.name(Names::Plain) };
        // Old queries have the properties without parentheses.
        let mut settings = self.settings(CHART);
        let by = if self.eat_word("by") { self.list(|parser| parser.name(Names::Plain)) } else { Vec::new() };
        if self.eat_word("with") && self.expect(TokenKind::OpenParen, "(") {
            settings.extend(self.list_until(TokenKind::CloseParen, ")", Trailing::Around, |parser| parser.setting(CHART)));
        }
        Render { chart, settings, by }
    }

    fn summarize(&mut self) -> Summarize {
        let settings = self.settings(&[]);
        let begins_by = self.is("by") && self.peek(1).kind != TokenKind::Equal;
        let aggregates = if begins_by { Vec::new() } else { self.columns_if(Self::named) };
        let mut summarize = Summarize { settings, aggregates, by: Vec::new(), bin: None };
        if !self.eat_word("by") {
            return summarize;
        }
        summarize.by = self.list(Self::named);
        if self.is("bin") && self.peek(1).kind == TokenKind::Equal {
            self.step();
            self.step();
            summarize.bin = Some(self.unnamed());
        }
        summarize
    }

    fn top_nested(&mut self) -> Vec<TopNested> {
        let mut levels = vec![self.top_nested_level()];
        while self.eat(TokenKind::Comma) {
            self.expect_word("top-nested");
            levels.push(self.top_nested_level());
        }
        levels
    }

    fn top_nested_level(&mut self) -> TopNested {
        let start = self.here();
        let count = (!self.is("of")).then(|| self.named());
        self.expect_word("of");
        let of = self.named();
        let others = self.eat_word("with").then(|| {
            self.expect_word("others");
            self.expect(TokenKind::Equal, "=");
            self.unnamed()
        });
        self.expect_word("by");
        let by = self.ordered();
        TopNested { count, of, others, by, place: self.since(start) }
    }
}
