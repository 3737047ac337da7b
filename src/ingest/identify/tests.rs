//! Tables of what entities of the field are identified by, and the laws of lists.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::EntityList;
use crate::model::{Evidence, Key, Kind, Link, Object, Relation};

fn read(list: Value) -> (Vec<Evidence>, Vec<Link>) {
    let mut entities = EntityList::new();
    entities.add_list(list.as_array().expect("an array"));
    entities.finish()
}

fn keys(evidence: &Evidence) -> String {
    let join = |keys: &[Key]| keys.iter().map(Key::as_str).collect::<Vec<_>>().join(" ");
    format!("{} [{}]", join(&evidence.entity.keys.strong), join(&evidence.entity.keys.weak)).trim().to_owned()
}

fn shown(entities: &[Evidence], links: &[Link]) -> Vec<String> {
    let label = |place: u32| entities[place as usize].entity.label.as_str();
    links.iter().map(|link| format!("{} {} {}", label(link.from), link.relation, label(link.to))).collect()
}

/// The keys of the last entity of each list; the others are what it refers to.
fn check(cases: &[(Value, &str)]) {
    for (list, expected) in cases {
        let (entities, _) = read(list.clone());
        assert_eq!(keys(entities.last().expect("an entity")), *expected, "{list}");
    }
}

const ZERO: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn accounts() {
    let with_host = |account: Value| {
        let mut account = account;
        account["Type"] = json!("account");
        account["Host"] = json!({"$ref": "1"});
        json!([{"$id": "1", "HostName": "WS6", "DnsDomain": "corp.contoso.com", "Type": "host"}, account])
    };
    let beside_host = |account: Value| {
        let mut account = account;
        account["Type"] = json!("account");
        json!([{"$id": "1", "HostName": "WS6", "Type": "host"}, account])
    };
    let alone = |account: Value| {
        let mut account = account;
        account["Type"] = json!("account");
        json!([account])
    };
    check(&[
        (
            alone(json!({"Name": "AdeleV", "UPNSuffix": "M365x.OnMicrosoft.com"})),
            r"name+upnsuffix=adelev@m365x.onmicrosoft.com ntdomain+name=m365x\adelev [name=adelev]",
        ),
        (
            alone(json!({"Name": "adelev@m365x.onmicrosoft.com"})),
            r"name+upnsuffix=adelev@m365x.onmicrosoft.com ntdomain+name=m365x\adelev [name=adelev]",
        ),
        (alone(json!({"Name": "bob@mail.contoso.com"})), r"name+upnsuffix=bob@mail.contoso.com [name=bob]"),
        (alone(json!({"Name": "bob@outlook.de"})), r"name+upnsuffix=bob@outlook.de [name=bob]"),
        (alone(json!({"Name": "bob@gmx.co.uk"})), r"name+upnsuffix=bob@gmx.co.uk [name=bob]"),
        (alone(json!({"Name": r"CONTOSO\bob"})), r"ntdomain+name=contoso\bob [name=bob]"),
        (alone(json!({"Name": "bob", "NTDomain": "contoso.com"})), r"name+dnsdomain=bob@contoso.com ntdomain+name=contoso\bob [name=bob]"),
        (alone(json!({"AadUserId": "92C0A42F-CB8D-4BFE-BFC0-ADD2DD415AA5"})), "aaduserid=92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5 []"),
        (alone(json!({"Name": "92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5"})), "aaduserid=92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5 []"),
        (alone(json!({"AadUserId": "92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5", "isValid": false, "DisplayName": "X"})), "[displayname=x]"),
        (alone(json!({"AadUserId": ZERO, "Name": "bob"})), "[name=bob]"),
        (alone(json!({"Name": "SYSTEM", "NTDomain": "NT AUTHORITY"})), r"[name=system ntdomain+name=nt authority\system]"),
        (alone(json!({"Name": "Administrator", "NTDomain": "CONTOSO"})), r"ntdomain+name=contoso\administrator []"),
        (alone(json!({"Name": "MSTICAlertsWin1$", "NTDomain": "WORKGROUP"})), r"ntdomain+name=msticalertswin1\msticalertswin1$ []"),
        (alone(json!({"Sid": "S-1-5-21-1-2-3-500"})), "sid=s-1-5-21-1-2-3-500 []"),
        (alone(json!({"Sid": "S-1-5-18"})), "[sid=s-1-5-18]"),
        (with_host(json!({"Sid": "S-1-5-18"})), r"ntdomain+name=ws6\system []"),
        (
            with_host(json!({"Name": "SYSTEM", "NTDomain": "NT AUTHORITY", "Sid": "S-1-5-18"})),
            r"ntdomain+name=ws6\system [host+name=ws6|system]",
        ),
        (with_host(json!({"Name": "ADMIN", "NTDomain": "", "IsDomainJoined": false})), r"ntdomain+name=ws6\admin [host+name=ws6|admin]"),
        (with_host(json!({"Name": "bob", "NTDomain": "WS6"})), r"ntdomain+name=ws6\bob [host+name=ws6|bob name=bob]"),
        (with_host(json!({"Name": "bob", "NTDomain": "CONTOSO", "IsDomainJoined": true})), r"ntdomain+name=contoso\bob [name=bob]"),
        (with_host(json!({"Name": "bob", "IsDomainJoined": true})), "[host+name=ws6|bob name=bob]"),
        (
            with_host(json!({"Name": "bob", "UPNSuffix": "contoso.com"})),
            r"name+upnsuffix=bob@contoso.com ntdomain+name=contoso\bob [name=bob]",
        ),
        (with_host(json!({"Sid": "S-1-5-32-544"})), "sid+host=s-1-5-32-544|ws6 []"),
        (with_host(json!({"Name": "WS6$", "NTDomain": "WORKGROUP", "Sid": "S-1-5-20"})), r"ntdomain+name=ws6\ws6$ [host+name=ws6|ws6$]"),
        // Beside the only host of a list: known by that host and the name, whatever else is said.
        (beside_host(json!({"Name": r"NT AUTHORITY\SYSTEM"})), "[host+name=ws6|system name=system]"),
        (beside_host(json!({"Name": "SYSTEM", "Sid": "S-1-5-18"})), "[host+name=ws6|system name=system]"),
        (alone(json!({"Name": "SYSTEM", "Sid": "S-1-5-18"})), "[sid=s-1-5-18]"),
        (alone(json!({"Name": "ADMINISTRATÖR", "NTDomain": "DOM"})), r"ntdomain+name=dom\administratör [name=administratör]"),
    ]);
}

