//! What the README says: its commands run, and its output is the real one.

use std::fs;

use s3_server::{Bucket, Config, Server};

use crate::world::{World, repository, sample};

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
fn the_main_command_prints_what_the_readme_shows() {
    let readme = readme();
    let command = blocks(&readme, "sh").into_iter().next().unwrap();
    let arguments = command.trim().strip_prefix("cargo run -p cli -- ").unwrap();
    let ci = fs::read_to_string(repository().join(".ci/run")).unwrap().replace(" \\\n ", "");
    assert!(ci.contains(command.trim()), "CI runs the same command");

    let world = World::new();
    let source = sample().display().to_string();
    let arguments = arguments.replace("tests/sample/org-trail", &source);
    let run = world.hoptrail(&arguments.split(' ').collect::<Vec<_>>()).ends(0);
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
fn every_command_runs() {
    let server = Server::start(
        Config::new()
            .bucket(Bucket::from_folder("org-trail", &sample()).unwrap())
            .bucket(Bucket::new("bedrock-logs").object(
                "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/10/05/12/x.json.gz",
                "{}",
            ))
            .bucket(Bucket::new("analytics")),
    )
    .unwrap();
    let world = World::new();
    world.write("hoptrail.toml", fs::read(repository().join("config/hoptrail.toml")).unwrap());
    let mut n_commands = 0;
    for block in blocks(&readme(), "sh") {
        for command in block.lines().filter_map(|line| line.strip_prefix("hoptrail ")) {
            let arguments = command.split(' ').collect::<Vec<_>>();
            world.hoptrail_on(&server, &arguments).ends(0);
            n_commands += 1;
        }
    }
    assert!(n_commands >= 5, "{n_commands}");
}

#[test]
fn every_linked_file_exists() {
    for link in readme().split("](").skip(1) {
        let target = link.split(')').next().unwrap();
        let exists = target.starts_with("https://") || repository().join(target).exists();
        assert!(exists, "{target}");
    }
}
