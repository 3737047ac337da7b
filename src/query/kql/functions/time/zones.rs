//! Time zones: what the machine's own database of zones says of an instant, and the two functions that ask it.
//!
//! The rules of zones change by law, so none are kept here: a machine without the database refuses the functions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use arrow::array::ArrayRef;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes};
use crate::query::kql::tree::ScalarType::{DateTime, Dynamic, String as Text};
use crate::query::kql::types::{LAST_TICK, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};

/// Where systems keep their zones.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];
/// Bytes of one zone at most; real ones have a few thousand.
const BYTES_MAX: usize = 1 << 20;
const DAY: i64 = 86_400;

/// A zone: when its distance from UTC changed, and the rule for the time behind the last change.
#[derive(Debug, Default)]
struct Zone {
    /// Seconds since 1970 from which a distance holds, ascending, with that distance in seconds.
    changes: Vec<(i64, i64)>,
    /// The distance before the first change.
    first: i64,
    rule: Option<Rule>,
}

/// What holds for good: a distance, and in summer another one.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    standard: i64,
    summer: Option<Summer>,
}

#[derive(Debug, PartialEq, Eq)]
struct Summer {
    offset: i64,
    start: Change,
    end: Change,
}

/// A day of each year and the seconds of it, by the clock that holds before.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    day: Day,
    second: i64,
}

#[derive(Debug, PartialEq, Eq)]
enum Day {
    /// The month, the week of it (5: the last), the day of the week from Sunday on.
    Week(i64, i64, i64),
    /// The day from 1 to 365, the 29th of February not counted.
    Counted(i64),
    /// The day from 0 to 365.
    Plain(i64),
}

impl Zone {
    /// Reads the form in which systems keep zones (RFC 8536); none if it is another one.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (header, counts) = head(bytes)?;
        // The first block has 32-bit instants and is there for old programs; the second one is complete.
        let skipped = header + counts.size(4);
        let rest = bytes.get(skipped..)?;
        let (header, counts) = head(rest)?;
        let data = rest.get(header..)?;
        let instants = data.get(..counts.changes * 8)?;
        let kinds = data.get(counts.changes * 8..counts.changes * 9)?;
        let types = data.get(counts.changes * 9..counts.changes * 9 + counts.types * 6)?;
        let offset = |kind: usize| Some(i64::from(i32::from_be_bytes(*types.get(kind * 6..)?.first_chunk()?)));
        let changes = instants
            .as_chunks::<8>()
            .0
            .iter()
            .zip(kinds)
            .map(|(instant, kind)| Some((i64::from_be_bytes(*instant), offset(usize::from(*kind))?)))
            .collect::<Option<Vec<_>>>()?;
        let footer = std::str::from_utf8(data.get(counts.size(8)..)?).ok()?.trim_matches('\n');
        let rule = if footer.is_empty() { None } else { Some(Rule::read(footer)?) };
        Some(Self { changes, first: offset(0)?, rule })
    }

    /// The distance from UTC at an instant, in seconds.
    fn offset(&self, second: i64) -> i64 {
        let behind = self.changes.partition_point(|(start, _)| *start <= second);
        match (behind, &self.rule) {
            (behind, Some(rule)) if behind == self.changes.len() => rule.offset(second),
            (0, _) => self.first,
            (behind, _) => self.changes[behind - 1].1,
        }
    }

    /// The instant at which clocks of the zone show a time: the earlier one where they show it twice, and the time as if the clock had already
    /// changed where they skip it.
    fn utc(&self, local: i64) -> i64 {
        let early = self.offset(local - DAY);
        let first = local - early;
        if self.offset(first) == early {
            return first;
        }
        local - self.offset(local + DAY)
    }
}

/// How many entries the parts of a block have.
struct Counts {
    changes: usize,
    types: usize,
    letters: usize,
    leaps: usize,
    walls: usize,
    greenwich: usize,
}

impl Counts {
    /// The bytes of a block whose instants have so many.
    fn size(&self, instant: usize) -> usize {
        self.changes * (instant + 1) + self.types * 6 + self.letters + self.leaps * (instant + 4) + self.walls + self.greenwich
    }
}

/// Where the data of a block start, and its counts.
fn head(bytes: &[u8]) -> Option<(usize, Counts)> {
    let header = bytes.get(..44).filter(|header| header.starts_with(b"TZif") && header[4] >= b'2')?;
    let count = |place: usize| {
        let number = u32::from_be_bytes(*header.get(20 + place * 4..)?.first_chunk()?);
        usize::try_from(number).ok().filter(|number| *number <= BYTES_MAX)
    };
    let counts =
        Counts { greenwich: count(0)?, walls: count(1)?, leaps: count(2)?, changes: count(3)?, types: count(4)?, letters: count(5)? };
    Some((44, counts))
}

