//! What the page is made from. Amounts are in units of 10^-12 US dollars, times in milliseconds since 1970
//! (UTC). Rows may come in any order; a name that is `None` is null in the tables.

use jiff::civil::Date;

/// Everything that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The destination that was read.
    pub dest: String,
    /// The options with which `hoptrail show` reads the same days.
    pub show_options: String,
    /// Every day of the range, in order; not empty.
    pub days: Vec<Day>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(String, String)>,
    /// The versions of the price book that the days were built with.
    pub price_versions: Vec<String>,
    /// When the page was made, if it says so.
    pub stamp: Option<String>,
    /// Calls by hour and Region.
    pub hours: Vec<Hour>,
    /// Calls by where they were sent and where they ran.
    pub paths: Vec<Path>,
    /// Costs by day and model.
    pub model_days: Vec<ModelDay>,
    /// Costs by account.
    pub accounts: Vec<CostOf>,
    /// Costs by principal.
    pub principals: Vec<CostOf>,
    /// Costs by profile name.
    pub profiles: Vec<CostOf>,
    /// Costs by model and cost gap.
    pub gaps: Vec<Gap>,
    /// What the costs would be at global routing; `None` if no call can be compared.
    pub at_global: Option<OtherRate>,
    /// Calls outside the approved Regions; `None` without a list of them.
    pub approved: Option<Approved>,
    /// Denied calls.
    pub denials: Vec<Denial>,
    /// Model identifiers without a known model.
    pub unresolved: Vec<Unresolved>,
}

/// A day of the range, with what its table `ingest` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// Whether it is published.
    pub state: DayState,
    /// Objects that it was built from.
    pub objects: u64,
    /// Those of them that are unreadable.
    pub unreadable_objects: u64,
    /// Records.
    pub records: u64,
    /// Rejected records.
    pub rejected: u64,
    /// Calls that are rows of `invocations`.
    pub written: u64,
}

/// Whether a day is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayState {
    /// It is.
    Built,
    /// It is, without objects or records that cannot be used.
    Partial,
    /// It is not.
    Missing,
    /// It is not, because a run is replacing it, or was.
    Interrupted,
}

/// Numbers of calls, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// All.
    pub all: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that were denied.
    pub denied: u64,
    /// Those that were throttled.
    pub throttled: u64,
    /// Those that failed for another reason.
    pub failed: u64,
}

/// Calls of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// Start of the hour.
    pub hour_ms: i64,
    /// The source Region.
    pub source: Option<String>,
    /// The profile scope.
    pub scope: Option<String>,
    /// The inference Region; `None` if the calls did not run.
    pub inference: Option<String>,
    /// All calls.
    pub calls: u64,
}

/// Calls by where they were sent and where they ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The source Region.
    pub source: Option<String>,
    /// The profile scope.
    pub scope: Option<String>,
    /// The inference Region; `None` if the calls did not run.
    pub inference: Option<String>,
    /// How the inference Region is known.
    pub basis: Option<String>,
    /// Source compared with inference Region.
    pub residency: Option<String>,
    /// Whether the profile declares the inference Region; `None` where the catalog does not know.
    pub is_declared: Option<bool>,
    /// The name of the model.
    pub model: Option<String>,
    /// The calls.
    pub calls: Calls,
}

/// A cost, and how much of the calls it covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// All calls.
    pub calls: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those with a cost.
    pub priced: u64,
    /// Those whose cost is a lower bound.
    pub lower_bound: u64,
    /// Those with counts but no cost.
    pub unpriced: u64,
    /// The list cost; `None` if no call is priced.
    pub list: Option<i128>,
    /// The upper end of the list cost, if there are estimates.
    pub list_max: Option<i128>,
    /// What the list cost comes to with a discount file.
    pub contracted: Option<i128>,
}

/// The cost of a model on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDay {
    /// The day.
    pub date: Date,
    /// The name of the model.
    pub model: Option<String>,
    /// The cost.
    pub cost: Cost,
}

/// The cost of an account, a principal, or a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostOf {
    /// Its ID or name.
    pub name: Option<String>,
    /// What people call what has an ID.
    pub title: Option<String>,
    /// The cost.
    pub cost: Cost,
}

/// Calls of a model with the same cost gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The name of the model.
    pub model: Option<String>,
    /// Why the cost is not full, or not known.
    pub gap: Option<String>,
    /// The cost.
    pub cost: Cost,
}

