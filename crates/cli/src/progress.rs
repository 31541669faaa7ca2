//! Shows progress: a bar on a terminal, plain lines elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::{Progress, Snapshot};

use crate::args::OutputArgs;
use crate::messages::Messages;
use crate::number::{bytes, counted, grouped};

/// How often the bar moves.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// How many columns a line has where there is no terminal.
const USUAL_WIDTH: usize = 80;
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows progress until it is dropped.
pub(crate) async fn show(progress: Arc<Progress>, messages: Messages) {
    if messages.is_terminal() {
        bar(&progress).await;
    } else {
        lines(&progress, messages).await;
    }
}

/// Waits for work, and shows its progress meanwhile, if it is asked for.
pub(crate) async fn beside<T>(
    work: impl Future<Output = T>,
    progress: &Arc<Progress>,
    output: &OutputArgs,
    messages: Messages,
) -> T {
    tokio::select! {
        done = work => done,
        () = show(Arc::clone(progress), messages), if !output.no_progress => {
            unreachable!("progress is shown until it is dropped")
        }
    }
}

async fn bar(progress: &Progress) {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let clear = ClearOnDrop(bar.clone());
    let start = Instant::now();
    loop {
        let now = progress.snapshot();
        let (done, all) = if is_all_read(&now) {
            (now.days_published, now.days_to_publish)
        } else {
            (now.read_bytes, now.listed_bytes)
        };
        let width = terminal_size::terminal_size_of(std::io::stderr());
        let width = width.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0));
        let bar_width = bar_width(width);
        // The rest of the line, cut also where the terminal has become narrower meanwhile.
        let template = match bar_width {
            0 => "{wide_msg}".to_owned(),
            width => format!("{{bar:{width}}} {{wide_msg}}"),
        };
        let style = ProgressStyle::with_template(&template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        // A bar of length 0 would be drawn full.
        bar.set_length(all.max(1));
        bar.set_position(done);
        // With a blank after the bar; terminals wrap what reaches their last column.
        let rest = width.saturating_sub(bar_width + 2);
        bar.set_message(message(&now, start.elapsed(), rest));
        tokio::time::sleep(BAR_EVERY).await;
        let _ = &clear;
    }
}

/// How many columns the bar has on a terminal of a width.
fn bar_width(width: usize) -> usize {
    match width {
        0..50 => 0,
        50..80 => 10,
        80..120 => 16,
        _ => 30,
    }
}

/// Removes the bar before the summary is printed, also when the run ends early.
struct ClearOnDrop(ProgressBar);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn lines(progress: &Progress, messages: Messages) {
    let start = Instant::now();
    loop {
        tokio::time::sleep(LINE_EVERY).await;
        messages.note(&message(&progress.snapshot(), start.elapsed(), USUAL_WIDTH));
    }
}

/// How far the run is, in at most so many columns: what matters least is left out first.
fn message(now: &Snapshot, elapsed: Duration, width: usize) -> String {
    if is_all_read(now) {
        let days = counted(now.days_to_publish, "day");
        return fitted(
            &[(0, format!("writing: {} of {days}", grouped(now.days_published)))],
            width,
        );
    }
    if now.listed_objects == 0 && !now.is_listed {
        let found = match now.found_objects {
            0 => "looking for log files".to_owned(),
            found => format!("{} so far", counted(found, "object")),
        };
        let time = time(elapsed.as_secs());
        return fitted(&[(0, format!("listing: {found}")), (1, time)], width);
    }
    let rate = per_second(now.read_bytes, elapsed);
    let more = if now.is_listed { "" } else { " so far" };
    let objects = counted(now.listed_objects, "object");
    let of = format!("{} of {}", bytes(now.read_bytes), bytes(now.listed_bytes));
    let mut parts = vec![
        (0, format!("reading: {} of {objects}{more}", grouped(now.read_objects))),
        (3, of),
        (2, format!("{}/s", bytes(rate))),
    ];
    parts.extend(time_left(now, rate).map(|left| (1, format!("{left} left"))));
    if now.days_published > 0 {
        parts.push((4, format!("{} written", counted(now.days_published, "day"))));
    }
    fitted(&parts, width)
}

/// The parts that fit together, in their order; those with the lowest number matter most. The first one is cut if not
/// even that fits.
fn fitted(parts: &[(u8, String)], width: usize) -> String {
    let most = parts.iter().map(|(rank, _)| *rank).max().unwrap_or_default();
    for last in (0..=most).rev() {
        let shown = parts.iter().filter(|(rank, _)| *rank <= last);
        let text = shown.map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(", ");
        if last == 0 || text.chars().count() <= width {
            return text.chars().take(width).collect();
        }
    }
    String::new()
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
    Some(time(seconds))
}

fn time(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Snapshot = Snapshot {
        found_objects: 0,
        listed_objects: 0,
        listed_bytes: 0,
        read_objects: 0,
        read_bytes: 0,
        days_published: 0,
        days_to_publish: 0,
        is_listed: false,
    };
    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn message_names_what_is_done_and_what_is_left() {
        let mut now = Snapshot {
            found_objects: 2500,
            listed_objects: 2000,
            listed_bytes: 100 << 20,
            read_objects: 1000,
            read_bytes: 50 << 20,
            ..NOTHING
        };
        assert_eq!(
            message(&now, TEN, 80),
            "reading: 1,000 of 2,000 objects so far, 50.0 MiB of 100.0 MiB, 5.0 MiB/s"
        );
        now.is_listed = true;
        assert!(message(&now, TEN, 80).ends_with("5.0 MiB/s, 10 s left"));
        (now.days_to_publish, now.days_published) = (3, 1);
        assert!(message(&now, TEN, 100).ends_with("10 s left, 1 day written"));
        now.read_objects = 2000;
        assert_eq!(message(&now, TEN, 80), "writing: 1 of 3 days");
    }

    #[test]
    fn message_begins_with_listing() {
        assert_eq!(message(&NOTHING, TEN, 80), "listing: looking for log files, 10 s");
        let now = Snapshot { found_objects: 12_345, ..NOTHING };
        assert_eq!(message(&now, TEN, 80), "listing: 12,345 objects so far, 10 s");
        let now = Snapshot { is_listed: true, ..NOTHING };
        assert!(message(&now, TEN, 80).starts_with("reading: 0 of 0 objects"));
    }

    #[test]
    fn message_fits_every_terminal() {
        let large = Snapshot {
            found_objects: 123_456_789,
            listed_objects: 123_456_789,
            listed_bytes: 900 << 40,
            read_objects: 98_765_432,
            read_bytes: 1 << 49,
            days_published: 364,
            days_to_publish: 0,
            is_listed: true,
        };
        let hour = Duration::from_secs(3_600_000);
        for now in [large, Snapshot { is_listed: false, listed_objects: 0, ..large }, NOTHING] {
            for width in 0..200 {
                let text = message(&now, hour, width);
                assert!(text.chars().count() <= width, "{width}: {text}");
            }
        }
        let at = |width| message(&large, hour, width);
        assert_eq!(
            at(62),
            "reading: 98,765,432 of 123,456,789 objects, 600 h 3 min left".replace(
                "600 h 3 min",
                &time_left(&large, per_second(1 << 49, hour)).expect("listed")
            )
        );
        assert_eq!(at(43), "reading: 98,765,432 of 123,456,789 objects");
        for width in 0..300 {
            assert!(bar_width(width) + 2 <= width.max(2) && bar_width(width) < 40, "{width}");
        }
    }
}
