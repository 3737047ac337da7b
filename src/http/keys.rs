//! `/v1/keys`: keys and service principals, kept as resources of the default workspace. The secret of one is shown once, when it is made.
//!
//! Who is bound to workspaces sees, makes and revokes only keys that are bound to some of the same.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::app::App;
use super::auth::{By, Granted};
use super::error::ApiError;
use super::extract::JsonBody;
use super::routes::{About, NoParams, Routes, json};
use crate::access::{self, Identity, Key, KeyKind, Keys, NewKey, Role, Scope, workspace_name};
use crate::engine::{Define, Engine};
use crate::model::{Fault, FaultClass, Time};
use crate::triage::incident::Actor;

/// Kind of the resources.
const KIND: &str = "key";

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "access", summary };
    let operation =
        routes.operation::<NoParams, KeyList>("/v1/keys", about("keys", "Lists keys and service principals, without their secrets"));
    routes.add("/v1/keys", HttpMethod::Get, operation, get(list));
    let summary = "Makes a key or service principal; its secret is in this answer and nowhere else";
    let mut operation = routes.operation::<NoParams, KeyMade>("/v1/keys", about("create_key", summary));
    operation.request_body = Some(routes.json_body::<KeyCreate>().into());
    routes.add("/v1/keys", HttpMethod::Post, operation, post(create));
    let operation = routes.operation::<NoParams, KeyInfo>("/v1/keys/{id}/revoke", about("revoke_key", "Ends a key at once, for ever"));
    routes.add("/v1/keys/{id}/revoke", HttpMethod::Post, operation, post(revoke));
}

/// What a new key is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyCreate {
    /// What its holder may do.
    role: Role,
    /// Name, also of its changes in the activity log; the role's if none.
    #[serde(default)]
    name: Option<String>,
    /// A key stands in the `Authorization` header itself; a principal buys tokens at the OAuth endpoint.
    #[serde(default)]
    kind: KeyKind,
    /// Workspaces that it opens; all if empty.
    #[serde(default)]
    workspaces: Vec<String>,
    /// When it ends: a time, or a while from now (`90d`, `12h`); never if none.
    #[serde(default)]
    expires: Option<String>,
}

/// A key as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct KeyInfo {
    /// Id; also the client id of a service principal.
    id: String,
    /// Name.
    name: String,
    /// How it is used.
    kind: KeyKind,
    /// What its holder may do.
    role: Role,
    /// Workspaces that it opens; all if empty.
    workspaces: Vec<String>,
    /// `active`, `expired` or `revoked`.
    state: String,
    /// When it was made.
    #[schema(value_type = String)]
    created: Time,
    /// Who made it.
    created_by: String,
    /// When it ends.
    #[schema(value_type = Option<String>)]
    expires: Option<Time>,
    /// When it was revoked.
    #[schema(value_type = Option<String>)]
    revoked: Option<Time>,
    /// When it was last used since the server began.
    #[schema(value_type = Option<String>)]
    last_used: Option<Time>,
}

/// All keys that the sender may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The keys, the oldest first.
    value: Vec<KeyInfo>,
    /// Always: there are few.
    complete: bool,
}

/// A new key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct KeyMade {
    /// The key.
    key: KeyInfo,
    /// Its secret: the token of a key, the client secret of a principal. Shown this once.
    secret: String,
}

impl KeyInfo {
    fn new(key: &Key, now: Time, last_used: Option<Time>) -> Self {
        let state = match (key.revoked, key.expires) {
            (Some(_), _) => "revoked",
            (None, Some(expires)) if expires <= now => "expired",
            _ => "active",
        };
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            kind: key.kind,
            role: key.role,
            workspaces: key.workspaces.clone(),
            state: state.to_owned(),
            created: key.created,
            created_by: key.created_by.clone(),
            expires: key.expires,
            revoked: key.revoked,
            last_used,
        }
    }
}

/// The keys that an engine keeps. One that cannot be read is an error: to leave it out could open what it closes.
pub(crate) fn load(engine: &Engine) -> Result<Keys, Fault> {
    let stored = engine.context().snapshot.resources(KIND)?;
    stored.iter().map(|stored| read(&stored.resource.id, &stored.resource.value)).collect()
}

fn read(id: &str, value: &serde_json::Value) -> Result<Key, Fault> {
    Key::deserialize(value)
        .map_err(|error| Fault::new(FaultClass::Internal, "key_unreadable", format!("key `{id}` cannot be read: {error}")))
}

/// Keys that `identity` may see, by age.
fn visible(engine: &Engine, identity: &Identity) -> Result<Vec<Key>, Fault> {
    let stored = engine.context().snapshot.resources(KIND)?;
    let keys: Result<Vec<Key>, Fault> = stored.iter().map(|stored| read(&stored.resource.id, &stored.resource.value)).collect();
    let mut keys = keys?;
    keys.retain(|key| identity.scope.covers(&Scope::of(key.workspaces.iter().cloned())));
    keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(keys)
}

