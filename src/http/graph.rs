//! Questions to the entity graph, one route each.

use super::routes::{About, Routes};
use crate::query::graph::{BlastRadiusRequest, CommonRequest, ComponentRequest, NeighborsRequest, PathsRequest, RankRequest, WhyRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "graph", summary };
    routes.ask::<NeighborsRequest>("/v1/neighbors", about("neighbors", "Shows the edges of a node, newest first"));
    routes.ask::<PathsRequest>("/v1/paths", about("paths", "Finds paths between two nodes: shortest, by rarity, or in the order of time"));
    routes.ask::<CommonRequest>("/v1/common", about("common", "Shows what two nodes have in common"));
    routes.ask::<ComponentRequest>("/v1/component", about("component", "Shows everything that hangs together with a node"));
    routes.ask::<BlastRadiusRequest>("/v1/blast-radius", about("blast_radius", "Shows what can be reached from a node forward in time"));
    routes.ask::<RankRequest>("/v1/rank", about("rank", "Ranks nodes by degree or PageRank within a window"));
    routes.ask::<WhyRequest>("/v1/why", about("why", "Lists every assertion behind the edges between two nodes"));
}
