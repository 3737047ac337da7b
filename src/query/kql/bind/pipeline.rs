//! Operators one after the other: each gives the columns that the next one sees.

use std::sync::Arc;

use super::super::bound::{Expr, Relation, RelationKind, ResultTable, SortKey};
use super::super::diagnostics::Code;
use super::super::tree::{self, Direction, Named, Nulls, Operator, OperatorKind, Ordered, Place, ScalarType};
use super::binder::{Binder, Meaning, RowsKind, column};
use super::names::{Unique, implied};
use super::sources::Flow;
use super::typing::convert;

impl<'t> Binder<'t> {
    /// Runs a flow through operators.
    pub(super) fn operators(&mut self, mut flow: Flow, operators: &'t [Operator]) -> Flow {
        for operator in operators {
            if !self.works(operator.place) {
                break;
            }
            flow = self.operator(flow, operator);
        }
        flow
    }

    /// An operator that is the source of rows.
    pub(super) fn source(&mut self, operator: &'t Operator) -> Flow {
        let place = operator.place;
        let relation = match &operator.kind {
            OperatorKind::Print(columns) => {
                let one = self.relation(Vec::new(), RelationKind::OneRow, &[], place);
                self.project(&one, columns, Some("print_"), place)
            }
            OperatorKind::Range(range) => self.range(range, place),
            OperatorKind::Union(union) => self.union(None, union, place),
            OperatorKind::Search(search) => self.search(None, search, place),
            OperatorKind::Find(find) => self.find(None, find, place),
            OperatorKind::Evaluate(evaluate) => self.evaluate(None, evaluate, place),
            OperatorKind::MacroExpand(expand) => self.macro_expand(expand, place),
            OperatorKind::Error => self.failed(Vec::new(), place),
            _ => {
                self.error_with(Code::Misplaced, place, "the operator needs rows in front of it", "write `Table | ...`");
                self.failed(Vec::new(), place)
            }
        };
        Flow::Table(relation)
    }

