//! Phone numbers: digits, and a leading `+` where it was given.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::error::InvalidReason;

/// The most digits (E.164 has 15; 20 leaves room for what shops really store).
const MAX_DIGITS: usize = 20;

/// Borrowed where nothing has to be changed.
pub(super) fn normalize(text: &str) -> Result<Option<Cow<'_, str>>, InvalidReason> {
    let digits = text.strip_prefix('+').unwrap_or(text).as_bytes();
    if (1..=MAX_DIGITS).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
        return Ok(Some(Cow::Borrowed(text)));
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut kept = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_separator(*c)) {
        match digit(c) {
            Some(digit) => kept.push(digit),
            None if c == '+' && kept.is_empty() => kept.push('+'),
            None => return Err(InvalidReason::NotAPhoneNumber),
        }
    }
    let digits = kept.strip_prefix('+').unwrap_or(&kept).len();
    if (1..=MAX_DIGITS).contains(&digits) {
        Ok(Some(Cow::Owned(kept)))
    } else {
        Err(InvalidReason::NotAPhoneNumber)
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '/')
}

/// The ASCII digit of any decimal digit.
///
/// Unicode gives the digits of each script ten code points in a row, in order, and it lets such rows touch
/// (Unicode Standard, 4.6). So the distance to the start of a run of decimal digits tells the value.
fn digit(c: char) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    if c.is_ascii() || !is_decimal(c as u32) {
        return None;
    }
    let start = (0..=c as u32).rev().take_while(|point| is_decimal(*point)).last()?;
    char::from_digit((c as u32 - start) % 10, 10)
}

fn is_decimal(point: u32) -> bool {
    char::from_u32(point).is_some_and(|c| c.general_category() == GeneralCategory::DecimalNumber)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Option<String> {
        normalize(text).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn keeps_digits_and_a_leading_plus() {
        assert_eq!(of(" +49 (0)30/123-45.6 ").as_deref(), Some("+49030123456"));
        assert_eq!(of("(+49) 30").as_deref(), Some("+4930"));
        assert_eq!(of("\u{2003}"), None);
        assert_ne!(of("0123"), of("123"));
        assert_ne!(of("+123"), of("123"));
    }

    #[test]
    fn folds_the_digits_of_every_script() {
        assert_eq!(of("٠١٢٣٤٥٦٧٨٩").as_deref(), Some("0123456789"));
        assert_eq!(of("０１２３４５６７８９").as_deref(), Some("0123456789"));
        assert_eq!(of("०१२३४५६७८९").as_deref(), Some("0123456789"));
        assert_eq!(of("𝟎𝟗𝟘𝟡𝟢𝟫𝟬𝟵𝟶𝟿").as_deref(), Some("0909090909"), "five rows of ten that touch");
    }

    #[test]
    fn every_row_of_digits_is_whole() {
        let mut run = 0;
        for point in 0..=u32::from(char::MAX) {
            if is_decimal(point) {
                run += 1;
            } else {
                assert_eq!(run % 10, 0, "the run before U+{point:04X}");
                run = 0;
            }
        }
    }

    #[test]
    fn refuses_everything_else() {
        for bad in ["+", "12a", "1+2", "++1", "-", "()", "²", "Ⅷ", "1234567890123456789012345", "＋1", "x"]
        {
            assert_eq!(normalize(bad), Err(InvalidReason::NotAPhoneNumber), "{bad}");
        }
        assert!(normalize("12345678901234567890").is_ok());
        assert!(normalize("+12345678901234567890").is_ok());
        assert!(normalize("123456789012345678901").is_err());
    }

    proptest! {
        #[test]
        fn is_idempotent_and_never_panics(text in any::<String>()) {
            if let Ok(Some(once)) = normalize(&text) {
                prop_assert_eq!(normalize(&once), Ok(Some(once.clone())));
            }
        }

        /// Numbers that are equal afterwards have the same digits in the same order, and the same plus.
        #[test]
        fn joins_nothing_else(a in "\\+?[01 ()./-]{1,4}", b in "\\+?[01 ()./-]{1,4}") {
            let plain = |text: &str| text.chars().filter(|c| "+01".contains(*c)).collect::<String>();
            if let (Ok(Some(na)), Ok(Some(nb))) = (normalize(&a), normalize(&b)) {
                prop_assert_eq!(na == nb, plain(&a) == plain(&b));
            }
        }

        #[test]
        fn takes_all_that_is_written_in_digits(text in "\\+?[0-9]([ ./()-]?[0-9]){0,19}") {
            let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            let kept = normalize(&text);
            prop_assert_eq!(kept, Ok(Some(Cow::Owned(digits))));
        }
    }
}
