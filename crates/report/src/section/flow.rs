//! From where calls were sent to where they ran.

use std::collections::BTreeMap;

use super::{WIDTH, blank, command, region_name, scope_name};
use crate::drawing::charts::{Flow, NODE_GAP, flow};
use crate::drawing::{Drawing, DrawingError, Label, Mark, fraction};
use crate::model::{Path, Report};
use crate::number::grouped;
use crate::view::{Datum, LegendItem, Part, Table, cut, largest, others_name};

/// The residency of calls that left their jurisdiction.
pub(super) const LEFT: &str = "other_jurisdiction";

/// Profile scopes with a drawing of their own.
const SCOPES: usize = 6;

/// Source Regions of a drawing, and inference Regions.
const SOURCES: usize = 6;
const TARGETS: usize = 9;

/// Rows of the tables.
const ROWS: usize = 30;

/// The room for names beside a flow.
const MARGIN: u32 = 165;

/// The height that a node needs with its name.
const NODE_HEIGHT: f32 = 20.0;

/// How calls went: by source Region, inference Region, and residency.
type Routes = BTreeMap<(Option<String>, Option<String>, Option<String>), u64>;

/// The flow of every scope.
pub(super) fn part(report: &Report) -> Result<Part, DrawingError> {
    let mut by_scope = BTreeMap::<Option<String>, Routes>::new();
    for path in report.paths.iter().filter(|path| path.inference.is_some()) {
        let routes = by_scope.entry(path.scope.clone()).or_default();
        let key = (path.source.clone(), path.inference.clone(), path.residency.clone());
        *routes.entry(key).or_default() += path.calls.all;
    }
    let sum = |routes: &Routes| routes.values().sum::<u64>();
    let rows = by_scope.iter().flat_map(|(scope, routes)| {
        routes.iter().map(move |(key, calls)| (scope.clone(), key.clone(), *calls))
    });
    let table = table(rows.collect());
    let scopes = by_scope.into_iter().collect::<Vec<_>>();
    let (shown, rest) =
        largest(scopes, SCOPES, |(scope, routes)| (sum(routes), std::cmp::Reverse(scope.clone())));
    let mut drawings = Vec::new();
    for (scope, routes) in &shown {
        drawings.extend(drawing(scope_name(scope.as_deref()), routes)?);
    }
    let mut merged = Routes::new();
    for (key, calls) in rest.into_iter().flat_map(|(_, routes)| routes) {
        *merged.entry(key).or_default() += calls;
    }
    drawings.extend(drawing("other scopes", &merged)?);
    if let Some(last) = drawings.last_mut() {
        last.legend = legend();
    }
    Ok(Part {
        heading: "From source Region to inference Region".to_owned(),
        note: "Calls that ran, for each profile scope: where they were sent on the left, where they ran \
               on the right.",
        drawings,
        tables: vec![table],
        is_wide: false,
        command: command(
            report,
            "routing --by profile_scope,source_region,inference_region,residency",
        ),
    })
}

/// Names of nodes by rank; the last one is the sum of all others.
struct Nodes {
    shown: Vec<Option<String>>,
    counts: Vec<u64>,
    n_others: usize,
}

impl Nodes {
    fn of(sums: BTreeMap<Option<String>, u64>, n: usize) -> Self {
        let rows = sums.into_iter().collect::<Vec<_>>();
        let (shown, others) =
            largest(rows, n, |(name, calls)| (*calls, std::cmp::Reverse(name.clone())));
        let (shown, mut counts) = shown.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let n_others = others.len();
        if n_others > 0 {
            counts.push(others.iter().map(|(_, calls)| calls).sum());
        }
        Nodes { shown, counts, n_others }
    }

    fn place(&self, name: &Option<String>) -> usize {
        self.shown.iter().position(|shown| shown == name).unwrap_or(self.shown.len())
    }

    fn name(&self, place: usize) -> String {
        match self.shown.get(place) {
            Some(name) => cut(region_name(name.as_deref()), 24),
            None => format!("others ({})", self.n_others),
        }
    }
}

