//! Callers of a table of a million people: 64 at once, and a lone one.

use std::sync::Arc;
use std::time::Duration;

use super::grid::{self, Way};
use super::turns::take_turns;
use super::{at_least, at_most, micros, per_second, with_p99};
use crate::contenders::limit;
use crate::contenders::{Connections, Link, usual};
use crate::measure::{Measured, closed_loop, median};
use crate::report::Line;
use crate::scene::Scene;
use crate::work::Work;
use crate::{Failure, Options};

pub(super) const KNOWN: &str = "known people";
pub(super) const NEW: &str = "new people";
pub(super) const MIXED: &str = "mixed";
pub(super) const LONE_KNOWN: &str = "lone caller, known person";
pub(super) const LONE_NEW: &str = "lone caller, new person";

/// Measures these lines.
pub(super) struct Callers<'a> {
    pub(super) options: &'a Options,
    pub(super) scene: &'a Scene,
}

/// Who takes turns.
#[derive(Clone, Copy)]
enum Who {
    Ours,
    LimitRead(Way),
    LimitWrite(Way),
    Usual,
    UsualInTransactions,
}

/// Who takes turns for a lone caller.
#[derive(Clone, Copy)]
enum Lone {
    Ours,
    ByIdentifiers,
    ByIds,
}

use Who::{LimitRead, LimitWrite, Ours, Usual, UsualInTransactions};

