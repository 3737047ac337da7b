//! Aligned columns: headings, cells as text, the colour of severities. Breaks lines only where a terminal has a width.

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};
use serde_json::Value;

use super::super::fault::plain;
use super::super::output::Style;

/// Columns whose cells stay on one line.
const WHOLE: [&str; 19] = [
    "NUMBER",
    "SEVERITY",
    "STATUS",
    "ALERTS",
    "ENTITIES",
    "EDGES",
    "COUNT",
    "SCORE",
    "HOPS",
    "SEQ",
    "LINE",
    "RESULTS",
    "KIND",
    "FIRST",
    "LAST",
    "START",
    "MODIFIED",
    "ARRIVAL",
    "LAST ACTIVITY",
];

/// Rows under headings.
pub(super) struct Grid {
    headings: Vec<String>,
    headed: bool,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) fn new(headings: impl IntoIterator<Item = String>) -> Self {
        Self { headings: headings.into_iter().collect(), headed: true, rows: Vec::new() }
    }

    /// Leaves the headings out; they still say which column is a severity.
    pub(super) fn headless(mut self) -> Self {
        self.headed = false;
        self
    }

    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a Value>) {
        self.rows.push(cells.into_iter().map(text).collect());
    }

    pub(super) fn write(&self, style: Style) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        match style.width {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        if style.colour {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        if self.headed {
            table.set_header(self.headings.iter().map(|heading| Cell::new(plain(heading)).add_attribute(Attribute::Bold)));
        }
        for row in &self.rows {
            table.add_row(row.iter().zip(&self.headings).map(|(cell, heading)| coloured(Cell::new(cell), heading, cell)));
        }
        for (column, heading) in table.column_iter_mut().zip(&self.headings) {
            column.set_padding((0, 2));
            // A broken number, time or id can neither be read nor copied: text makes room for it.
            if style.width.is_some() && WHOLE.contains(&heading.as_str()) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
    }
}

fn coloured(cell: Cell, heading: &str, text: &str) -> Cell {
    if !heading.eq_ignore_ascii_case("severity") {
        return cell;
    }
    match text {
        "Critical" => cell.fg(Color::Magenta).add_attribute(Attribute::Bold),
        "High" => cell.fg(Color::Red),
        "Medium" => cell.fg(Color::Yellow),
        "Low" => cell.fg(Color::Blue),
        _ => cell,
    }
}

/// A severity in its colour, for text outside of columns.
pub(super) fn painted(severity: &str, style: Style) -> String {
    let code = match severity {
        "Critical" => "1;35",
        "High" => "31",
        "Medium" => "33",
        "Low" => "34",
        _ => return severity.to_owned(),
    };
    if style.colour { format!("\u{1b}[{code}m{severity}\u{1b}[0m") } else { severity.to_owned() }
}

/// A value on one line, without quotes around text and without what would steer a terminal.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => trimmed(float),
            _ => number.to_string(),
        },
        Value::Bool(bool) => bool.to_string(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        Value::Array(_) | Value::Object(_) => plain(&value.to_string()),
    }
}

/// Six digits are enough for the eye.
fn trimmed(float: f64) -> String {
    let fixed = format!("{float:.6}");
    if float != 0.0 && (float.abs() < 1e-4 || float.abs() >= 1e15) {
        return float.to_string();
    }
    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
}
