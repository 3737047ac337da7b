//! Reading: one fixed set of documents, on disk and in memory, answered as if it were one index.

use std::fmt;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use serde::Serialize;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnValues};
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::{Field as IndexField, Value};
use tantivy::store::StoreReader;
use tantivy::{DocId, Score, Searcher as IndexSearcher, SegmentOrdinal, SegmentReader, TantivyDocument, TantivyError, Term};
use utoipa::ToSchema;

use crate::model::Seq;

use super::collect::{Candidate, Collected, Facet, HitCollector, Place, Sort};
use super::entry::{Entry, guid};
use super::error::FulltextError;
use super::fresh::Fresh;
use super::query::{Compiler, Match, Query};
use super::schema::{DocKind, Field, Fields};
use super::tokens::{analyzer, words};

/// How many values of a facet an answer lists.
pub const FACET_VALUES_MAX: usize = 100;

/// A reader of a fixed set of documents; cheap to clone.
#[derive(Clone)]
pub struct Searcher {
    pub(crate) fields: Arc<Fields>,
    main: IndexSearcher,
    fresh: Fresh,
    position: Seq,
}

/// What is asked of a reader.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// Which documents.
    pub query: &'a Query,
    /// Of which kinds.
    pub kinds: &'a [DocKind],
    /// In which order.
    pub sort: Sort,
    /// Least first; relevance knows only best first.
    pub ascending: bool,
    /// How many hits are left out before the first that is wanted.
    pub skip: usize,
    /// How many hits.
    pub limit: usize,
    /// Behind which place.
    pub after: Option<Place>,
    /// What is counted over all hits.
    pub facets: &'a [Facet],
}

/// How many hits have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// How many hits have it.
    pub count: u64,
}

/// A document that fits.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its place in the order.
    pub place: Place,
    /// How well the words fit; 0 unless sorted by relevance.
    pub score: f32,
    pub(crate) entry: Entry,
}

/// What a search gave.
#[derive(Clone, Debug)]
pub struct Results {
    /// The hits in order.
    pub hits: Vec<Found>,
    /// How many documents fit in all.
    pub total: u64,
    /// Values by falling count for each facet that was asked for.
    pub facets: Vec<(Facet, Vec<FacetCount>)>,
    /// Whether hits follow behind the last one here.
    pub more: bool,
}

/// Ids of the documents that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The ids, those of the newest documents if a limit cut them.
    pub ids: Vec<String>,
    /// Whether these are all.
    pub complete: bool,
}

impl fmt::Debug for Searcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Searcher").field("position", &self.position).field("documents", &self.documents()).finish()
    }
}

impl Searcher {
    pub(crate) fn new(fields: Arc<Fields>, main: IndexSearcher, fresh: Fresh, position: Seq) -> Self {
        Self { fields, main, fresh, position }
    }

    /// The last document of the journal whose words the reader sees.
    pub fn position(&self) -> Seq {
        self.position
    }

    /// How many documents the reader sees.
    pub fn documents(&self) -> u64 {
        self.main.num_docs() + self.fresh.added()
    }

    /// Finds, counts and orders documents.
    pub fn search(&self, search: &Search<'_>) -> Result<Results, FulltextError> {
        let layers = self.layers()?;
        let query = lead(&self.with_names(search.query, search.kinds, &layers)?, search.kinds);
        let query = Compiler { fields: &self.fields, analyzer: analyzer() }.compile(&query);
        let statistics = Statistics(layers.iter().map(|(searcher, _)| *searcher).collect());
        let mut all = Collected::default();
        for (layer, (searcher, replaced)) in layers.iter().enumerate() {
            let collector = HitCollector {
                sort: search.sort,
                ascending: search.ascending && search.sort != Sort::Relevance,
                // One more than is shown tells whether hits follow.
                limit: search.skip.saturating_add(search.limit).saturating_add(1),
                after: search.after,
                kinds: search.kinds.to_vec(),
                facets: search.facets.to_vec(),
                layer,
                replaced: replaced.clone(),
            };
            all.add(searcher.search_with_statistics_provider(&*query, &collector, &statistics).map_err(FulltextError::Read)?);
        }
        all.candidates.sort_unstable_by(|a, b| b.cmp(a));
        let end = search.skip.saturating_add(search.limit);
        let more = all.candidates.len() > end;
        all.candidates.truncate(end);
        let hits = all.candidates.iter().skip(search.skip).map(|candidate| self.read(&layers, candidate)).collect::<Result<_, _>>()?;
        let facets = search.facets.iter().copied().zip(all.facets.into_iter().map(ranked)).collect();
        Ok(Results { hits, total: all.total, facets, more })
    }

