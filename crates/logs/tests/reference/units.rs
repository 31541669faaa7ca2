//! The slow reader of what is billed by other units than text tokens, and bodies that say so.

use bedrock::cost::{Guardrail, UnitCounts};
use bedrock::price::{Detail, Quality, Unit};
use serde_json::Value;

use super::dice::Dice;
use super::text::{Node, literal, object, text};

/// The units of guardrails by the names that a trace has for them.
const GUARDRAIL: [(&str, Unit); 8] = [
    ("topicPolicyUnits", Unit::GuardrailTopicUnit),
    ("contentPolicyUnits", Unit::GuardrailContentUnit),
    ("contentPolicyImageUnits", Unit::GuardrailContentImage),
    ("wordPolicyUnits", Unit::GuardrailWordUnit),
    ("sensitiveInformationPolicyUnits", Unit::GuardrailSensitiveInformationUnit),
    ("sensitiveInformationPolicyFreeUnits", Unit::GuardrailSensitiveInformationFreeUnit),
    ("contextualGroundingPolicyUnits", Unit::GuardrailContextualGroundingUnit),
    ("automatedReasoningPolicyUnits", Unit::GuardrailAutomatedReasoningUnit),
];

const WRAPPERS: [&str; 4] = ["metadata", "message", "output", "response"];

/// The number of a value, if it is one that counts.
fn number(value: &Value) -> Option<i64> {
    let number = whole(value).or_else(|| value.as_str()?.parse().ok());
    number.filter(|number| (0..=1 << 40).contains(number))
}

/// The whole number that a number of JSON is, also where it is written as `17.0`.
pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let whole = value.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{:.0}", whole.abs()).parse().ok().filter(|_| whole >= 0.0)
    })
}

/// The tokens of speech and of all kinds on a side, by the last piece that says so.
pub(crate) fn speech(pieces: &[Value], side: &str) -> Option<(i64, i64)> {
    let of_piece = |piece: &Value| {
        let wrapped = &piece["event"]["usageEvent"];
        let usage = if wrapped.is_null() { &piece["usageEvent"] } else { wrapped };
        let split = &usage["details"]["total"][side];
        let speech = number(&split["speechTokens"])?;
        Some((speech, speech + number(&split["textTokens"])?))
    };
    pieces.iter().rev().find_map(of_piece)
}

pub(crate) fn units_of(
    request: &Value,
    output: &Value,
    pieces: &[Value],
    tokens: [Option<i64>; 2],
) -> Option<Box<UnitCounts>> {
    let mut units = UnitCounts::default();
    let config = &request["imageGenerationConfig"];
    if !config.is_null() {
        let size = number(&config["width"]).zip(number(&config["height"]));
        units.shape.size = size.map(|(width, height)| [width, height]);
        units.shape.quality = match &config["quality"] {
            Value::Null => Some(Quality::Standard),
            quality => match quality.as_str() {
                Some("standard") => Some(Quality::Standard),
                Some("premium") => Some(Quality::Premium),
                _ => None,
            },
        };
    }
    embedded(request, &mut units);
    let last = |name: &str| {
        pieces.iter().rev().find_map(|piece| {
            let items = piece[name].as_array()?;
            Some(items.iter().filter(|item| !item.is_null()).count() as i64)
        })
    };
    let is_embedded = units.get(Unit::InputImage) > Some(0);
    let answered = last("images").filter(|_| !is_embedded);
    units.set(Unit::OutputImage, number(&output["outputImageCount"]).or(answered));
    let search = |piece: &Value| number(&piece["meta"]["billed_units"]["search_units"]);
    units.set(Unit::SearchUnit, pieces.iter().rev().find_map(search));
    let sides = [("input", Unit::SpeechInputToken), ("output", Unit::SpeechOutputToken)];
    for ((side, unit), tokens) in sides.into_iter().zip(tokens) {
        let split = speech(pieces, side).filter(|(_, all)| Some(*all) == tokens);
        units.set(unit, split.map(|(speech, _)| speech));
    }
    guardrail(request, pieces, tokens[1], &mut units);
    (units != UnitCounts::default()).then(|| Box::new(units))
}

fn embedded(request: &Value, units: &mut UnitCounts) {
    let nova = &request["singleEmbeddingParams"];
    let media = ["text", "image", "video", "audio"];
    let of_nova = media.into_iter().find(|media| !nova[media].is_null());
    let of_marengo = request["inputType"].as_str().filter(|name| media.contains(name));
    if let Some(media) = of_nova.or(of_marengo) {
        units.set(Unit::InputImage, Some(i64::from(media == "image")));
        units.set(Unit::TextRequest, Some(i64::from(media == "text")));
        let zero = |is_none: bool| is_none.then_some(0);
        units.set(Unit::InputVideoSecond, zero(media != "video"));
        units.set(Unit::InputAudioSecond, zero(media == "text" || media == "image"));
        if of_nova == Some("image") {
            units.shape.detail = match &nova["image"]["detailLevel"] {
                Value::Null => Some(Detail::Standard),
                level => match level.as_str() {
                    Some("STANDARD_IMAGE") => Some(Detail::Standard),
                    Some("DOCUMENT_IMAGE") => Some(Detail::Document),
                    _ => None,
                },
            };
        }
        return;
    }
    let has = |name: &str| request[name].as_str().is_some_and(|text| !text.is_empty());
    let images = request["images"]
        .as_array()
        .map_or(0, |images| images.iter().filter(|image| !image.is_null()).count() as i64);
    if images > 0 {
        units.set(Unit::InputImage, Some(images));
    } else if has("inputImage") {
        units.set(Unit::InputImage, Some(1));
    } else if has("inputText") {
        units.set(Unit::InputImage, Some(0));
    }
}

