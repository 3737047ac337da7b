//! The lattices of hexagons on the sides of an icosahedron: places on them, finer and coarser ones, and the way to the globe and back.

use super::super::along::{degrees, scaled, sum};
use super::super::sphere::{Place, Vector, cross, dot};
use super::grid::{AXES, CENTRES, NEIGHBOURS};

/// A place on a lattice by its steps along three axes, 120 degrees from each other; the smallest number of steps is 0.
pub(super) type Steps = [i64; 3];

/// A place of a lattice on a side of the icosahedron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OnSide {
    pub(super) side: usize,
    pub(super) steps: Steps,
}

/// A point in the plane of a side, in widths of cells.
pub(super) type Point = [f64; 2];

/// The way to the neighbour in each direction, by its digit.
pub(super) const UNITS: [Steps; 7] = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0]];

/// The width of a cell of the first level in the plane that touches the middle of its side.
const WIDTH: f64 = 0.381_966_011_250_105;
/// The angle between the lattices of levels that follow each other.
const TURN: f64 = 0.333_473_172_251_832_1;
const ROOT_7: f64 = 2.645_751_311_064_590_7;
/// Half of the root of 3.
pub(super) const HEIGHT: f64 = 0.866_025_403_784_438_6;

pub(super) fn normal([i, j, k]: Steps) -> Steps {
    let least = i.min(j).min(k);
    [i - least, j - least, k - least]
}

pub(super) fn plus(a: Steps, b: Steps) -> Steps {
    normal([a[0] + b[0], a[1] + b[1], a[2] + b[2]])
}

pub(super) fn minus(a: Steps, b: Steps) -> Steps {
    normal([a[0] - b[0], a[1] - b[1], a[2] - b[2]])
}

/// Steps along other axes.
fn along([i, j, k]: Steps, axes: [Steps; 3]) -> Steps {
    normal([0, 1, 2].map(|part| i * axes[0][part] + j * axes[1][part] + k * axes[2][part]))
}

pub(super) fn turned_left(steps: Steps) -> Steps {
    along(steps, [[1, 1, 0], [0, 1, 1], [1, 0, 1]])
}

fn turned_right(steps: Steps) -> Steps {
    along(steps, [[1, 0, 1], [1, 1, 0], [0, 1, 1]])
}

/// Whether the lattice of a level is turned against that of the first one.
pub(super) const fn is_turned(level: u32) -> bool {
    level % 2 == 1
}

/// The middle of a cell on the lattice of the next level, which is turned or not.
pub(super) fn finer(steps: Steps, to_turned: bool) -> Steps {
    along(steps, if to_turned { [[3, 0, 1], [1, 3, 0], [0, 1, 3]] } else { [[3, 1, 0], [0, 3, 1], [1, 0, 3]] })
}

/// The cell of the level before in which a cell lies.
pub(super) fn coarser([i, j, k]: Steps, from_turned: bool) -> Steps {
    let (i, j) = ((i - k) as f64, (j - k) as f64);
    let (across, up) = if from_turned { (3.0 * i - j, i + 2.0 * j) } else { (2.0 * i + j, 3.0 * j - i) };
    normal([(across / 7.0).round() as i64, (up / 7.0).round() as i64, 0])
}

/// The middle of a cell on the lattice of a third of its width, on which its corners lie; it is never turned.
pub(super) fn of_corners(steps: Steps, turned: bool) -> Steps {
    let thirds = along(along(steps, [[2, 0, 1], [1, 2, 0], [0, 1, 2]]), [[2, 1, 0], [0, 2, 1], [1, 0, 2]]);
    if turned { finer(thirds, false) } else { thirds }
}

pub(super) fn in_plane([i, j, k]: Steps) -> Point {
    let (i, j) = ((i - k) as f64, (j - k) as f64);
    [i - 0.5 * j, j * HEIGHT]
}

/// The cell of a lattice whose middle is nearest to a point.
fn nearest([x, y]: Point) -> Steps {
    let j = y / HEIGHT;
    let i = x + 0.5 * j;
    let (low_i, low_j) = (i.floor() as i64, j.floor() as i64);
    let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(right, up)| [low_i + right, low_j + up, 0]);
    let distance = |steps: &Steps| {
        let [at_x, at_y] = in_plane(*steps);
        (at_x - x).powi(2) + (at_y - y).powi(2)
    };
    corners.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map_or([0; 3], normal)
}

/// The directions north and east at the middle of a side.
fn compass(middle: Vector) -> (Vector, Vector) {
    let north = sum([0.0, 0.0, 1.0], scaled(middle, -middle[2]));
    let north = scaled(north, dot(north, north).sqrt().recip());
    (north, cross(north, middle))
}

/// The width of a cell in the plane of its side.
fn width(level: u32) -> f64 {
    WIDTH / ROOT_7.powi(level.cast_signed())
}

