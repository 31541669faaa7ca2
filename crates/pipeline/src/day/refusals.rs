//! Requests that were denied by the policy of a VPC endpoint, as network activity events tell. Where the call
//! itself has an event, its row says so; else the request has a row of its own.

use std::io;

use bedrock::{Attribute, CallId, EventKind, Outcome, Texts};
use rustc_hash::FxHashMap;

use crate::day::calls::{DayCall, Identity, SortedCalls};

/// The requests of a day that network activity events tell of, in 16 bytes each.
#[derive(Debug, Default)]
pub(crate) struct DeniedRequests(FxHashMap<Identity, Told>);

/// What tells of a request.
#[derive(Debug, Default)]
struct Told {
    /// Whether a denied call does.
    by_call: bool,
    /// Whether a row of its own does.
    by_row: bool,
}

impl DeniedRequests {
    /// Finds them in a day's events, which are looked through twice, and restarted.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub(crate) fn of(events: &mut SortedCalls) -> io::Result<Self> {
        let mut requests = FxHashMap::<Identity, Told>::default();
        each(events, |event, texts| {
            if event.call.kind == EventKind::Refusal {
                requests.extend(request(event, texts).map(|request| (request, Told::default())));
            }
        })?;
        each(events, |event, texts| {
            let code = || texts.get(&event.call.attributes, Attribute::ErrorCode);
            if event.call.kind == EventKind::Call
                && Outcome::of_error_code(code()) == Outcome::Denied
                && let Some(told) =
                    request(event, texts).and_then(|request| requests.get_mut(&request))
            {
                told.by_call = true;
            }
        })?;
        Ok(DeniedRequests(requests))
    }

    /// Whether a denied call is one of them.
    pub(crate) fn has(&self, call: &DayCall, texts: &Texts) -> bool {
        !self.0.is_empty()
            && request(call, texts).is_some_and(|request| self.0.contains_key(&request))
    }

    /// Whether the request of a network activity event gets a row. Several such events of one request get
    /// one; an event that names no request has its own.
    pub(crate) fn take_row(&mut self, refusal: &DayCall, texts: &Texts) -> bool {
        let Some(request) = request(refusal, texts) else { return true };
        let Some(told) = self.0.get_mut(&request) else { return true };
        !told.by_call && !std::mem::replace(&mut told.by_row, true)
    }
}

/// Gives every event to `look`, and goes back to the first one.
fn each(events: &mut SortedCalls, mut look: impl FnMut(&DayCall, &Texts)) -> io::Result<()> {
    let mut n_events = 1;
    while n_events > 0 {
        n_events = 0;
        events.next(|event, texts| {
            n_events += 1;
            look(event, texts);
        })?;
    }
    events.restart()
}

/// What makes two events tell of one request: its ID, in one account and Region.
fn request(event: &DayCall, texts: &Texts) -> Option<Identity> {
    let id = event.call.request_id.as_ref()?;
    let text = |attribute| texts.get(&event.call.attributes, attribute).unwrap_or_default();
    let (account_id, region) = (text(Attribute::AccountId), text(Attribute::SourceRegion));
    Some(Identity::of(&CallId::Text(format!("{account_id}/{region}/{id}").into())))
}
