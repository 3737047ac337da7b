//! Graph operators as text.

use super::super::tree::{Edge, EdgeDirection, GraphMatch, GraphOutput, GraphOutputKind, MakeGraph, MarkComponents, Nodes, Pattern, Step};
use super::doc::Doc;
use super::expressions::separated;
use super::{Printer, names};

impl Printer {
    pub(super) fn make_graph(&mut self, it: &MakeGraph, end: u32) -> Doc {
        let arrow = if it.directed { "-->" } else { "--" };
        let head = format!("make-graph{} {} {arrow} {}", self.spaced(&it.settings), names::name(&it.source), names::name(&it.target));
        let mut docs = vec![Doc::text(head)];
        match &it.nodes {
            Some(Nodes::Implicit(name)) => docs.push(Doc::text(format!(" with_node_id={}", names::name(name)))),
            Some(Nodes::Tables(tables)) => {
                let mut items = Vec::new();
                for table in tables {
                    let line = self.comments.break_before(table.table.place.start, Doc::line());
                    let node = Doc::all(vec![self.expr(&table.table), Doc::text(format!(" on {}", names::name(&table.id)))]);
                    items.push((line, node));
                }
                docs.push(Doc::all(vec![Doc::text(" with"), separated(items, Doc::line).nest()]).group());
            }
            None => {}
        }
        if let Some(partitioned) = &it.partitioned {
            docs.push(self.after(" partitioned-by ", &partitioned.column));
            docs.push(self.inner_operators(" (", &partitioned.operators, end));
        }
        Doc::all(docs)
    }

    pub(super) fn graph_match<Rule>(&mut self, head: &str, rule: Option<String>, it: &GraphMatch<Rule>) -> Doc {
        let head = format!("{head}{}{}", rule.unwrap_or_default(), self.spaced(&it.settings));
        let mut items = Vec::new();
        for pattern in &it.patterns {
            let line = self.comments.break_before(pattern.place.start, Doc::line());
            items.push((line, self.pattern(pattern)));
        }
        let mut docs = vec![separated(items, Doc::line)];
        if let Some(condition) = &it.condition {
            docs.push(self.comments.break_before(condition.place.start, Doc::line()));
            docs.push(self.after("where ", condition));
        }
        if let Some(first) = it.project.first() {
            docs.push(self.comments.break_before(first.place().start, Doc::line()));
            let items = self.named_all(&it.project);
            docs.push(self.listed("project", &[], items));
        }
        Doc::all(vec![Doc::text(head), Doc::all(docs).nest()]).group()
    }

    fn pattern(&mut self, pattern: &Pattern) -> Doc {
        let docs = pattern
            .steps
            .iter()
            .map(|step| match step {
                Step::Node(name, _) => Doc::text(format!("({})", name.as_ref().map(names::name).unwrap_or_default())),
                Step::Edge(edge) => self.edge(edge),
            })
            .collect();
        Doc::all(docs)
    }

    fn edge(&mut self, edge: &Edge) -> Doc {
        if edge.name.is_none() && edge.hops.is_none() {
            return Doc::text(match edge.direction {
                EdgeDirection::Right => "-->",
                EdgeDirection::Left => "<--",
                EdgeDirection::Any => "--",
            });
        }
        let open = if edge.direction == EdgeDirection::Left { "<-[" } else { "-[" };
        let close = if edge.direction == EdgeDirection::Right { "]->" } else { "]-" };
        let mut docs = vec![Doc::text(format!("{open}{}", edge.name.as_ref().map(names::name).unwrap_or_default()))];
        if let Some(hops) = &edge.hops {
            docs.push(self.after("*", &hops.from));
            docs.push(self.after("..", &hops.to));
        }
        docs.push(Doc::text(close));
        Doc::all(docs)
    }

    pub(super) fn graph_to_table(&mut self, outputs: &[GraphOutput]) -> Doc {
        let mut items = Vec::new();
        for output in outputs {
            let line = self.comments.break_before(output.place.start, Doc::line());
            let kind = match output.kind {
                GraphOutputKind::Nodes => "nodes",
                GraphOutputKind::Edges => "edges",
            };
            let name = output.name.as_ref().map(|name| format!(" as {}", names::name(name))).unwrap_or_default();
            items.push((line, Doc::text(format!("{kind}{name}{}", self.spaced(&output.settings)))));
        }
        self.listed("graph-to-table", &[], items)
    }

    pub(super) fn graph_mark_components(&mut self, it: &MarkComponents) -> Doc {
        let kind = it.kind.map(|kind| format!(" kind={}", kind.as_str())).unwrap_or_default();
        Doc::text(format!("graph-mark-components{kind}{}", self.spaced(&it.settings)))
    }
}
