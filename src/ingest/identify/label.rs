//! Short texts by which people know an entity, in the writing of the source.

use super::keys::referred;
use super::list::Draft;
use super::normalise;
use crate::ingest::value;
use crate::model::Keys;

/// Longest label; longer ones end in an ellipsis.
const LABEL_CHARS: usize = 160;

/// The label of an entity: by the rule of its kind, else by the catalog's label properties, else by its first key.
pub(super) fn label(drafts: &[Draft], draft: &Draft, keys: &Keys) -> String {
    let text = by_rule(drafts, draft).or_else(|| by_properties(draft)).or_else(|| by_code(draft)).unwrap_or_else(|| by_keys(draft, keys));
    match text.char_indices().nth(LABEL_CHARS) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text,
    }
}

/// A code of a dictionary that nobody published (GUIDE), with its column: `ipaddress 27`.
fn by_code(draft: &Draft) -> Option<String> {
    let code = draft.text("Code")?;
    let (_, column) = code.strip_prefix("guide:")?.split_once(':')?;
    Some(column.replace(':', " "))
}

fn by_rule(drafts: &[Draft], draft: &Draft) -> Option<String> {
    match draft.known?.rule? {
        "account" => account(draft),
        "host" => host(draft),
        "ip" => ip(draft),
        "url" => draft.text("Url").map(Into::into),
        "dns" => draft.text("DomainName").map(Into::into),
        "file" => file(draft),
        "filehash" => draft.text("Value").map(Into::into),
        "process" => process(drafts, draft),
        "registry-key" => registry(draft),
        "registry-value" => {
            let key = referred(drafts, draft, "Key")
                .and_then(|place| registry(&drafts[place.index()]))
                .or_else(|| draft.text("RegistryKey").map(Into::into));
            match (key, draft.text("Name")) {
                (Some(key), Some(name)) => Some(format!("{key}\\{name}")),
                (key, name) => key.or_else(|| name.map(Into::into)),
            }
        }
        "azure-resource" => {
            let id = draft.text("ResourceId")?;
            id.trim_end_matches('/').rsplit('/').next().map(str::to_owned)
        }
        "host-logon-session" => {
            let id = draft.text("SessionId")?;
            let host = referred(drafts, draft, "Host").and_then(|place| host(&drafts[place.index()]));
            Some(host.map_or_else(|| id.to_string(), |host| format!("{id} on {host}")))
        }
        _ => None,
    }
}

fn account(draft: &Draft) -> Option<String> {
    if let Some(upn) = draft.text("UserPrincipalName") {
        return Some(upn.into());
    }
    if let Some(name) = draft.text("Name") {
        if name.contains(['\\', '@']) {
            return Some(name.into());
        }
        if let Some(suffix) = draft.text("UPNSuffix") {
            return Some(format!("{name}@{}", suffix.trim_start_matches('@')));
        }
        return Some(match draft.text("NTDomain") {
            Some(domain) => format!("{domain}\\{name}"),
            None => name.into(),
        });
    }
    ["DisplayName", "FriendlyName", "Email", "AadUserId", "Sid", "AmazonResourceId", "AccessKeyId", "PUID", "ObjectGuid"]
        .iter()
        .find_map(|property| draft.text(property))
        .map(Into::into)
}

fn host(draft: &Draft) -> Option<String> {
    let name = ["HostName", "Fqdn", "NetBiosName"].iter().find_map(|property| draft.text(property));
    if let Some(name) = name {
        return Some(match draft.text("DnsDomain") {
            Some(dns) if !name.contains('.') => format!("{name}.{dns}"),
            _ => name.into(),
        });
    }
    let id =
        ["FriendlyName", "AzureID", "AmazonResourceId", "InstanceId", "MdeDeviceId", "OMSAgentID"].iter().find_map(|p| draft.text(p))?;
    Some(id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned())
}

fn ip(draft: &Draft) -> Option<String> {
    if let Some(address) = draft.text("Address") {
        return Some(normalise::ip(&address).map_or_else(|| address.to_string(), |ip| ip.to_string()));
    }
    let location = draft.get("Location")?.as_object()?;
    let place = value::text_of(location, &["City", "State", "CountryName", "CountryCode"])?;
    Some(format!("address in {place}"))
}

fn file(draft: &Draft) -> Option<String> {
    match (draft.text("Directory"), draft.text("Name")) {
        (Some(directory), Some(name)) => {
            let bare = normalise::bare_path(&directory);
            let separator = if normalise::is_windows_path(bare) { '\\' } else { '/' };
            if bare.len() > name.len() && normalise::split_path(bare).1.eq_ignore_ascii_case(&name) && name.contains('.') {
                return Some(bare.to_owned());
            }
            Some(format!("{}{separator}{name}", bare.trim_end_matches(['\\', '/'])))
        }
        (directory, name) => name.or(directory).map(Into::into),
    }
}

fn process(drafts: &[Draft], draft: &Draft) -> Option<String> {
    let image = referred(drafts, draft, "ImageFile").and_then(|place| drafts[place.index()].text("Name"));
    let image = image.as_deref().map(|name| normalise::split_path(name).1);
    let command = draft.text("CommandLine");
    let program = image.or_else(|| command.as_deref().and_then(normalise::image_of).map(|path| normalise::split_path(path).1));
    let pid = draft.get("ProcessId").and_then(normalise::process_id);
    match (program, pid) {
        (Some(program), Some(pid)) => Some(format!("{program} ({pid})")),
        (Some(program), None) => Some(program.to_owned()),
        (None, Some(pid)) => Some(format!("process {pid}")),
        (None, None) => None,
    }
}

fn registry(draft: &Draft) -> Option<String> {
    match (draft.text("Hive"), draft.text("Key")) {
        (Some(hive), Some(key)) => Some(format!("{hive}\\{}", key.trim_start_matches('\\'))),
        (hive, key) => key.or(hive).map(Into::into),
    }
}

fn by_properties(draft: &Draft) -> Option<String> {
    let declared = draft.known.map(|kind| kind.label.as_slice()).unwrap_or_default();
    let properties = declared.iter().chain(&["DisplayName", "Name", "FriendlyName", "Id"]);
    properties.filter_map(|property| draft.text(property)).next().map(Into::into)
}

fn by_keys(draft: &Draft, keys: &Keys) -> String {
    let key = keys.strong.iter().chain(&keys.weak).find(|key| key.set() != "content");
    key.map_or_else(|| draft.kind.as_str().to_owned(), |key| key.value().to_owned())
}