/// The flow of a scope; none if no call ran.
fn drawing(scope: &str, routes: &Routes) -> Result<Option<Drawing>, DrawingError> {
    let total = routes.values().sum::<u64>();
    if total == 0 {
        return Ok(None);
    }
    let (mut by_source, mut by_target) = (BTreeMap::new(), BTreeMap::new());
    let routes = routes.iter().filter(|(_, calls)| **calls > 0).collect::<Vec<_>>();
    for ((source, target, _), calls) in routes.iter().copied() {
        *by_source.entry(source.clone()).or_default() += calls;
        *by_target.entry(target.clone()).or_default() += calls;
    }
    let (sources, targets) = (Nodes::of(by_source, SOURCES), Nodes::of(by_target, TARGETS));
    let mut links = BTreeMap::<(usize, usize, Option<String>), u64>::new();
    for ((source, target, residency), calls) in routes {
        let key = (sources.place(source), targets.place(target), residency.clone());
        *links.entry(key).or_default() += calls;
    }
    let n_nodes = (sources.counts.len(), targets.counts.len());
    let rows = n_nodes.0.max(n_nodes.1) as f32;
    let height = rows * (NODE_HEIGHT + NODE_GAP) - NODE_GAP;
    let weights = links.iter().map(|((source, target, _), calls)| {
        (*source, *target, fraction((*calls).into(), total.into()))
    });
    let weights = weights.collect::<Vec<_>>();
    let Flow { sources: left, targets: right, ribbons } =
        flow(n_nodes, &weights, ((WIDTH - 2 * MARGIN) as f32, height))?;
    let mut marks = Vec::new();
    for (((source, target, residency), calls), shape) in links.iter().zip(ribbons) {
        let (from, to) = (sources.name(*source), targets.name(*target));
        let residency = residency.as_deref();
        marks.push(Mark {
            shape,
            class: residency_class(residency).to_owned(),
            title: format!(
                "{from} → {to}: {} calls, {}",
                grouped(*calls),
                residency_words(residency)
            ),
            value: calls.to_string(),
        });
    }
    let mut texts = Vec::new();
    let top = 14;
    for (nodes, shapes, x, anchor) in [
        (&sources, left, MARGIN as f32 - 8.0, "end"),
        (&targets, right, (WIDTH - MARGIN) as f32 + 8.0, "start"),
    ] {
        for (place, shape) in shapes.into_iter().enumerate() {
            let (name, calls) = (nodes.name(place), nodes.counts[place]);
            let text = format!("{name} · {}", grouped(calls));
            let (y, value) = (shape.middle() + top as f32 + 4.0, Some(calls.to_string()));
            texts.push(Label { x, y, anchor, text: text.clone(), value });
            let value = calls.to_string();
            marks.push(Mark { shape, class: "node".to_owned(), title: text, value });
        }
    }
    let [n_sources, n_targets] = [(&sources, "source"), (&targets, "inference")]
        .map(|(nodes, kind)| format!("{} {kind} Regions", nodes.shown.len() + nodes.n_others));
    let label = format!(
        "Flow of the {} calls of {scope} that ran, from {n_sources} to {n_targets}; the table has every route",
        grouped(total)
    );
    let caption = scope.to_owned();
    let legend = Vec::new();
    let height = height.ceil() as u32 + 2 * top;
    let left = MARGIN;
    Ok(Some(Drawing { caption, width: WIDTH, height, label, left, top, marks, texts, legend }))
}

fn residency_class(residency: Option<&str>) -> &'static str {
    match residency {
        Some("same_region") => "same-region",
        Some("same_jurisdiction") => "same-jurisdiction",
        Some(LEFT) => "left-jurisdiction",
        _ => "no-residency",
    }
}

fn residency_words(residency: Option<&str>) -> &str {
    match residency {
        Some("same_region") => "in the same Region",
        Some("same_jurisdiction") => "in the same jurisdiction",
        Some(LEFT) => "left its jurisdiction",
        _ => "jurisdiction unknown",
    }
}

fn legend() -> Vec<LegendItem> {
    [Some("same_region"), Some("same_jurisdiction"), Some(LEFT)]
        .map(|residency| LegendItem {
            class: residency_class(residency).to_owned(),
            text: residency_words(residency).to_owned(),
        })
        .into()
}

type Row = (Option<String>, (Option<String>, Option<String>, Option<String>), u64);

