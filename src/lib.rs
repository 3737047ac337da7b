//! clew: an incident investigation and graph query engine.
//!
//! Exports of alerts, incidents and raw events go in; an entity graph, a columnar store and a full-text index come out,
//! and answer the questions of an investigation. `ARCHITECTURE.md` shows the floors: a module imports only from floors
//! below it.

// Floor 0: plain data and names.
pub mod catalog;
pub mod model;
// Floor 1: from bytes to records; the log of documents; data to begin with; who may do what.
pub mod access;
pub mod datasets;
pub mod generate;
pub mod ingest;
pub mod journal;
// Floor 2: views of the journal.
pub mod columns;
pub mod fulltext;
pub mod graph;
pub mod records;
// Floor 3: questions, and what changes incidents.
pub mod query;
pub mod triage;
// Floor 4: one writer, many readers.
pub mod engine;
// Floors 5 and 6: doors.
pub mod cli;
pub mod http;
