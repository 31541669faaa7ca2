//! A small S3 server on 127.0.0.1 for tests and benchmarks; never part of the shipped binary.
