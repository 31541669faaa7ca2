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
    /// A polygon.
    Polygon {
        /// The coordinates of its corners.
        points: String,
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
            Shape::Polygon { .. } => 0.0,
        }
    }
}

fn coordinate(text: &str) -> f32 {
    text.parse().unwrap_or_default()
}

/// The shapes that stand for data, in the order of the SVG. Backgrounds, lines, and texts are left out.
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
        "polygon" => Shape::Polygon { points: take("points")? },
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
                   <polygon points=\"1,2 3,4\" data-source=\"0\"/></svg>";
        let found = of_svg(svg);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].number("index"), found[0].number("x")), (Some(7), None));
        assert!((found[0].shape.middle() - 4.5).abs() < f32::EPSILON);
        assert_eq!(found[1].shape, Shape::Polygon { points: "1,2 3,4".to_owned() });
    }
}
