//! Reads the Parquet files of a bill: a folder of AWS Data Exports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use bedrock::Regions;
use bedrock::billing::{Bill, BillLine, BillingNames};
use jiff::civil::Date;
use store::{ObjectMeta, Store, list_all};
use tables::bill::{BillError, Export};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::dates::DayRange;
use crate::day::spool::Spooled;
use crate::error::Error;

/// What of a folder's layout says the month, as Data Exports write it.
const PERIOD: &str = "BILLING_PERIOD=";
/// The lines that are handed over at once, and how many of these wait.
const BATCH_LINES: usize = 8_192;
const BATCHES_AHEAD: usize = 2;

/// A bill, and which export it is of.
#[derive(Debug, Default)]
pub struct ReadBill {
    /// What it says.
    pub bill: Bill,
    /// Of which export; `None` if no file was read.
    pub export: Option<Export>,
    /// The files that were read.
    pub files: u64,
    /// Files beside them that look like an export as CSV, which are not read.
    pub csv_files: u64,
}

/// Why the objects of a location are no bill. Each names the object.
#[derive(Debug, thiserror::Error)]
pub enum BillFault {
    /// The location cannot be listed or read.
    #[error(transparent)]
    Source(#[from] store::Error),
    /// There are no files of Parquet.
    #[error("expected Parquet files of an export, found {found}")]
    NoParquet {
        /// What is there instead.
        found: String,
    },
    /// A file is no bill.
    #[error("{key}")]
    File {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: BillError,
    },
    /// Files of both exports lie together.
    #[error("{key}: expected {} as in the files before it, found {}", .expected.as_str(), .found.as_str())]
    TwoExports {
        /// The key of the second.
        key: String,
        /// What the first is of.
        expected: Export,
        /// What this one is of.
        found: Export,
    },
    /// Two folders have usage of the same account and day, as of two versions of a month, and count it twice.
    #[error(
        "expected one version of the usage of {account_id} on {day}, found {first} and {second}: name the folder of \
         one of them"
    )]
    TwoVersions {
        /// The day.
        day: Date,
        /// The account.
        account_id: String,
        /// The first file.
        first: String,
        /// The second.
        second: String,
    },
    /// A line lies there twice, and counts its usage twice.
    #[error("expected each line once, found line item {id} in {first} and {second}")]
    SameLine {
        /// What tells the line from others.
        id: String,
        /// The first file.
        first: String,
        /// The second.
        second: String,
    },
    /// A file lies there twice, and counts its usage twice.
    #[error("expected each file once, found {second}, which is {first} again")]
    SameFile {
        /// The key of the first.
        first: String,
        /// The key of the second.
        second: String,
    },
    /// Reading failed otherwise.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Reads all Parquet files of a location, one at a time.
///
/// # Errors
/// If there are none, or one of them is no bill: a bill that is not whole would be compared as if it were.
pub async fn read_bill(
    source: &dyn Store,
    range: DayRange,
    with_principals: bool,
    regions: &Regions,
    names: &BillingNames<'_>,
) -> Result<ReadBill, BillFault> {
    let listed = list_all(source, "").await?;
    let (csv, files) = parquet_files(&listed)?;
    let mut found = ReadBill { csv_files: csv, ..ReadBill::default() };
    let mut counted = Counted::default();
    for file in files {
        let of_range = (range.from(), range.to());
        match month_of(&file.key) {
            Some(month) if month.last_of_month() < range.from() => continue,
            // Usage of the Marketplace may be in the bill of the month after.
            Some(month) if month > next_month(range.to()) => {
                // There is a bill of later days; what it says of them is not needed.
                found.bill.see(month, of_range);
                continue;
            }
            _ => {}
        }
        let spooled = Spooled::fetch(source, &file.key).await?;
        let of_key = |source| BillFault::File { key: file.key.clone(), source };
        let Some(spooled) = spooled else { continue };
        let sha256 = spooled.sha256.clone();
        let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
        let reading = spawn_blocking(move || send_lines(spooled, with_principals, &sender));
        let mut has_lines = false;
        while let Some(Batch { lines, days }) = batches.recv().await {
            has_lines = true;
            counted.add_batch(&file.key, &lines)?;
            days.into_iter().for_each(|day| found.bill.see(day, of_range));
            lines.iter().for_each(|line| found.bill.add(line, of_range, regions, names));
        }
        let export = reading.await.map_err(|_| Error::Worker)?.map_err(of_key)?;
        if let Some(expected) = found.export.filter(|known| *known != export) {
            let key = file.key.clone();
            return Err(BillFault::TwoExports { key, expected, found: export });
        }
        found.export = Some(export);
        found.files += 1;
        if has_lines {
            counted.add_file(&file.key, sha256)?;
        }
    }
    Ok(found)
}

