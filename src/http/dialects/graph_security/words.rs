//! Words of Microsoft Graph for ours, and back.

use crate::model::{Classification, Fault, FaultClass};

/// A word in camel case: `InProgress` becomes `inProgress`.
pub(super) fn small(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

/// A severity; Graph stops at high.
pub(super) fn severity(own: &str) -> String {
    if own == "Critical" { "high".to_owned() } else { small(own) }
}

/// The status of an incident.
pub(super) fn incident_status(own: &str, redirected: bool) -> &'static str {
    match own {
        _ if redirected => "redirected",
        "Active" => "inProgress",
        "Closed" => "resolved",
        _ => "active",
    }
}

/// The status of an alert; what was dismissed is resolved.
pub(super) fn alert_status(own: &str) -> &'static str {
    match own {
        "New" => "new",
        "InProgress" => "inProgress",
        "Resolved" | "Dismissed" => "resolved",
        _ => "unknown",
    }
}

/// A classification, in our word or that of a source.
pub(super) fn classification(own: Option<&str>) -> &'static str {
    match own.and_then(Classification::parse) {
        Some(Classification::TruePositive) => "truePositive",
        Some(Classification::FalsePositive) => "falsePositive",
        Some(Classification::BenignPositive) => "informationalExpectedActivity",
        Some(Classification::Undetermined) | None => "unknown",
    }
}

/// Severities in their order.
pub(super) const SEVERITIES: (&str, &[&str]) = ("severity", &["unknown", "informational", "low", "medium", "high"]);

/// What an incident or alert was; the last three are words of earlier versions of the API.
const DETERMINATIONS: [&str; 21] = [
    "unknown",
    "apt",
    "malware",
    "securityPersonnel",
    "securityTesting",
    "unwantedSoftware",
    "other",
    "multiStagedAttack",
    "compromisedAccount",
    "phishing",
    "maliciousUserActivity",
    "notMalicious",
    "notEnoughDataToValidate",
    "confirmedUserActivity",
    "confirmedActivity",
    "lineOfBusinessApplication",
    "insufficientInformation",
    "unknownFutureValue",
    "compromisedUser",
    "clean",
    "insufficientData",
];

/// The determination that a reason of ours stands for.
pub(super) fn determination(reason: Option<&str>) -> &'static str {
    match reason {
        Some("SuspiciousActivity") => "maliciousUserActivity",
        Some("SuspiciousButExpected") => "confirmedActivity",
        Some("IncorrectAlertLogic") => "notMalicious",
        Some("InaccurateData") => "notEnoughDataToValidate",
        Some(word) => DETERMINATIONS.iter().find(|known| known.eq_ignore_ascii_case(word)).copied().unwrap_or("other"),
        None => "unknown",
    }
}

/// Our status of an incident for a word of Graph.
pub(super) fn read_incident_status(word: &str) -> Result<&'static str, Fault> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "active" => "New",
        "inprogress" | "awaitingaction" => "Active",
        "resolved" => "Closed",
        _ => return Err(unknown("status", word, "active, inProgress or resolved")),
    })
}

/// Our status of an alert for a word of Graph.
pub(super) fn read_alert_status(word: &str) -> Result<&'static str, Fault> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "new" => "New",
        "inprogress" => "InProgress",
        "resolved" => "Resolved",
        _ => return Err(unknown("status", word, "new, inProgress or resolved")),
    })
}

/// Our classification for a word of Graph.
pub(super) fn read_classification(word: &str) -> Result<&'static str, Fault> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "truepositive" => "TruePositive",
        "falsepositive" => "FalsePositive",
        "informationalexpectedactivity" | "benignpositive" => "BenignPositive",
        "unknown" => "Undetermined",
        _ => return Err(unknown("classification", word, "truePositive, falsePositive, informationalExpectedActivity or unknown")),
    })
}

/// A determination as Graph writes it.
pub(super) fn read_determination(word: &str) -> Result<&'static str, Fault> {
    let known = DETERMINATIONS.iter().find(|known| known.eq_ignore_ascii_case(word)).copied();
    known.ok_or_else(|| unknown("determination", word, &format!("one of {}", DETERMINATIONS.join(", "))))
}

/// The reason that a classification is given with, for a determination of Graph.
pub(super) fn reason(classification: &str, determination: Option<&str>) -> Option<&'static str> {
    match classification {
        "TruePositive" => Some("SuspiciousActivity"),
        "BenignPositive" => Some("SuspiciousButExpected"),
        "FalsePositive" if determination.is_some_and(|word| word.starts_with("notEnough") || word.starts_with("insufficient")) => {
            Some("InaccurateData")
        }
        "FalsePositive" => Some("IncorrectAlertLogic"),
        _ => None,
    }
}

fn unknown(field: &str, found: &str, expected: &str) -> Fault {
    let found: String = found.chars().take(64).collect();
    Fault::new(FaultClass::Invalid, "field_invalid", format!("expected {expected} for `{field}`, found `{found}`"))
}
