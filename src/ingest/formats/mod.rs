//! The formats of alerts and incidents, one file each. Each exposes one `FORMAT`; the registry is `ingest::FORMATS`.

pub(crate) mod bookmark;
pub(crate) mod clew;
pub(crate) mod defender_alert;
mod flat;
pub(crate) mod graph_alert;
pub(crate) mod graph_incident;
pub(crate) mod sentinel_alert;
pub(crate) mod sentinel_incident;
mod shared;
pub(crate) mod xdr_advanced_hunting;
pub(crate) mod xdr_incident;

pub(crate) mod activity_alert;
pub(crate) mod asff;
pub(crate) mod elastic;
pub(crate) mod guardduty;
pub(crate) mod guide;
mod listed;
pub(crate) mod ocsf;
pub(crate) mod posture;
mod powershell;
mod shape;
pub(crate) mod stix;

#[cfg(test)]
mod facts;
