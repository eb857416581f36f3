//! Who is measured.

pub(crate) mod limit;
pub(crate) mod usual;
