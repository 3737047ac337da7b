//! Operators as text.

use super::super::tree::{
    ByName, Expand, Join, JoinOn, MakeSeries, MvApply, MvExpand, Operator, OperatorKind, Ordered, Parse, ParsePart, Reordered, Scan,
    ScanStep, SeriesRange, Setting, Summarize, TopNested,
};
use super::doc::Doc;
use super::expressions::{Item, separated};
use super::{Printer, names};

impl Printer {
    /// Operators with `|` in front of each; `line` stands in front of each `|`.
    pub(super) fn stages(&mut self, operators: &[Operator], line: fn() -> Doc) -> Vec<Doc> {
        let mut docs = Vec::with_capacity(operators.len() * 3);
        for operator in operators {
            docs.push(self.comments.break_before(operator.place.start, line()));
            docs.push(Doc::text("| "));
            docs.push(self.operator(operator));
        }
        docs
    }

    /// Operators in parentheses, without a source.
    pub(super) fn inner_operators(&mut self, open: &str, operators: &[Operator], end: u32) -> Doc {
        let mut docs = Vec::new();
        for (at, operator) in operators.iter().enumerate() {
            let line = if at == 0 { Doc::soft() } else { Doc::line() };
            docs.push(self.comments.break_before(operator.place.start, line));
            docs.push(Doc::text(if at == 0 { "" } else { "| " }));
            docs.push(self.operator(operator));
        }
        let end = self.comments.break_before(end, Doc::soft());
        Doc::all(vec![Doc::text(open), Doc::all(docs).nest(), end, Doc::text(")")]).group()
    }

    pub(super) fn operator(&mut self, operator: &Operator) -> Doc {
        use OperatorKind as K;
        let end = operator.place.end;
        match &operator.kind {
            K::As(it) => Doc::text(format!("as{} {}", self.spaced(&it.settings), names::name(&it.name))),
            K::AssertSchema(columns) => self.columns("assert-schema (", columns, ")"),
            K::Consume(settings) => Doc::text(format!("consume{}", self.spaced(settings))),
            K::Count(None) => Doc::text("count"),
            K::Count(Some(name)) => Doc::text(format!("count as {}", names::name(name))),
            K::Distinct(it) => {
                let items = self.named_all(&it.columns);
                self.listed("distinct", &it.settings, items)
            }
            K::Evaluate(it) => self.evaluate(it),
            K::Extend(columns) => self.named_list("extend", &[], columns),
            K::Facet(it) => self.facet(it, end),
            K::Find(it) => self.find(it),
            K::Fork(branches) => self.fork(branches),
            K::GetSchema(None) => Doc::text("getschema"),
            K::GetSchema(Some(kind)) => Doc::text(format!("getschema kind={}", kind.text)),
            K::GraphMarkComponents(it) => self.graph_mark_components(it),
            K::GraphMatch(it) => self.graph_match("graph-match", it.rule.map(|rule| format!(" cycles={}", rule.as_str())), it),
            K::GraphShortestPaths(it) => {
                self.graph_match("graph-shortest-paths", it.rule.map(|rule| format!(" output={}", rule.as_str())), it)
            }
            K::GraphToTable(outputs) => self.graph_to_table(outputs),
            K::GraphWhereEdges(condition) => self.after("graph-where-edges ", condition),
            K::GraphWhereNodes(condition) => self.after("graph-where-nodes ", condition),
            K::Invoke(call) => self.after("invoke ", call),
            K::Join(it) => self.join("join", it),
            K::Lookup(it) => self.join("lookup", it),
            K::MacroExpand(it) => self.macro_expand(it, end),
            K::MakeGraph(it) => self.make_graph(it, end),
            K::MakeSeries(it) => self.make_series(it),
            K::MvApply(it) => self.mv_apply(it, end),
            K::MvExpand(it) => self.mv_expand(it),
            K::Parse(it) => self.parse("parse", it),
            K::ParseWhere(it) => self.parse("parse-where", it),
            K::ParseKv(it) => {
                let docs = vec![
                    self.after("parse-kv ", &it.value),
                    self.columns(" as (", &it.columns, ")"),
                    Doc::text(self.with_settings(&it.settings)),
                ];
                Doc::all(docs)
            }
            K::Partition(it) => self.partition(it, end),
            K::Print(columns) => self.named_list("print", &[], columns),
            K::Project(columns) => self.named_list("project", &[], columns),
            K::ProjectAway(columns) => self.columns_by_name("project-away", columns),
            K::ProjectKeep(columns) => self.columns_by_name("project-keep", columns),
            K::ProjectRename(columns) => self.named_list("project-rename", &[], columns),
            K::ProjectReorder(columns) => self.words("project-reorder", columns.iter().map(|it| (it.column.place().start, reordered(it)))),
            K::ProjectByNames(columns) => {
                let items = self.exprs(columns);
                self.listed("project-by-names", &[], items)
            }
            K::Range(it) => Doc::all(vec![
                self.after(&format!("range {} from ", names::name(&it.column)), &it.from),
                self.after(" to ", &it.to),
                self.after(" step ", &it.step),
            ]),
            K::Reduce(it) => {
                let mut docs = vec![Doc::text(format!("reduce{} by ", self.spaced(&it.settings))), self.named(&it.by)];
                if !it.with.is_empty() {
                    let with: Vec<String> = it.with.iter().map(|setting| self.setting(setting)).collect();
                    docs.push(Doc::text(format!(" with {}", with.join(", "))));
                }
                Doc::all(docs)
            }
            K::Render(it) => {
                let by: Vec<String> = it.by.iter().map(names::name).collect();
                let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
                Doc::text(format!("render {}{by}{}", it.chart.text, self.with_settings(&it.settings)))
            }
            K::Sample(it) => self.keyword("sample", &it.settings, &it.count),
            K::SampleDistinct(it) => {
                let docs = vec![self.keyword("sample-distinct", &it.settings, &it.count), Doc::text(" of "), self.named(&it.of)];
                Doc::all(docs)
            }
            K::Scan(it) => self.scan(it, end),
            K::Search(it) => self.search(it),
            K::Serialize(it) => self.named_list("serialize", &it.settings, &it.columns),
            K::Sort(it) => {
                let head = format!("sort{} by", self.spaced(&it.settings));
                let items = self.ordered_all(&it.by);
                self.listed(&head, &[], items)
            }
            K::Summarize(it) => self.summarize(it),
            K::Take(it) => self.keyword("take", &it.settings, &it.count),
            K::Top(it) => {
                let docs = vec![self.keyword("top", &it.settings, &it.count), Doc::text(" by "), self.ordered(&it.by)];
                Doc::all(docs)
            }
            K::TopHitters(it) => {
                let mut docs = vec![self.keyword("top-hitters", &[], &it.count), Doc::text(" of "), self.named(&it.of)];
                if let Some(by) = &it.by {
                    docs.push(Doc::text(" by "));
                    docs.push(self.named(by));
                }
                Doc::all(docs)
            }
            K::TopNested(levels) => self.top_nested(levels),
            K::Union(it) => self.union(it),
            K::Where(it) => self.keyword("where", &it.settings, &it.condition).nest(),
            K::Error => Doc::nothing(),
        }
    }

