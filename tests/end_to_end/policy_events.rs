//! `policy simulate --event-id`: what a row of the tables says of condition keys, and what one of an earlier
//! version leaves open.

use std::fs;
use std::path::Path;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::hostile::sha256;
use crate::policy::simulate;
use crate::world::{World, call, with};

const DAY: &str = "2026-10-05";

/// A day with a call of a role's session (`role`), one with the key of a user (`user`), one through a VPC endpoint
/// (`endpoint`), and one that a service made (`service`).
fn world() -> World {
    let world = World::new();
    let of = |id: &str| with(call(id, "2026-10-05T12:00:00Z"), "/userAgent", "Boto3/1.40");
    let role = json!({
        "type": "AssumedRole", "principalId": "AROAEXAMPLE:session", "accountId": "111122223333",
        "arn": "arn:aws:sts::111122223333:assumed-role/App/session", "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": "AROAEXAMPLE", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:role/team/App", "userName": "App",
            },
            "attributes": { "creationDate": "2026-10-05T11:00:00Z", "mfaAuthenticated": "false" },
        },
    });
    let user = json!({
        "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": "111122223333",
        "arn": "arn:aws:iam::111122223333:user/people/ada", "userName": "ada",
        "accessKeyId": "AKIAEXAMPLE",
    });
    let of_role = |id: &str| with(of(id), "/userIdentity", role.clone());
    let endpoint = with(of_role("endpoint"), "/vpcEndpointId", "vpce-1");
    let endpoint = with(endpoint, "/sourceIPAddress", "10.0.0.1");
    let service = with(of_role("service"), "/userIdentity/invokedBy", "athena.amazonaws.com");
    let service = with(service, "/sourceIPAddress", "athena.amazonaws.com");
    let records = [of_role("role"), with(of("user"), "/userIdentity", user), endpoint, service];
    world.object("20261005T1210Z", "a", &records);
    world.run(&["--day", DAY]).ends(0);
    world
}

/// A policy that denies all calls on a condition.
fn deny(world: &World, operator: &str, key: &str, value: &str) -> String {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "No", "Effect": "Deny", "Action": "bedrock:*", "Resource": "*",
            "Condition": { operator: { key: value } },
        }],
    });
    world.write("deny.json", policy.to_string())
}

fn verdict(world: &World, event: &str, org: &str, more: &[&str]) -> String {
    let out = world.text("out");
    let asked = ["--event-id", event, "--dest", &out, "--org", org, "--output", "jsonl"];
    let answer = simulate(world, &[&asked[..], more].concat()).ends(0).stdout;
    let answer = serde_json::from_str::<Value>(&answer).unwrap();
    answer["verdict"].as_str().unwrap().to_owned()
}

/// The verdicts on the four calls, by their first letters.
fn verdicts(world: &World, operator: &str, key: &str, value: &str) -> String {
    let org = deny(world, operator, key, value);
    let events = ["role", "user", "endpoint", "service"];
    events.map(|event| verdict(world, event, &org, &[])[..1].to_owned()).concat()
}

