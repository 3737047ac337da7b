//! Rows of GUIDE, the public corpus "Microsoft Security Incident Prediction": one piece of evidence of an alert each.
//!
//! All values are codes of a dictionary that is not published. A code identifies a thing, so it becomes a key; it is
//! never read as an address or a name.

use super::shape::{Cast, put};
use crate::catalog::attack;
use crate::ingest::value::{self, Fields, get, text_of};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Classification, Evidence, Incident, IncidentStatus, Link, Object};

/// The format's entry.
pub(crate) const FORMAT: Format = Format { name: "guide", title: "GUIDE evidence row (Kaggle)", detect, read };

fn detect(object: &Object) -> u8 {
    let own = ["OrgId", "IncidentId", "AlertId", "DetectorId", "EntityType", "EvidenceRole"];
    if own.iter().all(|name| object.contains_key(*name)) { 100 } else { 0 }
}

/// Columns that name things, with the code that stands for *absent*: the largest of the column in the published files.
///
/// Those of `IpAddress`, `DeviceId`, `Sha256` and `Url` are confirmed by counts over the files; the others are not yet:
/// compare them with the most frequent code of the column before relying on what they leave out.
const ABSENT: [(&str, u64); 25] = [
    ("DeviceId", 98_799),
    ("Sha256", 138_268),
    ("IpAddress", 360_606),
    ("Url", 160_396),
    ("AccountSid", 441_377),
    ("AccountUpn", 673_934),
    ("AccountObjectId", 425_863),
    ("AccountName", 453_297),
    ("DeviceName", 153_085),
    ("NetworkMessageId", 529_644),
    ("RegistryKey", 1_631),
    ("RegistryValueName", 635),
    ("RegistryValueData", 860),
    ("ApplicationId", 2_251),
    ("ApplicationName", 3_421),
    ("OAuthApplicationId", 881),
    ("FileName", 289_573),
    ("FolderPath", 117_668),
    ("ResourceIdName", 3_586),
    ("OSFamily", 5),
    ("OSVersion", 66),
    ("CountryCode", 242),
    ("State", 1_445),
    ("City", 10_630),
    ("EmailClusterId", u64::MAX),
];

/// The columns that identify a thing of a kind, the surest first.
const KINDS: [(&str, &str, &[&str]); 16] = [
    ("Ip", "ip", &["IpAddress"]),
    ("User", "account", &["AccountObjectId", "AccountSid", "AccountUpn", "AccountName"]),
    ("Mailbox", "mailbox", &["AccountUpn", "AccountObjectId"]),
    ("Machine", "host", &["DeviceId", "DeviceName"]),
    ("MailMessage", "mail-message", &["NetworkMessageId"]),
    ("MailCluster", "mail-cluster", &["EmailClusterId"]),
    ("Url", "url", &["Url"]),
    ("File", "file", &["Sha256", "FileName"]),
    ("Process", "process", &["Sha256", "FileName"]),
    ("CloudApplication", "cloud-application", &["ApplicationId"]),
    ("OAuthApplication", "oauth-application", &["OAuthApplicationId"]),
    ("RegistryKey", "registry-key", &["RegistryKey"]),
    ("RegistryValue", "registry-value", &["RegistryKey", "RegistryValueName"]),
    ("AzureResource", "azure-resource", &["ResourceIdName"]),
    ("Malware", "malware", &["ThreatFamily"]),
    ("SecurityGroup", "security-group", &["AccountSid", "AccountObjectId"]),
];

