//! `evaluate`: plugins, their arguments and the columns that they give.

use std::sync::Arc;

use super::super::aggregates;
use super::super::bound::{Column, ExprKind, Plugin, PluginArgument, Relation, RelationKind, ResultTable, Unknown};
use super::super::diagnostics::Code;
use super::super::tree::{self, Place, ScalarType, Target};
use super::binder::{Binder, column};
use super::names::{Unique, implied};
use ScalarType::{DateTime, Dynamic, Int, Long, Real, String as Text, Timespan};

/// A plugin.
struct Known {
    name: &'static str,
    gives: Gives,
    /// What it does.
    summary: &'static str,
}

const fn runs(name: &'static str, gives: Gives, summary: &'static str) -> Known {
    Known { name, gives, summary }
}

/// The plugins with what they give.
const PLUGINS: &[Known] = &[
    runs(
        "activity_counts_metrics",
        Gives::Timeline(&["count", "dcount", "new_dcount", "aggregated_dcount"], &[Long; 4], 5),
        "counts of each window: all, distinct, new, and distinct so far",
    ),
    runs(
        "activity_engagement",
        Gives::Timeline(&["dcount_activities_inner", "dcount_activities_outer", "activity_ratio"], &[Long, Long, Real], 6),
        "distinct values of each window and of the longer one that ends with it, and their ratio; start and end must be given",
    ),
    runs(
        "activity_metrics",
        Gives::Timeline(&["dcount_values", "dcount_newvalues", "retention_rate", "churn_rate"], &[Long, Long, Real, Real], 5),
        "distinct and new values of each window, and how many stay and leave",
    ),
    runs(
        "active_users_count",
        Gives::Timeline(&["dcount"], &[Long], 8),
        "values that were active often enough in a window that looks back",
    ),
    runs(
        "autocluster",
        Gives::Clusters(&[("SegmentId", Long), ("Count", Long), ("Percent", Real)]),
        "a few patterns that hold many rows and tell many values; which of them is clew's own rule, without seeds",
    ),
    runs("bag_unpack", Gives::FromData, "the properties of a bag as columns"),
    runs(
        "basket",
        Gives::Clusters(&[("SegmentId", Long), ("Count", Long), ("Percent", Real)]),
        "all patterns that hold a share of the rows, of those with the same rows the longest; nothing is sampled",
    ),
    runs("dcount_intersect", Gives::Counts, "distinct values that several hll sketches have in common"),
    runs(
        "diffpatterns",
        Gives::Clusters(&[
            ("SegmentId", Long),
            ("CountA", Long),
            ("CountB", Long),
            ("PercentA", Real),
            ("PercentB", Real),
            ("PercentDiffAB", Real),
        ]),
        "patterns that hold another share of one set of rows than of the other; which of them is clew's own rule",
    ),
    runs(
        "funnel_sequence_completion",
        Gives::Funnel,
        "how many come from the first state of a sequence to each one within periods; other states may lie between",
    ),
    runs("geo_line_lookup", Gives::Places, "rows of a table whose line lies near a place"),
    runs("geo_polygon_lookup", Gives::Places, "rows of a table whose polygon holds a place"),
    runs("identity", Gives::Input, "the rows as they are"),
    runs("ipv4_lookup", Gives::Lookup, "rows of a table whose network holds an IPv4 address"),
    runs("ipv6_lookup", Gives::Lookup, "rows of a table whose network holds an address, IPv6 or IPv4"),
    runs("narrow", Gives::Fixed(&[("Row", Long), ("Column", Text), ("Value", Text)]), "a row for each cell"),
    runs(
        "new_activity_metrics",
        Gives::Cohorts,
        "who is first seen in each window, and how many of them come back in each later one; windows without anyone count",
    ),
    runs("pivot", Gives::FromData, "the values of a column as columns, with an aggregate in the cells"),
    runs("preview", Gives::Input, "some rows, and as a second result how many there are; only at the end of a query"),
    runs("rolling_percentile", Gives::Rolling, "a percentile of the bins up to each one"),
    runs("rows_near", Gives::Input, "rows around those that fulfil a condition"),
    runs(
        "schema_merge",
        Gives::Fixed(&[("ColumnName", Text), ("ColumnOrdinal", Int), ("DataType", Text), ("ColumnType", Text)]),
        "the columns of several tables as those of one; a column must have one type",
    ),
    runs("sequence_detect", Gives::Sequence, "each sequence of rows that are its steps, by their times"),
    runs("session_count", Gives::Timeline(&["count_sessions"], &[Long], 6), "sessions of each bin, parted by pauses"),
    runs(
        "sliding_window_counts",
        Gives::Timeline(&["Count", "Dcount"], &[Long, Long], 6),
        "counts of a window that looks back from each bin: all and distinct",
    ),
];

