//! `hoptrail prices`: which prices per token or other unit apply, whether a price file is valid, the price book as a
//! file, and what AWS prints of prices as a price book.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::Context;
use bedrock::discount::{self, DiscountKey};
use bedrock::import::{PriceImport, update};
use bedrock::price::{PriceRow, Role, UnitRow, check, check_unit_prices, is_unit_file, to_csv};
use bedrock::resolve::resolve;
use bedrock::{Knowledge, PriceKey, Usd};
use serde::Serialize;

use crate::args::{
    KnowledgeArgs, Output, PricesCheckArgs, PricesCommand, PricesExportArgs, PricesImportArgs,
    PricesShowArgs,
};
use crate::command::explain::price_region;
use crate::command::{catalog, print};
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::{knowledge, number, range, region};

/// A price that applies.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    model_id: &'a str,
    routing: &'static str,
    source_region: &'a str,
    service_tier: &'static str,
    context_over_tokens: i64,
    token_kind: &'static str,
    usd_per_million: String,
    /// Null without a discount file.
    contracted_usd_per_million: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    source: &'a str,
    source_date: Option<String>,
}

/// A price of another unit that applies.
#[derive(Debug, Serialize)]
struct ShownUnit<'a> {
    model_id: &'a str,
    routing: &'static str,
    source_region: &'a str,
    service_tier: &'static str,
    unit: &'static str,
    variant: Option<&'static str>,
    /// `None` if no source has a price.
    usd_per_unit: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    source: &'a str,
    source_date: String,
}

