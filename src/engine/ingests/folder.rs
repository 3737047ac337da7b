//! The folder of reports: each a file, written so that a crash leaves it whole, bounded in number.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{IngestNote, IngestRecord};
use crate::engine::report::IngestReport;
use crate::model::{Fault, FaultClass, Time};

/// Reports that are kept; the oldest goes when another one comes (`ingest_reports`).
const KEPT_MAX: usize = 1_000;
/// Reports that may still take in further requests.
const OPEN_MAX: usize = 256;
/// Reports of one sender and source within `CROWD_MICROS`; requests beyond it are counted in the newest of them.
const CROWD: usize = 20;
/// Reports of one sender within that time, whatever the sources.
const CROWD_OF_SENDER: usize = 200;
/// Time in which reports of one sender are a crowd.
const CROWD_MICROS: i64 = 3_600_000_000;
/// Time for which a report takes in the requests of a crowd, or further requests of its run.
const JOINED_MICROS: i64 = 600_000_000;
/// Pause before a report that grows is written again.
const WRITE_PAUSE: Duration = Duration::from_secs(1);

/// The reports of a data directory.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Ingests(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Reports that may still grow, the latest last.
    open: VecDeque<Open>,
    /// The greatest id that was given.
    last: String,
    /// Whether a thread waits to write what grew.
    waiting: bool,
}

/// A report that may still grow.
#[derive(Debug)]
struct Open {
    note: IngestNote,
    record: IngestRecord,
    /// Whether the file lacks something.
    dirty: bool,
}

impl State {
    /// The newest of such reports, if there are so many that it counts a further request.
    fn crowd(&self, now: Time, most: usize, is: impl Fn(&Open) -> bool) -> Option<usize> {
        let newest = self.open.iter().rposition(&is).filter(|place| self.open[*place].within(now, JOINED_MICROS))?;
        let all = self.open.iter().filter(|open| is(open) && open.within(now, CROWD_MICROS)).count();
        (all >= most).then_some(newest)
    }
}

impl Open {
    /// Whether a request comes from the same sender, in the same way, and of the same run if it is of one.
    fn is_of(&self, note: &IngestNote) -> bool {
        (&self.note.by, self.note.via, &self.note.run) == (&note.by, note.via, &note.run)
    }

    /// Whether a request comes from the same sender, in the same way and of the same source or run.
    fn is_like(&self, note: &IngestNote) -> bool {
        let own = &self.note;
        let told = (&own.format, &own.table) == (&note.format, &note.table);
        self.is_of(note) && told && (note.run.is_some() || own.sources == note.sources)
    }

    /// Whether it began not longer ago.
    fn within(&self, now: Time, micros: i64) -> bool {
        self.record.begun.is_some_and(|begun| begun.plus(micros) >= now)
    }

    /// Whether its run goes on: it took in a request not long ago.
    fn runs(&self, now: Time) -> bool {
        self.note.run.is_some() && self.record.ended.is_some_and(|ended| ended.plus(JOINED_MICROS) >= now)
    }
}

impl Ingests {
    /// The reports in a data directory.
    pub(in crate::engine) fn new(dir: &Path) -> Self {
        Self(Arc::new(Kept { folder: dir.join("ingests"), state: Mutex::default() }))
    }

    /// Keeps the report of an ingest, or counts it in one that it belongs to.
    pub(super) fn note(&self, note: &IngestNote, begun: Time, now: Time, report: &IngestReport, fault: Option<&Fault>) -> io::Result<()> {
        let mut state = self.0.lock();
        if self.count_in(&mut state, note, now, report, fault) {
            return Ok(());
        }
        let id = self.0.next_id(&mut state, begun);
        let mut record = IngestRecord::new(id, note, begun);
        record.add(note, now, report, fault);
        self.0.write(&record)?;
        self.0.forget_oldest()?;
        state.open.push_back(Open { note: note.clone(), record, dirty: false });
        while state.open.len() > OPEN_MAX
            && let Some(oldest) = state.open.pop_front()
        {
            if oldest.dirty {
                self.0.write(&oldest.record)?;
            }
        }
        Ok(())
    }

