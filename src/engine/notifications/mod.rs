//! Notifications at work: what a person is told, told anew at each question from an index of the latest news; what each has read.
//!
//! What failed beside the journal (an export that cannot deliver, an ingest that broke off) is told from where it is kept.

mod index;
mod marks;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{Define, Engine, files};
use crate::access::Identity;
use crate::model::{Fault, FaultClass, Seq, Severity, Time};
use crate::query::cursor::Seal;
use crate::query::reference::{limit, of_id, word};
use crate::records::NewsClass;
use crate::triage::definition::Definition;
use crate::triage::export::Export;
use crate::triage::incident::Actor;
use crate::triage::notification::{KIND, Kind, NotificationDefaults, NotificationSettings, Recipient, Told, WORKSPACE, Wanted, chosen};
use index::Index;
use marks::Marks;

/// Notifications of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 50;
/// Notifications of a page at the most.
const LIMIT_MAX: u32 = 500;
/// Notifications that one request marks by their ids.
const IDS_MAX: usize = 10_000;
/// Reports of ingests that are looked at for those that broke off.
const INGESTS_MAX: u32 = 100;

/// Which notifications.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationFilter {
    /// Only those that are not read.
    pub unread: bool,
    /// Any of: `mentioned`, `assigned`, `changed`, `incident`, `alert`, `rule`, `failed`; all if none is named.
    pub kind: Vec<String>,
    /// Notifications of the page (default 50).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// Something that a person is told.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Notification {
    /// Identifies it.
    pub id: String,
    /// Why it is told.
    pub kind: Kind,
    /// When clew took in what it tells of.
    #[schema(value_type = String)]
    pub time: Time,
    /// Whether it was marked as read, or was told to everybody before this person asked first.
    pub read: bool,
    /// Who did it; nobody if it came from a source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What it is about: `incident:ID`, `alert:ID`, `run:ID` of an automation, `export:ID`, `ingest:ID`.
    pub target: String,
    /// Number of an incident that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Title of the incident or alert, name of the rule, the export or what was to be taken in.
    pub title: String,
    /// Severity of the incident or alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What happened, in one line.
    pub text: String,
    /// Where the page shows it.
    pub page: String,
}

/// A page of notifications.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NotificationPage {
    /// The notifications, newest first.
    pub value: Vec<Notification>,
    /// Unread ones of all that are kept, whatever the request leaves out.
    pub unread: u64,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The instant from which on all are there; not given if none was let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub since: Option<Time>,
    /// Cursor of `/v1/changes` behind which there may be more.
    pub seq: u64,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationsRead {
    /// Id of one that was read with all older ones.
    pub through: Option<String>,
    /// Ids of single ones.
    pub ids: Vec<String>,
    /// All that there are.
    pub all: bool,
}

/// How many are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unread {
    /// Unread ones of all that are kept.
    pub unread: u64,
}

/// What somebody is told, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NotificationChoice {
    /// What the person chose.
    pub chosen: NotificationSettings,
    /// The kinds that are told.
    pub kinds: Vec<Kind>,
    /// The lowest severity of new incidents and alerts that are told.
    pub severity: String,
    /// All names that mean the person, in lower case: those that they sign in under, those that they chose.
    pub you: Vec<String>,
}

/// Where a notification stands among all: by time, then by document, then by the rest of its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(Time, u64, String);

impl Place {
    fn write(&self) -> String {
        format!("{}.{}.{}", self.0.micros(), self.1, self.2)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let time = Time::from_micros(parts.next()?.parse().ok()?);
        Some(Self(time, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
    }
}

/// Notifications of an engine.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    index: Index,
    /// Read when it is first needed.
    marks: Mutex<Option<Marks>>,
}

/// Somebody who asks.
struct Person {
    recipient: Recipient,
    own: NotificationSettings,
    wanted: Wanted,
}

/// All that somebody is told, newest first.
struct All {
    value: Vec<(Place, Notification)>,
    since: Option<Time>,
    seq: Seq,
}

impl Engine {
    fn notifications_file(&self) -> PathBuf {
        self.dir.join("services").join("notifications.json")
    }

    fn marks<T>(&self, work: impl FnOnce(&mut Marks) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut marks = self.notifications.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.is_none() {
            *marks = Some(files::read(&self.notifications_file())?.unwrap_or_default());
        }
        work(marks.as_mut().expect("the marks were read above"))
    }

    fn person(&self, identity: &Identity, name: &str) -> Result<Person, Fault> {
        let snapshot = self.context().snapshot;
        let id = Recipient::id_of(identity, name);
        let own: NotificationSettings = chosen(snapshot.resource(KIND, &id)?.as_ref());
        let workspace = chosen(snapshot.resource(KIND, WORKSPACE)?.as_ref());
        Ok(Person { recipient: Recipient::new(identity, name, &own), wanted: Wanted::of(&own, &workspace), own })
    }

