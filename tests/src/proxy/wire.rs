//! As much of MySQL's client/server protocol as finds COMMIT and its reply, and counts commands.
//!
//! A packet is its length in three bytes, a number in one, and the payload (MySQL internals manual, "MySQL Packets").

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

const HEADER: usize = 4;
const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;
const COM_STMT_SEND_LONG_DATA: u8 = 0x18;
const COM_STMT_CLOSE: u8 = 0x19;
const OK: u8 = 0x00;
const MORE_RESULTS_EXIST: u16 = 0x0008;
/// The payload of the packet that asks for TLS: what a login begins with, and no user.
const TLS_REQUEST: usize = 32;

/// Packets out of one direction of a connection, header and all.
#[derive(Debug, Default)]
pub(super) struct Packets {
    bytes: Vec<u8>,
}

impl Packets {
    /// Adds what was received.
    pub(super) fn push(&mut self, received: &[u8]) {
        self.bytes.extend_from_slice(received);
    }

    /// The next packet that is complete.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let &[a, b, c, _] = self.bytes.first_chunk::<HEADER>()?;
        let whole = HEADER + u32::from_le_bytes([a, b, c, 0]) as usize;
        (self.bytes.len() >= whole).then(|| self.bytes.drain(..whole).collect())
    }

    /// What is not part of a complete packet.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.bytes
    }

    /// Receives until a packet is complete; `None` at the end.
    pub(super) async fn receive(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        buffer: &mut [u8],
    ) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(packet) = self.next() {
                return Ok(Some(packet));
            }
            match from.read(buffer).await? {
                0 => return Ok(None),
                length => self.push(&buffer[..length]),
            }
        }
    }
}

/// Whether a packet of a client commits: a text that ends so.
pub(super) fn is_commit(packet: &[u8]) -> bool {
    packet.get(HEADER) == Some(&COM_QUERY) && packet.ends_with(b"COMMIT")
}

/// Whether a packet of a client begins a command that the server answers. Those of a login are numbered on from the server's
/// greeting, and so are the later ones of a command that is too long for one.
pub(super) fn awaits_reply(packet: &[u8]) -> bool {
    const UNANSWERED: [u8; 3] = [COM_QUIT, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE];
    packet.get(3) == Some(&0) && packet.get(HEADER).is_some_and(|command| !UNANSWERED.contains(command))
}

/// Whether a packet of a client asks for TLS, after which no packet can be read.
pub(super) fn asks_for_tls(packet: &[u8]) -> bool {
    packet.get(3) == Some(&1) && packet.len() == HEADER + TLS_REQUEST
}

/// Whether a packet of the server is the last one of the reply to statements that return no rows.
pub(super) fn ends_reply(packet: &[u8]) -> bool {
    let Some((&OK, fields)) = packet.get(HEADER..).and_then(<[u8]>::split_first) else { return true };
    // The number of rows, the last id, the status.
    let status = skip_number(fields).and_then(skip_number).and_then(<[u8]>::first_chunk::<2>);
    status.is_none_or(|&status| u16::from_le_bytes(status) & MORE_RESULTS_EXIST == 0)
}

/// Past a number of as many bytes as it needs ("length-encoded integer").
fn skip_number(fields: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = fields.split_first()?;
    match first {
        0xfc => rest.get(2..),
        0xfd => rest.get(3..),
        0xfe => rest.get(8..),
        _ => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(payload: &[u8]) -> Vec<u8> {
        let mut packet = (payload.len() as u32).to_le_bytes()[..3].to_vec();
        packet.push(0);
        packet.extend(payload);
        packet
    }

    #[test]
    fn packets_are_found_wherever_the_network_cuts_them() {
        let sent = [packet(b"\x03SELECT 1"), packet(b""), packet(&[7; 70_000])];
        let bytes = sent.concat();
        for piece in [1, 3, 5, 1_000, bytes.len()] {
            let (mut packets, mut found) = (Packets::default(), Vec::new());
            for received in bytes.chunks(piece) {
                packets.push(received);
                found.extend(std::iter::from_fn(|| packets.next()));
            }
            assert_eq!(found, sent);
        }
    }

    #[test]
    fn a_text_that_ends_with_commit_commits() {
        assert!(is_commit(&packet(b"\x03COMMIT")));
        assert!(is_commit(&packet(b"\x03INSERT INTO t VALUES (1); COMMIT")));
        assert!(!is_commit(&packet(b"\x03ROLLBACK")));
        assert!(!is_commit(&packet(b"\x16COMMIT")), "prepared, not run");
        assert!(!is_commit(&packet(b"")));
    }

    #[test]
    fn commands_that_are_answered_are_told_from_others() {
        assert!(awaits_reply(&packet(b"\x03SELECT 1")));
        assert!(awaits_reply(&packet(b"\x16SELECT 1")), "to prepare");
        assert!(!awaits_reply(&packet(&[COM_STMT_CLOSE, 1, 0, 0, 0])));
        assert!(!awaits_reply(&packet(&[COM_QUIT])));
        let mut login = packet(&[7; 80]);
        login[3] = 1;
        assert!(!awaits_reply(&login));
    }

    #[test]
    fn a_reply_ends_with_the_last_statement_or_an_error() {
        assert!(!ends_reply(&packet(&[OK, 1, 0xfc, 1, 2, 0x0a, 0, 0, 0])), "more results exist");
        assert!(ends_reply(&packet(&[OK, 0, 0, 0x02, 0, 0, 0])));
        assert!(ends_reply(&packet(&[0xff, 0x26, 0x04])));
    }
}
