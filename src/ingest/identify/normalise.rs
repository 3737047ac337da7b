//! Canonical forms of single values: addresses, names, paths, hashes, ids. Equal things get equal text.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::Value;

use crate::ingest::value;
use crate::model::Time;

/// Trims and folds to lower case.
pub(super) fn lower(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// A text that can identify: not absent, not a GUID of zeros; in lower case.
pub(super) fn identifier(text: &str) -> Option<String> {
    (!value::is_absent_text(text) && !is_zero_guid(text)).then(|| lower(text.trim().trim_start_matches('{').trim_end_matches('}')))
}

/// Whether a text has the form of a GUID.
pub(super) fn is_guid(text: &str) -> bool {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_zero_guid(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.contains("00000000") && text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'{' | b'}'))
}

/// Whether a text has the form of a Windows security identifier.
pub(super) fn is_sid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4
        && matches!(bytes[0], b'S' | b's')
        && bytes[1] == b'-'
        && bytes[2] == b'1'
        && bytes[3] == b'-'
        && bytes[4..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

/// What a security identifier identifies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sid {
    /// One account anywhere.
    Global(String),
    /// An account that every host has, with its English name where it is one of the well-known services.
    PerHost(String, Option<&'static str>),
}

/// Reads a security identifier.
pub(super) fn sid(text: &str) -> Option<Sid> {
    let text = text.trim();
    if !is_sid(text) {
        return None;
    }
    let sid = lower(text);
    let per_host = ["s-1-5-32-", "s-1-5-80-", "s-1-5-82-", "s-1-5-83-", "s-1-5-90-", "s-1-5-96-", "s-1-15-", "s-1-16-"];
    let parts = sid.bytes().filter(|byte| *byte == b'-').count();
    if parts >= 6 && !per_host.iter().any(|prefix| sid.starts_with(prefix)) {
        return Some(Sid::Global(sid));
    }
    let name = match sid.as_str() {
        "s-1-5-18" => Some("system"),
        "s-1-5-19" => Some("local service"),
        "s-1-5-20" => Some("network service"),
        "s-1-5-7" => Some("anonymous logon"),
        _ => None,
    };
    Some(Sid::PerHost(sid, name))
}

/// Reads a network address: strips port, brackets, zone and blanks, and unwraps IPv4 inside IPv6.
///
/// None for what is no address (`00.00.00.00`, `LOCAL`, a name) and for the unspecified address.
pub(super) fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_hexdigit() || first == b':' || first == b'[') {
        return None;
    }
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((address, port)) if address.contains('.') && !port.contains(':') => address,
            _ => text,
        },
    };
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let bare = bare.strip_suffix("/32").or_else(|| bare.strip_suffix("/128")).unwrap_or(bare);
    let address = match bare.parse().ok()? {
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(six),
        },
        four => four,
    };
    (!address.is_unspecified()).then_some(address)
}

/// Whether an address is the same place everywhere: not private, shared, loopback, link-local or multicast.
pub(super) fn is_global(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(four.is_private()
                || shared
                || four.is_loopback()
                || four.is_link_local()
                || four.is_multicast()
                || four.is_broadcast()
                || a == 0)
        }
        IpAddr::V6(six) => {
            let first = six.segments()[0];
            let local = first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80;
            !(*six == Ipv6Addr::LOCALHOST || local || six.is_multicast())
        }
    }
}

/// The name of a digest's algorithm and the digest in lower case; the algorithm goes by the length where none is given.
pub(super) fn hash(algorithm: Option<&str>, text: &str) -> Option<(String, String)> {
    let digest = text.trim();
    if digest.len() < 8 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) || digest.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let given = algorithm.map(|name| name.trim().replace(['-', '_', ' '], "").to_ascii_lowercase());
    let named = given.filter(|name| !name.is_empty() && name != "unknown");
    let algorithm = named.or_else(|| algorithm_of_length(digest.len()).map(str::to_owned)).unwrap_or_else(|| "unknown".to_owned());
    Some((algorithm, digest.to_ascii_lowercase()))
}

/// The algorithm whose digest has this many hexadecimal digits.
pub(super) fn algorithm_of_length(digits: usize) -> Option<&'static str> {
    match digits {
        32 => Some("md5"),
        40 => Some("sha1"),
        64 => Some("sha256"),
        96 => Some("sha384"),
        128 => Some("sha512"),
        _ => None,
    }
}

