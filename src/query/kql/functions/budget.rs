//! How many bytes the scalar expressions of one operator may make of the rows that they are given, counted on the thread that evaluates them.
//!
//! Whoever evaluates expressions opens a [`Scope`]; kernels count what they make in it and stop before they make more than is left. An operator that
//! can takes fewer rows at once then, so that a query fails only where one row alone passes the bound. Says nothing about rows, only about bytes.

use std::cell::Cell;
use std::ops::Range;

use super::KernelError;

/// Name of the bound.
pub const EXPRESSION_BYTES_NAME: &str = "expression_bytes_max";
/// Bytes of texts and dynamic values that the expressions of an operator may make of one row, those on the way included.
pub const EXPRESSION_BYTES_MAX: usize = 64 << 20;
/// Bytes of constants that a plan may hold because they were computed when it was made; others are computed when it runs.
const FOLDED_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug)]
struct Allowance {
    left: usize,
    exceeded: bool,
}

thread_local! {
    static ALLOWANCE: Cell<Option<Allowance>> = const { Cell::new(None) };
}

/// The time during which bytes are counted together. Ends when it is dropped, on the thread that opened it.
#[derive(Debug)]
pub struct Scope {
    outer: Option<Allowance>,
    joined: bool,
}

impl Scope {
    fn with(bytes: usize) -> Self {
        let allowance = Allowance { left: bytes, exceeded: false };
        Self { outer: ALLOWANCE.replace(Some(allowance)), joined: false }
    }

    /// For expressions over some rows.
    pub fn open() -> Self {
        Self::with(EXPRESSION_BYTES_MAX)
    }

    /// For a planner that computes constants beforehand.
    pub fn folding() -> Self {
        Self::with(FOLDED_BYTES_MAX)
    }

    /// The one that is open; else one for a single call, which counts as a planner's if all of it is constant.
    pub(super) fn of_call(constant: bool) -> Self {
        match ALLOWANCE.get() {
            Some(_) => Self { outer: None, joined: true },
            None if constant => Self::folding(),
            None => Self::open(),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if !self.joined {
            ALLOWANCE.set(self.outer);
        }
    }
}

/// Bytes that may still be made; all of them where nobody counts.
pub fn left() -> usize {
    ALLOWANCE.get().map_or(EXPRESSION_BYTES_MAX, |allowance| allowance.left)
}

/// Notes that a value was left unfinished because it became too long, so that the call fails; false where nobody counts.
pub fn exceed() -> bool {
    let Some(allowance) = ALLOWANCE.get() else { return false };
    ALLOWANCE.set(Some(Allowance { exceeded: true, ..allowance }));
    true
}

/// Fails if so many parts of so many bytes are more than may still be made: asked before they are.
pub fn fits(bytes: usize, times: usize) -> Result<(), KernelError> {
    let is_more = bytes.checked_mul(times).is_none_or(|bytes| bytes > left());
    if is_more { Err(KernelError::limit(EXPRESSION_BYTES_NAME, EXPRESSION_BYTES_MAX)) } else { Ok(()) }
}

/// Computes something of rows part by part, each within the bound: of fewer rows at once where that many together pass it. Without rows it is
/// computed once all the same. What is taken of a part is not asked for again.
pub fn in_parts<T>(
    rows: usize,
    mut compute: impl FnMut(Range<usize>) -> Result<T, KernelError>,
    mut take: impl FnMut(T) -> Result<(), KernelError>,
) -> Result<(), KernelError> {
    let (mut at, mut wanted) = (0, rows);
    loop {
        let end = rows.min(at + wanted);
        let scope = Scope::open();
        let made = compute(at..end);
        drop(scope);
        match made {
            Err(error) if end - at > 1 && error.is_limit() => wanted = (end - at) / 2,
            made => {
                take(made?)?;
                at = end;
            }
        }
        if at == rows {
            return Ok(());
        }
    }
}

/// Counts what a call made; fails if that is more than was left or the call gave up. What fails does not count.
pub fn settle(bytes: usize) -> Result<(), KernelError> {
    let Some(allowance) = ALLOWANCE.get() else { return Ok(()) };
    let left = allowance.left.checked_sub(bytes).filter(|_| !allowance.exceeded);
    ALLOWANCE.set(Some(Allowance { left: left.unwrap_or(allowance.left), exceeded: false }));
    left.map(drop).ok_or_else(|| KernelError::limit(EXPRESSION_BYTES_NAME, EXPRESSION_BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_fits_and_come_in_order() {
        let mut taken = Vec::new();
        let half = |part: Range<usize>| settle(part.len() * (EXPRESSION_BYTES_MAX / 2)).map(|()| part);
        let all = in_parts(5, half, |part| {
            taken.push(part);
            Ok(())
        });
        assert!(all.is_ok());
        assert_eq!(taken, [0..2, 2..4, 4..5]);
        let alone = in_parts(2, |part: Range<usize>| settle(part.len() * (EXPRESSION_BYTES_MAX + 1)), Ok);
        assert!(alone.is_err_and(|error| error.is_limit()), "one row alone is too much");
        let mut empty = Vec::new();
        let none = in_parts(0, Ok, |part| {
            empty.push(part);
            Ok(())
        });
        assert!(none.is_ok());
        assert_eq!((empty.len(), &empty[0]), (1, &(0..0)), "no rows are computed once");
    }

    #[test]
    fn what_is_made_in_a_scope_is_counted_until_it_ends() {
        let outer = Scope::open();
        assert!(settle(EXPRESSION_BYTES_MAX - 10).is_ok());
        {
            let _inner = Scope::folding();
            assert_eq!(left(), FOLDED_BYTES_MAX);
            assert!(settle(FOLDED_BYTES_MAX + 1).is_err_and(|error| error.is_limit()));
            assert_eq!(left(), FOLDED_BYTES_MAX, "what failed does not count");
        }
        assert_eq!(left(), 10);
        assert!(exceed());
        assert!(settle(1).is_err(), "a value that was given up fails its call");
        assert!(settle(1).is_ok(), "and no later one");
        drop(outer);
        assert!(!exceed(), "nobody counts");
        assert_eq!(left(), EXPRESSION_BYTES_MAX);
    }
}