/// Either price.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ShownPrice<'a> {
    Tokens(Shown<'a>),
    Unit(ShownUnit<'a>),
}

/// Shows, checks, exports, or imports.
///
/// # Errors
/// If a file cannot be read or used.
pub(crate) fn run(command: &PricesCommand, messages: &Messages) -> Result<Exit, Failure> {
    match command {
        PricesCommand::Show(args) => show(args),
        PricesCommand::Check(args) => check_file(args),
        PricesCommand::Export(args) => export(args),
        PricesCommand::Import(args) => import(args, messages),
    }
}

fn show(args: &PricesShowArgs) -> Result<Exit, Failure> {
    let knowledge = knowledge::load(&args.knowledge)?;
    let day = range::day("--at", &args.at, jiff::Timestamp::now())?;
    if let Some(region) = &args.region {
        region::check("--region", region, &knowledge.regions)?;
    }
    let found = resolve(Some(&args.model_ref), &knowledge.catalog, &knowledge.aliases);
    let region = price_region(&args.model_ref, args.region.as_deref(), &found, &knowledge);
    let Ok(model) = found.model else {
        let meant = region::did_you_mean(&knowledge.catalog.meant(&args.model_ref));
        return Err(Failure::Nothing(format!("no known model for `{}`{meant}", args.model_ref)));
    };
    let rows = knowledge.prices.rows_for(&knowledge.regions, &model.id, &region, day);
    let contracted = |row: &PriceRow| {
        let (routing, tier) = (row.routing, row.tier);
        let key = PriceKey { model_id: &model.id, routing, source_region: &region, tier };
        let key = DiscountKey::of_price(&key, &model.provider);
        let terms = knowledge.discounts.as_ref()?.terms(&key, day);
        Some(terms.of_tokens(row.context_over_tokens, row.kind).of_million(row.price))
    };
    let rows = rows.map(|row| Shown::new(row, contracted(row))).collect::<Vec<_>>();
    let prices = knowledge.prices.units();
    let units = prices.rows_for(&knowledge.regions, &model.id, &region, day);
    let units = units.map(ShownUnit::new).collect::<Vec<_>>();
    if rows.is_empty() && units.is_empty() {
        return Err(Failure::Nothing(format!("no price of {} in {region} on {day}", model.id)));
    }
    match args.output {
        Output::Json => {
            let rows = rows.into_iter().map(ShownPrice::Tokens);
            let all = rows.chain(units.into_iter().map(ShownPrice::Unit)).collect::<Vec<_>>();
            print(&format!("{}\n", serde_json::to_string_pretty(&all)?))?;
        }
        Output::Text => {
            let name = model.name.as_deref().unwrap_or("name unknown");
            let contracted =
                if knowledge.discounts.is_some() { ", list and contracted" } else { "" };
            let mut lines = vec![format!("{} ({name}) in {region} on {day}", model.id)];
            if !rows.is_empty() {
                let unit = format!("US dollars per million tokens{contracted}");
                lines.extend([unit, String::new()]);
                lines.extend(rows.iter().map(Shown::line));
            }
            if !units.is_empty() {
                lines.extend(["US dollars per unit".to_owned(), String::new()]);
                lines.extend(units.iter().map(ShownUnit::line));
            }
            print(&(lines.join("\n") + "\n"))?;
        }
    }
    Ok(Exit::Done)
}

impl<'a> Shown<'a> {
    fn new(row: &'a PriceRow, contracted: Option<Usd>) -> Self {
        Shown {
            model_id: &row.model_id,
            routing: row.routing.as_str(),
            source_region: &row.source_region,
            service_tier: row.tier.as_str(),
            context_over_tokens: row.context_over_tokens,
            token_kind: row.kind.as_str(),
            usd_per_million: row.price.to_string(),
            contracted_usd_per_million: contracted.map(|usd| usd.to_string()),
            valid_from: row.valid_from.map(|day| day.to_string()),
            valid_until: row.valid_until.map(|day| day.to_string()),
            source: &row.source,
            source_date: row.source_date.map(|day| day.to_string()),
        }
    }

    fn line(&self) -> String {
        let Shown { routing, service_tier, token_kind, usd_per_million, source, .. } = self;
        let band = match u64::try_from(self.context_over_tokens) {
            Ok(over) if over > 0 => format!("over {}", number::grouped(over)),
            _ => String::new(),
        };
        let contracted = self.contracted_usd_per_million.as_ref();
        let contracted = contracted.map(|usd| format!("{usd:>12}")).unwrap_or_default();
        let region = if self.source_region == "*" { "all Regions" } else { self.source_region };
        format!(
            "  {routing:<9} {service_tier:<17} {band:<13} {token_kind:<15} \
             {usd_per_million:>12}{contracted}  {region:<14} {source}"
        )
    }
}

impl<'a> ShownUnit<'a> {
    fn new(row: &'a UnitRow) -> Self {
        ShownUnit {
            model_id: &row.model_id,
            routing: row.routing.as_str(),
            source_region: &row.source_region,
            service_tier: row.tier.as_str(),
            unit: row.unit.as_str(),
            variant: Some(row.variant.as_str()).filter(|variant| !variant.is_empty()),
            usd_per_unit: row.price.map(|price| price.to_string()),
            valid_from: row.valid_from.map(|day| day.to_string()),
            valid_until: row.valid_until.map(|day| day.to_string()),
            source: &row.source,
            source_date: row.source_date.to_string(),
        }
    }

    fn line(&self) -> String {
        let ShownUnit { routing, service_tier, unit, source, .. } = self;
        let variant = self.variant.unwrap_or_default();
        let price = self.usd_per_unit.as_deref().unwrap_or("unknown");
        let region = if self.source_region == "*" { "all Regions" } else { self.source_region };
        format!(
            "  {routing:<9} {service_tier:<17} {unit:<20} {variant:<15} {price:>12}  \
             {region:<14} {source}"
        )
    }
}

fn export(args: &PricesExportArgs) -> Result<Exit, Failure> {
    let known = KnowledgeArgs {
        prices: args.prices.clone(),
        unit_prices: args.unit_prices.clone(),
        ..KnowledgeArgs::default()
    };
    let prices = knowledge::load(&known)?.prices;
    let text = if args.units { prices.units().to_csv()? } else { to_csv(prices.rows())? };
    knowledge::write(&args.to, &text)?;
    Ok(Exit::Done)
}

fn import(args: &PricesImportArgs, messages: &Messages) -> Result<Exit, Failure> {
    let asked = range::day("--at", &args.at, jiff::Timestamp::now())?;
    let known = KnowledgeArgs {
        prices: args.prices.clone(),
        catalog: args.base.catalog.clone(),
        catalog_add: args.base.catalog_add.clone(),
        ..KnowledgeArgs::default()
    };
    let knowledge = knowledge::load(&known)?;
    let mut import = PriceImport::new(&knowledge.catalog, &knowledge.regions, asked);
    for file in &args.files {
        let shown = file.display().to_string();
        let opened = File::open(file).with_context(|| format!("could not read {shown}"))?;
        import.read(&shown, BufReader::new(opened))?;
    }
    let PriceImport { quotes, unread: mut not_read, other_units, .. } = import;
    let update = update(knowledge.prices.rows(), &knowledge.regions, quotes)?;
    knowledge::write(&args.to, &to_csv(&update.rows)?)?;
    if !other_units.is_empty() {
        let by_unit = other_units.iter().map(|(unit, n)| format!("{unit} {}", number::grouped(*n)));
        messages.note(&format!(
            "not per text token, and not imported: {} ({}); see --unit-prices",
            number::counted(other_units.values().sum(), "price"),
            escaped(&by_unit.collect::<Vec<_>>().join(", "))
        ));
    }
    messages.note(&format!(
        "{}: {} added, {} changed, {} as before",
        args.to.display(),
        number::counted(update.n_added, "price"),
        number::grouped(update.n_changed),
        number::grouped(update.n_same)
    ));
    not_read.extend(update.unread);
    not_read.sort();
    Ok(catalog::unread(&not_read, messages))
}

fn check_file(args: &PricesCheckArgs) -> Result<Exit, Failure> {
    let shown = args.file.display();
    let text = std::fs::read_to_string(&args.file)
        .with_context(|| format!("could not read the price file {shown}"))?;
    // A price file is checked by itself.
    let beside = |file: &Option<PathBuf>| file.clone().filter(|_| args.discounts);
    let known = KnowledgeArgs {
        catalog: args.catalog.clone(),
        catalog_add: args.catalog_add.clone(),
        prices: beside(&args.prices),
        price_overrides: beside(&args.price_overrides),
        ..KnowledgeArgs::default()
    };
    let Knowledge { catalog, regions, prices, .. } = knowledge::load(&known)?;
    let findings = if args.discounts {
        let findings = discount::check(&text, &catalog, &regions, &prices);
        findings.into_iter().map(|found| (found.line, found.problem.to_string())).collect()
    } else if is_unit_file(&text) {
        let findings = check_unit_prices(&text, &catalog, &regions).into_iter();
        findings.map(|found| (found.line, found.problem.to_string())).collect()
    } else {
        let role = if args.overrides { Role::Overrides } else { Role::Book };
        let findings = check(&text, role, &catalog, &regions).into_iter();
        findings.map(|found| (found.line, found.problem.to_string())).collect::<Vec<_>>()
    };
    let lines =
        findings.iter().map(|(line, problem)| format!("{shown}:{line}: {}", escaped(problem)));
    let mut report = lines.collect::<Vec<_>>();
    report.push(format!(
        "{shown}: {}, {}",
        number::counted(text.lines().skip(1).count() as u64, "line"),
        number::counted(findings.len() as u64, "finding")
    ));
    print(&(report.join("\n") + "\n"))?;
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Failed })
}