/// The plugin that gives some rows and their number.
const PREVIEW: &str = "preview";

/// Plugins of the language that are refused by name: they ask services, run other languages, or their algorithm is not published.
const REFUSED: &[&str] = &[
    "ai_chat_completion",
    "ai_chat_completion_prompt",
    "ai_embed_text",
    "ai_embeddings",
    "azure_digital_twins_query_request",
    "cosmosdb_sql_request",
    "diffpatterns_text",
    "estimate_data_size",
    "execute_query",
    "execute_show_command",
    "funnel_sequence",
    "http_request",
    "http_request_post",
    "infer_storage_schema",
    "infer_storage_schema_with_suggestions",
    "mysql_request",
    "postgresql_request",
    "python",
    "r",
    "sql_request",
];

/// The plugins that run, with what they do.
pub(in super::super) fn running() -> impl Iterator<Item = (&'static str, &'static str)> {
    PLUGINS.iter().map(|known| (known.name, known.summary))
}

/// The plugins that are refused.
pub(in super::super) fn refused() -> &'static [&'static str] {
    REFUSED
}

/// Whether an operator is the plugin that gives two tables.
pub(super) fn is_preview(operator: &tree::OperatorKind) -> bool {
    matches!(operator, tree::OperatorKind::Evaluate(evaluate) if evaluate.call.name.text == PREVIEW)
}

/// The names of the plugins.
pub(super) fn plugin_names() -> impl Iterator<Item = &'static str> {
    PLUGINS.iter().map(|known| known.name)
}

/// The columns of a plugin.
#[derive(Clone, Copy, Debug)]
enum Gives {
    /// Always the same.
    Fixed(&'static [(&'static str, ScalarType)]),
    /// Those of the rows.
    Input,
    /// These, then those of the rows.
    Clusters(&'static [(&'static str, ScalarType)]),
    /// The second argument, the arguments behind so many, then these.
    Timeline(&'static [&'static str], &'static [ScalarType], usize),
    /// Two windows, the dimensions, what came of the cohort.
    Cohorts,
    /// Those of the rows, then those of the table that is looked up.
    Lookup,
    /// Those of the rows, then those of the table that is looked up, without its shape unless asked for.
    Places,
    /// The rows and a count for each argument.
    Counts,
    /// The index and the percentile.
    Rolling,
    /// The timeline, the state, the period, the count.
    Funnel,
    /// The dimensions, an instant for each state, the duration.
    Sequence,
    /// Only the data tell.
    FromData,
}

impl<'t> Binder<'t> {
    /// `evaluate preview(n)`: some rows, and their number.
    pub(super) fn preview(&mut self, input: &Arc<Relation>, call: &'t tree::Call, place: Place, results: &mut Vec<ResultTable>) {
        let [rows] = call.arguments.as_slice() else {
            self.error(Code::ArgumentCount, place, "'preview' takes the number of rows");
            return;
        };
        let shared = self.materialized(input, place);
        let count = self.row_count(rows);
        let some = self.relation(shared.columns.clone(), RelationKind::Take { input: Arc::clone(&shared), count }, &[&shared], place);
        let number = self.relation(vec![column("Count", Long)], RelationKind::Count(Arc::clone(&shared)), &[&shared], place);
        results.extend([some, number].map(|relation| ResultTable { name: None, relation, render: None }));
    }

