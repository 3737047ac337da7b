//! Where rows come from: tables, names, functions, tables written out, external data.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::bound::{
    Column, Constant, Expr, ExprKind, ExternalFormat, Graph, GraphKind, JoinColumn, Lineage, Relation, RelationKind, Side,
};
use super::super::diagnostics::Code;
use super::super::tree::{self, Name, Place, ScalarType};
use super::super::types::common_type;
use super::binder::{Binder, Bound, Meaning, column};
use super::expressions::{constant_of, literal_text};
use super::names::fits;
use super::typing::{convert, is_number};

/// What a pipeline carries.
pub(super) enum Flow {
    /// Rows.
    Table(Arc<Relation>),
    /// A graph.
    Graph(Arc<Graph>),
}

impl<'t> Binder<'t> {
    /// Binds a table.
    pub(super) fn table(&mut self, expr: &'t tree::Expr) -> Arc<Relation> {
        match self.flow(expr) {
            Flow::Table(relation) => relation,
            Flow::Graph(_) => self.graph_as_table(expr.place),
        }
    }

    /// Reports a graph where rows are expected.
    pub(super) fn graph_as_table(&mut self, place: Place) -> Arc<Relation> {
        self.error_with(Code::GraphAsTable, place, "expected a table, found a graph", "match it with `graph-match`, or `graph-to-table`");
        self.failed(Vec::new(), place)
    }

    /// Binds a graph.
    pub(super) fn graph(&mut self, expr: &'t tree::Expr) -> Arc<Graph> {
        match self.flow(expr) {
            Flow::Graph(graph) => graph,
            Flow::Table(relation) => {
                if !relation.open {
                    self.error_with(Code::GraphExpected, expr.place, "expected a graph, found a table", "build one with `make-graph`");
                }
                Arc::new(Graph { nodes: Vec::new(), edges: Vec::new(), kind: GraphKind::Error, place: expr.place })
            }
        }
    }

    /// Binds a table or a graph.
    pub(super) fn flow(&mut self, expr: &'t tree::Expr) -> Flow {
        let place = expr.place;
        if !self.works(place) {
            return Flow::Table(self.failed(Vec::new(), place));
        }
        if let Some(pattern) = self.pattern_of(expr) {
            return self.pattern_call(pattern, expr);
        }
        match &expr.kind {
            tree::ExprKind::Group(inner) | tree::ExprKind::DataScope(inner, _) => self.flow(inner),
            tree::ExprKind::Pipe(pipe) => {
                let flow = self.flow(&pipe.source);
                self.operators(flow, &pipe.operators)
            }
            tree::ExprKind::Source(operator) => self.source(operator),
            tree::ExprKind::Name(name) => self.named_flow(name, place),
            tree::ExprKind::Call(call) => self.called_flow(call, None, place),
            tree::ExprKind::Method(base, call) if self.is_home(base) => self.called_at(base, call, None, place),
            tree::ExprKind::Field(base, name) if self.is_home(base) => self.flow_at(base, name, place),
            tree::ExprKind::Wildcard(wildcard) => {
                let inputs = self.wildcard_inputs(&wildcard.pattern, place);
                Flow::Table(self.wildcard_table(&wildcard.pattern, inputs, place))
            }
            tree::ExprKind::FieldWildcard(base, wildcard) if self.is_home(base) => {
                let inputs = self.wildcard_at(base, &wildcard.pattern, place);
                Flow::Table(self.wildcard_table(&wildcard.pattern, inputs, place))
            }
            tree::ExprKind::Materialize(inner) => match self.flow(inner) {
                Flow::Table(relation) => Flow::Table(self.materialized(&relation, place)),
                graph => graph,
            },
            tree::ExprKind::ToTable(query) => self.flow(&query.body),
            tree::ExprKind::DataTable(table) => Flow::Table(self.data_table(table, place)),
            tree::ExprKind::ExternalData(external) => Flow::Table(self.external_data(external, place)),
            tree::ExprKind::EntityGroup(_) => {
                self.error_with(Code::Misplaced, place, "expected a table, found a group", "ask its members: `macro-expand G as X (X.T)`");
                Flow::Table(self.failed(Vec::new(), place))
            }
            tree::ExprKind::Error => Flow::Table(self.failed(Vec::new(), place)),
            _ => {
                let value = self.value(expr);
                if !value.is_mistake() {
                    self.error_with(Code::ValueAsTable, place, "expected a table, found a value", "show it with `print`");
                }
                Flow::Table(self.failed(Vec::new(), place))
            }
        }
    }

