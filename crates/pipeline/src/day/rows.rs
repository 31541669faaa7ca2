//! The rows of a day's calls, a batch at a time: joined, priced, written, and counted.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use bedrock::batch_job::job_id;
use bedrock::cost::{UnitCounts, Usage, counts_cache_in_input};
use bedrock::region::UNKNOWN_REGION;
use bedrock::resolve::Unresolved;
use bedrock::{
    Attribute, Attributes, Call, EventKind, InternerFull, JobStatus, Knowledge, Meaning, Outcome,
    Texts,
};
use jiff::civil::Date;
use tables::model_costs::CostSums;
use tables::{
    ActivityGroups, AttributedRows, BATCH_JOBS, BatchJobRow, CostRow, DENIALS, DenialRow, Groups,
    INVOCATIONS, Invocation, References, TableWriter, WriteError,
};

use crate::day::calls::{DayCall, SortedCalls};
use crate::day::groups::GroupTables;
use crate::day::meanings::Meanings;
use crate::day::price::{Priced, Pricer};
use crate::day::publish::DayJobs;
use crate::day::refusals::DeniedRequests;
use crate::day::spool::Spool;
use crate::day::tiers::TierIds;
use crate::error::Error;
use crate::join::{Counted, Requests};
use crate::omit::{Omitted, OmittedColumn};
use crate::outcome::tally::{Group, Tally};
use crate::source::Callers;

/// Groups beyond which they are turned into rows, which may go to disk.
const MAX_GROUPS: usize = 512 * 1024;

/// Takes in a day's calls.
pub(crate) struct DayRows<'a> {
    day: Date,
    objects: &'a [Arc<str>],
    knowledge: &'a Knowledge,
    denied_requests: DeniedRequests,
    requests: Option<&'a Requests>,
    jobs: &'a DayJobs,
    tiers: TierIds,
    omitted: Omitted,
    price_version: String,
    meanings: Meanings<'a>,
    pricer: Pricer<'a>,
    join: DayJoin,
    groups: Groups,
    activity: ActivityGroups,
    group_tables: GroupTables,
    /// The sums of the calls of each meaning.
    sums: Vec<CostSums>,
    /// For each meaning, how many rows of `denials` are no calls.
    refusals: Vec<u64>,
    tally: Tally,
    invocations: TableWriter<Invocation, Spool>,
    denials: TableWriter<DenialRow, Spool>,
    batch_jobs: TableWriter<BatchJobRow, Spool>,
    /// The ARNs of the batch jobs that have a row, here or on the day before: whoever asks twice for one job, with one
    /// `clientRequestToken`, gets one.
    known_jobs: BTreeSet<Box<str>>,
    /// The rows of the last batch, whose memory the next one uses.
    rows: Vec<Invocation>,
    n_rows: u64,
    n_denials: u64,
    n_batch_jobs: u64,
    without_alias: BTreeSet<String>,
    callers: Callers,
}

/// What a day's calls come to.
pub(crate) struct FinishedRows {
    /// The file of `invocations`, and its rows.
    pub(crate) invocations: (Spool, u64),
    /// The file of `denials`, and its rows.
    pub(crate) denials: (Spool, u64),
    /// The file of `batch_jobs`, and its rows.
    pub(crate) batch_jobs: (Spool, u64),
    /// The rows of the tables that count calls.
    pub(crate) group_tables: GroupTables,
    /// Those of `attributed_costs` that are not among them.
    pub(crate) attributed: AttributedRows,
    /// What was joined.
    pub(crate) join: DayJoin,
    /// References that no alias was known for.
    pub(crate) without_alias: BTreeSet<String>,
    /// Who called where.
    pub(crate) callers: Callers,
    /// The day's sums.
    pub(crate) tally: Tally,
}

/// The join of a day's calls.
#[derive(Debug, Default)]
pub(crate) struct DayJoin {
    /// The numbers of the entries that calls took.
    pub(crate) taken: BTreeSet<u32>,
    /// Successful calls without an entry.
    pub(crate) calls_without_entry: u64,
}

