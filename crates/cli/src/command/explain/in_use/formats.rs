//! The Regions in use in each format.

use bedrock::denial::UNSPECIFIED_REGION;
use serde::Serialize;

use super::super::text;
use super::InUse;
use crate::answer::table;
use crate::args::ExplainOutput;
use crate::exit::Failure;
use crate::number::{counted, grouped};

/// A Region that a profile needs.
#[derive(Debug, Serialize)]
struct RegionRow<'a> {
    profile_id: &'a str,
    source_region: Option<&'a str>,
    region: &'a str,
    /// Whether calls ran there; null for the model without a Region.
    is_used: Option<bool>,
    is_declared: bool,
}
impl InUse {
    /// All of it in a format, with a line end.
    ///
    /// # Errors
    /// If it cannot be encoded, which it can.
    pub(super) fn in_format(&self, format: ExplainOutput) -> Result<String, Failure> {
        match format {
            ExplainOutput::Text => Ok(text::wrapped(&self.text()?, table::width())),
            ExplainOutput::Json => Ok(format!("{}\n", serde_json::to_string_pretty(self)?)),
            ExplainOutput::Jsonl => {
                let line = |row: RegionRow<'_>| Ok(format!("{}\n", serde_json::to_string(&row)?));
                self.rows().map(line).collect()
            }
            ExplainOutput::Csv => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                for row in self.rows() {
                    writer.serialize(row)?;
                }
                Ok(String::from_utf8(writer.into_inner()?)?)
            }
        }
    }

    /// A row for each Region that a profile needs.
    fn rows(&self) -> impl Iterator<Item = RegionRow<'_>> {
        self.profiles.iter().flat_map(|profile| {
            profile.regions.iter().map(|region| RegionRow {
                profile_id: &profile.profile_id,
                source_region: profile.source_region.as_deref(),
                region,
                is_used: (region != UNSPECIFIED_REGION)
                    .then(|| profile.used_regions.contains(region)),
                is_declared: profile.is_declared,
            })
        })
    }

    fn text(&self) -> Result<String, Failure> {
        let days = match (&self.from, &self.to) {
            (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
            (from, _) => from.clone().unwrap_or_default(),
        };
        let title = format!(
            "Regions that the profiles called on {days} need ({} of {} built), in {}",
            self.days_built,
            counted(self.days, "day"),
            self.dest
        );
        let mut lines = vec![(title, String::new())];
        let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
        line("to paste", serde_json::to_string(&self.regions)?);
        if self.regions.iter().any(|region| region == UNSPECIFIED_REGION) {
            line(
                "global",
                format!(
                    "`{UNSPECIFIED_REGION}` is aws:RequestedRegion of the model without a Region, which calls through \
                     global profiles need; they need no other Region than the source Region"
                ),
            );
        }
        for profile in &self.profiles {
            let source = profile.source_region.as_deref().unwrap_or("an unknown Region");
            let calls = grouped(profile.succeeded_calls.max(0).unsigned_abs());
            let open = if profile.is_declared {
                ""
            } else {
                "; the catalog does not know where else it may send calls"
            };
            line(
                "profile",
                format!(
                    "{} from {source}: {} ({calls} succeeded{open})",
                    profile.profile_id,
                    profile.regions.join(", ")
                ),
            );
        }
        for unknown in &self.unknown {
            let what = match (&unknown.profile_scope, &unknown.model_id) {
                (Some(scope), Some(model)) => format!("{scope}.{model}"),
                _ => format!("{} without a known model", unknown.target_type),
            };
            let source = unknown.source_region.as_deref().unwrap_or("an unknown Region");
            let calls = counted(unknown.calls.max(0).unsigned_abs(), "call");
            line("not known", format!("what {what} from {source} needs ({calls})"));
        }
        line(
            "direct",
            "calls of a model by its ID need their own Region, and are not in the list".to_owned(),
        );
        Ok(text::joined(&lines))
    }
}
