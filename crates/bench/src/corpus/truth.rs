//! What a corpus holds, counted while it is made and never by reading it back.

use std::collections::BTreeMap;

use jiff::ToSpan;
use serde_json::json;

use super::call::Call;
use super::object::FIRST_DAY;
use super::spec::Spec;

/// Day, account, source Region, model id and inference Region of a call, the last two as logged.
pub(super) type Key = (String, String, String, Option<String>, Option<String>);

/// What a corpus, or a part of it, holds. No call stands in it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    /// Log files.
    pub objects: u64,
    /// Log files with calls.
    pub objects_with_calls: u64,
    /// Records.
    pub records: u64,
    /// Bedrock calls.
    pub calls: u64,
    /// Bytes of JSON.
    pub inflated_bytes: u64,
    /// The longest document, in bytes.
    pub largest_bytes: u64,
    /// Bytes as stored.
    pub gzip_bytes: u64,
    /// Calls by day, account, source Region, model id and inference Region.
    pub counts: BTreeMap<Key, u64>,
}

impl Truth {
    pub(super) fn add_call(&mut self, day: &str, account: &str, call: Call) {
        let inference_region = call.inference_region.map(str::to_owned);
        let (day, account, region) = (day.to_owned(), account.to_owned(), call.region.to_owned());
        let key = (day, account, region, call.model_ref, inference_region);
        *self.counts.entry(key).or_default() += 1;
        self.calls += 1;
    }

    pub(super) fn merged(mut self, other: Truth) -> Self {
        self.objects += other.objects;
        self.objects_with_calls += other.objects_with_calls;
        self.records += other.records;
        self.calls += other.calls;
        self.inflated_bytes += other.inflated_bytes;
        self.largest_bytes = self.largest_bytes.max(other.largest_bytes);
        self.gzip_bytes += other.gzip_bytes;
        for (key, calls) in other.counts {
            *self.counts.entry(key).or_default() += calls;
        }
        self
    }

    pub(super) fn json(&self, spec: &Spec) -> String {
        let counts = self.counts.iter().map(|((day, account, region, model, inference), calls)| {
            json!([day, account, region, model, inference, calls])
        });
        let last_day = FIRST_DAY.saturating_add((spec.days as i64 - 1).days());
        let truth = json!({
            "spec": format!("{spec:?}"),
            "first_day": FIRST_DAY.to_string(),
            "last_day": last_day.to_string(),
            "days": spec.days,
            "objects": self.objects,
            "objects_with_calls": self.objects_with_calls,
            "records": self.records,
            "calls": self.calls,
            "inflated_bytes": self.inflated_bytes,
            "largest_bytes": self.largest_bytes,
            "gzip_bytes": self.gzip_bytes,
            "columns": ["day", "account", "source_region", "model_id", "inference_region", "calls"],
            "counts": counts.collect::<Vec<_>>(),
        });
        format!("{truth}\n")
    }

    /// What it holds, for people.
    pub fn sentence(&self) -> String {
        let per_record = self.inflated_bytes as f64 / self.records.max(1) as f64;
        let ratio = self.inflated_bytes as f64 / self.gzip_bytes.max(1) as f64;
        format!(
            "{} objects ({} with calls), {} records, {} calls, {:.0} MB inflated (largest {:.1} MB), \
             {:.0} MB stored, gzip ratio {ratio:.1}, {per_record:.0} bytes a record",
            self.objects,
            self.objects_with_calls,
            self.records,
            self.calls,
            self.inflated_bytes as f64 / 1e6,
            self.largest_bytes as f64 / 1e6,
            self.gzip_bytes as f64 / 1e6,
        )
    }
}
