//! Which denials by a policy are new: of a policy, a blocked Region, and a profile that the day before had not together.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use jiff::ToSpan;
use jiff::civil::Date;
use pipeline::{Answered, DayRange};
use store::Store;
use tables::query::{Cell, Row};

use super::page::{BY_POLICY, count, question, text_of};
use crate::escape::escaped;
use crate::exit::Failure;
use crate::number::counted;

/// What denials are told apart by: the day, the policy and the blocked Region, and the profile.
const KEYS: [&str; 9] = [
    "dt",
    "policy_type",
    "policy_arn",
    "blocked_region",
    "model_ref",
    "profile_scope",
    "model_id",
    "error_reason",
    "account_id",
];

/// A policy, a blocked Region, and a profile: the model identifier, or, where the record names none, what the denied
/// resource says. A policy without a name is one of the account.
type Kind = [Cell; 6];

/// Denials by a policy that the day before had not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct NewDenials {
    /// How many requests.
    pub(crate) requests: u64,
    /// Each kind on each day, in words.
    pub(crate) kinds: Vec<String>,
    /// Days whose day before is not built, or cannot be read: all of their denials count as new.
    pub(crate) without_day_before: Vec<Date>,
}

impl NewDenials {
    /// Asks the tables about days of a run, and about the day before each.
    ///
    /// # Errors
    /// If the destination cannot be read.
    pub(crate) async fn ask(dest: &dyn Store, range: DayRange) -> Result<Self, Failure> {
        let from = range.from().checked_sub(1.day()).context("there is a day before")?;
        let with_day_before = DayRange::new(from, range.to());
        let questions = vec![question("denials", &KEYS)?];
        let found = pipeline::answers(dest, with_day_before, questions).await?;
        Ok(Self::of(found.first().context("each question has an answer")?, range))
    }

    fn of(found: &Answered, range: DayRange) -> Self {
        let answer = &found.answer;
        let mut by_day = BTreeMap::<Date, BTreeMap<Kind, u64>>::new();
        for row in answer.rows.iter().filter(|row| row[7] == Cell::Text(BY_POLICY.into())) {
            let Ok(day) = text_of(&row[0]).parse::<Date>() else { continue };
            let calls = count(answer, row, "denied_calls");
            *by_day.entry(day).or_default().entry(kind(row)).or_default() += calls;
        }
        let is_known = |day: Date| {
            let of_day = format!("/dt={day}");
            !found.basis.missing.contains(&day)
                && !found.basis.unreadable.iter().any(|(key, _)| key.contains(&of_day))
        };
        let mut new = NewDenials::default();
        for (day, kinds) in by_day.iter().filter(|(day, _)| **day >= range.from()) {
            let before = day.yesterday().ok().filter(|before| is_known(*before));
            if before.is_none() {
                new.without_day_before.push(*day);
            }
            let known = before.and_then(|before| by_day.get(&before));
            let known =
                known.map(|kinds| kinds.keys().collect::<BTreeSet<_>>()).unwrap_or_default();
            for (kind, calls) in kinds.iter().filter(|(kind, _)| !known.contains(kind)) {
                new.requests += calls;
                new.kinds.push(format!(
                    "{day}: {}, {}",
                    in_words(kind),
                    counted(*calls, "request")
                ));
            }
        }
        new
    }
}

fn kind(row: &Row) -> Kind {
    let [policy_type, policy, region, model_ref, scope, model, account] =
        [1, 2, 3, 4, 5, 6, 8].map(|place| row[place].clone());
    let account = if policy == Cell::Null { account } else { Cell::Null };
    match model_ref {
        Cell::Null => [policy_type, policy, account, region, scope, model],
        profile => [policy_type, policy, account, region, profile, Cell::Null],
    }
}

