//! What charts-rs is asked to lay out. Weights are from 0 to 1.

use charts_rs::{
    BarChart, ChartBase, Color, HeatmapChart, HorizontalBarChart, SankeyChart, SankeyLink,
    SankeyNode, Series,
};

use super::DrawingError;
use super::shapes::{Found, Shape, of_svg};

/// The width of a node of a flow.
const NODE_WIDTH: f32 = 10.0;

/// Between two nodes of a flow.
pub(crate) const NODE_GAP: f32 = 14.0;

/// The width of a column of bars with the gap beside it, as charts-rs lays it out, at least.
const COLUMN_WIDTH: f32 = 40.0;

/// Nodes and ribbons of a flow.
#[derive(Debug)]
pub(crate) struct Flow {
    /// In the order of the nodes on the left.
    pub(crate) sources: Vec<Shape>,
    /// In the order of the nodes on the right.
    pub(crate) targets: Vec<Shape>,
    /// In the order of the links.
    pub(crate) ribbons: Vec<Shape>,
}

/// Has charts-rs lay out a flow. A link goes from a node on the left to a node on the right, and has a weight;
/// every node has a link.
///
/// # Errors
/// If charts-rs does not draw each of them.
pub(crate) fn flow(
    n_nodes: (usize, usize),
    links: &[(usize, usize, f32)],
    size: (f32, f32),
) -> Result<Flow, DrawingError> {
    const CHART: &str = "flow";
    let (n_sources, n_targets) = n_nodes;
    let node = |place: usize| SankeyNode { name: place.to_string(), color: None };
    let nodes = (0..n_sources + n_targets).map(node).collect();
    let link = |(source, target, weight): &(usize, usize, f32)| SankeyLink {
        source: source.to_string(),
        target: (n_sources + target).to_string(),
        value: weight.max(f32::MIN_POSITIVE),
    };
    let mut chart = SankeyChart::new(nodes, links.iter().map(link).collect());
    bare(&mut chart.base, size);
    chart.node_width = NODE_WIDTH;
    chart.node_gap = NODE_GAP;
    let found =
        of_svg(&chart.svg().map_err(|source| DrawingError::Chart { chart: CHART, source })?);
    let (nodes, ribbons) =
        found.into_iter().partition::<Vec<_>, _>(|found| found.number("name").is_some());
    let ribbons = ribbons.into_iter().map(|found| found.shape).collect::<Vec<_>>();
    check(CHART, links.len(), ribbons.len())?;
    let mut nodes = placed(CHART, n_sources + n_targets, nodes, |found| found.number("name"))?;
    let targets = nodes.split_off(n_sources);
    Ok(Flow { sources: nodes, targets, ribbons })
}

/// The cells of a grid, row after row from above.
///
/// # Errors
/// If charts-rs does not draw each of them.
pub(crate) fn grid(
    n_columns: usize,
    n_rows: usize,
    size: (f32, f32),
) -> Result<Vec<Shape>, DrawingError> {
    const CHART: &str = "grid";
    let names = |n: usize| (0..n).map(|place| place.to_string()).collect::<Vec<_>>();
    let cells = (0..n_columns * n_rows).map(|cell| (cell, 1.0)).collect();
    let mut chart = HeatmapChart::new(cells, names(n_columns), names(n_rows));
    bare(&mut chart.base, size);
    let found =
        of_svg(&chart.svg().map_err(|source| DrawingError::Chart { chart: CHART, source })?);
    // charts-rs counts rows from below.
    placed(CHART, n_columns * n_rows, found, |found| {
        let index = found.number("index")?;
        Some((n_rows - 1 - index / n_columns) * n_columns + index % n_columns)
    })
}