fn read(object: &Object, _context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let mut fields = Fields::new(object);
    let mut id = |name: &'static str| {
        let text = fields.text(&[name]);
        text.ok_or_else(|| Reject::new("guide_without_id", format!("expected a row with `{name}`, found none")))
    };
    let (organisation, incident, alert) = (id("OrgId")?, id("IncidentId")?, id("AlertId")?);
    let incident = format!("{organisation}/{incident}");
    let alert = format!("{organisation}/{alert}");
    let time = fields.time(&["Timestamp"]);
    let category = fields.text(&["Category"]);
    let grade = fields.text(&["IncidentGrade"]);
    let mut tactics = Vec::new();
    let others = attack::add_tactics(&mut tactics, category.as_deref());
    let category = others.first().map(|word| (*word).to_owned());
    let mut techniques = Vec::new();
    let listed = fields.texts(&["MitreTechniques"]);
    attack::add_techniques(&mut techniques, listed.iter().map(String::as_str));
    let title = fields.text(&["AlertTitle"]).map(|code| format!("Alert title {code}")).unwrap_or_default();
    let (entities, links) = evidence(object, &organisation);
    fields.skip(&["EntityType", "EvidenceRole"]);
    fields.skip(&ABSENT.map(|(column, _)| column));
    let detector = fields.text(&["DetectorId"]).map(|code| format!("Detector {code}")).unwrap_or_default();
    let mut extended = fields.rest();
    put(&mut extended, "OrgId", Some(organisation));
    for (column, _) in ABSENT {
        put(&mut extended, column, code(object, column));
    }
    let piece = Alert {
        id: alert.clone(),
        title,
        alert_type: detector,
        product: "GUIDE".to_owned(),
        provider: "GUIDE".to_owned(),
        vendor: "Microsoft".to_owned(),
        tactics: tactics.clone(),
        techniques: techniques.clone(),
        category,
        start: time,
        end: time,
        created: time,
        modified: time,
        entities,
        links,
        incident: Some(incident.clone()),
        extended,
        partial: true,
        ..Alert::default()
    };
    let mut bodies = vec![Body::Alert(Box::new(piece))];
    if let Some(classification) = grade.as_deref().and_then(Classification::parse) {
        bodies.push(Body::Incident(Box::new(Incident {
            title: format!("GUIDE incident {incident}"),
            id: incident,
            status: IncidentStatus::Closed,
            classification: Some(classification),
            alert_ids: vec![alert],
            products: vec!["GUIDE".to_owned()],
            tactics,
            techniques,
            first_activity: time,
            last_activity: time,
            created: time,
            modified: time,
            provider: "GUIDE".to_owned(),
            ..Incident::default()
        })));
    }
    Ok(bodies)
}

/// The code in a column, unless it is the one for *absent*.
fn code(object: &Object, column: &str) -> Option<String> {
    let text = text_of(object, &[column])?;
    let absent = ABSENT.iter().find(|(name, _)| *name == column).map(|(_, code)| *code);
    let number = get(object, column).and_then(value::integer).and_then(|n| u64::try_from(n).ok());
    if number.is_some() && number == absent {
        return None;
    }
    // Readers of data frames turn whole columns with holes into floats: `12.0` is the code 12.
    Some(number.map_or_else(|| text.into_owned(), |number| number.to_string()))
}

/// The thing that the row is about, known by its code within its organisation and by nothing else.
///
/// What describes it differs from row to row, so it stays with the alert: equal things must have equal properties.
fn evidence(object: &Object, organisation: &str) -> (Vec<Evidence>, Vec<Link>) {
    let mut cast = Cast::new();
    let written = text_of(object, &["EntityType"]).unwrap_or_default();
    let role = text_of(object, &["EvidenceRole"]).map(|role| role.to_ascii_lowercase().into());
    let mut properties = Object::new();
    match KINDS.iter().find(|(name, ..)| written.eq_ignore_ascii_case(name)) {
        Some((_, kind, columns)) => {
            put(&mut properties, "Code", key(object, organisation, columns, *kind == "registry-value"));
            cast.add_with(kind, properties, role, false);
        }
        None => {
            let codes = ABSENT.iter().filter_map(|(column, _)| Some(format!("{column}={}", code(object, column)?)));
            let codes = codes.collect::<Vec<_>>().join(",");
            put(&mut properties, "Name", (!codes.is_empty()).then(|| format!("guide:{organisation}:{codes}")));
            cast.add_with(&written, properties, role, false);
        }
    }
    cast.finish()
}

