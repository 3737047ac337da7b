//! Tables of raw events: their columns and types as `schema/tables/` declares them. Names are matched in any case.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;

use super::Folded;

/// Type of a column, in Kusto's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// Text.
    String,
    /// Instant.
    DateTime,
    /// Whole number of 32 bits.
    Int,
    /// Whole number of 64 bits.
    Long,
    /// Double.
    Real,
    /// Flag.
    Bool,
    /// JSON.
    Dynamic,
    /// GUID, stored as text.
    Guid,
    /// Duration, stored as text.
    Timespan,
}

impl ColumnType {
    /// The name in Kusto's terms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::DateTime => "datetime",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Bool => "bool",
            Self::Dynamic => "dynamic",
            Self::Guid => "guid",
            Self::Timespan => "timespan",
        }
    }

    /// Reads a name in Kusto's terms.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::String, Self::DateTime, Self::Int, Self::Long, Self::Real, Self::Bool, Self::Dynamic, Self::Guid, Self::Timespan];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name as it is stored and shown.
    pub name: Arc<str>,
    /// Type of its cells.
    pub kind: ColumnType,
}

/// A table of raw events.
#[derive(Debug)]
pub struct Table {
    /// Name as it is stored and shown.
    pub name: Arc<str>,
    /// Columns in the order of their names.
    pub columns: Vec<Column>,
    by_name: HashMap<String, usize>,
}

impl Table {
    /// The column of this name, in any case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let place = self.by_name.get(name).or_else(|| self.by_name.get(&name.to_ascii_lowercase()))?;
        Some(&self.columns[*place])
    }
}

struct Tables {
    all: Vec<Table>,
    by_name: HashMap<Box<[u8]>, usize>,
    /// For each column in lower case, the number of tables that have it.
    spread: HashMap<String, u32>,
}

type Source = std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>>;

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut source: Source = serde_json::from_str(include_str!("../../schema/tables/core.json")).expect("core.json is valid");
        let more: Source = serde_json::from_str(include_str!("../../schema/tables/more.json")).expect("more.json is valid");
        for (table, columns) in more {
            let known = source.entry(table).or_default();
            for (name, kind) in columns {
                if !known.keys().any(|column| column.eq_ignore_ascii_case(&name)) {
                    known.insert(name, kind);
                }
            }
        }
        build(source)
    })
}

fn build(source: Source) -> Tables {
    let mut tables = Tables { all: Vec::new(), by_name: HashMap::new(), spread: HashMap::new() };
    for (name, columns) in source {
        let place = tables.all.len();
        let mut by_name = HashMap::new();
        let mut list = Vec::new();
        for (column, kind) in columns {
            let kind = ColumnType::parse(&kind).expect("schema/tables names a known type");
            let low = column.to_ascii_lowercase();
            *tables.spread.entry(low.clone()).or_insert(0) += 1;
            by_name.insert(low, list.len());
            by_name.insert(column.clone(), list.len());
            list.push(Column { name: column.into(), kind });
        }
        tables.by_name.insert(folded(&name).expect("names of tables are short"), place);
        tables.all.push(Table { name: name.into(), columns: list, by_name });
    }
    tables
}

fn folded(name: &str) -> Option<Box<[u8]>> {
    Folded::<64>::new(name).map(|name| name.as_bytes().into())
}

/// All tables that the catalog knows, in the order of their names.
pub fn all() -> &'static [Table] {
    &tables().all
}

/// Tables of the present state, which no rows can be taken into.
pub const OF_PRESENT: [&str; 4] = ["Alerts", "Incidents", "Entities", "Relations"];

/// The table of this name; case, `_`, `-` and blanks do not matter (`office_activity`).
pub fn table(name: &str) -> Option<&'static Table> {
    let tables = tables();
    let folded = Folded::<64>::new(name)?;
    tables.by_name.get(folded.as_bytes()).map(|place| &tables.all[*place])
}

/// Tables of Microsoft Defender XDR. Log Analytics calls the time of a row `TimeGenerated`, advanced hunting `Timestamp`; the portal that shows both
/// takes either name in these tables.
const ADVANCED_HUNTING: [&str; 55] = [
    "AADSignInEventsBeta",
    "AADSpnSignInEventsBeta",
    "AIAgentsInfo",
    "AlertEvidence",
    "AlertInfo",
    "BehaviorEntities",
    "BehaviorInfo",
    "CampaignInfo",
    "CloudAppEvents",
    "CloudAuditEvents",
    "CloudDnsEvents",
    "CloudPolicyEnforcementEvents",
    "CloudProcessEvents",
    "CloudStorageAggregatedEvents",
    "DataSecurityBehaviors",
    "DataSecurityEvents",
    "DeviceBaselineComplianceAssessment",
    "DeviceEvents",
    "DeviceFileCertificateInfo",
    "DeviceFileEvents",
    "DeviceImageLoadEvents",
    "DeviceInfo",
    "DeviceLogonEvents",
    "DeviceNetworkEvents",
    "DeviceNetworkInfo",
    "DeviceProcessEvents",
    "DeviceRegistryEvents",
    "DeviceTvmBrowserExtensions",
    "DeviceTvmHardwareFirmware",
    "DeviceTvmInfoGathering",
    "DeviceTvmSecureConfigurationAssessment",
    "DeviceTvmSoftwareEvidenceBeta",
    "DeviceTvmSoftwareInventory",
    "DeviceTvmSoftwareVulnerabilities",
    "DisruptionAndResponseEvents",
    "EmailAttachmentInfo",
    "EmailEvents",
    "EmailPostDeliveryEvents",
    "EmailUrlInfo",
    "EntraIdSignInEvents",
    "EntraIdSpnSignInEvents",
    "FileMaliciousContentInfo",
    "GraphAPIAuditEvents",
    "GraphApiAuditEvents",
    "IdentityAccountInfo",
    "IdentityDirectoryEvents",
    "IdentityEvents",
    "IdentityInfo",
    "IdentityLogonEvents",
    "IdentityQueryEvents",
    "MessageEvents",
    "MessagePostDeliveryEvents",
    "MessageUrlInfo",
    "OAuthAppInfo",
    "UrlClickEvents",
];

