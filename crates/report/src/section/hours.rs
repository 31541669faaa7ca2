//! When calls ran where: by the hour of the day, and day by day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{WIDTH, command, day_of, region_name, scope_name};
use crate::drawing::charts::{grid, stacked};
use crate::drawing::{Drawing, DrawingError, Label, Mark, fraction};
use crate::model::{Hour, Report};
use crate::number::{grouped, percent};
use crate::view::{Datum, LegendItem, Part, Table, cut, largest};

const HOURS: usize = 24;
const HOUR_MS: i64 = 3_600_000;

/// Source Regions with a heat map.
const HEAT_MAPS: usize = 3;

/// Inference Regions of a heat map, apart from all others.
const HEAT_ROWS: usize = 8;

/// Source Regions and scopes with a drawing of shares.
const SHARES: usize = 3;

/// Inference Regions of a drawing of shares, apart from all others.
const SHARE_REGIONS: usize = 5;

/// The room for names beside a heat map.
const MARGIN: u32 = 120;

/// The height of a row of a heat map.
const ROW_HEIGHT: u32 = 22;

/// Colors that tell Regions apart; there is another one for all others.
const COLORS: usize = 9;

/// The classes of cells that are not empty.
const LEVELS: u64 = 6;

/// Counts by name, of which the last ones may be added up as others.
struct Ranked<const N: usize> {
    names: Vec<String>,
    counts: Vec<[u64; N]>,
}

/// The largest by their sums, and one more row for all others.
fn ranked<const N: usize>(rows: BTreeMap<Option<String>, [u64; N]>, n: usize) -> Ranked<N> {
    let sum = |counts: &[u64; N]| counts.iter().sum::<u64>();
    let rows = rows.into_iter().collect::<Vec<_>>();
    let (shown, others) =
        largest(rows, n, |(name, counts)| (sum(counts), std::cmp::Reverse(name.clone())));
    let (names, mut counts) = shown.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    let mut names =
        names.iter().map(|name| cut(region_name(name.as_deref()), 20)).collect::<Vec<_>>();
    if !others.is_empty() {
        names.push(format!("others ({})", others.len()));
        let add = |mut sums: [u64; N], (_, counts): &(_, [u64; N])| {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            sums
        };
        counts.push(others.iter().fold([0; N], add));
    }
    Ranked { names, counts }
}

fn ran(report: &Report) -> impl Iterator<Item = &Hour> {
    report.hours.iter().filter(|hour| hour.inference.is_some())
}

/// The hours of the day of the largest source Regions.
pub(super) fn heat(report: &Report) -> Result<Part, DrawingError> {
    let mut by_source = BTreeMap::<Option<String>, BTreeMap<Option<String>, [u64; HOURS]>>::new();
    for hour in ran(report) {
        let of_day = hour.hour_ms.div_euclid(HOUR_MS).rem_euclid(HOURS as i64) as usize;
        let of_source = by_source.entry(hour.source.clone()).or_default();
        of_source.entry(hour.inference.clone()).or_insert([0; HOURS])[of_day] += hour.calls;
    }
    let sum = |rows: &BTreeMap<_, [u64; HOURS]>| rows.values().flatten().sum::<u64>();
    let (shown, _) = largest(by_source.into_iter().collect(), HEAT_MAPS, |(source, rows)| {
        (sum(rows), std::cmp::Reverse(source.clone()))
    });
    let (mut drawings, mut tables) = (Vec::new(), Vec::new());
    for (source, rows) in shown {
        let source = cut(region_name(source.as_deref()), 40);
        let ranked = ranked(rows, HEAT_ROWS);
        drawings.push(heat_map(&source, &ranked)?);
        tables.push(heat_table(&source, &ranked));
    }
    Ok(Part {
        heading: "Hour of the day".to_owned(),
        note: "Calls that ran, by hour of the day (UTC) and inference Region, over all days, for each of \
               the largest source Regions: the fuller the color, the more calls.",
        drawings,
        tables,
        is_wide: false,
        command: command(report, "routing --by source_region,inference_region,event_hour"),
    })
}