/// The first code, or all of them where a thing is known by several together.
fn key(object: &Object, organisation: &str, columns: &[&str], together: bool) -> Option<String> {
    let codes: Vec<(&str, String)> = columns.iter().filter_map(|column| Some((*column, code(object, column)?))).collect();
    let (column, first) = codes.first()?;
    let value = if together { codes.iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>().join(":") } else { first.clone() };
    Some(format!("guide:{organisation}:{}:{value}", column.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::shape::tests::context;
    use super::*;

    fn row(kind: &str, changes: &[(&str, Value)]) -> Object {
        let header = "Id,OrgId,IncidentId,AlertId,Timestamp,DetectorId,AlertTitle,Category,MitreTechniques,IncidentGrade,ActionGrouped,ActionGranular,\
            EntityType,EvidenceRole,DeviceId,Sha256,IpAddress,Url,AccountSid,AccountUpn,AccountObjectId,AccountName,DeviceName,NetworkMessageId,\
            EmailClusterId,RegistryKey,RegistryValueName,RegistryValueData,ApplicationId,ApplicationName,OAuthApplicationId,ThreatFamily,FileName,\
            FolderPath,ResourceIdName,ResourceType,Roles,OSFamily,OSVersion,AntispamDirection,SuspicionLevel,LastVerdict,CountryCode,State,City";
        let cells = "180388628218,0,612,123247,2024-06-04T06:05:15.000Z,7,6,InitialAccess,T1078;T1078.004,TruePositive,,,\
            ?,Related,98799,138268,360606,160396,441377,673934,425863,453297,153085,529644,\
            ,1631,635,860,2251,3421,881,,289573,117668,3586,,,5,66,,,Suspicious,242,1445,10630";
        let cells = header.split(',').zip(cells.split(','));
        let mut row: Object = cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect();
        assert_eq!(row.len(), 45);
        row["EntityType"] = json!(kind);
        for (name, value) in changes {
            row[*name] = value.clone();
        }
        row
    }

    fn read_alert(row: &Object) -> (Alert, Vec<Body>) {
        assert_eq!(detect(row), 100);
        let mut bodies = (FORMAT.read)(row, &context()).expect("readable");
        match bodies.remove(0) {
            Body::Alert(alert) => (*alert, bodies),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_is_a_piece_of_an_alert() {
        let (alert, rest) = read_alert(&row("Ip", &[("IpAddress", json!(27)), ("CountryCode", json!("31"))]));
        assert!(alert.partial);
        assert_eq!((alert.id.as_str(), alert.incident.as_deref()), ("0/123247", Some("0/612")));
        assert_eq!((alert.tactics.len(), alert.techniques.as_slice()), (1, &["T1078".to_owned(), "T1078.004".to_owned()][..]));
        assert_eq!(alert.entities.len(), 1);
        assert_eq!(alert.entities[0].role.as_deref(), Some("related"));
        let expected = json!({"Code": "guide:0:ipaddress:27"});
        assert_eq!((&alert.extended["IpAddress"], &alert.extended["CountryCode"]), (&json!("27"), &json!("31")));
        assert_eq!(Value::Object(alert.entities[0].entity.properties.clone()), expected);
        assert_eq!(alert.extended["LastVerdict"], "Suspicious");
        let [Body::Incident(incident)] = rest.as_slice() else { panic!("{rest:?}") };
        assert_eq!((incident.id.as_str(), incident.classification), ("0/612", Some(Classification::TruePositive)));
        assert_eq!(incident.alert_ids, ["0/123247"]);
    }

    #[test]
    fn absent_codes_name_nothing() {
        for kind in ["Ip", "User", "Machine", "MailMessage", "Url", "File", "CloudApplication", "RegistryKey", "GenericEntity"] {
            let (alert, _) = read_alert(&row(kind, &[]));
            assert!(alert.entities.is_empty(), "{kind}: {:?}", alert.entities);
        }
        let (alert, rest) = read_alert(&row("Ip", &[("IncidentGrade", json!("")), ("Category", json!("Malware"))]));
        assert_eq!((alert.category.as_deref(), rest.len()), (Some("Malware"), 0));
    }

    #[test]
    fn codes_of_two_organisations_differ_and_floats_are_codes() {
        let key = |organisation: &str, code: Value| {
            let (alert, _) = read_alert(&row("User", &[("OrgId", json!(organisation)), ("AccountObjectId", code)]));
            alert.entities[0].entity.properties["Code"].clone()
        };
        assert_eq!(key("1", json!("5")), "guide:1:accountobjectid:5");
        assert_ne!(key("1", json!("5")), key("2", json!("5")));
        assert_eq!(key("1", json!(5.0)), key("1", json!("5")));
    }
}
