//! Where and how answers are printed: the formats, what the terminal can, and the notice of an answer that was cut.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use super::render::{self, View};

/// How to print an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns and sections, for people.
    #[default]
    Table,
    /// The body that the API gives.
    Json,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Markdown.
    Md,
    /// An Arrow IPC stream: rows of a query, for programs.
    Arrow,
    /// A Parquet file: rows of a query, for programs.
    Parquet,
}

impl Format {
    /// Whether the server writes it and nobody reads it at a terminal.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }
}

/// What the place of printing can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether colours are shown.
    pub(crate) colour: bool,
    /// Columns of the terminal; none where lines may be as long as they are.
    pub(crate) width: Option<u16>,
}

impl Style {
    /// What the standard output of this process can show.
    pub(crate) fn of_stdout() -> Self {
        if !io::stdout().is_terminal() {
            return Self::default();
        }
        Self { colour: colours(&io::stdout()), width: comfy_table::Table::new().width() }
    }
}

/// Whether colours are shown at `place`.
pub(crate) fn colours(place: &impl IsTerminal) -> bool {
    place.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints an answer to the standard output, and to the standard error that it is not whole where the format has no place for that.
pub(crate) fn print(view: View, answer: &Value, format: Format) -> io::Result<()> {
    let style = Style::of_stdout();
    let text = match format {
        Format::Json => {
            let mut text = if io::stdout().is_terminal() { serde_json::to_string_pretty(answer) } else { serde_json::to_string(answer) }?;
            text.push('\n');
            text
        }
        Format::Table => render::for_people(view, answer, style),
        Format::Csv => render::csv(view, answer),
        Format::Jsonl => render::json_lines(view, answer),
        Format::Md => render::markdown(view, answer),
        Format::Arrow | Format::Parquet => return Err(io::Error::other("only the rows of `clew query` are written as arrow or parquet")),
    };
    write(text.as_bytes())?;
    if !matches!(format, Format::Json | Format::Table)
        && let Some(notice) = render::notice(answer)
    {
        eprintln!("{notice}");
    }
    Ok(())
}

/// Writes bytes to the standard output.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
