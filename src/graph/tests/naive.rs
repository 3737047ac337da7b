//! The naive model: everything recomputed from the records, by name, without any index.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Alert, Body, Entity, Evidence, Link, Record, Time, Window};

/// Kind, strong keys, weak keys.
pub(super) type Atom = (String, Vec<String>, Vec<String>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NaiveEdge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) relation: String,
    pub(super) first: Option<Time>,
    pub(super) last: Option<Time>,
    pub(super) count: u32,
    pub(super) seqs: (u64, u64),
    /// The instants of its records.
    pub(super) instants: Vec<Time>,
}

impl NaiveEdge {
    /// What happened inside a window; none if nothing did.
    pub(super) fn inside(&self, window: Window) -> Option<Self> {
        let inside = || self.instants.iter().copied().filter(|at| window.overlaps(*at, *at));
        if window == Window::ALL {
            return Some(self.clone());
        }
        let (first, last) = (inside().min()?, inside().max()?);
        Some(Self { first: Some(first), last: Some(last), count: inside().count() as u32, ..self.clone() })
    }
}

#[derive(Debug, Default)]
pub(super) struct Naive {
    pub(super) groups: BTreeMap<Atom, String>,
    pub(super) nodes: BTreeSet<String>,
    pub(super) edges: Vec<NaiveEdge>,
    /// Number of stored edges of each node, superseded versions included.
    pub(super) degrees: BTreeMap<String, usize>,
}

fn atom(entity: &Entity) -> Atom {
    let list = |keys: &[crate::model::Key]| keys.iter().map(|k| k.as_str().to_owned()).collect();
    (entity.kind.as_str().to_owned(), list(&entity.keys.strong), list(&entity.keys.weak))
}

fn evidence(record: &Record) -> (Vec<Atom>, &[Link]) {
    let atoms = |list: &[Evidence]| list.iter().map(|e| atom(&e.entity)).collect();
    match &record.body {
        Body::Alert(alert) => (atoms(&alert.entities), &alert.links),
        Body::Incident(incident) => (atoms(&incident.entities), &incident.links),
        Body::Event(event) => (event.entities.iter().map(|entity| atom(entity)).collect(), &event.links),
        Body::Decision(_) | Body::Resource(_) => (Vec::new(), &[]),
    }
}

/// Which of the records are part of the present state.
fn current(records: &[Record]) -> Vec<bool> {
    let version = |record: &Record| match &record.body {
        Body::Alert(alert) if !alert.partial => Some((format!("alert:{}", alert.id), alert.modified, record.seq)),
        Body::Incident(incident) => Some((format!("incident:{}", incident.id), incident.modified, record.seq)),
        _ => None,
    };
    records
        .iter()
        .map(|record| {
            version(record).is_none_or(|(id, modified, seq)| {
                records.iter().filter_map(version).all(|(other, m, s)| other != id || (m, s) <= (modified, seq))
            })
        })
        .collect()
}

type Cuts = BTreeSet<String>;
type Merges = BTreeSet<(String, String)>;

fn decisions(records: &[Record]) -> (Cuts, Merges) {
    let mut all: Vec<(u64, &serde_json::Value)> =
        records.iter().filter_map(|r| if let Body::Decision(value) = &r.body { Some((r.seq.0, &**value)) } else { None }).collect();
    all.sort_by_key(|(seq, _)| *seq);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let effective = |seq: u64, all: &[(u64, &serde_json::Value)]| {
        fn holds(seq: u64, all: &[(u64, &serde_json::Value)]) -> bool {
            !all.iter().any(|(undo, value)| *undo > seq && value["decision"].as_u64() == Some(seq) && holds(*undo, all))
        }
        holds(seq, all)
    };
    let (mut cuts, mut merges) = (Cuts::new(), Merges::new());
    for (seq, value) in &all {
        if effective(*seq, &all) {
            match value["kind"].as_str() {
                Some("entity.split") => drop(cuts.insert(text(&value["key"]))),
                Some("entity.merge") => drop(merges.insert((text(&value["a"]["key"]), text(&value["b"]["key"])))),
                _ => {}
            }
        }
    }
    (cuts, merges)
}

