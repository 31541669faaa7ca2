//! What the crate promises beside the fields of records, by subject.

mod gzip;
mod inference_profiles;
mod times;
