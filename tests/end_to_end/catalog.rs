//! Catalogs and price books that users keep: exported, checked, compared, added to, brought up to date.

use std::fs;

use serde_json::{Value, json};

use crate::world::{World, call, with};

const DAY: &str = "2026-10-05";
const PRICES: &str = "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,usd_per_million,valid_from,valid_until";

fn content(world: &World, name: &str) -> String {
    fs::read_to_string(world.path(name)).unwrap()
}

#[test]
fn export_of_an_export_is_the_same_and_the_built_in_one_is_the_repositorys() {
    let world = World::new();
    for arguments in [
        ["catalog", "export", "--to", "one"].as_slice(),
        &["catalog", "export", "--to", "two", "--catalog", "one"],
        &["prices", "export", "--to", "one/prices.csv"],
        &["prices", "export", "--to", "two/prices.csv", "--prices", "one/prices.csv"],
        &["catalog", "check", "two"],
        &["prices", "check", "two/prices.csv"],
    ] {
        world.hoptrail(arguments).ends(0);
    }
    for name in ["models.csv", "inference_profiles.csv", "regions.csv", "prices.csv"] {
        let shipped = crate::world::repository().join("config").join(name);
        let shipped = fs::read_to_string(shipped).unwrap();
        assert!(content(&world, &format!("one/{name}")) == shipped, "{name}");
        assert!(content(&world, &format!("two/{name}")) == shipped, "{name}");
    }
    let printed = world.hoptrail(&["prices", "export", "--to", "-"]).ends(0).stdout;
    assert!(printed == content(&world, "one/prices.csv"));
}

/// Each line is a file, a row, and what is found in it.
const PLANTED: &str = "\
models.csv|model_id,canonical_id,provider,name,family,source|unknown column `family`
models.csv|x.one,x.one,X,,f,s|
models.csv|x.one,x.one,X,,f,s|a second row with the key of line 2
models.csv|x.two,x.twos,X,,f,s|canonical_id: unknown model `x.twos`; the nearest is `x.two`
models.csv|x.three,,,,f,s|provider: missing
models.csv| x.four,,X,,f,s|model_id: white space around the value
models.csv|x.five,,X,s|expected 6 fields, found 4
models.csv|x.six,,X,,f,|source: missing
models.csv|x.seven,x.one,X,,f,s|
models.csv|x.eight,x.seven,X,,f,s|canonical_id: `x.seven` is another id of `x.one`
inference_profiles.csv|profile_id,source_region,destination_regions,source|
inference_profiles.csv|us.x.one,us-east-1,us-east-1;us-west-2,s|
inference_profiles.csv|us.x.one,us-west-2,,s|destination_regions: a profile without destinations
inference_profiles.csv|us.x.nine,us-east-1,us-east-1,s|profile_id: unknown model `x.nine`; the nearest is `x.one`
inference_profiles.csv|us.x.one,us-east-9,us-east-1,s|source_region: unknown Region `us-east-9`; the nearest is `us-east-1`
inference_profiles.csv|eu.x.one,us-east-1,us-esat-1,s|destination_regions: unknown Region `us-esat-1`; the nearest is `us-east-1`
inference_profiles.csv|eu.x.one,us-west-2,us-west-2;us-west-2,s|destination_regions: `us-west-2` twice
inference_profiles.csv|jp.x.one,us-east-1,ALL_COMMERCIAL,s|destination_regions: ALL_COMMERCIAL for a profile that is not global
inference_profiles.csv|x.one,us-east-1,us-east-1,s|profile_id: expected a scope and a model id, such as us.MODEL_ID, found `x.one`
regions.csv|region_code,name,partition,opt_in,source|expected the column jurisdiction, found none
regions.csv|us-east-1,N. Virginia,aws,default,s|
regions.csv|us-east-2,Ohio,,default,s|partition: missing
regions.csv|us-west-2,Oregon,aws,default,s|
regions.csv|Oregon,Oregon,aws,default,s|region_code: expected a code such as eu-central-1, found `Oregon`
";