impl Rule {
    /// Reads `CET-1CEST,M3.5.0,M10.5.0/3`.
    fn read(text: &str) -> Option<Self> {
        let mut rest = text;
        name(&mut rest)?;
        let standard = -clock(&mut rest)?;
        if rest.is_empty() {
            return Some(Self { standard, summer: None });
        }
        name(&mut rest)?;
        let offset = if rest.starts_with(',') { standard + 3600 } else { -clock(&mut rest)? };
        let mut changes = rest.strip_prefix(',')?.split(',');
        let (start, end) = (Change::read(changes.next()?)?, Change::read(changes.next()?)?);
        changes.next().is_none().then_some(Self { standard, summer: Some(Summer { offset, start, end }) })
    }

    fn offset(&self, second: i64) -> i64 {
        let Some(summer) = &self.summer else { return self.standard };
        let local = second + self.standard;
        let year = year_of(local.div_euclid(DAY));
        let start = summer.start.second_of(year) - self.standard;
        let end = summer.end.second_of(year) - summer.offset;
        let is_summer = if start < end { (start..end).contains(&second) } else { !(end..start).contains(&second) };
        if is_summer { summer.offset } else { self.standard }
    }
}

impl Change {
    fn read(text: &str) -> Option<Self> {
        let (day, second) = match text.split_once('/') {
            Some((day, time)) => {
                let mut time = time;
                (day, clock(&mut time)?)
            }
            None => (text, 7200),
        };
        let day = if let Some(weeks) = day.strip_prefix('M') {
            let mut parts = weeks.split('.').map(|part| part.parse::<i64>().ok());
            let (month, week, day) = (parts.next()??, parts.next()??, parts.next()??);
            ((1..=12).contains(&month) && (1..=5).contains(&week) && (0..=6).contains(&day)).then_some(Day::Week(month, week, day))?
        } else if let Some(counted) = day.strip_prefix('J') {
            Day::Counted(counted.parse().ok()?)
        } else {
            Day::Plain(day.parse().ok()?)
        };
        Some(Self { day, second })
    }

    /// Seconds since 1970 by the clock of the zone.
    fn second_of(&self, year: i64) -> i64 {
        let first = days_to(year);
        let leap = i64::from(is_leap(year));
        let day = match self.day {
            Day::Plain(day) => first + day,
            Day::Counted(day) => first + day - 1 + if day >= 60 { leap } else { 0 },
            Day::Week(month, week, weekday) => {
                const BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
                let place = usize::try_from(month - 1).unwrap_or_default();
                let start = first + BEFORE[place] + if month > 2 { leap } else { 0 };
                let length = BEFORE[place + 1] - BEFORE[place] + if month == 2 { leap } else { 0 };
                // The first of 1970 was a Thursday.
                let shift = (weekday - (start + 4)).rem_euclid(7);
                let wanted = shift + (week - 1) * 7;
                start + if wanted >= length { wanted - 7 } else { wanted }
            }
        };
        day * DAY + self.second
    }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// Days from 1970 to the first of a year.
fn days_to(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

fn year_of(day: i64) -> i64 {
    let mut year = 1970 + day.div_euclid(365) - day.div_euclid(365 * 1461);
    while days_to(year) > day {
        year -= 1;
    }
    while days_to(year + 1) <= day {
        year += 1;
    }
    year
}

/// Takes the name of a zone off a rule: letters, or anything in `<>`.
fn name(rest: &mut &str) -> Option<()> {
    let end = match rest.strip_prefix('<') {
        Some(inner) => inner.find('>')? + 2,
        None => rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len()),
    };
    *rest = rest.get(end..)?;
    (end >= 3).then_some(())
}

/// Takes a time `[+-]hh[:mm[:ss]]` off a rule, in seconds.
fn clock(rest: &mut &str) -> Option<i64> {
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let text = rest.trim_start_matches(['+', '-']);
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != ':').unwrap_or(text.len());
    let mut seconds = 0;
    let mut unit = 3600;
    for part in text.get(..end)?.split(':') {
        seconds += part.parse::<i64>().ok()? * unit;
        unit /= 60;
    }
    *rest = text.get(end..)?;
    Some(sign * seconds)
}

fn folder() -> Option<&'static Path> {
    FOLDERS.iter().map(Path::new).find(|folder| folder.is_dir())
}

/// A zone by its name: `Europe/Berlin`. Read once, as long as the program runs.
fn zone(name: &str) -> Result<Arc<Zone>, KernelError> {
    static ZONES: LazyLock<Mutex<HashMap<String, Arc<Zone>>>> = LazyLock::new(Mutex::default);
    let mut zones = ZONES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(zone) = zones.get(name) {
        return Ok(Arc::clone(zone));
    }
    let is_name = !name.is_empty()
        && name
            .split('/')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')));
    let unknown = || KernelError::new(format!("no time zone is named `{name}`; write it as `Europe/Berlin` or `UTC`"));
    let folder = folder().ok_or_else(|| KernelError::new("this machine has no database of time zones; install `tzdata`"))?;
    if !is_name {
        return Err(unknown());
    }
    let bytes = std::fs::read(folder.join(name)).ok().filter(|bytes| bytes.len() <= BYTES_MAX).ok_or_else(unknown)?;
    let zone = Arc::new(Zone::read(&bytes).ok_or_else(unknown)?);
    zones.insert(name.to_owned(), Arc::clone(&zone));
    Ok(zone)
}

