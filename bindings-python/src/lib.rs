//! The native half of the pip package `identity-core`. It holds no rule: what a contact is and who is who is known to
//! [`identity_core`], and how a call looks to Python code is written in `python/identity_core/`.
//!
//! | file | what |
//! |---|---|
//! | `resolver.rs`, `aio.rs` | the two faces: calls that block, and calls that are awaited |
//! | `handle.rs` | a resolver that knows its process and whether it was closed |
//! | `runtime.rs` | the tokio runtime; waiting without the GIL; Ctrl-C |
//! | `request.rs` | values of one call |
//! | `rows/` | rows of many: Arrow columns, Python objects |
//! | `import.rs`, `outcome.rs` | imports, and what comes out of them |
//! | `frames.rs` | rows without a store |
//! | `person.rs`, `cluster.rs` | what callers get |
//! | `error.rs`, `error_class.rs` | exceptions |
//! | `exit.rs` | the end of the interpreter |

mod aio;
mod cluster;
mod error;
mod error_class;
mod exit;
mod frames;
mod handle;
mod import;
mod outcome;
mod person;
mod request;
mod resolver;
mod rows;
mod runtime;

use pyo3::prelude::*;

/// The native half of `identity_core`; private.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::aio::AsyncResolver;
    #[pymodule_export]
    use crate::frames::people_of;
    #[pymodule_export]
    use crate::outcome::Identified;
    #[pymodule_export]
    use crate::person::ConsolidatedContact;
    #[pymodule_export]
    use crate::resolver::Resolver;
    #[pymodule_export]
    use crate::rows::Source;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let wait = wrap_pyfunction!(crate::exit::wait_for_others, module)?;
        module.py().import("atexit")?.call_method1("register", (wait,))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
