//! What a filter says of a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::tree::{Comparison, Expr, Filter, Function, Term};
use crate::model::Time;

/// A row that can say its properties.
pub trait Record {
    /// A property by its path in lower case (`properties/owner/email`); null if the row has none.
    fn get(&self, path: &str) -> Cell<'_>;
    /// What orders rows that are alike in all that was asked for: a number, then a text.
    fn tie(&self) -> (i64, &str);
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// An instant.
    Time(Time),
    /// A text.
    Text(Cow<'a, str>),
    /// Several values.
    List(Vec<Cell<'a>>),
    /// A JSON object.
    Object(&'a Map<String, Value>),
    /// An object of few members, named in lower case.
    Members(Vec<(&'static str, Cell<'a>)>),
}

impl<'a> Cell<'a> {
    /// A text; null if it is empty.
    pub fn text(text: &'a str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(Cow::Borrowed(text)) }
    }

    /// An instant; null if there is none.
    pub fn time(time: Option<Time>) -> Self {
        time.map_or(Self::Null, Self::Time)
    }

    /// A JSON value.
    pub fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => Self::Object(members),
        }
    }

    /// A property inside; the value itself if the path is empty.
    fn inside(&self, path: &str) -> Cell<'a> {
        if path.is_empty() {
            return self.clone();
        }
        let (head, rest) = path.split_once('/').unwrap_or((path, ""));
        match self {
            Self::Object(members) => member(members, head).map_or(Self::Null, |value| Self::of(value).inside(rest)),
            Self::Members(members) => members.iter().find(|(name, _)| *name == head).map_or(Self::Null, |(_, cell)| cell.inside(rest)),
            _ => Self::Null,
        }
    }

    fn as_text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(flag) => Some(Cow::Owned(flag.to_string())),
            Self::Time(time) => Some(Cow::Owned(time.to_string())),
            _ => None,
        }
    }
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).or_else(|| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A property of a JSON document by a path in lower case.
pub fn json_cell<'a>(document: &'a Value, path: &str) -> Cell<'a> {
    Cell::of(document).inside(path)
}

impl Filter {
    /// Whether a row passes; `now` is the instant of `now()`.
    pub fn holds(&self, record: &impl Record, now: Time) -> bool {
        Row { record, now }.holds(&self.0, &mut Vec::new())
    }
}

struct Row<'a, R> {
    record: &'a R,
    now: Time,
}

impl<'a, R: Record> Row<'a, R> {
    fn holds(&self, expr: &'a Expr, items: &mut Vec<Cell<'a>>) -> bool {
        match expr {
            Expr::And(parts) => parts.iter().all(|part| self.holds(part, items)),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(part, items)),
            Expr::Not(inner) => !self.holds(inner, items),
            Expr::Compare(operator, left, right, ranks) => compare(*operator, &self.value(left, items), &self.value(right, items), *ranks),
            Expr::In(left, values) => {
                let left = self.value(left, items);
                values.iter().any(|value| compare(Comparison::Equal, &left, &self.value(value, items), None))
            }
            Expr::Holds(term) => match self.value(term, items) {
                Cell::Bool(flag) => flag,
                Cell::Text(text) => text.eq_ignore_ascii_case("true"),
                _ => false,
            },
            Expr::Items { all, list, test } => {
                let found = match self.value(list, items) {
                    Cell::List(found) => found,
                    Cell::Null => Vec::new(),
                    // A property that some rows hold as one value and some as several.
                    one => vec![one],
                };
                let Some(test) = test else { return !found.is_empty() };
                let mut fits = |item: Cell<'a>| {
                    items.push(item);
                    let holds = self.holds(test, items);
                    items.pop();
                    holds
                };
                if *all { found.into_iter().all(&mut fits) } else { found.into_iter().any(&mut fits) }
            }
        }
    }

    fn value(&self, term: &'a Term, items: &[Cell<'a>]) -> Cell<'a> {
        match term {
            Term::Null => Cell::Null,
            Term::Bool(flag) => Cell::Bool(*flag),
            Term::Number(number) => Cell::Number(*number),
            Term::Time(time) => Cell::Time(*time),
            Term::Text(text) => Cell::Text(Cow::Borrowed(text)),
            Term::Property(path) => self.record.get(path),
            Term::Item(level, path) => items.get(*level).map_or(Cell::Null, |item| item.inside(path)),
            Term::Call(function, arguments) => self.call(*function, arguments, items),
        }
    }

    fn call(&self, function: Function, arguments: &'a [Term], items: &[Cell<'a>]) -> Cell<'a> {
        use Function::{Ceiling, Date, Day, Floor, Hour, Minute, Month, Now, Round, Second, Substring, Year};
        let first = || arguments.first().map_or(Cell::Null, |argument| self.value(argument, items));
        match function {
            Now => return Cell::Time(self.now),
            Year | Month | Day | Hour | Minute | Second | Date => return part_of(function, &first()),
            Floor | Ceiling | Round => {
                let rounded = |number: f64| match function {
                    Floor => number.floor(),
                    Ceiling => number.ceil(),
                    _ => number.round(),
                };
                return number(&first()).map_or(Cell::Null, |number| Cell::Number(rounded(number)));
            }
            Substring => {
                let place = |at: usize| arguments.get(at).map(|argument| self.value(argument, items));
                let begin = place(1).as_ref().and_then(number).map(|at| at.max(0.0) as usize);
                let length = place(2).map(|cell| number(&cell).map(|length| length.max(0.0) as usize));
                let (Some(text), Some(begin)) = (first().as_text(), begin) else { return Cell::Null };
                let rest = text.chars().skip(begin);
                return match length {
                    None => Cell::Text(Cow::Owned(rest.collect())),
                    Some(Some(length)) => Cell::Text(Cow::Owned(rest.take(length).collect())),
                    Some(None) => Cell::Null,
                };
            }
            _ => {}
        }
        let texts: Vec<Option<Cow<'a, str>>> = arguments.iter().map(|argument| self.value(argument, items).as_text()).collect();
        let (Some(Some(first)), second) = (texts.first(), texts.get(1)) else {
            // What is not there contains nothing.
            return if matches!(function, Function::Contains | Function::StartsWith | Function::EndsWith) {
                Cell::Bool(false)
            } else {
                Cell::Null
            };
        };
        let second = match second {
            Some(None) => return Cell::Null,
            Some(Some(second)) => second.as_ref(),
            None => "",
        };
        let folded = || (first.to_lowercase(), second.to_lowercase());
        match function {
            Function::Contains => Cell::Bool(folded().0.contains(&folded().1)),
            Function::StartsWith => Cell::Bool(folded().0.starts_with(&folded().1)),
            Function::EndsWith => Cell::Bool(folded().0.ends_with(&folded().1)),
            Function::ToLower => Cell::Text(Cow::Owned(first.to_lowercase())),
            Function::ToUpper => Cell::Text(Cow::Owned(first.to_uppercase())),
            Function::Trim => Cell::Text(Cow::Owned(first.trim().to_owned())),
            Function::Length => Cell::Number(first.chars().count() as f64),
            Function::IndexOf => {
                let (whole, part) = folded();
                Cell::Number(whole.find(&part).map_or(-1.0, |at| whole[..at].chars().count() as f64))
            }
            Function::Concat => Cell::Text(Cow::Owned(format!("{first}{second}"))),
            // They take no texts and are answered above.
            Now | Substring | Year | Month | Day | Hour | Minute | Second | Date | Floor | Ceiling | Round => Cell::Null,
        }
    }
}

