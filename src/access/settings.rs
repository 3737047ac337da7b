//! `access.toml` of a data directory: names of the server, its limits, the identity provider. Reads text, opens no file.

use serde::Deserialize;

use super::oidc::Provider;
use crate::model::{Fault, FaultClass};

/// What `access.toml` says; every part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Addresses under which others know the server.
    pub public_urls: Vec<String>,
    /// Limits that differ from their defaults.
    pub limits: LimitSettings,
    /// The identity provider of people.
    pub oidc: Option<Provider>,
}

/// Limits that may be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Requests a second of one key or person, on average.
    pub requests_per_second_max: Option<f64>,
    /// Requests at once of one key or person.
    pub requests_burst_max: Option<f64>,
    /// Connections at a time.
    pub connections_max: Option<usize>,
    /// Connections of one address at a time.
    pub connections_per_address_max: Option<usize>,
    /// Workspaces that are open at a time, beside the default one.
    pub workspaces_open_max: Option<usize>,
}

impl Settings {
    /// Reads the text of `access.toml`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            let fault = invalid(error.message());
            error.span().map_or(fault.clone(), |span| fault.at(span.start, span.end))
        })?;
        let rates = [settings.limits.requests_per_second_max, settings.limits.requests_burst_max];
        if rates.into_iter().flatten().any(|rate| !rate.is_finite() || rate < 1.0) {
            return Err(invalid("expected rates of at least 1"));
        }
        if let Some(provider) = &settings.oidc {
            check(provider)?;
        }
        Ok(settings)
    }
}

fn check(provider: &Provider) -> Result<(), Fault> {
    if provider.keys_url.is_some() == provider.keys_file.is_some() {
        return Err(invalid("expected either `keys_url` or `keys_file` in `[oidc]`"));
    }
    if provider.keys_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        return Err(invalid("expected an `https://` address as `keys_url`"));
    }
    if provider.issuer.is_empty() || provider.audience.is_empty() || provider.audience.iter().any(String::is_empty) {
        return Err(invalid("expected `issuer` and at least one `audience` in `[oidc]`"));
    }
    if provider.roles.is_empty() {
        return Err(invalid("expected a role for at least one value of the role claim in `[oidc.roles]`"));
    }
    Ok(())
}

fn invalid(message: &str) -> Fault {
    Fault::new(FaultClass::Invalid, "access_settings_invalid", format!("`access.toml`: {message}"))
        .with_hint("the README shows what it may hold")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    const WHOLE: &str = r#"
public_urls = ["https://soc.example"]

[limits]
requests_per_second_max = 50
workspaces_open_max = 2

[oidc]
issuer = "https://login.example/tenant/v2.0"
audience = ["clew"]
keys_url = "https://login.example/tenant/keys"

[oidc.roles]
"SOC Analysts" = "responder"
"#;

    #[test]
    fn reads_all_parts() {
        let settings = Settings::parse(WHOLE).expect("good settings");
        assert_eq!(settings.public_urls, ["https://soc.example"]);
        assert_eq!((settings.limits.requests_per_second_max, settings.limits.workspaces_open_max), (Some(50.0), Some(2)));
        let provider = settings.oidc.expect("a provider");
        assert_eq!((provider.role_claim.as_str(), provider.name_claim.as_str()), ("roles", "preferred_username"));
        assert_eq!(provider.roles["SOC Analysts"], Role::Responder);
        assert_eq!(Settings::parse("").ok(), Some(Settings::default()));
    }

    #[test]
    fn refuses_what_would_open_more_than_meant() {
        let cases = [
            WHOLE.replace("keys_url", "keys_uri"),
            WHOLE.replace("https://login.example/tenant/keys", "http://login.example/keys"),
            WHOLE.replace("keys_url = \"https://login.example/tenant/keys\"", ""),
            WHOLE.replace("audience = [\"clew\"]", "audience = []"),
            WHOLE.replace("\"responder\"", "\"owner\""),
            WHOLE.replace("\"SOC Analysts\" = \"responder\"", ""),
            WHOLE.replace("requests_per_second_max = 50", "requests_per_second_max = 0"),
            "[oidc".to_owned(),
        ];
        for text in cases {
            assert_eq!(Settings::parse(&text).map_err(|fault| fault.code), Err("access_settings_invalid"), "{text}");
        }
    }
}
