//! The tables, as Markdown.

use std::fmt::{self, Write as _};

/// One line: a kind of work, what each contender achieved, and the bars.
#[derive(Debug)]
pub(crate) struct Line {
    /// The kind of work.
    pub(crate) work: &'static str,
    /// How many rounds the figures are the medians of, and how long one is where that is given.
    pub(crate) rounds: String,
    /// Contender and figure, with its unit.
    pub(crate) figures: Vec<(&'static str, String)>,
    /// What is asked for.
    pub(crate) bars: Vec<Bar>,
}

/// What a ratio must be.
#[derive(Debug)]
pub(crate) struct Bar {
    /// What is compared with what.
    pub(crate) ratio: &'static str,
    /// What it is.
    pub(crate) is: f64,
    /// What it must be.
    pub(crate) must: Must,
}

/// A bound.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Must {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

impl Bar {
    /// Whether it is met.
    pub(crate) fn is_met(&self) -> bool {
        match self.must {
            Must::AtLeast(bound) => self.is >= bound,
            Must::AtMost(bound) => self.is <= bound,
        }
    }
}

impl fmt::Display for Must {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
            Self::AtMost(bound) => write!(f, "at most {bound}"),
        }
    }
}

impl Line {
    /// Each bar that is missed, for whoever reads nothing else.
    pub(crate) fn missed(&self) -> impl Iterator<Item = String> {
        let tell =
            move |bar: &Bar| format!("{}: {} is {:.2}, must be {}", self.work, bar.ratio, bar.is, bar.must);
        self.bars.iter().filter(|bar| !bar.is_met()).map(tell)
    }
}

/// All lines as two tables, under a heading.
pub(crate) fn markdown(heading: &str, lines: &[Line]) -> String {
    let mut text = format!("{heading}\n| work | rounds | measured |\n|---|---|---|\n");
    for line in lines {
        let figures: Vec<_> = line.figures.iter().map(|(name, figure)| format!("{name}: {figure}")).collect();
        let _ = writeln!(text, "| {} | {} | {} |", line.work, line.rounds, figures.join("; "));
    }
    text.push_str("\n| work | ratio | is | bar | |\n|---|---|---|---|---|\n");
    for line in lines {
        for bar in &line.bars {
            let met = if bar.is_met() { "met" } else { "**missed**" };
            let _ =
                writeln!(text, "| {} | {} | {:.2} | {} | {met} |", line.work, bar.ratio, bar.is, bar.must);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_bar_names_its_work() {
        let bar = |is| Bar { ratio: "ours / theirs", is, must: Must::AtLeast(0.5) };
        let line = Line {
            work: "new people",
            rounds: "1".to_owned(),
            figures: vec![],
            bars: vec![bar(0.4), bar(0.6)],
        };
        let missed: Vec<_> = line.missed().collect();
        assert_eq!(missed, ["new people: ours / theirs is 0.40, must be at least 0.5"]);
    }
}
