//! Rows of the advanced hunting tables `AlertInfo` (one per alert) and `AlertEvidence` (one per entity of an alert).

use serde_json::Value;

use super::flat::{self, FlatList};
use super::shared;
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Event, Object, Role, Time};

/// The format of `AlertInfo` rows.
pub(crate) const ALERT_INFO: Format =
    Format { name: "xdr-alert-info", title: "Microsoft Defender XDR AlertInfo row", detect: detect_info, read: read_info };

/// The format of `AlertEvidence` rows.
pub(crate) const ALERT_EVIDENCE: Format =
    Format { name: "xdr-alert-evidence", title: "Microsoft Defender XDR AlertEvidence row", detect: detect_evidence, read: read_evidence };

fn is_table(object: &Object, table: &str) -> bool {
    ["Type", "$table"].iter().any(|name| object.get(*name).is_some_and(|value| value == table))
}

fn detect_info(object: &Object) -> u8 {
    if is_table(object, "AlertInfo") {
        return 100;
    }
    let has = |name: &str| value::get(object, name).is_some();
    if has("AlertId") && has("Title") && has("ServiceSource") && !has("EntityType") && !has("entities") { 85 } else { 0 }
}

fn detect_evidence(object: &Object) -> u8 {
    if is_table(object, "AlertEvidence") {
        return 100;
    }
    let has = |name: &str| value::get(object, name).is_some();
    // GUIDE has the same first names; it also has `OrgId`.
    if has("AlertId") && has("EntityType") && has("EvidenceRole") && !has("OrgId") { 85 } else { 0 }
}

fn read_info(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let mut fields = Fields::new(object);
    let mut alert = header(&mut fields)?;
    finish(&mut alert, fields);
    Ok(vec![row("AlertInfo", object, alert.created), Body::Alert(Box::new(alert))])
}

fn read_evidence(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let mut fields = Fields::new(object);
    let mut alert = header(&mut fields)?;
    alert.partial = true;
    let role = fields.text(&["EvidenceRole"]).map(|role| Role::from(role.to_lowercase()));
    let kind = fields.text(&["EntityType"]);
    let details = fields.nested(&["AdditionalFields"]);

    let mut list = FlatList::default();
    let kind = kind.as_deref().unwrap_or("generic-entity");
    let whole = details.filter(|details| value::first(details, &["Type", "$id"]).is_some());
    let place = match whole {
        Some(mut whole) => {
            whole.entry("Type").or_insert_with(|| Value::from(kind));
            let place = list.add_object(whole);
            if let Some(place) = place {
                let host = flat::device_of(&mut list, object);
                flat::refer_host(&mut list, place, host);
            }
            place.or_else(|| flat::add(&mut list, kind, object, None))
        }
        None => flat::add(&mut list, kind, object, None),
    };
    if let (Some(place), Some(role)) = (place, role) {
        list.set_role(place, role);
    }
    // The other columns describe the entity, not the alert; the raw row keeps them.
    let known = ["OtherTactics", "OtherTechniques"];
    finish(&mut alert, fields);
    alert.extended.retain(|name, _| known.contains(&name.as_str()));
    shared::set_entities(&mut alert, list.into_list());
    Ok(vec![row("AlertEvidence", object, alert.created), Body::Alert(Box::new(alert))])
}

/// The row as its own table shows it.
fn row(table: &str, object: &Object, time: Option<Time>) -> Body {
    let said = object.iter().filter(|(name, value)| !matches!(name.as_str(), "Type" | "$table") && !value.is_null());
    let columns = said.map(|(name, value)| (name.clone().into(), value.clone())).collect();
    Body::Event(Box::new(Event { table: table.into(), time, columns, entities: Vec::new(), links: Vec::new() }))
}

/// What both tables say of the alert.
fn header(fields: &mut Fields<'_>) -> Result<Alert, Reject> {
    let id = fields.text(&["AlertId"]).ok_or_else(|| shared::alert_without_id("`AlertId`"))?;
    let mut alert = Alert { id, vendor: "Microsoft".to_owned(), ..Alert::default() };
    alert.title = fields.text(&["Title"]).unwrap_or_default();
    alert.severity = shared::severity(fields, &["Severity"]);
    alert.provider = fields.text(&["ServiceSource"]).unwrap_or_default();
    alert.product = shared::product_title(&alert.provider);
    alert.product_component = fields.text(&["DetectionSource"]);
    alert.created = fields.time(&["Timestamp", "TimeGenerated"]);
    alert.modified = alert.created;
    Ok(alert)
}

