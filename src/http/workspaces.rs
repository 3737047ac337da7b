//! Workspaces: one is one engine on one folder, and nothing of it is seen from another. The default one is the data directory
//! itself, the others lie in `workspaces/NAME` of it; which there are is kept as resources of the default one.
//!
//! The default engine is open as long as the server is. The others are opened when they are first asked, a few at a time:
//! one that nobody uses makes room for the next.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::app::{App, starting};
use super::auth::{By, Granted};
use super::error::ApiError;
use super::extract::JsonBody;
use super::routes::{About, NoParams, Routes, json};
use crate::access::{DEFAULT_WORKSPACE, Identity, Scope, WORKSPACES_FOLDER, workspace_id, workspace_name};
use crate::engine::{Define, Engine, Options, retention_is_due};
use crate::model::{Fault, FaultClass, Time};
use crate::triage::incident::Actor;
use crate::triage::retention::ACTOR;

/// Names the workspace that a request means.
pub(crate) const WORKSPACE: &str = "x-clew-workspace";
/// Kind of the resources.
const KIND: &str = "workspace";

/// The folder of a workspace in the data directory `dir`.
pub(crate) fn folder(dir: &Path, workspace: &str) -> std::path::PathBuf {
    if workspace == DEFAULT_WORKSPACE { dir.to_owned() } else { dir.join(WORKSPACES_FOLDER).join(workspace) }
}

/// The engines of a server.
#[derive(Debug)]
pub(crate) struct Workspaces {
    default: OnceLock<Arc<Engine>>,
    names: RwLock<BTreeSet<String>>,
    open: Mutex<HashMap<String, Opened>>,
    /// Held while one is opened or closed.
    moving: tokio::sync::Mutex<()>,
    open_max: usize,
    clock: AtomicU64,
    /// Whether rules and exports follow what happens in what is opened.
    serves: AtomicBool,
}

#[derive(Debug)]
struct Opened {
    engine: Arc<Engine>,
    used: u64,
}

impl Workspaces {
    /// None is open yet; at most `open_max` will be, beside the default one.
    pub(crate) fn new(open_max: usize) -> Self {
        Self {
            default: OnceLock::new(),
            names: RwLock::new(BTreeSet::from([DEFAULT_WORKSPACE.to_owned()])),
            open: Mutex::default(),
            moving: tokio::sync::Mutex::default(),
            open_max: open_max.max(1),
            clock: AtomicU64::new(0),
            serves: AtomicBool::new(false),
        }
    }

    /// Takes the default engine, and the names that it keeps; later calls change nothing.
    pub(crate) fn set_default(&self, engine: Arc<Engine>) -> Result<(), Fault> {
        let stored = engine.context().snapshot.resources(KIND)?;
        self.names.write().unwrap_or_else(PoisonError::into_inner).extend(stored.iter().map(|stored| stored.resource.id.to_string()));
        // A second engine cannot come: the first one holds the directory.
        let _ = self.default.set(engine);
        Ok(())
    }

    /// The default engine, or the error of a server that is not ready.
    pub(crate) fn default(&self) -> Result<&Arc<Engine>, Fault> {
        self.default.get().ok_or_else(starting)
    }

