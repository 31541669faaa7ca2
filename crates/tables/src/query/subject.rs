//! What can be asked about, and which table knows it.

use super::{
    ACCOUNT_ID, AccountColumn, Aggregate, Filter, IS_DIRECT, Key, Measure, OF_DIRECT, Question,
    Sort,
};
use crate::column::Type;
use crate::table::{TableSpec, all};

/// Something that can be asked about.
#[derive(Debug)]
pub struct Subject {
    /// Its name.
    pub name: &'static str,
    /// Its table.
    table: &'static str,
    /// A table with the same measures and more keys, which is larger.
    finer_table: Option<&'static str>,
    /// The keys of a question that names none.
    default_keys: &'static [&'static str],
    /// The measures.
    measures: &'static [Measure],
    /// The name of the column that answers are sorted by.
    default_sort: &'static str,
    /// The measures that two answers are compared by: their order follows the first one; a cost never stands without
    /// what it covers.
    pub compared: &'static [&'static str],
}

/// Why something cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The subject does not have the column, or not as a key.
    #[error("{option}: {subject} has no column `{column}`{}; it has {}", .elsewhere.hint(), .has.join(", "))]
    NoColumn {
        /// The option that names the column.
        option: &'static str,
        /// The subject.
        subject: &'static str,
        /// The column.
        column: String,
        /// The subjects that have it.
        elsewhere: Elsewhere,
        /// The columns that the subject has.
        has: Vec<String>,
    },
    /// A map without a key.
    #[error("{option}: expected a key of {column}, such as `{column}.team`, found `{column}`")]
    NoKey {
        /// The option that names the column.
        option: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Two columns would have one name.
    #[error("{option}: `{column}` is named twice")]
    Twice {
        /// The option that names the column.
        option: &'static str,
        /// The column.
        column: String,
    },
}

/// The subjects that have what another one lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere(Vec<&'static str>);

impl Elsewhere {
    fn hint(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!(" (it is in {})", self.0.join(", ")) }
    }
}

const fn sum(name: &'static str) -> Measure {
    Measure { name, of: Aggregate::Sum(name) }
}

const FIRST_SEEN: &str = "first_seen";
const LAST_SEEN: &str = "last_seen";

/// Every subject, in the order of the documentation.
pub static SUBJECTS: &[Subject] = &[
    Subject {
        name: "routing",
        table: "routing_distribution",
        finer_table: None,
        default_keys: &["source_region", "profile_scope", "inference_region"],
        measures: &[
            sum("calls"),
            sum("succeeded_calls"),
            sum("denied_calls"),
            sum("throttled_calls"),
            sum("failed_calls"),
            sum("input_tokens"),
            sum("output_tokens"),
        ],
        default_sort: "calls",
        compared: &["calls", "succeeded_calls"],
    },
    Subject {
        name: "cost",
        table: "model_costs",
        finer_table: Some("attributed_costs"),
        default_keys: &["model_name"],
        measures: &[
            sum("calls"),
            sum("succeeded_calls"),
            sum("calls_with_tokens"),
            sum("calls_with_units"),
            sum("calls_priced"),
            sum("calls_lower_bound"),
            sum("calls_unpriced"),
            sum("input_tokens"),
            sum("output_tokens"),
            sum("cache_read_tokens"),
            sum("cache_write_tokens"),
            sum("list_cost_usd"),
            Measure {
                name: "list_cost_max_usd",
                of: Aggregate::UpperEnd("list_cost_usd", "list_cost_max_usd"),
            },
            sum("contracted_cost_usd"),
        ],
        default_sort: "list_cost_usd",
        compared: &["list_cost_usd", "succeeded_calls", "calls_priced", "calls_lower_bound"],
    },
    Subject {
        name: "denials",
        table: "denials",
        finer_table: None,
        default_keys: &["policy_type", "policy_arn", "blocked_region", "profile_scope"],
        measures: &[
            Measure { name: "denied_calls", of: Aggregate::Rows },
            Measure { name: FIRST_SEEN, of: Aggregate::First("event_time") },
            Measure { name: LAST_SEEN, of: Aggregate::Last("event_time") },
        ],
        default_sort: "denied_calls",
        compared: &["denied_calls"],
    },
    Subject {
        name: "unresolved",
        table: "unresolved_models",
        finer_table: None,
        default_keys: &["model_ref", "reason"],
        measures: &[
            sum("calls"),
            Measure { name: FIRST_SEEN, of: Aggregate::First(FIRST_SEEN) },
            Measure { name: LAST_SEEN, of: Aggregate::Last(LAST_SEEN) },
        ],
        default_sort: "calls",
        compared: &["calls"],
    },
    Subject {
        name: "ingest",
        table: "ingest",
        finer_table: None,
        default_keys: &["dt"],
        measures: &[
            Measure { name: "objects", of: Aggregate::Rows },
            Measure { name: "unreadable_objects", of: Aggregate::RowsWith("status", "unreadable") },
            sum("bytes"),
            sum("records"),
            sum("calls"),
            sum("skipped"),
            sum("rejected"),
            sum("written"),
            sum("duplicates"),
            sum("other_day"),
        ],
        default_sort: "dt",
        compared: &["bytes", "objects", "unreadable_objects", "written"],
    },
];

