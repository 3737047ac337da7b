//! Polygons simplified together, so that those which lie side by side still do.

use std::collections::{HashMap, HashSet};

use super::outline::simplified;
use super::shapes::{Polygon, edges};
use super::sphere::Place;

/// A place as a key.
type Key = (u64, u64);

fn key(place: Place) -> Key {
    (place.longitude.to_bits(), place.latitude.to_bits())
}

/// The places that stay whatever the tolerance: those where borders part.
fn junctions(polygons: &[Polygon]) -> HashSet<Key> {
    let mut beside: HashMap<Key, HashSet<Key>> = HashMap::new();
    for (from, to) in polygons.iter().flat_map(Polygon::rings).flat_map(edges) {
        beside.entry(key(from)).or_default().insert(key(to));
        beside.entry(key(to)).or_default().insert(key(from));
    }
    beside.into_iter().filter(|(_, beside)| beside.len() != 2).map(|(place, _)| place).collect()
}

/// A border between two places, the same one in whichever direction it is read.
fn chain(places: &[Place], tolerance: f64) -> Vec<Place> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
    if key(*first) <= key(*last) {
        return simplified(places, tolerance);
    }
    let backwards: Vec<Place> = places.iter().rev().copied().collect();
    let mut kept = simplified(&backwards, tolerance);
    kept.reverse();
    kept
}

/// A closed ring with fewer places; none if too few are left.
fn ring(places: &[Place], junctions: &HashSet<Key>, tolerance: f64) -> Option<Vec<Place>> {
    let open = &places[..places.len() - 1];
    let is_fixed = |place: &Place| junctions.contains(&key(*place));
    // A ring without junctions begins at the same place in every polygon that has it.
    let start = open.iter().position(is_fixed).or_else(|| (0..open.len()).min_by_key(|at| key(open[*at])))?;
    let mut around: Vec<Place> = open[start..].iter().chain(&open[..start]).copied().collect();
    around.push(around[0]);
    let mut fixed: Vec<usize> = (0..around.len()).filter(|at| is_fixed(&around[*at])).collect();
    if fixed.len() < 3 {
        let far = (1..around.len() - 1).max_by(|a, b| around[0].distance(around[*a]).total_cmp(&around[0].distance(around[*b])))?;
        fixed = vec![0, far, around.len() - 1];
    }
    let mut kept = vec![around[0]];
    for pair in fixed.windows(2) {
        kept.extend(chain(&around[pair[0]..=pair[1]], tolerance).into_iter().skip(1));
    }
    (kept.len() > 3).then_some(kept)
}

/// The polygons with fewer places; those that vanish are left out.
pub(super) fn simplified_together(polygons: &[Polygon], tolerance: f64) -> Vec<Vec<Vec<Place>>> {
    let junctions = junctions(polygons);
    let rings = |polygon: &Polygon| {
        let mut rings = polygon.rings().map(|places| ring(places, &junctions, tolerance));
        let shell = rings.next().flatten()?;
        Some(std::iter::once(shell).chain(rings.flatten()).collect())
    };
    polygons.iter().filter_map(rings).collect()
}
