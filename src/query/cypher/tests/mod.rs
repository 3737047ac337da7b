//! Queries against facts, and laws of the parser.

mod cases;
mod graphs;
mod laws;
