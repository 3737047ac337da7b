//! Trees of processes as the security log of Windows tells them: a parent by its number and program alone.

use serde_json::json;

use crate::support::{Clew, data};

/// What started what: ids of parent and child.
async fn started(clew: &Clew) -> Vec<(String, String)> {
    let found = clew.sql(r#"SELECT "SourceId", "TargetId" FROM "Relations" WHERE "Relation" = 'started' ORDER BY 1, 2"#).await;
    let rows = found["rows"].as_array().expect("rows");
    let id = |row: &serde_json::Value, place: usize| row[place].as_str().expect("an id").to_owned();
    rows.iter().map(|row| (id(row, 0), id(row, 1))).collect()
}

/// Of the 117 rows of the file, 115 name 0xbc8 `cmd.exe` as the parent, whose own beginning is one of them.
#[tokio::test(flavor = "multi_thread")]
async fn children_hang_on_the_process_that_was_seen_to_begin() {
    let clew = Clew::new();
    clew.ingest(&data("msticpy/process_tree.csv"));
    let shell = "process:host+processid+creationtimeutc=msticalertswin1|3016|2019-01-15T05:15:03Z";
    let children = started(&clew).await.into_iter().filter(|(parent, _)| parent == shell).count();
    assert_eq!(children, 115);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_comes_back_is_another_process() {
    let clew = Clew::new();
    let begins = |time: &str, number: &str, image: &str, parent: &str, parent_image: &str| {
        json!({"Computer": "a1.a.com", "EventID": 4688, "Channel": "Security", "Type": "SecurityEvent", "TimeGenerated": time, "NewProcessId": number,
            "NewProcessName": image, "ProcessId": parent, "ParentProcessName": parent_image})
        .to_string()
    };
    let rows = [
        begins("2024-03-04T07:05:00Z", "0x10", r"C:\Windows\System32\cmd.exe", "0x9a4", r"C:\Windows\explorer.exe"),
        begins("2024-03-24T07:05:00Z", "0x20", r"C:\Windows\System32\rundll32.exe", "0x9a4", r"C:\Windows\System32\svchost.exe"),
        begins("2024-03-24T07:00:00Z", "0x9a4", r"C:\Windows\System32\svchost.exe", "0x2bc", r"C:\Windows\System32\services.exe"),
    ];
    clew.ingest_bytes("events.jsonl", rows.join("\n"));
    let own = |number: u32, time: &str| format!("process:host+processid+creationtimeutc=a1|{number}|{time}");
    let known = |number: u32, image: &str| format!(r"process:host+processid+imagefile=a1|{number}|c:\windows\{image}");
    let service = own(2468, "2024-03-24T07:00:00Z");
    let mut expected = vec![
        (known(2468, "explorer.exe"), own(16, "2024-03-04T07:05:00Z")),
        (service.clone(), own(32, "2024-03-24T07:05:00Z")),
        (known(700, r"system32\services.exe"), service),
    ];
    expected.sort();
    assert_eq!(started(&clew).await, expected);
}
