//! The graphs of the cases: elements as JSON, one a line.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use serde_json::{Map, Value as Json};

use crate::query::kql::graph::{Cell, EdgeTable, NodeSource, PatternGraph, Property, TransientGraph, column};
use crate::query::kql::tree::ScalarType;
use crate::query::kql::types::arrow_type;

/// The graph of a file of cases, with the property that labels are in.
pub(super) fn named(name: &str) -> Arc<dyn PatternGraph> {
    let (nodes, edges, id, ends, labels) = match name {
        "movies" => (MOVIE_NODES, MOVIE_EDGES, ["Name", "Title"].as_slice(), ("Name", "Movie"), "Label2"),
        "people" => (PEOPLE, PEOPLE_EDGES, ["id"].as_slice(), ("source", "target"), "lbl"),
        "stations" => (STATIONS, CONNECTIONS, ["station"].as_slice(), ("from_station", "to_station"), "line"),
        "security" => (SYSTEMS, ACCESS, ["id"].as_slice(), ("source", "target"), "lbl"),
        other => panic!("no graph is called {other}"),
    };
    let (rows, properties) = table(edges);
    let place = |name: &str| properties.iter().position(|property| property.name == name).expect("edges have their ends");
    let edges = EdgeTable { source: place(ends.0), target: place(ends.1), rows, properties: properties.clone() };
    let mut tables = Vec::new();
    for id in id {
        let own: String = nodes.lines().filter(|line| line.contains(&format!("\"{id}\":"))).map(|line| format!("{line}\n")).collect();
        let (rows, properties) = table(&own);
        let place = properties.iter().position(|property| property.name == *id).expect("nodes have their identifier");
        tables.push((rows, properties, place));
    }
    let nodes = NodeSource::by_name(tables).expect("tables agree");
    Arc::new(TransientGraph::new(&edges, &nodes, true).expect("identifiers agree").labelled_by(labels))
}

/// A table of JSON objects, one a line.
fn table(lines: &str) -> (RecordBatch, Vec<Property>) {
    let rows: Vec<Map<String, Json>> =
        lines.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).expect("lines are objects")).collect();
    let mut properties: Vec<Property> = Vec::new();
    for (name, value) in rows.iter().flatten() {
        if !properties.iter().any(|property| property.name == *name) {
            let kind = match value {
                Json::Number(_) => ScalarType::Long,
                Json::String(_) => ScalarType::String,
                _ => ScalarType::Dynamic,
            };
            properties.push(Property { name: name.clone(), kind });
        }
    }
    let columns = properties.iter().map(|property| {
        let cells = rows.iter().map(|row| match (row.get(&property.name), property.kind) {
            (Some(Json::Number(number)), _) => Cell::Long(number.as_i64().expect("numbers are whole")),
            (Some(Json::String(text)), ScalarType::String) => Cell::Text(text.into()),
            (Some(value), _) => Cell::Json(value.to_string().into()),
            (None, _) => Cell::Null,
        });
        column(property.kind, cells)
    });
    let fields: Vec<Field> = properties.iter().map(|property| Field::new(&property.name, arrow_type(property.kind), true)).collect();
    (RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.collect()).expect("columns are of one length"), properties)
}

const MOVIE_NODES: &str = r#"
{"Name":"Tom","Born":1956,"Label2":["Person","Male","BestActorAward"]}
{"Name":"Kevin","Born":1958,"Label2":["Person","Male"]}
{"Name":"Ron","Born":1954,"Label2":["Person","Male","BestDirectorAward"]}
{"Name":"Julia","Born":1967,"Label2":["Person","Female","BestActressAward"]}
{"Title":"T1","Description":"A movie about space","Year":1995,"Label2":["Movie","Survival","Adventure","Drama","History"]}
{"Title":"T2","Description":"Romantic comedy","Year":2011,"Label2":["Movie","Comedy","Drama","Romance"]}
{"Title":"T3","Description":"War film","Year":2020,"Label2":["Movie","Drama","History","War"]}
"#;

const MOVIE_EDGES: &str = r#"
{"Name":"Tom","Movie":"T1","Label2":["ACTED_IN"],"Role":"Role1"}
{"Name":"Kevin","Movie":"T1","Label2":["ACTED_IN"],"Role":"Role2"}
{"Name":"Ron","Movie":"T1","Label2":["DIRECTED"],"Role":"Director"}
{"Name":"Tom","Movie":"T2","Label2":["ACTED_IN"],"Role":"Role3"}
{"Name":"Tom","Movie":"T2","Label2":["DIRECTED"],"Role":"Director"}
{"Name":"Tom","Movie":"T3","Label2":["ACTED_IN"],"Role":"Role4"}
"#;