    /// The names that a scope holds, in their order.
    pub(crate) fn visible(&self, scope: &Scope) -> Vec<String> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        names.iter().filter(|name| scope.holds(name)).cloned().collect()
    }

    /// The workspace that a request means: `chosen` by address or header, or else `named` in the way of a dialect.
    ///
    /// What is chosen must be there. A dialect's name may be anything as long as the caller has one workspace only; of
    /// several it must be the name or id of one, or `default`, which is the caller's own. One that is there and one that is
    /// not are the same to who may not use it.
    pub(crate) fn meant(&self, scope: &Scope, chosen: Option<&str>, named: Option<&str>) -> Result<String, Fault> {
        let visible = self.visible(scope);
        match (chosen, visible.as_slice()) {
            (Some(chosen), _) => find(&visible, chosen).ok_or_else(|| unknown(chosen, &visible)),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Self::said(&visible, scope, named),
        }
    }

    /// The workspace that the text of a query names beside that of the request.
    ///
    /// To a caller who may use all, any name means the only one that there is; otherwise the rows of one are never given
    /// under the name of another.
    pub(crate) fn beside(&self, scope: &Scope, named: &str) -> Result<String, Fault> {
        let visible = self.visible(scope);
        match (scope, visible.as_slice()) {
            (Scope::All, [only]) => Ok(only.clone()),
            _ => Self::said(&visible, scope, Some(named)),
        }
    }

    /// The one of several that has the name or id; `default`, as no name, is the caller's own.
    fn said(visible: &[String], scope: &Scope, named: Option<&str>) -> Result<String, Fault> {
        let home = || match (scope.home().filter(|home| visible.iter().any(|name| name == home)), visible.first()) {
            (Some(home), _) => Ok(home.to_owned()),
            (None, Some(_)) => Err(ambiguous(visible)),
            // Of the workspaces that the caller is bound to none was made.
            (None, None) => Err(unknown(scope.home().unwrap_or_default(), visible)),
        };
        match named {
            Some(named) => match find(visible, named) {
                Some(found) => Ok(found),
                None if named.eq_ignore_ascii_case(DEFAULT_WORKSPACE) => home(),
                None => Err(unknown(named, visible)),
            },
            None => home(),
        }
    }

    /// The engine of a workspace that is there; opened if it is not open.
    pub(crate) async fn engine(app: &Arc<App>, name: &str) -> Result<Arc<Engine>, Fault> {
        let workspaces = &app.workspaces;
        if name == DEFAULT_WORKSPACE {
            return workspaces.default().cloned();
        }
        if let Some(engine) = workspaces.used(name) {
            return Ok(engine);
        }
        // On a task of its own: a caller that goes away must not leave one half closed.
        let (app, name) = (Arc::clone(app), name.to_owned());
        let opened = tokio::spawn(async move { app.workspaces.bring(&name).await }).await;
        opened.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "open_failed", error.to_string())))
    }

    /// One that is open, marked as used.
    fn used(&self, name: &str) -> Option<Arc<Engine>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = open.get_mut(name)?;
        opened.used = self.clock.fetch_add(1, Ordering::Relaxed);
        Some(Arc::clone(&opened.engine))
    }

    /// Opens one, and closes the one that was longest unused if there are too many.
    async fn bring(&self, name: &str) -> Result<Arc<Engine>, Fault> {
        let _alone = self.moving.lock().await;
        if let Some(engine) = self.used(name) {
            return Ok(engine);
        }
        if let Some(idle) = self.make_room()? {
            blocking(move || end(&idle)).await?;
        }
        let dir = folder(self.default()?.dir(), name);
        let engine = blocking(move || Engine::open(&dir, Options::default())).await?;
        if self.serves.load(Ordering::Relaxed) {
            engine.start_services();
        }
        let opened = Opened { engine: Arc::clone(&engine), used: self.clock.fetch_add(1, Ordering::Relaxed) };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), opened);
        Ok(engine)
    }

    /// Fails if a request names more workspaces at once than may ever be open.
    pub(crate) fn fit<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
        let named: BTreeSet<&str> = names.filter(|name| *name != DEFAULT_WORKSPACE).collect();
        if named.len() <= self.open_max {
            return Ok(());
        }
        let message =
            format!("expected at most {} workspaces in one request (`workspaces_open_max`), found {}", self.open_max, named.len());
        Err(Fault::new(FaultClass::Limit, "workspaces_open_max", message)
            .with_hint("ask in several requests, or raise it in `access.toml`"))
    }

    /// Takes out the engine that was longest unused if there is no room for another.
    fn make_room(&self) -> Result<Option<Arc<Engine>>, Fault> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() < self.open_max {
            return Ok(None);
        }
        // Whoever uses one holds a copy, and copies are made under the same lock.
        let idle = open.iter().filter(|(_, opened)| Arc::strong_count(&opened.engine) == 1).min_by_key(|(_, opened)| opened.used);
        let Some(name) = idle.map(|(name, _)| name.clone()) else {
            let message = format!("{} workspaces are in use at once (`workspaces_open_max`)", self.open_max);
            return Err(Fault::new(FaultClass::Limit, "busy", message).with_hint("ask again when one of them is done").retry_after(1));
        };
        Ok(open.remove(&name).map(|opened| opened.engine))
    }

    /// Closes all but the default one.
    pub(crate) fn close(&self) -> Result<(), Fault> {
        let open: Vec<Opened> = self.open.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, opened)| opened).collect();
        open.iter().try_for_each(|opened| opened.engine.close())
    }

    /// Lets what runs for ever in the engines know that the server stops.
    pub(crate) fn announce_stop(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().for_each(|opened| opened.engine.announce_stop());
    }
}

