//! `parse-kv`: keys and their values out of a text.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use regex::{Regex, RegexBuilder};

use super::super::aggregates::field_name;
use super::super::bound::KvOptions;
use super::super::functions::KernelError;
use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::typed::TypedBuilder;

const REGEX_BYTES_MAX: usize = 10 << 20;

/// Reads the values of some keys.
#[derive(Debug)]
pub struct Pairs {
    keys: Vec<(String, ScalarType)>,
    options: KvOptions,
    /// Opening and closing quotes.
    quotes: Vec<(char, char)>,
    regex: Option<Regex>,
}

impl Pairs {
    /// A reader of these keys, whose values become these types.
    ///
    /// # Errors
    /// A regular expression that is none or has not two groups, and quotes that are not one or two letters.
    pub fn new(keys: Vec<(String, ScalarType)>, options: KvOptions) -> Result<Self, KernelError> {
        let quote = |text: &String| {
            let letters: Vec<char> = text.chars().collect();
            match letters.as_slice() {
                [both] => Ok((*both, *both)),
                [open, close] => Ok((*open, *close)),
                _ => Err(KernelError::new(format!("expected one letter or two as `quote`, found `{text}`"))),
            }
        };
        let quotes = options.quotes.iter().map(quote).collect::<Result<_, _>>()?;
        let compile = |pattern: &String| {
            let regex = RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
            let regex = regex.map_err(|error| KernelError::new(format!("`regex` of `parse-kv` is no regular expression: {error}")))?;
            if regex.captures_len() == 3 {
                Ok(regex)
            } else {
                Err(KernelError::new(format!(
                    "expected a group for the key and one for the value, found {} groups",
                    regex.captures_len() - 1
                )))
            }
        };
        let regex = options.regex.as_ref().map(compile).transpose()?;
        Ok(Self { keys, options, quotes, regex })
    }

    /// A column for each key; null where it is not there or its value is none of the type.
    pub fn apply(&self, texts: &ArrayRef) -> Vec<ArrayRef> {
        let texts = texts.as_string_view();
        let mut columns: Vec<TypedBuilder> = self.keys.iter().map(|(_, kind)| TypedBuilder::new(*kind)).collect();
        let mut values: Vec<Option<String>> = vec![None; columns.len()];
        for row in 0..texts.len() {
            values.iter_mut().for_each(|value| *value = None);
            self.read(if texts.is_valid(row) { texts.value(row) } else { "" }, &mut values);
            for (column, value) in columns.iter_mut().zip(&values) {
                if !value.as_ref().is_some_and(|value| column.append_text(value)) {
                    column.append_null();
                }
            }
        }
        columns.into_iter().map(TypedBuilder::finish).collect()
    }