/// The same of files with all columns.
const PLANTED_BESIDE: &str = "\
models.csv|model_id,canonical_id,provider,name,on_demand_regions,profile_only_regions,source|
models.csv|x.one,,X,,us-east-1,us-west-2,s|
models.csv|X.Two,,X,,,,s|model_id: expected a vendor and a name in small letters, such as amazon.nova-pro-v1:0, found `X.Two`
models.csv|three,,X,,,,s|model_id: expected a vendor and a name in small letters, such as amazon.nova-pro-v1:0, found `three`
models.csv|us.x.one,,X,,,,s|model_id: `us.x.one` is a profile of `x.one`
models.csv|x.four,,X,,us-east-9,,s|on_demand_regions: unknown Region `us-east-9`; the nearest is `us-east-1`
models.csv|x.five,,X,,us-west-2;us-west-2,,s|on_demand_regions: `us-west-2` twice
models.csv|x.six,,X,,us-east-1,us-east-1;us-west-2,s|profile_only_regions: `us-east-1` is among the on_demand_regions too
models.csv|x.seven,x.one,Y,,,,s|provider: expected `X` as for `x.one`, found `Y`
inference_profiles.csv|profile_id,source_region,destination_regions,source|
inference_profiles.csv|US.x.one,us-east-1,us-east-1,s|profile_id: expected a scope and a model id, such as us.MODEL_ID, found `US.x.one`
inference_profiles.csv|us.x.one,us-east-1,us-east-1;;us-west-2,s|destination_regions: unknown Region ``; the nearest is `us-east-1`
inference_profiles.csv|us-gov.x.one,us-east-1,us-east-1,s|source_region: `us-east-1` is in the partition aws, expected aws-us-gov
inference_profiles.csv|us.x.one,us-gov-west-1,us-gov-west-1,s|source_region: `us-gov-west-1` is in the partition aws-us-gov, expected aws
inference_profiles.csv|us.x.one,us-west-2,us-gov-west-1,s|destination_regions: `us-gov-west-1` is in the partition aws-us-gov, expected aws
regions.csv|region_code,name,partition,jurisdiction,opt_in,billing_code,source|
regions.csv|us-east-1,N. Virginia,aws,United States,default,USE1,s|billing_code: `USE1` is that of `us-gov-west-1` too
regions.csv|us-west-2,Oregon,aws,,default,USW2,s|jurisdiction: missing
regions.csv|us-west-3,Nevada,aws,United States,perhaps,USW3,s|opt_in: expected default, opt-in, or nothing, found `perhaps`
regions.csv|us-west-4,Utah,amazon,United States,default,USW4,s|partition: expected aws, or aws- and a name, found `amazon`
regions.csv|us-gov-west-1,Government,aws-us-gov,United States,,USE1,s|billing_code: `USE1` is that of `us-east-1` too
";

#[test]
fn check_of_a_catalog_finds_each_planted_mistake_by_line() {
    check_planted(PLANTED, "own: 16 rows, 18 findings");
    check_planted(PLANTED_BESIDE, "own: 18 rows, 17 findings");
}

fn check_planted(planted: &str, total: &str) {
    let world = World::new();
    let mut expected = String::new();
    for file in ["models.csv", "inference_profiles.csv", "regions.csv"] {
        let rows = planted.lines().filter(|line| line.starts_with(file));
        let rows = rows.map(|line| line.split('|').collect::<Vec<_>>()).collect::<Vec<_>>();
        let text = rows.iter().map(|row| format!("{}\n", row[1])).collect::<String>();
        world.write(&format!("own/{file}"), text);
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row[2].is_empty()) {
            expected += &format!("own/{file}:{}: {}\n", at + 1, row[2]);
        }
    }
    let found = world.hoptrail(&["catalog", "check", "own"]).ends(1).stdout;
    let (found, found_total) = found.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(format!("{found}\n"), expected);
    assert_eq!(found_total, total);
}

