use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use identity_core::ContactId;

use super::ProveError;
use super::error::Context;
use super::finale::Finale;
use super::run::files;
use super::symbol::Symbol;

/// Writes all histories into one file, the identifiers as symbols.
pub(super) fn write_histories(file: &Path, folder: &Path) -> Result<(), ProveError> {
    let writing = || format!("write {}", file.display());
    let mut text = String::new();
    for history in files(folder)? {
        let _ = writeln!(text, "## {}", history.file_name().unwrap_or_default().to_string_lossy());
        text.push_str(&fs::read_to_string(&history).context(writing)?);
        if !text.ends_with('\n') {
            text.push_str(" (torn)\n");
        }
    }
    fs::write(file, text).context(writing)
}

/// Adds the tables to that file.
pub(super) fn write_tables(file: &Path, finale: &Finale) -> Result<(), ProveError> {
    let append = || File::options().append(true).open(file)?.write_all(tables(finale).as_bytes());
    append().context(|| format!("write {}", file.display()))
}

fn tables(finale: &Finale) -> String {
    use identity_core::IdentifierKind::{Email, Phone};

    let id = |id: Option<ContactId>| id.map_or("-".to_owned(), |id| id.to_string());
    let mut text =
        String::from("## contacts: id, email, phone number, linked id, precedence, created, updated\n");
    for contact in &finale.contacts {
        let symbol = |kind, value: &Option<String>| {
            value.as_deref().map_or("-".to_owned(), |value| Symbol::of(kind, value).number().to_string())
        };
        let _ = writeln!(
            text,
            "{} {} {} {} {} {} {}",
            contact.id,
            symbol(Email, &contact.email),
            symbol(Phone, &contact.phone_number),
            id(contact.linked_id),
            contact.link_precedence.name(),
            contact.created_at,
            contact.updated_at,
        );
    }
    text.push_str("## claims: identifier, contact\n");
    for (identifier, holder) in &finale.claims {
        let _ = writeln!(text, "{} {holder}", Symbol::of_identifier(identifier).number());
    }
    text.push_str("## evidence: kind, contact, primary, previous primary, what proved it\n");
    for event in &finale.events {
        let previous = id(event.previous_primary);
        let _ = write!(text, "{} {} {} {previous}", event.kind.name(), event.contact, event.primary);
        for identifier in &event.by {
            let _ = write!(text, " {}", Symbol::of_identifier(identifier).number());
        }
        text.push('\n');
    }
    text
}
