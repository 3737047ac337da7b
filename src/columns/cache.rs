//! Keeps what was read from files and used last, up to a number of bytes.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

/// Values by the path of their file below the table; paths of data files are unique.
#[derive(Debug)]
pub(super) struct Cache<V> {
    entries: Mutex<Entries<V>>,
    bytes_max: usize,
}

#[derive(Debug)]
struct Entries<V> {
    by_path: HashMap<Arc<str>, Entry<V>>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<V: Clone> Cache<V> {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { entries: Mutex::new(Entries { by_path: HashMap::new(), bytes: 0, clock: 0 }), bytes_max }
    }

    pub(super) fn get(&self, path: &str) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.clock += 1;
        let now = entries.clock;
        let entry = entries.by_path.get_mut(path)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    pub(super) fn put(&self, path: &str, value: V, bytes: usize) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.clock += 1;
        let bytes = bytes + path.len() + size_of::<Entry<V>>();
        let entry = Entry { value, bytes, used: entries.clock };
        entries.bytes += bytes;
        if let Some(old) = entries.by_path.insert(path.into(), entry) {
            entries.bytes -= old.bytes;
        }
        if entries.bytes > self.bytes_max {
            // Half goes at once, so that the sort is rare.
            let mut ages: Vec<(u64, Arc<str>)> = entries.by_path.iter().map(|(path, entry)| (entry.used, Arc::clone(path))).collect();
            ages.sort_unstable();
            for (_, path) in ages {
                if entries.bytes <= self.bytes_max / 2 {
                    break;
                }
                if let Some(old) = entries.by_path.remove(&path) {
                    entries.bytes -= old.bytes;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_stays() {
        let cache: Cache<u32> = Cache::new(10_000);
        for n in 0..100 {
            cache.put(&format!("file-{n}"), n, 1_000);
            assert_eq!(cache.get("file-0"), Some(0), "used all the time");
            assert_eq!(cache.get(&format!("file-{n}")), Some(n));
        }
        assert_eq!(cache.get("file-50"), None);
        assert!(cache.entries.lock().expect("no thread panicked").bytes <= 10_000);
        cache.put("file-0", 7, 10);
        assert_eq!(cache.get("file-0"), Some(7), "the last value counts");
    }
}
