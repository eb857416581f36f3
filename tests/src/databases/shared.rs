use std::env;
use std::sync::OnceLock;

use super::{Flavor, ServerAddress};

/// The server that all tests of this run share; each takes a [fresh database](ServerAddress::fresh_database) on it.
///
/// # Panics
///
/// If there is none, because the test was not started by `tests/run` or `with-databases`: a test that needs a server and has
/// none must not read as passed.
#[expect(clippy::panic, reason = "it is how a test fails")]
#[track_caller]
pub fn shared(flavor: Flavor) -> &'static ServerAddress {
    static MARIADB: OnceLock<Option<ServerAddress>> = OnceLock::new();
    static MYSQL: OnceLock<Option<ServerAddress>> = OnceLock::new();
    let address = match flavor {
        Flavor::MariaDb => &MARIADB,
        Flavor::MySql => &MYSQL,
    };
    let read = || env::var(flavor.variable()).ok().map(|url| ServerAddress::new(flavor, url));
    match address.get_or_init(read) {
        Some(address) => address,
        None => panic!(
            "{} is not set, so there is no {flavor} server to test against: run ./tests/run, or this command by way of \
             `cargo run -p identity-tests --bin with-databases -- -- …`",
            flavor.variable(),
        ),
    }
}
