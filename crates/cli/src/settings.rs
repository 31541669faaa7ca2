//! From options to the settings of the pipeline.

use std::fmt::Display;

use bedrock::Regions;
use jiff::Timestamp;
use pipeline::{Layout, Settings};

use crate::args::{LayoutArg, PerformanceArgs, ReadDayArgs, SourceArgs};
use crate::exit::Failure;
use crate::location::{self, ReadLocation};
use crate::{range, region};

/// How days are given.
pub(crate) const DAYS_EXPECTED: &str = "expected --last N, --day DAY, or --from DAY --to DAY";

/// The settings of `run` and `plan`.
///
/// # Errors
/// If a value is invalid, or a trail is to be read without a range.
pub(crate) fn of_read(
    source: &SourceArgs,
    days: &ReadDayArgs,
    performance: &PerformanceArgs,
) -> Result<Settings, Failure> {
    let mut settings = of_days(source, days)?;
    if settings.range.is_none() && settings.layout != Layout::Any {
        return Err(Failure::usage(format!("no days are given: {DAYS_EXPECTED}")));
    }
    if let Some(threads) = performance.threads {
        settings.threads = positive("--threads", threads)?;
    }
    if let Some(requests) = performance.concurrency {
        settings.requests_in_flight = positive("--concurrency", requests)?;
    }
    if let Some(mib) = performance.fetch_ahead_mib {
        settings.bytes_in_flight = positive("--fetch-ahead-mib", mib)? << 20;
    }
    if let Some(mib) = performance.max_inflated_mib {
        settings.limits.inflated_bytes = positive("--max-inflated-mib", mib)? << 20;
    }
    Ok(settings)
}

/// Sources that are files are read whatever they are called, and need no days.
pub(crate) fn complete_layout(args: &mut SourceArgs, sources: &[ReadLocation]) {
    if sources.iter().all(|read| location::is_file(&read.location)) {
        args.layout = Some(LayoutArg::Any);
    }
}

/// The settings that say which objects belong to which days.
///
/// # Errors
/// If a value is invalid.
pub(crate) fn of_days(source: &SourceArgs, days: &ReadDayArgs) -> Result<Settings, Failure> {
    let mut settings = Settings::new(range::days(&days.days, Timestamp::now())?);
    if let Some(account) = source.account.iter().find(|id| !logs::layout::is_account(id)) {
        return Err(Failure::usage(format!("--account: expected 12 digits, found `{account}`")));
    }
    for name in &source.source_region {
        region::check("--source-region", name, &Regions::embedded())?;
    }
    settings.layout = match source.layout {
        None | Some(LayoutArg::Auto) => Layout::Auto,
        Some(LayoutArg::Trail) => Layout::Trail,
        Some(LayoutArg::Any) => Layout::Any,
    };
    if let Some(requests) = source.max_search_requests {
        settings.max_search_requests = positive("--max-search-requests", requests)?;
    }
    settings.accounts = source.account.iter().cloned().collect();
    settings.regions = source.source_region.iter().cloned().collect();
    if let Some(window) = &days.late_window {
        settings.late_window_minutes = range::minutes("--late-window", window)?;
    }
    Ok(settings)
}

fn positive<T: Copy + Display + TryInto<u32>>(option: &str, number: T) -> Result<T, Failure> {
    match number.try_into() {
        Ok(small) if small >= 1 => Ok(number),
        _ => {
            let expected = format!("a number from 1 to {}", u32::MAX);
            Err(Failure::usage(format!("{option}: expected {expected}, found {number}")))
        }
    }
}
