//! Documents with everything in them that a reader may trip over.

use super::dice::Dice;
use super::parts::{addendum, additional, id, identity, job, learning, parameters, time, tls};
use super::slow::{EVENTS, MANTLE, RUNTIME, Verdict};
use super::text::{BROKEN_KEY, Node, Spelling, literal, object, text};

/// Values of a record where another type is meant.
const WRONG: &[&str] = &[
    "5",
    "-0.5e-3",
    "1e999",
    "true",
    "[]",
    "{}",
    "[{\"type\":\"flex\"}]",
    "\"\\ud800\"",
    "\"\\udc00x\"",
];

const ERROR_MESSAGES: &[&str] = &[
    "You don't have access to the model with the specified model ID.",
    "}]},{\"eventVersion\":\"1.11\",\"eventSource\":\"bedrock.amazonaws.com\",\"eventName\":\"Converse\"}]}",
    "User: arn:aws:sts::111122223333:assumed-role/app/i-01 is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:::foundation-model/anthropic.claude-opus-4-6-v1 with an explicit deny in a service control policy",
];

/// How often a field deviates: one in so many, 0 for never.
pub(super) type Rate = usize;

/// A document of so many records.
pub(crate) fn document(dice: &mut Dice<'_>, records: Vec<Node>) -> (Node, Spelling) {
    let spelling = Spelling {
        blanks: dice.roll(3),
        escapes: dice.pick(&[0, 0, 0, 50, 3, 1]),
        seed: dice.roll(1 << 16) as u64,
    };
    let first = records.first().cloned().unwrap_or(literal("null"));
    let mut fields = vec![("Records".to_owned(), Node::Array(records))];
    let beside = object(&[("Records", Node::Array(vec![first.clone()]))]);
    match dice.roll(24) {
        20 => fields.insert(0, ("Meta".to_owned(), beside)),
        21 => fields.push(("Others".to_owned(), Node::Array(vec![beside, first]))),
        22 => {
            let at = dice.roll(2);
            fields.insert(at, ("Records".to_owned(), literal(dice.pick(&["[]", "null", "{}"]))));
        }
        23 => fields[0].1 = literal(dice.pick(&["null", "{}", "\"Records\"", "0"])),
        _ => {}
    }
    if dice.one_in(40) {
        fields.retain(|(key, _)| key != "Records");
    }
    (Node::Object(fields), spelling)
}

/// One record: mostly a call, else anything that a trail may hold.
pub(crate) fn record(dice: &mut Dice<'_>) -> Node {
    match dice.roll(16) {
        0..=8 => event(dice, Verdict::Call),
        9 => event(dice, Verdict::Learn),
        10 => event(dice, Verdict::Unknown),
        11 if dice.one_in(2) => event(dice, Verdict::Job),
        11 => event(dice, Verdict::Other),
        12..=14 => foreign(dice),
        _ => literal(dice.pick(&[
            "{}",
            "null",
            "5",
            "\"bedrock.amazonaws.com\"",
            "[{\"eventSource\":\"bedrock.amazonaws.com\",\"eventName\":\"Converse\"}]",
            "{\"eventSource\":\"bedrock.amazonaws.com\"}",
            "{\"eventSource\":\"\\u0062edrock.amazonaws.com\",\"eventName\":\"Converse\"}",
            "{\"\\u0065ventSource\":\"\\u0062edroc\\u006B.amazonaws.com\",\"eventName\":7}",
        ])),
    }
}

fn event(dice: &mut Dice<'_>, verdict: Verdict) -> Node {
    let events = EVENTS.iter().filter(|event| event.2 == verdict).collect::<Vec<_>>();
    let (source, name, _) = *dice.pick(&events);
    let rate = dice.pick(&[0, 0, 40, 6]);
    let mut record = Node::Object(vec![("eventVersion".to_owned(), text("1.11"))]);
    put(dice, rate, &mut record, "userIdentity", identity);
    put(dice, rate, &mut record, "eventTime", time);
    record.fields().push(("eventSource".to_owned(), text(source)));
    record.fields().push(("eventName".to_owned(), text(name)));
    put(dice, rate, &mut record, "awsRegion", |dice| text(dice.pick(&["us-east-1", "eu-west-3"])));
    put(dice, rate, &mut record, "sourceIPAddress", |_| text("192.0.2.20"));
    put(dice, rate, &mut record, "userAgent", |_| text("Boto3/1.42.97 md/Botocore#1.42.97"));
    if dice.one_in(3) && verdict != Verdict::Learn {
        let codes =
            ["AccessDenied", "ThrottlingException", "ValidationException", "VpceAccessDenied"];
        put(dice, rate, &mut record, "errorCode", |dice| text(dice.pick(&codes)));
        put(dice, rate, &mut record, "errorMessage", |dice| text(dice.pick(ERROR_MESSAGES)));
    }
    if verdict == Verdict::Learn {
        learning(dice, rate, &mut record, name);
    } else if verdict == Verdict::Job {
        job(dice, rate, &mut record);
    } else {
        let mantle = source == MANTLE;
        put(dice, rate, &mut record, "requestParameters", |dice| parameters(dice, rate, mantle));
        record.fields().push(("responseElements".to_owned(), literal("null")));
    }
    if verdict != Verdict::Learn && dice.one_in(2) {
        put(dice, rate, &mut record, "additionalEventData", |dice| additional(dice, rate));
    }
    put(dice, rate, &mut record, "requestID", id);
    put(dice, rate, &mut record, "eventID", id);
    put(dice, rate, &mut record, "eventType", |_| text("AwsApiCall"));
    put(dice, rate, &mut record, "recipientAccountId", |_| text("012345678901"));
    if dice.one_in(4) {
        record.fields().push(("sharedEventID".to_owned(), id(dice)));
        put(dice, rate, &mut record, "vpcEndpointId", |_| text("vpce-0123456789abcdef0"));
        put(dice, rate, &mut record, "vpcEndpointAccountId", |_| text("444455556666"));
    }
    if !dice.one_in(3) {
        put(dice, rate, &mut record, "tlsDetails", |dice| tls(dice, rate));
    }
    if dice.one_in(8) {
        let values = ["\"true\"", "true", "\"false\""];
        let key = "sessionCredentialFromConsole";
        put(dice, rate, &mut record, key, |dice| literal(dice.pick(&values)));
    }
    if dice.one_in(8) {
        put(dice, rate, &mut record, "addendum", |dice| addendum(dice, rate));
    }
    if dice.one_in(4) {
        let categories = ["Management", "Management", "Data", "NetworkActivity"];
        put(dice, rate, &mut record, "eventCategory", |dice| text(dice.pick(&categories)));
    }
    if dice.one_in(4) {
        let values = ["true", "false", "\"true\""];
        put(dice, rate, &mut record, "managementEvent", |dice| literal(dice.pick(&values)));
    }
    if dice.one_in(16) {
        let types = ["AwsAggregatedEvent", "AwsCloudTrailInsight", "AwsVpceEvent"];
        record.fields().push(("eventType".to_owned(), text(dice.pick(&types))));
    }
    disorder(dice, &mut record);
    record
}

