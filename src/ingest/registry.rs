//! The formats of alerts and incidents that clew reads. An entry is never renamed: its name stands in journals.

use super::Format;
use super::formats;

/// All formats; of two that are equally sure of a document the first gets it.
pub(super) static FORMATS: &[Format] = &[
    formats::sentinel_alert::FORMAT,
    formats::sentinel_incident::FORMAT,
    formats::defender_alert::FORMAT,
    formats::activity_alert::FORMAT,
    formats::graph_alert::FORMAT,
    formats::graph_incident::FORMAT,
    formats::xdr_incident::FORMAT,
    formats::xdr_incident::ALERT,
    formats::xdr_advanced_hunting::ALERT_INFO,
    formats::xdr_advanced_hunting::ALERT_EVIDENCE,
    formats::guardduty::FORMAT,
    formats::asff::FORMAT,
    formats::ocsf::FORMAT,
    formats::elastic::FORMAT,
    formats::stix::FORMAT,
    formats::guide::FORMAT,
    formats::posture::FORMAT,
    formats::clew::ALERT,
    formats::clew::INCIDENT,
    formats::clew::DECISION,
    formats::clew::RESOURCE,
];
