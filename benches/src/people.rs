//! The people in the table: made from their numbers, so that nobody has to remember them.

/// Person `n`'s email.
pub(crate) fn email(n: u64) -> String {
    format!("customer.{n}@example.com")
}

/// Person `n`'s phone number.
pub(crate) fn phone(n: u64) -> String {
    format!("+1{:010}", 2_000_000_000 + n)
}

/// Another email of person `n`; every fourth has it as a secondary contact from the start.
pub(crate) fn second_email(n: u64) -> String {
    format!("c{n}.private@example.org")
}

/// Whether person `n` has two contacts from the start.
pub(crate) fn has_second(n: u64) -> bool {
    n % 4 == 3
}
