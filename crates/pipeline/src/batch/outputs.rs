//! The outputs of batch inference jobs: each job writes to a folder that is named after its ID, and in it a small
//! file that counts records and tokens. All are listed; those of the jobs of a day that is built are read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::JobStates;
use bedrock::batch_job::job_id;
use futures::stream::{self, StreamExt, TryStreamExt};
use logs::Rejection;
use logs::batch_output::{self, BatchOutput, FILE_NAME, MAX_BYTES};
use store::{ListRequest, ObjectMeta, Pages, Several, Store, read_at_most};
use tables::ReadOutput;

use crate::batch::JobArns;
use crate::day::manifest::{
    BatchJob, KnownOutput, OutputProblem, OutputSources, SourceSet, Sources,
};
use crate::error::{Error, sentence};
use crate::outcome::ObjectProblem;
use crate::source::{roots, shown};

/// Locations that are listed, and files that are read, at the same time.
const AT_ONCE: usize = 16;

/// What is wrong with counts of records that do not add up.
const MORE_THAN_ALL: &str = "it counts more records as processed, answered, or failed than totalRecordCount: its tokens give no cost";

/// The outputs that there are, not yet read.
#[derive(Debug)]
pub(crate) struct ListedOutputs<'a> {
    store: &'a dyn Store,
    /// The files by the IDs of their jobs, in the order of locations and keys.
    by_job: BTreeMap<String, Vec<ObjectMeta>>,
}

/// What was read for the jobs of a day.
#[derive(Debug, Clone, Default)]
pub(crate) struct DayOutputs {
    by_job: BTreeMap<String, JobOutputs>,
    /// The outputs that a day was built with, of jobs that have none now.
    kept: BTreeMap<String, ReadOutput>,
    /// What is wrong with files, in the order of the jobs.
    pub(crate) problems: Vec<ObjectProblem>,
    /// How many jobs have an output that was read.
    pub(crate) n_read: u64,
}

/// What was read for a job.
#[derive(Debug, Clone, Default)]
struct JobOutputs {
    /// The output that counts.
    read: Option<ReadOutput>,
    /// What it was built from; `None` if a file could not be had, so that the next run tries again.
    sources: Option<OutputSources>,
    /// The names of the files that could be read.
    readable: BTreeSet<Arc<str>>,
    /// What is wrong with these.
    problems: Vec<OutputProblem>,
}

/// What is wrong with a file.
struct Problem<'a> {
    key: &'a str,
    reason: String,
    /// The key of another one that the reason is about.
    other: Option<&'a str>,
}

/// What one file gave.
enum Found {
    Read(ReadOutput),
    Unreadable,
    /// It could not be had.
    Missing,
}

/// Lists the outputs of all locations.
///
/// # Errors
/// If a location cannot be listed.
pub(crate) async fn list_outputs(store: &dyn Store) -> Result<ListedOutputs<'_>, Error> {
    let list = |root: String| async move {
        let mut pages = Pages::new(store, ListRequest::all(root));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await.map_err(Error::BatchOutputs)? {
            let is_output = |meta: &ObjectMeta| meta.key.rsplit('/').next() == Some(FILE_NAME);
            found.extend(page.objects.into_iter().filter(is_output));
        }
        Ok::<_, Error>(found)
    };
    let listed = stream::iter(roots(store)).map(list).buffered(AT_ONCE);
    let mut by_job = BTreeMap::<String, Vec<ObjectMeta>>::new();
    for meta in listed.try_collect::<Vec<_>>().await?.into_iter().flatten() {
        if let Some(id) = job_of(store, &meta.key) {
            by_job.entry(id).or_default().push(meta);
        }
    }
    Ok(ListedOutputs { store, by_job })
}

/// The ID of the job that an output is of: the folder that it is in, which may be the location itself.
fn job_of(store: &dyn Store, key: &str) -> Option<String> {
    let path = match store.several() {
        Some(several) => several.shown(key),
        None => format!("{}/{key}", store.location().trim_end_matches('/')),
    };
    job_id(path.rsplit('/').nth(1)?).map(str::to_owned)
}