#[test]
fn row_says_what_the_request_had() {
    let world = world();
    for (operator, key, value, expected) in [
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/team/*", "dadd"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/App", "aaaa"),
        ("StringLike", "aws:userid", "AROAEXAMPLE:*", "dadd"),
        ("StringEquals", "aws:username", "ada", "adaa"),
        ("StringEquals", "aws:PrincipalType", "AssumedRole", "dadd"),
        ("Bool", "aws:ViaAWSService", "false", "dddi"),
        ("Null", "aws:CalledVia", "true", "dddi"),
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24", "ddai"),
        ("StringNotEquals", "aws:SourceVpce", "vpce-1", "ddai"),
        ("StringLike", "aws:UserAgent", "Boto3/*", "dddi"),
        ("Null", "aws:TokenIssueTime", "true", "adaa"),
        ("Null", "aws:MultiFactorAuthPresent", "true", "idii"),
        ("Bool", "aws:MultiFactorAuthPresent", "true", "iaii"),
        ("Null", "aws:SourceIdentity", "true", "dddd"),
        ("Null", "aws:FederatedProvider", "true", "idii"),
        ("Bool", "aws:PrincipalIsAWSService", "true", "aaaa"),
    ] {
        assert_eq!(verdicts(&world, operator, key, value), expected, "{operator} {key} {value}");
    }
}

#[test]
fn option_beats_what_was_logged() {
    let world = world();
    let org = deny(&world, "IpAddress", "aws:SourceIp", "192.0.2.0/24");
    let context = ["--context", "AWS:SourceIP=203.0.113.1"];
    assert_eq!(verdict(&world, "role", &org, &context), "allowed");
    assert_eq!(verdict(&world, "role", &org, &["--absent", "aws:SourceIp"]), "allowed");
}

/// Replaces the calls of the day by a file of the version before, which the manifest names.
fn make_older(world: &World, path: &Path) {
    rewrite(path);
    let manifest = world.out().join(format!("_hoptrail/manifest/dt={DAY}.json"));
    let mut json = serde_json::from_slice::<Value>(&fs::read(&manifest).unwrap()).unwrap();
    let outputs = json["outputs"].as_array_mut().unwrap();
    let is_of_calls =
        |output: &&mut Value| output["key"].as_str().unwrap().starts_with("invocations/");
    let output = outputs.iter_mut().find(is_of_calls).unwrap();
    let bytes = fs::read(path).unwrap();
    output["bytes"] = bytes.len().into();
    output["sha256"] = sha256(&bytes).into();
    // Manifests of earlier versions have none.
    output.as_object_mut().unwrap().remove("md5");
    assert_eq!(json["made_with"]["schema"], 7);
    json["made_with"]["schema"] = 6.into();
    fs::write(&manifest, json.to_string()).unwrap();
}

/// Writes the file of a table as the version before wrote it: without the columns of the caller.
fn rewrite(path: &Path) {
    const NEW: [&str; 12] = [
        "iam_principal_arn",
        "principal_account_id",
        "principal_id",
        "is_temporary_credential",
        "mfa_authenticated",
        "invoked_by",
        "source_identity",
        "federated_provider",
        "vpc_endpoint_account_id",
        "is_from_console",
        "endpoint_host",
        "tls_version",
    ];
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let entries = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let entries = entries.into_iter().map(|entry| match entry.key.as_str() {
        "hoptrail.schema_version" => KeyValue::new(entry.key, "6".to_owned()),
        _ => entry,
    });
    let entries = Some(entries.collect::<Vec<_>>());
    let fields = reader.schema().fields().iter().enumerate();
    let kept = fields.filter(|(_, field)| !NEW.contains(&field.name().as_str()));
    let kept = kept.map(|(place, _)| place).collect::<Vec<_>>();
    assert_eq!(kept.len() + NEW.len(), reader.schema().fields().len());
    let schema = reader.schema().project(&kept).unwrap();
    let properties = WriterProperties::builder().set_key_value_metadata(entries).build();
    let batches = reader.build().unwrap().map(Result::unwrap).collect::<Vec<_>>();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, schema.into(), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(&batch.project(&kept).unwrap()).unwrap());
    writer.close().unwrap();
}

#[test]
fn table_of_the_version_before_is_read_and_leaves_keys_unknown() {
    let world = world();
    let path = world.out().join(format!("invocations/dt={DAY}/part-0.parquet"));
    let newer = fs::read(&path).unwrap();
    let shown = || {
        let (out, page) = (world.text("out"), world.text("page.html"));
        let of_day = ["--dest", &out, "--day", DAY];
        let shown = world.hoptrail(&[&["show", "routing"], &of_day[..]].concat()).ends(0).stdout;
        world.hoptrail(&[&["report", "--output", &page], &of_day[..]].concat()).ends(0);
        (shown, fs::read_to_string(page).unwrap())
    };
    let before = shown();
    make_older(&world, &path);
    assert!(shown() == before, "not the same answers");
    for (operator, key, value, expected) in [
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/team/*", "iaii"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Other", "aaaa"),
        ("StringLike", "aws:userid", "AROAEXAMPLE:*", "iiii"),
        ("Bool", "aws:ViaAWSService", "false", "iiii"),
        ("Null", "aws:ViaAWSService", "true", "aaaa"),
        ("Null", "aws:SourceIdentity", "true", "iiii"),
        ("Null", "aws:FederatedProvider", "true", "iiii"),
        ("Null", "aws:MultiFactorAuthPresent", "true", "iiii"),
        // The columns for it are not new.
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24", "ddai"),
    ] {
        assert_eq!(verdicts(&world, operator, key, value), expected, "{operator} {key} {value}");
    }
    // A run over the day builds it anew.
    world.run(&["--day", DAY]).ends(0);
    assert!(fs::read(&path).unwrap() == newer, "not as it was");
}
