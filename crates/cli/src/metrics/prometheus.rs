//! Prometheus's text format, for the textfile collector of the node exporter.

use std::fmt::Write as _;

use super::registry::Metric;
use super::{Measured, Values, number};

/// The text. Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
pub(super) fn text(measured: &[Measured], values: &Values) -> String {
    let mut out = String::new();
    let destination = label(&values.destination);
    for (Metric { prometheus, unit, about, .. }, value) in measured {
        let prometheus = &name(prometheus, values.verify.is_some());
        let value = number(value * unit.in_prometheus());
        let about = about.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(out, "# HELP {prometheus} {about}\n# TYPE {prometheus} gauge");
        let _ = writeln!(out, "{prometheus}{{destination=\"{destination}\"}} {value}");
    }
    out
}

/// What a verification shares with runs has a name of its own: files of both may lie in one folder, where a series may
/// stand once.
fn name(prometheus: &str, is_of_verify: bool) -> String {
    const SHARED: [&str; 3] =
        ["hoptrail_exit_code", "hoptrail_duration_seconds", "hoptrail_peak_memory_bytes"];
    match prometheus.strip_prefix("hoptrail_").filter(|_| SHARED.contains(&prometheus)) {
        Some(rest) if is_of_verify => format!("hoptrail_verify_{rest}"),
        _ => prometheus.to_owned(),
    }
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

    #[test]
    fn metrics_of_runs_and_verifications_are_series_of_their_own() {
        assert_eq!(name("hoptrail_exit_code", false), "hoptrail_exit_code");
        assert_eq!(name("hoptrail_exit_code", true), "hoptrail_verify_exit_code");
        assert_eq!(name("hoptrail_findings", true), "hoptrail_findings");
    }
}