    fn operator(&mut self, flow: Flow, operator: &'t Operator) -> Flow {
        let place = operator.place;
        if let OperatorKind::As(named) = &operator.kind {
            return self.named_as(flow, named, place);
        }
        let input = match flow {
            Flow::Graph(graph) => return self.graph_operator(&graph, operator),
            Flow::Table(input) => input,
        };
        let relation = match &operator.kind {
            OperatorKind::MakeGraph(made) => return self.make_graph(&input, made, place),
            OperatorKind::Where(filter) => {
                let rows = Arc::clone(&input);
                let condition = self.over(&rows, |binder| {
                    let value = binder.value(&filter.condition.value);
                    binder.condition(value)
                });
                self.filtered(&input, condition, place)
            }
            OperatorKind::Extend(items) => self.extend(&input, items, place),
            OperatorKind::Project(items) => self.project(&input, items, None, place),
            OperatorKind::ProjectAway(names) => self.keep(&input, names, true, place),
            OperatorKind::ProjectKeep(names) => self.keep(&input, names, false, place),
            OperatorKind::ProjectRename(items) => self.rename(&input, items, place),
            OperatorKind::ProjectReorder(names) => self.reorder(&input, names, place),
            OperatorKind::ProjectByNames(names) => self.by_names(&input, names, place),
            OperatorKind::Summarize(summarize) => self.summarize(&input, summarize, place),
            OperatorKind::Distinct(distinct) => self.distinct(&input, distinct, place),
            OperatorKind::Count(name) => {
                let name = name.as_ref().map_or("Count", |name| name.text.as_str());
                self.relation(vec![column(name, ScalarType::Long)], RelationKind::Count(Arc::clone(&input)), &[&input], place)
            }
            OperatorKind::Sort(sort) => self.sort(&input, sort, place),
            OperatorKind::Top(top) => {
                let count = self.row_count(&top.count);
                let rows = Arc::clone(&input);
                let key = self.over(&rows, |binder| binder.sort_key(&top.by));
                let kind = RelationKind::Top { input: Arc::clone(&input), count, key };
                self.relation(input.columns.clone(), kind, &[&input], place)
            }
            OperatorKind::Take(take) => {
                let count = self.row_count(&take.count);
                self.relation(input.columns.clone(), RelationKind::Take { input: Arc::clone(&input), count }, &[&input], place)
            }
            OperatorKind::Sample(sample) => {
                let count = self.row_count(&sample.count);
                self.relation(input.columns.clone(), RelationKind::Sample { input: Arc::clone(&input), count }, &[&input], place)
            }
            OperatorKind::SampleDistinct(sample) => self.sample_distinct(&input, sample, place),
            OperatorKind::Serialize(serialize) => {
                let serialized = self.relation(input.columns.clone(), RelationKind::Serialize(Arc::clone(&input)), &[&input], place);
                if serialize.columns.is_empty() { serialized } else { self.extend(&serialized, &serialize.columns, place) }
            }
            OperatorKind::Join(join) => self.join(&input, join, false, place),
            OperatorKind::Lookup(join) => self.join(&input, join, true, place),
            OperatorKind::Union(union) => self.union(Some(&input), union, place),
            OperatorKind::Search(search) => self.search(Some(&input), search, place),
            OperatorKind::Find(find) => self.find(Some(&input), find, place),
            OperatorKind::MvExpand(expand) => self.mv_expand(&input, expand, place),
            OperatorKind::MvApply(apply) => self.mv_apply(&input, apply, place),
            OperatorKind::Parse(parse) => self.parse(&input, parse, false, place),
            OperatorKind::ParseWhere(parse) => self.parse(&input, parse, true, place),
            OperatorKind::ParseKv(parse) => self.parse_kv(&input, parse, place),
            OperatorKind::MakeSeries(series) => self.make_series(&input, series, place),
            OperatorKind::Partition(partition) => self.partition(&input, partition, place),
            OperatorKind::Scan(scan) => self.scan(&input, scan, place),
            OperatorKind::TopNested(levels) => self.top_nested(&input, levels, place),
            OperatorKind::TopHitters(hitters) => self.top_hitters(&input, hitters, place),
            OperatorKind::Reduce(reduce) => self.reduce(&input, reduce, place),
            OperatorKind::GetSchema(_) => self.schema_table(&input, place),
            OperatorKind::Evaluate(evaluate) => self.evaluate(Some(&input), evaluate, place),
            OperatorKind::Invoke(call) => return self.invoke(&input, call, place),
            OperatorKind::AssertSchema(columns) => self.assert_schema(&input, columns, place),
            OperatorKind::Consume(_) => input,
            OperatorKind::Render(_) | OperatorKind::Fork(_) | OperatorKind::Facet(_) => {
                self.error(Code::Misplaced, place, "the operator stands only at the end of a query");
                input
            }
            OperatorKind::GraphMatch(_)
            | OperatorKind::GraphShortestPaths(_)
            | OperatorKind::GraphToTable(_)
            | OperatorKind::GraphMarkComponents(_)
            | OperatorKind::GraphWhereNodes(_)
            | OperatorKind::GraphWhereEdges(_) => {
                if !input.open {
                    self.error_with(Code::GraphExpected, place, "expected a graph, found a table", "build one with `make-graph`");
                }
                self.failed(Vec::new(), place)
            }
            OperatorKind::Print(_) | OperatorKind::Range(_) | OperatorKind::MacroExpand(_) => {
                self.error(Code::Misplaced, place, "the operator stands only at the start of a query");
                input
            }
            OperatorKind::As(_) | OperatorKind::Error => self.failed(input.columns.clone(), place),
        };
        Flow::Table(relation)
    }

    /// The condition of a `where`.
    pub(super) fn condition(&mut self, value: Expr) -> Expr {
        if value.ty == ScalarType::Dynamic && !value.is_mistake() {
            self.error_with(
                Code::TypeMismatch,
                value.place,
                "a condition must be of type bool, found dynamic",
                "convert it: `tobool(...)`",
            );
            return super::binder::mistake_of(ScalarType::Bool, value.place);
        }
        self.truth(value, "a condition")
    }

    /// The rows that fulfil a condition.
    pub(super) fn filtered(&mut self, input: &Arc<Relation>, condition: Expr, place: Place) -> Arc<Relation> {
        let kind = RelationKind::Filter { input: Arc::clone(input), condition };
        self.relation(input.columns.clone(), kind, &[input], place)
    }

    /// `as`
    fn named_as(&mut self, flow: Flow, named: &'t tree::As, place: Place) -> Flow {
        let materialized = named.settings.iter().any(|setting| {
            setting.name == "hint.materialized"
                && setting.values.iter().any(|value| {
                    matches!(&value.kind, tree::ExprKind::Name(name) if name.text == "true")
                        || matches!(&value.kind, tree::ExprKind::Literal(literal) if literal.text == "true")
                })
        });
        let flow = match flow {
            Flow::Table(relation) if materialized => Flow::Table(self.materialized(&relation, place)),
            other => other,
        };
        let meaning = match &flow {
            Flow::Table(relation) => Meaning::Table(Arc::clone(relation)),
            Flow::Graph(graph) => Meaning::Graph(Arc::clone(graph)),
        };
        let id = self.declare(&named.name.text, meaning);
        self.names[id].used = true;
        flow
    }

