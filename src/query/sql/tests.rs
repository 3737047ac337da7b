use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::columns::Columns;
use crate::journal::View;
use crate::model::{Batch, Body, Event, FaultClass, Object, Origin, Record, Seq, Time};

struct World {
    source: Source,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

/// 1,000 sign-ins, half of them in files.
fn world() -> World {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(&dir.path().join("columns")).expect("opens");
    for half in 0..2u64 {
        let records = (0..500)
            .map(|i| {
                let n = half * 500 + i;
                let time = Time::from_micros(1_619_568_000_000_000 + n as i64 * 60_000_000);
                let cells = [
                    ("UserPrincipalName", json!(format!("user{}@contoso.com", n % 7))),
                    ("IPAddress", json!(format!("10.0.0.{}", n % 13))),
                    ("ResultType", json!(if n % 10 == 0 { "50057" } else { "0" })),
                    ("LocationDetails", json!({"city": "Brussels", "n": n})),
                ];
                let columns = cells.into_iter().map(|(name, value)| (name.into(), value)).collect();
                let event = Event { table: "SigninLogs".into(), time: Some(time), columns, entities: vec![], links: vec![] };
                let origin = Origin { source: "test".into(), line: n + 1 };
                Record { seq: Seq(n + 1), origin, received: time, hash: [0; 16], current: true, body: Body::Event(Box::new(event)) }
            })
            .collect();
        columns.apply(&Batch { last: Seq((half + 1) * 500), records }).expect("applies");
        if half == 0 {
            columns.persist().expect("persists");
        }
    }
    let source = Source { columns: Some(columns.snapshot().expect("snapshot")), ..Source::empty(dir.path().join("spill")) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    World { source, runtime, _dir: dir }
}

impl World {
    fn ask(&self, sql: &str, parameters: Parameters, limits: &Limits) -> Result<Table, Fault> {
        self.runtime.block_on(run(self.source.clone(), sql, parameters, limits))
    }

    fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        self.ask(sql, Parameters::None, &Limits::default()).expect("answers").rows
    }

    fn fault(&self, sql: &str, limits: &Limits) -> Fault {
        self.ask(sql, Parameters::None, limits).expect_err("is refused")
    }
}

#[test]
fn answers_with_kusto_types() {
    let world = world();
    let sql = "SELECT TimeGenerated, UserPrincipalName, LocationDetails, _Seq FROM SigninLogs WHERE ResultType = '50057' ORDER BY TimeGenerated LIMIT 1";
    let table = world.ask(sql, Parameters::None, &Limits::default()).expect("answers");
    let types: Vec<(&str, &str)> = table.columns.iter().map(|c| (c.name.as_str(), c.type_name.as_str())).collect();
    assert_eq!(types, [("TimeGenerated", "datetime"), ("UserPrincipalName", "string"), ("LocationDetails", "dynamic"), ("_Seq", "long")]);
    assert_eq!(
        table.rows,
        [vec![json!("2021-04-28T00:00:00Z"), json!("user0@contoso.com"), json!({"city": "Brussels", "n": 0}), json!(1)]]
    );
    assert!(table.complete);
    assert_eq!(world.rows("SELECT COUNT(*), COUNT(DISTINCT IPAddress) FROM SigninLogs"), [vec![json!(1000), json!(13)]]);
    assert_eq!(world.rows("SELECT COUNT(*) FROM SigninLogs WHERE TimeGenerated >= '2021-04-28T10:00:00Z'"), [vec![json!(400)]]);
    assert_eq!(world.rows("SELECT * FROM SecurityEvent"), Vec::<Vec<Value>>::new(), "a declared table without rows is empty");
    assert!(world.rows("EXPLAIN SELECT * FROM SigninLogs").len() > 1);
}

#[test]
fn parameters_are_values() {
    let world = world();
    let limits = Limits::default();
    let listed = Parameters::Listed(vec![json!("user1@contoso.com"), json!("2021-04-28T10:00:00Z")]);
    let sql = "SELECT COUNT(*) FROM SigninLogs WHERE UserPrincipalName = $1 AND TimeGenerated < $2";
    assert_eq!(world.ask(sql, listed, &limits).expect("answers").rows, [vec![json!(86)]]);
    let named = |value: Value| Parameters::Named([("user".to_owned(), value)].into_iter().collect());
    let sql = "SELECT COUNT(*) FROM SigninLogs WHERE UserPrincipalName = $user";
    assert_eq!(world.ask(sql, named(json!("user1@contoso.com")), &limits).expect("answers").rows, [vec![json!(143)]]);
    assert_eq!(world.ask(sql, named(json!("' OR 1=1 --")), &limits).expect("answers").rows, [vec![json!(0)]]);
    let further = Parameters::Named([("user".to_owned(), json!("x")), ("usr".to_owned(), json!(1))].into_iter().collect());
    for parameters in [Parameters::None, Parameters::Named(Object::new()), named(json!({"a": 1})), further] {
        assert_eq!(world.ask(sql, parameters, &limits).expect_err("lacks a value, or has one too many").code, "sql_parameter");
    }
}

#[test]
fn a_query_that_never_ends_is_stopped() {
    let world = world();
    let limits = Limits { time_max: Duration::from_millis(200), ..Limits::default() };
    for sql in [
        "SELECT COUNT(*) FROM SigninLogs a, SigninLogs b, SigninLogs c, SigninLogs d",
        "SELECT COUNT(*) FROM SigninLogs a JOIN SigninLogs b ON a.ResultType = b.ResultType JOIN SigninLogs c ON a.ResultType = c.ResultType JOIN SigninLogs d ON a.ResultType = d.ResultType",
        "SELECT COUNT(*) FROM SigninLogs a JOIN SigninLogs b ON a._Seq <> b._Seq JOIN SigninLogs c ON b._Seq <> c._Seq JOIN SigninLogs d ON c._Seq <> d._Seq",
    ] {
        assert_eq!(world.fault(sql, &limits).code, "query_timeout", "{sql}");
    }
    // Dropping the runtime waits for what its threads do: a query that goes on would keep the test from ending.
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    let world = world();
    let cases = [
        ("SELECT * FROM SigninLogs WHERE", "sql_syntax", None, None),
        ("SELECT * FORM SigninLogs", "sql_syntax", None, Some("FORM")),
        ("SELECT 'open", "sql_syntax", None, Some("'")),
        ("", "sql_syntax", None, None),
        ("SELECT * FROM signinlogs", "sql_unknown_table", Some("a similar table is `SigninLogs`"), Some("signinlogs")),
        ("SELECT * FROM Nothing_At_All", "sql_unknown_table", Some("`clew tables` lists the tables"), Some("Nothing_At_All")),
        ("SELECT IPAdress FROM SigninLogs", "sql_unknown_column", Some("a similar column is `IPAddress`"), Some("IPAdress")),
        ("SELECT s.ipaddress FROM SigninLogs s", "sql_unknown_column", Some("a similar column is `IPAddress`"), Some("ipaddress")),
        ("SELECT Principal FROM SigninLogs", "sql_unknown_column", Some("a similar column is `UserPrincipalName`"), Some("Principal")),
        ("SELECT nothing(1)", "sql_invalid", None, None),
        ("SELECT 1 / 0", "sql_failed", None, None),
        ("SELECT COUNT(*) FROM SigninLogs GROUP BY", "sql_syntax", None, None),
    ];
    for (sql, code, hint, at) in cases {
        let fault = world.fault(sql, &Limits::default());
        let found = fault.span.map(|span| &sql[span.start..span.end]).filter(|text| !text.is_empty());
        assert_eq!((fault.code, fault.hint.as_deref(), found), (code, hint, at), "{sql}: {fault}");
    }
}

#[test]
fn nothing_but_reading_passes() {
    let world = world();
    let texts = [
        "DROP TABLE SigninLogs",
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "COPY SigninLogs TO '/tmp/x.parquet'",
        "INSERT INTO SigninLogs SELECT * FROM SigninLogs",
        "DELETE FROM SigninLogs",
        "UPDATE SigninLogs SET ResultType = '1'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN DROP TABLE SigninLogs",
        "EXPLAIN ANALYZE INSERT INTO SigninLogs SELECT * FROM SigninLogs",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE SigninLogs",
        "SHOW TABLES",
        "SHOW ALL",
        "PREPARE p AS SELECT 1",
    ];
    for sql in texts {
        let fault = world.fault(sql, &Limits::default());
        assert_eq!((fault.code, fault.class), ("query_not_read_only", FaultClass::Invalid), "{sql}");
    }
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM public.SigninLogs",
    ] {
        let fault = world.fault(sql, &Limits::default());
        assert_eq!(fault.class, FaultClass::Invalid, "{sql}: {fault}");
    }
}

