//! From a model reference to a model, and from what is logged to what it means: `cargo bench -p bench --bench resolve`.

use bedrock::resolve::resolve;
use bedrock::{Aliases, Catalog, Knowledge, MeaningKey};
use divan::{Bencher, black_box};

const REFERENCES: [&str; 5] = [
    "amazon.nova-lite-v1:0",
    "us.anthropic.claude-sonnet-4-6",
    "anthropic.claude-sonnet-4-6-20250514",
    "arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-east-1:012345678901:application-inference-profile/0a1b2c3d4e5f",
];

fn main() {
    divan::main();
}

#[divan::bench(args = REFERENCES)]
fn reference(bencher: Bencher<'_, '_>, reference: &str) {
    let (catalog, aliases) = (Catalog::embedded(), Aliases::default());
    bencher.bench_local(|| resolve(Some(black_box(reference)), &catalog, &aliases));
}

/// Model, Regions, outcome and denial of a call.
#[divan::bench(args = REFERENCES)]
fn meaning(bencher: Bencher<'_, '_>, reference: &str) {
    let knowledge = Knowledge::embedded();
    let key = MeaningKey {
        model_ref: Some(reference),
        source_region: Some("us-east-1"),
        logged_inference_region: Some("us-west-2"),
        ..MeaningKey::default()
    };
    bencher.bench_local(|| knowledge.meaning(black_box(key)));
}

/// Read once in every run.
#[divan::bench]
fn embedded_knowledge() -> Knowledge {
    Knowledge::embedded()
}
