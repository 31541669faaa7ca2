//! What calls cost, with how much of them the cost covers.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{WIDTH, command};
use crate::drawing::charts::stacked;
use crate::drawing::{Bar, Drawing, DrawingError, Label, Mark, fraction};
use crate::model::{Cost, CostOf, Report};
use crate::number::{decimal, grouped, percent};
use crate::view::{Datum, LegendItem, Part, Table, cut, largest, others_name};

/// Models with a color of their own.
const MODELS: usize = 8;

/// Characters of a name on a bar, and those that are left of a title before an ID.
const BAR_NAME: usize = 36;
const SHORT_TITLE: usize = 8;

/// Rows of the tables by account, principal, and profile; bars of their drawings.
const ROWS: usize = 25;
const BARS: usize = 12;

pub(super) fn parts(report: &Report) -> Result<Vec<Part>, DrawingError> {
    let mut parts = vec![by_day(report)?];
    for (heading, head, note, rows, column) in [
        (
            "By account",
            "account",
            "The account that the calls were logged in.",
            &report.accounts,
            "account_id",
        ),
        (
            "By principal",
            "principal",
            "The role or user that called.",
            &report.principals,
            "principal_name",
        ),
        (
            "By profile",
            "profile",
            "The name of the application profile; calls of other profiles and models have none.",
            &report.profiles,
            "profile_name",
        ),
    ] {
        let table = table_of(heading, head, rows);
        parts.push(Part {
            heading: heading.to_owned(),
            note,
            drawings: bars(heading, rows)?.into_iter().collect(),
            tables: vec![table],
            is_wide: false,
            command: command(report, &format!("cost --by {column}")),
        });
    }
    Ok(parts)
}

/// A column of the table by day.
struct Column {
    name: String,
    class: String,
    /// By day.
    costs: Vec<Cost>,
}

fn sum<'a>(costs: impl IntoIterator<Item = &'a Cost>) -> Cost {
    costs.into_iter().fold(Cost::default(), |sum, cost| sum.plus(*cost))
}

fn units(cost: &Cost) -> u128 {
    u128::try_from(cost.list.unwrap_or_default()).unwrap_or_default()
}

fn by_day(report: &Report) -> Result<Part, DrawingError> {
    let days = report.days.iter().map(|day| day.date).collect::<Vec<_>>();
    let places =
        days.iter().enumerate().map(|(place, day)| (*day, place)).collect::<BTreeMap<_, _>>();
    let mut models = BTreeMap::<Option<String>, Vec<Cost>>::new();
    let mut all = vec![Cost::default(); days.len()];
    for row in &report.model_days {
        let Some(place) = places.get(&row.date).copied() else { continue };
        all[place] = all[place].plus(row.cost);
        let costs =
            models.entry(row.model.clone()).or_insert_with(|| vec![Cost::default(); days.len()]);
        costs[place] = costs[place].plus(row.cost);
    }
    let priced =
        models.into_iter().filter(|(_, costs)| sum(costs).list.is_some()).collect::<Vec<_>>();
    let (shown, others) = largest(priced, MODELS, |(model, costs)| {
        (units(&sum(costs)), std::cmp::Reverse(model.clone()))
    });
    let mut columns = Vec::new();
    for (place, (model, costs)) in shown.into_iter().enumerate() {
        let name = cut(model.as_deref().unwrap_or("no known model"), 60);
        columns.push(Column { name, class: format!("color-{}", place + 1), costs });
    }
    if !others.is_empty() {
        let on = |day: usize| sum(others.iter().map(|(_, costs)| &costs[day]));
        let costs = (0..days.len()).map(on).collect();
        let name = format!("others ({})", others.len());
        columns.push(Column { name, class: "color-0".to_owned(), costs });
    }
    Ok(Part {
        heading: "By day and model".to_owned(),
        note: "The list cost of each day by model, and below it how many of the calls that succeeded \
               have a cost. ≥ stands before a cost that lacks something: some of these calls have none, or \
               one that is a lower bound.",
        drawings: vec![cost_drawing(&days, &columns, &all)?, coverage_drawing(&days, &all)?],
        tables: vec![day_table(&days, &columns, &all)],
        is_wide: false,
        command: command(report, "cost --by dt,model_name"),
    })
}

