//! The SQLite store passes the conformance suite.
#![allow(clippy::expect_used, reason = "how a test fails")]

use std::sync::Arc;

use identity_core::conformance::{Fixture, Subject};
use identity_core::{SqliteStore, StoreOptions};

#[derive(Debug)]
struct InFile;

#[async_trait::async_trait]
impl Fixture for InFile {
    async fn fresh(&self) -> Subject {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/contacts.db", folder.path().display());
        let store = Arc::new(SqliteStore::connect(&url, StoreOptions::default()).await.expect("a new file"));
        Subject { keep: Some(Box::new(folder)), ..Subject::new(store.clone(), store) }
    }
}

identity_core::conformance_tests!(InFile);
