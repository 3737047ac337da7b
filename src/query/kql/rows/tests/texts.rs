//! Patterns and pairs of texts.

use super::super::super::bound::{KvOptions, ParsePart};
use super::super::super::tree::ParseKind;
use super::super::super::tree::ScalarType::{self, DateTime, Guid, Long, Real, String};
use super::super::pairs::Pairs;
use super::super::parse::Pattern;
use super::{rows, table};

fn star() -> ParsePart {
    ParsePart::Star
}

fn text(text: &str) -> ParsePart {
    ParsePart::Text(text.to_owned())
}

fn capture(kind: ScalarType) -> ParsePart {
    ParsePart::Capture(kind)
}

fn parsed(kind: ParseKind, flags: &str, parts: &[ParsePart], texts: &[&str]) -> Vec<std::string::String> {
    let pattern = Pattern::new(kind, flags, parts).expect("a pattern");
    let input = texts.iter().map(|text| serde_json::json!([text]).to_string()).collect::<Vec<_>>().join(" ");
    let (columns, matched) = pattern.apply(table(&[String], &input).column(0));
    let rows = rows(pattern.kinds(), &columns);
    rows.into_iter().enumerate().map(|(row, cells)| if matched.value(row) { cells } else { format!("-{cells}") }).collect()
}

