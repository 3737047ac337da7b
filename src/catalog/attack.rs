//! Tactics and techniques of MITRE ATT&CK (enterprise), under one spelling. Data and licence: `schema/attack/`.

use std::borrow::Cow;
use std::sync::OnceLock;

use hashbrown::HashMap;

use super::Folded;

/// A tactic: what an attacker wants to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tactic {
    /// Id of ATT&CK (`TA0001`).
    pub id: &'static str,
    /// Name as it is stored: Pascal case without blanks (`InitialAccess`).
    pub name: &'static str,
    /// Name for people (`Initial Access`).
    pub title: &'static str,
    /// Place in the order of an attack, from 1.
    pub order: u8,
}

/// Whether a technique is still in force; old alerts carry others too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TechniqueState {
    /// In force.
    Active,
    /// Replaced by another technique.
    Revoked,
    /// Given up.
    Deprecated,
}

/// A technique or sub-technique: how an attacker reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    /// Id of ATT&CK (`T1078`, `T1078.004`).
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// The tactics that it serves.
    pub tactics: Vec<&'static Tactic>,
    /// Whether it is in force.
    pub state: TechniqueState,
}

impl Technique {
    /// Whether it is a sub-technique.
    pub fn is_sub(&self) -> bool {
        self.id.contains('.')
    }
}

/// What comes before the first tactic of the kill chain of Defender for Cloud: reconnaissance or resource development.
pub const PRE_ATTACK: &str = "PreAttack";

struct Attack {
    tactics: Vec<Tactic>,
    by_name: HashMap<Box<[u8]>, usize>,
}

fn attack() -> &'static Attack {
    static ATTACK: OnceLock<Attack> = OnceLock::new();
    ATTACK.get_or_init(|| {
        let mut attack = Attack { tactics: Vec::new(), by_name: HashMap::new() };
        for (place, line) in include_str!("../../schema/attack/tactics.tsv").lines().skip(1).enumerate() {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().expect("tactics.tsv has four columns");
            let (id, name, title, aliases) = (cell(), cell(), cell(), cell());
            let order = u8::try_from(place + 1).expect("there are fewer than 256 tactics");
            attack.tactics.push(Tactic { id, name, title, order });
            for spelling in [id, name, title].into_iter().chain(aliases.split(',')).filter(|spelling| !spelling.is_empty()) {
                let folded = Folded::<32>::new(spelling).expect("a tactic's name is short");
                attack.by_name.insert(folded.as_bytes().into(), place);
            }
        }
        attack
    })
}

/// All tactics in the order of an attack.
pub fn tactics() -> &'static [Tactic] {
    &attack().tactics
}

/// The tactic of this id, name or older name, in any case and with any separators.
pub fn tactic(text: &str) -> Option<&'static Tactic> {
    let folded = Folded::<32>::new(text.trim())?;
    let attack = attack();
    attack.by_name.get(folded.as_bytes()).map(|place| &attack.tactics[*place])
}

/// The stored name of a tactic or kill-chain intent (`Exploitation` is `InitialAccess`, `Probing` is `PreAttack`).
///
/// None for `Unknown`, for no value and for words that name no tactic.
pub fn tactic_name(text: &str) -> Option<&'static str> {
    if let Some(tactic) = tactic(text) {
        return Some(tactic.name);
    }
    let text = text.trim();
    ["PreAttack", "Probing", "Pre-Attack"].iter().any(|name| text.eq_ignore_ascii_case(name)).then_some(PRE_ATTACK)
}

/// The place of a stored tactic name in the order of an attack: `PreAttack` 0, `Reconnaissance` 1 ... `Impact` 14.
pub fn tactic_order(name: &str) -> Option<u8> {
    if name == PRE_ATTACK { Some(0) } else { tactic(name).map(|tactic| tactic.order) }
}

/// Adds the tactics of a source's words to `names`, without repeats; words that name none come back.
pub fn add_tactics<'a>(names: &mut Vec<Cow<'static, str>>, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut others = Vec::new();
    for word in words {
        match tactic_name(word) {
            Some(name) if !names.iter().any(|known| known == name) => names.push(Cow::Borrowed(name)),
            Some(_) => {}
            None if word.trim().is_empty() || word.trim().eq_ignore_ascii_case("unknown") => {}
            None => others.push(word),
        }
    }
    others
}

