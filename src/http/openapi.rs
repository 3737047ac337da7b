//! The description of the API: operations and schemas from the list of routes, with the words that they share.

use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, RefOr, Schema};

/// The groups of operations, in the order of an investigation.
const TAGS: [(&str, &str); 8] = [
    ("ingest", "Taking in alerts, incidents and raw events"),
    ("search", "Finding by words and filters"),
    ("records", "Incidents, alerts and entities, one by one and in lists"),
    ("graph", "Neighbours, paths and ranks of the entity graph"),
    ("explore", "Exploration queries and timelines"),
    ("query", "Free queries on the tables"),
    ("triage", "Decisions: merging and splitting entities, correlating alerts"),
    ("system", "Health, counts and this description"),
];

const DESCRIPTION: &str = "\
List parameters repeat (`kind=alert&kind=incident`) or are separated by commas (`kind=alert,incident`; `\\,` is a comma of the value). \
Times are ISO 8601 or relative to now (`-24h`, `-7d`). A node is `alert:ID`, `incident:ID` or an entity `KIND:VALUE` such as \
`ip:175.45.176.99`. An answer that a limit cut says so: `complete` is false and `cut` names the limit or `cursor` leads on. \
Errors have the body `ErrorBody`; every answer carries its id in the header `x-request-id`.";

/// Joins the parts.
pub(crate) fn describe(
    operations: Vec<(&'static str, HttpMethod, Operation)>,
    schemas: impl IntoIterator<Item = (String, RefOr<Schema>)>,
) -> OpenApi {
    let mut paths = Paths::new();
    for (path, method, operation) in operations {
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
        .components(Some(ComponentsBuilder::new().schemas_from_iter(schemas).build()))
        .build()
}
