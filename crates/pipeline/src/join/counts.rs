//! What the logs of all passes of a run gave: which entries calls took, and which are left over.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bedrock::CallId;
use bedrock::day::day_of;
use jiff::civil::Date;

use super::{Counted, Requests};
use crate::outcome::{InvocationLog, LeftOver, MAX_LISTED};

/// What the passes of a run counted.
#[derive(Debug, Default)]
pub(crate) struct LogCounts {
    total: Option<InvocationLog>,
    /// Entries without a call so far that later passes may have one for.
    open: HashMap<RequestKey, Counted>,
}

/// What one request is: its id, the account, and the Region.
type RequestKey = (CallId, Option<Arc<str>>, Option<Arc<str>>);

impl LogCounts {
    /// Adds what a pass read, and which entries calls took. What calls of a later pass may still take is
    /// counted with that.
    pub(crate) fn add(
        &mut self,
        requests: &Requests,
        joined: &[u32],
        calls_without_entry: u64,
        is_built: impl Fn(Date) -> bool,
    ) {
        let mut is_joined = vec![false; requests.entries.len()];
        for entry in joined {
            is_joined[*entry as usize] = true;
        }
        let mut counts = requests.counts.clone();
        counts.calls_without_entry = calls_without_entry;
        let mut left_over = Vec::new();
        let of_id = |(id, head): (_, &u32)| {
            requests.of_id(Some(*head)).map(move |(number, entry)| (number, id, entry))
        };
        let mut by_number = requests.by_id.iter().flat_map(of_id).collect::<Vec<_>>();
        by_number.sort_unstable_by_key(|(number, ..)| *number);
        for (number, id, entry) in by_number {
            let key = (id.clone(), entry.account_id.clone(), entry.region.clone());
            // All others that an earlier pass had were counted by it.
            if entry.met.before && self.open.remove(&key).is_none() {
                continue;
            }
            if is_joined[number as usize] {
                counts.joined += 1;
            } else if entry.met.later {
                self.open.insert(key, entry.clone());
            } else {
                left_over.push(entry);
            }
        }
        counts.leave(left_over, is_built);
        match &mut self.total {
            Some(total) => total.add(counts),
            None => self.total = Some(counts),
        }
    }

    /// All that was counted; `None` if no pass had logs to read. An entry of a day that was not built
    /// belongs to another run.
    pub(crate) fn end(self, is_built: impl Fn(Date) -> bool) -> Option<InvocationLog> {
        let mut total = self.total?;
        total.leave(self.open.values(), is_built);
        total.left_over.sort_by_key(|left_over| Reverse(left_over.entries));
        Some(total)
    }
}

impl InvocationLog {
    /// Counts entries that no call took.
    fn leave<'c>(
        &mut self,
        entries: impl IntoIterator<Item = &'c Counted>,
        is_built: impl Fn(Date) -> bool,
    ) {
        let mut left_over = BTreeMap::<(Option<&str>, Option<&str>), u64>::new();
        for entry in entries {
            if is_built(day_of(entry.timestamp_ms)) {
                self.without_call += 1;
                let key = (entry.account_id.as_deref(), entry.model_ref.as_deref());
                *left_over.entry(key).or_default() += 1;
            } else {
                self.other_days += 1;
            }
        }
        let text = |text: Option<&str>| text.map(str::to_owned);
        let left_over = left_over.into_iter().map(|((account_id, model_ref), entries)| LeftOver {
            account_id: text(account_id),
            model_ref: text(model_ref),
            entries,
        });
        self.add_left_over(left_over.collect());
    }

    fn add_left_over(&mut self, others: Vec<LeftOver>) {
        for other in others {
            let key = |left: &LeftOver| (left.account_id.clone(), left.model_ref.clone());
            match self.left_over.binary_search_by_key(&key(&other), key) {
                Ok(known) => self.left_over[known].entries += other.entries,
                Err(place) => self.left_over.insert(place, other),
            }
        }
    }

    /// Adds what another pass counted.
    fn add(&mut self, other: InvocationLog) {
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.unreadable += other.unreadable;
        self.entries += other.entries;
        self.rejected += other.rejected;
        self.metadata.add(other.metadata);
        self.rejected_values += other.rejected_values;
        self.duplicates += other.duplicates;
        self.joined += other.joined;
        self.without_call += other.without_call;
        self.other_days += other.other_days;
        self.calls_without_entry += other.calls_without_entry;
        self.add_left_over(other.left_over);
        let theirs = [other.unreadable_objects, other.locations_not_read];
        for (mine, theirs) in
            [&mut self.unreadable_objects, &mut self.locations_not_read].into_iter().zip(theirs)
        {
            mine.extend(theirs);
            mine.sort_by(|a, b| (&a.key, &a.reason).cmp(&(&b.key, &b.reason)));
            mine.dedup();
        }
        self.unreadable_objects.truncate(MAX_LISTED);
    }
}
