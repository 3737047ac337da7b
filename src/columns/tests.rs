use std::path::Path;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use serde_json::{Value, json};

use super::*;
use crate::model::{Alert, Event, Evidence, Incident, Key, Keys, Kind, Object, Origin, Window};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn record(seq: u64, body: Body) -> Record {
    let origin = Origin { source: "test.json".into(), line: seq };
    Record { seq: Seq(seq), origin, received: Time::from_micros(seq as i64), hash: [0; 16], current: true, body }
}

fn ip(address: &str) -> Entity {
    let keys = Keys { strong: vec![Key::new("address", address)], weak: vec![] };
    Entity::new(Kind::IP, keys, address.to_owned(), Object::default())
}

/// An event of a table from an object; `TimeGenerated` gives its time, `ip` an entity.
fn event(table: &str, row: Value) -> Body {
    let object = row.as_object().expect("rows are objects").clone();
    let time = object.get("TimeGenerated").and_then(Value::as_str).and_then(|text| Time::parse(text).ok());
    let entities = object.get("ip").and_then(Value::as_str).map(|address| Arc::new(ip(address))).into_iter().collect();
    let columns = object.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Body::Event(Box::new(Event { table: table.into(), time, columns, entities, links: vec![] }))
}

fn batch(records: Vec<Record>) -> Batch {
    Batch { last: records.iter().map(|record| record.seq).max().unwrap_or_default(), records }
}

fn apply_each(columns: &mut Columns, bodies: &[Body]) {
    let from = columns.applied().0;
    for (place, body) in bodies.iter().enumerate() {
        columns.apply(&batch(vec![record(from + place as u64 + 1, body.clone())])).expect("applies");
    }
}

/// Rows of a statement as JSON objects, without cells that are null.
fn rows(columns: &mut Columns, sql: &str) -> Vec<Value> {
    let snapshot = columns.snapshot().expect("snapshot");
    runtime().block_on(async move {
        let mut config = datafusion::prelude::SessionConfig::new().with_target_partitions(2);
        config.options_mut().sql_parser.enable_ident_normalization = false;
        let context = SessionContext::new_with_config(config);
        let (url, store) = snapshot.object_store();
        context.runtime_env().register_object_store(url.as_ref(), store);
        for name in snapshot.names() {
            if let Some(provider) = snapshot.provider(&name) {
                context.register_table(datafusion::common::TableReference::bare(&*name), provider).expect("registers");
            }
        }
        let batches = context.sql(sql).await.expect("plans").collect().await.expect("runs");
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let cells = batch.schema_ref().fields().iter().zip(batch.columns()).filter(|(field, _)| *field.name() != *ENTITIES);
                let cells = cells.filter_map(|(f, column)| {
                    // Plans come as plain text arrays, tables as views.
                    let plain = *column.data_type() == arrow::datatypes::DataType::Utf8;
                    let column = if plain {
                        arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8View).expect("casts")
                    } else {
                        Arc::clone(column)
                    };
                    Some((f.name().clone(), convert::value(column.as_ref(), kind_of_field(f), row)?))
                });
                rows.push(Value::Object(cells.collect()));
            }
        }
        rows
    })
}

fn mixed() -> Vec<Body> {
    vec![
        event(
            "Custom_CL",
            json!({"TimeGenerated": "2021-04-28T10:00:00Z", "a": 1, "b": true, "c": "x", "d": "2021-04-28T14:31:30.021Z", "e": [1, {"f": null}]}),
        ),
        event(
            "Custom_CL",
            json!({"TimeGenerated": "2021-04-28T11:00:00Z", "a": 0.5, "b": false, "c": 7, "d": "2021-04-28T14:31:31Z", "g": "007"}),
        ),
        event(
            "Custom_CL",
            json!({"TimeGenerated": "2021-04-27T11:00:00Z", "a": 2, "b": 3, "c": {"deep": [1]}, "d": "not a time", "E": {"case": "other"}}),
        ),
        event("Custom_CL", json!({"a": 9, "_Seq": "taken", "Type": "Other"})),
    ]
}

