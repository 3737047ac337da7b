//! The set of everything that was ever taken in, eight bytes each: in memory, and in an append-only file.
//!
//! sled cannot take 200,000 keys a second, so raw events are known by their fingerprints only. The file is derived: what is
//! damaged is cut off, and the journal gives it again.
//!
//! ```text
//! file  = magic (8 B), block...
//! block = count u32, CRC32C u32 of the rest, position in the journal u64, fingerprints
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crc32c::{crc32c, crc32c_append};

use crate::model::{FingerprintSet, Seq};

const MAGIC: &[u8; 8] = b"clewfps1";
const BLOCK_HEAD: usize = 16;
/// Fingerprints that wait in memory for the next block of the file.
const BLOCK_MAX: usize = 8192;

/// The set together with its file.
#[derive(Debug)]
pub(super) struct Fingerprints {
    set: FingerprintSet,
    file: File,
    /// Bytes of the file that are good.
    length: u64,
    /// Not yet in the file.
    pending: Vec<u64>,
    /// Position that the set has reached.
    applied: Seq,
    /// Position that the file has reached.
    written: Seq,
}

impl Fingerprints {
    /// Reads the file, or begins one; cuts it where it is damaged.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let length = file.metadata()?.len();
        let mut fingerprints = Vec::with_capacity((length / 8) as usize);
        let (mut good, applied) = read_file(&file, length, &mut fingerprints)?;
        if good == 0 {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(MAGIC)?;
            good = MAGIC.len() as u64;
        }
        file.set_len(good)?;
        Ok(Self { set: fingerprints.into(), file, length: good, pending: Vec::new(), applied, written: applied })
    }

    pub(super) fn set(&self) -> &FingerprintSet {
        &self.set
    }

    /// Position that the set has reached.
    pub(super) fn applied(&self) -> Seq {
        self.applied
    }

    /// Position that the file has reached.
    pub(super) fn written(&self) -> Seq {
        self.written
    }

    /// Adds the fingerprints of a batch.
    ///
    /// What the file does not take now is tried again later: a position behind is no loss.
    pub(super) fn apply(&mut self, last: Seq, fingerprints: impl Iterator<Item = u64>) {
        for fingerprint in fingerprints {
            if self.set.insert(fingerprint) {
                self.pending.push(fingerprint);
            }
        }
        self.applied = last;
        if self.pending.len() >= BLOCK_MAX
            && let Err(error) = self.write()
        {
            tracing::warn!(%error, "the file of fingerprints fell behind");
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.applied == self.written {
            return Ok(());
        }
        let mut block = vec![0; BLOCK_HEAD];
        block.reserve(8 * self.pending.len());
        for fingerprint in &self.pending {
            block.extend_from_slice(&fingerprint.to_le_bytes());
        }
        block[..4].copy_from_slice(&(self.pending.len() as u32).to_le_bytes());
        block[8..16].copy_from_slice(&self.applied.0.to_le_bytes());
        let check = crc32c_append(crc32c(&block[..4]), &block[8..]);
        block[4..8].copy_from_slice(&check.to_le_bytes());
        // An earlier attempt may have left a part of a block.
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(&block)?;
        self.length += block.len() as u64;
        self.written = self.applied;
        self.pending.clear();
        Ok(())
    }

    /// Makes everything durable.
    pub(super) fn persist(&mut self) -> io::Result<()> {
        self.write()?;
        self.file.sync_data()
    }
}

/// Reads blocks up to the first bad one; returns the good length, 0 without a good beginning, and the position.
fn read_file(file: &File, length: u64, out: &mut Vec<u64>) -> io::Result<(u64, Seq)> {
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut magic = [0; 8];
    if length < MAGIC.len() as u64 {
        return Ok((0, Seq(0)));
    }
    reader.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Ok((0, Seq(0)));
    }
    let (mut good, mut applied) = (MAGIC.len() as u64, Seq(0));
    let mut bytes = Vec::new();
    while length - good >= BLOCK_HEAD as u64 {
        let mut head = [0; BLOCK_HEAD];
        reader.read_exact(&mut head)?;
        let count = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
        let size = 8 * u64::from(count);
        if length - good - (BLOCK_HEAD as u64) < size {
            break;
        }
        bytes.resize(size as usize, 0);
        reader.read_exact(&mut bytes)?;
        let check = crc32c_append(crc32c_append(crc32c(&head[..4]), &head[8..]), &bytes);
        if head[4..8] != check.to_le_bytes() {
            break;
        }
        out.extend(bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        applied = Seq(u64::from_le_bytes(head[8..].try_into().expect("eight bytes")));
        good += BLOCK_HEAD as u64 + size;
    }
    Ok((good, applied))
}
