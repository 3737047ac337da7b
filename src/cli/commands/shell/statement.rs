//! Where a query ends among the lines that are typed.

/// Statements behind which the query goes on.
const GO_ON: &[&str] = &["let", "set", "declare", "alias", "restrict"];

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `.word` and what stands behind it.
    Command(String),
    /// A query.
    Query(String),
}

/// Lines that wait for the end of their query.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    text: String,
}

impl Pending {
    /// Takes a line, or the end of all lines; gives what is whole with it.
    pub(super) fn take(&mut self, line: &str, ended: bool) -> Option<Line> {
        let trimmed = line.trim();
        if self.text.trim().is_empty() && trimmed.starts_with('.') {
            self.text.clear();
            return Some(Line::Command(trimmed.to_owned()));
        }
        if !trimmed.is_empty() {
            self.text.push_str(line);
            self.text.push('\n');
        }
        if !ended && !trimmed.is_empty() && !is_whole(&self.text) {
            return None;
        }
        let text = std::mem::take(&mut self.text);
        let text = text.trim().trim_end_matches(';').trim_end();
        (!text.is_empty()).then(|| Line::Query(text.to_owned()))
    }
}

/// Whether a text is a command, or a query that ends with its semicolon.
pub(super) fn is_whole(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with('.') {
        return true;
    }
    let Some(before) = text.strip_suffix(';') else { return false };
    let (depth, last) = last_statement(before);
    let word = last.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    depth == 0 && !GO_ON.contains(&word.to_lowercase().as_str())
}

/// How many brackets are open at the end of a text, and what stands behind its last semicolon outside of them, without comments.
fn last_statement(text: &str) -> (usize, String) {
    let (mut depth, mut last) = (0_usize, String::new());
    let mut quote: Option<char> = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '/') if letters.peek() == Some(&'/') => while letters.next_if(|letter| *letter != '\n').is_some() {},
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ';') if depth == 0 => {
                last.clear();
                continue;
            }
            (None, _) => {}
        }
        last.push(letter);
    }
    (depth, last)
}

#[cfg(test)]
mod tests {
    use super::{Line, Pending};

    fn whole(lines: &[&str]) -> Vec<Line> {
        let mut pending = Pending::default();
        let mut found: Vec<Line> = lines.iter().filter_map(|line| pending.take(line, false)).collect();
        found.extend(pending.take("", true));
        found
    }

    #[test]
    fn queries_end_with_a_semicolon_or_an_empty_line() {
        let query = |text: &str| Line::Query(text.to_owned());
        for (lines, expected) in [
            (vec!["print 1;", "print 2"], vec![query("print 1"), query("print 2")]),
            (vec!["T", "| count", "", "U;"], vec![query("T\n| count"), query("U")]),
            (vec!["let a = 1;", "print a;"], vec![query("let a = 1;\nprint a")]),
            (vec!["// let it be", "print 1;"], vec![query("// let it be\nprint 1")]),
            (vec!["let f = () {", "  print 1;", "};", "f();"], vec![query("let f = () {\n  print 1;\n};\nf()")]),
            (vec!["print ';';", "print 1;"], vec![query("print ';'"), query("print 1")]),
            (vec![".tables", "print 1"], vec![Line::Command(".tables".to_owned()), query("print 1")]),
            (vec!["", "", "  "], vec![]),
        ] {
            assert_eq!(whole(&lines), expected, "{lines:?}");
        }
    }
}
