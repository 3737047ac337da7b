//! `watchlist` and `indicator`: lists of things to watch and signs of threats.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::query::read;
use super::{PageArgs, Request, View};
use crate::model::Fault;

/// Lists of things to watch, or to trust.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew watchlist import vips vips.csv --key UserPrincipalName
  clew watchlist matches vips                          who of them is in the data
  clew query \"SigninLogs | where UserPrincipalName in ((_GetWatchlist('vips') | project SearchKey))\"")]
pub(crate) struct Watchlist {
    #[command(subcommand)]
    work: ListWork,
}

#[derive(Debug, clap::Subcommand)]
enum ListWork {
    /// List the watchlists
    List,
    /// Take a CSV in as items of a list, which is made if it is not there
    Import {
        /// Alias of the list
        alias: String,
        /// The file
        file: PathBuf,
        /// The column whose value names an item
        #[arg(long, value_name = "COLUMN")]
        key: Option<String>,
        /// Name for people
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Remove items that are not in the file
        #[arg(long)]
        replace: bool,
    },
    /// List the items of a list
    Items {
        /// Alias of the list
        alias: String,
        /// Text that an item contains
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// List the entities that stand on a list, over all history
    Matches {
        /// Alias of the list
        alias: String,
        /// Entities of the answer
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Delete a list with its items
    Remove {
        /// Alias of the list
        alias: String,
    },
}

/// Signs of threats.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew indicator import feed.json --source 'my feed'     a STIX bundle
  clew indicator import bad.csv                          a CSV with a column `value`
  clew indicator matches indicator--8e2e...              which entities of the data match")]
pub(crate) struct Indicator {
    #[command(subcommand)]
    work: IndicatorWork,
}

#[derive(Debug, clap::Subcommand)]
enum IndicatorWork {
    /// List the indicators
    List {
        /// Text that name, pattern or source contains
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Take in a STIX bundle or a CSV
    Import {
        /// The file
        file: PathBuf,
        /// Who says so, where the file does not
        #[arg(long, value_name = "TEXT")]
        source: Option<String>,
    },
    /// Show one indicator
    Show {
        /// Its id
        id: String,
    },
    /// List the entities that match an indicator, over all history
    Matches {
        /// Its id
        id: String,
        /// Entities of the answer
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Delete an indicator
    Remove {
        /// Its id
        id: String,
    },
}

fn name(file: &Path) -> Value {
    file.file_name().map_or(Value::Null, |name| name.to_string_lossy().into())
}

impl Watchlist {
    pub(crate) fn request(&self) -> Result<(Request, View), Fault> {
        let of = |alias: &str| Request::get("/v1/watchlists").part(alias);
        Ok(match &self.work {
            ListWork::List => (Request::get("/v1/watchlists"), View::Definitions),
            ListWork::Import { alias, file, key, name: title, replace } => {
                let mut body = json!({"csv": read(file)?, "source": name(file), "replace": replace});
                for (member, value) in [("key", key), ("name", title)] {
                    if let Some(value) = value {
                        body[member] = value.as_str().into();
                    }
                }
                (of(alias).part("import").posting(body), View::Any)
            }
            ListWork::Items { alias, text, page } => (page.on(of(alias).part("items").with("text", text.as_ref())), View::Definitions),
            ListWork::Matches { alias, limit } => (of(alias).part("matches").with("limit", *limit), View::Entities),
            ListWork::Remove { alias } => (of(alias).deleting(), View::Any),
        })
    }
}

impl Indicator {
    pub(crate) fn request(&self) -> Result<(Request, View), Fault> {
        let all = || Request::get("/v1/indicators");
        Ok(match &self.work {
            IndicatorWork::List { text, page } => (page.on(all().with("text", text.as_ref())), View::Definitions),
            IndicatorWork::Import { file, source } => {
                let mut body = json!({"content": read(file)?});
                if let Some(source) = source {
                    body["source"] = source.as_str().into();
                }
                (all().part("import").posting(body), View::Any)
            }
            IndicatorWork::Show { id } => (all().part(id), View::Any),
            IndicatorWork::Matches { id, limit } => (all().part(id).part("matches").with("limit", *limit), View::Entities),
            IndicatorWork::Remove { id } => (all().part(id).deleting(), View::Any),
        })
    }
}
