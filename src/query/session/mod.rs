//! Where plans of any language run: limits, memory and spill of one query, the tables of a snapshot, places to pause. Knows no language.

mod functions;
mod limits;
mod live;
mod peers;
pub(super) mod planning;
mod scope;
mod summaries;
mod tables;
mod watchlists;
mod window;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, TableProvider,
};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::context::SessionState;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::StreamExt;

pub use functions::{Cuts, TableCall};
pub use limits::Limits;
pub(super) use live::field;
pub use peers::Peer;
pub use scope::ResourceScope;
pub use summaries::SUMMARY;
pub use tables::{TableDetail, TableRequest, TableRow, Tables, TablesRequest};
pub use watchlists::Watchlists;

use self::peers::{Part, United};
use super::kql::functions::budget::Scope;
use super::kql::lower::{LargeRows, RowsQueryPlanner, Uncounted, Wary};
use super::{Context, Stop};
use crate::access::workspace_id;
use crate::columns::{ColumnsSnapshot, ScanLog};
use crate::graph::GraphSnapshot;
use crate::model::{Seq, Window};

/// What `current_database()` and `current_cluster_endpoint()` name.
const ENGINE: &str = "clew";
/// Rows that a sort for its first rows keeps in memory; for more of them it sorts all rows and may spill.
const KEPT_ROWS_MAX: usize = 20_000;

/// Rows of a batch where rows are large.
const SMALL_BATCH_ROWS: usize = 16;
/// Time in which a stream tells whether it goes on behind what an answer may hold.
const GOES_ON_TIME_MAX: Duration = Duration::from_secs(1);

/// What a query sees.
#[derive(Clone, Debug)]
pub struct Source {
    /// The stored tables.
    pub columns: Option<ColumnsSnapshot>,
    /// Further tables (`Entities`, `Relations`), under their names; they go before stored ones of the same name.
    pub tables: Vec<(String, Arc<dyn TableProvider>)>,
    /// Functions that give rows (`neighbors`, `paths`, `search`), under lower-case names.
    pub functions: Vec<(String, TableCall)>,
    /// What cut the rows of functions.
    pub cuts: Cuts,
    /// The entity graph.
    pub graph: Option<GraphSnapshot>,
    /// The watchlists.
    pub watchlists: Option<Watchlists>,
    /// Rows of tables with a time count only inside.
    pub window: Window,
    /// Rows of stored tables count only up to this document.
    pub until: Option<Seq>,
    /// Only rows about this resource count.
    pub scope: Option<ResourceScope>,
    /// Folder for what sorts and joins spill; made when it is first needed.
    pub spill: PathBuf,
    /// Ends the query when nobody waits for its answer any longer.
    pub stop: Stop,
    /// The name of the workspace; none where there is no data.
    pub workspace: Option<Arc<str>>,
    /// Workspaces that the query may name, or whose rows are among those of every table.
    pub peers: Vec<Peer>,
}

impl Source {
    /// Everything that a context shows.
    pub(super) fn of(context: &Context) -> Self {
        let cuts = Cuts::default();
        Self {
            columns: Some(context.snapshot.columns.clone()),
            tables: live::tables(context).into_iter().chain(watchlists::aliases(context)).collect(),
            functions: functions::all(context, &cuts),
            cuts,
            graph: Some(context.snapshot.graph.clone()),
            watchlists: Some(Watchlists::of(context)),
            window: Window::ALL,
            until: context.until,
            scope: None,
            spill: context.spill.clone(),
            stop: context.stop.clone(),
            workspace: Some(Arc::clone(&context.workspace)),
            peers: Vec::new(),
        }
    }

    /// Nothing but what a query brings itself.
    pub(super) fn empty(spill: PathBuf) -> Self {
        Self {
            columns: None,
            tables: Vec::new(),
            functions: Vec::new(),
            cuts: Cuts::default(),
            graph: None,
            watchlists: None,
            window: Window::ALL,
            until: None,
            scope: None,
            spill,
            stop: Stop::default(),
            workspace: None,
            peers: Vec::new(),
        }
    }

