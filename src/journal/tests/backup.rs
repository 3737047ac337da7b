//! Backups: out and in again, byte for byte.

use super::*;

fn exported(journal: &Journal) -> String {
    let mut out = Vec::new();
    let count = export(journal, &mut out).expect("exports");
    let text = String::from_utf8(out).expect("JSON is UTF-8");
    assert_eq!(text.lines().count() as u64, count);
    text
}

#[test]
fn a_backup_comes_back_byte_for_byte() {
    let (folder, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let journal = Journal::open(folder.path(), small()).expect("opens");
    let mut expected = documents(1..=40);
    expected[3].raw = Bytes::from_static(b"{ \"a\":\t\"\\u0041\\/ \\ud83e\\uddf6\", \"b\": 1e-0 }\r\n");
    expected[4].raw = Bytes::from_static(b"not UTF-8: \xff\xfe\x00");
    expected[5].raw = Bytes::new();
    expected[6].origin.source = "C:\\Users\\\u{1f9f6}\n\".json".into();
    expected[7].received = Time::MIN;
    expected[8].received = Time::MAX;
    journal.append(expected.clone()).expect("appends").wait().expect("durable");
    let text = exported(&journal);
    let found: Vec<Document> = Import::new(text.as_bytes()).map(|document| document.expect("imports")).collect();
    assert_eq!(found, expected);
    let copy = Journal::open(other.path(), small()).expect("opens");
    copy.append(found).expect("appends").wait().expect("durable");
    assert_eq!(exported(&copy), text);
}

#[test]
fn a_line_shows_what_a_person_looks_for() {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), small()).expect("opens");
    journal.append(documents([2])).expect("appends").wait().expect("durable");
    assert_eq!(
        exported(&journal),
        concat!(
            r#"{"seq":1,"format":"event","table":"Table2_CL","source":"exports/day0.json","line":6,"received":"2021-04-28T14:31:29.998046Z","#,
            r#""hash":"b61838e72bf894fe72f36e3c01000000","raw":"{\"SystemAlertId\":\"00000002\",\"AlertName\":\"ÐÐ\"}"}"#,
            "\n"
        )
    );
}

#[test]
fn a_wrong_line_is_named_and_ends_the_import() {
    let good = r#"{"seq":1,"format":"event","table":null,"source":"a","line":6,"received":"2021-04-28T14:31:29Z","hash":"00000000000000000000000000000000","raw":"{}"}"#;
    let cases = [
        ("{", "EOF while parsing an object at line 1 column 2"),
        (r#"{"seq":1}"#, "missing field `format`"),
        (&good.replace(r#","raw":"{}""#, ""), "neither or both of `raw` and `raw_hex`"),
        (&good.replace(r#""hash":"00"#, r#""hash":"0"#), "`hash` is not 16 bytes in hexadecimal digits"),
        (&good.replace(r#""raw":"{}""#, r#""raw_hex":"0g""#), "`raw_hex` is not hexadecimal"),
    ];
    for (line, expected) in cases {
        let text = format!("{good}\n\n{line}\n{good}\n");
        let mut import = Import::new(text.as_bytes());
        assert_eq!(import.next().expect("a document").expect("imports").raw, "{}");
        match import.next() {
            Some(Err(JournalError::Backup { line: 3, problem })) => {
                assert_eq!(problem.split(" at line").next(), expected.split(" at line").next())
            }
            other => panic!("expected an error in line 3, found {other:?}"),
        }
        assert!(import.next().is_none());
    }
}
