//! CloudWatch's embedded metric format: a line of JSON in a log, from which CloudWatch takes the metrics (Amazon
//! CloudWatch user guide, "Specification: Embedded metric format").

use serde_json::{Map, Value, json};

use super::registry::Metric;
use super::{Measured, Values, number};

/// The namespace of the metrics.
const NAMESPACE: &str = "hoptrail";

/// The only dimension.
const DESTINATION: &str = "Destination";

/// The longest value that a dimension may have.
const MAX_DIMENSION: usize = 1_024;

/// The line, with its end.
pub(super) fn line(measured: &[Measured], values: &Values) -> String {
    let declared = measured
        .iter()
        .map(|(Metric { name, unit, .. }, _)| json!({"Name": name, "Unit": unit.cloudwatch()}));
    let metrics = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [[DESTINATION]],
        "Metrics": declared.collect::<Vec<_>>(),
    });
    let mut members = Map::new();
    members.insert(
        "_aws".to_owned(),
        json!({"Timestamp": values.ended.as_millisecond(), "CloudWatchMetrics": [metrics]}),
    );
    members.insert(DESTINATION.to_owned(), dimension(&values.destination).into());
    for (metric, value) in measured {
        members.insert(metric.name.to_owned(), number(*value));
    }
    format!("{}\n", Value::Object(members))
}

/// A value that a dimension may have: not empty, printable ASCII, not too long.
fn dimension(text: &str) -> String {
    let is_allowed = |character: &char| character.is_ascii_graphic() || *character == ' ';
    let shown = text.chars().map(|it| if is_allowed(&it) { it } else { '?' });
    let shown = shown.take(MAX_DIMENSION).collect::<String>();
    if shown.trim().is_empty() { "?".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimension_is_never_empty_too_long_or_unprintable() {
        assert_eq!(dimension("s3://a/b c"), "s3://a/b c");
        assert_eq!(dimension("/data/ä\n"), "/data/??");
        assert_eq!(dimension(" "), "?");
        assert_eq!(dimension(&"x".repeat(2_000)).len(), MAX_DIMENSION);
    }
}
