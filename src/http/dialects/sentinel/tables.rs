//! The tables of a workspace with their columns, and search jobs among them: a job's table (`NAME_SRCH`) is a function of the workspace that reads
//! what the job asked for in its span of time, so that its rows are there at once and a query names it as any table.

use serde_json::{Value, json};

use super::desk::missing;
use crate::engine::{Define, Engine};
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, arm, changes};
use crate::model::{Fault, FaultClass, Stored, Time};
use crate::query::answer::Column;
use crate::query::library::{FUNCTION, FunctionBody};
use crate::query::session::{TableDetail, TableRequest, TablesRequest};
use crate::query::{Context, Question};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "LA/tables", "sentinel.tables.list", 2, tables),
    answers("GET", "LA/tables/{table}", "sentinel.tables.get", 2, table),
    changes("PUT", "LA/tables/{table}", "sentinel.search_jobs.put", 2, Right::Contribute, put),
    changes("DELETE", "LA/tables/{table}", "sentinel.search_jobs.delete", 2, Right::Contribute, delete),
];

/// Kind of the resources that are search jobs.
const JOB: &str = "search_job";
/// How their tables end.
const SUFFIX: &str = "_SRCH";
/// Rows of a job if it names no number.
const ROWS: i64 = 1_000;
/// Rows of a job at the most, as the service has it.
const ROWS_MAX: i64 = 1_000_000;

fn resource(call: &Call, name: &str, properties: Value) -> Value {
    let workspace = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}",
        call.parameter("sub"),
        call.parameter("rg"),
        call.parameter("ws")
    );
    json!({
        "id": format!("{workspace}/tables/{name}"), "name": name, "type": "Microsoft.OperationalInsights/workspaces/tables", "properties": properties,
    })
}

fn described(call: &Call, table: &TableDetail) -> Value {
    let column = |column: &Column| json!({"name": column.name, "type": column.type_name, "isDefaultDisplay": false});
    let columns: Vec<Value> = table.columns.iter().map(column).collect();
    let mut schema = json!({"name": table.name, "tableSubType": "Any"});
    // Columns of a table of the vendor's are standard; those of any other are its own, under a name for each version of the service.
    if table.name.ends_with("_CL") {
        schema["tableType"] = "CustomLog".into();
        schema["customColumns"] = columns.clone().into();
        schema["columns"] = columns.into();
        schema["standardColumns"] = json!([]);
    } else {
        schema["tableType"] = "Microsoft".into();
        schema["columns"] = json!([]);
        schema["standardColumns"] = columns.into();
    }
    let properties = json!({
        "plan": "Analytics", "provisioningState": "Succeeded", "retentionInDays": -1, "totalRetentionInDays": -1, "archiveRetentionInDays": 0,
        "schema": schema,
    });
    resource(call, &table.name, properties)
}

fn job(call: &Call, stored: &Stored) -> Value {
    let value = &stored.resource.value;
    let properties = json!({
        "plan": "Analytics", "provisioningState": "Succeeded", "searchResults": value["search"],
        "schema": {"name": value["function"], "tableType": "SearchResults", "tableSubType": "Any", "searchResults": value["search"], "columns": []},
    });
    let mut job = resource(call, value["name"].as_str().unwrap_or_default(), properties);
    job["systemData"] = super::stored::system_data(stored);
    job
}

fn tables(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let names = TablesRequest { empty: false }.answer(context)?.value;
    let mut value = Vec::new();
    for row in names {
        value.push(described(call, &TableRequest { name: row.name }.answer(context)?));
    }
    value.extend(context.snapshot.resources(JOB)?.iter().map(|stored| job(call, stored)));
    Ok(Reply::ok(arm::list(value, None)))
}

fn id_of(call: &Call) -> String {
    call.parameter("table").to_lowercase()
}

fn table(call: &Call, context: &Context) -> Result<Reply, Fault> {
    if let Some(stored) = context.snapshot.resource(JOB, &id_of(call))? {
        return Ok(Reply::ok(job(call, &stored)));
    }
    let name = call.parameter("table");
    match (TableRequest { name: name.to_owned() }).answer(context) {
        Ok(found) => Ok(Reply::ok(described(call, &found))),
        Err(fault) if fault.class == FaultClass::NotFound => Err(missing("table", name)),
        Err(fault) => Err(fault),
    }
}

/// A name that a query can say.
fn function_of(name: &str) -> String {
    let plain: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    if plain.starts_with(|letter: char| letter.is_ascii_digit()) { format!("_{plain}") } else { plain }
}

