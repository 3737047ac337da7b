//! Watchlists and threat indicators: import, tables, matches over history as lists change, restart and rebuild.

use axum::http::StatusCode;
use clew::engine::Options;
use serde_json::{Value, json};

use crate::support::Clew;

fn filled() -> Clew {
    let clew = Clew::new();
    let alert = |id: &str, entities: Value| {
        json!({"SystemAlertId": id, "DisplayName": id, "AlertName": id, "AlertSeverity": "Medium", "ProviderName": "Test", "ProductName": "Test",
            "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "EndTime": "2026-01-01T10:05:00Z", "AlertType": "t",
            "Entities": entities.to_string(), "Type": "SecurityAlert"})
        .to_string()
    };
    let lines = [
        alert(
            "a1",
            json!([{"$id": "1", "Type": "account", "Name": "ana", "UPNSuffix": "contoso.com"}, {"$id": "2", "Type": "ip", "Address": "198.51.100.7"}]),
        ),
        alert(
            "a2",
            json!([{"$id": "1", "Type": "account", "Name": "ben", "UPNSuffix": "contoso.com"}, {"$id": "2", "Type": "ip", "Address": "10.2.3.4"}]),
        ),
        alert(
            "a3",
            json!([{"$id": "1", "Type": "url", "Url": "http://evil.example/x"},
                {"$id": "2", "Type": "filehash", "Algorithm": "MD5", "Value": "D41D8CD98F00B204E9800998ECF8427E"}]),
        ),
    ];
    assert_eq!(clew.ingest_bytes("alerts.jsonl", lines.join("\n")).new, 3);
    clew
}

async fn send(clew: &Clew, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by("ana", method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

async fn kql(clew: &Clew, text: &str) -> Value {
    send(clew, "POST", "/v1/query", json!({"lang": "kql", "text": text})).await["rows"].clone()
}

fn ids(page: &Value) -> Vec<&str> {
    page["value"].as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect()
}

const VIPS: &str = "User,Role\nana@contoso.com,CFO\nzoe@contoso.com,CEO\n,nobody\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_watchlist_is_a_table_and_matches_what_was_there_before_it() {
    let clew = filled();
    let done = send(&clew, "POST", "/v1/watchlists/vips/import", json!({"csv": VIPS, "key": "user", "name": "VIPs"})).await;
    let expected =
        json!({"read": 2, "changed": 3, "removed": 0, "skipped": ["line 4: the key column `User` is empty"], "skipped_total": 1});
    assert_eq!(done, expected);
    let rows = kql(&clew, "_GetWatchlist('vips') | project SearchKey, User, Role | sort by SearchKey asc").await;
    assert_eq!(rows, json!([["ana@contoso.com", "ana@contoso.com", "CFO"], ["zoe@contoso.com", "zoe@contoso.com", "CEO"]]));
    assert_eq!(kql(&clew, "_GetWatchlistAlias | project WatchlistAlias").await, json!([["vips"]]));
    let log = "Watchlist | where WatchlistAlias == 'vips' | summarize n = count() by _DTItemType, _DTItemStatus | sort by _DTItemType asc";
    assert_eq!(kql(&clew, log).await, json!([["watchlist", "Create", 1], ["watchlist-item", "Create", 2]]));

    assert_eq!(ids(&clew.get("/v1/watchlists/vips/matches").await), ["account:ana@contoso.com"]);
    let around = clew.get("/v1/neighbors?node=account:ana@contoso.com&relation=on_list").await;
    let edge = &around["edges"][0];
    assert_eq!(json!([edge["source"], edge["relation"], edge["target"]]), json!(["account:ana@contoso.com", "on_list", "watchlist:vips"]));
    let list = clew.get("/v1/neighbors?node=watchlist:vips").await;
    assert_eq!(json!([list["total"], list["edges"][0]["source"]]), json!([1, "account:ana@contoso.com"]));
    assert_eq!(clew.get("/v1/entities/account:ana@contoso.com").await["listed"][0]["id"], "vips");

    // The list changes, and with it every answer on what was there before.
    let done =
        send(&clew, "POST", "/v1/watchlists/vips/import", json!({"csv": "User\nben@contoso.com\nzoe@contoso.com\n", "replace": true}))
            .await;
    assert_eq!(json!([done["read"], done["removed"]]), json!([2, 1]));
    assert_eq!(ids(&clew.get("/v1/watchlists/vips/matches").await), ["account:ben@contoso.com"]);
    let items = clew.get("/v1/watchlists/vips/items?text=ben").await;
    let item = items["value"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(items["total"], 1);
    send(&clew, "PUT", &format!("/v1/watchlists/vips/items/{item}"), json!({"fields": {"User": "ana@contoso.com"}})).await;
    assert_eq!(ids(&clew.get("/v1/watchlists/vips/matches").await), ["account:ana@contoso.com"]);

    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(ids(&clew.get("/v1/watchlists/vips/matches").await), ["account:ana@contoso.com"]);
    assert!(clew.engine.verify().expect("views can be compared").equal, "incremental equals rebuilt");
    assert_eq!(send(&clew, "DELETE", "/v1/watchlists/vips", Value::Null).await["deleted"], true);
    assert_eq!(clew.get("/v1/entities/account:ana@contoso.com").await["listed"], json!([]));
    let (status, answer) = clew.by("ana", "POST", "/v1/query", json!({"text": "_GetWatchlist('vips')"})).await;
    assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some("kql_unknown_watchlist")));
}

