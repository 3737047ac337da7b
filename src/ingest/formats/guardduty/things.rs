//! What GuardDuty found on a machine or in a bucket: malware with its files, processes while they run.

use serde_json::Value;

use crate::ingest::formats::shape::{Cast, copy, objects, put};
use crate::ingest::identify::{Place, parts};
use crate::ingest::value::{self, get, object_at, text_of};
use crate::model::{Object, Relation};

/// Threats that scans of volumes, objects and images found, each with its files.
pub(super) fn read_scans(service: &Object, host: Option<Place>, cast: &mut Cast) {
    let volumes = object_at(service, &["EbsVolumeScanDetails", "ScanDetections", "ThreatDetectedByName"]);
    for threat in objects(volumes.and_then(|found| get(found, "ThreatNames"))) {
        let files: Vec<Place> = objects(get(threat, "FilePaths"))
            .filter_map(|file| read_file(text_of(file, &["FilePath", "FileName"]).as_deref(), file, host, cast))
            .collect();
        read_threat(threat, &files, cast);
    }
    for threat in objects(object_at(service, &["MalwareScanDetails"]).and_then(|scan| get(scan, "Threats"))) {
        let paths = objects(get(threat, "ItemPaths")).chain(objects(get(threat, "ItemDetails")));
        let mut files: Vec<Place> =
            paths.filter_map(|item| read_file(text_of(item, &["NestedItemPath", "ItemPath"]).as_deref(), item, host, cast)).collect();
        // A scan of one object tells the hash of the threat, and its path only inside an archive.
        if files.is_empty() {
            files.extend(read_file(None, threat, host, cast));
        }
        read_threat(threat, &files, cast);
    }
}

fn read_threat(threat: &Object, files: &[Place], cast: &mut Cast) {
    let malware = cast.add("malware", copy(threat, &[("Name", "Name"), ("Severity", "Severity"), ("Source", "Provider")]), Some("related"));
    for file in files {
        // What was found is known by its hash alone where no path is told.
        cast.relate(malware, Relation::known("found_in"), Some(*file), "guardduty.threat");
    }
}

/// A file by its path, or by its hash where no path is known.
fn read_file(path: Option<&str>, item: &Object, host: Option<Place>, cast: &mut Cast) -> Option<Place> {
    let hash = text_of(item, &["Hash"]).as_deref().and_then(parts::hash);
    let Some(mut file) = path.and_then(parts::file) else { return cast.add("filehash", hash?, Some("related")) };
    put(&mut file, "VolumeArn", text_of(item, &["VolumeArn", "ResourceArn"]));
    let hash = hash.and_then(|hash| cast.add_nested("filehash", hash));
    let file = cast.add("file", file, Some("related"));
    cast.refer(file, "FileHashes", hash);
    cast.refer(file, "Host", host);
    file
}

/// The objects of a bucket that a finding is about.
pub(super) fn read_objects(bucket: &Object, cast: &mut Cast) {
    for object in objects(get(bucket, "S3ObjectDetails")) {
        let names = [("ObjectArn", "AmazonResourceId"), ("Key", "ResourceName"), ("ETag", "Etag"), ("VersionId", "VersionId")];
        let mut properties = copy(object, &names);
        if !properties.is_empty() {
            put(&mut properties, "ResourceType", Some("AWS::S3::Object"));
        }
        let place = cast.add("amazon-resource", properties, Some("impacted"));
        let hash = text_of(object, &["Hash"]).as_deref().and_then(parts::hash).and_then(|hash| cast.add_nested("filehash", hash));
        cast.relate(place, Relation::known("has_hash"), hash, "guardduty.object");
    }
}

/// The process that a sensor on the machine saw, its ancestors, and what it did to which file or other process.
pub(super) fn read_runtime(service: &Object, host: Option<Place>, cast: &mut Cast) {
    const FILES: [&str; 9] = [
        "ScriptPath",
        "LibraryPath",
        "SocketPath",
        "RuncBinaryPath",
        "ReleaseAgentPath",
        "ModuleFilePath",
        "ShellHistoryFilePath",
        "ThreatFilePath",
        "LdPreloadValue",
    ];
    let Some(runtime) = object_at(service, &["RuntimeDetails"]) else { return };
    if let Some(process) = object_at(runtime, &["Process"]) {
        read_process(process, host, "impacted", cast);
    }
    let Some(context) = object_at(runtime, &["Context"]) else { return };
    for (name, role) in [("ModifyingProcess", "attacker"), ("TargetProcess", "impacted")] {
        if let Some(process) = object_at(context, &[name]) {
            read_process(process, host, role, cast);
        }
    }
    for file in FILES.iter().filter_map(|name| text_of(context, &[name]).as_deref().and_then(parts::file)) {
        let file = cast.add("file", file, Some("related"));
        cast.refer(file, "Host", host);
    }
    if let Some(hash) = text_of(context, &["ModuleSha256"]).as_deref().and_then(parts::hash) {
        cast.add("filehash", hash, Some("related"));
    }
}

fn read_process(process: &Object, host: Option<Place>, role: &'static str, cast: &mut Cast) {
    let place = add_process(process, host, Some(role), cast);
    // Nearest ancestor first, as the sensor writes them.
    let mut child = place;
    let own = text_of(process, &["Uuid"]);
    // Samples write the process itself once more.
    for ancestor in objects(get(process, "Lineage")).filter(|ancestor| own.is_none() || text_of(ancestor, &["Uuid"]) != own) {
        let parent = add_process(ancestor, host, None, cast);
        cast.refer(child, "ParentProcess", parent);
        child = parent.or(child);
    }
}

fn add_process(process: &Object, host: Option<Place>, role: Option<&'static str>, cast: &mut Cast) -> Option<Place> {
    let names = [("Pid", "ProcessId"), ("Uuid", "ProcessGuid"), ("Name", "FriendlyName"), ("ParentUuid", "ParentProcessGuid")];
    let mut properties = copy(process, &names);
    put(&mut properties, "CreationTimeUtc", get(process, "StartTime").and_then(value::time).map(|time| time.to_string()));
    put(&mut properties, "WorkingDirectory", text_of(process, &["Pwd"]));
    put(&mut properties, "UserId", get(process, "UserId").and_then(value::integer).map(Value::from));
    let place = cast.add_apart("process", properties, role, role.is_none());
    let mut image = text_of(process, &["ExecutablePath"]).as_deref().and_then(parts::file).unwrap_or_default();
    if !image.is_empty() {
        put(&mut image, "FriendlyName", text_of(process, &["Name"]));
    }
    let image = cast.add_nested("file", image);
    let hash = text_of(process, &["ExecutableSha256"]).as_deref().and_then(parts::hash).and_then(|hash| cast.add_nested("filehash", hash));
    cast.refer(image, "FileHashes", hash);
    cast.refer(place, "ImageFile", image);
    cast.refer(place, "Host", host);
    let account = text_of(process, &["User"]).as_deref().and_then(parts::account).and_then(|user| cast.add_nested("account", user));
    cast.refer(account, "Host", host);
    cast.refer(place, "Account", account);
    place
}
