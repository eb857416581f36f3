//! What was called and answered, and when.
//!
//! A worker writes each line with one write(2) of its own: when it is killed, whatever it was in the middle of, the lines
//! before are there. So of a killed worker at most the last line is torn, and a call that began and has no end may have
//! happened or not.
//!
//! | line | what |
//! |---|---|
//! | `B call time` | the call began |
//! | `A call time primary symbols secondaries` | it was answered; lists with commas, `-` for an empty one |
//! | `F call time kind` | it ended in an error |
//! | `C time` | the store answered a conflict, which the resolver tries again |
//! | `R time times` | the resolver has tried one batch again so many times, more than any before |

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use identity_core::{ConsolidatedContact, ContactId, Error, ErrorKind, IdentifierKind};

use super::ProveError;
use super::clock;
use super::error::Context;
use super::plan::{Asked, Plan};
use super::run::files;
use super::symbol::Symbol;

/// A call, as its worker saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub number: u64,
    /// What it asked.
    pub asked: Asked,
    /// Before it was made.
    pub begin: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered {
        /// After the answer.
        at: u64,
        /// The answer.
        reply: Reply,
    },
    /// It ended in an error. Whether it happened is not known.
    Failed {
        /// After the error.
        at: u64,
        /// Its kind.
        kind: ErrorKind,
    },
    /// Its worker was killed. Whether it happened is not known.
    Lost,
}

/// A reply, in symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The primary contact.
    pub primary: ContactId,
    /// The emails, then the phone numbers, each in the reply's order.
    pub symbols: Vec<Symbol>,
    /// The secondaries, in the reply's order.
    pub secondaries: Vec<ContactId>,
}

impl Reply {
    /// What the library answered.
    pub fn of(reply: &ConsolidatedContact) -> Self {
        let emails = reply.emails.iter().map(|value| Symbol::of(IdentifierKind::Email, value));
        let phones = reply.phone_numbers.iter().map(|value| Symbol::of(IdentifierKind::Phone, value));
        Self {
            primary: reply.primary_contact_id,
            symbols: emails.chain(phones).collect(),
            secondaries: reply.secondary_contact_ids.clone(),
        }
    }

    /// The contacts that it names, the primary first.
    pub fn contacts(&self) -> impl Iterator<Item = ContactId> {
        std::iter::once(self.primary).chain(self.secondaries.iter().copied())
    }
}

/// All that the workers of a run wrote.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The calls that began, by number.
    pub calls: Vec<Call>,
    /// How often a store answered a conflict.
    pub conflicts: u64,
    /// How often one batch was tried again, at most.
    pub retries: u64,
}

impl History {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// [`ProveError::History`] for a line that no worker writes, other than a torn one at the end of a file.
    pub fn read(folder: &Path, plan: &Plan) -> Result<Self, ProveError> {
        let reading = || "read the histories".to_owned();
        let mut reader = Reader { plan, calls: BTreeMap::new(), conflicts: 0, retries: 0 };
        for path in files(folder)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).context(reading)?;
            reader.file(&text).map_err(|line| ProveError::History { file, line })?;
        }
        let Reader { calls, conflicts, retries, .. } = reader;
        Ok(Self { calls: calls.into_values().collect(), conflicts, retries })
    }
}

struct Reader<'p> {
    plan: &'p Plan,
    calls: BTreeMap<u64, Call>,
    conflicts: u64,
    retries: u64,
}

impl Reader<'_> {
    /// The number of a line that cannot be read is the error.
    fn file(&mut self, text: &str) -> Result<(), usize> {
        // What follows the last line's end is a line that its worker did not come to write in full.
        let Some(end) = text.rfind('\n') else { return Ok(()) };
        for (position, line) in text[..end].split('\n').enumerate() {
            self.line(line).ok_or(position + 1)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let kind = words.next()?;
        if kind == "C" {
            self.conflicts += 1;
            return Some(());
        }
        if kind == "R" {
            let (_, times): (u64, u64) = (parse(words.next())?, parse(words.next())?);
            self.retries = self.retries.max(times);
            return words.next().is_none().then_some(());
        }
        let (number, at): (u64, u64) = (parse(words.next())?, parse(words.next())?);
        if kind == "B" {
            let call = Call { number, asked: self.plan.call(number), begin: at, outcome: Outcome::Lost };
            return self.calls.insert(number, call).is_none().then_some(());
        }
        let outcome = match kind {
            "A" => {
                let primary = ContactId::from(parse::<i64>(words.next())?);
                let symbols = list(words.next()?)?.into_iter().map(Symbol::new).collect();
                let secondaries = list::<i64>(words.next()?)?.into_iter().map(ContactId::from).collect();
                Outcome::Answered { at, reply: Reply { primary, symbols, secondaries } }
            }
            "F" => Outcome::Failed { at, kind: kind_from_name(words.next()?)? },
            _ => return None,
        };
        let call = self.calls.get_mut(&number).filter(|call| call.outcome == Outcome::Lost)?;
        call.outcome = outcome;
        words.next().is_none().then_some(())
    }
}

fn parse<T: FromStr>(word: Option<&str>) -> Option<T> {
    word?.parse().ok()
}