impl<'a> DayRows<'a> {
    /// No calls yet. They refer to `objects` by number; `denied_requests` are those of the day.
    ///
    /// # Errors
    /// If the tables cannot be begun.
    pub(crate) fn new(
        day: Date,
        objects: &'a [Arc<str>],
        denied_requests: DeniedRequests,
        knowledge: &'a Knowledge,
        (requests, jobs): (Option<&'a Requests>, &'a DayJobs),
        tiers: TierIds,
        omitted: Omitted,
    ) -> Result<Self, WriteError> {
        Ok(DayRows {
            day,
            objects,
            knowledge,
            denied_requests,
            requests,
            jobs,
            tiers,
            omitted,
            price_version: knowledge.prices.version(),
            meanings: Meanings::new(knowledge),
            pricer: Pricer::new(knowledge, day),
            join: DayJoin::default(),
            groups: Groups::default(),
            activity: ActivityGroups::default(),
            group_tables: GroupTables::default(),
            sums: Vec::new(),
            refusals: Vec::new(),
            tally: Tally::default(),
            invocations: TableWriter::new(&INVOCATIONS, Spool::begin())?,
            denials: TableWriter::new(&DENIALS, Spool::begin())?,
            batch_jobs: TableWriter::new(&BATCH_JOBS, Spool::begin())?,
            known_jobs: jobs.of_day_before.clone(),
            rows: Vec::new(),
            n_rows: 0,
            n_denials: 0,
            n_batch_jobs: 0,
            without_alias: BTreeSet::new(),
            callers: Callers::new(),
        })
    }

    /// Takes in the next calls, in their order, and says whether there were any.
    ///
    /// # Errors
    /// If a table cannot be encoded, or a temporary file cannot be written or read.
    pub(crate) fn add(&mut self, calls: &mut SortedCalls) -> Result<bool, Error> {
        let changes_texts = calls.changes_texts();
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        let (mut denials, mut jobs) = (Vec::new(), Vec::new());
        let (mut has_any, mut full) = (false, None);
        let take = |event: &DayCall, texts: &mut Texts| {
            has_any = true;
            match event.call.kind {
                EventKind::Call => match self.row(event, texts) {
                    Ok(row) => {
                        if self.outcome(row.meaning) == Outcome::Denied {
                            denials.push(denial(&row));
                        }
                        rows.push(row);
                    }
                    Err(error) => full = Some(error),
                },
                EventKind::Refusal => denials.extend(self.refusal(event, texts)),
                EventKind::Other => self.activity.add(&event.call),
                EventKind::BatchJob => {
                    self.activity.add(&event.call);
                    jobs.extend(self.batch_job(event, texts));
                }
            }
        };
        calls.next(take).map_err(Error::Temporary)?;
        if let Some(full) = full {
            return Err(Error::Temporary(io::Error::other(full)));
        }
        if self.omitted.has(OmittedColumn::Message) {
            denials.iter_mut().for_each(|row| row.attributes[Attribute::ErrorMessage] = None);
        }
        let texts = calls.texts();
        let references = References { texts, meanings: self.meanings.all(), objects: self.objects };
        let (groups, sums) = (&mut self.groups, &mut self.sums);
        let (invocations, denied) = (&mut self.invocations, &mut self.denials);
        let batch_jobs = &mut self.batch_jobs;
        let (written, ()) = rayon::join(
            || {
                invocations.write(&rows, references)?;
                denied.write(&denials, references)?;
                batch_jobs.write(&jobs, references)
            },
            || {
                groups.add(&rows, references);
                add_sums(sums, &rows, references.meanings);
            },
        );
        written.map_err(|error| Error::of_table(self.day, error))?;
        self.n_rows += rows.len() as u64;
        self.n_denials += denials.len() as u64;
        self.n_batch_jobs += jobs.len() as u64;
        if changes_texts || self.groups.len() + self.activity.len() > MAX_GROUPS {
            let attributed = self.take_groups(texts)?;
            self.group_tables.add_attributed(attributed).map_err(Error::Temporary)?;
        }
        if changes_texts {
            self.take_meanings(texts);
        }
        self.rows = rows;
        Ok(has_any)
    }

