//! identify-server as a process, and a light client for it.

mod connection;
mod server;

pub(crate) use connection::Connection;
pub(crate) use server::ServerProcess;
