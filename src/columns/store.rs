//! The object store under the tables: local files that survive a power cut.
//!
//! `object_store`'s local store never calls fsync. Here a file is written aside, flushed, and only then given its name, and the
//! folders that hold the name are flushed too: a file that can be seen is whole.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// Local files with every write made durable before it is answered.
#[derive(Debug)]
pub struct DurableLocal {
    inner: LocalFileSystem,
    root: PathBuf,
    count: AtomicU64,
}

impl DurableLocal {
    /// Opens a folder that exists.
    pub fn new(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        Ok(Self { inner: LocalFileSystem::new_with_prefix(&root)?, root, count: AtomicU64::new(0) })
    }

    /// Reads ranges of a file, each by itself.
    fn read(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.inner.path_to_filesystem(location)?;
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: location.to_string(), source: Box::new(source) },
            _ => Error::Generic { store: "durable local", source: Box::new(source) },
        };
        let mut file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut read = |range: &Range<u64>| -> std::io::Result<Bytes> {
            // A damaged footer may name anything.
            let wanted = range.end.checked_sub(range.start).filter(|_| range.end <= size).ok_or(std::io::ErrorKind::UnexpectedEof)?;
            let mut bytes = vec![0; wanted as usize];
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes.into())
        };
        ranges.iter().map(|range| read(range).map_err(failed)).collect()
    }

    fn staged(&self, location: &Path, payload: PutPayload, mode: PutMode) -> Result<Staged> {
        let target = self.inner.path_to_filesystem(location)?;
        // `LocalFileSystem` hides names that end in `#` and digits from listings.
        let mut staged = target.clone().into_os_string();
        staged.push(format!("#{}", self.count.fetch_add(1, Ordering::Relaxed)));
        Ok(Staged {
            root: self.root.clone(),
            location: location.to_string(),
            staged: staged.into(),
            target,
            payload,
            create: mode == PutMode::Create,
        })
    }
}

/// A file on its way to its name.
struct Staged {
    root: PathBuf,
    location: String,
    staged: PathBuf,
    target: PathBuf,
    payload: PutPayload,
    create: bool,
}

impl Staged {
    fn put(self) -> Result<()> {
        let folder = self.target.parent().unwrap_or(&self.root);
        let outcome = make_folder(&self.root, folder)
            .and_then(|()| write_whole(&self.staged, &self.payload))
            .and_then(|()| if self.create { fs::hard_link(&self.staged, &self.target) } else { fs::rename(&self.staged, &self.target) });
        if self.create || outcome.is_err() {
            // Whether the name was taken is decided; a left-over is hidden and harmless.
            let _ = fs::remove_file(&self.staged);
        }
        outcome.and_then(|()| sync_folder(folder)).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: self.location, source: Box::new(source) },
            _ => Error::Generic { store: "durable local", source: Box::new(source) },
        })
    }
}

/// Makes a folder and flushes each parent that got a new name.
fn make_folder(root: &std::path::Path, folder: &std::path::Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(root);
    make_folder(root, parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent),
    }
}

fn write_whole(path: &std::path::Path, payload: &PutPayload) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    for part in payload {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// Flushes the names in a folder.
pub(super) fn sync_folder(folder: &std::path::Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

impl fmt::Display for DurableLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "durable local files in {}", self.root.display())
    }
}

// The trait's methods are written as `async_trait` expands them, which spares a direct dependency.
type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl ObjectStore for DurableLocal {
    fn put_opts<'s, 'p, 'a>(&'s self, location: &'p Path, payload: PutPayload, opts: PutOptions) -> Later<'a, PutResult>
    where
        's: 'a,
        'p: 'a,
        Self: 'a,
    {
        Box::pin(async move {
            if let PutMode::Update(_) = opts.mode {
                return Err(Error::NotImplemented { operation: "conditional update".into(), implementer: self.to_string() });
            }
            let staged = self.staged(location, payload, opts.mode)?;
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => runtime.spawn_blocking(move || staged.put()).await.map_err(|source| Error::JoinError { source })??,
                Err(_) => staged.put()?,
            }
            Ok(PutResult { e_tag: None, version: None })
        })
    }

    fn put_multipart_opts<'s, 'p, 'a>(&'s self, _: &'p Path, _: PutMultipartOptions) -> Later<'a, Box<dyn MultipartUpload>>
    where
        's: 'a,
        'p: 'a,
        Self: 'a,
    {
        Box::pin(async { Err(Error::NotImplemented { operation: "upload in parts".into(), implementer: self.to_string() }) })
    }

    fn get_opts<'s, 'p, 'a>(&'s self, location: &'p Path, options: GetOptions) -> Later<'a, GetResult>
    where
        's: 'a,
        'p: 'a,
        Self: 'a,
    {
        self.inner.get_opts(location, options)
    }

    // Hot path of scans. The files are on this machine, and what is asked for is mostly in its memory: handing a read to another thread
    // costs more than the read.
    fn get_ranges<'s, 'p, 'r, 'a>(&'s self, location: &'p Path, ranges: &'r [Range<u64>]) -> Later<'a, Vec<Bytes>>
    where
        's: 'a,
        'p: 'a,
        'r: 'a,
        Self: 'a,
    {
        Box::pin(std::future::ready(self.read(location, ranges)))
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_delimiter<'s, 'p, 'a>(&'s self, prefix: Option<&'p Path>) -> Later<'a, ListResult>
    where
        's: 'a,
        'p: 'a,
        Self: 'a,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn copy_opts<'s, 'p, 'q, 'a>(&'s self, _: &'p Path, _: &'q Path, _: CopyOptions) -> Later<'a, ()>
    where
        's: 'a,
        'p: 'a,
        'q: 'a,
        Self: 'a,
    {
        Box::pin(async { Err(Error::NotImplemented { operation: "copy".into(), implementer: self.to_string() }) })
    }
}
