//! Synthetic trails: deterministic, of any size, with a truth that the generator counts itself.
//!
//! Keys, sizes and entropy are those of an organization's trail: about 1.7 KB a record, ids, times
//! and signatures random, everything else from small sets. In some objects the word `bedrock` stands
//! where it means nothing.

mod agent;
mod call;
mod caller;
mod habit;
mod identity;
mod object;
mod people;
mod population;
mod programs;
mod record;
mod spec;
mod templates;
mod truth;
mod varied;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;

pub use object::{Object, objects};
pub use record::Writer;
pub use spec::{Population, Preset, Spec};
pub use truth::Truth;

/// Writes `dir/trail` and `dir/truth.json`. What was in `dir/trail` is removed.
///
/// # Errors
/// If a file cannot be written.
pub fn write(dir: &Path, spec: &Spec) -> io::Result<Truth> {
    let trail = dir.join("trail");
    if trail.exists() {
        fs::remove_dir_all(&trail)?;
    }
    let writer = Writer::new(spec);
    let objects = objects(spec);
    let truths = objects.par_iter().map(|object| write_object(&trail, &writer, object));
    let truth = truths.try_reduce(Truth::default, |a, b| Ok(a.merged(b)))?;
    fs::write(dir.join("truth.json"), truth.json(spec))?;
    Ok(truth)
}

fn write_object(trail: &Path, writer: &Writer, object: &Object) -> io::Result<Truth> {
    let (text, mut truth) = writer.document(object);
    // CloudTrail's own level is not known; zlib's default gives the ratios of real trails.
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 6), Compression::new(6));
    encoder.write_all(&text)?;
    let body = encoder.finish()?;
    truth.gzip_bytes = body.len() as u64;
    let path = trail.join(&object.key);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, body)?;
    Ok(truth)
}

#[cfg(test)]
mod tests;