/// The first day of the month that a key names.
fn month_of(key: &str) -> Option<Date> {
    let (_, rest) = key.split_once(PERIOD)?;
    format!("{}-01", rest.split('/').next()?).parse().ok()
}

/// What was counted, so that nothing is counted twice.
#[derive(Default)]
struct Counted {
    /// Files by their content.
    files: BTreeMap<String, String>,
    /// By account, day, and month of the bill, the file that had the first of its lines.
    folders: HashMap<(String, Date, String), String>,
    /// The lines by a hash of their ID, with the place of their file in `keys`.
    lines: HashMap<u64, usize>,
    keys: Vec<String>,
}

impl Counted {
    fn add_file(&mut self, key: &str, sha256: String) -> Result<(), BillFault> {
        match self.files.insert(sha256, key.to_owned()) {
            Some(first) => Err(BillFault::SameFile { first, second: key.to_owned() }),
            None => Ok(()),
        }
    }

    fn add_batch(&mut self, key: &str, lines: &[BillLine]) -> Result<(), BillFault> {
        let places = lines.iter().map(|line| (line.account_id.as_deref().unwrap_or(""), line.day));
        for (account_id, day) in places.collect::<BTreeSet<_>>() {
            let place = (account_id.to_owned(), day, period(key));
            let first = self.folders.entry(place).or_insert_with(|| key.to_owned());
            if folder(first) != folder(key) {
                let (first, second) = (first.clone(), key.to_owned());
                let account_id = account_id.to_owned();
                return Err(BillFault::TwoVersions { day, account_id, first, second });
            }
        }
        if self.keys.last().is_none_or(|last| last != key) {
            self.keys.push(key.to_owned());
        }
        let file = self.keys.len() - 1;
        for id in lines.iter().filter_map(|line| line.id.as_ref()) {
            let mut hasher = DefaultHasher::new();
            id.hash(&mut hasher);
            let first = *self.lines.entry(hasher.finish()).or_insert(file);
            if first != file {
                let (first, second) = (self.keys[first].clone(), key.to_owned());
                return Err(BillFault::SameLine { id: id.clone(), first, second });
            }
        }
        Ok(())
    }
}

fn next_month(day: Date) -> Date {
    day.last_of_month().tomorrow().unwrap_or(Date::MAX)
}

/// The parts of a folder that say the month of the bill.
fn period(key: &str) -> String {
    let is_of = |part: &&str| [PERIOD, "year=", "month="].iter().any(|it| part.starts_with(it));
    folder(key).split('/').filter(is_of).collect::<Vec<_>>().join("/")
}

fn folder(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Some lines of a file.
struct Batch {
    /// Those of Bedrock: a bill is mostly of other services.
    lines: Vec<BillLine>,
    /// The days of all.
    days: BTreeSet<Date>,
}

/// Reads a file, and sends its lines on. Call it on a thread of its own.
fn send_lines(
    file: Spooled,
    with_principals: bool,
    batches: &mpsc::Sender<Batch>,
) -> Result<Export, BillError> {
    let empty = || Batch { lines: Vec::new(), days: BTreeSet::new() };
    let mut batch = empty();
    let export = file.bill(with_principals, |line| {
        batch.days.insert(line.day);
        if line.is_of_bedrock() {
            batch.lines.push(line);
        }
        if batch.lines.len() >= BATCH_LINES {
            // Whoever takes them no longer has found a fault.
            let _ = batches.blocking_send(std::mem::replace(&mut batch, empty()));
        }
    })?;
    if !batch.days.is_empty() {
        let _ = batches.blocking_send(batch);
    }
    Ok(export)
}

/// How many files are CSV, and those that are Parquet, of which there is one at least.
fn parquet_files(listed: &[ObjectMeta]) -> Result<(u64, Vec<&ObjectMeta>), BillFault> {
    let is_of = |object: &ObjectMeta, end: &str| object.key.to_ascii_lowercase().ends_with(end);
    let is_csv =
        |it: &&ObjectMeta| [".csv", ".csv.gz", ".csv.zip"].iter().any(|end| is_of(it, end));
    let csv = listed.iter().filter(is_csv).collect::<Vec<_>>();
    let files = listed.iter().filter(|it| is_of(it, ".parquet")).collect::<Vec<_>>();
    if !files.is_empty() {
        return Ok((csv.len() as u64, files));
    }
    let found = match (csv.first(), listed.first()) {
        (Some(csv), _) => format!("{}: an export as CSV; let AWS write it as Parquet", csv.key),
        (None, Some(other)) => other.key.clone(),
        (None, None) => "no objects".to_owned(),
    };
    Err(BillFault::NoParquet { found })
}
