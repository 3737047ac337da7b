//! Ids of alerts and incidents as they are kept.

use std::borrow::Cow;

/// An id as it is kept: GUIDs, whose case means nothing, in small letters, any other as it is written.
pub fn canonical_id(id: &str) -> Cow<'_, str> {
    if is_guid(id) && id.bytes().any(|byte| byte.is_ascii_uppercase()) { id.to_ascii_lowercase().into() } else { id.into() }
}

/// Brings an id that is kept into the form of [`canonical_id`].
pub fn make_canonical(id: &mut str) {
    if is_guid(id) {
        id.make_ascii_lowercase();
    }
}

/// Whether a text is 32 hexadecimal digits in the groups of a GUID, without braces.
fn is_guid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_guids_lose_their_capitals() {
        let cases = [
            ("AB3F0C11-2222-4333-8444-ABCDEFABCDEF", "ab3f0c11-2222-4333-8444-abcdefabcdef"),
            ("ab3f0c11-2222-4333-8444-abcdefabcdef", "ab3f0c11-2222-4333-8444-abcdefabcdef"),
            ("indicator--AB3F0C11-2222-4333-8444-ABCDEFABCDEF", "indicator--AB3F0C11-2222-4333-8444-ABCDEFABCDEF"),
            ("AB3F0C11-2222-4333-8444-ABCDEFABCDEG", "AB3F0C11-2222-4333-8444-ABCDEFABCDEG"),
            ("AB3F0C11+2222-4333-8444-ABCDEFABCDEF", "AB3F0C11+2222-4333-8444-ABCDEFABCDEF"),
            ("DA637", "DA637"),
        ];
        for (written, kept) in cases {
            assert_eq!(canonical_id(written), kept);
            let mut own = written.to_owned();
            make_canonical(&mut own);
            assert_eq!(own, kept);
        }
    }
}