    /// `evaluate`
    pub(super) fn evaluate(&mut self, input: Option<&Arc<Relation>>, evaluate: &'t tree::Evaluate, place: Place) -> Arc<Relation> {
        let call = &evaluate.call;
        let name = call.name.text.as_str();
        let Some(Known { name, gives, .. }) = PLUGINS.iter().find(|known| known.name == name) else {
            if self.schemas.table_function(name).is_some() {
                return match self.called_flow(call, input.cloned(), place) {
                    super::sources::Flow::Table(relation) => relation,
                    super::sources::Flow::Graph(_) => self.graph_as_table(place),
                };
            }
            if REFUSED.contains(&name) {
                self.unsupported(call.name.place, &format!("the plugin '{name}'"));
            } else {
                self.unknown_name(Code::UnknownPlugin, call.name.place, "plugin", name, |_| plugin_names().collect());
            }
            return self.failed(Vec::new(), place);
        };
        let Some(input) = input else {
            self.error_with(Code::Misplaced, place, format!("'{name}' works on rows"), format!("write `T | evaluate {name}(...)`"));
            return self.failed(Vec::new(), place);
        };
        if *name == PREVIEW {
            self.error(Code::Misplaced, call.name.place, "'preview' gives two tables and stands only at the end of a query");
            return self.failed(input.columns.clone(), place);
        }
        let number = self.plugins;
        self.plugins += 1;
        let Some(arguments) = self.plugin_arguments(name, input, call) else { return self.failed(Vec::new(), place) };
        let tables: Vec<Arc<Relation>> = arguments
            .iter()
            .filter_map(|argument| match argument {
                PluginArgument::Table(table) => Some(Arc::clone(table)),
                _ => None,
            })
            .collect();
        let mut inputs: Vec<&Relation> = vec![input];
        inputs.extend(tables.iter().map(AsRef::as_ref));
        let declared = evaluate.schema.as_ref().map(|schema| self.declared_output(input, schema, &arguments));
        let learned = self.learned.get(number).map(|fields| fields.iter().map(|(name, kind)| column(name.clone(), *kind)).collect());
        let columns = declared.or_else(|| match gives {
            Gives::FromData => learned,
            other => Some(given_columns(*other, input, call, &tables)),
        });
        let unknown = columns.is_none();
        let plugin = Plugin { name, input: Some(Arc::clone(input)), arguments, unknown: unknown.then_some(number) };
        let relation = self.relation(columns.unwrap_or_default(), RelationKind::Evaluate(plugin), &inputs, place);
        if !unknown {
            return relation;
        }
        let relation = Arc::new(Relation { open: true, ..(*relation).clone() });
        // What lies behind a relation that is not known itself comes to light only once that one is.
        if !input.open {
            self.unknown.push(Unknown { id: number, relation: Arc::clone(&relation) });
        }
        relation
    }

    /// The columns that the query declares, those of the rows in the place of the star.
    fn declared_output(&mut self, input: &Relation, schema: &tree::EvaluateSchema, arguments: &[PluginArgument]) -> Vec<Column> {
        let declared = self.declared_columns(&schema.columns);
        if !schema.star {
            return declared;
        }
        let used = match arguments.first() {
            Some(PluginArgument::Value(value)) => match value.kind {
                ExprKind::Column(index) => Some(index),
                _ => None,
            },
            _ => None,
        };
        let mut columns: Vec<Column> = input
            .columns
            .iter()
            .enumerate()
            .filter(|(index, kept)| Some(*index) != used && !declared.iter().any(|column| column.name == kept.name))
            .map(|(_, column)| column.clone())
            .collect();
        columns.extend(declared);
        columns
    }

