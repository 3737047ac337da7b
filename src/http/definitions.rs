//! Lists, reads, defines and deletes what people define under a name; the same operations for every kind.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::auth::By;
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use super::seen::{self, IfMatch};
use crate::engine::{Define, Engine};
use crate::model::{Fault, FaultClass, Stored, Time};
use crate::query::Context;
use crate::triage::definition::{self, Definition};
use crate::triage::incident::Actor;

/// Something that was defined, with who did it and when.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Defined<T> {
    /// Its id.
    id: String,
    /// Name of the version, for changes that must not overwrite a newer one.
    etag: String,
    created: Time,
    created_by: String,
    modified: Time,
    modified_by: String,
    /// How many things hang on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(flatten)]
    value: T,
}

/// All of a kind.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DefinedList<T> {
    value: Vec<Defined<T>>,
    total: u64,
    complete: bool,
}

/// What a deletion did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Whether it was there.
    pub(crate) deleted: bool,
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

fn number(description: &str) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).format(Some(format)).minimum(Some(0)).description(Some(description))
}

impl<T: ToSchema> PartialSchema for Defined<T> {
    fn schema() -> RefOr<Schema> {
        let about = ObjectBuilder::new()
            .property("id", text("Its id."))
            .property("etag", text("Name of the version, for changes that must not overwrite a newer one."))
            .property("created", text("When it was first defined."))
            .property("created_by", text("Who first defined it."))
            .property("modified", text("When this version was made."))
            .property("modified_by", text("Who made this version."))
            .property("count", number("How many things hang on it: alerts that it dismissed, items that it holds."));
        let about = ["id", "etag", "created", "created_by", "modified", "modified_by"].into_iter().fold(about, ObjectBuilder::required);
        // One object and not the union of two: neither of them allows the members of the other.
        match T::schema() {
            RefOr::T(Schema::Object(value)) => {
                let mut whole = about.build();
                whole.description = value.description;
                whole.properties.extend(value.properties);
                whole.required.extend(value.required);
                Schema::Object(whole).into()
            }
            _ => Schema::AllOf(AllOfBuilder::new().item(about.build()).item(Ref::from_schema_name(T::name())).build()).into(),
        }
    }
}

impl<T: ToSchema> ToSchema for Defined<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Defined", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema> PartialSchema for DefinedList<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .property("value", ArrayBuilder::new().items(Ref::from_schema_name(Defined::<T>::name())))
            .property("total", number("How many there are."))
            .property("complete", ObjectBuilder::new().schema_type(Type::Boolean).description(Some("Always true: the list is never cut.")))
            .required("value")
            .required("total")
            .required("complete")
            .build()
            .into()
    }
}

impl<T: ToSchema> ToSchema for DefinedList<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Defined::<T>::name().into_owned(), Defined::<T>::schema()));
        Defined::<T>::schemas(schemas);
    }
}

