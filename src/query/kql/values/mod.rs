//! The texts of values: read from literals and data, written for people and JSON.
//!
//! Instants are ticks of 100 ns since the first day of the year 1, durations ticks. What is no value is none; nothing here fails.

mod instants;
pub mod read;
pub mod write;

#[cfg(test)]
mod tests;
