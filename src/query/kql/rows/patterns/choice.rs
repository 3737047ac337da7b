//! Which of the frequent patterns a plugin gives, and in which order. What `autocluster` and `diffpatterns` leave out is clew's own rule.

use std::cmp::Reverse;

use super::mining::{Mined, Rows};

/// Share of its rows that no pattern before it holds, from which on a pattern is worth telling.
const NEW_SHARE_MIN: f64 = 0.5;

/// All of them: those first that hold many rows with many values.
pub(super) fn frequent(mut found: Vec<Mined>) -> Vec<Mined> {
    found.sort_by_cached_key(|pattern| {
        let (rows, values) = (pattern.count[0], pattern.values.len() as i64);
        (Reverse(rows.saturating_mul(values)), Reverse(rows), pattern.values.clone())
    });
    found
}

/// Those that hold many rows and tell many values, by the geometric mean of both shares; each if half of its rows at least are new.
pub(super) fn telling(found: Vec<Mined>, rows: &Rows, total: i64, columns: usize, weight: f64) -> Vec<Mined> {
    let score = |pattern: &Mined| {
        let share = pattern.count[0] as f64 / total as f64;
        let told = pattern.values.len() as f64 / columns.max(1) as f64;
        share.powf(weight) * told.powf(1.0 - weight)
    };
    let mut ranked: Vec<(f64, Mined)> = frequent(found).into_iter().map(|pattern| (score(&pattern), pattern)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut covered = rows.none();
    let mut chosen = Vec::new();
    for (_, pattern) in ranked {
        let new = rows.count(&beyond(&pattern.rows, &covered))[0];
        if new as f64 >= NEW_SHARE_MIN * pattern.count[0] as f64 {
            cover(&mut covered, &pattern.rows);
            chosen.push(pattern);
        }
    }
    frequent(chosen)
}

/// Those whose shares of both sets differ most; each if the shares of its new rows still differ enough, and in the same direction.
pub(super) fn different(mut found: Vec<Mined>, rows: &Rows, total: [i64; 2], threshold: f64) -> Vec<Mined> {
    let apart = |count: [i64; 2]| count[0] as f64 / total[0].max(1) as f64 - count[1] as f64 / total[1].max(1) as f64;
    found.retain(|pattern| apart(pattern.count).abs() >= threshold);
    let mut ranked = frequent(found);
    ranked.sort_by(|a, b| apart(b.count).abs().total_cmp(&apart(a.count).abs()));
    let mut covered = rows.none();
    let mut chosen = Vec::new();
    for pattern in ranked {
        let new = apart(rows.count(&beyond(&pattern.rows, &covered)));
        if new.abs() >= threshold && (new > 0.0) == (apart(pattern.count) > 0.0) {
            cover(&mut covered, &pattern.rows);
            chosen.push(pattern);
        }
    }
    chosen
}

fn beyond(rows: &[u64], covered: &[u64]) -> Box<[u64]> {
    rows.iter().zip(covered).map(|(rows, covered)| rows & !covered).collect()
}

fn cover(covered: &mut [u64], rows: &[u64]) {
    covered.iter_mut().zip(rows).for_each(|(covered, rows)| *covered |= rows);
}