fn mixed_expected() -> Vec<Value> {
    vec![
        json!({"Type": "Custom_CL", "_Seq": 1, "_Source": "test.json", "_Line": 1, "TimeGenerated": "2021-04-28T10:00:00Z", "a": 1, "b": "true", "c": "x", "d": "2021-04-28T14:31:30.021Z", "e": [1, {"f": null}]}),
        json!({"Type": "Custom_CL", "_Seq": 2, "_Source": "test.json", "_Line": 2, "TimeGenerated": "2021-04-28T11:00:00Z", "a": 0.5, "b": "false", "c": 7, "d": "2021-04-28T14:31:31Z", "g": "007"}),
        json!({"Type": "Custom_CL", "_Seq": 3, "_Source": "test.json", "_Line": 3, "TimeGenerated": "2021-04-27T11:00:00Z", "a": 2, "b": "3", "c": {"deep": [1]}, "d": "not a time", "e": {"case": "other"}}),
        json!({"Type": "Custom_CL", "_Seq": 4, "_Source": "test.json", "_Line": 4, "a": 9, "_Extra": {"Type": "Other", "_Seq": "taken"}}),
    ]
}

#[test]
fn names_that_differ_in_case_are_two_columns_once_a_row_has_both() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    let bodies = [
        event("Case_CL", json!({"Low": "first"})),
        event("Case_CL", json!({"LOW": "merged"})),
        event("Case_CL", json!({"LOW": "second", "Low": 1, "low": "third"})),
        event("Case_CL", json!({"low": "alone"})),
        event("Case_CL", json!({"x": 1, "LOW": "alone"})),
    ];
    apply_each(&mut columns, &bodies);
    let expected = [
        json!({"_Seq": 1, "Low": "first"}),
        json!({"_Seq": 2, "Low": "merged"}),
        json!({"_Seq": 3, "Low": "1", "LOW_2": "second", "low_3": "third"}),
        json!({"_Seq": 4, "low_3": "alone"}),
        json!({"_Seq": 5, "LOW_2": "alone"}),
    ];
    let select = "SELECT _Seq, Low, LOW_2, low_3 FROM Case_CL ORDER BY _Seq";
    assert_eq!(rows(&mut columns, select), expected);
    columns.persist().expect("writes");
    drop(columns);
    let mut columns = Columns::open(dir.path()).expect("opens again");
    assert_eq!(rows(&mut columns, select), expected, "after a restart");
    columns.apply(&batch(vec![record(6, event("Case_CL", json!({"LOW": "later"})))])).expect("applies");
    assert_eq!(rows(&mut columns, "SELECT LOW_2 FROM Case_CL WHERE _Seq = 6"), [json!({"LOW_2": "later"})]);
}

#[test]
fn rows_in_are_rows_out_in_memory_in_files_and_across_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    let sql = "SELECT * FROM Custom_CL ORDER BY _Seq";
    apply_each(&mut columns, &mixed());
    assert_eq!(rows(&mut columns, sql), mixed_expected());
    let digest = columns.digest().expect("digest");
    columns.persist().expect("persists");
    assert_eq!((columns.durable(), columns.applied()), (Seq(4), Seq(4)));
    assert_eq!(rows(&mut columns, sql), mixed_expected());
    assert_eq!(columns.digest().expect("digest"), digest);
    drop(columns);
    let mut columns = Columns::open(dir.path()).expect("opens again");
    assert_eq!(columns.applied(), Seq(4));
    assert_eq!(rows(&mut columns, sql), mixed_expected());
    assert_eq!(columns.digest().expect("digest"), digest);
}

#[test]
fn types_widen_under_rows_that_are_in_files_already() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    let sql = "SELECT * FROM Custom_CL ORDER BY _Seq";
    for body in mixed() {
        apply_each(&mut columns, std::slice::from_ref(&body));
        columns.persist().expect("persists");
    }
    assert_eq!(rows(&mut columns, sql), mixed_expected());
    // Old files under a wider type, before the writer has come to write them anew.
    apply_each(&mut columns, &[event("Custom_CL", json!({"TimeGenerated": "2021-04-29T00:00:00Z", "a": "text"}))]);
    let a: Vec<Value> = rows(&mut columns, "SELECT a FROM Custom_CL WHERE a IN ('1', '0.5', 'text') ORDER BY _Seq");
    assert_eq!(a, [json!({"a": "1"}), json!({"a": "0.5"}), json!({"a": "text"})]);
}

