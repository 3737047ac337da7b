//! Cells of H3: 122 of the first level, each cut into seven again and again; twelve of each level are pentagons.

use std::collections::HashSet;

use super::super::along::{beyond, halfway};
use super::super::sphere::Place;
use super::grid::{FIRST, PLACES};
use super::lattice::{
    Beyond, HEIGHT, OnSide, Point, Steps, UNITS, cell_of, coarser, crossing, edge_between, finer, in_plane, is_turned, minus, of_corners,
    place_of, plus,
};

/// The finest level.
pub(super) const LEVELS: u32 = 15;
/// The digit of places behind the level of a cell.
const UNUSED: u64 = 7;
/// The digit of the direction that a pentagon lacks.
const LACKING: u64 = 1;
/// The digit that comes out of each by a turn of 60 degrees to the left, and to the right.
const LEFT: [u64; 8] = [0, 5, 3, 1, 6, 4, 2, UNUSED];
const RIGHT: [u64; 8] = [0, 3, 6, 2, 5, 1, 4, UNUSED];
/// The corners of a cell around its middle on the lattice of corners, to the left from the first axis; a pentagon has the first five.
const CORNERS: [Steps; 6] = [[2, 1, 0], [1, 2, 0], [0, 2, 1], [0, 1, 2], [1, 0, 2], [2, 0, 1]];
const TURNED_CORNERS: [Steps; 6] = [[5, 4, 0], [1, 5, 0], [0, 5, 4], [0, 1, 5], [4, 0, 5], [5, 0, 1]];

/// A cell: its number, with the level in four bits, the cell of the first level in seven and a digit of three bits for each further level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Cell(u64);

impl Cell {
    /// The cell of a level in which a place lies.
    pub(super) fn of(place: Place, level: u32) -> Option<Self> {
        Self::at(cell_of(place, level), level)
    }

    fn at(mut at: OnSide, level: u32) -> Option<Self> {
        let mut cell = Self(1 << 59 | u64::from(level) << 52 | ((1 << 45) - 1));
        for level in (1..=level).rev() {
            let before = at.steps;
            at.steps = coarser(before, is_turned(level));
            let way = minus(before, finer(at.steps, is_turned(level)));
            let digit = UNITS.iter().position(|unit| *unit == way)?;
            cell = cell.with_digit(level, digit as u64);
        }
        let [i, j, k] = at.steps;
        if i.max(j).max(k) > 2 {
            return None;
        }
        let place = usize::try_from(9 * i + 3 * j + k).ok()?;
        let (first, turns) = (PLACES[at.side][place] / 6, PLACES[at.side][place] % 6);
        cell.0 |= u64::from(first) << 45;
        if let Some(sides) = FIRST[usize::from(first)].2 {
            if cell.leading_digit() == LACKING {
                let turns_right = sides.iter().any(|side| usize::from(*side) == at.side);
                cell = cell.turned(if turns_right { RIGHT } else { LEFT });
            }
            return Some((0..turns).fold(cell, |cell, _| cell.turned_pentagon()));
        }
        Some((0..turns).fold(cell, |cell, _| cell.turned(LEFT)))
    }

