//! `tls`: certificates for `serve --tls`, and what clients need to trust them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::{Failure, Global};
use super::serve::LISTEN_DEFAULT;
use super::{View, for_programs, print};
use crate::http;
use crate::http::tls::Certificates;

/// Certificates.
#[derive(Debug, clap::Args)]
pub(crate) struct Tls {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make an authority and a server certificate, and print what clients need
    Init(Init),
}

/// Names of the server.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The output is a piece of shell script: eval \"$(clew tls init)\".
An authority that is there stays; the server's certificate is made anew, with the names of the one before and the new ones.
IDENTITY_HEADER stands for the owner of the data directory, with the role admin; a key of another role does as well.")]
struct Init {
    /// A further name or address of the server, beside localhost, 127.0.0.1 and ::1; may be given again
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,
    /// Where the server will listen, for the address of its token endpoint
    #[arg(long, default_value = LISTEN_DEFAULT, value_name = "ADDR:PORT")]
    listen: SocketAddr,
}

impl Tls {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let What::Init(init) = &self.what;
        let dir = global.root();
        let certificates = Certificates::of(&dir);
        certificates.make(&init.name, chrono::Utc::now().date_naive())?;
        let header = http::directory_secret(&dir)?.identity_header();
        let (authority, server) = (absolute(&certificates.authority()), absolute(&certificates.server()));
        let host = init.name.iter().find(|name| !name.starts_with("*.")).map_or("localhost", String::as_str);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let endpoint = format!("https://{host}:{}/msi/token", init.listen.port());
        let trust = ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];
        let identity = [("IDENTITY_ENDPOINT", endpoint.clone()), ("IDENTITY_HEADER", header)];
        if for_programs(global) {
            let mut environment: serde_json::Map<String, serde_json::Value> =
                trust.iter().map(|name| ((*name).to_owned(), json!(authority))).collect();
            environment.extend(identity.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
            let answer = json!({"authority": authority, "certificate": server, "names": certificates.names(), "environment": environment});
            return print(global, &answer, View::Any);
        }
        println!("# Trust in this server: Python (requests), Node.js, OpenSSL and httpx.");
        trust.iter().for_each(|name| println!("export {name}={}", quoted(&authority)));
        println!("# Tokens for DefaultAzureCredential and ManagedIdentityCredential.");
        identity.iter().for_each(|(name, value)| println!("export {name}={}", quoted(value)));
        eprintln!("certificate of the server: {server}; serve it with `clew serve --tls --data {}`", dir.display());
        Ok(())
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-:[]=".contains(&byte)) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        for (text, expected) in [("/a/b.pem", "/a/b.pem"), ("/a b", "'/a b'"), ("it's", r"'it'\''s'"), ("$(x)", "'$(x)'")] {
            assert_eq!(quoted(text), expected);
        }
    }
}