fn heat_map(source: &str, ranked: &Ranked<HOURS>) -> Result<Drawing, DrawingError> {
    let height = ROW_HEIGHT * ranked.names.len() as u32;
    let cells = grid(HOURS, ranked.names.len(), ((WIDTH - MARGIN) as f32, height as f32))?;
    // All others together would outshine each Region.
    let most = ranked.counts.iter().take(HEAT_ROWS).flatten().copied().max().unwrap_or_default();
    let mut marks = Vec::new();
    for (cell, shape) in cells.into_iter().enumerate() {
        let (row, hour) = (cell / HOURS, cell % HOURS);
        let (name, calls) = (&ranked.names[row], ranked.counts[row][hour]);
        let title = match calls {
            0 => String::new(),
            1 => format!("{name}, {hour:02}:00: 1 call"),
            _ => format!("{name}, {hour:02}:00: {} calls", grouped(calls)),
        };
        let class = format!("heat-{}", level(calls, most));
        marks.push(Mark { shape, class, title, value: calls.to_string() });
    }
    let mut texts = Vec::new();
    for (row, name) in ranked.names.iter().enumerate() {
        let y = (ROW_HEIGHT * row as u32) as f32 + 15.0;
        texts.push(Label::plain(MARGIN as f32 - 6.0, y, "end", name.clone()));
    }
    let column = (WIDTH - MARGIN) as f32 / HOURS as f32;
    for hour in (0..HOURS).step_by(6) {
        let x = MARGIN as f32 + column * hour as f32 + 1.0;
        texts.push(Label::plain(x, height as f32 + 16.0, "start", format!("{hour:02}:00")));
    }
    let legend = [("heat-0", "no call"), ("heat-1", "few"), ("heat-6", "most")];
    let item =
        |(class, text): (&str, &str)| LegendItem { class: class.to_owned(), text: text.to_owned() };
    Ok(Drawing {
        caption: format!("from {source}"),
        width: WIDTH,
        height: height + 22,
        label: format!(
            "Heat map of the calls from {source} that ran, by hour of the day and inference Region; the \
             table has every figure"
        ),
        left: MARGIN,
        top: 0,
        marks,
        texts,
        legend: legend.map(item).into(),
    })
}

/// The class of a cell: 0 without a call, else from 1 to [`LEVELS`].
fn level(calls: u64, most: u64) -> u64 {
    match calls {
        0 => 0,
        _ if calls >= most => LEVELS,
        _ => (u128::from(calls) * u128::from(LEVELS)).div_ceil(u128::from(most)) as u64,
    }
}