#[tokio::test(flavor = "multi_thread")]
async fn indicators_match_values_networks_and_digests_over_history() {
    let clew = filled();
    let object = |id: &str, pattern: &str| {
        json!({"type": "indicator", "spec_version": "2.1", "id": format!("indicator--{id}"), "name": id, "pattern": pattern, "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"})
    };
    let mut revoked = object("revoked", "[ipv4-addr:value = '198.51.100.7']");
    revoked["revoked"] = true.into();
    let mut past = object("past", "[ipv4-addr:value = '198.51.100.7']");
    past["valid_until"] = "2021-01-01T00:00:00Z".into();
    let bundle = json!({"type": "bundle", "objects": [
        object("address", "[ipv4-addr:value = '198.51.100.7']"),
        object("network", "[ipv4-addr:value ISSUBSET '10.0.0.0/8']"),
        object("domain", "[domain-name:value = 'EVIL.example']"),
        object("digest", "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"),
        object("several", "[ipv4-addr:value = '198.51.100.7' AND file:name = 'x']"),
        revoked, past,
    ]});
    let done = send(&clew, "POST", "/v1/indicators/import", json!({"content": bundle.to_string(), "source": "feed"})).await;
    assert_eq!(json!([done["read"], done["changed"], done["skipped_total"]]), json!([7, 7, 0]));
    let listed = |entity: Value| -> Vec<(String, bool)> {
        let rows = entity["listed"].as_array().expect("a list").iter();
        rows.map(|row| (row["label"].as_str().unwrap_or_default().to_owned(), row["active"] == true)).collect()
    };
    let named = |list: &[(&str, bool)]| list.iter().map(|(name, active)| ((*name).to_owned(), *active)).collect::<Vec<_>>();
    assert_eq!(listed(clew.get("/v1/entities/ip:198.51.100.7").await), named(&[("address", true), ("past", false)]));
    assert_eq!(listed(clew.get("/v1/entities/ip:10.2.3.4").await), named(&[("network", true)]));
    assert_eq!(listed(clew.get("/v1/entities/url:http%3A%2F%2Fevil.example%2Fx").await), named(&[("domain", true)]));
    assert_eq!(listed(clew.get("/v1/entities/filehash:d41d8cd98f00b204e9800998ecf8427e").await), named(&[("digest", true)]));
    assert_eq!(ids(&clew.get("/v1/indicators/indicator--network/matches").await), ["ip:10.2.3.4"]);
    let text = "ThreatIntelligenceIndicator | where isnotempty(NetworkIP) | distinct NetworkIP, IndicatorProvider";
    assert_eq!(kql(&clew, text).await, json!([["198.51.100.7", "feed"]]));
    assert_eq!(clew.get("/v1/indicators?active=false").await["total"], 2);
    assert_eq!(clew.get("/v1/indicators?text=evil").await["total"], 1);

    send(&clew, "DELETE", "/v1/indicators/indicator--address", Value::Null).await;
    assert_eq!(listed(clew.get("/v1/entities/ip:198.51.100.7").await), named(&[("past", false)]));
    let csv = "value,confidence\n198.51.100.7,70\nno value of a kind,1\n";
    let done = send(&clew, "POST", "/v1/indicators/import", json!({"content": csv})).await;
    assert_eq!(json!([done["read"], done["skipped_total"]]), json!([1, 1]));
    assert_eq!(listed(clew.get("/v1/entities/ip:198.51.100.7").await), named(&[("198.51.100.7", true), ("past", false)]));
    assert!(clew.engine.verify().expect("views can be compared").equal, "incremental equals rebuilt");
}

