//! How much a search may cost, and which limit ended it.

use std::fmt;
use std::time::{Duration, Instant};

use crate::model::{Fault, FaultClass};

/// What a search may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most rows of the answer.
    pub rows_max: usize,
    /// Most nodes and edges that are looked at.
    pub expansions_max: u64,
    /// Longest time; none means no limit.
    pub time_max: Option<Duration>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { rows_max: 500_000, expansions_max: 50_000_000, time_max: Some(Duration::from_secs(30)) }
    }
}

/// The limit that ended a search before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `graph_rows_max`
    Rows(usize),
    /// `graph_expansions_max`
    Expansions(u64),
    /// `graph_time_max`
    Time(Duration),
}

impl Cut {
    /// The name of the limit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows(_) => "graph_rows_max",
            Self::Expansions(_) => "graph_expansions_max",
            Self::Time(_) => "graph_time_max",
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(limit) => write!(f, "the search ended at `graph_rows_max` = {limit} rows"),
            Self::Expansions(limit) => write!(f, "the search ended at `graph_expansions_max` = {limit} nodes and edges"),
            Self::Time(limit) => write!(f, "the search ended at `graph_time_max` = {} ms", limit.as_millis()),
        }
    }
}

impl From<Cut> for Fault {
    fn from(cut: Cut) -> Self {
        Self::new(FaultClass::Limit, cut.name(), cut.to_string())
            .with_hint("narrow the pattern: name labels, add conditions on its ends, or lower the most hops")
    }
}

/// Expansions between two looks at the clock.
const CLOCK_EVERY: u64 = 4096;

/// Counts what one search uses.
#[derive(Debug)]
pub struct Meter {
    budget: Budget,
    started: Instant,
    expansions: u64,
    clock_at: u64,
    rows: usize,
    cut: Option<Cut>,
}

impl Meter {
    /// Starts to count.
    pub fn new(budget: Budget) -> Self {
        Self { budget, started: Instant::now(), expansions: 0, clock_at: CLOCK_EVERY, rows: 0, cut: None }
    }

    /// What may be used.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// The limit that ended the search, if one did.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// Nodes and edges that were looked at.
    pub fn expansions(&self) -> u64 {
        self.expansions
    }

    /// Counts nodes or edges; false once the search must end.
    pub(super) fn spend(&mut self, count: u64) -> bool {
        if self.cut.is_some() {
            return false;
        }
        self.expansions += count;
        if self.expansions > self.budget.expansions_max {
            self.cut = Some(Cut::Expansions(self.budget.expansions_max));
        } else if self.expansions >= self.clock_at {
            self.clock_at = self.expansions + CLOCK_EVERY;
            if let Some(limit) = self.budget.time_max.filter(|limit| self.started.elapsed() > *limit) {
                self.cut = Some(Cut::Time(limit));
            }
        }
        self.cut.is_none()
    }

    /// Counts rows of the answer and returns how many of them still fit.
    pub fn take_rows(&mut self, count: usize) -> usize {
        let fit = count.min(self.budget.rows_max.saturating_sub(self.rows));
        self.rows += fit;
        if fit < count {
            self.cut.get_or_insert(Cut::Rows(self.budget.rows_max));
        }
        fit
    }

    /// Takes over what a part of the search used on a meter of its own.
    pub fn join(&mut self, part: Self) {
        self.expansions += part.expansions;
        self.rows += part.rows;
        self.cut = self.cut.or(part.cut);
        if self.cut.is_none() && self.expansions > self.budget.expansions_max {
            self.cut = Some(Cut::Expansions(self.budget.expansions_max));
        }
    }
}
