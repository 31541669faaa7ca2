//! The figures of an organization: 90 days, 40 accounts, millions of calls.

use jiff::civil::{Date, date};
use report::{
    Approved, Calls, Cost, CostOf, Day, DayState, Denial, Gap, Hour, ModelDay, OtherRate, Outside,
    Path, Report, Unresolved,
};
use testkit::Dice;

const SOURCES: [&str; 12] = [
    "us-east-1",
    "us-west-2",
    "us-east-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-3",
    "ap-northeast-1",
    "ap-southeast-2",
    "ap-south-1",
    "ca-central-1",
    "sa-east-1",
    "eu-north-1",
];
const TARGETS: [&str; 24] = [
    "us-east-1",
    "us-west-2",
    "us-east-2",
    "us-west-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-central-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-4",
    "ap-south-1",
    "ap-south-2",
    "ca-central-1",
    "sa-east-1",
    "me-central-1",
    "il-central-1",
];
const SCOPES: [Option<&str>; 8] = [
    Some("us"),
    Some("eu"),
    Some("apac"),
    Some("jp"),
    Some("au"),
    Some("ca"),
    Some("global"),
    None,
];
const RESIDENCIES: [&str; 3] = ["same_region", "same_jurisdiction", "other_jurisdiction"];
const GAPS: [Option<&str>; 3] =
    [None, Some("no_count_cache_read,no_count_cache_write"), Some("unit_not_tokens")];

