//! What a run and a verification came to as metrics: for CloudWatch, for Prometheus, or as JSON.

mod destination;
mod emf;
mod prometheus;
mod registry;
mod values;

use std::io;

use crate::command::print;
use crate::escape::escaped;
use crate::messages::Messages;
use crate::whole_file::write_whole;

use destination::Form;
pub(crate) use destination::MetricsOutput;
use registry::{METRICS, Metric};
pub(crate) use values::{RunValues, Values, VerifyValues};

/// A metric of this run with its value.
type Measured = (&'static Metric, f64);

/// Writes the metrics where the options say. What cannot be written is a warning: how the run ended stays.
pub(crate) fn write(outputs: &[MetricsOutput], values: &Values, messages: &Messages) {
    let measured = METRICS.iter().filter_map(|metric| Some((metric, (metric.value)(values)?)));
    let measured = measured.collect::<Vec<_>>();
    for output in outputs {
        let text = match output.form {
            Form::Emf => emf::line(&measured, values),
            Form::Prometheus => prometheus::text(&measured, values),
            Form::Json => json(&measured, values),
        };
        if let Err((place, error)) = write_one(output, &text) {
            messages.warn(&format!("could not write the metrics {}: {error}", escaped(&place)));
        }
    }
}

fn write_one(output: &MetricsOutput, text: &str) -> Result<(), (String, io::Error)> {
    match &output.file {
        Some(file) => write_whole(file, text).map_err(|it| (format!("to {}", file.display()), it)),
        None => print(text).map_err(|error| ("to stdout".to_owned(), error)),
    }
}

/// An object with a member for each metric, and the destination.
fn json(measured: &[Measured], values: &Values) -> String {
    let mut object = serde_json::Map::new();
    object.insert("Destination".to_owned(), values.destination.as_str().into());
    for (metric, value) in measured {
        object.insert(metric.name.to_owned(), number(*value));
    }
    format!("{}\n", serde_json::Value::Object(object))
}

/// A count as a whole number, all else with its decimals.
fn number(value: f64) -> serde_json::Value {
    /// Up to here every whole number is a float of its own.
    const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && (0.0..MAX_WHOLE).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, not negative, and small enough"
        )]
        let whole = value as u64;
        whole.into()
    } else {
        value.into()
    }
}
