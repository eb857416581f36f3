//! One connection that is kept alive, by hyper's lowest layer: the load shares the cores with what is measured, and a client
//! with a pool, redirects and JSON would take more of them.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Failure;

/// A connection to identify-server.
#[derive(Debug)]
pub(crate) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Where the server does not listen.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when `requests` is dropped; what goes wrong in it is what a request's answer says.
        tokio::spawn(connection);
        Ok(Self { requests, host: address.to_string() })
    }

    /// One request, answered with 200 and read to its end.
    ///
    /// # Errors
    /// Any other answer.
    pub(crate) async fn identify(&mut self, email: &str, phone: &str) -> Result<(), Failure> {
        // The values hold nothing that JSON would escape.
        let body = format!(r#"{{"email":"{email}","phoneNumber":"{phone}"}}"#);
        let request = Request::post("/identify")
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status.is_success() { Ok(()) } else { Err(format!("{status}: {}", body.escape_ascii()).into()) }
    }
}