#[test]
fn hosts() {
    let host = |mut host: Value| {
        host["Type"] = json!("host");
        json!([host])
    };
    let full = r"hostname+dnsdomain=workstation6.theshire.local hostname+ntdomain=theshire\workstation6 [hostname=workstation6]";
    check(&[
        (host(json!({"HostName": "WORKSTATION6.theshire.local"})), full),
        (host(json!({"HostName": "Workstation6", "DnsDomain": "THESHIRE.local"})), full),
        (
            host(json!({"HostName": "WORKSTATION6", "NTDomain": "THESHIRE"})),
            r"hostname+ntdomain=theshire\workstation6 [hostname=workstation6]",
        ),
        (host(json!({"HostName": "WORKSTATION6"})), "[hostname=workstation6]"),
        (host(json!({"NetBiosName": "WORKSTATION6", "NTDomain": "WORKGROUP"})), "[hostname=workstation6]"),
        (host(json!({"HostName": "vm1", "AzureID": "/Subscriptions/A/x/VM1/"})), "azureid=/subscriptions/a/x/vm1 [hostname=vm1]"),
        (host(json!({"HostName": "vm1", "OMSAgentID": ZERO})), "[hostname=vm1]"),
        (
            host(json!({"HostName": "vm1", "OMSAgentID": "46FE7078-61bb-4bed-9430-7ac01d91c273"})),
            "omsagentid=46fe7078-61bb-4bed-9430-7ac01d91c273 [hostname=vm1]",
        ),
        (
            host(json!({"DeviceId": "73E7", "DeviceName": "ws6.corp.contoso.com"})),
            r"hostname+dnsdomain=ws6.corp.contoso.com hostname+ntdomain=corp\ws6 mdedeviceid=73e7 [hostname=ws6]",
        ),
        (host(json!({"HostName": "10.0.0.1"})), "[hostname=10.0.0.1]"),
        (host(json!({"HostName": "ws6.abc.com"})), r"hostname+dnsdomain=ws6.abc.com hostname+ntdomain=abc\ws6 [hostname=ws6]"),
        (host(json!({"HostName": "ws6.co.uk"})), "hostname+dnsdomain=ws6.co.uk [hostname=ws6]"),
    ]);
}

