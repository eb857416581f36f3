use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use identity_core::ContactId;

use super::ProveError;
use super::error::Context;
use super::finale::Finale;
use super::run::files;
use super::symbol::Symbol;

/// Writes all histories and the tables into one file, the identifiers as symbols.
pub(super) fn write(file: &Path, folder: &Path, finale: &Finale) -> Result<(), ProveError> {
    let writing = || format!("write {}", file.display());
    let mut text = String::new();
    for history in files(folder)? {
        let _ = writeln!(text, "## {}", history.file_name().unwrap_or_default().to_string_lossy());
        text.push_str(&fs::read_to_string(&history).context(writing)?);
        if !text.ends_with('\n') {
            text.push_str(" (torn)\n");
        }
    }
    tables(&mut text, finale);
    fs::write(file, text).context(writing)
}

fn tables(text: &mut String, finale: &Finale) {
    use identity_core::IdentifierKind::{Email, Phone};

    let id = |id: Option<ContactId>| id.map_or("-".to_owned(), |id| id.to_string());
    text.push_str("## contacts: id, email, phone number, linked id, precedence, created, updated\n");
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
}