fn shifted(call: &Arguments, shift: impl Fn(&Zone, i64) -> i64) -> Result<ArrayRef, KernelError> {
    let mut known: HashMap<String, Arc<Zone>> = HashMap::new();
    for row in 0..call.rows {
        let name = call.text(1, row);
        if !call.is_null(0, row) && !known.contains_key(name) {
            known.insert(name.to_owned(), zone(name)?);
        }
    }
    Ok(call.longs(|row| {
        let ticks = call.datetime(0, row)?;
        let zone = known.get(call.text(1, row))?;
        let seconds = (ticks - UNIX_EPOCH_TICKS).div_euclid(TICKS_PER_SECOND);
        let moved = ticks + (shift(zone, seconds) - seconds) * TICKS_PER_SECOND;
        (0..=LAST_TICK).contains(&moved).then_some(moved)
    }))
}

/// The names of all zones, sorted.
fn names() -> Result<Vec<String>, KernelError> {
    let folder = folder().ok_or_else(|| KernelError::new("this machine has no database of time zones; install `tzdata`"))?;
    let mut names = Vec::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or_default().to_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "posix" | "right") {
                    open.push(path);
                }
            } else if name.starts_with(|letter: char| letter.is_ascii_uppercase())
                && std::fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"TZif"))
            {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "datetime_utc_to_local",
        Family::Time,
        "Gives the time that clocks of a time zone show at an instant.",
        &[form(&[takes("from", DateTime), takes("timezone", Text)], 2, Returns::Always(DateTime), |call| {
            shifted(call, |zone, second| second + zone.offset(second))
        })],
    )
    .differs("The rules are those of the machine's own database of time zones."),
    Function::new(
        "datetime_local_to_utc",
        Family::Time,
        "Gives the instant at which clocks of a time zone show a time.",
        &[form(&[takes("from", DateTime), takes("timezone", Text)], 2, Returns::Always(DateTime), |call| shifted(call, Zone::utc))],
    )
    .differs("The rules are those of the machine's own database of time zones."),
    Function::new(
        "datetime_list_timezones",
        Family::Time,
        "Lists the names of the time zones.",
        &[form(&[], 0, Returns::Always(Dynamic), |call| {
            let names = serde_json::Value::from(names()?).to_string();
            Ok(call.jsons(|_| Some(names.as_str())))
        })],
    )
    .differs("The zones are those of the machine's own database."),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since 1970 of a day and hour in UTC.
    fn at(year: i64, day_of_year: i64, hour: i64) -> i64 {
        (days_to(year) + day_of_year) * DAY + hour * 3600
    }

    #[test]
    fn rules_for_good_follow_the_law() {
        // Central Europe: from the last Sunday of March to that of October, changes at 1:00 UTC.
        let rule = Rule::read("CET-1CEST,M3.5.0,M10.5.0/3").expect("a rule");
        // In 2026 these are the 29th of March (day 87 from 0) and the 25th of October (day 297).
        for (second, offset) in
            [(at(2026, 87, 0), 3600), (at(2026, 87, 1), 7200), (at(2026, 297, 0), 7200), (at(2026, 297, 1), 3600), (at(2026, 0, 0), 3600)]
        {
            assert_eq!(rule.offset(second), offset, "{second}");
        }
        // Sydney: summer crosses the end of the year.
        let rule = Rule::read("AEST-10AEDT,M10.1.0,M4.1.0/3").expect("a rule");
        assert_eq!((rule.offset(at(2026, 0, 0)), rule.offset(at(2026, 180, 0))), (39_600, 36_000));
        assert_eq!(Rule::read("<+0530>-5:30"), Some(Rule { standard: 19_800, summer: None }));
    }

    #[test]
    fn times_that_clocks_show_twice_or_never_have_an_instant() {
        let zone = Zone { changes: Vec::new(), first: 0, rule: Rule::read("CET-1CEST,M3.5.0,M10.5.0/3") };
        // 2:30 on the day that summer ends is shown twice: the first time in summer.
        assert_eq!(zone.utc(at(2026, 297, 2) + 1800), at(2026, 297, 0) + 1800);
        // 2:30 on the day that it begins is skipped.
        assert_eq!(zone.utc(at(2026, 87, 2) + 1800), at(2026, 87, 0) + 1800);
        assert_eq!(zone.utc(at(2026, 180, 12)), at(2026, 180, 10));
    }

    #[test]
    fn what_is_no_zone_is_none() {
        assert!(Zone::read(b"TZif").is_none());
        assert!(Zone::read(&[0; 64]).is_none());
        assert!(zone("../../etc/passwd").is_err());
    }
}
