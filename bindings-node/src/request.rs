//! Requests as JavaScript sends them: two lines for each.
//!
//! Nearly all requests are an email and a phone number, both text or absent, and go as they are: a line for the email, a line
//! for the phone number, empty where there is none. Whatever is anything else goes as JSON in the first line, with [`JSON`] in
//! the second, and what it is, is for the core to say.

use identity_core::{Error, IdentifyRequest, PhoneNumber};

/// The second line of a request that is JSON. JavaScript sends no phone number that looks like it.
const JSON: &str = "\0";

/// The requests of a text, in order.
pub(crate) fn read(text: &str) -> impl Iterator<Item = Result<IdentifyRequest, Error>> {
    let mut lines = text.split('\n');
    std::iter::from_fn(move || Some(request(lines.next()?, lines.next()?)))
}

/// How many there are in a text.
pub(crate) fn count(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count() / 2
}

/// A single one.
///
/// # Errors
/// What the core says of it.
pub(crate) fn read_one(text: &str) -> Result<IdentifyRequest, Error> {
    let (first, second) = text.split_once('\n').unwrap_or((text, JSON));
    request(first, second.trim_end_matches('\n'))
}

fn request(first: &str, second: &str) -> Result<IdentifyRequest, Error> {
    if second == JSON {
        return IdentifyRequest::from_json(first.as_bytes());
    }
    let given = |line: &str| (!line.is_empty()).then(|| line.to_owned());
    Ok(IdentifyRequest { email: given(first), phone_number: given(second).map(PhoneNumber::Text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lines_are_a_request() {
        let text = "a@x.io\n12\n\n12\na@x.io\n\n{\"phoneNumber\":5}\n\0\nnull\n\0\n";
        assert_eq!(count(text), 5);
        let read: Vec<_> = read(text).collect();
        let of = IdentifyRequest::new;
        assert_eq!(read.len(), 5);
        assert_eq!(read[0].as_ref().unwrap(), &of().email("a@x.io").phone_number("12"));
        assert_eq!(read[1].as_ref().unwrap(), &of().phone_number("12"));
        assert_eq!(read[2].as_ref().unwrap(), &of().email("a@x.io"));
        assert_eq!(read[3].as_ref().unwrap(), &of().phone_number(5_u64));
        assert!(matches!(read[4], Err(Error::InvalidInput(_))));
        assert_eq!(read_one("a@x.io\n12\n").unwrap(), of().email("a@x.io").phone_number("12"));
        assert!(read_one("null\n\0\n").is_err());
    }
}
