//! The report on a result: what it does, its size, every call before and after, what it opens besides the goal,
//! and what stands in its way.

use policy::Verdict;
use policy::generate::{
    Cell, Expected, Generated, Goal, Obstacle, Outcome, Part, Size, managed_by_control_tower,
    statement_text,
};

use crate::answer::table::width;
use crate::command::explain::wrapped;
use crate::command::policy::text::table_of;
use crate::escape::escaped;
use crate::number::{counted, grouped};

/// The columns of a report that goes to no terminal.
const WIDTH: usize = 80;

/// Regions, verdicts, and what the goal says of them are not broken into lines.
const MAX_WHOLE: usize = 16;

/// The report.
pub(super) fn of(goal: &dyn Goal, found: &Generated) -> String {
    let mut text = String::new();
    let mut line = |written: &str| text += &one_line(written);
    line(&format!("Goal: {}.", goal.sentence()));
    let is_reached = found.obstacles.is_empty();
    for part in found.parts.iter().filter(|_| is_reached) {
        line(&of_part(part));
    }
    text += "\n";
    let mut n_asked = 0;
    for account in found.matrix.accounts() {
        let cells = found.matrix.cells.iter().filter(|it| it.account == account);
        let cells = cells.collect::<Vec<_>>();
        n_asked += cells.len();
        text += &one_line(&format!("Calls of account {account}"));
        text += &table(&cells);
        text += "\n";
    }
    let holds = if found.matrix.holds() { "it holds" } else { "it does not hold" };
    text += &one_line(&format!(
        "{} tried, with streaming and without, and with the legs that AWS may ask for and without: {holds}.",
        counted(n_asked as u64, "call")
    ));
    text += &side_effects(found);
    text += &failures(found);
    for obstacle in &found.obstacles {
        text += "\n";
        text += &of_obstacle(obstacle);
    }
    for part in found.parts.iter().filter(|_| !is_reached) {
        text += &also_changed(part, &found.obstacles);
    }
    if !found.parts.is_empty() {
        for note in &found.notes {
            text += &one_line(&format!("Note: {note}."));
        }
    }
    text
}

fn one_line(text: &str) -> String {
    let width = width().map_or(WIDTH, |it| it.min(WIDTH));
    let mut text = wrapped(&escaped(text), Some(width));
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// What a part is, and how large.
fn of_part(part: &Part) -> String {
    let Some(document) = part.document() else {
        return format!("Control {}: its parameters; AWS writes its SCP.", part.name());
    };
    let Size { compact, bytes, indented, limit } = Size::of(document, part.policy_type());
    let in_bytes = if bytes == compact {
        String::new()
    } else {
        format!(" ({} bytes)", grouped(bytes as u64))
    };
    let size = format!(
        "{} of {} characters without white space{in_bytes}, {} with two blanks a level",
        grouped(compact as u64),
        grouped(limit as u64),
        grouped(indented as u64)
    );
    let Part::Changed { policy, document, statements } = part else {
        return format!("New policy {}: {size}.", part.name());
    };
    let more = document.to_json(None).len() - policy.document.to_json(None).len();
    let names = statements.iter().filter_map(|index| policy.document.statements.get(*index));
    let names = names.map(|it| {
        let name = it.sid.clone().unwrap_or_else(|| format!("statement {}", it.index));
        format!("{name}, line {}", it.position.line)
    });
    let names = names.collect::<Vec<_>>().join("; ");
    let drift = match managed_by_control_tower(policy) {
        Some(_) => " It is a document of Control Tower: to edit it is drift.",
        None => "",
    };
    format!(
        "Changed policy {} ({names} of {}): {size}, {} more than now.{drift}",
        policy.name,
        policy.file,
        grouped(more as u64)
    )
}

fn table(cells: &[&Cell]) -> String {
    let twin_of = |cell: &Cell| {
        let is_same = |it: &&&Cell| {
            it.call.operation.name == "Converse"
                && it.call.way == cell.call.way
                && it.call.model == cell.call.model
                && it.call.region == cell.call.region
                && it.call.has_api_key == cell.call.has_api_key
        };
        cells.iter().find(is_same).copied()
    };
    let is_shown = |cell: &&&Cell| {
        let is_streaming = cell.call.operation.name == "ConverseStream";
        let same = |it: &Cell| {
            (it.before, it.after, it.expected) == (cell.before, cell.after, cell.expected)
        };
        !is_streaming || !twin_of(cell).is_some_and(same)
    };
    let rows = shown(cells.iter().copied().filter(|cell| is_shown(&cell))).into_iter().map(
        |(label, cell)| {
            vec![
                escaped(&label).into_owned(),
                cell.call.region.clone(),
                outcome(cell.before).to_owned(),
                outcome(cell.after).to_owned(),
                if cell.holds() {
                    expected(cell).to_owned()
                } else {
                    format!("{}: NO", expected(cell))
                },
            ]
        },
    );
    let rows = rows.collect::<Vec<_>>();
    table_of(&["call", "Region", "before", "after", "goal"], &rows, Some(WIDTH), MAX_WHOLE)
}

/// The cells with their labels. Other models of the catalog have a row where the result changes what they come to,
/// or they fail, unless they come to what a model of the scene comes to; those that come to the same share one.
fn shown<'m>(cells: impl Iterator<Item = &'m Cell>) -> Vec<(String, &'m Cell)> {
    let (others, own) = cells.partition::<Vec<_>, _>(|cell| cell.call.is_of_catalog);
    let of = |cell: &Cell| (cell.before, cell.after, cell.expected);
    let is_same_call = |one: &Cell, other: &Cell| {
        one.call.way == other.call.way && one.call.operation.name == other.call.operation.name
    };
    let mut groups = Vec::<Vec<&Cell>>::new();
    for cell in others {
        let of_way = own.iter().filter(|it| is_same_call(it, cell)).collect::<Vec<_>>();
        let is_here = |it: &&&&Cell| it.call.region == cell.call.region;
        let is_known = match of_way.iter().any(|it| is_here(&it)) {
            true => of_way.iter().filter(is_here).any(|it| of(it) == of(cell)),
            false => of_way.iter().any(|it| of(it) == of(cell)),
        };
        let is_changed = cell.before != cell.after || !cell.holds();
        if is_known || !is_changed {
            continue;
        }
        let is_group = |group: &&mut Vec<&Cell>| {
            group.first().is_some_and(|it| {
                is_same_call(it, cell) && it.call.region == cell.call.region && of(it) == of(cell)
            })
        };
        match groups.iter_mut().find(is_group) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    let mut rows = own.into_iter().map(|cell| (cell.call.label(), cell)).collect::<Vec<_>>();
    rows.extend(groups.iter().filter_map(|group| {
        let first = group.first()?;
        let label = match group.len() {
            1 => first.call.label(),
            n => format!("{} and {}", first.call.label(), counted(n as u64 - 1, "other model")),
        };
        Some((label, *first))
    }));
    rows
}

fn outcome(found: Outcome) -> &'static str {
    match (found.required, found.all) {
        (Verdict::Allowed, Verdict::Allowed) => "allowed",
        (Verdict::Denied, _) => "denied",
        (Verdict::Allowed, Verdict::Denied) => "denied?",
        _ => "undecided",
    }
}