/// What a job asks for, as the body of a function: the span of time holds where the rows come from, behind the name of the table.
fn body_of(query: &str, from: Time, to: Time, limit: i64) -> String {
    let span = format!("where TimeGenerated between (datetime({from}) .. datetime({to}))");
    let end = query.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(query.len());
    let (table, rest) = query.split_at(end);
    let named = !table.is_empty() && (rest.trim_start().is_empty() || rest.trim_start().starts_with('|'));
    // What does not begin with a table is held against its own times.
    let spanned = if named { format!("{table} | {span} {rest}") } else { format!("{query}\n| {span}") };
    format!("{spanned}\n| take {limit}")
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let invalid = |message: String| Fault::new(FaultClass::Invalid, "search_job_invalid", message);
    let name = call.new_name()?;
    if !name.to_ascii_uppercase().ends_with(SUFFIX) {
        return Err(invalid(format!("expected the name of a search job, which ends with `{SUFFIX}`, found `{name}`"))
            .with_hint("tables come with their data: send rows to `/v1/ingest`"));
    }
    let body = Members::of(&call.json()?);
    let search = Some(body.inner("properties").inner("searchResults")).filter(|search| search.has("query"));
    let search = search.unwrap_or_else(|| body.inner("searchResults"));
    let query = search.word("query").ok_or_else(|| invalid("expected `properties.searchResults.query`, found none".to_owned()))?;
    let limit = search.number("limit").unwrap_or(ROWS);
    if !(1..=ROWS_MAX).contains(&limit) {
        return Err(invalid(format!("expected a `limit` from 1 to {ROWS_MAX}, found {limit}")));
    }
    let time = |member: &str| {
        let text = search.word(member).ok_or_else(|| invalid(format!("expected `searchResults.{member}`, found none")))?;
        Time::parse(&text).map_err(|_| invalid(format!("expected a time as `searchResults.{member}`, found `{text}`")))
    };
    let (from, to) = (time("startSearchTime")?, time("endSearchTime")?);
    if from > to {
        return Err(invalid("expected `startSearchTime` before `endSearchTime`".to_owned()));
    }
    let present = engine.context().snapshot.resource(JOB, &id_of(call))?;
    // However a later request writes the name, the job keeps its table.
    let kept = |member: &str| present.as_ref().and_then(|stored| stored.resource.value[member].as_str()).map(str::to_owned);
    let (name, function) = (kept("name").unwrap_or_else(|| name.to_owned()), kept("function").unwrap_or_else(|| function_of(name)));
    let written = FunctionBody {
        parameters: String::new(),
        body: body_of(&query, from, to, limit),
        description: format!("rows of the search job `{name}`"),
    };
    written.read(&function)?;
    if present.is_none() && engine.context().snapshot.resource(FUNCTION, &function)?.is_some() {
        let message = format!("the workspace has a function `{function}` already");
        return Err(Fault::new(FaultClass::Conflict, "search_job_taken", message));
    }
    let search = json!({
        "query": query, "limit": limit, "startSearchTime": arm::time(from), "endSearchTime": arm::time(to), "sourceTable": Value::Null,
    });
    let value = json!({"name": name, "function": function, "search": search});
    engine.define_all(vec![Define::put(JOB, &id_of(call), value), Define::put(FUNCTION, &function, json!(written))], call.actor())?;
    let stored = engine.context().snapshot.resource(JOB, &id_of(call))?.ok_or_else(|| missing("search job", &name))?;
    let body = job(call, &stored);
    Ok(if present.is_some() { Reply::ok(body) } else { Reply::created(body) })
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let id = id_of(call);
    match engine.context().snapshot.resource(JOB, &id)? {
        Some(stored) => {
            let function = stored.resource.value["function"].as_str().unwrap_or_default();
            engine.define_all(vec![Define::delete(JOB, &id), Define::delete(FUNCTION, function)], call.actor())?;
            Ok(Reply::nothing())
        }
        None if id.ends_with(&SUFFIX.to_lowercase()) => Ok(Reply::nothing()),
        None => {
            let message =
                format!("expected a search job, which ends with `{SUFFIX}`, found `{}`: no table is deleted", call.parameter("table"));
            Err(Fault::new(FaultClass::Invalid, "search_job_invalid", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_holds_where_the_rows_come_from() {
        let at = |text: &str| Time::parse(text).expect("a time");
        let (from, to) = (at("2024-01-01T00:00:00Z"), at("2024-01-02T00:00:00Z"));
        let span = "where TimeGenerated between (datetime(2024-01-01T00:00:00Z) .. datetime(2024-01-02T00:00:00Z))";
        let cases = [
            ("SecurityEvent", format!("SecurityEvent | {span} \n| take 5")),
            ("SecurityEvent | project Account", format!("SecurityEvent | {span}  | project Account\n| take 5")),
            ("search 'x'", format!("search 'x'\n| {span}\n| take 5")),
        ];
        for (query, expected) in cases {
            assert_eq!(body_of(query, from, to, 5), expected);
            assert!(FunctionBody { body: expected, ..FunctionBody::default() }.read("A_SRCH").is_ok(), "{query}");
        }
        assert_eq!(function_of("8f00-1_SRCH"), "_8f00_1_SRCH");
    }
}