/// Another name that the column `TimeGenerated` of a table has, if it has one. Names are compared in their exact case.
pub fn time_alias(table: &str) -> Option<&'static str> {
    ADVANCED_HUNTING.binary_search(&table).is_ok().then_some("Timestamp")
}

/// The table whose name begins `name`: `AuditLogs_Hunting`, `azureActivity_adele`. The longest one that fits.
pub fn table_prefix(name: &str) -> Option<&'static Table> {
    let tables = tables();
    let folded = Folded::<128>::new(name)?;
    let fits = tables.by_name.iter().filter(|(key, _)| folded.as_bytes().starts_with(key));
    fits.max_by_key(|(key, _)| key.len()).map(|(_, place)| &tables.all[*place])
}

/// The table whose columns explain these names best, if any does beyond doubt.
///
/// Each name weighs the less the more tables have it; a table must explain most of the names and at least one that is not
/// common. Of tables that explain them equally well the one that knows more of the `others` is taken.
pub fn table_by_columns<'a>(names: impl Iterator<Item = &'a str>, others: impl Iterator<Item = &'a str>) -> Option<&'static Table> {
    let tables = tables();
    let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
    let others: Vec<String> = others.map(str::to_ascii_lowercase).collect();
    let weight = |name: &String| tables.spread.get(name).map_or(0.0, |spread| 1.0 / f64::from(*spread));
    let known = |table: &Table, names: &[String]| names.iter().filter(|name| table.by_name.contains_key(*name)).count();
    let weighed = |table: &Table| names.iter().filter(|name| table.by_name.contains_key(*name)).map(weight).sum::<f64>();
    // Coverage first: a table that knows a name more is better than one that knows rarer names.
    let score = |table: &Table| known(table, &names) as f64 + weighed(table) * 4.0 + known(table, &others) as f64 * 1e-4;
    let (_, table) = tables.all.iter().map(|table| (score(table), table)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let known = known(table, &names);
    (known >= 3 && known * 10 >= names.len() * 6 && weighed(table) >= 0.25).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_tables_are_all_there() {
        let core: Source = serde_json::from_str(include_str!("../../schema/tables/core.json")).expect("valid");
        assert_eq!((core.len(), core.values().map(|columns| columns.len()).sum::<usize>()), (46, 2304));
        for (name, columns) in &core {
            let table = table(name).expect("known");
            assert_eq!(&*table.name, name);
            for (column, kind) in columns {
                assert_eq!(table.column(column).map(|c| (&*c.name, c.kind.as_str())), Some((column.as_str(), kind.as_str())));
            }
        }
    }

    #[test]
    fn names_in_any_case() {
        let found = |name| table(name).map(|table| &*table.name);
        assert_eq!(found("signinlogs"), Some("SigninLogs"));
        assert_eq!(found("office_activity"), Some("OfficeActivity"));
        assert_eq!(found("Nothing"), None);
        let prefix = |name| table_prefix(name).map(|table| &*table.name);
        assert_eq!(prefix("AuditLogs_Hunting"), Some("AuditLogs"));
        assert_eq!(prefix("azureActivity_adele"), Some("AzureActivity"));
        assert_eq!(prefix("xyz"), None);
        let column = table("SigninLogs").and_then(|table| table.column("ipaddress"));
        assert_eq!(column.map(|column| (&*column.name, column.kind)), Some(("IPAddress", ColumnType::String)));
    }

    #[test]
    fn tables_of_advanced_hunting_call_their_time_by_two_names() {
        assert!(ADVANCED_HUNTING.is_sorted());
        assert_eq!(time_alias("DeviceProcessEvents"), Some("Timestamp"));
        assert_eq!(time_alias("SigninLogs"), None);
        for table in all().iter().filter(|table| time_alias(&table.name).is_some()) {
            assert!(table.column("TimeGenerated").is_some(), "{} has no time", table.name);
        }
    }

    #[test]
    fn columns_tell_the_table() {
        let find = |names: &str| table_by_columns(names.split(','), std::iter::empty()).map(|table| &*table.name);
        assert_eq!(find("TimeGenerated,UserId,ClientIP,Operation,Parameters"), Some("OfficeActivity"));
        assert_eq!(
            find(
                "TenantId,Account,EventID,TimeGenerated,SourceComputerId,Computer,SubjectUserName,TargetUserName,LogonType,IpAddress,WorkstationName"
            ),
            Some("SecurityEvent")
        );
        assert_eq!(find("VMName,VMIPAddress,FlowType,AllExtIPs,TenantId"), Some("AzureNetworkAnalytics_CL"));
        assert_eq!(find("TenantId,TimeGenerated,Type,Computer"), None, "common names alone say nothing");
        assert_eq!(find("a,b,c,d"), None);
    }
}
