//! From a text to a plan: KQL that hunters write beside the planning of the same question in SQL, and texts that are made to be too much.
//!
//! Nothing is run: tables are empty.

use std::collections::BTreeMap;
use std::sync::Arc;

use clew::query::kql::bind::{Given, Schemas, Tables as Known, bind};
use clew::query::kql::bound::{Constant, ExternalFormat, Field};
use clew::query::kql::lower::{Environment, LowerError, Tables, Values, lower};
use clew::query::kql::parse;
use clew::query::kql::tree::{Place, ScalarType};
use datafusion::arrow::datatypes::{DataType, Field as Stored, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;

use crate::measure::{Latency, Report, Times};

/// Queries with about the length of the median of real ones, and the same question in SQL.
const PAIRS: &[(&str, &str, &str)] = &[
    (
        "failed sign-ins by address",
        "let lookback = 7d;\nlet threshold = 10;\nlet known = dynamic(['10.0.0.1', '10.0.0.2']);\nSigninLogs\n| where TimeGenerated > ago(lookback)\n\
         | where ResultType !in ('0', '50125', '50140')\n| where IPAddress !in (known)\n| extend Country = tostring(LocationDetails.countryOrRegion)\n\
         | summarize Failures = count(), Users = dcount(UserPrincipalName), First = min(TimeGenerated), Last = max(TimeGenerated) by IPAddress, Country\n\
         | where Failures > threshold\n| project-reorder Last, First\n| order by Failures desc",
        "select * from (select \"IPAddress\", \"Location\" as country, count(*) as failures, count(distinct \"UserPrincipalName\") as users, \
         min(\"TimeGenerated\") as first, max(\"TimeGenerated\") as last from \"SigninLogs\" where \"TimeGenerated\" > now() - interval '7 days' \
         and \"ResultType\" not in ('0', '50125', '50140') and \"IPAddress\" not in ('10.0.0.1', '10.0.0.2') group by 1, 2) where failures > 10 \
         order by failures desc",
    ),
    (
        "processes of rare parents",
        "DeviceProcessEvents\n| where TimeGenerated > ago(1d)\n| where FileName in~ ('powershell.exe', 'cmd.exe', 'wscript.exe', 'mshta.exe')\n\
         | where ProcessCommandLine has_any ('-enc', 'DownloadString', 'FromBase64String') or ProcessCommandLine contains 'http'\n\
         | extend Parent = tolower(InitiatingProcessFileName)\n| join kind=inner (DeviceInfo | summarize arg_max(TimeGenerated, OSPlatform) by DeviceId) on DeviceId\n\
         | summarize Count = count(), Devices = make_set(DeviceName, 10) by Parent, FileName\n| top 20 by Count asc",
        "select lower(p.\"InitiatingProcessFileName\") as parent, p.\"FileName\", count(*) as n, array_agg(distinct p.\"DeviceName\") as devices \
         from \"DeviceProcessEvents\" p join (select \"DeviceId\", max(\"OSPlatform\") as os from \"DeviceInfo\" group by 1) d \
         on p.\"DeviceId\" = d.\"DeviceId\" where p.\"TimeGenerated\" > now() - interval '1 day' and lower(p.\"FileName\") in ('powershell.exe', 'cmd.exe', \
         'wscript.exe', 'mshta.exe') and (p.\"ProcessCommandLine\" ilike '%-enc%' or p.\"ProcessCommandLine\" ilike '%http%') group by 1, 2 \
         order by n limit 20",
    ),
    (
        "alerts with their entities",
        "SecurityAlert\n| where TimeGenerated between (ago(14d) .. now())\n| extend Entities = parse_json(Entities)\n| mv-expand Entity = Entities\n\
         | where tostring(Entity.Type) == 'host'\n| extend HostName = tostring(Entity.HostName), Domain = tostring(Entity['DnsDomain'])\n\
         | summarize Alerts = make_set(AlertName, 100), First = min(TimeGenerated), Count = dcount(SystemAlertId) by HostName, Domain\n| where Count > 1",
        "select * from (select \"CompromisedEntity\", array_agg(distinct \"AlertName\") as alerts, min(\"TimeGenerated\") as first, \
         count(distinct \"SystemAlertId\") as n from \"SecurityAlert\" where \"TimeGenerated\" between now() - interval '14 days' and now() \
         and \"CompromisedEntity\" <> '' group by 1) where n > 1",
    ),
];

/// Known tables without rows.
struct World {
    known: Known,
    names: Vec<String>,
}

impl World {
    fn new() -> Self {
        let texts = [include_str!("../../schema/tables/core.json"), include_str!("../../schema/tables/more.json")];
        let mut merged: BTreeMap<String, Vec<Field>> = BTreeMap::new();
        for text in texts {
            let read: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(text).expect("the shipped schemas are JSON");
            for (table, columns) in read {
                let fields = merged.entry(table).or_default();
                for (name, kind) in columns {
                    if let Some(kind) = ScalarType::from_word(&kind)
                        && !fields.iter().any(|(other, _)| *other == name)
                    {
                        fields.push((name, kind));
                    }
                }
            }
        }
        let names = merged.keys().cloned().collect();
        let mut known = Known::default();
        for (table, fields) in merged {
            known.insert(table, fields);
        }
        Self { known, names }
    }
}

/// The columns of a table as they are stored.
fn stored(fields: &[Field]) -> Arc<dyn TableProvider> {
    let field = |(name, kind): &Field| {
        let kind = match kind {
            ScalarType::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ScalarType::Bool => DataType::Boolean,
            ScalarType::Int => DataType::Int32,
            ScalarType::Long | ScalarType::Timespan => DataType::Int64,
            ScalarType::Real => DataType::Float64,
            ScalarType::Decimal | ScalarType::String | ScalarType::Guid | ScalarType::Dynamic => DataType::Utf8View,
        };
        Stored::new(name, kind, true)
    };
    Arc::new(EmptyTable::new(Arc::new(Schema::new(fields.iter().map(field).collect::<Vec<_>>()))))
}

impl Tables for World {
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.known.table(name).map(|fields| stored(&fields))
    }

    fn watchlist(&self, _: &str) -> Option<Arc<dyn TableProvider>> {
        None
    }

    fn function(&self, name: &str, _: &[Constant]) -> Result<Arc<dyn TableProvider>, LowerError> {
        Err(LowerError::unsupported(name, Place::default()))
    }

    fn external(
        &self,
        _: &[String],
        _: ExternalFormat,
        _: &[(String, Constant)],
        columns: &[(String, ScalarType)],
    ) -> Result<Arc<dyn TableProvider>, LowerError> {
        Ok(stored(columns))
    }
}

