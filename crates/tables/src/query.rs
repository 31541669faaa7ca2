//! Questions that are asked of the written tables: rows that pass filters, in groups, with sums. A question is
//! answered here, from the files of the days, or by a query engine, from its [`sql`].
//!
//! ```text
//! Subject ──keys, filters──► Question ──┬─ files of days ──► Answering ──► Answer
//!                                       └─ sql ──► a query engine
//! ```

mod answer;
mod batch;
mod compare;
mod other_rate;
pub mod sql;
mod subject;

pub use answer::{Answer, Answering, Cell, Row, add_file};
pub use other_rate::{AtRate, CHANGE};
pub use subject::{OUTSIDE, QuestionError, SUBJECTS, Subject};

use bedrock::Account;

use crate::accounts::{ACCOUNT_NAME, OU};
use crate::view::ApprovedRegions;

/// What is asked of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name of the table.
    pub table: &'static str,
    /// What the rows of the answer are told apart by.
    pub keys: Vec<Key>,
    /// What is computed for each.
    pub measures: Vec<Measure>,
    /// Which rows of the table count: those that pass all of them.
    pub filters: Vec<Filter>,
    /// Of these, only calls that ran in a Region which is not among these, if there are some.
    pub outside: Option<ApprovedRegions>,
    /// The order of the answer.
    pub sort: Sort,
    /// How many rows the answer has at most, apart from one of all others; `None` for all.
    pub top: Option<usize>,
}

/// What rows are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The day, which is the partition.
    Day,
    /// A column of text, a time, or a boolean.
    Column(&'static str),
    /// What a column of type map has for a key.
    Entry {
        /// The column.
        column: &'static str,
        /// The key.
        key: String,
    },
    /// Whether a call was sent to the Region that it ran in, and not through a profile.
    IsDirect,
    /// What the account of `account_id` is called, as the table `accounts` has it.
    Account(AccountColumn),
}

/// A column of the table `accounts` that rows can be told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountColumn {
    /// The name.
    Name,
    /// The organizational unit.
    Ou,
}

/// The name of [`Key::IsDirect`].
const IS_DIRECT: &str = "is_direct";
/// The columns that it takes.
const OF_DIRECT: [&str; 4] = ["profile_scope", "profile_id", "source_region", "inference_region"];
/// The columns that decide on whether a call ran in an approved Region.
const OF_APPROVAL: [&str; 2] = ["account_id", "inference_region"];

/// What is computed for a group of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its name: that of the column, if it is the sum of one.
    pub name: &'static str,
    /// How it is computed.
    pub of: Aggregate,
}

/// How a measure is computed. A sum is null if every value is, as in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// The number of rows.
    Rows,
    /// The number of rows with a text in a column.
    RowsWith(&'static str, &'static str),
    /// The sum of a column of counts or of money.
    Sum(&'static str),
    /// The earliest time of a column.
    First(&'static str),
    /// The latest time of a column.
    Last(&'static str),
    /// The upper end of costs: the sum of the second column where it has a value, else of the first; null if
    /// the second one has none at all, because there is no estimate then.
    UpperEnd(&'static str, &'static str),
}

/// Rows of which one of the columns has one of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The columns.
    pub columns: Vec<&'static str>,
    /// The texts.
    pub values: Vec<String>,
}

/// The order of an answer: by one column, then by all keys; nulls last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// The place of the column among keys and measures.
    pub place: usize,
    /// From the greatest to the least: measures, but not keys.
    pub is_descending: bool,
}

impl Key {
    /// What the column is called in answers and in SQL. Of keys of maps, what no name in SQL can have without
    /// quotes is replaced by `_`.
    pub fn name(&self) -> String {
        match self {
            Key::Day => "dt".to_owned(),
            Key::Column(column) => (*column).to_owned(),
            Key::IsDirect => IS_DIRECT.to_owned(),
            Key::Account(column) => column.name().to_owned(),
            Key::Entry { column, key } => {
                let plain =
                    |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
                format!("{column}_{}", key.chars().map(plain).collect::<String>())
            }
        }
    }
}

impl AccountColumn {
    /// Both of them.
    pub const ALL: [Self; 2] = [AccountColumn::Name, AccountColumn::Ou];

    /// What it is called beside columns of other tables.
    pub fn name(self) -> &'static str {
        match self {
            AccountColumn::Name => ACCOUNT_NAME,
            AccountColumn::Ou => OU,
        }
    }

    fn of(self, account: &Account) -> Option<&str> {
        match self {
            AccountColumn::Name => account.name.as_deref(),
            AccountColumn::Ou => account.ou.as_deref(),
        }
    }
}

/// The column that has accounts, in every table that has any.
pub const ACCOUNT_ID: &str = "account_id";

impl Question {
    /// Whether it asks what accounts are called.
    pub fn names_accounts(&self) -> bool {
        self.keys.iter().any(|key| matches!(key, Key::Account(_)))
    }

    /// The names of the answer's columns: keys, then measures.
    pub fn columns(&self) -> Vec<String> {
        let keys = self.keys.iter().map(Key::name);
        keys.chain(self.measures.iter().map(|measure| measure.name.to_owned())).collect()
    }

    /// The columns of the table that have to be read, each once.
    fn read_columns(&self) -> Vec<&'static str> {
        let mut columns = Vec::new();
        for key in &self.keys {
            match key {
                Key::Day => {}
                Key::Column(column) | Key::Entry { column, .. } => columns.push(*column),
                Key::IsDirect => columns.extend(OF_DIRECT),
                Key::Account(_) => columns.push(ACCOUNT_ID),
            }
        }
        for measure in &self.measures {
            match measure.of {
                Aggregate::Rows => {}
                Aggregate::RowsWith(column, _)
                | Aggregate::Sum(column)
                | Aggregate::First(column)
                | Aggregate::Last(column) => columns.push(column),
                Aggregate::UpperEnd(least, most) => columns.extend([least, most]),
            }
        }
        columns.extend(self.filters.iter().flat_map(|filter| &filter.columns));
        columns.extend(self.outside.iter().flat_map(|_| OF_APPROVAL));
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}
