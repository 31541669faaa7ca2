//! Puts records into envelopes, as the programs do that write them, and in ways that none does.

use super::dice::Dice;
use super::text::{Node, literal, object, text};

/// An envelope around a value.
pub(crate) fn wrap(dice: &mut Dice<'_>, inside: Node) -> Node {
    let written = text(&inside.plain());
    match dice.roll(15) {
        0 => object(&[("id", text("1")), ("detail-type", text("x")), ("detail", inside)]),
        1 => object(&[("message", written), ("timestamp", text("2026-09-14T10:20:00Z"))]),
        2 => object(&[("message", inside)]),
        3 => object(&[("event", object(&[("kind", text("event")), ("original", written)]))]),
        4 => object(&[("event.original", written), ("message", text("a log line"))]),
        5 => object(&[("preview", literal("false")), ("result", object(&[("_raw", written)]))]),
        6 => object(&[("_index", text("logs")), ("_source", object(&[("message", written)]))]),
        7 => object(&[("EventId", text("e")), ("CloudTrailEvent", written)]),
        8 => list("logEvents", "message", vec![written, text("START RequestId: 1")]),
        9 => list("events", "message", vec![written.clone(), written]),
        10 => list("Events", "CloudTrailEvent", vec![written]),
        11 => object(&[("Records", Node::Array(vec![inside.clone(), inside]))]),
        12 => object(&[("sourcetype", text("aws:cloudtrail")), ("event", inside)]),
        13 => text(&format!("[{},\n{}]", inside.plain(), inside.plain())),
        // No envelope: something that is in none, or that is none.
        _ => object(&[(dice.pick(&["messages", "message", "detail", "events", "logEvents"]), {
            literal(dice.pick(&[
                "5",
                "null",
                "{}",
                "\"text\"",
                "\"{\"",
                "[5]",
                "[{}]",
                "\"\\ud800\"",
            ]))
        })]),
    }
}

/// A list of objects that hold the values at a key.
fn list(name: &str, holds: &str, values: Vec<Node>) -> Node {
    let element = |value| object(&[("id", text("0")), (holds, value)]);
    object(&[(name, Node::Array(values.into_iter().map(element).collect()))])
}

/// A document of such values: end to end, as an array, or as a list.
pub(crate) fn document(dice: &mut Dice<'_>, values: &[Node]) -> String {
    let plain = values.iter().map(Node::plain).collect::<Vec<_>>();
    match dice.roll(5) {
        0 => plain.join("\n"),
        1 => plain.concat(),
        2 => format!("[{}]", plain.join(",")),
        3 => format!("{{\"Records\":[{}]}}", plain.join(",")),
        _ => format!("{{\"logEvents\":[{}],\"owner\":\"1\"}}", plain.join(",")),
    }
}
