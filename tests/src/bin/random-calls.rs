//! `random-calls URL FIRST_TASK`: part of a load, as a process of its own.
//!
//! Makes the calls of [`RandomCalls::MANY`]'s kind, from the given task on, and exits with 0 when all of them succeeded.

use std::process::ExitCode;

use identify_server::Chain;
use identity_core::IdentityResolver;
use identity_core::conformance::RandomCalls;

#[tokio::main]
#[allow(clippy::print_stderr, reason = "it is how the test learns why")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(Ok(first_task))) = (arguments.next(), arguments.next().map(|task| task.parse()))
    else {
        eprintln!("usage: random-calls URL FIRST_TASK");
        return ExitCode::from(2);
    };
    match IdentityResolver::connect(&url).await {
        Ok(resolver) => {
            RandomCalls { first_task, ..RandomCalls::MANY }.run(&resolver).await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", Chain(&error));
            ExitCode::FAILURE
        }
    }
}
