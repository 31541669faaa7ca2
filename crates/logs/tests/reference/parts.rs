//! The fields of generated records, usual and unusual.

use super::dice::Dice;
use super::generate::{Rate, disorder, put};
use super::text::{BROKEN_KEY, Node, literal, object, text};

const COUNTS: &[&str] = &[
    "0",
    "17",
    "238604",
    "\"17\"",
    "1099511627776",
    "\"1099511627776\"",
    "1099511627777",
    "9223372036854775807",
    "\"9223372036854775807\"",
    "-0",
    "\"007\"",
    "\"\\u0031\\u0032\"",
    "-1",
    "\"-1\"",
    "1.5",
    "1.0",
    "1e3",
    "1E400",
    "9223372036854775808",
    "\"9223372036854775808\"",
    "18446744073709551616",
    "\"\"",
    "\"+1\"",
    "\" 1\"",
    "\"1,000\"",
    "\"\u{0663}\"",
    "true",
    "{}",
];

const BOOLEANS: &[&str] =
    &["true", "false", "\"true\"", "\"false\"", "\"tru\\u0065\"", "\"True\"", "\"\"", "1", "null"];

const TIMES: &[&str] = &[
    "2026-08-01T12:00:00Z",
    "2024-07-08T17:06:49.0000000Z",
    "2026-06-02T22:24:15.999999999Z",
    "2026-06-03T00:24:15+02:00",
    "2026-06-02T12:24:15.5-09:30",
    "2024-02-29T23:59:59Z",
    "2013-01-01T00:00:00Z",
    "2012-12-31T19:00:00-05:00",
    "2100-12-31T23:59:59.999Z",
    "2012-12-31T23:59:59.999Z",
    "2013-01-01T01:00:00+02:00",
    "2101-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-08-01T25:00:00Z",
    "2026-08-01T12:00:00",
    "2026-08-01",
    "1785585600",
    "[REDACTED]",
    "0026-08-01T12:00:00Z",
    "August 1, 2026 at noon, which is a text that is longer than it may be shown",
];

const MODELS: &[&str] = &[
    "us.anthropic.claude-sonnet-4-6",
    "global.anthropic.claude-opus-4-6-v1",
    "anthropic.claude-3-sonnet-20240229-v1:0:28k",
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abcdef123456",
    "arn:aws:bedrock:us-east-2::foundation-model/amazon.nova-pro-v1%3A0",
    "models/\u{30e2}\u{30c7}\u{30eb} \"quoted\" \\ \n",
];

pub(crate) const IDENTITY_TYPES: &[&str] = &[
    "AssumedRole",
    "IAMUser",
    "Root",
    "Role",
    "FederatedUser",
    "AWSAccount",
    "AWSService",
    "IdentityCenterUser",
    "Directory",
    "SAMLUser",
    "WebIdentityUser",
    "Unknown",
    "",
];

const IDENTITY_ARNS: &[&str] = &[
    "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
    "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123/ada@example.com",
    "arn:aws-us-gov:sts::111122223333:assumed-role/app/a/b",
    "arn:aws:sts::111122223333:assumed-role/app/",
    "arn:aws:sts::111122223333:assumed-role/app",
    "arn:aws:iam::111122223333:user/team/ada",
    "arn:aws:iam::111122223333:user/",
    "arn:aws:iam::111122223333:root",
    "arn:aws:sts::111122223333:federated-user/bo",
    "arn:gcp:iam::111122223333:user/ada",
    "[REDACTED]",
    "",
];

const ISSUER_ARNS: &[&str] = &[
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123",
    "arn:aws:sts::111122223333:assumed-role/app",
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1",
    "\u{0}",
    "",
];

pub(super) fn id(dice: &mut Dice<'_>) -> Node {
    match dice.roll(8) {
        0 => text("A1E5CACE-56AD-37B9-BE9D-D52D0F29A6A1"),
        1 => text("a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"),
        2 => text("d\u{e9}j\u{e0} vu \u{1f980}"),
        _ => {
            let (a, b) = (dice.roll(1 << 32), dice.roll(1 << 16));
            text(&format!("{a:08x}-56ad-37b9-be9d-d52d0f29{b:04x}"))
        }
    }
}