#[test]
fn check_of_prices_finds_each_planted_mistake_by_line() {
    let world = World::new();
    let row = |rest: &str| format!("amazon.nova-pro-v1:0,regional,{rest},s,2026-10-01\n");
    let text = [
        format!("{PRICES},source,source_date\n"),
        row("us-east-1,standard,0,input,0.8,,"),
        row("us-east-1,standard,0,output,3.2,,"),
        row("us-east-1,standard,0,input,0.9,2026-01-01,"),
        row("us-east-2,standard,0,input,-1,,"),
        row("us-east-2,standard,0,input,1e-3,,"),
        row("us-esat-1,flex,0,input,1,,"),
        row("us-esat-1,flex,0,output,1,,"),
        row("us-east-1,fast,0,input,1,,"),
        row("us-east-1,standard,0,input,1,2026-03-01,2026-03-01"),
        row("us-east-1,batch,0,input,1,,2026-13-01"),
        "amazon.nova-por-v1:0,global,*,batch,0,input,1,,,s,2026-10-01\n".to_owned(),
        "amazon.nova-por-v1:0,global,*,batch,0,output,1,,,s,2026-10-01\n".to_owned(),
    ];
    let file = world.write("own.csv", text.concat());
    let found = world.hoptrail(&["prices", "check", &file]).ends(1).stdout;
    for expected in [
        ":4: a second price for the days of line 2",
        ":5: usd_per_million: expected a number that is not negative, found `-1`",
        ":6: usd_per_million: expected a plain decimal number such as 3 or 0.25, found `1e-3`",
        ":7: source_region: unknown Region `us-esat-1`",
        ":9: service_tier: expected one of ",
        ":10: valid_from must be before valid_until",
        ":11: valid_until: expected a date YYYY-MM-DD, found `2026-13-01`",
        ":12: model_id: unknown model `amazon.nova-por-v1:0`; the nearest is `amazon.nova-pro-v1:0`",
    ] {
        assert!(found.contains(&format!("{file}{expected}")), "{expected} in\n{found}");
    }
}

#[test]
fn diff_lists_rows_that_were_added_removed_or_changed() {
    let world = World::new();
    world.write("a/models.csv", "model_id,canonical_id,provider,name\nx.one,,X,\nx.two,,X,\n");
    world.write("b/models.csv", "model_id,canonical_id,provider,name\nx.one,,X,One\nx.three,,X,\n");
    let found = world.hoptrail(&["catalog", "diff", "a", "b"]).ends(0).stdout;
    let expected = "\
< models.csv x.one,,X,,,,
> models.csv x.one,,X,One,,,
+ models.csv x.three,,X,,,,
- models.csv x.two,,X,,,,
1 added, 1 removed, 1 changed
";
    assert_eq!(found, expected);
    let same = world.hoptrail(&["catalog", "diff", "built-in", "built-in"]).ends(0).stdout;
    assert_eq!(same, "0 added, 0 removed, 0 changed\n");
}

#[test]
fn additions_to_the_catalog_win_by_key_and_may_refer_to_it_and_to_one_another() {
    let world = World::new();
    let new = "anthropic.claude-next-9";
    let record =
        with(call("a", "2026-10-05T12:00:00Z"), "/requestParameters/modelId", format!("us.{new}"));
    world.object("20261005T1205Z", "a", &[record]);
    let header = "model_id,canonical_id,provider,name\n";
    let models = format!(
        "{header}{new},,Anthropic,Claude Next 9\nanthropic.claude-sonnet-4-6,,Anthropic,Other Name\n"
    );
    world.write("add/models.csv", models);
    let profiles = "profile_id,source_region,destination_regions\n";
    let profiles =
        world.write("profiles.csv", format!("{profiles}us.{new},us-east-1,us-east-1;us-west-2\n"));
    let prices =
        world.write("new.csv", format!("{PRICES}\n{new},regional,*,standard,0,input,1,,\n{new},regional,*,standard,0,output,2,,\n"));
    let all = ["--day", DAY, "--catalog-add", "add", "--catalog-add", &profiles];
    world.run(&[all.as_slice(), &["--price-overrides", &prices]].concat()).ends(0);
    let row = &world.rows("invocations", DAY)[0];
    assert_eq!(row["model_name"], "Claude Next 9");
    assert_ne!(row["list_cost_usd"], Value::Null);
    let name = ["explain", "anthropic.claude-sonnet-4-6", "--catalog-add", "add"];
    assert!(world.hoptrail(&name).ends(0).stdout.contains("Other Name"));
    world.hoptrail(&["explain", "amazon.nova-pro-v1:0", "--catalog-add", "add"]).ends(0);
    let alone = world.hoptrail(&["explain", new, "--catalog-add", &profiles]);
    alone
        .says(2, &["profiles.csv", "line 2", "unknown model `anthropic.claude-next-9`", "nearest"]);
}

