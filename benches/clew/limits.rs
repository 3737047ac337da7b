//! What the machine allows: bare arrays and bare system calls that do the same work as clew.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Instant;

use clew::graph::{EdgeFilter, GraphSnapshot, NodeId, NodeKind};
use serde_json::Value;

/// Lines a second when every line is parsed, and the text of its entities too.
pub(crate) fn parse(path: &Path, lines_max: usize) -> (f64, f64) {
    let reader = BufReader::with_capacity(1 << 20, File::open(path).expect("the fixture is there"));
    let lines: Vec<String> = reader.lines().take(lines_max).map(|line| line.expect("lines are UTF-8")).collect();
    let bytes: usize = lines.iter().map(String::len).sum();
    let begun = Instant::now();
    for line in &lines {
        let value: Value = serde_json::from_str(line).expect("lines are JSON");
        if let Some(entities) = value.get("Entities").and_then(Value::as_str) {
            std::hint::black_box(serde_json::from_str::<Value>(entities).expect("entities are JSON"));
        }
        std::hint::black_box(value);
    }
    let seconds = begun.elapsed().as_secs_f64();
    (lines.len() as f64 / seconds, bytes as f64 / seconds / 1e6)
}

/// Megabytes a second when a file is copied and flushed.
pub(crate) fn copy(path: &Path, to: &Path) -> f64 {
    let begun = Instant::now();
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("the fixture is there");
    let mut file = File::create(to).expect("the folder can be written");
    file.write_all(&bytes).and_then(|()| file.sync_data()).expect("the disk has room");
    let seconds = begun.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(to);
    bytes.len() as f64 / seconds / 1e6
}

