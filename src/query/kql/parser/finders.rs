//! Operators over many tables: `union`, `find`, `search`, `macro-expand`; and what splits rows: `fork`, `facet`, `partition`.

use super::super::lexer::TokenKind;
use super::super::tree::{
    Expr, ExprKind, Facet, FacetWith, Find, FindColumn, FindProject, ForkBranch, MacroExpand, Partition, PartitionBody, Pipe, Place,
    Search, SearchKind, Union, UnionKind,
};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

impl Parser<'_> {
    pub(super) fn union(&mut self) -> Union {
        let mut settings = self.settings(&[]);
        let kind = self.take_kind(&mut settings, "kind", UnionKind::WORDS, UnionKind::from_word);
        let with_source = Self::take_name(&mut settings, &["withsource", "with_source"]);
        let fuzzy = settings.iter().position(|setting| setting.name == "isfuzzy").and_then(|at| {
            let value = match &settings[at].values.first()?.kind {
                ExprKind::Literal(literal) => literal.text.eq_ignore_ascii_case("true"),
                _ => return None,
            };
            settings.remove(at);
            Some(value)
        });
        Union { kind, with_source, fuzzy, settings, tables: self.list(Self::table) }
    }

    pub(super) fn find(&mut self) -> Find {
        let settings = self.settings(&["datascope"]);
        let tables = self.in_tables();
        let must_where = settings.iter().any(|setting| setting.name != "datascope") || !tables.is_empty();
        if must_where {
            self.expect_word("where");
        } else {
            self.eat_word("where");
        }
        let condition = self.unnamed();
        let project = match self.word() {
            "project" => {
                self.step();
                Some(FindProject::Columns(self.list(Self::find_column)))
            }
            "project-smart" => {
                self.step();
                Some(FindProject::Smart)
            }
            _ => None,
        };
        let project_away = if self.eat_word("project-away") { self.list(Self::find_column) } else { Vec::new() };
        Find { settings, tables, condition, project, project_away }
    }

    fn find_column(&mut self) -> FindColumn {
        if self.eat(TokenKind::Star) {
            return FindColumn::Star;
        }
        if self.is("pack") && self.peek(1).kind == TokenKind::OpenParen {
            self.step();
            self.step();
            self.expect(TokenKind::Star, "*");
            self.close(TokenKind::CloseParen, ")");
            return FindColumn::Pack;
        }
        if self.is("pack_all") && self.peek(1).kind == TokenKind::OpenParen {
            self.step();
            self.step();
            self.close(TokenKind::CloseParen, ")");
            return FindColumn::Pack;
        }
        let name = self.name(Names::Plain);
        FindColumn::Column(name, self.eat(TokenKind::Colon).then(|| self.scalar_type()))
    }

    /// `in (table, ...)`, if it is here.
    fn in_tables(&mut self) -> Vec<Expr> {
        if !self.is("in") || self.peek(1).kind != TokenKind::OpenParen {
            return Vec::new();
        }
        self.step();
        self.step();
        self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, |parser| {
            let table = parser.table();
            if parser.kind() != TokenKind::Bar || parser.word_at(1) != "as" {
                return table;
            }
            parser.step();
            let operators = vec![parser.operator()];
            let place = parser.since(table.place.start);
            Expr { kind: ExprKind::Pipe(Box::new(Pipe { source: table, operators })), place }
        })
    }

    pub(super) fn search(&mut self) -> Search {
        let mut settings = self.settings(&["datascope"]);
        let kind = self.take_kind(&mut settings, "kind", SearchKind::WORDS, SearchKind::from_word);
        let tables = self.in_tables();
        Search { kind, settings, tables, condition: self.search_condition() }
    }

    /// A condition, which may be a star or begin with `* and`.
    fn search_condition(&mut self) -> Expr {
        let start = self.here();
        let is_and = self.word_at(1) == "and";
        let next = self.peek(1).kind;
        let ends = matches!(next, TokenKind::Bar | TokenKind::End | TokenKind::CloseParen | TokenKind::Semicolon);
        if self.kind() != TokenKind::Star || !is_and && !ends {
            return self.unnamed();
        }
        self.step();
        let star = Expr { kind: ExprKind::Star, place: self.since(start) };
        if !is_and {
            return star;
        }
        self.step();
        let all = vec![star, self.unnamed()];
        Expr { kind: ExprKind::And(all), place: self.since(start) }
    }

    pub(super) fn macro_expand(&mut self) -> MacroExpand {
        let settings = self.settings(&[]);
        let group = self.path();
        let scope = self.eat_word("as").then(|| self.name(Names::Plain));
        let statements = match self.expect(TokenKind::OpenParen, "(") {
            true => self.statements(TokenKind::CloseParen),
            false => Vec::new(),
        };
        self.close(TokenKind::CloseParen, ")");
        MacroExpand { settings, group, scope, statements }
    }

    pub(super) fn fork(&mut self) -> Vec<ForkBranch> {
        let mut branches = vec![self.fork_branch()];
        while self.kind() == TokenKind::OpenParen || self.name_length(0, Names::Plain) > 0 && self.has_branch_name() {
            branches.push(self.fork_branch());
        }
        branches
    }

    fn has_branch_name(&self) -> bool {
        let length = self.name_length(0, Names::Plain);
        length > 0 && self.peek(length).kind == TokenKind::Equal
    }

    fn fork_branch(&mut self) -> ForkBranch {
        let start = self.here();
        let name = self.has_branch_name().then(|| {
            let name = self.any_name();
            self.step();
            name
        });
        let operators = self.operators_in_group();
        ForkBranch { name, operators, place: self.since(start) }
    }

    pub(super) fn facet(&mut self) -> Facet {
        self.expect_word("by");
        let columns = self.list(Self::column_path);
        let with = self.eat_word("with").then(|| {
            let grouped = self.kind() == TokenKind::OpenParen;
            let operators = match grouped {
                true => self.operators_in_group(),
                false => vec![self.nested_operator()],
            };
            FacetWith { grouped, operators }
        });
        Facet { columns, with }
    }

    pub(super) fn partition(&mut self) -> Partition {
        let settings = self.settings(&[]);
        self.expect_word("by");
        let column = self.column_path();
        let scope = self.eat_word("in").then(|| self.partition_scope());
        let body = match self.kind() {
            TokenKind::OpenBrace => {
                self.step();
                let query = self.expression();
                self.close(TokenKind::CloseBrace, "}");
                PartitionBody::Query(query)
            }
            _ => PartitionBody::Operators(self.operators_in_group()),
        };
        Partition { settings, column, scope, body }
    }

    /// The values of a partition: a call or an array.
    fn partition_scope(&mut self) -> Expr {
        let has_call = !self.word().is_empty() && self.peek(1).kind == TokenKind::OpenParen;
        if has_call { self.path() } else { self.missing() }
    }

    /// A column or a path in one, that no call follows: what stands behind in parentheses is something else.
    pub(super) fn column_path(&mut self) -> Expr {
        // Words that are options elsewhere are clear here.
        let is_option = matches!(self.word(), "kind" | "with_source" | "withsource");
        let name = if is_option { self.any_name() } else { self.name(Names::Plain) };
        let start = name.place.start;
        let mut expr = Expr { place: name.place, kind: ExprKind::Name(name) };
        while self.kind() == TokenKind::Dot && self.grow() {
            self.step();
            let name = self.name(Names::Plain);
            expr = Expr { kind: ExprKind::Field(Box::new(expr), name), place: self.since(start) };
        }
        let place: Place = self.since(start);
        Expr { place, ..expr }
    }
}
