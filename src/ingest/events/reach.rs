//! Ports of an allowed connection: they become part of the name by which its edge is asserted, so that two connections of the same
//! resources on other ports are two assertions.

use serde_json::Value;

use crate::model::{ColumnName, Link};

/// The rule whose edges name ports.
const RULE: &str = "SecurityAllowedConnections";

/// Puts the ports of the row into the name of what asserts its edges.
pub(super) fn label(columns: &[(ColumnName, Value)], links: &mut [Link]) {
    for link in links.iter_mut().filter(|link| link.rule == RULE) {
        let ports = [("tcp", "TcpPorts"), ("udp", "UdpPorts")].into_iter().filter_map(|(protocol, column)| {
            let (_, value) = columns.iter().find(|(name, _)| **name == *column)?;
            value.as_str().filter(|text| !text.is_empty()).map(|text| format!("{protocol} {text}"))
        });
        let ports: Vec<String> = ports.collect();
        if !ports.is_empty() {
            link.rule = format!("{RULE} {}", ports.join("; ")).into();
        }
    }
}

/// The ports that an assertion of an allowed connection names: `tcp 22, 443; udp 53`.
pub fn ports(rule: &str) -> Option<&str> {
    rule.strip_prefix(RULE)?.strip_prefix(' ')
}