#[test]
fn profile_without_destinations_is_an_error_of_any_catalog() {
    let world = World::new();
    let header = "profile_id,source_region,destination_regions\n";
    let row = "us.anthropic.claude-sonnet-4-6,us-east-1,";
    world.write("own/inference_profiles.csv", format!("{header}us-gov.{row}\n{row}us-east-1\n"));
    world.hoptrail(&["explain", "amazon.nova-pro-v1:0", "--catalog", "own"]).ends(0);
    world.write("own/inference_profiles.csv", format!("{header}{row}\n"));
    for option in ["--catalog", "--catalog-add"] {
        let run = world.hoptrail(&["explain", "amazon.nova-pro-v1:0", option, "own"]);
        run.says(2, &["own: inference_profiles.csv: line 2", "a profile without destinations"]);
    }
}

#[test]
fn price_override_that_no_call_can_meet_is_an_error() {
    let world = World::new();
    let row = "anthropic.claude-sonnet-4-6,regional,eu-mars-1,standard,0,input,1,,\n";
    let prices = world.write("own.csv", format!("{PRICES}\n{row}"));
    let run = world.hoptrail(&["explain", "amazon.nova-pro-v1:0", "--price-overrides", &prices]);
    run.says(2, &["own.csv", "line 2", "source_region: unknown Region `eu-mars-1`"]);
    let row = "anthropic.claude-sonnet-4-7,regional,*,standard,0,input,1,,\n";
    let prices = world.write("own.csv", format!("{PRICES}\n{row}"));
    let run = world.hoptrail(&["explain", "amazon.nova-pro-v1:0", "--price-overrides", &prices]);
    run.says(2, &["own.csv", "line 2", "the nearest is `anthropic.claude-sonnet-4-"]);
}

/// What is new of a model that only its profile names: AWS says which model that is, and where it leads.
#[test]
fn list_of_system_profiles_alone_makes_their_models_known() {
    let world = World::new();
    let new = "anthropic.claude-next-9";
    let record =
        with(call("a", "2026-10-05T12:00:00Z"), "/requestParameters/modelId", format!("us.{new}"));
    world.object("20261005T1205Z", "a", &[record]);
    let profile = |id: &str, model: &str, regions: &[&str]| {
        let arn = |region: &&str| json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{model}") });
        json!({ "inferenceProfileId": id, "type": "SYSTEM_DEFINED", "status": "ACTIVE",
            "inferenceProfileName": "US Anthropic Claude Next 9",
            "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/{id}"),
            "models": regions.iter().map(arn).collect::<Vec<_>>() })
    };
    let known = profile(&format!("us.{new}"), new, &["us-east-1", "us-west-2"]);
    let other = profile("us.anthropic.claude-next-8", new, &["us-east-1"]);
    let page = |profile: &Value, token: Option<&str>| {
        json!({ "inferenceProfileSummaries": [profile], "nextToken": token }).to_string()
    };
    let pages = format!("{}\n{}", page(&known, Some("t")), page(&other, None));
    let file = world.write("profiles.json", pages);
    let run =
        world.hoptrail(&["catalog", "import", &file, "--to", "new", "--at", "2026-11-29"]).ends(3);
    assert!(run.stderr.contains("new: 2 rows added, 0 changed, 0 as before"), "{}", run.stderr);
    let part = format!("us.anthropic.claude-next-8: not imported: a profile of `{new}`");
    assert!(run.stderr.contains(&part), "{}", run.stderr);
    world.hoptrail(&["catalog", "check", "new"]).ends(0);
    world.run(&["--day", DAY, "--catalog", "new"]).ends(0);
    let row = &world.rows("invocations", DAY)[0];
    let found =
        ["model_id", "model_name", "model_provider", "cost_gap"].map(|name| row[name].clone());
    let gap = "no_price";
    assert_eq!(found, [json!(new), Value::Null, json!("Anthropic"), json!(gap)]);
    let other = world.hoptrail(&["explain", &format!("us.{new}")]);
    assert!(other.ends(5).stdout.contains("`hoptrail catalog import`"));
}