pub(super) fn time(dice: &mut Dice<'_>) -> Node {
    if dice.one_in(6) {
        return text(dice.pick(TIMES));
    }
    let date =
        format!("{}-{:02}-{:02}", 2013 + dice.roll(88), 1 + dice.roll(12), 1 + dice.roll(28),);
    let clock = format!("{:02}:{:02}:{:02}", dice.roll(24), dice.roll(60), dice.roll(60));
    let digits = dice.pick(&[0, 0, 0, 1, 3, 6, 9]);
    let fraction = format!(".{:09}", dice.roll(1_000_000_000));
    let fraction = if digits == 0 { "" } else { &fraction[..=digits] };
    let offset = dice.pick(&["Z", "Z", "Z", "+00:00", "-11:45", "+14:00"]);
    text(&format!("{date}T{clock}{fraction}{offset}"))
}

pub(super) fn parameters(dice: &mut Dice<'_>, rate: Rate, mantle: bool) -> Node {
    let mut parameters = Node::Object(Vec::new());
    let key = if mantle { "model" } else { "modelId" };
    put(dice, rate, &mut parameters, key, |dice| text(dice.pick(MODELS)));
    if dice.one_in(12) {
        put(dice, rate, &mut parameters, "model", |dice| text(dice.pick(MODELS)));
    }
    if dice.one_in(4) {
        let config = object(&[("maxTokens", literal("32768")), ("modelId", text("nested"))]);
        parameters.fields().push(("inferenceConfig".to_owned(), config));
    }
    if dice.one_in(6) {
        let mut config = Node::Object(Vec::new());
        put(dice, rate, &mut config, "modelArn", |dice| text(dice.pick(MODELS)));
        let deeper = object(&[("x", object(&[("modelIdentifier", text("nested"))]))]);
        let mut outer = object(&[("a", deeper), ("b", config)]);
        disorder(dice, &mut outer);
        parameters.fields().push(("configuration".to_owned(), outer));
        if dice.one_in(2) {
            parameters.fields().retain(|(key, _)| key != "modelId" && key != "model");
        }
    }
    if mantle || dice.one_in(8) {
        put(dice, rate, &mut parameters, "callWithBearerToken", |d| literal(d.pick(BOOLEANS)));
        put(dice, rate, &mut parameters, "service_tier", tier);
        let metadata = object(&[(BROKEN_KEY, text("platform")), ("modelId", literal("1e999"))]);
        parameters.fields().push(("metadata".to_owned(), metadata));
    }
    if dice.one_in(8) {
        put(dice, rate, &mut parameters, "serviceTier", tier);
    }
    if dice.one_in(8) {
        put(dice, rate, &mut parameters, "performanceConfig", performance);
    }
    if dice.one_in(8) {
        put(dice, rate, &mut parameters, "performanceConfigLatency", plain_latency);
    }
    if dice.one_in(8) {
        let key = dice.pick(&["guardrailConfig", "guardrailIdentifier"]);
        put(dice, rate, &mut parameters, key, |_| text("g1"));
    }
    disorder(dice, &mut parameters);
    parameters
}

fn plain_latency(dice: &mut Dice<'_>) -> Node {
    if dice.one_in(6) {
        return literal(dice.pick(&["7", "[\"optimized\"]", "{}"]));
    }
    text(dice.pick(&["optimized", "standard", "fast", ""]))
}

fn performance(dice: &mut Dice<'_>) -> Node {
    let latency = text(dice.pick(&["optimized", "standard", "fast", ""]));
    match dice.roll(4) {
        0 => literal(dice.pick(&[
            "{}",
            "{\"latency\":5}",
            "{\"latency\":\"optimized\",\"\\ud800\":1}",
            "7",
        ])),
        1 => object(&[("latency", literal("\"standard\"")), ("latency", latency)]),
        _ => object(&[("latency", latency)]),
    }
}

fn tier(dice: &mut Dice<'_>) -> Node {
    let name = text(dice.pick(&["default", "flex", "priority"]));
    match dice.roll(4) {
        0 => object(&[("type", name), ("x", literal("1"))]),
        1 => literal(dice.pick(&["{}", "{\"type\":5}", "{\"type\":null}", "{\"\\ud800\":1}", "7"])),
        _ => name,
    }
}

