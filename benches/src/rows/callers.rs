//! Callers of a table of a million people: 64 at once, and a lone one.

use std::sync::Arc;
use std::time::Duration;

use super::connections::{Best, best_connections};
use super::grid::{self, Way};
use super::turns::{balanced, take_turns};
use super::{at_least, at_most, micros, per_second, rounds_of, with_p99};
use crate::contenders::limit::{self, Cluster, Values};
use crate::contenders::{Connections, Link, connect, usual};
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
    Usual(Best),
    UsualInTransactions(Best),
}

/// Who takes turns for a lone caller.
#[derive(Clone, Copy)]
enum Lone {
    Ours,
    ByIdentifiers(Cluster),
    ByIds,
}

use Who::{LimitRead, LimitWrite, Ours, Usual, UsualInTransactions};

impl Callers<'_> {
    pub(super) async fn known(&self) -> Result<Line, Failure> {
        let best =
            grid::READ.best(self.options.round(), async |way, time| self.limit_read(way, time).await).await?;
        let (without, with) =
            (self.best_usual(Work::Known, false).await?, self.best_usual(Work::Known, true).await?);
        let who = [Ours, LimitRead(best.way), Usual(without), UsualInTransactions(with)];
        let [ours, limit, plain, transactional] = self.turns(Work::Known, who).await?;
        Ok(Line {
            work: KNOWN,
            rounds: self.rounds(who.len()),
            figures: vec![
                ("ours", per_second(ours)),
                ("limit, read", format!("{} ({best})", per_second(limit))),
                ("as usual", format!("{} ({without})", per_second(plain))),
                ("as usual with a transaction", format!("{} ({with})", per_second(transactional))),
            ],
            bars: vec![
                at_least("ours / limit, read", ours.per_second / limit.per_second, 0.5),
                at_least("ours / as usual", ours.per_second / plain.per_second, 6.0),
            ],
        })
    }

    pub(super) async fn new_people(&self) -> Result<Line, Failure> {
        let best = grid::WRITE
            .best(self.options.round(), async |way, time| self.limit_write(way, time).await)
            .await?;
        let with = self.best_usual(Work::New, true).await?;
        let who = [Ours, LimitWrite(best.way), UsualInTransactions(with)];
        let [ours, limit, transactional] = self.turns(Work::New, who).await?;
        Ok(Line {
            work: NEW,
            rounds: self.rounds(who.len()),
            figures: vec![
                ("ours", per_second(ours)),
                ("limit, write", format!("{} ({best})", per_second(limit))),
                ("as usual with a transaction", format!("{} ({with})", per_second(transactional))),
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
        let (without, with) =
            (self.best_usual(Work::Mixed, false).await?, self.best_usual(Work::Mixed, true).await?);
        let who = [Ours, Usual(without), UsualInTransactions(with)];
        let [ours, plain, transactional] = self.turns(Work::Mixed, who).await?;
        Ok(Line {
            work: MIXED,
            rounds: self.rounds(who.len()),
            figures: vec![
                ("ours", with_p99(ours)),
                ("as usual", format!("{} ({without})", with_p99(plain))),
                ("as usual with a transaction", format!("{} ({with})", with_p99(transactional))),
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
        let way = Way { batch: 1, connections: 1, values: Values::Bound };
        let turn = async |who| match who {
            Lone::Ours => self.ours(1, Work::Known).await,
            Lone::ByIdentifiers(statement) => self.cluster(&lone, statement).await,
            Lone::ByIds => self.read(&lone, way, self.options.round()).await,
        };
        let who = [
            Lone::Ours,
            Lone::ByIdentifiers(Cluster::Plain),
            Lone::ByIdentifiers(Cluster::AsOurs),
            Lone::ByIds,
        ];
        let rounds = take_turns(self.options.rounds(), who, turn).await?;
        let [ours, plain, as_ours, by_ids] = rounds.map(|rounds| median(&rounds));
        let quicker = plain.median.min(as_ours.median);
        Ok(Line {
            work: LONE_KNOWN,
            rounds: self.rounds(who.len()),
            figures: vec![
                ("ours", micros(ours)),
                ("one SELECT by email and phone number", micros(plain)),
                ("the same with our joins", micros(as_ours)),
                ("one by primary keys, as if they were known", micros(by_ids)),
            ],
            bars: vec![at_most(
                "ours / the quicker SELECT by email and phone number",
                ours.median.as_secs_f64() / quicker.as_secs_f64(),
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
            rounds: self.rounds(turns.len()),
            figures: vec![("ours", micros(ours)), ("BEGIN, INSERT, INSERT, COMMIT", micros(two))],
            bars: vec![at_most(
                "ours / two INSERTs",
                ours.median.as_secs_f64() / two.median.as_secs_f64(),
                1.5,
            )],
        })
    }

    /// How often so many have their turns.
    fn rounds(&self, contenders: usize) -> String {
        rounds_of(balanced(contenders, self.options.rounds()), self.options.round())
    }

    /// The medians of all rounds.
    async fn turns<const N: usize>(&self, work: Work, who: [Who; N]) -> Result<[Measured; N], Failure> {
        let time = self.options.round();
        let turn = async |who| match who {
            Ours => self.ours(self.options.callers, work).await,
            LimitRead(way) => self.limit_read(way, time).await,
            LimitWrite(way) => self.limit_write(way, time).await,
            Usual(Best { connections, .. }) => self.usual(work, false, connections, time).await,
            UsualInTransactions(Best { connections, .. }) => self.usual(work, true, connections, time).await,
        };
        Ok(take_turns(self.options.rounds(), who, turn).await?.map(|rounds| median(&rounds)))
    }

    async fn ours(&self, callers: u64, work: Work) -> Result<Measured, Failure> {
        self.scene.ours().await?.measure(callers, self.options.round(), work).await
    }

    /// The number of connections at which the usual code does most of a kind of work.
    async fn best_usual(&self, work: Work, transaction: bool) -> Result<Best, Failure> {
        let measure = async |connections, time| self.usual(work, transaction, connections, time).await;
        best_connections(self.options, measure).await
    }

    async fn usual(
        &self,
        work: Work,
        transaction: bool,
        count: u64,
        time: Duration,
    ) -> Result<Measured, Failure> {
        let contender = self.scene.usual(transaction).await?;
        let (connections, source) = (Arc::clone(&contender.by), Arc::clone(&contender.source));
        let _others = contender.by.only(count).await?;
        let call = move |_| {
            let (connections, source) = (Arc::clone(&connections), Arc::clone(&source));
            async move {
                let (email, phone) = source.next(work);
                let mut connection = connections.take().await?;
                let reply = usual::identify(&mut connection, &email, &phone, transaction).await;
                connections.give_back(connection);
                reply?;
                Ok::<_, Failure>(1)
            }
        };
        closed_loop(self.options.callers, time, call).await
    }

    /// A connection to the limit's tables that is like one of ours: a lone caller's bar is about what we add to a statement,
    /// and TLS is not ours.
    async fn lone(&self) -> Result<Connections, Failure> {
        let url = self.scene.limit().await?.database.url();
        Ok(connect(&url, Link::AsOurs, 1).await?)
    }

    async fn limit_read(&self, way: Way, time: Duration) -> Result<Measured, Failure> {
        self.read(&self.scene.limit().await?.by, way, time).await
    }

    async fn read(&self, on: &Connections, way: Way, time: Duration) -> Result<Measured, Failure> {
        let source = Arc::clone(&self.scene.limit().await?.source);
        let (connections, people) = (Arc::clone(on), self.scene.people());
        let read = Arc::new(limit::Read::of(way.batch, way.values));
        let call = move |_| {
            let (connections, source, read) =
                (Arc::clone(&connections), Arc::clone(&source), Arc::clone(&read));
            async move {
                let numbers: Vec<u64> = (0..way.batch).map(|_| source.someone()).collect();
                let mut connection = connections.take().await?;
                let served = read.run(&mut connection, people, &numbers).await;
                connections.give_back(connection);
                Ok::<_, Failure>(served?)
            }
        };
        closed_loop(way.connections, time, call).await
    }

    async fn limit_write(&self, way: Way, time: Duration) -> Result<Measured, Failure> {
        let limit = self.scene.limit().await?;
        let (connections, source) = (Arc::clone(&limit.by), Arc::clone(&limit.source));
        let write = Arc::new(limit::Write::of(way.batch, way.values));
        let call = move |_| {
            let (connections, source, write) =
                (Arc::clone(&connections), Arc::clone(&source), Arc::clone(&write));
            async move {
                let numbers = source.fresh(way.batch as u64);
                let mut connection = connections.take().await?;
                let served = write.run(&mut connection, &numbers).await;
                connections.give_back(connection);
                Ok::<_, Failure>(served?)
            }
        };
        closed_loop(way.connections, time, call).await
    }

    async fn cluster(&self, on: &Connections, statement: Cluster) -> Result<Measured, Failure> {
        let (connections, source) = (Arc::clone(on), Arc::clone(&self.scene.limit().await?.source));
        let call = move |_| {
            let (connections, source) = (Arc::clone(&connections), Arc::clone(&source));
            async move {
                let mut connection = connections.take().await?;
                let served = limit::cluster(&mut connection, source.someone(), statement).await;
                connections.give_back(connection);
                Ok::<_, Failure>(served?)
            }
        };
        closed_loop(1, self.options.round(), call).await
    }

    async fn two_inserts(&self, on: &Connections) -> Result<Measured, Failure> {
        let (connections, source) = (Arc::clone(on), Arc::clone(&self.scene.limit().await?.source));
        let call = move |_| {
            let (connections, source) = (Arc::clone(&connections), Arc::clone(&source));
            async move {
                let n = source.fresh(1)[0];
                let mut connection = connections.take().await?;
                let served = limit::two_inserts(&mut connection, n).await;
                connections.give_back(connection);
                Ok::<_, Failure>(served?)
            }
        };
        closed_loop(1, self.options.round(), call).await
    }
}
