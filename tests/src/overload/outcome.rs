use std::time::Duration;

/// The head of the table.
pub const HEAD: &str = "\
| database | overload | can serve | offered | served | refused | refusals p99 | refusals max | memory, first and last third | recovered after | broken |
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
    /// By how much memory may differ: what the allocator makes of the same load.
    const LEEWAY: u64 = 16 << 20;
    const QUICK: Duration = Duration::from_millis(10);
    const RECOVERY: Duration = Duration::from_secs(1);

    /// What does not hold.
    pub fn broken(&self) -> Vec<&'static str> {
        let [first, last] = self.memory;
        let promises = [
            ("more was offered than served", self.offered > 5 * self.served && self.served > 0),
            ("callers are served or refused", self.failed == 0),
            ("memory stays flat", last <= first + Self::LEEWAY.max(first / 10)),
            ("refusals come at once", self.refused > 0 && self.refusals_p99 < Self::QUICK),
            ("it recovers within a second", self.recovered < Self::RECOVERY),
        ];
        promises.into_iter().filter(|(_, holds)| !holds).map(|(promise, _)| promise).collect()
    }

    /// A line of the table.
    pub fn line(&self, database: &str) -> String {
        let per_second = |calls: u64| calls as f64 / self.time.as_secs_f64();
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let [first, last] = self.memory.map(|bytes| bytes >> 20);
        let broken = self.broken();
        let broken = if broken.is_empty() { "none".to_owned() } else { format!("**{}**", broken.join(", ")) };
        format!(
            "| {database} | {:.0} s | {:.0}/s | {:.0}/s | {:.0}/s | {:.0}/s | {:.2} ms | {:.1} ms | {first} MB, {last} MB | \
             {:.0} ms | {broken} |\n",
            self.time.as_secs_f64(),
            self.capacity,
            per_second(self.offered),
            per_second(self.served),
            per_second(self.refused),
            millis(self.refusals_p99),
            millis(self.refusals_max),
            millis(self.recovered),
        )
    }
}
