//! Columnar view: one Delta table per record kind and raw-event table.
