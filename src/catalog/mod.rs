//! The only owner of names and types: tables, columns, entity kinds and identifiers, relations, tactics and techniques; parsed once from `schema/`.
