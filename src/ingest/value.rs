//! Small readers over JSON values: names in any case, absent values, numbers and lists written as text.
//!
//! Exports of the field write the same column as a string, a number, a JSON value or JSON inside a string. Here is the
//! one place that knows it. Nothing here knows an entity or a format.

use std::borrow::Cow;

use serde_json::Value;

use crate::model::{Object, Time};

/// Whether a text stands for *no value*: empty, `null`, `-`, `N/A`, `(null)` and their like.
pub fn is_absent_text(text: &str) -> bool {
    let text = text.trim();
    match text.len() {
        0 => true,
        1 => text == "-",
        2 => text == "--",
        3 => text.eq_ignore_ascii_case("n/a") || text.eq_ignore_ascii_case("nan"),
        4 => text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("none"),
        5 => text.eq_ignore_ascii_case("<nil>"),
        6 => text.eq_ignore_ascii_case("(null)") || text.eq_ignore_ascii_case("<null>"),
        _ => false,
    }
}

/// Whether a value stands for *no value*: null or such a text.
pub fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => is_absent_text(text),
        _ => false,
    }
}

/// The member with this name: the exact one, else the first that differs only in case.
pub fn get<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The first of the names that is there and has a value.
pub fn first<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| get(object, name).filter(|value| !is_absent(value)))
}

/// The value at the end of a path of names.
pub fn at<'a>(object: &'a Object, path: &[&str]) -> Option<&'a Value> {
    let (last, owners) = path.split_last()?;
    let owner = owners.iter().try_fold(object, |object, name| get(object, name)?.as_object())?;
    get(owner, last).filter(|value| !is_absent(value))
}

/// The object at the end of a path of names.
pub fn object_at<'a>(object: &'a Object, path: &[&str]) -> Option<&'a Object> {
    path.iter().try_fold(object, |object, name| get(object, name)?.as_object())
}

/// The value as text without white space around it; numbers and flags are written out, absent and nested values give none.
pub fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if is_absent_text(text) => None,
        Value::String(text) => Some(Cow::Borrowed(text.trim())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        _ => None,
    }
}

/// The text of the first of the names that has one.
pub fn text_of<'a>(object: &'a Object, names: &[&str]) -> Option<Cow<'a, str>> {
    names.iter().find_map(|name| text(get(object, name)?))
}

/// The text at the end of a path of names.
pub fn text_at<'a>(object: &'a Object, path: &[&str]) -> Option<Cow<'a, str>> {
    text(at(object, path)?)
}

/// Reads a flag: JSON, `True`, `yes`, `1`.
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim() {
            t if t.eq_ignore_ascii_case("true") || t.eq_ignore_ascii_case("yes") || t == "1" => Some(true),
            t if t.eq_ignore_ascii_case("false") || t.eq_ignore_ascii_case("no") || t == "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a whole number: JSON, decimal text, `0x` text, or a float without a fraction.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(hex) => i64::from_str_radix(hex, 16).ok(),
                None => text.parse().ok().or_else(|| whole(text.parse().ok()?)),
            }
        }
        _ => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Reads a finite number from JSON or text.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// Reads an instant; .NET's minimum (the year 1) stands for *no value*.
pub fn time(value: &Value) -> Option<Time> {
    const DAY: i64 = 86_400_000_000;
    let time = match value {
        Value::String(text) if !is_absent_text(text) => Time::parse(text).ok()?,
        Value::Number(number) => number.as_f64().filter(|n| n.abs() >= 1e8).and_then(|n| Time::from_epoch(n).ok())?,
        _ => return None,
    };
    (time > Time::MIN.plus(DAY)).then_some(time)
}

/// Whether a value is an instant that stands for *no value*.
pub fn is_no_time(value: &Value) -> bool {
    let instant = match value {
        Value::String(text) => !is_absent_text(text) && Time::parse(text).is_ok(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    };
    instant && time(value).is_none()
}

/// The object with the names of libraries for Python (`created_time_utc`) in the writing of the API, at every depth.
pub fn camel(object: Object) -> Object {
    let name = |key: String| {
        let mut words = key.split('_').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |name, word| {
            let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            name + &head.to_uppercase() + tail
        })
    };
    object.into_iter().map(|(key, value)| (if key.contains('_') { name(key) } else { key }, camel_value(value))).collect()
}

fn camel_value(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(camel(object)),
        Value::Array(items) => Value::Array(items.into_iter().map(camel_value).collect()),
        other => other,
    }
}

/// The value itself, or the array or object that stands in it as text (`dynamic` columns of an export).
pub fn parsed(value: &Value) -> Cow<'_, Value> {
    if let Value::String(text) = value {
        let start = text.trim_start();
        if start.starts_with(['[', '{'])
            && let Ok(inner) = super::parse::value(start)
        {
            return Cow::Owned(inner);
        }
    }
    Cow::Borrowed(value)
}

