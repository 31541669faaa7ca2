//! Moves bytes in and out: S3, a folder, memory. Knows none of the other crates.
