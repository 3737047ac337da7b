//! Every integration test, in one binary because each binary links the whole engine.

mod crash;
mod floors;
mod support;
mod truth;