/// The partition, by the text of the rule.
fn partition(atoms: &BTreeSet<Atom>, cuts: &Cuts, merges: &Merges) -> BTreeMap<Atom, usize> {
    let list: Vec<&Atom> = atoms.iter().collect();
    let mut group: Vec<usize> = (0..list.len()).collect();
    let cut = |atom: &Atom, key: &String| atom.0 == "host" && cuts.contains(key);
    let mut fixed = vec![false; list.len()];
    // What a mention means by the short name `corp`.
    let means = |atom: &Atom| atom.1.iter().find(|key| key.contains(".corp.")).cloned();
    let short = |key: &String| key.contains('\\');
    let torn = |kind: &str| {
        let holders = list.iter().filter(|atom| atom.0 == kind && atom.1.iter().any(short));
        holders.filter_map(|atom| means(atom)).collect::<BTreeSet<_>>().len() > 1
    };
    let torn: BTreeSet<&str> = ["host", "account", "ip"].into_iter().filter(|kind| torn(kind)).collect();
    let alike = |a: &Atom, b: &Atom, key: &String| !(short(key) && torn.contains(a.0.as_str())) || means(a) == means(b);
    let known_by = |atom: &Atom, key: &String| {
        let strong = atom.1.contains(key) && !(short(key) && torn.contains("host") && means(atom).is_some());
        atom.0 == "host" && (strong || (atom.1.is_empty() && atom.2.contains(key)))
    };
    loop {
        let before = group.clone();
        for a in 0..list.len() {
            for b in 0..list.len() {
                let strong = list[a].0 == list[b].0
                    && list[a].1.iter().any(|key| !cut(list[a], key) && list[b].1.contains(key) && alike(list[a], list[b], key));
                let decided = merges.iter().filter(|(x, y)| x != y).any(|(x, y)| {
                    let holds = |n: usize| known_by(list[n], x) || known_by(list[n], y);
                    holds(a) && holds(b)
                });
                if decided {
                    fixed[a] = true;
                }
                if strong || decided {
                    let least = group[a].min(group[b]);
                    (group[a], group[b]) = (least, least);
                }
            }
        }
        if group == before {
            break;
        }
    }
    let stage = group.clone();
    for (n, atom) in list.iter().enumerate() {
        if !atom.1.is_empty() || atom.0 != "host" || fixed[n] {
            continue;
        }
        let targets: BTreeSet<usize> = (0..list.len())
            .filter(|m| list[*m].0 == "host" && !list[*m].1.is_empty())
            .filter(|m| atom.2.iter().any(|key| key.starts_with("hostname=") && !cut(atom, key) && list[*m].2.contains(key)))
            .map(|m| stage[m])
            .collect();
        if targets.len() == 1 {
            group[n] = *targets.first().expect("there is one");
        }
    }
    list.into_iter().cloned().zip(group).collect()
}

impl Naive {
    pub(super) fn of(records: &[Record]) -> Self {
        let (cuts, merges) = decisions(records);
        let atoms: BTreeSet<Atom> = records.iter().flat_map(|r| evidence(r).0).collect();
        let groups = partition(&atoms, &cuts, &merges);
        let name_of = |group: usize| {
            let mut names: Vec<String> = groups.iter().filter(|(_, g)| **g == group).map(|(atom, _)| atom_name(atom)).collect();
            names.sort();
            names.join("+")
        };
        let mut naive = Self { groups: groups.iter().map(|(atom, g)| (atom.clone(), name_of(*g))).collect(), ..Self::default() };
        naive.nodes.extend(naive.groups.values().cloned());
        let current = current(records);
        let times = alert_times(records, &current);
        for (record, current) in records.iter().zip(&current) {
            naive.add_record(record, *current, &times);
        }
        naive.add_events(records);
        naive.edges.sort();
        naive
    }

    fn push(&mut self, visible: bool, edge: NaiveEdge) {
        for node in [&edge.from, &edge.to] {
            self.nodes.insert(node.clone());
            *self.degrees.entry(node.clone()).or_default() += 1;
        }
        if visible && edge.from != edge.to {
            self.edges.push(edge);
        }
    }

    fn add_record(&mut self, record: &Record, current: bool, times: &BTreeMap<String, Option<Time>>) {
        let (node, time) = match &record.body {
            Body::Alert(alert) => (format!("alert:{}", alert.id), alert.time()),
            Body::Incident(incident) => (format!("incident:{}", incident.id), incident.time()),
            _ => return,
        };
        self.nodes.insert(node.clone());
        let seqs = (record.seq.0, record.seq.0);
        let edge = |from: &str, to: &str, relation: &str, time: Option<Time>| NaiveEdge {
            from: from.into(),
            to: to.into(),
            relation: relation.into(),
            first: time,
            last: time,
            count: 1,
            seqs,
            instants: time.into_iter().collect(),
        };
        let (atoms, links) = evidence(record);
        for atom in atoms.iter().collect::<BTreeSet<_>>() {
            let to = self.groups[atom].clone();
            self.push(current, edge(&node, &to, "involves", time));
        }
        let pairs: BTreeSet<(&Atom, &str, &Atom)> = links.iter().filter_map(|l| place(&atoms, l)).collect();
        for (from, relation, to) in pairs {
            let (from, to) = (self.groups[from].clone(), self.groups[to].clone());
            self.push(current, edge(&from, &to, relation, time));
        }
        let mut contained: BTreeSet<(String, String, &str)> = BTreeSet::new();
        match &record.body {
            Body::Alert(alert) => {
                contained
                    .extend(alert.members.iter().filter(|m| **m != alert.id).map(|m| (node.clone(), format!("alert:{m}"), "contains")));
                contained.extend(alert.incident.iter().map(|i| (format!("incident:{i}"), node.clone(), "contains")));
            }
            Body::Incident(incident) => {
                contained.extend(incident.alert_ids.iter().map(|a| (node.clone(), format!("alert:{a}"), "contains")));
                let redirect = incident.redirect.iter().filter(|i| **i != incident.id);
                contained.extend(redirect.map(|i| (node.clone(), format!("incident:{i}"), "merged_into")));
            }
            _ => {}
        }
        for (from, to, relation) in contained {
            let time = times.get(&to).copied().flatten();
            self.push(current, edge(&from, &to, relation, time));
        }
    }

