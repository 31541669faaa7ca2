//! What goes on at the same time in a pass, and what a pass waits for.

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::civil::Date;
use logs::Reading;
use readings::Row;
use tokio::sync::mpsc;

use crate::day::prepare::Prepared;
use crate::error::Error;
use crate::run::state::PublishedDay;
use crate::source::fetch::ReadObject;
use crate::source::list::{Listed, ListedObject};

/// What a pass waits for.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is nearly every event, and never kept"
)]
pub(super) enum Event<'f> {
    /// An object was read, or is unreadable.
    ObjectRead(ReadObject<Reading>),
    /// A day was built and published.
    DayPublished(Box<PublishedDay>),
    /// It is known whether a day can be built.
    DayPrepared(Date, Prepared<'f>),
    /// More objects may be sent to be fetched.
    FetcherHasRoom,
    /// An object was listed.
    ObjectListed(ListedObject),
    /// Readings have what objects give to the day.
    RowsRead(Vec<Row>),
    /// The listing came to its end.
    AllListed(Listed),
}

/// What goes on at the same time.
pub(super) struct Tasks<'f> {
    /// One at most.
    listing: FuturesUnordered<BoxFuture<'f, Result<Listed, Error>>>,
    pub(super) listed: mpsc::Receiver<ListedObject>,
    /// The rows of readings that are taken in place of what is listed; closed if there are none.
    pub(super) rows: mpsc::Receiver<Vec<Row>>,
    pub(super) to_fetch: mpsc::Sender<ListedObject>,
    pub(super) read: mpsc::Receiver<ReadObject<Reading>>,
    pub(super) preparing: FuturesUnordered<BoxFuture<'f, Result<(Date, Prepared<'f>), Error>>>,
    pub(super) publishing: FuturesUnordered<BoxFuture<'f, Result<PublishedDay, Error>>>,
}

impl<'f> Tasks<'f> {
    pub(super) fn new(
        listing: BoxFuture<'f, Result<Listed, Error>>,
        (listed, rows): (mpsc::Receiver<ListedObject>, mpsc::Receiver<Vec<Row>>),
        to_fetch: mpsc::Sender<ListedObject>,
        read: mpsc::Receiver<ReadObject<Reading>>,
    ) -> Self {
        Tasks {
            listing: FuturesUnordered::from_iter([listing]),
            listed,
            rows,
            to_fetch,
            read,
            preparing: FuturesUnordered::new(),
            publishing: FuturesUnordered::new(),
        }
    }

    /// Whether no day is prepared or published at the moment.
    pub(super) fn have_no_days(&self) -> bool {
        self.preparing.is_empty() && self.publishing.is_empty()
    }

    /// Waits until something happens. What is read and built goes before what is still to be fetched:
    /// that bounds what waits.
    ///
    /// # Errors
    /// If one of the tasks fails.
    pub(super) async fn next(&mut self, may_send: bool) -> Result<Event<'f>, Error> {
        tokio::select! {
            biased;
            Some(object) = self.read.recv() => Ok(Event::ObjectRead(object)),
            Some(published) = self.publishing.next() => {
                published.map(|day| Event::DayPublished(Box::new(day)))
            }
            Some(prepared) = self.preparing.next() => {
                prepared.map(|(day, prepared)| Event::DayPrepared(day, prepared))
            }
            // The receiver is gone if fetching failed, and that error is returned.
            permit = self.to_fetch.reserve(), if may_send => {
                permit.map(|_| Event::FetcherHasRoom).map_err(|_| Error::Worker)
            }
            Some(object) = self.listed.recv() => Ok(Event::ObjectListed(object)),
            Some(rows) = self.rows.recv() => Ok(Event::RowsRead(rows)),
            Some(listed) = self.listing.next() => listed.map(Event::AllListed),
        }
    }
}
