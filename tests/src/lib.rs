//! Support for the whole-system tests and the benchmarks of identity-core: [private database
//! servers](databases), the [server](http) over them, and a [proxy] between.
//!
//! `tests/run` is the one command that runs every check. It wraps the tests in the program `with-databases`, which starts
//! one MariaDB and one MySQL for all of them; a test takes a database of its own there with
//! [`databases::shared`]. A test that stops or kills a server starts one for itself with
//! [`databases::DatabaseServer::start`].
//!
//! `tests/prove` makes very many calls from several processes while things go wrong, and checks every promise afterwards:
//! [`prove`]. With `--overload` it offers ten times what can be served: [`overload`].

pub mod databases;
pub mod http;
pub mod model;
pub mod overload;
pub mod prove;
pub mod proxy;
