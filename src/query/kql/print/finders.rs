//! Operators over many tables, and those that split rows, as text.

use super::super::tree::{
    Evaluate, Facet, Find, FindColumn, FindProject, ForkBranch, MacroExpand, Partition, PartitionBody, Search, Union,
};
use super::doc::Doc;
use super::{Printer, names};

impl Printer {
    pub(super) fn evaluate(&mut self, it: &Evaluate) -> Doc {
        let head = format!("evaluate{} ", self.spaced(&it.settings));
        let mut docs = vec![Doc::text(head), self.call(&it.call)];
        if let Some(schema) = &it.schema {
            let star = match (schema.star, schema.columns.is_empty()) {
                (true, true) => "*",
                (true, false) => "*, ",
                (false, _) => "",
            };
            docs.push(Doc::text(format!(": ({star}{})", names::columns(&schema.columns))));
        }
        Doc::all(docs)
    }

    pub(super) fn union(&mut self, it: &Union) -> Doc {
        let mut head = "union".to_owned();
        if let Some(kind) = it.kind {
            head.push_str(&format!(" kind={}", kind.as_str()));
        }
        if let Some(name) = &it.with_source {
            head.push_str(&format!(" withsource={}", names::name(name)));
        }
        if let Some(fuzzy) = it.fuzzy {
            head.push_str(&format!(" isfuzzy={fuzzy}"));
        }
        let tables = self.exprs(&it.tables);
        self.listed(&head, &it.settings, tables)
    }

    pub(super) fn find(&mut self, it: &Find) -> Doc {
        let mut docs = vec![Doc::text(format!("find{}", self.spaced(&it.settings)))];
        if !it.tables.is_empty() {
            let tables = self.exprs(&it.tables);
            docs.push(self.enclosed(" in (", tables, ")", it.condition.place.start));
        }
        docs.push(self.after(" where ", &it.condition).nest());
        match &it.project {
            Some(FindProject::Smart) => docs.push(Doc::text(" project-smart")),
            Some(FindProject::Columns(columns)) => docs.push(Doc::text(format!(" project {}", find_columns(columns)))),
            None => {}
        }
        if !it.project_away.is_empty() {
            docs.push(Doc::text(format!(" project-away {}", find_columns(&it.project_away))));
        }
        Doc::all(docs)
    }

    pub(super) fn search(&mut self, it: &Search) -> Doc {
        let kind = it.kind.map(|kind| format!(" kind={}", kind.as_str())).unwrap_or_default();
        let mut docs = vec![Doc::text(format!("search{kind}{}", self.spaced(&it.settings)))];
        if !it.tables.is_empty() {
            let tables = self.exprs(&it.tables);
            docs.push(self.enclosed(" in (", tables, ")", it.condition.place.start));
        }
        docs.push(self.after(" ", &it.condition).nest());
        Doc::all(docs)
    }

    pub(super) fn macro_expand(&mut self, it: &MacroExpand, end: u32) -> Doc {
        let head = format!("macro-expand{} ", self.spaced(&it.settings));
        let mut docs = vec![self.after(&head, &it.group)];
        if let Some(scope) = &it.scope {
            docs.push(Doc::text(format!(" as {}", names::name(scope))));
        }
        let mut inner = vec![Doc::hard()];
        inner.extend(self.statements(&it.statements));
        let end = self.comments.break_before(end, Doc::hard());
        docs.push(Doc::all(vec![Doc::text(" ("), Doc::all(inner).nest(), end, Doc::text(")")]));
        Doc::all(docs)
    }

    pub(super) fn fork(&mut self, branches: &[ForkBranch]) -> Doc {
        let mut docs = Vec::new();
        for branch in branches {
            docs.push(self.comments.break_before(branch.place.start, Doc::line()));
            let name = branch.name.as_ref().map(|name| format!("{} = ", names::name(name))).unwrap_or_default();
            docs.push(self.inner_operators(&format!("{name}("), &branch.operators, branch.place.end));
        }
        Doc::all(vec![Doc::text("fork"), Doc::all(docs).nest()]).group()
    }

    pub(super) fn facet(&mut self, it: &Facet, end: u32) -> Doc {
        let columns = self.exprs(&it.columns);
        let mut docs = vec![self.listed("facet by", &[], columns)];
        if let Some(with) = &it.with {
            docs.push(match (with.grouped, with.operators.as_slice()) {
                (false, [operator]) => Doc::all(vec![Doc::text(" with "), self.operator(operator)]),
                _ => self.inner_operators(" with (", &with.operators, end),
            });
        }
        Doc::all(docs)
    }

    pub(super) fn partition(&mut self, it: &Partition, end: u32) -> Doc {
        let head = format!("partition{} by ", self.spaced(&it.settings));
        let mut docs = vec![self.after(&head, &it.column)];
        if let Some(scope) = &it.scope {
            docs.push(self.after(" in ", scope));
        }
        docs.push(match &it.body {
            PartitionBody::Operators(operators) => self.inner_operators(" (", operators, end),
            PartitionBody::Query(query) => {
                let line = self.comments.break_before(query.place.start, Doc::line());
                let inner = Doc::all(vec![line, self.expr(query)]).nest();
                let end = self.comments.break_before(end, Doc::line());
                Doc::all(vec![Doc::text(" {"), inner, end, Doc::text("}")]).group()
            }
        });
        Doc::all(docs)
    }
}

fn find_columns(columns: &[FindColumn]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| match column {
            FindColumn::Star => "*".to_owned(),
            FindColumn::Pack => "pack(*)".to_owned(),
            FindColumn::Column(name, None) => names::name(name),
            FindColumn::Column(name, Some(kind)) => format!("{}: {}", names::name(name), kind.as_str()),
        })
        .collect();
    columns.join(", ")
}