/// Closes an engine that nobody uses. One of its services may just have woken up: the folder is free when that is done, too.
fn end(idle: &Arc<Engine>) -> Result<(), Fault> {
    const PATIENCE: Duration = Duration::from_secs(15);
    idle.announce_stop();
    let closed = idle.close();
    let began = Instant::now();
    while Arc::strong_count(idle) > 1 && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    closed
}

/// How often workspaces that are closed are looked at.
const ROUND: Duration = Duration::from_secs(30);

/// Lets rules and exports of every workspace follow what happens, until the server stops: those that are open do so by themselves; those that
/// are closed and have some are opened in turn, to do what is due.
pub(crate) async fn tend(app: Arc<App>) {
    app.workspaces.serves.store(true, Ordering::Relaxed);
    let Ok(default) = app.workspaces.default().cloned() else { return };
    loop {
        for (name, fault) in round(&app, &default).await {
            tracing::warn!(workspace = name, code = fault.code, message = %fault.message, "rules and exports of a workspace wait");
        }
        if default.stopping() {
            return;
        }
        tokio::select! {
            () = default.stopped() => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

/// Opens every closed workspace that has rules or exports, or rows that may have become too old, and does what is due there; gives the
/// workspaces where that failed.
async fn round(app: &Arc<App>, default: &Engine) -> Vec<(String, Fault)> {
    let mut failed = Vec::new();
    for name in app.workspaces.visible(&Scope::All).into_iter().filter(|name| name != DEFAULT_WORKSPACE) {
        let dir = folder(default.dir(), &name);
        let retention = retention_is_due(&dir);
        let has_some = retention || ["automation.json", "exports.json"].iter().any(|file| dir.join("services").join(file).exists());
        let is_open = app.workspaces.open.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&name);
        if !has_some || is_open || default.stopping() {
            continue;
        }
        let worked = async {
            let engine = Workspaces::engine(app, &name).await?;
            let work = move || {
                if retention {
                    engine.retain(false, Time::now(), &Actor { name: ACTOR.to_owned() })?;
                }
                catch_up(&engine)
            };
            blocking(work).await
        };
        failed.extend(worked.await.err().map(|fault| (name, fault)));
    }
    failed
}

/// Passes of rules and exports until nothing is due.
fn catch_up(engine: &Engine) -> Result<(), Fault> {
    while !engine.stopping() {
        let (rules, exports) = (engine.run_automations(Time::now())?, engine.run_exports(Time::now())?);
        if rules.complete && exports.complete {
            break;
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "workspace_failed", format!("the work ended early: {error}"))))
}

fn unknown(name: &str, visible: &[String]) -> Fault {
    let shown: String = name.chars().take(80).collect();
    let fault = Fault::new(FaultClass::NotFound, "workspace_unknown", format!("no workspace `{shown}`"));
    if visible.is_empty() { fault } else { fault.with_hint(format!("there are: {}", visible.join(", "))) }
}

fn ambiguous(visible: &[String]) -> Fault {
    Fault::new(
        FaultClass::Invalid,
        "workspace_ambiguous",
        format!("expected the name of a workspace, as there are several: {}", visible.join(", ")),
    )
    .with_hint("name it in the header `X-Clew-Workspace`, or put `/w/NAME` in front of the path")
}

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "access", summary };
    let operation =
        routes.operation::<NoParams, WorkspaceList>("/v1/workspaces", about("workspaces", "Lists the workspaces that the sender may use"));
    routes.add("/v1/workspaces", HttpMethod::Get, operation, get(list));
    let mut operation = routes.operation::<NoParams, Workspace>("/v1/workspaces", about("create_workspace", "Makes an empty workspace"));
    operation.request_body = Some(routes.json_body::<WorkspaceCreate>().into());
    routes.add("/v1/workspaces", HttpMethod::Post, operation, post(create));
}