fn list<T: FromStr>(word: &str) -> Option<Vec<T>> {
    if word == "-" {
        return Some(Vec::new());
    }
    word.split(',').map(|item| item.parse().ok()).collect()
}

fn to_list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    if items.is_empty() { "-".to_owned() } else { items.join(",") }
}

fn kind_from_name(name: &str) -> Option<ErrorKind> {
    use ErrorKind::{
        Closed, Configuration, Conflict, InvalidInput, NotAdopted, Overloaded, Refused, Timeout, Unavailable,
        Unsound,
    };
    [
        InvalidInput,
        Conflict,
        Unavailable,
        Overloaded,
        Timeout,
        Closed,
        Refused,
        Unsound,
        NotAdopted,
        Configuration,
    ]
    .into_iter()
    .find(|kind| format!("{kind:?}") == name)
}

/// Where a worker writes its history.
#[derive(Debug)]
pub(super) struct Log(File);

impl Log {
    pub(super) fn create(file: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create_new(true).open(file).map(Self)
    }

    /// Before the call is made.
    pub(super) fn begin(&self, number: u64) -> io::Result<()> {
        self.write(&format!("B {number} {}\n", clock::now()))
    }

    /// When it has ended, at `at`.
    pub(super) fn end(
        &self,
        number: u64,
        at: u64,
        answer: &Result<ConsolidatedContact, Error>,
    ) -> io::Result<()> {
        let line = match answer {
            Ok(reply) => {
                let reply = Reply::of(reply);
                let symbols = to_list(reply.symbols.iter().map(|symbol| symbol.number()));
                let secondaries = to_list(reply.secondaries.iter());
                format!("A {number} {at} {} {symbols} {secondaries}\n", reply.primary)
            }
            Err(error) => format!("F {number} {at} {:?}\n", error.kind()),
        };
        self.write(&line)
    }

    pub(super) fn conflict(&self) -> io::Result<()> {
        self.write(&format!("C {}\n", clock::now()))
    }

    /// That a batch was tried again so many times.
    pub(super) fn retry(&self, times: u64) -> io::Result<()> {
        self.write(&format!("R {} {times}\n", clock::now()))
    }

    /// One write(2): a file that is appended to takes lines of several threads whole.
    fn write(&self, line: &str) -> io::Result<()> {
        (&self.0).write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { seed: 7, identifiers: 10, calls_per_group: 20 };

    fn read(files: &[&str]) -> Result<History, ProveError> {
        let folder = tempfile::tempdir().unwrap();
        for (number, text) in files.iter().enumerate() {
            fs::write(folder.path().join(number.to_string()), text).unwrap();
        }
        History::read(folder.path(), &PLAN)
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(&folder.path().join("one")).unwrap();
        let person = |secondaries: &[i64]| ConsolidatedContact {
            primary_contact_id: 3.into(),
            emails: vec![Symbol::new(4).value()],
            phone_numbers: vec!["7".to_owned(), "foreign".to_owned()],
            secondary_contact_ids: secondaries.iter().map(|id| ContactId::from(*id)).collect(),
        };
        for (number, answer) in
            [Ok(person(&[5, 9])), Ok(person(&[])), Err(Error::Overloaded)].iter().enumerate()
        {
            log.begin(number as u64).unwrap();
            log.conflict().unwrap();
            log.retry(4 - number as u64).unwrap();
            log.end(number as u64, 100, answer).unwrap();
        }
        log.begin(3).unwrap();

        let history = History::read(folder.path(), &PLAN).unwrap();
        assert_eq!((history.conflicts, history.retries), (3, 4));
        let [first, second, third, last] = &history.calls[..] else { panic!("four calls") };
        assert_eq!(first.asked, PLAN.call(0));
        let reply = Reply {
            primary: 3.into(),
            symbols: vec![Symbol::new(4), Symbol::new(7), Symbol::FOREIGN],
            secondaries: vec![5.into(), 9.into()],
        };
        assert_eq!(first.outcome, Outcome::Answered { at: 100, reply: reply.clone() });
        let reply = Reply { secondaries: Vec::new(), ..reply };
        assert_eq!(second.outcome, Outcome::Answered { at: 100, reply });
        assert_eq!(third.outcome, Outcome::Failed { at: 100, kind: ErrorKind::Overloaded });
        assert_eq!(last.outcome, Outcome::Lost);
        assert!(last.begin > first.begin);
    }

    #[test]
    fn a_torn_last_line_is_no_line() {
        let history = read(&["B 1 10\nA 1 20 1 0 -\nB 2 3", "B 3 10\nA 3 2"]).unwrap();
        let outcomes: Vec<_> = history.calls.iter().map(|call| (call.number, call.outcome.clone())).collect();
        assert_eq!(outcomes.len(), 2);
        assert_eq!(outcomes[1], (3, Outcome::Lost));
    }

    #[test]
    fn other_lines_are_refused() {
        for text in [
            "B 1\n",
            "B 1 10\nA 1 20 1 0\n",
            "A 1 20 1 0 -\n",
            "B 1 10\nB 1 10\n",
            "R 1\n",
            "X\n",
            "C\n\n",
            "\n",
        ] {
            assert!(matches!(read(&[text]), Err(ProveError::History { .. })), "{text}");
        }
    }
}