fn number(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A part of an instant, in UTC; null of what is none.
fn part_of(function: Function, cell: &Cell<'_>) -> Cell<'static> {
    const DAY: i64 = 86_400_000_000;
    let time = match cell {
        Cell::Time(time) => Some(*time),
        Cell::Text(text) => Time::parse(text).ok(),
        _ => None,
    };
    let Some(time) = time else { return Cell::Null };
    let micros = time.micros();
    if function == Function::Date {
        return Cell::Time(Time::from_micros(micros.div_euclid(DAY) * DAY));
    }
    // `2024-01-02T03:04:05.6Z`
    let text = time.to_string();
    let mut digits = text.trim_end_matches('Z').split(['-', 'T', ':', '.']).map(|part| part.parse::<f64>().ok());
    let place = match function {
        Function::Year => 0,
        Function::Month => 1,
        Function::Day => 2,
        Function::Hour => 3,
        Function::Minute => 4,
        _ => 5,
    };
    digits.nth(place).flatten().map_or(Cell::Null, Cell::Number)
}

fn compare(operator: Comparison, left: &Cell<'_>, right: &Cell<'_>, ranks: Option<&[&str]>) -> bool {
    let order = order(left, right, ranks);
    match operator {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// How two values lie to each other; none if they cannot be compared.
fn order(left: &Cell<'_>, right: &Cell<'_>, ranks: Option<&[&str]>) -> Option<Ordering> {
    match (left, right) {
        (Cell::Null, Cell::Null) => Some(Ordering::Equal),
        // A text that says nothing is as good as none.
        (Cell::Null, Cell::Text(text)) | (Cell::Text(text), Cell::Null) if text.is_empty() => Some(Ordering::Equal),
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Cell::Text(b)) => Some(a.cmp(&b.to_lowercase().parse().ok()?)),
        (Cell::Number(a), Cell::Number(b)) => a.partial_cmp(b),
        (Cell::Number(a), Cell::Text(b)) => a.partial_cmp(&b.trim().parse().ok()?),
        (Cell::Time(a), Cell::Time(b)) => Some(a.cmp(b)),
        (Cell::Time(a), Cell::Text(b)) => Some(a.cmp(&Time::parse(b).ok()?)),
        (Cell::Text(_), Cell::Bool(_) | Cell::Number(_) | Cell::Time(_)) => order(right, left, ranks).map(Ordering::reverse),
        (Cell::Text(a), Cell::Text(b)) => Some(texts(a, b, ranks)),
        _ => None,
    }
}

fn texts(a: &str, b: &str, ranks: Option<&[&str]>) -> Ordering {
    let rank = |text: &str| ranks.and_then(|words| words.iter().position(|word| word.eq_ignore_ascii_case(text)));
    if let (Some(a), Some(b)) = (rank(a), rank(b)) {
        return a.cmp(&b);
    }
    if looks_like_time(a)
        && looks_like_time(b)
        && let (Ok(a), Ok(b)) = (Time::parse(a), Time::parse(b))
    {
        return a.cmp(&b);
    }
    a.to_lowercase().cmp(&b.to_lowercase())
}

fn looks_like_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[7] == b'-'
}