    /// A table by its exact name.
    pub(super) fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        let elsewhere = self.peers.iter().filter(|peer| peer.source.is_some());
        let mut parts: Vec<Part> = match elsewhere.clone().find_map(|peer| Some((peer, name.strip_prefix(&peer.prefix())?))) {
            Some((peer, table)) => vec![peer.part(table)?],
            None => {
                let own = self.own(name).map(|table| Part { table, columns: None });
                own.into_iter().chain(elsewhere.filter(|peer| peer.united).filter_map(|peer| peer.part(name))).collect()
            }
        };
        let provider = match parts.len() {
            0 => return None,
            1 if parts[0].columns.is_none() => parts.remove(0).table,
            _ => Arc::new(United::of(parts)),
        };
        let provider = match &self.scope {
            Some(scope) => scope.within(provider),
            None => provider,
        };
        Some(window::within(provider, self.window))
    }

    /// A table of the workspace itself, whole.
    fn own(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        match self.tables.iter().find(|(known, _)| known == name) {
            Some((_, provider)) => Some(Arc::clone(provider)),
            None => {
                let stored = self.columns.as_ref()?.provider(name)?;
                Some(self.until.map_or_else(|| Arc::clone(&stored), |until| window::until(Arc::clone(&stored), until)))
            }
        }
    }

    /// What the names of the tables of a workspace begin with; none if there is no such workspace.
    pub(super) fn workspace(&self, name: &str) -> Option<String> {
        let peer = self.peers.iter().find(|peer| peer.name.eq_ignore_ascii_case(name)).map(Peer::prefix);
        let is_own = || match &self.workspace {
            Some(own) => {
                [own.as_ref(), ENGINE].iter().any(|known| known.eq_ignore_ascii_case(name)) || workspace_id(own).to_string() == name
            }
            // Where there is no data, no table of any workspace is another one's.
            None => true,
        };
        peer.or_else(|| is_own().then(String::new))
    }

    /// Whether a stored table has no row for certain; one that other workspaces have too may have theirs.
    pub(super) fn is_empty(&self, name: &str) -> bool {
        // What is in a table now need not have been there then.
        let alone = self.until.is_none()
            && self.peers.iter().all(|peer| peer.source.is_none())
            && self.tables.iter().all(|(known, _)| known != name);
        self.columns.as_ref().filter(|_| alone).is_some_and(|columns| columns.is_empty(name))
    }

    /// The names of all tables.
    pub(super) fn names(&self) -> Vec<String> {
        let stored = self.columns.as_ref().map(|columns| columns.names()).unwrap_or_default();
        let own = self.tables.iter().map(|(name, _)| name.clone());
        let mut names: Vec<String> = own.chain(stored.iter().map(|name| name.to_string())).collect();
        names.extend(self.peers.iter().filter(|peer| peer.united).filter_map(|peer| peer.source.as_ref()).flat_map(|peer| peer.names()));
        names.sort();
        names.dedup();
        names
    }
}

/// Functions, planners and optimizer rules are the same for all queries and take long to gather.
static BASE: LazyLock<SessionState> = LazyLock::new(|| {
    let mut config = SessionConfig::new().with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.enable_ident_normalization = false;
    options.execution.enable_recursive_ctes = false;
    // The check of an aggregate's input holds against it that a part of a union has no metadata, and that a kernel says more of nulls than its plan.
    options.execution.skip_physical_aggregate_schema_check = true;
    options.catalog.create_default_catalog_and_schema = false;
    // What computes columns of sorted rows would be dealt out to several partitions, whose batches come back in any order.
    options.optimizer.enable_round_robin_repartition = false;
    // Of a least and a greatest value over several files it leaves no row at all: the scan tests rows against bounds that are not known yet.
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    SessionStateBuilder::new_with_default_features()
        .with_config(config)
        .with_query_planner(Arc::new(RowsQueryPlanner))
        .with_optimizer_rules(planning::rules())
        .with_physical_optimizer_rules(planning::physical_rules())
        .build()
});

/// The session of one query.
#[derive(Clone)]
pub(super) struct Room {
    state: SessionState,
    runtime: Arc<RuntimeEnv>,
}

impl Room {
    /// A session under limits; a task of it may read the files of `columns`.
    pub(super) fn open(limits: &Limits, columns: Option<&ColumnsSnapshot>, spill: &Path) -> Result<Self> {
        let mut state = BASE.clone();
        state.config_mut().options_mut().execution.target_partitions = limits.partitions.max(1);
        state.register_catalog_list(catalogs(&state)?);
        state.mark_start_execution();
        // The disk manager makes the folder only if it is not there, which two first queries at once both see.
        std::fs::create_dir_all(spill)?;
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![spill.to_owned()]))
            .with_max_temp_directory_size(limits.spill_max);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_max)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        if let Some((url, store)) = columns.map(ColumnsSnapshot::object_store) {
            runtime.register_object_store(url.as_ref(), store);
        }
        Ok(Self { state, runtime })
    }

    /// The same with another state.
    pub(super) fn with_state(self, state: SessionState) -> Self {
        Self { state, ..self }
    }

    /// The same with a log of what its scans read.
    pub(super) fn logging(mut self, log: Arc<ScanLog>) -> Self {
        self.state.config_mut().set_extension(log);
        self
    }

    /// What plans are made with.
    pub(super) fn state(&self) -> &SessionState {
        &self.state
    }

    /// What plans run with.
    pub(super) fn task(&self) -> Arc<TaskContext> {
        Arc::new(TaskContext::from(&self.state).with_runtime(Arc::clone(&self.runtime)))
    }

    /// A plan that can run, made apart for as long as `stop` lets it.
    pub(super) async fn planned(&self, plan: &LogicalPlan, stop: &Stop) -> Result<Arc<dyn ExecutionPlan>> {
        let (room, plan) = (self.clone(), plan.clone());
        planning::apart(stop, move || futures::executor::block_on(room.physical(&plan))).await?
    }

    /// A plan that can run, made here.
    pub(super) async fn physical(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        let optimized = {
            let _scope = Scope::folding();
            self.state.optimize(plan)?
        };
        yielding(spilling(self.state.query_planner().create_physical_plan(&optimized, &self.state).await?)?)
    }

    /// The rows of a plan: as many as the two bounds allow, and which of them cut.
    pub(super) async fn collect(
        &self,
        plan: &LogicalPlan,
        rows_max: usize,
        bytes_max: usize,
        stop: &Stop,
    ) -> Result<(Vec<RecordBatch>, Option<&'static str>)> {
        match read(self.planned(plan, stop).await?, self.wary_task(), rows_max, bytes_max).await {
            Err(error) if LargeRows::is(&error) => {
                let room = self.in_small_batches();
                read(room.planned(plan, stop).await?, room.task(), rows_max, bytes_max).await
            }
            found => found,
        }
    }

    /// What plans run with that end with [`LargeRows`] where they had better run in small batches.
    pub(super) fn wary_task(&self) -> Arc<TaskContext> {
        let config = self.state.config().clone().with_extension(Arc::new(Wary));
        Arc::new(TaskContext::from(&self.state).with_session_config(config).with_runtime(Arc::clone(&self.runtime)))
    }

    /// The same where functions do not count what they make.
    pub(super) fn uncounted(mut self) -> Self {
        self.state.config_mut().set_extension(Arc::new(Uncounted));
        self
    }

    /// The same for rows that many together would be a burden.
    pub(super) fn in_small_batches(&self) -> Self {
        let mut state = self.state.clone();
        let config = state.config().clone().with_batch_size(SMALL_BATCH_ROWS).with_target_partitions(1);
        *state.config_mut() = config;
        Self { state, runtime: Arc::clone(&self.runtime) }
    }
}

