//! Text to properties: what an account, host, address or path that stands in one column or argument consists of.
//!
//! For formats, event rules and the command line. The results go into `EntityList::add`.

use serde_json::Value;

use super::normalise;
use crate::ingest::value;
use crate::model::Object;

fn object<const N: usize>(members: [(&str, &str); N]) -> Object {
    members
        .into_iter()
        .filter(|(_, text)| !value::is_absent_text(text))
        .map(|(name, text)| (name.to_owned(), Value::from(text.trim())))
        .collect()
}

fn some(object: Object) -> Option<Object> {
    (!object.is_empty()).then_some(object)
}

/// An account: `DOM\name`, `name@suffix`, `DOM\name@suffix`, an object id, a security identifier, an ARN, a display name.
pub fn account(text: &str) -> Option<Object> {
    let text = text.trim();
    if value::is_absent_text(text) {
        return None;
    }
    if normalise::is_guid(text) {
        return some(object([("AadUserId", text)]));
    }
    if normalise::is_sid(text) {
        return some(object([("Sid", text)]));
    }
    if text.starts_with("arn:") {
        let name = text.rsplit(['/', ':']).next().unwrap_or_default();
        return some(object([("AmazonResourceId", text), ("Name", name)]));
    }
    // Claims of SharePoint: `i:0#.f|membership|adelev@contoso.com`.
    let text = text.rsplit_once('|').map_or(text, |(_, account)| account);
    let (domain, rest) = text.rsplit_once('\\').unwrap_or(("", text));
    let (name, suffix) = rest.rsplit_once('@').unwrap_or((rest, ""));
    if domain.is_empty() && suffix.is_empty() && name.contains(' ') && !super::account::is_generic(&normalise::lower(name)) {
        return some(object([("DisplayName", name)]));
    }
    let parts = object([("Name", name), ("NTDomain", domain), ("UPNSuffix", suffix)]);
    parts.contains_key("Name").then_some(parts)
}

/// A host: name, FQDN, `DOM\name`, `name$`, `\\name`, Azure resource id or ARN. An address is no host name.
pub fn host(text: &str) -> Option<Object> {
    let text = text.trim().trim_start_matches('\\').trim_end_matches('.');
    if value::is_absent_text(text) || text.eq_ignore_ascii_case("localhost") || normalise::ip(text).is_some() {
        return None;
    }
    if text.starts_with('/') {
        let name = text.rsplit('/').next().unwrap_or_default();
        return some(object([("HostName", name), ("AzureID", text)]));
    }
    if text.starts_with("arn:") {
        let name = text.rsplit(['/', ':']).next().unwrap_or_default();
        return some(object([("HostName", name), ("AmazonResourceId", text)]));
    }
    let (domain, name) = text.rsplit_once('\\').unwrap_or(("", text));
    let name = name.trim_end_matches('$');
    let (short, dns) = name.split_once('.').unwrap_or((name, ""));
    let parts = object([("HostName", short), ("DnsDomain", dns), ("NTDomain", domain)]);
    parts.contains_key("HostName").then_some(parts)
}

/// A network address without port, brackets and zone, in canonical form; none for what is no address.
pub fn ip(text: &str) -> Option<Object> {
    let address = normalise::ip(text)?;
    some(object([("Address", &address.to_string())]))
}

/// A file by its path; the directory and the name keep the writing of the source.
pub fn file(path: &str) -> Option<Object> {
    let (directory, name) = normalise::split_path(path);
    let parts = object([("Directory", directory), ("Name", name)]);
    parts.contains_key("Name").then_some(parts)
}

/// A file by directory and name, one of which may hold the whole path.
pub fn file_named(directory: &str, name: &str) -> Option<Object> {
    if name.contains('\\') || name.starts_with('/') {
        return file(name);
    }
    if value::is_absent_text(directory) || value::is_absent_text(name) {
        return file(if value::is_absent_text(name) { directory } else { name });
    }
    let (parent, last) = normalise::split_path(directory);
    let whole = last.eq_ignore_ascii_case(name.trim()) && name.contains('.');
    some(object([("Directory", if whole { parent } else { normalise::bare_path(directory) }), ("Name", name)]))
}

/// The file that a command line runs.
pub fn image(command_line: &str) -> Option<Object> {
    file(normalise::image_of(command_line)?)
}