    /// A keyword and an expression.
    pub(super) fn after(&mut self, head: &str, expr: &super::super::tree::Expr) -> Doc {
        Doc::all(vec![Doc::text(head), self.expr(expr)])
    }

    fn keyword(&mut self, head: &str, settings: &[Setting], value: &super::super::tree::Named) -> Doc {
        let head = format!("{head}{} ", self.spaced(settings));
        Doc::all(vec![Doc::text(head), self.named(value)])
    }

    fn named_list(&mut self, head: &str, settings: &[Setting], columns: &[super::super::tree::Named]) -> Doc {
        let items = self.named_all(columns);
        self.listed(head, settings, items)
    }

    /// A keyword and items: on one line, or each on its own.
    pub(super) fn listed(&mut self, head: &str, settings: &[Setting], items: Vec<Item>) -> Doc {
        let head = format!("{head}{}", self.spaced(settings));
        let items = separated(items, Doc::line);
        Doc::all(vec![Doc::text(head), items.nest()]).group()
    }

    /// A keyword and words, each with where it begins.
    fn words(&mut self, head: &str, words: impl Iterator<Item = (u32, String)>) -> Doc {
        let items = words.map(|(start, word)| (self.comments.break_before(start, Doc::line()), Doc::text(word))).collect();
        self.listed(head, &[], items)
    }

    fn columns_by_name(&mut self, head: &str, columns: &[ByName]) -> Doc {
        self.words(head, columns.iter().map(|column| (column.place().start, names::by_name(column))))
    }

