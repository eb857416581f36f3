//! Whether a table that others filled keeps the rules, so that it can be adopted.
//!
//! An existing `Contact` is read once, in pages, and each row is given to an [`Audit`]. If it finds no defect, it
//! knows which contact gets the claim on each identifier. It keeps every identifier in memory meanwhile, about
//! 100 bytes each: adopting is done once.

use crate::contact::{ContactId, LinkPrecedence};
use crate::identifier::{Identifier, IdentifierKind, IdentifierPair};
use crate::interner::Interner;
use crate::normalize::Normalizer;
use crate::soundness::Defects;
use crate::timestamp::Timestamp;

/// A live row of a table that is to be adopted, with what its `linkedId` leads to.
pub(crate) struct AuditedRow {
    pub(crate) id: ContactId,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) linked_id: Option<ContactId>,
    pub(crate) link_precedence: Option<LinkPrecedence>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
    /// The live contact that `linked_id` names, if there is one.
    pub(crate) primary: Option<AuditedPrimary>,
    /// Whether there is evidence of it already.
    pub(crate) has_evidence: bool,
}

pub(crate) struct AuditedPrimary {
    pub(crate) linked_id: Option<ContactId>,
    pub(crate) created_at: Option<Timestamp>,
}

/// What was found in the rows so far.
pub(crate) struct Audit {
    normalizer: Normalizer,
    defects: Defects,
    holders: Interner<Option<Holder>>,
}

#[derive(Clone, Copy)]
struct Holder {
    cluster: ContactId,
    age: (Option<Timestamp>, ContactId),
    shared: bool,
}

impl Audit {
    pub(crate) fn new(normalizer: Normalizer) -> Self {
        Self { normalizer, defects: Defects::default(), holders: Interner::default() }
    }

    pub(crate) fn add(&mut self, row: &AuditedRow) {
        self.check_links(row);
        let email = self.normalizer.email(row.email.as_deref().unwrap_or_default());
        let phone = self.normalizer.phone(row.phone_number.as_deref().unwrap_or_default());
        self.defects.invalid_email += u64::from(email.is_err());
        self.defects.invalid_phone += u64::from(phone.is_err());
        self.defects.undated += u64::from(row.created_at.is_none() || row.updated_at.is_none());
        let found =
            Holder { cluster: row.linked_id.unwrap_or(row.id), age: (row.created_at, row.id), shared: false };
        let values = [(IdentifierKind::Email, email), (IdentifierKind::Phone, phone)];
        for (kind, value) in values {
            if let Ok(Some(value)) = value {
                self.hold(kind, &value, found);
            }
        }
    }

    fn check_links(&mut self, row: &AuditedRow) {
        let defects = &mut self.defects;
        match (row.link_precedence, row.linked_id, &row.primary) {
            (Some(LinkPrecedence::Primary), None, _) => {}
            (Some(LinkPrecedence::Secondary), Some(_), None) => defects.orphaned += 1,
            (Some(LinkPrecedence::Secondary), Some(_), Some(primary)) => {
                defects.chained += u64::from(primary.linked_id.is_some());
                let age = (row.created_at, Some(row.id));
                defects.older_than_primary += u64::from(age < (primary.created_at, row.linked_id));
            }
            _ => defects.precedence += 1,
        }
    }

    fn hold(&mut self, kind: IdentifierKind, value: &str, found: Holder) {
        let slot = self.holders.intern(kind, value);
        match self.holders.about_mut(slot) {
            empty @ None => *empty = Some(found),
            Some(holder) if holder.cluster != found.cluster => {
                self.defects.shared += u64::from(!holder.shared);
                holder.shared = true;
            }
            Some(holder) if found.age < holder.age => *holder = found,
            Some(_) => {}
        }
    }

    pub(crate) fn defects(&self) -> Defects {
        self.defects
    }

    /// The identifiers of a row, normalised, and those of them that the row gets the claim on: the ones that no
    /// older contact of the cluster carries.
    pub(crate) fn claims_of(&self, row: &AuditedRow) -> (Option<IdentifierPair>, Vec<Identifier>) {
        let email = self.normalizer.email(row.email.as_deref().unwrap_or_default()).ok().flatten();
        let phone = self.normalizer.phone(row.phone_number.as_deref().unwrap_or_default()).ok().flatten();
        let pair = IdentifierPair::new(email, phone);
        let introduced = |identifier: &Identifier| {
            let slot = self.holders.find(identifier.kind, &identifier.value);
            slot.and_then(|slot| *self.holders.about(slot)).is_some_and(|holder| holder.age.1 == row.id)
        };
        let claims = pair.iter().flat_map(IdentifierPair::identifiers).filter(introduced).collect();
        (pair, claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, email: &str, linked_id: Option<i64>) -> AuditedRow {
        AuditedRow {
            id: id.into(),
            email: Some(email.to_owned()),
            phone_number: None,
            linked_id: linked_id.map(ContactId::from),
            link_precedence: Some(linked_id.map_or(LinkPrecedence::Primary, |_| LinkPrecedence::Secondary)),
            created_at: Some(Timestamp::from_micros(id)),
            updated_at: Some(Timestamp::from_micros(id)),
            primary: linked_id
                .map(|id| AuditedPrimary { linked_id: None, created_at: Some(Timestamp::from_micros(id)) }),
            has_evidence: false,
        }
    }

    fn audit(rows: &[AuditedRow]) -> Audit {
        let mut audit = Audit::new(Normalizer::new());
        rows.iter().for_each(|row| audit.add(row));
        audit
    }

    #[test]
    fn sound_rows_have_no_defect_and_the_oldest_gets_the_claim() {
        let rows = [row(2, "A@x.io", Some(1)), row(1, "a@x.io", None), row(3, "b@x.io", Some(1))];
        let audit = audit(&rows);
        assert!(audit.defects().is_empty(), "{}", audit.defects());
        let claims: Vec<usize> = rows.iter().map(|row| audit.claims_of(row).1.len()).collect();
        assert_eq!(claims, [0, 1, 1]);
    }

    #[test]
    fn every_kind_of_defect_is_counted() {
        let contradicting =
            AuditedRow { link_precedence: Some(LinkPrecedence::Secondary), ..row(1, "a@x.io", None) };
        let orphaned = AuditedRow { primary: None, ..row(2, "b@x.io", Some(99)) };
        let mut chained = row(4, "c@x.io", Some(3));
        chained.primary = Some(AuditedPrimary { linked_id: Some(1.into()), created_at: None });
        let older = AuditedRow { created_at: Some(Timestamp::from_micros(-1)), ..row(6, "d@x.io", Some(5)) };
        let invalid = AuditedRow { phone_number: Some("call me".into()), ..row(7, "nobody", None) };
        let undated = AuditedRow { created_at: None, ..row(8, "e@x.io", None) };
        let rows = [
            contradicting,
            orphaned,
            chained,
            older,
            invalid,
            undated,
            row(9, "f@x", None),
            row(10, "F@x", None),
        ];
        let found = audit(&rows).defects();
        assert_eq!(found.counts().map(|(_, count)| count), [1, 1, 1, 1, 1, 1, 1, 1], "{found}");
        assert_eq!(found.to_string().matches("; ").count(), 7);
    }
}
