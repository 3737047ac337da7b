//! `replace_string`, `replace_strings` and `translate`.

use std::collections::HashMap;

use arrow::array::ArrayRef;

use super::super::{Arguments, KernelError, budget};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn replace_string(call: &Arguments) -> Result {
    let (texts, searched, rewrites) = (call.text_column(0), call.text_column(1), call.text_column(2));
    call.try_texts(|row| {
        let (text, searched, rewrite) = (texts.value(row), searched.value(row), rewrites.value(row));
        if searched.is_empty() {
            return Ok(text.to_owned());
        }
        if rewrite.len() > searched.len() {
            budget::fits(rewrite.len() - searched.len(), text.matches(searched).count())?;
        }
        Ok(text.replace(searched, rewrite))
    })
}

pub(super) fn replace_strings(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    let pairs = |row: usize| {
        let array = |argument: usize| serde_json::from_str(call.json(argument, row)?).ok();
        let (searched, rewrites): (Vec<serde_json::Value>, Vec<serde_json::Value>) = (array(1)?, array(2)?);
        Some((searched, rewrites))
    };
    let constant = call.constant_from(1).then(|| pairs(0));
    call.try_texts(|row| {
        let text = texts.value(row);
        let own = if constant.is_none() { pairs(row) } else { None };
        let Some((searched, rewrites)) = constant.as_ref().unwrap_or(&own) else { return Ok(text.to_owned()) };
        let pairs = searched.iter().zip(rewrites).filter_map(|(searched, rewrite)| {
            // What has no text to be replaced by stays, and is not looked at again either.
            let searched = searched.as_str()?;
            Some((searched, rewrite.as_str().unwrap_or(searched)))
        });
        all_replaced(text, pairs)
    })
}

/// A part of a text: as it was, or what stands in its place.
enum Piece<'a> {
    Left(&'a str),
    Written(&'a str),
}

fn all_replaced<'a>(text: &'a str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> std::result::Result<String, KernelError> {
    let mut pieces = vec![Piece::Left(text)];
    for (searched, rewrite) in pairs.filter(|(searched, _)| !searched.is_empty()) {
        let mut next = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let Piece::Left(left) = piece else {
                next.push(piece);
                continue;
            };
            for (index, part) in left.split(searched).enumerate() {
                budget::fits(size_of::<Piece<'_>>(), next.len())?;
                if index > 0 {
                    next.push(Piece::Written(rewrite));
                }
                next.push(Piece::Left(part));
            }
        }
        pieces = next;
    }
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Left(text) | Piece::Written(text) => *text,
    });
    budget::fits(texts.clone().map(str::len).sum(), 1)?;
    Ok(texts.collect())
}

pub(super) fn translate(call: &Arguments) -> Result {
    let (searched, rewrites, texts) = (call.text_column(0), call.text_column(1), call.text_column(2));
    let table = |row: usize| {
        let mut table = HashMap::new();
        let (mut rewrites, mut last) = (rewrites.value(row).chars(), None);
        for letter in searched.value(row).chars() {
            last = rewrites.next().or(last);
            table.entry(letter).or_insert(last);
        }
        table
    };
    let constant = (call.constant_text(0).is_some() && call.constant_text(1).is_some()).then(|| table(0));
    Ok(call.texts(|row| {
        let own = if constant.is_none() { table(row) } else { HashMap::new() };
        let table = constant.as_ref().unwrap_or(&own);
        Some(texts.value(row).chars().filter_map(|letter| table.get(&letter).copied().unwrap_or(Some(letter))).collect::<String>())
    }))
}