#[test]
fn processes_files_and_the_rest() {
    let on_host = |thing: Value| {
        let mut thing = thing;
        thing["Host"] = json!({"$ref": "1"});
        json!([{"$id": "1", "HostName": "WS6", "Type": "host"}, thing])
    };
    check(&[
        (
            on_host(json!({"ProcessId": "0x1eec", "CreationTimeUtc": "2019-01-15T09:15:03.3338239Z", "Type": "process"})),
            "host+processid+creationtimeutc=ws6|7916|2019-01-15T09:15:03Z [host+processid=ws6|7916]",
        ),
        (on_host(json!({"ProcessId": 7916, "Type": "process"})), "[host+processid=ws6|7916]"),
        (on_host(json!({"ProcessId": "0x4", "CreationTimeUtc": "2019-01-15T09:15:03Z", "Type": "process"})), "[host+processid=ws6|4]"),
        (on_host(json!({"ProcessId": "0x0", "CommandLine": "A b", "Type": "process"})), "[host+commandline=ws6|a b]"),
        (
            on_host(json!({"ParentProcessId": 4780, "CommandLine": "A b", "CreationTimeUtc": "2019-01-15T09:15:03Z", "Type": "process"})),
            "host+parentprocessid+creationtimeutc+commandline=ws6|4780|2019-01-15T09:15:03Z|a b []",
        ),
        (
            json!([{"ProcessId": "12", "CreationTimeUtc": "2019-01-15T09:15:03Z", "Type": "process"}]),
            "[processid+creationtimeutc=12|2019-01-15T09:15:03Z]",
        ),
        (
            json!([{"Directory": r"C:\Windows\System32", "Name": "CMD.exe", "Type": "file"}]),
            r"directory+name=c:\windows\system32\cmd.exe [name=cmd.exe]",
        ),
        (json!([{"Directory": "/usr/Bin", "Name": "Curl", "Type": "file"}]), "directory+name=/usr/Bin/Curl [name=curl]"),
        (json!([{"Name": "cmd.exe", "Type": "file"}]), "[name=cmd.exe]"),
        (
            json!([{"Algorithm": "MD5", "Value": "D41D8CD98F00B204E9800998ECF8427E", "Type": "filehash"}]),
            "algorithm+value=md5:d41d8cd98f00b204e9800998ecf8427e []",
        ),
        (json!([{"Address": "75.10.91.22:443", "Type": "ip"}]), "address=75.10.91.22 []"),
        (json!([{"Address": "10.0.5.13", "Type": "ip"}]), "[address=10.0.5.13]"),
        (
            json!([{"Address": "10.0.5.13", "AddressScope": "Net1", "Type": "ip"}]),
            "address+addressscope=10.0.5.13|net1 [address=10.0.5.13]",
        ),
        (json!([{"Url": "HXXP://Evil[.]com/X", "Type": "url"}]), "url=http://evil.com/X []"),
        (json!([{"Url": "/login.php", "Type": "url"}]), "[url=/login.php]"),
        (json!([{"DomainName": "Evil.com.", "Type": "dns"}]), "domainname=evil.com []"),
        (
            json!([{"Hive": "HKEY_LOCAL_MACHINE", "Key": r"Software\X", "Type": "registry-key"}]),
            r"hive+key=hkey_local_machine\software\x []",
        ),
        (
            json!([{"$id": "1", "Hive": "HKLM", "Key": r"Software\X", "Type": "registry-key"}, {"Key": {"$ref": "1"}, "Name": "Run", "Type": "registry-value"}]),
            r"key+name=hkey_local_machine\software\x|run []",
        ),
        (json!([{"ResourceId": "/SUBSCRIPTIONS/A/B", "Type": "azure-resource"}]), "resourceid=/subscriptions/a/b []"),
        (
            json!([{"ProjectId": "1", "ResourceType": "GKE", "ResourceName": "C", "Location": "us", "Type": "gcp-resource"}]),
            "projectid+resourcetype+location+resourcename=1|gke|us|c [resourcename=c]",
        ),
        (
            json!([{"NetworkMessageId": "N1", "Recipient": "Bob@x.com", "Type": "mail-message"}]),
            "networkmessageid+recipient=n1|bob@x.com [networkmessageid=n1]",
        ),
        (json!([{"Name": "Emotet", "Category": "Trojan", "Type": "malware"}]), "name+category=emotet|trojan [name=emotet]"),
        (json!([{"Name": "Hubble", "Orbit": 7, "Type": "satellite"}]), "[name=hubble]"),
    ]);
}

#[test]
fn what_nothing_identifies_is_known_by_its_content() {
    let (one, _) = read(json!([{"code": 27, "isValid": false, "type": "ip", "Count": 1}]));
    let (other, _) = read(json!([{"type": "ip", "isValid": false, "Count": 9, "code": 27}]));
    assert_eq!((one[0].entity.keys.strong.len(), one[0].entity.keys.weak[0].set()), (0, "content"));
    assert_eq!(one[0].entity.keys, other[0].entity.keys);
}

