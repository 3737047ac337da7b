//! Who may do what: roles and rights, keys, issued tokens, signed tokens of people, rates. Pure: it is given the time, the
//! randomness and the bytes of files, and keeps nothing.

mod key;
mod names;
mod oidc;
mod rate;
mod role;
mod settings;
mod sign_in;
mod token;

pub use key::{Key, KeyKind, Keys, NewKey, Presented, Refusal};
pub use names::{DEFAULT_WORKSPACE, Scope, WORKSPACES_FOLDER, workspace_id, workspace_name, workspace_of};
pub use oidc::{Claims, ClientAuth, OidcRefusal, Provider, provider_keys};
pub use rate::{Bucket, Rate};
pub use role::{Right, Role};
pub use settings::{LimitSettings, Settings};
pub use sign_in::SignIn;
pub use token::{Secret, Subject};

use ring::rand::{SecureRandom, SystemRandom};

use crate::model::{Fault, FaultClass};

/// How somebody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whoever owns the data directory, or everybody while no sign-in is configured.
    Local,
    /// A key, presented itself or by a token that was issued for it.
    Key,
    /// A person with a signed token of an identity provider, or with the session that one began.
    Person,
}

/// Somebody who was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name as the activity log shows it.
    pub name: String,
    /// What limits and logs know it by; stays the same when the name changes.
    pub id: String,
    /// How it was recognised.
    pub kind: Kind,
    /// Roles; a right of any of them is a right.
    pub roles: Vec<Role>,
    /// Workspaces that it may use.
    pub scope: Scope,
    /// Groups that the identity provider names; they open nothing.
    pub groups: Vec<String>,
}

impl Identity {
    /// The owner of the data directory.
    pub fn local() -> Self {
        let (roles, groups) = (vec![Role::Admin], Vec::new());
        Self { name: "local".into(), id: "local".into(), kind: Kind::Local, roles, scope: Scope::All, groups }
    }

    /// Whether one of its roles has `right`.
    pub fn has(&self, right: Right) -> bool {
        right == Right::Open || self.roles.iter().any(|role| role.has(right))
    }

    /// Refuses what none of its roles has the right to.
    pub fn check(&self, right: Right) -> Result<(), Fault> {
        if self.has(right) {
            return Ok(());
        }
        let able: Vec<&str> = Role::ALL.iter().filter(|role| role.has(right)).map(|role| role.as_str()).collect();
        let own: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        Err(Fault::new(
            FaultClass::Invalid,
            "right_missing",
            format!("expected a role with the right `{}` ({}), found `{own}`", right.as_str(), able.join(", ")),
        )
        .with_hint("an admin gives a key of that role: `clew key create --role ROLE`"))
    }
}

/// `N` random bytes of the system.
pub fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Fault::new(FaultClass::Internal, "random_failed", "the system gives no random bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_named_with_the_roles_that_have_it() {
        let reader = Identity { roles: vec![Role::Reader], kind: Kind::Key, ..Identity::local() };
        assert!(reader.check(Right::Read).is_ok() && reader.check(Right::Open).is_ok());
        let fault = reader.check(Right::Respond).expect_err("a reader changes nothing");
        assert_eq!(
            (fault.code, fault.message.as_str()),
            ("right_missing", "expected a role with the right `respond` (responder, contributor, admin), found `reader`")
        );
        let nobody = Identity { roles: Vec::new(), ..reader };
        assert!(nobody.check(Right::Known).is_err());
        let both = Identity { roles: vec![Role::Reader, Role::Ingest], ..nobody };
        assert!(both.has(Right::Read) && both.has(Right::Ingest) && !both.has(Right::Respond));
    }
}
