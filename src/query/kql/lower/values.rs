//! What must be known before a plan is made: tables that are one value or a set in an expression, and tables that run once for several readers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;

use super::super::bound::{ExprKind, Relation, RelationKind};
use super::super::tree::{Place, ScalarType};
use super::constant;
use super::error::LowerError;
use super::membership::ValueSet;
use super::walk;

/// Values of a set at the most.
pub const SET_MAX: usize = 1_000_000;

/// Something to run before the plan that reads it.
#[derive(Clone, Debug)]
pub enum Need {
    /// The first cell of a table.
    Scalar(Arc<Relation>),
    /// The values of the first column of a table.
    Set(Arc<Relation>),
    /// The rows of a table, under the number of its `materialize`.
    Rows(usize, Arc<Relation>),
}

impl Need {
    /// The table.
    pub fn relation(&self) -> &Arc<Relation> {
        match self {
            Self::Scalar(relation) | Self::Set(relation) | Self::Rows(_, relation) => relation,
        }
    }
}

/// What a relation needs, each before what needs it itself.
pub fn needs(relation: &Arc<Relation>) -> Vec<Need> {
    let mut found = Found::default();
    found.relation(relation);
    found.needs
}

#[derive(Default)]
struct Found {
    needs: Vec<Need>,
    seen: HashSet<usize>,
    materialized: HashSet<usize>,
    visited: HashSet<usize>,
}

fn address(relation: &Arc<Relation>) -> usize {
    Arc::as_ptr(relation) as usize
}

impl Found {
    fn relation(&mut self, relation: &Arc<Relation>) {
        if !self.visited.insert(address(relation)) {
            return;
        }
        let parts = walk::parts(relation);
        for expression in parts.expressions {
            let mut tables = Vec::new();
            walk::expressions(expression, &mut |node| match &node.kind {
                ExprKind::Scalar(table) => tables.push(Need::Scalar(Arc::clone(table))),
                ExprKind::InTable { table, .. } | ExprKind::HasTable { table, .. } => tables.push(Need::Set(Arc::clone(table))),
                _ => {}
            });
            for need in tables {
                self.relation(need.relation());
                if self.seen.insert(address(need.relation())) {
                    self.needs.push(need);
                }
            }
        }
        for input in parts.inputs {
            self.relation(input);
        }
        if let RelationKind::Materialize { id, input } = &relation.kind
            && self.materialized.insert(*id)
        {
            self.needs.push(Need::Rows(*id, Arc::clone(input)));
        }
    }
}

/// The answers of what was needed.
#[derive(Debug, Default)]
pub struct Values {
    scalars: HashMap<usize, ScalarValue>,
    sets: HashMap<usize, Arc<ValueSet>>,
    rows: HashMap<usize, Vec<RecordBatch>>,
}

impl Values {
    /// Whether the answer is there.
    pub fn knows(&self, need: &Need) -> bool {
        match need {
            Need::Scalar(relation) => self.scalars.contains_key(&address(relation)),
            Need::Set(relation) => self.sets.contains_key(&address(relation)),
            Need::Rows(id, _) => self.rows.contains_key(id),
        }
    }

    /// Keeps an answer: the batches of the table in the forms of a query.
    pub fn insert(&mut self, need: &Need, batches: Vec<RecordBatch>) -> Result<(), LowerError> {
        let place = need.relation().place;
        match need {
            Need::Rows(id, _) => {
                self.rows.insert(*id, batches);
            }
            Need::Scalar(relation) => {
                let first = batches.iter().find(|batch| batch.num_rows() > 0 && batch.num_columns() > 0);
                if let Some(batch) = first {
                    self.scalars.insert(address(relation), ScalarValue::try_from_array(batch.column(0), 0)?);
                }
            }
            Need::Set(relation) => {
                let columns: Vec<_> =
                    batches.iter().filter(|batch| batch.num_columns() > 0).map(|batch| batch.column(0).as_ref()).collect();
                let set = if columns.is_empty() {
                    ValueSet::new(&constant::array([].iter(), ScalarType::String)?)?
                } else {
                    ValueSet::new(&arrow::compute::concat(&columns)?)?
                };
                if columns.iter().map(|column| column.len()).sum::<usize>() > SET_MAX && set.scalars().len() > SET_MAX {
                    return Err(LowerError::Limit { name: "set_max", limit: SET_MAX as u64, place: Some(place) });
                }
                self.sets.insert(address(relation), Arc::new(set));
            }
        }
        Ok(())
    }

    /// The first cell of a table; null if it had no row.
    pub(super) fn scalar(&self, relation: &Arc<Relation>, kind: ScalarType, _: Place) -> Result<ScalarValue, LowerError> {
        Ok(self.scalars.get(&address(relation)).cloned().unwrap_or_else(|| constant::null(kind)))
    }

    /// The values of a table.
    pub(super) fn set(&self, relation: &Arc<Relation>, place: Place) -> Result<Arc<ValueSet>, LowerError> {
        self.sets.get(&address(relation)).cloned().ok_or_else(|| LowerError::unsupported("a table that reads the row of another", place))
    }

    /// The rows of a `materialize`.
    pub(super) fn rows(&self, id: usize) -> Option<&Vec<RecordBatch>> {
        self.rows.get(&id)
    }
}