#[tokio::test(flavor = "multi_thread")]
async fn indicators_reach_entities_by_all_that_they_are_known_by() {
    let clew = filled();
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let entities = json!([
        {"$id": "1", "Type": "host", "HostName": "srv1", "DnsDomain": "bad.example"},
        {"$id": "2", "Type": "url", "Url": "http://10.9.8.7:8080/drop"},
        {"$id": "3", "Type": "filehash", "Algorithm": "SHA256", "Value": digest},
        {"$id": "4", "Type": "file", "Directory": "\\\\10.9.8.6\\share", "Name": "tool.exe", "FileHashes": [{"$ref": "3"}]},
        {"$id": "5", "Type": "process", "ProcessId": "77", "CreationTimeUtc": "2026-01-01T10:00:00Z", "CommandLine": "tool.exe -q",
            "Host": {"$ref": "1"}, "ImageFile": {"$ref": "4"}},
    ]);
    let alert = json!({"SystemAlertId": "a4", "DisplayName": "a4", "AlertName": "a4", "AlertSeverity": "Low", "ProviderName": "Test",
        "ProductName": "Test", "TimeGenerated": "2026-01-02T10:00:00Z", "AlertType": "t", "Entities": entities.to_string(), "Type": "SecurityAlert"});
    assert_eq!(clew.ingest_bytes("more.jsonl", alert.to_string()).new, 1);
    let object = |id: &str, pattern: &str| {
        json!({"type": "indicator", "spec_version": "2.1", "id": format!("indicator--{id}"), "name": id, "pattern": pattern, "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"})
    };
    let bundle = json!({"type": "bundle", "objects": [
        object("domain", "[domain-name:value = 'bad.example']"),
        object("address", "[ipv4-addr:value = '10.9.8.7']"),
        object("network", "[ipv4-addr:value ISSUBSET '10.9.8.4/30']"),
        object("digest", &format!("[file:hashes.'SHA-256' = '{digest}']")),
        object("name", "[file:name = 'tool.exe']"),
    ]});
    send(&clew, "POST", "/v1/indicators/import", json!({"content": bundle.to_string(), "source": "feed"})).await;
    // The kinds of what each reaches, from the entities of the alert.
    let facts = [
        ("domain", vec!["host"]),
        ("address", vec!["url"]),
        ("network", vec!["file", "url"]),
        ("digest", vec!["file", "filehash", "process"]),
        ("name", vec!["file"]),
    ];
    for (indicator, kinds) in &facts {
        let page = clew.get(&format!("/v1/indicators/indicator--{indicator}/matches")).await;
        let mut found: Vec<&str> = page["value"].as_array().expect("a list").iter().filter_map(|row| row["kind"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(&found, kinds, "{indicator}: {page}");
    }
    // A list of digests says the same, and nothing once the digest is off it.
    send(&clew, "POST", "/v1/watchlists/bad/import", json!({"csv": format!("Hash\n{digest}\n"), "key": "Hash"})).await;
    assert_eq!(clew.get("/v1/watchlists/bad/matches").await["total"], 3);
    send(&clew, "POST", "/v1/watchlists/bad/import", json!({"csv": "Hash\nnone\n", "replace": true})).await;
    assert_eq!(clew.get("/v1/watchlists/bad/matches").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_without_sense_are_refused() {
    let clew = Clew::new();
    let cases = [
        ("/v1/watchlists/a%27b/import", json!({"csv": "a\n1\n"}), "id_invalid"),
        ("/v1/watchlists/a/import", json!({"csv": "a,a\n1,2\n"}), "csv_invalid"),
        ("/v1/watchlists/a/import", json!({"csv": "a\n1\n", "key": "b"}), "column_unknown"),
        ("/v1/indicators/import", json!({"content": "{"}), "json_invalid"),
        ("/v1/indicators/import", json!({"content": "colour\nred\n"}), "column_unknown"),
    ];
    for (path, body, code) in cases {
        let (status, answer) = clew.by("ana", "POST", path, body).await;
        assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some(code)), "{path}: {answer}");
    }
    for pattern in ["1.2.3.4", "[ipv4-addr:value = ", "[ipv4-addr:value = '1.2.3.4'] AND", "[file:name LIKE 3]"] {
        let (status, answer) = clew.by("ana", "PUT", "/v1/indicators/x", json!({"pattern": pattern})).await;
        assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some("indicator_pattern_invalid")), "{pattern}");
    }
    // An import leaves out what is broken, says where and why, and takes the rest.
    let csv = "pattern\n[ipv4-addr:value = '198.51.100.7']\n[ipv4-addr:value = \n[file:name = 'a'] FOLLOWEDBY [file:name = 'b']\n";
    let done = send(&clew, "POST", "/v1/indicators/import", json!({"content": csv})).await;
    let reason = "line 3: indicator_pattern_invalid: the pattern is none of STIX: expected a value: a text in quotes, a number, `true` or \
        `false` at character 19, found the end";
    assert_eq!(done, json!({"read": 2, "changed": 2, "removed": 0, "skipped": [reason], "skipped_total": 1, "unmatched": 1}));
    let matchable: Vec<bool> =
        clew.get("/v1/indicators").await["value"].as_array().expect("a list").iter().filter_map(|row| row["matchable"].as_bool()).collect();
    assert_eq!((matchable.len(), matchable.iter().filter(|is| **is).count()), (2, 1));
    let mut defined = send(&clew, "PUT", "/v1/indicators/y", json!({"pattern": "[url:value = 'u'] REPEATS 2 TIMES"})).await;
    assert_eq!(defined["matchable"], false);
    // What was read can be sent back.
    for member in ["id", "etag", "created", "created_by", "modified", "modified_by"] {
        defined.as_object_mut().expect("an object").remove(member);
    }
    send(&clew, "PUT", "/v1/indicators/y", defined).await;
    let path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/\
        threatIntelligence/main/indicators/z?api-version=2025-09-01";
    let body =
        |pattern: &str| json!({"kind": "indicator", "properties": {"pattern": pattern, "patternType": "ipv4-addr", "displayName": "z"}});
    let (status, answer) = clew.by("ana", "PUT", path, body("[ipv4-addr:value = '1.1.1.1'")).await;
    assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some("BadRequest")), "{answer}");
    assert_eq!(clew.by("ana", "PUT", path, body("[ipv4-addr:value = '1.1.1.1']")).await.0, StatusCode::CREATED);
    let (status, answer) = clew.try_get("/v1/watchlists/none/items").await;
    assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (404, Some("definition_unknown")));
}