/// Flushed appends of 4 KiB a second.
pub(crate) fn flushes(at: &Path, count: u32) -> f64 {
    let mut file = File::create(at).expect("the folder can be written");
    let begun = Instant::now();
    for _ in 0..count {
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("the disk has room");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(at);
    f64::from(count) / seconds
}

/// The whole graph as arrays: the neighbours of node `n` in order of time.
pub(crate) struct Arrays {
    starts: Vec<u32>,
    others: Vec<u32>,
    times: Vec<i64>,
    entities: usize,
    alerts: usize,
    stamps: Vec<u32>,
    stamp: u32,
}

impl Arrays {
    /// Copies the present state of a graph.
    pub(crate) fn new(graph: &GraphSnapshot) -> Self {
        let top = |nodes: &mut dyn Iterator<Item = NodeId>| nodes.map(|node| node.index() + 1).max().unwrap_or(0);
        let entities = top(&mut graph.all_entities());
        let alerts = top(&mut graph.all_alerts().map(|alert| alert.node()));
        let incidents = top(&mut graph.all_incidents().map(|incident| incident.node()));
        let mut arrays = Self { starts: vec![0], others: Vec::new(), times: Vec::new(), entities, alerts, stamps: Vec::new(), stamp: 0 };
        let mut by_place: Vec<Option<NodeId>> = vec![None; entities + alerts + incidents];
        let nodes = graph.all_entities().chain(graph.all_alerts().map(|a| a.node())).chain(graph.all_incidents().map(|i| i.node()));
        for node in nodes {
            by_place[arrays.place(node)] = Some(node);
        }
        for node in by_place.iter() {
            if let Some(node) = node {
                let mut edges: Vec<(i64, u32)> = graph
                    .edges(*node, &EdgeFilter::default())
                    .map(|e| (e.last.map_or(i64::MIN, |t| t.micros()), arrays.place(e.other(*node)) as u32))
                    .collect();
                edges.retain(|(_, other)| (*other as usize) < by_place.len());
                edges.sort_unstable();
                arrays.others.extend(edges.iter().map(|(_, other)| *other));
                arrays.times.extend(edges.iter().map(|(time, _)| *time));
            }
            arrays.starts.push(arrays.others.len() as u32);
        }
        arrays.stamps = vec![0; by_place.len()];
        arrays
    }

    /// The place of a node.
    pub(crate) fn place(&self, node: NodeId) -> usize {
        match node.kind() {
            NodeKind::Entity => node.index(),
            NodeKind::Alert => self.entities + node.index(),
            NodeKind::Incident => self.entities + self.alerts + node.index(),
        }
    }

    fn row(&self, place: usize) -> &[u32] {
        &self.others[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// The newest neighbours, without repeats.
    pub(crate) fn newest(&mut self, place: usize, count: usize) -> Vec<(u32, i64)> {
        self.stamp += 1;
        let (from, to) = (self.starts[place] as usize, self.starts[place + 1] as usize);
        let mut found = Vec::with_capacity(count);
        for at in (from..to).rev() {
            let other = self.others[at] as usize;
            if std::mem::replace(&mut self.stamps[other], self.stamp) != self.stamp {
                found.push((other as u32, self.times[at]));
                if found.len() == count {
                    break;
                }
            }
        }
        found
    }

    /// Nodes within some hops, each node giving its newest `newest` edges, hubs passed over.
    pub(crate) fn hop(&mut self, place: usize, hops: u32, newest: usize, nodes_max: usize, hub: usize) -> Vec<u32> {
        self.stamp += 1;
        self.stamps[place] = self.stamp;
        let mut found = vec![place as u32];
        let mut begin = 0;
        for hop in 0..hops {
            let end = found.len();
            for at in begin..end {
                let (from, to) = (self.starts[found[at] as usize] as usize, self.starts[found[at] as usize + 1] as usize);
                if hop > 0 && to - from > hub {
                    continue;
                }
                for place in (from..to).rev().take(newest) {
                    let other = self.others[place];
                    if std::mem::replace(&mut self.stamps[other as usize], self.stamp) != self.stamp {
                        if found.len() == nodes_max {
                            return found;
                        }
                        found.push(other);
                    }
                }
            }
            begin = end;
        }
        found
    }

    /// Edges of the shortest path, by search from both ends, hubs passed over.
    pub(crate) fn path(&mut self, from: usize, to: usize, hops: u32, hub: usize) -> Option<u32> {
        if from == to {
            return Some(0);
        }
        let (near, far) = (self.stamp + 1, self.stamp + 2);
        self.stamp += 2;
        (self.stamps[from], self.stamps[to]) = (near, far);
        let mut sides = [(vec![from as u32], near, far), (vec![to as u32], far, near)];
        for length in 1..=hops {
            let side = usize::from(sides[1].0.len() < sides[0].0.len());
            let (front, own, other) = std::mem::take(&mut sides[side]);
            let mut next = Vec::new();
            for node in front {
                if length > 2 && self.row(node as usize).len() > hub {
                    continue;
                }
                for place in self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize {
                    let reached = self.others[place];
                    let stamp = self.stamps[reached as usize];
                    if stamp == other {
                        return Some(length);
                    }
                    if stamp != own {
                        self.stamps[reached as usize] = own;
                        next.push(reached);
                    }
                }
            }
            if next.is_empty() {
                return None;
            }
            sides[side] = (next, own, other);
        }
        None
    }

    /// Nodes that are linked to one inside a window, over any number of hops, hubs passed over.
    pub(crate) fn component(&mut self, place: usize, from: i64, to: i64, nodes_max: usize, hub: usize) -> usize {
        self.stamp += 1;
        self.stamps[place] = self.stamp;
        let mut waiting = VecDeque::from([place as u32]);
        let mut count = 1;
        while let Some(node) = waiting.pop_front() {
            let row = self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize;
            if node as usize != place && row.len() > hub {
                continue;
            }
            let times = &self.times[row.clone()];
            let (first, last) = (times.partition_point(|t| *t < from), times.partition_point(|t| *t <= to));
            for at in row.start + first..row.start + last.max(first) {
                let other = self.others[at];
                if std::mem::replace(&mut self.stamps[other as usize], self.stamp) != self.stamp {
                    count += 1;
                    if count == nodes_max {
                        return count;
                    }
                    waiting.push_back(other);
                }
            }
        }
        count
    }

    /// The incidents that share most entities with one, weighted by rarity.
    pub(crate) fn similar(&self, place: usize, scores: &mut Vec<f32>, count: usize, hub: usize) -> Vec<(f32, u32)> {
        scores.resize(self.stamps.len(), 0.0);
        let first = self.entities + self.alerts;
        let mut entities: Vec<u32> =
            self.row(place).iter().flat_map(|alert| self.row(*alert as usize)).copied().filter(|n| (*n as usize) < self.entities).collect();
        entities.sort_unstable();
        entities.dedup();
        let mut touched = Vec::new();
        for entity in entities {
            let row = self.row(entity as usize);
            if row.len() > hub {
                continue;
            }
            let weight = (self.alerts as f32 / row.len() as f32).ln();
            for incident in
                row.iter().flat_map(|alert| self.row(*alert as usize)).copied().filter(|n| *n as usize >= first && *n as usize != place)
            {
                if scores[incident as usize] == 0.0 {
                    touched.push(incident);
                }
                scores[incident as usize] += weight;
            }
        }
        let mut found: Vec<(f32, u32)> = touched.iter().map(|n| (std::mem::take(&mut scores[*n as usize]), *n)).collect();
        found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(count);
        found
    }
}
