//! What each fuzz target asserts, as a function of bytes.

use std::io::BufReader;
use std::sync::{Arc, LazyLock};

use bedrock::denial::{Denial, PolicyType};
use bedrock::resolve::resolve;
use bedrock::{Aliases, Catalog, Regions};
use logs::digest::{Digest, DigestName, Place, PublicKeys};
use logs::hash::{from_hex, to_hex};
use logs::invocation::{InvocationReading, MetadataKeys};
use logs::layout::LogKind;
use logs::{Limits, Scratch, Shape, read_stream, read_whole};
use policy::intake::authorization_details::AuthorizationDetails;
use policy::intake::{
    Folder, aws_cli, cfct, cloudformation, iam_collect, lza, own::OwnOrganization, terraform,
};
use policy::lint::Options;
use policy::{
    Context, Document, FileProblem, KeyState, Knowledge, Level, Levels, Organization, Policy,
    Principal, Request, Verdict,
};
use serde_json::Value;
use serde_json::value::RawValue;
use testkit::gzip;

use self::reference::compare::check_reading;
use self::reference::envelopes;
use self::reference::fields::time_ms;
use self::reference::json::Json;
use self::reference::shown::shown;
use self::reference::slow;

#[expect(dead_code, reason = "only a part of it is used here")]
mod reference;

/// What a target does with bytes: it panics if a promise is broken.
pub type Body = fn(&[u8]);

/// The names of the targets and their bodies, for whoever runs all.
pub const TARGETS: &[(&str, Body)] = &[
    ("records", records),
    ("keys", keys),
    ("references", references),
    ("denials", denials),
    ("invocations", invocations),
    ("digests", digests),
    ("policies", policies),
    ("lint", lint),
    ("organizations", organizations),
];

const LIMITS: Limits = Limits { sha256: true, ..Limits::new(1 << 20, 1 << 24) };

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);
static REGIONS: LazyLock<Regions> = LazyLock::new(Regions::embedded);

/// A body of a trail's file is read the same in every way, and as the slow reader does: plain, gzipped,
/// whole, as a stream.
pub fn records(data: &[u8]) {
    // As it is, whatever that is: it may be gzip itself.
    for shape in [Shape::Trail, Shape::Any] {
        let whole = read_whole(data, shape, &LIMITS, &mut Scratch::from(b"old".to_vec()));
        let streamed = read_stream(BufReader::with_capacity(7, data), shape, &LIMITS);
        if !logs::gzip::is_gzip(data) {
            assert_eq!(shown(&whole), shown(&streamed));
        }
    }
    for shape in [Shape::Trail, Shape::Any] {
        // UTF-16 holds the same, and behind a byte order mark.
        let Ok(text) = str::from_utf8(data) else { break };
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let read = |body: &[u8]| {
            let limits = Limits { sha256: false, ..LIMITS };
            shown(&read_whole(body, shape, &limits, &mut Scratch::default()))
        };
        let is_plain = !data.starts_with(&[0xef, 0xbb, 0xbf]) && !data.contains(&0);
        if is_plain && !data.is_empty() && !logs::gzip::is_gzip(data) {
            assert_eq!(read(&utf16), read(data));
        }
    }
    if data.is_empty() || logs::gzip::is_gzip(data) {
        return;
    }
    let packed = gzip(data);
    let plain = read_whole(data, Shape::Trail, &LIMITS, &mut Scratch::default());
    let streamed = read_stream(&packed[..], Shape::Trail, &LIMITS);
    assert_eq!(shown(&plain), shown(&streamed));
    let walked = read_whole(&packed, Shape::Trail, &LIMITS, &mut Scratch::default());
    if serde_json::from_slice::<&RawValue>(data).is_err() {
        // Behind a checksum only calls are looked at strictly, and beside the records nothing is looked
        // at for being text.
        let _ = shown(&walked);
        return;
    }
    assert_eq!(shown(&walked), shown(&plain));
    if !data.trim_ascii_start().first().is_some_and(|byte| b"{[".contains(byte)) {
        // What is no document at all has more than one name: a number may be JSON and yet too large.
        assert!(plain.is_err());
        return;
    }
    if is_known_to_slow_reader(data) {
        let text = str::from_utf8(data).expect("JSON is UTF-8");
        check_reading(plain, &slow::read(data), text);
    }
}