/// A digest, its algorithm by its length; `SHA256=...` names it.
pub fn hash(text: &str) -> Option<Object> {
    let (algorithm, digest) = match text.split_once(['=', ':']) {
        Some((algorithm, digest)) => (Some(algorithm), digest),
        None => (None, text),
    };
    let (algorithm, digest) = normalise::hash(algorithm, digest)?;
    some(object([("Algorithm", &algorithm.to_ascii_uppercase()), ("Value", &digest)]))
}

/// The digests of a list such as Sysmon's `SHA1=..,MD5=..,SHA256=..,IMPHASH=..`; IMPHASH is no digest of the content.
pub fn hashes(text: &str) -> Vec<Object> {
    text.split([',', ';', '|'])
        .filter(|item| !item.trim().get(..7).is_some_and(|name| name.eq_ignore_ascii_case("IMPHASH")))
        .filter_map(|item| hash(item.trim()))
        .collect()
}

/// A URL as written.
pub fn url(text: &str) -> Option<Object> {
    normalise::url(text)?;
    some(object([("Url", text)]))
}

/// A URL in canonical form, without its query.
pub fn bare_url(text: &str) -> Option<String> {
    let bare = text.split('?').next().unwrap_or_default();
    normalise::url(bare).map(|(url, _)| url)
}

/// A domain name; the trailing dot of the root is dropped, an address is none.
pub fn dns(text: &str) -> Option<Object> {
    let name = text.trim().trim_end_matches('.');
    if normalise::ip(name).is_some() || name.contains([' ', '/', '\\', '@']) {
        return None;
    }
    some(object([("DomainName", name)]))
}

/// A registry key with its hive.
pub fn registry_key(text: &str) -> Option<Object> {
    if value::is_absent_text(text) {
        return None;
    }
    let (whole, complete) = normalise::registry_key(None, text);
    if !complete {
        return some(object([("Key", text)]));
    }
    let depth = whole.split_once('\\').map_or(0, |(_, rest)| rest.len());
    let bare = text.trim().trim_end_matches('\\');
    let tail = bare.len().checked_sub(depth).and_then(|place| bare.get(place..)).unwrap_or_default();
    let hive = whole.split('\\').next().unwrap_or_default().to_ascii_uppercase();
    some(object([("Hive", &hive), ("Key", tail)]))
}

/// A process by its id, in any of the forms of the field, and its command line.
pub fn process(id: &Value, command_line: &str) -> Option<Object> {
    let mut parts = object([("CommandLine", command_line)]);
    if normalise::process_id(id).is_some() {
        parts.insert("ProcessId".to_owned(), id.clone());
    }
    some(parts)
}

/// A resource of Azure with what its id tells: subscription, resource group, type and name.
pub fn azure_resource(text: &str) -> Option<Object> {
    let id = text.trim().trim_end_matches('/');
    if !id.get(..15).is_some_and(|head| head.eq_ignore_ascii_case("/subscriptions/")) {
        return None;
    }
    let segments: Vec<&str> = id.split('/').skip(1).collect();
    let after = |word: &str| segments.iter().position(|s| s.eq_ignore_ascii_case(word)).and_then(|place| segments.get(place + 1)).copied();
    let provider = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"));
    let kind = provider.map(|place| {
        let types = segments[place + 1..].iter().enumerate().filter(|(place, _)| *place == 0 || place % 2 == 1);
        types.map(|(_, segment)| *segment).collect::<Vec<_>>().join("/")
    });
    some(object([
        ("ResourceId", id),
        ("SubscriptionId", after("subscriptions").unwrap_or_default()),
        ("ResourceGroup", after("resourceGroups").unwrap_or_default()),
        ("ResourceType", kind.as_deref().unwrap_or_default()),
        ("ResourceName", segments.last().copied().unwrap_or_default()),
    ]))
}