impl Callers<'_> {
    pub(super) async fn known(&self) -> Result<Line, Failure> {
        let way =
            grid::READ.best(self.options.round(), async |way, time| self.limit_read(way, time).await).await?;
        let who = [Ours, LimitRead(way), Usual, UsualInTransactions];
        let [ours, limit, plain, transactional] = self.turns(Work::Known, who).await?;
        Ok(Line {
            work: KNOWN,
            figures: vec![
                ("ours", per_second(ours)),
                ("limit, read", format!("{} ({way})", per_second(limit))),
                ("as usual", per_second(plain)),
                ("as usual with a transaction", per_second(transactional)),
            ],
            bars: vec![
                at_least("ours / limit, read", ours.per_second / limit.per_second, 0.5),
                at_least("ours / as usual", ours.per_second / plain.per_second, 6.0),
            ],
        })
    }

    pub(super) async fn new_people(&self) -> Result<Line, Failure> {
        let way = grid::WRITE
            .best(self.options.round(), async |way, time| self.limit_write(way, time).await)
            .await?;
        let who = [Ours, LimitWrite(way), UsualInTransactions];
        let [ours, limit, transactional] = self.turns(Work::New, who).await?;
        Ok(Line {
            work: NEW,
            figures: vec![
                ("ours", per_second(ours)),
                ("limit, write", format!("{} ({way})", per_second(limit))),
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

    pub(super) async fn mixed(&self) -> Result<Line, Failure> {
        let [ours, plain, transactional] =
            self.turns(Work::Mixed, [Ours, Usual, UsualInTransactions]).await?;
        Ok(Line {
            work: MIXED,
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

    pub(super) async fn lone_known(&self) -> Result<Line, Failure> {
        let lone = self.lone().await?;
        let way = Way { batch: 1, connections: 1 };
        let turn = async |who| match who {
            Lone::Ours => self.ours(1, Work::Known).await,
            Lone::ByIdentifiers => self.cluster(&lone).await,
            Lone::ByIds => self.read(&lone, way, self.options.round()).await,
        };
        let who = [Lone::Ours, Lone::ByIdentifiers, Lone::ByIds];
        let rounds = take_turns(self.options.rounds(), who, turn).await?;
        let [ours, by_identifiers, by_ids] = rounds.map(|rounds| median(&rounds));
        Ok(Line {
            work: LONE_KNOWN,
            figures: vec![
                ("ours", micros(ours)),
                ("one SELECT by email and phone number", micros(by_identifiers)),
                ("one by primary keys, as if they were known", micros(by_ids)),
            ],
            bars: vec![at_most(
                "ours / SELECT by email and phone number",
                ours.median.as_secs_f64() / by_identifiers.median.as_secs_f64(),
                1.3,
            )],
        })
    }

    pub(super) async fn lone_new(&self) -> Result<Line, Failure> {
        let lone = self.lone().await?;
        let turns = [true, false];
        let rounds = take_turns(self.options.rounds(), turns, async |is_ours| match is_ours {
            true => self.ours(1, Work::New).await,
            false => self.two_inserts(&lone).await,
        });
        let [ours, two] = rounds.await?.map(|rounds| median(&rounds));
        Ok(Line {
            work: LONE_NEW,
            figures: vec![("ours", micros(ours)), ("BEGIN, INSERT, INSERT, COMMIT", micros(two))],
            bars: vec![at_most(
                "ours / two INSERTs",
                ours.median.as_secs_f64() / two.median.as_secs_f64(),
                1.5,
            )],
        })
    }

    /// The medians of all rounds.
    async fn turns<const N: usize>(&self, work: Work, who: [Who; N]) -> Result<[Measured; N], Failure> {
        let time = self.options.round();
        let turn = async |who| match who {
            Ours => self.ours(self.options.callers, work).await,
            LimitRead(way) => self.limit_read(way, time).await,
            LimitWrite(way) => self.limit_write(way, time).await,
            Usual => self.usual(work, false).await,
            UsualInTransactions => self.usual(work, true).await,
        };
        Ok(take_turns(self.options.rounds(), who, turn).await?.map(|rounds| median(&rounds)))
    }

    async fn ours(&self, callers: u64, work: Work) -> Result<Measured, Failure> {
        self.scene.ours().await?.measure(callers, self.options.round(), work).await
    }

    async fn usual(&self, work: Work, transaction: bool) -> Result<Measured, Failure> {
        let contender = self.scene.usual(transaction).await?;
        let (connections, source) = (contender.by.clone(), Arc::clone(&contender.source));
        let call = move |caller| {
            let (connections, source) = (connections.clone(), Arc::clone(&source));
            async move {
                let (email, phone) = source.next(work);
                usual::identify(&mut *connections.of(caller).await, &email, &phone, transaction).await?;
                Ok::<_, Failure>(1)
            }
        };
        closed_loop(self.options.callers, self.options.round(), call).await
    }

    /// A connection to the limit's tables that is like one of ours: a lone caller's bar is about what we add to a statement,
    /// and TLS is not ours.
    async fn lone(&self) -> Result<Connections, Failure> {
        let url = self.scene.limit().await?.database.url();
        Ok(Connections::open(&url, Link::AsOurs, 1).await?)
    }

    async fn limit_read(&self, way: Way, time: Duration) -> Result<Measured, Failure> {
        self.read(&self.scene.limit().await?.by, way, time).await
    }

    async fn read(&self, on: &Connections, way: Way, time: Duration) -> Result<Measured, Failure> {
        let source = Arc::clone(&self.scene.limit().await?.source);
        let (connections, people) = (on.clone(), self.scene.people());
        let read = Arc::new(limit::Read::of(way.batch));
        let call = move |caller| {
            let (connections, source, read) = (connections.clone(), Arc::clone(&source), Arc::clone(&read));
            async move {
                let numbers: Vec<u64> = (0..way.batch).map(|_| source.someone()).collect();
                Ok::<_, Failure>(read.run(&mut *connections.of(caller).await, people, &numbers).await?)
            }
        };
        closed_loop(way.connections, time, call).await
    }

    async fn limit_write(&self, way: Way, time: Duration) -> Result<Measured, Failure> {
        let limit = self.scene.limit().await?;
        let (connections, source) = (limit.by.clone(), Arc::clone(&limit.source));
        let write = Arc::new(limit::Write::of(way.batch));
        let call = move |caller| {
            let (connections, source, write) = (connections.clone(), Arc::clone(&source), Arc::clone(&write));
            async move {
                let numbers = source.fresh(way.batch as u64);
                Ok::<_, Failure>(write.run(&mut *connections.of(caller).await, &numbers).await?)
            }
        };
        closed_loop(way.connections, time, call).await
    }

    async fn cluster(&self, on: &Connections) -> Result<Measured, Failure> {
        let (connections, source) = (on.clone(), Arc::clone(&self.scene.limit().await?.source));
        let call = move |caller| {
            let (connections, source) = (connections.clone(), Arc::clone(&source));
            async move {
                Ok::<_, Failure>(limit::cluster(&mut *connections.of(caller).await, source.someone()).await?)
            }
        };
        closed_loop(1, self.options.round(), call).await
    }

    async fn two_inserts(&self, on: &Connections) -> Result<Measured, Failure> {
        let (connections, source) = (on.clone(), Arc::clone(&self.scene.limit().await?.source));
        let call = move |caller| {
            let (connections, source) = (connections.clone(), Arc::clone(&source));
            async move {
                let n = source.fresh(1)[0];
                Ok::<_, Failure>(limit::two_inserts(&mut *connections.of(caller).await, n).await?)
            }
        };
        closed_loop(1, self.options.round(), call).await
    }
}