    /// Returns the ids of all documents of a kind that fit, at most `limit`.
    pub fn ids(&self, query: &Query, kind: DocKind, limit: usize) -> Result<Ids, FulltextError> {
        let layers = self.layers()?;
        let query = lead(&self.with_names(query, &[kind], &layers)?, &[kind]);
        let query = Compiler { fields: &self.fields, analyzer: analyzer() }.compile(&query);
        let mut all: Vec<(u64, String)> = Vec::new();
        for (searcher, replaced) in layers {
            let collector = IdCollector { kind, limit: limit.saturating_add(1), replaced, source: self.fields.source };
            all.extend(searcher.search(&*query, &collector).map_err(FulltextError::Read)?);
        }
        all.sort_unstable_by(|a, b| b.cmp(a));
        let complete = all.len() <= limit;
        all.truncate(limit);
        Ok(Ids { ids: all.into_iter().map(|(_, id)| id).collect(), complete })
    }

    /// The question with the entities that have its words: incidents and alerts only name the documents of these.
    fn with_names(&self, query: &Query, kinds: &[DocKind], layers: &[(&IndexSearcher, Arc<HashSet<u64>>)]) -> Result<Query, FulltextError> {
        if kinds == [DocKind::Entity] || !query.asks_entities() {
            return Ok(query.clone());
        }
        query.with_names(&mut |text, how| {
            let wanted = Compiler { fields: &self.fields, analyzer: analyzer() }.keys(text, how);
            let mut hashes = Vec::new();
            for (searcher, _) in layers {
                hashes.extend(searcher.search(&*wanted, &HashCollector).map_err(FulltextError::Read)?);
            }
            Ok(hashes.into())
        })
    }

    /// Returns values of `field` (owner, tag, product, title) with a word that begins with `prefix`, the most frequent first.
    pub fn complete(&self, prefix: &str, field: Field, kinds: &[DocKind], limit: usize) -> Result<Vec<FacetCount>, FulltextError> {
        let prefix_words = words(&mut analyzer(), prefix);
        let Some(last) = prefix_words.last() else { return Ok(Vec::new()) };
        let query = Query::Text { fields: vec![field], text: prefix.to_owned(), how: Match::Prefix };
        let facet = match field {
            Field::Owner => Some(Facet::Owner),
            Field::Tag => Some(Facet::Tag),
            Field::Product => Some(Facet::Product),
            _ => None,
        };
        let facets = Vec::from_iter(facet);
        // Titles are no facet: the distinct ones among the newest hits stand for all.
        let hits = if facet.is_none() { limit.saturating_mul(20).min(1_000) } else { 0 };
        let search =
            Search { query: &query, kinds, sort: Sort::Modified, ascending: false, skip: 0, limit: hits, after: None, facets: &facets };
        let mut results = self.search(&search)?;
        let mut values = match results.facets.pop() {
            Some((_, values)) => values,
            None => {
                let mut counts: HashMap<String, u64> = HashMap::new();
                for hit in results.hits {
                    *counts.entry(hit.entry.title).or_default() += 1;
                }
                ranked(counts)
            }
        };
        // An owner is found by his mail address too; then the shown name has no such word.
        if field != Field::Owner {
            values.retain(|value| words(&mut analyzer(), &value.value).iter().any(|word| word.text.starts_with(&last.text)));
        }
        values.truncate(limit);
        Ok(values)
    }

    /// The indexes, the one on disk first, each with the documents that later ones replace.
    fn layers(&self) -> Result<Vec<(&IndexSearcher, Arc<HashSet<u64>>)>, FulltextError> {
        let fresh = self.fresh.layers(&self.fields)?;
        let mut layers = Vec::with_capacity(1 + fresh.len());
        let mut replaced = Arc::new(HashSet::new());
        for layer in fresh.iter().rev() {
            layers.push((&layer.searcher, replaced.clone()));
            if !layer.replaces.is_empty() {
                replaced = Arc::new(replaced.iter().chain(&layer.replaces).copied().collect());
            }
        }
        layers.push((&self.main, replaced));
        layers.reverse();
        Ok(layers)
    }

    fn read(&self, layers: &[(&IndexSearcher, Arc<HashSet<u64>>)], candidate: &Candidate) -> Result<Found, FulltextError> {
        let document: TantivyDocument = layers[candidate.layer].0.doc(candidate.address).map_err(FulltextError::Read)?;
        let source = document.get_first(self.fields.source).and_then(|value| value.as_bytes());
        let source = source.ok_or_else(|| FulltextError::Stored("its content is missing".to_owned()))?;
        let entry = serde_json::from_slice(source).map_err(|error| FulltextError::Stored(error.to_string()))?;
        Ok(Found { place: candidate.place, score: candidate.score, entry })
    }
}