    fn plugin_arguments(&mut self, name: &str, input: &Arc<Relation>, call: &'t tree::Call) -> Option<Vec<PluginArgument>> {
        let rows = Arc::clone(input);
        let mut arguments: Vec<PluginArgument> = Vec::new();
        let mut table: Option<Arc<Relation>> = None;
        let reported = self.diagnostics.len();
        for (index, argument) in call.arguments.iter().enumerate() {
            if name.ends_with("_lookup") && index == 0 {
                let relation = self.embedded_table(&argument.value);
                table = Some(Arc::clone(&relation));
                arguments.push(PluginArgument::Table(relation));
                continue;
            }

            let named = matches!(&argument.value.kind, tree::ExprKind::Name(name) if self.place_of(&input.columns, &name.text).is_some());
            if name == "new_activity_metrics" && index > 4 && !named && self.is_table(&argument.value) {
                arguments.push(PluginArgument::Table(self.embedded_table(&argument.value)));
                continue;
            }
            // Addresses stand in front of the column of networks, the column of shapes in front of places.
            let of_table = if name.starts_with("geo_") { index == 1 } else { index > 1 };
            if let (Some(table), tree::ExprKind::Name(column), true, None) = (&table, &argument.value.kind, of_table, &argument.target) {
                match self.place_of(&table.columns, &column.text) {
                    Some(place) => arguments.push(PluginArgument::TableColumn(place)),
                    None if table.open => {}
                    None => self.unknown_column_of(&table.columns, column.place, "column of the lookup table", &column.text),
                }
                continue;
            }
            let bound = self.over(&rows, |binder| match &argument.value.kind {
                tree::ExprKind::Call(inner) if aggregates::find(&inner.name.text).is_some() && name == "pivot" => {
                    binder.sole_aggregate(&argument.value).map(|(aggregate, _)| PluginArgument::Aggregate(aggregate))
                }
                tree::ExprKind::Star | tree::ExprKind::Placeholder(_) => None,
                _ => Some(PluginArgument::Value(binder.value(&argument.value))),
            });
            match (bound, &argument.target) {
                (Some(PluginArgument::Value(value)), Some(Target::One(named))) => {
                    arguments.push(PluginArgument::Named(named.text.clone(), value));
                }
                (Some(bound), _) => arguments.push(bound),
                (None, _) => {}
            }
        }
        if matches!(name, "bag_unpack" | "pivot") {
            match arguments.first() {
                Some(PluginArgument::Value(value)) if matches!(value.kind, ExprKind::Column(_) | ExprKind::Error) => {}
                _ => {
                    self.error(Code::Misplaced, call.place, format!("the first argument of '{name}' is a column"));
                    return None;
                }
            }
        }
        let clean = self.diagnostics[reported.min(self.diagnostics.len())..]
            .iter()
            .all(|diagnostic| diagnostic.severity != super::super::Severity::Error);
        clean.then_some(arguments)
    }
}

/// Whether a lookup of places is asked for the shapes too: `return_lookup_key`, by name or as the last of all arguments.
fn gives_shape(call: &tree::Call) -> bool {
    let lookup_key = call.arguments.iter().enumerate().find(|(index, argument)| match &argument.target {
        Some(Target::One(name)) => name.text == "return_lookup_key",
        _ => *index == 7,
    });
    lookup_key.is_some_and(|(_, argument)| super::parsing::word(&argument.value) == "true")
}