    fn join(&mut self, head: &str, it: &Join) -> Doc {
        let kind = it.kind.map(|kind| format!(" kind={}", kind.as_str())).unwrap_or_default();
        let head = format!("{head}{kind}{} ", self.spaced(&it.settings));
        let mut docs = vec![self.after(&head, &it.right)];
        match &it.on {
            Some(JoinOn::Keys(keys)) => {
                let keys = self.exprs(keys);
                docs.push(Doc::all(vec![Doc::text(" on"), separated(keys, Doc::line).nest()]).group());
            }
            Some(JoinOn::Condition(condition)) => docs.push(self.after(" where ", condition)),
            None => {}
        }
        Doc::all(docs)
    }

    fn make_series(&mut self, it: &MakeSeries) -> Doc {
        let kind = it.kind.map(|kind| format!(" kind={}", kind.as_str())).unwrap_or_default();
        let head = format!("make-series{kind}{}", self.spaced(&it.settings));
        let mut items = Vec::new();
        for column in &it.columns {
            let line = self.comments.break_before(column.value.place().start, Doc::line());
            let mut docs = vec![self.named(&column.value)];
            if let Some(default) = &column.default {
                docs.push(self.after(" default=", default));
            }
            items.push((line, Doc::all(docs)));
        }
        let mut docs = vec![Doc::text(head), separated(items, Doc::line).nest()];
        docs.push(self.comments.break_before(it.on.place().start, Doc::line()).nest());
        docs.push(Doc::text("on "));
        docs.push(self.named(&it.on));
        match &it.range {
            SeriesRange::FromToStep(steps) => {
                for (word, value) in [(" from ", steps.from.as_ref()), (" to ", steps.to.as_ref()), (" step ", Some(&steps.step))] {
                    if let Some(value) = value {
                        docs.push(self.after(word, value));
                    }
                }
            }
            SeriesRange::InRange(arguments) => {
                let end = arguments.last().map_or(0, |argument| argument.value.place.end);
                let arguments = self.named_all(arguments);
                docs.push(self.enclosed(" in range(", arguments, ")", end));
            }
        }
        docs.extend(self.by(&it.by));
        Doc::all(docs).group()
    }

    /// `by ...` on its own line if the operator has several.
    fn by(&mut self, by: &[super::super::tree::Named]) -> Vec<Doc> {
        let Some(first) = by.first() else { return Vec::new() };
        let line = self.comments.break_before(first.place().start, Doc::line());
        let items = self.named_all(by);
        let items = Doc::all(vec![Doc::text("by"), separated(items, Doc::line).nest()]).group();
        vec![Doc::all(vec![line, items]).nest()]
    }

    fn summarize(&mut self, it: &Summarize) -> Doc {
        let head = format!("summarize{}", self.spaced(&it.settings));
        let aggregates = self.named_all(&it.aggregates);
        let mut docs = vec![Doc::text(head), separated(aggregates, Doc::line).nest()];
        docs.extend(self.by(&it.by));
        if let Some(bin) = &it.bin {
            docs.push(self.after(" bin=", bin));
        }
        Doc::all(docs).group()
    }

    fn expand(&mut self, head: &str, expand: &Expand) -> Doc {
        let index = expand.item_index.as_ref().map(|name| format!(" with_itemindex={}", names::name(name))).unwrap_or_default();
        let head = format!("{head}{index}{}", self.spaced(&expand.settings));
        let mut items = Vec::new();
        for column in &expand.columns {
            let mut docs = Vec::new();
            let start = column.value.as_ref().map_or(0, |value| value.place().start);
            let line = self.comments.break_before(start, Doc::line());
            if let Some(value) = &column.value {
                docs.push(self.named(value));
            }
            if let Some(kind) = column.kind {
                let space = if docs.is_empty() { "" } else { " " };
                docs.push(Doc::text(format!("{space}to typeof({})", kind.as_str())));
            }
            items.push((line, Doc::all(docs)));
        }
        let mut docs = vec![Doc::text(head), separated(items, Doc::line).nest()];
        if let Some(limit) = &expand.limit {
            docs.push(self.after(" limit ", limit));
        }
        Doc::all(docs).group()
    }

    fn mv_expand(&mut self, it: &MvExpand) -> Doc {
        let kind = it.kind.map(|kind| format!(" kind={}", kind.as_str())).unwrap_or_default();
        self.expand(&format!("mv-expand{kind}"), &it.expand)
    }

    fn mv_apply(&mut self, it: &MvApply, end: u32) -> Doc {
        let docs = vec![self.expand("mv-apply", &it.expand), self.inner_operators(" on (", &it.operators, end)];
        Doc::all(docs)
    }

