//! CloudTrail's digest files beside the logs: read, checked as a chain, and compared with what was read.
//!
//! A digest says which log files were delivered in its hour, and their hashes. It is vouched for by the
//! digest after it, which holds its hash and its signature; so whatever is changed or deleted shows,
//! unless everything up to the newest digest is changed too.
//!
//! **Signatures.** That of a digest is in the metadata of its object, which a [`Store`] does not give, and
//! once more in the next digest, from which it is taken. So the signature of the newest digest of a
//! chain can be checked only once its successor exists, and without public keys none can: then it is *not
//! checked*, and only the hashes are compared.
//!
//! **What an invalid digest says does not count**: one whose hash or signature is wrong vouches for no log
//! file, and none is missing because of it. Without a valid signature of their own, the digests before it
//! are invalid too, since whoever changed one may have changed them all. Those
//! before a *missing* digest are, as the newest one is: nothing contradicts them, and nothing vouches for
//! them. The missing one is a problem, and how many are not vouched for is counted.
//!
//! **Several trails.** The key of a log file does not name its trail. Where two trails deliver to one
//! folder and only one of them writes digests, the other's files are [`Status::NotListed`].

mod chain;
mod compare;
mod report;

use std::io::{BufRead, Read};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use logs::digest::{Digest, PublicKeys};
use logs::layout::{Delivery, LogKind};
use logs::{Scratch, Unreadable};
use store::Store;
use tokio::sync::mpsc;

pub(crate) use compare::Comparison;
pub(crate) use report::{Digests, Status};

use crate::dates::{DayRange, days_of_delivery};
use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::settings::Settings;
use crate::source::discover::discover;
use crate::source::fetch::{Decoder, Fetcher};
use crate::source::found::Discovery;
use crate::source::health::Health;
use crate::source::list::{LISTED_AHEAD, ListCounts, Selection, list_days};
use crate::source::shown;
use crate::work::Workers;

/// How long after the last log file of a range digests are read, in minutes: the digest that lists it
/// ends up to an hour later, and the one that vouches for that digest an hour after it. One more hour is
/// for digests that are late.
const LATER_MINUTES: i64 = 3 * 60;

/// Reads the digests of the log files that a range of days is built from, and checks them.
///
/// `root_path` is the path of the source itself, whose names show its level. Of the
/// settings, the accounts, the Regions, the late window and the bounds of memory and requests count.
/// Digests are not counted as objects of the run.
///
/// # Errors
/// If the source cannot be listed or fails as a whole, or a worker dies. A digest that cannot be had or read is a
/// [`Problem`], and so is a source that has none.
pub(crate) async fn read_digests(
    store: &dyn Store,
    root_path: &str,
    settings: &Settings,
    range: DayRange,
    workers: &Workers,
    keys: Option<&PublicKeys>,
) -> Result<Digests, Error> {
    let span = Span { range, late_window_minutes: settings.late_window_minutes };
    let found = match discover(store, settings, LogKind::Digest).await {
        Ok(found) => found,
        Err(Error::NoLogs { .. } | Error::NothingMatches { .. }) => Discovery::default(),
        Err(error) => return Err(error),
    };
    if found.regions.is_empty() {
        return Ok(Digests::without_any(store.location(), root_path));
    }
    let (sender, receiver) = mpsc::channel(LISTED_AHEAD);
    let counts = ListCounts::default();
    let wanted = |delivery| span.has_digest(delivery);
    let selection = Selection {
        kind: LogKind::Digest,
        first: range.from(),
        last: span.last_digest_day(),
        wanted: &wanted,
    };
    let listing = async {
        let sender = sender;
        list_days(store, settings, selection, &found, &counts, &sender).await
    };
    let decoder = DigestDecoder { cap_bytes: settings.limits.in_memory_bytes };
    let health = Health::new(store, "the source's digest files", LogKind::Digest, true);
    let fetcher = Fetcher::new(store, settings, workers, decoder, &health);
    let mut digests = Vec::new();
    // A digest is not one of the objects whose progress is shown.
    let progress = Progress::default();
    let reading = fetcher.read_all(receiver, &progress, |read| {
        digests.push((shown(store, &read.listed.meta.key), read.reading));
        health.check(false)
    });
    futures::future::try_join(listing, reading).await?;
    health.check(true)?;
    let keys = keys.cloned();
    let mut digests = workers.run(move || chain::check(digests, keys.as_ref(), span)).await?;
    for root in &found.without {
        let location = shown(store, root);
        digests.add_absent(location.clone(), &location);
    }
    Ok(digests)
}

/// The deliveries that a range of days is built from.
#[derive(Debug, Clone, Copy)]
struct Span {
    range: DayRange,
    late_window_minutes: i64,
}

impl Span {
    /// Whether a log file is read for the range.
    fn has_log(&self, delivery: Delivery) -> bool {
        days_of_delivery(delivery, self.range, self.late_window_minutes).next().is_some()
    }

    /// Whether a digest may be about such a log file, or vouch for one that is.
    fn has_digest(&self, digest: Delivery) -> bool {
        let days = i64::from(digest.day.since(self.range.to()).map_or(0, |span| span.get_days()));
        // A name without a time counts as inside.
        let minutes = (days - 1) * MINUTES_PER_DAY + digest.minute.unwrap_or(0);
        digest.day >= self.range.from() && minutes <= self.minutes_after()
    }

    fn last_digest_day(&self) -> Date {
        let days = self.minutes_after() / MINUTES_PER_DAY + 1;
        self.range.to().saturating_add(days.days())
    }

    /// How long after the range's last midnight digests are read.
    fn minutes_after(&self) -> i64 {
        self.late_window_minutes.max(0) + LATER_MINUTES
    }

    /// The first moment of the range.
    fn start(&self) -> Timestamp {
        let midnight = self.range.from().at(0, 0, 0, 0);
        TimeZone::UTC.to_timestamp(midnight).unwrap_or(Timestamp::MIN)
    }
}

const MINUTES_PER_DAY: i64 = 24 * 60;

#[derive(Debug, Clone, Copy)]
struct DigestDecoder {
    cap_bytes: u64,
}

impl Decoder for DigestDecoder {
    type Reading = Digest;

    fn whole(&self, _: &str, body: &[u8], scratch: &mut Scratch) -> Result<Digest, Unreadable> {
        let digest = Digest::read(body, scratch, self.cap_bytes);
        digest.map_err(|error| Unreadable::Body(error.to_string()))
    }

    fn stream(&self, name: &str, body: impl BufRead) -> Result<Digest, Unreadable> {
        // A digest is held while it is checked, and therefore while it is read.
        let mut held = Vec::new();
        let reading = body.take(self.cap_bytes.saturating_add(1)).read_to_end(&mut held);
        reading.map_err(|error| Unreadable::Body(error.to_string()))?;
        if held.len() as u64 > self.cap_bytes {
            return Err(Unreadable::OverCap { cap_bytes: self.cap_bytes });
        }
        self.whole(name, &held, &mut Scratch::default())
    }
}
