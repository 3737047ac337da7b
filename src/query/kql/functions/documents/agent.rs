//! `parse_user_agent`: which browser, system and device a user agent names.
//!
//! Rules are looked through in order, the special before the general: most agents name what they are compatible with as well.

use std::sync::{Arc, LazyLock};

use ::regex::{Captures, Regex};
use arrow::array::ArrayRef;
use serde_json::{Map, Value};

use super::super::matching::listed;
use super::super::{Arguments, KernelError, regexes};

type Result<T = ArrayRef> = std::result::Result<T, KernelError>;

/// An expression, the family that it tells (`$1` is its first group), and from which group on the version stands.
type Rule = (&'static str, &'static str, usize);

const BROWSERS: &[Rule] = &[
    (
        r"(?i)(Googlebot|bingbot|YandexBot|AhrefsBot|SemrushBot|DuckDuckBot|Applebot|Slackbot|Twitterbot|LinkedInBot|DotBot|MJ12bot|PetalBot)(?:[/ -](\d+)(?:\.(\d+))?(?:\.(\d+))?)?",
        "$1",
        2,
    ),
    (
        r"(AdobeAIR|PaleMoon|Maxthon|Lynx|OmniWeb|Camino|Epiphany|Flock|Netscape|Konqueror|SeaMonkey|Iceweasel|Iron|K-Meleon|Sleipnir|Galeon|Opera Mini|iCab|Electron|HeadlessChrome|Vivaldi|Chromium|PhantomJS)/(\d+)(?:\.(\d+))?(?:\.(\d+))?",
        "$1",
        2,
    ),
    (r"Series60/(\d+)\.(\d+)", "Nokia OSS Browser", 1),
    (r"EdgA/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Edge Mobile", 1),
    (r"EdgiOS/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Edge Mobile", 1),
    (r"Edge?/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Edge", 1),
    (r"Mobile.*OPR/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Opera Mobile", 1),
    (r"OPR/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Opera", 1),
    (r"Opera/9\.80.*Version/(\d+)\.(\d+)", "Opera", 1),
    (r"Opera[/ ](\d+)\.(\d+)", "Opera", 1),
    (r"YaBrowser/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Yandex Browser", 1),
    (r"UCBrowser/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "UC Browser", 1),
    (r"SamsungBrowser/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Samsung Internet", 1),
    (r"CriOS/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Chrome Mobile iOS", 1),
    (r"FxiOS/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Firefox iOS", 1),
    (r"; wv\).*Chrome/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Chrome Mobile WebView", 1),
    (r"Chrome/(\d+)(?:\.(\d+))?(?:\.(\d+))?[\d.]* Mobile", "Chrome Mobile", 1),
    (r"Chrome/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Chrome", 1),
    (r"(?:Mobile|Tablet);.*Firefox/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Firefox Mobile", 1),
    (r"Thunderbird/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Thunderbird", 1),
    (r"Firefox/(\d+)(?:\.(\d+))?(?:\.(\d+))?", "Firefox", 1),
    (r"IEMobile[/ ](\d+)\.(\d+)", "IE Mobile", 1),
    (r"Trident/7\.0.*rv:(\d+)\.(\d+)", "IE", 1),
    (r"MSIE (\d+)\.(\d+)", "IE", 1),
    (r"(?:iPhone|iPad|iPod).*Version/(\d+)(?:\.(\d+))?(?:\.(\d+))?.*Safari/", "Mobile Safari", 1),
    (r"(?:iPhone|iPad|iPod); .*OS (\d+)_(\d+)(?:_(\d+))?", "Mobile Safari UI/WKWebView", 1),
    (r"Android (\d+)(?:\.(\d+))?(?:\.(\d+))?.*Version/.*Safari/", "Android", 1),
    (r"Version/(\d+)(?:\.(\d+))?(?:\.(\d+))?.*Safari/", "Safari", 1),
    (r"python-requests/(\d+)\.(\d+)(?:\.(\d+))?", "Python Requests", 1),
    (
        r"(?i)^(curl|Wget|okhttp|axios|PostmanRuntime|Python-urllib|Go-http-client|Apache-HttpClient|libwww-perl|Java)/(\d+)(?:\.(\d+))?(?:\.(\d+))?",
        "$1",
        2,
    ),
];

const SYSTEMS: &[Rule] = &[
    (r"SymbianOS/(\d+)\.(\d+)", "Symbian OS", 1),
    (r"Windows Phone(?: OS)?[ /](\d+)\.(\d+)", "Windows Phone", 1),
    (r"Android[ /-](\d+)(?:\.(\d+))?(?:\.(\d+))?", "Android", 1),
    (r"(?:iPhone|iPad|iPod).*OS (\d+)_(\d+)(?:_(\d+))?", "iOS", 1),
    (r"CrOS [a-z0-9_]+ (\d+)\.(\d+)(?:\.(\d+))?", "Chrome OS", 1),
    (r"Mac OS X (\d+)[_.](\d+)(?:[_.](\d+))?", "Mac OS X", 1),
    (r"Mac OS X|Macintosh", "Mac OS X", 1),
    (r"(Ubuntu|Fedora|Debian|Red Hat|CentOS|SUSE|Gentoo|Arch Linux|Mint)(?:[/ -](\d+)(?:\.(\d+))?(?:\.(\d+))?)?", "$1", 2),
    (r"(FreeBSD|OpenBSD|NetBSD|SunOS)(?:[/ ](\d+)(?:\.(\d+))?)?", "$1", 2),
    (r"Linux(?:[/ ](\d+)\.(\d+)(?:\.(\d+))?)?", "Linux", 1),
];

/// Versions of Windows by that of its kernel.
const WINDOWS: &[(&str, &str, &str)] = &[
    ("Windows NT 10.0", "10", ""),
    ("Windows NT 6.4", "10", ""),
    ("Windows NT 6.3", "8", "1"),
    ("Windows NT 6.2", "8", ""),
    ("Windows NT 6.1", "7", ""),
    ("Windows NT 6.0", "Vista", ""),
    ("Windows NT 5.2", "XP", ""),
    ("Windows NT 5.1", "XP", ""),
    ("Windows XP", "XP", ""),
    ("Windows NT 5.0", "2000", ""),
];

/// An expression, the brand, and what stands before the model in the family; the first group is the model.
const DEVICES: &[Rule] = &[
    (r"(?i)bot\b|spider|crawler", "Spider", 0),
    (r"\((iPhone|iPad|iPod)", "Apple", 0),
    (r"(Mac)intosh", "Apple", 0),
    (r"; (SM-[A-Z0-9]+|GT-[A-Z0-9]+)", "Samsung", 1),
    (r"; (Pixel[A-Za-z0-9 ]*?)(?: Build|\))", "Google", 0),
    (r"; (Nexus [0-9A-Z]+)", "Google", 0),
    (r"Nokia([A-Za-z0-9-]+)", "Nokia", 1),
    (r"; (Mi [A-Za-z0-9 ]+|Redmi [A-Za-z0-9 ]+?)(?: Build|\))", "XiaoMi", 1),
    (r"; ([^;)]+?) Build/", "Generic_Android", 0),
];

type Compiled = Vec<(Arc<Regex>, &'static Rule)>;

fn compiled(rules: &'static [Rule]) -> Compiled {
    rules.iter().map(|rule| (regexes::compiled(rule.0).expect("the expressions of the table are valid"), rule)).collect()
}

static BROWSER_RULES: LazyLock<Compiled> = LazyLock::new(|| compiled(BROWSERS));
static SYSTEM_RULES: LazyLock<Compiled> = LazyLock::new(|| compiled(SYSTEMS));
static DEVICE_RULES: LazyLock<Compiled> = LazyLock::new(|| compiled(DEVICES));

/// What is asked for.
#[derive(Clone, Copy)]
enum Part {
    Browser,
    System,
    Device,
}

pub(super) fn parse(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    let parts = |row: usize| if call.len() > 1 { wanted(call, row) } else { Ok(vec![Part::Browser, Part::System, Part::Device]) };
    let constant = if call.constant_from(1) { Some(parts(0)?) } else { None };
    let bags = (0..call.rows).map(|row| {
        let own = if constant.is_none() { parts(row)? } else { Vec::new() };
        Ok(bag(texts.value(row), constant.as_deref().unwrap_or(&own)))
    });
    let bags = bags.collect::<Result<Vec<_>>>()?;
    Ok(call.jsons(|row| Some(&bags[row])))
}

fn wanted(call: &Arguments, row: usize) -> Result<Vec<Part>> {
    let part = |name: &str| match name {
        "browser" => Ok(Part::Browser),
        "os" => Ok(Part::System),
        "device" => Ok(Part::Device),
        _ => Err(KernelError::new(format!("expected `browser`, `os` or `device` in parse_user_agent(), found `{name}`"))),
    };
    listed(call, 1, row).iter().map(|name| part(name)).collect()
}

fn bag(agent: &str, parts: &[Part]) -> String {
    let mut bag = Map::new();
    for part in parts {
        let (name, fields) = match part {
            Part::Browser => ("Browser", browser(agent)),
            Part::System => ("OperatingSystem", system(agent)),
            Part::Device => ("Device", device(agent)),
        };
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<Map<_, _>>();
        bag.insert(name.to_owned(), Value::Object(fields));
    }
    Value::Object(bag).to_string()
}

fn first<'a>(rules: &'static Compiled, agent: &'a str) -> Option<(&'static Rule, Captures<'a>)> {
    rules.iter().find_map(|(regex, rule)| Some((*rule, regex.captures(agent)?)))
}

fn group(captures: &Captures<'_>, group: usize) -> String {
    captures.get(group).map_or_else(String::new, |found| found.as_str().to_owned())
}

fn family(rule: &Rule, captures: &Captures<'_>) -> String {
    if rule.1 == "$1" { group(captures, 1) } else { rule.1.to_owned() }
}

type Fields = Vec<(&'static str, String)>;

fn versions(fields: &mut Fields, version: [String; 3]) {
    fields.extend(["MajorVersion", "MinorVersion", "Patch"].into_iter().zip(version));
}

fn browser(agent: &str) -> Fields {
    let (family, version) = match first(&BROWSER_RULES, agent) {
        Some((rule, captures)) => (family(rule, &captures), [0, 1, 2].map(|part| group(&captures, rule.2 + part))),
        None => ("Other".to_owned(), Default::default()),
    };
    let mut fields = vec![("Family", family)];
    versions(&mut fields, version);
    fields
}

fn system(agent: &str) -> Fields {
    let windows = WINDOWS.iter().find(|(name, ..)| agent.contains(name)).filter(|_| !agent.contains("Windows Phone"));
    let (family, version) = match windows {
        Some((_, major, minor)) => ("Windows".to_owned(), [(*major).to_owned(), (*minor).to_owned(), String::new()]),
        None => match first(&SYSTEM_RULES, agent) {
            Some((rule, captures)) => (family(rule, &captures), [0, 1, 2].map(|part| group(&captures, rule.2 + part))),
            None if agent.contains("Windows") => ("Windows".to_owned(), Default::default()),
            None => ("Other".to_owned(), Default::default()),
        },
    };
    let mut fields = vec![("Family", family)];
    versions(&mut fields, version);
    fields.push(("PatchMinor", String::new()));
    fields
}

fn device(agent: &str) -> Fields {
    let (family, brand, model) = match first(&DEVICE_RULES, agent) {
        Some((rule, _)) if rule.1 == "Spider" => ("Spider".to_owned(), "Spider", "Desktop".to_owned()),
        Some((rule, captures)) => {
            let model = group(&captures, 1);
            (if rule.2 == 1 { format!("{} {model}", rule.1) } else { model.clone() }, rule.1, model)
        }
        None => ("Other".to_owned(), "", String::new()),
    };
    vec![("Family", family), ("Brand", brand.to_owned()), ("Model", model)]
}