fn guardrail(
    request: &Value,
    pieces: &[Value],
    output_tokens: Option<i64>,
    units: &mut UnitCounts,
) {
    let mut is_used = !request["guardrailConfig"].is_null()
        || !request["amazon-bedrock-guardrailConfig"].is_null();
    let mut intervened = false;
    let mut said = [Vec::new(), Vec::new()];
    for (number, piece) in pieces.iter().enumerate() {
        let action = &piece["amazon-bedrock-guardrailAction"];
        is_used |= !action.is_null();
        for word in [action, &piece["stopReason"], &piece["messageStop"]["stopReason"]] {
            let words = ["guardrail_intervened", "GUARDRAIL_INTERVENED", "INTERVENED"];
            intervened |= word.as_str().is_some_and(|word| words.contains(&word));
        }
        let wrapped = WRAPPERS.map(|name| &piece[name]["trace"]);
        let traces = [&piece["trace"], &piece["amazon-bedrock-trace"]].into_iter().chain(wrapped);
        for trace in traces.flat_map(|trace| [&trace["guardrail"], &trace["guardrails"]]) {
            is_used |= !trace.is_null();
            for (side, names) in
                [["inputAssessment", "input"], ["outputAssessments", "outputs"]].iter().enumerate()
            {
                for name in names {
                    let mut usages = Vec::new();
                    collect(&trace[name], &mut usages);
                    if !usages.is_empty() {
                        said[side].push((number, covered(&usages)));
                    }
                }
            }
        }
    }
    if is_used || intervened {
        units.guardrail = Guardrail::Used;
    }
    if said.iter().flatten().any(|(_, (counts, _))| counts.is_some()) {
        for (at, (_, unit)) in GUARDRAIL.into_iter().enumerate() {
            let most = |side: &Vec<(usize, Covered)>| {
                side.iter().filter_map(|(_, (counts, _))| Some(counts.as_ref()?[at])).max()
            };
            units.set(unit, Some(said.iter().filter_map(most).sum()));
        }
    }
    let is_whole = |side: usize| {
        let all = &said[side];
        let Some((first_piece, first)) = all.first() else { return false };
        let is_same = |(piece, covered): &(usize, Covered)| {
            covered == first && (side == 0 || piece == first_piece)
        };
        all.iter().all(is_same) && first.0.is_some() && first.1
    };
    let is_stopped = intervened && said[1].is_empty() && output_tokens == Some(0);
    if is_whole(0) && (is_whole(1) || is_stopped) {
        units.guardrail = Guardrail::Counted;
    }
}

/// What a trace says of the input or the output: counts, and whether all of it is understood.
type Covered = (Option<Vec<i64>>, bool);

fn covered(usages: &[Value]) -> Covered {
    let known = |name: &str| GUARDRAIL.iter().any(|(known, _)| *known == name);
    let is_any =
        |usage: &Value| usage.as_object().is_some_and(|usage| usage.keys().any(|name| known(name)));
    let is_sound = |usage: &Value| {
        let mut counts = usage.as_object().into_iter().flatten();
        is_any(usage)
            && counts.all(|(name, count)| match known(name) {
                true => number(count).is_some(),
                false => number(count) == Some(0),
            })
    };
    let sum = |name: &str| usages.iter().map(|usage| number(&usage[name]).unwrap_or(0)).sum();
    let counts = GUARDRAIL.iter().map(|(name, _)| sum(name)).collect();
    (usages.iter().any(is_any).then_some(counts), usages.iter().all(is_sound))
}

/// Every `usage` of the assessments of each guardrail.
fn collect(value: &Value, usages: &mut Vec<Value>) {
    let by_guardrail = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for of_guardrail in
        by_guardrail.iter().filter_map(Value::as_object).flat_map(|all| all.values())
    {
        let list = of_guardrail.as_array();
        for assessment in list.map_or(std::slice::from_ref(of_guardrail), Vec::as_slice) {
            usages.push(assessment["invocationMetrics"]["usage"].clone());
        }
    }
}

