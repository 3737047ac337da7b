//! Commands with which tools look around: which databases, tables, columns and functions there are. None changes anything.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::frames::data_type;
use crate::model::{Fault, FaultClass};
use crate::query::answer::{Column, Table};
use crate::query::ask::{NamedTable, Results, ResultsRequest};
use crate::query::kql::values::write::json_string;
use crate::query::session::{TableDetail, TableRequest, TablesRequest};
use crate::query::{Context, Question};

/// The one database.
pub(super) const DATABASE: &str = "default";

/// A command and the query that goes on with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command<'a> {
    text: &'a str,
    rest: &'a str,
}

/// The command that a text begins with; none if it is a query.
pub(super) fn split(text: &str) -> Option<Command<'_>> {
    let text = text.trim_start();
    if !text.starts_with('.') {
        return None;
    }
    let (command, rest) = text.split_once('|').map_or((text, ""), |(command, rest)| (command, rest));
    Some(Command { text: command.trim().trim_end_matches(';').trim_end(), rest: rest.trim() })
}

/// Answers a command; what stands behind a bar is a query on its rows.
pub(super) fn answer(command: Command<'_>, database: &str, request: ResultsRequest, context: &Context) -> Result<Results, Fault> {
    let began = Instant::now();
    let table = Tool { database, context }.run(command.text)?;
    if command.rest.is_empty() {
        return Ok(Results { tables: vec![NamedTable { name: None, table }], took: began.elapsed() });
    }
    let text = format!("{} | {}", datatable(&table), command.rest);
    ResultsRequest { text, ..request }.answer(context)
}

/// Rows as a text of the language.
fn datatable(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("['{}']: {}", column.name, column.type_name)).collect();
    let cell = |value: &Value, kind: &str| match (kind, value) {
        ("string", Value::String(text)) => json_string(text),
        (_, Value::Null) => format!("{kind}(null)"),
        ("dynamic", value) => format!("dynamic({value})"),
        (_, Value::String(text)) => format!("{kind}({text})"),
        (_, value) => value.to_string(),
    };
    let row = |row: &Vec<Value>| {
        row.iter().zip(&table.columns).map(|(value, column)| cell(value, &column.type_name)).collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<String> = table.rows.iter().map(row).collect();
    format!("datatable({}) [{}]", names.join(", "), rows.join(", "))
}

/// Rows under columns of given names and types.
fn table<const N: usize>(columns: [(&str, &str); N], rows: Vec<[Value; N]>) -> Table {
    let columns = columns.map(|(name, kind)| Column { name: name.to_owned(), type_name: kind.to_owned() });
    Table { columns: columns.into(), rows: rows.into_iter().map(Vec::from).collect(), complete: true, ..Table::default() }
}

/// What answers commands.
struct Tool<'a> {
    database: &'a str,
    context: &'a Context,
}