#[test]
fn bombs_end_in_errors() {
    let world = world();
    let small = Limits { time_max: Duration::from_millis(1_500), memory_max: 64 << 20, ..Limits::default() };
    let tight = Limits { memory_max: 2 << 20, spill_max: 1 << 20, ..Limits::default() };
    let chain = |term: &str, by: &str, n: usize| vec![term; n].join(by);
    let from = "FROM SigninLogs";
    let bombs = [
        (format!("SELECT {}", chain("1", "+", 20_000)), "query_too_complex"),
        (format!("SELECT {}", chain("1", "+", 5_000)), "query_too_complex"),
        (format!("SELECT * {from} WHERE {}", chain("_Seq=1", " AND ", 5_000)), "query_too_complex"),
        (format!("SELECT * {from} WHERE {}", chain("_Seq=1", " OR ", 600)), "query_too_complex"),
        (format!("SELECT * {from} WHERE {}", chain("IPAddress LIKE '%x%'", " OR ", 2_000)), "query_too_complex"),
        (chain("SELECT 1", " UNION ALL ", 5_000), "query_too_complex"),
        (format!("SELECT {} {from}", chain("_Seq", ",", 20_000)), "query_too_complex"),
        (
            format!("SELECT 1 {from} {}", (0..300).map(|i| format!("JOIN SigninLogs t{i} ON true")).collect::<Vec<_>>().join(" ")),
            "query_too_complex",
        ),
        (format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500)), "query_too_complex"),
        (format!("SELECT {}1{}", "abs(".repeat(500), ")".repeat(500)), "query_too_complex"),
        (format!("SELECT {}", "-".repeat(30_000) + " 1"), "sql_syntax"),
        (format!("SELECT '{}'", "x".repeat(70_000)), "query_too_complex"),
        ("SELECT repeat('x', 2000000000)".to_owned(), "query_too_complex"),
        (format!("SELECT repeat('x', _Seq * 1000000) {from}"), "query_too_complex"),
        ("SELECT lpad('x', 2000000000)".to_owned(), "query_too_complex"),
        ("SELECT array_repeat(1, 2000000000)".to_owned(), "query_too_complex"),
        ("SELECT range(0, 2000000000)".to_owned(), "query_too_complex"),
        ("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t) SELECT COUNT(*) FROM t".to_owned(), "sql_invalid"),
        (
            format!("SELECT COUNT(*) {from} a, SigninLogs b, SigninLogs c, SigninLogs d WHERE a._Seq + b._Seq + c._Seq + d._Seq < 0"),
            "query_timeout",
        ),
        (
            format!(
                "SELECT a.IPAddress || b.IPAddress || c._Seq AS k, COUNT(*) {from} a, SigninLogs b, SigninLogs c GROUP BY k ORDER BY k"
            ),
            "query_memory",
        ),
        (format!("SELECT regexp_like(IPAddress, '(((a{{100}}){{100}}){{100}}){{100}}') {from}"), "sql_failed"),
    ];
    for (sql, code) in bombs {
        let begun = Instant::now();
        let fault = world.fault(&sql, if code == "query_memory" { &tight } else { &small });
        assert_eq!(fault.code, code, "{}: {fault}", sql.chars().take(80).collect::<String>());
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", sql.chars().take(80).collect::<String>());
    }
}

