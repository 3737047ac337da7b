//! The index of words of a data file: for each block of rows a Bloom filter of the words in its texts, so that `has 'mimikatz'` passes over blocks
//! and files. It lies behind the index of entities in the Parquet file.
//!
//! Words are longest runs of letters and digits that are ASCII letters only, without case. Numbers and identifiers are not kept: there are as many as
//! rows. A filter is never decided here: what may match is read and checked again.

use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, Operator};
use hashbrown::{HashMap, HashSet};

use super::types::{ColumnType, SYSTEM, kind_of_field};

/// Key of the footer metadata that holds `offset,length` of the index.
pub(super) const WORDS_KEY: &str = "clew.words";
const MAGIC: &[u8; 8] = b"CLEWWRD2";
const HEAD: usize = 12;
/// Rows of a block.
pub(super) const BLOCK_ROWS: usize = 8_192;
/// Bits of a filter for each word; one word in a hundred is found where it is not.
const BITS_PER_WORD: usize = 10;
/// Letters of the longest word that is kept.
const WORD_MAX: usize = 64;
/// Bits that a word sets.
const PROBES: u64 = 6;

/// The index of one file.
#[derive(Clone, Debug)]
pub(super) struct Words {
    bytes: Bytes,
    blocks: usize,
}

/// Writes the index of the rows of a batch.
pub(super) fn render(batch: &RecordBatch) -> Vec<u8> {
    let blocks: Vec<Vec<u8>> =
        (0..batch.num_rows()).step_by(BLOCK_ROWS).map(|from| block(batch, from, BLOCK_ROWS.min(batch.num_rows() - from))).collect();
    let mut bytes = Vec::with_capacity(HEAD + blocks.iter().map(|block| block.len() + 4).sum::<usize>());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(blocks.len() as u32).to_le_bytes());
    let mut end = 0_u32;
    for block in &blocks {
        end += block.len() as u32;
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    blocks.iter().for_each(|block| bytes.extend_from_slice(block));
    bytes
}

/// The filter of some rows; empty if the rows cannot be left out for any word.
fn block(batch: &RecordBatch, from: usize, rows: usize) -> Vec<u8> {
    let mut hashes: HashSet<u64> = HashSet::new();
    let mut odd = false;
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if !is_indexed(field.name()) {
            continue;
        }
        let Some(texts) = column.as_string_view_opt() else {
            odd |= field.data_type() == &DataType::Utf8 || field.data_type() == &DataType::LargeUtf8;
            continue;
        };
        let json = kind_of_field(field) == ColumnType::Dynamic;
        // Most columns of events say the same few texts over and over: to know one again costs less than to take it apart.
        let mut seen: HashSet<&str> = HashSet::new();
        for row in (from..from + rows).filter(|row| texts.is_valid(*row)) {
            let text = texts.value(row);
            if !seen.insert(text) {
                continue;
            }
            odd |= folds_to_ascii(text) || json && text.contains("\\u");
            words(text, |word| {
                hashes.insert(hash(word));
            });
            if json && text.contains('\\') {
                // A text inside of JSON is also found as it was before it was written as JSON.
                words(&unescaped(text), |word| {
                    hashes.insert(hash(word));
                });
            }
        }
    }
    if odd {
        return Vec::new();
    }
    let length = (hashes.len() * BITS_PER_WORD).div_ceil(64).max(1) * 8;
    let mut bits = vec![0_u8; length];
    for hash in hashes {
        for bit in probes(hash, length * 8) {
            bits[bit / 8] |= 1 << (bit % 8);
        }
    }
    bits
}

/// Whether the texts of a column are in the index: those that say where a row comes from are not.
fn is_indexed(column: &str) -> bool {
    !column.starts_with('_') || !SYSTEM.contains(&column)
}

/// Whether letters of the text become ASCII once case is left out: two letters of Unicode do.
fn folds_to_ascii(text: &str) -> bool {
    !text.is_ascii() && text.contains(['\u{130}', '\u{212a}'])
}

/// JSON with a blank in the place of each escape.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            letters.next();
            out.push(' ');
        } else {
            out.push(letter);
        }
    }
    out
}

/// Gives the words of a text that the index keeps, in lower case.
fn words(text: &str, mut take: impl FnMut(&[u8])) {
    if !text.is_ascii() {
        return runs(text, |word, _| take(word));
    }
    // Hot path: nearly all texts of events are plain.
    let mut word = [0_u8; WORD_MAX];
    for run in text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()) {
        if let Some(word) = word.get_mut(..run.len()).filter(|word| !word.is_empty() && run.iter().all(u8::is_ascii_alphabetic)) {
            word.copy_from_slice(run);
            word.make_ascii_lowercase();
            take(word);
        }
    }
}