/// A new workspace.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceCreate {
    /// Name: letters, digits, `-` and `_`; capitals become small.
    name: String,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Workspace {
    /// Name.
    name: String,
    /// Id by which Log Analytics clients may name it.
    id: String,
    /// When it was made; the default one always was.
    #[schema(value_type = Option<String>)]
    created: Option<Time>,
    /// Who made it.
    created_by: Option<String>,
}

/// Workspaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WorkspaceList {
    /// The workspaces, by name.
    value: Vec<Workspace>,
    /// Always: there are few.
    complete: bool,
}

fn described(engine: &Engine, name: String) -> Result<Workspace, Fault> {
    let stored = engine.context().snapshot.resource(KIND, &name)?;
    let id = workspace_id(&name).to_string();
    let (created, created_by) =
        stored.map_or((None, None), |stored| (Some(stored.resource.created), Some(stored.resource.created_by.to_string())));
    Ok(Workspace { name, id, created, created_by })
}

async fn list(State(app): State<Arc<App>>, granted: Granted) -> Result<Response, ApiError> {
    let engine = Arc::clone(app.workspaces.default()?);
    let names = app.workspaces.visible(&granted.identity().scope);
    let value: Vec<Workspace> = blocking(move || names.into_iter().map(|name| described(&engine, name)).collect()).await?;
    json(&WorkspaceList { value, complete: true })
}

/// Refuses what concerns all workspaces to who is bound to some.
pub(crate) fn whole_server(identity: &Identity) -> Result<(), Fault> {
    if identity.scope == Scope::All {
        return Ok(());
    }
    Err(Fault::new(FaultClass::Invalid, "workspace_refused", "this concerns the whole server, and the token is bound to workspaces")
        .with_hint("a key without workspaces may do it"))
}

async fn create(
    State(app): State<Arc<App>>,
    granted: Granted,
    By(actor): By,
    JsonBody(body): JsonBody<WorkspaceCreate>,
) -> Result<Response, ApiError> {
    whole_server(granted.identity())?;
    let name = workspace_name(&body.name)?;
    let engine = Arc::clone(app.workspaces.default()?);
    let taken = || Fault::new(FaultClass::Conflict, "workspace_exists", format!("there is a workspace `{name}` already"));
    if name == DEFAULT_WORKSPACE {
        return Err(taken().into());
    }
    let (wanted, named) = (name.clone(), name.clone());
    let defined = blocking(move || {
        let define = Define::put(KIND, &wanted, serde_json::json!({"name": wanted})).seen(Some(String::new()));
        engine.define(define, &actor)?;
        described(&engine, named)
    });
    let made = defined.await.map_err(|fault| if fault.code == "etag_stale" { taken() } else { fault })?;
    app.workspaces.names.write().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
    // Opened once, so that its folder is there for commands that find no server.
    Workspaces::engine(&app, &name).await?;
    json(&made)
}