/// Whether a text becomes a plan.
fn planned(text: &str, world: &World, given: &Given) -> bool {
    let parsed = parse(text);
    if !parsed.is_valid() {
        return false;
    }
    let bound = bind(&parsed.query, &world.known, given);
    let values = Values::default();
    let environment = Environment { tables: world, values: &values, now: given.now };
    bound.runs() && bound.query.results.iter().all(|result| lower(&result.relation, environment).is_ok())
}

/// Texts that are refused: each a name and the letters.
fn bombs() -> Vec<(&'static str, String)> {
    let many = 10_000;
    vec![
        ("10,000 parentheses are refused", format!("print {}1{}", "(".repeat(many), ")".repeat(many))),
        ("10,000 calls are refused", format!("print {}1{}", "f(".repeat(many), ")".repeat(many))),
        ("a list of 1 MB is refused or planned", format!("T | where a in ({}1)", "1,".repeat(500_000))),
        (
            "200 names, each twice the last, are refused",
            (1..200).fold("let a0 = 1;".to_owned(), |text, n| format!("{text} let a{n} = a{0} + a{0};", n - 1)) + " print a199",
        ),
    ]
}

/// Measures planning.
pub(crate) fn run(rounds: usize, report: &mut Report) {
    let world = World::new();
    let given = Given { now: 639_028_224_000_000_000, ..Given::default() };
    let context = SessionContext::new();
    for name in &world.names {
        if let Some(table) = Tables::table(&world, name) {
            // A bare reference keeps the case of the name.
            context.register_table(TableReference::bare(name.as_str()), table).expect("names of tables differ");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (name, kql, sql) in PAIRS {
        assert!(planned(kql, &world, &given), "{name} has a plan");
        let ours = Times::of(&[*kql], rounds, |text| planned(text, &world, &given));
        let state = context.state();
        let limit = Times::of(&[*sql], rounds, |text| runtime.block_on(state.create_logical_plan(text)).expect("the twin has a plan"));
        report.latency(Latency { group: "planning", name, ours, limit: Some(limit), peer: None });
    }
    for (name, text) in bombs() {
        let ours = Times::of(&[text], rounds.min(5), |text| planned(text, &world, &given));
        report.latency(Latency { group: "planning", name, ours, limit: None, peer: None });
    }
}
