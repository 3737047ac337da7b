//! Full-text view on tantivy: alerts, incidents and entities by their words.