/// Gives the words of a text with their bytes in it.
fn runs(text: &str, mut take: impl FnMut(&[u8], std::ops::Range<usize>)) {
    let mut word = [0_u8; WORD_MAX];
    let (mut length, mut plain, mut start) = (0, true, 0);
    for (place, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if letter.is_alphanumeric() {
            if length == 0 {
                start = place;
            }
            plain &= letter.is_ascii_alphabetic() && length < word.len();
            if plain {
                word[length] = (letter as u8).to_ascii_lowercase();
            }
            length += 1;
        } else {
            if length > 0 && plain {
                take(&word[..length], start..place);
            }
            (length, plain) = (0, true);
        }
    }
}

/// FNV-1a with its bits mixed; part of the format.
fn hash(word: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in word {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ hash >> 32
}

fn probes(hash: u64, bits: usize) -> impl Iterator<Item = usize> {
    let step = hash.rotate_left(32) | 1;
    (0..PROBES).map(move |probe| (hash.wrapping_add(probe.wrapping_mul(step)) % bits as u64) as usize)
}

impl Words {
    /// Takes an index as it was written; none if it is damaged.
    pub(super) fn open(bytes: Bytes) -> Option<Self> {
        let blocks = u32_at(&bytes, 8)? as usize;
        let filters = if blocks == 0 { 0 } else { u32_at(&bytes, HEAD + (blocks - 1) * 4)? as usize };
        (bytes.starts_with(MAGIC) && bytes.len() == HEAD + blocks * 4 + filters).then_some(Self { bytes, blocks })
    }

    /// The rows of the blocks that may hold a row which passes.
    pub(super) fn rows(&self, test: &Test, rows: usize) -> Vec<std::ops::Range<usize>> {
        let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
        for block in (0..self.blocks).filter(|block| self.passes(*block, test)) {
            let (from, to) = (block * BLOCK_ROWS, ((block + 1) * BLOCK_ROWS).min(rows));
            match ranges.last_mut() {
                Some(last) if last.end == from => last.end = to,
                _ => ranges.push(from..to),
            }
        }
        ranges
    }

    fn passes(&self, block: usize, test: &Test) -> bool {
        match test {
            Test::Maybe => true,
            Test::Never => false,
            Test::All(tests) => tests.iter().all(|test| self.passes(block, test)),
            Test::Any(tests) => tests.iter().any(|test| self.passes(block, test)),
            Test::Word(hash) => self.holds(block, *hash),
        }
    }

    fn holds(&self, block: usize, hash: u64) -> bool {
        let end = |block: usize| u32_at(&self.bytes, HEAD + block * 4).map(|end| end as usize);
        let base = HEAD + self.blocks * 4;
        let from = if block == 0 { Some(0) } else { end(block - 1) };
        let filter = from.zip(end(block)).and_then(|(from, to)| self.bytes.get(base + from..base + to)).unwrap_or_default();
        filter.is_empty() || probes(hash, filter.len() * 8).all(|bit| filter[bit / 8] & (1 << (bit % 8)) != 0)
    }
}

fn u32_at(bytes: &[u8], from: usize) -> Option<u32> {
    bytes.get(from..from + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// What a block must hold for any of its rows to pass a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Nothing that the index knows.
    Maybe,
    /// No row passes.
    Never,
    /// All of these.
    All(Vec<Test>),
    /// Any of these.
    Any(Vec<Test>),
    /// A word, by its hash.
    Word(u64),
}

impl Test {
    /// What filters ask of the index; none if nothing.
    pub(super) fn of(filters: &[Expr], schema: &SchemaRef) -> Option<Self> {
        let tests = filters.iter().flat_map(split_conjunction).map(|filter| test(filter, schema));
        Some(Self::all(tests.collect())).filter(|test| *test != Self::Maybe)
    }

    fn all(tests: Vec<Self>) -> Self {
        let mut tests: Vec<Self> = tests.into_iter().filter(|test| *test != Self::Maybe).collect();
        match tests.len() {
            0 => Self::Maybe,
            1 => tests.remove(0),
            _ => Self::All(tests),
        }
    }

    fn any(tests: Vec<Self>) -> Self {
        if tests.contains(&Self::Maybe) { Self::Maybe } else { Self::Any(tests) }
    }
}

fn test(filter: &Expr, schema: &SchemaRef) -> Test {
    match filter {
        Expr::IsTrue(inner) => test(inner, schema),
        Expr::BinaryExpr(binary) => match binary.op {
            Operator::And => Test::all(vec![test(&binary.left, schema), test(&binary.right, schema)]),
            Operator::Or => Test::any(vec![test(&binary.left, schema), test(&binary.right, schema)]),
            Operator::Eq => match (column(&binary.left, schema), text(&binary.right)) {
                (Some(Held::Texts), Some(needle)) if !needle.is_empty() => whole(needle),
                _ => Test::Maybe,
            },
            _ => Test::Maybe,
        },
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.as_slice()) {
            ("has" | "has_cs", [value, needle]) => of_column(value, schema, || text(needle).map_or(Test::Maybe, whole)),
            ("contains" | "contains_cs", [value, needle]) => of_column(value, schema, || text(needle).map_or(Test::Maybe, inside)),
            ("has_any", [value, needles @ ..]) => {
                of_column(value, schema, || Test::any(needles.iter().map(|needle| text(needle).map_or(Test::Maybe, whole)).collect()))
            }
            ("has_all", [value, needles @ ..]) => {
                of_column(value, schema, || Test::all(needles.iter().map(|needle| text(needle).map_or(Test::Maybe, whole)).collect()))
            }
            // A term that is looked for in many columns at once.
            ("any_has" | "any_has_cs", [values @ .., needle]) => of_any(values, schema, needle, whole),
            ("any_contains" | "any_contains_cs", [values @ .., needle]) => of_any(values, schema, needle, inside),
            _ => Test::Maybe,
        },
        _ => Test::Maybe,
    }
}

fn of_any(values: &[Expr], schema: &SchemaRef, needle: &Expr, asked: fn(&str) -> Test) -> Test {
    let mut tests: Vec<Test> = Vec::new();
    for value in values {
        let test = of_column(value, schema, || text(needle).map_or(Test::Maybe, asked));
        // The columns differ, what they are asked does not.
        if !tests.contains(&test) {
            tests.push(test);
        }
    }
    Test::any(tests)
}

/// What the texts of a column are to the index.
enum Held {
    /// It knows their words.
    Texts,
    /// They are values whose texts have no other words than these.
    Values(&'static [&'static str]),
}

