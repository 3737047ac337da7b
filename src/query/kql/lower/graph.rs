//! Graph operators: where the graph comes from, what each condition reads, and so where the search decides it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;

use super::super::bound::{
    self, ElementOf, Expr, ExprKind, Graph, GraphKind, GraphNodes, Path, PathStep, PatternVariable, Quantifier, Relation, RelationKind,
};
use super::super::graph::{
    Budget, EdgePattern, ElementTerm, Formula, GraphOperator, Hops, Labels, Made, Matches, NodePattern, Output, PartTerm, PathOutput,
    Pattern, Property, Rule, Source, Term, Way,
};
use super::super::tree::{self, Cycles, EdgeDirection, ScalarType};
use super::super::types::arrow_type;
use super::error::LowerError;
use super::flow::{Flow, Needed};
use super::node::RowsInput;
use super::{Lowering, constant, named, walk};

/// The graph that a placeholder stands for, and the column that parts it.
type Whole<'g> = Option<(&'g Graph, String)>;

impl Lowering<'_> {
    /// The flow of an operator that makes rows of a graph.
    pub(super) fn graph_operator(&mut self, relation: &Relation, needed: &Needed) -> Result<Flow, LowerError> {
        match &relation.kind {
            RelationKind::PartitionGraph { graph, edge_column, body, .. } => {
                let column = graph.edges.get(*edge_column).map_or_else(String::new, |column| column.name.clone());
                self.over_graph(relation, body, Some((graph, column)), needed)
            }
            _ => self.over_graph(relation, relation, None, needed),
        }
    }

    /// The operator `body` with the columns of `relation`.
    fn over_graph(&mut self, relation: &Relation, body: &Relation, whole: Whole<'_>, needed: &Needed) -> Result<Flow, LowerError> {
        // What is read of a graph may cost a look at its documents.
        let asked = |properties: &[bound::Column]| {
            let first = body.columns.len() - properties.len();
            (first..body.columns.len()).map(|place| needed.has(place)).collect::<Vec<_>>()
        };
        let (name, graph, output) = match &body.kind {
            RelationKind::GraphNodes { graph, with_id } => {
                ("graph-to-table", graph, Output::Nodes { with_id: *with_id, asked: asked(&graph.nodes) })
            }
            RelationKind::GraphEdges { graph, with_source, with_target } => {
                let output = Output::Edges { with_source: *with_source, with_target: *with_target, asked: asked(&graph.edges) };
                ("graph-to-table", graph, output)
            }
            RelationKind::GraphMatch { graph, variables, paths, cycles, condition, expressions } => {
                let rule = match cycles {
                    Cycles::All => Rule::Walk,
                    Cycles::UniqueEdges => Rule::Trail,
                    Cycles::None => Rule::Acyclic,
                };
                let search = Searching::new(variables, paths, graph, rule, None);
                ("graph-match", graph, self.matches(search, condition.as_ref(), expressions)?)
            }
            RelationKind::GraphShortestPaths { graph, variables, path, output, condition, expressions } => {
                let output = match output {
                    tree::PathOutput::Any => PathOutput::Any,
                    tree::PathOutput::All => PathOutput::All,
                };
                let search = Searching::new(variables, std::slice::from_ref(path), graph, Rule::Acyclic, Some(output));
                ("graph-shortest-paths", graph, self.matches(search, condition.as_ref(), expressions)?)
            }
            _ => return Err(LowerError::unsupported("an operator behind the graph operator inside of `partitioned-by`", body.place)),
        };
        let mut inputs = Vec::new();
        let source = self.graph_source(graph, &whole, &mut inputs)?;
        let kinds = relation.columns.iter().map(|column| column.kind).collect();
        let numbered = relation.columns.len() > body.columns.len();
        let operator = GraphOperator { name, source, output, kinds, numbered, budget: Budget::default() };
        self.operated(relation, inputs, Arc::new(operator))
    }

    /// Where a graph comes from; its tables become inputs.
    fn graph_source(&mut self, graph: &Graph, whole: &Whole<'_>, inputs: &mut Vec<RowsInput>) -> Result<Source, LowerError> {
        match &graph.kind {
            GraphKind::Make { edges, source, target, directed, nodes } => {
                inputs.push(self.graph_rows(edges)?);
                let mut tables = Vec::new();
                if let GraphNodes::Tables(rows) = nodes {
                    for table in rows {
                        inputs.push(self.graph_rows(&table.table)?);
                        tables.push((properties(&table.table.columns), table.id, table.properties.clone()));
                    }
                }
                Ok(Source::Made(Made {
                    edges: properties(&edges.columns),
                    source: *source,
                    target: *target,
                    directed: *directed,
                    nodes: properties(&graph.nodes),
                    is_identifier: matches!(nodes, GraphNodes::Identifier),
                    tables,
                    parted_by: None,
                }))
            }
            GraphKind::Stored { name, arguments } => {
                let mut constants = Vec::new();
                for argument in arguments {
                    match &argument.kind {
                        ExprKind::Literal(value) => constants.push(value.clone()),
                        _ => return Err(LowerError::value("expected a constant behind the name of the graph", argument.place)),
                    }
                }
                Ok(Source::Given(self.environment.tables.graph(name, &constants)?))
            }
            GraphKind::Placeholder(_) => {
                let Some((graph, column)) = whole else {
                    return Err(LowerError::unsupported("a part of a graph outside of `partitioned-by`", graph.place));
                };
                let mut source = self.graph_source(graph, &None, inputs)?;
                if let Source::Made(made) = &mut source {
                    made.parted_by = Some(column.clone());
                }
                Ok(source)
            }
            GraphKind::WhereNodes(inner, condition) => {
                let source = self.graph_source(inner, whole, inputs)?;
                Ok(Source::Nodes(Box::new(source), self.formula(condition, &mut |_, expression| Ok(own(expression)))?))
            }
            GraphKind::WhereEdges(inner, condition) => {
                let source = self.graph_source(inner, whole, inputs)?;
                Ok(Source::Edges(Box::new(source), self.formula(condition, &mut |_, expression| Ok(own(expression)))?))
            }
            GraphKind::MarkComponents { graph: inner, kind } => {
                let source = self.graph_source(inner, whole, inputs)?;
                let name = graph.nodes.last().map_or_else(String::new, |column| column.name.clone());
                Ok(Source::Components(Box::new(source), *kind, name))
            }
            GraphKind::Error => Err(LowerError::value("a mistake in the query", graph.place)),
        }
    }

    /// All columns of a table in their order.
    fn graph_rows(&mut self, table: &Relation) -> Result<RowsInput, LowerError> {
        let flow = self.relation(table, &Needed::all(table.columns.len()))?;
        if flow.part.is_some() {
            return Err(LowerError::unsupported("a graph inside of `mv-apply` or `partition`", table.place));
        }
        let columns = flow.columns.iter().zip(&table.columns);
        let null = |kind| datafusion::logical_expr::Expr::Literal(constant::null(kind), None);
        let values = columns.map(|(value, column)| value.clone().unwrap_or_else(|| null(column.kind))).collect();
        self.operands(flow, values, table.place)
    }

    /// An expression with the columns that it reads: `bind` says which of its parts are such columns.
    fn formula<T>(
        &mut self,
        expression: &Expr,
        bind: &mut dyn FnMut(&mut Self, &Expr) -> Result<Option<(T, ScalarType)>, LowerError>,
    ) -> Result<Formula<T>, LowerError> {
        let mut expression = expression.clone();
        let mut terms = Vec::new();
        let mut kinds = Vec::new();
        self.separate(&mut expression, bind, &mut terms, &mut kinds)?;
        let names: Vec<String> = (0..terms.len()).map(|n| format!("term{n}")).collect();
        let fields: Vec<Field> = names.iter().zip(&kinds).map(|(name, kind)| Field::new(name, arrow_type(*kind), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let columns: Vec<_> = names.iter().map(|name| Some(named(name))).collect();
        let kind = expression.ty;
        let before = std::mem::replace(&mut self.kinds, kinds);
        let value = self.value(&expression, &columns);
        self.kinds = before;
        let fields = DFSchema::try_from(Schema::clone(&schema))?;
        let value = create_physical_expr(&value?, &fields, &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
        Ok(Formula { terms, value, schema, kind })
    }

    /// Puts places of columns where parts of an expression are columns.
    fn separate<T>(
        &mut self,
        expression: &mut Expr,
        bind: &mut dyn FnMut(&mut Self, &Expr) -> Result<Option<(T, ScalarType)>, LowerError>,
        terms: &mut Vec<T>,
        kinds: &mut Vec<ScalarType>,
    ) -> Result<(), LowerError> {
        if let Some((term, kind)) = bind(self, expression)? {
            let place = expression.place;
            let column = ExprKind::Column(terms.len());
            terms.push(term);
            kinds.push(kind);
            if kind == expression.ty {
                expression.kind = column;
            } else {
                expression.kind = ExprKind::Convert(Box::new(Expr { kind: column, ty: kind, place }));
            }
            return Ok(());
        }
        for inner in walk::children_mut(expression) {
            self.separate(inner, bind, terms, kinds)?;
        }
        Ok(())
    }

    fn matches(&mut self, mut search: Searching<'_>, condition: Option<&Expr>, columns: &[Expr]) -> Result<Output, LowerError> {
        for condition in condition.map(conjuncts).unwrap_or_default() {
            self.condition_of_match(&mut search, condition)?;
        }
        let mut built = Vec::with_capacity(columns.len());
        for column in columns {
            built.push(self.formula(column, &mut |lowering, expression| lowering.term(&search, expression))?);
        }
        search.matches.columns = built;
        Ok(Output::Matches(Box::new(search.matches)))
    }

    /// Puts a condition where it is decided first: at single elements, inside paths, or at several together.
    fn condition_of_match(&mut self, search: &mut Searching<'_>, condition: &Expr) -> Result<(), LowerError> {
        if let ExprKind::Quantified { quantifier: Quantifier::All, variable, of, body } = &condition.kind
            && read(body).is_empty()
            && let Some(edge) = search.edge(*variable)
        {
            let formula = self.formula(body, &mut |_, expression| Ok(own(expression)))?;
            match of {
                ElementOf::Edges => search.matches.edge_tests[edge].push(formula),
                ElementOf::InnerNodes => search.matches.inner_tests[edge].push(formula),
            }
            return Ok(());
        }
        let variables = read(condition);
        let has_quantifier = has_quantifier(condition);
        let repeats = |variable: &usize| search.variables[*variable].repeated;
        if let (Some(variable), 1, false) = (variables.first().copied(), variables.len(), has_quantifier) {
            let kinds: Vec<ScalarType> = search.properties(variable).iter().map(|column| column.kind).collect();
            let mut bind = |_: &mut Self, expression: &Expr| Ok(single(expression, &kinds));
            let formula = self.formula(condition, &mut bind)?;
            match (search.node(variable), search.edge(variable)) {
                (Some(node), _) => search.matches.node_tests[node].push(formula),
                (None, Some(edge)) => search.matches.edge_tests[edge].push(formula),
                (None, None) => return Err(LowerError::value("expected an element of the pattern", condition.place)),
            }
            return Ok(());
        }
        let reads_path = direct(condition).iter().any(repeats);
        if reads_path {
            let what = "a condition that compares the edges of a path with other elements outside of `all`, `any` or `map`";
            return Err(LowerError::unsupported(what, condition.place));
        }
        let formula = self.formula(condition, &mut |lowering, expression| lowering.term(search, expression))?;
        let nodes = variables.iter().filter_map(|variable| search.node(*variable)).collect();
        let edges = variables.iter().filter_map(|variable| search.edge(*variable)).collect();
        search.matches.conditions.push((formula, nodes, edges));
        Ok(())
    }

    /// The column of a match that an expression is, if it is one.
    fn term(&mut self, search: &Searching<'_>, expression: &Expr) -> Result<Option<(Term, ScalarType)>, LowerError> {
        let lost = || LowerError::value("expected an element of the pattern", expression.place);
        Ok(Some(match &expression.kind {
            ExprKind::Property { variable, column } => match (search.node(*variable), search.edge(*variable)) {
                (Some(node), _) => (Term::Node(node, *column), expression.ty),
                (None, Some(edge)) if search.variables[*variable].repeated => (Term::Path(edge, *column), ScalarType::Dynamic),
                (None, Some(edge)) => (Term::Edge(edge, *column), expression.ty),
                (None, None) => return Err(lost()),
            },
            ExprKind::Variable(variable) => match (search.node(*variable), search.edge(*variable)) {
                (Some(node), _) => (Term::NodeBag(node), ScalarType::Dynamic),
                (None, Some(edge)) => (Term::EdgeBag(edge), ScalarType::Dynamic),
                (None, None) => return Err(lost()),
            },
            ExprKind::GraphCall { function, variable: Some(variable) } => match (search.node(*variable), search.edge(*variable)) {
                (Some(node), _) => (Term::NodeCall(*function, node), expression.ty),
                (None, Some(edge)) if search.variables[*variable].repeated => (Term::EdgeCall(*function, edge), ScalarType::Dynamic),
                (None, Some(edge)) => (Term::EdgeCall(*function, edge), expression.ty),
                (None, None) => return Err(lost()),
            },
            ExprKind::Quantified { quantifier, variable, of, body } => {
                let edge = search.edge(*variable).ok_or_else(lost)?;
                let body = self.formula(body, &mut |lowering, expression| match own(expression) {
                    Some((term, kind)) => Ok(Some((PartTerm::Own(term), kind))),
                    None => Ok(lowering.term(search, expression)?.map(|(term, kind)| (PartTerm::Outer(term), kind))),
                })?;
                (Term::Quantified(*quantifier, edge, *of, Arc::new(body)), expression.ty)
            }
            _ => return Ok(None),
        }))
    }
}

/// A pattern while its conditions are put in.
struct Searching<'g> {
    variables: &'g [PatternVariable],
    graph: &'g Graph,
    nodes: HashMap<usize, usize>,
    edges: HashMap<usize, usize>,
    matches: Matches,
}

impl<'g> Searching<'g> {
    fn new(variables: &'g [PatternVariable], paths: &[Path], graph: &'g Graph, rule: Rule, shortest: Option<PathOutput>) -> Self {
        let (mut nodes, mut edges) = (HashMap::new(), HashMap::new());
        let mut pattern = Pattern { rule, ..Pattern::default() };
        for path in paths {
            let mut last = None;
            let mut open: Option<(usize, Way, Option<Hops>)> = None;
            for step in &path.steps {
                match step {
                    PathStep::Node(step) => {
                        let next = nodes.len();
                        let node = *nodes.entry(step.variable).or_insert(next);
                        if node == pattern.nodes.len() {
                            pattern.nodes.push(NodePattern::default());
                        }
                        if let (Some(from), Some((variable, way, hops))) = (last, open.take()) {
                            edges.insert(variable, pattern.edges.len());
                            pattern.edges.push(EdgePattern { from, to: node, way, hops, labels: Labels::Any, test: None, inner: None });
                        }
                        last = Some(node);
                    }
                    PathStep::Edge(step) => {
                        let way = match step.direction {
                            EdgeDirection::Right => Way::Out,
                            EdgeDirection::Left => Way::In,
                            EdgeDirection::Any => Way::Either,
                        };
                        open = Some((step.variable, way, step.hops.map(|(min, max)| Hops { min, max })));
                    }
                }
            }
        }
        let (node_count, edge_count) = (pattern.nodes.len(), pattern.edges.len());
        let matches = Matches {
            pattern,
            shortest,
            node_tests: vec![Vec::new(); node_count],
            edge_tests: vec![Vec::new(); edge_count],
            inner_tests: vec![Vec::new(); edge_count],
            conditions: Vec::new(),
            columns: Vec::new(),
        };
        Self { variables, graph, nodes, edges, matches }
    }

    fn node(&self, variable: usize) -> Option<usize> {
        self.nodes.get(&variable).copied()
    }

    fn edge(&self, variable: usize) -> Option<usize> {
        self.edges.get(&variable).copied()
    }

    fn properties(&self, variable: usize) -> &'g [bound::Column] {
        if self.variables[variable].edge { &self.graph.edges } else { &self.graph.nodes }
    }
}

