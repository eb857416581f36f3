//! The text of statements.

use std::collections::{BTreeMap, BTreeSet};

/// What a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It reads or writes rows of our tables, by a plan.
    Rows,
    /// It begins or ends a transaction, sets up the session or the tables, or concerns other tables than ours.
    Other,
}

/// The tables that grow.
pub(crate) const TABLES: [&str; 3] = ["Contact", "ContactIdentifier", "ContactEvent"];

/// The most values that a list of the library's prepared statements has.
pub(crate) const LONGEST: usize = 256;

/// How statements begin that have no plan.
const WITHOUT_PLAN: [&str; 8] = [
    "SET ",
    "START TRANSACTION",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "CREATE TABLE IF NOT EXISTS ",
    "SHOW ",
    "PRAGMA ",
];

/// How statements begin that have one.
const WITH_PLAN: [&str; 5] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE ", "WITH "];

/// The kind of a statement, without values. One that is not known here fails the test instead of passing unseen.
pub(crate) fn kind(shape: &str) -> Kind {
    let begins = |with: &&str| shape.starts_with(*with);
    if WITHOUT_PLAN.iter().any(&begins) {
        return Kind::Other;
    }
    assert!(WITH_PLAN.iter().any(&begins), "a statement of an unknown kind: {shape}");
    let mut words = shape.split(|c: char| !c.is_alphanumeric() && c != '_');
    if words.any(|word| TABLES.contains(&word)) { Kind::Rows } else { Kind::Other }
}

/// Splits what was sent at once into its statements.
pub(crate) fn split(text: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (position, byte) in text.bytes().enumerate() {
        // A doubled quote leaves the literal and enters it again.
        quoted ^= byte == b'\'';
        if byte == b';' && !quoted {
            statements.push(&text[start..position]);
            start = position + 1;
        }
    }
    statements.push(&text[start..]);
    statements.into_iter().map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// A statement with `?` for each literal and placeholder.
pub(crate) fn without_values(statement: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '@' || c == '`';
    let mut text = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let end = literal(rest);
            // What says how to read the literal belongs to it.
            for prefix in ["TIMESTAMP", "x", "X", "_binary", "_utf8mb4"] {
                text.truncate(text.trim_end().strip_suffix(prefix).map_or(text.len(), str::len));
            }
            text.push('?');
            end
        } else if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let is_value = first.is_ascii_digit() || &rest[..end] == "NULL";
            text.push_str(if is_value { "?" } else { &rest[..end] });
            end
        } else if first.is_whitespace() {
            text.push_str(if text.ends_with(' ') { "" } else { " " });
            first.len_utf8()
        } else {
            text.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    text
}

/// The length of the literal that this begins with. A doubled quote belongs to it.
fn literal(text: &str) -> usize {
    let mut end = 0;
    while text[end..].starts_with('\'') {
        end = text[end + 1..].find('\'').map_or(text.len(), |length| end + length + 2);
    }
    end
}

/// The names that our tables have within a statement: their own, and others that it gives them.
pub(crate) fn names(shape: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::from(TABLES);
    let mut words = shape.split(' ').peekable();
    while let Some(word) = words.next() {
        if TABLES.contains(&word.trim_start_matches('(')) {
            words.next_if_eq(&"AS");
            names.extend(words.peek().map(|name| name.trim_end_matches([',', ')'])));
        }
    }
    names
}

/// What statements have in common that differ in their values and in the lengths of their lists only.
pub(crate) fn shape(without_values: &str) -> String {
    let mut shape = without_values.replace("-?", "?");
    for (repeated, once) in
        [("?, ?", "?"), ("(?), (?)", "(?)"), ("WHEN ? THEN ? WHEN ? THEN ?", "WHEN ? THEN ?")]
    {
        while shape.contains(repeated) {
            shape = shape.replace(repeated, once);
        }
    }
    shape
}

/// Statements by shape: of each shape the one with the fewest values and the one with the most, and how many they are.
pub(crate) type Shapes = BTreeMap<String, [(usize, String); 2]>;