fn of_column(value: &Expr, schema: &SchemaRef, asked: impl FnOnce() -> Test) -> Test {
    match column(value, schema) {
        Some(Held::Texts) => asked(),
        Some(Held::Values(words)) => of_values(asked(), words),
        None => Test::Maybe,
    }
}

/// A test of values whose texts have no other words than `known`.
fn of_values(test: Test, known: &[&str]) -> Test {
    match test {
        Test::Word(asked) if known.iter().any(|word| hash(word.as_bytes()) == asked) => Test::Maybe,
        Test::Word(_) => Test::Never,
        Test::All(tests) => Test::all(tests.into_iter().map(|test| of_values(test, known)).collect()),
        Test::Any(tests) => Test::any(tests.into_iter().map(|test| of_values(test, known)).collect()),
        // A needle without a word asks nothing of the index, and an empty one stands everywhere.
        Test::Maybe | Test::Never => test,
    }
}

/// The stored column whose text a value is.
fn column(value: &Expr, schema: &SchemaRef) -> Option<Held> {
    let name = match value {
        Expr::Column(column) => &column.name,
        Expr::ScalarFunction(call) if matches!(call.func.name(), "kql_text" | "kql_ticks" | "tostring") => match call.args.as_slice() {
            [inner] => return column(inner, schema),
            _ => return None,
        },
        _ => return None,
    };
    let field = schema.field_with_name(name).ok()?;
    match field.data_type() {
        DataType::Utf8View if is_indexed(name) => Some(Held::Texts),
        // Durations are whole numbers too; their text has no word either.
        DataType::Int32 | DataType::Int64 | DataType::Timestamp(..) => Some(Held::Values(&[])),
        DataType::Float64 => Some(Held::Values(&["nan", "infinity"])),
        DataType::Boolean => Some(Held::Values(&["true", "false"])),
        _ => None,
    }
}