    /// Rows that are computed once, however often they are used.
    pub(super) fn materialized(&mut self, relation: &Arc<Relation>, place: Place) -> Arc<Relation> {
        let id = self.materialized;
        self.materialized += 1;
        let kind = RelationKind::Materialize { id, input: Arc::clone(relation) };
        self.relation(relation.columns.clone(), kind, &[relation], place)
    }

    /// A table by its name: declared in the text, stored, or a stored function without arguments.
    pub(super) fn named_flow(&mut self, name: &'t Name, place: Place) -> Flow {
        if let Some(id) = self.lookup(&name.text) {
            return match self.resolve(id, place) {
                Some(bound) => self.flow_of(bound, place),
                None => Flow::Table(self.failed(Vec::new(), place)),
            };
        }
        if let Some(relation) = self.stored_table(&name.text, place) {
            return Flow::Table(relation);
        }
        if let Some(stored) = self.schemas.function(&name.text) {
            return match self.stored_call(stored, &[], None, place) {
                Some(bound) => self.flow_of(bound, place),
                None => Flow::Table(self.failed(Vec::new(), place)),
            };
        }
        if self.schemas.table_function(&name.text).is_some() {
            return Flow::Table(self.table_function(&name.text, &[], None, place));
        }
        self.unknown_table(&name.text, name.place);
        Flow::Table(self.failed(Vec::new(), place))
    }

    pub(super) fn flow_of(&mut self, bound: Bound, place: Place) -> Flow {
        match bound {
            Bound::Table(relation) => Flow::Table(relation),
            Bound::Graph(graph) => Flow::Graph(graph),
            Bound::Value(value) => {
                if !value.is_mistake() {
                    self.error_with(Code::ValueAsTable, place, "expected a table, found a value", "show it with `print`");
                }
                Flow::Table(self.failed(Vec::new(), place))
            }
        }
    }

    /// Reports a table that nobody knows.
    pub(super) fn unknown_table(&mut self, name: &str, place: Place) {
        self.unknown_name(Code::UnknownTable, place, "table", name, |binder| {
            let visible = binder.visible().into_iter().map(str::to_owned);
            binder.schemas.tables().into_iter().chain(binder.schemas.functions()).chain(visible).collect()
        });
    }

    /// A stored table with its columns.
    pub(super) fn stored_table(&mut self, name: &str, place: Place) -> Option<Arc<Relation>> {
        let fields = self.schemas.table(name)?;
        self.reads_stored = true;
        let table: Arc<str> = Arc::from(name);
        let columns = fields
            .into_iter()
            .map(|(name, kind)| {
                let stored = self.schemas.stored_column(&table, &name).unwrap_or(&name);
                Column { lineage: Some(Lineage { table: Arc::clone(&table), column: Arc::from(stored) }), name, kind }
            })
            .collect();
        Some(self.relation(columns, RelationKind::Table { table }, &[], place))
    }

