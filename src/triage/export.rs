//! Continuous export: what leaves the workspace, in which form and where to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::automation::{HIDDEN, check_url};
use super::definition::Definition;
use crate::model::{AlertStatus, Fault, FaultClass, IncidentStatus, Object, Severity};
use crate::query::reference;

/// Brokers of a target at the most.
const BROKERS_MAX: usize = 32;

/// How the items of a file or message are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// A JSON object on each line.
    #[default]
    Ndjson,
    /// Parquet, zstd.
    Parquet,
}

/// How a client names itself to Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaslMechanism {
    /// PLAIN: Event Hubs takes `$ConnectionString` and the connection string.
    #[default]
    Plain,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
}

/// The credentials for Kafka.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sasl {
    /// How they are shown to the broker.
    pub mechanism: SaslMechanism,
    /// Name.
    pub username: String,
    /// Password; answers do not show it.
    pub password: String,
}

/// Where an export goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// Files below `exports/ID/` of the data directory.
    File {
        /// Their form.
        #[serde(default)]
        format: FileFormat,
    },
    /// An address that takes JSON lines, signed.
    Http {
        /// The address; its host must be on the list of hosts that may be called.
        url: String,
        /// The secret of the signature; answers do not show it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        secret: String,
        /// Further headers; answers do not show their values.
        #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
        headers: std::collections::BTreeMap<String, String>,
    },
    /// A collector of syslog (RFC 5424).
    Syslog {
        /// `tls://host:6514`, `tcp://host:601` or `udp://host:514`.
        address: String,
    },
    /// A topic of Kafka, or of what speaks its protocol (Event Hubs).
    Kafka {
        /// `host:port` of brokers to begin with.
        brokers: Vec<String>,
        /// The topic.
        topic: String,
        /// Whether to speak TLS.
        #[serde(default = "yes")]
        tls: bool,
        /// The credentials.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sasl: Option<Sasl>,
    },
}

fn yes() -> bool {
    true
}

/// What an export takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExportFilter {
    /// Any of these severities.
    pub severity: Vec<String>,
    /// Any of these states.
    pub status: Vec<String>,
    /// Any of these products.
    pub product: Vec<String>,
    /// Words of the title, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A snapshot at intervals instead of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// How often: `1h`, `1d`, `1w`.
    pub every: String,
    /// The KQL whose rows are sent; without it all alerts and incidents that pass the filter, as they are then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// A continuous export as it is defined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Name for people; the id if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it works; one that does not keeps its place.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Any of `alert`, `incident`, `decision`, `resource`; alerts and incidents if none is named.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Which of them.
    #[serde(default)]
    pub filter: ExportFilter,
    /// Snapshots at intervals; a stream of changes without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Whether a stream begins with all that was there before it.
    #[serde(default)]
    pub from_beginning: bool,
    /// Where it goes.
    pub target: Target,
    /// What a dialect keeps beside.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub extended: Object,
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, "export_invalid", message)
}

/// Scheme, host and port of `tls://host:6514`.
pub fn syslog_address(text: &str) -> Result<(String, String, u16), Fault> {
    let wrong = || {
        invalid(format!("expected the address of a collector, found `{text}`"))
            .with_hint("write `tls://host:6514`, `tcp://host:601` or `udp://host:514`")
    };
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let port = match url.scheme() {
        "tls" => url.port().unwrap_or(6514),
        "tcp" => url.port().unwrap_or(601),
        "udp" => url.port().unwrap_or(514),
        _ => return Err(wrong()),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    Ok((url.scheme().to_owned(), host.to_owned(), port))
}

/// Host and port of a broker.
pub fn broker_address(text: &str) -> Result<(String, u16), Fault> {
    let found = text.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    found.filter(|(host, _)| !host.is_empty()).ok_or_else(|| invalid(format!("expected a broker as `host:port`, found `{text}`")))
}

impl Export {
    /// The kinds that it takes.
    pub fn wanted(&self) -> Vec<String> {
        if self.kinds.is_empty() { vec!["alert".to_owned(), "incident".to_owned()] } else { self.kinds.clone() }
    }

    /// Whether an item passes the filter; decisions and resources have nothing that it asks for.
    pub fn passes(&self, severity: Option<&str>, status: Option<&str>, title: Option<&str>, products: &[&str]) -> bool {
        let filter = &self.filter;
        let any = |wanted: &[String], found: Option<&str>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(found)))
        };
        let product = |wanted: &String| products.iter().any(|product| product.to_lowercase().contains(&wanted.to_lowercase()));
        let words = |words: &String| title.is_some_and(|title| title.to_lowercase().contains(&words.to_lowercase()));
        any(&filter.severity, severity)
            && any(&filter.status, status)
            && (filter.product.is_empty() || filter.product.iter().any(product))
            && filter.title.as_ref().is_none_or(words)
    }

    /// Microseconds between two snapshots.
    pub fn every(&self) -> Option<i64> {
        reference::span(&self.schedule.as_ref()?.every).ok()
    }
}

impl Definition for Export {
    const KIND: &'static str = "export";
    const NAME: &'static str = "export";