fn in_words([policy_type, policy, account, region, profile, model]: &Kind) -> String {
    let unnamed = Cell::Text("a policy that is not named".into());
    let policy = match (policy, policy_type) {
        (Cell::Null, Cell::Null) => &unnamed,
        (Cell::Null, kind) => kind,
        (policy, _) => policy,
    };
    let names =
        [policy, account, region, profile, model].into_iter().filter(|cell| **cell != Cell::Null);
    names.map(|cell| escaped(text_of(cell)).into_owned()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pipeline::Basis;
    use tables::query::Answer;

    use super::*;

    /// Each line is `day policy Region profile requests`, and may end with the account; `scp` is a policy without a
    /// name.
    fn new(lines: &[&str], missing: &[Date], unreadable: &[&str]) -> NewDenials {
        let row = |line: &&str| {
            let words = line.split(' ').collect::<Vec<_>>();
            let text = |word: &str| if word == "-" { Cell::Null } else { Cell::Text(word.into()) };
            let [policy_type, policy] = match words[1] {
                "-" => [Cell::Null, Cell::Null],
                "scp" => [text("scp"), Cell::Null],
                policy => [text("scp"), text(policy)],
            };
            let mut row = vec![text(words[0]), policy_type, policy, text(words[2]), text(words[3])];
            let by_policy = text(if words[1] == "-" { "-" } else { BY_POLICY });
            let account = words.get(5).copied().unwrap_or("1");
            row.extend([text("us"), text("m"), by_policy, text(account)]);
            row.push(Cell::Count(words[4].parse().expect("a number")));
            row
        };
        let columns = KEYS.iter().chain(&["denied_calls"]).map(|name| (*name).to_owned());
        let answer = Answer {
            columns: columns.collect(),
            n_keys: 9,
            rows: lines.iter().map(row).collect(),
            ..Answer::default()
        };
        let unreadable = unreadable.iter().map(|key| ((*key).to_owned(), "gone".to_owned()));
        let basis = Basis {
            missing: missing.to_vec(),
            unreadable: unreadable.collect(),
            ..Basis::default()
        };
        let range = DayRange::new(date(2026, 10, 5), date(2026, 10, 7)).expect("a range");
        NewDenials::of(&Answered { answer, basis }, range)
    }

    #[test]
    fn denial_is_new_unless_the_day_before_had_its_policy_region_and_profile() {
        let before = ["2026-10-04 p us-west-2 us.m 3", "2026-10-04 q us-east-2 us.m 1"];
        let of = |lines: &[&str]| new(&[&before[..], lines].concat(), &[], &[]);
        let known = of(&["2026-10-05 p us-west-2 us.m 9"]);
        assert_eq!(known, NewDenials::default(), "the same, however many");
        for line in [
            "2026-10-05 r us-west-2 us.m 2",
            "2026-10-05 p us-east-2 us.m 2",
            "2026-10-05 p us-west-2 eu.m 2",
            "2026-10-05 p us-west-2 - 2",
        ] {
            assert_eq!(of(&[line]).requests, 2, "{line}");
        }
        assert_eq!(of(&["2026-10-05 - us-west-2 eu.m 2"]).requests, 0, "no policy");
        // A policy without a name is one of the account; one with a name is one everywhere.
        let of_account = |policy: &str, account: &str| {
            let line =
                |day: &str, account: &str| format!("{day} {policy} us-west-2 us.m 2 {account}");
            let lines = [line("2026-10-04", "1"), line("2026-10-05", account)];
            new(&[&lines[0], &lines[1]], &[], &[]).requests
        };
        assert_eq!(
            [of_account("scp", "1"), of_account("scp", "2"), of_account("p", "2")],
            [0, 2, 0]
        );
        // A day between without it makes it new.
        let again = of(&["2026-10-05 q us-east-2 us.m 1", "2026-10-06 p us-west-2 us.m 4"]);
        assert_eq!(
            (again.requests, again.kinds),
            (4, vec!["2026-10-06: p, us-west-2, us.m, 4 requests".to_owned()])
        );
    }

    #[test]
    fn denials_of_a_day_without_a_day_before_are_new() {
        let lines = ["2026-10-06 p us-west-2 us.m 3", "2026-10-07 p us-west-2 us.m 5"];
        let missing = new(&lines, &[date(2026, 10, 5)], &[]);
        assert_eq!((missing.requests, missing.without_day_before), (3, vec![date(2026, 10, 6)]));
        let gone = new(&lines, &[], &["denials/dt=2026-10-06/part-0.parquet"]);
        assert_eq!((gone.requests, gone.without_day_before), (8, vec![date(2026, 10, 7)]));
        let built = new(&lines, &[], &[]);
        assert_eq!((built.requests, built.without_day_before), (3, Vec::new()));
    }
}
