//! Rows of raw events: sign-ins, Windows security events and network connections of the same accounts, hosts and addresses.

use std::io;

use super::Outputs;
use super::alerts::Story;
use super::cases::{self, Cast};
use super::random::{Random, mix};
use super::tally::{Tally, Truth};
use super::text::{Row, guid};
use super::words::{APPLICATIONS, COUNTRIES};
use super::world::{self, BEGIN, HUB, Pool, SPAN, World};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const EVENT: u64 = 7;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Sign-in of an account from an address, with its result.
    Signin(&'static str),
    /// Start of a process by an account on a host.
    Process,
    /// Logon of an account to a host from an address.
    Logon,
    /// Connection of a host to an address.
    Connection,
}

/// One event before it is written.
#[derive(Clone, Copy, Debug)]
struct Event {
    time: i64,
    what: What,
    account: u64,
    host: u64,
    ip: u64,
    bits: u64,
    number: u64,
}

/// Results of sign-ins with their texts; the first is success.
static RESULTS: [(&str, &str); 5] = [
    ("0", ""),
    ("50126", "Invalid username or password or Invalid on-premise username or password."),
    ("50057", "User account is disabled."),
    ("50053", "Account is locked."),
    ("50076", "MFA is required."),
];

/// Writes all events in the order of their arrival, those of the cases among them.
pub(super) fn write(world: &World, events: u64, outputs: &mut Outputs<'_>, tally: &mut Tally, truth: &mut Truth) -> io::Result<()> {
    if events == 0 {
        return Ok(());
    }
    let mut planted = case_events(world, events, truth);
    planted.sort_by_key(|event| (event.time, event.number));
    let mut planted = planted.into_iter().peekable();
    let step = (SPAN / (events.min(SPAN as u64) as i64)).max(1);
    let mut row = Row::default();
    for number in 0..events {
        let now = BEGIN + (i128::from(number) * i128::from(SPAN) / i128::from(events)) as i64;
        while let Some(event) = planted.next_if(|event| event.time < now) {
            write_event(world, &event, &mut row, outputs, tally, truth)?;
        }
        write_event(world, &background(world, number, now, step), &mut row, outputs, tally, truth)?;
    }
    planted.try_for_each(|event| write_event(world, &event, &mut row, outputs, tally, truth))
}

/// An ordinary event; one in a hundred arrives up to six hours late.
fn background(world: &World, number: u64, now: i64, step: i64) -> Event {
    let mut random = Random::new(world.seed, EVENT, number);
    let late = if random.chance(10) { random.below(6 * HOUR as u64) as i64 } else { 0 };
    let time = now + random.below(step as u64) as i64 - late;
    let what = match random.below(100) {
        0..30 => What::Signin(RESULTS[random.weighted(&[900, 70, 5, 10, 15])].0),
        30..65 => What::Process,
        65..80 => What::Logon,
        _ => What::Connection,
    };
    // Nine in ten events concern the busy part of the world, so that most entities of alerts have events as well.
    let account = if random.chance(40) { HUB } else { random.skewed(world.size(Pool::Account), 5) };
    let host = if random.chance(20) { HUB } else { random.skewed(world.size(Pool::Host), 5) };
    let ip = if random.chance(100) { HUB } else { random.skewed(world.size(Pool::Ip), 5) };
    Event { time, what, account, host, ip, bits: random.next(), number }
}

/// The events of the cases, which their alerts stand on.
fn case_events(world: &World, events: u64, truth: &mut Truth) -> Vec<Event> {
    let mut list = Vec::new();
    let mut number = events;
    for case in 0..world.cases {
        let (cast, story) = (Cast::new(world, case), Story::new(world, world.incidents + case));
        let mut random = Random::new(world.seed, EVENT, u64::MAX - case);
        let begin = list.len();
        let failed = random.between(3, 12);
        let mut add = |delay: i64, what, host: u64, ip: u64| {
            let time = story.begin + delay;
            list.push(Event { time, what, account: cast.account, host, ip, bits: random.next(), number });
            number += 1;
        };
        let [first, second] = cast.hosts;
        for attempt in 0..failed {
            add(attempt as i64 * 7 * SECOND - 5 * MINUTE, What::Signin("50126"), first, cast.attacker);
        }
        add(0, What::Signin("0"), first, cast.attacker);
        for stage in 1..=2 {
            add(cases::stage_delay(stage), What::Process, first, cast.internal);
        }
        add(cases::stage_delay(3), What::Logon, second, cast.internal);
        add(cases::stage_delay(3) + SECOND, What::Process, second, cast.internal);
        add(cases::stage_delay(4), What::Connection, second, cast.target);
        if let Some(answer) = truth.cases.get_mut(case as usize) {
            (answer.failed_signins, answer.events) = (failed, (list.len() - begin) as u64);
        }
    }
    list
}