/// The slow reader knows a list of event names, and stops at others. Of times it knows the form that
/// CloudTrail writes, and not the others of RFC 3339, such as a small `t`.
fn is_known_to_slow_reader(document: &[u8]) -> bool {
    let Some(whole) = Json::parse(document) else { return false };
    let Json::Object(fields) = &whole else { return false };
    // The text in an envelope it reads whole or not at all, which is not so here if it is broken.
    let text = String::from_utf8_lossy(document);
    let has_key = |key: &&str| text.contains(&format!("\"{key}\""));
    let is_other = envelopes::VALUES.iter().any(has_key) || has_key(&"eventid");
    if fields.iter().any(|(key, _)| key.is_none()) || is_other {
        return false;
    }
    let records = fields.iter().filter(|(key, _)| key.as_deref() == Some("Records"));
    let records = records.flat_map(|(_, value)| match value {
        Json::Array(records) => records.as_slice(),
        _ => &[],
    });
    // A document may be a record itself.
    records.chain([&whole]).all(|record| {
        let text = |key| record.get(key).and_then(Json::as_text).unwrap_or_default();
        let (source, name) = (text("eventSource"), text("eventName"));
        let time = text("eventTime");
        if time_ms(time).is_none() && time.parse::<jiff::Timestamp>().is_ok() {
            return false;
        }
        let is_bedrock = slow::EVENTS.iter().any(|event| event.0 == source);
        !is_bedrock || slow::EVENTS.iter().any(|event| (event.0, event.1) == (source, name))
    })
}

/// Whatever is read from a key is in it.
pub fn keys(data: &[u8]) {
    let Ok(key) = str::from_utf8(data) else { return };
    for kind in [LogKind::CloudTrail, LogKind::Digest, LogKind::ModelInvocation] {
        let _ = kind.class(key);
        if let Some(delivery) = kind.delivery(key) {
            assert!(key.contains(&delivery.day.year().to_string()), "{delivery:?}");
            let minute = delivery.minute.unwrap_or_default().rem_euclid(24 * 60);
            let is_there = key.contains(&format!("{:02}", minute / 60));
            assert!(delivery.minute.is_none() || is_there, "{delivery:?}");
        }
        // The name of an object is its own name.
        if let Some(name) = kind.name(key) {
            assert_eq!(kind.name(&name).as_deref(), Some(name.as_str()), "{key}");
        }
    }
    if let Some(name) = DigestName::of_key(key) {
        assert!(key.contains(&name.end.strftime("%Y%m%dT%H%M%SZ").to_string()), "{name:?}");
    }
}

/// A reference is read whatever it is, and what was read of it reads the same again.
pub fn references(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let aliases = Aliases::default();
    let read = CATALOG.read(text);
    let resolution = resolve(Some(text), &CATALOG, &aliases);
    if !text.trim().is_empty() {
        assert_eq!(
            (resolution.target_type, &resolution.profile_scope),
            (read.target_type, &read.profile_scope)
        );
    }
    if let Ok(model) = &resolution.model {
        let again = resolve(Some(&model.id), &CATALOG, &aliases);
        assert_eq!(again.model.as_ref().map(|again| &again.id), Ok(&model.id), "{text:?}");
        // A name is spelled out in the reference, but for its date and version.
        assert!(read.model.is_some(), "{text:?}");
    }
    if let Some(model) = &read.model {
        assert!(!model.is_empty() && read.text.contains(model.as_str()), "{read:?}");
    }
}

