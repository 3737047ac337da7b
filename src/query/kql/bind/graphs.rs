//! Graph operators: graphs out of tables, patterns, tables out of graphs.

use std::rc::Rc;
use std::sync::Arc;

use super::super::bound::{
    Column, EdgeStep, ElementOf, Expr, ExprKind, Graph, GraphFunction, GraphKind, GraphNodes, NodeRows, NodeStep, Path, PathStep,
    PatternVariable, Quantifier, Relation, RelationKind,
};
use super::super::diagnostics::Code;
use super::super::graph::ELEMENTS_MAX;
use super::super::tree::{
    self, ComponentKind, Cycles, GraphMatch, GraphOutput, GraphOutputKind, Name, Named, Nodes, Operator, OperatorKind, PathOutput, Pattern,
    Place, ScalarType, Setting, Step,
};
use super::binder::{Binder, PatternRows, RowsKind, column, mistake, mistake_of};
use super::names::{Unique, implied};
use super::parsing::word;
use super::projecting::Columns;
use super::sources::Flow;
use ScalarType::{Bool, Dynamic, Long, String as Text};

/// Most hops of an edge of a pattern.
const HOPS_MAX: u32 = 100;

/// The column with the number of the part, where operators over rows follow in each.
const PART: &str = "part";

impl<'t> Binder<'t> {
    /// `make-graph`
    pub(super) fn make_graph(&mut self, input: &Arc<Relation>, made: &'t tree::MakeGraph, place: Place) -> Flow {
        let source = self.edge_column(input, &made.source);
        let target = self.edge_column(input, &made.target);
        let (Some(source), Some(target)) = (source, target) else {
            let graph = Graph { nodes: Vec::new(), edges: input.columns.clone(), kind: GraphKind::Error, place };
            return Flow::Graph(Arc::new(graph));
        };
        let (a, b) = (input.columns[source].kind, input.columns[target].kind);
        if a != b {
            let message = format!("the identifiers of source and target must have one type, found {} and {}", a.as_str(), b.as_str());
            self.error_with(Code::TypeMismatch, made.source.place.to(made.target.place), message, "convert one with `extend` first");
        }
        let (nodes, rows) = match &made.nodes {
            None => (Vec::new(), GraphNodes::None),
            Some(Nodes::Implicit(name)) => (vec![column(name.text.clone(), a)], GraphNodes::Identifier),
            Some(Nodes::Tables(tables)) => self.node_tables(tables, a),
        };
        let kind = GraphKind::Make { edges: Arc::clone(input), source, target, directed: made.directed, nodes: rows };
        let graph = Arc::new(Graph { nodes, edges: input.columns.clone(), kind, place });
        match &made.partitioned {
            None => Flow::Graph(graph),
            Some(partitioned) => Flow::Table(self.partitioned(&graph, partitioned, input, place)),
        }
    }

    fn edge_column(&mut self, input: &Relation, name: &Name) -> Option<usize> {
        match self.place_of(&input.columns, &name.text) {
            Some(index) if input.columns[index].kind == Dynamic => {
                self.error_with(Code::DynamicKey, name.place, "an identifier of nodes cannot be dynamic", "convert it: `tostring(...)`");
                None
            }
            Some(index) => Some(index),
            None => {
                if !input.open {
                    self.unknown_column_of(&input.columns, name.place, "column", &name.text);
                }
                None
            }
        }
    }

