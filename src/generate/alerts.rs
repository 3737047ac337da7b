//! Rows of `SecurityAlert`. Everything about an alert follows from the seed and its place, so that it can be written again.

use super::cases;
use super::entities::{Entities, Id};
use super::random::{Random, mix};
use super::tally::Tally;
use super::text::{Row, guid};
use super::words::{Detection, Scene, TITLE_OCTAVES, TITLES, title};
use super::world::{BEGIN, HUB, Pool, World};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const STORY: u64 = 1;
const FACTS: u64 = 2;
const CAST: u64 = 3;
const ALERT_ID: u64 = 4;

/// Most alerts that one story can number.
const NUMBERS: u64 = 1024;

/// What the alerts of one incident have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story {
    /// Place of the incident; those behind the drawn ones are injected cases.
    pub(super) index: u64,
    /// Number of alerts.
    pub(super) size: u64,
    /// Start of the first alert.
    pub(super) begin: i64,
    /// Time within which the others start.
    spread: i64,
    rank: u64,
    account: u64,
    host: u64,
    ip: u64,
}

impl Story {
    pub(super) fn new(world: &World, index: u64) -> Self {
        let mut random = Random::new(world.seed, STORY, index);
        let case = index.checked_sub(world.incidents);
        let (slot, size) = match case {
            Some(case) => ((case * 2 + 1) * world.incidents / (world.cases * 2), cases::STAGES.len() as u64),
            None => {
                let draw = (random.next() >> 32) as u32;
                (index, 1 + world.size_steps.partition_point(|step| *step < draw) as u64)
            }
        };
        let begin = BEGIN + slot as i64 * world.step + random.below(world.step as u64) as i64;
        let spread = match random.below(100) {
            0..50 => 5 * MINUTE,
            50..75 => 47 * HOUR,
            75..90 => 8 * DAY + 12 * HOUR,
            _ => 17 * DAY,
        };
        let rank = draw_rank(&mut random);
        let account = random.skewed(world.size(Pool::Account), 5);
        let host = random.skewed(world.size(Pool::Host), 5);
        let ip = random.skewed(world.size(Pool::Ip), 5);
        Self { index, size, begin, spread, rank, account, host, ip }
    }

    /// The case that the story tells, if it is an injected one.
    pub(super) fn case(&self, world: &World) -> Option<u64> {
        self.index.checked_sub(world.incidents)
    }
}

fn draw_rank(random: &mut Random) -> u64 {
    let octave = random.weighted(&TITLE_OCTAVES);
    (1 << octave) - 1 + random.below(1 << octave)
}

/// What comes after the first delivery of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing.
    No,
    /// The same bytes, so much later.
    Same(i64),
    /// A new version, so much later.
    Update(i64),
}

/// What an alert says besides its entities.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) number: u64,
    pub(super) detection: &'static Detection,
    words: Option<(&'static str, &'static str)>,
    /// Rank of the title; titles of cases stand behind the drawn ones.
    pub(super) rank: u64,
    pub(super) start: i64,
    pub(super) end: i64,
    /// When the alert was made.
    pub(super) generated: i64,
    /// When it arrives.
    pub(super) due: i64,
    pub(super) status: &'static str,
    pub(super) again: Again,
}

impl Facts {
    pub(super) fn new(world: &World, story: &Story, place: u64) -> Self {
        let number = story.index * NUMBERS + place;
        let mut random = Random::new(world.seed, FACTS, number);
        let case = story.case(world).map(|_| place as usize);
        let rank = if place == 0 || random.chance(600) { story.rank } else { draw_rank(&mut random) };
        let (rank, (detection, words)) = match case {
            Some(stage) => (TITLES + stage as u64, (&cases::STAGES[stage], None)),
            None => (rank, title(rank)),
        };
        let start = match case {
            Some(stage) => story.begin + cases::stage_delay(stage) + random.below(10 * MINUTE as u64) as i64,
            None if place == 0 => story.begin,
            None => story.begin + random.below(story.spread as u64) as i64,
        };
        let end = if random.chance(200) { start } else { start + random.below(10 * MINUTE as u64) as i64 };
        let late = if random.chance(10) { random.below(6 * HOUR as u64) as i64 } else { 0 };
        let generated = end + MINUTE + random.below(14 * MINUTE as u64) as i64 + late;
        let due = generated + if random.chance(10) { random.below(6 * HOUR as u64) as i64 } else { 0 };
        let status = ["New", "InProgress", "Resolved"][random.weighted(&[85, 5, 10])];
        let delay = HOUR + random.below(23 * HOUR as u64) as i64;
        let again = match random.below(1000) {
            0..15 => Again::Same(delay),
            15..20 => Again::Update(delay),
            _ => Again::No,
        };
        Self { number, detection, words, rank, start, end, generated, due, status, again }
    }