fn table(rows: Vec<Row>) -> Table {
    let total = rows.iter().map(|(.., calls)| calls).sum::<u64>();
    let measures = |calls: u64| [Datum::count(calls), Datum::share(calls, total)];
    let (shown, others) = largest(rows, ROWS, |(scope, key, calls)| {
        (*calls, std::cmp::Reverse((scope.clone(), key.clone())))
    });
    let row = |(scope, (source, inference, residency), calls): &Row| {
        let names = [scope, source, inference, residency].map(|name| Datum::name(name.as_deref()));
        names.into_iter().chain(measures(*calls)).collect()
    };
    let sum = others.iter().map(|(.., calls)| calls).sum();
    let others = (!others.is_empty()).then(|| {
        let name = others_name(others.len());
        std::iter::once(name).chain(blank(3)).chain(measures(sum)).collect()
    });
    let total_row = std::iter::once(Datum::plain("total")).chain(blank(3)).chain(measures(total));
    Table {
        caption: "Calls that ran".to_owned(),
        heads: [
            "profile scope",
            "source Region",
            "inference Region",
            "residency",
            "calls",
            "share",
        ]
        .map(str::to_owned)
        .into(),
        n_names: 4,
        rows: shown.iter().map(row).collect(),
        others,
        total: Some(total_row.collect()),
    }
}

/// Calls that left their jurisdiction, and calls that ran where their profile does not declare it.
pub(super) fn exceptions(report: &Report) -> Part {
    type Key = ([Option<String>; 5], Option<bool>);
    let mut routes = BTreeMap::<Key, u64>::new();
    for path in report.paths.iter().filter(|path| is_exception(path)) {
        let names = [&path.source, &path.inference, &path.scope, &path.model, &path.residency];
        *routes.entry((names.map(Clone::clone), path.is_declared)).or_default() += path.calls.all;
    }
    let rows = routes.into_iter().collect::<Vec<_>>();
    let total = rows.iter().map(|(_, calls)| calls).sum::<u64>();
    let (shown, others) =
        largest(rows, ROWS, |(key, calls)| (*calls, std::cmp::Reverse(key.clone())));
    let row = |((names, is_declared), calls): &(Key, u64)| {
        let names = names.iter().map(|name| Datum::name(name.as_deref()));
        let declared = Datum::name(is_declared.map(|is| if is { "yes" } else { "no" }));
        names.chain([declared, Datum::count(*calls)]).collect()
    };
    let sum = others.iter().map(|(_, calls)| calls).sum();
    let others = (!others.is_empty()).then(|| {
        let name = others_name(others.len());
        std::iter::once(name).chain(blank(5)).chain([Datum::count(sum)]).collect()
    });
    let total_row = std::iter::once(Datum::plain("total")).chain(blank(5));
    Part {
        heading: "Residency exceptions".to_owned(),
        note: "Calls whose inference Region is in another country than the source Region, where the EU's \
               member states count as one; and calls that ran in a Region that their profile does not \
               declare. The command lists all other calls too.",
        drawings: Vec::new(),
        tables: vec![Table {
            caption: "Calls that left their jurisdiction, or ran in an undeclared Region"
                .to_owned(),
            heads: [
                "source Region",
                "inference Region",
                "profile scope",
                "model",
                "residency",
                "declared",
                "calls",
            ]
            .map(str::to_owned)
            .into(),
            n_names: 6,
            rows: shown.iter().map(row).collect(),
            others,
            total: Some(total_row.chain([Datum::count(total)]).collect()),
        }],
        is_wide: false,
        command: command(
            report,
            "routing --by residency,is_declared,source_region,inference_region,profile_scope,model_name",
        ),
    }
}

fn is_exception(path: &Path) -> bool {
    path.residency.as_deref() == Some(LEFT) || path.is_declared == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Shape;

    #[test]
    fn nodes_beyond_the_largest_are_one() {
        let sums = (0..5_u64).map(|n| (Some(format!("r{n}")), 10 - n)).collect::<BTreeMap<_, _>>();
        let nodes = Nodes::of(sums.clone(), 3);
        assert_eq!((nodes.counts.clone(), nodes.n_others), (vec![10, 9, 8, 13], 2));
        assert_eq!([nodes.place(&Some("r1".into())), nodes.place(&Some("r4".into()))], [1, 3]);
        assert_eq!(Nodes::of(sums, 4).counts, [10, 9, 8, 7, 6], "one more has a node of its own");
    }

    #[test]
    fn route_without_calls_has_no_ribbon() {
        let key =
            |a: &str, b: &str| (Some(a.to_owned()), Some(b.to_owned()), Some(LEFT.to_owned()));
        let routes = Routes::from([(key("a", "b"), 3), (key("a", "c"), 0)]);
        let drawing = drawing("us", &routes).expect("drawn").expect("calls ran");
        let ribbons =
            drawing.marks.iter().filter(|mark| matches!(mark.shape, Shape::Ribbon { .. }));
        assert_eq!(ribbons.map(|mark| mark.value.as_str()).collect::<Vec<_>>(), ["3"]);
    }
}
