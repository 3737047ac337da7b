//! From the rows of an exploration query to the entities that they name.
//!
//! Columns are named `<Entity>_<Property>`: `Host_HostName`, `Process_ImageFile_FullPath`. `_UnstructuredName` means *read
//! the text*, `_Aux_` marks detail that is shown and names nothing. Two entities of one kind in a row do not occur.

use serde_json::Value;

use crate::catalog::entities;
use crate::ingest::identify::{EntityList, Place, parts};
use crate::model::{Entity, Object};

use super::super::answer::Table;

/// What one row names: an alert by its id, or entities.
pub(super) struct Named {
    pub(super) alert: Option<String>,
    pub(super) entities: Vec<Entity>,
}

/// Reads what each row of a table names.
pub(super) fn named(table: &Table) -> Vec<Named> {
    let columns: Vec<Vec<&str>> = table.columns.iter().map(|column| column.name.split('_').collect()).collect();
    table.rows.iter().map(|row| of_row(&columns, row)).collect()
}

fn of_row(columns: &[Vec<&str>], row: &[Value]) -> Named {
    let mut alert = None;
    let mut groups: Vec<Group> = Vec::new();
    for (path, cell) in columns.iter().zip(row) {
        match (path.as_slice(), text(cell)) {
            (_, None) | ([] | [_] | [_, "Aux", ..], _) => {}
            (["Alert", "Id"], Some(id)) => alert = Some(id),
            ([kind, property @ ..], Some(_)) => Group::of(&mut groups, kind).take(property, cell),
        }
    }
    let mut list = EntityList::new();
    for group in groups {
        group.add_to(&mut list);
    }
    let evidence = list.finish().0.into_iter().filter(|evidence| !evidence.nested);
    Named { alert, entities: evidence.map(|evidence| evidence.entity).collect() }
}

fn text(cell: &Value) -> Option<String> {
    match cell {
        Value::Null => None,
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text != "-"),
        other => Some(other.to_string()),
    }
}

/// The cells of one entity of a row.
struct Group {
    kind: String,
    properties: Object,
    image: Option<Object>,
    host: Option<Object>,
}

impl Group {
    fn of<'a>(groups: &'a mut Vec<Self>, kind: &str) -> &'a mut Self {
        let place = groups.iter().position(|group| group.kind == kind).unwrap_or_else(|| {
            groups.push(Self { kind: kind.to_owned(), properties: Object::new(), image: None, host: None });
            groups.len() - 1
        });
        &mut groups[place]
    }

    fn take(&mut self, property: &[&str], cell: &Value) {
        let text = text(cell).unwrap_or_default();
        match property {
            ["UnstructuredName"] => {
                let kind = entities::kind(&self.kind).map_or(self.kind.as_str(), |kind| kind.name);
                self.properties.extend(parts::of(kind, &text).unwrap_or_default());
            }
            ["Address"] => self.properties.extend(parts::ip(&text).unwrap_or_default()),
            ["ImageFile", "FullPath"] => self.image = parts::file(&text),
            ["Host", "HostName"] => self.host = parts::host(&text),
            ["CommandLine"] => {
                self.image = self.image.take().or_else(|| parts::image(&text));
                self.properties.insert("CommandLine".to_owned(), text.into());
            }
            other => drop(self.properties.insert(other.join(""), cell.clone())),
        }
    }

    fn add_to(mut self, list: &mut EntityList) {
        // A program without a run of it stands for its image file.
        let only_image = self.properties.is_empty();
        let image = self.image.take().and_then(|image| list.add_evidence("file", image, None, !only_image));
        let Some(place) = list.add(&self.kind, self.properties) else { return };
        refer(list, place, "ImageFile", image);
        let host = self.host.take().and_then(|host| list.add_evidence("host", host, None, true));
        refer(list, place, "Host", host);
    }
}

fn refer(list: &mut EntityList, from: Place, property: &'static str, to: Option<Place>) {
    if let Some(to) = to {
        list.refer(from, property, to);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::answer::Column;
    use super::*;

    fn check(columns: &[&str], row: Value, expected: &[(&str, &str)]) {
        let columns = columns.iter().map(|name| Column { name: (*name).to_owned(), type_name: "string".to_owned() }).collect();
        let Value::Array(row) = row else { panic!("a row is an array") };
        let table = Table { columns, rows: vec![row], complete: true, ..Table::default() };
        let found: Vec<_> = named(&table).remove(0).entities.into_iter().map(|entity| (entity.kind.to_string(), entity.label)).collect();
        let expected: Vec<_> = expected.iter().map(|(kind, label)| ((*kind).to_owned(), (*label).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn reads_entities_off_a_row() {
        check(&["Host_UnstructuredName", "Host_Aux_Count"], json!(["ws6.example.org", 4]), &[("host", "ws6.example.org")]);
        check(
            &["IP_Address", "Account_UnstructuredName"],
            json!(["1.2.3.4:5678", "bob@example.org"]),
            &[("ip", "1.2.3.4"), ("account", "bob@example.org")],
        );
        check(&["IP_Address", "Host_HostName"], json!(["-", null]), &[]);
    }
}
