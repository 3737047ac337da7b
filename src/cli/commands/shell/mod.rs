//! `shell`: queries one after another, with history and completion at a terminal, from a script without one.

mod statement;
mod terminal;

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Failure, Global, Request, View};
use crate::cli::client::{Client, runtime};
use crate::cli::fault;
use crate::cli::output::{self, Format};
use crate::model::{Fault, FaultClass};
use clap::ValueEnum;
use statement::{Line, Pending};

/// Where the shell begins.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew shell                                at a terminal: tab completes, an empty line or `;` asks, ctrl-c gives up
  clew shell < hunts.kql                    asks each query of a file
  echo '.tables' | clew shell --format csv")]
pub(crate) struct Shell {
    /// Language to begin with: kql, sql or cypher
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
}

const HELP: &str = "\
A query ends with `;` or an empty line; `let` and `set` go on behind their `;`.
  .tables            the tables with their rows
  .schema TABLE      the columns of a table
  .queries           the saved queries
  .format FORMAT     how answers are printed: table, json, csv, jsonl or md
  .lang LANG         kql, sql or cypher
  .help              this text
  .quit              leaves, as ctrl-d does
";

/// What a shell remembers between questions.
struct Session {
    client: Arc<Client>,
    runtime: tokio::runtime::Runtime,
    lang: String,
    format: Format,
    user: Option<String>,
}

/// Whether the shell goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Quit,
}

impl Shell {
    /// Asks until the end of the input; without a terminal the first mistake makes the command fail at its end.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let mut session = Session {
            client: Arc::new(Client::reading(&global.dir())?),
            runtime: runtime()?,
            lang: String::new(),
            format: global.format(),
            user: global.user(),
        };
        session.set_language(self.lang.as_deref().unwrap_or("kql"))?;
        if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
            return terminal::run(session, &global.dir());
        }
        let mut failed = 0;
        let mut pending = Pending::default();
        let mut lines = std::io::stdin().lock().lines();
        loop {
            let line = lines.next().transpose()?;
            let ended = line.is_none();
            let Some(found) = pending.take(line.as_deref().unwrap_or_default(), ended) else {
                if ended {
                    break;
                }
                continue;
            };
            match session.take(&found) {
                Ok(Next::Go) => {}
                Ok(Next::Quit) => break,
                Err(failure) => {
                    failed += 1;
                    eprint!("{}", fault::text(&failure));
                }
            }
            if ended {
                break;
            }
        }
        match failed {
            0 => Ok(()),
            n => Err(Fault::new(FaultClass::Invalid, "shell_failed", format!("expected no mistakes, found {n}")).into()),
        }
    }
}

impl Session {
    fn take(&mut self, line: &Line) -> Result<Next, Failure> {
        match line {
            Line::Command(text) => self.command(text),
            Line::Query(text) => self.query(text).map(|()| Next::Go),
        }
    }

    fn command(&mut self, text: &str) -> Result<Next, Failure> {
        let (name, argument) = text.split_once(char::is_whitespace).map_or((text, ""), |(name, rest)| (name, rest.trim()));
        match (name, argument) {
            (".quit" | ".exit", _) => return Ok(Next::Quit),
            (".help", _) => output::write(HELP.as_bytes())?,
            (".tables", _) => self.show(Request::get("/v1/tables"))?,
            (".queries", _) => self.show(Request::get("/v1/queries"))?,
            (".schema", "") => return Err(usage("a table behind `.schema`", "nothing").into()),
            (".schema", table) => self.show(Request::get("/v1/tables").part(table))?,
            (".format", name) => {
                let read = |format: &Format| !format.is_binary();
                self.format = Format::from_str(name, true).ok().filter(read).ok_or_else(|| usage("table, json, csv, jsonl or md", name))?;
            }
            (".lang", name) => self.set_language(name)?,
            (other, _) => return Err(usage("a command that `.help` lists", other).into()),
        }
        Ok(Next::Go)
    }

    fn set_language(&mut self, name: &str) -> Result<(), Fault> {
        let language = crate::query::ask::Language::parse(name);
        language.ok_or_else(|| usage("kql, sql or cypher", name))?;
        self.lang = name.to_lowercase();
        Ok(())
    }

    fn query(&self, text: &str) -> Result<(), Failure> {
        let request = Request::post("/v1/query", json!({"text": text, "lang": self.lang})).about(text).by(self.user.clone());
        match self.ask(request)? {
            Some(answer) => Ok(output::print(View::Table, &answer, self.format)?),
            None => {
                eprintln!("given up");
                Ok(())
            }
        }
    }

    fn show(&self, request: Request) -> Result<(), Failure> {
        match self.ask(request.by(self.user.clone()))? {
            Some(answer) => Ok(output::print(View::Any, &answer, self.format)?),
            None => Ok(()),
        }
    }

    /// The answer; none if the person gave up waiting for it, which ends the question.
    fn ask(&self, request: Request) -> Result<Option<Value>, Failure> {
        let (send, receive) = tokio::sync::oneshot::channel();
        let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
        let client = Arc::clone(&self.client);
        let work = move || {
            // Nobody reads what was given up.
            let _ = send.send(client.ask_until(&request, async { drop(given_up.await) }));
        };
        std::thread::Builder::new().name("question".into()).spawn(work)?;
        let answer = self.runtime.block_on(async {
            tokio::select! {
                answer = receive => match answer {
                    Ok(answer) => answer.map(Some),
                    Err(_) => Err(Fault::new(FaultClass::Internal, "question_failed", "the question ended without an answer").into()),
                },
                _ = tokio::signal::ctrl_c() => Ok(None),
            }
        });
        drop(give_up);
        answer
    }
}

fn usage(expected: &str, found: &str) -> Fault {
    Fault::new(FaultClass::Invalid, "shell_usage", format!("expected {expected}, found `{found}`")).with_hint("`.help` lists the commands")
}
