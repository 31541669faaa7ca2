//! Reports of nothing, of one day, of figures beyond what an `f32` or an `f64` can hold.

use jiff::civil::date;
use report::{Cost, CostOf, Day, DayState, Hour, ModelDay, Report};

use crate::organization::organization;

fn nothing() -> Report {
    let day = Day {
        date: date(2026, 10, 5),
        state: DayState::Built,
        objects: 0,
        unreadable_objects: 0,
        records: 0,
        rejected: 0,
        written: 0,
    };
    Report {
        dest: "out".to_owned(),
        show_options: "--dest out".to_owned(),
        days: vec![day],
        unreadable: Vec::new(),
        price_versions: Vec::new(),
        stamp: None,
        hours: Vec::new(),
        paths: Vec::new(),
        model_days: Vec::new(),
        accounts: Vec::new(),
        principals: Vec::new(),
        profiles: Vec::new(),
        gaps: Vec::new(),
        at_global: None,
        approved: None,
        denials: Vec::new(),
        unresolved: Vec::new(),
    }
}

#[test]
fn report_of_nothing_is_a_page_of_zeros() {
    let page = report::html(&nothing()).expect("a page");
    assert!(page.contains("<p class=\"value\"><data value=\"0\">0</data></p>"));
    for number in ["NaN", "\"inf", "\"-inf"] {
        assert!(!page.contains(number), "{number}");
    }
}

#[test]
fn figures_are_exact_however_large_or_small() {
    let mut report = nothing();
    let cost =
        |list| Cost { calls: 1, succeeded: 1, priced: 1, list: Some(list), ..Cost::default() };
    let large = (1_i128 << 90) + 1;
    for (name, list) in [("large", large), ("small", 1)] {
        report.accounts.push(CostOf { name: Some(name.to_owned()), title: None, cost: cost(list) });
        let model = Some(name.to_owned());
        report.model_days.push(ModelDay { date: date(2026, 10, 5), model, cost: cost(list) });
    }
    let calls = (1 << 53) + 1;
    for inference in ["a", "b"] {
        report.hours.push(Hour {
            hour_ms: 1_791_201_600_000,
            source: Some("s".to_owned()),
            scope: None,
            inference: Some(inference.to_owned()),
            calls,
        });
    }
    let page = report::html(&report).expect("a page");
    for value in [
        "<data value=\"1237940039285380.274899124225\">$1,237,940,039,285,380.27</data>",
        "<data value=\"0.000000000001\">$0.000000000001</data>",
        "<data value=\"1237940039285380.274899124226\">$1,237,940,039,285,380.27</data>",
        "<data value=\"9007199254740993\">9,007,199,254,740,993</data>",
        "<data value=\"18014398509481986\">18,014,398,509,481,986</data>",
        "<data value=\"2.000000\">2.0</data>",
        "<data value=\"0.500000\">50.0 %</data>",
    ] {
        assert!(page.contains(value), "{value}");
    }
}

#[test]
fn order_of_rows_does_not_matter() {
    let report = organization(3);
    let mut other = report.clone();
    other.hours.reverse();
    other.paths.reverse();
    other.model_days.reverse();
    other.accounts.reverse();
    other.principals.reverse();
    other.profiles.reverse();
    other.gaps.reverse();
    other.denials.reverse();
    other.unresolved.reverse();
    assert!(report::html(&report).expect("a page") == report::html(&other).expect("a page"));
}