impl ListedOutputs<'_> {
    /// The files of a job's output; `None` if there are none.
    pub(crate) fn sources(&self, job_id: &str) -> Option<Sources> {
        let mut sources = SourceSet::default();
        for meta in self.by_job.get(job_id)? {
            // As it is named below its location: a copy is the same input.
            sources.add(&ObjectMeta { key: self.name(&meta.key), ..meta.clone() });
        }
        Some(sources.sources())
    }

    /// The jobs that have an output.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = &str> {
        self.by_job.keys().map(String::as_str)
    }

    /// The key of the first file, if there is one.
    pub(crate) fn first(&self) -> Option<&str> {
        self.by_job.values().flatten().map(|meta| meta.key.as_str()).min()
    }

    /// Reads the outputs of these jobs. What cannot be read is named.
    pub(crate) async fn read(&self, jobs: &JobArns) -> DayOutputs {
        let mut reads = Vec::new();
        for (id, arns) in jobs {
            if let Some((id, files)) = self.by_job.get_key_value(id.as_ref()) {
                reads.push(async move {
                    let read = match arns.len() {
                        1 => self.read_job(id, files).await,
                        _ => self.of_several_jobs(id, files, arns),
                    };
                    (id, read)
                });
            }
        }
        let mut reading = stream::iter(reads).buffered(AT_ONCE);
        let mut outputs = DayOutputs::default();
        while let Some((id, (mut job, problems))) = reading.next().await {
            for problem in problems {
                let object = self.name(problem.key);
                if job.readable.contains(object.as_str()) {
                    let reason = problem.reason_with(|key| self.name(key));
                    job.problems.push(OutputProblem { object, reason });
                }
                let key = shown(self.store, problem.key);
                let reason = problem.reason_with(|key| shown(self.store, key));
                outputs.problems.push(ObjectProblem { key, reason });
            }
            outputs.n_read += u64::from(job.read.is_some());
            outputs.by_job.insert(id.clone(), job);
        }
        outputs
    }

    /// Reads the files of a job. A job has one, but it may have been copied: of several that differ the one that
    /// counts most is taken, because a later one counts more.
    async fn read_job<'f>(
        &self,
        id: &str,
        files: &'f [ObjectMeta],
    ) -> (JobOutputs, Vec<Problem<'f>>) {
        let (mut best, mut problems) = (None::<(&ObjectMeta, ReadOutput)>, Vec::new());
        let (mut readable, mut is_missing) = (BTreeSet::new(), false);
        let mut left = Vec::new();
        for meta in files {
            let (found, reason) = self.read_file(meta).await;
            problems.extend(reason.map(|reason| Problem { key: &meta.key, reason, other: None }));
            let read = match found {
                Found::Read(read) => read,
                Found::Unreadable => continue,
                Found::Missing => {
                    is_missing = true;
                    continue;
                }
            };
            readable.insert(Arc::clone(&read.object));
            match &mut best {
                Some((_, known)) if known.counts == read.counts => {}
                Some(best) if best.1.counts > read.counts => left.push(meta),
                Some(best) => left.push(std::mem::replace(best, (meta, read)).0),
                None => best = Some((meta, read)),
            }
        }
        if let Some((taken, _)) = &best {
            problems.extend(left.into_iter().map(|meta| Problem {
                key: &meta.key,
                reason: format!("the job {id} has another output, which counts more"),
                other: Some(&taken.key),
            }));
        }
        let sources = self.sources(id).filter(|_| !is_missing);
        let sources = sources.map(|all| OutputSources { all, readable: readable.len() as u64 });
        let read = best.map(|(_, read)| read);
        (JobOutputs { read, sources, readable, problems: Vec::new() }, problems)
    }

    /// Takes an output for that of no job: several have its ID, and nothing says which of them wrote it.
    fn of_several_jobs<'f>(
        &self,
        id: &str,
        files: &'f [ObjectMeta],
        arns: &BTreeSet<Box<str>>,
    ) -> (JobOutputs, Vec<Problem<'f>>) {
        let arns = arns.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let problem = |meta: &'f ObjectMeta| Problem {
            key: &meta.key,
            reason: format!("several jobs have the ID {id}, and it counts for none: {arns}"),
            other: None,
        };
        // They would say the same again.
        let readable = files.len() as u64;
        let sources = self.sources(id).map(|all| OutputSources { all, readable });
        let readable = files.iter().map(|meta| Arc::from(self.name(&meta.key))).collect();
        let job = JobOutputs { read: None, sources, readable, problems: Vec::new() };
        (job, files.iter().map(problem).collect())
    }

    /// Reads a file, and says what is wrong with it.
    async fn read_file(&self, meta: &ObjectMeta) -> (Found, Option<String>) {
        let body = match read_at_most(self.store, &meta.key, MAX_BYTES).await {
            Ok(Some((_, Some(body)))) => body,
            Ok(Some((meta, None))) => {
                let size = meta.size_bytes;
                let reason = format!("expected at most {MAX_BYTES} bytes, found {size}");
                return (Found::Unreadable, Some(reason));
            }
            Ok(None) => return (Found::Missing, Some("it is not there any more".to_owned())),
            Err(error) => return (Found::Missing, Some(sentence(&Error::BatchOutputs(error)))),
        };
        match batch_output::read(&body) {
            Ok(BatchOutput { counts, rejections }) => {
                let object = Arc::from(self.name(&meta.key));
                let wrong = rejections.iter().map(ToString::to_string).collect::<Vec<_>>();
                let wrong =
                    (!wrong.is_empty()).then(|| format!("{}: null instead", wrong.join("; ")));
                let sum = (!counts.adds_up()).then(|| MORE_THAN_ALL.to_owned());
                let wrong = wrong.into_iter().chain(sum).collect::<Vec<_>>();
                let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
                (Found::Read(ReadOutput { counts, object }), wrong)
            }
            // The file is named already.
            Err(Rejection { expected, found, .. }) => {
                (Found::Unreadable, Some(format!("expected {expected}, found {found}")))
            }
        }
    }

    fn name(&self, key: &str) -> String {
        self.store
            .several()
            .map_or_else(|| key.to_owned(), |several: &Several| several.name_of(key))
    }
}