    /// The tables of nodes and the properties of all.
    fn node_tables(&mut self, tables: &'t [tree::NodeTable], id_kind: ScalarType) -> (Vec<Column>, GraphNodes) {
        let mut nodes: Vec<Column> = Vec::new();
        let mut rows = Vec::new();
        for table in tables {
            let relation = self.embedded_table(&table.table);
            let Some(id) = self.edge_column(&relation, &table.id) else { continue };
            if relation.columns[id].kind != id_kind {
                let (found, wanted) = (relation.columns[id].kind.as_str(), id_kind.as_str());
                self.error(Code::TypeMismatch, table.id.place, format!("the identifier is {found}, that of the edges {wanted}"));
            }
            let mut properties = Vec::with_capacity(relation.columns.len());
            for property in &relation.columns {
                let place = nodes.iter().position(|node| node.name == property.name);
                properties.push(match place {
                    Some(place) => {
                        if nodes[place].kind != property.kind {
                            let message = format!("the property '{}' has two types", property.name);
                            self.error_with(Code::TypeMismatch, table.table.place, message, "rename one with `project-rename`");
                        }
                        place
                    }
                    None => {
                        nodes.push(property.clone());
                        nodes.len() - 1
                    }
                });
            }
            rows.push(NodeRows { table: relation, id, properties });
        }
        (nodes, GraphNodes::Tables(rows))
    }

    fn partitioned(
        &mut self,
        graph: &Arc<Graph>,
        partitioned: &'t tree::Partitioned,
        input: &Arc<Relation>,
        place: Place,
    ) -> Arc<Relation> {
        let name = match &partitioned.column.kind {
            tree::ExprKind::Name(name) => name,
            _ => {
                self.error(Code::Misplaced, partitioned.column.place, "expected a column");
                return self.failed(Vec::new(), place);
            }
        };
        let Some(edge_column) = self.edge_column(input, name) else { return self.failed(Vec::new(), place) };
        let node_column = graph.nodes.iter().position(|node| node.name == name.text);
        let placeholder = self.placeholders;
        self.placeholders += 1;
        let part = Graph { kind: GraphKind::Placeholder(placeholder), ..(**graph).clone() };
        // What works on rows is done to those of each part.
        let makes_rows = |operator: &Operator| {
            use OperatorKind as K;
            matches!(operator.kind, K::GraphMatch(_) | K::GraphShortestPaths(_) | K::GraphToTable(_))
        };
        let operators = partitioned.operators.as_slice();
        let (of_graph, of_rows) = operators.split_at(operators.iter().position(makes_rows).map_or(operators.len(), |at| at + 1));
        let body = match self.operators(Flow::Graph(Arc::new(part)), of_graph) {
            Flow::Table(relation) => relation,
            Flow::Graph(_) => self.graph_as_table(place),
        };
        let mut columns = body.columns.clone();
        let count = columns.len();
        if !of_rows.is_empty() {
            columns.push(column(PART, Long));
        }
        let kind =
            RelationKind::PartitionGraph { graph: Arc::clone(graph), edge_column, node_column, placeholder, body: Arc::clone(&body) };
        let relation = self.relation(columns, kind, &[input, &body], place);
        if of_rows.is_empty() {
            return relation;
        }
        let key = super::projecting::reference(&relation, count, place);
        self.in_parts(&relation, key, count, of_rows, place)
    }

    /// `graph("name", ...)`
    pub(super) fn stored_graph(&mut self, call: &'t tree::Call, place: Place) -> Flow {
        let failed = || Flow::Graph(Arc::new(Graph { nodes: Vec::new(), edges: Vec::new(), kind: GraphKind::Error, place }));
        let Some(name) = self.constant_text(call.arguments.first(), place) else { return failed() };
        let Some((nodes, edges)) = self.schemas.graph(&name) else {
            self.error(Code::UnknownGraph, place, format!("no graph is named '{name}'"));
            return failed();
        };
        let arguments = call.arguments.iter().skip(1).map(|argument| {
            let value = self.without_rows(|binder| binder.value(&argument.value));
            self.constant(value)
        });
        let arguments = arguments.collect();
        let columns = |fields: Vec<(String, ScalarType)>| fields.into_iter().map(|(name, kind)| column(name, kind)).collect();
        let kind = GraphKind::Stored { name, arguments };
        Flow::Graph(Arc::new(Graph { nodes: columns(nodes), edges: columns(edges), kind, place }))
    }

