//! The nearest of some known words, for "did you mean".

/// Returns the known word that most resembles `word`, if one is near enough to be meant.
pub(super) fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LENGTH_MAX: usize = 64;
    if word.is_empty() || word.len() > LENGTH_MAX {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = match lower.len() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|candidate| (distance(lower.as_bytes(), candidate.to_lowercase().as_bytes()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Single-byte edits from one word to the other; a swap of neighbours is one edit.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut before: Vec<usize> = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut now = Vec::with_capacity(to.len() + 1);
        now.push(row + 1);
        for (column, b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(now[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            now.push(best);
        }
        before = std::mem::replace(&mut last, now);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["where", "project", "project-away", "summarize", "take"];
        for (word, expected) in [
            ("Where", Some("where")),
            ("wehre", Some("where")),
            ("projct", Some("project")),
            ("projectaway", Some("project-away")),
            ("sumarise", Some("summarize")),
            ("tk", None),
            ("encode", None),
            ("", None),
        ] {
            assert_eq!(similar(word, known), expected, "{word}");
        }
    }
}
