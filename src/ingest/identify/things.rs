//! Keys of the things that hosts and accounts use: addresses, files, digests, processes, registry, sessions, resources.

use super::keys::{Sink, referred};
use super::list::Draft;
use super::normalise::{self, identifier, lower};
use crate::ingest::value;
use crate::model::Time;

/// An address identifies where it is global; a private one only within its scope.
pub(super) fn ip(draft: &Draft, sink: &mut Sink) {
    let Some(address) = draft.text("Address").as_deref().and_then(normalise::ip) else { return };
    let text = address.to_string();
    if normalise::is_global(&address) {
        sink.strong("address", &text);
        return;
    }
    if let Some(scope) = draft.text("AddressScope").as_deref().and_then(identifier) {
        sink.strong("address+addressscope", &format!("{text}|{scope}"));
    }
    sink.weak("address", &text);
}

pub(super) fn url(draft: &Draft, sink: &mut Sink) {
    match draft.text("Url").as_deref().and_then(normalise::url) {
        Some((url, true)) => sink.strong("url", &url),
        Some((url, false)) => sink.weak("url", &url),
        None => {}
    }
}

/// A domain name identifies the name; a single label does so only inside its network.
pub(super) fn dns(draft: &Draft, sink: &mut Sink) {
    let Some(name) = draft.text("DomainName") else { return };
    let name = lower(name.trim_end_matches('.'));
    if name.contains('.') { sink.strong("domainname", &name) } else { sink.weak("domainname", &name) }
}

pub(super) fn filehash(draft: &Draft, sink: &mut Sink) {
    if let Some((algorithm, digest)) = digest(draft) {
        sink.strong("algorithm+value", &format!("{algorithm}:{digest}"));
    }
}

fn digest(draft: &Draft) -> Option<(String, String)> {
    normalise::hash(draft.text("Algorithm").as_deref(), &draft.text("Value")?)
}

/// A file is known by its path, wherever it lies; without one by name and digest.
pub(super) fn file(draft: &Draft, drafts: &[Draft], sink: &mut Sink) {
    let directory = draft.text("Directory");
    let name = draft.text("Name");
    let stream = draft.text("AlternateDataStreamName").map(|stream| format!(":{}", lower(&stream))).unwrap_or_default();
    match (&directory, &name) {
        (Some(directory), Some(name)) => sink.strong("directory+name", &(normalise::path(directory, name) + &stream)),
        (Some(whole), None) if normalise::split_path(whole).1.contains('.') => {
            sink.strong("directory+name", &(normalise::path(whole, "") + &stream))
        }
        (Some(directory), None) => sink.weak("directory", &normalise::path(directory, "")),
        (None, Some(name)) if name.contains('\\') || name.starts_with('/') => {
            sink.strong("directory+name", &(normalise::path(name, "") + &stream))
        }
        (None, Some(name)) => {
            for place in draft.referred("FileHashes") {
                if let Some((algorithm, digest)) = digest(&drafts[place.index()]) {
                    sink.strong("name+filehashes", &format!("{}|{algorithm}:{digest}", lower(name)));
                }
            }
        }
        (None, None) => {}
    }
    let last = name.as_deref().or(directory.as_deref()).map(|path| normalise::split_path(path).1).unwrap_or_default();
    if !last.is_empty() && (name.is_some() || last.contains('.')) {
        sink.weak("name", &lower(last));
    }
}

/// A process is one run: its id and start on a host. Ids 0 and 4 are those of the system on every host.
pub(super) fn process(draft: &Draft, drafts: &[Draft], host: Option<&str>, sink: &mut Sink) {
    let pid = draft.get("ProcessId").and_then(normalise::process_id).filter(|pid| *pid != 0);
    let unique = pid.filter(|pid| *pid != 4);
    let start = time(draft, "CreationTimeUtc");
    let command = draft.text("CommandLine").map(|line| lower(&line));
    if let Some(guid) = draft.text("ProcessGuid").as_deref().and_then(identifier) {
        sink.strong("processguid", &guid);
    }
    if let Some(host) = host {
        let parent = parent_id(draft, drafts);
        match (unique, start, parent, &command) {
            (Some(pid), Some(start), ..) => {
                sink.strong("host+processid+creationtimeutc", &format!("{host}|{pid}|{start}", start = normalise::second(start)))
            }
            (None, Some(start), Some(parent), Some(command)) if pid.is_none() => {
                let start = normalise::second(start);
                sink.strong("host+parentprocessid+creationtimeutc+commandline", &format!("{host}|{parent}|{start}|{command}"));
            }
            _ => {}
        }
    }
    match (host, pid, start) {
        (Some(host), Some(pid), _) => {
            sink.weak("host+processid", &format!("{host}|{pid}"));
            // Numbers come back: what else runs under one is another process.
            if let Some(image) = unique.and_then(|_| image_path(draft, drafts)) {
                sink.weak("host+processid+imagefile", &format!("{host}|{pid}|{image}"));
            }
        }
        (None, Some(pid), Some(start)) => sink.weak("processid+creationtimeutc", &format!("{pid}|{}", normalise::second(start))),
        _ => {}
    }
    if pid.is_none() && sink.is_weak() {
        described(draft, drafts, host, command.as_deref(), sink);
    }
}

