//! `key`: who may come in.

use serde_json::{Value, json};

use super::super::client::Client;
use super::super::{Failure, Global};
use super::{Request, View, for_programs, print};
use crate::access::Role;

/// Keys and service principals.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a key and print its token, which is shown this once
    Create(Create),
    /// List keys, without their secrets
    List,
    /// End a key at once
    Revoke {
        /// Its id
        id: String,
    },
}

/// What a new key is to be.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Roles: reader      sees everything that is no secret of the server
       responder   also works on incidents and alerts
       contributor also defines rules, lists and exports, sends data in
       admin       also manages keys and workspaces, takes backups
       ingest      sends data in and sees nothing")]
struct Create {
    /// What its holder may do: reader, responder, contributor, admin, ingest
    #[arg(long)]
    role: Role,
    /// Name, also of its changes in the activity log [default: the role's]
    #[arg(long)]
    name: Option<String>,
    /// A workspace that it opens; may be given again, --workspace is one too [default: all]
    #[arg(long, value_name = "WORKSPACE")]
    scope: Vec<String>,
    /// When it ends: a time, or a while such as 90d or 12h [default: never]
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Make a service principal, which buys tokens with its id and secret
    #[arg(long)]
    principal: bool,
}

impl Create {
    fn request(&self, workspace: Option<&String>) -> Request {
        let scope: Vec<&String> = self.scope.iter().chain(workspace).collect();
        let kind = if self.principal { "principal" } else { "key" };
        let body = json!({"role": self.role, "name": self.name, "kind": kind, "workspaces": scope, "expires": self.expires});
        Request::post("/v1/keys", body)
    }
}

impl KeyCommand {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let client = Client::writing(&global.root())?;
        match &self.what {
            What::Create(create) => {
                let made = client.ask(&create.request(global.workspace.as_ref()).by(global.user()))?;
                if for_programs(global) {
                    return print(global, &made, View::Any);
                }
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (id, secret) = (text(&made["key"]["id"]), text(&made["secret"]));
                if create.principal {
                    println!("AZURE_CLIENT_ID={id}\nAZURE_CLIENT_SECRET={secret}\nAZURE_TENANT_ID=clew");
                } else {
                    println!("{secret}");
                }
                eprintln!("key {id} made; its secret is shown this once");
                Ok(())
            }
            What::List => print(global, &client.ask(&Request::get("/v1/keys"))?["value"], View::Any),
            What::Revoke { id } => {
                let request = Request::post("/v1/keys", json!({})).part(id).part("revoke").by(global.user());
                print(global, &client.ask(&request)?, View::Any)
            }
        }
    }
}