    pub(super) fn id(&self, world: &World) -> String {
        alert_id(world, self.number)
    }

    pub(super) fn title(&self) -> String {
        match self.words {
            Some((area, limit)) => format!("{} - {area}, {limit}", self.detection.title),
            None => self.detection.title.to_owned(),
        }
    }
}

fn alert_id(world: &World, number: u64) -> String {
    guid(mix(world.seed ^ mix(number ^ (ALERT_ID << 60))), number)
}

/// Ids of the first `count` alerts of a story whose alert was made by `until`.
pub(super) fn alert_ids(world: &World, story: &Story, until: i64) -> Vec<(Facts, String)> {
    let facts = (0..story.size).map(|place| Facts::new(world, story, place));
    facts.filter(|facts| facts.generated <= until).map(|facts| (facts, facts.id(world))).collect()
}

/// Writes alerts; holds the buffers.
#[derive(Debug, Default)]
pub(super) struct AlertWriter {
    row: Row,
    entities: Vec<u8>,
    extended: Vec<u8>,
}

impl AlertWriter {
    /// The row of an alert, first version or update, ended by a line feed; counted where a tally is given.
    pub(super) fn row(&mut self, world: &World, story: &Story, place: u64, update: bool, tally: Option<&mut Tally>) -> &[u8] {
        let facts = Facts::new(world, story, place);
        let random = Random::new(world.seed, CAST, facts.number);
        let mut list = Entities::open(world, random, facts.number, tally, &mut self.entities);
        match story.case(world) {
            Some(case) => cases::cast(world, case, place as usize, &facts, &mut list),
            None => cast(world, story, &facts, &mut list),
        }
        let count = list.close();
        self.extend(&facts, count);
        let (generated, status) = match facts.again {
            Again::Update(delay) if update => (facts.generated + delay, "Resolved"),
            _ => (facts.generated, facts.status),
        };
        self.write(world, &facts, generated, status);
        self.row.close()
    }

    fn extend(&mut self, facts: &Facts, count: u32) {
        let out = &mut self.extended;
        out.clear();
        let text = format!(
            "{{\"Query Period\":\"05:00:00\",\"Trigger Operator\":\"GreaterThan\",\"Trigger Threshold\":\"0\",\"Alert Mode\":\"Aggregated\",\
             \"Total Entities\":\"{count}\",\"Search Query Results Overall Count\":\"{}\",\"Event Grouping\":\"SingleAlert\",\
             \"ProcessedBySentinel\":\"True\",\"Analytic Rule Name\":\"{}\",\"Correlation Id\":\"{:016x}\"}}",
            1 + facts.number % 40,
            facts.detection.title,
            mix(facts.number),
        );
        out.extend_from_slice(text.as_bytes());
    }

    fn write(&mut self, world: &World, facts: &Facts, generated: i64, status: &str) {
        let (detection, id, title) = (facts.detection, facts.id(world), facts.title());
        let row = &mut self.row;
        row.open();
        row.plain("TenantId", "8ecf8077-cf51-4820-aadd-14040956f35d");
        row.time("TimeGenerated", generated);
        row.plain("DisplayName", &title);
        row.plain("AlertName", &title);
        row.plain("AlertSeverity", detection.severity);
        row.form(
            "Description",
            format_args!("{}. The activity differs from what was seen in the last 30 days and matches behaviour of known attacks.", title),
        );
        row.plain("ProviderName", detection.source.provider);
        row.plain("VendorName", detection.source.vendor);
        row.plain("VendorOriginalId", &format!("{:016x}", mix(facts.number ^ world.seed)));
        row.plain("SystemAlertId", &id);
        row.plain("ResourceId", "");
        row.plain("SourceComputerId", "");
        row.form("AlertType", format_args!("{}_{:08x}", detection.source.provider.replace(' ', ""), mix(facts.rank) >> 32));
        row.plain("ConfidenceLevel", if facts.number.is_multiple_of(3) { "High" } else { "Unknown" });
        row.json("ConfidenceScore", "null");
        row.json("IsIncident", "false");
        row.time("StartTime", facts.start);
        row.time("EndTime", facts.end);
        row.time("ProcessingEndTime", generated);
        row.plain(
            "RemediationSteps",
            "[\\\"Ask the owner whether the activity was expected.\\\",\\\"Reset the credentials that were used.\\\"]",
        );
        row.text("ExtendedProperties", &self.extended);
        row.text("Entities", &self.entities);
        row.plain("SourceSystem", "Detection");
        row.plain("WorkspaceSubscriptionId", "d1d8779d-38d7-4f06-91db-9cbc8de0176f");
        row.plain("WorkspaceResourceGroup", "soc");
        row.plain("ExtendedLinks", "");
        row.plain("ProductName", detection.source.product);
        row.plain("ProductComponentName", "");
        row.form("AlertLink", format_args!("https://portal.example/alerts/{id}"));
        row.plain("Status", status);
        row.plain("CompromisedEntity", "");
        row.plain("Tactics", detection.tactics);
        row.plain("Techniques", detection.techniques);
        row.plain("SubTechniques", "");
        row.plain("Type", "SecurityAlert");
    }
}

