//! SQL with its values.

use crate::timestamp::Timestamp;

/// How many bytes a value takes in the text of a statement.
pub(crate) fn text_size(value: Option<&str>) -> usize {
    value.map_or(4, |value| if value.bytes().all(is_plain) { 2 + value.len() } else { 12 + 2 * value.len() })
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'+' | b'-' | b'_')
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
    /// What an expression gives. It stands in the SQL itself, so nothing is bound for it.
    Expression(&'static str),
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

    /// Appends a placeholder and its value, or an expression.
    pub(crate) fn bind(mut self, value: Value<'a>) -> Self {
        if let Value::Expression(sql) = value {
            return self.sql(sql);
        }
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
                Some(Value::Int(None) | Value::Text(None) | Value::Expression(_)) | None => {
                    text.push_str("NULL");
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_values_go_together() {
        let one = Value::Int(Some(1));
        let statement = Statement::new("a ")
            .list([one, one])
            .sql(" b ")
            .case("c", [(one, one)])
            .sql(" d ")
            .rows([[one, Value::Expression("e + 1")], [one, one]]);
        assert_eq!(statement.sql, "a ?, ? b CASE c WHEN ? THEN ? END d (?, e + 1), (?, ?)");
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
