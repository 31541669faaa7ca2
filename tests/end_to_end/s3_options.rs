//! What goes along with requests to S3, how it is reached, and what it keeps in archives.

use s3_server::{Bucket, Config, Kind, Recorded, Server};

use crate::world::{ACCOUNT, REGION, World, call, document, key};

const DAY: &str = "2026-10-05";
const KMS_KEY: &str = "alias/analytics";
const OWNER: &str = "444455556666";

/// A bucket with one object of a trail for each storage class.
fn trail(storage_classes: &[&'static str]) -> Bucket {
    storage_classes.iter().fold(Bucket::new("org-trail"), |bucket, storage_class| {
        let key = key(ACCOUNT, REGION, "20261005T1210Z", storage_class);
        let record = call(&format!("e-{storage_class}"), "2026-10-05T12:00:00Z");
        bucket.object_of(storage_class, &key, document(&[record]))
    })
}

/// A server with a trail and an empty destination, which keeps what is asked.
fn server(storage_classes: &[&'static str]) -> Server {
    let config = Config::new().bucket(trail(storage_classes)).bucket(Bucket::new("analytics"));
    Server::start(Config { records: true, ..config }).unwrap()
}

fn locations<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let locations = [command, "--source", "s3://org-trail", "--dest", "s3://analytics/bedrock"];
    [&locations[..], more].concat()
}

/// Lease, tables, and manifests; and reading back is for the same owner only.
#[test]
fn all_that_is_written_is_encrypted_and_every_request_to_the_destination_names_its_owner() {
    let server = server(&["STANDARD"]);
    let world = World::new();
    let owner = ["--expected-bucket-owner", OWNER];
    let sse = ["--sse", "aws:kms", "--sse-kms-key-id", KMS_KEY];
    let acl = ["--acl", "bucket-owner-full-control"];
    let more = [&["--day", DAY][..], &owner, &sse, &acl].concat();
    world.hoptrail_on(&server, &locations("run", &more)).ends(0);
    let written: Vec<_> =
        server.recorded().into_iter().filter(|request| request.kind == Kind::Put).collect();
    for part in ["_hoptrail/lease", "_hoptrail/manifest/", "invocations/dt=", "ingest/dt="] {
        assert!(written.iter().any(|request| request.key.contains(part)), "{part}");
    }
    for request in &written {
        let header = |name: &str| request.header(name).unwrap_or_else(|| panic!("{request:?}"));
        assert_eq!(header("x-amz-server-side-encryption"), "aws:kms");
        assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id"), KMS_KEY);
        assert_eq!(header("x-amz-acl"), "bucket-owner-full-control");
    }

    // A second run changes nothing; `plan` and `verify` only read.
    world.hoptrail_on(&server, &locations("run", &more)).ends(0);
    world.hoptrail_on(&server, &locations("verify", &owner)).ends(0);
    let plan = locations("plan", &[&["--day", DAY][..], &owner].concat());
    let plan = world.hoptrail_on(&server, &plan).ends(0);
    assert!(plan.stdout.contains("Days       1 unchanged"), "{}", plan.stdout);
    let named = |request: &Recorded| request.header("x-amz-expected-bucket-owner").is_some();
    for request in server.recorded() {
        assert_eq!(named(&request), request.bucket == "analytics", "{request:?}");
    }
}

/// An access point has a host of its own, which the server hears as a proxy.
#[test]
fn access_points_are_sources_and_destinations() {
    let (source, dest) = (Bucket::new("trail-111122223333"), Bucket::new("tables-111122223333"));
    let key = key(ACCOUNT, REGION, "20261005T1210Z", "x");
    let source = source.object(&key, document(&[call("e1", "2026-10-05T12:00:00Z")]));
    let server = Server::start(Config::new().bucket(source).bucket(dest)).unwrap();
    let world = World::new();
    let hoptrail = |arguments: &[&str]| {
        let mut command = world.command_on(&server, arguments);
        command.env("AWS_ENDPOINT_URL", "http://s3.invalid").env("HTTP_PROXY", server.url());
        crate::world::Run::of(command.output().unwrap())
    };
    let point = "arn:aws:s3:us-west-2:111122223333:accesspoint";
    // The ARN alone or as a URI.
    let (bare, uri) = (format!("{point}/trail"), format!("s3://{point}/tables/bedrock"));
    let locations = ["--source", &bare, "--dest", &uri];
    let run = [&["run"][..], &locations, &["--day", DAY]].concat();
    let first = hoptrail(&run).ends(0);
    assert!(first.stdout.contains(&format!("1 call on 1 day to {uri}/")), "{}", first.stdout);
    hoptrail(&run).ends(0);
    hoptrail(&[&["verify"][..], &locations].concat()).ends(0);
    let written = server.keys("tables-111122223333");
    let manifest = format!("bedrock/_hoptrail/manifest/dt={DAY}.json");
    assert!(written.contains(&manifest) && written.len() >= 7, "{written:?}");
    let inside = format!("{point}/trail/out");
    let run =
        hoptrail(&["run", "--source", &format!("{point}/trail"), "--dest", &inside, "--day", DAY]);
    run.says(2, &["is inside the source"]);
}

#[test]
fn options_that_make_no_sense_are_usage_errors() {
    let check = |more: &[&str], parts: &[&str]| {
        let world = World::new();
        let dest = world.text("out");
        let days = ["run", "--source", "s3://org-trail", "--dest", &dest, "--day", DAY];
        world.hoptrail(&[&days[..], more].concat()).says(2, parts);
    };
    let without = "--sse-kms-key-id has no effect without --sse aws:kms";
    check(&["--sse-kms-key-id", KMS_KEY], &[without]);
    check(&["--sse", "AES256", "--sse-kms-key-id", KMS_KEY], &[without]);
    check(&["--expected-bucket-owner", "4444"], &["expected 12 digits, found `4444`"]);
    let run = World::new().hoptrail(&["run", "--sse", "aes256"]).ends(2);
    assert!(run.stderr.contains("possible values: AES256, aws:kms"), "{}", run.stderr);
    let run = World::new().hoptrail(&["run", "--acl", "mine"]).ends(2);
    assert!(run.stderr.contains("bucket-owner-full-control"), "{}", run.stderr);
    let point = "s3://arn:aws:s3:us-east-1:123456789012:accesspoint/point";
    let run = World::new().hoptrail(&["ddl", "athena", "--location", point]);
    run.says(2, &["the alias of an access point"]);
}

#[test]
fn archived_objects_are_counted_by_plan_and_named_by_run() {
    let server = server(&["STANDARD", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"]);
    let world = World::new();
    let plan = ["plan", "--source", "s3://org-trail", "--day", DAY];
    let text = world.hoptrail_on(&server, &plan).ends(0).stdout;
    assert!(text.contains("Archived   2 objects, "), "{text}");
    let json = world.hoptrail_on(&server, &[&plan[..], &["--output", "json"]].concat()).ends(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&json["plan"]["objects"], &json["plan"]["archived_objects"]),
        (&4.into(), &2.into())
    );
    let size = |storage_class: &str| {
        let key = key(ACCOUNT, REGION, "20261005T1210Z", storage_class);
        server.object("org-trail", &key).unwrap().len()
    };
    assert_eq!(json["plan"]["archived_bytes"], size("GLACIER") + size("DEEP_ARCHIVE"));

    let out = world.text("out");
    let run = ["run", "--source", "s3://org-trail", "--dest", &out, "--day", DAY];
    let run = world.hoptrail_on(&server, &run).ends(3);
    assert_eq!(world.event_ids(DAY), ["e-GLACIER_IR", "e-STANDARD"]);
    for storage_class in ["GLACIER", "DEEP_ARCHIVE"] {
        let expected = format!("is archived ({storage_class}) and must be restored before");
        assert!(run.stderr.contains(&expected) || run.stdout.contains(&expected), "{run:?}");
    }
}

#[test]
fn host_that_cannot_be_resolved_is_named_within_seconds() {
    let start = std::time::Instant::now();
    let arguments = ["plan", "--source", "s3://org-trail", "--day", DAY, "--no-sign-request"];
    let check = |more: &[&str], parts: &[&str]| {
        World::new().hoptrail(&[&arguments[..], more].concat()).says(1, parts);
    };
    check(&["--endpoint-url", "http://nowhere-1234:9000"], &["the host `nowhere-1234` cannot be"]);
    let endpoint = ["--endpoint-url", "http://s3.nowhere.invalid"];
    check(&endpoint, &["`org-trail.s3.nowhere.invalid`", "with the bucket in the path"]);
    let path_style = [&endpoint[..], &["--addressing-style", "path"]].concat();
    check(&path_style, &["the host `s3.nowhere.invalid` cannot be resolved"]);
    assert!(start.elapsed().as_secs() < 40, "{:?}", start.elapsed());
}

#[test]
fn profile_that_gives_no_credentials_says_why() {
    let world = World::new();
    world.write(
        ".aws/config",
        "[profile console]\nlogin_session = arn:aws:iam::123456789012:user/ann\n\
         [profile vault]\ncredential_process = sh -c 'echo vault is sealed >&2; exit 2'\n",
    );
    let check = |profile: &str, parts: &[&str]| {
        let arguments = ["plan", "--source", "s3://org-trail", "--day", DAY, "--profile", profile];
        let mut command = world.command(&arguments);
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        crate::world::Run::of(command.output().unwrap()).says(1, parts);
    };
    check("console", &["run `aws login`", ".aws/login/cache/"]);
    check("vault", &["`credential_process`", "exit status: 2", "vault is sealed"]);
}