    /// Counts an ingest in a report that it belongs to, unless there is none, or the reports are being written; says whether it did.
    pub(super) fn count(&self, note: &IngestNote, now: Time, report: &IngestReport, fault: Option<&Fault>) -> bool {
        self.0.state.try_lock().is_ok_and(|mut state| self.count_in(&mut state, note, now, report, fault))
    }

    fn count_in(&self, state: &mut State, note: &IngestNote, now: Time, report: &IngestReport, fault: Option<&Fault>) -> bool {
        let place = match &note.run {
            Some(_) => state.open.iter().rposition(|open| open.is_like(note)).filter(|place| state.open[*place].runs(now)),
            None => {
                state.crowd(now, CROWD, |open| open.is_like(note)).or_else(|| state.crowd(now, CROWD_OF_SENDER, |open| open.is_of(note)))
            }
        };
        let Some(place) = place else { return false };
        let open = &mut state.open[place];
        open.record.add(note, now, report, fault);
        open.dirty = true;
        self.write_later(state);
        true
    }

    /// Lets a thread write what grew after a pause in which more may come.
    fn write_later(&self, state: &mut State) {
        if state.waiting {
            return;
        }
        let kept = Arc::clone(&self.0);
        let later = thread::Builder::new().name("clew-ingests".to_owned()).spawn(move || {
            thread::sleep(WRITE_PAUSE);
            kept.lock().waiting = false;
            if let Err(error) = kept.flush() {
                tracing::error!(%error, folder = %kept.folder.display(), "the report of an ingest cannot be kept");
            }
        });
        state.waiting = later.is_ok();
    }

    /// Writes what grew since it was written.
    pub(in crate::engine) fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }

    /// The ids of all reports, in their order.
    pub(super) fn ids(&self) -> io::Result<Vec<String>> {
        self.0.flush()?;
        self.0.ids()
    }

    /// Where they lie.
    pub(super) fn place(&self) -> &Path {
        &self.0.folder
    }

    /// A report; none if there is none, or if a crash left it half written.
    pub(super) fn read(&self, id: &str) -> Option<IngestRecord> {
        serde_json::from_slice(&fs::read(self.0.file(id)).ok()?).ok()
    }

    /// Says that the folder cannot be read.
    pub(super) fn fault(&self, error: &io::Error) -> Fault {
        let message = format!("the reports of ingests in `{}` cannot be read: {error}", self.0.folder.display());
        Fault::new(FaultClass::Internal, "ingests_unreadable", message)
    }
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn ids(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            ids.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|id| is_id(id)).map(str::to_owned));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// An id behind all that were given, whatever the clock does.
    fn next_id(&self, state: &mut State, begun: Time) -> String {
        if state.last.is_empty() {
            state.last = self.ids().unwrap_or_default().pop().unwrap_or_default();
        }
        let last: i64 = state.last.parse().unwrap_or_default();
        state.last = format!("{:0width$}", begun.micros().max(last + 1), width = ID_DIGITS);
        state.last.clone()
    }

    /// Writes a report so that a crash leaves the earlier one or this one.
    fn write(&self, record: &IngestRecord) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let beside = self.folder.join(format!("{}.new", record.id));
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        file.sync_data()?;
        fs::rename(beside, self.file(&record.id))
    }

    fn flush(&self) -> io::Result<()> {
        let mut state = self.lock();
        for open in state.open.iter_mut().filter(|open| open.dirty) {
            self.write(&open.record)?;
            open.dirty = false;
        }
        Ok(())
    }

    fn forget_oldest(&self) -> io::Result<()> {
        let ids = self.ids()?;
        for id in &ids[..ids.len().saturating_sub(KEPT_MAX)] {
            fs::remove_file(self.file(id))?;
        }
        Ok(())
    }
}

/// Digits of an id: microseconds since 1970.
const ID_DIGITS: usize = 17;