impl DayOutputs {
    /// What a job's output counts, if there is one, or was.
    pub(crate) fn of_job(&self, id: &str) -> Option<&ReadOutput> {
        let now = self.by_job.get(id).and_then(|job| job.read.as_ref());
        now.or_else(|| self.kept.get(id))
    }

    /// What the manifest of a day says of its jobs. Of one whose output is not there now, what `before` says of that.
    pub(crate) fn of_day(
        &self,
        jobs: &JobArns,
        states: &JobStates,
        before: &BTreeMap<String, BatchJob>,
    ) -> BTreeMap<String, BatchJob> {
        let job = |id: &str| {
            let status = states.get(id);
            let job = match (self.by_job.get(id), before.get(id)) {
                (None, Some(before)) => BatchJob { status, ..before.clone() },
                (None, None) => BatchJob { status, ..BatchJob::default() },
                (Some(now), before) => BatchJob {
                    status,
                    output: now.sources.clone().or_else(|| before?.output.clone()),
                    known: now.read.as_ref().map(|read| KnownOutput {
                        object: read.object.as_ref().to_owned(),
                        counts: read.counts,
                    }),
                    problems: now.problems.clone(),
                },
            };
            (id.to_owned(), job)
        };
        jobs.keys().map(AsRef::as_ref).map(job).collect()
    }

    /// Keeps what a day was built with: the counts of an output that cannot be had now, unless another one counts more.
    pub(crate) fn keep(&mut self, jobs: &JobArns, before: &BTreeMap<String, BatchJob>) {
        // Of several jobs with one ID an output counts for none.
        for id in jobs.iter().filter(|(_, arns)| arns.len() == 1).map(|(id, _)| id.as_ref()) {
            let Some(known) = before.get(id).and_then(|job| job.known.as_ref()) else { continue };
            let read = ReadOutput { counts: known.counts, object: known.object.as_str().into() };
            match self.by_job.get_mut(id) {
                None => drop(self.kept.insert(id.to_owned(), read)),
                Some(now) => {
                    let is_there = now.readable.contains(&read.object);
                    let counts_more = now.read.as_ref().is_none_or(|it| read.counts > it.counts);
                    if !is_there && counts_more {
                        now.read = Some(read);
                    }
                }
            }
        }
    }
}

impl Problem<'_> {
    /// The reason with the other key as it is written.
    fn reason_with(&self, write: impl Fn(&str) -> String) -> String {
        let Problem { reason, other, .. } = self;
        other.map_or_else(|| reason.clone(), |other| format!("{reason}: {}", write(other)))
    }
}
