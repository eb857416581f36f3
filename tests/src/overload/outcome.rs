use std::time::Duration;

/// The head of the table. Each bar is followed by whether it holds.
pub const HEAD: &str = "\
| database | overload | can serve | offered (9.5 ×) | served meanwhile (a quarter) | refused | other errors (0) | refusals p99 (10 ms) | \
refusals max | memory, first and last third (flat) | recovered after (1 s) |
|---|---|---|---|---|---|---|---|---|---|---|
";

/// What an overload came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long it lasted.
    pub time: Duration,
    /// What was served a second before, when no more was offered than that.
    pub capacity: f64,
    /// How many calls were made.
    pub offered: u64,
    /// How many of them were answered.
    pub served: u64,
    /// How many of them were refused.
    pub refused: u64,
    /// How many ended in another error than that.
    pub failed: u64,
    /// Within what time 99 % of the refusals came.
    pub refusals_p99: Duration,
    /// Within what time all of them came.
    pub refusals_max: Duration,
    /// The most memory of the process in the first third of the time, and in the last one, in bytes.
    pub memory: [u64; 2],
    /// When all who waited at the end were answered, and a new call was as well.
    pub recovered: Duration,
}

impl Outcome {
    /// How many times what can be served has to be offered, at least: ten times are meant, and whoever offers them is not
    /// always on time.
    const TIMES: f64 = 9.5;
    /// Which part of it has to be served all the same. Those who come are in the same process as what serves them, and take
    /// their part of its processors.
    const SHARE: f64 = 0.25;
    /// By how much memory may differ: what the allocator makes of the same load.
    const LEEWAY: u64 = 16 << 20;
    const QUICK: Duration = Duration::from_millis(10);
    const RECOVERY: Duration = Duration::from_secs(1);

    /// What does not hold.
    pub fn broken(&self) -> Vec<&'static str> {
        let bars = [
            ("several times what can be served is offered", self.is_overload()),
            ("much of what can be served is served meanwhile", self.goes_on_serving()),
            ("callers are served or refused", self.failed == 0),
            ("refusals come at once", self.refuses_quickly()),
            ("memory stays flat", self.is_flat()),
            ("it recovers within a second", self.recovers()),
        ];
        bars.into_iter().filter(|(_, holds)| !holds).map(|(bar, _)| bar).collect()
    }

    fn per_second(&self, calls: u64) -> f64 {
        calls as f64 / self.time.as_secs_f64()
    }

    fn is_overload(&self) -> bool {
        self.capacity > 0.0 && self.per_second(self.offered) >= self.capacity * Self::TIMES
    }

    fn goes_on_serving(&self) -> bool {
        self.per_second(self.served) >= self.capacity * Self::SHARE
    }

    fn refuses_quickly(&self) -> bool {
        self.refused > 0 && self.refusals_p99 < Self::QUICK
    }

    /// Zero is what is told where nobody could measure it.
    fn is_flat(&self) -> bool {
        let [first, last] = self.memory;
        first > 0 && last > 0 && last <= first + Self::LEEWAY.max(first / 10)
    }

    fn recovers(&self) -> bool {
        self.recovered < Self::RECOVERY
    }

    /// A line of the table.
    pub fn line(&self, database: &str) -> String {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let told = |holds: bool| if holds { "ok" } else { "**broken**" };
        let [first, last] = self.memory.map(|bytes| bytes >> 20);
        let of_capacity = |calls: u64| self.per_second(calls) / self.capacity;
        format!(
            "| {database} | {:.0} s | {:.0}/s | {:.0}/s, {:.1} ×: {} | {:.0}/s, {:.2} ×: {} | {:.0}/s | {}: {} | {:.2} ms: {} | \
             {:.1} ms | {first} MB, {last} MB: {} | {:.0} ms: {} |\n",
            self.time.as_secs_f64(),
            self.capacity,
            self.per_second(self.offered),
            of_capacity(self.offered),
            told(self.is_overload()),
            self.per_second(self.served),
            of_capacity(self.served),
            told(self.goes_on_serving()),
            self.per_second(self.refused),
            self.failed,
            told(self.failed == 0),
            millis(self.refusals_p99),
            told(self.refuses_quickly()),
            millis(self.refusals_max),
            told(self.is_flat()),
            millis(self.recovered),
            told(self.recovers()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Outcome {
        Outcome {
            time: Duration::from_secs(10),
            capacity: 1_000.0,
            offered: 95_000,
            served: 2_500,
            refused: 92_500,
            failed: 0,
            refusals_p99: Duration::from_millis(1),
            refusals_max: Duration::from_millis(20),
            memory: [50 << 20, 60 << 20],
            recovered: Duration::from_millis(400),
        }
    }

    #[test]
    fn each_bar_is_told_where_it_is_broken() {
        assert_eq!(good().broken(), [""; 0]);
        assert_eq!(good().line("x").matches("ok").count(), 6);
        let breaks: [fn(&mut Outcome); 8] = [
            |outcome| outcome.offered -= 1,
            |outcome| outcome.served -= 1,
            |outcome| outcome.failed = 1,
            |outcome| outcome.refusals_p99 = Outcome::QUICK,
            |outcome| outcome.refused = 0,
            |outcome| outcome.memory[1] += 20 << 20,
            |outcome| outcome.memory = [0, 0],
            |outcome| outcome.recovered = Outcome::RECOVERY,
        ];
        for break_one in breaks {
            let mut outcome = good();
            break_one(&mut outcome);
            assert_eq!(outcome.broken().len(), 1, "{outcome:?}");
            assert_eq!(outcome.line("x").matches("**broken**").count(), 1, "{outcome:?}");
        }
    }
}
