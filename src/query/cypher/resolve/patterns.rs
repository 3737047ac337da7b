//! Patterns to searches: which names are known, which conditions read one element, which several.

use std::collections::BTreeSet;

use crate::model::Span;
use crate::query::kql::graph::{ELEMENTS_MAX, EdgePattern as AlgebraEdge, NodePattern as AlgebraNode, Pattern, Rule};
use crate::query::kql::{Code, Diagnostic};

use super::super::plan::{MatchPlan, Needs, Search, Test};
use super::super::tree::{
    EdgePattern, Expr, ExprKind, Match, Mode, Name, NodePattern, Operator, PathPattern, Properties, Quantifier, Selector, Slot,
};
use super::expressions::Names;
use super::{Resolved, Scope, conjuncts};

impl Scope {
    /// Resolves a pattern; its names are in scope behind it.
    pub(super) fn matched(&mut self, matched: &Match, locals: &mut Vec<(String, usize)>) -> Resolved<MatchPlan> {
        let elements: usize = matched.paths.iter().map(|path| path.nodes.len() + path.edges.len()).sum();
        if let Some(path) = matched.paths.last().filter(|_| elements > ELEMENTS_MAX) {
            let message = format!("expected at most {ELEMENTS_MAX} nodes and edges in a pattern, found {elements}");
            return Err(Diagnostic::error(Code::CypherTooLong, path.span, message).with_help("write edges of several hops: `-[*1..5]->`"));
        }
        let before = self.names.len();
        let mut builder = Builder { scope: self, locals, before, splits_edges: false, searches: Vec::new(), open: Vec::new() };
        let every = || matched.paths.iter().filter(|path| path.selector == Selector::Every);
        let own = |path: &PathPattern| path.mode.filter(|mode| rule_of(*mode) != matched.rule && *mode != Mode::Walk);
        let is_split = every().count() > 1 && every().any(|path| own(path).is_some());
        if is_split {
            builder.splits_edges = matched.rule == Rule::Trail;
            let (free, bound): (Vec<_>, Vec<_>) = every().partition(|path| own(path).is_none());
            if !free.is_empty() {
                builder.search(&free, Selector::Every, matched.rule)?;
            }
            for path in bound {
                builder.search(&[path], Selector::Every, own(path).map_or(matched.rule, rule_of))?;
            }
            builder.part_edges(matched);
        } else if let Some(first) = every().next() {
            let rule = own(first).map_or(matched.rule, rule_of);
            builder.search(&every().collect::<Vec<_>>(), Selector::Every, rule)?;
        }
        for path in matched.paths.iter().filter(|path| path.selector != Selector::Every) {
            builder.search(&[path], path.selector, matched.rule)?;
        }
        let conditions = matched.condition.as_ref().map(conjuncts).unwrap_or_default();
        for condition in conditions {
            let condition = builder.resolved(condition)?;
            builder.open.push(condition);
        }
        let open = std::mem::take(&mut builder.open);
        for condition in open {
            builder.place(condition);
        }
        let searches = builder.searches;
        Ok(MatchPlan { optional: matched.optional, outer: before, width: self.names.len(), searches })
    }
}

/// The rule of a search for a path with a mode; a simple path is a trail that meets itself nowhere.
fn rule_of(mode: Mode) -> Rule {
    match mode {
        Mode::Walk => Rule::Walk,
        Mode::Trail | Mode::Simple => Rule::Trail,
        Mode::Acyclic => Rule::Acyclic,
    }
}

fn variable(slot: usize, span: Span) -> Expr {
    Expr { kind: ExprKind::Variable(String::new(), Slot::Row(slot)), span, depth: 1 }
}

/// Makes the searches of one `MATCH`.
struct Builder<'a> {
    scope: &'a mut Scope,
    locals: &'a mut Vec<(String, usize)>,
    /// Names that were there before.
    before: usize,
    /// Whether each edge has a place, to be compared with those of other searches.
    splits_edges: bool,
    searches: Vec<Search>,
    /// Conditions that have no place yet.
    open: Vec<Expr>,
}