    /// Ends the tables. `texts` are those of the last calls.
    ///
    /// # Errors
    /// As [`DayRows::add`].
    pub(crate) fn finish(mut self, texts: &Texts) -> Result<FinishedRows, Error> {
        let attributed = self.take_groups(texts)?;
        self.take_meanings(texts);
        let encode = |error| Error::of_table(self.day, error);
        Ok(FinishedRows {
            invocations: (self.invocations.finish().map_err(encode)?, self.n_rows),
            denials: (self.denials.finish().map_err(encode)?, self.n_denials),
            batch_jobs: (self.batch_jobs.finish().map_err(encode)?, self.n_batch_jobs),
            group_tables: self.group_tables,
            attributed,
            join: self.join,
            without_alias: self.without_alias,
            callers: self.callers,
            tally: self.tally,
        })
    }

    /// Turns what was counted into rows, because the ids are going to mean something else, or because
    /// there is much of it. Those of `attributed_costs` are given back.
    fn take_groups(&mut self, texts: &Texts) -> Result<AttributedRows, Error> {
        let references = References { texts, meanings: self.meanings.all(), objects: self.objects };
        let rows = self.groups.take(references, &self.price_version);
        self.tally.add_unresolved(&rows.unresolved);
        self.add_callers(&rows.costs);
        self.tally.add_gaps(&rows.costs);
        let activity = self.activity.take(texts);
        self.tally.activity.add(&activity);
        self.tally.batch.add_errors(&activity, self.knowledge);
        self.group_tables.add_activity(activity).map_err(Error::Temporary)?;
        self.group_tables.add(rows).map_err(Error::Temporary)
    }

    /// Takes note of who called where.
    fn add_callers(&mut self, costs: &[CostRow]) {
        for CostRow { key, .. } in costs {
            let (Some(account), Some(region)) = (&key.account_id, &key.source_region) else {
                continue;
            };
            let regions = match self.callers.get_mut(account.as_ref()) {
                Some(regions) => regions,
                None => self.callers.entry(account.as_ref().to_owned()).or_default(),
            };
            if !regions.contains(region.as_ref()) {
                regions.insert(region.as_ref().to_owned());
            }
        }
    }

    /// Adds up what calls of each meaning came to, because meanings are going to have other numbers.
    fn take_meanings(&mut self, texts: &Texts) {
        let (mut sums, mut refusals) =
            (std::mem::take(&mut self.sums), std::mem::take(&mut self.refusals));
        sums.resize(self.meanings.all().len(), CostSums::default());
        refusals.resize(sums.len(), 0);
        let counts = sums.iter().zip(refusals);
        for ((key, meaning), (sums, refusals)) in self.meanings.with_keys(texts).zip(counts) {
            if meaning.resolution.model == Err(Unresolved::NoAlias) {
                self.without_alias.extend(key.model_ref.map(str::to_owned));
            }
            self.tally.add(Group { key, meaning, sums, refusals });
        }
        self.meanings.clear();
        self.pricer.clear();
    }

    fn outcome(&self, meaning: u32) -> Outcome {
        self.meanings.all()[meaning as usize].outcome
    }

    /// The row of `denials` of a network activity event, if the request has no other.
    fn refusal(&mut self, event: &DayCall, texts: &Texts) -> Option<DenialRow> {
        if !self.denied_requests.take_row(event, texts) {
            return None;
        }
        let attributes = event.call.attributes;
        let meaning = self.meanings.number(&attributes, texts, true);
        self.refusals.resize(self.meanings.all().len(), 0);
        self.refusals[meaning as usize] += 1;
        let (event_time_ms, event_id) = (event.call.event_time_ms, event.call.event_id.clone());
        let source = event.call.source();
        Some(DenialRow { event_time_ms, event_id, source, attributes, meaning })
    }

