//! The search for needles is that of its definition.

use proptest::prelude::*;

use super::fold::fold;
use super::needle::{Case, Needle, Relation};

/// By definition: letter by letter, without a thought of speed.
fn by_definition(haystack: &str, needle: &str, relation: Relation, case: Case) -> bool {
    let letters = |text: &str| text.chars().map(|letter| if case == Case::Folded { fold(letter) } else { letter }).collect::<Vec<_>>();
    let (haystack, needle) = (letters(haystack), letters(needle));
    let joins = |place: usize| {
        let is_of_term = |place: Option<usize>| place.and_then(|place| haystack.get(place)).is_some_and(|letter| letter.is_alphanumeric());
        is_of_term(place.checked_sub(1)) && is_of_term(Some(place))
    };
    let stands = |start: usize| haystack[start..].starts_with(&needle);
    let (last, length) = (haystack.len().checked_sub(needle.len()), needle.len());
    match (relation, last) {
        (_, None) => false,
        (Relation::Equal, Some(last)) => last == 0 && stands(0),
        (Relation::Start, _) => stands(0),
        (Relation::End, Some(last)) => stands(last),
        (Relation::Contained, Some(last)) => (0..=last).any(stands),
        (_, Some(_)) if needle.is_empty() => true,
        (Relation::Term, Some(last)) => (0..=last).any(|start| stands(start) && !joins(start) && !joins(start + length)),
        (Relation::TermStart, Some(last)) => (0..=last).any(|start| stands(start) && !joins(start)),
        (Relation::TermEnd, Some(last)) => (0..=last).any(|start| stands(start) && !joins(start + length)),
    }
}

proptest! {
    #[test]
    fn needles_stand_where_the_definition_says(haystack in "[abAB1_. éÉß]{0,90}", needle in "[abAB1.éÉ]{0,4}") {
        let mut buffer = String::new();
        for relation in [
            Relation::Equal, Relation::Contained, Relation::Start, Relation::End, Relation::Term, Relation::TermStart, Relation::TermEnd,
        ] {
            for case in [Case::Sensitive, Case::Folded] {
                let found = Needle::new(&needle, relation, case).matches(&haystack, &mut buffer);
                prop_assert_eq!(found, by_definition(&haystack, &needle, relation, case), "{:?} {:?}", relation, case);
            }
        }
    }
}