/// The one of the names that a text means: itself in any case, or its id.
fn find(visible: &[String], text: &str) -> Option<String> {
    let means = |name: &&String| name.eq_ignore_ascii_case(text) || text.eq_ignore_ascii_case(&workspace_id(name).to_string());
    visible.iter().find(means).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::workspace_of;

    fn workspaces(names: &[&str]) -> Workspaces {
        let workspaces = Workspaces::new(1);
        workspaces.names.write().expect("nobody holds it").extend(names.iter().map(|name| (*name).to_owned()));
        workspaces
    }

    fn scope(names: &[&str]) -> Scope {
        Scope::of(names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn a_request_means_what_it_names_or_the_callers_own() {
        let id = workspace_id("a").to_string();
        let one = workspaces(&[]);
        let three = workspaces(&["a", "b"]);
        let cases: [(&Workspaces, &[&str], Option<&str>, Option<&str>, Result<&str, &str>); 20] = [
            (&one, &[], None, None, Ok("default")),
            (&one, &[], None, Some("SOC-Workspace"), Ok("default")),
            (&one, &[], Some("SOC-Workspace"), None, Err("workspace_unknown")),
            (&one, &[], Some("Default"), None, Ok("default")),
            (&three, &[], None, None, Ok("default")),
            (&three, &[], None, Some("A"), Ok("a")),
            (&three, &[], None, Some(&id), Ok("a")),
            (&three, &[], None, Some("default"), Ok("default")),
            (&three, &[], None, Some("typo"), Err("workspace_unknown")),
            (&three, &[], Some("b"), Some("a"), Ok("b")),
            (&three, &["a"], None, None, Ok("a")),
            (&three, &["a"], None, Some("default"), Ok("a")),
            // A key of a workspace that was never made opens nothing; to who has one only, another that is there is as good as one that is not.
            (&three, &["a"], None, Some("b"), Ok("a")),
            (&three, &["a"], None, Some("typo"), Ok("a")),
            (&three, &["a"], Some("b"), None, Err("workspace_unknown")),
            (&three, &["a"], Some("typo"), None, Err("workspace_unknown")),
            (&three, &["a", "b"], None, None, Err("workspace_ambiguous")),
            (&three, &["a", "b"], None, Some("default"), Err("workspace_ambiguous")),
            (&three, &["a", "b"], None, Some("b"), Ok("b")),
            (&three, &["gone"], None, Some("gone"), Err("workspace_unknown")),
        ];
        for (workspaces, names, chosen, named, expected) in cases {
            let found = workspaces.meant(&scope(names), chosen, named).map_err(|fault| fault.code);
            let found = found.as_deref().map_err(|code| *code);
            assert_eq!(found, expected, "{names:?} {chosen:?} {named:?}");
        }
        let beside: [(&Workspaces, &[&str], &str, Result<&str, &str>); 7] = [
            (&one, &[], "SOC-Workspace", Ok("default")),
            (&three, &[], "a", Ok("a")),
            (&three, &[], "typo", Err("workspace_unknown")),
            (&three, &["a"], "A", Ok("a")),
            (&three, &["a"], "default", Ok("a")),
            (&three, &["a"], "b", Err("workspace_unknown")),
            (&one, &["default"], "b", Err("workspace_unknown")),
        ];
        for (workspaces, names, named, expected) in beside {
            let found = workspaces.beside(&scope(names), named).map_err(|fault| fault.code);
            assert_eq!(found.as_deref().map_err(|code| *code), expected, "beside: {names:?} {named:?}");
        }
        let hint = |name| three.meant(&scope(&["a"]), Some(name), None).expect_err("is not there").hint;
        assert_eq!(hint("b"), hint("typo"), "what may not be used is not told from what is not there");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_due_in_a_closed_workspace_is_done() {
        let dir = tempfile::tempdir().expect("a folder");
        let actor = Actor { name: "ana".into() };
        let rule = serde_json::json!({"enabled": true, "trigger": {"on": "incident", "when": "created"}, "conditions": [],
            "actions": [{"type": "modify_incident", "fields": {"add_tags": ["seen"]}}]});
        let case = dir.path().join(WORKSPACES_FOLDER).join("case");
        let create = |id: &str| crate::triage::incident::IncidentCreate { id: Some(id.into()), title: id.into(), ..Default::default() };
        let tags = |engine: &Engine, id: &str| {
            let request = crate::query::details::IncidentRequest { id: id.into(), as_of: None };
            let shown = tokio::task::block_in_place(|| crate::query::Question::answer(request, &engine.context())).expect("an incident");
            serde_json::to_value(&shown).expect("JSON")["tags"].clone()
        };
        let kind = <crate::triage::automation::AutomationRule as crate::triage::definition::Definition>::KIND;
        tokio::task::block_in_place(|| {
            let engine = Engine::open(&case, Options::default()).expect("the folder opens");
            engine.define(Define::put(kind, "tag", rule), &actor).expect("a rule");
            catch_up(&engine).expect("a pass");
            engine.change(&create("a"), &actor).expect("an incident");
            assert_eq!(tags(&engine, "a"), serde_json::json!([]), "nobody was there to run the rule");
            engine.close().expect("it closes");
        });
        let default = tokio::task::block_in_place(|| Engine::open(dir.path(), Options::default())).expect("the folder opens");
        default.define(Define::put(KIND, "case", serde_json::json!({"name": "case"})), &actor).expect("a workspace");
        default.change(&create("b"), &actor).expect("an incident");
        let app = App::ready(Arc::clone(&default), super::super::app::Limits::default());
        assert_eq!(round(&app, &default).await, Vec::new());
        let engine = Workspaces::engine(&app, "case").await.expect("it is open");
        assert_eq!(tags(&engine, "a"), serde_json::json!(["seen"]));
        assert_eq!(tags(&default, "b"), serde_json::json!([]), "a rule works in its own workspace only");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn rows_of_a_closed_workspace_become_too_old() {
        let dir = tempfile::tempdir().expect("a folder");
        let actor = Actor { name: "ana".into() };
        let case = dir.path().join(WORKSPACES_FOLDER).join("case");
        tokio::task::block_in_place(|| {
            let engine = Engine::open(&case, Options::default()).expect("the folder opens");
            engine.define(Define::put("retention", "SecurityEvent", serde_json::json!({"days": 30})), &actor).expect("a setting");
            engine.retain(false, Time::now(), &actor).expect("a look");
            let row = r#"{"Type": "SecurityEvent", "TimeGenerated": "2020-01-01T00:00:00Z", "EventID": 4624, "Computer": "ws1"}"#;
            let input = crate::ingest::Input::Reader { name: "old.jsonl".into(), reader: Box::new(row.as_bytes()) };
            assert_eq!(engine.ingest(input, &crate::ingest::Options::default(), &()).expect("reads").new, 1);
            assert_eq!(engine.stats().tables.get("SecurityEvent"), Some(&1));
            engine.close().expect("it closes");
        });
        let default = tokio::task::block_in_place(|| Engine::open(dir.path(), Options::default())).expect("the folder opens");
        default.define(Define::put(KIND, "case", serde_json::json!({"name": "case"})), &actor).expect("a workspace");
        let app = App::ready(Arc::clone(&default), super::super::app::Limits::default());
        assert!(!retention_is_due(&case), "it was looked at a moment ago");
        let looked = std::fs::File::options().write(true).open(case.join("services/retention.json")).expect("the look is noted");
        looked.set_modified(std::time::SystemTime::now() - Duration::from_secs(7_200)).expect("a time");
        assert_eq!(round(&app, &default).await, Vec::new());
        let engine = Workspaces::engine(&app, "case").await.expect("it is open");
        assert_eq!(engine.stats().tables.get("SecurityEvent"), None);
        assert!(!retention_is_due(&case));
    }

    #[test]
    fn folders_and_names_belong_together() {
        let dir = Path::new("/data/clew");
        assert_eq!(folder(dir, "default"), dir);
        assert_eq!(workspace_of(&folder(dir, "case-1")), Some((dir, "case-1")));
        assert_eq!(workspace_of(dir), None);
    }
}
