//! What the AWS CLI prints of profiles and other opaque resources, as aliases.

use bedrock::{Alias, Catalog};
use logs::cli_output::{CliOutput, CliOutputError, read};
use serde_json::{Value, json};

const OWN: &str = "arn:aws:bedrock:us-east-1:111122223333";
const SONNET: &str = "anthropic.claude-sonnet-4-6";

fn model(region: &str) -> Value {
    json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{SONNET}") })
}

fn profile(name: &str, regions: &[&str]) -> Value {
    json!({
        "inferenceProfileName": name,
        "inferenceProfileArn": format!("{OWN}:application-inference-profile/{name}"),
        "inferenceProfileId": name,
        "models": regions.iter().map(|region| model(region)).collect::<Vec<_>>(),
        "status": "ACTIVE", "type": "APPLICATION",
    })
}

/// What a text denotes, as `type/id = model (name)`.
fn found(text: &str) -> Vec<String> {
    let found = read(text, &Catalog::embedded()).expect("well-formed");
    let shown = found.aliases.into_iter().map(|(arn, Alias { model, name })| {
        let own = arn.rsplit(':').next().unwrap_or_default();
        format!("{own} = {} ({})", model.unwrap_or_default(), name.unwrap_or_default())
    });
    shown.collect()
}

#[test]
fn system_profile_below_an_application_profile_is_found() {
    let check = |regions: &[&str], expected: &str| {
        let own = format!("application-inference-profile/search = {expected} (search)");
        let one = profile("search", regions);
        assert_eq!(found(&one.to_string()), std::slice::from_ref(&own), "get-inference-profile");
        let list = json!({ "inferenceProfileSummaries": [one] });
        assert_eq!(found(&list.to_string()), [own], "list-inference-profiles");
    };
    check(&["us-east-1", ""], &format!("global.{SONNET}"));
    check(&["us-east-1", "us-east-2", "us-west-2"], &format!("us.{SONNET}"));
    check(&["us-east-1"], SONNET);
    check(&["us-east-1", "sa-east-1"], SONNET);
    // GovCloud's profiles have no published destinations: the model is known all the same.
    let text = profile("gov", &["us-gov-west-1", "us-gov-east-1"]).to_string();
    let text =
        text.replace("arn:aws:", "arn:aws-us-gov:").replace("us-east-1:1", "us-gov-west-1:1");
    assert_eq!(found(&text), [format!("application-inference-profile/gov = {SONNET} (gov)")]);
}

#[test]
fn each_kind_of_resource_has_the_model_that_aws_names() {
    let foundation = format!("arn:aws:bedrock:us-east-1::foundation-model/{SONNET}");
    let custom = format!("{OWN}:custom-model/amazon.nova-lite-v1:0:300k/abcdef123456");
    let imported = format!("{OWN}:custom-model/imported/abcdef123456");
    let profile = format!("{OWN}:inference-profile/us.{SONNET}");
    let check = |list: &str, entry: Value, expected: &str| {
        assert_eq!(found(&entry.to_string()), [expected], "get- of {list}");
        let listed = json!({ list: [entry] });
        assert_eq!(found(&listed.to_string()), [expected], "{list}");
    };
    check(
        "provisionedModelSummaries",
        json!({ "provisionedModelArn": format!("{OWN}:provisioned-model/p"), "provisionedModelName": "pt",
            "modelArn": imported, "desiredModelArn": imported, "foundationModelArn": foundation }),
        &format!("provisioned-model/p = {foundation} (pt)"),
    );
    check(
        "modelDeploymentSummaries",
        json!({ "customModelDeploymentArn": format!("{OWN}:custom-model-deployment/d"),
            "customModelDeploymentName": "tuned", "modelArn": custom, "status": "Active" }),
        &format!("custom-model-deployment/d = {custom} (tuned)"),
    );
    // `get-custom-model-deployment` has another field for the name.
    let deployment = json!({ "customModelDeploymentArn": format!("{OWN}:custom-model-deployment/d"),
        "modelDeploymentName": "tuned", "modelArn": custom });
    let expected = format!("custom-model-deployment/d = {custom} (tuned)");
    assert_eq!(found(&deployment.to_string()), [expected]);
    check(
        "modelSummaries",
        json!({ "modelArn": imported, "modelName": "mine", "baseModelArn": foundation }),
        &format!("custom-model/imported/abcdef123456 = {foundation} (mine)"),
    );
    check(
        "modelSummaries",
        json!({ "modelArn": format!("{OWN}:imported-model/i"), "modelName": "ds",
            "instructSupported": true, "modelArchitecture": "llama" }),
        "imported-model/i =  (ds)",
    );
    let router = |models: &[&str], fallback: &str| {
        let models = models.iter().map(|arn| json!({ "modelArn": arn })).collect::<Vec<_>>();
        json!({ "promptRouterArn": format!("{OWN}:prompt-router/r"), "promptRouterName": "r",
            "models": models, "fallbackModel": { "modelArn": fallback }, "type": "custom" })
    };
    let one = format!("prompt-router/r = {profile} (r)");
    check("promptRouterSummaries", router(&[&profile], &profile), &one);
    // Which of two it chooses is known call by call only.
    let two = "prompt-router/r =  (r)";
    check("promptRouterSummaries", router(&[&profile, &foundation], &profile), two);
    check("promptRouterSummaries", router(&[&profile], &foundation), two);
}