fn cost_drawing(days: &[Date], columns: &[Column], all: &[Cost]) -> Result<Drawing, DrawingError> {
    const HEIGHT: u32 = 180;
    const TOP: u32 = 20;
    let most = all.iter().map(units).max().unwrap_or_default();
    let weights = columns.iter().map(|column| {
        column.costs.iter().map(|cost| fraction(units(cost), most)).collect::<Vec<_>>()
    });
    let bars = stacked(&weights.collect::<Vec<_>>(), (WIDTH as f32, HEIGHT as f32))?;
    let mut marks = Vec::new();
    for (column, shapes) in columns.iter().zip(bars) {
        for (place, shape) in shapes.into_iter().enumerate() {
            let (Some(shape), cost) = (shape, column.costs[place]) else { continue };
            let cost_text = Datum::list_cost(&cost).text;
            let title = format!("{}, {}: {cost_text}", days[place], column.name);
            let value = decimal(cost.list.unwrap_or_default());
            marks.push(Mark { shape, class: column.class.clone(), title, value });
        }
    }
    let mut texts = Label::ends_of_days(days, WIDTH, HEIGHT + TOP);
    if let Some((cost, day)) = all.iter().zip(days).rev().max_by_key(|(cost, _)| units(cost)) {
        let Datum { text, value } = Datum::list_cost(cost);
        let text = format!("full height: {text} ({day})");
        texts.push(Label { x: 0.0, y: 12.0, anchor: "start", text, value });
    }
    let item =
        |column: &Column| LegendItem { class: column.class.clone(), text: column.name.clone() };
    Ok(Drawing {
        caption: "List cost".to_owned(),
        width: WIDTH,
        height: HEIGHT + TOP + 22,
        label: "Stacked bars of each day: the list cost of each model; the table has every amount"
            .to_owned(),
        left: 0,
        top: TOP,
        marks,
        texts,
        legend: columns.iter().map(item).collect(),
    })
}

/// Of the calls that succeeded: with a full cost, with a lower bound, without.
fn coverage_drawing(days: &[Date], all: &[Cost]) -> Result<Drawing, DrawingError> {
    const HEIGHT: u32 = 60;
    let kinds = [
        (
            "covered",
            "cost in full or an estimate",
            (|cost| cost.priced.saturating_sub(cost.lower_bound)) as fn(&Cost) -> u64,
        ),
        ("lower-bound", "lower bound", |cost| cost.lower_bound),
        ("not-covered", "no cost", |cost| cost.succeeded.saturating_sub(cost.priced)),
    ];
    let weights = kinds.map(|(.., of)| {
        let weight = |cost: &Cost| {
            let whole = kinds.iter().map(|(.., of)| of(cost)).sum::<u64>();
            fraction(of(cost).into(), whole.into())
        };
        all.iter().map(weight).collect::<Vec<_>>()
    });
    let bars = stacked(&weights, (WIDTH as f32, HEIGHT as f32))?;
    let mut marks = Vec::new();
    for ((class, name, of), shapes) in kinds.into_iter().zip(bars) {
        for (place, shape) in shapes.into_iter().enumerate() {
            let (Some(shape), cost) = (shape, &all[place]) else { continue };
            let share = percent(of(cost), cost.succeeded);
            let title = format!("{}, {name}: {} calls, {share}", days[place], grouped(of(cost)));
            marks.push(Mark { shape, class: class.to_owned(), title, value: of(cost).to_string() });
        }
    }
    let item = |(class, name, _): &(&str, &str, _)| LegendItem {
        class: (*class).to_owned(),
        text: (*name).to_owned(),
    };
    Ok(Drawing {
        caption: "Coverage: calls that succeeded".to_owned(),
        width: WIDTH,
        height: HEIGHT + 22,
        label: "Stacked bars of each day: how many of the calls that succeeded have a cost or none"
            .to_owned(),
        left: 0,
        top: 0,
        marks,
        texts: Label::ends_of_days(days, WIDTH, HEIGHT),
        legend: kinds.iter().map(item).collect(),
    })
}

