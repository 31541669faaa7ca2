//! Where calls through inference profiles ran.

use std::fmt::Write as _;

use pipeline::{RegionShare, Route};

use crate::escape::escaped;
use crate::number::{counted, grouped, percent};

/// The value of the column `residency` for a call that left its jurisdiction.
pub(super) const OTHER_JURISDICTION: &str = "other_jurisdiction";

/// How many routes are shown; the rest is counted.
const SHOWN_ROUTES: usize = 12;
/// The length of the longest bar.
const BAR_CELLS: u64 = 24;

/// The routes with most calls, and every route that leaves its jurisdiction.
pub(super) fn write(out: &mut String, routes: &[Route]) {
    if routes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nWhere calls through inference profiles ran");
    let leaves = |route: &Route| route.regions.iter().any(is_other_jurisdiction);
    let mut hidden = 0;
    for (index, route) in routes.iter().enumerate() {
        if index >= SHOWN_ROUTES && !leaves(route) {
            hidden += 1;
            continue;
        }
        let name = route.model_name.as_deref().map(|n| format!(" ({n})")).unwrap_or_default();
        let source = route.source_region.as_deref().unwrap_or("an unknown Region");
        let calls = counted(route.calls, "call");
        let alias = route.profile_name.as_deref().map(|n| format!(" “{n}”")).unwrap_or_default();
        let line = format!("{}{alias}{name} from {source}: {calls}", route.profile);
        let _ = writeln!(out, "\n  {}", escaped(&line));
        for share in &route.regions {
            let _ = writeln!(out, "{}", share_line(share, route.calls));
        }
    }
    if hidden > 0 {
        let more = counted(hidden, "more route");
        let _ = writeln!(out, "\n  and {more} within one jurisdiction (see routing_distribution)");
    }
}

/// A Region's share of a route.
fn share_line(share: &RegionShare, whole: u64) -> String {
    let mark = if is_other_jurisdiction(share) { "  other jurisdiction" } else { "" };
    let percent = percent(share.calls, whole);
    let (bar, calls) = (bar(share.calls, whole), grouped(share.calls));
    let region = escaped(&share.inference_region);
    format!("    {region:<16} {bar:<24} {percent:>7} {calls:>9}{mark}")
}

/// A bar in eighths of a cell.
fn bar(part: u64, whole: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (u128::from(part) * u128::from(BAR_CELLS) * 8) / u128::from(whole.max(1));
    let eighths = usize::try_from(eighths).unwrap_or_default();
    let bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    if bar.is_empty() && part > 0 { EIGHTHS[1].to_owned() } else { bar }
}

fn is_other_jurisdiction(share: &RegionShare) -> bool {
    share.residency == Some(OTHER_JURISDICTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(profile: &str, calls: u64, residency: &'static str) -> Route {
        let share =
            RegionShare { inference_region: "r".to_owned(), residency: Some(residency), calls };
        Route {
            profile: profile.to_owned(),
            profile_name: None,
            target_type: "geo_profile",
            model_name: None,
            source_region: Some("us-east-1".to_owned()),
            calls,
            regions: vec![share],
        }
    }

    #[test]
    fn route_that_leaves_its_jurisdiction_is_always_shown() {
        let mut all =
            (0..40).map(|n| route(&format!("p{n}"), 100 - n, "same_region")).collect::<Vec<_>>();
        all.push(route("stray", 1, OTHER_JURISDICTION));
        let mut shown = String::new();
        write(&mut shown, &all);
        assert!(shown.contains("p11 ") && !shown.contains("p12 "), "{shown}");
        assert!(shown.contains("stray from us-east-1: 1 call"), "{shown}");
        assert!(shown.contains("and 28 more routes within one jurisdiction"), "{shown}");
    }

    #[test]
    fn bar_is_in_proportion() {
        assert_eq!(bar(1, 1).chars().count(), 24);
        assert_eq!(bar(1, 2).chars().count(), 12);
        assert_eq!(bar(1, 1_000_000), "▏");
        assert_eq!(bar(0, 5), "");
    }
}
