//! The README: its commands succeed, and the output that it shows is real.

use std::fs::{self, File};
use std::process::Stdio;

use s3_server::{Bucket, Config, Server};

use crate::policy_explain::words;
use crate::world::{Run, World, repository, sample};

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The blocks of a language, in order.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let after = readme.split(&fence).skip(1);
    after.map(|text| text.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn first_command_prints_what_the_readme_shows() {
    let readme = readme();
    let command = blocks(&readme, "sh").into_iter().next().unwrap();
    let arguments = command.trim().strip_prefix("cargo run -p cli -- ").unwrap();
    let ci = fs::read_to_string(repository().join(".ci/run")).unwrap().replace(" \\\n ", "");
    assert!(ci.contains(command.trim()), "CI runs the same command");

    let world = World::new();
    let source = sample().display().to_string();
    let arguments = arguments.replace("tests/sample/org-trail", &source);
    let run = world.page(&arguments.split(' ').collect::<Vec<_>>()).ends(0);
    let printed = run.stdout.replace(&source, "tests/sample/org-trail");
    let mut printed = printed.lines();
    let shown = blocks(&readme, "text").into_iter().next().unwrap();
    let mut n_lines = 0;
    for line in shown.lines().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
        assert!(printed.any(|found| found == line), "not printed, or not in this order: {line}");
        n_lines += 1;
    }
    assert!(n_lines > 20, "the output is shown");
}

#[test]
fn exit_codes_are_those_of_help() {
    let help = World::new().hoptrail(&["run", "--help"]).ends(0).stdout;
    let shown = blocks(&readme(), "text").into_iter().nth(1).unwrap();
    assert!(help.ends_with(&format!("Exit codes:\n{shown}")), "{shown}");
}

/// A command, and the file behind the sign at its end.
fn redirected<'a>(command: &'a str, sign: &str) -> (&'a str, Option<&'a str>) {
    match command.split_once(sign) {
        Some((command, file)) => (command, Some(file)),
        None => (command, None),
    }
}

/// All but those that install hoptrail and run the tests.
#[test]
fn every_command_succeeds() {
    let server = Server::start(
        Config::new()
            .bucket(Bucket::from_folder("org-trail", &sample()).unwrap())
            .bucket(Bucket::from_folder("old-trail", &sample()).unwrap())
            .bucket(Bucket::new("bedrock-logs").object(
                "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/10/05/12/x.json.gz",
                "{}",
            ))
            .bucket(
                Bucket::new("batch-outputs")
                    .object("jobs/n1ghtlyj0b01/manifest.json.out", "{\"totalRecordCount\":1}"),
            )
            .bucket(Bucket::new("analytics")),
    )
    .unwrap();
    let world = World::new();
    let source = sample().display().to_string();
    let organization = repository().join("tests/sample/organization").display().to_string();
    let mut n_commands = 0;
    let page = |name: &str| fs::read_to_string(repository().join("docs").join(name)).unwrap();
    // The README builds what the others ask about.
    let readme = readme();
    let pages = ["reading.md", "explain.md", "permissions.md", "scale.md", "metrics.md"].map(page);
    let pages = [&readme].into_iter().chain(&pages);
    let all = pages.map(|page| blocks(page, "sh")).collect::<Vec<_>>();
    world.write("export.csv", "modelId,calls\nus.anthropic.claude-sonnet-4-6,12\n");
    for line in all.iter().flatten().flat_map(|block| block.lines()) {
        let line = line.replace("tests/sample/org-trail", &source);
        let line = line.replace("tests/sample/organization", &organization);
        let built = ["hoptrail ", "cargo run -p cli -- ", "cargo run --release -p cli -- "];
        if let Some(arguments) = built.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            let (arguments, output) = redirected(arguments, " > ");
            let (arguments, input) = redirected(arguments, " < ");
            let input =
                input.map_or(Stdio::null(), |file| File::open(world.path(file)).unwrap().into());
            let arguments = words(arguments);
            let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
            let mut command = world.command_on(&server, &arguments);
            if let Some(file) = output {
                command.stdout(File::create(world.path(file)).unwrap());
            }
            Run::of(command.stdin(input).output().unwrap()).ends(0);
            n_commands += 1;
        } else if let Some(files) = line.strip_prefix("cp ") {
            let (from, to) = files.split_once(' ').unwrap();
            world.write(to, fs::read(repository().join(from)).unwrap());
        } else {
            let others = ["scripts/test", "cargo install --path crates/cli"];
            assert!(others.contains(&line.as_str()), "not tried: {line}");
        }
    }
    assert!(n_commands >= 10, "{n_commands}");
}

#[test]
fn every_linked_file_exists() {
    for link in readme().split("](").skip(1) {
        let target = link.split([')', '#']).next().unwrap();
        let exists = target.starts_with("https://") || repository().join(target).exists();
        assert!(exists, "{target}");
    }
}