impl Builder<'_> {
    fn search(&mut self, paths: &[&PathPattern], selector: Selector, rule: Rule) -> Resolved<()> {
        self.searches.push(Search {
            selector,
            pattern: Pattern { rule, ..Pattern::default() },
            nodes: Vec::new(),
            known: Vec::new(),
            edges: Vec::new(),
            paths: Vec::new(),
            node_tests: Vec::new(),
            edge_tests: Vec::new(),
            inner_tests: Vec::new(),
            conditions: Vec::new(),
        });
        let known_names = self.scope.names.len();
        for path in paths {
            let mut nodes = Vec::new();
            for node in &path.nodes {
                nodes.push(self.node(node, known_names)?);
            }
            let mut edges = Vec::new();
            for (n, edge) in path.edges.iter().enumerate() {
                edges.push(self.edge(edge, nodes[n], nodes[n + 1])?);
            }
            if selector != Selector::Every && !path.edges.iter().any(|edge| edge.hops.is_some()) {
                let message = "expected an edge of variable length in a shortest path, such as `-[*]->` or `->+`";
                return Err(Diagnostic::error(Code::CypherInvalid, path.span, message));
            }
            let slot = match &path.name {
                Some(name) => Some(self.scope.add(&name.text, name.span)?),
                None if path.mode == Some(Mode::Simple) => Some(self.unnamed()),
                None => None,
            };
            let Some(slot) = slot else { continue };
            self.last().paths.push((slot, nodes, edges));
            if path.mode == Some(Mode::Simple) {
                let whole = variable(slot, path.span);
                self.open.push(Expr { kind: ExprKind::IsSimple(Box::new(whole)), span: path.span, depth: 2 });
            }
        }
        Ok(())
    }

    /// A place that no name refers to.
    fn unnamed(&mut self) -> usize {
        self.scope.names.push(String::new());
        self.scope.names.len() - 1
    }

    /// What different searches find has no edge in common.
    fn part_edges(&mut self, matched: &Match) {
        let span = matched.paths.first().map_or(Span { start: 0, end: 0 }, |path| path.span);
        if self.splits_edges {
            let edges = self.searches.iter().flat_map(|search| search.edges.iter().flatten());
            let edges = edges.map(|slot| variable(*slot, span)).collect();
            self.open.push(Expr { kind: ExprKind::Apart(edges), span, depth: 2 });
        }
        self.splits_edges = false;
    }

    fn last(&mut self) -> &mut Search {
        self.searches.last_mut().expect("a search was begun")
    }

    /// Resolves an expression over everything that has a name so far.
    fn resolved(&mut self, expression: &Expr) -> Resolved<Expr> {
        let mut expression = expression.clone();
        let mut names = Names { scope: self.scope, locals: self.locals.clone(), aggregates: None };
        names.expression(&mut expression)?;
        Ok(expression)
    }

    /// The node of the pattern that a node of the text is; the same name is the same node.
    fn node(&mut self, node: &NodePattern, known_names: usize) -> Resolved<usize> {
        let slot = match &node.name {
            None => None,
            Some(name) => Some(match self.locals.iter().rev().find(|(local, _)| *local == name.text) {
                Some((_, local)) => Slot::Local(*local),
                None => Slot::Row(match self.scope.place(&name.text) {
                    Some(place) => place,
                    None => self.scope.add(&name.text, name.span)?,
                }),
            }),
        };
        let search = self.last();
        let met = slot.and_then(|slot| search.nodes.iter().position(|known| *known == Some(slot)));
        let place = met.unwrap_or_else(|| {
            let is_known = match slot {
                Some(Slot::Row(place)) => place < known_names,
                Some(Slot::Local(_)) => true,
                _ => false,
            };
            search.nodes.push(slot);
            search.known.push(is_known);
            search.node_tests.push(Vec::new());
            search.pattern.nodes.push(AlgebraNode::default());
            search.nodes.len() - 1
        });
        if let (Some(name), Some(slot)) = (&node.name, slot) {
            self.refuse_edge(name, slot)?;
        }
        let pattern = &mut self.last().pattern.nodes[place];
        pattern.labels = std::mem::take(&mut pattern.labels).and(node.labels.clone());
        let slot = match slot {
            Some(slot) => slot,
            None if node.properties.is_empty() && node.condition.is_none() => return Ok(place),
            None => {
                // Conditions must be able to name it.
                self.scope.names.push(String::new());
                let slot = Slot::Row(self.scope.names.len() - 1);
                self.last().nodes[place] = Some(slot);
                slot
            }
        };
        for condition in self.inline(&node.properties, node.condition.as_ref(), slot)? {
            self.open.push(condition);
        }
        Ok(place)
    }

    fn refuse_edge(&mut self, name: &Name, slot: Slot) -> Resolved<()> {
        let is_edge = |search: &Search| search.edges.iter().flatten().any(|place| Slot::Row(*place) == slot);
        let is_path = |search: &Search| search.paths.iter().any(|(place, ..)| Slot::Row(*place) == slot);
        if self.searches.iter().any(|search| is_edge(search) || is_path(search)) {
            return Err(Diagnostic::error(Code::CypherInvalid, name.span, format!("`{}` is an edge or a path, not a node", name.text)));
        }
        Ok(())
    }

    fn edge(&mut self, edge: &EdgePattern, from: usize, to: usize) -> Resolved<usize> {
        let has_conditions = !edge.properties.is_empty() || edge.condition.is_some();
        let mut same_as = None;
        let slot = match &edge.name {
            Some(name) => match self.scope.place(&name.text) {
                // An edge that is known already: a fresh one that must be the same.
                Some(place) if place < self.before => {
                    same_as = Some((place, name.span));
                    self.scope.names.push(String::new());
                    Some(self.scope.names.len() - 1)
                }
                _ => Some(self.scope.add(&name.text, name.span)?),
            },
            None if has_conditions || self.splits_edges => Some(self.unnamed()),
            None => None,
        };
        let search = self.last();
        search.edges.push(slot);
        search.edge_tests.push(Vec::new());
        search.inner_tests.push(Vec::new());
        search.pattern.edges.push(AlgebraEdge {
            from,
            to,
            way: edge.way,
            hops: edge.hops,
            labels: edge.labels.clone(),
            test: None,
            inner: None,
        });
        let place = search.edges.len() - 1;
        let Some(slot) = slot else { return Ok(place) };
        for condition in self.inline(&edge.properties, edge.condition.as_ref(), Slot::Row(slot))? {
            if edge.hops.is_none() {
                self.open.push(condition);
                continue;
            }
            // Inside its brackets the name of a path means each of its edges.
            if slots(&condition) != BTreeSet::from([slot]) {
                let message = "a condition on each edge of a path that also reads other names is not supported";
                return Err(Diagnostic::error(Code::CypherUnsupported, condition.span, message)
                    .with_help("write `all(e IN edges WHERE ...)` behind `WHERE`"));
            }
            self.last().edge_tests[place].push(Test { condition, slot: Slot::Row(slot), negated: false });
        }
        if let Some((known, span)) = same_as {
            let variable = |place: usize| Box::new(Expr { kind: ExprKind::Variable(String::new(), Slot::Row(place)), span, depth: 1 });
            let kind = ExprKind::Binary(Operator::Equal, variable(known), variable(slot));
            self.open.push(Expr { kind, span, depth: 2 });
        }
        Ok(place)
    }

    /// What properties and an inner `WHERE` ask of an element.
    fn inline(&mut self, properties: &Properties, condition: Option<&Expr>, slot: Slot) -> Resolved<Vec<Expr>> {
        let mut all = Vec::new();
        if let Some(map) = &properties.map {
            let element = Expr { kind: ExprKind::Variable(String::new(), slot), span: map.span, depth: 1 };
            let kind = ExprKind::HasProperties(Box::new(element), Box::new(self.resolved(map)?));
            all.push(Expr { kind, span: map.span, depth: 2 });
        }
        for (name, value) in &properties.entries {
            let value = self.resolved(value)?;
            let (span, depth) = (value.span, value.depth);
            let element = Expr { kind: ExprKind::Variable(String::new(), slot), span, depth: 1 };
            let property = Expr { kind: ExprKind::Property(Box::new(element), name.clone()), span, depth: 2 };
            let kind = ExprKind::Binary(Operator::Equal, Box::new(property), Box::new(value));
            all.push(Expr { kind, span, depth: depth.max(2) + 1 });
        }
        for condition in condition.map(conjuncts).unwrap_or_default() {
            all.push(self.resolved(condition)?);
        }
        Ok(all)
    }

    /// Puts a condition where it is decided first.
    fn place(&mut self, condition: Expr) {
        let Some(condition) = self.pushed(condition) else { return };
        let read = slots(&condition);
        let (mut chosen, mut nodes, mut edges) = (0, Vec::new(), Vec::new());
        for (n, search) in self.searches.iter().enumerate() {
            let (search_nodes, search_edges) = needs(search, &read);
            if !search_nodes.is_empty() || !search_edges.is_empty() {
                (chosen, nodes, edges) = (n, search_nodes, search_edges);
            }
        }
        let local_only = read.is_empty();
        let search = &mut self.searches[chosen];
        if let ([node], [], false) = (nodes.as_slice(), edges.as_slice(), local_only)
            && read.len() == 1
            && !reads_locals(&condition)
            && let Some(slot) = search.nodes[*node]
        {
            search.node_tests[*node].push(Test { condition, slot, negated: false });
            return;
        }
        if let ([], [edge]) = (nodes.as_slice(), edges.as_slice())
            && read.len() == 1
            && search.pattern.edges[*edge].hops.is_none()
            && !reads_locals(&condition)
            && let Some(slot) = search.edges[*edge].filter(|slot| read.contains(slot))
        {
            search.edge_tests[*edge].push(Test { condition, slot: Slot::Row(slot), negated: false });
            return;
        }
        search.conditions.push(Needs { condition, nodes, edges });
    }

    /// Takes `all(x IN path WHERE ...)` and `none(...)` into the search, where they end paths early.
    fn pushed(&mut self, condition: Expr) -> Option<Expr> {
        let ExprKind::Quantified { quantifier, each, condition: inner } = &condition.kind else { return Some(condition) };
        if !matches!(quantifier, Quantifier::All | Quantifier::None) || !slots(inner).is_empty() {
            return Some(condition);
        }
        let (slot, of_nodes) = match &each.list.kind {
            ExprKind::Variable(_, Slot::Row(slot)) => (*slot, false),
            ExprKind::Call(call) => match (call.name.to_ascii_lowercase().as_str(), call.arguments.first().map(|one| &one.kind)) {
                ("relationships" | "edges", Some(ExprKind::Variable(_, Slot::Row(slot)))) => (*slot, false),
                ("nodes", Some(ExprKind::Variable(_, Slot::Row(slot)))) => (*slot, true),
                _ => return Some(condition),
            },
            _ => return Some(condition),
        };
        let test = Test { condition: (**inner).clone(), slot: Slot::Local(each.slot), negated: *quantifier == Quantifier::None };
        for search in &mut self.searches {
            let path = search.paths.iter().find(|(place, ..)| *place == slot);
            let edge = search.edges.iter().position(|place| *place == Some(slot)).filter(|edge| search.pattern.edges[*edge].hops.is_some());
            match (path.cloned(), edge) {
                (Some((_, nodes, edges)), _) if of_nodes => {
                    for node in nodes.into_iter().collect::<BTreeSet<_>>() {
                        search.node_tests[node].push(test.clone());
                    }
                    edges.into_iter().for_each(|edge| search.inner_tests[edge].push(test.clone()));
                    return None;
                }
                (Some((_, _, edges)), _) => {
                    edges.into_iter().for_each(|edge| search.edge_tests[edge].push(test.clone()));
                    return None;
                }
                (None, Some(edge)) if !of_nodes => {
                    search.edge_tests[edge].push(test);
                    return None;
                }
                _ => {}
            }
        }
        Some(condition)
    }
}