/// Calls that ran outside the Regions of [`Question::outside`], as the view `outside_approved_regions` has them: what
/// `routing` is if such Regions are given.
pub static OUTSIDE: Subject = Subject {
    name: "routing",
    table: "invocations",
    finer_table: None,
    default_keys: &["account_id", IS_DIRECT, "profile_id", "inference_region"],
    measures: &[
        Measure { name: "calls", of: Aggregate::Rows },
        sum("input_tokens"),
        sum("output_tokens"),
        Measure { name: FIRST_SEEN, of: Aggregate::First("event_time") },
        Measure { name: LAST_SEEN, of: Aggregate::Last("event_time") },
    ],
    default_sort: "calls",
    compared: &["calls"],
};

impl Subject {
    /// The subject of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SUBJECTS.iter().find(|subject| subject.name == name)
    }

    /// A question about it. Without `keys`, those are taken that are most asked for; without `sort`, the answer
    /// is in the order that is. `filters` are columns with their texts, of which `option` names each one's
    /// option.
    ///
    /// # Errors
    /// If the subject lacks a column.
    pub fn question(
        &self,
        keys: &[String],
        filters: Vec<(&'static str, Filter)>,
        sort: Option<&str>,
        top: Option<usize>,
    ) -> Result<Question, QuestionError> {
        let default_keys = || self.default_keys.iter().map(|key| (*key).to_owned()).collect();
        let keys = if keys.is_empty() { default_keys() } else { keys.to_vec() };
        let mut parsed = Vec::<Key>::new();
        for key in &keys {
            let key = self.key("--by", key)?;
            if parsed.iter().any(|other| other.name() == key.name()) {
                return Err(QuestionError::Twice { option: "--by", column: key.name() });
            }
            parsed.push(key);
        }
        let mut of_table = Vec::new();
        for (option, filter) in filters {
            if !filter.columns.iter().any(|column| self.has(column)) {
                return Err(self.no_column(option, filter.columns[0]));
            }
            of_table.push(filter);
        }
        let measures = self.measures.to_vec();
        let names =
            parsed.iter().map(Key::name).chain(measures.iter().map(|it| it.name.to_owned()));
        let names = names.collect::<Vec<_>>();
        let place = match sort {
            Some(sort) => {
                // A key of a map may be written as it was asked for.
                let asked = keys.iter().position(|key| key == sort);
                let found = asked.or_else(|| names.iter().position(|name| name == sort));
                found.ok_or_else(|| QuestionError::NoColumn {
                    option: "--sort",
                    subject: self.name,
                    column: sort.to_owned(),
                    elsewhere: Elsewhere(Vec::new()),
                    has: names.clone(),
                })?
            }
            None => names.iter().position(|name| name == self.default_sort).unwrap_or(0),
        };
        let columns = parsed.iter().filter_map(|key| match key {
            Key::Day | Key::IsDirect => None,
            Key::Column(column) | Key::Entry { column, .. } => Some(*column),
            Key::Account(_) => Some(ACCOUNT_ID),
        });
        let columns =
            columns.chain(of_table.iter().flat_map(|filter| filter.columns.iter().copied()));
        let coarse = spec(self.table);
        let is_finer =
            { columns }.any(|column| type_in(&coarse, column).is_none() && self.has(column));
        let table = self.finer_table.filter(|_| is_finer).unwrap_or(self.table);
        let table_spec = spec(table);
        // One of several columns may be missing: `model_name` in `denials`.
        for filter in &mut of_table {
            filter.columns.retain(|column| type_in(&table_spec, column).is_some());
        }
        let sort = Sort { place, is_descending: place >= parsed.len() };
        let (keys, filters) = (parsed, of_table);
        Ok(Question { table, keys, measures, filters, outside: None, sort, top })
    }

    /// The columns that its rows can be told apart by.
    fn keys(&self) -> Vec<String> {
        let mut keys = vec!["dt".to_owned()];
        keys.extend(self.tells_direct().then(|| IS_DIRECT.to_owned()));
        for table in [Some(self.table), self.finer_table].into_iter().flatten() {
            for column in spec(table).columns {
                let name = match column.kind {
                    _ if self.measures.iter().any(|measure| measure.name == column.name) => {
                        continue;
                    }
                    Type::Text | Type::Flag | Type::Time => column.name.to_owned(),
                    Type::Map => format!("{}.KEY", column.name),
                    Type::Count | Type::Money | Type::Ratio => continue,
                };
                if !keys.contains(&name) {
                    keys.push(name);
                }
            }
        }
        if let Some(place) = keys.iter().position(|key| key == ACCOUNT_ID) {
            let names = AccountColumn::ALL.map(|column| column.name().to_owned());
            keys.splice(place + 1..place + 1, names);
        }
        keys
    }

    fn key(&self, option: &'static str, name: &str) -> Result<Key, QuestionError> {
        // A measure of the same name would be a second column of the answer.
        if self.measures.iter().any(|measure| measure.name == name) {
            return Err(self.no_column(option, name));
        }
        if name == "dt" {
            return Ok(Key::Day);
        }
        if name == IS_DIRECT && self.tells_direct() {
            return Ok(Key::IsDirect);
        }
        let of_account = AccountColumn::ALL.into_iter().find(|column| column.name() == name);
        if let Some(column) = of_account.filter(|_| self.has(ACCOUNT_ID)) {
            return Ok(Key::Account(column));
        }
        for table in [Some(self.table), self.finer_table].into_iter().flatten() {
            for column in spec(table).columns {
                match column.kind {
                    Type::Text | Type::Flag | Type::Time if column.name == name => {
                        return Ok(Key::Column(column.name));
                    }
                    Type::Map if column.name == name => {
                        return Err(QuestionError::NoKey { option, column: column.name });
                    }
                    Type::Map => {
                        let key =
                            name.strip_prefix(column.name).and_then(|key| key.strip_prefix('.'));
                        if let Some(key) = key.filter(|key| !key.is_empty()) {
                            return Ok(Key::Entry { column: column.name, key: key.to_owned() });
                        }
                    }
                    _ => {}
                }
            }
        }
        Err(self.no_column(option, name))
    }

    /// Whether its table has all that [`Key::IsDirect`] takes.
    fn tells_direct(&self) -> bool {
        OF_DIRECT.iter().all(|column| type_in(&spec(self.table), column).is_some())
    }

    fn has(&self, column: &str) -> bool {
        let tables = [Some(self.table), self.finer_table].into_iter().flatten();
        { tables }.any(|table| type_in(&spec(table), column).is_some())
    }

    fn no_column(&self, option: &'static str, column: &str) -> QuestionError {
        let others = SUBJECTS.iter().filter(|other| other.name != self.name);
        let first = column.split('.').next().unwrap_or(column);
        let is_of_account = AccountColumn::ALL.iter().any(|column| column.name() == first);
        let first = if is_of_account { ACCOUNT_ID } else { first };
        let elsewhere = others.filter(|other| other.has(first)).map(|other| other.name).collect();
        let (subject, column) = (self.name, column.to_owned());
        QuestionError::NoColumn {
            option,
            subject,
            column,
            elsewhere: Elsewhere(elsewhere),
            has: self.keys(),
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "the subjects name tables of the registry; a test looks each up"
)]
pub(super) fn spec(table: &str) -> TableSpec {
    all().into_iter().find(|spec| spec.name == table).expect("a table of the registry")
}

pub(super) fn type_in(table: &TableSpec, column: &str) -> Option<Type> {
    table.columns.iter().find(|it| it.name == column).map(|it| it.kind)
}