#[test]
fn a_crash_without_persist_is_replayed_without_duplicates() {
    let dir = tempfile::tempdir().expect("a folder");
    let bodies =
        |table: &str, n: i64| (0..n).map(|i| event(table, json!({"TimeGenerated": "2021-04-28T10:00:00Z", "n": i}))).collect::<Vec<_>>();
    let mut columns = Columns::open(dir.path()).expect("opens");
    apply_each(&mut columns, &bodies("A_CL", 5));
    // Only one of two tables reaches its files before the crash.
    columns.freeze(0).expect("sends");
    columns.wait().expect("writes");
    apply_each(&mut columns, &bodies("B_CL", 5));
    drop(columns);
    let mut columns = Columns::open(dir.path()).expect("opens again");
    let durable = columns.durable();
    assert!(durable <= Seq(5));
    let all: Vec<Body> = bodies("A_CL", 5).into_iter().chain(bodies("B_CL", 5)).collect();
    for (place, body) in all.iter().enumerate() {
        columns.apply(&batch(vec![record(place as u64 + 1, body.clone())])).expect("applies");
    }
    assert_eq!(rows(&mut columns, "SELECT COUNT(*) AS n FROM A_CL"), [json!({"n": 5})]);
    assert_eq!(rows(&mut columns, "SELECT COUNT(*) AS n FROM B_CL"), [json!({"n": 5})]);
    columns.persist().expect("persists");
    drop(columns);
    let mut columns = Columns::open(dir.path()).expect("opens once more");
    assert_eq!(columns.durable(), Seq(10));
    columns.apply(&batch(vec![record(10, all[9].clone())])).expect("is skipped");
    assert_eq!(rows(&mut columns, "SELECT COUNT(*) AS n FROM B_CL"), [json!({"n": 5})]);
}

#[test]
fn a_snapshot_never_changes() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    apply_each(&mut columns, &mixed()[..1]);
    let before = columns.snapshot().expect("snapshot");
    let view = before.view("Custom_CL").expect("is there").clone();
    apply_each(&mut columns, &mixed()[1..]);
    columns.persist().expect("persists");
    let batches = view.batches(&view.schema.arrow()).expect("reads");
    assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 1);
    assert_eq!((before.seq(), before.row_counts().get("Custom_CL")), (Seq(1), Some(&1)));
    assert_eq!(kind_of_field(batches[0].schema_ref().field_with_name("a").expect("a")), ColumnType::Long);
}

#[test]
fn digest_does_not_depend_on_batches_and_flushes() {
    let whole = tempfile::tempdir().expect("a folder");
    let parts = tempfile::tempdir().expect("a folder");
    let mut one = Columns::open(whole.path()).expect("opens");
    let records = |bodies: Vec<Body>| bodies.into_iter().enumerate().map(|(i, body)| record(i as u64 + 1, body)).collect::<Vec<_>>();
    one.apply(&batch(records(mixed()))).expect("applies");
    let mut two = Columns::open(parts.path()).expect("opens");
    for record in records(mixed()) {
        two.apply(&batch(vec![record])).expect("applies");
        two.persist().expect("persists");
    }
    assert_eq!(one.digest().expect("digest"), two.digest().expect("digest"));
}