/// Names of the four operations of a kind, and their paths.
pub(crate) struct Operations {
    /// Group that they are listed in.
    pub(crate) tag: &'static str,
    /// Path of the list.
    pub(crate) path: &'static str,
    /// Path of one, with `{id}`.
    pub(crate) item: &'static str,
    /// Ids of list, get, put and delete.
    pub(crate) ids: [&'static str; 4],
    /// Their summaries.
    pub(crate) summaries: [&'static str; 4],
}

/// Adds the four operations of a kind.
pub(crate) fn add<T: Definition>(routes: &mut Routes, operations: &Operations) {
    let about = About { id: operations.ids[0], tag: operations.tag, summary: operations.summaries[0] };
    let operation = routes.operation::<NoParams, DefinedList<T>>(operations.path, about);
    routes.add(operations.path, HttpMethod::Get, operation, get(list::<T>));
    add_item::<T>(routes, operations);
}

/// Adds the three operations of one of a kind; its list is another's.
pub(crate) fn add_item<T: Definition>(routes: &mut Routes, operations: &Operations) {
    let about = |n: usize| About { id: operations.ids[n], tag: operations.tag, summary: operations.summaries[n] };
    let operation = routes.operation::<NoParams, Defined<T>>(operations.item, about(1));
    routes.add(operations.item, HttpMethod::Get, operation, get(one::<T>));
    let mut operation = routes.operation::<NoParams, Defined<T>>(operations.item, about(2));
    operation.request_body = Some(routes.json_body::<T>().into());
    seen::describe(&mut operation, false);
    routes.add(operations.item, HttpMethod::Put, operation, axum::routing::put(put::<T>));
    let mut operation = routes.operation::<NoParams, Deleted>(operations.item, about(3));
    seen::describe(&mut operation, false);
    routes.add(operations.item, HttpMethod::Delete, operation, axum::routing::delete(remove::<T>));
}

fn shown<T: Definition>(context: &Context, stored: &Stored) -> Result<Defined<T>, Fault> {
    let resource = &stored.resource;
    Ok(Defined {
        id: resource.id.to_string(),
        etag: stored.etag(),
        created: resource.created,
        created_by: resource.created_by.to_string(),
        modified: resource.modified,
        modified_by: resource.modified_by.to_string(),
        count: T::count(context, &resource.id)?,
        value: definition::read::<T>(stored)?.shown(context.now),
    })
}

/// Runs on the blocking pool.
pub(crate) async fn blocking<A: Send + 'static>(work: impl FnOnce() -> Result<A, Fault> + Send + 'static) -> Result<A, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "request_failed", format!("the work ended early: {error}"))))
}

async fn list<T: Definition>(Ready(engine): Ready) -> Result<Response, ApiError> {
    let all = blocking(move || {
        let context = engine.context();
        let stored = context.snapshot.resources(T::KIND)?;
        stored.iter().map(|stored| shown::<T>(&context, stored)).collect::<Result<Vec<_>, Fault>>()
    });
    let value = all.await?;
    json(&DefinedList { total: value.len() as u64, value, complete: true })
}

async fn one<T: Definition>(Ready(engine): Ready, Path(id): Path<String>) -> Result<Response, ApiError> {
    let found = blocking(move || {
        let context = engine.context();
        let stored = context.snapshot.resource(T::KIND, &id)?.ok_or_else(|| definition::unknown::<T>(&id))?;
        shown::<T>(&context, &stored)
    });
    json(&found.await?)
}

async fn put<T: Definition>(
    Ready(engine): Ready,
    By(actor): By,
    Path(id): Path<String>,
    seen: IfMatch,
    JsonBody(value): JsonBody<T>,
) -> Result<Response, ApiError> {
    let defined = blocking(move || {
        let stored = define::<T>(&engine, &id, value, seen.or(None), &actor).map_err(|fault| seen.refused(fault))?;
        shown::<T>(&engine.context(), &stored)
    });
    json(&defined.await?)
}

/// Defines something after checking it; gives its present version.
pub(crate) fn define<T: Definition>(
    engine: &Arc<Engine>,
    id: &str,
    mut value: T,
    seen: Option<String>,
    actor: &Actor,
) -> Result<Stored, Fault> {
    T::check_name(id)?;
    if let Some(present) = engine.context().snapshot.resource(T::KIND, id)? {
        value.keep(&definition::read::<T>(&present)?);
    }
    value.check()?;
    let written = serde_json::to_value(&value)
        .map_err(|error| Fault::new(FaultClass::Internal, "definition_unwritable", format!("it has no JSON form: {error}")))?;
    let defined = engine.define(Define::put(T::KIND, id, written).seen(seen), actor)?;
    defined.ok_or_else(|| definition::unknown::<T>(id))
}

async fn remove<T: Definition>(Ready(engine): Ready, By(actor): By, Path(id): Path<String>, seen: IfMatch) -> Result<Response, ApiError> {
    let deleted = blocking(move || {
        let context = engine.context();
        let there = context.snapshot.resource(T::KIND, &id)?.is_some();
        let mut gone = vec![Define::delete(T::KIND, &id).seen(seen.or(None))];
        gone.extend(T::goes_with(&context, &id)?.iter().map(|(kind, id)| Define::delete(kind, id)));
        engine.define_all(gone, &actor).map_err(|fault| seen.refused(fault))?;
        Ok(Deleted { deleted: there })
    });
    json(&deleted.await?)
}
