//! The content of identity-core's tables, as rows of any columns: read back from one database to be inserted into another.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, ColumnIndex, Database, Decode, Executor, Row, Type};

/// A table with its columns.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    order: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Int,
    Text,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Of a column of numbers.
    Int(Option<i64>),
    /// Of any other. Shared, so that whoever inserts it again and again need not copy it.
    Text(Option<Arc<str>>),
}

/// What is in a table.
#[derive(Debug)]
pub(crate) struct Content {
    /// Which one.
    pub(crate) table: &'static Table,
    /// Its rows.
    pub(crate) rows: Vec<Vec<Cell>>,
}

use Kind::{Int, Text};

/// The tables, each in the order in which its rows came to be. Claims too: nobody who imports has them sorted beforehand.
const TABLES: &[Table] = &[
    Table {
        name: "Contact",
        columns: &[
            ("id", Int),
            ("phoneNumber", Text),
            ("email", Text),
            ("linkedId", Int),
            ("linkPrecedence", Text),
            ("createdAt", Text),
            ("updatedAt", Text),
        ],
        order: "id",
    },
    Table {
        name: "ContactIdentifier",
        columns: &[("kind", Text), ("value", Text), ("contactId", Int)],
        order: "contactId, kind",
    },
    Table {
        name: "ContactEvent",
        columns: &[
            ("id", Int),
            ("kind", Text),
            ("contactId", Int),
            ("primaryId", Int),
            ("previousPrimaryId", Int),
            ("email", Text),
            ("phoneNumber", Text),
            ("createdAt", Text),
        ],
        order: "id",
    },
];

/// Reads all of it. `text` is the database's name for text, as which times are read.
///
/// # Errors
/// What the database says.
pub(crate) async fn read<DB>(connection: &mut DB::Connection, text: &str) -> Result<Vec<Content>, sqlx::Error>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    for<'r> Option<i64>: Decode<'r, DB> + Type<DB>,
    for<'r> Option<String>: Decode<'r, DB> + Type<DB>,
{
    let mut contents = Vec::new();
    for table in TABLES {
        let rows = connection.fetch_all(AssertSqlSafe(table.select(text))).await?;
        let rows = rows.iter().map(|row| table.cells(row)).collect::<Result<_, _>>()?;
        contents.push(Content { table, rows });
    }
    Ok(contents)
}

impl Table {
    fn select(&self, text: &str) -> String {
        let columns = self.columns.iter().map(|(name, kind)| match kind {
            Int => (*name).to_owned(),
            Text => format!("CAST({name} AS {text})"),
        });
        let columns: Vec<_> = columns.collect();
        format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), self.name, self.order)
    }

    fn cells<R>(&self, row: &R) -> Result<Vec<Cell>, sqlx::Error>
    where
        R: Row,
        usize: ColumnIndex<R>,
        for<'r> Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
        for<'r> Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    {
        let cell = |(n, (_, kind)): (usize, &(_, Kind))| match kind {
            Int => row.try_get(n).map(Cell::Int),
            Text => row.try_get::<Option<String>, _>(n).map(|text| Cell::Text(text.map(Into::into))),
        };
        self.columns.iter().enumerate().map(cell).collect()
    }

    /// An INSERT of rows whose values are part of the text: they are ours, and hold no quotes.
    pub(crate) fn insert_text(&self, rows: &[Vec<Cell>]) -> String {
        let mut sql = self.insert();
        for (n, row) in rows.iter().enumerate() {
            sql.push_str(if n == 0 { "(" } else { "), (" });
            for (n, cell) in row.iter().enumerate() {
                let comma = if n == 0 { "" } else { ", " };
                // Writing to a String does not fail.
                let _ = match cell {
                    Cell::Int(Some(number)) => write!(sql, "{comma}{number}"),
                    Cell::Text(Some(text)) => write!(sql, "{comma}'{text}'"),
                    Cell::Int(None) | Cell::Text(None) => write!(sql, "{comma}NULL"),
                };
            }
        }
        sql.push(')');
        sql
    }

    /// An INSERT of so many rows with a placeholder for each value.
    pub(crate) fn insert_placeholders(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        self.insert() + &vec![row; rows].join(", ")
    }

    fn insert(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("INSERT INTO {} ({}) VALUES ", self.name, columns.join(", "))
    }
}