fn heat_table(source: &str, ranked: &Ranked<HOURS>) -> Table {
    let hours = (0..HOURS).map(|hour| format!("{hour:02}"));
    let line = |name: &str, counts: &[u64; HOURS]| {
        let sum = Datum::count(counts.iter().sum());
        let counts = counts.iter().map(|count| Datum::count(*count));
        [Datum::plain(name), sum].into_iter().chain(counts).collect::<Vec<_>>()
    };
    let mut total = [0; HOURS];
    for counts in &ranked.counts {
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    Table {
        caption: format!("Calls from {source} that ran, by hour of the day (UTC)"),
        heads: ["inference Region".to_owned(), "calls".to_owned()]
            .into_iter()
            .chain(hours)
            .collect(),
        n_names: 1,
        rows: ranked
            .names
            .iter()
            .zip(&ranked.counts)
            .map(|(name, counts)| line(name, counts))
            .collect(),
        others: None,
        total: Some(line("total", &total)),
    }
}

/// The share of each inference Region, day by day.
pub(super) fn shares(report: &Report) -> Result<Part, DrawingError> {
    type Key = (Option<String>, Option<String>);
    let places = report.days.iter().enumerate().map(|(place, day)| (day.date, place));
    let places = places.collect::<BTreeMap<_, _>>();
    let mut groups = BTreeMap::<Key, BTreeMap<Option<String>, Vec<u64>>>::new();
    for hour in ran(report) {
        let Some(place) = day_of(hour.hour_ms).and_then(|day| places.get(&day)) else { continue };
        let group = groups.entry((hour.source.clone(), hour.scope.clone())).or_default();
        let days = group.entry(hour.inference.clone()).or_insert_with(|| vec![0; places.len()]);
        days[*place] += hour.calls;
    }
    // A source Region of which all calls ran in one Region has nothing to show.
    groups.retain(|_, regions| regions.len() > 1);
    let (shown, _) = largest(groups.into_iter().collect(), SHARES, |(key, regions)| {
        (regions.values().flatten().sum::<u64>(), std::cmp::Reverse(key.clone()))
    });
    let days = report.days.iter().map(|day| day.date).collect::<Vec<_>>();
    let ranks = ranks(report);
    let (mut drawings, mut tables) = (Vec::new(), Vec::new());
    for ((source, scope), regions) in shown {
        let name = format!(
            "from {}, {}",
            cut(region_name(source.as_deref()), 40),
            cut(scope_name(scope.as_deref()), 40)
        );
        let group = Shares::of(name, regions, &ranks);
        drawings.push(group.drawing(&days)?);
        tables.push(group.table(&days));
    }
    Ok(Part {
        heading: "Share of each Region by day".to_owned(),
        note: "Of the calls that ran, for the largest source Regions and profile scopes of which calls \
               ran in several Regions. The effective number of Regions is 1 divided by the sum of the \
               squared shares: 1 if all calls ran in one Region, 3 if they ran in three Regions alike.",
        drawings,
        tables,
        is_wide: false,
        command: command(report, "routing --by dt,source_region,profile_scope,inference_region"),
    })
}

/// The Regions in which most calls ran come first: a Region has the same color in each drawing.
fn ranks(report: &Report) -> Vec<Option<String>> {
    let mut sums = BTreeMap::<Option<String>, u64>::new();
    for hour in ran(report) {
        *sums.entry(hour.inference.clone()).or_default() += hour.calls;
    }
    let rows = sums.into_iter().collect::<Vec<_>>();
    let n = rows.len();
    let (ranked, _) =
        largest(rows, n, |(region, calls)| (*calls, std::cmp::Reverse(region.clone())));
    ranked.into_iter().map(|(region, _)| region).collect()
}

/// The colors of Regions, by their ranks among all. One whose color another one has takes the next that is
/// free.
fn colors(regions: &[Option<String>], ranks: &[Option<String>]) -> Vec<usize> {
    let mut taken = Vec::new();
    for region in regions {
        let rank = ranks.iter().position(|other| other == region).unwrap_or_default();
        let mut colors = (rank..rank + COLORS).map(|color| color % COLORS + 1);
        taken.push(colors.find(|color| !taken.contains(color)).unwrap_or_default());
    }
    taken
}

/// Where the calls of a source Region and a scope ran, by day.
struct Shares {
    name: String,
    regions: Vec<String>,
    /// By Region: the number of its color.
    colors: Vec<usize>,
    /// By Region as in `regions`, then by day.
    counts: Vec<Vec<u64>>,
    /// By day; with the Regions that `regions` has as others, each on its own.
    effective: Vec<Datum>,
    effective_of_all: Datum,
}

impl Shares {
    fn of(
        name: String,
        regions: BTreeMap<Option<String>, Vec<u64>>,
        ranks: &[Option<String>],
    ) -> Self {
        let n_days = regions.values().next().map_or(0, Vec::len);
        let on = |day: usize| regions.values().map(|days| days[day]).collect::<Vec<_>>();
        let effective = (0..n_days).map(|day| Datum::effective_number(&on(day))).collect();
        let sums = regions.values().map(|days| days.iter().sum()).collect::<Vec<u64>>();
        let effective_of_all = Datum::effective_number(&sums);
        let regions = regions.into_iter().collect::<Vec<_>>();
        let (shown, others) = largest(regions, SHARE_REGIONS, |(region, days)| {
            (days.iter().sum::<u64>(), std::cmp::Reverse(region.clone()))
        });
        let n_others = others.len();
        let (names, mut counts) = shown.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let mut colors = colors(&names, ranks);
        let mut names =
            names.iter().map(|name| cut(region_name(name.as_deref()), 24)).collect::<Vec<_>>();
        if n_others > 0 {
            colors.push(0);
            names.push(format!("others ({n_others})"));
            let on = |day: usize| others.iter().map(|(_, days)| days[day]).sum();
            counts.push((0..n_days).map(on).collect());
        }
        Shares { name, regions: names, colors, counts, effective, effective_of_all }
    }

    fn on(&self, day: usize) -> u64 {
        self.counts.iter().map(|days| days[day]).sum()
    }

    fn class(&self, region: usize) -> String {
        format!("color-{}", self.colors[region])
    }

    fn drawing(&self, days: &[Date]) -> Result<Drawing, DrawingError> {
        const HEIGHT: u32 = 110;
        let weight = |calls: &u64, day: usize| fraction((*calls).into(), self.on(day).into());
        let weights = self
            .counts
            .iter()
            .map(|calls| calls.iter().enumerate().map(|(day, calls)| weight(calls, day)).collect());
        let bars = stacked(&weights.collect::<Vec<_>>(), (WIDTH as f32, HEIGHT as f32))?;
        let mut marks = Vec::new();
        for (region, shapes) in bars.into_iter().enumerate() {
            for (day, shape) in shapes.into_iter().enumerate() {
                let (Some(shape), calls) = (shape, self.counts[region][day]) else { continue };
                let share = percent(calls, self.on(day));
                let title = format!("{}, {}: {share}", days[day], self.regions[region]);
                marks.push(Mark {
                    shape,
                    class: self.class(region),
                    title,
                    value: calls.to_string(),
                });
            }
        }
        let item = |(region, name): (usize, &String)| LegendItem {
            class: self.class(region),
            text: name.clone(),
        };
        Ok(Drawing {
            caption: self.name.clone(),
            width: WIDTH,
            height: HEIGHT + 22,
            label: format!(
                "Stacked bars of each day: shares of the inference Regions of calls {}; the table has \
                 every figure",
                self.name
            ),
            left: 0,
            top: 0,
            marks,
            texts: Label::ends_of_days(days, WIDTH, HEIGHT),
            legend: self.regions.iter().enumerate().map(item).collect(),
        })
    }

    fn table(&self, days: &[Date]) -> Table {
        let heads = ["day", "calls", "effective Regions"].map(str::to_owned);
        let measures = |counts: &[u64], effective: &Datum| {
            let all = counts.iter().sum();
            let shares = counts.iter().map(|calls| Datum::share(*calls, all)).collect::<Vec<_>>();
            [Datum::count(all), effective.clone()].into_iter().chain(shares).collect::<Vec<_>>()
        };
        let row = |(place, day): (usize, &Date)| {
            let counts = self.counts.iter().map(|days| days[place]).collect::<Vec<_>>();
            let measures = measures(&counts, &self.effective[place]);
            std::iter::once(Datum::day(*day)).chain(measures).collect()
        };
        let sums = self.counts.iter().map(|days| days.iter().sum()).collect::<Vec<_>>();
        let total = measures(&sums, &self.effective_of_all);
        Table {
            caption: format!("Shares of calls {}", self.name),
            heads: heads.into_iter().chain(self.regions.iter().cloned()).collect(),
            n_names: 1,
            rows: days.iter().enumerate().map(row).collect(),
            others: None,
            total: Some(std::iter::once(Datum::plain("total")).chain(total).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_go_from_the_first_call_to_the_most() {
        assert_eq!([0, 1, 50, 99, 100].map(|calls| level(calls, 100)), [0, 1, 3, 6, 6]);
        assert_eq!([level(u64::MAX, u64::MAX), level(3, 2), level(1, 0)], [LEVELS; 3]);
    }

    #[test]
    fn region_has_the_color_of_its_rank_if_it_is_free() {
        let names = |n: &[usize]| n.iter().map(|n| Some(format!("r{n}"))).collect::<Vec<_>>();
        let ranks = names(&(0..20).collect::<Vec<_>>());
        assert_eq!(colors(&names(&[2, 0, 11]), &ranks), [3, 1, 4], "11 would have the color of 2");
        assert_eq!(colors(&names(&[2]), &ranks), colors(&names(&[2, 9]), &ranks)[..1]);
    }

    #[test]
    fn regions_beyond_the_largest_count_as_others_and_in_the_effective_number() {
        let region = |n: u64| (Some(format!("r{n}")), vec![10, 0]);
        let shares = Shares::of("x".into(), (0..8).map(region).collect(), &[]);
        assert_eq!(shares.regions.last().map(String::as_str), Some("others (3)"));
        assert_eq!((shares.counts[5].clone(), shares.on(0)), (vec![30, 0], 80));
        assert_eq!([&shares.effective[0].text, &shares.effective[1].text], ["8.0", "–"]);
    }
}