    /// The row of `batch_jobs` of a job that was created, unless it has one.
    fn batch_job(&mut self, event: &DayCall, texts: &Texts) -> Option<BatchJobRow> {
        let DayCall { call, object, .. } = event;
        let attributes = call.attributes;
        let arn = texts.get(&attributes, Attribute::JobArn);
        if arn.is_some_and(|arn| !self.known_jobs.insert(arn.into())) {
            return None;
        }
        let id = arn.and_then(job_id);
        let output = id.and_then(|id| self.jobs.outputs.of_job(id)).cloned();
        let said = id.and_then(|id| self.jobs.states.get(id)).unwrap_or(JobStatus::Submitted);
        let counts = output.as_ref().map(|output| output.counts);
        let number = self.meanings.number(&attributes, texts, false);
        let meaning = &self.meanings.all()[number as usize];
        let source_region = texts.get(&attributes, Attribute::SourceRegion);
        let figure = self.pricer.figure_of_job(meaning, source_region, counts.as_ref());
        let model = meaning.model().map(|model| model.name.as_deref().unwrap_or(&model.id));
        let model = model.or_else(|| texts.get(&attributes, Attribute::ModelRef));
        self.tally.batch.add_job(model, counts.as_ref(), &figure);
        Some(BatchJobRow {
            event_time_ms: call.event_time_ms,
            event_id: call.event_id.clone(),
            status: counts.map_or(said, |counts| said.with_output(&counts)),
            output,
            figure,
            attributes,
            meaning: number,
            object: *object,
        })
    }

    /// Takes what the invocation log says and CloudTrail does not, and says whether the meaning depends on it.
    ///
    /// # Errors
    /// If there are too many texts.
    fn take_texts(
        &mut self,
        attributes: &mut Attributes,
        entry: Option<&Counted>,
        texts: &mut Texts,
    ) -> Result<bool, InternerFull> {
        let Some((entry, requests)) = entry.zip(self.requests) else { return Ok(false) };
        let mut id = |attribute: Attribute| {
            let text = entry.text(requests, attribute);
            text.map(|text| texts[attribute].intern(text)).transpose()
        };
        let region = id(Attribute::LogInferenceRegion)?;
        attributes[Attribute::InvokedModel] = id(Attribute::InvokedModel)?;
        attributes[Attribute::RequestMetadata] = id(Attribute::RequestMetadata)?;
        let logged = texts.get(attributes, Attribute::InferenceRegion);
        match (logged, entry.text(requests, Attribute::LogInferenceRegion)) {
            (None, Some(found)) => {
                attributes[Attribute::LogInferenceRegion] = region;
                self.tally.log.regions += u64::from(found != UNKNOWN_REGION);
            }
            (Some(logged), Some(found)) => {
                let is_other = ![logged, UNKNOWN_REGION].contains(&found);
                self.tally.log.other_regions += u64::from(is_other);
            }
            (_, None) => {}
        }
        Ok(attributes[Attribute::LogInferenceRegion].is_some()
            || attributes[Attribute::InvokedModel].is_some())
    }