/// What the costs of all calls together would be at another rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherRate {
    /// By how much they would be more; less than 0 if they would be less.
    pub change: i128,
    /// Calls that are compared.
    pub compared: u64,
    /// Calls that have this rate already.
    pub already: u64,
    /// Calls that cannot be compared, and are left as they are.
    pub without: u64,
    /// Whether what is not known can only make the change larger.
    pub is_one_way: bool,
    /// Whether days were built with other prices than this rate is from.
    pub has_other_prices: bool,
    /// Whether some of the costs are estimates, which count with their lower ends.
    pub has_estimates: bool,
}

/// Calls outside the approved Regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// The list as `hoptrail show --approved-regions` takes it.
    pub option: String,
    /// The calls.
    pub outside: Vec<Outside>,
}

/// Calls that ran in a Region that is not approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The account.
    pub account: Option<String>,
    /// Whether they were sent to the Region itself, and not through a profile; `None` if that is not known.
    pub is_direct: Option<bool>,
    /// The ID of the profile.
    pub profile: Option<String>,
    /// The source Region.
    pub source: Option<String>,
    /// The inference Region.
    pub inference: Option<String>,
    /// How many calls.
    pub calls: u64,
}

/// Denied calls that have the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The blocked Region.
    pub blocked: Option<String>,
    /// The type of the policy.
    pub policy_type: Option<String>,
    /// The ARN of the policy.
    pub policy_arn: Option<String>,
    /// Which evaluated resource was denied.
    pub leg: Option<String>,
    /// The profile scope.
    pub scope: Option<String>,
    /// How many calls.
    pub calls: u64,
    /// The first of them.
    pub first_ms: Option<i64>,
    /// The last of them.
    pub last_ms: Option<i64>,
}

/// Calls with a model identifier without a known model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The model identifier.
    pub model_ref: Option<String>,
    /// Why no model was found.
    pub reason: Option<String>,
    /// How many calls.
    pub calls: u64,
    /// The first of them.
    pub first_ms: Option<i64>,
    /// The last of them.
    pub last_ms: Option<i64>,
}

impl Calls {
    /// With the others added.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Calls {
            all: self.all + other.all,
            succeeded: self.succeeded + other.succeeded,
            denied: self.denied + other.denied,
            throttled: self.throttled + other.throttled,
            failed: self.failed + other.failed,
        }
    }
}

impl Cost {
    /// Whether the list cost lacks something: calls that succeeded have no cost, or one that is a lower bound.
    pub fn is_lower_bound(&self) -> bool {
        self.lower_bound > 0 || self.priced < self.succeeded
    }

    /// With the other added. An upper end takes the list cost of what has none of its own.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<i128>, b: Option<i128>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        let has_upper_end = self.list_max.is_some() || other.list_max.is_some();
        let upper_end = sum(self.list_max.or(self.list), other.list_max.or(other.list));
        Cost {
            calls: self.calls + other.calls,
            succeeded: self.succeeded + other.succeeded,
            priced: self.priced + other.priced,
            lower_bound: self.lower_bound + other.lower_bound,
            unpriced: self.unpriced + other.unpriced,
            list: sum(self.list, other.list),
            list_max: upper_end.filter(|_| has_upper_end),
            contracted: sum(self.contracted, other.contracted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_a_lower_bound_if_a_call_that_succeeded_has_none() {
        let of = |succeeded, priced, lower_bound| {
            Cost { succeeded, priced, lower_bound, ..Cost::default() }.is_lower_bound()
        };
        assert_eq!(
            [of(3, 3, 0), of(3, 2, 0), of(3, 3, 1), of(0, 0, 0)],
            [false, true, true, false]
        );
    }

    #[test]
    fn upper_end_of_a_sum_takes_list_costs_that_have_none() {
        let of = |list, list_max| Cost { list, list_max, ..Cost::default() };
        let plain = of(Some(5), None).plus(of(None, None)).plus(of(Some(2), None));
        assert_eq!((plain.list, plain.list_max), (Some(7), None));
        let estimate = of(Some(5), None).plus(of(Some(2), Some(4))).plus(of(None, None));
        assert_eq!((estimate.list, estimate.list_max), (Some(7), Some(9)));
    }
}
