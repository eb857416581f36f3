//! By which index secondaries are found.
//!
//! The optimizer is told, since its statistics count all NULLs of an index as one value (`innodb_stats_method`): in a table
//! with few secondaries, such as that of every new shop, it takes `linkedId` to hold the same value nearly everywhere, and
//! reads the whole table for each call instead. So it does with a table that was filled a moment ago, whose statistics
//! are those of an empty one.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::MySqlConnection;
use sqlx::mysql::MySqlDatabaseError;

use super::layout;

/// An index hint. Shared by all clones of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct ByLinkedId(Arc<RwLock<String>>);

impl ByLinkedId {
    /// Looks for an index; tells whether there is one.
    pub(super) async fn find(&self, connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
        let index = layout::linked_id_index(connection).await?;
        let hint = index.as_ref().map(|name| format!("FORCE INDEX (`{}`)", name.replace('`', "``")));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = hint.unwrap_or_default();
        Ok(index.is_some())
    }

    pub(super) fn hint(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether a statement failed because its index was dropped or renamed since.
pub(super) fn is_missing(error: &sqlx::Error) -> bool {
    const KEY_DOES_NOT_EXIST: u16 = 1176;
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| error.number() == KEY_DOES_NOT_EXIST)
}
