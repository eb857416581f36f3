//! `tests/prove`: very many calls from several processes while things go wrong, and a check of every promise afterwards.

use std::process::ExitCode;

use identify_server::Chain;
use identity_tests::prove::{self, Ending};

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a program's own messages")]
async fn main() -> ExitCode {
    match prove::command().await {
        Ok(Ending::Held) => ExitCode::SUCCESS,
        Ok(Ending::Broken) => ExitCode::FAILURE,
        Ok(Ending::NotMade) => ExitCode::from(2),
        Err(error) => {
            eprintln!("prove: {}", Chain(&error));
            ExitCode::from(2)
        }
    }
}
