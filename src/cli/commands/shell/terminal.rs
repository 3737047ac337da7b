//! The shell at a terminal: editing, history, completion.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use reedline::{
    ColumnarMenu, Completer, EditCommand, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal, Span, Suggestion, ValidationResult, Validator,
    default_emacs_keybindings,
};
use serde_json::{Value, json};

use super::statement::{Pending, is_whole};
use super::{Failure, Next, Request, Session};
use crate::cli::client::Client;
use crate::cli::fault;

/// The file of the history in the data directory.
const HISTORY: &str = "shell-history.txt";
/// Lines that the history keeps.
const HISTORY_MAX: usize = 2_000;
/// The menu of completions.
const MENU: &str = "completion";

/// Asks until the person leaves.
pub(super) fn run(mut session: Session, dir: &Path) -> Result<(), Failure> {
    let language = Arc::new(Mutex::new(session.lang.clone()));
    let completer = ByClient { client: Arc::clone(&session.client), language: Arc::clone(&language) };
    let mut keys = default_emacs_keybindings();
    let complete = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, complete);
    keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, ReedlineEvent::Edit(vec![EditCommand::InsertNewline]));
    let mut editor = Reedline::create()
        .with_completer(Box::new(completer))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(ColumnarMenu::default().with_name(MENU))))
        .with_validator(Box::new(EndsQuery))
        .with_edit_mode(Box::new(Emacs::new(keys)));
    // A history that cannot be kept is no reason to refuse questions.
    if let Ok(history) = FileBackedHistory::with_file(HISTORY_MAX, dir.join(HISTORY)) {
        editor = editor.with_history(Box::new(history));
    }
    println!("clew {}: `.help` tells what can be done here", env!("CARGO_PKG_VERSION"));
    loop {
        session.lang.clone_into(&mut language.lock().unwrap_or_else(PoisonError::into_inner));
        let text = match editor.read_line(&Mark(session.lang.clone()))? {
            Signal::Success(text) => text,
            Signal::CtrlD => return Ok(()),
            _ => continue,
        };
        let Some(line) = Pending::default().take(&text, true) else { continue };
        match session.take(&line) {
            Ok(Next::Go) => {}
            Ok(Next::Quit) => return Ok(()),
            Err(Failure::Output(error)) => return Err(error.into()),
            Err(failure) => eprint!("{}", fault::text(&failure)),
        }
    }
}

/// Enter asks a query that is whole, and goes to the next line of one that is not.
struct EndsQuery;

impl Validator for EndsQuery {
    fn validate(&self, text: &str) -> ValidationResult {
        let blank = text.ends_with('\n') || text.trim().is_empty();
        if blank || is_whole(text) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

/// Completion as the API knows it.
struct ByClient {
    client: Arc<Client>,
    language: Arc<Mutex<String>>,
}

impl Completer for ByClient {
    fn complete(&mut self, line: &str, place: usize) -> Vec<Suggestion> {
        let language = self.language.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let language = if language == "sql" { "sql" } else { "kql" };
        let request = Request::post("/v1/query/complete", json!({"text": line, "offset": place, "lang": language}));
        // A completion that fails completes nothing.
        let Ok(answer) = self.client.ask(&request) else { return Vec::new() };
        let at = |end: &str| answer["span"][end].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(place);
        let span = Span { start: at("start"), end: at("end") };
        let items = answer["items"].as_array().into_iter().flatten();
        let suggestion = |item: &Value| {
            let text = |member: &str| item[member].as_str().map(str::to_owned);
            Some(Suggestion {
                value: text("insert")?,
                display_override: text("label"),
                description: text("detail"),
                span,
                append_whitespace: false,
                ..Suggestion::default()
            })
        };
        items.filter_map(suggestion).collect()
    }
}

/// The prompt: the language that is spoken.
struct Mark(String);

impl Prompt for Mark {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("   | ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("(history: {}) ", search.term))
    }
}