/// Bars of one column each, which stand on each other: for every series, the weights by column. Weights of a
/// column are at most 1 in sum. A weight of 0 has no shape.
///
/// # Errors
/// If charts-rs does not draw each of the others.
pub(crate) fn stacked(
    series: &[Vec<f32>],
    size: (f32, f32),
) -> Result<Vec<Vec<Option<Shape>>>, DrawingError> {
    let n_columns = series.first().map_or(0, Vec::len);
    let names = (0..n_columns).map(|place| place.to_string()).collect();
    let all = series.iter().enumerate().map(|(place, weights)| {
        let mut one = Series::from((place.to_string().as_str(), weights.clone()));
        one.data = weights.iter().map(|weight| (*weight > 0.0).then_some(*weight)).collect();
        one.stack = Some("all".to_owned());
        one
    });
    let mut chart = BarChart::new(all.collect(), names);
    // The gap between two bars has a fixed width: many bars are laid out wider than they are drawn.
    let (width, height) = size;
    let wide = width.max(COLUMN_WIDTH * n_columns as f32);
    bare(&mut chart.base, (wide, height));
    if let Some(axis) = chart.y_axis_configs.first_mut() {
        (axis.min, axis.max) = (Some(0.0), Some(1.0));
    }
    let mut drawn = bars("stacked bars", series, chart.svg())?;
    for shape in drawn.iter_mut().flatten() {
        *shape = shape.take().map(|shape| shape.narrowed(width / wide));
    }
    Ok(drawn)
}

/// Bars beneath each other, from the left, one for each weight. A weight of 0 has no shape.
///
/// # Errors
/// If charts-rs does not draw each of the others.
pub(crate) fn horizontal(
    weights: &[f32],
    size: (f32, f32),
) -> Result<Vec<Option<Shape>>, DrawingError> {
    let names = (0..weights.len()).map(|place| place.to_string()).collect();
    // charts-rs puts the first one at the bottom.
    let weights = weights.iter().rev().copied().collect::<Vec<_>>();
    let mut one = Series::from(("0", weights.clone()));
    one.data = weights.iter().map(|weight| (*weight > 0.0).then_some(*weight)).collect();
    let mut chart = HorizontalBarChart::new(vec![one], names);
    bare(&mut chart.base, size);
    if let Some(axis) = chart.y_axis_configs.first_mut() {
        (axis.min, axis.max) = (Some(0.0), Some(1.0));
    }
    let drawn = bars("horizontal bars", &[weights], chart.svg())?;
    Ok(drawn.into_iter().flatten().rev().collect())
}

/// The bars of series, by column.
fn bars(
    chart: &'static str,
    series: &[Vec<f32>],
    svg: charts_rs::Result<String>,
) -> Result<Vec<Vec<Option<Shape>>>, DrawingError> {
    let svg = svg.map_err(|source| DrawingError::Chart { chart, source })?;
    let mut drawn =
        series.iter().map(|weights| vec![None; weights.len()]).collect::<Vec<Vec<Option<Shape>>>>();
    let mut n_found = 0;
    for found in of_svg(&svg) {
        let place = found.number("series").zip(found.number("category"));
        let slot = place.and_then(|(row, column)| drawn.get_mut(row)?.get_mut(column));
        if let Some(slot) = slot {
            *slot = Some(found.shape);
            n_found += 1;
        }
    }
    let expected = series.iter().flatten().filter(|weight| **weight > 0.0).count();
    check(chart, expected, n_found)?;
    Ok(drawn)
}

/// Leaves nothing but the shapes: no axes, texts, or colors.
fn bare(base: &mut ChartBase, (width, height): (f32, f32)) {
    (base.width, base.height) = (width, height);
    base.margin = charts_rs::Box::default();
    base.background_color = Color::transparent();
    base.x_axis.hidden = true;
    base.y_axis_hidden = true;
    base.legend.show = Some(false);
    base.tooltip.show = false;
    base.grid.stroke_width = 0.0;
}

fn check(chart: &'static str, expected: usize, found: usize) -> Result<(), DrawingError> {
    if expected == found { Ok(()) } else { Err(DrawingError::Shapes { chart, expected, found }) }
}

