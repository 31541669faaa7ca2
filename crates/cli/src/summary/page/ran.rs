//! Where calls ran: a line for each source Region and scope, with the share of each inference Region.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tables::query::{Answer, Cell};

use super::{WIDTH, count, cut};
use crate::answer::cells;
use crate::number::{grouped, percent};

/// How many lines are shown.
const SHOWN: usize = 8;

/// What stands for calls through no profile.
const DIRECT: &str = "direct";

/// Writes the lines, most calls first.
pub(super) fn write(out: &mut String, answer: &Answer) {
    let mut routes = BTreeMap::<(String, String), Vec<(u64, String)>>::new();
    for row in &answer.rows {
        let calls = count(answer, row, "succeeded_calls");
        if row[2] == Cell::Null || calls == 0 {
            continue;
        }
        let scope = if row[1] == Cell::Null { DIRECT.to_owned() } else { cells::short(&row[1]) };
        let route = routes.entry((cells::short(&row[0]), scope)).or_default();
        route.push((calls, cells::short(&row[2])));
    }
    if routes.is_empty() {
        return;
    }
    let mut routes = routes.into_iter().collect::<Vec<_>>();
    let all = |shares: &[(u64, String)]| shares.iter().map(|(calls, _)| calls).sum::<u64>();
    routes.sort_by_key(|(_, shares)| std::cmp::Reverse(all(shares)));
    let _ = writeln!(out, "\nWhere successful calls ran\n");
    let _ = writeln!(out, "{:>9}  {:<15} {:<7} ran in", "calls", "sent to", "scope");
    for ((source, scope), shares) in routes.iter_mut().take(SHOWN) {
        shares.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let calls = all(shares);
        let share = |(part, region): &(u64, String)| format!("{region} {}", percent(*part, calls));
        let regions = shares.iter().map(share).collect::<Vec<_>>();
        let line =
            format!("{:>9}  {source:<15} {scope:<7} {}", grouped(calls), regions.join(" · "));
        let _ = writeln!(out, "{}", cut(&line, WIDTH));
    }
    if routes.len() > SHOWN {
        let _ = writeln!(out, "{:>9}  more: hoptrail show routing", routes.len() - SHOWN);
    }
}
