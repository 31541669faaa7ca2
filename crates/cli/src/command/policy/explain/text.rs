//! An answer for people.

use policy::{Certainty, LegKind, Verdict};

use super::super::text::{leg_name, table};
use super::answer::{Answer, Decided, LedCall};
use super::calls::{Led, is_named};
use crate::answer::table::width;
use crate::command::explain::{joined, wrapped};
use crate::escape::escaped;
use crate::number::counted;

/// More Regions than these are counted, not named.
const FEW: usize = 8;

/// What one denial comes to, with a line end.
pub(super) fn of(answer: &Answer) -> String {
    let mut text = wrapped(&joined(&lines(answer)), width());
    if let [LedCall { led, decided: Some(decided) }] = answer.calls.as_slice() {
        text += &format!("\n{}", legs(answer, led, decided));
        if let Some(change) = &decided.change {
            text += &format!("\n{}", wrapped(&format!("{}\n", escaped(change)), width()));
        }
    }
    text
}

fn lines(answer: &Answer) -> Vec<(String, String)> {
    let found = &answer.denial;
    let times = if answer.times > 1 { format!(" ({} times)", answer.times) } else { String::new() };
    let title = match &answer.look_alike {
        Some(other) => format!("Not a denial by a policy: {}", other.what),
        None => found.title(),
    };
    let mut lines = vec![(format!("{title}{times}"), String::new())];
    let mut line = |name: &str, value: &str| lines.push((name.to_owned(), value.to_owned()));
    let of_text = [
        ("error", &found.error_code),
        ("operation", &found.operation),
        ("who", &found.principal_arn),
        ("action", &found.denied_action),
        ("resource", &found.denied_resource),
    ];
    for (name, value) in of_text {
        value.iter().for_each(|value| line(name, value));
    }
    if answer.is_denial() {
        line("policy", &found.policy_text());
    }
    if let Some(region) = &found.blocked_region {
        line("Region", &found.region_text(region));
    }
    if let Some(record) = &answer.record {
        let from = record.region.as_deref().unwrap_or("a Region that is not known");
        let what = record.model_ref.as_deref().map(|it| format!(" of {it}")).unwrap_or_default();
        line("record", &format!("event {}{what} from {from}", record.event_id));
    }
    if let Some(hint) = answer.look_alike.and_then(|it| it.hint) {
        line("to do", hint);
    }
    for (what, comes_to) in groups(answer) {
        line("call", &format!("{what} {comes_to}"));
    }
    if let Some(named) = &answer.named {
        named.decided_by.iter().for_each(|by| line("decided by", by));
        if let (Some(id), Some(nodes)) = (&named.policy_id, named.attached_to.as_deref())
            && !nodes.is_empty()
        {
            line("attached", &format!("{id} to {}", nodes.join(", ")));
        }
        line("verdict", &named.agreement);
    }
    answer.not_said.iter().for_each(|it| line("not said", it));
    answer.notes.iter().for_each(|note| line("note", note));
    if answer.look_alike.is_none() {
        let to_do = found.to_do.iter();
        // Each leg is listed.
        let is_of_legs =
            |text: &&String| text.starts_with("allow the profile, ") && answer.is_of_call();
        let has_change =
            answer.calls.iter().any(|it| it.decided.as_ref().is_some_and(|it| it.change.is_some()));
        let is_said = answer.calls.len() == 1 && has_change;
        let to_do = to_do.filter(|it| !(is_of_legs(it) || is_said && is_of_change(it)));
        to_do.for_each(|to_do| line("to do", to_do));
    }
    answer.commands.iter().for_each(|command| line("change", &format!("`{command}`")));
    if answer.is_unreadable() {
        line("", "the text does not say who was denied what, or why");
    }
    lines
}

/// Whether it is what the sentence on the verdict says better.
fn is_of_change(to_do: &str) -> bool {
    ["add ", "let the policy ", "take ", "allow ", "look for "]
        .iter()
        .any(|it| to_do.starts_with(it))
}

/// Calls that come to the same, with the Regions that they can have been sent to.
fn groups(answer: &Answer) -> Vec<(String, String)> {
    let is_one = answer.calls.len() == 1;
    let mut groups = Vec::<(&str, String, Vec<&str>)>::new();
    for LedCall { led, decided } in &answer.calls {
        let mut comes_to = format!("needs {}", needs(led, &answer.calls));
        if let Some(decided) = decided {
            comes_to += &if is_one {
                format!("; {}", decided.verdict.as_str())
            } else {
                format!("; {}", verdict(led, decided))
            };
        }
        let same = groups
            .iter_mut()
            .find(|(model_ref, other, _)| *model_ref == led.model_ref && *other == comes_to);
        match same {
            Some((_, _, regions)) => regions.push(&led.region),
            None => groups.push((&led.model_ref, comes_to, vec![&led.region])),
        }
    }
    let shown = groups.into_iter().map(|(model_ref, comes_to, regions)| {
        let from = match regions.as_slice() {
            few if few.len() <= FEW => few.join(", "),
            many => counted(many.len() as u64, "Region"),
        };
        let operation = answer.calls.first().map_or("", |it| it.led.operation.name);
        (format!("{operation} of {model_ref} from {from}"), comes_to)
    });
    shown.collect()
}

