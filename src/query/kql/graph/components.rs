//! Connected components.

use super::model::{Adjacent, PatternGraph, Way};

/// Numbers the components that hang together by edges in any direction, from 0 in the order of their first nodes.
pub fn weak_components(graph: &dyn PatternGraph) -> Vec<u32> {
    let count = graph.node_count();
    let mut component = vec![u32::MAX; count];
    let (mut next, mut stack, mut edges) = (0, Vec::new(), Vec::new());
    for start in 0..count as u32 {
        if component[start as usize] != u32::MAX {
            continue;
        }
        component[start as usize] = next;
        stack.push(start);
        while let Some(node) = stack.pop() {
            edges.clear();
            graph.adjacent(node, Way::Either, &mut edges);
            for Adjacent { node: other, .. } in &edges {
                if component[*other as usize] == u32::MAX {
                    component[*other as usize] = next;
                    stack.push(*other);
                }
            }
        }
        next += 1;
    }
    component
}

/// Numbers the components whose nodes reach each other along edges, from 0 in the order of their first nodes.
pub fn strong_components(graph: &dyn PatternGraph) -> Vec<u32> {
    let count = graph.node_count();
    let mut tarjan =
        Tarjan { low: vec![0; count], order: vec![0; count], component: vec![u32::MAX; count], stack: Vec::new(), seen: 0, found: 0 };
    for start in 0..count as u32 {
        if tarjan.order[start as usize] == 0 {
            tarjan.visit(graph, start);
        }
    }
    renumber(&tarjan.component)
}

/// Tarjan's algorithm on a stack of its own.
struct Tarjan {
    low: Vec<u32>,
    /// When a node was met, from 1.
    order: Vec<u32>,
    component: Vec<u32>,
    stack: Vec<u32>,
    seen: u32,
    found: u32,
}

impl Tarjan {
    fn enter(&mut self, graph: &dyn PatternGraph, node: u32) -> (u32, Vec<Adjacent>, usize) {
        self.seen += 1;
        self.order[node as usize] = self.seen;
        self.low[node as usize] = self.seen;
        self.stack.push(node);
        let mut edges = Vec::new();
        graph.adjacent(node, Way::Out, &mut edges);
        (node, edges, 0)
    }

    fn visit(&mut self, graph: &dyn PatternGraph, start: u32) {
        let mut calls = vec![self.enter(graph, start)];
        while let Some((node, edges, at)) = calls.last_mut() {
            let node = *node;
            if let Some(next) = edges.get(*at) {
                *at += 1;
                let other = next.node as usize;
                if self.order[other] == 0 {
                    let call = self.enter(graph, next.node);
                    calls.push(call);
                } else if self.component[other] == u32::MAX {
                    self.low[node as usize] = self.low[node as usize].min(self.order[other]);
                }
                continue;
            }
            if self.low[node as usize] == self.order[node as usize] {
                while let Some(member) = self.stack.pop() {
                    self.component[member as usize] = self.found;
                    if member == node {
                        break;
                    }
                }
                self.found += 1;
            }
            calls.pop();
            if let Some((parent, ..)) = calls.last() {
                self.low[*parent as usize] = self.low[*parent as usize].min(self.low[node as usize]);
            }
        }
    }
}

/// Numbers components anew in the order of their first nodes.
fn renumber(component: &[u32]) -> Vec<u32> {
    let mut names = vec![u32::MAX; component.len()];
    let mut next = 0;
    component
        .iter()
        .map(|old| {
            let name = &mut names[*old as usize];
            if *name == u32::MAX {
                *name = next;
                next += 1;
            }
            *name
        })
        .collect()
}
