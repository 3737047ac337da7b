//! Which codes of a GUIDE table stand for *absent*. Looks ahead at the first rows of a source; knows nothing else of GUIDE.
//!
//! Each column of names has a dictionary of its own, and its largest code says that the row has no such name. A cut of the
//! corpus may hold a column without a single absent cell, so the largest code alone is not enough: it must also stand in
//! a row about something that cannot have the name at all, or in most of the rows.

use super::csv::{Cells, Column};
use super::window::Window;

/// Columns of codes, and the entity types whose rows may have a name there.
const COLUMNS: [(&str, &[&str]); 24] = [
    ("DeviceId", HOSTS),
    ("DeviceName", HOSTS),
    ("OSFamily", HOSTS),
    ("OSVersion", HOSTS),
    ("Sha256", FILES),
    ("FileName", FILES),
    ("FolderPath", FILES),
    ("IpAddress", &["Ip", "CloudLogonRequest", "CloudLogonSession", "MailMessage"]),
    ("CountryCode", &["Ip", "CloudLogonRequest", "CloudLogonSession"]),
    ("State", &["Ip", "CloudLogonRequest", "CloudLogonSession"]),
    ("City", &["Ip", "CloudLogonRequest", "CloudLogonSession"]),
    ("Url", &["Url", "MailMessage", "Blob", "BlobContainer"]),
    ("AccountSid", ACCOUNTS),
    ("AccountUpn", ACCOUNTS),
    ("AccountObjectId", ACCOUNTS),
    ("AccountName", ACCOUNTS),
    ("NetworkMessageId", &["MailMessage", "MailCluster", "SubmissionMail"]),
    ("RegistryKey", &["RegistryKey", "RegistryValue"]),
    ("RegistryValueName", &["RegistryKey", "RegistryValue"]),
    ("RegistryValueData", &["RegistryKey", "RegistryValue"]),
    ("ApplicationId", APPLICATIONS),
    ("ApplicationName", APPLICATIONS),
    ("OAuthApplicationId", APPLICATIONS),
    ("ResourceIdName", RESOURCES),
];
const HOSTS: &[&str] = &["Machine", "Process", "File", "User", "RegistryKey", "RegistryValue", "IoTDevice", "Nic"];
const FILES: &[&str] = &["File", "Process", "Malware", "Machine"];
const ACCOUNTS: &[&str] = &[
    "User",
    "Mailbox",
    "MailboxConfiguration",
    "MailMessage",
    "MailCluster",
    "Process",
    "SecurityGroup",
    "CloudLogonRequest",
    "CloudLogonSession",
];
const APPLICATIONS: &[&str] =
    &["CloudApplication", "OAuthApplication", "ServicePrincipal", "CloudLogonRequest", "CloudLogonSession", "User"];
const RESOURCES: &[&str] = &[
    "AzureResource",
    "AmazonResource",
    "GoogleCloudResource",
    "Blob",
    "BlobContainer",
    "Container",
    "ContainerImage",
    "ContainerRegistry",
    "KubernetesCluster",
    "KubernetesNamespace",
    "KubernetesPod",
    "Machine",
    "Nic",
];

/// Rows from which on a code that most of them have is the one for *absent*.
const ROWS_MIN: usize = 20;

/// What was seen of one column.
#[derive(Clone, Copy, Default)]
struct Seen {
    largest: u64,
    /// Rows that have it.
    count: usize,
    /// Whether one of them is about something that has no such name.
    foreign: bool,
}

/// The places of columns with the code that stands for *absent*; none if the source is not GUIDE.
///
/// Looks at as many rows as `ahead` bytes hold, and leaves them in the window.
pub(super) fn absent(columns: &[Column], window: &mut Window<'_>, delimiter: u8, ahead: usize) -> Vec<(usize, u64)> {
    let place =
        |name: &str| columns.iter().find(|column| column.key[1..column.key.len() - 2] == *name.as_bytes()).map(|column| column.place);
    let (Some(kind), Some(_), Some(_), Some(_)) = (place("EntityType"), place("OrgId"), place("IncidentId"), place("AlertId")) else {
        return Vec::new();
    };
    let known: Vec<(usize, &[&str])> = COLUMNS.iter().filter_map(|(name, owners)| Some((place(name)?, *owners))).collect();
    window.fill(ahead);
    let mut seen = vec![Seen::default(); known.len()];
    let mut cells = Cells::default();
    let mut rows = 0;
    // No cell of GUIDE holds a line break; the last row may be cut off.
    let whole = window.bytes().iter().rposition(|byte| *byte == b'\n').filter(|_| window.bytes().len() >= ahead);
    let bytes = &window.bytes()[..whole.unwrap_or(window.bytes().len())];
    for row in bytes.split(|byte| *byte == b'\n').filter(|row| !row.trim_ascii().is_empty()) {
        cells.split(row, delimiter);
        rows += 1;
        let kind = String::from_utf8_lossy(cells.get(kind).trim_ascii()).into_owned();
        for ((place, owners), seen) in known.iter().zip(&mut seen) {
            let Some(code) = code(cells.get(*place)) else { continue };
            if code > seen.largest {
                *seen = Seen { largest: code, ..Seen::default() };
            }
            if code == seen.largest {
                seen.count += 1;
                seen.foreign |=
                    !kind.is_empty() && kind != "GenericEntity" && !owners.iter().any(|owner| owner.eq_ignore_ascii_case(&kind));
            }
        }
    }
    let most = |seen: &Seen| rows >= ROWS_MIN && seen.count * 2 > rows;
    let absent = known.iter().zip(&seen).filter(|(_, seen)| seen.foreign || most(seen));
    absent.map(|((place, _), seen)| (*place, seen.largest)).collect()
}

/// The code in a cell: a whole number, or a float as data frames write columns with holes.
pub(super) fn code(cell: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(cell).ok()?.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}