/// AWS's lists hold names that no call can have.
#[test]
fn model_that_no_catalog_can_hold_is_not_imported() {
    let world = World::new();
    let model = |id: &str, name: &str, provider: &str| json!({ "modelId": id, "modelName": name, "providerName": provider });
    let models = [
        model("", "None", "X"),
        model("Claude Next", "Claude Next", "Anthropic"),
        model("us.anthropic.claude-sonnet-4-6", "A profile", "Anthropic"),
        model("anthropic.claude-next-9", " Claude Next 9 ", "Anthropic"),
    ];
    let file = world.write("models.json", json!({ "modelSummaries": models }).to_string());
    let run = world.hoptrail(&["catalog", "import", &file, "--to", "new"]).ends(3);
    assert_eq!(run.stderr.matches("not imported: model_id: ").count(), 3, "{}", run.stderr);
    world.hoptrail(&["catalog", "check", "new"]).ends(0);
    assert!(
        content(&world, "new/models.csv")
            .contains("\nanthropic.claude-next-9,anthropic.claude-next-9,Anthropic,Claude Next 9,")
    );
}

fn header(name: &str) -> String {
    let text = fs::read_to_string(crate::world::repository().join("config").join(name)).unwrap();
    format!("{}\n", text.lines().next().unwrap())
}

