//! `random-calls URL FIRST_TASK [IDENTIFIERS]`: part of a load, as a process of its own.
//!
//! Makes the calls of [`RandomCalls::MANY`]'s kind, from the given task on, and exits with 0 when all of them succeeded.

use std::process::ExitCode;

use identify_server::Chain;
use identity_core::IdentityResolver;
use identity_core::conformance::RandomCalls;

#[tokio::main]
#[allow(clippy::print_stderr, reason = "it is how the test learns why")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((url, calls)) = load(&arguments) else {
        eprintln!("usage: random-calls URL FIRST_TASK [IDENTIFIERS]");
        return ExitCode::from(2);
    };
    match IdentityResolver::connect(url).await {
        Ok(resolver) => {
            calls.run(&resolver).await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", Chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn load(arguments: &[String]) -> Option<(&str, RandomCalls)> {
    let (url, numbers) = arguments.split_first()?;
    let calls = match numbers {
        [first_task] => RandomCalls { first_task: first_task.parse().ok()?, ..RandomCalls::MANY },
        [first_task, identifiers] => RandomCalls {
            first_task: first_task.parse().ok()?,
            identifiers: identifiers.parse().ok()?,
            ..RandomCalls::MANY
        },
        _ => return None,
    };
    Some((url, calls))
}
