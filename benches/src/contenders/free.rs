//! What several callers share: whoever has waited longest gets the first that is free.
//!
//! Not one for so many callers each: they would wait behind a slow call while others have nothing to do, and the longest waits
//! are what is measured.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::Failure;

/// Things that are taken for a while.
#[derive(Debug)]
pub(crate) struct Free<T> {
    things: Mutex<Vec<T>>,
    /// One for each thing that is free. It is fair.
    permits: Semaphore,
}

impl<T> Free<T> {
    /// All of these are free.
    pub(crate) fn new(things: Vec<T>) -> Self {
        Self { permits: Semaphore::new(things.len()), things: Mutex::new(things) }
    }

    /// Waits for one that is free, and takes it until it is [given back](Self::give_back).
    ///
    /// # Errors
    /// None where things are only given back that were taken.
    pub(crate) async fn take(&self) -> Result<T, Failure> {
        self.permits.acquire().await?.forget();
        Ok(self.things().pop().ok_or("nothing is free")?)
    }

    /// Frees one again.
    pub(crate) fn give_back(&self, thing: T) {
        self.things().push(thing);
        self.permits.add_permits(1);
    }

    /// Lets only so many be taken at once, as long as what this returns lives.
    ///
    /// # Errors
    /// None.
    pub(crate) async fn only(&self, count: u64) -> Result<SemaphorePermit<'_>, Failure> {
        let others = self.things().len().saturating_sub(count as usize);
        Ok(self.permits.acquire_many(others as u32).await?)
    }

    fn things(&self) -> MutexGuard<'_, Vec<T>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn whoever_waited_longest_gets_what_is_free_first() -> Result<(), Failure> {
        let free = Free::new(vec!["quick", "slow"]);
        let (slow, quick) = (free.take().await?, free.take().await?);
        let (mut first, mut second) = (Box::pin(free.take()), Box::pin(free.take()));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        free.give_back(quick);
        assert!(second.as_mut().now_or_never().is_none(), "the first one's turn");
        assert_eq!(first.await?, "quick");
        free.give_back(slow);
        assert_eq!(second.await?, "slow");
        Ok(())
    }

    #[tokio::test]
    async fn only_so_many_are_taken() -> Result<(), Failure> {
        let free = Free::new(vec![1, 2, 3]);
        let only = free.only(1).await?;
        let one = free.take().await?;
        assert!(free.take().now_or_never().is_none());
        drop(only);
        free.give_back(one);
        for _ in 0..3 {
            free.take().await?;
        }
        assert!(free.take().now_or_never().is_none());
        Ok(())
    }
}