    fn add_events(&mut self, records: &[Record]) {
        let mut found: BTreeMap<(Atom, String, Atom, Option<i64>), NaiveEdge> = BTreeMap::new();
        for record in records {
            let Body::Event(event) = &record.body else { continue };
            let (atoms, links) = evidence(record);
            for (from, relation, to) in links.iter().filter_map(|l| place(&atoms, l)) {
                let hour = event.time.map(|t| t.micros().div_euclid(3_600_000_000));
                let edge = found.entry((from.clone(), relation.to_owned(), to.clone(), hour)).or_insert_with(|| NaiveEdge {
                    from: self.groups[from].clone(),
                    to: self.groups[to].clone(),
                    relation: relation.to_owned(),
                    first: event.time,
                    last: event.time,
                    count: 0,
                    seqs: (record.seq.0, record.seq.0),
                    instants: Vec::new(),
                });
                edge.count += 1;
                edge.instants.extend(event.time);
                edge.instants.sort_unstable();
                edge.first = edge.first.min(event.time);
                edge.last = edge.last.max(event.time);
                edge.seqs = (edge.seqs.0.min(record.seq.0), edge.seqs.1.max(record.seq.0));
            }
        }
        for edge in found.into_values() {
            self.push(true, edge);
        }
    }
}

pub(super) fn atom_name((kind, strong, weak): &Atom) -> String {
    let keys: String = strong.iter().map(|k| format!("!{k}")).chain(weak.iter().map(|k| format!("?{k}"))).collect();
    format!("{kind}({keys})")
}

fn place<'a>(atoms: &'a [Atom], link: &'a Link) -> Option<(&'a Atom, &'a str, &'a Atom)> {
    let (from, to) = (atoms.get(link.from as usize)?, atoms.get(link.to as usize)?);
    (from != to).then_some((from, link.relation.as_str(), to))
}

/// The instants that alerts and incidents show, pieces filling what the newest version leaves absent.
fn alert_times(records: &[Record], current: &[bool]) -> BTreeMap<String, Option<Time>> {
    let mut times = BTreeMap::new();
    for (record, current) in records.iter().zip(current) {
        match &record.body {
            Body::Incident(incident) if *current => {
                times.insert(format!("incident:{}", incident.id), incident.time());
            }
            Body::Alert(alert) => {
                let shown = shown(records, &alert.id);
                times.insert(format!("alert:{}", alert.id), shown.time());
            }
            _ => {}
        }
    }
    times
}

/// What the row of an alert shows.
pub(super) fn shown(records: &[Record], id: &str) -> Alert {
    let docs = || records.iter().filter_map(|r| if let Body::Alert(a) = &r.body { (a.id == id).then_some((r.seq, &**a)) } else { None });
    let pieces: Vec<&Alert> = docs().filter(|(_, a)| a.partial).map(|(_, a)| a).collect();
    let version = docs().filter(|(_, a)| !a.partial).max_by_key(|(seq, a)| (a.modified, *seq)).map(|(_, a)| a.clone());
    let mut shown = version.clone().unwrap_or_default();
    let fill = |slot: &mut Option<Time>, value: Option<Time>| *slot = slot.or(value);
    fill(&mut shown.start, pieces.iter().filter_map(|a| a.start).min());
    fill(&mut shown.end, pieces.iter().filter_map(|a| a.end).max());
    fill(&mut shown.modified, pieces.iter().filter_map(|a| a.modified).max());
    if shown.title.is_empty() {
        shown.title = pieces.iter().map(|a| &a.title).filter(|t| !t.is_empty()).min().cloned().unwrap_or_default();
    }
    if version.is_none() {
        shown.status = pieces.iter().map(|a| a.status).max().unwrap_or_default();
    }
    if shown.severity == crate::model::Severity::Unknown {
        shown.severity = pieces.iter().map(|a| a.severity).max().unwrap_or_default();
    }
    if shown.tactics.is_empty() {
        let all: BTreeSet<&str> = pieces.iter().flat_map(|a| &a.tactics).map(|t| &**t).collect();
        shown.tactics = all.into_iter().map(|t| t.to_owned().into()).collect();
    }
    shown
}
