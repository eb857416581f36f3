//! Whether a body says that it is JSON.

use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

/// Whether the content type is `application/json` or `application/*+json`, whatever its parameters.
///
/// Nothing else passes, not even no type at all: browsers may send forms and plain text to other sites without asking
/// first, and such a request must not write.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let essence = value.split_once(';').map_or(value, |(essence, _)| essence).trim().to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some("json") => true,
        Some(subtype) => subtype.strip_suffix("+json").is_some_and(|prefix| !prefix.is_empty()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn accepts(value: &str) -> bool {
        is_json(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(value).unwrap())]))
    }

    #[test]
    fn json_in_all_its_spellings() {
        for value in ["application/json", "Application/JSON ; charset=utf-8", "application/vnd.shop.v1+json"]
        {
            assert!(accepts(value), "{value}");
        }
    }

    #[test]
    fn nothing_else() {
        for value in
            ["", "json", "text/json", "text/plain", "application/jsonx", "application/+json", "application/"]
        {
            assert!(!accepts(value), "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
