//! One pass over the hits: how many there are, how they spread over facets, and the first of them in order.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};
use utoipa::ToSchema;

use super::schema::{DocKind, classification_name, severity_name, status_name};

/// How many hits are counted at a time: columns are read in runs.
const BLOCK: usize = 128;

/// Order of the hits; documents without the value come last either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// How well the words fit, best first.
    Relevance,
    /// When it was made.
    Created,
    /// When the newest version was made.
    #[serde(alias = "time")]
    Modified,
    /// First activity.
    First,
    /// Last activity.
    Last,
    /// Severity.
    Severity,
    /// Number of the incident.
    Number,
}

/// A property whose values are counted over all hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// Severity.
    Severity,
    /// Status.
    Status,
    /// Classification of closed incidents.
    Classification,
    /// Incident, alert or entity.
    Kind,
    /// Product; a hit counts once for each of its products.
    Product,
    /// Tactic; a hit counts once for each of its tactics.
    Tactic,
    /// Owner.
    Owner,
    /// Tag; a hit counts once for each of its tags.
    Tag,
}

/// Place of a hit in the order; the greatest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What is sorted by, so turned that greater comes first.
    pub rank: u64,
    /// Among equals the newest document first.
    pub seq: u64,
    /// Among the hits of one document.
    pub key: u64,
}

/// A hit that may be among the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) place: Place,
    pub(crate) score: Score,
    pub(crate) address: DocAddress,
    /// Which index it is in: 0 is the one on disk.
    pub(crate) layer: usize,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

/// What is to be collected.
#[derive(Clone, Debug)]
pub(crate) struct HitCollector {
    pub(crate) sort: Sort,
    pub(crate) ascending: bool,
    pub(crate) limit: usize,
    pub(crate) after: Option<Place>,
    pub(crate) kinds: Vec<DocKind>,
    pub(crate) facets: Vec<Facet>,
    pub(crate) layer: usize,
    /// Hashes of documents that a newer layer replaces.
    pub(crate) replaced: Arc<HashSet<u64>>,
}

/// What was collected.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) total: u64,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) facets: Vec<HashMap<String, u64>>,
}

impl Collected {
    /// Adds what another segment or layer gave.
    pub(crate) fn add(&mut self, other: Self) {
        self.total += other.total;
        self.candidates.extend(other.candidates);
        if self.facets.is_empty() {
            self.facets = other.facets;
            return;
        }
        for (mine, other) in self.facets.iter_mut().zip(other.facets) {
            for (value, count) in other {
                *mine.entry(value).or_default() += count;
            }
        }
    }
}

/// Room for the values of one block of hits.
#[derive(Default)]
struct Rows {
    docs: Vec<DocId>,
    rows: Vec<u32>,
    values: Vec<u64>,
}