fn finish(alert: &mut Alert, mut fields: Fields<'_>) {
    let categories =
        fields.read(&["Category", "Categories"], |value| Some(value::texts(value)).filter(|texts| !texts.is_empty())).unwrap_or_default();
    let techniques = fields.texts(&["AttackTechniques"]);
    fields.skip(&["Type", "$table"]);
    alert.extended = fields.rest();
    for category in categories {
        shared::set_category(alert, Some(category));
    }
    shared::add_techniques(&mut alert.techniques, &techniques, &mut alert.extended, "OtherTechniques");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Severity;

    fn one(read: fn(&Object, &Context<'_>) -> Result<Vec<Body>, Reject>, row: &Value) -> Alert {
        let context = Context { table: None, received: Time::default() };
        match read(row.as_object().expect("an object"), &context).expect("an alert").pop() {
            Some(Body::Alert(alert)) => *alert,
            other => panic!("expected an alert, found {other:?}"),
        }
    }

    fn entities(alert: &Alert) -> Vec<String> {
        let show = |e: &crate::model::Evidence| {
            let key = e.entity.keys.strong.first().or(e.entity.keys.weak.first()).map(|key| key.as_str().to_owned()).unwrap_or_default();
            format!("{}{} {} {key}", if e.nested { "~" } else { "" }, e.entity.kind, e.role.as_deref().unwrap_or("-"))
        };
        alert.entities.iter().map(show).collect()
    }

    fn links(alert: &Alert) -> Vec<String> {
        alert
            .links
            .iter()
            .map(|l| {
                format!("{} {} {}", alert.entities[l.from as usize].entity.label, l.relation, alert.entities[l.to as usize].entity.label)
            })
            .collect()
    }

    #[test]
    fn an_alert_and_a_flat_piece_of_it() {
        let info = one(
            read_info,
            &json!({"Timestamp": "2024-03-01T00:00:00Z", "AlertId": "da1", "Title": "T", "Category": "Malware", "Severity": "High",
                "ServiceSource": "Microsoft Defender for Endpoint", "DetectionSource": "EDR", "AttackTechniques": "[\"Valid Accounts (T1078)\"]"}),
        );
        assert_eq!(
            (info.id.as_str(), info.severity, info.category.as_deref(), info.partial),
            ("da1", Severity::High, Some("Malware"), false)
        );
        assert_eq!((info.techniques, info.product.as_str()), (vec!["T1078".to_owned()], "Microsoft Defender for Endpoint"));

        let piece = one(
            read_evidence,
            &json!({"Timestamp": "2024-03-01T00:00:00Z", "AlertId": "da1", "EntityType": "File", "EvidenceRole": "Impacted", "FileName": "a.exe",
                "FolderPath": "C:\\x", "SHA1": "5f1e8acedc065031aad553b710838eb366cfee9a", "DeviceId": "73e7", "DeviceName": "ws6.corp.local", "AdditionalFields": ""}),
        );
        assert!(piece.partial);
        assert_eq!(
            entities(&piece),
            [
                r"~host - hostname+dnsdomain=ws6.corp.local",
                r"file impacted directory+name=c:\x\a.exe",
                "~filehash - algorithm+value=sha1:5f1e8acedc065031aad553b710838eb366cfee9a"
            ]
        );
        assert_eq!(links(&piece), [r"C:\x\a.exe has_hash 5f1e8acedc065031aad553b710838eb366cfee9a", r"C:\x\a.exe on_host ws6.corp.local"]);
    }

    #[test]
    fn a_piece_with_the_whole_entity_inside() {
        let fields = json!({"$id": "1", "ProcessId": "4780", "CommandLine": "a.exe -x", "CreationTimeUtc": "2024-03-01T00:00:01.5Z",
            "ImageFile": {"$id": "2", "Directory": "C:\\x", "Name": "a.exe", "Type": "file",
                "Host": {"$id": "3", "HostName": "ws6", "DnsDomain": "corp.local", "IpInterfaces": [{"$id": "4", "Address": "10.0.0.5", "Type": "ip"}], "Type": "host"}},
            "Host": {"$ref": "3"}, "Type": "process", "Role": 0});
        let piece = one(
            read_evidence,
            &json!({"Timestamp": "2024-03-01T00:00:00Z", "AlertId": "da1", "EntityType": "Process", "EvidenceRole": "Related", "AdditionalFields": fields.to_string()}),
        );
        assert_eq!(
            entities(&piece),
            [
                "process related host+processid+creationtimeutc=ws6|4780|2024-03-01T00:00:01Z",
                r"~file - directory+name=c:\x\a.exe",
                "~host - hostname+dnsdomain=ws6.corp.local",
                "~ip - address=10.0.0.5"
            ]
        );
        assert_eq!(
            links(&piece),
            [
                r"a.exe (4780) runs_image C:\x\a.exe",
                "a.exe (4780) ran_on ws6.corp.local",
                r"C:\x\a.exe on_host ws6.corp.local",
                "ws6.corp.local has_address 10.0.0.5"
            ]
        );
    }

    #[test]
    fn rows_without_id_are_refused() {
        let context = Context { table: None, received: Time::default() };
        let row = json!({"EntityType": "Ip", "EvidenceRole": "Related"});
        assert_eq!(read_evidence(row.as_object().expect("an object"), &context).map_err(|reject| reject.code), Err("alert_without_id"));
    }
}