/// Whatever is read from a message is in it, whatever white space it has.
pub fn denials(data: &[u8]) {
    let Ok(message) = str::from_utf8(data) else { return };
    let denial = Denial::read(message);
    // Lines that were cut inside an ARN are put together.
    let without_blanks = |text: &str| text.split_whitespace().collect::<String>();
    let message = without_blanks(message);
    let parts =
        [&denial.code, &denial.operation, &denial.action, &denial.resource, &denial.policy_arn];
    for part in parts.into_iter().flatten() {
        assert!(!part.is_empty() && message.contains(&without_blanks(part)), "{denial:?}");
    }
    let _ = denial.blocked_region();
    let _ = denial.leg(None);
    let _ = denial.leg(Some("us-east-1"));
}

/// A text is read as a policy or rejected; what a policy decides without knowing any key holds with every key absent, or
/// with some value.
pub fn policies(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = OwnOrganization::read(text);
    let _ = aws_cli::read(&[("describe-policy-p-12345678.json".to_owned(), text.to_owned())]);
    for policy_type in [PolicyType::ServiceControl, PolicyType::VpcEndpoint] {
        let Ok(document) = Document::read(text, policy_type) else { continue };
        let [id, name, file] = ["p", "p", "p"].map(str::to_owned);
        let policies = vec![Arc::new(Policy { id, name, file, document })];
        let levels = Levels::new(vec![Level { policy_type, node: None, policies }]);
        let resource = "arn:aws:bedrock:us-east-1::foundation-model/a.b-v1:0";
        let request = Request { action: "bedrock:InvokeModel", resource };
        let unknown = levels.decide(request, &Context::default()).verdict;
        for state in [KeyState::Absent, KeyState::value("a"), KeyState::value("true")] {
            let mut context = Context::default();
            for key in levels.keys() {
                context.set(key, state.clone());
            }
            let known = levels.decide(request, &context).verdict;
            assert!(unknown == Verdict::Indeterminate || unknown == known, "{state:?}: {text}");
        }
    }
}

/// Every text has faults or none; what is said of its structure is what reading it says.
pub fn lint(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let aliases = Aliases::default();
    let knowledge = Knowledge { catalog: &CATALOG, regions: &REGIONS, aliases: &aliases };
    for policy_type in
        [PolicyType::ServiceControl, PolicyType::IdentityBased, PolicyType::VpcEndpoint]
    {
        let options = Options { policy_type, name: "p", goals: &[], knowledge };
        let found = policy::lint::lint(text, &options);
        let is_one = |ids: &[&str]| found.iter().any(|it| ids.contains(&it.rule.id));
        let structure = ["not-json", "element-not-allowed", "duplicate-key"];
        match Document::read(text, policy_type) {
            Ok(_) => assert!(!is_one(&structure), "{text}: {found:?}"),
            // A placeholder that is no value of its element is one fault.
            Err(_) => assert!(is_one(&structure) || is_one(&["placeholder"]), "{text}"),
        }
    }
}

/// A text is read as an organization in every form, or rejected with a place that it has; what was read has SCPs for every
/// account of it, and decides for one that is not in it what it decides wherever that is.
pub fn organizations(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let names = [
        "manifest.yaml",
        "organization-config.yaml",
        "accounts-config.yaml",
        "ous.json",
        "metadata.json",
    ];
    let names = names.map(str::to_owned).into();
    let folder = Folder { names: &names, text: &|_| Ok(text.to_owned()) };
    let n_lines = text.lines().count().max(1) + 1;
    for found in [
        terraform::read("x", text),
        cloudformation::read("x", text),
        cfct::read(&folder, ""),
        lza::read(&folder, ""),
        iam_collect::read(&folder),
        aws_cli::read(&[("list-accounts-for-parent-r-ab12.json".to_owned(), text.to_owned())]),
    ] {
        match found {
            Ok(found) => check_organization(&found.organization),
            Err(FileProblem { problem, .. }) => {
                assert!(problem.position.line <= n_lines, "{problem}: {text}");
            }
        }
    }
    let Ok(details) = AuthorizationDetails::read("x", text) else { return };
    for arn in ["arn:aws:iam::111122223333:role/App", "arn:aws:iam::111122223333:user/Ann"] {
        let principal = Principal::parse(arn).expect("an ARN");
        let _ = details.identity(&principal);
    }
}