#[test]
fn several_documents_of_a_file_are_read_one_after_the_other() {
    let page = |name: &str, token: Option<&str>| json!({ "inferenceProfileSummaries": [profile(name, &["us-east-1"])], "nextToken": token });
    let own = |name: &str| format!("application-inference-profile/{name} = {SONNET} ({name})");
    let pages = [page("a", Some("t")), page("b", None), json!({ "modelSummaries": [] })];
    let text = pages.map(|page| page.to_string()).join("\n");
    assert_eq!(found(&text), [own("a"), own("b")]);
    assert_eq!(found(&text.replace('\n', "")), [own("a"), own("b")]);
}

#[test]
fn other_texts_are_errors() {
    let check = |text: &str, expected: &str| {
        let error = read(text, &Catalog::embedded()).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    };
    let list = "expected the output of `aws bedrock list-inference-profiles`";
    for text in ["", " \n", "{}", "[]", "5", "{\"guardrails\": []}"] {
        check(text, list);
    }
    check("{\"inferenceProfileSummaries\": [", list);
    check("{\"inferenceProfileSummaries\": [{\"models\": []}]}", list);
    let whole = json!({ "inferenceProfileSummaries": [] }).to_string();
    check(&format!("{whole}\n{{}}"), "document 2");
    let page = json!({ "inferenceProfileSummaries": [], "nextToken": "t" }).to_string();
    check(&format!("{whole}\n{page}"), "document 2: nextToken: this is one page of several");
    let models = json!({ "modelSummaries": [
        { "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{SONNET}"), "modelId": SONNET }] });
    check(&models.to_string(), "`hoptrail catalog import`");
}

#[test]
fn tags_belong_to_the_resource_before_them_or_to_the_one_that_they_name() {
    let search = format!("{OWN}:application-inference-profile/search");
    let other = format!("{OWN}:application-inference-profile/other");
    let tags = json!({ "tags": [{ "key": "team", "value": "a" }, { "key": "env", "value": "" }] });
    let tagged = |arn: &str| (arn.to_owned(), [("env", ""), ("team", "a")]);
    let check = |documents: &[Value], expected: &[(String, [(&str, &str); 2])]| {
        let text = documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let CliOutput { tags, .. } = read(&text, &Catalog::embedded()).expect("well-formed");
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let expected =
            expected.iter().map(|(arn, tags)| (arn.clone(), tags.iter().map(owned).collect()));
        assert_eq!(tags, expected.collect::<Vec<_>>());
    };
    check(&[profile("search", &["us-east-1"]), tags.clone()], &[tagged(&search)]);
    let mut named = tags.clone();
    named["resourceARN"] = json!(other);
    check(
        &[profile("search", &["us-east-1"]), named, tags.clone()],
        &[tagged(&other), tagged(&search)],
    );
    let pairs = json!([{ "Key": "team", "Value": "a" }, { "Key": "env", "Value": "" }]);
    let of_api = |arn: &str| json!({ "ResourceARN": arn, "Tags": pairs });
    let all = [of_api(&search), of_api(&other)];
    let list = json!({ "PaginationToken": "", "ResourceTagMappingList": all });
    check(&[list], &[tagged(&search), tagged(&other)]);

    let alone = read(&tags.to_string(), &Catalog::embedded());
    assert!(matches!(alone, Err(CliOutputError::TagsOfNothing(1))), "{alone:?}");
    let twice = format!("{}{tags}{tags}", profile("search", &["us-east-1"]));
    let twice = read(&twice, &Catalog::embedded());
    assert!(matches!(twice, Err(CliOutputError::TagsOfNothing(3))), "{twice:?}");
}
