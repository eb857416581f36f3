//! Callers of a table of a million people: 64 at once, and a lone one.

use std::sync::Arc;
use std::time::Duration;

use sqlx::MySqlPool;

use super::{at_least, at_most, micros, per_second, with_p99};
use crate::contenders::{limit, usual};
use crate::measure::{Measured, closed_loop, median};
use crate::report::Line;
use crate::scene::Scene;
use crate::work::{Source, Work};
use crate::{Failure, Options};

/// The lines that are wanted.
///
/// # Errors
/// What goes wrong while measuring.
pub(crate) async fn lines(options: &Options, scene: &Scene) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let run = Run { options, scene };
    if options.wants("known people") {
        lines.push(run.known().await?);
    }
    if options.wants("new people") {
        lines.push(run.new_people().await?);
    }
    if options.wants("mixed") {
        lines.push(run.mixed().await?);
    }
    if options.wants("lone caller, known person") {
        lines.push(run.lone_known().await?);
    }
    if options.wants("lone caller, new person") {
        lines.push(run.lone_new().await?);
    }
    Ok(lines)
}

struct Run<'a> {
    options: &'a Options,
    scene: &'a Scene,
}

impl Run<'_> {
    async fn known(&self) -> Result<Line, Failure> {
        let (batch, connections) = self.best_read().await?;
        let (mut ours, mut limit, mut plain, mut transactional) = (vec![], vec![], vec![], vec![]);
        for _ in 0..self.options.rounds() {
            ours.push(self.ours(self.options.callers, Work::Known).await?);
            limit.push(self.limit_read(connections, batch, self.options.round()).await?);
            plain.push(self.usual(Work::Known, false).await?);
            transactional.push(self.usual(Work::Known, true).await?);
        }
        let [ours, limit, plain, transactional] =
            [&ours, &limit, &plain, &transactional].map(|rounds| median(rounds));
        Ok(Line {
            work: "known people",
            figures: vec![
                ("ours", per_second(ours)),
                (
                    "limit, read",
                    format!("{} ({batch} a statement, {connections} connections)", per_second(limit)),
                ),
                ("as usual", per_second(plain)),
                ("as usual with a transaction", per_second(transactional)),
            ],
            bars: vec![
                at_least("ours / limit, read", ours.per_second / limit.per_second, 0.5),
                at_least("ours / as usual", ours.per_second / plain.per_second, 6.0),
            ],
        })
    }

    async fn new_people(&self) -> Result<Line, Failure> {
        let (batch, connections) = self.best_write().await?;
        let (mut ours, mut limit, mut transactional) = (vec![], vec![], vec![]);
        for _ in 0..self.options.rounds() {
            ours.push(self.ours(self.options.callers, Work::New).await?);
            limit.push(self.limit_write(connections, batch, self.options.round()).await?);
            transactional.push(self.usual(Work::New, true).await?);
        }
        let [ours, limit, transactional] = [&ours, &limit, &transactional].map(|rounds| median(rounds));
        Ok(Line {
            work: "new people",
            figures: vec![
                ("ours", per_second(ours)),
                (
                    "limit, write",
                    format!("{} ({batch} a statement, {connections} connections)", per_second(limit)),
                ),
                ("as usual with a transaction", per_second(transactional)),
            ],
            bars: vec![
                at_least("ours / limit, write", ours.per_second / limit.per_second, 0.6),
                at_least(
                    "ours / as usual with a transaction",
                    ours.per_second / transactional.per_second,
                    8.0,
                ),
            ],
        })
    }

    async fn mixed(&self) -> Result<Line, Failure> {
        let (mut ours, mut plain, mut transactional) = (vec![], vec![], vec![]);
        for _ in 0..self.options.rounds() {
            ours.push(self.ours(self.options.callers, Work::Mixed).await?);
            plain.push(self.usual(Work::Mixed, false).await?);
            transactional.push(self.usual(Work::Mixed, true).await?);
        }
        let [ours, plain, transactional] = [&ours, &plain, &transactional].map(|rounds| median(rounds));
        Ok(Line {
            work: "mixed",
            figures: vec![
                ("ours", with_p99(ours)),
                ("as usual", with_p99(plain)),
                ("as usual with a transaction", with_p99(transactional)),
            ],
            bars: vec![
                at_least(
                    "ours / as usual with a transaction",
                    ours.per_second / transactional.per_second,
                    6.0,
                ),
                at_most("p99 of ours / as usual", ours.p99.as_secs_f64() / plain.p99.as_secs_f64(), 1.0),
            ],
        })
    }

    async fn lone_known(&self) -> Result<Line, Failure> {
        let (mut ours, mut limit) = (vec![], vec![]);
        for _ in 0..self.options.rounds() {
            ours.push(self.ours(1, Work::Known).await?);
            limit.push(self.limit_read(1, 1, self.options.round()).await?);
        }
        let [ours, limit] = [&ours, &limit].map(|rounds| median(rounds));
        Ok(Line {
            work: "lone caller, known person",
            figures: vec![("ours", micros(ours)), ("SELECT by primary keys", micros(limit))],
            bars: vec![at_most("ours / SELECT", ours.median.as_secs_f64() / limit.median.as_secs_f64(), 1.3)],
        })
    }

    async fn lone_new(&self) -> Result<Line, Failure> {
        let (mut ours, mut two) = (vec![], vec![]);
        for _ in 0..self.options.rounds() {
            ours.push(self.ours(1, Work::New).await?);
            let limit = self.scene.limit().await?;
            let (pool, source) = (limit.by.clone(), Arc::clone(&limit.source));
            let call = move |_| {
                let (pool, source) = (pool.clone(), Arc::clone(&source));
                async move { Ok::<_, Failure>(limit::two_inserts(&pool, source.fresh(1)[0]).await?) }
            };
            two.push(closed_loop(1, self.options.round(), call).await?);
        }
        let [ours, two] = [&ours, &two].map(|rounds| median(rounds));
        Ok(Line {
            work: "lone caller, new person",
            figures: vec![("ours", micros(ours)), ("BEGIN, INSERT, INSERT, COMMIT", micros(two))],
            bars: vec![at_most(
                "ours / two INSERTs",
                ours.median.as_secs_f64() / two.median.as_secs_f64(),
                1.5,
            )],
        })
    }

    async fn ours(&self, callers: u64, work: Work) -> Result<Measured, Failure> {
        self.scene.ours().await?.measure(callers, self.options.round(), work).await
    }

    async fn usual(&self, work: Work, transaction: bool) -> Result<Measured, Failure> {
        let contender = self.scene.usual(transaction).await?;
        let (pool, source) = (contender.by.clone(), Arc::clone(&contender.source));
        let call = move |_| {
            let (pool, source): (MySqlPool, Arc<Source>) = (pool.clone(), Arc::clone(&source));
            async move {
                let (email, phone) = source.next(work);
                usual::identify(&pool, &email, &phone, transaction).await?;
                Ok::<_, Failure>(1)
            }
        };
        closed_loop(self.options.callers, self.options.round(), call).await
    }

    async fn limit_read(&self, connections: u64, batch: usize, time: Duration) -> Result<Measured, Failure> {
        let limit = self.scene.limit().await?;
        let (pool, source, people) = (limit.by.clone(), Arc::clone(&limit.source), self.scene.people());
        let call = move |_| {
            let (pool, source) = (pool.clone(), Arc::clone(&source));
            async move {
                let numbers: Vec<u64> = (0..batch).map(|_| source.someone()).collect();
                Ok::<_, Failure>(limit::read(&pool, people, &numbers).await?)
            }
        };
        closed_loop(connections, time, call).await
    }

    async fn limit_write(&self, connections: u64, batch: usize, time: Duration) -> Result<Measured, Failure> {
        let limit = self.scene.limit().await?;
        let (pool, source) = (limit.by.clone(), Arc::clone(&limit.source));
        let call = move |_| {
            let (pool, source) = (pool.clone(), Arc::clone(&source));
            async move { Ok::<_, Failure>(limit::write(&pool, &source.fresh(batch as u64)).await?) }
        };
        closed_loop(connections, time, call).await
    }

    /// The batch size and the number of connections at which the driver reads most.
    async fn best_read(&self) -> Result<(usize, u64), Failure> {
        let mut best = (0.0, (1, 1));
        for batch in [50, 100, 200, 400] {
            for connections in [1, 2, 4] {
                let measured = self.limit_read(connections, batch, self.options.round() / 4).await?;
                if measured.per_second > best.0 {
                    best = (measured.per_second, (batch, connections));
                }
            }
        }
        Ok(best.1)
    }

    /// The same for writing.
    async fn best_write(&self) -> Result<(usize, u64), Failure> {
        let mut best = (0.0, (1, 1));
        for batch in [100, 300, 1_000] {
            for connections in [1, 2, 4] {
                let measured = self.limit_write(connections, batch, self.options.round() / 2).await?;
                if measured.per_second > best.0 {
                    best = (measured.per_second, (batch, connections));
                }
            }
        }
        Ok(best.1)
    }
}
