//! What accounts are called: `run --accounts`, the table that it writes, and who reads it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use s3_server::{Bucket, Config, Server};
use serde_json::{Value, json};

use crate::world::{Run, Tree, World, call, rows, sample, tree};

const DAY: &str = "2026-10-05";
const TABLE: &str = "accounts/part-0.parquet";
/// The accounts of the sample, but one.
const CSV: &str = "account_id,name,ou,email\n111122223333,\"Payments, EU\",Prod,a@example.com\n444455556666,Lab,,\n";

/// What `aws organizations list-accounts` prints.
fn printed(names: &[(&str, &str)]) -> String {
    let account = |(id, name): &(&str, &str)| {
        json!({
            "Id": id, "Name": name, "Email": format!("{id}@example.com"), "Status": "SUSPENDED",
            "Arn": format!("arn:aws:organizations::111122223333:account/o-abc/{id}"),
            "JoinedMethod": "CREATED", "JoinedTimestamp": "2024-01-02T03:04:05.678000+00:00",
        })
    };
    json!({ "Accounts": names.iter().map(account).collect::<Vec<_>>() }).to_string()
}

/// One call, in a trail.
fn one_call() -> World {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("e1", "2026-10-05T12:00:00Z")]);
    world
}

/// Tables of the sample, with these options.
fn built_sample(more: &[&str]) -> World {
    let world = World::new();
    world.write("accounts.csv", CSV);
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let run = ["run", "--source", &source, "--dest", &out, "--from", DAY, "--to", "2026-10-07"];
    world.hoptrail(&[&run[..], more].concat()).ends(0);
    world
}

fn show(world: &World, arguments: &[&str]) -> Run {
    let out = world.text("out");
    world.hoptrail(&[&["show"][..], arguments, &["--dest", &out]].concat())
}

/// The rows of the table, as `ID name OU`.
fn listed(world: &World) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row =
        |row: &crate::world::Row| ["account_id", "name", "ou"].map(|it| text(&row[it])).join(" ");
    rows(&world.out().join(TABLE)).iter().map(row).collect()
}

#[test]
fn list_becomes_a_table_of_names_that_no_manifest_has() {
    let world = one_call();
    world.run(&["--day", DAY]).ends(0);
    let without = tree(&world.out());
    assert!(!without.contains_key(TABLE));
    world.write("list.json", printed(&[("444455556666", "Lab"), ("111122223333", "Payments")]));
    let with_list = ["--day", DAY, "--accounts", "list.json"];
    world.run(&with_list).ends(0);
    assert_eq!(listed(&world), ["111122223333 Payments -", "444455556666 Lab -"]);
    let with = tree(&world.out());
    let others = |tree: &Tree| tree.iter().filter(|(key, _)| *key != TABLE).count();
    assert_eq!(others(&with), others(&without));
    for (key, bytes) in &without {
        assert_eq!(with[key], *bytes, "{key}: no day depends on the list");
    }
    for (key, bytes) in &with {
        assert!(!String::from_utf8_lossy(bytes).contains("example.com"), "{key}");
    }
    // The same list, in another order and form, is the same table; another one replaces it, and none leaves it.
    let csv = "name,account_id,ou\r\nPayments,111122223333,\r\nLab,444455556666,\r\n";
    world.write("list.csv", format!("\u{feff}{csv}"));
    world.run(&["--day", DAY, "--accounts", "list.csv"]).ends(0);
    assert_eq!(tree(&world.out()), with);
    world.write("list.csv", "account_id,name,ou\n111122223333,Billing,Prod\n");
    world.run(&["--day", DAY, "--accounts", "list.csv"]).ends(0);
    assert_eq!(listed(&world), ["111122223333 Billing Prod"]);
    let changed = tree(&world.out());
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(tree(&world.out()), changed);
    // A settings file and the environment name it, too.
    let config = world.write("hoptrail.toml", "accounts = \"list.json\"\n");
    world.run(&["--day", DAY, "--config", &config]).ends(0);
    assert_eq!(tree(&world.out()), with);
}

/// Requests of a run to the destination, by kind, for the table.
fn requests(server: &Server, counted: &mut usize) -> BTreeMap<String, u64> {
    let recorded = server.recorded();
    let mut kinds = BTreeMap::new();
    let of_table = |key: &str| key.starts_with("accounts");
    for request in recorded[*counted..].iter().filter(|request| of_table(&request.key)) {
        *kinds.entry(format!("{:?}", request.kind)).or_default() += 1;
    }
    *counted = recorded.len();
    kinds
}