    /// A number of rows: a constant integer.
    pub(super) fn row_count(&mut self, count: &'t Named) -> Expr {
        let value = self.without_rows(|binder| binder.value(&count.value));
        let value = self.constant(value);
        match value.ty {
            _ if value.is_mistake() => value,
            ScalarType::Long => value,
            ScalarType::Int | ScalarType::Dynamic => convert(value, ScalarType::Long),
            other => {
                self.error(Code::TypeMismatch, value.place, format!("expected a number of rows, found {}", other.as_str()));
                super::binder::mistake_of(ScalarType::Long, value.place)
            }
        }
    }

    fn sort(&mut self, input: &Arc<Relation>, sort: &'t tree::Sort, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let keys = self.over(&rows, |binder| sort.by.iter().map(|by| binder.sort_key(by)).collect());
        self.relation(input.columns.clone(), RelationKind::Sort { input: Arc::clone(input), keys }, &[input], place)
    }

    /// A key of an order: descending with nulls behind, unless it says otherwise.
    pub(super) fn sort_key(&mut self, by: &'t Ordered) -> SortKey {
        let value = self.value(&by.value.value);
        self.groupable(&value, "a sort key");
        let direction = by.direction.unwrap_or(Direction::Descending);
        let nulls_first = match by.nulls {
            Some(nulls) => nulls == Nulls::First,
            None => matches!(direction, Direction::Ascending | Direction::NaturalAscending),
        };
        SortKey { value, direction, nulls_first }
    }

    /// A value with the name of its column.
    pub(super) fn named_value(&mut self, named: &'t Named, unique: &mut Unique) -> (String, Expr) {
        let value = self.value(&named.value);
        let name = match &named.target {
            Some(tree::Target::One(name)) => Some(name.text.clone()),
            Some(tree::Target::Many(names)) => names.first().map(|name| name.text.clone()),
            None => implied(&named.value),
        };
        (unique.implied(name.as_deref()), value)
    }

    fn sample_distinct(&mut self, input: &Arc<Relation>, sample: &'t tree::SampleDistinct, place: Place) -> Arc<Relation> {
        let count = self.row_count(&sample.count);
        let rows = Arc::clone(input);
        let (name, value) = self.over(&rows, |binder| binder.named_value(&sample.of, &mut Unique::default()));
        self.groupable(&value, "a value of 'sample-distinct'");
        let columns = vec![column(name, value.ty)];
        let kind = RelationKind::SampleDistinct { input: Arc::clone(input), count, value };
        self.relation(columns, kind, &[input], place)
    }

    /// `invoke f(...)`: the rows are the first argument.
    fn invoke(&mut self, input: &Arc<Relation>, call: &'t tree::Expr, place: Place) -> Flow {
        let call = match &call.kind {
            tree::ExprKind::Call(call) => call,
            tree::ExprKind::Method(base, call) if self.is_home(base) => return self.called_at(base, call, Some(Arc::clone(input)), place),
            _ => {
                self.error_with(Code::Misplaced, call.place, "expected a call of a function", "write `invoke f(...)`");
                return Flow::Table(self.failed(input.columns.clone(), place));
            }
        };
        self.called_flow(call, Some(Arc::clone(input)), place)
    }

    fn assert_schema(&mut self, input: &Arc<Relation>, columns: &[tree::Column], place: Place) -> Arc<Relation> {
        let wanted: Vec<(&str, ScalarType)> = columns.iter().map(|column| (column.name.text.as_str(), column.kind)).collect();
        let found: Vec<(&str, ScalarType)> = input.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
        if !input.open && wanted != found {
            let found: Vec<String> = found.iter().map(|(name, kind)| format!("{name}: {}", kind.as_str())).collect();
            self.error(Code::SchemaDiffers, place, format!("the columns are ({})", found.join(", ")));
        }
        Arc::clone(input)
    }