pub(super) fn additional(dice: &mut Dice<'_>, rate: Rate) -> Node {
    let mut data = Node::Object(Vec::new());
    if !dice.one_in(3) {
        let regions = ["us-east-2", "ap-southeast-4"];
        put(dice, rate, &mut data, "inferenceRegion", |dice| text(dice.pick(&regions)));
    }
    let usual = if dice.one_in(4) { COUNTS } else { &COUNTS[..6] };
    if !dice.one_in(3) {
        put(dice, rate, &mut data, "inputTokens", |dice| literal(dice.pick(usual)));
        put(dice, rate, &mut data, "outputTokens", |dice| literal(dice.pick(usual)));
    }
    if dice.one_in(6) {
        put(dice, rate, &mut data, "serviceTier", tier);
    }
    if dice.one_in(6) {
        put(dice, rate, &mut data, "resolvedServiceTier", tier);
    }
    if dice.one_in(8) {
        put(dice, rate, &mut data, "performanceConfig", performance);
    }
    if dice.one_in(8) {
        put(dice, rate, &mut data, "performanceConfigLatency", plain_latency);
        put(dice, rate, &mut data, "service_tier", tier);
    }
    if dice.one_in(6) {
        put(dice, rate, &mut data, "callWithBearerToken", |dice| literal(dice.pick(BOOLEANS)));
    }
    data.fields().push(("bodies".to_owned(), nested(140)));
    disorder(dice, &mut data);
    data
}

pub(super) fn addendum(dice: &mut Dice<'_>, rate: Rate) -> Node {
    let mut addendum = object(&[("reason", text("UPDATED_DATA"))]);
    put(dice, rate, &mut addendum, "originalEventID", id);
    disorder(dice, &mut addendum);
    addendum
}

pub(super) fn tls(dice: &mut Dice<'_>, rate: Rate) -> Node {
    let mut tls = object(&[("cipherSuite", text("TLS_AES_128_GCM_SHA256"))]);
    put(dice, rate, &mut tls, "tlsVersion", |dice| text(dice.pick(&["TLSv1.3", "TLSv1.2"])));
    let hosts = ["bedrock-runtime.us-east-1.amazonaws.com", "bedrock-mantle.us-east-1.api.aws"];
    let key = "clientProvidedHostHeader";
    put(dice, rate, &mut tls, key, |dice| text(dice.pick(&hosts)));
    disorder(dice, &mut tls);
    tls
}

/// Deeper than a tree of `serde_json` goes.
fn nested(depth: usize) -> Node {
    literal(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)))
}

pub(super) fn identity(dice: &mut Dice<'_>) -> Node {
    let rate = dice.pick(&[0, 0, 0, 8]);
    let mut identity = Node::Object(Vec::new());
    let mut some = |dice: &mut Dice<'_>, key: &str, texts: &[&str]| {
        if !dice.one_in(3) {
            put(dice, rate, &mut identity, key, |dice| text(dice.pick(texts)));
        }
    };
    let types = if dice.one_in(2) { IDENTITY_TYPES } else { &IDENTITY_TYPES[..2] };
    some(dice, "type", types);
    some(dice, "arn", IDENTITY_ARNS);
    some(dice, "principalId", &["AROAEXAMPLE:i-01", "AROAEXAMPLE:", "AIDAEXAMPLE"]);
    some(dice, "accountId", &["012345678901"]);
    some(dice, "userName", &["ada", "BedrockAPIKey-xxxx", ""]);
    some(dice, "accessKeyId", &["ASIAEXAMPLE", "AKIAEXAMPLE", "", "EXAMPLE"]);
    if dice.one_in(2) {
        some(dice, "invokedBy", &["bedrock.amazonaws.com", "agents.amazonaws.com"]);
    }
    if dice.one_in(2) {
        put(dice, rate, &mut identity, "sessionContext", |dice| {
            let mut context = object(&[("ec2RoleDelivery", text("2.0"))]);
            put(dice, rate, &mut context, "sessionIssuer", |dice| {
                let mut issuer = object(&[("type", text("Role"))]);
                let names = ["app", "AWSReservedSSO_Dev_0123", ""];
                put(dice, rate, &mut issuer, "userName", |dice| text(dice.pick(&names)));
                if dice.one_in(2) {
                    put(dice, rate, &mut issuer, "arn", |dice| text(dice.pick(ISSUER_ARNS)));
                }
                if dice.one_in(8) { literal("{}") } else { issuer }
            });
            if dice.one_in(2) {
                put(dice, rate, &mut context, "attributes", |dice| {
                    let mut attributes = object(&[("creationDate", text("2026-08-01T11:00:00Z"))]);
                    let key = "mfaAuthenticated";
                    put(dice, rate, &mut attributes, key, |dice| literal(dice.pick(BOOLEANS)));
                    if dice.one_in(8) { literal("{}") } else { attributes }
                });
            }
            if dice.one_in(4) {
                put(dice, rate, &mut context, "sourceIdentity", |_| text("ada@example.com"));
            }
            if dice.one_in(4) {
                put(dice, rate, &mut context, "webIdFederationData", |dice| {
                    let mut federation = object(&[("attributes", literal("{}"))]);
                    let key = "federatedProvider";
                    let providers = ["accounts.google.com", ISSUER_ARNS[3], ""];
                    put(dice, rate, &mut federation, key, |dice| text(dice.pick(&providers)));
                    federation
                });
            }
            context
        });
    }
    if dice.one_in(4) {
        put(dice, rate, &mut identity, "onBehalfOf", |dice| {
            let mut user = object(&[("identityStoreArn", text("arn:aws:identitystore:::x"))]);
            put(dice, rate, &mut user, "userId", |dice| text(dice.pick(&["u-1", ""])));
            user
        });
    }
    disorder(dice, &mut identity);
    identity
}