/// The columns of a plugin whose arguments tell them.
fn given_columns(gives: Gives, input: &Relation, call: &tree::Call, tables: &[Arc<Relation>]) -> Vec<Column> {
    let mut unique = Unique::default();
    let mut columns = Vec::new();
    let named = |place: usize| call.arguments.get(place).and_then(|argument| implied(&argument.value)).unwrap_or_default();
    let kind_of = |name: &str| input.columns.iter().find(|column| column.name == name).map_or(Dynamic, |column| column.kind);
    match gives {
        Gives::Fixed(fixed) => columns.extend(fixed.iter().map(|(name, kind)| column(*name, *kind))),
        Gives::Input | Gives::FromData => columns.clone_from(&input.columns),
        Gives::Clusters(fixed) => {
            columns.extend(fixed.iter().map(|(name, kind)| column(unique.make(name), *kind)));
            columns.extend(input.columns.iter().map(|kept| Column { name: unique.make(&kept.name), ..kept.clone() }));
        }
        Gives::Timeline(names, kinds, fixed) => {
            let timeline = named(1);
            let kind = kind_of(&timeline);
            columns.push(column(unique.make(&timeline), kind));
            for place in fixed..call.arguments.len() {
                let name = named(place);
                let kind = kind_of(&name);
                columns.push(column(unique.make(&name), kind));
            }
            columns.extend(names.iter().zip(kinds).map(|(name, kind)| column(unique.make(name), *kind)));
        }
        Gives::Cohorts => {
            let timeline = named(1);
            let kind = kind_of(&timeline);
            columns.extend(["from", "to"].map(|end| column(unique.make(&format!("{end}_{timeline}")), kind)));
            let rest = call.arguments.iter().skip(5).filter_map(|argument| implied(&argument.value));
            let dimensions = rest.filter_map(|name| input.columns.iter().find(|column| column.name == name));
            columns.extend(dimensions.map(|kept| column(unique.make(&kept.name), kept.kind)));
            let counts = ["dcount_new_values", "dcount_retained_values", "dcount_churn_values"].map(|name| (name, Long));
            let rates = ["retention_rate", "churn_rate"].map(|name| (name, Real));
            columns.extend(counts.into_iter().chain(rates).map(|(name, kind)| column(unique.make(name), kind)));
        }
        Gives::Lookup => {
            columns.extend(input.columns.iter().map(|kept| Column { name: unique.make(&kept.name), ..kept.clone() }));
            for kept in tables.iter().flat_map(|table| &table.columns) {
                columns.push(Column { name: unique.make(&kept.name), ..kept.clone() });
            }
        }
        Gives::Places => {
            columns.extend(input.columns.iter().map(|kept| Column { name: unique.make(&kept.name), ..kept.clone() }));
            let shape = named(1);
            let keeps_shape = gives_shape(call);
            for kept in tables.iter().flat_map(|table| &table.columns).filter(|kept| keeps_shape || kept.name != shape) {
                columns.push(Column { name: unique.make(&kept.name), ..kept.clone() });
            }
        }
        Gives::Counts => {
            columns.clone_from(&input.columns);
            for column in &columns {
                unique.take(&column.name);
            }
            columns.extend((0..call.arguments.len()).map(|number| column(unique.make(&format!("s{number}")), Long)));
        }
        Gives::Rolling => {
            let constant =
                |place: usize| call.arguments.get(place).map(|argument| super::parsing::word(&argument.value)).unwrap_or_default();
            let (value, index) = (named(0), named(2));
            columns.push(column(index.clone(), kind_of(&index)));
            for place in 5..call.arguments.len() {
                let name = named(place);
                let kind = kind_of(&name);
                columns.push(column(unique.make(&name), kind));
            }
            let name = format!("rolling_{}_percentile_{value}_{}", constant(4), constant(1));
            columns.push(column(name, kind_of(&value)));
        }
        Gives::Funnel => {
            let timeline = named(1);
            let kind = kind_of(&timeline);
            columns.push(column(unique.make(&timeline), kind));
            columns.push(column(unique.make(&named(5)), Text));
            columns.push(column(unique.make("Period"), Timespan));
            columns.push(column(unique.make("dcount"), Long));
        }
        Gives::Sequence => {
            let timeline = named(0);
            let states: Vec<&str> = call
                .arguments
                .iter()
                .filter_map(|argument| match &argument.target {
                    Some(Target::One(name)) => Some(name.text.as_str()),
                    _ => None,
                })
                .collect();
            let dimensions = call.arguments.iter().skip(3).filter(|argument| argument.target.is_none());
            for dimension in dimensions {
                let name = implied(&dimension.value).unwrap_or_default();
                let kind = kind_of(&name);
                columns.push(column(unique.make(&name), kind));
            }
            columns.extend(states.iter().map(|state| column(unique.make(&format!("{state}_{timeline}")), DateTime)));
            columns.push(column("Duration", Timespan));
        }
    }
    columns
}
