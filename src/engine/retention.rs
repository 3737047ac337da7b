//! Retention: which days leave which table. A cut is a resource in the journal, so that a rebuild makes the same one at the same place, and
//! the chain of changes says who made it, when, and how much went.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Define, Engine};
use crate::columns::day;
use crate::journal::View;
use crate::model::{Cut, Fault, FaultClass, Seq, Time};
use crate::triage::definition::{self, Definition};
use crate::triage::incident::Actor;
use crate::triage::retention::{ACTOR, Retention};

/// Microseconds of a day.
const DAY: i64 = 86_400 * 1_000_000;
/// Time between two looks for days that have become too old.
const PAUSE: Duration = Duration::from_secs(3_600);
/// File of a data directory that has settings; its time is that of the last look.
const LOOKED: &str = "services/retention.json";

/// What leaves one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TableCut {
    /// The table.
    pub table: String,
    /// Days that its rows are kept.
    pub days: u32,
    /// The first day that stays.
    pub before: String,
    /// Rows that leave.
    pub rows: u64,
    /// Files that leave.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// What a look for days that are too old found, and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetentionReport {
    /// The tables with a setting that have rows, by name.
    pub value: Vec<TableCut>,
    /// Rows that leave, of all tables.
    pub rows: u64,
    /// Whether they left; a trial run only counts.
    pub applied: bool,
    /// Always true: every table with a setting is listed.
    pub complete: bool,
}

/// Whether a directory that nobody has open has settings, and the last look is a while ago.
pub fn retention_is_due(dir: &Path) -> bool {
    let looked = std::fs::metadata(dir.join(LOOKED)).and_then(|found| found.modified());
    looked.is_ok_and(|looked| looked.elapsed().is_ok_and(|ago| ago >= PAUSE))
}

impl Engine {
    /// Notes that there are settings, and that they were looked at.
    fn note_look(&self, now: Time) -> Result<(), Fault> {
        let file = self.dir.join(LOOKED);
        let write = || {
            std::fs::create_dir_all(self.dir.join("services"))?;
            std::fs::write(&file, json!({"looked": now.to_string()}).to_string())
        };
        write().map_err(|error| {
            let message = format!("the file `{}` cannot be written: {error}", file.display());
            Fault::new(FaultClass::Internal, "retention_unwritable", message)
        })
    }

    /// Lets rows leave their tables that are older than the settings say; a trial run only counts them.
    ///
    /// The documents stay in the journal, and what the graph learnt from the rows stays.
    pub fn retain(&self, trial: bool, now: Time, actor: &Actor) -> Result<RetentionReport, Fault> {
        if self.context().snapshot.resources(Retention::KIND)?.is_empty() {
            return Ok(RetentionReport { applied: !trial, complete: true, ..RetentionReport::default() });
        }
        // Whole files leave: what waits in memory is brought into files first, so that it is counted.
        let snapshot = self.committer.exclusively(|views| {
            views.columns.persist()?;
            views.snapshot()
        })?;
        // Settings of one table whose names differ in case are one; the longest holds.
        let mut settings: BTreeMap<String, u32> = BTreeMap::new();
        for stored in snapshot.resources(Retention::KIND)? {
            let days = definition::read::<Retention>(&stored)?.days;
            settings.entry(stored.resource.id.to_lowercase()).and_modify(|known| *known = days.max(*known)).or_insert(days);
        }
        if !trial {
            self.note_look(now)?;
        }
        let mut report = RetentionReport { applied: !trial, complete: true, ..RetentionReport::default() };
        for (table, days) in settings {
            let before = day(now.plus(-i64::from(days) * DAY));
            let Some((table, past)) = snapshot.columns.past(&table, &before) else { continue };
            report.rows += past.rows;
            report.value.push(TableCut { table: table.to_string(), days, before, rows: past.rows, files: past.files, bytes: past.bytes });
        }
        let meant = |cut: &&TableCut| !trial && cut.rows > 0;
        let defines: Vec<Define> = report.value.iter().filter(meant).map(|cut| recorded(cut, now)).collect();
        if !defines.is_empty() {
            self.define_all(defines, actor)?;
            tracing::info!(rows = report.rows, "rows that are older than their tables' retention left");
        }
        Ok(report)
    }

    /// Looks for days that have become too old, until the engine stops.
    pub(super) async fn keep_retention(engine: Weak<Self>) {
        loop {
            let Some(open) = engine.upgrade().filter(|engine| !engine.stopping()) else { return };
            let working = Arc::clone(&open);
            let actor = Actor { name: ACTOR.to_owned() };
            match tokio::task::spawn_blocking(move || working.retain(false, Time::now(), &actor)).await {
                Ok(Ok(_)) => {}
                Ok(Err(fault)) => tracing::error!(code = fault.code, message = %fault.message, "rows that are too old stay"),
                Err(error) => tracing::error!(%error, "a look for rows that are too old ended early"),
            }
            let stopping = open.pulse_beyond(Seq(u64::MAX), PAUSE);
            drop(open);
            stopping.await;
        }
    }
}

/// The resource that makes a cut, and says what it took. A cut at the same day again is a new version: rows may have come since.
fn recorded(cut: &TableCut, now: Time) -> Define {
    let value =
        json!({"before": cut.before, "days": cut.days, "rows": cut.rows, "files": cut.files, "bytes": cut.bytes, "at": now.to_string()});
    Define::put(Cut::KIND, &cut.table, value)
}
