//! All frequent patterns of some rows: of those that hold the same rows, the one with the most values.
//!
//! Depth first over sets of values that need each of their values to hold just these rows (what is left of Apriori when nothing is lost): every
//! pattern has such a set, and every part of one is one, so what fails the test is not followed.

use hashbrown::{HashMap, HashSet};

use arrow::array::RecordBatch;

use super::super::super::functions::KernelError;
use super::super::Running;
use super::super::keys::group_numbers;

/// Name of the bound of the sets of values that are looked at.
const STEPS_NAME: &str = "pattern_steps_max";
/// Sets of values that are looked at.
const STEPS_MAX: usize = 2_000_000;
/// Steps after which the query is asked whether it goes on.
const STEPS_TO_ASK: usize = 1_024;
/// The value of a column that is too rare to count.
const RARE: u32 = u32::MAX;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mined {
    /// Its columns, each with the first row that has its value.
    pub(super) values: Vec<(usize, u32)>,
    /// How often its rows count in either set.
    pub(super) count: [i64; 2],
    /// The kinds of rows that it holds, as bits.
    pub(super) rows: Box<[u64]>,
}

/// A value of a column that is frequent.
#[derive(Debug)]
struct Item {
    column: usize,
    row: u32,
    rows: Box<[u64]>,
}

/// Rows as kinds of rows: those with the same frequent values are one kind.
#[derive(Debug)]
pub(super) struct Rows {
    items: Vec<Item>,
    weights: Vec<[i64; 2]>,
}

impl Rows {
    /// The rows of an input, of which only these columns say something, with what is least to be frequent.
    pub(super) fn of(
        input: &RecordBatch,
        columns: &[usize],
        weights: &[[i64; 2]],
        least: &impl Fn([i64; 2]) -> bool,
        running: &Running,
    ) -> Result<Self, KernelError> {
        running.reserve(input.num_rows() * 64)?;
        // Rows that count for nothing are not there: what they have says nothing about the others.
        let counting: Vec<usize> = (0..input.num_rows()).filter(|row| weights[*row] != [0, 0]).collect();
        let mut kinds = vec![0; input.num_rows()];
        let mut places: Vec<(usize, u32)> = Vec::new();
        let mut told: Vec<Vec<u32>> = Vec::new();
        for column in columns {
            running.go_on()?;
            let (numbers, count) = group_numbers(&[input.column(*column).clone()], input.num_rows())?;
            let mut seen: Vec<(u32, [i64; 2])> = vec![(RARE, [0, 0]); count];
            for (row, (number, weight)) in numbers.iter().zip(weights).enumerate() {
                let (first, sum) = &mut seen[*number];
                *first = (*first).min(u32::try_from(row).unwrap_or(RARE));
                *sum = [sum[0] + weight[0], sum[1] + weight[1]];
            }
            let before = places.len();
            let numbered: Vec<u32> = seen
                .into_iter()
                .map(|(row, count)| {
                    if count == [0, 0] || !least(count) {
                        return RARE;
                    }
                    places.push((*column, row));
                    places.len() as u32 - 1
                })
                .collect();
            // A column whose values are all rare parts no rows.
            if places.len() == before {
                continue;
            }
            running.reserve(input.num_rows() * size_of::<u32>())?;
            let values: Vec<u32> = numbers.iter().map(|number| numbered[*number]).collect();
            if numbered.len() > 1 {
                let mut known: HashMap<(usize, u32), usize> = HashMap::new();
                for row in &counting {
                    let next = known.len();
                    kinds[*row] = *known.entry((kinds[*row], values[*row])).or_insert(next);
                }
            }
            told.push(values);
        }
        let mut summed: Vec<[i64; 2]> = Vec::new();
        let mut firsts: Vec<usize> = Vec::new();
        for row in counting {
            let (kind, weight) = (kinds[row], weights[row]);
            if kind == summed.len() {
                summed.push([0, 0]);
                firsts.push(row);
            }
            summed[kind] = [summed[kind][0] + weight[0], summed[kind][1] + weight[1]];
        }
        let words = summed.len().div_ceil(64);
        running.reserve(places.len() * words * 8)?;
        let mut items: Vec<Item> =
            places.into_iter().map(|(column, row)| Item { column, row, rows: vec![0; words].into_boxed_slice() }).collect();
        for values in told {
            for (kind, row) in firsts.iter().enumerate().filter(|(_, row)| values[**row] != RARE) {
                items[values[*row] as usize].rows[kind / 64] |= 1 << (kind % 64);
            }
        }
        Ok(Self { items, weights: summed })
    }