/// Adds a field; at the rate, it is absent, null, empty, of another type, or written twice.
pub(super) fn put(
    dice: &mut Dice<'_>,
    rate: Rate,
    object: &mut Node,
    key: &str,
    value: impl Fn(&mut Dice<'_>) -> Node,
) {
    let mut add = |value: Node| object.fields().push((key.to_owned(), value));
    if rate == 0 || !dice.one_in(rate) {
        return add(value(dice));
    }
    match dice.roll(8) {
        0 => {}
        1 => add(literal("null")),
        2 => add(text("")),
        3 => {
            add(value(dice));
            add(literal("null"));
        }
        4 => {
            add(literal(dice.pick(WRONG)));
            add(value(dice));
        }
        5 => {
            add(value(dice));
            add(value(dice));
        }
        _ => add(literal(dice.pick(WRONG))),
    }
}

/// Turns the order of the fields, and now and then spoils a key.
pub(super) fn disorder(dice: &mut Dice<'_>, record: &mut Node) {
    let fields = record.fields();
    if dice.one_in(3) {
        fields.reverse();
    }
    let by = dice.roll(fields.len().max(1));
    fields.rotate_left(by);
    if dice.one_in(40) {
        let key = dice.pick(&["\"eventSource\":\"x\",\n", "\\", "Records", "Events", BROKEN_KEY]);
        fields.push((key.to_owned(), literal("[1]")));
    }
}

/// A record of another service, with Bedrock all over it.
fn foreign(dice: &mut Dice<'_>) -> Node {
    let rate = dice.pick(&[0, 6]);
    let call = event(dice, Verdict::Call);
    let mut record = object(&[
        ("eventVersion", text("1.11")),
        ("userIdentity", object(&[("type", text("AWSService")), ("invokedBy", text(RUNTIME))])),
        ("eventTime", text("2026-08-01T12:00:00Z")),
    ]);
    let sources = [
        "s3.amazonaws.com",
        "bedrock-agent.amazonaws.com",
        "bedrock-agentcore.amazonaws.com",
        "aws-external-anthropic.amazonaws.com",
        "Bedrock.amazonaws.com",
        "bedrock.amazonaws.com.example",
        " bedrock.amazonaws.com",
        "bedrock",
    ];
    put(dice, rate, &mut record, "eventSource", |dice| text(dice.pick(&sources)));
    put(dice, rate, &mut record, "eventName", |dice| text(dice.pick(&["PutObject", "Converse"])));
    put(dice, rate, &mut record, "awsRegion", |_| text("us-east-1"));
    let policy = format!("{{\"Action\":\"bedrock:InvokeModel\",\"x\":{}}}", call.plain());
    let parameters = match dice.roll(5) {
        0 => object(&[("key", text("AWSLogs/111122223333/BedrockModelInvocationLogs/x"))]),
        1 => object(&[("policyDocument", text(&policy))]),
        2 => object(&[("entries", Node::Array(vec![call]))]),
        3 => call,
        _ => object(&[("logEvents", object(&[("Records", Node::Array(vec![call]))]))]),
    };
    record.fields().push(("requestParameters".to_owned(), parameters));
    if dice.one_in(3) {
        record.fields().push(("errorMessage".to_owned(), text(dice.pick(ERROR_MESSAGES))));
    }
    if dice.one_in(6) {
        // The last one holds: this is none of Bedrock's, or is one of its.
        let source = dice.pick(&[RUNTIME, "s3.amazonaws.com"]);
        record.fields().push(("eventSource".to_owned(), text(source)));
        if source == RUNTIME {
            record.fields().push(("eventName".to_owned(), text("GetFoundationModel")));
        }
    }
    disorder(dice, &mut record);
    record
}
