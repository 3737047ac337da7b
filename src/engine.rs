//! The engine: owns journal and views; one writer, immutable snapshots for readers.