    fn parse(&mut self, head: &str, it: &Parse) -> Doc {
        let kind = it.kind.map(|kind| format!(" kind={}", kind.as_str())).unwrap_or_default();
        let head = format!("{head}{kind}{} ", self.spaced(&it.settings));
        let mut docs = vec![self.after(&head, &it.value), Doc::text(" with")];
        let mut last_is_text = false;
        for part in &it.pattern {
            let text = match part {
                ParsePart::Star => "*".to_owned(),
                ParsePart::Text(text) => text.text.clone(),
                ParsePart::Column(name, None) => names::declared(name),
                ParsePart::Column(name, Some(kind)) => format!("{}: {}", names::declared(name), kind.as_str()),
            };
            // A column goes with the text in front of it.
            let is_column = matches!(part, ParsePart::Column(..));
            let line = if is_column && last_is_text { Doc::text(" ") } else { Doc::line() };
            docs.push(match part {
                ParsePart::Star => line,
                ParsePart::Text(text) => self.comments.break_before(text.place.start, line),
                ParsePart::Column(name, _) => self.comments.break_before(name.place.start, line),
            });
            docs.push(Doc::text(text));
            last_is_text = matches!(part, ParsePart::Text(_));
        }
        Doc::all(docs).nest().group()
    }

    pub(super) fn ordered(&mut self, it: &Ordered) -> Doc {
        let direction = it.direction.map(|direction| format!(" {}", direction.as_str())).unwrap_or_default();
        let nulls = it.nulls.map(|nulls| format!(" nulls {}", nulls.as_str())).unwrap_or_default();
        Doc::all(vec![self.named(&it.value), Doc::text(direction), Doc::text(nulls)])
    }

    fn ordered_all(&mut self, all: &[Ordered]) -> Vec<Item> {
        all.iter().map(|it| (self.comments.break_before(it.value.place().start, Doc::line()), self.ordered(it))).collect()
    }

    fn scan(&mut self, it: &Scan, end: u32) -> Doc {
        let mut docs = vec![Doc::text(format!("scan{}", self.spaced(&it.settings)))];
        if !it.order.is_empty() {
            let order = self.ordered_all(&it.order);
            docs.push(self.listed(" order by", &[], order));
        }
        if !it.partition.is_empty() {
            let partition = self.exprs(&it.partition);
            docs.push(self.listed(" partition by", &[], partition));
        }
        if !it.declare.is_empty() {
            let end = it.declare.last().map_or(0, |parameter| parameter.place.end);
            docs.push(self.parameters(" declare (", &it.declare, end));
        }
        let mut steps = Vec::new();
        for step in &it.steps {
            let line = if steps.is_empty() { Doc::soft() } else { Doc::line() };
            steps.push(self.comments.break_before(step.place.start, line));
            steps.push(self.scan_step(step));
        }
        let end = self.comments.break_before(end, Doc::soft());
        docs.push(Doc::all(vec![Doc::text(" with ("), Doc::all(steps).nest(), end, Doc::text(")")]).group());
        Doc::all(docs)
    }

    fn scan_step(&mut self, step: &ScanStep) -> Doc {
        let optional = if step.optional { " optional" } else { "" };
        let output = step.output.map(|output| format!(" output={}", output.as_str())).unwrap_or_default();
        let mut docs = vec![self.after(&format!("step {}{optional}{output}: ", names::declared(&step.name)), &step.condition)];
        for (at, (name, value)) in step.assignments.iter().enumerate() {
            let head = if at == 0 { " => " } else { ", " };
            docs.push(self.after(&format!("{head}{} = ", names::declared(name)), value));
        }
        docs.push(Doc::text(";"));
        Doc::all(docs)
    }

    fn top_nested(&mut self, levels: &[TopNested]) -> Doc {
        let mut docs = Vec::new();
        for (at, level) in levels.iter().enumerate() {
            if at > 0 {
                docs.push(Doc::text(","));
                docs.push(self.comments.break_before(level.place.start, Doc::line()).nest());
            }
            docs.push(Doc::text("top-nested "));
            if let Some(count) = &level.count {
                docs.push(self.named(count));
                docs.push(Doc::text(" "));
            }
            docs.push(Doc::text("of "));
            docs.push(self.named(&level.of));
            if let Some(others) = &level.others {
                docs.push(self.after(" with others=", others));
            }
            docs.push(Doc::text(" by "));
            docs.push(self.ordered(&level.by));
        }
        Doc::all(docs).group()
    }
}

fn reordered(it: &Reordered) -> String {
    let direction = it.direction.map(|direction| format!(" {}", direction.as_str())).unwrap_or_default();
    format!("{}{direction}", names::by_name(&it.column))
}
