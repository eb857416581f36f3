//! The pip package: a frame of strings in, a person for each row out, beside what data people do today. Each contender is a
//! process of its own, and all of them get the same visits; who is with whom must be the same for all.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use identity_core::{InvalidReason, Normalizer, OnInvalid, PhoneNumber, PhoneRef, Rows, people_of};
use tokio::process::Command;

use super::turns::order;
use super::{at_least, at_most, partition};
use crate::report::Line;
use crate::visits::Visits;
use crate::{Failure, Options};

pub(super) const WORK: &str = "pip package";

const FULL: u64 = 10_000_000;

/// networkx takes minutes for ten million.
const HOPELESS: u64 = 10;

/// Names on the command line, and in the table.
const CONTENDERS: [(&str, &str); 4] = [
    ("ours", "ours, identify_frame"),
    ("pandas-scipy", "pandas factorize and scipy"),
    ("duckdb", "DuckDB, label propagation"),
    ("splink", "Splink, clustering"),
];

/// What a contender tells.
#[derive(Clone, Debug)]
struct Told {
    seconds: f64,
    people: u64,
    digest: String,
    peak: f64,
    before: f64,
}

/// The lines: all contenders, and those that get a tenth.
///
/// # Errors
/// What goes wrong while measuring, and where two contenders find different people.
pub(super) async fn lines(options: &Options) -> Result<Vec<Line>, Failure> {
    let python = interpreter(options)?;
    let count = options.size(FULL);
    let folder = tempfile::tempdir()?;
    let all = write(python, folder.path(), "all", count).await?;
    let few = write(python, folder.path(), "few", count / HOPELESS).await?;
    let mut told: Vec<(&str, Vec<Told>)> = CONTENDERS.map(|(_, label)| (label, vec![])).into();
    let mut rust = vec![];
    for round in 0..options.long_rounds() {
        // Another order each time. Balanced it would be after ten rounds, which take too long.
        for turn in order(CONTENDERS.len() + 1, round) {
            match CONTENDERS.get(turn) {
                Some((name, _)) => told[turn].1.push(contend(python, name, &all).await?),
                None => rust.push(in_rust(count)),
            }
        }
    }
    let networkx = contend(python, "polars-networkx", &few).await?;
    let ours_of_few = contend(python, "ours", &few).await?;
    same(&told.iter().flat_map(|(_, rounds)| rounds).collect::<Vec<_>>())?;
    same(&[&networkx, &ours_of_few])?;
    let found = told.first().and_then(|(_, rounds)| rounds.first()).map(|told| &told.digest);
    if rust.first().map(|(_, digest)| digest) != found {
        return Err("Rust and Python find different people".into());
    }

    let seconds = |rounds: &[Told]| middle(rounds.iter().map(|told| told.seconds).collect());
    let figure = |told: &[Told]| {
        let (peak, before) = told.first().map_or((0.0, 0.0), |told| (told.peak, told.before));
        format!("{:.2} s, {peak:.0} MB at the peak, {before:.0} before", seconds(told))
    };
    let mut figures: Vec<_> = told.iter().map(|(label, rounds)| (*label, figure(rounds))).collect();
    let rust = middle(rust.into_iter().map(|(seconds, _)| seconds).collect());
    figures.push(("the same in Rust", format!("{rust:.2} s for {count} rows")));
    let ours = seconds(&told[0].1);
    let fastest = told[1..].iter().map(|(_, rounds)| seconds(rounds)).fold(f64::INFINITY, f64::min);
    Ok(vec![
        Line {
            work: WORK,
            rounds: options.long_rounds().to_string(),
            figures,
            bars: vec![
                at_least("the fastest other / ours", fastest / ours, 2.0),
                at_most("ours / the same in Rust", ours / rust, 1.3),
            ],
        },
        Line {
            work: "pip package, a tenth of the rows",
            rounds: "1".to_owned(),
            figures: vec![
                ("ours, identify_frame", figure(std::slice::from_ref(&ours_of_few))),
                ("polars and networkx", figure(std::slice::from_ref(&networkx))),
            ],
            bars: vec![at_least("polars and networkx / ours", networkx.seconds / ours_of_few.seconds, 2.0)],
        },
    ])
}