const PEOPLE: &str = r#"
{"id":"p1","lbl":"Person","name":"Alice","age":25}
{"id":"p2","lbl":"Person","name":"Bob","age":30}
{"id":"p3","lbl":"Person","name":"Carol","age":28}
{"id":"p4","lbl":"Person","name":"David","age":35}
{"id":"p5","lbl":"Person","name":"Emma","age":26}
{"id":"c1","lbl":"Company","name":"TechCorp","age":0}
{"id":"c2","lbl":"Company","name":"DataSoft","age":0}
{"id":"c3","lbl":"Company","name":"CloudInc","age":0}
{"id":"ct1","lbl":"City","name":"Seattle","age":0}
{"id":"ct2","lbl":"City","name":"Portland","age":0}
{"id":"ct3","lbl":"City","name":"San Francisco","age":0}
"#;

const PEOPLE_EDGES: &str = r#"
{"source":"p1","target":"c1","lbl":"works_at","since":2020}
{"source":"p2","target":"c1","lbl":"works_at","since":2022}
{"source":"p3","target":"c2","lbl":"works_at","since":2023}
{"source":"p4","target":"c3","lbl":"works_at","since":2021}
{"source":"p5","target":"c1","lbl":"works_at","since":2024}
{"source":"p1","target":"ct1","lbl":"located_at","since":2019}
{"source":"p2","target":"ct1","lbl":"located_at","since":2021}
{"source":"p3","target":"ct2","lbl":"located_at","since":2022}
{"source":"p4","target":"ct3","lbl":"located_at","since":2020}
{"source":"p5","target":"ct2","lbl":"located_at","since":2023}
{"source":"c1","target":"ct1","lbl":"located_at","since":2015}
{"source":"c2","target":"ct2","lbl":"located_at","since":2018}
{"source":"c3","target":"ct3","lbl":"located_at","since":2017}
{"source":"p1","target":"p2","lbl":"knows","since":2019}
{"source":"p2","target":"p3","lbl":"knows","since":2021}
{"source":"p3","target":"p4","lbl":"knows","since":2022}
{"source":"p4","target":"p5","lbl":"knows","since":2023}
{"source":"p1","target":"p4","lbl":"likes","since":2020}
{"source":"p4","target":"p1","lbl":"likes","since":2020}
{"source":"p5","target":"p2","lbl":"likes","since":2022}
"#;

const STATIONS: &str = r#"
{"station":"Central"}
{"station":"North"}
{"station":"South"}
{"station":"South-West"}
{"station":"West"}
{"station":"East"}
"#;

const CONNECTIONS: &str = r#"
{"from_station":"Central","to_station":"North","line":"red"}
{"from_station":"North","to_station":"Central","line":"red"}
{"from_station":"Central","to_station":"South","line":"red"}
{"from_station":"South","to_station":"Central","line":"red"}
{"from_station":"South","to_station":"South-West","line":"red"}
{"from_station":"South-West","to_station":"South","line":"red"}
{"from_station":"South-West","to_station":"West","line":"red"}
{"from_station":"West","to_station":"South-West","line":"red"}
{"from_station":"Central","to_station":"East","line":"blue"}
{"from_station":"East","to_station":"Central","line":"blue"}
{"from_station":"Central","to_station":"West","line":"blue"}
{"from_station":"West","to_station":"Central","line":"blue"}
"#;

const SYSTEMS: &str = r#"
{"id":"u1","lbl":"User","name":"john.doe","criticality":"Low"}
{"id":"u2","lbl":"User","name":"admin.user","criticality":"High"}
{"id":"s1","lbl":"System","name":"web-server","criticality":"Medium"}
{"id":"s2","lbl":"System","name":"database","criticality":"Critical"}
{"id":"s3","lbl":"System","name":"domain-controller","criticality":"Critical"}
"#;

const ACCESS: &str = r#"
{"source":"u1","target":"s1","lbl":"CAN_ACCESS","access_type":"HTTP"}
{"source":"s1","target":"s2","lbl":"CAN_ACCESS","access_type":"SQL"}
{"source":"u2","target":"s3","lbl":"CAN_ACCESS","access_type":"RDP"}
{"source":"s3","target":"s2","lbl":"CAN_ACCESS","access_type":"Direct"}
"#;
