//! Plugins over timelines and networks, and texts that are alike.

use super::super::super::tree::ScalarType::{Bool, DateTime, Long, Real, String};
use super::super::super::types::TICKS_PER_DAY;
use super::super::super::values::read;
use super::super::activity::{ActiveUsers, ActivityCounts, ActivityMetrics, SessionCount, SlidingCounts, Timeline, Windows};
use super::super::lookup::{Ipv4Lookup, Ipv6Lookup};
use super::super::near::{RollingPercentile, RowsNear};
use super::super::reduce::Reduce;
use super::super::{RowsOperator, Running};
use super::{rows, run, table};

fn timeline(start: &str, end: &str, windows: Windows, dimensions: Vec<usize>) -> Timeline {
    let time = |text| read::datetime(text).expect("an instant");
    Timeline { id: 0, time: 1, start: time(start), end: time(end), windows, dimensions }
}

const DAYS: Windows = Windows::Fixed(TICKS_PER_DAY);

#[test]
fn activity_is_counted_by_window() {
    let input = table(
        &[String, DateTime],
        r#"["A","2017-08-01"] ["D","2017-08-01"] ["J","2017-08-01"] ["B","2017-08-01"] ["C","2017-08-02"] ["T","2017-08-02"] ["J","2017-08-02"]
           ["H","2017-08-03"] ["T","2017-08-03"] ["T","2017-08-03"] ["J","2017-08-03"] ["B","2017-08-03"] ["S","2017-08-03"] ["S","2017-08-04"] ["Z","2017-09-01"]"#,
    );
    assert_eq!(
        run(&ActivityCounts(timeline("2017-08-01", "2017-08-04", DAYS, Vec::new())), input, &[DateTime, Long, Long, Long, Long]),
        [
            r#"["2017-08-01T00:00:00.0000000Z",4,4,4,4]"#,
            r#"["2017-08-02T00:00:00.0000000Z",3,3,2,6]"#,
            r#"["2017-08-03T00:00:00.0000000Z",6,5,2,8]"#,
            r#"["2017-08-04T00:00:00.0000000Z",1,1,0,8]"#
        ]
    );
    let input = table(
        &[String, DateTime, String],
        r#"["A","2017-02-28","x"] ["A","2017-03-01","y"] ["B","2017-03-31","y"] ["A","2018-01-01","x"]"#,
    );
    let counts = |windows| {
        run(
            &ActivityCounts(timeline("2017-01-01", "2018-12-31", windows, vec![2])),
            input.clone(),
            &[DateTime, String, Long, Long, Long, Long],
        )
    };
    assert_eq!(
        counts(Windows::Months),
        [
            r#"["2017-02-01T00:00:00.0000000Z","x",1,1,1,1]"#,
            r#"["2017-03-01T00:00:00.0000000Z","y",2,2,2,2]"#,
            r#"["2018-01-01T00:00:00.0000000Z","x",1,1,0,1]"#
        ]
    );
    assert_eq!(counts(Windows::Years).len(), 3);
    assert_eq!(counts(Windows::Weeks)[0], r#"["2017-02-26T00:00:00.0000000Z","x",1,1,1,1]"#);
}

#[test]
fn sliding_windows_reach_back() {
    let input = table(
        &[String, DateTime],
        r#"["Bob","2017-08-01"] ["David","2017-08-01"] ["David","2017-08-01"] ["John","2017-08-01"] ["Bob","2017-08-01"] ["Ananda","2017-08-02"]
           ["Atul","2017-08-02"] ["John","2017-08-02"] ["Ananda","2017-08-03"] ["Atul","2017-08-03"] ["Atul","2017-08-03"] ["John","2017-08-03"]
           ["Bob","2017-08-03"] ["Betsy","2017-08-04"] ["Bob","2017-08-05"]"#,
    );
    let operator = SlidingCounts { timeline: timeline("2017-08-01", "2017-08-07", DAYS, Vec::new()), lookback: 3 * TICKS_PER_DAY };
    let expected = [("01", 5, 3), ("02", 8, 5), ("03", 13, 5), ("04", 9, 5), ("05", 7, 5), ("06", 2, 2), ("07", 1, 1)];
    assert_eq!(
        run(&operator, input, &[DateTime, Long, Long]),
        expected.map(|(day, count, dcount)| format!(r#"["2017-08-{day}T00:00:00.0000000Z",{count},{dcount}]"#))
    );
}

#[test]
fn a_pause_ends_a_session() {
    let input = table(&[String, Long], r#"["a",1] ["a",3] ["b",4] ["a",10] ["b",30] ["a",12]"#);
    let timeline = Timeline { id: 0, time: 1, start: 0, end: 100, windows: Windows::Fixed(10), dimensions: Vec::new() };
    assert_eq!(run(&SessionCount { timeline, pause: 5 }, input, &[Long, Long]), ["[0,2]", "[10,1]", "[30,1]"]);
}

#[test]
fn addresses_find_their_networks() {
    let networks = || {
        table(
            &[String, String],
            r#"["111.68.128.0/17","Japan"] ["5.8.0.0/19","Russia"] ["46.36.200.51/32","Cook Islands"] ["2.20.183.0/24","United Kingdom"] ["2.20.0.0/16","Europe"] ["x","none"]"#,
        )
    };
    let lookup =
        |keep_unmatched| Ipv4Lookup { address: 0, network: 0, keys: Vec::new(), columns: vec![(0, String), (1, String)], keep_unmatched };
    let found = |operator: &Ipv4Lookup| {
        let ips = table(&[String], r#"["2.20.183.12"] ["5.8.1.2"] ["192.165.12.17"] ["5.8.0.0/16"] [""]"#);
        let columns = operator.run(vec![ips, networks()], &Running::unbounded()).expect("it runs");
        rows(&[String, String, String], &columns)
    };
    let matched = [
        r#"["2.20.183.12","2.20.183.0/24","United Kingdom"]"#,
        r#"["2.20.183.12","2.20.0.0/16","Europe"]"#,
        r#"["5.8.1.2","5.8.0.0/19","Russia"]"#,
    ];
    assert_eq!(found(&lookup(false)), matched);
    assert_eq!(found(&lookup(true))[3..], [r#"["192.165.12.17","",""]"#, r#"["5.8.0.0/16","",""]"#, r#"["","",""]"#]);

    let ips = table(&[String, String], r#"["2.20.183.12","Europe"] ["2.20.183.12","Asia"]"#);
    let keyed = Ipv4Lookup { keys: vec![(1, 1)], columns: vec![(0, String)], ..lookup(false) };
    let columns = keyed.run(vec![ips, networks()], &Running::unbounded()).expect("it runs");
    assert_eq!(rows(&[String, String, String], &columns), [r#"["2.20.183.12","Europe","2.20.0.0/16"]"#]);
}

#[test]
fn texts_that_are_alike_share_a_pattern() {
    let reduced = |threshold, characters: &str, texts: &[std::string::String]| {
        let input = texts.iter().map(|text| serde_json::json!([text]).to_string()).collect::<Vec<_>>().join(" ");
        run(&Reduce { column: 0, threshold, characters: characters.to_owned() }, table(&[String], &input), &[String, Long, String])
    };
    let numbered = |word: &str| (1..=10).map(|number| format!("{word}Z{number}")).collect::<Vec<_>>();
    assert_eq!(reduced(0.1, "", &numbered("foo")), [r#"["others",10,""]"#]);
    assert_eq!(reduced(0.1, "Z", &numbered("foo")), [r#"["foo*",10,"fooZ1"]"#]);
    let places = ["San Jose", "San Bernard", "Paris", "Paris", "San Diego", "Oslo"].map(str::to_owned);
    assert_eq!(reduced(0.1, "", &places), [r#"["San *",3,"San Jose"]"#, r#"["Paris",2,"Paris"]"#, r#"["others",1,""]"#]);
    let keys = ["key a-b is 1.", "key c-d is 1."].map(str::to_owned);
    assert_eq!(reduced(0.1, "-", &keys), [r#"["key * is 1.",2,"key a-b is 1."]"#]);
}

#[test]
fn those_who_come_back_are_active() {
    let input = table(
        &[String, DateTime],
        r#"["B","2018-06-29"] ["B","2018-06-30"] ["A","2018-07-02"] ["B","2018-07-04"] ["B","2018-07-08"] ["A","2018-07-10"] ["A","2018-07-14"]
           ["A","2018-07-17"] ["A","2018-07-20"] ["B","2018-07-24"]"#,
    );
    let timeline = timeline("2018-07-01", "2018-07-31", Windows::Fixed(7 * TICKS_PER_DAY), Vec::new());
    let operator = ActiveUsers { timeline, lookback: 8 * TICKS_PER_DAY, period: TICKS_PER_DAY, periods: 3 };
    assert_eq!(
        run(&operator, input, &[DateTime, Long]),
        [r#"["2018-07-01T00:00:00.0000000Z",1]"#, r#"["2018-07-15T00:00:00.0000000Z",1]"#]
    );

    let input = table(&[String, Long], r#"["a",1] ["b",2] ["a",11] ["c",12] ["c",35]"#);
    let timeline = Timeline { id: 0, time: 1, start: 0, end: 100, windows: Windows::Fixed(10), dimensions: Vec::new() };
    assert_eq!(
        run(&ActivityMetrics(timeline), input, &[Long, Long, Long, Real, Real]),
        [r#"[0,2,2,"NaN","NaN"]"#, "[10,2,1,0.5,0.5]", r#"[30,1,1,"NaN","NaN"]"#]
    );
}

#[test]
fn rows_near_a_condition_are_given_once() {
    let input = || table(&[Long, Bool], "[1,false] [2,false] [3,true] [4,null] [5,true] [6,false] [7,false]");
    let near = |before, after| run(&RowsNear { condition: 1, before, after, columns: 1 }, input(), &[Long]);
    assert_eq!(near(1, 1), ["[2]", "[3]", "[4]", "[5]", "[6]"]);
    assert_eq!(near(0, 0), ["[3]", "[5]"]);
    assert_eq!(near(9, 9).len(), 7);
}

#[test]
fn percentiles_roll_over_bins() {
    let values: Vec<std::string::String> = (0..240).map(|hour| format!("[{},{hour}]", hour + 1)).collect();
    let operator = RollingPercentile { value: 0, percentile: 50.0, index: 1, bin: 24, bins: 3, dimensions: Vec::new() };
    let expected = [12, 24, 36, 60, 84, 108, 132, 156, 180, 204];
    assert_eq!(
        run(&operator, table(&[Long, Long], &values.join(" ")), &[Long, Long]),
        expected.iter().enumerate().map(|(day, value)| format!("[{},{value}]", day * 24)).collect::<Vec<_>>()
    );
}

#[test]
fn addresses_of_both_versions_find_their_networks() {
    let lookup = Ipv4Lookup { address: 0, network: 0, keys: Vec::new(), columns: vec![(0, String)], keep_unmatched: false };
    let ips = table(&[String], r#"["2001:db8::1"] ["10.1.2.3"] ["::ffff:10.1.2.3"] ["fe80::1"]"#);
    let networks = table(&[String], r#"["2001:db8::/32"] ["10.1.0.0/16"]"#);
    let columns = Ipv6Lookup(lookup).run(vec![ips, networks], &Running::unbounded()).expect("it runs");
    assert_eq!(
        rows(&[String, String], &columns),
        [r#"["2001:db8::1","2001:db8::/32"]"#, r#"["10.1.2.3","10.1.0.0/16"]"#, r#"["::ffff:10.1.2.3","10.1.0.0/16"]"#]
    );
}