/// The texts of a list: an array, an array inside a text, or a text with commas (or semicolons) between the items.
pub fn texts(value: &Value) -> Vec<String> {
    match parsed(value).as_ref() {
        Value::Array(items) => items.iter().filter_map(text).map(Cow::into_owned).collect(),
        Value::String(list) => list.split([',', ';']).map(str::trim).filter(|item| !is_absent_text(item)).map(str::to_owned).collect(),
        other => text(other).map(|text| vec![text.into_owned()]).unwrap_or_default(),
    }
}

/// The members of one object, taken out by name once; what nobody takes can be asked for at the end.
///
/// Names match in any case. A value that has the wrong type for the reader is *not* taken, so that it survives in
/// [`Fields::rest`].
pub struct Fields<'a> {
    object: &'a Object,
    taken: Vec<bool>,
    /// Signs of the members' names, in their order.
    signs: Vec<usize>,
    /// Whether some names end in the type suffix of an export.
    suffixed: bool,
}

/// Suffixes that exports put behind a column's name to tell its type (`Entities_dynamic`, `AlertName_s`).
const TYPE_SUFFIXES: [&str; 12] = ["_s", "_d", "_t", "_b", "_g", "_string", "_dynamic", "_datetime", "_real", "_long", "_bool", "_guid"];

fn without_suffix(name: &str) -> Option<&str> {
    let place = name.rfind('_').filter(|place| *place > 0)?;
    TYPE_SUFFIXES.iter().any(|suffix| name[place..].eq_ignore_ascii_case(suffix)).then(|| &name[..place])
}

impl<'a> Fields<'a> {
    /// Starts with nothing taken.
    pub fn new(object: &'a Object) -> Self {
        let suffixed = object.keys().any(|name| without_suffix(name).is_some());
        Self { object, taken: vec![false; object.len()], signs: object.keys().map(|name| sign(name)).collect(), suffixed }
    }

    /// The object that is being read.
    pub fn object(&self) -> &'a Object {
        self.object
    }

    /// The first of the names whose value `read` understands; members of the other names that say the same are taken too.
    pub fn read<T>(&mut self, names: &[&str], read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let mut found: Option<(&'a Value, T)> = None;
        for name in names {
            let wanted = sign(name);
            for (place, ((key, value), sign)) in self.object.iter().zip(&self.signs).enumerate() {
                // Hot path: an alert has forty members, and forty names are asked for.
                if (*sign != wanted && !self.suffixed) || !matches(key, name, self.suffixed) {
                    continue;
                }
                match &found {
                    None => {
                        if let Some(result) = read(value) {
                            self.taken[place] = true;
                            found = Some((value, result));
                        }
                    }
                    Some((chosen, _)) if *chosen == value => self.taken[place] = true,
                    Some(_) => {}
                }
            }
        }
        found.map(|(_, result)| result)
    }

    /// The value of the first of the names that has one.
    pub fn value(&mut self, names: &[&str]) -> Option<&'a Value> {
        self.read(names, |value| (!is_absent(value)).then_some(value))
    }

    /// The text of the first of the names that has one.
    pub fn text(&mut self, names: &[&str]) -> Option<String> {
        self.read(names, text).map(Cow::into_owned)
    }

    /// The instant of the first of the names that has one; where none has, the instants that stand for *no value* are taken.
    pub fn time(&mut self, names: &[&str]) -> Option<Time> {
        let found = self.read(names, time);
        if found.is_none() {
            self.read(names, |value| is_no_time(value).then_some(()));
        }
        found
    }

    /// The flag of the first of the names that has one.
    pub fn flag(&mut self, names: &[&str]) -> Option<bool> {
        self.read(names, flag)
    }

    /// The whole number of the first of the names that has one.
    pub fn integer(&mut self, names: &[&str]) -> Option<i64> {
        self.read(names, integer)
    }

    /// The number of the first of the names that has one.
    pub fn number(&mut self, names: &[&str]) -> Option<f64> {
        self.read(names, number)
    }

    /// The texts of the list of the first of the names that has any.
    pub fn texts(&mut self, names: &[&str]) -> Vec<String> {
        self.read(names, |value| Some(texts(value)).filter(|texts| !texts.is_empty())).unwrap_or_default()
    }

    /// The object of the first of the names that has one, from JSON or from JSON inside a text.
    pub fn nested(&mut self, names: &[&str]) -> Option<Object> {
        self.read(names, |value| match parsed(value) {
            Cow::Owned(Value::Object(object)) => Some(object),
            Cow::Borrowed(Value::Object(object)) => Some(object.clone()),
            _ => None,
        })
    }

    /// The array of the first of the names that has one, from JSON or from JSON inside a text.
    pub fn items(&mut self, names: &[&str]) -> Option<Cow<'a, [Value]>> {
        self.read(names, |value| match parsed(value) {
            Cow::Owned(Value::Array(items)) => Some(Cow::Owned(items)),
            Cow::Borrowed(Value::Array(items)) => Some(Cow::Borrowed(items.as_slice())),
            _ => None,
        })
    }

    /// Takes members without reading them.
    pub fn skip(&mut self, names: &[&str]) {
        for (place, (key, _)) in self.object.iter().enumerate() {
            if names.iter().any(|name| matches(key, name, self.suffixed)) {
                self.taken[place] = true;
            }
        }
    }

    /// The members that nobody has taken, as the document wrote them; absent values are left out.
    pub fn rest(self) -> Object {
        let Self { object, taken, .. } = self;
        let mut rest = Object::with_capacity(taken.iter().filter(|taken| !**taken).count());
        let left = object.iter().zip(taken).filter(|((name, value), taken)| !taken && !name.is_empty() && !is_absent(value));
        rest.extend(left.map(|((name, value), _)| (name.clone(), value.clone())));
        rest
    }
}