fn write_event(
    world: &World,
    event: &Event,
    row: &mut Row,
    outputs: &mut Outputs<'_>,
    tally: &mut Tally,
    truth: &mut Truth,
) -> io::Result<()> {
    row.open();
    row.plain("TenantId", "8ecf8077-cf51-4820-aadd-14040956f35d");
    row.time("TimeGenerated", event.time);
    let (table, out) = match event.what {
        What::Signin(result) => {
            signin(world, event, result, row);
            tally.event(Pool::Account, event.account);
            tally.event(Pool::Ip, event.ip);
            truth.failed_signins += u64::from(result != "0");
            ("SigninLogs", &mut outputs.signins)
        }
        What::Process => {
            process(world, event, row);
            tally.event(Pool::Account, event.account);
            tally.event(Pool::Host, event.host);
            *truth.security_events.entry("4688".to_owned()).or_default() += 1;
            ("SecurityEvent", &mut outputs.security_events)
        }
        What::Logon => {
            logon(event, row);
            tally.event(Pool::Account, event.account);
            tally.event(Pool::Host, event.host);
            tally.event(Pool::Ip, event.ip);
            *truth.security_events.entry("4624".to_owned()).or_default() += 1;
            ("SecurityEvent", &mut outputs.security_events)
        }
        What::Connection => {
            connection(world, event, row);
            tally.event(Pool::Account, event.account);
            tally.event(Pool::Host, event.host);
            tally.event(Pool::Ip, event.ip);
            ("DeviceNetworkEvents", &mut outputs.network)
        }
    };
    *truth.events.entry(table.to_owned()).or_default() += 1;
    row.plain("Type", table);
    out.write_all(row.close())
}