/// What is said of each may be said of any number of things.
#[test]
fn nothing_names_what_is_only_described() {
    let (list, _) = read(json!([
        {"type": "ip", "location": {"city": "New York"}, "isValid": false},
        {"type": "ip", "Address": "-"}, {"type": "ip", "Address": "LOCAL"}, {"type": "ip", "Address": "0.0.0.0"},
        {"type": "host"}, {"type": "host", "HostName": "N/A", "OSFamily": "Windows"}, {"type": "process", "ProcessId": 668},
        {"type": "account", "Name": "null"}, {"type": "satellite"},
    ]));
    let named: Vec<&str> = list.iter().filter(|e| !e.entity.keys.is_empty()).map(|e| e.entity.label.as_str()).collect();
    assert_eq!((list.len(), named), (9, vec![]));
    assert_eq!(list[0].entity.label, "address in New York");
    let mut list = EntityList::new();
    assert_eq!(list.add("ip", json!({"Address": "-", "Location": null}).as_object().expect("an object").clone()), None);
}

#[test]
fn references_in_any_order_and_in_cycles() {
    let (entities, links) = read(json!([
        {"$id": 1, "type": "process", "processId": "10", "host": {"$ref": "3"}, "imageFile": {"$id": "2", "type": "file", "name": "a.exe", "directory": "c:\\x"}},
        {"$ref": "2"},
        {"$id": "3", "type": "host", "hostName": "ws6", "IoTDevice": {"$ref": "4"}},
        {"$id": "4", "type": "iotdevice", "deviceId": "d", "host": {"$ref": "3"}},
        {"$id": "5", "type": "satellite", "Name": "Hubble", "Owner": {"$ref": "3"}, "Lost": {"$ref": "99"}, "Parts": [{"Type": "file", "Name": "lens"}]}
    ]));
    let kinds: Vec<_> = entities.iter().map(|e| format!("{}{}", if e.nested { "~" } else { "" }, e.entity.kind)).collect();
    assert_eq!(kinds, ["process", "file", "host", "iotdevice", "satellite", "~file"]);
    let expected =
        [r"a.exe (10) runs_image c:\x\a.exe", "a.exe (10) ran_on ws6", "ws6 is_device d", "Hubble refers_to ws6", "Hubble refers_to lens"];
    assert_eq!(shown(&entities, &links), expected);
    assert_eq!(Value::Object(entities[4].entity.properties.clone()), json!({"Name": "Hubble", "Lost": {"$ref": "99"}}));
    assert_eq!(links[4].rule, "satellite.Parts");
}

#[test]
fn members_are_no_entities_and_texts_become_entities() {
    let mut list = EntityList::new();
    list.add_list(&[
        json!({"Type": "alerts", "SystemAlertIds": ["a", "b"]}),
        json!({"Type": "mail-message", "NetworkMessageId": "n", "Recipient": "r@x.com", "Urls": ["https://evil.com/a", "junk"], "SenderIP": "1.2.3.4"}),
    ]);
    assert_eq!(list.take_members().len(), 1);
    let (entities, links) = list.finish();
    assert_eq!(shown(&entities, &links), ["n contains_url https://evil.com/a", "n contains_url junk", "n sent_from 1.2.3.4"]);
}

#[test]
fn stated_relations_stand_beside_references() {
    let mut list = EntityList::new();
    let account = list.add("account", super::parts::account("bob@contoso.com").expect("an account")).expect("a place");
    let ip = list.add("ip", super::parts::ip("1.2.3.4").expect("an address")).expect("a place");
    list.relate(account, Relation::known("signed_in_from"), ip, "SigninLogs.ip");
    list.relate(account, Relation::known("signed_in_from"), ip, "SigninLogs.ip");
    list.relate(account, Relation::known("signed_in_from"), account, "SigninLogs.self");
    let (entities, links) = list.finish();
    assert_eq!(shown(&entities, &links), ["bob@contoso.com signed_in_from 1.2.3.4"]);
    assert_eq!((entities[0].entity.kind.clone(), links[0].rule.as_ref()), (Kind::ACCOUNT, "SigninLogs.ip"));
}