fn text(value: &Expr) -> Option<&str> {
    match value {
        Expr::Literal(ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// The words of a needle that ends where words end.
fn whole(needle: &str) -> Test {
    if folds_to_ascii(needle) {
        return Test::Maybe;
    }
    let mut tests = Vec::new();
    words(needle, |word| tests.push(Test::Word(hash(word))));
    Test::all(tests)
}

/// The words of a needle that have other signs on both sides, as what stands at its ends may be part of a longer word.
fn inside(needle: &str) -> Test {
    if folds_to_ascii(needle) {
        return Test::Maybe;
    }
    let mut tests = Vec::new();
    runs(needle, |word, place| {
        if place.start > 0 && place.end < needle.len() {
            tests.push(Test::Word(hash(word)));
        }
    });
    Test::all(tests)
}

/// Keeps the indexes that were used, up to a number of bytes; those of files without one as nothing.
#[derive(Debug, Default)]
pub(super) struct WordsCache(Mutex<(HashMap<String, Option<Words>>, usize)>);

/// Bytes of indexes kept in memory.
const CACHE_BYTES: usize = 64 << 20;

impl WordsCache {
    pub(super) fn get(&self, path: &str) -> Option<Option<Words>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.get(path).cloned()
    }

    pub(super) fn put(&self, path: &str, words: Option<Words>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = words.as_ref().map_or(0, |words| words.bytes.len()) + path.len();
        if kept.1 + size > CACHE_BYTES {
            // What is still in use comes back with its next question.
            *kept = (HashMap::new(), 0);
        }
        kept.1 += size;
        kept.0.insert(path.to_owned(), words);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringViewArray};
    use arrow::datatypes::{Field, Schema};
    use datafusion::logical_expr::{ScalarUDF, Signature, SimpleScalarUDF, Volatility, ident, lit};

    use super::*;

    fn index(texts: &[&str]) -> Words {
        let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts.iter().copied()));
        let batch = RecordBatch::try_from_iter([("Text", column)]).expect("a batch");
        Words::open(Bytes::from(render(&batch))).expect("what was written opens")
    }

    #[test]
    fn a_block_is_left_out_only_if_no_text_has_the_word() {
        let words = index(&["C:\\tools\\Mimikatz.exe", "café Straße", "user2 x86", ""]);
        let passes = |needle: &str| !words.rows(&whole(needle), 4).is_empty();
        for needle in ["mimikatz", "MIMIKATZ.EXE", "tools", "exe", "", "user2", "x86", "café", "2021"] {
            assert!(passes(needle), "{needle}");
        }
        for needle in ["powershell", "mimi", "user", "caf", "stra", "tools powershell"] {
            assert!(!passes(needle), "{needle}");
        }
        assert!(!words.rows(&inside("imikat"), 4).is_empty(), "a part of a word asks nothing");
        assert!(words.rows(&inside("x powershell y"), 4).is_empty());
        let kelvin = index(&["\u{212a}elvin"]);
        assert!(!kelvin.rows(&whole("kelvin"), 1).is_empty(), "a letter that folds to ASCII keeps its block");
    }

    #[test]
    fn blocks_are_told_apart() {
        let texts: Vec<String> =
            (0..BLOCK_ROWS * 2 + 5).map(|row| if row == BLOCK_ROWS + 1 { "needle" } else { "hay" }.to_owned()).collect();
        let words = index(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(words.rows(&whole("needle"), texts.len()).as_slice(), std::slice::from_ref(&(BLOCK_ROWS..BLOCK_ROWS * 2)));
        assert_eq!(words.rows(&whole("hay"), texts.len()).as_slice(), std::slice::from_ref(&(0..texts.len())));
        assert!(Words::open(Bytes::from_static(b"CLEWWRD2\x05\0\0\0")).is_none(), "damage is seen");
    }

    #[test]
    fn filters_ask_for_words_where_they_can() {
        let field = |name: &str, kind: DataType| Field::new(name, kind, true);
        let schema: SchemaRef = Arc::new(Schema::new(vec![
            field("Text", DataType::Utf8View),
            field("_Source", DataType::Utf8View),
            field("N", DataType::Int64),
            field("F", DataType::Boolean),
            field("_ResourceId", DataType::Utf8View),
        ]));
        let word = |word: &str| Test::Word(hash(word.as_bytes()));
        let view = |text: &str| lit(ScalarValue::Utf8View(Some(text.to_owned())));
        let equal = |name: &str, text: &str| ident(name).eq(view(text));
        let any = |columns: &[&str], needle: &str| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            let udf = SimpleScalarUDF::new_with_signature("any_has", signature, DataType::Boolean, Arc::new(|_| unreachable!("never run")));
            ScalarUDF::from(udf).call(columns.iter().map(|name| ident(*name)).chain([view(needle)]).collect())
        };
        for (filters, expected) in [
            (vec![equal("Text", "Foo bar")], Some(Test::All(vec![word("foo"), word("bar")]))),
            (vec![equal("Text", "Foo").or(equal("Text", "bar"))], Some(Test::Any(vec![word("foo"), word("bar")]))),
            (vec![equal("Text", "foo").or(equal("_Source", "bar"))], None),
            (vec![equal("Text", "foo").and(ident("N").gt(lit(1_i64)))], Some(word("foo"))),
            (vec![any(&["Text", "N", "F", "_ResourceId"], "Foo")], Some(Test::Any(vec![word("foo"), Test::Never]))),
            (vec![any(&["N", "F"], "foo")], Some(Test::Any(vec![Test::Never]))),
            (vec![any(&["Text", "F"], "true")], None),
            (vec![any(&["Text", "_Source"], "foo")], None),
            (vec![any(&["Text"], "1234")], None),
            (vec![equal("Text", "")], None),
            (vec![equal("Text", "1234")], None),
            (vec![], None),
        ] {
            assert_eq!(Test::of(&filters, &schema), expected, "{filters:?}");
        }
    }
}
