//! A database URL that keeps its password to itself.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The URL of a database. `Display` and `Debug` leave out the user, the password and the query.
///
/// ```
/// use identify_server::DatabaseUrl;
/// let url: DatabaseUrl = "mysql://shop:secret@db.internal:3306/shop?ssl-mode=required".parse().unwrap();
/// assert_eq!(url.to_string(), "mysql://db.internal:3306/shop");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The whole URL, for who connects. It is not for display.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the rest of the URL names a file or nothing, so that an `@` in it is part of a name.
    fn is_local(&self) -> bool {
        matches!(self.0.split_once(':'), Some(("sqlite" | "memory", _)))
    }
}

impl FromStr for DatabaseUrl {
    /// It fails nowhere: what a URL may be is for [`identity_core`] to say, and an error of ours would repeat it.
    type Err = Infallible;

    fn from_str(url: &str) -> Result<Self, Infallible> {
        Ok(Self(url.to_owned()))
    }
}

impl fmt::Display for DatabaseUrl {
    /// Cuts up to the *last* `@`, before anything else is looked at: a password with an unescaped `@`, `/` or `?` makes
    /// the URL a bad one, and must not appear in the message that says so.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = match self.0.rsplit_once('@') {
            Some((front, rest)) if !self.is_local() => {
                (front.split_once("://").map(|(scheme, _)| scheme), rest)
            }
            _ => (None, &*self.0),
        };
        if let Some(scheme) = scheme {
            write!(f, "{scheme}://")?;
        }
        f.write_str(rest.split_once('?').map_or(rest, |(path, _)| path))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        let url = DatabaseUrl::from_str(url).unwrap();
        assert_eq!(format!("{url:?}"), format!("DatabaseUrl({url})"));
        url.to_string()
    }

    #[test]
    fn user_password_and_query_are_left_out() {
        assert_eq!(shown("mysql://user:secret@host:3306/name"), "mysql://host:3306/name");
        assert_eq!(shown("mariadb://user@host/name"), "mariadb://host/name");
        assert_eq!(shown("mysql://host/name"), "mysql://host/name");
        assert_eq!(shown("mysql://user:secret@[::1]:3306/name?ssl-key=k"), "mysql://[::1]:3306/name");
    }

    #[test]
    fn no_part_of_an_unescaped_password_is_shown() {
        for password in ["se@cret", "se/cret", "se?cret", "se#cret", "se:cret", "cret@se?cret", "cret://se"] {
            assert_eq!(shown(&format!("mysql://user:{password}@host/name")), "mysql://host/name");
        }
        assert_eq!(shown("mysql//user:secret@host/name"), "host/name");
    }

    #[test]
    fn files_keep_their_names() {
        assert_eq!(shown("sqlite://contacts.db"), "sqlite://contacts.db");
        assert_eq!(shown("sqlite:///var/lib/a@b.db?mode=rwc"), "sqlite:///var/lib/a@b.db");
        assert_eq!(shown("memory:"), "memory:");
    }
}
