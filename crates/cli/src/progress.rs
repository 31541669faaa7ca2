//! Shows progress: a bar on a terminal, plain lines elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::{Progress, Snapshot};

use crate::number::{bytes, counted, grouped};
use crate::report::Report;

/// How often the bar moves.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows progress until it is dropped.
pub(crate) async fn show(progress: Arc<Progress>, report: Report) {
    if report.is_terminal() {
        bar(&progress).await;
    } else {
        lines(&progress, report).await;
    }
}

async fn bar(progress: &Progress) {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let clear = ClearOnDrop(bar.clone());
    let start = Instant::now();
    loop {
        let now = progress.snapshot();
        let (done, all) = if is_all_read(&now) {
            (now.days_published, now.days_to_publish)
        } else {
            (now.read_bytes, now.listed_bytes)
        };
        // A bar of length 0 would be drawn full.
        bar.set_length(all.max(1));
        bar.set_position(done);
        bar.set_message(message(&now, start.elapsed()));
        tokio::time::sleep(BAR_EVERY).await;
        let _ = &clear;
    }
}

/// Removes the bar before the summary is printed, also when the run ends early.
struct ClearOnDrop(ProgressBar);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn lines(progress: &Progress, report: Report) {
    let start = Instant::now();
    loop {
        tokio::time::sleep(LINE_EVERY).await;
        report.note(&message(&progress.snapshot(), start.elapsed()));
    }
}

fn message(now: &Snapshot, elapsed: Duration) -> String {
    if is_all_read(now) {
        return format!(
            "writing: {} of {}",
            grouped(now.days_published),
            counted(now.days_to_publish, "day")
        );
    }
    let read =
        format!("{} of {}", grouped(now.read_objects), counted(now.listed_objects, "object"));
    let rate = per_second(now.read_bytes, elapsed);
    let more = if now.is_listed { "" } else { " so far" };
    let written = match now.days_published {
        0 => String::new(),
        written => format!(", {} written", counted(written, "day")),
    };
    let left = time_left(now, rate).map(|left| format!(", {left} left")).unwrap_or_default();
    format!(
        "reading: {read}{more}, {} of {}, {}/s{left}{written}",
        bytes(now.read_bytes),
        bytes(now.listed_bytes),
        bytes(rate)
    )
}

/// Whether every object is read and only days are left to be written.
fn is_all_read(now: &Snapshot) -> bool {
    now.is_listed && now.days_to_publish > 0 && now.read_objects >= now.listed_objects
}

fn per_second(amount: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    amount.saturating_mul(1000) / millis
}

/// The remaining time, once everything is listed.
fn time_left(now: &Snapshot, bytes_per_second: u64) -> Option<String> {
    if !now.is_listed || bytes_per_second == 0 {
        return None;
    }
    let seconds = now.listed_bytes.saturating_sub(now.read_bytes) / bytes_per_second;
    Some(match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_what_is_done_and_what_is_left() {
        let mut now = Snapshot {
            listed_objects: 2000,
            listed_bytes: 100 << 20,
            read_objects: 1000,
            read_bytes: 50 << 20,
            days_published: 0,
            days_to_publish: 0,
            is_listed: false,
        };
        let ten = Duration::from_secs(10);
        assert_eq!(
            message(&now, ten),
            "reading: 1,000 of 2,000 objects so far, 50.0 MiB of 100.0 MiB, 5.0 MiB/s"
        );
        now.is_listed = true;
        assert!(message(&now, ten).ends_with("5.0 MiB/s, 10 s left"));
        (now.days_to_publish, now.days_published) = (3, 1);
        assert!(message(&now, ten).ends_with("10 s left, 1 day written"));
        now.read_objects = 2000;
        assert_eq!(message(&now, ten), "writing: 1 of 3 days");
    }
}
