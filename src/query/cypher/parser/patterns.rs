//! Patterns: nodes, edges, labels, quantifiers.

use crate::query::kql::Code;
use crate::query::kql::graph::{Hops, Labels, Way};

use super::super::lexer::Token;
use super::super::tree::{EdgePattern, Expr, ExprKind, Mode, NodePattern, PathPattern, Properties, Selector};
use super::{Parser, Read, Unread};

/// What stands between the brackets of an edge.
type EdgeBody = (Option<super::super::tree::Name>, Labels, Properties, Option<Expr>, Option<Hops>);

impl Parser<'_> {
    /// Reads a path with its name, selector and mode.
    pub(super) fn path(&mut self) -> Read<PathPattern> {
        let name = match (self.peek(), self.is_sign_at(1, "=")) {
            (Token::Word(_) | Token::Quoted(_), true) => {
                let name = self.name()?;
                self.expect_sign("=")?;
                Some(name)
            }
            _ => None,
        };
        let start = self.span().start;
        if self.is_sign_at(1, "(") && (self.is_word("shortestPath") || self.is_word("allShortestPaths")) {
            let selector = if self.is_word("shortestPath") { Selector::AnyShortest } else { Selector::AllShortest };
            self.step();
            self.expect_sign("(")?;
            let mut path = self.chain(start)?;
            self.expect_sign(")")?;
            (path.name, path.selector) = (name, selector);
            return Ok(path);
        }
        let mut selector = Selector::Every;
        if self.eat_words(&["ALL", "SHORTEST"]) {
            selector = Selector::AllShortest;
        } else if self.eat_words(&["ANY", "SHORTEST"]) {
            selector = Selector::AnyShortest;
        } else if self.is_word("SHORTEST") || self.is_word("ANY") {
            let is_one = *self.peek_at(1) == Token::Integer(1);
            if !is_one {
                self.complain(Code::CypherUnsupported, self.span(), "only `ANY SHORTEST`, `ALL SHORTEST` and `SHORTEST 1` are supported");
                return Err(Unread);
            }
            (self.at, selector) = (self.at + 2, Selector::AnyShortest);
        }
        let mode = self.path_mode();
        if !self.eat_word("PATHS") {
            self.eat_word("PATH");
        }
        let mut path = self.chain(start)?;
        (path.name, path.selector, path.mode) = (name, selector, mode);
        Ok(path)
    }

    fn path_mode(&mut self) -> Option<Mode> {
        let modes = [("WALK", Mode::Walk), ("TRAIL", Mode::Trail), ("ACYCLIC", Mode::Acyclic), ("SIMPLE", Mode::Simple)];
        modes.into_iter().find(|(word, _)| self.eat_word(word)).map(|(_, mode)| mode)
    }

    /// Reads nodes and edges in turn.
    pub(super) fn chain(&mut self, start: usize) -> Read<PathPattern> {
        let mut nodes = vec![self.node()?];
        let mut edges = Vec::new();
        while self.is_sign("-") || self.is_sign("<") || self.is_sign("~") {
            edges.push(self.edge()?);
            nodes.push(self.node()?);
        }
        Ok(PathPattern { name: None, selector: Selector::Every, mode: None, nodes, edges, span: self.since(start) })
    }

    fn node(&mut self) -> Read<NodePattern> {
        self.expect_sign("(")?;
        let name = self.element_name()?;
        let labels = self.element_labels()?;
        let properties = self.properties()?;
        let condition = if self.eat_word("WHERE") { Some(self.expression()?) } else { None };
        self.expect_sign(")")?;
        Ok(NodePattern { name, labels, properties, condition })
    }

    fn element_name(&mut self) -> Read<Option<super::super::tree::Name>> {
        match self.peek() {
            Token::Word(word) if word.eq_ignore_ascii_case("WHERE") || word.eq_ignore_ascii_case("IS") => Ok(None),
            Token::Word(_) | Token::Quoted(_) => self.name().map(Some),
            _ => Ok(None),
        }
    }

    fn element_labels(&mut self) -> Read<Labels> {
        let mut labels = Labels::Any;
        while self.eat_sign(":") || self.eat_word("IS") {
            labels = labels.and(self.labels()?);
        }
        Ok(labels)
    }

    /// Reads a condition on labels: `A|B`, `A&!B`, `(A|:B)`.
    pub(super) fn labels(&mut self) -> Read<Labels> {
        let mut one = vec![self.labels_all()?];
        while self.eat_sign("|") {
            self.eat_sign(":");
            one.push(self.labels_all()?);
        }
        Ok(if one.len() == 1 { one.remove(0) } else { Labels::One(one) })
    }

    fn labels_all(&mut self) -> Read<Labels> {
        let mut all = vec![self.label()?];
        while self.eat_sign("&") {
            all.push(self.label()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Labels::All(all) })
    }

    fn label(&mut self) -> Read<Labels> {
        if self.eat_sign("!") {
            return self.nested(Self::label).map(|inner| Labels::Not(Box::new(inner)));
        }
        if self.eat_sign("%") {
            return Ok(Labels::Some);
        }
        if self.eat_sign("(") {
            let inner = self.nested(Self::labels)?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        self.name().map(|name| Labels::Named(name.text))
    }

    fn properties(&mut self) -> Read<Properties> {
        let mut properties = Properties::default();
        if let Token::Parameter(name) = self.peek().clone() {
            let span = self.span();
            self.at += 1;
            properties.map = Some(Expr { kind: ExprKind::Parameter(name), span, depth: 1 });
        } else if self.is_sign("{")
            && let ExprKind::Map(entries) = self.expression_map()?
        {
            properties.entries = entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        }
        Ok(properties)
    }

    fn edge(&mut self) -> Read<EdgePattern> {
        let is_left = self.eat_sign("<");
        if self.is_sign("~") {
            self.complain(Code::CypherUnsupported, self.span(), "undirected edges (`~`) are not supported; `-[]-` matches both directions");
            return Err(Unread);
        }
        self.expect_sign("-")?;
        let mut body: EdgeBody = (None, Labels::Any, Properties::default(), None, None);
        if self.eat_sign("[") {
            body = self.edge_body()?;
            self.expect_sign("]")?;
            self.expect_sign("-")?;
        } else {
            // `-->`, `--`, `->`, `-`, `<-`, `<--`
            self.eat_sign("-");
        }
        let is_right = self.eat_sign(">");
        let (name, labels, properties, condition, mut hops) = body;
        if let Some(quantifier) = self.quantifier()? {
            hops = Some(quantifier);
        }
        let way = match (is_left, is_right) {
            (true, false) => Way::In,
            (false, true) => Way::Out,
            _ => Way::Either,
        };
        Ok(EdgePattern { name, way, labels, properties, condition, hops })
    }

    fn edge_body(&mut self) -> Read<EdgeBody> {
        let name = self.element_name()?;
        let labels = self.element_labels()?;
        let hops = if self.eat_sign("*") { Some(self.star()?) } else { None };
        let properties = self.properties()?;
        let condition = if self.eat_word("WHERE") { Some(self.expression()?) } else { None };
        Ok((name, labels, properties, condition, hops))
    }

    /// Reads what follows `*` inside an edge: nothing, `3`, `1..3`, `..3`, `1..`.
    fn star(&mut self) -> Read<Hops> {
        let min = self.hop_count()?;
        if !self.eat_sign("..") {
            return Ok(min.map_or(Hops { min: 1, max: u32::MAX }, |count| Hops { min: count, max: count }));
        }
        let max = self.hop_count()?;
        self.hops(min.unwrap_or(1), max.unwrap_or(u32::MAX))
    }

    /// Reads what follows an edge: `{1,3}`, `{2}`, `*`, `+`.
    fn quantifier(&mut self) -> Read<Option<Hops>> {
        if self.eat_sign("*") {
            return Ok(Some(Hops { min: 0, max: u32::MAX }));
        }
        if self.eat_sign("+") {
            return Ok(Some(Hops { min: 1, max: u32::MAX }));
        }
        if !self.eat_sign("{") {
            return Ok(None);
        }
        let min = self.hop_count()?;
        let hops = if self.eat_sign(",") {
            let max = self.hop_count()?;
            self.hops(min.unwrap_or(0), max.unwrap_or(u32::MAX))?
        } else {
            match min {
                Some(count) => Hops { min: count, max: count },
                None => return self.expected("a number of edges"),
            }
        };
        self.expect_sign("}")?;
        Ok(Some(hops))
    }

    fn hops(&mut self, min: u32, max: u32) -> Read<Hops> {
        if min > max {
            self.complain(
                Code::CypherInvalid,
                self.span(),
                format!("expected the fewest edges not to pass the most, found {min} and {max}"),
            );
            return Err(Unread);
        }
        Ok(Hops { min, max })
    }

    fn hop_count(&mut self) -> Read<Option<u32>> {
        let Token::Integer(count) = *self.peek() else { return Ok(None) };
        let span = self.span();
        self.at += 1;
        match u32::try_from(count) {
            Ok(count) => Ok(Some(count)),
            Err(_) => {
                self.complain(Code::CypherInvalid, span, format!("expected at most {} edges, found {count}", u32::MAX));
                Err(Unread)
            }
        }
    }
}
