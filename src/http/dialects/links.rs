//! Links to the next page and the tokens in them. The token carries all that the next page needs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Call;
use crate::model::{Fault, FaultClass};

impl Call {
    /// The absolute address of the next page: the path that was asked, `api-version` as it was given, and the token.
    ///
    /// Names of options stand as they are: one client loses all of them if `$` is encoded.
    pub(crate) fn next_link(&self, token: &str) -> String {
        let version = self.option("api-version").map(|version| {
            let version: String = url::form_urlencoded::byte_serialize(version.as_bytes()).collect();
            format!("api-version={version}&")
        });
        format!("{}{}?{}$skipToken={token}", self.base, self.path, version.unwrap_or_default())
    }
}

/// Writes what the next page needs in letters, digits, `-` and `_`: anything else breaks some client.
pub(crate) fn write_token(state: &impl Serialize) -> Result<String, Fault> {
    let unwritable = |error: serde_json::Error| Fault::new(FaultClass::Internal, "token_unwritable", error.to_string());
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(state).map_err(unwritable)?))
}

/// Reads a token of an earlier answer.
pub(crate) fn read_token<T: DeserializeOwned>(token: &str) -> Result<T, Fault> {
    let read = URL_SAFE_NO_PAD.decode(token.trim().trim_end_matches('=')).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| {
        Fault::new(FaultClass::Invalid, "skip_token_invalid", "expected a `$skipToken` of an earlier answer, found another text")
            .with_hint("leave it out to begin with the first page")
    })
}