/// Lets the kinds lead where the question alone would walk all documents.
fn lead(query: &Query, kinds: &[DocKind]) -> Query {
    if query.is_selective() || kinds.len() == DocKind::ALL.len() {
        return query.clone();
    }
    let kinds = Query::Or(kinds.iter().map(|kind| Query::Kind(*kind)).collect());
    match query {
        Query::And(all) => Query::And(std::iter::once(kinds).chain(all.iter().cloned()).collect()),
        other => Query::And(vec![kinds, other.clone()]),
    }
}

/// Values by falling count, equals by name.
fn ranked(counts: HashMap<String, u64>) -> Vec<FacetCount> {
    let mut values: Vec<FacetCount> = counts.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
    values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values
}

/// Frequencies over all layers, so that scores do not depend on where a document stands.
struct Statistics<'a>(Vec<&'a IndexSearcher>);

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: IndexField) -> tantivy::Result<u64> {
        self.0.iter().map(|searcher| searcher.total_num_tokens(field)).sum()
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.0.iter().map(|searcher| searcher.total_num_docs()).sum()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.0.iter().map(|searcher| searcher.doc_freq(term)).sum()
    }
}

/// Collects ids of documents of one kind, the newest if there are too many.
struct IdCollector {
    kind: DocKind,
    limit: usize,
    replaced: Arc<HashSet<u64>>,
    source: IndexField,
}

struct IdSegment {
    wanted: u64,
    limit: usize,
    kind: Arc<dyn ColumnValues<u64>>,
    hash: Arc<dyn ColumnValues<u64>>,
    seq: Arc<dyn ColumnValues<u64>>,
    guid: [Column<u64>; 2],
    store: StoreReader,
    source: IndexField,
    replaced: Arc<HashSet<u64>>,
    documents: Vec<(u64, DocId)>,
}

impl Collector for IdCollector {
    type Fruit = Vec<(u64, String)>;
    type Child = IdSegment;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<IdSegment> {
        let fast = reader.fast_fields();
        let values = |name: &str| fast.u64(name).map(|column| column.first_or_default_col(0));
        Ok(IdSegment {
            wanted: self.kind.code(),
            limit: self.limit,
            kind: values("kind")?,
            hash: values("hash")?,
            seq: values("seq")?,
            guid: [fast.u64("guid_upper")?, fast.u64("guid_lower")?],
            store: reader.get_store_reader(1)?,
            source: self.source,
            replaced: self.replaced.clone(),
            documents: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Vec<(u64, String)>>>) -> tantivy::Result<Vec<(u64, String)>> {
        let mut all = Vec::new();
        for fruit in fruits {
            all.extend(fruit?);
        }
        Ok(all)
    }
}

impl IdSegment {
    /// The id of a document: of GUIDs from the columns, of others from what is stored.
    fn id(&self, doc: DocId) -> tantivy::Result<String> {
        if let [Some(upper), Some(lower)] = self.guid.each_ref().map(|half| half.first(doc)) {
            return Ok(guid([upper, lower]));
        }
        let document: TantivyDocument = self.store.get(doc)?;
        let source = document.get_first(self.source).and_then(|value| value.as_bytes());
        let entry: Option<Entry> = source.and_then(|source| serde_json::from_slice(source).ok());
        entry.map(|entry| entry.id).ok_or_else(|| TantivyError::InternalError("a stored document cannot be read".to_owned()))
    }
}

impl SegmentCollector for IdSegment {
    type Fruit = tantivy::Result<Vec<(u64, String)>>;

    fn collect(&mut self, doc: DocId, _: Score) {
        let is_wanted = self.kind.get_val(doc) == self.wanted;
        if is_wanted && (self.replaced.is_empty() || !self.replaced.contains(&self.hash.get_val(doc))) {
            self.documents.push((self.seq.get_val(doc), doc));
        }
    }

    fn harvest(mut self) -> Self::Fruit {
        if self.documents.len() > self.limit {
            self.documents.select_nth_unstable_by(self.limit, |a, b| b.cmp(a));
            self.documents.truncate(self.limit);
        }
        // In the order in which they are stored, so that each block is unpacked once.
        self.documents.sort_unstable_by_key(|(_, doc)| *doc);
        self.documents.iter().map(|(seq, doc)| Ok((*seq, self.id(*doc)?))).collect()
    }
}

/// Collects the hashes of documents.
struct HashCollector;

struct HashSegment {
    hash: Arc<dyn ColumnValues<u64>>,
    hashes: Vec<u64>,
}

impl Collector for HashCollector {
    type Fruit = Vec<u64>;
    type Child = HashSegment;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<HashSegment> {
        Ok(HashSegment { hash: reader.fast_fields().u64("hash")?.first_or_default_col(0), hashes: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Vec<u64>>) -> tantivy::Result<Vec<u64>> {
        Ok(fruits.concat())
    }
}

impl SegmentCollector for HashSegment {
    type Fruit = Vec<u64>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.hashes.push(self.hash.get_val(doc));
    }

    fn harvest(self) -> Vec<u64> {
        self.hashes
    }
}