    /// The row of a call.
    ///
    /// # Errors
    /// If there are too many texts.
    fn row(&mut self, day_call: &DayCall, texts: &mut Texts) -> Result<Invocation, InternerFull> {
        let DayCall { call, object, .. } = day_call;
        let attributes = call.attributes;
        let mut number = self.meanings.number(&attributes, texts, false);
        let outcome = self.outcome(number);
        let is_refused = outcome == Outcome::Denied && self.denied_requests.has(day_call, texts);
        let logged = call.logged.as_deref();
        let requests = self.requests.filter(|_| logged.is_none());
        let entry = requests.and_then(|all| self.join.entry(all, (call, texts), outcome));
        self.tally.log.calls += u64::from(logged.is_some());
        let mut attributes = attributes;
        let has_more = self.take_texts(&mut attributes, entry, texts)?;
        if is_refused || has_more {
            number = self.meanings.number(&attributes, texts, is_refused);
        }
        let meaning = &self.meanings.all()[number as usize];
        let is_invoked = attributes[Attribute::InvokedModel].is_some();
        let is_chosen = is_invoked && meaning.resolution.target_type.chooses_model();
        self.tally.log.models += u64::from(is_chosen && meaning.model().is_some());
        let usage = usage(call, entry, meaning, texts);
        let units = units(call, entry);
        let (tier, is_tier_requested) = self.tiers.served(call, entry, texts);
        if entry.is_some_and(|entry| entry.tier.is_some() || entry.latency.is_some()) {
            let by_trail = self.tiers.served(call, None, texts);
            self.tally.log.tiers += u64::from(by_trail != (tier, is_tier_requested));
        }
        attributes[Attribute::ServiceTier] = tier;
        let priced = Priced {
            meaning: (number, meaning),
            source_region: texts.get(&attributes, Attribute::SourceRegion),
            service_tier: (tier, texts.get(&attributes, Attribute::ServiceTier)),
            is_tier_requested,
        };
        Ok(Invocation {
            event_time_ms: call.event_time_ms,
            event_id: call.event_id.clone(),
            source: call.source(),
            request_id: call.request_id.clone(),
            attributes,
            meaning: number,
            object: *object,
            usage,
            units: units
                .as_ref()
                .map(|units| self.pricer.unit_sums(meaning, units))
                .unwrap_or_default(),
            figure: self.pricer.figure(priced, usage.as_ref(), units.as_ref()),
            latency_ms: match entry {
                Some(entry) => entry.logged.latency_ms,
                None => logged.and_then(|logged| logged.latency_ms),
            },
            first_byte_ms: match entry {
                Some(entry) => entry.logged.first_byte_ms,
                None => logged.and_then(|logged| logged.first_byte_ms),
            },
        })
    }
}

/// The tokens of a call. The input of streams of OpenAI's models has those of the cache.
fn usage(call: &Call, entry: Option<&Counted>, meaning: &Meaning, texts: &Texts) -> Option<Usage> {
    let trail = [call.input_tokens, call.output_tokens];
    let logged = call.logged.as_deref().map(|logged| &logged.counts);
    let counts = entry.map(|entry| &entry.logged.counts).or(logged);
    if counts.is_none() && trail == [None; 2] {
        return None;
    }
    let counts_cache = meaning.model().is_some_and(|model| counts_cache_in_input(&model.id));
    let operation = || texts.get(&call.attributes, Attribute::EventName);
    let counts_cache = counts_cache
        && (entry.is_some_and(|entry| entry.is_stream)
            || operation().is_some_and(logs::invocation::is_stream));
    Usage::merged(counts, trail, counts_cache)
}

/// What is known of other units than text tokens: the log counts them, and either record tells of a guardrail.
fn units(call: &Call, entry: Option<&Counted>) -> Option<UnitCounts> {
    let own = || call.logged.as_deref()?.units.as_deref();
    let logged = entry.and_then(|entry| entry.logged.units.as_deref()).or_else(own).copied();
    match call.has_guardrail {
        true => Some(logged.unwrap_or_default().with_guardrail()),
        false => logged,
    }
}

/// The row of `denials` for a denied call.
fn denial(row: &Invocation) -> DenialRow {
    let Invocation { event_time_ms, ref event_id, source, attributes, meaning, .. } = *row;
    DenialRow { event_time_ms, event_id: event_id.clone(), source, attributes, meaning }
}

fn add_sums(sums: &mut Vec<CostSums>, rows: &[Invocation], meanings: &[Meaning]) {
    sums.resize(meanings.len(), CostSums::default());
    for row in rows {
        let number = row.meaning as usize;
        sums[number].add_call(meanings[number].outcome == Outcome::Succeeded, row);
    }
}

impl DayJoin {
    /// The entry that the invocation log has for a call. An entry serves one call only: two events of
    /// one request would count its tokens twice.
    fn entry<'r>(
        &mut self,
        requests: &'r Requests,
        (call, texts): (&Call, &Texts),
        outcome: Outcome,
    ) -> Option<&'r Counted> {
        let entry = requests.entry_of(call, texts);
        let entry = entry.filter(|entry| self.taken.insert(*entry));
        if entry.is_none() && outcome == Outcome::Succeeded {
            self.calls_without_entry += 1;
        }
        Some(requests.entry(entry?))
    }
}
