//! Questions to the entity graph: neighbours, paths, what is common, reach, rank, likeness, and why.

mod neighbors;
mod past;
mod requests;
mod walks;
mod why;

pub use requests::{
    AssertionRow, BlastRadiusAnswer, BlastRadiusRequest, CommonRequest, ComponentRequest, NeighborsRequest, PathRow, PathsAnswer,
    PathsRequest, RankAnswer, RankRequest, RankRow, ReachedRow, RecordPlace, SimilarAnswer, SimilarRequest, SimilarRow, SimilarTerm,
    WhyAnswer, WhyRequest,
};

pub(super) use why::hashes;