async fn list(State(app): State<Arc<App>>, granted: Granted) -> Result<Response, ApiError> {
    let engine = Arc::clone(app.default_engine()?);
    let now = Time::now();
    let keys = blocking(move || visible(&engine, granted.identity())).await?;
    json(&KeyList { value: keys.iter().map(|key| KeyInfo::new(key, now, app.gate.last_used(&key.id))).collect(), complete: true })
}

async fn create(
    State(app): State<Arc<App>>,
    granted: Granted,
    By(actor): By,
    JsonBody(body): JsonBody<KeyCreate>,
) -> Result<Response, ApiError> {
    let now = Time::now();
    let names: Vec<String> = body.workspaces.iter().map(|name| workspace_name(name)).collect::<Result<_, _>>()?;
    let scope = Scope::of(names);
    if !granted.identity().scope.covers(&scope) {
        let own = granted.identity().scope.names().join("`, `");
        let message = format!("expected a key of the workspaces `{own}`, as whoever makes it is bound to them");
        return Err(Fault::new(FaultClass::Invalid, "workspace_refused", message).with_hint("name them in `workspaces`").into());
    }
    let expires = body.expires.as_deref().map(|text| end(text, now)).transpose()?;
    let name = body.name.unwrap_or_else(|| body.role.to_string());
    let new = NewKey { name, kind: body.kind, role: body.role, scope, expires };
    let (key, secret) = new.make(&actor.name, now, access::random()?, access::random()?)?;
    let info = KeyInfo::new(&key, now, None);
    store(&app, key, actor).await?;
    json(&KeyMade { key: info, secret })
}

async fn revoke(State(app): State<Arc<App>>, granted: Granted, By(actor): By, Path(id): Path<String>) -> Result<Response, ApiError> {
    let engine = Arc::clone(app.default_engine()?);
    let now = Time::now();
    let wanted = id.clone();
    let found = blocking(move || Ok(visible(&engine, granted.identity())?.into_iter().find(|key| key.id == wanted))).await?;
    let key = found.ok_or_else(|| {
        Fault::new(FaultClass::NotFound, "key_unknown", format!("no key `{id}`")).with_hint("`clew key list` shows the ids of all keys")
    })?;
    let key = Key { revoked: key.revoked.or(Some(now)), ..key };
    let info = KeyInfo::new(&key, now, app.gate.last_used(&key.id));
    store(&app, key, actor).await?;
    json(&info)
}

/// Makes a version of a key durable and lets the gate know before anybody is answered.
async fn store(app: &Arc<App>, key: Key, actor: Actor) -> Result<(), Fault> {
    let engine = Arc::clone(app.default_engine()?);
    let app = Arc::clone(app);
    blocking(move || {
        let value = serde_json::to_value(&key).map_err(|error| Fault::new(FaultClass::Internal, "key_unwritable", error.to_string()))?;
        engine.define(Define::put(KIND, &key.id, value), &actor)?;
        app.gate.reload(|| load(&engine))
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "keys_failed", format!("the work on keys ended early: {error}"))))
}

/// The end of a key: a time, or a while from `now`.
fn end(text: &str, now: Time) -> Result<Time, Fault> {
    let text = text.trim();
    let seconds = |unit| match unit {
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(7 * 86_400),
        _ => None,
    };
    let while_from_now = || {
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let micros = number.parse::<i64>().ok()?.checked_mul(seconds(unit)?)?.checked_mul(1_000_000)?;
        Some(now.plus(micros))
    };
    let time = || text.contains('-').then(|| Time::parse(text).ok()).flatten();
    while_from_now().or_else(time).ok_or_else(|| {
        Fault::new(FaultClass::Invalid, "expires_invalid", format!("expected a time or a while such as `90d` or `12h`, found `{text}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_times_or_whiles() {
        let now = Time::parse("2026-01-01T00:00:00Z").expect("a time");
        let cases = [
            ("90d", Some("2026-04-01T00:00:00Z")),
            ("12h", Some("2026-01-01T12:00:00Z")),
            ("2w", Some("2026-01-15T00:00:00Z")),
            ("30m", Some("2026-01-01T00:30:00Z")),
            ("2026-06-01", Some("2026-06-01T00:00:00Z")),
            ("2026-06-01T10:00:00Z", Some("2026-06-01T10:00:00Z")),
            ("90", None),
            ("d", None),
            ("", None),
            ("soon", None),
            ("99999999999999999999d", None),
        ];
        for (text, expected) in cases {
            assert_eq!(end(text, now).ok().map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }
}
