//! Resource Graph: KQL over alerts, posture and resources as rows of `securityresources` and `resources`.

mod rows;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Call, Dialect, Members, Reply, Route, answers, arm, read_token, write_token};
use crate::http::dialects::logs::{BYTES_MAX, ROWS_MAX, TIME_MAX};
use crate::model::{Fault, FaultClass};
use crate::query::answer::Table;
use crate::query::ask::ResultsRequest;
use crate::query::session::Limits;
use crate::query::{Context, Question};

/// The dialect.
pub(super) static DIALECT: Dialect = Dialect {
    name: "resource_graph",
    aliases: &[],
    owns: &["/providers/Microsoft.ResourceGraph/{*rest}"],
    routes: &[ROUTES],
    known: &["operations", "queries", "resourceChanges", "resources", "resourcesHistory"],
    fault: arm::fault,
};

const ROUTES: &[Route] = &[
    answers("POST", "/providers/Microsoft.ResourceGraph/resources", "resource_graph.resources", 2, resources),
    answers("GET", "/providers/Microsoft.ResourceGraph/operations", "resource_graph.operations", 2, operations),
];

/// Rows of a page if the client asks for no number, and at the most.
const TOP: usize = 100;
const TOP_MAX: usize = 1_000;
/// Values of a facet if the client asks for no number.
const FACET_TOP: usize = 10;

/// Where the next page begins.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Place {
    #[serde(rename = "s")]
    skip: usize,
    #[serde(rename = "t")]
    top: usize,
}

/// The operations of the provider.
fn operations(_: &Call, _: &Context) -> Result<Reply, Fault> {
    let root = "/providers/Microsoft.ResourceGraph/";
    Ok(Reply::ok(arm::operations(&DIALECT, "Microsoft.ResourceGraph", "Microsoft Resource Graph", &[root])))
}

/// A query, its page and its facets.
fn resources(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let body = Members::of(&call.json()?);
    let query = body.text("query").unwrap_or_default();
    let subscriptions: Vec<String> = body.texts("subscriptions");
    let options = body.inner("options");
    let place = match options.word("$skipToken") {
        Some(token) => read_token(&token)?,
        None => Place { skip: number(&options, "$skip", 0)?, top: number(&options, "$top", TOP)?.clamp(1, TOP_MAX) },
    };
    let tables = rows::tables(call, context, &query, &subscriptions)?;
    let ask = |text: String| -> Result<Table, Fault> {
        let limits = Limits { rows_max: ROWS_MAX, bytes_max: BYTES_MAX, time_max: TIME_MAX, ..Limits::default() };
        let results = ResultsRequest { text, limits, tables: tables.clone(), ..ResultsRequest::default() }.answer(context)?;
        Ok(results.tables.into_iter().next().map(|result| result.table).unwrap_or_default())
    };
    let table = ask(query.clone())?;
    let total = table.rows.len();
    let cut = table.cut.is_some();
    let columns = table.columns;
    let page: Vec<Vec<Value>> = table.rows.into_iter().skip(place.skip).take(place.top).collect();
    let count = page.len();
    let data = match options.word("resultFormat").map(|format| format.to_ascii_lowercase()).as_deref() {
        Some("table") => {
            let heads: Vec<Value> =
                columns.iter().map(|column| json!({"name": column.name, "type": type_name(&column.type_name)})).collect();
            json!({"columns": heads, "rows": page})
        }
        None | Some("objectarray") => {
            let object = |row: Vec<Value>| columns.iter().map(|column| column.name.clone()).zip(row).collect::<Map<_, _>>();
            page.into_iter().map(object).map(Value::Object).collect()
        }
        Some(other) => {
            return Err(Fault::new(FaultClass::Invalid, "format_invalid", format!("expected `table` or `objectArray`, found `{other}`")));
        }
    };
    let facets: Vec<Value> = body.list("facets").iter().map(|facet| facet_of(facet, &query, &ask)).collect();
    let mut answer = json!({
        "totalRecords": total, "count": count, "resultTruncated": if cut { "true" } else { "false" }, "data": data, "facets": facets,
    });
    let next = place.skip + count;
    if next < total && count > 0 {
        answer["$skipToken"] = write_token(&Place { skip: next, top: place.top })?.into();
    }
    Ok(Reply::ok(answer))
}

fn number(options: &Members, name: &str, other: usize) -> Result<usize, Fault> {
    if !options.has(name) {
        return Ok(other);
    }
    let read = options.number(name).and_then(|number| usize::try_from(number).ok());
    read.ok_or_else(|| Fault::new(FaultClass::Invalid, "option_invalid", format!("expected a number for `{name}`")))
}

/// How often each value of an expression stands in the result of a query.
fn facet_of(facet: &Value, query: &str, ask: &dyn Fn(String) -> Result<Table, Fault>) -> Value {
    let facet = Members::of(facet);
    let expression = facet.text("expression").unwrap_or_default();
    let options = facet.inner("options");
    let by = options.word("sortBy").unwrap_or_else(|| "count".to_owned());
    let order = if options.word("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("asc")) { "asc" } else { "desc" };
    let filter = options.word("filter").map(|filter| format!(" | where {filter}")).unwrap_or_default();
    let top = options.number("$top").and_then(|top| usize::try_from(top).ok()).unwrap_or(FACET_TOP).clamp(1, TOP_MAX);
    let by = by.replace('\'', "");
    let counted = |group: &str| ask(format!("{query}{filter} | summarize ['count'] = count() by {group} | order by ['{by}'] {order}"));
    // Members of `properties` are groups too: by their text.
    let table = match counted(&expression) {
        Err(fault) if fault.code == "kql_dynamic_key" => {
            counted(&format!("['{}'] = tostring({expression})", expression.replace(['\'', '[', ']'], "")))
        }
        table => table,
    };
    match table {
        Ok(table) => {
            let total = table.rows.len();
            let object = |row: Vec<Value>| table.columns.iter().map(|column| column.name.clone()).zip(row).collect::<Map<_, _>>();
            let data: Vec<Value> = table.rows.into_iter().take(top).map(object).map(Value::Object).collect();
            json!({"expression": expression, "resultType": "FacetResult", "totalRecords": total, "count": data.len(), "data": data})
        }
        Err(fault) => {
            let error = json!({"code": fault.code, "message": fault.message});
            json!({"expression": expression, "resultType": "FacetError", "errors": [error]})
        }
    }
}

/// The type of a column as Resource Graph names it.
fn type_name(kind: &str) -> &'static str {
    match kind {
        "bool" => "boolean",
        "int" | "long" => "integer",
        "real" | "decimal" => "number",
        "dynamic" => "object",
        "datetime" => "datetime",
        _ => "string",
    }
}
