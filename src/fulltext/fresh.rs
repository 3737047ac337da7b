//! Documents that are applied but not yet committed, searchable from small indexes in memory.
//!
//! A chunk is what one batch gave. Nothing is indexed twice for nothing: chunks become a layer (an index of one segment
//! without threads and files) when the first reader asks for them, and layers grow together as a log-structured tree does.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hashbrown::{HashMap, HashSet};
use tantivy::directory::RamDirectory;
use tantivy::{Index, IndexSettings, ReloadPolicy, Searcher as IndexSearcher, TantivyDocument};

use crate::model::Seq;

use super::disk::tokenizers;
use super::error::FulltextError;
use super::schema::Fields;

/// Memory that the writer of a layer is told: it sizes its first table of words by it, so small layers get small tables.
const LAYER_WRITER_BYTES: usize = 256 * 1024;

/// What each document adds to that.
const LAYER_DOCUMENT_BYTES: usize = 2 * 1024;

/// A document on its way into the index.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) hash: u64,
    /// Hash of what was indexed, for the digest.
    pub(crate) content: u64,
    /// Whether an earlier version is in an earlier chunk or on disk.
    pub(crate) replaces: bool,
    pub(crate) document: TantivyDocument,
}

/// What one batch gave.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Number of the chunk in this run of the process.
    pub(crate) number: u64,
    /// The last document of the journal that it covers.
    pub(crate) last: Seq,
    pub(crate) documents: Vec<Prepared>,
    /// About how much memory it takes.
    pub(crate) bytes: usize,
}

/// An index of consecutive chunks.
#[derive(Debug)]
pub(crate) struct Layer {
    first: u64,
    last: u64,
    documents: usize,
    pub(crate) searcher: IndexSearcher,
    /// Hashes of documents that take the place of earlier ones.
    pub(crate) replaces: HashSet<u64>,
}

/// Layers that readers share while they still cover what is not committed.
#[derive(Debug, Default)]
pub(crate) struct LayerCache(Mutex<Vec<Arc<Layer>>>);

/// The chunks of one snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    chunks: Arc<[Arc<Chunk>]>,
    cache: Arc<LayerCache>,
    layers: Arc<OnceLock<Vec<Arc<Layer>>>>,
}

impl Fresh {
    /// Fixes a run of chunks.
    pub(crate) fn new(chunks: Vec<Arc<Chunk>>, cache: Arc<LayerCache>) -> Self {
        Self { chunks: chunks.into(), cache, layers: Arc::default() }
    }

    /// How many documents they add to those on disk.
    pub(crate) fn added(&self) -> u64 {
        self.chunks.iter().flat_map(|chunk| &chunk.documents).filter(|document| !document.replaces).count() as u64
    }

    /// The layers, oldest first; built now if no reader needed them before.
    pub(crate) fn layers(&self, fields: &Fields) -> Result<&[Arc<Layer>], FulltextError> {
        if let Some(layers) = self.layers.get() {
            return Ok(layers);
        }
        let layers = self.cache.cover(&self.chunks, fields)?;
        Ok(self.layers.get_or_init(|| layers))
    }
}

impl LayerCache {
    /// Layers that cover exactly `chunks`, from the cache as far as it goes.
    fn cover(&self, chunks: &[Arc<Chunk>], fields: &Fields) -> Result<Vec<Arc<Layer>>, FulltextError> {
        let (Some(first), Some(last)) = (chunks.first(), chunks.last()) else { return Ok(Vec::new()) };
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ahead = cached.last().is_some_and(|layer| layer.last > last.number);
        let mut layers: Vec<Arc<Layer>> = Vec::new();
        let mut next = first.number;
        for layer in cached.iter().filter(|layer| layer.first >= first.number && layer.last <= last.number) {
            if layer.first != next {
                break;
            }
            next = layer.last + 1;
            layers.push(layer.clone());
        }
        let mut from = chunks.partition_point(|chunk| chunk.number < next);
        if from < chunks.len() {
            let mut documents: usize = chunks[from..].iter().map(|chunk| chunk.documents.len()).sum();
            while let Some(previous) = layers.pop_if(|layer| layer.documents <= 2 * documents) {
                documents += previous.documents;
                from = chunks.partition_point(|chunk| chunk.number < previous.first);
            }
            layers.push(Arc::new(build(&chunks[from..], fields)?));
        }
        // A reader of an old snapshot does not take the newer layers from the others.
        if !is_ahead {
            cached.clone_from(&layers);
        }
        Ok(layers)
    }
}

fn build(chunks: &[Arc<Chunk>], fields: &Fields) -> Result<Layer, FulltextError> {
    let mut newest: HashMap<u64, (usize, usize)> = HashMap::new();
    let mut replaces = HashSet::new();
    for (at, chunk) in chunks.iter().enumerate() {
        for (place, document) in chunk.documents.iter().enumerate() {
            newest.insert(document.hash, (at, place));
            if document.replaces {
                replaces.insert(document.hash);
            }
        }
    }
    let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
    let builder = Index::builder().schema(fields.schema.clone()).settings(settings).tokenizers(tokenizers());
    let build = || -> tantivy::Result<IndexSearcher> {
        let mut writer =
            builder.single_segment_index_writer(RamDirectory::create(), LAYER_WRITER_BYTES + newest.len() * LAYER_DOCUMENT_BYTES)?;
        for (at, chunk) in chunks.iter().enumerate() {
            for (place, document) in chunk.documents.iter().enumerate() {
                if newest.get(&document.hash) == Some(&(at, place)) {
                    writer.add_document(document.document.clone())?;
                }
            }
        }
        let index = writer.finalize()?;
        Ok(index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?.searcher())
    };
    let searcher = build().map_err(FulltextError::Write)?;
    let (first, last) = (chunks.first().map_or(0, |chunk| chunk.number), chunks.last().map_or(0, |chunk| chunk.number));
    Ok(Layer { first, last, documents: newest.len(), searcher, replaces })
}