    /// An operator over a graph.
    pub(super) fn graph_operator(&mut self, graph: &Arc<Graph>, operator: &'t Operator) -> Flow {
        let place = operator.place;
        match &operator.kind {
            OperatorKind::GraphMatch(matched) => Flow::Table(self.graph_match(graph, matched, place)),
            OperatorKind::GraphShortestPaths(matched) => Flow::Table(self.shortest_paths(graph, matched, place)),
            OperatorKind::GraphToTable(outputs) => {
                let mut tables = self.graph_tables(graph, outputs, place);
                if tables.len() > 1 {
                    self.error(Code::Misplaced, place, "an operator that gives several tables stands only at the end of a query");
                }
                let relation = if tables.is_empty() { self.failed(Vec::new(), place) } else { tables.swap_remove(0).1 };
                Flow::Table(relation)
            }
            OperatorKind::GraphMarkComponents(marked) => {
                let name = setting(&marked.settings, "with_component_id").map_or_else(|| "ComponentId".to_owned(), word);
                let mut nodes = graph.nodes.clone();
                if nodes.iter().any(|node| node.name == name) {
                    self.error(Code::DuplicateColumn, place, format!("nodes have a property '{name}' already"));
                }
                nodes.push(column(name, Long));
                let kind = GraphKind::MarkComponents { graph: Arc::clone(graph), kind: marked.kind.unwrap_or(ComponentKind::Weak) };
                Flow::Graph(Arc::new(Graph { nodes, edges: graph.edges.clone(), kind, place }))
            }
            OperatorKind::GraphWhereNodes(condition) => {
                let value = self.with_rows(graph.nodes.clone(), false, RowsKind::Nodes, |binder| binder.value(condition));
                let value = self.condition(value);
                let kind = GraphKind::WhereNodes(Arc::clone(graph), value);
                Flow::Graph(Arc::new(Graph { nodes: graph.nodes.clone(), edges: graph.edges.clone(), kind, place }))
            }
            OperatorKind::GraphWhereEdges(condition) => {
                let value = self.with_rows(graph.edges.clone(), false, RowsKind::Edges, |binder| binder.value(condition));
                let value = self.condition(value);
                let kind = GraphKind::WhereEdges(Arc::clone(graph), value);
                Flow::Graph(Arc::new(Graph { nodes: graph.nodes.clone(), edges: graph.edges.clone(), kind, place }))
            }
            _ => Flow::Table(self.graph_as_table(place)),
        }
    }

    /// `graph-to-table`: the tables with their names, which later statements know.
    pub(super) fn graph_tables(
        &mut self,
        graph: &Arc<Graph>,
        outputs: &'t [GraphOutput],
        place: Place,
    ) -> Vec<(Option<String>, Arc<Relation>)> {
        let mut tables = Vec::new();
        for output in outputs {
            let mut unique = Unique::default();
            let mut columns = Vec::new();
            let id = |name: &str| setting(&output.settings, name).map(word);
            let (properties, kind, ids) = match output.kind {
                GraphOutputKind::Nodes => {
                    let id = id("with_node_id");
                    let kind = RelationKind::GraphNodes { graph: Arc::clone(graph), with_id: id.is_some() };
                    (&graph.nodes, kind, vec![id])
                }
                GraphOutputKind::Edges => {
                    let (source, target) = (id("with_source_id"), id("with_target_id"));
                    let kind =
                        RelationKind::GraphEdges { graph: Arc::clone(graph), with_source: source.is_some(), with_target: target.is_some() };
                    (&graph.edges, kind, vec![source, target])
                }
            };
            columns.extend(ids.into_iter().flatten().map(|name| column(unique.make(&name), Long)));
            columns.extend(properties.iter().map(|property| Column { name: unique.make(&property.name), ..property.clone() }));
            let relation = self.over_graph(graph, columns, kind, place);
            if let Some(name) = &output.name {
                let id = self.declare(&name.text, super::binder::Meaning::Table(Arc::clone(&relation)));
                self.names[id].used = true;
            }
            tables.push((output.name.as_ref().map(|name| name.text.clone()), relation));
        }
        tables
    }