/// The rows of a plan that can run.
async fn read(
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
    rows_max: usize,
    bytes_max: usize,
) -> Result<(Vec<RecordBatch>, Option<&'static str>)> {
    let mut stream = execute_stream(plan, task)?;
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let left = rows_max - rows;
        if batch.num_rows() > left {
            batches.push(batch.slice(0, left));
            return Ok((batches, Some("rows_max")));
        }
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        batches.push(batch);
        if bytes > bytes_max {
            let cut = goes_on(&mut stream).await.then_some("bytes_max");
            return Ok((batches, cut));
        }
    }
    Ok((batches, None))
}

/// Whether a stream has another row: an answer that a bound ends right behind its last row is whole. Who cannot tell soon is taken to go on.
pub(super) async fn goes_on(stream: &mut SendableRecordBatchStream) -> bool {
    let another = async {
        while let Some(batch) = stream.next().await {
            if batch.is_ok_and(|batch| batch.num_rows() == 0) {
                continue;
            }
            return true;
        }
        false
    };
    tokio::time::timeout(GOES_ON_TIME_MAX, another).await.unwrap_or(true)
}

/// A catalog without tables, of one query alone.
fn catalogs(state: &SessionState) -> Result<Arc<dyn CatalogProviderList>> {
    let names = &state.config().options().catalog;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(&names.default_schema, Arc::new(MemorySchemaProvider::new()))?;
    let list = MemoryCatalogProviderList::new();
    list.register_catalog(names.default_catalog.clone(), Arc::new(catalog));
    Ok(Arc::new(list))
}

/// Makes sorts for many of their rows such that spill.
///
/// A sort for its first rows keeps all of these in memory and cannot spill: that pays for a page, not for an export.
fn spilling(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let spilled = plan.transform_up(|node| {
        let sort = node.downcast_ref::<SortExec>().and_then(|sort| Some((sort, sort.fetch().filter(|rows| *rows > KEPT_ROWS_MAX)?)));
        Ok(match sort {
            Some((sort, rows)) => {
                let whole = Arc::new(sort.with_fetch(None));
                Transformed::yes(Arc::new(LocalLimitExec::new(whole, rows)) as Arc<dyn ExecutionPlan>)
            }
            None => Transformed::no(node),
        })
    })?;
    Ok(spilled.data)
}

/// Puts a place to pause behind every join and unnesting.
///
/// They make many batches of one, and whoever counts these in a loop would else neither see the deadline nor be stopped.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let multiplies = |node: &Arc<dyn ExecutionPlan>| node.children().len() > 1 || node.name().contains("Unnest");
    let paused = plan.transform_up(|node| {
        Ok(if multiplies(&node) {
            Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>)
        } else {
            Transformed::no(node)
        })
    })?;
    Ok(paused.data)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn first_queries_at_once_share_the_folder_of_what_they_spill() {
        let dir = tempfile::tempdir().expect("a folder");
        let limits = Limits::default();
        for round in 0..50 {
            let (spill, together) = (dir.path().join(round.to_string()), Barrier::new(8));
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        together.wait();
                        Room::open(&limits, None, &spill).map(drop).expect("the folder is there, whoever made it")
                    });
                }
            });
        }
    }
}
