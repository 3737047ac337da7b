//! Record store view on sled: known documents, versions of alerts and incidents, decisions.