/// Patterns by likeness, by expression, and of several values of one thing.
#[tokio::test(flavor = "multi_thread")]
async fn indicators_match_by_likeness_and_several_values() {
    let clew = filled();
    let entities = json!([{"$id": "1", "Type": "url", "Url": "http://other.example/path/"}]).to_string();
    let slashed = json!({"SystemAlertId": "a4", "DisplayName": "a4", "AlertSeverity": "Low", "ProviderName": "Test", "AlertType": "t",
        "TimeGenerated": "2026-01-01T10:00:00Z", "Entities": entities, "Type": "SecurityAlert"});
    assert_eq!(clew.ingest_bytes("slashed.json", slashed.to_string()).new, 1);
    let patterns = [
        ("like", "[url:value LIKE 'http://EVIL.example/%']", vec!["url:http://evil.example/x"]),
        ("one", "[ipv4-addr:value LIKE '198.51.100._']", vec!["ip:198.51.100.7"]),
        ("matches", "[domain-name:value MATCHES '(^|\\\\.)evil\\\\.[a-z]+$']", vec!["url:http://evil.example/x"]),
        ("both", "[url:value = 'http://evil.example/x' AND domain-name:value LIKE 'evil.%']", vec!["url:http://evil.example/x"]),
        ("either", "[ipv4-addr:value = '10.2.3.4' AND (ipv4-addr:value ISSUBSET '10.0.0.0/8' OR file:name = 'x')]", vec!["ip:10.2.3.4"]),
        ("neither", "[url:value = 'http://evil.example/x' AND domain-name:value LIKE 'good.%']", vec![]),
        ("below", "[url:value LIKE 'http://other.example/path/%']", vec!["url:http://other.example/path/"]),
        ("bare", "[url:value = 'http://other.example/path']", vec!["url:http://other.example/path/"]),
        ("other", "[url:value LIKE 'http://evil.example/__%']", vec![]),
        ("more", "[url:value = 'http://evil.example/x' AND file:size = 3]", vec![]),
        ("ends", "[network-traffic:src_ref.value ISSUBSET '10.0.0.0/8' AND network-traffic:dst_ref.value ISSUBSET '10.2.0.0/16']", vec![]),
        ("negated", "[url:value NOT LIKE 'x%']", vec![]),
        ("then", "[url:value = 'http://evil.example/x'] FOLLOWEDBY [url:value = 'http://evil.example/x']", vec![]),
    ];
    for (id, pattern, _) in &patterns {
        send(&clew, "PUT", &format!("/v1/indicators/{id}"), json!({"pattern": pattern})).await;
    }
    for (id, pattern, expected) in &patterns {
        assert_eq!(ids(&clew.get(&format!("/v1/indicators/{id}/matches")).await), *expected, "{pattern}");
        let matchable = !["more", "ends", "negated", "then"].contains(id);
        assert_eq!(clew.get(&format!("/v1/indicators/{id}")).await["matchable"], matchable, "{pattern}");
    }
}
