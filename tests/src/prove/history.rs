//! What was called and answered, and when.
//!
//! A worker writes each line with one write(2) of its own: when it is killed, whatever it was in the middle of, the lines
//! before are there. So of a killed worker at most the last line is torn, and an attempt that began and has no end may have
//! happened or not.
//!
//! | line | what |
//! |---|---|
//! | `B call time` | an attempt of the call began |
//! | `A call time primary symbols secondaries` | it was answered; lists with commas, `-` for an empty one |
//! | `F call time kind` | it ended in an error |
//! | `C time` | the store answered a conflict, which the resolver tries again |
//! | `R time times` | the resolver has tried one batch again so many times, more than any before |

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use identity_core::{ConsolidatedContact, ContactId, ErrorKind, IdentifierKind};

use super::ProveError;
use super::error::Context;
use super::plan::{Asked, Plan};
use super::run::files;
use super::symbol::Symbol;

/// A call, as its workers saw it: made again until it is answered. All its attempts ask the same, so that it does not matter
/// how many of them happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub number: u64,
    /// What it asked.
    pub asked: Asked,
    /// One after the other; only the last one can be answered. Not empty.
    pub attempts: Vec<Attempt>,
}

/// One attempt of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Before it was made.
    pub begin: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered {
        /// After the answer.
        at: u64,
        /// The answer.
        reply: Reply,
    },
    /// It ended in an error. It may have happened between its begin and the end of time, or not at all.
    Failed {
        /// After the error.
        at: u64,
        /// Its kind.
        kind: ErrorKind,
    },
    /// Its worker was killed. It may have happened or not, as one that failed.
    Lost,
}

/// The attempt of a call that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'c> {
    /// Before the attempt: what was answered earlier has to be in the reply.
    pub begin: u64,
    /// After the answer.
    pub at: u64,
    /// The answer.
    pub reply: &'c Reply,
}

impl Call {
    /// Before its first attempt: it cannot have happened earlier.
    pub fn begin(&self) -> u64 {
        self.attempts.first().map_or(0, |attempt| attempt.begin)
    }

    /// Its answer, if it came to one.
    pub fn answer(&self) -> Option<Answer<'_>> {
        let Attempt { begin, outcome } = self.attempts.last()?;
        match outcome {
            Outcome::Answered { at, reply } => Some(Answer { begin: *begin, at: *at, reply }),
            Outcome::Failed { .. } | Outcome::Lost => None,
        }
    }

    /// The attempts that were not answered, and may have happened or not.
    pub fn failed(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| !matches!(attempt.outcome, Outcome::Answered { .. }))
    }
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
        Self::read_files(&files(folder)?, plan)
    }

    /// Reads some files.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn read_files(files: &[PathBuf], plan: &Plan) -> Result<Self, ProveError> {
        let mut reader = Reader::default();
        for path in files {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(path).context(|| "read the histories".to_owned())?;
            reader.file(&text).map_err(|line| ProveError::History { file, line })?;
        }
        let Reader { attempts, conflicts, retries, .. } = reader;
        let calls = attempts.into_iter().map(|(number, mut attempts)| {
            // Another worker may have gone on with it, whose file was read before.
            attempts.sort_by_key(|attempt| attempt.begin);
            Call { number, asked: plan.call(number), attempts }
        });
        Ok(Self { calls: calls.collect(), conflicts, retries })
    }

    /// The calls that began, and were not answered.
    pub(super) fn unanswered(&self) -> Vec<u64> {
        self.calls.iter().filter(|call| call.answer().is_none()).map(|call| call.number).collect()
    }

    /// Which of so many calls never began.
    pub(super) fn missing(&self, calls: u64) -> Vec<u64> {
        let begun: HashSet<u64> = self.calls.iter().map(|call| call.number).collect();
        (0..calls).filter(|number| !begun.contains(number)).collect()
    }
}

#[derive(Default)]
struct Reader {
    attempts: BTreeMap<u64, Vec<Attempt>>,
    /// The attempts without an end in the file that is being read: their positions.
    open: HashMap<u64, usize>,
    conflicts: u64,
    retries: u64,
}

impl Reader {
    /// The number of a line that cannot be read is the error.
    fn file(&mut self, text: &str) -> Result<(), usize> {
        self.open.clear();
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
            let attempts = self.attempts.entry(number).or_default();
            let is_next = self.open.insert(number, attempts.len()).is_none();
            attempts.push(Attempt { begin: at, outcome: Outcome::Lost });
            return is_next.then_some(());
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
        let open = self.open.remove(&number)?;
        let attempts = self.attempts.get_mut(&number)?;
        let is_answered = |outcome: &Outcome| matches!(outcome, Outcome::Answered { .. });
        if is_answered(&outcome) && attempts.iter().any(|attempt| is_answered(&attempt.outcome)) {
            // Nobody makes a call again that was answered.
            return None;
        }
        attempts.get_mut(open)?.outcome = outcome;
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

#[cfg(test)]
mod tests {
    use identity_core::Error;

    use super::*;
    use crate::prove::log::Log;

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
        let outcome = |call: &Call| call.attempts.last().unwrap().outcome.clone();
        let reply = Reply {
            primary: 3.into(),
            symbols: vec![Symbol::new(4), Symbol::new(7), Symbol::FOREIGN],
            secondaries: vec![5.into(), 9.into()],
        };
        assert_eq!(outcome(first), Outcome::Answered { at: 100, reply: reply.clone() });
        let reply = Reply { secondaries: Vec::new(), ..reply };
        assert_eq!(outcome(second), Outcome::Answered { at: 100, reply });
        assert_eq!(outcome(third), Outcome::Failed { at: 100, kind: ErrorKind::Overloaded });
        assert_eq!(outcome(last), Outcome::Lost);
        assert!(last.begin() > first.begin());
        assert_eq!((history.unanswered(), history.missing(6)), (vec![2, 3], vec![4, 5]));
    }

    #[test]
    fn a_torn_last_line_is_no_line() {
        let history = read(&["B 1 10\nA 1 20 1 0 -\nB 2 3", "B 3 10\nA 3 2"]).unwrap();
        let answered: Vec<_> =
            history.calls.iter().map(|call| (call.number, call.answer().is_some())).collect();
        assert_eq!(answered, [(1, true), (3, false)]);
        assert_eq!(history.calls[1].attempts, [Attempt { begin: 10, outcome: Outcome::Lost }]);
    }

    #[test]
    fn attempts_of_a_call_are_put_in_order() {
        let killed = "B 1 10\nF 1 20 Unavailable\nB 1 30\n";
        // Its file comes first, as that of the tenth worker in one place comes before the second's.
        let history = read(&["B 1 40\nA 1 50 1 0 -\n", killed]).unwrap();
        let [call] = &history.calls[..] else { panic!("one call") };
        assert_eq!(call.attempts.iter().map(|attempt| attempt.begin).collect::<Vec<_>>(), [10, 30, 40]);
        let answer = call.answer().unwrap();
        assert_eq!((call.begin(), answer.begin, answer.at, call.failed().count()), (10, 40, 50, 2));
    }

    #[test]
    fn other_lines_are_refused() {
        for text in [
            "B 1\n",
            "B 1 10\nA 1 20 1 0\n",
            "A 1 20 1 0 -\n",
            "B 1 10\nB 1 10\n",
            "B 1 10\nA 1 20 1 0 -\nB 1 30\nA 1 40 1 0 -\n",
            "R 1\n",
            "X\n",
            "C\n\n",
            "\n",
        ] {
            assert!(matches!(read(&[text]), Err(ProveError::History { .. })), "{text}");
        }
    }
}