/// The distinct ones among statements that concern rows.
pub(crate) fn shapes<'a>(texts: impl IntoIterator<Item = &'a str>) -> Shapes {
    let mut shapes = Shapes::new();
    for statement in texts.into_iter().flat_map(split) {
        let text = without_values(statement);
        let shape = shape(&text);
        if kind(&shape) == Kind::Other {
            continue;
        }
        let this = (text.matches('?').count(), statement.to_owned());
        let [fewest, most] = shapes.entry(shape).or_insert_with(|| [this.clone(), this.clone()]);
        if this.0 < fewest.0 {
            *fewest = this;
        } else if this.0 > most.0 {
            *most = this;
        }
    }
    shapes
}

/// Fails unless every table was read or written as it must have been, and by lists as long as they get: else the statements
/// were not seen.
pub(crate) fn assert_complete(shapes: &Shapes) {
    for (begin, part, values) in [
        ("SELECT ", "ContactIdentifier", LONGEST),
        ("SELECT ", " deletedAt IS ? AND id IN (?)", LONGEST),
        ("UPDATE Contact ", "updatedAt", LONGEST / 2),
        ("UPDATE Contact ", "linkPrecedence", 1),
        ("UPDATE ContactIdentifier ", "contactId", 1),
        ("INSERT INTO Contact ", "linkPrecedence", 1),
        ("INSERT INTO ContactIdentifier ", "contactId", 1),
        ("INSERT INTO ContactEvent ", "previousPrimaryId", 1),
    ] {
        let is_there = |(shape, [_, most]): (&String, &[(usize, String); 2])| {
            shape.starts_with(begin) && shape.contains(part) && most.0 >= values
        };
        let known: Vec<_> = shapes.iter().map(|(shape, [_, most])| (most.0, shape)).collect();
        assert!(shapes.iter().any(is_there), "no {begin}… {part} of {values} values among {known:#?}");
    }
}

/// How many loads took several statements, which see one moment only within a transaction. `texts` are those of one
/// connection, in their order.
pub(crate) fn loads_of_several<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    let (mut loads, mut statements) = (0, None);
    for statement in texts.into_iter().flat_map(split) {
        if statement.starts_with("START TRANSACTION WITH CONSISTENT SNAPSHOT") {
            statements = Some(0);
        } else if statement == "ROLLBACK" {
            loads += usize::from(statements.take().is_some_and(|statements| statements > 1));
        } else if statement.starts_with("SELECT ") && statement.contains("ContactIdentifier") {
            statements = statements.map(|statements: usize| statements + 1);
        }
    }
    loads
}

#[test]
fn loads_of_several_statements_are_told_from_others() {
    let begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
    let load = "SELECT value FROM ContactIdentifier";
    assert_eq!(loads_of_several([begin, load, load, "ROLLBACK", begin, load, load, load, "ROLLBACK"]), 2);
    assert_eq!(loads_of_several([load, load, "START TRANSACTION", load, load, "ROLLBACK"]), 0);
    assert_eq!(loads_of_several([begin, load, "ROLLBACK", load, begin, load, "ROLLBACK"]), 0);
}

#[test]
fn statements_are_told_apart() {
    let text = "UPDATE Contact SET a = CASE id WHEN 1 THEN TIMESTAMP'2024-01-01 10:00:00' WHEN 2 THEN NULL END; \
                INSERT INTO ContactEvent VALUES ('a;b', _utf8mb4 x'00', -7), ('it''s', 1, ?); COMMIT;";
    let shapes = shapes([text]);
    let aliases = names("SELECT a FROM Contact c JOIN ContactEvent AS e ON e.id = c.id");
    assert!(aliases.is_superset(&BTreeSet::from(["Contact", "ContactEvent", "c", "e"])), "{aliases:?}");
    let counts: Vec<_> = shapes.iter().map(|(shape, [fewest, _])| (&**shape, fewest.0)).collect();
    assert_eq!(
        counts,
        [("INSERT INTO ContactEvent VALUES (?)", 6), ("UPDATE Contact SET a = CASE id WHEN ? THEN ? END", 4)]
    );
}