    fn check(&self) -> Result<(), Fault> {
        const KINDS: [&str; 4] = ["alert", "incident", "decision", "resource"];
        if let Some(kind) = self.kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(invalid(format!("expected one of {} for `kinds`, found `{kind}`", KINDS.join(", "))));
        }
        if let Some(severity) = self.filter.severity.iter().find(|text| Severity::parse(text).is_none()) {
            return Err(invalid(format!("expected a severity, found `{severity}`")));
        }
        if let Some(status) =
            self.filter.status.iter().find(|text| AlertStatus::parse(text).is_none() && IncidentStatus::parse(text).is_none())
        {
            return Err(invalid(format!("expected a status, found `{status}`")));
        }
        if let Some(schedule) = &self.schedule {
            const MINUTE: i64 = 60_000_000;
            if reference::span(&schedule.every)? < MINUTE {
                return Err(invalid(format!("expected at least a minute between snapshots, found `{}`", schedule.every)));
            }
        }
        match &self.target {
            Target::File { .. } => Ok(()),
            Target::Http { url, .. } => check_url(url),
            Target::Syslog { address } => syslog_address(address).map(|_| ()),
            Target::Kafka { brokers, topic, .. } => {
                if brokers.is_empty() || brokers.len() > BROKERS_MAX {
                    return Err(invalid(format!("expected 1 to {BROKERS_MAX} brokers, found {}", brokers.len())));
                }
                if topic.trim().is_empty() {
                    return Err(invalid("expected `topic`, found none"));
                }
                brokers.iter().try_for_each(|broker| broker_address(broker).map(|_| ()))
            }
        }
    }

    fn keep(&mut self, present: &Self) {
        match (&mut self.target, &present.target) {
            (Target::Http { url, secret, headers }, Target::Http { url: known, secret: old, headers: old_headers }) if url == known => {
                if secret == HIDDEN {
                    secret.clone_from(old);
                }
                for (name, value) in headers.iter_mut().filter(|(_, value)| *value == HIDDEN) {
                    if let Some(old) = old_headers.get(name) {
                        value.clone_from(old);
                    }
                }
            }
            (Target::Kafka { brokers, sasl: Some(sasl), .. }, Target::Kafka { brokers: known, sasl: Some(old), .. })
                if brokers == known && sasl.password == HIDDEN =>
            {
                sasl.password.clone_from(&old.password);
            }
            _ => {}
        }
    }

    fn shown(mut self, _: crate::model::Time) -> Self {
        match &mut self.target {
            Target::Http { secret, headers, .. } => {
                if !secret.is_empty() {
                    HIDDEN.clone_into(secret);
                }
                headers.values_mut().for_each(|value| HIDDEN.clone_into(value));
            }
            Target::Kafka { sasl: Some(sasl), .. } => HIDDEN.clone_into(&mut sasl.password),
            Target::Kafka { .. } | Target::File { .. } | Target::Syslog { .. } => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn exports_without_sense_are_refused() {
        let cases = [
            (json!({"target": {"type": "file"}}), true),
            (json!({"target": {"type": "file", "format": "parquet"}, "schedule": {"every": "1d"}}), true),
            (json!({"target": {"type": "syslog", "address": "tls://collector.example"}}), true),
            (json!({"target": {"type": "kafka", "brokers": ["x.servicebus.windows.net:9093"], "topic": "alerts"}}), true),
            (json!({"target": {"type": "file"}, "kinds": ["colour"]}), false),
            (json!({"target": {"type": "file"}, "filter": {"severity": ["red"]}}), false),
            (json!({"target": {"type": "file"}, "schedule": {"every": "5s"}}), false),
            (json!({"target": {"type": "file"}, "schedule": {"every": "often"}}), false),
            (json!({"target": {"type": "syslog", "address": "collector:514"}}), false),
            (json!({"target": {"type": "http", "url": "file:///etc/passwd"}}), false),
            (json!({"target": {"type": "kafka", "brokers": ["nowhere"], "topic": "a"}}), false),
            (json!({"target": {"type": "kafka", "brokers": [], "topic": "a"}}), false),
        ];
        for (written, sound) in cases {
            let export: Export = serde_json::from_value(written.clone()).expect("an export");
            assert_eq!(export.check().is_ok(), sound, "{written}");
        }
    }

    #[test]
    fn the_filter_takes_what_it_names() {
        let export: Export = serde_json::from_value(
            json!({"target": {"type": "file"}, "filter": {"severity": ["high"], "product": ["sentinel"], "title": "logon"}}),
        )
        .expect("an export");
        let cases = [
            (Some("High"), Some("Suspicious Logon"), vec!["Azure Sentinel"], true),
            (Some("Low"), Some("Suspicious Logon"), vec!["Azure Sentinel"], false),
            (Some("High"), Some("Malware"), vec!["Azure Sentinel"], false),
            (Some("High"), Some("Suspicious Logon"), vec!["Other"], false),
            (None, None, vec![], false),
        ];
        for (severity, title, products, expected) in cases {
            assert_eq!(export.passes(severity, Some("New"), title, &products), expected, "{severity:?} {title:?} {products:?}");
        }
    }
}