/// The entities of an ordinary alert: what its scene shows, mostly the things of its story, sometimes a hub.
fn cast(world: &World, story: &Story, facts: &Facts, list: &mut Entities<'_>) {
    let draw = |list: &mut Entities<'_>, pool: Pool, own: u64, hub_per_mille: u64| {
        let random = list.random();
        if random.chance(hub_per_mille) {
            HUB
        } else if random.chance(700) {
            own.max(HUB + 1)
        } else {
            random.skewed(world.size(pool), 5).max(HUB + 1)
        }
    };
    let account = draw(list, Pool::Account, story.account, 30);
    let host = draw(list, Pool::Host, story.host, 20);
    let ip = draw(list, Pool::Ip, story.ip, 50);
    match facts.detection.scene {
        Scene::Endpoint => endpoint(world, facts, (account, host, ip), list),
        Scene::Identity => {
            let account = list.thing(Pool::Account, account);
            list.thing(Pool::Ip, ip);
            maybe(world, list, 600, Pool::CloudApplication);
            if list.random().chance(400) {
                list.cloud_session(account, facts.start);
            }
            maybe(world, list, 400, Pool::Ip);
            if list.random().chance(300) {
                list.thing(Pool::Host, host);
            }
            maybe(world, list, 50, Pool::OauthApplication);
            maybe(world, list, 50, Pool::SecurityGroup);
        }
        Scene::Mail => {
            let sender = list.random().skewed(world.size(Pool::Dns), 3);
            list.mail(account, sender, facts.start);
            list.thing(Pool::Mailbox, account);
            list.thing(Pool::Ip, ip);
            maybe(world, list, 700, Pool::Url);
            maybe(world, list, 300, Pool::File);
            maybe(world, list, 150, Pool::MailCluster);
            if list.random().chance(400) {
                list.thing(Pool::Account, account);
            }
        }
        Scene::Network => {
            list.thing(Pool::Host, host);
            list.thing(Pool::Ip, ip);
            maybe(world, list, 600, Pool::Dns);
            maybe(world, list, 500, Pool::Ip);
            maybe(world, list, 200, Pool::Url);
            if list.random().chance(200) {
                list.thing(Pool::Account, account);
            }
        }
        Scene::Cloud => {
            maybe(world, list, 1000, Pool::AzureResource);
            list.thing(Pool::Account, account);
            list.thing(Pool::Ip, ip);
            if list.random().chance(300) {
                list.thing(Pool::Host, host);
            }
        }
    }
    while list.len() < 3 {
        maybe(world, list, 1000, Pool::Ip);
    }
}

/// A process of the file on the host, often with its parent, sometimes with what it touched.
fn endpoint(world: &World, facts: &Facts, (account, host, ip): (u64, u64, u64), list: &mut Entities<'_>) {
    let host = list.thing(Pool::Host, host);
    let account: Id = list.thing(Pool::Account, account);
    let file = list.random().skewed(world.size(Pool::File), 3);
    let parent = list.random().chance(300).then(|| {
        let file = file / 2;
        list.process(file, host, None, None, facts.start)
    });
    list.process(file, host, Some(account), parent, facts.start);
    if (list.random().chance(250) || ip == HUB) && list.len() < 8 {
        list.thing(Pool::Ip, ip);
    }
    if list.random().chance(80) && list.len() < 7 {
        maybe(world, list, 1000, Pool::RegistryValue);
    }
    if list.random().chance(100) && list.len() < 8 {
        maybe(world, list, 1000, Pool::Malware);
    }
    if list.random().chance(150) && list.len() < 8 {
        list.logon_session(host, account, facts.start);
    }
}

/// Writes a drawn thing of a pool in some of the alerts, as long as the list is short.
fn maybe(world: &World, list: &mut Entities<'_>, per_mille: u64, pool: Pool) {
    if list.random().chance(per_mille) && list.len() < 7 {
        let place = list.random().skewed(world.size(pool), if pool == Pool::Ip { 5 } else { 1 }).max(u64::from(pool == Pool::Ip));
        list.thing(pool, place);
    }
}