impl Tool<'_> {
    fn run(&self, text: &str) -> Result<Table, Fault> {
        let written = words(text);
        let lower: Vec<String> = written.iter().map(|word| word.to_lowercase()).collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        let name = |place: usize| written.get(place).map_or("", String::as_str);
        match words.as_slice() {
            [".show", "version"] => Ok(version()),
            [".show", "cluster"] => Ok(cluster()),
            [".show", "cluster", "databases", ..]
            | [".show", "databases"]
            | [".show", "databases", "details" | "identity" | "policies"] => Ok(self.databases()),
            [".show", "database"] | [".show", "database", "details"] | [".show", "database", _, "details"] => Ok(self.databases()),
            [".show", "databases", "entities"] | [".show", "databases", "entities", ..] => self.entities(),
            [".show", "schema"]
            | [".show", "databases", "schema"]
            | [".show", "database", "schema"]
            | [".show", "database", _, "schema"] => self.schema_rows(),
            [".show", "schema", "as", "json"]
            | [".show", "databases", "schema", "as", "json"]
            | [".show", "database", "schema", "as", "json"]
            | [".show", "database", _, "schema", "as", "json"] => self.schema_json(),
            [".show", "database", "cslschema"] | [".show", "database", _, "cslschema"] => self.cslschemas(&self.all()?),
            [".show", "tables"] => self.tables(&[]),
            [".show", "tables", "details"] => self.details(&[]),
            [".show", "tables", list @ ..] if list.last() == Some(&"details") => self.details(&written[2..written.len() - 1]),
            [".show", "tables", ..] => self.tables(&written[2..]),
            [".show", "table", _] => self.columns(name(2)),
            [".show", "table", _, "details"] => self.details(&written[2..3]),
            [".show", "table", _, "schema", "as", "json"] => self.table_json(name(2)),
            [".show", "table", _, "cslschema"] | [".show", "table", _, "schema"] => self.cslschemas(&[self.table(name(2))?]),
            [".show", "functions", ..] => Ok(table(FUNCTIONS, Vec::new())),
            [".show", "materialized-views", ..] => Ok(table(VIEWS, Vec::new())),
            [".show", "external", "tables", ..] => Ok(table(EXTERNAL, Vec::new())),
            _ => Err(self.unknown(text)),
        }
    }

    fn unknown(&self, text: &str) -> Fault {
        let shown: String = text.chars().take(80).collect();
        Fault::new(FaultClass::Invalid, "command_unsupported", format!("expected a command that shows tables or schemas, found `{shown}`"))
            .with_hint("`.show tables`, `.show table T schema as json`, `.show database schema as json`, `.show version`")
    }

    fn all(&self) -> Result<Vec<TableDetail>, Fault> {
        let tables = (TablesRequest { empty: false }).answer(self.context)?;
        tables.value.into_iter().map(|row| self.table(&row.name)).collect()
    }

    fn some(&self, names: &[String]) -> Result<Vec<TableDetail>, Fault> {
        if names.is_empty() { self.all() } else { names.iter().map(|name| self.table(name)).collect() }
    }

    /// A table by its name; what does not exist is a mistake of the text.
    fn table(&self, name: &str) -> Result<TableDetail, Fault> {
        (TableRequest { name: name.to_owned() }).answer(self.context).map_err(|fault| match fault.class {
            FaultClass::NotFound => {
                Fault::new(FaultClass::Invalid, "kql_unknown_table", format!("entity `{name}` of kind `Table` was not found"))
            }
            _ => fault,
        })
    }

    fn databases(&self) -> Table {
        let row = [
            Value::from(self.database),
            "".into(),
            "v1.0".into(),
            true.into(),
            "ReadOnly".into(),
            self.database.into(),
            false.into(),
            Value::Null,
            "".into(),
        ];
        table(DATABASES, vec![row])
    }

    fn tables(&self, names: &[String]) -> Result<Table, Fault> {
        let row = |table: TableDetail| [Value::from(table.name), self.database.into(), "".into(), "".into()];
        Ok(table(TABLES, self.some(names)?.into_iter().map(row).collect()))
    }

    fn details(&self, names: &[String]) -> Result<Table, Fault> {
        let sizes = (TablesRequest { empty: false }).answer(self.context)?.value;
        let row = |detail: TableDetail| {
            let known = sizes.iter().find(|row| row.name == detail.name);
            let (files, bytes) = known.map_or((0, 0), |row| (row.files, row.bytes));
            [Value::from(detail.name), self.database.into(), "".into(), "".into(), files.into(), json!(bytes as f64), detail.rows.into()]
        };
        Ok(table(DETAILS, self.some(names)?.into_iter().map(row).collect()))
    }

    fn columns(&self, name: &str) -> Result<Table, Fault> {
        let row = |column: Column| {
            let system = format!("System.{}", data_type(&column.type_name));
            [Value::from(column.name), system.into(), column.type_name.into()]
        };
        Ok(table(COLUMNS, self.table(name)?.columns.into_iter().map(row).collect()))
    }

    fn table_json(&self, name: &str) -> Result<Table, Fault> {
        let detail = self.table(name)?;
        let row = [Value::from(detail.name.clone()), described(&detail).to_string().into(), self.database.into(), "".into(), "".into()];
        Ok(table(TABLE_SCHEMA, vec![row]))
    }

    fn cslschemas(&self, tables: &[TableDetail]) -> Result<Table, Fault> {
        let row = |detail: &TableDetail| {
            let columns: Vec<String> = detail.columns.iter().map(|column| format!("{}:{}", column.name, column.type_name)).collect();
            [Value::from(detail.name.clone()), columns.join(", ").into(), self.database.into(), "".into(), "".into()]
        };
        Ok(table(TABLE_SCHEMA, tables.iter().map(row).collect()))
    }

    /// One row for the database, each table and each column.
    fn schema_rows(&self) -> Result<Table, Fault> {
        let row = |name: &str, column: &str, kind: &str| {
            let kind = if kind.is_empty() { Value::Null } else { format!("System.{}", data_type(kind)).into() };
            let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
            [
                self.database.into(),
                text(name),
                text(column),
                kind,
                false.into(),
                false.into(),
                "".into(),
                "v1.0".into(),
                "".into(),
                "".into(),
            ]
        };
        let mut rows = vec![row("", "", "")];
        for detail in self.all()? {
            rows.push(row(&detail.name, "", ""));
            rows.extend(detail.columns.iter().map(|column| row(&detail.name, &column.name, &column.type_name)));
        }
        Ok(table(SCHEMA, rows))
    }

    fn schema_json(&self) -> Result<Table, Fault> {
        let mut tables = Map::new();
        for detail in self.all()? {
            tables.insert(detail.name.clone(), described(&detail));
        }
        let database = json!({
            "Name": self.database, "Tables": tables, "ExternalTables": {}, "MaterializedViews": {}, "Functions": {},
            "MajorVersion": 1, "MinorVersion": 0, "DatabaseAccessMode": "ReadOnly", "MinimumMajorVersion": 1,
        });
        let mut databases = Map::new();
        databases.insert(self.database.to_owned(), database);
        Ok(table([("DatabaseSchema", "string")], vec![[json!({"Plugins": [], "Databases": databases}).to_string().into()]]))
    }

    fn entities(&self) -> Result<Table, Fault> {
        let row = |detail: TableDetail| [self.database.into(), "Table".into(), Value::from(detail.name), "".into(), "".into()];
        Ok(table(ENTITIES, self.all()?.into_iter().map(row).collect()))
    }
}