#[test]
fn table_on_s3_is_written_on_a_condition_and_only_if_it_changes() {
    let world = one_call();
    let records = Config { records: true, ..Config::new() };
    let server = Server::start(records.bucket(Bucket::new("tables"))).unwrap();
    let mut counted = 0;
    let mut run = |list: &str| {
        world.write("list.csv", list);
        let run = ["run", "--source", "trail", "--dest", "s3://tables", "--day", DAY];
        world.hoptrail_on(&server, &[&run[..], &["--accounts", "list.csv"]].concat()).ends(0);
        requests(&server, &mut counted)
    };
    let of = |kinds: &[(&str, u64)]| -> BTreeMap<String, u64> {
        kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
    };
    assert_eq!(run("account_id,name\n111122223333,a\n"), of(&[("Get", 1), ("Put", 1)]));
    assert_eq!(run("account_id,name\n111122223333,a\n"), of(&[("Get", 1)]));
    let before = server.object("tables", TABLE).unwrap();
    assert_eq!(run("account_id,name\n111122223333,b\n"), of(&[("Get", 1), ("Put", 1)]));
    assert_ne!(server.object("tables", TABLE).unwrap(), before);
    let puts = server.recorded();
    let puts = puts
        .iter()
        .filter(|request| request.key == TABLE && format!("{:?}", request.kind) == "Put");
    let conditions = puts
        .map(|put| [put.header("if-none-match"), put.header("if-match")].map(|it| it.is_some()));
    assert_eq!(conditions.collect::<Vec<_>>(), [[true, false], [false, true]]);
    let verified = ["verify", "--dest", "s3://tables"];
    assert!(world.hoptrail_on(&server, &verified).ends(0).stdout.contains("11 files"));
}

