//! `policy minify` and `policy diff`: the page on them, sizes and limits, exit codes, invalid input. What a step
//! may do, and what a comparison means, is tested in the crate `policy`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::policy::region_deny;
use crate::world::{Run, World, repository};

fn minify(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["policy", "minify"], arguments].concat())
}

fn diff(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["policy", "diff"], arguments].concat())
}

/// Asserts the exit code, and that stderr has this.
#[track_caller]
fn warns(run: Run, code: i32, part: &str) -> Run {
    let run = run.ends(code);
    assert!(run.stderr.contains(part), "no `{part}` in: {}", run.stderr);
    run
}

/// The blocks of the page, with their languages.
fn blocks() -> Vec<(String, String)> {
    let page = fs::read_to_string(repository().join("docs/policy-minify.md")).unwrap();
    let blocks = page.split("\n```").skip(1).step_by(2);
    let block = |block: &str| {
        let (language, text) = block.split_once('\n').unwrap();
        (language.to_owned(), format!("{text}\n"))
    };
    blocks.map(block).collect()
}

#[test]
fn page_shows_what_is_printed() {
    let world = World::new();
    let mut files = ["guardrails.json", "two.json", "joined.json"].into_iter();
    let mut printed = None;
    let mut n_shown = 0;
    for (language, text) in blocks() {
        match language.as_str() {
            "json" => {
                world.write(files.next().unwrap(), text);
            }
            "sh" => {
                let arguments = text.trim().strip_prefix("hoptrail ").unwrap();
                let run = world.hoptrail(&arguments.split(' ').collect::<Vec<_>>()).ends(0);
                printed = Some(format!("{}{}", run.stdout, run.stderr));
            }
            "text" => {
                assert_eq!(printed.take().unwrap(), text);
                n_shown += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!((files.next(), n_shown), (None, 3));
}

#[test]
fn size_is_measured_as_it_is_saved_and_the_limit_is_a_gate() {
    let world = World::new();
    let file = repository().join("tests/fixtures/policies/region-deny.json");
    let file = file.display().to_string();
    for (saved_as, before) in
        [("console", 401), ("api", 900), ("terraform", 416), ("lza", 401), ("cfct", 476)]
    {
        let run = minify(&world, &[&file, "--as", saved_as, "--output", "json"]).ends(0);
        let report = serde_json::from_str::<Value>(&run.stderr).unwrap();
        // A Region and a statement are no lists of one any more.
        let after = if saved_as == "terraform" { 412 } else { 397 };
        assert_eq!(report["before"], json!({"characters": before, "bytes": before + 1}));
        assert_eq!(report["after"], json!({"characters": after, "bytes": after + 1}));
        assert_eq!(report["limit"], 10_240);
        assert_eq!(report["proof"], "equal");
        let steps = report["steps"].as_array().unwrap();
        let saved = steps.iter().map(|step| step["saved"].as_u64().unwrap()).sum::<u64>();
        assert_eq!(saved, before - after);
        assert_eq!(run.stdout.chars().count(), 397);
    }
    // The bytes count.
    minify(&world, &[&file, "--limit", "398"]).ends(0);
    let over = minify(&world, &[&file, "--limit", "397"]);
    let over = warns(over, 4, "397 characters (398 bytes) are over the limit of 397");
    assert!(over.stdout.starts_with(r#"{"Version":"#), "{}", over.stdout);
    for (kind, limit) in [
        ("scp", "10,240"),
        ("rcp", "5,120"),
        ("identity", "6,144"),
        ("boundary", "6,144"),
        ("session", "2,048"),
    ] {
        let file = if kind == "rcp" { of_everyone(&world, &file) } else { file.clone() };
        let run = minify(&world, &[&file, "--type", kind]).ends(0);
        assert!(run.stderr.contains(&format!("; limit {limit}\n")), "{}", run.stderr);
        let counts_white_space = !["identity", "boundary"].contains(&kind);
        assert_eq!(run.stderr.contains("white space"), counts_white_space, "{}", run.stderr);
    }
}

/// The same policy as an RCP, which says whom it is about.
fn of_everyone(world: &World, file: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    world.write("rcp.json", text.replace("\"Effect\"", "\"Principal\": \"*\", \"Effect\""))
}

#[test]
fn policy_goes_through_pipes_and_into_files() {
    let world = World::new();
    let text = region_deny("Deny", r#"["us-east-1"]"#);
    let mut child = world
        .command(&["policy", "minify", "-", "--drop-sids"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap()).ends(0);
    let shorter = run.stdout;
    assert!(!shorter.contains("Sid") && !shorter.ends_with('\n'), "{shorter}");
    assert!(run.stderr.starts_with("standard input, "), "{}", run.stderr);
    let old = world.write("old.json", text);
    let to = world.path("new.json").display().to_string();
    let run = minify(&world, &[&old, "--drop-sids", "-o", &to]).ends(0);
    assert_eq!((run.stdout, fs::read_to_string(&to).unwrap()), (String::new(), shorter));
    let run = diff(&world, &[&old, &to, "--expect", "equal"]).ends(0);
    assert_eq!(run.stdout, "equal: they say the same of every request\n");
}

#[test]
fn cfct_that_changes_a_text_is_warned_of() {
    let world = World::new();
    let text = region_deny("Two  blanks", r#"["us-east-1"]"#);
    let file = world.write("deny.json", text);
    let run = minify(&world, &[&file, "--as", "cfct"]);
    warns(run, 0, "CfCT takes out every two blanks");
    let run = minify(&world, &[&file]).ends(0);
    assert!(!run.stderr.contains("CfCT"), "{}", run.stderr);
}

#[test]
fn difference_names_the_statement_and_what_a_simulation_needs() {
    let world = World::new();
    let old = world.write("old.json", region_deny("OldDeny", r#"["us-east-1"]"#));
    let new = world.write("new.json", region_deny("NewDeny", r#"["us-east-1","us-west-2"]"#));
    let run = diff(&world, &[&old, &new, "--output", "json", "--expect", "different"]).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!(found["result"], "different");
    assert_eq!(found["may_have_others"], false);
    let [difference] = found["differences"].as_array().unwrap().as_slice() else {
        panic!("{found}");
    };
    assert_eq!((&difference["old"], &difference["new"]), (&json!("denies"), &json!("neither")));
    assert_eq!(difference["action"], "bedrock:InvokeModel");
    assert_eq!(difference["context"], json!({"aws:RequestedRegion": ["us-west-2"]}));
    assert_eq!(difference["absent"], json!([]));
    let by = json!({"statement": 0, "sid": "OldDeny", "line": 3});
    assert_eq!((&difference["old_decided_by"], &difference["new_decided_by"]), (&by, &Value::Null));
    let gate = diff(&world, &[&old, &new, "--expect", "equal"]);
    warns(gate, 4, "--expect: the policies are different");
    let gate = diff(&world, &[&old, &old, "--expect", "different"]);
    warns(gate, 4, "the policies are equal");
    diff(&world, &[&old, &old]).ends(0);
}

#[test]
fn comparison_that_cannot_be_decided_is_partial() {
    let world = World::new();
    let deny = |names: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":
               {{"StringLike":{{"aws:username":{names}}}}}}}}}"#
        )
    };
    let old = world.write("old.json", deny(r#"["${aws:username}","a"]"#));
    let new = world.write("new.json", deny(r#""${aws:username}""#));
    let run = warns(diff(&world, &[&old, &new]), 3, "variables, callers, or several values");
    assert_eq!(run.stdout, "open: neither shown to be equal, nor to differ\n");
    warns(diff(&world, &[&old, &new, "--expect", "equal"]), 4, "the policies are open");
    let run = diff(&world, &[&old, &new, "--output", "json"]).ends(3);
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap()["result"], "open");
}

#[test]
fn what_is_no_policy_is_named_and_nothing_is_written() {
    let world = World::new();
    let good = world.write("good.json", region_deny("Deny", r#""us-east-1""#));
    for (name, text, parts) in [
        ("missing.json", None, &["could not read", "missing.json"][..]),
        ("empty.json", Some(""), &["empty.json", "line 1", "expected one JSON document"]),
        ("comment.json", Some("{\n// x\n}"), &["comment.json", "line 2", "a comment"]),
        ("mark.json", Some("\u{feff}{}"), &["mark.json", "byte order mark"]),
        (
            "twice.json",
            Some(r#"{"Statement":{"Effect":"Deny","Action":"*","Action":"*","Resource":"*"}}"#),
            &["twice.json", "each member once"],
        ),
        ("fragment.json", Some(r#"{"NotAction":"*"}"#), &["fragment.json", "a fragment"]),
    ] {
        let file = match text {
            Some(text) => world.write(name, text),
            None => world.path(name).display().to_string(),
        };
        let to = world.path("out.json").display().to_string();
        minify(&world, &[&file, "-o", &to]).says(1, parts);
        diff(&world, &[&good, &file]).says(1, parts);
        assert!(!world.path("out.json").exists());
    }
    let file = world.path("none/out.json").display().to_string();
    minify(&world, &[&good, "-o", &file]).says(1, &["could not write"]);
    diff(&world, &["-", "-"]).says(2, &["as OLD or as NEW"]);
    warns(minify(&world, &[&good, "--as", "cdk"]), 2, "console, api, terraform, lza, cfct");
}