enum Counter {
    Codes { column: Arc<dyn ColumnValues<u64>>, missing: u64, counts: [u64; 32], name: fn(u64) -> &'static str },
    Words { column: StrColumn, rows: Rows, counts: Vec<u64> },
    Absent,
}

enum Rank {
    Score,
    Number(Column<i64>),
    Code(Column<u64>),
}

pub(crate) struct HitSegment {
    rank: Rank,
    ascending: bool,
    limit: usize,
    after: Option<Place>,
    kinds: u8,
    kind: Arc<dyn ColumnValues<u64>>,
    hash: Arc<dyn ColumnValues<u64>>,
    seq: Arc<dyn ColumnValues<u64>>,
    replaced: Arc<HashSet<u64>>,
    counters: Vec<Counter>,
    /// The best so far and some that are worse; cut back to `limit` whenever it holds twice as many.
    best: Vec<Candidate>,
    /// The last place that can still be among the best.
    threshold: Option<Candidate>,
    /// Hits that are not counted in facets yet.
    block: Vec<DocId>,
    total: u64,
    segment: SegmentOrdinal,
    layer: usize,
}

impl Collector for HitCollector {
    type Fruit = Collected;
    type Child = HitSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<HitSegment> {
        let fast = reader.fast_fields();
        let values = |name: &str| fast.u64(name).map(|column| column.first_or_default_col(0));
        let rank = match self.sort {
            Sort::Relevance => Rank::Score,
            Sort::Created => Rank::Number(fast.i64("created")?),
            Sort::Modified => Rank::Number(fast.i64("modified")?),
            Sort::First => Rank::Number(fast.i64("first")?),
            Sort::Last => Rank::Number(fast.i64("last")?),
            Sort::Number => Rank::Number(fast.i64("number")?),
            Sort::Severity => Rank::Code(fast.u64("severity")?),
        };
        let counters = self.facets.iter().map(|facet| counter(*facet, reader)).collect::<tantivy::Result<_>>()?;
        Ok(HitSegment {
            rank,
            ascending: self.ascending,
            limit: self.limit,
            after: self.after,
            kinds: self.kinds.iter().fold(0, |mask, kind| mask | 1 << kind.code()),
            kind: values("kind")?,
            hash: values("hash")?,
            seq: values("seq")?,
            replaced: self.replaced.clone(),
            counters,
            best: Vec::with_capacity(2 * self.limit.min(reader.max_doc() as usize)),
            threshold: None,
            block: Vec::with_capacity(BLOCK),
            total: 0,
            segment,
            layer: self.layer,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Collected>>) -> tantivy::Result<Collected> {
        let mut all = Collected::default();
        for fruit in fruits {
            all.add(fruit?);
        }
        all.candidates.sort_unstable_by(|a, b| b.cmp(a));
        all.candidates.truncate(self.limit);
        Ok(all)
    }
}

fn counter(facet: Facet, reader: &SegmentReader) -> tantivy::Result<Counter> {
    let fast = reader.fast_fields();
    let codes = |field: &str, name| -> tantivy::Result<Counter> {
        Ok(match fast.column_opt::<u64>(field)? {
            Some(column) => Counter::Codes { column: column.first_or_default_col(31), missing: 31, counts: [0; 32], name },
            None => Counter::Absent,
        })
    };
    let words = |field: &str| -> tantivy::Result<Counter> {
        Ok(match fast.str(field)? {
            Some(column) => Counter::Words { counts: vec![0; column.num_terms()], rows: Rows::default(), column },
            None => Counter::Absent,
        })
    };
    match facet {
        Facet::Severity => codes("severity", severity_name),
        Facet::Status => codes("status", status_name),
        Facet::Classification => codes("classification", classification_name),
        Facet::Kind => codes("kind", |code| DocKind::of_code(code).map_or("", DocKind::as_str)),
        Facet::Product => words("product"),
        Facet::Tactic => words("tactic_shown"),
        Facet::Owner => words("owner_shown"),
        Facet::Tag => words("tag"),
    }
}

impl HitSegment {
    fn place(&self, doc: DocId, score: Score) -> Place {
        let value = match &self.rank {
            Rank::Score => Some(u64::from(score.max(0.0).to_bits())),
            Rank::Number(column) => column.first(doc).map(|value| (value as u64) ^ (1 << 63)),
            Rank::Code(column) => column.first(doc).map(|code| code + 1),
        };
        let turn = |value: u64| if self.ascending { u64::MAX - value } else { value };
        Place { rank: value.map_or(0, turn), seq: self.seq.get_val(doc), key: self.hash.get_val(doc) }
    }

    fn consider(&mut self, doc: DocId, score: Score) {
        // Most hits of a scored question lose by their score alone.
        if matches!(self.rank, Rank::Score) && self.threshold.is_some_and(|last| score < last.score) {
            return;
        }
        let place = self.place(doc, score);
        if self.after.is_some_and(|after| place >= after) || self.threshold.is_some_and(|last| place <= last.place) {
            return;
        }
        self.best.push(Candidate { place, score, address: DocAddress::new(self.segment, doc), layer: self.layer });
        if self.best.len() == 2 * self.limit {
            let (_, last, _) = self.best.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a));
            self.threshold = Some(*last);
            self.best.truncate(self.limit);
        }
    }

    fn count(&mut self) {
        for counter in &mut self.counters {
            counter.count(&self.block);
        }
        self.block.clear();
    }
}

impl SegmentCollector for HitSegment {
    type Fruit = tantivy::Result<Collected>;

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.kinds != 0b111 && self.kinds & (1 << self.kind.get_val(doc)) == 0 {
            return;
        }
        if !self.replaced.is_empty() && self.replaced.contains(&self.hash.get_val(doc)) {
            return;
        }
        self.total += 1;
        if !self.counters.is_empty() {
            self.block.push(doc);
            if self.block.len() == BLOCK {
                self.count();
            }
        }
        if self.limit > 0 {
            self.consider(doc, score);
        }
    }

    fn harvest(mut self) -> Self::Fruit {
        self.count();
        let facets = self.counters.into_iter().map(Counter::harvest).collect::<tantivy::Result<_>>()?;
        self.best.sort_unstable_by(|a, b| b.cmp(a));
        self.best.truncate(self.limit);
        Ok(Collected { total: self.total, candidates: self.best, facets })
    }
}

impl Counter {
    fn count(&mut self, docs: &[DocId]) {
        match self {
            Self::Codes { column, counts, .. } => {
                let mut codes = [0; BLOCK];
                let codes = &mut codes[..docs.len()];
                column.get_vals(docs, codes);
                for code in codes {
                    counts[(*code & 31) as usize] += 1;
                }
            }
            Self::Words { column, rows: Rows { docs: found, rows, values }, counts } => {
                found.clear();
                rows.clear();
                column.ords().row_ids_for_docs(docs, found, rows);
                values.resize(rows.len(), 0);
                column.ords().values.get_vals(rows, values);
                for ord in values {
                    counts[*ord as usize] += 1;
                }
            }
            Self::Absent => {}
        }
    }

    fn harvest(self) -> tantivy::Result<HashMap<String, u64>> {
        let mut values = HashMap::new();
        match self {
            Self::Codes { counts, name, missing, .. } => {
                for (code, count) in (0u64..).zip(counts).filter(|(code, count)| *count > 0 && *code != missing) {
                    *values.entry(name(code).to_owned()).or_default() += count;
                }
            }
            Self::Words { column, counts, .. } => {
                let ords: Vec<u64> = (0u64..).zip(&counts).filter(|(_, count)| **count > 0).map(|(ord, _)| ord).collect();
                let mut at = ords.iter();
                column.dictionary().sorted_ords_to_term_cb(&ords, |term| {
                    if let Some(ord) = at.next() {
                        values.insert(String::from_utf8_lossy(term).into_owned(), counts[*ord as usize]);
                    }
                })?;
            }
            Self::Absent => {}
        }
        Ok(values)
    }
}
