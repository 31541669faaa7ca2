//! What is a location, and what is not.

use store::Location;

const ACCESS_POINT: &str = "s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/PREFIX";

#[track_caller]
fn check(text: &str, expected: &str) {
    let location = text.parse::<Location>();
    let shown = match &location {
        Ok(Location::S3 { bucket, prefix }) => format!("bucket {bucket} prefix {prefix}"),
        Ok(Location::Folder(path)) => format!("folder {}", path.display()),
        Err(error) => format!("error {error}"),
    };
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn locations() {
    check("s3://logs", "bucket logs prefix ");
    check("s3://logs/", "bucket logs prefix ");
    check("s3://logs/a/b", "bucket logs prefix a/b/");
    check("s3://logs/a/b/", "bucket logs prefix a/b/");
    check("s3://logs//a b/ü?#%41", "bucket logs prefix /a b/ü?#%41/");
    check("S3://Old_bucket.x/a", "bucket Old_bucket.x prefix a/");
    check("/var/logs", "folder /var/logs");
    check("logs/2026:08", "folder logs/2026:08");
    check("./s3://x", "folder ./s3://x");
    check("C:\\logs", "folder C:\\logs");
    let usage = "expected `s3://bucket/prefix`";
    check("s3://", &format!("error `s3://` names no bucket: {usage}"));
    check("s3:///a", &format!("error `s3:///a` names no bucket: {usage}"));
    check("s3:/logs", &format!("error `s3:/logs` names no bucket: {usage}"));
    check("s3://a b/", &format!("error `s3://a b/` names no bucket: {usage}"));
    let arn = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint";
    check(&format!("s3://{arn}/logs"), &format!("bucket {arn}/logs prefix "));
    check(&format!("s3://{arn}/logs/a/b:c"), &format!("bucket {arn}/logs prefix a/b:c/"));
    check(&format!("s3://{arn}:logs/a/b"), &format!("bucket {arn}:logs prefix a/b/"));
    check(&format!("{arn}/logs"), &format!("bucket {arn}/logs prefix "));
    check(&format!("{arn}/logs/a/b:c"), &format!("bucket {arn}/logs prefix a/b:c/"));
    for arn in [
        "arn:foo:s3:::logs/a",
        "arn:aws:s3:::/a",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x",
        "arn:aws:s3:eu-west-1:12345678901:accesspoint/logs",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/Logs_1",
        "arn:foo:s3:eu-west-1:123456789012:accesspoint/logs",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/",
        "arn:aws:s3:eu-west-1::accesspoint/logs",
        "arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/logs",
        "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/logs",
        "arn:aws:s3express:eu-west-1:123456789012:accesspoint/logs--euw1-az1--xa-s3",
    ] {
        for text in [arn.to_owned(), format!("s3://{arn}")] {
            check(
                &text,
                &format!("error `{text}` names no access point: expected `{ACCESS_POINT}`"),
            );
        }
    }
    let bucket = "is the ARN of a bucket; did you mean";
    check("arn:aws:s3:::logs/a", &format!("error `arn:aws:s3:::logs/a` {bucket} `s3://logs/a`?"));
    let arn = "s3://arn:aws-us-gov:s3:::logs/*";
    check(arn, &format!("error `{arn}` {bucket} `s3://logs/`?"));
    check(
        "s3://logs--euw1-az1--x-s3/a",
        "error `s3://logs--euw1-az1--x-s3/a` cannot be used: the listings of a directory bucket \
         have no order",
    );
    let text = "s3://arn:aws:s3::123456789012:accesspoint/logs.mrap/a";
    check(
        text,
        &format!(
            "error `{text}` cannot be used: a Multi-Region Access Point is several buckets, which \
             are not the same at every moment; use one of a single Region, or a bucket"
        ),
    );
    assert!("s3://mfzwi23gnjvgw.mrap/a".parse::<Location>().is_err());
    check("name-7x8y9z-s3alias", "folder name-7x8y9z-s3alias");
    check("s3://name-7x8y9z-s3alias/a", "bucket name-7x8y9z-s3alias prefix a/");
    let usage = "expected `s3://bucket/prefix` or the path of a folder";
    check("gs://logs/a", &format!("error `gs://logs/a` cannot be used: {usage}"));
    check("", &format!("error a location is missing: {usage}"));
}

#[test]
fn a_location_is_shown_as_it_is_parsed() {
    let arn = "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/logs/a/";
    for text in ["s3://logs/", "s3://logs/a/b/", arn, "/var/logs", "logs"] {
        let location: Location = text.parse().unwrap();
        assert_eq!(location.to_string(), text);
    }
}

/// Tests run in the folder of the crate, which has `src`.
#[test]
fn path_that_begins_like_a_bucket_may_be_one() {
    for (text, expected) in [
        ("logs", Some("s3://logs")),
        ("my.logs-1/a/b/", Some("s3://my.logs-1/a/b/")),
        ("s3/logs/a", Some("s3://logs/a")),
        ("logs.json/a", Some("s3://logs.json/a")),
        // A folder, or in one.
        ("src", None),
        ("src/new", None),
        // Or no name of a bucket.
        ("logs.json", None),
        ("./logs", None),
        ("../logs", None),
        ("/logs", None),
        ("Logs", None),
        ("my_logs", None),
        ("-logs", None),
        ("ab", None),
        ("-", None),
        ("s3://logs", None),
    ] {
        let location = text.parse::<Location>().unwrap();
        assert_eq!(location.meant().as_deref(), expected, "{text}");
    }
}
