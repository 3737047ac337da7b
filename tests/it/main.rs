//! Every integration test, in one binary because each binary links the whole engine.

mod access;
mod alerts;
mod api;
mod bookmarks;
mod cli;
mod crash;
mod defender;
mod facts;
mod floors;
mod languages;
mod life;
mod logs;
mod malformed;
mod openapi;
mod rebuild;
mod resources;
mod schema;
mod support;
mod truth;