    /// The names of the tables that fit a pattern, views of the query included.
    pub(super) fn tables_like(&self, pattern: &str) -> Vec<String> {
        let tables = self.schemas.tables();
        // A name of the data is copied to be looked at.
        self.carries(tables.len());
        self.looks(self.names.len());
        let mut names: Vec<String> = tables.into_iter().filter(|name| fits(pattern, name)).collect();
        let mut next = self.scope;
        while let Some(id) = next {
            let binding = &self.names[id];
            if matches!(binding.meaning, Meaning::Function(function) if function.view && function.parameters.is_empty())
                && fits(pattern, &binding.name)
                && !names.contains(&binding.name)
            {
                names.push(binding.name.clone());
            }
            next = binding.parent;
        }
        names
    }

    /// A table or view by its name, without a report if it is not there.
    pub(super) fn table_of_name(&mut self, name: &str, place: Place) -> Option<Arc<Relation>> {
        match self.lookup(name) {
            Some(id) => match self.resolve(id, place) {
                Some(Bound::Table(relation)) => Some(relation),
                _ => None,
            },
            None => self.stored_table(name, place),
        }
    }

    fn wildcard_table(&mut self, pattern: &str, inputs: Vec<super::uniting::Input>, place: Place) -> Arc<Relation> {
        if inputs.is_empty() {
            self.error(Code::UnknownTable, place, format!("no table is named like '{pattern}'"));
            return self.failed(Vec::new(), place);
        }
        self.united(inputs, super::uniting::Uniting::default(), place)
    }

    /// A call that gives rows or a graph; `rows` come from `invoke`.
    pub(super) fn called_flow(&mut self, call: &'t tree::Call, rows: Option<Arc<Relation>>, place: Place) -> Flow {
        let name = call.name.text.as_str();
        if let Some(id) = self.lookup(name) {
            let bound = match self.names[id].meaning.clone() {
                Meaning::Function(function) => {
                    self.names[id].used = true;
                    let scope = self.names[id].parent;
                    self.user_call(function, scope, &call.arguments, rows, place)
                }
                _ => self.resolve(id, place),
            };
            return match bound {
                Some(bound) => self.flow_of(bound, place),
                None => Flow::Table(self.failed(Vec::new(), place)),
            };
        }
        match name {
            "table" => {
                if let Some(name) = self.constant_text(call.arguments.first(), place) {
                    return match self.table_of_name(&name, place) {
                        Some(relation) => Flow::Table(relation),
                        None => {
                            self.unknown_table(&name, place);
                            Flow::Table(self.failed(Vec::new(), place))
                        }
                    };
                }
                return Flow::Table(self.failed(Vec::new(), place));
            }
            "_GetWatchlist" | "_ASIM_GetWatchlistRaw" => return Flow::Table(self.watchlist(call, place)),
            "graph" => return self.stored_graph(call, place),
            "explore" => return self.explore(call, place),
            _ => {}
        }
        if let Some(stored) = self.schemas.function(name) {
            return match self.stored_call(stored, &call.arguments, rows, place) {
                Some(bound) => self.flow_of(bound, place),
                None => Flow::Table(self.failed(Vec::new(), place)),
            };
        }
        if self.schemas.table_function(name).is_some() {
            return Flow::Table(self.table_function(name, &call.arguments, rows, place));
        }
        if call.arguments.is_empty()
            && rows.is_none()
            && let Some(relation) = self.stored_table(name, place)
        {
            return Flow::Table(relation);
        }
        if super::super::functions::find(name).is_some() {
            let value = self.call(call, place);
            if !value.is_mistake() {
                self.error_with(Code::ValueAsTable, place, "expected a table, found a value", "show it with `print`");
            }
            return Flow::Table(self.failed(Vec::new(), place));
        }
        self.unknown_function(&call.name);
        Flow::Table(self.failed(Vec::new(), place))
    }

    /// A constant text as an argument.
    pub(super) fn constant_text(&mut self, argument: Option<&'t tree::Named>, place: Place) -> Option<String> {
        let Some(argument) = argument else {
            self.error(Code::ArgumentCount, place, "expected a name as a text");
            return None;
        };
        let value = self.without_rows(|binder| binder.value(&argument.value));
        match value.kind {
            ExprKind::Literal(Constant::String(name)) => Some(name.to_string()),
            ExprKind::Error => None,
            _ => {
                self.error(Code::NotConstant, argument.value.place, "expected a constant text");
                None
            }
        }
    }