    /// The reader as a function of a text in a plan: it gives a struct of the values, named by [`field_name`].
    pub fn udf(self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(PairsUdf { pairs: Arc::new(self), signature: Signature::any(1, Volatility::Immutable) }))
    }

    fn read(&self, text: &str, values: &mut [Option<String>]) {
        if let Some(regex) = &self.regex {
            for found in regex.captures_iter(text) {
                if let (Some(key), Some(value)) = (found.get(1), found.get(2)) {
                    self.keep(key.as_str(), value.as_str(), values);
                }
            }
            return;
        }
        match &self.options.kv_delimiter {
            Some(delimiter) if !delimiter.is_empty() => self.read_delimited(text, delimiter, values),
            _ => self.read_words(text, values),
        }
    }

    fn keep(&self, key: &str, value: &str, values: &mut [Option<String>]) {
        if let Some(place) = self.keys.iter().position(|(name, _)| name == key)
            && values[place].is_none()
        {
            values[place] = Some(value.to_owned());
        }
    }

    fn read_delimited(&self, text: &str, delimiter: &str, values: &mut [Option<String>]) {
        let mut rest = text;
        while !rest.is_empty() {
            rest = self.skip_pair_delimiters(rest);
            let (key, after) = match self.quoted(rest) {
                Some((key, after)) => (key, after),
                None => {
                    let end = rest.find(delimiter).unwrap_or(rest.len());
                    let next_pair = self.find_pair_end(rest);
                    if next_pair < end {
                        // A word without a value.
                        rest = &rest[next_pair..];
                        continue;
                    }
                    (rest[..end].trim().to_owned(), &rest[end..])
                }
            };
            let Some(after) = after.trim_start().strip_prefix(delimiter) else {
                rest = &after[self.find_pair_end(after)..];
                continue;
            };
            let (value, after) = self.value(after, delimiter);
            self.keep(&key, &value, values);
            rest = after;
        }
    }

    /// A value and what follows it.
    fn value<'a>(&self, text: &'a str, delimiter: &str) -> (String, &'a str) {
        let trimmed = text.trim_start();
        if let Some((value, after)) = self.quoted(trimmed) {
            return (value, after);
        }
        let mut end = self.find_pair_end(text);
        while self.options.greedy && end < text.len() {
            let after = self.skip_pair_delimiters(&text[end..]);
            let is_key = |key: &str| after.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(delimiter));
            if self.keys.iter().any(|(key, _)| is_key(key)) {
                break;
            }
            let skipped = text.len() - after.len();
            end = skipped + self.find_pair_end(after);
        }
        (text[..end].trim().to_owned(), &text[end..])
    }

    fn find_pair_end(&self, text: &str) -> usize {
        let found = match &self.options.pair_delimiter {
            Some(delimiter) if !delimiter.is_empty() => text.find(delimiter.as_str()),
            _ => text.find(|letter: char| !letter.is_alphanumeric()),
        };
        found.unwrap_or(text.len())
    }

    fn skip_pair_delimiters<'a>(&self, text: &'a str) -> &'a str {
        match &self.options.pair_delimiter {
            Some(delimiter) if !delimiter.is_empty() => {
                let mut rest = text.trim_start();
                while let Some(after) = rest.strip_prefix(delimiter.as_str()) {
                    rest = after.trim_start();
                }
                // A delimiter of spaces alone is gone by now.
                rest
            }
            _ => {
                let opens = |letter: char| self.quotes.iter().any(|(open, _)| *open == letter);
                text.trim_start_matches(|letter: char| !letter.is_alphanumeric() && !opens(letter))
            }
        }
    }

    /// The text in quotes that starts here, without them, and what follows.
    fn quoted<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let first = text.chars().next()?;
        let (_, close) = self.quotes.iter().find(|(open, _)| *open == first)?;
        let escape = self.options.escape.as_ref().and_then(|escape| escape.chars().next());
        let mut value = String::new();
        let mut letters = text[first.len_utf8()..].char_indices();
        while let Some((at, letter)) = letters.next() {
            if Some(letter) == escape {
                value.push(letters.next().map_or(letter, |(_, letter)| letter));
            } else if letter == *close {
                return Some((value, &text[first.len_utf8() + at + letter.len_utf8()..]));
            } else {
                value.push(letter);
            }
        }
        None
    }

    /// Words between letters that are neither letter nor digit: the one behind a key is its value.
    fn read_words(&self, text: &str, values: &mut [Option<String>]) {
        let is_word = |letter: char| letter.is_alphanumeric();
        let opens = |letter: char| self.quotes.iter().any(|(open, _)| *open == letter);
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(|letter| !is_word(letter));
            if rest.is_empty() {
                return;
            }
            let wanted = self
                .keys
                .iter()
                .map(|(key, _)| key.as_str())
                .filter(|key| rest.strip_prefix(key).is_some_and(|after| !after.starts_with(is_word) && !after.is_empty()));
            let Some(key) = wanted.max_by_key(|key| key.len()) else {
                rest = rest.trim_start_matches(is_word);
                continue;
            };
            let after = rest[key.len()..].trim_start_matches(|letter| !is_word(letter) && !opens(letter));
            let (value, after) = self.quoted(after).unwrap_or_else(|| {
                let end = after.find(|letter| !is_word(letter)).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            });
            self.keep(key, &value, values);
            rest = after;
        }
    }
}

#[derive(Debug)]
struct PairsUdf {
    pairs: Arc<Pairs>,
    signature: Signature,
}

impl PartialEq for PairsUdf {
    fn eq(&self, other: &Self) -> bool {
        self.pairs.keys == other.pairs.keys && self.pairs.options == other.pairs.options
    }
}

impl Eq for PairsUdf {}

impl Hash for PairsUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pairs.keys.hash(state);
    }
}

impl PairsUdf {
    fn fields(&self) -> Fields {
        self.pairs.keys.iter().enumerate().map(|(place, (_, kind))| Field::new(field_name(place), arrow_type(*kind), true)).collect()
    }
}

impl ScalarUDFImpl for PairsUdf {
    fn name(&self) -> &str {
        "parse_kv"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(self.fields()))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [text] = call.args.as_slice() else {
            return Err(DataFusionError::Internal("a reader of pairs is called with one text".to_owned()));
        };
        let texts = text.to_array(call.number_rows)?;
        let texts = if *texts.data_type() == DataType::Utf8View { texts } else { arrow::compute::cast(&texts, &DataType::Utf8View)? };
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(self.fields(), self.pairs.apply(&texts), None)?)))
    }
}