/// A piece of a body that says something of other units.
pub(crate) fn piece(dice: &mut Dice<'_>) -> Node {
    let numbers = ["17", "0", "2048", "1024", "-1", "\"17\"", "1.5", "null", "{}"];
    let mut piece = object(&[]);
    for _ in 0..=dice.roll(3) {
        let number = literal(dice.pick(&numbers));
        let (key, value) = match dice.roll(12) {
            0 => ("images", literal(dice.pick(&["[\"xyzzy\", null]", "[]", "5", "[[], {}]"]))),
            1 => ("meta", object(&[("billed_units", object(&[("search_units", number)]))])),
            2 => ("event", object(&[("usageEvent", usage_event(dice))])),
            3 => ("usageEvent", usage_event(dice)),
            4 => ("trace", trace(dice)),
            5 => ("amazon-bedrock-trace", trace(dice)),
            6 => ("metadata", object(&[("trace", trace(dice))])),
            7 => {
                let words = ["guardrail_intervened", "end_turn", "INTERVENED", "xyzzy"];
                let keys = ["stopReason", "amazon-bedrock-guardrailAction"];
                (dice.pick(&keys), text(dice.pick(&words)))
            }
            8 => {
                let words = ["text", "image", "video", "audio", "xyzzy"];
                ("inputType", text(dice.pick(&words)))
            }
            9 => (dice.pick(&["inputImage", "inputText"]), text(dice.pick(&["xyzzy", ""]))),
            10 => ("singleEmbeddingParams", embedding(dice)),
            _ => {
                let quality = text(dice.pick(&["standard", "premium", "xyzzy"]));
                let mut config = object(&[("width", number)]);
                config.fields().push(("height".to_owned(), literal(dice.pick(&numbers))));
                if dice.one_in(2) {
                    config.fields().push(("quality".to_owned(), quality));
                }
                ("imageGenerationConfig", config)
            }
        };
        // A tree has the last of two, a stream of pieces both.
        if piece.fields().iter().all(|(known, _)| known != key) {
            piece.fields().push((key.to_owned(), value));
        }
    }
    if dice.one_in(4) {
        let config = literal(dice.pick(&["null", "{\"guardrailIdentifier\":\"xyzzy\"}", "5"]));
        piece.fields().push(("guardrailConfig".to_owned(), config));
    }
    piece
}

fn usage_event(dice: &mut Dice<'_>) -> Node {
    let mut side = || {
        // Often as many as `counts` of an entry has.
        let speech = dice.pick(&["17", "4000", "3000", "0"]);
        let text = dice.pick(&["0", "1000", "17", "-1"]);
        object(&[("speechTokens", literal(speech)), ("textTokens", literal(text))])
    };
    let total = object(&[("input", side()), ("output", side())]);
    object(&[("details", object(&[("delta", literal("{\"input\":5}")), ("total", total)]))])
}

fn trace(dice: &mut Dice<'_>) -> Node {
    let mut trace = object(&[]);
    let keys = [["inputAssessment", "outputAssessments"], ["input", "outputs"]];
    let keys = keys[dice.roll(2)];
    for key in keys {
        if dice.one_in(4) {
            continue;
        }
        let usage = if dice.one_in(6) { literal("null") } else { guardrail_usage(dice) };
        let metrics = object(&[("usage", usage), ("guardrailProcessingLatency", literal("7"))]);
        let policy = literal("{\"topics\":[{\"name\":\"xyzzy\"}]}");
        let assessed = object(&[("topicPolicy", policy), ("invocationMetrics", metrics)]);
        let assessed = if dice.one_in(2) { Node::Array(vec![assessed]) } else { assessed };
        let by_guardrail = object(&[("g1abcdef2345", assessed)]);
        let is_list = dice.one_in(2);
        let all = if is_list { Node::Array(vec![by_guardrail]) } else { by_guardrail };
        trace.fields().push((key.to_owned(), all));
    }
    object(&[(dice.pick(&["guardrail", "guardrails", "promptRouter"]), trace)])
}

fn guardrail_usage(dice: &mut Dice<'_>) -> Node {
    let mut usage = object(&[]);
    for (name, _) in GUARDRAIL {
        if dice.one_in(2) {
            let units = dice.pick(&["0", "1", "3", "2", "\"1\"", "1", "3", "2", "1.0", "null"]);
            usage.fields().push((name.to_owned(), literal(units)));
        }
    }
    if dice.one_in(6) {
        let units = dice.pick(&["0", "1"]);
        usage.fields().push(("otherPolicyUnits".to_owned(), literal(units)));
    }
    usage
}

fn embedding(dice: &mut Dice<'_>) -> Node {
    let levels = ["\"STANDARD_IMAGE\"", "\"DOCUMENT_IMAGE\"", "\"xyzzy\"", "null", "5"];
    match dice.roll(4) {
        0 => object(&[("text", object(&[("value", text("xyzzy"))]))]),
        1 => object(&[("video", literal("{}"))]),
        2 => object(&[("audio", literal("null"))]),
        _ => object(&[("image", object(&[("detailLevel", literal(dice.pick(&levels)))]))]),
    }
}