    fn watchlist(&mut self, call: &'t tree::Call, place: Place) -> Arc<Relation> {
        let Some(name) = self.constant_text(call.arguments.first(), place) else { return self.failed(Vec::new(), place) };
        let Some(fields) = self.schemas.watchlist(&name) else {
            self.error_with(
                Code::UnknownWatchlist,
                place,
                format!("no watchlist is named '{name}'"),
                "load it, or write its rows with `datatable`",
            );
            return self.failed(Vec::new(), place);
        };
        let columns = fields.into_iter().map(|(name, kind)| column(name, kind)).collect();
        self.relation(columns, RelationKind::Watchlist { name }, &[], place)
    }

    /// A function of the engine that gives rows.
    fn table_function(&mut self, name: &str, arguments: &'t [tree::Named], rows: Option<Arc<Relation>>, place: Place) -> Arc<Relation> {
        let Some(function) = self.schemas.table_function(name) else { return self.failed(Vec::new(), place) };
        let input = match (function.takes_rows, rows) {
            (true, Some(rows)) => Some(rows),
            (false, None) => None,
            (true, None) => {
                self.error_with(Code::Misplaced, place, format!("'{name}' works on rows"), format!("write `T | invoke {name}(...)`"));
                return self.failed(Vec::new(), place);
            }
            (false, Some(_)) => {
                self.error(Code::Misplaced, place, format!("'{name}' takes no rows"));
                return self.failed(Vec::new(), place);
            }
        };
        let mut values: Vec<Option<Expr>> = vec![None; function.parameters.len()];
        let mut next = 0;
        for argument in arguments {
            let index = match &argument.target {
                Some(tree::Target::One(named)) => function.parameters.iter().position(|(name, ..)| *name == named.text),
                _ => Some(next).filter(|next| *next < function.parameters.len()),
            };
            let Some(index) = index else {
                self.error(Code::ArgumentCount, argument.place(), format!("'{name}' has no parameter for this argument"));
                continue;
            };
            next = index + 1;
            let wanted = function.parameters[index].1;
            let value = match &input {
                Some(input) => {
                    let input = Arc::clone(input);
                    self.over(&input, |binder| binder.argument_of(&argument.value, wanted, name))
                }
                None => self.argument_of(&argument.value, wanted, name),
            };
            values[index] = Some(value);
        }
        let mut bound = Vec::new();
        for (value, (parameter, kind, required)) in values.into_iter().zip(&function.parameters) {
            match value {
                Some(value) => bound.push(value),
                None if *required => {
                    self.error(Code::ArgumentCount, place, format!("'{name}' needs its parameter '{parameter}'"));
                    return self.failed(Vec::new(), place);
                }
                None => bound.push(Expr { kind: ExprKind::Literal(Constant::Null), ty: *kind, place }),
            }
        }
        let mut columns = Vec::new();
        let mut unique = super::names::Unique::default();
        if let Some(input) = input.as_ref().filter(|_| function.keeps_rows) {
            columns.extend(input.columns.iter().map(|kept| Column { name: unique.make(&kept.name), ..kept.clone() }));
        }
        columns.extend(function.columns.iter().map(|(name, kind)| column(unique.make(name), *kind)));
        let inputs: Vec<&Relation> = input.iter().map(AsRef::as_ref).collect();
        let inputs: Vec<Arc<Relation>> = inputs.into_iter().map(|input| Arc::new(input.clone())).collect();
        let references: Vec<&Relation> = inputs.iter().map(AsRef::as_ref).collect();
        let kind = RelationKind::TableFunction { name: name.to_owned(), input, arguments: bound };
        self.relation(columns, kind, &references, place)
    }