    /// How often rows count.
    pub(super) fn count(&self, rows: &[u64]) -> [i64; 2] {
        let mut sum = [0, 0];
        for (word, bits) in rows.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let weight = self.weights[word * 64 + bits.trailing_zeros() as usize];
                sum = [sum[0] + weight[0], sum[1] + weight[1]];
                bits &= bits - 1;
            }
        }
        sum
    }

    /// No row.
    pub(super) fn none(&self) -> Box<[u64]> {
        vec![0; self.weights.len().div_ceil(64)].into_boxed_slice()
    }

    /// The frequent patterns that so many values tell from all others, each once, in the order in which they are found.
    pub(super) fn mined(&self, values_max: usize, least: &impl Fn([i64; 2]) -> bool, running: &Running) -> Result<Vec<Mined>, KernelError> {
        // Of values that the same rows have, one tells these rows as well as another.
        let mut seen: HashSet<&[u64]> = HashSet::new();
        let heads = (0..self.items.len()).filter(|item| seen.insert(&self.items[*item].rows)).collect();
        let mut search = Search { rows: self, heads, values_max, least, running, steps: 0, known: HashSet::new(), found: Vec::new() };
        let all = vec![u64::MAX; self.none().len()].into_boxed_slice();
        search.extend(&mut Vec::new(), &all, 0)?;
        Ok(search.found)
    }

    /// The values that all of these rows have.
    fn shared(&self, rows: &[u64]) -> Vec<u32> {
        let holds = |item: &Item| rows.iter().zip(&item.rows).all(|(rows, all)| rows & !all == 0);
        (0..).zip(&self.items).filter(|(_, item)| holds(item)).map(|(number, _)| number).collect()
    }
}

fn common(a: &[u64], b: &[u64]) -> Box<[u64]> {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

/// A search that is under way.
struct Search<'a, L> {
    rows: &'a Rows,
    /// The values that sets are made of.
    heads: Vec<usize>,
    values_max: usize,
    least: &'a L,
    running: &'a Running,
    steps: usize,
    known: HashSet<Vec<u32>>,
    found: Vec<Mined>,
}

impl<L: Fn([i64; 2]) -> bool> Search<'_, L> {
    /// Adds each further value to a set that holds these rows.
    fn extend(&mut self, set: &mut Vec<usize>, held: &[u64], from: usize) -> Result<(), KernelError> {
        if set.len() == self.values_max {
            return Ok(());
        }
        for place in from..self.heads.len() {
            let item = self.heads[place];
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return Err(KernelError::limit(STEPS_NAME, STEPS_MAX));
            }
            if self.steps.is_multiple_of(STEPS_TO_ASK) {
                self.running.go_on()?;
            }
            let joined = common(held, &self.rows.items[item].rows);
            let count = self.rows.count(&joined);
            if count == [0, 0] || !(self.least)(count) || self.is_told_by_less(set, item, held, &joined) {
                continue;
            }
            self.keep(&joined, count)?;
            set.push(item);
            self.extend(set, &joined, place + 1)?;
            set.pop();
        }
        Ok(())
    }

    /// Whether the same rows are held without one of the values. What all rows have is told by nothing less than itself.
    fn is_told_by_less(&self, set: &[usize], item: usize, held: &[u64], joined: &[u64]) -> bool {
        if set.is_empty() {
            return false;
        }
        let without = |left_out: &usize| {
            let others = set.iter().filter(|other| *other != left_out);
            others.fold(self.rows.items[item].rows.clone(), |rows, other| common(&rows, &self.rows.items[*other].rows))
        };
        held == joined || set.iter().any(|left_out| *without(left_out) == *joined)
    }

    fn keep(&mut self, rows: &[u64], count: [i64; 2]) -> Result<(), KernelError> {
        // What is kept is compared with every value: more work than many steps.
        self.running.go_on()?;
        let shared = self.rows.shared(rows);
        let values = shared.iter().map(|item| &self.rows.items[*item as usize]).map(|item| (item.column, item.row)).collect();
        if self.known.insert(shared) {
            self.running.reserve(rows.len() * 8 + 256)?;
            self.found.push(Mined { values, count, rows: rows.into() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    /// Both places where a search asks: where it keeps a pattern, and after many steps that keep none.
    #[test]
    fn a_search_ends_with_the_query() {
        let column: ArrayRef = Arc::new((0..2 * STEPS_TO_ASK as i64).collect::<Int64Array>());
        let input = RecordBatch::try_from_iter([("a", column)]).expect("a table");
        let (running, every, none) = (Running::unbounded(), |_: [i64; 2]| true, |_: [i64; 2]| false);
        let rows = Rows::of(&input, &[0], &vec![[1, 0]; input.num_rows()], &every, &running).expect("rows");
        assert_eq!(rows.mined(1, &every, &running).map(|found| found.len()).ok(), Some(input.num_rows()));
        assert_eq!(rows.mined(1, &none, &running).map(|found| found.len()).ok(), Some(0));
        running.stop();
        let ended = Some("the query was ended".to_owned());
        assert_eq!(rows.mined(1, &every, &running).err().map(|error| error.message), ended);
        assert_eq!(rows.mined(1, &none, &running).err().map(|error| error.message), ended);
    }
}
