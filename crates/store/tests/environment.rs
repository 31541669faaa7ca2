//! Settings that come from outside: the environment and the AWS configuration files.
//!
//! Each test starts this program anew with an environment of its own, in which the test `child`
//! connects, reads an object and prints what happened.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
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
        addressing_style: std::env::var("TEST_ADDRESSING").ok().map(|text| text.parse().unwrap()),
        ..S3Options::default()
    };
    let result = block_on(async {
        let location = std::env::var("TEST_LOCATION");
        let location: Location = location.as_deref().unwrap_or("s3://logs/a").parse().unwrap();
        let store = open_source(&location, &options).await?;
        store.get("x").await?.body.collect().await
    });
    let text = match result {
        Ok(content) => String::from_utf8_lossy(&content).into_owned(),
        Err(error) => match (std::env::var_os("TEST_CAUSE"), error.source()) {
            (Some(_), Some(cause)) => format!("{error}: {cause}"),
            _ => error.to_string(),
        },
    };
    writeln!(std::io::stdout(), "{MARK}{}", text.replace('\n', " ")).unwrap();
}

/// SHA-256 of `arn:aws:iam::123456789012:user/ann`, the session of a login.
const LOGIN_CACHE: &str = "143b1fc18f5ca9bb89e81d9a77fe53029e237039039ccab734b6fb08284f7780.json";

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
    let expected = "there is no AWS profile `nosuch`; the AWS configuration files have none";
    assert_eq!(world.run("nosuch", KEYS), expected);
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

#[test]
fn a_proxy_that_cannot_be_used_is_named_after_one_try() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        BufReader::new(&stream).read_line(&mut String::new()).unwrap();
        (&stream).write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").unwrap();
        drop(stream);
        listener.set_nonblocking(true).unwrap();
        listener
    });
    let mut variables = KEYS.to_vec();
    let proxy = format!("http://user:secret@{address}");
    variables.extend([("AWS_ENDPOINT_URL", "https://store.invalid"), ("TEST_CAUSE", "1")]);
    variables.push(("https_proxy", &proxy));
    let text = World::new().run("", &variables);
    let expected = format!(
        "https://store.invalid by the proxy of HTTPS_PROXY (`http://***@{address}`) cannot be reached: \
         tunnel error: unsuccessful"
    );
    assert_eq!(text, expected);
    assert!(asked.join().unwrap().accept().is_err(), "it is asked once");

    // Nobody listens any more.
    let text = World::new().run("", &variables);
    assert!(text.contains("the proxy of HTTPS_PROXY") && text.contains("refused"), "{text}");
    variables.retain(|(name, _)| *name != "https_proxy");
    variables.push(("ALL_PROXY", "http://nowhere.invalid:3128"));
    let text = World::new().run("", &variables);
    let expected = "https://store.invalid by the proxy of ALL_PROXY (`http://nowhere.invalid:3128`) cannot \
                    be reached: the host `nowhere.invalid` cannot be resolved";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn an_endpoint_that_does_not_speak_tls_is_asked_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Until the client leaves.
        let _ = (&stream).read_to_end(&mut Vec::new());
        listener.set_nonblocking(true).unwrap();
        listener
    });
    let mut variables = KEYS.to_vec();
    variables.extend([("AWS_ENDPOINT_URL", url.as_str()), ("TEST_CAUSE", "1")]);
    let text = World::new().run("", &variables);
    let expected = format!("{url} cannot be reached: received corrupt message");
    assert!(text.starts_with(&expected), "{text}");
    assert!(asked.join().unwrap().accept().is_err(), "it is asked once");
}

#[test]
fn credentials_with_blanks_around_them() {
    let credential = |world: &World| {
        let heads = world.server.recorded();
        let head = heads.iter().find_map(|head| head.header("authorization")).unwrap();
        head.split(['=', '/']).nth(1).unwrap().to_owned()
    };
    let bucket = Bucket::new("logs").object("a/x", "content");
    let world = World::of(Config { records: true, ..Config::new().bucket(bucket) });
    let keys = [
        ("AWS_ACCESS_KEY_ID", " id\n"),
        ("AWS_SECRET_ACCESS_KEY", "secret\r\n"),
        ("AWS_SESSION_TOKEN", "token\n"),
    ];
    assert_eq!(world.run("", &keys), "content");
    assert_eq!(credential(&world), "id");
    let process = r#"{"Version": 1, "AccessKeyId": "id\n", "SecretAccessKey": " secret"}"#;
    world.configure("answer", process);
    let path = world.home().join(".aws/answer").display().to_string();
    world.configure("config", &format!("[profile dev]\ncredential_process = /bin/cat {path}\n"));
    assert_eq!(world.run("dev", &[]), "content");

    for (name, value) in keys {
        let mut keys = keys.to_vec();
        let split = format!("a\nb{value}");
        keys.extend([(name, split.as_str()), ("TEST_CAUSE", "1")]);
        let text = world.run("", &keys);
        let (start, what) =
            text.split_once("; correct them: the ").unwrap_or_else(|| panic!("{text}"));
        assert!(start.starts_with("no usable AWS credentials (tried environment"), "{text}");
        let known = ["access key ID", "secret access key", "session token"];
        assert!(known.iter().any(|known| what.starts_with(known)), "{text}");
        assert!(what.ends_with(" has a character in it that is not visible ASCII"), "{text}");
    }
}