/// Request and response of an event that creates an ARN.
pub(super) fn learning(dice: &mut Dice<'_>, rate: Rate, record: &mut Node, name: &str) {
    let models = ["us.zai.glm-5", "arn:aws:bedrock:us-east-1::foundation-model/a.b"];
    let names = ["search", "\u{691c}\u{7d22}"];
    let pick = |dice: &mut Dice<'_>, texts: &[&str]| match dice.roll(8) {
        7 => literal(dice.pick(&["null", "5", "{}", "[]"])),
        6 => text(dice.pick(&["", HIDDEN])),
        _ => text(dice.pick(texts)),
    };
    let (model, called) = (pick(dice, &models), pick(dice, &names));
    let arn = pick(dice, &["arn:aws:bedrock:us-east-1:111122223333:x/1", "arn:x"]);
    let (request, response) = match name {
        "CreateInferenceProfile" if dice.one_in(4) => (
            object(&[("modelSource", model), ("inferenceProfileName", called)]),
            object(&[("inferenceProfileArn", arn)]),
        ),
        "CreateInferenceProfile" => (
            object(&[
                ("inferenceProfileName", called),
                ("modelSource", object(&[("copyFrom", model)])),
            ]),
            object(&[("inferenceProfileArn", arn), ("status", text("ACTIVE"))]),
        ),
        "CreateProvisionedModelThroughput" => (
            object(&[("modelId", model), ("provisionedModelName", called)]),
            object(&[("provisionedModelArn", arn)]),
        ),
        _ => (
            object(&[("ModelDeploymentName", called), ("ModelArn", model)]),
            object(&[("CustomModelDeploymentArn", arn)]),
        ),
    };
    let whole = |dice: &mut Dice<'_>, node: Node| match dice.roll(12) {
        0 if rate > 0 => literal("null"),
        1 if rate > 0 => literal("\"HIDDEN_DUE_TO_SECURITY_REASONS\""),
        _ => node,
    };
    let (request, response) = (whole(dice, request), whole(dice, response));
    record.fields().push(("requestParameters".to_owned(), request));
    record.fields().push(("responseElements".to_owned(), response));
    if dice.one_in(8) {
        let code = dice.pick(&["null", "\"AccessDenied\""]);
        record.fields().push(("errorCode".to_owned(), literal(code)));
    }
}

/// Request and response of an event that creates a batch job or stops one.
pub(super) fn job(dice: &mut Dice<'_>, rate: Rate, record: &mut Node) {
    let some = |dice: &mut Dice<'_>, texts: &[&str]| match dice.roll(8) {
        7 if rate > 0 => literal(dice.pick(&["null", "5", "{}", "[]"])),
        6 => text(dice.pick(&["", HIDDEN])),
        _ => text(dice.pick(texts)),
    };
    let arns = [
        "arn:aws:bedrock:us-east-1:111122223333:model-invocation-job/abc123def456",
        "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:model-invocation-job/x1",
        "abc123def456",
    ];
    let request = object(&[
        ("jobName", some(dice, &["nightly", "\u{691c}\u{7d22}"])),
        ("modelId", text("us.amazon.nova-lite-v1:0")),
        ("jobIdentifier", some(dice, &arns)),
        (
            "inputDataConfig",
            object(&[("s3InputDataConfig", object(&[("s3Uri", text("s3://in/"))]))]),
        ),
    ]);
    let response = match dice.roll(4) {
        0 => literal("null"),
        _ => object(&[("jobArn", some(dice, &arns))]),
    };
    record.fields().push(("requestParameters".to_owned(), request));
    record.fields().push(("responseElements".to_owned(), response));
}

const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
