//! Drawings: shapes whose places come from charts-rs, with texts that come from exact figures.
//!
//! charts-rs is given numbers from 0 to 1 and the places of rows in place of names; of the SVG that it
//! writes, only the coordinates are kept ([`shapes`]). Colors are classes, which the style sheet of the
//! page maps for light and dark.

pub(crate) mod charts;
mod shapes;

pub(crate) use shapes::Shape;

use jiff::civil::Date;

use crate::view::{Datum, LegendItem};

/// Why something could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawingError {
    /// charts-rs gave up.
    #[error("charts-rs could not draw the {chart}")]
    Chart {
        /// What it was to draw.
        chart: &'static str,
        /// Why not.
        source: charts_rs::Error,
    },
    /// What it drew is not what was asked for.
    #[error("expected {expected} shapes of the {chart} by charts-rs, found {found}")]
    Shapes {
        /// What it was to draw.
        chart: &'static str,
        /// How many shapes it was given.
        expected: usize,
        /// How many it drew.
        found: usize,
    },
}

/// An image.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
    /// What it shows, where it is one of several.
    pub(crate) caption: String,
    /// In units of the image.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The sentence that a screen reader reads instead.
    pub(crate) label: String,
    /// Where the origin of the shapes is.
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) marks: Vec<Mark>,
    /// Whose origin is that of the image.
    pub(crate) texts: Vec<Label>,
    pub(crate) legend: Vec<LegendItem>,
}

/// A shape with its meaning.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) shape: Shape,
    /// Its class, from which the color follows.
    pub(crate) class: String,
    /// Its tooltip; empty if it shows no data.
    pub(crate) title: String,
    /// The exact value of its figure.
    pub(crate) value: String,
}

/// A text beside shapes.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// `start`, `middle`, or `end`: which part of the text is there.
    pub(crate) anchor: &'static str,
    pub(crate) text: String,
    /// The exact value, if it is a figure.
    pub(crate) value: Option<String>,
}

/// A bar with its name and its figure.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) datum: Datum,
    /// The figure as a number, for the length.
    pub(crate) weight: u128,
}

/// A part of a whole, as drawings take it.
pub(crate) fn fraction(part: u128, whole: u128) -> f32 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64) as f32 }
}

impl Label {
    /// A text that is no figure.
    pub(crate) fn plain(x: f32, y: f32, anchor: &'static str, text: String) -> Self {
        Label { x, y, anchor, text, value: None }
    }

    /// The first and the last day, below columns of days that are `width` wide and `height` high.
    pub(crate) fn ends_of_days(days: &[Date], width: u32, height: u32) -> Vec<Self> {
        let y = (height + 16) as f32;
        let first = days.first().map(|day| Label::plain(0.0, y, "start", day.to_string()));
        let last = days.last().filter(|_| days.len() > 1);
        let last = last.map(|day| Label::plain(width as f32, y, "end", day.to_string()));
        first.into_iter().chain(last).collect()
    }
}

impl Drawing {
    /// The marks by class, in the order in which the classes come first: a class is written once.
    pub(crate) fn groups(&self) -> Vec<(&str, Vec<&Mark>)> {
        let mut groups = Vec::<(&str, Vec<&Mark>)>::new();
        for mark in &self.marks {
            match groups.iter_mut().find(|(class, _)| *class == mark.class) {
                Some((_, marks)) => marks.push(mark),
                None => groups.push((&mark.class, vec![mark])),
            }
        }
        groups
    }

    /// Bars beneath each other, the name and the figure of each upon it; `None` without any.
    ///
    /// # Errors
    /// If they cannot be drawn.
    pub(crate) fn of_bars(
        bars: Vec<Bar>,
        class: &str,
        label: String,
    ) -> Result<Option<Self>, DrawingError> {
        const WIDTH: u32 = 400;
        /// A bar with the gap below it.
        const HEIGHT: u32 = 30;
        const MARGIN: f32 = 6.0;
        if bars.is_empty() {
            return Ok(None);
        }
        let most = bars.iter().map(|bar| bar.weight).max().unwrap_or_default();
        let weights = bars.iter().map(|bar| fraction(bar.weight, most)).collect::<Vec<_>>();
        let height = HEIGHT * bars.len() as u32;
        let shapes = charts::horizontal(&weights, (WIDTH as f32, height as f32))?;
        let (mut marks, mut texts) = (Vec::new(), Vec::new());
        for (place, (bar, shape)) in bars.into_iter().zip(shapes).enumerate() {
            let Bar { name, datum: Datum { text, value }, .. } = bar;
            marks.extend(shape.map(|shape| Mark {
                shape,
                class: class.to_owned(),
                title: format!("{name}: {text}"),
                value: value.clone().unwrap_or_default(),
            }));
            let y = (HEIGHT * place as u32) as f32 + 19.0;
            texts.push(Label::plain(MARGIN, y, "start", name));
            texts.push(Label { x: WIDTH as f32 - MARGIN, y, anchor: "end", text, value });
        }
        Ok(Some(Drawing { width: WIDTH, height, label, marks, texts, ..Drawing::default() }))
    }
}
