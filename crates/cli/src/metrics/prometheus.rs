//! Prometheus's text format, for the textfile collector of the node exporter.

use std::fmt::Write as _;

use super::registry::Metric;
use super::{Measured, Values, number};

/// The text. Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
pub(super) fn text(measured: &[Measured], values: &Values) -> String {
    let mut out = String::new();
    let destination = label(&values.destination);
    for (Metric { prometheus, unit, about, .. }, value) in measured {
        let value = number(value * unit.in_prometheus());
        let about = about.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(out, "# HELP {prometheus} {about}\n# TYPE {prometheus} gauge");
        let _ = writeln!(out, "{prometheus}{{destination=\"{destination}\"}} {value}");
    }
    out
}

/// The value of a label, whose quotes, backslashes, and line ends are escaped.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
