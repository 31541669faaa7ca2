//! Gzipped bodies.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A body of one gzip member.
#[must_use]
pub fn gzip(body: &[u8]) -> Vec<u8> {
    // The level matters to tests that damage bodies: at the fastest, small bodies have codes that the format
    // leaves unused, which one decoder takes and another does not.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}
