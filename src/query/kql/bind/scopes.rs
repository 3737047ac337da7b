//! Which declaration a name means, found without a look at those between.

use std::collections::HashMap;

/// Declarations one behind the other, each of which sees those before it.
#[derive(Debug)]
struct Run {
    /// The declaration that the first one stands behind.
    before: Option<usize>,
    /// The last one.
    last: usize,
    /// Those of each name, in order.
    named: HashMap<String, Vec<usize>>,
}

/// All declarations of a text by name. They are numbered in the order in which they are met; what stands behind another one than the last begins
/// a run of its own, as the parameters of a call do.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    runs: Vec<Run>,
    /// The run of each declaration.
    run_of: Vec<usize>,
}

impl Scopes {
    /// Adds the next declaration, behind `scope`.
    pub(super) fn declare(&mut self, name: &str, scope: Option<usize>) {
        let id = self.run_of.len();
        let run = match scope.map(|scope| self.run_of[scope]).filter(|run| Some(self.runs[*run].last) == scope) {
            Some(run) => run,
            None => {
                self.runs.push(Run { before: scope, last: id, named: HashMap::new() });
                self.runs.len() - 1
            }
        };
        self.run_of.push(run);
        let run = &mut self.runs[run];
        run.last = id;
        run.named.entry(name.to_owned()).or_default().push(id);
    }

    /// The nearest declaration of a name that `scope` sees, and how many runs were looked at.
    pub(super) fn find(&self, name: &str, scope: Option<usize>) -> (Option<usize>, usize) {
        let (mut next, mut looked) = (scope, 0);
        while let Some(from) = next {
            looked += 1;
            let run = &self.runs[self.run_of[from]];
            if let Some(ids) = run.named.get(name) {
                let seen = ids.partition_point(|id| *id <= from);
                if let Some(found) = seen.checked_sub(1) {
                    return (Some(ids[found]), looked);
                }
            }
            next = run.before;
        }
        (None, looked)
    }
}

#[cfg(test)]
mod tests {
    use super::Scopes;

    #[test]
    fn the_nearest_declaration_in_sight_is_meant() {
        let mut scopes = Scopes::default();
        // 0: a, 1: b, 2: a behind it; 3: a call behind 1 declares x, 4: and b; 5: c goes on behind 2.
        for (name, scope) in [("a", None), ("b", Some(0)), ("a", Some(1)), ("x", Some(1)), ("b", Some(3)), ("c", Some(2))] {
            scopes.declare(name, scope);
        }
        for (name, scope, expected) in [
            ("a", None, None),
            ("a", Some(0), Some(0)),
            ("a", Some(1), Some(0)),
            ("a", Some(2), Some(2)),
            ("a", Some(4), Some(0)),
            ("b", Some(3), Some(1)),
            ("b", Some(4), Some(4)),
            ("b", Some(5), Some(1)),
            ("x", Some(5), None),
            ("c", Some(4), None),
            ("c", Some(5), Some(5)),
        ] {
            assert_eq!(scopes.find(name, scope).0, expected, "{name} from {scope:?}");
        }
    }
}