/// All that a call is authorized for. A source Region that is a destination from others is named among these, so that
/// calls from all of them come to the same.
fn needs(led: &Led, all: &[LedCall]) -> String {
    let has = |kind: LegKind| led.legs.legs.iter().any(|leg| leg.kind == kind);
    let mut parts = Vec::new();
    let kinds = [
        (LegKind::BearerToken, "its API key"),
        (LegKind::ApplicationProfile, "the application profile"),
        (LegKind::Profile, "the profile"),
        (LegKind::SourceModel, "the model in the source Region"),
        (LegKind::GlobalModel, "the model without a Region (`unspecified`)"),
        (LegKind::MantleProject, "the project"),
    ];
    for (kind, name) in kinds {
        if has(kind) {
            parts.push(name.to_owned());
        }
    }
    let is_possible =
        led.legs.legs.iter().any(|leg| {
            leg.kind == LegKind::DestinationModel && leg.certainty == Certainty::Possible
        });
    let of_profile = all.iter().filter(|other| other.led.model_ref == led.model_ref);
    let is_destination =
        of_profile.flat_map(|other| other.led.other_regions()).any(|region| region == led.region);
    let mut regions = led.other_regions();
    if is_destination {
        regions.push(&led.region);
        regions.sort_unstable();
    }
    match regions.as_slice() {
        [] => {}
        _ if is_possible => {
            parts.push(
                "the model in the profile's other Regions, which AWS does not publish".to_owned(),
            );
        }
        regions => parts.push(format!("the model in {}", regions.join(", "))),
    }
    if let Some(missing) = &led.legs.missing {
        parts.push(format!("what is not known ({missing})"));
    }
    match parts.split_last() {
        None => "nothing that is known".to_owned(),
        Some((only, [])) => format!("{only} only"),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// The verdict, and what decides on which legs.
fn verdict(led: &Led, decided: &Decided) -> String {
    let mut by_statement = Vec::<(&str, Vec<String>)>::new();
    for place in decided.open(led) {
        let leg = &led.legs.legs[place];
        // The same from every source Region.
        let name = match leg.kind {
            LegKind::DestinationModel => leg.requested_region.clone(),
            LegKind::GlobalModel => "the model without a Region".to_owned(),
            LegKind::Profile | LegKind::ApplicationProfile => "the profile".to_owned(),
            LegKind::SourceModel => "the source Region".to_owned(),
            LegKind::BearerToken => "the API key".to_owned(),
            LegKind::MantleProject => "the project".to_owned(),
        };
        let by = decided.legs[place].by.as_str();
        match by_statement.iter_mut().find(|(known, _)| *known == by) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => by_statement.push((by, vec![name])),
        }
    }
    let parts = by_statement.iter().map(|(by, names)| match (names.len(), *by) {
        (0..=FEW, "") => names.join(", "),
        (0..=FEW, by) => format!("{} by {by}", names.join(", ")),
        (n, by) => format!("{} by {by}", counted(n as u64, "Region")),
    });
    let parts = parts.collect::<Vec<_>>().join("; ");
    let verdict = decided.verdict.as_str();
    match decided.verdict {
        Verdict::Allowed => "the policies allow it".to_owned(),
        _ if parts.is_empty() => verdict.to_owned(),
        _ => format!("{verdict}: {parts}"),
    }
}

/// The legs of a call with their verdicts; the one that the text names is marked.
fn legs(answer: &Answer, led: &Led, decided: &Decided) -> String {
    let mut rows = Vec::<(Certainty, Vec<String>, Vec<&str>)>::new();
    for (leg, found) in led.legs.legs.iter().zip(&decided.legs) {
        let mark = is_named(leg, &answer.denial).then_some("in the text");
        let cells = vec![
            leg_name(leg, led.operation.action, mark),
            found.verdict.as_str().to_owned(),
            found.by.clone(),
        ];
        super::super::text::add_row(&mut rows, leg, cells);
    }
    table(&["leg", "Region", "verdict", "decided by"], &super::super::text::with_regions(rows))
}
