//! Says which commit is built: `HOPTRAIL_COMMIT` (`1a2b3c4d5e6f 2026-12-01`), or what git says, or nothing, as in an
//! archive of the sources. Only release builds ask git, because a debug build would be rebuilt after every commit.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=HOPTRAIL_COMMIT");
    let given = env::var("HOPTRAIL_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| is_release.then(of_git).flatten());
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let version = match commit {
        Some(commit) => format!("{version} ({})", commit.trim()),
        None => version,
    };
    println!("cargo::rustc-env=HOPTRAIL_VERSION={version}");
}

/// The commit and its date, if this is a checkout.
fn of_git() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    // An archive may be unpacked within another project's checkout.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    git(&["show", "--no-patch", "--abbrev=12", "--format=%h %cs", "HEAD"])
}