fn day_table(days: &[Date], columns: &[Column], all: &[Cost]) -> Table {
    let amount = Datum::list_cost;
    let line = |first: Datum, all: &Cost, models: Vec<Cost>| {
        let counts = [all.succeeded, all.priced, all.lower_bound, all.unpriced].map(Datum::count);
        let models = models.iter().map(amount).collect::<Vec<_>>();
        [first, amount(all)].into_iter().chain(counts).chain(models).collect::<Vec<_>>()
    };
    let row = |(place, day): (usize, &Date)| {
        let models = columns.iter().map(|column| column.costs[place]).collect();
        line(Datum::day(*day), &all[place], models)
    };
    let totals = columns.iter().map(|column| sum(&column.costs)).collect();
    let heads = ["day", "list cost", "succeeded", "priced", "lower bounds", "unpriced"];
    let heads = heads.map(str::to_owned).into_iter();
    Table {
        caption: "List cost by day and model, in US dollars".to_owned(),
        heads: heads.chain(columns.iter().map(|column| column.name.clone())).collect(),
        n_names: 1,
        rows: days.iter().enumerate().map(row).collect(),
        others: None,
        total: Some(line(Datum::plain("total"), &sum(all), totals)),
    }
}

/// In the order of their costs; those without one by their calls.
fn by_cost(rows: &[CostOf], n: usize) -> (Vec<CostOf>, Vec<CostOf>) {
    largest(rows.to_vec(), n, |row| {
        (row.cost.list, row.cost.calls, std::cmp::Reverse(row.name.clone()))
    })
}

/// The costs as bars, from the largest; none if nothing has a cost.
fn bars(heading: &str, rows: &[CostOf]) -> Result<Option<Drawing>, DrawingError> {
    let (shown, others) = by_cost(rows, BARS);
    let name = |row: &CostOf| {
        let name = row.name.as_deref().unwrap_or("none");
        match &row.title {
            None => cut(name, BAR_NAME),
            Some(title) => {
                let left = BAR_NAME.saturating_sub(name.chars().count() + 1);
                format!("{} {name}", cut(title, left.max(SHORT_TITLE)))
            }
        }
    };
    let mut lines = shown.iter().map(|row| (name(row), row.cost)).collect::<Vec<_>>();
    if !others.is_empty() {
        lines.push((format!("others ({})", others.len()), sum(others.iter().map(|row| &row.cost))));
    }
    // Bars of nothing say nothing.
    lines.retain(|(_, cost)| cost.list.is_some());
    let bar = |(name, cost): (String, Cost)| Bar {
        name,
        datum: Datum::list_cost(&cost),
        weight: units(&cost),
    };
    let label =
        format!("Bars of the list cost, {}; the table has every amount", heading.to_lowercase());
    Drawing::of_bars(lines.into_iter().map(bar).collect(), "bar", label)
}

fn table_of(heading: &str, head: &str, rows: &[CostOf]) -> Table {
    let all = sum(rows.iter().map(|row| &row.cost));
    let (has_max, has_contracted) = (all.list_max.is_some(), all.contracted.is_some());
    // Where nothing has a title, a column of them says nothing.
    let has_titles = rows.iter().any(|row| row.title.is_some());
    let line = |names: [Datum; 2], cost: &Cost| {
        let mut line = names.into_iter().take(1 + usize::from(has_titles)).collect::<Vec<_>>();
        line.push(Datum::list_cost(cost));
        if has_max {
            line.push(Datum::upper_end(cost));
        }
        if has_contracted {
            line.push(Datum::contracted_cost(cost));
        }
        line.extend(
            [cost.calls, cost.succeeded, cost.priced, cost.lower_bound, cost.unpriced]
                .map(Datum::count),
        );
        line
    };
    let names = |row: &CostOf| [&row.name, &row.title].map(|name| Datum::name(name.as_deref()));
    let (shown, others) = by_cost(rows, ROWS);
    let mut heads = vec![head];
    heads.extend(has_titles.then_some("name"));
    heads.push("list cost");
    heads.extend(has_max.then_some("upper end"));
    heads.extend(has_contracted.then_some("contracted"));
    heads.extend(["calls", "succeeded", "priced", "lower bounds", "unpriced"]);
    let of_others = sum(others.iter().map(|row| &row.cost));
    Table {
        caption: format!("Cost in US dollars, {}", heading.to_lowercase()),
        heads: heads.into_iter().map(str::to_owned).collect(),
        n_names: 1 + usize::from(has_titles),
        rows: shown.iter().map(|row| line(names(row), &row.cost)).collect(),
        others: (!others.is_empty())
            .then(|| line([others_name(others.len()), Datum::plain("")], &of_others)),
        total: Some(line(["total", ""].map(Datum::plain), &all)),
    }
}
