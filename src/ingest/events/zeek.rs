//! Which of Zeek's logs a record is from, where it does not say so itself. Logs are tables `Zeek_<log>`.

/// Columns of which any one tells the log.
const TELLING: [(&str, &[&str]); 40] = [
    ("conn", &["conn_state"]),
    ("dns", &["trans_id", "qclass", "qtype_name", "rcode_name"]),
    ("http", &["uri", "status_msg", "resp_mime_types", "response_body_len"]),
    ("kerberos", &["request_type", "renewable"]),
    ("dce_rpc", &["named_pipe"]),
    ("ntlm", &["server_nb_computer_name", "server_dns_computer_name", "domainname"]),
    ("rdp", &["security_protocol", "keyboard_layout", "cert_count", "client_channels"]),
    ("smb_mapping", &["share_type", "native_file_system"]),
    ("ssh", &["auth_attempts", "hassh", "cipher_alg"]),
    ("smtp", &["helo", "mailfrom", "last_reply"]),
    ("dhcp", &["msg_types", "assigned_addr", "lease_time"]),
    ("x509", &["certificate.subject", "certificate_subject", "san.dns", "basic_constraints.ca"]),
    ("ssl", &["cipher", "curve", "validation_status", "cert_chain_fuids", "ssl_history"]),
    ("notice", &["note", "suppress_for"]),
    ("analyzer", &["analyzer_kind"]),
    ("snmp", &["community", "get_requests"]),
    ("socks", &["request.host", "request_p", "bound.host"]),
    ("sip", &["request_path", "response_path", "call_id"]),
    ("tunnel", &["tunnel_type"]),
    ("modbus", &["func", "pdu_type"]),
    ("dnp3", &["fc_request", "fc_reply"]),
    ("ntp", &["stratum", "root_delay"]),
    ("rfb", &["client_major_version"]),
    ("pe", &["compile_ts", "subsystem", "section_names"]),
    ("software", &["software_type", "unparsed_version"]),
    ("mqtt_connect", &["proto_version", "connect_status"]),
    ("mqtt_subscribe", &["topics", "qos_levels"]),
    ("mqtt_publish", &["topic", "retain"]),
    ("ldap_search", &["base_object", "deref_aliases"]),
    ("ldap", &["opcode"]),
    ("radius", &["framed_addr", "tunnel_client"]),
    ("irc", &["nick"]),
    ("capture_loss", &["percent_lost"]),
    ("ocsp", &["certStatus", "issuerNameHash"]),
    ("files", &["mime_type", "seen_bytes", "missing_bytes"]),
    ("ftp", &["data_channel.passive", "data_channel.resp_h", "reply_code"]),
    ("dpd", &["failure_reason"]),
    ("syslog", &["facility"]),
    ("weird", &["peer"]),
    ("mysql", &["cmd"]),
];

/// Logs that only the name of their file tells, besides the ones above.
const NAMED: [&str; 12] = [
    "smb_files",
    "loaded_scripts",
    "packet_filter",
    "telemetry",
    "known_hosts",
    "known_services",
    "known_certs",
    "traceroute",
    "quic",
    "stats",
    "reporter",
    "cluster",
];

/// The log that a file is named after, as Zeek names its files: `dhcp.log`, `conn.2024-01-01.log`.
fn named_after(file: &str) -> Option<&'static str> {
    let stem = file.split('.').next().unwrap_or_default();
    TELLING.iter().map(|(log, _)| *log).chain(NAMED).find(|log| log.eq_ignore_ascii_case(stem))
}

/// Whether records have a column that tells a log.
fn tells(log: &str, has: impl Fn(&str) -> bool) -> bool {
    TELLING.iter().any(|(name, columns)| *name == log && columns.iter().any(|column| has(column)))
}

/// Whether records with these columns from a file of this name are Zeek's.
pub(super) fn is_zeek(has: impl Fn(&str) -> bool, file: &str) -> bool {
    has("@stream")
        || (has("ts") && named_after(file).is_some_and(|log| tells(log, &has)))
        || (has("_path") && has("_write_ts"))
        || has("ts") && (has("id.orig_h") || has("id_orig_h") || has("fuid") || (has("uid") && has("id")))
}

/// The log of records with these columns from a file of this name.
pub(super) fn log(has: impl Fn(&str) -> bool, file: &str) -> Option<&'static str> {
    if let Some(log) = named_after(file).filter(|log| file.to_ascii_lowercase().contains(".log") || tells(log, &has)) {
        return Some(log);
    }
    // Rows of one log leave out what they lack: a name and an action are all that this one always has.
    if has("action") && has("name") && has("size") {
        return Some("smb_files");
    }
    if let Some((log, _)) = TELLING.iter().find(|(log, _)| tells(log, &has)) {
        return Some(log);
    }
    let file = format!("_{}_", file.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    let fits = TELLING.iter().map(|(log, _)| *log).chain(NAMED).filter(|log| file.contains(&format!("_{log}_")));
    fits.max_by_key(|log| log.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_or_files_tell_the_log() {
        let cases = [
            ("ts,uid,id.orig_h,id.resp_h,proto,conn_state", "x.json", Some("conn")),
            ("ts,uid,id.orig_h,username,hostname,domainname", "x.json", Some("ntlm")),
            ("ts,uid,id.orig_h,path,share_type", "x.json", Some("smb_mapping")),
            ("ts,uid,id_orig_h,action,name,size", "x.json", Some("smb_files")),
            ("ts,uid,id.orig_h,analyzer,proto", "2020/dpd.12.log", Some("dpd")),
            ("ts,uid,id.orig_h,answer", "zeek_smb_mapping_log.json", Some("smb_mapping")),
            ("ts,uid,id.orig_h,answer", "x.json", None),
            // Lines of a log that leave out what tells it, or name no connection.
            ("ts,uid,id.orig_h,method,uri,request_path", "sip.log", Some("sip")),
            ("ts,uid,id.orig_h,user,command,mime_type", "ftp.log", Some("ftp")),
            ("ts,uids,mac,host_name,msg_types,duration", "dhcp.log", Some("dhcp")),
            ("ts,name,notice,peer", "weird.2024-01-01.log", Some("weird")),
            ("ts,fingerprint,certificate.subject", "x509.json", Some("x509")),
            ("ts,uid,id.orig_h,proto,conn_state", "files.json", Some("conn")),
        ];
        let named = |name: &str| ["@stream", "name"].contains(&name);
        assert!(!is_zeek(|name| ["ts", "level"].contains(&name), "weird.log"));
        assert!(is_zeek(named, "x") && log(named, "loaded_scripts.log") == Some("loaded_scripts"));
        for (columns, file, expected) in cases {
            let has = |name: &str| columns.split(',').any(|column| column == name);
            assert!(is_zeek(has, file), "{columns}");
            assert_eq!(log(has, file), expected, "{columns}");
        }
    }
}