/// All techniques and sub-techniques, also those that are no longer in force, by id.
pub fn techniques() -> &'static [Technique] {
    static TECHNIQUES: OnceLock<Vec<Technique>> = OnceLock::new();
    TECHNIQUES.get_or_init(|| {
        let mut techniques: Vec<Technique> =
            include_str!("../../schema/attack/techniques.tsv").lines().skip(1).map(parse_technique).collect();
        techniques.sort_unstable_by_key(|technique| technique.id);
        techniques
    })
}

fn parse_technique(line: &'static str) -> Technique {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().expect("techniques.tsv has four columns");
    let (id, name, tactics, state) = (cell(), cell(), cell(), cell());
    Technique {
        id,
        name,
        tactics: tactics.split(',').filter_map(tactic).collect(),
        state: match state {
            "" => TechniqueState::Active,
            "revoked" => TechniqueState::Revoked,
            _ => TechniqueState::Deprecated,
        },
    }
}

/// The technique of this id, in any case.
pub fn technique(id: &str) -> Option<&'static Technique> {
    let id = technique_id(id)?;
    let techniques = techniques();
    techniques.binary_search_by_key(&id.as_str(), |technique| technique.id).ok().map(|place| &techniques[place])
}

/// The id as it is stored (`T1078.004`), if the text has the form of one: also ids that this table does not know.
pub fn technique_id(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    let (main, sub) = match text.split_once('.') {
        Some((main, sub)) => (main, Some(sub)),
        None => (text, None),
    };
    let number = main.strip_prefix(['T', 't'])?;
    (digits(number, 4) && sub.is_none_or(|sub| digits(sub, 3))).then(|| text.to_ascii_uppercase())
}

/// Adds the techniques that a source's words begin with (`T1078`, `Valid Accounts (T1078)`) to `ids`, without repeats;
/// words that hold none come back.
pub fn add_techniques<'a>(ids: &mut Vec<String>, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut others = Vec::new();
    for word in words {
        let inner = word.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        match technique_id(word).or_else(|| technique_id(inner?)) {
            Some(id) if !ids.contains(&id) => ids.push(id),
            Some(_) => {}
            None => others.push(word),
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_the_origin() {
        assert_eq!(tactics().len(), 14);
        assert_eq!(techniques().len(), 835);
        let active = |sub: bool| techniques().iter().filter(|t| t.state == TechniqueState::Active && t.is_sub() == sub).count();
        assert_eq!((active(false), active(true)), (216, 475));
    }

    #[test]
    fn every_spelling_of_a_tactic() {
        let cases = [
            ("InitialAccess", Some("InitialAccess")),
            ("initial-access", Some("InitialAccess")),
            ("Initial Access", Some("InitialAccess")),
            ("initial_access", Some("InitialAccess")),
            ("TA0001", Some("InitialAccess")),
            ("Exploitation", Some("InitialAccess")),
            ("Command and Control", Some("CommandAndControl")),
            ("COMMANDANDCONTROL", Some("CommandAndControl")),
            ("Probing", Some("PreAttack")),
            ("PreAttack", Some("PreAttack")),
            ("Unknown", None),
            ("Malware", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(tactic_name(text), expected, "{text}");
        }
        assert_eq!(tactics().iter().map(|t| tactic_order(t.name)).collect::<Vec<_>>(), (1..=14).map(Some).collect::<Vec<_>>());
        assert_eq!(tactic_order("PreAttack"), Some(0));
    }

    #[test]
    fn techniques_by_id() {
        let valid = technique("t1078.004").expect("T1078.004 is a technique");
        assert_eq!((valid.id, valid.name, valid.state), ("T1078.004", "Cloud Accounts", TechniqueState::Active));
        assert_eq!(technique("T1193").map(|t| t.state), Some(TechniqueState::Revoked));
        assert_eq!(technique_id("T9999").as_deref(), Some("T9999"));
        for text in ["T1", "X1078", "T1078.4", "T1078.", "", "T10780"] {
            assert_eq!(technique_id(text), None, "{text}");
        }
        let mut ids = Vec::new();
        let others = add_techniques(&mut ids, ["T1078", "Valid Accounts (T1078)", "Phishing (T1566.001)", "Phishing"]);
        assert_eq!((ids, others), (vec!["T1078".to_owned(), "T1566.001".to_owned()], vec!["Phishing"]));
    }
}
