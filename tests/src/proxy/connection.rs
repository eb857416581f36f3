use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::rules::{AtCommit, Rules, Toward};
use super::wire::{Packets, asks_for_tls, awaits_reply, ends_reply, is_commit};

const BUFFER: usize = 32 * 1024;

/// Passes on what both sides send, until one of them is done or the connection is cut; then both sides are closed.
pub(super) async fn relay(mut client: TcpStream, mut server: TcpStream, rules: Arc<Rules>) -> io::Result<()> {
    let mut cut = rules.watch();
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let swallowing = AtomicBool::new(false);
    tokio::select! {
        _ = cut.changed() => Ok(()),
        done = pass_requests(from_client, to_server, &rules, &swallowing) => done,
        done = pass_replies(from_server, to_client, &rules, &swallowing) => done,
    }
}

async fn pass_requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    rules: &Rules,
    swallowing: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut packets = Packets::default();
    while let Some(packet) = packets.receive(&mut from, &mut buffer).await? {
        rules.wait(Toward::Server).await;
        if awaits_reply(&packet) {
            rules.count_round_trip();
        }
        let met = if is_commit(&packet) { rules.meets_commit() } else { None };
        match met {
            Some(AtCommit::Lost) => return Ok(()),
            // Before it is passed on: the reply may be quick.
            Some(AtCommit::ReplyLost) => swallowing.store(true, Ordering::SeqCst),
            Some(AtCommit::InFlight) | None => {}
        }
        to.write_all(&packet).await?;
        if met == Some(AtCommit::InFlight) {
            return Ok(());
        }
        if asks_for_tls(&packet) {
            to.write_all(&packets.into_rest()).await?;
            return copy(from, to, rules, Toward::Server, &mut buffer).await;
        }
    }
    Ok(())
}

async fn copy(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    rules: &Rules,
    toward: Toward,
    buffer: &mut [u8],
) -> io::Result<()> {
    loop {
        let length = from.read(buffer).await?;
        if length == 0 {
            return Ok(());
        }
        rules.wait(toward).await;
        to.write_all(&buffer[..length]).await?;
    }
}

async fn pass_replies(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    rules: &Rules,
    swallowing: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut swallowed = Packets::default();
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        // A client asks one thing at a time, so all of this is the reply to COMMIT.
        if swallowing.load(Ordering::SeqCst) {
            swallowed.push(&buffer[..length]);
            while let Some(packet) = swallowed.next() {
                if ends_reply(&packet) {
                    return Ok(());
                }
            }
            continue;
        }
        rules.wait(Toward::Client).await;
        to.write_all(&buffer[..length]).await?;
    }
}
