//! Private MariaDB and MySQL servers, and [clusters](cluster) of them.
//!
//! Each server runs in a fresh folder under the system's temporary folder and listens on a free port of 127.0.0.1 only. It
//! keeps the durability settings that it ships with, so that what tests and benchmarks see is what a shop would see. Server
//! and folder are gone when the [`DatabaseServer`] is dropped, and also when the process that started it is killed.
//!
//! | where | what |
//! |---|---|
//! | `flavor.rs` | the two kinds of server |
//! | `programs.rs` | where their programs are found, and the command lines |
//! | `server.rs` | starting, stopping, killing and restarting one |
//! | `process.rs` | one running program, and the signals to it |
//! | `folder.rs` | the server's folder, and the guard that outlives a killed test |
//! | `disk.rs` | disks that become full |
//! | `address.rs`, `fresh.rs` | how to reach a server, and a database for one test |
//! | `cluster/` | clusters of three servers |
//! | `shared.rs` | the servers that `with-databases` started |
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use identity_tests::databases::{DatabaseServer, Flavor};
//!
//! let server = DatabaseServer::start(Flavor::MySql).await?;
//! let database = server.fresh_database().await?;
//! println!("{}", database.url()); // mysql://shop:…@127.0.0.1:23456/t_4711_0_6f1e08a2
//! # Ok(())
//! # }
//! ```

mod address;
pub mod cluster;
mod disk;
mod error;
mod flavor;
mod folder;
mod fresh;
mod port;
mod process;
mod programs;
mod server;
mod shared;

pub use address::ServerAddress;
pub use disk::{Ballast, SmallDisk};
pub use error::DatabaseError;
pub use flavor::Flavor;
pub use fresh::FreshDatabase;
pub use server::DatabaseServer;
pub use shared::shared;
