//! The tables, as Markdown.

use std::fmt::Write as _;

/// One line: a kind of work, what each contender achieved, and the bars.
#[derive(Debug)]
pub(crate) struct Line {
    /// The kind of work.
    pub(crate) work: &'static str,
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

/// All lines as two tables, under a heading.
pub(crate) fn markdown(heading: &str, lines: &[Line]) -> String {
    let mut text = format!("{heading}\n\n| work | measured |\n|---|---|\n");
    for line in lines {
        let figures: Vec<_> = line.figures.iter().map(|(name, figure)| format!("{name}: {figure}")).collect();
        let _ = writeln!(text, "| {} | {} |", line.work, figures.join("; "));
    }
    text.push_str("\n| work | ratio | is | bar | |\n|---|---|---|---|---|\n");
    for line in lines {
        for bar in &line.bars {
            let bound = match bar.must {
                Must::AtLeast(bound) => format!("at least {bound}"),
                Must::AtMost(bound) => format!("at most {bound}"),
            };
            let met = if bar.is_met() { "met" } else { "**missed**" };
            let _ = writeln!(text, "| {} | {} | {:.2} | {bound} | {met} |", line.work, bar.ratio, bar.is);
        }
    }
    text
}