#[test]
fn user_information_in_the_url_of_an_endpoint_is_masked() {
    let mut variables = KEYS.to_vec();
    let url = "http://user:secret@127.0.0.1:1";
    variables.extend([("AWS_ENDPOINT_URL", url), ("AWS_MAX_ATTEMPTS", "1")]);
    let expected = "http://***@127.0.0.1:1 cannot be reached";
    assert_eq!(World::new().run("", &variables), expected);
}

#[test]
fn a_profile_of_aws_login_that_has_not_logged_in() {
    let world = World::new();
    world.configure(
        "config",
        "[profile console]\nlogin_session = arn:aws:iam::123456789012:user/ann\nregion = eu-west-1\n",
    );
    let text = world.run("console", &[("TEST_CAUSE", "1")]);
    let expected = "no usable AWS credentials (tried profile `console`); run `aws login`: ";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("/.aws/login/cache/") && text.contains("No such file"), "{text}");
}

#[test]
fn a_profile_of_aws_login_that_has_logged_in() {
    let world = World::new();
    let session = "arn:aws:iam::123456789012:user/ann";
    world.configure(
        "config",
        &format!("[profile console]\nlogin_session = {session}\nregion = eu-west-1\n"),
    );
    let cache = world.home().join("cache");
    std::fs::create_dir(&cache).unwrap();
    // The name is the SHA-256 of the session, in hexadecimal digits; the key is of a test of the SDK.
    let token = r#"{"accessToken": {"accessKeyId": "id", "secretAccessKey": "secret",
        "sessionToken": "token", "accountId": "123456789012", "expiresAt": "2100-01-01T00:00:00Z"},
        "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "r",
        "dpopKey": "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n"}"#;
    std::fs::write(cache.join(LOGIN_CACHE), token).unwrap();
    let cache = cache.display().to_string();
    let text = world.run("console", &[("AWS_LOGIN_CACHE_DIRECTORY", &cache), ("TEST_CAUSE", "1")]);
    assert_eq!(text, "content");
    assert_eq!(world.server.stats().unsigned, 0);
}

#[test]
fn the_reason_that_a_program_gives_for_no_credentials() {
    let world = World::new();
    let process = "sh -c 'echo no ticket, >&2; echo run kinit >&2; exit 3'";
    world.configure("config", &format!("[profile dev]\ncredential_process = {process}\n"));
    let reason = "exited with code exit status: 3. Stderr: no ticket, run kinit";
    for (profile, tried) in [("dev", "profile `dev`"), ("", "environment, profile `dev`")] {
        let text = world.run(profile, &[("AWS_PROFILE", "dev"), ("TEST_CAUSE", "1")]);
        assert!(text.contains(&format!("(tried {tried}")), "{text}");
        assert!(text.contains("; the profile's `credential_process` gives none: "), "{text}");
        assert!(text.ends_with(reason), "{text}");
    }
    world.configure("config", "[profile dev]\ncredential_process = echo '{}'\n");
    let text = world.run("dev", &[("TEST_CAUSE", "1")]);
    assert!(text.contains("`credential_process` gives none") && text.contains("Version"), "{text}");
}