#[test]
fn alerts_and_incidents_are_rows_of_their_tables() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    let evidence = Evidence { entity: ip("175.45.176.99"), role: None, nested: false };
    let time = Time::parse("2021-04-28T14:31:30.021Z").ok();
    let alert = Alert {
        id: "a-1".into(),
        title: "Sign-in".into(),
        tactics: vec!["InitialAccess".into(), "Persistence".into()],
        techniques: vec!["T1078".into(), "T1078.004".into()],
        created: time,
        entities: vec![evidence],
        ..Alert::default()
    };
    let incident = Incident {
        id: "i-1".into(),
        number: Some(7),
        title: "Case".into(),
        tags: vec!["vip".into()],
        modified: time,
        alert_ids: vec!["a-1".into()],
        ..Incident::default()
    };
    let piece = Alert { id: "a-2".into(), partial: true, ..alert.clone() };
    apply_each(&mut columns, &[Body::Alert(Box::new(alert)), Body::Incident(Box::new(incident)), Body::Alert(Box::new(piece))]);
    let alerts = rows(
        &mut columns,
        "SELECT SystemAlertId, Tactics, Techniques, SubTechniques, Entities, AlertSeverity, IsIncident, TimeGenerated FROM SecurityAlert",
    );
    assert_eq!(
        alerts,
        [json!({
            "SystemAlertId": "a-1", "Tactics": "InitialAccess,Persistence", "Techniques": "[\"T1078\"]", "SubTechniques": "[\"T1078.004\"]",
            "Entities": "[{\"$id\":\"1\",\"Type\":\"ip\"}]", "AlertSeverity": "Unknown", "IsIncident": false, "TimeGenerated": "2021-04-28T14:31:30.021Z",
        })]
    );
    let incidents = rows(&mut columns, "SELECT IncidentName, IncidentNumber, Labels, AlertIds, Status FROM SecurityIncident");
    assert_eq!(
        incidents,
        [
            json!({"IncidentName": "i-1", "IncidentNumber": 7, "Labels": [{"labelName": "vip", "labelType": "User"}], "AlertIds": ["a-1"], "Status": "New"})
        ]
    );
    let pieces = rows(&mut columns, "SELECT AlertId, EntityType FROM AlertEvidence");
    assert_eq!(pieces, [json!({"AlertId": "a-2", "EntityType": "ip"})]);
}

/// 3 days, 40 rows a day, address i % 4; the first two days in files.
fn trail(dir: &Path) -> Columns {
    let mut columns = Columns::open(dir).expect("opens");
    for day in 26..29 {
        let bodies: Vec<Body> = (0..40)
            .map(|i| {
                event(
                    "Net_CL",
                    json!({"TimeGenerated": format!("2021-04-{day}T{:02}:00:00Z", i % 20), "ip": format!("10.0.0.{}", i % 4), "n": i}),
                )
            })
            .collect();
        apply_each(&mut columns, &bodies);
        if day < 28 {
            columns.persist().expect("persists");
        }
    }
    apply_each(&mut columns, &[event("Net_CL", json!({"ip": "10.0.0.1", "n": 99}))]);
    columns
}

fn request(order: Order, limit: usize) -> TrailRequest {
    let hashes = vec![entity_hash(&Kind::IP, "address=10.0.0.1"), entity_hash(&Kind::IP, "address=10.0.0.3")];
    TrailRequest { hashes, tables: None, window: Window::ALL, order, after: None, until: None, limit }
}

