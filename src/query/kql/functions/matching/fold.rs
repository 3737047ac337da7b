//! Letters without their case.

/// The letter without its case: one letter always folds to one, and only ASCII folds to ASCII.
pub(in super::super) fn fold(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let folded = lower(upper(letter));
    if folded.is_ascii() { letter } else { folded }
}

/// The small letter, if it is one letter.
pub(in super::super) fn lower(letter: char) -> char {
    single(letter, letter.to_lowercase())
}

/// The capital letter, if it is one letter.
pub(in super::super) fn upper(letter: char) -> char {
    single(letter, letter.to_uppercase())
}

fn single(letter: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

/// Appends a text without case.
pub(in super::super) fn push_folded(folded: &mut String, text: &str) {
    folded.extend(text.chars().map(fold));
}

/// Whether two texts are the same but for case.
pub(in super::super) fn equal(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().map(fold).eq(b.chars().map(fold))
}
