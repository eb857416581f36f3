//! What the sender of a request can get wrong.

use reqwest::Method;

use crate::support::{Answer, Server};

#[tokio::test]
async fn invalid_input_names_the_field_and_repeats_no_value() {
    let server = Server::start().await;
    for (body, field) in [
        (r#"{"email":"secret"}"#, Some("email")),
        (r#"{"email":["secret@x.io"]}"#, Some("email")),
        (r#"{"email":"a@x.io","phoneNumber":"secret"}"#, Some("phoneNumber")),
        (r#"{"phoneNumber":1.5}"#, Some("phoneNumber")),
        (r#"{"phoneNumber":-1}"#, Some("phoneNumber")),
        (r#"{"phoneNumber":18446744073709551616}"#, Some("phoneNumber")),
        (r#"{"phoneNumber":true}"#, Some("phoneNumber")),
        (r#"{"email":null,"phoneNumber":" "}"#, None),
        ("{}", None),
        (r#"["secret@x.io"]"#, None),
        (r#"{"email":"secret@x.io""#, None),
        ("", None),
    ] {
        let answer = server.identify(body).await;
        answer.problem(400);
        assert_eq!(answer.body.get("field").map(|field| field.as_str().unwrap()), field, "{body}");
        assert!(!answer.body.to_string().contains("secret"), "{answer:?}");
    }
    let answer = server.identify(b"{\"email\":\"\xff@x.io\"}".to_vec()).await;
    answer.problem(400);
    assert_eq!(server.identify(r#"{"email":"a@x.io"}"#).await.body["contact"]["primaryContactId"], 1);
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let server = Server::start().await;
    let body = r#"{"email":"a@x.io"}"#;
    let post = || reqwest::Client::new().post(server.url("/identify")).body(body);
    Answer::of(post()).await.problem(415);
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "json", "application/xml"] {
        Answer::of(post().header("content-type", content_type)).await.problem(415);
    }
}

#[tokio::test]
async fn other_methods_are_told_the_right_one() {
    let server = Server::start().await;
    for (path, right) in [("/identify", "POST"), ("/healthz", "GET"), ("/readyz", "GET")] {
        for wrong in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if wrong != right {
                let method = Method::from_bytes(wrong.as_bytes()).unwrap();
                let answer = Answer::of(reqwest::Client::new().request(method, server.url(path))).await;
                assert!(answer.problem(405).contains(right));
                assert_eq!(answer.header("allow"), Some(right), "{wrong} {path}");
            }
        }
        let head = reqwest::Client::new().head(server.url(path)).send().await.unwrap();
        assert_eq!(head.status(), 405, "HEAD {path}");
        assert_eq!(head.headers()["allow"], right);
        assert_eq!(head.headers()["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let server = Server::start().await;
    for path in
        ["", "/", "/identity", "/identify/1", "//identify", "/healthz/x", "/%69dentify", "/?email=a@x.io"]
    {
        Answer::of(reqwest::Client::new().post(server.url(path))).await.problem(404);
    }
    for target in ["*", "http://elsewhere/x"] {
        let request = format!("OPTIONS {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = server.raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(answer.contains("\r\ncontent-type: application/problem+json\r\n"), "{answer}");
    }
    let answer = server.raw(b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[tokio::test]
async fn a_query_is_ignored() {
    let server = Server::start().await;
    let request = reqwest::Client::new().post(server.url("/identify?trace=1"));
    let answer =
        Answer::of(request.header("content-type", "application/json").body(r#"{"phoneNumber":1}"#)).await;
    assert_eq!(answer.status, 200);
}
