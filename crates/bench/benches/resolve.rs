//! What a model reference, and a whole context, stands for: `cargo bench -p bench --bench resolve`.

use bedrock::resolve::resolve;
use bedrock::{Aliases, Catalog, Context, Knowledge};
use divan::{Bencher, black_box};

const REFERENCES: [&str; 5] = [
    "amazon.nova-lite-v1:0",
    "us.anthropic.claude-sonnet-4-6",
    "anthropic.claude-sonnet-4-6-20250514",
    "arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-east-1:012345678901:application-inference-profile/0a1b2c3d4e5f",
];

#[expect(dead_code, reason = "the rows are for other benchmarks")]
mod rows;

fn main() {
    divan::main();
}

#[divan::bench(args = REFERENCES)]
fn reference(bencher: Bencher<'_, '_>, reference: &str) {
    let (catalog, aliases) = (Catalog::embedded(), Aliases::default());
    bencher.bench_local(|| resolve(Some(black_box(reference)), &catalog, &aliases));
}

/// Model, place, outcome and refusal of a call.
#[divan::bench]
fn meaning(bencher: Bencher<'_, '_>) {
    let knowledge = Knowledge::embedded();
    let rows = rows::invocations(1000);
    let contexts = rows.contexts.iter().map(|known| &*known.context).collect::<Vec<&Context>>();
    let mut next = contexts.iter().cycle();
    bencher.bench_local(|| knowledge.meaning_of(next.next().expect("calls")));
}

/// Read once in every run.
#[divan::bench]
fn embedded_knowledge() -> Knowledge {
    Knowledge::embedded()
}
