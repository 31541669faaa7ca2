//! The rows of a day that count calls: held, and merged from temporary files where they are too many.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io;

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tables::{
    ATTRIBUTED_COSTS, CostRow, DestinationRow, GroupRow, GroupRows, MODEL_COSTS, OTHER_ACTIVITY,
    OtherActivityRow, PROFILE_DESTINATIONS, ROUTING_DISTRIBUTION, ROW_GROUP_ROWS, References,
    RoutingRow, Table, TableWriter, UNRESOLVED_MODELS, UnresolvedRow,
};

use crate::day::publish::TableFile;
use crate::day::spool::Spool;
use crate::day::temporary::{TemporaryReader, TemporaryWriter};
use crate::error::Error;

/// Rows of one table that are held in memory.
const MAX_HELD: usize = 128 * 1024;

/// The rows of the tables that count calls.
#[derive(Debug, Default)]
pub(crate) struct GroupTables {
    routing: MergedRows<RoutingRow>,
    costs: MergedRows<CostRow>,
    attributed: MergedRows<CostRow>,
    unresolved: MergedRows<UnresolvedRow>,
    destinations: MergedRows<DestinationRow>,
    activity: MergedRows<OtherActivityRow>,
}

impl GroupTables {
    /// Takes in rows; those of equal groups become one.
    ///
    /// # Errors
    /// If rows are too many to be held, and cannot be written to a temporary file.
    pub(crate) fn add(&mut self, rows: GroupRows) -> io::Result<()> {
        self.routing.add(rows.routing, MAX_HELD)?;
        self.costs.add(rows.costs, MAX_HELD)?;
        self.attributed.add(rows.attributed, MAX_HELD)?;
        self.unresolved.add(rows.unresolved, MAX_HELD)?;
        self.destinations.add(rows.destinations, MAX_HELD)
    }

    /// Takes in rows of events that are no calls.
    ///
    /// # Errors
    /// As [`GroupTables::add`].
    pub(crate) fn add_activity(&mut self, rows: Vec<OtherActivityRow>) -> io::Result<()> {
        self.activity.add(rows, MAX_HELD)
    }

    /// Writes the tables.
    ///
    /// # Errors
    /// If a table cannot be encoded, or a temporary file cannot be read.
    pub(crate) fn write(self, day: Date) -> Result<[TableFile; 6], Error> {
        let GroupTables { routing, costs, attributed, unresolved, destinations, activity } = self;
        let (attributed, ((routing, costs), (unresolved, (destinations, activity)))) = rayon::join(
            || write(attributed, &ATTRIBUTED_COSTS, day),
            || {
                rayon::join(
                    || {
                        rayon::join(
                            || write(routing, &ROUTING_DISTRIBUTION, day),
                            || write(costs, &MODEL_COSTS, day),
                        )
                    },
                    || {
                        rayon::join(
                            || write(unresolved, &UNRESOLVED_MODELS, day),
                            || {
                                rayon::join(
                                    || write(destinations, &PROFILE_DESTINATIONS, day),
                                    || write(activity, &OTHER_ACTIVITY, day),
                                )
                            },
                        )
                    },
                )
            },
        );
        Ok([routing?, costs?, attributed?, unresolved?, destinations?, activity?])
    }
}

fn write<R: Row>(
    rows: MergedRows<R>,
    table: &'static Table<R>,
    day: Date,
) -> Result<TableFile, Error> {
    let encode = |error| Error::of_table(day, error);
    let nothing = References::default();
    let mut writer = TableWriter::new(table, Spool::begin()).map_err(encode)?;
    let mut rows = rows.read().map_err(Error::Temporary)?;
    let mut n_rows = 0;
    loop {
        let batch = rows.next(ROW_GROUP_ROWS).map_err(Error::Temporary)?;
        if batch.is_empty() {
            break;
        }
        writer.write(&batch, nothing).map_err(encode)?;
        n_rows += batch.len() as u64;
    }
    Ok(TableFile::new(table.name, day, writer.finish().map_err(encode)?, n_rows))
}

/// A row that can go to disk.
trait Row: GroupRow + Serialize + DeserializeOwned + Send + Sync {}

impl<R: GroupRow + Serialize + DeserializeOwned + Send + Sync> Row for R {}

/// Rows in the order of their table, one for each group.
#[derive(Debug)]
struct MergedRows<R> {
    held: Vec<R>,
    /// Files of rows, each in order.
    files: Vec<TemporaryReader>,
}

impl<R> Default for MergedRows<R> {
    fn default() -> Self {
        MergedRows { held: Vec::new(), files: Vec::new() }
    }
}