#[test]
fn summary_says_how_old_catalog_and_book_are() {
    let world = World::new();
    world.object("20261005T1205Z", "a", &[call("a", "2026-10-05T12:00:00Z")]);
    let run = world.run(&["--day", DAY]).ends(0);
    assert!(
        run.stdout.contains("\nKnown        newest model or profile of 2026-"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("days before"), "{}", run.stdout);
    let source = "ListFoundationModels 2026-06-01";
    world.write("old/models.csv", format!("{}x.one,,X,,,,{source}\n", header("models.csv")));
    world.write("old/inference_profiles.csv", header("inference_profiles.csv"));
    let prices = format!(
        "{PRICES},source,source_date\nx.one,regional,*,standard,0,input,1,,,s,2026-06-01\n"
    );
    let prices = world.write("old.csv", prices);
    let run = world.run(&["--day", DAY, "--catalog", "old", "--prices", &prices]).ends(0);
    for part in [
        "newest model or profile of 2026-06-01, newest price of 2026-06-01",
        "more than 60 days before 2026-10-05",
        "1 call without a known model and 1 call with tokens but no price",
    ] {
        assert!(run.stdout.contains(part), "no `{part}` in: {}", run.stdout);
    }
    let versions = world.hoptrail(&["--version", "-v"]).ends(0).stdout;
    assert!(versions.contains("\nnewest model or profile of 2026-"), "{versions}");
}

/// The first entry of a bulk file with one product, with a part of it replaced.
fn bulk(from: &str, to: &str) -> String {
    let text = r#"{"formatVersion": "v1.0", "publicationDate": "2026-11-28T01:02:03Z",
"products": {"S": {"sku": "S", "attributes": {"regionCode": "eu-west-3", "usagetype": "EUW3-NovaPro-input-tokens"}}},
"terms": {"OnDemand": {"S": {"S.T": {"sku": "S", "effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions":
{"r": {"unit": "1K tokens", "beginRange": "0", "pricePerUnit": {"USD": "0.0020000000"}}}}}}}}"#;
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// The rate card of Claude Sonnet 4.6.
fn rates(rates: &[(&str, &str)]) -> String {
    let rates = rates.iter().map(|(name, price)| json!({ "dimension": name, "price": price }));
    let term = json!({ "usageBasedPricingTerm": { "rateCard": rates.collect::<Vec<_>>() } });
    json!({ "modelId": "anthropic.claude-sonnet-4-6", "offers": [{ "termDetails": term }] })
        .to_string()
}

#[test]
fn changed_price_is_a_new_dated_row_and_the_old_one_is_closed() {
    let world = World::new();
    let file = world.write("bulk.json", bulk("S", "S"));
    world.hoptrail(&["prices", "import", &file, "--to", "new.csv"]).ends(0);
    let text = content(&world, "new.csv");
    let of_paris = text.lines().filter(|line| {
        line.starts_with("amazon.nova-pro-v1:0,regional,eu-west-3,standard,0,input,")
    });
    let of_paris = of_paris.map(|line| line.split(',').skip(6).collect::<Vec<_>>().join(","));
    let expected = [
        "1.18,,2026-11-01,AWS Price List 2026-08-20,2026-08-20",
        "2,2026-11-01,,AWS Price List 2026-11-28,2026-11-28",
    ];
    assert_eq!(of_paris.collect::<Vec<_>>(), expected);
    // `aws pricing get-products` prints the same product as a text.
    let bulk = serde_json::from_str::<Value>(&bulk("S", "S")).unwrap();
    let item = json!({ "product": bulk["products"]["S"], "publicationDate": bulk["publicationDate"],
        "terms": { "OnDemand": bulk["terms"]["OnDemand"]["S"] } });
    let list = json!({ "FormatVersion": "aws_v1", "PriceList": [item.to_string()] });
    let file = world.write("list.json", list.to_string());
    world.hoptrail(&["prices", "import", &file, "--to", "listed.csv"]).ends(0);
    assert!(content(&world, "listed.csv") == text);
    // A Region of a model with one price everywhere keeps that price for the days before.
    let rate = r#"{"modelId": "anthropic.claude-sonnet-4-6", "offers": [{"termDetails": {"usageBasedPricingTerm":
        {"rateCard": [{"dimension": "EUC1_InputTokenCount", "price": "3.9", "unit": "Units"}]}}}]}"#;
    let file = world.write("offers.json", rate);
    let import = ["prices", "import", &file, "--to", "new.csv", "--at", "2026-11-29"];
    world.hoptrail(&import).ends(0);
    let text = content(&world, "new.csv");
    let key = "anthropic.claude-sonnet-4-6,regional,eu-central-1,standard,0,input,";
    let found = text.lines().filter_map(|line| line.strip_prefix(key)).collect::<Vec<_>>();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("3.3,,2026-11-29,"), "{found:?}");
    assert_eq!(found[1], "3.9,2026-11-29,,ListFoundationModelAgreementOffers,2026-11-29");
}

#[test]
fn file_of_prices_that_cannot_be_used_is_an_error_with_its_place() {
    let world = World::new();
    let whole = bulk("S", "S");
    let cut = &whole[..whole.len() / 2];
    for (text, parts) in [
        (cut.to_owned(), ["bulk.json", "EOF while parsing", "line 3"].as_slice()),
        (bulk("v1.0", "v2.0"), &["formatVersion", "newer format", "v2.0"]),
        (bulk("USD", "CNY"), &["bulk.json: S", "expected USD, found `CNY`"]),
        (bulk("0.0020000000", "-0.002"), &["bulk.json: S", "not negative", "-0.002"]),
        (bulk("0.0020000000", "2E-3"), &["bulk.json: S", "plain decimal number", "2E-3"]),
        ("{}".to_owned(), &["found neither"]),
        ("what\n".to_owned(), &["line 1", "expected a price list of AWS, found `what`"]),
        ("SKU,TermType\n".to_owned(), &["line 1", "expected a column effectivedate"]),
        // Behind what Windows writes before UTF-8.
        (
            format!("\u{feff}{}", bulk("USD", "EUR")),
            &["/bulk.json: S: pricePerUnit", "found `EUR`", "at line 4"],
        ),
    ] {
        let file = world.write("bulk.json", text);
        world.hoptrail(&["prices", "import", &file, "--to", "new.csv"]).says(1, parts);
        assert!(!world.path("new.csv").exists());
    }
    let one = world.write("one.json", bulk("S", "S"));
    let other = world.write("other.json", bulk("0.0020000000", "0.003"));
    let both = ["prices", "import", &one, &other, "--to", "new.csv"];
    world.hoptrail(&both).says(1, &["one.json: S", "other.json: S", "disagree: 2 and 3"]);
}

