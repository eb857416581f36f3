use std::net::{Ipv4Addr, TcpListener};

/// Below the range from which systems give ports to outgoing connections, so that a stopped server finds its port free when
/// it is started again.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A port of 127.0.0.1 on which nothing listens now. Another program may still be faster; who starts a server on it tries
/// again with another.
pub(super) fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(PORTS);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
