use std::fs::File;
use std::io::{self, Read, Seek, Write};

use super::ProveError;
use super::error::Context;

/// The numbers of the calls, in a file of which all workers share one descriptor, and so one position: each read takes the
/// next number, whoever reads. So workers stay together, however quick each is, and calls of one group meet.
///
/// A worker that is killed leaves no gap behind, apart from the numbers that it took and did not begin: those are made at the end.
#[derive(Debug)]
pub(super) struct Tickets(File);

impl Tickets {
    /// The numbers from 0 to `calls`.
    pub(super) fn print(calls: u64) -> Result<Self, ProveError> {
        let print = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            let numbers: Vec<u8> = (0..calls).flat_map(u64::to_le_bytes).collect();
            file.write_all(&numbers)?;
            file.rewind()?;
            Ok(file)
        };
        print().map(Self).context(|| "write the tickets".to_owned())
    }

    /// For another process: the same position.
    pub(super) fn share(&self) -> io::Result<File> {
        self.0.try_clone()
    }

    /// How many were taken.
    pub(super) fn taken(&self) -> u64 {
        (&self.0).stream_position().unwrap_or_default() / 8
    }

    /// The next number from where a worker has its tickets. `None` when there is none left.
    pub(super) fn next(mut from: impl Read) -> io::Result<Option<u64>> {
        let mut number = [0; 8];
        // One read, since another process may come between two.
        Ok((from.read(&mut number)? == number.len()).then(|| u64::from_le_bytes(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_taken_once() {
        let tickets = Tickets::print(1_000).unwrap();
        let taken = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    let file = tickets.share().unwrap();
                    scope.spawn(move || {
                        std::iter::from_fn(|| Tickets::next(&file).unwrap()).collect::<Vec<_>>()
                    })
                })
                .collect();
            let mut taken: Vec<_> = takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
            taken.sort_unstable();
            taken
        });
        assert!(taken.into_iter().eq(0..1_000));
        assert_eq!(tickets.taken(), 1_000);
    }
}
