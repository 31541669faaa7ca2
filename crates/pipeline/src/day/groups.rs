//! The rows of a day that count calls: held, and merged from temporary files where they are too many.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io;
use std::iter::empty;

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tables::{
    ATTRIBUTED_COSTS, AttributedRows, CostRow, DestinationRow, GroupRow, GroupRows, MODEL_COSTS,
    OTHER_ACTIVITY, OtherActivityRow, PIECE_ROWS, PROFILE_DESTINATIONS, ROUTING_DISTRIBUTION,
    References, RoutingRow, Table, TableWriter, UNRESOLVED_MODELS, UnresolvedRow,
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
    /// Takes in rows, except those of `attributed_costs`, which are given back; those of equal groups become one.
    ///
    /// # Errors
    /// If rows are too many to be held, and cannot be written to a temporary file.
    pub(crate) fn add(&mut self, rows: GroupRows) -> io::Result<AttributedRows> {
        self.routing.add(rows.routing.into_iter(), MAX_HELD)?;
        self.costs.add(rows.costs.into_iter(), MAX_HELD)?;
        self.unresolved.add(rows.unresolved.into_iter(), MAX_HELD)?;
        self.destinations.add(rows.destinations.into_iter(), MAX_HELD)?;
        Ok(rows.attributed)
    }

    /// Takes in rows of `attributed_costs`.
    ///
    /// # Errors
    /// As [`GroupTables::add`].
    pub(crate) fn add_attributed(&mut self, rows: AttributedRows) -> io::Result<()> {
        self.attributed.add(rows, MAX_HELD)
    }

    /// Takes in rows of events that are no calls.
    ///
    /// # Errors
    /// As [`GroupTables::add`].
    pub(crate) fn add_activity(&mut self, rows: Vec<OtherActivityRow>) -> io::Result<()> {
        self.activity.add(rows.into_iter(), MAX_HELD)
    }

    /// Writes the tables. `last` are the rows of `attributed_costs` that were not taken in: they are made as they
    /// are written.
    ///
    /// # Errors
    /// If a table cannot be encoded, or a temporary file cannot be read.
    pub(crate) fn write(self, last: AttributedRows, day: Date) -> Result<[TableFile; 6], Error> {
        let GroupTables { routing, costs, attributed, unresolved, destinations, activity } = self;
        let (attributed, ((routing, costs), (unresolved, (destinations, activity)))) = rayon::join(
            || write(attributed, last, &ATTRIBUTED_COSTS, day),
            || {
                rayon::join(
                    || {
                        rayon::join(
                            || write(routing, empty(), &ROUTING_DISTRIBUTION, day),
                            || write(costs, empty(), &MODEL_COSTS, day),
                        )
                    },
                    || {
                        rayon::join(
                            || write(unresolved, empty(), &UNRESOLVED_MODELS, day),
                            || {
                                rayon::join(
                                    || write(destinations, empty(), &PROFILE_DESTINATIONS, day),
                                    || write(activity, empty(), &OTHER_ACTIVITY, day),
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
    last: impl Iterator<Item = R>,
    table: &'static Table<R>,
    day: Date,
) -> Result<TableFile, Error> {
    let encode = |error| Error::of_table(day, error);
    let nothing = References::default();
    let mut writer = TableWriter::new(table, Spool::begin()).map_err(encode)?;
    let mut rows = rows.read(last).map_err(Error::Temporary)?;
    let mut n_rows = 0;
    loop {
        let batch = rows.next(PIECE_ROWS).map_err(Error::Temporary)?;
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
    fn add(&mut self, rows: impl ExactSizeIterator<Item = R>, max_held: usize) -> io::Result<()> {
        if rows.len() > max_held {
            return self.write(rows);
        }
        self.held = merge(std::mem::take(&mut self.held), rows);
        if self.held.len() > max_held {
            let held = std::mem::take(&mut self.held);
            self.write(held.into_iter())?;
        }
        Ok(())
    }

    fn write(&mut self, mut rows: impl Iterator<Item = R>) -> io::Result<()> {
        let mut file = TemporaryWriter::begin()?;
        rows.try_for_each(|row| file.write(&row))?;
        self.files.push(file.read()?);
        Ok(())
    }

    /// Reads the rows from the first one on, with others that are in order.
    fn read<L: Iterator<Item = R>>(self, last: L) -> io::Result<ReadRows<R, L>> {
        let MergedRows { held, files } = self;
        let mut sources = (0..files.len()).map(Source::File).chain([Source::Held, Source::Last]);
        let mut rows = ReadRows { files, held: held.into_iter(), last, heads: BinaryHeap::new() };
        sources.try_for_each(|source| rows.advance(source))?;
        Ok(rows)
    }
}

/// Merges rows that are in order.
fn merge<R: GroupRow>(a: Vec<R>, b: impl ExactSizeIterator<Item = R>) -> Vec<R> {
    let mut merged = Vec::<R>::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.into_iter().peekable(), b.peekable());
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

/// Rows that are merged from files, from memory, and from what makes the last ones.
struct ReadRows<R, L> {
    files: Vec<TemporaryReader>,
    held: std::vec::IntoIter<R>,
    last: L,
    /// The next row of each.
    heads: BinaryHeap<Head<R>>,
}

/// Where a row is from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// The file with a number.
    File(usize),
    Held,
    Last,
}

/// A row that comes next, in the order of a heap: the first is the greatest.
struct Head<R> {
    row: R,
    source: Source,
}

impl<R: Row, L: Iterator<Item = R>> ReadRows<R, L> {
    /// Takes up to `most` rows; none after the last one.
    fn next(&mut self, most: usize) -> io::Result<Vec<R>> {
        let mut rows = Vec::<R>::new();
        while let Some(Head { row, .. }) = self.heads.peek() {
            let is_same = rows.last().is_some_and(|last| last.same_group(row));
            if rows.len() == most && !is_same {
                break;
            }
            let Some(Head { row, source }) = self.heads.pop() else { break };
            match (is_same, rows.last_mut()) {
                (true, Some(last)) => last.merge(row),
                _ => rows.push(row),
            }
            if self.heads.is_empty() {
                // The groups of the only source that is left differ from each other.
                while rows.len() < most
                    && let Some(row) = self.take(source)?
                {
                    rows.push(row);
                }
            }
            self.advance(source)?;
        }
        Ok(rows)
    }

    /// Puts the next row of a source among the heads.
    fn advance(&mut self, source: Source) -> io::Result<()> {
        let row = self.take(source)?;
        self.heads.extend(row.map(|row| Head { row, source }));
        Ok(())
    }

    fn take(&mut self, source: Source) -> io::Result<Option<R>> {
        match source {
            Source::File(file) => self.files[file].next(),
            Source::Held => Ok(self.held.next()),
            Source::Last => Ok(self.last.next()),
        }
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
        /// However many are held, however many are taken at a time, and whether the last ones are taken in or not.
        #[test]
        fn rows_of_equal_groups_become_one(
            mut added in vec(btree_map(0u8..20, 1u64..100, 0..12), 0..8),
            max_held in 0usize..30,
            most in 1usize..10,
            leaves_last: bool,
        ) {
            let mut expected = BTreeMap::<u8, u64>::new();
            for (key, calls) in added.iter().flatten() {
                *expected.entry(*key).or_default() += calls;
            }
            let counted = |(key, calls)| Counted { key, calls };
            let last = if leaves_last { added.pop() } else { None };
            let mut merged = MergedRows::default();
            for rows in added {
                let rows = rows.into_iter().map(counted).collect::<Vec<_>>();
                merged.add(rows.into_iter(), max_held).expect("room");
                prop_assert!(merged.held.len() <= max_held);
            }
            let last = last.unwrap_or_default().into_iter().map(counted);
            let mut rows = merged.read(last).expect("readable");
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