fn properties(columns: &[bound::Column]) -> Vec<Property> {
    columns.iter().map(|column| Property { name: column.name.clone(), kind: column.kind }).collect()
}

/// The column of the element itself that an expression is: inside quantifiers and conditions on nodes or edges.
fn own(expression: &Expr) -> Option<(ElementTerm, ScalarType)> {
    match &expression.kind {
        ExprKind::Column(place) => Some((ElementTerm::Property(*place), expression.ty)),
        ExprKind::GraphCall { function, variable: None } => Some((ElementTerm::Call(*function), expression.ty)),
        _ => None,
    }
}

/// The column of the one element that a condition reads. Of a path, the condition means each edge.
fn single(expression: &Expr, kinds: &[ScalarType]) -> Option<(ElementTerm, ScalarType)> {
    match &expression.kind {
        ExprKind::Property { column, .. } => Some((ElementTerm::Property(*column), kinds[*column])),
        ExprKind::Variable(_) => Some((ElementTerm::Bag, ScalarType::Dynamic)),
        ExprKind::GraphCall { function, .. } => Some((ElementTerm::Call(*function), expression.ty)),
        _ => None,
    }
}

/// The conditions that `and` joins.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    let (mut all, mut open) = (Vec::new(), vec![condition]);
    while let Some(one) = open.pop() {
        match &one.kind {
            ExprKind::And(parts) => open.extend(parts.iter().rev()),
            _ => all.push(one),
        }
    }
    all
}

/// The variables that an expression reads.
fn read(expression: &Expr) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    walk::expressions(expression, &mut |one| match &one.kind {
        ExprKind::Property { variable, .. }
        | ExprKind::Variable(variable)
        | ExprKind::Quantified { variable, .. }
        | ExprKind::GraphCall { variable: Some(variable), .. } => {
            found.insert(*variable);
        }
        _ => {}
    });
    found
}

/// The variables that an expression reads outside of quantifiers.
fn direct(expression: &Expr) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    walk::expressions(expression, &mut |one| {
        if let ExprKind::Property { variable, .. } | ExprKind::Variable(variable) = &one.kind {
            found.insert(*variable);
        }
    });
    found
}

fn has_quantifier(expression: &Expr) -> bool {
    let mut is_there = false;
    walk::expressions(expression, &mut |one| is_there |= matches!(one.kind, ExprKind::Quantified { .. }));
    is_there
}
