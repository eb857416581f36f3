//! SQL with its values, and how long its lists are.
//!
//! A prepared statement's text is the key under which driver and server keep it, so a text that changes with the number
//! of values would fill their caches and cost a round trip each. [`Lengths::Fixed`] therefore gives lists one of five
//! lengths: lists of conditions are filled up by repeating their last entry, lists of rows are split. Where long statements
//! are sent as text instead ([`Statement::text`]), lists may have any length.

use crate::timestamp::Timestamp;

/// The lengths that lists have.
const SHAPES: [usize; 5] = [1, 4, 16, 64, 256];

/// The most entries that one statement takes.
pub(crate) const LONGEST: usize = SHAPES[SHAPES.len() - 1];

#[cfg(feature = "mysql")]
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'+' | b'-' | b'_')
}

/// How long the lists of a backend's statements are.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(all(feature = "mysql", feature = "sqlite")),
    allow(dead_code, reason = "each backend has one")
)]
pub(crate) enum Lengths {
    /// One of the fixed lengths.
    Fixed,
    /// Any length up to this.
    UpTo(usize),
}

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

    /// The statement with its values in its text, for MySQL.
    ///
    /// Text is written in hexadecimal unless it is made of characters that no SQL mode and no character set gives a
    /// meaning within quotes, so no value can end its literal.
    #[cfg(feature = "mysql")]
    pub(crate) fn text(&self) -> String {
        use std::fmt::Write as _;

        // Writing to a String cannot fail.
        let mut text = String::with_capacity(self.sql.len() + 24 * self.values.len());
        let mut values = self.values.iter();
        for part in self.sql.split_inclusive('?') {
            let Some(before) = part.strip_suffix('?') else {
                text.push_str(part);
                continue;
            };
            text.push_str(before);
            match values.next() {
                Some(Value::Int(Some(value))) => {
                    let _ = write!(text, "{value}");
                }
                Some(Value::Text(Some(value))) if value.bytes().all(is_plain) => {
                    let _ = write!(text, "'{value}'");
                }
                Some(Value::Text(Some(value))) => {
                    text.push_str("_utf8mb4 x'");
                    for byte in value.bytes() {
                        let _ = write!(text, "{byte:02x}");
                    }
                    text.push('\'');
                }
                Some(Value::Time(at)) => match at.to_datetime() {
                    Some(at) => {
                        let (month, time) = (u8::from(at.month()), at.time());
                        let _ = write!(
                            text,
                            "TIMESTAMP'{:04}-{month:02}-{:02} {:02}:{:02}:{:02}.{:06}'",
                            at.year(),
                            at.day(),
                            time.hour(),
                            time.minute(),
                            time.second(),
                            time.microsecond()
                        );
                    }
                    None => text.push_str("NULL"),
                },
                Some(Value::Int(None) | Value::Text(None)) | None => text.push_str("NULL"),
            }
        }
        text
    }

    /// Appends `(?, ?), (?, ?), …` with these rows.
    pub(crate) fn rows<const N: usize>(mut self, rows: impl IntoIterator<Item = [Value<'a>; N]>) -> Self {
        for (position, row) in rows.into_iter().enumerate() {
            self = self.sql(if position > 0 { ", (" } else { "(" }).list(row).sql(")");
        }
        self
    }
}

impl Lengths {
    /// Splits rows to insert into lists; fixed ones the longest first.
    pub(crate) fn exact<T>(self, mut rows: &[T]) -> impl Iterator<Item = &[T]> {
        std::iter::from_fn(move || {
            let length = match self {
                Self::Fixed => SHAPES.into_iter().rev().find(|length| *length <= rows.len())?,
                Self::UpTo(_) if rows.is_empty() => return None,
                Self::UpTo(most) => rows.len().min(most),
            };
            let (chunk, rest) = rows.split_at(length);
            rows = rest;
            Some(chunk)
        })
    }

    /// Splits conditions into lists; fixed ones are filled up by repeating their last entry.
    pub(crate) fn padded<T: Clone>(self, entries: &[T]) -> impl Iterator<Item = Vec<T>> {
        let most = match self {
            Self::Fixed => LONGEST,
            Self::UpTo(most) => most,
        };
        entries.chunks(most).map(move |chunk| {
            let length = match self {
                Self::Fixed => SHAPES.into_iter().find(|length| *length >= chunk.len()).unwrap_or(LONGEST),
                Self::UpTo(_) => chunk.len(),
            };
            let mut filled = chunk.to_vec();
            if let Some(last) = chunk.last() {
                filled.resize(length, last.clone());
            }
            filled
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_rows_are_split_and_lists_of_conditions_filled_up() {
        let entries: Vec<usize> = (0..300).collect();
        for length in 0..=entries.len() {
            let split: Vec<&[usize]> = Lengths::Fixed.exact(&entries[..length]).collect();
            assert!(split.iter().all(|list| SHAPES.contains(&list.len())));
            assert_eq!(split.concat(), entries[..length]);

            let filled: Vec<Vec<usize>> = Lengths::Fixed.padded(&entries[..length]).collect();
            assert!(filled.iter().all(|list| SHAPES.contains(&list.len())));
            let mut all = filled.concat();
            all.dedup();
            assert_eq!(all, entries[..length]);

            let any: Vec<&[usize]> = Lengths::UpTo(64).exact(&entries[..length]).collect();
            assert_eq!(any.len(), length.div_ceil(64));
            assert_eq!(any.concat(), entries[..length]);
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

    #[test]
    #[cfg(feature = "mysql")]
    fn text_holds_the_values_and_none_can_end_its_literal() {
        let statement = Statement::new("VALUES ").rows([[
            Value::Int(Some(-7)),
            Value::Text(Some("a'; DROP \\?")),
            Value::Text(None),
            Value::Time(Timestamp::from_micros(1_700_000_000_000_001)),
        ]]);
        let expected =
            "VALUES (-7, _utf8mb4 x'61273b2044524f50205c3f', NULL, TIMESTAMP'2023-11-14 22:13:20.000001')";
        assert_eq!(statement.text(), expected);
    }
}
