//! Options from JSON. What they mean, how large they may be, and what they are where they are not given, is the core's to say.

use std::time::Duration;

use identity_core::{Error, IdentityResolver, Normalizer, Region, ResolverBuilder};
use serde_json::Value;

/// A builder, and the deadline of calls.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) builder: ResolverBuilder,
    pub(crate) deadline: Option<Duration>,
}

impl Options {
    /// Reads an object of options; what is null counts as absent.
    ///
    /// # Errors
    /// [`Error::Configuration`], which names the option, for what is none and for a value that is none.
    pub(crate) fn from_json(json: &str) -> Result<Self, Error> {
        let Ok(Value::Object(options)) = serde_json::from_str(json) else {
            return Err(Error::Configuration("the options must be an object".to_owned()));
        };
        let mut read = Self { builder: IdentityResolver::builder(), deadline: None };
        for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
            read = read.with(name, value)?;
        }
        Ok(read)
    }

    fn with(mut self, name: &str, value: &Value) -> Result<Self, Error> {
        let builder = self.builder;
        self.builder = match name {
            "batchSize" => builder.batch_size(at_least_one(name, value)?),
            "importSize" => builder.import_size(at_least_one(name, value)?),
            "queueLength" => builder.queue_length(at_least_one(name, value)?),
            "concurrentLoads" => builder.concurrent_loads(at_least_one(name, value)?),
            "concurrentWrites" => builder.concurrent_writes(at_least_one(name, value)?),
            "maxConflicts" => builder.max_conflicts(count(name, value)?),
            "maxReconnects" => builder.max_reconnects(count(name, value)?),
            "maxConnections" => builder.max_connections(at_least_one(name, value)?),
            "adopt" => builder.adopt(flag(name, value)?),
            "acquireTimeoutMs" => builder.acquire_timeout(milliseconds(name, value)?),
            "defaultRegion" => {
                builder.normalizer(Normalizer::new().with_default_region(region(name, value)?))
            }
            "timeoutMs" => {
                self.deadline = Some(milliseconds(name, value)?);
                builder
            }
            _ => return Err(Error::Configuration(format!("there is no option {name}"))),
        };
        Ok(self)
    }
}

/// The same error with options named as JavaScript has them: the core names its own, `batch_size` for `batchSize`.
pub(crate) fn in_camel_case(error: Error) -> Error {
    const BEFORE: &str = "the option ";
    let Error::Configuration(message) = &error else { return error };
    let Some((name, rest)) = message.strip_prefix(BEFORE).and_then(|named| named.split_once(' ')) else {
        return error;
    };
    Error::Configuration(format!("{BEFORE}{} {rest}", camel_case(name)))
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut all, word| {
        let mut letters = word.chars();
        all.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        all.push_str(letters.as_str());
        all
    })
}

fn count<N: TryFrom<u64>>(name: &str, value: &Value) -> Result<N, Error> {
    value.as_u64().and_then(|number| number.try_into().ok()).ok_or_else(|| wrong(name, "a whole number"))
}

/// The core would take 0 for 1; who writes it means something else.
fn at_least_one<N: TryFrom<u64>>(name: &str, value: &Value) -> Result<N, Error> {
    match value.as_u64() {
        Some(0) => Err(wrong(name, "at least 1")),
        _ => count(name, value),
    }
}

fn milliseconds(name: &str, value: &Value) -> Result<Duration, Error> {
    let milliseconds = value.as_u64().filter(|milliseconds| *milliseconds > 0);
    milliseconds
        .map(Duration::from_millis)
        .ok_or_else(|| wrong(name, "a whole number of milliseconds, at least 1"))
}

fn flag(name: &str, value: &Value) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| wrong(name, "true or false"))
}

fn region(name: &str, value: &Value) -> Result<Region, Error> {
    value.as_str().ok_or_else(|| wrong(name, "a string"))?.parse()
}

fn wrong(name: &str, must_be: &str) -> Error {
    Error::Configuration(format!("the option {name} must be {must_be}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_read() {
        let all = r#"{"batchSize":1,"importSize":2,"queueLength":3,"concurrentLoads":4,"concurrentWrites":5,
            "maxConflicts":6,"maxReconnects":7,"maxConnections":8,"adopt":true,"acquireTimeoutMs":9,
            "defaultRegion":"us","timeoutMs":10}"#;
        let options = Options::from_json(all).unwrap();
        assert_eq!(options.deadline, Some(Duration::from_millis(10)));
        let shown = format!("{:?}", options.builder);
        for expected in ["batch_size: 1", "import_size: 2", "queue_length: 3", "loads: 4", "writes: 5"] {
            assert!(shown.contains(expected), "{shown}");
        }
        for expected in ["conflicts: 6", "reconnects: 7", "max_connections: 8", "adopt: true", "9ms", "US"] {
            assert!(shown.contains(expected), "{shown}");
        }
        assert!(Options::from_json(r#"{"timeoutMs":null}"#).unwrap().deadline.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, named) in [
            (r#"{"batchsize":1}"#, "batchsize"),
            (r#"{"batchSize":-1}"#, "batchSize"),
            (r#"{"batchSize":0}"#, "batchSize must be at least 1"),
            (r#"{"maxConnections":0}"#, "maxConnections must be at least 1"),
            (r#"{"maxConnections":4294967296}"#, "maxConnections"),
            (r#"{"timeoutMs":0}"#, "timeoutMs"),
            (r#"{"adopt":1}"#, "adopt"),
            (r#"{"defaultRegion":"nowhere"}"#, "region"),
            ("5", "object"),
        ] {
            let error = Options::from_json(json).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
        assert!(Options::from_json(r#"{"maxConflicts":0,"maxReconnects":0}"#).is_ok());
    }

    #[tokio::test]
    async fn the_cores_names_become_javascripts() {
        for (json, named) in [
            (r#"{"batchSize":1000001}"#, "the option batchSize must be at most 1000000"),
            (r#"{"maxConnections":10001}"#, "the option maxConnections must be at most 10000"),
        ] {
            let refused = Options::from_json(json).unwrap().builder.connect("memory:").await.unwrap_err();
            assert_eq!(in_camel_case(refused).to_string(), named);
        }
        let other = in_camel_case(Error::Configuration("the database URL must name a database".to_owned()));
        assert_eq!(other.to_string(), "the database URL must name a database");
        assert!(matches!(in_camel_case(Error::Overloaded), Error::Overloaded));
    }
}
