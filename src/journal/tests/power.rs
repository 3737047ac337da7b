//! Power cuts, full and failing disks: a disk that remembers what was synced, and forgets what was not.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::test_runner::{RngAlgorithm, TestRng};
use rand_like::Dice;

use super::disk::SegmentFile;
use super::*;

/// Writes to the file system without syncing, and keeps what a power cut would leave certain.
#[derive(Clone)]
pub(in crate::journal) struct FaultyDisk {
    state: Arc<Mutex<State>>,
    /// Appends until the disk is full; negative: never.
    appends_left: Arc<AtomicI64>,
    /// Syncs until one fails; negative: never.
    syncs_left: Arc<AtomicI64>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, FileState>,
}

#[derive(Clone, Default)]
struct FileState {
    /// Whether the name is durable.
    named: bool,
    /// The durable bytes.
    durable: Vec<u8>,
    /// All bytes.
    written: Vec<u8>,
}

impl Default for FaultyDisk {
    fn default() -> Self {
        Self { state: Arc::default(), appends_left: Arc::new(AtomicI64::new(-1)), syncs_left: Arc::new(AtomicI64::new(-1)) }
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
    file: File,
}

/// Counts down to the fault, which then stays until the counter is set anew.
fn fails(left: &AtomicI64) -> bool {
    match left.load(Ordering::SeqCst) {
        0 => true,
        n if n > 0 => {
            left.store(n - 1, Ordering::SeqCst);
            false
        }
        _ => false,
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        self.state.lock().expect("no panic").files.insert(path.to_owned(), FileState::default());
        Ok(Box::new(FaultyFile { disk: self.clone(), path: path.to_owned(), file: File::create(path)? }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let bytes = fs::read(path)?;
        let state = FileState { named: true, durable: bytes.clone(), written: bytes };
        self.state.lock().expect("no panic").files.entry(path.to_owned()).or_insert(state);
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(FaultyFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.state.lock().expect("no panic").files.values_mut().for_each(|file| file.named = true);
        Ok(())
    }
}

impl FaultyFile {
    fn change(&self, change: impl FnOnce(&mut FileState)) {
        change(self.disk.state.lock().expect("no panic").files.get_mut(&self.path).expect("the file is known"));
    }
}

impl SegmentFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let full = fails(&self.disk.appends_left);
        let bytes = if full { &bytes[..bytes.len() / 2] } else { bytes };
        self.file.write_all(bytes)?;
        self.change(|file| file.written.extend_from_slice(bytes));
        if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::End(0))?;
        self.change(|file| {
            file.written.truncate(length as usize);
            file.durable = file.written.clone();
        });
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if fails(&self.disk.syncs_left) {
            return Err(io::Error::other("the disk is broken"));
        }
        self.change(|file| file.durable = file.written.clone());
        Ok(())
    }
}

impl FaultyDisk {
    /// Writes into `folder` what a power cut may leave: all that is durable, and of the rest any pages of 64 bytes and any length.
    fn lose_power(&self, folder: &Path, dice: &mut Dice) {
        for (path, file) in &self.state.lock().expect("no panic").files {
            if !file.named && dice.one_in(2) {
                continue;
            }
            let length = file.durable.len() + dice.below(file.written.len().saturating_sub(file.durable.len()) + 1);
            let mut bytes = file.written[..length].to_vec();
            for page in bytes[file.durable.len()..].chunks_mut(64) {
                if dice.one_in(3) {
                    page.fill(0);
                }
            }
            fs::write(folder.join(path.file_name().expect("a name")), bytes).expect("writes");
        }
    }
}

/// Numbers from a seed.
mod rand_like {
    use super::*;

    pub(super) struct Dice(TestRng);

    impl Dice {
        pub(super) fn new(seed: u64) -> Self {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_le_bytes());
            Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
        }

        pub(super) fn below(&mut self, limit: usize) -> usize {
            (self.0.next_u64() % limit as u64) as usize
        }