fn expected(cell: &Cell) -> &'static str {
    match cell.expected {
        Expected::Allowed => "allowed",
        Expected::Denied => "denied",
        Expected::Unchanged => "as before",
        Expected::Open => "either",
    }
}

/// What is opened or closed besides the goal.
fn side_effects(found: &Generated) -> String {
    if found.parts.is_empty() {
        return String::new();
    }
    let besides = |cell: &&Cell| matches!(cell.expected, Expected::Unchanged | Expected::Open);
    let named = |is_it: &dyn Fn(&Cell) -> bool| {
        let cells = found.matrix.cells.iter().filter(besides).filter(|it| is_it(it));
        let names = cells.map(|it| format!("{} from {}", it.call.label(), it.call.region));
        let mut names = names.collect::<Vec<_>>();
        names.dedup();
        if names.is_empty() { "nothing".to_owned() } else { names.join("; ") }
    };
    let opened = named(&Cell::is_opened);
    let closed = named(&Cell::is_closed);
    one_line(&format!("Opened besides the goal: {opened}. Closed besides the goal: {closed}."))
}

/// The keys that undecided calls hang on.
fn failures(found: &Generated) -> String {
    let failed = found.matrix.cells.iter().filter(|cell| !cell.holds());
    let keys = failed.flat_map(|cell| &cell.unknown).collect::<std::collections::BTreeSet<_>>();
    if keys.is_empty() {
        return String::new();
    }
    let keys = keys.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    one_line(&format!(
        "Say what is known of {keys} (--context KEY=VALUE, --absent KEY, --present KEY)."
    ))
}

/// What has to change besides the obstacles: statements that the result would change.
fn also_changed(part: &Part, obstacles: &[Obstacle]) -> String {
    let Part::Changed { policy, document, statements } = part else { return String::new() };
    let is_named = |index: usize| {
        let mut named = obstacles.iter().filter_map(|it| it.statement.as_ref());
        named.any(|it| it.policy.id == policy.id && it.index == index)
    };
    let mut text = String::new();
    for index in statements.iter().copied().filter(|index| !is_named(*index)) {
        let known = policy.document.statements.get(index);
        let name =
            known.and_then(|it| it.sid.clone()).unwrap_or_else(|| format!("statement {index}"));
        let line = known.map(|it| it.position.line).unwrap_or_default();
        text += "\n";
        text += &one_line(&format!(
            "{name} of {} ({}, line {line}) has to change, too. The statement as it has to be:",
            policy.name, policy.file
        ));
        text += &statement_text(document, index);
        text.push('\n');
    }
    text
}

/// What has to change, and how.
fn of_obstacle(obstacle: &Obstacle) -> String {
    const MAX_NAMED: usize = 3;
    let at = obstacle.node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
    let denies = match obstacle.denies.len().checked_sub(MAX_NAMED) {
        None | Some(0) => obstacle.denies.join("; "),
        Some(others) => {
            format!("{}; and {others} more", obstacle.denies[..MAX_NAMED].join("; "))
        }
    };
    let Some(statement) = &obstacle.statement else {
        return one_line(&format!("No SCP{at} allows it: one has to. Denied: {denies}."));
    };
    let policy = &statement.policy;
    let known = policy.document.statements.get(statement.index);
    let name = known.and_then(|it| it.sid.clone()).filter(|it| !it.is_empty());
    let name = name.unwrap_or_else(|| format!("statement {}", statement.index));
    let line = known.map(|it| it.position.line).unwrap_or_default();
    let mut text = one_line(&format!(
        "{name} of {} ({}, line {line}){at} has to change. It denies: {denies}.",
        policy.name, policy.file
    ));
    if let Some(why) = &statement.managed {
        text +=
            &one_line(&format!("It is a document of Control Tower ({why}): to edit it is drift."));
    }
    match &statement.changed {
        Some(changed) => {
            text += "The statement as it has to be:\n";
            text += changed;
        }
        None => {
            text += &one_line(
                "No condition that is added spares these calls: the statement has to leave them out. As it is:",
            );
            text += &statement.text;
        }
    }
    text.push('\n');
    text
}