/// The nodes and edges of a search that hold values of these places.
fn needs(search: &Search, read: &BTreeSet<usize>) -> (Vec<usize>, Vec<usize>) {
    let (mut nodes, mut edges) = (BTreeSet::new(), BTreeSet::new());
    for (n, slot) in search.nodes.iter().enumerate() {
        if let Some(Slot::Row(slot)) = slot
            && read.contains(slot)
        {
            nodes.insert(n);
        }
    }
    for (n, slot) in search.edges.iter().enumerate() {
        if slot.is_some_and(|slot| read.contains(&slot)) {
            edges.insert(n);
        }
    }
    for (slot, path_nodes, path_edges) in &search.paths {
        if read.contains(slot) {
            nodes.extend(path_nodes);
            edges.extend(path_edges);
        }
    }
    (nodes.into_iter().collect(), edges.into_iter().collect())
}

/// The places of the row that an expression reads.
fn slots(expression: &Expr) -> BTreeSet<usize> {
    let (mut found, mut open) = (BTreeSet::new(), vec![expression]);
    while let Some(one) = open.pop() {
        match &one.kind {
            ExprKind::Variable(_, Slot::Row(slot)) => {
                found.insert(*slot);
            }
            ExprKind::Found(plan) => found.extend(plan.reads()),
            ExprKind::Answered(_, plan) => found.extend(plan.reads()),
            kind => kind.each_child(&mut |child| open.push(child)),
        }
    }
    found
}

/// Whether an expression reads names that it does not bring in itself.
fn reads_locals(expression: &Expr) -> bool {
    let (mut is_read, mut brought) = (false, BTreeSet::new());
    let mut open = vec![expression];
    let mut read = BTreeSet::new();
    while let Some(one) = open.pop() {
        match &one.kind {
            ExprKind::Variable(_, Slot::Local(slot)) => {
                read.insert(*slot);
            }
            ExprKind::Comprehension { each, .. } | ExprKind::Quantified { each, .. } => {
                brought.insert(each.slot);
            }
            ExprKind::Reduce { each, .. } => brought.extend([each.slot - 1, each.slot]),
            // Its patterns may begin at such a name.
            ExprKind::Found(_) | ExprKind::Answered(..) => is_read = true,
            _ => {}
        }
        one.kind.each_child(&mut |child| open.push(child));
    }
    is_read || !read.is_subset(&brought)
}
