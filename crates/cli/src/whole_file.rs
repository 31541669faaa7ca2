//! Files that are written whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file whole: whoever reads it sees what was there before, or all that is new.
///
/// # Errors
/// If the file cannot be written; then it is as it was.
pub(crate) fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let given = file;
    // A link stays one. Those of a process's open files are none to replace.
    let of_system = |file: &Path| file.starts_with("/dev") || file.starts_with("/proc");
    let is_link = fs::symlink_metadata(file).is_ok_and(|found| found.is_symlink());
    let file = &if is_link { fs::canonicalize(file)? } else { file.to_owned() };
    // A pipe that nobody reads would keep the run from its end.
    if of_system(given) || of_system(file) || file.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("expected a regular file, or none"));
    }
    let mut name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    // The collector of Prometheus reads names with its own ending only.
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let written = File::create(&temporary).and_then(|mut opened| {
        opened.write_all(text.as_bytes())?;
        opened.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&temporary, file));
    if done.is_err() {
        // What it was called for is what counts.
        let _ = fs::remove_file(&temporary);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.csv");
        write_whole(&file, "first").expect("a new file");
        write_whole(&file, "second").expect("a file that is there");
        assert_eq!(fs::read_to_string(&file).expect("the file"), "second");
        assert!(write_whole(folder.path(), "x").is_err(), "a folder");
        let link = folder.path().join("link.csv");
        std::os::unix::fs::symlink("a.csv", &link).expect("a link");
        write_whole(&link, "third").expect("what it leads to");
        assert_eq!(fs::read_to_string(&file).expect("the file"), "third");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        fs::remove_file(&link).expect("the link");
        for name in ["/dev/stdout", "/dev/null", "/proc/self/fd/1"] {
            assert!(write_whole(Path::new(name), "x").is_err(), "{name}");
        }
        assert!(write_whole(&file.join("below"), "x").is_err(), "below a file");
        let left = fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(left, 1, "no temporary file");
    }
}
