//! How bodies arrive: at once, in chunks, too large, or not at all.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Server, read_to_end};

const LIMIT: usize = 64 * 1024;
const HEAD: &str =
    "POST /identify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";

/// Valid JSON of so many bytes.
fn json_of(bytes: usize) -> String {
    let json = r#"{"email":"a@x.io"}"#;
    format!("{json}{}", " ".repeat(bytes - json.len()))
}

fn chunked(body: &str, size: usize) -> String {
    let mut request = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    for chunk in body.as_bytes().chunks(size) {
        let chunk = std::str::from_utf8(chunk).unwrap();
        request += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
    }
    request + "0\r\n\r\n"
}

#[tokio::test]
async fn up_to_the_limit_with_a_length() {
    let server = Server::start().await;
    assert_eq!(server.identify(json_of(LIMIT)).await.status, 200);
    server.identify(json_of(LIMIT + 1)).await.problem(413);
    server.identify(json_of(LIMIT * 10)).await.problem(413);
}

#[tokio::test]
async fn up_to_the_limit_in_chunks() {
    let server = Server::start().await;
    for size in [7, 1000, LIMIT] {
        let answer = server.raw(chunked(&json_of(LIMIT), size).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains(r#""emails":["a@x.io"]"#), "{answer}");

        let answer = server.raw(chunked(&json_of(LIMIT + 1), size).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains(r#""status":413"#), "{answer}");
    }
}

#[tokio::test]
async fn an_endless_body_is_answered_and_cut() {
    let server = Server::start().await;
    let mut stream = server.connect().await;
    stream.write_all(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let endless = async { while stream.write_all(chunk.as_bytes()).await.is_ok() {} };
    timeout(Duration::from_secs(20), endless).await.unwrap();
}

/// The clock stands still while there is something to do, and jumps when there is not.
#[tokio::test(start_paused = true)]
async fn a_length_over_the_limit_is_refused_before_the_body_is_sent() {
    let server = Server::start().await;
    for expect in ["", "Expect: 100-continue\r\n"] {
        let begun = Instant::now();
        let mut stream = server.connect().await;
        stream.write_all(format!("{HEAD}{expect}Content-Length: 65537\r\n\r\n").as_bytes()).await.unwrap();
        stream.readable().await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 0, "{expect}");
        let answer = read_to_end(stream).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on() {
    let server = Server::start().await;
    let body = json_of(100);
    let answer = server
        .raw(format!("{HEAD}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n{body}").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 100 ") && answer.contains("HTTP/1.1 200 "), "{answer}");
}

/// A connection that is closed with unread bytes is reset, and takes the answer with it.
#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_gets_the_answer() {
    let server = Server::start().await;
    for (line, status) in [
        ("POST /identify HTTP/1.1\r\nContent-Type: application/json", 413),
        ("POST /identify HTTP/1.1", 415),
        ("POST /healthz HTTP/1.1", 405),
        ("POST /elsewhere HTTP/1.1", 404),
    ] {
        let mut stream = server.connect().await;
        let head = format!("{line}\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", LIMIT * 8);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.readable().await.unwrap();
        for _ in 0..8 {
            stream.write_all(&[b' '; LIMIT]).await.unwrap();
            sleep(Duration::from_millis(2)).await;
        }
        let answer = read_to_end(stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test]
async fn broken_chunks_are_a_bad_request() {
    let server = Server::start().await;
    let answer =
        server.raw(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nno-number\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains(r#""status":400"#), "{answer}");
}

#[tokio::test]
async fn a_client_that_hangs_up_harms_nobody() {
    let server = Server::start().await;
    for _ in 0..20 {
        let mut stream = server.connect().await;
        stream.write_all(format!("{HEAD}Content-Length: 1000\r\n\r\n{{").as_bytes()).await.unwrap();
    }
    assert_eq!(server.identify(json_of(100)).await.status, 200);
}

/// The clock stands still while there is something to do, and jumps when there is not.
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_in_time_is_given_up() {
    let server = Server::start().await;
    let answer = server.raw(format!("{HEAD}Content-Length: 1000\r\n\r\n{{").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\r\ncontent-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains(r#""status":408"#), "{answer}");
}