#[test]
fn rows_that_functions_make_long_are_few_at_once() {
    let world = world();
    let longer = |times: usize| format!("concat({})", vec!["s"; times].join(", "));
    let first = "a AS (SELECT concat(repeat('x', 10000), IPAddress) AS s FROM SigninLogs)";
    let second = format!("b AS (SELECT {} AS s FROM a)", longer(100));
    let third = format!("c AS (SELECT {} AS s FROM b)", longer(80));
    let within = format!("WITH {first}, {second} SELECT count(*), max(length(s)) > 1000000 FROM b");
    let table = world.ask(&within, Parameters::None, &Limits::default()).expect("answers");
    assert_eq!(table.rows, [[json!(1000), json!(true)]]);
    let beyond = format!("WITH {first}, {second}, {third} SELECT count(*), max(length(s)) > 1000000 FROM c");
    let fault = world.fault(&beyond, &Limits::default());
    assert_eq!(fault.code, "query_too_complex", "{fault}");
}

#[test]
fn answers_are_cut_by_named_limits() {
    let world = world();
    let few = Limits { rows_max: 10, ..Limits::default() };
    let table = world.ask("SELECT _Seq FROM SigninLogs ORDER BY _Seq", Parameters::None, &few).expect("answers");
    assert_eq!((table.rows.len(), table.complete, table.cut.as_deref()), (10, false, Some("rows_max")));
    assert_eq!(table.rows[9], [json!(10)]);
    let whole = world.ask("SELECT _Seq FROM SigninLogs LIMIT 10", Parameters::None, &few).expect("answers");
    assert_eq!((whole.rows.len(), whole.complete, whole.cut), (10, true, None));
    let small = Limits { bytes_max: 100, ..Limits::default() };
    let many = "SELECT a.IPAddress FROM SigninLogs a, SigninLogs b";
    let table = world.ask(many, Parameters::None, &Limits { rows_max: 10_000_000, ..small.clone() }).expect("answers");
    assert_eq!((table.complete, table.cut.as_deref()), (false, Some("bytes_max")));
    // What is large and whole is not cut.
    let table = world.ask("SELECT IPAddress FROM SigninLogs LIMIT 11", Parameters::None, &small).expect("answers");
    assert_eq!((table.rows.len(), table.complete, table.cut), (11, true, None));
}