const FIRST_DAY: Date = date(2026, 8, 1);
/// The report of this many days, with the same figures every time.
pub(crate) fn organization(n_days: usize) -> Report {
    let mut dice = Dice::new(22);
    let dates = FIRST_DAY.series(jiff::ToSpan::day(1)).take(n_days).collect::<Vec<_>>();
    let models = (0..24).map(|n| Some(format!("Claude Sonnet {n}.5 Large"))).collect::<Vec<_>>();
    let days_and_models =
        dates.iter().flat_map(|date| models.iter().map(|model| (*date, model.clone())));
    let model_day = |dice: &mut Dice, (date, model)| ModelDay { date, model, cost: cost(dice) };
    let gaps = models.iter().flat_map(|model| GAPS.map(|gap| (model.clone(), gap)));
    let gap = |dice: &mut Dice, (model, gap): (Option<String>, Option<&str>)| Gap {
        model,
        gap: gap.map(str::to_owned),
        cost: cost(dice),
    };
    Report {
        dest: "s3://organization-analytics/bedrock".to_owned(),
        show_options:
            "--dest s3://organization-analytics/bedrock --from 2026-08-01 --to 2026-10-29"
                .to_owned(),
        hours: hours(&mut dice, n_days),
        paths: paths(&mut dice),
        model_days: days_and_models.map(|it| model_day(&mut dice, it)).collect(),
        accounts: costs_of(&mut dice, 40, |n| format!("{:012}", 111_122_223_333 + n)),
        principals: costs_of(&mut dice, 600, |n| format!("AWSReservedSSO_DataScience_{n:016x}")),
        profiles: costs_of(&mut dice, 120, |n| format!("team-{n}-summaries")),
        gaps: gaps.map(|it| gap(&mut dice, it)).collect(),
        at_global: Some(OtherRate {
            change: -dice.below(1 << 50).cast_signed() as i128,
            compared: 5_000_000,
            already: 3_000_000,
            without: 7,
            is_one_way: true,
            has_other_prices: false,
            has_estimates: false,
        }),
        approved: Some(Approved {
            option: "eu-central-1,eu-west-1".to_owned(),
            outside: (0..300).map(|n| outside(&mut dice, n)).collect(),
        }),
        denials: (0..400).map(|n| denial(&mut dice, n)).collect(),
        unresolved: (0..300).map(|n| unresolved(&mut dice, n)).collect(),
        days: dates.into_iter().map(|date| day(&mut dice, date)).collect(),
        unreadable: Vec::new(),
        price_versions: vec!["188d802514f6c56c".to_owned()],
        stamp: None,
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The start of an hour, counted from that of the first day.
fn hour_ms(hour: u64) -> i64 {
    let first = FIRST_DAY.to_zoned(jiff::tz::TimeZone::UTC).expect("a time").timestamp();
    first.as_millisecond() + hour as i64 * 3_600_000
}

fn hours(dice: &mut Dice, n_days: usize) -> Vec<Hour> {
    let mut hours = Vec::new();
    for hour in 0..n_days as u64 * 24 {
        for _ in 0..40 {
            hours.push(Hour {
                hour_ms: hour_ms(hour),
                source: text(dice.pick::<&str>(&SOURCES[..4])),
                scope: dice.pick(&SCOPES).map(str::to_owned),
                inference: text(dice.pick::<&str>(&TARGETS)),
                calls: dice.below(230),
            });
        }
    }
    hours
}

fn paths(dice: &mut Dice) -> Vec<Path> {
    let mut paths = Vec::new();
    for (from, source) in SOURCES.into_iter().enumerate() {
        for scope in SCOPES {
            for (to, target) in TARGETS.into_iter().enumerate() {
                let all = dice.below(9_000);
                paths.push(Path {
                    source: text(source),
                    scope: scope.map(str::to_owned),
                    inference: text(target),
                    basis: text("logged"),
                    residency: text(RESIDENCIES[(from * 7 + to) % RESIDENCIES.len()]),
                    is_declared: scope.map(|_| !(from + to).is_multiple_of(5)),
                    model: text("Claude Sonnet 4.6"),
                    calls: Calls { all, succeeded: all, ..Calls::default() },
                });
            }
        }
    }
    paths
}

fn costs_of(dice: &mut Dice, n: u64, name: impl Fn(u64) -> String) -> Vec<CostOf> {
    (0..n).map(|n| CostOf { name: Some(name(n)), title: None, cost: cost(dice) }).collect()
}

fn denial(dice: &mut Dice, n: u64) -> Denial {
    Denial {
        blocked: text(dice.pick::<&str>(&TARGETS)),
        policy_type: text("service_control_policy"),
        policy_arn: Some(format!(
            "arn:aws:organizations::999988887777:policy/o-exampleorg1/service_control_policy/p-{n:08}"
        )),
        leg: text("destination_model"),
        scope: text("us"),
        calls: dice.below(5_000),
        first_ms: Some(hour_ms(n)),
        last_ms: Some(hour_ms(n + 100)),
    }
}

fn outside(dice: &mut Dice, n: u64) -> Outside {
    Outside {
        account: Some(format!("{:012}", 111_122_223_333 + n % 40)),
        is_direct: [Some(true), Some(false), None][dice.index(3)],
        profile: text("us.anthropic.claude-sonnet-4-6"),
        source: text(SOURCES[dice.index(12)]),
        inference: text(TARGETS[dice.index(24)]),
        calls: dice.below(900),
    }
}

fn unresolved(dice: &mut Dice, n: u64) -> Unresolved {
    Unresolved {
        model_ref: Some(format!(
            "arn:aws:bedrock:us-east-1:444455556666:application-inference-profile/{n:012}"
        )),
        reason: text("no_alias"),
        calls: dice.below(900),
        first_ms: Some(hour_ms(n)),
        last_ms: Some(hour_ms(n + 9)),
    }
}

fn day(dice: &mut Dice, date: Date) -> Day {
    Day {
        date,
        state: DayState::Built,
        objects: 40 * 288,
        unreadable_objects: dice.below(3),
        records: dice.below(9_000_000),
        rejected: dice.below(30),
        written: dice.below(120_000),
    }
}

fn cost(dice: &mut Dice) -> Cost {
    let calls = dice.below(20_000) + 4;
    Cost {
        calls,
        succeeded: calls - 1,
        priced: calls - 2,
        lower_bound: calls / 2,
        unpriced: 1,
        list: Some(i128::from(dice.below(90_000_000)) * 10_000_019),
        list_max: None,
        contracted: None,
    }
}