    /// A relation over a graph: as deep as its tables, and open if a mistake is in the graph.
    fn over_graph(&mut self, graph: &Graph, columns: Vec<Column>, kind: RelationKind, place: Place) -> Arc<Relation> {
        let tables = graph_inputs(graph);
        let failed = is_failed(graph);
        let references: Vec<&Relation> = tables.iter().map(AsRef::as_ref).collect();
        let relation = self.relation(columns, kind, &references, place);
        if failed { Arc::new(Relation { open: true, ..(*relation).clone() }) } else { relation }
    }

    fn graph_match(&mut self, graph: &Arc<Graph>, matched: &'t GraphMatch<Cycles>, place: Place) -> Arc<Relation> {
        let (variables, paths) = self.patterns(&matched.patterns);
        let (condition, columns, expressions) = self.matched(graph, &variables, matched.condition.as_ref(), &matched.project);
        let cycles = matched.rule.unwrap_or(Cycles::UniqueEdges);
        let kind = RelationKind::GraphMatch { graph: Arc::clone(graph), variables, paths, cycles, condition, expressions };
        self.over_graph(graph, columns, kind, place)
    }

    fn shortest_paths(&mut self, graph: &Arc<Graph>, matched: &'t GraphMatch<PathOutput>, place: Place) -> Arc<Relation> {
        let (variables, mut paths) = self.patterns(&matched.patterns);
        let (condition, columns, expressions) = self.matched(graph, &variables, matched.condition.as_ref(), &matched.project);
        if paths.len() != 1 {
            self.error(Code::Misplaced, place, "'graph-shortest-paths' takes one pattern");
        }
        if !variables.iter().any(|variable| variable.repeated) {
            self.error_with(Code::Misplaced, place, "the pattern needs an edge of several hops", "write `-[e*1..5]->`");
        }
        let path = if paths.is_empty() { Path { steps: Vec::new(), place } } else { paths.swap_remove(0) };
        let output = matched.rule.unwrap_or(PathOutput::Any);
        let kind = RelationKind::GraphShortestPaths { graph: Arc::clone(graph), variables, path, output, condition, expressions };
        self.over_graph(graph, columns, kind, place)
    }

    /// Nodes and edges of patterns, the same name being the same node.
    fn patterns(&mut self, patterns: &'t [Pattern]) -> (Vec<PatternVariable>, Vec<Path>) {
        let mut variables: Vec<PatternVariable> = Vec::new();
        let mut paths = Vec::new();
        let mut components: Vec<Vec<usize>> = Vec::new();
        let elements: usize = patterns.iter().map(|pattern| pattern.steps.len()).sum();
        if elements > ELEMENTS_MAX
            && let (Some(first), Some(last)) = (patterns.first(), patterns.last())
        {
            let place = first.place.to(last.place);
            let message = format!("expected at most {ELEMENTS_MAX} nodes and edges in a pattern, found {elements}");
            self.error_with(Code::TooLarge, place, message, "write edges of several hops: `-[e*1..5]->`");
        }
        // The names of the first ones are known to what comes behind.
        let mut left = ELEMENTS_MAX;
        for pattern in patterns {
            let mut steps = Vec::new();
            let mut nodes = Vec::new();
            let read = pattern.steps.len().min(left);
            left -= read;
            for step in &pattern.steps[..read] {
                match step {
                    Step::Node(name, place) => {
                        let variable = self.node_variable(&mut variables, name.as_ref(), *place);
                        nodes.push(variable);
                        steps.push(PathStep::Node(NodeStep { variable }));
                    }
                    Step::Edge(edge) => {
                        let hops = edge.hops.as_ref().and_then(|hops| self.hops(hops));
                        if let Some(name) = &edge.name
                            && variables.iter().any(|variable| variable.name.as_deref() == Some(&name.text))
                        {
                            self.error_with(
                                Code::DuplicateName,
                                name.place,
                                format!("'{}' names two elements", name.text),
                                "use another name",
                            );
                        }
                        let name = edge.name.as_ref().map(|name| name.text.clone());
                        variables.push(PatternVariable { name, edge: true, repeated: edge.hops.is_some() });
                        steps.push(PathStep::Edge(EdgeStep { variable: variables.len() - 1, direction: edge.direction, hops }));
                    }
                }
            }
            let connected: Vec<usize> =
                (0..components.len()).filter(|index| components[*index].iter().any(|node| nodes.contains(node))).collect();
            for index in connected.into_iter().rev() {
                nodes.extend(components.swap_remove(index));
            }
            components.push(nodes);
            paths.push(Path { steps, place: pattern.place });
        }
        if components.len() > 1
            && let (Some(first), Some(last)) = (patterns.first(), patterns.last())
        {
            self.error_with(
                Code::PatternsApart,
                first.place.to(last.place),
                "the patterns do not hold together",
                "name a node of one pattern in the other",
            );
        }
        (variables, paths)
    }