#[test]
fn trails_page_through_files_and_memory() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = trail(dir.path());
    let snapshot = columns.snapshot().expect("snapshot");
    runtime().block_on(async {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let mut request = request(order, 7);
            let mut seen: Vec<(Time, u64)> = Vec::new();
            loop {
                let page = snapshot.rows_of_entities(&request).await.expect("reads");
                assert!(page.rows.iter().all(|row| request.hashes.iter().any(|hash| row.names(*hash))));
                seen.extend(page.rows.iter().map(|row| (row.time.expect("dated"), row.seq.0)));
                request.after = page.rows.last().and_then(|row| Some((row.time?, row.seq)));
                if page.complete {
                    break;
                }
                assert_eq!(page.rows.len(), 7);
            }
            let mut sorted = seen.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), 60, "20 rows a day name one of the two");
            if order == Order::NewestFirst {
                sorted.reverse();
            }
            assert_eq!(seen, sorted);
        }
        let undated = snapshot.undated_rows_of_entities(&request(Order::OldestFirst, 10)).await.expect("reads");
        assert_eq!(undated.rows.iter().map(|row| (row.time, row.cells()["n"].clone())).collect::<Vec<_>>(), [(None, json!(99))]);
        let first = snapshot.rows_of_entities(&request(Order::OldestFirst, 1)).await.expect("reads").rows[0].time;
        let last = snapshot.rows_of_entities(&request(Order::NewestFirst, 1)).await.expect("reads").rows[0].time;
        let trail = snapshot.trail(&request(Order::OldestFirst, 0)).await.expect("reads");
        assert_eq!(trail.span(), first.zip(last));
        let day = 86_400_000_000;
        assert_eq!((trail.count(), trail.count_by_table().into_values().sum::<u64>()), (60, 60));
        let counts: Vec<(String, u64)> = trail.buckets(day).into_iter().map(|bucket| (bucket.start.to_string(), bucket.count)).collect();
        assert_eq!(
            counts,
            [("2021-04-26T00:00:00Z".to_owned(), 20), ("2021-04-27T00:00:00Z".to_owned(), 20), ("2021-04-28T00:00:00Z".to_owned(), 20)]
        );
    });
}

#[test]
fn small_files_of_a_day_are_joined_without_changing_rows() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    for i in 0..20 {
        apply_each(
            &mut columns,
            &[event("Net_CL", json!({"TimeGenerated": format!("2021-04-28T{:02}:00:00Z", 19 - i), "n": i, "ip": "10.0.0.1"}))],
        );
        columns.persist().expect("persists");
    }
    let snapshot = columns.snapshot().expect("snapshot");
    let files = snapshot.tables()[0].files;
    assert!(files <= 9, "{files} files");
    assert_eq!(rows(&mut columns, "SELECT COUNT(*) AS c, SUM(n) AS s FROM Net_CL"), [json!({"c": 20, "s": 190})]);
    let page = runtime().block_on(snapshot.rows_of_entities(&request(Order::OldestFirst, 100))).expect("reads");
    assert_eq!(page.rows.iter().map(|row| row.cells()["n"].as_i64()).collect::<Vec<_>>(), (0..20).rev().map(Some).collect::<Vec<_>>());
}