/// A process without an id is known by its command line, else by its program.
fn described(draft: &Draft, drafts: &[Draft], host: Option<&str>, command: Option<&str>, sink: &mut Sink) {
    let host = host.unwrap_or_default();
    if let Some(command) = command {
        sink.weak("host+commandline", &format!("{host}|{command}"));
    } else if let Some(image) = image_path(draft, drafts) {
        sink.weak("host+imagefile", &format!("{host}|{image}"));
    }
}

/// The path of the program that a process runs.
fn image_path(draft: &Draft, drafts: &[Draft]) -> Option<String> {
    let image = &drafts[referred(drafts, draft, "ImageFile")?.index()];
    Some(normalise::path(&image.text("Directory").unwrap_or_default(), &image.text("Name").unwrap_or_default()))
}

fn parent_id(draft: &Draft, drafts: &[Draft]) -> Option<u64> {
    let own = draft.get("ParentProcessId");
    let parent = referred(drafts, draft, "ParentProcess").and_then(|place| drafts[place.index()].get("ProcessId"));
    own.or(parent).and_then(normalise::process_id)
}

fn time(draft: &Draft, property: &str) -> Option<Time> {
    value::time(draft.get(property)?)
}

pub(super) fn registry_key(draft: &Draft, sink: &mut Sink) {
    if let Some((path, complete)) = registry_path(draft) {
        if complete { sink.strong("hive+key", &path) } else { sink.weak("key", &path) }
    }
}

fn registry_path(draft: &Draft) -> Option<(String, bool)> {
    let hive = draft.text("Hive");
    let key = draft.text("Key").or_else(|| draft.text("RegistryKey"));
    if hive.is_none() && key.is_none() {
        return None;
    }
    Some(normalise::registry_key(hive.as_deref(), key.as_deref().unwrap_or_default()))
}

/// A registry value is known by its key and name; without a name it is something under the key.
pub(super) fn registry_value(draft: &Draft, drafts: &[Draft], sink: &mut Sink) {
    let held = referred(drafts, draft, "Key").and_then(|place| registry_path(&drafts[place.index()]));
    let name = draft.text("Name").map(|name| lower(&name));
    match (held.or_else(|| registry_path(draft)), name) {
        (Some((path, true)), Some(name)) => sink.strong("key+name", &format!("{path}|{name}")),
        (Some((path, false)), Some(name)) => sink.weak("key+name", &format!("{path}|{name}")),
        (Some((path, _)), None) => sink.weak("key", &path),
        (None, Some(name)) => sink.weak("name", &name),
        (None, None) => {}
    }
}

/// A service is known by its name on a host, however the host is written.
pub(super) fn service(draft: &Draft, host: Option<&str>, sink: &mut Sink) {
    let Some(name) = draft.text("Name").as_deref().and_then(identifier) else { return };
    if let Some(host) = host {
        sink.strong("host+name", &format!("{host}|{name}"));
    }
    sink.weak("name", &name);
}

/// A logon session is known by host, account, id and start.
pub(super) fn session(draft: &Draft, host: Option<&str>, account: Option<&str>, sink: &mut Sink) {
    let Some(id) = draft.text("SessionId").as_deref().and_then(identifier) else { return };
    // Identifiers of sessions are numbers, written in hexadecimal by one source and decimal by another.
    let id = draft.get("SessionId").and_then(normalise::process_id).map_or(id, |number| format!("{number:#x}"));
    let Some(host) = host else {
        sink.weak("sessionid", &id);
        return;
    };
    if let (Some(account), Some(start)) = (account, time(draft, "StartTimeUtc")) {
        sink.strong("host+account+sessionid+starttimeutc", &format!("{host}|{account}|{id}|{start}"));
    }
    sink.weak("host+sessionid", &format!("{host}|{id}"));
}

pub(super) fn azure_resource(draft: &Draft, sink: &mut Sink) {
    if let Some(id) = draft.text("ResourceId").map(|id| id.trim_end_matches('/').to_owned()).as_deref().and_then(identifier) {
        sink.strong("resourceid", &id);
    } else if let Some(name) = draft.text("ResourceName").as_deref().and_then(identifier) {
        sink.weak("resourcename", &name);
    }
}
