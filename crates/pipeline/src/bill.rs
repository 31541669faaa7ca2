//! Reads the Parquet files of a bill: a folder of AWS Data Exports.

use std::collections::{BTreeMap, BTreeSet};

use bedrock::Regions;
use bedrock::billing::{Bill, BillLine, BillingNames};
use jiff::civil::Date;
use store::{ObjectMeta, Store, list_all};
use tables::bill::{BillError, Export};
use tokio::task::spawn_blocking;

use crate::dates::DayRange;
use crate::day::spool::Spooled;
use crate::error::Error;

/// What of a folder's layout says the month, as Data Exports write it.
const PERIOD: &str = "BILLING_PERIOD=";

/// A bill, and which export it is of.
#[derive(Debug, Default)]
pub struct ReadBill {
    /// What it says.
    pub bill: Bill,
    /// Of which export; `None` if no file was read.
    pub export: Option<Export>,
    /// The files that were read.
    pub files: u64,
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
    /// Two versions of a month lie together, and count its usage twice.
    #[error(
        "expected one version of {period}, found {first} and {second}: name the folder of one of them"
    )]
    TwoVersions {
        /// The month, as in the keys.
        period: String,
        /// The folder of the first.
        first: String,
        /// The folder of the second.
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
    let files = parquet_files(&listed)?;
    check_versions(&files)?;
    let mut found = ReadBill::default();
    let mut seen = BTreeMap::new();
    for file in files {
        let spooled = Spooled::fetch(source, &file.key).await?;
        let of_key = |source| BillFault::File { key: file.key.clone(), source };
        let Some(spooled) = spooled else { continue };
        if let Some(first) = seen.insert(spooled.sha256.clone(), file.key.clone()) {
            return Err(BillFault::SameFile { first, second: file.key.clone() });
        }
        let read = spawn_blocking(move || lines_of(spooled, with_principals)).await;
        let OfFile { export, lines, days } = read.map_err(|_| Error::Worker)?.map_err(of_key)?;
        if let Some(expected) = found.export.filter(|known| *known != export) {
            let key = file.key.clone();
            return Err(BillFault::TwoExports { key, expected, found: export });
        }
        found.export = Some(export);
        found.files += 1;
        let range = (range.from(), range.to());
        for (day, is_invoiced) in days {
            found.bill.see(day, is_invoiced, range);
        }
        for line in &lines {
            found.bill.add(line, range, regions, names);
        }
    }
    Ok(found)
}

/// What one file has.
struct OfFile {
    export: Export,
    lines: Vec<BillLine>,
    days: BTreeMap<Date, bool>,
}

/// The lines of Bedrock in a file, and the days of all lines with whether these are invoiced: a bill is mostly of other
/// services.
fn lines_of(file: Spooled, with_principals: bool) -> Result<OfFile, BillError> {
    let (mut lines, mut days) = (Vec::new(), BTreeMap::new());
    let export = file.bill(with_principals, |line| {
        *days.entry(line.day).or_default() |= line.is_invoiced;
        if line.is_of_bedrock() {
            lines.push(line);
        }
    })?;
    Ok(OfFile { export, lines, days })
}

fn parquet_files(listed: &[ObjectMeta]) -> Result<Vec<&ObjectMeta>, BillFault> {
    let is_of = |object: &&ObjectMeta, end: &str| object.key.to_ascii_lowercase().ends_with(end);
    let files = listed.iter().filter(|object| is_of(object, ".parquet")).collect::<Vec<_>>();
    if !files.is_empty() {
        return Ok(files);
    }
    let csv =
        listed.iter().find(|it| is_of(it, ".csv") || is_of(it, ".csv.gz") || is_of(it, ".csv.zip"));
    let found = match (csv, listed.first()) {
        (Some(csv), _) => format!("{}: an export as CSV; let AWS write it as Parquet", csv.key),
        (None, Some(other)) => other.key.clone(),
        (None, None) => "no objects".to_owned(),
    };
    Err(BillFault::NoParquet { found })
}

/// That each month is in one folder: an export that keeps its versions has one for each.
fn check_versions(files: &[&ObjectMeta]) -> Result<(), BillFault> {
    let mut folders = BTreeMap::<&str, BTreeSet<&str>>::new();
    for file in files {
        let Some(start) = file.key.find(PERIOD) else { continue };
        let (folder, _) = file.key.rsplit_once('/').unwrap_or_default();
        let period = file.key[start..].split('/').next().unwrap_or_default();
        folders.entry(period).or_default().insert(folder);
    }
    for (period, folders) in folders {
        let mut folders = folders.into_iter();
        if let (Some(first), Some(second)) = (folders.next(), folders.next()) {
            let [period, first, second] = [period, first, second].map(str::to_owned);
            return Err(BillFault::TwoVersions { period, first, second });
        }
    }
    Ok(())
}