/// The properties of an entity of `kind` that is written as one text, where a kind has such a form.
pub fn of(kind: &str, text: &str) -> Option<Object> {
    match kind {
        "account" => account(text),
        "host" => host(text),
        "ip" => ip(text),
        "file" => file(text),
        "filehash" => hash(text),
        "url" => url(text),
        "dns" => dns(text),
        "registry-key" => registry_key(text),
        "azure-resource" => azure_resource(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(parts: fn(&str) -> Option<Object>, cases: &[(&str, Value)]) {
        for (text, expected) in cases {
            assert_eq!(parts(text).map_or(Value::Null, Value::Object), *expected, "{text}");
        }
    }

    #[test]
    fn accounts() {
        check(
            account,
            &[
                (r"CONTOSO\bob", json!({"Name": "bob", "NTDomain": "CONTOSO"})),
                ("adelev@m365x.onmicrosoft.com", json!({"Name": "adelev", "UPNSuffix": "m365x.onmicrosoft.com"})),
                (r"DOM\bob@contoso.com", json!({"Name": "bob", "NTDomain": "DOM", "UPNSuffix": "contoso.com"})),
                (r"NT AUTHORITY\SYSTEM", json!({"Name": "SYSTEM", "NTDomain": "NT AUTHORITY"})),
                ("92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5", json!({"AadUserId": "92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5"})),
                ("S-1-5-18", json!({"Sid": "S-1-5-18"})),
                ("i:0#.f|membership|adelev@contoso.com", json!({"Name": "adelev", "UPNSuffix": "contoso.com"})),
                ("arn:aws:iam::1:user/bert", json!({"AmazonResourceId": "arn:aws:iam::1:user/bert", "Name": "bert"})),
                ("LOCAL SERVICE", json!({"Name": "LOCAL SERVICE"})),
                ("Adele Vance", json!({"DisplayName": "Adele Vance"})),
                (r"-\-", json!(null)),
                ("-", json!(null)),
            ],
        );
    }

    #[test]
    fn hosts() {
        check(
            host,
            &[
                ("WORKSTATION6", json!({"HostName": "WORKSTATION6"})),
                ("WORKSTATION6.theshire.local", json!({"HostName": "WORKSTATION6", "DnsDomain": "theshire.local"})),
                (r"THESHIRE\WS6$", json!({"HostName": "WS6", "NTDomain": "THESHIRE"})),
                (r"\\ws6", json!({"HostName": "ws6"})),
                ("10.0.0.1", json!(null)),
                ("localhost", json!(null)),
                ("", json!(null)),
            ],
        );
    }

    #[test]
    fn files_and_hashes() {
        check(
            file,
            &[
                (r"C:\Windows\cmd.exe", json!({"Directory": r"C:\Windows", "Name": "cmd.exe"})),
                (r"\??\C:\Windows\cmd.exe", json!({"Directory": r"C:\Windows", "Name": "cmd.exe"})),
                ("cmd.exe", json!({"Name": "cmd.exe"})),
                ("/bin/sh", json!({"Directory": "/bin", "Name": "sh"})),
                ("", json!(null)),
            ],
        );
        assert_eq!(file_named(r"C:\x\a.exe", "a.exe"), file(r"C:\x\a.exe"));
        assert_eq!(file_named("", r"C:\x\a.exe"), file(r"C:\x\a.exe"));
        assert_eq!(file_named(r"C:\x", "a.exe"), file(r"C:\x\a.exe"));
        let digests = hashes(
            "SHA1=5F1E8ACEDC065031AAD553B710838EB366CFEE9A,MD5=D41D8CD98F00B204E9800998ECF8427E,IMPHASH=0C4E5FB0F1A9E8A6F3E2B9A9B0A1D3C4",
        );
        assert_eq!(
            json!(digests),
            json!([
                {"Algorithm": "SHA1", "Value": "5f1e8acedc065031aad553b710838eb366cfee9a"},
                {"Algorithm": "MD5", "Value": "d41d8cd98f00b204e9800998ecf8427e"}
            ])
        );
    }

    #[test]
    fn registry_keys_and_resources() {
        check(
            registry_key,
            &[
                (r"HKLM\Software\Run", json!({"Hive": "HKEY_LOCAL_MACHINE", "Key": r"Software\Run"})),
                (r"\REGISTRY\MACHINE\Software", json!({"Hive": "HKEY_LOCAL_MACHINE", "Key": "Software"})),
                (r"Software\Run", json!({"Key": r"Software\Run"})),
            ],
        );
        let id = "/SUBSCRIPTIONS/0f9/RESOURCEGROUPS/Sample-RG/providers/Microsoft.Sql/servers/S/databases/D";
        let expected = json!({"ResourceId": id, "SubscriptionId": "0f9", "ResourceGroup": "Sample-RG",
            "ResourceType": "Microsoft.Sql/servers/databases", "ResourceName": "D"});
        check(azure_resource, &[(id, expected), ("vm1", json!(null))]);
    }
}
