//! Roles, the rights that an operation can need, and which role has which: the one table of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{Fault, FaultClass};

/// What somebody is allowed to be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything that is no secret of the server.
    Reader,
    /// Also works on incidents and alerts.
    Responder,
    /// Also defines rules, lists, queries and exports, and decides about entities.
    Contributor,
    /// Also manages keys and workspaces, takes backups, looks after the directory.
    Admin,
    /// Sends data in and sees nothing.
    Ingest,
}

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Nothing: it shows no data (health, the page's files, the token endpoints).
    Open,
    /// To be known, whatever the role.
    Known,
    /// To see data.
    Read,
    /// To work on incidents and alerts: fields, comments, tasks, bookmarks, relations.
    Respond,
    /// To define what works on its own or for all: rules, watchlists, functions, exports; to decide about entities.
    Contribute,
    /// To send data in.
    Ingest,
    /// To manage keys and workspaces, take and restore backups, look after the directory.
    Administer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Reader, Self::Responder, Self::Contributor, Self::Admin, Self::Ingest];

    /// Whether the role has `right`.
    pub fn has(self, right: Right) -> bool {
        use Right::{Contribute, Ingest, Known, Open, Read, Respond};
        match self {
            Self::Reader => matches!(right, Open | Known | Read),
            Self::Responder => matches!(right, Open | Known | Read | Respond),
            Self::Contributor => matches!(right, Open | Known | Read | Respond | Contribute | Ingest),
            Self::Admin => true,
            Self::Ingest => matches!(right, Open | Known | Ingest),
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Responder => "responder",
            Self::Contributor => "contributor",
            Self::Admin => "admin",
            Self::Ingest => "ingest",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            Fault::new(
                FaultClass::Invalid,
                "role_unknown",
                format!("expected reader, responder, contributor, admin or ingest, found `{text}`"),
            )
        })
    }
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 7] = [Self::Open, Self::Known, Self::Read, Self::Respond, Self::Contribute, Self::Ingest, Self::Administer];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Known => "known",
            Self::Read => "read",
            Self::Respond => "respond",
            Self::Contribute => "contribute",
            Self::Ingest => "ingest",
            Self::Administer => "administer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_rights_and_no_other() {
        let table = [
            (Role::Reader, "open known read"),
            (Role::Responder, "open known read respond"),
            (Role::Contributor, "open known read respond contribute ingest"),
            (Role::Admin, "open known read respond contribute ingest administer"),
            (Role::Ingest, "open known ingest"),
        ];
        assert_eq!(table.len(), Role::ALL.len());
        for (role, expected) in table {
            let rights: Vec<&str> = Right::ALL.into_iter().filter(|right| role.has(*right)).map(Right::as_str).collect();
            assert_eq!(rights.join(" "), expected, "{role}");
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        for role in Role::ALL {
            assert_eq!(role.as_str().to_uppercase().parse(), Ok(role));
        }
        assert_eq!("owner".parse::<Role>().map_err(|fault| fault.code), Err("role_unknown"));
    }
}