/// The plan of a statement with its metrics, as text.
fn explained(columns: &mut Columns, sql: &str) -> String {
    let rows = rows(columns, &format!("EXPLAIN ANALYZE {sql}"));
    rows.iter().map(|row| row["plan"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn time_and_identifiers_prune_files_and_row_groups() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = trail(dir.path());
    columns.persist().expect("persists");
    let plan = explained(&mut columns, "SELECT n FROM Net_CL WHERE TimeGenerated >= '2021-04-28T00:00:00Z'");
    assert_eq!(plan.matches(".zstd.parquet").count(), plan.matches("_Day=2021-04-28").count(), "{plan}");
    assert!(plan.contains("_Day=2021-04-28"), "{plan}");
    // Between the least and the greatest address, but in no row: only the bloom filter can tell.
    let plan = explained(&mut columns, "SELECT n FROM Net_CL WHERE ip = '10.0.0.2x'");
    let pruned = plan.split("row_groups_pruned_bloom_filter=").nth(1).unwrap_or_default();
    assert!(pruned.starts_with("3 total → 0 matched"), "{plan}");
    assert!(plan.contains("output_rows=0"), "{plan}");
}

#[test]
fn a_bare_count_opens_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = trail(dir.path());
    let counted = |columns: &mut Columns, sql: &str| rows(columns, sql)[0]["n"].as_u64();
    let all = counted(&mut columns, "SELECT count(*) AS n FROM Net_CL");
    assert_eq!(all, counted(&mut columns, "SELECT count(_Seq) AS n FROM Net_CL"), "rows in memory");
    columns.persist().expect("persists");
    apply_each(&mut columns, &[event("Net_CL", json!({"TimeGenerated": "2021-04-29T00:00:00Z", "ip": "10.0.0.1"}))]);
    let both = counted(&mut columns, "SELECT count(*) AS n FROM Net_CL");
    assert_eq!(both, all.map(|all| all + 1), "rows of files and in memory");
    assert!(!explained(&mut columns, "SELECT count(*) AS n FROM Net_CL").contains(".parquet"));
    // With a filter or a column, rows are read as ever; other expressions over no column see each row once.
    assert_eq!(counted(&mut columns, "SELECT count(*) AS n FROM Net_CL WHERE TimeGenerated >= '2021-04-29T00:00:00Z'"), Some(1));
    assert_eq!(counted(&mut columns, "SELECT CAST(sum(x) AS BIGINT) AS n FROM (SELECT 2 AS x FROM Net_CL)"), both.map(|all| 2 * all));
    assert_eq!(rows(&mut columns, "SELECT 1 AS n FROM Net_CL LIMIT 3").len(), 3);
}

#[test]
fn another_reader_of_the_format_sees_the_same_rows() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = trail(dir.path());
    columns.persist().expect("persists");
    drop(columns);
    // The plain rules of the format: newest commit wins, files are read as they lie.
    let store = object_store::local::LocalFileSystem::new_with_prefix(dir.path()).expect("opens");
    let rows: u64 = runtime().block_on(async {
        use object_store::{ObjectStore, ObjectStoreExt};
        let folder = object_store::path::Path::from("Net_CL/_delta_log");
        let commits: Vec<_> = store.list(Some(&folder)).try_collect().await.expect("lists");
        let mut files = std::collections::BTreeMap::new();
        for commit in commits {
            let text = store.get(&commit.location).await.expect("reads").bytes().await.expect("reads");
            for line in text.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                let action: Value = serde_json::from_slice(line).expect("JSON");
                if let Some(add) = action.get("add") {
                    let stats: Value = serde_json::from_str(add["stats"].as_str().expect("stats")).expect("JSON");
                    files.insert(add["path"].as_str().expect("path").to_owned(), stats["numRecords"].as_u64().expect("count"));
                }
            }
        }
        for (path, rows) in &files {
            let file = std::fs::File::open(dir.path().join("Net_CL").join(path)).expect("the file lies where the log says");
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
            assert_eq!(reader.metadata().file_metadata().num_rows() as u64, *rows);
        }
        files.values().sum()
    });
    assert_eq!(rows, 121);
}

#[test]
fn a_damaged_log_is_set_aside() {
    let parent = tempfile::tempdir().expect("a folder");
    let dir = parent.path().join("columns");
    drop(trail(&dir));
    std::fs::write(dir.join("Net_CL/_delta_log/00000000000000000001.json"), "").expect("writes");
    let mut columns = Columns::open(&dir).expect("opens empty");
    assert_eq!((columns.applied(), columns.snapshot().expect("snapshot").tables().len()), (Seq(0), 0));
    assert_eq!(std::fs::read_dir(parent.path()).expect("lists").count(), 2);
}

#[test]
fn rows_that_cannot_be_written_stay_and_are_written_later() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    apply_each(&mut columns, &mixed());
    // A file where the table's folder should be stands for a disk that refuses.
    let obstacle = dir.path().join("Custom_CL");
    std::fs::write(&obstacle, "").expect("writes");
    assert_eq!(columns.persist().expect_err("cannot write").code, "columns_store_failed");
    assert_eq!(columns.durable(), Seq(0));
    assert_eq!(rows(&mut columns, "SELECT * FROM Custom_CL ORDER BY _Seq"), mixed_expected());
    std::fs::remove_file(&obstacle).expect("removes");
    columns.persist().expect("persists");
    assert_eq!(columns.durable(), Seq(4));
    assert_eq!(rows(&mut columns, "SELECT * FROM Custom_CL ORDER BY _Seq"), mixed_expected());
}

