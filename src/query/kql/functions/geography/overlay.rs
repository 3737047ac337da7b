//! What polygons cover together, and what they have in common.
//!
//! Edges are cut where they meet. The pieces that border the result have it on their left, and are chained into rings.

use std::collections::{HashMap, HashSet};

use super::super::KernelError;
use super::along::{halfway, inside, meet, sum};
use super::cells::{Cell, LEVELS};
use super::outline::meeting;
use super::shapes::{Polygon, distance_to_edge, edges, goes_left};
use super::sphere::{Place, RADIUS, Vector, dot};

/// Pairs of edges that are looked at for one result at most.
const PAIRS_MAX: usize = 1 << 26;
/// Places that are nearer to each other than this angle are one.
const NEAR: f64 = 1e-12;

type Result<T> = std::result::Result<T, KernelError>;

/// Which part of two areas is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What either covers.
    Either,
    /// What both cover.
    Both,
}

/// A part of an edge, with the number of the edge.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: Place,
    to: Place,
    edge: usize,
}

/// A place as a key.
type Key = (u64, u64);

fn key(place: Place) -> Key {
    (place.longitude.to_bits(), place.latitude.to_bits())
}

/// Places, those that are nearly the same as one.
#[derive(Default)]
struct Places {
    known: Vec<(Place, Vector)>,
    exact: HashMap<Key, Place>,
}

impl Places {
    fn one(&mut self, place: Place) -> Place {
        if let Some(known) = self.exact.get(&key(place)) {
            return *known;
        }
        let vector = place.vector();
        let near = self.known.iter().find(|(_, known)| square(*known, vector) < NEAR * NEAR).map(|(known, _)| *known);
        let one = near.unwrap_or_else(|| {
            self.known.push((place, vector));
            place
        });
        self.exact.insert(key(place), one);
        one
    }
}

fn square(a: Vector, b: Vector) -> f64 {
    let apart = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    dot(apart, apart)
}

/// An edge of a border, with the ball around it.
struct Edge {
    ends: (Place, Place),
    middle: Vector,
    radius: f64,
    cuts: Vec<Place>,
}

/// The edges of polygons, with the area on the left of each.
fn border(polygons: &[Polygon], places: &mut Places) -> Vec<Edge> {
    let mut border = Vec::new();
    for (number, ring) in polygons.iter().flat_map(|polygon| polygon.rings().enumerate()) {
        let mut ring: Vec<Place> = ring.iter().map(|place| places.one(*place)).collect();
        if goes_left(&ring) != (number == 0) {
            ring.pop();
            ring.reverse();
            ring.extend(ring.first().copied());
        }
        border.extend(edges(&ring).filter(|(from, to)| from != to).map(|(from, to)| {
            let (a, b) = (from.vector(), to.vector());
            Edge { ends: (from, to), middle: sum(a, b).map(|part| part / 2.0), radius: square(a, b).sqrt() / 2.0, cuts: Vec::new() }
        }));
    }
    border
}

/// The places that two edges have in common: ends of one that lie on the other, or where they cross.
fn common(first: (Place, Place), second: (Place, Place)) -> Vec<Place> {
    let lies_on = |place: Place, (from, to)| distance_to_edge(place, from, to) < NEAR * RADIUS;
    let mut found: Vec<Place> = [second.0, second.1].into_iter().filter(|end| lies_on(*end, first)).collect();
    found.extend([first.0, first.1].into_iter().filter(|end| lies_on(*end, second)));
    if found.is_empty() && meet(first, second) {
        found.push(meeting(first, second));
    }
    found
}

/// Cuts two borders where they meet; gives the places where they do.
fn cut(one: &mut [Edge], other: &mut [Edge], places: &mut Places) -> Vec<Place> {
    let mut met = Vec::new();
    for first in one.iter_mut() {
        for second in other.iter_mut() {
            // A chord lies below its edge, by less than half of its length.
            let reach = 2.0 * (first.radius + second.radius) + NEAR;
            if square(first.middle, second.middle) > reach * reach {
                continue;
            }
            for place in common(first.ends, second.ends) {
                let place = places.one(place);
                first.cuts.push(place);
                second.cuts.push(place);
                met.push(place);
            }
        }
    }
    met
}

/// The parts of the edges of a border, which are numbered from a number on.
fn pieces(border: Vec<Edge>, first: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, Edge { ends: (start, end), mut cuts, .. }) in border.into_iter().enumerate() {
        cuts.sort_by(|a, b| start.distance(*a).total_cmp(&start.distance(*b)));
        let mut from = start;
        for to in cuts.into_iter().chain([end]) {
            if to != from {
                pieces.push(Piece { from, to, edge: first + number });
                from = to;
            }
        }
    }
    pieces
}