fn signin(world: &World, event: &Event, result: &str, row: &mut Row) {
    let upn = world::upn(event.account);
    let (code, country, city) = COUNTRIES[(world.bits(Pool::Ip, event.ip) % 10) as usize];
    let (_, app) = APPLICATIONS[(event.bits % 12) as usize];
    let description = RESULTS.iter().find(|(code, _)| *code == result).map_or("", |(_, text)| text);
    row.plain("Category", "SignInLogs");
    row.plain("OperationName", "Sign-in activity");
    row.time("CreatedDateTime", event.time);
    row.plain("Id", &guid(event.bits, event.number));
    row.plain("CorrelationId", &guid(mix(event.bits), event.number));
    // One sign-in in twenty writes the name in capitals.
    row.plain("UserPrincipalName", &if (event.bits >> 8).is_multiple_of(20) { upn.to_ascii_uppercase() } else { upn });
    row.plain("UserId", &world.thing_guid(Pool::Account, event.account));
    row.plain("UserDisplayName", &world::account_name(event.account).replace('.', " "));
    row.plain("UserType", "Member");
    row.plain("IPAddress", &world::address(event.ip));
    row.plain("Location", code);
    row.json("LocationDetails", format_args!(r#"{{"city":"{city}","state":"","countryOrRegion":"{country}","geoCoordinates":{{}}}}"#));
    row.json("DeviceDetail", r#"{"deviceId":"","operatingSystem":"Windows 11","browser":"Edge 126.0"}"#);
    row.plain("AppDisplayName", app);
    row.plain("ClientAppUsed", "Browser");
    row.plain("UserAgent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0");
    row.plain("ResultType", result);
    row.plain("ResultDescription", description);
    row.json("Status", format_args!(r#"{{"errorCode":{result}}}"#));
    row.plain("ConditionalAccessStatus", if result == "0" { "success" } else { "notApplied" });
    row.plain("RiskLevelDuringSignIn", "none");
    row.plain("SourceSystem", "Azure AD");
}

fn process(world: &World, event: &Event, row: &mut Row) {
    let (domain, _) = world::domain(event.account);
    let name = world::account_name(event.account);
    let file = event.bits % world.size(Pool::File).max(1);
    let image = format!("{}\\{}", world::file_directory(file), world::file_name(file));
    row.plain("Computer", &world::host_fqdn(event.host));
    row.plain("Channel", "Security");
    row.plain("EventSourceName", "Microsoft-Windows-Security-Auditing");
    row.json("EventID", 4688);
    row.plain("Activity", "4688 - A new process has been created.");
    row.text("Account", format!("{domain}\\{name}").as_bytes());
    row.plain("AccountType", "User");
    row.plain("SubjectUserName", &name);
    row.plain("SubjectDomainName", domain);
    row.plain("SubjectUserSid", &world::sid(event.account));
    row.form("SubjectLogonId", format_args!("0x{:x}", 0x10_0000 + (event.bits >> 40)));
    row.form("NewProcessId", format_args!("0x{:x}", 0x400 + 4 * (event.number % 0x4000)));
    row.text("NewProcessName", image.as_bytes());
    row.plain("Process", &world::file_name(file));
    row.form("ProcessId", format_args!("0x{:x}", 0x400 + 4 * (event.bits >> 52)));
    row.text("ParentProcessName", br"C:\Windows\System32\services.exe");
    row.text("CommandLine", format!("\"{image}\" /run {:x}", event.bits >> 32).as_bytes());
    row.plain("TokenElevationType", "%%1936");
    row.plain("SourceSystem", "OpsManager");
}

fn logon(event: &Event, row: &mut Row) {
    let (domain, _) = world::domain(event.account);
    let name = world::account_name(event.account);
    row.plain("Computer", &world::host_fqdn(event.host));
    row.plain("Channel", "Security");
    row.plain("EventSourceName", "Microsoft-Windows-Security-Auditing");
    row.json("EventID", 4624);
    row.plain("Activity", "4624 - An account was successfully logged on.");
    row.text("Account", format!("{domain}\\{name}").as_bytes());
    row.plain("AccountType", "User");
    row.text("TargetAccount", format!("{domain}\\{name}").as_bytes());
    row.plain("TargetUserName", &name);
    row.plain("TargetDomainName", domain);
    row.plain("TargetUserSid", &world::sid(event.account));
    row.form("TargetLogonId", format_args!("0x{:x}", 0x10_0000 + (event.bits >> 40)));
    row.json("LogonType", if event.bits.is_multiple_of(4) { 10 } else { 3 });
    row.plain("LogonProcessName", "Kerberos");
    row.plain("AuthenticationPackageName", "Kerberos");
    row.plain("IpAddress", &world::address(event.ip));
    row.form("IpPort", format_args!("{}", 49_152 + event.bits % 16_384));
    row.plain("SourceSystem", "OpsManager");
}

fn connection(world: &World, event: &Event, row: &mut Row) {
    let (domain, suffix) = world::domain(event.account);
    let name = world::account_name(event.account);
    let file = event.bits % world.size(Pool::File).max(1);
    row.plain("DeviceId", &format!("{:016x}{:016x}{:08x}", world.bits(Pool::Host, event.host), mix(event.host), event.host));
    row.plain("DeviceName", &world::host_fqdn(event.host));
    row.plain("ActionType", if event.bits.is_multiple_of(10) { "ConnectionFailed" } else { "ConnectionSuccess" });
    row.json("LocalPort", 49_152 + event.bits % 16_384);
    row.plain("Protocol", "Tcp");
    row.plain("RemoteIP", &world::address(event.ip));
    row.plain("RemoteIPType", if world::address_sort(event.ip) == world::Address::Private { "Private" } else { "Public" });
    row.json("RemotePort", [443, 443, 443, 80, 22, 3389, 8080, 445][(event.bits >> 20) as usize % 8]);
    row.plain("InitiatingProcessFileName", &world::file_name(file));
    row.text("InitiatingProcessFolderPath", format!("{}\\{}", world::file_directory(file), world::file_name(file)).as_bytes());
    row.text("InitiatingProcessCommandLine", format!("\"{}\" /run {:x}", world::file_name(file), event.bits >> 32).as_bytes());
    row.json("InitiatingProcessId", 1024 + 4 * (event.number % 16_384));
    row.time("InitiatingProcessCreationTime", event.time - 90 * SECOND);
    row.plain("InitiatingProcessAccountDomain", &domain.to_ascii_lowercase());
    row.plain("InitiatingProcessAccountName", &name);
    row.plain("InitiatingProcessAccountSid", &world::sid(event.account));
    row.form("InitiatingProcessAccountUpn", format_args!("{name}@{suffix}"));
    row.json("ReportId", event.number);
    row.plain("SourceSystem", "");
}
