//! Signed tokens of an identity provider: who signs them is settled by the settings, never by the token. Fetches nothing.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{Identity, Kind, Role, Scope, workspace_name};
use crate::model::Time;

/// Seconds by which clocks may differ.
const LEEWAY_SECONDS: i64 = 60;
/// Groups of one person that are kept; a provider may name hundreds.
const GROUPS_MAX: usize = 1_000;

/// The identity provider of people, as `access.toml` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Issuer, exactly as tokens have it.
    pub issuer: String,
    /// Audiences, one of which a bearer token must have; without any, people come in by the page only.
    #[serde(default)]
    pub audience: Vec<String>,
    /// What the page calls the provider; the host of the issuer if not given.
    #[serde(default)]
    pub name: Option<String>,
    /// Id of this server with the provider: with it, people sign in from the page.
    #[serde(default)]
    pub client_id: Option<String>,
    /// File of the secret that goes with the id, for providers that want one.
    #[serde(default)]
    pub client_secret_file: Option<String>,
    /// How the secret is shown to the provider; as its description says if not given.
    #[serde(default)]
    pub client_auth: Option<ClientAuth>,
    /// Where people sign in; as the issuer's description says if not given.
    #[serde(default)]
    pub authorization_url: Option<String>,
    /// Where a code becomes a token; as the issuer's description says if not given.
    #[serde(default)]
    pub token_url: Option<String>,
    /// What is asked of the provider.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// How long a session of the page lasts, in minutes.
    #[serde(default = "session_minutes")]
    pub session_minutes: u32,
    /// File of the authorities (PEM) that vouch for the provider, instead of the public ones.
    #[serde(default)]
    pub ca_file: Option<String>,
    /// Address of the provider's keys (JWKS); as the issuer's description says if neither it nor a file is given.
    #[serde(default)]
    pub keys_url: Option<String>,
    /// File of the provider's keys, instead of an address.
    #[serde(default)]
    pub keys_file: Option<String>,
    /// Claim that names roles or groups; dots lead into objects.
    #[serde(default = "roles")]
    pub role_claim: String,
    /// Claim that names the person in the activity log.
    #[serde(default = "name")]
    pub name_claim: String,
    /// Claim that lists the workspaces of the person; everybody may use all without one.
    #[serde(default)]
    pub workspace_claim: Option<String>,
    /// The role of each value of the role claim.
    pub roles: BTreeMap<String, Role>,
}

/// How a client shows its secret to the endpoint that gives tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// In the header `Authorization`.
    Basic,
    /// In the form.
    Post,
}

fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn session_minutes() -> u32 {
    480
}

fn roles() -> String {
    "roles".to_owned()
}

fn name() -> String {
    "preferred_username".to_owned()
}

/// What a provider said of somebody whose token was good.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Value);

/// Whether the header of a token demands something of who reads it: nothing of that kind is understood (RFC 7515, 4.1.11).
fn demands(token: &str) -> bool {
    let header = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    header.and_then(|text| serde_json::from_slice::<Value>(&text).ok()).is_some_and(|header| header.get("crit").is_some())
}

#[cfg(test)]
impl Claims {
    pub(crate) fn said(claims: Value) -> Self {
        Self(claims)
    }
}

/// Why a signed token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OidcRefusal {
    /// The key that signed it is not among those of the provider; they may be older than it.
    KeyUnknown,
    /// Its time is over.
    Expired,
    /// Anything else: another issuer or audience, a wrong signature, an algorithm that is not taken.
    Wrong,
}

impl Provider {
    /// Whether a text looks like a signed token.
    pub fn signs(token: &str) -> bool {
        token.split('.').count() == 3
    }

