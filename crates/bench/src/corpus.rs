//! Synthetic trails: deterministic, of any size, with a truth that the generator counts itself.
//!
//! Keys, sizes and entropy are those of an organization's trail: about 1.7 KB a record, ids, times
//! and signatures random, everything else from small sets. In some objects the word `bedrock` stands
//! where it means nothing.

mod call;
mod caller;
mod object;
mod record;
mod spec;
mod templates;
mod truth;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;

pub use object::{Object, objects};
pub use record::Writer;
pub use spec::{Preset, Spec};
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
mod tests {
    use super::*;

    #[test]
    fn a_document_is_json_and_holds_what_the_truth_says() {
        let spec = Spec { objects: 40, records: 4000, ..Spec::preset(Preset::Heavy) };
        let writer = Writer::new(&spec);
        let (mut records, mut calls) = (0, 0);
        for object in objects(&spec) {
            let (text, truth) = writer.document(&object);
            let json = serde_json::from_slice::<serde_json::Value>(&text).expect("JSON");
            assert_eq!(json["Records"].as_array().map(Vec::len), Some(object.records as usize));
            let limits = logs::Limits::new(u64::MAX, u64::MAX);
            let reading =
                logs::read_whole(&text, logs::Shape::Trail, &limits, &mut logs::Scratch::default());
            let reading = reading.expect("readable");
            assert_eq!(reading.rejected, 0, "{:?}", reading.rejections);
            assert_eq!(reading.calls.len() as u64, truth.calls, "{}", object.key);
            assert_eq!(truth.counts.values().sum::<u64>(), truth.calls);
            records += reading.records;
            calls += truth.calls;
        }
        assert_eq!(records, spec.records);
        assert!((2200..2600).contains(&calls), "{calls}");
    }

    /// Most objects of a trail hold nothing of Bedrock's, nor its name. A corpus that names it in all of
    /// them, as in the agents of other services' records, asks for more than a trail does.
    #[test]
    fn only_objects_with_calls_or_traps_name_bedrock() {
        let spec = Spec { objects: 200, records: 20_000, ..Spec::preset(Preset::Org) };
        let spec = Spec { files_with_traps_in_a_million: 0, ..spec };
        let writer = Writer::new(&spec);
        let mut without_calls = 0;
        for object in objects(&spec) {
            let (text, truth) = writer.document(&object);
            let names_bedrock = text.windows(7).any(|letters| letters == b"bedrock");
            assert_eq!(names_bedrock, truth.calls > 0, "{}", object.key);
            without_calls += u64::from(truth.calls == 0);
        }
        assert!((90..140).contains(&without_calls), "{without_calls}");
    }

    #[test]
    fn the_same_spec_gives_the_same_bytes() {
        let spec = Spec { objects: 6, records: 300, ..Spec::preset(Preset::Org) };
        let bytes = |dir: &Path| {
            write(dir, &spec).expect("a folder for it");
            let files = crate::folder::log_files(dir).expect("a folder");
            assert_eq!(files.len(), 6);
            files.iter().map(|file| fs::read(file).expect("a file")).collect::<Vec<_>>()
        };
        let (one, two) = (tempfile::tempdir().expect("space"), tempfile::tempdir().expect("space"));
        assert_eq!(bytes(one.path()), bytes(two.path()));
    }
}
