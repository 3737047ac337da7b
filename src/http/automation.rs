//! `/v1/automation-rules`, `/v1/automation/runs`, `/v1/egress`: rules that act on what happens, what became of their runs, and which hosts
//! they may call.

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::auth::By;
use super::definitions::{self, Operations, blocking};
use super::error::ApiError;
use super::extract::{Ask, JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::engine::{Pass, Run, RunFilter, RunPage, Tested};
use crate::model::Time;
use crate::triage::automation::AutomationRule;
use crate::triage::definition::Definition;
use crate::triage::egress::{self, EgressPolicy};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "automation", summary };
    let path = "/v1/automation-rules/test";
    let summary = "Says whether a rule would run for an alert or incident, and what it would do; does nothing";
    let mut operation = routes.operation::<NoParams, Tested>(path, about("test_automation_rule", summary));
    operation.request_body = Some(routes.json_body::<TestRequest>().into());
    routes.add(path, HttpMethod::Post, operation, post(test));
    definitions::add::<AutomationRule>(
        routes,
        &Operations {
            tag: "automation",
            path: "/v1/automation-rules",
            item: "/v1/automation-rules/{id}",
            ids: ["automation_rules", "automation_rule", "put_automation_rule", "delete_automation_rule"],
            summaries: [
                "Lists the automation rules",
                "Shows one automation rule, without its secrets",
                "Defines an automation rule: it looks at what comes from then on",
                "Deletes an automation rule",
            ],
        },
    );
    let path = "/v1/automation-rules/{id}/run";
    let summary = "Runs a rule now for an alert or incident, whatever its trigger and conditions say";
    let mut operation = routes.operation::<NoParams, Run>(path, about("run_automation_rule", summary));
    operation.request_body = Some(routes.json_body::<RunRequest>().into());
    routes.add(path, HttpMethod::Post, operation, post(run));
    let path = "/v1/automation/runs";
    let operation =
        routes.operation::<RunFilter, RunPage>(path, about("automation_runs", "Lists the runs of rules, dead letters among them"));
    routes.add(path, HttpMethod::Get, operation, get(runs));
    let path = "/v1/automation/runs/{id}/resend";
    let summary = "Tries what was given up of a run once more, under the same name";
    let operation = routes.operation::<NoParams, Run>(path, about("resend_automation_run", summary));
    routes.add(path, HttpMethod::Post, operation, post(resend));
    let path = "/v1/automation/pass";
    let summary = "Runs the rules on what came since the last pass and tries what is due, as the server does by itself";
    let operation = routes.operation::<NoParams, Pass>(path, about("automation_pass", summary));
    routes.add(path, HttpMethod::Post, operation, post(pass));
    let path = "/v1/egress";
    let operation = routes.operation::<NoParams, EgressPolicy>(path, about("egress_policy", "Shows which hosts may be called"));
    routes.add(path, HttpMethod::Get, operation, get(policy));
    let summary = "Says which hosts webhooks and exports may call; none unless they are named";
    let mut operation = routes.operation::<NoParams, EgressPolicy>(path, about("put_egress_policy", summary));
    operation.request_body = Some(routes.json_body::<EgressPolicy>().into());
    routes.add(path, HttpMethod::Put, operation, put(put_policy));
}

/// A rule, and what to try it on.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestRequest {
    /// The rule; it need not be defined.
    rule: AutomationRule,
    /// `alert:ID` or `incident:ID`.
    target: String,
}

/// What to run a rule for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RunRequest {
    /// `alert:ID` or `incident:ID`.
    target: String,
}

async fn test(Ready(engine): Ready, JsonBody(asked): JsonBody<TestRequest>) -> Result<Response, ApiError> {
    let tested = blocking(move || {
        asked.rule.check()?;
        engine.test_automation(&asked.rule, &asked.target)
    });
    json(&tested.await?)
}

async fn run(Ready(engine): Ready, Path(id): Path<String>, JsonBody(asked): JsonBody<RunRequest>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.start_automation(&id, &asked.target, Time::now())).await?)
}

async fn runs(Ready(engine): Ready, Ask(filter): Ask<RunFilter>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.automation_runs(&filter)).await?)
}

async fn resend(Ready(engine): Ready, Path(id): Path<String>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.resend_automation(&id, Time::now())).await?)
}

async fn pass(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&blocking(move || engine.run_automations(Time::now())).await?)
}

async fn policy(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&blocking(move || EgressPolicy::of(&engine.context())).await?)
}

async fn put_policy(Ready(engine): Ready, By(actor): By, JsonBody(asked): JsonBody<EgressPolicy>) -> Result<Response, ApiError> {
    let defined = blocking(move || {
        let stored = definitions::define::<EgressPolicy>(&engine, egress::ID, asked, None, &actor)?;
        crate::triage::definition::read::<EgressPolicy>(&stored)
    });
    json(&defined.await?)
}
