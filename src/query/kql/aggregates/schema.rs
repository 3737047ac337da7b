//! `buildschema`: the smallest description that all values fit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::super::functions::json::{Json, Kind, string};
use super::super::tree::ScalarType;
use super::super::values::read;
use super::accumulate::each_row;
use super::udaf::{Body, Groups, Made, Rows};

/// The property that stands for the elements of an array.
const INDEXER: &str = "`indexer`";
/// Levels that are looked into.
const DEPTH_MAX: usize = 64;

/// The description of all values.
#[derive(Debug)]
pub(super) struct Describe;

impl Body for Describe {
    fn result(&self, _: &[ScalarType]) -> DataType {
        DataType::Utf8View
    }

    fn state(&self, _: &[ScalarType]) -> Vec<DataType> {
        vec![DataType::Utf8View]
    }

    fn groups(&self, _: &Made) -> Result<Box<dyn Groups>> {
        Ok(Box::new(Schemas(Vec::new())))
    }
}

/// What values there are at one place: names of types, and the properties of bags.
/// Both in the order of their names, so that the order of rows does not show.
#[derive(Clone, Debug, Default)]
struct Schema {
    types: BTreeSet<String>,
    properties: Option<BTreeMap<String, Schema>>,
}

impl Schema {
    fn property(&mut self, name: &str) -> &mut Self {
        self.properties.get_or_insert_default().entry(name.to_owned()).or_default()
    }

    fn name(&mut self, name: &str) {
        if !self.types.contains(name) {
            self.types.insert(name.to_owned());
        }
    }

    fn add(&mut self, value: Json<'_>, depth: usize) {
        match value.kind() {
            Kind::Null => {}
            _ if depth > DEPTH_MAX => self.name("dynamic"),
            Kind::Bool => self.name("bool"),
            Kind::Long => self.name("long"),
            Kind::Real => self.name("double"),
            Kind::Text => {
                let text = value.string().unwrap_or_default();
                let is_instant =
                    text.len() >= 19 && text.starts_with(|first: char| first.is_ascii_digit()) && read::datetime(&text).is_some();
                self.name(if is_instant { "datetime" } else { "string" });
            }
            Kind::Array => {
                let items = self.property(INDEXER);
                value.elements().for_each(|element| items.add(element, depth + 1));
            }
            Kind::Bag => {
                self.properties.get_or_insert_default();
                value.entries().for_each(|(key, value)| self.property(&key.name()).add(value, depth + 1));
            }
        }
    }

    /// Adds what the text of a description says.
    fn add_description(&mut self, text: Json<'_>) {
        match text.kind() {
            Kind::Text => self.name(&text.string().unwrap_or_default()),
            Kind::Array => text.elements().for_each(|part| self.add_description(part)),
            Kind::Bag => {
                self.properties.get_or_insert_default();
                text.entries().for_each(|(key, part)| self.property(&key.name()).add_description(part));
            }
            _ => {}
        }
    }

    fn write(&self, out: &mut String) {
        let parts = self.types.len() + usize::from(self.properties.is_some());
        if parts != 1 {
            out.push('[');
        }
        for (place, name) in self.types.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            string(out, name);
        }
        if let Some(properties) = &self.properties {
            if !self.types.is_empty() {
                out.push(',');
            }
            out.push('{');
            for (place, (name, schema)) in properties.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                string(out, name);
                out.push(':');
                schema.write(out);
            }
            out.push('}');
        }
        if parts != 1 {
            out.push(']');
        }
    }
}

#[derive(Debug)]
struct Schemas(Vec<Schema>);

impl Groups for Schemas {
    fn grow(&mut self, groups: usize) {
        self.0.resize(groups.max(self.0.len()), Schema::default());
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        let texts = rows.columns[0].as_string_view();
        each_row(&rows.columns[0], rows, |row| self.0[rows.groups[row]].add(Json::new(texts.value(row)), 0));
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let texts = states[0].as_string_view();
        for (row, group) in groups.iter().copied().enumerate().filter(|(row, _)| texts.is_valid(*row)) {
            self.0[group].add_description(Json::new(texts.value(row)));
        }
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let written = |schema: Schema| {
            let mut text = String::new();
            schema.write(&mut text);
            // Nothing was seen that could be described.
            Some(text).filter(|text| text != "[]")
        };
        Ok(Arc::new(emit.take_needed(&mut self.0).into_iter().map(written).collect::<StringViewArray>()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(emit)?])
    }

    fn size(&self) -> usize {
        fn size(schema: &Schema) -> usize {
            let properties = schema.properties.iter().flatten();
            size_of::<Schema>() + schema.types.len() * 32 + properties.map(|(name, schema)| name.len() + size(schema)).sum::<usize>()
        }
        self.0.iter().map(size).sum()
    }
}
