//! One row for each reference, as CSV or JSON lines: a lookup table.

use std::collections::HashMap;

use bedrock::catalog::Lookup;
use bedrock::price::TokenKind;
use bedrock::resolve::{Resolution, Unresolved, resolve};
use bedrock::{Knowledge, TargetType, cut};
use serde_json::{Value, json};

use super::Context;
use super::explanation::{arn_region, is_callable, price_region, prices, regions, system_profile};
use crate::args::ExplainOutput;
use crate::exit::Failure;

/// The columns of every row. New ones are added at the end of this list, before those of prices.
const COLUMNS: [&str; 15] = [
    "model_ref",
    "target_type",
    "profile_scope",
    "profile_id",
    "system_profile",
    "alias_name",
    "model_id",
    "model_name",
    "model_provider",
    "model_match",
    "reason",
    "did_you_mean",
    "source_region",
    "destination_regions",
    "is_callable",
];

/// The columns of prices before and after those of the token kinds.
const PRICE_COLUMNS: ([&str; 3], &str) = (["price_region", "price_day", "routing"], "price_gap");

/// Between the values of a list in a cell, as in `config/inference_profiles.csv`.
const BETWEEN: &str = ";";

/// How many rows are remembered, because references repeat in what people have. Each has two texts of a few hundred
/// bytes, at most some 10 KiB.
const MAX_REMEMBERED: usize = 4096;

/// Makes rows.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    output: ExplainOutput,
    with_prices: bool,
    context: Context<'a>,
    remembered: HashMap<String, (String, bool)>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(output: ExplainOutput, with_prices: bool, context: Context<'a>) -> Self {
        Rows { output, with_prices, context, remembered: HashMap::new() }
    }

    /// What comes before the first row.
    ///
    /// # Errors
    /// If it cannot be encoded, which it can.
    pub(super) fn header(&self) -> Result<String, Failure> {
        if self.output != ExplainOutput::Csv {
            return Ok(String::new());
        }
        record(self.columns())
    }

    /// The row of a reference, with a line end, and whether its model is known.
    ///
    /// # Errors
    /// If it cannot be encoded, which it can.
    pub(super) fn row(&mut self, reference: &str) -> Result<(String, bool), Failure> {
        let reference = cut(reference);
        if let Some(known) = self.remembered.get(reference) {
            return Ok(known.clone());
        }
        let Context { region, knowledge, .. } = self.context;
        let found = resolve(Some(reference), &knowledge.catalog, &knowledge.aliases);
        let is_known = found.model.is_ok();
        let of_arn = arn_region(reference, knowledge);
        let region = of_arn.as_deref().or(region);
        let mut cells = cells(reference, region, &found, knowledge);
        if self.with_prices {
            cells.extend(self.price_cells(reference, region, &found));
        }
        let row = if self.output == ExplainOutput::Csv {
            record(cells.iter().map(text))?
        } else {
            let member = |(name, value): (String, Value)| format!("{}:{value}", json!(name));
            let members = self.columns().zip(cells).map(member).collect::<Vec<_>>();
            format!("{{{}}}\n", members.join(","))
        };
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(reference.to_owned(), (row.clone(), is_known));
        Ok((row, is_known))
    }

    fn columns(&self) -> impl Iterator<Item = String> {
        let (before, after) = PRICE_COLUMNS;
        let kinds = TokenKind::ALL.map(|kind| format!("{}_usd_per_million", kind.as_str()));
        let prices = before.map(str::to_owned).into_iter().chain(kinds).chain([after.to_owned()]);
        let prices = prices.take(if self.with_prices { usize::MAX } else { 0 });
        COLUMNS.map(str::to_owned).into_iter().chain(prices)
    }

    fn price_cells(&self, reference: &str, region: Option<&str>, found: &Resolution) -> Vec<Value> {
        let Context { day, knowledge, .. } = self.context;
        if found.model.is_err() {
            let gap = json!(prices(found, "", day, None, knowledge).reason);
            return [vec![Value::Null; PRICE_COLUMNS.0.len() + TokenKind::ALL.len()], vec![gap]]
                .concat();
        }
        let region = price_region(reference, region, found, knowledge);
        let prices =
            prices(found, &region, day, callable(found, Some(&region), knowledge), knowledge);
        let kinds = TokenKind::ALL.map(|kind| json!(prices.usd_per_million.get(kind.as_str())));
        let before = [json!(region), json!(prices.day), json!(prices.routing)];
        before.into_iter().chain(kinds).chain([json!(prices.reason)]).collect()
    }
}

/// Whether what is referred to can be called from a Region; `None` if the catalog does not say.
fn callable(found: &Resolution, region: Option<&str>, knowledge: &Knowledge) -> Option<bool> {
    if let (TargetType::FoundationModel, Ok(model), Some(region)) =
        (found.target_type, &found.model, region)
    {
        return match knowledge.catalog.model(&model.id) {
            Lookup::Exact(model) => model.is_on_demand_in(region),
            _ => None,
        };
    }
    let profile = system_profile(found, knowledge);
    is_callable(profile.as_deref().and_then(|id| knowledge.catalog.profile(id)), region)
}

/// The values of [`COLUMNS`].
fn cells(
    reference: &str,
    region: Option<&str>,
    found: &Resolution,
    knowledge: &Knowledge,
) -> Vec<Value> {
    let catalog = &knowledge.catalog;
    let model = found.model.as_ref().ok();
    let reason = found.model.as_ref().err().copied();
    let profile = system_profile(found, knowledge);
    let by_source = profile.as_deref().and_then(|profile| catalog.profile(profile));
    let lacks_profile = profile.is_some() && by_source.is_none();
    let meant = if reason.is_some() || lacks_profile { catalog.meant(reference) } else { vec![] };
    let destinations = by_source.zip(region).and_then(|(by_source, region)| {
        by_source.get(region).and_then(regions).map(|regions| regions.join(BETWEEN))
    });
    let is_callable = callable(found, region, knowledge);
    vec![
        json!(reference),
        json!(found.target_type.as_str()),
        json!(found.profile_scope),
        json!(found.profile_id),
        json!(profile),
        json!(found.alias_name),
        json!(model.map(|model| &model.id)),
        json!(model.and_then(|model| model.name.as_ref())),
        json!(model.map(|model| &model.provider)),
        json!(model.map_or("none", |model| model.matched.as_str())),
        json!(reason.map(Unresolved::as_str)),
        json!((!meant.is_empty()).then(|| meant.join(BETWEEN))),
        json!(region),
        json!(destinations),
        json!(is_callable),
    ]
}

/// A cell of CSV: null is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn record(cells: impl Iterator<Item = String>) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells.collect::<Vec<_>>())?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}