/// What names that differ only in case have in common: their length and first letter.
fn sign(name: &str) -> usize {
    name.len() << 8 | usize::from(name.as_bytes().first().map_or(0, u8::to_ascii_lowercase))
}

fn matches(key: &str, name: &str, suffixed: bool) -> bool {
    key.eq_ignore_ascii_case(name) || (suffixed && without_suffix(key).is_some_and(|bare| bare.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_values_of_the_field() {
        for value in [json!(null), json!(""), json!(" "), json!("-"), json!("N/A"), json!("null"), json!("(null)")] {
            assert!(is_absent(&value), "{value}");
        }
        for value in [json!(0), json!(false), json!("0"), json!("nil"), json!([])] {
            assert!(!is_absent(&value), "{value}");
        }
    }

    #[test]
    fn reads_scalars_in_every_writing() {
        assert_eq!([json!(true), json!("True"), json!("1"), json!(1)].map(|v| flag(&v)), [Some(true); 4]);
        assert_eq!(
            [json!(false), json!("False"), json!("0"), json!("maybe")].map(|v| flag(&v)),
            [Some(false), Some(false), Some(false), None]
        );
        assert_eq!(
            [json!(668), json!("668"), json!("0x29c"), json!(668.0), json!("x")].map(|v| integer(&v)),
            [Some(668), Some(668), Some(668), Some(668), None]
        );
        assert_eq!(time(&json!("0001-01-01T00:00:00Z")), None);
        assert_eq!(time(&json!("2019-01-11 06:31:40")).map(|t| t.to_string()).as_deref(), Some("2019-01-11T06:31:40Z"));
        assert_eq!(time(&json!(12)), None);
        assert_eq!([json!("0001-01-01T00:00:00Z"), json!(0)].map(|v| is_no_time(&v)), [true; 2]);
        assert_eq!([json!("2019-01-11 06:31:40"), json!("soon"), json!("-"), json!(12)].map(|v| is_no_time(&v)), [false; 4]);
        assert_eq!(texts(&json!("Persistence, CredentialAccess")), ["Persistence", "CredentialAccess"]);
        assert_eq!(texts(&json!("[\"T1078\",\"T1059\"]")), ["T1078", "T1059"]);
        assert_eq!(texts(&json!("")), Vec::<String>::new());
    }

    #[test]
    fn fields_keep_what_nobody_could_read() {
        let document = json!({"SYSTEMALERTID": "a", "StartTime": "never", "AlertName": "x", "DisplayName": "x", "Extra": 1, "Empty": ""});
        let mut fields = Fields::new(document.as_object().expect("an object"));
        assert_eq!(fields.text(&["SystemAlertId"]).as_deref(), Some("a"));
        assert_eq!(fields.time(&["StartTime"]), None);
        assert_eq!(fields.text(&["AlertDisplayName", "DisplayName", "AlertName"]).as_deref(), Some("x"));
        assert_eq!(Value::Object(fields.rest()), json!({"StartTime": "never", "Extra": 1}));

        let export = json!({"Entities_dynamic": "", "Entities_string": "[1]", "AlertName_s": "x", "Other_s": "y"});
        let mut fields = Fields::new(export.as_object().expect("an object"));
        assert_eq!(fields.items(&["Entities"]).as_deref(), Some(&[json!(1)][..]));
        assert_eq!(fields.text(&["AlertName"]).as_deref(), Some("x"));
        assert_eq!(Value::Object(fields.rest()), json!({"Other_s": "y"}));
    }
}
