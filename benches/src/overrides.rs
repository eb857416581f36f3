//! Options of the library other than its defaults: what the figures in its documentation come from.

use std::num::NonZeroUsize;

use clap::Args;
use identity_core::{IdentityResolver, ResolverBuilder};

/// What is not as the library has it by default.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// Requests of one batch, other than the default
    #[arg(long, value_name = "REQUESTS")]
    batch_size: Option<NonZeroUsize>,
    /// Requests of one transaction of an import, other than the default
    #[arg(long, value_name = "REQUESTS")]
    import_size: Option<NonZeroUsize>,
    /// Batches read at once, other than the default
    #[arg(long, value_name = "BATCHES")]
    loads: Option<NonZeroUsize>,
    /// Batches written at once, other than the default
    #[arg(long, value_name = "BATCHES")]
    writes: Option<NonZeroUsize>,
}

impl Overrides {
    /// A resolver's builder with them.
    pub(crate) fn builder(&self) -> ResolverBuilder {
        let Self { batch_size, import_size, loads, writes } = *self;
        let mut builder = IdentityResolver::builder();
        if let Some(requests) = batch_size {
            builder = builder.batch_size(requests.get());
        }
        if let Some(requests) = import_size {
            builder = builder.import_size(requests.get());
        }
        if let Some(batches) = loads {
            builder = builder.concurrent_loads(batches.get());
        }
        if let Some(batches) = writes {
            builder = builder.concurrent_writes(batches.get());
        }
        builder
    }

    /// As they are written on the command line; nothing where all is as by default.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Self { batch_size, import_size, loads, writes } = *self;
        let all = [
            ("--batch-size", batch_size),
            ("--import-size", import_size),
            ("--loads", loads),
            ("--writes", writes),
        ];
        all.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect()
    }

    /// Whether all is as by default.
    pub(crate) fn is_empty(&self) -> bool {
        self.arguments().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::Options;

    /// A process of its own is told them so.
    #[test]
    fn arguments_are_read_back() {
        let given = ["benches", "--batch-size", "1", "--import-size", "2", "--loads", "3", "--writes", "4"];
        let arguments = Options::parse_from(given).overrides.arguments();
        assert_eq!(arguments, ["--batch-size=1", "--import-size=2", "--loads=3", "--writes=4"]);
        let again = std::iter::once("benches".to_owned()).chain(arguments.clone());
        assert_eq!(Options::parse_from(again).overrides.arguments(), arguments);
        assert!(Options::parse_from(["benches"]).overrides.is_empty());
        assert!(Options::try_parse_from(["benches", "--loads", "0"]).is_err());
    }
}
