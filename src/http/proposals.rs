//! `/v1/proposals`: changes that somebody asked for, and their acceptance or rejection by a person.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::app::App;
use super::auth::{By, Granted};
use super::definitions::blocking;
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::access::Kind;
use crate::engine::Engine;
use crate::model::{Fault, FaultClass};
use crate::query::Question;
use crate::query::details::RecordsRequest;
use crate::triage::incident::ChangedRecord;
use crate::triage::proposal::{
    KIND, ProposalCreate, ProposalDecide, ProposalDetail, ProposalFilter, ProposalRequest, detail, read, unknown,
};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "triage", summary };
    routes.ask::<RecordsRequest>(
        "/v1/records",
        About { id: "records", tag: "records", summary: "Says where records came from, by their sequence numbers" },
    );
    routes.ask::<ProposalFilter>("/v1/proposals", about("proposals", "Lists proposed changes, the latest first"));
    routes.ask::<ProposalRequest>("/v1/proposals/{id}", about("proposal", "Shows one proposed change"));
    let mut operation = routes.operation::<NoParams, ProposalDetail>(
        "/v1/proposals",
        about("create_proposal", "Proposes a change of an incident, with the records that say why; a person decides on it"),
    );
    operation.request_body = Some(routes.json_body::<ProposalCreate>().into());
    routes.add("/v1/proposals", HttpMethod::Post, operation, post(create));
    let decided = |routes: &mut Routes, path, about, handler| {
        let mut operation = routes.operation::<NoParams, ProposalDecided>(path, about);
        operation.request_body = Some(routes.json_body::<ProposalDecide>().into());
        routes.add(path, HttpMethod::Post, operation, handler);
    };
    decided(
        routes,
        "/v1/proposals/{id}/accept",
        about(
            "accept_proposal",
            "Makes a proposed change as the person who accepts it; refused if the incident was changed since, unless confirmed",
        ),
        post(accept),
    );
    decided(routes, "/v1/proposals/{id}/reject", about("reject_proposal", "Turns a proposed change down"), post(reject));
}

/// A proposal that was decided.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct ProposalDecided {
    /// The proposal.
    proposal: ProposalDetail,
    /// What was changed; nothing if it was so already, or the proposal was rejected.
    value: Vec<ChangedRecord>,
    /// Always true.
    complete: bool,
}

async fn create(
    Ready(engine): Ready,
    By(actor): By,
    granted: Granted,
    JsonBody(create): JsonBody<ProposalCreate>,
) -> Result<Response, ApiError> {
    let proposer = granted.identity().id.clone();
    let made = blocking(move || {
        let stored = engine.propose(&create, &proposer, &actor)?;
        detail(&engine.context(), &stored)
    });
    json(&made.await?)
}

/// Refuses who must not decide: a program, and the key that made the proposal.
fn may_decide(app: &App, granted: &Granted, proposer: &str) -> Result<(), Fault> {
    let identity = granted.identity();
    if app.gate.is_principal(identity) {
        return Err(Fault::new(FaultClass::Invalid, "proposal_principal", "expected a person, found a service principal")
            .with_hint("a person decides on proposals, with a key or sign-in of their own"));
    }
    if identity.kind == Kind::Key && identity.id == proposer {
        return Err(Fault::new(FaultClass::Invalid, "proposal_own", "the key that made a proposal cannot decide on it")
            .with_hint("another person decides, with a key or sign-in of their own"));
    }
    Ok(())
}

async fn accept(
    State(app): State<Arc<App>>,
    Ready(engine): Ready,
    By(actor): By,
    granted: Granted,
    Path(id): Path<String>,
    JsonBody(decide): JsonBody<ProposalDecide>,
) -> Result<Response, ApiError> {
    decided(app, engine, granted, id, move |engine, id| Ok(engine.accept_proposal(id, &decide, &actor)?.1.value)).await
}

async fn reject(
    State(app): State<Arc<App>>,
    Ready(engine): Ready,
    By(actor): By,
    granted: Granted,
    Path(id): Path<String>,
    JsonBody(decide): JsonBody<ProposalDecide>,
) -> Result<Response, ApiError> {
    let reject = move |engine: &Engine, id: &str| engine.reject_proposal(id, &decide, &actor).map(|_| Vec::new());
    decided(app, engine, granted, id, reject).await
}

/// Decides on a proposal if the sender may, and answers what became of it.
async fn decided(
    app: Arc<App>,
    engine: Arc<Engine>,
    granted: Granted,
    id: String,
    decide: impl FnOnce(&Engine, &str) -> Result<Vec<ChangedRecord>, Fault> + Send + 'static,
) -> Result<Response, ApiError> {
    let work = move || {
        let stored = engine.context().snapshot.resource(KIND, &id)?.ok_or_else(|| unknown(&id))?;
        may_decide(&app, &granted, &read(&stored)?.proposer)?;
        let value = decide(&engine, &id)?;
        Ok(ProposalDecided { proposal: ProposalRequest { id }.answer(&engine.context())?, value, complete: true })
    };
    json(&blocking(work).await?)
}