#[test]
fn hostile_rows_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut columns = Columns::open(dir.path()).expect("opens");
    let wide: Object = (0..3_000).map(|i| (format!("c{i}"), json!(i))).collect();
    let bodies = [
        event("Wide_CL", Value::Object(wide)),
        event("../../etc/passwd", json!({"TimeGenerated": "0001-01-01T00:00:00Z", "a": "\u{0}\u{fffd}"})),
        event("../../etc/passwd", json!({"TimeGenerated": "9999-12-31T23:59:59.999999Z", "A": 1, "a": 2, "": 3})),
        event(&"x".repeat(5_000), json!({"a": 1})),
        event(
            "Signinlogs",
            json!({"TimeGenerated": "2021-04-28T00:00:00Z", "resulttype": 50057, "IsInteractive": "maybe", "_Day": "mine"}),
        ),
    ];
    apply_each(&mut columns, &bodies);
    for round in 0..2 {
        let found = rows(&mut columns, "SELECT c0, c998, _Extra FROM Wide_CL");
        assert_eq!((found[0]["c0"].clone(), found[0]["_Extra"]["c2999"].clone()), (json!(0), json!(2999)), "{round}");
        let found = rows(&mut columns, "SELECT a, A_2, TimeGenerated, _Extra FROM \"../../etc/passwd\" ORDER BY _Seq");
        assert_eq!(
            found,
            [
                json!({"a": "\u{0}\u{fffd}", "TimeGenerated": "0001-01-01T00:00:00Z"}),
                json!({"a": "2", "A_2": 1, "TimeGenerated": "9999-12-31T23:59:59.999999Z", "_Extra": {"": 3}})
            ]
        );
        let found = rows(&mut columns, "SELECT ResultType, IsInteractive, _Extra, Type FROM SigninLogs");
        assert_eq!(found, [json!({"ResultType": "50057", "Type": "SigninLogs", "_Extra": {"IsInteractive": "maybe", "_Day": "mine"}})]);
        columns.persist().expect("persists");
    }
    let names: Vec<_> = std::fs::read_dir(dir.path()).expect("lists").map(|entry| entry.expect("entry").file_name()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
}

fn cell() -> impl proptest::strategy::Strategy<Value = Value> {
    let pool = [
        json!(null),
        json!(true),
        json!(1),
        json!(-7.5),
        json!(9_007_199_254_740_993_i64),
        json!("x"),
        json!(""),
        json!("12"),
        json!("012"),
        json!("2021-04-28T14:31:30.021Z"),
        json!("2021-04-28 14:31:30"),
        json!([1, "a"]),
        json!({"k": null}),
    ];
    proptest::sample::select(pool.to_vec())
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]

    /// Whatever the batches, flushes and restarts: the tables end the same.
    #[test]
    fn any_split_gives_the_same_tables(
        cells in proptest::collection::vec((cell(), cell(), 26..29u32), 1..14),
        steps in proptest::collection::vec(0..4u8, 14),
    ) {
        let record = |place: usize, (a, b, day): &(Value, Value, u32)| {
            let row = json!({"TimeGenerated": format!("2021-04-{day}T10:00:00Z"), "a": a, "b": b});
            record(place as u64 + 1, event("Any_CL", row))
        };
        let records: Vec<Record> = cells.iter().enumerate().map(|(place, row)| record(place, row)).collect();
        let (whole, parts) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let mut one = Columns::open(whole.path()).expect("opens");
        one.apply(&batch(records.clone())).expect("applies");
        let mut two = Columns::open(parts.path()).expect("opens");
        let mut waiting = Vec::new();
        for (record, step) in records.iter().zip(steps) {
            waiting.push(record.clone());
            if step > 0 {
                two.apply(&batch(std::mem::take(&mut waiting))).expect("applies");
            }
            if step > 1 {
                two.persist().expect("persists");
            }
            if step > 2 {
                drop(two);
                two = Columns::open(parts.path()).expect("opens again");
            }
        }
        if !waiting.is_empty() {
            two.apply(&batch(waiting)).expect("applies");
        }
        proptest::prop_assert_eq!(one.digest().expect("digest"), two.digest().expect("digest"));
        let sql = "SELECT * FROM Any_CL ORDER BY _Seq";
        proptest::prop_assert_eq!(rows(&mut one, sql), rows(&mut two, sql));
    }
}
