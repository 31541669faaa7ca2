//! Manual pages and completions, and the version, which a release ships and names.

use std::fs;
use std::process::Command;

use crate::world::World;

/// The headings of a page's sections.
fn sections(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect()
}

#[test]
fn each_command_has_a_page_with_exit_codes_environment_and_files() {
    let world = World::new();
    world.hoptrail(&["generate", "man", "--out", "man"]).ends(0);
    let names = fs::read_dir(world.path("man")).unwrap().map(|it| it.unwrap().file_name());
    let mut names = names.map(|it| it.into_string().unwrap()).collect::<Vec<_>>();
    names.sort();
    for name in ["hoptrail.1", "hoptrail-run.1", "hoptrail-policy-simulate.1", "hoptrail-show.1"] {
        assert!(names.iter().any(|it| it == name), "{name}: {names:?}");
    }
    assert!(
        !names.iter().any(|it| it.contains("generate.1") && !it.contains("policy")),
        "{names:?}"
    );
    let run = fs::read_to_string(world.path("man/hoptrail-run.1")).unwrap();
    let found = sections(&run);
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"] {
        assert!(found.contains(&section), "{section}: {found:?}");
    }
    for text in ["HOPTRAIL_SOURCE", "hoptrail.toml", "terminated (SIGTERM)", "invalid options"] {
        assert!(run.contains(text), "{text}");
    }
    let (_, environment) = run.split_once(".SH ENVIRONMENT").unwrap();
    for variable in ["HOPTRAIL_DEST", "HOPTRAIL_LAST", "HOPTRAIL_FROM", "HOPTRAIL_METRICS"] {
        assert!(environment.contains(variable), "{variable}");
    }
    let first = fs::read_to_string(world.path("man/hoptrail.1")).unwrap();
    assert!(sections(&first).contains(&"SUBCOMMANDS") && !first.contains("hoptrail-generate"));
    assert_eq!(world.hoptrail(&["generate", "man"]).ends(0).stdout, first);
}

#[test]
#[expect(clippy::print_stdout, reason = "a check that is left out is to be seen")]
fn completions_know_the_commands() {
    let world = World::new();
    for (shell, file) in [
        ("bash", "hoptrail.bash"),
        ("zsh", "_hoptrail"),
        ("fish", "hoptrail.fish"),
        ("powershell", "_hoptrail.ps1"),
    ] {
        world.hoptrail(&["generate", shell, "--out", "completions"]).ends(0);
        let text = fs::read_to_string(world.path(&format!("completions/{file}"))).unwrap();
        assert_eq!(world.hoptrail(&["generate", shell]).ends(0).stdout, text);
        assert!(text.contains("invocation-logs"), "{shell}");
        assert!(text.contains("settle"), "{shell}");
        // Those that the machine has can read it.
        let arguments = if shell == "fish" { ["--no-execute"] } else { ["-n"] };
        let path = world.path(&format!("completions/{file}"));
        match Command::new(shell).args(arguments).arg(&path).status() {
            Ok(status) => assert!(status.success(), "{shell}"),
            Err(error) => println!("not read by {shell}: {error}"),
        }
    }
    let run = world.hoptrail(&["generate", "man", "--out", "/proc/none"]).ends(1);
    assert!(run.stderr.contains("could not write /proc/none/"), "{}", run.stderr);
}

#[test]
fn version_is_said_in_few_and_in_more_words() {
    let world = World::new();
    let short = world.hoptrail(&["--version"]).ends(0).stdout;
    assert!(short.starts_with(concat!("hoptrail ", env!("CARGO_PKG_VERSION"))), "{short}");
    let long = world.hoptrail(&["--version", "-vv"]).ends(0).stdout;
    assert!(long.starts_with(&short), "{long}");
    for words in ["schema version ", "newest model or profile of 20", "newest price of 20"] {
        assert!(long.contains(words), "{long}");
    }
    assert_eq!(world.hoptrail(&["--version", "-v"]).ends(0).stdout, long);
}