    /// A page of what somebody is told, who changes things under `name`.
    pub fn notifications(&self, filter: &NotificationFilter, identity: &Identity, name: &str) -> Result<NotificationPage, Fault> {
        let limit = limit(filter.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let known = |text: &str| Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
        let kinds = filter.kind.iter().map(|text| word("kind", text, known, &Kind::ALL.map(Kind::as_str)));
        let kinds: Vec<Kind> = kinds.collect::<Result<_, _>>()?;
        let person = self.person(identity, name)?;
        let seal = Seal::new(self.mark, "notifications", &(&person.recipient.id, filter.unread, &kinds));
        let behind = seal.place(filter.cursor.as_deref(), Place::read)?;
        let All { value, since, seq } = self.all(&person)?;
        let unread = value.iter().filter(|(_, notification)| !notification.read).count() as u64;
        let asked =
            |notification: &Notification| (kinds.is_empty() || kinds.contains(&notification.kind)) && !(filter.unread && notification.read);
        let rest = value.into_iter().filter(|(place, one)| asked(one) && behind.as_ref().is_none_or(|behind| place < behind));
        let mut page: Vec<(Place, Notification)> = rest.take(limit + 1).collect();
        let complete = page.len() <= limit;
        page.truncate(limit);
        let cursor = page.last().filter(|_| !complete).map(|(place, _)| seal.close(&place.write()));
        Ok(NotificationPage { value: page.into_iter().map(|(_, one)| one).collect(), unread, complete, cursor, since, seq: seq.0 })
    }

    /// Marks as read what somebody says; gives how many are left.
    pub fn read_notifications(&self, request: &NotificationsRead, identity: &Identity, name: &str) -> Result<Unread, Fault> {
        if request.ids.len() > IDS_MAX {
            let message = format!("expected at most {IDS_MAX} `ids` (`ids_max`), found {}", request.ids.len());
            return Err(Fault::new(FaultClass::Limit, "notification_ids_max", message).with_hint("mark the latest with `through`"));
        }
        let named = request.ids.iter().chain(&request.through);
        if let Some(id) = named.into_iter().find(|id| !is_id(id)) {
            let message = format!("expected the id of a notification, found `{id}`");
            return Err(Fault::new(FaultClass::Invalid, "notification_invalid", message).with_hint("`GET /v1/notifications` gives them"));
        }
        let person = self.person(identity, name)?;
        let all = self.all(&person)?.value;
        let kept: BTreeMap<String, Place> = all.iter().map(|(place, one)| (one.id.clone(), place.clone())).collect();
        let through = match &request.through {
            _ if request.all => all.first().map(|(place, _)| place.clone()),
            None => None,
            Some(id) => match kept.get(id) {
                Some(place) => Some(place.clone()),
                None => self.place_of(id)?,
            },
        };
        let read = self.marks(|marks| {
            marks.mark(&person.recipient.id, through, &request.ids, &kept, Time::now());
            files::write(&self.notifications_file(), marks)?;
            Ok(marks.of(&person.recipient.id))
        })?;
        Ok(Unread { unread: all.iter().filter(|(place, one)| !read.has(place, &one.id, one.kind)).count() as u64 })
    }

    /// Where a notification stood that is not told any more.
    fn place_of(&self, id: &str) -> Result<Option<Place>, Fault> {
        let Some((seq, tail)) = id.split_once('.') else { return Ok(None) };
        let Ok(seq) = seq.parse().map(Seq) else { return Ok(None) };
        let document = self.journal.document(seq)?;
        Ok(document.map(|document| Place(document.received, seq.0, tail.to_owned())))
    }

    /// What somebody chose, and what they are told by it.
    pub fn notification_choice(&self, identity: &Identity, name: &str) -> Result<NotificationChoice, Fault> {
        let Person { recipient, own, wanted } = self.person(identity, name)?;
        let severity = wanted.severity.as_str().to_owned();
        Ok(NotificationChoice { chosen: own, kinds: wanted.kinds, severity, you: recipient.names })
    }

    /// Keeps what somebody chose.
    pub fn choose_notifications(
        &self,
        choice: &NotificationSettings,
        identity: &Identity,
        actor: &Actor,
    ) -> Result<NotificationChoice, Fault> {
        choice.check()?;
        self.define(Define::put(KIND, &Recipient::id_of(identity, &actor.name), json!(choice)), actor)?;
        self.notification_choice(identity, &actor.name)
    }

    /// What everybody is told who chose nothing.
    pub fn notification_defaults(&self) -> Result<NotificationDefaults, Fault> {
        Ok(chosen(self.context().snapshot.resource(KIND, WORKSPACE)?.as_ref()))
    }

    /// Sets what everybody is told who chose nothing.
    pub fn set_notification_defaults(&self, defaults: &NotificationDefaults, actor: &Actor) -> Result<NotificationDefaults, Fault> {
        defaults.check()?;
        self.define(Define::put(KIND, WORKSPACE, json!(defaults)), actor)?;
        self.notification_defaults()
    }

    fn all(&self, person: &Person) -> Result<All, Fault> {
        let Person { recipient, wanted, .. } = person;
        let context = self.context();
        let read = self.marks(|marks| {
            if marks.begin(&recipient.id, context.now) {
                files::write(&self.notifications_file(), marks)?;
            }
            Ok(marks.of(&recipient.id))
        })?;
        let mut classes = vec![NewsClass::Work, NewsClass::Incident];
        let severe = Severity::ALL.into_iter().filter(|severity| *severity >= wanted.severity);
        classes.extend(severe.map(NewsClass::Alert));
        let mut value = Vec::new();
        let since = self.notifications.index.visit(&context, &classes, &mut |seq, place, time, news| {
            let Some(Told { kind, text }) = recipient.told(news, wanted) else { return };
            let (place, tail) = (Place(time, seq.0, place.to_string()), place);
            let id = format!("{seq}.{tail}");
            value.push((
                place.clone(),
                Notification {
                    read: read.has(&place, &id, kind),
                    id,
                    kind,
                    time,
                    actor: news.actor.clone(),
                    page: page(&news.target, news.number),
                    target: news.target.clone(),
                    number: news.number,
                    title: news.title.clone(),
                    severity: news.severity.map(|severity| severity.as_str().to_owned()),
                    text,
                },
            ));
        })?;
        if recipient.administers() && wanted.kinds.contains(&Kind::Failed) {
            for (place, failed) in self.failures(recipient)? {
                let read = read.has(&place, &failed.id, failed.kind);
                value.push((place, Notification { read, ..failed }));
            }
        }
        value.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(All { value, since, seq: context.snapshot.seq })
    }

    /// What failed beside the journal: exports that do not deliver now, ingests among the latest that broke off.
    fn failures(&self, recipient: &Recipient) -> Result<Vec<(Place, Notification)>, Fault> {
        let failed = |time: Time, id: String, target: String, title: String, text: String| {
            let place = Place(time, 0, id.clone());
            let page = page(&target, None);
            let blank = Notification {
                id,
                kind: Kind::Failed,
                time,
                read: false,
                actor: None,
                target,
                number: None,
                title,
                severity: None,
                text,
                page,
            };
            (place, blank)
        };
        let mut found = Vec::new();
        for stored in self.context().snapshot.resources(Export::KIND)? {
            let id = stored.resource.id.to_string();
            let status = self.export_status(&id)?;
            if let (Some(since), Some(error)) = (status.failing_since, status.error) {
                let text = format!("nothing delivered, {} attempts: {error}", status.failures);
                found.push(failed(since, format!("export:{id}@{}", since.micros()), format!("export:{id}"), id, text));
            }
        }
        let latest = super::IngestFilter { limit: Some(INGESTS_MAX), cursor: None };
        for row in self.ingests(&latest)?.value.into_iter().filter(|row| !recipient.is(&row.by)) {
            if let (Some(error), Some(time)) = (row.error, row.ended) {
                let id = format!("ingest:{}@{}", row.id, time.micros());
                found.push(failed(time, id, format!("ingest:{}", row.id), row.source, format!("broke off: {}", error.message)));
            }
        }
        Ok(found)
    }
}

/// Whether a text can be the id of a notification.
fn is_id(text: &str) -> bool {
    let numbers = |text: &str| text.split_once('.').is_some_and(|(seq, place)| seq.parse::<u64>().is_ok() && place.parse::<u32>().is_ok());
    let beside = |text: &str| {
        let named = text.strip_prefix("export:").or_else(|| text.strip_prefix("ingest:"));
        named.and_then(|name| name.rsplit_once('@')).is_some_and(|(name, micros)| !name.is_empty() && micros.parse::<i64>().is_ok())
    };
    numbers(text) || beside(text)
}

/// Where the page shows something.
fn page(target: &str, number: Option<i64>) -> String {
    let (kind, id) = target.split_once(':').unwrap_or((target, ""));
    let number = number.map(|number| number.to_string());
    let mut url = url::Url::parse("http://page/").expect("it is an address");
    if let Ok(mut path) = url.path_segments_mut() {
        match kind {
            "incident" => path.clear().extend(["incidents", number.as_deref().unwrap_or(&of_id(id))]),
            "alert" => path.clear().extend(["alerts", id]),
            "export" => path.clear().extend(["admin", "exports"]),
            "run" => path.clear().extend(["admin", "automation"]),
            _ => path.clear().extend(["admin", "sources"]),
        };
    }
    if matches!(kind, "export" | "ingest") {
        url.query_pairs_mut().append_pair("sel", id);
    }
    url[url::Position::BeforePath..].to_owned()
}
