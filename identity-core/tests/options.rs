//! Options that nothing could serve are refused, and take no memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use futures_util::{StreamExt, stream};
use identity_core::{
    Error, ErrorKind, IdentifyRequest, IdentityResolver, MemoryStore, ResolverBuilder, SqliteStore,
    StoreOptions,
};

fn assert_names(error: &Error, option: &str, most: &str) {
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let message = error.to_string();
    assert!(message.contains(option) && message.contains(most), "{message}");
}

#[tokio::test]
async fn what_is_too_large_is_named_with_its_bound() {
    type With = fn(ResolverBuilder, usize) -> ResolverBuilder;
    let options: [(&str, usize, With); 3] = [
        ("batch_size", 1_000_000, ResolverBuilder::batch_size),
        ("import_size", 1_000_000, ResolverBuilder::import_size),
        ("max_connections", 10_000, |builder, n| {
            builder.max_connections(u32::try_from(n).unwrap_or(u32::MAX))
        }),
    ];
    for url in ["memory:", "sqlite::memory:", "mysql://shop:secret@127.0.0.1:1/shop"] {
        for (option, most, with) in options {
            for given in [most + 1, usize::MAX] {
                let error = with(IdentityResolver::builder(), given).connect(url).await.unwrap_err();
                assert_names(&error, option, &most.to_string());
            }
            if !url.starts_with("mysql") {
                let resolver = with(IdentityResolver::builder(), most).connect(url).await.unwrap();
                resolver.identify(IdentifyRequest::new().phone_number("1")).await.unwrap();
            }
        }
    }
    let options = StoreOptions::default().max_connections(u32::MAX);
    let error = SqliteStore::connect("sqlite::memory:", options).await.unwrap_err();
    assert_names(&error, "max_connections", "10000");
}

#[tokio::test]
async fn on_a_store_the_largest_counts() {
    let builder = IdentityResolver::builder().batch_size(usize::MAX).import_size(usize::MAX);
    let resolver = builder.build(MemoryStore::new());
    assert_eq!(resolver.import_size(), 1_000_000);
    let rows = stream::iter([IdentifyRequest::new().phone_number("1")]);
    let answers: Vec<_> = resolver.identify_stream(rows, |_| ()).collect().await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
}
