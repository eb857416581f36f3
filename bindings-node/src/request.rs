//! Requests as JavaScript sends them: two lines for each.
//!
//! Nearly all requests are an email and a phone number, both text or absent, and go as they are: a line for the email, a line
//! for the phone number, empty where there is none. Whatever is anything else goes as JSON in the first line, with [`JSON`] in
//! the second, and what it is, is for the core to say.

use std::fmt;

use identity_core::{Error, IdentifyRequest, InvalidReason, PhoneNumber, PhoneRef, Rows};

/// The second line of a request that is JSON. JavaScript sends no phone number that looks like it.
const JSON: &str = "\0";

/// The requests of a text, in order.
pub(crate) fn read(text: &str) -> impl Iterator<Item = Result<IdentifyRequest, Error>> {
    let mut lines = text.split('\n');
    std::iter::from_fn(move || Some(request(lines.next()?, lines.next()?)))
}

/// Requests that lie in a text, and are read there.
#[derive(Default)]
pub(crate) struct Requests {
    text: String,
    places: Vec<Place>,
}

/// Where a request is.
enum Place {
    /// Two lines, the first from `begin` to before `middle`, the second from there to before `end`, with the ends of lines.
    Lines { begin: usize, middle: usize, end: usize },
    /// Not in the text, but here alone: it was JSON.
    Apart(Vec<IdentifyRequest>),
    /// It was to be JSON, and is no request. It goes on as an empty one, so that it has its place among the answers.
    Refused(Error),
}

impl Requests {
    /// Takes the first requests off a text, `most` of them or all.
    pub(crate) fn take(text: &mut String, most: usize) -> Self {
        let mut places = Vec::new();
        let mut begin = 0;
        while places.len() < most {
            let next = |from: usize| text[from..].find('\n').map(|length| from + length + 1);
            let Some((middle, end)) = next(begin).and_then(|middle| Some((middle, next(middle)?))) else {
                // There is no half of a request.
                begin = text.len();
                break;
            };
            places.push(if text[middle..end - 1] == *JSON {
                request(&text[begin..middle], JSON)
                    .map_or_else(Place::Refused, |request| Place::Apart(vec![request]))
            } else {
                Place::Lines { begin, middle, end }
            });
            begin = end;
        }
        let rest = text.split_off(begin);
        Self { text: std::mem::replace(text, rest), places }
    }

    /// What JavaScript is told of a row, whose answer this is.
    pub(crate) fn answer<A>(&self, row: usize, answer: Result<A, Error>) -> Result<A, Error> {
        match (self.places.get(row), answer) {
            // Of an empty request the library says that it is none; why this one is none is known here.
            (Some(Place::Refused(error)), Err(Error::InvalidInput(_))) => Err(error.clone()),
            (_, answer) => answer,
        }
    }

    fn line(&self, begin: usize, end: usize) -> Option<&str> {
        given(&self.text[begin..end - 1])
    }
}

impl Rows for Requests {
    fn count(&self) -> usize {
        self.places.len()
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        match &self.places[row] {
            Place::Lines { begin, middle, .. } => Ok(self.line(*begin, *middle)),
            Place::Apart(request) => request.email(0),
            Place::Refused(_) => Ok(None),
        }
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        match &self.places[row] {
            Place::Lines { middle, end, .. } => Ok(self.line(*middle, *end).map(PhoneRef::Text)),
            Place::Apart(request) => request.phone_number(0),
            Place::Refused(_) => Ok(None),
        }
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("count", &self.places.len()).finish_non_exhaustive()
    }
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
    let owned = |line| given(line).map(str::to_owned);
    Ok(IdentifyRequest { email: owned(first), phone_number: owned(second).map(PhoneNumber::Text) })
}

/// What a line says; nothing where it is empty.
fn given(line: &str) -> Option<&str> {
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use identity_core::Normalizer;

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

        let mut rest = text.to_owned();
        let (first, second) = (Requests::take(&mut rest, 4), Requests::take(&mut rest, 4));
        assert_eq!((first.count(), second.count(), rest.as_str()), (4, 1, ""));
        for (row, request) in read[..4].iter().enumerate() {
            let request = request.as_ref().unwrap();
            assert_eq!(first.email(row).unwrap(), request.email.as_deref());
            let phone = match first.phone_number(row).unwrap() {
                Some(PhoneRef::Text(text)) => Some(PhoneNumber::Text(text.to_owned())),
                Some(PhoneRef::Number(number)) => Some(PhoneNumber::Number(number)),
                None => None,
            };
            assert_eq!(phone, request.phone_number);
        }
        assert_eq!((second.email(0), second.phone_number(0)), (Ok(None), Ok(None)));
        let empty = Normalizer::new().request(&of());
        let refused = second.answer::<()>(0, Err(empty.unwrap_err())).unwrap_err();
        assert_eq!(refused.to_string(), read_one("null\n\0\n").unwrap_err().to_string());
        assert!(matches!(second.answer::<()>(0, Err(Error::Closed)), Err(Error::Closed)));

        assert_eq!(read_one("a@x.io\n12\n").unwrap(), of().email("a@x.io").phone_number("12"));
        assert!(read_one("null\n\0\n").is_err());
    }
}
