use std::fmt;

/// The kind of a database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavor {
    /// MariaDB.
    MariaDb,
    /// MySQL by Oracle, not a server that takes its name.
    MySql,
}

impl Flavor {
    /// Both of them, for tests that say the same about each.
    pub const ALL: [Self; 2] = [Self::MariaDb, Self::MySql];

    /// The environment variable in which `with-databases` hands on the server's URL.
    pub fn variable(self) -> &'static str {
        match self {
            Self::MariaDb => "IDENTITY_TEST_MARIADB",
            Self::MySql => "IDENTITY_TEST_MYSQL",
        }
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        })
    }
}