    fn node_variable(&mut self, variables: &mut Vec<PatternVariable>, name: Option<&Name>, place: Place) -> usize {
        if let Some(name) = name
            && let Some(found) = variables.iter().position(|variable| variable.name.as_deref() == Some(&name.text))
        {
            if variables[found].edge {
                self.error(Code::DuplicateName, place, format!("'{}' is an edge already", name.text));
            }
            return found;
        }
        variables.push(PatternVariable { name: name.map(|name| name.text.clone()), edge: false, repeated: false });
        variables.len() - 1
    }

    fn hops(&mut self, hops: &'t tree::Hops) -> Option<(u32, u32)> {
        let mut bound = |expr: &'t tree::Expr| {
            let value = self.without_rows(|binder| binder.value(expr));
            let number = match super::expressions::constant_of(&value) {
                Some(super::super::bound::Constant::Long(number)) => u32::try_from(*number).ok(),
                Some(super::super::bound::Constant::Int(number)) => u32::try_from(*number).ok(),
                _ => None,
            };
            if number.is_none() && !value.is_mistake() {
                self.error(Code::NotConstant, expr.place, "expected a number of hops as a constant");
            }
            number
        };
        let (from, to) = (bound(&hops.from)?, bound(&hops.to)?);
        if from > to || to > HOPS_MAX {
            let place = hops.from.place.to(hops.to.place);
            self.error(Code::BadHops, place, format!("expected at most {HOPS_MAX} hops, the fewest first, found {from}..{to}"));
            return None;
        }
        Some((from, to))
    }

    /// The condition and the columns of a match.
    fn matched(
        &mut self,
        graph: &Arc<Graph>,
        variables: &[PatternVariable],
        condition: Option<&'t tree::Expr>,
        project: &'t [Named],
    ) -> (Option<Expr>, Vec<Column>, Vec<Expr>) {
        let rows = Rc::new(PatternRows { graph: Arc::clone(graph), variables: variables.to_vec(), inside: None });
        let open = is_failed(graph);
        self.with_rows(Vec::new(), open, RowsKind::Pattern(rows), |binder| {
            let condition = condition.map(|condition| {
                let value = binder.value(condition);
                binder.condition(value)
            });
            let mut unique = Unique::default();
            let mut explicit = Columns::default();
            let mut columns = Vec::new();
            let mut expressions = Vec::new();
            for named in project {
                let value = binder.value(&named.value);
                let name = match &named.target {
                    Some(tree::Target::One(name)) => explicit.explicit(binder, &mut unique, &name.text, name.place),
                    Some(tree::Target::Many(names)) => names.first().map(|name| unique.make(&name.text)),
                    None => Some(unique.implied(implied(&named.value).as_deref())),
                };
                let Some(name) = name else { continue };
                columns.push(column(name, value.ty));
                expressions.push(value);
            }
            if project.is_empty() {
                binder.all_properties(graph, variables, &mut columns, &mut expressions);
            }
            (condition, columns, expressions)
        })
    }

    /// Without a `project`, every property of every named element.
    fn all_properties(&mut self, graph: &Graph, variables: &[PatternVariable], columns: &mut Vec<Column>, expressions: &mut Vec<Expr>) {
        let mut unique = Unique::default();
        for (variable, pattern) in variables.iter().enumerate() {
            let Some(name) = &pattern.name else { continue };
            let properties = if pattern.edge { &graph.edges } else { &graph.nodes };
            for (index, property) in properties.iter().enumerate() {
                let ty = if pattern.repeated { Dynamic } else { property.kind };
                columns.push(column(unique.make(&format!("{name}_{}", property.name)), ty));
                expressions.push(Expr { kind: ExprKind::Property { variable, column: index }, ty, place: Place::default() });
            }
        }
    }

    /// A node or edge by its name.
    pub(super) fn pattern_variable(&mut self, name: &str, place: Place) -> Option<Expr> {
        let RowsKind::Pattern(rows) = &self.rows.kind else { return None };
        if self.rows.hidden {
            return None;
        }
        let variable = rows.variables.iter().position(|variable| variable.name.as_deref() == Some(name))?;
        Some(Expr { kind: ExprKind::Variable(variable), ty: Dynamic, place })
    }

    /// A property of a node or edge; none if the name in front is no element.
    pub(super) fn pattern_property(&mut self, base: &Name, name: &Name, place: Place) -> Option<Expr> {
        let RowsKind::Pattern(rows) = &self.rows.kind else { return None };
        let rows = Rc::clone(rows);
        let variable = rows.variables.iter().position(|variable| variable.name.as_deref() == Some(&base.text))?;
        let pattern = &rows.variables[variable];
        let properties = if pattern.edge { &rows.graph.edges } else { &rows.graph.nodes };
        let Some(index) = self.place_of(properties, &name.text) else {
            if !self.rows.open {
                let what = if pattern.edge { "property of edges" } else { "property of nodes" };
                self.unknown_column_of(properties, name.place, what, &name.text);
            }
            return Some(mistake(place));
        };
        let kind = properties[index].kind;
        if rows.inside == Some(variable) {
            return Some(Expr { kind: ExprKind::Column(index), ty: kind, place });
        }
        let ty = if pattern.repeated { Dynamic } else { kind };
        Some(Expr { kind: ExprKind::Property { variable, column: index }, ty, place })
    }

    /// Functions of elements and quantifiers; none if it is another function after all.
    pub(super) fn graph_call(&mut self, call: &'t tree::Call, place: Place) -> Option<Expr> {
        let quantifier = match call.name.text.as_str() {
            "all" => Some(Quantifier::All),
            "any" => Some(Quantifier::Any),
            "map" => Some(Quantifier::Map),
            _ => None,
        };
        if let Some(quantifier) = quantifier {
            return Some(self.quantified(quantifier, call, place));
        }
        let (function, ty) = match call.name.text.as_str() {
            "node_id" => (GraphFunction::NodeId, Text),
            "node_degree_in" => (GraphFunction::DegreeIn, Long),
            "node_degree_out" => (GraphFunction::DegreeOut, Long),
            "labels" => (GraphFunction::Labels, Dynamic),
            "inner_nodes" => {
                self.error_with(
                    Code::Misplaced,
                    place,
                    "'inner_nodes' stands only inside of all, any or map",
                    "write `map(inner_nodes(e), x)`",
                );
                return Some(mistake(place));
            }
            _ => return None,
        };
        let variable = match call.arguments.first() {
            None => {
                let inside = match &self.rows.kind {
                    RowsKind::Pattern(rows) => rows.inside.is_some(),
                    _ => true,
                };
                if !inside {
                    self.error(Code::ArgumentCount, place, format!("'{}' needs an element of the pattern", call.name.text));
                    return Some(mistake_of(ty, place));
                }
                None
            }
            Some(argument) => match self.value(&argument.value).kind {
                ExprKind::Variable(variable) => Some(variable),
                ExprKind::Error => return Some(mistake_of(ty, place)),
                _ => {
                    self.error(Code::Misplaced, argument.value.place, "expected an element of the pattern");
                    return Some(mistake_of(ty, place));
                }
            },
        };
        Some(Expr { kind: ExprKind::GraphCall { function, variable }, ty, place })
    }

    /// `all(e, ...)`, `map(inner_nodes(e), ...)`
    fn quantified(&mut self, quantifier: Quantifier, call: &'t tree::Call, place: Place) -> Expr {
        let ty = if quantifier == Quantifier::Map { Dynamic } else { Bool };
        let [path, body] = call.arguments.as_slice() else {
            self.error(Code::ArgumentCount, place, format!("'{}' takes an edge of several hops and an expression", call.name.text));
            return mistake_of(ty, place);
        };
        let (edge, of) = match &path.value.kind {
            tree::ExprKind::Call(inner) if inner.name.text == "inner_nodes" && inner.arguments.len() == 1 => {
                (&inner.arguments[0].value, ElementOf::InnerNodes)
            }
            _ => (&path.value, ElementOf::Edges),
        };
        let variable = self.value(edge);
        let RowsKind::Pattern(rows) = self.rows.kind.clone() else { return mistake_of(ty, place) };
        let ExprKind::Variable(variable) = variable.kind else {
            if !variable.is_mistake() {
                self.error(Code::Misplaced, edge.place, "expected an edge of several hops");
            }
            return mistake_of(ty, place);
        };
        if !rows.variables[variable].repeated {
            self.error_with(Code::Misplaced, edge.place, "expected an edge of several hops", "write the condition without a quantifier");
            return mistake_of(ty, place);
        }
        let columns = match of {
            ElementOf::Edges => rows.graph.edges.clone(),
            ElementOf::InnerNodes => rows.graph.nodes.clone(),
        };
        let inside = (of == ElementOf::Edges).then_some(variable).or(Some(usize::MAX));
        let inner = Rc::new(PatternRows { inside, ..(*rows).clone() });
        let open = self.rows.open;
        let body = self.with_rows(columns, open, RowsKind::Pattern(inner), |binder| {
            let value = binder.value(&body.value);
            if quantifier == Quantifier::Map { value } else { binder.truth(value, "the condition of a quantifier") }
        });
        Expr { kind: ExprKind::Quantified { quantifier, variable, of, body: Box::new(body) }, ty, place }
    }
}

