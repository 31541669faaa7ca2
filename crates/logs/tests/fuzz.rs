//! The bodies of the fuzz targets, over their corpora and over random inputs. Inputs that a fuzzer found
//! once are in the corpora.

use std::fs;
use std::path::Path;

use bodies::TARGETS;
use proptest::collection::vec;
use proptest::prelude::*;

#[expect(unreachable_pub, reason = "a library of its own, for the fuzzer")]
#[path = "../../../fuzz/src/lib.rs"]
mod bodies;

/// The seeds of a target, with their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut seeds = fs::read_dir(folder)
        .expect("every target has a corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), fs::read(path).expect("readable")))
        .collect::<Vec<_>>();
    seeds.sort();
    seeds
}

#[test]
fn corpora() {
    for (target, body) in TARGETS {
        let seeds = corpus(target);
        assert!(seeds.len() >= 3, "{target}");
        for (name, seed) in seeds {
            // A name says more than a panic in the middle of a body.
            let found = std::panic::catch_unwind(|| body(&seed));
            assert!(found.is_ok(), "{name}");
        }
    }
}

/// Pieces of the inputs of all targets, and what breaks them.
fn pieces() -> Vec<Vec<u8>> {
    let mut pieces = [
        "",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\\",
        "\\u00",
        "/",
        "..",
        "%2F",
        "arn:aws:bedrock:",
        "us.",
        "::",
        "-v1:0",
        "é",
        "\n",
        "0",
        "-1",
        "1e999",
        "null",
        " because no ",
        " on resource: ",
        "T00",
        "_",
        "Z",
    ]
    .map(|piece| piece.as_bytes().to_vec())
    .to_vec();
    pieces.push(vec![0xff]);
    pieces.push(vec![0]);
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Seeds that were cut, spliced and damaged.
    #[test]
    fn damaged_seeds(
        target in 0..TARGETS.len(),
        seed in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6usize), 0..4),
    ) {
        let (name, body) = TARGETS[target];
        let seeds = corpus(name);
        let mut data = seed.get(&seeds).1.clone();
        for (at, piece, n_removed) in changes {
            let at = at.index(data.len() + 1);
            let end = (at + n_removed).min(data.len());
            data.splice(at..end, piece.get(&pieces()).iter().copied());
        }
        body(&data);
    }

    #[test]
    fn random_bytes(data in vec(any::<u8>(), 0..200), target in 0..TARGETS.len()) {
        TARGETS[target].1(&data);
    }

    #[test]
    fn random_pieces(
        picks in vec(any::<prop::sample::Index>(), 0..40),
        target in 0..TARGETS.len(),
    ) {
        let pieces = pieces();
        TARGETS[target].1(&picks.iter().flat_map(|pick| pick.get(&pieces).clone()).collect::<Vec<_>>());
    }
}
