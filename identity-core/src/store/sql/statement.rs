//! SQL with its values, in few fixed shapes.
//!
//! A prepared statement's text is the key under which driver and server keep it, so a text that changes with the
//! number of values would fill their caches and cost a round trip each. Lists therefore have one of five lengths:
//! lists of conditions are filled up by repeating their last entry, lists of rows are split.

use crate::timestamp::Timestamp;

/// The lengths that lists have.
const SHAPES: [usize; 5] = [1, 4, 16, 64, 256];

/// The most entries that one statement takes.
pub(crate) const LONGEST: usize = SHAPES[SHAPES.len() - 1];

/// A value to bind.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// An integer or NULL.
    Int(Option<i64>),
    /// Text or NULL.
    Text(Option<&'a str>),
    /// A point in time.
    Time(Timestamp),
}

/// SQL and the values of its placeholders.
#[derive(Clone, Default)]
pub(crate) struct Statement<'a> {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value<'a>>,
}

impl<'a> Statement<'a> {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Appends SQL without placeholders.
    pub(crate) fn sql(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    /// Appends a placeholder and its value.
    pub(crate) fn bind(mut self, value: Value<'a>) -> Self {
        self.sql.push('?');
        self.values.push(value);
        self
    }

    /// Appends `?, ?, …` with these values.
    pub(crate) fn list(mut self, values: impl IntoIterator<Item = Value<'a>>) -> Self {
        for (position, value) in values.into_iter().enumerate() {
            self = self.sql(if position > 0 { ", " } else { "" }).bind(value);
        }
        self
    }

    /// Appends `CASE column WHEN ? THEN ? … END`.
    pub(crate) fn case(
        mut self,
        column: &str,
        choices: impl IntoIterator<Item = (Value<'a>, Value<'a>)>,
    ) -> Self {
        self = self.sql("CASE ").sql(column);
        for (when, then) in choices {
            self = self.sql(" WHEN ").bind(when).sql(" THEN ").bind(then);
        }
        self.sql(" END")
    }

    /// Appends `(?, ?), (?, ?), …` with these rows.
    pub(crate) fn rows<const N: usize>(mut self, rows: impl IntoIterator<Item = [Value<'a>; N]>) -> Self {
        for (position, row) in rows.into_iter().enumerate() {
            self = self.sql(if position > 0 { ", (" } else { "(" }).list(row).sql(")");
        }
        self
    }
}

/// Splits rows to insert into lists of the fixed lengths, the longest first.
pub(crate) fn exact<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = SHAPES.into_iter().rev().find(|length| *length <= rows.len())?;
        let (chunk, rest) = rows.split_at(length);
        rows = rest;
        Some(chunk)
    })
}

/// Splits conditions into lists of the fixed lengths, the last one filled up by repeating its last entry.
pub(crate) fn padded<T: Clone>(entries: &[T]) -> impl Iterator<Item = Vec<T>> {
    entries.chunks(LONGEST).map(|chunk| {
        let length = SHAPES.into_iter().find(|length| *length >= chunk.len()).unwrap_or(LONGEST);
        let mut filled = chunk.to_vec();
        if let Some(last) = chunk.last() {
            filled.resize(length, last.clone());
        }
        filled
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_rows_are_split_and_lists_of_conditions_filled_up() {
        let entries: Vec<usize> = (0..300).collect();
        for length in 0..=entries.len() {
            let split: Vec<&[usize]> = exact(&entries[..length]).collect();
            assert!(split.iter().all(|list| SHAPES.contains(&list.len())));
            assert_eq!(split.concat(), entries[..length]);

            let filled: Vec<Vec<usize>> = padded(&entries[..length]).collect();
            assert!(filled.iter().all(|list| SHAPES.contains(&list.len())));
            let mut all = filled.concat();
            all.dedup();
            assert_eq!(all, entries[..length]);
        }
    }

    #[test]
    fn placeholders_and_values_go_together() {
        let one = Value::Int(Some(1));
        let statement = Statement::new("a ")
            .list([one, one])
            .sql(" b ")
            .case("c", [(one, one)])
            .sql(" d ")
            .rows([[one, one], [one, one]]);
        assert_eq!(statement.sql, "a ?, ? b CASE c WHEN ? THEN ? END d (?, ?), (?, ?)");
        assert_eq!(statement.values.len(), statement.sql.matches('?').count());
    }
}
