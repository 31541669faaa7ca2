//! Settings that come from outside: the environment and the AWS configuration files.
//!
//! Each test starts this program anew with an environment of its own, in which the test `child`
//! connects, reads an object and prints what happened.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use store::{Location, S3Options, open_source};
use testkit::block_on;

/// What the child prints before its result.
const MARK: &str = "RESULT: ";

#[test]
fn child() {
    let Ok(profile) = std::env::var("TEST_PROFILE") else { return };
    let options = S3Options {
        profile: Some(profile).filter(|profile| !profile.is_empty()),
        first_pause: Some(std::time::Duration::from_millis(1)),
        ..S3Options::default()
    };
    let result = block_on(async {
        let location: Location = "s3://logs/a".parse().unwrap();
        let store = open_source(&location, &options).await?;
        store.get("x").await?.body.collect().await
    });
    let text = match result {
        Ok(content) => String::from_utf8_lossy(&content).into_owned(),
        Err(error) => error.to_string(),
    };
    writeln!(std::io::stdout(), "{MARK}{}", text.replace('\n', " ")).unwrap();
}

struct World {
    server: Server,
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let bucket = Bucket::new("logs").region("eu-west-1").object("a/x", "content");
        Self::of(Config::new().bucket(bucket))
    }

    fn of(config: Config) -> Self {
        Self { server: Server::start(config).unwrap(), home: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// The result of a child with this profile and these variables, and no others.
    fn run(&self, profile: &str, variables: &[(&str, &str)]) -> String {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]).env_clear();
        command.env("HOME", self.home()).env("TEST_PROFILE", profile);
        command.env("AWS_ENDPOINT_URL", self.server.url());
        // Off AWS, nothing must go looking for the metadata of a machine.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let (_, result) = stdout.split_once(MARK).unwrap_or_else(|| panic!("{stdout}"));
        result.lines().next().unwrap().to_owned()
    }

    fn configure(&self, file: &str, text: &str) {
        std::fs::create_dir_all(self.home().join(".aws")).unwrap();
        std::fs::write(self.home().join(".aws").join(file), text).unwrap();
    }
}

const KEYS: &[(&str, &str)] = &[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];

#[test]
fn credentials_and_endpoint_of_the_environment() {
    assert_eq!(World::new().run("", KEYS), "content");
}

#[test]
fn no_credentials() {
    let text = World::new().run("", &[]);
    assert_eq!(
        text,
        "no usable AWS credentials (tried environment, profile `default`, web identity, container \
         and instance metadata); name a profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
    );
}

#[test]
fn no_such_profile() {
    let world = World::new();
    world.configure("config", "[profile dev]\nregion = eu-west-1\n[default]\n");
    let expected = "there is no AWS profile `nosuch`; there are: default, dev";
    assert_eq!(world.run("nosuch", KEYS), expected);
    assert_eq!(world.run("", &[("AWS_PROFILE", "nosuch")]), expected);
}

#[test]
fn a_profile_without_credentials() {
    let world = World::new();
    world.configure("config", "[profile dev]\nregion = eu-west-1\n");
    let text = world.run("dev", KEYS);
    assert!(text.starts_with("no usable AWS credentials (tried profile `dev`)"), "{text}");
}

#[test]
fn a_profile_with_credentials_region_and_tries() {
    let world = World::new();
    world.configure("credentials", "[dev]\naws_access_key_id = a\naws_secret_access_key = b\n");
    world.configure("config", "[profile dev]\nregion = eu-west-1\nmax_attempts = 2\n");
    assert_eq!(world.run("dev", &[]), "content");
    assert_eq!(world.server.stats().head_buckets, 1, "the Region was right at once");
    assert_eq!(world.run("", &[("AWS_PROFILE", "dev")]), "content");

    world.server.set_faults(vec![Fault::always(Failure::SlowDown).on(Kind::Get)]);
    let text = world.run("dev", &[]);
    assert!(text.ends_with("after 2 tries (SlowDown)"), "{text}");
    let text = world.run("dev", &[("AWS_MAX_ATTEMPTS", "5")]);
    assert!(text.ends_with("after 5 tries (SlowDown)"), "{text}");
    world.server.reset_stats();
    let text = world.run("", KEYS);
    assert!(text.ends_with("after 10 tries (SlowDown)"), "{text}");
    assert_eq!(world.server.stats().gets, 10);
}

#[test]
fn the_endpoint_of_s3_goes_before_the_general_one() {
    let world = World::new();
    let url = world.server.url();
    let mut variables = KEYS.to_vec();
    variables.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    variables.push(("AWS_ENDPOINT_URL_S3", &url));
    assert_eq!(world.run("", &variables), "content");
}

#[test]
fn a_file_of_certificates_that_is_missing() {
    let mut variables = KEYS.to_vec();
    variables.push(("AWS_CA_BUNDLE", "/no/such/bundle.pem"));
    assert_eq!(
        World::new().run("", &variables),
        "the AWS settings cannot be used: AWS_CA_BUNDLE `/no/such/bundle.pem` cannot be read"
    );
}

#[test]
fn a_provider_is_asked_once_for_all_requests() {
    let world = World::new();
    let asked = world.home().join("asked");
    let answer = world.home().join("answer");
    let credentials = r#"{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "secret",
        "SessionToken": "token", "Expiration": "2100-01-01T00:00:00Z"}"#;
    std::fs::write(&answer, credentials).unwrap();
    let script = world.home().join("provide");
    let text = format!("echo asked >> {}\n/bin/cat {}\n", asked.display(), answer.display());
    std::fs::write(&script, text).unwrap();
    let process = format!("/bin/sh {}", script.display());
    world.configure(
        "config",
        &format!("[profile dev]\nregion = eu-west-1\ncredential_process = {process}\n"),
    );
    assert_eq!(world.run("dev", &[]), "content");
    assert_eq!(std::fs::read_to_string(asked).unwrap(), "asked\n");
    assert_eq!(world.server.stats().unsigned, 0);
}

#[test]
fn a_proxy() {
    // What a proxy gets for `http://logs.nowhere.invalid/a/x`, the server takes for the object `x`
    // of a bucket `a`.
    let buckets = Config::new().bucket(Bucket::new("")).bucket(Bucket::new("a").object("x", "y"));
    let world = World::of(buckets);
    let url = world.server.url();
    let mut variables = KEYS.to_vec();
    variables.push(("AWS_ENDPOINT_URL", "http://nowhere.invalid"));
    variables.push(("HTTP_PROXY", &url));
    assert_eq!(world.run("", &variables), "y");
    variables.push(("NO_PROXY", "nowhere.invalid"));
    let text = world.run("", &variables);
    assert!(text.ends_with("nowhere.invalid cannot be reached"), "{text}");
}
