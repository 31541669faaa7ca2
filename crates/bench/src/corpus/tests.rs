use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// A preset with fewer files and records.
fn smaller(preset: Preset, objects: u64, records: u64) -> Spec {
    Spec { objects, records, ..Spec::preset(preset) }
}

/// The Bedrock calls of a corpus, object after object.
fn calls(spec: &Spec) -> Vec<Vec<Value>> {
    let writer = Writer::new(spec);
    let calls = |object| {
        let (text, truth) = writer.document(object);
        let mut document = serde_json::from_slice::<Value>(&text).expect("JSON");
        let mut records = std::mem::take(document["Records"].as_array_mut().expect("an array"));
        // Of Bedrock's events, only the traps list anything.
        records.retain(|record| {
            record["eventSource"] == "bedrock.amazonaws.com"
                && record["eventName"] != "ListInferenceProfiles"
        });
        assert_eq!(records.len() as u64, truth.calls, "{}", object.key);
        records
    };
    objects(spec).iter().map(calls).collect()
}

/// How many calls in a row are of the same identity, on average.
fn mean_run(objects: &[Vec<Value>]) -> f64 {
    let identities = objects.iter().flatten().map(|call| &call["userIdentity"]).collect::<Vec<_>>();
    let changes = identities.windows(2).filter(|pair| pair[0] != pair[1]).count();
    identities.len() as f64 / (changes + 1) as f64
}

#[test]
fn a_document_is_json_and_holds_what_the_truth_says() {
    for preset in [Preset::Heavy, Preset::Varied, Preset::People] {
        let spec = smaller(preset, 40, 4000);
        let writer = Writer::new(&spec);
        let (mut records, mut calls) = (0, 0);
        for object in objects(&spec) {
            let (text, truth) = writer.document(&object);
            let json = serde_json::from_slice::<Value>(&text).expect("JSON");
            assert_eq!(json["Records"].as_array().map(Vec::len), Some(object.records as usize));
            let limits = logs::Limits::new(u64::MAX, u64::MAX);
            let reading =
                logs::read_whole(&text, logs::Shape::Trail, &limits, &mut logs::Scratch::default());
            let reading = reading.expect("readable");
            assert_eq!(reading.rejected, 0, "{:?}", reading.rejections);
            assert_eq!(reading.calls.rows.len() as u64, truth.calls, "{}", object.key);
            assert_eq!(truth.counts.values().sum::<u64>(), truth.calls);
            records += reading.records;
            calls += truth.calls;
        }
        assert_eq!(records, spec.records);
        assert!((2200..2600).contains(&calls), "{preset:?}: {calls}");
    }
}

/// Most objects of a trail hold nothing of Bedrock's, nor its name. A corpus that names it in all of
/// them, as in the agents of other services' records, asks for more than a trail does.
#[test]
fn only_objects_with_calls_or_traps_name_bedrock() {
    let cases = [(Preset::Org, 200, 20_000, 90..140), (Preset::Trickle, 400, 6560, 340..400)];
    for (preset, n_objects, records, expected) in cases {
        let spec = smaller(preset, n_objects, records);
        let spec = Spec { files_with_traps_in_a_million: 0, ..spec };
        let writer = Writer::new(&spec);
        let mut without_calls = 0;
        for object in objects(&spec) {
            let (text, truth) = writer.document(&object);
            let names_bedrock = text.windows(7).any(|letters| letters == b"bedrock");
            assert_eq!(names_bedrock, truth.calls > 0, "{}", object.key);
            without_calls += u64::from(truth.calls == 0);
        }
        assert!(expected.contains(&without_calls), "{preset:?}: {without_calls}");
    }
}

