//! One list of operations: each entry makes the route and its description together, so that they cannot drift apart.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::error::{ApiError, ErrorBody};
use super::extract::{Ask, JsonBody, Ready};
use super::rights::Needs;
use crate::engine::Engine;
use crate::model::{Fault, FaultClass};
use crate::query::{Context, Question};

/// A schema that an answer or body refers to, by its name.
type Named = (String, RefOr<Schema>);

/// The operations of the API so far.
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    operations: Vec<(&'static str, HttpMethod, Operation)>,
    needs: Needs,
    schemas: Vec<Named>,
}

/// The parameters of an operation that has none.
pub(crate) struct NoParams;

impl IntoParams for NoParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// What a person reads about an operation.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// Name of the operation for programs (`search`).
    pub(crate) id: &'static str,
    /// The group that it is listed in.
    pub(crate) tag: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
}

impl Routes {
    /// No operations; the error body is known.
    pub(crate) fn new() -> Self {
        let mut routes = Self { router: Router::new(), operations: Vec::new(), needs: Needs::default(), schemas: Vec::new() };
        routes.schema::<ErrorBody>();
        routes
    }

    /// Adds a question whose parts stand in path and query string.
    pub(crate) fn ask<Q>(&mut self, path: &'static str, about: About)
    where
        Q: Question + DeserializeOwned + IntoParams,
        Q::Answer: ToSchema,
    {
        let operation = self.operation::<Q, Q::Answer>(path, about);
        self.add(path, HttpMethod::Get, operation, on(MethodFilter::GET, get_question::<Q>));
    }

    /// Adds a question whose parts stand in a JSON body.
    pub(crate) fn ask_by_body<Q>(&mut self, path: &'static str, about: About)
    where
        Q: Question + DeserializeOwned + ToSchema,
        Q::Answer: ToSchema,
    {
        let mut operation = self.operation::<NoParams, Q::Answer>(path, about);
        operation.request_body = Some(self.json_body::<Q>().into());
        self.add(path, HttpMethod::Post, operation, on(MethodFilter::POST, post_question::<Q>));
    }

    /// Adds an operation with a handler of its own.
    pub(crate) fn add(&mut self, path: &'static str, method: HttpMethod, operation: impl Into<Operation>, handler: MethodRouter<Arc<App>>) {
        let operation = operation.into();
        self.needs.operation(path, &method, operation.operation_id.as_deref().unwrap_or_default());
        self.operations.push((path, method, operation));
        self.router = std::mem::take(&mut self.router).route(path, handler);
    }

    /// Adds a page or asset that is no operation of the API.
    pub(crate) fn page(&mut self, path: &'static str, handler: MethodRouter<Arc<App>>) {
        self.needs.page(path);
        self.router = std::mem::take(&mut self.router).route(path, handler);
    }

    /// The description of an operation with parameters `P` that answers with JSON of `A`.
    pub(crate) fn operation<P: IntoParams, A: ToSchema>(&mut self, path: &str, about: About) -> Operation {
        let schema = self.schema::<A>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        self.operation_with::<P>(path, about, "application/json", content)
    }

    /// The description of an operation with parameters `P` that answers with text or bytes.
    pub(crate) fn operation_of_type<P: IntoParams>(&mut self, path: &str, about: About, content_type: &str) -> Operation {
        self.operation_with::<P>(path, about, content_type, ContentBuilder::new().build())
    }

    fn operation_with<P: IntoParams>(
        &mut self,
        path: &str,
        about: About,
        content_type: &str,
        content: utoipa::openapi::Content,
    ) -> Operation {
        let error = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
        OperationBuilder::new()
            .operation_id(Some(about.id))
            .tag(about.tag)
            .summary(Some(about.summary))
            .parameters(Some(parameters::<P>(path)))
            .response("200", ResponseBuilder::new().description("The answer").content(content_type, content).build())
            .response("default", ResponseBuilder::new().description("The error").content("application/json", error).build())
            .build()
    }

    /// The description of a JSON body.
    pub(crate) fn json_body<T: ToSchema>(&mut self) -> utoipa::openapi::request_body::RequestBody {
        let schema = self.schema::<T>();
        RequestBodyBuilder::new()
            .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
            .required(Some(Required::True))
            .build()
    }

    /// Takes in the schema of `T` with all that it refers to.
    pub(crate) fn schema<T: ToSchema>(&mut self) -> Ref {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name())
    }

    /// Gives the routes, what each of them needs, and the description of the API.
    pub(crate) fn finish(self) -> (Router<Arc<App>>, Needs, utoipa::openapi::OpenApi) {
        (self.router, self.needs, super::openapi::describe(self.operations, self.schemas))
    }
}

/// The parameters of `P`, those that the path names in the path; one of the path that `P` does not have is a text.
fn parameters<P: IntoParams>(path: &str) -> Vec<Parameter> {
    let mut parameters = P::into_params(|| Some(ParameterIn::Query));
    for name in path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
        if !parameters.iter().any(|parameter| parameter.name == name) {
            let mut parameter = Parameter::new(name);
            parameter.schema = Some(ObjectBuilder::new().schema_type(Type::String).build().into());
            parameters.insert(0, parameter);
        }
    }
    for parameter in &mut parameters {
        if path.contains(&format!("{{{}}}", parameter.name)) {
            parameter.parameter_in = ParameterIn::Path;
            parameter.required = Required::True;
        }
    }
    parameters
}

async fn get_question<Q: Question + DeserializeOwned>(Ready(engine): Ready, Ask(question): Ask<Q>) -> Result<Response, ApiError> {
    answer(&engine, question).await
}

async fn post_question<Q: Question + DeserializeOwned>(
    Ready(engine): Ready,
    JsonBody(question): JsonBody<Q>,
) -> Result<Response, ApiError> {
    answer(&engine, question).await
}

/// Asks, and writes the answer as JSON.
pub(crate) async fn answer<Q: Question>(engine: &Arc<Engine>, question: Q) -> Result<Response, ApiError> {
    Ok(json_bytes(engine.ask(Written(question)).await?))
}

/// An answer that is JSON text already.
pub(crate) fn json_bytes(bytes: Vec<u8>) -> Response {
    let mut response = Body::from(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Writes `value` as JSON.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Response, ApiError> {
    serde_json::to_vec(value).map(json_bytes).map_err(|error| unwritable(&error).into())
}

fn unwritable(error: &serde_json::Error) -> Fault {
    Fault::new(FaultClass::Internal, "answer_unwritable", format!("the answer cannot be written as JSON: {error}"))
}

/// Room that is made for an answer before it is written.
const ANSWER_BYTES: usize = 4 << 10;

/// A question whose answer is written where it is computed; unless it is brief, off the threads that serve connections and within the deadline.
struct Written<Q>(Q);

impl<Q: Question> Question for Written<Q> {
    type Answer = Vec<u8>;
    const NAME: &'static str = Q::NAME;

    fn is_brief(&self, context: &Context) -> bool {
        self.0.is_brief(context)
    }

    fn is_query(&self) -> bool {
        self.0.is_query()
    }

    fn answer(self, context: &Context) -> Result<Vec<u8>, Fault> {
        let answer = self.0.answer(context)?;
        let mut bytes = Vec::with_capacity(ANSWER_BYTES);
        serde_json::to_writer(&mut bytes, &answer).map_err(|error| unwritable(&error))?;
        Ok(bytes)
    }
}
