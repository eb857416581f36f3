use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use super::connection::relay;
use super::rules::{AtCommit, Rules, Toward};

/// A proxy on a free port of 127.0.0.1, before one server. It ends, with all its connections, when it is dropped.
///
/// It passes everything on until it is told otherwise. It runs in the tokio runtime in which it was started.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    rules: Arc<Rules>,
    accepting: AbortHandle,
}

impl Proxy {
    /// Starts one before the server at `target`. The server need not run yet, and may stop and start again.
    ///
    /// # Errors
    /// Where there is no free port.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let rules = Arc::new(Rules::toward(target));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&rules))).abort_handle();
        Ok(Self { port, rules, accepting })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A URL of the server, by way of this proxy and without TLS.
    pub fn url_of(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").unwrap_or(("mysql", url));
        let (user, place) = rest.rsplit_once('@').map_or(("", rest), |(user, place)| (user, place));
        let path = place.find('/').map_or("", |slash| &place[slash..]);
        let at = if user.is_empty() { "" } else { "@" };
        let more = if path.contains('?') { '&' } else { '?' };
        format!("{scheme}://{user}{at}127.0.0.1:{}{path}{more}ssl-mode=disabled", self.port)
    }

    /// Leads new connections to another server. Those that there are stay where they are.
    pub fn lead_to(&self, target: SocketAddr) {
        self.rules.set_target(target);
    }

    /// Cuts all connections now; new ones come through. Tells how many it cut.
    pub fn cut(&self) -> usize {
        self.rules.cut()
    }

    /// Cuts all connections, and every new one at its begin, until told otherwise. Tells how many it cut.
    pub fn refuse(&self, refusing: bool) -> usize {
        self.rules.set_refusing(refusing);
        if refusing { self.rules.cut() } else { 0 }
    }

    /// Holds back each piece of data by so much, in one direction.
    pub fn delay(&self, toward: Toward, delay: Duration) {
        self.rules.set_delay(toward, delay);
    }

    /// How many pieces of data were held back so far.
    pub fn delayed(&self) -> u64 {
        self.rules.delayed()
    }

    /// Cuts connections that commit: each of the next ones with this chance, up to so many.
    pub fn cut_commits(&self, at: AtCommit, chance: f64, most: u64) {
        self.rules.set_commits(at, chance, most);
    }

    /// What it decides by chance is drawn from this seed from now on.
    pub fn seed(&self, seed: u64) {
        self.rules.seed(seed);
    }

    /// Cuts no connection at COMMIT any more.
    pub fn let_commits_pass(&self) {
        self.rules.let_commits_pass();
    }

    /// How many connections were cut at COMMIT so far.
    pub fn commits_cut(&self) -> u64 {
        self.rules.commits_cut()
    }

    /// How many connections there are now.
    pub fn connections(&self) -> usize {
        self.rules.connections()
    }

    /// Cuts nothing, delays nothing and refuses nothing from now on.
    pub fn calm(&self) {
        self.rules.let_commits_pass();
        self.rules.set_refusing(false);
        self.delay(Toward::Server, Duration::ZERO);
        self.delay(Toward::Client, Duration::ZERO);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Its connections end along with it.
async fn accept(listener: TcpListener, rules: Arc<Rules>) {
    let mut connections = JoinSet::new();
    loop {
        // What fails is the client's connection: it sees it closed.
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        if rules.is_refusing() {
            continue;
        }
        let rules = Arc::clone(&rules);
        connections.spawn(async move {
            let server = TcpStream::connect(rules.target()).await?;
            relay(client, server, rules).await
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "how a test fails")]

    use super::*;

    #[test]
    fn the_same_seed_meets_the_same_commits() {
        let rules = Rules::toward(SocketAddr::from(([127, 0, 0, 1], 1)));
        let met = |seed| {
            rules.seed(seed);
            rules.set_commits(AtCommit::Lost, 0.5, u64::MAX);
            (0..64).map(|_| rules.meets_commit().is_some()).collect::<Vec<_>>()
        };
        assert_eq!(met(1), met(1));
        assert_ne!(met(1), met(2));
    }

    #[tokio::test]
    async fn urls_lead_to_the_proxy() {
        let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 1], 1))).await.expect("a free port");
        let by_proxy = |url: &str| proxy.url_of(url).replace(&proxy.port().to_string(), "PORT");
        let expected = "mysql://shop:se@cret@127.0.0.1:PORT/name?ssl-mode=disabled";
        assert_eq!(by_proxy("mysql://shop:se@cret@db.example:3306/name"), expected);
        let expected = "mysql://127.0.0.1:PORT/name?charset=utf8&ssl-mode=disabled";
        assert_eq!(by_proxy("mysql://db.example/name?charset=utf8"), expected);
    }
}
