//! Expressions over matches: which columns they read, how those are made of nodes and edges, and how they are computed chunk by chunk.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringViewArray, StringViewBuilder, UInt32Array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::SchemaRef;
use datafusion::physical_expr::PhysicalExpr;

use crate::model::{Fault, FaultClass};

use super::super::bound::{ElementOf, GraphFunction, Quantifier};
use super::super::functions::{KernelError, budget};
use super::super::tree::ScalarType;
use super::super::values::write;
use super::model::{Cell, PatternGraph, Way};
use super::pattern::{ElementTest, RowTest};
use super::rows::{EdgeColumn, Rows};

/// A column that an expression over matches reads.
#[derive(Clone, Debug)]
pub enum Term {
    /// A property of a node.
    Node(usize, usize),
    /// A property of an edge.
    Edge(usize, usize),
    /// A property of each edge of a path, as an array.
    Path(usize, usize),
    /// All properties of a node, as a bag.
    NodeBag(usize),
    /// All properties of an edge, or of each edge of a path.
    EdgeBag(usize),
    /// What a function gives for a node.
    NodeCall(GraphFunction, usize),
    /// What a function gives for an edge, or for each edge of a path.
    EdgeCall(GraphFunction, usize),
    /// A question to the parts of a path.
    Quantified(Quantifier, usize, ElementOf, Arc<Formula<PartTerm>>),
}

/// A column that an expression over single nodes or edges reads.
#[derive(Clone, Debug)]
pub enum ElementTerm {
    /// A property.
    Property(usize),
    /// What a function gives.
    Call(GraphFunction),
    /// All properties, as a bag.
    Bag,
}

/// A column that an expression over the parts of a path reads.
#[derive(Clone, Debug)]
pub enum PartTerm {
    /// Of the part.
    Own(ElementTerm),
    /// Of the match around it.
    Outer(Term),
}

/// An expression with the columns that it reads.
#[derive(Clone, Debug)]
pub struct Formula<T> {
    /// The columns.
    pub terms: Vec<T>,
    /// The expression over them.
    pub value: Arc<dyn PhysicalExpr>,
    /// Names and types of the columns.
    pub schema: SchemaRef,
    /// The type of the value.
    pub kind: ScalarType,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

/// An error of an expression as one of the search.
pub(super) fn fault(error: KernelError) -> Fault {
    let class = if error.is_limit() { FaultClass::Limit } else { FaultClass::Invalid };
    Fault::new(class, "kql_execution", error.message)
}

/// A column computed part by part.
fn in_parts(rows: usize, compute: impl Fn(Range<usize>) -> Result<ArrayRef, KernelError>) -> Result<ArrayRef, Fault> {
    let mut parts = Vec::new();
    let taken = budget::in_parts(rows, compute, |part| {
        parts.push(part);
        Ok(())
    });
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    taken.and_then(|()| concat(&parts).map_err(failed)).map_err(fault)
}

/// A text that counts as made.
fn counted(text: String) -> Result<String, KernelError> {
    budget::settle(text.len()).map(|()| text)
}

impl<T> Formula<T> {
    fn compute(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef, KernelError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(failed)?;
        self.value.evaluate(&batch).and_then(|value| value.into_array(rows)).map_err(|error| KernelError::from(&error))
    }
}

/// Texts are never null in expressions.
pub(super) fn filled(kind: ScalarType, column: ArrayRef) -> ArrayRef {
    if kind != ScalarType::String || column.null_count() == 0 {
        return column;
    }
    Arc::new(column.as_string_view().iter().map(|text| Some(text.unwrap_or_default())).collect::<StringViewArray>())
}

fn is_true(values: &ArrayRef) -> Vec<bool> {
    let values = values.as_boolean();
    (0..values.len()).map(|row| values.is_valid(row) && values.value(row)).collect()
}

impl Formula<ElementTerm> {
    /// The value for each of some nodes.
    pub fn of_nodes(&self, graph: &dyn PatternGraph, nodes: &[u32]) -> Result<ArrayRef, Fault> {
        in_parts(nodes.len(), |part| {
            let nodes = &nodes[part];
            self.compute(self.terms.iter().map(|term| node_column(graph, term, nodes)).collect::<Result<_, _>>()?, nodes.len())
        })
    }