/// The cell of a level on the nearest side in which a place lies.
pub(super) fn cell_of(place: Place, level: u32) -> OnSide {
    let vector = place.vector();
    let (side, middle) =
        CENTRES.iter().copied().enumerate().max_by(|a, b| dot(a.1, vector).total_cmp(&dot(b.1, vector))).expect("an icosahedron has sides");
    let (north, east) = compass(middle);
    let flat = scaled(vector, dot(vector, middle).recip());
    let (up, right) = (dot(flat, north), dot(flat, east));
    let far = up.hypot(right) / width(level);
    // Axes turn to the left, azimuths to the right.
    let angle = AXES[side] - right.atan2(up) - if is_turned(level) { TURN } else { 0.0 };
    OnSide { side, steps: nearest([far * angle.cos(), far * angle.sin()]) }
}

/// The place of a point in the plane of a side; `thirds` if the lattice is that of corners.
pub(super) fn place_of([x, y]: Point, side: usize, level: u32, thirds: bool) -> Place {
    let far = x.hypot(y) * width(level) * if thirds { 1.0 / 3.0 } else { 1.0 };
    let turn = if !thirds && is_turned(level) { TURN } else { 0.0 };
    let azimuth = AXES[side] - y.atan2(x) - turn;
    let middle = CENTRES[side];
    let (north, east) = compass(middle);
    degrees(sum(middle, sum(scaled(north, far * azimuth.cos()), scaled(east, far * azimuth.sin()))))
}

/// How far a place lies from its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    Inside,
    OnEdge,
    OnOther,
}

/// The steps from the middle of a side to its edge, times three on the lattice of corners. The level is one that is not turned.
pub(super) fn reach(level: u32, thirds: bool) -> i64 {
    2 * 7_i64.pow(level / 2) * if thirds { 3 } else { 1 }
}

/// The edge of a side behind which a place lies: 0 between the axes i and j, 1 between k and i, 2 between j and k.
fn edge_of([_, j, k]: Steps) -> usize {
    match (k > 0, j > 0) {
        (true, true) => 2,
        (true, false) => 1,
        (false, _) => 0,
    }
}

impl OnSide {
    /// The same place seen from the side behind an edge.
    fn behind(self, edge: usize, level: u32, thirds: bool) -> Self {
        let (side, middle, turns) = NEIGHBOURS[self.side][edge];
        let unit = reach(level, thirds) / 2;
        let turned = (0..turns).fold(self.steps, |steps, _| turned_left(steps));
        Self { side: usize::from(side), steps: plus(turned, middle.map(|part| part * unit)) }
    }

    /// Moves a place to the side on which it lies. The level is one that is not turned; `missing` for the part of a pentagon beside what it lacks.
    pub(super) fn settle(&mut self, level: u32, missing: bool, thirds: bool) -> Beyond {
        let edge = reach(level, thirds);
        let steps = |at: &Self| at.steps.iter().sum::<i64>();
        if steps(self) > edge {
            let behind = edge_of(self.steps);
            if missing && behind == 1 {
                let corner = [edge, 0, 0];
                self.steps = plus(turned_right(minus(self.steps, corner)), corner);
            }
            *self = self.behind(behind, level, thirds);
            return if thirds && steps(self) == edge { Beyond::OnEdge } else { Beyond::OnOther };
        }
        if thirds && steps(self) == edge { Beyond::OnEdge } else { Beyond::Inside }
    }

    /// A place seen from another side that has an edge in common with its own.
    pub(super) fn seen_from(self, side: usize, level: u32) -> Option<Self> {
        (0..3).find(|edge| usize::from(NEIGHBOURS[self.side][*edge].0) == side).map(|edge| self.behind(edge, level, true))
    }
}

/// The ends of the edge that two sides have in common, on the lattice of corners of the first one.
pub(super) fn edge_between(side: usize, other: usize, level: u32) -> [Point; 2] {
    // The corners of the side: twice as far from its middle as its edges.
    let far = reach(level, true) as f64 / 2.0;
    let corners = [[2.0 * far, 0.0], [-far, 2.0 * far * HEIGHT], [-far, -2.0 * far * HEIGHT]];
    let edge = (0..3).find(|edge| usize::from(NEIGHBOURS[side][*edge].0) == other).unwrap_or(1);
    match edge {
        0 => [corners[0], corners[1]],
        1 => [corners[2], corners[0]],
        _ => [corners[1], corners[2]],
    }
}

/// Where the lines through two pairs of points meet.
pub(super) fn crossing([a, b]: [Point; 2], [c, d]: [Point; 2]) -> Point {
    let (first, second) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let share = (second[0] * (a[1] - c[1]) - second[1] * (a[0] - c[0])) / (first[0] * second[1] - second[0] * first[1]);
    [a[0] + share * first[0], a[1] + share * first[1]]
}