    /// Reads the hexadecimal digits of a number.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let cell = Self(u64::from_str_radix(text, 16).ok()?);
        let is_cell = cell.0 >> 63 == 0 && cell.0 >> 59 & 15 == 1 && cell.0 >> 56 & 7 == 0;
        let digits = || (1..=LEVELS).map(|level| (level <= cell.level(), cell.digit(level) == UNUSED));
        let fits = is_cell && cell.first() < FIRST.len() && digits().all(|(is_used, is_unused)| is_used != is_unused);
        (fits && !(cell.is_in_pentagon() && cell.leading_digit() == LACKING)).then_some(cell)
    }

    pub(super) fn text(self) -> String {
        format!("{:x}", self.0)
    }

    pub(super) fn level(self) -> u32 {
        (self.0 >> 52 & 15) as u32
    }

    fn first(self) -> usize {
        (self.0 >> 45 & 127) as usize
    }

    fn is_in_pentagon(self) -> bool {
        FIRST[self.first()].2.is_some()
    }

    /// Whether it has five corners.
    fn is_pentagon(self) -> bool {
        self.is_in_pentagon() && self.leading_digit() == 0
    }

    fn digit(self, level: u32) -> u64 {
        self.0 >> (3 * (LEVELS - level)) & 7
    }

    fn with_digit(self, level: u32, digit: u64) -> Self {
        let shift = 3 * (LEVELS - level);
        Self(self.0 & !(7 << shift) | digit << shift)
    }

    /// The first digit that is not 0.
    fn leading_digit(self) -> u64 {
        (1..=self.level()).map(|level| self.digit(level)).find(|digit| *digit != 0).unwrap_or_default()
    }

    fn turned(self, digits: [u64; 8]) -> Self {
        (1..=self.level()).fold(self, |cell, level| cell.with_digit(level, digits[cell.digit(level) as usize]))
    }

    /// Turned to the left in a pentagon, passing over the direction that it lacks.
    fn turned_pentagon(self) -> Self {
        let (mut cell, mut is_first) = (self, true);
        for level in 1..=self.level() {
            cell = cell.with_digit(level, LEFT[cell.digit(level) as usize]);
            if is_first && cell.digit(level) != 0 {
                is_first = false;
                if cell.leading_digit() == LACKING {
                    cell = cell.turned(LEFT);
                }
            }
        }
        cell
    }

    /// The cell of a coarser level around it.
    pub(super) fn parent(self, level: u32) -> Option<Self> {
        (level <= self.level()).then(|| {
            let coarse = Self(self.0 & !(15 << 52) | u64::from(level) << 52);
            (level + 1..=self.level()).fold(coarse, |cell, level| cell.with_digit(level, UNUSED))
        })
    }

    /// The cells of a finer level inside of it.
    pub(super) fn children(self, level: u32) -> Vec<Self> {
        let mut cells = vec![self];
        for level in self.level() + 1..=level {
            cells = cells
                .into_iter()
                .flat_map(|cell| {
                    let finer = Self(cell.0 & !(15 << 52) | u64::from(level) << 52);
                    let lacks = cell.is_pentagon();
                    (0..UNUSED).filter(move |digit| !lacks || *digit != LACKING).map(move |digit| finer.with_digit(level, digit))
                })
                .collect();
        }
        cells
    }

    /// Its place on the side of its cell of the first level, before it is moved to the side on which it lies.
    fn unsettled(self) -> (OnSide, Self) {
        let cell = if self.is_in_pentagon() && self.leading_digit() == 5 { self.turned(RIGHT) } else { self };
        let (side, steps, _) = FIRST[self.first()];
        let steps = (1..=self.level()).fold(steps, |steps, level| plus(finer(steps, is_turned(level)), UNITS[cell.digit(level) as usize]));
        (OnSide { side: usize::from(side), steps }, cell)
    }

    /// Moves a place to the side on which it lies.
    fn settled(self, at: OnSide) -> OnSide {
        let level = self.level();
        let (mut moved, even) = if is_turned(level) { (OnSide { steps: finer(at.steps, false), ..at }, level + 1) } else { (at, level) };
        if moved.settle(even, self.is_in_pentagon() && self.leading_digit() == 4, false) == Beyond::Inside {
            return at;
        }
        while self.is_in_pentagon() && moved.settle(even, false, false) != Beyond::Inside {}
        if is_turned(level) { OnSide { steps: coarser(moved.steps, false), ..moved } } else { moved }
    }

    fn on_side(self) -> OnSide {
        let (at, cell) = self.unsettled();
        let (_, steps, _) = FIRST[self.first()];
        if !self.is_in_pentagon() && (self.level() == 0 || steps == [0; 3]) { at } else { cell.settled(at) }
    }

    /// Its middle.
    pub(super) fn middle(self) -> Place {
        let at = self.on_side();
        place_of(in_plane(at.steps), at.side, self.level(), false)
    }

    /// The cell at a way from it, in the directions of its own digits; none or a wrong one around pentagons.
    fn beside(self, way: Steps) -> Option<Self> {
        let (at, cell) = self.unsettled();
        Self::at(cell.settled(OnSide { steps: plus(at.steps, way), ..at }), self.level())
    }

    /// Its corners, with those points between them at which its border passes to another side of the icosahedron.
    pub(super) fn border(self) -> Vec<Place> {
        let centre = self.on_side();
        let turned = is_turned(self.level());
        let level = self.level() + u32::from(turned);
        let middle = of_corners(centre.steps, turned);
        let around = if turned { TURNED_CORNERS } else { CORNERS };
        let count = if self.is_pentagon() { 5 } else { 6 };
        let corners: Vec<OnSide> = around[..count].iter().map(|way| OnSide { side: centre.side, steps: plus(middle, *way) }).collect();
        let settled: Vec<(OnSide, Beyond)> = corners.iter().map(|corner| self.settled_corner(*corner, level)).collect();
        let mut border = Vec::new();
        for number in 0..=count {
            let (here, last) = (number % count, (number + count - 1) % count);
            let ((at, _), (before, beyond)) = (settled[here], settled[last]);
            if turned && number > 0 {
                border.extend(if self.is_pentagon() {
                    before.seen_from_corner(at, level)
                } else if at.side != before.side && beyond != Beyond::OnEdge {
                    let other = if before.side == centre.side { at.side } else { before.side };
                    passing([corners[last], corners[here]].map(|corner| in_plane(corner.steps)), centre.side, other, level)
                } else {
                    None
                });
            }
            if number < count {
                border.push(place_of(in_plane(at.steps), at.side, level, true));
            }
        }
        border
    }

    fn settled_corner(self, mut corner: OnSide, level: u32) -> (OnSide, Beyond) {
        let mut beyond = corner.settle(level, false, true);
        while self.is_pentagon() && beyond == Beyond::OnOther {
            beyond = corner.settle(level, false, true);
        }
        (corner, beyond)
    }

    /// Its neighbours, to the left from the direction between the first two axes.
    pub(super) fn neighbours(self) -> Vec<Self> {
        let middle = self.middle();
        let border = self.border();
        let mut found: Vec<(f64, Self)> = Vec::new();
        // Behind the middle of each edge lies a neighbour, or this cell again where the border bends.
        for (number, from) in border.iter().enumerate() {
            let Some(to) = border.get((number + 1) % border.len()) else { continue };
            let edge = halfway(*from, *to);
            let behind = beyond(middle, edge, 0.5);
            if let Some(cell) = Self::of(behind, self.level()).filter(|cell| *cell != self && found.iter().all(|(_, known)| known != cell))
            {
                found.push((middle.azimuth(edge).unwrap_or_default(), cell));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let order = [6, 2, 3, 1, 5, 4];
        let start = order.iter().enumerate().find_map(|(before, digit)| {
            let cell = self.beside(UNITS[*digit])?;
            let place = found.iter().position(|(_, known)| *known == cell)?;
            Some((place + found.len() * order.len() - before) % found.len())
        });
        found.rotate_left(start.unwrap_or_default());
        found.into_iter().map(|(_, cell)| cell).collect()
    }

    /// The cells at each distance up to one. A ring goes to the left and ends in the direction of the first axis.
    pub(super) fn rings(self, distance: usize) -> Vec<Vec<Self>> {
        let mut rings = vec![vec![self]];
        let mut known: HashSet<Self> = [self].into();
        let (mut before, mut end) = (self, self);
        let middle = self.middle();
        for _ in 0..distance {
            let last = rings.last().map(Vec::as_slice).unwrap_or_default();
            let mut ring: Vec<Self> = Vec::new();
            for cell in last {
                ring.extend(cell.neighbours().into_iter().filter(|next| known.insert(*next)));
            }
            (before, end) = (end, end.straight_on(before));
            let start = middle.azimuth(end.middle()).unwrap_or_default();
            let turn = |cell: &Self| match middle.azimuth(cell.middle()) {
                Some(azimuth) if *cell != end => (start - azimuth).rem_euclid(std::f64::consts::TAU),
                _ => std::f64::consts::TAU,
            };
            ring.sort_by(|a, b| turn(a).total_cmp(&turn(b)));
            rings.push(ring);
        }
        rings
    }

    /// The neighbour opposite to another one; that along the first axis of the cell itself.
    fn straight_on(self, before: Self) -> Self {
        let around = self.neighbours();
        let back = around.iter().position(|cell| *cell == before);
        let place = back.map_or(around.len().saturating_sub(1), |back| (back + around.len() / 2) % around.len().max(1));
        around.get(place).copied().unwrap_or(self)
    }
}

impl OnSide {
    /// Where the edge of a pentagon between two corners passes to another side.
    fn seen_from_corner(self, other: Self, level: u32) -> Option<Place> {
        let moved = other.seen_from(self.side, level)?;
        passing([in_plane(self.steps), in_plane(moved.steps)], self.side, other.side, level)
    }
}

/// Where a line in the plane of a side passes to another one, unless at one of its ends.
fn passing(line: [Point; 2], side: usize, other: usize, level: u32) -> Option<Place> {
    /// Widths of cells of the lattice of corners.
    const SAME: f64 = HEIGHT * 1e-6;
    let at = crossing(line, edge_between(side, other, level));
    let is_end = line.iter().any(|end| (end[0] - at[0]).abs() < SAME && (end[1] - at[1]).abs() < SAME);
    (!is_end).then(|| place_of(at, side, level, true))
}
