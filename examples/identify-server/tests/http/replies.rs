//! What a customer's data leads to.

use serde_json::json;

use crate::support::{Answer, Server};

#[tokio::test]
async fn a_new_customer_is_a_primary_contact() {
    let server = Server::start().await;
    let answer = server.identify(r#"{"email":" McFly@HillValley.edu ","phoneNumber":123456}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let contact = json!({
        "primaryContactId": 1,
        "emails": ["mcfly@hillvalley.edu"],
        "phoneNumbers": ["123456"],
        "secondaryContactIds": [],
    });
    assert_eq!(answer.body, json!({ "contact": contact }));
}

#[tokio::test]
async fn what_is_new_of_a_known_customer_is_added() {
    let server = Server::start().await;
    server.identify(r#"{"email":"lorraine@hillvalley.edu","phoneNumber":"123456"}"#).await;
    let answer = server.identify(r#"{"email":"mcfly@hillvalley.edu","phoneNumber":"123456"}"#).await;
    let contact = json!({
        "primaryContactId": 1,
        "emails": ["lorraine@hillvalley.edu", "mcfly@hillvalley.edu"],
        "phoneNumbers": ["123456"],
        "secondaryContactIds": [2],
    });
    assert_eq!(answer.body, json!({ "contact": contact }));

    for known in [
        r#"{"email":"mcfly@hillvalley.edu"}"#,
        r#"{"email":null,"phoneNumber":123456}"#,
        r#"{"email":"","phoneNumber":"123456","unknown":{"field":[]}}"#,
    ] {
        assert_eq!(server.identify(known).await.body, answer.body, "{known}");
    }
}

#[tokio::test]
async fn two_customers_that_turn_out_to_be_one_are_merged() {
    let server = Server::start().await;
    server.identify(r#"{"email":"george@hillvalley.edu","phoneNumber":"919191"}"#).await;
    server.identify(r#"{"email":"biffsucks@hillvalley.edu","phoneNumber":"717171"}"#).await;
    let answer = server.identify(r#"{"email":"george@hillvalley.edu","phoneNumber":"717171"}"#).await;
    let contact = json!({
        "primaryContactId": 1,
        "emails": ["george@hillvalley.edu", "biffsucks@hillvalley.edu"],
        "phoneNumbers": ["919191", "717171"],
        "secondaryContactIds": [2],
    });
    assert_eq!(answer.body, json!({ "contact": contact }));
}

#[tokio::test]
async fn every_spelling_of_json_is_taken() {
    let server = Server::start().await;
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.shop+json"] {
        let request = reqwest::Client::new().post(server.url("/identify"));
        let answer =
            Answer::of(request.header("content-type", content_type).body(r#"{"phoneNumber":1}"#)).await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
}

#[tokio::test]
async fn many_at_once_are_one_customer() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    let calls = (0..50).map(|n| {
        let request = client.post(server.url("/identify"));
        Answer::of(request.json(&json!({ "email": format!("{n}@x.io"), "phoneNumber": "1" })))
    });
    let mut primaries = Vec::new();
    for answer in futures_util::future::join_all(calls).await {
        primaries.push(answer.body["contact"]["primaryContactId"].clone());
    }
    assert_eq!(primaries, vec![json!(1); 50]);
    let answer = server.identify(r#"{"phoneNumber":"1"}"#).await;
    assert_eq!(answer.body["contact"]["emails"].as_array().unwrap().len(), 50);
}