impl<R: Row> MergedRows<R> {
    /// Takes in rows, which are in order; beyond `max_held` they go to disk.
    fn add(&mut self, rows: Vec<R>, max_held: usize) -> io::Result<()> {
        self.held = match self.held.is_empty() {
            true => rows,
            false => merge(std::mem::take(&mut self.held), rows),
        };
        if self.held.len() > max_held {
            let mut file = TemporaryWriter::begin()?;
            self.held.drain(..).try_for_each(|row| file.write(&row))?;
            self.files.push(file.read()?);
        }
        Ok(())
    }

    /// Reads the rows from the first one on.
    fn read(mut self) -> io::Result<ReadRows<R>> {
        let mut heads = BinaryHeap::new();
        for (file, rows) in self.files.iter_mut().enumerate() {
            heads.extend(rows.next()?.map(|row| Head { row, file: Some(file) }));
        }
        let mut held = self.held.into_iter();
        heads.extend(held.next().map(|row| Head { row, file: None }));
        Ok(ReadRows { held, files: self.files, heads })
    }
}

/// Merges rows that are in order.
fn merge<R: GroupRow>(a: Vec<R>, b: Vec<R>) -> Vec<R> {
    let mut merged = Vec::<R>::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some(a), Some(b)) => a.compare_group(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return merged,
        };
        match order {
            Ordering::Less => merged.extend(a.next()),
            Ordering::Greater => merged.extend(b.next()),
            Ordering::Equal => {
                if let (Some(mut row), Some(other)) = (a.next(), b.next()) {
                    row.merge(other);
                    merged.push(row);
                }
            }
        }
    }
}

/// Rows that are merged from files and from memory.
struct ReadRows<R> {
    held: std::vec::IntoIter<R>,
    files: Vec<TemporaryReader>,
    /// The next row of each.
    heads: BinaryHeap<Head<R>>,
}

/// A row that comes next, in the order of a heap: the first is the greatest.
struct Head<R> {
    row: R,
    /// The file that it is from; `None` if it was held.
    file: Option<usize>,
}

impl<R: Row> ReadRows<R> {
    /// Takes up to `most` rows; none after the last one.
    fn next(&mut self, most: usize) -> io::Result<Vec<R>> {
        let mut rows = Vec::<R>::new();
        while let Some(Head { row, .. }) = self.heads.peek() {
            let is_same = rows.last().is_some_and(|last| last.same_group(row));
            if rows.len() == most && !is_same {
                break;
            }
            let Some(Head { row, file }) = self.heads.pop() else { break };
            match (is_same, rows.last_mut()) {
                (true, Some(last)) => last.merge(row),
                _ => rows.push(row),
            }
            let next = match file {
                Some(file) => self.files[file].next()?,
                None => self.held.next(),
            };
            self.heads.extend(next.map(|row| Head { row, file }));
        }
        Ok(rows)
    }
}

impl<R: GroupRow> Ord for Head<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.row.compare_group(&self.row)
    }
}

impl<R: GroupRow> PartialOrd for Head<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: GroupRow> PartialEq for Head<R> {
    fn eq(&self, other: &Self) -> bool {
        self.row.same_group(&other.row)
    }
}

impl<R: GroupRow> Eq for Head<R> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Counted {
        key: u8,
        calls: u64,
    }

    impl GroupRow for Counted {
        fn compare_group(&self, other: &Self) -> Ordering {
            self.key.cmp(&other.key)
        }

        fn merge(&mut self, other: Self) {
            self.calls += other.calls;
        }
    }

    proptest! {
        /// However many are held, and however many are taken at a time.
        #[test]
        fn rows_of_equal_groups_become_one(
            added in vec(btree_map(0u8..20, 1u64..100, 0..12), 0..8),
            max_held in 0usize..30,
            most in 1usize..10,
        ) {
            let mut expected = BTreeMap::<u8, u64>::new();
            let mut merged = MergedRows::default();
            for rows in added {
                rows.iter().for_each(|(key, calls)| *expected.entry(*key).or_default() += calls);
                let rows = rows.into_iter().map(|(key, calls)| Counted { key, calls });
                merged.add(rows.collect(), max_held).expect("room");
                prop_assert!(merged.held.len() <= max_held);
            }
            let mut rows = merged.read().expect("readable");
            let mut found = Vec::new();
            loop {
                let batch = rows.next(most).expect("readable");
                if batch.is_empty() {
                    break;
                }
                prop_assert!(batch.len() <= most);
                found.extend(batch.into_iter().map(|row| (row.key, row.calls)));
            }
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
