//! What can be configured, by argument or environment.

use std::net::SocketAddr;

use clap::Parser;
use identity_core::{IdentityResolver, Normalizer, Region, ResolverBuilder};

use crate::database_url::DatabaseUrl;

/// Answers POST /identify over HTTP: who is this customer?
///
/// Contacts are kept in a database; tables that are missing are created. With nothing configured that is the SQLite file
/// contacts.db in the current folder.
#[derive(Clone, Debug, Parser)]
#[command(version, after_long_help = AFTER_HELP)]
pub struct Options {
    /// The database that keeps the contacts
    ///
    /// mysql://user:password@host:port/name (MySQL or MariaDB; characters such as @ and / in the password are
    /// percent-encoded), sqlite://file, or memory: for contacts that are gone when the server ends. Prefer the variable
    /// where there is a password: others on the machine can read arguments.
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite://contacts.db"
    )]
    pub database: DatabaseUrl,

    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS:PORT", env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Take over a table Contact that already holds rows
    ///
    /// Needed at the first start on such a table: without it the server refuses to start there, lest it works on rows
    /// that nobody meant it to. The table is checked first; if it contradicts the rules, the server says so, and writes
    /// nothing. Otherwise what the server needs beside it is derived from it, and its rows stay as they are. It may be
    /// given again, such as after something else has inserted contacts. If --default-region is wanted, give it from the
    /// first start on.
    #[arg(long)]
    pub adopt: bool,

    /// The country in which phone numbers without a country code are read: an ISO 3166 code such as US
    ///
    /// Phone numbers then become E.164, so that (415) 555-0100 and +14155550100 are one. Choose it before the first
    /// contact: what is stored already is not rewritten. Without it numbers are compared digit by digit.
    #[arg(long, value_name = "CODE", env = "DEFAULT_REGION")]
    pub default_region: Option<Region>,

    /// The most connections to the database, at least 1
    #[arg(
        long,
        value_name = "NUMBER",
        env = "MAX_CONNECTIONS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_connections: u32,
}

const AFTER_HELP: &str = "\
Requests:
  POST /identify  {\"email\": string|null, \"phoneNumber\": string|number|null}
  GET /healthz    the process lives
  GET /readyz     the database answers

  curl http://127.0.0.1:3000/identify -H 'content-type: application/json' \\
       -d '{\"email\": \"mcfly@hillvalley.edu\", \"phoneNumber\": \"123456\"}'

SIGINT and SIGTERM let running requests end, for up to 10 seconds, then stop the server.
RUST_LOG sets what is logged on stderr [default: warn]; no email and no phone number ever is.";

impl Options {
    /// A resolver's builder with these options.
    pub(crate) fn resolver(&self) -> ResolverBuilder {
        let normalizer = match self.default_region {
            Some(region) => Normalizer::new().with_default_region(region),
            None => Normalizer::new(),
        };
        IdentityResolver::builder()
            .normalizer(normalizer)
            .adopt(self.adopt)
            .max_connections(self.max_connections)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn debug_output_holds_no_password() {
        let options = Options::parse_from(["", "--database", "mysql://user:secret@host/name"]);
        assert!(!format!("{options:?}").contains("secret"));
        assert_eq!(options.database.expose(), "mysql://user:secret@host/name");
    }
}