fn check_organization(organization: &Organization) {
    let decide = |account: &str| {
        let scps = organization.scps(account)?;
        let levels = Levels::new(scps.levels).with_elsewhere(scps.elsewhere);
        let resource = "arn:aws:bedrock:us-east-1::foundation-model/a.b-v1:0";
        let request = Request { action: "bedrock:InvokeModel", resource };
        Some(levels.decide(request, &Context::default()).verdict)
    };
    let anywhere = decide("000000000000");
    for account in organization.accounts() {
        let verdict = decide(account).expect("an account of the organization");
        let is_decided = organization.is_partial() && anywhere == Some(Verdict::Allowed);
        // Policies of an account apply nowhere else.
        let own = organization
            .scps(account)
            .and_then(|mut it| it.levels.pop())
            .map(|it| it.policies.len());
        assert!(!is_decided || own != Some(1) || verdict == Verdict::Allowed, "{account}");
    }
}

/// A body of invocation logs is read the same plain, gzipped and in narrow pieces.
pub fn invocations(data: &[u8]) {
    let keys = MetadataKeys::new(["team".to_owned(), "é".to_owned()]).expect("two keys");
    let read = |body: &mut dyn std::io::BufRead| {
        let found = logs::invocation::read(body, &LIMITS, &keys);
        // What is wrong first depends on how far the reader looks ahead.
        found.map_or("unreadable".to_owned(), |reading: InvocationReading| {
            assert!(reading.adds_up() && reading.calls().adds_up(), "{reading:?}");
            format!("{reading:?}")
        })
    };
    let plain = read(&mut &*data);
    assert_eq!(plain, read(&mut BufReader::with_capacity(3, data)));
    if !data.is_empty() && !logs::gzip::is_gzip(data) {
        assert_eq!(plain, read(&mut &gzip(data)[..]));
    }
}

/// What a digest says is what a slow parser finds in its text; and neither signatures, names nor lists of
/// keys can be such that checking them panics.
pub fn digests(data: &[u8]) {
    let _ = PublicKeys::default().add_list(data);
    let digest = match Digest::read(data, &mut Scratch::default(), 1 << 20) {
        Ok(digest) => digest,
        Err(reason) => return assert!(!reason.to_string().is_empty()),
    };
    if logs::gzip::is_gzip(data) {
        return;
    }
    assert_eq!(Ok(&digest), Digest::read(&gzip(data), &mut Scratch::default(), 1 << 20).as_ref());
    // A lone surrogate in a field that is not used is JSON, and more than the slow parser takes.
    let Ok(tree) = serde_json::from_slice::<Value>(data) else { return };
    let field = |name: &str| tree[name].as_str();
    assert_eq!(field("digestEndTime"), Some(digest.end_text.as_str()));
    assert_eq!(field("digestS3Bucket"), Some(digest.bucket.as_str()));
    assert_eq!(field("digestS3Object"), Some(digest.object.as_str()));
    assert!(digest.start <= digest.end);
    let previous = digest.previous.as_ref();
    assert_eq!(field("previousDigestS3Object"), previous.map(|previous| previous.object.as_str()));
    assert!(previous.is_none_or(|previous| from_hex(&previous.signature).is_some()));
    let logs = tree["logFiles"].as_array().expect("an array");
    assert_eq!(logs.len(), digest.log_files.len());
    for (log, expected) in digest.log_files.iter().zip(logs) {
        assert_eq!(expected["s3Object"].as_str(), Some(log.object.as_str()));
        let hash = expected["hashValue"].as_str().map(str::to_ascii_lowercase);
        assert_eq!(hash, Some(to_hex(&log.sha256)));
    }
    let lines = digest.text_to_sign();
    assert!(lines.ends_with(previous.map_or("null", |previous| previous.signature.as_str())));
    if let Some(place) = Place::of(&digest, &digest.object) {
        assert_eq!(place.key(&digest.object), Some(digest.object.clone()));
    }
}