/// Whether a path is one of Windows; those are compared without case and with `\`.
pub(super) fn is_windows_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.contains('\\') || (bytes.len() >= 2 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic())
}

/// A path without the prefixes of the kernel's and the API's name spaces, without quotes and blanks.
pub(super) fn bare_path(path: &str) -> &str {
    let path = path.trim().trim_matches('"');
    [r"\??\", r"\\?\", r"\\.\"].iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path)
}

/// Splits a path into directory and name, as written.
pub(super) fn split_path(path: &str) -> (&str, &str) {
    let path = bare_path(path);
    let cut = if is_windows_path(path) { path.rfind(['\\', '/']) } else { path.rfind('/') };
    match cut {
        Some(0) => (&path[..1], &path[1..]),
        Some(place) => (&path[..place], &path[place + 1..]),
        None => ("", path),
    }
}

/// Joins directory and name to one canonical path; a directory that already ends in the name stays as it is.
pub(super) fn path(directory: &str, name: &str) -> String {
    let directory = bare_path(directory);
    let windows = is_windows_path(directory);
    let mut whole = String::with_capacity(directory.len() + name.len() + 1);
    whole.push_str(directory.trim_end_matches(if windows { ['\\', '/'] } else { ['/', '/'] }));
    let name = name.trim();
    let tail = whole.len().checked_sub(name.len()).and_then(|place| whole.get(place..));
    let repeated = name.contains('.') && tail.is_some_and(|tail| tail.eq_ignore_ascii_case(name)) && {
        let before = whole.as_bytes().get((whole.len() - name.len()).wrapping_sub(1));
        matches!(before, Some(b'\\' | b'/'))
    };
    if !name.is_empty() && !repeated {
        whole.push(if windows { '\\' } else { '/' });
        whole.push_str(name);
    }
    if windows { lower(&whole.replace('/', "\\")) } else { whole }
}

/// Reads a process id, decimal or `0x` hexadecimal.
pub(super) fn process_id(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let text = text.trim();
            match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => text.parse().ok(),
            }
        }
        _ => None,
    }
}

/// An instant to the second: sources write the same start with different fractions.
pub(super) fn second(time: Time) -> String {
    let micros = time.micros();
    Time::from_micros(micros - micros.rem_euclid(1_000_000)).to_string()
}

/// A URL in canonical form, and whether it is absolute.
///
/// Scheme and host in lower case, default port and fragment dropped, the path as it is; `hxxp` and `[.]` are undone.
pub(super) fn url(text: &str) -> Option<(String, bool)> {
    let mut text = text.trim();
    if value::is_absent_text(text) {
        return None;
    }
    let refanged;
    if text.contains(['[', '(']) {
        refanged = text.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":").replace("[://]", "://");
        text = &refanged;
    }
    text = text.split_once('#').map_or(text, |(before, _)| before);
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some((text.to_owned(), false));
    };
    let scheme = match lower(scheme).as_str() {
        "hxxp" | "hxtp" | "htxp" => "http".to_owned(),
        "hxxps" => "https".to_owned(),
        other => other.to_owned(),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let mut authority = lower(authority);
    let default = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        "ftp" => ":21",
        _ => "",
    };
    if !default.is_empty() && authority.ends_with(default) {
        authority.truncate(authority.len() - default.len());
    }
    let tail = if tail == "/" { "" } else { tail };
    Some((format!("{scheme}://{authority}{tail}"), true))
}

/// A registry path with the full name of its hive, in lower case, and whether it has a hive.
pub(super) fn registry_key(hive: Option<&str>, key: &str) -> (String, bool) {
    let key = lower(key).replace('/', "\\");
    let key = key.trim_matches('\\');
    let (head, tail) = key.split_once('\\').unwrap_or((key, ""));
    let (named, rest) = if head == "registry" {
        let (second, tail) = tail.split_once('\\').unwrap_or((tail, ""));
        (hive_name(second), tail)
    } else {
        (hive_name(head.trim_end_matches(':')), tail)
    };
    let (hive, rest) = match (named, hive) {
        (Some(named), _) => (Some(named.to_owned()), rest),
        (None, Some(hive)) => {
            let hive = lower(hive);
            (Some(hive_name(hive.trim_matches('\\')).map_or(hive.clone(), str::to_owned)), key)
        }
        (None, None) => (None, key),
    };
    match hive {
        Some(hive) if rest.is_empty() => (hive, true),
        Some(hive) => (format!("{hive}\\{rest}"), true),
        None => (rest.to_owned(), false),
    }
}

