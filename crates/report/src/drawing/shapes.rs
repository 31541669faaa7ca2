//! Reads the shapes out of what charts-rs writes.

use std::collections::BTreeMap;

/// A shape, with its coordinates as charts-rs wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A rectangle.
    Rect {
        /// Left edge.
        x: String,
        /// Upper edge.
        y: String,
        /// Width.
        width: String,
        /// Height.
        height: String,
    },
    /// A ribbon.
    Ribbon {
        /// Its outline, as a path has it.
        path: String,
    },
}

/// A shape, and what charts-rs says of it in `data-` attributes.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) shape: Shape,
    data: BTreeMap<String, String>,
}

impl Found {
    /// A number that was given as a name.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.data.get(name)?.parse().ok()
    }
}

impl Shape {
    /// The middle of a rectangle's height; 0 of another shape.
    pub(crate) fn middle(&self) -> f32 {
        match self {
            Shape::Rect { y, height, .. } => coordinate(y) + coordinate(height) / 2.0,
            Shape::Ribbon { .. } => 0.0,
        }
    }

    /// With the horizontal places and widths of a rectangle times a factor.
    pub(super) fn narrowed(self, factor: f32) -> Self {
        let times = |text: &str| shortest(coordinate(text) * factor);
        match self {
            Shape::Rect { x, y, width, height } => {
                Shape::Rect { x: times(&x), y, width: times(&width), height }
            }
            Shape::Ribbon { .. } => self,
        }
    }

    /// The ribbon whose outline charts-rs has as two polylines, there and back. Both follow a cubic curve
    /// that is horizontal at its ends, with control points in the middle between them; written as that, it
    /// is shorter.
    fn ribbon(points: &str) -> Option<Self> {
        let corners = points.split_whitespace().collect::<Vec<_>>();
        let half = corners.len() / 2;
        let corner = |place: usize| corners.get(place)?.split_once(',');
        let ((left, upper_left), (right, upper_right)) =
            (corner(0)?, corner(half.checked_sub(1)?)?);
        let ((_, lower_right), (_, lower_left)) = (corner(half)?, corner(corners.len() - 1)?);
        let middle = shortest((coordinate(left) + coordinate(right)) / 2.0);
        let path = format!(
            "M{left},{upper_left}C{middle},{upper_left} {middle},{upper_right} {right},{upper_right}\
             V{lower_right}C{middle},{lower_right} {middle},{lower_left} {left},{lower_left}Z"
        );
        Some(Shape::Ribbon { path })
    }
}

/// With one decimal place, if there is anything in it.
fn shortest(coordinate: f32) -> String {
    let text = format!("{coordinate:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn coordinate(text: &str) -> f32 {
    text.parse().unwrap_or_default()
}

/// The shapes that show data, in the order of the SVG. Backgrounds, lines, and texts are left out.
pub(super) fn of_svg(svg: &str) -> Vec<Found> {
    let tags = svg.split('<').filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag));
    tags.filter_map(found).collect()
}

fn found(tag: &str) -> Option<Found> {
    let (name, rest) = tag.split_once(' ')?;
    let mut attributes = BTreeMap::new();
    let mut rest = rest;
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        attributes.insert(key.trim().to_owned(), value.to_owned());
        rest = after;
    }
    let mut take = |name: &str| attributes.remove(name);
    let shape = match name {
        "rect" => Shape::Rect {
            x: take("x")?,
            y: take("y")?,
            width: take("width")?,
            height: take("height")?,
        },
        "polygon" => Shape::ribbon(&take("points")?)?,
        _ => return None,
    };
    let data = attributes
        .into_iter()
        .filter_map(|(key, value)| key.strip_prefix("data-").map(|key| (key.to_owned(), value)));
    let data = data.collect::<BTreeMap<_, _>>();
    (!data.is_empty()).then_some(Found { shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shapes_of_data_are_found() {
        let svg = "<svg width=\"9\">\n<rect x=\"0\" y=\"0\" width=\"9\" height=\"9\" fill=\"#FFF\"/>\n\
                   <rect x=\"1\" y=\"2.5\" width=\"3\" height=\"4\" data-index=\"7\" data-x=\"\"/>\n\
                   <text x=\"1\" data-index=\"1\">\n3\n</text>\n\
                   <polygon points=\"0,2 5,3 9,4 9,8 5,7 0,6\" data-source=\"0\"/></svg>";
        let found = of_svg(svg);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].number("index"), found[0].number("x")), (Some(7), None));
        assert!((found[0].shape.middle() - 4.5).abs() < f32::EPSILON);
        let path = "M0,2C4.5,2 4.5,4 9,4V8C4.5,8 4.5,6 0,6Z".to_owned();
        assert_eq!(found[1].shape, Shape::Ribbon { path });
    }
}