#[test]
fn deep_nesting_and_long_chains_do_not_hurt() {
    // Parents within parents, deeper than any stack would bear.
    let process =
        |depth: u32| Object::from_iter([("Type".to_owned(), "process".into()), ("CommandLine".to_owned(), depth.to_string().into())]);
    let mut object = process(0);
    for depth in 1..20_000 {
        let inner = std::mem::replace(&mut object, process(depth));
        object.insert("ParentProcess".to_owned(), Value::Object(inner));
    }
    let mut list = EntityList::new();
    list.add_owned_list(vec![Value::Object(object)]);
    assert_eq!(list.len(), 20_000);
    let (entities, links) = list.finish();
    assert_eq!((entities.len(), links.len()), (20_000, 19_999));
}

#[test]
fn a_hundred_thousand_entities() {
    let items: Vec<Value> = (0..100_000)
        .map(|n| {
            if n == 0 {
                json!({"$id": "0", "Type": "host", "HostName": "ws6"})
            } else {
                json!({"$id": n.to_string(), "Type": "account", "Name": format!("u{n}"), "Host": {"$ref": "0"}})
            }
        })
        .collect();
    let mut list = EntityList::new();
    list.add_owned_list(items);
    let (entities, links) = list.finish();
    assert_eq!((entities.len(), links.len()), (100_000, 99_999));
    assert_eq!(keys(&entities[99_999]), r"ntdomain+name=ws6\u99999 [host+name=ws6|u99999 name=u99999]");
}

proptest! {
    /// Keys depend neither on the case of names and values nor on the order of properties and entities.
    #[test]
    fn keys_do_not_depend_on_writing(name in "[a-z][a-z0-9]{0,9}", domain in "[a-z]{4,9}", pid in 5u32..60_000, hex: bool, reversed: bool) {
        let pid_text = if hex { format!("{pid:#x}") } else { pid.to_string() };
        let mut plain = vec![
            json!({"$id": "h", "Type": "host", "HostName": name, "DnsDomain": format!("{domain}.local")}),
            json!({"$id": "p", "Type": "process", "ProcessId": pid.to_string(), "CreationTimeUtc": "2019-01-15T09:15:03Z", "Host": {"$ref": "h"}}),
        ];
        let mut other = vec![
            json!({"type": "Machine", "hostName": format!("{}.{}.LOCAL", name.to_uppercase(), domain.to_uppercase()), "$id": "x"}),
            json!({"host": {"$ref": "x"}, "creationTimeUtc": "2019-01-15 09:15:03.123", "processId": pid_text, "type": "Process", "$id": "y"}),
        ];
        if reversed {
            other.reverse();
        }
        let sorted = |list: &mut Vec<Value>| {
            let mut keys: Vec<String> = read(Value::Array(std::mem::take(list))).0.iter().map(keys).collect();
            keys.sort();
            keys
        };
        prop_assert_eq!(sorted(&mut plain), sorted(&mut other));
    }

    /// Whatever a list holds, every entity has a label and every link stays inside the list.
    #[test]
    fn any_list_can_be_read(texts in proptest::collection::vec(("\\PC{0,12}", "\\PC{0,12}", 0usize..6), 0..12)) {
        let kinds = ["host", "account", "process", "file", "thing", ""];
        let items = texts.iter().enumerate().map(|(n, (name, value, kind))| {
            json!({"$id": n, "Type": kinds[*kind], "HostName": value, "Name": name, "Directory": value, name.as_str(): {"$ref": value}, "Host": {"$ref": (n + 1).to_string()}})
        });
        let (entities, links) = read(items.collect());
        prop_assert!(entities.iter().all(|e| !e.entity.label.is_empty()));
        prop_assert!(links.iter().all(|link| (link.from as usize) < entities.len() && (link.to as usize) < entities.len()));
    }
}

#[test]
fn a_service_is_one_however_its_host_is_written() {
    let on = |host: Value| json!([host, {"Type": "service", "Name": "PSEXESVC", "Host": {"$ref": "1"}}]);
    check(&[
        (on(json!({"$id": "1", "Type": "host", "HostName": "WS6"})), "host+name=ws6|psexesvc [name=psexesvc]"),
        (on(json!({"$id": "1", "Type": "host", "HostName": "ws6.corp.contoso.com"})), "host+name=ws6|psexesvc [name=psexesvc]"),
        (
            on(json!({"$id": "1", "Type": "host", "HostName": "WS6", "DnsDomain": "corp.contoso.com", "NTDomain": "CONTOSO"})),
            "host+name=ws6|psexesvc [name=psexesvc]",
        ),
        (json!([{"Type": "service", "Name": "PSEXESVC"}]), "[name=psexesvc]"),
    ]);
}