/// The Python that has the contenders.
///
/// # Errors
/// Where none was named.
pub(super) fn interpreter(options: &Options) -> Result<&Path, Failure> {
    let python = options.python.as_deref();
    python.ok_or_else(|| {
        "the pip package is measured by way of benches/run, which makes an environment for it".into()
    })
}

/// Writes visits as an Arrow file.
async fn write(python: &Path, folder: &Path, name: &str, count: u64) -> Result<PathBuf, Failure> {
    let (text, arrow) = (folder.join(format!("{name}.csv")), folder.join(format!("{name}.arrow")));
    let mut file = BufWriter::new(std::fs::File::create(&text)?);
    for visit in Visits::new(count) {
        let phone = match &visit.phone_number {
            Some(PhoneNumber::Text(phone)) => phone,
            _ => "",
        };
        writeln!(file, "{},{phone}", visit.email.as_deref().unwrap_or_default())?;
    }
    file.flush()?;
    drop(file);
    run(python, "arrow_of.py", &[text.as_os_str(), arrow.as_os_str()]).await?;
    std::fs::remove_file(text)?;
    Ok(arrow)
}

async fn contend(python: &Path, name: &str, visits: &Path) -> Result<Told, Failure> {
    let output = run(python, "contender.py", &[name.as_ref(), visits.as_os_str()]).await?;
    Told::parse(&output).ok_or_else(|| format!("{name} told nothing").into())
}

/// What a program of `benches/python` prints.
///
/// # Errors
/// Where it fails.
pub(super) async fn run(
    python: &Path,
    program: &str,
    arguments: &[&std::ffi::OsStr],
) -> Result<String, Failure> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(program);
    let output = Command::new(python)
        .arg(&program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("{} failed", program.display()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Strings in, ids out, without Python between: seconds, and a digest of who is with whom.
fn in_rust(count: u64) -> (f64, String) {
    let visits = vec![Columns::of(Visits::new(count))];
    let start = Instant::now();
    let people = people_of(Normalizer::new(), &visits, OnInvalid::GoOn);
    let ids: Vec<_> = people.rows().map(|row| row.map(|row| row.primary_contact_id)).collect();
    let took = start.elapsed().as_secs_f64();
    (took, partition::digest(ids))
}

/// Visits as a frame has them: all of a column's text in one piece.
#[derive(Debug, Default)]
struct Columns {
    email: Texts,
    phone: Texts,
}

#[derive(Debug, Default)]
struct Texts {
    text: String,
    /// Where each row's begins and ends; `None` where there is none.
    places: Vec<Option<(u32, u32)>>,
}

impl Texts {
    fn push(&mut self, text: Option<&str>) {
        let begin = self.text.len() as u32;
        self.text.push_str(text.unwrap_or_default());
        self.places.push(text.map(|_| (begin, self.text.len() as u32)));
    }

    fn get(&self, row: usize) -> Option<&str> {
        self.places[row].map(|(begin, end)| &self.text[begin as usize..end as usize])
    }
}

impl Columns {
    fn of(visits: Visits) -> Self {
        let mut columns = Self::default();
        for visit in visits {
            columns.email.push(visit.email.as_deref());
            columns.phone.push(match &visit.phone_number {
                Some(PhoneNumber::Text(phone)) => Some(phone),
                _ => None,
            });
        }
        columns
    }
}

impl Rows for Columns {
    fn count(&self) -> usize {
        self.email.places.len()
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        Ok(self.email.get(row))
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        Ok(self.phone.get(row).map(PhoneRef::Text))
    }
}

fn same(told: &[&Told]) -> Result<(), Failure> {
    let answer = |told: &Told| (told.people, told.digest.clone());
    if told.windows(2).all(|pair| answer(pair[0]) == answer(pair[1])) {
        Ok(())
    } else {
        Err(format!("the contenders find different people: {told:?}").into())
    }
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

impl Told {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut next = || words.next();
        Some(Self {
            seconds: next()?.parse().ok()?,
            people: next()?.parse().ok()?,
            digest: next()?.to_owned(),
            peak: next()?.parse().ok()?,
            before: next()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let told = Told::parse("1.5 7 abc 100.5 50\n").expect("a line");
        assert_eq!((told.seconds, told.people, &*told.digest), (1.5, 7, "abc"));
        assert!((told.peak - 100.5).abs() < 1e-9 && (told.before - 50.0).abs() < 1e-9);
        assert!(Told::parse("").is_none());
        assert!((middle(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }
}
