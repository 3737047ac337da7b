//! The description of the API: operations and schemas from the list of routes, with the words and the errors that they share.

use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Response, ResponseBuilder,
    Schema,
};

use super::error::ErrorBody;
use super::integers::widen;
use super::rights::declared;
use crate::access::Right;

/// The groups of operations, in the order of an investigation.
const TAGS: [(&str, &str); 12] = [
    ("ingest", "Taking in alerts, incidents and raw events"),
    ("search", "Finding by words and filters"),
    ("records", "Incidents, alerts and entities, one by one and in lists"),
    ("graph", "Neighbours, paths and ranks of the entity graph"),
    ("explore", "Exploration queries and timelines"),
    ("query", "Free queries on the tables"),
    ("triage", "Decisions: merging and splitting entities, correlating alerts"),
    ("access", "Keys, service principals, workspaces"),
    ("tokens", "Tokens in the ways that Microsoft's clients ask for them"),
    ("lists", "Watchlists and threat indicators"),
    ("automation", "Rules that act on what happens, exports, and which hosts they may call"),
    ("system", "Health, counts and this description"),
];

const DESCRIPTION: &str = "\
List parameters repeat (`kind=alert&kind=incident`) or are separated by commas (`kind=alert,incident`; `\\,` is a comma of the value). \
Times are ISO 8601 or relative to now (`-24h`, `-7d`). A node is `alert:ID`, `incident:ID` or an entity `KIND:VALUE` such as \
`ip:175.45.176.99`. An answer that a limit cut says so: `complete` is false and `cut` names the limit or `cursor` leads on. \
Errors have the body `ErrorBody`; every answer carries its id in the header `x-request-id`.";

/// Which operations may answer with an error.
#[derive(Clone, Copy)]
enum Where {
    All,
    Changes,
    Bodies,
}

/// The errors that operations share: status, name, meaning. What stands here is what `error::status` gives.
const ERRORS: [(&str, &str, &str, Where); 9] = [
    ("400", "Invalid", "The request cannot be read: a parameter, the body, or the text of a query", Where::All),
    ("401", "Unauthorized", "No key or token was given, or none that is valid", Where::All),
    ("403", "Forbidden", "The key has no right to do this, or the request came from a foreign page", Where::All),
    ("404", "NotFound", "Nothing is known by this name", Where::All),
    ("409", "Conflict", "Somebody changed it since, or it stands against what is there", Where::Changes),
    ("413", "TooLarge", "The body is larger than the limit that the message names", Where::Bodies),
    ("422", "Limit", "The answer would pass the limit that the message names", Where::All),
    ("429", "Busy", "Too many requests at once; `Retry-After` says when to come again", Where::All),
    ("503", "Unavailable", "Not ready; `Retry-After` says when to come again", Where::All),
];

/// Names the errors that an operation may answer with.
fn add_errors(method: &HttpMethod, operation: &mut Operation) {
    for (status, name, _, place) in ERRORS {
        let fits = match place {
            Where::All => true,
            Where::Changes => *method != HttpMethod::Get,
            Where::Bodies => operation.request_body.is_some(),
        };
        if fits {
            let response = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_owned()).or_insert(response);
        }
    }
}

fn errors() -> impl Iterator<Item = (&'static str, Response)> {
    ERRORS.into_iter().map(|(_, name, meaning, _)| {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
        (name, ResponseBuilder::new().description(meaning).content("application/json", body).build())
    })
}

/// Name of the way in which requests prove who sends them.
const TOKEN: &str = "token";

fn token() -> SecurityScheme {
    let text = "A key (`clew key create`), a token that was issued for one, or a signed token of the identity provider. \
                Not needed where no key was ever made and no provider is configured.";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build())
}

/// Joins the parts.
pub(crate) fn describe(
    operations: Vec<(&'static str, HttpMethod, Operation)>,
    schemas: impl IntoIterator<Item = (String, RefOr<Schema>)>,
) -> OpenApi {
    let schemas = schemas.into_iter().map(|(name, mut schema)| {
        widen(&mut schema);
        (name, schema)
    });
    let mut paths = Paths::new();
    for (path, method, mut operation) in operations {
        add_errors(&method, &mut operation);
        if operation.operation_id.as_deref().and_then(declared) == Some(Right::Open) {
            // Nothing is asked for here, whatever the rest of the API asks for.
            operation.security = Some(Vec::new());
        }
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                parameter.schema.iter_mut().for_each(widen);
            }
        }
        let item = paths.paths.entry(path.to_owned()).or_default();
        item.merge_operations(PathItem::new(method, operation));
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("clew")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
                .build(),
        )
        .tags(Some(TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())))
        .paths(paths)
        .components(Some(
            ComponentsBuilder::new().schemas_from_iter(schemas).responses_from_iter(errors()).security_scheme(TOKEN, token()).build(),
        ))
        .security(Some([SecurityRequirement::new(TOKEN, Vec::<String>::new())]))
        .build()
}