/// The shapes in the order of their places.
fn placed(
    chart: &'static str,
    n: usize,
    found: Vec<Found>,
    place: impl Fn(&Found) -> Option<usize>,
) -> Result<Vec<Shape>, DrawingError> {
    let mut slots = vec![None; n];
    for found in found {
        if let Some(slot) = place(&found).and_then(|place| slots.get_mut(place)) {
            *slot = Some(found.shape);
        }
    }
    let shapes = slots.into_iter().flatten().collect::<Vec<_>>();
    check(chart, n, shapes.len())?;
    Ok(shapes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(shape: &Shape) -> [f32; 4] {
        match shape {
            Shape::Rect { x, y, width, height } => {
                [x, y, width, height].map(|text| text.parse().expect("a number"))
            }
            Shape::Ribbon { .. } => panic!("expected a rectangle"),
        }
    }

    #[test]
    fn cells_of_a_grid_are_in_the_order_of_reading() {
        let cells = grid(3, 2, (301.0, 101.0)).expect("drawn");
        let places = cells.iter().map(rect).map(|[x, y, ..]| (x as i32, y as i32));
        let expected = [(1, 0), (101, 0), (201, 0), (1, 50), (101, 50), (201, 50)];
        assert!(places.eq(expected), "{cells:?}");
    }

    #[test]
    fn heights_of_stacked_bars_are_their_weights() {
        let drawn = stacked(&[vec![0.5, 0.0], vec![0.25, 1.0]], (100.0, 200.0)).expect("drawn");
        let height = |series: usize, column: usize| {
            drawn[series][column].as_ref().map(|shape| rect(shape)[3] as i32)
        };
        assert_eq!(
            [height(0, 0), height(1, 0), height(0, 1), height(1, 1)],
            [Some(100), Some(50), None, Some(200)]
        );
    }

    #[test]
    fn many_bars_are_wider_than_the_gaps_between_them() {
        let drawn = stacked(&[vec![1.0; 90]], (560.0, 100.0)).expect("drawn");
        let bars = drawn[0].iter().flatten().map(rect).collect::<Vec<_>>();
        assert!(bars.iter().all(|bar| bar[2] > 4.0), "{bars:?}");
        assert!(bars[89][0] > 550.0 && bars[89][0] + bars[89][2] <= 560.0, "{:?}", bars[89]);
    }

    #[test]
    fn lengths_of_horizontal_bars_are_their_weights() {
        let drawn = horizontal(&[1.0, 0.0, 0.25], (200.0, 90.0)).expect("drawn");
        let bars = drawn.iter().map(|shape| shape.as_ref().map(rect)).collect::<Vec<_>>();
        assert_eq!(bars[1], None);
        let [first, last] = [bars[0], bars[2]].map(|bar| bar.expect("a bar"));
        assert_eq!([first[2] as i32, last[2] as i32], [200, 50]);
        assert!(first[1] < last[1], "the first one is above");
    }

    #[test]
    fn flow_has_a_ribbon_for_every_link() {
        let links = [(0, 0, 0.5), (0, 1, 0.3), (1, 0, 1e-9)];
        let drawn = flow((2, 2), &links, (300.0, 100.0)).expect("drawn");
        let counts = [drawn.sources.len(), drawn.targets.len(), drawn.ribbons.len()];
        assert_eq!(counts, [2, 2, 3]);
        let [left, right] = [&drawn.sources[0], &drawn.targets[0]].map(|shape| rect(shape)[0]);
        assert!(left < 1.0 && right > 280.0, "{left} {right}");
    }

    #[test]
    fn node_without_a_link_is_an_error() {
        assert!(matches!(
            flow((2, 1), &[(0, 0, 1.0)], (300.0, 100.0)),
            Err(DrawingError::Shapes { expected: 3, .. })
        ));
    }
}