fn hive_name(word: &str) -> Option<&'static str> {
    Some(match word {
        "hklm" | "hkey_local_machine" | "machine" | "localmachine" => "hkey_local_machine",
        "hkcu" | "hkey_current_user" | "currentuser" => "hkey_current_user",
        "hku" | "hkey_users" | "user" | "users" => "hkey_users",
        "hkcr" | "hkey_classes_root" | "classesroot" => "hkey_classes_root",
        "hkcc" | "hkey_current_config" | "currentconfig" => "hkey_current_config",
        "hkey_performance_data" => "hkey_performance_data",
        _ => return None,
    })
}

/// The program of a command line: the first token, which may be quoted; an unquoted path runs to its `.exe`.
pub(super) fn image_of(command_line: &str) -> Option<&str> {
    let line = command_line.trim();
    if let Some(rest) = line.strip_prefix('"') {
        return rest.split_once('"').map(|(image, _)| image).filter(|image| !image.is_empty());
    }
    let bytes = line.as_bytes();
    let end = bytes.windows(4).position(|four| four.eq_ignore_ascii_case(b".exe")).map(|place| place + 4);
    let blank = line.find(char::is_whitespace).unwrap_or(line.len());
    // Only a path can hold blanks before its extension; in `cmd /c x.exe` the program is `cmd`.
    let image = match end {
        Some(end) if is_windows_path(&line[..blank]) && bytes.get(end).is_none_or(u8::is_ascii_whitespace) => &line[..end],
        _ => &line[..blank],
    };
    (!image.is_empty()).then_some(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let cases = [
            ("1.2.3.4:53108", Some("1.2.3.4")),
            ("[2a01::1]:36185", Some("2a01::1")),
            ("[2a01::1]", Some("2a01::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("::ffff:10.0.0.1", Some("10.0.0.1")),
            (" 75.10.91.22 ", Some("75.10.91.22")),
            ("2001:0DB8:0000:0000:0000:0000:0000:0001", Some("2001:db8::1")),
            ("0:0:0:0:0:0:0:1", Some("::1")),
            ("10.0.0.1/32", Some("10.0.0.1")),
            ("00.00.00.00", None),
            ("0.0.0.0", None),
            ("-", None),
            ("LOCAL", None),
            ("AWS Internal", None),
            ("ec2.amazonaws.com", None),
            ("1.2.3", None),
            ("1.2.3.4.5", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(ip(text).map(|ip| ip.to_string()).as_deref(), expected, "{text}");
        }
        for text in [
            "10.0.5.13",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "::1",
            "fd00::1",
            "fe80::1",
            "224.0.0.1",
        ] {
            assert!(!is_global(&ip(text).expect("an address")), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.2.1", "2a01::1"] {
            assert!(is_global(&ip(text).expect("an address")), "{text}");
        }
    }

    #[test]
    fn paths() {
        let cases = [
            (r"c:\windows\system32", "CMD.exe", r"c:\windows\system32\cmd.exe"),
            (r"C:/Windows/System32/", "cmd.exe", r"c:\windows\system32\cmd.exe"),
            (r"\??\C:\Windows", "a.exe", r"c:\windows\a.exe"),
            (r"c:\windows\servic~2", "m.exe", r"c:\windows\servic~2\m.exe"),
            (r"C:\Windows\System32\cmd.exe", "cmd.exe", r"c:\windows\system32\cmd.exe"),
            ("c:", "x.exe", r"c:\x.exe"),
            ("/usr/Bin", "Curl", "/usr/Bin/Curl"),
            ("/", "init", "/init"),
        ];
        for (directory, name, expected) in cases {
            assert_eq!(path(directory, name), expected, "{directory} {name}");
        }
        assert_eq!(split_path(r"\??\C:\Windows\x.exe"), (r"C:\Windows", "x.exe"));
        assert_eq!(split_path("/init"), ("/", "init"));
        assert_eq!(split_path("x.exe"), ("", "x.exe"));
    }

    #[test]
    fn registry_hives() {
        let cases = [
            (None, r"HKLM\Software\X", r"hkey_local_machine\software\x", true),
            (Some("HKEY_LOCAL_MACHINE"), r"SYSTEM\CONTROLSET001", r"hkey_local_machine\system\controlset001", true),
            (Some("LocalMachine"), r"\SYSTEM\", r"hkey_local_machine\system", true),
            (None, r"\REGISTRY\MACHINE\Software", r"hkey_local_machine\software", true),
            (None, r"\REGISTRY\USER\S-1-5-18", r"hkey_users\s-1-5-18", true),
            (None, r"HKCU:\Software", r"hkey_current_user\software", true),
            (None, r"Software\X", r"software\x", false),
        ];
        for (hive, key, expected, complete) in cases {
            assert_eq!(registry_key(hive, key), (expected.to_owned(), complete), "{hive:?} {key}");
        }
    }

    #[test]
    fn urls() {
        let cases = [
            ("HTTPS://Sample.AzureWebsites.net:443/A/b?C=d#e", "https://sample.azurewebsites.net/A/b?C=d", true),
            ("https://sample.azurewebsites.net", "https://sample.azurewebsites.net", true),
            ("https://sample.azurewebsites.net/", "https://sample.azurewebsites.net", true),
            ("hxxp://evil[.]com/x", "http://evil.com/x", true),
            ("http://evil.com:8080/x", "http://evil.com:8080/x", true),
            ("/login.php", "/login.php", false),
        ];
        for (text, expected, absolute) in cases {
            assert_eq!(url(text), Some((expected.to_owned(), absolute)), "{text}");
        }
        assert_eq!(url("-"), None);
    }

    #[test]
    fn security_identifiers() {
        let global = "S-1-5-21-996632719-2361334927-4038480536-500";
        assert_eq!(sid(global), Some(Sid::Global(global.to_lowercase())));
        assert_eq!(sid("S-1-12-1-1-2-3-4"), Some(Sid::Global("s-1-12-1-1-2-3-4".to_owned())));
        assert_eq!(sid("S-1-5-18"), Some(Sid::PerHost("s-1-5-18".to_owned(), Some("system"))));
        assert_eq!(sid("S-1-5-80-1-2-3-4-5"), Some(Sid::PerHost("s-1-5-80-1-2-3-4-5".to_owned(), None)));
        assert_eq!(sid("S-1-0-0"), Some(Sid::PerHost("s-1-0-0".to_owned(), None)));
        assert_eq!(sid("S-0-0-00"), None);
    }

    #[test]
    fn command_lines() {
        let cases = [
            (r#""C:\Program Files\x.exe" -a"#, Some(r"C:\Program Files\x.exe")),
            (r"C:\Program Files\x.exe -a", Some(r"C:\Program Files\x.exe")),
            ("net  user bob /add", Some("net")),
            (r".\mimikatz.exe", Some(r".\mimikatz.exe")),
            ("cmd /c x.exe", Some("cmd")),
            ("/bin/sh -c 'x'", Some("/bin/sh")),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(image_of(line), expected, "{line}");
        }
    }

    #[test]
    fn digests_and_ids() {
        assert_eq!(
            hash(None, "5F1E8ACEDC065031AAD553B710838EB366CFEE9A"),
            Some(("sha1".into(), "5f1e8acedc065031aad553b710838eb366cfee9a".into()))
        );
        assert_eq!(hash(Some("SHA-256"), "ABCDEF0123"), Some(("sha256".into(), "abcdef0123".into())));
        assert_eq!(hash(Some("Unknown"), "ABCDEF0123"), Some(("unknown".into(), "abcdef0123".into())));
        assert_eq!(hash(None, "not a hash"), None);
        assert_eq!([Value::from("0x1eec"), Value::from("7916"), Value::from(7916)].map(|v| process_id(&v)), [Some(7916); 3]);
        assert_eq!(identifier("00000000-0000-0000-0000-000000000000"), None);
        assert!(is_guid("{92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5}") && !is_guid("92c0a42f"));
        assert_eq!(second(Time::parse("2019-01-15T09:15:03.3338239Z").expect("a time")), "2019-01-15T09:15:03Z");
    }
}