    /// What the page calls the provider.
    pub fn shown_name(&self) -> String {
        let host = || url::Url::parse(&self.issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
        self.name.clone().or_else(host).unwrap_or_else(|| self.issuer.clone())
    }

    /// Who a bearer token of this provider stands for at `now`.
    pub fn read(&self, keys: &JwkSet, token: &str, now: Time) -> Result<Identity, OidcRefusal> {
        let claims = self.claims(keys, token, &self.audience, now)?;
        self.person(&claims).ok_or(OidcRefusal::Wrong)
    }

    /// What the token says that the provider gave for a code: it is for this client, and of the sign-in with this nonce.
    pub fn signed_in(&self, keys: &JwkSet, token: &str, nonce: &str, now: Time) -> Result<Claims, OidcRefusal> {
        let client = self.client_id.as_deref().ok_or(OidcRefusal::Wrong)?;
        let claims = self.claims(keys, token, &[client], now)?;
        let same: bool = claims["nonce"].as_str().unwrap_or_default().as_bytes().ct_eq(nonce.as_bytes()).into();
        // A token for several is ours if it was given to us.
        let shared = claims["aud"].as_array().is_some_and(|audiences| audiences.len() > 1);
        let given_to = claims.get("azp").and_then(Value::as_str);
        if !same || given_to.map_or(shared, |party| party != client) {
            return Err(OidcRefusal::Wrong);
        }
        let claims = Claims(claims);
        self.person_of(&claims).map(|_| claims).ok_or(OidcRefusal::Wrong)
    }

    /// Who somebody is by what the provider once said, as the settings have it now; nobody if another provider said it.
    pub fn person_of(&self, claims: &Claims) -> Option<Identity> {
        let claims = &claims.0;
        (claims["iss"] == self.issuer.as_str()).then(|| self.person(claims)).flatten()
    }

    /// The same provider where nobody has a role any more.
    pub fn without_roles(&self) -> Self {
        Self { roles: BTreeMap::new(), ..self.clone() }
    }

    /// Whether the keys of `other` are asked for elsewhere.
    pub fn keys_differ(&self, other: &Self) -> bool {
        let of =
            |provider: &Self| (provider.issuer.clone(), provider.keys_url.clone(), provider.keys_file.clone(), provider.ca_file.clone());
        of(self) != of(other)
    }

    fn claims<T: ToString>(&self, keys: &JwkSet, token: &str, audience: &[T], now: Time) -> Result<Value, OidcRefusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| OidcRefusal::Wrong)?;
        if demands(token) {
            return Err(OidcRefusal::Wrong);
        }
        let key = match &header.kid {
            Some(id) => keys.find(id),
            // A provider with a single key need not name it.
            None => keys.keys.first().filter(|_| keys.keys.len() == 1),
        };
        let key = key.ok_or(OidcRefusal::KeyUnknown)?;
        // The key says how it signs; what the token says must be the same.
        let algorithm = algorithm(key).filter(|algorithm| *algorithm == header.alg).ok_or(OidcRefusal::Wrong)?;
        let decoding = DecodingKey::from_jwk(key).map_err(|_| OidcRefusal::Wrong)?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(audience);
        validation.required_spec_claims = HashSet::from(["exp", "iss", "aud"].map(str::to_owned));
        // Times are compared with the time that was given.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let claims = jsonwebtoken::decode::<Value>(token, &decoding, &validation).map_err(|_| OidcRefusal::Wrong)?.claims;
        let seconds = now.micros() / 1_000_000;
        let time = |name: &str| claims[name].as_i64().or_else(|| claims[name].as_f64().map(|time| time as i64));
        if time("exp").is_none_or(|expires| expires.saturating_add(LEEWAY_SECONDS) <= seconds) {
            return Err(OidcRefusal::Expired);
        }
        if time("nbf").is_some_and(|begins| begins.saturating_sub(LEEWAY_SECONDS) > seconds) {
            return Err(OidcRefusal::Wrong);
        }
        Ok(claims)
    }

    fn person(&self, claims: &Value) -> Option<Identity> {
        let text = |claim: &str| inner(claims, claim).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let id = text("oid").or_else(|| text("sub"))?;
        let name = text(&self.name_claim).or_else(|| text("email")).or_else(|| text("upn")).unwrap_or(id);
        let groups: Vec<String> = texts(inner(claims, &self.role_claim)).take(GROUPS_MAX).map(str::to_owned).collect();
        let mut roles: Vec<Role> = texts(inner(claims, &self.role_claim)).filter_map(|value| self.roles.get(value).copied()).collect();
        roles.sort_unstable();
        roles.dedup();
        let scope = match &self.workspace_claim {
            None => Scope::All,
            Some(claim) => {
                let names: Vec<String> = texts(inner(claims, claim)).filter_map(|name| workspace_name(name).ok()).collect();
                if names.is_empty() {
                    // Who has no workspace may do nothing, or an empty list would open all.
                    roles.clear();
                }
                Scope::of(names)
            }
        };
        let name = name.chars().filter(|c| !c.is_control()).take(256).collect();
        Some(Identity { name, id: format!("{}#{id}", self.issuer), kind: Kind::Person, roles, scope, groups })
    }
}

/// The algorithm of a key, if it is one that is taken.
fn algorithm(key: &Jwk) -> Option<Algorithm> {
    if key.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &key.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == jsonwebtoken::jwk::EllipticCurve::P256 => Algorithm::ES256,
        _ => return None,
    };
    let declared = key.common.key_algorithm.map(|declared| format!("{declared:?}"));
    declared.is_none_or(|declared| declared == format!("{algorithm:?}")).then_some(algorithm)
}