#[test]
fn what_an_import_does_not_understand_is_listed_and_not_guessed() {
    let world = World::new();
    for (text, part) in [
        (bulk("NovaPro", "NovaUltra"), "no known model is called `NovaUltra`"),
        (bulk("input-tokens", "input-tokens-lunar"), "the word `lunar`"),
        (bulk("eu-west-3", "eu-west-9"), "unknown Region `eu-west-9`"),
        (bulk("0.0020000000", "0.0000000000"), "a price of 0"),
        (bulk("0.0020000000", "0.0000000001"), "finer than the tables keep"),
        (bulk("2026-11-01T", "2026-13-01T"), ""),
        (bulk("\"OnDemand\"", "\"Reserved\""), "bulk.json: not imported: no price in it"),
        (rates(&[("InputTokenCount", "1")]), "no billing code of a Region"),
        (rates(&[("USE9_InputTokenCount", "1")]), "unknown billing code `USE9`"),
        (rates(&[("USE1_InputTokenCount", "3.30000001")]), "finer than the tables keep"),
        (rates(&[]), "bulk.json: not imported: no price in it"),
    ] {
        let file = world.write("bulk.json", text);
        let run = world.hoptrail(&["prices", "import", &file, "--to", "new.csv"]);
        if part.is_empty() {
            run.says(1, &["effectiveDate"]);
            continue;
        }
        let run = run.ends(3);
        assert!(run.stderr.contains(part), "no `{part}` in: {}", run.stderr);
        world.hoptrail(&["prices", "export", "--to", "old.csv"]).ends(0);
        assert!(content(&world, "new.csv") == content(&world, "old.csv"));
    }
    let profile = |id: &str, kind: &str| {
        json!({ "inferenceProfileId": id, "type": kind,
            "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/{id}"),
            "models": [{ "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/x.none" }] })
    };
    let one = world.write("one.json", profile("us.x.none", "SYSTEM_DEFINED").to_string());
    let list = json!({ "inferenceProfileSummaries": [profile("abc", "APPLICATION")] });
    let list = world.write("list.json", list.to_string());
    let run = world.hoptrail(&["catalog", "import", &one, &list, "--to", "new"]).ends(3);
    for part in ["unknown model `x.none`", "an application profile: give the file to --aliases"] {
        assert!(run.stderr.contains(part), "no `{part}` in: {}", run.stderr);
    }
    let model = json!({ "modelDetails": { "modelId": "x.none", "modelName": "None",
        "providerName": "X", "inferenceTypesSupported": ["INFERENCE_PROFILE"] } });
    let model = world.write("model.json", model.to_string());
    world.hoptrail(&["catalog", "import", &one, &model, "--to", "both"]).ends(0);
    let profiles = content(&world, "both/inference_profiles.csv");
    assert!(
        profiles.contains("\nus.x.none,us-east-1,us-east-1,ListInferenceProfiles "),
        "{profiles}"
    );
    let page = world.write("page.json", r#"{"modelSummaries": [], "nextToken": "x"}"#);
    world.hoptrail(&["catalog", "import", &page, "--to", "new"]).says(1, &["one page of several"]);
}
