use std::fmt;

use sqlx::{Connection, MySqlConnection};

use super::{DatabaseError, Flavor, FreshDatabase};

/// How to reach a server as a user who may do everything there.
///
/// The URL carries a password, as a shop's does.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerAddress {
    flavor: Flavor,
    url: String,
}

impl ServerAddress {
    /// The server of `flavor` at `url`, which names no database: `mysql://user:password@host:port`.
    pub fn new(flavor: Flavor, url: impl Into<String>) -> Self {
        let mut url = url.into();
        url.truncate(url.trim_end_matches('/').len());
        Self { flavor, url }
    }

    /// The kind of server.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// The URL that names no database.
    pub fn admin_url(&self) -> &str {
        &self.url
    }

    /// Where it listens, for who stands between.
    ///
    /// # Panics
    /// If its URL does not end with an address and a port, as those of our own servers do.
    #[expect(clippy::panic, reason = "our own servers have one")]
    pub fn socket(&self) -> std::net::SocketAddr {
        let place = self.url.rsplit('@').next().unwrap_or_default();
        match place.parse() {
            Ok(socket) => socket,
            Err(_) => panic!("not an address and a port: {place}"),
        }
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.url)
    }

    /// A connection that has chosen no database.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if the server does not answer or refuses.
    pub async fn connect(&self) -> Result<MySqlConnection, DatabaseError> {
        Ok(MySqlConnection::connect(&self.url).await?)
    }

    /// Makes a database that nobody else uses. It is dropped along with the returned value.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if the server does not answer or refuses.
    pub async fn fresh_database(&self) -> Result<FreshDatabase, DatabaseError> {
        FreshDatabase::create(self.clone()).await
    }
}

/// Without the password: it would end up in logs.
impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.rsplit('@').next().unwrap_or_default();
        f.debug_struct("ServerAddress").field("flavor", &self.flavor).field("host", &host).finish()
    }
}