/// The keys of a provider; of a kind that is not known here, none.
pub fn provider_keys(bytes: &[u8]) -> Result<JwkSet, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(bytes)?;
    Ok(JwkSet { keys: set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() })
}

/// A claim, by its name or by a path of names with dots.
fn inner<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| name.split('.').try_fold(claims, |value, part| value.get(part)))
}

/// The texts of a claim that is a list, or one text.
fn texts(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let (list, one) = match claim {
        Some(Value::Array(items)) => (items.as_slice(), None),
        Some(Value::String(text)) => (&[][..], Some(text.as_str())),
        _ => (&[][..], None),
    };
    list.iter().filter_map(Value::as_str).chain(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use jsonwebtoken::EncodingKey;
    use jsonwebtoken::Header;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    const NOW: i64 = 1_700_000_000;

    fn now() -> Time {
        Time::from_micros(NOW * 1_000_000)
    }

    struct Signer {
        key: EncodingKey,
        set: JwkSet,
    }

    impl Signer {
        fn new(id: &str) -> Self {
            let random = SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key");
            let point = pair.public_key().as_ref();
            let set = json!({"keys": [{
                "kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256",
                "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
            }]});
            let mut all = set;
            all["keys"].as_array_mut().expect("a list").insert(0, json!({"kty": "lattice", "kid": "new"}));
            let set = provider_keys(all.to_string().as_bytes()).expect("a set of keys");
            assert_eq!(set.keys.len(), 1, "a key of a kind to come is left out");
            Self { key: EncodingKey::from_ec_der(pkcs8.as_ref()), set }
        }

        fn sign(&self, id: Option<&str>, claims: &Value) -> String {
            let header = Header { kid: id.map(str::to_owned), ..Header::new(Algorithm::ES256) };
            jsonwebtoken::encode(&header, claims, &self.key).expect("a token")
        }
    }

    fn provider() -> Provider {
        Provider {
            issuer: "https://login.example".into(),
            audience: vec!["clew".into(), "api://clew".into()],
            name: None,
            client_id: Some("page".into()),
            client_secret_file: None,
            client_auth: None,
            authorization_url: None,
            token_url: None,
            scopes: scopes(),
            session_minutes: session_minutes(),
            ca_file: None,
            keys_url: None,
            keys_file: None,
            role_claim: "realm.groups".into(),
            name_claim: name(),
            workspace_claim: None,
            roles: BTreeMap::from([("soc".into(), Role::Responder), ("ops".into(), Role::Ingest)]),
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://login.example", "aud": "clew", "sub": "42", "preferred_username": "ana@example", "exp": NOW + 600,
            "realm": {"groups": ["soc", "other", "ops"]},
        })
    }

    #[test]
    fn a_token_of_the_provider_names_a_person_and_its_roles() {
        let signer = Signer::new("k1");
        let person = provider().read(&signer.set, &signer.sign(Some("k1"), &claims()), now()).expect("a good token");
        assert_eq!((person.name.as_str(), person.id.as_str(), person.kind), ("ana@example", "https://login.example#42", Kind::Person));
        assert_eq!((person.roles, person.scope), (vec![Role::Responder, Role::Ingest], Scope::All));
        assert!(provider().read(&signer.set, &signer.sign(None, &claims()), now()).is_ok(), "the only key need not be named");
    }

    #[test]
    fn anything_else_is_refused() {
        let (signer, other) = (Signer::new("k1"), Signer::new("k1"));
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            signer.sign(Some("k1"), &claims)
        };
        let mut endless = claims();
        endless.as_object_mut().expect("an object").remove("exp");
        let unsigned = {
            let token = signer.sign(Some("k1"), &claims());
            let header = BASE64.encode(r#"{"alg":"none","kid":"k1"}"#);
            format!("{header}.{}.", token.split('.').nth(1).unwrap_or_default())
        };
        let symmetric = {
            let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::HS256) };
            jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(b"guessed")).expect("a token")
        };
        let demanding = {
            let header = BASE64.encode(r#"{"alg":"ES256","kid":"k1","crit":["x"],"x":1}"#);
            let signed = format!("{header}.{}", BASE64.encode(claims().to_string()));
            let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &signer.key, Algorithm::ES256).expect("a signature");
            format!("{signed}.{signature}")
        };
        let cases = [
            (with("iss", json!("https://evil.example")), OidcRefusal::Wrong),
            (with("aud", json!("another")), OidcRefusal::Wrong),
            (with("aud", json!(["another", "api://clew"])), OidcRefusal::KeyUnknown),
            (with("exp", json!(NOW - 61)), OidcRefusal::Expired),
            (with("nbf", json!(NOW + 600)), OidcRefusal::Wrong),
            (with("sub", json!("")), OidcRefusal::Wrong),
            (signer.sign(Some("k1"), &endless), OidcRefusal::Wrong),
            (signer.sign(Some("k2"), &claims()), OidcRefusal::KeyUnknown),
            (other.sign(Some("k1"), &claims()), OidcRefusal::Wrong),
            (unsigned, OidcRefusal::Wrong),
            (symmetric, OidcRefusal::Wrong),
            (demanding, OidcRefusal::Wrong),
            ("a.b.c".to_owned(), OidcRefusal::Wrong),
        ];
        for (place, (token, refusal)) in cases.into_iter().enumerate() {
            let read = provider().read(&signer.set, &token, now());
            if place == 2 {
                assert!(read.is_ok(), "one of several audiences is enough");
                continue;
            }
            assert_eq!(read, Err(refusal), "case {place}");
        }
    }

    #[test]
    fn who_signed_in_is_told_by_a_token_for_this_client_and_this_sign_in() {
        let signer = Signer::new("k1");
        let read = |audience: Value, party: Option<&str>, nonce: &str| {
            let mut claims = claims();
            (claims["aud"], claims["nonce"]) = (audience, json!(nonce));
            if let Some(party) = party {
                claims["azp"] = json!(party);
            }
            let token = signer.sign(Some("k1"), &claims);
            provider().signed_in(&signer.set, &token, "n1", now()).map(|said| provider().person_of(&said).expect("a person").name)
        };
        let good = Ok("ana@example".to_owned());
        assert_eq!(read(json!("page"), None, "n1"), good);
        assert_eq!(read(json!(["page"]), Some("page"), "n1"), good);
        assert_eq!(read(json!(["page", "api"]), Some("page"), "n1"), good);
        let wrong = Err(OidcRefusal::Wrong);
        assert_eq!(read(json!(["page", "api"]), None, "n1"), wrong, "nobody says to whom it was given");
        assert_eq!(read(json!("page"), Some("another"), "n1"), wrong);
        assert_eq!(read(json!("clew"), None, "n1"), wrong, "a bearer token begins no session");
        assert_eq!(read(json!("page"), None, "n2"), wrong, "it is of another sign-in");
        let without = Provider { client_id: None, ..provider() };
        assert_eq!(without.signed_in(&signer.set, "a.b.c", "n1", now()), Err(OidcRefusal::Wrong));
        assert_eq!(provider().shown_name(), "login.example");
    }

    #[test]
    fn who_signed_in_has_the_roles_that_the_settings_name_now() {
        let signer = Signer::new("k1");
        let mut claims = claims();
        (claims["aud"], claims["nonce"]) = (json!("page"), json!("n1"));
        let said = provider().signed_in(&signer.set, &signer.sign(Some("k1"), &claims), "n1", now()).expect("a good token");
        let roles = |provider: Provider| provider.person_of(&said).map(|person| person.roles);
        assert_eq!(roles(provider()), Some(vec![Role::Responder, Role::Ingest]));
        assert_eq!(roles(Provider { roles: BTreeMap::from([("soc".into(), Role::Reader)]), ..provider() }), Some(vec![Role::Reader]));
        assert_eq!(roles(provider().without_roles()), Some(vec![]));
        assert_eq!(roles(Provider { issuer: "https://elsewhere.example".into(), ..provider() }), None, "another provider said it");
    }

    #[test]
    fn clocks_may_differ_a_little() {
        let signer = Signer::new("k1");
        let mut claims = claims();
        (claims["exp"], claims["nbf"]) = (json!(NOW - 59), json!(NOW + 59));
        assert!(provider().read(&signer.set, &signer.sign(Some("k1"), &claims), now()).is_ok());
    }

    #[test]
    fn workspaces_come_from_their_claim() {
        let signer = Signer::new("k1");
        let provider = Provider { workspace_claim: Some("spaces".into()), ..provider() };
        let mut claims = claims();
        let none = provider.read(&signer.set, &signer.sign(Some("k1"), &claims), now()).expect("a good token");
        assert_eq!(none.roles, [], "who has no workspace may do nothing");
        claims["spaces"] = json!(["Case-1", "../x"]);
        let one = provider.read(&signer.set, &signer.sign(Some("k1"), &claims), now()).expect("a good token");
        assert_eq!(one.scope, Scope::of(["case-1".to_owned()]));
        assert_eq!(one.roles, [Role::Responder, Role::Ingest]);
    }
}
