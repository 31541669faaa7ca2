//! A bill of the same calls, written by this second program, agrees; and each kind of difference is named as what it is.

use std::fs::{self, File};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use testkit::Dice;

use crate::costs::{entry, lines};
use crate::world::{ACCOUNT, Run, World, call, with};

const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];
const MILLIS_OF_DAY: i64 = 86_400_000;
/// 2026-10-05T00:00:00Z.
const FIRST: i64 = 1_791_158_400_000;

/// A way to call a model, and how its usage is billed: the published prices per million tokens in millionths of a
/// dollar, of input, output, cache reads, cache writes of 5 minutes and of an hour.
struct Offer {
    model_ref: &'static str,
    region: &'static str,
    tier: &'static str,
    /// The usage types of the kinds.
    usage_types: [&'static str; 5],
    product: &'static str,
    unit: &'static str,
    prices: [i128; 5],
}

const OFFERS: [Offer; 4] = [
    Offer {
        model_ref: "us.anthropic.claude-sonnet-4-6",
        region: "us-east-1",
        tier: "default",
        usage_types: [
            "USE1-Claude4.6Sonnet-input-tokens",
            "USE1-Claude4.6Sonnet-output-tokens",
            "USE1-Claude4.6Sonnet-cache-read-input-token-count",
            "USE1-Claude4.6Sonnet-cache-write-input-token-count",
            "USE1-Claude4.6Sonnet-cache-write-1h-input-token-count",
        ],
        product: "",
        unit: "1K tokens",
        prices: [3_300_000, 16_500_000, 330_000, 4_125_000, 6_600_000],
    },
    Offer {
        model_ref: "global.anthropic.claude-sonnet-4-6",
        region: "us-west-2",
        tier: "default",
        usage_types: [
            "USW2-Claude4.6Sonnet-input-tokens-cross-region-global",
            "USW2-Claude4.6Sonnet-output-tokens-cross-region-global",
            "USW2-Claude4.6Sonnet-cache-read-input-token-count-cross-region-global",
            "USW2-Claude4.6Sonnet-cache-write-input-token-count-cross-region-global",
            "USW2-Claude4.6Sonnet-cache-write-1h-input-token-count-cross-region-global",
        ],
        product: "",
        unit: "1M tokens",
        prices: [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
    },
    Offer {
        model_ref: "us.anthropic.claude-opus-5-5",
        region: "us-west-2",
        tier: "default",
        usage_types: [
            "USW2-MP:USW2_InputTokenCount-Units",
            "USW2-MP:USW2_OutputTokenCount-Units",
            "USW2-MP:USW2_CacheReadInputTokenCount-Units",
            "USW2-MP:USW2_cache_write_tokens_standard-Units",
            "USW2-MP:USW2_cache_write_tokens_1h_standard-Units",
        ],
        product: "Claude Opus 5.5 (Amazon Bedrock Edition)",
        unit: "Units",
        prices: [4_400_000, 22_000_000, 220_000, 5_500_000, 8_800_000],
    },
    Offer {
        model_ref: "amazon.nova-pro-v1:0",
        region: "us-east-1",
        tier: "priority",
        usage_types: [
            "USE1-NovaPro-input-tokens-priority",
            "USE1-NovaPro-output-tokens-priority",
            "USE1-NovaPro-cache-read-input-token-count-priority",
            "",
            "",
        ],
        product: "",
        unit: "1K tokens",
        prices: [1_400_000, 5_600_000, 350_000, 0, 0],
    },
];

/// A line of a bill. Amounts are decimal texts, which are written as the doubles that they are read from.
#[derive(Debug, Clone)]
struct BillRow {
    day: usize,
    line_type: &'static str,
    usage_type: String,
    product: String,
    unit: String,
    quantity: String,
    list: String,
    net: String,
    principal: String,
    invoice: &'static str,
}

/// Calls of three days with token counts of every kind, as a trail with its invocation log; and their bill.
fn world(seed: u64) -> (World, Vec<BillRow>) {
    let (world, mut dice) = (World::new(), Dice::new(seed));
    let (mut records, mut entries, mut rows) = (Vec::new(), Vec::new(), Vec::<BillRow>::new());
    for (day, dt) in DAYS.into_iter().enumerate() {
        for (number, offer) in OFFERS.iter().enumerate() {
            let mut sums = [0_i64; 5];
            for n in 0..3 {
                let id = format!("e{day}-{number}-{n}");
                let time = format!("{dt}T1{n}:00:00Z");
                let mut tokens = [(); 5].map(|()| i64::try_from(dice.below(9_999)).unwrap() + 1);
                for (place, usage_type) in offer.usage_types.iter().enumerate() {
                    if usage_type.is_empty() {
                        tokens[place] = 0;
                    }
                }
                let record = with(call(&id, &time), "/awsRegion", offer.region);
                let record = with(record, "/requestParameters/modelId", offer.model_ref);
                let record =
                    with(record, "/additionalEventData", json!({"serviceTier": offer.tier}));
                records.push(record);
                let [input, output, read, write_5m, write_1h] = tokens;
                let split = json!([{"ttl": "5m", "inputTokens": write_5m}, {"ttl": "1h", "inputTokens": write_1h}]);
                let input = json!({"inputTokenCount": input, "cacheReadInputTokenCount": read,
                                   "cacheWriteInputTokenCount": write_5m + write_1h});
                let output = json!({"outputBodyJson": {"usage": {"cacheDetails": split}},
                                    "outputTokenCount": output});
                let entry = entry(&format!("request-of-{id}"), &time, &input, &output);
                let entry = with(entry, "/region", offer.region);
                entries.push(with(entry, "/modelId", offer.model_ref));
                sums.iter_mut().zip(tokens).for_each(|(sum, n)| *sum += n);
            }
            for (kind, tokens) in sums.into_iter().enumerate().filter(|(_, tokens)| *tokens > 0) {
                let n_units = if offer.unit == "1K tokens" { 3 } else { 6 };
                // Units of 10^-12 dollars: tokens × millionths of a dollar per million tokens.
                let cost = decimal(i128::from(tokens) * offer.prices[kind], 12);
                rows.push(BillRow {
                    day,
                    line_type: "Usage",
                    usage_type: offer.usage_types[kind].to_owned(),
                    product: offer.product.to_owned(),
                    unit: offer.unit.to_owned(),
                    quantity: decimal(i128::from(tokens), n_units),
                    list: cost.clone(),
                    net: cost,
                    principal: format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/session"),
                    invoice: "123",
                });
            }
        }
    }
    world.write("trail/all.json", json!({ "Records": records }).to_string());
    world.write("logs/all.json.gz", lines(&entries));
    build(&world, &[]);
    (world, rows)
}

fn build(world: &World, more: &[&str]) {
    let arguments = ["--layout", "any", "--invocation-logs", "logs"];
    world.run(&[&arguments[..], more].concat()).ends(0);
}

/// A whole number with its point moved.
fn decimal(units: i128, places: usize) -> String {
    let digits = format!("{:0>width$}", units, width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{whole}.{fraction}")
}

fn doubles(texts: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(texts.map(|text| text.parse::<f64>().unwrap())))
}

fn strings(texts: impl Iterator<Item = String>) -> ArrayRef {
    let texts = texts.map(|text| (!text.is_empty()).then_some(text));
    Arc::new(StringArray::from_iter(texts))
}

/// The columns of an export with these rows.
fn columns(rows: &[BillRow], is_cur: bool) -> Vec<(&'static str, ArrayRef)> {
    let of = |get: fn(&BillRow) -> String| strings(rows.iter().map(get));
    let amounts = |get: fn(&BillRow) -> String| doubles(rows.iter().map(get));
    let starts = rows.iter().map(|row| FIRST + i64::try_from(row.day).unwrap() * MILLIS_OF_DAY);
    let starts: ArrayRef = Arc::new(TimestampMillisecondArray::from_iter_values(starts));
    let code = |row: &BillRow| {
        let is_market = !row.product.is_empty();
        if is_market { "4qz1abcde".to_owned() } else { "AmazonBedrock".to_owned() }
    };
    let account = || strings(rows.iter().map(|_| ACCOUNT.to_owned()));
    let payer = strings(rows.iter().map(|_| "999988887777".to_owned()));
    if is_cur {
        return vec![
            ("bill_payer_account_id", payer),
            ("bill_invoice_id", of(|row| row.invoice.to_owned())),
            ("line_item_usage_account_id", account()),
            ("line_item_usage_start_date", starts),
            ("line_item_line_item_type", of(|row| row.line_type.to_owned())),
            ("line_item_product_code", strings(rows.iter().map(code))),
            ("line_item_usage_type", of(|row| row.usage_type.clone())),
            ("line_item_usage_amount", amounts(|row| row.quantity.clone())),
            ("line_item_unblended_cost", amounts(|row| row.list.clone())),
            ("line_item_net_unblended_cost", amounts(|row| row.net.clone())),
            ("pricing_unit", of(|row| row.unit.clone())),
            ("pricing_public_on_demand_cost", amounts(|row| row.list.clone())),
            ("product_product_name", of(|row| row.product.clone())),
            ("line_item_iam_principal", of(|row| row.principal.clone())),
        ];
    }
    vec![
        ("BillingAccountId", payer),
        ("InvoiceId", of(|row| row.invoice.to_owned())),
        ("SubAccountId", account()),
        ("ChargePeriodStart", starts),
        ("ChargeCategory", of(|row| row.line_type.to_owned())),
        ("x_ServiceCode", strings(rows.iter().map(code))),
        ("x_UsageType", of(|row| row.usage_type.clone())),
        ("ServiceName", of(|row| row.product.clone())),
        ("PricingQuantity", amounts(|row| row.quantity.clone())),
        ("PricingUnit", of(|row| row.unit.clone())),
        ("ListCost", amounts(|row| row.list.clone())),
        ("ContractedCost", amounts(|row| row.net.clone())),
    ]
}

fn write_bill(world: &World, name: &str, columns: Vec<(&'static str, ArrayRef)>) {
    let path = world.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn reconcile(world: &World, more: &[&str]) -> Run {
    let out = world.text("out");
    let range = ["--from", DAYS[0], "--to", DAYS[2]];
    let arguments = ["reconcile", "--bill", "bill", "--dest", &out];
    world.hoptrail(&[&arguments[..], &range, more].concat())
}

/// The JSON of a comparison of these rows.
fn compared(world: &World, rows: &[BillRow], more: &[&str]) -> Value {
    let _ = fs::remove_dir_all(world.path("bill"));
    write_bill(world, "bill/data/BILLING_PERIOD=2026-10/a.parquet", columns(rows, true));
    let run = reconcile(world, &[&["--format", "json"], more].concat()).ends(0);
    serde_json::from_str(&run.stdout).unwrap()
}

/// How many lines have each verdict but `agree`, with the day and kind of the first.
fn differences(found: &Value) -> Vec<(String, String, String)> {
    let lines = found["lines"].as_array().unwrap().iter();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let differ = lines.filter(|line| line["verdict"] != "agree");
    differ.map(|line| (text(line, "verdict"), text(line, "dt"), text(line, "token_kind"))).collect()
}

#[test]
fn bill_of_the_same_calls_agrees_in_both_exports() {
    let (world, rows) = world(1);
    for is_cur in [true, false] {
        let _ = fs::remove_dir_all(world.path("bill"));
        write_bill(&world, "bill/a.parquet", columns(&rows[..20], is_cur));
        write_bill(&world, "bill/b.parquet", columns(&rows[20..], is_cur));
        let run = reconcile(&world, &["--format", "json", "--fail-on", "differs"]).ends(0);
        let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
        assert_eq!(differences(&found), [], "{run:?}");
        // Writes of both lifetimes are one line.
        assert_eq!(found["lines"].as_array().unwrap().len(), DAYS.len() * (3 * 4 + 3));
        assert_eq!(found["export"], if is_cur { "CUR 2.0" } else { "FOCUS 1.2" });
        assert_eq!(found["months"], json!([{"month": "2026-10", "is_closed": true}]));
        for line in found["lines"].as_array().unwrap() {
            assert_eq!(line["billed_tokens"], line["seen_tokens"]);
            assert_eq!(line["billed_list_cost_usd"], line["seen_list_cost_usd"], "{line}");
        }
        let page = reconcile(&world, &[]).ends(0).stdout;
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(!page.contains("Differences") && page.contains("closed"), "{page}");
    }
}

#[test]
fn discount_of_the_bill_is_printed_as_a_file_with_which_both_agree() {
    let (world, mut rows) = world(2);
    for row in &mut rows {
        let cost = row.list.replace('.', "").parse::<i128>().unwrap();
        row.net = decimal(cost * 95, 14);
    }
    let found = compared(&world, &rows, &[]);
    assert_eq!(differences(&found), []);
    let file = found["discount_file"].as_str().unwrap();
    assert!(file.contains("\n0.95,,,,,,2026-10-05,2026-10-08,the bill\n"), "{file}");
    world.write("discount.csv", file);
    // List prices alone do not come to the net cost of a bill that was discounted otherwise.
    world.write("other.csv", file.replace("0.95", "0.94"));
    build(&world, &["--discount", "other.csv", "--force"]);
    let found = compared(&world, &rows, &[]);
    assert!(found["lines"].as_array().unwrap().iter().all(|line| line["differs_in"] == "net cost"));
    build(&world, &["--discount", "discount.csv", "--force"]);
    assert_eq!(differences(&compared(&world, &rows, &["--fail-on", "differs"])), []);

    // Another discount for one model is a row of its own, and so are all others.
    for row in rows.iter_mut().filter(|row| row.usage_type.contains("Nova")) {
        row.net.clone_from(&row.list);
    }
    let file = compared(&world, &rows, &[])["discount_file"].as_str().unwrap().to_owned();
    world.write("discount.csv", &file);
    build(&world, &["--discount", "discount.csv", "--force"]);
    assert_eq!(differences(&compared(&world, &rows, &["--fail-on", "differs"])), [], "{file}");
}

#[test]
fn each_difference_gets_its_own_verdict() {
    let (world, rows) = world(3);
    let day = |place: usize| DAYS[place].to_owned();
    let one =
        |verdict: &str, at: usize, kind: &str| vec![(verdict.to_owned(), day(at), kind.to_owned())];
    let at = |usage_type: &str, day: usize| {
        rows.iter().position(|row| row.usage_type == usage_type && row.day == day).unwrap()
    };
    let input = at("USE1-Claude4.6Sonnet-input-tokens", 1);
    let changed = |change: &dyn Fn(&mut Vec<BillRow>)| {
        let mut rows = rows.clone();
        change(&mut rows);
        compared(&world, &rows, &[])
    };
    // A kind is missing.
    let found = changed(&|rows| drop(rows.remove(input)));
    assert_eq!(differences(&found), one("only seen", 1, "input"));
    // Another unit: a thousand times the tokens at the same cost.
    let found = changed(&|rows| rows[input].unit = "1M tokens".to_owned());
    assert_eq!(differences(&found), one("tokens differ", 1, "input"));
    // A unit that nobody knows is an error of its row, and guessed by nobody.
    let found = changed(&|rows| rows[input].unit = "GB".to_owned());
    assert_eq!(differences(&found), one("only seen", 1, "input"));
    assert_eq!(found["not_understood"][0]["what"], "the unit `GB`");
    // Another Region.
    let found =
        changed(&|rows| rows[input].usage_type = rows[input].usage_type.replace("USE1", "USE2"));
    let names = differences(&found).into_iter().map(|(verdict, ..)| verdict).collect::<Vec<_>>();
    assert_eq!(names, ["only seen", "only billed"]);
    // Global for regional.
    let found = changed(&|rows| rows[input].usage_type += "-cross-region-global");
    let mut names =
        differences(&found).into_iter().map(|(verdict, ..)| verdict).collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, ["only billed", "only seen"]);
    // Another tier.
    let found = changed(&|rows| rows[input].usage_type += "-flex");
    let mut names =
        differences(&found).into_iter().map(|(verdict, ..)| verdict).collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, ["only billed", "only seen"]);
    // One token more.
    let found = changed(&|rows| {
        let tokens = rows[input].quantity.replace('.', "").parse::<i128>().unwrap();
        rows[input].quantity = decimal(tokens + 1, 3);
    });
    assert_eq!(differences(&found), one("tokens differ", 1, "input"));
}

#[test]
fn price_of_the_bill_is_printed_as_a_file_with_which_both_agree() {
    let (world, mut rows) = world(9);
    let is_input = |row: &&mut BillRow| row.usage_type == "USE1-Claude4.6Sonnet-input-tokens";
    // $4 per million instead of $3.3 from the second day on.
    for row in rows.iter_mut().filter(is_input).filter(|row| row.day > 0) {
        let cost = row.list.replace('.', "").parse::<i128>().unwrap();
        row.list = decimal(cost / 33 * 40, 12);
        row.net.clone_from(&row.list);
    }
    let found = compared(&world, &rows, &[]);
    let verdicts = differences(&found);
    let expected = [1, 2].map(|day| ("price differs", DAYS[day], "input"));
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(verdicts, expected);
    let file = found["price_override_file"].as_str().unwrap();
    let row = "\nanthropic.claude-sonnet-4-6,regional,us-east-1,standard,0,input,4,2026-10-06,2026-10-08,the bill,2026-10-07\n";
    assert!(file.ends_with(row), "{file}");
    world.write("prices.csv", file);
    build(&world, &["--price-overrides", "prices.csv", "--force"]);
    assert_eq!(differences(&compared(&world, &rows, &["--fail-on", "differs"])), [], "{file}");

    // Two prices in the days, each from its day on.
    for row in rows.iter_mut().filter(is_input).filter(|row| row.day == 2) {
        let cost = row.list.replace('.', "").parse::<i128>().unwrap();
        row.list = decimal(cost / 40 * 41, 12);
        row.net.clone_from(&row.list);
    }
    build(&world, &["--force"]);
    let found = compared(&world, &rows, &[]);
    let file = found["price_override_file"].as_str().unwrap();
    let of = |row: &str| format!("input,{row},the bill,2026-10-07\n");
    assert!(file.contains(&of("4,2026-10-06,2026-10-07")), "{file}");
    assert!(file.contains(&of("4.1,2026-10-07,2026-10-08")), "{file}");
    world.write("prices.csv", file);
    build(&world, &["--price-overrides", "prices.csv", "--force"]);
    assert_eq!(differences(&compared(&world, &rows, &["--fail-on", "differs"])), [], "{file}");
}

/// Bills round each amount to ten places, so that no line has exactly the factor that was agreed on.
#[test]
fn discount_of_rounded_amounts_is_one_row() {
    let (world, mut rows) = world(10);
    let rounded = |units: i128, places: u32| {
        let half = 10_i128.pow(places - 10) / 2;
        decimal((units + half) / 10_i128.pow(places - 10), 10)
    };
    for row in &mut rows {
        let cost = row.list.replace('.', "").parse::<i128>().unwrap();
        row.list = rounded(cost, 12);
        row.net = rounded(cost * 8725, 16);
    }
    let found = compared(&world, &rows, &[]);
    assert_eq!(differences(&found), []);
    let file = found["discount_file"].as_str().unwrap();
    assert!(file.ends_with("\n0.8725,,,,,,2026-10-05,2026-10-08,the bill\n"), "{file}");
    world.write("discount.csv", file);
    build(&world, &["--discount", "discount.csv", "--force"]);
    let found = compared(&world, &rows, &["--fail-on", "differs"]);
    assert_eq!(differences(&found), []);
    assert_eq!(found["discount_file"], Value::Null, "the tables have it already");

    // From the second day on, for one model only.
    for row in rows.iter_mut().filter(|row| row.day == 0 || !row.usage_type.contains("Nova")) {
        row.net.clone_from(&row.list);
    }
    let file = compared(&world, &rows, &[])["discount_file"].as_str().unwrap().to_owned();
    let row = "\n0.8725,amazon.nova-pro-v1:0,,,,,2026-10-06,2026-10-08,the bill\n";
    assert!(file.ends_with(row) && file.lines().count() == 2, "{file}");
    // A surcharge is no discount, and is said to be none.
    for row in &mut rows {
        row.net = format!("{}", row.list.parse::<f64>().unwrap() * 1.03);
    }
    let _ = fs::remove_dir_all(world.path("bill"));
    write_bill(&world, "bill/a.parquet", columns(&rows, true));
    let page = reconcile(&world, &[]).ends(0).stdout;
    assert!(page.contains("(1.03 of it)") || page.contains("(1.029999 of it)"), "{page}");
    assert!(page.contains("18 kinds of usage without a row for --discount"), "{page}");
}

#[test]
fn what_is_no_difference_of_usage_is_told_apart() {
    let (world, rows) = world(7);
    let day = |place: usize| DAYS[place].to_owned();
    let input =
        rows.iter().position(|row| row.usage_type == "USE1-Claude4.6Sonnet-input-tokens").unwrap();
    let changed = |change: &dyn Fn(&mut Vec<BillRow>)| {
        let mut rows = rows.clone();
        change(&mut rows);
        compared(&world, &rows, &[])
    };
    // A day that the bill does not have yet is no difference; one that is cut out is.
    let found = changed(&|rows| rows.retain(|row| row.day != 2));
    assert!(
        differences(&found)
            .iter()
            .all(|(verdict, dt, _)| verdict == "not billed yet" && *dt == day(2))
    );
    assert_eq!(differences(&found).len(), 15);
    let found = changed(&|rows| rows.retain(|row| row.day != 1));
    assert!(
        differences(&found).iter().all(|(verdict, dt, _)| verdict == "only seen" && *dt == day(1))
    );
    // Credits and taxes are shown apart, what is not per token as well, and a negative line counts against its like.
    let found = changed(&|rows| {
        for (line_type, usage_type) in
            [("Credit", "USE1-NovaPro-input-tokens-priority"), ("Usage", "USE1-NovaCanvas-images")]
        {
            let (usage_type, net) = (usage_type.to_owned(), "-5".to_owned());
            rows.push(BillRow { line_type, usage_type, net, ..rows[0].clone() });
        }
        let row =
            BillRow { quantity: "1".to_owned(), list: "0.1".to_owned(), ..rows[input].clone() };
        let minus = BillRow { quantity: "-1".to_owned(), list: "-0.1".to_owned(), ..row.clone() };
        let of = |row: BillRow| BillRow { net: row.list.clone(), ..row };
        rows.extend([of(row), of(minus)]);
    });
    assert_eq!(differences(&found), []);
    assert_eq!(
        found["other_charges"][0],
        json!({"name": "Credit", "lines": 1, "net_cost_usd": "-5"})
    );
    assert_eq!(found["other_units"][0]["name"], "images");
    // Usage of the Marketplace whose model is not named is listed, and so is a line without an amount or a cost.
    let of_opus = rows.iter().position(|row| row.usage_type.contains("MP:")).unwrap();
    let found = changed(&|rows| rows[of_opus].product.clear());
    assert_eq!(found["not_understood"][0]["what"], "a model: the product has no name");
    let found = changed(&|rows| {
        let list = rows[of_opus].list.parse::<f64>().unwrap();
        rows[of_opus].net = format!("{}", list * 0.9);
    });
    assert_eq!(differences(&found), [], "what is discounted is no other price");
    // A model that nobody knows.
    let found =
        changed(&|rows| rows[input].usage_type = "USE1-Claude9Sonnet-input-tokens".to_owned());
    assert_eq!(found["not_understood"][0]["what"], "the model `Claude9Sonnet`");
}

#[test]
fn calls_without_counts_are_said_to_be_that() {
    let (world, rows) = world(4);
    let _ = fs::remove_dir_all(world.out());
    // The trail alone has no tokens.
    world.run(&["--layout", "any"]).ends(0);
    let found = compared(&world, &rows, &[]);
    let names = differences(&found).into_iter().map(|(verdict, ..)| verdict).collect::<Vec<_>>();
    assert_eq!(names.len(), 45);
    assert!(names.iter().all(|name| name == "no tokens here"), "{names:?}");
    let run = reconcile(&world, &["--fail-on", "differs"]).ends(4);
    assert!(run.stderr.contains("--fail-on differs: 45 lines with a difference"), "{}", run.stderr);
    assert!(run.stdout.contains("no tokens here: billed"), "{}", run.stdout);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
}

#[test]
fn months_that_cannot_have_the_usage_are_not_read() {
    let (world, rows) = world(14);
    write_bill(&world, "bill/BILLING_PERIOD=2026-10/a.parquet", columns(&rows[2..], true));
    // Billed late, and in the folder of that month.
    write_bill(&world, "bill/BILLING_PERIOD=2026-11/a.parquet", columns(&rows[..2], true));
    for month in ["2026-09", "2026-12", "2027-01"] {
        world.write(&format!("bill/BILLING_PERIOD={month}/a.parquet"), "no Parquet");
    }
    let run = reconcile(&world, &["--format", "json", "--fail-on", "differs"]).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!((&found["files"], &found["data_until"]), (&json!(2), &json!("2027-01-01")));
    world.write("bill/BILLING_PERIOD=2026-10/b.parquet", "no Parquet");
    let run = reconcile(&world, &[]).ends(1);
    assert!(run.stderr.contains("2026-10/b.parquet: expected a Parquet file"), "{}", run.stderr);
}

/// The tables have what was negotiated for all kinds of tokens of a usage together.
#[test]
fn net_cost_that_is_not_compared_is_said_to_be_that() {
    let (world, mut rows) = world(13);
    for row in &mut rows {
        let cost = row.list.replace('.', "").parse::<i128>().unwrap();
        row.net = decimal(cost * 95, 14);
    }
    let file = compared(&world, &rows, &[])["discount_file"].as_str().unwrap().to_owned();
    world.write("discount.csv", file);
    build(&world, &["--discount", "discount.csv", "--force"]);
    let of_nova = |row: &&mut BillRow| row.day == 1 && row.usage_type.contains("Nova");
    for row in rows.iter_mut().filter(of_nova) {
        row.net.clone_from(&row.list);
    }
    let found = compared(&world, &rows, &[]);
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = found["lines"].as_array().unwrap();
    let differing = lines.iter().filter(|line| line["verdict"] != "agree").collect::<Vec<_>>();
    assert_eq!(differing.len(), 3);
    for line in &differing {
        let [billed, contracted] =
            ["billed_net_cost_of_kinds_usd", "seen_contracted_cost_of_kinds_usd"]
                .map(|name| text(line, name).parse::<f64>().unwrap());
        assert!((billed * 0.95 - contracted).abs() < 1e-9, "{line}");
    }
    // One kind more that differs, and nothing is known of the others.
    let output = rows.iter_mut().find(|row| row.day == 1 && row.usage_type.contains("Pro-output"));
    output.unwrap().quantity = "0.001".to_owned();
    let _ = fs::remove_dir_all(world.path("bill"));
    write_bill(&world, "bill/a.parquet", columns(&rows, true));
    let page = reconcile(&world, &[]).ends(0).stdout;
    assert!(page.contains("2 lines that agree, but for the net cost"), "{page}");
    assert!(
        page.lines().filter(|line| !line.contains(',')).all(|line| line.chars().count() <= 80),
        "{page}"
    );
}

/// CloudTrail counts input and output at best; of the cache, it counts nothing.
#[test]
fn kinds_that_nothing_counts_are_no_difference_of_tokens() {
    let (world, _) = world(8);
    let _ = fs::remove_dir_all(world.out());
    let call =
        with(call("e", "2026-10-05T12:00:00Z"), "/requestParameters/modelId", OFFERS[0].model_ref);
    world.write("trail/all.json", json!({ "Records": [call] }).to_string());
    world.run(&["--layout", "any"]).ends(0);
    let row = |kind: usize, tokens: i128| BillRow {
        day: 0,
        line_type: "Usage",
        usage_type: OFFERS[0].usage_types[kind].to_owned(),
        product: String::new(),
        unit: OFFERS[0].unit.to_owned(),
        quantity: decimal(tokens, 3),
        list: decimal(tokens * OFFERS[0].prices[kind], 12),
        net: decimal(tokens * OFFERS[0].prices[kind], 12),
        principal: String::new(),
        invoice: "",
    };
    let found = compared(&world, &[row(0, 10), row(1, 3), row(2, 5000)], &[]);
    let verdicts = differences(&found);
    let verdicts = verdicts.iter().map(|(verdict, _, kind)| format!("{kind}: {verdict}"));
    let expected = ["output: tokens differ", "cache_read: no tokens here"];
    assert_eq!(verdicts.collect::<Vec<_>>(), expected);
    // The month is open, and it is the bill's last day: what is missing may come.
    let found = compared(&world, &[row(0, 10), row(1, 1)], &[]);
    let verdicts = differences(&found);
    assert_eq!(
        verdicts,
        [("not billed yet", DAYS[0], "output")]
            .map(|(a, b, c)| { (a.to_owned(), b.to_owned(), c.to_owned()) })
    );
    assert_eq!(found["months"], json!([{"month": "2026-10", "is_closed": false}]));
}

#[test]
fn what_is_not_billed_by_token_is_not_compared() {
    let (world, rows) = world(11);
    let mut records = Vec::new();
    for (name, model) in [
        (
            "custom",
            "arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.nova-pro-v1:0/abcdefghijkl",
        ),
        ("plain", "amazon.nova-pro-v1:0"),
    ] {
        let call = with(call(name, "2026-10-05T12:00:00Z"), "/requestParameters/modelId", model);
        records.push(call);
    }
    let _ = fs::remove_dir_all(world.out());
    world.write("trail/all.json", json!({ "Records": records }).to_string());
    world.run(&["--layout", "any"]).ends(0);
    let of_nova = |usage_type: &str, tokens: &str| BillRow {
        day: 0,
        usage_type: usage_type.to_owned(),
        product: String::new(),
        unit: "Tokens".to_owned(),
        quantity: tokens.to_owned(),
        ..rows[0].clone()
    };
    let mut rows = vec![
        of_nova("USE1-NovaPro-input-tokens", "10"),
        of_nova("USE1-NovaPro-output-tokens", "2"),
        of_nova("USE1-NovaPro-input-tokens-custom-model", "10"),
    ];
    for (row, cost) in rows.iter_mut().zip(["0.000008", "0.0000064", "0.1"]) {
        (row.list, row.net) = (cost.to_owned(), cost.to_owned());
    }
    let _ = fs::remove_dir_all(world.path("bill"));
    write_bill(&world, "bill/a.parquet", columns(&rows, true));
    let run = reconcile(&world, &["--format", "json", "--day", DAYS[0]]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let out = world.text("out");
    let arguments = ["reconcile", "--bill", "bill", "--dest", &out, "--day", DAYS[0]];
    let run = world.hoptrail(&[&arguments[..], &["--format", "json"]].concat()).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!(differences(&found), [], "{}", run.stdout);
    assert_eq!(found["other_units"][0]["name"], "custom models");
    assert!(run.stderr.contains("1 call not billed by the token"), "{}", run.stderr);
}

/// A bill is mostly of other services, and written by others.
#[test]
fn lines_of_other_services_and_strange_texts_do_no_harm() {
    let (world, rows) = world(12);
    let write = |rows: &[BillRow], change: &dyn Fn(&'static str, ArrayRef) -> ArrayRef| {
        let _ = fs::remove_dir_all(world.path("bill"));
        let columns = columns(rows, true).into_iter();
        let columns = columns.map(|(name, column)| (name, change(name, column)));
        write_bill(&world, "bill/a.parquet", columns.collect());
    };
    // A number that is none, in a line of S3.
    let mut more = rows.clone();
    more.push(BillRow {
        product: "S3".to_owned(),
        usage_type: "USE1-Requests".to_owned(),
        quantity: "NaN".to_owned(),
        ..rows[0].clone()
    });
    write(&more, &|_, column| column);
    let run = reconcile(&world, &["--fail-on", "differs"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // Marks that would move a terminal's cursor.
    let hostile = "\u{1b}[31m\n\u{7}x";
    write(&rows, &|name, column| match name {
        "line_item_usage_account_id" => strings(rows.iter().map(|_| hostile.to_owned())),
        _ => column,
    });
    let run = reconcile(&world, &[]).ends(0);
    assert!(!run.stdout.contains(['\u{1b}', '\u{7}']), "{}", run.stdout);
    // Sums that no bill has.
    let mut huge = rows.clone();
    for row in &mut huge {
        row.list = "999999999999999".to_owned();
        row.net.clone_from(&row.list);
    }
    write(&huge, &|_, column| column);
    assert!(reconcile(&world, &[]).ends(0).stdout.contains("price differs"));
    // A name that is not known yet, and then is.
    let renamed = |usage_type: &str| usage_type.replace("Claude4.6Sonnet", "Sonnet");
    let mut renamed_rows = rows.clone();
    renamed_rows.iter_mut().for_each(|row| row.usage_type = renamed(&row.usage_type));
    write(&renamed_rows, &|_, column| column);
    assert!(reconcile(&world, &[]).ends(0).stdout.contains("the model `Sonnet`"));
    world.write(
        "names.csv",
        "billing_name,model_id,source\nSonnet,anthropic.claude-sonnet-4-6,us\n",
    );
    reconcile(&world, &["--billing-names", "names.csv", "--fail-on", "differs"]).ends(0);
    let run = reconcile(&world, &["--billing-names", "none.csv"]).ends(2);
    assert!(run.stderr.contains("none.csv"), "{}", run.stderr);
}

#[test]
fn principals_are_told_apart_where_the_bill_has_them() {
    let (world, rows) = world(5);
    let found = compared(&world, &rows, &["--by", "principal"]);
    assert_eq!(differences(&found), []);
    assert_eq!(found["lines"][0]["principal_name"], "app");
    // An export without the column.
    let columns =
        columns(&rows, true).into_iter().filter(|(name, _)| *name != "line_item_iam_principal");
    write_bill(&world, "bill/data/BILLING_PERIOD=2026-10/a.parquet", columns.collect());
    let run = reconcile(&world, &["--by", "principal"]).ends(1);
    assert!(
        run.stderr.contains("expected a column line_item_iam_principal, found none"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_no_bill_is_named() {
    let (world, rows) = world(6);
    let says = |code: i32, words: &str| {
        let run = reconcile(&world, &[]).ends(code);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    };
    fs::create_dir(world.path("bill")).unwrap();
    says(1, "expected Parquet files of an export, found no objects");
    world.write("bill/a.csv.gz", "x");
    says(1, "a.csv.gz: an export as CSV; let AWS write it as Parquet");
    write_bill(&world, "bill/a.parquet", columns(&rows, true));
    write_bill(&world, "bill/b.parquet", columns(&rows, false));
    says(1, "b.parquet: expected CUR 2.0 as in the files before it, found FOCUS 1.2");
    let bytes = fs::read(world.path("bill/a.parquet")).unwrap();
    world.write("bill/b.parquet", &bytes[..bytes.len() / 2]);
    says(1, "b.parquet: expected a Parquet file");
    let without = columns(&rows, true).into_iter().filter(|(name, _)| *name != "pricing_unit");
    write_bill(&world, "bill/b.parquet", without.collect());
    says(1, "b.parquet: expected a column pricing_unit, found none");
    write_bill(&world, "bill/b.parquet", vec![("x", strings(["y".to_owned()].into_iter()))]);
    says(1, "b.parquet: expected the columns of a CUR 2.0");
    write_bill(&world, "bill/b.parquet", columns(&rows, true));
    says(1, "expected each file once, found b.parquet, which is a.parquet again");
    fs::remove_file(world.path("bill/b.parquet")).unwrap();
    // Two versions of a month count everything twice.
    for version in ["1", "version=2"] {
        let name = format!("bill/BILLING_PERIOD=2026-10/{version}/x.parquet");
        write_bill(&world, &name, columns(&rows, true));
    }
    says(
        1,
        "expected one version of the usage of 111122223333 on 2026-10-05, found BILLING_PERIOD=",
    );
    fs::remove_dir_all(world.path("bill/BILLING_PERIOD=2026-10")).unwrap();
    // The same lines in another file.
    let with_ids = |rows: &[BillRow]| {
        let mut columns = columns(rows, true);
        let ids = rows.iter().map(|row| format!("{}-{}", row.usage_type, row.day));
        columns.push(("identity_line_item_id", strings(ids)));
        columns
    };
    write_bill(&world, "bill/a.parquet", with_ids(&rows));
    write_bill(&world, "bill/b.parquet", with_ids(&rows[..1]));
    says(1, "expected each line once, found line item USE1-Claude4.6Sonnet-input-tokens-0 9");
    // A whole month in a line.
    let mut monthly = columns(&rows, true);
    let ends = rows.iter().map(|_| FIRST + 31 * MILLIS_OF_DAY);
    let ends = Arc::new(TimestampMillisecondArray::from_iter_values(ends));
    monthly.push(("line_item_usage_end_date", ends));
    fs::remove_file(world.path("bill/b.parquet")).unwrap();
    write_bill(&world, "bill/a.parquet", monthly);
    says(1, "row 1: line_item_usage_end_date: expected an hour or a day of usage");
    // Principals of an export that has none.
    write_bill(&world, "bill/a.parquet", columns(&rows, false));
    let run = reconcile(&world, &["--by", "principal"]).ends(1);
    assert!(run.stderr.contains("found FOCUS 1.2, which has no principals"), "{}", run.stderr);
    write_bill(&world, "bill/a.parquet", columns(&rows, true));
    // Another month.
    let out = world.text("out");
    let arguments = ["reconcile", "--bill", "bill", "--dest", &out, "--day", "2026-11-05"];
    let run = world.hoptrail(&arguments);
    assert_eq!(run.code, 5, "{}", run.stderr);
}
