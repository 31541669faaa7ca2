//! Texts that people read, compared with files under `tests/expected`.

use std::fs;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::world::{World, repository, sample};

/// Compares with a golden file, or renews it where the environment has `UPDATE=1`.
#[track_caller]
pub(crate) fn check(name: &str, found: &str) {
    check_file(&repository().join("tests/expected").join(name), found);
}

#[track_caller]
pub(crate) fn check_file(path: &Path, found: &str) {
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is not up to date (UPDATE=1):\n{found}", path.display());
}

#[test]
fn ddl_is_as_expected() {
    for (dialect, name) in [
        ("athena", "athena.sql"),
        ("spark", "spark.sql"),
        ("duckdb", "duckdb.sql"),
        ("cloudformation", "cloudformation.json"),
    ] {
        let run = World::new().hoptrail(&["ddl", dialect, "--location", "s3://analytics/bedrock"]);
        check(name, &run.ends(0).stdout);
    }
}

/// A dashboard brings the views that it needs, a file for each.
#[test]
fn views_of_the_dashboard_are_those_of_the_ddl() {
    let run = World::new().hoptrail(&["ddl", "athena", "--location", "s3://analytics/bedrock"]);
    let ddl = run.ends(0).stdout;
    let files = fs::read_dir(repository().join("config/dashboards/quicksight/views")).unwrap();
    let paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert!(!paths.is_empty());
    for path in paths {
        let view = path.file_stem().unwrap().to_str().unwrap();
        let start = ddl.find(&format!("CREATE OR REPLACE VIEW {view} AS\n")).unwrap();
        let (statement, _) = ddl[start..].split_once(";\n").unwrap();
        check_file(&path, &format!("{statement};\n"));
    }
}

#[test]
fn page_of_the_tables_is_up_to_date() {
    let page = World::new().hoptrail(&["ddl", "markdown"]).ends(0).stdout;
    check_file(&repository().join("docs/tables.md"), &page);
}

const CONFIGURATION: &str = "\
# Configuration

The options of `hoptrail run`, with the environment variables and the keys of the settings file that set
them too. An option wins over the environment, and the environment over the file; a switch is on if one of
them has it on. What is not set under *AWS* comes from the environment and files of the AWS SDK.

Copy [config/hoptrail.toml](../config/hoptrail.toml) to start a settings file, and pass it with `--config`.
This page is generated: `UPDATE=1 scripts/test` renews it.
";

/// The options of `hoptrail run --help`, a table for each heading; those without one come last. `-h` is
/// behind the variable of `--config`, and so is not looked at.
#[test]
fn page_of_the_configuration_is_up_to_date() {
    let help = World::new().hoptrail(&["run", "--help"]).ends(0).stdout;
    let (_, help) = help.split_once("Options:\n").unwrap();
    let (help, _) = help.split_once("\n\nExit codes:").unwrap();
    let (general, others) = help.split_once("\n\n").unwrap();
    let general = format!("Settings file:\n{general}");
    let settings = fs::read_to_string(repository().join("config/hoptrail.toml")).unwrap();
    let mut page = CONFIGURATION.to_owned();
    for section in others.split("\n\n").chain([general.as_str()]) {
        let (heading, options) = section.split_once(":\n").unwrap();
        let columns = "| option | environment | file | meaning |\n|---|---|---|---|";
        page += &format!("\n## {heading}\n\n{columns}\n");
        for option in format!("\n{options}").split("\n      --").skip(1) {
            let (name, meaning) = option.split_once('\n').unwrap();
            let name = name.split(' ').next().unwrap();
            let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
            let (meaning, variable) = meaning.split_once(" [env: ").unwrap_or((&meaning, ""));
            let variable = variable.split_once("=]").map(|(name, _)| format!("`{name}`"));
            let has_key = settings.contains(&format!("\n#: {name} ="));
            let key = if has_key { format!("`{name}`") } else { String::new() };
            let variable = variable.unwrap_or_default();
            page += &format!("| `--{name}` | {variable} | {key} | {meaning} |\n");
        }
    }
    check_file(&repository().join("docs/configuration.md"), &page);
}