/// A table as tools read it.
fn described(detail: &TableDetail) -> Value {
    let column = |column: &Column| json!({"Name": column.name, "Type": format!("System.{}", data_type(&column.type_name)), "CslType": column.type_name});
    json!({"Name": detail.name, "Folder": "", "DocString": "", "OrderedColumns": detail.columns.iter().map(column).collect::<Vec<_>>()})
}

fn cluster() -> Table {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    table(CLUSTER, vec![["clew".into(), "".into(), true.into(), cores.into(), env!("CARGO_PKG_VERSION").into()]])
}

fn version() -> Table {
    let version = env!("CARGO_PKG_VERSION");
    let product = format!("clew {version}");
    let row = [Value::from(version), Value::Null, "Engine".into(), product.into(), "".into()];
    table(
        [
            ("BuildVersion", "string"),
            ("BuildTime", "datetime"),
            ("ServiceType", "string"),
            ("ProductVersion", "string"),
            ("ServiceOffering", "string"),
        ],
        vec![row],
    )
}

/// The words of a command; names in brackets and quotes lose them.
fn words(text: &str) -> Vec<String> {
    let spaced = text.replace(['(', ')', ','], " ");
    let plain = |word: &str| {
        let inner = word.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(word);
        inner.trim_matches(['"', '\'']).to_owned()
    };
    spaced.split_whitespace().map(plain).collect()
}

const TABLES: [(&str, &str); 4] = [("TableName", "string"), ("DatabaseName", "string"), ("Folder", "string"), ("DocString", "string")];
const DETAILS: [(&str, &str); 7] = [
    ("TableName", "string"),
    ("DatabaseName", "string"),
    ("Folder", "string"),
    ("DocString", "string"),
    ("TotalExtents", "long"),
    ("TotalExtentSize", "real"),
    ("TotalRowCount", "long"),
];
const COLUMNS: [(&str, &str); 3] = [("AttributeName", "string"), ("AttributeType", "string"), ("CslType", "string")];
const TABLE_SCHEMA: [(&str, &str); 5] =
    [("TableName", "string"), ("Schema", "string"), ("DatabaseName", "string"), ("Folder", "string"), ("DocString", "string")];
const SCHEMA: [(&str, &str); 10] = [
    ("DatabaseName", "string"),
    ("TableName", "string"),
    ("ColumnName", "string"),
    ("ColumnType", "string"),
    ("IsDefaultTable", "bool"),
    ("IsDefaultColumn", "bool"),
    ("PrettyName", "string"),
    ("Version", "string"),
    ("Folder", "string"),
    ("DocString", "string"),
];
const DATABASES: [(&str, &str); 9] = [
    ("DatabaseName", "string"),
    ("PersistentStorage", "string"),
    ("Version", "string"),
    ("IsCurrent", "bool"),
    ("DatabaseAccessMode", "string"),
    ("PrettyName", "string"),
    ("ReservedSlot1", "bool"),
    ("DatabaseId", "guid"),
    ("InTransitionTo", "string"),
];
const CLUSTER: [(&str, &str); 5] =
    [("NodeId", "string"), ("Address", "string"), ("IsAdmin", "bool"), ("ProcessorCount", "int"), ("ProductVersion", "string")];
const FUNCTIONS: [(&str, &str); 5] =
    [("Name", "string"), ("Parameters", "string"), ("Body", "string"), ("Folder", "string"), ("DocString", "string")];
const VIEWS: [(&str, &str); 5] =
    [("Name", "string"), ("SourceTable", "string"), ("Query", "string"), ("Folder", "string"), ("DocString", "string")];
const EXTERNAL: [(&str, &str); 4] = [("TableName", "string"), ("TableType", "string"), ("Folder", "string"), ("DocString", "string")];
const ENTITIES: [(&str, &str); 5] =
    [("DatabaseName", "string"), ("EntityType", "string"), ("EntityName", "string"), ("DocString", "string"), ("Folder", "string")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_queries_and_from_what_goes_on_with_their_rows() {
        assert_eq!(split("SecurityAlert | take 1"), None);
        assert_eq!(split(" .show tables ;"), Some(Command { text: ".show tables", rest: "" }));
        assert_eq!(split(".show tables | count"), Some(Command { text: ".show tables", rest: "count" }));
    }

    #[test]
    fn words_of_a_command_lose_brackets_and_quotes() {
        assert_eq!(words(".show table ['T-1'] schema as json"), [".show", "table", "T-1", "schema", "as", "json"]);
        assert_eq!(words(".show tables (A, ['B'], \"C\")"), [".show", "tables", "A", "B", "C"]);
    }

    #[test]
    fn rows_of_a_command_become_a_text_of_the_language() {
        let rows = table([("a", "string"), ("n", "long"), ("t", "datetime")], vec![["x\"y".into(), 1.into(), Value::Null]]);
        assert_eq!(datatable(&rows), r#"datatable(['a']: string, ['n']: long, ['t']: datetime) ["x\"y", 1, datetime(null)]"#);
    }
}