        pub(super) fn one_in(&mut self, n: usize) -> bool {
            self.below(n) == 0
        }
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    for seed in 0..120 {
        let mut dice = Dice::new(seed);
        let (folder, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        let disk = FaultyDisk::default();
        let journal = Journal::open_on(Arc::new(disk.clone()), folder.path(), small()).expect("opens");
        fs::copy(folder.path().join("FORMAT"), other.path().join("FORMAT")).expect("copies");
        let (mut next, mut acknowledged) = (1, 0);
        for _ in 0..dice.below(12) {
            // Several batches on the way at once make groups; the last ones may stay unacknowledged.
            let tickets: Vec<Ticket> = (0..=dice.below(4))
                .map(|_| {
                    let count = 1 + dice.below(5) as u64;
                    next += count;
                    journal.append(documents(next - count..next)).expect("appends")
                })
                .collect();
            if !dice.one_in(4) {
                acknowledged = tickets[dice.below(tickets.len())].wait().expect("durable").0;
            }
        }
        disk.syncs_left.store(0, Ordering::SeqCst);
        let last = journal.append(documents(next..next + 9)).and_then(|ticket| ticket.wait());
        assert!(matches!(last, Err(JournalError::Stopped { .. })), "seed {seed}: the last write is never synced");
        disk.lose_power(other.path(), &mut dice);
        drop(journal);
        let journal = Journal::open_on(Arc::new(FaultyDisk::default()), other.path(), small())
            .unwrap_or_else(|error| panic!("seed {seed}: an interrupted write is no corruption: {error}"));
        let found = all(&journal).expect("reads");
        assert!(found.len() as u64 >= acknowledged, "seed {seed}: {} of {acknowledged}", found.len());
        assert_eq!(found, documents(1..=found.len() as u64), "seed {seed}");
    }
}

#[test]
fn a_failed_fsync_stops_the_journal_for_good() {
    let folder = TempDir::new().expect("a folder");
    let disk = FaultyDisk::default();
    let journal = Journal::open_on(Arc::new(disk.clone()), folder.path(), Options::default()).expect("opens");
    journal.append(documents(1..=3)).expect("appends").wait().expect("durable");
    disk.syncs_left.store(0, Ordering::SeqCst);
    let ticket = journal.append(documents(4..=6)).expect("appends");
    let cause = match ticket.wait() {
        Err(JournalError::Stopped { cause }) => cause,
        other => panic!("expected the journal to stop, found {other:?}"),
    };
    assert_eq!(
        cause,
        format!("expected to sync `{}`, found: the disk is broken", folder.path().join("00000000000000000001.log").display())
    );
    // The disk works again, but nobody knows what it holds.
    disk.syncs_left.store(-1, Ordering::SeqCst);
    assert!(matches!(journal.append(documents([4])), Err(JournalError::Stopped { .. })));
    assert_eq!((journal.last(), journal.durable()), (Seq(3), Seq(3)));
    assert_eq!(all(&journal).expect("reads"), documents(1..=3));
    assert!(matches!(journal.close(), Err(JournalError::Stopped { .. })));
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    let folder = TempDir::new().expect("a folder");
    let disk = FaultyDisk::default();
    let journal = Journal::open_on(Arc::new(disk.clone()), folder.path(), small()).expect("opens");
    journal.append(documents(1..=3)).expect("appends").wait().expect("durable");
    for _ in 0..3 {
        disk.appends_left.store(0, Ordering::SeqCst);
        let tickets: Vec<_> = (0..4).filter_map(|_| journal.append(documents(4..=50)).ok()).collect();
        for ticket in tickets {
            assert!(matches!(ticket.wait(), Err(JournalError::Full { .. })));
        }
        assert_eq!((journal.last(), journal.durable()), (Seq(3), Seq(3)));
        disk.appends_left.store(-1, Ordering::SeqCst);
    }
    assert_eq!(journal.append(documents(4..=50)).expect("appends").wait().expect("durable"), Seq(50));
    assert_eq!(all(&journal).expect("reads"), documents(1..=50));
    journal.close().expect("closes");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    assert_eq!((all(&journal).expect("reads"), journal.cut()), (documents(1..=50), None));
}

#[test]
fn the_guard_keeps_space_free() {
    fn little(_: &Path) -> io::Result<u64> {
        Ok(1_000_000)
    }
    let folder = TempDir::new().expect("a folder");
    let options = Options { free_space: little, free_bytes_min: 2_000_000, ..Options::default() };
    let journal = Journal::open(folder.path(), options).expect("opens");
    match journal.append(documents([1])).expect("appends").wait() {
        Err(JournalError::Full { free: 1_000_000, needed, .. }) => assert!(needed > 2_000_000),
        other => panic!("expected a full disk, found {other:?}"),
    }
    journal.close().expect("closes");
    let options = Options { free_space: little, free_bytes_min: 900_000, ..Options::default() };
    let journal = Journal::open(folder.path(), options).expect("opens");
    assert_eq!(journal.append(documents([1])).expect("appends").wait().expect("durable"), Seq(1));
}
