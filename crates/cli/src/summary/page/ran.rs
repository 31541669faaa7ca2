//! Where calls ran: a line for each source Region and scope, with the share of each inference Region.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tables::query::{Answer, Cell};

use super::{WIDTH, count, cut};
use crate::answer::cells;
use crate::number::{grouped, percent};

/// How many lines are shown.
const SHOWN: usize = 8;

/// What the lines are told apart by, and the Region.
pub(super) const KEYS: [&str; 4] =
    ["source_region", "profile_scope", "target_type", "inference_region"];

/// Writes the lines, most calls first.
pub(super) fn write(out: &mut String, answer: &Answer) {
    let mut routes = BTreeMap::<(String, String), BTreeMap<String, u64>>::new();
    for row in &answer.rows {
        let calls = count(answer, row, "succeeded_calls");
        if row[3] == Cell::Null || calls == 0 {
            continue;
        }
        let scope = match (&row[1], &row[2]) {
            (Cell::Null, Cell::Text(target_type)) => without_scope(target_type).to_owned(),
            (scope, _) => cells::short(scope),
        };
        let route = routes.entry((cells::short(&row[0]), scope)).or_default();
        *route.entry(cells::short(&row[3])).or_default() += calls;
    }
    if routes.is_empty() {
        return;
    }
    let by_calls = |shares: BTreeMap<String, u64>| {
        let mut shares = shares.into_iter().collect::<Vec<_>>();
        shares.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
        shares
    };
    let routes = routes.into_iter().map(|(route, shares)| (route, by_calls(shares)));
    let mut routes = routes.collect::<Vec<_>>();
    let all = |shares: &[(String, u64)]| shares.iter().map(|(_, calls)| calls).sum::<u64>();
    routes.sort_by_key(|(_, shares)| std::cmp::Reverse(all(shares)));
    let _ = writeln!(out, "\nWhere successful calls ran\n");
    let (calls, source, scope) = ("calls", "sent to", "through");
    let _ = writeln!(out, "{calls:>9}  {source:<14} {scope:<11} ran in");
    for ((source, scope), shares) in routes.iter().take(SHOWN) {
        let calls = all(shares);
        let share = |(region, part): &(String, u64)| format!("{region} {}", percent(*part, calls));
        let regions = shares.iter().map(share).collect::<Vec<_>>();
        let line =
            format!("{:>9}  {source:<14} {scope:<11} {}", grouped(calls), regions.join(" · "));
        let _ = writeln!(out, "{}", cut(&line, WIDTH));
    }
    if routes.len() > SHOWN {
        let _ = writeln!(out, "  and {} more: hoptrail show routing", routes.len() - SHOWN);
    }
}

/// What a target without a scope is called.
fn without_scope(target_type: &str) -> &str {
    match target_type {
        "foundation_model" => "direct",
        "application_profile" => "application",
        "prompt_router" => "router",
        "provisioned" => "provisioned",
        "custom_model" => "custom",
        "imported_model" => "imported",
        "marketplace_endpoint" => "endpoint",
        other => other,
    }
}
