//! The rows of a day's calls: made a batch at a time, and written while the next batch is made.

use std::collections::BTreeSet;
use std::io;

use bedrock::cost::Usage;
use bedrock::{CallId, Knowledge, Meaning, Outcome};
use jiff::civil::Date;
use tables::group::{Grouped, Groups};
use tables::{
    BATCH_ROWS, ContextMeaning, DENIALS, DenialRow, INVOCATIONS, Invocation, Referred, TableWriter,
    WriteError,
};

use crate::day::calls::{References, SortedCalls, StoredCall};
use crate::day::price::{Pricer, usage_of_trail};
use crate::day::spool::Spool;
use crate::join::Requests;

/// Makes the rows of a day's calls: joins, prices and counts them.
pub(crate) struct RowMaker<'a> {
    calls: SortedCalls,
    references: &'a References,
    contexts: &'a [ContextMeaning],
    requests: Option<&'a Requests>,
    pricer: Pricer<'a>,
    join: DayJoin,
    groups: Groups<'a>,
}

impl<'a> RowMaker<'a> {
    /// A maker of the rows of `calls`, which refer to `references` and to `contexts` by the same
    /// numbers.
    pub(crate) fn new(
        day: Date,
        calls: SortedCalls,
        references: &'a References,
        contexts: &'a [ContextMeaning],
        knowledge: &'a Knowledge,
        requests: Option<&'a Requests>,
    ) -> Self {
        let pricer = Pricer::new(knowledge, day, contexts.len());
        let (join, groups) = (DayJoin::default(), Groups::new(contexts));
        RowMaker { calls, references, contexts, requests, pricer, join, groups }
    }

    /// Replaces `rows` by those of the next calls, which are none after the last one.
    ///
    /// # Errors
    /// If calls in a temporary file cannot be read.
    pub(crate) fn make(&mut self, rows: &mut Vec<Invocation>) -> io::Result<()> {
        rows.clear();
        for call in self.calls.take(BATCH_ROWS, self.references)? {
            let row = self.row(&call);
            self.groups.add(&row);
            rows.push(row);
        }
        Ok(())
    }

    /// What was counted while rows were made, and what was joined.
    pub(crate) fn finish(self) -> (Grouped<'a>, DayJoin) {
        (self.groups.finish(), self.join)
    }

    fn row(&mut self, call: &StoredCall) -> Invocation {
        let (event_id, request_id) = self.references.ids(call);
        let (context, caller, object) = (call.context, call.caller, call.object);
        let understood = &self.contexts[context as usize];
        let logged = self
            .requests
            .and_then(|all| self.join.usage(all, request_id.as_ref(), &understood.meaning));
        let (input, output) = self.references.tokens(call);
        let usage = logged.or_else(|| usage_of_trail(input, output));
        let cost = self.pricer.cost(context, understood, usage.as_ref());
        Invocation {
            event_time_ms: call.event_time_ms,
            event_id,
            request_id,
            usage,
            cost,
            context,
            caller,
            object,
        }
    }
}

/// Writes the tables that have a row for a call.
pub(crate) struct CallWriter<'a> {
    contexts: &'a [ContextMeaning],
    invocations: TableWriter<'a, Invocation, Spool>,
    denials: TableWriter<'a, DenialRow, Spool>,
    /// Rows of `denials` that are not written yet.
    refused: Vec<DenialRow>,
    n_rows: u64,
    n_denials: u64,
}

impl<'a> CallWriter<'a> {
    pub(crate) fn new(referred: Referred<'a>) -> Result<Self, WriteError> {
        Ok(CallWriter {
            contexts: referred.contexts,
            invocations: TableWriter::new(&INVOCATIONS, referred, Spool::begin())?,
            denials: TableWriter::new(&DENIALS, referred, Spool::begin())?,
            refused: Vec::new(),
            n_rows: 0,
            n_denials: 0,
        })
    }

    pub(crate) fn write(&mut self, rows: &[Invocation]) -> Result<(), WriteError> {
        self.invocations.write(rows)?;
        self.n_rows += rows.len() as u64;
        for row in rows {
            if self.contexts[row.context as usize].meaning.outcome != Outcome::Denied {
                continue;
            }
            self.refused.push(DenialRow {
                event_time_ms: row.event_time_ms,
                event_id: row.event_id.clone(),
                context: row.context,
                caller: row.caller,
            });
        }
        if self.refused.len() >= BATCH_ROWS {
            self.write_denials()?;
        }
        Ok(())
    }

    fn write_denials(&mut self) -> Result<(), WriteError> {
        self.denials.write(&self.refused)?;
        self.n_denials += self.refused.len() as u64;
        self.refused.clear();
        Ok(())
    }

    /// Ends both files: `invocations` with its number of rows, then `denials`.
    ///
    /// # Errors
    /// If a table cannot be encoded.
    pub(crate) fn finish(mut self) -> Result<[(Spool, u64); 2], WriteError> {
        self.write_denials()?;
        let CallWriter { invocations, denials, n_rows, n_denials, .. } = self;
        Ok([(invocations.finish()?, n_rows), (denials.finish()?, n_denials)])
    }
}

/// The join of a day's calls.
#[derive(Debug, Default)]
pub(crate) struct DayJoin {
    /// The numbers of the entries that calls took.
    pub(crate) taken: BTreeSet<u32>,
    /// Successful calls without an entry.
    pub(crate) calls_without_entry: u64,
}

impl DayJoin {
    /// The tokens that the invocation log has for a call. An entry serves one call only: two events of
    /// one request would count its tokens twice.
    fn usage(
        &mut self,
        requests: &Requests,
        request_id: Option<&CallId>,
        meaning: &Meaning,
    ) -> Option<Usage> {
        let entry = requests.entry_of(request_id).filter(|entry| self.taken.insert(*entry));
        if entry.is_none() && meaning.outcome == Outcome::Succeeded {
            self.calls_without_entry += 1;
        }
        requests.usage(entry?, meaning)
    }
}
