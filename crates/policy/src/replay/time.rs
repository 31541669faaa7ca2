//! Conditions on the time of a call cut its calls at their literals.

use jiff::Timestamp;

use crate::condition::{Condition, Literal};
use crate::known::KeyState;
use crate::operator::Comparison;
use crate::split::Levels;

/// The keys that have the time of a request.
const KEYS: [&str; 2] = ["aws:CurrentTime", "aws:EpochTime"];

/// How far the logged time, which is that of completion, may be from that of authorization, in seconds.
const UNCERTAIN_SECONDS: i64 = 60;

/// Times that conditions compare with. Between two of them, a condition holds for all calls or for none; within a
/// minute of one, it is not known which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeCuts {
    /// From and to which second it is not known, both excluded, in order and apart.
    bands: Vec<(i64, i64)>,
}

impl TimeCuts {
    /// The times of all policies of some levels.
    pub fn of<'a>(all: impl IntoIterator<Item = &'a Levels>) -> Self {
        let keys = KEYS.map(str::to_ascii_lowercase);
        let mut times = Vec::new();
        for levels in all {
            for condition in keys.iter().flat_map(|key| levels.conditions_of(key)) {
                times.extend(times_of(condition));
            }
        }
        times.sort_unstable();
        let mut bands = Vec::<(i64, i64)>::new();
        for time in times {
            // A call has a fraction of a second, and a literal may have one.
            let band = (time - UNCERTAIN_SECONDS - 1, time + UNCERTAIN_SECONDS + 1);
            match bands.last_mut() {
                // Between two bands there is room for one second at least.
                Some(last) if last.1 + 1 >= band.0 => last.1 = last.1.max(band.1),
                _ => bands.push(band),
            }
        }
        TimeCuts { bands }
    }

    /// The times in milliseconds since 1970 UTC that calls before and after them are told apart by.
    pub fn milliseconds(&self) -> Vec<i64> {
        self.bands.iter().flat_map(|(from, to)| [from * 1000, to * 1000]).collect()
    }

    /// What is known of the keys for calls that as many of the times are no later than; they are present with a
    /// value that is not known where that is within a minute of a literal.
    pub fn states(&self, n_before: usize) -> Vec<(String, KeyState)> {
        if self.bands.is_empty() {
            return Vec::new();
        }
        let second = match (n_before % 2, self.bands.get(n_before / 2)) {
            (1, _) => return KEYS.map(|key| (key.to_owned(), KeyState::Present)).into(),
            (_, Some((from, _))) => from - 1,
            // After the last one.
            (_, None) => self.bands.last().map(|(_, to)| to + 1).unwrap_or_default(),
        };
        let [current, epoch] = KEYS.map(str::to_owned);
        let time = Timestamp::from_second(second).map(|it| it.to_string()).unwrap_or_default();
        vec![(current, KeyState::value(time)), (epoch, KeyState::value(second.to_string()))]
    }
}

/// The seconds that a condition compares with.
fn times_of(condition: &Condition) -> Vec<i64> {
    let of_literal = |literal: &Literal| match literal {
        Literal::Date(time) => Some(time.as_second()),
        Literal::Number(number) => number.integer(),
        _ => None,
    };
    match condition.test.operator.comparison {
        Comparison::Date(_) | Comparison::Number(_) => {
            condition.values.iter().filter_map(of_literal).collect()
        }
        _ => Vec::new(),
    }
}