/// An option by its name.
fn setting<'a>(settings: &'a [Setting], name: &str) -> Option<&'a tree::Expr> {
    settings.iter().find(|setting| setting.name == name).and_then(|setting| setting.values.first())
}

/// The tables that a graph is made of.
fn graph_inputs(graph: &Graph) -> Vec<Arc<Relation>> {
    match &graph.kind {
        GraphKind::Make { edges, nodes, .. } => {
            let mut inputs = vec![Arc::clone(edges)];
            if let GraphNodes::Tables(tables) = nodes {
                inputs.extend(tables.iter().map(|rows| Arc::clone(&rows.table)));
            }
            inputs
        }
        GraphKind::WhereNodes(inner, _) | GraphKind::WhereEdges(inner, _) | GraphKind::MarkComponents { graph: inner, .. } => {
            graph_inputs(inner)
        }
        GraphKind::Stored { .. } | GraphKind::Placeholder(_) | GraphKind::Error => Vec::new(),
    }
}

/// Whether a mistake is somewhere in a graph.
fn is_failed(graph: &Graph) -> bool {
    match &graph.kind {
        GraphKind::Error => true,
        GraphKind::WhereNodes(inner, _) | GraphKind::WhereEdges(inner, _) | GraphKind::MarkComponents { graph: inner, .. } => {
            is_failed(inner)
        }
        _ => false,
    }
}
