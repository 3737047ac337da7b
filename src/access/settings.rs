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
    let signs_in = provider.client_id.is_some();
    match (&provider.keys_url, &provider.keys_file) {
        (Some(_), Some(_)) => return Err(invalid("expected `keys_url` or `keys_file` in `[oidc]`, found both")),
        (None, None) if !signs_in => return Err(invalid("expected `keys_url`, `keys_file` or `client_id` in `[oidc]`")),
        (Some(url), None) if !url.starts_with("https://") => return Err(invalid("expected an `https://` address as `keys_url`")),
        _ => {}
    }
    if provider.issuer.is_empty() || (provider.audience.is_empty() && !signs_in) || provider.audience.iter().any(String::is_empty) {
        return Err(invalid("expected `issuer`, and at least one `audience` or a `client_id`, in `[oidc]`"));
    }
    if provider.roles.is_empty() {
        return Err(invalid("expected a role for at least one value of the role claim in `[oidc.roles]`"));
    }
    check_sign_in(provider)
}

fn check_sign_in(provider: &Provider) -> Result<(), Fault> {
    let own = [&provider.client_secret_file, &provider.authorization_url, &provider.token_url];
    let Some(client) = &provider.client_id else {
        let stray = own.iter().any(|setting| setting.is_some());
        return if stray { Err(invalid("expected `client_id` beside what signs people in, in `[oidc]`")) } else { Ok(()) };
    };
    if client.trim().is_empty() || !(1..=43_200).contains(&provider.session_minutes) {
        return Err(invalid("expected a `client_id` that is not empty, and `session_minutes` from 1 to 43200"));
    }
    if provider.authorization_url.is_some() != provider.token_url.is_some() {
        return Err(invalid("expected both `authorization_url` and `token_url` in `[oidc]`, or neither"));
    }
    // Whether one without TLS may be called is up to the egress policy.
    let web = |url: &String| url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host().is_some());
    if ![&provider.authorization_url, &provider.token_url].into_iter().flatten().all(web) {
        return Err(invalid("expected addresses (`https://..`) as `authorization_url` and `token_url`"));
    }
    if provider.authorization_url.is_none() && !web(&provider.issuer) {
        return Err(invalid("expected an `issuer` whose description can be asked for, or `authorization_url` and `token_url`"));
    }
    if !provider.scopes.iter().any(|scope| scope == "openid") {
        return Err(invalid("expected `openid` among `scopes`"));
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

    const SIGN_IN: &str = r#"
[oidc]
issuer = "https://login.example"
client_id = "clew"
client_auth = "post"
authorization_url = "https://login.example/authorize"
token_url = "https://login.example/token"
scopes = ["openid"]
session_minutes = 60

[oidc.roles]
soc = "reader"
"#;

    #[test]
    fn what_signs_people_in_may_be_named_or_asked_of_the_issuer() {
        assert!(Settings::parse(SIGN_IN).is_ok());
        let asked = "[oidc]\nissuer = \"https://login.example\"\nclient_id = \"clew\"\n[oidc.roles]\nsoc = \"reader\"\n";
        let provider = Settings::parse(asked).expect("good settings").oidc.expect("a provider");
        assert_eq!((provider.session_minutes, provider.scopes.len(), provider.token_url), (480, 3, None));
    }

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
            WHOLE.replace("audience", "token_url = \"https://login.example/token\"\naudience"),
            SIGN_IN.replace("client_id = \"clew\"", ""),
            SIGN_IN.replace("client_id = \"clew\"", "client_id = \"\""),
            SIGN_IN.replace("session_minutes = 60", "session_minutes = 0"),
            SIGN_IN.replace("https://login.example/token", "login.example/token"),
            SIGN_IN.replace("token_url = \"https://login.example/token\"", ""),
            SIGN_IN.replace("[\"openid\"]", "[\"profile\"]"),
        ];
        for text in cases {
            assert_eq!(Settings::parse(&text).map_err(|fault| fault.code), Err("access_settings_invalid"), "{text}");
        }
    }
}
