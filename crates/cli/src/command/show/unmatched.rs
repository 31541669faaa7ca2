//! Values of filters that nothing in the tables matches: they are named, with what there is.

use std::collections::BTreeSet;

use tables::query::{Aggregate, Answer, Cell, Filter, Key, Measure, Question, Sort};

/// How many values a sentence names.
const NAMED: usize = 10;

/// The filters of a question, and which of their values were found.
#[derive(Debug)]
pub(super) struct Unmatched<'a> {
    table: &'static str,
    filters: &'a [(&'static str, Filter)],
    found: Vec<BTreeSet<String>>,
}

impl<'a> Unmatched<'a> {
    pub(super) fn new(table: &'static str, filters: &'a [(&'static str, Filter)]) -> Self {
        Unmatched { table, filters, found: vec![BTreeSet::new(); filters.len()] }
    }

    /// Which values of each filter there are, whatever the other filters let pass.
    pub(super) fn questions(&self) -> impl Iterator<Item = Question> {
        self.filters.iter().map(|(_, filter)| self.question(filter, vec![filter.clone()]))
    }

    /// Takes the answers to them, in their order.
    pub(super) fn take(&mut self, answers: impl Iterator<Item = Answer>) {
        for (found, answer) in self.found.iter_mut().zip(answers) {
            found.extend(values(&answer));
        }
    }

    /// Which values there are at all, for each filter with values that are not.
    pub(super) fn questions_left(&self) -> Vec<Question> {
        self.left().map(|(_, filter, _)| self.question(filter, Vec::new())).collect()
    }

    /// A sentence for each filter with values that are not there, of the answers to
    /// [`questions_left`](Self::questions_left).
    pub(super) fn sentences(&self, there: impl Iterator<Item = Answer>) -> Vec<String> {
        let sentence = |((option, _, missing), there): ((&str, &Filter, Vec<&str>), Answer)| {
            let there = values(&there).collect::<BTreeSet<_>>();
            let there = there.iter().map(String::as_str).collect::<Vec<_>>();
            let there = match there.as_slice() {
                [] => "there is none".to_owned(),
                there => format!("there is {}", named(there)),
            };
            format!("{option}: nothing matches {}; {there}", named(&missing))
        };
        self.left().zip(there).map(sentence).collect()
    }

    fn left(&self) -> impl Iterator<Item = (&'static str, &Filter, Vec<&str>)> {
        let missing =
            |((option, filter), found): (&'a (&'static str, Filter), &BTreeSet<String>)| {
                let values = filter.values.iter().map(String::as_str);
                let missing = values.filter(|value| !found.contains(*value)).collect::<Vec<_>>();
                (!missing.is_empty()).then_some((*option, filter, missing))
            };
        self.filters.iter().zip(&self.found).filter_map(missing)
    }

    fn question(&self, filter: &Filter, filters: Vec<Filter>) -> Question {
        Question {
            table: self.table,
            keys: filter.columns.iter().map(|column| Key::Column(column)).collect(),
            measures: vec![Measure { name: "rows", of: Aggregate::Rows }],
            filters,
            outside: None,
            sort: Sort { place: 0, is_descending: false },
            top: None,
        }
    }
}

/// The values of all keys.
fn values(answer: &Answer) -> impl Iterator<Item = String> {
    let keys = answer.rows.iter().flat_map(|row| &row[..answer.n_keys]);
    keys.filter_map(|cell| match cell {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

fn named(values: &[&str]) -> String {
    let named = values.iter().take(NAMED).map(|value| format!("`{value}`")).collect::<Vec<_>>();
    let more = values.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