/// A part of two areas, neither of which overlaps itself; and the places where their borders meet without a common area.
fn overlaid(one: &[Polygon], other: &[Polygon], part: Part) -> Result<(Vec<Polygon>, Vec<Place>)> {
    let mut places = Places::default();
    let (mut first, mut second) = (border(one, &mut places), border(other, &mut places));
    if first.len().saturating_mul(second.len()) > PAIRS_MAX {
        return Err(KernelError::new("areas with so many edges are not supported; simplify them with `geo_polygon_simplify`"));
    }
    let met = cut(&mut first, &mut second, &mut places);
    let count = first.len();
    let (first, second) = (pieces(first, 0), pieces(second, count));
    let ends = |pieces: &[Piece]| pieces.iter().map(|piece| (key(piece.from), key(piece.to))).collect::<HashSet<_>>();
    let (of_first, of_second) = (ends(&first), ends(&second));
    let mut kept = Vec::new();
    for piece in first {
        let (from, to) = (key(piece.from), key(piece.to));
        if of_second.contains(&(to, from)) {
            if part == Part::Both {
                return Err(KernelError::new("areas that have a border in common are not supported"));
            }
        } else if of_second.contains(&(from, to)) || inside(other, halfway(piece.from, piece.to)) == (part == Part::Both) {
            kept.push(piece);
        }
    }
    for piece in second {
        let (from, to) = (key(piece.from), key(piece.to));
        let is_shared = of_first.contains(&(from, to)) || of_first.contains(&(to, from));
        if !is_shared && inside(one, halfway(piece.from, piece.to)) == (part == Part::Both) {
            kept.push(piece);
        }
    }
    let rings = chained(kept)?;
    let corners: HashSet<Key> = rings.iter().flatten().map(|place| key(*place)).collect();
    let mut seen = HashSet::new();
    let touching = met.into_iter().filter(|place| !corners.contains(&key(*place)) && seen.insert(key(*place))).collect();
    Ok((assembled(rings), touching))
}

/// Rings of pieces that follow one another, each closed, in the order of the edges that they begin with.
fn chained(mut pieces: Vec<Piece>) -> Result<Vec<Vec<Place>>> {
    let number = |place: Place| Cell::of(place, LEVELS).number();
    pieces.sort_by_key(|piece| (number(piece.from), number(piece.to)));
    let mut leaving: HashMap<Key, Vec<usize>> = HashMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        leaving.entry(key(piece.from)).or_default().push(at);
    }
    let mut used = vec![false; pieces.len()];
    let mut rings = Vec::new();
    for start in 0..pieces.len() {
        if used[start] {
            continue;
        }
        let (mut ring, mut at) = (Vec::new(), start);
        loop {
            used[at] = true;
            ring.push(pieces[at]);
            let Piece { from, to, .. } = pieces[at];
            let back = to.azimuth(from).unwrap_or_default();
            // Of several ways the one most to the left keeps rings that touch apart.
            let turn = |next: usize| (to.azimuth(pieces[next].to).unwrap_or_default() - back).rem_euclid(std::f64::consts::TAU);
            let ways = leaving.get(&key(to)).into_iter().flatten().copied();
            let next = ways.filter(|next| !used[*next] || *next == start).min_by(|a, b| turn(*a).total_cmp(&turn(*b)));
            match next {
                Some(next) if next == start => break,
                Some(next) => at = next,
                None => return Err(KernelError::new("areas whose edges nearly lie on each other are not supported")),
            }
        }
        if ring.len() > 2 {
            rings.push(from_last_edge(ring));
        }
    }
    rings.sort_by_key(|ring| ring[0].edge);
    let closed = |ring: Vec<Piece>| ring.iter().chain(ring.first()).map(|piece| piece.from).collect();
    Ok(rings.into_iter().map(closed).collect())
}

/// A ring that ends with the edge of the highest number, so that one which is as it was begins as it did.
fn from_last_edge(mut ring: Vec<Piece>) -> Vec<Piece> {
    let (mut last, mut gap) = (0, false);
    for at in 1..ring.len() {
        if ring[at].edge < ring[last].edge {
            gap = true;
        } else if ring[at].edge > ring[last].edge || !gap {
            (last, gap) = (at, false);
        }
    }
    let start = (last + 1) % ring.len();
    ring.rotate_left(start);
    ring
}

/// Polygons of rings: those that go to the left are shells, the others holes in them.
fn assembled(rings: Vec<Vec<Place>>) -> Vec<Polygon> {
    let (shells, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| goes_left(ring));
    let mut shapes: Vec<Vec<Vec<Place>>> = shells.into_iter().map(|shell| vec![shell]).collect();
    for hole in holes {
        let place = halfway(hole[0], hole[1]);
        let around = shapes.iter().position(|shape| inside(&[Polygon::new(vec![shape[0].clone()])], place));
        if let Some(at) = around {
            shapes[at].push(hole);
        }
    }
    shapes.into_iter().map(Polygon::new).collect()
}

/// What polygons cover together, as polygons that do not overlap.
pub(super) fn united(polygons: Vec<Polygon>) -> Result<Vec<Polygon>> {
    let corners = |polygon: &Polygon| polygon.rings().map(|ring| ring.len() - 1).sum::<usize>();
    let mut left: Vec<(usize, Vec<Polygon>)> = polygons.into_iter().map(|polygon| (corners(&polygon), vec![polygon])).collect();
    // The two with the fewest corners come first.
    left.sort_by_key(|(corners, _)| *corners);
    while left.len() > 1 {
        let ((a, one), (b, other)) = (left.remove(0), left.remove(0));
        let (both, _) = overlaid(&one, &other, Part::Either)?;
        let place = left.partition_point(|(corners, _)| *corners <= a + b);
        left.insert(place, (a + b, both));
    }
    Ok(left.pop().map(|(_, area)| area).unwrap_or_default())
}

/// Polygons that do not overlap and cover what these cover.
pub(super) fn apart(polygons: Vec<Polygon>) -> Result<Vec<Polygon>> {
    let pairs = polygons.iter().enumerate();
    let overlap = pairs.clone().any(|(at, one)| pairs.clone().take(at).any(|(_, other)| one.may_overlap(other)));
    if overlap { united(polygons) } else { Ok(polygons) }
}

/// What two areas have in common: areas, and single places.
pub(super) fn shared(one: Vec<Polygon>, other: Vec<Polygon>) -> Result<(Vec<Polygon>, Vec<Place>)> {
    overlaid(&apart(one)?, &apart(other)?, Part::Both)
}
