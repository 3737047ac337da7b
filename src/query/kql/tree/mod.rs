//! The tree of a query: what was written, typed by kind, with places.
//!
//! Names are as written; nothing is resolved. Two trees are equal when they say the same, wherever it stands in the text.
//! Grouping parentheses and the spelling of literals stay, so that a printed tree reads like its source.

mod debug;
mod expressions;
mod graph;
mod literals;
mod operators;
mod series;
mod statements;
mod words;

pub use expressions::{
    Between, Binary, BinaryOperator, Call, DataTable, Expr, ExprKind, ExternalData, Membership, MembershipOperator, Named, Pipe, Subquery,
    Target, TypeOf, Wildcard,
};
pub use graph::{
    Edge, EdgeDirection, GraphMatch, GraphOutput, GraphOutputKind, Hops, MakeGraph, MarkComponents, NodeTable, Nodes, Partitioned, Pattern,
    Step,
};
pub use literals::{Float, Json, Literal, StringLiteral, Value};
pub use operators::{
    As, ByName, Distinct, Evaluate, EvaluateSchema, Facet, FacetWith, Find, FindColumn, FindProject, ForkBranch, Join, JoinOn, MacroExpand,
    Operator, OperatorKind, Ordered, Parse, ParseKv, ParsePart, Partition, PartitionBody, Range, Reduce, Render, Reordered, Sample,
    SampleDistinct, Search, Serialize, Setting, Sort, Summarize, Take, Top, TopHitters, TopNested, Union, Where,
};
pub use series::{Expand, Expanded, MakeSeries, MvApply, MvExpand, Scan, ScanStep, SeriesColumn, SeriesRange, Steps};
pub use statements::{
    Alias, Body, Column, Function, Let, LetValue, Parameter, ParameterKind, PatternDeclaration, PatternRule, Query, SetOption, Statement,
    StatementKind,
};
pub use words::{
    ComponentKind, Cycles, Direction, ExpandKind, JoinKind, Nulls, ParseKind, PathOutput, ScalarType, ScanOutput, SearchKind, SeriesKind,
    UnionKind,
};

use std::fmt;

use crate::model::Span;

/// Where something stands in the text. Places never make two trees differ.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
}

impl Place {
    /// The place as doors show it.
    pub fn span(self) -> Span {
        Span { start: self.start as usize, end: self.end as usize }
    }

    /// From the start of one place to the end of another.
    pub(crate) fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end.max(self.start) }
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// A name as it is meant, without brackets.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// Its letters; any text if it was written in brackets.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}
