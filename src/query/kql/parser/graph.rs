//! Graph operators and their patterns.
//!
//! Arrows are no tokens: `a --> b` is a minus, a minus and a greater sign that touch.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::tree::{
    ComponentKind, Cycles, Edge, EdgeDirection, GraphMatch, GraphOutput, GraphOutputKind, Hops, MakeGraph, MarkComponents, NodeTable,
    Nodes, Partitioned, PathOutput, Pattern, Step,
};
use super::Parser;
use super::names::Names;

impl Parser<'_> {
    /// Steps over tokens that touch and together are `sign`.
    fn eat_sign(&mut self, sign: &str) -> bool {
        let start = self.here() as usize;
        if !self.text[start..].starts_with(sign) {
            return false;
        }
        let end = start + sign.len();
        let mut count = 0;
        while self.peek(count).span().end < end {
            count += 1;
        }
        let is_whole = self.peek(count).span().end == end;
        if is_whole {
            for _ in 0..=count {
                self.step();
            }
        }
        is_whole
    }

    pub(super) fn make_graph(&mut self) -> MakeGraph {
        let settings = self.settings(&[]);
        let source = self.name(Names::Plain);
        let directed = self.eat_sign("-->");
        if !directed && !self.eat_sign("--") {
            let message = format!("expected `-->` or `--`, found {}", self.found());
            self.complain(Code::Expected, message, None);
        }
        let target = self.name(Names::Plain);
        let nodes = match self.word() {
            "with_node_id" => {
                self.step();
                self.expect(TokenKind::Equal, "=");
                Some(Nodes::Implicit(self.name(Names::Plain)))
            }
            "with" => {
                self.step();
                Some(Nodes::Tables(self.list(|parser| {
                    let table = parser.nested(Self::path, Self::error);
                    parser.expect_word("on");
                    NodeTable { table, id: parser.name(Names::Plain) }
                })))
            }
            _ => None,
        };
        let partitioned = self.eat_word("partitioned-by").then(|| {
            let column = self.column_path();
            Partitioned { column, operators: self.operators_in_group() }
        });
        MakeGraph { settings, source, directed, target, nodes, partitioned }
    }

    pub(super) fn graph_match(&mut self) -> GraphMatch<Cycles> {
        let mut settings = self.settings(&[]);
        let rule = self.take_kind(&mut settings, "cycles", Cycles::WORDS, Cycles::from_word);
        self.graph_patterns(rule, settings)
    }

    pub(super) fn graph_shortest_paths(&mut self) -> GraphMatch<PathOutput> {
        let mut settings = self.settings(&["output"]);
        let rule = self.take_kind(&mut settings, "output", PathOutput::WORDS, PathOutput::from_word);
        self.graph_patterns(rule, settings)
    }

    fn graph_patterns<Rule>(&mut self, rule: Option<Rule>, settings: Vec<super::super::tree::Setting>) -> GraphMatch<Rule> {
        let patterns = self.list(Self::pattern);
        let condition = self.eat_word("where").then(|| self.unnamed());
        let project = if self.eat_word("project") { self.list(Self::named) } else { Vec::new() };
        GraphMatch { rule, settings, patterns, condition, project }
    }

    fn pattern(&mut self) -> Pattern {
        let start = self.here();
        let mut steps = Vec::new();
        while let Some(step) = self.pattern_step() {
            steps.push(step);
        }
        if steps.is_empty() {
            let message = format!("expected a pattern, found {}", self.found());
            self.complain(Code::MissingExpression, message, Some("for example `(a)-[e]->(b)`".to_owned()));
        }
        Pattern { steps, place: self.since(start) }
    }

    fn pattern_step(&mut self) -> Option<Step> {
        let start = self.here();
        if self.eat(TokenKind::OpenParen) {
            let name = self.name_if(Names::Plain);
            self.close(TokenKind::CloseParen, ")");
            return Some(Step::Node(name, self.since(start)));
        }
        let short = [("-->", EdgeDirection::Right), ("<--", EdgeDirection::Left), ("--", EdgeDirection::Any)];
        if let Some((_, direction)) = short.into_iter().find(|(sign, _)| self.eat_sign(sign)) {
            return Some(Step::Edge(Box::new(Edge { direction, name: None, hops: None, place: self.since(start) })));
        }
        let is_left = self.eat_sign("<-[");
        if !is_left && !self.eat_sign("-[") {
            return None;
        }
        let name = self.name_if(Names::Plain);
        let hops = self.eat(TokenKind::Star).then(|| {
            let from = self.path();
            self.expect(TokenKind::DotDot, "..");
            Hops { from, to: self.path() }
        });
        let is_right = self.eat_sign("]->");
        if !is_right && !self.eat_sign("]-") {
            let message = format!("expected `]->` or `]-`, found {}", self.found());
            self.complain(Code::Expected, message, None);
        }
        let direction = match (is_left, is_right) {
            (true, false) => EdgeDirection::Left,
            (false, true) => EdgeDirection::Right,
            (false, false) | (true, true) => EdgeDirection::Any,
        };
        Some(Step::Edge(Box::new(Edge { direction, name, hops, place: self.since(start) })))
    }

    pub(super) fn graph_output(&mut self) -> GraphOutput {
        let start = self.here();
        let kind = match self.word() {
            "edges" => GraphOutputKind::Edges,
            _ => GraphOutputKind::Nodes,
        };
        if !self.eat_word("edges") {
            self.expect_word("nodes");
        }
        let name = self.eat_word("as").then(|| self.name(Names::Plain));
        let settings = self.settings(&["with_node_id", "with_source_id", "with_target_id"]);
        GraphOutput { kind, name, settings, place: self.since(start) }
    }

    pub(super) fn graph_mark_components(&mut self) -> MarkComponents {
        let mut settings = self.settings(&["with_component_id"]);
        let kind = self.take_kind(&mut settings, "kind", ComponentKind::WORDS, ComponentKind::from_word);
        MarkComponents { kind, settings }
    }
}