    /// The value for each of some edges.
    pub fn of_edges(&self, graph: &dyn PatternGraph, edges: &[u32]) -> Result<ArrayRef, Fault> {
        in_parts(edges.len(), |part| {
            let edges = &edges[part];
            self.compute(self.terms.iter().map(|term| edge_column(graph, term, edges)).collect::<Result<_, _>>()?, edges.len())
        })
    }
}

fn node_column(graph: &dyn PatternGraph, term: &ElementTerm, nodes: &[u32]) -> Result<ArrayRef, KernelError> {
    Ok(match term {
        ElementTerm::Property(property) => filled(graph.node_properties()[*property].kind, graph.node_column(*property, nodes)),
        ElementTerm::Bag => {
            Arc::new(nodes.iter().map(|node| counted(node_bag(graph, *node)).map(Some)).collect::<Result<StringViewArray, _>>()?)
        }
        ElementTerm::Call(function) => {
            let degree = |way| Arc::new(nodes.iter().map(|node| graph.degree(*node, way) as i64).collect::<Int64Array>());
            match function {
                GraphFunction::DegreeIn => degree(Way::In),
                GraphFunction::DegreeOut => degree(Way::Out),
                GraphFunction::NodeId => Arc::new(nodes.iter().map(|node| Some(graph.node_id(*node))).collect::<StringViewArray>()),
                GraphFunction::Labels => {
                    Arc::new(nodes.iter().map(|node| Some(labels(&graph.node_labels(*node)))).collect::<StringViewArray>())
                }
            }
        }
    })
}

fn edge_column(graph: &dyn PatternGraph, term: &ElementTerm, edges: &[u32]) -> Result<ArrayRef, KernelError> {
    Ok(match term {
        ElementTerm::Property(property) => filled(graph.edge_properties()[*property].kind, graph.edge_column(*property, edges)),
        ElementTerm::Bag => {
            Arc::new(edges.iter().map(|edge| counted(edge_bag(graph, *edge)).map(Some)).collect::<Result<StringViewArray, _>>()?)
        }
        ElementTerm::Call(GraphFunction::Labels) => {
            Arc::new(edges.iter().map(|edge| Some(labels(&graph.edge_labels(*edge)))).collect::<StringViewArray>())
        }
        ElementTerm::Call(GraphFunction::NodeId) => Arc::new(edges.iter().map(|_| Some("")).collect::<StringViewArray>()),
        ElementTerm::Call(GraphFunction::DegreeIn | GraphFunction::DegreeOut) => {
            Arc::new(edges.iter().map(|_| None).collect::<Int64Array>())
        }
    })
}

fn labels(names: &[String]) -> String {
    write::json_strings(names.iter().map(String::as_str))
}

fn bag(entries: impl Iterator<Item = (String, String)>) -> String {
    let entries: Vec<String> = entries.map(|(name, value)| format!("{}:{value}", write::json_string(&name))).collect();
    format!("{{{}}}", entries.join(","))
}

fn node_bag(graph: &dyn PatternGraph, node: u32) -> String {
    let properties = graph.node_properties().iter().enumerate();
    bag(properties.map(|(n, property)| (property.name.clone(), json(property.kind, &graph.node_cell(n, node)))))
}

fn edge_bag(graph: &dyn PatternGraph, edge: u32) -> String {
    let properties = graph.edge_properties().iter().enumerate();
    bag(properties.map(|(n, property)| (property.name.clone(), json(property.kind, &graph.edge_cell(n, edge)))))
}

/// A value as JSON text; null texts are empty ones.
fn json(kind: ScalarType, cell: &Cell) -> String {
    match cell {
        Cell::Null if kind == ScalarType::String => "\"\"".to_owned(),
        Cell::Null => "null".to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Long(value) => value.to_string(),
        Cell::Real(value) if value.is_finite() => write::real(*value),
        Cell::Real(value) => write::json_string(&write::real(*value)),
        Cell::Decimal(unscaled) => write::json_string(&write::decimal(*unscaled)),
        Cell::Text(text) => write::json_string(text),
        Cell::Instant(ticks) => write::json_string(&write::datetime(*ticks)),
        Cell::Duration(ticks) => write::json_string(&write::timespan(*ticks)),
        Cell::Json(text) => text.clone().into_owned(),
    }
}

/// A column of values as JSON texts.
fn json_column(kind: ScalarType, values: &ArrayRef) -> Result<Vec<String>, KernelError> {
    (0..values.len()).map(|row| counted(json(kind, &super::transient::cell(kind, values, row)))).collect()
}

/// The parts of a path in each row, one behind the other, with the row of each.
fn parts(rows: &Rows, edge: usize, of: ElementOf) -> (Vec<u32>, Vec<u32>) {
    let (mut elements, mut of_rows) = (Vec::new(), Vec::new());
    if let EdgeColumn::Path(paths) = &rows.edges[edge] {
        for (row, path) in paths.iter().enumerate() {
            let found = match of {
                ElementOf::Edges => path.edges.as_slice(),
                ElementOf::InnerNodes => path.inner_nodes(),
            };
            elements.extend_from_slice(found);
            of_rows.extend(found.iter().map(|_| row as u32));
        }
    }
    (elements, of_rows)
}

/// Joins the texts of each row to an array.
fn arrays(texts: &[String], of_rows: &[u32], rows: usize) -> ArrayRef {
    let mut built = StringViewBuilder::with_capacity(rows);
    let mut at = 0;
    for row in 0..rows as u32 {
        let end = at + of_rows[at..].iter().take_while(|of| **of == row).count();
        built.append_value(format!("[{}]", texts[at..end].join(",")));
        at = end;
    }
    Arc::new(built.finish())
}

fn term_column(graph: &dyn PatternGraph, term: &Term, rows: &Rows) -> Result<ArrayRef, KernelError> {
    let single = |edge: usize| match &rows.edges[edge] {
        EdgeColumn::Edge(edges) => Some(edges.as_slice()),
        _ => None,
    };
    let of_edges = |edge: usize, element: ElementTerm, kind: ScalarType| match single(edge) {
        Some(edges) => edge_column(graph, &element, edges),
        None => {
            let (edges, of_rows) = parts(rows, edge, ElementOf::Edges);
            Ok(arrays(&json_column(kind, &edge_column(graph, &element, &edges)?)?, &of_rows, rows.len()))
        }
    };
    match term {
        Term::Node(node, property) => node_column(graph, &ElementTerm::Property(*property), &rows.nodes[*node]),
        Term::NodeBag(node) => node_column(graph, &ElementTerm::Bag, &rows.nodes[*node]),
        Term::NodeCall(function, node) => node_column(graph, &ElementTerm::Call(*function), &rows.nodes[*node]),
        Term::Edge(edge, property) | Term::Path(edge, property) => {
            of_edges(*edge, ElementTerm::Property(*property), graph.edge_properties()[*property].kind)
        }
        Term::EdgeBag(edge) => of_edges(*edge, ElementTerm::Bag, ScalarType::Dynamic),
        Term::EdgeCall(function, edge) => of_edges(*edge, ElementTerm::Call(*function), ScalarType::Dynamic),
        Term::Quantified(quantifier, edge, of, body) => {
            let (elements, of_rows) = parts(rows, *edge, *of);
            let values = part_values(graph, body, *of, &elements, &of_rows, rows)?;
            if *quantifier == Quantifier::Map {
                Ok(arrays(&json_column(body.kind, &values)?, &of_rows, rows.len()))
            } else {
                let is_all = *quantifier == Quantifier::All;
                let mut verdicts = vec![is_all; rows.len()];
                for (holds, row) in is_true(&values).into_iter().zip(&of_rows) {
                    if holds != is_all {
                        verdicts[*row as usize] = holds;
                    }
                }
                Ok(Arc::new(BooleanArray::from(verdicts)))
            }
        }
    }
}

fn part_values(
    graph: &dyn PatternGraph,
    body: &Formula<PartTerm>,
    of: ElementOf,
    elements: &[u32],
    of_rows: &[u32],
    rows: &Rows,
) -> Result<ArrayRef, KernelError> {
    let places = UInt32Array::from(of_rows.to_vec());
    let column = |term: &PartTerm| match (term, of) {
        (PartTerm::Own(term), ElementOf::Edges) => edge_column(graph, term, elements),
        (PartTerm::Own(term), ElementOf::InnerNodes) => node_column(graph, term, elements),
        (PartTerm::Outer(term), _) => take(&term_column(graph, term, rows)?, &places, None).map_err(failed),
    };
    body.compute(body.terms.iter().map(column).collect::<Result<_, _>>()?, elements.len())
}

impl Formula<Term> {
    /// The value for each match. Whoever asks counts what is made.
    pub(super) fn of_rows(&self, graph: &dyn PatternGraph, rows: &Rows) -> Result<ArrayRef, KernelError> {
        let columns = self.terms.iter().map(|term| term_column(graph, term, rows));
        self.compute(columns.collect::<Result<_, _>>()?, rows.len())
    }
}

/// Decides for matches.
pub(super) struct RowFormula {
    pub(super) graph: Arc<dyn PatternGraph>,
    pub(super) formula: Formula<Term>,
}

impl RowTest for RowFormula {
    fn keep(&self, rows: &Rows) -> Result<Vec<bool>, Fault> {
        Ok(is_true(&in_parts(rows.len(), |part| self.formula.of_rows(&*self.graph, &rows.part(part)))?))
    }
}

/// Elements that are decided at once.
const BLOCK: u32 = 1024;

/// Decides for single nodes or edges; those with near numbers at once.
pub(super) struct ElementFormula {
    graph: Arc<dyn PatternGraph>,
    formulas: Vec<Formula<ElementTerm>>,
    is_edge: bool,
    /// Elements whose numbers are known to be taken.
    count: u32,
    blocks: Mutex<HashMap<u32, Vec<bool>>>,
}

impl ElementFormula {
    /// A test of nodes by several conditions; none if there are none.
    pub(super) fn of_nodes(graph: &Arc<dyn PatternGraph>, formulas: &[Formula<ElementTerm>]) -> Option<Arc<dyn ElementTest>> {
        Self::test(graph, formulas, false, graph.node_count() as u32)
    }

