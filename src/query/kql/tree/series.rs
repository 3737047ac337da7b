//! Operators over arrays and ordered rows: `make-series`, `mv-expand`, `mv-apply`, `scan`.

use super::{ExpandKind, Expr, Name, Named, Operator, Ordered, Parameter, Place, ScalarType, ScanOutput, SeriesKind, Setting};

/// Arrays over fixed steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeSeries {
    /// What an empty input gives.
    pub kind: Option<SeriesKind>,
    /// Hints.
    pub settings: Vec<Setting>,
    /// The series.
    pub columns: Vec<SeriesColumn>,
    /// The axis.
    pub on: Named,
    /// The steps.
    pub range: SeriesRange,
    /// The groups.
    pub by: Vec<Named>,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesColumn {
    /// The aggregate.
    pub value: Named,
    /// What stands where there is nothing.
    pub default: Option<Expr>,
}

/// The steps of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeriesRange {
    /// `from a to b step c`: the end is outside.
    FromToStep(Box<Steps>),
    /// `in range(a, b, c)`: the end is inside.
    InRange(Vec<Named>),
}

/// Something with arrays that becomes rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The array; absent in `mv-apply to typeof(...)`.
    pub value: Option<Named>,
    /// Type of an element.
    pub kind: Option<ScalarType>,
}

/// Shared by `mv-expand` and `mv-apply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expand {
    /// Name of the column with the place in the array.
    pub item_index: Option<Name>,
    /// Further options.
    pub settings: Vec<Setting>,
    /// The arrays, in step.
    pub columns: Vec<Expanded>,
    /// Most rows of one array.
    pub limit: Option<Expr>,
}

/// A row for each element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MvExpand {
    /// What bags become.
    pub kind: Option<ExpandKind>,
    /// The arrays.
    pub expand: Expand,
}

/// A pipeline for each array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MvApply {
    /// The arrays.
    pub expand: Expand,
    /// The pipeline.
    pub operators: Vec<Operator>,
}

/// Walks ordered rows through steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// `with_match_id` and others.
    pub settings: Vec<Setting>,
    /// The order.
    pub order: Vec<Ordered>,
    /// The parts that are walked alone.
    pub partition: Vec<Expr>,
    /// New columns.
    pub declare: Vec<Parameter>,
    /// The steps.
    pub steps: Vec<ScanStep>,
}

/// A step of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanStep {
    /// Its name.
    pub name: Name,
    /// Whether it may be left out.
    pub optional: bool,
    /// Which rows it gives.
    pub output: Option<ScanOutput>,
    /// What must hold.
    pub condition: Expr,
    /// What is remembered.
    pub assignments: Vec<(Name, Expr)>,
    /// Where it stands.
    pub place: Place,
}

/// Steps of equal width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// First step; the smallest value if absent.
    pub from: Option<Expr>,
    /// End, itself outside; the greatest value if absent.
    pub to: Option<Expr>,
    /// Width.
    pub step: Expr,
}
