//! The command as a whole: its arguments, what it prints, and how it ends.

// Failing is what a test does with what it did not expect, in its helpers too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

/// The command, in a folder of its own, without what this process happens to have in its environment.
fn command(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_identify-server"));
    command.current_dir(folder);
    for variable in ["DATABASE_URL", "DEFAULT_REGION", "LISTEN", "MAX_CONNECTIONS", "RUST_LOG"] {
        command.env_remove(variable);
    }
    command
}

fn output(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command(&folder).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server that has said that it listens. It is killed when the test is over.
struct Running {
    child: Child,
    line: String,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, line }
    }

    fn address(&self) -> &str {
        let (_, rest) =
            self.line.split_once("listens on http://").unwrap_or_else(|| panic!("{:?}", self.line));
        rest.split_once(',').unwrap().0
    }

    fn post(&self, body: &str) -> String {
        let head =
            "POST /identify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json";
        let mut stream = TcpStream::connect(self.address()).unwrap();
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal, and returns the exit code and what else was printed on stdout and stderr.
    #[cfg(unix)]
    fn stop(&mut self, signal: &str) -> (Option<i32>, String, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stdout, stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn help_explains_every_option() {
    let help = text(&output(&["--help"]).stdout);
    for word in [
        "--database <URL>",
        "DATABASE_URL",
        "mysql://user:password@host:port/name",
        "sqlite://contacts.db",
        "memory:",
        "--listen <ADDRESS:PORT>",
        "LISTEN",
        "127.0.0.1:3000",
        "--adopt",
        "--default-region <CODE>",
        "DEFAULT_REGION",
        "--max-connections <NUMBER>",
        "MAX_CONNECTIONS",
        "RUST_LOG",
        "SIGTERM",
        "POST /identify",
    ] {
        assert!(help.contains(word), "{word} is missing in\n{help}");
    }
}

#[test]
fn help_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&folder).arg("--help").env("DATABASE_URL", "mysql://u:secret@h/n").output().unwrap();
    assert!(output.status.success() && !text(&output.stdout).contains("secret"));
}

#[test]
fn wrong_usage_exits_with_2() {
    for args in [
        &["--listen", "nowhere"][..],
        &["--default-region", "Atlantis"],
        &["--max-connections", "0"],
        &["--no-such-option"],
    ] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_taken_address_is_an_error_with_its_cause() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let output = output(&["--listen", &address, "--database", "memory:"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with(&format!("identify-server: cannot listen on {address}: ")), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_database_of_no_known_kind_is_an_error_without_its_password() {
    let output = output(&["--listen", "127.0.0.1:0", "--database", "oracle://user:secret@host/name"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    let beginning =
        "identify-server: cannot use the database oracle://host/name: the database URL must begin with";
    assert!(stderr.starts_with(beginning), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn says_one_line_serves_and_stops_on_either_signal() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Running::start(command(&folder).env("LISTEN", "127.0.0.1:0").env("DATABASE_URL", "memory:"));
        let line = format!("identify-server listens on http://{}, database memory:\n", server.address());
        assert_eq!(server.line, line);
        assert!(!server.address().ends_with(":0"), "the port is the real one");
        let answer = server.post(r#"{"phoneNumber":"123456"}"#);
        assert!(answer.ends_with(r#""phoneNumbers":["123456"],"secondaryContactIds":[]}}"#), "{answer}");
        assert_eq!(server.stop(signal), (Some(0), String::new(), String::new()));
    }
}

#[cfg(unix)]
#[test]
fn a_default_region_makes_numbers_international() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--database", "memory:", "--default-region", "us"];
    let server = Running::start(command(&folder).args(args));
    let answer = server.post(r#"{"phoneNumber":"(415) 555-0100"}"#);
    assert!(answer.contains(r#""phoneNumbers":["+14155550100"]"#), "{answer}");
}

#[cfg(unix)]
#[test]
fn the_most_verbose_log_holds_no_value_of_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--database", "memory:"];
    let mut server = Running::start(command(&folder).args(args).env("RUST_LOG", "trace"));
    for body in [
        r#"{"email":"secret@x.io","phoneNumber":"5550199"}"#,
        r#"{"email":"secret"}"#,
        r#"{"phoneNumber":"5550199x"}"#,
        r#"{"email":"secret@x.io"#,
    ] {
        assert!(server.post(body).contains("HTTP/1.1 "));
    }
    let (_, _, stderr) = server.stop("-TERM");
    assert!(!stderr.is_empty(), "there is a log");
    assert!(!stderr.contains("secret") && !stderr.contains("5550199"), "{stderr}");
}