    /// A test of edges; `count` of them have numbers from 0.
    pub(super) fn of_edges(graph: &Arc<dyn PatternGraph>, formulas: &[Formula<ElementTerm>], count: u32) -> Option<Arc<dyn ElementTest>> {
        Self::test(graph, formulas, true, count)
    }

    fn test(graph: &Arc<dyn PatternGraph>, formulas: &[Formula<ElementTerm>], is_edge: bool, count: u32) -> Option<Arc<dyn ElementTest>> {
        if formulas.is_empty() {
            return None;
        }
        Some(Arc::new(Self { graph: Arc::clone(graph), formulas: formulas.to_vec(), is_edge, count, blocks: Mutex::default() }))
    }

    fn decide(&self, elements: &[u32]) -> Result<Vec<bool>, Fault> {
        let mut verdicts = vec![true; elements.len()];
        for formula in &self.formulas {
            let values = if self.is_edge { formula.of_edges(&*self.graph, elements)? } else { formula.of_nodes(&*self.graph, elements)? };
            is_true(&values).into_iter().zip(&mut verdicts).for_each(|(holds, verdict)| *verdict &= holds);
        }
        Ok(verdicts)
    }
}

impl ElementTest for ElementFormula {
    fn holds(&self, element: u32) -> Result<bool, Fault> {
        if element >= self.count {
            return Ok(self.decide(&[element])? == [true]);
        }
        let block = element / BLOCK;
        let mut blocks = self.blocks.lock().map_err(|error| fault(failed(error)))?;
        if let Some(known) = blocks.get(&block) {
            return Ok(known[(element % BLOCK) as usize]);
        }
        let elements: Vec<u32> = (block * BLOCK..((block + 1) * BLOCK).min(self.count)).collect();
        let verdicts = self.decide(&elements)?;
        let holds = verdicts[(element % BLOCK) as usize];
        blocks.insert(block, verdicts);
        Ok(holds)
    }
}
