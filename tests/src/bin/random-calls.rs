//! `random-calls URL FIRST_TASK [IDENTIFIERS]`: part of a load, as a process of its own.
//!
//! Connects, prints `ready`, and waits for a line of its input, or the input's end; so several of them can begin at once. Then it
//! makes the calls of [`RandomCalls::MANY`]'s kind, from the given task on, and exits with 0 when all of them succeeded.

use std::process::ExitCode;

use identify_server::Chain;
use identity_core::IdentityResolver;
use identity_core::conformance::RandomCalls;

#[tokio::main]
#[allow(clippy::print_stderr, clippy::print_stdout, reason = "it is how the test learns why, and when")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((url, calls)) = load(&arguments) else {
        eprintln!("usage: random-calls URL FIRST_TASK [IDENTIFIERS]");
        return ExitCode::from(2);
    };
    match IdentityResolver::connect(url).await {
        Ok(resolver) => {
            println!("ready");
            if let Err(error) = std::io::stdin().read_line(&mut String::new()) {
                eprintln!("the input: {error}");
                return ExitCode::FAILURE;
            }
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
