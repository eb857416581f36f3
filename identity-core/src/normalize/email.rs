//! Emails: trimmed, Unicode NFC, lower case, `local@domain`.
//!
//! The local part is lowered too, and neither dots nor `+tags` are touched: SPEC asks for the first, and the
//! second would make two people's addresses equal at providers that tell them apart.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::error::InvalidReason;

/// The longest address, in characters (RFC 5321 allows a path of 256 octets, two of them angle brackets).
const MAX_CHARACTERS: usize = 254;

/// Borrowed where nothing has to be changed.
pub(super) fn normalize(text: &str) -> Result<Option<Cow<'_, str>>, InvalidReason> {
    if is_plain(text) {
        return Ok(Some(Cow::Borrowed(text)));
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let folded = fold(text);
    if folded.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(InvalidReason::ForbiddenCharacter);
    }
    if folded.chars().count() > MAX_CHARACTERS {
        return Err(InvalidReason::TooLong);
    }
    if !is_address(&folded) {
        return Err(InvalidReason::NotAnEmail);
    }
    Ok(Some(Cow::Owned(folded)))
}

/// Whether it is what nearly every address of an import is: normalised already, of characters that need no second look.
/// It is a short cut and decides nothing: what it does not take goes the long way.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [first, .., last] = bytes else { return false };
    let (mut ats, mut seen) = (0, 0);
    // To the end also where it is not plain: a loop without a way out is twice as quick.
    for byte in bytes {
        let kind = KINDS[usize::from(*byte)];
        ats += usize::from(kind & AT);
        seen |= kind;
    }
    seen & OTHER == 0 && ats == 1 && bytes.len() <= MAX_CHARACTERS && *first != b'@' && *last != b'@'
}

/// Of each byte: [`AT`], [`OTHER`], or 0 for what is plain.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'+' => 0,
            b'@' => AT,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};
const AT: u8 = 1;
const OTHER: u8 = 2;

/// NFC and lower case, repeated until neither changes anything: lower case can leave a sequence that NFC composes.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded: String = text.nfc().collect();
    loop {
        let lowered = folded.to_lowercase();
        let composed = if is_nfc(&lowered) { lowered } else { lowered.nfc().collect() };
        if composed == folded {
            return folded;
        }
        folded = composed;
    }
}

/// Whether it is `local@domain`: both non-empty, and one `@` outside quotes (`"a@b"@x.io` is an address).
fn is_address(text: &str) -> bool {
    let mut at = None;
    let mut quoted = false;
    let mut escaped = false;
    for (position, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '@' if !quoted && at.is_some() => return false,
            '@' if !quoted => at = Some(position),
            _ => {}
        }
    }
    !quoted && at.is_some_and(|at| at > 0 && at + 1 < text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Option<String> {
        normalize(text).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn folds_case_form_and_surrounding_space() {
        assert_eq!(of("  McFly@HillValley.EDU\n").as_deref(), Some("mcfly@hillvalley.edu"));
        assert_eq!(of("Jose\u{301}@x.io"), of("JOS\u{c9}@X.IO"));
        assert_ne!(of("josé@x.io"), of("jose@x.io"));
        assert_eq!(of(" \t"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn counts_only_an_at_outside_quotes() {
        assert!(normalize(r#""a@b"@x.io"#).is_ok());
        assert!(normalize(r#""a\"@b"@x.io"#).is_ok());
        for bad in ["a@b@c", "@x.io", "a@", "a", "@", r#""a@x.io"#, r#"a@x.io""#] {
            assert_eq!(normalize(bad), Err(InvalidReason::NotAnEmail), "{bad}");
        }
    }

    #[test]
    fn refuses_space_and_control_characters_even_in_quotes() {
        for bad in ["a b@x.io", "a@x\u{0}.io", "\"a b\"@x.io", "a\u{a0}b@x.io", "a@x\u{85}y.io"] {
            assert_eq!(normalize(bad), Err(InvalidReason::ForbiddenCharacter), "{bad:?}");
        }
    }

    #[test]
    fn takes_254_characters_and_no_more() {
        let longest = format!("{}@x.io", "é".repeat(249));
        assert_eq!(longest.chars().count(), 254);
        assert!(normalize(&longest).is_ok());
        assert_eq!(normalize(&format!("a{longest}")), Err(InvalidReason::TooLong));
    }

    proptest! {
        #[test]
        fn the_short_cut_decides_nothing(text in "[a-cA\\. @_+-]{0,6}@?[a-c0-9.@]{0,4}") {
            if is_plain(&text) {
                prop_assert_eq!(fold(&text), text.clone());
                prop_assert!(is_address(&text));
            }
        }

        #[test]
        fn is_idempotent_and_never_panics(text in any::<String>()) {
            if let Ok(Some(once)) = normalize(&text) {
                prop_assert_eq!(normalize(&once), Ok(Some(once.clone())));
            }
        }

        #[test]
        fn is_idempotent_on_what_looks_like_an_address(
            local in "[\\p{L}\\p{M}\\p{N}.+\"\\\\]{1,12}",
            domain in "[\\p{L}\\p{M}.-]{1,12}",
        ) {
            if let Ok(Some(once)) = normalize(&format!(" {local}@{domain}")) {
                prop_assert_eq!(normalize(&once), Ok(Some(once.clone())));
            }
        }

        /// Values that are equal afterwards differ by case, canonical form and surrounding space only.
        #[test]
        fn joins_nothing_else(a in "[aAbBé\u{301}e]{1,3}@[xX]", b in "[aAbBé\u{301}e]{1,3}@[xX]") {
            let plain = |text: &str| text.nfd().collect::<String>().to_lowercase();
            prop_assert_eq!(normalize(&a) == normalize(&b), plain(&a) == plain(&b));
        }
    }
}