/// A reader that keeps what it knows by whole combinations gains nothing here.
#[test]
fn most_varied_calls_are_alike_to_no_other() {
    let objects = calls(&smaller(Preset::Varied, 8, 10_000));
    let combination = |call: &Value| {
        let issuer = &call["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"];
        let members = [
            issuer,
            &call["userIdentity"]["userName"],
            &call["recipientAccountId"],
            &call["awsRegion"],
            &call["additionalEventData"]["inferenceRegion"],
            &call["eventName"],
            &call["requestParameters"]["modelId"],
            &call["userAgent"],
            &call["errorCode"],
            &call["errorMessage"],
        ];
        members.map(Value::to_string)
    };
    let n_calls = objects.iter().map(Vec::len).sum::<usize>();
    let combinations = objects.iter().flatten().map(combination).collect::<BTreeSet<_>>();
    assert!(combinations.len() * 10 > n_calls * 9, "{} of {n_calls}", combinations.len());
    let run = mean_run(&objects);
    assert!((1.6..2.0).contains(&run), "{run}");
    let names_its_caller = |call: &&Value| {
        let message = call["errorMessage"].as_str();
        message.is_some_and(|text| text.contains(call["userIdentity"]["arn"].as_str().unwrap()))
    };
    let naming = objects.iter().flatten().filter(names_its_caller).count();
    assert!((n_calls / 100..n_calls / 40).contains(&naming), "{naming} of {n_calls}");
}

#[test]
fn people_and_their_programs_call_four_or_five_times_in_a_row() {
    let objects = calls(&smaller(Preset::People, 8, 10_000));
    let run = mean_run(&objects);
    assert!((3.8..5.2).contains(&run), "{run}");
    for member in [
        "/sessionContext/sourceIdentity",
        "/sessionContext/webIdFederationData/federatedProvider",
        "/sessionContext/attributes/mfaAuthenticated",
        "/invokedBy",
    ] {
        let has_it = |call: &&Value| call["userIdentity"].pointer(member).is_some();
        let with = objects.iter().flatten().filter(has_it).count();
        assert!(with > 0, "{member}: {with}");
    }
    let failed = objects.iter().flatten().filter(|call| call["errorCode"].is_string());
    let failed = failed.collect::<Vec<_>>();
    let without_parameters = failed.iter().filter(|call| call["requestParameters"].is_null());
    let (without_parameters, failed) = (without_parameters.count(), failed.len());
    assert!((without_parameters * 3..without_parameters * 9).contains(&failed), "{failed}");
}

#[test]
fn the_median_file_of_a_trickle_has_five_to_twenty_records() {
    let mut sizes =
        objects(&Spec::preset(Preset::Trickle)).iter().map(|o| o.records).collect::<Vec<_>>();
    sizes.sort_unstable();
    assert!((5..=20).contains(&sizes[sizes.len() / 2]), "{}", sizes[sizes.len() / 2]);
    assert!(sizes[0] > 0);
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    for preset in [Preset::Org, Preset::Varied, Preset::People] {
        let spec = smaller(preset, 6, 300);
        let bytes = |dir: &Path| {
            write(dir, &spec).expect("a folder for it");
            let files = crate::folder::log_files(dir).expect("a folder");
            assert_eq!(files.len(), 6);
            files.iter().map(|file| fs::read(file).expect("a file")).collect::<Vec<_>>()
        };
        let (one, two) = (tempfile::tempdir().expect("space"), tempfile::tempdir().expect("space"));
        assert_eq!(bytes(one.path()), bytes(two.path()));
    }
}

/// A preset is named in measurements; what it holds may not change unnoticed.
#[test]
fn a_preset_holds_what_it_held() {
    let lengths = |preset| {
        let spec = smaller(preset, 3, 60);
        let writer = Writer::new(&spec);
        let documents = objects(&spec).into_iter().map(|object| writer.document(&object));
        documents.map(|(_, truth)| (truth.inflated_bytes, truth.calls)).collect::<Vec<_>>()
    };
    let held = [Preset::Heavy, Preset::Varied, Preset::People].map(lengths);
    let expected = [
        [(18_273, 6), (50_673, 15), (36_139, 8)],
        [(16_852, 9), (41_984, 14), (33_002, 16)],
        [(16_071, 7), (45_613, 13), (35_224, 11)],
    ];
    assert_eq!(held, expected);
}