#[test]
fn a_host_that_cannot_be_resolved_is_named_within_seconds() {
    let start = std::time::Instant::now();
    let check = |endpoint: &str, location: &str, expected: &str| {
        let mut variables = KEYS.to_vec();
        variables.extend([("AWS_ENDPOINT_URL", endpoint), ("TEST_CAUSE", "1")]);
        variables.extend([("TEST_LOCATION", location), ("AWS_REGION", "eu-west-1")]);
        let text = World::new().run("", &variables);
        let expected =
            format!("{endpoint} cannot be reached: the host `{expected}` cannot be resolved (");
        assert!(text.starts_with(&expected), "{text}");
        text
    };
    // One label: the bucket is in the path.
    check("http://nowhere-1234:9000", "s3://logs/a", "nowhere-1234");
    let text = check("http://s3.nowhere.invalid", "s3://logs/a", "logs.s3.nowhere.invalid");
    let hint = "; if `s3.nowhere.invalid` can be, ask for addresses with the bucket in the path";
    assert!(text.ends_with(hint), "{text}");
    let point = "arn:aws:s3:eu-west-1:123456789012:accesspoint/point/a";
    check("http://nowhere.invalid", point, "point-123456789012.nowhere.invalid");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// To which path of which host the first request goes, as an HTTP proxy hears it.
#[track_caller]
fn check_address(config: &str, endpoint: &str, expected: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        (&stream).write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").unwrap();
        line
    });
    let mut variables = KEYS.to_vec();
    variables.extend([("HTTP_PROXY", proxy.as_str()), ("AWS_ENDPOINT_URL", endpoint)]);
    variables.push(("NO_PROXY", ""));
    let world = World::new();
    world.configure("config", config);
    world.run("", &variables);
    assert_eq!(heard.join().unwrap(), format!("HEAD {expected} HTTP/1.1\r\n"), "{config}");
}

#[test]
fn the_bucket_is_in_the_path_or_in_the_host() {
    let store = "http://store.invalid";
    check_address("", store, "http://logs.store.invalid/");
    check_address("", "http://store:9000", "http://store:9000/logs/");
    check_address(
        "[default]\ns3 =\n  addressing_style = path\n",
        store,
        "http://store.invalid/logs/",
    );
    let settings = "[default]\ns3 =\n  max_queue_size = 9\n  addressing_style=virtual\n";
    check_address(settings, "http://store:9000", "http://logs.store:9000/");
    let other = "[default]\n[profile other]\ns3 =\n  addressing_style = path\n";
    check_address(other, store, "http://logs.store.invalid/");
}

#[test]
fn an_addressing_style_that_there_is_not() {
    let world = World::new();
    world.configure("config", "[default]\ns3 =\n  addressing_style = paths\n");
    assert_eq!(
        world.run("", KEYS),
        "the AWS settings cannot be used: `s3.addressing_style` of profile `default`: expected auto, \
         path, or virtual, found `paths`"
    );
}

/// To which host the first request for a location goes, as a proxy hears it.
#[track_caller]
fn check_host(location: &str, variables: &[(&str, &str)], expected: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        (&stream).write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").unwrap();
        line
    });
    let mut all = KEYS.to_vec();
    all.extend([("HTTPS_PROXY", proxy.as_str()), ("TEST_LOCATION", location)]);
    all.extend([("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_MAX_ATTEMPTS", "1")]);
    all.extend_from_slice(variables);
    let text = World::new().run("", &all);
    assert!(text.contains("cannot be reached"), "{text}");
    assert_eq!(heard.join().unwrap(), format!("CONNECT {expected}:443 HTTP/1.1\r\n"));
}

#[test]
fn hosts_of_buckets() {
    let region = ("AWS_REGION", "eu-west-1");
    check_host("s3://logs/a", &[], "logs.s3.us-east-1.amazonaws.com");
    check_host("s3://logs/a", &[region], "logs.s3.eu-west-1.amazonaws.com");
    check_host("s3://my.logs/a", &[region], "s3.eu-west-1.amazonaws.com");
    let china = ("AWS_REGION", "cn-north-1");
    check_host("s3://logs/a", &[china], "logs.s3.cn-north-1.amazonaws.com.cn");
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let dual_stack = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let host = "logs.s3-fips.dualstack.eu-west-1.amazonaws.com";
    check_host("s3://logs/a", &[region, fips, dual_stack], host);
}

#[test]
fn hosts_of_access_points() {
    // The ARN's Region and partition count, whatever the settings say.
    let region = ("AWS_REGION", "eu-west-1");
    let location = "s3://arn:aws:s3:us-east-2:123456789012:accesspoint/point/a";
    let host = "point-123456789012.s3-accesspoint.us-east-2.amazonaws.com";
    check_host(location, &[region], host);
    // Without a scheme, and with an addressing style that no access point knows.
    let location = "arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/point";
    let host = "point-123456789012.s3-accesspoint.us-gov-west-1.amazonaws.com";
    check_host(location, &[region, ("TEST_ADDRESSING", "path")], host);
    let location = "s3://arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/point/a";
    let host = "point-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn";
    check_host(location, &[region], host);
    check_host(
        "s3://point-7x8y9z-s3alias/a",
        &[region],
        "point-7x8y9z-s3alias.s3.eu-west-1.amazonaws.com",
    );
}
