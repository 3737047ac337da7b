//! `mcp`: the tools of the Model Context Protocol on standard input and output; a server has the same at `/mcp`.

use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::ServiceExt;
use rmcp::service::RequestContext;

use super::{Failure, Global, Request};
use crate::cli::client::{Client, runtime};
use crate::http::mcp::{Api, Tools};
use crate::model::{Fault, FaultClass};

/// Serves the tools.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example, in the configuration of an assistant:
  {\"command\": \"clew\", \"args\": [\"mcp\", \"--data\", \"/var/lib/clew\"]}

A running server has the same tools at `/mcp` (streamable HTTP). What a tool proposes, `clew proposals` lists.")]
pub(crate) struct Mcp {}

/// The API of one data directory.
struct Directory {
    client: Arc<Client>,
    user: Option<String>,
}

impl Api for Directory {
    async fn send(&self, request: Request, _: &RequestContext<RoleServer>) -> Result<(u16, Vec<u8>), Fault> {
        let (client, request) = (Arc::clone(&self.client), request.by(self.user.clone()));
        let sent = tokio::task::spawn_blocking(move || client.answer(&request)).await;
        sent.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "request_failed", error.to_string())))
    }
}

impl Mcp {
    /// Serves until the input ends.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        // The client has a runtime of its own, which must not end inside of another: it outlives the tools.
        let client = Arc::new(Client::reading(&global.dir())?);
        let tools = Tools::over(Directory { client: Arc::clone(&client), user: global.user() });
        let failed = |error: String| Fault::new(FaultClass::Unavailable, "mcp_failed", error);
        runtime()?.block_on(async {
            let service = tools.serve(rmcp::transport::stdio()).await.map_err(|error| failed(error.to_string()))?;
            service.waiting().await.map_err(|error| failed(error.to_string()))?;
            Ok(())
        })
    }
}