/// Runs with different lists at once: the table is that of one of them.
#[test]
fn runs_at_once_leave_the_list_of_one_of_them() {
    let world = World::new();
    let days = (1..=8).map(|day| format!("2026-10-{day:02}")).collect::<Vec<_>>();
    let list = |day: &str| {
        let rows = (0..500).map(|n| format!("{:012},of {day}\n", 100_000_000_000_u64 + n));
        format!("account_id,name\n{}", rows.collect::<String>())
    };
    for day in &days {
        let stamp = format!("{}T1210Z", day.replace('-', ""));
        world.object(&stamp, "a", &[call(day, &format!("{day}T12:00:00Z"))]);
        world.write(&format!("{day}.csv"), list(day));
    }
    let runs = days.iter().map(|day| {
        let list = format!("{day}.csv");
        let run = ["run", "--source", "trail", "--dest", "out", "--day", day, "--accounts", &list];
        world.command(&run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    for run in runs.collect::<Vec<_>>() {
        Run::of(run.wait_with_output().unwrap()).ends(0);
    }
    let names =
        rows(&world.out().join(TABLE)).iter().map(|row| row["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names.len(), 500);
    assert!(names.iter().all(|name| *name == names[0]), "of one list");
    assert!(days.iter().any(|day| names[0] == format!("of {day}")), "{}", names[0]);
}

#[test]
fn names_stand_beside_ids_and_tell_rows_apart() {
    let world = built_sample(&["--accounts", "accounts.csv"]);
    let answer = |by: &str| -> Vec<Value> {
        let run = show(&world, &["cost", "--by", by, "--format", "jsonl"]).ends(0);
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let calls = |by: &str, columns: &[&str]| {
        let row = |row: Value| {
            let texts =
                columns.iter().map(|column| row[*column].as_str().unwrap_or("-").to_owned());
            (texts.collect::<Vec<_>>().join(" "), row["calls"].as_i64().unwrap())
        };
        answer(by).into_iter().map(row).collect::<BTreeMap<_, _>>()
    };
    let of = |rows: &[(&str, i64)]| {
        rows.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect::<BTreeMap<_, _>>()
    };
    let by_id =
        [("012345678901 -", 64), ("111122223333 Payments, EU", 253), ("444455556666 Lab", 127)];
    assert_eq!(calls("account_id", &["account_id", "account_name"]), of(&by_id));
    let by_name = [("-", 64), ("Payments, EU", 253), ("Lab", 127)];
    assert_eq!(calls("account_name", &["account_name"]), of(&by_name));
    assert_eq!(calls("ou", &["ou"]), of(&[("-", 191), ("Prod", 253)]));
    // In the order of --by, once, and behind the ID where it is not asked for.
    for (by, head) in [
        ("account_name,account_id", "account_name,account_id,calls"),
        ("dt,account_id,ou", "dt,account_id,account_name,ou,calls"),
    ] {
        let csv = show(&world, &["cost", "--by", by, "--format", "csv"]).ends(0).stdout;
        assert!(csv.starts_with(head), "{csv}");
    }
    let sorted =
        show(&world, &["cost", "--by", "account_id", "--sort", "account_name"]).ends(0).stdout;
    let places = ["Lab", "Payments, EU", "012345678901"].map(|it| sorted.find(it).unwrap());
    assert!(places.is_sorted(), "{sorted}");
    // Every subject with accounts.
    for subject in ["routing", "denials", "ingest"] {
        let csv = show(&world, &[subject, "--by", "account_id", "--format", "csv"]).ends(0).stdout;
        assert!(csv.contains("111122223333,\"Payments, EU\","), "{csv}");
    }
    show(&world, &["unresolved", "--by", "ou"])
        .says(2, &["unresolved has no column `ou` (it is in routing, cost, denials, ingest)"]);
    // A list that is given wins.
    world.write("other.csv", "account_id,name,ou\n111122223333,Other,Team\n");
    let other = show(&world, &["cost", "--by", "ou", "--accounts", "other.csv"]).ends(0).stdout;
    assert!(other.contains("Team") && !other.contains("Prod"), "{other}");
    show(&world, &["cost", "--accounts", "other.csv"])
        .says(2, &["--accounts has no effect without"]);
    let out = world.text("out");
    let page = world.hoptrail(&["report", "--dest", &out, "-o", "-"]).ends(0).stdout;
    assert!(
        page.contains("<bdi>Payments, EU</bdi>") && page.contains(">Payments, EU 111122223333<"),
        "named"
    );
    let page = world
        .hoptrail(&["report", "--dest", &out, "-o", "-", "--accounts", "other.csv"])
        .ends(0)
        .stdout;
    assert!(page.contains("<bdi>Other</bdi>") && !page.contains("Payments"), "that of the list");
    // The page of a run that had nothing to do.
    let (source, day) = (sample().display().to_string(), ["--from", DAY, "--to", "2026-10-07"]);
    let summary =
        world.page(&[&["run", "--source", &source, "--dest", &out][..], &day].concat()).ends(0);
    let line = summary.stdout.lines().find(|line| line.starts_with("Accounts")).unwrap();
    assert!(line.contains("Payments, EU (111122223333) ≥ $6.64"), "{line}");
}

#[test]
fn without_a_list_ids_do_and_names_are_an_error() {
    let world = built_sample(&[]);
    let table = show(&world, &["cost", "--by", "account_id"]).ends(0);
    assert!(
        table.stdout.contains("111122223333") && !table.stdout.contains("name"),
        "{}",
        table.stdout
    );
    let markdown =
        show(&world, &["cost", "--by", "account_id", "--format", "markdown"]).ends(0).stdout;
    assert!(markdown.contains("| account_id | calls |"), "{markdown}");
    // Programs have the same columns with and without.
    let csv = show(&world, &["cost", "--by", "account_id", "--format", "csv"]).ends(0).stdout;
    assert!(csv.starts_with("account_id,account_name,calls,"), "{csv}");
    assert!(csv.contains("\n111122223333,,253,"), "{csv}");
    let without =
        ["the destination has no table accounts: `hoptrail run --accounts FILE` writes it"];
    show(&world, &["cost", "--by", "ou"]).says(2, &without);
    show(&world, &["routing", "--by", "dt, account_name"]).says(2, &without);
    show(&world, &["cost", "--by", "ou", "--accounts", "accounts.csv"]).ends(0);
    // SQL asks a table that is empty there.
    let sql = show(&world, &["cost", "--by", "ou", "--sql", "--day", DAY]).ends(0).stdout;
    assert!(sql.contains("FROM accounts"), "{sql}");
    let sql = show(&world, &["cost", "--by", "model_id", "--sql", "--day", DAY]).ends(0).stdout;
    assert!(!sql.contains("accounts"), "{sql}");
    // Nor does a file of a day that is not there hide that.
    fs::remove_file(world.out().join(format!("model_costs/dt={DAY}/part-0.parquet"))).unwrap();
    show(&world, &["cost", "--by", "ou"]).says(2, &without);
    // An empty destination is named first.
    fs::remove_dir_all(world.out()).unwrap();
    fs::create_dir(world.out()).unwrap();
    show(&world, &["cost", "--by", "ou"]).says(5, &["nothing is published"]);
}

#[test]
fn damaged_table_is_found_named_and_written_again() {
    let world = built_sample(&["--accounts", "accounts.csv"]);
    let (path, out) = (world.out().join(TABLE), world.text("out"));
    let verify = || world.hoptrail(&["verify", "--dest", &out, "--output", "json"]);
    let findings = |run: &Run| {
        let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
        found["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{} {} {}", it["dt"], it["kind"], it["key"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(findings(&verify().ends(0)), Vec::<String>::new());
    let whole = fs::read(&path).unwrap();
    let day = fs::read(world.out().join(format!("ingest/dt={DAY}/part-0.parquet"))).unwrap();
    for damaged in [&whole[..whole.len() - 1], b"", &day] {
        fs::write(&path, damaged).unwrap();
        let expected = ["null \"corrupt_accounts\" \"accounts/part-0.parquet\""];
        assert_eq!(findings(&verify().ends(1)), expected);
        let text = world.hoptrail(&["verify", "--dest", &out, "--day", DAY]).ends(1).stdout;
        assert!(text.contains("hoptrail run --accounts FILE"), "{text}");
        assert!(!text.contains("--force"), "no day is wrong: {text}");
        // IDs do, and what is missing is named.
        for by in ["account_id", "ou"] {
            let run = show(&world, &["cost", "--by", by]).ends(3);
            assert!(run.stderr.contains("accounts/part-0.parquet: expected"), "{}", run.stderr);
            assert!(run.stdout.contains("444"), "the rows are there: {}", run.stdout);
        }
        show(&world, &["cost", "--by", "model_id"]).ends(0);
    }
    let (source, list) =
        (sample().display().to_string(), ["--day", DAY, "--accounts", "accounts.csv"]);
    world.hoptrail(&[&["run", "--source", &source, "--dest", &out][..], &list].concat()).ends(0);
    assert!(fs::read(&path).unwrap() == whole);
    world.write("out/accounts/theirs.parquet", "theirs");
    let expected = ["null \"unexpected\" \"accounts/theirs.parquet\""];
    assert_eq!(findings(&verify().ends(1)), expected);
}

#[test]
fn list_that_cannot_be_used_is_named_before_anything_is_written() {
    let world = one_call();
    for (name, list, expected) in [
        (
            "a.csv",
            "Id,Name\n1,a\n",
            "line 1: expected the columns account_id and name or ou, found Id,Name",
        ),
        (
            "b.csv",
            "\u{feff}account_id,name\r\n\r\n12345678901,a\r\n",
            "line 3: account_id: expected 12 digits",
        ),
        ("c.csv", "account_id,name\n,a\n", "line 2: account_id: missing"),
        ("d.json", "\u{feff}{\"Roots\": []}", "found no Accounts in document 1"),
        ("e.json", "[]", "expected the output of `aws organizations list-accounts`"),
        ("f.json", "{\"Accounts\": [{\"Name\": \"a\"}]}", "account 1 of document 1: Id: missing"),
        ("g.json", "{\"Accounts\": []}", "expected at least one account, found none"),
        (
            "h.csv",
            "account_id,name\n111122223333,a\u{1b}[2J\n111122223333,b\n",
            "line 3: account 111122223333: expected one name, found `a\\u{1b}[2J` and `b`",
        ),
    ] {
        world.write(name, list);
        let run = ["run", "--source", "trail", "--dest", "out", "--day", DAY, "--accounts", name];
        world.hoptrail(&run).says(2, &[&format!("invalid file {name}"), expected]);
        let show = ["show", "cost", "--dest", "out", "--by", "ou", "--accounts", name];
        world.hoptrail(&show).says(2, &[&format!("invalid file {name}"), expected]);
    }
    let missing =
        ["run", "--source", "trail", "--dest", "out", "--day", DAY, "--accounts", "no.json"];
    world.hoptrail(&missing).says(2, &["could not read no.json"]);
    assert!(!world.out().exists());
}

#[test]
fn name_is_text_wherever_it_is_shown() {
    let world = one_call();
    let name = format!("a\u{1b}[2J</style><script>|{}", "x".repeat(10_000));
    world.write("list.json", printed(&[("111122223333", &name)]));
    world.run(&["--day", DAY, "--accounts", "list.json"]).ends(0);
    assert_eq!(rows(&world.out().join(TABLE))[0]["name"], name.as_str());
    let out = world.text("out");
    let run = ["run", "--source", "trail", "--dest", &out, "--day", DAY];
    let shown = [
        show(&world, &["cost", "--by", "account_id"]).ends(0).stdout,
        show(&world, &["cost", "--by", "account_name", "--format", "markdown"]).ends(0).stdout,
        world.hoptrail(&["report", "--dest", &out, "-o", "-"]).ends(0).stdout,
        world.page(&run).ends(0).stdout,
    ];
    assert!(shown.iter().all(|text| !text.contains('\u{1b}')));
    for text in &shown[1..3] {
        assert!(!text.contains("|<script>") && !text.contains("</style><script>|"), "{text}");
    }
    assert!(shown[0].contains("a\\u{1b}[2J"), "{}", shown[0]);
    let json = show(&world, &["cost", "--by", "account_id", "--format", "jsonl"]).ends(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["account_name"], name.as_str());
}
