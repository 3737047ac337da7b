//! Arguments as the requests that they become.

use super::*;
use clap::Parser;

fn question(words: &str) -> Result<String, clap::error::ErrorKind> {
    let words = std::iter::once("clew").chain(words.split('|'));
    let cli = Cli::try_parse_from(words).and_then(|cli| cli.global.check(&cli.command).map(|()| cli)).map_err(|error| error.kind())?;
    let (request, _) = cli.command.question().ok().flatten().expect("a question");
    Ok(match &request.body {
        Some(body) => format!("POST {} {body}", request.target()),
        None => format!("GET {}", request.target()),
    })
}

#[test]
fn arguments_become_requests() {
    let cases = [
        (
            "search|pass word|severity:high|--kind|incident,alert|--limit|5",
            "GET /v1/search?q=pass%20word%20severity%3Ahigh&kind=incident&kind=alert&limit=5",
        ),
        ("search|beacon|--incident|5|--group|title|--sort|-count", "GET /v1/search?q=beacon&sort=-count&incident=5&group=title"),
        (
            "incidents|--severity|high,critical|--status|open|--owner|Doe, John|--from|-7d|--sort|-created|--cursor|c",
            "GET /v1/incidents?owner=Doe%5C%2C%20John&severity=high&severity=critical&status=open&from=-7d&sort=-created&cursor=c",
        ),
        // A cursor may begin with a hyphen, as base64url does.
        ("incidents|--cursor|-Yn6Jjt_Exk4", "GET /v1/incidents?cursor=-Yn6Jjt_Exk4"),
        ("incident|incident:42", "GET /v1/incidents/42"),
        ("alerts|--entity|ip:175.45.176.99|--incident|none", "GET /v1/alerts?incident=none&entity=ip%3A175.45.176.99"),
        ("alert|a/b|--raw", "GET /v1/alerts/a%2Fb/raw"),
        ("alert|a|--versions", "GET /v1/alerts/a/versions"),
        ("entities|--kind|host|--text|contoso", "GET /v1/entities?kind=host&text=contoso"),
        ("entity|file:C:\\a b.exe", "GET /v1/entities/file%3AC%3A%5Ca%20b.exe"),
        ("entity|merge|host:a|host:b|--comment|same", r#"POST /v1/entities/merge {"a":"host:a","b":"host:b","comment":"same"}"#),
        ("entity|split|host:a|hostname=a", r#"POST /v1/entities/split {"entity":"host:a","key":"hostname=a"}"#),
        ("entity|undo|12", "POST /v1/decisions/12/undo {}"),
        ("explore|host:ws6|--all", "GET /v1/explorations?entity=host%3Aws6&counts=true"),
        ("explore|host:ws6|logons|--from|-1d|--limit|3", "GET /v1/explore?entity=host%3Aws6&query=logons&from=-1d&limit=3"),
        ("timeline|42|host:a,b|--kind|alert,status", "GET /v1/timeline?of=42&of=host%3Aa%5C%2Cb&kind=alert&kind=status"),
        ("neighbors|ip:1.1.1.1|--as-of|-7d", "GET /v1/neighbors?node=ip%3A1.1.1.1&as_of=-7d"),
        ("neighbors|ip:1.1.1.1|--direction|in|--hops|2", "GET /v1/neighbors?node=ip%3A1.1.1.1&direction=in&hops=2"),
        ("paths|a:1|b:2|--mode|time|-k|3", "GET /v1/paths?a=a%3A1&b=b%3A2&mode=time&k=3"),
        ("blast-radius|ip:1.1.1.1|--from|2021-04-28", "GET /v1/blast-radius?node=ip%3A1.1.1.1&from=2021-04-28"),
        ("similar|42", "GET /v1/incidents/42/similar"),
        ("paths|a:1|b:2|--as-of|-7d", "GET /v1/paths?a=a%3A1&b=b%3A2&as_of=-7d"),
        ("common|a:1|b:2|--as-of|-7d", "GET /v1/common?a=a%3A1&b=b%3A2&as_of=-7d"),
        ("component|a:1|--as-of|-7d", "GET /v1/component?node=a%3A1&as_of=-7d"),
        ("blast-radius|a:1|--as-of|-7d", "GET /v1/blast-radius?node=a%3A1&as_of=-7d"),
        ("rank|--as-of|-7d", "GET /v1/rank?as_of=-7d"),
        ("similar|42|--as-of|2024-01-01", "GET /v1/incidents/42/similar?as_of=2024-01-01"),
        ("explore|host:a|--as-of|-7d", "GET /v1/explorations?entity=host%3Aa&as_of=-7d"),
        ("explore|host:a|logons|--as-of|-7d", "GET /v1/explore?entity=host%3Aa&query=logons&as_of=-7d"),
        ("why|a:1|b:2", "GET /v1/why?a=a%3A1&b=b%3A2"),
        ("tables|SigninLogs", "GET /v1/tables/SigninLogs"),
        (
            r#"query|--lang|sql|select $n|--param|n=7|--param|t="7"|--param|u=x|--limit|2|--explain"#,
            r#"POST /v1/query {"text":"select $n","lang":"sql","parameters":{"n":7,"t":"7","u":"x"},"limit":2,"explain":true}"#,
        ),
        ("query|print 1", r#"POST /v1/query {"text":"print 1"}"#),
        ("correlate|--dry-run", r#"POST /v1/correlate {"dry_run":true}"#),
        ("stats|--json", "GET /v1/stats"),
    ];
    for (words, expected) in cases {
        assert_eq!(question(words).as_deref(), Ok(expected), "{words}");
    }
}

#[test]
fn wrong_usage_is_refused() {
    use ErrorKind::*;
    let cases = [
        ("serch", InvalidSubcommand),
        ("incident", MissingRequiredArgument),
        ("incidents|--limti|3", UnknownArgument),
        ("incidents|--limit|x", ValueValidation),
        ("incidents|--format|xml", InvalidValue),
        ("incidents|--json|--format|csv", ArgumentConflict),
        ("alert|a|--raw|--versions", ArgumentConflict),
        ("query|--batch|in.jsonl", MissingRequiredArgument),
        ("check", MissingRequiredArgument),
        ("fmt", MissingRequiredArgument),
        ("query|select 1|--param|x", ValueValidation),
        ("explore|host:a|--limit|3", MissingRequiredArgument),
        ("entity", DisplayHelpOnMissingArgumentOrSubcommand),
        ("timeline", MissingRequiredArgument),
        ("ingest", MissingRequiredArgument),
    ];
    for (words, expected) in cases {
        let words_given: Vec<&str> = std::iter::once("clew").chain(words.split('|')).collect();
        let parsed = Cli::try_parse_from(words_given).and_then(|cli| cli.global.check(&cli.command));
        let kind = parsed.err().map(|error| error.kind());
        // clap shows the help of a command without arguments where it has subcommands.
        let fits =
            kind == Some(expected) || (expected == DisplayHelpOnMissingArgumentOrSubcommand && kind == Some(MissingRequiredArgument));
        assert!(fits, "{words}: {kind:?}");
    }
}

#[test]
fn the_format_of_documents_is_no_way_of_printing() {
    let cli = Cli::try_parse_from(["clew", "ingest", "a.json", "--format", "guardduty", "--json", "--data", "d"]).expect("parses");
    assert!(cli.global.check(&cli.command).is_ok());
    assert_eq!((cli.global.format.as_deref(), cli.global.json, cli.global.dir()), (Some("guardduty"), true, PathBuf::from("d")));
}

#[test]
fn the_definition_of_arguments_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn ingests_and_asks_in_process() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let file = dir.path().join("a.jsonl");
    std::fs::write(&file, "{}\n").expect("the folder is writable");
    let run = |words: &[&str]| {
        let words = std::iter::once("clew").chain(words.iter().copied()).map(OsString::from);
        format!("{:?}", run(words))
    };
    let (data, file) = (data.to_string_lossy(), file.to_string_lossy());
    let code = |code: u8| format!("{:?}", ExitCode::from(code));
    assert_eq!(run(&["incidents", "--data", &data]), code(1), "no data yet");
    assert_eq!(run(&["ingest", &format!("{file}.none"), "--data", &data]), code(1), "no such file");
    assert!(!std::path::Path::new(&*data).exists());
    assert_eq!(run(&["ingest", &file, "--data", &data, "--json"]), code(0));
    assert_eq!(run(&["incidents", "--data", &data, "--json"]), code(0));
    assert_eq!(run(&["incidents", "--data", &data, "--format", "xml"]), code(2));
}

#[test]
fn all_pages_of_a_list_go_into_one_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("SecurityAlert.jsonl"));
    let alert = |n: u32| {
        let time = format!("2021-04-28T14:00:0{n}Z");
        format!(
            r#"{{"SystemAlertId":"a{n}","AlertName":"x","AlertSeverity":"Low","Type":"SecurityAlert","TimeGenerated":"{time}","StartTime":"{time}"}}"#
        ) + "\n"
    };
    std::fs::write(&file, (0..5).map(alert).collect::<String>()).expect("the folder is writable");
    let words = ["clew", "ingest", &file.to_string_lossy(), "--data", &data.to_string_lossy(), "--json"].map(OsString::from);
    assert_eq!(format!("{:?}", run(words)), format!("{:?}", ExitCode::SUCCESS));
    let client = client::Client::reading(&data).unwrap_or_else(|fault| panic!("{fault}"));
    let request = request::Request::get("/v1/alerts").with("sort", Some("-time"));
    for page in [1, 2, 5, 1_000] {
        let Ok(answer) = client.ask_all(&request, "value", page) else { panic!("no answer") };
        let ids: Vec<&str> = answer["value"].as_array().into_iter().flatten().filter_map(|alert| alert["id"].as_str()).collect();
        assert_eq!(ids, ["a0", "a1", "a2", "a3", "a4"], "by {page}");
        assert_eq!((answer["complete"].as_bool(), render::notice(&answer)), (Some(true), None), "by {page}");
    }
    assert!(!request.pages() && request.with("cursor", Some("c")).pages());
}
