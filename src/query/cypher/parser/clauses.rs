//! Clauses.

use crate::query::kql::Code;
use crate::query::kql::graph::Rule;

use super::super::lexer::Token;
use super::super::tree::{Clause, ExprKind, Item, Match, Page, Projection, Query, Union, Unwind};
use super::{CLAUSES_MAX, Parser, Read, Unread};

/// Clauses that change a graph.
const WRITES: [&str; 9] = ["CREATE", "MERGE", "DELETE", "DETACH", "NODETACH", "SET", "REMOVE", "INSERT", "DROP"];
/// Clauses that clew does not have.
const UNSUPPORTED: [&str; 6] = ["CALL", "YIELD", "FOREACH", "LOAD", "USE", "SHOW"];
/// Words that begin a clause.
const STARTS: [&str; 17] = [
    "MATCH", "OPTIONAL", "WHERE", "WITH", "RETURN", "UNWIND", "FOR", "LET", "FILTER", "ORDER", "SKIP", "OFFSET", "LIMIT", "UNION", "NEXT",
    "CALL", "CREATE",
];

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Query {
        let mut query = Query { parts: vec![(Union::All, Vec::new())] };
        let mut count = 0;
        while *self.peek() != Token::End && !self.is_over {
            let before = self.at;
            if self.eat_sign(";") {
                if *self.peek() != Token::End {
                    let _: Read<()> = self.expected("the end of the text");
                }
                break;
            }
            if self.eat_word("UNION") {
                let union = if self.eat_word("ALL") { Union::All } else { Union::Distinct };
                self.eat_word("DISTINCT");
                query.parts.push((union, Vec::new()));
                continue;
            }
            count += 1;
            if count > CLAUSES_MAX {
                self.complain(Code::CypherTooLong, self.span(), format!("expected at most {CLAUSES_MAX} clauses"));
                break;
            }
            match self.clause() {
                Ok(clause) => {
                    if let (Some(clause), Some((_, clauses))) = (clause, query.parts.last_mut()) {
                        clauses.push(clause);
                    }
                }
                Err(Unread) => self.recover(before),
            }
        }
        if self.diagnostics.is_empty() {
            self.check(&query);
        }
        query
    }

    /// Steps to the next word that begins a clause.
    fn recover(&mut self, before: usize) {
        if self.is_over {
            return;
        }
        self.depth = 0;
        self.locals = 0;
        if self.at == before {
            self.step();
        }
        while *self.peek() != Token::End && !STARTS.iter().any(|word| self.is_word(word)) {
            self.step();
        }
    }

    /// What the order of clauses must be.
    fn check(&mut self, query: &Query) {
        for (_, clauses) in &query.parts {
            if !matches!(clauses.last(), Some(Clause::Project(_))) {
                let message = "expected `RETURN` as the last clause".to_owned();
                self.complain(Code::CypherExpected, self.span(), message);
                return;
            }
        }
    }

    pub(super) fn clause(&mut self) -> Read<Option<Clause>> {
        let span = self.span();
        if let Token::Word(word) = self.peek() {
            let word = word.to_ascii_uppercase();
            if WRITES.contains(&word.as_str()) {
                self.complain(Code::CypherWrite, span, format!("expected a query that only reads, found `{word}`"));
                return Err(Unread);
            }
            if UNSUPPORTED.contains(&word.as_str()) {
                self.complain(Code::CypherUnsupported, span, format!("`{word}` is not supported"));
                return Err(Unread);
            }
        }
        if self.eat_words(&["OPTIONAL", "MATCH"]) {
            return self.matched(true).map(|clause| Some(Clause::Match(clause)));
        }
        if self.eat_word("MATCH") {
            return self.matched(false).map(|clause| Some(Clause::Match(clause)));
        }
        if self.eat_word("WITH") || self.eat_word("RETURN") {
            return self.projection(span.start).map(|clause| Some(Clause::Project(clause)));
        }
        if self.eat_word("UNWIND") {
            let list = self.expression()?;
            self.expect_word("AS")?;
            return Ok(Some(Clause::Unwind(Unwind { list, name: self.name()?, place: None })));
        }
        if self.eat_word("FOR") {
            return self.each_row().map(|clause| Some(Clause::Unwind(clause)));
        }
        if self.eat_word("LET") {
            let bindings = self.list(|parser| {
                let name = parser.name()?;
                parser.expect_sign("=")?;
                Ok((name, parser.expression()?))
            })?;
            return Ok(Some(Clause::Let(bindings)));
        }
        if self.eat_word("FILTER") {
            self.eat_word("WHERE");
            return self.expression().map(|condition| Some(Clause::Filter(condition)));
        }
        // Behind a pattern that could not be read, what it asks is read all the same.
        if !self.diagnostics.is_empty() && self.eat_word("WHERE") {
            return self.expression().map(|condition| Some(Clause::Filter(condition)));
        }
        // What `RETURN` gave is what the next clause sees: that is what `WITH` does.
        if self.eat_word("NEXT") {
            return Ok(None);
        }
        if self.is_word("ORDER") || self.is_word("SKIP") || self.is_word("OFFSET") || self.is_word("LIMIT") {
            return self.page().map(|page| Some(Clause::Page(page)));
        }
        self.expected("a clause such as `MATCH`, `WITH` or `RETURN`")
    }

    pub(super) fn matched(&mut self, optional: bool) -> Read<Match> {
        let mut rule = Rule::Trail;
        if self.eat_words(&["REPEATABLE", "ELEMENTS"]) || self.eat_words(&["REPEATABLE", "ELEMENT"]) {
            rule = Rule::Walk;
        } else if !self.eat_words(&["DIFFERENT", "EDGES"]) && !self.eat_words(&["DIFFERENT", "RELATIONSHIPS"]) {
            self.eat_words(&["DIFFERENT", "EDGE"]);
        }
        let paths = self.list(Self::path)?;
        let condition = if self.eat_word("WHERE") { Some(self.expression()?) } else { None };
        Ok(Match { optional, paths, condition, rule })
    }

    fn each_row(&mut self) -> Read<Unwind> {
        let name = self.name()?;
        self.expect_word("IN")?;
        let list = self.expression()?;
        let place = if self.eat_words(&["WITH", "OFFSET"]) {
            Some((self.name()?, 0))
        } else if self.eat_words(&["WITH", "ORDINALITY"]) {
            Some((self.name()?, 1))
        } else {
            None
        };
        Ok(Unwind { list, name, place })
    }

    fn projection(&mut self, start: usize) -> Read<Projection> {
        let distinct = self.eat_word("DISTINCT");
        if !distinct {
            self.eat_word("ALL");
        }
        let mut all = false;
        let mut items = Vec::new();
        if self.eat_sign("*") {
            all = true;
            if self.eat_sign(",") {
                items = self.list(Self::item)?;
            }
        } else {
            items = self.list(Self::item)?;
        }
        let span = self.since(start);
        let mut page = self.page()?;
        let condition = if self.eat_word("WHERE") { Some(self.expression()?) } else { None };
        if condition.is_some() && page.order.is_empty() && page.skip.is_none() && page.limit.is_none() {
            page = self.page()?;
        }
        Ok(Projection { distinct, all, items, page, condition, span })
    }

    fn item(&mut self) -> Read<Item> {
        let value = self.expression()?;
        let name = if self.eat_word("AS") {
            self.name()?.text
        } else {
            match &value.kind {
                ExprKind::Variable(name, _) => name.clone(),
                _ => self.text[value.span.start..value.span.end].to_owned(),
            }
        };
        Ok(Item { value, name })
    }

    fn page(&mut self) -> Read<Page> {
        let mut page = Page::default();
        if self.eat_words(&["ORDER", "BY"]) {
            page.order = self.list(|parser| {
                let key = parser.expression()?;
                let is_down = parser.eat_word("DESC") || parser.eat_word("DESCENDING");
                if !is_down && !parser.eat_word("ASC") {
                    parser.eat_word("ASCENDING");
                }
                Ok((key, is_down))
            })?;
        }
        if self.eat_word("SKIP") || self.eat_word("OFFSET") {
            page.skip = Some(self.expression()?);
        }
        if self.eat_word("LIMIT") {
            page.limit = Some(self.expression()?);
        }
        Ok(page)
    }
}