/// Whether a text can be an id, and so the name of a file.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: i64 = 1_700_000_000_000_000;

    fn note(by: &str, source: &str) -> IngestNote {
        IngestNote { by: by.to_owned(), via: "http", sources: vec![source.to_owned()], ..IngestNote::default() }
    }

    fn one() -> IngestReport {
        IngestReport { documents: 1, new: 1, files: [("a.json".to_owned(), 1)].into(), ..IngestReport::default() }
    }

    fn records(ingests: &Ingests) -> Vec<IngestRecord> {
        let ids = ingests.ids().expect("readable");
        ids.iter().map(|id| ingests.read(id).expect("whole")).collect()
    }

    #[test]
    fn each_ingest_leaves_a_report_that_another_start_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let ingests = Ingests::new(folder.path());
        for second in 0..3 {
            let at = Time::from_micros(BEGIN + second * 1_000_000);
            ingests.note(&note("ana", "a.json"), at, at.plus(500), &one(), None).expect("kept");
        }
        let kept = records(&Ingests::new(folder.path()));
        assert_eq!(kept.iter().map(|record| (record.requests, record.report.new)).collect::<Vec<_>>(), [(1, 1); 3]);
        assert_eq!((kept[0].by.as_str(), kept[0].via.as_str(), &kept[0].sources), ("ana", "http", &vec!["a.json".to_owned()]));
        assert_eq!(kept[0].files, [("a.json".to_owned(), 1)].into());
        assert_eq!((kept[0].begun, kept[0].ended), (Some(Time::from_micros(BEGIN)), Some(Time::from_micros(BEGIN + 500))));
    }

    #[test]
    fn who_sends_again_and_again_fills_few_reports() {
        let folder = tempfile::tempdir().expect("a folder");
        let ingests = Ingests::new(folder.path());
        let sent = 500;
        for place in 0..sent {
            let at = Time::from_micros(BEGIN + place * 10_000);
            ingests.note(&note("agent", "stream"), at, at, &one(), None).expect("kept");
        }
        ingests.note(&note("ana", "stream"), Time::from_micros(BEGIN), Time::from_micros(BEGIN), &one(), None).expect("kept");
        let (of_agent, of_ana): (Vec<_>, Vec<_>) = records(&ingests).into_iter().partition(|record| record.by == "agent");
        assert_eq!((of_agent.len(), of_ana.len()), (CROWD, 1));
        assert_eq!(of_agent.iter().map(|record| record.report.new).sum::<u64>(), sent as u64);
        assert_eq!(of_agent.iter().map(|record| record.requests).max(), Some(sent as u64 - CROWD as u64 + 1));
    }

    #[test]
    fn who_names_each_request_otherwise_fills_few_reports_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let ingests = Ingests::new(folder.path());
        for place in 0..CROWD_OF_SENDER as i64 + 100 {
            let at = Time::from_micros(BEGIN + place * 10_000);
            ingests.note(&note("agent", &format!("{place}.json")), at, at, &one(), None).expect("kept");
        }
        let kept = records(&ingests);
        assert_eq!((kept.len(), kept[CROWD_OF_SENDER - 1].requests), (CROWD_OF_SENDER, 101));
    }

    #[test]
    fn the_requests_of_a_run_are_one_report() {
        let folder = tempfile::tempdir().expect("a folder");
        let ingests = Ingests::new(folder.path());
        for (second, source) in [(0, "a.json"), (1, "b.json"), (2, "c.json"), (2_000, "late.json")] {
            let note = IngestNote { run: Some("r1".to_owned()), ..note("ana", source) };
            let at = Time::from_micros(BEGIN + second * 1_000_000);
            ingests.note(&note, at, at, &one(), None).expect("kept");
        }
        let kept = records(&ingests);
        assert_eq!(kept.iter().map(|record| record.sources.join(" ")).collect::<Vec<_>>(), ["a.json b.json c.json", "late.json"]);
        assert_eq!(kept[0].report.documents, 3);
    }

    #[test]
    fn the_oldest_report_goes_and_ids_never_go_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let ingests = Ingests::new(folder.path());
        for place in 0..KEPT_MAX as i64 + 2 {
            // A clock that goes back.
            let at = Time::from_micros(BEGIN - place);
            ingests.note(&note(&place.to_string(), "a.json"), at, at, &one(), None).expect("kept");
        }
        let kept = records(&ingests);
        assert_eq!(kept.len(), KEPT_MAX);
        assert_eq!((kept[0].by.as_str(), kept[KEPT_MAX - 1].by.clone()), ("2", (KEPT_MAX + 1).to_string()));
    }
}
