//! Plans are made on threads of their own, under the clock of their query.
//!
//! Planning recurses and needs a large stack, and nothing can interrupt it. So whoever waits for a plan may give up at any moment, and what makes it
//! looks at each step whether anybody still waits: a query never takes longer than it may because planning takes long.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{ApplyOrder, Optimizer, OptimizerConfig, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::{PhysicalOptimizer, PhysicalOptimizerContext};
use datafusion::physical_plan::ExecutionPlan;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::super::Stop;
use super::super::kql::lower::NarrowFilters;

/// Stack of a thread that plans.
pub(in super::super) const STACK_BYTES: usize = 64 << 20;

thread_local! {
    /// When what this thread plans is of no use any longer.
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// Puts back what stood there.
struct Outer(Option<Stop>);

impl Drop for Outer {
    fn drop(&mut self) {
        STOP.set(self.0.take());
    }
}

/// Does work on this thread whose steps end with `stop`.
pub(in super::super) fn under<T>(stop: &Stop, work: impl FnOnce() -> T) -> T {
    let _outer = Outer(STOP.replace(Some(stop.clone())));
    work()
}

/// Does work that plans on a thread of its own. Dropping the future does not wait for the thread: it ends at its next step once `stop` is over.
///
/// It must be called within a Tokio runtime, which the work is within as well.
pub(in super::super) async fn apart<T: Send + 'static>(stop: &Stop, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (send, receive) = oneshot::channel();
    let (stop, runtime) = (stop.clone(), Handle::current());
    let planning = move || {
        let _inside = runtime.enter();
        // Who gave up waiting needs no plan.
        let _ = send.send(under(&stop, work));
    };
    std::thread::Builder::new().name("query-planning".into()).stack_size(STACK_BYTES).spawn(planning)?;
    receive.await.map_err(|_| DataFusionError::Internal("the planner ended without an answer".to_owned()))
}

/// An error once nobody needs what this thread plans.
pub(in super::super) fn step() -> Result<()> {
    match STOP.with_borrow(|stop| stop.as_ref().is_some_and(Stop::is_over)) {
        true => Err(DataFusionError::Execution("planning ended with the time of its query".to_owned())),
        false => Ok(()),
    }
}

/// A rule whose every application is a step.
#[derive(Debug)]
struct Stepwise<R: Debug + ?Sized>(Arc<R>);

impl OptimizerRule for Stepwise<dyn OptimizerRule + Send + Sync> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        step()?;
        self.0.rewrite(plan, config)
    }
}

impl PhysicalOptimizerRule for Stepwise<dyn PhysicalOptimizerRule + Send + Sync> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        step()?;
        self.0.optimize(plan, config)
    }

    fn optimize_with_context(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: &dyn PhysicalOptimizerContext,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        step()?;
        self.0.optimize_with_context(plan, context)
    }
}

/// The rules for logical plans.
pub(super) fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let own: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(NarrowFilters);
    Optimizer::new().rules.into_iter().chain([own]).map(|rule| Arc::new(Stepwise(rule)) as _).collect()
}

/// The rules for physical plans.
pub(super) fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    PhysicalOptimizer::new().rules.into_iter().map(|rule| Arc::new(Stepwise(rule)) as _).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use datafusion::logical_expr::{LogicalPlanBuilder, lit};
    use datafusion::optimizer::OptimizerContext;

    use super::*;

    fn optimized() -> Result<LogicalPlan> {
        let plan = LogicalPlanBuilder::empty(true).project([lit(1)])?.build()?;
        Optimizer::with_rules(rules()).optimize(plan, &OptimizerContext::new(), |_, _| {})
    }

    #[test]
    fn planning_ends_with_its_time() {
        assert!(optimized().is_ok());
        let over = Stop::default().at(Instant::now());
        let error = under(&over, optimized).expect_err("its time is over");
        assert!(error.to_string().contains("ended with the time"), "{error}");
        // What the thread does next has its own time.
        assert!(optimized().is_ok());
        assert!(under(&Stop::default().at(Instant::now() + Duration::from_secs(3600)), optimized).is_ok());
    }

    #[tokio::test]
    async fn who_waits_can_give_up_and_the_planner_notices() {
        let stop = Stop::default();
        let waiting = stop.waiting();
        let (go, wait) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let planned = apart(&stop, move || {
            let _ = wait.recv();
            let _ = tell.send(optimized().is_err());
        });
        // Nothing is planned before it is let go, and nobody waits for that.
        assert!(tokio::time::timeout(Duration::from_millis(1), planned).await.is_err());
        drop(waiting);
        go.send(()).expect("the planner is there");
        assert_eq!(told.recv(), Ok(true));
    }
}
