//! What the pure parts cost: normalising, the rules, the memory store.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use identity_core::{Graph, IdentifierPair, IdentifyRequest, IdentityResolver, MemoryStore, Normalizer};

fn requests(count: usize) -> Vec<IdentifyRequest> {
    let mut random = fastrand::Rng::with_seed(1);
    let identifiers = count * 56 / 100;
    (0..count)
        .map(|_| {
            let (email, phone) = (random.usize(0..identifiers / 2), random.usize(0..identifiers / 2));
            // Mostly one person's own pair, so that people stay apart.
            let phone = if random.u8(0..10) == 0 { phone } else { email };
            IdentifyRequest::new()
                .email(format!("customer{email}@example.com"))
                .phone_number(format!("+1555{phone:07}"))
        })
        .collect()
}

fn normalize(c: &mut Criterion) {
    let normalizer = Normalizer::new();
    let mut group = c.benchmark_group("normalise");
    for (name, email) in [("an ascii email", "McFly@HillValley.edu"), ("an email in NFD", "Jose\u{301}@x.io")]
    {
        group.bench_function(name, |b| b.iter(|| normalizer.email(std::hint::black_box(email))));
    }
    group.bench_function("a phone number", |b| {
        b.iter(|| normalizer.phone(std::hint::black_box("+1 (415) 555-0100")))
    });
    group.finish();
}

fn graph(c: &mut Criterion) {
    const COUNT: usize = 100_000;
    let normalizer = Normalizer::new();
    let pairs: Vec<IdentifierPair> =
        requests(COUNT).iter().map(|request| normalizer.request(request).expect("valid")).collect();
    let mut group = c.benchmark_group("graph");
    group.sample_size(10).throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("identify", |b| {
        b.iter_batched(
            Graph::default,
            |mut graph| {
                pairs.iter().for_each(|pair| {
                    graph.identify(pair);
                });
                graph
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn memory(c: &mut Criterion) {
    const COUNT: usize = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let requests = requests(COUNT);
    let mut group = c.benchmark_group("memory store");
    group.sample_size(10).throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("identify_many", |b| {
        b.iter_batched(
            || (IdentityResolver::new(MemoryStore::new()), requests.clone()),
            // Letting the store go is no part of it, as with the graph above.
            |(resolver, requests)| {
                let answers = runtime.block_on(resolver.identify_many(requests));
                (resolver, answers)
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, normalize, graph, memory);
criterion_main!(benches);
