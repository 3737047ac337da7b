//! Every integration test, in one binary because each binary links the whole engine.

mod access;
mod alerts;
mod api;
mod automation;
mod bookmarks;
mod cli;
mod crash;
mod defender;
mod exports;
mod facts;
mod floors;
mod languages;
mod life;
mod listed;
mod logic;
mod logs;
mod malformed;
mod openapi;
mod queries;
mod rebuild;
mod resources;
mod schema;
mod sentinel;
mod support;
mod suppression;
mod truth;