    /// What stands at the end of a query and gives more than one table, or none of its own.
    pub(super) fn finish(&mut self, flow: Flow, operators: &'t [Operator], results: &mut Vec<ResultTable>) {
        let Some((first, rest)) = operators.split_first() else {
            let place = Place::default();
            let relation = match flow {
                Flow::Table(relation) => relation,
                Flow::Graph(_) => self.graph_as_table(place),
            };
            results.push(ResultTable { name: None, relation, render: None });
            return;
        };
        let before = results.len();
        match (&first.kind, flow) {
            (OperatorKind::Render(render), Flow::Table(relation)) => {
                let flow = self.operators(Flow::Table(relation), rest);
                let relation = match flow {
                    Flow::Table(relation) => relation,
                    Flow::Graph(_) => self.graph_as_table(first.place),
                };
                results.push(ResultTable { name: None, relation, render: Some(super::statements::rendered(render)) });
            }
            (OperatorKind::Fork(branches), Flow::Table(relation)) => {
                let shared = self.materialized(&relation, first.place);
                for branch in branches {
                    let flow = self.operators(Flow::Table(Arc::clone(&shared)), &branch.operators);
                    let relation = match flow {
                        Flow::Table(relation) => relation,
                        Flow::Graph(_) => self.graph_as_table(branch.place),
                    };
                    results.push(ResultTable { name: branch.name.as_ref().map(|name| name.text.clone()), relation, render: None });
                }
                self.behind_several(rest, &mut results[before..]);
            }
            (OperatorKind::Facet(facet), Flow::Table(relation)) => {
                self.facets(&relation, facet, first.place, results);
                self.behind_several(rest, &mut results[before..]);
            }
            (OperatorKind::Evaluate(evaluate), Flow::Table(relation)) if super::plugins::is_preview(&first.kind) => {
                self.preview(&relation, &evaluate.call, first.place, results);
                self.behind_several(rest, &mut results[before..]);
            }
            (OperatorKind::GraphToTable(outputs), Flow::Graph(graph)) => {
                let tables = self.graph_tables(&graph, outputs, first.place);
                if let [(_, only)] = tables.as_slice() {
                    let flow = Flow::Table(Arc::clone(only));
                    match rest.iter().position(|operator| matches!(operator.kind, OperatorKind::Render(_))) {
                        Some(tail) => {
                            let flow = self.operators(flow, &rest[..tail]);
                            self.finish(flow, &rest[tail..], results);
                        }
                        None => {
                            let flow = self.operators(flow, rest);
                            self.finish(flow, &[], results);
                        }
                    }
                    return;
                }
                results.extend(tables.into_iter().map(|(name, relation)| ResultTable { name, relation, render: None }));
                self.behind_several(rest, &mut results[before..]);
            }
            (_, Flow::Graph(_)) => {
                self.graph_as_table(first.place);
            }
            (_, flow) => {
                let flow = self.operators(flow, operators);
                self.finish(flow, &[], results);
            }
        }
    }

    /// What stands behind an operator that gives several tables: how they are drawn, else nothing.
    fn behind_several(&mut self, rest: &'t [Operator], results: &mut [ResultTable]) {
        match rest {
            [] => {}
            [Operator { kind: OperatorKind::Render(render), .. }] => {
                results.iter_mut().for_each(|result| result.render = Some(super::statements::rendered(render)));
            }
            [operator, ..] => {
                self.error(Code::Misplaced, operator.place, "nothing can follow an operator that gives several tables");
            }
        }
    }

    /// `facet by`: a table of values and counts for each column.
    fn facets(&mut self, input: &Arc<Relation>, facet: &'t tree::Facet, place: Place, results: &mut Vec<ResultTable>) {
        let shared = self.materialized(input, place);
        for expr in &facet.columns {
            let (name, value) = self.over(&shared, |binder| {
                let value = binder.value(expr);
                (implied(expr).unwrap_or_else(|| "Column1".to_owned()), value)
            });
            self.groupable(&value, "a facet");
            let columns = vec![column(name.clone(), value.ty), column("count_", ScalarType::Long)];
            let count = super::super::bound::Aggregate {
                name: "count",
                overload: 0,
                arguments: Vec::new(),
                outputs: vec![ScalarType::Long],
                place,
            };
            let kind = RelationKind::Summarize { input: Arc::clone(&shared), groups: vec![value], aggregates: vec![count] };
            let relation = self.relation(columns, kind, &[&shared], place);
            results.push(ResultTable { name: Some(name), relation, render: None });
        }
        if let Some(with) = &facet.with
            && let Flow::Table(relation) = self.operators(Flow::Table(shared), &with.operators)
        {
            results.push(ResultTable { name: None, relation, render: None });
        }
    }

    /// Whether a step of `scan` is bound.
    pub(super) fn in_scan(&self) -> bool {
        matches!(self.rows.kind, RowsKind::Scan(_))
    }

    /// Whether patterns or elements of a graph are in scope.
    pub(super) fn in_graph(&self) -> bool {
        matches!(self.rows.kind, RowsKind::Pattern(_) | RowsKind::Nodes | RowsKind::Edges)
    }
}
