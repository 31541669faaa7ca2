//! An explanation for people.

use std::collections::BTreeMap;

use bedrock::price::TokenKind;

use super::explanation::{ALL_COMMERCIAL, DirectCall, Explanation, NOT_CALLABLE, Prices};
use crate::escape::escaped;
use crate::number::counted;
use crate::wrap::hanging;

/// The column at which values begin.
const INDENT: usize = 16;

/// The explanation as lines.
pub(super) fn of(found: &Explanation) -> String {
    let mut lines = vec![(found.model_ref.clone(), String::new())];
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    let scope =
        found.profile_scope.as_ref().map(|scope| format!(", scope {scope}")).unwrap_or_default();
    line("target type", format!("{}{scope}", found.target_type));
    if let Some(profile_id) = &found.profile_id {
        line("profile", profile_id.clone());
    }
    if let Some(name) = &found.alias_name {
        line("alias", name.clone());
    }
    match (&found.model_id, found.reason) {
        (Some(id), _) => {
            let name = found.model_name.as_deref().unwrap_or("name unknown");
            let provider = found.model_provider.as_deref().unwrap_or_default();
            line("model", format!("{id} ({name}, {provider}), {} match", found.model_match));
        }
        (None, reason) => {
            line("model", format!("unknown: {}", reason.unwrap_or_default()));
            line("", found.hint.unwrap_or_default().to_owned());
            if !found.candidates.is_empty() {
                line("candidates", found.candidates.join(", "));
            }
        }
    }
    if !found.did_you_mean.is_empty() {
        line("did you mean", format!("{}?", found.did_you_mean.join(" or ")));
    }
    for note in &found.notes {
        line("note", note.clone());
    }
    for (name, value) in found.direct_call.iter().flat_map(direct_call_lines) {
        line(name, value);
    }
    for value in destination_lines(found) {
        line("destinations", value);
    }
    for (name, value) in price_lines(&found.prices, found.model_id.is_some()) {
        line(name, value);
    }
    joined(&lines)
}

/// The first text alone, the others as names and values; with a line end.
pub(crate) fn joined(lines: &[(String, String)]) -> String {
    let line = |(place, (name, value)): (usize, &(String, String))| {
        if place == 0 {
            return escaped(name).into_owned();
        }
        escaped(&format!("  {name:<13} {value}")).into_owned()
    };
    lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// The lines in at most so many columns: values go on below where they began. A word is never cut.
pub(crate) fn wrapped(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let line = |line: &str| {
        let indent = if line.starts_with("  ") { INDENT } else { 0 };
        let (head, rest) = line.split_at_checked(indent).unwrap_or(("", line));
        hanging(rest, width, head, &" ".repeat(indent)) + "\n"
    };
    text.lines().map(line).collect()
}

/// Source Regions with the same destinations are one line.
fn destination_lines(found: &Explanation) -> Vec<String> {
    let Some(profile) = &found.system_profile else { return Vec::new() };
    let Some(destinations) = &found.destinations else {
        let others = match found.other_profiles.as_slice() {
            [] => String::new(),
            others => format!("; of this model, it has {}", others.join(", ")),
        };
        return vec![format!("unknown: the catalog has no profile {profile}{others}")];
    };
    if destinations.is_empty() {
        let region = found.source_region.as_deref().unwrap_or_default();
        let others = found.callable_from.join(", ");
        return vec![format!(
            "none from {region}: by the catalog, the profile can be called from {others} only"
        )];
    }
    let mut groups = Vec::<(Vec<&str>, Option<&[String]>)>::new();
    for (source, regions) in destinations {
        let regions = regions.as_deref();
        match groups.iter_mut().find(|(_, same)| *same == regions) {
            Some((sources, _)) => sources.push(source),
            None => groups.push((vec![source], regions)),
        }
    }
    let line = |(sources, regions): (Vec<&str>, Option<&[String]>)| {
        let shown = match regions {
            None => "not published".to_owned(),
            Some([all]) if all == ALL_COMMERCIAL => "all commercial Regions".to_owned(),
            Some(regions) => regions.join(", "),
        };
        /// More sources are counted, and come last.
        const FEW: usize = 8;
        let n = sources.len();
        let sources = sources.join(", ");
        if n > FEW {
            return format!("{shown}, from {}: {sources}", counted(n as u64, "Region"));
        }
        format!("from {sources}: {shown}")
    };
    groups.into_iter().map(line).collect()
}

fn price_lines(prices: &Prices, is_known: bool) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let where_and_when = format!("in {} on {}", prices.source_region, prices.day);
    match (&prices.reason, prices.routing) {
        (Some(reason), _) if reason == NOT_CALLABLE => {
            let region = &prices.source_region;
            lines.push(("price", format!("none: the profile cannot be called from {region}")));
        }
        (Some(reason), _) if is_known => {
            lines.push(("price", format!("unknown {where_and_when}: {reason}")));
        }
        (None, Some(routing)) => {
            let kinds = |prices: &BTreeMap<&str, String>| {
                let kinds = TokenKind::ALL.into_iter().filter_map(|kind| {
                    let price = prices.get(kind.as_str())?;
                    Some(format!("{} {price}", kind.as_str()))
                });
                kinds.collect::<Vec<_>>().join(", ")
            };
            let list = kinds(&prices.usd_per_million);
            let contracted = prices.contracted_usd_per_million.as_ref().map(kinds);
            let units = prices.usd_per_unit.iter().map(|(unit, price)| format!("{unit} {price}"));
            let units = units.collect::<Vec<_>>().join(", ");
            let end = format!("{routing}, {where_and_when}");
            if list.is_empty() && units.is_empty() {
                lines.push(("price", format!("unknown {where_and_when}: not billed by tokens")));
            }
            if !list.is_empty() {
                lines.push(("price", format!("{list}; $ per million tokens, {end}")));
                lines.extend(contracted.map(|contracted| ("contracted", contracted)));
            }
            if !units.is_empty() {
                lines.push(("price", format!("{units}; $ each, {end}")));
            }
        }
        _ => {}
    }
    lines
}

fn direct_call_lines(call: &DirectCall) -> Vec<(&'static str, String)> {
    let region = &call.source_region;
    let answer = match call.is_possible {
        Some(true) => format!("possible in {region}"),
        Some(false) => format!("not possible in {region}: the model needs a profile"),
        None => format!("unknown: the catalog does not say whether it is possible in {region}"),
    };
    let mut lines = vec![("direct call", answer)];
    if !call.profiles.is_empty() {
        lines.push(("profiles", format!("from {region}: {}", call.profiles.join(", "))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_below_their_values() {
        let text = "us.x\n  destinations  from a, b: c, d, e\n";
        assert_eq!(wrapped(text, None), text);
        assert_eq!(
            wrapped(text, Some(26)),
            "us.x\n  destinations  from a, b:\n                c, d, e\n"
        );
        let word = "a".repeat(100);
        assert_eq!(wrapped(&word, Some(40)), format!("{word}\n"), "a word is not cut");
    }
}
