//! Questions and their two answer shapes, table and subgraph.