    /// `datatable(...)[...]`
    fn data_table(&mut self, table: &'t tree::DataTable, place: Place) -> Arc<Relation> {
        let columns = self.declared_columns(&table.columns);
        let width = columns.len();
        if width == 0 {
            return self.failed(columns, place);
        }
        if !table.values.len().is_multiple_of(width) {
            let message = format!("expected the cells in rows of {width}, found {}", table.values.len());
            self.error(Code::CellCount, place, message);
            return self.failed(columns, place);
        }
        let mut rows = Vec::with_capacity(table.values.len() / width);
        for cells in table.values.chunks(width) {
            let row = cells.iter().zip(&columns).map(|(cell, column)| self.cell(cell, column.kind)).collect();
            rows.push(row);
        }
        self.relation(columns, RelationKind::DataTable { rows }, &[], place)
    }

    /// Columns that a query declares, each once.
    pub(super) fn declared_columns(&mut self, declared: &[tree::Column]) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::with_capacity(declared.len());
        let mut names = HashSet::with_capacity(declared.len());
        for declared in declared {
            if !names.insert(declared.name.text.as_str()) {
                let message = format!("the column '{}' is given twice", declared.name.text);
                self.error_with(Code::DuplicateColumn, declared.place, message, "use another name");
            }
            columns.push(column(declared.name.text.clone(), declared.kind));
        }
        columns
    }

    /// A constant cell as the type of its column; what does not convert is null.
    fn cell(&mut self, cell: &'t tree::Expr, wanted: ScalarType) -> Constant {
        let value = self.value(cell);
        let ExprKind::Literal(constant) = &value.kind else {
            if !value.is_mistake() {
                self.error_with(Code::NotConstant, cell.place, "expected a literal as a cell", "add computed columns with `extend`");
            }
            return Constant::Null;
        };
        if value.ty == wanted {
            return constant.clone();
        }
        super::cells::converted(constant, value.ty, wanted)
    }

    /// `externaldata`
    fn external_data(&mut self, external: &'t tree::ExternalData, place: Place) -> Arc<Relation> {
        let columns = self.declared_columns(&external.columns);
        let mut sources = Vec::new();
        for source in &external.sources {
            let value = self.value(source);
            match value.kind {
                ExprKind::Literal(Constant::String(text)) => sources.push(text.to_string()),
                ExprKind::Error => {}
                _ => self.error(Code::NotConstant, source.place, "expected the place of the data as a constant text"),
            }
        }
        let mut format = ExternalFormat::Automatic;
        let mut properties = Vec::new();
        for setting in &external.properties {
            let value = setting.values.first();
            let word = value.and_then(|value| match &value.kind {
                tree::ExprKind::Name(name) => Some(name.text.as_str()),
                _ => literal_text(value),
            });
            if setting.name == "format" {
                format = match word.unwrap_or_default().to_ascii_lowercase().as_str() {
                    "csv" | "" => ExternalFormat::Csv,
                    "tsv" | "tsve" => ExternalFormat::Tsv,
                    "psv" => ExternalFormat::Psv,
                    "scsv" => ExternalFormat::Scsv,
                    "sohsv" => ExternalFormat::Sohsv,
                    "json" => ExternalFormat::Json,
                    "multijson" => ExternalFormat::MultiJson,
                    "txt" => ExternalFormat::Txt,
                    "raw" => ExternalFormat::Raw,
                    "parquet" => ExternalFormat::Parquet,
                    other => {
                        self.unsupported(setting.place, &format!("the format '{other}'"));
                        ExternalFormat::Automatic
                    }
                };
                continue;
            }
            let constant = match word {
                Some(word) => Constant::text(word),
                None => match value.map(|value| self.value(value).kind) {
                    Some(ExprKind::Literal(constant)) => constant,
                    _ => continue,
                },
            };
            properties.push((setting.name.clone(), constant));
        }
        self.relation(columns, RelationKind::ExternalData { sources, format, properties }, &[], place)
    }

    /// `range`
    pub(super) fn range(&mut self, range: &'t tree::Range, place: Place) -> Arc<Relation> {
        let (from, to, step) = (self.value(&range.from), self.value(&range.to), self.value(&range.step));
        let (from, to, step) = (self.constant(from), self.constant(to), self.constant(step));
        if [&from, &to, &step].into_iter().any(Expr::is_mistake) {
            return self.failed(vec![column(range.column.text.clone(), from.ty)], place);
        }
        use ScalarType::{DateTime, Dynamic, Timespan};
        let plain = |ty: ScalarType, other: ScalarType| if ty == Dynamic { other } else { ty };
        let (a, b) = (plain(from.ty, to.ty), plain(to.ty, from.ty));
        let types = match (a, b, step.ty) {
            (a, b, c) if is_number(a) && is_number(b) && is_number(c) => {
                let ty = common_type(a, b).and_then(|ty| common_type(ty, c)).and_then(|ty| common_type(ty, ScalarType::Long));
                ty.map(|ty| (ty, ty))
            }
            (DateTime, DateTime, Timespan) => Some((DateTime, Timespan)),
            (Timespan, Timespan, Timespan) => Some((Timespan, Timespan)),
            _ => None,
        };
        let Some((ty, step_ty)) = types else {
            let message = format!("'range' is not defined from {} to {} by {}", from.ty.as_str(), to.ty.as_str(), step.ty.as_str());
            self.error_with(Code::TypeMismatch, place, message, "use numbers, or instants with a duration as step");
            return self.failed(vec![column(range.column.text.clone(), from.ty)], place);
        };
        if matches!(constant_of(&step), Some(Constant::Int(0) | Constant::Long(0) | Constant::Timespan(0))) {
            self.error(Code::UnknownOption, step.place, "expected a step that is not zero");
        }
        let kind = RelationKind::Range { from: convert(from, ty), to: convert(to, ty), step: convert(step, step_ty) };
        self.relation(vec![column(range.column.text.clone(), ty)], kind, &[], place)
    }

    /// A table whose rows a schema gives: `getschema`.
    pub(super) fn schema_table(&mut self, input: &Relation, place: Place) -> Arc<Relation> {
        let columns = vec![
            column("ColumnName", ScalarType::String),
            column("ColumnOrdinal", ScalarType::Long),
            column("DataType", ScalarType::String),
            column("ColumnType", ScalarType::String),
        ];
        let rows = input
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let place = i64::try_from(index).unwrap_or(i64::MAX);
                let (name, kind) = (Constant::text(&column.name), Constant::text(column.kind.as_str()));
                vec![name, Constant::Long(place), Constant::text(clr(column.kind)), kind]
            })
            .collect();
        let relation = self.relation(columns, RelationKind::DataTable { rows }, &[], place);
        Arc::new(Relation { ordered: true, open: input.open, ..(*relation).clone() })
    }
}

/// The name that `getschema` shows for a type.
fn clr(kind: ScalarType) -> &'static str {
    match kind {
        ScalarType::Bool => "System.SByte",
        ScalarType::DateTime => "System.DateTime",
        ScalarType::Decimal => "System.Data.SqlTypes.SqlDecimal",
        ScalarType::Dynamic => "System.Object",
        ScalarType::Guid => "System.Guid",
        ScalarType::Int => "System.Int32",
        ScalarType::Long => "System.Int64",
        ScalarType::Real => "System.Double",
        ScalarType::String => "System.String",
        ScalarType::Timespan => "System.TimeSpan",
    }
}

/// All columns of one side.
pub(super) fn all_of(side: Side, count: usize) -> Vec<JoinColumn> {
    (0..count).map(|column| JoinColumn { side, column }).collect()
}
