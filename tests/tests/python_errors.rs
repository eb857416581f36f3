//! Every kind of failure has a class of its own in the pip package.

#[path = "../../bindings-python/src/error_class.rs"]
mod error_class;

use std::collections::HashSet;

use error_class::class_name;
use identity_core::ErrorKind;

const CLASSES: &str = include_str!("../../bindings-python/python/identity_core/_errors.py");

#[test]
fn every_kind_of_failure_has_a_class_in_python() {
    let classes: HashSet<_> = ErrorKind::ALL.iter().map(|kind| class_name(*kind)).collect();
    assert_eq!(classes.len(), ErrorKind::ALL.len(), "{classes:?}");
    for class in classes {
        assert_ne!(class, "IdentityError", "a kind has the base alone");
        assert!(CLASSES.contains(&format!("class {class}(IdentityError")), "{class} is not there");
    }
}