#[test]
fn help_of_every_command_fits_80_columns() {
    let world = World::new();
    for command in [
        "",
        "run",
        "plan",
        "reconcile",
        "verify",
        "settle",
        "read",
        "show",
        "report",
        "ddl",
        "prices",
        "prices show",
        "prices check",
        "prices export",
        "prices import",
        "catalog",
        "catalog export",
        "catalog check",
        "catalog diff",
        "catalog import",
        "explain",
        "policy",
        "policy explain",
        "policy simulate",
        "policy lint",
        "policy generate",
        "policy generate exempt",
        "policy generate enable-global",
        "policy generate disable-global",
        "policy generate regions",
        "policy generate profiles-only",
        "policy generate models",
        "policy generate accounts",
        "policy generate no-api-keys",
        "policy generate identity",
        "policy generate least-privilege",
        "policy generate control-tower",
        "policy minify",
        "policy diff",
        "policy replay",
    ] {
        let arguments = command.split_whitespace().chain(["--help"]).collect::<Vec<_>>();
        let help = world.hoptrail(&arguments).ends(0).stdout;
        let name =
            if command.is_empty() { "hoptrail".to_owned() } else { command.replace(' ', "_") };
        check(&format!("help/{name}.txt"), &help);
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{command}: {widest:?} columns");
    }
}

#[test]
fn plan_of_the_sample_is_as_expected() {
    let world = World::new();
    let source = sample().display().to_string();
    let arguments =
        ["plan", "--source", &source, "--from", "2026-10-05", "--to", "2026-10-07", "--output"];
    for (output, name) in [("text", "plan.txt"), ("json", "plan.json")] {
        let mut arguments = arguments.to_vec();
        arguments.push(output);
        let run = world.hoptrail(&arguments).ends(0);
        check(name, &run.stdout.replace(&source, "SAMPLE"));
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn explanations_are_as_expected() {
    let references = [
        "us.anthropic.claude-sonnet-4-6",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-3-haiku-20240307-v1:0:48k",
        "deepseek.v3.2",
        "anthropic.claude-sonnet-4-6",
        "claude-sonnet-4-6",
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/088k6ehrxpci",
        "sa.anthropic.claude-haiku-4-5-20251001-v1:0",
        "my-provisioned-model",
    ];
    let mut arguments = vec!["explain", "--at", "2026-11-20"];
    arguments.extend(references);
    let world = World::new();
    check("explain.txt", &world.hoptrail(&arguments).ends(5).stdout);
    let day = ["--at", "2026-11-20"];
    let mut one_region = vec!["explain", references[0], "--region", "us-west-2"];
    one_region.extend(day);
    one_region.extend(["--output", "json"]);
    check("explain.json", &world.hoptrail(&one_region).ends(0).stdout);
}

/// The types of the columns as the files have them, and as the DDL calls them.
#[test]
fn columns_of_the_files_are_as_declared() {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let list = world.write("accounts.csv", "account_id,name\n111122223333,Payments\n");
    let run = ["run", "--source", &source, "--dest", &out, "--day", "2026-10-05"];
    world.hoptrail(&[&run[..], &["--accounts", &list]].concat()).ends(0);
    let mut text = String::new();
    for table in tables::table::all() {
        let folder = world.out().join(table.name);
        let day = if table.is_by_day { "dt=2026-10-05" } else { "" };
        let path = folder.join(day).join("part-0.parquet");
        let file = fs::File::open(path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        text += &format!("{}\n", table.name);
        for field in reader.schema().fields() {
            let null = if field.is_nullable() { "" } else { " not null" };
            text += &format!("  {} {}{null}\n", field.name(), field.data_type());
        }
        let metadata = reader.metadata().file_metadata();
        for entry in metadata.key_value_metadata().into_iter().flatten() {
            text += &format!("  {} = {}\n", entry.key, entry.value.as_deref().unwrap_or_default());
        }
        let declared = table.columns.iter().map(|column| column.name);
        assert!(declared.eq(reader.schema().fields().iter().map(|field| field.name().as_str())));
    }
    check("columns.txt", &text);
}
