//! The figures that people ask for first.

use crate::model::{Calls, Cost, DayState, OtherRate, Outside, Report};
use crate::view::{Datum, Figure};

/// The figures, with what they rest on.
pub(crate) fn headline(report: &Report) -> Vec<Figure> {
    let calls = report.paths.iter().fold(Calls::default(), |sum, path| sum.plus(path.calls));
    let cost = report.model_days.iter().fold(Cost::default(), |sum, row| sum.plus(row.cost));
    let mut figures = vec![calls_figure(&calls)];
    figures.extend(ran_figures(report));
    figures.extend(report.approved.as_ref().map(|approved| outside_figure(&approved.outside)));
    figures.push(cost_figure(&cost));
    figures.extend(cost.contracted.map(|_| Figure {
        name: "Contracted cost",
        datum: Datum::contracted_cost(&cost),
        detail: vec![Datum::plain("the list cost with the discount file")],
        is_alert: false,
    }));
    figures.extend(report.at_global.as_ref().map(|rate| rate_figure(rate, &cost)));
    figures.push(refused_figure(report, &calls));
    figures.extend(gap_figures(report, &cost));
    figures
}

fn calls_figure(calls: &Calls) -> Figure {
    Figure {
        name: "Calls",
        datum: Datum::count(calls.all),
        detail: vec![
            Datum::count(calls.succeeded),
            Datum::plain("succeeded,"),
            Datum::count(calls.throttled),
            Datum::plain("throttled,"),
            Datum::count(calls.failed),
            Datum::plain("failed"),
        ],
        is_alert: false,
    }
}

/// Where calls ran, and which of them left their jurisdiction.
fn ran_figures(report: &Report) -> [Figure; 2] {
    let ran = || report.paths.iter().filter(|path| path.inference.is_some());
    let sum = |is_counted: &dyn Fn(&crate::model::Path) -> bool| {
        ran().filter(|path| is_counted(path)).map(|path| path.calls.all).sum::<u64>()
    };
    let all = sum(&|_| true);
    let away = sum(&|path| path.inference != path.source);
    let left = sum(&|path| path.residency.as_deref() == Some(super::flow::LEFT));
    let inferred = sum(&|path| path.basis.as_deref() == Some("source"));
    let undeclared = sum(&|path| path.is_declared == Some(false));
    [
        Figure {
            name: "Ran in another Region",
            datum: Datum::count(away),
            detail: vec![
                Datum::share(away, all),
                Datum::plain("of"),
                Datum::count(all),
                Datum::plain("calls that ran;"),
                Datum::count(inferred),
                Datum::plain("without a logged Region count as run in their source Region"),
            ],
            is_alert: false,
        },
        Figure {
            name: "Left their jurisdiction",
            datum: Datum::count(left),
            detail: vec![
                Datum::share(left, all),
                Datum::plain("of the calls that ran;"),
                Datum::count(undeclared),
                Datum::plain("ran in a Region that their profile does not declare"),
            ],
            is_alert: left + undeclared > 0,
        },
    ]
}

fn outside_figure(rows: &[Outside]) -> Figure {
    let [all, direct] = super::approved::counts(rows);
    Figure {
        name: "Ran outside the approved Regions",
        datum: Datum::count(all),
        detail: vec![Datum::count(direct), Datum::plain("of them were sent there directly")],
        is_alert: all > 0,
    }
}

/// What the same tokens would cost at global routing.
fn rate_figure(rate: &OtherRate, cost: &Cost) -> Figure {
    let is_partial = cost.is_lower_bound();
    let mut detail = vec![
        Datum::percent_of(rate.change, cost.list),
        Datum::plain("of the list cost for the same tokens:"),
        Datum::count(rate.compared),
        Datum::plain("calls compared,"),
        Datum::count(rate.already),
        Datum::plain("routed so already,"),
        Datum::count(rate.without),
        Datum::plain("left as they are; of the calls that succeeded,"),
        Datum::share(cost.priced, cost.succeeded),
        Datum::plain("have a cost"),
    ];
    if is_partial && !rate.is_one_way {
        detail.push(Datum::plain("; what is not known may change it either way"));
    }
    if rate.has_estimates {
        detail.push(Datum::plain("; estimates count with their lower ends"));
    }
    if rate.has_other_prices {
        detail
            .push(Datum::plain("; days were built with another price book than this rate is from"));
    }
    let datum = Datum::change(rate.change, is_partial && rate.is_one_way);
    Figure { name: "At global routing", datum, detail, is_alert: false }
}

fn cost_figure(cost: &Cost) -> Figure {
    let mut detail = vec![
        Datum::count(cost.priced),
        Datum::plain("of"),
        Datum::count(cost.succeeded),
        Datum::plain("calls that succeeded have a cost:"),
        Datum::share(cost.priced, cost.succeeded),
        Datum::plain(";"),
        Datum::count(cost.lower_bound),
        Datum::plain("of them a lower bound"),
    ];
    if cost.list_max.is_some() && !cost.is_lower_bound() {
        detail.extend([Datum::plain("; with estimates up to"), Datum::upper_end(cost)]);
    }
    Figure { name: "List cost", datum: Datum::list_cost(cost), detail, is_alert: false }
}

fn refused_figure(report: &Report, calls: &Calls) -> Figure {
    let last_day = report.days.iter().rev().find(|day| is_built(day.state));
    let still = report.denials.iter().filter(|denial| {
        last_day.is_some() && denial.last_ms.and_then(super::day_of) == last_day.map(|day| day.date)
    });
    Figure {
        name: "Denied",
        datum: Datum::count(calls.denied),
        detail: vec![
            Datum::count(still.count() as u64),
            Datum::plain("of"),
            Datum::count(report.denials.len() as u64),
            Datum::plain("kinds of denials still happened on the last day"),
        ],
        is_alert: calls.denied > 0,
    }
}

fn gap_figures(report: &Report, cost: &Cost) -> [Figure; 2] {
    let unresolved = report.unresolved.iter().map(|row| row.calls).sum::<u64>();
    let built = report.days.iter().filter(|day| is_built(day.state)).count() as u64;
    let rejected = report.days.iter().map(|day| day.rejected).sum::<u64>();
    let unreadable = report.days.iter().map(|day| day.unreadable_objects).sum::<u64>();
    let n_days = report.days.len() as u64;
    [
        Figure {
            name: "Without a known model",
            datum: Datum::count(unresolved),
            detail: vec![
                Datum::plain("calls;"),
                Datum::count(cost.unpriced),
                Datum::plain("calls have counts but no cost"),
            ],
            is_alert: unresolved > 0,
        },
        Figure {
            name: "Days built",
            datum: Datum::count(built),
            detail: vec![
                Datum::plain("of"),
                Datum::count(n_days),
                Datum::plain(";"),
                Datum::count(rejected),
                Datum::plain("rejected records,"),
                Datum::count(unreadable),
                Datum::plain("unreadable objects"),
            ],
            is_alert: built < n_days || rejected + unreadable > 0,
        },
    ]
}

fn is_built(state: DayState) -> bool {
    matches!(state, DayState::Built | DayState::Partial)
}
