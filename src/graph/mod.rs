//! Entity graph view: entities, alerts and incidents as nodes; time-sorted immutable adjacency.