#[test]
fn a_simple_pattern_is_all_or_nothing() {
    let simple = |parts: &[ParsePart], texts: &[&str]| parsed(ParseKind::Simple, "", parts, texts);
    let line = [capture(String), text(" "), capture(String), text(" "), capture(Long), text(" "), capture(Long), text("ms")];
    assert_eq!(
        simple(&line, &["GET /api/users 200 15ms", "POST /api/login 401 5ms", "GET /x none 5ms", "GET /x 200 5ms later", ""]),
        [
            r#"["GET","/api/users",200,15]"#,
            r#"["POST","/api/login",401,5]"#,
            r#"-["","",null,null]"#,
            r#"-["","",null,null]"#,
            r#"-["","",null,null]"#
        ]
    );
    let times = [text("from="), capture(DateTime), text(" to="), capture(DateTime)];
    assert_eq!(
        simple(&times, &["from=2020-01-01 to=2021-12-31", "x from=2020-01-01 to=2021-12-31"]),
        [r#"["2020-01-01T00:00:00.0000000Z","2021-12-31T00:00:00.0000000Z"]"#, "-[null,null]"]
    );
    let skips = [star(), text("name="), capture(String), text(", total="), capture(Long), star(), text("number="), capture(Long), star()];
    assert_eq!(
        simple(&skips, &["Event: (name=Pipe, total=27, number=15, more)", "Event: (name=Pipe, total=many, number=15, more)"]),
        [r#"["Pipe",27,15]"#, r#"-["",null,null]"#]
    );
    assert_eq!(simple(&[star(), text("="), capture(String), text(")")], &["(mail=a(b))", "(mail)"]), [r#"["a(b)"]"#, r#"-[""]"#]);
    assert_eq!(simple(&[capture(Long), capture(String)], &["12ab"]), [r#"[12,"ab"]"#]);
    assert_eq!(simple(&[star(), capture(Real), star()], &["about -2.5 units"]), ["[-2.5]"]);
}

#[test]
fn a_relaxed_pattern_keeps_what_converts() {
    let parts = [star(), text("name="), capture(String), text(", total="), capture(Long), text(", number="), capture(Long), star()];
    assert_eq!(
        parsed(ParseKind::Relaxed, "", &parts, &["(name=Pipe, total=none, number=16, x", "(total=1"]),
        [r#"["Pipe",null,16]"#, r#"-["",null,null]"#]
    );
}

#[test]
fn a_pattern_of_expressions_is_greedy_unless_it_says_otherwise() {
    let regex = |flags, parts: &[ParsePart], texts: &[&str]| parsed(ParseKind::Regex, flags, parts, texts);
    assert_eq!(regex("", &[capture(String), text("[0-9]+"), capture(String)], &["MixedCASE123end"]), [r#"["MixedCASE12","end"]"#]);
    let letters = [text("[a-z]"), capture(Long), text("[a-z]"), capture(Long), text("[a-z]"), capture(Long)];
    assert_eq!(regex("", &letters, &["a1b2c3", "a1b2c"]), ["[1,2,3]", "-[null,null,null]"]);
    let name = [star(), text("NAME="), capture(String), text(","), star()];
    assert_eq!(regex("i", &name, &["(name=Pipe, total=27, lock=1)"]), [r#"["Pipe, total=27"]"#]);
    assert_eq!(regex("Ui", &name, &["(name=Pipe, total=27, lock=1)"]), [r#"["Pipe"]"#]);
    assert_eq!(regex("", &[text("(a|b)="), capture(String)], &["b=1"]), [r#"["1"]"#]);
    assert_eq!(
        regex("s", &[star(), text("name="), capture(String), text("(.*?)total="), capture(Long)], &["name=Pipe\ntotal=27"]),
        [r#"["Pipe\n",27]"#]
    );
    assert!(Pattern::new(ParseKind::Regex, "", &[text("(")]).is_err());
}

fn pairs(keys: &[(&str, ScalarType)], options: KvOptions, input: &str) -> std::string::String {
    let kinds: Vec<ScalarType> = keys.iter().map(|(_, kind)| *kind).collect();
    let keys = keys.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    let columns =
        Pairs::new(keys, options).expect("options that fit").apply(table(&[String], &serde_json::json!([input]).to_string()).column(0));
    rows(&kinds, &columns).remove(0)
}

fn delimited(pair: &str, value: &str) -> KvOptions {
    KvOptions { pair_delimiter: Some(pair.to_owned()), kv_delimiter: Some(value.to_owned()), ..KvOptions::default() }
}

#[test]
fn pairs_are_read_between_their_delimiters() {
    let keys = [("a", Long), ("b", Long), ("c", Long)];
    assert_eq!(pairs(&keys, delimited(",", "="), "a=1, b=2, c=3"), "[1,2,3]");
    assert_eq!(pairs(&keys, delimited(",", "="), "c=x,d=4,a=1,a=2"), "[1,null,null]");
    assert_eq!(pairs(&keys, delimited(";", ":"), "word;b:7;:;"), "[null,7,null]");

    let event = [("event time", DateTime), ("src", String), ("failure", String)];
    let options = KvOptions { quotes: vec!["()".to_owned()], ..delimited(" ", "=") };
    assert_eq!(
        pairs(&event, options, "src=10.1.1.123 bytes=125 failure=(connection aborted) (event time)=(2021-01-01 10:00:54)"),
        r#"["2021-01-01T10:00:54.0000000Z","10.1.1.123","connection aborted"]"#
    );
    let options = KvOptions { quotes: vec!["\"".to_owned()], escape: Some("\\".to_owned()), ..delimited(" ", "=") };
    assert_eq!(
        pairs(
            &[("failure", String), ("time", DateTime)],
            options,
            r#"bytes=125 failure="the host sent \"bye!\"" time=2021-01-01T10:00:54"#
        ),
        r#"["the host sent \"bye!\"","2021-01-01T10:00:54.0000000Z"]"#
    );
}

#[test]
fn greedy_values_reach_to_the_next_key() {
    let keys = [("name", String), ("phone", String), ("city", String)];
    let people = "name=John Doe phone=555 5555 city=New York";
    assert_eq!(pairs(&keys, delimited(" ", "="), people), r#"["John","555","New"]"#);
    assert_eq!(pairs(&keys, KvOptions { greedy: true, ..delimited(" ", "=") }, people), r#"["John Doe","555 5555","New York"]"#);
}

#[test]
fn pairs_without_delimiters_are_words() {
    let keys = [("Text", String), ("ThreadId", Long), ("Machine", String)];
    let line = "2021-01-01T10:00:34 [INFO] ThreadId:458745723, Machine:Node001, Text: Started";
    assert_eq!(pairs(&keys, KvOptions::default(), line), r#"["Started",458745723,"Node001"]"#);
    let quoted = KvOptions { quotes: vec!["'".to_owned()], escape: Some("\\".to_owned()), ..KvOptions::default() };
    assert_eq!(
        pairs(&keys, quoted, r"ThreadId:458745723, Machine:Node001, Text: 'The service \' is up'"),
        r#"["The service ' is up",458745723,"Node001"]"#
    );
}

#[test]
fn pairs_are_what_an_expression_finds() {
    let keys = [("referer url", String), ("advertiser id", Guid)];
    let options = KvOptions { regex: Some(r#""([\w ]+)\s*:\s*([^"]*)""#.to_owned()), ..KvOptions::default() };
    assert_eq!(
        pairs(&keys, options, r#"["referer url: https://hostname.com/?h=1234", "advertiser id: 24fefbca-cf27-4d62-a623-249c2ad30c73"]"#),
        r#"["https://hostname.com/?h=1234","24fefbca-cf27-4d62-a623-249c2ad30c73"]"#
    );
    assert!(Pairs::new(Vec::new(), KvOptions { regex: Some("(a)".to_owned()), ..KvOptions::default() }).is_err());
    assert!(Pairs::new(Vec::new(), KvOptions { quotes: vec!["abc".to_owned()], ..KvOptions::default() }).is_err());
}
